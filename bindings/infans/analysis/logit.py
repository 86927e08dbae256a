"""What a yes-or-no outcome depends on: logistic regression clustered by participant, U-shapes, turning points."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import statsmodels.api as sm
from scipy import special, stats

from ..bench_statistics import Interval
from .effects import UNKNOWN

BINS = 8
FEW = 10  # participants: of fewer clustered standard errors are too small
DRAWS = 4000  # of the coefficients, for a turning point
SQUARE = " squared"


@dataclass(frozen=True)
class Effect:
    """A predictor in standard deviations: log odds b, odds ratio and p; `turn` in the predictor's own unit.

    shape of a predictor with its square: "U", "inverted U" (the square differs from 0 and the turning point, with its
    interval, lies between the 5th and 95th percentile of the predictor) or "monotone"; "" without a square.
    """

    name: str
    b: Interval
    odds: Interval
    p: float
    turn: Interval = UNKNOWN
    shape: str = ""


@dataclass(frozen=True)
class Regression:
    """Logistic regression by generalised estimating equations; correlation: assumed inside a participant."""

    effects: list[Effect]
    intercept: float
    means: dict[str, float]
    deviations: dict[str, float]
    n: int
    participants: int
    correlation: str
    converged: bool
    note: str = ""
    others: dict[str, np.ndarray] = field(default_factory=dict, repr=False)  # log odds without each predictor [200]

    def effect(self, name: str) -> Effect:
        """The effect of that name ("x", "x squared"); KeyError if there is none."""
        found = [e for e in self.effects if e.name == name]
        if not found:
            raise KeyError(name)
        return found[0]

    def probability(self, name: str, x: np.ndarray) -> np.ndarray:
        """Predicted probability over values x [n] of one predictor, averaged over the others as they occurred."""
        z = (np.asarray(x, float) - self.means[name]) / self.deviations[name]
        b = {effect.name: effect.b.value for effect in self.effects}
        own = b[name] * z + b.get(name + SQUARE, 0.0) * z**2
        return special.expit(own[:, None] + self.others[name]).mean(axis=1)


def regression(
    outcome: np.ndarray, predictors: Mapping[str, np.ndarray], participant: np.ndarray, quadratic: Sequence[str] = ()
) -> Regression:
    """Odds of outcome [n] (0 or 1) on standardised predictors [n], clustered by participant [n] (Liang & Zeger 1986).

    Rows with NaN are left out. The predictors named in `quadratic` enter with their square too. Robust standard errors
    and Student's t, both with participants less coefficients as degrees of freedom (the corrections for few clusters
    that Li & Redden 2015 compare); exchangeable correlation inside a participant, or independence where that does not
    converge.
    """
    unknown = [q for q in quadratic if q not in predictors]
    if unknown:
        raise KeyError(f"quadratic names {', '.join(unknown)}, which is no predictor")
    keep = np.isfinite(outcome) & np.all([np.isfinite(v) for v in predictors.values()], axis=0)
    y, who = np.asarray(outcome, float)[keep], np.asarray(participant)[keep]
    columns = {name: np.asarray(v, float)[keep] for name, v in predictors.items()}
    means = {name: float(v.mean()) if len(v) else np.nan for name, v in columns.items()}
    deviations = {name: float(v.std()) if len(v) else np.nan for name, v in columns.items()}
    constant = [name for name, d in deviations.items() if not d > 0]
    clusters = len(np.unique(who))
    note = ""
    if not len(y) or np.ptp(y) == 0:
        note = "the outcome never changes"
    elif constant:
        note = f"{', '.join(constant)} never changes"
    elif clusters < 3 + len(predictors) + len(quadratic):
        note = f"{clusters} participants are too few for {1 + len(predictors) + len(quadratic)} coefficients"
    if note:
        return Regression([], np.nan, means, deviations, len(y), clusters, "", False, note)
    names, design = ["intercept"], [np.ones_like(y)]
    for name, values in columns.items():
        z = (values - means[name]) / deviations[name]
        names.append(name)
        design.append(z)
        if name in quadratic:
            names.append(name + SQUARE)
            design.append(z**2)
    result, correlation, note = _estimate(y, np.column_stack(design), who)
    if result is None:
        return Regression([], np.nan, means, deviations, len(y), clusters, "", False, note)
    freedom = clusters - len(names)
    covariance = result.cov_params() * clusters / freedom
    effects = [
        _effect(names, k, result.params, covariance, freedom, columns[names[k].removesuffix(SQUARE)])
        for k in range(1, len(names))
    ]
    others = {
        name: np.quantile(result.params @ _without(design, names, name), np.linspace(0, 1, 200)) for name in predictors
    }
    intercept = float(result.params[0])
    return Regression(effects, intercept, means, deviations, len(y), clusters, correlation, True, note, others)


def _without(design: Sequence[np.ndarray], names: Sequence[str], name: str) -> np.ndarray:
    """Columns [columns, n] with 0 in place of a predictor and its square."""
    return np.array([
        np.zeros_like(c) if n in (name, name + SQUARE) else c for n, c in zip(names, design, strict=True)
    ])  # fmt: skip


def _estimate(y: np.ndarray, design: np.ndarray, who: np.ndarray) -> tuple:
    """Result, correlation structure and notes; no result with the reason."""
    count = len(np.unique(who))
    notes = [f"only {count} participants: intervals are too narrow"] if count < FEW else []
    for name, structure in (
        ("exchangeable", sm.cov_struct.Exchangeable()), ("independent", sm.cov_struct.Independence()),
    ):  # fmt: skip
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                model = sm.GEE(y, design, groups=who, family=sm.families.Binomial(), cov_struct=structure)
                result = model.fit(maxiter=100)
        except (np.linalg.LinAlgError, ValueError) as error:
            notes.append(f"{name}: {error}")
            continue
        if result.converged and np.all(np.isfinite(result.bse)) and np.all(np.abs(result.params) < 50):
            return result, name, "; ".join(notes)
        notes.append(f"{name}: no convergence")
    return None, "", "; ".join(notes)


def _effect(
    names: Sequence[str], k: int, params: np.ndarray, covariance: np.ndarray, freedom: int, values: np.ndarray
) -> Effect:
    """Coefficient k; the linear one of a quadratic predictor carries turning point and shape."""
    name, b, error = names[k], float(params[k]), float(np.sqrt(covariance[k, k]))
    half = float(stats.t.ppf(0.975, freedom)) * error
    limits = b, b - half, b + half
    odds = Interval(*(float(np.exp(np.clip(v, -700, 700))) for v in limits))
    turn, shape = UNKNOWN, ""
    if name + SQUARE in names:
        pair = [k, k + 1]
        turn, shape = turning_point(params[pair], covariance[np.ix_(pair, pair)], freedom, values)
    return Effect(name, Interval(*limits), odds, float(2 * stats.t.sf(abs(b) / error, freedom)), turn, shape)


def turning_point(b: np.ndarray, covariance: np.ndarray, freedom: int, values: np.ndarray) -> tuple[Interval, str]:
    """Where b[0] z + b[1] z^2 turns, in the unit of `values` of which z is standardised, and its shape.

    Interval from draws of the coefficients (King, Tomz & Wittenberg 2000). As Lind & Mehlum (2010) say, a square that
    differs from 0 makes no U: the turning point must lie inside the data too.
    """
    mean, deviation = float(values.mean()), float(values.std())
    drawn = stats.multivariate_t(b, covariance, freedom).rvs(DRAWS, random_state=np.random.default_rng(0))
    low, high = np.quantile(mean + deviation * -drawn[:, 0] / (2 * drawn[:, 1]), [0.025, 0.975])
    inside = np.quantile(values, [0.05, 0.95])
    curved = abs(b[1]) > stats.t.ppf(0.975, freedom) * np.sqrt(covariance[1, 1])
    turns = curved and inside[0] < low and high < inside[1]
    shape = ("U" if b[1] > 0 else "inverted U") if turns else "monotone"
    return Interval(float(mean - deviation * b[0] / (2 * b[1])), float(low), float(high)), shape


@dataclass(frozen=True)
class Binned:
    """Probability in bins of a predictor: x [bins] (mean in the bin) and mean over participants, with t intervals."""

    x: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


def binned(outcome: np.ndarray, predictor: np.ndarray, participant: np.ndarray, bins: int = BINS) -> Binned:
    """Share of outcome 1 in quantile bins of a predictor, one value a participant and bin, then their mean."""
    keep = np.isfinite(outcome) & np.isfinite(predictor)
    y, x, who = outcome[keep], predictor[keep], participant[keep]
    edges = np.unique(np.quantile(x, np.linspace(0, 1, bins + 1))) if len(x) else np.empty(0)
    if len(edges) < 2:
        return Binned(*[np.empty(0)] * 4)
    index = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(edges) - 2)
    numbers, row = np.unique(who, return_inverse=True)
    cell = row * (len(edges) - 1) + index
    size = len(numbers) * (len(edges) - 1)
    count = np.bincount(cell, minlength=size)
    with np.errstate(invalid="ignore"):
        share = (np.bincount(cell, y, size) / count).reshape(len(numbers), -1)
    centre = np.bincount(index, x, len(edges) - 1) / np.bincount(index, minlength=len(edges) - 1)
    n = np.isfinite(share).sum(axis=0)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        mean = np.nanmean(share, axis=0)
        half = stats.t.ppf(0.975, n - 1) * np.nanstd(share, axis=0, ddof=1) / np.sqrt(n)
    half = np.nan_to_num(half)
    return Binned(centre, mean, np.clip(mean - half, 0, 1), np.clip(mean + half, 0, 1))
