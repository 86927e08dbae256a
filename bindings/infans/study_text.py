"""A study in words, as a methods section would say it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .study import Study

WEEK, MONTH = 7.0, 30.4375  # days


def counted(n: int, noun: str) -> str:
    """1 sample, 2 samples."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def listed(words: Sequence[str]) -> str:
    """a, b and c."""
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else "none"


def age(days: float) -> str:
    """An age, or a stretch of it, in the unit that suits it."""
    for unit, size, least in (("month", MONTH, 24 * MONTH), ("week", WEEK, 2 * WEEK), ("day", 1.0, 1.0)):
        if days >= least:
            n = f"{days / size:.3g}"
            return f"{n} {unit}{'' if n == '1' else 's'}"
    return f"{24 * days:.3g} hours" if days >= 2 / 24 else duration(86400 * days)


def duration(seconds: float) -> str:
    """Seconds, minutes or hours."""
    for unit, size in (("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.3g} {unit}"
    return f"{seconds:.3g} s"


def settings(changes: Mapping[str, Any]) -> str:
    """a = 1, b = "x"."""
    return ", ".join(f"{key} = {value}" for key, value in changes.items())


def methods(study: Study) -> list[str]:
    """Paragraphs: who lived, what they lived, how they were tested, who was left out."""
    return [p for p in (_participants(study), _stages(study), _probes(study), _exclusions(study)) if p]


def _participants(study: Study) -> str:
    cells, design = study.design["cells"], study.design
    sizes = Counter(p.cell for p in study.participants)
    each = [f"{cell['name']} (n = {sizes[cell['name']]})" for cell in cells]
    text = f"{counted(len(study.participants), 'simulated participant')} of the protocol {study.attrs['protocol']}"
    text += f" lived in {counted(len(cells), 'group')}: {listed(each)}." if len(cells) > 1 else " lived."
    for cell in cells:
        if cell.get("yoked_to"):
            text += f" Each participant of {cell['name']} lived through the life of its partner in {cell['yoked_to']}."
    for group in design.get("groups", []):
        if group.get("changes"):
            text += f" {group['name'].capitalize()}: {settings(group['changes'])}."
    for factor in design["factors"]:
        how = "within participants, order counterbalanced" if factor["within"] else "between participants"
        text += f" Factor {factor['name']} ({how}): {listed(factor['levels'])}."
    seeds = [p.seed for p in study.participants]
    return text + (f" Seeds {min(seeds)} to {max(seeds)}." if seeds else "")


def _stage(stage: Mapping[str, Any]) -> str:
    ends = []
    if stage.get("samples"):
        ends.append(counted(stage["samples"], "sample"))
    if stage.get("seconds"):
        ends.append(duration(stage["seconds"]))
    if stage.get("until"):
        ends.append(f"until {stage['until']}")
    if stage.get("criterion"):
        ends.append(f"until {stage['criterion']}")
    if stage.get("within"):
        ends.append(f"once per level of {stage['within']}")
    if stage.get("groups"):
        ends.append(f"only {listed(stage['groups'])}")
    if stage.get("changes"):
        ends.append(settings(stage["changes"]))
    return f"{stage['name']} ({', '.join(ends)})" if ends else stage["name"]


def _stages(study: Study) -> str:
    time, lived = study.design["time"], [p.life.array[-1] for p in study.participants if p.life.rows]
    start = float(time["start_days"])
    text = f"Life began at {'birth' if start == 0 else f'the age of {age(start)}'}; one sample stands for "
    text += f"{age(time['sample_days'])}. Stages: {', then '.join(map(_stage, study.design['stages']))}."
    if lived:
        samples, days, seconds = np.median(lived, axis=0)[:3]
        text += (
            f" The median participant lived {counted(round(samples), 'sample')} ({duration(seconds)} of simulated "
            f"time), to the age of {age(days)}."
        )
    return text


def _probes(study: Study) -> str:
    said = []
    for probe in study.design["probes"]:
        when = []
        if probe.get("every"):
            when.append(f"every {probe['every']}")
        if probe.get("ages"):
            when.append(f"at {listed(probe['ages'])}")
        if probe.get("stage_ends"):
            when.append("at the end of every stage")
        trials = f", {counted(probe['trials'], 'trial')} each" if probe.get("trials") else ""
        units = ["" if m["unit"] in ("", "1") else f" ({m['unit']})" for m in probe["measures"]]
        measures = [m["name"].replace("_", " ") + unit for m, unit in zip(probe["measures"], units, strict=True)]
        kind = probe.get("kind", "").replace("_", " ")
        kind = "" if kind in ("", probe["name"]) else f" ({kind})"
        times = f" {' and '.join(when)}" if when else ""
        said.append(f"{probe['name']}{kind}{times}{trials}: {listed(measures)}")
    if not said:
        return ""
    return f"Frozen copies were tested, which left the participants as they were. Probes: {'; '.join(said)}."


def _rule(rule: Mapping[str, Any]) -> str:
    source = rule.get("measure") or rule.get("series")
    if not source:
        return f"“{rule['name']}”"
    bounds = [f"{side} {rule[side]:g}" for side in ("below", "above") if side in rule]
    of = f" of {rule['probe']}" if rule.get("probe") else ""
    return f"“{rule['name']}” ({rule.get('at', 'mean')} {source.replace('_', ' ')}{of} {' or '.join(bounds)})"


def _exclusions(study: Study) -> str:
    rules = study.design["exclusions"]
    out = [p for p in study.participants if p.excluded]
    if not rules and not out:
        return "No exclusion rule was declared; nobody was excluded."
    text = f"Exclusion rules declared in advance: {'; '.join(map(_rule, rules))}. " if rules else ""
    if not out:
        return text + "Nobody was excluded."
    reasons = [f"{name} (participant {listed([str(p.number) for p in out if p.excluded == name])})"
               for name in dict.fromkeys(p.excluded for p in out)]  # fmt: skip
    return f"{text}Excluded: {len(out)} of {len(study.participants)}: {'; '.join(reasons)}."
