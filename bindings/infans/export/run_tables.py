"""The long tables of a run: decisions and episodes of each agent, arrays spread over columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..fields import OBSERVED, TABLES
from ..reader import Agent, Run
from ..tables import Table
from .long_table import Block, ExportTable, Selection, Variable, element_names, parts

NAMES = {"step": ("decisions", "a row a decision"), "episode": ("episodes", "a row an episode")}
WIDE = ("physics",)  # only when asked for by name; --format mujoco is made for it


def run_tables(run: Run, chosen: Selection) -> list[ExportTable]:
    """The tables of a run that are wanted. Raises MissingDatasetError for an agent or a measure that is not there."""
    agents = chosen.lives(run)
    tables = [_table(run, part, agents, chosen) for part in NAMES if agents]
    chosen.check([*(TABLES["step"]), *TABLES["episode"]], str(run.path))
    return [table for table in tables if table is not None]


def modality_names(run: Run) -> list[str]:
    """Of every element of an observation: its modality, counted from 1 where it has several."""
    return [name for m in run.modalities for name in element_names(m["name"], (m["size"],))]


def _columns(run: Run, part: str, name: str, shape: tuple[int, ...]) -> list[Variable]:
    unit, doc = TABLES[part].get(name, ("", ""))
    stems = element_names(name, shape)
    units = [unit] * len(stems)
    if shape == (len(run.observation_units),) and (unit == OBSERVED or name == "precision"):
        stems = [f"{name}.{element}" for element in modality_names(run)]
        units = run.observation_units if unit == OBSERVED else [f"1/({u})^2" for u in run.observation_units]
    return [Variable(stem, "number", u, doc) for stem, u in zip(stems, units, strict=True)]


def _table(run: Run, part: str, agents: Sequence[Agent], chosen: Selection) -> ExportTable | None:
    def table_of(agent: Agent) -> Table:
        return agent.step if part == "step" else agent.episode

    first = table_of(agents[0])
    index = ["episode", "index"] if part == "step" else ["decisions"]
    names = [n for n in TABLES[part] if n in first and n not in index]
    wanted = chosen.of(names)
    if not chosen.measures:
        wanted = [n for n in wanted if n not in WIDE]
    elif not wanted:
        return None
    whole = {n for n in [*index, *wanted] if first.dtype(n).kind in "iu"}
    spread = {n: _columns(run, part, n, first.shape(n)[1:]) for n in [*index, *wanted]}
    who = [
        Variable("agent", "integer", "", "number of the agent, from 1"),
        Variable("seed", "integer", "", "of everything that was drawn for it"),
    ]
    counted = {n: [Variable(v.name, "integer", v.unit, v.doc) for v in vs] if n in whole else vs
               for n, vs in spread.items()}  # fmt: skip
    if part == "episode":
        who.append(Variable("episode", "integer", "", "episode number, from 0"))
    variables = who + [v for vs in counted.values() for v in vs]

    def blocks() -> Iterator[Block]:
        for agent in agents:
            table = table_of(agent)
            for rows in parts(table.rows, len(variables)):
                count = rows.stop - rows.start
                block = {"agent": np.full(count, agent.number), "seed": np.full(count, agent.seed)}
                if part == "episode":
                    block["episode"] = np.arange(rows.start, rows.stop)
                for name, columns in counted.items():
                    values = table.read(name, rows)
                    flat = values.reshape(count, -1, order="F") if values.ndim > 1 else values[:, None]
                    block |= zip((v.name for v in columns), flat.T, strict=True)
                yield block

    rows = sum(table_of(agent).rows for agent in agents)
    return ExportTable(NAMES[part][0], NAMES[part][1], variables, rows, blocks)
