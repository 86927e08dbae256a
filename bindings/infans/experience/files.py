"""Files of experience: robomimic's and Minari's HDF5, an episode at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from ..protocol import stream
from ..records import RecordError


class Episode(NamedTuple):
    """observations [n + 1, S]: before the first action and after each; actions [n, A]; both float64."""

    observations: np.ndarray
    actions: np.ndarray


class Experience:
    """The episodes of a file: `experience[k]` reads the k-th; `names` of the observation's columns."""

    def __init__(self, path: Path, kind: str, keys: Sequence[str] = ()) -> None:
        self.path, self.kind = path, kind
        self._keys = tuple(keys)
        with h5py.File(path, "r") as file:
            self._groups = _episode_names(file, kind)
            self._held_out = _validation(file, kind, self._groups)
            if not self._groups:
                raise RecordError(f"{path}: no episode in it")
            sources = self._sources(file[self._groups[0]])
            self.names = [f"{name}.{k}" for name, data in sources for k in range(int(np.prod(data.shape[1:])))]
            self.action_size = _flat(_leaves(file[self._groups[0]]["actions"], "action")).shape[1]

    def __len__(self) -> int:
        return len(self._groups)

    def __getitem__(self, index: int) -> Episode:
        with h5py.File(self.path, "r") as file:
            group = file[self._groups[range(len(self))[index]]]
            observations = _flat(self._sources(group))
            actions = _flat(_leaves(group["actions"], "action"))
            if self.kind == "robomimic":  # n observations, and what came after the last one if the file has it
                last = [(name, group[f"next_obs/{name}"][-1:]) for name, _ in self._sources(group)
                        if f"next_obs/{name}" in group]  # fmt: skip
                complete = len(last) == len(self._sources(group))
                observations = np.concatenate([observations, _flat(last)]) if complete else observations
        return Episode(observations, actions[: len(observations) - 1])

    def __iter__(self) -> Iterator[Episode]:
        return (self[k] for k in range(len(self)))

    @property
    def episodes(self) -> Experience:
        """Itself: a sequence of episodes."""
        return self

    def split(self, share: float, seed: int = 0) -> tuple[list[int], list[int]]:
        """Indices of episodes to live and of those held out: robomimic's own `valid` mask, else a share of them drawn
        from the seed, at least one. ValueError where there is one episode only."""
        if len(self) < 2:
            raise ValueError(f"{self.path}: one episode; to hold some out there must be two or more")
        held = set(self._held_out)
        if not held:
            count = min(len(self) - 1, max(1, round(share * len(self))))
            held = set(stream(seed, "held out").permutation(len(self))[:count].tolist())
        return [k for k in range(len(self)) if k not in held], sorted(held)

    def _sources(self, group: h5py.Group) -> list[tuple[str, Any]]:
        """Named arrays that make an observation: all of numbers, no pictures, or those of `keys`."""
        leaves = _leaves(group["obs" if self.kind == "robomimic" else "observations"], "")
        known = {name or "observation": data for name, data in leaves}
        for key in self._keys:
            if key not in known:
                raise RecordError(f"{self.path}: no observation '{key}'; there is: {', '.join(known)}")
        picture = {n for n, d in known.items() if d.dtype == np.uint8 and d.ndim > 2}
        return [(n, known[n]) for n in self._keys or [n for n in known if n not in picture]]

    def __repr__(self) -> str:
        size = f"{len(self.names)} numbers observed, {self.action_size} of action"
        return f"<Experience of {len(self)} episodes, {self.kind}: {size}; {self.path}>"


def load(path: str | os.PathLike[str], keys: Sequence[str] = ()) -> Experience:
    """A robomimic HDF5 file, or a Minari data set (its folder, its main_data.hdf5, or its id under
    MINARI_DATASETS_PATH). keys: which observations [all but pictures].

    Raises FileNotFoundError, or RecordError (a ValueError) for a file of another kind.
    """
    found = located(path)
    if not h5py.is_hdf5(found):
        raise RecordError(f"{found}: not an HDF5 file; robomimic and Minari (data_format='hdf5') write such")
    with h5py.File(found, "r") as file:
        if "data" in file and any(name.startswith("demo") for name in file["data"]):
            kind = "robomimic"
            if "obs" not in file["data"][next(n for n in file["data"] if n.startswith("demo"))]:
                raise RecordError(f"{found}: no observations; robomimic has dataset_states_to_obs.py")
        elif any(name.startswith("episode_") for name in file):
            kind = "minari"
        else:
            raise RecordError(f"{found}: neither robomimic's data/demo_N nor Minari's episode_N is in it")
    return Experience(found, kind, keys)


def located(path: str | os.PathLike[str]) -> Path:
    """The HDF5 file of what `load` takes. Raises FileNotFoundError."""
    asked = Path(path)
    root = Path(os.environ.get("MINARI_DATASETS_PATH", Path.home() / ".minari" / "datasets"))
    minari = [base / inner / "main_data.hdf5" for base in (asked, root / asked) for inner in ("", "data")]
    found = next((p for p in [asked, *minari] if p.is_file()), None)
    if found is None:
        raise FileNotFoundError(f"{path}: neither a file nor a Minari data set here or in {root}")
    return found


def _number(name: str) -> int:
    digits = "".join(c for c in name if c.isdigit())
    return int(digits) if digits else 0


def _episode_names(file: h5py.File, kind: str) -> list[str]:
    if kind == "robomimic":
        return [f"data/{name}" for name in sorted(file["data"], key=_number)]
    return sorted((name for name in file if name.startswith("episode_")), key=_number)


def _validation(file: h5py.File, kind: str, names: Sequence[str]) -> list[int]:
    if kind != "robomimic" or "mask/valid" not in file:
        return []
    held = {f"data/{name.decode()}" for name in file["mask/valid"][:]}
    return [k for k, name in enumerate(names) if name in held]


def _leaves(node: h5py.Group | h5py.Dataset, name: str) -> list[tuple[str, h5py.Dataset]]:
    if isinstance(node, h5py.Dataset):
        return [(name, node)]
    return [leaf for key in sorted(node) for leaf in _leaves(node[key], f"{name}/{key}".strip("/"))]


def _flat(parts: Sequence[tuple[str, Any]]) -> np.ndarray:
    arrays = [np.asarray(data[...] if isinstance(data, h5py.Dataset) else data, float) for _, data in parts]
    return np.concatenate([a.reshape(len(a), -1) for a in arrays], axis=1)
