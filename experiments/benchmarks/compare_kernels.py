"""The belief-update kernels beside JAX, fabricpc and pcx: `scripts/bench kernels`.

One row for each shape and number of threads: settle 20 steps and one weight update, microseconds of the fastest call;
GFLOP/s by the operation count below; their share of the best float32 matrix product measured in the same run (NumPy's
OpenBLAS and our own micro-kernel, several sizes). Repeats alternate between the programs, so that a busy machine is
busy for all. The peers live in build/peers, which --peers makes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = ROOT / "build" / "release" / "bin" / "bench_kernels"
PEERS = ROOT / "build" / "peers"
# peer -> its environment; pcx pins an old JAX.
ENVIRONMENT = {"numpy": "jax", "jax": "jax", "fabricpc": "jax", "pcx": "pcx"}
PACKAGES = {"jax": ["numpy", "jax>=0.10,<0.11", "fabricpc==0.6.0"], "pcx": ["numpy", "pcx==0.6.3"]}

SHAPES = [
    ("8-32-32-6", 1),
    ("8-32-32-6", 64),
    ("24-64-64-24", 256),
    ("784-256-256-10", 64),
    ("784-256-256-10", 256),
    ("784-512-512-512-10", 256),
]
AGENTS = 256
STEPS = 20
GEMM_NUMPY = [(256, 256, 256), (512, 512, 512), (512, 256, 512), (1024, 1024, 1024), (2048, 1024, 1024)]
GEMM_OURS = [(256, 128), (512, 128), (512, 256)]


def edges(shape: str) -> list[int]:
    widths = [int(w) for w in shape.split("-")]
    return [a * b for a, b in zip(widths, widths[1:], strict=False)]


def count(shape: str, batch: int) -> int:
    """Operations of an update: the forward pass, each step a prediction and a send-back in all edges but the first
    (whose prediction stays), the weight update; two a multiply-add."""
    macs = edges(shape)
    return 2 * batch * (sum(macs) + STEPS * 2 * sum(macs[1:]) + sum(macs))


def executed_share(shape: str, batch: int) -> float:
    """Share of count() that the kernels compute: right after the forward pass all errors above the output are exactly
    zero, and what zero errors and unmoved activities make is left out; the settled state is predicted once more."""
    macs = edges(shape)
    last = len(macs)
    done = sum(macs) + sum(macs)
    quiet, moved = [True] * last + [False], [False] * last
    for _ in range(STEPS):
        for level in range(last):
            if moved[level]:
                done += macs[level]
                moved[level], quiet[level + 1] = False, False
            if level > 0 and not quiet[level + 1]:
                done += macs[level]
                moved[level], quiet[level] = True, False
    done += sum(m for m, due in zip(macs, moved, strict=True) if due)
    return 2 * batch * done / count(shape, batch)


class Server:
    """A program that answers one JSON line to each request line; None once it has failed."""

    def __init__(self, command: list[str]):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
        )

    def ask(self, request: str) -> dict:
        try:
            self.process.stdin.write(request + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        return json.loads(line) if line else {"error": "the program has ended"}

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def make_peers(notes: list[str]) -> None:
    for name, packages in PACKAGES.items():
        print(f"bench: installing {', '.join(packages)} into build/peers/{name}", file=sys.stderr)
        python = PEERS / name / "bin" / "python"
        if not python.exists():
            venv.create(PEERS / name, with_pip=True, symlinks=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        for package in packages:  # one by one: a peer that does not install takes no other with it
            if subprocess.run([*pip, package]).returncode:
                notes.append(f"{package} could not be installed")


def start_peers(threads: int, notes: list[str]) -> dict[str, Server]:
    servers = {}
    for peer, name in ENVIRONMENT.items():
        python = PEERS / name / "bin" / "python"
        if not python.exists():
            notes.append(f"{peer}: no build/peers/{name}; scripts/bench kernels --peers makes it")
            continue
        server = Server([str(python), str(Path(__file__).with_name("peers.py")), peer, str(threads)])
        found = server.ask("version")
        if "error" in found:
            notes.append(f"{peer}: {found['error']}")
            server.close()
        else:
            servers[peer] = server
            notes.append(f"{peer} {found['version']}")
    return servers


class Best:
    """Best value by name over alternating repeats."""

    def __init__(self, notes: list[str]):
        self.value: dict[str, float] = {}
        self.notes = notes

    def add(self, name: str, answer: dict, key: str = "us") -> None:
        if key in answer:
            better = min if key == "us" else max
            self.value[name] = better(self.value.get(name, answer[key]), answer[key])
        else:
            self.notes.append(f"{name}: {answer.get('error', 'no answer')}")


def sgemm_peak(
    ours: Server, peers: dict[str, Server], threads: int, arguments: argparse.Namespace, notes: list[str]
) -> Best:
    best = Best(notes)
    for _ in range(arguments.repeats):
        for units, samples in GEMM_OURS:
            best.add("infans", ours.ask(f"gemm {units} {samples} {threads} {arguments.seconds}"), "gflops")
        for m, n, k in GEMM_NUMPY if "numpy" in peers else []:
            best.add("numpy", peers["numpy"].ask(f"gemm {m} {n} {k} {arguments.seconds}"), "gflops")
    return best


def measure(threads: int, ours: Server, arguments: argparse.Namespace, notes: list[str]) -> tuple[list[dict], dict]:
    peers = start_peers(threads, notes)
    gemm = sgemm_peak(ours, peers, threads, arguments, notes).value
    peak = max(gemm.values())
    rows = []
    for shape, batch in SHAPES:
        print(f"bench: {shape}, batch {batch}, {threads} threads ...", file=sys.stderr, flush=True)
        best = Best(notes)
        for _ in range(arguments.repeats):
            best.add("infans", ours.ask(f"chain {shape} {batch} {threads} {arguments.seconds}"))
            for peer in ("jax", "fabricpc", "pcx"):
                if peer in peers:
                    best.add(peer, peers[peer].ask(f"{shape} {batch} {arguments.seconds}"))
        rate = count(shape, batch) / best.value["infans"] * 1e-3
        rows.append(
            {
                "shape": shape,
                "batch": batch,
                "threads": threads,
                **{f"{name}_us": best.value.get(name) for name in ("infans", "jax", "fabricpc", "pcx")},
                "gflops": rate,
                "fraction_of_sgemm_peak": rate / peak,
                "executed_share": executed_share(shape, batch),
            }
        )
    best = Best(notes)
    shape = SHAPES[0][0]
    for _ in range(arguments.repeats):
        best.add("all", ours.ask(f"population {shape} {AGENTS} {threads} {arguments.seconds}"))
        best.add("one", ours.ask(f"chain {shape} 1 1 {arguments.seconds}"))
    rate = count(shape, AGENTS) / best.value["all"] * 1e-3
    population = {
        "shape": shape,
        "agents": AGENTS,
        "threads": threads,
        "infans_us": best.value["all"],
        "one_agent_us": best.value["one"],
        "gflops": rate,
        "fraction_of_sgemm_peak": rate / peak,
        "share_of_one_agent_times_threads": best.value["one"] * AGENTS / threads / best.value["all"],
    }
    for peer in peers.values():
        peer.close()
    return rows, {"population": population, "sgemm_gflops": {"threads": threads, **gemm, "peak": peak}}


def shown(value: float | None, digits: int = 1) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def print_tables(result: dict) -> None:
    print("| shape | batch | threads | infans us | jax us | fabricpc us | pcx us | times jax | GFLOP/s | of sgemm |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for r in result["rows"]:
        times = r["jax_us"] / r["infans_us"] if r["jax_us"] else None
        peers = " | ".join(shown(r[f"{name}_us"]) for name in ("infans", "jax", "fabricpc", "pcx"))
        print(
            f"| {r['shape']} | {r['batch']} | {r['threads']} | {peers} | {shown(times, 2)} | {shown(r['gflops'])} "
            f"| {shown(r['fraction_of_sgemm_peak'], 2)} |"
        )
    print("\n| population | threads | us | one agent us | share of one agent x threads | GFLOP/s |")
    print("|---|---|---|---|---|---|")
    for p in result["populations"]:
        print(
            f"| {p['agents']} x {p['shape']} | {p['threads']} "
            f"| {shown(p['infans_us'])} | {shown(p['one_agent_us'], 2)} "
            f"| {shown(p['share_of_one_agent_times_threads'], 2)} | {shown(p['gflops'])} |"
        )
    for g in result["sgemm"]:
        print(
            f"\nBest sgemm, {g['threads']} threads: {shown(g['peak'])} GFLOP/s "
            f"(infans {shown(g.get('infans'))}, numpy {shown(g.get('numpy'))})."
        )


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench kernels", description=__doc__.split("\n\n")[0])
    parser.add_argument("--json", metavar="FILE", help="write everything there")
    parser.add_argument("--peers", action="store_true", help="first make build/peers: JAX, fabricpc, pcx")
    parser.add_argument("--threads", default="1,2", help="numbers of threads (default 1,2)")
    parser.add_argument("--repeats", type=int, default=5, help="alternating repeats of each program (default 5)")
    parser.add_argument("--seconds", type=float, default=0.1, help="time of one sample (default 0.1)")
    options = parser.parse_args(arguments)
    if not PROGRAM.exists():
        sys.exit(f"bench: {PROGRAM.relative_to(ROOT)} is not built; run scripts/setup")
    notes = [
        "operations by count(); executed_share of them is computed (zeros after the forward pass are left out)",
        "pcx and fabricpc: their own training step with the same update; weights equal those of the JAX function",
    ]
    if options.peers:
        make_peers(notes)
    ours = Server([str(PROGRAM)])
    result: dict = {"rows": [], "populations": [], "sgemm": []}
    result["isa"] = ours.ask("isa").get("isa")
    result["machine"] = {"processor": processor(), "cores": os.cpu_count(), "system": platform.platform()}
    for threads in (int(t) for t in options.threads.split(",")):
        rows, rest = measure(threads, ours, options, notes)
        result["rows"] += rows
        result["populations"].append(rest["population"])
        result["sgemm"].append(rest["sgemm_gflops"])
    ours.close()
    result["notes"] = list(dict.fromkeys(notes))
    print_tables(result)
    print("\n" + "\n".join(f"* {note}" for note in result["notes"]))
    if options.json:
        Path(options.json).write_text(json.dumps(result, indent=1) + "\n")
    return 0


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor()
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
