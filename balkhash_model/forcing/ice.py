"""Ice on each storage over the intervals of a run."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem
from balkhash_model.forcing.calendar import mean_over_intervals
from balkhash_model.forcing.inflow import _years
from balkhash_model.forcing.lake_weather import Site, ice_season, lake_site
from balkhash_model.forcing.temperature import CLIMATOLOGY_YEARS, daily_temperature
from balkhash_model.physics.ice import IceSeason
from balkhash_model.system import ParameterSet
from balkhash_model.timeaxis import TimeAxis

FloatArray = npt.NDArray[np.float64]

__all__ = ["TEMPERATURE_COMMENT", "ice_cover", "ice_thickness", "temperature_comment"]

#: What a reader of the ice cover must know of the temperature beneath it.
TEMPERATURE_COMMENT = (
    "from monthly air temperature at Kuigan (lake) and Kapshagai (reservoir), observed from "
    f"January 2000 to April 2023; before and after, the climatology {CLIMATOLOGY_YEARS[0]}-"
    f"{CLIMATOLOGY_YEARS[1]} of the station stands for each year"
)


def temperature_comment(warmed: bool, weather: str | None = None) -> str:
    """Say what temperature the ice of a scenario rests on.

    Parameters
    ----------
    warmed : bool
        Whether the scenario changes the temperature.
    weather : str, optional
        File with the weather that the ice of the lake comes from.

    Returns
    -------
    str
        The comment.

    Examples
    --------
    >>> temperature_comment(True).split("; ")[-1]
    'changed as the scenario says'
    """
    of_lake = f"; of the lake from the weather in {weather}" if weather is not None else ""
    return TEMPERATURE_COMMENT + of_lake + ("; changed as the scenario says" if warmed else "")


@lru_cache(maxsize=64)
def _days(
    site: Site, first: int, last: int, change: tuple[float, ...], observed: bool
) -> tuple[np.datetime64, IceSeason]:
    """Ice of each day, and the first of them: the summer before the first year, without ice.

    The change of temperature is that of each month from January of the first year on; the year
    before has that of the first.
    """
    air, _ = daily_temperature(site.station, first - 1, last, observed=observed)
    months = np.arange(f"{first - 1:04d}-01", f"{last + 1:04d}-01", dtype="datetime64[M]")
    lengths = (months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")
    warmed = air + np.repeat([*change[:12], *change], lengths.astype(np.int64))
    summer = 200
    season = ice_season(site, warmed[summer:])
    return np.datetime64(f"{first - 1:04d}-01-01", "D") + summer, season


def _by_month(temperature_change: npt.ArrayLike, years: int) -> FloatArray:
    """Change of temperature ``(..., years, 12)`` from one value, or one a year, or all."""
    change = np.asarray(temperature_change, dtype=np.float64)
    if change.ndim < 2 and change.size in (1, years):
        return np.repeat(np.broadcast_to(change, (years,))[:, None], 12, axis=1)
    if change.shape[-2:] == (years, 12):
        return change
    raise InputError(
        Problem(
            "temperature_change",
            "wrong shape",
            str(change.shape),
            f"one value, ({years},) or (..., {years}, 12)",
        )
    )


def _means(
    axis: TimeAxis,
    parameters: ParameterSet,
    storage: str,
    temperature_change: npt.ArrayLike,
    observed: bool,
    quantity: Literal["cover", "thickness"],
) -> FloatArray:
    """Mean over the intervals of the cover or the thickness, with the members of the change."""
    years = _years(axis)
    site = lake_site(parameters, storage)
    change = _by_month(temperature_change, years.size)
    rows = []
    for row in change.reshape(-1, years.size * 12).tolist():
        start, season = _days(site, int(years[0]), int(years[-1]), tuple(row), observed)
        rows.append(mean_over_intervals(axis, start, getattr(season, quantity)))
    return np.array(rows).reshape(*change.shape[:-2], axis.n)


def ice_cover(
    axis: TimeAxis,
    parameters: ParameterSet,
    storage: str,
    temperature_change: npt.ArrayLike = 0.0,
    *,
    observed: bool = True,
) -> FloatArray:
    """Share of a storage under ice, mean of each interval.

    Parameters
    ----------
    axis : TimeAxis
        The intervals.
    parameters : ParameterSet
        For depth and the degree-days of freezing and melting.
    storage : str
        ``west``, ``east`` or ``kapshagay``.
    temperature_change : array_like, default 0.0
        Warming of the air, K: one value, one for each calendar year of the axis, or one for each
        month ``(..., years, 12)``, with members before the years.
    observed : bool, default True
        Whether the station's own months are used where it has some; False for its climatology
        throughout, to which a change of single years belongs.

    Returns
    -------
    array (n,) or (..., n)
        Share, 0 to 1. Where the station has no months of its own its climatology is used.

    Raises
    ------
    InputError
        For a storage without a station, or a change of temperature of another shape.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> axis = TimeAxis.monthly("1970-01-01", "1971-01-01")
    >>> ice_cover(axis, load_parameters("balkhash"), "west").round(1)[[0, 6]].tolist()
    [1.0, 0.0]
    """
    cover = _means(axis, parameters, storage, temperature_change, observed, "cover")
    # differences of sums round: keep a full cover at one
    return np.clip(cover, 0.0, 1.0)


def ice_thickness(
    axis: TimeAxis,
    parameters: ParameterSet,
    storage: str,
    temperature_change: npt.ArrayLike = 0.0,
    *,
    observed: bool = True,
) -> FloatArray:
    """Thickness of the ice by Stefan's law, mean of each interval.

    Parameters
    ----------
    axis : TimeAxis
        The intervals.
    parameters : ParameterSet
        For depth, degree-days and the coefficient of growth.
    storage : str
        ``west``, ``east`` or ``kapshagay``.
    temperature_change : array_like, default 0.0
        Warming of the air, K: one value, one for each calendar year of the axis, or one for each
        month ``(..., years, 12)``, with members before the years.
    observed : bool, default True
        Whether the station's own months are used where it has some; False for its climatology
        throughout, to which a change of single years belongs.

    Returns
    -------
    array (n,) or (..., n)
        Thickness, m.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> axis = TimeAxis.monthly("1970-01-01", "1971-01-01")
    >>> round(float(ice_thickness(axis, load_parameters("balkhash"), "west").max()), 1)
    0.5
    """
    thickness = _means(axis, parameters, storage, temperature_change, observed, "thickness")
    return np.maximum(thickness, 0.0)
