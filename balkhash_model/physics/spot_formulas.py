"""Short empirical formulas of evaporation, kept because worked examples of them are printed.

None of them is made for a lake; they serve to check the quantities beneath. Rates are m s-1.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from balkhash_model.physics.combination import MILLIMETRES_PER_DAY
from balkhash_model.physics.ranges import Limits, require_order, require_ranges
from balkhash_model.physics.solar import MEGAJOULES_PER_DAY
from balkhash_model.physics.vapour import (
    LATENT_HEAT,
    air_pressure,
    psychrometric_constant,
    saturation_vapour_pressure_slope,
)

FloatArray = npt.NDArray[np.float64]

__all__ = ["blaney_criddle_fao24", "hargreaves_samani", "linacre", "makkink", "turc"]

_MCMAHON = "McMahon et al. 2013, doi 10.5194/hess-17-1331-2013, supplement"


def makkink(
    shortwave_radiation: npt.ArrayLike, air_temperature: npt.ArrayLike, elevation: npt.ArrayLike
) -> FloatArray:
    r"""Makkink's formula, :math:`0.61\frac{\Delta}{\Delta+\gamma}\frac{R_s}{\lambda} - 0.12` mm/d.

    McMahon et al. 2013, S9.

    Parameters
    ----------
    shortwave_radiation : array_like
        Incoming shortwave radiation, W m-2.
    air_temperature : array_like
        Mean air temperature, degC.
    elevation : array_like
        Height above the sea, m.

    Returns
    -------
    array
        Evaporation, m s-1.

    Raises
    ------
    InputError
        For weather outside the range of the formula.

    Examples
    --------
    >>> rate = makkink(17.194 * MEGAJOULES_PER_DAY, 11.5, 546.0)
    >>> round(float(rate) / MILLIMETRES_PER_DAY, 2)
    2.39
    """
    require_ranges(
        f"{_MCMAHON}, S9 (Makkink)",
        shortwave_radiation=shortwave_radiation,
        air_temperature=air_temperature,
        elevation=elevation,
    )
    slope = saturation_vapour_pressure_slope(air_temperature)
    gamma = psychrometric_constant(air_pressure(elevation))
    energy = np.asarray(shortwave_radiation, float) / (LATENT_HEAT * 1000.0)
    rate: FloatArray = 0.61 * slope / (slope + gamma) * energy - 0.12 * MILLIMETRES_PER_DAY
    return rate


def turc(
    shortwave_radiation: npt.ArrayLike,
    air_temperature: npt.ArrayLike,
    relative_humidity: npt.ArrayLike,
) -> FloatArray:
    r"""Turc's formula, :math:`0.013\,c\,(23.88 R_s + 50)\frac{T}{T + 15}` mm/d, R_s in MJ m-2 d-1.

    :math:`c = 1 + (50 - r)/70` for a relative humidity r below 50 %, else 1 (McMahon et al. 2013,
    S9.10 and S9.11).

    Parameters
    ----------
    shortwave_radiation : array_like
        Incoming shortwave radiation, W m-2.
    air_temperature : array_like
        Mean air temperature, degC; not below zero.
    relative_humidity : array_like
        Relative humidity, 0 to 1.

    Returns
    -------
    array
        Evaporation, m s-1.

    Raises
    ------
    InputError
        For weather outside the range of the formula, such as frost.

    Examples
    --------
    >>> rate = turc(17.194 * MEGAJOULES_PER_DAY, 11.5, 0.48)
    >>> round(float(rate) / MILLIMETRES_PER_DAY, 2)
    2.67
    """
    require_ranges(
        f"{_MCMAHON}, S9.10",
        {"air_temperature": Limits(0.0, 60.0, "degC")},
        shortwave_radiation=shortwave_radiation,
        air_temperature=air_temperature,
        relative_humidity=relative_humidity,
    )
    short = np.asarray(shortwave_radiation, float) / MEGAJOULES_PER_DAY
    t, r = np.asarray(air_temperature, float), np.asarray(relative_humidity, float)
    dry = 1.0 + np.maximum(0.5 - r, 0.0) / 0.7
    rate: FloatArray = 0.013 * dry * (23.88 * short + 50.0) * t / (t + 15.0) * MILLIMETRES_PER_DAY
    return rate


def hargreaves_samani(
    extraterrestrial_radiation: npt.ArrayLike,
    minimum_temperature: npt.ArrayLike,
    maximum_temperature: npt.ArrayLike,
) -> FloatArray:
    r"""Formula of Hargreaves and Samani.

    :math:`0.0135\,c\,\frac{R_a}{\lambda}\sqrt{D}\,(T + 17.8)` with the daily range D and
    :math:`c = 0.00185 D^2 - 0.0433 D + 0.4023` (McMahon et al. 2013, S9.8 and S9.9).

    Parameters
    ----------
    extraterrestrial_radiation : array_like
        Radiation at the top of the atmosphere, W m-2.
    minimum_temperature, maximum_temperature : array_like
        Lowest and highest temperature of the day, degC.

    Returns
    -------
    array
        Evaporation, m s-1.

    Raises
    ------
    InputError
        For weather outside the range of the formula.

    Examples
    --------
    >>> rate = hargreaves_samani(23.6 * MEGAJOULES_PER_DAY, 2.0, 21.0)
    >>> round(float(rate) / MILLIMETRES_PER_DAY, 1)
    4.1
    """
    where = f"{_MCMAHON}, S9.8"
    require_ranges(
        where,
        extraterrestrial_radiation=extraterrestrial_radiation,
        minimum_temperature=minimum_temperature,
        maximum_temperature=maximum_temperature,
    )
    require_order(where, "temperature", minimum_temperature, maximum_temperature)
    low, high = np.asarray(minimum_temperature, float), np.asarray(maximum_temperature, float)
    span = high - low
    factor = 0.00185 * span**2 - 0.0433 * span + 0.4023
    energy = np.asarray(extraterrestrial_radiation, float) / (LATENT_HEAT * 1000.0)
    rate: FloatArray = 0.0135 * factor * energy * np.sqrt(span) * (0.5 * (low + high) + 17.8)
    return rate


def blaney_criddle_fao24(
    air_temperature: npt.ArrayLike,
    minimum_humidity: npt.ArrayLike,
    sunshine_fraction: npt.ArrayLike,
    wind_speed: npt.ArrayLike,
    daytime_percentage: npt.ArrayLike,
) -> FloatArray:
    r"""Blaney and Criddle's formula as FAO-24 has it.

    :math:`a + b\,p\,(0.46 T + 8.13)` mm/d, :math:`a = 0.0043 r - s - 1.41`,
    :math:`b = 0.81917 - 0.0040922 r + 1.0705 s + 0.065649 u - 0.0059684 r s - 0.0005967 r u`, r the
    lowest humidity in percent, s the sunshine fraction (McMahon et al. 2013, S9.7).

    Parameters
    ----------
    air_temperature : array_like
        Mean air temperature, degC.
    minimum_humidity : array_like
        Lowest relative humidity of the day, 0 to 1.
    sunshine_fraction : array_like
        Hours of sunshine over hours of daylight, 0 to 1.
    wind_speed : array_like
        Wind speed at 2 m, m s-1.
    daytime_percentage : array_like
        Daylight of the day as a percentage of that of the year, p.

    Returns
    -------
    array
        Evaporation, m s-1.

    Raises
    ------
    InputError
        For weather outside the range of the formula.

    Examples
    --------
    >>> rate = blaney_criddle_fao24(20.0, 0.4, 0.8, 2.0, 0.27)
    >>> round(float(rate) / MILLIMETRES_PER_DAY, 2)
    4.53
    """
    require_ranges(
        f"{_MCMAHON}, S9.7",
        {"daytime_percentage": Limits(0.0, 1.0, "%")},
        air_temperature=air_temperature,
        minimum_humidity=minimum_humidity,
        sunshine_fraction=sunshine_fraction,
        wind_speed=wind_speed,
        daytime_percentage=daytime_percentage,
    )
    r, s = 100.0 * np.asarray(minimum_humidity, float), np.asarray(sunshine_fraction, float)
    u, t = np.asarray(wind_speed, float), np.asarray(air_temperature, float)
    a = 0.0043 * r - s - 1.41
    b = 0.81917 - 0.0040922 * r + 1.0705 * s + 0.065649 * u - 0.0059684 * r * s - 0.0005967 * r * u
    depth = a + b * np.asarray(daytime_percentage, float) * (0.46 * t + 8.13)
    rate: FloatArray = depth * MILLIMETRES_PER_DAY
    return rate


def linacre(
    air_temperature: npt.ArrayLike,
    dew_point: npt.ArrayLike,
    elevation: npt.ArrayLike,
    latitude: npt.ArrayLike,
) -> FloatArray:
    r"""Linacre's formula of 1977 for well-watered vegetation.

    :math:`\dfrac{500 (T + 0.006 z)/(100 - \varphi) + 15 (T - T_d)}{80 - T}` mm/d (Linacre 1977,
    Agricultural Meteorology 18, 409-424; 700 in place of 500 is his formula for a lake).

    Parameters
    ----------
    air_temperature : array_like
        Mean air temperature, degC.
    dew_point : array_like
        Dew point, degC.
    elevation : array_like
        Height above the sea, m.
    latitude : array_like
        Degrees from the equator, positive in both hemispheres. The R package Evapotranspiration
        enters a southern latitude as negative; that gives its printed figures.

    Returns
    -------
    array
        Evaporation, m s-1.

    Raises
    ------
    InputError
        For weather outside the range of the formula.

    Examples
    --------
    >>> rate = linacre(20.0, 10.0, 0.0, 50.0)
    >>> round(float(rate) / MILLIMETRES_PER_DAY, 3)
    5.833
    """
    require_ranges(
        "Linacre 1977, Agricultural Meteorology 18, 409-424",
        air_temperature=air_temperature,
        dew_point=dew_point,
        elevation=elevation,
        latitude=latitude,
    )
    t = np.asarray(air_temperature, float)
    reduced = t + 0.006 * np.asarray(elevation, float)
    dry = 15.0 * (t - np.asarray(dew_point, float))
    depth = (500.0 * reduced / (100.0 - np.asarray(latitude, float)) + dry) / (80.0 - t)
    rate: FloatArray = depth * MILLIMETRES_PER_DAY
    return rate
