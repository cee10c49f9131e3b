"""The page of scored figures: counts, kinds apart, and what a check tells from rounding."""

import importlib.util
from pathlib import Path

import pytest

from balkhash_model.diagnostics import Score

SCRIPT = Path(__file__).resolve().parents[2] / ".ci" / "scored_figures.py"


@pytest.fixture(scope="module")
def page():
    import sys

    spec = importlib.util.spec_from_file_location("scored_figures", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["scored_figures"] = module
    spec.loader.exec_module(module)
    return module


def inflow(model, source="wang2022", **more):
    return Score("F1", "inflow", "km3 yr-1", 14.04, source, model, 0.42, **more)


def books(page, *scores):
    return [page.Notebook("f01_budget", "The budget", list(scores))]


def test_groups_are_counted_by_numbers_of_the_model(page):
    apart = Score("F1", "rain", "km3 yr-1", 3.35, "wang2022", 3.4, kind="input")
    text = page.render(books(page, inflow(13.9), apart))
    assert "Of 1 groups with numbers of the model 1 are met; 1 of 1 numbers" in text
    assert "| F1 | The budget | 1 | 1 |  |  | met | 1 |" in text
    assert text.index("Computed by the model") < text.index("Inputs")
    text = page.render(books(page, inflow(13.9), inflow(13.0, note="too little")))
    assert "| F1 | The budget | 2 | 1 |  |  | **not met** | 0 |" in text
    # the reason stands beside what it is said of
    assert "| inflow<br>(too little) | km3 yr-1 | 14.04 | 13.000 | -1.040 | 0.42 | **NO** |" in text
    assert "nothing scored" in page.render(books(page, apart))


def test_an_audit_is_counted_apart_and_flags_what_it_must(page):
    closes, wrong = inflow(14.0, kind="audit"), inflow(13.0, kind="audit", expected=False)
    text = page.render(books(page, closes, wrong))
    assert "Of 0 groups with numbers of the model 0 are met; 0 of 0 numbers" in text
    assert "1 pass; 2 of 2 checks came out as they should" in text.replace("\n", " ")
    assert "| F1 | The budget |  |  | 2 | 2 | audit passes | 0 |" in text
    assert "| flagged, as it should be | `wang2022` |" in text
    # a wrong table that passes is the audit's failure, and so is a right one that does not
    unseen = inflow(14.0, kind="audit", expected=False)
    text = page.render(books(page, unseen))
    assert "**audit fails**" in text
    assert "| **NOT FLAGGED** |" in text
    assert "**audit fails**" in page.render(books(page, inflow(13.0, kind="audit")))
    # numbers of the model decide where a group has both
    assert "| 1 | 1 | 1 | 0 | met | 0 |" in page.render(books(page, inflow(13.9), unseen))


def test_a_row_says_what_it_rests_on_and_why_it_misses(page):
    faults = page.faults_of([inflow(10.0), inflow(13.9, source="nobody2020")])
    assert [f.split("'")[2] for f in faults] == [
        " misses and says not why",
        " has the source nobody2020, which the catalogue lacks",
        " stands twice",
    ]
    assert page.faults_of([inflow(10.0, note="a dry year")]) == []


def test_groups_stand_in_the_order_of_their_numbers(page):
    tenth = Score("F10", "level", "m", 53.0, "ec_ifas", kind="not reproducible", note="no inputs")
    text = page.render([*books(page, inflow(13.9)), page.Notebook("f10", "The sea", [tenth])])
    assert text.index("## F1:") < text.index("## F10:")


def test_a_number_is_shown_to_the_digits_of_its_tolerance(page):
    fine = Score("F6", "slope", "kPa K-1", 0.1221127, "cslsevap", 0.12211266, 1.2e-6)
    assert "| 0.1221127 | 0.12211266 | -0.00000004 | 1.2e-06 | yes |" in page.line(fine)
    derived = Score("F1", "area", "km2", 17151.770807, "wang2022", 17193.127, 171.5)
    assert "| 17151.8 | 17193.1 | +41.4 | 172 | yes |" in page.line(derived)
    rounding = Score("F1", "residual", "1", 0.0, "balance", -2.9e-16, 1e-6, "identity")
    assert "| 0 | 0.0000000 | 0 | 1e-06 | yes |" in page.line(rounding)


def test_a_check_overlooks_the_fourth_digit_and_nothing_else(page):
    old = page.render(books(page, inflow(13.735)))
    assert page.changes(old, old) == []
    assert page.changes(old, page.render(books(page, inflow(13.74)))) == []
    assert page.changes(old, page.render(books(page, inflow(13.9)))) != []
    # within by a hair, then no more
    edge = page.render(books(page, inflow(13.6205)))
    assert page.changes(edge, page.render(books(page, inflow(13.6195)))) != []
    assert page.changes(old, old.replace("inflow |", "outflow |")) != []
    assert page.changes(old, old + "| one | more |\n") != []
    assert page.changes("", old) != []
