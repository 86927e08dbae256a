"""Rainclouds: distribution, median and middle half, and every participant (Allen et al. 2019)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, LogLocator, MaxNLocator, NullFormatter
from scipy import stats

from .analysis.payload import Cloud
from .figures import BLUE, GREEN, GREY, INK, ORANGE

COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "#E69F00", "#56B4E9")  # Okabe & Ito: told apart with any colour vision
FEW = 5  # values of which no distribution is drawn


def colours(names: Sequence[str]) -> dict[str, str]:
    """A colour a group, the same in every picture of a study."""
    return {name: COLOURS[k % len(COLOURS)] for k, name in enumerate(names)}


def plain_log(axis) -> None:
    """Ticks of a logarithmic axis as plain numbers: 1, 2, 5 of each decade, or decades if there are many."""
    low, high = axis.get_view_interval()
    wide = high > 100 * max(low, 1e-300)
    axis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0)))
    if high < 4 * low:  # hardly more than one of those ticks
        axis.set_major_locator(FixedLocator(MaxNLocator(5).tick_values(low, high)))
    axis.set_major_formatter(lambda v, _: f"{v:g}")
    axis.set_minor_formatter(NullFormatter())


def raincloud(ax: Axes, cloud: Cloud, tints: Mapping[str, str] | None = None) -> None:
    """One row a group, the first on top; values that were never reached stand open at the end of the life."""
    tints = tints or colours(list(cloud.groups))
    rng = np.random.default_rng(0)
    reached = {name: v[np.isfinite(v)] for name, v in cloud.groups.items()}
    everything = np.concatenate([*reached.values(), *cloud.limits.values(), np.empty(0)])
    log = bool(cloud.log and len(everything) and everything.min() > 0)
    places = {}
    for row, (name, values) in enumerate(cloud.groups.items()):
        there, colour = reached[name], tints[name]
        _distribution(ax, there, row, colour, log)
        y = row + 0.2 + 0.13 * rng.uniform(-1, 1, len(values))
        places[name] = y
        ax.plot(there, y[np.isfinite(values)], "o", ms=3.6, mfc=colour, mec="white", mew=0.4, alpha=0.8, zorder=3)
        never = np.isinf(values)
        if never.any() and name in cloud.limits:
            ax.plot(cloud.limits[name][never], y[never], "o", ms=4, mfc="white", mec=colour, mew=1.1, zorder=3)
    if cloud.paired:
        _pairs(ax, cloud, places)
    if cloud.line is not None:
        ax.axvline(cloud.line, color=INK, lw=0.8, ls=(0, (4, 3)), zorder=0)
    if any(np.isinf(v).any() for v in cloud.groups.values()):
        ax.plot([], [], "o", mfc="white", mec=INK, ms=4, label="not reached: end of the life")
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), borderaxespad=0.2)
    if log:
        ax.set_xscale("log")
        plain_log(ax.xaxis)
    ax.set_yticks(range(len(cloud.groups)), [f"{name}\nn = {len(v)}" for name, v in cloud.groups.items()])
    ax.set_ylim(len(cloud.groups) - 0.45, -0.65)
    ax.grid(axis="y", visible=False)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(cloud.label)


def _distribution(ax: Axes, values: np.ndarray, row: int, colour: str, log: bool) -> None:
    """The cloud above the row's line, below it the middle half and the median."""
    if not len(values):
        return
    low, middle, high = np.percentile(values, [25, 50, 75])
    ax.plot([low, high], [row, row], color=colour, lw=3, solid_capstyle="round", zorder=2)
    ax.plot(middle, row, "o", ms=6, mfc="white", mec=colour, mew=1.6, zorder=4)
    scale = np.log(values) if log else values
    if len(values) < FEW or np.ptp(scale) < 1e-9 * max(1.0, np.abs(scale).max()):
        return
    density = stats.gaussian_kde(scale)
    reach = 0.15 * np.ptp(scale)
    at = np.linspace(scale.min() - reach, scale.max() + reach, 200)
    height = density(at)
    ax.fill_between(np.exp(at) if log else at, row - 0.08, row - 0.08 - 0.42 * height / height.max(), color=colour,
                    alpha=0.32, lw=0, zorder=1)  # fmt: skip


def _pairs(ax: Axes, cloud: Cloud, places: Mapping[str, np.ndarray]) -> None:
    """A thin line from each participant's value to its value in the next row of the same group."""
    names = list(cloud.groups)
    for a, b in zip(names, names[1:], strict=False):
        if a.rpartition(", ")[0] != b.rpartition(", ")[0] or len(cloud.groups[a]) != len(cloud.groups[b]):
            continue
        ends = np.array([cloud.groups[a], cloud.groups[b]])
        ax.plot(ends, np.array([places[a], places[b]]), color=GREY, lw=0.5, alpha=0.5, zorder=1)
