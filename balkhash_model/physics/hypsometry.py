"""Level, area and volume of a basin: one curve, ``A = dV/dh`` everywhere, exact inverse.

A curve is a table of levels and areas. Between two rows the area is linear in the level, so the
volume is its exact integral (a quadratic in each segment) and the level is the exact root of that
quadratic: the three never disagree.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

__all__ = [
    "area_at_level",
    "check_rows",
    "cumulative_volume",
    "frustum_volume_change",
    "level_at_volume",
    "mean_level_between",
    "power_law_exponent",
    "shelf_and_bowl_rows",
    "volume_at_level",
]


def check_rows(level: FloatArray, area: FloatArray) -> list[str]:
    """List what is wrong with the rows of a level-area table.

    Parameters
    ----------
    level : array (rows,)
        Levels, m.
    area : array (rows,)
        Areas, m2.

    Returns
    -------
    list of str
        One clause for each fault; empty where the rows make a curve.

    Examples
    --------
    >>> import numpy as np
    >>> check_rows(np.array([0.0, 1.0]), np.array([3e6, 2e6]))
    ['area must not fall as the level rises (row 1): 2 km2 follows 3 km2']
    """
    faults: list[str] = []
    if level.ndim != 1 or level.shape != area.shape:
        return [
            f"levels and areas must be two columns of one length, not {level.shape} and "
            f"{area.shape}"
        ]
    if level.size < 2:
        return ["at least two rows are needed"]
    for name, column in (("level", level), ("area", area)):
        bad = np.flatnonzero(~np.isfinite(column))
        if bad.size:
            faults.append(f"{name} is not a finite number (row {bad[0]})")
    if faults:
        return faults
    bad = np.flatnonzero(np.diff(level) <= 0.0)
    if bad.size:
        low, high = level[bad[0] + 1], level[bad[0]]
        faults.append(
            f"levels must rise from row to row (row {bad[0] + 1}): {low:g} m follows {high:g} m"
        )
    bad = np.flatnonzero(area <= 0.0)
    if bad.size:
        faults.append(f"area must be positive in every row (row {bad[0]} is {area[bad[0]]})")
    bad = np.flatnonzero(np.diff(area) < 0.0)
    if bad.size:
        low, high = area[bad[0] + 1] / 1e6, area[bad[0]] / 1e6
        faults.append(
            f"area must not fall as the level rises (row {bad[0] + 1}): {low:g} km2 follows "
            f"{high:g} km2"
        )
    return faults


def cumulative_volume(level: FloatArray, area: FloatArray) -> FloatArray:
    r"""Volume below each row of a level-area table.

    With the area linear in the level, :math:`V_{i+1} = V_i + \tfrac12 (A_i + A_{i+1})
    (h_{i+1} - h_i)`, and :math:`V_0 = 0` at the deepest row.

    Parameters
    ----------
    level : array (rows,)
        Levels, m, rising.
    area : array (rows,)
        Areas, m2.

    Returns
    -------
    array (rows,)
        Volumes, m3.

    Examples
    --------
    >>> import numpy as np
    >>> cumulative_volume(np.array([0.0, 2.0]), np.array([1.0, 3.0]))
    array([0., 4.])
    """
    slices = 0.5 * (area[1:] + area[:-1]) * np.diff(level)
    volume: FloatArray = np.concatenate(([0.0], np.cumsum(slices)))
    return volume


def _segment(rows: FloatArray, value: FloatArray) -> npt.NDArray[np.intp]:
    found = np.searchsorted(rows, value, side="right") - 1
    segment: npt.NDArray[np.intp] = np.clip(found, 0, rows.size - 2)
    return segment


def area_at_level(h: npt.ArrayLike, level: FloatArray, area: FloatArray) -> FloatArray:
    """Area at a level; constant above the last row, zero below the first.

    Parameters
    ----------
    h : array_like
        Levels asked for, m.
    level, area : array (rows,)
        The curve, m and m2.

    Returns
    -------
    array
        Areas, m2, of the shape of `h`.

    Examples
    --------
    >>> import numpy as np
    >>> float(area_at_level(1.0, np.array([0.0, 2.0]), np.array([1.0, 3.0])))
    2.0
    """
    found: FloatArray = np.interp(np.asarray(h, dtype=np.float64), level, area, left=0.0)
    return found


def volume_at_level(h: npt.ArrayLike, level: FloatArray, area: FloatArray) -> FloatArray:
    """Volume at a level: the integral of :func:`area_at_level`.

    Parameters
    ----------
    h : array_like
        Levels asked for, m.
    level, area : array (rows,)
        The curve, m and m2.

    Returns
    -------
    array
        Volumes, m3; zero below the first row, growing with the last area above the last row.

    Examples
    --------
    >>> import numpy as np
    >>> float(volume_at_level(1.0, np.array([0.0, 2.0]), np.array([1.0, 3.0])))
    1.5
    """
    x = np.asarray(h, dtype=np.float64)
    i = _segment(level, x)
    volume = cumulative_volume(level, area)
    slope = np.diff(area) / np.diff(level)
    d = np.minimum(x, level[-1]) - level[i]
    inside = volume[i] + d * (area[i] + 0.5 * slope[i] * d)
    above = np.maximum(x - level[-1], 0.0) * area[-1]
    result: FloatArray = np.where(x < level[0], 0.0, inside + above)
    return result


def level_at_volume(v: npt.ArrayLike, level: FloatArray, area: FloatArray) -> FloatArray:
    r"""Level at a volume: the exact inverse of :func:`volume_at_level`.

    In a segment that starts at :math:`(h_i, A_i, V_i)` with slope :math:`s_i`,
    :math:`h = h_i + 2 (V - V_i) / (A_i + \sqrt{A_i^2 + 2 s_i (V - V_i)})`, which does not cancel
    when the slope is small.

    Parameters
    ----------
    v : array_like
        Volumes asked for, m3; not negative.
    level, area : array (rows,)
        The curve, m and m2.

    Returns
    -------
    array
        Levels, m. A volume of zero gives the deepest level.

    Examples
    --------
    >>> import numpy as np
    >>> float(level_at_volume(1.5, np.array([0.0, 2.0]), np.array([1.0, 3.0])))
    1.0
    """
    x = np.asarray(v, dtype=np.float64)
    volume = cumulative_volume(level, area)
    i = _segment(volume, x)
    slope = np.diff(area) / np.diff(level)
    dv = np.minimum(x, volume[-1]) - volume[i]
    root = np.sqrt(np.maximum(area[i] ** 2 + 2.0 * slope[i] * dv, 0.0))
    above = np.maximum(x - volume[-1], 0.0) / area[-1]
    result: FloatArray = level[i] + 2.0 * dv / (area[i] + root) + above
    return result


def mean_level_between(
    first: npt.ArrayLike, last: npt.ArrayLike, level: FloatArray, area: FloatArray
) -> FloatArray:
    r"""Mean level while the volume goes in a straight line from one value to another.

    :math:`\bar h = \int_0^1 h(V_0 + x\,(V_1 - V_0))\,dx` by Gauss's rule of five points on the
    curve itself: the level of a reservoir that fills from its bed is far from a straight line.

    Parameters
    ----------
    first, last : array_like
        Volumes at both ends, m3, of one shape or one for all; not negative.
    level, area : array (rows,)
        The curve, m and m2.

    Returns
    -------
    array
        Mean levels, m.

    Examples
    --------
    A basin with upright banks, from 1 m to 3 m of water:

    >>> import numpy as np
    >>> level, area = np.array([0.0, 4.0]), np.array([2.0, 2.0])
    >>> float(mean_level_between(2.0, 6.0, level, area).round(12))
    2.0
    """
    start, end = np.broadcast_arrays(
        np.asarray(first, dtype=np.float64), np.asarray(last, dtype=np.float64)
    )
    volume = cumulative_volume(level, area)
    slope = np.diff(area) / np.diff(level)
    points, weights = np.polynomial.legendre.leggauss(5)
    i = _segment(volume, start)
    # nearly all intervals stay in one segment, which is then looked up once for all points
    over = np.maximum(start, end) > volume[-1]
    mixed = (_segment(volume, end) != i) | over
    below, base, rise, low = volume[i], area[i], slope[i], level[i]
    change = end - start
    total = np.zeros(start.shape)
    for x, weight in zip(0.5 * (1.0 + points), 0.5 * weights, strict=True):
        dv = start + x * change - below
        root = np.sqrt(np.maximum(base * base + 2.0 * rise * dv, 0.0))
        total += weight * (low + 2.0 * dv / (base + root))
    if mixed.any():
        a, b = start[mixed], end[mixed]
        again = np.zeros(a.shape)
        for x, weight in zip(0.5 * (1.0 + points), 0.5 * weights, strict=True):
            again += weight * level_at_volume(a + x * (b - a), level, area)
        total[mixed] = again
    return total


def frustum_volume_change(
    rise: npt.ArrayLike, area_before: npt.ArrayLike, area_after: npt.ArrayLike
) -> FloatArray:
    r"""Volume between two water surfaces by the frustum formula of the literature.

    :math:`\Delta V = \Delta h\,(A_1 + A_2 + \sqrt{A_1 A_2})/3`, used by Wang et al. (2022) and
    Zhang et al. (2022) for Balkhash. The library itself integrates the curve; this is for checking
    printed volumes.

    Parameters
    ----------
    rise : array_like
        Change of level, m.
    area_before, area_after : array_like
        Areas, m2.

    Returns
    -------
    array
        Volume change, m3.

    Examples
    --------
    >>> round(float(frustum_volume_change(2.4, 17651.84e6, 16732.18e6)) / 1e9, 3)
    41.256
    """
    a1 = np.asarray(area_before, dtype=np.float64)
    a2 = np.asarray(area_after, dtype=np.float64)
    change: FloatArray = np.asarray(rise, dtype=np.float64) * (a1 + a2 + np.sqrt(a1 * a2)) / 3.0
    return change


def power_law_exponent(volume: float, area: float, depth: float) -> float:
    r"""Exponent of a bowl :math:`A = A_b x^m` that holds a volume below a rim.

    With :math:`x` the height above the bottom over `depth`,
    :math:`V = A_b D / (m + 1)`, so :math:`m = A_b D / V - 1`.

    Parameters
    ----------
    volume : float
        Volume below the rim, m3.
    area : float
        Area at the rim, m2.
    depth : float
        Height of the rim above the bottom, m.

    Returns
    -------
    float
        Exponent, 1.

    Examples
    --------
    >>> power_law_exponent(volume=1.0, area=3.0, depth=1.0)
    2.0
    """
    return area * depth / volume - 1.0


def shelf_and_bowl_rows(
    *,
    reference_level: float,
    reference_area: float,
    reference_volume: float,
    bottom_level: float,
    bottom_area: float,
    slope: float,
    shelf_base: float,
    top_level: float,
    spacing: float = 0.25,
) -> tuple[FloatArray, FloatArray]:
    r"""Rows of a curve that is linear near the surface and a power-law bowl beneath.

    Above `shelf_base` the area is :math:`A_r + s (h - h_r)`, as satellites see it. Beneath, it is
    :math:`A_b x^m + a_0 (1 - x^m)` with :math:`x = (h - h_0)/(h_b - h_0)`, and :math:`m` is solved
    so that the table's own volume below `reference_level` is exactly `reference_volume`.

    Parameters
    ----------
    reference_level, reference_area, reference_volume : float
        The level (m), area (m2) and volume (m3) that the curve must pass through.
    bottom_level, bottom_area : float
        Deepest level (m) and the small area there (m2).
    slope : float
        Near-surface dA/dh, m2 per m.
    shelf_base : float
        Level down to which the near-surface slope holds, m.
    top_level : float
        Highest level of the table, m.
    spacing : float, default 0.25
        Largest distance between rows, m.

    Returns
    -------
    tuple of array
        Levels (m) and areas (m2).

    Raises
    ------
    ValueError
        Where no bowl of a positive exponent holds the volume: says which number is at fault.

    Examples
    --------
    >>> level, area = shelf_and_bowl_rows(
    ...     reference_level=10.0, reference_area=8.0, reference_volume=40.0, bottom_level=0.0,
    ...     bottom_area=0.01, slope=0.2, shelf_base=9.0, top_level=12.0)
    >>> round(float(volume_at_level(10.0, level, area)), 9)
    40.0
    """
    from scipy.optimize import brentq

    rim_area = reference_area + slope * (shelf_base - reference_level)
    shelf_volume = 0.5 * (rim_area + reference_area) * (reference_level - shelf_base)
    bowl_volume = reference_volume - shelf_volume
    depth = shelf_base - bottom_level
    if not 0.0 < bottom_area < rim_area:
        raise ValueError(
            f"area at the base of the shelf is {rim_area:.4g} m2: it must exceed the bottom area "
            f"{bottom_area:.4g} m2 (a smaller slope or a higher shelf base is needed)"
        )
    n = max(2, int(np.ceil(depth / spacing)) + 1)
    x = np.linspace(0.0, 1.0, n)
    bowl_level = bottom_level + x * depth

    def rows(m: float) -> FloatArray:
        areas: FloatArray = bottom_area + (rim_area - bottom_area) * x**m
        return areas

    def excess(m: float) -> float:
        return float(cumulative_volume(bowl_level, rows(m))[-1] - bowl_volume)

    low, high = 1e-3, 60.0
    if excess(low) < 0.0 or excess(high) > 0.0:
        raise ValueError(
            f"a bowl {depth:.3g} m deep under {rim_area:.4g} m2 cannot hold {bowl_volume:.4g} m3: "
            "the reference volume, the bottom level or the shelf base is at fault"
        )
    m = float(brentq(excess, low, high, xtol=1e-14, rtol=1e-15))
    bowl = rows(m)
    upper = (
        np.array([reference_level, top_level])
        if shelf_base < reference_level
        else np.array([top_level])
    )
    level = np.concatenate((bowl_level, upper))
    area = np.concatenate((bowl, reference_area + slope * (upper - reference_level)))
    return level, area


def power_law_rows(
    *,
    reference_level: float,
    reference_volume: float,
    bottom_level: float,
    exponent: float,
    bottom_area: float,
    top_level: float,
    spacing: float = 0.5,
) -> tuple[FloatArray, FloatArray]:
    r"""Rows of a curve whose volume is a power of the depth, :math:`V = V_r (d/d_r)^b`.

    The area is :math:`A = a\,b\,d^{b-1}` raised by a small bottom area, and the table is scaled so
    that its own volume at the reference level is exactly the reference volume.

    Parameters
    ----------
    reference_level, reference_volume : float
        Level (m) and volume (m3) that the curve must pass through.
    bottom_level : float
        Deepest level, m.
    exponent : float
        Exponent b of the volume, 1.
    bottom_area : float
        Small area at the deepest level, m2.
    top_level : float
        Highest level of the table, m.
    spacing : float, default 0.5
        Distance between rows at most, m.

    Returns
    -------
    tuple of array
        Levels (m) and areas (m2).

    Examples
    --------
    >>> level, area = power_law_rows(reference_level=10.0, reference_volume=100.0,
    ...     bottom_level=0.0, exponent=2.0, bottom_area=0.01, top_level=12.0)
    >>> round(float(volume_at_level(10.0, level, area)), 9)
    100.0
    """
    depth = reference_level - bottom_level
    n = int(np.ceil(depth / spacing)) + 1
    below = np.linspace(0.0, depth, n)
    above = np.arange(1, int(np.ceil((top_level - reference_level) / spacing)) + 1) * spacing
    d = np.concatenate((below, depth + above))
    shape = (d / depth) ** (exponent - 1.0)
    level = bottom_level + d
    unit = cumulative_volume(level, shape)[n - 1]
    scale = (reference_volume - bottom_area * depth) / unit
    return level, bottom_area + scale * shape
