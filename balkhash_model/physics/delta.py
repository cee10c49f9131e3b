"""What a river loses in its delta as a function of the flow that enters it, and fits to losses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem

FloatArray = npt.NDArray[np.float64]

__all__ = [
    "LossFit",
    "delta_loss",
    "fit_linear_loss",
    "fit_proportional_loss",
    "head_flow_for_outflow",
    "linear_loss_table",
]


def delta_loss(flow: npt.ArrayLike, table_flow: FloatArray, table_loss: FloatArray) -> FloatArray:
    """Loss in a delta by linear interpolation in a table, never more than the flow.

    Parameters
    ----------
    flow : array_like
        Flow at the delta head, m3 s-1. A negative flow (water drawn back) loses nothing.
    table_flow, table_loss : array (rows,)
        Flow and loss, m3 s-1: from zero, rising in flow, not falling in loss, with a slope of at
        most one, so that the outflow never falls as the flow rises.

    Returns
    -------
    array
        Loss, m3 s-1.

    Examples
    --------
    A constant loss of 80 m3/s takes all of a smaller flow:

    >>> import numpy as np
    >>> rows = np.array([0.0, 80.0, 1000.0]), np.array([0.0, 80.0, 80.0])
    >>> delta_loss([50.0, 400.0], *rows)
    array([50., 80.])
    """
    q = np.asarray(flow, dtype=np.float64)
    loss: FloatArray = np.interp(np.maximum(q, 0.0), table_flow, table_loss)
    return loss


def head_flow_for_outflow(
    outflow: npt.ArrayLike, table_flow: FloatArray, table_loss: FloatArray
) -> FloatArray:
    """Flow at the delta head that leaves a given flow at the mouth.

    The inverse of ``flow - delta_loss(flow)`` on its rising branch; an outflow of zero or less is
    returned as it is, since no loss applies to water drawn back.

    Parameters
    ----------
    outflow : array_like
        Flow at the mouth, m3 s-1.
    table_flow, table_loss : array (rows,)
        The loss table of :func:`delta_loss`.

    Returns
    -------
    array
        Flow at the delta head, m3 s-1.

    Examples
    --------
    >>> import numpy as np
    >>> rows = np.array([0.0, 80.0, 1000.0]), np.array([0.0, 80.0, 80.0])
    >>> head_flow_for_outflow([-5.0, 320.0], *rows)
    array([ -5., 400.])
    """
    out = np.asarray(outflow, dtype=np.float64)
    through = table_flow - table_loss
    # keep the last row of each flat stretch, so that the branch is strictly rising
    keep = np.append(np.diff(through) > 0.0, True)
    q, t = table_flow[keep], through[keep]
    beyond = q[-1] + (out - t[-1])
    inside = np.interp(out, t, q)
    head: FloatArray = np.where(out <= 0.0, out, np.where(out > t[-1], beyond, inside))
    return head


def linear_loss_table(
    loss: float, flow: float, slope: float = 0.0, most_flow: float = 1e6
) -> tuple[FloatArray, FloatArray]:
    r"""Rows of a loss that rises linearly with the flow, :math:`D = D_0 + b (Q - Q_0)`.

    The loss is held between zero and the flow, so that it never falls as the flow rises and a delta
    never loses more than it gets.

    Parameters
    ----------
    loss : float
        Loss :math:`D_0` at the flow of reference, m3 s-1.
    flow : float
        Flow of reference :math:`Q_0`, m3 s-1.
    slope : float, default 0
        Slope b, from zero (a constant loss) to below one.
    most_flow : float, default 1e6
        Flow of the last row, m3 s-1.

    Returns
    -------
    tuple of array (rows,)
        Flow and loss, m3 s-1, for :func:`delta_loss`.

    Raises
    ------
    InputError
        Where the loss is negative or the slope leaves its range.

    Examples
    --------
    80 m3/s at 400 m3/s and a fifth of what comes beyond meet the flow at zero:

    >>> [rows.tolist() for rows in linear_loss_table(80.0, 400.0, 0.2, 1000.0)]
    [[0.0, 1000.0], [0.0, 200.0]]
    >>> [rows.tolist() for rows in linear_loss_table(80.0, 400.0, 0.0, 1000.0)]
    [[0.0, 80.0, 1000.0], [0.0, 80.0, 80.0]]
    """
    problems = []
    if not loss >= 0.0:
        problems.append(Problem("delta loss", "negative", f"{loss:g} m3/s", "0 or more"))
    if not 0.0 <= slope < 1.0:
        problems.append(
            Problem("slope of the delta loss", "out of range", f"{slope:g}", "0 to below 1")
        )
    if problems:
        raise InputError(problems)
    at_zero = loss - slope * flow
    last = loss + slope * (most_flow - flow)
    if at_zero > 0.0:
        corner = at_zero / (1.0 - slope)
        return np.array([0.0, corner, most_flow]), np.array([0.0, corner, last])
    if at_zero < 0.0 < slope:
        return np.array([0.0, -at_zero / slope, most_flow]), np.array([0.0, 0.0, last])
    return np.array([0.0, most_flow]), np.array([0.0, last])


class LossFit(NamedTuple):
    """A straight line through losses, no steeper downwards than level.

    Attributes
    ----------
    flow : float
        Weighted mean flow, to which the loss refers.
    loss : float
        Loss at that flow.
    slope : float
        Slope, never below zero.
    slope_error : float
        Standard error of the unrestricted slope.
    residuals : array (n,)
        Losses less the line.
    """

    flow: float
    loss: float
    slope: float
    slope_error: float
    residuals: FloatArray


def fit_linear_loss(
    flow: npt.ArrayLike, loss: npt.ArrayLike, weight: npt.ArrayLike | None = None
) -> LossFit:
    r"""Fit a non-decreasing straight line to losses at given flows by least squares.

    Parameters
    ----------
    flow, loss : array_like (n,)
        Flow at the delta head and loss, in one unit; three or more.
    weight : array_like (n,), optional
        Weights, such as years.

    Returns
    -------
    LossFit
        The line, :math:`D = D_0 + \max(b, 0) (Q - \bar Q)`.

    Raises
    ------
    InputError
        For fewer than three losses, or flows that do not differ.

    Examples
    --------
    >>> fit = fit_linear_loss([1.0, 2.0, 3.0], [1.0, 2.5, 3.0])
    >>> round(fit.loss, 4), round(fit.slope, 4), fit.residuals.round(4)
    (2.1667, 1.0, array([-0.1667,  0.3333, -0.1667]))

    Losses that fall with the flow give the mean, at no slope:

    >>> fit_linear_loss([1.0, 2.0, 3.0], [3.0, 2.0, 1.0]).slope
    0.0
    """
    q, d = np.asarray(flow, dtype=np.float64), np.asarray(loss, dtype=np.float64)
    if q.size < 3 or not np.ptp(q) > 0.0:
        raise InputError(
            Problem(
                "losses of a delta",
                "too few to fit a line with its error",
                f"{q.size} at {np.unique(q).size} flow(s)",
                "three or more, at flows that differ",
            )
        )
    w = np.ones(q.size) if weight is None else np.asarray(weight, dtype=np.float64)
    w = w / w.mean()
    middle, mean = float(np.average(q, weights=w)), float(np.average(d, weights=w))
    spread = float((w * (q - middle) ** 2).sum())
    free = float((w * (q - middle) * (d - mean)).sum()) / spread
    scatter = float((w * (d - mean - free * (q - middle)) ** 2).sum()) / (q.size - 2)
    slope = max(free, 0.0)
    return LossFit(
        middle, mean, slope, float(np.sqrt(scatter / spread)), d - mean - slope * (q - middle)
    )


def fit_proportional_loss(
    flow: npt.ArrayLike, loss: npt.ArrayLike, weight: npt.ArrayLike | None = None
) -> LossFit:
    r"""Fit a constant share of the flow to losses by least squares: a linear wetland at rest.

    Parameters
    ----------
    flow, loss : array_like (n,)
        Flow at the delta head and loss, in one unit; two or more.
    weight : array_like (n,), optional
        Weights, such as years.

    Returns
    -------
    LossFit
        The share as its slope, :math:`D = b Q`, with its standard error.

    Examples
    --------
    >>> fit = fit_proportional_loss([1.0, 2.0, 3.0], [0.5, 0.6, 1.0])
    >>> round(fit.slope, 4), fit.residuals.round(4)
    (0.3357, array([ 0.1643, -0.0714, -0.0071]))
    """
    q, d = np.asarray(flow, dtype=np.float64), np.asarray(loss, dtype=np.float64)
    w = np.ones(q.size) if weight is None else np.asarray(weight, dtype=np.float64)
    w = w / w.mean()
    spread = float((w * q * q).sum())
    share = float((w * q * d).sum()) / spread
    left: FloatArray = d - share * q
    scatter = float((w * left**2).sum()) / (q.size - 1)
    middle = float(np.average(q, weights=w))
    return LossFit(middle, share * middle, share, float(np.sqrt(scatter / spread)), left)
