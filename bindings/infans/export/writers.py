"""Long tables as CSV and Parquet, a block of rows at a time."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .long_table import Block, ExportTable, Variable

INSTALL = 'it needs {}; install it with: pip install "infans[export]"'


class MissingLibrary(ImportError):
    """A library that the format needs is an extra of the package and is not installed."""


def _texts(values: np.ndarray) -> list[Any]:
    """As CSV has them: numbers in the fewest digits that give the same number back, nothing for NaN."""
    cells = values.tolist()
    if values.dtype.kind == "f":
        for k in np.flatnonzero(np.isnan(values)):
            cells[k] = ""
    return cells


def _levels(values: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Texts that occur, and which of them each value is, int32 [rows]; most blocks have one text."""
    if len(values) and (values == values[0]).all():
        return [str(values[0])], np.zeros(len(values), np.int32)
    levels, codes = np.unique(values, return_inverse=True)
    return levels.tolist(), codes.astype(np.int32)


def write_csv(table: ExportTable, path: Path, tick: Callable[[int], None]) -> None:
    """UTF-8, comma, a header; NaN is an empty cell. tick(rows) is told how many rows came."""
    names = [v.name for v in table.variables]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        for block in table.blocks():
            columns = [_texts(block[name]) for name in names]
            writer.writerows(zip(*columns, strict=True))
            tick(len(columns[0]))


def write_parquet(table: ExportTable, path: Path, tick: Callable[[int], None]) -> None:
    """A row group a block; NaN is null; unit and meaning stand in the metadata of each field."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        raise MissingLibrary("Parquet: " + INSTALL.format("pyarrow")) from error

    types = {"integer": pyarrow.int64(), "number": pyarrow.float64(),
             "text": pyarrow.dictionary(pyarrow.int32(), pyarrow.string())}  # fmt: skip

    def field(v: Variable) -> Any:
        return pyarrow.field(v.name, types[v.type], metadata={"unit": v.unit, "description": v.doc})

    def array(v: Variable, block: Block) -> Any:
        values = block[v.name]
        if v.type == "text":
            levels, codes = _levels(values)
            return pyarrow.DictionaryArray.from_arrays(codes, pyarrow.array(levels, pyarrow.string()))
        return pyarrow.array(values, types[v.type], from_pandas=True)

    schema = pyarrow.schema([field(v) for v in table.variables], metadata={"description": table.doc})
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        for block in table.blocks():
            writer.write_table(pyarrow.Table.from_arrays([array(v, block) for v in table.variables], schema=schema))
            tick(len(block[table.variables[0].name]))
