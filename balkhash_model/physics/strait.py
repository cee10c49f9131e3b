"""Flow between two water bodies: straits, weirs and linear links.

Each law is written for one moment, on plain arrays. The marching kernel uses the same laws in the
form that a solver needs (conveyance tables, head as a function of flow); the tests hold the two
together.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

__all__ = ["manning_conveyance", "strait_flow", "weir_flow"]


def manning_conveyance(
    depth: npt.ArrayLike, *, width: float, length: float, roughness: float
) -> FloatArray:
    r"""Flow per square root of head of a wide channel, by Manning's equation.

    :math:`K = B\,d^{5/3} / (n \sqrt{L})`, so that :math:`Q = K \sqrt{\Delta h}` (wide rectangular
    channel: hydraulic radius equal to the depth).

    Parameters
    ----------
    depth : array_like
        Water depth over the sill on the upstream side, m; zero or less gives no flow.
    width, length : float
        Width and length of the channel, m.
    roughness : float
        Manning's n, s m-1/3.

    Returns
    -------
    array
        Conveyance, m2.5 s-1.

    Examples
    --------
    The Uzynaral strait, 3.5 km by 6 m over 10 km with n = 0.03, passes 127 m3/s under a head of
    0.030 mm:

    >>> K = float(manning_conveyance(6.0, width=3500.0, length=10e3, roughness=0.03))
    >>> round((127.0 / K) ** 2 * 1e3, 3)
    0.03
    """
    d = np.maximum(np.asarray(depth, dtype=np.float64), 0.0)
    conveyance: FloatArray = width * d ** (5.0 / 3.0) / (roughness * np.sqrt(length))
    return conveyance


def strait_flow(
    head: npt.ArrayLike, conveyance: npt.ArrayLike, *, linear_head: float = 1e-4
) -> FloatArray:
    r"""Flow through a strait under a head, regularised where the square root is too steep.

    The flow solves :math:`Q \sqrt{Q^2 + K^2 \varepsilon} = K^2 \Delta h`: it tends to
    :math:`K \sqrt{\Delta h}` for heads far above :math:`\varepsilon` and to
    :math:`K \Delta h / \sqrt{\varepsilon}` far below, is odd, rising and smooth, and has a finite
    slope at zero head.

    Parameters
    ----------
    head : array_like
        Difference of level, m; positive drives positive flow.
    conveyance : array_like
        Conveyance K, m2.5 s-1.
    linear_head : float, default 1e-4
        The head :math:`\varepsilon`, m, below which the law becomes linear; above zero.

    Returns
    -------
    array
        Flow, m3 s-1.

    Examples
    --------
    >>> float(strait_flow(0.0, 100.0))
    0.0
    >>> round(float(strait_flow(1.0, 100.0)), 3)
    99.998
    """
    x = np.asarray(head, dtype=np.float64)
    k = np.asarray(conveyance, dtype=np.float64)
    eps = linear_head
    root = np.sqrt(eps * eps + 4.0 * x * x)
    # (root - eps)/2 written without cancellation
    flow: FloatArray = k * np.sign(x) * np.sqrt(2.0 * x * x / (root + eps))
    return flow


def weir_flow(
    level: npt.ArrayLike, *, crest: float, width: float, coefficient: float = 1.705
) -> FloatArray:
    r"""One-way flow over a broad crest.

    :math:`Q = C B H^{3/2}` with :math:`H` the level above the crest; :math:`C = 1.705` m0.5/s is
    the ideal value :math:`(2/3)^{3/2} \sqrt{g}` for critical flow.

    Parameters
    ----------
    level : array_like
        Upstream level, m.
    crest : float
        Crest level, m.
    width : float
        Crest width, m.
    coefficient : float, default 1.705
        Discharge coefficient, m0.5 s-1.

    Returns
    -------
    array
        Flow, m3 s-1, never negative.

    Examples
    --------
    >>> float(weir_flow(11.0, crest=10.0, width=2.0))
    3.41
    """
    head = np.maximum(np.asarray(level, dtype=np.float64) - crest, 0.0)
    flow: FloatArray = coefficient * width * head * np.sqrt(head)
    return flow
