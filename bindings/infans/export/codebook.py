"""What every column of an export means, for people (CSV) and programs (JSON)."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

from .long_table import ExportTable

FIELDS = ("table", "name", "type", "unit", "levels", "description")


def write_codebook(tables: Sequence[ExportTable], folder: Path) -> None:
    """codebook.csv, a row a column of a table, and codebook.json."""
    with (folder / "codebook.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(FIELDS)
        writer.writerows(
            [t.name, v.name, v.type, v.unit, " | ".join(v.levels), v.doc] for t in tables for v in t.variables
        )
    write_json(tables, folder)


def write_json(tables: Sequence[ExportTable], folder: Path) -> None:
    """codebook.json alone."""
    about = {
        "missing": "an empty cell (CSV) or null (Parquet): nothing was measured, or the record does not say it",
        "tables": [
            {"name": t.name, "description": t.doc, "rows": t.rows,
             "columns": [{"name": v.name, "type": v.type, "unit": v.unit, "description": v.doc}
                         | ({"levels": list(v.levels)} if v.levels else {}) for v in t.variables]}
            for t in tables
        ],
    }  # fmt: skip
    text = json.dumps(about, indent=1, ensure_ascii=False) + "\n"
    (folder / "codebook.json").write_text(text, encoding="utf-8")
