"""Tables of bench_explore: errors of a model by who chose its samples, and samples needed for equal errors.

`scripts/bench explore` runs it.
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

Run = dict[str, Any]
METRICS = {"one_step": "one step", "ten_step": "ten steps"}
ROUNDS = 2000  # of the bootstrap


def positive(text: str) -> int:
    if int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return int(text)


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):.3f} [{min(values):.3f}, {max(values):.3f}]"


def samples_to(run: Run, metric: str, error: float) -> float:
    """Samples from which on the error stays as small; between two measures, along a straight line of its logarithm."""
    curve = list(zip(run["decisions"], run[metric], strict=True))
    above = [k for k, (_, e) in enumerate(curve) if e > error]
    if not above:
        return curve[0][0]
    if above[-1] == len(curve) - 1:
        return math.inf
    (n0, e0), (n1, e1) = curve[above[-1]], curve[above[-1] + 1]
    return n0 + (math.log(e0) - math.log(error)) / (math.log(e0) - math.log(e1)) * (n1 - n0)


def ratios(ours: list[Run], theirs: list[Run], metric: str) -> list[float]:
    """A seed: samples we need for their last error, over their samples."""
    by_seed = {run["seed"]: run for run in theirs}
    pairs = [(run, by_seed[run["seed"]]) for run in ours if run["seed"] in by_seed]
    return [samples_to(run, metric, other[metric][-1]) / other["decisions"][-1] for run, other in pairs]


def interval(values: list[float]) -> tuple[float, float]:
    """Percentile 95 % interval of the median over seeds (Efron 1979)."""
    draw = random.Random(1)
    medians = sorted(statistics.median_low(draw.choices(values, k=len(values))) for _ in range(ROUNDS))
    return medians[ROUNDS * 25 // 1000], medians[ROUNDS * 975 // 1000 - 1]


def number(value: float) -> str:
    return "never" if math.isinf(value) else f"{value:.2f}"


def ratio_cell(values: list[float]) -> str:
    low, high = interval(values)
    never = sum(map(math.isinf, values))
    note = f"; {never} of {len(values)} never" if never else ""
    middle = statistics.median_low(values)
    return f"{number(middle)} ({number(low)} to {number(high)}){note}"


def error_table(runs: list[Run], body: str) -> None:
    mine = [run for run in runs if run["body"] == body]
    marks = [n for n in (100, 200, 400) if n in mine[0]["decisions"]] or mine[0]["decisions"][-1:]
    print(f"### {body}: nRMSE after N samples, median [min, max]\n")
    print("| who chooses |", " | ".join(f"{name}, N = {n}" for name in METRICS.values() for n in marks), "| reach |")
    print("|---|" + "---|" * (2 * len(marks) + 1))
    for agent in dict.fromkeys(run["agent"] for run in mine):
        lives = [run for run in mine if run["agent"] == agent]
        cells = [spread([run[metric][run["decisions"].index(n)] for run in lives]) for metric in METRICS for n in marks]
        print(f"| {agent} |", " | ".join(cells), f"| {statistics.median(run['reach'][-1] for run in lives):.2f} |")
    print()


def ratio_table(runs: list[Run], body: str, who: str) -> None:
    lives: dict[str, list[Run]] = {}
    for run in runs:
        if run["body"] == body:
            lives.setdefault(run["agent"], []).append(run)
    if who not in lives:
        return
    print(f"### {body}: samples after which {who} stays at the other's last error, over the other's samples\n")
    print("Median over seeds (95 % interval of the median); *: the best coloured noise by its last error.\n")
    print("| other |", " | ".join(METRICS.values()), "|\n|---|" + "---|" * len(METRICS))
    coloured = [agent for agent in lives if agent.startswith(("pink", "red"))]
    best = {metric: min(coloured, key=lambda a: statistics.median(run[metric][-1] for run in lives[a]), default=None)
            for metric in METRICS}  # fmt: skip
    for agent, others in lives.items():
        if agent == who:
            continue
        cells = [ratio_cell(ratios(lives[who], others, metric)) + (" *" if best[metric] == agent else "")
                 for metric in METRICS]  # fmt: skip
        print(f"| {agent} |", " | ".join(cells), "|")
    print()


def main(executable: Path, words: list[str]) -> int:
    """A model of a body, learned by agents without a task: its error where nobody looked, by who chose the samples."""
    parser = argparse.ArgumentParser(prog="scripts/bench explore", description=main.__doc__)
    parser.add_argument("--bodies", metavar="NAME,...", help="tip-reacher, weak-arm, infant-arm (default: all)")
    parser.add_argument("--agents", metavar="NAME,...", help="active, joint, summed, flex, uncertainty, yoked, "
                        "yoked-slow, white, pink, red, pink-loud, red-loud (default: all)")  # fmt: skip
    parser.add_argument("--who", default="active", help="whose samples are compared with all others' [active]")
    parser.add_argument("--model", choices=["fourier", "harmonics", "mechanics"], help="what learns [fourier]")
    for name, text in (("features", "of fourier [200]"), ("decisions", "of a life [400]"), ("horizon", "of plans [15]"),
                       ("seeds", "lives a row [20]"), ("seed", "the first [1]"), ("threads", "threads [all]")):
        parser.add_argument(f"--{name}", type=positive, help=text)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every life there too")
    parser.add_argument("--from", dest="source", type=Path, metavar="FILE", help="tables of such a file, without lives")
    given = parser.parse_args(words)
    if given.source:
        runs = json.loads(given.source.read_text())
    else:
        command = [str(executable)]
        for name in ("bodies", "agents", "model", "features", "decisions", "horizon", "seeds", "seed", "threads"):
            if getattr(given, name) is not None:
                command += [f"--{name}", str(getattr(given, name))]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            return done.returncode
        runs = [json.loads(line) for line in done.stdout.splitlines()]
    if given.json:
        given.json.write_text("[\n" + ",\n".join(json.dumps(run) for run in runs) + "\n]\n")
    for body in dict.fromkeys(run["body"] for run in runs):
        error_table(runs, body)
        ratio_table(runs, body, given.who)
    return 0


if __name__ == "__main__":
    root = Path(__file__).resolve().parent.parent.parent
    sys.exit(main(root / "build" / "release" / "bin" / "bench_explore", sys.argv[1:]))
