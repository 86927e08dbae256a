"""A study of a participant written in Python is stopped, and goes on to the same datasets."""

import os
import signal

import gymnasium
import h5py
import infans
import infans.envs
import numpy as np
import pytest
from test_protocol import PROBE, STUDY, Watcher

HEADER = '[record]\nsignals = "none"\n'


class Closed(Watcher):
    """Holds what pickle refuses."""

    name = "watcher"

    def begin(self):
        super().begin()
        self.secret = lambda: None


def tables(folder) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    with h5py.File(folder / "run.h5", swmr=True) as file:
        file.visititems(lambda name, node: found.update({name: node[()].tobytes()} if hasattr(node, "dtype") else {}))
    return {name: data for name, data in found.items() if "seconds" not in name and "joules" not in name}


def stop_after(samples: int):
    seen = []

    def watch(number, sample, body, physics):
        assert body == "" and len(physics) == 0  # it has no body
        seen.append((number, sample))
        if len(seen) == samples:
            os.kill(os.getpid(), signal.SIGTERM)

    return watch, seen


@pytest.mark.parametrize("cls", [Watcher, Closed])
@pytest.mark.parametrize("at", [1, 17, 18, 19, 50])
def test_a_stopped_study_goes_on_to_the_same_datasets(tmp_path, cls, at):
    whole = infans.run(HEADER + STUDY + PROBE, out=tmp_path / "whole", participant=cls)
    watch, seen = stop_after(at)
    with pytest.raises(KeyboardInterrupt):
        infans.run(HEADER + STUDY + PROBE, out=tmp_path / "cut", participant=cls, threads=1, on_sample=watch)
    assert len(seen) == at
    again = []
    study = infans.resume(tmp_path / "cut", participant=cls, on_sample=lambda *a: again.append(a[:2]))
    assert tables(tmp_path / "cut") == tables(tmp_path / "whole")
    assert len(study.participants) == len(whole.participants) == 6
    if cls is Watcher:
        assert len(again) == 6 * 18 - at  # nothing is lived twice


def test_another_class_is_refused_with_both_values(tmp_path):
    watch, _ = stop_after(5)
    with pytest.raises(KeyboardInterrupt):
        infans.run(STUDY, out=tmp_path / "cut", participant=Watcher, threads=1, on_sample=watch)

    class Other(Watcher):
        name = "watcher"
        options = {"coin.bias": infans.Option(0.25, 0, 1, doc="probability of heads")}

    with pytest.raises(infans.FileError, match=r"bias = 0\.5.*bias = 0\.25"):
        infans.resume(tmp_path / "cut", participant=Other)
    assert np.isfinite(infans.resume(tmp_path / "cut", participant=Watcher).participants[0].life["head"]).all()


def test_a_stopped_life_in_a_world_from_outside_has_not_ended(tmp_path):
    settings = {"life.decisions": 40, "world.episode_steps": 8, "success.steps": 3, "agent.babbling_episodes": 1}
    steps = []

    class Stopped(gymnasium.Wrapper):
        def step(self, action):
            steps.append(1)
            if len(steps) == 20:
                os.kill(os.getpid(), signal.SIGTERM)
            return super().step(action)

    def world(agent):
        return infans.envs.World(Stopped(gymnasium.make("infans/InvertedPendulum-v5")), joints=["slide", "hinge"])

    with pytest.raises(KeyboardInterrupt):
        infans.run("cartpole_swingup", out=tmp_path / "cut", agents=1, settings=settings, world=world)
    with infans.load(tmp_path / "cut") as run:
        assert len(run.agents[0].step["action"]) == 20  # what was lived is on record
        assert np.isnan(run.ledger["agent_wall_seconds"][0])
    infans.resume(tmp_path / "cut", world=world)
    infans.run("cartpole_swingup", out=tmp_path / "whole", agents=1, settings=settings, world=world)
    assert tables(tmp_path / "cut") == tables(tmp_path / "whole")


def test_a_stopped_study_goes_on_with_probes_written_in_python(tmp_path):
    pytest.importorskip("infans._infans")
    text = '[study]\nprotocol = "habit"\n[[stage]]\nname = "play"\nsamples = 6\n' + (
        '[[probe]]\nname = "mine"\nkind = "mine"\nages = ["2 days", "4 days"]\n'
    )

    def play(copy, trial):
        return {"error": copy.live()["prediction_error"]}

    probes = {"mine": infans.Probe(play, {"error": ("", "")})}
    options = {"agents": 1, "threads": 1, "body": {"senses": ["proprioception"]}, "probes": probes}
    infans.run(text, out=tmp_path / "whole", **options)

    def watch(number, sample, body, physics):
        if sample == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt):
        infans.run(text, out=tmp_path / "cut", on_sample=watch, **options)
    study = infans.resume(tmp_path / "cut", probes=probes)
    assert study.trials("mine").rows > 0 and tables(tmp_path / "cut") == tables(tmp_path / "whole")
