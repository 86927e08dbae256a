"""Declared analyses that fit models: `growth_curve` and `regression`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..bench_statistics import Interval
from ..study import Study
from . import effects, growth, logit
from .growth import WEEK
from .payload import axis
from .results import Result, TextTable, comparison_sentence, comparison_table, interval, number, p_cell, p_value
from .selection import (
    AnalysisError,
    Trace,
    as_list,
    known,
    life_trace,
    measure,
    members,
    need,
    reference,
    stage_names,
    traces,
    variable,
)

Declared = Mapping[str, Any]
PARAMETERS = ("start", "end", "rate", "midpoint")


@dataclass
class Growth:
    """Curves (age in days, value) of each group's participants, and their fits."""

    groups: dict[str, list[tuple[np.ndarray, np.ndarray]]]
    fits: dict[str, list[growth.Fit]]
    label: str


@dataclass
class Logits:
    """Of each group and predictor: binned probabilities and the fitted regression."""

    groups: dict[str, tuple[logit.Regression, dict[str, logit.Binned]]]
    predictors: dict[str, str]  # name: axis label
    outcome: str


def growth_curve(study: Study, declared: Declared, seed: int) -> Result:
    """Logistic and Gompertz fits of each participant, mixed model and effect sizes across groups."""
    model = declared.get("model", "both")
    if model not in (*growth.MODELS, "both"):
        legal = ", ".join((*growth.MODELS, "both"))
        raise AnalysisError(f"analysis '{declared['name']}': there is no model '{model}'; there is: {legal}")
    column, found = measure(study, declared), traces(study, declared)
    every = [t for group in found.values() for t in group]
    fits, sums = growth.fit_all([(t.age, t.value) for t in every], model)
    by_group = _split(fits, found)
    chosen = fits[0].model if fits else model
    name, against = column.name.replace("_", " "), reference(declared, list(found))
    labels = [against, *(g for g in found if g != against)] if against else list(found)
    mixed = _mixed(found, labels)
    last = {label: np.array([_last(t) for t in group]) for label, group in found.items()}
    compared = {"at the last age": effects.compare_all(last, against, seed)}
    for parameter in ("midpoint", "end"):
        values = {label: _parameters(group, parameter) for label, group in by_group.items()}
        compared[parameter] = effects.compare_all(values, against, seed)
    good = _curves(fits)
    margin = f" (ΔAICc = {number(abs(sums['gompertz'] - sums['logistic']))})" if len(sums) == 2 else ""
    result = Result(declared["name"], "growth_curve")
    result.sentences = [
        f"{chosen.capitalize()} growth of {name}{margin}; {good} of {len(fits)} participants have a curve.",
        *(_group_sentence(label, by_group[label], column.unit, seed) for label in found if _curves(by_group[label])),
    ] if good else []  # fmt: skip
    result.sentences += [
        *_mixed_sentences(mixed, labels, column.unit),
        *(comparison_sentence(c, column.unit, "at the last age") for c in compared["at the last age"]),
        *(comparison_sentence(_in_weeks(c), "weeks", "midpoint") for c in compared["midpoint"] if min(c.n) > 1),
    ]
    result.tables = _growth_tables(found, by_group, mixed, compared, column.unit, seed)
    for reason, count in Counter(f.problem for f in fits if f.problem).items():
        result.notes.append(f"no curve for {count} of {len(fits)} participants: {reason}")
    if mixed and mixed.note:
        result.notes.append(f"mixed model: {mixed.note}")
    result.figures = {
        "model": chosen, "aicc": sums, "mixed_model": mixed, "comparisons": compared,
        "groups": {
            label: {"n": len(group), "fitted": _curves(by_group[label]),
                    "last_age": effects.mean_interval(last[label], seed)}
            | {p: effects.mean_interval(_parameters(by_group[label], p), seed) for p in PARAMETERS}
            for label, group in found.items()
        },
        "participants": [{"participant": t.participant.number} | vars(f) for t, f in zip(every, fits, strict=True)],
    }  # fmt: skip
    result.picture = Growth({g: [(t.age, t.value) for t in ts] for g, ts in found.items()}, by_group, axis(column))
    return result


def _split(fits: list[growth.Fit], found: Mapping[str, list[Trace]]) -> dict[str, list[growth.Fit]]:
    rest = iter(fits)
    return {label: [next(rest) for _ in group] for label, group in found.items()}


def _curves(fits: list[growth.Fit]) -> int:
    """How many have a curve."""
    return sum(not f.problem for f in fits)


def _last(trace: Trace) -> float:
    there = np.flatnonzero(np.isfinite(trace.value))
    return float(trace.value[there[-1]]) if len(there) else np.nan


def _parameters(fits: list[growth.Fit], name: str) -> np.ndarray:
    return np.array([getattr(f, name) for f in fits if not f.problem])


def _scaled(found: Interval, factor: float) -> Interval:
    return Interval(*(v * factor for v in found))


def _in_weeks(c: effects.Comparison) -> effects.Comparison:
    return replace(c, difference=_scaled(c.difference, 1 / WEEK))


def _mixed(found: Mapping[str, list[Trace]], labels: list[str]) -> growth.MixedModel | None:
    """The mixed model over groups of which something was measured; None without any."""
    rows = [(t.age, t.value, t.participant.number, t.label) for group in found.values() for t in group if len(t.value)]
    there = [g for g in labels if any(label == g and np.isfinite(v).any() for _, v, _, label in rows)]
    if not there or len(rows) < 3 or all(len(a) < 2 for a, *_ in rows):
        return None
    sizes = [len(a) for a, *_ in rows]
    return growth.mixed_model(
        np.concatenate([a for a, *_ in rows]), np.concatenate([v for _, v, *_ in rows]),
        np.repeat([n for *_, n, _ in rows], sizes), np.repeat([g for *_, g in rows], sizes), there,
    )  # fmt: skip


def _group_sentence(label: str, fits: list[growth.Fit], unit: str, seed: int) -> str:
    end, middle, rate = (
        effects.mean_interval(_parameters(fits, p), seed) for p in ("end", "midpoint", "rate")
    )  # fmt: skip
    unit = f" {unit}" if unit else ""
    return (
        f"{label}: midpoint at {interval(_scaled(middle, 1 / WEEK), long=True)} weeks, rate "
        f"{interval(_scaled(rate, WEEK))} per week, final level {interval(end)}{unit}."
    )


def _mixed_sentences(mixed: growth.MixedModel | None, labels: list[str], unit: str) -> list[str]:
    if mixed is None:
        return ["No mixed model: it needs three participants with two tests each."]
    if not mixed.terms:
        return ["The mixed model did not converge."]
    unit = f" {unit}" if unit else ""
    said = []
    for term in mixed.terms:
        if term.name == "age":
            change = interval(term.estimate, long=True)
            said.append(f"{labels[0]} changes by {change}{unit} per week, p {p_value(term.p)}")
        elif term.name.endswith(" x age"):
            who = term.name.removesuffix(" x age")
            said.append(f"{who} differs from it by {interval(term.estimate)}{unit} per week, p {p_value(term.p)}")
    return [f"Mixed model (random {mixed.random}, {mixed.participants} participants): {'; '.join(said)}."]


def _growth_tables(
    found: Mapping, by_group: Mapping, mixed: growth.MixedModel | None, compared: Mapping, unit: str, seed: int
) -> list[TextTable]:
    bracket = f" ({unit})" if unit else ""
    rows = []
    for label, group in found.items():
        fits = by_group[label]
        cells = [
            interval(_scaled(effects.mean_interval(_parameters(fits, p), seed), factor))
            for p, factor in (("start", 1), ("end", 1), ("rate", WEEK), ("midpoint", 1 / WEEK))
        ]
        rows.append([label, str(len(group)), str(_curves(fits)), *cells])
    head = ["group", "n", "fitted", f"start{bracket}", f"final level{bracket}", "rate (1/week)", "midpoint (weeks)"]
    tables = [TextTable(head, rows)]
    if mixed and mixed.terms:
        terms = [[t.name, interval(t.estimate), p_cell(t.p)] for t in mixed.terms]
        tables.append(TextTable(["mixed model", f"estimate{bracket}, age per week [95 % CI]", "p"], terms))
    last = comparison_table(compared["at the last age"], unit, ["last age"] * len(compared["at the last age"]))
    middle = [_in_weeks(c) for c in compared["midpoint"]]
    return tables + [t for t in (last, comparison_table(middle, "weeks", ["midpoint"] * len(middle))) if t]


def regression(study: Study, declared: Declared, seed: int) -> Result:
    """Logistic regression of a yes-or-no variable of life, for each group."""
    outcome = variable(study, need(declared, "outcome"), declared)
    predictors = {p: variable(study, p, declared) for p in as_list(need(declared, "predictors"))}
    quadratic = as_list(declared.get("quadratic"))
    for name in quadratic:
        known(name, list(predictors), "quadratic predictor", declared)
    stages = [known(s, stage_names(study), "stage", declared) for s in as_list(declared.get("stages"))]
    result = Result(declared["name"], "regression")
    groups: dict[str, tuple] = {}
    rows: list[list[str]] = []
    for label, participants in members(study, declared).items():
        y, who, *columns = _rows(participants, label, [outcome.name, *predictors], stages)
        x = dict(zip(predictors, columns, strict=True))
        fitted = logit.regression(y, x, who, quadratic)
        groups[label] = fitted, {name: logit.binned(y, values, who) for name, values in x.items()}
        if fitted.note:
            result.notes.append(f"{label}: {fitted.note}")
        result.sentences.append(_regression_sentence(label, outcome.name, fitted, predictors))
        rows += [
            [f"{label}: {e.name}", f"{fitted.n:,}", interval(e.b), interval(e.odds), p_cell(e.p), interval(e.turn),
             e.shape]
            for e in fitted.effects
        ]  # fmt: skip
    head = ["predictor (per SD)", "rows", "b [95 % CI]", "odds ratio [95 % CI]", "p", "turning point", "shape"]
    result.tables = [TextTable(head, rows)] if rows else []
    result.figures = {"outcome": outcome.name, "groups": {label: fitted for label, (fitted, _) in groups.items()}}
    labels = {name: axis(column) for name, column in predictors.items()}
    result.picture = Logits(groups, labels, f"probability of {outcome.name.replace('_', ' ')}")
    return result


def _rows(participants: list, label: str, names: list[str], stages: list[str]) -> list[np.ndarray]:
    """Outcome, participant, then each predictor, over all samples [n] of a group."""
    parts: list[list[np.ndarray]] = []
    for participant in participants:
        first = life_trace(participant, label, names[0])
        keep = first.inside(stages) if stages else np.ones(len(first.value), bool)
        columns = [participant.life[name][keep] for name in names]
        parts.append([columns[0], np.full(keep.sum(), participant.number), *columns[1:]])
    if not parts:
        return [np.empty(0)] * (len(names) + 1)
    return [np.concatenate(column) for column in zip(*parts, strict=True)]


def _regression_sentence(label: str, outcome: str, fitted: logit.Regression, predictors: Mapping) -> str:
    if not fitted.effects:
        return f"{label}: no regression of {outcome} ({fitted.note})."
    said = []
    for e in fitted.effects:
        text = f"{e.name} odds ratio {interval(e.odds, long=True)}, p {p_value(e.p)}"
        if e.shape in ("U", "inverted U"):
            unit = predictors[e.name].unit
            extreme = "least" if e.shape == "U" else "most"
            text += f" ({e.shape}-shaped, {extreme} probable at {interval(e.turn)}{f' {unit}' if unit else ''})"
        elif e.shape:
            text += " (no turning point inside the data)"
        said.append(text)
    return (
        f"{label}, {outcome} per standard deviation ({fitted.participants} participants, {fitted.n:,} samples): "
        f"{'; '.join(said)}."
    )
