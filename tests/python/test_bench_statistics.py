"""Statistics of few runs against closed forms, printed tables, brute force and simulation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from infans import bench_statistics as statistics


def test_interquartile_mean_cuts_a_quarter_at_each_end():
    assert statistics.iqm(np.arange(1, 9)) == pytest.approx(4.5)  # of 3 4 5 6
    assert statistics.iqm(np.array([1000.0, 1, 2, 3, -1000])) == pytest.approx(2)  # floor(5/4) = 1 at each end
    assert statistics.iqm(np.array([1.0, 2, 6])) == pytest.approx(3)  # too few to cut
    np.testing.assert_allclose(statistics.iqm(np.array([[1, 2, 3, 4], [0, 0, 8, 8]])), [2.5, 4])


def test_optimality_gap_ignores_what_is_above_the_goal():
    assert statistics.optimality_gap(np.array([0.5, 1.0, 3.0])) == pytest.approx(1 - 2.5 / 3)
    assert statistics.optimality_gap(np.array([2.0, 3.0]), goal=2.5) == pytest.approx(0.25)


def test_profile_is_a_mean_of_tasks_not_of_runs():
    strata = [np.array([0.2, 0.8]), np.array([0.9, 0.9, 0.9, 0.1])]
    got = statistics.performance_profile(strata, np.array([0.0, 0.5, 0.85, 0.9]))
    np.testing.assert_allclose(got, [1, (0.5 + 0.75) / 2, (0 + 0.75) / 2, 0])


def test_probability_of_improvement_counts_pairs():
    draw = np.random.default_rng(1)
    x, y = draw.integers(0, 6, 7), draw.integers(0, 6, 5)
    wins = sum((a > b) + 0.5 * (a == b) for a, b in itertools.product(x, y))
    assert statistics.probability_of_improvement([x], [y]) == pytest.approx(wins / 35)
    assert statistics.probability_of_improvement([[1], [1]], [[0], [1]]) == pytest.approx(0.75)


def test_median_counts_the_censored_as_latest():
    assert statistics.median_censored([30, None, 90]) == 90
    assert statistics.median_censored([30, None, None]) is None
    assert statistics.median_censored([30, 60, 90, None]) == 75
    assert statistics.median_censored([30, None]) is None


@pytest.mark.parametrize(
    ("curve", "lost"),
    [
        ([], 100),  # never tested
        ([[10, 0], [40, 1], [50, 1]], 40),  # a step at 40
        ([[10, 0], [20, 0]], 100),  # never
        ([[20, 0.5], [60, 1]], 20 + 40 * 0.5),
        ([[20, 1], [60, 0]], 20 + 40),  # forgotten
        ([[20, 0.5], [100, 1], [150, 0]], 20 + 80 * 0.5),  # what is at or behind the budget does not count
    ],
)
def test_lost_decisions_is_the_area_above_the_curve(curve, lost):
    assert statistics.lost_decisions(curve, 100) == pytest.approx(lost)


def test_lost_decisions_equals_a_sum_over_single_decisions():
    draw = np.random.default_rng(2)
    for _ in range(20):
        when = np.sort(draw.choice(np.arange(1, 200), 6, replace=False))
        score = draw.random(6)
        lost = sum(1 - max([(w, s) for w, s in zip(when, score, strict=True) if w <= d], default=(0, 0))[1]
                   for d in range(150))  # fmt: skip
        assert statistics.lost_decisions(list(zip(when, score, strict=True)), 150) == pytest.approx(lost)


# Table of Student's t, upper tail (Abramowitz & Stegun, table 26.10; Fisher & Yates).
@pytest.mark.parametrize(
    ("freedom", "tail", "t"),
    [(1, 0.05, 6.314), (1, 0.025, 12.706), (5, 0.05, 2.015), (9, 0.05, 1.833), (9, 0.005, 3.250), (30, 0.025, 2.042),
     (120, 0.05, 1.658)],
)  # fmt: skip
def test_student_t_equals_the_printed_table(freedom, tail, t):
    assert statistics.t_quantile(tail, freedom) == pytest.approx(t, abs=6e-4)  # three printed digits
    assert statistics.t_tail(statistics.t_quantile(tail, freedom), freedom) == pytest.approx(tail, rel=1e-9)


def test_student_t_in_closed_form():
    for t in (-3.0, -0.2, 0.0, 0.7, 40.0):
        assert statistics.t_tail(t, 1) == pytest.approx(0.5 - math.atan(t) / math.pi, rel=1e-10)  # Cauchy
        assert statistics.t_tail(t, 2) == pytest.approx(0.5 - t / (2 * math.sqrt(2 + t * t)), rel=1e-8, abs=1e-12)


def test_incomplete_beta_in_closed_form():
    for x in (0.0, 0.01, 0.4, 0.77, 1.0):
        assert statistics.incomplete_beta(3, 1, x) == pytest.approx(x**3)
        assert statistics.incomplete_beta(1, 4.5, x) == pytest.approx(1 - (1 - x) ** 4.5)
        tail = sum(math.comb(6, k) * x**k * (1 - x) ** (6 - k) for k in range(4, 7))  # P(Binomial(6, x) >= 4)
        assert statistics.incomplete_beta(4, 3, x) == pytest.approx(tail)


def test_holm_equals_its_definition():
    assert statistics.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert statistics.holm([0.5, 0.9]) == pytest.approx([1, 1])
    assert statistics.holm([]) == []
    draw, alpha = np.random.default_rng(3), 0.05
    for _ in range(200):
        p = draw.random(5) ** 3
        rejected, order = set(), np.argsort(p)
        for rank, k in enumerate(order):  # step down until the first that is kept
            if p[k] > alpha / (5 - rank):
                break
            rejected.add(int(k))
        assert {k for k, a in enumerate(statistics.holm(list(p))) if a <= alpha} == rejected


def test_bootstrap_stays_inside_its_strata():
    draw = np.random.default_rng(4)
    rows = statistics.resampled([np.array([1.0, 2.0]), np.array([10.0, 20.0, 30.0])], 50, draw)
    assert rows.shape == (50, 5) and (rows[:, :2] <= 2).all() and (rows[:, 2:] >= 10).all()
    flat = statistics.bootstrap([np.full(5, 0.3), np.full(5, 0.3)], statistics.iqm, draw)
    assert flat == pytest.approx((0.3, 0.3, 0.3))


def test_bootstrap_interval_of_a_mean_is_as_wide_as_it_should_be():
    draw = np.random.default_rng(5)
    x = draw.normal(size=400)
    got = statistics.bootstrap([x], lambda s: s.mean(axis=-1), draw, rounds=4000)
    half = 1.96 * x.std() / 20
    # Quantiles of 4000 rounds are off by about 3 % of the half width.
    assert got.high - got.value == pytest.approx(half, rel=0.15) and got.value - got.low == pytest.approx(
        half, rel=0.15
    )


def test_ratio_is_that_of_geometric_means_and_covers_the_truth():
    draw = np.random.default_rng(6)
    got = statistics.ratio(np.array([2.0, 8.0]), np.array([1.0, 4.0]), draw)
    assert got.value == pytest.approx(2)
    covered = 0
    for _ in range(200):
        x, y = np.exp(draw.normal(math.log(0.4), 0.3, 20)), np.exp(draw.normal(0, 0.3, 20))
        _, low, high = statistics.ratio(x, y, draw, rounds=300)
        covered += low <= 0.4 <= high
    assert covered >= 175  # 95 % nominal, about 93 % for 20 seeds; below 175 has probability 0.3 % at 93 %


def test_mixture_is_a_likelihood_ratio_of_t():
    # For spread -> 0 the two hypotheses are one; for t = 0 it is the price of the prior's width, 1 / sqrt(1 + n g^2).
    assert statistics.t_mixture(2.0, 10, spread=1e-6) == pytest.approx(1, abs=1e-9)
    assert statistics.t_mixture(0.0, 10, spread=0.5) == pytest.approx(1 / math.sqrt(1 + 10 * 0.25))
    # Its mean under the null hypothesis is 1: integrate it with the density of t, by its tail.
    t = np.linspace(-400, 400, 160001)
    n = 6
    density = (1 + t**2 / (n - 1)) ** (-n / 2)
    values = np.array([statistics.t_mixture(v, n) for v in t])
    assert (values * density).sum() / density.sum() == pytest.approx(1, abs=2e-3)  # tails cut at 400
