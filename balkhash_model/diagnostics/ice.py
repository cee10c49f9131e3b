"""When the water bodies of a result freeze and when they open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

FloatArray = npt.NDArray[np.float64]

__all__ = ["ice_dates", "ice_seasons"]


def ice_seasons(cover: npt.ArrayLike, edges: npt.ArrayLike) -> FloatArray:
    """Freeze-up, break-up and greatest cover of each ice season.

    Parameters
    ----------
    cover : array_like (n,)
        Mean ice cover of each interval, 0 to 1.
    edges : array_like (n + 1,)
        Instants between the intervals, in days.

    Returns
    -------
    array (seasons, 3)
        Freeze-up and break-up, in days, and the greatest cover. A season is a run of intervals
        with ice in which the cover reaches one half. Freeze-up is the instant at which ice would
        have come all at once for the same ice cover times time up to the middle of the fullest
        intervals, and break-up likewise after it, so that months give nearly the dates of days. NaN
        where the record begins or ends within the season.

    Examples
    --------
    A basin that freezes ten days before the end of the first month of thirty:

    >>> ice_seasons([0.0, 1 / 3, 1.0, 0.5, 0.0], [0, 30, 60, 90, 120, 150]).round(6).tolist()
    [[50.0, 105.0, 1.0]]
    """
    c, t = np.asarray(cover, dtype=np.float64), np.asarray(edges, dtype=np.float64)
    icy = np.concatenate(([False], c > 0.0, [False]))
    starts = np.flatnonzero(icy[1:] & ~icy[:-1])
    ends = np.flatnonzero(~icy[1:] & icy[:-1])
    length = np.diff(t)
    found = []
    for a, b in zip(starts.tolist(), ends.tolist(), strict=True):
        top = float(c[a:b].max())
        if top < 0.5:
            continue
        fullest = np.flatnonzero(c[a:b] == top) + a
        middle = 0.5 * (t[fullest[0]] + t[fullest[-1] + 1])
        before = np.clip((middle - t[a:b]) / length[a:b], 0.0, 1.0)
        ice = c[a:b] * length[a:b]
        freeze = middle - float((ice * before).sum())
        thaw = middle + float((ice * (1.0 - before)).sum())
        found.append((np.nan if a == 0 else freeze, np.nan if b == c.size else thaw, top))
    return np.array(found).reshape(-1, 3)


def ice_dates(result: xr.Dataset) -> pd.DataFrame:
    """Freeze-up and break-up of each water body and winter of a result.

    Parameters
    ----------
    result : xarray.Dataset
        A result with ``ice_cover`` of one member.

    Returns
    -------
    pandas.DataFrame
        One row for each season: ``storage``, ``winter`` (year of the break-up), ``freeze_up``,
        ``break_up`` (dates; NaT where the run begins or ends within the season), ``days`` and
        ``greatest_cover``. Dates from monthly results are within some days of those of daily ones.
        ``attrs`` name the model (``source``) and the scenario.

    Raises
    ------
    InputError
        Where the result has no ice cover, or several members.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> table = ice_dates(bm.run("hindcast_free"))
    >>> table["storage"].iloc[-1], int(table["winter"].iloc[-1])
    ('east', 2015)
    """
    import pandas as pd

    if "ice_cover" not in result:
        raise InputError(
            Problem(
                "result",
                "has no ice cover",
                expected="ice_cover",
                hint="A forcing that carries ice_cover hands it to the result",
            )
        )
    if "realization" in result["ice_cover"].dims:
        raise InputError(
            Problem("result", "holds several members", expected="result.isel(realization=0)")
        )
    edges = result["time_edge"].values.astype("datetime64[s]")
    epoch = edges[0]
    days = (edges - epoch).astype(np.float64) / 86400.0

    def date(day: float) -> np.datetime64:
        if not np.isfinite(day):
            return np.datetime64("NaT", "D")
        day_of: np.datetime64 = (epoch + np.timedelta64(round(day * 86400.0), "s")).astype(
            "datetime64[D]"
        )
        return day_of

    rows = []
    for i, storage in enumerate(result["storage"].values):
        cover = result["ice_cover"].isel(storage=i).values
        for freeze, thaw, top in ice_seasons(cover, days):
            # a season that the record cuts off ends after its last day
            last = date(thaw) if np.isfinite(thaw) else edges[-1].astype("datetime64[D]")
            rows.append(
                {
                    "storage": str(storage),
                    "winter": int(last.astype("datetime64[Y]").astype(int)) + 1970,
                    "freeze_up": date(freeze),
                    "break_up": date(thaw),
                    "days": thaw - freeze,
                    "greatest_cover": top,
                }
            )
    columns = ["storage", "winter", "freeze_up", "break_up", "days", "greatest_cover"]
    table = pd.DataFrame(rows, columns=columns)
    table.attrs = {k: result.attrs[k] for k in ("source", "scenario") if k in result.attrs}
    return table
