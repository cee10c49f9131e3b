r"""What a dam lets through: a plan, drawn towards a target volume, between two bounds.

.. math:: Q = \min\!\big(\max(q_p + (V - V_t)/\tau,\; q_{min}),\; q_{max}\big)\, s(V)

The plan :math:`q_p` is what irrigation and power ask for, :math:`V_t` the volume that the operator
aims at, :math:`\tau` the time in which a departure from it is worked off, :math:`q_{min}` the
ecological release, :math:`q_{max}` the capacity of turbines and gates, and :math:`s(V)` the supply,
which fades over the last water on the bed. Evaporation appears nowhere: it is a loss of the
storage, not a demand that water is released for.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

__all__ = ["planned_release", "release", "release_slope", "supply"]


def supply(volume: npt.ArrayLike, toe: npt.ArrayLike) -> FloatArray:
    r"""Share of a demand that a nearly empty storage can serve, :math:`s = V/V_{toe}` in [0, 1].

    Parameters
    ----------
    volume : array_like
        Volume V, m3.
    toe : array_like
        Volume :math:`V_{toe}` of the last centimetre or so of water, m3, above zero.

    Returns
    -------
    array
        Share, 1.

    Examples
    --------
    >>> supply([-1.0, 0.0, 5.0, 10.0, 99.0], 10.0)
    array([0. , 0. , 0.5, 1. , 1. ])
    """
    share: FloatArray = np.clip(
        np.asarray(volume, dtype=np.float64) / np.asarray(toe, dtype=np.float64), 0.0, 1.0
    )
    return share


def planned_release(
    volume: npt.ArrayLike,
    plan: npt.ArrayLike,
    minimum: npt.ArrayLike,
    maximum: npt.ArrayLike,
    target: npt.ArrayLike = 0.0,
    tau: npt.ArrayLike = np.inf,
) -> FloatArray:
    r"""Release that the rule asks for, :math:`\min(\max(q_p + (V - V_t)/\tau, q_{min}), q_{max})`.

    Parameters
    ----------
    volume : array_like
        Volume V, m3.
    plan : array_like
        Planned release :math:`q_p`, m3 s-1.
    minimum, maximum : array_like
        Bounds of the release, m3 s-1. Where they cross, the maximum holds: nothing passes that the
        outlets cannot carry.
    target : array_like, default 0
        Target volume :math:`V_t`, m3.
    tau : array_like, default infinite
        Time constant :math:`\tau`, s, above zero. Infinite means the plan alone, whatever the
        target; with a plan and a target of zero the storage is a linear reservoir.

    Returns
    -------
    array
        Release asked for, m3 s-1.

    Examples
    --------
    Ten days above a target by 86.4 million m3 add 100 m3/s to a plan of 400:

    >>> rule = {"plan": 400.0, "minimum": 137.0, "maximum": 1200.0, "target": 1e9, "tau": 864e3}
    >>> planned_release([1.0864e9, 0.5e9, 9e9], **rule)
    array([ 500.,  137., 1200.])
    >>> float(planned_release(5e9, 400.0, 0.0, 1200.0))
    400.0
    """
    tau_s = np.asarray(tau, dtype=np.float64)
    departure = np.asarray(volume, dtype=np.float64) - np.asarray(target, dtype=np.float64)
    asked = np.asarray(plan, dtype=np.float64) + departure / tau_s
    bounded: FloatArray = np.minimum(np.maximum(asked, minimum), maximum)
    return bounded


def release(
    volume: npt.ArrayLike,
    toe: npt.ArrayLike,
    plan: npt.ArrayLike,
    minimum: npt.ArrayLike,
    maximum: npt.ArrayLike,
    target: npt.ArrayLike = 0.0,
    tau: npt.ArrayLike = np.inf,
) -> FloatArray:
    """Release through a dam: :func:`planned_release` times :func:`supply`.

    Parameters
    ----------
    volume, toe : array_like
        Volume and volume of the toe, m3.
    plan, minimum, maximum : array_like
        Planned release and its bounds, m3 s-1.
    target : array_like, default 0
        Target volume, m3.
    tau : array_like, default infinite
        Time constant, s.

    Returns
    -------
    array
        Release, m3 s-1. Continuous in the volume, and not falling with it while the minimum is not
        negative.

    Examples
    --------
    An empty storage releases nothing, whatever the minimum:

    >>> release([0.0, 5.0, 2e9], 10.0, 400.0, 137.0, 1200.0)
    array([  0., 200., 400.])
    """
    return planned_release(volume, plan, minimum, maximum, target, tau) * supply(volume, toe)


def release_slope(
    volume: npt.ArrayLike,
    toe: npt.ArrayLike,
    plan: npt.ArrayLike,
    minimum: npt.ArrayLike,
    maximum: npt.ArrayLike,
    target: npt.ArrayLike = 0.0,
    tau: npt.ArrayLike = np.inf,
) -> FloatArray:
    r"""Derivative of :func:`release` with respect to the volume, for an implicit step.

    At a corner of the law (a bound reached, the toe full) it is one of the two one-sided values.

    Parameters
    ----------
    volume, toe : array_like
        Volume and volume of the toe, m3.
    plan, minimum, maximum : array_like
        Planned release and its bounds, m3 s-1.
    target : array_like, default 0
        Target volume, m3.
    tau : array_like, default infinite
        Time constant, s.

    Returns
    -------
    array
        :math:`dQ/dV`, s-1.

    Examples
    --------
    Between the bounds and above the toe it is the inverse of the time constant:

    >>> float(release_slope(1e9, 10.0, 400.0, 0.0, 1200.0, 1e9, 1e6))
    1e-06
    """
    v, v_toe = np.asarray(volume, dtype=np.float64), np.asarray(toe, dtype=np.float64)
    tau_s = np.asarray(tau, dtype=np.float64)
    asked = np.asarray(plan, dtype=np.float64) + (v - np.asarray(target, dtype=np.float64)) / tau_s
    low, high = np.asarray(minimum, dtype=np.float64), np.asarray(maximum, dtype=np.float64)
    free = (asked > low) & (asked < high)
    fading = (v > 0.0) & (v < v_toe)
    bounded = planned_release(v, plan, minimum, maximum, target, tau)
    slope: FloatArray = np.where(free, 1.0 / tau_s, 0.0) * supply(v, v_toe) + np.where(
        fading, bounded / v_toe, 0.0
    )
    return slope
