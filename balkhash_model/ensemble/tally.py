"""Compiled loops that turn the states of a block of members into counts and sums.

Everything that is added up is a whole number, so the sums are the same in any order: chunks,
threads and machines do not change a bit of a statistic.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from balkhash_model.kernel.compiled import compiled, inlined

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
CountArray = npt.NDArray[np.int32]

__all__ = ["courses", "fill_concentration", "fill_lake_level", "fill_level", "tally"]

#: Values per member and threshold in the table of courses.
FIRST, BELOW, RETURN = 0, 1, 2
#: Values per member.
LOWEST, LOWEST_AT, END, CHANGE = 0, 1, 2, 3


@inlined
def _level_area(
    table: FloatArray, first: int, hint: int, volume: float
) -> tuple[int, float, float]:  # pragma: no cover - compiled
    """Row, level and area at a volume; the row is sought from the one of the last call."""
    r = hint
    while volume >= table[r + 1, 0]:
        r += 1
    while volume < table[r, 0] and r > first:
        r -= 1
    area, slope = table[r, 2], table[r, 3]
    over = volume - table[r, 4]
    root = math.sqrt(max(area * area + 2.0 * slope * over, 0.0))
    return r, table[r, 1] + 2.0 * over / (area + root), root


@compiled
def fill_level(
    table: FloatArray, first: int, volume: FloatArray, s: int, out: FloatArray
) -> None:  # pragma: no cover - compiled
    """Level of one storage at each edge.

    Parameters
    ----------
    table : array (rows, 5)
        Packed curves of the kernel.
    first : int
        First row of the curve.
    volume : array (n + 1, storage, members)
        Volumes, m3.
    s : int
        The storage.
    out : array (n + 1, members)
        Filled with the values.

    Examples
    --------
    :func:`balkhash_model.ensemble.gather.follow` and the counts of an ensemble call it.
    """
    for t in range(out.shape[0]):
        hint = first
        for k in range(out.shape[1]):
            hint, out[t, k], _ = _level_area(table, first, hint, volume[t, s, k])


@compiled
def fill_lake_level(
    table: FloatArray,
    first: IntArray,
    basins: IntArray,
    straits: IntArray,
    sill: FloatArray,
    volume: FloatArray,
    out: FloatArray,
    area: FloatArray,
    lowest: FloatArray,
    apart: FloatArray,
) -> None:  # pragma: no cover - compiled
    """Level of the lake at each edge: mean by area, or of its lowest basin where they are apart.

    Parameters
    ----------
    table : array (rows, 5)
        Packed curves of the kernel.
    first : array of int (storage,)
        First row of each curve.
    basins : array of int
        Storages that are the lake.
    straits : array of int (straits, 2)
        Storages at their ends.
    sill : array (straits,)
        Sills, m.
    volume : array (n + 1, storage, members)
        Volumes, m3.
    out : array (n + 1, members)
        Filled with the values.
    area : array (members,)
        Room to work in.
    lowest : array (members,)
        Room to work in.
    apart : array (members,)
        Room to work in.

    Examples
    --------
    :func:`balkhash_model.ensemble.gather.follow` and the counts of an ensemble call it.
    """
    for t in range(out.shape[0]):
        for k in range(out.shape[1]):
            out[t, k] = area[k] = apart[k] = 0.0
            lowest[k] = np.inf
        for i in range(basins.size):
            s = basins[i]
            hint = first[s]
            highest = -np.inf
            for j in range(straits.shape[0]):
                if straits[j, 0] == s or straits[j, 1] == s:
                    highest = max(highest, sill[j])
            for k in range(out.shape[1]):
                hint, level, wet = _level_area(table, first[s], hint, volume[t, s, k])
                out[t, k] += level * wet
                area[k] += wet
                if not level >= lowest[k]:
                    lowest[k] = level
                if level <= highest:
                    apart[k] = 1.0
        for k in range(out.shape[1]):
            out[t, k] = lowest[k] if apart[k] > 0.0 else out[t, k] / area[k]


@compiled
def fill_concentration(
    volume: FloatArray, salt: FloatArray, s: int, out: FloatArray
) -> None:  # pragma: no cover - compiled
    """Salinity of one storage at each edge; no number where there is hardly any water.

    Parameters
    ----------
    volume : array (n + 1, storage, members)
        Volumes, m3.
    salt : array (n + 1, storage, members)
        Salt, kg.
    s : int
        The storage.
    out : array (n + 1, members)
        Filled with the values.

    Examples
    --------
    :func:`balkhash_model.ensemble.gather.follow` and the counts of an ensemble call it.
    """
    for t in range(out.shape[0]):
        for k in range(out.shape[1]):
            v = volume[t, s, k]
            out[t, k] = salt[t, s, k] / v if v > 1e3 else np.nan


@compiled
def tally(
    values: FloatArray,
    low: float,
    per_bin: float,
    geometric: bool,
    reference: float,
    scale: float,
    counts: CountArray,
    sums: IntArray,
    ends: FloatArray,
) -> None:  # pragma: no cover - compiled
    """Count values by bin, add them up in fixed point, and note the smallest and largest.

    Columns of `sums`: numbers, sum, upper and lower half of the sum of squares, out of the grid.

    Parameters
    ----------
    values : array (n, members)
        Values; what is no number is left out.
    low : float
        Lower end of the grid, or its logarithm.
    per_bin : float
        Bins per unit, or per unit of the logarithm.
    geometric : bool
        Whether the grid is of logarithms.
    reference : float
        What is taken off before the sums.
    scale : float
        What is multiplied by before the sums.
    counts : array of int (n, bins)
        Added to.
    sums : array of int (n, 5)
        Added to.
    ends : array (n, 2)
        Smallest and largest value.

    Examples
    --------
    :func:`balkhash_model.ensemble.gather.follow` and the counts of an ensemble call it.
    """
    bins = counts.shape[1]
    for t in range(values.shape[0]):
        for k in range(values.shape[1]):
            v = values[t, k]
            if v != v:
                continue
            x = ((math.log(v) if v > 0.0 else -1e300) if geometric else v) - low
            place = x * per_bin
            i = 0
            if place >= bins:
                i = bins - 1
                sums[t, 4] += 1
            elif place < 0.0:
                sums[t, 4] += 1
            else:
                i = int(place)
            counts[t, i] += 1
            fixed = (v - reference) * scale
            q = np.int64(math.floor(min(max(fixed, -2147483647.0), 2147483647.0) + 0.5))
            square = q * q
            sums[t, 0] += 1
            sums[t, 1] += q
            sums[t, 2] += square >> 32
            sums[t, 3] += square & 0xFFFFFFFF
            ends[t, 0] = min(ends[t, 0], v)
            ends[t, 1] = max(ends[t, 1], v)


@compiled
def courses(
    levels: FloatArray,
    thresholds: FloatArray,
    seconds: FloatArray,
    last: int,
    below: IntArray,
    by_threshold: FloatArray,
    by_member: FloatArray,
) -> None:  # pragma: no cover - compiled
    """Follow each member: crossings of thresholds, time below them, lowest and last level.

    The level of an interval is the mean of those at its edges; a missing one is below every
    threshold. `last` is the first interval of the last year.

    Parameters
    ----------
    levels : array (n + 1, members)
        Levels at the edges, m.
    thresholds : array (thresholds,)
        Levels, m.
    seconds : array (n,)
        Length of each interval.
    last : int
        First interval of the last year.
    below : array of int (n + 1, thresholds)
        Added to: members below each threshold.
    by_threshold : array (thresholds, 3, members)
        Filled: first interval below, seconds below and until the return.
    by_member : array (4, members)
        Filled: lowest level, its interval, level of the last year, change.

    Examples
    --------
    :func:`balkhash_model.ensemble.gather.follow` and the counts of an ensemble call it.
    """
    n, members = levels.shape[0] - 1, levels.shape[1]
    for k in range(members):
        by_member[LOWEST, k] = np.inf
        by_member[LOWEST_AT, k] = 0.0
        by_member[END, k] = 0.0
        for j in range(thresholds.size):
            by_threshold[j, FIRST, k] = np.nan
            by_threshold[j, BELOW, k] = 0.0
    for t in range(n + 1):
        for j in range(thresholds.size):
            total = 0
            for k in range(members):
                total += 0 if levels[t, k] >= thresholds[j] else 1
            below[t, j] += total
    for t in range(n):
        for k in range(members):
            level = 0.5 * (levels[t, k] + levels[t + 1, k])
            if level < by_member[LOWEST, k]:
                by_member[LOWEST, k] = level
                by_member[LOWEST_AT, k] = t
            if t >= last:
                by_member[END, k] += level / (n - last)
            for j in range(thresholds.size):
                if not level >= thresholds[j]:
                    by_threshold[j, BELOW, k] += seconds[t]
                    if not by_threshold[j, FIRST, k] >= 0.0:
                        by_threshold[j, FIRST, k] = t
    for k in range(members):
        by_member[CHANGE, k] = by_member[END, k] - levels[0, k]
        for j in range(thresholds.size):
            by_threshold[j, RETURN, k] = np.nan
            if by_threshold[j, FIRST, k] >= 0.0:
                waited = 0.0
                for t in range(int(by_member[LOWEST_AT, k]), n):
                    if 0.5 * (levels[t, k] + levels[t + 1, k]) >= thresholds[j]:
                        by_threshold[j, RETURN, k] = waited
                        break
                    waited += seconds[t]
