"""Put all rates of a scenario on one time axis, as one Dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from balkhash_model.forcing import climate, ice, inflow, operation
from balkhash_model.forcing.table import empty_forcing
from balkhash_model.timeaxis import TimeAxis

if TYPE_CHECKING:
    import xarray as xr

    from balkhash_model.scenario.schema import Scenario
    from balkhash_model.system import LakeSystem

FloatArray = npt.NDArray[np.float64]

__all__ = ["assemble"]


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
        axis = inflow.scenario_axis(scenario)
    p = system.parameters
    forcing = empty_forcing(system, axis)

    def put(variable: str, dim: str, name: str, values: FloatArray) -> None:
        forcing[variable].loc[{dim: name}] = values

    lake_rain = climate.lake_precipitation(axis, p)
    method = scenario.climate.evaporation
    cover = np.zeros((axis.n, len(system.storages)))
    for i, storage in enumerate(system.storages):
        rain, evaporation = (
            (lake_rain, climate.lake_evaporation(axis, p, storage.name, method))
            if storage.kind == "lake"
            else climate.reservoir_depths(axis, p, method)
        )
        cover[:, i] = ice.ice_cover(axis, p, storage.name)
        put("precipitation_rate", "storage", storage.name, rain)
        put("evaporation_rate", "storage", storage.name, evaporation)
    for name, share in system.groundwater.shares:
        put("groundwater_flow", "storage", name, np.full(axis.n, share * p["groundwater"].si))
    put("groundwater_flow", "storage", "kapshagay", operation.seepage(axis, p))
    put("river_flow", "river", "ili_km171", inflow.ili_at_gauge(axis, "km171", p))
    put("river_flow", "river", "kapshagay_lateral", inflow.kapshagay_lateral(axis, p))
    put(
        "river_flow",
        "river",
        "eastern_rivers",
        inflow.eastern_rivers(axis, scenario.inflow.eastern_dry_phase, p),
    )
    put(
        "release_demand",
        "link",
        "kapshagay_release",
        inflow.ili_at_gauge(axis, "kapshagay_outflow", p),
    )
    forcing["ice_cover"] = (
        ("time", "storage"),
        cover,
        {"units": "1", "comment": ice.TEMPERATURE_COMMENT},
    )
    put("gauge_flow", "junction", "ushzharma", inflow.ili_at_gauge(axis, "ushzharma", p))
    return forcing
