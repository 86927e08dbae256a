"""A real study through the package and the command line: files, determinism, interruption, mistakes."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

infans = pytest.importorskip("infans")
pytest.importorskip("infans._infans")

SCRIPTS = Path(sys.executable).parent
# Small, but everything happens: planning, learning, consolidation, probes.
SMALL = {"life.decisions": 24, "world.episode_steps": 8, "success.steps": 3, "probe.states": 20}


def settings(**changes):
    return [f"--set={key}={value}" for key, value in {**SMALL, **changes}.items()]


def cli(*arguments, **keywords):
    command = [str(SCRIPTS / "infans"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **keywords)


def datasets(path):
    found = {}
    with h5py.File(path, "r", swmr=True) as file:
        file.visititems(lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return found


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "out"
    with infans.run("cartpole_swingup", out=out, agents=3, threads=2, settings=SMALL) as record:
        yield record


def test_record_holds_what_was_lived(run):
    assert [agent.seed for agent in run.agents] == [1, 2, 3]
    for agent in run.agents:
        step = agent.step
        assert step["observation"].shape == (24, 4)
        assert step["rejected_action"].shape == (24, 4, 1)
        assert (np.abs(step["action"]) <= 1).all()
        np.testing.assert_array_equal(step["planned"], 1)
        np.testing.assert_allclose(step["prediction_error"], step["next_observation"] - step["prediction"], atol=1e-9)
        np.testing.assert_allclose(step["vfe"], step["complexity"] - step["accuracy"], rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(step["efe"], -(step["pragmatic"] + step["epistemic"]), rtol=1e-12)
        assert (step["predictive_std"] > 0).all()
        assert (step["information_gain"][2:] > 0).all()  # nothing is known before the first consolidation
        # Inside an episode what comes next is what came before.
        inside = step["index"][1:] > 0
        np.testing.assert_array_equal(step["observation"][1:][inside], step["next_observation"][:-1][inside])
        np.testing.assert_array_equal(agent.episode["decisions"], [8, 16, 24])


def test_rejected_plans_are_no_better_than_the_chosen_one(run):
    for agent in run.agents:
        rejected = agent.step["rejected_pragmatic"] + agent.step["rejected_epistemic"]
        chosen = agent.step["pragmatic"] + agent.step["epistemic"]
        # iLQR starts from the best candidate and only improves, up to the rounding of float32 rollouts.
        assert (rejected.max(axis=1) <= chosen + 1e-4 * (1 + np.abs(chosen))).all()


@pytest.mark.parametrize("threads", [2, 3, 4])
def test_thread_count_does_not_change_a_bit(tmp_path, threads):
    paths = []
    for name, count in (("one", 1), ("many", threads)):
        with infans.run("cartpole_swingup", out=tmp_path / name, agents=3, threads=count, settings=SMALL):
            paths.append(tmp_path / name / "run.h5")
    one, many = map(datasets, paths)
    assert one.keys() == many.keys()
    for name in one:
        if not name.startswith("ledger/"):
            assert one[name].tobytes() == many[name].tobytes(), name


def test_an_agent_alone_lives_as_in_the_population(run, tmp_path):
    with infans.run("cartpole_swingup", out=tmp_path / "alone", agents=1, seed=3, settings=SMALL) as alone:
        for table in ("step", "episode"):
            for name in getattr(alone.agents[0], table):
                one, among = getattr(alone.agents[0], table)[name], getattr(run.agents[2], table)[name]
                assert one.tobytes() == among.tobytes(), name


def test_a_life_step_by_step_is_the_same_life(run, tmp_path):
    with infans.Life("cartpole_swingup", out=tmp_path / "steps", seed=2, settings=SMALL) as life:
        steps = 1
        while life.next_step():
            steps += 1
        assert steps == life.decisions == 24 and life.episode == 3
        assert life.next_step() is False
        with life.finalize() as record:
            for name in ("observation", "action", "vfe", "efe"):
                np.testing.assert_array_equal(record.agents[0].step[name], run.agents[1].step[name])


def test_a_life_left_in_mid_episode_keeps_its_steps(tmp_path):
    with infans.Life("cartpole_swingup", out=tmp_path / "left", settings=SMALL) as life:
        for _ in range(11):
            life.next_step()
    with infans.load(tmp_path / "left") as record:
        assert record.agents[0].step["action"].shape == (11, 1)
        assert record.agents[0].episode["decisions"].tolist() == [8]


def test_random_data_are_tested_but_tests_do_not_count(tmp_path):
    changed = {**SMALL, "agent.data": "random"}
    with infans.run("cartpole_swingup", out=tmp_path / "random", agents=1, settings=changed) as record:
        agent = record.agents[0]
        np.testing.assert_array_equal(agent.episode["evaluation"], [0, 1, 0, 1, 0, 1])
        np.testing.assert_array_equal(agent.episode["decisions"], [8, 8, 16, 16, 24, 24])
        assert set(agent.step["planned"]) == {0, 2}
        assert (agent.step["information_gain"][agent.step["planned"] == 2] == 0).all()


def test_a_share_of_the_decisions_is_learned_from_and_all_count(tmp_path):
    changed = {**SMALL, "agent.learn_share": 0.5}
    with infans.run("cartpole_swingup", out=tmp_path / "half", agents=1, settings=changed) as record:
        agent = record.agents[0]
        np.testing.assert_array_equal(agent.episode["decisions"], [8, 16, 24])
        np.testing.assert_array_equal(np.isfinite(agent.step["vfe"]), np.arange(24) % 2 == 0)


def test_command_line_writes_all_files_and_says_where(tmp_path):
    done = cli("run", "cartpole_swingup", "--agents", 2, "--out", tmp_path / "out", *settings())
    assert done.returncode == 0, done.stderr
    for name in ("run.h5", "summary.json", "report.html"):
        assert (tmp_path / "out" / name).is_file()
        assert str(tmp_path / "out" / name) in done.stdout
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert [a["seed"] for a in summary["agents"]] == [1, 2]
    assert all(a["decisions"] == 24 and a["decisions_to_first_success"] is None for a in summary["agents"])
    assert re.search(r"agent +1 +episode +1 +decisions +8", done.stderr)  # plain lines when piped
    looked = cli("inspect", tmp_path / "out" / "run.h5")
    assert looked.returncode == 0 and "infans-run 1.1" in looked.stdout


def mistake(name, tmp_path):
    (tmp_path / "broken.xml").write_text("<mujoco><worldbody><body></mujoco>")
    (tmp_path / "typo.toml").write_text("[planner]\nhorizont = 3\n")
    (tmp_path / "no.toml").write_text("[planner\n")
    (tmp_path / "file").write_text("")
    out = ["--out", str(tmp_path / "new")]
    run = ["run", "cartpole_swingup", *out]
    return {
        "unknown key": ([*run, "--set", "planner.horizn=3"], ["planner.horizn", "planner.horizon"]),
        "unknown key in a file": (["run", str(tmp_path / "typo.toml"), *out], ["typo.toml:2", "planner.horizon"]),
        "not TOML": (["run", str(tmp_path / "no.toml"), *out], ["no.toml", "line 1"]),
        "out of range": ([*run, "--set", "planner.horizon=0"], ["planner.horizon", "1 .. 1000"]),
        "not a number": ([*run, "--set", "planner.horizon=many"], ["planner.horizon", "whole number"]),
        "unknown word": ([*run, "--set", "agent.policy=greddy"], ["agent.policy", "greedy"]),
        "no equals sign": ([*run, "--set", "planner.horizon"], ["key=value"]),
        "missing MJCF": ([*run, "--set", "body.mjcf=nowhere.xml"], ["nowhere.xml", "nearest: ", "body.mjcf"]),
        "broken MJCF": ([*run, "--set", f"body.mjcf={tmp_path}/broken.xml"], ["broken.xml"]),
        "no agents": ([*run, "--agents", "0"], ["agents", "1 .. 100000"]),
        "no threads": ([*run, "--threads", "0"], ["threads", "1 .. "]),
        "unknown study": (["run", "cartpole_swingap", *out], ["cartpole_swingup"]),
        "unknown command": (["rum"], ["rum", "run"]),
        "a file as directory": (["run", "cartpole_swingup", "--out", str(tmp_path / "file")], ["file"]),
        "no such record": (["inspect", str(tmp_path / "none.h5")], ["none.h5"]),
        "not a record": (["inspect", str(tmp_path / "broken.xml")], ["broken.xml", "HDF5"]),
    }[name]


MISTAKES = (
    "unknown key, unknown key in a file, not TOML, out of range, not a number, unknown word, no equals sign, "
    "missing MJCF, broken MJCF, no agents, no threads, unknown study, unknown command, a file as directory, "
    "no such record, not a record"
).split(", ")


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_gets_one_helpful_message(tmp_path, name):
    arguments, wanted = mistake(name, tmp_path)
    done = cli(*arguments)
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    for part in wanted:
        assert part in done.stderr
    assert not (tmp_path / "new" / "run.h5").exists()


@pytest.mark.parametrize("name", ["run.h5", "summary.json", "report.html"])
def test_an_existing_file_is_never_overwritten(tmp_path, name):
    out = tmp_path / "out"
    out.mkdir()
    (out / name).write_bytes(b"precious")
    done = cli("run", "cartpole_swingup", "--out", out)
    assert done.returncode == 2 and name in done.stderr
    assert (out / name).read_bytes() == b"precious"
    assert [p.name for p in out.iterdir()] == [name]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_unwritable_directory_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    done = cli("run", "cartpole_swingup", "--out", tmp_path)
    assert done.returncode == 2 and str(tmp_path) in done.stderr


def test_a_directory_that_cannot_be_made_is_refused():
    done = cli("run", "cartpole_swingup", "--out", "/proc/infans")  # refuses root too
    assert done.returncode == 2 and "/proc/infans" in done.stderr


MINEFIELD = """<mujoco><worldbody>
  <geom type="box" pos="1.45 0 0" size="1 1 1" solref="-1e16 -1"/>
  <body><joint name="slide" type="slide" axis="1 0 0"/><geom size="0.1" mass="1" solref="-1e16 -1"/>
    <body><joint name="hinge" axis="0 1 0"/><geom fromto="0 0 0 0 0 -.6" type="capsule" size=".01" contype="0"/></body>
  </body></worldbody><actuator><motor joint="slide" ctrlrange="-1 1"/></actuator></mujoco>"""


def test_a_body_that_explodes_ends_its_own_life_only(tmp_path):
    """A wall whose stiffness no timestep bears, at 1.6 standard deviations of the starts: of 12 agents some meet it."""
    body, out = tmp_path / "mine.xml", tmp_path / "out"
    body.write_text(MINEFIELD)
    changes = {"body.mjcf": body, "world.reset_std": 0.22, "world.episode_steps": 3, "life.decisions": 3}
    changes |= {"success.steps": 2, "probe.states": 0}
    done = cli("run", "cartpole_swingup", "--agents", 12, "--out", out, *settings(**changes))
    lives = json.loads((out / "summary.json").read_text())["agents"]
    assert [life["seed"] for life in lives] == list(range(1, 13))
    failed = [life["seed"] for life in lives if life["failure"]]
    assert 0 < len(failed) < 12
    assert done.returncode == 1 and f"agent {failed[0]} (seed {failed[0]})" in done.stderr.splitlines()[-1]
    assert "step 1: " in done.stderr and done.stdout.count("FAILED") == len(failed)
    record = infans.load(out / "run.h5")
    for life, agent in zip(lives, record.agents, strict=True):
        assert len(agent.step["action"]) == life["decisions"]
        assert life["failure"] or life["decisions"] == 3


def start(tmp_path):
    command = [str(SCRIPTS / "infans"), "run", "cartpole_swingup", "--agents", "3", "--threads", "2"]
    command += ["--out", str(tmp_path / "out")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    process.stderr.readline()  # the first episode is committed
    process.stderr.readline()
    return process


def test_ctrl_c_ends_cleanly_with_a_readable_file(tmp_path):
    process = start(tmp_path)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "summary" in out
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["interrupted"] is True
    with infans.load(tmp_path / "out") as record:
        assert sum(len(a.step["action"]) for a in record.agents) >= 30


def test_kill_9_keeps_every_committed_row(tmp_path):
    process = start(tmp_path)
    time.sleep(0.2)
    process.kill()
    process.communicate(timeout=60)
    path = tmp_path / "out" / "run.h5"
    assert cli("inspect", path).returncode == 0
    with infans.load(path) as record:
        rows = [len(a.step["action"]) for a in record.agents]
        assert max(rows) >= 30
        with infans.run("cartpole_swingup", out=tmp_path / "whole", agents=3, threads=2) as whole:
            for dead, alive, n in zip(record.agents, whole.agents, rows, strict=True):
                for name in ("observation", "action", "vfe", "physics"):
                    assert dead.step[name].tobytes() == alive.step[name][:n].tobytes()
