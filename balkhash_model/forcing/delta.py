"""The delta of the Ili: what it must have lost for the lake to have moved, and its wetland."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem
from balkhash_model.forcing.climate import lake_evaporation, lake_precipitation
from balkhash_model.forcing.inflow import MEAN_YEAR, eastern_rivers, ili_at_gauge
from balkhash_model.physics.wetland import wetland_curve, wetland_rest_volume
from balkhash_model.system import Delta, Hypsometry, Junction, Release, Storage
from balkhash_model.timeaxis import TimeAxis

if TYPE_CHECKING:
    from balkhash_model.system import LakeSystem, ParameterSet

FloatArray = npt.NDArray[np.float64]

__all__ = [
    "FLUX_PERIODS",
    "LEVEL_PERIODS",
    "WETLAND",
    "WETLAND_RELEASE",
    "ImpliedLoss",
    "implied_delta_loss",
    "wetland_forcing",
    "wetland_start",
    "with_wetland",
]

#: Names of the wetland, of what drains it, and of the channels below it.
WETLAND, WETLAND_RELEASE, _CHANNELS = "ili_wetland", "ili_wetland_drainage", "ili_channels"
_DELTA = "ili_delta"
#: A delta that loses nothing.
_NO_LOSS = (np.array([0.0, 1e6]), np.array([0.0, 0.0]))

#: The periods of the printed flows, as far as levels go.
FLUX_PERIODS = (
    ("1961-07-01", "1970-01-01"),
    ("1970-01-01", "1986-01-01"),
    ("1986-01-01", "1996-01-01"),
    ("1996-01-01", "2006-01-01"),
    ("2006-01-01", "2014-07-01"),
)
#: From one year with a dated level to another.
LEVEL_PERIODS = tuple(
    (f"{a}-07-01", f"{b}-07-01")
    for a, b in ((1961, 1970), (1970, 1987), (1987, 1995), (1995, 2005), (2005, 2014))
)
_KM3 = 1e9


class ImpliedLoss(NamedTuple):
    """Flow at the delta head and the loss that closes the lake's balance, km3/yr."""

    start: str
    end: str
    years: float
    flow: float
    loss: float


def implied_delta_loss(
    system: LakeSystem,
    periods: Sequence[tuple[str, str]] = FLUX_PERIODS,
    dry_phase: tuple[int, int] | None = (1973, 1986),
) -> list[ImpliedLoss]:
    r"""Delta loss that closes the balance of Lake Balkhash in each period.

    :math:`D = Q + R + G + \overline{A (P - E)} - \Delta V/\Delta t` with the Ili at Ushzharma Q,
    the eastern rivers R, groundwater G, rain and evaporation on the area that the level gives, and
    the volumes of the observed levels. All terms but D are given: D takes up the errors of all.

    Parameters
    ----------
    system : LakeSystem
        For the curves of the lake's basins and the parameters.
    periods : sequence of tuple of str, default FLUX_PERIODS
        Start and end of each period. The level is linear between the middles of years with an
        annual level, each the weighted mean of what is known of it.
    dry_phase : tuple of int or None
        First and last year of the dry phase of the eastern rivers.

    Returns
    -------
    list of ImpliedLoss
        One for each period.

    Raises
    ------
    InputError
        Where a period leaves the annual levels.

    Examples
    --------
    >>> from balkhash_model.library import load_system
    >>> rows = implied_delta_loss(load_system("balkhash"))
    >>> [round(r.flow, 2) for r in rows]
    [14.9, 11.55, 13.47, 15.29, 12.86]
    """
    from balkhash_model.reference.levels import balkhash_levels

    frame = balkhash_levels()
    frame = frame[frame["series"] == "all annual levels"]
    instants = frame["time"].to_numpy().astype("datetime64[s]").astype(np.float64)
    weights = 1.0 / frame["uncertainty"].to_numpy(dtype=float) ** 2
    levels = frame["level"].to_numpy(dtype=float)
    known = np.unique(instants)
    mean = [float(np.average(levels[instants == t], weights=weights[instants == t])) for t in known]
    problems, found = [], []
    for start, end in periods:
        axis = TimeAxis.monthly(start, end)
        edges = axis.edges.astype("datetime64[s]").astype(np.float64)
        if edges[0] < known[0] or edges[-1] > known[-1]:
            first, last = (str(np.datetime64(int(t), "s"))[:10] for t in (known[0], known[-1]))
            problems.append(
                Problem(
                    f"period from {start}", "outside the annual levels", end, f"{first} to {last}"
                )
            )
            continue
        at_edges = np.interp(edges, known, mean)
        inside = 0.5 * (at_edges[1:] + at_edges[:-1])
        curves = [system.storage(name).curve for name in system.lake]
        area = np.sum([c.area_at(inside) for c in curves], axis=0)
        volume = np.sum([c.volume_at(at_edges[[0, -1]]) for c in curves], axis=0)
        p, seconds = system.parameters, axis.durations
        flow = float((ili_at_gauge(axis, "ushzharma", p) * seconds).sum())
        others = eastern_rivers(axis, dry_phase, p) + p["groundwater"].si
        others = others + area * (lake_precipitation(axis, p) - lake_evaporation(axis, p))
        loss = flow + float((others * seconds).sum()) - float(volume[1] - volume[0])
        years = float(seconds.sum()) / MEAN_YEAR
        per_year = years * _KM3
        found.append(ImpliedLoss(start, end, years, flow / per_year, loss / per_year))
    if problems:
        raise InputError(problems)
    return found


def with_wetland(system: LakeSystem) -> LakeSystem:
    """Put a wetland with a volume of its own between the head and the mouth of the Ili delta.

    The wetland takes all that passes the delta head, drains in proportion to its volume, and rain
    and evaporation act on what it floods. The delta itself then loses nothing more. Links keep
    their names: ``ili_delta`` is what reaches the mouth.

    Parameters
    ----------
    system : LakeSystem
        A system with the delta ``ili_delta``, and the parameters ``ili_wetland_depth`` and
        ``ili_wetland_residence``.

    Returns
    -------
    LakeSystem
        With the storage ``ili_wetland``, whose level is a depth scale and no elevation.

    Raises
    ------
    InputError
        Where the system has no such delta.

    Examples
    --------
    >>> from balkhash_model.library import load_system
    >>> with_wetland(load_system("balkhash")).storage_names()
    ['kapshagay', 'ili_wetland', 'west', 'east']
    """
    delta = next((d for d in system.deltas if d.name == _DELTA), None)
    if delta is None:
        raise InputError(
            Problem(f"deltas.{_DELTA}", "no such delta", f"system {system.name!r}", "balkhash")
        )
    head = next(j for j in system.junctions if j.name == delta.source)
    level, area = wetland_curve(system.parameters["ili_wetland_depth"].si)
    wetland = Storage(WETLAND, "wetland", Hypsometry(level, area, f"curve of {WETLAND}"))
    into = Delta(f"{WETLAND}_inflow", head.name, WETLAND, f"{WETLAND}_head",
                 f"{WETLAND}_inflow_loss", *_NO_LOSS)  # fmt: skip
    out = replace(delta, source=_CHANNELS, loss_flow=_NO_LOSS[0], loss=_NO_LOSS[1])
    first = next(
        (i for i, s in enumerate(system.storages) if s.name in system.lake), len(system.storages)
    )
    return replace(
        system,
        storages=(*system.storages[:first], wetland, *system.storages[first:]),
        junctions=(*system.junctions, Junction(_CHANNELS, f"{_CHANNELS}_lateral", head.salinity)),
        links=(*system.links, Release(WETLAND_RELEASE, WETLAND, _CHANNELS)),
        deltas=(*(into if d is delta else d for d in system.deltas), out),
    )


def wetland_forcing(axis: TimeAxis, parameters: ParameterSet) -> dict[str, FloatArray]:
    r"""Forcing by which the wetland drains as a linear reservoir, :math:`Q = W/\tau`.

    Parameters
    ----------
    axis : TimeAxis
        n intervals.
    parameters : ParameterSet
        For ``ili_wetland_residence``.

    Returns
    -------
    dict
        ``release_rate`` (s-1); plan and target of the release stay zero.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> axis = TimeAxis.monthly("2000-01-01", "2001-01-01")
    >>> rate = wetland_forcing(axis, load_parameters("balkhash"))["release_rate"]
    >>> round(1.0 / float(rate[0]) / 86400.0, 1)
    97.2
    """
    return {"release_rate": np.full(axis.n, 1.0 / parameters["ili_wetland_residence"].si)}


def wetland_start(system: LakeSystem) -> tuple[float, float]:
    """Level and salinity of the wetland at rest under the flow ``ili_loss_flow``.

    Parameters
    ----------
    system : LakeSystem
        A system with the wetland.

    Returns
    -------
    tuple of float
        Level, m above the lowest point, and salinity, kg m-3: what evaporates leaves its salt.

    Examples
    --------
    >>> from balkhash_model.library import load_system
    >>> level, salinity = wetland_start(with_wetland(load_system("balkhash")))
    >>> round(salinity, 3)
    0.462
    """
    p = system.parameters
    inflow, residence = p["ili_loss_flow"].si, p["ili_wetland_residence"].si
    numbers = residence, p["ili_wetland_depth"].si, p["net_evaporation"].si
    volume = float(wetland_rest_volume(inflow, *numbers))
    brought = next(
        j.salinity for j in system.junctions if system.delta_at(j.name).target == WETLAND
    )
    level = float(system.storage(WETLAND).curve.level_at(volume))
    return level, brought * inflow * residence / volume
