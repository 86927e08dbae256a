"""Declared analysis `compare`: a measure between groups, or between the levels of a factor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..study import Study
from . import effects
from .payload import Cloud, axis
from .results import Result, TextTable, comparison_sentence, comparison_table, interval, median_range, summary
from .selection import Trace, age_days, known, measure, reference, traces

Declared = Mapping[str, Any]


def pick(trace: Trace, at: float | str, declared: Declared) -> float:
    """The value at the last, first or nearest occasion, or the mean; NaN of nothing."""
    rows = trace.where(np.isfinite(trace.value))
    if not len(rows.value):
        return np.nan
    if at == "mean":
        return float(rows.value.mean())
    if at in ("last", "first"):
        return float(rows.value[-1 if at == "last" else 0])
    return float(rows.value[np.argmin(np.abs(rows.age - age_days(at, declared)))])


def compare(study: Study, declared: Declared, seed: int) -> Result:
    """A measure between groups, or between the levels of a factor (paired where every participant lives them)."""
    column, found, at = measure(study, declared), traces(study, declared), declared.get("at", "last")
    name, factor = column.name.replace("_", " "), declared.get("factor")
    paired = False
    if factor is None:
        values = {label: np.array([pick(t, at, declared) for t in group]) for label, group in found.items()}
        comparisons = effects.compare_all(values, reference(declared, list(values)), seed)
    else:
        factors = {f["name"]: f for f in study.design["factors"]}
        about = factors[known(factor, list(factors), "factor", declared)]
        paired = bool(about["within"])
        values = _by_level(found, factor, about["levels"], paired, at, declared)
        how = effects.compare_pairs if paired else effects.compare
        comparisons = effects.corrected([
            how(values[a], values[b], (a, b), seed)
            for names in _level_names(found, about["levels"], paired)
            for a, b in effects.pairs(names, names[0])
        ])  # fmt: skip
    means = {label: effects.mean_interval(v, seed) for label, v in values.items()}
    when = {"last": "at the last test", "first": "at the first test", "mean": "on average"}.get(at, f"at {at}")
    said = "; ".join(
        f"{label} mean {interval(means[label], long=True)}{f' {column.unit}' if column.unit else ''}, "
        f"n = {len(effects.finite(v))}"
        for label, v in values.items()
    )
    result = Result(declared["name"], "compare", [f"{name.capitalize()} {when}: {said}."])
    result.sentences += [comparison_sentence(c, column.unit) for c in comparisons]
    rows = [
        [label, str(len(effects.finite(v))), interval(means[label]), median_range(effects.finite(v))]
        for label, v in values.items()
    ]
    head = ["group", "n", f"mean{f' ({column.unit})' if column.unit else ''} [95 % CI]", "median [min, max]"]
    result.tables = [TextTable(head, rows)] + [t for t in [comparison_table(comparisons, column.unit)] if t]
    result.figures = {
        "groups": {label: summary(v) | {"mean_interval": means[label], "values": v} for label, v in values.items()},
        "comparisons": comparisons,
    }
    result.picture = Cloud(values, f"{axis(column)}, {when}", paired=paired)
    return result


def _level_names(found: Mapping[str, list[Trace]], levels: list[str], paired: bool) -> list[list[str]]:
    """Names whose values are compared with each other: levels in each group if paired, otherwise over all groups."""
    if not paired or len(found) == 1:
        return [list(levels)]
    return [[f"{label}, {level}" for level in levels] for label in found]


def _by_level(
    found: Mapping[str, list[Trace]], factor: str, levels: list[str], paired: bool, at: float | str, declared: Declared
) -> dict[str, np.ndarray]:
    if not paired:
        everyone = [t for group in found.values() for t in group]
        return {
            level: np.array([pick(t, at, declared) for t in everyone if t.participant.levels.get(factor) == level])
            for level in levels
        }
    values = {}
    for names, group in zip(_level_names(found, levels, paired), found.values(), strict=True):
        for name, level in zip(names, levels, strict=True):
            values[name] = np.array([pick(_at_level(t, factor, level), at, declared) for t in group])
    return values


def _at_level(trace: Trace, factor: str, level: str) -> Trace:
    """The rows lived at a level of a within-subject factor."""
    return trace.where(np.array([s.levels.get(factor) == level for s in trace.stages], bool)[trace.stage])
