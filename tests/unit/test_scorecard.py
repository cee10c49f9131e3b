"""Published numbers beside the model's: what counts as met, and what may not be scored."""

import math

import pytest

from balkhash_model.diagnostics import Score, audit_passes, scorecard, within


def score(**changes):
    given = {
        "group": "F1",
        "quantity": "river inflow",
        "unit": "km3 yr-1",
        "published": 14.04,
        "source": "wang2022",
        "model": 13.94,
        "tolerance": 0.1,
    }
    return Score(**{**given, **changes})


def test_a_difference_equal_to_the_tolerance_is_met():
    assert score().within
    assert not score(model=13.93).within
    assert not score(model=14.15).within


def test_only_the_models_own_numbers_are_scored():
    missed = score(model=10.0, kind="identity")
    assert within([score(), missed])
    assert not within([missed])
    assert not within([score(), score(model=10.0)])


def test_the_table_keeps_what_misses_and_what_cannot_be_had():
    absent = score(model=math.nan, tolerance=math.nan, kind="not reproducible")
    table = scorecard([score(), score(model=10.0), absent])
    assert list(table["within tolerance"]) == ["yes", "NO", "-"]
    assert table["difference"].round(3).tolist()[:2] == [-0.1, -4.04]


def test_an_audit_passes_where_it_flags_what_is_wrong():
    right, wrong = score(kind="audit"), score(kind="audit", model=10.0, expected=False)
    assert audit_passes([right, wrong, score(model=10.0)])
    assert not audit_passes([right, score(kind="audit", expected=False)])
    assert not audit_passes([score(kind="audit", model=10.0)])
    assert not audit_passes([score()])
    assert not within([right, wrong])
    words = scorecard([right, wrong, score(kind="audit", expected=False)])["within tolerance"]
    assert list(words) == ["yes", "flagged, as it should be", "NOT FLAGGED"]


def test_information_has_the_models_number_and_is_not_judged():
    row = score(kind="information", tolerance=math.nan)
    assert row.verdict == "-"
    assert not within([row])


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "guess"},
        {"model": math.nan},
        {"tolerance": math.nan},
        {"kind": "not reproducible"},
        {"kind": "information"},
        {"kind": "audit", "tolerance": math.nan},
        {"expected": False},
    ],
)
def test_a_row_that_contradicts_itself_is_refused(changes):
    with pytest.raises(ValueError, match="F1 'river inflow'"):
        score(**changes)
