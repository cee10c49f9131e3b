"""What holds for every time axis."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from balkhash_model.errors import InputError
from balkhash_model.timeaxis import TimeAxis, overlap_weights, seconds_in_year

SECONDS = st.integers(-4_000_000_000, 4_000_000_000)  # 1843 to 2096
EDGES = st.lists(SECONDS, min_size=2, max_size=30, unique=True).map(sorted)
MONTHS = st.integers(-1200, 1200)


def times(seconds: list[int]) -> np.ndarray:
    return np.array(seconds, dtype="datetime64[s]")


@given(EDGES)
def test_intervals_fill_the_axis(seconds):
    axis = TimeAxis.irregular(times(seconds))
    assert axis.n == len(seconds) - 1
    assert axis.durations.sum() == seconds[-1] - seconds[0]
    assert (axis.bounds[1:, 0] == axis.bounds[:-1, 1]).all()
    assert (axis.midpoints >= axis.bounds[:, 0]).all()
    assert (axis.midpoints < axis.bounds[:, 1]).all()
    for time, month, year in zip(axis.midpoints, axis.months, axis.years, strict=True):
        assert str(time).startswith(f"{year:04d}-{month:02d}-")


@given(st.lists(SECONDS | st.none(), min_size=2, max_size=12))
def test_an_axis_is_made_exactly_of_increasing_times(seconds):
    array = np.array([np.datetime64("NaT" if s is None else s, "s") for s in seconds])
    good = None not in seconds and all(a < b for a, b in pairwise(seconds))
    if good:
        assert (TimeAxis.irregular(array).edges == array).all()
    else:
        with pytest.raises(InputError) as caught:
            TimeAxis.irregular(array)
        named = {p.where for p in caught.value.problems}
        assert {f"edges[{i}]" for i, s in enumerate(seconds) if s is None} <= named


@given(MONTHS, st.integers(1, 40))
def test_months_make_up_their_years(start, years):
    first = np.datetime64(start, "M").astype("datetime64[Y]")
    axis = TimeAxis.monthly(f"{first}-01-01", f"{first + years}-01-01")
    assert axis.n == 12 * years
    assert axis.months.tolist() == list(range(1, 13)) * years
    for year in np.unique(axis.years):
        assert axis.durations[axis.years == year].sum() == seconds_in_year(int(year))


@given(MONTHS, st.integers(1, 30), st.integers(1, 24))
def test_regular_intervals_are_sums_of_months(start, count, months):
    first = np.datetime64(start, "M")
    begin, end = f"{first}-01", f"{first + count * months}-01"
    coarse = TimeAxis.regular(begin, end, months=months)
    fine = TimeAxis.monthly(begin, end)
    assert (coarse.durations == fine.durations.reshape(count, months).sum(axis=1)).all()


@given(EDGES, EDGES)
def test_weights_of_a_chain_of_periods_conserve_time(seconds, periods):
    axis = TimeAxis.irregular(times(seconds))
    weights = overlap_weights(axis, times(periods)[:-1], times(periods)[1:])
    assert weights.shape == (axis.n, len(periods) - 1)
    assert ((weights >= 0) & (weights <= 1)).all()
    assert (weights.sum(axis=1) <= 1 + 1e-12).all()
    shared = max(0, min(seconds[-1], periods[-1]) - max(seconds[0], periods[0]))
    assert (weights.sum(axis=1) * axis.durations).sum() == pytest.approx(shared, abs=1e-3)


@given(EDGES)
def test_periods_that_are_the_intervals_give_the_identity(seconds):
    axis = TimeAxis.irregular(times(seconds))
    assert (overlap_weights(axis, axis.edges[:-1], axis.edges[1:]) == np.eye(axis.n)).all()
