"""Printed budgets against their own totals."""

import pandas as pd
import pytest

import balkhash_model as bm
from balkhash_model import reference
from balkhash_model.diagnostics import audit_budgets

COLUMNS = ["budget", "term", "row_kind", "term_km3_per_yr", "term_mm_per_yr"]


def test_the_shipped_budgets():
    found = audit_budgets(reference.load("balkhash_budgets").to_dataframe())
    rows = found.set_index(["budget", "check"])
    assert rows.loc[("soviet_depth", "gains against losses"), "closes"]
    assert rows.loc[("year2000", "gains"), "difference"] == 0.0
    losses = rows.loc[("year2000", "losses")]
    assert not losses["closes"]
    assert losses["terms"] == pytest.approx(24.826)
    assert losses["difference"] == pytest.approx(0.246)
    assert losses["left out"] == "municipal use"
    mean = rows.loc[("wang2022_mean", "gains against losses")]
    assert (mean["difference"], mean["closes"]) == (pytest.approx(-0.04), False)
    # single extremes and single terms are no budgets
    assert set(found["budget"]) == {"soviet_depth", "year2000", "wang2022_mean"}


def test_the_tolerance_is_the_last_that_closes():
    terms = [("b", "in", "term", 2.01, None), ("b", "out", "term", -2.0, None)]
    table = pd.DataFrame(terms, columns=COLUMNS)
    assert audit_budgets(table, 0.010001)["closes"].item()
    assert not audit_budgets(table, 0.0099)["closes"].item()


def test_what_cannot_be_added_up_is_refused():
    with pytest.raises(bm.InputError, match="lacks columns; got row_kind"):
        audit_budgets(pd.DataFrame(columns=["budget", "term", "term_mm_per_yr"]))
    mixed = pd.DataFrame(
        [("b", "in", "term", 1.0, None), ("b", "out", "term", None, -1.0)], columns=COLUMNS
    )
    with pytest.raises(bm.InputError, match="not in one unit"):
        audit_budgets(mixed)
