"""How near a simulated level is to an observed one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from balkhash_model.errors import InputError, Problem
from balkhash_model.timeaxis import seconds_in_year

__all__ = ["level_skill", "skill_scores"]

#: Name of the level that is averaged.
_LEVEL = "compared_level"


def skill_scores(simulated: npt.ArrayLike, observed: npt.ArrayLike) -> dict[str, float]:
    r"""Skill of a series: RMSE, bias, NSE and KGE (2009).

    NSE is :math:`1 - \sum (s - o)^2 / \sum (o - \bar o)^2` (Nash and Sutcliffe 1970); KGE is
    :math:`1 - \sqrt{(r - 1)^2 + (\alpha - 1)^2 + (\beta - 1)^2}` with correlation r, ratio of
    standard deviations and ratio of means (Gupta et al. 2009).

    Parameters
    ----------
    simulated, observed : array_like (n,)
        Pairs; those with a missing value are left out.

    Returns
    -------
    dict
        ``n, rmse, bias, nse, kge, r, alpha, beta``.

    Raises
    ------
    InputError
        Where fewer than two pairs remain or the lengths differ.

    Examples
    --------
    >>> scores = skill_scores([5, 7, 9, 2, 4.5, 6.7], [4.7, 6, 10, 2.5, 4, 7])
    >>> round(scores["nse"], 12), round(scores["kge"], 12)
    (0.922093023256, 0.912223072346)
    """
    s = np.asarray(simulated, dtype=np.float64)
    o = np.asarray(observed, dtype=np.float64)
    if s.shape != o.shape:
        raise InputError(Problem("skill", "series of different length", f"{s.shape}, {o.shape}"))
    pair = np.isfinite(s) & np.isfinite(o)
    s, o = s[pair], o[pair]
    if s.size < 2:
        raise InputError(Problem("skill", "too few pairs", str(s.size), "two or more"))
    error = s - o
    spread = float(((o - o.mean()) ** 2).sum())
    sd_s, sd_o = float(s.std()), float(o.std())
    r = float(np.corrcoef(s, o)[0, 1]) if sd_s > 0.0 and sd_o > 0.0 else float("nan")
    alpha = sd_s / sd_o if sd_o > 0.0 else float("nan")
    beta = float(s.mean() / o.mean())
    return {
        "n": float(s.size),
        "rmse": float(np.sqrt((error**2).mean())),
        "bias": float(error.mean()),
        "nse": 1.0 - float((error**2).sum()) / spread if spread > 0.0 else float("nan"),
        "kge": 1.0 - float(np.sqrt((r - 1) ** 2 + (alpha - 1) ** 2 + (beta - 1) ** 2)),
        "r": r,
        "alpha": alpha,
        "beta": beta,
    }


def annual_means(result: xr.Dataset, name: str = "lake_level") -> pd.Series:
    """Means of full calendar years, weighted by the length of the intervals.

    Parameters
    ----------
    result : xarray.Dataset
        A result with a single member.
    name : str, default "lake_level"
        A variable on ``time`` alone.

    Returns
    -------
    pandas.Series
        Mean by year; a year that the intervals do not cover, or with a missing value, is left out.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> int(annual_means(bm.run("hindcast_free")).size)
    54
    """
    edges = result["time_edge"].values.astype("datetime64[s]")
    seconds = np.diff(edges).astype(np.float64)
    middle = edges[:-1] + (edges[1:] - edges[:-1]) // 2
    year = middle.astype("datetime64[Y]").astype(int) + 1970
    frame = pd.DataFrame({"value": result[name].values, "seconds": seconds, "year": year}).dropna()
    sums = (frame["value"] * frame["seconds"]).groupby(frame["year"]).sum()
    covered = frame.groupby("year")["seconds"].sum()
    full = pd.Series({y: seconds_in_year(int(y)) for y in covered.index}, dtype=float)
    mean: pd.Series = (sums / covered)[np.isclose(covered, full, rtol=1e-9)]
    return mean


def _means(result: xr.Dataset, storage: str | None) -> tuple[pd.Series, pd.Series]:
    """Levels of the lake, or of one storage, by year and by month."""
    level = result["lake_level"] if storage is None else result["water_level"].sel(storage=storage)
    index = pd.PeriodIndex(pd.DatetimeIndex(level["time"].values), freq="M")
    monthly: pd.Series = pd.Series(level.values, index=index).groupby(level=0).mean()
    plain = level.reset_coords(drop=True)
    return annual_means(result.assign({_LEVEL: plain}), _LEVEL), monthly


def level_skill(result: xr.Dataset, observed: pd.DataFrame) -> pd.DataFrame:
    """Skill of the simulated lake level against observations, by series.

    Parameters
    ----------
    result : xarray.Dataset
        A result with a single member.
    observed : pandas.DataFrame
        Columns ``series`` (name), ``averaging`` (``year`` or ``month``), ``time`` (datetime64) and
        ``level`` (m, in the datum of the result); optionally ``offset`` (m, added to the
        observation before it is compared) and ``storage`` (name of the basin that the series
        is of; missing: the whole lake, which has no level where its basins are apart).

    Returns
    -------
    pandas.DataFrame
        One row for each series: ``averaging, n, rmse, bias, nse, offset``; a series without a
        level in the result's period has n = 0.

    Raises
    ------
    InputError
        For a storage that the result does not have.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> from balkhash_model.reference.levels import balkhash_levels
    >>> "rmse" in level_skill(bm.run("hindcast_free"), balkhash_levels())
    True
    """
    means: dict[str | None, tuple[pd.Series, pd.Series]] = {None: _means(result, None)}
    rows = {}
    mixed = observed.groupby("series")["averaging"].nunique() > 1
    for (name, averaging), group in observed.groupby(["series", "averaging"], sort=False):
        if mixed[name]:
            name = f"{name} ({averaging})"
        named = group["storage"].dropna().unique() if "storage" in group else []
        place = str(named[0]) if len(named) == 1 else None
        if place is not None and place not in result["storage"].values:
            known = [str(s) for s in result["storage"].values]
            raise InputError(
                Problem(f"levels of {name!r}, storage", "no such storage", place, ", ".join(known))
            )
        if place not in means:
            means[place] = _means(result, place)
        yearly, monthly = means[place]
        times = pd.DatetimeIndex(group["time"])
        offset = group["offset"].to_numpy() if "offset" in group else np.zeros(len(group))
        simulated = (
            yearly.reindex(times.year)
            if averaging == "year"
            else monthly.reindex(times.to_period("M"))
        ).to_numpy()
        values = group["level"].to_numpy() + offset
        pairs = np.isfinite(simulated) & np.isfinite(values)
        error = (simulated - values)[pairs]
        some = {"rmse": float("nan"), "bias": float("nan"), "nse": float("nan"), "n": 0.0}
        if error.size == 1:
            some |= {"rmse": abs(float(error[0])), "bias": float(error[0]), "n": 1.0}
        scores = skill_scores(simulated, values) if error.size > 1 else some
        rows[str(name)] = {
            "averaging": averaging,
            "n": int(scores["n"]),
            "rmse": scores["rmse"],
            "bias": scores["bias"],
            "nse": scores["nse"],
            "offset": float(np.mean(offset)),
        }
    return pd.DataFrame.from_dict(rows, orient="index")
