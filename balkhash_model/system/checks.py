"""What keeps records from making a lake system; all problems at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from balkhash_model.errors import Problem, nearest
from balkhash_model.system.records import OUTSIDE, LinearLink, Release, Strait, Weir

if TYPE_CHECKING:
    from balkhash_model.system.graph import LakeSystem

__all__ = ["link_date_problems", "system_problems"]


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


def system_problems(system: LakeSystem) -> Iterator[Problem]:
    """List what keeps records from making a lake system.

    Parameters
    ----------
    system : LakeSystem
        The records.

    Yields
    ------
    Problem
        A name that is used twice or that nothing has, a link or a delta that leads nowhere, a
        number or a date that cannot be.

    Examples
    --------
    >>> from balkhash_model.library import load_system
    >>> list(system_problems(load_system("balkhash")))
    []
    """
    where = f"system {system.name!r}"
    yield from _name_problems(system, where)
    yield from _river_and_link_problems(system, where)
    yield from _sill_problems(system, where)
    yield from _value_problems(system, where)
    yield from _late_problems(system, where)
    yield from _delta_problems(system, where)
    yield from _user_problems(system, where)
    yield from _groundwater_problems(system, where)
    yield from _release_problems(system, where)


def _name_problems(system: LakeSystem, where: str) -> Iterator[Problem]:
    """Names that are used twice, and basins of the lake that are no storage."""
    storages = system.storage_names()
    names = [*storages, *(j.name for j in system.junctions), OUTSIDE]
    for group in (names, system.link_names(), system.users()):
        for name in sorted({n for n in group if list(group).count(n) > 1}):
            yield Problem(where, "a name is used twice", got=name)
    for name in system.lake:
        if name not in storages:
            yield Problem(f"{where}, lake", "no such storage", name, hint=nearest(name, names))


def _river_and_link_problems(system: LakeSystem, where: str) -> Iterator[Problem]:
    """Rivers and links must end where there is something."""
    storages = system.storage_names()
    names = [*storages, *(j.name for j in system.junctions), OUTSIDE]
    for river in system.rivers:
        if river.to not in storages:
            yield Problem(
                f"{where}, river {river.name!r}",
                "flows to no storage",
                river.to,
                hint=nearest(river.to, storages),
            )
    for link in system.links:
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


def _sill_problems(system: LakeSystem, where: str) -> Iterator[Problem]:
    """Sills and crests must lie within the curves at their ends."""
    curves = {s.name: s.curve for s in system.storages}
    for link in system.links:
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


def _value_problems(system: LakeSystem, where: str) -> Iterator[Problem]:
    """Numbers and dates that no storage or link can have."""
    ratio = system.saline_evaporation
    if ratio is not None and not 0.0 <= ratio < 1.0:
        yield Problem(
            f"{where}, saline_evaporation", "outside its range", f"{ratio:g}", "0 to below 1"
        )
    for storage in system.storages:
        d = storage.deposition
        if d is not None and not (d.time > 0.0 and d.above >= 0.0):
            yield Problem(
                f"{where}, storage {storage.name!r}, deposition",
                "time must be positive and salinity not negative",
                f"{d.time:g} s, {d.above:g} kg/m3",
            )
    for link in system.links:
        if not isinstance(link, Strait | Weir):
            continue
        place = f"{where}, link {link.name!r}, "
        yield from link_date_problems(link, system.record_from, place.__add__)
        if isinstance(link, Strait) and not link.exchange >= 0.0:
            yield Problem(
                f"{where}, link {link.name!r}",
                "negative exchange",
                f"{link.exchange:g} m3/s",
                "zero or more",
            )


def _late_problems(system: LakeSystem, where: str) -> Iterator[Problem]:
    """Rivers alone may enter a storage that starts later."""
    late = {s.name for s in system.storages if s.active_from is not None}
    for name, target in [(x.name, x.target) for x in system.links] + [
        (d.name, d.target) for d in system.deltas
    ]:
        if target in late:
            yield Problem(
                f"{where}, link {name!r}",
                "leads into a storage that starts later",
                target,
                "rivers alone may enter it",
                "Give it no active_from, or let the water pass it by",
            )


def _delta_problems(system: LakeSystem, where: str) -> Iterator[Problem]:
    """Each junction needs one way on, with a loss that can be."""
    storages = system.storage_names()
    junctions = [j.name for j in system.junctions]
    for junction in junctions:
        count = sum(d.source == junction for d in system.deltas)
        if count != 1:
            yield Problem(
                f"{where}, junction {junction!r}",
                "must have one way on",
                got=f"{count}",
                expected="exactly one delta",
            )
    for delta in system.deltas:
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
                "loss table must start at zero flow and neither fall nor rise faster than the flow",
            )


def _user_problems(system: LakeSystem, where: str) -> Iterator[Problem]:
    """Users must take from what there is."""
    storages = system.storage_names()
    junctions = [j.name for j in system.junctions]
    for withdrawal in system.withdrawals:
        if withdrawal.storage not in [*storages, *junctions]:
            yield Problem(
                f"{where}, user {withdrawal.user!r}",
                "takes from no storage or junction",
                withdrawal.storage,
                hint=nearest(withdrawal.storage, [*storages, *junctions]),
            )


def _groundwater_problems(system: LakeSystem, where: str) -> Iterator[Problem]:
    """Shares of storages that there are, which add up to one."""
    storages = system.storage_names()
    total = sum(share for _, share in system.groundwater.shares)
    if system.groundwater.shares and abs(total - 1.0) > 1e-9:
        yield Problem(f"{where}, groundwater", "shares do not add up to one", f"{total:g}")
    for name, share in system.groundwater.shares:
        if name not in storages:
            yield Problem(f"{where}, groundwater", "no such storage", name)
        if not 0.0 <= share <= 1.0:
            yield Problem(f"{where}, groundwater", "share out of range", str(share), "0 to 1")


def _release_problems(system: LakeSystem, where: str) -> Iterator[Problem]:
    """A storage that starts later passes its rivers on through one release."""
    for storage in system.storages:
        releases = [
            x.name for x in system.links if isinstance(x, Release) and x.source == storage.name
        ]
        if storage.active_from is not None and len(releases) != 1:
            yield Problem(
                f"{where}, storage {storage.name!r}",
                "a storage that starts later needs one release to pass its rivers on",
                got=str(len(releases)),
            )
