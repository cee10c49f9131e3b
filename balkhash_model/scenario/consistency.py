"""Checks that take several parts of a scenario together, each with the place of its key."""

from __future__ import annotations

from collections.abc import Iterator

from balkhash_model import units
from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.scenario.layers import Key
from balkhash_model.scenario.schema import Scenario
from balkhash_model.scenario.schema_inflow import STOCHASTIC

__all__ = ["consistency", "warming_problems"]

_BALKHASH = ("kapshagay", "west", "east")


def consistency(scenario: Scenario) -> list[Problem]:
    """List what does not fit together in a scenario.

    Parameters
    ----------
    scenario : Scenario
        A record that fits the schema.

    Returns
    -------
    list of Problem
        Each with the place of the key that is at fault.

    Examples
    --------
    >>> from balkhash_model.scenario import load_scenario
    >>> consistency(load_scenario("hindcast"))
    []
    """
    checks = (
        _years,
        _users,
        _measures,
        _operation,
        _inflow,
        _weather,
        _temperature,
        _response,
        _deltas,
    )
    return [problem for check in checks for problem in check(scenario)]


def _years(scenario: Scenario) -> Iterator[Problem]:
    first, last = scenario.first_year(), scenario.last_year()
    span = f"{first} to {last}"
    for name, delta in scenario.climate.deltas.items():
        if delta.start is not None and delta.start > last:
            yield Problem(
                scenario.where("climate", "deltas", name, "start"),
                "starts after the run ends",
                str(delta.start),
                span,
            )
    for name, measure in scenario.measures.items():
        if not first <= measure.start <= last:
            yield Problem(
                scenario.where("measures", name, "start"),
                "a year outside the period",
                str(measure.start),
                span,
            )
    for name, user in scenario.abstraction.items():
        if isinstance(user.total, dict) and len(user.total) > 1 and min(user.total) > last:
            yield Problem(
                scenario.where("abstraction", name, "total"),
                "every year lies after the run",
                ", ".join(map(str, user.total)),
                span,
            )


def _weather(scenario: Scenario) -> Iterator[Problem]:
    climate = scenario.climate
    if climate.weather is None:
        return
    where = scenario.where("climate", "weather")
    if climate.table is not None:
        yield Problem(where, "stands beside a table that gives the evaporation already")
    if scenario.system != "balkhash":
        yield Problem(
            where,
            "is for the basins of Lake Balkhash, whose place and depth are known",
            scenario.system,
            "balkhash",
            "Compute the evaporation with balkhash_model.forcing and give it as climate.table",
        )


def _temperature(scenario: Scenario) -> Iterator[Problem]:
    if any(d.variable == "temperature" for d in scenario.climate.deltas.values()):
        yield from warming_problems(scenario)


def warming_problems(scenario: Scenario) -> Iterator[Problem]:
    """List why evaporation cannot answer to a change of temperature as a scenario has it.

    Parameters
    ----------
    scenario : Scenario
        A scenario in which a temperature changes.

    Yields
    ------
    Problem
        Each with the place of the key that is at fault.

    Examples
    --------
    >>> from balkhash_model.scenario import load_scenario
    >>> list(warming_problems(load_scenario("baseline_2050")))
    []
    """
    climate = scenario.climate
    projection = climate.projection
    chosen = climate.evaporation_response or climate.evaporation_per_degree
    if projection is not None and projection.rain_and_evaporation and chosen is None:
        yield Problem(
            scenario.where("climate", "evaporation_response"),
            "is needed where a temperature stands beside a projection",
            hint="The projected evaporation holds the warming: none leaves it so, heat_storage or "
            "per_degree adds to it",
        )
    if climate.response != "heat_storage":
        return
    per_degree = "Give evaporation_per_degree, or evaporation_response: none"
    if climate.table is not None:
        yield Problem(
            scenario.where("climate", "evaporation_response"),
            "the heat-storage model has no site for a lake whose climate is a table",
            climate.response,
            "'per_degree' or 'none'",
            per_degree,
        )
    elif climate.weather is not None:
        yield Problem(
            scenario.where("climate", "weather"),
            "the heat-storage model does not warm the weather of a file",
            climate.response,
            "'per_degree' or 'none'",
            f"Warm the temperature in the file. {per_degree}",
        )
    elif climate.evaporation == "mass_transfer_climatology":
        yield Problem(
            scenario.where("climate", "evaporation"),
            "this method does not answer to warming",
            climate.evaporation,
            "heat_storage_climatology",
            per_degree,
        )


def _users(scenario: Scenario) -> Iterator[Problem]:
    for name in scenario.abstraction:
        if not name.replace("_", "").replace("-", "").isalnum():
            yield Problem(
                scenario.where("abstraction", name), "a name of letters, digits, _ and - is needed"
            )
    for name, user in scenario.abstraction.items():
        if user.embedded is not None and user.place in ("west", "east"):
            yield Problem(
                scenario.where("abstraction", name, "embedded"),
                "belongs to users above a prescribed gauge",
                user.place,
            )
    if scenario.system == "balkhash":
        groups: tuple[tuple[Key, list[str]], ...] = (
            (("reservoirs",), list(scenario.reservoirs)),
            (("initial", "levels"), list(scenario.initial.levels)),
            (("initial", "salinity"), list(scenario.initial.salinity)),
        )
        for key, names in groups:
            known = ("kapshagay",) if key == ("reservoirs",) else _BALKHASH
            for name in names:
                if name not in known and key != ("initial", "levels"):
                    yield Problem(
                        scenario.where(*key, name), "no such storage", hint=nearest(name, known)
                    )


def _measures(scenario: Scenario) -> Iterator[Problem]:
    for name, measure in scenario.measures.items():
        for group, known in (
            ("users", list(scenario.abstraction)),
            ("reservoirs", list(scenario.reservoirs)),
        ):
            for target in getattr(measure, group):
                if target not in known:
                    yield Problem(
                        scenario.where("measures", name, group, target),
                        f"acts on none of the {group} of the scenario",
                        hint=nearest(target, known),
                    )
        for target in measure.reservoirs:
            rule = scenario.reservoirs.get(target)
            if rule is not None and rule.rule != "rule":
                yield Problem(
                    scenario.where("measures", name, "reservoirs", target),
                    "changes a rule that is not in use",
                    rule.rule,
                    "rule",
                )
        inflow = scenario.inflow
        hidden = inflow.kind == "table" or (inflow.kind != "history" and inflow.at == "km171")
        for target in measure.links if hidden else ():
            yield Problem(
                scenario.where("measures", name, "links", target),
                "cannot act: how much enters the delta is known only during the run",
                "kind 'table'" if inflow.kind == "table" else f"inflow at {inflow.at!r}",
                "inflow at 'dam', 'ushzharma', 'mouth' or 'lake'",
                "Give the inflow there, or lower the parameter delta_loss for the whole run",
            )


def _operation(scenario: Scenario) -> Iterator[Problem]:
    inflow = scenario.inflow
    for name, reservoir in scenario.reservoirs.items():
        if reservoir.give_back is not None and inflow.kind != "history":
            yield Problem(
                scenario.where("reservoirs", name, "give_back"),
                "belongs to the published history of the gauges",
                inflow.kind,
                "history",
            )
        if reservoir.rule == "prescribed" and inflow.kind != "history":
            yield Problem(
                scenario.where("reservoirs", name, "rule"),
                "releases are published for the history alone",
                inflow.kind,
                "'rule', 'filling_and_season' or 'none'",
            )
        if reservoir.rule == "filling_and_season":
            yield from _own_rule(scenario, name)
        if reservoir.rule == "rule" and (inflow.kind == "history" or inflow.at != "km171"):
            yield Problem(
                scenario.where("reservoirs", name, "rule"),
                "acts only where the inflow is given above the reservoir",
                f"kind {inflow.kind!r} at {inflow.at!r}",
                "a kind other than history, at 'km171'",
            )


def _own_rule(scenario: Scenario, name: str) -> Iterator[Problem]:
    """What Kapshagay's own rule asks of the rest."""
    inflow = scenario.inflow
    where = scenario.where("reservoirs", name, "rule")
    if name != "kapshagay":
        yield Problem(where, "is the rule of kapshagay", name, "'rule' or 'none'")
    if inflow.kind != "history" and inflow.at != "km171":
        yield Problem(
            where,
            "acts only where the inflow is given above the reservoir",
            f"kind {inflow.kind!r} at {inflow.at!r}",
            "kind 'history', or another at 'km171'",
        )
    if inflow.reconstruct_from is not None:
        yield Problem(
            where,
            "has no effect where the inflow of the lake is reconstructed",
            "a rule beside inflow.reconstruct_from",
            "one of the two",
        )


def _inflow(scenario: Scenario) -> Iterator[Problem]:
    inflow = scenario.inflow
    if inflow.kind == "history":
        for key in ("mean", "eastern", "decline"):
            if getattr(inflow, key) is not None:
                yield Problem(
                    scenario.where("inflow", key), "does not belong to the published history"
                )
    if inflow.at == "lake" and inflow.eastern is not None:
        yield Problem(
            scenario.where("inflow", "eastern"),
            "the inflow at the lake already holds the eastern rivers",
        )
    reconstructed = inflow.kind in STOCHASTIC and inflow.generator.source == "reconstruction"
    if reconstructed and inflow.at != "lake":
        yield Problem(
            scenario.where("inflow", "at"),
            "the reconstruction gives all rivers together",
            inflow.at,
            "lake, or another generator.source",
        )
    projection = scenario.climate.projection
    drawn = (
        inflow.kind in STOCHASTIC
        or (projection is not None and projection.spread)
        or scenario.climate.file is not None
        or scenario.ensemble.varied
    )
    if scenario.ensemble.members is not None and not drawn:
        yield Problem(
            scenario.where("ensemble", "members"),
            "nothing differs between the members",
            str(scenario.ensemble.members),
            hint="Set it to null, or let the inflow or the climate be drawn",
        )
    if scenario.ensemble.members is not None and inflow.reconstruct_from is not None:
        yield Problem(scenario.where("ensemble", "members"), "a reconstruction has one member")


def _response(scenario: Scenario) -> Iterator[Problem]:
    """Rivers that follow the climate need one, and may not follow it twice."""
    if scenario.inflow.runoff_response == "given":
        return
    climate, projection = scenario.climate, scenario.climate.projection
    where = scenario.where("inflow", "runoff_response")
    if scenario.inflow.kind == "table":
        yield Problem(
            where, "knows the elasticities of the Ili alone", "kind 'table'", "another kind"
        )
    if not climate.deltas and projection is None:
        yield Problem(
            where,
            "rivers cannot respond: the scenario changes no climate",
            "no climate.deltas and no climate.projection",
            "one of the two",
            "State the change of rain and temperature, or set it to 'given'",
        )
    for name, delta in climate.deltas.items():
        depth = delta.variable == "precipitation" and not _relative(delta.change)
        if delta.variable == "runoff":
            yield Problem(
                scenario.where("climate", "deltas", name),
                "the rivers respond already",
                "a change of runoff beside inflow.runoff_response",
                "one of the two",
            )
        elif depth:
            yield Problem(
                scenario.where("climate", "deltas", name, "change"),
                "a depth on the lake does not tell what falls in the mountains",
                delta.change,
                "a share, as '-10 %', for inflow.runoff_response",
            )
    if projection is None:
        return
    for key in ("precipitation_elasticity", "evaporation_elasticity"):
        if getattr(projection, key) != 0.0:
            yield Problem(
                scenario.where("climate", "projection", key),
                "the rivers respond already",
                f"{getattr(projection, key):g} beside inflow.runoff_response",
                "0",
            )
    given = climate.evaporation_per_degree
    if given is None or not projection.rain_and_evaporation:
        return
    if not units.parse(given, "fraction", "evaporation_per_degree") > 0.0:
        yield Problem(
            scenario.where("climate", "evaporation_per_degree"),
            "the warming of the projection is found from it",
            given,
            "above 0",
        )


def _relative(change: str) -> bool:
    """Whether a change is a share."""
    try:
        units.parse(change, "fraction", "change")
    except InputError:
        return False
    return True


def _deltas(scenario: Scenario) -> Iterator[Problem]:
    """A wetland needs the flow that enters it, and a loss of its own."""
    inflow = scenario.inflow
    for name, delta in scenario.deltas.items():
        if delta.form != "wetland":
            continue
        where = scenario.where("deltas", name, "form")
        if inflow.reconstruct_from is not None:
            yield Problem(
                where,
                "the inflow of the lake is reconstructed below it",
                "a wetland beside inflow.reconstruct_from",
                "form 'function', or no reconstruction",
            )
        if inflow.kind == "table":
            yield Problem(where, "is that of the Ili", "kind 'table'", "another kind of inflow")
        elif inflow.kind != "history" and inflow.at in ("mouth", "lake"):
            yield Problem(
                where,
                "acts only where the inflow is given above the delta",
                f"inflow at {inflow.at!r}",
                "'km171', 'dam' or 'ushzharma'",
            )
        for label, measure in scenario.measures.items():
            if name in measure.links:
                yield Problem(
                    scenario.where("measures", label, "links", name),
                    "cannot act: what a wetland loses is known only during the run",
                    "deltas form 'wetland'",
                    "form 'function'",
                )
