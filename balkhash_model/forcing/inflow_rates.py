"""Rivers, releases and deltas of a scenario: from columns, from the history, or as an outlook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from balkhash_model import units
from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.forcing import adaptation, climate, inflow, river
from balkhash_model.forcing.adaptation import saved_delta_name
from balkhash_model.forcing.columns import column_rates
from balkhash_model.forcing.membership import Members
from balkhash_model.forcing.reservoir import given_back
from balkhash_model.forcing.scenario_climate import ClimateChange
from balkhash_model.forcing.series import axis_years, months_to_axis, ramp
from balkhash_model.forcing.table import ForcingTable
from balkhash_model.forcing.water_use import Use, apply_upstream, takes_from_storage
from balkhash_model.physics.delta import delta_loss, head_flow_for_outflow
from balkhash_model.system import Release
from balkhash_model.timeaxis import TimeAxis

if TYPE_CHECKING:
    from balkhash_model.forcing.river import Record
    from balkhash_model.scenario.schema import Scenario
    from balkhash_model.system import LakeSystem, ParameterSet

FloatArray = npt.NDArray[np.float64]

__all__ = ["put_history", "put_outlook", "put_tabled_rivers", "rivers_of_another_lake"]

_DELTA, _HEAD, _RESERVOIR, _RELEASE = "ili_delta", "ushzharma", "kapshagay", "kapshagay_release"


def put_tabled_rivers(
    scenario: Scenario,
    system: LakeSystem,
    axis: TimeAxis,
    change: ClimateChange | None,
    table: ForcingTable,
) -> dict[str, object]:
    """Fill in rivers, heads of deltas and releases of any lake, from columns.

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
    table : ForcingTable
        What is filled.

    Returns
    -------
    dict of str to object
        What belongs in the result and drives nothing.

    Raises
    ------
    InputError
        Where a river has no column or a column cannot be used.

    Examples
    --------
    :func:`balkhash_model.forcing.assemble_all` calls this.
    """
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
                columns,
                axis,
                "flow",
                scenario.where(*keys),
                scenario.folder(*keys),
                system,
                positive=True,
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


def rivers_of_another_lake(scenario: Scenario, system: LakeSystem) -> Problem | None:
    """Say that an inflow of Lake Balkhash is asked for in a lake without its rivers.

    Parameters
    ----------
    scenario : Scenario
        The assumptions; its inflow is not that of columns.
    system : LakeSystem
        The lake system.

    Returns
    -------
    Problem or None
        None where the Ili and the eastern rivers are there.

    Examples
    --------
    >>> from balkhash_model.library import load_system
    >>> from balkhash_model.scenario import load_scenario
    >>> free = load_scenario("hindcast_free")
    >>> rivers_of_another_lake(free, load_system("balkhash")) is None
    True
    >>> rivers_of_another_lake(free, load_system("aral")).expected
    "kind 'table' with a column for each of: amu_darya_head, syr_darya_head"
    """
    junctions, rivers = ([x.name for x in part] for part in (system.junctions, system.rivers))
    if _HEAD in junctions and "eastern_rivers" in rivers:
        return None
    return Problem(
        scenario.where("inflow", "kind"),
        "is that of the rivers of Lake Balkhash, which this lake does not have",
        f"kind {scenario.inflow.kind!r} for system {system.name!r}",
        f"kind 'table' with a column for each of: {', '.join([*rivers, *junctions])}",
    )


def put_history(
    scenario: Scenario,
    system: LakeSystem,
    axis: TimeAxis,
    change: ClimateChange | None,
    uses: list[Use],
    table: ForcingTable,
) -> dict[str, object]:
    """Fill in the published history at all gauges, with what the scenario changes of it.

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
    uses : list of Use
        Users whose use changes.
    table : ForcingTable
        What is filled.

    Returns
    -------
    dict of str to object
        What belongs in the result and drives nothing.

    Raises
    ------
    InputError
        Where a table does not cover the period.

    Examples
    --------
    :func:`balkhash_model.forcing.assemble_all` calls this.
    """
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


def _own_rule(axis: TimeAxis, parameters: ParameterSet, table: ForcingTable) -> None:
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


def put_outlook(
    scenario: Scenario,
    system: LakeSystem,
    axis: TimeAxis,
    change: ClimateChange | None,
    uses: list[Use],
    table: ForcingTable,
    reconstruction: Record | None,
    chosen: Members | None,
) -> dict[str, object]:
    """Fill in inflow that is given at one place.

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
    uses : list of Use
        Users whose use changes.
    table : ForcingTable
        What is filled.
    reconstruction : Record or None
        Total river inflow that the levels imply, where the scenario draws from it.
    chosen : Members or None
        The members to assemble; None for all.

    Returns
    -------
    dict of str to object
        What belongs in the result and drives nothing.

    Raises
    ------
    InputError
        Where the inflow cannot be had.

    Examples
    --------
    :func:`balkhash_model.forcing.assemble_all` calls this.
    """
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
    table: ForcingTable,
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
    table: ForcingTable,
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
