"""Make a scenario ready to run: load what it names, build its forcing and its start."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from balkhash_model import reference, units
from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.forcing import assemble_all
from balkhash_model.forcing.adaptation import adapt_system
from balkhash_model.forcing.delta import WETLAND, wetland_start
from balkhash_model.forcing.inflow import scenario_axis
from balkhash_model.forcing.river import Record
from balkhash_model.initial_state import initial_volumes
from balkhash_model.library import load_parameters, load_system, set_of_system
from balkhash_model.scenario import Scenario, load_scenario
from balkhash_model.scenario.places import placed
from balkhash_model.simulation import simulate
from balkhash_model.sources import NotedParameters
from balkhash_model.system import LakeSystem
from balkhash_model.timeaxis import TimeAxis
from balkhash_model.used_inputs import missing_files

FloatArray = npt.NDArray[np.float64]

__all__ = ["Case", "build", "check", "reconstruction_record", "start_of", "with_parameters"]


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
        level = _quantity(text, system, scenario.where("initial", "lake_level"))
    levels = dict.fromkeys(system.lake, level)
    if WETLAND in system.storage_names():
        levels[WETLAND] = wetland_start(system)[0]
    for name, text in scenario.initial.levels.items():
        levels[name] = _quantity(text, system, scenario.where("initial", "levels", name))
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
    scenario: Scenario, system: LakeSystem, volumes: FloatArray
) -> dict[str, float]:
    """Salinities that the scenario gives; otherwise those of today.

    The West has its present salinity and the East the rest of the present stock; a reservoir holds
    the water of its rivers.
    """
    p = system.parameters
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
    problems: list[Problem] = []
    for name, text in scenario.initial.salinity.items():
        place = scenario.where("initial", "salinity", name)
        if name not in names:
            problems.append(Problem(place, "no such storage", name, hint=nearest(name, names)))
            continue
        try:
            found[name] = _quantity(text, system, place, "salinity")
        except InputError as error:
            problems.extend(error.problems)
            continue
        if found[name] < 0.0:
            problems.append(Problem(place, "is negative", text, "zero or more"))
    if problems:
        raise InputError(problems)
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
    record = scenario if isinstance(scenario, Scenario) else load_scenario(str(scenario))
    try:
        with reference.noting() as tables:
            case = _built(record, system, start)
    except InputError as error:
        raise InputError(placed(record, error.problems)) from None
    return replace(case, tables=frozenset(tables))


def _built(record: Scenario, system: LakeSystem | None, start: bool) -> Case:
    """The case, but for the tables that were loaded."""
    if system is None:
        choice = record.parameters
        chosen = load_parameters(choice.set or set_of_system(record.system), choice.overrides)
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
    try:
        _checked(record)
    except InputError as error:
        raise InputError(placed(record, error.problems)) from None
    return record


def _checked(record: Scenario) -> None:
    """Load, adapt and assemble what a scenario names, all but the run."""
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
        problems += missing_files(record)
    if not problems and not _draws_from_levels(record):
        # the tables and files must cover the period; a reconstruction would be a run
        assemble_all(record, system, axis)
    if problems:
        raise InputError(problems)


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
    try:
        volumes = initial_volumes(system, levels, start)
    except InputError as error:
        place = record.origins.where(("initial",))
        raise InputError(replace(p, where=f"{place}: {p.where}") for p in error.problems) from None
    return levels, _start_salinity(record, system, volumes)


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
