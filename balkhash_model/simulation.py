"""Run a lake system on forcing: pack numbers for the kernel, give names and units to results.

Reads no file and knows no scenario.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from balkhash_model import provenance, quantities
from balkhash_model.diagnostics.balance import check_balance, storage_residual
from balkhash_model.errors import BalkhashError, InputError, Problem
from balkhash_model.forcing.check import ForcingArrays, read_forcing
from balkhash_model.kernel import layout
from balkhash_model.physics import strait, water_activity
from balkhash_model.system import (
    OUTSIDE,
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

__all__ = ["initial_volumes", "pack", "simulate"]

#: Less water than this has no salinity to speak of, m3.
_SALINE_VOLUME = 1e3
_NEVER = np.datetime64("0001-01-01", "s")


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
    number = {
        "storage": len(names),
        "link": len(system.links),
        "junction": len(system.junctions),
        "user": len(system.withdrawals),
    }
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
        slots=layout.slots(number),
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


def initial_volumes(
    system: LakeSystem,
    levels: float | Mapping[str, float],
    start: np.datetime64,
) -> FloatArray:
    """Volumes at the start from levels.

    Parameters
    ----------
    system : LakeSystem
        The lake system.
    levels : float or mapping of str to float
        One level for the basins of the lake, or a level for each storage, m. A reservoir without
        a level starts empty if it is not yet active.
    start : numpy.datetime64
        First instant.

    Returns
    -------
    array (storage,)
        Volumes, m3.

    Raises
    ------
    InputError
        Where a level lies outside its curve, is missing, or belongs to no storage.

    Examples
    --------
    >>> from balkhash_model.library import load_system
    >>> v = initial_volumes(load_system("balkhash"), 342.0, np.datetime64("1961-01-01"))
    >>> (v / 1e9).round(6).tolist()
    [0.0, 48.5, 57.5]
    """
    given = (
        dict(levels) if isinstance(levels, Mapping) else dict.fromkeys(system.lake, float(levels))
    )
    problems: list[Problem] = []
    for name in given:
        if name not in system.storage_names():
            problems.append(
                Problem(
                    f"initial level of {name!r}",
                    "no such storage",
                    expected=", ".join(system.storage_names()),
                )
            )
    volumes = np.zeros(len(system.storages))
    for i, storage in enumerate(system.storages):
        active = storage.active_from is None or start >= storage.active_from
        if storage.name not in given:
            if active:
                problems.append(
                    Problem(
                        f"initial level of {storage.name!r}",
                        "missing",
                        hint="Give a level for each storage that holds water",
                    )
                )
            continue
        level = float(given[storage.name])
        low, high = float(storage.curve.level[0]), float(storage.curve.level[-1])
        if not low <= level <= high:
            problems.append(
                Problem(
                    f"initial level of {storage.name!r}",
                    "outside its curve",
                    f"{level:g} m",
                    f"{low:g} to {high:g} m ({system.datum})",
                )
            )
        elif active:
            volumes[i] = float(storage.curve.volume_at(level))
    if problems:
        raise InputError(problems)
    return volumes


def _initial_state(
    system: LakeSystem,
    axis: TimeAxis,
    initial: float | Mapping[str, float] | xr.Dataset,
    salinity: Mapping[str, float] | None,
) -> tuple[FloatArray, FloatArray]:
    """Volumes and salt masses at the start, from levels or from the end of a result."""
    names = system.storage_names()
    if isinstance(initial, xr.Dataset):
        problems = [
            Problem("initial result", "lacks a variable", expected=name)
            for name in ("water_volume", "salt_mass")
            if name not in initial
        ]
        if not problems and list(initial["storage"].values) != names:
            problems.append(
                Problem(
                    "initial result",
                    "other storages",
                    str(list(initial["storage"].values)),
                    str(names),
                )
            )
        if "realization" in initial.dims:
            problems.append(
                Problem(
                    "initial result",
                    "holds several members",
                    expected="one member",
                    hint="Select one: result.isel(realization=0)",
                )
            )
        end = initial["time_edge"].values[-1].astype("datetime64[s]") if not problems else None
        if end is not None and end != axis.edges[0]:
            problems.append(
                Problem(
                    "initial result",
                    "does not end where this run starts",
                    str(end)[:10],
                    str(axis.edges[0])[:10],
                )
            )
        if not problems and initial.attrs.get("datum", system.datum) != system.datum:
            problems.append(
                Problem(
                    "initial result", "another datum", str(initial.attrs["datum"]), system.datum
                )
            )
        if problems:
            raise InputError(problems)
        last = initial.isel(time_edge=-1)
        return np.array(last["water_volume"].values), np.array(last["salt_mass"].values)
    numbers = list(initial.values()) if isinstance(initial, Mapping) else [initial]
    if not all(isinstance(x, int | float | np.number) and np.isfinite(x) for x in numbers):
        raise InputError(
            Problem(
                "initial level",
                "not a number",
                repr(initial),
                "metres as a number, a mapping of storage to metres, or a result",
                "balkhash_model.units.parse reads '342.0 m'",
            )
        )
    volumes = initial_volumes(system, initial, axis.edges[0])
    concentration = np.array([(salinity or {}).get(n, 0.0) for n in names])
    unknown = sorted(set(salinity or {}) - set(names))
    if unknown or (concentration < 0.0).any():
        raise InputError(
            Problem(
                "initial salinity",
                "unknown storage or negative value",
                str(dict(salinity or {})),
                ", ".join(names),
            )
        )
    return volumes, volumes * concentration


def _kernel_forcing(
    system: LakeSystem, arrays: ForcingArrays, volumes: FloatArray, salt: FloatArray, members: int
) -> tuple[layout.Forcing, _Boundary]:
    axis = arrays.axis
    names = system.storage_names()
    active = np.stack(
        [
            axis.edges[:-1] >= (s.active_from if s.active_from is not None else _NEVER)
            for s in system.storages
        ],
        axis=1,
    )
    members_of = _Sets(system, arrays.axis.n)
    rivers, ground = _same(arrays["river_flow"], arrays["groundwater_flow"])
    river = np.zeros((*rivers.shape[:2], len(names)))
    salt_in = np.maximum(ground, 0.0) * system.groundwater.salinity
    for i, record in enumerate(system.rivers):
        s = names.index(record.to)
        river[:, :, s] += rivers[:, :, i]
        salinity = record.salinity
        salt_in[:, :, s] += np.maximum(rivers[:, :, i], 0.0) * salinity
    gauge = arrays["gauge_flow"]
    gauged = np.isfinite(gauge[0])
    lateral = np.where(gauged, gauge, arrays["side_inflow"])
    sources = [names.index(x.source) for x in system.links]
    releases = [i for i, x in enumerate(system.links) if isinstance(x, Release)]

    def of_links(name: str) -> FloatArray:
        """Values of the releases among all links."""
        values = np.zeros((*arrays[name].shape[:2], len(system.links)))
        values[:, :, releases] = arrays[name]
        return values

    demand = arrays["withdrawal_demand"]
    ahead, alike = _queue(system, demand)
    climate = members_of(
        layout.CLIMATE,
        rain=arrays["precipitation_rate"],
        evaporation=arrays["evaporation_rate"],
    )
    inflow = members_of(
        layout.INFLOWS,
        inflow=np.maximum(river, 0.0) + np.maximum(ground, 0.0),
        outward=np.minimum(river, 0.0) + np.minimum(ground, 0.0),
        salt=salt_in,
        lateral=lateral,
        passed=river[:, :, sources],
    )
    use = members_of(
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
    ones = np.ones((1, members))
    which = [
        np.arange(members) if len(sets) > 1 else np.zeros(members, dtype=np.int64)
        for sets in (climate, inflow, use)
    ]
    packed = layout.Forcing(
        duration=np.array(axis.durations),
        active=np.array(active, order="C"),
        opening=_openings(system, axis),
        gauged=np.array(gauged, order="C"),
        climate=climate,
        inflow=inflow,
        use=use,
        which=np.stack(which),
        curve_index=np.repeat(np.arange(len(names))[:, None], members, axis=1),
        initial_volume=volumes[:, None] * ones,
        initial_salt=salt[:, None] * ones,
    )
    return packed, _Boundary(river, ground, demand)


class _Boundary(NamedTuple):
    """Prescribed flows, (set, time, storage or user): what the results are told from."""

    river: FloatArray
    ground: FloatArray
    demand: FloatArray


def _same(*values: FloatArray) -> list[FloatArray]:
    """Arrays with as many sets as the one that has most."""
    most = max(v.shape[0] for v in values)
    return [np.broadcast_to(v, (most, *v.shape[1:])) for v in values]


class _Sets:
    """Puts the rows of a group of forcing side by side."""

    def __init__(self, system: LakeSystem, n: int) -> None:
        self.n = n
        self.number = {
            "storage": len(system.storages),
            "link": len(system.links),
            "junction": len(system.junctions),
            "user": len(system.withdrawals),
        }

    def __call__(self, group: int, **values: FloatArray) -> FloatArray:
        rows = layout.rows_of(group, self.number)
        sets = max(v.shape[0] for v in values.values())
        # written to, because the kernel would be compiled anew for arrays that cannot be
        table = np.empty((sets, self.n, max(r.stop for r in rows.values())))
        for name, part in rows.items():
            table[:, :, part] = values[name]
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


def simulate(
    system: LakeSystem,
    forcing: xr.Dataset,
    *,
    initial: float | Mapping[str, float] | xr.Dataset,
    initial_salinity: Mapping[str, float] | None = None,
    substeps: int = 1,
    threads: int | None = None,
    attrs: Mapping[str, str] | None = None,
) -> xr.Dataset:
    """Simulate a lake system.

    The volumes :math:`V` of all storages follow :math:`dV/dt = Q + A(V)(P - E) + G - U + \\sum L`
    (rivers, rain and evaporation on the current area, groundwater, withdrawals, links), solved
    implicitly to second order; every flux is its mean over the interval and the new volume is the
    old one plus the flux volumes.

    Parameters
    ----------
    system : LakeSystem
        The lake system.
    forcing : xarray.Dataset
        Rates per interval, as :func:`balkhash_model.forcing.empty_forcing` lays them out; any
        variable may have a ``realization`` dimension.
    initial : float, mapping or xarray.Dataset
        Level of the lake (m), or a level for each storage, or a result whose last state is the
        start.
    initial_salinity : mapping of str to float, optional
        Salinity of each storage at the start, kg m-3; zero where not given.
    substeps : int, default 1
        Internal steps per interval.
    threads : int, optional
        Threads at most; the results do not depend on it.
    attrs : mapping of str to str, optional
        Global attributes to add.

    Returns
    -------
    xarray.Dataset
        CF-1.11. On ``time``: ``water_level, water_area, river_inflow, precipitation, evaporation,
        groundwater_inflow, abstraction, balance_residual`` by ``storage``, ``link_flow`` by
        ``link``, ``abstraction_by_user`` and ``shortage`` by ``user``, ``lake_level, lake_area,
        lake_volume, lake_connected, lake_river_inflow``; on ``time_edge``: ``water_volume,
        water_level_edge, salt_mass``. Fluxes are m3 s-1, positive into the storage. A member that
        dried out, overtopped or was not solved says so in ``status``.

    Raises
    ------
    InputError
        Where the forcing or the start cannot be used; all problems at once.
    WaterBalanceError
        Where a balance does not close.

    Examples
    --------
    >>> import numpy as np
    >>> from balkhash_model.forcing import empty_forcing
    >>> from balkhash_model.library import load_system
    >>> from balkhash_model.timeaxis import TimeAxis
    >>> system = load_system("balkhash")
    >>> forcing = empty_forcing(system, TimeAxis.monthly("2000-01-01", "2001-01-01"))
    >>> levels = {"kapshagay": 477.0, "west": 342.0, "east": 342.0}
    >>> result = simulate(system, forcing, initial=levels)
    >>> float(result["lake_level"][-1].round(9))
    342.0
    """
    from balkhash_model.kernel.march import march

    if not 1 <= int(substeps) == substeps:
        raise InputError(Problem("substeps", "must be a whole number from 1", str(substeps)))
    arrays = read_forcing(system, forcing)
    volumes, salt = _initial_state(system, arrays.axis, initial, initial_salinity)
    packed, boundary = _kernel_forcing(system, arrays, volumes, salt, arrays.members or 1)
    graph = pack(system)
    out = march(graph, packed, substeps=int(substeps), threads=threads)
    dataset = _label(system, arrays, out, packed.active, boundary, graph)
    if "ice_cover" in dataset and "comment" in forcing["ice_cover"].attrs:
        dataset["ice_cover"].attrs["comment"] = forcing["ice_cover"].attrs["comment"]
    dataset.attrs |= {
        "Conventions": "CF-1.11",
        "title": system.title,
        "source": f"balkhash_model {provenance.versions().get('balkhash_model', 'unknown')}",
        "history": provenance.history_line("balkhash_model.simulate"),
        "system": system.name,
        "parameter_set": system.parameters.name,
        "datum": system.datum,
        **dict(attrs or {}),
    }
    _report_unsolved(dataset)
    check_balance(dataset)
    return dataset


def _report_unsolved(dataset: xr.Dataset) -> None:
    """A single run that could not be solved is an error; members of many are only marked."""
    if "realization" not in dataset.dims and int(dataset["status"]) == 3:
        raise BalkhashError(
            f"the step from {dataset['status_time'].values} could not be solved: a volume or a "
            "flow is out of any reason there; check forcing and curves near that time"
        )


def _boundary_flow(
    flow: FloatArray, supply: FloatArray, active: npt.NDArray[np.bool_], passed: bool
) -> FloatArray:
    """Prescribed flow across the boundary of each storage; water drawn is limited by supply.

    What reaches an inactive storage it passes on (rivers), or there is none of it (groundwater).
    """
    real = np.maximum(flow, 0.0) + np.minimum(flow, 0.0) * supply
    result: FloatArray = np.where(active, real, flow if passed else 0.0)
    return result


def _label(
    system: LakeSystem,
    arrays: ForcingArrays,
    out: layout.Output,
    active: npt.NDArray[np.bool_],
    boundary: _Boundary,
    graph: layout.Graph,
) -> xr.Dataset:
    """Name everything that the kernel returned."""
    members = arrays.members
    single = members is None
    lead: tuple[str, ...] = () if single else ("realization",)
    rows = layout.rows_of(layout.FLUX, layout.counts(graph))

    def order(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        moved = np.moveaxis(values, -1, 0)
        return moved[0] if single else moved

    def flux(name: str) -> FloatArray:
        values: FloatArray = order(out.flux[:, rows[name]])
        return values

    def given(values: FloatArray) -> FloatArray:
        return values[0] if single else values

    axis = arrays.axis
    interval, edge = (*lead, "time"), (*lead, "time_edge")
    area, supply, volume = flux("area"), flux("supply"), order(out.volume)
    level = _mean_levels(system, volume)
    data: dict[str, tuple[tuple[str, ...], Any]] = {}

    def put(name: str, dims: tuple[str, ...], values: Any) -> None:
        data[name] = (dims, values)

    by_storage = (*interval, "storage")
    rain, evaporation = given(arrays["precipitation_rate"]), given(arrays["evaporation_rate"])
    taken, demand = flux("taken"), given(boundary.demand)
    river = _boundary_flow(given(boundary.river), supply, active, True)
    for j, to in enumerate(graph.junction_to):
        if to >= 0:
            river[..., to] += np.where(active[:, to], flux("mouth")[..., j], 0.0)
    abstraction = np.zeros_like(area)
    for u, withdrawal in enumerate(system.withdrawals):
        if withdrawal.storage in system.storage_names():
            abstraction[..., system.storage_names().index(withdrawal.storage)] -= taken[..., u]
    put("water_level", by_storage, np.where(active, level, np.nan))
    put("water_area", by_storage, area)
    put("river_inflow", by_storage, river)
    put("precipitation", by_storage, rain * area)
    put("evaporation", by_storage, -evaporation * flux("evaporating"))
    ground = _boundary_flow(given(boundary.ground), supply, active, False)
    put("groundwater_inflow", by_storage, ground)
    put("abstraction", by_storage, abstraction)
    if "ice_cover" in arrays.values:
        cover = given(arrays["ice_cover"])
        put("ice_cover", by_storage, np.array(np.broadcast_to(cover, area.shape)))
    put("link_flow", (*interval, "link"), _link_flows(system, flux))
    put("abstraction_by_user", (*interval, "user"), taken)
    put("shortage", (*interval, "user"), demand - taken)
    put("water_volume", (*edge, "storage"), volume)
    put("water_level_edge", (*edge, "storage"), _edge_levels(system, axis, volume))
    mass = order(out.salt)
    put("salt_mass", (*edge, "storage"), mass)
    with np.errstate(divide="ignore", invalid="ignore"):
        salinity = np.where(volume > _SALINE_VOLUME, mass / volume, np.nan)
    put("salinity", (*edge, "storage"), salinity)
    for salt_name, values in _salt_fluxes(system, axis, flux, active, mass).items():
        put(salt_name, by_storage, values)
    dataset = xr.Dataset(data, coords=_coordinates(system, axis, members))
    _add_lake(system, dataset, level)
    _add_status(system, axis, out, dataset, lead, single)
    dataset["balance_residual"] = storage_residual(dataset)
    for name in dataset.variables:
        if name in quantities.names():
            dataset[name].attrs = dict(dataset[name].attrs) | quantities.attrs(str(name))
    dataset["time"].attrs |= {"bounds": "time_bnds", "axis": "T"}
    dataset["lake_connected"].attrs |= {
        "flag_values": np.array([0, 1], dtype="int8"),
        "flag_meanings": "basins_separate basins_connected",
    }
    dataset["lake_volume"].attrs["comment"] = "mean of the volumes at both edges of the interval"
    for name in ("water_level", "water_level_edge", "lake_level"):
        dataset[name].attrs["datum"] = system.datum
    rivers = {
        s.name: [r.name for r in system.rivers if r.to == s.name]
        + [d.mouth for d in system.deltas if d.target == s.name]
        for s in system.storages
    }
    dataset["river_inflow"].attrs["comment"] = "; ".join(
        f"{k}: {' + '.join(v)}" for k, v in rivers.items() if v
    )
    return dataset


def _salt_fluxes(
    system: LakeSystem,
    axis: TimeAxis,
    flux: Callable[[str], FloatArray],
    active: npt.NDArray[np.bool_],
    mass: FloatArray,
) -> dict[str, FloatArray]:
    """Mean flows of salt into each storage, kg/s, and what they leave unexplained."""
    names = system.storage_names()
    inflow, through = flux("salt_gained").copy(), np.zeros_like(flux("salt_gained"))
    for j, junction in enumerate(system.junctions):
        target = system.delta_at(junction.name).target
        if target in names:
            s = names.index(target)
            inflow[..., s] += np.where(active[:, s], flux("salt_mouth")[..., j], 0.0)
    for i, x in enumerate(system.links):
        for name, sign in ((x.target, 1.0), (x.source, -1.0)):
            if name in names and x.target in names:
                through[..., names.index(name)] += sign * flux("salt_link")[..., i]
    released = np.zeros_like(through)
    for i, x in enumerate(system.links):
        if x.target not in names and x.target != OUTSIDE:
            s = names.index(x.source)
            released[..., s] -= np.where(active[:, s], flux("salt_link")[..., i], 0.0)
    fluxes = {
        "salt_inflow": inflow,
        "salt_exchange": through,
        "salt_withdrawal": released - flux("salt_lost"),
        "salt_deposition": -flux("salt_deposited"),
    }
    change = np.diff(mass, axis=-2) / axis.durations[:, None]
    return fluxes | {"salt_residual": sum(fluxes.values(), np.zeros_like(change)) - change}


def _link_flows(system: LakeSystem, flux: Callable[[str], FloatArray]) -> FloatArray:
    """Flows in the order of ``system.link_names()``."""
    parts = [flux("link")]
    for j in range(len(system.junctions)):
        parts += [flux(name)[..., j : j + 1] for name in ("side", "mouth", "loss")]
    return np.concatenate(parts, axis=-1)


def _mean_levels(system: LakeSystem, volume: FloatArray) -> FloatArray:
    """Mean level over each interval, the volume going in a straight line from edge to edge.

    Gauss's rule of five points on the curve itself: the level of a reservoir that fills from its
    bed is far from a straight line.
    """
    points, weights = np.polynomial.legendre.leggauss(5)
    first, last = volume[..., :-1, :], volume[..., 1:, :]
    levels = np.zeros_like(first)
    for i, storage in enumerate(system.storages):
        known = np.isfinite(first[..., i]) & np.isfinite(last[..., i])
        start, end = np.nan_to_num(first[..., i]), np.nan_to_num(last[..., i])
        for x, weight in zip(0.5 * (1.0 + points), 0.5 * weights, strict=True):
            levels[..., i] += weight * storage.curve.level_at(start + x * (end - start))
        levels[..., i] = np.where(known, levels[..., i], np.nan)
    return levels


def _edge_levels(system: LakeSystem, axis: TimeAxis, volume: FloatArray) -> FloatArray:
    levels = np.empty_like(volume)
    for i, storage in enumerate(system.storages):
        levels[..., i] = storage.curve.level_at(np.nan_to_num(volume[..., i]))
        levels[..., i] = np.where(np.isfinite(volume[..., i]), levels[..., i], np.nan)
        if storage.active_from is not None:
            levels[..., axis.edges < storage.active_from, i] = np.nan
    return levels


def _coordinates(system: LakeSystem, axis: TimeAxis, members: int | None) -> dict[str, Any]:
    def text(values: list[str]) -> npt.NDArray[np.object_]:
        return np.array(values, dtype=object)

    ends = system.link_ends()
    coordinates: dict[str, Any] = {
        "time": ("time", axis.midpoints),
        "time_bnds": (("time", "bnds"), axis.bounds),
        "time_edge": ("time_edge", axis.edges),
        "storage": ("storage", text(system.storage_names())),
        "storage_kind": ("storage", text([s.kind for s in system.storages])),
        "link": ("link", text(system.link_names())),
        "link_from": ("link", text([a for a, _ in ends])),
        "link_to": ("link", text([b for _, b in ends])),
        "user": ("user", text(system.users())),
    }
    if members is not None:
        coordinates["realization"] = ("realization", np.arange(members))
    return coordinates


def _add_lake(system: LakeSystem, dataset: xr.Dataset, level: FloatArray) -> None:
    """The lake as a whole: level while its basins are connected, area, volume, rivers."""
    lake = list(system.lake)
    area = dataset["water_area"].sel(storage=lake)
    levels = dataset["water_level"].sel(storage=lake)
    connected = xr.ones_like(area.isel(storage=0, drop=True), dtype=bool)
    for x in system.links:
        if isinstance(x, Strait) and x.source in lake and x.target in lake:
            connected &= (levels > x.sill).all("storage")
    total = area.sum("storage")
    mean = (levels * area).sum("storage", skipna=False) / total
    dataset["lake_level"] = mean.where(connected)
    dataset["lake_area"] = total
    volume = dataset["water_volume"].sel(storage=lake).sum("storage", skipna=False)
    middle = 0.5 * (volume.values[..., 1:] + volume.values[..., :-1])
    dataset["lake_volume"] = (total.dims, middle)
    dataset["lake_connected"] = connected.astype("int8")
    dataset["lake_river_inflow"] = (
        dataset["river_inflow"].sel(storage=lake).sum("storage", skipna=False)
    )


def _add_status(
    system: LakeSystem,
    axis: TimeAxis,
    out: layout.Output,
    dataset: xr.Dataset,
    lead: tuple[str, ...],
    single: bool,
) -> None:
    names = np.array([*system.storage_names(), ""], dtype=object)
    when = np.append(axis.edges[:-1], np.datetime64("NaT"))
    status = out.status.astype("int8")
    storage, time = names[out.status_storage], when[out.status_time]
    for name, values in (("status", status), ("status_storage", storage), ("status_time", time)):
        dataset[name] = (lead, values[0] if single else values)
    dataset["status"].attrs |= {
        "flag_values": np.array(list(layout.STATUS), dtype="int8"),
        "flag_meanings": " ".join(v.replace(" ", "_") for v in layout.STATUS.values()),
    }
