"""Logs of format 1.1 in Python: lazy, only what is committed; states decoded; older records still read."""

import json
import struct
from pathlib import Path

import h5py
import infans
import make_logs
import mujoco
import numpy as np
import pytest
from infans import replay
from infans.export.occasions import life_at
from infans.state import StateError, decode
from infans.tables import MissingDatasetError

STORED = Path(__file__).parents[1] / "stored" / "records"


@pytest.fixture
def logged(study):
    with infans.load(study("logged")) as record:
        yield record


class Reads:
    """Counts what h5py reads: (dataset, rows)."""

    def __init__(self, monkeypatch):
        self.seen = []
        original = h5py.Dataset.__getitem__

        def counted(dataset, args, new_dtype=None):
            values = original(dataset, args)
            self.seen.append((dataset.name, len(values) if np.ndim(values) else 1))
            return values

        monkeypatch.setattr(h5py.Dataset, "__getitem__", counted)


def test_signals_are_what_was_lived(logged):
    p = logged.participants[2]
    rows, _ = make_logs.rows_of(p.number, 180)
    assert np.array_equal(p.signals.samples, rows[:, 0])
    assert np.array_equal(p.signals("observation/proprioception"), rows[:, 1:3])
    assert np.array_equal(p.signals["vfe/total"][10:20], rows[10:20, 9])
    assert p.signals["vfe/total"].shape == () and p.signals["vfe/total"][-1] == rows[-1, 9]
    grid = p.signals["observation/grid"]
    assert np.array_equal(grid[6], make_logs.grid(7)) and np.asarray(grid).shape == (180, 2, 3)
    assert (grid.unit, grid.doc) == ("1", make_logs.SIGNALS[1]["doc"])
    with pytest.raises(MissingDatasetError, match="did you mean 'observation/grid'"):
        p.signals("observation/gird")


def test_nothing_is_read_before_it_is_asked_and_slices_read_their_rows_only(study, monkeypatch):
    reads = Reads(monkeypatch)
    with infans.load(study("logged")) as record:
        p = record.participant(3)
        signal = p.signals["observation/proprioception"]
        assert {name for name, _ in reads.seen} <= {"/committed", "/committed_logs", "/excluded"}
        reads.seen.clear()
        signal[100:103], p.physics[5], p.life.read("kick", slice(0, 4))
        assert reads.seen == [
            ("/participants/0003/signals", 3), ("/participants/0003/physics", 1), ("/participants/0003/life", 4),
        ]  # fmt: skip
        reads.seen.clear()
        text = p.bodies[1].mjcf
        assert ("/participants/0003/bodies_text", len(text)) in reads.seen


def test_physics_and_bodies_go_on_in_mujoco(logged):
    p = logged.participants[0]
    assert [b.mjcf for b in p.bodies] == make_logs.BODIES and [b.sample for b in p.bodies] == [0, make_logs.GROWS]
    assert p.physics.samples[0] == 0 and p.bodies[0].age_days == 28  # of birth
    assert list(p.physics.body[[24, 25]]) == [0, 1] and p.physics.samples[25] == 50
    model = mujoco.MjModel.from_xml_string(p.bodies[-1].mjcf)
    data = mujoco.MjData(model)
    mujoco.mj_setState(model, data, p.physics[51], mujoco.mjtState.mjSTATE_INTEGRATION)
    for sample in (103, 104):
        data.ctrl[:] = make_logs.command(p.number, sample)
        mujoco.mj_step(model, data, make_logs.SUBSTEPS)
    assert np.array_equal([*data.qpos, *data.qvel], p.signals["observation/proprioception"][103])


def sparse(study, path, every, *, states=True, probes=True, samples=False):
    """The first participant of "logged" with record.every, and less of what says where its stages end."""
    path.write_bytes(study("logged").read_bytes())
    with h5py.File(path, "r+") as file:
        life = file["participants/0001/life"]
        kept = life[every - 1 : 177 : every]
        life[: len(kept)] = kept
        file["committed"][0] = len(kept), file["committed"][0, 1] * probes
        file["committed_logs"][0, 4:] = file["committed_logs"][0, 4:] * states
        design = json.loads(file.attrs["design"])
        lasting = {"baseline": 36, "conjugate": 108, "extinction": 36}
        for stage in design["stages"] if samples else []:
            stage["samples"] = lasting[stage["name"]]
        file.attrs["design"] = json.dumps(design)
    return path


def test_when_a_sample_was_between_rows_of_life(study, tmp_path):
    """Life has rows of samples 4, 8 ... 176; a sample is 5 s and half a day."""
    with infans.load(sparse(study, tmp_path / "sparse.h5", 4)) as record:
        samples = np.array([0, 1, 4, 7, 176, 179])
        when = life_at(record, record.participants[0], samples)
    assert np.allclose(when["seconds"], 5.0 * samples, rtol=0, atol=1e-12)
    assert np.allclose(when["age_days"], 28 + 0.5 * samples, rtol=0, atol=1e-12)
    assert when["stage"].tolist() == [0, 0, 0, 0, 2, 2]


def test_seconds_of_a_life_without_rows_are_unknown(study, tmp_path):
    path = sparse(study, tmp_path / "sparse.h5", 4)
    with h5py.File(path, "r+") as file:
        file["committed"][0, 0] = 0
    with infans.load(path) as record:
        when = life_at(record, record.participants[0], np.array([0, 1, 180]))
        assert np.array_equal(when["seconds"], [0, np.nan, np.nan], equal_nan=True)
        assert when["age_days"].tolist() == [28, 28.5, 118]
        with pytest.raises(replay.NothingToReplay, match="choose samples"):
            replay.clip(record, 1, 0, 10)
        assert len(replay.clip_of_samples(record, 1, 2, 4).row) == 2


@pytest.mark.parametrize("known", [{"states": True}, {"samples": True}])
def test_stages_end_where_they_end_whatever_rows_life_has(study, tmp_path, known):
    """The stages have 36, 108 and 36 samples; of samples 35 to 37 and 144 to 146 there is no row."""
    record = sparse(study, tmp_path / "sparse.h5", 34, **{"states": False, "probes": False} | known)
    samples = np.arange(1, 181)
    with infans.load(record) as opened:
        p = opened.participants[0]
        assert life_at(opened, p, samples)["stage"].tolist() == np.repeat([0, 1, 2], [36, 108, 36]).tolist()
        assert opened.labels_of(p, np.array([0, -1]))["stage"].tolist() == ["baseline", ""]


def test_a_stage_that_the_record_does_not_say_is_unknown_not_wrong(study, tmp_path):
    """Rows of 34 (baseline), 68 to 136 (conjugate), 170 (extinction); trials every 12 samples narrow it further."""
    truth = np.repeat([0, 1, 2], [36, 108, 36])
    for probes, certain in ((False, [34, 68, 136, 170, 180]), (True, [35, 36, 140, 144, 175])):
        path = tmp_path / f"sparse{probes}.h5"
        with infans.load(sparse(study, path, 34, states=False, probes=probes)) as record:
            stage = life_at(record, record.participants[0], np.arange(1, 181))["stage"]
        assert np.isin(stage, [-1]).any() or probes
        assert (stage[stage >= 0] == truth[stage >= 0]).all()
        assert (stage[np.array(certain) - 1] >= 0).all(), probes
        if not probes:
            assert (stage[[34, 35, 36, 66]] == -1).all() and (stage[[136, 143, 144, 168]] == -1).all()


def test_states_are_nested_dicts_of_arrays(logged):
    p = logged.participants[1]
    assert [s.stage for s in p.states] == [0, 1, 2] and [s.sample for s in p.states] == [36, 144, 180]
    values = p.states[1].values
    assert values["steps"] == 72 and values["mind"]["name"] == "mind"
    assert np.array_equal(values["mind"]["weights"], np.arange(6.0).reshape(2, 3) + p.number + 1)
    assert values["mind"]["rates"].dtype == np.float32 and values["toys"] == [{"seen": 1}, {"seen": 2}]


def test_a_damaged_state_is_an_error_that_says_where():
    whole = make_logs.state(1, 0)
    decode(whole)
    for cut in range(1, len(whole)):
        try:
            decode(whole[:cut])
        except StateError as error:
            assert "damaged" in str(error)
        else:  # cut between two fields of the top: nothing says that there was more
            assert whole[cut] in (1, 2)
    huge = make_logs.field(3, "weights", (1 << 39, 1 << 39), b"")
    with pytest.raises(StateError, match="weights"):
        decode(huge)
    with pytest.raises(StateError, match="no kind"):
        decode(struct.pack("<BBH", 77, 0, 0))


def test_ledger(logged):
    assert logged.participants[1].ledger == {
        "wall_seconds": 12.0, "cpu_seconds": pytest.approx(10.8), "samples": 180.0, "belief_updates": 2001.0,
        "operations": 3001.0,
    }  # fmt: skip
    assert logged.joules == 123.0


def test_only_committed_rows_of_a_killed_study(study):
    with infans.load(study("logged_killed")) as record:
        p = record.participants[0]
        assert len(p.signals["vfe/total"]) == 100 and len(p.physics) == 51 and len(p.bodies) == 2
        assert not (np.asarray(p.signals["vfe/total"]) == 99).any() and len(p.states) == 2


@pytest.mark.parametrize("path", sorted(STORED.glob("*.h5")), ids=lambda p: p.stem)
def test_every_version_is_read_and_exported(path, tmp_path):
    """One small file per minor version and kind stands in tests/stored/records."""
    with infans.load(path) as record:
        assert f"{path.stem.split('-')[-1]}" == ".".join(map(str, record.attrs["format_version"]))
        written = infans.export.write(record, "csv", tmp_path / "csv")
        rows = record.committed[:, 0].sum() if "study" in path.stem else record.committed_steps.sum()
    table = "samples.csv" if "study" in path.stem else "decisions.csv"
    assert (tmp_path / "csv" / table) in written
    assert len((tmp_path / "csv" / table).read_text().splitlines()) == 1 + rows


def test_a_record_of_format_1_0_is_read_and_says_what_it_lacks(study):
    with infans.load(STORED / "study-1.0.h5") as record:
        p = record.participants[0]
        assert p.logs == [] and p.life.rows > 0 and np.isnan(p.ledger["operations"]) and np.isnan(record.joules)
        with pytest.raises(MissingDatasetError, match="record.physics_every=1"):
            p.physics  # noqa: B018
    with infans.load(STORED / "run-1.0.h5") as run:
        assert run.agents[0].step.rows > 0
    with infans.load(study("some")) as record, pytest.raises(MissingDatasetError, match="there is: 2, 7"):
        record.participant(3)
