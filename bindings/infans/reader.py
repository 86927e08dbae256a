"""Records in Python: `load` opens run.h5 and hands out NumPy arrays of what is committed, nothing else."""

from __future__ import annotations

import json
import os
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from .fields import OBSERVED, TABLES, Field
from .records import Kind, Record, RecordError, open_record, reading
from .study import STUDY, Study, in_words
from .tables import MissingDatasetError, OnDemand, Table

__all__ = ["Agent", "Agents", "RecordError", "Run", "Study", "load"]

RUN = Kind(
    version=(1, 1),
    attributes=("spec_name", "spec_toml", "modalities", "joints", "outcome_json", "control_period", "seed"),
    groups=("committed_steps", "committed_episodes", "agents", "ledger"),
)


class Agent:
    """One life: `step` has a row a decision, `episode` a row an episode, `ledger` wall-clock figures in seconds."""

    def __init__(self, run: Run, number: int) -> None:
        self._run, self.number = run, number
        group = run.file[f"agents/{number:03d}"]
        steps, episodes = run.committed_steps[number - 1], run.committed_episodes[number - 1]
        self.seed = int(group.attrs["seed"])
        self.step = Table(group["step"], int(steps), f"agent {number}, step")
        self.episode = Table(group["episode"], int(episodes), f"agent {number}, episode")

    @property
    def ledger(self) -> dict[str, float]:
        """What this life has cost, by the names of `infans.fields.LEDGER`; joules are of the whole run."""
        return {n: float(values[self.number - 1]) for n, values in self._run.ledger.items() if n != "joules"}

    @cached_property
    def judged(self) -> np.ndarray:
        """bool [episodes]: on which success is judged: evaluation episodes if there are any, otherwise all."""
        tested = self.episode["evaluation"] == 1
        return tested if tested.any() else np.ones_like(tested)

    def _decisions_to(self, in_a_row: int) -> int | None:
        success, decisions = self.episode["success"][self.judged], self.episode["decisions"][self.judged]
        streak = 0
        for won, lived in zip(success, decisions, strict=True):
            streak = streak + 1 if won else 0
            if streak == in_a_row:
                return int(lived)
        return None

    @property
    def decisions_to_first_success(self) -> int | None:
        """Decisions lived at the end of the first successful episode; None if it never came."""
        return self._decisions_to(1)

    @property
    def decisions_to_three_in_a_row(self) -> int | None:
        """Decisions lived at the end of the first three successes in a row; None if they never came."""
        return self._decisions_to(3)

    def datasets(self) -> list[Field]:
        """Name, committed shape, unit and meaning of every dataset of this agent."""
        fields = []
        for part, table in (("step", self.step), ("episode", self.episode)):
            for name in table:
                unit, doc = TABLES[part].get(name, ("", ""))
                unit = ",".join(self._run.observation_units) if unit == OBSERVED else unit
                fields.append(Field(f"{part}/{name}", table.shape(name), unit, doc))
        return fields

    @property
    def finished(self) -> bool:
        """Whether it has lived to its end; not: it goes on, or its run was stopped or killed."""
        return self.ledger.get("agent_wall_seconds", np.nan) > 0.0

    def __repr__(self) -> str:
        first = self.decisions_to_first_success
        word = "no success" if first is None else f"first success after {first} decisions"
        return f"<Agent {self.number}, seed {self.seed}: {self.step.rows} steps, {self.episode.rows} episodes, {word}>"


class Agents(OnDemand[Agent]):
    """The population: `agents[0]` is agent 1."""

    def __init__(self, run: Run, size: int) -> None:
        self._run = run
        self._all: list[Agent | None] = [None] * size

    def _make(self, index: int) -> Agent:
        with reading(self._run.path):
            self._all[index] = made = self._all[index] or Agent(self._run, index + 1)
        return made

    def __len__(self) -> int:
        return len(self._all)

    def __repr__(self) -> str:
        return "[" + ",\n ".join(map(repr, self)) + "]"


class Run(Record):
    """A record of agents. Arrays hold what was committed when it was opened; `refresh()` looks again."""

    def __init__(self, file: h5py.File, path: Path) -> None:
        super().__init__(file, path)
        self.refresh()

    def refresh(self) -> Run:
        """Look again at a record that is still being written; returns self."""
        self.committed_steps, self.committed_episodes = map(self.fresh, ("committed_steps", "committed_episodes"))
        self.agents = Agents(self, len(self.committed_steps))
        return self

    committed_steps: np.ndarray  # int64 [agents]
    committed_episodes: np.ndarray  # int64 [agents]
    agents: Agents

    def agent(self, number: int) -> Agent:
        """The agent of that number, from 1. Raises MissingDatasetError."""
        if not 1 <= number <= len(self.agents):
            there = in_words(range(1, len(self.agents) + 1)) or "none"
            raise MissingDatasetError(f"no agent {number} in {self.path}; there is: {there}")
        return self.agents[number - 1]

    @cached_property
    def modalities(self) -> list[dict[str, Any]]:
        """Slices of an observation: name, unit, offset, size."""
        return json.loads(self.attrs["modalities"])

    @cached_property
    def observation_units(self) -> list[str]:
        """Unit of every element of an observation."""
        units: list[str] = []
        for m in self.modalities:
            each = m["unit"].split(",")
            units += each if len(each) == m["size"] else [m["unit"]] * m["size"]
        return units

    @cached_property
    def joints(self) -> list[str]:
        """ "slide" or "hinge" of every joint coordinate."""
        return json.loads(self.attrs["joints"])

    @cached_property
    def outcome(self) -> dict[str, Any]:
        """What success means: kind, and for "planar_tip" length, goal [x, z], width and tolerance in m."""
        return json.loads(self.attrs["outcome_json"])

    @property
    def control_period(self) -> float:
        """Seconds between two decisions."""
        return float(self.attrs["control_period"])

    @property
    def ledger(self) -> Table:
        """Wall-clock figures, s, one value an agent."""
        return Table(self.file["ledger"], len(self.agents), "ledger")

    @property
    def decisions_to_first_success(self) -> list[int | None]:
        """Of every agent; None where it never came."""
        return [a.decisions_to_first_success for a in self.agents]

    @property
    def decisions_to_three_in_a_row(self) -> list[int | None]:
        """Of every agent; None where they never came."""
        return [a.decisions_to_three_in_a_row for a in self.agents]

    def datasets(self) -> list[Field]:
        """Name, shape, unit and meaning of every dataset; step and episode shapes are those of the first agent."""
        ledger = [Field(f"ledger/{n}", self.ledger.shape(n), *TABLES["ledger"].get(n, ("", ""))) for n in self.ledger]
        return (self.agents[0].datasets() if len(self.agents) else []) + ledger

    def __repr__(self) -> str:
        if not self.file:
            return f"<Run {self.path.name}, closed>"
        reached = sum(n is not None for n in self.decisions_to_first_success)
        return (
            f"<Run of '{self.attrs['spec_name']}': {len(self.agents)} agents, {int(self.committed_steps.sum())} steps, "
            f"{int(self.committed_episodes.sum())} episodes, {reached} agents succeeded.\n"
            f" agents[0].step: {', '.join(TABLES['step'])}\n agents[0].episode: {', '.join(TABLES['episode'])}>"
        )


def load(path: str | os.PathLike[str]) -> Run | Study:
    """Open a record (run.h5, or the folder that holds it); works on finished, running and killed runs and studies."""
    file, path, filetype = open_record(path, {"infans-run": RUN, "infans-study": STUDY})
    try:
        with reading(path):
            return Study(file, path) if filetype == "infans-study" else Run(file, path)
    except BaseException:
        file.close()
        raise
