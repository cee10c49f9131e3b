"""Finished results: run again from what they hold, and compared with others."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import xarray as xr

from balkhash_model import reference, units
from balkhash_model.diagnostics.compare import Comparison, compare_results
from balkhash_model.diagnostics.ecosystem import limits as check_limits
from balkhash_model.errors import InputError, Problem
from balkhash_model.runs import run, used_files
from balkhash_model.scenario import Scenario, load_scenario, read_scenario

__all__ = ["compare", "open_result", "rerun", "scenario_of_result"]


def rerun(path: str | os.PathLike[str], *, threads: int | None = None) -> xr.Dataset:
    """Run again what a result holds.

    Parameters
    ----------
    path : path-like
        A NetCDF file that :func:`run` or ``balkhash run`` made.
    threads : int, optional
        Threads at most.

    Returns
    -------
    xarray.Dataset
        The same numbers, bit for bit, with the same version of the package and the same tables.

    Raises
    ------
    InputError
        Where the file holds no scenario, was started from another result, or a table or data file
        has changed since.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from balkhash_model.job import write_result
    >>> first = run("hindcast_free")
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "free.nc"
    >>> write_result(first, file)
    >>> bool((rerun(file)["water_volume"] == first["water_volume"]).all())
    True
    """
    return run(scenario_of_result(path), threads=threads)


def scenario_of_result(path: str | os.PathLike[str]) -> Scenario:
    """Read the resolved scenario of a result.

    Parameters
    ----------
    path : path-like
        A NetCDF file.

    Returns
    -------
    Scenario
        The scenario; its data files are sought beside the result.

    Raises
    ------
    InputError
        Where the file holds none, was started from another result, or what it read has changed.
    """
    name = os.fspath(path)
    try:
        with xr.open_dataset(name, decode_times=False) as opened:
            attrs = dict(opened.attrs)
    except FileNotFoundError:
        raise InputError(Problem(name, "no such file")) from None
    except (OSError, ValueError) as error:
        raise InputError(Problem(name, "cannot be read as NetCDF", str(error)[:120])) from None
    if "resolved_scenario" not in attrs:
        raise InputError(Problem(name, "holds no scenario", expected="a result of balkhash run"))
    if "started_from" in attrs:
        raise InputError(
            Problem(
                name,
                "was started from another result, which it does not hold",
                str(attrs["started_from"]),
                hint="Use balkhash_model.run with start_from",
            )
        )
    record = read_scenario(str(attrs["resolved_scenario"]), name)
    used = json.loads(str(attrs.get("input_checksums", "{}")))
    known = reference.list()
    now = {k: str(reference.describe(k)["sha256"]) for k in used if k in known}
    try:
        now |= used_files(record)
    except OSError as error:
        raise InputError(Problem(name, "a data file is missing", str(error))) from None
    changed = [k for k, v in used.items() if k in now and now[k] != v]
    if changed:
        raise InputError([Problem(name, "read another version of this", k) for k in changed])
    return record


def compare(
    *runs: str | os.PathLike[str] | Scenario | xr.Dataset,
    baseline: str | None = None,
    threshold: float | None = None,
    limits: Mapping[str, str | float] | None = None,
) -> Comparison:
    """Compare scenarios, or results.

    Parameters
    ----------
    *runs : str, path-like, Scenario or xarray.Dataset
        Names of scenarios, YAML files, records, NetCDF files or results; what is no result is run.
    baseline : str, optional
        Name of the run that the others are held against; the first where not given.
    threshold : float, optional
        Level that is counted, m; that of the first scenario where not given.
    limits : mapping of str to str or float, optional
        Thresholds of ecosystem and water quality, as ``{"east_fish": "6 g/l"}``; see
        :func:`balkhash_model.diagnostics.limits`.

    Returns
    -------
    Comparison
        Levels, differences, budget, indicators, costs.

    Raises
    ------
    InputError
        Where something cannot be run or compared; all problems at once.

    Examples
    --------
    >>> found = compare("hindcast_free", "no_kapshagay")
    >>> found.baseline, sorted(found.levels)
    ('hindcast_free', ['hindcast_free', 'no_kapshagay'])
    """
    problems: list[Problem] = []
    try:
        check_limits(limits)
    except InputError as error:
        problems.extend(error.problems)
    ready: list[Scenario | xr.Dataset] = []
    for item in runs:
        try:
            ready.append(_ready(item))
        except InputError as error:
            problems.extend(error.problems)
    names = [
        item.meta.name if isinstance(item, Scenario) else str(item.attrs.get("scenario", "result"))
        for item in ready
    ]
    for name in sorted({n for n in names if names.count(n) > 1}):
        problems.append(Problem("compare", "two runs of one name", name))
    if baseline is not None and names and baseline not in names:
        problems.append(Problem("baseline", "is none of the runs", baseline, ", ".join(names)))
    if problems:
        raise InputError(problems)
    results = {}
    for name, item in zip(names, ready, strict=True):
        results[name] = run(item) if isinstance(item, Scenario) else item
    if threshold is None:
        first = next((item for item in ready if isinstance(item, Scenario)), None)
        text = first.outputs.threshold if first is not None else "341.0 m"
        if text == "none":
            raise InputError(
                Problem("threshold", "the first scenario names none", hint="Give one to compare")
            )
        threshold = units.parse(text, "level", "outputs.threshold")
    return compare_results(results, baseline, threshold, limits)


def _ready(item: str | os.PathLike[str] | Scenario | xr.Dataset) -> Scenario | xr.Dataset:
    """A scenario or a result, whatever it was given as."""
    if isinstance(item, Scenario | xr.Dataset):
        return item
    name = os.fspath(item)
    if not name.endswith(".nc"):
        return load_scenario(name)
    return open_result(name)


def open_result(path: str | os.PathLike[str]) -> xr.Dataset:
    """Read the NetCDF file of a result into memory.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    xarray.Dataset
        The result, with times to the second.

    Raises
    ------
    InputError
        Where there is no such file, or it cannot be read.

    Examples
    --------
    >>> open_result("results/none.nc")
    Traceback (most recent call last):
    ...
    balkhash_model.errors.InputError: results/none.nc: no such file
    """
    name = os.fspath(path)
    try:
        with xr.open_dataset(name, **_times()) as opened:
            return opened.load()
    except FileNotFoundError:
        raise InputError(Problem(name, "no such file")) from None
    except (OSError, ValueError) as error:
        raise InputError(Problem(name, "cannot be read as NetCDF", str(error)[:120])) from None


def _times() -> dict[str, Any]:
    """How times are decoded: to the second, where xarray can, for years that nanoseconds lack."""
    coders = getattr(xr, "coders", None)
    return {"decode_times": coders.CFDatetimeCoder(time_unit="s")} if coders is not None else {}
