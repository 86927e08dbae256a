"""Files that HDF5 cannot read to the end: one error that says which, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class RecordError(ValueError):
    """The file is no record that this version reads; the message says why."""


@contextmanager
def reading(path: Path | str) -> Iterator[None]:
    """What HDF5 says of a file that is cut short or damaged, as RecordError with the path and what to do."""
    try:
        yield
    except (OSError, KeyError, RuntimeError) as error:
        if not isinstance(error, OSError) and type(error) not in (KeyError, RuntimeError):
            raise  # not h5py's: it says by itself what is missing
        if isinstance(error, OSError) and (error.errno is not None or "errno = " in str(error)):
            raise  # the machine's: no such file, no right to read it, the disk
        raise RecordError(
            f"{path}: cut short or damaged: {error.args[0] if isinstance(error, KeyError) else error}; "
            f"`infans recover {path}` saves what can be read"
        ) from None
