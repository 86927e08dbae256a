"""Bodies and tasks as Gymnasium environments, stepped in C++.

    import gymnasium, infans                                   # importing infans registers the ids
    env = gymnasium.make("infans/HalfCheetah-v5")              # Gymnasium's task, equal to the last bit
    envs = gymnasium.make_vec("infans/HalfCheetah-v5", 64)     # a pool of bodies on all processors
    env.unwrapped.set_state(qpos, qvel)                        # from one state on, the reference's own numbers
    env = gymnasium.make("infans/infant-supine-v0", age_months=3, senses=["proprioception", "skin"])

Infants and shipped bodies have no reward and no end; `infans.Body` is any body with any senses. The bodies of the
literature's tasks are read from the installed package of their reference: `pip install "gymnasium[mujoco]"` or
`pip install dm_control`. Starts have the reference's distributions; their numbers are a function of the seed and of
the count of episodes since it was given.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from numpy.typing import ArrayLike, NDArray

from .tasks import TASKS, register

Option = bool | int | float | str | Sequence[str]

__all__ = ["TASKS", "TaskEnv", "TaskVectorEnv", "World", "register"]


def assets_of(task: str) -> str:
    """Folder of the MJCF files that the task reads, "" when it reads none."""
    from . import _infans

    info = next((info for info in _infans.task_infos() if info["id"] == task), None)
    if info is None or not info["package"]:
        return ""  # the library refuses an unknown task by its nearest name
    package = info["package"]
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        wanted = '"gymnasium[mujoco]"' if package == "gymnasium" else package
        raise gymnasium.error.DependencyNotInstalled(
            f"infans/{task} reads its body from the package {package}, which is not installed: pip install {wanted}"
        )
    return str(Path(spec.submodule_search_locations[0]) / info["folder"])


def _spaces(info: dict[str, Any]) -> tuple[gymnasium.spaces.Box, gymnasium.spaces.Box]:
    """Observation and action space of one body."""
    dtype = np.float32 if info["single_commands"] else np.float64
    low, high = info["command_low"].astype(dtype), info["command_high"].astype(dtype)
    observation = gymnasium.spaces.Box(-np.inf, np.inf, (info["observation_size"],), np.float64)
    return observation, gymnasium.spaces.Box(low, high, dtype=dtype)


class TaskEnv(gymnasium.Env):
    """One body with a task.

    observation_space: the reference's numbers in its order, float64, SI units; `modalities` names the slices.
    action_space: the reference's, in the task's own units, not clipped; a float64 action of a Gymnasium task is rounded
    to the space's float32. Bodies without a reference (infans/infant-supine-v0) take commands in [-1, 1], clipped.
    options: of the task itself, e.g. age_months and senses of an infant; `info["options"]` documents them.
    Raises gymnasium.error.DependencyNotInstalled when the package with the body is not installed; a step raises
    infans.SimulationError when the body leaves the numbers.
    """

    metadata: dict[str, Any] = {"render_modes": []}

    def __init__(self, task: str, render_mode: str | None = None, **options: Option) -> None:
        from . import _infans

        if render_mode is not None:
            raise ValueError(f"render_mode is {render_mode!r}; the task draws no pictures: leave it out")
        self._body = _infans.TaskBody(task, assets_of(task), options)
        self.info: dict[str, Any] = self._body.info
        self.metadata = {"render_modes": [], "render_fps": round(1.0 / self.info["control_period"])}
        self.render_mode = None
        self.observation_space, self.action_space = _spaces(self.info)
        self._seed: int | None = None
        self._episode = 0

    @property
    def modalities(self) -> dict[str, tuple[str, slice]]:
        """name -> (unit, slice of the observation)."""
        return {name: (unit, slice(at, at + size)) for name, unit, at, size in self.info["modalities"]}

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float64], dict[str, Any]]:
        super().reset(seed=seed)
        if seed is not None:
            self._seed, self._episode = seed, 0
        elif self._seed is None:
            self._seed = int(self.np_random.integers(2**63))
        observation = self._body.reset(self._seed, self._episode)
        self._episode += 1
        return observation, {}

    def step(self, action: ArrayLike) -> tuple[NDArray[np.float64], float, bool, bool, dict[str, Any]]:
        command = np.asarray(action)
        if command.shape != self.action_space.shape:
            raise ValueError(f"the action has the shape {command.shape}; it must have {self.action_space.shape}")
        observation, reward, terminated = self._body.step(command)
        return observation, reward, terminated, False, {}

    def set_state(self, qpos: ArrayLike, qvel: ArrayLike) -> None:
        """Put the body at positions and velocities as MuJoCo counts them; the rest is as after a reset.

        dmc-reacher and tip-reacher also take 4 positions: the target's x and y (m) follow the joints.
        """
        self._body.set_state(np.asarray(qpos, float), np.asarray(qvel, float))

    def save(self) -> NDArray[np.float64]:
        """The whole state; `restore` of it and the same actions give the same bits."""
        return self._body.save()

    def restore(self, state: NDArray[np.float64]) -> None:
        self._body.restore(state)


class TaskVectorEnv(gymnasium.vector.VectorEnv):
    """Many bodies of a task, stepped by `threads` threads [0: all processors]; equal to as many TaskEnv.

    max_episode_steps: episodes are truncated there [None: never]. autoreset_mode: as in SyncVectorEnv.
    reset(seed=s) gives body i the seed s + i; options={"reset_mask": mask} resets some of them.
    """

    def __init__(
        self,
        task: str,
        num_envs: int = 1,
        *,
        max_episode_steps: int | None = None,
        threads: int = 0,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
        **options: Option,
    ) -> None:
        from . import _infans

        if render_mode is not None:
            raise ValueError(f"render_mode is {render_mode!r}; the task draws no pictures: leave it out")
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        names = {
            AutoresetMode.NEXT_STEP: "next_step",
            AutoresetMode.SAME_STEP: "same_step",
            AutoresetMode.DISABLED: "disabled",
        }
        self._pool = _infans.TaskPool(
            task, assets_of(task), options, num_envs, threads, max_episode_steps or 0, names[self.autoreset_mode]
        )
        self.info: dict[str, Any] = self._pool.info
        self.num_envs = num_envs
        self.metadata = {
            "render_modes": [],
            "render_fps": round(1.0 / self.info["control_period"]),
            "autoreset_mode": self.autoreset_mode,
        }
        self.render_mode = None
        self.single_observation_space, self.single_action_space = _spaces(self.info)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._seeded = np.zeros(num_envs, bool)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[NDArray[np.float64], dict[str, Any]]:
        super().reset(seed=seed if isinstance(seed, int) else None)
        mask = np.ones(self.num_envs, bool)
        if options and "reset_mask" in options:
            mask = np.asarray(options["reset_mask"])
            if mask.shape != (self.num_envs,) or mask.dtype != bool or not mask.any():
                raise ValueError(f"reset_mask must be a bool array of shape ({self.num_envs},) with a True in it")
        if seed is None:
            seeds: list[int | None] = [None] * self.num_envs
        elif isinstance(seed, int | np.integer):
            seeds = [int(seed) + i for i in range(self.num_envs)]
        else:
            seeds = list(seed)
        if len(seeds) != self.num_envs:
            raise ValueError(f"{len(seeds)} seeds for {self.num_envs} environments")
        for i in np.flatnonzero(~self._seeded & mask):
            if seeds[i] is None:
                seeds[i] = int(self.np_random.integers(2**63))
        given = mask & np.array([s is not None for s in seeds])
        numbers = np.array([0 if s is None else s for s in seeds], np.uint64)
        self._seeded |= given
        observations = None
        if given.any():
            observations = self._pool.reset(numbers, given)
        if (mask & ~given).any():
            observations = self._pool.reset(np.zeros(0, np.uint64), mask & ~given)
        return observations, {}

    def step(
        self, actions: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        commands = np.asarray(actions)
        if commands.shape != self.action_space.shape:
            raise ValueError(f"the actions have the shape {commands.shape}; they must have {self.action_space.shape}")
        observations, rewards, terminated, truncated, final = self._pool.step(commands)
        infos: dict[str, Any] = {}
        if final is not None:
            for i in np.flatnonzero(terminated | truncated):
                infos = self._add_info(infos, {"final_obs": final[i], "final_info": {}}, i)
        return observations, rewards, terminated, truncated, infos

    def set_state(self, qpos: ArrayLike, qvel: ArrayLike) -> None:
        """Put body i at row i of qpos and qvel, as TaskEnv.set_state does."""
        positions, velocities = np.asarray(qpos, float), np.asarray(qvel, float)
        if len(positions) != self.num_envs or len(velocities) != self.num_envs:
            raise ValueError(f"one row for each of {self.num_envs} environments is needed")
        for i in range(self.num_envs):
            self._pool.set_state(i, positions[i], velocities[i])


class _Inner:
    """What the library calls: flat float64 observations, commands in [-1, 1]."""

    def __init__(self, env: gymnasium.Env) -> None:
        self.env = env

    def reset(self, seed: int) -> NDArray[np.float64]:
        return self._flat(self.env.reset(seed=seed)[0])

    def step(self, command: NDArray[np.float64]) -> tuple[NDArray[np.float64], float, bool]:
        space = self.env.action_space
        low, high = np.asarray(space.low, float), np.asarray(space.high, float)
        action = low + 0.5 * (command.reshape(space.shape) + 1.0) * (high - low)
        observation, reward, terminated, truncated, _ = self.env.step(action.astype(space.dtype))
        # A life has limits of its own; the environment's own time limit ends the episode as its goal does.
        return self._flat(observation), float(reward), bool(terminated or truncated)

    def set_state(self, qpos: NDArray[np.float64], qvel: NDArray[np.float64]) -> None:
        self.env.unwrapped.set_state(qpos, qvel)

    def _flat(self, observation: Any) -> NDArray[np.float64]:
        return np.asarray(gymnasium.spaces.flatten(self.env.observation_space, observation), float)


class World:
    """Any Gymnasium environment as a world of the library: the slow path, through Python at every step.

        world = infans.envs.World(gymnasium.make("Pendulum-v1"))
        observation = world.reset(seed=1)
        observation, reward, terminated = world.step([0.5])       # commands in [-1, 1]

    The action space must be a bounded Box; observations of any space are flattened. control_period: s between two
    commands [1 / render_fps of the environment, else 1]. joints: "slide" (m) or "hinge" (rad) of each joint when the
    observation begins with the joints' positions, then their velocities; `infans.run(study, world=...)` needs them.
    An error of the environment is infans.SimulationError.
    """

    def __init__(
        self,
        env: gymnasium.Env,
        *,
        name: str | None = None,
        control_period: float | None = None,
        joints: Sequence[str] = (),
    ) -> None:
        from . import _infans

        space = env.action_space
        if not isinstance(space, gymnasium.spaces.Box) or not space.is_bounded():
            raise ValueError(f"the action space is {space}; a world needs a Box with finite limits")
        if control_period is None:
            control_period = 1.0 / env.metadata.get("render_fps", 1)
        if name is None:
            name = env.spec.id if env.spec else type(env.unwrapped).__name__
        size = gymnasium.spaces.flatdim(env.observation_space)
        self._world = _infans.PythonWorld(
            name, _Inner(env), size, int(np.prod(space.shape)), control_period, list(joints)
        )
        self._seed, self._episode = 0, 0

    def reset(self, *, seed: int | None = None) -> NDArray[np.float64]:
        if seed is not None:
            self._seed, self._episode = seed, 0
        observation = self._world.reset(self._seed, self._episode)
        self._episode += 1
        return observation

    def step(self, command: ArrayLike) -> tuple[NDArray[np.float64], float, bool]:
        return self._world.step(np.asarray(command, float))

    def set_state(self, qpos: ArrayLike, qvel: ArrayLike) -> None:
        self._world.set_state(np.asarray(qpos, float), np.asarray(qvel, float))
