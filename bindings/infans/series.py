"""Numbers behind the pictures: one curve an agent over its age, their median, and what an episode looked like."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .reader import Agent, Run

EVALUATION = 2  # value of step/planned


class NothingToShow(Exception):
    """The record has nothing for a picture; the message says what is missing."""


@dataclass(frozen=True)
class Curve:
    """One agent: y over age x (decisions lived)."""

    x: np.ndarray
    y: np.ndarray


@dataclass(frozen=True)
class Summary:
    """Population: median and quartiles of y on the ages x."""

    x: np.ndarray
    median: np.ndarray
    low: np.ndarray
    high: np.ndarray


def ages(agent: Agent) -> np.ndarray:
    """[rows] decisions lived after each row; evaluation rows do not add."""
    return np.cumsum(agent.step["planned"] != EVALUATION)


def episode_means(agent: Agent, values: np.ndarray, keep: np.ndarray | None = None) -> Curve:
    """Mean of the step values [rows] over each episode, at the age of its end; without NaN and rows outside `keep`."""
    good = np.isfinite(values) if keep is None else np.isfinite(values) & keep
    number = agent.step["episode"]
    if not good.any():
        return Curve(np.empty(0), np.empty(0))
    count = np.bincount(number[good])
    total = np.bincount(number[good], values[good])
    end = np.zeros(len(count))
    np.maximum.at(end, number[good], ages(agent)[good])
    lived = count > 0
    return Curve(end[lived], total[lived] / count[lived])


def learned(agent: Agent) -> np.ndarray:
    """bool [rows]: the agent learned from it."""
    return agent.step["planned"] != EVALUATION


def judged_curve(agent: Agent, name: str) -> Curve:
    """Column `name` of the episodes on which success is judged."""
    return Curve(agent.episode["decisions"][agent.judged], agent.episode[name][agent.judged].astype(float))


def learning_curve(agent: Agent, name: str, column: int | None = None) -> Curve:
    """Column `name` of the episodes that were lived (evaluation would repeat the same model)."""
    lived = agent.episode["evaluation"] == 0
    values = agent.episode[name][lived]
    return Curve(agent.episode["decisions"][lived], values if column is None else values[:, column])


def collect(run: Run, curve: Callable[[Agent], Curve]) -> list[Curve]:
    """The curves of all agents that have one."""
    curves = [curve(agent) for agent in run.agents if agent.step.rows]
    return [Curve(c.x[ok], c.y[ok]) for c in curves if (ok := np.isfinite(c.y)).any()]


def summarise(curves: Sequence[Curve]) -> Summary:
    """Median and quartiles; an agent whose life has ended keeps its last value, so that it is not forgotten."""
    x = np.unique(np.concatenate([c.x for c in curves]))
    table = np.full((len(curves), len(x)), np.nan)
    for row, c in zip(table, curves, strict=True):
        at = np.searchsorted(c.x, x, side="right") - 1
        row[at >= 0] = c.y[at[at >= 0]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        low, median, high = np.nanpercentile(table, [25, 50, 75], axis=0)
    return Summary(x, median, low, high)


def median_reached(counts: Sequence[int | None]) -> float | None:
    """Median where None counts as never; None if the median agent never got there."""
    if not counts:
        return None
    middle = float(np.median([np.inf if n is None else n for n in counts]))
    return middle if np.isfinite(middle) else None


def representative(run: Run) -> Agent | None:
    """The agent in the middle of the population, by first success, then by how well it held at last."""

    def rank(agent: Agent) -> tuple[float, float]:
        first, hold = agent.decisions_to_first_success, agent.episode["hold_distance"]
        return (np.inf if first is None else first, hold[-1] if len(hold) else np.inf)

    lives = sorted((a for a in run.agents if a.step.rows), key=rank)
    return lives[(len(lives) - 1) // 2] if lives else None


def episode_numbers(agent: Agent) -> np.ndarray:
    """Numbers of the episodes to show: those on which success is judged, or an unfinished first one."""
    numbers = np.flatnonzero(agent.judged)
    return numbers if len(numbers) else np.unique(agent.step["episode"])


@dataclass(frozen=True)
class Episode:
    """What happened: time [T + 1] s, cart and tip [T + 1, 2] m (x, z), command [T]."""

    number: int
    decisions: int
    success: bool
    time: np.ndarray
    cart: np.ndarray
    tip: np.ndarray
    command: np.ndarray


def drawable(run: Run) -> bool:
    """Whether the body is one pole, on a cart or fixed: what `episode` can place in the plane."""
    return run.outcome.get("kind") == "planar_tip" and run.joints in (["slide", "hinge"], ["hinge"])


def _held(rows: np.ndarray) -> np.ndarray:
    """Observations, of which those that never came (NaN) are as the last one that did; zeros before the first."""
    came = ~np.isnan(rows).any(axis=1)
    last = np.maximum.accumulate(np.where(came, np.arange(len(rows)), -1))
    return np.where(last[:, None] >= 0, rows[last], 0.0)


def episode(run: Run, agent: Agent, number: int) -> Episode:
    """Places the body of one episode in the plane, from its joint positions."""
    rows = agent.step["episode"] == number
    offset = next((m["offset"] for m in run.modalities if m["name"] == "joint_position"), 0)
    seen, then = agent.step["observation"][rows], agent.step["next_observation"][rows]
    q = _held(np.concatenate([seen, then[-1:]]))[:, offset : offset + len(run.joints)]
    theta, x = q[:, -1], q[:, 0] if run.joints[0] == "slide" else np.zeros(len(q))
    length = float(run.outcome["length"])
    ended = number < agent.episode.rows
    return Episode(
        number=number,
        decisions=int(agent.episode["decisions"][number]) if ended else int(ages(agent)[rows][-1]),
        success=bool(agent.episode["success"][number]) if ended else False,
        time=np.arange(len(q)) * run.control_period,
        cart=np.stack([x, np.zeros_like(x)], axis=1),
        tip=np.stack([x - length * np.sin(theta), -length * np.cos(theta)], axis=1),
        command=agent.step["action"][rows][:, 0],
    )


def input_names(run: Run, inputs: int) -> list[str]:
    """What the model's inputs are: positions (a hinge as sine and cosine), velocities, commands."""
    count = {kind: run.joints.count(kind) for kind in ("slide", "hinge")}
    seen = {"slide": 0, "hinge": 0}
    labels = []
    for kind in run.joints:
        seen[kind] += 1
        labels.append(kind if count[kind] == 1 else f"{kind} {seen[kind]}")
    names = []
    for kind, label in zip(run.joints, labels, strict=True):
        names += [f"sin {label}", f"cos {label}"] if kind == "hinge" else [f"{label} position"]
    names += [f"{label} velocity" for label in labels]
    commands = inputs - len(names)
    if commands < 1:
        return [f"input {i + 1}" for i in range(inputs)]
    return names + (["command"] if commands == 1 else [f"command {i + 1}" for i in range(commands)])
