"""The water balance of a result: residuals, the check that it closes, and the budget table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from balkhash_model.errors import InputError, Problem, WaterBalanceError

FloatArray = npt.NDArray[np.float64]

__all__ = ["FLUXES", "budget_table", "check_balance", "storage_residual"]

#: Fluxes of a storage beside its links, positive into it.
FLUXES = ("river_inflow", "precipitation", "evaporation", "groundwater_inflow", "abstraction")
#: Seconds of a mean year and cubic metres of a cubic kilometre.
_YEAR, _KM3 = 365.2425 * 86400.0, 1e9


def _durations(result: xr.Dataset) -> FloatArray:
    edges = result["time_edge"].values.astype("datetime64[s]")
    seconds: FloatArray = np.diff(edges).astype(np.float64)
    return seconds


def _terms(result: xr.Dataset) -> list[xr.DataArray]:
    """All fluxes into each storage, m3/s, links included."""
    terms = [result[name] for name in FLUXES]
    storages = result["storage"].values
    for i in range(result.sizes["link"]):
        flow = result["link_flow"].isel(link=i, drop=True)
        for end, sign in (("link_to", 1.0), ("link_from", -1.0)):
            there = xr.DataArray(
                storages == result[end].values[i], dims="storage", coords={"storage": storages}
            )
            if bool(there.any()):
                terms.append(sign * flow * there)
    return terms


def storage_residual(result: xr.Dataset) -> xr.DataArray:
    r"""What the fluxes leave unexplained of the change of volume.

    :math:`r = \sum_i Q_i - (V_{t+1} - V_t)/\Delta t`.

    Parameters
    ----------
    result : xarray.Dataset
        A result of :func:`balkhash_model.simulate`.

    Returns
    -------
    xarray.DataArray
        Residual by interval and storage, m3 s-1.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> bool(abs(storage_residual(bm.run("hindcast_free"))).max() < 1e-3)
    True
    """
    seconds = xr.DataArray(_durations(result), dims="time", coords={"time": result["time"]})
    change = result["water_volume"].diff("time_edge")
    change = (
        change.drop_vars("time_edge").rename(time_edge="time").assign_coords(time=result["time"])
    )
    terms = _terms(result)
    total = terms[0].copy()
    for term in terms[1:]:
        total = total + term
    residual: xr.DataArray = total.transpose(*result["water_level"].dims) - (
        change / seconds
    ).transpose(*result["water_level"].dims)
    return residual


def check_balance(result: xr.Dataset, rtol: float = 1e-10) -> None:
    """Raise where the water balance of any interval and storage does not close.

    The residual volume is held against `rtol` times a scale: the larger of the sum of absolute flux
    volumes of that storage and interval, a thousandth of its volume, and 1 m3.

    Parameters
    ----------
    result : xarray.Dataset
        A result of :func:`balkhash_model.simulate`.
    rtol : float, default 1e-10
        Tolerance.

    Raises
    ------
    WaterBalanceError
        Names the worst interval and storage, the residual and the scale.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> check_balance(bm.run("hindcast_free"))
    """
    needed = [*FLUXES, "link_flow", "water_volume"]
    missing = [name for name in needed if name not in result]
    if missing:
        raise InputError(Problem("result", "lacks what a balance needs", ", ".join(missing)))
    dims = result[FLUXES[0]].dims
    seconds = xr.DataArray(_durations(result), dims="time", coords={"time": result["time"]})

    def volumes(rate: xr.DataArray) -> FloatArray:
        amount: FloatArray = abs(rate * seconds).transpose(*dims).values
        return amount

    residual = volumes(storage_residual(result))
    size = sum(
        (volumes(term.broadcast_like(result[FLUXES[0]])) for term in _terms(result)),
        np.zeros_like(residual),
    )
    stored = abs(result["water_volume"]).transpose(
        *["time_edge" if d == "time" else d for d in dims]
    )
    scale = np.maximum(np.maximum(size, 1e-3 * stored.isel(time_edge=slice(None, -1)).values), 1.0)
    ratio = residual / scale
    if "realization" in dims and "status" in result:
        # a member that could not be solved is no number from there on, and its status says so
        unsolved = (result["status"].values == 3)[:, None, None]
        ratio = np.where(np.isnan(ratio) & unsolved, 0.0, ratio)
    if not (ratio <= rtol).all():
        worst = np.unravel_index(
            int(np.argmax(np.where(np.isnan(ratio), np.inf, ratio))), ratio.shape
        )
        at = {str(d): int(i) for d, i in zip(dims, worst, strict=True)}
        start = str(result["time_edge"].values[at["time"]])[:10]
        end = str(result["time_edge"].values[at["time"] + 1])[:10]
        member = f", member {at['realization']}" if "realization" in at else ""
        raise WaterBalanceError(
            f"the water balance of storage {str(result['storage'].values[at['storage']])!r} does "
            f"not close from {start} to {end}{member}: residual {residual[worst]:.3g} m3 against a "
            f"scale of {scale[worst]:.3g} m3 is {ratio[worst]:.2g}, more than {rtol:.0e}"
        )


def _exchange(result: xr.Dataset, storages: list[str]) -> FloatArray:
    """Net flow through links into a group of storages; what passes between them cancels."""
    net = np.zeros(result.sizes["time"])
    for i in range(result.sizes["link"]):
        into = str(result["link_to"].values[i]) in storages
        out = str(result["link_from"].values[i]) in storages
        net += (float(into) - float(out)) * result["link_flow"].isel(link=i).values
    return net


def budget_table(
    result: xr.Dataset,
    periods: Sequence[tuple[int, int]],
    storages: Sequence[str] = ("west", "east"),
) -> pd.DataFrame:
    """Mean budget of the lake in each period.

    Parameters
    ----------
    result : xarray.Dataset
        A result with a single member.
    periods : sequence of tuple of int
        First and last year of each period; cut to the years of the result.
    storages : sequence of str, default ("west", "east")
        The storages that make up the lake.

    Returns
    -------
    pandas.DataFrame
        One row for each period, km3 per year: inflow, precipitation, evaporation, groundwater,
        abstraction, exchange (through links, where there is any), change of storage and residual;
        index is the period.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> table = budget_table(bm.run("hindcast_free"), [(1961, 1969), (1970, 1985)])
    >>> list(table.columns)[:3]
    ['inflow', 'precipitation', 'evaporation']
    """
    years = result["time"].dt.year.values
    seconds = _durations(result)
    lake = result.sel(storage=list(storages))
    volume = lake["water_volume"].sum("storage").values
    rows = {}
    for first, last in periods:
        inside = (years >= first) & (years <= last)
        if not inside.any():
            continue
        span = seconds[inside].sum() / _YEAR
        row = {}
        for column, name in zip(
            ("inflow", "precipitation", "evaporation", "groundwater", "abstraction"),
            FLUXES,
            strict=True,
        ):
            flux = lake[name].sum("storage").values
            row[column] = float((flux * seconds)[inside].sum()) / span / _KM3
        exchange = _exchange(result, list(storages))
        if np.abs(exchange).max() > 0.0:
            row["exchange"] = float((exchange * seconds)[inside].sum()) / span / _KM3
        change = (volume[1:] - volume[:-1])[inside].sum() / span / _KM3
        row["change of storage"] = float(change)
        residual = lake["balance_residual"].sum("storage").values
        row["residual"] = float((residual * seconds)[inside].sum()) / span / _KM3
        rows[f"{max(first, int(years.min()))}-{min(last, int(years.max()))}"] = row
    return pd.DataFrame.from_dict(rows, orient="index")
