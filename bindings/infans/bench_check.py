"""The gate put to the test: how often it cries wolf, and how often it finds a planted slow-down."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import bench_gate as gate
from . import bench_records as records
from .bench_arguments import at_least_two, natural, positive

SLOWER = (1.0, 1.25, 1.5, 2.0)
NOISE = (0.3, 0.5)  # standard deviation of log decisions between seeds; 0.1 to 0.8 in published records
PR_SEEDS = records.TIERS["pr"].seeds
Draw = Callable[[int, np.random.Generator], np.ndarray]  # n log decisions lost, independent


def lognormal(noise: float, slower: float) -> Draw:
    """Log-normal decisions whose geometric mean is `slower`."""
    return lambda n, draw: draw.normal(math.log(slower), noise, n)


def from_lives(lives: Sequence[Mapping[str, Any]], slower: float = 1.0) -> Draw:
    """Measured lives drawn with replacement, their curves stretched over `slower` times the decisions, same budget.

    So lives an agent that neither learns from nor is tested in part of its time: 2 is every second episode.
    """
    stretched = [[[d * slower, score] for d, score in r["curve"]] for r in lives]
    pool = np.log([records.lost({**r, "curve": curve}) for r, curve in zip(lives, stretched, strict=True)])
    return lambda n, draw: pool[draw.integers(0, len(pool), n)]


def alarms(new: Draw, old: Draw, rounds: int, seeds: int, draw: np.random.Generator) -> int:
    """Of `rounds` gates of tier pr on one task, how many call a regression; each draws its own baseline."""
    found = 0
    for _ in range(rounds):
        theirs, mine = dict(enumerate(old(seeds, draw))), dict(enumerate(new(PR_SEEDS, draw)))
        found += gate.fixed({("", ""): (mine, theirs)})[0].word == "regression"
    return found


def words(new: Draw, old: Draw, rounds: int, draw: np.random.Generator) -> tuple[dict[str, float], float]:
    """Shares of the verdicts of tier nightly, and the mean number of pairs."""
    answers = [gate.sequential_word(new(gate.CAP, draw) - old(gate.CAP, draw)) for _ in range(rounds)]
    shares = {w: sum(a[0] == w for a in answers) / rounds for w in ("regression", "pass", "undecided")}
    return shares, float(np.mean([a[1] for a in answers]))


def cases(given: argparse.Namespace) -> Iterator[tuple[str, str, Draw, Draw]]:
    """What is drawn, what was planted, new draws, draws of the baseline."""
    for noise in NOISE:
        for slower in SLOWER:
            name = f"log-normal, deviation {noise}"
            yield name, f"{slower:g}x", lognormal(noise, slower), lognormal(noise, 1.0)
    if not given.records:
        if given.planted:
            raise records.BenchError("--planted is compared with --records FILE, which is not given")
        return
    pools = records.grouped(records.read(given.records)["records"])
    for key, lives in pools.items():
        for slower in SLOWER:
            yield _name(key, lives), f"{slower:g}x, curves stretched", from_lives(lives, slower), from_lives(lives)
    for path in given.planted:
        results = records.read(path)
        for key, lives in records.grouped(results["records"]).items():
            if key not in pools:
                raise records.BenchError(f"{path}: {key[0]} by {key[1]} is not in {given.records}")
            planted = ", ".join(f"{k}={v}" for k, v in results["meta"]["settings"].items())
            loss = _geometric_loss(lives) / _geometric_loss(pools[key])
            text = f"{planted or path.name} ({loss:.2f}x the loss)"
            yield _name(key, lives), text, from_lives(lives), from_lives(pools[key])


def _name(key: tuple[str, str], lives: Sequence[Mapping[str, Any]]) -> str:
    return f"{key[0]} by {key[1]}, {len(lives)} lives"


def _geometric_loss(lives: Sequence[Mapping[str, Any]]) -> float:
    return math.exp(np.mean([math.log(records.lost(r)) for r in lives]))


def gate_check(given: argparse.Namespace) -> int:
    draw, table = np.random.default_rng(given.seed), []
    nights = max(given.rounds // 5, 1)
    print(
        f"Tier pr: {PR_SEEDS} new seeds, a baseline of {given.seeds}, tolerance {gate.TOLERANCE}; "
        f"{given.rounds} gates a row, then {given.reruns} reruns.\n"
        f"Tier nightly: at most {gate.CAP} pairs; {nights} gates a row.\n"
    )
    print("| lives | planted | pr: alarms | in reruns | nightly: regression | pass | undecided | pairs, mean |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for lives, planted, new, old in cases(given):
        share = alarms(new, old, given.rounds, given.seeds, draw) / given.rounds
        reruns = alarms(new, old, given.reruns, given.seeds, draw)
        night, pairs = words(new, old, nights, draw)
        shown = " | ".join(f"{night[w]:.1%}" for w in night)
        alarmed = f"{share:.1%} | {reruns} of {given.reruns}"
        print(f"| {lives} | {planted} | {alarmed} | {shown} | {pairs:.1f} |", flush=True)
        table.append({"lives": lives, "planted": planted, "pr_alarms": share, "rerun_alarms": reruns,
                      "reruns": given.reruns, "nightly": night, "nightly_pairs": pairs})  # fmt: skip
    if given.json:
        records.write_text(given.json, json.dumps(table, indent=1) + "\n")
    return 0


def add_gate_check(verbs: Any) -> None:
    """The verb `gate-check` of `infans bench`."""
    verb = verbs.add_parser(
        "gate-check", help="error rates of the gate itself",
        description="How often the gate calls a regression: where nothing changed (1x: false alarms), and where a "
        "slow-down was planted; simulated, and drawn from measured lives. A Markdown table on stdout.",
    )  # fmt: skip
    add = verb.add_argument
    add("--records", type=Path, metavar="FILE", help="measured lives to draw from, 30 seeds or more")
    add("--planted", type=Path, metavar="FILE", action="append", default=[], help="the same with a slow-down in them")
    add("--rounds", type=positive, default=2000, metavar="N", help="gates a row [2000]")
    add("--reruns", type=positive, default=40, metavar="N", help="gates of the last figure [40]")
    add("--seeds", type=at_least_two, default=30, metavar="N", help="seeds of the baseline [30]")
    add("--seed", type=natural, default=1, metavar="S", help="of the simulation [1]")
    add("--json", type=Path, metavar="FILE", help="write the table there too")
    verb.set_defaults(run=gate_check)
