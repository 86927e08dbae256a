"""What scripts/crash-trials and scripts/fuzz conclude, from what is made by hand."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import numpy as np
import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture
def crash_trials(monkeypatch):
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    loader = SourceFileLoader("crash_trials", str(SCRIPTS / "crash-trials"))
    module = module_from_spec(spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def lives(rows_of_1, rows_of_2):
    """A row of life a sample, and after the 10th one a probe of three trials; sample is column 0, and 3 of probes."""
    found = {"excluded": np.zeros(2)}
    for number, rows in ((1, rows_of_1), (2, rows_of_2)):
        found[f"participants/{number:04d}/life"] = np.arange(1.0, rows + 1)[:, None]
        found[f"participants/{number:04d}/probes/reach"] = np.full((3 if rows >= 10 else 0, 5), 10.0)
        found[f"participants/{number:04d}/states_bytes"] = np.zeros(1000)  # no rows of a block
    return found


def test_rows_lost_are_those_lived_and_not_committed_of_whoever_lost_most(crash_trials, tmp_path):
    side = tmp_path / "samples"
    side.write_text("1 12\n2 700\n1 13\n2 701\n")
    whole = lives(2000, 2000)
    assert crash_trials.rows_lost(side, lives(8, 700), whole) == 13 + 3 - 8
    assert crash_trials.rows_lost(side, lives(13, 0), whole) == 701 + 3
    assert crash_trials.rows_lost(tmp_path / "nobody has lived", lives(0, 0), whole) == 0


def test_one_block_and_what_is_gathered_may_be_lost(crash_trials):
    assert crash_trials.most_lost(lives(2000, 2000)) == 2 * (255 + 2 * 4)  # a row of life and three trials
    source = (SCRIPTS.parent / "experiments" / "run" / "lifetime.cpp").read_text()
    assert f"block_rows = {crash_trials.BLOCK};" in source


def fuzz(tmp_path, target):
    """scripts/fuzz with a shell script in place of the target."""
    (tmp_path / "scripts").mkdir()
    for name in ("fuzz", "clang"):
        shutil.copy(SCRIPTS / name, tmp_path / "scripts")
    (tmp_path / "build" / "fuzz" / "bin").mkdir(parents=True)
    (tmp_path / "build" / "fuzz" / "build.ninja").touch()
    stubs = {"build/fuzz/bin/fuzz_study": target, "cmake": "", "clang-22": "", "clang++-22": ""}
    for name, text in stubs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    return subprocess.run([tmp_path / "scripts" / "fuzz", "--seconds", "1", "study"], capture_output=True, text=True,
                          env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}, check=False)  # fmt: skip


@pytest.mark.parametrize("log, code", [("#5: cov: 9 ft: 9 corp: 2", 0), ("no such file", 1)])
def test_a_fuzz_target_that_does_not_start_is_told(tmp_path, log, code):
    done = fuzz(tmp_path, f"echo '{log}'; exit {code}")
    assert done.returncode == code, done.stderr
    assert log in done.stderr
    assert ("study has not run" in done.stderr) == (code == 1)


@pytest.mark.parametrize("frame, whose, code", [("H5MM_xfree (/lib/libhdf5_serial.so.103+0x1)", "HDF5", 0),
                                                ("infans::f() /src/f.cpp:3", "ours: infans::f() /src/f.cpp:3", 1)])
def test_a_finding_is_of_whoever_called_the_c_library(tmp_path, frame, whose, code):
    findings = tmp_path / "build" / "fuzz" / "findings" / "study"
    findings.mkdir(parents=True)
    (findings / "crash-1").touch()
    stack = f"    #0 0x1 in free (/bin/fuzz+0x1)\n    #1 0x2 in {frame}"
    done = fuzz(tmp_path, f"echo '#5: cov: 9'; echo '{stack}'")
    assert f"crash-1: {whose}\n" in done.stderr
    assert done.returncode == code
