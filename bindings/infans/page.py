"""The report's page: HTML and style, no script, nothing from outside."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CSS = """
:root { --ink: #22262b; --soft: #5b626b; --line: #e3e6ea; --accent: #0072b2; --paper: #ffffff; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI",
  Roboto, "Helvetica Neue", Arial, sans-serif; -webkit-text-size-adjust: 100%; }
main { max-width: 1008px; margin: 0 auto; padding: 56px 24px 72px; }
header { margin-bottom: 40px; }
.over { color: var(--soft); font-size: 14px; margin: 0 0 6px; }
h1 { font-size: 34px; line-height: 1.15; margin: 0; letter-spacing: -0.015em; text-wrap: balance; }
.result { font-size: 20px; line-height: 1.45; margin: 16px 0 0; max-width: 46em; text-wrap: pretty; }
dl.key { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 16px 24px; margin: 28px 0 0;
  padding: 18px 0; border-top: 1px solid var(--line); border-bottom: 1px solid var(--line); }
dl.key dt { color: var(--soft); font-size: 13px; }
dl.key dd { margin: 0; font-size: 21px; font-variant-numeric: tabular-nums; }
section { margin: 52px 0 0; }
h2 { font-size: 21px; margin: 0 0 4px; letter-spacing: -0.01em; }
.caption { color: var(--soft); margin: 0 0 14px; max-width: 48em; font-size: 15px; text-wrap: pretty; }
figure { margin: 0; } video { width: 100%; max-width: 640px; height: auto; display: block; }
figure svg { width: 100%; height: auto; display: block; }
figure svg text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial,
  sans-serif !important; }
.none { color: var(--soft); border-left: 3px solid var(--line); padding: 4px 0 4px 14px; margin: 0; }
.said { margin: 0 0 18px; padding: 0 0 0 1.1em; max-width: 52em; } .said li { margin: 0 0 5px; text-wrap: pretty; }
.note { color: var(--soft); font-size: 14px; margin: 8px 0 0; }
.prose { max-width: 48em; margin: 0 0 12px; text-wrap: pretty; }
.scroll { overflow-x: auto; margin: 14px 0 0; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 7px 12px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th { color: var(--soft); font-weight: 500; }
tr.shown td:first-child { font-weight: 600; }
details { margin: 52px 0 0; border-top: 1px solid var(--line); padding-top: 18px; }
details + details { margin-top: 18px; }
summary { cursor: pointer; font-weight: 600; }
summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; }
pre { background: #f6f7f9; padding: 16px; overflow-x: auto;
  font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
@media (max-width: 640px) { main { padding: 32px 16px 48px; } h1 { font-size: 27px; } .result { font-size: 18px; }
  figure { overflow-x: auto; } figure svg { min-width: 620px; } }
@media print { main { padding: 0; } section { break-inside: avoid; } }
"""


def svg(figure: Figure, name: str) -> str:
    """The figure as inline SVG; `name` keeps its ids apart from those of the other figures on the page."""
    from matplotlib import rc_context

    text = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):  # equal runs give equal bytes
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    drawing = text.getvalue()
    drawing = drawing[drawing.index("<svg") :]
    drawing = re.sub(r"<metadata>.*?</metadata>", "", drawing, flags=re.S)
    drawing = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", drawing)
    drawing = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", drawing, count=1)
    return re.sub(r'(<svg[^>]*?) width="[^"]*"', r'\1 role="img"', drawing, count=1)


def section(title: str, caption: str, body: str) -> str:
    aid = f'<p class="caption">{escape(caption)}</p>\n' if caption else ""
    return f"<section>\n<h2>{escape(title)}</h2>\n{aid}{body}\n</section>"


def figure(drawing: str) -> str:
    return f"<figure>{drawing}</figure>"


def nothing(reason: str) -> str:
    return f'<p class="none">{escape(reason)}</p>'


def said(sentences: Iterable[str]) -> str:
    """What came out, one sentence an item."""
    whole = (s.replace(" % ", "\u00a0% ").replace(" p = ", " p\u00a0=\u00a0") for s in sentences)  # not torn apart
    return f'<ul class="said">{"".join(f"<li>{escape(s)}</li>" for s in whole)}</ul>'


def prose(text: str, kind: str = "prose") -> str:
    return f'<p class="{kind}">{escape(text)}</p>'


def key_figures(pairs: Iterable[tuple[str, str]]) -> str:
    items = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in pairs)
    return f'<dl class="key">{items}</dl>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]], shown: int | None = None) -> str:
    """Rows of text; row `shown` is marked as the one that the drawings show."""
    body = "".join(
        f"<tr{' class=shown' if k == shown else ''}>{''.join(f'<td>{escape(v)}</td>' for v in row)}</tr>\n"
        for k, row in enumerate(rows)
    )
    heads = "".join(f"<th>{escape(h)}</th>" for h in head)
    return f'<div class="scroll"><table><thead><tr>{heads}</tr></thead><tbody>\n{body}</tbody></table></div>'


def details(title: str, body: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{body}</details>"


def document(title: str, over: str, result: str, key: str, parts: Iterable[str]) -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(title)}</title>\n'
        f"<style>{CSS}</style>\n</head>\n<body>\n<main>\n<header>\n"
        f'<p class="over">{escape(over)}</p>\n<h1>{escape(title)}</h1>\n<p class="result">{escape(result)}</p>\n{key}\n'
        f"</header>\n{chr(10).join(parts)}\n</main>\n</body>\n</html>\n"
    )
