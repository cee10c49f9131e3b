"""Indicators of ecosystem and water quality, each against a printed threshold or the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from balkhash_model import reference, units
from balkhash_model.diagnostics.level_indicators import _YEAR, _members, lake_levels
from balkhash_model.errors import InputError, Problem, nearest

FloatArray = npt.NDArray[np.float64]

__all__ = ["SPRING", "Limit", "ecosystem_indicators", "ecosystem_members", "limits"]

#: Months of spring, March to May: a convention of this package, no source names others.
SPRING = (3, 4, 5)

#: Limits that a user may give: kind of quantity, and the unit it is held in.
_GIVEN = {
    "level": ("level", "m"),
    "irrigation_restricted": ("salinity", "g/l"),
    "irrigation_severe": ("salinity", "g/l"),
    "drinking_good": ("salinity", "g/l"),
    "drinking_unacceptable": ("salinity", "g/l"),
    "east_fish": ("salinity", "g/l"),
    "delta_spring": ("volume", "km3"),
}
_ROWS = {
    "irrigation_restricted": "no restriction below",
    "irrigation_severe": "severe restriction above",
    "drinking_good": "good taste up to",
    "drinking_unacceptable": "unacceptable taste above",
}


@dataclass(frozen=True)
class Limit:
    """A threshold and who says so.

    Attributes
    ----------
    value : float or None
        The threshold; None where no source prints one and the user gave none.
    unit : str
        Its unit.
    source : str
        Source key, ``user``, or what is lacking.
    """

    value: float | None
    unit: str
    source: str


def limits(given: Mapping[str, str | float] | None = None) -> dict[str, Limit]:
    """Give the thresholds: printed ones, and the user's in their place or where none is printed.

    Parameters
    ----------
    given : mapping of str to str or float, optional
        Thresholds of one's own by name: texts with a unit, such as ``{"east_fish": "6 g/l"}``, or
        numbers in the unit that the result of this function shows.

    Returns
    -------
    dict of str to Limit
        ``level`` (m), ``irrigation_restricted``, ``irrigation_severe``, ``drinking_good``,
        ``drinking_unacceptable``, ``east_fish`` (g/l), ``delta_spring`` (km3).  For fish in the
        East and for the flooding of the delta no source prints a threshold: the user gives it.

    Raises
    ------
    InputError
        For an unknown name, or a value that is no such quantity; all problems at once.

    Examples
    --------
    >>> limits()["level"]
    Limit(value=341.0, unit='m', source='kz_ministry2021')
    >>> limits()["east_fish"].source
    'none printed: give east_fish'
    >>> limits({"east_fish": "6 g/l"})["east_fish"]
    Limit(value=6.0, unit='g/l', source='user')
    """
    policy = reference.load("thresholds").to_dataframe().set_index("item").loc["critical level"]
    quality = reference.load("water_quality_thresholds").to_dataframe().set_index("item")
    found = {"level": Limit(float(policy["value"]), "m", str(policy["source"]))}
    for name, row in _ROWS.items():
        entry = quality.loc[row]
        found[name] = Limit(float(entry["threshold_g_per_L"]), "g/l", str(entry["source"]))
    for name in ("east_fish", "delta_spring"):
        found[name] = Limit(None, _GIVEN[name][1], f"none printed: give {name}")
    problems: list[Problem] = []
    for name, value in (given or {}).items():
        where = f"limit {name}"
        if name not in _GIVEN:
            problems.append(Problem(where, "no such threshold", hint=nearest(name, _GIVEN)))
            continue
        kind, unit = _GIVEN[name]
        try:
            number = units.parse(value, kind, where) if isinstance(value, str) else float(value)
        except InputError as error:
            problems.extend(error.problems)
            continue
        # kg/m3 is g/l
        scale = 1e9 if isinstance(value, str) and unit == "km3" else 1.0
        found[name] = Limit(number / scale, unit, "user")
    if problems:
        raise InputError(problems)
    return found


def ecosystem_members(
    result: xr.Dataset,
    given: Mapping[str, str | float] | None = None,
    *,
    spring: tuple[int, ...] = SPRING,
) -> pd.DataFrame:
    r"""Compute the indicators for each member of a result.

    Parameters
    ----------
    result : xarray.Dataset
        A result of one run or of an ensemble in memory.
    given : mapping, optional
        Thresholds, as for :func:`limits`.
    spring : tuple of int, default (3, 4, 5)
        Months whose flow is the spring flood of the delta.

    Returns
    -------
    pandas.DataFrame
        One row for each member.  A time beyond a threshold :math:`x_0` is
        :math:`T = \sum_i \Delta t_i [x_i > x_0]` (below for the level), in years of 365.2425 days.
        Columns, left out where the result lacks what they need:

        ``years_below_level``; ``west_irrigation_restricted``, ``west_irrigation_severe``,
        ``west_drinking_good``, ``west_drinking_unacceptable`` (years with the salinity of the West
        above); ``west_salinity``, ``east_salinity`` (g/l, mean of the last year); ``east_fish``
        (years above; NaN without a threshold); ``delta_spring_flow`` (km3, mean over the years of
        the flow to the delta in spring); ``delta_flooded`` (years whose flow reaches the threshold;
        NaN without one); ``area_lost`` (km2, mean area of the first less that of the last year, on
        the curve with its slope near the shore); ``shore_retreat`` (m, that area along the printed
        length of the shore); ``years_separate`` (years with the basins apart).

    Raises
    ------
    InputError
        Where the result holds no level of the lake, or a threshold cannot be used.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> row = ecosystem_members(bm.run("hindcast_free")).iloc[0]
    >>> float(row["years_separate"]), bool(np.isnan(row["east_fish"]))
    (0.0, True)
    """
    chosen = limits(given)
    seconds = np.diff(result["time_edge"].values.astype("datetime64[s]")).astype(np.float64)
    levels = lake_levels(result)
    found: dict[str, FloatArray] = {}
    level = chosen["level"].value
    # the printed threshold is one of Lake Balkhash
    if level is not None and (_is_balkhash(result) or "level" in (given or {})):
        # a basin that has dried out has no level: it is below every threshold
        low = (levels < level) | ~np.isfinite(levels)
        found["years_below_level"] = low @ seconds / _YEAR
    found |= _salinity(result, chosen, seconds)
    found |= _delta(result, chosen["delta_spring"].value, seconds, spring)
    found |= _shore(result, seconds)
    if "lake_connected" in result:
        found["years_separate"] = (_members(result["lake_connected"]) < 0.5) @ seconds / _YEAR
    # what no member changes is one number for all
    return pd.DataFrame({name: np.broadcast_to(v, len(levels)) for name, v in found.items()})


def _is_balkhash(result: xr.Dataset) -> bool:
    return str(result.attrs.get("system")) == "balkhash"


def _years(result: xr.Dataset) -> npt.NDArray[np.int64]:
    years: npt.NDArray[np.int64] = result["time"].dt.year.values.astype(np.int64)
    return years


def _salinity(
    result: xr.Dataset, chosen: dict[str, Limit], seconds: FloatArray
) -> dict[str, FloatArray]:
    """Times above the thresholds, from the mean of the salinities at both edges of an interval."""
    names = [str(n) for n in result["storage"].values]
    if "salinity" not in result or not {"west", "east"} <= set(names):
        return {}
    years = _years(result)
    last = years == years[-1]
    found: dict[str, FloatArray] = {}
    for basin in ("west", "east"):
        edge = _members(result["salinity"].isel(storage=names.index(basin)))
        middle = 0.5 * (edge[:, 1:] + edge[:, :-1])
        found[f"{basin}_salinity"] = middle[:, last] @ seconds[last] / seconds[last].sum()
        for name in (*_ROWS, "east_fish"):
            if (name == "east_fish") is not (basin == "east"):
                continue
            value = chosen[name].value
            column = name if basin == "east" else f"west_{name}"
            none = np.full(len(middle), np.nan)
            found[column] = none if value is None else (middle > value) @ seconds / _YEAR
    return found


def _delta(
    result: xr.Dataset, threshold: float | None, seconds: FloatArray, spring: tuple[int, ...]
) -> dict[str, FloatArray]:
    """Flow to the heads of the deltas in the spring of each whole year."""
    ends = {str(s) for s in result["storage"].values} | {"outside"}
    heads = {str(n) for n in result["link_from"].values} - ends
    into = np.flatnonzero([str(n) in heads for n in result["link_to"].values])
    if into.size == 0 or "link_flow" not in result:
        return {}
    flow = _members(result["link_flow"].isel(link=into).sum("link"))
    years, months = _years(result), result["time"].dt.month.values
    rows = [
        flow[:, at] @ seconds[at] / 1e9
        for year in np.unique(years)
        if set(months[at := (years == year) & np.isin(months, spring)]) == set(spring)
    ]
    if not rows:
        return {}
    volumes = np.stack(rows, axis=1)
    none = np.full(len(volumes), np.nan)
    reached = none if threshold is None else (volumes >= threshold).sum(axis=1).astype(np.float64)
    return {"delta_spring_flow": volumes.mean(axis=1), "delta_flooded": reached}


def _shore(result: xr.Dataset, seconds: FloatArray) -> dict[str, FloatArray]:
    """Area lost from the first to the last year, and its width along the shore."""
    if "lake_area" not in result:
        return {}
    area, years = _members(result["lake_area"]), _years(result)
    first, last = years == years[0], years == years[-1]
    lost = area[:, first] @ seconds[first] / seconds[first].sum()
    lost = lost - area[:, last] @ seconds[last] / seconds[last].sum()
    found: dict[str, FloatArray] = {"area_lost": lost / 1e6}
    if _is_balkhash(result):
        found["shore_retreat"] = lost / (_shoreline() * 1e3)
    return found


def _shoreline() -> float:
    """Printed length of the shore of the whole lake, km (ILEC)."""
    table = reference.load("balkhash_morphometry").to_dataframe()
    rows = table[(table["item"] == "shoreline") & (table["source"] == "ilec")]
    return float(rows["value"].iloc[0])


#: Of each column: what it is, its unit, and the threshold or source that it rests on.
_TEXTS = {
    "years_below_level": ("level below", "years", "level"),
    "west_salinity": ("West salinity, last year", "g/l", ""),
    "west_irrigation_restricted": (
        "West restricted for irrigation",
        "years",
        "irrigation_restricted",
    ),
    "west_irrigation_severe": ("irrigation severely so", "years", "irrigation_severe"),
    "west_drinking_good": ("drinking: taste not good", "years", "drinking_good"),
    "west_drinking_unacceptable": ("drinking: unacceptable", "years", "drinking_unacceptable"),
    "east_salinity": ("East salinity, last year", "g/l", ""),
    "east_fish": ("East too saline for fish", "years", "east_fish"),
    "delta_spring_flow": ("spring flow to the delta, mean", "km3", ""),
    "delta_flooded": ("springs that flood the delta", "years", "delta_spring"),
    "area_lost": ("area lost, first to last year", "km2", ""),
    "shore_retreat": ("retreat of the shore, mean", "m", "ilec"),
    "years_separate": ("basins apart", "years", "sill"),
}
_OTHER = {"ilec": "ilec", "sill": "sill of the strait in the system"}


def ecosystem_indicators(
    result: xr.Dataset,
    given: Mapping[str, str | float] | None = None,
    *,
    spring: tuple[int, ...] = SPRING,
) -> pd.DataFrame:
    """Compute the indicators of a result, with threshold, unit and source.

    Parameters
    ----------
    result : xarray.Dataset
        A result of one run or of an ensemble in memory.
    given : mapping, optional
        Thresholds, as for :func:`limits`.
    spring : tuple of int, default (3, 4, 5)
        Months of the spring flood.

    Returns
    -------
    pandas.DataFrame
        One row for each column of :func:`ecosystem_members`: ``title``, ``value`` (median over the
        members), ``low`` and ``high`` (10 and 90 % of the members), ``unit``, ``threshold`` (with
        its unit; empty where there is none) and ``source``.

    Raises
    ------
    InputError
        As for :func:`ecosystem_members`.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> table = ecosystem_indicators(bm.run("hindcast_free"))
    >>> table.loc["years_below_level", ["threshold", "source"]].tolist()
    ['341 m', 'kz_ministry2021']
    """
    members = ecosystem_members(result, given, spring=spring)
    chosen = limits(given)
    rows = {}
    for name in (n for n in _TEXTS if n in members):
        title, unit, rests = _TEXTS[name]
        low, value, high = (float(members[name].quantile(q)) for q in (0.1, 0.5, 0.9))
        threshold, source = "", _OTHER.get(rests, "")
        if rests in chosen:
            limit = chosen[rests]
            threshold = "" if limit.value is None else f"{limit.value:g} {limit.unit}"
            source = limit.source
        rows[name] = {
            "title": title,
            "value": value,
            "low": low,
            "high": high,
            "unit": unit,
            "threshold": threshold,
            "source": source,
        }
    return pd.DataFrame.from_dict(rows, orient="index")
