"""Episodes of transitions: what a life did and saw, as Minari stores them (https://minari.farama.org)."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..reader import Run
from ..study import Participant, Study
from ..tables import MissingDatasetError
from .long_table import Selection
from .occasions import life_at
from .writers import INSTALL, MissingLibrary

Arrays = np.ndarray | dict[str, np.ndarray]


class Episode(NamedTuple):
    """observations [n + 1, ...], actions [n, ...], arrays or dicts of them, and what is known of the whole."""

    observations: Arrays
    actions: Arrays
    rewards: np.ndarray
    about: dict[str, Any]


def run_episodes(run: Run, chosen: Selection) -> Iterator[Episode]:
    """Episodes of a run, agent by agent. The reward is 1 for the last decision of a successful one, 0 otherwise: an
    agent of Infans has preferences about observations and gets no reward."""
    for agent in chosen.lives(run):
        number = agent.step["episode"]
        if not len(number):
            continue  # it has not decided yet, or not committed it
        starts = np.flatnonzero(np.diff(number, prepend=-1))
        for start, stop in zip(starts, [*starts[1:], len(number)], strict=True):
            rows = slice(int(start), int(stop))
            seen = agent.step.read("observation", rows)
            last = agent.step.read("next_observation", slice(rows.stop - 1, rows.stop))
            episode = int(number[start])
            over = episode < agent.episode.rows
            success = int(agent.episode["success"][episode]) if over else 0
            rewards = np.zeros(len(seen))
            rewards[-1] = success
            evaluation = int(agent.episode["evaluation"][episode]) if over else 0
            about = {"agent": agent.number, "agent_seed": agent.seed, "episode": episode, "success": success,
                     "evaluation": evaluation, "complete": int(over)}  # fmt: skip
            yield Episode(np.concatenate([seen, last]), agent.step.read("action", rows), rewards, about)


def study_episodes(study: Study, chosen: Selection) -> Iterator[Episode]:
    """Uninterrupted samples of one stage. A sample's observation came after its action, so the first of each episode
    gives the first observation only. Rewards are 0. Raises MissingDatasetError where signals make no transitions."""
    for p in chosen.lives(study):
        sensed = [n for n in p.signals if n.startswith("observation/")]
        done = [n for n in p.signals if n.startswith("action/") and "candidates" not in n.split("/")]
        if not sensed or not done:
            kinds = "observation/... and action/..."
            raise MissingDatasetError(f"{study.path}: episodes need signals {kinds}; there is: {', '.join(p.signals)}")
        samples = p.signals.samples
        stage = life_at(study, p, samples)["stage"]
        breaks = np.flatnonzero((np.diff(samples) != 1) | (np.diff(stage) != 0)) + 1
        for start, stop in zip([0, *breaks], [*breaks, len(samples)], strict=True):
            if stop - start < 2:
                continue
            first, stop = int(start), int(stop)
            lived = p.stages[int(stage[first])] if p.stages and stage[first] >= 0 else None
            about = {"participant": p.number, "participant_seed": p.seed, "group": p.group, "cell": p.cell,
                     "stage": lived.name if lived else "", "first_sample": int(samples[first])}  # fmt: skip
            seen = {_key(n): p.signals[n][first:stop] for n in sensed}
            acts = {_key(n): p.signals[n][first + 1 : stop] for n in done}
            actions: Arrays = acts if len(acts) > 1 else next(iter(acts.values()))
            yield Episode(seen, actions, np.zeros(stop - first - 1), about)


def _key(signal: str) -> str:
    """Name of a signal in a space: without its kind, and without "/", which Minari takes for a space inside."""
    return signal.partition("/")[2].replace("/", ".")


def _space(values: Arrays, low: float, high: float) -> Any:
    from gymnasium import spaces

    if isinstance(values, dict):
        return spaces.Dict({name: _space(each, low, high) for name, each in values.items()})
    return spaces.Box(low, high, values.shape[1:], np.float64)


@contextmanager
def datasets_in(folder: Path) -> Iterator[None]:
    """Minari's own way to say where data sets are."""
    before = os.environ.get("MINARI_DATASETS_PATH")
    os.environ["MINARI_DATASETS_PATH"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["MINARI_DATASETS_PATH"]
        else:
            os.environ["MINARI_DATASETS_PATH"] = before


def dataset_id(name: str) -> str:
    """infans/NAME-v0, as `minari.load_dataset` takes it."""
    return f"infans/{re.sub(r'[^A-Za-z0-9_]+', '_', name).strip('_') or 'unnamed'}-v0"


def write_minari(
    record: Study | Run, chosen: Selection, folder: Path, tick: Callable[[int], None], episodes: Sequence[Any] = ()
) -> str:
    """A data set in `folder`, a Minari root; returns its id. Values are stored as they are: no JPEG."""
    minari, buffer = _minari()
    source = run_episodes(record, chosen) if isinstance(record, Run) else study_episodes(record, chosen)
    name = dataset_id(record.attrs["spec_name"])
    dataset, abouts = None, []
    with datasets_in(folder), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about authors and environments that a simulation has not
        for episode in source:
            count = len(episode.rewards)
            stored = buffer(
                observations=episode.observations, actions=episode.actions, rewards=episode.rewards,
                terminations=np.zeros(count, bool), truncations=np.arange(count) == count - 1, infos={},
            )  # fmt: skip
            if dataset is None:
                dataset = minari.create_dataset_from_buffers(
                    name, [stored], action_space=_space(episode.actions, -np.inf, np.inf),
                    observation_space=_space(episode.observations, -np.inf, np.inf), jpeg_encoding=False,
                    algorithm_name=f"Infans {record.attrs['infans_version']}", description=_about(record),
                )  # fmt: skip
            else:
                dataset.storage.update_episodes([stored])
            abouts.append(episode.about)
            tick(count)
        if dataset is None:
            empty = "no two samples follow one another; record them all: record.signals_every=1"
            empty = "no decision is committed yet" if isinstance(record, Run) else empty
            raise MissingDatasetError(f"{record.path}: {empty}")
        dataset.storage.update_episode_metadata(abouts)
    return name


def _minari() -> tuple[Any, Any]:
    try:
        import minari
        from minari.data_collector import EpisodeBuffer
    except ModuleNotFoundError as error:
        raise MissingLibrary("Minari: " + INSTALL.format("minari")) from error
    return minari, EpisodeBuffer


def _about(record: Study | Run) -> str:
    """Names and units of what the numbers are; Minari's spaces cannot say them."""
    head = f"{record.attrs['spec_name']}, seed {record.attrs['seed']}. "
    if isinstance(record, Run):
        parts = [f"{m['name']} [{m['offset']}:{m['offset'] + m['size']}] {m['unit']}" for m in record.modalities]
        return head + "observation: " + "; ".join(parts)
    first: Participant = record.participants[0]
    return head + "; ".join(f"{n} {s.unit}: {s.doc}" for n, s in first.signals.items() if "n/" in n)
