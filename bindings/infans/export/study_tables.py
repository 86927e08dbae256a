"""The long tables of a study: participants, samples, the trials of each probe, and signals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..participants import COUNTS, Column, Participant, Rows
from ..study import Study, apart
from .long_table import Block, ExportTable, Selection, Variable, element_names, parts
from .occasions import life_at, samples_of

LABELS = {
    "participant": ("integer", "number of the participant in the study, from 1"),
    "cell": ("text", "cell of the design: group and between-subjects levels"),
    "group": ("text", "group of the participant"),
    "stage": ("text", "stage of life; empty: the record does not say it of this sample"),
    "excluded": ("text", "exclusion rule that the participant met, or 'failed'; empty: kept"),
}
LEDGER = {
    "wall_seconds": ("s", "wall-clock time of the life"),
    "cpu_seconds": ("s", "processor time of the life"),
    "belief_updates": ("1", "updates of a belief in the life"),
    "operations": ("1", "floating-point operations of the life, as counted from the formulas"),
}


def study_tables(study: Study, chosen: Selection) -> list[ExportTable]:
    """The tables of a study that are wanted. Raises MissingDatasetError for a participant, measure or log that is not
    there."""
    people = chosen.lives(study)
    tables = [_participants(study, people)]
    if people:
        tables.append(_long(study, "samples", "a row a sample of life", [(p, p.life) for p in people], chosen))
        for probe in study.probes:
            rows = [(p, p.probe(probe)) for p in people]
            tables.append(_long(study, f"trials_{slug(probe)}", f"a row a trial of the probe '{probe}'", rows, chosen))
        tables.append(_signals(study, people, chosen))
    chosen.check(_known(study, people), str(study.path))
    return [table for table in tables if table is not None]


def slug(name: str) -> str:
    """A name as part of a file's name."""
    return "".join(c if c.isalnum() else "_" for c in name).strip("_") or "unnamed"


def _known(study: Study, people: Sequence[Participant]) -> list[str]:
    names = [v["name"] for v in study.design["variables"]]
    names += [m["name"] for probe in study.design["probes"] for m in probe["measures"]]
    return names + [s for p in people[:1] if "signals" in p.logs for s in p.signals]


def labels(study: Study) -> list[Variable]:
    """Whose row it is, and in which condition."""
    design = study.design
    levels = {
        "cell": [c["name"] for c in design["cells"]],
        "group": study.groups,
        "stage": [s["name"] for s in design["stages"]],
        "excluded": ["failed", *(e["name"] for e in design["exclusions"])],
    }
    within = {study.factor_columns[f["name"]]: f for f in design["factors"]}
    variables = []
    for name in study.labels:
        if name in within:
            kind = "within" if within[name]["within"] else "between"
            doc = f"level of the factor, {kind} subjects; empty: the stage has none"
            doc += renamed(within[name]["name"], name)
            variables.append(Variable(name, "text", "", doc, tuple(within[name]["levels"])))
        else:
            kind, doc = LABELS[name]
            variables.append(Variable(name, kind, "", doc, tuple(levels.get(name, ()))))
    return variables


def renamed(name: str, column: str) -> str:
    """Says in the codebook that a column is not called as in the record, since another one is."""
    return "" if name == column else f" (called '{name}' in the record)"


def _variable(c: Column, name: str) -> Variable:
    kind = "integer" if c.name in COUNTS else "number"
    return Variable(name, kind, c.unit, c.doc + renamed(c.name, name))


def _long(
    study: Study, name: str, doc: str, lives: list[tuple[Participant, Rows]], chosen: Selection
) -> ExportTable | None:
    """Samples or trials; None where nothing of it is wanted."""
    columns = [c for c in lives[0][1].columns if c.name != "stage"]
    index = 3 if name == "samples" else 4  # what says when it was: always exported
    wanted = chosen.of([c.name for c in columns[index:]])
    if chosen.measures and not wanted:
        return None
    kept = columns[:index] + [c for c in columns[index:] if c.name in wanted]
    names = [c.name for c in kept]
    variables = [_variable(c, column) for c, column in zip(kept, study.columns(names).values(), strict=True)]

    def blocks() -> Iterator[Block]:
        for participant, rows in lives:
            for part in parts(rows.rows, len(names) + len(study.labels)):
                yield study.block(participant, rows, part, names)

    rows = sum(r.rows for _, r in lives)
    return ExportTable(name, doc, labels(study) + variables, rows, blocks)


def _signals(study: Study, people: Sequence[Participant], chosen: Selection) -> ExportTable | None:
    """A row a recorded sample, a column an element of a signal; None where nothing of it is wanted."""
    lives = [p for p in people if "signals" in p.logs]
    if not (chosen.signals or (chosen.measures and lives)):
        return None
    known = (lives or people)[0].signals  # where there are none: the error that says how to record them
    wanted = list(known) if chosen.signals and not chosen.measures else chosen.of(known)
    if not wanted:
        return None
    index = [
        Variable("sample", "integer", "1", "samples lived, this one included"),
        Variable("age_days", "number", "d", "age"),
        Variable("seconds", "number", "s", "simulated time lived; between rows of life (record.every) interpolated"),
    ]
    own = labels(study) + index
    elements = {name: element_names(name, known[name].shape) for name in wanted}
    called = apart([e for some in elements.values() for e in some], [v.name for v in own], "_measured")
    variables = [
        Variable(called[e], "number", known[name].unit, known[name].doc + renamed(e, called[e]))
        for name in wanted
        for e in elements[name]
    ]

    def blocks() -> Iterator[Block]:
        for p in lives:
            samples = p.signals.samples
            when = life_at(study, p, samples)
            for part in parts(len(samples), len(variables) + len(index) + len(study.labels)):
                block = study.labels_of(p, when["stage"][part])
                block |= {"sample": samples[part], "age_days": when["age_days"][part], "seconds": when["seconds"][part]}
                for name in wanted:
                    block |= zip((called[e] for e in elements[name]), p.signals[name].flat(part).T, strict=True)
                yield block

    rows = sum(len(p.signals.rows) for p in lives)
    return ExportTable("signals", "a row a recorded sample", own + variables, rows, blocks)


def _participants(study: Study, people: Sequence[Participant]) -> ExportTable:
    own, time = [v for v in labels(study) if v.name != "stage"], study.design["time"]
    design = {study.factor_columns[f["name"]] for f in study.design["factors"] if f["within"]}
    own = [v for v in own if v.name not in design]
    variables = [
        *own,
        Variable("stages", "text", "", "stages and within-subject levels in the order in which it lived them"),
        Variable("seed", "integer", "", "of everything that was drawn for it"),
        Variable("samples", "integer", "1", "samples lived"),
        Variable("age_days", "number", "d", "age at the last sample"),
        Variable("seconds", "number", "s", "simulated time lived; empty: not recorded at the last sample"),
        Variable("finished", "integer", "", "1: it has lived to its end; 0: it goes on, or was stopped or killed"),
        *(Variable(name, "number", unit, doc) for name, (unit, doc) in LEDGER.items()),
    ]

    def row(p: Participant) -> Block:
        samples, last = samples_of(p), p.life.last()
        age, seconds = time["start_days"] + samples * time["sample_days"], np.nan if samples else 0.0
        if last is not None and last[0] == samples:
            age, seconds = last[1], last[2]
        order = " > ".join(" ".join([s.name, *s.levels.values()]) for s in p.stages)
        values = {
            "participant": p.number, "cell": p.cell, "group": p.group, "excluded": p.excluded or "",
            "stages": order, "seed": p.seed, "samples": samples, "age_days": age, "seconds": seconds,
            "finished": int(p.finished), **{name: p.ledger[name] for name in LEDGER},
            **{study.factor_columns[factor]: level for factor, level in p.levels.items()},
        }  # fmt: skip
        return {v.name: np.array([values[v.name]]) for v in variables}

    return ExportTable("participants", "a row a participant", variables, len(people), lambda: map(row, people))
