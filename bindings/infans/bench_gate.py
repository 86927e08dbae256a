"""The gate: has sample efficiency become worse than the baseline's? One-sided, with a stated rate of false alarms.

What is compared is the logarithm of the decisions lost (`lost_decisions`), which is never censored, seed by seed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import bench_statistics as statistics
from .bench_records import grouped, lost

ALPHA = 0.05  # false alarms of a whole gate
TOLERANCE = 1.15  # fixed tier: more loss than this is a regression
WORSE = 1.25  # sequential tier: "as good" means that this much loss is excluded
CAP = 60  # sequential tier: pairs
COMPARABLE = ("isa", "mujoco", "tier")


class NotComparable(ValueError):
    """Two files that must not be compared; the message names both values."""


@dataclass(frozen=True)
class Verdict:
    """One task and agent: ratio of decisions lost (above 1: worse) with its 95 % interval, p or 1/e value, a word."""

    task: str
    agent: str
    ratio: float
    low: float
    high: float
    p: float
    word: str  # pass, regression, undecided, identical
    pairs: int


@dataclass(frozen=True)
class Comparison:
    """Mean difference of two groups that share some seeds."""

    difference: float
    error: float
    freedom: float

    def p_above(self, margin: float) -> float:
        """One-sided p value of the hypothesis that the difference is at most `margin`."""
        if self.error < 1e-12:  # no spread at all: the difference is what it is
            return float(self.difference <= margin)
        return statistics.t_tail((self.difference - margin) / self.error, self.freedom)

    def interval(self) -> tuple[float, float]:
        """Two-sided 95 %."""
        if self.error < 1e-12:
            return self.difference, self.difference
        half = statistics.t_quantile(0.025, self.freedom) * self.error
        return self.difference - half, self.difference + half


def compare(new: Mapping[int, float], old: Mapping[int, float]) -> Comparison:
    """Partially overlapping samples t-test with unequal variances (Derrick, Russ, Toher & White 2017, T_new2).

    Values by seed. It is the paired t-test where all seeds are shared, and Welch's test where none is.
    """
    x, y = np.array(list(new.values())), np.array(list(old.values()))
    shared = [seed for seed in new if seed in old]
    both = np.array([[new[s], old[s]] for s in shared]).reshape(-1, 2)
    vx, vy = x.var(ddof=1) / len(x), y.var(ddof=1) / len(y)
    alone = len(x) + len(y) - 2 * len(shared)
    correlation = 0.0
    if len(shared) > 1 and both.std(axis=0).min() > 1e-12:
        correlation = float(np.corrcoef(both.T)[0, 1])
    overlap = len(shared) / math.sqrt(len(x) * len(y))
    variance = vx + vy - 2 * correlation * math.sqrt(vx * vy) * overlap
    welch = (vx + vy) ** 2 / max(vx**2 / (len(x) - 1) + vy**2 / (len(y) - 1), 1e-300)
    freedom = len(shared) - 1 + (welch - len(shared) + 1) * alone / (len(x) + len(y))
    return Comparison(float(x.mean() - y.mean()), math.sqrt(max(variance, 0.0)), max(freedom, 1.0))


def identical(new: Mapping[int, float], old: Mapping[int, float]) -> bool:
    """Every new seed is in the baseline with the same value: nothing has changed."""
    return all(seed in old and new[seed] == old[seed] for seed in new)


def fixed(groups: Mapping[tuple[str, str], tuple[Mapping[int, float], Mapping[int, float]]]) -> list[Verdict]:
    """Verdicts of a fixed number of seeds; groups[task, agent] = (new, old), log decisions lost by seed.

    A regression is more than TOLERANCE times the loss, by one-sided tests with Holm's correction over the groups.
    """
    tests = {key: compare(new, old) for key, (new, old) in groups.items()}
    adjusted = statistics.holm([test.p_above(math.log(TOLERANCE)) for test in tests.values()])
    verdicts = []
    for (key, test), p in zip(tests.items(), adjusted, strict=True):
        new, old = groups[key]
        pairs = sum(seed in old for seed in new)
        if identical(new, old):
            verdicts.append(Verdict(*key, 1.0, 1.0, 1.0, 1.0, "identical", pairs))
        else:
            values = np.exp([test.difference, *test.interval()])
            verdicts.append(Verdict(*key, *map(float, values), p, "regression" if p <= ALPHA else "pass", pairs))
    return verdicts


def sequential_word(differences: Iterable[float], groups: int = 1) -> tuple[str, int, float]:
    """Word, pairs used and 1/e of a sequence of log ratios: it may be looked at after every pair.

    regression: the e-process against "not worse" exceeds groups/ALPHA with more loss; pass: the one against "WORSE
    times the loss" exceeds 1/ALPHA with less loss; undecided: neither within CAP pairs.
    """
    seen = np.array(list(differences)[:CAP])
    against_same = 1.0
    for n in range(2, len(seen) + 1):
        mean, deviation = float(seen[:n].mean()), float(seen[:n].std(ddof=1))
        error = max(deviation, 1e-9) / math.sqrt(n)
        worse, better = mean / error, (mean - math.log(WORSE)) / error
        against_same = statistics.t_mixture(worse, n) if worse > 0 else 1.0
        if against_same >= groups / ALPHA:
            return "regression", n, 1 / against_same
        if better < 0 and statistics.t_mixture(better, n) >= 1 / ALPHA:
            return "pass", n, min(1.0, 1 / against_same)
    return "undecided", len(seen), min(1.0, 1 / against_same)


def sequential(groups: Mapping[tuple[str, str], tuple[Mapping[int, float], Mapping[int, float]]]) -> list[Verdict]:
    """Verdicts pair by pair, in the order of the seeds; as `fixed`, and a verdict may be `undecided`."""
    verdicts = []
    for key, (new, old) in groups.items():
        seeds = [seed for seed in sorted(new) if seed in old]
        word, pairs, p = sequential_word([new[s] - old[s] for s in seeds], len(groups))
        used = seeds[:pairs]
        if identical(new, old):
            verdicts.append(Verdict(*key, 1.0, 1.0, 1.0, 1.0, "identical", pairs))
            continue
        test = compare({s: new[s] for s in used}, {s: old[s] for s in used})
        values = np.exp([test.difference, *test.interval()])
        verdicts.append(Verdict(*key, *map(float, values), p, word, pairs))
    return verdicts


def log_lost(records: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], dict[int, float]]:
    """[task, agent][seed] -> log of the decisions lost."""
    return {key: {int(r["seed"]): math.log(lost(r)) for r in lives} for key, lives in grouped(records).items()}


def _budgets(records: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {f"budget of {r['task']}": r["budget"] for r in records}


def check_comparable(new: Mapping[str, Any], old: Mapping[str, Any]) -> None:
    """Raises NotComparable where the two files were not measured alike."""
    for name in COMPARABLE:
        if new["meta"].get(name) != old["meta"].get(name):
            raise NotComparable(
                f"the baseline was measured with {name} {old['meta'].get(name)}, this with {new['meta'].get(name)}: "
                "their figures must not be compared; measure the baseline anew"
            )
    budgets = _budgets(old["records"])
    for name, budget in _budgets(new["records"]).items():
        if budgets.get(name, budget) != budget:
            raise NotComparable(f"the {name} is {budgets[name]} in the baseline and {budget} here")
    for key, mine in log_lost(new["records"]).items():
        check_seeds(key, mine, old)


def check_seeds(key: tuple[str, str], seeds: Iterable[int], old: Mapping[str, Any]) -> None:
    """Raises NotComparable unless the baseline has all these seeds of a task and agent, and they are two or more."""
    known, seeds, name = log_lost(old["records"]), set(seeds), " by ".join(key)
    if key not in known:
        raise NotComparable(f"the baseline has no records of {name}; it has {_names(known)}")
    extra = sorted(seeds - set(known[key]))
    if extra:
        raise NotComparable(
            f"{name}: the baseline has seeds {seeds_text(known[key])}, here are {seeds_text(seeds)}; "
            f"seed {extra[0]} has no partner"
        )
    if len(seeds) < 2:
        raise NotComparable(f"{name}: one seed has no spread; take --seeds 2 or more")


def _names(known: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{task} by {agent}" for task, agent in known) or "none"


def seeds_text(seeds: Iterable[int]) -> str:
    """1-10, or a list where there are gaps."""
    ordered = sorted(seeds)
    if ordered and ordered == list(range(ordered[0], ordered[-1] + 1)):
        return f"{ordered[0]}-{ordered[-1]}"
    return ", ".join(map(str, ordered))


def judge(new: Mapping[str, Any], old: Mapping[str, Any]) -> list[Verdict]:
    """Verdicts of two files of records; tier `nightly` sequentially, the others with all their seeds at once."""
    check_comparable(new, old)
    known = log_lost(old["records"])
    groups = {key: (mine, known[key]) for key, mine in log_lost(new["records"]).items()}
    return sequential(groups) if new["meta"]["tier"] == "nightly" else fixed(groups)
