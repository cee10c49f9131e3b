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

__all__ = [
    "bin_edges",
    "courses",
    "fill_concentration",
    "fill_lake_level",
    "fill_level",
    "tally",
]

#: Greatest whole number that goes into a sum; its square still fits 64 bits.
MOST = 2147483647.0
#: One and a half times two to the 52nd: added to a whole number, it leaves it in the last bits.
UP, UP_BITS = 1.5 * 2.0**52, 0x4338000000000000

#: Bits of a number below its sign, exponent and the first nine bits of its mantissa.
_CELL_BITS = 43

#: Values per member and threshold in the table of courses.
FIRST, BELOW, RETURN = 0, 1, 2
#: Values per member.
LOWEST, LOWEST_AT, END, CHANGE = 0, 1, 2, 3


@inlined
def _follow_rows(
    table: FloatArray,
    first: int,
    volume: FloatArray,
    t: int,
    s: int,
    work: FloatArray,
    at: int,
) -> None:  # pragma: no cover - compiled
    """Keep the row of a curve in which each member is: where it begins and ends, and its numbers.

    Members seldom leave their row from one edge to the next, so one quick look at all of them is
    mostly all there is to do.
    """
    members = volume.shape[2]
    gone = 0
    for k in range(members):
        v = volume[t, s, k]
        gone += 0 if (v >= work[at, k]) & (v < work[at + 1, k]) else 1
    if gone > 0:
        for k in range(members):
            v = volume[t, s, k]
            if v >= work[at, k] and v < work[at + 1, k]:
                continue
            r = int(work[at + 6, k])
            while v >= table[r + 1, 0]:
                r += 1
            while v < table[r, 0] and r > first:
                r -= 1
            work[at, k], work[at + 1, k], work[at + 6, k] = table[r, 0], table[r + 1, 0], r
            for i in range(4):
                work[at + 2 + i, k] = table[r, 1 + i]


@inlined
def _level_area(
    volume: FloatArray,
    t: int,
    s: int,
    work: FloatArray,
    at: int,
    level: int,
    wet: int,
) -> None:  # pragma: no cover - compiled
    """Level and area of each member, from the row that it is in, into two rows of `work`."""
    for k in range(volume.shape[2]):
        area, slope = work[at + 3, k], work[at + 4, k]
        over = volume[t, s, k] - work[at + 5, k]
        work[wet, k] = math.sqrt(max(area * area + 2.0 * slope * over, 0.0))
    for k in range(volume.shape[2]):
        over = volume[t, s, k] - work[at + 5, k]
        work[level, k] = work[at + 2, k] + 2.0 * over / (work[at + 3, k] + work[wet, k])


@inlined
def _begin_rows(first: int, work: FloatArray, at: int) -> None:  # pragma: no cover - compiled
    """Put every member into no row, to be sought from the first."""
    for k in range(work.shape[1]):
        work[at, k], work[at + 1, k], work[at + 6, k] = np.inf, -np.inf, first


@compiled
def fill_level(
    table: FloatArray, first: int, volume: FloatArray, s: int, out: FloatArray, work: FloatArray
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
    work : array (9, members)
        Room to work in.

    Examples
    --------
    :func:`balkhash_model.ensemble.gather.follow` and the counts of an ensemble call it.
    """
    _begin_rows(first, work, 2)
    for t in range(out.shape[0]):
        _follow_rows(table, first, volume, t, s, work, 2)
        _level_area(volume, t, s, work, 2, 0, 1)
        for k in range(out.shape[1]):
            out[t, k] = work[0, k]


@compiled
def fill_lake_level(
    table: FloatArray,
    first: IntArray,
    basins: IntArray,
    straits: IntArray,
    sill: FloatArray,
    volume: FloatArray,
    out: FloatArray,
    work: FloatArray,
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
    work : array (5 + 7 basins, members)
        Room to work in.

    Examples
    --------
    :func:`balkhash_model.ensemble.gather.follow` and the counts of an ensemble call it.
    """
    members = out.shape[1]
    for i in range(basins.size):
        _begin_rows(first[basins[i]], work, 5 + 7 * i)
    for t in range(out.shape[0]):
        for k in range(members):
            out[t, k] = 0.0
            work[2, k] = 0.0
            work[3, k] = np.inf
            work[4, k] = 0.0
        for i in range(basins.size):
            s, at = basins[i], 5 + 7 * i
            highest = -np.inf
            for j in range(straits.shape[0]):
                if straits[j, 0] == s or straits[j, 1] == s:
                    highest = max(highest, sill[j])
            _follow_rows(table, first[s], volume, t, s, work, at)
            _level_area(volume, t, s, work, at, 0, 1)
            for k in range(members):
                out[t, k] += work[0, k] * work[1, k]
                work[2, k] += work[1, k]
            for k in range(members):
                level, lowest = work[0, k], work[3, k]
                work[3, k] = lowest if level >= lowest else level
                work[4, k] = 1.0 if level <= highest else work[4, k]
        for k in range(members):
            mean = out[t, k] / work[2, k]
            out[t, k] = work[3, k] if work[4, k] > 0.0 else mean


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
def _fill_edges(
    low: float, per_bin: float, guess: FloatArray, edges: FloatArray, bits: IntArray
) -> None:  # pragma: no cover - compiled
    for i in range(edges.size):
        edges[i] = guess[i] * (1.0 - 1e-11)
        below = bits[i]
        edges[i] = guess[i] * (1.0 + 1e-11)
        above = bits[i]
        while above - below > 1:
            middle = below + ((above - below) >> 1)
            bits[i] = middle
            if (math.log(edges[i]) - low) * per_bin >= i:
                above = middle
            else:
                below = middle
        bits[i] = above


def bin_edges(low: float, per_bin: float, bins: int) -> tuple[FloatArray, IntArray]:
    """Where geometric bins begin, to the last bit, so that no logarithm is needed to find a bin.

    Parameters
    ----------
    low : float
        Logarithm of the lower end of the grid.
    per_bin : float
        Bins per unit of the logarithm.
    bins : int
        Number of bins.

    Returns
    -------
    tuple of array (bins + 1,) and array of int
        The smallest number in each bin, and the first that is in none. The bins of the numbers
        whose bits end in 43 zeros, from the lowest edge on; before them, where they begin.

    Examples
    --------
    >>> edges, cells = bin_edges(0.0, 10.0, 20)
    >>> edges[10].round(6), bool(int(cells[0]) << 43 == np.ones(1).view(np.int64)[0])
    (np.float64(2.718282), True)
    """
    edges = np.empty(bins + 1)
    guess = np.exp(low + np.arange(bins + 1) / per_bin)
    bits = edges.view(np.int64)
    _fill_edges(low, per_bin, guess, edges, bits)
    start = int(bits[0]) >> _CELL_BITS
    cell = np.arange(start, (int(bits[-1]) >> _CELL_BITS) + 1) << _CELL_BITS
    inside = np.maximum(np.searchsorted(edges, cell.view(np.float64), side="right") - 1, 0)
    return edges, np.concatenate(([start], inside))


@compiled
def tally(
    values: FloatArray,
    bits: IntArray,
    low: float,
    per_bin: float,
    edges: FloatArray,
    cells: IntArray,
    reference: float,
    scale: float,
    counts: CountArray,
    sums: IntArray,
    ends: FloatArray,
    room: FloatArray,
    whole: IntArray,
) -> None:  # pragma: no cover - compiled
    """Count values by bin, add them up in fixed point, and note the smallest and largest.

    Columns of `sums`: numbers, sum, upper and lower half of the sum of squares, out of the grid.

    Parameters
    ----------
    values : array (n, members)
        Values; what is no number is left out.
    bits : array of int (n, members)
        The same memory as whole numbers.
    low : float
        Lower end of the grid.
    per_bin : float
        Bins per unit.
    edges, cells : array
        As :func:`bin_edges` gives them; empty where all bins are of one width.
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
    room : array (members,)
        Room to work in.
    whole : array of int (members,)
        The same memory as whole numbers.

    Examples
    --------
    :func:`balkhash_model.ensemble.gather.follow` and the counts of an ensemble call it.
    """
    bins = counts.shape[1]
    for t in range(values.shape[0]):
        least, most, outside = ends[t, 0], ends[t, 1], 0
        for k in range(values.shape[1]):
            v = values[t, k]
            if v != v:
                continue
            i = 0
            if edges.size > 0:
                if v >= edges[bins]:
                    i = bins - 1
                    outside += 1
                elif v < edges[0]:
                    outside += 1
                else:
                    i = cells[1 + (bits[t, k] >> _CELL_BITS) - cells[0]]
                    while v >= edges[i + 1]:
                        i += 1
            else:
                place = (v - low) * per_bin
                if place >= bins:
                    i = bins - 1
                    outside += 1
                elif place < 0.0:
                    outside += 1
                else:
                    i = int(place)
            counts[t, i] += 1
            least = min(least, v)
            most = max(most, v)
        ends[t, 0], ends[t, 1] = least, most
        number, total, upper, lower = 0, np.int64(0), np.int64(0), np.int64(0)
        for k in range(values.shape[1]):
            v = values[t, k]
            known = v == v
            fixed = (v - reference) * scale if known else 0.0
            # so far up a number holds its whole part in its last bits
            room[k] = np.floor(min(max(fixed, -MOST), MOST) + 0.5) + UP
            number += 1 if known else 0
        for k in range(values.shape[1]):
            q = whole[k] - UP_BITS
            square = q * q
            total += q
            upper += square >> 32
            lower += square & 0xFFFFFFFF
        sums[t, 0] += number
        sums[t, 1] += total
        sums[t, 2] += upper
        sums[t, 3] += lower
        sums[t, 4] += outside


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
        Filled: lowest level, its interval, level of the last year (intervals by length), change.

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
                by_member[END, k] += level * seconds[t]
            for j in range(thresholds.size):
                if not level >= thresholds[j]:
                    by_threshold[j, BELOW, k] += seconds[t]
                    if not by_threshold[j, FIRST, k] >= 0.0:
                        by_threshold[j, FIRST, k] = t
    length = seconds[last:].sum()
    for k in range(members):
        by_member[END, k] /= length
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
