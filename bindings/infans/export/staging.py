"""Files that appear whole or not at all, and progress on the way."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


class ExportExistsError(FileExistsError):
    """Something is already there, and was not to be replaced."""


def refuse_existing(target: Path, force: bool) -> None:
    """Raises ExportExistsError where `target` is a file or a folder that is not empty."""
    if force or not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    raise ExportExistsError(
        f"{target} is already there; --force replaces its files of the same names, -o names another"
    )


@contextmanager
def staged(target: Path, force: bool, whole: Sequence[str] = ()) -> Iterator[Path]:
    """A new folder beside `target`, absolute; at the end of the block its files move there, unless an error ended it.

    Files of `target` that have other names stay, but for those in its folders `whole`, which are replaced.
    Raises ExportExistsError, and FileNotFoundError for a missing parent.
    """
    target = target.resolve()
    refuse_existing(target, force)
    if not target.parent.is_dir():
        raise FileNotFoundError(f"{target.parent}: no such folder to write {target.name} into")
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".partial", dir=target.parent))
    try:
        draft.chmod(0o777 & ~_umask())
        yield draft
        refuse_existing(target, force)  # who came in the meantime is not overwritten either
        files = sorted(p for p in draft.rglob("*") if p.is_file())
        for k, folder in enumerate(name for name in whole if (target / name).is_dir()):
            (target / folder).replace(draft / f".old{k}")  # goes with the draft
        for source in files:
            place = target / source.relative_to(draft)
            place.parent.mkdir(parents=True, exist_ok=True)
            source.replace(place)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _umask() -> int:
    import os

    mask = os.umask(0)
    os.umask(mask)
    return mask


class Progress:
    """A line on a terminal that says how far it is; silent elsewhere."""

    def __init__(self, who: str, total: int, unit: str, stream: TextIO | None = None, quiet: bool = False) -> None:
        self._stream = stream or sys.stderr
        self._shown = not quiet and self._stream.isatty()
        self._who, self._total, self._unit = who, total, unit
        self._done, self._start, self._last = 0, time.monotonic(), 0.0

    def __call__(self, count: int) -> None:
        self._done += count
        now = time.monotonic()
        if self._shown and now - self._last > 0.2:
            self._last = now
            left = (now - self._start) * (self._total / self._done - 1) if self._done else 0
            text = f"{self._who}: {100 * self._done // max(1, self._total)} % of {self._total:,} {self._unit}"
            print(f"\r\x1b[K{text}, {left:.0f} s to go", end="", file=self._stream, flush=True)

    def end(self) -> None:
        if self._shown:
            print("\r\x1b[K", end="", file=self._stream, flush=True)
