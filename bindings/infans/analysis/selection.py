"""From a study and a declared analysis to one trace a participant: what it was measured at, and when."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..study import Column, Participant, Stage, Study

DAYS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}


class AnalysisError(ValueError):
    """A declared analysis that this study cannot answer; the message says what is wrong."""


@dataclass(frozen=True)
class Trace:
    """One participant: value [n] with samples lived, age (days), simulated time (s) and stage (index) of each.

    A life has one value a recorded sample, which lasted `duration` s; a probe one value an occasion, the mean over its
    trials, and no seconds. label: the group that the analysis counts it to.
    """

    participant: Participant
    label: str
    value: np.ndarray
    sample: np.ndarray
    age: np.ndarray
    stage: np.ndarray
    seconds: np.ndarray
    duration: np.ndarray

    @property
    def stages(self) -> list[Stage]:
        """Stages as lived."""
        return self.participant.stages

    def where(self, keep: np.ndarray) -> Trace:
        """The rows of a mask."""
        arrays = (self.value, self.sample, self.age, self.stage, self.seconds, self.duration)
        return Trace(self.participant, self.label, *(a[keep] for a in arrays))

    def inside(self, names: Sequence[str]) -> np.ndarray:
        """bool [n]: in a stage of these names."""
        return np.array([s.name in names for s in self.stages], bool)[self.stage] if self.stages else self.stage >= 0

    def first_stage(self, name: str) -> int | None:
        """Index of the first stage of that name; None if this participant has none."""
        return next((k for k, s in enumerate(self.stages) if s.name == name), None)


def need(declared: Mapping[str, Any], field: str) -> Any:
    """A field that the analysis must have."""
    if field not in declared:
        raise AnalysisError(f"analysis '{declared.get('name', '?')}' needs {field}")
    return declared[field]


def known(name: str, names: Sequence[str], what: str, declared: Mapping[str, Any]) -> str:
    """`name` if it is one of `names`; otherwise an error that names the nearest."""
    if name in names:
        return name
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
    hint = f"did you mean '{near[0]}'?" if near else f"there is: {', '.join(names) or 'none'}"
    raise AnalysisError(f"analysis '{declared.get('name', '?')}' names {what} '{name}', which is not there; {hint}")


def as_list(value: Any) -> list:
    """A list as it is, anything else as a list of one, nothing as an empty list."""
    return [] if value is None else list(value) if isinstance(value, list | tuple) else [value]


def age_days(age: float | str, declared: Mapping[str, Any]) -> float:
    """Days of 8.5, "8 weeks" or "6 months" (of 30.4375 days)."""
    if isinstance(age, int | float):
        return float(age)
    found = re.fullmatch(r"\s*([0-9.]+)\s*(hour|day|week|month|year)s?\s*", age)
    if not found:
        raise AnalysisError(f"analysis '{declared.get('name', '?')}': '{age}' is no age, e.g. \"8 weeks\"")
    return float(found[1]) * DAYS[found[2]]


def members(study: Study, declared: Mapping[str, Any]) -> dict[str, list[Participant]]:
    """Participants of each group of the analysis, without the excluded and those that lived nothing.

    `groups` names groups or cells; without it all cells count (they are the groups where no factor crosses them), or
    all groups where the reference is one. Raises AnalysisError where nobody is left.
    """
    cells = [cell["name"] for cell in study.design["cells"]]
    asked, against = as_list(declared.get("groups")), declared.get("reference")
    by_cell = (
        any(name in cells and name not in study.groups for name in asked)
        if asked
        else (against not in study.groups or against in cells)
    )
    names = asked or (cells if by_cell else study.groups)
    for name in names:
        known(name, cells if by_cell else study.groups, "group", declared)
    found = {
        name: [p for p in study.participants
               if (p.cell if by_cell else p.group) == name and not p.excluded and p.life.rows]
        for name in names
    }  # fmt: skip
    if not any(found.values()):
        raise AnalysisError("nobody has lived anything yet, or all are excluded")
    return found


def stage_names(study: Study) -> list[str]:
    """Names of the stages of the design."""
    return [stage["name"] for stage in study.design["stages"]]


def column_of(entry: Mapping[str, str]) -> Column:
    """A variable or measure as the design has it; "1" is no unit."""
    return Column(entry["name"], "" if entry["unit"] == "1" else entry["unit"], entry.get("doc", ""))


def variable(study: Study, name: str, declared: Mapping[str, Any]) -> Column:
    """Unit and meaning of a variable of life."""
    variables = {v["name"]: v for v in study.design["variables"]}
    v = variables[known(name, list(variables), "variable", declared)]
    return column_of(v)


def measure(study: Study, declared: Mapping[str, Any]) -> Column:
    """What is measured: a variable of life (`series`) or a measure of a probe, the only one if none is named."""
    if "series" in declared:
        return variable(study, declared["series"], declared)
    probe = need(declared, "probe")
    known(probe, study.probes, "probe", declared)
    measures = {m["name"]: m for m in study.design["probes"][study.probe_index(probe)]["measures"]}
    name = declared.get("measure") or (next(iter(measures)) if len(measures) == 1 else need(declared, "measure"))
    m = measures[known(name, list(measures), "measure", declared)]
    return column_of(m)


def life_trace(participant: Participant, label: str, name: str) -> Trace:
    """One value a sample."""
    life = participant.life
    seconds, sample = life["seconds"], life["sample"]
    each = np.diff(seconds, prepend=0.0) / np.diff(sample, prepend=0.0)  # a row may stand for the last of several
    return Trace(participant, label, life[name], sample, life["age_days"], life["stage"].astype(int), seconds, each)


def probe_trace(participant: Participant, label: str, probe: str, name: str) -> Trace:
    """One value an occasion: the mean over trials, NaN left out."""
    rows = participant.probe(probe)
    occasion, first, which = np.unique(rows["occasion"], return_index=True, return_inverse=True)
    values = rows[name]
    there = np.isfinite(values)
    count = np.bincount(which[there], minlength=len(occasion))
    with np.errstate(invalid="ignore"):
        mean = np.bincount(which[there], values[there], len(occasion)) / count
    nothing = np.full(len(occasion), np.nan)
    return Trace(
        participant, label, mean, rows["sample"][first], rows["age_days"][first], rows["stage"][first].astype(int),
        nothing, nothing,
    )  # fmt: skip


def traces(study: Study, declared: Mapping[str, Any]) -> dict[str, list[Trace]]:
    """Traces of each group, restricted to `stages`."""
    column = measure(study, declared)
    stages = as_list(declared.get("stages"))
    for name in stages:
        known(name, stage_names(study), "stage", declared)
    found: dict[str, list[Trace]] = {}
    for label, participants in members(study, declared).items():
        found[label] = []
        for participant in participants:
            if "series" in declared:
                trace = life_trace(participant, label, column.name)
            else:
                trace = probe_trace(participant, label, declared["probe"], column.name)
            found[label].append(trace.where(trace.inside(stages)) if stages else trace)
    if not any(np.isfinite(t.value).any() for group in found.values() for t in group):
        raise AnalysisError(f"no {column.name} has been measured{' in those stages' if stages else ' yet'}")
    return found


def stage_start(participant: Participant, stage: int) -> tuple[float, float]:
    """Samples and simulated seconds lived when the stage of that index began; (inf, inf) if it never did."""
    life = participant.life
    reached = np.flatnonzero(life["stage"] >= stage)
    if not len(reached):
        return np.inf, np.inf
    first = int(reached[0])
    return float(life["sample"][first] - 1), float(life["seconds"][first - 1]) if first else 0.0


def reference(declared: Mapping[str, Any], labels: Sequence[str]) -> str | None:
    """The group that the others are compared with; None: each with each."""
    name = declared.get("reference")
    return None if name is None else known(name, list(labels), "reference", declared)
