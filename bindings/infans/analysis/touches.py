"""Declared analysis `touches`: where on its body a group was touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..study import Study
from .results import Result, TextTable, median_range, summary
from .selection import AnalysisError, as_list, known, life_trace, members, stage_names, variable

AXES = "xyz"


@dataclass
class BodyMap:
    """Of each group the places of touches, [touches, 3] in `unit`: x forward, y to the left, z up."""

    groups: dict[str, np.ndarray]
    unit: str


def names_of(declared: Mapping[str, Any]) -> list[str]:
    """The three variables: a list, or the prefix ("touch" for touch_x, touch_y, touch_z)."""
    series = as_list(declared.get("series", "touch"))
    if len(series) == 1:
        series = [f"{series[0]}_{a}" for a in AXES]
    if len(series) != 3:
        raise AnalysisError(f"analysis '{declared['name']}' needs three series, the x, y and z of a touch")
    return series


def touches(study: Study, declared: Mapping[str, Any], seed: int) -> Result:
    """Places of all touches by group; samples without one (NaN) do not count."""
    columns = [variable(study, name, declared) for name in names_of(declared)]
    stages = [known(s, stage_names(study), "stage", declared) for s in as_list(declared.get("stages"))]
    places: dict[str, np.ndarray] = {}
    counts: dict[str, np.ndarray] = {}
    for label, participants in members(study, declared).items():
        parts = []
        for participant in participants:
            rows = np.stack([participant.life[c.name] for c in columns], axis=1)
            trace = life_trace(participant, label, columns[0].name)
            keep = np.isfinite(rows).all(axis=1) & (trace.inside(stages) if stages else True)
            parts.append(rows[keep])
        places[label] = np.concatenate(parts) if parts else np.empty((0, 3))
        counts[label] = np.array([len(p) for p in parts], float)
    said = "; ".join(
        f"{label} median {median_range(v)} a participant, {int(v.sum()):,} in all" for label, v in counts.items()
    )
    rows = [[label, str(len(v)), f"{int(v.sum()):,}", median_range(v)] for label, v in counts.items()]
    return Result(
        declared["name"], "touches", [f"Touches of the body: {said}."],
        [TextTable(["group", "n", "touches", "a participant, median [min, max]"], rows)],
        {"groups": {label: summary(v) | {"touches": int(v.sum())} for label, v in counts.items()}},
        BodyMap(places, columns[0].unit),
    )  # fmt: skip
