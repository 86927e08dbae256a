"""Experience of others: robomimic and Minari files are read, and an observer learns from them."""

import copy
import pickle

import h5py
import infans
import numpy as np
import pytest
from infans import experience
from infans.records import RecordError

EPISODES, STEPS = 10, 40


def pendulum(rng):
    """States [STEPS + 1, 2] and torques [STEPS, 1] of somebody who damps a pendulum, not always."""
    state, states, torques = np.array([rng.uniform(-2, 2), rng.uniform(-1, 1)]), [], []
    for _ in range(STEPS):
        torque = np.clip(-1.5 * np.sin(state[0]) - 0.5 * state[1] + 0.5 * rng.standard_normal(), -2, 2)
        states.append(state)
        torques.append([torque])
        state = state + 0.05 * np.array([state[1], -9.8 * np.sin(state[0]) + 4 * torque])
    return np.array([*states, state]), np.array(torques)


@pytest.fixture(scope="module")
def lives():
    return [pendulum(np.random.default_rng([5, k])) for k in range(EPISODES)]


@pytest.fixture(scope="module")
def robomimic(tmp_path_factory, lives):
    """As robomimic has it: data/demo_N/{obs,next_obs,actions} (robomimic.github.io/docs/datasets/overview.html)."""
    path = tmp_path_factory.mktemp("robomimic") / "low_dim.hdf5"
    with h5py.File(path, "w") as file:
        for k, (states, torques) in enumerate(lives):
            demo = file.create_group(f"data/demo_{k}")
            demo.attrs["num_samples"] = STEPS
            for name, rows in (("obs", states[:-1]), ("next_obs", states[1:])):
                demo[f"{name}/angle"] = np.column_stack([np.sin(rows[:, 0]), np.cos(rows[:, 0])])
                demo[f"{name}/speed"] = rows[:, 1:]
            demo["obs/camera"] = np.zeros((STEPS, 4, 4, 3), np.uint8)
            demo["actions"] = torques
        file["mask/valid"] = np.array([b"demo_3", b"demo_7"])
    return path


def test_robomimic(robomimic, lives):
    seen = experience.load(robomimic)
    assert len(seen) == EPISODES and seen.names == ["angle.0", "angle.1", "speed.0"] and seen.action_size == 1
    states, torques = lives[9]  # demo_9, though demo_10 would sort before demo_2 as a text
    assert np.array_equal(seen[9].actions, torques)
    angle, speed = states.T
    assert np.array_equal(seen[9].observations, np.column_stack([np.sin(angle), np.cos(angle), speed]))
    assert seen.split(0.5) == ([0, 1, 2, 4, 5, 6, 8, 9], [3, 7])  # the file's own mask
    assert experience.load(robomimic, keys=["speed"]).names == ["speed.0"]
    with pytest.raises(RecordError, match="there is: angle, camera, speed"):
        experience.load(robomimic, keys=["smell"])


def test_minari(record, tmp_path, monkeypatch):
    pytest.importorskip("minari")
    with infans.load(record("partial")) as run:
        infans.export.write(run, "minari", tmp_path)
        rows = run.agents[1].step.episode == 0
        observation, action = run.agents[1].step.observation[rows], run.agents[1].step.action[rows]
        first = run.agents[0].episode.rows
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    for name in ("infans/example-v0", tmp_path / "infans/example-v0", tmp_path / "infans/example-v0/data"):
        seen = experience.load(name)
        assert np.array_equal(seen[first].observations[:-1], observation) and seen.kind == "minari"
        assert np.array_equal(seen[first].actions, action)
    lived, held = seen.split(0.25)
    assert sorted(lived + held) == list(range(len(seen))) and len(held) == round(0.25 * len(seen))


def test_what_is_no_experience(record, tmp_path):
    with pytest.raises(RecordError, match="neither robomimic's data/demo_N nor Minari's"):
        experience.load(record("single"))
    (tmp_path / "a.hdf5").write_text("text")
    with pytest.raises(RecordError, match="not an HDF5 file"):
        experience.load(tmp_path / "a.hdf5")
    with pytest.raises(FileNotFoundError, match="nobody/knows-v0"):
        experience.load("nobody/knows-v0")


@pytest.mark.parametrize("predict", ["observation", "action"])
def test_an_observer_learns_to_predict_what_nobody_lived(robomimic, tmp_path, predict):
    pytest.importorskip("infans._infans")
    design = experience.study(robomimic, predict=predict, participants=2, samples=100)
    design += '[[group]]\nname = "unlearning"\nmind.learn = false\n'
    study = infans.run(design, participant=experience.Observer, out=tmp_path / "run", quiet=True)
    trials = study.trials("held_out")
    for p in study.participants:
        error = trials["error"][trials["participant"] == p.number]
        if p.group == "unlearning":
            assert (error == error[0]).all()  # tests teach nothing either
        else:
            # 1 is what the mean of what was lived would reach; the torque has noise that nobody can predict.
            assert error[-1] < 0.85 and error[-1] < 0.95 * error[0]


def test_the_file_teaches_more_than_itself_with_its_actions_shuffled(robomimic, lives, tmp_path):
    """A learner that only remembered the mean, or never used the action, would not tell them apart."""
    pytest.importorskip("infans._infans")
    shuffled = tmp_path / "shuffled.hdf5"
    shuffled.write_bytes(robomimic.read_bytes())
    with h5py.File(shuffled, "r+") as file:
        for k in range(EPISODES):
            if k not in (3, 7):  # those held out stay as they are
                rows = file[f"data/demo_{k}/actions"][:]
                file[f"data/demo_{k}/actions"][:] = np.random.default_rng(k).permutation(rows)
    errors = []
    for path in (robomimic, shuffled):
        design = experience.study(path, participants=2, samples=150)
        study = infans.run(design, participant=experience.Observer, out=tmp_path / path.stem, quiet=True)
        trials = study.trials("held_out")
        errors.append(trials["error"][trials["occasion"] == trials["occasion"].max()].max())
    assert errors[0] < 0.8 * errors[1]


def test_a_copy_and_a_pickle_go_on_as_the_observer_does(robomimic):
    pytest.importorskip("infans._infans")
    options = {k: o.default for k, o in experience.Observer.options.items()} | {"experience.path": str(robomimic)}
    observer = experience.Observer(number=1, seed=4)
    observer.begin()
    observer.begin_stage(options)
    for _ in range(5):
        observer.live(None)
    others = [copy.deepcopy(observer), pickle.loads(pickle.dumps(observer))]
    expected = [observer.live(None) for _ in range(5)]
    for other in others:
        assert [other.live(None) for _ in range(5)] == expected
