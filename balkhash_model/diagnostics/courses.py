r"""Courses: the state of a lake by year, told from the onset of its fall.

A *course* is the state of a lake by year, told from an onset: age :math:`a = y - y_0`, and each
quantity relative to its mean :math:`X_0` before, over at most ten years up to the onset. Three
courses serve as baseline: the Aral as it was observed, the Aral as it is simulated, and a lake on
which the fall of the Aral's inflow is imposed (a scenario with ``inflow.decline``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from balkhash_model import reference
from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.timeaxis import seconds_in_year

FloatArray = npt.NDArray[np.float64]

OnsetFrom = Literal["given", "found", "record"]

__all__ = [
    "ARAL_ONSET",
    "STATE",
    "Course",
    "annual_state",
    "course",
    "find_onset",
    "observed_baseline",
]

#: Year after which the Aral Sea fell without recovery.
ARAL_ONSET = 1960
#: Years before the onset whose mean is the state before.
_BEFORE = 10
#: Uncertainty of the relative volume and area of the Aral: two series of volumes, and areas by
#: shore line and by satellite, differ by about this share of the state of 1960.
_RELATIVE_ERROR = 0.03
#: Columns of a state by year, with their units.
STATE = {
    "level": "m",
    "area": "km2",
    "volume": "km3",
    "salinity": "g/l",
    "inflow": "km3/yr",
    "net_evaporation": "m/yr",
    "connected": "1",
}


@dataclass(frozen=True, eq=False)
class Course:
    """A lake's state by year, told from its onset.

    Attributes
    ----------
    name, title : str
        Short name and one line.
    onset : int or None
        Last year before the fall; None for a lake that has not fallen.
    state : pandas.DataFrame
        ``level`` (m), ``area`` (km2), ``volume`` (km3), ``salinity`` (g/l), ``inflow`` (km3/yr),
        ``net_evaporation`` (m/yr) and ``connected`` by ``(realization, year)``.
    before : pandas.DataFrame
        Means of the state before, by realization.
    uncertainty : float
        Standard error of relative volumes and areas.
    onset_from : {"given", "found", "record"} or None
        Where the onset comes from: given by the caller, found in the volumes, or, for a run of the
        Aral Sea, the one that its record is told from; None where there is none.
    """

    name: str
    title: str
    onset: int | None
    state: pd.DataFrame
    before: pd.DataFrame
    uncertainty: float = 0.0
    onset_from: OnsetFrom | None = None

    @property
    def members(self) -> list[int]:
        """Members of the ensemble.

        Returns
        -------
        list of int
            ``[0]`` for a single run.
        """
        return [int(i) for i in self.before.index]

    def relative(self, column: str) -> pd.DataFrame:
        """A quantity over its mean before.

        Parameters
        ----------
        column : str
            A column of the state.

        Returns
        -------
        pandas.DataFrame
            By year (rows) and member (columns); 1 is the state before.
        """
        table = self.state[column].unstack("realization")
        return table / self.before[column]

    def fall(self) -> pd.DataFrame:
        """Fall of the level since the state before.

        Returns
        -------
        pandas.DataFrame
            Metres by year (rows) and member (columns); negative where the lake has risen.
        """
        return self.before["level"] - self.state["level"].unstack("realization")


def annual_state(result: xr.Dataset) -> pd.DataFrame:
    """State of a lake by calendar year.

    Levels are means over the basins weighted with their areas, so that they go on after the lake
    has parted; volumes and salinities are means of both ends of the intervals.

    Parameters
    ----------
    result : xarray.Dataset
        A result, with members or without.

    Returns
    -------
    pandas.DataFrame
        The columns of :class:`Course` by year, or by ``(realization, year)`` with members; only
        years that the intervals cover in full. Salinity is missing where the run has no salt.

    Raises
    ------
    InputError
        Where the result lacks what is needed.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> state = annual_state(bm.run("aral_hindcast"))
    >>> state.index[0].item(), round(float(state["area"].loc[1960]), -4)
    (1950, 70000.0)
    """
    needed = ("water_level", "water_area", "water_volume", "evaporation", "lake_river_inflow")
    problems = [
        Problem("result", "lacks a variable", expected=n) for n in needed if n not in result
    ]
    if problems:
        raise InputError(problems)
    lake = [str(s) for s in result["storage"].values[result["storage_kind"].values == "lake"]]
    part = result.sel(storage=lake)
    area = part["water_area"].fillna(0.0)
    total = area.sum("storage")
    volume = _middle(part["water_volume"].sum("storage", skipna=False), result)
    mass = _middle(part["salt_mass"].sum("storage", skipna=False), result)
    net = -(part["evaporation"] + part["precipitation"]).sum("storage")
    columns = {
        "level": (part["water_level"].fillna(0.0) * area).sum("storage") / total,
        "area": total / 1e6,
        "volume": volume / 1e9,
        "salinity": (mass / volume).where(mass > 0.0),
        "inflow": part["river_inflow"].sum("storage", skipna=False),
        "net_evaporation": net,
        "connected": result["lake_connected"].astype(float),
    }
    years, weight = _year_weights(result)
    single = "realization" not in result.dims
    members = [0] if single else [int(i) for i in result["realization"].values]
    found = {}
    for name, values in columns.items():
        array = np.atleast_2d(values.transpose(..., "time").values.astype(float))
        array = np.broadcast_to(array, (len(members), array.shape[-1]))
        found[name] = (array @ weight.T).ravel()
    index = pd.MultiIndex.from_product([members, years.tolist()], names=["realization", "year"])
    frame = pd.DataFrame(found, index=index)
    seconds = np.tile([seconds_in_year(int(y)) for y in years], len(members))
    frame["net_evaporation"] *= seconds / (frame["area"] * 1e6)
    frame["inflow"] *= seconds / 1e9
    # a year counts as connected while the basins touch all through
    frame["connected"] = (frame["connected"] > 1.0 - 1e-9).astype(float)
    return frame.droplevel("realization") if single else frame


def _middle(edges: xr.DataArray, result: xr.Dataset) -> xr.DataArray:
    """Mean of both ends of each interval."""
    moved = edges.transpose(..., "time_edge")
    values = 0.5 * (moved.values[..., 1:] + moved.values[..., :-1])
    dims = [*moved.dims[:-1], "time"]
    return xr.DataArray(values, dims=dims, coords={"time": result["time"]})


def _year_weights(result: xr.Dataset) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Full years, and the share of each interval in them."""
    edges = result["time_edge"].values.astype("datetime64[s]")
    seconds = np.diff(edges).astype(np.float64)
    middle = edges[:-1] + (edges[1:] - edges[:-1]) // 2
    year = middle.astype("datetime64[Y]").astype(np.int64) + 1970
    years = np.unique(year)
    weight = (year == years[:, None]) * seconds
    full = np.array([seconds_in_year(int(y)) for y in years])
    whole = np.isclose(weight.sum(axis=1), full, rtol=1e-9)
    if not whole.any():
        raise InputError(Problem("result", "covers no calendar year"))
    return years[whole], weight[whole] / full[whole, None]


def find_onset(volume: pd.Series, fall: float = 0.05) -> int | None:
    """Last year before a lake fell without recovery.

    Parameters
    ----------
    volume : pandas.Series
        Volume by year.
    fall : float, default 0.05
        Share of the largest volume of the first ten years that must be lost.

    Returns
    -------
    int or None
        The last year with at least that volume; None where the record does not end below it by
        the share that must be lost.

    Examples
    --------
    >>> years = range(2000, 2020)
    >>> find_onset(pd.Series([100.0] * 12 + [99, 97, 94, 90, 86, 82, 78, 74], index=years))
    2011
    >>> find_onset(pd.Series([100.0 + i for i in range(20)], index=years)) is None
    True
    """
    known = volume.dropna()
    if known.empty:
        return None
    before = float(known.iloc[:_BEFORE].max())
    if float(known.iloc[-1]) > (1.0 - fall) * before:
        return None
    return int(known.index[known.to_numpy() >= before][-1])


def course(
    run: xr.Dataset | pd.DataFrame,
    *,
    onset: int | None = None,
    name: str | None = None,
    title: str | None = None,
    uncertainty: float = 0.0,
) -> Course:
    """Tell a run from its onset.

    Parameters
    ----------
    run : xarray.Dataset or pandas.DataFrame
        A result, or states by year as :func:`annual_state` gives them.
    onset : int, optional
        Last year before the fall; by default what :func:`find_onset` says of the median volume.
        A run of the Aral Sea that has fallen, and that holds 1960, is told from that year, as the
        record is: its volume of 1956 was as large, and the sea had not begun to fall.
    name, title : str, optional
        By default those of the result.
    uncertainty : float, default 0
        Standard error of relative volumes and areas.

    Returns
    -------
    Course
        Where there is no onset, the state before is that of the first ten years.

    Raises
    ------
    InputError
        Where the onset lies outside the record.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> aral = course(bm.run("aral_hindcast"), onset=1960)
    >>> round(float(aral.fall().loc[1989, 0]), 0)
    14.0
    """
    attrs = run.attrs
    state = annual_state(run) if isinstance(run, xr.Dataset) else run.copy()
    if state.index.nlevels == 1:
        state = pd.concat({0: state}, names=["realization", "year"])
    years = state.index.get_level_values("year").unique()
    label = name or str(attrs.get("scenario", "run"))
    source: OnsetFrom | None = "given"
    if onset is None:
        onset, source = _own_onset(state, attrs.get("system"))
    elif onset not in years:
        raise InputError(
            Problem(
                f"onset of {label}",
                "outside the record",
                repr(onset),
                f"a year from {years[0]} to {years[-1]}",
                "Give the last year before the fall, or none to have it found",
            )
        )
    last = onset if onset is not None else int(years[0]) + _BEFORE - 1
    year = state.index.get_level_values("year")
    before = state[(year > last - _BEFORE) & (year <= last)].groupby("realization").mean()
    text = title or str(attrs.get("title", label))
    return Course(label, text, onset, state, before, uncertainty, source)


def _own_onset(state: pd.DataFrame, system: object) -> tuple[int | None, OnsetFrom | None]:
    """The onset of a run whose user gives none, and where it comes from."""
    volume = state["volume"].groupby("year").median()
    found = find_onset(volume)
    if found is not None and system == "aral" and ARAL_ONSET in volume.index:
        return ARAL_ONSET, "record"
    return found, None if found is None else "found"


def observed_baseline(lake: str = "aral", onset: int = ARAL_ONSET) -> Course:
    """The collapse as it was observed.

    Levels, volumes and salinities are those of the whole sea to 1989. Areas go on to 2018 as the
    sum of the basins seen from satellites; river flows, at the heads of the deltas, to 2018 with
    the deliveries after 2001, which contain water that never reached the sea.

    Parameters
    ----------
    lake : str, default "aral"
        The lake; so far only the Aral Sea.
    onset : int, default 1960
        Last year before the fall.

    Returns
    -------
    Course
        With an uncertainty of 3 % of the state before.

    Raises
    ------
    InputError
        For another lake, or an onset outside the record.

    Examples
    --------
    >>> aral = observed_baseline()
    >>> float(aral.relative("volume").loc[1989, 0].round(2))
    0.33
    """
    known = ("aral",)
    if lake not in known:
        raise InputError(
            Problem("baseline", "no such lake", lake, ", ".join(known), nearest(lake, known))
        )
    table = reference.load("aral_annual").to_dataframe()
    whole = table.index <= 1989
    rename = {
        "level_m": "level",
        "area_km2": "area",
        "volume_km3": "volume",
        "salinity_g_per_L": "salinity",
    }
    state = table[whole].rename(columns=rename)[list(rename.values())].astype(float)
    net = (table["evaporation_km3_per_yr"] - table["precipitation_km3_per_yr"])[whole]
    state["net_evaporation"] = net / state["area"] * 1e3
    state = state.reindex(range(1950, 2019))
    basins = reference.load("aral_area_by_basin").to_dataframe()
    sums = basins.groupby("year")["area_km2"].sum()
    late = state.index > 1989
    state.loc[late, "area"] = sums.reindex(state.index[late]).to_numpy(dtype=float)
    head = table["amu_darya_km3_per_yr"] + table["syr_darya_km3_per_yr"]
    given = reference.load("aral_river_delivery").to_dataframe()
    delivered = given["amu_darya_delivery_km3_per_yr"] + given["syr_darya_delivery_km3_per_yr"]
    state["inflow"] = head.reindex(state.index).fillna(delivered.reindex(state.index))
    state["connected"] = (state.index <= 1987).astype(float)
    title = "Aral Sea, observed"
    return course(
        state[list(STATE)], onset=onset, name="aral", title=title, uncertainty=_RELATIVE_ERROR
    )
