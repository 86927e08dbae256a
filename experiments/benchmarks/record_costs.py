"""What recording costs: `scripts/bench record`.

The infant of a shipped study lives with nothing on record but its tables, and with the full policy (every signal and
the whole physics state of every sample), at several levels of compression. Prints bytes a sample, and what recording
takes of the processor: by the writer's own thread (read from /proc while it runs), and in all as the difference to the
life without logs. Medians of some rounds, taken in turn, so that what else the machine does falls on all alike.
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

ROOT = Path(__file__).resolve().parents[2]
FULL = ["record.signals=every", "record.physics_every=1", "record.states=true"]


def thread_seconds(pid: int) -> dict[str, float]:
    """Processor seconds so far of each thread of a process; with --threads 1 all but the first are the writer's."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            fields = (task / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        found[task.name] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return found


def run(program: Path, arguments: argparse.Namespace, settings: list[str], out: Path) -> dict[str, Any]:
    command = [program, "run", arguments.study, "--agents", "1", "--participants", "1", "--threads", "1", "--quiet"]
    command += ["--out", out, "--set", f"time.most_samples={arguments.samples}"]
    for setting in settings:
        command += ["--set", setting]
    start = time.monotonic()
    child = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)
    threads: dict[str, float] = {}
    while not os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG):
        threads |= thread_seconds(child.pid)
        time.sleep(0.05)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - start
    if status:
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {status}")
    lived = sum(one["samples"] for one in json.loads((out / "summary.json").read_text())["participants"])
    return {"samples": lived,
            "wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "bytes": (out / "run.h5").stat().st_size,
            "writer": sum(seconds for thread, seconds in threads.items() if thread != str(child.pid))}


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench record", description=__doc__)
    parser.add_argument("--study", default="body_map", help="a shipped study [body_map]")
    parser.add_argument("--samples", type=int, default=2000, help="of the life, where the study is as long [2000]")
    parser.add_argument("--rounds", type=int, default=5, help="of every row [5]")
    parser.add_argument("--levels", type=lambda text: [int(part) for part in text.split(",")], default=[0, 1, 4, 9],
                        metavar="A,B", help="of compression [0,1,4,9]")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every run there too")
    arguments = parser.parse_args(words)
    program = ROOT / "build" / "release" / "bin" / "infans"
    rows = {"tables only": []} | {f"all, compression {n}": [*FULL, f"record.compression={n}"] for n in arguments.levels}
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in rows}
    with tempfile.TemporaryDirectory(prefix="infans-record-") as folder:
        for k in range(arguments.rounds):
            for place, (name, settings) in enumerate(rows.items()):
                print(f"bench: round {k + 1} of {arguments.rounds}, {name}", file=sys.stderr, flush=True)
                runs[name].append(run(program, arguments, settings, Path(folder) / f"{k}-{place}"))
    lived = runs["tables only"][0]["samples"]
    print(f"{arguments.study}, one participant, {lived} samples, {arguments.rounds} rounds, 1 thread\n")
    print("| on record | bytes a sample | wall s | processor s, median [min, max] | writer's thread | difference |")
    print("|---|---|---|---|---|---|")
    bare = statistics.median(one["cpu"] for one in runs["tables only"])
    for name, all_of in runs.items():
        cpu = [one["cpu"] for one in all_of]
        middle = statistics.median(cpu)
        share = f"{100 * (middle - bare) / bare:.1f} %" if name != "tables only" else "-"
        writer = 100 * statistics.median(one["writer"] / one["cpu"] for one in all_of)
        print(f"| {name} | {all_of[0]['bytes'] / lived:.0f} "
              f"| {statistics.median(one['wall'] for one in all_of):.2f} "
              f"| {middle:.2f} [{min(cpu):.2f}, {max(cpu):.2f}] | {writer:.1f} % | {share} |")
    if arguments.json:
        arguments.json.write_text(json.dumps(runs, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
