"""The report of a study: one page, results.json, a table, pictures; a sentence where nothing can be said."""

from __future__ import annotations

import json

import infans
import make_study as example
import pytest

for needed in ("matplotlib", "statsmodels", "scipy", "ruptures"):
    pytest.importorskip(needed, reason="report and analysis are extras")

from infans import report, study_report, study_text  # noqa: E402
from infans.analysis.results import TextTable  # noqa: E402
from test_report import Tags, report_without  # noqa: E402

EXTRA = 3  # sections beside the analyses: methods, one probe, participants


@pytest.fixture(scope="session")
def written(study, tmp_path_factory):
    """Folder with the report of the whole example, and what the command printed."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "run.h5").write_bytes(study("study").read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        lines: list[str] = []
        patch.setattr("builtins.print", lambda *words, **_: lines.append(" ".join(map(str, words))))
        report.main([str(folder), "--table"])
    return folder, "\n".join(lines)


def test_page_is_whole_and_self_contained(written):
    text = (written[0] / "report.html").read_text()
    tags = Tags()
    tags.feed(text)
    assert not tags.open and len(tags.ids) == len(set(tags.ids))
    assert all(link.startswith(("#", "data:")) for link in tags.links)
    assert text.count("<section>") == len(example.ANALYSES) + EXTRA
    assert text.count("<svg") == len(example.ANALYSES) + 2
    assert "Reach &lt;and&gt; kick" in text and "<and>" not in text
    assert len(text.encode()) < 5_000_000


def test_results_have_every_figure(written):
    results = json.loads((written[0] / "results.json").read_text())
    assert results["participants"] == 30 and results["samples"] == 30 * example.SAMPLES
    assert results["excluded"] == [{"participant": 2, "group": "active", "rule": "never moved"}]
    assert results["groups"] == {"active": 10, "random": 10, "yoked": 10}
    assert results["wall_seconds"] == pytest.approx(30 * 15)
    by_name = {a["name"]: a for a in results["analyses"]}
    assert list(by_name) == [a["name"] for a in example.ANALYSES]
    assert not any(a["problem"] for a in by_name.values())
    samples = by_name["Samples to 3 cm"]["figures"]
    active = samples["groups"]["active"]
    assert (active["n"], active["reached"], active["never"]) == (9, 9, 0)
    assert active["min"] <= active["median"] <= active["max"] and len(active["samples"]) == 9
    first = samples["comparisons"][0]
    assert (first["one"], first["other"]) == ("random", "active")
    assert first["ratio"]["low"] <= first["ratio"]["value"] <= first["ratio"]["high"]
    assert first["ratio"]["value"] == pytest.approx(samples["groups"]["random"]["median"] / active["median"])
    logit = by_name["Looking away"]["figures"]["groups"]["random"]["effects"][0]
    assert logit["shape"] == "U" and logit["turn"]["low"] < example.LEAST + 0.1


def test_sentences_are_in_the_reporting_form(written):
    results = json.loads((written[0] / "results.json").read_text())
    said = next(a["sentences"] for a in results["analyses"] if a["name"] == "Samples to 3 cm")
    assert said[0].startswith("Samples until error below 0.03 m, 2 in a row: active median ")
    assert "samples (9 of 9 reached it)" in said[0]
    assert said[1].startswith("random against active: ratio of medians 1.") and ", 95 % CI [" in said[1]
    assert "log-rank test p < .001" in said[1]


def test_methods_say_who_lived_what(study):
    with infans.load(study("study")) as record:
        people, stages, probes, exclusions = study_text.methods(record)
    assert "30 simulated participants" in people and "random (n = 10)" in people and "Seeds 101 to 130" in people
    assert "at the age of 4 weeks; one sample stands for 12 hours" in stages
    assert "180 samples (15 min of simulated time), to the age of 16.9 weeks" in stages
    assert "reach: error (m) and movement units" in probes
    assert exclusions.endswith("Excluded: 1 of 30: never moved (participant 2).")


def test_methods_say_what_the_file_says(study):
    with infans.load(study("within")) as record:
        record.design["stages"][0] |= {"samples": 200, "changes": {"mind.goals": "random"}}
        record.design["probes"][0] |= {"every": "2 weeks", "trials": 8}
        record.design["exclusions"][0] |= {"probe": "reach", "measure": "error", "at": "last", "above": 0.5}
        people, stages, probes, exclusions = study_text.methods(record)
    assert "Factor light (within participants, order counterbalanced): dark and bright." in people
    assert "session (200 samples, mind.goals = random)" in stages
    assert "reach every 2 weeks, 8 trials each: error (m)" in probes
    assert "“never moved” (last error of reach above 0.5). Nobody was excluded." in exclusions


def test_table_on_stdout_is_aligned(written):
    text = written[1]
    assert text.startswith("example: 30 participants, 1 excluded\n")
    assert [line for line in text.splitlines() if line and not line.startswith(" ")][1:] == [
        a["name"] for a in example.ANALYSES
    ]
    assert study_report.aligned(TextTable(["a", "number"], [["long", "1"], ["b", "22"]])) == (
        "a     number\nlong       1\nb         22"
    )


def test_equal_records_give_equal_files_and_pictures_are_files(study, tmp_path, capsys):
    pages = []
    for k in "12":
        (tmp_path / k).mkdir()
        report.main([str(study("brief")), "-o", str(tmp_path / k / "report.html"), "--figures", str(tmp_path / k)])
        pages.append({p.name: p.read_bytes() for p in (tmp_path / k).iterdir()})
    assert pages[0] == pages[1]
    pictures = ["kicks_to_baseline", "life", "probe_reach"]
    wanted = ["report.html", "results.json", *(f"{name}.{kind}" for name in pictures for kind in ("png", "svg"))]
    assert sorted(pages[0]) == sorted(wanted)
    assert capsys.readouterr().out.split()[-len(wanted) :][0] == str(tmp_path / "2" / "report.html")
    assert pages[0]["life.png"].startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["empty", "some"])
def test_nothing_to_show_is_said(study, name):
    with infans.load(study(name)) as record:
        text = report.html(record)
    assert text.count('class="none"') == len(example.VARIANTS[name].analyses)
    if name == "some":
        assert "The study declares no analysis." in text
        assert "failed (participant 2); never moved (participant 7)" in text


def test_an_analysis_that_cannot_be_made_does_not_stop_the_others(study, tmp_path):
    with infans.load(study("within")) as record:  # has no stage "conjugate"
        results = study_report.analysis.run(record, [example.ANALYSES[2], example.ANALYSES[4]])
        text = study_report.as_text(record, results)
    assert results[0].problem and not results[1].problem
    assert "names stage 'conjugate', which is not there" in text and "Error at the last test" in text


def test_more_than_four_groups_become_small_multiples(study):
    with infans.load(study("factorial")) as record:
        (result,) = study_report.analysis.run(record, [{"name": "x", "kind": "samples_to", "series": "surprise",
                                                        "above": 3.0}])  # fmt: skip
        figure = study_report.study_figures.draw(result)
    assert len(figure.axes) == 6 + 1 and figure.axes[1].get_title(loc="left") == "active, high"
    assert [bool(ax.get_xlabel()) for ax in figure.axes] == [False] * 2 + [True] * 5  # where no panel is below


@pytest.mark.parametrize(
    ("record_of", "options", "says"),
    [
        ("study", ["--hero", "x.png"], "--hero is for runs; a study has --figures"),
        ("record", ["--table"], "--table and --figures are for studies; this is the record of a run"),
        ("study", ["-o", "nowhere/report.html"], "no such folder for the report"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(request, tmp_path, capsys, record_of, options, says):
    path = request.getfixturevalue(record_of)("some" if record_of == "study" else "single")
    with pytest.raises(SystemExit) as caught:
        report.main([str(path), "-o", str(tmp_path / "report.html"), *options])
    said = capsys.readouterr().err
    assert caught.value.code == 2 and says in said and said.count("\n") == 1


def test_without_statsmodels_it_says_how_to_install(study):
    done = report_without("statsmodels", study("some"))
    assert done.returncode == 2 and 'pip install "infans[report,analysis]"' in done.stderr
    assert done.stderr.count("\n") == 1
