"""A learner that is yoked to a file: it lives what another did and learns to predict it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..protocol import Option, Participant, Trial, stream
from .files import Episode, load, located


class _Lesson(NamedTuple):
    """What is given and what is to be predicted, in standard deviations from the mean of what is lived."""

    given: np.ndarray
    wanted: np.ndarray


class _Scales(NamedTuple):
    """Mean and standard deviation of every column."""

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray) -> _Scales:
        deviation = rows.std(axis=0)
        return cls(rows.mean(axis=0), np.where(deviation > 1e-9, deviation, 1.0))

    def standard(self, rows: np.ndarray) -> np.ndarray:
        return (rows - self.mean) / self.deviation


def _raw(episode: Episode, predict: str) -> _Lesson:
    """Transitions without NaN: (observation, action) -> change of the observation, or observation -> action."""
    before, after = episode.observations[:-1], episode.observations[1:]
    lesson = (
        _Lesson(before, episode.actions) if predict == "action"
        else _Lesson(np.hstack([before, episode.actions]), after - before)
    )  # fmt: skip
    whole = np.isfinite(lesson.given).all(axis=1) & np.isfinite(lesson.wanted).all(axis=1)
    return _Lesson(lesson.given[whole], lesson.wanted[whole])


@functools.lru_cache(maxsize=4)
def _lessons(path: str, predict: str, share: float, changed: float) -> tuple[list[_Lesson], _Lesson]:
    """Episodes to live, and those held out as one. changed: when the file did, so that an old one is not kept."""
    experience = load(path)
    lived, held = experience.split(share)
    raw = [_raw(experience[k], predict) for k in lived]
    given = _Scales.of(np.concatenate([r.given for r in raw]))
    wanted = _Scales.of(np.concatenate([r.wanted for r in raw]))
    tests = [_raw(experience[k], predict) for k in held]

    def standard(r: _Lesson) -> _Lesson:
        return _Lesson(given.standard(r.given), wanted.standard(r.wanted))

    test = _Lesson(*(np.concatenate(parts) for parts in zip(*tests, strict=True)))
    return [standard(r) for r in raw], standard(test)


class Observer(Participant):
    """Lives through what another did, as a file has it, and learns to predict it.

    `help(infans.experience)` has an example. A file is held in memory once, for all participants of a process.
    """

    name = "experience"
    options: Mapping[str, Option] = {
        "experience.path": Option("", doc="a robomimic file, or a Minari data set's folder or id"),
        "experience.predict": Option(
            "observation", choices=("observation", "action"), doc="what comes next, or what the other does: to imitate"
        ),  # fmt: skip
        "experience.transitions": Option(32, 1, 100_000, doc="lived in a sample, learned from together"),
        "experience.held_out": Option(0.2, 0.01, 0.9, doc="share of episodes that nobody lives, unless the file says"),
        "mind.hidden": Option(64, 1, 4096, doc="units of the hidden level"),
        "mind.rate": Option(0.1, 1e-6, 1.0, doc="learning rate"),
        "mind.settle_steps": Option(10, 1, 1000, doc="steps in which activities settle"),
        "mind.learn": Option(True, doc="whether it learns from what it lives"),
    }
    fixed = ("experience.path", "experience.predict", "experience.held_out", "mind.hidden")
    variables = {
        "error": ("", "root mean square error before learning, in standard deviations of what was to be predicted"),
        "vfe": ("nats", "free energy after settling, mean over transitions, without its constant"),
    }
    probes = {"held_out": ("transitions of held-out episodes", {
        "error": ("", "root mean square error, in standard deviations of what was lived; 1: no better than their mean"),
    })}  # fmt: skip

    def begin_stage(self, options: dict[str, Any]) -> None:
        from ..hierarchy import Hierarchy

        self._options = options
        if not options["experience.path"]:
            raise ValueError('[experience] path = "..." is missing: which file is lived through?')
        if not hasattr(self, "_net"):
            lessons, _ = self._file()
            widths = [lessons[0].given.shape[1], int(options["mind.hidden"]), lessons[0].wanted.shape[1]]
            self._widths, self._place, self._order = widths, (0, 0), []
            self._net = Hierarchy.chain(widths, seed=self.seed)

    def live(self, partner: list[float] | None) -> dict[str, float]:
        from ..hierarchy import Sgd

        lesson = self._next_lesson()
        error = self._error(lesson)
        belief = self._net.belief(len(lesson.given))
        belief.clamp(0, lesson.given)
        belief.predict()
        belief.clamp(-1, lesson.wanted)
        energy = belief.settle(max_steps=int(self._options["mind.settle_steps"])).energy
        if self._options["mind.learn"]:
            Sgd(self._net, rate=self._options["mind.rate"]).learn(belief)
        return {"error": error, "vfe": energy / len(lesson.given)}

    def test(self, trial: Trial) -> dict[str, float]:
        return {"error": self._error(self._file()[1])}

    def predict(self, given: np.ndarray) -> np.ndarray:
        """What it expects, both in standard deviations from the mean."""
        belief = self._net.belief(len(given))
        belief.clamp(0, given)
        belief.predict()
        return belief.activity(-1)

    def _error(self, lesson: _Lesson) -> float:
        return float(np.sqrt(np.mean((self.predict(lesson.given) - lesson.wanted) ** 2)))

    def _file(self) -> tuple[list[_Lesson], _Lesson]:
        o = self._options
        found = located(o["experience.path"])
        return _lessons(str(found), o["experience.predict"], o["experience.held_out"], found.stat().st_mtime)

    def _next_lesson(self) -> _Lesson:
        """The next transitions: episodes come whole, in an order of its own, again and again."""
        lessons, wanted = self._file()[0], int(self._options["experience.transitions"])
        parts: list[_Lesson] = []
        while sum(len(p.given) for p in parts) < wanted:
            turn, at = self._place
            order = stream(self.seed, "order", turn // len(lessons)).permutation(len(lessons))
            episode = lessons[order[turn % len(lessons)]]
            few = wanted - sum(len(p.given) for p in parts)
            parts.append(_Lesson(episode.given[at : at + few], episode.wanted[at : at + few]))
            self._place = (turn, at + few) if at + few < len(episode.given) else (turn + 1, 0)
        return _Lesson(*(np.concatenate(p) for p in zip(*parts, strict=True)))

    def __getstate__(self) -> dict[str, Any]:
        """Copies, for tests, and checkpoints hold the hierarchy's parameters: they are all that it learned."""
        kept = dict(self.__dict__)
        if "_net" in kept:
            kept["_net"] = self._net.parameters()
        return kept

    def __setstate__(self, kept: dict[str, Any]) -> None:
        from ..hierarchy import Hierarchy

        self.__dict__.update(kept)
        if "_net" in kept:
            self._net = Hierarchy.chain(self._widths, seed=self.seed)
            self._net.load_parameters(kept["_net"])
