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
