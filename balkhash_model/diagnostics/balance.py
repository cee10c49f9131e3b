"""The water balance of a result: residuals, the check that it closes, and the budget table."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from balkhash_model.errors import InputError, Problem, WaterBalanceError

FloatArray = npt.NDArray[np.float64]

__all__ = ["FLUXES", "budget_table", "check_balance", "storage_residual", "unexplained"]

#: Fluxes of a storage beside its links, positive into it.
FLUXES = ("river_inflow", "precipitation", "evaporation", "groundwater_inflow", "abstraction")
#: Seconds of a mean year and cubic metres of a cubic kilometre.
_YEAR, _KM3 = 365.2425 * 86400.0, 1e9


def _durations(result: xr.Dataset) -> FloatArray:
    edges = result["time_edge"].values.astype("datetime64[s]")
    seconds: FloatArray = np.diff(edges).astype(np.float64)
    return seconds


def _values(result: xr.Dataset, name: str, dims: Sequence[Hashable]) -> FloatArray:
    """A variable as a plain array, in the order of `dims`."""
    values: FloatArray = result.variables[name].transpose(*dims).values
    return values


def _terms(
    result: xr.Dataset, dims: Sequence[Hashable]
) -> tuple[list[FloatArray], list[tuple[int, FloatArray]]]:
    """Fluxes into all storages, and those of links with the storage they go into, m3/s."""
    storages = result["storage"].values
    flow = _values(result, "link_flow", ["link" if d == "storage" else d for d in dims])
    links = []
    for end, sign in (("link_to", 1.0), ("link_from", -1.0)):
        for i, name in enumerate(result[end].values):
            links += [(int(s), sign * flow[..., i]) for s in np.flatnonzero(storages == name)]
    return [_values(result, name, dims) for name in FLUXES], links


def _dims(result: xr.Dataset) -> tuple[Hashable, ...]:
    """Dimensions of a flux, the storage last and the time before it."""
    first = [d for d in result.variables[FLUXES[0]].dims if d not in ("time", "storage")]
    return (*first, "time", "storage")


def unexplained(
    change: FloatArray, fluxes: Sequence[FloatArray], links: Sequence[tuple[int, FloatArray]]
) -> FloatArray:
    r"""What fluxes leave unexplained of the change of volume, on plain arrays.

    :math:`r = \sum_i Q_i - \Delta V/\Delta t`.

    Parameters
    ----------
    change : array (..., time, storage)
        Change of volume over each interval by its length, m3/s.
    fluxes : sequence of array (..., time, storage)
        Fluxes into each storage, m3/s.
    links : sequence of tuple of int and array (..., time)
        Flows of links, each with the storage that it goes into; negative where it leaves it.

    Returns
    -------
    array (..., time, storage)
        Residual, m3/s.

    Examples
    --------
    A river of 3 m3/s, of which a link takes 1 m3/s away:

    >>> import numpy as np
    >>> unexplained(np.full((1, 1), 2.0), [np.full((1, 1), 3.0)], [(0, np.full(1, -1.0))])
    array([[0.]])
    """
    total = sum(fluxes, np.zeros_like(change))
    for s, flow in links:
        total[..., s] += flow
    residual: FloatArray = total - change
    return residual


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
    dims = _dims(result)
    residual = unexplained(_change(result, dims), *_terms(result, dims))
    coords = {d: result[d] for d in dims if d in result.coords}
    return xr.DataArray(residual, dims=dims, coords=coords).transpose(*result[FLUXES[0]].dims)


def _change(result: xr.Dataset, dims: Sequence[Hashable]) -> FloatArray:
    """Change of volume over each interval by its length, m3/s."""
    edges = ["time_edge" if d == "time" else d for d in dims]
    change: FloatArray = np.diff(_values(result, "water_volume", edges), axis=-2)
    return change / _durations(result)[:, None]


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
    dims = _dims(result)
    fluxes, links = _terms(result, dims)
    seconds = _durations(result)[:, None]
    residual = np.abs(unexplained(_change(result, dims), fluxes, links)) * seconds
    size = sum((np.abs(flux) for flux in fluxes), np.zeros_like(residual))
    for s, flow in links:
        size[..., s] += np.abs(flow)
    stored = np.abs(_values(result, "water_volume", [*dims[:-2], "time_edge", "storage"]))
    scale = np.maximum(np.maximum(size * seconds, 1e-3 * stored[..., :-1, :]), 1.0)
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
        index is the period. ``attrs`` name the model (``source``) and the scenario.

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
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.attrs = {k: result.attrs[k] for k in ("source", "scenario") if k in result.attrs}
    return table
