"""Participants of a study: who they are, what they lived, how they were tested, what was logged. Read on demand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import h5py
import numpy as np

from .damage import reading
from .logs import ALL, LOGS, Bodies, Physics, Signals, States, Stored, committed
from .tables import MissingDatasetError, Named, OnDemand, missing

if TYPE_CHECKING:
    from .study import Study

COUNTS = ("sample", "occasion", "trial")  # columns of whole numbers
LEDGER = ("wall_seconds", "cpu_seconds", "samples", "belief_updates", "operations")


class Column(NamedTuple):
    """A column: name, unit and meaning."""

    name: str
    unit: str
    doc: str


class Stage(NamedTuple):
    """A stage as a participant lived it, with the level of each within-subject factor that it names."""

    name: str
    levels: dict[str, str]


class Rows(Named, Mapping[str, np.ndarray]):
    """Committed rows of one participant: `rows["error"]` or `rows.error` is an array [rows], read on demand."""

    def __init__(self, dataset: h5py.Dataset, rows: int, where: str) -> None:
        self._stored, self._rows, self._where = Stored(dataset), rows, where
        self.columns = [Column(c["name"], c["unit"], c.get("doc", "")) for c in json.loads(dataset.attrs["columns"])]
        self._names = [c.name for c in self.columns]

    @property
    def rows(self) -> int:
        """Number of committed rows."""
        return self._rows

    @cached_property
    def array(self) -> np.ndarray:
        """All columns, float64 [rows, columns]."""
        return self._stored[: self._rows]

    def read(self, name: str, rows: slice = ALL) -> np.ndarray:
        """A column of these rows, without reading and keeping the rest."""
        return self._stored[committed(rows, self._rows), self._index(name)]

    def read_all(self, names: Sequence[str], rows: slice = ALL) -> dict[str, np.ndarray]:
        """Several columns of these rows; few columns of a wide table do not read the others into memory."""
        if 2 * len(names) < len(self._names):
            return {name: self.read(name, rows) for name in names}
        values = self._stored[committed(rows, self._rows)]
        return {name: values[:, self._index(name)] for name in names}

    def last(self) -> np.ndarray | None:
        """The last row, float64 [columns]; None where there is none."""
        return self._stored[self._rows - 1] if self._rows else None

    def column(self, name: str) -> Column:
        """Unit and meaning of a column."""
        return self.columns[self._index(name)]

    def _index(self, name: str) -> int:
        if name not in self._names:
            raise missing(name, self._names, self._where, "column")
        return self._names.index(name)

    def __getitem__(self, name: str) -> np.ndarray:
        return self.array[:, self._index(name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"<{self._where}: {self._rows} rows of {', '.join(self)}>"


class Participant:
    """One participant: who it is, and what it lived.

    number (from 1, in the study), seed; cell, group, levels: {factor: level} between subjects; stages: as lived, in
    order; excluded: name of the rule that excluded it, "failed" for a life that broke off with an error, or None.
    What was logged beside life and probes (`logs`): signals, physics, bodies, states.
    """

    def __init__(self, study: Study, index: int, name: str) -> None:
        self._study, self._index = study, index
        self._file = study.file[f"participants/{name}"]
        attributes = self._file.attrs
        self.number = int(attributes["number"])
        self.seed = int(attributes["seed"])
        cell = study.design["cells"][int(attributes["cell"])]
        self.cell, self.group, self.levels = cell["name"], cell["group"], dict(cell["levels"])
        self.stages = [Stage(s["name"], dict(s.get("levels") or {})) for s in json.loads(attributes["stages"])]
        rule = int(study.excluded[index])
        rules = ["failed", None, *(e["name"] for e in study.design["exclusions"])]
        self.excluded: str | None = rules[rule + 1]

    @cached_property
    def life(self) -> Rows:
        """One row a sample: sample (from 1), age_days, seconds (simulated), stage (index), then variables."""
        rows = int(self._study.committed[self._index, 0])
        with reading(self._study.path):
            return Rows(self._file["life"], rows, f"life of participant {self.number}")

    def probe(self, name: str) -> Rows:
        """One row a trial: occasion, trial, age_days, sample (lived so far), stage (index), then measures.

        Raises MissingDatasetError (a KeyError) that names the nearest probe.
        """
        index = self._study.probe_index(name)
        rows = int(self._study.committed[self._index, 1 + index])
        with reading(self._study.path):
            return Rows(self._file[f"probes/{name}"], rows, f"probe '{name}' of participant {self.number}")

    @property
    def logs(self) -> list[str]:
        """Which of signals, physics, bodies and states its record has."""
        return [name for name in ("signals", "physics", "bodies", "states") if name in self._file]

    @cached_property
    def signals(self) -> Signals:
        """What mind and body had inside after recorded samples: `signals["observation/skin"]`. As all logs: raises
        MissingDatasetError where the study did not record it."""
        return Signals(self._log("signals"), self._logged("signals"), f"signals of participant {self.number}")

    @cached_property
    def bodies(self) -> Bodies:
        """The bodies that it lived in, as MJCF."""
        return Bodies(self._log("bodies"), self._log("bodies_text"), self._logged("bodies"))

    @cached_property
    def physics(self) -> Physics:
        """MuJoCo's state after recorded samples."""
        return Physics(self._log("physics"), self._logged("physics"), self.bodies)

    @cached_property
    def states(self) -> States:
        """What it had learned at the end of each stage, decoded."""
        return States(self._log("states"), self._log("states_bytes"), self._logged("states"))

    def _log(self, name: str) -> h5py.Dataset:
        if name not in self._file:
            log = name.partition("_")[0]
            option = {"signals": "record.signals=every", "states": "record.states=true"}
            raise MissingDatasetError(
                f"no {log} of participant {self.number} in {self._study.path}; to record them, run the study with "
                f"--set {option.get(log, 'record.physics_every=1')}"
            )
        with reading(self._study.path):
            return self._file[name]

    def _logged(self, name: str) -> int:
        return int(self._study.committed_logs[self._index, LOGS.index(name)])

    def level(self, factor: str, stage: int) -> str:
        """Level of a factor in the stage of that index; "" where the stage does not name the factor."""
        return self.levels.get(factor) or self.stages[stage].levels.get(factor, "")

    @property
    def ledger(self) -> dict[str, float]:
        """What this life has cost: wall_seconds, cpu_seconds, samples, belief_updates and (floating-point) operations;
        NaN: not counted, or the life goes on."""
        with reading(self._study.path):
            ledger = self._study.file["ledger"]
            return {name: float(ledger[name][self._index]) if name in ledger else np.nan for name in LEDGER}

    @property
    def wall_seconds(self) -> float:
        """Wall-clock time that this life took, s; NaN or 0 while it is lived."""
        return self.ledger["wall_seconds"]

    @property
    def finished(self) -> bool:
        """Whether it has lived to its end; not: it goes on, or its run was stopped or killed."""
        return self.wall_seconds > 0.0

    @property
    def cpu_seconds(self) -> float:
        """Processor time that this life took, s."""
        return self.ledger["cpu_seconds"]

    def __repr__(self) -> str:
        out = f", excluded: {self.excluded}" if self.excluded else ""
        return f"<Participant {self.number} of '{self.cell}', seed {self.seed}: {self.life.rows} samples{out}>"


class Participants(OnDemand[Participant]):
    """Those of the file, in order of their numbers; made when asked for. `study.participant(n)` finds one by number."""

    def __init__(self, study: Study, names: Sequence[str]) -> None:
        self._study, self._names = study, names
        self._made: dict[int, Participant] = {}

    def _make(self, index: int) -> Participant:
        if index not in self._made:
            with reading(self._study.path):
                self._made[index] = Participant(self._study, index, self._names[index])
        return self._made[index]

    @property
    def numbers(self) -> list[int]:
        """Numbers in the study, from 1."""
        return [int(name) for name in self._names]

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return "[" + ",\n ".join(map(repr, self)) + "]"
