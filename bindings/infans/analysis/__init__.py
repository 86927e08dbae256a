"""Analysis of studies: growth curves, samples to a criterion, ratios, change-points, comparisons, regressions.

What a study's file declares is executed by `run` (and by the command `infans-report`):

    study = infans.load("runs/body_map-1")
    for result in infans.analysis.run(study):
        print(*result.sentences, sep="\\n")

A declaration ([[analysis]] in the study's file, or a dict) has a name and a kind, and says of what: `probe` with its
`measure` (the mean over the trials of an occasion), or `series`, a variable of life. `groups` and `stages` restrict it;
`reference` is the group that others are compared with (else all pairs, or the first if there are more than four). The
excluded never count. What each kind reads beside these, and what it computes:

    growth_curve  model = "gompertz" | "logistic" | "both": a least-squares curve of each participant (of one model, by
                  AICc); mixed model of measure on group x age; groups compared at the last age and in the midpoint
    samples_to    below or above = x, hold = n in a row, or count of the last window: samples lived until then, counted
                  from from_stage (from birth in groups that do not live it), censored if never; ratio of medians,
                  Cliff's delta, Hedges' g of logarithms, log-rank test. From Python also from_stage = [a, b]: the same
                  participants from two starts, paired
    change_point  series of events, bin = seconds; from_stage is time 0: where one step describes the rate best, and
                  whether it is more than chance (permutation of bins); `stages` may reach back before time 0
    ratio         series of events, numerator and denominator = stages: quotient of the rates of each participant
    compare       at = "last" | "first" | "mean" | an age: groups, or the levels of `factor` (paired if within)
    regression    outcome = variable that is 0 or 1, predictors = variables, quadratic = some of them: logistic
                  regression clustered by participant (GEE), per standard deviation; turning points and U-shapes
    touches       series = prefix of the variables of a place (touch: touch_x, touch_y, touch_z), or the three: body map

The same functions work by hand on arrays:

    fit = infans.analysis.fit(age_days, error, "gompertz")               # one participant's growth curve
    n = infans.analysis.samples_to(sample, error, below=0.02, hold=2)    # inf: never
    c = infans.analysis.compare(active, random)                          # Hedges' g, Cliff's delta, intervals
    r = infans.analysis.regression(away, {"surprise": s}, who, ["surprise"])

The statistics are those of SciPy, statsmodels and ruptures (`pip install "infans[analysis]"`). Intervals are 95 %.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..bench_statistics import Interval
from ..study import Study
from ..tables import MissingDatasetError
from .behaviour import change_point as _change_point
from .behaviour import ratio as _ratio
from .contrast import compare as _compare
from .criteria import compare_samples, logrank, samples_to
from .effects import (
    Comparison,
    cliffs_delta,
    compare,
    compare_all,
    compare_pairs,
    hedges_g,
    mean_interval,
    ratio_of_medians,
)
from .experience import samples_to as _samples_to
from .growth import Fit, MixedModel, fit, fit_all, mixed_model
from .logit import Regression, binned, regression
from .models import growth_curve as _growth_curve
from .models import regression as _regression
from .rates import Change, binned_rate, change_point, rate_per_minute
from .results import Result
from .selection import AnalysisError, known, need
from .touches import touches as _touches

__all__ = [
    "KINDS", "AnalysisError", "Change", "Comparison", "Fit", "Interval", "MixedModel", "Regression", "Result", "binned",
    "binned_rate", "change_point", "cliffs_delta", "compare", "compare_all", "compare_pairs", "compare_samples",
    "execute", "fit", "fit_all", "hedges_g", "logrank", "mean_interval", "mixed_model", "rate_per_minute",
    "ratio_of_medians", "regression", "run", "samples_to",
]  # fmt: skip

KINDS: dict[str, Callable[[Study, Mapping[str, Any], int], Result]] = {
    "growth_curve": _growth_curve,
    "samples_to": _samples_to,
    "change_point": _change_point,
    "ratio": _ratio,
    "compare": _compare,
    "regression": _regression,
    "touches": _touches,
}


def execute(study: Study, declared: Mapping[str, Any]) -> Result:
    """One declared analysis, e.g. {"name": "reach", "kind": "samples_to", "probe": "reach", "below": 0.02}.

    Resampling is seeded by the study's seed and the analysis's name, so that equal records give equal figures.
    Raises AnalysisError (a ValueError) where the declaration does not fit the study.
    """
    declared = {"name": declared.get("kind", "?")} | dict(declared)
    kind = known(need(declared, "kind"), list(KINDS), "kind", declared)
    seed = zlib.crc32(f"{study.attrs['seed']} {declared['name']}".encode())
    return KINDS[kind](study, declared, seed)


def run(study: Study, analyses: Iterable[Mapping[str, Any]] | None = None) -> list[Result]:
    """The analyses that the study declares, or others; one that cannot be executed has its reason in `problem`."""
    results = []
    for declared in study.design.get("analyses", []) if analyses is None else analyses:
        try:
            results.append(execute(study, declared))
        except (AnalysisError, MissingDatasetError) as error:
            results.append(Result(declared.get("name", "?"), declared.get("kind", "?"), problem=str(error)))
    return results
