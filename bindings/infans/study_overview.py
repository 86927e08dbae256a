"""Every measure of a probe and every variable of life as pictures, whatever was declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .analysis.payload import Cloud, Curves, axis
from .analysis.selection import Trace, column_of, life_trace, probe_trace
from .figures import new, styled
from .raincloud import colours, raincloud
from .study import Study
from .study_figures import OVERLAID, ages, mean_ribbon, thinned

SHOWN = 30  # measures of a probe or variables of life


def overview(study: Study, columns: Sequence[Mapping[str, str]], probe: str | None) -> list[Curves | Cloud]:
    """All measures of a probe, or (None) all variables of life: over age, or as clouds where there was one test.

    Lives that are over within a day are drawn over simulated time, their tests one after another.
    """
    shown: list[Curves | Cloud] = []
    for c in columns[:SHOWN]:
        groups: dict[str, list[Trace]] = {cell["name"]: [] for cell in study.design["cells"]}
        for p in study.participants:
            if not p.excluded and p.life.rows:
                t = probe_trace(p, p.cell, probe, c["name"]) if probe else life_trace(p, p.cell, c["name"])
                groups[p.cell].append(t)
        there = [t for group in groups.values() for t in group if np.isfinite(t.value).any()]
        if there:
            shown.append(_part(groups, there, axis(column_of(c)), probe is not None))
    return shown


def _part(groups: Mapping[str, Sequence[Trace]], there: Sequence[Trace], label: str, tests: bool) -> Curves | Cloud:
    if tests and max(len(t.value) for t in there) == 1:
        values = {name: [v for t in group for v in t.value if np.isfinite(v)] for name, group in groups.items()}
        return Cloud({name: np.array(v, float) for name, v in values.items()}, label)
    short = max(np.ptp(t.age) for t in there) < 1.0
    word = ages(np.concatenate([t.age for t in there]))[1]

    def along(t: Trace) -> np.ndarray:
        if not short:
            return t.age / 7 if word == "age (weeks)" else t.age
        return np.arange(1.0, len(t.value) + 1) if tests else t.seconds / 60

    word = word if not short else "test" if tests else "time of life (min)"
    return Curves({name: [thinned(along(t), t.value) for t in group] for name, group in groups.items()}, word, label)


@styled
def measures(parts: Sequence[Curves | Cloud]) -> Figure:
    """One panel a measure: means with 95 % intervals, or rainclouds."""
    columns = min(3, len(parts))
    rows = -(-len(parts) // columns)
    most = max(len(part.groups) for part in parts)
    clouds = any(isinstance(part, Cloud) for part in parts)
    figure, axes = new(columns, (max(2.5, 0.7 * most) if clouds else 2.5) * rows + 0.3, rows=rows)
    for ax, part in zip(axes.ravel(), parts, strict=False):
        if isinstance(part, Cloud):
            raincloud(ax, part)
            continue
        tints = colours(list(part.groups))
        for name, lines in part.groups.items():
            mean_ribbon(ax, lines, tints[name], name, spaghetti=len(part.groups) <= OVERLAID)
        ax.set_ylabel(part.y)
        ax.set_xlabel(part.x)
        if part.x == "test":
            ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    for spare in axes.ravel()[len(parts) :]:
        spare.set_visible(False)
    if most > 1 and not clouds:
        axes[0, 0].legend(loc="lower left", ncols=4, bbox_to_anchor=(0, 1.0), borderaxespad=0.3)
    return figure
