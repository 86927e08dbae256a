"""What the parts of the default agent are worth: decisions until tasks are solved, with one part changed at a time.

`scripts/bench ablations` runs it in .venv.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

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
ROUNDS = 2000
BIN = Path(__file__).resolve().parent.parent.parent / "build" / "release" / "bin"


def fitted(task: str) -> str:
    done = subprocess.run([str(BIN / "bench_explore"), "--scales", task], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


def median(counts: list[float]) -> float:
    return statistics.median_low(counts)


def interval(counts: list[float]) -> tuple[float, float]:
    """Percentile 95 % interval of the median over seeds (Efron 1979); not solved counts as infinitely late."""
    draw = random.Random(1)
    medians = sorted(median(draw.choices(counts, k=len(counts))) for _ in range(ROUNDS))
    return medians[ROUNDS * 25 // 1000], medians[ROUNDS * 975 // 1000 - 1]


def cell(lives: list[dict[str, Any]], key: str) -> str:
    """Median [min, max] (interval of the median); how many are censored."""
    counts = [math.inf if life[key] is None else float(life[key]) for life in lives]
    solved = [c for c in counts if math.isfinite(c)]
    if not solved:
        return f"0 of {len(counts)}"
    show = lambda c: "never" if math.isinf(c) else f"{c:g}"  # noqa: E731
    low, high = interval(counts)
    late = len(counts) - len(solved)
    note = f"; {late} of {len(counts)} not" if late else ""
    return f"{show(median(counts))} [{min(solved):g}, {show(max(counts))}] ({show(low)} to {show(high)}){note}"


def names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench ablations", description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=names, default=list(TASKS), metavar="A,B", help=f"[{','.join(TASKS)}]")
    parser.add_argument("--only", type=lambda text: text.split(";"), metavar="NAME;...", help="these variants only")
    parser.add_argument("--seeds", type=int, default=20, help="lives a cell [20]")
    parser.add_argument("--seed", type=int, default=1, help="the first [1]")
    parser.add_argument("--threads", type=int, help="[all processors]")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every record there too")
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
            print(f"| {task} | {name} | {cell(lives, 'decisions_first')} | {cell(lives, 'decisions_sustained')} |",
                  flush=True)  # fmt: skip
            found += [{**life, "variant": name} for life in lives]
            if given.json:
                given.json.write_text("[\n" + ",\n".join(json.dumps(life) for life in found) + "\n]\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except records.BenchError as error:
        sys.exit(f"bench: {error}")
