"""The time axis of a run: n intervals between n + 1 instants."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem

__all__ = ["TimeAxis", "overlap_weights", "seconds_in_year"]

Times = npt.NDArray[np.datetime64]
Floats = npt.NDArray[np.float64]

_SHOWN = 20  # problems listed one by one
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?\Z")  # no time zone


@dataclass(frozen=True, eq=False)
class TimeAxis:
    """Intervals of time that follow each other without a gap.

    States live on the edges, fluxes are means over the intervals.

    Attributes
    ----------
    edges : array of datetime64[s], shape (n + 1,)
        The instants between the intervals, strictly increasing, in the Gregorian calendar without
        time zone.

    Raises
    ------
    InputError
        For edges that are not times, unsorted, duplicated or fewer than two; all of them at once.

    Examples
    --------
    >>> axis = TimeAxis.monthly("1961-01-01", "1961-04-01")
    >>> axis.n, axis.durations / 86400
    (3, array([31., 28., 31.]))
    >>> axis.midpoints[1]
    np.datetime64('1961-02-15T00:00:00')
    """

    edges: Times

    def __post_init__(self) -> None:
        edges = _checked_edges(self.edges)
        edges.flags.writeable = False
        object.__setattr__(self, "edges", edges)

    @classmethod
    def monthly(cls, start: str, end: str) -> TimeAxis:
        """Make calendar months.

        Parameters
        ----------
        start : str
            The first day, ISO 8601; the first of a month.
        end : str
            The day after the last, not included; the first of a month.

        Returns
        -------
        TimeAxis
            The months from start to end.

        Raises
        ------
        InputError
            For dates that are no month starts or are in the wrong order.

        Examples
        --------
        >>> TimeAxis.monthly("1961-01-01", "2015-01-01").n
        648
        """
        return cls.regular(start, end, months=1)

    @classmethod
    def regular(cls, start: str, end: str, months: int = 8) -> TimeAxis:
        """Make intervals of a whole number of calendar months.

        Parameters
        ----------
        start : str
            The first day, ISO 8601; the first of a month.
        end : str
            The day after the last, not included; a whole number of intervals later.
        months : int, default 8
            The calendar months in an interval.

        Returns
        -------
        TimeAxis
            The intervals from start to end.

        Raises
        ------
        InputError
            For dates that are no month starts, are in the wrong order, or leave a rest.

        Examples
        --------
        >>> TimeAxis.regular("1961-01-01", "1963-01-01", months=8).months.tolist()
        [5, 12, 8]
        """
        if months < 1:
            raise InputError(Problem("months", "not a length", str(months), "at least 1"))
        first, last = _dates(start, end)
        problems = [
            Problem(where, "not the start of a month", text, f"a date such as '{text[:7]}-01'")
            for where, text, day in (("start", start, first), ("end", end, last))
            if day != day.astype("datetime64[M]")
        ]
        if problems:
            raise InputError(problems)
        begin, stop = first.astype("datetime64[M]"), last.astype("datetime64[M]")
        count, rest = divmod(int((stop - begin).astype(int)), months)
        if rest:
            what = f"not a whole number of intervals of {months} months after {start}"
            fitting = begin + np.timedelta64((count + 1) * months, "M")
            raise InputError(Problem("end", what, end, f"a date such as '{fitting}-01'"))
        return cls((begin + months * np.arange(count + 1)).astype("datetime64[s]"))

    @classmethod
    def daily(cls, start: str, end: str) -> TimeAxis:
        """Make days.

        Parameters
        ----------
        start : str
            The first day, ISO 8601.
        end : str
            The day after the last, not included.

        Returns
        -------
        TimeAxis
            The days from start to end.

        Raises
        ------
        InputError
            For dates that cannot be read or are in the wrong order.

        Examples
        --------
        >>> TimeAxis.daily("1964-02-28", "1964-03-01").n
        2
        """
        first, last = _dates(start, end)
        return cls(np.arange(first, last + 1).astype("datetime64[s]"))

    @classmethod
    def irregular(cls, edges: npt.ArrayLike) -> TimeAxis:
        """Make intervals of any lengths.

        Parameters
        ----------
        edges : array_like of datetime64 or ISO 8601 str
            The instants between the intervals; fractions of a second are dropped.

        Returns
        -------
        TimeAxis
            The intervals between them.

        Raises
        ------
        InputError
            For edges that are not times, unsorted, duplicated or fewer than two.

        Examples
        --------
        >>> TimeAxis.irregular(["1961-01-01", "1961-01-02T12:00", "1962-01-01"]).durations / 3600
        array([  36., 8724.])
        """
        return cls(np.asarray(edges))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TimeAxis):
            return NotImplemented
        return np.array_equal(self.edges, other.edges)

    def __hash__(self) -> int:
        return hash(self.edges.tobytes())

    def __repr__(self) -> str:
        return f"TimeAxis({self.n} intervals, {self.edges[0]} to {self.edges[-1]})"

    @property
    def n(self) -> int:
        """The number of intervals."""
        return self.edges.size - 1

    @property
    def durations(self) -> Floats:
        """The length of each interval in seconds, shape (n,)."""
        return np.diff(self.edges).astype(np.float64)

    @property
    def bounds(self) -> Times:
        """The start and end of each interval, shape (n, 2)."""
        return np.stack([self.edges[:-1], self.edges[1:]], axis=1)

    @property
    def midpoints(self) -> Times:
        """The middle of each interval, rounded down to a second, shape (n,)."""
        return self.edges[:-1] + np.diff(self.edges) // 2

    @property
    def months(self) -> npt.NDArray[np.int64]:
        """The calendar month, 1 to 12, of each midpoint, shape (n,)."""
        return self.midpoints.astype("datetime64[M]").astype(np.int64) % 12 + 1

    @property
    def years(self) -> npt.NDArray[np.int64]:
        """The calendar year of each midpoint, shape (n,)."""
        return self.midpoints.astype("datetime64[Y]").astype(np.int64) + 1970


def seconds_in_year(year: int) -> float:
    """Give the length of a calendar year.

    Parameters
    ----------
    year : int
        A year of the Gregorian calendar.

    Returns
    -------
    float
        Its length in seconds.

    Examples
    --------
    >>> seconds_in_year(1961) / 86400, seconds_in_year(1964) / 86400
    (365.0, 366.0)
    """
    return 86400.0 * (366 if calendar.isleap(year) else 365)


def overlap_weights(axis: TimeAxis, starts: npt.ArrayLike, ends: npt.ArrayLike) -> Floats:
    """Give the part of each interval that lies in each of several periods.

    Parameters
    ----------
    axis : TimeAxis
        n intervals.
    starts, ends : array_like of datetime64 or ISO 8601 str, shape (k,)
        The periods, each from its start up to its end, which is not included.  They may overlap.

    Returns
    -------
    array, shape (n, k)
        The fraction, 0 to 1, of interval i that period j covers.  A row sums to 1 where the
        periods cover the interval once.

    Raises
    ------
    InputError
        For periods that are not times or end before they start.

    Examples
    --------
    >>> axis = TimeAxis.monthly("1970-01-01", "1970-03-01")
    >>> overlap_weights(axis, ["1970-01-01", "1970-02-08"], ["1970-02-08", "1970-03-01"])
    array([[1.  , 0.  ],
           [0.25, 0.75]])
    """
    first, last = _as_times(starts, "starts"), _as_times(ends, "ends")
    if first.shape != last.shape:
        got = f"{first.size} starts and {last.size} ends"
        raise InputError(Problem("periods", "not one end for each start", got))
    bad = np.flatnonzero(~(last > first))  # true for NaT too
    problems = [
        Problem(f"period {i}", "does not end after it starts", f"{first[i]} to {last[i]}")
        for i in bad
    ]
    if problems:
        raise InputError(_shortened(problems))
    left = np.maximum(axis.edges[:-1, None], first[None, :])
    right = np.minimum(axis.edges[1:, None], last[None, :])
    seconds = np.maximum((right - left).astype(np.float64), 0.0)
    return seconds / axis.durations[:, None]


def _dates(start: str, end: str) -> tuple[np.datetime64, np.datetime64]:
    """Read the first day and the day after the last."""
    problems: list[Problem] = []
    dates: list[np.datetime64] = []
    for where, text in (("start", start), ("end", end)):
        try:
            if not _DATE.match(text):
                raise ValueError
            dates.append(np.datetime64(text, "D"))
        except (TypeError, ValueError):
            problems.append(Problem(where, "not a date", repr(text), "as '1961-01-01'"))
    if not problems and dates[1] <= dates[0]:
        problems.append(Problem("end", "not after the start", end, f"a date after {start}"))
    if problems:
        raise InputError(problems)
    return dates[0], dates[1]


def _as_times(values: npt.ArrayLike, where: str) -> Times:
    """Bring times in any form to a flat array of datetime64[s]."""
    array: npt.NDArray[Any] = np.asarray(values)
    if array.ndim != 1:
        got = f"{array.ndim} dimensions"
        raise InputError(Problem(where, "not one row of times", got, "1 dimension"))
    if array.dtype.kind == "M":
        return array.astype("datetime64[s]")
    if array.dtype.kind not in "UO":
        got = f"numbers of type {array.dtype}"
        raise InputError(Problem(where, "not times", got, "dates, as '1961-01-01'"))
    times = np.full(array.size, np.datetime64("NaT"), dtype="datetime64[s]")
    problems = []
    for i, value in enumerate(array):
        try:
            if isinstance(value, str):
                known = _TIME.match(value) is not None
            else:
                aware = getattr(value, "tzinfo", None) is not None
                known = isinstance(value, date | np.datetime64) and not aware
            if not known:
                raise ValueError
            times[i] = np.datetime64(value, "s")
        except (TypeError, ValueError):
            expected = "a Gregorian date without time zone, as '1961-01-01'"
            problems.append(Problem(f"{where}[{i}]", "not a time", repr(value), expected))
    if problems:
        raise InputError(_shortened(problems))
    return times


def _checked_edges(values: npt.ArrayLike) -> Times:
    """Bring edges to datetime64[s] in a new array and report all that is wrong with them."""
    edges = _as_times(values, "edges").copy()
    problems: list[Problem] = []
    if edges.size < 2:
        problems.append(Problem("edges", "too few", str(edges.size), "at least 2"))
    missing = np.isnat(edges)
    problems += [Problem(f"edges[{i}]", "not a time", "NaT") for i in np.flatnonzero(missing)]
    present = np.flatnonzero(~missing)
    # Each edge is compared with the latest before it, so that one edge out of place is reported
    # once and not together with its right neighbours.
    latest = np.maximum.accumulate(edges[present])
    for k in np.flatnonzero(edges[present][1:] <= latest[:-1]) + 1:
        here = edges[present[k]]
        if here in edges[present[:k]]:
            problems.append(Problem(f"edges[{present[k]}]", "given twice", str(here)))
        else:
            expected = f"a time after {latest[k - 1]}"
            problems.append(Problem(f"edges[{present[k]}]", "out of order", str(here), expected))
        if len(problems) > 10 * _SHOWN:
            break
    if problems:
        raise InputError(_shortened(problems))
    return edges


def _shortened(problems: list[Problem]) -> list[Problem]:
    """Keep the first problems of a long list and count the others."""
    if len(problems) <= _SHOWN:
        return problems
    more = len(problems) - _SHOWN
    return [*problems[:_SHOWN], Problem("and so on", f"{more} or more further problems")]
