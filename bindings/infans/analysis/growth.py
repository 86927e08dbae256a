"""Growth curves: logistic and Gompertz fits for each participant, and a mixed model across groups."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import statsmodels.api as sm
from scipy import optimize, special, stats

from ..bench_statistics import Interval

MODELS = ("gompertz", "logistic")
PARAMETERS = 4  # start, end, rate, midpoint
BEYOND = 0.1  # of the data's range
OVER = 0.9  # share of growth at the last test, without which the final level is a guess
FEWEST_AGES = PARAMETERS + 3  # for which AICc can tell growth from a constant
EVALUATIONS = 300  # what does not converge by then has no shape of growth
WEEK = 7.0  # days


@dataclass(frozen=True)
class Fit:
    """One participant: value(age) = start + (end - start) S(rate (age - midpoint)).

    start, end: levels before and after growth, in the measure's unit; rate in 1/day; midpoint in days (logistic: half
    way; Gompertz: where growth is fastest, 37 % of the way). aicc, flat: corrected Akaike criterion of this model and
    of a constant. problem: why the fit does not count; "" if it does.
    """

    model: str
    start: float = np.nan
    end: float = np.nan
    rate: float = np.nan
    midpoint: float = np.nan
    aicc: float = np.nan
    flat: float = np.nan
    n: int = 0
    problem: str = ""

    def at(self, age: np.ndarray) -> np.ndarray:
        """Value at ages in days, [n]."""
        return curve(self.model, age, self.start, self.end, self.rate, self.midpoint)


@dataclass(frozen=True)
class Term:
    """A coefficient of the mixed model."""

    name: str
    estimate: Interval
    p: float


@dataclass(frozen=True)
class MixedModel:
    """value ~ group x age with random effects of the participant; age in weeks from the mean age `centre` (days)."""

    terms: list[Term]
    random: str
    centre: float
    n: int
    participants: int
    converged: bool
    note: str = ""

    def term(self, name: str) -> Term:
        """The coefficient of that name; KeyError if the model has none."""
        found = [t for t in self.terms if t.name == name]
        if not found:
            raise KeyError(name)
        return found[0]


def shape(model: str, u: np.ndarray) -> np.ndarray:
    """Share of growth that is over at u = rate (age - midpoint): logistic (Verhulst 1838) or Gompertz (1825)."""
    if model not in MODELS:
        raise ValueError(f"no growth model '{model}'; there is: {', '.join(MODELS)}, both")
    return special.expit(u) if model == "logistic" else np.exp(-np.exp(np.clip(-u, -700, 700)))


def curve(model: str, age: np.ndarray, start: float, end: float, rate: float, midpoint: float) -> np.ndarray:
    """Value at ages [n]; see `Fit`."""
    return start + (end - start) * shape(model, rate * (np.asarray(age, float) - midpoint))


def corrected_akaike(rss: float, n: int, parameters: int) -> float:
    """AICc of a least-squares fit (Hurvich & Tsai 1989); the noise counts as a parameter. NaN for too few points."""
    k = parameters + 1
    return n * np.log(max(rss, 1e-300) / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1) if n > k + 1 else np.nan


def _start(model: str, age: np.ndarray, value: np.ndarray, rates: np.ndarray, middles: np.ndarray) -> np.ndarray:
    """Best of a grid of rates and midpoints; start and end follow by linear least squares (variable projection)."""
    k, m = (g.ravel()[:, None] for g in np.meshgrid(rates, middles))
    s = shape(model, k * (age - m))
    centred = s - s.mean(axis=1, keepdims=True)
    power = (centred**2).sum(axis=1)
    slope = centred @ (value - value.mean()) / np.maximum(power, 1e-12)
    rss = ((value - value.mean() - slope[:, None] * centred) ** 2).sum(axis=1)
    rss[power < 1e-6] = np.inf
    best = int(np.argmin(rss))
    start = value.mean() - slope[best] * s[best].mean()
    return np.array([start, start + slope[best], k[best, 0], m[best, 0]])


def fit(age: np.ndarray, value: np.ndarray, model: str = "gompertz") -> Fit:
    """Least-squares growth curve of one participant; age in days [n], value [n], NaN left out.

    Levels are kept within a tenth of the data's range beyond it, and not negative if no value is: what fell from the
    first test on has no plateau that would show how high it could have been.
    """
    age, value = np.asarray(age, float), np.asarray(value, float)
    age, value = age[np.isfinite(value)], value[np.isfinite(value)]
    if len(np.unique(age)) < FEWEST_AGES:
        return Fit(model, n=len(value), problem=f"{len(np.unique(age))} ages are too few, {FEWEST_AGES} are needed")
    spread, span = float(np.ptp(value)), float(np.ptp(age))
    if spread == 0:
        return Fit(model, n=len(value), problem="the measure does not change")
    # In units of its own range and span, so that one tolerance serves every measure.
    x, y = (age - age.min()) / span, (value - value.min()) / spread
    floor = -value.min() / spread if value.min() >= 0 else -BEYOND
    low, high = [max(-BEYOND, floor)] * 2 + [1.0, -1.0], [1 + BEYOND] * 2 + [60.0, 2.0]
    first = _start(model, x, y, np.geomspace(2, 40, 8), np.linspace(-0.25, 1.25, 16))
    found = optimize.least_squares(
        lambda p: curve(model, x, *p) - y, np.clip(first, np.add(low, 1e-6), np.subtract(high, 1e-6)),
        bounds=(low, high), x_scale=(1, 1, 10, 1), max_nfev=EVALUATIONS,
    )  # fmt: skip
    start, end, rate, midpoint = found.x
    aicc = corrected_akaike(2 * float(found.cost) * spread**2, len(y), PARAMETERS)
    flat = corrected_akaike(float(((value - value.mean()) ** 2).sum()), len(y), 1)
    if flat <= aicc:
        problem = "a constant is as good"
    elif found.status == 0:
        problem = "no convergence"
    elif shape(model, np.array(rate * (1 - midpoint))) < OVER:
        problem = "growth was not over at the last test"
    elif rate > 0.99 * high[2]:
        problem = "a jump between two tests: test more often"
    else:
        problem = "" if -0.02 <= midpoint <= 1.02 else "its midpoint lies outside the ages tested"
    return Fit(
        model, float(value.min() + spread * start), float(value.min() + spread * end), float(rate / span),
        float(age.min() + span * midpoint), float(aicc), float(flat), len(y), problem,
    )  # fmt: skip


def fit_all(curves: Sequence[tuple[np.ndarray, np.ndarray]], model: str = "both") -> tuple[list[Fit], dict[str, float]]:
    """One fit a participant, of one model for all so that parameters can be compared; curves: (age, value) arrays.

    "both" takes the model with the lower sum of AICc over participants. Returns the fits and that sum for each model
    tried.
    """
    tried = {m: [fit(age, value, m) for age, value in curves] for m in (MODELS if model == "both" else (model,))}
    known = [all(np.isfinite(fits[k].aicc) for fits in tried.values()) for k in range(len(curves))]
    sums = {m: float(sum(f.aicc for f, ok in zip(fits, known, strict=True) if ok)) for m, fits in tried.items()}
    best = min(sums, key=sums.__getitem__)
    return tried[best], sums


def mixed_model(
    age: np.ndarray, value: np.ndarray, participant: np.ndarray, group: np.ndarray, groups: Sequence[str]
) -> MixedModel:
    """Linear mixed model (Laird & Ware 1982) of value [n] on group x age [n, days], REML of statsmodels.

    groups[0] is the reference. Random intercept and slope of each participant; the intercept alone where that does not
    converge; no random effect but standard errors clustered by participant where participants do not differ. Intervals
    of Student's t with as many degrees of freedom as participants less groups. Terms: "intercept", "age" (per week),
    "GROUP" and "GROUP x age" for every other group.
    """
    keep = np.isfinite(value) & np.isin(group, groups)
    age, value, participant, group = age[keep], value[keep], participant[keep], group[keep]
    centre, scale = float(age.mean()), float(value.std()) or 1.0
    weeks = (age - centre) / WEEK
    unit = float(weeks.std()) or 1.0  # the optimiser sees columns of one size
    names, columns = ["intercept", "age"], [np.ones_like(weeks), weeks / unit]
    for other in groups[1:]:
        names += [other, f"{other} x age"]
        columns += [group == other, (group == other) * weeks / unit]
    design = np.column_stack(columns).astype(float)
    sizes = np.array([1 / unit if n.endswith("age") else 1.0 for n in names]) * scale
    notes = []
    for random, effects in (("intercept and slope", 2), ("intercept", 1), ("effects: none, clustered errors", 0)):
        estimates, errors, note = _estimate(value / scale, design, participant, effects)
        if not note:
            break
        notes.append(f"random {random}: {note}")
    if note:
        return MixedModel([], "none", centre, len(value), len(np.unique(participant)), False, "; ".join(notes))
    estimates, errors = estimates * sizes, errors * sizes
    people = len(np.unique(participant))
    freedom = max(1, people - len(groups))
    half = stats.t.ppf(0.975, freedom) * errors
    terms = [
        Term(name, Interval(float(b), float(b - h), float(b + h)), float(2 * stats.t.sf(abs(b) / e, freedom)))
        for name, b, h, e in zip(names, estimates, half, errors, strict=True)
    ]
    return MixedModel(terms, random, centre, len(value), people, True, "; ".join(notes))


def _estimate(
    value: np.ndarray, design: np.ndarray, participant: np.ndarray, effects: int
) -> tuple[np.ndarray, np.ndarray, str]:
    """Coefficients and standard errors with the first `effects` columns random, and why they do not count ("")."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if effects:
                model = sm.MixedLM(value, design, groups=participant, exog_re=design[:, :effects])
                result = model.fit(reml=True, method=["lbfgs", "bfgs", "cg"])
                estimates, errors, converged = result.fe_params, result.bse_fe, result.converged
            else:
                result = sm.OLS(value, design).fit(cov_type="cluster", cov_kwds={"groups": participant})
                estimates, errors, converged = result.params, result.bse, True
    except (np.linalg.LinAlgError, ValueError) as error:
        return np.empty(0), np.empty(0), str(error)
    sound = np.all(np.isfinite(errors)) and np.all(errors > 0)
    return estimates, errors, "" if converged and sound else "no convergence" if sound else "no standard errors"
