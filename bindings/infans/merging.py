"""Records of parts of one study, put together: what a single machine would have written.

    infans.merge(["day1/run.h5", "day2/run.h5"], "whole.h5")     # of `infans run STUDY --participants ...`

Every dataset and every attribute is the same to the bit as in the record of one run over all these participants, but
for what was measured about the machine (`/ledger`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path

import h5py
import numpy as np

from .records import RecordError, open_record, plain
from .study import STUDY

PEOPLE = "participants"
# Of the whole run, one value; every other dataset at the root has a row a participant. Parts that ran side by side have
# counted the same energy: of several it is not known.
TOTALS = ("ledger/joules",)
# Said of a run, not of its study: the parts may differ, the first one's is kept.
OF_A_RUN = ("threads",)


def merge(parts: Sequence[str | os.PathLike[str]], out: str | os.PathLike[str]) -> Path:
    """Write the record `out` with the participants of all `parts` (run.h5, or folders that hold one) in the order of
    their numbers; returns its path. The parts stay as they are; an existing file is never overwritten.

    Raises FileNotFoundError, FileExistsError, or RecordError (a ValueError) where the parts are no records, hold a
    participant twice, or were not made by the same program from the same study: it names both values.
    """
    out = Path(out)
    if out.exists():
        raise FileExistsError(f"{out}: exists already and is never overwritten; choose another place or move it away")
    if not parts:
        raise RecordError("nothing to merge: give at least one record")
    temporary = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    try:
        with ExitStack() as stack:
            files = []
            for part in parts:
                file, path, _ = open_record(part, {"infans-study": STUDY})
                files.append((stack.enter_context(file), path))
            _check(files)
            _write(files, temporary)
        os.link(temporary, out)  # unlike a rename it fails where somebody was quicker
    finally:
        temporary.unlink(missing_ok=True)
    return out


def numbers_of(file: h5py.File) -> list[int]:
    """Numbers of the participants of a record, in the order of its datasets."""
    return sorted(int(name) for name in file[PEOPLE])


def _check(files: Sequence[tuple[h5py.File, Path]]) -> None:
    owner: dict[int, Path] = {}
    first, first_path = files[0]
    for file, path in files:
        own, others = ({name: plain(value) for name, value in f.attrs.items()} for f in (file, first))
        for name in sorted({*own, *others} - {*OF_A_RUN}):
            if own.get(name) != others.get(name):
                raise RecordError(
                    f"{path} and {first_path} are not parts of one study: {difference(name, own, others)}. "
                    "Make both with the same program, study and options"
                )
        lost = {*_datasets(first)} ^ {*_datasets(file)}
        if lost:
            raise RecordError(f"only one of {first_path} and {path} has {', '.join(sorted(lost))}")
        for number in numbers_of(file):
            if number in owner:
                raise RecordError(f"participant {number} is both in {owner[number]} and in {path}; give it once")
            owner[number] = path


def difference(name: str, here: Mapping[str, object], there: Mapping[str, object]) -> str:
    """Where two attributes of that name differ, with both values; of long texts the first line."""
    one, other = (str(values.get(name, "missing")).splitlines() or [""] for values in (here, there))
    first, second = next(pair for pair in zip_longest(one, other, fillvalue="") if pair[0] != pair[1])
    return f"{name} is '{first.strip()[:200]}' here and '{second.strip()[:200]}' there"


def _datasets(file: h5py.File) -> Iterator[str]:
    """Names of the datasets that are not of one participant."""
    found: list[str] = []
    for name, item in file.items():
        if isinstance(item, h5py.Dataset):
            found.append(name)
        elif name != PEOPLE:
            item.visititems(lambda n, i, of=name: found.append(f"{of}/{n}") if isinstance(i, h5py.Dataset) else None)
    yield from found


def _write(files: Sequence[tuple[h5py.File, Path]], path: Path) -> None:
    numbers = [number for file, _ in files for number in numbers_of(file)]
    order = np.argsort(numbers)
    first = files[0][0]
    # As run.h5 is made (storage.hpp): readers then treat it alike.
    with h5py.File(path, "w-", libver="latest", fs_strategy="page", fs_persist=False, fs_threshold=1) as out:
        _copy_attributes(first, out)
        for name in _datasets(first):
            _write_dataset([file[name] for file, _ in files], out, name, order)
        people = out.create_group(PEOPLE)
        _copy_attributes(first[PEOPLE], people)
        for file, _ in sorted(files, key=lambda pair: numbers_of(pair[0])):
            for name in sorted(file[PEOPLE], key=int):
                file.copy(f"{PEOPLE}/{name}", people, name)
        out.flush()
    with path.open("rb") as written:
        os.fsync(written.fileno())


def _write_dataset(parts: Sequence[h5py.Dataset], out: h5py.File, name: str, order: np.ndarray) -> None:
    for part in parts:
        rows = len(part.file[PEOPLE]) if name not in TOTALS else 1
        if part.shape[:1] != (rows,):
            raise RecordError(f"{part.file.filename}: {name} has shape {part.shape}, not a row a participant ({rows})")
    whole = [part[...] for part in parts]
    if name in TOTALS:
        values = whole[0] if len(whole) == 1 else np.full_like(whole[0], np.nan)
    else:
        values = np.concatenate(whole)[order]
    source = parts[0]
    creation = source.id.get_create_plist()
    if source.chunks == source.shape:
        creation.set_chunk(values.shape)
    space = h5py.h5s.create_simple(values.shape, source.maxshape if source.maxshape != source.shape else values.shape)
    group, _, own = name.rpartition("/")
    parent = out.require_group(group or "/")
    new = h5py.Dataset(h5py.h5d.create(parent.id, own.encode(), source.id.get_type(), space, creation))
    new[...] = values
    _copy_attributes(source, new)
    if parent != out:
        _copy_attributes(source.parent, parent)


def _copy_attributes(source: h5py.HLObject, target: h5py.HLObject) -> None:
    """With their very types: h5py's own assignment would make other strings of them."""
    for name in source.attrs:
        if name in target.attrs:
            continue
        old = source.attrs.get_id(name)
        values = np.empty(old.shape, old.dtype)
        old.read(values)
        new = h5py.h5a.create(target.id, name.encode(), old.get_type(), old.get_space())
        new.write(values)
