"""Amounts per calendar period become rates, with the real calendar and exact totals."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from balkhash_model.timeaxis import TimeAxis, overlap_weights

FloatArray = npt.NDArray[np.float64]

__all__ = ["annual_amounts_to_rates", "by_period", "cosine_shape", "months_of"]


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
