"""Amounts per calendar period become rates, with the real calendar and exact totals."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from balkhash_model.timeaxis import TimeAxis, overlap_weights, seconds_in_year

FloatArray = npt.NDArray[np.float64]

__all__ = [
    "annual_amounts_to_rates",
    "by_period",
    "cosine_shape",
    "daily_amounts_to_rates",
    "mean_over_intervals",
    "months_of",
]


def months_of(first_year: int, last_year: int) -> TimeAxis:
    """All months of some years.

    Parameters
    ----------
    first_year, last_year : int
        First and last year, both included.

    Returns
    -------
    TimeAxis
        Monthly intervals.

    Examples
    --------
    >>> months_of(1961, 1962).n
    24
    """
    return TimeAxis.monthly(f"{first_year:04d}-01-01", f"{last_year + 1:04d}-01-01")


def cosine_shape(amplitude: float, peak_month: float) -> FloatArray:
    r"""Relative flow by month, :math:`1 + a \cos(2\pi (m - p)/12)`.

    Parameters
    ----------
    amplitude : float
        Amplitude a, 0 (flat) to 1.
    peak_month : float
        Time p of the peak; 6.0 is the middle of June.

    Returns
    -------
    array (12,)
        Relative flow.

    Examples
    --------
    >>> cosine_shape(0.5, 6.0)[[5, 11]]
    array([1.5, 0.5])
    """
    m = np.arange(1, 13)
    shape: FloatArray = 1.0 + amplitude * np.cos(2.0 * np.pi * (m - peak_month) / 12.0)
    return shape


def by_period(
    years: npt.ArrayLike, starts: npt.ArrayLike, ends: npt.ArrayLike, values: npt.ArrayLike
) -> FloatArray:
    """Value of the period that each year lies in; NaN outside all.

    Parameters
    ----------
    years : array_like (n,)
        Years.
    starts, ends : array_like (k,)
        First and last year of each period, both included.
    values : array_like (k,)
        Value of each period.

    Returns
    -------
    array (n,)
        Values.

    Examples
    --------
    >>> by_period([1969, 1970, 1999], [1960, 1970], [1969, 1985], [14.9, 11.55])
    array([14.9 , 11.55,   nan])
    """
    y = np.asarray(years)[:, None]
    inside = (y >= np.asarray(starts)) & (y <= np.asarray(ends))
    found = np.where(inside.any(axis=1), inside.argmax(axis=1), -1)
    picked: FloatArray = np.append(np.asarray(values, dtype=np.float64), np.nan)[found]
    return picked


def annual_amounts_to_rates(
    axis: TimeAxis, amounts: FloatArray, first_year: int, shape: FloatArray, *, shares: bool = False
) -> FloatArray:
    """Mean rates over intervals from amounts per calendar year and a shape by month.

    Parameters
    ----------
    axis : TimeAxis
        The intervals; they must lie within the years given.
    amounts : array (years,)
        Amount of each year, such as m3 or m.
    first_year : int
        Year of the first amount.
    shape : array (12,)
        Relative rates by month; with `shares`, shares of the annual amount by month.
    shares : bool, default False
        How `shape` is read.

    Returns
    -------
    array (n,)
        Amount per second over each interval. Summed over a calendar year, rate times duration is
        the year's amount exactly.

    Examples
    --------
    >>> axis = TimeAxis.monthly("2000-01-01", "2001-01-01")
    >>> rates = annual_amounts_to_rates(axis, np.array([12.0]), 2000, np.ones(12))
    >>> round(float((rates * axis.durations).sum()), 12)
    12.0
    """
    months = months_of(first_year, first_year + amounts.size - 1)
    seconds = months.durations.reshape(-1, 12)
    weights = np.broadcast_to(shape, seconds.shape) if shares else shape * seconds
    monthly = amounts[:, None] * weights / weights.sum(axis=1, keepdims=True)
    rates = (monthly / seconds).ravel()
    edges = months.edges
    if (
        axis.n <= rates.size
        and np.isin(axis.edges, edges).all()
        and (
            np.searchsorted(edges, axis.edges[-1]) - np.searchsorted(edges, axis.edges[0]) == axis.n
        )
    ):
        first = int(np.searchsorted(edges, axis.edges[0]))
        part: FloatArray = rates[first : first + axis.n]
        return part
    weights_in = overlap_weights(axis, edges[:-1], edges[1:])
    mean: FloatArray = weights_in @ rates
    return mean


def mean_over_intervals(axis: TimeAxis, start: np.datetime64, daily: FloatArray) -> FloatArray:
    """Means over intervals of values that are constant through each day.

    Parameters
    ----------
    axis : TimeAxis
        The intervals; they must lie within the days given.
    start : numpy.datetime64
        Beginning of the first day.
    daily : array (days,)
        Value of each day.

    Returns
    -------
    array (n,)
        Mean of each interval.

    Examples
    --------
    >>> axis = TimeAxis.irregular(["2000-01-01", "2000-01-02", "2000-01-04"])
    >>> mean_over_intervals(axis, np.datetime64("2000-01-01"), np.array([1.0, 2.0, 4.0]))
    array([1., 3.])
    """
    begin = start.astype("datetime64[s]")
    instants = (axis.edges - begin).astype(np.float64) / 86400.0
    whole = np.round(instants).astype(np.int64)
    if (whole == instants).all():
        # sums of the days alone, one after the other, so that the same interval of another axis
        # has the same bits
        counts = np.diff(whole)
        own = np.bincount(np.repeat(np.arange(axis.n), counts), daily[whole[0] : whole[-1]])
        return np.asarray(own / counts, dtype=np.float64)
    sums = np.concatenate(([0.0], np.cumsum(daily)))
    total = np.interp(instants, np.arange(daily.size + 1.0), sums)
    means: FloatArray = np.diff(total) / (axis.durations / 86400.0)
    return means


def daily_amounts_to_rates(
    axis: TimeAxis, amounts: FloatArray, first_year: int, shapes: FloatArray
) -> FloatArray:
    """Mean rates over intervals from amounts per calendar year and a shape by day.

    Parameters
    ----------
    axis : TimeAxis
        The intervals; they must lie within the years given.
    amounts : array (years,)
        Amount of each year, such as m3 or m.
    first_year : int
        Year of the first amount.
    shapes : array (365,) or (years, 365)
        Relative rates by day of a year without a leap day; 29 February takes that of the day
        before.

    Returns
    -------
    array (n,)
        Amount per second over each interval. Summed over a calendar year, rate times duration is
        the year's amount.

    Examples
    --------
    >>> axis = TimeAxis.daily("2000-01-01", "2001-01-01")
    >>> rates = daily_amounts_to_rates(axis, np.array([366.0]), 2000, np.ones(365))
    >>> bool(np.allclose(rates * 86400.0, 1.0))
    True
    """
    shapes = np.broadcast_to(shapes, (amounts.size, 365))
    leap = np.insert(np.arange(365), 59, 58)
    days = []
    for i, amount in enumerate(amounts.tolist()):
        year = first_year + i
        shape = shapes[i, leap] if seconds_in_year(year) > 365.5 * 86400.0 else shapes[i]
        days.append(amount * shape / (shape.sum() * 86400.0))
    start = np.datetime64(f"{first_year:04d}-01-01", "D")
    return mean_over_intervals(axis, start, np.concatenate(days))
