"""Which recorded states are shown, and when: a clip of one life."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..export.long_table import Selection
from ..export.physics import Replayable, lives
from ..reader import Run
from ..study import Study

MOST_FRAMES_PER_SECOND = 60.0


class NothingToReplay(ValueError):
    """The record has no state there; the message says what it has."""


@dataclass(frozen=True)
class Clip:
    """States of one life in order. row: of the recorded states, int [frames]; seconds: simulated time of each, s;
    fps: frames a second at the speed asked for; life: where bodies and states are read."""

    life: Replayable
    row: np.ndarray
    seconds: np.ndarray
    fps: float

    @property
    def body(self) -> np.ndarray:
        """Index in `life.bodies` of each frame."""
        return self.life.body[self.row]

    def state(self, frame: int) -> np.ndarray:
        """mjSTATE_INTEGRATION, and of some runs what their senses keep after it."""
        row = int(self.row[frame])
        return self.life.read(slice(row, row + 1))[0]


def life_of(record: Study | Run, number: int) -> Replayable:
    """The recorded physics of a participant, or of an agent. Raises MissingDatasetError where there is none."""
    return next(lives(record, Selection((number,))))


def seconds_of(record: Study | Run, life: Replayable) -> np.ndarray:
    """Simulated time of every state, s; of a run, all episodes one after another."""
    if isinstance(record, Run):
        return record.control_period * np.arange(len(life.body))
    return life.columns["seconds"]


def clip_of_seconds(
    record: Study | Run, number: int, start: float, stop: float, *, fps: float | None = None, speed: float = 1.0
) -> Clip:
    """From `start` to `stop` (s of simulated time): at every frame the last state before it.

    fps: [one frame a state, 60 at most]; speed: 2 is twice as fast as it was.
    """
    life = life_of(record, number)
    seconds = seconds_of(record, life)
    if np.isnan(seconds).any():
        raise NothingToReplay(f"{record.path}: it has no row of life (record.every) that says when; choose samples")
    inside = np.flatnonzero((seconds >= start) & (seconds <= stop))
    if not len(inside):
        span = f"{seconds[0]:g} to {seconds[-1]:g} s" if len(seconds) else "nothing"
        raise NothingToReplay(f"{record.path}: no state of {life.stem} from {start:g} to {stop:g} s; recorded: {span}")
    if fps is None:
        gap = float(np.median(np.diff(seconds[inside]))) if len(inside) > 1 else 1.0
        fps = min(MOST_FRAMES_PER_SECOND, speed / gap if gap > 0 else MOST_FRAMES_PER_SECOND)
    first, last = float(seconds[inside[0]]), float(seconds[inside[-1]])
    count = int((last - first) * fps / speed + 1e-6) + 1
    times = first + np.arange(count) * speed / fps
    row = np.searchsorted(seconds[inside], times + 1e-9, side="right") - 1
    return Clip(life, inside[row], seconds[inside[row]], fps)


def clip_of_samples(record: Study | Run, number: int, first: int, last: int, *, fps: float = 25.0) -> Clip:
    """Every recorded state of samples `first` to `last` (0: birth; of a run: decisions, from 1), one a frame."""
    life = life_of(record, number)
    sample = life.columns.get("sample", np.arange(1, len(life.body) + 1))
    row = np.flatnonzero((sample >= first) & (sample <= last))
    if not len(row):
        span = f"{sample[0]} to {sample[-1]}" if len(sample) else "none"
        raise NothingToReplay(f"{record.path}: no state of {life.stem} in samples {first} to {last}; recorded: {span}")
    return Clip(life, row, seconds_of(record, life)[row], fps)


def every(clip: Clip, most: int) -> Clip:
    """At most `most` of its frames, evenly spread."""
    kept = np.unique(np.linspace(0, len(clip.row) - 1, most).round().astype(int))
    return Clip(clip.life, clip.row[kept], clip.seconds[kept], clip.fps)
