"""Body and physics state of a participant are MuJoCo's own, and signals in the record say what that body felt."""

import json

import h5py
import infans
import numpy as np
import pytest

mujoco = pytest.importorskip("mujoco")
INTEGRATION = mujoco.mjtState.mjSTATE_INTEGRATION
TIMESTEP = 0.002  # s, of the reaching infant


def lived(name: str, folder, samples: int = 3) -> tuple[list, dict[str, np.ndarray], np.ndarray]:
    """(body, physics) after every sample, signals by name, rows of life of participant 1."""
    seen: list = []
    settings = {"time.most_samples": samples, "record.signals": "every", "record.physics_every": 1, "record.every": 1}
    infans.run(
        name,
        out=folder / "run",
        threads=1,
        participants=[1],
        settings=settings,
        on_sample=lambda number, sample, body, physics: seen.append((body, np.asarray(physics))),
    )
    with h5py.File(folder / "run" / "run.h5", swmr=True) as file:
        group = file["participants/0001"]
        rows, life = group["signals"][:], group["life"][:]
        signals = {}
        for s in json.loads(group["signals"].attrs["signals"]):
            size = int(np.prod(s["shape"], dtype=int))
            signals[s["name"]] = rows[:, s["offset"] : s["offset"] + size]
        recorded = group["physics"][1:, 2:]  # the first row is of birth
    np.testing.assert_array_equal(recorded, [physics for _, physics in seen])
    return seen, signals, life


def restored(body: str, physics: np.ndarray):
    model = mujoco.MjModel.from_xml_string(body)
    data = mujoco.MjData(model)
    assert mujoco.mj_stateSize(model, INTEGRATION) == len(physics)
    mujoco.mj_setState(model, data, physics, INTEGRATION)
    again = np.empty(len(physics))
    mujoco.mj_getState(model, data, again, INTEGRATION)
    np.testing.assert_array_equal(again, physics)
    return model, data


@pytest.mark.parametrize("name", ["habit", "looking", "growth"])
def test_a_state_is_mujocos_own(tmp_path, name):
    seen, _, _ = lived(name, tmp_path)
    assert len({len(physics) for _, physics in seen}) == 1
    for body, physics in seen:
        model, data = restored(body, physics)
        mujoco.mj_step(model, data)
        assert np.isfinite(data.qpos).all()


def test_limbs_are_felt_where_the_state_has_them(tmp_path):
    seen, signals, _ = lived("mobile", tmp_path)
    for k, (body, physics) in enumerate(seen):
        model, data = restored(body, physics)
        limbs = [j for j in range(model.njnt) if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_HINGE]
        limbs = [j for j in limbs if not model.joint(j).name.startswith("mobile")]
        np.testing.assert_array_equal(data.qpos[model.jnt_qposadr[limbs]], signals["observation/joint_position"][k])


def test_the_hand_is_where_the_state_has_it(tmp_path):
    seen, signals, life = lived("body_map", tmp_path)
    first = 4 + 5  # columns sample, age, seconds, stage, and five variables before hand_x
    for k, (body, physics) in enumerate(seen):
        model, data = restored(body, physics)
        mujoco.mj_forward(model, data)
        hand = data.sensor("hand").data - data.sensor("eye").data
        # Life tells of the instant one timestep before; no joint is further from the hand than 0.35 m.
        moved = TIMESTEP * 0.35 * np.abs(data.qvel).sum()
        assert np.linalg.norm(hand - life[k, first : first + 3]) <= moved + 1e-9
        told = signals["observation/hand"][k]
        error = told - signals["prediction/hand"][k]
        np.testing.assert_array_equal(error, signals["error/hand"][k])
