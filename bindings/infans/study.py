"""Records of studies in Python: participants, what they lived and how they were tested."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from .logs import ALL, LOGS
from .participants import COUNTS, LEDGER, Column, Participant, Participants, Rows, Stage
from .records import Kind, Record
from .tables import MissingDatasetError, Named, missing

if TYPE_CHECKING:
    import pandas

__all__ = ["Column", "LongTable", "Participant", "Participants", "Rows", "STUDY", "Stage", "Study", "in_words"]

STUDY = Kind(
    version=(1, 1),
    attributes=("spec_name", "spec_toml", "protocol", "seed", "design"),
    groups=("committed", "participants", "excluded", "ledger"),
)


NOT_FACTORS = (
    "participant", "cell", "group", "stage", "stages", "excluded", "seed", "finished", "samples", "occasion", *LEDGER,
    "trial", "sample", "age_days", "seconds",
)  # fmt: skip


class LongTable(Named, dict[str, np.ndarray]):
    """A table with one row a sample or a trial: columns as arrays [rows], `table["error"]` or `table.error`."""

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self["participant"])

    def to_pandas(self) -> pandas.DataFrame:
        """The same as a data frame."""
        import pandas

        return pandas.DataFrame(dict(self))

    def __missing__(self, name: str) -> np.ndarray:
        raise missing(name, list(self), "the table", "column")

    def __repr__(self) -> str:
        return f"<{self.rows} rows of {', '.join(self)}>"


class Study(Record):
    """The record of a study. Arrays hold what was committed when it was opened; `refresh()` looks again.

    study = infans.load("runs/body_map-1")
    study.participants[0].life.error          # float64 [samples]
    study.trials("reach").to_pandas()         # one row a trial, with participant, group, factors and stage
    """

    committed: np.ndarray  # int64 [participants, 1 + probes]: rows of life and of each probe
    excluded: np.ndarray  # int8 [participants]: 0, 1 + index of the rule, or -1 for a life that failed
    committed_logs: np.ndarray  # int64 [participants, 6]: rows of each log, in the order of logs.LOGS
    participants: Participants

    def __init__(self, file: h5py.File, path: Path) -> None:
        super().__init__(file, path)
        self.refresh()

    def refresh(self) -> Study:
        """Look again at a record that is still being written; returns self."""
        self.committed, self.excluded = self.fresh("committed"), self.fresh("excluded")
        names = sorted(self.file["participants"], key=int)
        logs = "committed_logs"
        self.committed_logs = self.fresh(logs) if logs in self.file else np.zeros((len(names), len(LOGS)), np.int64)
        self.participants = Participants(self, names)
        return self

    def participant(self, number: int) -> Participant:
        """The participant of that number in the study, from 1. Raises MissingDatasetError."""
        numbers = self.participants.numbers
        if number not in numbers:
            raise MissingDatasetError(f"no participant {number} in {self.path}; there is: {in_words(numbers)}")
        return self.participants[numbers.index(number)]

    @property
    def joules(self) -> float:
        """Energy that the processor took over the whole run, J; NaN where it cannot be measured."""
        return float(self.file["ledger/joules"][0]) if "ledger/joules" in self.file else np.nan

    @cached_property
    def design(self) -> dict[str, Any]:
        """cells, factors, stages, variables, probes, exclusions, analyses and time, as the study's file has them."""
        return json.loads(self.attrs["design"])

    @property
    def groups(self) -> list[str]:
        """Names of the groups, in the order of the file."""
        return list(dict.fromkeys(cell["group"] for cell in self.design["cells"]))

    @property
    def probes(self) -> list[str]:
        """Names of the probes, in the order of the file."""
        return [probe["name"] for probe in self.design["probes"]]

    def probe_index(self, name: str) -> int:
        """Place of a probe in the design. Raises MissingDatasetError that names the nearest one."""
        if name not in self.probes:
            raise missing(name, self.probes, "the study", "probe")
        return self.probes.index(name)

    def life(self, *, frame: bool = False) -> LongTable | pandas.DataFrame:
        """All lives, one row a sample; frame=True: as a pandas data frame."""
        return self._long([(p, p.life) for p in self.participants], frame)

    def trials(self, probe: str, *, frame: bool = False) -> LongTable | pandas.DataFrame:
        """All trials of a probe, one row a trial; frame=True: as a pandas data frame."""
        return self._long([(p, p.probe(probe)) for p in self.participants], frame)

    def _long(self, parts: Sequence[tuple[Participant, Rows]], frame: bool) -> LongTable | pandas.DataFrame:
        """Participant, cell, group, each factor, stage (name), excluded ("" or the rule), then the columns."""
        blocks = [self.block(p, rows) for p, rows in parts]
        names = list(blocks[0]) if blocks else self.labels
        table = LongTable({name: np.concatenate([b[name] for b in blocks] or [np.empty(0)]) for name in names})
        return table.to_pandas() if frame else table

    @property
    def labels(self) -> list[str]:
        """The columns of a long table that say whose row it is and in which condition."""
        return ["participant", "cell", "group", *self.factor_columns.values(), "stage", "excluded"]

    @cached_property
    def factor_columns(self) -> dict[str, str]:
        """Column of every factor in a table: its name, with "_factor" where another column is called so."""
        return apart([factor["name"] for factor in self.design["factors"]], NOT_FACTORS, "_factor")

    def columns(self, names: Sequence[str]) -> dict[str, str]:
        """Columns of a long table for values of these names: the name, with "_measured" where it is a label's."""
        return apart(names, self.labels, "_measured")

    def block(
        self, participant: Participant, rows: Rows, part: slice = ALL, names: Sequence[str] | None = None
    ) -> dict[str, np.ndarray]:
        """Rows of one participant as columns of a long table: its labels, then `names` [all]. A variable
        or measure that is called like a label is renamed: see `columns`."""
        names = [name for name in rows if name != "stage"] if names is None else names
        values = rows.read_all(["stage", *names], part)
        stage = values["stage"].astype(int)
        columns = self.labels_of(participant, stage)
        for name, column in self.columns(names).items():
            columns[column] = values[name].astype(np.int64) if name in COUNTS else values[name]
        return columns

    def labels_of(self, participant: Participant, stage: np.ndarray) -> dict[str, np.ndarray]:
        """The labels of rows of one participant, from the index of the stage of each, int [rows]; -1: unknown."""
        p, count = participant, len(stage)
        known = range(len(p.stages))
        columns = {"participant": np.full(count, p.number), "cell": np.full(count, p.cell)}
        columns["group"] = np.full(count, p.group)
        for factor, column in self.factor_columns.items():
            columns[column] = np.array([*(p.level(factor, k) for k in known), p.levels.get(factor, "")])[stage]
        columns["stage"] = np.array([*(s.name for s in p.stages), ""])[stage]
        columns["excluded"] = np.full(count, p.excluded or "")
        return columns

    def __repr__(self) -> str:
        if not self.file:
            return f"<Study {self.path.name}, closed>"
        out = int((self.excluded != 0).sum())
        return (
            f"<Study '{self.attrs['spec_name']}' ({self.attrs['protocol']}): {len(self.participants)} participants in "
            f"{len(self.design['cells'])} cells, {out} excluded; {int(self.committed[:, 0].sum())} samples; "
            f"probes: {', '.join(self.probes) or 'none'}>"
        )


def apart(names: Sequence[str], taken: Sequence[str], suffix: str) -> dict[str, str]:
    """What each of `names` is called beside columns `taken`: as it is, or with a suffix."""
    called = {}
    for name in names:
        column = name
        while column in taken or (column != name and column in names):
            column += suffix
        called[name] = column
    return called


def in_words(numbers: Sequence[int]) -> str:
    """Ascending numbers as "1 to 20", or the first of them."""
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{numbers[0]} to {numbers[-1]}"
    few = ", ".join(map(str, numbers[:10]))
    return few + (f" and {len(numbers) - 10} more" if len(numbers) > 10 else "")
