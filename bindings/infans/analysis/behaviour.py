"""Declared analyses of rates of behaviour: `ratio` to a baseline and `change_point`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..study import Study
from . import effects, rates
from .payload import Cloud, Curves
from .results import (
    Result,
    TextTable,
    comparison_sentence,
    comparison_table,
    interval,
    median_range,
    number,
    summary,
)
from .selection import Trace, as_list, known, measure, need, reference, stage_names, stage_start, traces

Declared = Mapping[str, Any]


def stage_rate(trace: Trace, stages: list[str]) -> float:
    """Events a minute in the stages of these names."""
    keep = trace.inside(stages)
    return rates.rate_per_minute(trace.value[keep], trace.duration[keep])


def _mean_of_known(rates: np.ndarray) -> float:
    """NaN where none is known: a stage that nobody lived."""
    known = rates[np.isfinite(rates)]
    return float(known.mean()) if known.size else math.nan


def ratio(study: Study, declared: Declared, seed: int) -> Result:
    """Rate in some stages over the rate in others, for each participant."""
    column = measure(study, {"series": need(declared, "series"), "name": declared["name"]})
    sides = [as_list(need(declared, side)) for side in ("numerator", "denominator")]
    for name in sides[0] + sides[1]:
        known(name, stage_names(study), "stage", declared)
    by_group = {
        label: np.array([[stage_rate(t, side) for side in sides] for t in group]).reshape(-1, 2)
        for label, group in traces(study, declared).items()
    }
    values, undefined = {}, 0
    for label, both in by_group.items():
        with np.errstate(divide="ignore", invalid="ignore"):
            quotient = both[:, 0] / np.where(both[:, 1] > 0, both[:, 1], np.nan)
        undefined += int(np.isnan(quotient).sum())
        values[label] = quotient[~np.isnan(quotient)]
    means = {label: effects.mean_interval(v, seed) for label, v in values.items()}
    comparisons = effects.compare_all(values, reference(declared, list(values)), seed)
    above, below = (" and ".join(side) for side in sides)
    said = "; ".join(
        f"{label} mean {interval(means[label], long=True)}, median {median_range(v)}, n = {len(v)}"
        for label, v in values.items()
    )
    name = column.name.replace("_", " ")
    result = Result(declared["name"], "ratio", [f"Rate of {name}, {above} over {below}: {said}."])
    result.sentences += [comparison_sentence(c) for c in comparisons]
    rows = [
        [label, str(len(v)), number(_mean_of_known(both[:, 1])), number(_mean_of_known(both[:, 0])),
         interval(means[label]), median_range(v)]
        for (label, v), both in zip(values.items(), by_group.values(), strict=True)
    ]  # fmt: skip
    head = ["group", "n", f"{below} (1/min)", f"{above} (1/min)", "mean ratio [95 % CI]", "median [min, max]"]
    result.tables = [t for t in [TextTable(head, rows), comparison_table(comparisons)] if t]
    if undefined:
        result.notes.append(f"no ratio for {undefined} participants: no {name} in {below}, or that stage was not lived")
    result.figures = {
        "groups": {label: summary(v) | {"mean_interval": means[label], "ratios": v} for label, v in values.items()},
        "undefined": undefined, "comparisons": comparisons,
    }  # fmt: skip
    result.picture = Cloud(values, f"rate of {name}: {above} / {below}", log=True, line=1.0)
    return result


def change_point(study: Study, declared: Declared, seed: int) -> Result:
    """When the binned rate of a series changed, for each participant."""
    column = measure(study, {"series": need(declared, "series"), "name": declared["name"]})
    width, start = float(need(declared, "bin")), declared.get("from_stage")
    if start is not None:
        known(start, stage_names(study), "stage", declared)
    found = traces(study, declared)
    curves: dict[str, list] = {}
    changes: dict[str, list[rates.Change]] = {}
    spans: dict[str, float] = {}
    for label, group in found.items():
        curves[label], changes[label] = [], []
        for trace in group:
            begun = 0.0 if start is None else _seconds_at(trace, start)
            if not np.isfinite(begun):
                continue
            keep = np.ones(len(trace.value), bool) if declared.get("stages") or start is None else trace.seconds > begun
            rows = trace.where(keep)
            binned = rates.binned_rate(rows.seconds - begun, rows.value, rows.duration, width)
            curves[label].append(binned)
            changes[label].append(rates.change_point(*binned, width, seed))
            for k in np.unique(rows.stage):
                spans.setdefault(trace.stages[k].name, stage_start(trace.participant, int(k))[1] - begun)
    onsets = {label: np.array([c.time for c in group if c.found]) for label, group in changes.items()}
    comparisons = effects.compare_all(onsets, reference(declared, list(onsets)), seed)
    since = f" after the start of {start}" if start else ""
    name = column.name.replace("_", " ")
    said = "; ".join(
        f"{label} {len(v)} of {len(changes[label])} change, median {median_range(v)} s" if len(v)
        else f"{label} none of {len(changes[label])} changes"
        for label, v in onsets.items()
    )  # fmt: skip
    result = Result(declared["name"], "change_point", [f"Change of the rate of {name}{since}: {said}."])
    result.sentences += [comparison_sentence(c, "s") for c in comparisons if min(c.n) > 1]
    rows = [
        [label, str(len(changes[label])), str(len(v)), median_range(v), number(_mean(changes[label], "before")),
         number(_mean(changes[label], "after"))]
        for label, v in onsets.items()
    ]  # fmt: skip
    head = ["group", "n", "with a change", "time (s), median [min, max]", "before (1/min)", "after (1/min)"]
    result.tables = [TextTable(head, rows)] + [t for t in [comparison_table(comparisons, "s")] if t]
    result.figures = {
        "bin_seconds": width,
        "groups": {
            label: summary(v) | {"tested": len(changes[label]), "changes": changes[label]}
            for label, v in onsets.items()
        },
        "comparisons": comparisons,
    }
    result.picture = (
        Curves(curves, f"time{since or ' of life'} (s)", f"{name} (1/min)", marks=onsets, spans=list(spans.items())),
        Cloud(onsets, f"time of change{since} (s)"),
    )
    return result


def _seconds_at(trace: Trace, name: str) -> float:
    stage = trace.first_stage(name)
    return np.inf if stage is None else stage_start(trace.participant, stage)[1]


def _mean(changes: list[rates.Change], side: str) -> float:
    values = [getattr(c, side) for c in changes if c.found]
    return float(np.mean(values)) if values else np.nan
