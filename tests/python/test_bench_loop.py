"""The compiled loop over benchmark tasks, as `infans bench sample-efficiency` calls it."""

from __future__ import annotations

import pytest

records = pytest.importorskip("infans.bench_records")


def test_the_compiled_loop_fills_a_record():
    pytest.importorskip("infans._infans")
    settings = {"agent.model": "mechanics"}
    one, two = records.measure("tip-pendulum", "efe", [1, 2], settings, threads=2)
    assert records.measure("tip-pendulum", "efe", [1], settings)[0] == one and two["seed"] == 2
    assert one["decisions_first"] <= one["decisions_sustained"] == one["decisions_all_in"] <= one["budget"]
    assert one["simulated_seconds"] == pytest.approx(0.05 * one["control_steps"]) and not one["censored"]
    with pytest.raises(ValueError, match="agent.policy"):
        records.measure("tip-pendulum", "grredy", [1])


def test_samplers_fill_records_too():
    pytest.importorskip("infans._infans")
    lives = records.measure("contact-search", "efe", [1, 2])
    assert [life["decisions_first"] for life in lives] == [10, 10] and not any(life["censored"] for life in lives)
    assert lives[0]["curve"] == [[10.0, 1.0]] and lives[0]["auc"] == pytest.approx(1 - 10 / lives[0]["budget"])
    assert "linear-gaussian" in records.backends() and "linear-gaussian" in records.TIERS["pr"].tasks
    with pytest.raises(records.BenchError, match="planner.horizon: contact-search has no options"):
        records.measure("contact-search", "efe", [1], {"planner.horizon": "3"})
    with pytest.raises(ValueError, match="the nearest is 'efe'"):
        records.measure("contact-search", "efee", [1])
