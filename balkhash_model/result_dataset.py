"""Names, units, levels and balances for what the kernel returned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from balkhash_model import quantities
from balkhash_model.diagnostics.balance import storage_residual
from balkhash_model.forcing.check import ForcingArrays
from balkhash_model.kernel import layout
from balkhash_model.packing import Boundary, counts
from balkhash_model.system import OUTSIDE, LakeSystem, Strait
from balkhash_model.timeaxis import TimeAxis

FloatArray = npt.NDArray[np.float64]

__all__ = ["label_output"]

#: Less water than this has no salinity to speak of, m3.
_SALINE_VOLUME = 1e3


def _boundary_flow(
    flow: FloatArray, supply: FloatArray, active: npt.NDArray[np.bool_], passed: bool
) -> FloatArray:
    """Prescribed flow across the boundary of each storage; water drawn is limited by supply.

    What reaches an inactive storage it passes on (rivers), or there is none of it (groundwater).
    """
    real = np.maximum(flow, 0.0) + np.minimum(flow, 0.0) * supply
    result: FloatArray = np.where(active, real, flow if passed else 0.0)
    return result


def label_output(
    system: LakeSystem,
    arrays: ForcingArrays,
    out: layout.Output,
    packed: layout.Forcing,
    boundary: Boundary,
) -> xr.Dataset:
    """Name everything that the kernel returned.

    Parameters
    ----------
    system : LakeSystem
        The records.
    arrays : ForcingArrays
        The forcing of the run.
    out : Output
        What the kernel returned.
    packed : Forcing
        What it was given.
    boundary : Boundary
        Prescribed flows across the boundary.

    Returns
    -------
    xarray.Dataset
        As :func:`balkhash_model.simulate` describes, without global attributes.

    Examples
    --------
    :func:`balkhash_model.simulate` packs, marches and calls this.
    """
    members = arrays.members
    single = members is None
    lead: tuple[str, ...] = () if single else ("realization",)
    rows = layout.rows_of(layout.FLUX, counts(system))

    def order(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        moved = np.moveaxis(values, -1, 0)
        return moved[0] if single else moved

    def flux(name: str) -> FloatArray:
        values: FloatArray = order(out.flux[:, rows[name]])
        return values

    def given(values: FloatArray) -> FloatArray:
        return values[0] if single else values

    axis, active = arrays.axis, packed.active
    interval, edge = (*lead, "time"), (*lead, "time_edge")
    volume, mass = order(out.volume), order(out.salt)
    level = _mean_levels(system, volume)
    rain, evaporation = given(arrays["precipitation_rate"]), given(arrays["evaporation_rate"])
    cover = given(arrays["ice_cover"]) if "ice_cover" in arrays.values else None
    taken, demand = flux("taken"), given(boundary.demand)
    with np.errstate(divide="ignore", invalid="ignore"):
        salinity = np.where(volume > _SALINE_VOLUME, mass / volume, np.nan)
    by_storage: dict[str, FloatArray] = {
        "water_level": np.where(active, level, np.nan),
        "water_area": flux("area"),
        "river_inflow": _rivers(system, flux, given(boundary.river), active),
        "precipitation": rain * flux("area"),
        "evaporation": -evaporation * flux("evaporating"),
        "groundwater_inflow": _boundary_flow(given(boundary.ground), flux("supply"), active, False),
        "abstraction": _abstraction(system, flux),
    }
    if cover is not None:
        by_storage["ice_cover"] = np.array(np.broadcast_to(cover, flux("area").shape))
    data: dict[str, tuple[tuple[str, ...], Any]] = {
        **{name: ((*interval, "storage"), values) for name, values in by_storage.items()},
        "link_flow": ((*interval, "link"), _link_flows(system, flux)),
        "abstraction_by_user": ((*interval, "user"), taken),
        "shortage": ((*interval, "user"), demand - taken),
        "water_volume": ((*edge, "storage"), volume),
        "water_level_edge": ((*edge, "storage"), _edge_levels(system, axis, volume)),
        "salt_mass": ((*edge, "storage"), mass),
        "salinity": ((*edge, "storage"), salinity),
    }
    for name, values in _salt_fluxes(system, axis, flux, active, mass).items():
        data[name] = ((*interval, "storage"), values)
    dataset = xr.Dataset(data, coords=_coordinates(system, axis, members))
    _add_lake(system, dataset, level)
    _add_status(system, axis, out, dataset, lead, single)
    dataset["balance_residual"] = storage_residual(dataset)
    _describe(system, dataset)
    return dataset


def _rivers(
    system: LakeSystem,
    flux: Callable[[str], FloatArray],
    river: FloatArray,
    active: npt.NDArray[np.bool_],
) -> FloatArray:
    """River inflow of each storage, with what reaches the mouths of deltas."""
    names = system.storage_names()
    total = _boundary_flow(river, flux("supply"), active, True)
    for j, junction in enumerate(system.junctions):
        target = system.delta_at(junction.name).target
        if target in names:
            to = names.index(target)
            total[..., to] += np.where(active[:, to], flux("mouth")[..., j], 0.0)
    return total


def _abstraction(system: LakeSystem, flux: Callable[[str], FloatArray]) -> FloatArray:
    """What users take from each storage, negative."""
    names, taken = system.storage_names(), flux("taken")
    total = np.zeros_like(flux("area"))
    for u, withdrawal in enumerate(system.withdrawals):
        if withdrawal.storage in names:
            total[..., names.index(withdrawal.storage)] -= taken[..., u]
    return total


def _describe(system: LakeSystem, dataset: xr.Dataset) -> None:
    """Attributes of the variables."""
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
