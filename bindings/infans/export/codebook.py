"""What every column of an export means, for people (CSV) and programs (JSON)."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

from .long_table import ExportTable

FIELDS = ("table", "name", "type", "unit", "levels", "description")


def write_codebook(tables: Sequence[ExportTable], folder: Path) -> list[Path]:
    """codebook.csv, a row a column of a table, and codebook.json."""
    as_csv, as_json = folder / "codebook.csv", folder / "codebook.json"
    with as_csv.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(FIELDS)
        writer.writerows(
            [t.name, v.name, v.type, v.unit, " | ".join(v.levels), v.doc] for t in tables for v in t.variables
        )
    about = {
        "missing": "an empty cell (CSV) or null (Parquet): there was nothing to measure",
        "tables": [
            {"name": t.name, "description": t.doc, "rows": t.rows,
             "columns": [{"name": v.name, "type": v.type, "unit": v.unit, "description": v.doc}
                         | ({"levels": list(v.levels)} if v.levels else {}) for v in t.variables]}
            for t in tables
        ],
    }  # fmt: skip
    as_json.write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return [as_csv, as_json]
