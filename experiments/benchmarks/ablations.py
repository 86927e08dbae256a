"""What the parts of the default agent are worth: decisions until tasks are solved, with one part changed at a time.

`scripts/bench ablations` runs it in .venv.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import decisions
from infans import bench_records as records

TASKS = ("pilco-cartpole", "tip-reacher", "mountain-car-feef")
# variant -> (agent, options)
VARIANTS: dict[str, tuple[str, dict[str, str]]] = {
    "default": ("efe", {}),
    "no epistemic term": ("efe", {"planner.epistemic_weight": "0"}),
    "joint information": ("efe", {"planner.information": "joint"}),
    "draws, not the mean": ("thompson", {}),
    "mechanics": ("efe", {"agent.model": "mechanics"}),
    "fourier": ("efe", {"agent.model": "fourier"}),
    "fourier, random features only": ("efe", {"agent.model": "fourier", "model.hierarchy_features": "0"}),
    "fourier, learned features only": ("efe", {
        "agent.model": "fourier", "model.fourier_features": "0", "model.hierarchy_features": "64"}),
    "fourier, scales not learned": ("efe", {"agent.model": "fourier", "model.evidence_steps": "0"}),
}  # fmt: skip
# Not all-in: the scales of the inputs are those of 600 transitions from all over the task's states, known beforehand.
FITTED = "fourier, known scales (fitted beforehand)"
VARIANTS[FITTED] = ("efe", {"agent.model": "fourier", "model.evidence_steps": "0"})
FITTED_TASKS = ("pilco-cartpole", "mountain-car-feef")
BIN = Path(__file__).resolve().parent.parent.parent / "build" / "release" / "bin"


def fitted(task: str) -> str:
    done = subprocess.run([str(BIN / "bench_explore"), "--scales", task], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


def main(words: list[str]) -> int:
    parser = decisions.parser("ablations", str(__doc__), TASKS)
    parser.add_argument("--only", type=lambda text: text.split(";"), metavar="NAME;...", help="these variants only")
    given = parser.parse_args(words)
    wanted = given.only or list(VARIANTS)
    for name in wanted:
        if name not in VARIANTS:
            parser.error(f"no variant '{name}'; there are: {'; '.join(VARIANTS)}")
    records.chosen_tasks(given.tasks, "pr")
    seeds = range(given.seed, given.seed + given.seeds)
    print(f"Decisions, all-in; seeds {seeds[0]} to {seeds[-1]}; median [min, max] (95 % interval of the median).\n")
    print("| task | variant | first success | sustained |\n|---|---|---|---|", flush=True)
    found = []
    for task in given.tasks:
        for name in wanted:
            agent, options = VARIANTS[name]
            if name == FITTED:
                if task not in FITTED_TASKS:
                    continue
                options = {**options, "model.length_scales": fitted(task)}
            lives = records.measure(task, agent, seeds, options, given.threads)
            first, last = (decisions.cell(lives, f"decisions_{key}", True) for key in ("first", "sustained"))
            print(f"| {task} | {name} | {first} | {last} |", flush=True)
            found += [{**life, "variant": name} for life in lives]
            if given.json:
                given.json.write_text("[\n" + ",\n".join(json.dumps(life) for life in found) + "\n]\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except records.BenchError as error:
        sys.exit(f"bench: {error}")
