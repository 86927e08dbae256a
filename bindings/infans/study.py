"""Records of studies in Python: participants, what they lived and how they were tested."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import h5py
import numpy as np

from .records import Kind, Record
from .tables import Named, missing

if TYPE_CHECKING:
    import pandas

STUDY = Kind(
    version=(1, 0),
    attributes=("spec_name", "spec_toml", "protocol", "seed", "design"),
    groups=("committed", "participants", "excluded", "ledger"),
)
LIFE = ("sample", "age_days", "seconds", "stage")  # columns before the protocol's variables
TRIAL = ("occasion", "trial", "age_days", "sample", "stage")  # columns before the probe's measures


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
        self._dataset, self._rows, self._where = dataset, rows, where
        self.columns = [Column(c["name"], c["unit"], c.get("doc", "")) for c in json.loads(dataset.attrs["columns"])]
        self._names = [c.name for c in self.columns]

    @property
    def rows(self) -> int:
        """Number of committed rows."""
        return self._rows

    @cached_property
    def array(self) -> np.ndarray:
        """All columns, float64 [rows, columns]."""
        if self._dataset.file.swmr_mode:
            self._dataset.id.refresh()  # a running writer has appended since it was opened
        return self._dataset[: self._rows]

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


class Participant:
    """One participant: who it is, and what it lived.

    number (from 1, in the study), seed; cell, group, levels: {factor: level} between subjects; stages: as lived, in
    order; excluded: name of the rule that excluded it, "failed" for a life that broke off with an error, or None.
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
        return Rows(self._file["life"], rows, f"life of participant {self.number}")

    def probe(self, name: str) -> Rows:
        """One row a trial: occasion, trial, age_days, sample (lived so far), stage (index), then measures.

        Raises MissingDatasetError (a KeyError) that names the nearest probe.
        """
        index = self._study.probe_index(name)
        rows = int(self._study.committed[self._index, 1 + index])
        return Rows(self._file[f"probes/{name}"], rows, f"probe '{name}' of participant {self.number}")

    def level(self, factor: str, stage: int) -> str:
        """Level of a factor in the stage of that index; "" where the stage does not name the factor."""
        return self.levels.get(factor) or self.stages[stage].levels.get(factor, "")

    @property
    def wall_seconds(self) -> float:
        """Wall-clock time that this life took, s; NaN or 0 while it is lived."""
        return float(self._study.file["ledger/wall_seconds"][self._index])

    @property
    def cpu_seconds(self) -> float:
        """Processor time that this life took, s."""
        return float(self._study.file["ledger/cpu_seconds"][self._index])

    def __repr__(self) -> str:
        out = f", excluded: {self.excluded}" if self.excluded else ""
        return f"<Participant {self.number} of '{self.cell}', seed {self.seed}: {self.life.rows} samples{out}>"


class Study(Record):
    """The record of a study. Arrays hold what was committed when it was opened; `refresh()` looks again.

    study = infans.load("runs/body_map-1")
    study.participants[0].life.error          # float64 [samples]
    study.trials("reach").to_pandas()         # one row a trial, with participant, group, factors and stage
    """

    committed: np.ndarray  # int64 [participants, 1 + probes]: rows of life and of each probe
    excluded: np.ndarray  # int8 [participants]: 0, 1 + index of the rule, or -1 for a life that failed
    participants: list[Participant]

    def __init__(self, file: h5py.File, path: Path) -> None:
        super().__init__(file, path)
        self.refresh()

    def refresh(self) -> Study:
        """Look again at a record that is still being written; returns self."""
        self.committed, self.excluded = self.fresh("committed"), self.fresh("excluded")
        names = sorted(self.file["participants"], key=int)
        self.participants = [Participant(self, k, name) for k, name in enumerate(names)]
        return self

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
        counts = [rows.rows for _, rows in parts]

        def spread(values: Sequence[Any]) -> np.ndarray:
            return np.repeat(np.array(values), counts)

        table = LongTable(
            participant=spread([p.number for p, _ in parts]),
            cell=spread([p.cell for p, _ in parts]),
            group=spread([p.group for p, _ in parts]),
        )
        stages = [rows["stage"].astype(int) for _, rows in parts]
        for factor in self.design["factors"]:
            table[factor["name"]] = _joined(
                np.array([p.level(factor["name"], k) for k in range(len(p.stages))])[lived]
                for (p, _), lived in zip(parts, stages, strict=True)
            )
        table["stage"] = _joined(
            np.array([s.name for s in p.stages])[lived] for (p, _), lived in zip(parts, stages, strict=True)
        )
        table["excluded"] = spread([p.excluded or "" for p, _ in parts])
        whole = np.concatenate([rows.array for _, rows in parts]) if parts else np.empty((0, 0))
        for k, column in enumerate(parts[0][1].columns if parts else []):
            if column.name != "stage":
                whole_number = column.name in ("sample", "occasion", "trial")
                table[column.name] = whole[:, k].astype(np.int64) if whole_number else whole[:, k]
        return table.to_pandas() if frame else table

    def __repr__(self) -> str:
        if not self.file:
            return f"<Study {self.path.name}, closed>"
        out = int((self.excluded != 0).sum())
        return (
            f"<Study '{self.attrs['spec_name']}' ({self.attrs['protocol']}): {len(self.participants)} participants in "
            f"{len(self.design['cells'])} cells, {out} excluded; {int(self.committed[:, 0].sum())} samples; "
            f"probes: {', '.join(self.probes) or 'none'}>"
        )


def _joined(parts: Iterator[np.ndarray]) -> np.ndarray:
    parts = list(parts)
    return np.concatenate(parts) if parts else np.empty(0, str)
