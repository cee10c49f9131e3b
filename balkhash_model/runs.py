"""Run a scenario: load what it names, build the forcing, simulate, keep what was used."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from balkhash_model import provenance, reference, units
from balkhash_model.diagnostics.balance import FLUXES
from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.forcing import assemble_all
from balkhash_model.forcing.adaptation import adapt_system
from balkhash_model.forcing.delta import WETLAND, wetland_start
from balkhash_model.forcing.inflow import scenario_axis
from balkhash_model.forcing.river import Record
from balkhash_model.library import load_parameters, load_system
from balkhash_model.scenario import Scenario, dump_scenario, load_scenario
from balkhash_model.scenario.schema_series import Column
from balkhash_model.simulation import initial_volumes, simulate
from balkhash_model.sources import NotedParameters, sources_used
from balkhash_model.system import LakeSystem
from balkhash_model.timeaxis import TimeAxis

FloatArray = npt.NDArray[np.float64]

#: Members whose every flux a run keeps in memory.
_MOST_MEMBERS = 100_000

__all__ = ["Case", "build", "check", "run", "used_files", "used_tables"]


@dataclass(frozen=True, eq=False)
class Case:
    """A scenario made ready to run.

    Attributes
    ----------
    scenario : Scenario
        The assumptions.
    system : LakeSystem
        The lake system with its parameters, and the users and reservoirs of the scenario.
    axis : TimeAxis
        The intervals.
    forcing : xarray.Dataset
        Rates per interval.
    levels : dict
        Levels of the storages at the start, m.
    salinity : dict
        Salinity of the storages at the start, kg m-3.
    extra : xarray.Dataset
        What belongs in the result and drives nothing.
    tables : frozenset of str
        Keys of the reference tables that were loaded.
    """

    scenario: Scenario
    system: LakeSystem
    axis: TimeAxis
    forcing: xr.Dataset
    levels: dict[str, float]
    salinity: dict[str, float]
    extra: xr.Dataset = field(default_factory=xr.Dataset)
    tables: frozenset[str] = frozenset()


def _quantity(text: str, system: LakeSystem, where: str, kind: str = "level") -> float:
    """A level, or a quantity of another kind, as text or as ``$name`` of a parameter."""
    if text.startswith("$"):
        parameter = system.parameters[text[1:]]
        if parameter.kind != kind:
            raise InputError(Problem(where, f"{text} is not a {kind}", parameter.kind))
        return parameter.si
    return units.parse(text, kind, where)


def _start_levels(scenario: Scenario, system: LakeSystem) -> dict[str, float]:
    text = scenario.initial.lake_level
    if text == "observed":
        level = _observed_level(scenario)
    else:
        level = _quantity(text, system, "initial.lake_level")
    levels = dict.fromkeys(system.lake, level)
    if WETLAND in system.storage_names():
        levels[WETLAND] = wetland_start(system)[0]
    for name, text in scenario.initial.levels.items():
        levels[name] = _quantity(text, system, f"initial.levels.{name}")
    return levels


def _observed_level(scenario: Scenario) -> float:
    """Mean of the altimetric levels of the months before and after the start."""
    from balkhash_model.reference.levels import altimetry_monthly

    levels = altimetry_monthly(scenario.inflow.observed)
    start = pd.Period(scenario.period.start, freq="M")
    found = [levels.get(start - 1), levels.get(start)]
    values = [float(v) for v in found if v is not None and np.isfinite(v)]
    if len(values) < 2:
        raise InputError(
            Problem(
                scenario.where("initial", "lake_level"),
                "no observed level of the months before and after the start",
                scenario.period.start,
                f"{levels.index.min()} to {levels.index.max()}",
            )
        )
    return sum(values) / 2.0


def _start_salinity(
    scenario: Scenario, system: LakeSystem, levels: dict[str, float], start: np.datetime64
) -> dict[str, float]:
    """Salinities that the scenario gives; otherwise those of today.

    The West has its present salinity and the East the rest of the present stock; a reservoir holds
    the water of its rivers.
    """
    p = system.parameters
    volumes = initial_volumes(system, levels, start)
    names = system.storage_names()
    found: dict[str, float] = {}
    for storage, volume in zip(system.storages, volumes, strict=True):
        into = [r.salinity for r in system.rivers if r.to == storage.name]
        if storage.kind == "reservoir" and volume > 0.0 and into:
            found[storage.name] = sum(into) / len(into)
    if {"west_salinity", "salt_stock"} <= set(p) and system.lake == ("west", "east"):
        west, east = volumes[names.index("west")], volumes[names.index("east")]
        rest = (p["salt_stock"].si - p["west_salinity"].si * west) / east
        found |= {"west": p["west_salinity"].si, "east": max(rest, 0.0)}
    if WETLAND in names:
        found[WETLAND] = wetland_start(system)[1]
    for name, text in scenario.initial.salinity.items():
        found[name] = _quantity(text, system, f"initial.salinity.{name}", "salinity")
    return found


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
    with reference.noting() as tables:
        case = _built(scenario, system, start)
    return replace(case, tables=frozenset(tables))


def _built(
    scenario: str | os.PathLike[str] | Scenario, system: LakeSystem | None, start: bool
) -> Case:
    """The case, but for the tables that were loaded."""
    record = scenario if isinstance(scenario, Scenario) else load_scenario(str(scenario))
    if system is None:
        chosen = load_parameters(record.parameters.set, record.parameters.overrides)
        # what is asked for by name is what the run rests on
        system = load_system(record.system, parameters=NotedParameters(chosen))
    axis = scenario_axis(record)
    problems: list[Problem] = []
    adapted, forcing, extra = system, xr.Dataset(), xr.Dataset()
    levels = dict.fromkeys(system.lake, float("nan"))
    try:
        adapted = adapt_system(record, system)
        done = assemble_all(record, system, axis, reconstruction_record(record, system))
        forcing, extra = done.forcing, done.extra
    except InputError as error:
        problems.extend(error.problems)
    salinity: dict[str, float] = {}
    try:
        if start:
            levels, salinity = start_of(record, adapted, axis.edges[0])
    except InputError as error:
        problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    return Case(record, adapted, axis, forcing, levels, salinity, extra)


def check(
    name: str,
    variants: Sequence[str] = (),
    settings: Sequence[str] = (),
    *,
    in_order: bool = False,
) -> Scenario:
    """Check a scenario as far as that goes without running it.

    Parameters
    ----------
    name : str
        Name of a shipped scenario, or a path to a YAML file.
    variants, settings : sequence of str, optional
        As for :func:`balkhash_model.load_scenario`.
    in_order : bool, default False
        Whether a later variant may win over an earlier one.

    Returns
    -------
    Scenario
        The checked record.

    Raises
    ------
    InputError
        Where the file, its parameters, its system, its start or its data files cannot be used.

    Examples
    --------
    >>> check("hindcast").meta.name
    'hindcast'
    """
    record = load_scenario(name, variants, settings, in_order=in_order)
    system = load_system(
        record.system, parameters=record.parameters.set, overrides=record.parameters.overrides
    )
    problems: list[Problem] = []
    try:
        axis = scenario_axis(record)
        adapted = adapt_system(record, system)
        start_of(record, adapted, axis.edges[0])
    except InputError as error:
        problems.extend(error.problems)
    if not problems:
        problems += _data_problems(record)
    if not problems and not _draws_from_levels(record):
        # the tables and files must cover the period; a reconstruction would be a run
        assemble_all(record, system, axis)
    if problems:
        raise InputError(problems)
    return record


def _data_problems(record: Scenario) -> list[Problem]:
    """Data files that are not there."""
    named: list[tuple[tuple[str, ...], str | None]] = [(("inflow", "file"), record.inflow.file)]
    if record.climate.file is not None:
        named += [(("climate", "file", "path"), record.climate.file.path)]
        named += [(("climate", "file", "observed"), record.climate.file.observed)]
    if record.climate.weather is not None:
        named += [(("climate", "weather", "path"), record.climate.weather.path)]
    named += [(keys, column.file) for keys, column in _columns(record)]
    return [
        Problem(record.where(*keys), "no such file", str(path))
        for keys, path in named
        if path is not None and not (record.folder(*keys) / path).is_file()
    ]


def _draws_from_levels(record: Scenario) -> bool:
    """Whether the inflow is drawn from what the levels imply."""
    from balkhash_model.scenario.schema_inflow import STOCHASTIC

    inflow = record.inflow
    return inflow.kind in STOCHASTIC and inflow.generator.source == "reconstruction"


def start_of(
    record: Scenario, system: LakeSystem, start: np.datetime64
) -> tuple[dict[str, float], dict[str, float]]:
    """Give the state that a scenario starts from.

    Parameters
    ----------
    record : Scenario
        The scenario.
    system : LakeSystem
        Its lake system.
    start : numpy.datetime64
        First instant.

    Returns
    -------
    tuple of dict
        Levels, m, and salinities, kg m-3, by storage.

    Raises
    ------
    InputError
        Where a level or a salinity cannot be used.

    Examples
    --------
    >>> case = build("baseline_2050")
    >>> start_of(case.scenario, case.system, case.axis.edges[0])[0]
    {'west': 341.55, 'east': 341.55}
    """
    levels = _start_levels(record, system)
    return levels, _start_salinity(record, system, levels, start)


def reconstruction_record(record: Scenario, system: LakeSystem) -> Record | None:
    """Give the total river inflow that the levels imply, where the scenario draws from it.

    Parameters
    ----------
    record : Scenario
        The scenario.
    system : LakeSystem
        Its lake system, before the scenario changes it.

    Returns
    -------
    Record or None
        Monthly flows of 1993 to 2014, or to the last year whose levels the scenario lets it see;
        None where the inflow comes from elsewhere.

    Raises
    ------
    InputError
        Where the reconstruction cannot be made.

    Examples
    --------
    >>> reconstruction_record(load_scenario("hindcast"), load_system("balkhash")) is None
    True
    """
    if not _draws_from_levels(record):
        return None
    last = record.inflow.generator.levels_to or 2014
    base = load_scenario("hindcast", settings=[f"period.end={last + 1}-01-01"])
    flow = _reconstructed_flow(with_parameters(base, record), system)
    years = np.arange(1993, last + 1)
    return Record(years, flow.reshape(-1, 12), "the reconstruction")


def with_parameters(base: Scenario, other: Scenario) -> Scenario:
    """Give a scenario the parameters of another.

    Parameters
    ----------
    base, other : Scenario
        The scenario, and the one whose parameters it takes.

    Returns
    -------
    Scenario
        A new record.

    Examples
    --------
    >>> base = load_scenario("hindcast")
    >>> with_parameters(base, load_scenario("hindcast_free")) == base
    True
    """
    return base.model_copy(update={"parameters": other.parameters, "system": other.system})


def _reconstructed_flow(record: Scenario, system: LakeSystem) -> FloatArray:
    """Monthly total river inflow from the day of the reconstruction on, m3/s."""
    from balkhash_model.reconstruction import reconstructed_forcing

    case = build(record, system)
    forcing, _ = reconstructed_forcing(case)
    result = simulate(case.system, forcing, initial=case.levels)
    start = str(record.inflow.reconstruct_from)
    late = result["time"].values >= np.datetime64(start)
    flow: FloatArray = result["lake_river_inflow"].values[late]
    return flow


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


def used_tables(scenario: Scenario) -> list[str]:
    """Name the reference tables that a scenario reads.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    list of str
        Sorted keys.

    Examples
    --------
    >>> used_tables(load_scenario("rcp45"))[1:3]
    ['balkhash_level_tied', 'climate_balkhash_monthly']
    """
    inflow, climate = scenario.inflow, scenario.climate
    tables = {c.table for _, c in _columns(scenario) if c.table is not None}
    if climate.table is not None and inflow.kind == "table":
        return sorted(tables)
    tables |= {"climate_balkhash_monthly", "air_temperature_stations"}
    history = inflow.kind == "history" or inflow.generator.source == "reconstruction"
    if history or inflow.at in ("km171", "dam", "ushzharma"):
        tables.add(inflow.ili)
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
        A case that :func:`build` made.

    Returns
    -------
    dict of str to list of str
        As :func:`balkhash_model.sources.sources_used` gives it.

    Examples
    --------
    >>> used_sources(build("hindcast_free"))["britannica"]
    ['parameter west_bottom_level']
    """
    # kept in memory for the session, so that a later run does not load it again
    kept = {"air_temperature_stations"} & {*used_tables(case.scenario)}
    references = case.scenario.meta.references
    return sources_used(case.system.parameters, case.tables | kept, references)


def used_files(scenario: Scenario) -> dict[str, str]:
    """Give the checksums of the user's own data files.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    dict of str to str
        SHA-256 by path.

    Raises
    ------
    OSError
        Where a file cannot be read.

    Examples
    --------
    >>> used_files(load_scenario("hindcast"))
    {}
    """
    import hashlib

    named: list[tuple[str | None, tuple[str, ...]]] = [(scenario.inflow.file, ("inflow", "file"))]
    if scenario.climate.file is not None:
        keys = ("climate", "file")
        named += [(scenario.climate.file.path, (*keys, "path"))]
        named += [(scenario.climate.file.observed, (*keys, "observed"))]
    if scenario.climate.weather is not None:
        named += [(scenario.climate.weather.path, ("climate", "weather", "path"))]
    named += [(column.file, where) for where, column in _columns(scenario)]
    return {
        name: hashlib.sha256((scenario.folder(*keys) / name).read_bytes()).hexdigest()
        for name, keys in named
        if name is not None
    }


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
    record = scenario if isinstance(scenario, Scenario) else load_scenario(str(scenario))
    _check_members(record)
    case = build(record, start=start_from is None)
    if substeps is not None:
        # what was run is what the result must say
        period = record.period.model_copy(update={"substeps": substeps})
        record = record.model_copy(update={"period": period})
    forcing, extra = case.forcing, case.extra
    if record.inflow.reconstruct_from is not None:
        with reference.noting() as tables:
            forcing, found = _reconstructed(case, start_from)
        case = replace(case, tables=case.tables | tables)
        extra = found.merge(extra, combine_attrs="override") if extra.data_vars else found
    checksums = {k: str(reference.describe(k)["sha256"]) for k in used_tables(record)}
    result = simulate(
        case.system,
        forcing,
        initial=start_from if start_from is not None else case.levels,
        initial_salinity=case.salinity,
        substeps=record.period.substeps,
        threads=threads,
        attrs=_attributes(record, checksums | used_files(record), start_from)
        | {"sources_used": json.dumps(used_sources(case), sort_keys=True)},
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
        result = _with_extra(result, extra)
    return _kept(result, record.outputs.variables)


def _check_members(record: Scenario) -> None:
    """Refuse what only an ensemble does, before anything takes memory or is left out."""
    ensemble, hint = record.ensemble, "Use balkhash_model.run_ensemble, or balkhash run --members"
    problems = []
    if ensemble.members is not None and ensemble.members > _MOST_MEMBERS:
        where = record.where("ensemble", "members")
        most = f"at most {_MOST_MEMBERS}"
        found = str(ensemble.members)
        problems.append(Problem(where, "too many for results in memory", found, most, hint))
    if ensemble.members is not None and ensemble.varied:
        where = record.where("ensemble")
        problems.append(Problem(where, "a run does not vary parameters or factors", hint=hint))
    if problems:
        raise InputError(problems)


def _reconstructed(case: Case, start_from: xr.Dataset | None) -> tuple[xr.Dataset, xr.Dataset]:
    """Forcing with the inflow that the levels imply.

    The levels were observed on a lake with its reservoir: a counterfactual takes the inflow of the
    factual run and changes it by what it changes of the gauge, and keeps no observed levels.
    """
    from balkhash_model.reconstruction import reconstructed_forcing

    record = case.scenario
    if not any(r.give_back is not None for r in record.reservoirs.values()):
        return reconstructed_forcing(case, start_from)
    factual = build(record.model_copy(update={"reservoirs": {}}), start=start_from is None)
    found, _ = reconstructed_forcing(factual, start_from)
    forcing = case.forcing.copy(deep=True)
    change = case.forcing["gauge_flow"] - factual.forcing["gauge_flow"]
    forcing["gauge_flow"] = (found["gauge_flow"] + change).assign_attrs(
        case.forcing["gauge_flow"].attrs
    )
    return forcing, xr.Dataset()


def _attributes(
    record: Scenario, checksums: dict[str, str], start_from: xr.Dataset | None
) -> dict[str, str]:
    """Attributes that say what was run."""
    attrs = {
        "scenario": record.meta.name,
        "title": record.meta.title,
        "summary": " ".join(record.meta.rationale.split()),
        "resolved_scenario": dump_scenario(record),
        "input_checksums": json.dumps(checksums, sort_keys=True),
        "parameter_overrides": json.dumps(record.parameters.overrides, sort_keys=True),
        "references": _citations(record.meta.references),
        "history": provenance.history_line(f"balkhash_model.run({record.meta.name!r})"),
    }
    if start_from is not None:
        attrs["started_from"] = str(start_from.attrs.get("scenario", "a result"))
    return attrs


def _with_extra(result: xr.Dataset, extra: xr.Dataset) -> xr.Dataset:
    """Add what drives nothing, and point to it from what it belongs to."""
    time_attrs = dict(result["time"].attrs)
    result = result.assign(extra.data_vars)
    result["time"].attrs = time_attrs
    if "lake_level_uncertainty" in extra:
        result["lake_level"].attrs["ancillary_variables"] = "lake_level_uncertainty"
        result["lake_river_inflow"].attrs["ancillary_variables"] = "river_inflow_uncertainty"
    return result


#: What a file keeps whatever the scenario asks for: states, levels, balance.
_ALWAYS = (
    "water_volume",
    "salt_mass",
    "water_level",
    "water_level_edge",
    "lake_level",
    "lake_area",
    "balance_residual",
    "status",
    "status_storage",
    "status_time",
    *FLUXES,
    "link_flow",
)


def _kept(result: xr.Dataset, wanted: list[str]) -> xr.Dataset:
    """The variables that the scenario asks for."""
    if not wanted:
        return result
    unknown = [name for name in wanted if name not in result.data_vars]
    if unknown:
        raise InputError(
            [
                Problem(
                    f"outputs.variables: {name}",
                    "the result has no such variable",
                    hint=nearest(name, map(str, result.data_vars)),
                )
                for name in unknown
            ]
        )
    kept = {*wanted, *_ALWAYS}
    return result[[name for name in result.data_vars if name in kept]]
