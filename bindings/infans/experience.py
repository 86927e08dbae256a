"""Experience that others made: Minari and robomimic files, lived through by a learner that is yoked to them.

    seen = infans.experience.load("lift/ph/low_dim.hdf5")     # robomimic; or a Minari data set, its folder or its id
    seen.episodes[0].observations                             # float64 [n + 1, S]; .actions [n, A]; read when asked
    design = infans.experience.study("lift/ph/low_dim.hdf5", participants=8)     # the text of a study's file
    study = infans.run(design, participant=infans.experience.Observer)
    study.trials("held_out", frame=True)                      # error on episodes that nobody lived, over life

An `Observer` cannot act: like a yoked participant it lives what another decided, and learns to predict what comes next
(predict="observation") or, to imitate, what the other does (predict="action"). Its mind is a predictive-coding
hierarchy that learns by prediction errors alone. Groups, stages and probes stand in the study's file as always:
`[[group]]` with `experience.predict`, `mind.hidden` ... makes them differ.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from .protocol import Option, Participant, Trial, stream
from .records import RecordError

__all__ = ["Episode", "Experience", "Observer", "load", "study"]

DESIGN = """[study]
name = "experience"
summary = "What is learned from the experience of others"
protocol = "experience"
[population]
participants = {participants}
seed = {seed}
[time]
start = "0 days"
sample = "1 day"       # a sample of life: experience.transitions transitions
[experience]
path = {path}
predict = "{predict}"
[[group]]
name = "observers"
[[stage]]
name = "observing"
samples = {samples}
[[probe]]
name = "held_out"
kind = "held_out"
every = "{every} days"
stage_ends = true
[[analysis]]
name = "Error on episodes that nobody lived"
kind = "growth_curve"
probe = "held_out"
measure = "error"
"""


class Episode(NamedTuple):
    """observations [n + 1, S]: before the first action and after each; actions [n, A]; both float64."""

    observations: np.ndarray
    actions: np.ndarray


class Experience:
    """The episodes of a file: `experience[k]` reads the k-th; `names` of the observation's columns."""

    def __init__(self, path: Path, kind: str, keys: Sequence[str] = ()) -> None:
        self.path, self.kind = path, kind
        self._keys = tuple(keys)
        with h5py.File(path, "r") as file:
            self._groups = _episode_names(file, kind)
            self._held_out = _validation(file, kind, self._groups)
            if not self._groups:
                raise RecordError(f"{path}: no episode in it")
            sources = self._sources(file[self._groups[0]])
            self.names = [f"{name}.{k}" for name, data in sources for k in range(int(np.prod(data.shape[1:])))]
            self.action_size = _flat(_leaves(file[self._groups[0]]["actions"], "action")).shape[1]

    def __len__(self) -> int:
        return len(self._groups)

    def __getitem__(self, index: int) -> Episode:
        with h5py.File(self.path, "r") as file:
            group = file[self._groups[range(len(self))[index]]]
            observations = _flat(self._sources(group))
            actions = _flat(_leaves(group["actions"], "action"))
            if self.kind == "robomimic":  # n observations, and what came after the last one if the file has it
                last = [(name, group[f"next_obs/{name}"][-1:]) for name, _ in self._sources(group)
                        if f"next_obs/{name}" in group]  # fmt: skip
                complete = len(last) == len(self._sources(group))
                observations = np.concatenate([observations, _flat(last)]) if complete else observations
        return Episode(observations, actions[: len(observations) - 1])

    def __iter__(self) -> Iterator[Episode]:
        return (self[k] for k in range(len(self)))

    @property
    def episodes(self) -> Experience:
        """Itself: a sequence of episodes."""
        return self

    def split(self, share: float, seed: int = 0) -> tuple[list[int], list[int]]:
        """Indices of episodes to live and of those held out: robomimic's own `valid` mask, else a share of them drawn
        from the seed, at least one. ValueError where there is one episode only."""
        if len(self) < 2:
            raise ValueError(f"{self.path}: one episode; to hold some out there must be two or more")
        held = set(self._held_out)
        if not held:
            count = min(len(self) - 1, max(1, round(share * len(self))))
            held = set(stream(seed, "held out").permutation(len(self))[:count].tolist())
        return [k for k in range(len(self)) if k not in held], sorted(held)

    def _sources(self, group: h5py.Group) -> list[tuple[str, Any]]:
        """Named arrays that make an observation: all of numbers, no pictures, or those of `keys`."""
        leaves = _leaves(group["obs" if self.kind == "robomimic" else "observations"], "")
        known = {name or "observation": data for name, data in leaves}
        for key in self._keys:
            if key not in known:
                raise RecordError(f"{self.path}: no observation '{key}'; there is: {', '.join(known)}")
        picture = {n for n, d in known.items() if d.dtype == np.uint8 and d.ndim > 2}
        return [(n, known[n]) for n in self._keys or [n for n in known if n not in picture]]

    def __repr__(self) -> str:
        size = f"{len(self.names)} numbers observed, {self.action_size} of action"
        return f"<Experience of {len(self)} episodes, {self.kind}: {size}; {self.path}>"


def load(path: str | os.PathLike[str], keys: Sequence[str] = ()) -> Experience:
    """A robomimic HDF5 file, or a Minari data set (its folder, its main_data.hdf5, or its id under
    MINARI_DATASETS_PATH). keys: which observations [all but pictures].

    Raises FileNotFoundError, or RecordError (a ValueError) for a file of another kind.
    """
    found = located(path)
    if not h5py.is_hdf5(found):
        raise RecordError(f"{found}: not an HDF5 file; robomimic and Minari (data_format='hdf5') write such")
    with h5py.File(found, "r") as file:
        if "data" in file and any(name.startswith("demo") for name in file["data"]):
            kind = "robomimic"
            if "obs" not in file["data"][next(n for n in file["data"] if n.startswith("demo"))]:
                raise RecordError(f"{found}: no observations; robomimic has dataset_states_to_obs.py")
        elif any(name.startswith("episode_") for name in file):
            kind = "minari"
        else:
            raise RecordError(f"{found}: neither robomimic's data/demo_N nor Minari's episode_N is in it")
    return Experience(found, kind, keys)


def located(path: str | os.PathLike[str]) -> Path:
    """The HDF5 file of what `load` takes. Raises FileNotFoundError."""
    asked = Path(path)
    root = Path(os.environ.get("MINARI_DATASETS_PATH", Path.home() / ".minari" / "datasets"))
    minari = [base / inner / "main_data.hdf5" for base in (asked, root / asked) for inner in ("", "data")]
    found = next((p for p in [asked, *minari] if p.is_file()), None)
    if found is None:
        raise FileNotFoundError(f"{path}: neither a file nor a Minari data set here or in {root}")
    return found


def study(
    path: str | os.PathLike[str],
    *,
    predict: str = "observation",
    participants: int = 8,
    samples: int = 200,
    seed: int = 1,
) -> str:
    """The text of a study in which observers live through a file and are tested on held-out episodes ten times."""
    every = max(1, samples // 10)
    return DESIGN.format(
        path=json.dumps(str(Path(path).absolute() if Path(path).exists() else path)), predict=predict,
        participants=participants, samples=samples, seed=seed, every=every,
    )  # fmt: skip


def _number(name: str) -> int:
    digits = "".join(c for c in name if c.isdigit())
    return int(digits) if digits else 0


def _episode_names(file: h5py.File, kind: str) -> list[str]:
    if kind == "robomimic":
        return [f"data/{name}" for name in sorted(file["data"], key=_number)]
    return sorted((name for name in file if name.startswith("episode_")), key=_number)


def _validation(file: h5py.File, kind: str, names: Sequence[str]) -> list[int]:
    if kind != "robomimic" or "mask/valid" not in file:
        return []
    held = {f"data/{name.decode()}" for name in file["mask/valid"][:]}
    return [k for k, name in enumerate(names) if name in held]


def _leaves(node: h5py.Group | h5py.Dataset, name: str) -> list[tuple[str, h5py.Dataset]]:
    if isinstance(node, h5py.Dataset):
        return [(name, node)]
    return [leaf for key in sorted(node) for leaf in _leaves(node[key], f"{name}/{key}".strip("/"))]


def _flat(parts: Sequence[tuple[str, Any]]) -> np.ndarray:
    arrays = [np.asarray(data[...] if isinstance(data, h5py.Dataset) else data, float) for _, data in parts]
    return np.concatenate([a.reshape(len(a), -1) for a in arrays], axis=1)


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
    """Lives through what another did, as a file has it, and learns to predict it (see the module)."""

    name = "experience"
    options: Mapping[str, Option] = {
        "experience.path": Option("", doc="a robomimic file, or a Minari data set's folder or id"),
        "experience.predict": Option("observation", choices=("observation", "action"),
                                     doc="what comes next, or what the other does: to imitate"),  # fmt: skip
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
        from .hierarchy import Hierarchy

        self._options = options
        if not options["experience.path"]:
            raise ValueError('[experience] path = "..." is missing: which file is lived through?')
        if not hasattr(self, "_net"):
            lessons, _ = self._file()
            widths = [lessons[0].given.shape[1], int(options["mind.hidden"]), lessons[0].wanted.shape[1]]
            self._widths, self._place, self._order = widths, (0, 0), []
            self._net = Hierarchy.chain(widths, seed=self.seed)

    def live(self, partner: list[float] | None) -> dict[str, float]:
        from .hierarchy import Sgd

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
        from .hierarchy import Hierarchy

        self.__dict__.update(kept)
        if "_net" in kept:
            self._net = Hierarchy.chain(self._widths, seed=self.seed)
            self._net.load_parameters(kept["_net"])
