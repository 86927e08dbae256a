"""infans.Body: any MJCF with senses, as NumPy arrays; the same body as C++ makes it for a task."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import gymnasium
import infans
import numpy as np
import pytest

pytest.importorskip("infans._infans")

CREATURE = """<mujoco model="creature"><option timestep="0.01"/><worldbody>
<geom name="floor" type="plane" size="2 2 .1"/>
<body name="torso" pos="0 0 {height}"><freejoint name="root"/><geom name="torso" type="box" size=".1 .06 .04" mass="1"/>
<site name="head" pos=".1 0 .05"/><camera name="eye" pos=".13 0 .06" xyaxes="0 -1 0 0 0 1"/>
<body name="arm" pos="0 .08 0"><joint name="elbow" axis="1 0 0" range="-60 60" limited="true" damping=".02"/>
<geom name="hand_left" type="capsule" size=".02" fromto="0 0 0 0 {arm} 0"/></body></body></worldbody>
<actuator><motor name="flexor" joint="elbow" ctrlrange="-1 1" ctrllimited="true"/></actuator>
<sensor><gyro name="turn" site="head"/></sensor></mujoco>"""


def creature(arm: float = 0.2, height: float = 0.05) -> str:
    return CREATURE.format(arm=arm, height=height)


def walk(body: infans.Body, seed: int, steps: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.array([body.step(rng.uniform(-1, 1, body.action_size)) for _ in range(steps)])


def test_what_it_feels_has_names_units_and_views():
    body = infans.Body(
        creature(),
        skin={"density": 4000},
        vestibular={"head": "head"},
        retina={"eye": "eye", "rays": 16},
        word={"count": 3},
    )
    sizes = {name: part.stop - part.start for name, (_, part) in body.modalities.items()}
    assert sizes["joint_position"] == body.position_size == 8 and sizes["joint_velocity"] == body.velocity_size == 7
    assert sizes["turn"] == 3 and sizes["word"] == 3
    assert body.modalities["vestibular.acceleration"][0] == "m/s2" and body.modalities["retina.depth"][0] == "m"
    assert body.motors == ["flexor"] and body.rest.shape == (1,)
    seen = body.reset(seed=3)
    assert seen.shape == (body.observation_size,) == (sum(sizes.values()),) and seen.dtype == np.float64
    named = body.named(seen)
    named["word"][1] = 7.0
    assert seen[body.modalities["word"][1]].tolist() == [0.0, 7.0, 0.0]
    for _ in range(200):
        seen = body.step(body.rest)
    named = body.named(seen)
    skin = body.taxels()
    assert len(skin["geom"]) == len(skin["body"]) == sizes["skin"] and set(skin["geom"]) == {"torso", "hand_left"}
    assert skin["place"].shape == skin["normal"].shape == skin["world"].shape == (sizes["skin"], 3)
    np.testing.assert_allclose(np.linalg.norm(skin["normal"], axis=1), 1.0, atol=1e-12)
    # It lies: the floor carries its weight (hand: a capsule of 0.02 m and 0.2 m at 1,000 kg/m3), and gravity is felt.
    mass = 1.0 + 1000 * np.pi * 0.02**2 * (0.2 + 4 / 3 * 0.02)
    assert named["skin"].sum() == pytest.approx(mass * 9.81, rel=0.02)
    assert np.linalg.norm(named["vestibular.acceleration"]) == pytest.approx(9.81, rel=0.02)
    eye = body.receptors()
    assert eye["direction"].shape == (sizes["retina.depth"], 3) and eye["spacing"].shape == (sizes["retina.depth"],)
    assert "flexor" in str(body) and "retina.depth" in str(body)


def test_the_infant_of_a_task_is_the_same_body():
    env = gymnasium.make("infans/infant-seated-v0", age_months=9.0).unwrapped
    joints = [motor for motor in infans.Body("infant").motors]
    eyes = [{"name": eye, "eye": eye, "rays": 256, "colour": True, "period": 2} for eye in ("eye_left", "eye_right")]
    body = infans.Body(
        "infant?scene=seated&table=1&age=9", control_period=0.02, reset_std=0.01, skin={},
        proprioception={"joints": joints, "force": True, "limits": True}, vestibular={"head": "vestibular"},
        retina=eyes,
    )  # fmt: skip
    assert body.modalities == env.modalities
    np.testing.assert_array_equal(env.reset(seed=5)[0], body.reset(seed=5))
    rng = np.random.default_rng(0)
    for _ in range(60):
        action = rng.uniform(-1, 1, body.action_size)
        seen, reward, terminated, truncated, _ = env.step(action)
        np.testing.assert_array_equal(seen, body.step(action))
        assert (reward, terminated, truncated) == (0.0, False, False)
    np.testing.assert_array_equal(env.reset()[0], body.reset(seed=5, episode=1))
    state = np.random.default_rng(1).normal(size=body.position_size) * 0.01
    env.set_state(state, np.zeros(body.velocity_size)), body.set_state(state, np.zeros(body.velocity_size))
    np.testing.assert_array_equal(env.step(body.rest)[0], body.step(body.rest))


def test_saved_states_restore_bitwise_with_delays_and_noise():
    options = dict(
        proprioception={"delay": 3, "noise": 0.1}, skin={"signal_noise": 0.2, "delay": 1},
        motor=[{"delay": 2, "noise": 0.1}],
    )  # fmt: skip
    body, other = infans.Body(creature(), **options), infans.Body(creature(), **options)
    body.reset(seed=2), other.reset(seed=9)
    walk(body, 0, 30)
    body.set_gain("skin", 3.0), body.set_age(400.0)
    state = body.save()
    expected = walk(body, 1, 100)
    for one in (body, other):
        one.restore(state)
        np.testing.assert_array_equal(walk(one, 1, 100), expected)
        assert one.age_days == 400.0


def test_it_grows_hears_and_weakens():
    body = infans.Body(creature(), skin={"geoms": ["hand_*"]}, word={"count": 4}, proprioception={"force": True})
    body.reset(seed=0)
    body.set_word("word", 2), body.set_gain("flexor", -0.5)
    named = body.named(body.step([0.8]))
    assert named["word"].tolist() == [0, 0, 1, 0] and named["actuator_force"][0] == pytest.approx(-0.4)
    reach = body.taxels()["place"][:, 1].max()
    position = body.named(body.step([0.0]))["joint_position"].copy()
    body.replace_body(creature(arm=0.3))
    assert body.taxels()["place"][:, 1].max() == pytest.approx(reach + 0.1, abs=0.01)
    assert abs(body.named(body.step([0.0]))["joint_position"] - position).max() < 0.2
    with pytest.raises(infans.BodyError, match="body torso differs"):
        body.replace_body("cartpole")
    body.step([0.0])


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"skni": {}}, infans.OptionError, "unknown option 'body.skni'; did you mean 'body.skin'"),
        ({"skin": {"densty": 1}}, infans.OptionError, "did you mean 'body.skin.density'"),
        ({"skin": [{}, {"density": "high"}]}, infans.OptionError, r"skin\[1\]: body.skin.density .* not a number"),
        ({"skin": 5}, infans.OptionError, "a list of tables"),
        ({"skin": [{}, 5]}, infans.OptionError, r"skin\[1\] is no dict"),
        ({"skin": {"geoms": "hand"}}, infans.OptionError, "a list of texts"),
        ({"skin": object()}, infans.OptionError, "must be a text"),
        ({"retina": {"rays": 16}}, infans.OptionError, "body.retina.eye is not set"),
        ({"retina": {"eye": "eye", "background": [0, "x", 0]}}, infans.OptionError, "list of"),
        ({"age_days": -1}, infans.OptionError, "0 .. 1000000 days"),
        ({"skin": {"geoms": ["hand_lft"]}}, infans.BodyError, 'nearest: "hand_left" in line 6'),
        ({"control_period": 0.015}, infans.BodyError, "use 0.02 s"),
    ],
)
def test_mistakes_are_told(options, error, said):
    with pytest.raises(error, match=said):
        infans.Body(creature(), **options)


def test_a_body_that_is_not_there_or_fails():
    with pytest.raises(infans.FileError, match="nearest: cartpole"):
        infans.Body("cartpol")
    body = infans.Body(creature())
    first = body.reset(seed=1)
    with pytest.raises(ValueError, match=r"it must have \(1,\)"):
        body.step([0.0, 0.0])
    with pytest.raises(infans.SimulationError, match="step 1"):
        body.step([np.nan])
    with pytest.raises(infans.Error, match="has 3 numbers"):
        body.set_state(np.zeros(3), np.zeros(7))
    with pytest.raises(infans.Error, match="no skin of the name hand"):
        body.taxels("hand")
    np.testing.assert_array_equal(body.reset(seed=1), first)


def test_the_interpreter_goes_on_while_a_body_steps():
    """No thread is made to give way: another one only gets on when a step lets it."""
    body = infans.Body("infant?age=6", control_period=1.0)
    assert body.age_days == 6 * 30.4375 and infans.Body("infant?age=6", age_days=0).age_days == 0
    body.reset()
    before = sys.getswitchinterval()
    sys.setswitchinterval(1000.0)
    try:
        lived, over = 0, False
        gained = []

        def step():
            nonlocal over
            for _ in range(5):
                start = lived
                body.step(body.rest)
                gained.append(lived - start)
            over = True

        thread = threading.Thread(target=step)
        thread.start()
        while not over:
            lived += 1
            time.sleep(0.001)
        thread.join()
    finally:
        sys.setswitchinterval(before)
    assert max(gained) > 0


def test_threads_share_a_body_or_have_their_own():
    """Two threads on one body and one each on two others: no deadlock, and each body's numbers are its own."""
    bodies = [infans.Body("infant?age=6", control_period=0.1, skin={"density": 5000}) for _ in range(3)]
    alone = infans.Body("infant?age=6", control_period=0.1, skin={"density": 5000})
    alone.reset(seed=1)
    expected = walk(alone, 1, 20)
    results: dict[int, np.ndarray] = {}
    for body in bodies:
        body.reset(seed=1)
    jobs = [lambda i=i: results.__setitem__(i, walk(bodies[i], 1, 20)) for i in (0, 1)]
    jobs += [lambda: walk(bodies[2], 2, 10)] * 2
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in (0, 1):
        np.testing.assert_array_equal(results[i], expected)


def test_a_life_with_a_slow_hand(tmp_path):
    small = {"life.decisions": 24, "world.episode_steps": 8, "success.steps": 3, "probe.states": 20}
    motor = {"motor": [{"actuators": ["force"], "delay": 1}]}
    life = {"agents": 1, "settings": small}
    with (
        infans.run("cartpole_swingup", out=tmp_path / "slow", body=motor, **life) as slow,
        infans.run("cartpole_swingup", out=tmp_path / "plain", **life) as plain,
    ):
        assert slow.spec["body"]["motor"][0]["delay"] == 1 and plain.spec["body"]["motor"] == []
        first, other = slow.agents[0].step, plain.agents[0].step
        np.testing.assert_array_equal(first["observation"][0], other["observation"][0])
        assert not np.array_equal(first["next_observation"][0], other["next_observation"][0])
    with pytest.raises(infans.BodyError, match="cannot use word"):
        infans.run("cartpole_swingup", out=tmp_path / "no", body={"word": [{}]})


def test_the_readme_example_runs(tmp_path):
    readme = Path(__file__).parents[2] / "envs" / "mujoco" / "README.md"
    blocks = readme.read_text().split("```")
    python = [block.removeprefix("python\n") for block in blocks if block.startswith("python\n")]
    toml = [block.removeprefix("toml\n") for block in blocks if block.startswith("toml\n")]
    assert python and toml
    source = str(Path(infans.__file__).parents[1])
    for code in python:
        subprocess.run(
            [sys.executable, "-c", f"import sys; sys.path.insert(0, {source!r})\n{code}"], check=True, cwd=tmp_path
        )
    for k, text in enumerate(toml):
        path = tmp_path / f"life{k}.toml"
        path.write_text(text)
        run = f"import sys; sys.path.insert(0, {source!r}); from infans._infans import run_cli"
        run += "; sys.exit(run_cli(sys.argv[1:]))"
        command = [sys.executable, "-c", run, "body", str(path)]
        shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        assert "observation:" in shown
