"""What a river loses in its delta, as a function of the flow that enters it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

__all__ = ["delta_loss", "head_flow_for_outflow"]


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
