"""A Psych-DS dataset: a community standard for behavioural data (https://psych-ds.github.io, schema 1.5)."""

from __future__ import annotations

import json
import shlex
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..reader import Run
from ..study import Study
from .codebook import write_json
from .long_table import ExportTable
from .writers import write_csv

README = """# {title}

{description}

Written by Infans {version} from the record of `{name}`{protocol}. Every row is synthetic: participants are simulated.

| file in data/ | rows | what |
|---|---|---|
{files}

A row is identified by {keys}. An empty cell: there was nothing to measure. `documentation/codebook.json` has unit and
meaning of every column, `materials/study.toml` the study's file{options}. With Infans {version} anybody can run it
again:

```
{command}
```
"""
KEYS = {
    "participants": "`participant`",
    "samples": "`participant` and `sample`",
    "signals": "`participant` and `sample`",
    "decisions": "`agent`, `episode` and `index`",
    "episodes": "`agent` and `episode`",
}
TECHNIQUE = "simulation with Infans"
MATERIALS = {"study.toml": "spec_toml", "options.toml": "options_toml", "request.toml": "request"}


def command_of(record: Study | Run) -> str:
    """What runs the study again: with the settings, agents, seed and participants that its command line had."""
    asked = tomllib.loads(record.attrs.get("request", ""))  # a run has none, but all options in its file
    words = ["infans", "run", "materials/study.toml"]
    for key, value in asked.get("settings", []):
        words += ["--set", f"{key}={value}"]
    agents = len(record.agents) if isinstance(record, Run) else asked.get("agents")
    words += [] if agents is None else ["--agents", str(agents)]
    words += ["--seed", str(asked.get("seed", record.attrs["seed"]))]
    if isinstance(record, Study):
        numbers = record.participants.numbers
        designed = sum(cell.get("participants", 0) for cell in record.design["cells"])
        words += ["--participants", *map(str, numbers)] if numbers and len(numbers) < designed else []
    return shlex.join(words)


def label(text: str) -> str:
    """A value of a keyword in a file's name: letters and digits only."""
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in text).split()
    return "".join([*words[:1], *(w[:1].upper() + w[1:] for w in words[1:])]) or "unnamed"


def file_name(study: str, table: ExportTable) -> str:
    """KEY-VALUE_KEY-VALUE_data.csv, with official keywords only."""
    name, trials = table.name, "trials_"
    last = f"task-{label(name[len(trials) :])}" if name.startswith(trials) else f"description-{label(name)}"
    return f"study-{label(study)}_{last}_data.csv"


def write_psych_ds(
    record: Study | Run, tables: Sequence[ExportTable], folder: Path, tick: Callable[[int], None]
) -> None:
    """Data, metadata, codebook and the study's file."""
    name = record.attrs["spec_name"]
    for part in ("data", "documentation", "materials"):
        (folder / part).mkdir()
    names = {table.name: file_name(name, table) for table in tables}
    for table in tables:
        write_csv(table, folder / "data" / names[table.name], tick)
    write_json(tables, folder / "documentation")
    for file, attribute in MATERIALS.items():
        if attribute in record.attrs:
            (folder / "materials" / file).write_text(record.attrs[attribute], encoding="utf-8")
    (folder / ".psychds-ignore").write_text("documentation/\nmaterials/\n", encoding="utf-8")  # not data: not checked
    about = json.dumps(_description(record, tables), indent=1, ensure_ascii=False)
    (folder / "dataset_description.json").write_text(about + "\n", encoding="utf-8")
    (folder / "README.md").write_text(_readme(record, tables, names), encoding="utf-8")
    (folder / "CHANGES.md").write_text("# Changes\n\n1.0.0: as exported.\n", encoding="utf-8")


def is_ours(folder: Path) -> bool:
    """Whether it holds a dataset that `write_psych_ds` wrote; what others put into data/ is not taken away."""
    try:
        about = json.loads((folder / "dataset_description.json").read_text(encoding="utf-8"))
        return str(about.get("measurementTechnique", "")).startswith(TECHNIQUE)
    except (OSError, ValueError, AttributeError):
        return False


def _summary(record: Study | Run) -> str:
    about = record.spec.get("study", {})
    return about.get("summary") or f"A simulation with Infans: {record.attrs['spec_name']}"


def _description(record: Study | Run, tables: Sequence[ExportTable]) -> dict[str, Any]:
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": record.attrs["spec_name"],
        "description": _summary(record),
        "version": "1.0.0",
        "keywords": ["developmental science", "simulation", "active inference"],
        "measurementTechnique": f"{TECHNIQUE} {record.attrs['infans_version']}",
        "variableMeasured": _variables(tables),
    }


def _variables(tables: Sequence[ExportTable]) -> list[dict[str, Any]]:
    """Every column once; where tables mean different things by a name, all of them."""
    merged: dict[str, dict[str, Any]] = {}
    meanings: dict[str, dict[str, list[str]]] = {}
    for table in tables:
        for v in table.variables:
            entry = merged.setdefault(v.name, {"@type": "PropertyValue", "name": v.name})
            if v.unit:
                entry.setdefault("unitText", v.unit)
            if v.levels:
                entry["valueReference"] = list(v.levels)
            meanings.setdefault(v.name, {}).setdefault(v.doc, []).append(table.name)
    for name, docs in meanings.items():
        only = len(docs) == 1
        merged[name]["description"] = "; ".join(d if only else f"{', '.join(t)}: {d}" for d, t in docs.items() if d)
    return [{k: v for k, v in entry.items() if v != ""} for entry in merged.values()]


def _readme(record: Study | Run, tables: Sequence[ExportTable], names: dict[str, str]) -> str:
    keys = [KEYS.get(t.name, "`participant`, `occasion` and `trial`") for t in tables]
    protocol = record.attrs.get("protocol")
    return README.format(
        title=record.attrs["spec_name"],
        description=_summary(record),
        version=record.attrs["infans_version"],
        name=record.attrs["spec_name"],
        protocol=f", protocol `{protocol}`" if protocol else "",
        files="\n".join(f"| {names[t.name]} | {t.rows} | {t.doc} |" for t in tables),
        keys="; ".join(f"{key} in {names[t.name]}" for key, t in zip(keys, tables, strict=True)),
        options=", `materials/options.toml` every option before groups, factors and stages change it"
        if "options_toml" in record.attrs
        else "",
        command=command_of(record),
    )
