"""Reservoirs under a scenario: which rule they follow, and what forcing that makes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from balkhash_model import units
from balkhash_model.errors import InputError, Problem
from balkhash_model.forcing import operation
from balkhash_model.forcing.delta import with_wetland
from balkhash_model.forcing.link_dates import dated_links
from balkhash_model.forcing.series import axis_years, knots_to_rates, months_to_axis, ramp
from balkhash_model.forcing.water_use import monthly_shape, takes_from_storage
from balkhash_model.system import LakeSystem, ParameterSet, River, Withdrawal
from balkhash_model.timeaxis import TimeAxis

if TYPE_CHECKING:
    from balkhash_model.scenario.schema import Reservoir, Scenario

FloatArray = npt.NDArray[np.float64]

__all__ = [
    "adapt_system",
    "own_rule_forcing",
    "release_forcing",
    "release_rule",
    "saved_delta_name",
    "target_storage",
]

_NEVER = np.datetime64("9999-01-01", "s")


def saved_delta_name(measure: str) -> str:
    """Name of the river that carries what a measure saves in the delta.

    Parameters
    ----------
    measure : str
        Name of the measure.

    Returns
    -------
    str
        Name of the river.

    Examples
    --------
    >>> saved_delta_name("gates")
    'saved_in_delta_by_gates'
    """
    return f"saved_in_delta_by_{measure}"


def adapt_system(scenario: Scenario, system: LakeSystem) -> LakeSystem:
    """Give a lake system the users, reservoirs and measures of a scenario.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    system : LakeSystem
        The system as it is known.

    Returns
    -------
    LakeSystem
        With a withdrawal for each user of a storage, a river for each measure in the delta, a
        wetland where the delta has that form, links with the scenario's dates, and no reservoir
        where the rule is ``none``: its rivers then pass it.

    Raises
    ------
    InputError
        Where a user takes from a storage that the system does not have, or a link cannot have its
        dates.

    Examples
    --------
    >>> from balkhash_model.library import load_system
    >>> from balkhash_model.scenario import load_scenario
    >>> adapted = adapt_system(load_scenario("no_kapshagay"), load_system("balkhash"))
    >>> str(adapted.storage("kapshagay").active_from)
    '9999-01-01T00:00:00'
    """
    users = {
        name: Withdrawal(name, user.place, 0.0, user.priority)
        for name, user in scenario.abstraction.items()
        if takes_from_storage(scenario, name)
    }
    old = {w.user: w for w in system.withdrawals}
    rivers = tuple(
        River(saved_delta_name(name), delta.target, _salinity(system, delta.source))
        for name, measure in scenario.measures.items()
        for delta in system.deltas
        if delta.name in measure.links
    )
    if any(delta.form == "wetland" for delta in scenario.deltas.values()):
        system = with_wetland(system)
    gone = {name for name, r in scenario.reservoirs.items() if r.rule == "none"}
    missing = sorted(set(scenario.reservoirs) - set(system.storage_names()))
    if missing:
        raise InputError([Problem(f"reservoirs.{name}", "no such storage") for name in missing])
    if not (users or rivers or gone or scenario.links):
        return system
    return replace(
        system,
        links=dated_links(scenario, system),
        withdrawals=tuple((old | users).values()),
        rivers=system.rivers + rivers,
        storages=tuple(
            replace(s, active_from=_NEVER) if s.name in gone else s for s in system.storages
        ),
    )


def _salinity(system: LakeSystem, junction: str) -> float:
    return next((j.salinity for j in system.junctions if j.name == junction), 0.0)


def release_rule(
    scenario: Scenario, system: LakeSystem, axis: TimeAxis, name: str, inflow: FloatArray
) -> dict[str, FloatArray]:
    r"""Plan, limits and target of a reservoir under ``rule``.

    The release is :math:`Q = \mathrm{clamp}(Q_{plan} + (V - V_{target})/\tau, Q_{min}, Q_{max})`.
    This gives what is known before the run; the correction needs the volume of the moment.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    system : LakeSystem
        The system, for the curve of the reservoir.
    axis : TimeAxis
        n intervals.
    name : str
        The storage.
    inflow : array (..., n)
        Rivers into the reservoir less its net evaporation, m3/s: the plan where none is stated.

    Returns
    -------
    dict
        ``release_plan``, ``release_minimum``, ``release_maximum`` (m3/s), ``target_volume`` (m3)
        and ``correction_time`` (s).

    Raises
    ------
    InputError
        Where the target lies above the capacity.
    """
    rule = scenario.reservoirs[name]
    where = f"reservoirs.{name}"
    years = axis_years(axis)
    shape = monthly_shape(rule.plan_shape)
    target = target_storage(rule, where)
    top = float(system.storage(name).curve.volume[-1])
    capacity = units.parse(rule.capacity, "volume", where) if rule.capacity else top
    if target.max() > capacity or capacity > top:
        raise InputError(
            Problem(
                f"{where}.target_storage",
                "above the capacity",
                f"target {target.max() / 1e9:g}, capacity {capacity / 1e9:g} km3",
                f"at most {top / 1e9:.4g} km3, the top of the curve",
            )
        )
    if rule.plan is not None:
        plan = knots_to_rates(axis, rule.plan, shape, f"{where}.plan")
    else:
        plan = _annual_mean(axis, inflow)
        months = np.broadcast_to(shape / shape.mean(), (years.size, 12))
        plan = plan * months_to_axis(axis, months)
    least = units.parse(rule.minimum_release, "flow", f"{where}.minimum_release")
    minimum = np.full(years.size, least)
    for label, measure in scenario.measures.items():
        effect = measure.reservoirs.get(name)
        if effect is not None and effect.minimum_release is not None:
            new = units.parse(effect.minimum_release, "flow", f"measures.{label}")
            minimum = minimum + ramp(years, measure.start, measure.ramp) * (new - minimum)
    most = units.parse(rule.maximum_release, "flow", f"{where}.maximum_release")
    return {
        "release_plan": plan,
        "release_minimum": months_to_axis(axis, np.repeat(minimum[:, None], 12, axis=1)),
        "release_maximum": np.full(axis.n, most),
        "target_volume": months_to_axis(axis, np.broadcast_to(target, (years.size, 12))),
        "correction_time": np.array(rule.correction_time * 86400.0),
    }


def release_forcing(rule: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Forcing variables that bring a release rule into the run.

    Parameters
    ----------
    rule : dict
        As :func:`release_rule` gives it.

    Returns
    -------
    dict
        Values by forcing variable.

    Examples
    --------
    >>> rule = {"release_plan": np.array([5.0, 50.0]), "release_minimum": np.array([10.0, 10.0]),
    ...         "release_maximum": np.array([40.0, 40.0]), "target_volume": np.ones(2),
    ...         "correction_time": np.array(86400.0)}
    >>> sorted(release_forcing(rule))
    ['release_demand', 'release_maximum', 'release_minimum', 'release_rate', 'target_volume']
    """
    return {
        "release_demand": rule["release_plan"],
        "release_minimum": rule["release_minimum"],
        "release_maximum": rule["release_maximum"],
        "release_rate": np.full(rule["release_minimum"].shape, 1.0 / rule["correction_time"]),
        "target_volume": rule["target_volume"],
    }


def own_rule_forcing(axis: TimeAxis, parameters: ParameterSet) -> dict[str, FloatArray]:
    """Forcing variables of Kapshagay's own rule, that of ``filling_and_season``.

    Parameters
    ----------
    axis : TimeAxis
        n intervals.
    parameters : ParameterSet
        For :func:`balkhash_model.forcing.operation.release_rule`.

    Returns
    -------
    dict
        Values by forcing variable.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> axis = TimeAxis.monthly("2010-01-01", "2011-01-01")
    >>> forcing = own_rule_forcing(axis, load_parameters("balkhash"))
    >>> float(forcing["release_minimum"][0]), round(1 / float(forcing["release_rate"][0]) / 86400)
    (137.0, 90)
    """
    rule = operation.release_rule(axis, parameters)
    return release_forcing(
        {
            "release_plan": rule.plan,
            "release_minimum": rule.minimum,
            "release_maximum": rule.maximum,
            "target_volume": rule.target,
            "correction_time": np.array(rule.tau),
        }
    )


def target_storage(rule: Reservoir, where: str) -> FloatArray:
    """Storage aimed at in each month.

    Parameters
    ----------
    rule : Reservoir
        The rule.
    where : str
        Its place, for errors.

    Returns
    -------
    array (12,)
        Volumes, m3.

    Examples
    --------
    >>> from balkhash_model.scenario.schema_use import Reservoir
    >>> rule = Reservoir(rule="rule", target_storage=["16 km3"])
    >>> float(target_storage(rule, "reservoirs.kapshagay")[11])
    16000000000.0
    """
    texts = rule.target_storage or []
    values = [units.parse(t, "volume", f"{where}.target_storage") for t in texts]
    return np.array(values * 12 if len(values) == 1 else values)


def _annual_mean(axis: TimeAxis, flow: FloatArray) -> FloatArray:
    """Mean of a flow over each calendar year, on the intervals."""
    out = np.empty_like(flow)
    for year in axis_years(axis):
        inside = axis.years == year
        weights = axis.durations[inside]
        mean = (flow[..., inside] * weights).sum(axis=-1, keepdims=True) / weights.sum()
        out[..., inside] = mean
    return out
