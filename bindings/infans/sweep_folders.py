"""Which studies a call of `infans-sweep` asks for, and the folders that they are lived in."""

from __future__ import annotations

import argparse
import copy
import itertools
from collections.abc import Sequence
from pathlib import Path

from .sweep_blocks import SWEEP, Request, Sweep


def sweeps_of(given: argparse.Namespace) -> list[Sweep]:
    """One for each combination of values of --grid, in folders relative to --out."""
    spec = Path(given.study).read_text() if Path(given.study).is_file() else given.study
    found = []
    for values in itertools.product(*([(key, v) for v in values] for key, values in given.grid)):
        request = Request(spec, {**dict(given.set), **dict(values)}, given.agents, given.seed, given.threads)
        name = ",".join(f"{key}={value}".replace("/", "_") for key, value in values)
        found.append(Sweep(request, Path(name), given.participants))
    check_grid(given.grid, found)
    return found


def check_grid(grid: Sequence[tuple[str, Sequence[str]]], sweeps: Sequence[Sweep]) -> None:
    keys = [key for key, _ in grid]
    for key in keys:
        if keys.count(key) > 1:
            raise ValueError(f"--grid {key} is given more than once; give all its values at once: --grid {key}=A,B")
    folders = [s.folder for s in sweeps]
    for folder in folders:
        if folders.count(folder) > 1:
            raise ValueError(f"--grid gives {folder} more than once; give every value once")


def free_folder(study: str, sweeps: Sequence[Sweep]) -> Path:
    """runs/STUDY-n: the first that does not exist, or that the same command has left unfinished."""
    for n in itertools.count(1):
        folder = Path("runs", f"{Path(study).stem}-{n}")
        if not folder.exists() or was_left(folder, sweeps):
            return folder
    raise AssertionError


def was_left(folder: Path, sweeps: Sequence[Sweep]) -> bool:
    """Whether these sweeps, and no others, began in `folder` and have not ended."""
    there = [placed(s, folder) for s in sweeps]
    begun = {path for depth in ("", "*/") for path in folder.glob(f"{depth}blocks/{SWEEP}")}
    ours = {s.kept / SWEEP for s in there}
    return bool(begun) and begun <= ours and all(s.was_left() or not s.folder.exists() for s in there)


def placed(s: Sweep, out: Path) -> Sweep:
    """The same sweep in the folder `out`, or in its own folder there."""
    moved = copy.copy(s)  # with the texts that it knows already
    moved.folder = out / s.folder
    return moved
