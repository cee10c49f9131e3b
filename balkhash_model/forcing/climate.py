"""Rain and evaporation over the lake: annual depths shaped by month."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem
from balkhash_model.forcing.calendar import annual_amounts_to_rates, by_period
from balkhash_model.forcing.inflow import MEAN_YEAR, _years
from balkhash_model.physics.evaporation import mass_transfer_shape
from balkhash_model.system import ParameterSet
from balkhash_model.timeaxis import TimeAxis

FloatArray = npt.NDArray[np.float64]

__all__ = ["evaporation_shape", "lake_evaporation", "lake_precipitation", "precipitation_shape"]


def precipitation_shape() -> FloatArray:
    """Monthly shares of the annual rain at Balkhash station (ILEC).

    Returns
    -------
    array (12,)
        Shares that sum to one.

    Examples
    --------
    >>> round(float(precipitation_shape().sum()), 12)
    1.0
    """
    from balkhash_model import reference

    depth = reference.load("climate_balkhash_monthly")["precipitation_mm_per_month"].values
    shares: FloatArray = depth / depth.sum()
    return shares


def evaporation_shape(parameters: ParameterSet) -> FloatArray:
    """Monthly shares of the annual evaporation, by mass transfer from the ILEC temperatures.

    Parameters
    ----------
    parameters : ParameterSet
        For the relative humidity and the share under ice.

    Returns
    -------
    array (12,)
        Shares that sum to one; the surface temperature is the mean of the stations that have one
        in April to November.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> shares = evaporation_shape(load_parameters("balkhash"))
    >>> int(shares.argmax()) + 1 in (7, 8)
    True
    """
    from balkhash_model import reference

    table = reference.load("climate_balkhash_monthly")
    stations = np.stack(
        [
            table["surface_temperature_station63_degC"].values,
            table["surface_temperature_station74_degC"].values,
        ]
    )
    known = np.isfinite(stations)
    total = np.where(known, stations, 0.0).sum(axis=0)
    water = np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)
    water[[0, 1, 2, 11]] = np.nan  # ice: December to March
    air = table["air_temperature_degC"].values
    return mass_transfer_shape(
        water, air, parameters["relative_humidity"].si, parameters["evaporation_ice_share"].si
    )


def lake_precipitation(axis: TimeAxis, parameters: ParameterSet) -> FloatArray:
    """Rain on the lake: Wang 2022's mean of each period as a depth, shaped by month.

    Parameters
    ----------
    axis : TimeAxis
        The intervals.
    parameters : ParameterSet
        For the area over which the printed volumes fell.

    Returns
    -------
    array (n,)
        Depth rate, m/s.

    Raises
    ------
    InputError
        Where the intervals leave the periods of the table.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> axis = TimeAxis.monthly("1961-01-01", "1962-01-01")
    >>> depth = (lake_precipitation(axis, load_parameters("balkhash")) * axis.durations).sum()
    >>> round(float(depth), 4)
    0.2041
    """
    from balkhash_model import reference

    table = reference.load("lake_precipitation_by_period")
    rows = table["row_kind"].values == "period"
    years = _years(axis)
    starts, ends = table["period_start"].values[rows], table["period_end"].values[rows]
    volume = by_period(years, starts, ends, table["precipitation_km3_per_yr"].values[rows]) * 1e9
    missing = years[~np.isfinite(volume)]
    if missing.size:
        raise InputError(
            Problem(
                "climate.precipitation",
                "no published mean for these years",
                f"{missing[0]} to {missing[-1]}",
                f"{starts.min()} to {ends.max()}",
                "Shorten the period",
            )
        )
    depth = volume / parameters["precipitation_area"].si
    return annual_amounts_to_rates(axis, depth, int(years[0]), precipitation_shape(), shares=True)


def lake_evaporation(axis: TimeAxis, parameters: ParameterSet) -> FloatArray:
    """Evaporation from the lake: the same annual depth every year, shaped by month.

    Parameters
    ----------
    axis : TimeAxis
        The intervals.
    parameters : ParameterSet
        For the net evaporation and the mean precipitation, whose sum is the evaporation.

    Returns
    -------
    array (n,)
        Depth rate, m/s, positive.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> p = load_parameters("balkhash", {"net_evaporation": "0.85 m/yr"})
    >>> axis = TimeAxis.monthly("2000-01-01", "2001-01-01")
    >>> round(float((lake_evaporation(axis, p) * axis.durations).sum()), 4)
    1.0448
    """
    depth = (parameters["net_evaporation"].si + parameters["mean_precipitation"].si) * MEAN_YEAR
    years = _years(axis)
    return annual_amounts_to_rates(
        axis, np.full(years.size, depth), int(years[0]), evaporation_shape(parameters), shares=True
    )


def reservoir_depths(axis: TimeAxis, parameters: ParameterSet) -> tuple[FloatArray, FloatArray]:
    """Rain on and evaporation from Kapshagay, with the monthly shapes of the lake.

    Parameters
    ----------
    axis : TimeAxis
        The intervals.
    parameters : ParameterSet
        For the annual depths.

    Returns
    -------
    tuple of array (n,)
        Precipitation and evaporation, m/s, both positive.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> axis = TimeAxis.monthly("2000-01-01", "2001-01-01")
    >>> rain, evaporation = reservoir_depths(axis, load_parameters("balkhash"))
    >>> bool((evaporation >= 0).all())
    True
    """
    years = _years(axis)

    def rates(name: str, shape: FloatArray) -> FloatArray:
        amounts = np.full(years.size, parameters[name].si * MEAN_YEAR)
        return annual_amounts_to_rates(axis, amounts, int(years[0]), shape, shares=True)

    return (
        rates("kapshagay_precipitation", precipitation_shape()),
        rates("kapshagay_evaporation", evaporation_shape(parameters)),
    )
