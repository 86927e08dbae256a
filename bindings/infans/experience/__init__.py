"""Experience that others made: Minari and robomimic files, lived through by a learner that is yoked to them.

    seen = infans.experience.load("lift/ph/low_dim.hdf5")     # robomimic; or a Minari data set, its folder or its id
    seen.episodes[0].observations                             # float64 [n + 1, S]; .actions [n, A]; read when asked
    design = infans.experience.study("lift/ph/low_dim.hdf5", participants=8)     # the text of a study's file
    study = infans.run(design, participant=infans.experience.Observer)
    study.trials("held_out", frame=True)                      # error on episodes that nobody lived, over life

An `Observer` cannot act: like a yoked participant it lives what another decided, and learns to predict what comes next
(predict="observation") or, to imitate, what the other does (predict="action"). Its mind is a predictive-coding
hierarchy that learns by prediction errors alone. Groups, stages and probes stand in the study's file as always:
`[[group]]` with `experience.predict`, `mind.hidden` ... makes them differ.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from .files import Episode, Experience, load
from .observer import Observer

__all__ = ["Episode", "Experience", "Observer", "load", "study"]

DESIGN = """[study]
name = "experience"
summary = "What is learned from the experience of others"
protocol = "experience"
[population]
participants = {participants}
seed = {seed}
[time]
start = "0 days"
sample = "1 day"       # a sample of life: experience.transitions transitions
[experience]
path = {path}
predict = "{predict}"
[[group]]
name = "observers"
[[stage]]
name = "observing"
samples = {samples}
[[probe]]
name = "held_out"
kind = "held_out"
every = "{every} days"
stage_ends = true
[[analysis]]
name = "Error on episodes that nobody lived"
kind = "growth_curve"
probe = "held_out"
measure = "error"
"""


def study(
    path: str | os.PathLike[str],
    *,
    predict: str = "observation",
    participants: int = 8,
    samples: int = 200,
    seed: int = 1,
) -> str:
    """The text of a study in which observers live through a file and are tested on held-out episodes ten times."""
    every = max(1, samples // 10)
    return DESIGN.format(
        path=json.dumps(str(Path(path).absolute() if Path(path).exists() else path)), predict=predict,
        participants=participants, samples=samples, seed=seed, every=every,
    )  # fmt: skip
