"""Is the reconstructed inflow any good: consistency, an independent closure, withheld blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from balkhash_model import reference
from balkhash_model.diagnostics.skill import skill_scores
from balkhash_model.errors import InputError, Problem
from balkhash_model.reconstruction import reconstruct_inflow
from balkhash_model.reference.levels import altimetry_monthly
from balkhash_model.runs import build
from balkhash_model.simulation import simulate
from balkhash_model.system import LakeSystem

FloatArray = npt.NDArray[np.float64]

__all__ = ["Report", "annual_inflow", "report", "withheld_blocks"]

_KM3 = 1e9
#: Months of a withheld block.
_BLOCK = 24
#: Highest annual inflow that Wang 2022 prints (1999), km3.
_RECORD = 20.01


@dataclass(frozen=True, eq=False)
class Report:
    """Tables (title, frame, name of the index, digits) and notes."""

    tables: list[tuple[str, pd.DataFrame, str, int]]
    notes: list[str]


def annual_inflow(found: xr.Dataset) -> pd.DataFrame:
    """Annual reconstructed inflow with its standard error.

    Parameters
    ----------
    found : xarray.Dataset
        What :func:`balkhash_model.reconstruct_inflow` returned.

    Returns
    -------
    pandas.DataFrame
        By year: ``inflow`` and ``std error``, km3; errors of months are correlated and added so.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> from balkhash_model.runs import build
    >>> case = build("hindcast_free")
    >>> climate = case.forcing.sel(time=slice("2000", "2004"))
    >>> start = {"kapshagay": 476.0, "west": 341.5, "east": 341.5}
    >>> found = bm.reconstruct_inflow(case.system, altimetry_monthly(), climate, initial=start)
    >>> annual_inflow(found).index.tolist()
    [2000, 2001, 2002, 2003, 2004]
    """
    bounds = found["time_bnds"].values.astype("datetime64[s]")
    seconds = (bounds[:, 1] - bounds[:, 0]).astype(np.float64)
    years = found["time"].dt.year.values
    rows = {}
    for year in np.unique(years):
        weights = np.where(years == year, seconds, 0.0)
        variance = weights @ found["inflow_covariance"].values @ weights
        rows[int(year)] = {
            "inflow": float(weights @ found["river_inflow"].values) / _KM3,
            "std error": float(np.sqrt(variance)) / _KM3,
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _gauge_total(first: int, last: int, delta_loss: float, eastern: float) -> float:
    """River inflow to the lake by the gauge at Ushzharma, less delta loss, plus eastern rivers."""
    table = reference.load("ili_flux_by_period")
    row = (
        (table["row_kind"] == "period")
        & (table["gauge"] == "ushzharma")
        & (table["period_start"] == first)
        & (table["period_end"] == last)
    ).values
    return float(table["flow_km3_per_yr"].values[row][0]) - delta_loss + eastern


def withheld_blocks(
    scenario: str = "hindcast",
) -> pd.DataFrame:
    """Skill of bridging blocks of 24 months whose levels the reconstruction may not see.

    For each block the inflow is reconstructed from all other months and run; the level within the
    block is held against the observed one, beside three simple rules: persistence of the last level
    before the block, the mean of the calendar month in all other years, and a straight line between
    the levels before and after. The first and last years, which have no level on one side, are not
    withheld.

    Parameters
    ----------
    scenario : str, default "hindcast"
        A scenario with ``inflow.reconstruct_from``.

    Returns
    -------
    pandas.DataFrame
        RMSE (m) by block and for all blocks: ``reconstruction, persistence, climatology,
        straight line``.

    Examples
    --------
    >>> "straight line" in withheld_blocks("hindcast").columns  # doctest: +SKIP
    True
    """
    climate, levels, state, system = _setting(scenario)
    months = pd.PeriodIndex(pd.DatetimeIndex(climate["time"].values), freq="M")
    truth = levels.reindex(months)
    rows = {}
    errors: dict[str, list[FloatArray]] = {}
    for start in range(12, len(months) - _BLOCK, _BLOCK):
        block = slice(start, start + _BLOCK)
        seen = truth.copy()
        seen.attrs = dict(levels.attrs)
        seen.iloc[block] = np.nan
        found = reconstruct_inflow(system, seen, climate, initial=state)
        ours = found["lake_level"].values[block] - float(found.attrs["offset"])
        target = truth.to_numpy()[block]
        before, after = truth.iloc[start - 1], truth.iloc[start + _BLOCK]
        by_month = seen.groupby(months.month).mean()
        rules = {
            "reconstruction": ours,
            "persistence": np.full(_BLOCK, before),
            "climatology": by_month.loc[months[block].month].to_numpy(),
            "straight line": before + (after - before) * np.arange(1, _BLOCK + 1) / (_BLOCK + 1),
        }
        row = {}
        for name, guess in rules.items():
            error = guess - target
            errors.setdefault(name, []).append(error)
            row[name] = float(np.sqrt(np.mean(error**2)))
        rows[f"{months[start]} to {months[start + _BLOCK - 1]}"] = row
    rows["all blocks"] = {
        name: float(np.sqrt(np.mean(np.concatenate(e) ** 2))) for name, e in errors.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def _setting(scenario: str) -> tuple[xr.Dataset, pd.Series, xr.Dataset, LakeSystem]:
    """Climate from the first day of the reconstruction, levels, state on that day, system."""
    case = build(scenario)
    day = case.scenario.inflow.reconstruct_from
    if day is None:
        raise InputError(
            Problem(
                f"scenario {scenario!r}",
                "reconstructs no inflow",
                "inflow.reconstruct_from: null",
                "a day, as in hindcast",
            )
        )
    first = int(np.searchsorted(case.axis.edges, np.datetime64(day, "s")))
    state = simulate(case.system, case.forcing.isel(time=slice(None, first)), initial=case.levels)
    climate = case.forcing.isel(time=slice(first, None))
    return climate, altimetry_monthly(case.scenario.inflow.observed), state, case.system


def report(scenario: str = "hindcast", *, blocks: bool = True) -> Report:
    """Reconstruct the inflow of a scenario and say how far it can be trusted.

    Parameters
    ----------
    scenario : str, default "hindcast"
        A scenario with ``inflow.reconstruct_from``.
    blocks : bool, default True
        Whether to score withheld blocks too.

    Returns
    -------
    Report
        Annual inflow, checks and skill.

    Raises
    ------
    InputError
        Where the scenario reconstructs nothing.

    Examples
    --------
    >>> found = report("hindcast", blocks=False)
    >>> found.tables[0][2]
    'year'
    """
    climate, levels, state, system = _setting(scenario)
    found = reconstruct_inflow(system, levels, climate, initial=state)
    annual = annual_inflow(found)
    inflow = found["river_inflow"].values
    p = system.parameters
    mean = float(annual.loc[1996:2005, "inflow"].mean())
    gauges = _gauge_total(1996, 2005, p["delta_loss"].value, p["eastern_inflow"].value)
    printed = _gauge_total(1996, 2005, 2.77, 3.0)
    scores = skill_scores(found["lake_level"].values, found["observed_level"].values)
    high = annual[annual["inflow"] > _RECORD]
    notes = [
        "the inflow is a reconstruction, not an observation; it also holds what the climatology of "
        "rain and evaporation misses",
        f"assumed: level error {found.attrs['level_noise_m']:g} m with a memory of "
        f"{found.attrs['level_noise_memory_months']:g} month, inflow memory "
        f"{found.attrs['inflow_memory_months']:g} months; estimated: inflow anomaly "
        f"{found.attrs['inflow_anomaly_m3_per_s']:.0f} m3/s",
        f"offset (simulated less observed level from the first day on) "
        f"{found.attrs['offset']:+.3f} m, standard error "
        f"{found.attrs['offset_standard_error']:.3f} m",
        f"independent closure: mean inflow 1996-2005 {mean:.2f} km3/yr; gauge at Ushzharma less "
        f"the model's delta loss plus its eastern rivers {gauges:.2f}, with printed 2.77 and 3.0 "
        f"{printed:.2f}; difference {mean - gauges:+.2f} and {mean - printed:+.2f}",
        f"months with negative inflow: {int((inflow < 0).sum())} of {inflow.size}",
        f"years above the printed record of {_RECORD} km3 (1999): "
        + (", ".join(f"{y} ({v:.1f})" for y, v in high["inflow"].items()) or "none"),
        f"consistency, not skill: run back through the model, monthly level RMSE "
        f"{scores['rmse']:.3f} m after the offset",
    ]
    tables = [("Reconstructed river inflow (km3 per year)", annual, "year", 2)]
    if blocks:
        tables.append(
            (
                "RMSE of the level in withheld blocks of 24 months (m)",
                withheld_blocks(scenario),
                "withheld",
                3,
            )
        )
        notes.append(
            "skill is the row 'all blocks': the reconstruction sees the levels on either "
            "side of a block, as the straight line does; persistence does not"
        )
    return Report(tables, notes)
