#!/usr/bin/env python3
"""Growth of a measure over age, between groups: a mixed model of what infans-export wrote. growth.R is the same model
with lme4.

    infans-export runs/body_map-1
    python experiments/analyses/growth.py runs/body_map-1/csv/trials_reach.csv error

Prints the fixed effects as CSV: term, estimate, std_error. The natural logarithm of the measure grows linearly with age
in weeks from the first test on; every participant has its own level. Excluded participants are left out.
"""

import re
import sys

import numpy as np
import pandas
import statsmodels.formula.api as smf


def fixed_effects(trials: pandas.DataFrame, measure: str) -> pandas.DataFrame:
    """term (named as lme4 names it), estimate and std_error, restricted maximum likelihood."""
    if measure not in trials:
        raise SystemExit(f"no measure '{measure}'; there is: {', '.join(trials)}")
    kept = trials[trials["excluded"].isna() | (trials["excluded"] == "")].copy()
    with np.errstate(divide="ignore", invalid="ignore"):
        kept["measure"] = np.log(kept[measure])
    kept = kept[np.isfinite(kept["measure"])]
    kept["weeks"] = (kept["age_days"] - kept["age_days"].min()) / 7
    formula = "measure ~ group * weeks" if kept["group"].nunique() > 1 else "measure ~ weeks"
    fit = smf.mixedlm(formula, kept, groups=kept["participant"]).fit(reml=True)
    terms = [re.sub(r"\[T\.([^]]*)\]", r"\1", t).replace("Intercept", "(Intercept)") for t in fit.fe_params.index]
    return pandas.DataFrame({"term": terms, "estimate": fit.fe_params.to_numpy(), "std_error": fit.bse_fe.to_numpy()})


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit("usage: python growth.py TRIALS.csv MEASURE")
    fixed_effects(pandas.read_csv(sys.argv[1]), sys.argv[2]).to_csv(sys.stdout, index=False, float_format="%.10g")
