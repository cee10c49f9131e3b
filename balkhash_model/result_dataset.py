"""Names, units, levels and balances for what the kernel returned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from balkhash_model import quantities
from balkhash_model.diagnostics.balance import FLUXES, unexplained
from balkhash_model.forcing.check import ForcingArrays
from balkhash_model.kernel import layout
from balkhash_model.packing import Boundary, counts
from balkhash_model.physics import hypsometry
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
    for name, values in _lake(system, by_storage, volume).items():
        data[name] = (interval, values)
    for name, values in _status(system, axis, out).items():
        data[name] = (lead, values[0] if single else values)
    change = np.diff(volume, axis=-2) / axis.durations[:, None]
    fluxes = [by_storage[name] for name in FLUXES]
    residual = unexplained(change, fluxes, _into_storages(system, data["link_flow"][1]))
    data["balance_residual"] = ((*interval, "storage"), residual)
    dataset = xr.Dataset(data, coords=_coordinates(system, axis, members))
    _describe(system, dataset)
    return dataset


def _into_storages(system: LakeSystem, flow: FloatArray) -> list[tuple[int, FloatArray]]:
    """Flows of links, each with the storage that it goes into; negative where it leaves it."""
    names = system.storage_names()
    return [
        (names.index(name), sign * flow[..., i])
        for i, (source, target) in enumerate(system.link_ends())
        for name, sign in ((target, 1.0), (source, -1.0))
        if name in names
    ]


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
    known = set(quantities.names())
    about = dataset.variables
    for name, variable in about.items():
        if name in known:
            variable.attrs.update(quantities.attrs(str(name)))
    about["time"].attrs.update(bounds="time_bnds", axis="T")
    about["lake_connected"].attrs.update(
        flag_values=np.array([0, 1], dtype="int8"),
        flag_meanings="basins_separate basins_connected",
    )
    about["status"].attrs.update(
        flag_values=np.array(list(layout.STATUS), dtype="int8"),
        flag_meanings=" ".join(v.replace(" ", "_") for v in layout.STATUS.values()),
    )
    about["lake_volume"].attrs["comment"] = "mean of the volumes at both edges of the interval"
    for name in ("water_level", "water_level_edge", "lake_level"):
        about[name].attrs["datum"] = system.datum
    start = dataset["salinity"].isel(time_edge=0).transpose(..., "storage").values
    fresh = (start == 0.0).reshape(-1, start.shape[-1]).all(axis=0)
    if fresh.any():
        # a lake has had its salt before the run
        names = ", ".join(s.name for s, none in zip(system.storages, fresh, strict=True) if none)
        for name in ("salinity", "salt_mass"):
            about[name].attrs["comment"] = (
                f"starts without salt in {names}: only what has come in since the start"
            )
    rivers = {
        s.name: [r.name for r in system.rivers if r.to == s.name]
        + [d.mouth for d in system.deltas if d.target == s.name]
        for s in system.storages
    }
    about["river_inflow"].attrs["comment"] = "; ".join(
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
    """Mean level over each interval, the volume going in a straight line from edge to edge."""
    first, last = volume[..., :-1, :], volume[..., 1:, :]
    levels = np.empty_like(first)
    for i, storage in enumerate(system.storages):
        known = np.isfinite(first[..., i]) & np.isfinite(last[..., i])
        start, end = np.nan_to_num(first[..., i]), np.nan_to_num(last[..., i])
        curve = storage.curve
        mean = hypsometry.mean_level_between(start, end, curve.level, curve.area)
        levels[..., i] = np.where(known, mean, np.nan)
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


def _lake(
    system: LakeSystem, by_storage: Mapping[str, FloatArray], volume: FloatArray
) -> dict[str, npt.NDArray[Any]]:
    """The lake as a whole: level while its basins are connected, area, volume, rivers."""
    names = system.storage_names()
    lake = [names.index(name) for name in system.lake]
    area, levels = by_storage["water_area"][..., lake], by_storage["water_level"][..., lake]
    connected = np.ones(area.shape[:-1], dtype=bool)
    for x in system.links:
        if isinstance(x, Strait) and x.source in system.lake and x.target in system.lake:
            connected &= (levels > x.sill).all(axis=-1)
    # an area that is no number belongs to a member that could not be solved
    total = np.nansum(area, axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (levels * area).sum(axis=-1) / total
    whole = volume[..., lake].sum(axis=-1)
    return {
        "lake_level": np.where(connected, mean, np.nan),
        "lake_area": total,
        "lake_volume": 0.5 * (whole[..., 1:] + whole[..., :-1]),
        "lake_connected": connected.astype("int8"),
        "lake_river_inflow": by_storage["river_inflow"][..., lake].sum(axis=-1),
    }


def _status(system: LakeSystem, axis: TimeAxis, out: layout.Output) -> dict[str, npt.NDArray[Any]]:
    """What happened first to each member, where and when."""
    names = np.array([*system.storage_names(), ""], dtype=object)
    when = np.append(axis.edges[:-1], np.datetime64("NaT"))
    return {
        "status": out.status.astype("int8"),
        "status_storage": names[out.status_storage],
        "status_time": when[out.status_time],
    }
