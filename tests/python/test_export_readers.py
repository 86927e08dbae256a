"""What other programs read: Minari, h5py, MuJoCo, Psych-DS's rules. (R and statsmodels: test_worked_analyses.py.)"""

import csv
import json
import re
import shlex

import h5py
import infans
import make_logs
import mujoco
import numpy as np
import pytest
from infans import export
from infans.tables import MissingDatasetError


@pytest.fixture
def logged(study):
    with infans.load(study("logged")) as record:
        yield record


def test_minari_loads_the_episodes_of_a_study(logged, tmp_path, monkeypatch):
    minari = pytest.importorskip("minari")
    export.write(logged, "minari", tmp_path, participants=[3])
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    dataset = minari.load_dataset("infans/example-v0")
    p = logged.participant(3)
    episodes = list(dataset.iterate_episodes())
    # The stages have 36, 108 and 36 samples; the first of each gives the first observation only.
    assert [len(e.rewards) for e in episodes] == [35, 107, 35] and dataset.total_episodes == 3
    for episode, first, last in zip(episodes, (0, 36, 144), (36, 144, 180), strict=True):
        seen = p.signals["observation/proprioception"][first:last]
        assert np.array_equal(episode.observations["proprioception"], seen)
        assert np.array_equal(episode.observations["grid"], p.signals["observation/grid"][first:last])
        assert np.array_equal(episode.actions, p.signals["action/torque"][first + 1 : last])
        assert list(np.flatnonzero(episode.truncations)) == [last - first - 2]
    about = list(dataset.storage.get_episode_metadata(range(3)))
    assert [a["stage"] for a in about] == ["baseline", "conjugate", "extinction"]
    assert dataset.storage.jpeg_encoding is False


def test_minari_loads_the_episodes_of_a_run(record, tmp_path, monkeypatch):
    minari = pytest.importorskip("minari")
    with infans.load(record("partial")) as run:
        export.write(run, "minari", tmp_path)
        monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
        dataset = minari.load_dataset("infans/example-v0")
        assert dataset.total_steps == run.committed_steps.sum()
        episodes = dataset.iterate_episodes()
        for agent in run.agents:
            for number, success in enumerate(agent.episode.success):
                rows = agent.step.episode == number
                episode = next(episodes)
                assert np.array_equal(episode.observations[:-1], agent.step.observation[rows])
                assert np.array_equal(episode.observations[-1], agent.step.next_observation[rows][-1])
                assert np.array_equal(episode.actions, agent.step.action[rows])
                assert episode.rewards.sum() == episode.rewards[-1] == success


def test_mujoco_goes_on_from_an_exported_state(logged, tmp_path):
    export.write(logged, "mujoco", tmp_path / "out", participants=[2])
    with h5py.File(tmp_path / "out/participant-0002.h5") as file:
        assert file["mjcf"].asstr()[:].tolist() == make_logs.BODIES
        k = int(np.flatnonzero(file["sample"][:] == 60)[0])
        model = mujoco.MjModel.from_xml_string(file["mjcf"].asstr()[int(file["body"][k])])
        data = mujoco.MjData(model)
        mujoco.mj_setState(model, data, file["state"][k], getattr(mujoco.mjtState, file.attrs["state"]))
        for sample in (61, 62):
            data.ctrl[:] = make_logs.command(2, sample)
            mujoco.mj_step(model, data, make_logs.SUBSTEPS)
        state = np.empty(file["state"].shape[1])
        mujoco.mj_getState(model, data, state, mujoco.mjtState.mjSTATE_INTEGRATION)
        assert np.array_equal(state, file["state"][k + 1])
        assert file["seconds"][k] == 300.0


@pytest.mark.parametrize("kind", ["study", "run"])
def test_psych_ds(kind, study, record, tmp_path):
    """The rules whose breach is an error (psych-ds/psych-DS: psychDS-docs/rules_and_conventions.md, schema 1.5)."""
    with infans.load(study("factorial") if kind == "study" else record("single")) as source:
        export.write(source, "psych-ds", tmp_path / "shared")
    root = tmp_path / "shared"
    about = json.loads((root / "dataset_description.json").read_text(encoding="utf-8"))
    assert {"name", "description", "variableMeasured"} <= about.keys()  # MISSING_DATASET_DESCRIPTION, JsonKeyRequired
    assert about["@type"] == "Dataset" and about["@context"].rstrip("/") == "https://schema.org"
    assert all(v["@type"] == "PropertyValue" and v["name"] for v in about["variableMeasured"])  # ObjectTypeMissing
    measured = [v["name"] for v in about["variableMeasured"]]
    assert len(set(measured)) == len(measured)
    files = list((root / "data").iterdir())
    assert files  # MISSING_DATAFILE
    keywords = {"study", "site", "subject", "session", "task", "condition", "trial", "stimulus", "description"}
    for path in files:
        assert re.fullmatch(r"([a-z]+-[a-zA-Z0-9]+)(_[a-z]+-[a-zA-Z0-9]+)*_data\.csv", path.name), path.name
        assert {part.split("-")[0] for part in path.name.removesuffix("_data.csv").split("_")} <= keywords
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
        assert len(set(rows[0])) == len(rows[0]) > 0  # CSVHeaderRepeated, CSVHeaderMissing
        assert all(len(row) == len(rows[0]) for row in rows)  # CSVHeaderLengthMismatch
        assert set(rows[0]) <= set(measured)  # CsvColumnMissingFromMetadata
        assert "row_id" not in rows[0]  # RowidValuesNotUnique
    assert set(measured) == {name for p in files for name in p.open().readline().strip().split(",")}
    for name in ("README.md", "CHANGES.md", "documentation/codebook.json", "materials/study.toml"):
        assert (root / name).stat().st_size > 0  # FileEmpty


def test_minari_of_a_run_in_which_an_agent_has_not_decided_yet(record, tmp_path, monkeypatch):
    minari = pytest.importorskip("minari")
    path = tmp_path / "run.h5"
    path.write_bytes(record("partial").read_bytes())
    with h5py.File(path, "r+") as file:
        file["committed_steps"][0] = file["committed_episodes"][0] = 0
    with infans.load(path) as run:
        export.write(run, "minari", tmp_path / "sets")
        monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "sets"))
        assert minari.load_dataset("infans/example-v0").total_steps == run.committed_steps[1:].sum() > 0
        with pytest.raises(MissingDatasetError, match="no decision is committed yet"):
            export.write(run, "minari", tmp_path / "none", participants=[1])


def test_psych_ds_says_how_it_was_made(study, record, tmp_path):
    """The command line of its README, parsed by a shell's rules, has what the record's request has."""
    path = tmp_path / "run.h5"
    path.write_bytes(study("logged").read_bytes())
    request = 'settings = [["mind.goals", "a \'b\' c"], ["record.every", "2"]]\nagents = 2\nseed = 9\n'
    with h5py.File(path, "r+") as file:
        file.attrs["request"], file.attrs["options_toml"] = request, "[mind]\ngoals = 1\n"
    with infans.load(path) as source:
        export.write(source, "psych-ds", tmp_path / "a")
    materials = tmp_path / "a" / "materials"
    assert (materials / "request.toml").read_text() == request
    assert (materials / "options.toml").read_text() == "[mind]\ngoals = 1\n"
    line = re.search(r"```\n(infans run .*)\n```", (tmp_path / "a/README.md").read_text())[1]
    assert shlex.split(line) == [
        "infans", "run", "materials/study.toml", "--set", "mind.goals=a 'b' c", "--set", "record.every=2",
        "--agents", "2", "--seed", "9",
    ]  # fmt: skip
    with infans.load(record("partial")) as run:
        export.write(run, "psych-ds", tmp_path / "b")
        line = re.search(r"```\n(infans run .*)\n```", (tmp_path / "b/README.md").read_text())[1]
        assert line.endswith(f"--agents {len(run.agents)} --seed {run.attrs['seed']}")


def test_psych_ds_replaces_older_data_whole_but_not_that_of_others(study, tmp_path):
    with infans.load(study("within")) as within, infans.load(study("factorial")) as factorial:
        export.write(factorial, "psych-ds", tmp_path / "a")
        stale = tmp_path / "a/data/study-example_task-older_data.csv"
        stale.write_text("x\n1\n")
        (tmp_path / "a/notes.txt").write_text("mine")
        export.write(within, "psych-ds", tmp_path / "a", force=True)
        assert not stale.exists() and (tmp_path / "a/notes.txt").exists()
        assert len(list((tmp_path / "a/data").iterdir())) == 3
        (tmp_path / "b/data").mkdir(parents=True)
        (tmp_path / "b/data/own.csv").write_text("mine")
        export.write(within, "psych-ds", tmp_path / "b", force=True)
        assert (tmp_path / "b/data/own.csv").read_text() == "mine"
    assert {p.name for p in tmp_path.iterdir()} == {"a", "b"}
