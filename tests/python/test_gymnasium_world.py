"""Any Gymnasium environment as a world of the library."""

from __future__ import annotations

import gymnasium
import infans.envs
import numpy as np
import pytest


def test_a_gymnasium_environment_is_lived_in_through_the_library():
    """Pendulum-v1 beside itself; a command of 1 is its torque limit of 2 N m, and beyond is clipped."""
    world, env = infans.envs.World(gymnasium.make("Pendulum-v1")), gymnasium.make("Pendulum-v1").unwrapped
    first = world.reset(seed=3)
    assert first.shape == (3,) and first.dtype == np.float64
    env.reset(seed=0)
    env.state = np.array([np.arctan2(first[1], first[0]), first[2]])
    for command in (1.0, -0.25, 7.0, 0.5):
        observation, reward, terminated = world.step([command])
        expected, paid, *_ = env.step(np.array([2.0 * np.clip(command, -1, 1)], np.float32))
        # float32 observations: the first one lost digits of the angle.
        np.testing.assert_allclose(observation, expected, atol=1e-5)
        assert reward == pytest.approx(paid, abs=1e-5)
        assert not terminated


def test_starts_are_a_function_of_seed_and_episode():
    world, other = (infans.envs.World(gymnasium.make("Pendulum-v1")) for _ in range(2))
    starts = [world.reset(seed=1), world.reset(), world.reset(seed=2), world.reset(seed=1)]
    np.testing.assert_array_equal(starts[0], starts[3])
    assert not np.array_equal(starts[0], starts[1]) and not np.array_equal(starts[0], starts[2])
    np.testing.assert_array_equal(other.reset(seed=1), starts[0])


def test_a_task_of_ours_through_the_slow_path_is_the_same_task():
    world = infans.envs.World(gymnasium.make("infans/InvertedPendulum-v5"))
    env = gymnasium.make("infans/InvertedPendulum-v5").unwrapped
    world.reset(seed=0)
    world.set_state([0.1, 0.15], [0.0, 0.2])
    env.set_state([0.1, 0.15], [0.0, 0.2])
    for _ in range(5):
        observation, reward, terminated = world.step([0.5])
        expected, paid, end, *_ = env.step(np.array([1.5], np.float32))
        np.testing.assert_array_equal(observation, expected)
        assert (reward, terminated) == (paid, end)
    assert terminated


class Broken(gymnasium.Env):
    """Fails at its second step, or shows a number that is none."""

    observation_space = gymnasium.spaces.Box(-1.0, 1.0, (1,))
    action_space = gymnasium.spaces.Box(-1.0, 1.0, (1,))

    def __init__(self, how: str) -> None:
        self.how, self.steps = how, 0

    def reset(self, *, seed=None, options=None):
        return np.zeros(1, np.float32), {}

    def step(self, action):
        self.steps += 1
        if self.steps == 2 and self.how == "raises":
            raise RuntimeError("the motor burnt")
        value = np.nan if self.steps == 2 and self.how == "nan" else 0.0
        return np.full(2 if self.steps == 2 and self.how == "grows" else 1, value, np.float32), 0.0, False, False, {}


@pytest.mark.parametrize(
    ("how", "message"),
    [("raises", "the motor burnt"), ("nan", "not finite"), ("grows", "2 numbers; the spec says 1")],
)
def test_an_error_of_the_environment_is_a_simulation_error(how, message):
    world = infans.envs.World(Broken(how), name="broken")
    world.reset(seed=0)
    with pytest.raises(infans.SimulationError, match=message):
        for _ in range(2):
            world.step([0.0])
    assert world.reset(seed=0).tolist() == [0.0]


def test_unbounded_or_discrete_actions_are_refused():
    with pytest.raises(ValueError, match="Box with finite limits"):
        infans.envs.World(gymnasium.make("CartPole-v1"))
