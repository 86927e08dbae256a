"""MuJoCo's states for exact replay: an HDF5 file a life, with every body as MJCF and a state a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np

from ..reader import Run
from ..study import Study
from .long_table import Selection, parts
from .occasions import life_at

INTEGRATION = "mjSTATE_INTEGRATION"


class Replayable(NamedTuple):
    """A life whose physics was recorded: file stem, bodies (MJCF), body of every row, what else is known of every row,
    states (a source of rows by slice) and size of a state."""

    stem: str
    bodies: list[str]
    body: np.ndarray
    columns: dict[str, np.ndarray]
    read: Callable[[slice], np.ndarray]


def lives(record: Study | Run, chosen: Selection) -> Iterator[Replayable]:
    """Raises MissingDatasetError where a life has no physics."""
    if isinstance(record, Run):
        for agent in chosen.lives(record):
            step = agent.step
            columns = {"episode": step["episode"], "index": step["index"], "action": step["action"]}
            yield Replayable(f"agent-{agent.number:03d}", [record.attrs["mjcf"]], np.zeros(step.rows, np.int64),
                             columns, lambda rows, step=step: step.read("physics", rows))  # fmt: skip
        return
    for p in chosen.lives(record):
        samples = p.physics.samples
        when = life_at(record, p, samples)
        columns = {"sample": samples, "age_days": when["age_days"], "seconds": when["seconds"]}
        yield Replayable(
            f"participant-{p.number:04d}", [b.mjcf for b in p.bodies], p.physics.body, columns, p.physics.__getitem__
        )


def write_physics(record: Study | Run, chosen: Selection, folder: Path, tick: Callable[[int], None]) -> None:
    """A file a life: state [n, size], body [n] (row of mjcf), mjcf [bodies], and sample, age_days, seconds (study) or
    episode, index, action (run; its states are before the command)."""
    for life in lives(record, chosen):
        with h5py.File(folder / f"{life.stem}.h5", "w") as file:
            file.attrs["state"] = INTEGRATION
            file.attrs["mujoco_version"] = record.attrs["mujoco_version"]
            file["mjcf"] = np.array(life.bodies, dtype=h5py.string_dtype())
            file["body"] = life.body
            for name, values in life.columns.items():
                file[name] = values
            size = life.read(slice(0, 1)).shape[1]
            states = file.create_dataset("state", (len(life.body), size), np.float64, chunks=True)
            for rows in parts(len(life.body), size):
                states[rows] = life.read(rows)
                tick(rows.stop - rows.start)
