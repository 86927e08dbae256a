"""Logs of a participant (format 1.1): signals, physics, bodies and states. Only what is asked for is read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import h5py
import numpy as np

from .damage import reading
from .state import decode
from .tables import OnDemand, missing

LOGS = ("signals", "physics", "bodies", "bodies_text", "states", "states_bytes")  # columns of /committed_logs

Rows = int | slice
ALL = slice(None)


class Stored:
    """A dataset that is open only while it is read: HDF5 keeps a cache of several MB for every open one. Read by
    `stored[rows]`. Raises RecordError for a damaged file."""

    def __init__(self, dataset: h5py.Dataset) -> None:
        self._file, self._name = dataset.file, dataset.name

    def __getitem__(self, rows: Any) -> np.ndarray:
        with reading(self._file.filename):
            dataset = self._file[self._name]
            if self._file.swmr_mode:
                dataset.id.refresh()  # as a running writer has it now
            return dataset[rows]


def committed(rows: Rows, count: int) -> slice:
    """`rows` among the first `count`, as HDF5 reads them; steps are forwards. IndexError as of a list."""
    if isinstance(rows, slice):
        start, stop, step = rows.indices(count)
        if step < 1:
            raise IndexError(f"rows {rows}: a step must be forwards")
        return slice(start, max(start, stop), step)
    index = range(count)[rows]
    return slice(index, index + 1)


class Signal:
    """Values of one signal, an array [rows, *shape] in which a slice reads its own rows: `signal[10:20]`.

    name, unit, doc, shape (() is one value). `signal.samples` counts the samples of life, from 1, of its rows.
    """

    def __init__(self, log: Signals, about: Mapping[str, Any], offset: int) -> None:
        self.name, self.unit, self.doc = about["name"], about.get("unit", ""), about.get("doc", "")
        self.shape: tuple[int, ...] = tuple(about.get("shape") or ())
        self._log, self._offset = log, offset

    @property
    def size(self) -> int:
        """Numbers in one row."""
        return int(np.prod(self.shape))

    @property
    def samples(self) -> np.ndarray:
        """Of every row, int64 [rows]."""
        return self._log.samples

    def flat(self, rows: Rows = ALL) -> np.ndarray:
        """Rows as they are stored, column-major: float64 [n, size]."""
        chosen = committed(rows, len(self))
        return self._log.stored[chosen, self._offset : self._offset + self.size]

    def __getitem__(self, rows: Rows) -> np.ndarray:
        flat = self.flat(rows)
        axes = len(self.shape)
        values = flat.reshape(len(flat), *self.shape[::-1]).transpose(0, *range(axes, 0, -1))
        return values if isinstance(rows, slice) else values[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:], dtype)

    def __len__(self) -> int:
        return len(self._log.rows)

    def __repr__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        return f"<Signal '{self.name}'{unit}: {(len(self), *self.shape)}; {self.doc}>"


class Signals(Mapping[str, Signal]):
    """Signals by name: `signals["observation/skin"]`, or `signals("observation/skin")`, is a `Signal`."""

    def __init__(self, dataset: h5py.Dataset, rows: int, where: str) -> None:
        self.stored, self.rows, self._where = Stored(dataset), range(rows), where
        offset = 1
        self._signals: dict[str, Signal] = {}
        for about in json.loads(dataset.attrs["signals"]):
            signal = Signal(self, about, offset)
            self._signals[signal.name] = signal
            offset += signal.size

    @property
    def samples(self) -> np.ndarray:
        """Which samples of life the rows are of, from 1: int64 [rows]."""
        return self.stored[: len(self.rows), 0].astype(np.int64)

    def __getitem__(self, name: str) -> Signal:
        if name not in self._signals:
            raise missing(name, list(self._signals), self._where, "signal")
        return self._signals[name]

    __call__ = __getitem__

    def __iter__(self) -> Iterator[str]:
        return iter(self._signals)

    def __len__(self) -> int:
        return len(self._signals)

    def __repr__(self) -> str:
        return f"<{self._where}: {len(self.rows)} rows of {', '.join(self)}>"


class Body(NamedTuple):
    """A body that a participant lived in from `sample` (0: birth) on, when it was `age_days` old."""

    sample: int
    age_days: float
    mjcf: str


class Bodies(OnDemand[Body]):
    """The bodies of a life in order; a text is read when its body is asked for."""

    def __init__(self, table: h5py.Dataset, text: h5py.Dataset, rows: int) -> None:
        self._table, self._text, self._count = Stored(table), Stored(text), rows

    def _make(self, index: int) -> Body:
        sample, age, offset, length = self._table[index]
        text = self._text[int(offset) : int(offset + length)]
        return Body(int(sample), float(age), text.tobytes().decode())

    def __len__(self) -> int:
        return self._count

    def __repr__(self) -> str:
        return f"<{self._count} bodies>"


class Physics(Sequence[np.ndarray]):
    """MuJoCo's whole state after recorded samples: `physics[k]`, or rows `physics[10:20]`, float64 [n, size].

    A row continues in `bodies[physics.body[k]]`: mujoco.mj_setState(model, data, row, mjSTATE_INTEGRATION).
    """

    def __init__(self, dataset: h5py.Dataset, rows: int, bodies: Bodies) -> None:
        self.stored, self._count, self.bodies = Stored(dataset), rows, bodies
        self.size: int = dataset.shape[1] - 2
        """Numbers in a state."""

    @cached_property
    def _index(self) -> np.ndarray:
        return self.stored[: self._count, :2].astype(np.int64)

    @property
    def samples(self) -> np.ndarray:
        """Which samples of life the states end, 0 being birth: int64 [rows]."""
        return self._index[:, 0]

    @property
    def body(self) -> np.ndarray:
        """Row in `bodies` of every state: int64 [rows]."""
        return self._index[:, 1]

    def __getitem__(self, rows: Rows) -> np.ndarray:
        states = self.stored[committed(rows, self._count), 2:]
        return states if isinstance(rows, slice) else states[0]

    def __len__(self) -> int:
        return self._count

    def __repr__(self) -> str:
        return f"<{self._count} states of {self.size} numbers, {len(self.bodies)} bodies>"


class State(NamedTuple):
    """What a participant had learned at the end of a stage: samples lived, age, index of the stage."""

    sample: int
    age_days: float
    stage: int
    values: dict[str, Any]  # nested dicts of arrays, by the names that the protocol's describe() gives


class States(OnDemand[State]):
    """States in order; one is read and decoded when it is asked for."""

    def __init__(self, table: h5py.Dataset, data: h5py.Dataset, rows: int) -> None:
        self._table, self._data, self._count = Stored(table), Stored(data), rows

    @property
    def ends(self) -> np.ndarray:
        """Last sample and index of each stage that has ended: int64 [rows, 2]."""
        return self._table[: self._count, :3][:, ::2].astype(np.int64)

    def _make(self, index: int) -> State:
        sample, age, stage, offset, length = self._table[index]
        data = self._data[int(offset) : int(offset + length)]
        return State(int(sample), float(age), int(stage), decode(data))

    def __len__(self) -> int:
        return self._count

    def __repr__(self) -> str:
        return f"<{self._count} states>"
