"""What an analysis hands on: sentences, tables of text, figures for results.json, and what its picture needs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ..bench_statistics import Interval
from .effects import Comparison, middle


class TextTable(NamedTuple):
    """A table of text: first column left, the others right."""

    head: list[str]
    rows: list[list[str]]


@dataclass
class Result:
    """One executed analysis.

    sentences: in the usual reporting form; figures: numbers for results.json; picture: what `study_figures` draws;
    notes: what failed or did not converge; problem: why there is no result, "" if there is one.
    """

    name: str
    kind: str
    sentences: list[str] = field(default_factory=list)
    tables: list[TextTable] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    picture: Any = None
    notes: list[str] = field(default_factory=list)
    problem: str = ""


def number(value: float | None, digits: int = 3, never: str = "∞") -> str:
    """Rounded to significant digits, whole numbers in full; – for NaN."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return never if value > 0 else f"−{never}"
    if abs(value) >= 10 ** (digits - 1) or value == int(value):
        text = f"{value:,.0f}"
    else:
        places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
        text = f"{value:.{places}f}" if places < 8 else f"{value:.{digits - 1}e}"
    return text.replace("-", "−")


def with_unit(value: str, unit: str) -> str:
    """A number's text and its unit."""
    return f"{value} {unit}" if unit else value


def interval(found: Interval, digits: int = 3, long: bool = False) -> str:
    """value [low, high]; long: value, 95 % CI [low, high]; the value alone where there is no interval."""
    if not math.isfinite(found.value):
        return "–"
    if math.isnan(found.low) and math.isnan(found.high):
        return number(found.value, digits)
    value, low, high = (text.replace("-", "−") for text in _alike(found, digits))
    return f"{value}{', 95 % CI' if long else ''} [{low}, {high}]"


def _alike(found: Interval, digits: int) -> list[str]:
    """value, low and high with the decimals that show the interval's width to one digit less."""
    width = found.high - found.low
    if not (math.isfinite(width) and width > 0):
        return [number(v, digits) for v in found]
    if found.low > 0 and found.high > 10 * found.low:  # of a ratio: no common decimals fit
        return [number(v, digits - 1) for v in found]
    places = max(0, digits - 2 - math.floor(math.log10(width)))
    if places > 7:
        return [number(v, digits) for v in found]
    tiny = 0 if found.low < 0 < found.high else 10.0 ** -(places + 2)  # where 0.00 would hide a sign
    texts = [number(v, digits) if round(v, places) == 0 and abs(v) > tiny > 0 else f"{v:,.{places}f}" for v in found]
    return [t if any(c in "123456789" for c in t) else t.lstrip("-") for t in texts]


def median_range(values: np.ndarray, digits: int = 3, never: str = "never") -> str:
    """median [min, max]."""
    if not len(values):
        return "–"
    return (
        f"{number(middle(values), digits, never)} "
        f"[{number(float(np.min(values)), digits, never)}, {number(float(np.max(values)), digits, never)}]"
    )


def p_value(p: float) -> str:
    """As journals print it: = .012, < .001."""
    if not math.isfinite(p):
        return "not defined"
    return "< .001" if p < 0.001 else "= " + f"{p:.3f}".lstrip("0") if p < 1 else "= 1"


def p_cell(p: float) -> str:
    """`p_value` in a table."""
    return "–" if not math.isfinite(p) else p_value(p).removeprefix("= ")


def comparison_sentence(c: Comparison, unit: str = "", what: str = "") -> str:
    """One comparison in the usual form."""
    parts: list[str] = []
    if math.isfinite(c.ratio.value):
        parts.append(f"ratio of medians {interval(c.ratio, long=True)}")
    if math.isfinite(c.difference.value):
        parts.append(with_unit(f"mean difference {interval(c.difference, long=True)}", unit))
    if math.isfinite(c.g.value):
        parts.append(f"{'d_z' if c.paired else 'Hedges’ g'} {interval(c.g)}")
    if math.isfinite(c.delta.value):
        apart = " (no overlap)" if math.isnan(c.delta.low) and abs(c.delta.value) == 1 else ""
        parts.append(f"Cliff’s δ {interval(c.delta)}{apart}")
    if math.isfinite(c.p):
        parts.append(f"{c.test} p {p_value(c.p)}")
    head = f"{c.one} against {c.other}{f', {what}' if what else ''}"
    return f"{head}: {', '.join(parts)}." if c.known else f"{head}: too little was measured to compare."


def comparison_table(comparisons: Sequence[Comparison], unit: str = "", what: Sequence[str] = ()) -> TextTable | None:
    """A row for each comparison that could be made, with the columns that any of them has; None without one."""
    what = [w for w, c in zip(what, comparisons, strict=True) if c.known] if what else []
    comparisons = [c for c in comparisons if c.known]
    if not comparisons:
        return None
    columns = {
        "ratio of medians": [interval(c.ratio) for c in comparisons],
        f"difference{f' ({unit})' if unit else ''}": [interval(c.difference) for c in comparisons],
        "d_z" if comparisons[0].paired else "Hedges’ g": [interval(c.g) for c in comparisons],
        "Cliff’s δ": [interval(c.delta) for c in comparisons],
        "p": [p_cell(c.p) for c in comparisons],
        "p (Holm)": [p_cell(c.p_holm) for c in comparisons],
    }
    kept = {head: cells for head, cells in columns.items() if any(cell != "–" for cell in cells)}
    labels = [f"{c.one} / {c.other}" for c in comparisons]
    if what:
        labels = [f"{w}: {label}" for w, label in zip(what, labels, strict=True)]
    counts = ["–".join(dict.fromkeys(map(str, c.n))) for c in comparisons]
    rows = [
        [label, count, *cells] for label, count, *cells in zip(labels, counts, *kept.values(), strict=True)
    ]  # fmt: skip
    return TextTable(["comparison [95 % CI]", "n", *kept], rows)


def summary(values: np.ndarray) -> dict[str, Any]:
    """n, median, min, max, mean and standard deviation of one value a participant; NaN left out, inf is "never"."""
    values = np.asarray(values, float)
    values = values[~np.isnan(values)]
    there = values[np.isfinite(values)]
    return {
        "n": len(values),
        "never": int(len(values) - len(there)),
        "median": middle(values),
        "min": float(values.min()) if len(values) else math.nan,
        "max": float(values.max()) if len(values) else math.nan,
        "mean": float(there.mean()) if len(there) else math.nan,
        "sd": float(there.std(ddof=1)) if len(there) > 1 else math.nan,
    }


def for_json(value: Any) -> Any:
    """Plain values for JSON: dataclasses and intervals as objects, arrays as lists; NaN and inf as null."""
    if isinstance(value, Interval):
        return {name: for_json(v) for name, v in value._asdict().items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: for_json(getattr(value, f.name)) for f in dataclasses.fields(value) if f.repr}
    if isinstance(value, Mapping):
        return {str(name): for_json(v) for name, v in value.items()}
    if isinstance(value, np.ndarray):
        return for_json(value.tolist())
    if isinstance(value, list | tuple):
        return [for_json(v) for v in value]
    if isinstance(value, np.generic):
        return for_json(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
