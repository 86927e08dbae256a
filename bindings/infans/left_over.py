"""Whether a record that was left can be gone on with."""

from __future__ import annotations

import fcntl
from pathlib import Path

import h5py

from .records import open_record, plain
from .study import STUDY


def is_being_written(record: Path) -> bool:
    """Whether another process holds the lock of a running life (posix_file.cpp); False where there is no such file."""
    try:
        file = record.open("rb")
    except OSError:
        return False
    with file:
        try:
            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return True
        except OSError:  # a file system without locks
            return False
    return False


def damaged(record: Path) -> bool:
    """Whether rows that count cannot be read from a record, for no reason but what stands in it. One that is being
    written, or that the machine does not let us read (its errors name an errno), is not."""
    if not record.exists() or is_being_written(record):
        return False
    try:
        file, _, _ = open_record(record, {"infans-study": STUDY})
        with file:
            _read_what_counts(file)
    except OSError as error:
        return error.errno is None and "errno = " not in str(error)
    except (KeyError, ValueError, RuntimeError, IndexError):
        return True
    return False


def _read_what_counts(file: h5py.File) -> None:
    for counts, names, place in (("committed", "tables", "probes/"), ("committed_logs", "logs", "")):
        rows = file[counts][()]
        for person, counted in zip(sorted(file["participants"], key=int), rows, strict=True):
            for name, count in zip(plain(file.attrs[names]).split("\n"), counted, strict=True):
                path = f"participants/{person}/{'' if name == 'life' else place}{name}"
                if count and len(file[path][:count]) < count:
                    raise ValueError(path)
