"""Mountain cars whose reward is silent until the goal: `scripts/bench mountain`.

Far-sighted, a plan reaches over a whole swing and the goal's place pulls from everywhere; short-sighted (-short), it
ends within a swing and nothing but the goal is preferred, so that only curiosity tells plans apart on the way. An
episode is 999 steps, of FEEF's car 501 steps of three; short-sighted decisions of the former are held for 4 steps.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import decisions
from infans import bench_records as records

TASKS = ["mountain-car", "mountain-car-short", "mountain-car-feef", "mountain-car-feef-short"]
AGENTS = ["efe", "greedy", "random"]


def row(task: str, agent: str, lives: list[dict[str, Any]]) -> str:
    at_once = sum(bool(life["curve"]) and life["curve"][0][1] == 1 for life in lives)
    first, three = (decisions.cell(lives, key) for key in ("decisions_first", "decisions_sustained"))
    return f"| {task} | {agent} | {at_once} of {len(lives)} | {first} | {three} |"


def main(words: list[str]) -> int:
    parser = decisions.parser("mountain", str(__doc__), TASKS)
    parser.add_argument("--agents", type=decisions.names, default=AGENTS, metavar="A,B", help=f"[{','.join(AGENTS)}]")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="an option of every life")
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
