"""What pictures of analyses need: values and curves, no drawing."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..study import Column


@dataclass
class Cloud:
    """One value a participant and group, for a raincloud. limits: where `inf` is drawn; line: what to compare with."""

    groups: dict[str, np.ndarray]
    label: str
    log: bool = False
    line: float | None = None
    limits: dict[str, np.ndarray] = field(default_factory=dict)
    paired: bool = False


@dataclass
class Curves:
    """Measures over experience or time: of each group (x, y) arrays of each participant."""

    groups: dict[str, list[tuple[np.ndarray, np.ndarray]]]
    x: str
    y: str
    log: bool = False
    line: float | None = None
    marks: dict[str, np.ndarray] = field(default_factory=dict)  # of each group, times on the x axis
    spans: list[tuple[str, float]] = field(default_factory=list)  # stages and when they begin


def axis(column: Column) -> str:
    """Name and unit of a measure, for an axis."""
    name = column.name.replace("_", " ")
    return f"{name} ({column.unit})" if column.unit else name
