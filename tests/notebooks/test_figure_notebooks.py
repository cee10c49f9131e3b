"""The notebooks on published figures run from top to bottom, in time, and leave their scores."""

import runpy
import time
from pathlib import Path

import matplotlib
import pytest

from balkhash_model import reference
from balkhash_model.diagnostics import Score

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(path.stem for path in FOLDER.glob("f[0-9]*.py"))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_it_runs_and_leaves_its_scores(name, monkeypatch, tmp_path):
    matplotlib.use("agg")
    monkeypatch.chdir(tmp_path)
    started = time.perf_counter()
    names = runpy.run_path(str(FOLDER / f"{name}.py"))
    assert time.perf_counter() - started < 120.0
    assert names["figure"].axes
    scores = names["scores"]
    assert all(isinstance(score, Score) for score in scores)
    assert {score.group for score in scores} == {f"F{int(name[1:3])}"}
    assert len(names["table"]) == len(scores)
    # what a row rests on is named, and a miss says why
    known = {*reference.sources()}
    for score in scores:
        keys = score.source.split(", ")
        assert all(key in known or " " in key for key in keys), score.source
        assert score.note or score.within is not False, score.quantity
        assert score.note or score.kind != "not reproducible", score.quantity
    quantities = [score.quantity for score in scores]
    assert len(set(quantities)) == len(quantities)
