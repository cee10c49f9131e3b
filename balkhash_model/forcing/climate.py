"""Rain and evaporation over the lake: annual depths shaped through the year."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.forcing.calendar import (
    annual_amounts_to_rates,
    by_period,
    daily_amounts_to_rates,
)
from balkhash_model.forcing.inflow import MEAN_YEAR, _years
from balkhash_model.forcing.lake_weather import Site, lake_site, lake_year
from balkhash_model.forcing.temperature import DAYS
from balkhash_model.physics.evaporation import mass_transfer_shape
from balkhash_model.system import ParameterSet
from balkhash_model.timeaxis import TimeAxis

FloatArray = npt.NDArray[np.float64]

__all__ = [
    "EVAPORATION_METHODS",
    "annual_evaporation_response",
    "evaporation_response",
    "evaporation_shape",
    "evaporation_year",
    "ice_evaporation",
    "lake_evaporation",
    "lake_precipitation",
    "precipitation_shape",
    "reservoir_depths",
]

#: Climatologies of evaporation that a scenario can name.
EVAPORATION_METHODS = ("heat_storage_climatology", "mass_transfer_climatology")


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


def evaporation_year(
    parameters: ParameterSet, storage: str, temperature_change: npt.ArrayLike = 0.0
) -> tuple[FloatArray, float]:
    r"""Shape of the evaporation through a mean year by heat storage, and its size.

    Open water evaporates as :func:`balkhash_model.forcing.lake_weather.lake_year` has it. Under ice
    the evaporation is a stated residual, one rate on all ice: such that without warming the share
    ``evaporation_ice_share`` of the year falls on ice. Under another climate that rate stays.

    Parameters
    ----------
    parameters : ParameterSet
        For the site, the assumptions on its weather and the share under ice.
    storage : str
        ``west``, ``east`` or ``kapshagay``.
    temperature_change : array_like, default 0.0
        Warming of the air, K: one value, or one for each month.

    Returns
    -------
    tuple of array (365,) and float
        Relative rate by day, whose sum is 1 without warming, and that sum.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> shape, size = evaporation_year(load_parameters("balkhash"), "west", 2.0)
    >>> shape.size, 1.03 < size < 1.15
    (365, True)
    """
    site, share = lake_site(parameters, storage), parameters["evaporation_ice_share"].si
    shape = _year_shape(site, share, temperature_change)
    return shape, float(shape.sum())


def _year_shape(site: Site, ice_share: float, temperature_change: npt.ArrayLike) -> FloatArray:
    base, now = lake_year(site), lake_year(site, temperature_change)
    open_days, ice_days = base.open_evaporation.sum(), base.ice_cover.sum()
    share = ice_share if ice_days > 0.0 else 0.0
    residual = share / ice_days if ice_days > 0.0 else 0.0
    shape: FloatArray = (1.0 - share) * now.open_evaporation / open_days + residual * now.ice_cover
    return shape


@lru_cache(maxsize=65536)
def _month_ratios(site: Site, ice_share: float, change: tuple[float, ...]) -> tuple[float, ...]:
    """Evaporation of each month under a change of temperature over that without."""
    month = np.repeat(np.arange(12), DAYS)
    warm = np.bincount(month, _year_shape(site, ice_share, change))
    base = np.bincount(month, _year_shape(site, ice_share, 0.0))
    ratio = np.where(base > 0.0, warm / np.where(base > 0.0, base, 1.0), 1.0)
    return tuple(ratio.tolist())


def evaporation_response(
    parameters: ParameterSet, storage: str, temperature_change: npt.ArrayLike
) -> FloatArray:
    r"""How the evaporation of each month answers to warming, :math:`E(T + \Delta T)/E(T)`.

    Relative humidity, wind and radiation stay as they are; water temperature and ice follow.

    Parameters
    ----------
    parameters : ParameterSet
        For the site and the assumptions.
    storage : str
        ``west``, ``east`` or ``kapshagay``.
    temperature_change : float or array_like (..., 12)
        Warming of the air, K: one value, or one for each month; years and members may stand before
        the months.

    Returns
    -------
    array (12,) or (..., 12)
        Ratio of each month. In the months of freeze-up and break-up it is large, since ice is
        replaced by open water there. One where the month has no evaporation without warming.

    Raises
    ------
    InputError
        For a warming beyond 20 K.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> ratio = evaporation_response(load_parameters("balkhash"), "west", 2.0)
    >>> bool(1.02 < ratio[6] < 1.06)
    True
    """
    site, share = lake_site(parameters, storage), parameters["evaporation_ice_share"].si
    change = np.asarray(temperature_change, dtype=np.float64)
    if change.ndim == 0:
        change = np.full(12, float(change))
    rows = change.reshape(-1, change.shape[-1])
    ratios = [_month_ratios(site, share, tuple(row)) for row in rows.tolist()]
    return np.array(ratios).reshape(change.shape)


def annual_evaporation_response(
    parameters: ParameterSet, storage: str, temperature_change: float
) -> float:
    r"""How the evaporation of a whole year answers to warming, :math:`E(T + \Delta T)/E(T)`.

    Parameters
    ----------
    parameters : ParameterSet
        For the site and the assumptions.
    storage : str
        ``west``, ``east`` or ``kapshagay``.
    temperature_change : float
        Warming of the air, the same in every month, K.

    Returns
    -------
    float
        Ratio.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> round(annual_evaporation_response(load_parameters("balkhash"), "west", 1.0), 4)
    1.041
    """
    site, share = lake_site(parameters, storage), parameters["evaporation_ice_share"].si
    warm, base = (_year_shape(site, share, change) for change in (temperature_change, 0.0))
    return float(warm.sum() / base.sum())


def ice_evaporation(parameters: ParameterSet, storage: str) -> float:
    """Rate at which the ice of a basin evaporates, the stated residual.

    The share ``evaporation_ice_share`` of the fitted annual depth, spread over the days of ice of a
    mean year.

    Parameters
    ----------
    parameters : ParameterSet
        For the share, the depth and the site.
    storage : str
        ``west`` or ``east``.

    Returns
    -------
    float
        Depth rate on ice, m s-1; zero where no ice forms.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> round(ice_evaporation(load_parameters("balkhash"), "west") * 86.4e6, 2)
    0.24
    """
    p = parameters
    ice_days = float(lake_year(lake_site(p, storage)).ice_cover.sum())
    depth = (p["net_evaporation"].si + p["mean_precipitation"].si) * MEAN_YEAR
    return p["evaporation_ice_share"].si * depth / ice_days / 86400.0 if ice_days > 0.0 else 0.0


def _evaporation(
    axis: TimeAxis,
    parameters: ParameterSet,
    depth: float,
    storage: str,
    method: str,
    temperature_change: npt.ArrayLike,
) -> FloatArray:
    years = _years(axis)
    change = np.asarray(temperature_change, dtype=np.float64)
    if change.ndim == 0:
        change = np.full(years.size, float(change))
    if change.shape != (years.size,):
        raise InputError(
            Problem(
                "temperature_change",
                "wrong length",
                str(change.shape),
                f"one value, or one for each of the {years.size} years",
            )
        )
    if method == "mass_transfer_climatology":
        if change.any():
            raise InputError(
                Problem(
                    "climate.evaporation",
                    "this method does not answer to warming",
                    repr(method),
                    "'heat_storage_climatology'",
                )
            )
        shape = evaporation_shape(parameters)
        amounts = np.full(years.size, depth)
        return annual_amounts_to_rates(axis, amounts, int(years[0]), shape, shares=True)
    if method != "heat_storage_climatology":
        raise InputError(
            Problem(
                "climate.evaporation",
                "no such method",
                repr(method),
                hint=nearest(method, EVAPORATION_METHODS),
            )
        )
    found = [evaporation_year(parameters, storage, x) for x in change.tolist()]
    amounts = depth * np.array([size for _, size in found])
    shapes = np.stack([shape for shape, _ in found])
    return daily_amounts_to_rates(axis, amounts, int(years[0]), shapes)


def lake_evaporation(
    axis: TimeAxis,
    parameters: ParameterSet,
    storage: str = "west",
    method: str = "heat_storage_climatology",
    temperature_change: npt.ArrayLike = 0.0,
) -> FloatArray:
    """Evaporation from a basin of the lake: the fitted annual depth, shaped through the year.

    Parameters
    ----------
    axis : TimeAxis
        The intervals.
    parameters : ParameterSet
        For the net evaporation and the mean precipitation, whose sum is the evaporation of a year
        without warming, the same in both basins, and for what shapes it.
    storage : str, default "west"
        The basin, ``west`` or ``east``: the deeper one evaporates later.
    method : {"heat_storage_climatology", "mass_transfer_climatology"}
        Shape by the heat-storage model from the climatology of Kuigan (by day), or by mass
        transfer from the ILEC water temperatures (by month, the same for both basins).
    temperature_change : array_like, default 0.0
        Warming of the air, K: one value, or one for each calendar year of the axis.

    Returns
    -------
    array (n,)
        Depth rate, m/s, positive.

    Raises
    ------
    InputError
        For an unknown method or storage, or warming that the method does not answer to.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> p = load_parameters("balkhash", {"net_evaporation": "0.85 m/yr"})
    >>> axis = TimeAxis.monthly("2000-01-01", "2001-01-01")
    >>> round(float((lake_evaporation(axis, p) * axis.durations).sum()), 4)
    1.0448
    """
    depth = (parameters["net_evaporation"].si + parameters["mean_precipitation"].si) * MEAN_YEAR
    return _evaporation(axis, parameters, depth, storage, method, temperature_change)


def reservoir_depths(
    axis: TimeAxis,
    parameters: ParameterSet,
    method: str = "heat_storage_climatology",
    temperature_change: npt.ArrayLike = 0.0,
) -> tuple[FloatArray, FloatArray]:
    """Rain on and evaporation from Kapshagay.

    Parameters
    ----------
    axis : TimeAxis
        The intervals.
    parameters : ParameterSet
        For the annual depths.
    method : str, default "heat_storage_climatology"
        As in :func:`lake_evaporation`; the temperature is that of the station Kapshagai.
    temperature_change : array_like, default 0.0
        Warming of the air, K: one value, or one for each calendar year of the axis.

    Returns
    -------
    tuple of array (n,)
        Precipitation, with the monthly shape of the lake's, and evaporation, m/s, both positive.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> axis = TimeAxis.monthly("2000-01-01", "2001-01-01")
    >>> rain, evaporation = reservoir_depths(axis, load_parameters("balkhash"))
    >>> bool((evaporation >= 0).all())
    True
    """
    years = _years(axis)
    rain = np.full(years.size, parameters["kapshagay_precipitation"].si * MEAN_YEAR)
    depth = parameters["kapshagay_evaporation"].si * MEAN_YEAR
    return (
        annual_amounts_to_rates(axis, rain, int(years[0]), precipitation_shape(), shares=True),
        _evaporation(axis, parameters, depth, "kapshagay", method, temperature_change),
    )
