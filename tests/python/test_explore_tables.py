"""Samples to equal errors: the arithmetic of `scripts/bench explore`, on curves whose answer is known by hand."""

import importlib.util
import math
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tables():
    spec = importlib.util.spec_from_file_location("explore", ROOT / "experiments" / "benchmarks" / "explore.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def life(seed, errors):
    return {"seed": seed, "decisions": [20 * (k + 1) for k in range(len(errors))], "one_step": errors}


def test_samples_to_an_error(tables):
    run = life(1, [1.0, 0.1, 0.01])
    assert tables.samples_to(run, "one_step", 2.0) == 20
    assert tables.samples_to(run, "one_step", 0.1) == 40
    assert tables.samples_to(run, "one_step", math.sqrt(0.001)) == pytest.approx(50)  # half way of the logarithm
    assert tables.samples_to(run, "one_step", 0.001) == math.inf


def test_an_error_that_rises_again_was_not_reached_yet(tables):
    assert 40 < tables.samples_to(life(1, [1.0, 3.0, 0.1]), "one_step", 1.0) < 60
    assert tables.samples_to(life(1, [0.1, 0.1, 0.3]), "one_step", 0.2) == math.inf


def test_ratios_pair_seeds(tables):
    ours, theirs = [life(1, [1.0, 0.1]), life(2, [1.0, 0.5])], [life(2, [0.9, 0.2]), life(1, [1.0, 1.0])]
    assert tables.ratios(ours, theirs, "one_step") == [20 / 40, math.inf]


def test_interval_of_equal_values_is_that_value_and_never_counts_as_last(tables):
    assert tables.interval([0.3] * 5) == (0.3, 0.3)
    low, high = tables.interval([0.1, 0.2, 0.3, math.inf, math.inf])
    assert low <= 0.3 and high == math.inf
