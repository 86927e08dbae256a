"""The gate: its tests against other tests, its error rates by simulation, and what it refuses to compare."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
from infans import bench_check as check
from infans import bench_gate as gate
from infans import bench_statistics as statistics


def by_seed(values, first=1):
    return {first + k: float(v) for k, v in enumerate(values)}


def test_shared_seeds_only_is_the_paired_t_test():
    draw = np.random.default_rng(1)
    old = draw.normal(size=10)
    new = 0.3 + old + 0.5 * draw.normal(size=10)
    got, d = gate.compare(by_seed(new), by_seed(old)), new - old
    error = d.std(ddof=1) / math.sqrt(10)
    assert (got.difference, got.error, got.freedom) == pytest.approx((d.mean(), error, 9))
    assert got.p_above(0.1) == pytest.approx(statistics.t_tail((d.mean() - 0.1) / error, 9))


def test_no_shared_seed_is_welchs_test():
    draw = np.random.default_rng(2)
    new, old = draw.normal(size=8), draw.normal(0, 3, size=14)
    got = gate.compare(by_seed(new, 100), by_seed(old))
    a, b = new.var(ddof=1) / 8, old.var(ddof=1) / 14
    assert got.error == pytest.approx(math.sqrt(a + b))
    assert got.freedom == pytest.approx((a + b) ** 2 / (a**2 / 7 + b**2 / 13))  # Welch & Satterthwaite


def test_interval_and_test_agree():
    draw = np.random.default_rng(3)
    got = gate.compare(by_seed(draw.normal(size=10)), by_seed(draw.normal(size=30)))
    low, high = got.interval()
    assert got.p_above(low) == pytest.approx(0.025) and got.p_above(high) == pytest.approx(0.975)


def test_equal_lives_are_identical_and_a_constant_shift_is_found():
    old = by_seed(np.linspace(3, 5, 30))
    same = {s: old[s] for s in range(1, 11)}
    assert gate.fixed({("t", "a"): (same, old)})[0].word == "identical"
    ten = {s: old[s] for s in range(1, 11)}
    shifted = {s: v + math.log(2) for s, v in ten.items()}
    assert gate.fixed({("t", "a"): (shifted, ten)})[0].word == "regression"
    near = {s: v + math.log(1.1) for s, v in ten.items()}
    assert gate.fixed({("t", "a"): (near, ten)})[0].word == "pass"


# Binomial bounds below are at least 3 standard deviations from the true rates (in brackets, of 20,000 rounds).
@pytest.mark.parametrize(
    ("noise", "slower", "at_least", "at_most"),
    [
        (0.3, 1.0, 0, 8),  # false alarms [0.2 % of 400 = 0.8]: the gate states 5 % = 20
        (0.5, 1.0, 0, 12),  # [0.8 % of 400 = 3.2]
        (0.3, 2.0, 390, 400),  # [99.9 %]
        (0.5, 2.0, 330, 400),  # [89 % = 356]
        (0.3, 1.15, 5, 36),  # at the tolerance itself the stated 5 % [20] must hold
    ],
)
def test_fixed_gate_holds_its_error_rates(noise, slower, at_least, at_most):
    found = check.alarms(check.lognormal(noise, slower), check.lognormal(noise, 1), 400, 30, np.random.default_rng(4))
    assert at_least <= found <= at_most


def test_holm_keeps_the_false_alarms_of_many_tasks_together():
    draw, alarms, rounds, edge = np.random.default_rng(5), 0, 200, math.log(gate.TOLERANCE)
    for _ in range(rounds):
        groups = {
            (f"task {k}", "a"): (by_seed(draw.normal(edge, 0.4, 10)), by_seed(draw.normal(0, 0.4, 30)))
            for k in range(4)
        }
        alarms += any(v.word == "regression" for v in gate.fixed(groups))
    assert alarms <= 20  # at most 5 % = 10 of 200 by Holm; above 20 has probability 0.1 %


def test_sequential_gate_may_look_after_every_pair():
    draw = np.random.default_rng(6)
    same, _ = check.words(check.lognormal(0.3, 1), check.lognormal(0.3, 1), 300, draw)
    assert same["regression"] <= 0.09  # 5 % stated; 3 standard deviations above
    worse, _ = check.words(check.lognormal(0.3, 1.25), check.lognormal(0.3, 1), 300, draw)
    assert worse["pass"] <= 0.09
    double, pairs = check.words(check.lognormal(0.3, 2), check.lognormal(0.3, 1), 100, draw)
    assert double["regression"] == 1 and pairs < 20


def test_sequential_gate_says_undecided_and_stops_at_its_cap():
    wide = np.tile([2.0, -2.0], 60)
    assert gate.sequential_word(wide)[:2] == ("undecided", gate.CAP)
    assert gate.sequential_word([0.5])[:2] == ("undecided", 1)
    assert gate.sequential_word([0.0] * 60)[0] == "pass"
    assert gate.sequential_word(np.linspace(0.9, 1.1, 60))[0] == "regression"


def test_stretched_curves_lose_what_slower_learning_loses():
    life = {"task": "t", "agent": "a", "seed": 1, "budget": 100, "curve": [[20, 0], [30, 1]]}
    draw = np.random.default_rng(7)
    for slower, lost in ((1, 30), (2, 60), (5, 100)):
        np.testing.assert_allclose(np.exp(check.from_lives([life], slower)(3, draw)), lost)


def life(seed, lost, task="t", agent="efe"):
    return {"task": task, "agent": agent, "seed": seed, "budget": 600, "curve": [[lost, 1.0]], "auc": 1 - lost / 600,
            "decisions_first": lost, "decisions_sustained": lost, "censored": False, "decisions_all_in": lost,
            "control_steps": lost, "simulated_seconds": lost / 10}  # fmt: skip


def results(seeds, scale=1.0, tier="pr"):
    draw = np.random.default_rng(8)
    lives = {s: life(s, float(round(scale * 150 * math.exp(draw.normal(0, 0.2))))) for s in range(1, 61)}
    meta = {"format": "infans-sample-efficiency", "version": 1, "commit": "0123456789ab", "isa": "x86-64-v3",
            "mujoco": "4.0.0", "tier": tier, "seeds": list(seeds), "settings": {}}  # fmt: skip
    return {"meta": meta, "records": [lives[s] for s in seeds]}


def test_judge_follows_the_tier():
    for tier in ("pr", "nightly", "release"):
        old = results(range(1, 31), tier=tier)
        assert gate.judge(results(range(1, 11), tier=tier), old)[0].word == "identical"
        slow = gate.judge(results(range(1, 11), scale=2, tier=tier), old)[0]
        assert slow.word == "regression" and slow.low <= slow.ratio <= slow.high
    assert slow.ratio == pytest.approx(2, rel=0.4)  # 30 seeds against 10 of them: the other 20 are other lives


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda r: r["meta"].update(isa="x86-64-v4"), "isa x86-64-v3, this with x86-64-v4"),
        (lambda r: r["meta"].update(mujoco="4.1.0"), "mujoco 4.0.0, this with 4.1.0"),
        (lambda r: r["meta"].update(tier="release"), "tier pr, this with release"),
        (lambda r: r["records"][0].update(seed=99), "seeds 1-30, here are 2, 3, 4, 5, 6, 7, 8, 9, 10, 99"),
        (lambda r: [x.update(budget=300) for x in r["records"]], "budget of t is 600 in the baseline and 300 here"),
        (lambda r: [x.update(task="u") for x in r["records"]], "no records of u by efe; it has t by efe"),
        (lambda r: r["records"].__delitem__(slice(1, None)), "one seed has no spread"),
    ],
)
def test_what_must_not_be_compared_is_refused_with_both_values(change, sentence):
    new = copy.deepcopy(results(range(1, 11)))
    change(new)
    with pytest.raises(gate.NotComparable) as refused:
        gate.judge(new, results(range(1, 31)))
    assert sentence in str(refused.value)
