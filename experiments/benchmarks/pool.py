"""Steps a second of a pool of bodies, beside the bare engine and other pools, in one interleaved run.

Called by `scripts/bench pool`. Every contender is a process of its own that waits for its turn; in every round each one
does the same work once: BODIES copies of a body, STEPS control steps of random commands. Contenders:

  bare            mj_step in a loop on as many threads, nothing else: the ratio's denominator (a mjData a body)
  pool            infans' C++ pool with observations, rewards and ends, one round of threads a control step; an infant
                  without senses
  touch           an infant with proprioception (forces, limits), inner ear and skin (2,000 taxels/m2)
  eyes            the same and two eyes of at most 256 rays at 20 Hz
  engine_batch    MuJoCo's batch (mjbatch.h), mjb_step once a control step, no observations
  engine_rollout  MuJoCo's batch, mjb_rollout: all commands known beforehand, no observations
  mj_rollout      mujoco.rollout in Python: all commands known beforehand, states recorded
  make_vec        gymnasium.make_vec: the pool as Python sees it (HalfCheetah: the others start again when they fall)
  envpool         EnvPool (Weng et al. 2022), its own MuJoCo; only if --envpool names a Python that has it

Figures are medians over rounds of contender / bare within the round. `clock` compares elapsed time, `processor` the
processor time of all threads, which other programs on the machine disturb less; `best` compares the fastest rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
IN_CPP = ["bare", "pool", "engine_batch", "engine_rollout"]
OF_INFANTS = ["touch", "eyes"]
INFANTS = {"infant-supine": "infant?age=6", "infant-seated": "infant?age=6&scene=seated&table=1"}
TASKS = {"HalfCheetah-v5": 100, "Humanoid-v5": 30, "infant-supine": 20, "infant-seated": 20}  # control steps of a round


class Work:
    """The work that bench_pool wrote: states (bodies x state), actions (steps x bodies x commands)."""

    def __init__(self, path: str, task: str, bodies: int, steps: int, header: str) -> None:
        state, action, substeps, self.body = header.split(maxsplit=3)
        self.task, self.bodies, self.steps, self.substeps = task, bodies, steps, int(substeps)
        numbers = np.fromfile(path)
        cut = bodies * int(state)
        self.states = numbers[:cut].reshape(bodies, int(state))
        self.actions = numbers[cut:].reshape(steps, bodies, int(action))


def mj_rollout(work: Work, threads: int) -> Any:
    import mujoco
    from mujoco import rollout

    model = mujoco.MjModel.from_xml_path(work.body)
    data = [mujoco.MjData(model) for _ in range(threads)]
    full = mujoco.mjtState.mjSTATE_FULLPHYSICS
    first = np.zeros((work.bodies, mujoco.mj_stateSize(model, full)))
    for i, row in enumerate(work.states):
        mujoco.mj_setState(model, data[0], row, mujoco.mjtState.mjSTATE_INTEGRATION)
        mujoco.mj_getState(model, data[0], first[i], full)
    control = np.repeat(work.actions.transpose(1, 0, 2), work.substeps, axis=1).copy()
    runner = rollout.Rollout(nthread=threads if threads > 1 else 0)
    return lambda: None, lambda: runner.rollout(model, data, first, control)


def make_vec(work: Work, threads: int) -> Any:
    import gymnasium
    import infans.envs  # noqa: F401

    envs = gymnasium.make_vec(f"infans/{work.task}", work.bodies, threads=threads)
    actions = work.actions.astype(np.float32)
    return lambda: envs.reset(seed=0), lambda: [envs.step(a) for a in actions]


def envpool(work: Work, threads: int) -> Any:
    import envpool

    options = {"terminate_when_unhealthy": False} if work.task == "Humanoid-v5" else {}
    envs = envpool.make(work.task, env_type="gymnasium", num_envs=work.bodies, num_threads=threads, **options)
    return lambda: envs.reset(), lambda: [envs.step(a) for a in work.actions]


IN_PYTHON = {"mj_rollout": mj_rollout, "make_vec": make_vec, "envpool": envpool}


def serve(arguments: list[str]) -> None:
    """A worker: NAME THREADS FILE TASK BODIES STEPS HEADER; a line on stdin is a turn."""
    name, threads, path, task, bodies, steps, header = arguments
    rewind, run = IN_PYTHON[name](Work(path, task, int(bodies), int(steps), header), int(threads))
    print("ready", flush=True)
    for _ in sys.stdin:
        rewind()
        processor, clock = time.process_time(), time.perf_counter()
        run()
        print(time.perf_counter() - clock, time.process_time() - processor, flush=True)


class Worker:
    def __init__(self, command: list[str], folder: str) -> None:
        pipe = subprocess.PIPE  # in a folder of its own: MuJoCo in Python leaves a file of warnings
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=folder)

    def ask(self, line: str) -> list[str]:
        assert self.process.stdin and self.process.stdout
        print(line, file=self.process.stdin, flush=True)
        return self.answer()

    def answer(self) -> list[str]:
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"a contender ended with {self.process.wait()}: {self.process.args}")
        return line.split()

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def contenders(task: str, arguments: argparse.Namespace) -> list[str]:
    if task in INFANTS:
        return [*IN_CPP, *OF_INFANTS, "mj_rollout"]
    names = [*IN_CPP, "mj_rollout"]
    if task == "HalfCheetah-v5":
        names.append("make_vec")
    return names + (["envpool"] if arguments.envpool else [])


def measure(task: str, arguments: argparse.Namespace) -> dict[str, dict[int, list[tuple[float, float]]]]:
    """name -> threads -> (clock, processor) seconds of each round."""
    import gymnasium

    assets = Path(gymnasium.__file__).parent / "envs" / "mujoco" / "assets"
    bodies, steps = arguments.bodies, arguments.steps or TASKS[task]
    program = ROOT / "build" / "release" / "bin" / "bench_pool"
    workers: dict[tuple[str, int], Worker] = {}
    names = contenders(task, arguments)
    times: dict[str, dict[int, list[tuple[float, float]]]] = {n: {t: [] for t in arguments.threads} for n in names}
    with tempfile.TemporaryDirectory() as folder:
        subject = [INFANTS[task], folder] if task in INFANTS else [task, str(assets)]
        cpp = Worker([str(program), *subject, str(bodies), str(steps)], folder)
        path = f"{folder}/work.bin"
        header = " ".join(cpp.ask(f"work {path}"))
        for name in (name for name in names if name in IN_PYTHON):
            python = arguments.envpool if name == "envpool" else sys.executable
            for threads in arguments.threads:
                command = [python, __file__, "--serve", name, str(threads), path, task, str(bodies), str(steps), header]
                workers[name, threads] = worker = Worker(command, folder)
                while worker.answer() != ["ready"]:
                    pass
        for turn in range(arguments.rounds + 1):
            for name in names:
                for threads in arguments.threads:
                    worker = workers.get((name, threads))
                    clock, processor, *end = worker.ask("go") if worker else cpp.ask(f"run {name} {threads}")
                    if end and end != ["equal"]:
                        raise RuntimeError(f"{name} ended in other states than the bare loop")
                    if turn > 0:  # the first turn warms up
                        times[name][threads].append((float(clock), float(processor)))
            print(f"bench: {task}, round {turn} of {arguments.rounds}", file=sys.stderr, flush=True)
        for worker in [cpp, *workers.values()]:
            worker.close()
    return times


def figures(times: dict[str, dict[int, list[tuple[float, float]]]], steps: int) -> list[dict[str, Any]]:
    rows = []
    for name, by_threads in times.items():
        for threads, rounds in by_threads.items():
            bare = times["bare"][threads]
            rows.append({
                "contender": name,
                "threads": threads,
                "steps_per_second": steps / statistics.median(clock for clock, _ in rounds),
                "best_steps_per_second": steps / min(clock for clock, _ in rounds),
                "clock": statistics.median(b[0] / c[0] for b, c in zip(bare, rounds, strict=True)),
                "processor": statistics.median(b[1] / c[1] for b, c in zip(bare, rounds, strict=True)),
                "best": min(b[0] for b in bare) / min(c[0] for c in rounds),
            })  # fmt: skip
    return rows


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--serve"]:
        serve(arguments[1:])
        return 0
    parser = argparse.ArgumentParser(prog="scripts/bench pool", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--bodies", type=int, default=64)
    parser.add_argument("--steps", type=int, help="control steps of a round (default: by task)")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--envpool", metavar="PYTHON", help="a Python that has EnvPool installed")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures and all times there")
    options = parser.parse_args(arguments)
    result: dict[str, Any] = {"bodies": options.bodies, "rounds": options.rounds, "load_before": os.getloadavg()}
    load = os.getloadavg()[0]
    print(f"{options.bodies} bodies, {options.rounds} rounds, {os.cpu_count()} processors; load {load:.1f}")
    print("A step is a control step of one body. Ratios are to the bare loop of the same round.\n")
    for task in options.tasks:
        times = measure(task, options)
        rows = figures(times, options.bodies * (options.steps or TASKS[task]))
        result[task] = {"figures": rows, "seconds": times}
        print(f"| {task} | threads | steps/s | clock | processor | best |\n|---|---|---|---|---|---|")
        for row in rows:
            print(
                f"| {row['contender']} | {row['threads']} | {row['steps_per_second']:,.0f} | {row['clock']:.3f} "
                f"| {row['processor']:.3f} | {row['best']:.3f} |"
            )
        print(flush=True)
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
