"""A short film for the report: the last states of one life that recorded its physics."""

from __future__ import annotations

import base64
from typing import NamedTuple

import numpy as np

from .. import page
from ..reader import Run
from ..study import Study
from ..tables import MissingDatasetError
from . import CannotDraw, Look, MissingLibrary, framed, frames
from .scenes import Clip, life_of, seconds_of
from .video import mp4

TITLE = "A life replayed"
FRAMES, FRAMES_PER_SECOND, LOOK = 48, 12.0, Look(320, 240)


class Film(NamedTuple):
    """MP4 (empty where it could not be made, with the reason) and what it shows, in a sentence."""

    mp4: bytes
    caption: str
    reason: str = ""


def film(record: Study | Run, number: int) -> Film | None:
    """Of a participant, or an agent; None where the record holds no state that a body has."""
    clip = _last_states(record, number)
    if clip is None:
        return None
    try:
        return Film(mp4(frames(clip, framed(clip, LOOK)), clip.fps), _caption(record, number, clip))
    except (CannotDraw, MissingLibrary) as error:
        return Film(b"", "", f"Its physics was recorded; there is no film of it: {error}.")
    except ValueError:  # what is recorded is no state of this body, as in a world of Python
        return None


def _last_states(record: Study | Run, number: int) -> Clip | None:
    """Of a run, the last episode; of a study, as many as the film has frames."""
    try:
        life = life_of(record, number)
    except MissingDatasetError:
        return None
    count = len(life.body)
    if isinstance(record, Run) and count:
        episode = life.columns["episode"]
        count = int((episode == episode[-1]).sum())
    rows = np.arange(len(life.body))[-min(FRAMES, count) :] if count else np.arange(0)
    if not len(rows) or not life.read(slice(int(rows[0]), int(rows[0]) + 1)).any():
        return None
    fps = 1.0 / record.control_period if isinstance(record, Run) else FRAMES_PER_SECOND
    return Clip(life, rows, seconds_of(record, life)[rows], min(30.0, fps))


def _caption(record: Study | Run, number: int, clip: Clip) -> str:
    first, last = float(clip.seconds[0]), float(clip.seconds[-1])
    if not np.isfinite(first + last):  # life has no row that says when
        return f"Participant {number}: its last {len(clip.row)} recorded states. infans-replay --samples shows others."
    shown = len(clip.row) / clip.fps
    speed = (last - first) / shown * len(clip.row) / max(1, len(clip.row) - 1)
    pace = "as fast as it was" if abs(speed - 1) < 0.05 else f"{speed:.3g} times as fast as it was"
    if isinstance(record, Run):
        return f"The last episode of agent {number}, from its record, {pace}. infans-replay shows any other."
    return (
        f"Participant {number} ({record.participant(number).cell}) from {first:.4g} to {last:.4g} s of its life, "
        f"{len(clip.row)} recorded states, {pace}. infans-replay shows any other."
    )


def section(record: Study | Run, number: int) -> list[str]:
    """The film as a section of a report that needs no other file; none where no physics was recorded."""
    shown = film(record, number)
    if shown is None:
        return []
    if not shown.mp4:
        return [page.section(TITLE, "", page.nothing(shown.reason))]
    data = base64.b64encode(shown.mp4).decode()
    video = f'<video controls loop muted playsinline src="data:video/mp4;base64,{data}"></video>'
    return [page.section(TITLE, shown.caption, page.figure(video))]
