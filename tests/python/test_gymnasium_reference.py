"""Our tasks beside their reference implementations, in one process and from the same states."""

from __future__ import annotations

import importlib.util
import os
import sys
import types

import gymnasium
import infans.envs
import numpy as np
import pytest

GYMNASIUM = [task for task in infans.envs.TASKS if task.endswith("-v5")]
DM_CONTROL = [task for task in infans.envs.TASKS if task.startswith("dmc-")]
SEEDS, STEPS = 3, 1000
# Their rewards are norms, which NumPy takes from the BLAS kernel of the processor at hand: its dot product rounds by
# that kernel. Two roundings of rewards below 8.
REWARD_ROUNDING = {"Pusher-v5": 2e-15, "Reacher-v5": 2e-15}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """MuJoCo in Python writes its warnings about the references' bodies into a file of the current folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def references():
    """Gymnasium's bodies import imageio for pictures only; they are compared here whether or not it is installed."""
    stub = importlib.util.find_spec("imageio") is None
    if stub:
        sys.modules["imageio"] = types.ModuleType("imageio")
    yield lambda task: gymnasium.make(task).unwrapped
    if stub:
        del sys.modules["imageio"]


@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")
@pytest.mark.parametrize("task", GYMNASIUM)
def test_gymnasium_to_the_last_bit(task, references):
    reference, ours = references(task), gymnasium.make(f"infans/{task}").unwrapped
    assert ours.action_space == reference.action_space and ours.observation_space == reference.observation_space
    assert ours.metadata["render_fps"] == reference.metadata["render_fps"]
    registered = gymnasium.spec(task)
    mine = gymnasium.spec(f"infans/{task}")
    assert mine.max_episode_steps == registered.max_episode_steps
    assert mine.reward_threshold == registered.reward_threshold
    ends, travelled = 0, 0.0

    def start(seed: int | None = None) -> None:
        reference.reset(seed=seed)
        ours.set_state(reference.data.qpos.copy(), reference.data.qvel.copy())

    for seed in range(SEEDS):
        reference.action_space.seed(seed)
        start(seed)
        before = None
        for step in range(STEPS):
            action = reference.action_space.sample()
            observation, reward, terminated, *_ = reference.step(action)
            mine, my_reward, my_end, *_ = ours.step(action)
            np.testing.assert_array_equal(mine, observation, err_msg=f"seed {seed}, step {step}")
            assert abs(my_reward - float(reward)) <= REWARD_ROUNDING.get(task, 0.0), f"seed {seed}, step {step}"
            assert my_end == terminated
            travelled += 0.0 if before is None else float(np.abs(observation - before).sum())
            before = observation
            if terminated:
                ends += 1
                start()
    assert travelled > 1.0
    falls = ("InvertedPendulum-v5", "InvertedDoublePendulum-v5", "Hopper-v5", "Walker2d-v5", "Humanoid-v5")
    assert (ends > 0) == (task in falls)


@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")
def test_tip_reacher_moves_as_gymnasiums_reacher_does(references):
    reference, ours = references("Reacher-v5"), gymnasium.make("infans/tip-reacher-v0").unwrapped
    for seed in range(SEEDS):
        reference.action_space.seed(seed)
        reference.reset(seed=seed)
        ours.reset()
        ours.set_state(reference.data.qpos.copy(), reference.data.qvel[:2].copy())
        for _ in range(50):
            action = reference.action_space.sample().astype(float)
            reference.step(action)
            observation, reward, terminated, *_ = ours.step(action)
            gap = (reference.data.body("fingertip").xpos - reference.data.body("target").xpos)[:2]
            angle, goal = (reference.data.qpos[:2] + np.pi) % (2.0 * np.pi) - np.pi, reference.data.qpos[2:]
            np.testing.assert_array_equal(observation, [*angle, *goal, *reference.data.qvel[:2], *gap])
            wanted = -np.linalg.norm(gap) - np.square(action).sum()
            assert abs(reward - wanted) <= REWARD_ROUNDING["Reacher-v5"] and not terminated


@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")
def test_commands_beyond_the_limits_count_as_given(references):
    """The engine clips the force, the reward does not: as in the reference."""
    reference, ours = references("HalfCheetah-v5"), gymnasium.make("infans/HalfCheetah-v5").unwrapped
    reference.reset(seed=0)
    ours.set_state(reference.data.qpos.copy(), reference.data.qvel.copy())
    rng = np.random.default_rng(0)
    for _ in range(50):
        action = rng.uniform(-5, 5, 6).astype(np.float32)
        observation, reward, *_ = reference.step(action)
        mine, my_reward, *_ = ours.step(action)
        np.testing.assert_array_equal(mine, observation)
        assert my_reward == float(reward)


def test_mountain_car():
    """Gymnasium rounds its state to single precision after each step: every step starts from its state."""
    reference = gymnasium.make("MountainCarContinuous-v0").unwrapped
    ours = gymnasium.make("infans/mountain-car-v0").unwrapped
    ends = 0
    for seed in range(SEEDS):
        state, _ = reference.reset(seed=seed)
        ours.reset(seed=seed)
        for _ in range(STEPS):
            action = np.sign(state[1:]) if state[1] else np.ones(1, np.float32)  # with the speed, so that it arrives
            ours.set_state(state[:1], state[1:])
            state, reward, terminated, *_ = reference.step(action)
            mine, my_reward, my_end, *_ = ours.step(action)
            np.testing.assert_allclose(mine, state, rtol=0, atol=2e-7)  # two roundings of numbers below 2
            assert my_reward == pytest.approx(reward, abs=1e-12) and my_end == terminated
            if terminated:
                ends += 1
                break
    assert ends == SEEDS


def load_suite(domain: str, task: str, seed: int):
    """A task of dm_control, whose table of array sizes may name arrays that this MuJoCo has no more."""
    os.environ.setdefault("MUJOCO_GL", "off")
    import mujoco
    from dm_control.mujoco.wrapper.mjbindings import sizes

    model = mujoco.MjModel.from_xml_string("<mujoco/>")
    for name, structure in (("mjmodel", model), ("mjdata", mujoco.MjData(model))):
        for field in [f for f in sizes.array_sizes[name] if not hasattr(structure, f)]:
            del sizes.array_sizes[name][field]
    from dm_control import suite

    return suite.load(domain, task, task_kwargs={"random": seed})


@pytest.mark.skipif(
    importlib.util.find_spec("dm_control") is None, reason="dm_control is not installed (pip install dm_control)"
)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("task", DM_CONTROL)
def test_dm_control(task):
    """Observations to the last bit. Rewards to 1e-12: NumPy's exp rounds otherwise than the C library's."""
    domain, name = task.removeprefix("dmc-").removesuffix("-v0").split("-")
    ours = gymnasium.make(f"infans/{task}")
    paid = []
    for seed in range(2 * SEEDS):
        reference = load_suite(domain, name, seed)
        rng = np.random.default_rng(seed)
        first = reference.reset()
        physics = reference.physics
        if seed >= SEEDS:  # at the goal, where sparse rewards are paid
            with physics.reset_context():
                physics.data.qpos[-1] = 0.02 * rng.normal()
                if domain == "reacher":
                    finger = physics.named.data.geom_xpos["finger", :2].copy()
                    physics.named.model.geom_pos["target", :2] = finger
        position = physics.data.qpos.copy()
        if domain == "reacher":
            position = np.concatenate([position, physics.named.model.geom_pos["target", :2]])
        ours.reset(seed=seed)
        ours.unwrapped.set_state(position, physics.data.qvel.copy())
        assert sum(np.size(part) for part in first.observation.values()) == ours.observation_space.shape[0]
        for step in range(STEPS):
            action = rng.uniform(-1.0, 1.0, physics.model.nu)
            theirs = reference.step(action)
            mine, reward, terminated, truncated, _ = ours.step(action)
            expected = np.concatenate([np.ravel(part) for part in theirs.observation.values()])
            np.testing.assert_array_equal(mine, expected, err_msg=f"seed {seed}, step {step}")
            assert abs(reward - theirs.reward) <= 1e-12, f"seed {seed}, step {step}"
            assert not terminated and truncated == theirs.last()
            paid.append(reward)
    assert max(paid) > 0.9 and min(paid) < 0.1
