"""Infans: minds that learn by predicting.

    import infans
    run = infans.run("cartpole_swingup", agents=8)     # a population lives one study
    run = infans.load("runs/cartpole_swingup-1")       # or read a record: finished, running or killed
    run.agents[0].step.vfe                             # NumPy array, nats, one value a decision
    infans.report.write(run, "report.html")            # every picture on one page
    study = infans.load("runs/body_map-1")             # a study of participants, groups, ages and probes
    study.trials("reach", frame=True)                  # one row a trial, as a pandas data frame
    infans.merge(["day1", "day2"], "whole.h5")         # parts of one study as one record: see infans-sweep
    infans.analysis.run(study)                         # what the study's file declares: see infans.analysis
    infans.export.write(study, "parquet")              # CSV, Parquet, Psych-DS, Minari, MuJoCo: see infans.export
    infans.replay.write_mp4(infans.replay.clip(study, 3, 120, 130), "kick.mp4")    # see infans.replay
    infans.experience.load("lift/ph/low_dim.hdf5")     # Minari and robomimic files: see infans.experience
    net = infans.Hierarchy.chain([64, 128, 10])        # predictive coding by hand: see infans.hierarchy
    body = infans.Body("infant?age=6", skin={})        # any MJCF with senses: see infans.body
    env = gymnasium.make("infans/HalfCheetah-v5")      # bodies and tasks: see infans.envs

Reading a record needs h5py, the report matplotlib, the analysis of studies SciPy, statsmodels and ruptures, Parquet
pyarrow, Minari's episodes minari, films PyAV (`pip install "infans[report,analysis,export,replay]"`), running the
compiled module; each is imported when it is first used.
"""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .tasks import register_with_gymnasium as _register_with_gymnasium

if TYPE_CHECKING:
    from . import analysis, experience, export, replay, report
    from ._infans import BodyError, Error, FileError, OptionError, SimulationError
    from .body import Body
    from .envs import World
    from .hierarchy import Adam, Amortiser, Belief, Edge, Hierarchy, Node, Sgd
    from .merging import merge
    from .protocol import Option, Participant, Probe, Trial, stream
    from .reader import Agent, RecordError, Run
    from .study import Study

__all__ = [
    "Adam", "Agent", "Amortiser", "Belief", "Body", "BodyError", "Edge", "Error", "FileError", "Hierarchy", "Life",
    "Node", "Option", "OptionError", "Participant", "Probe", "RecordError", "Run", "Sgd", "SimulationError", "Study",
    "Trial", "analysis", "build_info", "experience", "export", "load", "merge", "replay", "report",
    "resume", "run", "stream",
]  # fmt: skip

_FROM_HIERARCHY = ("Adam", "Amortiser", "Belief", "Edge", "Hierarchy", "Node", "Sgd")
_FROM_PROTOCOL = ("Option", "Participant", "Probe", "Trial", "stream")
_FROM_READER = ("Agent", "RecordError", "Run", "Study")
_FROM_COMPILED = ("BodyError", "Error", "FileError", "OptionError", "SimulationError")


def load(path: str | os.PathLike[str]) -> Run | Study:
    """Open the record `path` (run.h5, or the folder that holds it) and return a lazy `Run`, or `Study` of a protocol.

    Raises FileNotFoundError, or RecordError (a ValueError) for another type of file or a newer major format.
    """
    from .reader import load as load_record

    return load_record(path)


def run(
    spec: str | os.PathLike[str],
    *,
    out: str | os.PathLike[str] | None = None,
    agents: int | None = None,
    seed: int | None = None,
    threads: int | None = None,
    settings: Mapping[str, Any] | None = None,
    quiet: bool = True,
    world: Callable[[int], World] | None = None,
    participants: Sequence[int] = (),
    participant: type[Participant] | None = None,
    probes: Mapping[str, Probe] | None = None,
    resume: bool = False,
    on_sample: Callable[[int, int, str, list[float]], object] | None = None,
    **options: Any,
) -> Run | Study:
    """Let a population live the study `spec` (a shipped name, a TOML file, or TOML text) and return its record.

    out: folder of the files, [runs/STUDY-n]; agents, seed (of the first), threads [all processors]: as in `infans run`.
    Options (`infans options` lists them) go in as a dict, as double underscores, or as one dict a table:

        infans.run("cartpole_swingup", settings={"planner.horizon": 20})
        infans.run("cartpole_swingup", planner__horizon=20)
        infans.run("cartpole_swingup", planner={"horizon": 20, "iterations": 5})
        infans.run("cartpole_swingup", body={"motor": [{"actuators": ["force"], "delay": 1}]})

    quiet=False shows progress and writes report.html next to the record.
    world: a function of the agent's number (from 0) that returns an `infans.envs.World`, in place of the study's body:
    any Gymnasium environment, through Python at every step. Its observation must be what the agent can use, today the
    positions of a slide and a hinge, then their velocities: World(env, joints=["slide", "hinge"]). The model's error on
    probe states is not measured there.
    A study that names a protocol ([study] protocol = ...) returns a Study. There agents is the number in each group,
    participants: only these numbers live (each as it does among the others); participant: a class that is the protocol;
    probes: {name: infans.Probe} beside a shipped protocol's own; both: infans.protocol; on_sample: a function of
    (number, sample, body as MJCF, physics as mujoco.mj_setState takes it), called after every sample of everybody.
    resume: go on with what `out` holds of this run, if it holds something.
    Raises OptionError (a ValueError; `key` names the option), FileError, BodyError or SimulationError, each an Error.
    """
    compiled = _compiled()
    path = compiled.run(
        os.fspath(spec),
        "" if out is None else os.fspath(out),
        _flat({**(settings or {}), **options}),
        agents=agents,
        seed=seed,
        threads=threads,
        quiet=quiet,
        world=world,
        participants=list(participants),
        resume=resume,
        on_sample=on_sample,
        **_experiment(participant, probes, os.fspath(spec)),
    )
    return load(path)


def resume(
    run: str | os.PathLike[str],
    *,
    threads: int | None = None,
    quiet: bool = True,
    world: Callable[[int], World] | None = None,
    participant: type[Participant] | None = None,
    probes: Mapping[str, Probe] | None = None,
    on_sample: Callable[[int, int, str, list[float]], object] | None = None,
) -> Run | Study:
    """Go on with `run` (its folder) that was stopped or killed, to the same bits, and return its record.

    Lives that have ended stay as they are. world, participant, probes: those that it was made with. A participant
    written in Python is pickled into its checkpoints. Raises FileError where program, processor, body or options are
    others than those that made it, with both values.
    """
    path = os.fspath(run)
    record = path if path.endswith(".h5") else os.path.join(path, "run.h5")
    spec = ""
    if probes:
        with load(record) as opened:  # an open reader would lock out who goes on
            spec = opened.attrs["spec_toml"]
    return load(
        _compiled().resume(
            path,
            threads=threads,
            quiet=quiet,
            world=world,
            on_sample=on_sample,
            **_experiment(participant, probes, spec),
        )
    )


def _experiment(participant: type[Participant] | None, probes: Mapping[str, Probe] | None, spec: str) -> dict[str, Any]:
    """A protocol and probes written in Python, as the compiled module takes them."""
    from . import protocol as protocols

    compiled = _compiled()
    named = compiled.protocol_of(spec) if probes else ""
    return {
        "protocol": protocols.describe(participant) if participant is not None else None,
        "probes": protocols.describe_probes(probes, compiled.protocols(), named) if probes else None,
    }


class Life:
    """One life, step by step: the same three calls as in C++.

        life = infans.Life("cartpole_swingup", seed=7)
        while life.next_step():
            print(life.episode, life.decisions)
        run = life.finalize()

    out, settings, world, options and errors as in `run`. As a context manager it finalizes at the end of the block.
    """

    def __init__(
        self,
        spec: str | os.PathLike[str],
        *,
        out: str | os.PathLike[str] | None = None,
        seed: int | None = None,
        settings: Mapping[str, Any] | None = None,
        world: Callable[[int], World] | None = None,
        **options: Any,
    ) -> None:
        flat = _flat({**(settings or {}), **options})
        folder = "" if out is None else os.fspath(out)
        self._life = _compiled().SteppedLife(os.fspath(spec), folder, flat, seed=seed, world=world)

    def next_step(self) -> bool:
        """Live one decision; False when the life has ended."""
        return self._life.next_step()

    def finalize(self) -> Run:
        """Commit what is open (an unfinished episode keeps its steps) and return the record."""
        return load(self._life.finalize())

    @property
    def decisions(self) -> int:
        """Decisions lived and learned from."""
        return self._life.decisions

    @property
    def episode(self) -> int:
        """Episodes finished."""
        return self._life.episode

    def __enter__(self) -> Life:
        return self

    def __exit__(self, *_: object) -> None:
        self._life.finalize()


def build_info() -> dict[str, str]:
    """Version, git hash, compiler, ISA and libraries of the compiled module."""
    return _compiled().build_info()


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in settings.items():
        key = prefix + name.replace("__", ".")
        if isinstance(value, Mapping):
            flat.update(_flat(value, key + "."))
        elif isinstance(value, bool | list | tuple):
            flat[key] = _toml(value)
        else:
            flat[key] = str(value)
    return flat


def _toml(value: Any) -> str:
    """A value as TOML writes it on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name} = {_toml(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, str) else str(value)


def _compiled() -> Any:
    try:
        return importlib.import_module("infans._infans")
    except ImportError as error:
        raise ImportError(
            f"the compiled module infans._infans cannot be imported ({error}); records can still be read and "
            "reported. To run studies, install the package: `pip install .` in the source tree."
        ) from error


def __getattr__(name: str) -> Any:
    if name in _FROM_HIERARCHY:
        _compiled()
        return getattr(importlib.import_module("infans.hierarchy"), name)
    if name == "Body":
        _compiled()
        return importlib.import_module("infans.body").Body
    if name in _FROM_PROTOCOL:
        return getattr(importlib.import_module("infans.protocol"), name)
    if name == "merge":
        return importlib.import_module("infans.merging").merge
    if name in _FROM_READER:
        return getattr(importlib.import_module("infans.reader"), name)
    if name in _FROM_COMPILED:
        return getattr(_compiled(), name)
    if name in ("analysis", "experience", "export", "replay", "report"):
        return importlib.import_module(f"infans.{name}")
    raise AttributeError(f"module 'infans' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


_register_with_gymnasium()
