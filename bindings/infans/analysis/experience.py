"""Declared analysis `samples_to`: how much a group lived until a criterion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..study import Column, Study
from . import criteria, effects
from .effects import Comparison
from .payload import Cloud, Curves, axis
from .results import (
    Result,
    TextTable,
    comparison_sentence,
    comparison_table,
    median_range,
    summary,
    with_unit,
)
from .selection import AnalysisError, Trace, as_list, known, measure, reference, stage_names, stage_start, traces

Declared = Mapping[str, Any]


def criterion_text(declared: Declared, column: Column) -> str:
    """The criterion in words."""
    side = "below" if "below" in declared else "above"
    bound = with_unit(f"{float(declared[side]):g}", column.unit)
    if "window" in declared:
        held = f", {declared.get('count', declared['window'])} of the last {declared['window']}"
    else:
        held = f", {declared['hold']} in a row" if declared.get("hold", 1) > 1 else ""
    return f"{column.name.replace('_', ' ')} {side} {bound}{held}"


def from_start(trace: Trace, name: str | None, stops: list[str]) -> tuple[Trace, float]:
    """The rows from the first stage of that name until the next of `stops`, and the samples lived before them.

    From birth where no stage is named, or where the participant's life has no such stage. inf: not reached yet.
    """
    stage = None if name is None else trace.first_stage(name)
    if stage is None:
        return trace, 0.0
    ends = [s for s in (trace.first_stage(other) for other in stops) if s is not None and s > stage]
    inside = (trace.stage >= stage) & (trace.stage < min(ends, default=len(trace.stages)))
    return trace.where(inside), stage_start(trace.participant, stage)[0]


def samples_to(study: Study, declared: Declared, seed: int) -> Result:
    """Samples lived until a criterion, by group or by start."""
    if ("below" in declared) == ("above" in declared):
        raise AnalysisError(f"analysis '{declared['name']}' needs one of below and above")
    column, found = measure(study, declared), traces(study, declared)
    rule = {k: declared[k] for k in ("below", "above", "hold", "window", "count") if k in declared}
    starts = as_list(declared.get("from_stage")) or [None]
    for start in starts:
        if start is not None:
            known(start, stage_names(study), "stage", declared)
    counts: dict[str, np.ndarray] = {}
    lived: dict[str, np.ndarray] = {}
    curves: dict[str, list] = {}
    for label, group in found.items():
        for start in starts:
            name = label if len(starts) == 1 else start if len(found) == 1 else f"{label}, {start}"
            rows = [from_start(trace, start, [s for s in starts if s]) for trace in group]
            rows = [(trace, begun) for trace, begun in rows if np.isfinite(begun)]
            counts[name] = np.array([criteria.samples_to(t.sample, t.value, start=b, **rule) for t, b in rows])
            lived[name] = np.array([t.sample[-1] - b if len(t.sample) else 0.0 for t, b in rows])
            curves[name] = [(t.sample - b, t.value) for t, b in rows]
    comparisons = _compare_counts(counts, lived, found, starts, reference(declared, list(found)), seed)
    what = criterion_text(declared, column)
    said = "; ".join(
        f"{name} median {median_range(values)} samples ({criteria.reached(values)} of {len(values)} reached it)"
        for name, values in counts.items()
    )
    since = f" from {starts[0]} on" if len(starts) == 1 and starts[0] else ""
    result = Result(declared["name"], "samples_to", [f"Samples until {what}{since}: {said}."])
    result.sentences += [comparison_sentence(c) for c in comparisons]
    unborn = [g for g, group in found.items() for s in starts if s and group and group[0].first_stage(s) is None]
    if unborn:
        result.notes.append(f"counted from birth, having no such stage: {', '.join(unborn)}")
    rows = [[name, str(len(v)), str(criteria.reached(v)), median_range(v)] for name, v in counts.items()]
    result.tables = [TextTable(["group", "n", "reached", "samples, median [min, max]"], rows)]
    result.tables += [t for t in [comparison_table(comparisons)] if t]
    result.figures = {
        "criterion": what,
        "groups": {name: summary(v) | {"reached": criteria.reached(v), "samples": v} for name, v in counts.items()},
        "comparisons": comparisons,
    }
    bound = float(declared.get("below", declared.get("above")))
    result.picture = (
        Curves(curves, f"samples lived{since}", axis(column), log=True, line=bound),
        Cloud(counts, "samples to criterion", log=True, limits=lived),
    )
    return result


def _compare_counts(
    counts: dict, lived: dict, found: dict, starts: list, against: str | None, seed: int
) -> list[Comparison]:
    if len(starts) == 1:
        return effects.corrected([
            criteria.compare_samples(counts[a], counts[b], (lived[a], lived[b]), (a, b), seed)
            for a, b in effects.pairs(list(counts), against)
        ])  # fmt: skip
    comparisons = []
    for label in found:
        names = [s if len(found) == 1 else f"{label}, {s}" for s in starts]
        for other in names[1:]:
            if len(counts[other]) == len(counts[names[0]]):
                pair = (counts[other], counts[names[0]])
                comparisons.append(criteria.compare_starts(*pair, (other, names[0]), seed))
    return effects.corrected(comparisons)
