"""`infans bench`: records, files, exit codes and mistakes, with made-up lives and with two real ones."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from infans import bench
from infans import bench_records as records
from test_report import Tags

infans = pytest.importorskip("infans")
SPEED = {"efe": 150.0, "random": 500.0}


def made_up(task, agent, seeds, settings, threads):
    """Lives that succeed after a log-normal time; the setting `slower` multiplies it. At random, seed 4 never does."""
    lives = []
    for seed in seeds:
        draw = np.random.default_rng([seed, len(task), len(agent)])
        first = int(SPEED[agent] * float(settings.get("slower", 1)) * math.exp(draw.normal(0, 0.2)))
        never = first > 600 or (agent == "random" and seed == 4)
        curve = [[600, 0]] if never else [[first / 2, 0], [first, 1]]
        reached = None if never else first
        lives.append(records.record(task, agent, seed, curve=curve, budget=600, control_period=0.05,
                                    decisions_first=reached, decisions_sustained=reached,
                                    decisions_all_in=reached or 600, control_steps=2 * (reached or 600)))  # fmt: skip
    return lives


@pytest.fixture(autouse=True)
def no_real_lives(monkeypatch, request):
    build = {"git_hash": "0123456789ab", "isa": "x86-64-v3", "mujoco": "4.0.0"}
    if "real" not in request.node.name:
        monkeypatch.setattr(infans, "build_info", lambda: build, raising=False)
        monkeypatch.setattr(records, "backends", lambda: {t: (made_up, tuple(SPEED)) for t in ("tip-pendulum", "slow")})


def run(capsys, *words):
    try:
        code = bench.main(["sample-efficiency", *map(str, words)])
    except SystemExit as end:
        code = end.code
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture
def baseline(tmp_path, capsys):
    path = tmp_path / "baseline.json"
    assert run(capsys, "--tasks", "tip-pendulum,slow", "--seeds", 30, "--json", path)[0] == 0
    return path


def test_record_adds_up():
    life = records.record("t", "a", 3, curve=[[20, 0.5], [60, 1]], budget=100, control_period=0.02, decisions_first=60,
                          decisions_sustained=None, decisions_all_in=60, control_steps=120)  # fmt: skip
    assert life["auc"] == pytest.approx((40 * 0.5 + 40) / 100) and life["censored"]
    assert life["simulated_seconds"] == pytest.approx(2.4) and json.loads(json.dumps(life)) == life
    with pytest.raises(ValueError, match="outside 0..1"):
        records.record("t", "a", 3, curve=[[20, 1.5]], budget=100, control_period=0.02, decisions_first=None,
                       decisions_sustained=None, decisions_all_in=20, control_steps=20)  # fmt: skip


def test_records_go_to_standard_output_and_progress_does_not(capsys):
    code, out, err = run(capsys, "--tasks", "slow", "--agents", "efe,random", "--seeds", 3, "--seed", 7)
    found = json.loads(out)
    assert code == 0 and [r["seed"] for r in found["records"]] == [7, 8, 9] * 2
    assert found["meta"]["seeds"] == [7, 8, 9] and found["meta"]["isa"] == "x86-64-v3"
    assert err.splitlines() == [
        "infans-bench: slow by efe, seeds 7-9 ...",
        "infans-bench: slow by random, seeds 7-9 ...",
    ]


def test_tier_says_what_this_build_cannot_measure(capsys):
    code, out, err = run(capsys)
    assert code == 0 and {r["task"] for r in json.loads(out)["records"]} == {"tip-pendulum"}
    assert len(json.loads(out)["records"]) == 10
    assert "not measured by this build: cartpole-swingup, pilco-cartpole, mountain-car, linear-gaussian" in err


def test_gate_passes_what_is_the_same_and_fails_what_is_slower(tmp_path, capsys, baseline):
    ours = ("--tasks", "tip-pendulum,slow", "--baseline", baseline)
    code, out, _ = run(capsys, *ours, "--gate")
    assert code == 0 and out.count("| identical |") == 2 and "No regression" in out
    junit = tmp_path / "junit.xml"
    code, out, err = run(capsys, *ours, "--gate", "--set", "slower=2", "--junit", junit)
    assert code == 1 and out.count("| regression |") == 2 and "regression: slow by efe loses" in err
    suite = ElementTree.parse(junit).getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("2", "2", "0")
    assert all("times the baseline's" in f.get("message") for f in suite.iter("failure"))
    assert run(capsys, *ours, "--set", "slower=2")[0] == 0  # looked at, not gated


def test_nightly_stops_when_it_is_sure(tmp_path, capsys):
    path = tmp_path / "nightly.json"
    nightly = ("--tier", "nightly", "--tasks", "slow")
    assert run(capsys, *nightly, "--json", path)[0] == 0
    code, out, _ = run(
        capsys, *nightly, "--baseline", path, "--gate", "--set", "slower=2", "--json", tmp_path / "n.json"
    )
    assert code == 1 and "| regression |" in out
    used = len(json.loads((tmp_path / "n.json").read_text())["records"])
    assert used < 60 and used % bench.BATCH == 0


def test_records_can_be_judged_again_without_living(tmp_path, capsys, baseline):
    kept = tmp_path / "kept.json"
    run(capsys, "--tasks", "slow", "--json", kept)
    code, out, err = run(capsys, "--from", kept, "--baseline", baseline, "--gate")
    assert code == 0 and "| identical |" in out and err == ""


def test_pages_say_what_the_records_say(tmp_path, capsys):
    pytest.importorskip("matplotlib", reason="the page is an extra")
    files = {kind: tmp_path / f"page.{kind}" for kind in ("json", "markdown", "html", "junit")}
    words = [word for kind, path in files.items() for word in (f"--{kind}", path)]
    run(capsys, "--tasks", "tip-pendulum", "--agents", "efe,random", "--seeds", 5, *words)
    lives = [r for r in json.loads(files["json"].read_text())["records"] if r["agent"] == "efe"]
    first = sorted(r["decisions_first"] for r in lives)
    cell = f"| tip-pendulum | efe | 5 | {first[2]} [{first[0]}, {first[4]}] |"
    summary = files["markdown"].read_text()
    assert cell in summary and re.search(r"\| tip-pendulum \| random \| 5 \| \d+ \[\d+, never\]", summary)
    ratio = float(re.search(r"efe / random \| ([\d.]+) \[", summary)[1])
    assert 0.2 < ratio < 0.45  # 150 / 500 = 0.3, five seeds a side with deviation 0.2: three standard errors
    text, tags = files["html"].read_text(), Tags()
    tags.feed(text)
    assert not tags.open and len(tags.ids) == len(set(tags.ids))
    assert all(link.startswith("#") for link in tags.links)
    assert text.count("<svg") == 4 and "efe / random" in text
    assert ElementTree.parse(files["junit"]).getroot().get("failures") == "0"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--tasks", "tip-pendulums"], "no task; did you mean 'tip-pendulum'?"),
        (["--tasks", "mountain-car"], "'mountain-car' is not measured by this build"),
        (["--agents", "efee"], "has no agent 'efee'; did you mean 'efe'?"),
        (["--seeds", "0"], "argument --seeds: '0' is no whole number above 0"),
        (["--set", "horizon"], "'horizon' is not KEY=VALUE"),
        (["--gate"], "--gate compares with --baseline FILE"),
        (["--baseline", "none.json"], "none.json: no such file"),
        (["--baseline", __file__], "not a file of records"),
        (["--json", "no/where.json"], "no: no such folder for where.json"),
        (["--tier", "weekly"], "invalid choice: 'weekly'"),
        (["--nightly"], "unrecognized arguments: --nightly"),
    ],
)
def test_mistakes_are_one_line_and_exit_2(capsys, words, sentence):
    code, out, err = run(capsys, *words)
    said = [line for line in err.splitlines() if "not measured by this build: " not in line or "--tasks" in line]
    assert code == 2 and out == "" and len(said) == 1
    assert said[0].startswith("infans-bench: ") and sentence in said[0]


def test_a_baseline_that_does_not_fit_is_refused_before_anything_is_measured(capsys, baseline, monkeypatch):
    monkeypatch.setattr(records, "measure", lambda *_: pytest.fail("it measured"))
    for words, sentence in (
        (["--tier", "release", "--tasks", "slow"], "tier pr, this with release"),
        (["--tasks", "slow", "--seed", 25], "seeds 1-30, here are 25-34; seed 31 has no partner"),
        (["--tasks", "slow", "--agents", "random"], "no records of slow by random"),
    ):
        code, _, err = run(capsys, *words, "--baseline", baseline, "--gate")
        assert code == 2 and sentence in err


def test_help_has_examples(capsys):
    code, out, _ = run(capsys, "--help")
    assert code == 0 and "--baseline baseline.json --gate" in out


def test_gate_check_prints_a_row_a_case(tmp_path, capsys, baseline):
    assert bench.main(["gate-check", "--rounds", "20", "--reruns", "5", "--records", str(baseline)]) == 0
    out = capsys.readouterr().out
    assert len(re.findall(r"^\| .*x", out, re.M)) == 4 * (2 + 2)  # two noises, two tasks
    assert "slow by efe, 30 lives | 2x, curves stretched | 100.0% | 5 of 5" in out


def test_real_lives_make_records(tmp_path, capsys):
    pytest.importorskip("infans._infans")
    short = ("life.decisions=40", "world.episode_steps=20", "planner.candidates=20", "model.evidence_steps=1")
    settings = dict(s.split("=") for s in short)
    found = records.measure("cartpole-swingup", "random-data", [3, 4, 9], settings, threads=1)
    assert [r["seed"] for r in found] == [3, 4, 9]
    for r in found:
        assert [d for d, _ in r["curve"]] == [20, 40] and r["budget"] == r["decisions_all_in"] == 40
        assert r["simulated_seconds"] == pytest.approx(4)
    again = records.measure("cartpole-swingup", "random-data", [4], settings, threads=2)
    assert again == [found[1]]


def test_real_command_is_found_by_infans():
    pytest.importorskip("infans._infans")
    command = Path(sys.executable).parent / "infans-bench"
    if not command.exists():
        pytest.skip("the commands of the package are not installed")
    words = ["sample-efficiency", "--tasks", "cartpole-swingup", "--set", "no.such=1", "--seeds", "1"]
    done = subprocess.run([command, *words], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and "unknown option 'no.such'" in done.stderr and "Traceback" not in done.stderr
