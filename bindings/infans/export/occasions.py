"""When a sample of a life was: age, simulated seconds, stage; also of samples that `life` has no row of."""

from __future__ import annotations

import numpy as np

from ..participants import Participant
from ..study import Study
from .long_table import Block

UNKNOWN = -1  # stage of a sample of which the record does not say it


def life_at(study: Study, participant: Participant, samples: np.ndarray) -> Block:
    """age_days, seconds and stage (index, or UNKNOWN) at these samples, int [n], 0 being birth.

    What life has a row of is as recorded. Otherwise (record.every > 1) age is start_days + sample * sample_days;
    seconds are interpolated between rows, after the last at its pace, NaN where life has none; the stage is what the
    record leaves no doubt of.
    """
    life, time = participant.life, study.design["time"]
    lived = np.concatenate([[0.0], life.read("sample")])
    age = np.concatenate([[time["start_days"]], life.read("age_days")])
    seconds = np.concatenate([[0.0], life.read("seconds")])
    passed = np.interp(samples, lived, seconds)
    if len(lived) == 1:
        passed[samples > 0] = np.nan
    else:
        pace = (seconds[-1] - seconds[-2]) / (lived[-1] - lived[-2])
        passed += pace * np.maximum(0.0, samples - lived[-1])
    row = np.minimum(np.searchsorted(lived, samples), len(lived) - 1)
    exact = lived[row] == samples  # formulas may round what was recorded
    return {
        "age_days": np.where(exact, age[row], time["start_days"] + samples * time["sample_days"]),
        "seconds": np.where(exact, seconds[row], passed),
        "stage": stage_at(study, participant, samples),
    }


def samples_of(participant: Participant) -> int:
    """Samples that it has lived: of the ledger; of a life that goes on, or format 1.0, the last that is recorded."""
    counted = participant.ledger["samples"]
    if participant.finished and counted > 0:
        return int(counted)
    last = participant.life.last()
    seen = [0 if last is None else int(last[0])]
    for name in ("signals", "physics"):
        if name in participant.logs:
            rows = getattr(participant, name).samples
            seen += [int(rows[-1])] if len(rows) else []
    return max(seen)


def stage_at(study: Study, participant: Participant, samples: np.ndarray) -> np.ndarray:
    """Index of the stage in which each sample was lived, int64 [n]; UNKNOWN where the record does not say.

    Stages follow one another, so one that is known at two samples is known between them. Known are: rows of life, ends
    of stages in `states`, trials (up to their sample it was no later stage, after it no earlier one), and how long a
    stage lasts that ends by nothing but its `samples`.
    """
    last = max(0, len(participant.stages) - 1)
    at, least, most = _evidence(study, participant, last)
    order = np.argsort(at, kind="stable")
    at = at[order]
    lower = np.maximum.accumulate(least[order])
    upper = np.minimum.accumulate(most[order][::-1])[::-1]
    before = np.searchsorted(at, samples, side="right") - 1
    after = np.searchsorted(at, samples, side="left")
    low = np.where(before >= 0, lower[np.maximum(before, 0)], 0)
    high = np.where(after < len(at), upper[np.minimum(after, len(at) - 1)], last)
    return np.where(low == high, low, UNKNOWN).astype(np.int64)


def _evidence(study: Study, p: Participant, last: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Samples, and the first and last stage that each can have been in."""
    life = np.column_stack([p.life.read("sample"), p.life.read("stage"), p.life.read("stage")])
    parts = [np.array([[0.0, 0.0, 0.0]]), life]
    if "states" in p.logs:
        ended = p.states.ends
        parts += [np.column_stack([ended[:, 0], ended[:, 1], ended[:, 1]])]
        parts += [np.column_stack([ended[:, 0] + 1, np.minimum(ended[:, 1] + 1, last), np.full(len(ended), last)])]
    for probe in study.probes:
        trials = p.probe(probe)
        sample, stage = trials.read("sample"), trials.read("stage")
        parts += [np.column_stack([sample, np.zeros_like(stage), stage])]
        parts += [np.column_stack([sample + 1, stage, np.full_like(stage, last)])]
    bounds = np.concatenate([*parts, _planned(study, p, last)])
    return bounds[:, 0], bounds[:, 1], bounds[:, 2]


def _planned(study: Study, p: Participant, last: int) -> np.ndarray:
    """The same from the design, as far as the first stage that may end otherwise; a yoked life follows its partner."""
    cell = next(c for c in study.design["cells"] if c["name"] == p.cell)
    stages = {s["name"]: s for s in study.design["stages"]}
    bounds, sample = [], 0
    for k, lived in enumerate(p.stages if not cell.get("yoked_to") else ()):
        stage = stages.get(lived.name, {})
        if not stage.get("samples") or any(stage.get(other) for other in ("seconds", "until", "criterion")):
            break
        bounds.append([sample + 1, k, k])
        sample += int(stage["samples"])
        bounds += [[sample, k, k], [sample + 1, min(k + 1, last), last]]
    return np.array(bounds, float).reshape(-1, 3)
