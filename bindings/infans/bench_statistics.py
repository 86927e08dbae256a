"""Statistics of few runs, after Agarwal et al. 2021 ("Deep RL at the edge of the statistical precipice") and others.

Scores are arrays of one value a run; a list of such arrays holds one array a task, the strata of the bootstrap. NumPy
only. Whatever draws takes a `numpy.random.Generator`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

Strata = Sequence[np.ndarray]


class Interval(NamedTuple):
    """An estimate and its 95 % interval."""

    value: float
    low: float
    high: float


def iqm(scores: np.ndarray) -> np.ndarray:
    """Interquartile mean over the last axis: floor(n/4) values are cut at each end (Agarwal et al. 2021)."""
    ordered = np.sort(np.asarray(scores, dtype=float), axis=-1)
    cut = ordered.shape[-1] // 4
    return ordered[..., cut : ordered.shape[-1] - cut].mean(axis=-1)


def optimality_gap(scores: np.ndarray, goal: float = 1.0) -> np.ndarray:
    """How far runs stay below `goal` on average; what is above it does not count (Agarwal et al. 2021)."""
    return goal - np.minimum(np.asarray(scores, dtype=float), goal).mean(axis=-1)


def log_mean(scores: np.ndarray) -> np.ndarray:
    """Mean of the logarithms over the last axis: the logarithm of the geometric mean."""
    return np.log(scores).mean(axis=-1)


def resampled(strata: Strata, rounds: int, draw: np.random.Generator) -> np.ndarray:
    """[rounds, all runs]: each task's runs drawn with replacement from that task only (stratified bootstrap)."""
    return np.concatenate([s[draw.integers(0, len(s), (rounds, len(s)))] for s in map(np.asarray, strata)], axis=1)


def bootstrap(
    strata: Strata, statistic: Callable[[np.ndarray], np.ndarray], draw: np.random.Generator, rounds: int = 2000
) -> Interval:
    """Percentile 95 % interval of a statistic of all runs, bootstrapped inside each task (Efron 1979)."""
    low, high = np.quantile(statistic(resampled(strata, rounds, draw)), [0.025, 0.975])
    return Interval(float(statistic(np.concatenate([np.asarray(s) for s in strata]))), float(low), float(high))


def ratio(above: np.ndarray, below: np.ndarray, draw: np.random.Generator, rounds: int = 2000) -> Interval:
    """Ratio of geometric means of two independent groups of positive counts, percentile 95 % interval."""
    top, bottom = resampled([above], rounds, draw), resampled([below], rounds, draw)
    low, high = np.exp(np.quantile(log_mean(top) - log_mean(bottom), [0.025, 0.975]))
    return Interval(float(np.exp(log_mean(above) - log_mean(below))), float(low), float(high))


def performance_profile(strata: Strata, thresholds: np.ndarray) -> np.ndarray:
    """Share of runs above each threshold, mean over tasks (Agarwal et al. 2021, equation 1)."""
    return np.mean([(np.asarray(s)[:, None] > thresholds).mean(axis=0) for s in strata], axis=0)


def probability_of_improvement(x: Strata, y: Strata) -> float:
    """P(a run of x beats one of y), ties half: Mann-Whitney U / (n m), mean over tasks (Agarwal et al. 2021)."""
    wins = [np.sign(np.subtract.outer(np.asarray(a), np.asarray(b))) for a, b in zip(x, y, strict=True)]
    return float(np.mean([0.5 + 0.5 * w.mean() for w in wins]))


def median_censored(counts: Sequence[float | None]) -> float | None:
    """Median where None is later than every number; None if the median is not reached."""
    middle = float(np.median([math.inf if c is None else c for c in counts])) if len(counts) else math.inf
    return middle if math.isfinite(middle) else None


def lost_decisions(curve: Sequence[Sequence[float]], budget: float) -> float:
    """Area above a learning curve, in decisions: the integral of 1 - score up to the budget.

    `curve` holds [decisions, score in 0..1], ascending; the score is 0 before the first test, that of the last test in
    between, and that of the last test of all until the budget. For a score that steps from 0 to 1 it is the decisions
    needed, and the budget if that never happens: a restricted mean time (Royston & Parmar 2013), never censored.
    """
    lost, since, score = 0.0, 0.0, 0.0
    for decisions, now in curve:
        if decisions >= budget:
            break
        lost, since, score = lost + (decisions - since) * (1 - score), decisions, now
    return lost + (budget - since) * (1 - score)


def _beta_fraction(a: float, b: float, x: float) -> float:
    """Continued fraction of the incomplete beta function by Lentz's method (Abramowitz & Stegun 26.5.8)."""
    tiny = 1e-300
    c, d = 1.0, 1.0 / ((1 - (a + b) * x / (a + 1)) or tiny)
    value = d
    for m in range(1, 500):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        step = 0.0
        for term in (even, odd):
            d = 1.0 / ((1 + term * d) or tiny)
            c = (1 + term / c) or tiny
            step = c * d
            value *= step
        if abs(step - 1) < 1e-15:
            break
    return value


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Regularised I_x(a, b) for 0 <= x <= 1 (Abramowitz & Stegun 6.6.2)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _beta_fraction(a, b, x) / a
    return 1 - front * _beta_fraction(b, a, 1 - x) / b


def t_tail(t: float, freedom: float) -> float:
    """P(T > t) of Student's t (Abramowitz & Stegun 26.7.1)."""
    tail = 0.5 * incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t))
    return tail if t >= 0 else 1 - tail


def t_quantile(tail: float, freedom: float) -> float:
    """t with P(T > t) = tail, for tail below one half; by bisection."""
    low, high = 0.0, 2.0
    while t_tail(high, freedom) > tail:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if t_tail(middle, freedom) > tail else (low, middle)
    return (low + high) / 2


def holm(p: Sequence[float]) -> list[float]:
    """Adjusted p values of a family; rejecting those <= alpha keeps the family's error below alpha (Holm 1979)."""
    adjusted, running = [1.0] * len(p), 0.0
    for rank, k in enumerate(sorted(range(len(p)), key=lambda k: p[k])):
        running = max(running, min(1.0, (len(p) - rank) * p[k]))
        adjusted[k] = running
    return adjusted


def t_mixture(t: float, pairs: int, spread: float = 1.0) -> float:
    """e-value of a t statistic of n pairs against a zero mean, variance unknown; anytime-valid for normal differences.

    The likelihood ratio of t under effect sizes ~ N(0, spread^2) and under 0 (Gonen et al. 2005, equation 4). Along
    n = 2, 3, ... it is an e-process: P(it ever exceeds 1/a) <= a (Ville's inequality; Lai 1976, Wang & Ramdas 2024).
    """
    freedom, shrink = pairs - 1, 1 + pairs * spread**2
    log_e = -0.5 * math.log(shrink)
    log_e += 0.5 * pairs * (math.log1p(t * t / freedom) - math.log1p(t * t / (freedom * shrink)))
    return math.exp(min(log_e, 700.0))
