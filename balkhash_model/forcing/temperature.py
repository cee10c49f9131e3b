"""Air temperature at a station: its climatology, and days from months."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem, nearest

FloatArray = npt.NDArray[np.float64]

__all__ = [
    "CLIMATOLOGY_YEARS",
    "daily_climatology",
    "daily_from_monthly",
    "daily_temperature",
    "station_climatology",
]

#: Whole years of the station table, over which the climatology is the mean.
CLIMATOLOGY_YEARS = (2000, 2022)
#: Days of the months of a year without a leap day.
DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


@cache
def _months(station: str) -> tuple[npt.NDArray[np.datetime64], FloatArray]:
    """Months of a station and their mean temperatures."""
    from balkhash_model import reference

    table = reference.load("air_temperature_stations")
    names = table["station"].values.astype(str)
    if station not in set(names):
        raise InputError(
            Problem("station", "unknown", repr(station), hint=nearest(station, set(names)))
        )
    rows = names == station
    times = table["time"].values[rows].astype("datetime64[M]")
    return times, np.asarray(table["air_temperature_degC"].values[rows], dtype=np.float64)


def station_climatology(station: str) -> FloatArray:
    """Mean temperature of each month of the year over `CLIMATOLOGY_YEARS`.

    Parameters
    ----------
    station : str
        Name in the table ``air_temperature_stations``.

    Returns
    -------
    array (12,)
        Temperature, degC.

    Raises
    ------
    InputError
        For an unknown station.

    Examples
    --------
    >>> station_climatology("Kuigan").round(1)[[0, 6]]
    array([-10.7,  25.4])
    """
    times, values = _months(station)
    number = times.astype(np.int64)
    years, month = number // 12 + 1970, number % 12
    inside = (years >= CLIMATOLOGY_YEARS[0]) & (years <= CLIMATOLOGY_YEARS[1])
    return np.array([values[inside & (month == m)].mean() for m in range(12)])


def daily_from_monthly(monthly: FloatArray, days: npt.NDArray[np.int64]) -> FloatArray:
    """Days whose monthly means are given: linear between the middles of months.

    The values at the middles are chosen such that the mean of each month is kept (to 0.1 K, since
    days are sampled at noon).

    Parameters
    ----------
    monthly : array (m,)
        Means of consecutive months; the series is closed to a ring.
    days : array of int (m,)
        Lengths of the months, d.

    Returns
    -------
    array (sum of days,)
        Values at the middle of each day.

    Examples
    --------
    >>> days = daily_from_monthly(np.array([0.0, 10.0] * 6), DAYS)
    >>> days.size, bool(abs(days[:31].mean()) < 0.1)
    (365, True)
    """
    length = np.asarray(days, dtype=np.float64)
    before, after = np.roll(length, 1), np.roll(length, -1)
    # the mean of a month is made of its own middle value and those on either side
    left, right = length / (before + length), length / (after + length)
    own = 1.0 - (left + right) / 4.0
    middles = np.array(monthly, dtype=np.float64)
    for _ in range(60):  # the error falls to a third each time
        beside = left * np.roll(middles, 1) + right * np.roll(middles, -1)
        middles = (monthly - beside / 4.0) / own
    edges = np.concatenate(([0.0], np.cumsum(length)))
    nodes = 0.5 * (edges[:-1] + edges[1:])
    nodes = np.concatenate(([nodes[-1] - edges[-1]], nodes, [nodes[0] + edges[-1]]))
    values = np.concatenate((middles[-1:], middles, middles[:1]))
    course: FloatArray = np.interp(np.arange(int(edges[-1])) + 0.5, nodes, values)
    return course


def daily_climatology(station: str) -> FloatArray:
    """Climatology of a station by day of a year without a leap day.

    Parameters
    ----------
    station : str
        Name of the station.

    Returns
    -------
    array (365,)
        Temperature, degC.

    Examples
    --------
    >>> daily_climatology("Kuigan").size
    365
    """
    return daily_from_monthly(station_climatology(station), DAYS)


#: Years over which days are made of months in one piece, so that a day is the same in every run.
_SPAN = (1900, 2200)


@cache
def _long_course(station: str, first_year: int, last_year: int, observed: bool) -> FloatArray:
    """Temperature of each day from the first year to the last."""
    months = np.arange(f"{first_year:04d}-01", f"{last_year + 1:04d}-01", dtype="datetime64[M]")
    ends = (months + 1).astype("datetime64[D]")
    lengths = (ends - months.astype("datetime64[D]")).astype(np.int64)
    climate = station_climatology(station)
    known = _own_months(station) if observed else {}
    monthly = [known.get(n, climate[n % 12]) for n in months.astype(np.int64).tolist()]
    return daily_from_monthly(np.array(monthly), lengths)


def _own_months(station: str) -> dict[int, float]:
    times, values = _months(station)
    return dict(zip(times.astype(np.int64).tolist(), values.tolist(), strict=True))


def daily_temperature(
    station: str, first_year: int, last_year: int, *, observed: bool = True
) -> tuple[FloatArray, int]:
    """Temperature of each day of some years: the station's months, else its climatology.

    Parameters
    ----------
    station : str
        Name of the station.
    first_year, last_year : int
        First and last year, both included.
    observed : bool, default True
        Whether the station's own months are used; False for the climatology throughout.

    Returns
    -------
    tuple of array (days,) and int
        Temperature, degC, and the number of months that are the station's own.

    Examples
    --------
    >>> course, own = daily_temperature("Kuigan", 1999, 2000)
    >>> course.size, own
    (731, 12)
    """
    low, high = min(_SPAN[0], first_year - 1), max(_SPAN[1], last_year + 1)
    course = _long_course(station, low, high, observed)
    start, begin, end = (
        np.datetime64(f"{year:04d}-01-01", "D") for year in (low, first_year, last_year + 1)
    )
    months = range((first_year - 1970) * 12, (last_year - 1969) * 12)
    own = sum(n in months for n in _own_months(station)) if observed else 0
    return course[(begin - start).astype(int) : (end - start).astype(int)].copy(), own
