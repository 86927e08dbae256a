"""What records have in common: an HDF5 file that says what it is, read while it is written or afterwards."""

from __future__ import annotations

import ctypes
import os
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Self

import h5py
import numpy as np

from .damage import RecordError, reading

__all__ = ["Kind", "Record", "RecordError", "open_record", "plain", "reading"]


class Kind(NamedTuple):
    """What a file of a type must hold before anything else is read."""

    version: tuple[int, int]  # another major is refused; a newer minor only adds
    attributes: tuple[str, ...]
    groups: tuple[str, ...]


class Record:
    """An open record. Closes itself at the end of a with block."""

    def __init__(self, file: h5py.File, path: Path) -> None:
        self.file, self.path = file, path

    def fresh(self, name: str) -> np.ndarray:
        """The dataset `name` as a running writer has it now."""
        with reading(self.path):
            dataset = self.file[name]
            if self.file.swmr_mode:
                dataset.id.refresh()
            return dataset[...]

    @cached_property
    def attrs(self) -> dict[str, Any]:
        """What the file says about itself: versions, seed, study ..."""
        with reading(self.path):
            return {name: plain(value) for name, value in self.file.attrs.items()}

    @cached_property
    def spec(self) -> dict[str, Any]:
        """The study's file as tables, e.g. record.spec["planner"]["horizon"]."""
        return tomllib.loads(self.attrs["spec_toml"])

    def close(self) -> None:
        """Close the file; arrays already read stay valid."""
        self.file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def plain(value: Any) -> Any:
    """An attribute as Python has it: text, number or list."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value.item() if isinstance(value, np.generic) else value


def open_record(path: str | os.PathLike[str], kinds: Mapping[str, Kind]) -> tuple[h5py.File, Path, str]:
    """Open run.h5, or the folder that holds it: the file, its path and its filetype, one of `kinds`.

    Raises FileNotFoundError, or RecordError for another type of file, a newer major format or a file cut short.
    """
    path = Path(path)
    if path.is_dir():
        path = path / "run.h5"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such record; give run.h5 or the folder that holds it")
    if not _is_hdf5(path):
        raise RecordError(f"{path}: not an HDF5 file; a record is the run.h5 that `infans run` writes")
    with reading(path):
        file = _open(path)
    try:
        with reading(path):
            filetype = plain(file.attrs.get("filetype", "?"))
            if filetype == "?" and file.id.get_filesize() > path.stat().st_size:  # h5py takes lost attributes for none
                raise OSError(f"{path.stat().st_size} of {file.id.get_filesize()} bytes")
            if filetype not in kinds:
                raise RecordError(f"{path}: its filetype is '{filetype}', not {' or '.join(map(repr, kinds))}")
            kind = kinds[filetype]
            major, minor = (int(v) for v in file.attrs["format_version"])
            if major != kind.version[0]:
                raise RecordError(
                    f"{path}: format {major}.{minor}, but this version of Infans reads {kind.version[0]}.x; "
                    f"{'upgrade infans' if major > kind.version[0] else 'read it with the version that wrote it'}"
                )
            lost = [n for n in kind.attributes if n not in file.attrs] + [n for n in kind.groups if n not in file]
            if lost:
                raise RecordError(f"{path}: it lacks {', '.join(lost)}; its writer was stopped before the first step")
            return file, path, filetype
    except BaseException:
        file.close()
        raise


def _is_hdf5(path: Path) -> bool:
    """Also of a file that is cut short, of which h5py.is_hdf5 says no."""
    with path.open("rb") as file:
        return file.read(8) == b"\x89HDF\r\n\x1a\n"


def _open(path: Path) -> h5py.File:
    try:  # a running or killed writer lets only SWMR readers in
        flags = h5py.h5f.ACC_RDONLY | h5py.h5f.ACC_SWMR_READ
        return h5py.File(h5py.h5f.open(os.fsencode(path), flags, _access()))
    except (OSError, ValueError):  # written without SWMR, e.g. a repacked copy
        return h5py.File(path, "r")


def _access() -> h5py.h5p.PropFAID:
    """SWMR readers try again where a checksum fails, 100 times with pauses that double: on a damaged file for ever.
    After 28 times, half a second, it is damaged. h5py has no function for it, its HDF5 has."""
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    with suppress(OSError, AttributeError):
        ctypes.CDLL(h5py.h5p.__file__).H5Pset_metadata_read_attempts(ctypes.c_int64(access.id), ctypes.c_uint(28))
    return access
