"""The wheel holds the compiled module, the commands, and finds MuJoCo beside it.

It is made from build/release, whose objects it shares; with INFANS_TEST_WHEEL=1 everything is compiled again.
"""

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# What build/release was configured with, where pyproject.toml says otherwise.
SHARED = ["build-dir=build/release", "cmake.define.INFANS_BUILD_TESTS=ON", "cmake.define.INFANS_BUILD_BENCHMARKS=ON"]


def test_wheel(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    if not os.environ.get("INFANS_TEST_WHEEL"):
        command += [f"--config-settings={setting}" for setting in SHARED]
    subprocess.run([*command, "--wheel-dir", str(tmp_path / "dist"), str(ROOT)], check=True, cwd=ROOT)
    (wheel,) = (tmp_path / "dist").glob("infans-*.whl")
    # As in site-packages: infans/ and mujoco/ are neighbours, and nothing else is.
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(site)
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    assert f"infans/_infans{suffix}" in names
    assert {"infans/__init__.py", "infans/analysis/__init__.py"} <= set(names)
    assert not [name for name in names if not name.startswith(("infans/", "infans-"))]
    (entries,) = site.glob("infans-*.dist-info/entry_points.txt")
    assert "infans=infans.cli:main" in entries.read_text().replace(" ", "")
    assert "infans-report=infans.report:main" in entries.read_text().replace(" ", "")
    assert "infans-export=infans.export.command:main" in entries.read_text().replace(" ", "")
    assert "infans-replay=infans.replay.command:main" in entries.read_text().replace(" ", "")
    assert "infans-bench=infans.bench:main" in entries.read_text().replace(" ", "")
    packages = Path(sysconfig.get_path("purelib"))
    (site / "mujoco").symlink_to(packages / "mujoco")
    code = "import infans._infans as m; print(m.__file__); print(m.build_info())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(site))
