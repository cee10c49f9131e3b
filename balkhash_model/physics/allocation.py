"""Who gets how much where water is short."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

__all__ = ["share_shortage"]


def share_shortage(
    available: npt.ArrayLike, demand: npt.ArrayLike, priority: npt.ArrayLike
) -> FloatArray:
    r"""Water that each user gets: by priority, and in proportion among equals.

    For priorities :math:`p_1 < p_2 < \dots` the users of one priority share what the earlier ones
    left, each :math:`u_i = d_i \min(1, R_p / \sum_{j \in p} d_j)`.

    Parameters
    ----------
    available : array_like (...)
        Water there is, m3 s-1; none where negative.
    demand : array_like (users, ...)
        Demands, m3 s-1, not negative.
    priority : array_like (users,)
        Priorities; lower is served first.

    Returns
    -------
    array (users, ...)
        Water delivered, m3 s-1.

    Examples
    --------
    Of 10 m3/s the town takes its 4; two fields that want 6 each share the other 6:

    >>> share_shortage(10.0, [4.0, 6.0, 6.0], [1, 2, 2])
    array([4., 3., 3.])
    """
    wanted = np.asarray(demand, dtype=np.float64)
    order = np.asarray(priority)
    left = np.broadcast_to(
        np.maximum(np.asarray(available, dtype=np.float64), 0.0), wanted.shape[1:]
    )
    given = np.zeros_like(wanted)
    for level in np.unique(order):
        group = order == level
        total = wanted[group].sum(axis=0)
        share = np.divide(left, total, out=np.ones_like(total), where=total > left)
        given[group] = wanted[group] * share
        left = np.maximum(left - given[group].sum(axis=0), 0.0)
    return given
