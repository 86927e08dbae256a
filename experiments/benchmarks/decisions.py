"""What scripts that count decisions over seeds share: their arguments and a cell of their tables."""

from __future__ import annotations

import argparse
import math
import random
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROUNDS = 2000  # of the bootstrap


def names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def parser(benchmark: str, summary: str, tasks: Sequence[str]) -> argparse.ArgumentParser:
    own = argparse.ArgumentParser(prog=f"scripts/bench {benchmark}", description=summary,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    own.add_argument("--tasks", type=names, default=list(tasks), metavar="A,B", help=f"[{','.join(tasks)}]")
    own.add_argument("--seeds", type=int, default=20, help="lives a row [20]")
    own.add_argument("--seed", type=int, default=1, help="the first of them [1]")
    own.add_argument("--threads", type=int, help="[all processors]")
    own.add_argument("--json", type=Path, metavar="FILE", help="write every life there too")
    return own


def interval(counts: Sequence[float]) -> tuple[float, float]:
    """Percentile 95 % interval of the median over seeds (Efron 1979)."""
    draw = random.Random(1)
    medians = sorted(statistics.median_low(draw.choices(counts, k=len(counts))) for _ in range(ROUNDS))
    return medians[ROUNDS * 25 // 1000], medians[ROUNDS * 975 // 1000 - 1]


def show(count: float) -> str:
    return "never" if math.isinf(count) else f"{count:g}"


def cell(lives: Sequence[dict[str, Any]], key: str, with_interval: bool = False) -> str:
    """Median [min, max]; who never got there counts as later than all."""
    counts = [math.inf if life[key] is None else float(life[key]) for life in lives]
    text = f"{show(statistics.median(counts))} [{show(min(counts))}, {show(max(counts))}]"
    if with_interval:
        low, high = interval(counts)
        text += f" ({show(low)} to {show(high)})"
    late = sum(math.isinf(count) for count in counts)
    return f"{text}; {late} of {len(counts)} not" if late else text
