"""Protocols and probes written in Python: they live in the same engine as the compiled ones."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import infans
import numpy as np
import pytest

STUDY = """
[study]
name = "coins"
protocol = "watcher"
[population]
participants = 3
[[group]]
name = "own"
[[group]]
name = "shown"
yoked_to = "own"
[[stage]]
name = "fair"
samples = 12
[[stage]]
name = "heads"
samples = 6
coin.bias = 1.0
"""
PROBE = """
[[probe]]
name = "guess"
kind = "guess"
every = "4 days"
trials = 2
"""


class Watcher(infans.Participant):
    """Somebody counts heads."""

    options = {"coin.bias": infans.Option(0.5, 0, 1, doc="probability of heads")}
    variables = {"head": ("", "1: heads"), "surprise": ("nats", "-ln p")}
    probes = {"guess": ("how likely heads is", {"probability": ("", "the guess"), "age": ("d", "it was told")})}
    yoked = True

    def begin(self):
        self.counts = np.ones(2)

    def begin_stage(self, options):
        self.bias = options["coin.bias"]

    def live(self, partner):
        thrown = infans.stream(self.seed, "coin", self.samples).random() < self.bias
        self.head = int(thrown if partner is None else partner[0])
        surprise = -np.log(self.counts[self.head] / self.counts.sum())
        self.counts[self.head] += 1
        return {"surprise": surprise, "head": self.head}

    def tape(self):
        return [self.head]

    def test(self, trial):
        guess = self.counts[1] / self.counts.sum()
        self.counts[1] += 100  # leaves no trace
        return {"probability": guess, "age": self.age_days}


def run(tmp_path: Path, text: str, cls=Watcher, **keywords) -> dict[str, np.ndarray]:
    study = tmp_path / "coins.toml"
    study.write_text(text)
    out = tmp_path / "out"
    infans.run(study, out=out, participant=cls, **keywords)
    with h5py.File(out / "run.h5", swmr=True) as file:
        tables: dict[str, np.ndarray] = {}
        file.visititems(lambda name, node: tables.update({name: node[()]} if isinstance(node, h5py.Dataset) else {}))
    return tables


@pytest.fixture
def folder(tmp_path_factory):
    return lambda: tmp_path_factory.mktemp("study")


def test_a_python_participant_lives_in_the_engine(folder):
    tables = run(folder(), STUDY + PROBE)
    life = tables["participants/0001/life"]
    assert life.shape == (18, 6)
    assert (life[12:, 4] == 1).all() and 0 < life[:12, 4].mean() < 1
    heads = np.concatenate([[0], np.cumsum(life[:, 4])])
    p = (1 + heads[:-1]) / (2 + np.arange(18))
    np.testing.assert_allclose(life[:, 5], -np.log(np.where(life[:, 4] == 1, p, 1 - p)), rtol=1e-14)  # rounding
    probe = tables["participants/0001/probes/guess"]
    assert probe[:, 2].tolist() == [0, 0, 4, 4, 8, 8, 12, 12, 16, 16]
    assert probe[2, 5] == (1 + heads[4]) / 6
    assert probe[3, 5] == (101 + heads[4]) / 106  # trials of one occasion share their copy
    assert (probe[:, 6] == probe[:, 2]).all()


def test_probes_threads_and_company_change_nothing(folder):
    alone = run(folder(), STUDY, participants=[5])
    reference = run(folder(), STUDY + PROBE, threads=1)
    for threads in (2, 4):
        again = run(folder(), STUDY + PROBE, threads=threads)
        for name, values in reference.items():
            if not name.startswith("ledger"):
                assert again[name].tobytes() == values.tobytes()
    assert alone["participants/0005/life"].tobytes() == reference["participants/0005/life"].tobytes()
    assert "participants/0002/life" not in alone
    shown, own = reference["participants/0005/life"], reference["participants/0002/life"]
    assert (shown[:, 4] == own[:, 4]).all()


def test_ctrl_c_keeps_what_was_lived(tmp_path):
    script = """
import sys, time, infans, test_protocol
class Slow(test_protocol.Watcher):
    name = "watcher"
    def live(self, partner):
        time.sleep(0.02)
        return super().live(partner)
text = test_protocol.STUDY.replace("samples = 12", "samples = 100000")
infans.run(text, out=sys.argv[1], participant=Slow, threads=2)
"""
    process = subprocess.Popen([sys.executable, "-c", script, tmp_path / "out"], cwd=Path(__file__).parent)
    record = tmp_path / "out" / "run.h5"
    deadline = time.monotonic() + 60
    while not record.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1.0)  # some samples
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) != 0  # KeyboardInterrupt
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["interrupted"] is True
    with infans.load(record) as study:
        lives = [p for p in study.participants if p.life.rows > 0]
        assert lives and all(p.group == "own" for p in lives)
        assert all(np.isnan(p.wall_seconds) for p in lives)  # nobody is at its end


def test_mistakes_of_a_python_participant(folder):
    class Forgetful(Watcher):
        name = "watcher"

        def live(self, partner):
            return {"head": 1.0}

    class Broken(Watcher):
        name = "watcher"

        def live(self, partner):
            raise ZeroDivisionError("no coin")

    with pytest.raises(infans.SimulationError, match="live.. lacks surprise; declared are head, surprise"):
        run(folder(), STUDY, Forgetful)
    with pytest.raises(infans.SimulationError, match=r"participant 1 \(seed 1\).*no coin"):
        run(folder(), STUDY, Broken, participants=[1])
    with pytest.raises(infans.OptionError, match="did you mean 'watcher'"):
        run(folder(), STUDY.replace('"watcher"', '"wacher"'))
    with pytest.raises(infans.OptionError, match="coin.bias"):
        run(folder(), STUDY + "\n[coin]\nbias = 3\n")
    with pytest.raises(TypeError, match="subclass"):
        run(folder(), STUDY, dict)


def test_names_that_a_class_cannot_take():
    def described(**attributes):
        return infans.protocol.describe(type("Watcher", (Watcher,), attributes))

    for attributes in (
        {"options": {"bias": infans.Option(0.5)}},
        {"options": {"time.start": infans.Option(0.5)}},
        {"options": {"coin.bias": infans.Option([0.5])}},
        {"variables": {"sample": ("", "")}},
        {"probes": {"guess": ("", {"trial": ("", "")})}},
    ):
        with pytest.raises(TypeError):
            described(**attributes)


def test_a_probe_in_python_for_a_compiled_protocol(folder):
    kept = []

    def play(copy, trial):
        kept.append(copy)
        before = copy.seconds
        errors = [copy.live()["prediction_error"] for _ in range(3)]
        played = copy.test("play")
        with pytest.raises(ValueError, match="has play"):
            copy.test("plays")
        return {"error": np.mean(errors), "time": copy.seconds - before, "played": played["prediction_error"]}

    text = """
[study]
protocol = "habit"
[[stage]]
name = "play"
samples = 4
[[probe]]
name = "mine"
kind = "mine"
ages = ["2 days"]
"""
    measures = {"error": ("", ""), "time": ("s", ""), "played": ("", "")}
    options = {"agents": 1, "body": {"senses": ["proprioception"]}}
    with_probe = folder() / "a"
    study = infans.run(text, out=with_probe, probes={"mine": infans.Probe(play, measures)}, **options)
    trial = study.trials("mine")
    assert trial["time"][0] == pytest.approx(3 * 0.02 + 1.0)  # three samples and a second of play
    assert np.isfinite(trial["error"][0]) and np.isfinite(trial["played"][0])
    plain = infans.run(text.split("[[probe]]")[0], out=folder() / "b", **options)
    assert plain.participants[0].life.array.tobytes() == study.participants[0].life.array.tobytes()
    with pytest.raises(infans.Error, match="the probe is over"):
        kept[0].live()
