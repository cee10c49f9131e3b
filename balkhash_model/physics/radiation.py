"""Radiation that a surface takes up and emits: mean rates over a day, W m-2."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from balkhash_model.physics.ranges import Limits, require_order, require_ranges
from balkhash_model.physics.solar import MEGAJOULES_PER_DAY

FloatArray = npt.NDArray[np.float64]

__all__ = [
    "STEFAN_BOLTZMANN",
    "cloud_fraction",
    "incoming_longwave",
    "net_longwave_fao56",
    "net_shortwave",
    "outgoing_longwave",
    "outgoing_longwave_linear",
]

#: Stefan-Boltzmann constant as FAO-56 rounds it, 4.903e-9 MJ K-4 m-2 d-1, in W K-4 m-2.
STEFAN_BOLTZMANN = 4.903e-9 * MEGAJOULES_PER_DAY
_KELVIN = 273.15
_FAO56 = "FAO Irrigation and Drainage Paper 56"
_MCMAHON = "McMahon et al. 2013, doi 10.5194/hess-17-1331-2013, supplement"


def net_shortwave(shortwave_radiation: npt.ArrayLike, albedo: npt.ArrayLike) -> FloatArray:
    r"""Shortwave radiation that the surface keeps, :math:`(1 - \alpha) R_s` (FAO-56, equation 38).

    Parameters
    ----------
    shortwave_radiation : array_like
        Incoming shortwave radiation, W m-2.
    albedo : array_like
        Albedo, 0 to 1; 0.08 for open water, 0.23 for the reference crop.

    Returns
    -------
    array
        Radiation, W m-2.

    Raises
    ------
    InputError
        For a negative radiation or an albedo outside 0 to 1.

    Examples
    --------
    >>> float(net_shortwave(200.0, 0.08))
    184.0
    """
    require_ranges(f"{_FAO56}, equation 38", shortwave_radiation=shortwave_radiation, albedo=albedo)
    kept: FloatArray = (1.0 - np.asarray(albedo, float)) * np.asarray(shortwave_radiation, float)
    return kept


def net_longwave_fao56(
    shortwave_radiation: npt.ArrayLike,
    clear_sky_radiation: npt.ArrayLike,
    vapour_pressure: npt.ArrayLike,
    minimum_temperature: npt.ArrayLike,
    maximum_temperature: npt.ArrayLike,
) -> FloatArray:
    r"""Net outgoing longwave radiation.

    :math:`R_{nl} = \sigma\frac{T_{min}^4 + T_{max}^4}{2}(0.34 - 0.14\sqrt{e_a})(1.35 R_s/R_{so} -
    0.35)`, :math:`e_a` in kPa, temperatures in kelvin (FAO-56, equation 39). The ratio of
    radiations is at most 1, as FAO-56 asks.

    Parameters
    ----------
    shortwave_radiation, clear_sky_radiation : array_like
        Incoming shortwave radiation, and that under a clear sky, W m-2.
    vapour_pressure : array_like
        Vapour pressure of the air, Pa.
    minimum_temperature, maximum_temperature : array_like
        Lowest and highest temperature of the day, degC.

    Returns
    -------
    array
        Radiation, W m-2, positive upwards.

    Raises
    ------
    InputError
        For negative radiation, impossible humidity or temperatures in the wrong order.

    Examples
    --------
    FAO-56, example 11, prints 3.5 MJ m-2 d-1:

    >>> mj = MEGAJOULES_PER_DAY
    >>> net = net_longwave_fao56(14.5 * mj, 18.8 * mj, 2100.0, 19.1, 25.1)
    >>> round(float(net) / mj, 1)
    3.5
    """
    where = f"{_FAO56}, equation 39"
    require_ranges(
        where,
        shortwave_radiation=shortwave_radiation,
        clear_sky_radiation=clear_sky_radiation,
        vapour_pressure=vapour_pressure,
        minimum_temperature=minimum_temperature,
        maximum_temperature=maximum_temperature,
    )
    require_order(where, "temperature", minimum_temperature, maximum_temperature)
    clear = np.asarray(clear_sky_radiation, dtype=np.float64)
    ratio = np.asarray(shortwave_radiation, float) / np.where(clear > 0.0, clear, 1.0)
    ratio = np.where(clear > 0.0, np.minimum(ratio, 1.0), 1.0)
    cold = (np.asarray(minimum_temperature, float) + _KELVIN) ** 4
    warm = (np.asarray(maximum_temperature, float) + _KELVIN) ** 4
    humidity = 0.34 - 0.14 * np.sqrt(np.asarray(vapour_pressure, float) / 1000.0)
    net: FloatArray = STEFAN_BOLTZMANN * 0.5 * (cold + warm) * humidity * (1.35 * ratio - 0.35)
    return net


def cloud_fraction(
    shortwave_radiation: npt.ArrayLike, clear_sky_radiation: npt.ArrayLike
) -> FloatArray:
    r"""Cloud cover from shortwave radiation.

    With :math:`k = R_s/R_{so}`, :math:`C = 1.1 - k` up to :math:`k` = 0.9 and :math:`2(1 - k)`
    above (McMahon et al. 2013, S3.17 and S3.18, after McJannet et al. 2008); kept within 0 to 1.

    Parameters
    ----------
    shortwave_radiation, clear_sky_radiation : array_like
        Incoming shortwave radiation, and that under a clear sky, W m-2. Where the latter is zero
        the sky is taken as clear.

    Returns
    -------
    array
        Fraction, 0 to 1.

    Raises
    ------
    InputError
        For a negative radiation.

    Examples
    --------
    >>> cloud_fraction([60.0, 95.0, 110.0], 100.0).round(6).tolist()
    [0.5, 0.1, 0.0]
    """
    require_ranges(
        f"{_MCMAHON}, S3.17 and S3.18",
        shortwave_radiation=shortwave_radiation,
        clear_sky_radiation=clear_sky_radiation,
    )
    clear = np.asarray(clear_sky_radiation, dtype=np.float64)
    k = np.asarray(shortwave_radiation, float) / np.where(clear > 0.0, clear, 1.0)
    k = np.where(clear > 0.0, k, 1.0)
    cover: FloatArray = np.clip(np.where(k <= 0.9, 1.1 - k, 2.0 * (1.0 - k)), 0.0, 1.0)
    return cover


def incoming_longwave(air_temperature: npt.ArrayLike, clouds: npt.ArrayLike) -> FloatArray:
    r"""Longwave radiation from the sky.

    :math:`R_{il} = [C + (1 - C)(1 - 0.261\,e^{-7.77\cdot10^{-4} T^2})]\,\sigma (T + 273.15)^4`
    (McMahon et al. 2013, S11.27, after McJannet et al. 2008).

    Parameters
    ----------
    air_temperature : array_like
        Air temperature, degC.
    clouds : array_like
        Cloud cover, 0 to 1.

    Returns
    -------
    array
        Radiation, W m-2.

    Raises
    ------
    InputError
        For an impossible temperature, or a cloud cover outside 0 to 1.

    Examples
    --------
    An overcast sky radiates as a black body:

    >>> float(incoming_longwave(0.0, 1.0)) == STEFAN_BOLTZMANN * 273.15**4
    True
    """
    require_ranges(
        f"{_MCMAHON}, S11.27",
        {"clouds": Limits(0.0, 1.0, "1")},
        air_temperature=air_temperature,
        clouds=clouds,
    )
    t, c = np.asarray(air_temperature, dtype=np.float64), np.asarray(clouds, dtype=np.float64)
    emissivity = c + (1.0 - c) * (1.0 - 0.261 * np.exp(-7.77e-4 * t**2))
    radiation: FloatArray = emissivity * STEFAN_BOLTZMANN * (t + _KELVIN) ** 4
    return radiation


def outgoing_longwave(water_temperature: npt.ArrayLike) -> FloatArray:
    r"""Longwave radiation from the water, :math:`0.97\,\sigma (T_w + 273.15)^4` (McMahon, S11.27).

    Parameters
    ----------
    water_temperature : array_like
        Temperature of the water, degC.

    Returns
    -------
    array
        Radiation, W m-2.

    Examples
    --------
    >>> round(float(outgoing_longwave(20.0)), 1)
    406.5
    """
    t = np.asarray(water_temperature, dtype=np.float64)
    radiation: FloatArray = 0.97 * STEFAN_BOLTZMANN * (t + _KELVIN) ** 4
    return radiation


def outgoing_longwave_linear(
    air_temperature: npt.ArrayLike, surface_temperature: npt.ArrayLike
) -> FloatArray:
    r"""Longwave radiation from a surface near the temperature of the air.

    :math:`\sigma T_a^4 + 4\sigma T_a^3 (T - T_a)`, kelvin (McMahon et al. 2013, S11.32).

    Parameters
    ----------
    air_temperature, surface_temperature : array_like
        Temperatures, degC.

    Returns
    -------
    array
        Radiation, W m-2.

    Examples
    --------
    >>> float(outgoing_longwave_linear(0.0, 0.0)) == STEFAN_BOLTZMANN * 273.15**4
    True
    """
    air = np.asarray(air_temperature, dtype=np.float64)
    above = np.asarray(surface_temperature, dtype=np.float64) - air
    kelvin = air + _KELVIN
    radiation: FloatArray = STEFAN_BOLTZMANN * (kelvin**4 + 4.0 * kelvin**3 * above)
    return radiation
