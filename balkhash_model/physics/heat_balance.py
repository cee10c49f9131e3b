r"""Evaporation from a mixed lake that stores heat: its heat balance, solved in full.

The equilibrium-temperature model of :mod:`balkhash_model.physics.heat_storage` is linear about the
wet bulb of the air. Where the water is many degrees warmer, as in a dry summer, the radiation that
it emits and the vapour over it grow faster than that, and the linear lake becomes too warm and
evaporates too late. Here the same fluxes are taken at the temperature of the water itself:

.. math:: \rho_w c_w h \frac{dT}{dt} = R_{in} - 0.97\,\sigma (T + 273.15)^4
    - f\,\big[e_s(T) - e_a + \gamma (T - T_a)\big]

as in the finite-difference model of Finch and Gash (2002, J. Hydrology 255, 253-259), with the
wind function, radiation and psychrometry of McMahon et al. (2013, supplement S11).
"""

from __future__ import annotations

from math import exp, expm1

import numpy as np
import numpy.typing as npt

from balkhash_model.physics import radiation
from balkhash_model.physics.heat_storage import WATER_HEAT_CAPACITY, held_by_ice
from balkhash_model.physics.ranges import require_ranges

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

__all__ = ["SOURCE", "march_heat_balance"]

#: Where the model stands.
SOURCE = "Finch and Gash 2002, doi 10.1016/S0022-1694(01)00535-X"
_SIGMA = 0.97 * radiation.STEFAN_BOLTZMANN
#: Times that a step is linearised: about the temperature before it, and about the mean of the last.
_ROUNDS = 3
#: Below which the mean of an exponential is taken from its series.
_SMALL = 1e-4


def march_heat_balance(
    incoming: FloatArray,
    air_temperature: FloatArray,
    vapour_pressure: FloatArray,
    wind_coefficient: FloatArray,
    psychrometric: float,
    latent_heat: FloatArray,
    *,
    depth: float,
    start: float,
    step: float = 86400.0,
    frozen: BoolArray | None = None,
    freezing_point: float | None = None,
) -> tuple[FloatArray, FloatArray]:
    r"""March the water of a mixed lake by its heat balance; give its temperature and evaporation.

    Within a step the weather is constant and the balance is linear about the mean temperature of
    the step, found by going round: the water then moves exponentially, whatever the depth, and a
    shallow lake settles to the temperature at which it gains no heat. Evaporation is
    :math:`f\,[e_s(T) - e_a]/\lambda` at the mean temperature of the step.

    Parameters
    ----------
    incoming : array (n,)
        Radiation that the surface takes up, without what it emits, W m-2.
    air_temperature : array (n,)
        Mean air temperature, degC.
    vapour_pressure : array (n,)
        Vapour pressure of the air, Pa.
    wind_coefficient : array (n,)
        Wind function f, W m-2 Pa-1.
    psychrometric : float
        Psychrometric constant, Pa K-1.
    latent_heat : array (n,)
        Latent heat of vaporisation, J kg-1.
    depth : float
        Depth of the mixed water, m.
    start : float
        Water temperature before the first step, degC.
    step : float, default 86400.0
        Length of a step, s.
    frozen : array of bool (n,), optional
        Steps on which ice holds the water at the freezing point, which must then be given.
    freezing_point : float, optional
        Temperature below which the water does not cool, degC; none by default.

    Returns
    -------
    tuple of array (n,)
        Water temperature at the end of each step, degC, and evaporation, m s-1, negative for
        condensation. On frozen steps the evaporation is that of open water at the freezing point
        and has no meaning.

    Raises
    ------
    InputError
        For an impossible depth, or frozen steps without a freezing point.

    Examples
    --------
    A lake 5 m deep gains heat from spring weather, and gives off some of it as vapour:

    >>> weather = [np.array([x]) for x in (480.0, 10.0, 800.0, 0.1)]
    >>> water, rate = march_heat_balance(
    ...     *weather, 65.0, np.array([2.47e6]), depth=5.0, start=8.0
    ... )
    >>> round(float(water[0]), 2), round(float(rate[0]) * 86.4e6, 2)
    (8.48, 1.02)
    """
    require_ranges(SOURCE, depth=depth)
    held, floor = held_by_ice(len(incoming), frozen, freezing_point)
    pace = step / (WATER_HEAT_CAPACITY * depth)
    gains = incoming + wind_coefficient * (vapour_pressure + psychrometric * air_temperature)
    water, course, vapour = float(start), [], []
    for gain, f, ice in zip(gains.tolist(), wind_coefficient.tolist(), held.tolist(), strict=True):
        if ice:
            water = mean = floor
        else:
            water, mean = _step(water, gain, f, psychrometric, pace)
            water, mean = max(water, floor), max(mean, floor)
        course.append(water)
        vapour.append(_saturated(mean))
    heat = wind_coefficient * (np.array(vapour) - vapour_pressure)
    rate: FloatArray = heat / (np.asarray(latent_heat, float) * 1000.0)
    return np.array(course), rate


def _saturated(t: float) -> float:
    """Saturation vapour pressure, Pa: the equation of `vapour`, for one number and a loop."""
    return 610.8 * exp(17.27 * t / (t + 237.3))


def _step(start: float, gain: float, f: float, gamma: float, pace: float) -> tuple[float, float]:
    """Temperature at the end of a step, and its mean over the step, degC.

    `gain` is what the surface would gain, W m-2, if it gave off nothing: the rest of the balance
    depends on the water alone. `pace` is what 1 W m-2 warms the water by in the step, K.
    """
    end = mean = start
    for _ in range(_ROUNDS):
        kelvin, vapour = mean + 273.15, _saturated(mean)
        radiated = _SIGMA * kelvin**3
        net = gain - radiated * kelvin - f * (vapour + gamma * mean)
        slope = 4.0 * radiated + f * (4098.0 * vapour / (mean + 237.3) ** 2 + gamma)
        # what the straight line has at the start of the step
        net += slope * (mean - start)
        z = slope * pace
        gone = -expm1(-z)
        end = start + net / slope * gone
        share = 1.0 - gone / z if z > _SMALL else 0.5 * z
        mean = start + net / slope * share
    return end, mean
