"""infans-export: tables that say what the record says, a piece at a time, whole or not at all."""

import csv
import json

import h5py
import infans
import numpy as np
import pytest
from infans import export, replay
from infans.export import command
from infans.tables import MissingDatasetError


def columns(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    return dict(zip(rows[0], zip(*rows[1:], strict=True), strict=True))


def numbers(cells):
    return np.array([float(cell) if cell else np.nan for cell in cells])


@pytest.fixture
def logged(study):
    with infans.load(study("logged")) as record:
        yield record


def test_csv_has_every_row_and_the_same_numbers(logged, tmp_path):
    written = export.write(logged, "csv", tmp_path / "out", signals=True)
    assert {p.name for p in written} == {
        "participants.csv", "samples.csv", "trials_reach.csv", "signals.csv", "codebook.csv", "codebook.json",
    }  # fmt: skip
    samples, life = columns(tmp_path / "out/samples.csv"), logged.life()
    for name in ("participant", "sample", "age_days", "seconds", "kick", "surprise", "touch_x"):
        assert np.array_equal(numbers(samples[name]), life[name].astype(float), equal_nan=True), name
    for name in ("group", "stage", "excluded"):
        assert list(samples[name]) == life[name].tolist()
    trials = columns(tmp_path / "out/trials_reach.csv")
    assert np.array_equal(numbers(trials["error"]), logged.trials("reach").error)
    signals, p = columns(tmp_path / "out/signals.csv"), logged.participants[0]
    mine = np.array(signals["participant"]) == "1"
    grid = p.signals["observation/grid"][:]
    assert np.array_equal(numbers(signals["observation.grid.2.3"])[mine], grid[:, 1, 2])
    assert np.array_equal(numbers(signals["vfe.total"])[mine], p.signals["vfe/total"][:])
    people = columns(tmp_path / "out/participants.csv")
    assert people["excluded"][1] == "never moved" and numbers(people["operations"])[2] == 3002


def test_the_codebook_names_every_column(logged, tmp_path):
    export.write(logged, "csv", tmp_path / "out", signals=True)
    book = columns(tmp_path / "out/codebook.csv")
    for table in ("participants", "samples", "trials_reach", "signals"):
        named = [n for t, n in zip(book["table"], book["name"], strict=True) if t == table]
        assert named == list(columns(tmp_path / f"out/{table}.csv"))
    assert all(book["description"])
    units = {unit for name, unit in zip(book["name"], book["unit"], strict=True) if name == "age_days"}
    assert units == {"d"}  # as the recorder writes it, in every table
    about = json.loads((tmp_path / "out/codebook.json").read_text())
    trials = next(t for t in about["tables"] if t["name"] == "trials_reach")
    assert trials["rows"] == len(columns(tmp_path / "out/trials_reach.csv")["trial"])
    error = next(c for c in trials["columns"] if c["name"] == "error")
    assert (error["unit"], error["description"], error["type"]) == ("m", "distance to the target", "number")
    stage = next(c for c in trials["columns"] if c["name"] == "stage")
    assert stage["levels"] == ["baseline", "conjugate", "extinction"]


def test_parquet_is_the_same_table(logged, tmp_path):
    pandas, pyarrow = pytest.importorskip("pandas"), pytest.importorskip("pyarrow.parquet")
    export.write(logged, "parquet", tmp_path / "out")
    frame = pandas.read_parquet(tmp_path / "out/samples.parquet")
    life = logged.life(frame=True)
    assert list(frame) == list(life) and len(frame) == len(life)
    for name in life:
        same = life[name].to_numpy()
        read = frame[name].to_numpy()
        assert np.array_equal(read, same, equal_nan=same.dtype.kind == "f"), name
    field = pyarrow.read_schema(tmp_path / "out/samples.parquet").field("surprise")
    assert field.metadata == {b"unit": b"nats", b"description": b"of the sample"}


def test_memory_is_bounded_and_the_pieces_make_the_whole(logged, tmp_path, monkeypatch):
    export.write(logged, "csv", tmp_path / "whole", signals=True)
    monkeypatch.setattr("infans.export.long_table.BLOCK_NUMBERS", 200)
    for table in export.tables(logged, signals=True):
        assert all(len(b["participant"]) * len(table.variables) <= 200 for b in table.blocks())
    export.write(logged, "csv", tmp_path / "pieces", signals=True)
    for path in (tmp_path / "whole").iterdir():
        assert path.read_bytes() == (tmp_path / "pieces" / path.name).read_bytes()


def test_one_measure_of_some_participants(logged, tmp_path):
    export.write(logged, "csv", tmp_path / "out", participants=[2, 5], measures=["kick", "action/torque"])
    samples = columns(tmp_path / "out/samples.csv")
    assert set(samples["participant"]) == {"2", "5"} and list(samples)[-2:] == ["seconds", "kick"]
    assert list(columns(tmp_path / "out/signals.csv"))[-1] == "action.torque"
    assert not (tmp_path / "out/trials_reach.csv").exists()
    with pytest.raises(MissingDatasetError, match="did you mean 'kick'"):
        export.write(logged, "csv", tmp_path / "other", measures=["kcik"])
    with pytest.raises(MissingDatasetError, match="there is: 1 to 6"):
        export.write(logged, "csv", tmp_path / "other", participants=[9])
    assert not (tmp_path / "other").exists()


def test_nothing_is_overwritten_and_nothing_half_is_left(logged, tmp_path, monkeypatch):
    target = tmp_path / "out"
    target.mkdir()
    (target / "samples.csv").write_text("mine")
    with pytest.raises(export.ExportExistsError, match="--force"):
        export.write(logged, "csv", target)
    assert (target / "samples.csv").read_text() == "mine"
    (target / "notes.txt").write_text("mine too")

    def broken(*_):
        raise OSError("disk full")

    with monkeypatch.context() as patched, pytest.raises(OSError, match="disk full"):
        patched.setattr(export, "write_codebook", broken)
        export.write(logged, "csv", target, force=True)
    assert (target / "samples.csv").read_text() == "mine"
    assert {p.name for p in tmp_path.iterdir()} == {"out"}
    export.write(logged, "csv", target, force=True)
    assert (target / "samples.csv").read_text().startswith("participant,") and (target / "notes.txt").exists()


def test_ctrl_c_leaves_nothing(study, tmp_path, monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(export, "write_codebook", interrupted)  # when all tables are written
    with pytest.raises(SystemExit) as stopped:
        command.main([str(study("within")), "-o", str(tmp_path / "out")])
    assert stopped.value.code == 130 and "nothing was written" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_factors_within_subjects_are_columns(study, tmp_path):
    with infans.load(study("within")) as record:
        export.write(record, "csv", tmp_path / "out", measures=["error"])
        trials = columns(tmp_path / "out/trials_reach.csv")
        assert list(trials["light"]) == record.trials("reach")["light"].tolist()
        assert "light" not in columns(tmp_path / "out/participants.csv")


def test_a_study_that_nobody_has_lived_yet(study, tmp_path):
    with infans.load(study("logged_empty")) as record:
        for form in ("csv", "psych-ds", "mujoco"):
            export.write(record, form, tmp_path / form, **({"signals": True} if form == "csv" else {}))
        assert (tmp_path / "csv/signals.csv").read_text().count("\n") == 1
        with h5py.File(tmp_path / "mujoco/participant-0001.h5") as file:
            assert len(file["state"]) == 0
        with pytest.raises(MissingDatasetError, match="record.signals_every=1"):
            export.write(record, "minari", tmp_path / "minari")
        with pytest.raises(replay.NothingToReplay, match="recorded: nothing"):
            replay.clip(record, 1, 0, 10)
        assert not (tmp_path / "minari").exists()


def test_a_run_is_decisions_and_episodes(record, tmp_path):
    with infans.load(record("partial")) as run:
        export.write(run, "csv", tmp_path / "out", participants=[3])
        agent = run.agents[2]
        decisions = columns(tmp_path / "out/decisions.csv")
        assert len(decisions["agent"]) == agent.step.rows and set(decisions["agent"]) == {"3"}
        assert np.array_equal(numbers(decisions["observation.joint_velocity.2"]), agent.step.observation[:, 3])
        assert np.array_equal(numbers(decisions["rejected_action.2.1"]), agent.step.rejected_action[:, 1, 0])
        episodes = columns(tmp_path / "out/episodes.csv")
        assert list(map(int, episodes["success"])) == agent.episode.success.tolist()
        book = columns(tmp_path / "out/codebook.csv")
        assert dict(zip(book["name"], book["unit"], strict=True))["observation.joint_velocity.2"] == "rad/s"


def test_the_command(study, tmp_path, capsys):
    few = ["--participants", "1-3", "7", "--measure", "error"]
    command.main([str(study("within")), "-o", str(tmp_path / "out"), *few])
    assert set(columns(tmp_path / "out/trials_reach.csv")["participant"]) == {"1", "2", "3", "7"}
    assert str(tmp_path / "out/trials_reach.csv") in capsys.readouterr().out
    for arguments, message in (
        ([str(tmp_path / "no.h5")], "no such record"),
        ([str(study("within")), "-o", str(tmp_path / "out")], "already there"),
        ([str(study("within")), "-o", str(tmp_path / "x"), "--signals"], "record.signals=every"),
        ([str(study("within")), "-o", str(tmp_path / "x"), "--format", "mujoco"], "record.physics_every=1"),
        ([str(study("within")), "-o", str(tmp_path / "no/x")], "no such folder"),
        ([str(study("within")), "--format", "minari", "--measure", "error"], "has none"),
    ):
        with pytest.raises(SystemExit) as stopped:
            command.main(arguments)
        assert stopped.value.code == 2 and message in capsys.readouterr().err


@pytest.mark.parametrize("form", ["csv", "minari"])
@pytest.mark.parametrize("folder", ["shared", "."])
def test_relative_folders(form, folder, logged, tmp_path, monkeypatch):
    if form == "minari":
        pytest.importorskip("minari")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    written = export.write(logged, form, folder, participants=[1])
    assert written and all(p.is_file() for p in written)
    place = tmp_path / "here" / folder
    assert {p.resolve() for p in written} == {p for p in place.resolve().rglob("*") if p.is_file()}
    assert [p.name for p in tmp_path.iterdir()] == ["here"]


def test_participants_say_what_was_lived_not_what_has_a_row(study, tmp_path):
    """record.every = 50 leaves rows of samples 50, 100 and 150 of 180; the second life was killed at its 150th."""
    path = tmp_path / "run.h5"
    path.write_bytes(study("logged").read_bytes())
    with h5py.File(path, "r+") as file:
        for number in ("0001", "0002", "0003"):
            life = file[f"participants/{number}/life"]
            life[:3] = life[49:151:50]
        file["committed"][:3, 0] = 3
        file["ledger/wall_seconds"][1] = file["ledger/samples"][1] = np.nan
        file["committed_logs"][1, :2] = 150, 75
    with infans.load(path) as record:
        export.write(record, "csv", tmp_path / "out", participants=[1, 2, 4])
        assert [p.finished for p in record.participants[:3]] == [True, False, True]
    people = columns(tmp_path / "out/participants.csv")
    assert people["samples"] == ("180", "150", "180") and people["finished"] == ("1", "0", "1")
    assert list(numbers(people["age_days"])) == [28 + 90, 28 + 75, 28 + 90]
    assert people["seconds"] == ("", "750.0", "900.0")


def test_the_command_says_who_has_not_ended(study, tmp_path, capsys):
    path = tmp_path / "run.h5"
    path.write_bytes(study("logged").read_bytes())
    with h5py.File(path, "r+") as file:
        file["ledger/wall_seconds"][1] = np.nan
    for form in ("csv", "psych-ds"):
        command.main([str(path), "--format", form, "-o", str(tmp_path / form)])
        said = capsys.readouterr().err
        assert said.count("\n") == 1 and "1 of 6 lives has not ended" in said and "finished" in said
    command.main([str(path), "--participants", "1", "-o", str(tmp_path / "one")])
    assert capsys.readouterr().err == ""


def test_numbers_are_checked_and_nobody_is_exported_twice(study, record, tmp_path, capsys):
    """Each ends with status 2 and a sentence, of a run and of a study, and writes nothing."""
    run, people = str(record("partial")), str(study("logged"))
    for path, form in ((run, "csv"), (run, "mujoco"), (run, "minari"), (people, "csv"), (people, "mujoco")):
        for wrong, message in (
            (["0"], "from 1"), (["-1"], "number"), (["9-5"], "nobody"), (["77"], "there is: 1 to"),
            (["1-99999999999"], "there is: 1 to"), (["x"], "neither"),
        ):  # fmt: skip
            with pytest.raises(SystemExit) as stopped:
                command.main([path, "--format", form, "-o", str(tmp_path / "x"), "--participants", *wrong])
            assert stopped.value.code == 2 and message in capsys.readouterr().err, (path, form, wrong)
    assert not list(tmp_path.iterdir())
    for path, table, who in ((run, "decisions", "agent"), (people, "samples", "participant")):
        command.main([path, "-o", str(tmp_path / table), "--participants", "2", "1-3", "2"])
        once = columns(tmp_path / table / f"{table}.csv")[who]
        assert list(dict.fromkeys(once)) == ["2", "1", "3"]
        command.main([path, "-o", str(tmp_path / f"{table}3"), "--participants", "3"])
        assert once.count("3") == len(columns(tmp_path / f"{table}3/{table}.csv")[who])
    with infans.load(run) as opened:
        for number in (0, -1):
            for form in ("csv", "mujoco"):
                with pytest.raises(MissingDatasetError, match=f"no agent {number} "):
                    export.write(opened, form, tmp_path / "y", participants=[number])


def test_what_is_called_like_a_label_overwrites_none(study, tmp_path):
    """A variable "group", a measure "cell", a signal "stage" and a factor "seed" keep both columns."""
    path = tmp_path / "run.h5"
    path.write_bytes(study("logged").read_bytes())
    with h5py.File(path, "r+") as file:
        design = json.loads(file.attrs["design"])
        design["factors"] = [{"name": "seed", "within": False, "levels": ["low", "high"]}]
        for cell in design["cells"]:
            cell["levels"] = {"seed": "low"}
        design["variables"][0]["name"], design["probes"][0]["measures"][0]["name"] = "group", "cell"
        file.attrs["design"] = json.dumps(design)
        for person in file["participants"].values():
            for node, old, new, kind in (
                (person["life"], "kick", "group", "columns"), (person["probes/reach"], "error", "cell", "columns"),
                (person["signals"], "vfe/total", "stage", "signals"),
            ):  # fmt: skip
                node.attrs[kind] = node.attrs[kind].decode().replace(f'"{old}"', f'"{new}"')
    with infans.load(study("logged")) as original, infans.load(path) as record:
        export.write(record, "csv", tmp_path / "out", signals=True)
        samples, trials = columns(tmp_path / "out/samples.csv"), columns(tmp_path / "out/trials_reach.csv")
        assert set(samples["group"]) == {"active", "random", "yoked"} == set(trials["cell"])
        assert np.array_equal(numbers(samples["group_measured"]), original.life().kick)
        assert np.array_equal(numbers(trials["cell_measured"]), original.trials("reach").error)
        assert np.array_equal(record.life().group_measured, original.life().kick)
        signals = columns(tmp_path / "out/signals.csv")
        assert set(signals["stage"]) == {"baseline", "conjugate", "extinction"} and "0.1" in signals["stage_measured"]
        people = columns(tmp_path / "out/participants.csv")
        assert set(people["seed_factor"]) == {"low"} and people["seed"][0] == "101"
        book = columns(tmp_path / "out/codebook.csv")
        said = dict(zip(zip(book["table"], book["name"], strict=True), book["description"], strict=True))
        assert "called 'group' in the record" in said["samples", "group_measured"]
        assert "called 'seed' in the record" in said["participants", "seed_factor"]


@pytest.mark.parametrize("kind", ["study", "run"])
def test_a_record_cut_short_is_named_with_what_to_do(kind, study, record, tmp_path, capsys):
    """Wherever it is cut: one line with the path, no traceback, nothing written."""
    whole = (study("logged") if kind == "study" else record("partial")).read_bytes()
    path = tmp_path / "run.h5"
    for tenth in (1, 5, 9):
        path.write_bytes(whole[: len(whole) * tenth // 10])
        with pytest.raises(SystemExit) as stopped:
            command.main([str(path), "-o", str(tmp_path / "out")])
        message = capsys.readouterr().err
        assert stopped.value.code == 2 and message.count("\n") == 1 and "cut short" in message, (tenth, message)
        assert f"infans recover {path}" in message
    assert [p.name for p in tmp_path.iterdir()] == ["run.h5"]


def test_blocks_that_are_damaged_are_named(study, record, tmp_path):
    """Bytes of chunks with a checksum are other ones: opening goes well, reading says which file."""
    for name, node in (("logged", "participants/0001/life"), ("partial", "agents/001/step/vfe")):
        path = tmp_path / f"{name}.h5"
        with h5py.File((study if name == "logged" else record)(name)) as source, h5py.File(path, "w") as file:
            file.attrs.update(source.attrs)
            for part in source:
                source.copy(part, file)
            values, attributes = source[node][...], dict(source[node].attrs)
            del file[node]
            file.create_dataset(node, data=values, chunks=values.shape, fletcher32=True).attrs.update(attributes)
            chunk = file[node].id.get_chunk_info(0)
        content = bytearray(path.read_bytes())
        content[chunk.byte_offset + 8] ^= 255
        path.write_bytes(content)
        with infans.load(path) as damaged:
            with pytest.raises(infans.RecordError, match=rf"{path}.*infans recover"):
                damaged.participants[0].life.kick if name == "logged" else damaged.agents[0].step.vfe  # noqa: B018
