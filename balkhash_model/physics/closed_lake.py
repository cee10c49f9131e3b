r"""Closed-lake theory: where a lake without outlet comes to rest, and how fast.

A closed lake gains a supply :math:`S` (rivers and groundwater less what is taken) and loses the net
evaporation :math:`e = E - P` on its own area, :math:`dV/dt = S - e\,A(h)`. Since :math:`A = dV/dh`,

.. math:: \frac{dh}{dt} = \frac{S}{A(h)} - e.

The theory is that of Mason et al. (1994) as the National Research Council repeats it (NAP 5142,
p. 507): equilibrium area :math:`A_e = S/e`, and the time in which 63 % of a change have happened.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from balkhash_model.physics.hypsometry import area_at_level

FloatArray = npt.NDArray[np.float64]

__all__ = [
    "area_after",
    "area_slope_at_level",
    "closed_lake_level",
    "equilibrium_area",
    "level_at_area",
    "linear_step_response",
    "response_time",
]


def equilibrium_area(supply: npt.ArrayLike, net_evaporation: npt.ArrayLike) -> FloatArray:
    r"""Area at which net evaporation takes all that a closed lake gains, :math:`A_e = S/e`.

    Parameters
    ----------
    supply : array_like
        Rivers and groundwater less what is taken, m3 s-1.
    net_evaporation : array_like
        Evaporation less precipitation, m s-1, positive.

    Returns
    -------
    array
        Areas, m2.

    Raises
    ------
    ValueError
        Where net evaporation is not positive: such a lake has no equilibrium.

    Examples
    --------
    The mean balance of Lake Balkhash 1961-2020, 14.04 + 0.52 km3/yr and 0.8489 m/yr, in km2:

    >>> round(float(equilibrium_area(14.04 + 0.52, 0.8489)) * 1e3)
    17152
    """
    e = np.asarray(net_evaporation, dtype=np.float64)
    if not (e > 0.0).all():
        raise ValueError("net evaporation must be positive: a lake that rain fills has no rest")
    area: FloatArray = np.asarray(supply, dtype=np.float64) / e
    return area


def response_time(
    area: npt.ArrayLike, area_slope: npt.ArrayLike, net_evaporation: npt.ArrayLike
) -> FloatArray:
    r"""Time in which 63 % of a small change of a closed lake have happened.

    :math:`t_e = A_e / (e\,dA/dh)`, the linearisation of the balance about the equilibrium.

    Parameters
    ----------
    area : array_like
        Area at equilibrium, m2.
    area_slope : array_like
        dA/dh there, m2 per m; zero gives an infinite time.
    net_evaporation : array_like
        Evaporation less precipitation, m s-1.

    Returns
    -------
    array
        Times, s.

    Examples
    --------
    In years, from km2, km2 per m and m per year:

    >>> response_time(17152.0, [383.0, 1000.0], 0.8489).round(1)
    array([52.8, 20.2])
    """
    a, s, e = (np.asarray(x, dtype=np.float64) for x in (area, area_slope, net_evaporation))
    with np.errstate(divide="ignore"):
        time: FloatArray = a / (e * s)
    return time


def linear_step_response(
    time: npt.ArrayLike,
    step: npt.ArrayLike,
    *,
    area: float,
    area_slope: float,
    net_evaporation: float,
) -> FloatArray:
    r"""Change of level after a lasting step of the supply, linearised about the start.

    :math:`\Delta h = \frac{\Delta S}{e\,dA/dh} (1 - \exp(-t/t_e))` for a lake in balance before.
    The limit is exact where the area is linear in the level; the course is not.

    Parameters
    ----------
    time : array_like
        Time since the step, s.
    step : array_like
        Change of the supply, m3 s-1.
    area : float
        Area at the start, m2.
    area_slope : float
        dA/dh, m2 per m, positive.
    net_evaporation : float
        Evaporation less precipitation, m s-1.

    Returns
    -------
    array
        Changes of level, m.

    Examples
    --------
    >>> fall = linear_step_response([17.0], -1167.0, area=17152.0, area_slope=383.0,
    ...                             net_evaporation=0.8489)  # years, hm3, km2, m
    >>> float(fall.round(3)[0])
    -0.989
    """
    t = np.asarray(time, dtype=np.float64)
    whole = np.asarray(step, dtype=np.float64) / (net_evaporation * area_slope)
    change: FloatArray = -whole * np.expm1(-t * net_evaporation * area_slope / area)
    return change


def area_after(
    time: npt.ArrayLike, area: float, *, area_slope: float, supply: float, net_evaporation: float
) -> FloatArray:
    r"""Area of a closed lake after a time, exact where the area is linear in the level.

    With :math:`A_e = S/e` and :math:`y = A/A_e - 1`, :math:`dA/dt = s e (A_e - A)/A` integrates to
    :math:`y + \ln y = y_0 + \ln y_0 - t/t_e` (:math:`t_e = A_e/(e s)`), so that
    :math:`y = \omega(y_0 + \ln y_0 - t/t_e)` with the Wright function for a shrinking lake and
    :math:`y = W_0(y_0 \exp(y_0 - t/t_e))` with the Lambert function for a growing one. Without any
    supply, :math:`A = A_0 - e s t`.

    Parameters
    ----------
    time : array_like
        Times, s.
    area : float
        Area at time zero, m2.
    area_slope : float
        dA/dh, m2 per m, positive.
    supply : float
        Rivers and groundwater less what is taken, m3 s-1, not negative.
    net_evaporation : float
        Evaporation less precipitation, m s-1, positive.

    Returns
    -------
    array
        Areas, m2.

    Examples
    --------
    Balkhash 17 and 28 years after a loss of 1.167 km3/yr (years, hm3, km2, m), as levels:

    >>> supply = 17152.0 * 0.8489 - 1167.0
    >>> a = area_after([17.0, 28.0], 17152.0, area_slope=383.0, supply=supply,
    ...                net_evaporation=0.8489)
    >>> ((a - 17152.0) / 383.0).round(3)
    array([-0.999, -1.499])
    """
    from scipy.special import lambertw, wrightomega

    t = np.asarray(time, dtype=np.float64)
    rate = net_evaporation * area_slope
    if supply <= 0.0:
        dwindled: FloatArray = np.maximum(area - rate * t, 0.0)
        return dwindled
    rest = supply / net_evaporation
    y0 = area / rest - 1.0
    passed = t * rate / rest
    if y0 > 0.0:
        y = wrightomega(y0 + np.log(y0) - passed)
    else:
        y = lambertw(y0 * np.exp(y0 - passed)).real
    after: FloatArray = rest * (1.0 + y)
    return after


def _time_to_area(
    area: float, goal: float, *, area_slope: float, supply: float, net_evaporation: float
) -> float:
    """Time until a goal that lies between the area and the equilibrium, or at neither; s."""
    rest = supply / net_evaporation
    rate = net_evaporation * area_slope
    if supply <= 0.0:
        return (area - goal) / rate
    log = np.log((rest - goal) / (rest - area))
    return float(-(goal - area + rest * log) / rate)


def level_at_area(area: npt.ArrayLike, level: FloatArray, areas: FloatArray) -> FloatArray:
    """Level at an area: the inverse of ``area_at_level``, held at both ends of the curve.

    Parameters
    ----------
    area : array_like
        Areas asked for, m2.
    level, areas : array (rows,)
        The curve, m and m2. Where the area does not change with the level, the highest level of
        that area is given.

    Returns
    -------
    array
        Levels, m.

    Examples
    --------
    >>> import numpy as np
    >>> float(level_at_area(2.0, np.array([0.0, 2.0]), np.array([1.0, 3.0])))
    1.0
    """
    found: FloatArray = np.interp(np.asarray(area, dtype=np.float64), areas, level)
    return found


def area_slope_at_level(h: npt.ArrayLike, level: FloatArray, area: FloatArray) -> FloatArray:
    """Slope dA/dh of a level-area curve, zero outside it; at a row, that of the part above.

    Parameters
    ----------
    h : array_like
        Levels asked for, m.
    level, area : array (rows,)
        The curve, m and m2.

    Returns
    -------
    array
        Slopes, m2 per m.

    Examples
    --------
    >>> import numpy as np
    >>> rows = np.array([0.0, 2.0, 3.0]), np.array([1.0, 3.0, 7.0])
    >>> area_slope_at_level([1.0, 2.0, 9.0], *rows)
    array([1., 4., 0.])
    """
    x = np.asarray(h, dtype=np.float64)
    slope = np.concatenate(([0.0], np.diff(area) / np.diff(level), [0.0]))
    found: FloatArray = slope[np.searchsorted(level, x, side="right")]
    return found


def closed_lake_level(
    time: npt.ArrayLike,
    start: float,
    *,
    supply: float,
    net_evaporation: float,
    level: FloatArray,
    area: FloatArray,
) -> FloatArray:
    r"""Level of a closed lake under constant rates, exact on a piecewise linear level-area curve.

    In each part of the curve the course is that of :func:`area_after`; the time at which a row is
    passed follows from :math:`t = -[A - A_0 + A_e \ln((A_e - A)/(A_e - A_0))]/(s e)`.

    Parameters
    ----------
    time : array_like
        Times since the start, s, not negative.
    start : float
        Level at time zero, m, within the curve.
    supply : float
        Rivers and groundwater less what is taken, m3 s-1, not negative.
    net_evaporation : float
        Evaporation less precipitation, m s-1, positive.
    level, area : array (rows,)
        The curve, m and m2.

    Returns
    -------
    array
        Levels, m, of the shape of `time`; NaN from the time at which the lake leaves the curve.

    Examples
    --------
    A pond of 1 + h km2 at h = 2 m without inflow falls by its evaporation alone, a metre a year:

    >>> import numpy as np
    >>> rows = np.array([0.0, 1.0, 3.0]), np.array([1.0, 2.0, 4.0])
    >>> closed_lake_level([0.5, 1.5, 2.5], 2.0, supply=0.0, net_evaporation=1.0, level=rows[0],
    ...                   area=rows[1]).round(12)
    array([1.5, 0.5, nan])
    """
    t = np.asarray(time, dtype=np.float64)
    found = np.full(t.shape, np.nan)
    a = float(area_at_level(start, level, area))
    rest = supply / net_evaporation
    if a == rest:
        return np.full(t.shape, float(start))
    rising = a < rest
    # the part of the curve that holds the start, on the side to which the lake moves
    i = int(np.searchsorted(level, start, side="right" if rising else "left")) - 1
    h, now = float(start), 0.0
    while 0 <= i < level.size - 1:
        edge = i + 1 if rising else i
        slope = float((area[i + 1] - area[i]) / (level[i + 1] - level[i]))
        goal = float(area[edge])
        leaves = rest > goal if rising else rest < goal
        end = np.inf
        if slope == 0.0:
            rate = supply / a - net_evaporation
            end = now + (float(level[edge]) - h) / rate
        elif leaves:
            end = now + _time_to_area(
                a, goal, area_slope=slope, supply=supply, net_evaporation=net_evaporation
            )
        inside = (t >= now) & (t <= end)
        if slope == 0.0:
            found[inside] = h + rate * (t[inside] - now)
        else:
            areas = area_after(
                t[inside] - now,
                a,
                area_slope=slope,
                supply=supply,
                net_evaporation=net_evaporation,
            )
            found[inside] = h + (areas - a) / slope
        if not np.isfinite(end):
            break
        h, a, now = float(level[edge]), goal, end
        i += 1 if rising else -1
    return found
