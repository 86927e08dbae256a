"""A study in blocks of participants: which there are, how a worker lives one, and where it is kept.

Every participant lives the same alone and among others, so a block is an ordinary run of some numbers. Whoever is yoked
lives in the block of its partner. A block that has ended is a folder of its own (run.h5, summary.json) and is never
lived again.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from .left_over import damaged, is_being_written
from .merging import difference, merge, numbers_of
from .records import RecordError
from .study import Study

SWEEP = "sweep.json"  # says of which study the blocks beside it are
UNFINISHED, COPIED, DAMAGED = ".living-", ".copying-", ".damaged-"  # folders of blocks that have not ended
PATIENCE = 60.0  # seconds that a block which another worker still lives is waited for
FILES = ("run.h5", "summary.json")  # of a block


@dataclass(frozen=True)
class Request:
    """A study as it is to be lived; travels to the workers, so `spec` is a shipped name or the text of a file."""

    spec: str
    settings: Mapping[str, str] = field(default_factory=dict)
    agents: int | None = None  # in each group
    seed: int | None = None
    threads: int = 1  # of one block
    participant: type | None = None  # a protocol written in Python
    probes: Mapping[str, Any] | None = None

    def texts(self) -> dict[str, str]:
        """Root attributes that its record has on this machine, `design` among them. Raises OptionError, FileError."""
        from . import _compiled, _experiment

        own = _experiment(self.participant, self.probes, self.spec)
        return _compiled().study_texts(self.spec, dict(self.settings), agents=self.agents, seed=self.seed, **own)

    def run(self, out: Path, numbers: Sequence[int]) -> Study:
        """Live these numbers into the folder `out`, or go on with them there, as infans.run does."""
        from . import run

        return run(self.spec, out=out, settings=self.settings, agents=self.agents, seed=self.seed, threads=self.threads,
                   participants=numbers, participant=self.participant, probes=self.probes, resume=True)  # fmt: skip


def families(design: Mapping[str, Any]) -> list[list[int]]:
    """Numbers that live together, ascending: a participant and those who are yoked to it."""
    first, number = {}, 1
    for cell in design["cells"]:
        first[cell["name"]] = number
        number += cell["participants"]
    found: dict[int, list[int]] = {}
    for cell in design["cells"]:
        for index in range(cell["participants"]):
            own = first[cell["name"]] + index
            found.setdefault(first[cell["yoked_to"]] + index if cell["yoked_to"] else own, []).append(own)
    return [found[partner] for partner in sorted(found)]


def blocks(together: Sequence[Sequence[int]], size: int) -> list[list[int]]:
    """Families one after another, until a block has `size` participants or more."""
    found: list[list[int]] = []
    for family in together:
        if not found or len(found[-1]) >= size:
            found.append([])
        found[-1].extend(family)
    return [sorted(block) for block in found]


@dataclass
class Sweep:
    """One study in one folder: what of it is there, and what is to be lived."""

    request: Request
    folder: Path
    chosen: Sequence[int] = ()  # only these numbers; empty: all

    @property
    def kept(self) -> Path:
        return self.folder / "blocks"

    @cached_property
    def texts(self) -> dict[str, str]:
        return self.request.texts()

    @cached_property
    def families(self) -> list[list[int]]:
        everybody = families(json.loads(self.texts["design"]))
        last = max(n for family in everybody for n in family)
        for number in self.chosen:
            if not 1 <= number <= last:
                raise ValueError(f"--participants {number}: this study has the numbers 1 .. {last}")
        some = [[n for n in family if not self.chosen or n in self.chosen] for family in everybody]
        return [family for family in some if family]

    def open(self) -> None:
        """Make the folder, or take up the one that an earlier call left. Raises FileExistsError, RecordError."""
        for name in ("run.h5", "summary.json", "report.html"):
            if (self.folder / name).exists():
                raise FileExistsError(
                    f"{self.folder / name}: exists already and is never overwritten; choose another --out"
                )
        texts = self.identity
        self.kept.mkdir(parents=True, exist_ok=True)
        self._lock = (self.kept / SWEEP).open("a+")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FileExistsError(f"{self.folder}: another infans-sweep is at work there; wait for it") from None
        self._lock.seek(0)
        if (before := self._lock.read()) and any(self.kept.glob("*/run.h5")):
            self._must_be_of(json.loads(before)["texts"], texts)
        else:
            self._lock.truncate(0)
            self._lock.write(json.dumps({"id": str(uuid.uuid4()), "texts": texts}, indent=1))
            self._lock.flush()
        for left in self.kept.glob(f"{COPIED}*"):  # of a call that was killed
            shutil.rmtree(left, ignore_errors=True)

    @property
    def identity(self) -> dict[str, str]:
        """What blocks must have been lived with to belong to this sweep."""
        return {**self.texts, "participants": " ".join(map(str, sorted(self.chosen))) or "all"}

    def was_left(self) -> bool:
        """Whether an earlier call of this very sweep began here and has not ended."""
        if (self.folder / "run.h5").exists():
            return False
        try:
            return json.loads((self.kept / SWEEP).read_text())["texts"] == self.identity
        except (OSError, ValueError, KeyError):
            return False

    def _must_be_of(self, before: Mapping[str, str], now: Mapping[str, str]) -> None:
        for name in sorted({*before, *now}):
            if before.get(name) != now.get(name):
                raise RecordError(
                    f"{self.folder} holds blocks of another run: {difference(name, now, before)}. "
                    "Choose another --out, or the same program, study and options"
                )

    def close(self) -> None:
        """Another call may work in the folder."""
        self._lock.close()

    @property
    def id(self) -> str:
        return json.loads((self.kept / SWEEP).read_text())["id"]

    def finished(self) -> dict[Path, list[int]]:
        """Blocks that have ended, with their numbers."""
        from .reader import load

        found = {}
        for path in sorted(self.kept.glob("[0-9]*/run.h5")):
            with load(path) as record:
                found[path.parent] = numbers_of(record.file)
        return found

    def left(self, size: int) -> list[list[int]]:
        """Blocks that are still to be lived."""
        done = {number for numbers in self.finished().values() for number in numbers}
        return blocks([family for family in self.families if not done.issuperset(family)], size)

    def merge(self, seconds: float) -> Path:
        """All blocks as one record, and one summary."""
        parts = list(self.finished())
        path = merge(parts, self.folder / "run.h5")
        summaries = [json.loads((part / "summary.json").read_text()) for part in parts]
        people = sorted((p for s in summaries for p in s["participants"]), key=lambda p: p["number"])
        summary = {**summaries[0], "interrupted": False, "wall_seconds": round(seconds, 3), "participants": people}
        (self.folder / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
        return path


def live(request: Request, numbers: Sequence[int], texts: Mapping[str, str], kept: str, sweep: str) -> dict[str, bytes]:
    """On a worker: live a block. Where the worker sees the folder `kept` of sweep `sweep`, it lives the block there,
    goes on with what another worker has left of it, and returns nothing; else it returns the files {name: bytes}, for
    `keep`.

    Raises RecordError where this worker's program is another one, RuntimeError where the run was broken off.
    """
    own = request.texts()
    for name in texts:
        if own.get(name) != texts[name]:
            raise RecordError(f"this worker would not live the same study: {difference(name, own, texts)}")
    if _sees(Path(kept), sweep):
        out, ended = Path(kept, f"{UNFINISHED}{block_name(numbers)}"), Path(kept, block_name(numbers), "run.h5")
        _wait_for_the_writer(out / "run.h5")
        if ended.exists():  # by a worker that was thought dead
            return {}
        _live_into(out, request, numbers)
        _put(out, Path(kept), numbers)
        return {}
    with tempfile.TemporaryDirectory(prefix="infans-sweep-") as folder:
        out = Path(folder, "block")
        _live_into(out, request, numbers)
        return {name: Path(out, name).read_bytes() for name in FILES}


def _live_into(out: Path, request: Request, numbers: Sequence[int]) -> None:
    from . import FileError, SimulationError
    from .reader import load

    found = out.exists()
    try:
        try:
            request.run(out, numbers).close()
        except FileError:
            if not (found and damaged(out / "run.h5")):
                raise
            out.rename(out.with_name(f"{DAMAGED}{out.name.removeprefix(UNFINISHED)}-{uuid.uuid4()}"))
            request.run(out, numbers).close()
    except SimulationError:
        pass  # somebody failed and is left out; the others have ended, and the record says so
    except KeyboardInterrupt:
        raise RuntimeError("this worker was interrupted") from None
    with load(out) as record:
        if np.isnan(record.fresh("ledger/wall_seconds")).any():
            raise RuntimeError("somebody's life was broken off")


def _wait_for_the_writer(record: Path) -> None:
    end = time.monotonic() + PATIENCE
    while is_being_written(record) and time.monotonic() < end:
        time.sleep(0.2)


def _sees(kept: Path, sweep: str) -> bool:
    try:
        return json.loads((kept / SWEEP).read_text())["id"] == sweep
    except (OSError, ValueError):
        return False


def keep(files: Mapping[str, bytes], kept: Path, numbers: Sequence[int]) -> None:
    """Put the files of a block that has ended in its place: all or none of them are there."""
    temporary = kept / f"{COPIED}{uuid.uuid4()}"
    temporary.mkdir()
    for name, content in files.items():
        with (temporary / name).open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    _put(temporary, kept, numbers)


def _put(folder: Path, kept: Path, numbers: Sequence[int]) -> None:
    try:
        folder.rename(kept / block_name(numbers))
    except OSError:  # another worker was thought dead and came first, with the same bits
        shutil.rmtree(folder, ignore_errors=True)


def block_name(numbers: Sequence[int]) -> str:
    """"0001-0004": from the first to the last number of a block; with the count where others lie between."""
    gaps = numbers[-1] - numbers[0] + 1 != len(numbers)
    return f"{numbers[0]:04d}-{numbers[-1]:04d}" + (f" ({len(numbers)})" if gaps else "")
