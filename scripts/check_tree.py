#!/usr/bin/env python3
"""Keeps the house of Infans: folders, include directions, one owner per library, determinism, sizes.

Usage: scripts/check_tree.py [ROOT]      (default: this checkout)

Prints one line per finding, `file:line: rule: what. Remedy.`, and exits with 1 if there is any.
The rules are the tables below; where the house itself should change, change DESIGN section 3 and the table together.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOMS: dict[str, set[str] | None] = {  # None: free inside
    "core": {"base", "random", "config", "kernels", "parallel", "model", "inference"},
    "agents": {"planning", "habit", "reflex", "drives", "sampling", "baselines"},
    "envs": {"api", "mujoco", "bodies", "worlds", "analytic"},
    "experiments": {"run", "record", "protocols", "benchmarks", "configs", "analyses"},
    "bindings": {"cpp", "infans"},
    "scripts": None,
    "tests": {"closed_form", "plain_twin", "peer", "stored", "property", "crash", "threads", "python", "packaging"},
}
MOVE = "Move it, or add it to DESIGN section 3 and here"
DOT_FOLDERS = {".ci", ".github"}
NOT_OURS = {".git", ".venv", "build", "runs", "dist", "__pycache__"}  # skipped outside a git checkout

# core: a room may include itself and every room of a lower layer.
CORE_LAYERS = {"base": 0, "random": 1, "config": 1, "kernels": 2, "parallel": 2, "model": 3, "inference": 4}
# The other folders: prefixes that their files may include.
MAY_INCLUDE = {
    "envs/api": ("core/", "envs/api/"),
    "envs": ("core/", "envs/"),
    "agents": ("core/", "envs/api/", "agents/"),
    "experiments": ("core/", "envs/", "agents/", "experiments/"),
    "bindings": ("core/", "envs/", "agents/", "experiments/", "bindings/"),
    "tests": tuple(f"{folder}/" for folder in ROOMS),
}

CPP = {".cpp", ".hpp", ".h", ".cc", ".hh", ".c", ".inl", ".ipp"}
COUNTED = CPP | {".py", ".cmake", ".sh", ""}  # "": scripts without an ending
MAX_LINES = 600


class Rule(NamedTuple):
    name: str
    pattern: re.Pattern[str]
    where: tuple[str, ...]  # the only places where it may stand (owners), or the places where it is banned
    owner: bool
    remedy: str
    view: str = "code"  # code: no comments, no strings; text: no comments


def owned(name: str, pattern: str, where: tuple[str, ...], remedy: str, view: str = "text") -> Rule:
    return Rule(name, re.compile(pattern), where, True, remedy, view)


def banned(name: str, pattern: str, where: tuple[str, ...], remedy: str, view: str = "code") -> Rule:
    return Rule(name, re.compile(pattern), where, False, remedy, view)


LIBRARY = ("core/", "agents/", "envs/")
CPP_RULES = [
    owned("owner-hdf5", r'#\s*include\s*[<"](?:hdf5(?:_hl)?|H5\w+)\.h', ("experiments/record/",),
          "Only experiments/record knows HDF5: go through its interface"),
    owned("owner-mujoco", r'#\s*include\s*[<"]mujoco[/.]', ("envs/mujoco/",),
          "Only envs/mujoco knows MuJoCo: go through envs/api"),
    owned("owner-openmp", r'#\s*include\s*[<"]omp\.h|#\s*pragma\s+omp\b|_Pragma\s*\(\s*"omp\b', ("core/parallel/",),
          "Only core/parallel knows OpenMP: use its tiles and ordered sums"),
    owned("owner-pybind11", r'#\s*include\s*[<"]pybind11/', ("bindings/cpp/",), "Bind it in bindings/cpp"),
    owned("owner-isa", r'#\s*include\s*[<"](?:\w*intrin|arm_neon|arm_sve)\.h|\b_mm\d*_\w+|\b__builtin_ia32_\w+'
          r'|\btarget(?:_clones)?\s*\(\s*"|-m(?:arch=|avx|fma|sse)',
          ("core/kernels/",), "Instruction sets belong in core/kernels, each beside a plain twin"),
    banned("terminal", r"\bstd::(?:exit|quick_exit|_Exit|abort|terminate|cout|cerr|clog|f?printf|puts|print(?:ln)?)\b"
           r"|(?<![\w.>:])(?:f|v|vf)?printf\s*\(|(?<![\w.>:])f?puts\s*\(|^\s*(?:::)?(?:exit|abort|_exit|_Exit)\s*\(",
           (*LIBRARY, "experiments/record/", "experiments/protocols/"),
           "The library throws a typed error (core/base/error.hpp) or returns; only experiments/run speaks"),
    banned("determinism", r"\b(?:std::)?(?:mt19937(?:_64)?|minstd_rand0?|default_random_engine|random_device"
           r"|system_clock|high_resolution_clock)\b|\bstd::(?:s?rand|random_shuffle|time)\b"
           r"|(?<![\w.>:])s?rand\s*\(|\bstd::\w+_distribution\b",
           LIBRARY, "Use a keyed stream of core/random; nothing may depend on the clock or on the standard library"),
]
FLAG_RULES = [
    owned("owner-isa", r"-m(?:arch=|avx|fma|sse|tune=|cpu=)", ("core/CMakeLists.txt", "core/kernels/"),
          "Instruction sets belong in core/kernels, each beside a plain twin"),
    owned("fast-math", r"-ffast-math|-Ofast|-funsafe-math|-fassociative-math|-ffp-contract=(?!off)", (),
          "Same bits on every machine: take the flag out"),
]
# Spelt in pieces, so that this line does not find itself.
ROOTS = "|".join(["home", "root", "Users", "work", "mnt"])
MACHINE_PATH = re.compile(rf"(?<![\w.}}$~)/-])/(?:{ROOTS})/[\w.-]|\b[A-Z]:\\Users\\")
INCLUDE = re.compile(r'#\s*include\s*([<"])([^">]+)[">]')
TOKEN = re.compile(
    r'R"(?P<d>[^()\\\s]{0,16})\(.*?\)(?P=d)"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Za-z_])\'(?:\\.|[^\'\\\n])+\'|//[^\n]*|/\*.*?\*/',
    re.S,
)


class Finding(NamedTuple):
    path: str
    line: int
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.text}."


def files_of(root: Path) -> list[str]:
    """What git tracks or would track; outside a checkout, every file."""
    if (root / ".git").exists():
        listed = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True, capture_output=True, text=True,
        ).stdout.split("\0")
        return sorted(name for name in set(listed) if name and (root / name).is_file())
    names = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return sorted(str(name) for name in names if not NOT_OURS & set(name.parts))


def blanked(text: str, strings: bool) -> str:
    """C++ with its comments (and, if asked, its literals) replaced by blanks; line numbers stay."""

    def blank(match: re.Match[str]) -> str:
        token = match.group()
        if not strings and not token.startswith(("//", "/*")):
            return token
        return re.sub(r"[^\n]", " ", token)

    return TOKEN.sub(blank, text)


def matches(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if match := pattern.search(line):
            yield number, match.group().strip()


def room_of(path: str) -> str:
    parts = path.split("/")
    return "/".join(parts[:2]) if len(parts) > 2 else parts[0]


def include_allowed(path: str, included: str) -> bool:
    room, target = room_of(path), room_of(included)
    if path.startswith("core/"):
        layer, lower = CORE_LAYERS.get(room[5:]), CORE_LAYERS.get(target[5:])
        if not included.startswith("core/") or layer is None or lower is None:
            return False
        return room == target or lower < layer
    allowed = MAY_INCLUDE.get(room) or MAY_INCLUDE.get(path.split("/")[0], ())
    return included.startswith(allowed)


def check_house(path: str) -> Iterator[Finding]:
    parts = path.split("/")
    if len(parts) == 1:
        return
    top = parts[0]
    if top.startswith("."):
        if top not in DOT_FOLDERS:
            yield Finding(path, 1, "house", f"dot-folder '{top}' is not of the house. {MOVE}")
    elif top not in ROOMS:
        yield Finding(path, 1, "house", f"top-level folder '{top}' is not of the house. Use one of: {', '.join(ROOMS)}")
    elif ROOMS[top] is not None and len(parts) > 2 and parts[1] not in ROOMS[top]:
        rooms = ", ".join(sorted(ROOMS[top]))
        yield Finding(path, 1, "house", f"'{top}/{parts[1]}' is no room ({rooms}). {MOVE}")


def check_includes(path: str, text: str) -> Iterator[Finding]:
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.search(line)
        if not match:
            continue
        quote, included = match.groups()
        top = included.split("/")[0]
        if top not in ROOMS or "/" not in included:
            if quote == '"':
                yield Finding(path, number, "include-path",
                              f'"{included}" is not root-relative. Write "core/base/...", or <...> for a library')
        elif top == "tests" and not path.startswith("tests/"):
            yield Finding(path, number, "direction", f"{included}: nothing includes tests. Move the code into its room")
        elif not include_allowed(path, included):
            yield Finding(path, number, "direction", f"{room_of(path)} must not include {included}. "
                          "Pass it in from above, or move the code down (DESIGN section 3)")


def check_rules(path: str, views: dict[str, str], rules: list[Rule]) -> Iterator[Finding]:
    for rule in rules:
        if path.startswith(rule.where) == rule.owner:
            continue
        for number, found in matches(rule.pattern, views[rule.view]):
            yield Finding(path, number, rule.name, f"'{found}' does not belong here. {rule.remedy}")


def check_file(root: Path, path: str) -> Iterator[Finding]:
    yield from check_house(path)
    try:
        text = (root / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    name = Path(path)
    ending = Path(name.stem).suffix if name.suffix == ".in" else name.suffix
    lines = text.count("\n") + (not text.endswith("\n") and bool(text))
    if ending in COUNTED and path != "LICENSE" and lines > MAX_LINES:
        yield Finding(path, lines, "length", f"{lines} lines, more than {MAX_LINES}. Split it by what it is about")
    for number, found in matches(MACHINE_PATH, text):
        yield Finding(path, number, "machine-path", f"'{found}...' is a path of one machine. Make it relative")
    if ending in CPP:
        views = {"text": blanked(text, strings=False), "code": blanked(text, strings=True)}
        yield from check_includes(path, views["text"])
        yield from check_rules(path, views, CPP_RULES)
    elif ending == ".cmake" or name.name in ("CMakeLists.txt", "CMakePresets.json", "pyproject.toml"):
        bare = re.sub(r"#[^\n]*", "", text)
        yield from check_rules(path, {"text": bare, "code": bare}, FLAG_RULES)


def check_tree(root: Path) -> tuple[int, list[Finding]]:
    files = files_of(root)
    return len(files), [finding for path in files for finding in check_file(root, path)]


def main(arguments: list[str]) -> int:
    if any(argument in ("-h", "--help") for argument in arguments):
        print(__doc__.strip())
        return 0
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent
    if not root.is_dir():
        print(f"check_tree: {root} is no folder", file=sys.stderr)
        return 2
    count, findings = check_tree(root)
    for finding in findings:
        print(finding)
    print(f"check_tree: {count} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
