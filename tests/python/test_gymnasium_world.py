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


# Upright is where the reference's angle is 0, so the wish lies below a pole of the library's own sign.
UPRIGHT = {"preference.length": 0.6, "preference.goal_z": -0.6, "success.steps": 3, "success.tolerance": 0.3}
SHORT = {"life.decisions": 24, "world.episode_steps": 8, "agent.babbling_episodes": 1}


def inverted_pendulum(agent: int) -> infans.envs.World:
    return infans.envs.World(gymnasium.make("infans/InvertedPendulum-v5"), joints=["slide", "hinge"])


def test_a_life_is_lived_in_a_gymnasium_environment(tmp_path):
    settings = {**UPRIGHT, **SHORT}
    runs = [
        infans.run("cartpole_swingup", out=tmp_path / str(n), agents=2, threads=n, settings=settings,
                   world=inverted_pendulum)
        for n in (1, 2)
    ]  # fmt: skip
    for one, two in zip(runs[0].agents, runs[1].agents, strict=True):
        np.testing.assert_array_equal(one.step["observation"], two.step["observation"])
    step = runs[0].agents[0].step
    assert step["observation"].shape == (24, 4) and step["physics"].shape == (24, 0)
    # The environment itself, from the same state with the same command, shows what the record says.
    env = gymnasium.make("infans/InvertedPendulum-v5").unwrapped
    env.reset(seed=0)
    env.set_state(step["observation"][0, :2], step["observation"][0, 2:])
    expected = env.step((3.0 * step["action"][0]).astype(np.float32))[0]
    np.testing.assert_array_equal(step["next_observation"][0], expected)


def test_a_life_step_by_step_in_a_gymnasium_environment(tmp_path):
    with infans.Life("cartpole_swingup", out=tmp_path / "one", settings={**UPRIGHT, **SHORT},
                     world=inverted_pendulum) as life:  # fmt: skip
        while life.next_step():
            pass
        assert life.decisions == 24


def test_worlds_that_no_agent_can_live_in_are_refused(tmp_path):
    def pendulum(agent: int) -> infans.envs.World:
        return infans.envs.World(gymnasium.make("Pendulum-v1"), joints=["hinge"])

    def cheetah(agent: int) -> infans.envs.World:
        return infans.envs.World(gymnasium.make("infans/HalfCheetah-v5"))

    for world, message in ((pendulum, "slide joint, then a hinge"), (cheetah, "slide joint, then a hinge")):
        with pytest.raises(infans.BodyError, match=message):
            infans.run("cartpole_swingup", out=tmp_path / "no", world=world)
    with pytest.raises(infans.OptionError, match="must return an infans.envs.World"):
        infans.run("cartpole_swingup", out=tmp_path / "no", world=lambda agent: gymnasium.make("Pendulum-v1"))
    one = inverted_pendulum(0)
    with pytest.raises(infans.OptionError, match="a new world for every agent"):
        settings = {**UPRIGHT, **SHORT}
        infans.run("cartpole_swingup", out=tmp_path / "twice", agents=1, settings=settings, world=lambda agent: one)
    with pytest.raises(infans.OptionError, match="no joint 'ball'"):
        infans.envs.World(gymnasium.make("Pendulum-v1"), joints=["ball"])
    with pytest.raises(infans.OptionError, match="need 4"):
        infans.envs.World(gymnasium.make("Pendulum-v1"), joints=["slide", "hinge"])
    assert not (tmp_path / "no").exists()
