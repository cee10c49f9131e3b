"""A lake system and its forcing as the arrays that the kernel marches."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from balkhash_model.forcing.check import ForcingArrays
from balkhash_model.kernel import layout
from balkhash_model.physics import strait, water_activity
from balkhash_model.system import (
    Hypsometry,
    LakeSystem,
    LinearLink,
    Release,
    Storage,
    Strait,
    Weir,
)
from balkhash_model.timeaxis import TimeAxis

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

__all__ = ["Boundary", "counts", "pack", "pack_forcing"]

_NEVER = np.datetime64("0001-01-01", "s")


def counts(system: LakeSystem) -> dict[str, int]:
    """Number of storages, links, junctions and users, in the order of their records.

    Parameters
    ----------
    system : LakeSystem
        The records.

    Returns
    -------
    dict of str to int
        By kind.

    Examples
    --------
    >>> from balkhash_model.library import load_system
    >>> counts(load_system("balkhash"))
    {'storage': 3, 'link': 2, 'junction': 1, 'user': 1}
    """
    return {
        "storage": len(system.storages),
        "link": len(system.links),
        "junction": len(system.junctions),
        "user": len(system.withdrawals),
    }


def _endpoint(system: LakeSystem, name: str) -> int:
    storages = system.storage_names()
    if name in storages:
        return storages.index(name)
    junctions = [j.name for j in system.junctions]
    if name in junctions:
        return layout.junction_code(junctions.index(name))
    return layout.OUTSIDE


def _priority_bands(system: LakeSystem) -> FloatArray:
    """For each user the number of priorities at its storage, and the rank of its own from 0."""
    bands = np.ones((len(system.withdrawals), 2))
    for i, user in enumerate(system.withdrawals):
        levels = sorted({w.priority for w in system.withdrawals if w.storage == user.storage})
        bands[i] = len(levels), levels.index(user.priority)
    return bands


def _conveyance(link: Strait) -> Callable[[FloatArray], FloatArray]:
    """Conveyance of a strait by the depth over its sill, m2.5 s-1."""

    def by_depth(depth: FloatArray) -> FloatArray:
        return strait.manning_conveyance(
            depth, width=link.width, length=link.length, roughness=link.roughness
        )

    return by_depth


def _highest(system: LakeSystem, link: Strait) -> float:
    """Highest level of the curves at both ends of a strait."""
    ends = (link.source, link.target)
    return max(float(system.storage(name).curve.level[-1]) for name in ends)


def _pack_links(system: LakeSystem) -> tuple[IntArray, FloatArray]:
    """Kind and ends, and the numbers, of each link."""
    names = system.storage_names()
    link = np.zeros((len(system.links), 3), dtype=np.int64)
    value = np.zeros((len(system.links), 4))
    for i, x in enumerate(system.links):
        link[i, layout.FROM] = names.index(x.source)
        link[i, layout.TO] = _endpoint(system, x.target)
        if isinstance(x, Release):
            link[i, layout.KIND] = layout.RELEASE
        elif isinstance(x, LinearLink):
            link[i, layout.KIND] = layout.LINEAR
            value[i, layout.COEFFICIENT] = x.conductance
        elif isinstance(x, Weir):
            link[i, layout.KIND] = layout.WEIR
            value[i, layout.COEFFICIENT] = x.coefficient * x.width
            value[i, layout.SILL] = x.crest
        else:
            link[i, layout.KIND] = layout.STRAIT
            value[i, layout.SILL] = x.sill
            value[i, layout.LINEAR_HEAD] = x.linear_head
            value[i, layout.EXCHANGE] = x.exchange
    return link, value


def _pack_deltas(system: LakeSystem) -> FloatArray:
    """Corners of the losses; a piecewise linear function from zero is a sum of ramps."""
    deltas = [system.delta_at(j.name) for j in system.junctions]
    corner = np.zeros((len(deltas), 2, max((d.loss.size for d in deltas), default=1)))
    for i, d in enumerate(deltas):
        # beyond the table the loss is constant
        slope = np.concatenate(([0.0], np.diff(d.loss) / np.diff(d.loss_flow), [0.0]))
        corner[i, 0, : d.loss.size] = d.loss_flow
        corner[i, 1, : d.loss.size] = np.diff(slope)
    return corner


def pack(system: LakeSystem) -> layout.Graph:
    """Pack a lake system into the arrays of the kernel.

    Parameters
    ----------
    system : LakeSystem
        The records.

    Returns
    -------
    Graph
        Arrays in SI.

    Examples
    --------
    >>> from balkhash_model.library import load_system
    >>> pack(load_system("balkhash")).link.tolist()
    [[3, 0, -2], [1, 1, 2]]
    """
    names = system.storage_names()
    curves = [layout.pack_curve(*_columns(s.curve)) for s in system.storages]
    conveyances = [
        layout.pack_conveyance(_conveyance(x), _highest(system, x) - x.sill)
        if isinstance(x, Strait)
        else np.zeros((0, 5))
        for x in system.links
    ]
    tables = [table for table, _ in curves] + conveyances
    first = np.cumsum([0, *(len(table) for table in tables)])
    link, value = _pack_links(system)
    junction_to = np.array(
        [_endpoint(system, system.delta_at(j.name).target) for j in system.junctions],
        dtype=np.int64,
    )
    rivers = np.zeros(len(names))
    for river in system.rivers:
        rivers[names.index(river.to)] = river.salinity
    return layout.Graph(
        table=np.concatenate(tables),
        curve_row=first[: len(curves)],
        curve_brim=np.array([brim for _, brim in curves]),
        link_row=first[len(curves) : -1],
        storage_flag=np.array([1 if s.kind == "lake" else 0 for s in system.storages]),
        coupled=layout.coupling(len(names), link, junction_to),
        link=link,
        link_value=value,
        junction_to=junction_to,
        loss_corner=_pack_deltas(system),
        user_place=np.array([_endpoint(system, w.storage) for w in system.withdrawals], dtype=int),
        user_band=_priority_bands(system),
        river_salinity=rivers,
        lateral_salinity=np.array([j.salinity for j in system.junctions], dtype=np.float64),
        deposition=np.array([_deposition(s) for s in system.storages]),
        lowering=_lowering(system),
        slots=layout.slots(counts(system)),
    )


def _deposition(storage: Storage) -> tuple[float, float]:
    """Rate, 1/s, and the salinity above which it works, kg/m3."""
    d = storage.deposition
    return (0.0, 0.0) if d is None else (1.0 / d.time, d.above)


def _lowering(system: LakeSystem) -> FloatArray:
    """Terms of the water activity, and what it is worth: (a e - e_a)/(e - e_a) for evaporation."""
    ratio = system.saline_evaporation
    if ratio is None:
        return np.zeros(3)
    return np.array([water_activity.LINEAR, water_activity.QUADRATIC, 1.0 / (1.0 - ratio)])


def _columns(curve: Hypsometry) -> tuple[FloatArray, FloatArray, FloatArray]:
    return curve.level, curve.area, curve.volume


class Boundary(NamedTuple):
    """Prescribed flows, m3/s, ``(set, time, storage or user)``: what the results are told from.

    Attributes
    ----------
    river, ground : array (set, time, storage)
        Rivers and groundwater, positive into the storage.
    demand : array (set, time, user)
        What the users ask for.
    """

    river: FloatArray
    ground: FloatArray
    demand: FloatArray


def pack_forcing(
    system: LakeSystem, arrays: ForcingArrays, volumes: FloatArray, salt: FloatArray, members: int
) -> tuple[layout.Forcing, Boundary]:
    """Pack checked forcing and a start into the arrays of the kernel.

    Parameters
    ----------
    system : LakeSystem
        The records.
    arrays : ForcingArrays
        Forcing, as :func:`balkhash_model.forcing.check.read_forcing` gives it.
    volumes, salt : array (storage,)
        Water, m3, and salt, kg, at the start.
    members : int
        Members that are marched.

    Returns
    -------
    tuple of Forcing and Boundary
        Arrays in SI, and the flows across the boundary that they were made from. A group of
        forcing that no member has of its own has one set, which all share.

    Examples
    --------
    >>> from balkhash_model.forcing import empty_forcing
    >>> from balkhash_model.forcing.check import read_forcing
    >>> from balkhash_model.library import load_system
    >>> system = load_system("balkhash")
    >>> axis = TimeAxis.monthly("2000-01-01", "2001-01-01")
    >>> arrays = read_forcing(system, empty_forcing(system, axis))
    >>> packed, boundary = pack_forcing(system, arrays, np.ones(3), np.zeros(3), members=5)
    >>> packed.climate.shape, packed.initial_volume.shape, boundary.demand.shape
    ((12, 1, 6), (3, 5), (1, 12, 1))
    """
    axis = arrays.axis
    active = np.stack(
        [
            axis.edges[:-1] >= (s.active_from if s.active_from is not None else _NEVER)
            for s in system.storages
        ],
        axis=1,
    )
    climate = _group(
        system,
        layout.CLIMATE,
        rain=arrays["precipitation_rate"],
        evaporation=arrays["evaporation_rate"],
    )
    inflow, river, ground = _inflow_group(system, arrays)
    use = _use_group(system, arrays)
    ones = np.ones((1, members))
    which = [
        np.arange(members) if sets.shape[1] > 1 else np.zeros(members, dtype=np.int64)
        for sets in (climate, inflow, use)
    ]
    packed = layout.Forcing(
        duration=np.array(axis.durations),
        active=np.array(active, order="C"),
        opening=_openings(system, axis),
        gauged=np.array(np.isfinite(arrays["gauge_flow"][0]), order="C"),
        climate=climate,
        inflow=inflow,
        use=use,
        turn=np.zeros(axis.n, dtype=np.int64),
        which=np.stack(which)[:, None],
        curve_index=np.repeat(np.arange(len(system.storages))[:, None], members, axis=1),
        initial_volume=volumes[:, None] * ones,
        initial_salt=salt[:, None] * ones,
    )
    return packed, Boundary(river, ground, arrays["withdrawal_demand"])


def _inflow_group(
    system: LakeSystem, arrays: ForcingArrays
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Rows of the inflow, and the rivers and the groundwater of each storage."""
    names = system.storage_names()
    rivers, ground = _same(arrays["river_flow"], arrays["groundwater_flow"])
    river = np.zeros((*rivers.shape[:2], len(names)))
    salt_in = np.maximum(ground, 0.0) * system.groundwater.salinity
    for i, record in enumerate(system.rivers):
        s = names.index(record.to)
        river[:, :, s] += rivers[:, :, i]
        salt_in[:, :, s] += np.maximum(rivers[:, :, i], 0.0) * record.salinity
    gauge = arrays["gauge_flow"]
    packed = _group(
        system,
        layout.INFLOWS,
        inflow=np.maximum(river, 0.0) + np.maximum(ground, 0.0),
        outward=np.minimum(river, 0.0) + np.minimum(ground, 0.0),
        salt=salt_in,
        lateral=np.where(np.isfinite(gauge[0]), gauge, arrays["side_inflow"]),
        passed=river[:, :, [names.index(x.source) for x in system.links]],
    )
    return packed, river, ground


def _use_group(system: LakeSystem, arrays: ForcingArrays) -> FloatArray:
    """Rows of the releases and of what the users ask for."""
    releases = [i for i, x in enumerate(system.links) if isinstance(x, Release)]

    def of_links(name: str) -> FloatArray:
        """Values of the releases among all links."""
        values = np.zeros((*arrays[name].shape[:2], len(system.links)))
        values[:, :, releases] = arrays[name]
        return values

    demand = arrays["withdrawal_demand"]
    ahead, alike = _queue(system, demand)
    return _group(
        system,
        layout.USE,
        plan=of_links("release_demand"),
        least=of_links("release_minimum"),
        most=of_links("release_maximum"),
        target=of_links("target_volume"),
        rate=of_links("release_rate"),
        demand=demand,
        ahead=ahead,
        alike=alike,
    )


def _same(*values: FloatArray) -> list[FloatArray]:
    """Arrays with as many sets as the one that has most."""
    most = max(v.shape[0] for v in values)
    return [np.broadcast_to(v, (most, *v.shape[1:])) for v in values]


def _group(system: LakeSystem, group: int, **values: FloatArray) -> FloatArray:
    """Rows of a group of forcing side by side, with as many sets as the part that has most.

    The sets of one interval lie together, since the kernel marches all members side by side.
    """
    rows = layout.rows_of(group, counts(system))
    sets = max(v.shape[0] for v in values.values())
    n = next(iter(values.values())).shape[1]
    # written to, because the kernel would be compiled anew for arrays that cannot be
    table = np.empty((n, sets, max(r.stop for r in rows.values())))
    for name, part in rows.items():
        table[:, :, part] = np.moveaxis(values[name], 1, 0)
    return table


def _openings(system: LakeSystem, axis: TimeAxis) -> FloatArray:
    """Share of each interval in which a link is open."""
    opening = np.ones((axis.n, len(system.links)))
    start, end = axis.edges[:-1], axis.edges[1:]
    seconds = axis.durations
    for i, x in enumerate(system.links):
        if isinstance(x, Strait | Weir) and (x.opens is not None or x.closes is not None):
            first = start if x.opens is None else np.maximum(start, x.opens)
            last = end if x.closes is None else np.minimum(end, x.closes)
            opening[:, i] = np.maximum((last - first).astype(np.float64), 0.0) / seconds
    return opening


def _queue(system: LakeSystem, demand: FloatArray) -> tuple[FloatArray, FloatArray]:
    """What is asked for at the place of each user: with a higher priority, and with the same."""
    ahead, alike = np.zeros_like(demand), np.zeros_like(demand)
    users = system.withdrawals
    for i, user in enumerate(users):
        for j, other in enumerate(users):
            if other.storage == user.storage:
                if other.priority < user.priority:
                    ahead[..., i] += demand[..., j]
                elif other.priority == user.priority:
                    alike[..., i] += demand[..., j]
    return ahead, alike
