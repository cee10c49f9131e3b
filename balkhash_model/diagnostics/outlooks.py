"""How an outlook launched in the past compares with what came."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from balkhash_model.errors import InputError, Problem

__all__ = ["levels_at_edges", "outlook_skill"]

FloatArray = npt.NDArray[np.float64]


def levels_at_edges(monthly: pd.Series) -> pd.Series:
    """Levels at the turn of each month: the mean of the months on either side.

    Parameters
    ----------
    monthly : pandas.Series
        Monthly mean levels (m) by monthly period.

    Returns
    -------
    pandas.Series
        Levels (m) by the first day of a month; left out where one of the two months is missing.

    Examples
    --------
    >>> months = pd.period_range("2004-12", periods=3, freq="M")
    >>> edges = levels_at_edges(pd.Series([342.0, 342.2, 342.6], index=months))
    >>> [round(float(v), 3) for v in edges]
    [342.1, 342.4]
    """
    full = monthly.reindex(pd.period_range(monthly.index.min(), monthly.index.max(), freq="M"))
    middle = ((full + full.shift(1)) / 2.0).dropna()
    return pd.Series(
        middle.to_numpy(), index=pd.PeriodIndex(middle.index).to_timestamp(), name="level"
    )


def _row(part: xr.Dataset, name: str) -> FloatArray:
    values: FloatArray = part[name].transpose("quantile", "time_edge").values
    return values


def outlook_skill(outlook: xr.Dataset, observed: pd.Series) -> pd.Series:
    r"""Coverage of a fan and skill of its median against persistence.

    Skill is :math:`1 - RMSE_{median}/RMSE_{persistence}`, where persistence holds the mean level of
    the start: 1 is perfect, 0 no better than nothing, negative worse. The values of one launch hang
    together from month to month, so that one launch is about one independent trial, whatever `n`.

    Parameters
    ----------
    outlook : xarray.Dataset
        A result of :func:`balkhash_model.run_ensemble` of one scenario, with the quantiles
        0.05, 0.25, 0.5, 0.75 and 0.95.
    observed : pandas.Series
        Levels (m, in the datum of the outlook) by instant, as :func:`levels_at_edges` gives them;
        those at instants of the outlook after its start count.

    Returns
    -------
    pandas.Series
        ``n``; ``inside 5-95 %`` and ``inside 25-75 %``, the shares of the observations there;
        ``bias of the median``, ``RMSE of the median``, ``RMSE of persistence`` (m) and ``skill``.

    Raises
    ------
    InputError
        Where the outlook lacks a quantile, holds several plans, or nothing was observed in it.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> fan = bm.run_ensemble("outlook_2005", members=40)
    >>> seen = levels_at_edges(bm.reference.levels.altimetry_monthly())
    >>> int(outlook_skill(fan, seen)["n"])
    119
    """
    needed = [0.05, 0.25, 0.5, 0.75, 0.95]
    known = outlook["quantile"].values if "quantile" in outlook.coords else np.array([])
    places = [np.flatnonzero(np.abs(known - q) < 1e-9) for q in needed]
    if "scenario" in outlook.dims or any(p.size == 0 for p in places):
        raise InputError(
            Problem(
                "outlook",
                "not one fan with the quantiles that are needed",
                f"dimensions {', '.join(map(str, outlook.sizes))}",
                f"one scenario and the quantiles {needed}",
            )
        )
    edges = pd.DatetimeIndex(outlook["time_edge"].values)
    seen = observed.reindex(edges[1:]).dropna()
    if seen.empty:
        raise InputError(
            Problem(
                "observed",
                "no level within the outlook",
                f"{observed.index.min()} to {observed.index.max()}",
                f"{edges[1]} to {edges[-1]}",
            )
        )
    rows = _row(outlook, "lake_level_quantile")[:, edges.get_indexer(seen.index)]
    p05, p25, p50, p75, p95 = (rows[int(p[0])] for p in places)
    level = seen.to_numpy(dtype=np.float64)
    start = float(outlook["lake_level_mean"].values[0])

    def rmse(guess: FloatArray | float) -> float:
        return float(np.sqrt(np.mean((guess - level) ** 2)))

    return pd.Series(
        {
            "n": float(level.size),
            "inside 5-95 %": float(((level >= p05) & (level <= p95)).mean()),
            "inside 25-75 %": float(((level >= p25) & (level <= p75)).mean()),
            "bias of the median": float((p50 - level).mean()),
            "RMSE of the median": rmse(p50),
            "RMSE of persistence": rmse(start),
            "skill": 1.0 - rmse(p50) / rmse(start),
        }
    )
