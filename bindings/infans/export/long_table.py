"""What an exported table is: columns with unit and meaning, and blocks of rows, made one participant at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..reader import Run
from ..study import Study
from ..tables import missing

Block = dict[str, np.ndarray]  # name -> values [rows]
BLOCK_NUMBERS = 400_000  # numbers in memory at a time, whatever the size of the record


@dataclass(frozen=True)
class Variable:
    """A column. type: text, integer or number (NaN: there was nothing to measure). levels: of a text, all it can be."""

    name: str
    type: str = "number"
    unit: str = ""
    doc: str = ""
    levels: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExportTable:
    """A long table: `blocks()` gives its rows in order, each block with all variables."""

    name: str
    doc: str
    variables: list[Variable]
    rows: int
    blocks: Callable[[], Iterator[Block]]


@dataclass(frozen=True)
class Selection:
    """What of a record is exported. participants: their numbers (agents of a run); measures: variables, measures or
    signals by name (a signal also by the first part of its name); empty: all. signals: their table too."""

    participants: Sequence[int] = ()
    measures: Sequence[str] = ()
    signals: bool = False
    _met: set[str] = field(default_factory=set)

    def lives(self, record: Study | Run) -> list[Any]:
        """The chosen participants, or agents, each once and in the order given. Raises MissingDatasetError."""
        one, everybody = (
            (record.agent, record.agents) if isinstance(record, Run) else (record.participant, record.participants)
        )
        return [one(number) for number in dict.fromkeys(self.participants)] or list(everybody)

    def of(self, names: Iterable[str]) -> list[str]:
        """Those of `names` that are wanted."""
        if not self.measures:
            return list(names)
        wanted = [n for n in names if any(n == m or n.startswith((m + "/", m + ".")) for m in self.measures)]
        self._met.update(m for m in self.measures for n in wanted if n == m or n.startswith((m + "/", m + ".")))
        return wanted

    def check(self, known: Sequence[str], where: str) -> None:
        """Raises MissingDatasetError for a measure that no table has; it names the nearest one."""
        for measure in self.measures:
            if measure not in self._met:
                raise missing(measure, known, where, "measure")


def parts(rows: int, columns: int) -> Iterator[slice]:
    """Slices of a table that is read a bounded number of numbers at a time."""
    size = max(1, BLOCK_NUMBERS // max(1, columns))
    for start in range(0, rows, size):
        yield slice(start, min(start + size, rows))


def element_names(name: str, shape: tuple[int, ...]) -> list[str]:
    """Columns of an array, column-major, counted from 1: x.1.2 is row 1, column 2; the name itself of one value."""
    stem = name.replace("/", ".").replace(" ", "_")
    if int(np.prod(shape)) == 1:
        return [stem]
    places = (np.unravel_index(k, shape, order="F") for k in range(int(np.prod(shape))))
    return [".".join([stem, *(str(int(i) + 1) for i in place)]) for place in places]
