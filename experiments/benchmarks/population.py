"""How a study grows with its population: `scripts/bench population`.

Runs a shipped study, cut short, with 10, 100 and 1,000 participants in all, and prints wall time, participants a
minute, peak memory and the memory that each participant adds (from the smallest population to each larger one).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def counts(text: str) -> list[int]:
    numbers = [int(part) for part in text.split(",")]
    if min(numbers) < 1:
        raise argparse.ArgumentTypeError("populations are at least 1")
    return numbers


def run(program: Path, arguments: argparse.Namespace, participants: int, folder: Path) -> tuple[float, float, float]:
    """Wall seconds, peak memory in MB and size of the record in MB."""
    study = ROOT / "experiments" / "configs" / f"{arguments.study}.toml"
    groups = max(1, study.read_text().count("[[group]]"))
    out = folder / str(participants)
    command = [program, "run", arguments.study, "--agents", str(-(-participants // groups)), "--out", out, "--quiet"]
    command += ["--participants", *map(str, range(1, participants + 1))]
    command += ["--set", f"time.most_samples={arguments.samples}"]
    if arguments.threads:
        command += ["--threads", str(arguments.threads)]
    start = time.monotonic()
    child = subprocess.Popen(list(map(str, command)))
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - start
    if status:
        raise RuntimeError(f"{arguments.study} with {participants} participants ended with {status}")
    return wall, usage.ru_maxrss / 1024, (out / "run.h5").stat().st_size / 1e6


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench population", description=__doc__)
    parser.add_argument("--study", default="body_map", help="a shipped study [body_map]")
    parser.add_argument("--participants", type=counts, default=[10, 100, 1000], metavar="A,B", help="[10,100,1000]")
    parser.add_argument("--samples", type=int, default=5, help="a life is cut off after so many [5]")
    parser.add_argument("--threads", type=int, help="[all processors]")
    arguments = parser.parse_args(words)
    program = ROOT / "build" / "release" / "bin" / "infans"
    print(f"{arguments.study}, lives of {arguments.samples} samples\n")
    print("| participants | wall s | a minute | peak memory MB | MB each | record MB | kB each |")
    print("|---|---|---|---|---|---|---|", flush=True)
    first = None
    with tempfile.TemporaryDirectory(prefix="infans-population-") as folder:
        for n in sorted(arguments.participants):
            wall, memory, size = run(program, arguments, n, Path(folder))
            first = first or (n, memory)
            each = f"{(memory - first[1]) / (n - first[0]):.3f}" if n > first[0] else "-"
            cells = [f"{n}", f"{wall:.1f}", f"{60 * n / wall:.0f}", f"{memory:.0f}", each, f"{size:.1f}"]
            print("|", " | ".join([*cells, f"{1e3 * size / n:.1f}"]), "|", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
