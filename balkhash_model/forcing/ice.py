"""Ice on each storage over the intervals of a run."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from balkhash_model.forcing.calendar import mean_over_intervals
from balkhash_model.forcing.inflow import _years
from balkhash_model.forcing.lake_weather import Site, ice_season, lake_site
from balkhash_model.forcing.temperature import CLIMATOLOGY_YEARS, daily_temperature
from balkhash_model.physics.ice import IceSeason
from balkhash_model.system import ParameterSet
from balkhash_model.timeaxis import TimeAxis, seconds_in_year

FloatArray = npt.NDArray[np.float64]

__all__ = ["TEMPERATURE_COMMENT", "ice_cover", "ice_thickness"]

#: What a reader of the ice cover must know of the temperature beneath it.
TEMPERATURE_COMMENT = (
    "from monthly air temperature at Kuigan (lake) and Kapshagai (reservoir), observed from "
    f"January 2000 to April 2023; before and after, the climatology {CLIMATOLOGY_YEARS[0]}-"
    f"{CLIMATOLOGY_YEARS[1]} of the station stands for each year"
)


@lru_cache(maxsize=64)
def _days(
    site: Site, first: int, last: int, change: tuple[float, ...]
) -> tuple[np.datetime64, IceSeason]:
    """Ice of each day, and the first of them: the summer before the first year, without ice."""
    air, _ = daily_temperature(site.station, first - 1, last)
    lengths = [round(seconds_in_year(y) / 86400.0) for y in range(first - 1, last + 1)]
    warmed = air + np.repeat([change[0], *change], lengths)
    summer = 200
    season = ice_season(site, warmed[summer:])
    return np.datetime64(f"{first - 1:04d}-01-01", "D") + summer, season


def _season(
    axis: TimeAxis, parameters: ParameterSet, storage: str, temperature_change: npt.ArrayLike
) -> tuple[np.datetime64, IceSeason]:
    years = _years(axis)
    change = np.broadcast_to(np.asarray(temperature_change, dtype=np.float64), years.shape)
    site = lake_site(parameters, storage)
    return _days(site, int(years[0]), int(years[-1]), tuple(change.tolist()))


def ice_cover(
    axis: TimeAxis,
    parameters: ParameterSet,
    storage: str,
    temperature_change: npt.ArrayLike = 0.0,
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
        Warming of the air, K: one value, or one for each calendar year of the axis.

    Returns
    -------
    array (n,)
        Share, 0 to 1. Where the station has no months of its own its climatology is used.

    Raises
    ------
    InputError
        For a storage without a station.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> axis = TimeAxis.monthly("1970-01-01", "1971-01-01")
    >>> ice_cover(axis, load_parameters("balkhash"), "west").round(1)[[0, 6]].tolist()
    [1.0, 0.0]
    """
    start, season = _season(axis, parameters, storage, temperature_change)
    # differences of sums round: keep a full cover at one
    return np.clip(mean_over_intervals(axis, start, season.cover), 0.0, 1.0)


def ice_thickness(
    axis: TimeAxis,
    parameters: ParameterSet,
    storage: str,
    temperature_change: npt.ArrayLike = 0.0,
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
        Warming of the air, K: one value, or one for each calendar year of the axis.

    Returns
    -------
    array (n,)
        Thickness, m.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> axis = TimeAxis.monthly("1970-01-01", "1971-01-01")
    >>> round(float(ice_thickness(axis, load_parameters("balkhash"), "west").max()), 1)
    0.5
    """
    start, season = _season(axis, parameters, storage, temperature_change)
    return np.maximum(mean_over_intervals(axis, start, season.thickness), 0.0)
