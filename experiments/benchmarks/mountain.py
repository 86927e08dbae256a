"""Mountain cars whose reward is silent until the goal: `scripts/bench mountain`.

Far-sighted, a plan reaches over a whole swing and the goal's place pulls from everywhere; short-sighted (-short), it
ends within a swing and nothing but the goal is preferred, so that only curiosity tells plans apart on the way. An
episode is 999 steps, of FEEF's car 501 steps of three; short-sighted decisions of the former are held for 4 steps.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from infans import bench_records as records

TASKS = ["mountain-car", "mountain-car-short", "mountain-car-feef", "mountain-car-feef-short"]
AGENTS = ["efe", "greedy", "random"]


def cell(values: list[int | None]) -> str:
    """Median [min, max]; what was never reached counts as later than all."""
    order = sorted(float("inf") if v is None else v for v in values)
    middle = (order[(len(order) - 1) // 2] + order[len(order) // 2]) / 2
    shown = ["never" if v == float("inf") else f"{v:g}" for v in (middle, order[0], order[-1])]
    return f"{shown[0]} [{shown[1]}, {shown[2]}]"


def row(task: str, agent: str, lives: list[dict[str, Any]]) -> str:
    at_once = sum(bool(life["curve"]) and life["curve"][0][1] == 1 for life in lives)
    first, three = (cell([life[key] for life in lives]) for key in ("decisions_first", "decisions_sustained"))
    return f"| {task} | {agent} | {at_once} of {len(lives)} | {first} | {three} |"


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench mountain", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--tasks", type=lambda text: text.split(","), default=TASKS, metavar="A,B", help="[all four]")
    parser.add_argument("--agents", type=lambda text: text.split(","), default=AGENTS, metavar="A,B",
                        help=f"[{','.join(AGENTS)}]")  # fmt: skip
    parser.add_argument("--seeds", type=int, default=20, help="lives a row [20]")
    parser.add_argument("--seed", type=int, default=1, help="the first of them [1]")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="an option of every life")
    parser.add_argument("--threads", type=int, help="[all processors]")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every life there too")
    arguments = parser.parse_args(words)
    settings = dict(text.split("=", 1) for text in arguments.set)
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    print("Decisions until an episode ends at the goal, and until three in a row do: median [min, max].\n")
    print("| task | agent | goal in the first episode | first | three in a row |\n|---|---|---|---|---|", flush=True)
    found = []
    for task in arguments.tasks:
        for agent in arguments.agents:
            lives = records.measure(task, agent, seeds, settings, arguments.threads)
            print(row(task, agent, lives), flush=True)
            found += lives
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except records.BenchError as error:
        sys.exit(f"bench: {error}")
