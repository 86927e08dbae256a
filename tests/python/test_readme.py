"""The README's study is run as it stands there."""

import os
import re
from pathlib import Path

import infans
import numpy as np

README = Path(__file__).resolve().parents[2] / "README.md"


def block(name: str) -> str:
    """The Python block of the README that contains `name`."""
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)
    return next(text for text in blocks if name in text)


def test_the_study_of_the_readme(tmp_path, monkeypatch, capfd):
    text = block("class PairedComparison")
    assert len(text.splitlines()) <= 80
    monkeypatch.chdir(tmp_path)
    exec(compile(text, "README.md", "exec"), {"__name__": "__main__"})
    assert (tmp_path / "runs" / "novelty" / "report.html").stat().st_size > 10_000
    study = infans.load(tmp_path / "runs" / "novelty")
    trials = study.trials("comparison")
    ages = np.unique(trials["age_days"])
    assert len(study.participants) == 24 and len(ages) == 8

    def preference(group: str, age: float) -> np.ndarray:
        chosen = (trials["group"] == group) & (trials["age_days"] == age)
        return trials["novelty_preference"][chosen]

    # Without curiosity a look is a fair coin: 120 trials of ten looks, so the mean has a standard error of
    # 0.5 / sqrt(1200) = 0.0144; outside 4.5 of these by chance once in 150,000 runs.
    for age in ages:
        assert abs(preference("indifferent", age).mean() - 0.5) < 4.5 * 0.0144
    # At birth home's sequence is as new as the other; after 12 weeks it has nothing to teach.
    assert abs(preference("curious", ages[0]).mean() - 0.5) < 4.5 * 0.0144
    assert preference("curious", ages[-1]).mean() > 0.7
    assert "novelty_preference" in capfd.readouterr().out
    assert os.path.samefile(study.path.parent, tmp_path / "runs" / "novelty")
