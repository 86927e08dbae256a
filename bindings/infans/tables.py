"""Tables of a record: NumPy arrays of the committed rows, read on demand."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar, overload

import h5py
import numpy as np

from .damage import reading

T = TypeVar("T")


class MissingDatasetError(KeyError):
    """A dataset that is not in the record; the message names the nearest one."""

    def __str__(self) -> str:
        return str(self.args[0])


def missing(name: str, known: Sequence[str], where: str, what: str = "dataset") -> MissingDatasetError:
    """The error for a name that `where` does not have; it names the nearest one."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f"did you mean '{near[0]}'?" if near else f"there is: {', '.join(known) or 'nothing'}"
    return MissingDatasetError(f"no {what} '{name}' in {where}; {hint}")


class Named:
    """What is a mapping by name can also be read as attributes: `table.vfe` for `table["vfe"]`."""

    def __getattr__(self, name: str) -> np.ndarray:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except MissingDatasetError as error:
            raise AttributeError(str(error)) from None

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self})


class OnDemand(Sequence[T]):
    """A sequence whose elements are made when they are asked for. A subclass says its length and `_make(k)`."""

    def _make(self, index: int) -> T:
        raise NotImplementedError

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        chosen = range(len(self))[index]
        return [self._make(k) for k in chosen] if isinstance(chosen, range) else self._make(chosen)


class Table(Named, Mapping[str, np.ndarray]):
    """Datasets with the same rows: `table["vfe"]` or `table.vfe` is an array [rows, ...], read on demand."""

    def __init__(self, group: h5py.Group, rows: int, where: str) -> None:
        self._group, self._rows, self._where = group, rows, where

    @property
    def rows(self) -> int:
        """Number of committed rows."""
        return self._rows

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of `self[name]`, without reading it."""
        dataset = self._dataset(name)
        return (self._rows, *dataset.shape[1:])

    def dtype(self, name: str) -> np.dtype:
        """Type of `self[name]`, without reading it."""
        return self._dataset(name).dtype

    def read(self, name: str, rows: slice) -> np.ndarray:
        """These rows of a dataset, [n, ...], without reading the others."""
        start, stop, step = rows.indices(self._rows)
        return self._values(name, slice(start, stop, step))

    def _dataset(self, name: str) -> h5py.Dataset:
        if name not in self._group:
            raise missing(name, list(self._group), self._where)
        with reading(self._group.file.filename):
            return self._group[name]

    def __getitem__(self, name: str) -> np.ndarray:
        return self._values(name, slice(self._rows))

    def _values(self, name: str, rows: slice) -> np.ndarray:
        dataset = self._dataset(name)
        with reading(dataset.file.filename):
            if dataset.file.swmr_mode:
                dataset.id.refresh()  # a running writer has appended since it was opened
            return dataset[rows]

    def __iter__(self) -> Iterator[str]:
        return iter(self._group)

    def __len__(self) -> int:
        return len(self._group)

    def __repr__(self) -> str:
        return f"<{self._where}: {self._rows} rows of {', '.join(self)}>"
