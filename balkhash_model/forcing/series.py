"""Amounts and rates by calendar year and month on any axis; a user's own series of flow."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from balkhash_model import units
from balkhash_model.errors import InputError, Problem
from balkhash_model.forcing.calendar import annual_amounts_to_rates, months_of
from balkhash_model.reference.user_csv import lacking_columns, read_user_csv
from balkhash_model.timeaxis import TimeAxis, overlap_weights, seconds_in_year

FloatArray = npt.NDArray[np.float64]

__all__ = [
    "axis_years",
    "by_year",
    "knots_to_rates",
    "months_to_axis",
    "negative_values",
    "ramp",
    "read_flow_series",
    "yearly_volume",
]

#: So many negative values of a column are told one by one.
_TOLD = 10


def axis_years(axis: TimeAxis) -> npt.NDArray[np.int64]:
    """All calendar years that the intervals touch.

    Parameters
    ----------
    axis : TimeAxis
        The intervals.

    Returns
    -------
    array (years,)
        Years, rising.

    Examples
    --------
    >>> axis_years(TimeAxis.monthly("2000-06-01", "2001-06-01")).tolist()
    [2000, 2001]
    """
    first = int(axis.edges[0].astype("datetime64[Y]").astype(int)) + 1970
    last = int((axis.edges[-1] - np.timedelta64(1, "s")).astype("datetime64[Y]").astype(int)) + 1970
    return np.arange(first, last + 1)


def yearly_volume(text: str, year: int, where: str) -> float:
    """Volume that an amount of water brings in one calendar year.

    Parameters
    ----------
    text : str
        ``4 km3/yr``, ``0.3 km3/month`` or ``120 m3/s``.
    year : int
        The calendar year.
    where : str
        Place for the error message.

    Returns
    -------
    float
        Volume, m3.

    Examples
    --------
    >>> yearly_volume("4 km3/yr", 2023, "total") / 1e9
    4.0
    >>> yearly_volume("100 m3/s", 2024, "total") / 86400 / 366
    100.0
    """
    amount, period = units.parse_amount(text, "flow", where)
    return amount * {"year": 1.0, "month": 12.0, "second": seconds_in_year(year)}[period]


def by_year(knots: str | Mapping[int, str], years: npt.NDArray[np.int64], where: str) -> FloatArray:
    """Volume of each year: straight lines between the years given, constant beyond them.

    Parameters
    ----------
    knots : str or mapping of int to str
        One amount, or amounts by year.
    years : array of int (n,)
        The years wanted.
    where : str
        Place for the error message.

    Returns
    -------
    array (n,)
        Volumes, m3.

    Examples
    --------
    >>> by_year({2020: "4 km3/yr", 2030: "5 km3/yr"}, np.array([2010, 2025]), "total") / 1e9
    array([4. , 4.5])
    """
    if isinstance(knots, str):
        return np.array([yearly_volume(knots, int(y), where) for y in years])
    at = sorted(knots)
    # a plain rate gives more in a leap year, so every knot is read for the year it is used in
    found = np.empty(years.size)
    for i, year in enumerate(years):
        values = [yearly_volume(knots[k], int(year), f"{where}.{k}") for k in at]
        found[i] = np.interp(float(year), at, values)
    return found


def knots_to_rates(
    axis: TimeAxis, knots: str | Mapping[int, str], shape: FloatArray, where: str
) -> FloatArray:
    """Mean rate over each interval from amounts by year and a shape by month.

    Parameters
    ----------
    axis : TimeAxis
        The intervals.
    knots : str or mapping of int to str
        One amount, or amounts by year.
    shape : array (12,)
        Relative rates by month.
    where : str
        Place for the error message.

    Returns
    -------
    array (n,)
        Rates, m3/s; over a calendar year they add up to its amount exactly.

    Examples
    --------
    >>> axis = TimeAxis.monthly("2024-01-01", "2025-01-01")
    >>> rates = knots_to_rates(axis, "4 km3/yr", np.ones(12), "total")
    >>> round(float((rates * axis.durations).sum()) / 1e9, 9)
    4.0
    """
    years = axis_years(axis)
    return annual_amounts_to_rates(axis, by_year(knots, years, where), int(years[0]), shape)


def months_to_axis(axis: TimeAxis, rates: FloatArray) -> FloatArray:
    """Mean rate over each interval from the rates of all months of its years.

    Parameters
    ----------
    axis : TimeAxis
        n intervals.
    rates : array (..., years, 12)
        Rates of the months of :func:`axis_years`.

    Returns
    -------
    array (..., n)
        Rates.

    Examples
    --------
    >>> axis = TimeAxis.monthly("2001-02-01", "2001-04-01")
    >>> months_to_axis(axis, np.arange(12.0)[None, :])
    array([1., 2.])
    """
    years = axis_years(axis)
    months = months_of(int(years[0]), int(years[-1]))
    flat = rates.reshape(*rates.shape[:-2], -1)
    first = int(np.searchsorted(months.edges, axis.edges[0]))
    if np.array_equal(months.edges[first : first + axis.n + 1], axis.edges):
        part: FloatArray = flat[..., first : first + axis.n]
        return part
    weights = overlap_weights(axis, months.edges[:-1], months.edges[1:])
    mean: FloatArray = flat @ weights.T
    return mean


def ramp(years: npt.NDArray[np.int64], start: int, length: int) -> FloatArray:
    """Share to which something acts in each year: k/n in its k-th year of n, then all.

    Parameters
    ----------
    years : array of int (n,)
        The years.
    start : int
        First year.
    length : int
        Years until it acts in full; 0 and 1 mean at once.

    Returns
    -------
    array (n,)
        Shares, 0 to 1.

    Examples
    --------
    >>> ramp(np.arange(2029, 2034), 2030, 4)
    array([0.  , 0.25, 0.5 , 0.75, 1.  ])
    """
    share: FloatArray = np.clip((years - start + 1) / max(length, 1), 0.0, 1.0)
    return share


def read_flow_series(path: str | os.PathLike[str]) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Read a user's own series of flow.

    Parameters
    ----------
    path : path-like
        CSV with the columns ``time`` (``2001-05`` for a month, ``2001`` for a year), ``flow`` and
        ``unit``; all months, or all years, without gaps.

    Returns
    -------
    tuple of array
        Years ``(n,)`` and monthly flows ``(n, 12)``, m3/s; a year has the same rate all through.

    Raises
    ------
    InputError
        For a file, a column, a time or a unit that cannot be used; all problems at once.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> file = Path(tempfile.mkdtemp()) / "ili.csv"
    >>> _ = file.write_text("time,flow,unit\\n2001,12.0,km3/yr\\n2002,400,m3/s\\n")
    >>> years, flow = read_flow_series(file)
    >>> years.tolist(), float(flow[1, 0])
    ([2001, 2002], 400.0)
    """
    name = os.fspath(path)
    header, rows, problems = read_user_csv(path)
    lacking = lacking_columns(path, header, ("time", "flow", "unit"))
    if lacking or not rows:
        raise InputError(lacking or Problem(name, "holds no row beneath its header"))
    values: dict[tuple[int, int], float] = {}
    lengths = {len(row["time"]) for _, row in rows}
    if lengths not in ({4}, {7}):
        raise InputError(Problem(f"{name}: time", "not all months, as 2001-05, or all years"))
    negative: list[tuple[int, str, str]] = []
    for line, row in rows:
        where = f"{name}:{line}"
        try:
            month = np.datetime64(str(row["time"]), "M")
            year = int(month.astype("datetime64[Y]").astype(int)) + 1970
            key = (year, int(month.astype(int)) % 12)
            amount, period = units.parse_amount(f"{row['flow']} {row['unit']}", "flow", where)
        except ValueError as error:
            found = error.problems if isinstance(error, InputError) else ()
            problems += found or [Problem(where, "not a month or year", repr(row["time"]))]
            continue
        if key in values:
            problems.append(Problem(where, "a time that was given before", str(row["time"])))
        if amount < 0.0:
            negative.append((line, str(row["time"]), f"{row['flow']} {row['unit']}"))
        seconds = {
            "year": seconds_in_year(year),
            "month": float(months_of(year, year).durations[key[1]]),
            "second": 1.0,
        }[period]
        values[key] = amount / seconds
    problems += negative_values(name, "flow", negative)
    if problems:
        raise InputError(problems)
    return _table(values, lengths == {7}, name)


def negative_values(path: str, column: str, found: Sequence[tuple[int, str, str]]) -> list[Problem]:
    """Say which values of a column are below zero, and cannot be.

    Parameters
    ----------
    path : str
        The file.
    column : str
        The column.
    found : sequence of tuple
        Line, time and value of each; of more than ten the first ten are told, and how many follow.

    Returns
    -------
    list of Problem
        None where nothing was found.

    Examples
    --------
    >>> for problem in negative_values("ili.csv", "flow", [(3, "2001-02", "-5 m3/s")]):
    ...     print(problem)
    ili.csv:3: flow of 2001-02: is negative; got -5 m3/s; expected zero or more
    """
    problems = [
        Problem(f"{path}:{line}: {column} of {time}", "is negative", value, "zero or more")
        for line, time, value in found[:_TOLD]
    ]
    if len(found) > _TOLD:
        more = f"{len(found) - _TOLD} more, the last on line {found[-1][0]}"
        problems.append(Problem(f"{path}: {column}", "is negative", more, "zero or more"))
    return problems


def _table(
    values: dict[tuple[int, int], float], monthly: bool, name: str
) -> tuple[npt.NDArray[np.int64], FloatArray]:
    years = np.arange(min(values)[0], max(values)[0] + 1)
    table = np.full((years.size, 12), np.nan)
    for (year, month), value in values.items():
        table[year - years[0], month if monthly else slice(None)] = value
    if np.isnan(table).any():
        i, j = (int(k) for k in np.argwhere(np.isnan(table))[0])
        raise InputError(
            Problem(name, "a gap in the series", f"{years[i]}-{j + 1:02d}", "whole years, no gaps")
        )
    return years, table
