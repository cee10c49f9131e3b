"""A wetland that stores what enters a delta, drains to the lake and evaporates on the way."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

__all__ = [
    "WetlandStep",
    "wetland_curve",
    "wetland_residence",
    "wetland_rest_volume",
    "wetland_steady_loss",
    "wetland_step",
]


class WetlandStep(NamedTuple):
    """Volume at the end of an interval, m3, and mean flows over it, m3 s-1."""

    volume: FloatArray
    outflow: FloatArray
    loss: FloatArray


def wetland_step(
    volume: npt.ArrayLike,
    inflow: npt.ArrayLike,
    duration: npt.ArrayLike,
    residence: npt.ArrayLike,
    depth: npt.ArrayLike,
    net_evaporation: npt.ArrayLike,
) -> WetlandStep:
    r"""Exact course of a linear wetland over an interval of steady inflow.

    :math:`dW/dt = I - W/\tau - e W/d`: the wetland W drains to the lake with the residence time
    :math:`\tau`, and evaporates from the area :math:`W/d` that it floods to the mean depth d.

    Parameters
    ----------
    volume : array_like
        Volume at the start, m3.
    inflow : array_like
        Flow at the delta head I, m3 s-1.
    duration : array_like
        Length of the interval, s.
    residence : array_like
        Residence time :math:`\tau`, s.
    depth : array_like
        Mean depth d of flooding, m.
    net_evaporation : array_like
        Evaporation less rain e, m s-1; it may be negative.

    Returns
    -------
    WetlandStep
        Volume at the end, mean outflow to the lake and mean loss to the air. They close:
        :math:`\Delta W = (I - Q - D) \Delta t`.

    Examples
    --------
    A wetland without inflow or evaporation keeps 1/e after its residence time:

    >>> step = wetland_step(1e9, 0.0, 1e7, 1e7, 1.0, 0.0)
    >>> round(float(step.volume) / 1e9, 6), float(step.loss)
    (0.367879, 0.0)
    """
    w, q = np.asarray(volume, dtype=np.float64), np.asarray(inflow, dtype=np.float64)
    t, drain = np.asarray(duration, dtype=np.float64), 1.0 / np.asarray(residence, dtype=np.float64)
    dry = np.asarray(net_evaporation, dtype=np.float64) / np.asarray(depth, dtype=np.float64)
    x = (drain + dry) * t
    small = np.abs(x) < 1e-4
    safe = np.where(small, 1.0, x)
    # means of exp(-x s) over s from 0 to 1, and of its integral; series where x is small
    first = np.where(small, 1.0 - x / 2.0 + x**2 / 6.0, -np.expm1(-safe) / safe)
    second = np.where(small, 0.5 - x / 6.0 + x**2 / 24.0, (1.0 + np.expm1(-safe) / safe) / safe)
    mean = w * first + q * t * second
    end = w * np.exp(-x) + q * t * first
    return WetlandStep(end, mean * drain, mean * dry)


def wetland_steady_loss(
    inflow: npt.ArrayLike,
    residence: npt.ArrayLike,
    depth: npt.ArrayLike,
    net_evaporation: npt.ArrayLike,
) -> FloatArray:
    r"""Loss of a linear wetland at rest, :math:`D = I\,r/(1 + r)` with :math:`r = e \tau/d`.

    Parameters
    ----------
    inflow : array_like
        Flow at the delta head I, m3 s-1.
    residence : array_like
        Residence time :math:`\tau`, s.
    depth : array_like
        Mean depth d of flooding, m.
    net_evaporation : array_like
        Evaporation less rain e, m s-1.

    Returns
    -------
    array
        Loss, m3 s-1, a constant share of the flow.

    Examples
    --------
    >>> float(wetland_steady_loss(400.0, 1e7, 1.0, 2.5e-8))
    80.0
    """
    ratio = (
        np.asarray(net_evaporation, dtype=np.float64)
        * np.asarray(residence, dtype=np.float64)
        / np.asarray(depth, dtype=np.float64)
    )
    loss: FloatArray = np.asarray(inflow, dtype=np.float64) * ratio / (1.0 + ratio)
    return loss


def wetland_residence(inflow: float, loss: float, depth: float, net_evaporation: float) -> float:
    r"""Residence time at which a linear wetland loses a given part of its inflow.

    :math:`\tau = \frac{d}{e}\,\frac{D}{I - D}`, the inverse of :func:`wetland_steady_loss`.

    Parameters
    ----------
    inflow, loss : float
        Flow at the delta head I and loss D, in one unit.
    depth : float
        Mean depth d of flooding, m.
    net_evaporation : float
        Evaporation less rain e, m s-1; above zero.

    Returns
    -------
    float
        Residence time, s.

    Examples
    --------
    >>> wetland_residence(400.0, 80.0, 1.0, 2.5e-8)
    10000000.0
    """
    return depth / net_evaporation * loss / (inflow - loss)


def wetland_rest_volume(
    inflow: npt.ArrayLike,
    residence: npt.ArrayLike,
    depth: npt.ArrayLike,
    net_evaporation: npt.ArrayLike,
) -> FloatArray:
    r"""Volume of a linear wetland at rest, :math:`W = I\,\tau/(1 + r)` with :math:`r = e \tau/d`.

    Parameters
    ----------
    inflow : array_like
        Flow at the delta head I, m3 s-1.
    residence : array_like
        Residence time :math:`\tau`, s.
    depth : array_like
        Mean depth d of flooding, m.
    net_evaporation : array_like
        Evaporation less rain e, m s-1.

    Returns
    -------
    array
        Volume, m3.

    Examples
    --------
    >>> float(wetland_rest_volume(400.0, 1e7, 1.0, 2.5e-8))
    3200000000.0
    """
    steady = wetland_steady_loss(inflow, residence, depth, net_evaporation)
    volume: FloatArray = (np.asarray(inflow, dtype=np.float64) - steady) * np.asarray(
        residence, dtype=np.float64
    )
    return volume


def wetland_curve(
    depth: float, least_area: float = 1e4, most_area: float = 4e10, ratio: float = 1.05
) -> tuple[FloatArray, FloatArray]:
    r"""Level-area rows of a wetland whose volume is its area times a mean depth.

    :math:`V = d\,(A - A_0)` holds exactly in every row, with the area linear in the level between:
    :math:`h_{i+1} - h_i = 2 d\,(A_{i+1} - A_i)/(A_{i+1} + A_i)`, an exponential of the level.
    Between rows the area departs from V/d by less than :math:`(\ln q)^2/8`.

    Parameters
    ----------
    depth : float
        Mean depth d, m.
    least_area, most_area : float
        Areas of the first and of about the last row, m2.
    ratio : float, default 1.05
        Ratio q of neighbouring areas.

    Returns
    -------
    tuple of array (rows,)
        Level above the lowest point, m, and area, m2. The level is no elevation.

    Examples
    --------
    >>> level, area = wetland_curve(1.0)
    >>> volume = np.concatenate(([0.0], np.cumsum(np.diff(level) * (area[1:] + area[:-1]) / 2)))
    >>> bool(np.allclose(volume, area - area[0])), round(float(level[-1]), 1)
    (True, 15.2)
    """
    count = int(np.ceil(np.log(most_area / least_area) / np.log(ratio)))
    step = np.arange(count + 1, dtype=np.float64)
    area: FloatArray = least_area * np.power(ratio, step)
    rise = 2.0 * depth * (ratio - 1.0) / (ratio + 1.0)
    return rise * step, area
