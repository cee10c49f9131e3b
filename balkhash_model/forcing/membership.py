"""Which members of an ensemble are assembled, where it is made in parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

__all__ = ["Members"]


@dataclass(frozen=True, eq=False)
class Members:
    """Some members of an ensemble.

    Without it all members of a scenario are assembled at once, numbered from 0.

    Attributes
    ----------
    numbers : array of int (members,)
        Numbers of the members, from which their seeds follow.
    climate : array of int (members,), optional
        Which of the climates of the ensemble each member has.
    climates : int
        Number of climates.
    drawn : array (members, years, 12), optional
        Monthly flows to use in place of those that the generator draws, m3/s.

    Examples
    --------
    >>> Members(np.arange(3)).climates
    1
    """

    numbers: IntArray
    climate: IntArray | None = None
    climates: int = 1
    drawn: FloatArray | None = None

    def of_climate(self, values: FloatArray) -> FloatArray:
        """Give each member the values of its climate.

        Parameters
        ----------
        values : array (climates, ...)
            One row for each climate.

        Returns
        -------
        array (members, ...)
            One row for each member.

        Examples
        --------
        >>> Members(np.arange(2), np.array([1, 0]), 2).of_climate(np.array([5.0, 6.0])).tolist()
        [6.0, 5.0]
        """
        return values if self.climate is None else values[self.climate]
