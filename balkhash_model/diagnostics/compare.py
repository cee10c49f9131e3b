"""Several runs side by side: levels, differences, budget terms and indicators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import xarray as xr

from balkhash_model.diagnostics.balance import budget_table
from balkhash_model.diagnostics.ecosystem import ecosystem_indicators
from balkhash_model.diagnostics.level_indicators import annual_levels, indicators
from balkhash_model.errors import InputError, Problem, nearest

__all__ = ["Comparison", "compare_results", "measure_table"]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Several runs beside a baseline.

    Attributes
    ----------
    baseline : str
        Name of the run that the others are held against.
    threshold : float
        Level that the indicators count, m.
    levels : dict of str to pandas.DataFrame
        Mean level of each year, one column for each member, m.
    differences : dict of str to pandas.DataFrame
        Level less that of the baseline in the years that both have; member by member where both
        have as many members, else against the median of the baseline.
    budget : pandas.DataFrame
        Mean budget over all years that the runs have in common, km3 per year.
    indicators : pandas.DataFrame
        One row for each run: medians over the members, and with members also the range of the
        lowest and the last level.
    cost : pandas.DataFrame
        Water (km3 per year, mean of the last year) and money (whole run) of each measure.
    titles : dict of str to str
        Titles of the runs.
    ecosystem : dict of str to pandas.DataFrame
        Ecosystem and water quality of each run, see
        :func:`balkhash_model.diagnostics.ecosystem_indicators`.
    datum : str
        Vertical datum of the levels; empty where the runs name none.
    """

    baseline: str
    threshold: float
    levels: dict[str, pd.DataFrame]
    differences: dict[str, pd.DataFrame]
    budget: pd.DataFrame
    indicators: pd.DataFrame
    cost: pd.DataFrame
    titles: dict[str, str]
    ecosystem: dict[str, pd.DataFrame] = field(default_factory=dict)
    datum: str = ""


def compare_results(
    results: Mapping[str, xr.Dataset],
    baseline: str | None = None,
    threshold: float = 341.0,
    limits: Mapping[str, str | float] | None = None,
) -> Comparison:
    """Compare finished runs.

    Parameters
    ----------
    results : mapping of str to xarray.Dataset
        Results by name.
    baseline : str, optional
        The run that the others are held against; the first where not given.
    threshold : float, default 341.0
        Level, m.
    limits : mapping of str to str or float, optional
        Thresholds of ecosystem and water quality, as for
        :func:`balkhash_model.diagnostics.limits`.

    Returns
    -------
    Comparison
        Levels, differences, budget, indicators and costs.

    Raises
    ------
    InputError
        Where there are fewer than two runs, no such baseline, no common year, or another datum.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> runs = {name: bm.run(name) for name in ("hindcast_free", "no_kapshagay")}
    >>> found = compare_results(runs)
    >>> bool(found.differences["no_kapshagay"].loc[1986].iloc[0] > 0.0)
    True
    """
    names = list(results)
    chosen = baseline if baseline is not None else (names[0] if names else "")
    problems = _problems(results, chosen)
    if problems:
        raise InputError(problems)
    levels = {name: annual_levels(result) for name, result in results.items()}
    base = levels[chosen]
    differences = {}
    for name, frame in levels.items():
        years = frame.index.intersection(base.index)
        same = frame.shape[1] == base.shape[1]
        against = (
            base.loc[years].to_numpy()
            if same
            else base.loc[years].median(axis=1).to_numpy()[:, None]
        )
        differences[name] = frame.loc[years] - against
    common = sorted(set.intersection(*(set(frame.index) for frame in levels.values())))
    budgets = {
        name: _mean_budget(result, (common[0], common[-1])) for name, result in results.items()
    }
    rows = {name: _row(result, threshold) for name, result in results.items()}
    return Comparison(
        chosen,
        threshold,
        levels,
        differences,
        pd.DataFrame.from_dict(budgets, orient="index"),
        pd.DataFrame.from_dict(rows, orient="index"),
        measure_table(results),
        {name: str(result.attrs.get("title", name)) for name, result in results.items()},
        {name: ecosystem_indicators(result, limits) for name, result in results.items()},
        str(results[chosen].attrs.get("datum", "")),
    )


def _problems(results: Mapping[str, xr.Dataset], baseline: str) -> list[Problem]:
    problems: list[Problem] = []
    if len(results) < 2:
        problems.append(Problem("compare", "needs two runs or more", str(len(results))))
    if baseline not in results:
        problems.append(
            Problem("baseline", "is none of the runs", baseline, hint=nearest(baseline, results))
        )
    datums = {str(result.attrs.get("datum")) for result in results.values()}
    if len(datums) > 1:
        problems.append(Problem("compare", "runs in different datums", ", ".join(sorted(datums))))
    years = [set(result["time"].dt.year.values.tolist()) for result in results.values()]
    if years and not set.intersection(*years):
        problems.append(Problem("compare", "the runs have no year in common"))
    return problems


def _mean_budget(result: xr.Dataset, years: tuple[int, int]) -> dict[str, float]:
    """Budget of the lake over some years; the mean over the members."""
    single = result
    if "realization" in result.dims:
        numeric = [n for n in result.data_vars if result[n].dtype.kind == "f"]
        single = result[numeric].mean("realization", keep_attrs=True)
    lake = [str(s) for s in result["storage"].values[result["storage_kind"].values == "lake"]]
    table = budget_table(single, [years], lake)
    return {str(k): float(v) for k, v in table.iloc[0].items() if k != "residual"}


def _row(result: xr.Dataset, threshold: float) -> dict[str, float]:
    frame = indicators(result, threshold)
    row = {str(k): float(v) for k, v in frame.median().items()}
    crossing = frame["first_below"]
    # the median of a crossing that most members never make is "never"
    row["first_below"] = float(np.quantile(crossing.fillna(np.inf), 0.5, method="higher"))
    row["first_below"] = row["first_below"] if np.isfinite(row["first_below"]) else np.nan
    if np.isnan(row["first_below"]):
        row["recovery"] = np.nan
    if len(frame) > 1:
        row["share_below"] = float(crossing.notna().mean())
        for name in ("lowest", "end"):
            row[f"{name}_p10"], row[f"{name}_p90"] = (
                float(frame[name].quantile(q)) for q in (0.1, 0.9)
            )
    return row


def measure_table(results: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """Water and money of the measures of some runs.

    Parameters
    ----------
    results : mapping of str to xarray.Dataset
        Results by name; those without measures are passed over.

    Returns
    -------
    pandas.DataFrame
        Columns ``run``, ``measure``, ``water (km3/yr)`` (volume of the last year, mean of the
        members), ``cost (million)`` (of the whole run; NaN where none is stated), ``currency``.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> measure_table({"saving": bm.run("irrigation_saving")})["measure"].tolist()
    ['lined_canals', 'drip']
    """
    rows = []
    for name, result in results.items():
        if "measure_cost" not in result:
            continue
        edges = result["time_edge"].values.astype("datetime64[s]")
        seconds = np.diff(edges).astype(np.float64)
        years = result["time"].dt.year.values
        last = years == years[-1]
        for i, measure in enumerate(result["measure"].values):
            water = result["measure_water"].isel(measure=i)
            if "realization" in water.dims:
                water = water.mean("realization")
            volume = float((water.values * seconds)[last].sum())
            money = result["measure_cost"].isel(measure=i).values
            rows.append(
                {
                    "run": name,
                    "measure": str(measure),
                    "water (km3/yr)": volume / 1e9,
                    "cost (million)": float(np.nansum(money)) / 1e6
                    if np.isfinite(money).any()
                    else np.nan,
                    "currency": str(result["measure_currency"].values[i]),
                }
            )
    return pd.DataFrame(rows)
