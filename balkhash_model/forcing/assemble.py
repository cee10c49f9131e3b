"""Put all rates of a scenario on one time axis, as one Dataset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from balkhash_model import units
from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.forcing import adaptation, base_climate, climate, ice, inflow, operation, river
from balkhash_model.forcing.adaptation import adapt_system, saved_delta_name
from balkhash_model.forcing.climate_file import file_climate
from balkhash_model.forcing.columns import column_rates
from balkhash_model.forcing.delta import WETLAND, WETLAND_RELEASE, wetland_forcing
from balkhash_model.forcing.membership import Members
from balkhash_model.forcing.reservoir import given_back
from balkhash_model.forcing.runoff import respond
from balkhash_model.forcing.scenario_climate import ClimateChange, climate_change
from balkhash_model.forcing.scenario_weather import scenario_weather
from balkhash_model.forcing.series import axis_years, months_to_axis, ramp
from balkhash_model.forcing.table import CARRIED, FORCING, empty_forcing
from balkhash_model.forcing.warming import Warming, scenario_warming, warmed_evaporation
from balkhash_model.forcing.water_use import (
    Use,
    apply_upstream,
    measure_costs,
    takes_from_storage,
    water_use,
)
from balkhash_model.physics.delta import delta_loss, head_flow_for_outflow
from balkhash_model.system import Release
from balkhash_model.timeaxis import TimeAxis

if TYPE_CHECKING:
    import xarray as xr

    from balkhash_model.forcing.river import Record
    from balkhash_model.scenario.schema import Scenario
    from balkhash_model.system import LakeSystem, ParameterSet

FloatArray = npt.NDArray[np.float64]

__all__ = ["Assembled", "assemble", "assemble_all"]

_DELTA, _HEAD, _RESERVOIR, _RELEASE = "ili_delta", "ushzharma", "kapshagay", "kapshagay_release"


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


class _Table:
    """Forcing variables being filled; a value with members gives its variable members."""

    def __init__(self, system: LakeSystem, axis: TimeAxis) -> None:
        self.dataset = empty_forcing(system, axis)
        self.parts: dict[str, dict[str, FloatArray]] = {}
        self.carried: dict[str, tuple[FloatArray, str]] = {}

    def add(self, variable: str, values: FloatArray, comment: str) -> None:
        """Hand a variable on to the result."""
        self.carried[variable] = values, comment

    def put(self, variable: str, name: str, values: FloatArray) -> None:
        self.parts.setdefault(variable, {})[name] = values

    def done(self) -> xr.Dataset:
        for variable, parts in self.parts.items():
            dim = FORCING[variable][1]
            array = self.dataset[variable]
            members = max((v.shape[0] for v in parts.values() if v.ndim > 1), default=0)
            if members:
                array = array.expand_dims(realization=members).copy()
            for name, values in parts.items():
                array.loc[{dim: name}] = values
            self.dataset[variable] = array
        for name, (carried, comment) in self.carried.items():
            unit, dim = CARRIED[name]
            lead = ("realization",) if carried.ndim > 2 else ()
            attrs = {"units": unit, "comment": comment}
            self.dataset[name] = ((*lead, "time", dim), carried, attrs)
        return self.dataset


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
    table = _Table(adapted, axis)
    if scenario.climate.table is not None:
        _tabled_climate(scenario, adapted, axis, change, warming, table)
    else:
        _climate(scenario, adapted, axis, change, warming, table, chosen)
    if WETLAND in adapted.storage_names():
        for variable, values in wetland_forcing(axis, adapted.parameters).items():
            table.put(variable, WETLAND_RELEASE, values)
    uses = water_use(scenario, axis)
    extra: dict[str, object]
    if scenario.inflow.kind == "table":
        extra = _tabled_rivers(scenario, adapted, axis, change, table)
    elif scenario.inflow.kind == "history":
        extra = _history(scenario, adapted, axis, change, uses, table)
    else:
        extra = _outlook(scenario, adapted, axis, change, uses, table, reconstruction, chosen)
    for use in uses:
        if takes_from_storage(scenario, use.name):
            table.put("withdrawal_demand", use.name, np.maximum(use.net - use.embedded, 0.0))
    _add_measures(scenario, axis, uses, extra)
    forcing = table.done()
    return Assembled(adapted, forcing, _label(scenario, forcing, extra))


def _climate(
    scenario: Scenario,
    system: LakeSystem,
    axis: TimeAxis,
    change: ClimateChange | None,
    warming: Warming | None,
    table: _Table,
    chosen: Members | None,
) -> None:
    """Rain, evaporation and groundwater."""
    p = system.parameters
    spec = scenario.climate
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
    basins = [s.name for s in system.storages if s.kind == "lake"]
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
        if change is not None:
            rain = np.maximum(rain * change.precipitation + change.precipitation_depth, 0.0)
            evaporation = evaporation * change.evaporation + change.evaporation_depth
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


def _tabled_climate(
    scenario: Scenario,
    system: LakeSystem,
    axis: TimeAxis,
    change: ClimateChange | None,
    warming: Warming | None,
    table: _Table,
) -> None:
    """Rain and evaporation of any lake, from columns, alike for all its storages."""
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
            )
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    rain, evaporation = depths["precipitation"], depths["evaporation"]
    evaporation = evaporation * warmed_evaporation(scenario, axis, system.parameters, "", warming)
    if change is not None:
        rain = np.maximum(rain * change.precipitation + change.precipitation_depth, 0.0)
        evaporation = evaporation * change.evaporation + change.evaporation_depth
    for storage in system.storages:
        table.put("precipitation_rate", storage.name, rain)
        table.put("evaporation_rate", storage.name, evaporation)


def _tabled_rivers(
    scenario: Scenario,
    system: LakeSystem,
    axis: TimeAxis,
    change: ClimateChange | None,
    table: _Table,
) -> dict[str, object]:
    """Rivers, heads of deltas and releases of any lake, from columns."""
    places = dict.fromkeys((r.name for r in system.rivers), "river_flow")
    places |= dict.fromkeys((j.name for j in system.junctions), "gauge_flow")
    places |= dict.fromkeys(
        (x.name for x in system.links if isinstance(x, Release)), "release_demand"
    )
    problems = [
        Problem(
            f"{scenario.where('inflow', 'rivers')}: {name}",
            "nothing is given for it",
            expected="a column",
            hint=f"rivers and junctions of system {system.name!r} all need one",
        )
        for name, variable in places.items()
        if variable != "release_demand" and name not in scenario.inflow.rivers
    ]
    for name, columns in scenario.inflow.rivers.items():
        keys = ("inflow", "rivers", name)
        if name not in places:
            hint = nearest(name, places)
            problems.append(Problem(scenario.where(*keys), "no such river", name, hint=hint))
            continue
        try:
            flow = column_rates(
                columns, axis, "flow", scenario.where(*keys), scenario.folder(*keys), system
            )
        except InputError as error:
            problems.extend(error.problems)
            continue
        if places[name] != "release_demand" and change is not None:
            flow = _changed(flow, change, ili=False)
        table.put(places[name], name, flow)
    if problems:
        raise InputError(problems)
    return {}


def _above(scenario: Scenario, uses: list[Use]) -> tuple[list[Use], list[Use]]:
    """Users whose change acts on the Ili above its delta, and on the eastern rivers."""
    rivers = [u for u in uses if not takes_from_storage(scenario, u.name)]
    eastern = [u for u in rivers if u.place == "eastern_rivers"]
    return [u for u in rivers if u not in eastern], eastern


def _changed(flow: FloatArray, change: ClimateChange | None, *, ili: bool = True) -> FloatArray:
    """Climate's change of a flow as it is given: the use embedded in it is not put back first,
    since the published figures of use exceed what the rivers can have lost.
    """
    if change is None:
        return flow
    changed = flow * change.runoff
    return changed + change.ili_flow if ili else changed


def _history(
    scenario: Scenario,
    system: LakeSystem,
    axis: TimeAxis,
    change: ClimateChange | None,
    uses: list[Use],
    table: _Table,
) -> dict[str, object]:
    """The published history at all gauges, with what the scenario changes of it."""
    p = system.parameters
    rivers = {
        "ili_km171": inflow.ili_at_gauge(axis, "km171", p),
        "kapshagay_lateral": inflow.kapshagay_lateral(axis, p),
        "eastern_rivers": inflow.eastern_rivers(axis, scenario.inflow.eastern_dry_phase, p),
    }
    release = inflow.ili_at_gauge(axis, "kapshagay_outflow", p)
    gauge = inflow.ili_at_gauge(axis, "ushzharma", p)
    ruled = np.zeros(axis.n, dtype=bool)
    reach, published = gauge - release, gauge - rivers["ili_km171"]
    if _follows_own_rule(scenario):
        # from the first filling on what changes on the Ili changes above the reservoir
        first = system.storage(_RESERVOIR).active_from
        ruled = axis.edges[:-1] >= (axis.edges[0] if first is None else first)
        gauge = np.where(ruled, rivers["ili_km171"], gauge)
        rivers["kapshagay_lateral"] = _lateral(scenario, axis, p, change)
    rule = scenario.reservoirs.get(_RESERVOIR)
    if rule is not None and rule.give_back is not None:
        gauge = gauge + given_back(axis, p, rule.give_back)
    above, eastern = _above(scenario, uses)
    gauge = _changed(gauge, change)
    east = _changed(rivers["eastern_rivers"], change, ili=False)
    extra: dict[str, object] = {}
    if above or eastern:
        gauge, east = _take(gauge, east, above, eastern, extra)
    rivers["eastern_rivers"] = east
    head = np.maximum(gauge, 0.0) if change is not None else gauge
    if ruled.any():
        rivers["ili_km171"] = np.where(ruled, head, rivers["ili_km171"])
        table.put("side_inflow", _HEAD, np.where(ruled, reach, 0.0))
        _own_rule(axis, p, table)
        # what measures can save in the delta goes by the flow that the gauges would have had
        gauge = np.where(ruled, gauge + published, gauge)
        head = np.where(ruled, np.nan, head)
    else:
        table.put("release_demand", _RELEASE, release)
    for name, values in rivers.items():
        table.put("river_flow", name, values)
    table.put("gauge_flow", _HEAD, head)
    _delta_measures(scenario, system, axis, gauge, table, extra)
    return extra


def _follows_own_rule(scenario: Scenario) -> bool:
    """Whether Kapshagay follows the rule that its parameters describe."""
    rule = scenario.reservoirs.get(_RESERVOIR)
    return rule is not None and rule.rule == "filling_and_season"


def _own_rule(axis: TimeAxis, parameters: ParameterSet, table: _Table) -> None:
    """Kapshagay's own rule as forcing."""
    for variable, values in adaptation.own_rule_forcing(axis, parameters).items():
        table.put(variable, _RELEASE, values)


def _take(
    gauge: FloatArray,
    east: FloatArray,
    above: list[Use],
    eastern: list[Use],
    extra: dict[str, object],
) -> tuple[FloatArray, FloatArray]:
    """Take the changes of use from the Ili and from the eastern rivers."""
    gauge, taken, short = apply_upstream(gauge, above)
    east, taken_east, short_east = apply_upstream(east, eastern)
    users = [*above, *eastern]
    most = np.broadcast_shapes(taken.shape[1:], taken_east.shape[1:])

    def both(one: FloatArray, two: FloatArray) -> FloatArray:
        # one river may have members and the other none
        full = [a if a.ndim > len(most) else a[:, None, :] for a in (one, two)]
        parts = [np.broadcast_to(a, (a.shape[0], *most)) for a in full]
        return np.moveaxis(np.concatenate(parts), 0, -1)

    extra["users"] = users
    extra["upstream_use"] = both(taken, taken_east)
    extra["upstream_shortage"] = both(short, short_east)
    extra["upstream_use_change"] = both(taken, taken_east) - np.stack(
        [u.embedded for u in users], axis=-1
    )
    return gauge, east


def _outlook(
    scenario: Scenario,
    system: LakeSystem,
    axis: TimeAxis,
    change: ClimateChange | None,
    uses: list[Use],
    table: _Table,
    reconstruction: Record | None,
    chosen: Members | None,
) -> dict[str, object]:
    """Inflow that is given at one place."""
    p, spec = system.parameters, scenario.inflow
    flow = river.given_inflow(scenario, system, axis, reconstruction, chosen)
    years = axis_years(axis)
    east = months_to_axis(axis, river.eastern_rates(scenario, p, years))
    delta = next(d for d in system.deltas if d.name == _DELTA)
    above, eastern = _above(scenario, uses)
    if spec.at == "lake":
        east = np.minimum(east, flow)
    ili = flow - east if spec.at == "lake" else flow
    if spec.at in ("lake", "mouth"):
        ili = head_flow_for_outflow(ili, delta.loss_flow, delta.loss)
    elif spec.at == "dam":
        ili = ili + _gain(scenario, axis, "dam")
    ili = np.maximum(_changed(ili, change), 0.0)
    east = np.maximum(_changed(east, change, ili=False), 0.0)
    extra: dict[str, object] = {}
    if above or eastern:
        ili, east = _take(ili, east, above, eastern, extra)
    table.put("river_flow", "eastern_rivers", east)
    if spec.at == "km171":
        _through_reservoir(scenario, system, axis, change, ili, table)
        return extra
    table.put("gauge_flow", _HEAD, ili)
    _delta_measures(scenario, system, axis, ili, table, extra)
    return extra


def _gain(scenario: Scenario, axis: TimeAxis, start: str) -> FloatArray:
    """Gain of the Ili between a place and the delta head, at an even rate."""
    gain = river.reach_gain(start, scenario.inflow.reference_period)
    return np.full(axis.n, gain / inflow.MEAN_YEAR)


def _lateral(
    scenario: Scenario, axis: TimeAxis, parameters: ParameterSet, change: ClimateChange | None
) -> FloatArray:
    """Lateral inflow of Kapshagay under a rule; its tributaries respond where the rivers do."""
    lateral = inflow.kapshagay_lateral(axis, parameters, closed=False)
    if change is None or scenario.inflow.runoff_response == "given":
        return lateral
    return lateral + (change.runoff - 1.0) * inflow.kapshagay_tributaries(axis, parameters)


def _through_reservoir(
    scenario: Scenario,
    system: LakeSystem,
    axis: TimeAxis,
    change: ClimateChange | None,
    ili: FloatArray,
    table: _Table,
) -> None:
    """Inflow given above Kapshagay: through its rule, or past it where there is none."""
    p = system.parameters
    rule = scenario.reservoirs.get(_RESERVOIR)
    table.put("river_flow", "ili_km171", ili)
    table.put("side_inflow", _HEAD, _gain(scenario, axis, "dam"))
    if rule is None or rule.rule == "none":
        # without the reservoir the reach loses what it lost before it was built
        natural = river.period_mean("dam", (1960, 1969)) - river.period_mean("km171", (1960, 1969))
        lateral = np.full(axis.n, natural / inflow.MEAN_YEAR)
    else:
        lateral = _lateral(scenario, axis, p, change)
    table.put("river_flow", "kapshagay_lateral", lateral)
    if _follows_own_rule(scenario):
        _own_rule(axis, p, table)
    elif rule is not None and rule.rule == "rule":
        for variable, values in _stated_rule(scenario, system, axis, ili + lateral).items():
            table.put(variable, _RELEASE, values)


def _stated_rule(
    scenario: Scenario, system: LakeSystem, axis: TimeAxis, into: FloatArray
) -> dict[str, FloatArray]:
    """Forcing of a rule that the scenario states; what evaporates is taken off its plan."""
    p, rule = system.parameters, scenario.reservoirs[_RESERVOIR]
    rain, evaporation = climate.reservoir_depths(axis, p, scenario.climate.evaporation)
    target = adaptation.target_storage(rule, "reservoirs.kapshagay")
    curve = system.storage(_RESERVOIR).curve
    area = float(curve.area_at(float(curve.level_at(float(target.mean())))))
    through = into - (evaporation - rain) * area
    made = adaptation.release_rule(scenario, system, axis, _RESERVOIR, through)
    return adaptation.release_forcing(made)


def _delta_measures(
    scenario: Scenario,
    system: LakeSystem,
    axis: TimeAxis,
    gauge: FloatArray,
    table: _Table,
    extra: dict[str, object],
) -> None:
    """Water that measures keep from being lost in the delta, never more than is lost."""
    years = axis_years(axis)
    delta = next(d for d in system.deltas if d.name == _DELTA)
    left = delta_loss(gauge, delta.loss_flow, delta.loss)
    saved: dict[str, FloatArray] = {}
    for name, measure in scenario.measures.items():
        effect = measure.links.get("ili_delta")
        if effect is None or effect.delta_loss is None:
            continue
        full = -units.parse(effect.delta_loss, "flow", f"measures.{name}")
        share = np.repeat(ramp(years, measure.start, measure.ramp)[:, None], 12, axis=1)
        wanted = full * months_to_axis(axis, share)
        got = np.minimum(wanted, left)
        left = left - got
        table.put("river_flow", saved_delta_name(name), got)
        saved[name] = got
    extra["delta_saved"] = saved


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
