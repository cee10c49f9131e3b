"""The time axis: calendars, positions, and every refusal."""

from datetime import UTC, date, datetime

import cftime
import numpy as np
import pandas as pd
import pytest

from balkhash_model.errors import InputError
from balkhash_model.timeaxis import TimeAxis, overlap_weights, seconds_in_year


def problems(function, *arguments) -> list[str]:
    with pytest.raises(InputError) as caught:
        function(*arguments)
    return [str(p) for p in caught.value.problems]


def test_months_have_their_own_lengths():
    axis = TimeAxis.monthly("1964-01-01", "1965-01-01")
    assert axis.n == 12
    assert (axis.durations / 86400).tolist() == [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    assert axis.durations.dtype == np.float64
    assert axis.edges.dtype == "datetime64[s]"
    assert axis.months.tolist() == list(range(1, 13))
    assert set(axis.years) == {1964}
    assert axis.bounds.shape == (12, 2)
    assert str(axis.bounds[1, 0]) == "1964-02-01T00:00:00"
    assert str(axis.midpoints[0]) == "1964-01-16T12:00:00"


def test_times_before_1970():
    axis = TimeAxis.monthly("1961-12-01", "1962-02-01")
    assert axis.months.tolist() == [12, 1]
    assert axis.years.tolist() == [1961, 1962]


def test_days():
    axis = TimeAxis.daily("1964-02-28", "1964-03-02")
    assert axis.n == 3
    assert set(axis.durations) == {86400.0}


@pytest.mark.parametrize("months", [1, 2, 4, 8])
def test_regular_intervals(months):
    axis = TimeAxis.regular("1961-01-01", "1969-01-01", months=months)
    assert axis.n == 96 // months
    assert axis.durations.sum() == (8 * 365 + 2) * 86400


def test_one_month_is_the_monthly_axis():
    assert TimeAxis.regular("1961-01-01", "1962-01-01", months=1) == TimeAxis.monthly(
        "1961-01-01", "1962-01-01"
    )


@pytest.mark.parametrize(
    "edges",
    [
        ["1961-01-01", "1961-03-01T06:00", "1962-01-01 00:00:00"],
        [date(1961, 1, 1), datetime(1961, 3, 1, 6), date(1962, 1, 1)],
        np.array(["1961-01-01", "1961-03-01T06:00", "1962-01-01"], dtype="datetime64[ns]"),
        pd.DatetimeIndex(["1961-01-01", "1961-03-01T06:00", "1962-01-01"]),
    ],
)
def test_irregular_edges_in_any_form(edges):
    axis = TimeAxis.irregular(edges)
    assert (axis.durations / 3600).tolist() == [59 * 24 + 6, 306 * 24 - 6]


def test_an_axis_is_a_value():
    axis = TimeAxis.daily("2000-01-01", "2000-01-03")
    same = TimeAxis.irregular(["2000-01-01", "2000-01-02", "2000-01-03"])
    assert axis == same
    assert hash(axis) == hash(same)
    assert axis != TimeAxis.daily("2000-01-01", "2000-01-04")
    assert axis != "axis"
    assert repr(axis) == "TimeAxis(2 intervals, 2000-01-01T00:00:00 to 2000-01-03T00:00:00)"
    with pytest.raises(ValueError, match="read-only"):
        axis.edges[0] = axis.edges[1]


def test_an_axis_does_not_share_the_array_it_was_made_from():
    edges = np.array(["2000-01-01", "2000-01-02"], dtype="datetime64[s]")
    axis = TimeAxis(edges)
    edges[0] = edges[1]
    assert axis.durations.tolist() == [86400.0]


def test_month_starts_are_demanded_at_both_ends_at_once():
    assert problems(TimeAxis.monthly, "1961-01-02", "1961-12-31") == [
        "start: not the start of a month; got 1961-01-02; expected a date such as '1961-01-01'",
        "end: not the start of a month; got 1961-12-31; expected a date such as '1961-12-01'",
    ]


@pytest.mark.parametrize("make", [TimeAxis.monthly, TimeAxis.daily, TimeAxis.regular])
def test_bad_dates(make):
    assert problems(make, "1961", "today") == [
        "start: not a date; got '1961'; expected as '1961-01-01'",
        "end: not a date; got 'today'; expected as '1961-01-01'",
    ]
    assert problems(make, "1961-02-30", "1962-01-01")[0].startswith("start: not a date")
    assert problems(make, "1961-01-01", "1961-01-01") == [
        "end: not after the start; got 1961-01-01; expected a date after 1961-01-01"
    ]


def test_a_rest_of_an_interval():
    assert problems(TimeAxis.regular, "1961-01-01", "1962-01-01", 8) == [
        "end: not a whole number of intervals of 8 months after 1961-01-01; got 1962-01-01; "
        "expected a date such as '1962-05-01'"
    ]
    assert "at least 1" in problems(TimeAxis.regular, "1961-01-01", "1962-01-01", 0)[0]


def test_all_bad_edges_are_named_at_once():
    edges = np.array(
        ["2000-01-01", "2000-01-03", "2000-01-02", "NaT", "2000-01-03", "2000-01-04"],
        dtype="datetime64[D]",
    )
    assert problems(TimeAxis.irregular, edges) == [
        "edges[3]: not a time; got NaT",
        "edges[2]: out of order; got 2000-01-02T00:00:00; "
        "expected a time after 2000-01-03T00:00:00",
        "edges[4]: given twice; got 2000-01-03T00:00:00",
    ]


def test_many_bad_edges_are_counted():
    falling = np.datetime64("2000-01-01") - np.arange(1000)
    found = problems(TimeAxis.irregular, falling)
    assert len(found) == 21
    assert "further problems" in found[-1]


@pytest.mark.parametrize(
    ("edges", "said"),
    [
        ([], "not times"),
        (["2000-01-01"], "edges: too few; got 1; expected at least 2"),
        ([0.0, np.nan], "edges: not times; got numbers of type float64"),
        ([1, 2], "not times"),
        ([["2000-01-01", "2000-01-02"]], "not one row of times; got 2 dimensions"),
        (["2000-01-01", "now"], "edges[1]: not a time; got "),
        (["2000-01-01", "2000-13-01"], "edges[1]: not a time"),
        (["2000-01-01", "2000-01-02T00:00Z"], "without time zone"),
        ([datetime(2000, 1, 1), datetime(2000, 1, 2, tzinfo=UTC)], "without time zone"),
        ([datetime(2000, 1, 1), 5], "edges[1]: not a time; got 5"),
        ([cftime.Datetime360Day(2000, 2, 30), cftime.Datetime360Day(2000, 3, 1)], "Gregorian"),
    ],
)
def test_what_is_not_a_row_of_times(edges, said):
    assert said in problems(TimeAxis.irregular, edges)[0]


@pytest.mark.parametrize(("year", "days"), [(1900, 365), (1961, 365), (1964, 366), (2000, 366)])
def test_length_of_a_year(year, days):
    assert seconds_in_year(year) == days * 86400.0


def test_weights_by_hand():
    # January has 31 days: a period from 11 January covers 21 of them, and all of February.
    axis = TimeAxis.monthly("1961-01-01", "1961-04-01")
    weights = overlap_weights(axis, ["1961-01-11", "1950-01-01"], ["1961-03-01", "1960-01-01"])
    assert weights == pytest.approx(np.array([[21 / 31, 0], [1, 0], [0, 0]]))
    assert weights.shape == (3, 2)


def test_weights_of_no_period():
    axis = TimeAxis.monthly("1961-01-01", "1961-04-01")
    none = np.array([], dtype="datetime64[s]")
    assert overlap_weights(axis, none, none).shape == (3, 0)


def test_bad_periods():
    axis = TimeAxis.monthly("1961-01-01", "1961-04-01")
    starts = np.array(["1961-01-01", "1961-02-01", "NaT"], dtype="datetime64[D]")
    ends = np.array(["1961-02-01", "1961-02-01", "1962-01-01"], dtype="datetime64[D]")
    found = problems(overlap_weights, axis, starts, ends)
    assert len(found) == 2
    assert found[0].startswith("period 1: does not end after it starts; got 1961-02-01")
    assert found[1].startswith("period 2: does not end after it starts; got NaT")
    assert "3 starts and 2 ends" in problems(overlap_weights, axis, starts, ends[:2])[0]
