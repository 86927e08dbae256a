"""States as C++ saved them (base::StateWriter, core/base/state.hpp): nested dicts of NumPy arrays."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

_END, _GROUP, _LIST, _REAL64, _REAL32, _INTEGER, _TEXT = range(7)  # base::Archive::Kind
_DTYPES = {_REAL64: np.dtype("<f8"), _REAL32: np.dtype("<f4"), _INTEGER: np.dtype("<i8"), _TEXT: np.dtype("u1")}
_SANE = 1 << 40  # as base::StateReader: of an empty matrix


class StateError(ValueError):
    """The bytes are no state, or are cut short; the message says at which field."""


def decode(data: bytes | ArrayLike) -> dict[str, Any]:
    """What was saved, by name: numbers, texts, arrays [n] or [rows, columns], dicts (groups) and lists.

    A name that stands twice in one group is counted on: "x", "x 2". Raises StateError.
    """
    return _Reader(bytes(np.asarray(bytearray(data) if isinstance(data, bytes) else data, np.uint8))).group(top=True)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self._at, self._path = data, 0, []

    def group(self, top: bool = False) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for name, value in self._fields(top):
            count = 2
            unused = name
            while unused in fields:
                unused, count = f"{name} {count}", count + 1
            fields[unused] = value
        return fields

    def _fields(self, top: bool) -> Any:
        while not (top and self._at == len(self._data)):
            kind = self._take("<B")
            if kind == _END and not top:
                return
            if kind not in (_GROUP, _LIST, *_DTYPES):
                raise self._error(f"{kind} is no kind of field")
            rank, length = self._take("<BH")
            name = self._bytes(length).decode(errors="replace")
            self._path.append(name)
            yield name, self._value(kind, rank)
            self._path.pop()

    def _value(self, kind: int, rank: int) -> Any:
        if rank > 2:
            raise self._error(f"{rank} is no number of dimensions")
        sizes = [self._take("<Q") for _ in range(rank)]
        if kind == _GROUP:
            return self.group()
        if kind == _LIST:
            return [value for _, value in self._fields(top=False)]
        if any(size > _SANE for size in sizes):
            raise self._error("a size is damaged")
        count = 1
        for size in sizes:
            count *= size
        dtype = _DTYPES[kind]
        values = np.frombuffer(self._bytes(count * dtype.itemsize), dtype)
        if kind == _TEXT:
            return values.tobytes().decode(errors="replace")
        return values[0].item() if rank == 0 else values.reshape(sizes, order="F").copy()

    def _take(self, form: str) -> Any:
        values = struct.unpack(form, self._bytes(struct.calcsize(form)))
        return values[0] if len(values) == 1 else values

    def _bytes(self, count: int) -> bytes:
        if count > len(self._data) - self._at:
            raise self._error("it ends in the middle")
        self._at += count
        return self._data[self._at - count : self._at]

    def _error(self, what: str) -> StateError:
        return StateError(f"state '{'.'.join(filter(None, self._path))}', byte {self._at}: {what}; it is damaged")
