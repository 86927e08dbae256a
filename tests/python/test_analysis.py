"""Analyses of studies: known truths are found, and nothing is found too often where there is nothing.

A stochastic claim over seeds allows what a true rate of 5 % exceeds once in ten thousand runs (`seldom`).
"""

from __future__ import annotations

import infans
import make_study as example
import numpy as np
import pytest

for needed in ("statsmodels", "scipy", "ruptures"):
    pytest.importorskip(needed, reason="the analysis is an extra")

import infans.study  # noqa: E402
from infans import analysis  # noqa: E402
from infans.analysis import effects, growth, rates  # noqa: E402
from infans.analysis.results import interval, number, p_value  # noqa: E402
from scipy import stats  # noqa: E402

AGES = np.arange(28.0, 28 + 12 * 14, 14)  # 12 tests, every two weeks
SIGMAS = 4  # a mean further than this from the truth: 6e-5 of the time


def seldom(seeds: int) -> int:
    return int(stats.binom.ppf(1 - 1e-4, seeds, 0.05))


@pytest.mark.parametrize("model", growth.MODELS)
def test_growth_without_noise_is_recovered(model):
    truth = dict(start=0.2, end=0.02, rate=0.06, midpoint=90.0)
    fit = growth.fit(AGES, growth.curve(model, AGES, **truth), model)
    assert not fit.problem
    assert {name: getattr(fit, name) for name in truth} == pytest.approx(truth, rel=1e-4)  # of a converged fit
    np.testing.assert_allclose(fit.at(AGES), growth.curve(model, AGES, **truth), atol=1e-6)


@pytest.mark.parametrize("model", growth.MODELS)
def test_growth_with_noise_is_recovered_and_its_model_chosen(model):
    rng = np.random.default_rng(1)
    middles = 90 + 5 * rng.standard_normal(30)
    curves = [(AGES, growth.curve(model, AGES, 0.2, 0.02, 0.06, m) + 0.004 * rng.standard_normal(12)) for m in middles]
    fits, sums = growth.fit_all(curves)
    assert min(sums, key=sums.get) == model and {f.model for f in fits} == {model}
    assert not [f.problem for f in fits if f.problem]
    for name, truth in (("midpoint", middles), ("end", 0.02), ("rate", 0.06)):
        error = np.array([getattr(f, name) for f in fits]) - truth
        assert abs(error.mean()) < SIGMAS * error.std(ddof=1) / np.sqrt(len(fits)), name


def test_what_does_not_grow_has_no_curve():
    assert growth.fit(AGES[:4], np.arange(4.0)).problem == "4 ages are too few, 7 are needed"
    assert growth.fit(AGES, np.full(12, 0.3)).problem == "the measure does not change"
    assert growth.fit(AGES, np.where(AGES < 100, 1.0, 0.0)).problem == "a jump between two tests: test more often"
    assert growth.fit(AGES, np.exp(0.01 * AGES)).problem == "growth was not over at the last test"


def test_what_falls_from_the_first_test_on_has_a_curve():
    rng = np.random.default_rng(3)
    fits = [growth.fit(AGES, 0.01 + 0.1 * np.exp(-(AGES - 28) / 14) + 0.002 * rng.standard_normal(12))
            for _ in range(20)]  # fmt: skip
    assert not [f.problem for f in fits if f.problem]
    end = np.array([f.end for f in fits])
    # The last eight tests are within a thousandth of the final level; what is left is bias of the curve's shape.
    assert abs(end.mean() - 0.01) < SIGMAS * end.std(ddof=1) / np.sqrt(20) + 0.0005


def test_noise_is_not_called_growth():
    seeds = 20
    called = sum(not growth.fit(AGES, np.random.default_rng(s).standard_normal(12)).problem for s in range(seeds))
    assert called <= seldom(seeds)


def lines(rng, slopes):
    """value(age) of 10 participants a group: known slope a week, own intercept and slope, noise."""
    names = np.repeat(list(slopes), 10 * len(AGES))
    who = np.repeat(np.arange(10 * len(slopes)), len(AGES))
    own = rng.standard_normal((2, 10 * len(slopes)))
    weeks = np.tile(AGES, 10 * len(slopes)) / 7
    slope = np.array([slopes[n] for n in names]) + 0.02 * own[0][who]
    return weeks * 7, 3 + slope * (weeks - 15) + 0.5 * own[1][who] + 0.3 * rng.standard_normal(len(who)), who, names


def test_mixed_model_recovers_slopes():
    age, value, who, names = lines(np.random.default_rng(2), {"a": -0.1, "b": 0.05})
    model = growth.mixed_model(age, value, who, names, ["a", "b"])
    assert model.converged and model.random == "intercept and slope" and model.participants == 20
    for name, truth in (("age", -0.1), ("b x age", 0.15)):
        found = model.term(name).estimate
        assert abs(found.value - truth) < SIGMAS * (found.high - found.low) / 4, name  # an interval is about 4 errors
        assert model.term(name).p < 0.001
    assert model.term("b").p > 1e-4  # both groups have the same mean at the mean age


def test_mixed_model_finds_no_difference_too_often():
    seeds = 10
    found = [growth.mixed_model(*lines(np.random.default_rng(s), {"a": -0.1, "b": -0.1}), ["a", "b"])
             for s in range(seeds)]  # fmt: skip
    assert sum(m.term("b x age").p < 0.05 for m in found) <= seldom(seeds)


def test_mixed_model_where_participants_do_not_differ():
    age = np.tile(AGES, 6)
    value = np.cos(age / 10) - 0.1 * age  # all the same
    model = growth.mixed_model(age, value, np.repeat(np.arange(6), 12), np.repeat(["a", "b"], 36), ["a", "b"])
    assert "random intercept" in model.note or model.converged


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        (dict(below=3), 20), (dict(below=3, hold=2), 60), (dict(above=6), np.inf), (dict(above=4), 10),
        (dict(below=3, window=4, count=3), 50), (dict(below=3, hold=2, start=15), 45),
    ],
)  # fmt: skip
def test_samples_to_by_hand(rule, wanted):
    #         10 20 30 40      50 60   the NaN at 40 meets nothing and breaks the row
    values = [5, 2, 2.5, np.nan, 2, 1]
    if rule.get("hold") == 2:
        values[2] = 4
    assert analysis.samples_to(np.arange(10, 70, 10), np.array(values), **rule) == wanted


def test_samples_to_refuses_what_can_never_be():
    for wrong in (dict(), dict(below=1, above=2), dict(below=1, window=3, count=4), dict(below=1, hold=0)):
        with pytest.raises(ValueError):
            analysis.samples_to(np.arange(3), np.arange(3.0), **wrong)


def test_effect_sizes_by_hand():
    one, other = np.array([1.0, 2, 3, 4, 5]), np.array([3.0, 4, 5, 6, 7, 8])
    wins = np.sign(one[:, None] - other).mean()
    assert effects.cliffs_delta(one, other).value == pytest.approx(wins)
    pooled = np.sqrt((4 * one.var(ddof=1) + 5 * other.var(ddof=1)) / 9)
    small = 1 - 3 / (4 * 9 - 1)  # Hedges 1981
    assert effects.hedges_g(one, other).value == pytest.approx(small * (one.mean() - other.mean()) / pooled, rel=1e-3)
    c = effects.compare(one, other + 10)
    assert c.delta.value == -1 and np.isnan(c.delta.low)  # no overlap
    assert c.p == pytest.approx(2 / 462)  # 2 of C(11, 5) orders are as extreme
    assert c.ratio.value == pytest.approx(3 / 15.5)


def test_never_is_later_than_all():
    one, other = np.array([10, 20, np.inf, 30, 40]), np.array([20, np.inf, np.inf, np.inf, 50])
    assert effects.middle(one) == 30 and effects.middle(other) == np.inf and effects.middle(other[:2]) == np.inf
    c = analysis.compare_samples(one, other, (np.full(5, 100), np.full(5, 100)))
    assert np.isnan(c.ratio.value)  # a median that is not reached has no ratio
    assert c.delta.value == pytest.approx(np.mean([np.sign(a - b) if a != b else 0 for a in one for b in other]))
    known = effects.ratio_of_medians(one, np.array([20, 60, 60, 70, np.inf]))
    assert known.value == 0.5 and 0 <= known.low < 0.5 < known.high


def test_ratio_of_medians_covers_the_truth():
    seeds, missed = 60, 0
    for s in range(seeds):
        rng = np.random.default_rng(s)
        found = effects.ratio_of_medians(rng.lognormal(3, 0.5, 20), rng.lognormal(3.5, 0.5, 20), s)
        missed += not found.low <= np.exp(-0.5) <= found.high
    assert missed <= seldom(seeds)


def test_comparisons_are_with_the_reference_or_all():
    assert effects.pairs("abc") == [("a", "b"), ("a", "c"), ("b", "c")]
    assert effects.pairs("abc", "b") == [("a", "b"), ("c", "b")]
    assert effects.pairs("abcde") == [(x, "a") for x in "bcde"]
    rng = np.random.default_rng(0)
    every = effects.compare_all({name: rng.normal(size=12) for name in "abc"})
    p = sorted(c.p for c in every)
    assert sorted(c.p_holm for c in every)[0] == pytest.approx(min(1, 3 * p[0]))  # Holm 1979


def test_binned_rates_by_hand():
    seconds = np.array([1.0, 2, 3, 4, 5])
    at, rate = rates.binned_rate(seconds, np.array([1.0, 0, 2, 1, 5]), np.ones(5), 2.0)
    np.testing.assert_allclose(at, [1, 3, 5])
    np.testing.assert_allclose(rate, [30, 90, 300])  # 1 in 2 s, 3 in 2 s, 5 in 1 s
    assert rates.rate_per_minute(np.array([1, np.nan, 3.0]), np.array([1.0, 9, 1])) == 120


def test_change_point_is_found():
    time = np.arange(36) * 15 + 7.5
    error = []
    for s in range(30):
        counts = np.random.default_rng(s).poisson(np.repeat([2.0, 8.0], [12, 24]))
        change = rates.change_point(time, counts * 4.0, 15.0, s)
        assert change.found and change.after > change.before
        error.append(change.time - 180)
    assert abs(np.median(error)) <= 15  # one bin


def test_change_point_is_not_found_too_often():
    seeds = 100
    time = np.arange(36) * 15 + 7.5
    found = sum(rates.change_point(time, np.random.default_rng(s).poisson(3.0, 36) * 4.0, 15.0, s).found
                for s in range(seeds))  # fmt: skip
    assert found <= seldom(seeds)
    assert not rates.change_point(time, np.zeros(36), 15.0).found


def looks(seed, curvature, participants=20):
    """away, surprise and participant: log odds with a known parabola around 2 nats, or a line."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(participants), 60)
    x = rng.gamma(4.0, 0.5, len(who))
    logit = -1 + 0.4 * rng.standard_normal(participants)[who]
    logit += curvature * (x - 2) ** 2 if curvature else 0.6 * (x - 2)
    return (rng.random(len(who)) < 1 / (1 + np.exp(-logit))).astype(float), x, who


def test_u_shape_is_recovered():
    away, x, who = looks(0, 1.0)
    found = analysis.regression(away, {"surprise": x}, who, ["surprise"])
    effect, square = found.effect("surprise"), found.effect("surprise squared")
    assert effect.shape == "U" and found.correlation == "exchangeable"
    assert abs(effect.turn.value - 2.0) < SIGMAS * (effect.turn.high - effect.turn.low) / 4
    # Per squared standard deviation; population averages are a little flatter than each participant's own curve.
    assert square.b.value == pytest.approx(x.var(), rel=0.3)
    probability = found.probability("surprise", np.array([0.5, 2.0, 3.5]))
    assert probability[1] < probability[0] and probability[1] < probability[2]
    assert analysis.regression(1 - away, {"surprise": x}, who, ["surprise"]).effect("surprise").shape == "inverted U"


def test_a_line_is_not_called_a_u():
    seeds, called = 20, 0
    for s in range(seeds):
        away, x, who = looks(s, 0.0)
        called += analysis.regression(away, {"x": x}, who, ["x"]).effect("x").shape != "monotone"
    assert called <= seldom(seeds)


def test_regression_says_what_is_missing():
    away, x, who = looks(0, 0.0, 4)
    assert analysis.regression(away, {"x": x, "y": x**2}, who).note == "4 participants are too few for 3 coefficients"
    assert analysis.regression(np.zeros_like(x), {"x": x}, who).note == "the outcome never changes"
    assert analysis.regression(away, {"x": x, "k": x * 0}, who).note == "k never changes"
    away, x, who = looks(0, 0.0, 5)
    assert "too narrow" in analysis.regression(away, {"x": x}, who).note
    with pytest.raises(KeyError, match="no predictor"):
        analysis.regression(away, {"x": x}, who, ["y"])


def result(path, kind, **fields):
    with infans.load(path) as record:
        declared = next((a for a in record.design["analyses"] if a["kind"] == kind), {"name": "by hand", "kind": kind})
        return analysis.execute(record, declared | fields)


def test_declared_ratio_of_rates_is_the_known_one(study):
    groups = result(study("study"), "ratio").figures["groups"]
    for name, (before, after) in example.KICKS.items():
        # One minute of the nine still has the rate of before.
        truth = (before / 9 + after * 8 / 9) / before
        found = groups[name]
        assert found["n"] == (9 if name == "active" else 10)
        # 18 kicks are expected at baseline: the quotient of counts is biased by about 1/18 of itself.
        spread = found["sd"] / np.sqrt(found["n"])
        assert abs(found["mean"] - truth * (1 + 1 / 18)) < SIGMAS * spread


def test_declared_growth_orders_the_groups(study):
    found = result(study("study"), "growth_curve").figures
    assert found["model"] == "logistic"
    for name, middle in example.GROWTH.items():
        assert abs(found["groups"][name]["midpoint"].value - middle) < SIGMAS * 3 / np.sqrt(9)
    first = found["comparisons"]["midpoint"][0]
    assert (first.one, first.other) == ("random", "active") and first.difference.low > 20


def test_declared_samples_are_counted_from_the_stage(study):
    birth = result(study("study"), "samples_to").figures["groups"]["active"]
    later = result(study("study"), "samples_to", from_stage="conjugate").figures["groups"]["active"]
    np.testing.assert_array_equal(later["samples"], birth["samples"] - example.BASELINE)
    assert birth["n"] == 9 and birth["never"] == 0
    starts = ["baseline", "conjugate"]  # the first is over before anybody is that good
    both = result(study("study"), "samples_to", from_stage=starts, groups=["active"]).figures
    assert both["groups"]["baseline"]["never"] == 9
    np.testing.assert_array_equal(both["groups"]["conjugate"]["samples"], later["samples"])
    assert both["comparisons"][0].paired
    killed = result(study("killed"), "samples_to").figures["groups"]["random"]
    assert killed["never"] == 2 and killed["median"] == np.inf


def test_a_group_without_the_stage_is_counted_from_birth(study):
    with infans.load(study("study")) as record:
        for p in record.participants:
            if p.group == "random":
                p.stages = [infans.study.Stage("quiet", {})] * 3
        declared = dict(example.ANALYSES[1]) | {"from_stage": "conjugate"}
        found = analysis.execute(record, declared)
    birth = result(study("study"), "samples_to").figures["groups"]["random"]
    np.testing.assert_array_equal(found.figures["groups"]["random"]["samples"], birth["samples"])
    assert found.notes == ["counted from birth, having no such stage: random"]


def test_touches_are_the_samples_that_have_a_place(study):
    found = result(study("study"), "touches", stages=["baseline"])
    with infans.load(study("study")) as record:
        life = record.life()
    rows = np.isfinite(life.touch_x) & (life.stage == "baseline") & (life.excluded == "")
    counts = {g: int((rows & (life.group == g)).sum()) for g in ("active", "random", "yoked")}
    assert {g: f["touches"] for g, f in found.figures["groups"].items()} == counts
    assert {g: places.shape for g, places in found.picture.groups.items()} == {g: (n, 3) for g, n in counts.items()}


def test_declared_change_is_at_the_onset(study):
    found = result(study("study"), "change_point", stages=["baseline", "conjugate"]).figures["groups"]["active"]
    assert found["n"] == found["tested"] == 9 and abs(found["median"] - example.ONSET) <= 15


def test_levels_within_participants_are_paired(study):
    c = result(study("within"), "compare", probe="reach", measure="error", factor="light", at="mean")
    (one,) = c.figures["comparisons"]
    assert one.paired and (one.one, one.other) == ("bright", "dark") and one.n == (12, 12)
    assert one.difference.low <= -0.02 <= one.difference.high


def test_between_factors_and_groups_of_cells(study):
    by_level = result(study("factorial"), "compare", factor="acuity").figures["groups"]
    assert {name: g["n"] for name, g in by_level.items()} == {"low": 15, "high": 15}
    by_cell = result(study("factorial"), "compare").figures["groups"]
    assert len(by_cell) == 6
    by_group = result(study("factorial"), "compare", groups=["active", "random"]).figures["groups"]
    assert {name: g["n"] for name, g in by_group.items()} == {"active": 10, "random": 10}


@pytest.mark.parametrize(
    ("kind", "fields", "says"),
    [
        ("compare", dict(probe="raech"), "probe 'raech', which is not there; did you mean 'reach'?"),
        ("compare", dict(measure="eror"), "measure 'eror', which is not there; did you mean 'error'?"),
        ("compare", dict(groups=["activ"]), "group 'activ', which is not there; did you mean 'active'?"),
        ("ratio", dict(numerator="conjugat"), "stage 'conjugat', which is not there; did you mean 'conjugate'?"),
        ("samples_to", dict(above=1.0), "needs one of below and above"),
        ("growth_curve", dict(model="cubic"), "there is no model 'cubic'; there is: gompertz, logistic, both"),
        ("compare", dict(at="soon"), "'soon' is no age"),
        ("anova", dict(), "kind 'anova', which is not there"),
    ],
)
def test_mistakes_are_named(study, kind, fields, says):
    with pytest.raises(analysis.AnalysisError, match=says.replace("?", r"\?")):
        result(study("study"), kind, **fields)


def test_numbers_as_journals_print_them():
    assert [number(v) for v in (0.0123456, 12.3456, 12345.6, -0.5, np.nan, 3.0)] == [
        "0.0123", "12.3", "12,346", "−0.500", "–", "3",
    ]  # fmt: skip
    assert interval(analysis.Interval(0.551, 0.402, 0.803), long=True) == "0.55, 95 % CI [0.40, 0.80]"
    assert interval(analysis.Interval(-0.00009, -0.0014, 0.0016)) == "−0.0001 [−0.0014, 0.0016]"
    assert [p_value(p) for p in (0.0004, 0.0123, 1.0)] == ["< .001", "= .012", "= 1"]
