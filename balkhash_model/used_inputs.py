"""What a scenario reads: reference tables, data files of the user, and the sources behind them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from balkhash_model import reference
from balkhash_model.errors import Problem
from balkhash_model.library import load_system, own_files
from balkhash_model.scenario import Scenario
from balkhash_model.scenario.schema_inflow import STOCHASTIC
from balkhash_model.scenario.schema_series import Column
from balkhash_model.sources import sources_used

if TYPE_CHECKING:
    from balkhash_model.cases import Case

__all__ = ["missing_files", "read_tables", "used_files", "used_sources", "used_tables"]


def _columns(scenario: Scenario) -> list[tuple[tuple[str, ...], Column]]:
    """Columns that drive a scenario, each with its keys."""
    found: list[tuple[tuple[str, ...], Column]] = [
        (("inflow", "rivers", name), column)
        for name, columns in scenario.inflow.rivers.items()
        for column in columns
    ]
    if scenario.climate.table is not None:
        for name in ("precipitation", "evaporation"):
            columns = getattr(scenario.climate.table, name)
            found += [(("climate", "table", name), column) for column in columns]
    return found


def _files(scenario: Scenario) -> list[tuple[tuple[str, ...], str]]:
    """The user's own data files, each with the keys that name it."""
    climate = scenario.climate
    named: list[tuple[tuple[str, ...], str | None]] = [(("inflow", "file"), scenario.inflow.file)]
    if climate.file is not None:
        named += [(("climate", "file", "path"), climate.file.path)]
        named += [(("climate", "file", "observed"), climate.file.observed)]
    if climate.weather is not None:
        named += [(("climate", "weather", "path"), climate.weather.path)]
    named += [(keys, column.file) for keys, column in _columns(scenario)]
    return [(keys, path) for keys, path in named if path is not None]


def missing_files(scenario: Scenario) -> list[Problem]:
    """List the user's own data files that are not there.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    list of Problem
        One for each file.

    Examples
    --------
    >>> from balkhash_model.scenario import load_scenario
    >>> missing_files(load_scenario("hindcast"))
    []
    """
    return [
        Problem(scenario.where(*keys), "no such file", path)
        for keys, path in _files(scenario)
        if not (scenario.folder(*keys) / path).is_file()
    ]


def used_tables(scenario: Scenario) -> list[str]:
    """Name the reference tables that a scenario reads, without making it ready to run.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    list of str
        Sorted keys, those of the curves of its system among them.

    Examples
    --------
    >>> from balkhash_model.scenario import load_scenario
    >>> used_tables(load_scenario("rcp45"))[1:3]
    ['balkhash_level_tied', 'climate_balkhash_monthly']
    """
    inflow, climate = scenario.inflow, scenario.climate
    tables = {c.table for _, c in _columns(scenario) if c.table is not None}
    with reference.noting() as read:
        load_system(
            scenario.system,
            parameters=scenario.parameters.set,
            overrides=scenario.parameters.overrides,
        )
    tables |= read
    if climate.table is not None and inflow.kind == "table":
        return sorted(tables)
    tables |= {"climate_balkhash_monthly", "air_temperature_stations"}
    drawn = inflow.kind in STOCHASTIC
    history = inflow.kind == "history" or (drawn and inflow.generator.source == "reconstruction")
    at_gauge = inflow.at in ("km171", "dam", "ushzharma")
    gauged = inflow.kind == "climatology" and inflow.mean is None
    gauged |= drawn and inflow.generator.source == "history"
    if history or inflow.at in ("km171", "dam") or (at_gauge and gauged):
        tables.add(inflow.ili)
    if history or inflow.at == "km171":
        # what irrigation takes above the dam goes by the cropland
        tables.add("withdrawals")
    if climate.precipitation != "climatology" or climate.resample is not None or history:
        tables.add("lake_precipitation_by_period")
    if inflow.reconstruct_from is not None or (history and inflow.kind != "history"):
        tables.add(inflow.observed)
    if climate.projection is not None:
        tables |= {"cmip5_projection"} if climate.projection.rain_and_evaporation else set()
        if climate.projection.glacier:
            tables |= {"glacier_runoff_projection", "glacier_runoff_monthly"}
    if inflow.decline is not None:
        tables.add(inflow.decline)
    return sorted(tables)


def used_sources(case: Case) -> dict[str, list[str]]:
    """Say which sources a case rests on, and for what.

    Parameters
    ----------
    case : Case
        A case that :func:`balkhash_model.cases.build` made.

    Returns
    -------
    dict of str to list of str
        As :func:`balkhash_model.sources.sources_used` gives it.

    Examples
    --------
    >>> from balkhash_model.runs import build
    >>> used_sources(build("hindcast_free"))["britannica"]
    ['parameter west_bottom_level']
    """
    references = case.scenario.meta.references
    return sources_used(case.system.parameters, read_tables(case), references)


def read_tables(case: Case) -> list[str]:
    """Name the reference tables that a case has read.

    Parameters
    ----------
    case : Case
        A case that :func:`balkhash_model.cases.build` made.

    Returns
    -------
    list of str
        Sorted keys.

    Examples
    --------
    >>> from balkhash_model.runs import build
    >>> read_tables(build("aral_hindcast"))
    ['aral_annual', 'aral_basin_curves']
    """
    # kept in memory for the session, so that a later run does not load it again
    kept = {"air_temperature_stations"} & {*used_tables(case.scenario)}
    return sorted(case.tables | kept)


def used_files(scenario: Scenario) -> dict[str, str]:
    """Give the checksums of the user's own files: data, lake, curves and parameter sets.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    dict of str to str
        SHA-256 by path, from the folder of the file that asks for it.

    Raises
    ------
    OSError
        Where a file cannot be read.
    InputError
        Where the lake or the parameter set cannot be used.

    Examples
    --------
    >>> from balkhash_model.scenario import load_scenario
    >>> used_files(load_scenario("hindcast"))
    {}
    """
    import hashlib

    read = {path: scenario.folder(*keys) / path for keys, path in _files(scenario)}
    read |= {
        _from_scenario(scenario, path): path
        for path in own_files(scenario.system, scenario.parameters.set)
    }
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in read.items()}


def _from_scenario(scenario: Scenario, path: Path) -> str:
    """A path from the folder of the file that names the lake, or the set, where it is inside."""
    for keys in (("system",), ("parameters", "set")):
        folder = scenario.folder(*keys)
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return path.as_posix()
