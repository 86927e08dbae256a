"""Estimates with 95 % intervals and comparisons of groups; the statistics are SciPy's and statsmodels'.

Groups are arrays [n] of one value a participant. `inf` stands for a criterion that was never reached where a function
says so. Whatever resamples takes a seed.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy import stats
from statsmodels.stats.meta_analysis import effectsize_smd
from statsmodels.stats.nonparametric import rank_compare_2indep

from ..bench_statistics import Interval, holm

ROUNDS = 4999  # of a bootstrap
FEWEST = 5  # participants: of fewer a bootstrap interval is far too narrow
UNKNOWN = Interval(np.nan, np.nan, np.nan)


@dataclass(frozen=True)
class Comparison:
    """Group `one` against group `other`.

    ratio: of medians; g: Hedges' g (or for pairs the mean difference in standard deviations); delta: Cliff's delta;
    difference: of means, in the measure's unit; p: of `test`, p_holm: corrected for the comparisons of one analysis.
    """

    one: str
    other: str
    n: tuple[int, int]
    ratio: Interval = UNKNOWN
    difference: Interval = UNKNOWN
    g: Interval = UNKNOWN
    delta: Interval = UNKNOWN
    test: str = ""
    p: float = np.nan
    p_holm: float = np.nan
    paired: bool = False

    @property
    def known(self) -> bool:
        """Whether enough was measured to compare."""
        return bool(np.isfinite([self.ratio.value, self.difference.value, self.g.value, self.delta.value]).any())


def finite(values: np.ndarray) -> np.ndarray:
    """Without NaN and inf."""
    values = np.asarray(values, dtype=float)
    return values[np.isfinite(values)]


def mean_interval(values: np.ndarray, seed: int = 0) -> Interval:
    """Mean and its bias-corrected and accelerated bootstrap interval (Efron 1987), of five values or more."""
    values = finite(values)
    if len(values) < FEWEST or np.ptp(values) == 0:
        return Interval(float(values.mean()) if len(values) else np.nan, np.nan, np.nan)
    found = stats.bootstrap(
        (values,), np.mean, n_resamples=ROUNDS, method="BCa", vectorized=True, rng=np.random.default_rng(seed)
    )
    return Interval(float(values.mean()), *map(float, found.confidence_interval))


def middle(values: np.ndarray) -> float:
    """Median where inf is later than every number; NaN of nothing."""
    values = np.sort(np.asarray(values, dtype=float))
    if not len(values):
        return np.nan
    low, high = values[(len(values) - 1) // 2], values[len(values) // 2]
    return float(low if low == high else (low + high) / 2)  # inf - inf is never formed


def _middles(values: np.ndarray, axis: int = -1) -> np.ndarray:
    """`middle` along an axis."""
    values = np.sort(np.moveaxis(values, axis, -1), axis=-1)
    n = values.shape[-1]
    return (values[..., (n - 1) // 2] + values[..., n // 2]) / 2


def ratio_of_medians(one: np.ndarray, other: np.ndarray, seed: int = 0, paired: bool = False) -> Interval:
    """Median of one over that of the other, percentile bootstrap interval (Efron 1979); inf: never reached.

    Unknown where a median is never reached. Resamples in which neither median is reached say nothing and are left out.
    """
    one, other = (np.asarray(v, dtype=float) for v in (one, other))
    centres = middle(one), middle(other)
    if not np.all(np.isfinite(centres)) or centres[1] == 0:
        return UNKNOWN
    if min(len(one), len(other)) < FEWEST:
        return Interval(centres[0] / centres[1], np.nan, np.nan)

    def ratio(x: np.ndarray, y: np.ndarray, axis: int = -1) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            return _middles(x, axis) / _middles(y, axis)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # resamples that never reach it have no percentile of SciPy's kind
        found = stats.bootstrap(
            (one, other), ratio, n_resamples=ROUNDS, method="percentile", vectorized=True, paired=paired,
            rng=np.random.default_rng(seed),
        )  # fmt: skip
    drawn = found.bootstrap_distribution
    # No interpolation: between a number and inf there is nothing.
    low, high = np.quantile(drawn[~np.isnan(drawn)], [0.025, 0.975], method="inverted_cdf")
    return Interval(centres[0] / centres[1], float(low), float(high))


def hedges_g(one: np.ndarray, other: np.ndarray) -> Interval:
    """Difference of means in pooled standard deviations, corrected for small samples (Hedges 1981)."""
    one, other = finite(one), finite(other)
    spread = [v.std(ddof=1) if len(v) > 1 else np.nan for v in (one, other)]
    if not np.hypot(*spread) > 0:
        return UNKNOWN
    g, variance = effectsize_smd(one.mean(), spread[0], len(one), other.mean(), spread[1], len(other))
    half = stats.norm.ppf(0.975) * np.sqrt(variance)
    return Interval(float(g), float(g - half), float(g + half))


def cliffs_delta(one: np.ndarray, other: np.ndarray) -> Interval:
    """P(one > other) - P(one < other), interval of Brunner & Munzel (2000); inf counts as later than every number.

    Without an interval where the groups do not overlap: their ranks then have no variance.
    """
    one, other = (v[~np.isnan(v)] for v in (np.asarray(one, float), np.asarray(other, float)))
    if min(len(one), len(other)) < 2:
        return UNKNOWN
    one, other = np.split(stats.rankdata(np.concatenate([one, other])), [len(one)])  # only order counts
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = rank_compare_2indep(one, other)
        low, high = found.conf_int() if found.var > 0 else (np.nan, np.nan)
    low, high = np.clip([2 * low - 1, 2 * high - 1], -1, 1)
    return Interval(float(2 * found.prob1 - 1), float(low), float(high))


def mean_difference(one: np.ndarray, other: np.ndarray, paired: bool = False) -> Interval:
    """Difference of means with Welch's interval, or with that of the paired t test."""
    one, other = np.asarray(one, float), np.asarray(other, float)
    if min(len(finite(one)), len(finite(other))) < 2:
        return UNKNOWN
    value = float(np.mean(one - other) if paired else one.mean() - other.mean())
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = stats.ttest_rel(one, other) if paired else stats.ttest_ind(one, other, equal_var=False)
        return Interval(value, *map(float, found.confidence_interval()))


def standardised_change(one: np.ndarray, other: np.ndarray, seed: int = 0) -> Interval:
    """Of pairs: mean difference in standard deviations of the difference (d_z), bootstrap interval."""
    change = np.asarray(one, float) - np.asarray(other, float)
    if len(change) < FEWEST or not change.std(ddof=1) > 0:
        return UNKNOWN

    def d_z(x: np.ndarray, axis: int = -1) -> np.ndarray:
        with np.errstate(all="ignore"):
            return x.mean(axis=axis) / x.std(axis=axis, ddof=1)

    found = stats.bootstrap(
        (change,), d_z, n_resamples=ROUNDS, method="percentile", vectorized=True, rng=np.random.default_rng(seed)
    )
    return Interval(float(d_z(change)), *map(float, found.confidence_interval))


def compare(one: np.ndarray, other: np.ndarray, names: tuple[str, str] = ("one", "other"), seed: int = 0) -> Comparison:
    """Two independent groups: difference and ratio, Hedges' g, Cliff's delta, a rank test."""
    one, other = finite(one), finite(other)
    positive = min(len(one), len(other)) > 1 and min(one.min(), other.min()) > 0
    delta = cliffs_delta(one, other)
    test, p = "Brunner-Munzel test", np.nan
    if np.isfinite(delta.low):
        p = float(stats.brunnermunzel(one, other).pvalue)
    elif abs(delta.value) == 1:  # without overlap that test has no variance
        test, p = "exact Mann-Whitney test", float(stats.mannwhitneyu(one, other, method="exact").pvalue)
    return Comparison(
        *names, (len(one), len(other)), ratio_of_medians(one, other, seed) if positive else UNKNOWN,
        mean_difference(one, other), hedges_g(one, other), delta, test, p,
    )  # fmt: skip


def compare_pairs(
    one: np.ndarray, other: np.ndarray, names: tuple[str, str] = ("one", "other"), seed: int = 0
) -> Comparison:
    """The same participants twice: mean and standardised difference, p of Wilcoxon's signed-rank test."""
    both = np.isfinite(one) & np.isfinite(other)
    one, other = np.asarray(one, float)[both], np.asarray(other, float)[both]
    positive = len(one) > 1 and min(one.min(), other.min()) > 0
    p = float(stats.wilcoxon(one, other).pvalue) if len(one) > 1 and np.any(one != other) else np.nan
    return Comparison(
        *names, (len(one), len(one)), ratio_of_medians(one, other, seed, paired=True) if positive else UNKNOWN,
        mean_difference(one, other, paired=True), standardised_change(one, other, seed),
        test="Wilcoxon signed-rank test", p=p, paired=True,
    )  # fmt: skip


def pairs(names: Sequence[str], reference: str | None = None) -> list[tuple[str, str]]:
    """Which groups are compared: each with the reference; without one all with all, or with the first if over four."""
    names = list(names)
    if reference is None and len(names) <= 4:
        return list(combinations(names, 2))
    reference = reference or names[0]
    return [(name, reference) for name in names if name != reference]


def corrected(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """With p values corrected for their number (Holm 1979)."""
    known = [k for k, c in enumerate(comparisons) if np.isfinite(c.p)]
    adjusted = dict(zip(known, holm([comparisons[k].p for k in known]), strict=True))
    return [replace(c, p_holm=adjusted.get(k, np.nan)) for k, c in enumerate(comparisons)]


def compare_all(groups: Mapping[str, np.ndarray], reference: str | None = None, seed: int = 0) -> list[Comparison]:
    """Every comparison that `pairs` names, p values corrected."""
    return corrected([compare(groups[a], groups[b], (a, b), seed) for a, b in pairs(list(groups), reference)])
