"""Names of the tasks for Gymnasium's registry. Loads neither NumPy nor the compiled module."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

# id -> (control steps of an episode, return called solved): what Gymnasium wants to know before the compiled module
# is loaded. The library's own table says the same.
TASKS: dict[str, tuple[int, float | None]] = {
    "HalfCheetah-v5": (1000, 4800.0),
    "Hopper-v5": (1000, 3800.0),
    "Humanoid-v5": (1000, None),
    "InvertedDoublePendulum-v5": (1000, 9100.0),
    "InvertedPendulum-v5": (1000, 950.0),
    "Pusher-v5": (100, 0.0),
    "Reacher-v5": (50, -3.75),
    "Swimmer-v5": (1000, 360.0),
    "Walker2d-v5": (1000, None),
    "arm-v0": (1000, None),
    "cartpole-v0": (1000, None),
    "cartpole_dmc-v0": (1000, None),
    "cartpole_pets-v0": (1000, None),
    "cartpole_pilco-v0": (1000, None),
    "contact-search-v0": (10000, -10.0),
    "dmc-cartpole-swingup-v0": (1000, None),
    "dmc-cartpole-swingup_sparse-v0": (1000, None),
    "dmc-pendulum-swingup-v0": (1000, None),
    "dmc-reacher-easy-v0": (1000, None),
    "dmc-reacher-hard-v0": (1000, None),
    "finger-v0": (1000, None),
    "infant-seated-v0": (1000, None),
    "infant-supine-v0": (1000, None),
    "linear-cartpole-v0": (1000, None),
    "linear-modes-v0": (1000, None),
    "linear-pendulum-v0": (1000, None),
    "linear-poles-v0": (1000, None),
    "mountain-car-feef-v0": (167, 1.0),
    "mountain-car-v0": (999, 90.0),
    "pendulum-v0": (1000, None),
    "pets-cartpole-v0": (200, 180.0),
    "pilco-cartpole-v0": (25, -12.5),
    "reacher-v0": (1000, None),
    "tip-pendulum-v0": (200, -200.0),
    "tip-reacher-v0": (50, -5.0),
}


def register() -> None:
    """Add every task to Gymnasium's registry as `infans/ID`; ids that are there already stay as they are."""
    from gymnasium.envs import registration

    for task, (steps, threshold) in TASKS.items():
        if f"infans/{task}" in registration.registry:
            continue
        registration.register(
            id=f"infans/{task}",
            entry_point="infans.envs:TaskEnv",
            vector_entry_point="infans.envs:TaskVectorEnv",
            max_episode_steps=steps or None,
            reward_threshold=threshold,
            kwargs={"task": task},
        )


class _AfterGymnasium:
    """Finds gymnasium.envs as everyone does, and registers once it is loaded."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "gymnasium.envs":
            return None
        sys.meta_path.remove(self)  # type: ignore[arg-type]
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_and_register(module: ModuleType) -> None:
                load(module)
                register()

            spec.loader.exec_module = load_and_register  # type: ignore[method-assign]
        return spec


def register_with_gymnasium() -> None:
    """Register now if Gymnasium is loaded, else as soon as somebody imports it: nobody waits for what he never uses."""
    if "gymnasium.envs" in sys.modules:
        register()
    elif not any(isinstance(finder, _AfterGymnasium) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AfterGymnasium())  # type: ignore[arg-type]
