"""What a lake system is made of: frozen records in SI, without time series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem
from balkhash_model.physics import hypsometry

FloatArray = npt.NDArray[np.float64]

__all__ = [
    "OUTSIDE",
    "Delta",
    "Deposition",
    "Groundwater",
    "Hypsometry",
    "Junction",
    "LinearLink",
    "Link",
    "Release",
    "River",
    "Storage",
    "Strait",
    "Weir",
    "Withdrawal",
]

#: Name of everything beyond the system, as the end of a link.
OUTSIDE = "outside"


@dataclass(frozen=True, eq=False, slots=True)
class Hypsometry:
    """A level-area-volume curve; ``A = dV/dh`` everywhere and the inverse is exact.

    Parameters
    ----------
    level, area : array (rows,)
        Levels (m) and areas (m2); the area is linear in the level between rows.
    where : str
        Name of the curve, for errors.

    Raises
    ------
    InputError
        Where the rows do not make a curve.

    Examples
    --------
    >>> import numpy as np
    >>> curve = Hypsometry(np.array([0.0, 2.0]), np.array([1.0, 3.0]), "pond")
    >>> float(curve.volume_at(1.0)), float(curve.level_at(1.5))
    (1.5, 1.0)
    """

    level: FloatArray
    area: FloatArray
    where: str = "curve"

    def __post_init__(self) -> None:
        for name in ("level", "area"):
            column = np.array(getattr(self, name), dtype=np.float64)
            column.setflags(write=False)
            object.__setattr__(self, name, column)
        faults = hypsometry.check_rows(self.level, self.area)
        if faults:
            raise InputError([Problem(self.where, fault) for fault in faults])

    @property
    def volume(self) -> FloatArray:
        """Volume below each row.

        Returns
        -------
        array (rows,)
            Volumes, m3.
        """
        return hypsometry.cumulative_volume(self.level, self.area)

    def area_at(self, level: npt.ArrayLike) -> FloatArray:
        """Area at a level.

        Parameters
        ----------
        level : array_like
            Levels, m.

        Returns
        -------
        array
            Areas, m2.
        """
        return hypsometry.area_at_level(level, self.level, self.area)

    def volume_at(self, level: npt.ArrayLike) -> FloatArray:
        """Volume at a level.

        Parameters
        ----------
        level : array_like
            Levels, m.

        Returns
        -------
        array
            Volumes, m3.
        """
        return hypsometry.volume_at_level(level, self.level, self.area)

    def level_at(self, volume: npt.ArrayLike) -> FloatArray:
        """Level at a volume, the exact inverse of :meth:`volume_at`.

        Parameters
        ----------
        volume : array_like
            Volumes, m3; not negative beyond rounding, a millionth of the volume of the curve.

        Returns
        -------
        array
            Levels, m.

        Raises
        ------
        InputError
            Where a volume is negative: there is no level beneath the bed.
        """
        asked = np.asarray(volume, dtype=np.float64)
        least = float(np.fmin.reduce(asked, axis=None, initial=0.0))
        if least < -1e-6 * float(self.volume_at(self.level[-1])):
            problem = Problem(self.where, "no level at a negative volume", f"{least:g} m3")
            raise InputError(problem)
        return hypsometry.level_at_volume(volume, self.level, self.area)


@dataclass(frozen=True, slots=True)
class Deposition:
    """Salt that leaves the water for the bed, above a salinity, at a rate.

    Attributes
    ----------
    time : float
        Time in which the salt above `above` would fall to a 1/e of it, s.
    above : float
        Salinity, kg/m3; zero where all salt takes part.
    """

    time: float
    above: float = 0.0


@dataclass(frozen=True, eq=False, slots=True)
class Storage:
    """A node that holds water: a lake basin, a reservoir or a wetland.

    Attributes
    ----------
    name : str
        Name.
    kind : str
        ``lake``, ``reservoir`` or ``wetland``.
    curve : Hypsometry
        Its level-area-volume curve.
    active_from : numpy.datetime64, optional
        First instant at which it holds water; before it, rivers pass through.
    deposition : Deposition, optional
        How its salt goes to the bed; by default none does.
    """

    name: str
    kind: Literal["lake", "reservoir", "wetland"]
    curve: Hypsometry
    active_from: np.datetime64 | None = None
    deposition: Deposition | None = None


@dataclass(frozen=True, slots=True)
class Junction:
    """A node without volume: what arrives leaves at once.

    Attributes
    ----------
    name : str
        Name; its side inflow is reported as a link from outside.
    lateral : str
        Name of the link that carries side inflow or side loss.
    salinity : float
        Salinity of side inflow, kg/m3.
    """

    name: str
    lateral: str
    salinity: float = 0.0


@dataclass(frozen=True, slots=True)
class River:
    """A river that enters a storage from outside the system.

    Attributes
    ----------
    name : str
        Name of the river, as forcing calls it.
    to : str
        The storage.
    salinity : float
        Salinity, kg/m3.
    """

    name: str
    to: str
    salinity: float = 0.0


@dataclass(frozen=True, slots=True)
class Strait:
    """A two-way channel between two storages, with a sill, after Manning.

    `exchange` is water that passes to and fro and mixes the salt of both sides, m3/s; the channel
    is open from `opens` until `closes`.
    """

    name: str
    source: str
    target: str
    sill: float
    width: float
    length: float
    roughness: float
    linear_head: float
    exchange: float = 0.0
    opens: np.datetime64 | None = None
    closes: np.datetime64 | None = None


@dataclass(frozen=True, slots=True)
class Weir:
    """A one-way overflow from a storage, with a crest, open from `opens` until `closes`."""

    name: str
    source: str
    target: str
    crest: float
    width: float
    coefficient: float = 1.705
    opens: np.datetime64 | None = None
    closes: np.datetime64 | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """A prescribed release from a storage, met while water remains."""

    name: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class LinearLink:
    """A two-way link whose flow is proportional to the head: for tests and simple lakes."""

    name: str
    source: str
    target: str
    conductance: float


@dataclass(frozen=True, eq=False, slots=True)
class Delta:
    """What leads from a junction to a lake and loses water on the way.

    Attributes
    ----------
    name : str
        Name of the flow that reaches the mouth.
    source : str
        The junction at the delta head.
    target : str
        The storage at the mouth, or ``outside``.
    mouth : str
        Name of the mouth, the end of the link.
    loss_name : str
        Name of the link that carries the loss away.
    loss_flow, loss : array (rows,)
        Loss as a function of flow, m3/s.
    """

    name: str
    source: str
    target: str
    mouth: str
    loss_name: str
    loss_flow: FloatArray
    loss: FloatArray


@dataclass(frozen=True, slots=True)
class Groundwater:
    """Exchange with groundwater, shared over storages."""

    shares: tuple[tuple[str, float], ...]
    salinity: float = 0.0


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A user that takes water from a storage.

    Attributes
    ----------
    user : str
        Name of the user.
    storage : str
        Where the water is taken.
    flow : float
        Constant rate, m3/s, unless forcing gives a series.
    priority : int
        Lower is served first where water is short.
    """

    user: str
    storage: str
    flow: float = 0.0
    priority: int = 1


Link = Strait | Weir | Release | LinearLink
