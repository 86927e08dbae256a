"""Writes synthetic records of studies (experiments/record/FORMAT.md) whose truth is known.

python tests/python/make_study.py FOLDER writes every variant of VARIANTS as FOLDER/NAME.h5.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import h5py
import make_logs
import numpy as np
from make_example import fixed, head

SAMPLE_SECONDS, SAMPLE_DAYS, START_DAYS = 5.0, 0.5, 28.0
BASELINE, CONJUGATE, EXTINCTION, EVERY = 36, 108, 36, 12  # samples; a test every EVERY samples
SAMPLES = BASELINE + CONJUGATE + EXTINCTION
TRIALS = 4
ONSET = 60.0  # s after the start of "conjugate"
KICKS = {"active": (6.0, 24.0), "yoked": (6.0, 6.0), "random": (6.0, 12.0)}  # a minute, before and after
GROWTH = {"active": 50.0, "yoked": 70.0, "random": 80.0}  # midpoint of the logistic, days
LEVELS, RATE, NOISE = (0.20, 0.01), 0.12, 0.004  # m, 1/day, m
LEAST, INTERCEPT, CURVATURE = 2.0, -2.0, 1.2  # looking away: least probable at this surprise (nats)

COLUMNS = [
    ("sample", "1", "samples lived"), ("age_days", "d", "age"), ("seconds", "s", "simulated time"),
    ("stage", "1", "index"),
]  # fmt: skip
VARIABLES = [
    ("kick", "1", "kicks in the sample"), ("away", "1", "1: looked away"), ("surprise", "nats", "of the sample"),
    ("progress", "nats", "learned in the sample"), ("touch_x", "m", "forward"), ("touch_y", "m", "left"),
    ("touch_z", "m", "up"),
]  # fmt: skip
OCCASIONS = [
    ("occasion", "1", "from 0"), ("trial", "1", "from 1"), ("age_days", "d", "age"), ("sample", "1", "lived"),
    ("stage", "1", "index"),
]  # fmt: skip
MEASURES = [("error", "m", "distance to the target"), ("movement_units", "1", "peaks of speed")]
ANALYSES = [
    {"name": "Reach error", "kind": "growth_curve", "probe": "reach", "measure": "error", "reference": "active"},
    {"name": "Samples to 3 cm", "kind": "samples_to", "probe": "reach", "measure": "error", "below": 0.03, "hold": 2,
     "reference": "active"},
    {"name": "Kicks to baseline", "kind": "ratio", "series": "kick", "numerator": "conjugate",
     "denominator": "baseline", "reference": "active"},
    {"name": "Onset", "kind": "change_point", "series": "kick", "from_stage": "conjugate", "bin": 15,
     "stages": ["conjugate"]},
    {"name": "Last error", "kind": "compare", "probe": "reach", "measure": "error", "at": "last"},
    {"name": "Looking away", "kind": "regression", "outcome": "away", "predictors": ["surprise", "progress"],
     "quadratic": ["surprise"]},
    {"name": "Touches", "kind": "touches", "series": "touch"},
]  # fmt: skip
SPEC = """[study]
name = "example"
summary = "Reach <and> kick"
protocol = "synthetic"
"""


@dataclass
class Example:
    """participants in each of `groups`; light: the acuity of a factor crossed with them; excluded: numbers."""

    groups: tuple[str, ...] = ("active", "random", "yoked")
    participants: int = 10
    factor: tuple[str, ...] = ()  # levels of "acuity", between subjects
    within: tuple[str, ...] = ()  # levels of "light", lived in the stages baseline and conjugate of two blocks
    excluded: tuple[int, ...] = ()  # numbers of the participants that the rule leaves out
    failed: tuple[int, ...] = ()
    only: tuple[int, ...] = ()  # the numbers that were run, as `infans run --participants`; none: all
    uncommitted: int = 0  # rows after the last commit
    lived: int = SAMPLES  # committed samples
    variables: int = len(VARIABLES)  # of life
    logs: bool = False  # format 1.1 with every log (make_logs.py)
    seed: int = 3
    version: tuple[int, int] = (1, 0)
    analyses: tuple[dict, ...] = tuple(ANALYSES)


VARIANTS = {
    "study": Example(excluded=(2,)),
    "killed": Example(participants=2, uncommitted=7, lived=100),
    "brief": Example(participants=2, lived=60, variables=1, analyses=(ANALYSES[2],)),
    "empty": Example(participants=2, lived=0),
    "some": Example(participants=4, only=(2, 7), excluded=(7,), failed=(2,), analyses=()),
    "factorial": Example(participants=5, factor=("low", "high")),
    "within": Example(groups=("active",), participants=12, within=("dark", "bright")),
    "logged": Example(participants=2, version=(1, 1), logs=True, excluded=(2,)),
    "logged_empty": Example(participants=1, version=(1, 1), logs=True, lived=0),
    "logged_killed": Example(participants=1, version=(1, 1), logs=True, uncommitted=5, lived=100),
}


def logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def stages_of(example: Example, number: int) -> tuple[list[dict], np.ndarray]:
    """Stages as lived (the order of the levels alternates over participants), and the index of each sample's."""
    blocks = [("baseline", BASELINE), ("conjugate", CONJUGATE), ("extinction", EXTINCTION)]
    if not example.within:
        return [{"name": n, "levels": {}} for n, _ in blocks], np.repeat(np.arange(3), [c for _, c in blocks])
    order = example.within if number % 2 else example.within[::-1]
    stages = [{"name": "session", "levels": {"light": level}} for level in order]
    return stages, np.repeat(np.arange(len(order)), SAMPLES // len(order))


def life(example: Example, group: str, number: int) -> np.ndarray:
    """All columns [SAMPLES, 4 + variables]."""
    rng = np.random.default_rng([example.seed, number, 0])
    sample = np.arange(1, SAMPLES + 1)
    seconds = SAMPLE_SECONDS * sample
    low, high = KICKS[group]
    onset = SAMPLE_SECONDS * BASELINE + ONSET
    end = SAMPLE_SECONDS * (BASELINE + CONJUGATE)
    rate = np.where((seconds > onset) & (seconds <= end), high, low) * np.exp(0.15 * rng.standard_normal())
    surprise = rng.gamma(4.0, 0.5, SAMPLES)
    progress = rng.standard_normal(SAMPLES)
    logit = INTERCEPT + CURVATURE * (surprise - LEAST) ** 2 - 0.5 * progress + 0.4 * rng.standard_normal()
    touch = 0.1 * rng.standard_normal((SAMPLES, 3)) * [0.5, 1.0, 2.0]
    touch[rng.random(SAMPLES) < 0.5] = np.nan
    _, stage = stages_of(example, number)
    return np.column_stack([
        sample, START_DAYS + SAMPLE_DAYS * sample, seconds, stage, rng.poisson(rate * SAMPLE_SECONDS / 60),
        rng.random(SAMPLES) < logistic(logit), surprise, progress, touch,
    ])[:, : len(COLUMNS) + example.variables]  # fmt: skip


def reach(example: Example, group: str, number: int) -> np.ndarray:
    """All columns [occasions x TRIALS, 5 + measures]: a test before the first sample and after every EVERY-th."""
    rng = np.random.default_rng([example.seed, number, 1])
    stages, stage = stages_of(example, number)
    middle = GROWTH[group] + 3 * rng.standard_normal()
    own = 0.01 * rng.standard_normal()  # better with light
    rows = []
    for occasion, lived in enumerate(range(0, SAMPLES + 1, EVERY)):
        age = START_DAYS + SAMPLE_DAYS * lived
        now = int(stage[max(0, lived - 1)])
        level = stages[now]["levels"].get("light")
        mean = LEVELS[0] + (LEVELS[1] - LEVELS[0]) * logistic(RATE * (age - middle))
        if level:
            mean = 0.1 + own - 0.02 * (level == "bright")
        for trial in range(TRIALS):
            rows.append([occasion, trial + 1, age, lived, now, max(1e-4, mean + NOISE * rng.standard_normal()),
                         1 + rng.poisson(40 * mean)])  # fmt: skip
    return np.array(rows)


def design(example: Example) -> dict:
    cells = [
        {"name": ", ".join((group, *level)), "group": group, "levels": dict(zip(["acuity"], level, strict=False)),
         "yoked_to": None}
        for group, level in product(example.groups, [(v,) for v in example.factor] or [()])
    ]  # fmt: skip
    factors = [{"name": "acuity", "within": False, "levels": list(example.factor)}] if example.factor else []
    factors += [{"name": "light", "within": True, "levels": list(example.within)}] if example.within else []
    named = lambda rows: [dict(zip(("name", "unit", "doc"), row, strict=True)) for row in rows]  # noqa: E731
    stages = ["session"] if example.within else ["baseline", "conjugate", "extinction"]
    return {
        "cells": cells, "factors": factors, "stages": [{"name": n} for n in stages],
        "variables": named(VARIABLES[: example.variables]),
        "probes": [{"name": "reach", "kind": "reach", "measures": named(MEASURES)}],
        "exclusions": [{"name": "never moved"}], "analyses": list(example.analyses),
        "time": {"start_days": START_DAYS, "sample_days": SAMPLE_DAYS},
    }  # fmt: skip


def write(path: str | Path, example: Example) -> Path:
    """Writes the record and returns its path."""
    about = design(example)
    cells = [(k, cell) for k, cell in enumerate(about["cells"]) for _ in range(example.participants)]
    people = [(n, *of) for n, of in enumerate(cells, 1) if not example.only or n in example.only]
    with h5py.File(path, "w", libver="latest") as file:
        texts = {"protocol": "synthetic", "spec_toml": SPEC, "design": json.dumps(about)}
        head(file, {"filetype": "infans-study"} | texts, example.version, example.seed)
        committed, excluded = np.zeros((len(people), 2), np.int64), np.zeros(len(people), np.int8)
        logged: list[list[int]] = []
        for row, (number, index, cell) in enumerate(people):
            excluded[row] = -1 if number in example.failed else number in example.excluded
            group = file.create_group(f"participants/{number:04d}")
            group.attrs["number"], group.attrs["seed"], group.attrs["cell"] = number, 100 + number, index
            group.attrs["stages"] = fixed(json.dumps(stages_of(example, number)[0]))
            tests = reach(example, cell["group"], number)
            keep = tests[:, 3] <= example.lived if example.lived else np.zeros(len(tests), bool)
            lived = life(example, cell["group"], number)[: example.lived]
            tables = {
                "life": (lived, COLUMNS + VARIABLES[: example.variables]),
                "probes/reach": (tests[keep], OCCASIONS + MEASURES),
            }
            for column, (name, (rows, columns)) in enumerate(tables.items()):
                committed[row, column] = len(rows)
                data = np.concatenate([rows, np.full((example.uncommitted, len(columns)), 99.0)])
                dataset = group.create_dataset(name, data=data, maxshape=(None, len(columns)), chunks=True)
                fields = [dict(zip(("name", "unit", "doc"), c, strict=True)) for c in columns]
                dataset.attrs["columns"] = fixed(json.dumps(fields))
            if example.logs:
                stage = stages_of(example, number)[1][: example.lived]
                logged.append(make_logs.write(group, number, stage, example.uncommitted))
        if example.logs:
            make_logs.finish(file, logged, example.lived)
        file["committed"] = committed
        file["excluded"] = excluded
        file["ledger/wall_seconds"] = np.linspace(10, 20, len(people)) * bool(example.lived)
        file["ledger/cpu_seconds"] = np.linspace(9, 18, len(people)) * bool(example.lived)
    return Path(path)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, example in VARIANTS.items():
        print(write(folder / f"{name}.h5", example))
