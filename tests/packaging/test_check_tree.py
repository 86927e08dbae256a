"""scripts/check_tree.py finds a planted violation of each rule, and nothing in a tree without one."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHECKER = ROOT / "scripts" / "check_tree.py"
HOME = "/" + "home/someone/data.h5"

GOOD = {
    "CMakeLists.txt": "project(x)\n",
    "core/CMakeLists.txt": 'set(flags "-march=x86-64-v3")\n',
    "core/base/error.hpp": "// std::cout in a comment, and '\"' in quotes\n#include <string>\nint snprintf_is_fine;\n",
    "core/random/stream.cpp": '#include "core/base/error.hpp"\nconst char* text = "std::mt19937 /* not a comment";\n',
    "core/kernels/wide.cpp": "#include <immintrin.h>\nauto zero = _mm256_setzero_pd();\n",
    "core/parallel/tiles.cpp": "#include <omp.h>\n#pragma omp parallel for\n",
    "core/inference/settle.cpp": '#include "core/kernels/wide.hpp"\n#include "core/model/hierarchy.hpp"\n',
    "envs/api/environment.hpp": '#include "core/random/stream.hpp"\n',
    "envs/mujoco/world.cpp": '#include <mujoco/mujoco.h>\n#include "envs/api/environment.hpp"\n',
    "agents/planning/planner.cpp": '#include "core/inference/settle.hpp"\n#include "envs/api/environment.hpp"\n',
    "experiments/record/recorder.cpp": '#include <hdf5.h>\n#include "agents/agent.hpp"\n',
    "experiments/run/cli.cpp": '#include <iostream>\nvoid f() { std::cout << 1\'000 << "x"; }\n',
    "bindings/cpp/module.cpp": '#include <pybind11/pybind11.h>\n#include "experiments/run/cli.hpp"\n',
    "tests/peer/test_x.cpp": '#include "agents/agent.hpp"\n',
    "README.md": "See scripts/home/x and $HOME/home/x.\n",
}

# rule, file, text
PLANTED = [
    ("house", "docs/index.md", "words\n"),
    ("house", "core/extras/a.hpp", "\n"),
    ("house", ".vscode/settings.json", "{}\n"),
    ("include-path", "core/base/a.cpp", '#include "error.hpp"\n'),
    ("include-path", "core/base/a.cpp", '#include "../base/error.hpp"\n'),
    ("direction", "core/base/a.cpp", '#include "core/random/stream.hpp"\n'),
    ("direction", "core/config/a.cpp", '#include "core/random/stream.hpp"\n'),
    ("direction", "core/model/a.cpp", '#include "core/inference/settle.hpp"\n'),
    ("direction", "core/inference/a.cpp", '#include "envs/api/environment.hpp"\n'),
    ("direction", "envs/analytic/a.cpp", '#include "agents/agent.hpp"\n'),
    ("direction", "envs/api/a.cpp", '#include "envs/mujoco/world.hpp"\n'),
    ("direction", "agents/habit/a.cpp", '#include "envs/mujoco/world.hpp"\n'),
    ("direction", "agents/agent.cpp", "#include <experiments/run/cli.hpp>\n"),
    ("direction", "experiments/run/a.cpp", '#include "bindings/cpp/module.hpp"\n'),
    ("direction", "experiments/run/a.cpp", '#include "tests/helper.hpp"\n'),
    ("direction", "bindings/cpp/a.cpp", '#include "tests/helper.hpp"\n'),
    ("owner-hdf5", "experiments/run/a.cpp", "#include <hdf5.h>\n"),
    ("owner-hdf5", "tests/crash/a.cpp", "#include <hdf5_hl.h>\n"),
    ("owner-mujoco", "envs/worlds/a.cpp", "#include <mujoco/mujoco.h>\n"),
    ("owner-openmp", "core/inference/a.cpp", "#include <omp.h>\n"),
    ("owner-openmp", "agents/agent.cpp", "#pragma omp parallel for\n"),
    ("owner-openmp", "agents/agent.cpp", '_Pragma("omp simd")\n'),
    ("owner-pybind11", "experiments/run/a.cpp", "#include <pybind11/pybind11.h>\n"),
    ("owner-isa", "core/model/a.cpp", "#include <immintrin.h>\n"),
    ("owner-isa", "core/model/a.cpp", "auto x = _mm256_set1_pd(1);\n"),
    ("owner-isa", "agents/a.cpp", '__attribute__((target("avx2"))) void f();\n'),
    ("owner-isa", "agents/CMakeLists.txt", "target_compile_options(x PRIVATE -mavx2)\n"),
    ("owner-isa", "scripts/cmake/More.cmake", "add_compile_options(-march=native)\n"),
    ("fast-math", "core/CMakeLists.txt", "add_compile_options(-ffast-math)\n"),
    ("terminal", "core/base/a.cpp", "void f() { std::exit(1); }\n"),
    ("terminal", "agents/a.cpp", "void f() {\n  abort();\n}\n"),
    ("terminal", "envs/api/a.cpp", 'void f() { printf("x"); }\n'),
    ("terminal", "envs/api/a.cpp", "void f() { std::cerr << 1; }\n"),
    ("terminal", "experiments/record/a.cpp", "void f() { std::cout << 1; }\n"),
    ("determinism", "core/base/a.cpp", "int x = std::rand();\n"),
    ("determinism", "agents/a.cpp", "std::mt19937 generator;\n"),
    ("determinism", "envs/api/a.cpp", "std::random_device device;\n"),
    ("determinism", "envs/api/a.cpp", "std::normal_distribution<double> normal;\n"),
    ("determinism", "core/base/a.cpp", "auto now = std::chrono::system_clock::now();\n"),
    ("length", "agents/a.cpp", "\n" * 601),
    ("length", "scripts/long", "\n" * 601),
    ("machine-path", "README.md", f"Data in {HOME}\n"),
    ("machine-path", "experiments/configs/a.toml", f'file = "{HOME}"\n'),
]


def plant(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def check(root: Path) -> tuple[int, list[str]]:
    done = subprocess.run([sys.executable, str(CHECKER), str(root)], capture_output=True, text=True)
    assert not done.stderr
    return done.returncode, done.stdout.splitlines()


def test_a_good_tree_has_no_finding(tmp_path: Path) -> None:
    plant(tmp_path, GOOD)
    code, lines = check(tmp_path)
    assert lines == [f"check_tree: {len(GOOD)} files, 0 findings"]
    assert code == 0


@pytest.mark.parametrize(("rule", "name", "text"), PLANTED)
def test_a_planted_violation_is_found(tmp_path: Path, rule: str, name: str, text: str) -> None:
    plant(tmp_path, GOOD)
    plant(tmp_path, {name: text})
    code, lines = check(tmp_path)
    findings = lines[:-1]
    assert len(findings) == 1, lines
    where, line, found, remedy = findings[0].split(":", 3)
    assert (where, found.strip()) == (name, rule)
    assert int(line) >= 1 and len(remedy) > 20
    assert code == 1


def test_a_checkout_is_what_git_tracks(tmp_path: Path) -> None:
    plant(tmp_path, GOOD | {".gitignore": "/out/\n", "out/x.cpp": f"// {HOME}\n", "docs/a.md": "words\n"})
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    code, lines = check(tmp_path)
    assert code == 1
    assert [line.split(":")[0] for line in lines[:-1]] == ["docs/a.md"]


def test_the_checker_passes_its_own_rules(tmp_path: Path) -> None:
    plant(tmp_path, {"scripts/check_tree.py": CHECKER.read_text(),
                     "tests/packaging/test_check_tree.py": Path(__file__).read_text()})
    code, lines = check(tmp_path)
    assert code == 0, lines
