"""The pictures of a run as matplotlib figures. A figure with nothing to show raises `NothingToShow` with the reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from . import series
from .reader import Agent, Run
from .series import Curve, NothingToShow

# Okabe & Ito: told apart with any colour vision.
BLUE, ORANGE, GREEN, GREY, INK = "#0072B2", "#D55E00", "#009E73", "#8A8F98", "#22262B"
STYLE: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E8EAED",
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": "#555B63",
    "ytick.color": "#555B63",
    "legend.frameon": False,
    "svg.fonttype": "none",  # text stays text: light, sharp, searchable
}
WIDTH = 9.6  # inches; the page shows it at 960 px


def styled(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    def wrapped(*arguments: Any, **options: Any) -> Figure:
        with rc_context(STYLE):
            return draw(*arguments, **options)

    wrapped.__name__, wrapped.__doc__ = draw.__name__, draw.__doc__
    return wrapped


def new(columns: int, height: float, rows: int = 1, **options: Any) -> tuple[Figure, np.ndarray]:
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.06, wspace=0.03)
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def population(ax: Axes, curves: Sequence[Curve], colour: str = BLUE, label: str | None = None, **line: Any) -> None:
    """Every agent thin, the median thick, the quartiles as a ribbon."""
    few, dot = len(curves) <= 60, "."
    for c in curves:
        ax.plot(c.x, c.y, color=colour, alpha=0.28, lw=0.7, rasterized=not few, marker=dot if len(c.x) == 1 else "")
    s = series.summarise(curves)
    if len(curves) > 1:
        ax.fill_between(s.x, s.low, s.high, color=colour, alpha=0.14, lw=0)
    ax.plot(s.x, s.median, color=colour, lw=2, label=label, marker=dot if len(s.x) == 1 else "", **line)


def age_axis(ax: Axes) -> None:
    ax.set_xlabel("age (decisions lived)")
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))


def log_axis(ax: Axes) -> None:
    """Logarithmic, with plain numbers at 1, 2, 5 of each decade, or at decades only if there are many."""
    ax.set_yscale("log")
    low, high = ax.get_ylim()
    ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high < 300 * low else (1.0,)))
    ax.yaxis.set_major_formatter(lambda v, _: f"{v:g}")
    ax.yaxis.set_minor_formatter(NullFormatter())


def log_if_positive(ax: Axes, curves: Sequence[Curve]) -> None:
    """Logarithmic where all is positive and spans a decade."""
    values = np.concatenate([c.y for c in curves])
    if values.size and values.min() > 0 and values.max() > 10 * values.min():
        log_axis(ax)


def tame(ax: Axes, curves: Sequence[Curve]) -> None:
    """Symmetric logarithm where a few early values would flatten the rest."""
    values = np.abs(np.concatenate([c.y for c in curves]))
    typical = float(np.median(values))
    if typical > 0 and values.max() > 30 * typical:
        ax.set_yscale("symlog", linthresh=2 * typical)


def need(curves: list[Curve], reason: str) -> list[Curve]:
    if not curves:
        raise NothingToShow(reason)
    return curves


def budget(run: Run) -> int:
    """Decisions that a life may last; without a spec, what the longest lived."""
    lived = max([int(series.ages(a)[-1]) for a in run.agents if a.step.rows], default=0)
    return max(lived, int(run.spec.get("life", {}).get("decisions", 0)))


def draw_learning(run: Run, ax: Axes) -> None:
    curves = need(series.collect(run, lambda a: series.judged_curve(a, "hold_distance")), "No episode has ended yet.")
    population(ax, curves, label="median agent")
    for agent in run.agents:
        if agent.step.rows:
            c, won = series.judged_curve(agent, "hold_distance"), series.judged_curve(agent, "success").y > 0
            ax.plot(c.x[won], c.y[won], ".", color=GREEN, ms=5, mew=0)
    tolerance = run.outcome.get("tolerance")
    if tolerance:
        ax.axhline(tolerance, color=INK, lw=0.9, ls=(0, (4, 3)))
        ax.annotate(f"success: below {tolerance:g} m", (1, tolerance), xycoords=("axes fraction", "data"), ha="right",
                    va="bottom", xytext=(0, 3), textcoords="offset points")  # fmt: skip
    log_if_positive(ax, curves)
    ax.set_ylabel("distance held (m)")
    age_axis(ax)
    ax.set_xlim(0, None)


@styled
def learning(run: Run) -> Figure:
    """Distance held over age, and the share of agents that succeed."""
    figure, axes = new(1, 4.6, rows=2, height_ratios=[3, 1], sharex=True)
    top, low = axes[:, 0]
    draw_learning(run, top)
    top.set_xlabel("")
    life = top.secondary_xaxis("top", functions=(lambda n: n * run.control_period, lambda s: s / run.control_period))
    life.set_xlabel("time lived (s)")
    life.spines["top"].set_visible(False)
    curves = series.collect(run, lambda a: series.judged_curve(a, "success"))
    x = np.unique(np.concatenate([c.x for c in curves]))
    share = np.zeros(len(x))
    for c in curves:
        at = np.searchsorted(c.x, x, side="right") - 1
        share += np.where(at >= 0, c.y[at], 0) / len(run.agents)
    low.fill_between(x, 100 * share, color=GREEN, alpha=0.25, lw=0, step="post")
    low.plot(x, 100 * share, color=GREEN, lw=1.8, drawstyle="steps-post")
    low.set_ylim(0, 104)
    low.set_ylabel("agents that\nsucceed (%)")
    age_axis(low)
    return figure


@styled
def steps_to_success(run: Run) -> Figure:
    """First success and three in a row of each agent; never reached is drawn open at the budget."""
    if not any(a.episode.rows for a in run.agents):
        raise NothingToShow("No episode has ended yet.")
    first, three, end = run.decisions_to_first_success, run.decisions_to_three_in_a_row, budget(run)
    never = np.inf
    order = sorted(range(len(first)), key=lambda k: (first[k] or never, three[k] or never))
    figure, axes = new(1, min(7.0, 1.1 + 0.24 * len(order)))
    ax = axes[0, 0]
    lived = {k: int(series.ages(a)[-1]) if a.step.rows else 0 for k, a in enumerate(run.agents)}
    for row, k in enumerate(order):
        ax.plot([0, lived[k]], [row, row], color="#D5D9DE", lw=1.6, zorder=1)
        for reached, colour, mark in ((first[k], BLUE, "o"), (three[k], ORANGE, "D")):
            where, face = (end, "white") if reached is None else (reached, colour)
            shift = 0.0 if reached is not None or mark == "o" else 0.02 * end
            ax.plot(where + shift, row, mark, ms=6, mfc=face, mec=colour, mew=1.3, zorder=3, clip_on=False)
    ax.axvline(end, color=GREY, lw=0.8, ls=(0, (4, 3)))
    for name, colour, mark in (("first success", BLUE, "o"), ("three in a row", ORANGE, "D")):
        ax.plot([], [], mark, color=colour, label=name, ms=6)
    ax.plot([], [], "o", mfc="white", mec=INK, label="not reached: drawn at the budget", ms=6)
    ax.legend(loc="lower center", ncols=3, bbox_to_anchor=(0.5, 1.0), borderaxespad=0.2)
    few = len(order) <= 30
    ax.set_yticks(range(len(order)) if few else [], [f"seed {run.agents[k].seed}" for k in order] if few else [])
    ax.set_ylim(len(order) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)
    ax.set_xlim(0, end * 1.04 or 1)
    age_axis(ax)
    return figure


def step_curves(run: Run, name: str, only_learned: bool = True) -> list[Curve]:
    return series.collect(
        run, lambda a: series.episode_means(a, a.step[name], series.learned(a) if only_learned else None)
    )


@styled
def free_energy(run: Run) -> Figure:
    """F and its two parts, means over each episode."""
    figure, axes = new(3, 2.7, sharex=True)
    for ax, (name, title) in zip(axes[0], (
        ("vfe", "free energy F = complexity − accuracy"), ("complexity", "complexity"), ("accuracy", "accuracy"),
    ), strict=True):  # fmt: skip
        curves = need(step_curves(run, name), "No transition has been learned from yet.")
        population(ax, curves)
        tame(ax, curves)
        ax.set_title(title)
        age_axis(ax)
    axes[0, 0].set_ylabel("nats per decision")
    return figure


@styled
def information(run: Run) -> Figure:
    """Nats gained about the parameters: per step, and summed over life."""

    def summed(agent: Agent) -> Curve:
        gained = agent.step["information_gain"]
        gained = np.cumsum(np.where(np.isfinite(gained) & series.learned(agent), gained, 0))
        last = np.append(np.diff(agent.step["episode"]) != 0, True)  # the sum at each episode's end
        return series.episode_means(agent, gained, last & series.learned(agent))

    figure, axes = new(2, 2.7, sharex=True)
    for ax, curves, title, unit in (
        (axes[0, 0], step_curves(run, "information_gain"), "gained at each step", "nats per decision"),
        (axes[0, 1], series.collect(run, summed), "gained since birth", "nats"),
    ):
        population(ax, need(curves, "No transition has been learned from yet."), GREEN)
        ax.set_title(title)
        ax.set_ylabel(unit)
        age_axis(ax)
    log_if_positive(axes[0, 0], step_curves(run, "information_gain"))
    axes[0, 1].set_ylim(0, None)
    return figure


@styled
def model_error(run: Run) -> Figure:
    """One-step error against the real body."""
    curves = series.collect(run, lambda a: series.learning_curve(a, "model_error"))
    need(curves, "The model was not probed, or no episode has ended yet.")
    figure, axes = new(1, 2.8)
    population(axes[0, 0], curves, ORANGE)
    if min(float(c.y.min()) for c in curves) > 0:
        log_axis(axes[0, 0])
    axes[0, 0].set_ylabel("error (RMSE / std)")
    age_axis(axes[0, 0])
    return figure


@styled
def length_scales(run: Run) -> Figure:
    """Learned length scale of each input, one panel an input."""
    inputs = next((a.episode.shape("length_scale")[1] for a in run.agents if a.episode.rows), 0)
    if not inputs:
        raise NothingToShow("No episode has ended yet.")
    columns = min(inputs, 6)
    rows = -(-inputs // columns)
    figure, axes = new(columns, 2.1 * rows, rows=rows, sharex=True, sharey=True)
    for i, (ax, name) in enumerate(zip(axes.flat, series.input_names(run, inputs), strict=False)):
        curves = series.collect(run, lambda a, i=i: series.learning_curve(a, "length_scale", i))
        population(ax, need(curves, "No length scale was learned."))
        ax.set_title(name, fontsize=8.5)
        ax.xaxis.set_major_locator(MaxNLocator(3, integer=True))
    log_axis(axes[0, 0])  # the panels share it
    for ax in axes.flat[inputs:]:
        ax.set_visible(False)
    figure.supxlabel("age (decisions lived)", fontsize=8.5)
    axes[0, 0].set_ylabel("length scale")
    return figure


@styled
def expected_free_energy(run: Run) -> Figure:
    """G and its terms: the plan that was chosen against the best that was rejected."""

    def rejected(name: str) -> Callable[[Agent], Curve]:
        def curve(agent: Agent) -> Curve:
            best = {n: agent.step[f"rejected_{n}"] for n in ("pragmatic", "epistemic")}
            if not best["pragmatic"].shape[1]:
                return Curve(np.empty(0), np.empty(0))
            first = {n: values[:, 0] for n, values in best.items()}
            values = -(first["pragmatic"] + first["epistemic"]) if name == "efe" else first[name]
            return series.episode_means(agent, values)

        return curve

    figure, axes = new(3, 2.9, sharex=True)
    for ax, (name, title) in zip(axes[0], (
        ("efe", "expected free energy G"), ("pragmatic", "pragmatic value"), ("epistemic", "epistemic value"),
    ), strict=True):  # fmt: skip
        chosen = need(step_curves(run, name, only_learned=False), "No agent has planned: there are no such terms.")
        other = series.collect(run, rejected(name))
        if other:
            population(ax, other, ORANGE, "best rejected", ls=(0, (4, 2)))
        population(ax, chosen, BLUE, "chosen")
        tame(ax, chosen)
        ax.set_title(title)
        age_axis(ax)
    axes[0, 0].set_ylabel("nats per plan")
    axes[0, 0].legend(loc="best")
    return figure
