"""Rain, evaporation, groundwater and ice of a scenario, storage by storage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem
from balkhash_model.forcing import base_climate, climate, ice, operation
from balkhash_model.forcing.climate_file import file_climate
from balkhash_model.forcing.columns import column_rates
from balkhash_model.forcing.lake_weather import lake_site
from balkhash_model.forcing.membership import Members
from balkhash_model.forcing.scenario_climate import ClimateChange
from balkhash_model.forcing.scenario_weather import scenario_weather
from balkhash_model.forcing.table import ForcingTable
from balkhash_model.forcing.warming import Warming, warmed_evaporation
from balkhash_model.timeaxis import TimeAxis

if TYPE_CHECKING:
    from balkhash_model.scenario.schema import Scenario
    from balkhash_model.system import LakeSystem

FloatArray = npt.NDArray[np.float64]

__all__ = ["put_climate", "put_tabled_climate"]


def put_climate(
    scenario: Scenario,
    system: LakeSystem,
    axis: TimeAxis,
    change: ClimateChange | None,
    warming: Warming | None,
    table: ForcingTable,
    chosen: Members | None,
) -> None:
    """Fill in rain, evaporation, groundwater and ice of the storages of Lake Balkhash.

    Parameters
    ----------
    scenario : Scenario
        The assumptions.
    system : LakeSystem
        The lake system.
    axis : TimeAxis
        Intervals.
    change : ClimateChange or None
        What climate change does to rain, evaporation and flow.
    warming : Warming or None
        What it does to the air.
    table : ForcingTable
        What is filled.
    chosen : Members or None
        The members to assemble; None for all.

    Raises
    ------
    InputError
        Where a table or a file does not cover the period.

    Examples
    --------
    :func:`balkhash_model.forcing.assemble_all` calls this.
    """
    p = system.parameters
    spec = scenario.climate
    basins = [s.name for s in system.storages if s.kind == "lake"]
    if spec.weather is None:
        for basin in basins:  # a lake elsewhere is told before a parameter that it lacks
            lake_site(p, basin)
    if spec.resample is not None:
        lake_rain = base_climate.resampled_precipitation(axis, p, spec.resample)
    elif spec.precipitation == "climatology":
        lake_rain = base_climate.mean_precipitation(axis, p)
    else:
        lake_rain = climate.lake_precipitation(axis, p)
    method = spec.evaporation
    covers = []
    warmer = 0.0 if warming is None else warming.change
    observed = warming is None or not warming.from_file
    given = {}
    if spec.weather is not None:
        given = scenario_weather(scenario, axis, p, basins, warming)
    for storage in system.storages:
        # the wetland lies beside the West and has its weather
        place = "west" if storage.kind == "wetland" else storage.name
        if storage.name not in given:
            covers.append(ice.ice_cover(axis, p, place, warmer, observed=observed))
        rain, evaporation = (
            (lake_rain, climate.lake_evaporation(axis, p, place, method))
            if storage.kind != "reservoir"
            else climate.reservoir_depths(axis, p, method)
        )
        if storage.name in given:
            evaporation, cover = given[storage.name]
            covers.append(cover)
        if storage.kind != "reservoir" and spec.file is not None:
            rain, evaporation = file_climate(scenario, axis, rain, evaporation, chosen)
        in_lake = storage.kind != "reservoir"
        evaporation = evaporation * warmed_evaporation(
            scenario, axis, p, place, warming, lake=in_lake
        )
        rain, evaporation = _changed_depths(rain, evaporation, change)
        table.put("precipitation_rate", storage.name, rain)
        table.put("evaporation_rate", storage.name, evaporation)
    for name, share in system.groundwater.shares:
        table.put("groundwater_flow", name, np.full(axis.n, share * p["groundwater"].si))
    if "kapshagay" in system.storage_names():
        table.put("groundwater_flow", "kapshagay", operation.seepage(axis, p))
    comment = ice.temperature_comment(
        warming is not None, spec.weather.path if spec.weather is not None else None
    )
    table.add("ice_cover", np.stack(np.broadcast_arrays(*covers), axis=-1), comment)


def put_tabled_climate(
    scenario: Scenario,
    system: LakeSystem,
    axis: TimeAxis,
    change: ClimateChange | None,
    warming: Warming | None,
    table: ForcingTable,
) -> None:
    """Fill in rain and evaporation of any lake, from columns, alike for all its storages.

    Parameters
    ----------
    scenario : Scenario
        The assumptions.
    system : LakeSystem
        The lake system.
    axis : TimeAxis
        Intervals.
    change : ClimateChange or None
        What climate change does to rain, evaporation and flow.
    warming : Warming or None
        What it does to the air.
    table : ForcingTable
        What is filled.

    Raises
    ------
    InputError
        Where a column cannot be used.

    Examples
    --------
    :func:`balkhash_model.forcing.assemble_all` calls this.
    """
    spec = scenario.climate.table
    assert spec is not None
    depths: dict[str, FloatArray] = {}
    problems: list[Problem] = []
    for name in ("precipitation", "evaporation"):
        keys = ("climate", "table", name)
        try:
            depths[name] = column_rates(
                getattr(spec, name),
                axis,
                "depth_rate",
                scenario.where(*keys),
                scenario.folder(*keys),
                system,
                # air may bring water to a lake, and rain takes none
                positive=name == "precipitation",
            )
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    rain, evaporation = depths["precipitation"], depths["evaporation"]
    evaporation = evaporation * warmed_evaporation(scenario, axis, system.parameters, "", warming)
    rain, evaporation = _changed_depths(rain, evaporation, change)
    for storage in system.storages:
        table.put("precipitation_rate", storage.name, rain)
        table.put("evaporation_rate", storage.name, evaporation)


def _changed_depths(
    rain: FloatArray, evaporation: FloatArray, change: ClimateChange | None
) -> tuple[FloatArray, FloatArray]:
    """Climate's change of rain, which cannot be negative, and of evaporation."""
    if change is None:
        return rain, evaporation
    rain = np.maximum(rain * change.precipitation + change.precipitation_depth, 0.0)
    return rain, evaporation * change.evaporation + change.evaporation_depth
