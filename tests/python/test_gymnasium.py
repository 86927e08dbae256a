"""infans as Gymnasium sees it: registered ids, its own checker, pools beside single bodies."""

from __future__ import annotations

import importlib.util
import math
import subprocess
import sys
import warnings
from pathlib import Path

import gymnasium
import infans.envs
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from infans import _infans

WITH_DM_CONTROL = importlib.util.find_spec("dm_control") is not None
dm_control_only = pytest.mark.skipif(not WITH_DM_CONTROL, reason="dm_control is not installed (pip install dm_control)")
IDS = [pytest.param(i, marks=dm_control_only if i.startswith("dmc-") else ()) for i in infans.envs.TASKS]
# A limit below the bodies' own falls and Reacher's limit: every kind of end comes about in a few hundred steps.
STEPS, LIMIT, BODIES = 120, 40, 5


def test_the_registry_knows_what_the_library_knows():
    said = {
        info["id"]: (info["time_limit"], None if math.isnan(info["reward_threshold"]) else info["reward_threshold"])
        for info in _infans.task_infos()
    }
    assert said == infans.envs.TASKS
    for task, (steps, threshold) in said.items():
        spec = gymnasium.spec(f"infans/{task}")
        assert (spec.max_episode_steps, spec.reward_threshold) == (steps, threshold)


@pytest.mark.parametrize("order", ["gymnasium, infans", "infans, gymnasium", "infans.envs, gymnasium"])
def test_importing_infans_registers_in_any_order(order):
    source = str(Path(infans.__file__).parents[1])
    found = "print(gymnasium.spec('infans/HalfCheetah-v5').id)"
    code = f"import sys; sys.path.insert(0, {source!r}); import {order}; {found}"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "infans/HalfCheetah-v5"


@pytest.mark.parametrize("task", IDS)
def test_check_env(task):
    # Gymnasium recommends finite spaces; these tasks' spaces are the reference's. It also warns of a wrapped env.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for known in ("A Box observation space", "For Box action spaces, we", "The environment .* is different"):
            warnings.filterwarnings("ignore", message=f".*{known}")
        check_env(gymnasium.make(f"infans/{task}").unwrapped)
        check_env(gymnasium.make(f"infans/{task}"))


def both(task: str, mode: AutoresetMode, threads: int):
    """A pool and as many single bodies in Gymnasium's own vector environment."""
    pool = gymnasium.make_vec(f"infans/{task}", BODIES, max_episode_steps=LIMIT, threads=threads, autoreset_mode=mode)
    one = [lambda: gymnasium.make(f"infans/{task}", max_episode_steps=LIMIT)] * BODIES
    return pool, SyncVectorEnv(one, autoreset_mode=mode)


def assert_same(ours, theirs):
    for a, b in zip(ours[:-1], theirs[:-1], strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.dtype == b.dtype and a.shape == b.shape
    assert ours[-1].keys() == theirs[-1].keys()
    for i in np.flatnonzero(theirs[-1].get("_final_obs", [])):
        np.testing.assert_array_equal(ours[-1]["final_obs"][i], theirs[-1]["final_obs"][i])


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP], ids=lambda m: m.name)
@pytest.mark.parametrize("task", IDS)
def test_a_pool_equals_single_bodies(task, mode):
    pool, singles = both(task, mode, threads=2 if task == "Hopper-v5" else 1)
    assert pool.observation_space == singles.observation_space and pool.action_space == singles.action_space
    assert isinstance(pool.unwrapped, infans.envs.TaskVectorEnv)
    singles.action_space.seed(1)
    ends = 0
    assert_same(pool.reset(seed=11), singles.reset(seed=11))
    for _ in range(STEPS):
        actions = singles.action_space.sample()
        ours, theirs = pool.step(actions), singles.step(actions)
        assert_same(ours, theirs)
        ends += int(ours[2].sum() + ours[3].sum())
    assert ends >= 2 * BODIES
    assert_same(pool.reset(), singles.reset())


def test_a_pool_without_autoreset_is_reset_by_mask():
    pool, singles = both("Hopper-v5", AutoresetMode.DISABLED, threads=1)
    singles.action_space.seed(2)
    pool.reset(seed=3), singles.reset(seed=3)
    resets = 0
    for _ in range(STEPS):
        actions = singles.action_space.sample()
        ours = pool.step(actions)
        assert_same(ours, singles.step(actions))
        mask = ours[2] | ours[3]
        if mask.any():
            resets += 1
            with pytest.raises(infans.Error, match="reset"):
                pool.step(actions)
            a, b = pool.reset(options={"reset_mask": mask}), singles.reset(options={"reset_mask": mask})
            np.testing.assert_array_equal(a[0], b[0])
    assert resets > 0


def test_threads_do_not_change_a_bit():
    runs = []
    for threads in (1, 2, 3):
        pool = gymnasium.make_vec("infans/Walker2d-v5", 7, threads=threads)
        pool.action_space.seed(0)
        pool.reset(seed=5)
        runs.append([pool.step(pool.action_space.sample()) for _ in range(60)])
    for run in runs[1:]:
        for a, b in zip(run, runs[0], strict=True):
            assert_same(a, b)


@pytest.mark.parametrize("task", IDS)
def test_a_state_is_saved_and_restored(task):
    env = gymnasium.make(f"infans/{task}").unwrapped
    env.action_space.seed(4)
    env.reset(seed=4)
    for _ in range(20):
        env.step(env.action_space.sample())
    state, actions = env.save(), [env.action_space.sample() for _ in range(500)]
    first = [env.step(a) for a in actions]
    env.reset(seed=9)
    env.restore(state)
    for a, b in zip(first, [env.step(a) for a in actions], strict=True):
        np.testing.assert_array_equal(a[0], b[0])
        assert a[1:3] == b[1:3]


def test_seeds_give_starts_of_their_own():
    env = gymnasium.make("infans/HalfCheetah-v5")
    starts = [env.reset(seed=s)[0] for s in (1, 2, 1)] + [env.reset()[0]]
    np.testing.assert_array_equal(starts[0], starts[2])
    assert not np.array_equal(starts[0], starts[1]) and not np.array_equal(starts[0], starts[3])
    one, other = (gymnasium.make("infans/HalfCheetah-v5").reset()[0] for _ in range(2))
    assert not np.array_equal(one, other)


def test_starts_follow_the_reference():
    """HalfCheetah: positions uniform in +-0.1, velocities normal with deviation 0.1; 2,000 x 9 draws a kind."""
    pool = gymnasium.make_vec("infans/HalfCheetah-v5", 2000)
    start = pool.reset(seed=0)[0]
    positions, velocities = start[:, :8], start[:, 8:]
    assert np.abs(positions).max() < 0.1 and np.abs(positions).max() > 0.0999
    # Five standard errors: 0.1 / sqrt(3 n) of a uniform mean, 0.1 / sqrt(n) of a normal one; false alarm 6e-7 each.
    assert abs(positions.mean()) < 5 * 0.1 / math.sqrt(3 * positions.size)
    assert abs(velocities.mean()) < 5 * 0.1 / math.sqrt(velocities.size)
    assert velocities.std() == pytest.approx(0.1, rel=5 / math.sqrt(2 * velocities.size))


def test_set_state_of_a_pool_is_that_of_a_body():
    pool, env = gymnasium.make_vec("infans/Swimmer-v5", 3), gymnasium.make("infans/Swimmer-v5").unwrapped
    rng = np.random.default_rng(0)
    q, v = rng.normal(size=(3, 5)), rng.normal(size=(3, 5))
    actions = rng.uniform(-1, 1, (3, 2)).astype(np.float32)
    pool.reset(seed=0)
    pool.unwrapped.set_state(q, v)
    stepped = pool.step(actions)
    for i in range(3):
        env.set_state(q[i], v[i])
        observation, reward, *_ = env.step(actions[i])
        np.testing.assert_array_equal(observation, stepped[0][i])
        assert reward == stepped[1][i]


def test_a_body_that_leaves_the_numbers_is_named_and_lives_on():
    pool = gymnasium.make_vec("infans/HalfCheetah-v5", 3, threads=2)
    first = pool.reset(seed=1)[0]
    calm = np.zeros((3, 6), np.float32)
    wild = calm.copy()
    wild[1] = np.nan
    with pytest.raises(infans.SimulationError, match="HalfCheetah-v5, step 1"):
        pool.step(wild)
    np.testing.assert_array_equal(pool.reset(seed=1)[0], first)
    assert np.isfinite(pool.step(calm)[0]).all()


def test_a_missing_package_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(gymnasium.error.DependencyNotInstalled, match="pip install dm_control"):
        gymnasium.make("infans/dmc-reacher-easy-v0")


def test_options_of_a_task():
    weak = gymnasium.make("infans/mountain-car-v0", power=0.0001).unwrapped
    strong = gymnasium.make_vec("infans/mountain-car-v0", 2, power=0.01)
    assert "power" in weak.info["options"]
    weak.reset(seed=0), strong.reset(seed=0)
    weak.set_state([-0.5], [0.0])
    strong.unwrapped.set_state([[-0.5]] * 2, [[0.0]] * 2)
    pull = 0.0025 * math.cos(-1.5)
    assert weak.step([1.0])[0][1] == pytest.approx(0.0001 - pull, rel=1e-12)
    assert strong.step(np.ones((2, 1)))[0][:, 1] == pytest.approx([0.01 - pull] * 2, rel=1e-12)
    with pytest.raises(infans.OptionError, match="did you mean 'power'"):
        gymnasium.make("infans/mountain-car-v0", powr=0.1)
    with pytest.raises(infans.OptionError, match="it takes none"):
        gymnasium.make("infans/tip-pendulum-v0", power=0.1)


def test_mistakes_are_told():
    with pytest.raises(infans.OptionError, match="nearest is 'HalfCheetah-v5'"):
        infans.envs.TaskEnv("HalfCheeta-v5")
    with pytest.raises(infans.FileError, match="pip install"):
        _infans.TaskBody("HalfCheetah-v5", "/no/such/folder", {})
    env = gymnasium.make("infans/HalfCheetah-v5").unwrapped
    env.reset(seed=0)
    with pytest.raises(ValueError, match=r"must have \(6,\)"):
        env.step(np.zeros(5))
    with pytest.raises(infans.Error, match="position has 3 numbers"):
        env.set_state(np.zeros(3), np.zeros(9))
