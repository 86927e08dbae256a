"""Records of studies in Python: what is committed, by its names, and nothing else."""

from __future__ import annotations

import h5py
import infans
import make_study as example
import numpy as np
import pytest
from infans.records import RecordError
from infans.tables import MissingDatasetError


def test_tables_are_what_was_written(study):
    with infans.load(study("study")) as record:
        assert isinstance(record, infans.Study)
        assert record.groups == ["active", "random", "yoked"] and record.probes == ["reach"]
        for p in record.participants:
            wanted = example.life(example.VARIANTS["study"], p.group, p.number)
            np.testing.assert_array_equal(p.life.array, wanted)
            np.testing.assert_array_equal(p.life.kick, wanted[:, 4])
            tests = example.reach(example.VARIANTS["study"], p.group, p.number)
            np.testing.assert_array_equal(p.probe("reach")["error"], tests[:, 5])
        p = record.participants[1]
        assert (p.number, p.seed, p.cell, p.excluded) == (2, 102, "active", "never moved")
        assert [s.name for s in p.stages] == ["baseline", "conjugate", "extinction"]
        assert p.life.column("surprise").unit == "nats"
        assert p.wall_seconds == pytest.approx(10 + 10 / 29)


def test_long_tables_join_who_and_when(study):
    with infans.load(study("factorial")) as record:
        trials = record.trials("reach")
        rows = 30 * 16 * example.TRIALS
        assert trials.rows == rows and all(len(column) == rows for column in trials.values())
        assert list(trials)[:6] == ["participant", "cell", "group", "acuity", "stage", "excluded"]
        one = trials.participant == 8  # the third of the second cell
        assert set(trials.cell[one]) == {"active, high"} and set(trials.acuity[one]) == {"high"}
        np.testing.assert_array_equal(trials.error[one], record.participants[7].probe("reach").error)
        life = record.life()
        assert life.rows == 30 * example.SAMPLES
        np.testing.assert_array_equal(life.stage == "conjugate", np.isin(life.sample - 1, np.arange(36, 144)))


def test_levels_within_participants_follow_the_order_lived(study):
    with infans.load(study("within")) as record:
        life = record.life()
        first = {n: life.light[life.participant == n][0] for n in (1, 2)}
        assert first == {1: "dark", 2: "bright"}  # counterbalanced
        assert (life.light == "dark").sum() == life.rows / 2


def test_frames(study):
    pandas = pytest.importorskip("pandas")
    with infans.load(study("study")) as record:
        frame = record.trials("reach", frame=True)
        assert isinstance(frame, pandas.DataFrame)
        assert frame.groupby("group").participant.nunique().to_dict() == {"active": 10, "random": 10, "yoked": 10}
        assert frame.equals(record.trials("reach").to_pandas())


def test_rows_after_the_last_commit_are_ignored(study):
    path = study("killed")
    with h5py.File(path) as file, infans.load(path) as record:
        assert file["participants/0001/life"].shape[0] == 107
        assert record.participants[0].life.rows == 100 == record.participants[0].life.array.shape[0]
        assert record.life().sample.max() == 100 and record.trials("reach").sample.max() == 96


def test_nothing_committed(study):
    with infans.load(study("empty")) as record:
        assert record.life().rows == 0 and record.trials("reach").rows == 0
        assert record.participants[0].life.kick.shape == (0,)
        assert "0 samples" in repr(record)


def test_some_participants_of_a_study_keep_their_numbers(study):
    with infans.load(study("some")) as record:
        assert [(p.number, p.cell, p.excluded) for p in record.participants] == [
            (2, "active", "failed"), (7, "random", "never moved"),
        ]  # fmt: skip
        wanted = example.life(example.VARIANTS["some"], "random", 7)
        np.testing.assert_array_equal(record.participants[1].life.array, wanted)
        assert record.participants[1].wall_seconds == 20.0


def test_names_that_are_not_there_name_the_nearest(study):
    with infans.load(study("study")) as record:
        p = record.participants[0]
        for what, wrong in (
            ("no probe 'raech' in the study; did you mean 'reach'?", lambda: p.probe("raech")),
            ("no column 'kik' in life of participant 1; did you mean 'kick'?", lambda: p.life["kik"]),
            ("no column 'eror' in the table; did you mean 'error'?", lambda: record.trials("reach")["eror"]),
        ):
            with pytest.raises(MissingDatasetError) as caught:
                wrong()
            assert str(caught.value) == what
        with pytest.raises(AttributeError, match="did you mean 'surprise'"):
            _ = p.life.suprise
        assert {"kick", "surprise", "rows"} <= set(dir(p.life))


def test_reads_while_it_is_written(tmp_path):
    path = example.write(tmp_path / "run.h5", example.VARIANTS["killed"])
    with h5py.File(path, "a", libver="latest") as writer:
        writer["committed"][:, 0] = 50
        writer.swmr_mode = True
        with infans.load(tmp_path) as record:
            assert record.participants[0].life.rows == 50
            writer["committed"][:, 0] = 80
            writer["committed"].flush()
            assert record.participants[0].life.rows == 50  # one consistent view until asked
            assert record.refresh().participants[0].life.kick.shape == (80,)


def test_other_major_version_is_refused_and_newer_minor_read(tmp_path):
    infans.load(example.write(tmp_path / "minor.h5", example.Example(participants=1, version=(1, 9)))).close()
    other = example.write(tmp_path / "major.h5", example.Example(participants=1, version=(2, 0)))
    with pytest.raises(RecordError, match=r"format 2\.0.*reads 1\.x; upgrade"):
        infans.load(other)
