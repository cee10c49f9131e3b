"""Every worked example that sources print, at its tolerance; and the page that shows them."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

PATH = Path(__file__).resolve().parents[1] / "verification" / "page.py"


def load():
    import sys

    spec = importlib.util.spec_from_file_location("verification_page", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # a dataclass looks its module up
    spec.loader.exec_module(module)
    return module


PAGE = load()
ROWS = PAGE.rows()


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r.case}: {r.quantity}")
def test_worked_example(row):
    assert row.holds, f"{row.ours!r} beside {row.printed} of {row.source}"


def test_the_tests_of_cslsevap_are_all_here():
    # 11 values of either FAO-56 example and 19 of the deep lake, each to 1e-5
    own = [row for row in ROWS if row.source == "cslsevap"]
    assert len(own) == 41
    assert {row.tolerance for row in own} == {1e-5}
    assert max(abs(row.difference) for row in own) < 2e-6


def test_table_and_topics_name_the_same_examples():
    ours = {(t, *key) for t, values in PAGE.topics().items() for key in values}
    assert ours == {(row.topic, row.case, row.quantity) for row in ROWS}
    assert all(np.isfinite(row.ours) for row in ROWS)


def test_the_page_is_up_to_date():
    assert PAGE.PAGE.read_text(encoding="utf-8") == PAGE.render()
