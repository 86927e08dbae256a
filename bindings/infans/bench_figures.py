"""Pictures of sample efficiency as matplotlib figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from . import bench_statistics as statistics
from .bench_gate import TOLERANCE, Verdict
from .figures import BLUE, GREEN, GREY, INK, ORANGE, new, styled

COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "#E69F00", "#56B4E9", GREY)
Records = Sequence[Mapping[str, Any]]
Groups = Mapping[tuple[str, str], Records]


def _colours(groups: Groups) -> dict[str, str]:
    agents = dict.fromkeys(agent for _, agent in groups)
    return {agent: COLOURS[k % len(COLOURS)] for k, agent in enumerate(agents)}


def _panels(groups: Groups, height: float) -> tuple[Figure, dict[str, Any]]:
    """One panel a task, at most three in a row."""
    tasks = list(dict.fromkeys(task for task, _ in groups))
    columns = min(3, len(tasks))
    lines = -(-len(tasks) // columns)
    figure, axes = new(columns, height * lines, rows=lines)
    for ax in axes.flat[len(tasks) :]:
        ax.set_visible(False)
    for ax, task in zip(axes.flat, tasks, strict=False):
        ax.set_title(task)
    return figure, dict(zip(tasks, axes.flat, strict=False))


def _of_agents(groups: Groups) -> dict[str, list[Records]]:
    return {agent: [r for (_, a), r in groups.items() if a == agent] for _, agent in groups}


def scores_at(records: Records, decisions: np.ndarray) -> np.ndarray:
    """[seeds, decisions] score of the last test until then, 0 before the first."""
    table = np.zeros((len(records), len(decisions)))
    for row, r in zip(table, records, strict=True):
        curve = np.array([[0.0, 0.0], *r["curve"]])
        row[:] = curve[np.searchsorted(curve[:, 0], decisions, side="right") - 1, 1]
    return table


@styled
def curves(groups: Groups) -> Figure:
    """Interquartile mean of the score over decisions, with its bootstrap interval."""
    figure, panels = _panels(groups, 2.9)
    colour, draw = _colours(groups), np.random.default_rng(20212)
    for (task, agent), records in groups.items():
        x = np.linspace(0, max(r["budget"] for r in records), 201)
        scores = scores_at(records, x)
        again = scores[draw.integers(0, len(scores), (500, len(scores)))]  # the seeds, whole curves
        low, high = np.quantile(statistics.iqm(np.swapaxes(again, 1, 2)), [0.025, 0.975], axis=0)
        panels[task].fill_between(x, low, high, color=colour[agent], alpha=0.15, lw=0, step="post")
        panels[task].step(x, statistics.iqm(scores.T), color=colour[agent], lw=1.8, where="post", label=agent)
        panels[task].set_xlabel("decisions")
        panels[task].set_ylim(-0.02, 1.02)
    for ax in panels.values():
        ax.legend(loc="best")
    next(iter(panels.values())).set_ylabel("score")
    return figure


@styled
def steps(groups: Groups) -> Figure:
    """Share of seeds that have succeeded three times in a row, over decisions."""
    figure, panels = _panels(groups, 2.7)
    colour = _colours(groups)
    for (task, agent), records in groups.items():
        ax, budget = panels[task], max(r["budget"] for r in records)
        for name, line in (("decisions_first", (0, (3, 2))), ("decisions_sustained", "-")):
            reached = np.sort([r[name] for r in records if r[name] is not None])
            x = np.concatenate([[0], reached, [budget]])
            y = np.concatenate([[0], np.arange(1, len(reached) + 1), [len(reached)]]) / len(records)
            label = agent if line == "-" else None
            ax.step(x, y, where="post", color=colour[agent], lw=1.8 if label else 1.0, ls=line, label=label)
        ax.set_xlabel("decisions")
        ax.set_ylim(-0.02, 1.02)
    for ax in panels.values():
        ax.plot([], [], color=INK, lw=1.0, ls=(0, (3, 2)), label="first success")
        ax.legend(loc="best")
    next(iter(panels.values())).set_ylabel("share of seeds")
    return figure


@styled
def aggregates(groups: Groups) -> Figure:
    """Interquartile mean and optimality gap over all tasks of each agent."""
    agents, colour, draw = _of_agents(groups), _colours(groups), np.random.default_rng(20213)
    figure, axes = new(2, 0.9 + 0.34 * len(agents), sharey=True)
    for ax, title, statistic in (
        (axes[0, 0], "score, interquartile mean (higher is better)", statistics.iqm),
        (axes[0, 1], "optimality gap (lower is better)", statistics.optimality_gap),
    ):
        for k, (agent, tasks) in enumerate(agents.items()):
            strata = [np.array([r["auc"] for r in records]) for records in tasks]
            value, low, high = statistics.bootstrap(strata, statistic, draw)
            ax.barh(k, high - low, left=low, height=0.5, color=colour[agent], alpha=0.3, lw=0)
            ax.plot([value, value], [k - 0.25, k + 0.25], color=colour[agent], lw=2.2)
        ax.set_title(title)
        ax.set_xlim(-0.02, 1.02)
        ax.set_ylim(len(agents) - 0.4, -0.6)
        ax.grid(axis="y", visible=False)
    axes[0, 0].set_yticks(range(len(agents)), list(agents))
    return figure


@styled
def profiles(groups: Groups) -> Figure:
    """Share of runs above every score."""
    thresholds = np.linspace(0, 1, 201)
    figure, axes = new(1, 2.9)
    ax, colour, draw = axes[0, 0], _colours(groups), np.random.default_rng(20214)
    for agent, tasks in _of_agents(groups).items():
        strata = [np.array([r["auc"] for r in records]) for records in tasks]
        rounds = [
            statistics.performance_profile([s[draw.integers(0, len(s), len(s))] for s in strata], thresholds)
            for _ in range(300)
        ]
        low, high = np.quantile(rounds, [0.025, 0.975], axis=0)
        ax.fill_between(thresholds, low, high, color=colour[agent], alpha=0.15, lw=0, step="post")
        ax.step(thresholds, statistics.performance_profile(strata, thresholds), color=colour[agent], lw=1.8,
                where="post", label=agent)  # fmt: skip
    ax.set_xlabel("score τ")
    ax.set_ylabel("share of runs above τ")
    ax.set_ylim(-0.02, 1.02)
    ax.legend(loc="best")
    return figure


@styled
def verdicts(found: Sequence[Verdict]) -> Figure:
    """Loss over the baseline's, with its interval and the tolerance."""
    figure, axes = new(1, 0.9 + 0.34 * len(found))
    ax = axes[0, 0]
    shade = {"regression": ORANGE, "undecided": GREY}
    for k, v in enumerate(found):
        colour = shade.get(v.word, GREEN)
        ax.plot([v.low, v.high], [k, k], color=colour, lw=2)
        ax.plot(v.ratio, k, "o", color=colour, ms=6)
    ax.axvline(1, color=INK, lw=0.9)
    ax.axvline(TOLERANCE, color=INK, lw=0.9, ls=(0, (4, 3)))
    ax.set_xscale("log", base=2)
    ticks = [0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4]
    edge = [min([0.8, *(v.low for v in found)]), max([1.3, *(v.high for v in found)])]
    ax.set_xlim(edge[0] / 1.05, edge[1] * 1.05)
    ax.set_xticks([t for t in ticks if edge[0] / 1.05 <= t <= edge[1] * 1.05])
    ax.xaxis.set_major_formatter(lambda v, _: f"{v:g}")
    ax.minorticks_off()
    ax.set_yticks(range(len(found)), [f"{v.task}, {v.agent}" for v in found])
    ax.set_ylim(len(found) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("decisions lost over the baseline's (dashed: tolerance)")
    return figure


PICTURES: dict[str, tuple[str, str, Callable[[Groups], Figure]]] = {
    "curves": ("Learning curves", "Score of the last test, interquartile mean over seeds; the ribbon is its 95 % "
               "bootstrap interval. A life that has reached its goal keeps its last score.", curves),
    "steps": ("Decisions until success", "Share of seeds that have succeeded, first time dashed, three times in a row "
              "solid. A line that ends below 1 was cut by the budget.", steps),
    "aggregates": ("All tasks together", "Score: area under the learning curve. The bar is a bootstrap 95 % interval "
                   "over seeds inside every task.", aggregates),
    "profiles": ("Performance profiles", "How many runs do better than each score: the higher line is the better "
                 "agent, wherever it stays above.", profiles),
}  # fmt: skip
