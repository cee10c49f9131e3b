"""Observed lake levels in one tidy form: the shipped record, and a user's own gauge."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from balkhash_model import quantities
from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.reference.readers import load
from balkhash_model.reference.user_csv import lacking_columns, read_user_csv

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "COLUMNS",
    "altimetry_monthly",
    "aral_levels",
    "balkhash_levels",
    "observed_levels",
    "read_observed",
    "tied_altimetry",
]

#: Columns of a tidy table of observed levels.
COLUMNS = ("series", "averaging", "time", "level", "uncertainty", "flag")
#: Other ways to write a datum.
_ALIASES = {"Baltic system (BS)": ("BS", "Baltic system")}
ANCHORS, ANNUAL, MONTHLY, ALL_ANNUAL = (
    "dated levels",
    "altimetry, annual means",
    "altimetry, months",
    "all annual levels",
)


def altimetry_monthly(table: str = "balkhash_level_tied") -> pd.Series:
    """Monthly levels of a reference table, by month.

    Parameters
    ----------
    table : str, default "balkhash_level_tied"
        Key of a monthly table of levels in the Baltic system.

    Returns
    -------
    pandas.Series
        Level (m), indexed by monthly period.

    Examples
    --------
    >>> levels = altimetry_monthly()
    >>> str(levels.index[0]), len(levels)
    ('1992-09', 268)
    """
    import pandas as pd

    data = load(table)
    if "level_m" not in data:
        raise InputError(
            Problem(
                f"reference table {table!r}",
                "holds no levels in a known datum",
                str(list(data.data_vars)),
                "level_m",
            )
        )
    index = pd.PeriodIndex(pd.DatetimeIndex(data["time"].values), freq="M")
    series = pd.Series(data["level_m"].values, index=index, name="level")
    series.attrs["datum"] = str(data["level_m"].attrs["datum"])
    return series


def balkhash_levels() -> pd.DataFrame:
    """Observed levels of Lake Balkhash that results are held against.

    Returns
    -------
    pandas.DataFrame
        Columns `series, averaging, time, level, uncertainty, flag`: the dated annual levels before
        satellites, annual means of the tied altimetry, both together, and the altimetry by month.
        The dated levels of 2011 and 2012 only tie the altimetry to the Baltic system and are not
        counted again.

    Examples
    --------
    >>> sorted(set(balkhash_levels()["series"]))  # doctest: +NORMALIZE_WHITESPACE
    ['all annual levels', 'altimetry, annual means', 'altimetry, months', 'dated levels']
    """
    import numpy as np
    import pandas as pd

    anchors = load("balkhash_level_anchors")
    rows = []
    for i in range(anchors.sizes["row"]):
        year = float(anchors["decimal_year"].values[i])
        if anchors["used"].values[i] == "yes" and year < 1992.0:
            rows.append(
                (
                    ANCHORS,
                    "year",
                    np.datetime64(f"{int(year)}-07-01"),
                    float(anchors["level_m"].values[i]),
                    float(anchors["uncertainty_m"].values[i]),
                    anchors["flag"].values[i],
                )
            )
    monthly = altimetry_monthly()
    datum = float(load("balkhash_level_tied")["uncertainty_m"].values[0])
    days = monthly.index.days_in_month
    for year, group in monthly.groupby(monthly.index.year):
        if len(group) == 12:
            weights = days[monthly.index.year == year]
            rows.append(
                (
                    ANNUAL,
                    "year",
                    np.datetime64(f"{year}-07-01"),
                    float(np.average(group, weights=weights)),
                    datum,
                    "computed",
                )
            )
    rows += [(ALL_ANNUAL, *row[1:]) for row in rows]
    rows += [
        (MONTHLY, "month", p.to_timestamp().to_datetime64(), float(v), datum, "text")
        for p, v in monthly.items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


#: What altimetry of each basin of the Aral is raised by, m, with its uncertainty: the North at the
#: full lake of 42.0 m (median of 2010-2018), the South at the annual levels of 1992-2000.
_ARAL_TIES = {"north": (41.62, 0.2), "south": (29.35, 0.35)}
#: Basin of the system that a record of altimetry is held against.
_ARAL_STORAGE = {"north": "north", "south": "south_east"}
ARAL = "annual levels, whole sea"


def tied_altimetry(basin: str) -> pd.Series:
    """Monthly levels of a part of the Aral Sea, tied to the Baltic system.

    Parameters
    ----------
    basin : str
        ``north`` or ``south``.

    Returns
    -------
    pandas.Series
        Level (m) by month; ``attrs["uncertainty"]`` (m) is that of the tie, common to all months.

    Raises
    ------
    InputError
        For another basin.

    Examples
    --------
    >>> levels = tied_altimetry("north")
    >>> round(float(levels.loc["2010"].mean()), 1), levels.attrs["uncertainty"]
    (42.1, 0.2)
    """
    import pandas as pd

    if basin not in _ARAL_TIES:
        known = ", ".join(_ARAL_TIES)
        raise InputError(Problem("altimetry of the Aral Sea", "no such basin", basin, known))
    offset, uncertainty = _ARAL_TIES[basin]
    data = load(f"aral_{basin}_level_altimetry")
    index = pd.PeriodIndex(pd.DatetimeIndex(data["time"].values), freq="M")
    series = pd.Series(data["level_anomaly_m"].values + offset, index=index, name="level")
    series.attrs |= {"datum": "Baltic system (BS)", "uncertainty": uncertainty, "offset": offset}
    return series


def aral_levels() -> pd.DataFrame:
    """Observed annual mean levels of the Aral Sea, and of its North and South after 1992.

    Returns
    -------
    pandas.DataFrame
        Columns `series, averaging, time, level, uncertainty, flag, storage`: the whole sea from
        1950 to 1989, then annual means of :func:`tied_altimetry` with the basin that they are held
        against (of the South, the South-East). The table of the whole sea does not say how a year
        was averaged: they are taken as annual means.

    Examples
    --------
    >>> levels = aral_levels()
    >>> whole = levels[levels["series"] == "annual levels, whole sea"]["level"]
    >>> float(whole.iloc[0]), float(whole.iloc[-1])
    (52.82, 39.1)
    """
    import numpy as np
    import pandas as pd

    table = load("aral_annual")
    whole = table["water_body"].values == "whole"
    years, level = table["year"].values[whole], table["level_m"].values[whole]
    rows: list[tuple[object, ...]] = [
        (ARAL, "year", np.datetime64(f"{year}-07-01"), float(value), 0.05, "text", None)
        for year, value in zip(years, level, strict=True)
        if year <= 1989
    ]
    for basin in _ARAL_TIES:
        monthly = tied_altimetry(basin)
        for year, group in monthly.groupby(monthly.index.year):
            if len(group) == 12:
                name, day = f"altimetry, {basin.capitalize()}", np.datetime64(f"{year}-07-01")
                error = float(monthly.attrs["uncertainty"])
                level = float(group.mean())
                rows.append((name, "year", day, level, error, "computed", _ARAL_STORAGE[basin]))
    return pd.DataFrame(rows, columns=[*COLUMNS, "storage"])


def observed_levels(system: str) -> pd.DataFrame:
    """Observed levels that results of a lake system are held against.

    Parameters
    ----------
    system : str
        Name of the system.

    Returns
    -------
    pandas.DataFrame
        As :func:`balkhash_levels`; empty for a system without observations in the package.

    Examples
    --------
    >>> len(observed_levels("aral")), len(observed_levels("my_lake"))
    (92, 0)
    """
    import pandas as pd

    known = {"balkhash": balkhash_levels, "aral": aral_levels}
    if system not in known:
        return pd.DataFrame(columns=list(COLUMNS))
    return known[system]()


def read_observed(path: str | os.PathLike[str], datum: str) -> pd.DataFrame:
    """Read a user's own level record.

    The file is a CSV with a header. Columns ``time`` (ISO date; ``1987`` for a year, ``1987-05``
    for a month), ``level``, ``unit`` (``m`` or ``cm``), ``datum``; optionally ``uncertainty`` in
    the same unit and ``series``.

    Parameters
    ----------
    path : path-like
        The file.
    datum : str
        Datum of the result that the record will be held against.

    Returns
    -------
    pandas.DataFrame
        Columns as :func:`balkhash_levels`.

    Raises
    ------
    InputError
        Where the file, a column, a unit, a date or the datum is wrong; all problems at once.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> f = pathlib.Path(tempfile.mkdtemp()) / "gauge.csv"
    >>> _ = f.write_text("time,level,unit,datum\\n1987,340.64,m,Baltic system (BS)\\n")
    >>> read_observed(f, "Baltic system (BS)")["level"].tolist()
    [340.64]
    """
    import pandas as pd

    file = Path(path)
    header, cells, problems = read_user_csv(file)
    needed = ("time", "level", "unit", "datum")
    lacking = lacking_columns(file, header, needed)
    known = (*needed, "uncertainty", "series")
    # one column alone is a line that was not split
    lacking += [
        Problem(f"{file}:1", "no such column", c, hint=nearest(c, known))
        for c in header
        if c not in known and len(header) > 1
    ]
    if lacking:
        raise InputError(lacking)
    rows = [(line, _row(f"{file}:{line}", row, datum, file.stem, problems)) for line, row in cells]
    if not rows:
        problems.append(Problem(str(file), "holds no level"))
    problems += _time_problems(file, rows)
    if problems:
        raise InputError(problems)
    return pd.DataFrame([r for _, r in rows if r is not None], columns=list(COLUMNS))


def _time_problems(file: Path, rows: list[tuple[int, tuple[object, ...] | None]]) -> list[Problem]:
    """Times of a series that stand twice or out of order, and series that mix means."""
    import numpy as np

    problems: list[Problem] = []
    seen: dict[object, tuple[object, list[np.datetime64]]] = {}
    for line, row in rows:
        if row is None:
            continue
        series, averaging, time = row[0], row[1], np.datetime64(str(row[2]), "M")
        where = f"{file}:{line}"
        kind, times = seen.setdefault(series, (averaging, []))
        if kind != averaging:
            problems.append(
                Problem(
                    where,
                    f"series {series!r} mixes means of years and of months",
                    hint="Give them two names in the column 'series'",
                )
            )
            continue
        if time in times:
            problems.append(Problem(where, "a time stands twice", str(row[2])[:10]))
        elif times and time < times[-1]:
            problems.append(
                Problem(where, "times are not in order", str(time), f"after {times[-1]}")
            )
        times.append(time)
    return problems


def _row(
    where: str, row: dict[str, str], datum: str, name: str, problems: list[Problem]
) -> tuple[object, ...] | None:
    import math
    import re

    import pandas as pd

    before = len(problems)
    scale = {"m": 1.0, "cm": 0.01}.get(row["unit"])
    if scale is None:
        problems.append(
            Problem(f"{where}: unit", "not a unit of level", repr(row["unit"]), "'m' or 'cm'")
        )
    if row["datum"] not in (datum, *_ALIASES.get(datum, ())):
        problems.append(
            Problem(
                f"{where}: datum",
                "another datum than the result's",
                repr(row["datum"]),
                repr(datum),
                "Levels of different datums cannot be compared: convert first",
            )
        )
    numbers: dict[str, float] = {}
    for key in ("level", "uncertainty"):
        text = row.get(key, "")
        if key == "uncertainty" and text == "":
            numbers[key] = math.nan
            continue
        try:
            numbers[key] = float(text)
        except ValueError:
            numbers[key] = math.nan
        if not math.isfinite(numbers[key]):
            problems.append(Problem(f"{where}: {key}", "not a number", repr(text)))
    length = len(row["time"])
    iso = re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", row["time"]) is not None
    try:
        time = pd.Timestamp(row["time"] if length > 4 else f"{row['time']}-07-01") if iso else None
    except ValueError:
        time = None
    if time is None:
        problems.append(
            Problem(
                f"{where}: time", "not a date", repr(row["time"]), "1987, 1987-05 or 1987-05-01"
            )
        )
    if scale is not None and math.isfinite(numbers["level"]):
        problems += quantities.check_range(
            "observed_level", numbers["level"] * scale, f"{where}: level"
        )
    if numbers["uncertainty"] < 0.0:
        problems.append(Problem(f"{where}: uncertainty", "negative", row["uncertainty"]))
    if len(problems) > before or scale is None or time is None:
        return None
    averaging = "year" if length == 4 else "month"
    return (
        row.get("series") or name,
        averaging,
        time.to_datetime64(),
        numbers["level"] * scale,
        numbers["uncertainty"] * scale,
        "user",
    )
