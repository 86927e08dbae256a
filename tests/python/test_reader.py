"""Reading records: what the generator wrote is what comes back, and only what is committed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import h5py
import infans
import make_example as example
import numpy as np
import pytest


def test_population_and_seeds(record):
    with infans.load(record("full")) as run:
        assert len(run.agents) == 8
        assert [a.seed for a in run.agents] == list(range(11, 19))
        assert run.agents[-1].number == 8
        assert [a.number for a in run.agents[2:4]] == [3, 4]
        with pytest.raises(IndexError):
            run.agents[8]


def test_attributes_are_plain_python(record):
    with infans.load(record("full")) as run:
        assert run.attrs["format_version"] == [1, 0]
        assert run.attrs["isa"] == "avx2"
        assert run.spec["planner"]["horizon"] == 15
        assert run.control_period == 0.1
        assert run.joints == ["slide", "hinge"]
        assert run.outcome["goal"] == [0.0, 0.6]
        assert run.observation_units == ["m", "rad", "m/s", "rad/s"]


@pytest.mark.parametrize("name", ["full", "partial", "evaluation"])
def test_columns_equal_what_was_written(record, name):
    with infans.load(record(name)) as run:
        for k, agent in enumerate(run.agents):
            steps, episodes = example.life(example.VARIANTS[name], k)
            assert set(agent.step) == set(steps) and set(agent.episode) == set(episodes)
            for column, values in steps.items():
                np.testing.assert_array_equal(agent.step[column], values)
            for column, values in episodes.items():
                np.testing.assert_array_equal(agent.episode[column], values)


def test_rows_after_the_last_commit_are_ignored(record):
    path = record("partial")
    with h5py.File(path) as file, infans.load(path) as run:
        written = file["agents/001/step/vfe"].shape[0]
        assert written == 150 + 17
        assert run.agents[0].step.vfe.shape == (150,)
        assert run.agents[0].step.shape("observation") == (150, 4)
        assert run.agents[0].episode.rows == 5


def test_nothing_committed(record):
    with infans.load(record("empty")) as run:
        assert run.agents[0].step.observation.shape == (0, 4)
        assert run.decisions_to_first_success == [None] * 8
        assert "0 episodes" in repr(run)


# Lives end two episodes after the first success or at the budget: agent 8 of "full" (9 of 10 episodes) gets only two.
@pytest.mark.parametrize(
    ("name", "first", "three"),
    [
        ("full", [90, 120, 120, 150, 150, 180, 210, 270], [150, 180, 180, 210, 210, 240, 270, None]),
        ("partial", [90, None, 150], [150, None, 210]),
        ("evaluation", [60, 90, None], [120, 150, None]),
        ("single", [120], [180]),
        ("hopeless", [None, None], [None, None]),
    ],
)
def test_decisions_to_success(record, name, first, three):
    with infans.load(record(name)) as run:
        assert run.decisions_to_first_success == first
        assert run.decisions_to_three_in_a_row == three


def test_evaluation_episodes_are_the_judged_ones(record):
    with infans.load(record("evaluation")) as run:
        agent = run.agents[0]
        np.testing.assert_array_equal(agent.judged, [False, True] * 4)
        assert agent.episode.decisions[-1] == 120  # eight episodes of 30, half of them not counted


def test_attribute_style(record):
    with infans.load(record("full")) as run:
        step = run.agents[0].step
        np.testing.assert_array_equal(step.vfe, step["vfe"])
        assert "vfe" in dir(step)
        with pytest.raises(AttributeError, match="did you mean 'vfe'"):
            _ = step.vfee


def test_missing_dataset_names_the_nearest(record):
    with infans.load(record("full")) as run, pytest.raises(KeyError) as caught:
        run.agents[1].episode["sucess"]
    assert str(caught.value) == "no dataset 'sucess' in agent 2, episode; did you mean 'success'?"


def test_datasets_list_shape_unit_and_meaning(record):
    with infans.load(record("full")) as run:
        fields = {f.name: f for f in run.datasets()}
    assert fields["step/vfe"].shape == (150,) and fields["step/vfe"].unit == "nats"
    assert fields["step/observation"].unit == "m,rad,m/s,rad/s"
    assert fields["episode/length_scale"].shape == (5, 6)
    assert fields["ledger/agent_wall_seconds"].shape == (8,)
    assert all(f.doc for f in fields.values())


def test_ledger(record):
    with infans.load(record("full")) as run:
        np.testing.assert_array_equal(run.ledger.agent_wall_seconds, np.linspace(10, 20, 8))
        assert run.agents[7].ledger["agent_wall_seconds"] == 20
        assert run.agents[0].ledger["decision_seconds"] == 0.012


def test_folder_and_closing(record, tmp_path):
    (tmp_path / "run.h5").write_bytes(record("single").read_bytes())
    run = infans.load(tmp_path)
    values = run.agents[0].step.vfe
    assert "1 agents" in repr(run) and "first success after 120" in repr(run.agents)
    run.close()
    assert "closed" in repr(run) and np.isfinite(values).all()


def test_reads_while_it_is_written(tmp_path):
    path = example.write(tmp_path / "run.h5", example.VARIANTS["single"])
    with h5py.File(path, "a", libver="latest") as writer:
        writer["committed_steps"][...] = 60
        writer.swmr_mode = True
        with infans.load(path) as run:
            assert run.agents[0].step.vfe.shape == (60,)
            writer["committed_steps"][...] = 90
            writer["committed_steps"].flush()
            assert run.agents[0].step.vfe.shape == (60,)  # one consistent view until asked
            assert run.refresh().agents[0].step.vfe.shape == (90,)


def test_other_major_version_is_refused_and_newer_minor_read(tmp_path):
    old = example.VARIANTS["single"]
    newer = example.write(tmp_path / "minor.h5", example.Example(first=old.first, version=(1, 9)))
    infans.load(newer).close()
    other = example.write(tmp_path / "major.h5", example.Example(first=old.first, version=(2, 0)))
    with pytest.raises(infans.RecordError, match=r"format 2\.0.*reads 1\.x; upgrade"):
        infans.load(other)
    with h5py.File(other, "a"):  # the refusal left the file closed
        pass


def test_what_is_no_record(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such record"):
        infans.load(tmp_path / "missing.h5")
    text = tmp_path / "text.h5"
    text.write_text("hello")
    with pytest.raises(ValueError, match="not an HDF5 file"):
        infans.load(text)
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file.attrs["filetype"] = "something"
    with pytest.raises(infans.RecordError, match="filetype is 'something'"):
        infans.load(tmp_path / "other.h5")
    with h5py.File(tmp_path / "bare.h5", "w") as file:
        file.attrs["filetype"], file.attrs["format_version"] = "infans-run", [1, 0]
    with pytest.raises(infans.RecordError, match="lacks spec_name"):
        infans.load(tmp_path / "bare.h5")


def python(code: str) -> str:
    source = str(Path(infans.__file__).parents[1])
    code = f"import sys; sys.path.append({source!r})\n{code}"
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def test_import_is_light():
    out = python(
        "import infans; print([m for m in ('h5py', 'numpy', 'matplotlib', 'infans._infans') if m in sys.modules])"
    )
    assert out.strip() == "[]"


def test_run_without_the_compiled_module_says_so():
    out = python(
        "sys.modules['infans._infans'] = None\nimport infans\n"
        "try: infans.run('cartpole_swingup')\nexcept ImportError as e: print(e)"
    )
    assert "records can still be read" in out


class Compiled:
    """Stands for the compiled module: keeps what it was asked."""

    def __init__(self, path):
        self.path, self.asked = path, None

    def run(self, spec, out, settings, **rest):
        self.asked = (spec, out, settings, rest)
        return str(self.path)


def test_run_hands_settings_over(record, monkeypatch):
    compiled = Compiled(record("single"))
    monkeypatch.setitem(sys.modules, "infans._infans", compiled)
    with infans.run(
        Path("life.toml"), agents=2, seed=5, settings={"agent.policy": "greedy"}, planner__horizon=20,
        model={"draws": 4, "length_scale": 1.5}, planner={"feedback": False},
    ) as run:  # fmt: skip
        assert run.decisions_to_first_success == [120]
    spec, out, settings, rest = compiled.asked
    assert (spec, out) == ("life.toml", "")
    assert settings == {
        "agent.policy": "greedy", "planner.horizon": "20", "model.draws": "4", "model.length_scale": "1.5",
        "planner.feedback": "false",
    }  # fmt: skip
    assert rest == {
        "agents": 2, "seed": 5, "threads": None, "quiet": True, "world": None, "participants": [], "protocol": None,
        "probes": None, "resume": False, "on_sample": None,
    }  # fmt: skip


def test_a_damaged_record_is_refused_at_once(record, tmp_path):
    """A SWMR reader tries a checksum that fails again and again: by HDF5's own rule for ever."""
    path = tmp_path / "run.h5"
    data = bytearray(record("single").read_bytes())
    data[200:4096] = bytes(3896)  # object headers
    path.write_bytes(data)
    with pytest.raises((infans.RecordError, KeyError)):
        infans.load(path)
