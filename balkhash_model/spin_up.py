"""Starts of past runs in salt, and the salt above the reservoir: what takes runs to find.

The West forgets its start and sets out at rest; the East remembers and sets out so that the lake
holds its present stock at present. Salt masses are linear in both, so that two runs are enough.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from balkhash_model.errors import InputError, Problem
from balkhash_model.forcing.adaptation import adapt_system
from balkhash_model.library import load_system
from balkhash_model.runs import Case, build
from balkhash_model.salt_state import SaltState, present_salinity
from balkhash_model.scenario import Scenario, load_scenario
from balkhash_model.simulation import simulate
from balkhash_model.system import LakeSystem, ParameterSet

FloatArray = npt.NDArray[np.float64]

__all__ = ["PRESENT", "spin_up", "upper_ili_salinity"]

#: First and last year to which the present stock belongs.
PRESENT = (2000, 2009)
#: Years at the start of a run whose mean flows the West is at rest with.
_LEAD_YEARS = 9


def upper_ili_salinity(scenario: str | os.PathLike[str] | Scenario = "hindcast_free") -> float:
    """Salinity of the rivers above Kapshagay with which the Ili has its own at Ushzharma.

    The reservoir evaporates water and keeps the salt. The salt at the mouth is linear in what comes
    from above the reservoir and from below it, so two runs with the salt of one of them tell how
    much of it arrives.

    Parameters
    ----------
    scenario : str, path-like or Scenario, default "hindcast_free"
        A single run.

    Returns
    -------
    float
        Salinity with which the mean of the run at Ushzharma, weighted by flow, is ``ili_salinity``
        of the parameter set, kg m-3.

    Examples
    --------
    >>> upper = upper_ili_salinity()
    >>> upper < load_system("balkhash").parameters["ili_salinity"].si
    True
    """
    record = scenario if isinstance(scenario, Scenario) else load_scenario(str(scenario))
    case = build(record)
    base = load_system(
        record.system, parameters=record.parameters.set, overrides=record.parameters.overrides
    ).parameters

    def arrives(**salinity: float) -> tuple[float, float]:
        """Mean salt that the Ili brings, and mean flow at Ushzharma."""
        changed = dict(base)
        for name in ("upper_ili_salinity", "ili_salinity", "groundwater_salinity"):
            si = salinity.get(name, 0.0)
            changed[name] = replace(base[name], value=si, si=si)
        parameters = ParameterSet(base.name, base.title, changed)
        system = adapt_system(record, load_system(record.system, parameters=parameters))
        result = simulate(system, case.forcing, initial=case.levels, initial_salinity={})
        seconds = np.diff(result["time_edge"].values).astype("timedelta64[s]").astype(float)
        weight = seconds / seconds.sum()
        head = result["link_flow"].sel(link=["ili_delta", "ili_delta_loss"]).sum("link")
        salt = result["salt_inflow"].sel(storage="west")
        return float(weight @ salt.values), float(weight @ head.values)

    above, flow = arrives(upper_ili_salinity=1.0)
    below, _ = arrives(ili_salinity=1.0)
    return base["ili_salinity"].si * (flow - below) / above


def spin_up(
    scenario: str | os.PathLike[str] | Scenario = "hindcast_free",
    states: Sequence[SaltState] | None = None,
) -> pd.DataFrame:
    r"""Salinities at the start of a run that agree with the present state, for each salt state.

    The West forgets its start (a ninth is left after ten years), so it sets out at rest with the
    East and with the mean flows of the run's first nine years,

    .. math:: S_W = (F_W + X S_E)/(Q + dV/dt + X + V/T_W).

    The East remembers: its start is the one after which the lake holds the present stock in the
    mean of 2000 to 2009. Masses are linear in it, so two runs of a state find it.

    Parameters
    ----------
    scenario : str, path-like or Scenario, default "hindcast_free"
        A single run that covers the first years and 2000 to 2009.
    states : sequence of SaltState, optional
        Salt parameters; by default those of the scenario's parameter set.

    Returns
    -------
    pandas.DataFrame
        For each state, in kg m-3: ``west`` and ``east`` at the start; ``west_present`` and
        ``east_present``, means of 2000 to 2009; ``stock_present``, kg.

    Raises
    ------
    InputError
        Where the run does not cover 2000 to 2009, has members, or where the present stock calls
        for less than no salt at the start.

    Examples
    --------
    >>> start = spin_up()
    >>> (start["stock_present"] / 1e9).round(6).tolist()
    [312.0]
    """
    record = scenario if isinstance(scenario, Scenario) else load_scenario(str(scenario))
    case = build(record)
    base = load_system(
        record.system, parameters=record.parameters.set, overrides=record.parameters.overrides
    )
    chosen: Sequence[ParameterSet] = (
        [base.parameters] if states is None else [s.parameters(base.parameters) for s in states]
    )
    rows = [_start_of(record, load_system(record.system, parameters=p), case) for p in chosen]
    return pd.DataFrame(rows)


def _start_of(record: Scenario, system: LakeSystem, case: Case) -> dict[str, float]:
    adapted = adapt_system(record, system)

    def run(west: float, east: float) -> xr.Dataset:
        start = case.salinity | {"west": west, "east": east}
        return simulate(adapted, case.forcing, initial=case.levels, initial_salinity=start)

    target = system.parameters["salt_stock"].si
    guess = present_salinity(system)[1]
    first = run(1.0, guess)
    west = _west_at_rest(first, system)
    low, high = 0.5 * guess, 1.5 * guess
    stocks = [_present(run(west(east), east))["stock_present"] for east in (low, high)]
    east = low + (target - stocks[0]) * (high - low) / (stocks[1] - stocks[0])
    if not east > 0.0:
        raise InputError(
            Problem(
                "salt of the start",
                "below zero: more salt comes in than the present stock allows",
                f"{east:g} kg/m3",
            )
        )
    return {"west": west(east), "east": east} | _present(run(west(east), east))


def _west_at_rest(result: xr.Dataset, system: LakeSystem) -> Callable[[float], float]:
    """Salinity of the West for that of the East, with the mean flows of the first years."""
    part = result.sel(storage="west")
    seconds = np.diff(result["time_edge"].values).astype("timedelta64[s]").astype(float)
    years = result["time"].dt.year.values
    n = int((years < years[0] + _LEAD_YEARS).sum())
    weight = seconds[:n] / seconds[:n].sum()
    inflow = float(weight @ part["salt_inflow"].values[:n])
    flow = float(weight @ result["link_flow"].sel(link="uzynaral").values[:n])
    volume = part["water_volume"].values[: n + 1]
    rise = float(volume[-1] - volume[0]) / float(seconds[:n].sum())
    held = float(weight @ (0.5 * (volume[1:] + volume[:-1])))
    p = system.parameters
    exchange = p["strait_exchange"].si
    loss = flow + rise + exchange + held / p["west_deposition_time"].si
    return lambda east: (inflow + exchange * east) / loss


def _present(result: xr.Dataset) -> dict[str, float]:
    """Means over the present years: salinities by volume, and the stock."""
    seconds = np.diff(result["time_edge"].values).astype("timedelta64[s]").astype(float)
    years = result["time"].dt.year.values
    now = (years >= PRESENT[0]) & (years <= PRESENT[1])
    if len(set(years[now].tolist())) < PRESENT[1] - PRESENT[0] + 1:
        raise InputError(
            Problem(
                "scenario",
                "does not cover the years of the present stock",
                f"{years[0]} to {years[-1]}",
                f"{PRESENT[0]} to {PRESENT[1]}",
            )
        )
    weight = seconds[now] / seconds[now].sum()

    def mean(name: str) -> FloatArray:
        edges = result[name].sel(storage=["west", "east"]).values
        return np.asarray(weight @ (0.5 * (edges[1:] + edges[:-1]))[now])

    mass, volume = mean("salt_mass"), mean("water_volume")
    return {
        "west_present": float(mass[0] / volume[0]),
        "east_present": float(mass[1] / volume[1]),
        "stock_present": float(mass.sum()),
    }
