"""Run a scenario and keep what was used."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import xarray as xr

from balkhash_model import provenance, reference
from balkhash_model.cases import Case, build, check, reconstruction_record, start_of
from balkhash_model.diagnostics.balance import FLUXES
from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.scenario import Scenario, dump_scenario, load_scenario
from balkhash_model.simulation import simulate
from balkhash_model.used_inputs import read_tables, used_files, used_sources, used_tables

#: Members whose every flux a run keeps in memory.
_MOST_MEMBERS = 100_000

__all__ = [
    "Case",
    "build",
    "check",
    "read_tables",
    "reconstruction_record",
    "run",
    "start_of",
    "used_files",
    "used_sources",
    "used_tables",
]


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
    checksums = {k: str(reference.describe(k)["sha256"]) for k in read_tables(case)}
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
        **{f"title_{lang}": text for lang, text in record.meta.titles.items()},
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
