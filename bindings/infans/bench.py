"""The command `infans bench`: how many decisions agents need, and whether they need more than they used to."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import bench_gate as gate
from . import bench_pages as pages
from . import bench_records as records
from .bench_arguments import Parser, names, natural, positive, setting
from .bench_check import add_gate_check
from .bench_records import BenchError, Record

BATCH = 5  # seeds between two looks of the nightly gate
EXAMPLES = """examples:
  infans bench sample-efficiency --tasks cartpole-swingup --agents efe,random-data --seeds 20 --html page.html
  infans bench sample-efficiency --seeds 30 --json baseline.json              a baseline: 30 seeds or more
  infans bench sample-efficiency --baseline baseline.json --gate              10 of its seeds; exits 1 if worse
  infans bench sample-efficiency --set agent.learn_share=0.25 --baseline baseline.json --gate   a planted slow-down
  infans bench sample-efficiency --tier nightly --baseline nightly.json --gate --markdown summary.md --junit junit.xml
  infans bench gate-check --records baseline.json                             the gate's own error rates
"""


def parser() -> Parser:
    top = Parser(prog="infans bench", description="Measurements of agents.", epilog=EXAMPLES,
                 formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    verbs = top.add_subparsers(required=True, metavar="VERB", parser_class=Parser)
    verb = verbs.add_parser(
        "sample-efficiency", help="decisions until tasks are solved; the gate", epilog=EXAMPLES,
        description="Decisions that agents need until tasks are solved, one record a seed; compared with a baseline, "
        "a gate that fails if they need more. Without --json the records go to stdout.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    verb.set_defaults(run=sample_efficiency)
    add = verb.add_argument
    add("--tier", choices=list(records.TIERS), default="pr", help="[pr] 10 seeds of quick tasks; nightly: until sure, "
        "at most 60 pairs; release: 30 seeds of every task")  # fmt: skip
    add("--tasks", type=names, metavar="A,B", help=f"[the tier's] of {', '.join(records.TASKS)}")
    add("--agents", type=names, metavar="X,Y", default=["efe"], help="[efe] greedy, babbling, random, random-data ...")
    add("--seeds", type=positive, metavar="N", help="lives a task and agent [the tier's]")
    add("--seed", type=natural, default=1, metavar="S", help="the first of them [1]")
    add("--set", type=setting, action="append", default=[], metavar="KEY=VALUE", help="an option of every life")
    add("--threads", type=positive, metavar="N", help="[all processors]")
    add("--json", type=Path, metavar="FILE", help="write the records there")
    add("--junit", type=Path, metavar="FILE", help="write the verdicts as JUnit XML")
    add("--markdown", type=Path, metavar="FILE", help="write a summary for a page of CI")
    add("--html", type=Path, metavar="FILE", help="write one page with every picture (needs matplotlib)")
    add("--baseline", type=Path, metavar="FILE", help="records to compare with")
    add("--gate", action="store_true", help="exit with 1 on a regression against --baseline")
    add("--from", dest="source", type=Path, metavar="FILE", help="take these records instead of measuring")
    add_gate_check(verbs)
    return top


def check(given: argparse.Namespace) -> None:
    """What one argument cannot know of the others; before hours are spent."""
    if given.gate and not given.baseline:
        raise BenchError("--gate compares with --baseline FILE, which is not given")
    for path in (given.json, given.junit, given.markdown, given.html):
        if path and not path.parent.is_dir():
            raise BenchError(f"{path.parent}: no such folder for {path.name}")
    if given.html:
        pages.need_matplotlib()


def say(text: str) -> None:
    print(f"infans-bench: {text}", file=sys.stderr, flush=True)


def undecided(found: Sequence[Record], key: tuple[str, str], old: dict[str, Any] | None, groups: int) -> bool:
    """The nightly gate wants more seeds of this task and agent."""
    if old is None:
        return True
    mine, known = gate.log_lost(found).get(key, {}), gate.log_lost(old["records"]).get(key, {})
    differences = [mine[s] - known[s] for s in sorted(mine) if s in known]
    return gate.sequential_word(differences, groups)[0] == "undecided"


def measured(given: argparse.Namespace, old: dict[str, Any] | None) -> dict[str, Any]:
    """The records asked for; with a baseline, tier nightly stops a task as soon as its verdict stands."""
    tier, settings = given.tier, dict(given.set)
    tasks, unable = records.chosen_tasks(given.tasks, tier)
    if unable:
        say(f"not measured by this build: {', '.join(unable)}")
    records.check_agents(tasks, given.agents)
    seeds = range(given.seed, given.seed + (given.seeds or records.TIERS[tier].seeds))
    results: dict[str, Any] = {"meta": records.meta(tier, seeds, settings), "records": []}
    groups = [(task, agent) for task in tasks for agent in given.agents]
    if old is not None:
        gate.check_comparable(results, old)
        for key in groups:
            gate.check_seeds(key, seeds, old)
    size = BATCH if tier == "nightly" and old is not None else len(seeds)
    for key in groups:
        found: list[Record] = []
        for start in range(0, len(seeds), size):
            batch = seeds[start : start + size]
            say(f"{key[0]} by {key[1]}, seeds {batch[0]}-{batch[-1]} ...")
            found += records.measure(*key, batch, settings, given.threads)
            if not undecided(found, key, old, len(groups)):
                break
        results["records"] += found
    return results


def sample_efficiency(given: argparse.Namespace) -> int:
    check(given)
    old = records.read(given.baseline) if given.baseline else None
    results = records.read(given.source) if given.source else measured(given, old)
    if given.json:
        records.write_text(given.json, records.to_json(results))
    verdicts = gate.judge(results, old) if old is not None else []
    summary = pages.markdown(results, old, verdicts)
    if given.junit:
        records.write_text(given.junit, pages.junit(results, verdicts))
    if given.markdown:
        records.write_text(given.markdown, summary)
    if given.html:
        records.write_text(given.html, pages.html(results, old, verdicts))
    if old is None and not given.json:
        sys.stdout.write(records.to_json(results))
    else:
        sys.stdout.write(summary)
    worse = [v for v in verdicts if v.word == "regression"]
    for v in worse:
        say(f"regression: {v.task} by {v.agent} loses {v.ratio:.2f} times the decisions of the baseline")
    return 1 if worse and given.gate else 0


def main(argv: list[str] | None = None) -> int:
    """The command `infans-bench`; 0 done, 1 regression, 2 a mistake (one line)."""
    given = parser().parse_args(argv)
    try:
        return given.run(given)
    except (BenchError, gate.NotComparable, pages.MissingMatplotlib) as error:
        say(str(error))
    except KeyboardInterrupt:
        say("interrupted")
        return 130
    except Exception as error:
        if type(error).__module__ not in ("infans._infans", "infans") and not isinstance(error, OSError):
            raise
        say(str(error))
    return 2


if __name__ == "__main__":
    sys.exit(main())
