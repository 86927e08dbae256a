"""Lives as films, from the physics that their record holds: `infans-replay RUN.h5`, or from Python

    study = infans.load("runs/mobile-1")                     # run with --set record.physics_every=1
    clip = infans.replay.clip(study, 3, 120, 130)            # participant 3, seconds 120 to 130
    look = infans.replay.framed(clip)                        # size and camera: bodies fill the picture
    for picture in infans.replay.frames(clip, look): ...     # RGB, uint8 [height, width, 3]
    infans.replay.write_mp4(clip, "kick.mp4")
    infans.replay.write_strip(clip, "kick.png", 8)

A frame is what MuJoCo draws of the state as it was recorded: pixel for pixel what it would have drawn during the run.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from ..export.staging import ExportExistsError
from ..export.writers import MissingLibrary
from .drawing import CannotDraw, Look, Painter, framed, frames
from .scenes import Clip, NothingToReplay, clip_of_samples, clip_of_seconds, every
from .scenes import clip_of_seconds as clip
from .video import mp4, png, strip

__all__ = ["CannotDraw", "Clip", "ExportExistsError", "Look", "MissingLibrary", "NothingToReplay", "Painter", "clip",
           "clip_of_samples", "clip_of_seconds", "every", "framed", "frames", "write_mp4", "write_strip"]  # fmt: skip


def write_mp4(
    clip: Clip,
    path: str | os.PathLike[str],
    look: Look | None = None,
    *,
    force: bool = False,
    tick: Callable[[int], None] = lambda _: None,
) -> Path:
    """The clip as a film (H.264). tick(1) is called after every frame.

    Raises ExportExistsError unless `force`, CannotDraw, MissingLibrary.
    """
    return _write(Path(path), lambda: mp4(frames(clip, framed(clip, look), tick), clip.fps), force)


def write_strip(
    clip: Clip,
    path: str | os.PathLike[str],
    count: int = 8,
    look: Look | None = None,
    *,
    force: bool = False,
    tick: Callable[[int], None] = lambda _: None,
) -> Path:
    """`count` frames of the clip, evenly spread, side by side as one PNG."""
    return _write(Path(path), lambda: png(strip(list(frames(every(clip, count), framed(clip, look), tick)))), force)


def _write(path: Path, make: Callable[[], bytes], force: bool) -> Path:
    if path.exists() and not force:
        raise ExportExistsError(f"{path} is already there; --force replaces it, -o takes another")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path.parent}: no such folder to write {path.name} into")
    content = make()
    draft = path.with_name(f".{path.name}.partial")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)  # of a full disk: half of it
    return path
