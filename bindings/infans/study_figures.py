"""The pictures of a study's analyses as matplotlib figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from scipy import stats

from .analysis.effects import FEWEST
from .analysis.growth import WEEK
from .analysis.logit import Binned, Regression
from .analysis.models import Growth, Logits
from .analysis.payload import Cloud, Curves
from .analysis.results import Result
from .analysis.touches import BodyMap
from .body_map import body_map
from .figures import GREY, INK, WIDTH, log_axis, new, population, styled
from .raincloud import colours, raincloud
from .series import Curve, NothingToShow

OVERLAID = 4  # groups in one panel; more become small multiples
COLUMNS = 4  # of small multiples
MANY = 60  # lines; more become pixels, or the page would be heavy
Lines = Sequence[tuple[np.ndarray, np.ndarray]]


def ages(days: np.ndarray) -> tuple[np.ndarray, str]:
    """Ages on an axis: weeks, or days where there are few."""
    return (days / WEEK, "age (weeks)") if np.nanmax(days, initial=0) >= 3 * WEEK else (days, "age (days)")


def on_grid(lines: Lines) -> tuple[np.ndarray, np.ndarray]:
    """Grid [x] of all abscissae (60 if they are many) and values [participants, x], NaN where nobody measured."""
    x = np.unique(np.concatenate([a for a, _ in lines]))
    if len(x) > 60:
        x = np.linspace(x[0], x[-1], 60)
    table = np.full((len(lines), len(x)), np.nan)
    for row, (a, y) in zip(table, lines, strict=True):
        there = np.isfinite(y)
        if there.any():
            row[:] = np.interp(x, a[there], y[there], left=np.nan, right=np.nan)
    return x, table


def mean_ribbon(ax: Axes, lines: Lines, colour: str, label: str | None = None, spaghetti: bool = True) -> None:
    """Every participant thin, their mean thick, its 95 % t interval as a ribbon where there are enough of them."""
    lines = [(a, y) for a, y in lines if np.isfinite(y).any()]
    if not lines:
        return
    if spaghetti:
        strands = [np.column_stack(line) for line in lines]
        ax.add_collection(LineCollection(strands, colors=colour, alpha=0.22, linewidths=0.7,
                                         rasterized=len(lines) > MANY))  # fmt: skip
        ax.autoscale_view()
    x, table = on_grid(lines)
    n = np.isfinite(table).sum(axis=0)
    x, table, n = x[n > 0], table[:, n > 0], n[n > 0]
    mean = np.nanmean(table, axis=0)
    if (several := n >= FEWEST).any():
        spread = np.nanstd(table[:, several], axis=0, ddof=1)
        half = stats.t.ppf(0.975, n[several] - 1) * spread / np.sqrt(n[several])
        middle = mean[several]
        ax.fill_between(x[several], middle - half, middle + half, color=colour, alpha=0.22, lw=0)
    ax.plot(x, mean, color=colour, lw=2, label=label)


def panels(groups: Mapping, height: float, beside: int = 0) -> tuple[Figure, list[tuple[Axes, list[str]]], list[Axes]]:
    """Figure, (axes, groups drawn in it) and `beside` further axes: all groups in one panel, or one panel each."""
    names = list(groups)
    if len(names) <= OVERLAID:
        figure, axes = new(1 + beside, height, width_ratios=[1.5, *[1] * beside])
        return figure, [(axes[0, 0], names)], list(axes[0, 1:])
    columns = min(COLUMNS, len(names))
    rows = -(-len(names) // columns)
    heights = [2.1] * rows + [max(2.2, 0.55 * len(names))] * bool(beside)
    figure = Figure(figsize=(WIDTH, sum(heights) + 0.4), layout="constrained")
    grid = figure.add_gridspec(len(heights), columns, height_ratios=heights)
    drawn: list[Axes] = []
    for k in range(len(names)):
        shared = drawn[0] if drawn else None
        drawn.append(figure.add_subplot(grid[k // columns, k % columns], sharex=shared, sharey=shared))
    low = grid[-1, :].subgridspec(1, beside) if beside else None
    extra = [figure.add_subplot(low[0, k]) for k in range(beside)] if low else []
    return figure, [(ax, [name]) for ax, name in zip(drawn, names, strict=True)], extra


def title(ax: Axes, drawn: Sequence[str], figure_has: int) -> None:
    """A legend where groups share the panel, a heading where each has its own."""
    if len(drawn) > 1:
        ax.legend(loc="lower center", ncols=len(drawn), bbox_to_anchor=(0.5, 1.0), borderaxespad=0.3)
    elif figure_has > 1:
        ax.set_title(drawn[0])


def label_outer(drawn: Sequence[tuple[Axes, list[str]]], x: str, y: str) -> None:
    """Axis labels where a panel stands at the left of its grid, or has no panel below it."""
    if len(drawn) > 1:
        x = fill(x, 22)  # a wider label would squeeze the panels
    for k, (ax, _) in enumerate(drawn):
        bottom, left = k + COLUMNS >= len(drawn), ax.get_subplotspec().is_first_col()
        ax.set_xlabel(x if bottom else "")
        ax.set_ylabel(y if left else "")
        ax.tick_params(labelbottom=bottom, labelleft=left)


def thinned(x: np.ndarray, y: np.ndarray, log: bool = False, most: int = 80) -> tuple[np.ndarray, np.ndarray]:
    """Finite points; more than twice `most` of them as means in equal bins of x or, if log, of its logarithm."""
    keep = np.isfinite(y)
    x, y = x[keep], y[keep]
    if len(x) <= 2 * most:
        return x, y
    scale = np.log1p(x - x.min()) if log else x
    which = np.minimum(((scale - scale[0]) / max(float(np.ptp(scale)), 1e-300) * most).astype(int), most - 1)
    count = np.bincount(which, minlength=most)
    there = count > 0
    return (np.bincount(which, x, most) / np.maximum(count, 1))[there], (
        np.bincount(which, y, most) / np.maximum(count, 1)
    )[there]


@styled
def growth(picture: Growth) -> Figure:
    """Spaghetti, mean and ribbon over age, the mean fitted curve dashed; midpoints as rainclouds."""
    tints = colours(list(picture.groups))
    middles = {g: np.array([f.midpoint / WEEK for f in fits if not f.problem]) for g, fits in picture.fits.items()}
    fitted = any(len(v) > 1 for v in middles.values())
    figure, drawn, beside = panels(picture.groups, 3.6, int(fitted))
    word = "age (weeks)"
    for ax, names in drawn:
        for name in names:
            lines = []
            for days, value in picture.groups[name]:
                x, word = ages(days)
                lines.append((x, value))
            mean_ribbon(ax, lines, tints[name], name)
            good = [f for f in picture.fits[name] if not f.problem]
            if good and lines:
                grid = np.linspace(*np.percentile(np.concatenate([a for a, _ in picture.groups[name]]), [0, 100]), 100)
                ax.plot(ages(grid)[0], np.mean([f.at(grid) for f in good], axis=0), color=INK, lw=0.9, ls=(0, (3, 2)))
        title(ax, names, len(picture.groups))
    label_outer(drawn, word, picture.label)
    for ax in beside:
        raincloud(ax, Cloud(middles, "midpoint of growth (weeks)"), tints)
    return figure


@styled
def learning(picture: tuple[Curves, Cloud]) -> Figure:
    """Learning curves on a logarithmic axis of samples, and samples to the criterion as rainclouds."""
    curves, cloud = picture
    tints = colours(list(curves.groups))
    figure, drawn, beside = panels(curves.groups, 3.6, 1)
    positive = [x[x > 0].min() for lines in curves.groups.values() for x, _ in lines if (x > 0).any()]
    for ax, names in drawn:
        for name in names:
            usable = [Curve(*thinned(x, y, log=True)) for x, y in curves.groups[name]]
            usable = [c for c in usable if len(c.x)]
            if usable:
                population(ax, usable, tints[name], name)
        if positive:
            ax.set_xscale("symlog", linthresh=min(positive), linscale=0.3)  # a test before the first sample is at 0
            ax.set_xlim(0, None)
        values = np.concatenate([y for lines in curves.groups.values() for _, y in lines] + [np.empty(0)])
        values = values[np.isfinite(values)]
        if len(values) and values.min() > 0 and values.max() > 10 * values.min():
            log_axis(ax)
        if curves.line is not None:
            ax.axhline(curves.line, color=INK, lw=0.9, ls=(0, (4, 3)))
        title(ax, names, len(curves.groups))
        plain_samples(ax)
    label_outer(drawn, curves.x, curves.y)
    raincloud(beside[0], cloud, tints)
    return figure


def plain_samples(ax: Axes) -> None:
    """0, then 1, 2, 5 of every decade as plain numbers."""
    _, high = ax.get_xlim()
    thresh = getattr(ax.xaxis.get_transform(), "linthresh", 1.0)
    ticks = [v * 10.0**d for d in range(-3, 10) for v in (1, 2, 5) if thresh <= v * 10.0**d <= high]
    if len(ticks) > 7:
        ticks = [t for t in ticks if np.log10(t) % 1 == 0]
    ax.set_xticks([0.0, *ticks], [f"{t:g}" for t in [0.0, *ticks]])
    ax.set_xticks([], minor=True)


@styled
def changes(picture: tuple[Curves, Cloud]) -> Figure:
    """Binned rates over time with the change of each participant as a tick below; times of change as rainclouds."""
    curves, cloud = picture
    tints = colours(list(curves.groups))
    found = {name: v for name, v in cloud.groups.items() if len(v)}
    figure, drawn, beside = panels(curves.groups, 3.6, int(bool(found)))
    for ax, names in drawn:
        for row, name in enumerate(names):
            mean_ribbon(ax, curves.groups[name], tints[name], name)
            marks = curves.marks.get(name, np.empty(0))
            if len(marks):
                ax.plot(marks, np.full(len(marks), -0.03 - 0.035 * row), "|", color=tints[name], ms=7, mew=1.2,
                        transform=ax.get_xaxis_transform(), clip_on=False)  # fmt: skip
        for stage, begins in curves.spans:
            ax.axvline(begins, color=GREY, lw=0.8, ls=(0, (4, 3)))
            ax.annotate(stage, (begins, 1), xycoords=("data", "axes fraction"), xytext=(3, -2), va="top",
                        textcoords="offset points", fontsize=7.5, color="#555B63")  # fmt: skip
        ax.tick_params(axis="x", pad=3 + 4 * len(names))
        ax.set_ylim(0, None)
        title(ax, names, len(curves.groups))
    label_outer(drawn, curves.x, curves.y)
    for ax in beside:
        raincloud(ax, Cloud(found, cloud.label), tints)
    return figure


@styled
def cloud(picture: Cloud) -> Figure:
    """One raincloud a group."""
    figure, axes = new(1, min(9.0, 0.9 + 0.75 * max(2, len(picture.groups))))
    raincloud(axes[0, 0], picture)
    return figure


@styled
def logits(picture: Logits) -> Figure:
    """Probability in bins of each predictor, with 95 % intervals over participants, and the fitted curve."""
    tints, names = colours(list(picture.groups)), list(picture.predictors)
    together = len(picture.groups) <= OVERLAID
    parts = [list(picture.groups)] if together else [[group] for group in picture.groups]
    figure, axes = new(len(names), 3.2 if together else 2.0 * len(parts) + 0.4, rows=len(parts), sharey=True,
                       sharex="col")  # fmt: skip
    for row, groups in zip(axes, parts, strict=True):
        for ax, name in zip(row, names, strict=True):
            for group in groups:
                _probability(ax, *picture.groups[group], name, tints[group], group)
        row[0].set_ylabel(picture.outcome)
        if not together:
            row[0].set_title(groups[0])
    for ax, name in zip(axes[-1], names, strict=True):
        ax.set_xlabel(picture.predictors[name])
    if together and len(picture.groups) > 1:
        axes[0, 0].legend(loc="lower left", ncols=len(picture.groups), bbox_to_anchor=(0, 1.0), borderaxespad=0.3)
    return figure


def _probability(ax: Axes, fitted: Regression, bins: Mapping[str, Binned], name: str, colour: str, label: str) -> None:
    b = bins[name]
    if not len(b.x):
        return
    ax.errorbar(b.x, b.mean, [b.mean - b.low, b.high - b.mean], fmt="o", ms=4, lw=1, color=colour, label=label)
    if fitted.effects:
        x = np.linspace(b.x[0], b.x[-1], 100)
        ax.plot(x, fitted.probability(name, x), color=colour, lw=1.6)


DRAWN: dict[str, Callable[..., Figure]] = {
    "growth_curve": growth,
    "samples_to": learning,
    "change_point": changes,
    "ratio": cloud,
    "compare": cloud,
    "regression": logits,
    "touches": styled(body_map),
}


def draw(result: Result) -> Figure:
    """The picture of an executed analysis. Raises NothingToShow with the reason why there is none."""
    if result.problem:
        raise NothingToShow(result.problem)
    if isinstance(result.picture, BodyMap) and not any(len(p) for p in result.picture.groups.values()):
        raise NothingToShow("Nobody touched anything.")
    return DRAWN[result.kind](result.picture)
