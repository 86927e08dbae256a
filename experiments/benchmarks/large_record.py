#!/usr/bin/env python3
"""A record far larger than memory should be asked for: what opening it, one participant and one measure cost.

Writes a synthetic study of format 1.1 (life of 11 columns, signals of 120 values a sample, checksums, no compression)
and prints, in Markdown, wall seconds and peak resident memory of each task in a process of its own (which the system
never counts below that of this one).

    python experiments/benchmarks/large_record.py                        10 GB into the system's folder for such files
    python experiments/benchmarks/large_record.py --gigabytes 1 --keep   and leave it there
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np

PARTICIPANTS, SIGNALS, VARIABLES, TRIALS = 20, 120, 7, 400
ROW = 8 * (4 + VARIABLES + 1 + SIGNALS)  # bytes of a sample
TASKS = {
    "infans inspect": "",
    "infans.load": "repr(study.participants[6])",
    "one participant: a variable, a signal, 1,000 rows of an array": (
        "p = study.participant(7); p.life.read('variable_1'); p.signals['vfe/total'][:];"
        " p.signals['observation/skin'][1000:2000]"
    ),
    "CSV of one measure, one participant": (
        "infans.export.write(study, 'csv', out, participants=[7], measures=['variable_1'])"
    ),
    "CSV of one measure, everybody": "infans.export.write(study, 'csv', out, measures=['variable_1'])",
    "Parquet of one measure, everybody": "infans.export.write(study, 'parquet', out, measures=['variable_1'])",
    "Parquet of one signal, everybody": "infans.export.write(study, 'parquet', out, measures=['vfe/total'])",
}
CHILD = """
import resource, sys, time
import infans, infans.export
path, out, task = sys.argv[1:]
start = time.monotonic()
with infans.load(path) as study:
    exec(task)
print(time.monotonic() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def text(value: str) -> np.ndarray:
    data = value.encode()
    return np.array(data, dtype=h5py.string_dtype("utf-8", max(1, len(data))))


def columns(names: list[str]) -> list[dict[str, str]]:
    return [{"name": name, "unit": "1", "doc": name} for name in names]


def write(path: Path, samples: int) -> None:
    """`samples` a participant."""
    own = [f"variable_{k + 1}" for k in range(VARIABLES)]
    labels, trial = ["sample", "age_days", "seconds", "stage"], ["occasion", "trial", "age_days", "sample", "stage"]
    design = {
        "cells": [{"name": g, "group": g, "levels": {}, "yoked_to": None} for g in ("active", "random")], "factors": [],
        "stages": [{"name": "home"}], "variables": columns(own), "exclusions": [], "analyses": [],
        "probes": [{"name": "reach", "kind": "reach", "measures": columns(["error"])}],
        "time": {"start_days": 28.0, "sample_days": 1e-4},
    }  # fmt: skip
    signals = [{"name": "observation/skin", "unit": "1", "doc": "touch", "shape": [SIGNALS - 1]},
               {"name": "vfe/total", "unit": "nats", "doc": "of the sample", "shape": []}]  # fmt: skip
    rng = np.random.default_rng(0)
    with h5py.File(path, "x", libver="latest") as file:
        about = {"filetype": "infans-study", "infans_version": "0", "git_hash": "0", "mujoco_version": "0", "isa": "-",
                 "spec_name": "large", "protocol": "synthetic", "spec_toml": '[study]\nname = "large"\n',
                 "options_toml": "", "tables": "life\nreach", "design": json.dumps(design),
                 "logs": "signals\nphysics\nbodies\nbodies_text\nstates\nstates_bytes"}  # fmt: skip
        for name, value in about.items():
            file.attrs[name] = text(value)
        file.attrs["format_version"], file.attrs["seed"] = np.array([1, 1], np.int32), np.uint64(1)
        for number in range(1, PARTICIPANTS + 1):
            group = file.create_group(f"participants/{number:04d}")
            cell = (number - 1) * 2 // PARTICIPANTS
            group.attrs["number"], group.attrs["seed"], group.attrs["cell"] = number, np.uint64(number), cell
            group.attrs["cell_name"] = text(design["cells"][cell]["name"])
            group.attrs["stages"] = text(json.dumps([{"name": "home", "levels": {}}]))
            kinds = {"life": (labels + own, samples), "probes/reach": ([*trial, "error"], TRIALS),
                     "signals": (["sample"] + ["x"] * SIGNALS, samples)}  # fmt: skip
            for name, (names, rows) in kinds.items():
                width = len(names)
                shape = {"shape": (rows, width), "maxshape": (None, width), "chunks": (max(1, 2**15 // width), width)}
                dataset = group.create_dataset(name, dtype=float, fletcher32=True, **shape)
                for start in range(0, rows, 50_000):
                    block = rng.standard_normal((min(50_000, rows - start), width))
                    block[:, 0] = np.arange(start + 1, start + len(block) + 1)
                    block[:, 3 if name == "life" else 0 if name == "signals" else 4] *= name == "signals"
                    dataset[start : start + len(block)] = block
                dataset.attrs["columns"] = text(json.dumps(columns(names)))
            group["signals"].attrs["signals"] = text(json.dumps(signals))
        file["committed"] = np.tile(np.array([samples, TRIALS], np.int64), (PARTICIPANTS, 1))
        file["committed_logs"] = np.tile(np.array([samples, 0, 0, 0, 0, 0], np.int64), (PARTICIPANTS, 1))
        file["excluded"] = np.zeros(PARTICIPANTS, np.int16)
        for name in ("wall_seconds", "cpu_seconds", "samples", "belief_updates", "operations"):
            file[f"ledger/{name}"] = np.ones(PARTICIPANTS)
        file["ledger/joules"] = np.array([np.nan])


def cost(path: Path, name: str, task: str) -> tuple[float, float]:
    """Wall seconds of the task, and peak memory of its process, bytes."""
    out = path.parent / "out"
    shutil.rmtree(out, ignore_errors=True)
    if not task:
        start = time.monotonic()
        command = shutil.which("infans") or str(Path(sys.executable).with_name("infans"))
        program = subprocess.Popen([command, "inspect", str(path)], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(program.pid, 0)
        if status != 0:
            raise SystemExit(f"infans inspect {path} failed")
        return time.monotonic() - start, 1024.0 * usage.ru_maxrss
    child = [sys.executable, "-c", CHILD, str(path), str(out), task]
    seconds, memory = subprocess.run(child, check=True, capture_output=True, text=True).stdout.split()
    return float(seconds), float(memory)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=10.0, help="size of the record [10]")
    parser.add_argument("--folder", help="where [the system's folder for temporary files]")
    parser.add_argument("--keep", action="store_true", help="leave the record there")
    given = parser.parse_args()
    samples = max(2000, int(given.gigabytes * 1e9 / PARTICIPANTS / ROW))
    folder = Path(tempfile.mkdtemp(prefix="infans-large-", dir=given.folder))
    if shutil.disk_usage(folder).free < 1.5 * samples * PARTICIPANTS * ROW:
        os.rmdir(folder)
        raise SystemExit(f"{folder.parent}: too little space for {given.gigabytes:g} GB and what is exported")
    path = folder / "run.h5"
    try:
        print(f"writing {path}", file=sys.stderr)
        writer = multiprocessing.get_context("spawn").Process(target=write, args=(path, samples))
        writer.start()
        writer.join()
        if writer.exitcode != 0:
            raise SystemExit(f"{path} was not written (exit code {writer.exitcode})")
        print(f"{path.stat().st_size / 1e9:.2f} GB, {PARTICIPANTS} participants, {samples:,} samples each\n")
        print("| task | s | peak memory, MB |\n|---|---|---|")
        for name, task in TASKS.items():
            seconds, memory = cost(path, name, task)
            print(f"| {name} | {seconds:.2f} | {memory / 1e6:.0f} |", flush=True)
    finally:
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
