"""Records that the tests read; an uninstalled package is taken from the source tree."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
if importlib.util.find_spec("infans") is None:
    sys.path.insert(0, str(HERE.parents[1] / "bindings"))

import make_example  # noqa: E402
import make_study  # noqa: E402


@pytest.fixture(scope="session")
def record(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """record(NAME): path of the variant NAME, written once a session."""
    folder = tmp_path_factory.mktemp("records")
    return lambda name: (
        path if (path := folder / f"{name}.h5").exists() else make_example.write(path, make_example.VARIANTS[name])
    )


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """study(NAME): path of the variant NAME of a study's record, written once a session."""
    folder = tmp_path_factory.mktemp("studies")
    return lambda name: (
        path if (path := folder / f"{name}.h5").exists() else make_study.write(path, make_study.VARIANTS[name])
    )
