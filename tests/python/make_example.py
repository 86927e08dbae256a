"""Writes synthetic records after experiments/record/FORMAT.md: kinematic cart-pole lives with known successes.

python tests/python/make_example.py FOLDER writes every variant of VARIANTS as FOLDER/NAME.h5.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

PERIOD, STEPS, LENGTH, TOLERANCE = 0.1, 30, 0.6, 0.10
REJECTED, PHYSICS, INPUTS = 4, 5, 6
SPEC = """[study]
name = "example"
summary = "Swing a pole up <and> hold it"

[world]
control_period = 0.1
episode_steps = 30

[life]
decisions = {budget}
successes = 3

[planner]
horizon = 15
"""
OUTCOME = {"kind": "planar_tip", "length": LENGTH, "goal": [0.0, 0.6], "width": 0.03, "tolerance": TOLERANCE}
MODALITIES = [
    {"name": "joint_position", "unit": "m,rad", "offset": 0, "size": 2},
    {"name": "joint_velocity", "unit": "m/s,rad/s", "offset": 2, "size": 2},
]


@dataclass
class Example:
    """first[k]: number (from 1) of agent k's first successful episode; None never. Lives end 2 episodes later."""

    first: list[int | None] = field(default_factory=lambda: [3, 4, 4, 5, 5, 6, 7, 9])
    budget: int = 300  # decisions
    uncommitted: int = 0  # rows and episodes written after the last commit
    empty: bool = False  # nothing committed
    evaluation: bool = False  # learn from babbling; the planner is tested after each episode
    planned: bool = True  # False: EFE is NaN throughout
    version: tuple[int, int] = (1, 0)


VARIANTS = {
    "full": Example(),
    "partial": Example(first=[3, None, 5], uncommitted=17),
    "empty": Example(empty=True),
    "evaluation": Example(first=[2, 3, None], evaluation=True, budget=150),
    "single": Example(first=[4]),
    "hopeless": Example(first=[None, None], planned=False, budget=120),
}


def motion(rng: np.random.Generator, skill: float, success: bool) -> np.ndarray:
    """States [STEPS + 1, 4]: pumping, then upright if `success`; otherwise a swing that grows with skill."""
    t = np.arange(STEPS + 1) * PERIOD
    phase = rng.uniform(-0.3, 0.3)
    if success:
        rise = np.clip((t - 0.8) / 0.8, 0, 1)
        rise = rise**2 * (3 - 2 * rise)
        fade = np.exp(-((t / 1.1) ** 4))
        theta = -1.3 * np.sin(2 * np.pi * t / 1.3) * fade + np.pi * rise
        x = 0.35 * np.sin(2 * np.pi * t / 1.3 + phase) * fade + 0.25 * np.exp(-(((t - 1.3) / 0.35) ** 2))
    else:
        theta = (0.4 + 2.0 * skill) * np.sin(2 * np.pi * t / 1.4 + phase) * np.minimum(1, t)
        x = rng.uniform(-0.5, 0.5) * t / 3 + 0.3 * np.sin(2 * np.pi * t / 1.7 + phase)
    theta, x = theta + 0.01 * rng.standard_normal(t.size), x + 0.005 * rng.standard_normal(t.size)
    return np.stack([x, theta, np.gradient(x, PERIOD), np.gradient(theta, PERIOD)], axis=1)


def distance(states: np.ndarray) -> np.ndarray:
    """Of the tip to its goal, m."""
    x, theta = states[:, 0], states[:, 1]
    return np.hypot(x - LENGTH * np.sin(theta) - 0.0, -LENGTH * np.cos(theta) - 0.6)


def episode_rows(rng: np.random.Generator, example: Example, number: int, age: int, skill: float, kind: int) -> dict:
    """`kind` is `planned`: 0 babbled, 1 planned, 2 evaluation."""
    success = skill >= 1 and kind != 0
    s = motion(rng, min(skill, 0.9), success)
    n, lived = STEPS, age + np.arange(STEPS)
    std = 0.5 / (1 + lived / 30)[:, None] * np.array([0.02, 0.05, 0.2, 0.6])
    error = std * rng.standard_normal((n, 4))
    learned, plan = kind != 2, kind != 0 and example.planned
    scale = lambda x: x if learned else np.full(n, np.nan)  # noqa: E731
    complexity = 8 * np.exp(-lived / 60) * rng.uniform(0.5, 1.5, n)
    accuracy = 10 - 40 * np.exp(-lived / 40) + rng.standard_normal(n)
    wish = lambda x: x if plan else np.full(x.shape, np.nan)  # noqa: E731
    pragmatic = -(4000 * np.exp(-lived / 80) + 60) * rng.uniform(0.8, 1.2, n)
    epistemic = 30 * np.exp(-lived / 70) * rng.uniform(0.8, 1.2, n)
    worse = np.sort(rng.uniform(1.02, 1.4, (n, REJECTED)), axis=1)
    return {
        "episode": np.full(n, number, np.int32), "index": np.arange(n, dtype=np.int32),
        "observation": s[:-1], "next_observation": s[1:],
        "action": np.clip(np.gradient(s[:-1, 2:3], axis=0) + 0.2 * rng.standard_normal((n, 1)), -1, 1),
        "prediction": s[1:] - error, "prediction_error": error, "predictive_std": std, "precision": 1 / std**2,
        "vfe": scale(complexity - accuracy), "accuracy": scale(accuracy), "complexity": scale(complexity),
        "information_gain": 6 * np.exp(-lived / 60) * rng.uniform(0.5, 1.5, n) * learned,
        "efe": wish(-(pragmatic + epistemic)), "pragmatic": wish(pragmatic), "epistemic": wish(epistemic),
        "rejected_action": wish(rng.uniform(-1, 1, (n, REJECTED, 1))),
        "rejected_pragmatic": wish(pragmatic[:, None] * worse),
        "rejected_epistemic": wish(epistemic[:, None] * rng.uniform(0.6, 1.1, (n, REJECTED))),
        "planned": np.full(n, kind, np.int8), "physics": np.zeros((n, PHYSICS)),
    }  # fmt: skip


def life(example: Example, agent: int) -> tuple[dict, dict]:
    """All step and episode columns of one agent."""
    rng = np.random.default_rng([7, agent])
    first, last = example.first[agent], example.budget // STEPS
    end = last if first is None else min(last, first + 2)
    steps: list[dict] = []
    episodes: list[dict] = []
    for number in range(1, end + 1):
        skill = number / first if first else 0.5 * number / last
        kinds = [0, 2] if example.evaluation else [1 if example.planned else 0]
        for kind in kinds:
            age = STEPS * (number if kind == 2 else number - 1)
            rows = episode_rows(rng, example, len(episodes), age, skill, kind)
            gap = distance(rows["next_observation"])
            hold = gap[-10:].max()
            scales = 1.5 + np.array([3, -0.6, -0.5, 4, 1.5, 5.0]) * (1 - np.exp(-number / 2))
            episodes.append({
                "success": np.int8(hold < TOLERANCE), "decisions": np.int64(STEPS * number),
                "best_distance": gap.min(), "hold_distance": hold, "log_evidence": 400.0 * number,
                "length_scale": scales * rng.uniform(0.8, 1.25, INPUTS),
                "model_error": 0.9 * np.exp(-number / 3) * rng.uniform(0.8, 1.25), "evaluation": np.int8(kind == 2),
            })  # fmt: skip
            steps.append(rows)
    stack = {k: np.concatenate([r[k] for r in steps]) for k in steps[0]}
    return stack, {k: np.array([e[k] for e in episodes]) for k in episodes[0]}


def fixed(text: str) -> np.ndarray:
    data = text.encode()
    return np.array(data, dtype=h5py.string_dtype("utf-8", max(1, len(data))))


def head(file: h5py.File, texts: dict[str, str], version: tuple[int, int], seed: int) -> None:
    """What every record says about itself, and `texts`."""
    always = {"infans_version": "0.1.0", "git_hash": "0123abc", "mujoco_version": "4.0.0", "isa": "avx2",
              "spec_name": "example"}  # fmt: skip
    for name, text in (always | texts).items():
        file.attrs[name] = fixed(text)
    file.attrs["format_version"], file.attrs["seed"] = np.array(version, np.int32), seed


def write(path: str | Path, example: Example) -> Path:
    """Writes the record and returns its path."""
    lives = [life(example, k) for k in range(len(example.first))]
    with h5py.File(path, "w", libver="latest") as file:
        texts = {
            "filetype": "infans-run", "spec_toml": SPEC.format(budget=example.budget), "mjcf": "<mujoco/>",
            "modalities": json.dumps(MODALITIES), "joints": json.dumps(["slide", "hinge"]),
            "outcome_json": json.dumps(OUTCOME),
        }  # fmt: skip
        head(file, texts, example.version, 11)
        file.attrs["control_period"], file.attrs["episode_steps"] = PERIOD, STEPS
        committed = np.zeros((2, len(lives)), np.int64)
        for k, tables in enumerate(lives):
            group = file.create_group(f"agents/{k + 1:03d}")
            group.attrs["seed"], group.attrs["agent"] = 11 + k, k + 1
            for part, columns in zip(("step", "episode"), tables, strict=True):
                rows = len(next(iter(columns.values())))
                committed[("step", "episode").index(part), k] = 0 if example.empty else rows
                for name, values in columns.items():
                    extra = np.full((example.uncommitted, *values.shape[1:]), 99, values.dtype)
                    data = values[:0] if example.empty else np.concatenate([values, extra])
                    group.create_dataset(f"{part}/{name}", data=data, maxshape=(None, *data.shape[1:]), chunks=True)
        for name, values in zip(("committed_steps", "committed_episodes"), committed, strict=True):
            file[name] = values
        n = len(lives)
        file["ledger/agent_wall_seconds"] = np.linspace(10, 20, n) * (not example.empty)
        file["ledger/agent_cpu_seconds"] = np.linspace(9, 18, n) * (not example.empty)
        file["ledger/decision_seconds"] = np.full(n, 0.012 if example.planned else np.nan)
        file.flush()
    return Path(path)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, example in VARIANTS.items():
        print(write(folder / f"{name}.h5", example))
