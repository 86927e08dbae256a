"""The report: right numbers, one self-contained page, and a sentence where there is nothing to draw."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import infans
import make_example as example
import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the report is an extra")

from infans import report, series  # noqa: E402

SECTIONS = 10


@pytest.fixture(scope="session")
def page(record):
    pages: dict[str, str] = {}

    def of(name: str) -> str:
        if name not in pages:
            with infans.load(record(name)) as run:
                pages[name] = report.html(run)
        return pages[name]

    return of


class Tags(HTMLParser):
    """Checks that tags close in order, and collects ids and what is loaded from elsewhere."""

    VOID = {"meta", "br", "link", "img"}

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links = [], [], []

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag not in ("script", "link", "iframe")
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in ("href", "src", "xlink:href"):
                self.links.append(value)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", list(example.VARIANTS))
def test_page_is_whole_and_self_contained(page, name):
    text = page(name)
    tags = Tags()
    tags.feed(text)
    assert not tags.open
    assert len(tags.ids) == len(set(tags.ids))
    assert all(link.startswith(("#", "data:")) for link in tags.links)
    assert {link[1:] for link in tags.links if link.startswith("#")} <= set(tags.ids)
    assert text.count("<section>") == SECTIONS
    assert len(text.encode()) < 3_000_000
    assert "Swing a pole up &lt;and&gt; hold it" in text and "<and>" not in text


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("full", "8 of 8 agents swing the pole up and hold it; the median first success came after 150 decisions "
                 "[90, 270], 15 s of life."),
        ("partial", "2 of 3 agents swing the pole up and hold it; the median first success came after 150 decisions "
                    "[90, never], 15 s of life."),
        ("evaluation", "2 of 3 agents swing the pole up and hold it; the median first success came after 90 decisions "
                       "[60, never], 9 s of life, judged in test episodes that were not learned from."),
        ("single", "1 of 1 agent swings the pole up and holds it; the first success came after 120 decisions, "
                   "12 s of life."),
        ("hopeless", "0 of 2 agents swing the pole up and hold it within 120 decisions (12 s of life)."),
        ("empty", "No episode of 8 agents has ended yet: there is no result."),
    ],
)  # fmt: skip
def test_result_sentence(record, name, sentence):
    with infans.load(record(name)) as run:
        assert report.result_sentence(run) == sentence


def test_sentences_where_there_is_nothing_to_draw(page):
    assert page("hopeless").count('class="none"') == 1 and "No agent has planned" in page("hopeless")
    assert page("empty").count('class="none"') == SECTIONS - 1
    assert 'class="none"' not in page("full") and page("full").count("<svg") == SECTIONS - 1


def test_table_row_of_the_slowest_agent(page):
    row = re.search(r"<tr>(<td>8</td><td>18</td>.*?)</tr>", page("full"))
    cells = re.findall(r"<td>(.*?)</td>", row[1])
    assert cells[:6] == ["8", "18", "300", "10", "270", "–"] and cells[7:] == ["20.0", "12.0"]


def test_equal_records_give_equal_pages(record, page):
    with infans.load(record("single")) as run:
        assert report.html(run) == page("single")


def test_ages_and_means_follow_the_rows(record):
    with infans.load(record("evaluation")) as run:
        agent = run.agents[0]
        ages = series.ages(agent)
        np.testing.assert_array_equal(ages[[29, 59, 60, 119]], [30, 30, 31, 60])
        curve = series.episode_means(agent, agent.step.vfe, series.learned(agent))
        np.testing.assert_array_equal(curve.x, [30, 60, 90, 120])
        np.testing.assert_allclose(curve.y[1], agent.step.vfe[60:90].mean())


def test_summary_keeps_the_last_value_of_a_life_that_ended():
    curves = [
        series.Curve(np.array([30, 60]), np.array([1.0, 2.0])),
        series.Curve(np.array([30, 60, 90]), np.array([3.0, 4.0, 6.0])),
    ]
    s = series.summarise(curves)
    np.testing.assert_array_equal(s.x, [30, 60, 90])
    np.testing.assert_array_equal(s.median, [2, 3, 4])
    assert series.median_reached([30, None, 90]) == 90 and series.median_reached([30, None, None]) is None


def test_episode_stands_in_the_plane(record):
    with infans.load(record("full")) as run:
        agent = series.representative(run)
        assert agent.seed in (14, 15)  # both reached first success at the median, 150
        last = series.episode(run, agent, int(series.episode_numbers(agent)[-1]))
        assert last.success and last.decisions == 210 and len(last.time) == 31 and len(last.command) == 30
        assert np.hypot(*(last.tip[-10:] - [0, 0.6]).T).max() == pytest.approx(agent.episode.hold_distance[-1])
        np.testing.assert_allclose(np.hypot(*(last.tip - last.cart).T), 0.6)


def test_names_of_model_inputs(record):
    with infans.load(record("full")) as run:
        assert series.input_names(run, 6) == [
            "slide position", "sin hinge", "cos hinge", "slide velocity", "hinge velocity", "command",
        ]  # fmt: skip
        assert series.input_names(run, 3) == ["input 1", "input 2", "input 3"]


def test_command_writes_page_and_picture(record, tmp_path, capsys):
    (tmp_path / "run.h5").write_bytes(record("single").read_bytes())
    report.main([str(tmp_path), "--hero", str(tmp_path / "hero.png")])
    assert capsys.readouterr().out.split() == [str(tmp_path / "report.html"), str(tmp_path / "hero.png")]
    assert (tmp_path / "report.html").read_text().startswith("<!DOCTYPE html>")
    assert (tmp_path / "hero.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["hero.png", "report.html", "run.h5"]


@pytest.mark.parametrize("case", ["missing", "text", "folder", "empty hero"])
def test_bad_input_is_one_line_and_exit_2(record, tmp_path, capsys, case):
    (tmp_path / "text.h5").write_text("no record")
    arguments = {
        "missing": [str(tmp_path / "missing.h5")],
        "text": [str(tmp_path / "text.h5")],
        "folder": [str(record("single")), "-o", str(tmp_path / "no" / "report.html")],
        "empty hero": [str(record("empty")), "-o", str(tmp_path / "r.html"), "--hero", str(tmp_path / "hero.png")],
    }[case]
    with pytest.raises(SystemExit) as caught:
        report.main(arguments)
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("infans-report: ") and said.count("\n") == 1


def report_without(module: str, path: Path) -> subprocess.CompletedProcess:
    """The command on a record where a module is not installed."""
    source = str(Path(infans.__file__).parents[1])
    code = (
        f"import sys; sys.path.append({source!r}); sys.modules[{module!r}] = None\n"
        f"from infans.report import main; main([{str(path)!r}])"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_without_matplotlib_it_says_how_to_install(record):
    done = report_without("matplotlib", record("single"))
    assert done.returncode == 2 and 'pip install "infans[report]"' in done.stderr and done.stderr.count("\n") == 1
