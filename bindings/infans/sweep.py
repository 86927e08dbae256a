"""The command `infans-sweep`: a study on many processors or machines, through Dask."""

from __future__ import annotations

import argparse
import ast
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from .sweep_arguments import merge_parser, parser
from .sweep_blocks import PATIENCE, Sweep, keep, live
from .sweep_folders import free_folder, placed, sweeps_of

INSTALL = 'a sweep needs Dask; install it with: pip install "infans[cluster]"'
KILLED = 3  # how many workers may die over the same block
SLURM = {"cores": 1, "processes": 1, "memory": "2GB", "walltime": "24:00:00"}  # of one job


def check_protocol(study: str) -> None:
    from . import _compiled

    if not _compiled().protocol_of(study):
        raise ValueError(f"{study} is a life without a protocol and has no participants; use `infans run`, or a study "
                         "(`infans list`)")  # fmt: skip


@contextmanager
def client_of(given: argparse.Namespace, tasks: int, log: Path) -> Iterator[Any]:
    """A Dask client with its workers on their way."""
    try:
        import dask
        import distributed
    except ImportError:
        raise ImportError(INSTALL) from None
    dask.config.set({"distributed.scheduler.allowed-failures": KILLED, "distributed.worker.daemon": True})
    with ExitStack() as stack:
        if given.scheduler:
            try:
                yield stack.enter_context(distributed.Client(given.scheduler, timeout=20))
            except OSError as error:
                raise ConnectionError(f"--scheduler {given.scheduler}: no Dask scheduler answers ({error})") from None
            return
        if given.slurm:
            cluster = stack.enter_context(slurm_cluster(given, log))
            cluster.scale(jobs=min(given.workers or 8, tasks))
        else:
            cluster = stack.enter_context(distributed.LocalCluster(
                n_workers=min(workers_of(given), tasks), threads_per_worker=1, processes=True, dashboard_address=":0",
                memory_limit=0, silence_logs=50))  # fmt: skip
        client = stack.enter_context(distributed.Client(cluster))
        client.register_plugin(_deaf(distributed.WorkerPlugin)())
        yield client


def stop_lives(client: Any, keys: Sequence[str]) -> None:
    """Whoever lives one of these tasks on any worker saves its state and stops; returns when they have."""
    end = time.monotonic() + PATIENCE
    client.run(_interrupt, keys, on_error="ignore")
    while any(v is True for v in client.run(_lives, keys, on_error="ignore").values()) and time.monotonic() < end:
        time.sleep(0.1)


def _lives(keys: Sequence[str], dask_worker: Any) -> bool:
    """Whether this worker has one of these tasks in hand; others share the scheduler with us."""
    return any(task.key in keys for task in dask_worker.state.executing)


def _interrupt(keys: Sequence[str], dask_worker: Any) -> None:
    if _lives(keys, dask_worker):
        signal.raise_signal(signal.SIGINT)


def _deaf(plugin: type) -> type:
    """A worker that does not hear Ctrl-C, but for the lives on it."""

    class Deaf(plugin):
        def setup(self, worker: Any) -> None:
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    return Deaf


def slurm_cluster(given: argparse.Namespace, log: Path) -> Any:
    try:
        from dask_jobqueue import SLURMCluster
    except ImportError:
        raise ImportError(INSTALL) from None
    own = {key: _literal(value) for key, value in given.job}
    prologue = [f"export PYTHONPATH={os.environ['PYTHONPATH']}"] if os.environ.get("PYTHONPATH") else []
    wanted = {**SLURM, "python": sys.executable, "job_script_prologue": prologue, "log_directory": str(log),
              "silence_logs": 50, **own}  # fmt: skip
    try:
        return SLURMCluster(**wanted)
    except (TypeError, ValueError) as error:
        raise ValueError(f"--job: SLURMCluster does not take this: {error}") from None


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text


def workers_of(given: argparse.Namespace) -> int:
    if given.workers:
        return given.workers
    return 8 if given.slurm else max(1, len(os.sched_getaffinity(0)) // given.threads)


class Progress:
    """A bar on a terminal, a line a block elsewhere."""

    def __init__(self, participants: int, done: int, quiet: bool) -> None:
        self.all, self.done, self.before, self.quiet = participants, done, done, quiet
        self.started = time.monotonic()
        self.terminal = sys.stderr.isatty()

    def add(self, sweep: Sweep, numbers: Sequence[int], failure: str = "") -> None:
        self.done += 0 if failure else len(numbers)
        if self.quiet:
            return
        if failure or not self.terminal:
            what = f"FAILED: {failure}" if failure else f"{self.done}/{self.all} participants"
            self._say(f"{sweep.folder.name}: participants {numbers[0]} .. {numbers[-1]} ({len(numbers)})  {what}\n")
        if self.terminal:
            self._say(self.bar())

    def bar(self) -> str:
        passed, lived = time.monotonic() - self.started, self.done - self.before
        filled = 24 * self.done // max(self.all, 1)
        to_go = f"  about {passed * (self.all - self.done) / lived:.0f} s to go" if lived else ""
        return f"[{'#' * filled}{'.' * (24 - filled)}] {self.done}/{self.all} participants{to_go}"

    def _say(self, text: str) -> None:
        sys.stderr.write(("\r\033[K" if self.terminal else "") + text)
        sys.stderr.flush()

    def end(self) -> None:
        if self.terminal and not self.quiet:
            self._say("")


def sweep(sweeps: Sequence[Sweep], client: Any, size: int, retries: int = 2, quiet: bool = False) -> list[str]:
    """Live on the workers of `client` what is left of each sweep, `size` participants a task; returns what failed.

    A block whose worker dies or that raises is tried again. KeyboardInterrupt leaves what has ended.
    """
    from distributed import as_completed

    tasks: dict[Any, tuple[Sweep, list[int]]] = {}
    people = sum(len(family) for s in sweeps for family in s.families)
    left = [(s, numbers) for s in sweeps for numbers in s.left(size)]
    progress = Progress(people, people - sum(len(numbers) for _, numbers in left), quiet)
    failures = []
    try:
        for s, numbers in left:
            key = f"{s.folder.name} {numbers[0]}-{numbers[-1]} {s.id}"
            what = (s.request, numbers, s.texts, str(s.kept.resolve()), s.id)
            future = client.submit(live, *what, pure=False, retries=retries, key=key)
            tasks[future] = (s, numbers)
        for future in as_completed(tasks):
            s, numbers = tasks[future]
            error = future.exception()
            if error is not None:
                failures.append(f"{s.folder}: participants {numbers[0]} .. {numbers[-1]}: {error}")
            elif files := future.result():
                keep(files, s.kept, numbers)
            progress.add(s, numbers, str(error) if error is not None else "")
            future.release()
    except BaseException as error:
        client.cancel(list(tasks), force=True)  # first: what is interrupted is not tried again
        if isinstance(error, KeyboardInterrupt):
            stop_lives(client, [future.key for future in tasks])
        raise
    finally:
        progress.end()
    return failures


def finish(s: Sweep, seconds: float, given: argparse.Namespace) -> int:
    """Merge, report, say where; returns how many participants failed."""
    path = s.merge(seconds)
    if not given.keep_blocks:
        shutil.rmtree(s.kept)
    report = s.folder / "report.html"
    if not given.quiet:
        command = [sys.executable, "-m", "infans.report", str(path), "-o", str(report), "--table"]
        drawn = subprocess.run(command, check=False).returncode == 0
        print(f"record   {path}\nsummary  {s.folder / 'summary.json'}\nreport   {report if drawn else 'not drawn'}")
    from .reader import load

    with load(path) as record:
        return int((record.excluded < 0).sum())


def say(text: str) -> None:
    print(f"infans-sweep: {text}", file=sys.stderr, flush=True)


def run(given: argparse.Namespace) -> int:
    check_protocol(given.study)
    sweeps = sweeps_of(given)
    people = sum(len(family) for s in sweeps for family in s.families)  # refuses before anything is written
    given.out = given.out or free_folder(given.study, sweeps)
    sweeps = [placed(s, given.out) for s in sweeps]
    for s in sweeps:
        s.open()
    size = given.block or max(1, math.ceil(people / len(sweeps) / (4 * workers_of(given))))
    tasks = sum(len(s.left(size)) for s in sweeps)
    failures, started = [], time.monotonic()
    try:
        if tasks:
            with client_of(given, tasks, given.out / "log") as client:
                if not client.scheduler_info()["workers"] and not given.quiet:
                    say("no worker is there yet; it goes on when the first one comes (Ctrl-C ends it)")
                failures = sweep(sweeps, client, size, given.retries, given.quiet)
    except KeyboardInterrupt:
        done = sum(len(numbers) for s in sweeps for numbers in s.finished().values())
        say(f"interrupted; {done} of {people} participants are in {given.out}. The same command goes on from there")
        return 130
    if failures:
        for failure in failures:
            say(failure)
        say(f"what has ended is in {given.out}. The same command tries the rest again")
        return 1
    failed = sum(finish(s, time.monotonic() - started, given) for s in sweeps)
    if failed:
        say(f"{failed} participants failed and are left out; summary.json says why")
    return 1 if failed else 0


def main(argv: Sequence[str] | None = None) -> int:
    """The command `infans-sweep`; returns its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    try:
        if arguments[:1] == ["merge"]:
            from .merging import merge

            given = merge_parser().parse_args(arguments[1:])
            print(merge(given.parts, given.out))
            return 0
        given = parser().parse_args(arguments)
        given.slurm = given.slurm or bool(given.job)
        if given.slurm and given.scheduler:
            raise ValueError("--slurm starts workers of its own; leave --scheduler out")
        return run(given)
    except (ValueError, OSError, ImportError) as error:
        say(str(error))
        return 2
    except KeyboardInterrupt:
        say("interrupted; the same command goes on from there")
        return 130


if __name__ == "__main__":
    sys.exit(main())
