"""Rates from columns of reference tables and of the user's own CSV files, for any lake."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from balkhash_model import units
from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.forcing.calendar import annual_amounts_to_rates, months_of
from balkhash_model.forcing.series import axis_years, months_to_axis, negative_values
from balkhash_model.forcing.water_use import monthly_shape
from balkhash_model.physics.water_activity import water_activity
from balkhash_model.reference.user_csv import lacking_columns, read_user_csv
from balkhash_model.timeaxis import TimeAxis, seconds_in_year

if TYPE_CHECKING:
    from balkhash_model.scenario.schema_series import Column
    from balkhash_model.system import LakeSystem

FloatArray = npt.NDArray[np.float64]

__all__ = ["Series", "column_rates", "read_columns"]


class Series(NamedTuple):
    """Columns of a table by year ``(years,)`` or by month ``(years, 12)``, NaN where empty."""

    years: npt.NDArray[np.int64]
    values: dict[str, FloatArray]


def read_columns(path: Path, names: Sequence[str], positive: Sequence[str] = ()) -> Series:
    """Read columns of a CSV whose column ``time`` holds years or months.

    Parameters
    ----------
    path : Path
        The file; ``time`` as ``2001`` or ``2001-05``, rising, without gaps.
    names : sequence of str
        Columns that are wanted.
    positive : sequence of str, optional
        Those of them that hold nothing below zero.

    Returns
    -------
    Series
        The values; an empty cell is NaN.

    Raises
    ------
    InputError
        For a file, a column, a time or a number that cannot be used; all problems at once.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "river.csv"
    >>> _ = file.write_text("time,flow\\n2001,12\\n2002,15.5\\n")
    >>> read_columns(file, ["flow"]).values["flow"].tolist()
    [12.0, 15.5]
    """
    header, rows, problems = read_user_csv(path)
    lacking = lacking_columns(path, header, ("time", *names))
    if lacking or not rows:
        raise InputError(lacking or Problem(str(path), "holds no row beneath its header"))
    times, values = [], {n: np.full(len(rows), np.nan) for n in names}
    for i, (line, row) in enumerate(rows):
        times.append(_time(row["time"], f"{path}:{line}", problems))
        for name in names:
            text = row[name]
            try:
                values[name][i] = float(text) if text else np.nan
            except ValueError:
                problems.append(Problem(f"{path}:{line}: {name}", "not a number", repr(text)))
    for name in dict.fromkeys(positive):
        low = np.flatnonzero(values[name] < 0.0)
        found = [(rows[i][0], times[i], f"{values[name][i]:g}") for i in low]
        problems += negative_values(str(path), name, found)
    if problems:
        raise InputError(problems)
    return _arranged(np.array(times), values, str(path), [line for line, _ in rows])


def _time(text: str, where: str, problems: list[Problem]) -> str:
    try:
        if len(text) not in (4, 7):
            raise ValueError
        np.datetime64(text, "M")
    except ValueError:
        problems.append(Problem(where, "not a year or month", repr(text), "2001 or 2001-05"))
    return text


def _arranged(
    times: npt.NDArray[np.str_],
    values: dict[str, FloatArray],
    where: str,
    lines: Sequence[int] = (),
) -> Series:
    """Put values by year or month into whole years; months that are not there are NaN."""
    lengths = {len(t) for t in times}
    if len(lengths) != 1:
        raise InputError(Problem(f"{where}: time", "years and months are mixed"))
    if lengths == {4}:
        years = times.astype(np.int64)
        _require_order(years, "years", where, lines)
        return Series(years, values)
    month = times.astype("datetime64[M]").astype(np.int64)
    _require_order(month, "months", where, lines)
    first, last = int(month[0]) // 12, int(month[-1]) // 12
    filled = {}
    for name, value in values.items():
        table = np.full((last - first + 1) * 12, np.nan)
        table[month - first * 12] = value
        filled[name] = table.reshape(-1, 12)
    return Series(np.arange(first, last + 1) + 1970, filled)


def _require_order(
    numbers: npt.NDArray[np.int64], what: str, where: str, lines: Sequence[int]
) -> None:
    """Refuse years or months that do not follow on each other, naming the first."""
    wrong = np.flatnonzero(np.diff(numbers) != 1)
    if wrong.size == 0:
        return
    i = int(wrong[0])
    got, last, due = (
        str(n) if what == "years" else str(np.datetime64(int(n), "M"))
        for n in (numbers[i + 1], numbers[i], numbers[i] + 1)
    )
    place = f"{where}:{lines[i + 1]}" if lines else where
    raise InputError(
        Problem(f"{place}: time", f"{what} do not follow on", f"{got} after {last}", due)
    )


def _reference(key: str, names: Sequence[str], where: str) -> Series:
    """Columns of a reference table."""
    from balkhash_model import reference

    table = reference.load(key)
    lacking = [n for n in names if n not in table.variables]
    if lacking:
        raise InputError(
            [
                Problem(where, f"table {key!r} lacks a column", n, hint=nearest(n, map(str, table)))
                for n in lacking
            ]
        )
    values = {n: np.asarray(table[n].values, dtype=np.float64) for n in names}
    if "year" in table.dims:
        times = table["year"].values.astype(str)
    elif "time" in table.dims:
        times = table["time"].values.astype("datetime64[M]").astype(str)
    else:
        raise InputError(Problem(where, f"table {key!r} is no series", expected="years or months"))
    return _arranged(times, values, f"table {key!r}")


def column_rates(
    columns: Sequence[Column],
    axis: TimeAxis,
    kind: str,
    where: str,
    folder: Path = Path(),
    system: LakeSystem | None = None,
    *,
    positive: bool = False,
) -> FloatArray:
    """Mean rates over intervals from columns; of several the first that covers a year counts.

    Parameters
    ----------
    columns : sequence of Column
        What the scenario names.
    axis : TimeAxis
        The intervals.
    kind : str
        ``flow`` (m3/s) or ``depth_rate`` (m/s).
    where : str
        Place for error messages.
    folder : Path, optional
        Folder of the user's files.
    system : LakeSystem, optional
        For factors that are parameters, and for columns with a salinity.
    positive : bool, default False
        Whether a user's column may hold nothing below zero; water that leaves is a positive value
        with the factor -1.

    Returns
    -------
    array (n,)
        Rates. An amount per calendar year or month comes out exactly when rate times duration is
        summed over it.

    Raises
    ------
    InputError
        For a column that cannot be used, or years that none covers; all problems at once.

    Examples
    --------
    >>> from balkhash_model.scenario.schema_series import Column
    >>> axis = TimeAxis.monthly("1961-01-01", "1963-01-01")
    >>> amu = Column(table="aral_annual", column="amu_darya_km3_per_yr", unit="km3/yr",
    ...              replace={1962: "28.6 km3/yr"})
    >>> flow = column_rates([amu], axis, "flow", "rivers.amu_darya")
    >>> (flow * axis.durations).reshape(2, 12).sum(axis=1).round(3) / 1e9
    array([31.1, 28.6])
    """
    years = axis_years(axis)
    rates = np.full((years.size, 12), np.nan)
    problems: list[Problem] = []
    for i, column in enumerate(columns):
        try:
            own = _rates(column, years, kind, f"{where}.{i}", folder, system, positive=positive)
        except InputError as error:
            problems.extend(error.problems)
            continue
        rates = np.where(np.isfinite(rates), rates, own)
    if problems:
        raise InputError(problems)
    return _on_axis(rates, axis, years, where)


def _on_axis(
    rates: FloatArray, axis: TimeAxis, years: npt.NDArray[np.int64], where: str
) -> FloatArray:
    """Monthly rates on the intervals; every month that the axis touches must be there."""
    flow = months_to_axis(axis, np.nan_to_num(rates))
    missing = months_to_axis(axis, np.where(np.isfinite(rates), 0.0, 1.0)) > 0.0
    if missing.any():
        gaps = np.unique(axis.years[missing])
        blank = [
            f"{year}-{month + 1:02d}"
            for year, row in zip(years, np.isfinite(rates), strict=True)
            if year in gaps and row.any()
            for month in np.flatnonzero(~row)
        ]
        got = f"{gaps[0]} to {gaps[-1]}"
        if blank:
            got += f", where {blank[0]} is the first of {len(blank)} months without a value"
        raise InputError(
            Problem(
                where,
                "no column covers these years",
                got,
                f"{years[0]} to {years[-1]}",
                "Fill in what is missing, shorten the period, or add a column with mean_of",
            )
        )
    return flow


def _rates(
    column: Column,
    years: npt.NDArray[np.int64],
    kind: str,
    where: str,
    folder: Path,
    system: LakeSystem | None,
    *,
    positive: bool,
) -> FloatArray:
    """Monthly rates of one column in the years of the run, NaN where it says nothing."""
    names = [n for n in (column.column, column.area, column.salinity) if n is not None]
    series = (
        read_columns(folder / column.file, names, [column.column] if positive else [])
        if column.file is not None
        else _reference(str(column.table), names, where)
    )
    if kind == "depth_rate" and column.area is not None:
        scale, period = units.parse_amount(f"1 {column.unit}", "flow", where)
        raw = scale * series.values[column.column] / (series.values[column.area] * 1e6)
    else:
        scale, period = units.parse_amount(f"1 {column.unit}", kind, where)
        raw = scale * series.values[column.column]
    raw = raw * _factor(column.times, system, where)
    if column.salinity is not None and system is not None and system.saline_evaporation is not None:
        raw = raw / _lowering(series.values[column.salinity], system.saline_evaporation)
    own = {int(y): raw[i] for i, y in enumerate(series.years)}
    for year, text in column.replace.items():
        if year not in own:
            raise InputError(Problem(f"{where}.replace", "a year outside the column", str(year)))
        amount, told = units.parse_amount(text, kind, f"{where}.replace.{year}")
        if told != period or np.ndim(own[year]) > 0:
            raise InputError(
                Problem(f"{where}.replace.{year}", "not in the unit of a column by year", text)
            )
        own[year] = np.float64(amount)
    if column.mean_of is not None:
        first, last = column.mean_of
        held = [own[y] for y in range(first, last + 1) if y in own]
        if len(held) != last - first + 1 or not np.isfinite(held).all():
            raise InputError(
                Problem(f"{where}.mean_of", "years without a value", f"{first}-{last}")
            )
        own = dict.fromkeys(years.tolist(), np.mean(held, axis=0))
    return _by_month(own, column, years, period, where)


def _factor(times: float | str, system: LakeSystem | None, where: str) -> float:
    """A number, or a parameter of the system's set."""
    if not isinstance(times, str):
        return times
    if system is None or times[1:] not in system.parameters:
        known = [] if system is None else list(system.parameters)
        hint = nearest(times[1:], known)
        raise InputError(Problem(f"{where}.times", "no such parameter", times, hint=hint))
    return system.parameters[times[1:]].si


def _by_month(
    own: dict[int, FloatArray],
    column: Column,
    years: npt.NDArray[np.int64],
    period: str,
    where: str,
) -> FloatArray:
    """Rates by year and month from amounts per year, per month, or rates."""
    monthly = any(np.ndim(v) > 0 for v in own.values())
    if monthly and period == "year":
        raise InputError(Problem(where, "an amount per year in a table of months", column.unit))
    if period == "month" and not monthly and own:
        # one number would stand for each of twelve months, and is most often that of the year
        hint = "Write the amount of the year, as mm/yr or km3/yr, or a rate, as mm/day or m3/s"
        problem = Problem(where, "an amount per month in a table of years", column.unit, hint=hint)
        raise InputError(problem)
    if monthly and column.monthly != "even":
        raise InputError(Problem(f"{where}.monthly", "belongs to values by year"))
    axis = months_of(int(years[0]), int(years[-1]))
    seconds = axis.durations.reshape(-1, 12)
    found = np.full((years.size, 12), np.nan)
    first, last = column.years or (int(years[0]), int(years[-1]))
    for i, year in enumerate(years):
        if int(year) in own and first <= year <= last:
            found[i] = own[int(year)]
    if monthly:
        return found / (seconds if period == "month" else 1.0)
    amount = found[:, 0]
    if period != "year":
        amount = amount * np.array([seconds_in_year(int(y)) for y in years])
    rates = annual_amounts_to_rates(
        axis, np.nan_to_num(amount), int(years[0]), monthly_shape(column.monthly)
    ).reshape(-1, 12)
    return np.where(np.isfinite(found), rates, np.nan)


def _lowering(salinity: FloatArray, vapour_ratio: float) -> FloatArray:
    """Evaporation of salt water over that of fresh water, as the kernel has it."""
    lowered = (water_activity(np.nan_to_num(salinity)) - vapour_ratio) / (1.0 - vapour_ratio)
    return np.where(np.isfinite(salinity), lowered, np.nan)
