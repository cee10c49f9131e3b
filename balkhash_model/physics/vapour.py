"""Moist air: vapour pressure and its slope, pressure, psychrometry, dew point, wet bulb."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from balkhash_model.physics.ranges import Limits, require_order, require_ranges

FloatArray = npt.NDArray[np.float64]

__all__ = [
    "LATENT_HEAT",
    "actual_vapour_pressure",
    "air_pressure",
    "dew_point",
    "latent_heat_of_vaporisation",
    "mean_saturation_vapour_pressure",
    "psychrometric_constant",
    "saturation_vapour_pressure",
    "saturation_vapour_pressure_slope",
    "wet_bulb_temperature",
]

#: Latent heat of vaporisation that FAO-56 uses throughout, J kg-1.
LATENT_HEAT = 2.45e6
_FAO56 = "FAO Irrigation and Drainage Paper 56"
_MCMAHON = "McMahon et al. 2013, doi 10.5194/hess-17-1331-2013, supplement"


def saturation_vapour_pressure(temperature: npt.ArrayLike) -> FloatArray:
    r"""Saturation vapour pressure over water.

    :math:`e_s = 610.8 \exp\!\big(17.27\,T/(T + 237.3)\big)` (FAO Irrigation and Drainage Paper 56,
    equation 11).

    Parameters
    ----------
    temperature : array_like
        Temperature, degC.

    Returns
    -------
    array
        Pressure, Pa.

    Raises
    ------
    InputError
        For a temperature outside -100 to 100 degC, such as one in kelvin.

    Examples
    --------
    FAO-56 prints 3.075 kPa at 24.5 degC and 1.705 kPa at 15 degC:

    >>> [round(float(saturation_vapour_pressure(t)), 0) for t in (24.5, 15.0)]
    [3075.0, 1705.0]
    """
    require_ranges(
        f"{_FAO56}, equation 11",
        {"temperature": Limits(-100.0, 100.0, "degC")},
        temperature=temperature,
    )
    t = np.asarray(temperature, dtype=np.float64)
    pressure: FloatArray = 610.8 * np.exp(17.27 * t / (t + 237.3))
    return pressure


def saturation_vapour_pressure_slope(temperature: npt.ArrayLike) -> FloatArray:
    r"""Slope of the saturation vapour pressure.

    :math:`\Delta = 4098\,e_s(T)/(T + 237.3)^2` (FAO-56, equation 13).

    Parameters
    ----------
    temperature : array_like
        Temperature, degC.

    Returns
    -------
    array
        Slope, Pa K-1.

    Raises
    ------
    InputError
        As :func:`saturation_vapour_pressure` raises it.

    Examples
    --------
    >>> round(float(saturation_vapour_pressure_slope(21.65)), 1)
    158.2
    """
    t = np.asarray(temperature, dtype=np.float64)
    slope: FloatArray = 4098.0 * saturation_vapour_pressure(t) / (t + 237.3) ** 2
    return slope


def mean_saturation_vapour_pressure(
    minimum_temperature: npt.ArrayLike, maximum_temperature: npt.ArrayLike
) -> FloatArray:
    r"""Mean saturation vapour pressure of a day or month.

    :math:`e_s = [e_s(T_{min}) + e_s(T_{max})]/2` (FAO-56, equation 12).

    Parameters
    ----------
    minimum_temperature, maximum_temperature : array_like
        Lowest and highest temperature of the day, degC.

    Returns
    -------
    array
        Pressure, Pa.

    Raises
    ------
    InputError
        For temperatures that are impossible or in the wrong order.

    Examples
    --------
    FAO-56, example 3, prints 2.39 kPa:

    >>> round(float(mean_saturation_vapour_pressure(15.0, 24.5)), -1)
    2390.0
    """
    where = f"{_FAO56}, equation 12"
    require_ranges(
        where, minimum_temperature=minimum_temperature, maximum_temperature=maximum_temperature
    )
    require_order(where, "temperature", minimum_temperature, maximum_temperature)
    mean: FloatArray = 0.5 * (
        saturation_vapour_pressure(minimum_temperature)
        + saturation_vapour_pressure(maximum_temperature)
    )
    return mean


def actual_vapour_pressure(
    minimum_temperature: npt.ArrayLike,
    maximum_temperature: npt.ArrayLike,
    minimum_humidity: npt.ArrayLike,
    maximum_humidity: npt.ArrayLike,
) -> FloatArray:
    r"""Vapour pressure of the air from the extremes of a day.

    :math:`e_a = [e_s(T_{min})\,r_{max} + e_s(T_{max})\,r_{min}]/2` (FAO-56, equation 17).

    Parameters
    ----------
    minimum_temperature, maximum_temperature : array_like
        Lowest and highest temperature, degC.
    minimum_humidity, maximum_humidity : array_like
        Lowest and highest relative humidity, 0 to 1.

    Returns
    -------
    array
        Pressure, Pa.

    Raises
    ------
    InputError
        For a humidity outside 0 to 1, or extremes in the wrong order.

    Examples
    --------
    FAO-56, example 5, prints 1.70 kPa:

    >>> round(float(actual_vapour_pressure(18.0, 25.0, 0.54, 0.82)), -1)
    1700.0
    """
    where = f"{_FAO56}, equation 17"
    require_ranges(
        where,
        minimum_temperature=minimum_temperature,
        maximum_temperature=maximum_temperature,
        minimum_humidity=minimum_humidity,
        maximum_humidity=maximum_humidity,
    )
    for name, low, high in (
        ("temperature", minimum_temperature, maximum_temperature),
        ("humidity", minimum_humidity, maximum_humidity),
    ):
        require_order(where, name, low, high)
    pressure: FloatArray = 0.5 * (
        saturation_vapour_pressure(minimum_temperature) * np.asarray(maximum_humidity, float)
        + saturation_vapour_pressure(maximum_temperature) * np.asarray(minimum_humidity, float)
    )
    return pressure


def air_pressure(elevation: npt.ArrayLike) -> FloatArray:
    r"""Atmospheric pressure at an elevation.

    :math:`P = 101300\,[(293 - 0.0065 z)/293]^{5.26}` (FAO-56, equation 7).

    Parameters
    ----------
    elevation : array_like
        Height above the sea, m.

    Returns
    -------
    array
        Pressure, Pa.

    Raises
    ------
    InputError
        For an elevation outside -500 to 6000 m.

    Examples
    --------
    FAO-56, example 2, prints 81.8 kPa at 1800 m:

    >>> round(float(air_pressure(1800.0)), -2)
    81800.0
    """
    require_ranges(f"{_FAO56}, equation 7", elevation=elevation)
    z = np.asarray(elevation, dtype=np.float64)
    pressure: FloatArray = 101_300.0 * ((293.0 - 0.0065 * z) / 293.0) ** 5.26
    return pressure


def psychrometric_constant(
    pressure: npt.ArrayLike, latent_heat: npt.ArrayLike = LATENT_HEAT
) -> FloatArray:
    r"""Psychrometric constant.

    :math:`\gamma = c_p P/(\varepsilon\lambda)` with :math:`c_p` = 1013 J/(kg K) and
    :math:`\varepsilon` = 0.622 (FAO-56, equation 8).

    Parameters
    ----------
    pressure : array_like
        Atmospheric pressure, Pa.
    latent_heat : array_like, default 2.45e6
        Latent heat of vaporisation, J kg-1.

    Returns
    -------
    array
        Constant, Pa K-1.

    Examples
    --------
    FAO-56, example 2, prints 0.054 kPa/K at 81.8 kPa:

    >>> round(float(psychrometric_constant(81_800.0)), 0)
    54.0
    """
    p, heat = np.asarray(pressure, dtype=np.float64), np.asarray(latent_heat, dtype=np.float64)
    constant: FloatArray = 1013.0 * p / (0.622 * heat)
    return constant


def latent_heat_of_vaporisation(temperature: npt.ArrayLike) -> FloatArray:
    r"""Latent heat of vaporisation.

    :math:`\lambda = 2.501\cdot10^6 - 2370\,T` as the heat-storage method takes it (CSLSevap after
    McMahon et al. 2013, supplement S11).

    Parameters
    ----------
    temperature : array_like
        Temperature, degC.

    Returns
    -------
    array
        Heat, J kg-1.

    Examples
    --------
    >>> round(float(latent_heat_of_vaporisation(20.0)))
    2453600
    """
    heat: FloatArray = 2.501e6 - 2370.0 * np.asarray(temperature, dtype=np.float64)
    return heat


def dew_point(vapour_pressure: npt.ArrayLike) -> FloatArray:
    r"""Dew point of air with a vapour pressure.

    :math:`T_d = (116.9 + 237.3 \ln e_a)/(16.78 - \ln e_a)`, :math:`e_a` in kPa (McJannet et al.
    2008, equation 26; McMahon et al. 2013, S2.3).

    Parameters
    ----------
    vapour_pressure : array_like
        Vapour pressure of the air, Pa; above zero.

    Returns
    -------
    array
        Dew point, degC.

    Raises
    ------
    InputError
        For a vapour pressure of zero or one that is impossible.

    Examples
    --------
    >>> round(float(dew_point(saturation_vapour_pressure(10.0))), 1)
    10.0
    """
    limits = {"vapour_pressure": Limits(1e-3, 20_000.0, "Pa")}
    require_ranges(f"{_MCMAHON}, S2.3", limits, vapour_pressure=vapour_pressure)
    log = np.log(np.asarray(vapour_pressure, dtype=np.float64) / 1000.0)
    dew: FloatArray = (116.9 + 237.3 * log) / (16.78 - log)
    return dew


def wet_bulb_temperature(
    air_temperature: npt.ArrayLike, vapour_pressure: npt.ArrayLike
) -> FloatArray:
    r"""Wet-bulb temperature, with the slope taken at the dew point.

    :math:`T_{wb} = \dfrac{66\,T_a + s\,T_d}{66 + s}`, :math:`s = 4098\,e_a/(T_d + 237.3)^2`
    in Pa/K (McJannet et al. 2008, equation 25; McMahon et al. 2013, S2.2).

    Parameters
    ----------
    air_temperature : array_like
        Air temperature, degC.
    vapour_pressure : array_like
        Vapour pressure of the air, Pa.

    Returns
    -------
    array
        Temperature, degC.

    Raises
    ------
    InputError
        For a temperature or a vapour pressure that is impossible.

    Examples
    --------
    Saturated air has its wet bulb at its own temperature:

    >>> round(float(wet_bulb_temperature(10.0, saturation_vapour_pressure(10.0))), 2)
    10.0
    """
    require_ranges(f"{_MCMAHON}, S2.2", air_temperature=air_temperature)
    air = np.asarray(air_temperature, dtype=np.float64)
    dew = dew_point(vapour_pressure)
    slope = 4098.0 * np.asarray(vapour_pressure, dtype=np.float64) / (dew + 237.3) ** 2
    bulb: FloatArray = (66.0 * air + slope * dew) / (66.0 + slope)
    return bulb
