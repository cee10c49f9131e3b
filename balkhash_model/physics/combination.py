"""Evaporation by combined energy balance and mass transfer: the methods that need no memory.

Rates are depths of water per time, m s-1, of 1000 kg m-3.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from balkhash_model.physics.ranges import Limits, require_ranges
from balkhash_model.physics.solar import MEGAJOULES_PER_DAY
from balkhash_model.physics.vapour import (
    LATENT_HEAT,
    air_pressure,
    psychrometric_constant,
    saturation_vapour_pressure_slope,
)

FloatArray = npt.NDArray[np.float64]

__all__ = [
    "MILLIMETRES_PER_DAY",
    "PENMAN_WIND",
    "penman_monteith_fao56",
    "penman_open_water",
    "priestley_taylor",
    "valiantzas_2006",
]

#: One mm d-1 in m s-1.
MILLIMETRES_PER_DAY = 1e-3 / 86400.0
#: Mass of water in a cubic metre that turns a flux of vapour into a depth, kg m-3.
_WATER_DENSITY = 1000.0
#: Penman's wind functions a + b u2, a and b in mm d-1 kPa-1 (and s m-1).
PENMAN_WIND = {"1948": (2.626, 1.381), "1956": (1.313, 1.381)}
_PENMAN = "Penman 1948 and 1956, as in McMahon et al. 2013, doi 10.5194/hess-17-1331-2013, S4.1"
_PRIESTLEY = "Priestley and Taylor 1972; McMahon et al. 2013, doi 10.5194/hess-17-1331-2013, eq. 6"
_VALIANTZAS = "Valiantzas 2006, J. Hydrology 331, 690-702, equation 33"
_FAO56 = "FAO Irrigation and Drainage Paper 56, equation 6"


def penman_open_water(
    net_radiation: npt.ArrayLike,
    air_temperature: npt.ArrayLike,
    vapour_deficit: npt.ArrayLike,
    wind_speed: npt.ArrayLike,
    elevation: npt.ArrayLike,
    wind_function: str = "1956",
) -> FloatArray:
    r"""Evaporation from open water by Penman's equation, without heat storage.

    :math:`E = \frac{\Delta}{\Delta+\gamma}\frac{R_n}{\lambda} +
    \frac{\gamma}{\Delta+\gamma} f(u_2)(e_s - e_a)` with :math:`f = 2.626 + 1.381 u_2` (Penman
    1948) or :math:`1.313 + 1.381 u_2` (Penman 1956), mm d-1 kPa-1 (McMahon et al. 2013, S4.1).

    Parameters
    ----------
    net_radiation : array_like
        Net radiation of a water surface (albedo 0.08), W m-2.
    air_temperature : array_like
        Mean air temperature, degC.
    vapour_deficit : array_like
        Saturation vapour pressure less that of the air, Pa.
    wind_speed : array_like
        Wind speed at 2 m, m s-1.
    elevation : array_like
        Height above the sea, m.
    wind_function : {"1956", "1948"}, default "1956"
        Year of the wind function.

    Returns
    -------
    array
        Evaporation, m s-1; negative for condensation.

    Raises
    ------
    InputError
        For weather outside the range of the equation, all of it at once.

    Examples
    --------
    Radiation alone, at 20 degC by the sea:

    >>> rate = penman_open_water(150.0, 20.0, 0.0, 0.0, 0.0)
    >>> round(float(rate) / MILLIMETRES_PER_DAY, 2)
    3.61
    """
    if wind_function not in PENMAN_WIND:
        from balkhash_model.errors import InputError, Problem

        raise InputError(
            Problem("wind_function", "unknown", repr(wind_function), "'1948' or '1956'", _PENMAN)
        )
    require_ranges(
        _PENMAN,
        {"vapour_deficit": Limits(0.0, 20_000.0, "Pa")},
        net_radiation=net_radiation,
        air_temperature=air_temperature,
        vapour_deficit=vapour_deficit,
        wind_speed=wind_speed,
        elevation=elevation,
    )
    a, b = PENMAN_WIND[wind_function]
    slope = saturation_vapour_pressure_slope(air_temperature)
    gamma = psychrometric_constant(air_pressure(elevation))
    energy = np.asarray(net_radiation, float) / (LATENT_HEAT * _WATER_DENSITY)
    kilopascal = np.asarray(vapour_deficit, float) / 1000.0
    drying = MILLIMETRES_PER_DAY * (a + b * np.asarray(wind_speed, float)) * kilopascal
    rate: FloatArray = (slope * energy + gamma * drying) / (slope + gamma)
    return rate


def priestley_taylor(
    net_radiation: npt.ArrayLike,
    air_temperature: npt.ArrayLike,
    elevation: npt.ArrayLike,
    alpha: float = 1.26,
) -> FloatArray:
    r"""Evaporation by Priestley and Taylor.

    :math:`E = \alpha\frac{\Delta}{\Delta+\gamma}\frac{R_n}{\lambda}` (McMahon et al. 2013,
    equation 6).

    Parameters
    ----------
    net_radiation : array_like
        Net radiation less what the water stores, W m-2.
    air_temperature : array_like
        Mean air temperature, degC.
    elevation : array_like
        Height above the sea, m.
    alpha : float, default 1.26
        Coefficient.

    Returns
    -------
    array
        Evaporation, m s-1.

    Raises
    ------
    InputError
        For weather outside the range of the equation.

    Examples
    --------
    >>> rate = priestley_taylor(100.0, 11.5, 546.0)
    >>> round(float(rate) / MILLIMETRES_PER_DAY, 4)
    2.6091
    """
    require_ranges(
        _PRIESTLEY,
        {"alpha": Limits(0.5, 2.0, "1")},
        net_radiation=net_radiation,
        air_temperature=air_temperature,
        elevation=elevation,
        alpha=alpha,
    )
    slope = saturation_vapour_pressure_slope(air_temperature)
    gamma = psychrometric_constant(air_pressure(elevation))
    energy = np.asarray(net_radiation, float) / (LATENT_HEAT * _WATER_DENSITY)
    rate: FloatArray = alpha * slope / (slope + gamma) * energy
    return rate


def valiantzas_2006(
    shortwave_radiation: npt.ArrayLike,
    extraterrestrial_radiation: npt.ArrayLike,
    air_temperature: npt.ArrayLike,
    relative_humidity: npt.ArrayLike,
) -> FloatArray:
    r"""Evaporation from open water without wind, after Valiantzas.

    :math:`E = 0.047 R_s\sqrt{T + 9.5} - 2.4 (R_s/R_a)^2 + 0.09 (T + 20)(1 - r)`, radiation in
    MJ m-2 d-1, E in mm d-1 (Valiantzas 2006, J. Hydrology 331, equation 33).

    Parameters
    ----------
    shortwave_radiation : array_like
        Incoming shortwave radiation, W m-2.
    extraterrestrial_radiation : array_like
        Radiation at the top of the atmosphere, W m-2; above zero.
    air_temperature : array_like
        Mean air temperature, degC; not below -9.5.
    relative_humidity : array_like
        Mean relative humidity, 0 to 1.

    Returns
    -------
    array
        Evaporation, m s-1.

    Raises
    ------
    InputError
        For weather outside the range of the equation, such as frost below -9.5 degC.

    Examples
    --------
    >>> mj = MEGAJOULES_PER_DAY
    >>> rate = valiantzas_2006(17.194 * mj, 23.6 * mj, 11.5, 0.48)
    >>> round(float(rate) / MILLIMETRES_PER_DAY, 2)
    3.9
    """
    require_ranges(
        _VALIANTZAS,
        {
            "air_temperature": Limits(-9.5, 60.0, "degC"),
            "extraterrestrial_radiation": Limits(1.0, 600.0, "W m-2"),
        },
        shortwave_radiation=shortwave_radiation,
        extraterrestrial_radiation=extraterrestrial_radiation,
        air_temperature=air_temperature,
        relative_humidity=relative_humidity,
    )
    short = np.asarray(shortwave_radiation, float) / MEGAJOULES_PER_DAY
    above = np.asarray(extraterrestrial_radiation, float) / MEGAJOULES_PER_DAY
    t, r = np.asarray(air_temperature, float), np.asarray(relative_humidity, float)
    depth = (
        0.047 * short * np.sqrt(t + 9.5) - 2.4 * (short / above) ** 2 + 0.09 * (t + 20) * (1 - r)
    )
    rate: FloatArray = depth * MILLIMETRES_PER_DAY
    return rate


def penman_monteith_fao56(
    net_radiation: npt.ArrayLike,
    soil_heat_flux: npt.ArrayLike,
    air_temperature: npt.ArrayLike,
    vapour_deficit: npt.ArrayLike,
    wind_speed: npt.ArrayLike,
    elevation: npt.ArrayLike,
    kelvin: float = 273.0,
) -> FloatArray:
    r"""Reference evapotranspiration of grass: for comparison, not for a lake.

    :math:`ET_0 = \dfrac{0.408\Delta(R_n - G) + \gamma\frac{900}{T + 273}u_2(e_s - e_a)}{\Delta +
    \gamma(1 + 0.34 u_2)}`, MJ m-2 d-1 and kPa, mm d-1 (FAO-56, equation 6).

    Parameters
    ----------
    net_radiation, soil_heat_flux : array_like
        Net radiation of the reference crop (albedo 0.23) and heat into the soil, W m-2.
    air_temperature : array_like
        Mean air temperature, degC.
    vapour_deficit : array_like
        Saturation vapour pressure less that of the air, Pa.
    wind_speed : array_like
        Wind speed at 2 m, m s-1.
    elevation : array_like
        Height above the sea, m.
    kelvin : float, default 273.0
        Freezing point that turns degC into kelvin in this equation; FAO-56 has 273, CSLSevap
        273.15, which lowers the result by about 1.5e-4.

    Returns
    -------
    array
        Evapotranspiration, m s-1.

    Raises
    ------
    InputError
        For weather outside the range of the equation.

    Examples
    --------
    FAO-56, example 18, prints 3.9 mm d-1:

    >>> mj = MEGAJOULES_PER_DAY
    >>> rate = penman_monteith_fao56(13.28 * mj, 0.0, 16.9, 589.0, 2.078, 100.0)
    >>> round(float(rate) / MILLIMETRES_PER_DAY, 1)
    3.9
    """
    require_ranges(
        _FAO56,
        {
            "vapour_deficit": Limits(0.0, 20_000.0, "Pa"),
            "soil_heat_flux": Limits(-200.0, 200.0, "W m-2"),
        },
        net_radiation=net_radiation,
        soil_heat_flux=soil_heat_flux,
        air_temperature=air_temperature,
        vapour_deficit=vapour_deficit,
        wind_speed=wind_speed,
        elevation=elevation,
    )
    slope = saturation_vapour_pressure_slope(air_temperature)
    gamma = psychrometric_constant(air_pressure(elevation))
    u, t = np.asarray(wind_speed, float), np.asarray(air_temperature, float)
    energy = 0.408 * slope * (np.asarray(net_radiation, float) - np.asarray(soil_heat_flux, float))
    drying = gamma * 900.0 / (t + kelvin) * u * np.asarray(vapour_deficit, float) / 1000.0
    depth = (energy / MEGAJOULES_PER_DAY + drying) / (slope + gamma * (1.0 + 0.34 * u))
    rate: FloatArray = depth * MILLIMETRES_PER_DAY
    return rate
