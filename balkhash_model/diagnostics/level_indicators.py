"""Indicators of a level course: below a threshold, crossings, lowest level, recovery, salinity."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from balkhash_model.errors import InputError, Problem

FloatArray = npt.NDArray[np.float64]

__all__ = ["annual_levels", "indicators"]

_YEAR = 365.2425 * 86400.0


def _members(array: xr.DataArray) -> FloatArray:
    """Values as ``(members, n)``."""
    other = [d for d in array.dims if d not in ("time", "time_edge")]
    last = next(d for d in array.dims if d in ("time", "time_edge"))
    values: FloatArray = np.atleast_2d(array.transpose(*other, last).values.astype(np.float64))
    return values


def lake_levels(result: xr.Dataset) -> FloatArray:
    """Level of the lake by interval; of its lowest basin while the basins are apart.

    Parameters
    ----------
    result : xarray.Dataset
        A result of :func:`balkhash_model.simulate`.

    Returns
    -------
    array (members, n)
        Levels, m.

    Raises
    ------
    InputError
        Where the result holds no level of the lake.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> lake_levels(bm.run("hindcast_free")).shape
    (1, 648)
    """
    if "lake_level" not in result:
        raise InputError(Problem("result", "holds no lake_level"))
    whole = result["lake_level"]
    kinds = result["storage_kind"].values == "lake"
    lowest = result["water_level"].isel(storage=np.flatnonzero(kinds)).min("storage")
    return _members(whole.where(np.isfinite(whole), lowest))


def annual_levels(result: xr.Dataset) -> pd.DataFrame:
    """Mean level of the lake in each calendar year.

    Parameters
    ----------
    result : xarray.Dataset
        A result.

    Returns
    -------
    pandas.DataFrame
        One row for each year, one column for each member, m.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> annual_levels(bm.run("hindcast_free")).shape
    (54, 1)
    """
    levels = lake_levels(result)
    edges = result["time_edge"].values.astype("datetime64[s]")
    seconds = np.diff(edges).astype(np.float64)
    years = result["time"].dt.year.values
    rows = {
        int(year): (levels[:, years == year] * seconds[years == year]).sum(axis=1)
        / seconds[years == year].sum()
        for year in np.unique(years)
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def indicators(result: xr.Dataset, threshold: float = 341.0) -> pd.DataFrame:
    """Indicators of a run, for each member.

    Parameters
    ----------
    result : xarray.Dataset
        A result.
    threshold : float, default 341.0
        Level, m.

    Returns
    -------
    pandas.DataFrame
        One row for each member: ``years_below`` (time with the monthly level below the threshold,
        years), ``first_below`` (decimal year of the first interval below it; NaN for never),
        ``lowest`` (m), ``lowest_year``, ``recovery`` (years from the lowest level until the lake
        is back at the threshold; NaN where it never falls below or does not come back), ``end``
        (mean level of the last year, as :func:`annual_levels` gives it, m), ``change`` (end less
        the start, m) and, where the result has a ``salinity``, ``west_salinity`` (kg m-3, that is
        g/l, mean of the last year).

    Examples
    --------
    >>> import balkhash_model as bm
    >>> row = indicators(bm.run("hindcast_free")).iloc[0]
    >>> round(float(row["lowest"]), 1), int(row["lowest_year"]) in (1986, 1987)
    (340.7, True)
    """
    levels = lake_levels(result)
    edges = result["time_edge"].values.astype("datetime64[s]")
    seconds = np.diff(edges).astype(np.float64)
    start = edges[:-1].astype("datetime64[D]")
    decimal = _decimal_years(start)
    below = levels < threshold
    # a basin that has dried out has no level: it is below every threshold
    below |= ~np.isfinite(levels)
    lowest_at = np.nanargmin(levels, axis=1)
    last = result["time"].dt.year.values == result["time"].dt.year.values[-1]
    first_level = _members(result["water_level_edge"].isel(storage=_west(result)))[:, 0]
    # as a year of annual_levels: months count by their length
    end = (levels[:, last] * seconds[last]).sum(axis=1) / seconds[last].sum()
    rows = []
    for i, course in enumerate(levels):
        low = int(lowest_at[i])
        back = np.flatnonzero(course[low:] >= threshold)
        recovers = bool(below[i].any()) and back.size > 0
        rows.append(
            {
                "years_below": float(seconds[below[i]].sum() / _YEAR),
                "first_below": float(decimal[np.argmax(below[i])]) if below[i].any() else np.nan,
                "lowest": float(course[low]),
                "lowest_year": int(decimal[low]),
                "recovery": float(seconds[low : low + back[0]].sum() / _YEAR)
                if recovers
                else np.nan,
                "end": float(end[i]),
                "change": float(end[i] - first_level[i]),
            }
        )
    frame = pd.DataFrame(rows)
    salinity = _west_salinity(result)
    if salinity is not None:
        frame["west_salinity"] = salinity
    return frame


def _west(result: xr.Dataset) -> int:
    """Index of the West, or of the first lake basin."""
    names = list(result["storage"].values)
    if "west" in names:
        return names.index("west")
    return int(np.flatnonzero(result["storage_kind"].values == "lake")[0])


def _west_salinity(result: xr.Dataset) -> FloatArray | None:
    """Salinity of the West over the last year, g/l, where the result has a salinity."""
    if "salinity" not in result:
        return None
    course = _members(result["salinity"].isel(storage=_west(result)))
    edges = result["time_edge"].values.astype("datetime64[s]")
    years = result["time"].dt.year.values
    last = years == years[-1]
    weight = np.diff(edges).astype(np.float64)[last]
    middle = 0.5 * (course[:, 1:] + course[:, :-1])[:, last]
    mean: FloatArray = middle @ weight / weight.sum()
    return mean


def _decimal_years(days: npt.NDArray[np.datetime64]) -> FloatArray:
    year = days.astype("datetime64[Y]")
    length = (year + 1).astype("datetime64[D]") - year.astype("datetime64[D]")
    part = (days - year.astype("datetime64[D]")) / length
    decimal: FloatArray = year.astype(np.int64) + 1970 + part
    return decimal
