"""Rates of behaviour: how often, how much more often than at baseline, and when that changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import ruptures
from scipy import stats

PERMUTATIONS = 1999
MIN_BINS = 2  # on each side of a change


@dataclass(frozen=True)
class Change:
    """A change of a binned rate: at `time` (s) from `before` to `after` (1/min); p of there being none."""

    time: float
    before: float
    after: float
    p: float

    @property
    def found(self) -> bool:
        """Whether the change is more than chance at 5 %."""
        return self.p < 0.05


NO_CHANGE = Change(np.nan, np.nan, np.nan, np.nan)


def rate_per_minute(events: np.ndarray, duration: np.ndarray) -> float:
    """Sum of events [n] over the time of their samples [n], s; in 1/min. NaN without time."""
    lived = np.isfinite(events)
    time = float(np.sum(duration[lived]))
    return 60 * float(np.sum(events[lived])) / time if time > 0 else np.nan


def binned_rate(
    seconds: np.ndarray, events: np.ndarray, duration: np.ndarray, width: float
) -> tuple[np.ndarray, np.ndarray]:
    """Rate (1/min) in bins of `width` s: centres [bins] in s and rates [bins].

    seconds [n]: time at the end of each sample, of `duration` [n] s; bins are aligned with time 0. A bin that is not
    half as much lived as the fullest is left out.
    """
    index = np.floor((seconds - duration / 2) / width).astype(int)
    if not len(index):
        return np.empty(0), np.empty(0)
    first = index.min()
    lived = np.bincount(index - first, duration)
    count = np.bincount(index - first, np.nan_to_num(events))
    whole = lived >= lived.max() / 2
    return ((np.arange(len(lived)) + first + 0.5) * width)[whole], 60 * count[whole] / lived[whole]


def change_strength(values: np.ndarray, axis: int = -1) -> np.ndarray:
    """Largest drop in squared error that one step of the mean explains, along an axis (Page 1955; Sen & Srivastava)."""
    x = np.moveaxis(np.asarray(values, float), axis, -1)
    n = x.shape[-1]
    left = np.arange(MIN_BINS, n - MIN_BINS + 1)
    drift = np.cumsum(x - x.mean(axis=-1, keepdims=True), axis=-1)[..., left - 1]
    return (drift**2 * n / (left * (n - left))).max(axis=-1)


def change_point(time: np.ndarray, rate: np.ndarray, width: float, seed: int = 0) -> Change:
    """Where one step of the mean describes a binned rate best (least squares, ruptures).

    time, rate [bins] as from `binned_rate`. p: of a permutation test of the order of bins on `change_strength`; it
    takes bins as exchangeable when nothing changes, so choose them longer than a bout.
    """
    if len(rate) < 2 * MIN_BINS + 1 or np.ptp(rate) == 0:
        return NO_CHANGE
    found = ruptures.KernelCPD(kernel="linear", min_size=MIN_BINS).fit(rate[:, None]).predict(n_bkps=1)[0]
    test = stats.permutation_test(
        (rate,), change_strength, permutation_type="pairings", n_resamples=PERMUTATIONS, alternative="greater",
        vectorized=True, rng=np.random.default_rng(seed),
    )  # fmt: skip
    return Change(
        float(time[found] - width / 2), float(rate[:found].mean()), float(rate[found:].mean()), float(test.pvalue)
    )
