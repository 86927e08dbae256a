"""Sample efficiency as text for people and machines: Markdown, JUnit XML, one HTML page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np

from . import bench_gate as gate
from . import bench_statistics as statistics
from . import page
from .bench_gate import Verdict
from .bench_records import grouped, lost
from .bench_statistics import Interval
from .report import INSTALL, MissingMatplotlib

RATIOS = (("efe", "random"), ("efe", "random-data"), ("efe", "babbling"), ("efe", "greedy"), ("efe", "yoked"))
HEAD = ["task", "agent", "seeds", "first", "three in a row", "censored", "score", "gap"]
RATIO_HEAD = ["task", "ratio", "decisions until three in a row", "decisions lost", "P(better)"]
VERDICT_HEAD = ["task", "agent", "seeds", "loss / baseline", "95 % interval", "p", "verdict"]
READING = (
    "First, three in a row: decisions until success, median [min, max] over seeds, the unsuccessful counted as later "
    "than all. Score: interquartile mean of the area under the learning curve, with a bootstrap 95 % interval. Gap: "
    "how far runs stay below a perfect score on average."
)
RATIO_READING = (
    "Geometric means of the first agent over the second, below 1: it needs less; bootstrap 95 % interval. Seeds that "
    "never got there count with the budget, so a ratio with many of them is nearer to 1 than the truth."
)


def need_matplotlib() -> Any:
    """The figures; raises MissingMatplotlib where the extra is not installed."""
    try:
        from . import bench_figures
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "matplotlib":
            raise
        raise MissingMatplotlib(INSTALL) from error
    return bench_figures


def stream() -> np.random.Generator:
    """Equal records give equal pages."""
    return np.random.default_rng(20211)


def _counts(records: Sequence[Mapping[str, Any]], name: str) -> str:
    values = [r[name] for r in records]
    reached = [v for v in values if v is not None]
    middle = statistics.median_censored(values)
    if not reached:
        return "never"
    return f"{'never' if middle is None else f'{middle:g}'} [{min(reached):g}, " + (
        f"{max(reached):g}]" if len(reached) == len(values) else "never]"
    )


def _interval(value: Interval) -> str:
    return f"{value.value:.3g} [{value.low:.3g}, {value.high:.3g}]"


def rows(results: Mapping[str, Any]) -> list[list[str]]:
    """One row a task and agent, as HEAD says."""
    draw, table = stream(), []
    for (task, agent), records in grouped(results["records"]).items():
        auc = np.array([r["auc"] for r in records])
        table.append([
            task, agent, f"{len(records)}", _counts(records, "decisions_first"),
            _counts(records, "decisions_sustained"), f"{sum(r['censored'] for r in records)}",
            _interval(statistics.bootstrap([auc], statistics.iqm, draw)), f"{statistics.optimality_gap(auc):.3g}",
        ])  # fmt: skip
    return table


def sustained_or_budget(records: Sequence[Mapping[str, Any]]) -> np.ndarray:
    return np.array([r["budget"] if r["censored"] else r["decisions_sustained"] for r in records], dtype=float)


def _lost(records: Sequence[Mapping[str, Any]]) -> np.ndarray:
    return np.array([lost(r) for r in records])


def ratio_rows(results: Mapping[str, Any]) -> list[list[str]]:
    """Active over random, yoked and other agents, where both were measured; as RATIO_HEAD says."""
    groups, draw, table = grouped(results["records"]), stream(), []
    for task in dict.fromkeys(task for task, _ in groups):
        for active, other in RATIOS:
            if (task, active) not in groups or (task, other) not in groups:
                continue
            mine, theirs = groups[task, active], groups[task, other]
            better = statistics.probability_of_improvement([-_lost(mine)], [-_lost(theirs)])
            table.append([
                task, f"{active} / {other}",
                _interval(statistics.ratio(sustained_or_budget(mine), sustained_or_budget(theirs), draw)),
                _interval(statistics.ratio(_lost(mine), _lost(theirs), draw)), f"{better:.2f}",
            ])  # fmt: skip
    return table


def verdict_rows(verdicts: Sequence[Verdict]) -> list[list[str]]:
    return [
        [v.task, v.agent, f"{v.pairs}", f"{v.ratio:.2f}", f"{v.low:.2f} to {v.high:.2f}", f"{v.p:.2g}", v.word]
        for v in verdicts
    ]


def rule(tier: str) -> str:
    """What the gate calls a regression, in one sentence."""
    if tier == "nightly":
        return (
            f"Pairs are looked at one by one, at most {gate.CAP}: a regression is more loss than the baseline's, a "
            f"pass excludes {gate.WORSE} times its loss, each wrong in at most {gate.ALPHA:.0%} of cases; p is 1/e."
        )
    return (
        f"A regression loses more than {gate.TOLERANCE} times the decisions of the baseline: one-sided test, Holm's "
        f"correction over tasks, {gate.ALPHA:.0%} false alarms at that bound, fewer where nothing changed."
    )


def outcome(results: Mapping[str, Any], verdicts: Sequence[Verdict]) -> str:
    """What came out, in one sentence."""
    groups = grouped(results["records"])
    if not verdicts:
        return f"{len(results['records'])} lives, {len(groups)} pairs of task and agent; no baseline to compare with."
    worse = [v for v in verdicts if v.word == "regression"]
    if worse:
        return (
            "Regression: "
            + "; ".join(f"{v.task} by {v.agent} loses {v.ratio:.2f} times the decisions of the baseline" for v in worse)
            + "."
        )
    unsure = sum(v.word == "undecided" for v in verdicts)
    tail = f"; {unsure} of {len(verdicts)} undecided" if unsure else ""
    return f"No regression against the baseline{tail}."


def origin(results: Mapping[str, Any]) -> str:
    about = results["meta"]
    seeds = gate.seeds_text(about["seeds"])
    options = "".join(f", {key}={value}" for key, value in about["settings"].items())
    build = f"commit {about['commit']}, {about['isa']}, MuJoCo {about['mujoco']}"
    return f"tier {about['tier']}, seeds {seeds}, {build}{options}"


def _pipes(head: Sequence[str], table: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *table]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def markdown(results: Mapping[str, Any], old: Mapping[str, Any] | None, verdicts: Sequence[Verdict]) -> str:
    """Summary for a page of CI."""
    parts = ["## Sample efficiency", outcome(results, verdicts)]
    if verdicts:
        parts += [_pipes(VERDICT_HEAD, verdict_rows(verdicts)), rule(results["meta"]["tier"])]
    parts += [_pipes(HEAD, rows(results)), READING]
    if ratios := ratio_rows(results):
        parts += [_pipes(RATIO_HEAD, ratios), RATIO_READING]
    parts.append(f"Measured: {origin(results)}." + (f" Baseline: {origin(old)}." if old else ""))
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def junit(results: Mapping[str, Any], verdicts: Sequence[Verdict]) -> str:
    """One test case a task and agent: it fails on a regression and is skipped where undecided."""
    words = {(v.task, v.agent): v for v in verdicts}
    cases, failed, skipped = [], 0, 0
    for (task, agent), records in grouped(results["records"]).items():
        body, v = f"{len(records)} seeds; three in a row: {_counts(records, 'decisions_sustained')}", None
        v = words.get((task, agent))
        if v is not None:
            body += f"; loss {v.ratio:.2f} times the baseline's ({v.low:.2f} to {v.high:.2f}), p {v.p:.2g}: {v.word}"
        inner = f"<system-out>{page.escape(body)}</system-out>"
        if v is not None and v.word == "regression":
            failed += 1
            inner = f"<failure message={quoteattr(body)}/>" + inner
        elif v is not None and v.word == "undecided":
            skipped += 1
            inner = f"<skipped message={quoteattr(body)}/>" + inner
        cases.append(f"  <testcase classname={quoteattr('sample-efficiency.' + task)} name={quoteattr(agent)}>{inner}"
                     "</testcase>")  # fmt: skip
    properties = "".join(
        f"<property name={quoteattr(key)} value={quoteattr(str(value))}/>"
        for key, value in results["meta"].items() if key not in ("seeds", "settings")
    )  # fmt: skip
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuite name="sample-efficiency" tests="{len(cases)}" failures="{failed}" errors="0" '
        f'skipped="{skipped}">\n'
        f"  <properties>{properties}</properties>\n" + "\n".join(cases) + "\n</testsuite>\n"
    )


def html(results: Mapping[str, Any], old: Mapping[str, Any] | None, verdicts: Sequence[Verdict]) -> str:
    """Every table and picture on one self-contained page."""
    figures = need_matplotlib()
    groups, parts = grouped(results["records"]), []
    if verdicts:
        body = page.table(VERDICT_HEAD, verdict_rows(verdicts))
        if old is not None:
            body += page.figure(page.svg(figures.verdicts(verdicts), "verdicts"))
        parts.append(page.section("The gate", rule(results["meta"]["tier"]), body))
    parts.append(page.section("What it took", READING, page.table(HEAD, rows(results))))
    if groups:
        for name, (title, caption, draw) in figures.PICTURES.items():
            parts.append(page.section(title, caption, page.figure(page.svg(draw(groups), name))))
    ratios = ratio_rows(results)
    body = page.table(RATIO_HEAD, ratios) if ratios else page.nothing("No pair of agents to compare was measured.")
    parts.append(page.section("One agent over another", RATIO_READING if ratios else "", body))
    facts = [[name, gate.seeds_text(v) if name == "seeds" else str(v)] for name, v in results["meta"].items()]
    if old is not None:
        facts += [[f"baseline: {n}", gate.seeds_text(v) if n == "seeds" else str(v)] for n, v in old["meta"].items()]
    parts.append(page.details("How it was measured", page.table(["what", "value"], facts)))
    lives = results["records"]
    key = page.key_figures([
        ("tasks", f"{len({task for task, _ in groups})}"), ("agents", f"{len({agent for _, agent in groups})}"),
        ("lives", f"{len(lives)}"), ("three in a row", f"{sum(not r['censored'] for r in lives)}"),
        ("decisions lived", f"{sum(r['decisions_all_in'] for r in lives):,}"),
    ])  # fmt: skip
    return page.document("Sample efficiency", origin(results), outcome(results, verdicts), key, parts)
