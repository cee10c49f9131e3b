"""Read a reference table as a labelled dataset, and check every table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.reference.catalog import (
    column_entries,
    describe,
    list_keys,
    read_verified,
    sources,
    table_entry,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import xarray as xr

__all__ = ["DIMENSIONS", "FLAGS", "TableCheck", "check", "load", "noting", "value"]

_NOTING: ContextVar[tuple[set[str], ...]] = ContextVar("noting", default=())

FLAGS = ("text", "approx", "computed", "doubtful", "interpolated", "assumed")
DIMENSIONS = {
    "monthly": "time",
    "annual": "year",
    "climatology": "month",
    "period": "row",
    "station": "row",
    "statement": "row",
}


@dataclass(frozen=True, slots=True)
class TableCheck:
    """The outcome of the check of one table.

    Attributes
    ----------
    key : str
        The key of the table.
    ok : bool
        Whether nothing is wrong with it.
    message : str
        What is wrong, or how many rows were checked.
    """

    key: str
    ok: bool
    message: str


@contextmanager
def noting() -> Iterator[set[str]]:
    """Note which tables are loaded.

    Yields
    ------
    set of str
        Keys of the tables that were loaded so far inside the ``with``.

    Examples
    --------
    >>> with noting() as tables:
    ...     _ = load("aral_annual")
    >>> tables
    {'aral_annual'}
    """
    keys: set[str] = set()
    token = _NOTING.set((*_NOTING.get(), keys))
    try:
        yield keys
    finally:
        _NOTING.reset(token)


def load(key: str) -> xr.Dataset:
    """Load a reference table; its checksum is verified first.

    Parameters
    ----------
    key : str
        The key of the table, one of `list`.

    Returns
    -------
    xarray.Dataset
        One variable per column, along ``time`` (monthly tables, with the bounds ``time_bnds``),
        ``year``, ``month`` or ``row``. Numbers carry ``units`` and ``long_name``, levels also
        ``datum``; an empty cell is NaN. The attributes hold title, citation, terms and checksum.

    Raises
    ------
    InputError
        Where there is no such table, or the file is not the one in the catalogue.

    Examples
    --------
    >>> gauges = load("ili_flux_by_period")
    >>> first = gauges.isel(row=0)
    >>> str(first["gauge"].item()), first["flow_km3_per_yr"].item()
    ('km171', 14.56)
    """
    import xarray as xr

    header, rows = _cells(key)
    for keys in _NOTING.get():
        keys.add(key)
    entry = describe(key)
    dimension = DIMENSIONS[str(entry["kind"])]
    variables: dict[str, Any] = {}
    for position, name in enumerate(header):
        values = _typed(key, name, [row[position] for row in rows])
        variables[name] = (dimension, values, _column_attributes(name, entry))
    dataset = xr.Dataset(variables, attrs=_dataset_attributes(entry))
    if dimension == "row":
        return dataset.assign_coords(
            row=("row", range(len(rows)), {"long_name": "row of the table"})
        )
    if dimension == "time":
        dataset["time"].attrs.update(standard_name="time", axis="T", bounds="time_bnds")
        bounds = ("time", "bnds"), _bounds(dataset["time"].values)
        dataset = dataset.assign_coords(time_bnds=bounds)
        for name in ("time", "time_bnds"):
            dataset[name].encoding.update(units="days since 1970-01-01", dtype="int64")
    return dataset


def value(key: str, column: str = "value", **where: object) -> float:
    """Look up one number of a reference table by what stands in other columns of its row.

    Parameters
    ----------
    key : str
        The key of the table, one of `list`.
    column : str, default "value"
        The column that holds the number.
    **where : object
        Columns and what stands in them, as text or as a whole number.

    Returns
    -------
    float
        The number of the one row that fits.

    Raises
    ------
    InputError
        Where there is no such column, or not exactly one row with a number in it.

    Examples
    --------
    >>> value("wang2022_printed", quantity="volume", period=1961)
    115.718
    >>> value("ili_flux_by_period", "flow_km3_per_yr", period_start=1970, gauge="ushzharma")
    11.55
    """
    import numpy as np

    table = load(key)
    columns = [str(name) for name in table.data_vars]
    problems = [
        Problem(f"reference table {key}", "no such column", name, hint=nearest(name, columns))
        for name in (column, *where)
        if name not in columns
    ]
    if problems:
        raise InputError(problems)
    fits = np.ones(table[column].shape, dtype=bool)
    for name, wanted in where.items():
        fits &= table[name].values.astype(str) == str(wanted)
    found = table[column].values[fits]
    if found.size != 1 or not np.isfinite(found[0]):
        asked = ", ".join(f"{name} {wanted!r}" for name, wanted in where.items())
        raise InputError(
            Problem(
                f"reference table {key}, column {column}",
                f"no single number where {asked}",
                f"{found.size} rows",
                "one row with a number",
            )
        )
    return float(found[0])


def check() -> list[TableCheck]:
    """Check every table: file, columns, units, times, flags and sources.

    Returns
    -------
    list of TableCheck
        One record per table, in the order of `list`.

    Examples
    --------
    >>> all(record.ok for record in check())
    True
    """
    records = []
    for key in list_keys():
        try:
            wrong, count = _faults(key)
        except InputError as error:
            wrong, count = [str(error)], 0
        records.append(TableCheck(key, not wrong, "; ".join(wrong) or f"{count} rows"))
    return records


def _cells(key: str) -> tuple[list[str], list[list[str]]]:
    import csv

    header, *rows = csv.reader(read_verified(key).splitlines())
    return header, rows


def _typed(key: str, name: str, texts: list[str]) -> npt.NDArray[Any]:
    """Turn the cells of a column into numbers, months or text; names the first bad cell."""
    import numpy as np

    kind = column_entries()[name]["type"]
    if kind == "text":
        return np.array(texts, dtype=object)
    try:
        if kind == "time":
            return np.array(texts, dtype="datetime64[M]").astype("datetime64[ns]")
        if kind == "int":
            return np.array([int(text) for text in texts], dtype=np.int64)
        return np.array([float(text) if text else np.nan for text in texts])
    except ValueError as error:
        raise InputError(
            Problem(f"reference table {key}, column {name}", str(error), expected=f"type {kind}")
        ) from error


def _bounds(time: npt.NDArray[np.datetime64]) -> npt.NDArray[np.datetime64]:
    """First instant of each month and of the month after it."""
    import numpy as np

    months = time.astype("datetime64[M]")
    both = np.stack([months, months + np.timedelta64(1, "M")], axis=1)
    return both.astype("datetime64[ns]")


def _column_attributes(name: str, entry: dict[str, object]) -> dict[str, str]:
    column = column_entries()[name]
    attributes = {"long_name": str(column["long_name"])}
    if "units" in column:
        attributes["units"] = str(column["units"])
    if column.get("datum"):
        attributes["datum"] = str(entry["datum"])
    return attributes


def _dataset_attributes(entry: dict[str, object]) -> dict[str, str]:
    citation = entry["citation"]
    assert isinstance(citation, list)
    attributes = {name: str(entry[name]) for name in ("key", "title", "terms", "sha256", "notes")}
    return {
        **attributes,
        "datum": str(entry["datum"]),
        "uncertainty": str(entry["uncertainty"]),
        "citation": "\n".join(citation),
        "Conventions": "CF-1.11",
    }


def _faults(key: str) -> tuple[list[str], int]:
    """Everything that is wrong with a table, and its number of rows."""
    entry = table_entry(key)
    header, rows = _cells(key)
    wrong = []
    if header != entry["columns"]:
        wrong.append(f"columns {header}, catalogue {entry['columns']}")
    known = column_entries()
    unknown = [name for name in header if name not in known]
    if unknown:
        return [*wrong, f"columns without an entry: {', '.join(unknown)}"], len(rows)
    ragged = [number for number, row in enumerate(rows, start=2) if len(row) != len(header)]
    if ragged:
        return [*wrong, f"lines of another length: {ragged}"], len(rows)
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    for name in header:
        if known[name]["type"] in ("float", "int") and "units" not in known[name]:
            wrong.append(f"column {name} has no units")
        _typed(key, name, [*columns[name]])
        if name == "flag" or name.endswith("_flag"):
            odd = {*columns[name]} - {*FLAGS}
            wrong += [f"{name} {flag!r} is not one of {', '.join(FLAGS)}" for flag in sorted(odd)]
    wrong += [f"no column {name}" for name in ("flag", "source") if name not in columns]
    cited = {*columns.get("source", ())}
    wrong += [f"source {name!r} is not listed" for name in sorted(cited - {*entry["sources"]})]
    wrong += [
        f"source {name!r} is not known" for name in sorted({*entry["sources"]} - {*sources()})
    ]
    return [*wrong, *_time_faults(entry, columns)], len(rows)


def _time_faults(entry: dict[str, Any], columns: dict[str, tuple[str, ...]]) -> list[str]:
    """Whether the times increase strictly and the missing months are the stated ones."""
    kind = entry["kind"]
    if kind == "station":
        marks = [*zip(columns["station"], columns["time"], strict=True)]
        return [] if _increasing(marks) else ["station and time are not sorted and unique"]
    dimension = DIMENSIONS[kind]
    if dimension == "row":
        return []
    if dimension == "time":
        wrong = [] if _increasing([*columns["time"]]) else ["time is not sorted and unique"]
        gaps = _gaps(columns["time"])
        if gaps != entry.get("gaps", []):
            wrong.append(f"missing months {gaps}, catalogue {entry.get('gaps', [])}")
        return wrong
    numbers = [int(text) for text in columns[dimension]]
    return [] if _increasing(numbers) else [f"{dimension} is not sorted and unique"]


def _increasing(values: list[Any]) -> bool:
    from itertools import pairwise

    return all(first < second for first, second in pairwise(values))


def _gaps(times: tuple[str, ...]) -> list[str]:
    """Missing months between neighbours, as ``first/last``."""
    import numpy as np

    months = np.array(times, dtype="datetime64[M]")
    after = np.flatnonzero(np.diff(months) > np.timedelta64(1, "M"))
    return [f"{months[i] + 1}/{months[i + 1] - 1}" for i in after]
