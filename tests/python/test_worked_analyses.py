"""The worked analyses read what infans-export writes, and agree: R with lme4, Python with statsmodels."""

import io
import shutil
import subprocess
import sys
from pathlib import Path

import infans
import pytest

ANALYSES = Path(__file__).parents[2] / "experiments" / "analyses"
pandas = pytest.importorskip("pandas")
pytest.importorskip("statsmodels")


@pytest.fixture(scope="module")
def trials(tmp_path_factory, study):
    folder = tmp_path_factory.mktemp("worked") / "csv"
    with infans.load(study("study")) as record:  # 10 participants in each of three groups; participant 2 excluded
        infans.export.write(record, "csv", folder, measures=["error"])
    return folder / "trials_reach.csv"


def in_python(trials):
    script = [sys.executable, str(ANALYSES / "growth.py"), str(trials), "error"]
    return pandas.read_csv(io.StringIO(subprocess.run(script, check=True, capture_output=True, text=True).stdout))


@pytest.fixture(scope="module")
def effects(trials):
    return in_python(trials)


def test_the_model_finds_what_was_put_in(effects):
    # Errors shrink; yoked and random infants are half grown 20 and 30 days later, so theirs shrink later: they are
    # above the active ones over the same weeks.
    table = effects.set_index("term")["estimate"]
    assert table["weeks"] < 0 < table["grouprandom"] and table["groupyoked"] > 0
    assert len(table) == 6


def test_lme4_has_the_same_fixed_effects(trials, effects):
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("R is not installed (apt-get install r-base-core r-cran-lme4)")
    if subprocess.run([rscript, "-e", "library(lme4)"], capture_output=True).returncode != 0:
        pytest.skip("R has no lme4 (apt-get install r-cran-lme4)")
    script = [rscript, str(ANALYSES / "growth.R"), str(trials), "error"]
    ran = subprocess.run(script, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    r = pandas.read_csv(io.StringIO(ran.stdout))
    assert list(r["term"]) == list(effects["term"])
    # Both maximise the same restricted likelihood; given the ratio of the two variances the fixed effects follow in
    # closed form, and optimisers stop at their own places of a flat top: a hundredth of a standard error is nothing.
    assert ((r["estimate"] - effects["estimate"]).abs() <= 0.01 * r["std_error"]).all()
    assert ((r["std_error"] - effects["std_error"]).abs() <= 0.01 * r["std_error"]).all()
