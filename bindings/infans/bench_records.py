"""Records of sample efficiency: what is measured, by which backend, and the file it goes into.

A file holds {"meta": {...}, "records": [...]}, one record a seed; see `record`. Nothing in it depends on the day or on
the machine's speed, so that equal builds write equal files.
"""

from __future__ import annotations

import difflib
import importlib
import json
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .bench_statistics import lost_decisions

FORMAT = "infans-sample-efficiency"
VERSION = 1
Record = dict[str, Any]
Settings = Mapping[str, str]


class BenchError(ValueError):
    """A mistake of the user; the message is one line."""


@dataclass(frozen=True)
class Tier:
    """seeds a task where none are asked for, and the tasks it is made of."""

    seeds: int
    tasks: tuple[str, ...]


_QUICK = ("cartpole-swingup", "tip-pendulum", "pilco-cartpole", "mountain-car", "linear-gaussian")
_LONG = (
    "tip-reacher", "pets-cartpole", "mountain-car-feef", "mountain-car-short", "mountain-car-feef-short",
    "contact-search", "dmc-pendulum-swingup",
    "dmc-cartpole-swingup", "dmc-cartpole-swingup_sparse", "dmc-reacher-easy", "dmc-reacher-hard",
)  # fmt: skip
TASKS = _QUICK + _LONG
TIERS = {"pr": Tier(10, _QUICK), "nightly": Tier(60, TASKS), "release": Tier(30, TASKS)}


def record(
    task: str,
    agent: str,
    seed: int,
    *,
    curve: Sequence[Sequence[float]],
    budget: int,
    control_period: float,
    decisions_first: int | None,
    decisions_sustained: int | None,
    decisions_all_in: int,
    control_steps: int,
    returns: Sequence[float] = (),
) -> Record:
    """One life. curve: [decisions, score in 0..1] of every test, ascending; None: not within the budget.
    returns: of the same tests, in the task's own units, where it has a return.

    decisions_all_in counts whatever the agent lived, warm-up included, until it stopped; control_steps the steps of
    the world under them, control_period s each.
    """  # fmt: skip
    points = [[float(d), float(score)] for d, score in curve]
    if any(not 0 <= score <= 1 for _, score in points):
        raise ValueError(f"{task} by {agent}, seed {seed}: a score is outside 0..1")
    return {
        "task": task, "agent": agent, "seed": int(seed),
        "decisions_first": decisions_first, "decisions_sustained": decisions_sustained,
        "control_steps": control_steps, "simulated_seconds": round(control_steps * control_period, 9),
        "decisions_all_in": decisions_all_in, "censored": decisions_sustained is None, "budget": budget,
        "curve": points, "returns": [float(value) for value in returns],
        "auc": 1 - lost_decisions(points, budget) / budget,
    }  # fmt: skip


def lost(life: Mapping[str, Any]) -> float:
    """Decisions lost of a record; at least 1, so that it has a logarithm."""
    return max(lost_decisions(life["curve"], life["budget"]), 1.0)


def grouped(lives: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    """Records of every task and agent, in the order of the file."""
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for life in lives:
        found.setdefault((life["task"], life["agent"]), []).append(life)
    return found


# measure(task, agent, seeds, settings, threads) -> one record a seed, in their order
Measure = Callable[[str, str, Sequence[int], Settings, int | None], list[Record]]

# agent -> options of the study
SWINGUP_AGENTS: dict[str, dict[str, str]] = {
    "efe": {},
    "greedy": {"agent.policy": "greedy"},
    "babbling": {"agent.policy": "babbling"},
    "random": {"agent.policy": "random"},
    "random-data": {"agent.data": "random"},
}


def swingup(task: str, agent: str, seeds: Sequence[int], settings: Settings, threads: int | None) -> list[Record]:
    """The shipped study `cartpole_swingup`; its score is success, judged at the end of every episode."""
    import infans

    options = {**SWINGUP_AGENTS[agent], **settings}
    found: list[Record] = []
    with tempfile.TemporaryDirectory() as folder:
        for first, count in _stretches(seeds):
            out = Path(folder) / str(first)
            with infans.run(
                "cartpole_swingup", out=out, agents=count, seed=first, threads=threads, settings=options
            ) as run:
                found += [_swingup_record(task, agent, run, life) for life in run.agents]
    return found


def _swingup_record(task: str, agent: str, run: Any, life: Any) -> Record:
    judged = life.judged
    return record(
        task, agent, life.seed,
        curve=list(zip(life.episode["decisions"][judged].tolist(), life.episode["success"][judged].tolist(),
                       strict=True)),
        budget=int(run.spec["life"]["decisions"]), control_period=run.control_period,
        decisions_first=life.decisions_to_first_success, decisions_sustained=life.decisions_to_three_in_a_row,
        decisions_all_in=int(life.episode["decisions"][-1]), control_steps=int(life.episode["decisions"][-1]),
    )  # fmt: skip


def _stretches(seeds: Sequence[int]) -> list[tuple[int, int]]:
    """Runs of consecutive seeds as (first, how many)."""
    found: list[tuple[int, int]] = []
    for seed in seeds:
        if found and seed == sum(found[-1]):
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((seed, 1))
    return found


# A life on a benchmark task. Tests plan without curiosity, so `random` asks what random data are worth; a mountain car
# is not tested but lives until it has reached its goal.
LOOP_AGENTS = ("efe", "greedy", "thompson", "flex", "uncertainty", "yoked", "babbling", "random")


def compiled_loop(task: str, agent: str, seeds: Sequence[int], settings: Settings, threads: int | None) -> list[Record]:
    """The compiled loop: `_infans.sample_efficiency(task, agent, seed, settings)` returns what `record` takes."""
    measure, assets = _compiled().sample_efficiency, assets_of_task(task)
    with ThreadPoolExecutor(threads) as pool:
        lives = pool.map(lambda seed: measure(task, agent, seed, dict(settings), assets), seeds)
        return [record(task, agent, seed, **life) for seed, life in zip(seeds, lives, strict=True)]


def assets_of_task(task: str) -> str:
    """Folder of the files that the task reads; raises BenchError where its package is missing."""
    from gymnasium.error import DependencyNotInstalled

    from .envs import assets_of

    try:
        return assets_of(f"{task}-v0")
    except DependencyNotInstalled as error:
        raise BenchError(str(error)) from None


def sampling(task: str, agent: str, seeds: Sequence[int], settings: Settings, threads: int | None) -> list[Record]:
    """What to observe next: `_infans.sampling_efficiency(task, agent, seed)`, which has no options."""
    if settings:
        raise BenchError(f"--set {next(iter(settings))}: {task} has no options; leave it out of --tasks")
    measure = _compiled().sampling_efficiency
    with ThreadPoolExecutor(threads) as pool:
        lives = pool.map(lambda seed: measure(task, agent, seed), seeds)
        return [record(task, agent, seed, **life) for seed, life in zip(seeds, lives, strict=True)]


def _compiled() -> Any:
    return importlib.import_module("infans._infans")


def backends() -> dict[str, tuple[Measure, tuple[str, ...] | None]]:
    """task -> (its measure, its agents or None where the loop itself knows them), of this build."""
    known: dict[str, tuple[Measure, tuple[str, ...] | None]] = {"cartpole-swingup": (swingup, tuple(SWINGUP_AGENTS))}
    known |= {task: (compiled_loop, LOOP_AGENTS) for task in _compiled().efficiency_tasks()}
    known |= {task: (sampling, tuple(agents)) for task, agents in _compiled().sampling_tasks()}
    return known


def _nearest(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean '{near[0]}'? " if near else ""


def chosen_tasks(names: Sequence[str] | None, tier: str) -> tuple[list[str], list[str]]:
    """Tasks to measure, and those of the tier that this build cannot; raises BenchError for a name it does not know."""
    able = backends()
    if names is None:
        wanted = TIERS[tier].tasks
        return [t for t in wanted if t in able], [t for t in wanted if t not in able]
    for name in names:
        if name not in able:
            why = "is not measured by this build" if name in TASKS else "is no task"
            raise BenchError(f"--tasks: '{name}' {why}; {_nearest(name, list(able))}there is: {', '.join(able)}")
    return list(names), []


def check_agents(tasks: Sequence[str], agents: Sequence[str]) -> None:
    """Raises BenchError for an agent that a task does not have."""
    able = backends()
    for task in tasks:
        known = able[task][1]
        for agent in agents:
            if known is not None and agent not in known:
                hint = _nearest(agent, known)
                raise BenchError(f"--agents: {task} has no agent '{agent}'; {hint}there is: {', '.join(known)}")


def measure(
    task: str, agent: str, seeds: Sequence[int], settings: Settings | None = None, threads: int | None = None
) -> list[Record]:
    """One record a seed."""
    return backends()[task][0](task, agent, seeds, settings or {}, threads)


def meta(tier: str, seeds: Sequence[int], settings: Settings) -> dict[str, Any]:
    """What must be known to compare: build, machine type, engine, tier, seeds, options."""
    import infans

    build = infans.build_info()
    return {
        "format": FORMAT, "version": VERSION, "commit": build["git_hash"], "isa": build["isa"],
        "mujoco": build["mujoco"], "tier": tier, "seeds": [int(s) for s in seeds], "settings": dict(settings),
    }  # fmt: skip


def write_text(path: Path, text: str) -> None:
    """Readers see the old file or the whole new one."""
    if not path.parent.is_dir():
        raise BenchError(f"{path.parent}: no such folder for {path.name}")
    draft = path.with_name(path.name + ".tmp")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def to_json(results: Mapping[str, Any]) -> str:
    """One record a line: a change shows in a diff."""
    lines = ",\n".join("  " + json.dumps(r) for r in results["records"])
    return f'{{\n "meta": {json.dumps(results["meta"])},\n "records": [\n{lines}\n ]\n}}\n'


def read(path: Path) -> dict[str, Any]:
    """A file of records; raises BenchError where it is none."""
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BenchError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BenchError(f"{path}: not a file of records ({error})") from None
    about = results.get("meta") if isinstance(results, dict) else None
    if not isinstance(about, dict) or about.get("format") != FORMAT or not isinstance(results.get("records"), list):
        raise BenchError(f"{path}: not a file of records; `infans bench sample-efficiency --json FILE` writes one")
    if about.get("version") != VERSION:
        raise BenchError(f"{path}: version {about.get('version')}, but this Infans reads {VERSION}")
    return results
