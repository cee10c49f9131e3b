"""The notebooks on the Aral Sea run from top to bottom, and in time."""

import runpy
import time
from pathlib import Path

import matplotlib
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"


@pytest.mark.parametrize(
    ("name", "words"),
    [("aral_collapse", "135 months"), ("aral_and_balkhash", "basins first apart: 2046")],
)
def test_it_runs(name, words, capsys, monkeypatch, tmp_path):
    matplotlib.use("agg")
    monkeypatch.chdir(tmp_path)
    started = time.perf_counter()
    names = runpy.run_path(str(FOLDER / f"{name}.py"))
    assert time.perf_counter() - started < 120.0
    assert words in capsys.readouterr().out
    assert len(names["figure"].axes) >= 2
