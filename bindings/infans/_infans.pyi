from collections.abc import Mapping
from typing import Any

# The classes of core/model and core/inference, once for float32 and once for float64: infans.hierarchy wraps them.
def __getattr__(name: str) -> Any: ...

class Error(Exception): ...

class OptionError(Error, ValueError):
    key: str

class FileError(Error, OSError):
    path: str

class BodyError(Error, ValueError):
    source: str

class SimulationError(Error, RuntimeError):
    world: str
    step: int

def run_cli(argv: list[str]) -> int: ...
def build_info() -> dict[str, str]: ...
def run(
    spec: str,
    out: str,
    settings: Mapping[str, str] = ...,
    *,
    agents: int | None = None,
    seed: int | None = None,
    threads: int | None = None,
    quiet: bool = False,
) -> str: ...

class SteppedLife:
    decisions: int
    episode: int
    def __init__(self, spec: str, out: str, settings: Mapping[str, str] = ..., *, seed: int | None = None) -> None: ...
    def next_step(self) -> bool: ...
    def finalize(self) -> str: ...
