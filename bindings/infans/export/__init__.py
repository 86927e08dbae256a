"""Records in other programs' formats: `infans-export RUN.h5`, or from Python

    study = infans.load("runs/body_map-1")
    infans.export.write(study, "csv")                       # runs/body_map-1/csv: tidy long tables and a codebook
    infans.export.write(study, "parquet", "tables", participants=[1, 2], measures=["error"])
    infans.export.write(study, "psych-ds", "shared")        # a Psych-DS dataset
    infans.export.write(study, "minari", "datasets")        # MINARI_DATASETS_PATH=datasets: minari.load_dataset
    infans.export.write(study, "mujoco")                    # MJCF and states for exact replay

A participant is read a piece at a time: memory does not grow with the record; Minari alone takes whole episodes, so it
grows with the longest one. Files appear when all are whole.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..reader import Run
from ..study import Study
from .codebook import write_codebook
from .episodes import dataset_id, write_minari
from .long_table import ExportTable, Selection
from .physics import write_physics
from .psych_ds import is_ours, write_psych_ds
from .run_tables import run_tables
from .staging import ExportExistsError, Progress, refuse_existing, staged
from .study_tables import study_tables
from .writers import MissingLibrary, write_csv, write_parquet

__all__ = ["FORMATS", "ExportExistsError", "MissingLibrary", "tables", "write"]

FORMATS = {
    "csv": "tidy long tables, a row a sample or a trial, and a codebook",
    "parquet": "the same as Parquet",
    "psych-ds": "a Psych-DS dataset: CSV, metadata, codebook, the study's file",
    "minari": "episodes of observations and actions for minari.load_dataset",
    "mujoco": "bodies (MJCF) and states for exact replay, HDF5",
}
LONG = ("csv", "parquet", "psych-ds")


def tables(
    record: Study | Run, *, participants: Sequence[int] = (), measures: Sequence[str] = (), signals: bool = False
) -> list[ExportTable]:
    """The long tables of a record, unread: names, variables, rows, and `blocks()` to go through them.

    participants: numbers [all]; of a run: agents. measures: names of variables, measures or signals; a table without
    any of them is left out [all]. signals: also the table of signals, a column an element.
    Raises MissingDatasetError (a KeyError) for what is not there; it names the nearest.
    """
    chosen = Selection(participants, measures, signals)
    return run_tables(record, chosen) if isinstance(record, Run) else study_tables(record, chosen)


def write(
    record: Study | Run,
    format: str = "csv",
    folder: str | os.PathLike[str] | None = None,
    *,
    participants: Sequence[int] = (),
    measures: Sequence[str] = (),
    signals: bool = False,
    force: bool = False,
    quiet: bool = True,
) -> list[Path]:
    """Export a record; returns the files. `help(infans.export)` has examples; the rest as in `tables`.

    format: one of FORMATS. folder: [a folder named after the format beside the record]. force: replace files of the
    same names (others stay; of an older Psych-DS dataset of Infans the folder data is replaced whole).
    quiet=False: progress on a terminal.
    Raises ExportExistsError (a FileExistsError), MissingLibrary (an ImportError) for an extra that is not installed,
    MissingDatasetError for what the record has not, ValueError for an unknown format. Nothing is left of a failed one.
    """
    if format not in FORMATS:
        raise ValueError(f"format '{format}': there is {', '.join(FORMATS)}")
    if measures and format not in LONG:
        raise ValueError(f"format {format}: measures choose columns of tables; leave them out")
    chosen = Selection(participants, measures, signals)
    target = Path(folder) if folder is not None else record.path.parent / format
    if format in LONG:
        return _write_tables(record, format, target, chosen, force, quiet)
    return _write_lives(record, format, target, chosen, force, quiet)


def _write_tables(
    record: Study | Run, format: str, target: Path, chosen: Selection, force: bool, quiet: bool
) -> list[Path]:
    long = run_tables(record, chosen) if isinstance(record, Run) else study_tables(record, chosen)
    progress = Progress("infans-export", sum(t.rows for t in long), "rows", quiet=quiet)
    replaced = ("data",) if format == "psych-ds" and is_ours(target) else ()
    with staged(target, force, replaced) as draft:
        if format == "psych-ds":
            write_psych_ds(record, long, draft, progress)
        else:
            for table in long:
                write_table = write_csv if format == "csv" else write_parquet
                write_table(table, draft / f"{table.name}.{format}", progress)
            write_codebook(long, draft)
        written = _files(draft, target)
    progress.end()
    return written


def _write_lives(
    record: Study | Run, format: str, target: Path, chosen: Selection, force: bool, quiet: bool
) -> list[Path]:
    progress = Progress("infans-export", _rows(record, format, chosen), "rows", quiet=quiet)
    if format == "mujoco":
        with staged(target, force) as draft:
            write_physics(record, chosen, draft, progress)
            written = _files(draft, target)
    else:  # the folder is a root of many data sets: only this one must not be there
        refuse_existing(target / dataset_id(record.attrs["spec_name"]), force)
        with staged(target, force=True) as draft:
            write_minari(record, chosen, draft, progress)
            written = _files(draft, target)
    progress.end()
    return written


def _rows(record: Study | Run, format: str, chosen: Selection) -> int:
    """Rows of the lives that are exported."""
    lives = chosen.lives(record)
    if isinstance(record, Run):
        return sum(agent.step.rows for agent in lives)
    log = "physics" if format == "mujoco" else "signals"
    return sum(len(p.signals.rows if log == "signals" else p.physics) for p in lives if log in p.logs)


def _files(draft: Path, target: Path) -> list[Path]:
    return sorted(target / p.relative_to(draft) for p in draft.rglob("*") if p.is_file())
