"""Lives whose senses are noisy, late or silent: what the record keeps, what is judged, and determinism."""

import numpy as np
import pytest

infans = pytest.importorskip("infans")
pytest.importorskip("infans._infans")
series = pytest.importorskip("infans.series")

# Commands that do not depend on what is sensed: the body moves alike in every one of these lives.
BLIND = {"life.decisions": 40, "world.episode_steps": 10, "success.steps": 3, "probe.states": 0}
BLIND |= {"agent.policy": "random", "agent.model": "mechanics"}
# Small, but everything of a filtered life happens.
FILTERED = {"life.decisions": 24, "world.episode_steps": 12, "success.steps": 3, "probe.states": 20}
FILTERED |= {"agent.model": "mechanics", "agent.filter": "smoothed", "agent.consolidate_every": 6}
FILTERED |= {"senses.noise": 0.02, "senses.delay": 1, "senses.missing": 0.1}


def lived(out, settings, threads=1):
    """Every column of the last of two agents."""
    with infans.run("cartpole_swingup", out=out, agents=2, threads=threads, settings=settings) as record:
        agent = record.agents[1]
        return {name: np.array(table[name]) for table in (agent.step, agent.episode) for name in table}


def test_the_record_keeps_what_was_sensed_and_the_true_state_is_judged(tmp_path):
    exact = lived(tmp_path / "exact", BLIND)
    noisy = lived(tmp_path / "noisy", BLIND | {"senses.noise": 0.1})
    late = lived(tmp_path / "late", BLIND | {"senses.delay": 2})
    silent = lived(tmp_path / "silent", BLIND | {"senses.missing": 0.5})
    for other in (noisy, late, silent):
        for name in ("physics", "action", "best_distance", "hold_distance", "success"):
            assert other[name].tobytes() == exact[name].tobytes(), name
    error = noisy["observation"] - exact["observation"]
    assert 0.07 < error.std() < 0.13  # 160 normal numbers: the deviation's standard error is 6 %; five of them
    then = np.flatnonzero(exact["index"] >= 2)
    np.testing.assert_array_equal(late["observation"][then], exact["observation"][then - 2])
    gaps = np.isnan(silent["observation"])
    assert (gaps.all(axis=1) == gaps.any(axis=1)).all()
    assert 4 <= gaps.all(axis=1).sum() <= 36  # of 40, p = 1/2: five standard deviations
    np.testing.assert_array_equal(silent["observation"][~gaps], exact["observation"][~gaps])


def test_a_filtered_life_has_the_same_bits_on_any_number_of_threads(tmp_path):
    one, two = (lived(tmp_path / str(threads), FILTERED, threads) for threads in (1, 2))
    assert np.isfinite(one["prediction"]).all() and np.isnan(one["observation"]).any()
    for name in one:
        assert one[name].tobytes() == two[name].tobytes(), name


def test_an_episode_with_gaps_is_drawn_from_what_came(tmp_path):
    settings = BLIND | {"senses.missing": 0.5}
    with infans.run("cartpole_swingup", out=tmp_path / "silent", agents=1, threads=1, settings=settings) as record:
        episode = series.episode(record, record.agents[0], 0)
        assert np.isfinite(episode.tip).all() and np.isfinite(episode.cart).all()
