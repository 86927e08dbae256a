"""The report of a study: methods, every declared analysis with picture and table, results.json, text for a terminal."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from textwrap import indent
from typing import Any

from matplotlib import rc_context

from . import analysis, page, study_figures, study_overview
from .analysis.results import Result, TextTable, for_json
from .captions import STUDY
from .replay import film
from .series import NothingToShow
from .study import Study
from .study_text import age, counted, duration, methods

LIFE = "Life"
MANY = 60  # participants of which the table is folded


def pictures(study: Study, results: Sequence[Result]) -> dict[str, tuple[str, str, Any, Result | None]]:
    """Name of its file: title, reading aid, figure or the reason why there is none, and the analysis."""
    drawn: dict[str, tuple[str, str, Any, Result | None]] = {}
    for result in results:
        try:
            drawing = study_figures.draw(result)
        except NothingToShow as reason:
            drawing = reason
        drawn[_unused(result.name, drawn)] = result.name, STUDY.get(result.kind, ""), drawing, result
    tables = [(f"Probe: {p['name']}", STUDY["probe"], p["measures"], p["name"]) for p in study.design["probes"]]
    for title, caption, columns, probe in [*tables, (LIFE, STUDY["life"], study.design["variables"], None)]:
        shown = study_overview.overview(study, columns, probe)
        if shown:
            drawn[_unused(title, drawn)] = title, caption, study_overview.measures(shown), None
    return drawn


def _unused(name: str, taken: Mapping[str, Any]) -> str:
    slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "picture"
    return slug if slug not in taken else next(f"{slug}_{k}" for k in range(2, 999) if f"{slug}_{k}" not in taken)


def _sections(drawn: Mapping[str, tuple[str, str, Any, Result | None]]) -> list[str]:
    parts = []
    for name, (title, caption, drawing, result) in drawn.items():
        missing = isinstance(drawing, NothingToShow)
        body = page.nothing(str(drawing)) if missing else page.figure(page.svg(drawing, name))
        if not missing:
            drawing.set_layout_engine("none")  # laid out now: it need not be again for the files
        if result and not result.problem:
            body = page.said(result.sentences) + body + "".join(page.table(t.head, t.rows) for t in result.tables)
            body += "".join(page.prose(note[0].upper() + note[1:] + ".", "note") for note in result.notes)
        if result is None and title == LIFE:  # often long, and for a second look
            parts.append(page.details("Every variable of life", page.prose(caption, "caption") + body))
        else:
            parts.append(page.section(title, "" if missing else caption, body))
    return parts


def participants_table(study: Study) -> TextTable:
    """A row a participant."""
    rows = []
    for p in study.participants:
        last = p.life.array[-1] if p.life.rows else None
        wall = p.wall_seconds
        rows.append([
            str(p.number), p.cell, str(p.seed), f"{int(last[0]):,}" if last is not None else "0",
            age(float(last[1])) if last is not None else "–", duration(float(last[2])) if last is not None else "–",
            f"{wall:.1f}" if wall > 0 else "–", p.excluded or "",
        ])  # fmt: skip
    return TextTable(["participant", "group", "seed", "samples", "age", "simulated", "wall (s)", "excluded"], rows)


def wall_seconds(study: Study) -> float:
    """Wall-clock time of all lives together, s."""
    return float(sum(w for p in study.participants if (w := p.wall_seconds) > 0))


def html(study: Study, results: Sequence[Result] | None = None, drawn: Mapping | None = None) -> str:
    """The report as one self-contained page."""
    results = analysis.run(study) if results is None else results
    drawn = pictures(study, results) if drawn is None else drawn
    about = study.spec.get("study", {})
    name = study.attrs["spec_name"]
    lives = [p.life for p in study.participants]
    seconds = sum(float(life.array[-1, 2]) for life in lives if life.rows)
    oldest = max((float(life.array[-1, 1]) for life in lives if life.rows), default=math.nan)
    wall = wall_seconds(study)
    key = page.key_figures([
        ("participants", f"{len(study.participants)}"), ("excluded", f"{int((study.excluded != 0).sum())}"),
        ("samples lived", f"{int(study.committed[:, 0].sum()):,}"),
        ("oldest", "–" if math.isnan(oldest) else age(oldest)), ("life simulated", duration(seconds)),
        ("wall time, summed", duration(wall) if wall else "–"),
    ])  # fmt: skip
    version, protocol, seed = (study.attrs.get(a, "?") for a in ("infans_version", "protocol", "seed"))
    over = f"Infans {version} · {name} · {protocol} · seed {seed}"
    people = participants_table(study)
    table = page.table(people.head, people.rows)
    parts = [
        page.section("Methods", "", "".join(map(page.prose, methods(study)))), *_sections(drawn),
        page.section("Participants", "", page.details(counted(len(people.rows), "participant"), table)
                     if len(people.rows) > MANY else table),
        *_replayed(study), *_about(study),
    ]  # fmt: skip
    return page.document(about.get("summary") or name, over, _headline(study, results), key, parts)


def _replayed(study: Study) -> list[str]:
    """A film of the first participant that was kept."""
    kept = next((p for p in study.participants if p.excluded is None and "physics" in p.logs), None)
    return film.section(study, kept.number) if kept else []


def _headline(study: Study, results: Sequence[Result]) -> str:
    said = [r.sentences[0] for r in results if r.sentences]
    if said:
        return said[0]
    return "The study declares no analysis." if not results else "Nothing can be analysed yet."


def _about(study: Study) -> list[str]:
    said = {name: value for name, value in study.attrs.items() if name not in ("spec_toml", "design")}
    facts = page.table(["attribute", "value"], [[k, str(v)] for k, v in said.items()])
    return [
        page.details("The study's file", f"<pre>{escape(study.attrs['spec_toml'])}</pre>"),
        page.details("Versions", facts),
    ]


def as_json(study: Study, results: Sequence[Result]) -> dict[str, Any]:
    """results.json: every figure of every analysis; null is what is not defined, or never."""
    kept = ("spec_name", "protocol", "seed", "infans_version", "git_hash", "mujoco_version", "isa")
    return for_json({
        "study": {name: study.attrs[name] for name in kept if name in study.attrs},
        "participants": len(study.participants),
        "excluded": [{"participant": p.number, "group": p.cell, "rule": p.excluded}
                     for p in study.participants if p.excluded],
        "groups": {cell["name"]: sum(p.cell == cell["name"] for p in study.participants)
                   for cell in study.design["cells"]},
        "samples": int(study.committed[:, 0].sum()),
        "wall_seconds": wall_seconds(study),
        "analyses": [{"name": r.name, "kind": r.kind, "problem": r.problem or None, "sentences": r.sentences,
                      "notes": r.notes, "figures": r.figures} for r in results],
    })  # fmt: skip


def aligned(table: TextTable) -> str:
    """Plain text: first column left, the others right."""
    lines = [table.head, *table.rows]
    first, *rest = (max(map(len, column)) for column in zip(*lines, strict=True))
    return "\n".join(
        "  ".join([line[0].ljust(first), *(cell.rjust(w) for cell, w in zip(line[1:], rest, strict=True))]).rstrip()
        for line in lines
    )


def as_text(study: Study, results: Sequence[Result]) -> str:
    """The results for a terminal."""
    out = int((study.excluded != 0).sum())
    blocks = [f"{study.attrs['spec_name']}: {counted(len(study.participants), 'participant')}, {out} excluded"]
    for r in results:
        body = [r.problem] if r.problem else [*r.sentences[:1], *map(aligned, r.tables), *(f"({n})" for n in r.notes)]
        blocks.append(f"{r.name}\n{indent(chr(10).join(body), chr(32) * 2)}")
    return "\n\n".join(blocks)


def save_pictures(drawn: Mapping[str, tuple[str, str, Any, Result | None]], folder: Path) -> list[Path]:
    """Every picture as NAME.png and NAME.svg in `folder`, which is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, (_, _, drawing, _) in drawn.items():
        if isinstance(drawing, NothingToShow):
            continue
        written += [folder / f"{name}.png", folder / f"{name}.svg"]
        drawing.savefig(written[-2], dpi=150, facecolor="white", metadata={"Software": None})
        with rc_context({"svg.hashsalt": name}):  # equal studies give equal files
            drawing.savefig(written[-1], facecolor="white", metadata={"Date": None, "Creator": None})
    return written


def results_text(study: Study, results: Sequence[Result]) -> str:
    """The text of results.json."""
    return json.dumps(as_json(study, results), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
