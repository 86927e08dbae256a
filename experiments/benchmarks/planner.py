"""A decision of the planner beside the best matrix product of the same core: `scripts/bench planner`.

One row for each world model, of an agent that lived five episodes of the swing-up: decisions per second, and the
operations of what it imagines a decision, GFLOP/s, as a share of the best float32 matrix product of the same run
(NumPy's BLAS and our own micro-kernel, one core, several sizes). Repeats alternate between the programs, and of every
program the fastest counts, so that a busy machine is busy for all.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
from compare_kernels import GEMM_NUMPY, GEMM_OURS, ROOT, Best, Server, processor

MODELS = ["fourier", "harmonics", "mechanics"]
COUNT = """Operations: additions, multiplications and divisions that the imagined steps and linearisations of a decision
ask for, a fused pair counting as two (core/kernels/operations.cpp). A step of one candidate:
  fourier    D (2 I + 14) for D cosines of I inputs (range reduction 3, polynomial 11); H (2 I + 2 H + 40) for two
             layers of H tanh; 2 (D + H) C for a readout of C = outputs + draws columns; encoding and gain
  harmonics  steps x 4 evaluations, each 35 n for cosine and sine of n joints, 6 a wave, 2 F C for F features and
             C = n monomials columns, 2 C for the monomials; the gain: one evaluation for the draws
  mechanics  steps x 4 evaluations, each 35 for a joint that turns waves, 7 and up a wave, 9 or 11 a term of the
             inertia, the solution of P a = r; the gain: an evaluation for every draw
Padding to whole registers, proposals, sorting, the Riccati recursion and the freezing of the model are not counted,
but their time is: planner GFLOP/s = operations / time of the whole decision."""


def numpy_gemm(m: int, n: int, k: int, seconds: float) -> float:
    import numpy as np

    a, b = np.ones((m, k), np.float32), np.ones((k, n), np.float32)
    out = np.empty((m, n), np.float32)
    best, start = float("inf"), time.perf_counter()
    while time.perf_counter() - start < seconds:
        before = time.perf_counter()
        np.matmul(a, b, out=out)
        best = min(best, time.perf_counter() - before)
    return 2e-9 * m * n * k / best


def measure(arguments: argparse.Namespace, notes: list[str]) -> tuple[Best, list[dict]]:
    bench = ROOT / "build" / "release" / "bin"
    for name in ("bench_planner", "bench_kernels"):
        if not (bench / name).exists():
            sys.exit(f"bench: {name} is not built; run scripts/setup")
    products, planner = Server([str(bench / "bench_kernels")]), Server([str(bench / "bench_planner")])
    gemm, best = Best(notes), Best(notes)
    operations: dict[str, float] = {}
    for _ in range(arguments.repeats):
        for units, samples in GEMM_OURS:
            gemm.add("infans", products.ask(f"gemm {units} {samples} 1 {arguments.seconds}"), "gflops")
        for m, n, k in GEMM_NUMPY if arguments.numpy else []:
            gemm.add("numpy", {"gflops": numpy_gemm(m, n, k, arguments.seconds)}, "gflops")
        for model in arguments.models:
            for what in ("plan", "step"):
                answer = planner.ask(f"{what} {model} {arguments.seconds}")
                best.add(f"{what} {model}", answer)
                operations[f"{what} {model}"] = answer.get("operations", float("nan"))
    for server in (products, planner):
        server.close()
    peak = max(gemm.value.values())
    rows = []
    for model in arguments.models:
        us, step_us = best.value[f"plan {model}"], best.value[f"step {model}"]
        rate = 1e-3 * operations[f"plan {model}"] / us
        step_rate = 1e-3 * operations[f"step {model}"] / step_us
        rows.append({
            "model": model, "us": us, "decisions_per_second": 1e6 / us, "operations": operations[f"plan {model}"],
            "gflops": rate, "share_of_sgemm": rate / peak, "step_ns": 1e3 * step_us,
            "step_operations": operations[f"step {model}"], "step_gflops": step_rate,
            "step_share_of_sgemm": step_rate / peak,
        })  # fmt: skip
    return gemm, rows


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench planner", description=__doc__, epilog=COUNT,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--models", type=lambda text: text.split(","), default=MODELS, metavar="A,B",
                        help=f"[all] of {', '.join(MODELS)}")  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
    parser.add_argument("--repeats", type=int, default=5, help="alternating repeats of each program [5]")
    parser.add_argument("--seconds", type=float, default=0.3, help="time of one sample [0.3]")
    arguments = parser.parse_args(words)
    notes: list[str] = []
    try:
        import numpy  # noqa: F401

        arguments.numpy = True
    except ImportError:
        arguments.numpy = False
        notes.append("NumPy is not there: the best product is our own micro-kernel's")
    gemm, rows = measure(arguments, notes)
    print("| model | decisions/s | us | MFLOP | GFLOP/s | of sgemm | step alone, ns a candidate | FLOP | of sgemm |")
    print("|---|---|---|---|---|---|---|---|---|")
    for r in rows:
        print(
            f"| {r['model']} | {r['decisions_per_second']:.0f} | {r['us']:.0f} | {1e-6 * r['operations']:.1f} "
            f"| {r['gflops']:.0f} | {r['share_of_sgemm']:.2f} | {r['step_ns']:.1f} | {r['step_operations']:.0f} "
            f"| {r['step_share_of_sgemm']:.2f} |"
        )
    shown = ", ".join(f"{name} {value:.0f}" for name, value in gemm.value.items())
    print(f"\nBest sgemm on one core: {max(gemm.value.values()):.0f} GFLOP/s ({shown}); {processor()}.\n\n{COUNT}")
    print("\n".join(dict.fromkeys(notes)))
    if arguments.json:
        machine = {"processor": processor(), "system": platform.platform()}
        arguments.json.write_text(json.dumps({"rows": rows, "sgemm_gflops": gemm.value, "machine": machine}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
