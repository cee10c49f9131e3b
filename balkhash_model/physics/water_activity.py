r"""How dissolved salts lower the vapour pressure of water: one smooth law from fresh to brine.

The law is :math:`a_w = 1/[1 + S(a + b S)]`, S in kg m-3. It is exactly 1 without salt, falls
steadily, and stays above zero for any S. Its two coefficients were fitted to the activities of
TEOS-10 (sea salt, 0.74 to 100 g/kg at 20 degC) and, above 100 g/kg, to the mean of TEOS-10 (outside
its range there) and the formula of Small et al. 1999. The lowering 1 - a_w that it gives is within
5 % of those (4.9 % at 35 g/kg, under 2.1 % from 2.9 to 10 and above 100 g/kg).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from balkhash_model.physics.ranges import Limits, require_ranges

FloatArray = npt.NDArray[np.float64]

__all__ = [
    "LINEAR",
    "QUADRATIC",
    "salt_evaporation_factor",
    "small_1999_lowering",
    "water_activity",
]

#: Coefficients a (m3 kg-1) and b (m6 kg-2) of the law; the kernel evaluates the same.
LINEAR, QUADRATIC = 5.21e-4, 9.2e-7


def water_activity(salinity: npt.ArrayLike) -> FloatArray:
    r"""Ratio of the vapour pressure over salt water to that over fresh water.

    :math:`a_w = 1/[1 + S(a + b S)]` with a = 5.21e-4 m3/kg and b = 9.2e-7 m6/kg2.

    Parameters
    ----------
    salinity : array_like
        Mass of salts per volume of water, kg m-3 (g/l); from 0 to 400.

    Returns
    -------
    array
        Activity, 1 at zero salinity.

    Raises
    ------
    InputError
        For a salinity outside 0 to 400 kg m-3.

    Examples
    --------
    >>> water_activity([0.0, 5.0, 35.9, 107.0]).round(4).tolist()
    [1.0, 0.9974, 0.9805, 0.9378]
    """
    require_ranges("this module, fitted to TEOS-10 and Small et al. 1999", salinity=salinity)
    s = np.asarray(salinity, dtype=np.float64)
    activity: FloatArray = 1.0 / (1.0 + s * (LINEAR + QUADRATIC * s))
    return activity


def salt_evaporation_factor(
    activity: npt.ArrayLike,
    water_vapour_pressure: npt.ArrayLike,
    air_vapour_pressure: npt.ArrayLike,
) -> FloatArray:
    r"""Evaporation from salt water over that from fresh water of the same temperature.

    :math:`(a_w e_w - e_a)/(e_w - e_a)`, at least zero: mass transfer with
    :math:`e_s = a_w e_w` at the surface (Salhotra et al. 1985). Water that evaporates less becomes
    warmer, which gives back part of the loss; the factor leaves that out and is a lower bound.

    Parameters
    ----------
    activity : array_like
        Water activity, 0 to 1.
    water_vapour_pressure : array_like
        Saturation vapour pressure at the temperature of the water, Pa.
    air_vapour_pressure : array_like
        Vapour pressure of the air, Pa.

    Returns
    -------
    array
        Factor, 0 to 1; 1 where fresh water would not evaporate either.

    Raises
    ------
    InputError
        For an activity or a pressure that is impossible.

    Examples
    --------
    >>> round(float(salt_evaporation_factor(0.98, 2000.0, 1000.0)), 6)
    0.96
    """
    require_ranges(
        "Salhotra, Adams and Harleman 1985, Water Resources Research 21, 1336-1344",
        {
            "activity": Limits(0.0, 1.0, "1"),
            "water_vapour_pressure": Limits(0.0, 20_000.0, "Pa"),
            "air_vapour_pressure": Limits(0.0, 20_000.0, "Pa"),
        },
        activity=activity,
        water_vapour_pressure=water_vapour_pressure,
        air_vapour_pressure=air_vapour_pressure,
    )
    water, air = np.asarray(water_vapour_pressure, float), np.asarray(air_vapour_pressure, float)
    fresh = water - air
    salt = np.maximum(np.asarray(activity, float) * water - air, 0.0)
    factor: FloatArray = np.where(fresh > 0.0, salt / np.where(fresh > 0.0, fresh, 1.0), 1.0)
    return factor


def small_1999_lowering(salinity: npt.ArrayLike, temperature: npt.ArrayLike) -> FloatArray:
    r"""Lowering of the saturation vapour pressure by salt after Small et al. 1999.

    :math:`133.3224 \exp(1.186094 \ln S - 5580.475512/(T + 273.15) + 13.674717)` Pa. For comparison:
    at small S it falls short of the law of dilute solutions.

    Parameters
    ----------
    salinity : array_like
        Mass of salts per mass of water, g kg-1; above zero.
    temperature : array_like
        Temperature, degC.

    Returns
    -------
    array
        Lowering, Pa.

    Raises
    ------
    InputError
        For a salinity of zero or an impossible temperature.

    Examples
    --------
    >>> round(float(small_1999_lowering(35.0, 20.0)), 1)
    42.4
    """
    require_ranges(
        "Small et al. 1999, see source small1999",
        {"salinity": Limits(1e-6, 400.0, "g kg-1"), "temperature": Limits(-5.0, 60.0, "degC")},
        salinity=salinity,
        temperature=temperature,
    )
    s, t = np.asarray(salinity, float), np.asarray(temperature, float)
    lowering: FloatArray = 133.3224 * np.exp(
        1.186094 * np.log(s) - 5580.475512 / (t + 273.15) + 13.674717
    )
    return lowering
