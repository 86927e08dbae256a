"""Episodes as drawings: stroboscopic cart and pole, small multiples of tip and command, the wide hero picture."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch
from matplotlib.ticker import MaxNLocator

from . import series
from .figures import BLUE, GREEN, GREY, INK, draw_learning, new, styled
from .reader import Agent, Run
from .series import Episode, NothingToShow

SHOWN = 8  # episodes in the small multiples


def time_colours() -> Colormap:
    """Light to dark in time; the pale end of viridis would vanish on white."""
    return LinearSegmentedColormap.from_list("time", colormaps["viridis"](np.linspace(0.92, 0.0, 64)))


def subject(run: Run) -> Agent:
    """The agent whose episodes are drawn."""
    if not series.drawable(run):
        raise NothingToShow("This body is not a single pole in the plane, so it is not drawn.")
    agent = series.representative(run)
    if agent is None:
        raise NothingToShow("No decision is on record yet.")
    return agent


def strobe(ax: Axes, run: Run, e: Episode) -> ScalarMappable:
    """Every decision's cart and pole on top of each other, light to dark in time."""
    norm, colours = Normalize(0, e.time[-1]), time_colours()
    shade = colours(norm(e.time))
    length = float(run.outcome["length"])
    goal, tolerance = run.outcome["goal"], float(run.outcome.get("tolerance", 0.05))
    ax.axhline(0, color="#C9CED4", lw=1.2, zorder=0)
    ax.add_patch(Circle(goal, tolerance, fc=GREEN, alpha=0.22, ec="none", zorder=0))
    ax.plot(*goal, "+", color=GREEN, ms=9, mew=1.6, zorder=1)
    ax.add_collection(LineCollection(list(np.stack([e.cart, e.tip], axis=1)), colors=shade, linewidths=1.7, alpha=0.85,
                                     capstyle="round", zorder=2))  # fmt: skip
    trace = np.stack([e.tip[:-1], e.tip[1:]], axis=1)
    ax.add_collection(LineCollection(list(trace), colors=shade[1:], linewidths=0.6, alpha=0.7, zorder=2))
    ax.scatter(*e.tip.T, c=shade, s=13, lw=0, zorder=3)
    w, h = 0.3 * length, 0.13 * length
    for (x, z), colour in zip(e.cart, shade, strict=True):
        ax.add_patch(FancyBboxPatch((x - w / 2, z - h / 2), w, h, boxstyle=f"round,pad=0,rounding_size={h / 3}",
                                    fc="none", ec=colour, lw=0.9, alpha=0.8, zorder=4))  # fmt: skip
    ax.set_aspect("equal")
    ax.set_ylim(-1.25 * length, 1.35 * length)
    ax.set_xlabel("x (m)")
    ax.grid(visible=False)
    for side in ax.spines.values():
        side.set_visible(False)
    ax.tick_params(length=0)
    ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    return ScalarMappable(norm, colours)


def pair(run: Run, agent: Agent) -> list[Episode]:
    """First and last episode, or the only one."""
    numbers = series.episode_numbers(agent)
    return [series.episode(run, agent, int(n)) for n in dict.fromkeys((numbers[0], numbers[-1]))]


def caption(e: Episode, which: str) -> str:
    return f"{which} episode, age {e.decisions}: {'success' if e.success else 'no success'}"


def frame(axes: list[Axes], run: Run, episodes: list[Episode]) -> ScalarMappable:
    """Draws the episodes with one scale, so that they can be compared."""
    x = np.concatenate([np.concatenate([e.cart[:, 0], e.tip[:, 0]]) for e in episodes] + [np.zeros(1)])
    margin = 0.25 * float(run.outcome["length"])
    for ax, e, which in zip(axes, episodes, ("First", "Last"), strict=False):
        colours = strobe(ax, run, e)
        ax.set_title(caption(e, which))
        ax.set_xlim(x.min() - margin, x.max() + margin)
    axes[0].set_ylabel("height (m)")
    return colours


def clock(figure: Figure, axes: list[Axes], colours: ScalarMappable) -> None:
    """The colour bar of time."""
    bar = figure.colorbar(colours, ax=axes, label="time in the episode (s)", shrink=0.75, pad=0.02, aspect=28)
    bar.outline.set_visible(False)
    bar.locator = MaxNLocator(4, steps=[1, 2, 5, 10])
    bar.update_ticks()


@styled
def first_and_last(run: Run) -> Figure:
    """Stroboscopic pictures of the median agent's first and last episode."""
    episodes = pair(run, subject(run))
    figure, axes = new(len(episodes), 3.7, sharey=True)
    colours = frame(list(axes[0]), run, episodes)
    clock(figure, list(axes[0]), colours)
    return figure


@styled
def small_multiples(run: Run) -> Figure:
    """Tip height and command over time, episodes evenly spread over the median agent's life."""
    agent = subject(run)
    numbers = series.episode_numbers(agent)
    numbers = numbers[np.unique(np.linspace(0, len(numbers) - 1, min(SHOWN, len(numbers))).round().astype(int))]
    figure, axes = new(len(numbers), 2.9, rows=2, sharex=True, sharey="row")
    goal, tolerance = run.outcome["goal"][1], float(run.outcome.get("tolerance", 0))
    for (top, low), number in zip(axes.T, numbers, strict=True):
        e = series.episode(run, agent, int(number))
        top.axhspan(goal - tolerance, goal + tolerance, color=GREEN, alpha=0.18, lw=0)
        top.plot(e.time, e.tip[:, 1], color=GREEN if e.success else BLUE, lw=1.5)
        low.axhline(0, color=GREY, lw=0.6)
        low.step(e.time, np.append(e.command, e.command[-1]), color=INK, lw=1.0, where="post")
        top.set_title(f"{e.decisions}" + (" ✓" if e.success else ""), fontsize=8.5)
        low.set_ylim(-1.1, 1.1)
    figure.supxlabel("time in the episode (s); above each column: age in decisions", fontsize=8.5)
    axes[0, 0].set_ylabel("tip height (m)")
    axes[1, 0].set_ylabel("command")
    figure.align_ylabels()
    return figure


@styled
def hero(run: Run) -> Figure:
    """Learning curve beside the first and last episode of the median agent, wide."""
    episodes = pair(run, subject(run))
    figure = Figure(figsize=(13.5, 3.9), layout="constrained", facecolor="white")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1, wspace=0.02)
    axes = figure.subplots(1, 1 + len(episodes), width_ratios=[1.25] + [1] * len(episodes))
    draw_learning(run, axes[0])
    axes[0].set_title(f"{len(run.agents)} agents: how close the tip is held to its goal")
    colours = frame(list(axes[1:]), run, episodes)
    clock(figure, list(axes[1:]), colours)
    return figure
