"""Experiments written in Python: a class is a kind of participant, a function is a probe.

    class Watcher(infans.Participant):
        '''Somebody counts how often a coin shows heads.'''

        options = {"coin.bias": infans.Option(0.5, 0, 1, doc="probability of heads")}
        variables = {"head": ("", "1: heads")}
        probes = {"guess": ("how likely heads is", {"probability": ("", "the guess")})}

        def begin_stage(self, options):      # also before the first sample
            self.bias = options["coin.bias"]

        def live(self, partner):             # one sample of life
            ...
            return {"head": head}

        def test(self, trial):               # on a copy (copy.deepcopy); the participant goes on as if nothing was
            return {"probability": ...}

    study = infans.run("coins.toml", participant=Watcher)      # [study] protocol = "watcher"

Who lives, in which groups and stages, and when it is tested, stands in the study's file, as for the shipped protocols.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

_TAKEN_TABLES = ("study", "population", "time", "record", "group", "factor", "stage", "probe", "exclude", "analysis")
_LIFE = ("sample", "age_days", "seconds", "stage")
_TRIAL = ("occasion", "trial", "age_days", "sample", "stage")

Columns = Mapping[str, tuple[str, str]]  # name -> (unit, what it is)


@dataclass(frozen=True)
class Option:
    """An option of a protocol: its default (whose type is the option's), legal range or words, unit and meaning."""

    default: bool | int | float | str
    low: float = -1e300
    high: float = 1e300
    unit: str = ""
    doc: str = ""
    choices: Sequence[str] = ()


@dataclass(frozen=True)
class Trial:
    """One trial of a probe. options: as in force, with what the probe changes; occasion: which test of this probe in
    the life, from 0; index: which trial of it, from 0, of `trials`."""

    kind: str
    options: dict[str, Any]
    age_days: float
    occasion: int
    index: int
    trials: int


def stream(seed: int, purpose: str, *steps: int) -> np.random.Generator:
    """A generator that is a function of its key alone: never of threads, company or what was drawn before."""
    return np.random.default_rng([seed, *purpose.encode(), *steps])


@dataclass
class Participant:
    """A mind in its body in its world. Subclass it, declare what it has, and write live() and test().

    Made with `number` (in the study, from 1) and `seed`; whatever it draws must come from `stream(self.seed, ...)`, so
    that it lives the same life alone and among others. Copied by copy.deepcopy before each test.
    """

    number: int = 1
    seed: int = 1
    age_days: float = field(default=0.0, init=False)
    samples: int = field(default=0, init=False)

    name: ClassVar[str] = ""  # of the protocol, as [study] protocol names it; "": the class's name in snake_case
    options: ClassVar[Mapping[str, Option]] = {}
    fixed: ClassVar[Sequence[str]] = ()  # options that no stage can change
    variables: ClassVar[Columns] = {}
    probes: ClassVar[Mapping[str, tuple[str, Columns]]] = {}  # name -> (what it does, measures)
    criteria: ClassVar[Columns] = {}
    yoked: ClassVar[bool] = False  # whether live() can take a partner's tape
    sample_seconds: ClassVar[float] = 1.0  # simulated time of a sample, s

    def begin(self) -> None:
        """Called once, at birth, after number and seed are set."""

    def begin_stage(self, options: dict[str, Any]) -> None:
        """A stage begins, with all options as they are in force in it; also before the first sample."""

    def set_age(self, days: float) -> None:
        """Called before every sample and every test."""
        self.age_days = days

    def live(self, partner: list[float] | None) -> Mapping[str, float]:
        """One sample of life: decide, act, perceive, learn; a value of each variable. partner: tape of whom it is yoked
        to, or None."""
        raise NotImplementedError

    def tape(self) -> Sequence[float]:
        """What a yoked partner lives through at its same sample; asked after live()."""
        return ()

    @property
    def seconds(self) -> float:
        """Simulated time lived, s."""
        return self.samples * self.sample_seconds

    def reached(self, criterion: str) -> bool:
        """Whether a criterion that ends a stage is met."""
        raise NotImplementedError(criterion)

    def test(self, trial: Trial) -> Mapping[str, float]:
        """One trial of a probe, on a copy; a value of each of its measures."""
        raise NotImplementedError(trial.kind)

    def _live(self, partner: list[float] | None) -> tuple[list[float], list[float]]:
        values = ordered(self.live(partner), self.variables, "live()")
        self.samples += 1
        return values, list(self.tape())

    def _test(self, trial: dict[str, Any]) -> list[float]:
        return ordered(self.test(Trial(**trial)), self.probes[trial["kind"]][1], f"test() of {trial['kind']}")


class Copy:
    """A copy of a compiled participant, for a probe that is written in Python."""

    def __init__(self, visit: Any, variables: Sequence[str], measures: Mapping[str, Sequence[str]]) -> None:
        self._visit, self._variables, self._measures = visit, variables, measures

    def live(self) -> dict[str, float]:
        """One sample of life, learning as the options say; its variables by name."""
        return dict(zip(self._variables, self._visit.live(), strict=True))

    def begin_stage(self, **options: Any) -> None:
        """From now on under other options: begin_stage(mind__learn=False)."""
        self._visit.begin_stage(_texts(options))

    def test(self, kind: str, index: int = 0, **options: Any) -> dict[str, float]:
        """One trial of a probe of the protocol; its measures by name."""
        if kind not in self._measures:
            raise ValueError(f"the protocol has no probe '{kind}'; it has {', '.join(self._measures)}")
        values = self._visit.test(kind, index, _texts(options))
        return dict(zip(self._measures[kind], values, strict=True))

    @property
    def seconds(self) -> float:
        """Simulated time lived, s."""
        return self._visit.seconds


@dataclass(frozen=True)
class Probe:
    """A probe for a shipped protocol: test(copy, trial) returns a value of each measure. `copy` is a `Copy`."""

    test: Callable[[Copy, Trial], Mapping[str, float]]
    measures: Columns
    doc: str = ""


def describe(cls: type[Participant]) -> dict[str, Any]:
    """A class of participants as the compiled module takes it. TypeError says what is missing."""
    if not (isinstance(cls, type) and issubclass(cls, Participant)):
        raise TypeError(f"participant must be a subclass of infans.Participant, not {cls!r}")
    if not cls.variables:
        raise TypeError(f"{cls.__name__}.variables is empty: name what live() returns, {{name: (unit, meaning)}}")
    _check_names(cls)

    def make(options: dict[str, Any], number: int, seed: int) -> Participant:
        self = cls(number=number, seed=seed)
        self.begin()
        return self

    return {
        "name": cls.name or re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower(),
        "summary": (cls.__doc__ or "").strip().split("\n")[0],
        "options": [_option(key, option) for key, option in cls.options.items()],
        "fixed": list(cls.fixed),
        "variables": _columns(cls.variables),
        "criteria": _columns(cls.criteria),
        "probes": [(name, doc, _columns(measures)) for name, (doc, measures) in cls.probes.items()],
        "yoked": cls.yoked,
        "make": make,
    }


def _check_names(cls: type[Participant]) -> None:
    for key, option in cls.options.items():
        table, _, name = key.partition(".")
        if not name or "." in name or table in _TAKEN_TABLES:
            raise TypeError(
                f"{cls.__name__}.options['{key}']: an option is called table.name, and its table none of "
                f"{', '.join(_TAKEN_TABLES)}"
            )
        if not isinstance(option.default, bool | int | float | str):
            raise TypeError(f"{cls.__name__}.options['{key}']: a default is a bool, a number or a str")
    for columns, taken in [(cls.variables, _LIFE), *((measures, _TRIAL) for _, measures in cls.probes.values())]:
        for name in columns:
            if name in taken:
                raise TypeError(f"{cls.__name__}: '{name}' is a column of every table; call yours something else")


def describe_probes(probes: Mapping[str, Probe], protocols: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    """Probes as the compiled module takes them, for the shipped protocol `name`."""
    own = next((p for p in protocols if p["name"] == name), None)
    variables = [v[0] for v in own["variables"]] if own else []
    measures = {kind: [m[0] for m in columns] for kind, _, columns in own["probes"]} if own else {}

    def function(kind: str, probe: Probe) -> Callable[[Any, dict[str, Any]], list[float]]:
        def test(visit: Any, trial: dict[str, Any]) -> list[float]:
            result = probe.test(Copy(visit, variables, measures), Trial(**trial))
            return ordered(result, probe.measures, f"probe {kind}")

        return test

    return [(kind, p.doc, _columns(p.measures), function(kind, p)) for kind, p in probes.items()]


def ordered(values: Mapping[str, float], columns: Columns, who: str) -> list[float]:
    """The values in the order of the columns. ValueError names what is missing or not declared."""
    unknown = [name for name in values if name not in columns]
    missing = [name for name in columns if name not in values]
    if unknown or missing:
        pairs = (("lacks", missing), ("has unknown", unknown))
        parts = [f"{word} {', '.join(names)}" for word, names in pairs if names]
        raise ValueError(f"{who} {' and '.join(parts)}; declared are {', '.join(columns)}")
    return [float(values[name]) for name in columns]


def _columns(columns: Columns) -> list[tuple[str, str, str]]:
    return [(name, unit, doc) for name, (unit, doc) in columns.items()]


def _option(key: str, o: Option) -> dict[str, Any]:
    return {"key": key, "default": o.default, "low": float(o.low), "high": float(o.high), "choices": list(o.choices),
            "unit": o.unit, "doc": o.doc}  # fmt: skip


def _texts(options: Mapping[str, Any]) -> dict[str, str]:
    def text(value: Any) -> str:
        return str(value).lower() if isinstance(value, bool) else str(value)

    return {key.replace("__", "."): text(value) for key, value in options.items()}
