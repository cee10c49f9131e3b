"""Density and freezing point of salt water: the equation of state EOS-80 at the surface."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from balkhash_model.physics.ranges import Limits, require_ranges

FloatArray = npt.NDArray[np.float64]

__all__ = ["freezing_point", "water_density"]

_SOURCE = "EOS-80, UNESCO Technical Papers in Marine Science 36 and 44"


def water_density(salinity: npt.ArrayLike, temperature: npt.ArrayLike) -> FloatArray:
    r"""Density of water at atmospheric pressure, EOS-80.

    :math:`\rho = \rho_0(T) + A(T) S + B(T) S^{3/2} + C S^2`.

    Parameters
    ----------
    salinity : array_like
        Practical salinity, near to g kg-1; 0 to 42.
    temperature : array_like
        Temperature, -2 to 40 degC.

    Returns
    -------
    array
        Density, kg m-3.

    Raises
    ------
    InputError
        Outside the range of the equation.

    Examples
    --------
    >>> water_density([0.0, 35.0], 5.0).round(5).tolist()
    [999.96675, 1027.67547]
    """
    require_ranges(
        _SOURCE,
        {"salinity": Limits(0.0, 42.0, "1"), "temperature": Limits(-2.0, 40.0, "degC")},
        salinity=salinity,
        temperature=temperature,
    )
    s, t = np.asarray(salinity, dtype=np.float64), np.asarray(temperature, dtype=np.float64)
    fresh = np.polynomial.polynomial.polyval(
        t,
        [999.842594, 6.793952e-2, -9.095290e-3, 1.001685e-4, -1.120083e-6, 6.536332e-9],
    )
    linear = np.polynomial.polynomial.polyval(
        t, [0.824493, -4.0899e-3, 7.6438e-5, -8.2467e-7, 5.3875e-9]
    )
    root = np.polynomial.polynomial.polyval(t, [-5.72466e-3, 1.0227e-4, -1.6546e-6])
    density: FloatArray = fresh + linear * s + root * s**1.5 + 4.8314e-4 * s**2
    return density


def freezing_point(salinity: npt.ArrayLike) -> FloatArray:
    r"""Freezing point of salt water.

    :math:`T_f = -0.0575 S + 1.710523\cdot10^{-3} S^{3/2} - 2.154996\cdot10^{-4} S^2` (UNESCO 1983).

    Parameters
    ----------
    salinity : array_like
        Practical salinity, near to g kg-1; 0 to 42.

    Returns
    -------
    array
        Temperature, degC.

    Raises
    ------
    InputError
        Outside the range of the equation.

    Examples
    --------
    >>> round(float(freezing_point(5.0)), 3)
    -0.274
    """
    require_ranges(_SOURCE, {"salinity": Limits(0.0, 42.0, "1")}, salinity=salinity)
    s = np.asarray(salinity, dtype=np.float64)
    point: FloatArray = -0.0575 * s + 1.710523e-3 * s**1.5 - 2.154996e-4 * s**2
    return point
