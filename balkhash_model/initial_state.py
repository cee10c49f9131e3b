"""What a lake holds at the start of a run: volumes and salt, from levels or from a result."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import xarray as xr

from balkhash_model.errors import InputError, Problem
from balkhash_model.system import LakeSystem
from balkhash_model.timeaxis import TimeAxis

FloatArray = npt.NDArray[np.float64]

__all__ = ["initial_state", "initial_volumes"]


def initial_volumes(
    system: LakeSystem,
    levels: float | Mapping[str, float],
    start: np.datetime64,
) -> FloatArray:
    """Volumes at the start from levels.

    Parameters
    ----------
    system : LakeSystem
        The lake system.
    levels : float or mapping of str to float
        One level for the basins of the lake, or a level for each storage, m. A reservoir without
        a level starts empty if it is not yet active.
    start : numpy.datetime64
        First instant.

    Returns
    -------
    array (storage,)
        Volumes, m3.

    Raises
    ------
    InputError
        Where a level lies outside its curve, is missing, or belongs to no storage.

    Examples
    --------
    >>> from balkhash_model.library import load_system
    >>> v = initial_volumes(load_system("balkhash"), 342.0, np.datetime64("1961-01-01"))
    >>> (v / 1e9).round(6).tolist()
    [0.0, 48.5, 57.5]
    """
    given = (
        dict(levels) if isinstance(levels, Mapping) else dict.fromkeys(system.lake, float(levels))
    )
    problems: list[Problem] = []
    for name in given:
        if name not in system.storage_names():
            problems.append(
                Problem(
                    f"initial level of {name!r}",
                    "no such storage",
                    expected=", ".join(system.storage_names()),
                )
            )
    volumes = np.zeros(len(system.storages))
    for i, storage in enumerate(system.storages):
        active = storage.active_from is None or start >= storage.active_from
        if storage.name not in given:
            if active:
                problems.append(
                    Problem(
                        f"initial level of {storage.name!r}",
                        "missing",
                        hint="Give a level for each storage that holds water",
                    )
                )
            continue
        level = float(given[storage.name])
        low, high = float(storage.curve.level[0]), float(storage.curve.level[-1])
        if not low <= level <= high:
            problems.append(
                Problem(
                    f"initial level of {storage.name!r}",
                    "outside its curve",
                    f"{level:g} m",
                    f"{low:g} to {high:g} m ({system.datum})",
                )
            )
        elif active:
            volumes[i] = float(storage.curve.volume_at(level))
    if problems:
        raise InputError(problems)
    return volumes


def initial_state(
    system: LakeSystem,
    axis: TimeAxis,
    initial: float | Mapping[str, float] | xr.Dataset,
    salinity: Mapping[str, float] | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Volumes and salt masses at the start, from levels or from the end of a result.

    Parameters
    ----------
    system : LakeSystem
        The lake system.
    axis : TimeAxis
        Intervals of the run.
    initial : float, mapping or xarray.Dataset
        Level of the lake, m, or a level for each storage, or a result that ends where this run
        starts.
    salinity : mapping of str to float, optional
        Salinity of each storage, kg m-3; zero where not given. A result brings its own.

    Returns
    -------
    tuple of array (storage,)
        Volumes, m3, and salt masses, kg.

    Raises
    ------
    InputError
        Where the start cannot be used.

    Examples
    --------
    >>> from balkhash_model.library import load_system
    >>> axis = TimeAxis.monthly("1961-01-01", "1962-01-01")
    >>> _, salt = initial_state(load_system("balkhash"), axis, 342.0, {"west": 2.0})
    >>> (salt / 1e9).round(6).tolist()
    [0.0, 97.0, 0.0]
    """
    names = system.storage_names()
    if isinstance(initial, xr.Dataset):
        problems = _result_problems(system, axis, initial)
        if problems:
            raise InputError(problems)
        last = initial.isel(time_edge=-1)
        return np.array(last["water_volume"].values), np.array(last["salt_mass"].values)
    numbers = list(initial.values()) if isinstance(initial, Mapping) else [initial]
    if not all(isinstance(x, int | float | np.number) and np.isfinite(x) for x in numbers):
        raise InputError(
            Problem(
                "initial level",
                "not a number",
                repr(initial),
                "metres as a number, a mapping of storage to metres, or a result",
                "balkhash_model.units.parse reads '342.0 m'",
            )
        )
    volumes = initial_volumes(system, initial, axis.edges[0])
    concentration = np.array([(salinity or {}).get(n, 0.0) for n in names])
    unknown = sorted(set(salinity or {}) - set(names))
    if unknown or (concentration < 0.0).any():
        raise InputError(
            Problem(
                "initial salinity",
                "unknown storage or negative value",
                str(dict(salinity or {})),
                ", ".join(names),
            )
        )
    return volumes, volumes * concentration


def _result_problems(system: LakeSystem, axis: TimeAxis, initial: xr.Dataset) -> list[Problem]:
    """What keeps a result from being the start of a run."""
    names = system.storage_names()
    problems = [
        Problem("initial result", "lacks a variable", expected=name)
        for name in ("water_volume", "salt_mass")
        if name not in initial
    ]
    if not problems and list(initial["storage"].values) != names:
        problems.append(
            Problem(
                "initial result",
                "other storages",
                str(list(initial["storage"].values)),
                str(names),
            )
        )
    if "realization" in initial.dims:
        problems.append(
            Problem(
                "initial result",
                "holds several members",
                expected="one member",
                hint="Select one: result.isel(realization=0)",
            )
        )
    end = initial["time_edge"].values[-1].astype("datetime64[s]") if not problems else None
    if end is not None and end != axis.edges[0]:
        problems.append(
            Problem(
                "initial result",
                "does not end where this run starts",
                str(end)[:10],
                str(axis.edges[0])[:10],
            )
        )
    if not problems and initial.attrs.get("datum", system.datum) != system.datum:
        problems.append(
            Problem("initial result", "another datum", str(initial.attrs["datum"]), system.datum)
        )
    return problems
