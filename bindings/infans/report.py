"""One page that shows a whole run or study: `infans-report run.h5`, or `infans.report.write(run, "report.html")`."""

from __future__ import annotations

import argparse
import math
import os
import sys
from html import escape
from pathlib import Path
from typing import Any

from . import page, series
from .captions import CAPTIONS
from .reader import RecordError, Run, load
from .replay import film
from .series import NothingToShow
from .study import Study
from .tables import MissingDatasetError

INSTALL = 'the report needs matplotlib; install it with: pip install "infans[report]"'
ANALYSIS = 'the report of a study needs {}; install it with: pip install "infans[report,analysis]"'
EXAMPLES = """examples:
  infans-report runs/cartpole_swingup-1/run.h5            writes report.html beside it
  infans-report runs/cartpole_swingup-1 -o swingup.html   a folder will do
  infans-report run.h5 --hero hero.png                    also one wide picture
  infans-report runs/body_map-1 --table                   a study: results.json too, and the results on stdout
  infans-report runs/body_map-1 --figures pictures        every picture as PNG and SVG
"""


class MissingMatplotlib(ImportError):
    """matplotlib is an extra of the package and is not installed."""


def _drawing() -> tuple[Any, Any]:
    try:
        from . import drawings, figures
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "matplotlib":
            raise
        raise MissingMatplotlib(INSTALL) from error
    return figures, drawings


class MissingAnalysis(ImportError):
    """SciPy, statsmodels and ruptures are an extra of the package, and one is not installed."""


def _study_report() -> Any:
    _drawing()
    try:
        from . import study_report
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in ("scipy", "statsmodels", "ruptures", "pandas"):
            raise
        raise MissingAnalysis(ANALYSIS.format(missing)) from error
    return study_report


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def result_sentence(run: Run) -> str:
    """What came out, in one sentence."""
    agents, first = len(run.agents), run.decisions_to_first_success
    reached = [n for n in first if n is not None]
    upright = run.joints == ["slide", "hinge"] and run.outcome.get("goal", [0, 0])[1] > 0
    deed = "swing the pole up and hold it" if upright else "reach and hold the goal"
    if agents == 1:
        deed = deed.replace("swing", "swings").replace("reach", "reaches").replace("hold", "holds")
    if not any(a.episode.rows for a in run.agents):
        return f"No episode of {_count(agents, 'agent')} has ended yet: there is no result."
    if not reached:
        lived = max(int(a.episode["decisions"][-1]) for a in run.agents if a.episode.rows)
        life = f"{lived} decisions ({lived * run.control_period:g} s of life)"
        return f"0 of {_count(agents, 'agent')} {deed} within {life}."
    middle = series.median_reached(first)
    tested = any((a.episode["evaluation"] == 1).any() for a in run.agents)
    where = ", judged in test episodes that were not learned from" if tested else ""
    text = f"{len(reached)} of {_count(agents, 'agent')} {deed}; "
    if middle is None:
        low, high = min(reached), max(reached)
        span = f"{low}" if low == high else f"{low} to {high}"
        return f"{text}where it happened, the first success came after {span} decisions{where}."
    span = f" [{min(reached)}, {max(reached) if len(reached) == agents else 'never'}]" if agents > 1 else ""
    word = "the first success came after" if agents == 1 else "the median first success came after"
    return f"{text}{word} {middle:g} decisions{span}, {middle * run.control_period:g} s of life{where}."


def _number(value: float | None, form: str = "g", missing: str = "–") -> str:
    return missing if value is None or not math.isfinite(value) else f"{value:{form}}".replace("-", "−")


def _agent_table(run: Run) -> str:
    drawn = series.representative(run)
    rows = []
    for agent in run.agents:
        energy = series.episode_means(agent, agent.step["vfe"], series.learned(agent)).y if agent.step.rows else []
        ledger = agent.ledger
        lived = int(series.ages(agent)[-1]) if agent.step.rows else 0
        rows.append([
            f"{agent.number}", f"{agent.seed}", f"{lived}", f"{agent.episode.rows}",
            _number(agent.decisions_to_first_success), _number(agent.decisions_to_three_in_a_row),
            _number(energy[-1] if len(energy) else None, ".2f"),
            _number(ledger.get("agent_wall_seconds") or None, ".1f"),
            _number(1e3 * (ledger.get("decision_seconds") or math.nan), ".1f"),
        ])  # fmt: skip
    head = ["agent", "seed", "decisions", "episodes", "first success", "three in a row", "F last (nats)", "wall (s)",
            "ms per decision"]  # fmt: skip
    return page.table(head, rows, None if drawn is None else drawn.number - 1)


def _sections(run: Run) -> list[str]:
    figures, drawings = _drawing()
    drawn = series.representative(run)
    who = "no agent" if drawn is None else f"agent {drawn.number} (seed {drawn.seed}), the middle of the population"
    pictures = {
        "learning": figures.learning,
        "success": figures.steps_to_success,
        "energy": figures.free_energy,
        "information": figures.information,
        "error": figures.model_error,
        "scales": figures.length_scales,
        "expected": figures.expected_free_energy,
        "strobe": drawings.first_and_last,
        "episodes": drawings.small_multiples,
        "agents": None,
    }
    parts = []
    for name, draw in pictures.items():
        title, caption = CAPTIONS[name]
        try:
            body = page.figure(page.svg(draw(run), name)) if draw else _agent_table(run)
            caption = caption.format(who=who, steps=run.attrs.get("episode_steps", "?"))
        except NothingToShow as reason:
            body, caption = page.nothing(str(reason)), ""
        parts.append(page.section(title, caption, body))
    return parts


def _about(run: Run) -> list[str]:
    said = {name: value for name, value in run.attrs.items() if name not in ("spec_toml", "mjcf")}
    facts = page.table(["attribute", "value"], [[k, str(v)] for k, v in said.items()])
    return [
        page.details("The whole study, every option", f"<pre>{escape(run.attrs['spec_toml'])}</pre>"),
        page.details("Versions and body", facts + f"<pre>{escape(run.attrs.get('mjcf', ''))}</pre>"),
    ]


def html(run: Run | Study) -> str:
    """The report as one self-contained page."""
    if isinstance(run, Study):
        return _study_report().html(run)
    study = run.spec.get("study", {})
    name = study.get("name") or run.attrs["spec_name"]
    title = study.get("summary") or name
    lived = int(sum((a.step["planned"] != 2).sum() for a in run.agents))
    wall = float(sum(v for v in run.ledger["agent_wall_seconds"] if math.isfinite(v)))
    reached = sum(n is not None for n in run.decisions_to_first_success)
    steady = sum(n is not None for n in run.decisions_to_three_in_a_row)
    key = page.key_figures([
        ("agents", f"{len(run.agents)}"), ("succeeded", f"{reached}"), ("three times in a row", f"{steady}"),
        ("decisions lived", f"{lived:,}"), ("life simulated", f"{lived * run.control_period:,.0f} s"),
        ("wall time, summed", f"{wall:,.0f} s" if wall else "–"),
    ])  # fmt: skip
    over = f"Infans {run.attrs['infans_version']} · {name} · seed {run.attrs['seed']}"
    shown = series.representative(run)
    replayed = film.section(run, shown.number) if shown else []
    return page.document(title, over, result_sentence(run), key, _sections(run) + replayed + _about(run))


def write(run: Run | Study, path: str | os.PathLike[str]) -> Path:
    """Write the report of `run` to `path`, that of a study with results.json beside it.

    Readers see the old files or the whole new ones.
    """
    path = Path(path)
    if isinstance(run, Study):
        return _write_study(run, path, None)[0]
    return _write_text(path, html(run))


def _write_text(path: Path, text: str) -> Path:
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path.parent}: no such folder for the report")
    draft = path.with_name(path.name + ".tmp")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
    return path


def _write_study(study: Study, path: Path, pictures: Path | None) -> tuple[Path, list[Path], str]:
    """The page, the other files, and the results as text."""
    say = _study_report()
    results = say.analysis.run(study)
    drawn = say.pictures(study, results)
    page_path = _write_text(path, say.html(study, results, drawn))
    files = [_write_text(path.with_name("results.json"), say.results_text(study, results))]
    if pictures is not None:
        files += say.save_pictures(drawn, pictures)
    return page_path, files, say.as_text(study, results)


def hero(run: Run, path: str | os.PathLike[str]) -> Path:
    """Save one wide PNG: learning curve, first and last episode of the median agent."""
    _, drawings = _drawing()
    drawings.hero(run).savefig(path, dpi=150, format="png", metadata={"Software": None})
    return Path(path)


def _refuse(given: object, option: str, whom: str) -> None:
    if given:
        raise RecordError(f"{option} for {whom}")


def main(argv: list[str] | None = None) -> None:
    """The command `infans-report`; exits 2 with one line where it cannot."""
    parser = argparse.ArgumentParser(
        prog="infans-report", description="Draw a record on one self-contained HTML page.", epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("record", metavar="RUN.h5", help="record, or the folder that holds run.h5")
    parser.add_argument("-o", "--output", metavar="FILE", help="page to write [report.html beside the record]")
    parser.add_argument("--hero", metavar="PNG", help="of a run: also save the wide picture")
    parser.add_argument("--table", action="store_true", help="of a study: print its results in place of file names")
    parser.add_argument("--figures", metavar="DIR", help="of a study: also save every picture as PNG and SVG")
    given = parser.parse_args(argv)
    try:
        _drawing()
        with load(given.record) as run:
            output = Path(given.output or run.path.with_name("report.html"))
            if isinstance(run, Study):
                _refuse(given.hero, "--hero is", "runs; a study has --figures")
                written, files, text = _write_study(run, output, Path(given.figures) if given.figures else None)
                print(text if given.table else "\n".join(map(str, [written, *files])))
                return
            _refuse(given.table or given.figures, "--table and --figures are", "studies; this is the record of a run")
            print(write(run, output))
            if given.hero:
                print(hero(run, given.hero))
    except (OSError, RecordError, MissingDatasetError, MissingMatplotlib, MissingAnalysis, NothingToShow) as error:
        print(f"infans-report: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
