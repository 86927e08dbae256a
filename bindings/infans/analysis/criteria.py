"""Samples to a criterion: how much experience a participant needed, and how groups differ in it."""

from __future__ import annotations

import warnings

import numpy as np
from scipy import stats

from .effects import Comparison, cliffs_delta, finite, hedges_g, ratio_of_medians


def samples_to(
    sample: np.ndarray,
    value: np.ndarray,
    *,
    below: float | None = None,
    above: float | None = None,
    hold: int = 1,
    window: int | None = None,
    count: int | None = None,
    start: int = 0,
) -> float:
    """Samples lived, counted from `start`, when a measure first met its criterion; inf if it never did.

    sample [n]: samples lived at each measurement, ascending; value [n]: the measure, NaN meets nothing. Met: below or
    above the bound on `hold` measurements in a row, or on `count` of the last `window`. The measurement that completes
    the row is the one that counts.
    """
    value = np.asarray(value, float)
    if (below is None) == (above is None):
        raise ValueError("give one of below and above")
    with np.errstate(invalid="ignore"):
        good = value < below if above is None else value > above
    width, needed = (window, count or window) if window else (hold, hold)
    if not 1 <= needed <= width:
        raise ValueError(f"{needed} of the last {width} measurements can never meet a criterion")
    sums = np.concatenate([[0], np.cumsum(good)])
    last = sums[1:] - sums[np.maximum(np.arange(1, len(sums)) - width, 0)]
    met = np.flatnonzero(last >= needed)
    return float(sample[met[0]] - start) if len(met) else np.inf


def logrank(one: np.ndarray, one_lived: np.ndarray, other: np.ndarray, other_lived: np.ndarray) -> float:
    """p of the log-rank test (Mantel 1966): samples [n], inf is censored at the samples lived [n]."""
    sides = []
    for samples, lived in ((one, one_lived), (other, other_lived)):
        never = ~np.isfinite(samples)
        sides.append(stats.CensoredData.right_censored(np.where(never, lived, samples), never))
    if not min(len(one), len(other)) or not (np.isfinite(one).any() or np.isfinite(other).any()):
        return np.nan
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return float(stats.logrank(*sides).pvalue)


def compare_samples(
    one: np.ndarray,
    other: np.ndarray,
    lived: tuple[np.ndarray, np.ndarray],
    names: tuple[str, str] = ("one", "other"),
    seed: int = 0,
) -> Comparison:
    """Two independent groups: ratio of medians, Cliff's delta (never counts as later than all), log-rank test.

    Hedges' g is of the logarithms, and only where every participant met the criterion.
    """
    whole = np.isfinite(one).all() and np.isfinite(other).all() and min([*one, *other, np.inf]) > 0
    return Comparison(
        *names, (len(one), len(other)), ratio_of_medians(one, other, seed),
        g=hedges_g(np.log(one), np.log(other)) if whole else hedges_g(np.empty(0), np.empty(0)),
        delta=cliffs_delta(one, other), test="log-rank test", p=logrank(one, lived[0], other, lived[1]),
    )  # fmt: skip


def compare_starts(
    one: np.ndarray, other: np.ndarray, names: tuple[str, str] = ("one", "other"), seed: int = 0
) -> Comparison:
    """The same participants from two starts: ratio of medians by a bootstrap of participants, sign test."""
    faster, slower = int(np.sum(one < other)), int(np.sum(one > other))
    p = float(stats.binomtest(faster, faster + slower).pvalue) if faster + slower else np.nan
    return Comparison(
        *names, (len(one), len(other)), ratio_of_medians(one, other, seed, paired=True), test="sign test", p=p,
        paired=True,
    )  # fmt: skip


def reached(samples: np.ndarray) -> int:
    """How many met the criterion."""
    return len(finite(samples))
