"""Any MuJoCo body with senses, in NumPy arrays. `infans body NAME` shows the same from the command line.

    import infans
    body = infans.Body(
        "infant?age=6&scene=seated",                       # a shipped body, the path of any MJCF, or its text
        control_period=0.02,
        proprioception={"force": True, "delay": 2},        # a dict, or a list of them, as the [body] table of a life
        skin=[{"name": "hands", "geoms": ["*hand*"], "density": 5000}],
        retina={"eye": "eye_left", "rays": 256, "colour": True},
        vestibular={"head": "vestibular"},
    )
    seen = body.reset(seed=1)                              # flat, float64, SI units
    seen = body.step(body.rest)                            # commands in [-1, 1]
    body.named(seen)["hands"]                              # views by the names of `body.modalities`

`infans options body` lists every option with its unit and range. What is not given has its default: every joint
proprioception, every actuator a motor, every named sensor a modality of its own; `proprioception=[]` has none.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Body"]

Floats = NDArray[np.float64]


class Body:
    """A body of any MJCF with the senses that it is given; `help(infans.body)` has an example.

    mjcf: name of a shipped body, path of an MJCF file, or MJCF text.
    options: keyframe, age_days [a shipped infant's own, else 0], other_sensors, control_period (s, [0.1]), reset_std
    ([0.05]) and the lists proprioception, sensor, skin, vestibular, retina, effect, word and motor, each a dict or a
    list of dicts.
    Raises FileError for a body that is not there, BodyError (naming element and line) for one that does not load or
    lacks what an option names, OptionError for an unknown option (naming the nearest) or a value outside its range.

    Calls may come from several threads; one body does one thing at a time, several bodies step beside each other: the
    interpreter's lock is free while MuJoCo works.
    """

    def __init__(self, mjcf: str | os.PathLike[str], **options: Any) -> None:
        from . import _infans

        self._body = _infans.BodyWorld(os.fspath(mjcf), options)
        info = self._body.info()
        self.modalities: dict[str, tuple[str, slice]] = {
            name: (unit, slice(at, at + size)) for name, unit, at, size in info["modalities"]
        }
        """name -> (unit, slice of the observation); units of mixed numbers are listed one by one: "m,rad"."""
        self.motors: list[str] = info["motors"]
        """The actuator of every command; one may have several, and one without a name is ""."""
        self.observation_size: int = info["observation_size"]
        self.action_size: int = info["action_size"]
        self.control_period: float = info["control_period"]
        """Seconds between two commands."""
        self.position_size: int = info["positions"]
        self.velocity_size: int = info["velocities"]

    @property
    def rest(self) -> Floats:
        """Commands of 0, (action_size,)."""
        return np.zeros(self.action_size)

    def reset(self, seed: int = 0, episode: int = 0) -> Floats:
        """Start an episode: a function of seed and episode, both 0 or more. Age and gains stay.

        Returns the first observation, (observation_size,).
        """
        return self._body.reset(seed, episode)

    def step(self, action: ArrayLike) -> Floats:
        """Hold commands of shape (action_size,), each clipped to [-1, 1], for a control period.

        Returns the observation. Raises ValueError for another shape and SimulationError, with its step, when the body
        leaves the numbers; it then refuses to step until reset, restore or set_state.
        """
        command = np.asarray(action, float)
        if command.shape != (self.action_size,):
            raise ValueError(f"the action has the shape {command.shape}; it must have {(self.action_size,)}")
        return self._body.step(command)

    def named(self, observation: Floats) -> dict[str, Floats]:
        """The observation by modality; the arrays are views."""
        return {name: observation[part] for name, (_, part) in self.modalities.items()}

    def save(self) -> Floats:
        """The whole state: physics, delays, noise, age, gains and words, not the MJCF that replace_body gave."""
        return self._body.save()

    def restore(self, state: ArrayLike) -> None:
        """Go on from a state of this body, or of another of its MJCF and options: equal commands, equal bits."""
        self._body.restore(np.asarray(state, float))

    def set_state(self, qpos: ArrayLike, qvel: ArrayLike) -> None:
        """Put the joints at positions (position_size,) and velocities (velocity_size,) as MuJoCo counts them (m, rad,
        quaternions; m/s, rad/s); all else is as at the start of an episode."""
        self._body.set_state(np.asarray(qpos, float), np.asarray(qvel, float))

    @property
    def age_days(self) -> float:
        """Age in days, as `set_age` left it."""
        return self._body.age_days()

    def set_age(self, days: float) -> None:
        """Age in days, 0 or more: how sharp eyes see, and what opens or closes with age. Sizes are replace_body's."""
        self._body.set_age(days)

    def set_gain(self, name: str, gain: float) -> None:
        """Factor on a modality, or on the commands of an actuator (-1 reverses it). Lasts over resets."""
        self._body.set_gain(name, gain)

    def set_word(self, name: str, word: int) -> None:
        """Say word number `word` of the vocabulary `name`, from the next observation on; -1 is silence."""
        self._body.set_word(name, word)

    def replace_body(self, mjcf: str | os.PathLike[str]) -> None:
        """Go on with a body that has grown or changed: the same elements in another shape, as `Body` takes it.

        Joints keep positions and velocities. Raises BodyError, and keeps the old body, when the structure differs.
        """
        self._body.replace_body(os.fspath(mjcf))

    def taxels(self, skin: str = "skin") -> dict[str, Any]:
        """Places of a skin, one taxel a row in the order of its numbers.

        geom, body: lists of names; place, normal: (n, 3) in the frame of the geom's body, m; world: (n, 3) in the
        world's frame at the last observation, m.
        """
        return self._body.taxels(skin)

    def receptors(self, retina: str = "retina") -> dict[str, Floats]:
        """Receptors of a retina: direction (n, 3), unit vectors in the eye's frame with the gaze along -z, and spacing
        (n,), degrees to the neighbours."""
        return self._body.receptors(retina)

    def __str__(self) -> str:
        return self._body.words()
