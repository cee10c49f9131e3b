"""A lake as a small graph of frozen records: storages, junctions, rivers, links, withdrawals.

Everything here is SI. Levels carry their datum with the system. Records hold no time series: what
flows when is forcing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.physics import hypsometry

FloatArray = npt.NDArray[np.float64]

__all__ = [
    "OUTSIDE",
    "Delta",
    "Groundwater",
    "Hypsometry",
    "Junction",
    "LakeSystem",
    "LinearLink",
    "Parameter",
    "ParameterSet",
    "Release",
    "River",
    "Storage",
    "Strait",
    "Weir",
    "Withdrawal",
]

#: Name of everything beyond the system, as the end of a link.
OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number of a parameter set, with what is known about it.

    Attributes
    ----------
    name : str
        Name by which systems and scenarios refer to it.
    value : float
        Value in `unit`, as the source prints it.
    unit : str
        Unit of `value`, `lower`, `upper` and the prior.
    si : float
        Value in SI.
    lower, upper : float
        Range in `unit` within which the value is thought to lie.
    prior : str
        Prior distribution in words, such as ``normal(0.85, 0.05)``; empty where none is stated.
    kind : str
        What sort of quantity it is (see :mod:`balkhash_model.units`).
    status : str
        ``published``, ``computed``, ``fitted`` or ``assumed``.
    source : tuple of str
        Keys of the sources.
    note : str
        How the value was chosen.
    """

    name: str
    value: float
    unit: str
    si: float
    lower: float
    upper: float
    prior: str
    kind: str
    status: str
    source: tuple[str, ...]
    note: str

    @property
    def normal_prior(self) -> tuple[float, float] | None:
        """Mean and standard deviation of a normal prior, in `unit`; None where there is none.

        Returns
        -------
        tuple of float or None
            Mean and standard deviation.
        """
        text = self.prior.replace(" ", "")
        if not (text.startswith("normal(") and text.endswith(")")):
            return None
        mean, sd = text[len("normal(") : -1].split(",")
        return float(mean), float(sd)


class ParameterSet(Mapping[str, Parameter]):
    """A named, never mutated set of parameters.

    Parameters
    ----------
    name : str
        Name of the set.
    title : str
        What the set is.
    parameters : mapping of str to Parameter
        The parameters.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> load_parameters("balkhash")["strait_width"].unit
    'km'
    """

    def __init__(self, name: str, title: str, parameters: Mapping[str, Parameter]) -> None:
        self.name = name
        self.title = title
        self._parameters = dict(parameters)

    def __getitem__(self, name: str) -> Parameter:
        try:
            return self._parameters[name]
        except KeyError:
            raise InputError(
                Problem(
                    f"parameter set {self.name!r}",
                    "no such parameter",
                    got=name,
                    hint=nearest(name, self._parameters),
                )
            ) from None

    def get(self, name: str, default: Any = None) -> Any:
        """One parameter, or a default where there is none of that name.

        Parameters
        ----------
        name : str
            Name of the parameter.
        default : object, optional
            What is returned otherwise.

        Returns
        -------
        Parameter or object
            The parameter.
        """
        return self._parameters.get(name, default)

    def __contains__(self, name: object) -> bool:
        return name in self._parameters

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __len__(self) -> int:
        return len(self._parameters)

    def __repr__(self) -> str:
        return f"ParameterSet({self.name!r}, {len(self)} parameters)"


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
            Volumes, m3.

        Returns
        -------
        array
            Levels, m.
        """
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


def link_date_problems(
    link: Strait | Weir, record_from: np.datetime64 | None, where: Callable[[str], str]
) -> Iterator[Problem]:
    """List what is wrong with the dates of a link.

    A date before a run is not wrong: a link that opened before is open from the start.

    Parameters
    ----------
    link : Strait or Weir
        The link.
    record_from : numpy.datetime64 or None
        First instant of the record of the lake; None where it is not stated.
    where : callable
        Gives the place of ``opens`` or ``closes``, for errors.

    Yields
    ------
    Problem
        A date before the record of the lake, or a link that closes before it opens.

    Examples
    --------
    >>> dam = Weir("dam", "a", "b", 42.0, 10.0, opens=np.datetime64("1905-08-01", "s"))
    >>> [p.what for p in link_date_problems(dam, np.datetime64("1950-01-01", "s"), str)]
    ['before the record of the lake']
    """
    for key, date in (("opens", link.opens), ("closes", link.closes)):
        if date is not None and record_from is not None and date < record_from:
            yield Problem(
                where(key),
                "before the record of the lake",
                _day(date),
                f"{_day(record_from)} or later",
                "Correct the year; a link that is open from the start of the record needs no "
                "'opens', and one that was closed before it does not belong to the lake",
            )
    if link.opens is not None and link.closes is not None and link.opens >= link.closes:
        yield Problem(
            where("closes"),
            "closes before it opens",
            _day(link.closes),
            f"later than {_day(link.opens)}, when it opens",
            "Correct one of the two dates, or leave one out",
        )


def _day(instant: np.datetime64) -> str:
    """A date as people write it, with the time of day where there is one."""
    return str(instant).removesuffix("T00:00:00")


@dataclass(frozen=True, eq=False)
class LakeSystem:
    """A lake system: what is known of a place, without time series and without assumptions.

    Attributes
    ----------
    name, title : str
        Name and title.
    datum : str
        Vertical datum of every level.
    storages : tuple of Storage
        Nodes with volume, upstream first.
    lake : tuple of str
        The storages that make up the lake, whose level is reported as a whole.
    junctions : tuple of Junction
        Nodes without volume.
    rivers : tuple of River
        Rivers from outside.
    links : tuple of Strait, Weir, Release or LinearLink
        Links that leave a storage.
    deltas : tuple of Delta
        What leads on from each junction.
    groundwater : Groundwater
        Exchange with groundwater.
    withdrawals : tuple of Withdrawal
        Users that take water from storages or junctions.
    saline_evaporation : float, optional
        Vapour pressure of the air over that of fresh water at the lake's temperature, 0 to 1, where
        salt lowers evaporation; by default it does not.
    parameters : ParameterSet
        The set that the system was built from.
    record_from : numpy.datetime64, optional
        First instant from which the lake is known; no link opens or closes before it.
    """

    name: str
    title: str
    datum: str
    storages: tuple[Storage, ...]
    lake: tuple[str, ...]
    junctions: tuple[Junction, ...] = ()
    rivers: tuple[River, ...] = ()
    links: tuple[Link, ...] = ()
    deltas: tuple[Delta, ...] = ()
    groundwater: Groundwater = field(default_factory=lambda: Groundwater(()))
    withdrawals: tuple[Withdrawal, ...] = ()
    parameters: ParameterSet = field(default_factory=lambda: ParameterSet("none", "", {}))
    saline_evaporation: float | None = None
    record_from: np.datetime64 | None = None

    def __post_init__(self) -> None:
        problems = list(self._problems())
        if problems:
            raise InputError(problems)

    def _value_problems(self, where: str) -> Iterator[Problem]:
        """Numbers and dates that no storage or link can have."""
        ratio = self.saline_evaporation
        if ratio is not None and not 0.0 <= ratio < 1.0:
            yield Problem(
                f"{where}, saline_evaporation", "outside its range", f"{ratio:g}", "0 to below 1"
            )
        for storage in self.storages:
            d = storage.deposition
            if d is not None and not (d.time > 0.0 and d.above >= 0.0):
                yield Problem(
                    f"{where}, storage {storage.name!r}, deposition",
                    "time must be positive and salinity not negative",
                    f"{d.time:g} s, {d.above:g} kg/m3",
                )
        for link in self.links:
            if not isinstance(link, Strait | Weir):
                continue
            place = f"{where}, link {link.name!r}, "
            yield from link_date_problems(link, self.record_from, place.__add__)
            if isinstance(link, Strait) and not link.exchange >= 0.0:
                yield Problem(
                    f"{where}, link {link.name!r}",
                    "negative exchange",
                    f"{link.exchange:g} m3/s",
                    "zero or more",
                )

    def _problems(self) -> Iterator[Problem]:
        where = f"system {self.name!r}"
        storages = [s.name for s in self.storages]
        junctions = [j.name for j in self.junctions]
        names = [*storages, *junctions, OUTSIDE]
        for group in (names, self.link_names(), self.users()):
            for name in sorted({n for n in group if list(group).count(n) > 1}):
                yield Problem(where, "a name is used twice", got=name)
        for name in self.lake:
            if name not in storages:
                yield Problem(f"{where}, lake", "no such storage", name, hint=nearest(name, names))
        for river in self.rivers:
            if river.to not in storages:
                yield Problem(
                    f"{where}, river {river.name!r}",
                    "flows to no storage",
                    river.to,
                    hint=nearest(river.to, storages),
                )
        for link in self.links:
            place = f"{where}, link {link.name!r}"
            if link.source not in storages:
                yield Problem(
                    place, "leaves no storage", link.source, hint=nearest(link.source, storages)
                )
            if link.source == link.target:
                yield Problem(place, "leads back to where it starts", link.source)
            ends = storages if isinstance(link, Strait | LinearLink) else names
            if link.target not in ends:
                yield Problem(place, "leads nowhere", link.target, hint=nearest(link.target, ends))
        yield from self._sill_problems(where)
        yield from self._value_problems(where)
        late = {s.name for s in self.storages if s.active_from is not None}
        for name, target in [(x.name, x.target) for x in self.links] + [
            (d.name, d.target) for d in self.deltas
        ]:
            if target in late:
                yield Problem(
                    f"{where}, link {name!r}",
                    "leads into a storage that starts later",
                    target,
                    "rivers alone may enter it",
                    "Give it no active_from, or let the water pass it by",
                )
        for junction in junctions:
            count = sum(d.source == junction for d in self.deltas)
            if count != 1:
                yield Problem(
                    f"{where}, junction {junction!r}",
                    "must have one way on",
                    got=f"{count}",
                    expected="exactly one delta",
                )
        for delta in self.deltas:
            place = f"{where}, delta {delta.name!r}"
            if delta.source not in junctions:
                yield Problem(
                    place,
                    "starts at no junction",
                    delta.source,
                    hint=nearest(delta.source, junctions),
                )
            if delta.target not in [*storages, OUTSIDE]:
                yield Problem(
                    place, "leads nowhere", delta.target, hint=nearest(delta.target, storages)
                )
            slope = np.diff(delta.loss) / np.diff(delta.loss_flow)
            if delta.loss_flow[0] != 0.0 or (slope < 0.0).any() or (slope > 1.0 + 1e-12).any():
                yield Problem(
                    place,
                    "loss table must start at zero flow and neither fall nor rise "
                    "faster than the flow",
                )
        for withdrawal in self.withdrawals:
            if withdrawal.storage not in [*storages, *junctions]:
                yield Problem(
                    f"{where}, user {withdrawal.user!r}",
                    "takes from no storage or junction",
                    withdrawal.storage,
                    hint=nearest(withdrawal.storage, [*storages, *junctions]),
                )
        total = sum(share for _, share in self.groundwater.shares)
        if self.groundwater.shares and abs(total - 1.0) > 1e-9:
            yield Problem(f"{where}, groundwater", "shares do not add up to one", f"{total:g}")
        for name, share in self.groundwater.shares:
            if name not in storages:
                yield Problem(f"{where}, groundwater", "no such storage", name)
            if not 0.0 <= share <= 1.0:
                yield Problem(f"{where}, groundwater", "share out of range", str(share), "0 to 1")
        for storage in self.storages:
            releases = [
                x.name for x in self.links if isinstance(x, Release) and x.source == storage.name
            ]
            if storage.active_from is not None and len(releases) != 1:
                yield Problem(
                    f"{where}, storage {storage.name!r}",
                    "a storage that starts later needs one release to pass its rivers on",
                    got=str(len(releases)),
                )

    def _sill_problems(self, where: str) -> Iterator[Problem]:
        """Sills and crests must lie within the curves at their ends."""
        curves = {s.name: s.curve for s in self.storages}
        for link in self.links:
            if isinstance(link, Strait):
                sill, ends = link.sill, [link.source, link.target]
            elif isinstance(link, Weir):
                sill, ends = link.crest, [link.source]
            else:
                continue
            for name in ends:
                if name in curves:
                    low, high = float(curves[name].level[0]), float(curves[name].level[-1])
                    if not low <= sill <= high:
                        yield Problem(
                            f"{where}, link {link.name!r}",
                            f"sill or crest outside the curve of {name!r}",
                            f"{sill:g} m",
                            f"{low:g} to {high:g} m",
                        )

    def storage_names(self) -> list[str]:
        """Names of the storages.

        Returns
        -------
        list of str
            In the order of the `storage` dimension.
        """
        return [s.name for s in self.storages]

    def storage(self, name: str) -> Storage:
        """One storage by name.

        Parameters
        ----------
        name : str
            Its name.

        Returns
        -------
        Storage
            The record.

        Raises
        ------
        InputError
            Where no storage has that name.
        """
        for record in self.storages:
            if record.name == name:
                return record
        raise InputError(
            Problem(
                f"system {self.name!r}",
                "no such storage",
                name,
                hint=nearest(name, self.storage_names()),
            )
        )

    def link_names(self) -> list[str]:
        """Names of all links, in the order of the `link` dimension.

        Returns
        -------
        list of str
            Links that leave storages, then for each junction its side inflow, its way on and its
            loss.
        """
        names = [link.name for link in self.links]
        for junction in self.junctions:
            delta = next((d for d in self.deltas if d.source == junction.name), None)
            if delta is not None:
                names += [junction.lateral, delta.name, delta.loss_name]
        return names

    def link_ends(self) -> list[tuple[str, str]]:
        """Both ends of every link, in the order of :meth:`link_names`.

        Returns
        -------
        list of tuple of str
            ``(link_from, link_to)``. A delta leads to its mouth, whose water is part of the
            ``river_inflow`` of the storage there.
        """
        ends = [(link.source, link.target) for link in self.links]
        for junction in self.junctions:
            delta = next(d for d in self.deltas if d.source == junction.name)
            ends += [
                (OUTSIDE, junction.name),
                (junction.name, delta.mouth),
                (junction.name, OUTSIDE),
            ]
        return ends

    def users(self) -> list[str]:
        """Names of the users.

        Returns
        -------
        list of str
            In the order of the `user` dimension.
        """
        return [w.user for w in self.withdrawals]

    def delta_at(self, junction: str) -> Delta:
        """The delta that starts at a junction.

        Parameters
        ----------
        junction : str
            Name of the junction.

        Returns
        -------
        Delta
            The record.
        """
        return next(d for d in self.deltas if d.source == junction)
