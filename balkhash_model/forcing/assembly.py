"""Put all rates of a scenario on one time axis, as one Dataset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem
from balkhash_model.forcing import inflow
from balkhash_model.forcing.adaptation import adapt_system
from balkhash_model.forcing.climate_rates import put_climate, put_tabled_climate
from balkhash_model.forcing.delta import WETLAND, WETLAND_RELEASE, wetland_forcing
from balkhash_model.forcing.inflow_rates import (
    put_history,
    put_outlook,
    put_tabled_rivers,
    rivers_of_another_lake,
)
from balkhash_model.forcing.membership import Members
from balkhash_model.forcing.runoff import respond
from balkhash_model.forcing.scenario_climate import climate_change
from balkhash_model.forcing.table import ForcingTable
from balkhash_model.forcing.warming import scenario_warming
from balkhash_model.forcing.water_use import Use, measure_costs, takes_from_storage, water_use
from balkhash_model.timeaxis import TimeAxis

if TYPE_CHECKING:
    import xarray as xr

    from balkhash_model.forcing.river import Record
    from balkhash_model.scenario.schema import Scenario
    from balkhash_model.system import LakeSystem

FloatArray = npt.NDArray[np.float64]

__all__ = ["Assembled", "assemble", "assemble_all"]


@dataclass(frozen=True, eq=False)
class Assembled:
    """What a scenario makes of a lake system.

    Attributes
    ----------
    system : LakeSystem
        The system with the users, reservoirs and measures of the scenario.
    forcing : xarray.Dataset
        As :func:`balkhash_model.forcing.empty_forcing` lays it out.
    extra : xarray.Dataset
        What belongs in the result and drives nothing: use above the gauges, measures and money.
    """

    system: LakeSystem
    forcing: xr.Dataset
    extra: xr.Dataset


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
    return assemble_all(scenario, system, axis).forcing


def assemble_all(
    scenario: Scenario,
    system: LakeSystem,
    axis: TimeAxis | None = None,
    reconstruction: Record | None = None,
    chosen: Members | None = None,
) -> Assembled:
    """Assemble the forcing of a scenario, with the system that it changes.

    Parameters
    ----------
    scenario : Scenario
        The assumptions.
    system : LakeSystem
        The lake system of the scenario.
    axis : TimeAxis, optional
        Intervals other than those of the scenario.
    reconstruction : Record, optional
        Total river inflow that the levels imply, where the scenario draws from it.
    chosen : Members, optional
        The members to assemble; all where not given.

    Returns
    -------
    Assembled
        System, forcing and what else belongs in the result.

    Raises
    ------
    InputError
        Where a table or a file does not hold what is needed.

    Examples
    --------
    >>> from balkhash_model.library import load_system
    >>> from balkhash_model.scenario import load_scenario
    >>> done = assemble_all(load_scenario("no_kapshagay"), load_system("balkhash"))
    >>> [w.user for w in done.system.withdrawals]
    ['shore_towns']
    """
    if axis is None:
        axis = inflow.scenario_axis(scenario)
    adapted = adapt_system(scenario, system)
    change = climate_change(scenario, axis, chosen)
    warming = scenario_warming(scenario, axis, chosen)
    change = respond(scenario, adapted.parameters, axis, change, warming, chosen)
    table = ForcingTable(adapted, axis)
    problems: list[Problem] = []
    try:
        if scenario.climate.table is not None:
            put_tabled_climate(scenario, adapted, axis, change, warming, table)
        else:
            put_climate(scenario, adapted, axis, change, warming, table, chosen)
    except InputError as error:
        # the rivers may have faults of their own: all are told at once
        problems.extend(error.problems)
    if WETLAND in adapted.storage_names():
        for variable, values in wetland_forcing(axis, adapted.parameters).items():
            table.put(variable, WETLAND_RELEASE, values)
    uses = water_use(scenario, axis)
    extra: dict[str, object] = {}
    try:
        if scenario.inflow.kind == "table":
            extra = put_tabled_rivers(scenario, adapted, axis, change, table)
        elif strange := rivers_of_another_lake(scenario, system):
            problems.append(strange)
        elif scenario.inflow.kind == "history":
            extra = put_history(scenario, adapted, axis, change, uses, table)
        else:
            extra = put_outlook(
                scenario, adapted, axis, change, uses, table, reconstruction, chosen
            )
    except InputError as error:
        problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    for use in uses:
        if takes_from_storage(scenario, use.name):
            table.put("withdrawal_demand", use.name, np.maximum(use.net - use.embedded, 0.0))
    _add_measures(scenario, axis, uses, extra)
    forcing = table.done()
    return Assembled(adapted, forcing, _label(scenario, forcing, extra))


def _add_measures(
    scenario: Scenario, axis: TimeAxis, uses: list[Use], extra: dict[str, object]
) -> None:
    """Water and money of each measure."""
    if not scenario.measures:
        return
    delta_saved = extra.get("delta_saved", {})
    assert isinstance(delta_saved, dict)
    water = []
    for name in scenario.measures:
        total = sum((u.saved[name] for u in uses if name in u.saved), np.zeros(axis.n))
        water.append(total + delta_saved.get(name, 0.0))
    most = np.broadcast_shapes(*(w.shape for w in water))
    extra["measure_water"] = np.stack([np.broadcast_to(w, most) for w in water], axis=-1)
    extra["measure_cost"], extra["measure_currency"] = measure_costs(scenario.measures, axis)


def _label(scenario: Scenario, forcing: xr.Dataset, extra: dict[str, object]) -> xr.Dataset:
    """What belongs in the result, with names, units and coordinates."""
    import xarray as xr

    from balkhash_model import quantities

    dataset = xr.Dataset(coords={"time": forcing["time"], "time_bnds": forcing["time_bnds"]})
    users = extra.get("users", [])
    assert isinstance(users, list)
    names = {
        "upstream_user": [u.name for u in users],
        "measure": [*scenario.measures],
    }
    for name in (
        "upstream_use",
        "upstream_use_change",
        "upstream_shortage",
        "measure_water",
        "measure_cost",
    ):
        if name not in extra:
            continue
        dim = "measure" if name.startswith("measure") else "upstream_user"
        values = np.asarray(extra[name])
        lead = ("realization",) if values.ndim > 2 else ()
        dataset[name] = ((*lead, "time", dim), values, quantities.attrs(name))
        dataset = dataset.assign_coords({dim: (dim, np.array(names[dim], dtype=object))})
    if "measure_currency" in extra:
        currency = np.array(extra["measure_currency"], dtype=object)
        dataset = dataset.assign_coords(measure_currency=("measure", currency))
    for name in ("upstream_user", "measure", "measure_currency"):
        if name in dataset.coords:
            dataset[name].attrs |= quantities.attrs(name)
    return dataset
