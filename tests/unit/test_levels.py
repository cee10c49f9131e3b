"""Observed levels: the shipped record in one table, and a user's own gauge with every refusal."""

import numpy as np
import pytest

from balkhash_model import reference
from balkhash_model.reference.levels import (
    COLUMNS,
    altimetry_monthly,
    balkhash_levels,
    read_observed,
)

BS = "Baltic system (BS)"


@pytest.fixture
def gauge(tmp_path):
    """Write a record; give its path."""

    def write(*rows: str, header: str = "time,level,unit,datum", encoding: str = "utf-8"):
        path = tmp_path / "gauge.csv"
        path.write_bytes("\n".join([header, *rows, ""]).encode(encoding))
        return path

    return write


# ---------------------------------------------------------------- the shipped record


def test_the_shipped_levels_in_one_table():
    levels = balkhash_levels()
    assert tuple(levels.columns) == COLUMNS
    assert not levels.drop(columns="flag").isnull().any().any()
    assert levels["level"].between(340.0, 344.0).all()
    assert (levels["uncertainty"] >= 0.05).all()


def test_all_annual_levels_are_the_dated_and_the_altimetry():
    levels = balkhash_levels()
    count = levels["series"].value_counts()
    assert count["all annual levels"] == count["dated levels"] + count["altimetry, annual means"]
    dated = levels[levels["series"] == "dated levels"]
    assert (dated["time"].dt.year < 1992).all()  # 2011 and 2012 tie the datum and count once


def test_the_datum_of_the_altimetry_is_uncertain_by_a_tenth_at_least():
    levels = balkhash_levels()
    assert (levels[levels["series"].str.startswith("altimetry")]["uncertainty"] >= 0.1).all()


def test_annual_means_weigh_months_by_days():
    monthly = altimetry_monthly()
    months = monthly[monthly.index.year == 1996]
    days = np.array([31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    levels = balkhash_levels()
    annual = levels[levels["series"] == "altimetry, annual means"].set_index("time")["level"]
    assert annual.loc["1996-07-01"] == pytest.approx((months.to_numpy() * days).sum() / 366)
    # 1992 begins in September and has no mean
    assert 1992 not in annual.index.year


def test_the_tied_altimetry_is_on_the_datum_of_the_dated_levels():
    # the annual means of 2011 and 2012 tie it: there both agree, by definition, on average
    anchors = reference.load("balkhash_level_anchors")
    year = np.floor(anchors["decimal_year"].values)
    tie = [anchors["level_m"].values[year == y][0] for y in (2011, 2012)]
    monthly = altimetry_monthly()
    mean = [monthly[monthly.index.year == y].mean() for y in (2011, 2012)]
    assert np.mean(mean) == pytest.approx(np.mean(tie), abs=0.02)


def test_a_table_without_levels_in_a_known_datum_is_refused(problems):
    [text] = problems(altimetry_monthly, "balkhash_level_altimetry")
    assert "holds no levels in a known datum" in text
    assert "expected level_m" in text


# ---------------------------------------------------------------- a user's gauge


def test_a_year_a_month_and_a_day(gauge):
    path = gauge(
        f"1987,340.64,m,{BS},years",
        f"1987-05,341.0,m,{BS},months",
        "1988-05-17,34120,cm,BS,months",
        header="time,level,unit,datum,series",
    )
    table = read_observed(path, BS)
    assert tuple(table.columns) == COLUMNS
    assert table["level"].tolist() == pytest.approx([340.64, 341.0, 341.2])
    assert table["averaging"].tolist() == ["year", "month", "month"]
    assert table["time"].astype(str).tolist() == ["1987-07-01", "1987-05-01", "1988-05-17"]
    assert table["series"].tolist() == ["years", "months", "months"]
    assert table["uncertainty"].isnull().all()


def test_uncertainty_and_series_may_be_given(gauge):
    path = gauge(
        f"1987,34064,cm,{BS},5,Karagash",
        f"1988,34070,cm,{BS},,",
        header="time,level,unit,datum,uncertainty,series",
    )
    table = read_observed(path, BS)
    assert table["series"].tolist() == ["Karagash", "gauge"]
    assert table["uncertainty"].iloc[0] == pytest.approx(0.05)
    assert np.isnan(table["uncertainty"].iloc[1])


def test_columns_in_any_order_with_a_byte_order_mark(gauge):
    path = gauge(f"{BS},m,341.0,1987", header="datum,unit,level,time", encoding="utf-8-sig")
    assert read_observed(path, BS)["level"].tolist() == [341.0]


ONE = [
    (f"1987,340.6,ft,{BS}", "2: unit: not a unit of level; got 'ft'; expected 'm' or 'cm'"),
    (f"1987,340.6,,{BS}", "2: unit: not a unit of level; got ''"),
    (
        "1987,340.6,m,EGM2008",
        f"2: datum: another datum than the result's; got 'EGM2008'; expected '{BS}'",
    ),
    ("1987,340.6,m,", "2: datum: another datum than the result's; got ''"),
    (f"1987,high,m,{BS}", "2: level: not a number; got 'high'"),
    (f"1987,,m,{BS}", "2: level: not a number; got ''"),
    (f"1987,nan,m,{BS}", "2: level: not a number; got 'nan'"),
    (f"1987,inf,m,{BS}", "2: level: not a number; got 'inf'"),
    (f"87,340.6,m,{BS}", "2: time: not a date; got '87'; expected 1987, 1987-05 or 1987-05-01"),
    (f"1987-13,340.6,m,{BS}", "2: time: not a date"),
    (f"1987-02-30,340.6,m,{BS}", "2: time: not a date"),
    (f"soon,340.6,m,{BS}", "2: time: not a date"),
    (f",340.6,m,{BS}", "2: time: not a date"),
]


@pytest.mark.parametrize(("row", "words"), ONE)
def test_one_fault_one_problem_with_its_line(problems, gauge, row, words):
    path = gauge(row, f"1990,341.0,m,{BS}")
    [text] = problems(read_observed, path, BS)
    assert text.startswith(f"{path}:{words}")


def test_all_faults_of_a_record_are_named_at_once(problems, gauge):
    path = gauge("1987,x,ft,EGM2008", f"1988,341,m,{BS}", f"1989-99,341,m,{BS}")
    assert len(problems(read_observed, path, BS)) == 4


def test_a_wrong_header_is_named_whole(problems, gauge):
    path = gauge("1987,340.6", header="time,levle")
    found = problems(read_observed, path, BS)
    said = [
        "lacks a column; expected level. Nearest: levle",
        "lacks a column; expected unit",
        "lacks a column; expected datum",
        "no such column; got levle. Nearest: level",
    ]
    assert len(found) == len(said)
    for text, part in zip(found, said, strict=True):
        assert text.startswith(f"{path}:1: {part}")


def test_a_time_that_stands_twice_is_refused(problems, gauge):
    path = gauge(f"1987-05,340.6,m,{BS}", f"1987-06,340.6,m,{BS}", f"1987-05,340.7,m,{BS}")
    [text] = problems(read_observed, path, BS)
    assert text == f"{path}:4: a time stands twice; got 1987-05-01"


def test_times_out_of_order_and_mixed_means_are_refused_at_once(problems, gauge):
    path = gauge(f"1987-06,340.6,m,{BS}", f"1987-05,340.6,m,{BS}", f"1988,340.7,m,{BS}")
    order, mixed = problems(read_observed, path, BS)
    assert order == f"{path}:3: times are not in order; got 1987-05; expected after 1987-06"
    assert mixed.startswith(f"{path}:4: series 'gauge' mixes means of years and of months")


def test_a_record_without_levels_is_refused(problems, gauge):
    assert problems(read_observed, gauge(), BS)[0].endswith("gauge.csv: holds no level")


def test_files_that_are_no_csv_are_refused(problems, gauge, tmp_path):
    assert problems(read_observed, tmp_path / "no.csv", BS) == [
        f"{tmp_path / 'no.csv'}: no such file"
    ]
    assert "cannot be read as text" in problems(read_observed, tmp_path, BS)[0]
    assert "cannot be read as text" in problems(read_observed, gauge(encoding="utf-16"), BS)[0]
    empty = tmp_path / "empty.csv"
    empty.touch()
    assert "holds nothing" in problems(read_observed, empty, BS)[0]


def test_semicolons_and_decimal_commas_are_named(problems, gauge):
    for text in problems(read_observed, gauge(header="time;level;unit;datum"), BS):
        assert text.endswith("Separate the cells by commas")
    path = gauge("", f"1987,340,6,m,{BS}")
    assert problems(read_observed, path, BS)[0].startswith(f"{path}:3: more cells than columns")


@pytest.mark.parametrize("time", ["12.05.1987", "01/02/1987", "1987/05/01", "May1987", "05-1987"])
def test_a_date_that_is_not_iso_is_refused(problems, gauge, time):
    problems(read_observed, gauge(f"{time},340.6,m,{BS}"), BS)


def test_a_negative_uncertainty_is_refused(problems, gauge):
    path = gauge(f"1987,340.6,m,{BS},-1", header="time,level,unit,datum,uncertainty")
    problems(read_observed, path, BS)


def test_a_level_that_no_lake_has_is_refused(problems, gauge):
    problems(read_observed, gauge(f"1987,34060,m,{BS}"), BS)


def test_a_trailing_comma_is_named_or_ignored(gauge):
    assert read_observed(gauge(f"1987,340.6,m,{BS},"), BS)["level"].tolist() == [340.6]
