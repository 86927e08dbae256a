"""A study on Dask's workers and on threads, in blocks of any size: the same record to the bit."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import h5py
import infans
import numpy as np
import pytest
from infans.left_over import is_being_written
from infans.records import RecordError
from infans.sweep import main, sweep
from infans.sweep_arguments import parser
from infans.sweep_blocks import Request, Sweep, blocks, families, keep, live
from infans.sweep_folders import free_folder, placed, sweeps_of

pytest.importorskip("infans._infans")
# Two infants and their yoked partners, a few samples each; conjugate and yoked alternate in the numbers of a block.
SHORT = {"time.most_samples": "6", "record.every": "1", "record.signals": "every", "record.physics_every": "2",
         "record.states": "true"}  # fmt: skip
STUDY = ("mobile", {"agents": 2, "settings": SHORT})
MEASURED = ("ledger/wall_seconds", "ledger/cpu_seconds", "ledger/joules")  # of the machine, not of the study


def everything(path):
    """Every dataset and attribute of a file, with types, by name."""
    found = {}

    def look(name, item):
        if isinstance(item, h5py.Dataset):
            layout = (item.shape, item.maxshape, item.dtype.str, item.chunks, item.fletcher32, item.compression)
            values = b"" if name in MEASURED else item[()].tobytes()
            found[name] = (layout, values)
        for key in item.attrs:
            attribute = item.attrs.get_id(key)
            bytes_ = np.empty(attribute.shape, attribute.dtype)
            attribute.read(bytes_)
            found[f"{name}@{key}"] = (attribute.dtype.str, attribute.shape, bytes_.tobytes())

    with h5py.File(path, "r") as file:
        look("", file)
        file.visititems(look)
    return found


def require_same(path, other, but=()):
    one, two = everything(path), everything(other)
    assert one.keys() == two.keys()
    assert [name for name in one if name not in but and one[name] != two[name]] == []


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The record of one machine, one thread."""
    out = tmp_path_factory.mktemp("whole") / "out"
    infans.run(STUDY[0], out=out, threads=1, **STUDY[1]).close()
    return out / "run.h5"


@pytest.mark.parametrize("threads", [2, 3, 4, 8])
def test_threads_change_nothing(whole, tmp_path, threads):
    infans.run(STUDY[0], out=tmp_path / "out", threads=threads, **STUDY[1]).close()
    require_same(tmp_path / "out" / "run.h5", whole, but=("@threads",))


@pytest.mark.parametrize("size", [1, 2, 4])
def test_blocks_of_any_size_merge_to_the_record_of_one_machine(whole, tmp_path, size):
    with infans.load(whole) as record:
        together = families(record.design)
    assert together == [[1, 3], [2, 4]]
    parts = []
    for numbers in blocks(together, size):
        parts.append(tmp_path / f"{numbers[0]}")
        infans.run(STUDY[0], out=parts[-1], threads=1, participants=numbers, **STUDY[1]).close()
    merged = infans.merge(reversed(parts) if size == 1 else parts, tmp_path / "merged.h5")
    require_same(merged, whole)
    with infans.load(merged) as record:
        assert [p.number for p in record.participants] == [1, 2, 3, 4]
    with pytest.raises(FileExistsError, match="never overwritten"):
        infans.merge(parts, merged)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*(p.name for p in parts), "merged.h5"])


def test_what_is_no_part_of_the_study_is_refused_with_both_values(whole, tmp_path):
    infans.run(STUDY[0], out=tmp_path / "other", seed=5, participants=[1], **STUDY[1]).close()
    with pytest.raises(RecordError, match="options_toml is 'seed = 5' here and 'seed = 1' there"):
        infans.merge([whole, tmp_path / "other"], tmp_path / "merged.h5")
    with pytest.raises(RecordError, match=f"participant 1 is both in {whole} and in {whole}"):
        infans.merge([whole, whole], tmp_path / "merged.h5")
    with pytest.raises(FileNotFoundError):
        infans.merge([tmp_path / "nowhere.h5"], tmp_path / "merged.h5")
    assert [p.name for p in tmp_path.iterdir()] == ["other"]


def test_families_stay_in_one_block():
    cells = [{"name": "a", "participants": 3, "yoked_to": None}, {"name": "b", "participants": 2, "yoked_to": None},
             {"name": "c", "participants": 3, "yoked_to": "a"}]  # fmt: skip
    together = families({"cells": cells})
    assert together == [[1, 6], [2, 7], [3, 8], [4], [5]]
    assert blocks(together, 1) == [[1, 6], [2, 7], [3, 8], [4], [5]]
    assert blocks(together, 3) == [[1, 2, 6, 7], [3, 4, 8], [5]]
    assert blocks(together, 100) == [[1, 2, 3, 4, 5, 6, 7, 8]]


def test_a_worker_that_does_not_see_the_folder_sends_its_files(whole, tmp_path):
    request = Request(STUDY[0], SHORT, agents=2)
    s = Sweep(request, tmp_path / "out")
    s.open()
    with pytest.raises(FileExistsError, match="another infans-sweep is at work"):
        Sweep(request, tmp_path / "out").open()
    (s.kept / ".living-0001-0003").mkdir()
    shutil.copy(whole, s.kept / ".living-0001-0003")  # whoever is still alive has not ended
    assert s.left(1) == [[1, 3], [2, 4]]
    for numbers in s.left(1):
        files = live(request, numbers, s.texts, str(tmp_path / "elsewhere"), s.id)
        keep(files, s.kept, numbers)
    assert s.left(1) == []
    s.merge(1.0)
    require_same(tmp_path / "out" / "run.h5", whole)


def test_a_worker_with_another_program_refuses(tmp_path):
    request = Request(STUDY[0], SHORT, agents=2)
    with pytest.raises(RecordError, match="isa is '.*' here and 'abacus' there"):
        live(request, [1], {**request.texts(), "isa": "abacus"}, str(tmp_path), "")
    assert not list(tmp_path.iterdir())


def opened(folder, **options):
    s = Sweep(Request(STUDY[0], SHORT, agents=2, **options), folder)
    s.open()
    return s


@dataclass(frozen=True)
class Counted(Request):
    """Says in a file how often it was run; fails the first time with the message `fault`, if there is one."""

    mark: str = ""
    fault: str = ""

    def run(self, out, numbers):
        runs = int(Path(self.mark).read_text()) if Path(self.mark).exists() else 0
        Path(self.mark).write_text(str(runs + 1))
        if self.fault and not runs:
            raise infans.FileError(f"{out}: {self.fault}")
        return super().run(out, numbers)


def killed_in_life(out, numbers):
    """What kill -9 leaves of a block in the middle of a life."""
    child = os.fork()
    if child == 0:
        watch = lambda number, sample, *_: sample == 4 and os.kill(os.getpid(), signal.SIGKILL)  # noqa: E731
        infans.run(STUDY[0], out=out, threads=1, participants=numbers, on_sample=watch, **STUDY[1])
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL


@pytest.mark.parametrize("fault", ["cannot be written: No space left on device", "Input/output error",
                                   "is being written by another process"])  # fmt: skip
def test_an_error_of_the_machine_leaves_a_block_as_it_is(tmp_path, fault):
    s = opened(tmp_path / "out")
    left = s.kept / ".living-0001-0003 (2)"
    killed_in_life(left, [1, 3])
    before = (left / "run.h5").read_bytes()
    request = Counted(STUDY[0], SHORT, agents=2, mark=str(tmp_path / "runs"), fault=fault)
    with pytest.raises(infans.FileError, match=fault):
        live(request, [1, 3], s.texts, str(s.kept), s.id)
    assert (left / "run.h5").read_bytes() == before
    assert live(request, [1, 3], s.texts, str(s.kept), s.id) == {}  # and the next try goes on with it
    assert [path.name for path in s.kept.iterdir() if path.is_dir()] == ["0001-0003 (2)"]


def test_a_damaged_block_is_lived_anew_and_kept_aside(tmp_path):
    s = opened(tmp_path / "out")
    left = s.kept / ".living-0001-0003 (2)"
    killed_in_life(left, [1, 3])
    damage = (left / "run.h5").read_bytes()[:3000]
    (left / "run.h5").write_bytes(damage)
    assert live(s.request, [1, 3], s.texts, str(s.kept), s.id) == {}
    assert list(s.finished().values()) == [[1, 3]]
    assert [path.read_bytes() for path in s.kept.glob(".damaged-*/run.h5")] == [damage]


def test_a_block_that_has_ended_is_not_lived_again(tmp_path):
    s = opened(tmp_path / "out")
    request = Counted(STUDY[0], SHORT, agents=2, mark=str(tmp_path / "runs"))
    for _ in range(2):
        assert live(request, [1, 3], s.texts, str(s.kept), s.id) == {}
    assert (tmp_path / "runs").read_text() == "1"


def asked(*arguments):
    return sweeps_of(parser().parse_args(["mobile", "--agents", "2", *arguments]))


def begin(sweeps, folder):
    for s in sweeps:
        moved = placed(s, folder)
        moved.open()
        moved.close()


def test_without_out_only_the_same_command_goes_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    both = ("--grid", "population.seed=1,1001")
    begin(asked(*both), Path("runs/mobile-1"))
    begin(asked("--seed", "9"), Path("runs/mobile-2"))
    found = {given: str(free_folder("mobile", asked(*given))) for given in (
        both, ("--seed", "9"), (), ("--seed", "8"), ("--grid", "population.seed=1"), (*both, "--participants", "1"))}
    assert list(found.values()) == ["runs/mobile-1", "runs/mobile-2", *["runs/mobile-3"] * 4]
    Path("runs/mobile-2/run.h5").touch()  # it has ended
    assert free_folder("mobile", asked("--seed", "9")) == Path("runs/mobile-3")


@pytest.mark.parametrize("wrong, sentence", [
    (("--participants", "99"), "this study has the numbers 1 .. 4"),
    (("--grid", "population.seed=1,1"), "--grid gives population.seed=1 more than once; give every value once"),
    (("--grid", "population.seed=1", "--grid", "population.seed=2"), "--grid population.seed is given more than once"),
])  # fmt: skip
def test_a_mistake_is_refused_before_anything_is_written(tmp_path, capsys, wrong, sentence):
    out = tmp_path / "sw1"
    assert main(["mobile", "--agents", "2", "--out", str(out), *wrong]) == 2
    assert sentence in capsys.readouterr().err
    assert not out.exists()


# With Dask's own processes.


@dataclass(frozen=True)
class KilledOnce(Request):
    """Whoever lives participant 3 is killed by SIGKILL in the middle of its life, once."""

    mark: str = ""

    def run(self, out, numbers):
        def watch(number, sample, body, physics):
            if (number, sample) == (3, 4):
                with contextlib.suppress(FileExistsError):
                    Path(self.mark).open("x").close()
                    os.kill(os.getpid(), signal.SIGKILL)

        return infans.run(self.spec, out=out, settings=self.settings, agents=self.agents, participants=numbers,
                          threads=1, resume=True, on_sample=watch)  # fmt: skip


def command(*arguments):
    return [sys.executable, "-m", "infans.sweep", "mobile", "--agents", "2", "--quiet", *map(str, arguments),
            *(f"--set={key}={value}" for key, value in SHORT.items())]  # fmt: skip


def test_two_workers_of_which_one_is_killed(whole, tmp_path):
    """The worker that lives a block is killed with SIGKILL; another lives it again."""
    cloudpickle, distributed = pytest.importorskip("cloudpickle"), pytest.importorskip("distributed")
    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import a test
    killer = tmp_path / "killed"
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, memory_limit=0,
                                  silence_logs=50) as cluster, distributed.Client(cluster) as client:  # fmt: skip
        s = Sweep(KilledOnce(STUDY[0], SHORT, agents=2, mark=str(killer)), tmp_path / "out")
        s.open()
        assert sweep([s], client, size=1, quiet=True) == []
        s.merge(1.0)
    assert killer.exists()
    require_same(tmp_path / "out" / "run.h5", whole)


def test_ctrl_c_keeps_what_has_ended_and_the_same_command_goes_on(whole, tmp_path):
    pytest.importorskip("distributed")
    out = tmp_path / "out"
    first = command("--out", out, "--block", "1", "--workers", "1")
    process = subprocess.Popen(first, stderr=subprocess.PIPE, text=True)
    wanted = ("blocks/0*/run.h5", "blocks/.living*/run.h5")  # one has ended, the next one lives
    while process.poll() is None and not all(list(out.glob(pattern)) for pattern in wanted):
        time.sleep(0.01)
    if process.poll() is not None:  # it was quicker than this loop, and there is nothing to interrupt
        require_same(out / "run.h5", whole)
        return
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=120)[1]
    assert process.returncode == 130, said
    assert "The same command goes on" in said
    kept = {path: path.stat().st_mtime_ns for path in out.glob("blocks/0*/run.h5")}
    assert kept
    other = subprocess.run(command("--out", out, "--seed", "9"), capture_output=True, text=True, check=False)
    assert other.returncode == 2 and "seed" in other.stderr and "holds blocks of another run" in other.stderr
    again = subprocess.run(command("--out", out, "--keep-blocks", "--workers", "1"), capture_output=True, text=True,
                           check=False)  # fmt: skip
    assert again.returncode == 0, again.stderr
    assert all(path.stat().st_mtime_ns == written for path, written in kept.items())  # lived once
    require_same(out / "run.h5", whole)
    people = json.loads((out / "summary.json").read_text())["participants"]
    assert [person["number"] for person in people] == [1, 2, 3, 4]


def test_ctrl_c_stops_the_lives_on_a_running_scheduler_and_leaves_its_workers(tmp_path):
    distributed = pytest.importorskip("distributed")
    out = tmp_path / "out"
    long = ("--set=time.most_samples=1000000", "--block", "1", "--retries", "0")
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None, memory_limit=0,
                                  silence_logs=50) as cluster, distributed.Client(cluster) as client:  # fmt: skip
        pid = client.run(os.getpid)
        process = subprocess.Popen([*command("--out", out, "--scheduler", cluster.scheduler_address), *long],
                                   stderr=subprocess.PIPE, text=True, start_new_session=True)  # fmt: skip
        while process.poll() is None and not list(out.glob("blocks/.living*/run.h5")):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=120)[1]
        assert process.returncode == 130, said
        [left] = out.glob("blocks/.living*/run.h5")
        assert not is_being_written(left)
        assert list(left.parent.glob("checkpoints/*.h5"))  # from which the same command goes on
        assert client.run(os.getpid) == pid
