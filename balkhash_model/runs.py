"""Run a scenario: load what it names, build the forcing, simulate, keep what was used."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass

import numpy as np
import xarray as xr

from balkhash_model import provenance, reference, units
from balkhash_model.errors import InputError, Problem
from balkhash_model.forcing import assemble
from balkhash_model.forcing.inflow import scenario_axis
from balkhash_model.library import load_system
from balkhash_model.scenario import Scenario, dump_scenario, load_scenario
from balkhash_model.simulation import initial_volumes, simulate
from balkhash_model.system import LakeSystem
from balkhash_model.timeaxis import TimeAxis

__all__ = ["Case", "build", "run"]


@dataclass(frozen=True, eq=False)
class Case:
    """A scenario made ready to run.

    Attributes
    ----------
    scenario : Scenario
        The assumptions.
    system : LakeSystem
        The lake system with its parameters.
    axis : TimeAxis
        The intervals.
    forcing : xarray.Dataset
        Rates per interval.
    levels : dict
        Levels of the storages at the start, m.
    salinity : dict
        Salinity of the storages at the start, kg m-3.
    """

    scenario: Scenario
    system: LakeSystem
    axis: TimeAxis
    forcing: xr.Dataset
    levels: dict[str, float]
    salinity: dict[str, float]


def _level(text: str, system: LakeSystem, where: str) -> float:
    if text.startswith("$"):
        parameter = system.parameters[text[1:]]
        if parameter.kind != "level":
            raise InputError(Problem(where, f"{text} is not a level", parameter.kind))
        return parameter.si
    return units.parse(text, "level", where)


def _start_levels(scenario: Scenario, system: LakeSystem) -> dict[str, float]:
    level = _level(scenario.initial.lake_level, system, "initial.lake_level")
    levels = dict.fromkeys(system.lake, level)
    for name, text in scenario.initial.levels.items():
        levels[name] = _level(text, system, f"initial.levels.{name}")
    return levels


def _start_salinity(
    system: LakeSystem, levels: dict[str, float], start: np.datetime64
) -> dict[str, float]:
    """West at its present salinity, the East holds the rest of the present stock."""
    p = system.parameters
    volumes = initial_volumes(system, levels, start)
    if not {"west_salinity", "salt_stock"} <= set(p) or system.lake != ("west", "east"):
        return {}
    names = system.storage_names()
    west, east = volumes[names.index("west")], volumes[names.index("east")]
    rest = (p["salt_stock"].si - p["west_salinity"].si * west) / east
    return {"west": p["west_salinity"].si, "east": max(rest, 0.0)}


def build(
    scenario: str | os.PathLike[str] | Scenario,
    system: LakeSystem | None = None,
    *,
    start: bool = True,
) -> Case:
    """Make a scenario ready to run.

    Parameters
    ----------
    scenario : str, path-like or Scenario
        Name of a shipped scenario, a file, or a record.
    system : LakeSystem, optional
        A system to use in place of the one that the scenario names, with other parameters say.
    start : bool, default True
        Whether the scenario's own start is used; False where the run starts from a result.

    Returns
    -------
    Case
        System, forcing and start.

    Raises
    ------
    InputError
        Where anything that the scenario says cannot be used.

    Examples
    --------
    >>> build("hindcast_free").axis.n
    648
    """
    record = scenario if isinstance(scenario, Scenario) else load_scenario(str(scenario))
    if system is None:
        system = load_system(
            record.system, parameters=record.parameters.set, overrides=record.parameters.overrides
        )
    axis = scenario_axis(record)
    problems: list[Problem] = []
    forcing, levels = xr.Dataset(), dict.fromkeys(system.lake, float("nan"))
    try:
        forcing = assemble(record, system, axis)
    except InputError as error:
        problems.extend(error.problems)
    salinity: dict[str, float] = {}
    try:
        if start:
            levels = _start_levels(record, system)
            salinity = _start_salinity(system, levels, axis.edges[0])
    except InputError as error:
        problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    return Case(record, system, axis, forcing, levels, salinity)


def _used_tables(scenario: Scenario) -> list[str]:
    tables = [scenario.inflow.ili, scenario.climate.precipitation, "climate_balkhash_monthly"]
    tables.append("air_temperature_stations")
    if scenario.inflow.reconstruct_from is not None:
        tables.append(scenario.inflow.observed)
    return sorted(tables)


def _citations(keys: list[str]) -> str:
    """Citations of source keys; what is no key stands as it is."""
    known = reference.sources()
    return "; ".join(str(known[k]["citation"]) if k in known else k for k in keys)


def run(
    scenario: str | os.PathLike[str] | Scenario,
    *,
    start_from: xr.Dataset | None = None,
    substeps: int | None = None,
    threads: int | None = None,
) -> xr.Dataset:
    """Run a scenario.

    Parameters
    ----------
    scenario : str, path-like or Scenario
        Name of a shipped scenario such as ``"hindcast"``, a file, or a record.
    start_from : xarray.Dataset, optional
        A result whose last state is the start, in place of the scenario's.
    substeps : int, optional
        Internal steps per interval, in place of the scenario's.
    threads : int, optional
        Threads at most.

    Returns
    -------
    xarray.Dataset
        As :func:`balkhash_model.simulate` describes, with the resolved scenario and the checksums
        of the tables used in the attributes.

    Raises
    ------
    InputError
        Where the scenario cannot be used.
    WaterBalanceError
        Where a balance does not close.

    Examples
    --------
    >>> result = run("hindcast")
    >>> result.sizes["time"], round(float(result["lake_level"].min()), 0)
    (648, 341.0)
    """
    case = build(scenario, start=start_from is None)
    record = case.scenario
    forcing, extra = case.forcing, xr.Dataset()
    if record.inflow.reconstruct_from is not None:
        from balkhash_model.reconstruction import reconstructed_forcing

        forcing, extra = reconstructed_forcing(case, start_from)
    checksums = {k: str(reference.describe(k)["sha256"]) for k in _used_tables(record)}
    result = simulate(
        case.system,
        forcing,
        initial=start_from if start_from is not None else case.levels,
        initial_salinity=case.salinity,
        substeps=substeps or record.period.substeps,
        threads=threads,
        attrs={
            "scenario": record.meta.name,
            "title": record.meta.title,
            "resolved_scenario": dump_scenario(record),
            "input_checksums": json.dumps(checksums, sort_keys=True),
            "parameter_overrides": json.dumps(record.parameters.overrides, sort_keys=True),
            "references": _citations(record.meta.references),
            "history": provenance.history_line(f"balkhash_model.run({record.meta.name!r})"),
        },
    )
    if "level_offset" in extra:
        result.attrs["comment"] = (
            f"from {extra['level_offset'].attrs['from']} the river inflow is reconstructed from "
            f"levels; simulated less observed level on that day is "
            f"{float(extra['level_offset']):+.3f} m "
            f"(standard error {extra['level_offset'].attrs['standard_error']:.3f} m, beside 0.1 m "
            "of the datum), stated and not closed"
        )
    if extra.data_vars:
        time_attrs = dict(result["time"].attrs)
        result = result.assign(extra.data_vars)
        result["time"].attrs = time_attrs
        result["lake_level"].attrs["ancillary_variables"] = "lake_level_uncertainty"
        result["lake_river_inflow"].attrs["ancillary_variables"] = "river_inflow_uncertainty"
    return result
