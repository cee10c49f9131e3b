"""Statistics of an ensemble, gathered member by member in memory that does not grow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

__all__ = ["Grid", "Moments", "duration_grid", "level_grid", "salinity_grid"]


@dataclass(frozen=True)
class Grid:
    """Bins in which the values of a variable are counted.

    A quantile is the middle of the bin that holds the member of its rank, so it is wrong by half
    the width of a bin at most; by half of it relative to the value where bins are geometric.

    Attributes
    ----------
    low, high : float
        Ends of the grid; their logarithms where it is geometric.
    bins : int
        Number of bins.
    geometric : bool
        Whether bins are as wide as their value.
    reference, scale : float
        Sums are of whole numbers ``(value - reference) * scale``.

    Examples
    --------
    >>> Grid(340.0, 344.0, 2000).error
    0.001
    """

    low: float
    high: float
    bins: int
    geometric: bool = False
    reference: float = 0.0
    scale: float = 1.0

    @property
    def per_bin(self) -> float:
        """Bins per unit.

        Returns
        -------
        float
            Inverse of the width.
        """
        return self.bins / (self.high - self.low)

    @property
    def error(self) -> float:
        """Greatest error of a quantile inside the grid.

        Returns
        -------
        float
            Half the width of a bin; relative where the grid is geometric.
        """
        width = (self.high - self.low) / self.bins
        return math.sinh(0.5 * width) if self.geometric else 0.5 * width

    def middle(self, index: IntArray) -> FloatArray:
        """Values at the middle of bins.

        Parameters
        ----------
        index : array of int
            Bins.

        Returns
        -------
        array
            Values.

        Examples
        --------
        >>> Grid(340.0, 344.0, 4).middle(np.array([0, 3])).tolist()
        [340.5, 343.5]
        """
        at = self.low + (index + 0.5) / self.per_bin
        values = np.exp(at) if self.geometric else at
        return np.asarray(values, dtype=np.float64)


def _fixed(low: float, high: float) -> tuple[float, float]:
    """Reference and the power of two that leaves room for the square of every value."""
    middle = round(0.5 * (low + high))
    reach = max(high - middle, middle - low)
    return float(middle), 2.0 ** (30 - math.ceil(math.log2(reach)))


def level_grid(low: float, high: float, resolution: float = 0.002) -> Grid:
    """Grid of a level.

    Parameters
    ----------
    low, high : float
        Lowest and highest level that can occur, m.
    resolution : float, default 0.002
        Width of a bin, m.

    Returns
    -------
    Grid
        Bins of that width.

    Examples
    --------
    >>> level_grid(340.0, 344.0).bins
    2000
    """
    bins = max(math.ceil((high - low) / resolution - 1e-9), 1)
    reference, scale = _fixed(low, high)
    return Grid(low, low + bins * resolution, bins, False, reference, scale)


def salinity_grid(resolution: float = 0.002) -> Grid:
    """Grid of a salinity: 0.01 to 400 kg m-3, bins as wide as a share of their value.

    Parameters
    ----------
    resolution : float, default 0.002
        Width of a bin over its value.

    Returns
    -------
    Grid
        Geometric bins.

    Examples
    --------
    >>> salinity_grid().geometric
    True
    """
    low, high = math.log(0.01), math.log(400.0)
    return Grid(low, high, math.ceil((high - low) / resolution), True, 0.0, 2.0**21)


def duration_grid(years: float, intervals: int) -> Grid:
    """Grid of a time within a run: bins about half an interval wide, the first around zero.

    Zero is the middle of its bin and the width a power of two, so that the quantile of members
    that are never below a threshold is exactly zero.

    Parameters
    ----------
    years : float
        Length of the run, years.
    intervals : int
        Number of intervals of the run.

    Returns
    -------
    Grid
        Bins from zero to the length of the run.

    Examples
    --------
    >>> grid = duration_grid(25.0, 300)
    >>> 1.0 / grid.per_bin, grid.middle(np.array([0, 32])).tolist()
    (0.03125, [0.0, 1.0])
    """
    width = 2.0 ** math.floor(math.log2(years / (2 * intervals)))
    bins = math.ceil(years / width + 0.5)
    low = -0.5 * width
    return Grid(low, low + bins * width, bins, False, 0.0, 2.0**20)


@cache
def _edges(grid: Grid) -> tuple[FloatArray, IntArray]:
    """Edges of geometric bins and where to begin to look; nothing where all have one width."""
    if not grid.geometric:
        return np.empty(0), np.empty(0, dtype=np.int64)
    from balkhash_model.ensemble.tally import bin_edges

    return bin_edges(float(grid.low), float(grid.per_bin), grid.bins)


class Moments:
    """Counts, sums and extremes of one variable at each instant.

    Parameters
    ----------
    grid : Grid
        The bins.
    n : int
        Number of instants.

    Examples
    --------
    >>> m = Moments(Grid(0.0, 4.0, 4, scale=1024.0), 1)
    >>> m.add(np.array([[0.5, 1.5, 2.5, 3.5]]))
    >>> float(m.mean()[0]), m.quantiles([0.5]).tolist()
    (2.0, [[1.5]])
    """

    def __init__(self, grid: Grid, n: int) -> None:
        self.grid = grid
        self.counts = np.zeros((n, grid.bins), dtype=np.int32)
        self.sums = np.zeros((n, 5), dtype=np.int64)
        self.ends = np.empty((n, 2))
        self.ends[:, 0], self.ends[:, 1] = np.inf, -np.inf

    def add(self, values: FloatArray) -> None:
        """Take in the values of some members.

        Parameters
        ----------
        values : array (n, members)
            Values; what is no number is left out.
        """
        from balkhash_model.ensemble.tally import tally

        g = self.grid
        room = np.empty(values.shape[1])
        tally(
            values,
            values.view(np.int64),
            float(g.low),
            float(g.per_bin),
            *_edges(g),
            float(g.reference),
            float(g.scale),
            self.counts,
            self.sums,
            self.ends,
            room,
            room.view(np.int64),
        )

    def merge(self, other: Moments) -> None:
        """Take in what another has gathered; the order does not matter, bit for bit.

        Parameters
        ----------
        other : Moments
            On the same grid.
        """
        self.counts += other.counts
        self.sums += other.sums
        self.ends[:, 0] = np.minimum(self.ends[:, 0], other.ends[:, 0])
        self.ends[:, 1] = np.maximum(self.ends[:, 1], other.ends[:, 1])

    def mean(self) -> FloatArray:
        """Mean of the members.

        Returns
        -------
        array (n,)
            Means; NaN where there is no value, or one beyond what the sums can hold.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = self.grid.reference + self.sums[:, 1] / self.sums[:, 0] / self.grid.scale
        return np.where(self._held(), mean, np.nan)

    def _held(self) -> npt.NDArray[np.bool_]:
        """Whether every value lay within what the sums can hold."""
        from balkhash_model.ensemble.tally import MOST

        reach = MOST / self.grid.scale
        low, high = self.grid.reference - reach, self.grid.reference + reach
        # without a value the ends are infinite the other way round
        held: npt.NDArray[np.bool_] = ~((self.ends[:, 0] < low) | (self.ends[:, 1] > high))
        return held

    def deviation(self) -> FloatArray:
        """Standard deviation of the members, with n - 1.

        Returns
        -------
        array (n,)
            Deviations; NaN where there are fewer than two values, or one beyond what the sums can
            hold.
        """
        held = self._held()
        out = np.full(len(self.sums), np.nan)
        for i, (n, total, high, low, _) in enumerate(self.sums.tolist()):
            if n > 1 and held[i]:
                # whole numbers of any length, so nothing cancels
                spread = n * ((high << 32) + low) - total * total
                out[i] = math.sqrt(spread / (n * (n - 1))) / self.grid.scale
        return out

    def quantiles(self, shares: Sequence[float]) -> FloatArray:
        """Give the value of the member of rank ``ceil(share * members)``.

        Parameters
        ----------
        shares : sequence of float
            Between 0 and 1.

        Returns
        -------
        array (shares, n)
            Middle of the bin of that member, see :class:`Grid` for its error.
        """
        out = np.full((len(shares), len(self.sums)), np.nan)
        for t, row in enumerate(self.counts):
            total = int(self.sums[t, 0])
            if total == 0:
                continue
            running = np.cumsum(row, dtype=np.int64)
            ranks = [min(max(math.ceil(q * total - 1e-9), 1), total) for q in shares]
            out[:, t] = self.grid.middle(np.searchsorted(running, ranks))
        clipped: FloatArray = np.clip(out, self.ends[:, 0], self.ends[:, 1])
        return clipped

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Give all that was gathered.

        Returns
        -------
        dict of str to array
            Counts, sums and ends.
        """
        return {"counts": self.counts, "sums": self.sums, "ends": self.ends}
