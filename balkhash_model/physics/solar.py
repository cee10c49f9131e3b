"""The sun above a place: declination, daylight, radiation with and without an atmosphere.

Radiation is the mean rate over a day, W m-2.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from balkhash_model.physics.ranges import require_ranges

FloatArray = npt.NDArray[np.float64]

__all__ = [
    "MEGAJOULES_PER_DAY",
    "clear_sky_radiation",
    "daylight_hours",
    "extraterrestrial_radiation",
    "inverse_distance",
    "shortwave_from_sunshine",
    "solar_declination",
    "sunset_hour_angle",
]

#: One MJ m-2 d-1 in W m-2.
MEGAJOULES_PER_DAY = 1e6 / 86400.0
#: Solar constant of FAO-56, 0.0820 MJ m-2 min-1, in W m-2.
_SOLAR_CONSTANT = 0.0820e6 / 60.0
_FAO56 = "FAO Irrigation and Drainage Paper 56"


def solar_declination(day_of_year: npt.ArrayLike) -> FloatArray:
    r"""Solar declination, :math:`\delta = 0.409 \sin(2\pi J/365 - 1.39)` (FAO-56, equation 24).

    Parameters
    ----------
    day_of_year : array_like
        Day of the year J, 1 to 366.

    Returns
    -------
    array
        Angle, rad.

    Examples
    --------
    FAO-56, example 8, prints 0.120 on day 246:

    >>> round(float(solar_declination(246)), 3)
    0.12
    """
    j = np.asarray(day_of_year, dtype=np.float64)
    angle: FloatArray = 0.409 * np.sin(2.0 * np.pi * j / 365.0 - 1.39)
    return angle


def inverse_distance(day_of_year: npt.ArrayLike) -> FloatArray:
    r"""Inverse relative distance of the sun, :math:`1 + 0.033 \cos(2\pi J/365)` (FAO-56, eq. 23).

    Parameters
    ----------
    day_of_year : array_like
        Day of the year J, 1 to 366.

    Returns
    -------
    array
        Ratio.

    Examples
    --------
    FAO-56, example 8, prints 0.985 on day 246:

    >>> round(float(inverse_distance(246)), 3)
    0.985
    """
    j = np.asarray(day_of_year, dtype=np.float64)
    ratio: FloatArray = 1.0 + 0.033 * np.cos(2.0 * np.pi * j / 365.0)
    return ratio


def sunset_hour_angle(latitude: npt.ArrayLike, day_of_year: npt.ArrayLike) -> FloatArray:
    r"""Hour angle of the sunset, :math:`\omega = \arccos(-\tan\varphi\tan\delta)` (FAO-56, eq. 25).

    Parameters
    ----------
    latitude : array_like
        Latitude, degrees north.
    day_of_year : array_like
        Day of the year, 1 to 366.

    Returns
    -------
    array
        Angle, rad; 0 in the polar night and pi where the sun does not set.

    Raises
    ------
    InputError
        For a latitude or a day that does not exist.

    Examples
    --------
    FAO-56, example 8, prints 1.527 at 20 degrees south on day 246:

    >>> round(float(sunset_hour_angle(-20.0, 246)), 3)
    1.527
    """
    require_ranges(f"{_FAO56}, equation 25", latitude=latitude, day_of_year=day_of_year)
    phi = np.deg2rad(np.asarray(latitude, dtype=np.float64))
    cosine = -np.tan(phi) * np.tan(solar_declination(day_of_year))
    angle: FloatArray = np.arccos(np.clip(cosine, -1.0, 1.0))
    return angle


def daylight_hours(latitude: npt.ArrayLike, day_of_year: npt.ArrayLike) -> FloatArray:
    r"""Hours of daylight, :math:`N = 24\,\omega/\pi` (FAO-56, equation 34).

    Parameters
    ----------
    latitude : array_like
        Latitude, degrees north.
    day_of_year : array_like
        Day of the year, 1 to 366.

    Returns
    -------
    array
        Hours.

    Examples
    --------
    FAO-56, example 9, prints 11.7:

    >>> round(float(daylight_hours(-20.0, 246)), 1)
    11.7
    """
    hours: FloatArray = 24.0 / np.pi * sunset_hour_angle(latitude, day_of_year)
    return hours


def extraterrestrial_radiation(latitude: npt.ArrayLike, day_of_year: npt.ArrayLike) -> FloatArray:
    r"""Radiation at the top of the atmosphere, mean of a day.

    :math:`R_a = \frac{G}{\pi} d_r(\omega\sin\varphi\sin\delta + \cos\varphi\cos\delta\sin\omega)`
    (FAO-56, equation 21).

    Parameters
    ----------
    latitude : array_like
        Latitude, degrees north.
    day_of_year : array_like
        Day of the year, 1 to 366.

    Returns
    -------
    array
        Radiation, W m-2.

    Raises
    ------
    InputError
        For a latitude or a day that does not exist.

    Examples
    --------
    FAO-56, example 8, prints 32.2 MJ m-2 d-1:

    >>> round(float(extraterrestrial_radiation(-20.0, 246)) / MEGAJOULES_PER_DAY, 1)
    32.2
    """
    omega = sunset_hour_angle(latitude, day_of_year)
    phi = np.deg2rad(np.asarray(latitude, dtype=np.float64))
    delta = solar_declination(day_of_year)
    radiation: FloatArray = (
        _SOLAR_CONSTANT
        / np.pi
        * inverse_distance(day_of_year)
        * (omega * np.sin(phi) * np.sin(delta) + np.cos(phi) * np.cos(delta) * np.sin(omega))
    )
    return radiation


def clear_sky_radiation(
    extraterrestrial_radiation: npt.ArrayLike, elevation: npt.ArrayLike
) -> FloatArray:
    r"""Shortwave radiation under a clear sky, :math:`(0.75 + 2\cdot10^{-5} z) R_a` (FAO-56, 37).

    Parameters
    ----------
    extraterrestrial_radiation : array_like
        Radiation at the top of the atmosphere, W m-2.
    elevation : array_like
        Height above the sea, m.

    Returns
    -------
    array
        Radiation, W m-2.

    Raises
    ------
    InputError
        For a negative radiation or an impossible elevation.

    Examples
    --------
    >>> round(float(clear_sky_radiation(400.0, 1000.0)), 6)
    308.0
    """
    require_ranges(
        f"{_FAO56}, equation 37",
        extraterrestrial_radiation=extraterrestrial_radiation,
        elevation=elevation,
    )
    above = np.asarray(extraterrestrial_radiation, dtype=np.float64)
    radiation: FloatArray = (0.75 + 2e-5 * np.asarray(elevation, dtype=np.float64)) * above
    return radiation


def shortwave_from_sunshine(
    extraterrestrial_radiation: npt.ArrayLike, sunshine_fraction: npt.ArrayLike
) -> FloatArray:
    r"""Shortwave radiation from sunshine, :math:`R_s = (0.25 + 0.50\,n/N) R_a` (FAO-56, eq. 35).

    Parameters
    ----------
    extraterrestrial_radiation : array_like
        Radiation at the top of the atmosphere, W m-2.
    sunshine_fraction : array_like
        Hours of sunshine over hours of daylight, 0 to 1.

    Returns
    -------
    array
        Radiation, W m-2.

    Raises
    ------
    InputError
        For a negative radiation or a fraction outside 0 to 1.

    Examples
    --------
    FAO-56, example 10 (15 May, 22.9 degrees south, 7.1 hours), prints 14.5 MJ m-2 d-1:

    >>> above = extraterrestrial_radiation(-22.9, 135)
    >>> hours = daylight_hours(-22.9, 135)
    >>> round(float(shortwave_from_sunshine(above, 7.1 / hours)) / MEGAJOULES_PER_DAY, 1)
    14.5
    """
    require_ranges(
        f"{_FAO56}, equation 35",
        extraterrestrial_radiation=extraterrestrial_radiation,
        sunshine_fraction=sunshine_fraction,
    )
    share = np.asarray(sunshine_fraction, dtype=np.float64)
    radiation: FloatArray = (0.25 + 0.5 * share) * np.asarray(extraterrestrial_radiation, float)
    return radiation
