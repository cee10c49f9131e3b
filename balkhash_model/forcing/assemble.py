"""Put all rates of a scenario on one time axis, as one Dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from balkhash_model.forcing import climate, inflow
from balkhash_model.timeaxis import TimeAxis

if TYPE_CHECKING:
    import xarray as xr

    from balkhash_model.scenario.schema import Scenario
    from balkhash_model.system import LakeSystem

FloatArray = npt.NDArray[np.float64]

__all__ = ["FORCING", "assemble", "empty_forcing"]

#: Variables of a forcing dataset: name, unit, second dimension.
FORCING: dict[str, tuple[str, str]] = {
    "precipitation_rate": ("m s-1", "storage"),
    "evaporation_rate": ("m s-1", "storage"),
    "groundwater_flow": ("m3 s-1", "storage"),
    "river_flow": ("m3 s-1", "river"),
    "gauge_flow": ("m3 s-1", "junction"),
    "side_inflow": ("m3 s-1", "junction"),
    "release_demand": ("m3 s-1", "link"),
    "withdrawal_demand": ("m3 s-1", "user"),
}


def empty_forcing(system: LakeSystem, axis: TimeAxis) -> xr.Dataset:
    """A forcing dataset of zeros, to be filled in.

    Parameters
    ----------
    system : LakeSystem
        The lake system; its names become coordinates.
    axis : TimeAxis
        The intervals.

    Returns
    -------
    xarray.Dataset
        Variables ``precipitation_rate, evaporation_rate`` (m s-1, depth, both positive),
        ``groundwater_flow, river_flow, side_inflow, release_demand, withdrawal_demand`` (m3 s-1)
        at zero (withdrawals at their constant rate) and ``gauge_flow`` (m3 s-1) missing: a junction
        whose gauge flow is missing passes on what arrives. Coordinates ``time`` and ``time_bnds``.

    Examples
    --------
    >>> from balkhash_model.library import load_system
    >>> axis = TimeAxis.monthly("2000-01-01", "2001-01-01")
    >>> forcing = empty_forcing(load_system("balkhash"), axis)
    >>> forcing["river_flow"].dims
    ('time', 'river')
    """
    import xarray as xr

    from balkhash_model.system import Release

    names: dict[str, list[str]] = {
        "storage": system.storage_names(),
        "river": [r.name for r in system.rivers],
        "junction": [j.name for j in system.junctions],
        "link": [x.name for x in system.links if isinstance(x, Release)],
        "user": system.users(),
    }
    variables: dict[str, Any] = {}
    for name, (unit, dim) in FORCING.items():
        fill = np.nan if name == "gauge_flow" else 0.0
        values = np.full((axis.n, len(names[dim])), fill)
        if name == "withdrawal_demand":
            values += np.array([w.flow for w in system.withdrawals])
        variables[name] = (("time", dim), values, {"units": unit})
    coordinates: dict[str, Any] = {k: (k, np.array(v, dtype=object)) for k, v in names.items()}
    coordinates["time"] = ("time", axis.midpoints, {"bounds": "time_bnds"})
    coordinates["time_bnds"] = (("time", "bnds"), axis.bounds)
    dataset = xr.Dataset(variables, coordinates)
    dataset.attrs["datum"] = system.datum
    return dataset


def assemble(scenario: Scenario, system: LakeSystem, axis: TimeAxis | None = None) -> xr.Dataset:
    """Assemble the forcing of a scenario from reference tables and parameters.

    Parameters
    ----------
    scenario : Scenario
        The assumptions.
    system : LakeSystem
        The lake system of the scenario.
    axis : TimeAxis, optional
        Intervals other than those of the scenario.

    Returns
    -------
    xarray.Dataset
        As :func:`empty_forcing` describes. A reconstruction of inflow is not made here: it needs
        the lake's own course.

    Raises
    ------
    InputError
        Where a table does not cover the period.

    Examples
    --------
    >>> from balkhash_model.library import load_system
    >>> from balkhash_model.scenario import load_scenario
    >>> forcing = assemble(load_scenario("hindcast_free"), load_system("balkhash"))
    >>> forcing.sizes["time"]
    648
    """
    if axis is None:
        axis = inflow.check_scenario_period(scenario)
    p = system.parameters
    forcing = empty_forcing(system, axis)

    def put(variable: str, dim: str, name: str, values: FloatArray) -> None:
        forcing[variable].loc[{dim: name}] = values

    lake_rain = climate.lake_precipitation(axis, p)
    lake_evaporation = climate.lake_evaporation(axis, p)
    for storage in system.storages:
        rain, evaporation = (
            (lake_rain, lake_evaporation) if storage.kind == "lake"
            else climate.reservoir_depths(axis, p)
        )
        put("precipitation_rate", "storage", storage.name, rain)
        put("evaporation_rate", "storage", storage.name, evaporation)
    for name, share in system.groundwater.shares:
        put("groundwater_flow", "storage", name, np.full(axis.n, share * p["groundwater"].si))
    put("river_flow", "river", "ili_km171", inflow.ili_at_gauge(axis, "km171", p))
    put("river_flow", "river", "kapshagay_lateral", inflow.kapshagay_lateral(axis, p))
    put("river_flow", "river", "eastern_rivers",
        inflow.eastern_rivers(axis, scenario.inflow.eastern_dry_phase, p))
    put("release_demand", "link", "kapshagay_release",
        inflow.ili_at_gauge(axis, "kapshagay_outflow", p))
    put("gauge_flow", "junction", "ushzharma", inflow.ili_at_gauge(axis, "ushzharma", p))
    return forcing
