r"""Evaporation from a mixed lake that stores heat: the equilibrium-temperature model.

The water temperature of a mixed lake of depth h follows the weather with a time constant,
:math:`dT_w/dt = (T_e - T_w)/\tau` (de Bruin 1982), and the evaporation follows the water
(McJannet et al. 2008; McMahon et al. 2013, supplement S11, worked example S19).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem
from balkhash_model.physics import radiation
from balkhash_model.physics.ranges import require_ranges
from balkhash_model.physics.vapour import (
    saturation_vapour_pressure,
    saturation_vapour_pressure_slope,
)

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

__all__ = [
    "SOURCE",
    "WATER_HEAT_CAPACITY",
    "aerodynamic_resistance",
    "area_factor",
    "equilibrium_temperature",
    "evaporation_rate",
    "heat_storage_flux",
    "held_by_ice",
    "march_water_temperature",
    "time_constant",
    "wind_function",
]

#: Where the equations of this module stand.
SOURCE = "McMahon et al. 2013, doi 10.5194/hess-17-1331-2013, supplement S11"
_AIR_DENSITY, _AIR_HEAT = 1.20, 1013.0  # kg m-3, J kg-1 K-1
#: Heat that a cubic metre of water stores per kelvin, 997.9 kg m-3 times 4190 J kg-1 K-1.
WATER_HEAT_CAPACITY = 997.9 * 4190.0
#: One MJ m-2 d-1 kPa-1 in W m-2 Pa-1.
_WIND_UNIT = 1e6 / 86400.0 / 1000.0


def area_factor(area: npt.ArrayLike) -> FloatArray:
    r"""Area factor of the wind function, :math:`(5/A)^{0.05}` with A in km2 (McMahon, S11.24).

    The function was fitted to reservoirs. For the 17 000 km2 of Lake Balkhash it gives 0.67, far
    outside of what it was made from, which is why it is an argument elsewhere.

    Parameters
    ----------
    area : array_like
        Area of the lake, m2.

    Returns
    -------
    array
        Factor.

    Raises
    ------
    InputError
        For an area that is no lake's.

    Examples
    --------
    >>> area_factor([5e6, 1.7e10]).round(3).tolist()
    [1.0, 0.666]
    """
    require_ranges(f"{SOURCE}.24", area=area)
    factor: FloatArray = (5e6 / np.asarray(area, dtype=np.float64)) ** 0.05
    return factor


def wind_function(wind_speed: npt.ArrayLike, area_factor: npt.ArrayLike = 1.0) -> FloatArray:
    r"""Wind function, :math:`f = a\,(3.80 + 1.57 u_{10})` in MJ m-2 d-1 kPa-1 (McMahon, S11.24).

    Parameters
    ----------
    wind_speed : array_like
        Wind speed at 10 m, m s-1.
    area_factor : array_like, default 1.0
        Factor a, see :func:`area_factor`.

    Returns
    -------
    array
        Latent heat flux for each pascal of difference in vapour pressure, W m-2 Pa-1.

    Raises
    ------
    InputError
        For a negative wind speed or an area factor outside 0.1 to 2.

    Examples
    --------
    >>> round(float(wind_function(0.6934505)) * 86.4, 6)
    4.888717
    """
    require_ranges(f"{SOURCE}.24", wind_speed=wind_speed, area_factor=area_factor)
    u = np.asarray(wind_speed, dtype=np.float64)
    f: FloatArray = np.asarray(area_factor, float) * (3.80 + 1.57 * u) * _WIND_UNIT
    return f


def aerodynamic_resistance(
    wind_coefficient: npt.ArrayLike, psychrometric: npt.ArrayLike
) -> FloatArray:
    r"""Aerodynamic resistance, :math:`r_a = \rho c_p/(\gamma f)` (McMahon, S11.23).

    Parameters
    ----------
    wind_coefficient : array_like
        Wind function f, W m-2 Pa-1.
    psychrometric : array_like
        Psychrometric constant, Pa K-1.

    Returns
    -------
    array
        Resistance, s m-1.

    Examples
    --------
    >>> round(float(aerodynamic_resistance(0.0565824, 63.1587)), 1)
    340.2
    """
    gamma, f = np.asarray(psychrometric, float), np.asarray(wind_coefficient, float)
    resistance: FloatArray = _AIR_DENSITY * _AIR_HEAT / (gamma * f)
    return resistance


def _exchange(
    wet_bulb: npt.ArrayLike, wind_coefficient: npt.ArrayLike, psychrometric: npt.ArrayLike
) -> FloatArray:
    """Heat that a surface loses per kelvin above the wet bulb, W m-2 K-1."""
    t = np.asarray(wet_bulb, dtype=np.float64)
    radiative = 4.0 * radiation.STEFAN_BOLTZMANN * (t + 273.15) ** 3
    turbulent = np.asarray(wind_coefficient, float) * (
        saturation_vapour_pressure_slope(t) + np.asarray(psychrometric, float)
    )
    exchange: FloatArray = radiative + turbulent
    return exchange


def time_constant(
    depth: npt.ArrayLike,
    wet_bulb: npt.ArrayLike,
    wind_coefficient: npt.ArrayLike,
    psychrometric: npt.ArrayLike,
) -> FloatArray:
    r"""Time in which the water follows the weather.

    :math:`\tau = \rho_w c_w h / [4\sigma T_{wb}^3 + f(\Delta_{wb} + \gamma)]` (de Bruin 1982,
    equation 4; McMahon, S11.29).

    Parameters
    ----------
    depth : array_like
        Depth of the mixed water h, m.
    wet_bulb : array_like
        Wet-bulb temperature, degC.
    wind_coefficient : array_like
        Wind function, W m-2 Pa-1.
    psychrometric : array_like
        Psychrometric constant, Pa K-1.

    Returns
    -------
    array
        Time, s.

    Raises
    ------
    InputError
        For an impossible depth or temperature.

    Examples
    --------
    Lake Balkhash's West, 4.6 m deep, in a wind of 4.65 m/s and a wet bulb of 10 degC:

    >>> f = wind_function(4.65, 0.67)
    >>> round(float(time_constant(4.6, 10.0, f, 65.0)) / 86400.0, 1)
    12.5
    """
    require_ranges(f"{SOURCE}.29", depth=depth, wet_bulb_temperature=wet_bulb)
    heat = WATER_HEAT_CAPACITY * np.asarray(depth, dtype=np.float64)
    tau: FloatArray = heat / _exchange(wet_bulb, wind_coefficient, psychrometric)
    return tau


def equilibrium_temperature(
    net_radiation_at_wet_bulb: npt.ArrayLike,
    wet_bulb: npt.ArrayLike,
    wind_coefficient: npt.ArrayLike,
    psychrometric: npt.ArrayLike,
) -> FloatArray:
    r"""Temperature at which the water would gain no heat.

    :math:`T_e = T_{wb} + R_{n,wb}/[4\sigma T_{wb}^3 + f(\Delta_{wb} + \gamma)]` (de Bruin 1982,
    equation 3; McMahon, S11.30).

    Parameters
    ----------
    net_radiation_at_wet_bulb : array_like
        Net radiation of a surface at the wet-bulb temperature, W m-2.
    wet_bulb : array_like
        Wet-bulb temperature, degC.
    wind_coefficient : array_like
        Wind function, W m-2 Pa-1.
    psychrometric : array_like
        Psychrometric constant, Pa K-1.

    Returns
    -------
    array
        Temperature, degC.

    Examples
    --------
    Without radiation the water takes the wet-bulb temperature:

    >>> float(equilibrium_temperature(0.0, 12.0, 0.1, 65.0))
    12.0
    """
    excess = np.asarray(net_radiation_at_wet_bulb, float) / _exchange(
        wet_bulb, wind_coefficient, psychrometric
    )
    temperature: FloatArray = np.asarray(wet_bulb, float) + excess
    return temperature


def held_by_ice(
    steps: int, frozen: BoolArray | None, freezing_point: float | None
) -> tuple[BoolArray, float]:
    """Steps on which ice holds the water, and the temperature below which it does not cool.

    Parameters
    ----------
    steps : int
        Number of steps.
    frozen : array of bool (steps,), optional
        Where there is ice; nowhere by default.
    freezing_point : float, optional
        Temperature of the water beneath ice, degC; without one the water cools without bound.

    Returns
    -------
    tuple of array of bool (steps,) and float
        Where there is ice, and the bound, degC.

    Raises
    ------
    InputError
        For frozen steps without a freezing point.

    Examples
    --------
    >>> held, floor = held_by_ice(2, None, 0.0)
    >>> held.tolist(), floor
    ([False, False], 0.0)
    """
    held = np.zeros(steps, dtype=bool) if frozen is None else np.asarray(frozen)
    if freezing_point is None and held.any():
        raise InputError(
            Problem(
                "freezing_point",
                "is not given, and ice is to hold the water there",
                expected="a temperature, degC",
            )
        )
    return held, -np.inf if freezing_point is None else freezing_point


def march_water_temperature(
    equilibrium: FloatArray,
    constant: FloatArray,
    start: float,
    *,
    step: float = 86400.0,
    frozen: BoolArray | None = None,
    freezing_point: float | None = None,
) -> FloatArray:
    r"""Water temperature at the end of each step.

    :math:`T_w = T_e + (T_{w,0} - T_e)\,e^{-\Delta t/\tau}` (McJannet et al. 2008, equation 23;
    McMahon, S11.28).

    Parameters
    ----------
    equilibrium : array (n,)
        Equilibrium temperature of each step, degC.
    constant : array (n,)
        Time constant of each step, s.
    start : float
        Water temperature before the first step, degC.
    step : float, default 86400.0
        Length of a step, s.
    frozen : array of bool (n,), optional
        Steps on which ice holds the water at the freezing point, which must then be given.
    freezing_point : float, optional
        Temperature below which the water does not cool, degC; none by default, as in the source.

    Returns
    -------
    array (n,)
        Water temperature, degC.

    Raises
    ------
    InputError
        For frozen steps without a freezing point.

    Examples
    --------
    One time constant covers 63 % of the way:

    >>> warm, tau = np.array([10.0]), np.array([86400.0])
    >>> march_water_temperature(warm, tau, 0.0).round(4).tolist()
    [6.3212]
    """
    keep = np.exp(-step / np.asarray(constant, dtype=np.float64)).tolist()
    target = np.asarray(equilibrium, dtype=np.float64).tolist()
    held, floor = held_by_ice(len(target), frozen, freezing_point)
    water, course = float(start), []
    for t_e, k, ice in zip(target, keep, held.tolist(), strict=True):
        water = floor if ice else max(t_e + (water - t_e) * k, floor)
        course.append(water)
    return np.array(course)


def heat_storage_flux(
    water_temperature: FloatArray, start: float, depth: npt.ArrayLike, *, step: float = 86400.0
) -> FloatArray:
    r"""Heat that the water takes up, :math:`G = \rho_w c_w h\,(T_w - T_{w,0})/\Delta t` (S11.33).

    Parameters
    ----------
    water_temperature : array (n,)
        Water temperature at the end of each step, degC.
    start : float
        Water temperature before the first step, degC.
    depth : array_like
        Depth, m.
    step : float, default 86400.0
        Length of a step, s.

    Returns
    -------
    array (n,)
        Heat flux into the water, W m-2.

    Examples
    --------
    >>> round(float(heat_storage_flux(np.array([11.0]), 10.0, 10.0)[0]), 1)
    483.9
    """
    change = np.diff(np.concatenate(([start], water_temperature)))
    flux: FloatArray = WATER_HEAT_CAPACITY * np.asarray(depth, float) * change / step
    return flux


def evaporation_rate(
    available_energy: npt.ArrayLike,
    water_temperature: npt.ArrayLike,
    vapour_pressure: npt.ArrayLike,
    resistance: npt.ArrayLike,
    psychrometric: npt.ArrayLike,
    latent_heat: npt.ArrayLike,
) -> FloatArray:
    r"""Evaporation of a lake whose water temperature is known.

    :math:`E = \dfrac{\Delta_w (R_n - G) + \rho c_p (e_w - e_a)/r_a}{\lambda(\Delta_w + \gamma)}`
    (McMahon, S11.22).

    Parameters
    ----------
    available_energy : array_like
        Net radiation less the heat that is stored, W m-2.
    water_temperature : array_like
        Water temperature, degC.
    vapour_pressure : array_like
        Vapour pressure of the air, Pa.
    resistance : array_like
        Aerodynamic resistance, s m-1.
    psychrometric : array_like
        Psychrometric constant, Pa K-1.
    latent_heat : array_like
        Latent heat of vaporisation, J kg-1.

    Returns
    -------
    array
        Evaporation, m s-1; negative for condensation.

    Examples
    --------
    >>> rate = evaporation_rate(100.0, 20.0, 1500.0, 100.0, 65.0, 2.45e6)
    >>> round(float(rate) * 86.4e6, 2)
    4.15
    """
    slope = saturation_vapour_pressure_slope(water_temperature)
    deficit = saturation_vapour_pressure(water_temperature) - np.asarray(vapour_pressure, float)
    drying = _AIR_DENSITY * _AIR_HEAT * deficit / np.asarray(resistance, float)
    heat = slope * np.asarray(available_energy, float) + drying
    rate: FloatArray = heat / (
        np.asarray(latent_heat, float) * (slope + np.asarray(psychrometric, float)) * 1000.0
    )
    return rate
