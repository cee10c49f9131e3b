r"""Two basins joined by a link: their common rest, their salt at rest, and how heads die away.

The closed forms serve the equilibrium of a lake and test the marched model.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from balkhash_model.physics.closed_lake import level_at_area

FloatArray = npt.NDArray[np.float64]
Curve = tuple[FloatArray, FloatArray]

__all__ = [
    "balanced_exchange",
    "linear_relaxation",
    "strait_relaxation_time",
    "two_basin_losses",
    "two_basin_salinity",
    "weir_drawdown",
]


def balanced_exchange(
    supply: tuple[float, float],
    net_evaporation: float,
    curves: tuple[Curve, Curve],
    flow: Callable[[float, float], float],
) -> tuple[float, float, float]:
    r"""Steady levels of two basins and the flow between them.

    Each basin is at rest, :math:`e A_1(h_1) = S_1 - Q` and :math:`e A_2(h_2) = S_2 + Q`, and the
    flow obeys its own law, :math:`Q = Q(h_1, h_2)`. A larger Q lowers the first basin and raises
    the second, so that :math:`Q(h_1, h_2) - Q` falls as Q rises: there is one root. It covers all
    cases: one water surface with the small head that drives the flow, a basin that spills over the
    sill into a lower one, and two basins apart.

    Parameters
    ----------
    supply : tuple of float
        What each basin gains beside the exchange, m3 s-1.
    net_evaporation : float
        Evaporation less precipitation, m s-1, positive.
    curves : tuple of tuple of array
        Levels (m) and areas (m2) of both basins.
    flow : callable
        Flow from the first to the second for both levels, m3 s-1: rising in the first level and
        falling in the second, zero where both are dry.

    Returns
    -------
    tuple of float
        Both levels (m) and the flow from the first to the second (m3 s-1). A level is held at the
        ends of its curve: at the bottom the basin is dry, at the top the supply is too large.

    Raises
    ------
    ValueError
        Where both basins together, or one of them, lose more than they gain.

    Examples
    --------
    Two ponds of h km2 each, with 3 and 1 units of water and an open link, share the level 2:

    >>> import numpy as np
    >>> rows = np.array([0.0, 9.0]), np.array([0.0, 9.0])
    >>> h1, h2, q = balanced_exchange((3.0, 1.0), 1.0, (rows, rows), lambda a, b: 1e9 * (a - b))
    >>> round(h1, 6), round(h2, 6), round(q, 6)
    (2.0, 2.0, 1.0)
    """
    from scipy.optimize import brentq

    def levels(q: float) -> tuple[float, float]:
        gains = (supply[0] - q, supply[1] + q)
        h = [
            float(level_at_area(gain / net_evaporation, *curve))
            for gain, curve in zip(gains, curves, strict=True)
        ]
        return h[0], h[1]

    def excess(q: float) -> float:
        return flow(*levels(q)) - q

    low, high = -supply[1], supply[0]
    if low > high:
        raise ValueError("the basins together lose more than they gain")
    if excess(low) <= 0.0:
        if supply[1] < 0.0:
            raise ValueError("the second basin loses more than it can get")
        q = low  # dry, it passes all on
    elif low <= 0.0 <= high and excess(0.0) == 0.0:
        q = 0.0  # apart: the root is known exactly
    elif excess(high) >= 0.0:
        if supply[0] < 0.0:
            raise ValueError("the first basin loses more than it can get")
        q = high
    else:
        q = float(brentq(excess, low, high, xtol=1e-15 * (high - low), rtol=1e-15))
    return (*levels(q), q)


def two_basin_salinity(
    salt_inflow: tuple[npt.ArrayLike, npt.ArrayLike],
    flow: npt.ArrayLike,
    dispersion: npt.ArrayLike,
    loss: tuple[npt.ArrayLike, npt.ArrayLike],
) -> tuple[FloatArray, FloatArray]:
    r"""Steady salinities of two basins that exchange water.

    With the flow Q from the first to the second, :math:`q^+ = \max(Q, 0)`, :math:`q^- =
    \max(-Q, 0)`, a dispersive exchange X and losses :math:`\Lambda_i S_i` (water that leaves with
    its salt, or deposition at a rate that is proportional to the salinity),

    .. math:: F_1 - (q^+ + X + \Lambda_1) S_1 + (q^- + X) S_2 = 0, \qquad
              F_2 + (q^+ + X) S_1 - (q^- + X + \Lambda_2) S_2 = 0.

    With :math:`a = q^+ + X` and :math:`b = q^- + X` the determinant is
    :math:`\Delta = a \Lambda_2 + b \Lambda_1 + \Lambda_1 \Lambda_2` and
    :math:`S_1 = [F_1 (b + \Lambda_2) + F_2 b]/\Delta`, :math:`S_2 = [F_2 (a + \Lambda_1) +
    F_1 a]/\Delta`.

    Parameters
    ----------
    salt_inflow : tuple of array_like
        Salt that enters each basin, kg s-1.
    flow : array_like
        Flow from the first to the second basin, m3 s-1.
    dispersion : array_like
        Exchange in both directions beside the flow, m3 s-1.
    loss : tuple of array_like
        Loss of salt per salinity in each basin, m3 s-1: withdrawals, and the volume over the
        residence time of salt in the water where it deposits.

    Returns
    -------
    tuple of array
        Salinities, kg m-3; infinite or NaN where nothing takes salt away.

    Examples
    --------
    All salt enters the first and is lost in the second, which so has 4 / 0.5; the first holds what
    the flow must carry, (4 + 1 x 8) / (2 + 1):

    >>> s1, s2 = two_basin_salinity((4.0, 0.0), 2.0, 1.0, (0.0, 0.5))
    >>> float(s1), float(s2)
    (4.0, 8.0)
    """
    f1, f2 = (np.asarray(x, dtype=np.float64) for x in salt_inflow)
    l1, l2 = (np.asarray(x, dtype=np.float64) for x in loss)
    q, x = np.asarray(flow, dtype=np.float64), np.asarray(dispersion, dtype=np.float64)
    a, b = np.maximum(q, 0.0) + x, np.maximum(-q, 0.0) + x
    determinant = a * l2 + b * l1 + l1 * l2
    with np.errstate(divide="ignore", invalid="ignore"):
        first: FloatArray = (f1 * (b + l2) + f2 * b) / determinant
        second: FloatArray = (f2 * (a + l1) + f1 * a) / determinant
    return first, second


def two_basin_losses(
    salt_inflow: tuple[npt.ArrayLike, npt.ArrayLike],
    flow: npt.ArrayLike,
    dispersion: npt.ArrayLike,
    salinity: tuple[npt.ArrayLike, npt.ArrayLike],
) -> tuple[FloatArray, FloatArray]:
    r"""Salt that must leave two basins otherwise than to each other, so that salinities hold.

    The balance of :func:`two_basin_salinity`, solved for what is lost: :math:`D_1 = F_1 - (q^+ + X)
    S_1 + (q^- + X) S_2` and :math:`D_2 = F_2 + (q^+ + X) S_1 - (q^- + X) S_2`. Their sum is
    :math:`F_1 + F_2` whatever the exchange: salinities alone tell the sum, and each X comes with
    its own split of it.

    Parameters
    ----------
    salt_inflow : tuple of array_like
        Salt that enters each basin, kg s-1.
    flow : array_like
        Flow from the first to the second basin, m3 s-1.
    dispersion : array_like
        Exchange in both directions beside the flow, m3 s-1.
    salinity : tuple of array_like
        Salinities that are to hold, kg m-3.

    Returns
    -------
    tuple of array
        Salt lost from each basin, kg s-1; a negative one says that the salinities cannot hold
        with this exchange.

    Examples
    --------
    The inverse of the example of :func:`two_basin_salinity`, where 0.5 x 8 leave the second:

    >>> first, second = two_basin_losses((4.0, 0.0), 2.0, 1.0, (4.0, 8.0))
    >>> float(first), float(second)
    (0.0, 4.0)
    """
    f1, f2 = (np.asarray(x, dtype=np.float64) for x in salt_inflow)
    s1, s2 = (np.asarray(x, dtype=np.float64) for x in salinity)
    q, x = np.asarray(flow, dtype=np.float64), np.asarray(dispersion, dtype=np.float64)
    passed = (np.maximum(q, 0.0) + x) * s1 - (np.maximum(-q, 0.0) + x) * s2
    first: FloatArray = f1 - passed
    second: FloatArray = f2 + passed
    return first, second


def linear_relaxation(
    time: npt.ArrayLike, head: float, *, conductance: float, areas: tuple[float, float]
) -> FloatArray:
    r"""Head between two prismatic basins with a linear link, after a time.

    :math:`Q = c x` and :math:`dx/dt = -Q (1/A_1 + 1/A_2)` give :math:`x = x_0 \exp(-t/\tau)` with
    :math:`\tau = A^*/c` and :math:`1/A^* = 1/A_1 + 1/A_2`.

    Parameters
    ----------
    time : array_like
        Times, s.
    head : float
        Difference of level at time zero, m.
    conductance : float
        Flow per head, m2 s-1.
    areas : tuple of float
        Areas of the basins, m2.

    Returns
    -------
    array
        Heads, m.

    Examples
    --------
    >>> round(float(linear_relaxation(1.0, 2.0, conductance=1.0, areas=(2.0, 2.0))), 6)
    0.735759
    """
    rate = conductance * (1.0 / areas[0] + 1.0 / areas[1])
    heads: FloatArray = head * np.exp(-rate * np.asarray(time, dtype=np.float64))
    return heads


def weir_drawdown(
    time: npt.ArrayLike, depth: float, *, coefficient: float, width: float, area: float
) -> FloatArray:
    r"""Depth over the crest of a weir that drains a prismatic basin, after a time.

    :math:`A\,dH/dt = -C B H^{3/2}` gives :math:`H^{-1/2} = H_0^{-1/2} + C B t/(2 A)`.

    Parameters
    ----------
    time : array_like
        Times, s.
    depth : float
        Depth over the crest at time zero, m, positive.
    coefficient : float
        Discharge coefficient C, m0.5 s-1.
    width : float
        Width of the crest B, m.
    area : float
        Area of the basin, m2.

    Returns
    -------
    array
        Depths, m.

    Examples
    --------
    >>> float(weir_drawdown(1.0, 4.0, coefficient=1.0, width=1.0, area=1.0))
    1.0
    """
    t = np.asarray(time, dtype=np.float64)
    depths: FloatArray = (depth**-0.5 + coefficient * width * t / (2.0 * area)) ** -2.0
    return depths


def strait_relaxation_time(
    flow: npt.ArrayLike,
    initial_flow: float,
    *,
    conveyance: float,
    area: float,
    linear_head: float,
) -> FloatArray:
    r"""Time until the flow through a strait between two prismatic basins has fallen to a value.

    The law of :func:`balkhash_model.physics.strait.strait_flow` is :math:`x = Q \sqrt{Q^2 + a^2} /
    K^2` with :math:`a = K \sqrt\varepsilon`. For a constant K, :math:`dt = -A^*\,dx/Q` integrates
    to

    .. math:: t = \frac{A^*}{K^2} \left[ 2 \sqrt{Q^2 + a^2} - a\,\mathrm{asinh}(a/Q)
              \right]_{Q}^{Q_0}.

    Without regularisation this is :math:`\sqrt{x} = \sqrt{x_0} - K t/(2 A^*)`: the root of the head
    falls on a straight line, and the head is gone after :math:`2 A^* \sqrt{x_0}/K`.

    Parameters
    ----------
    flow : array_like
        Flows reached, m3 s-1, positive and at most `initial_flow`.
    initial_flow : float
        Flow at time zero, m3 s-1.
    conveyance : float
        Flow per root of head K, m2.5 s-1.
    area : float
        :math:`A^*`, with :math:`1/A^* = 1/A_1 + 1/A_2`, m2.
    linear_head : float
        The head below which the law becomes linear, m; zero for none.

    Returns
    -------
    array
        Times, s.

    Examples
    --------
    Without regularisation the root of the head falls from 1 to 0.5 in half of 2 A*/K:

    >>> float(strait_relaxation_time(5.0, 10.0, conveyance=10.0, area=20.0, linear_head=0.0))
    2.0
    """
    q = np.asarray(flow, dtype=np.float64)
    a = conveyance * np.sqrt(linear_head)

    def primitive(x: FloatArray | np.float64) -> FloatArray:
        value: FloatArray = 2.0 * np.sqrt(x * x + a * a) - a * np.arcsinh(a / x)
        return value

    time: FloatArray = area / conveyance**2 * (primitive(np.float64(initial_flow)) - primitive(q))
    return time
