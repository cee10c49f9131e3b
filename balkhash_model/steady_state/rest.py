"""Where a closed lake comes to rest: level, area, volume, salinity, response time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.physics import closed_lake, two_basins
from balkhash_model.steady_state.inputs import (
    Amount,
    ByBasin,
    Supply,
    read_by_basin,
    read_numbers,
    read_supply,
    show_flow,
)
from balkhash_model.steady_state.labels import described
from balkhash_model.steady_state.lake import Lake, closed_lake_of
from balkhash_model.system import LakeSystem

FloatArray = npt.NDArray[np.float64]

__all__ = ["equilibrium"]


def _check_size(lake: Lake, supply: Supply) -> None:
    """The whole lake must neither dry out nor outgrow its curve."""
    problems = []
    rest = supply.total / supply.net_evaporation
    other = float(np.max(supply.inflow - supply.total))
    largest = float(lake.area[-1])
    count = int(np.count_nonzero(rest > largest))
    if count:
        problems.append(
            Problem(
                "inflow",
                f"too large for the level-area curve in {count} of {rest.size} values",
                show_flow(float(supply.inflow.max())),
                f"at most {show_flow(supply.net_evaporation * largest + other)}, which keeps "
                f"{lake.level[-1]:g} m ({lake.system.datum})",
            )
        )
    if (rest <= sum(float(b.curve.area[0]) for b in lake.basins)).any():
        problems.append(
            Problem(
                "inflow",
                "too small for a lake: it dries out",
                show_flow(float(supply.inflow.min())),
                f"more than {show_flow(other)}",
            )
        )
    if problems:
        raise InputError(problems)


@dataclass(frozen=True, eq=False)
class _State:
    """Levels by basin; where it is known the flow through each link, and from first to second."""

    level: FloatArray
    flow: FloatArray | None = None
    exchange: FloatArray | None = None


def _pool(lake: Lake, supply: Supply) -> _State:
    """One water surface, without regard to the head that drives the exchange."""
    rest = np.asarray(supply.total / supply.net_evaporation)
    parted = (rest < lake.area[0]) | (not lake.open)
    if parted.any():
        least = supply.net_evaporation * lake.area[0] + float(np.max(supply.inflow - supply.total))
        raise InputError(
            Problem(
                "inflow",
                f"the basins part in {int(parted.sum())} of {rest.size} values, so their shares "
                "are needed",
                show_flow(float(supply.inflow.min())),
                f"flows by basin, or at least {show_flow(least)}",
                f"Give inflow={{{', '.join(f'{n!r}: ...' for n in lake.names)}}}",
            )
        )
    level = closed_lake.level_at_area(rest, lake.level, lake.area)
    return _State(np.stack([level] * len(lake.basins), axis=-1))


def _two_basins(lake: Lake, supply: Supply, parts: FloatArray) -> _State:
    """Two basins at rest with the flow between them."""
    first, second = (b.curve for b in lake.basins)
    curves = ((first.level, first.area), (second.level, second.area))
    level = np.empty(parts.shape)
    flow = np.empty((*parts.shape[:-1], len(lake.links)))
    exchange = np.empty(parts.shape[:-1])
    for place in np.ndindex(parts.shape[:-1]):
        gains = float(parts[place][0]), float(parts[place][1])
        try:
            h1, h2, q = two_basins.balanced_exchange(
                gains, supply.net_evaporation, curves, lake.exchange
            )
        except ValueError as error:
            raise InputError(
                Problem(
                    "inflow", f"no equilibrium: {error}", ", ".join(show_flow(g) for g in gains)
                )
            ) from None
        level[place] = h1, h2
        exchange[place] = q
        # the root itself is sharper than the law at rounded levels
        flow[place] = lake.signs * q if len(lake.links) == 1 else lake.flows(h1, h2)
    tops = np.array([b.curve.level[-1] for b in lake.basins])
    if (level >= tops).any():
        raise InputError(
            Problem(
                "inflow",
                "too large for the level-area curve of a basin",
                show_flow(float(supply.inflow.max())),
                ", ".join(f"{n} below {t:g} m" for n, t in zip(lake.names, tops, strict=True)),
            )
        )
    return _State(level, flow, exchange)


def equilibrium(
    system: LakeSystem,
    *,
    inflow: ByBasin,
    net_evaporation: Amount | None = None,
    groundwater: ByBasin | None = None,
    abstraction: ByBasin | None = None,
    salt_inflow: ByBasin | None = None,
    deposition_time: ByBasin | None = None,
    dispersion: Amount = 0.0,
) -> xr.Dataset:
    r"""Level, area, volume and salinity at which a closed lake comes to rest, and how fast.

    Net evaporation takes what the lake gains: :math:`e A_e = R + G - U`, and a small change dies
    away with the response time :math:`t_e = A_e/(e\,dA/dh)` (NAP 5142, p. 507, after Mason et al.
    1994). Of two basins with their own inflows, each is at rest together with the flow between them
    by the law of the link: one surface above the sill, a basin that spills into a lower one, or two
    lakes apart (:func:`balkhash_model.physics.two_basins.balanced_exchange`). Salinities solve
    :func:`balkhash_model.physics.two_basins.two_basin_salinity`.

    Parameters
    ----------
    system : LakeSystem
        The lake system; of its storages, those of the lake.
    inflow : str, number, row of them, or mapping
        River water that reaches the lake, R: all of it together, or by basin. A text carries its
        unit ("14.9 km3/yr"), a number is m3 s-1. A row of values gives a dimension ``inflow``.
        Without shares by basin, two basins are taken as one surface; with them, every basin is
        named, one without a river as zero.
    net_evaporation : str or number, optional
        Evaporation less precipitation, e (m s-1); by default that of the parameter set.
    groundwater : str, number or mapping, optional
        Net inflow from the ground, G (m3 s-1); by default that of the parameter set, zero where it
        has none. A total is shared as the system says; a basin that a mapping leaves out has none.
    abstraction : str, number or mapping, optional
        Water taken from the lake, U (m3 s-1); by default that of the users of the system. A basin
        that a mapping leaves out has none.
    salt_inflow : str, number or mapping, optional
        Salt that enters each basin ("5.04 Mt/yr", or kg s-1), every basin named. Salinity is given
        only with it.
    deposition_time : str, number or mapping, optional
        Time in which the salt of a basin's water would deposit ("41 yr", or s), one for all or by
        basin; a basin without one deposits nothing.
    dispersion : str or number, default 0
        Exchange of water through an open strait in both directions beside its flow (m3 s-1).

    Returns
    -------
    xarray.Dataset
        ``water_level, water_area, water_volume, basin_response_time`` by ``storage``;
        ``lake_level`` and ``response_time`` (missing where the basins are apart), ``lake_area,
        lake_volume, lake_connected, area_slope, net_evaporation_rate``; where the inflow is known
        by basin ``river_inflow`` and ``link_flow``; with salt ``salinity`` and ``salt_mass``. SI.
        A basin that gains nothing is dry: its level is its bottom, its area zero.

    Raises
    ------
    InputError
        Where a unit is missing, a flow is negative, the inflow is too large for the curve or too
        small for a lake, a basin is unknown or its share needed and missing, or salt enters and
        cannot leave.

    Examples
    --------
    The mean balance of Lake Balkhash 1961-2020 (Wang 2022):

    >>> from balkhash_model.library import load_system
    >>> rest = equilibrium(load_system("balkhash"), inflow="14.04 km3/yr",
    ...                    groundwater="0.52 km3/yr", net_evaporation="0.8489 m/yr")
    >>> round(float(rest["lake_area"]) / 1e6)
    17152
    >>> round(float(rest["lake_level"]), 2)
    341.74
    """
    lake = closed_lake_of(system)
    problems: list[Problem] = []
    salt = _salt_terms(lake, salt_inflow, deposition_time, dispersion, problems)
    supply = read_supply(lake, inflow, net_evaporation, groundwater, abstraction, problems)
    _check_size(lake, supply)
    parts = supply.parts
    if parts is None or len(lake.basins) == 1:
        state = _pool(lake, supply) if len(lake.basins) == 2 else _one_basin(lake, supply)
    else:
        state = _two_basins(lake, supply, parts)
    dataset = _label(lake, supply, state)
    if salt is not None:
        _add_salinity(lake, supply, state, salt, dataset)
    return described(dataset, system)


def _one_basin(lake: Lake, supply: Supply) -> _State:
    rest = supply.total / supply.net_evaporation
    level = closed_lake.level_at_area(rest, lake.level, lake.area)
    return _State(level[..., None], exchange=np.zeros(level.shape))


def _label(lake: Lake, supply: Supply, state: _State) -> xr.Dataset:
    lead = ("inflow",) if supply.total.ndim else ()
    by_basin = (*lead, "storage")
    level, e = state.level, supply.net_evaporation
    columns = [(level[..., i], b.curve) for i, b in enumerate(lake.basins)]
    area = np.stack([c.area_at(h) for h, c in columns], axis=-1)
    area = np.where(level > lake.bottoms, area, 0.0)
    volume = np.stack([c.volume_at(h) for h, c in columns], axis=-1)
    slope = np.stack(
        [closed_lake.area_slope_at_level(h, c.level, c.area) for h, c in columns], axis=-1
    )
    joined = np.array([lake.joined(level[p]) for p in np.ndindex(level.shape[:-1])])
    joined = joined.reshape(level.shape[:-1])
    total, steep = area.sum(axis=-1), slope.sum(axis=-1)
    mean = (level * area).sum(axis=-1) / total
    data: dict[str, tuple[tuple[str, ...], Any]] = {
        "water_level": (by_basin, level),
        "water_area": (by_basin, area),
        "water_volume": (by_basin, volume),
        "basin_response_time": (by_basin, closed_lake.response_time(area, slope, e)),
        "lake_level": (lead, np.where(joined, mean, np.nan)),
        "lake_area": (lead, total),
        "lake_volume": (lead, volume.sum(axis=-1)),
        "lake_connected": (lead, joined.astype("int8")),
        "area_slope": (lead, steep),
        "response_time": (
            lead,
            np.where(joined, closed_lake.response_time(total, steep, e), np.nan),
        ),
        "net_evaporation_rate": ((), e),
    }
    coordinates: dict[str, Any] = {
        "inflow": (lead, supply.inflow),
        "storage": ("storage", np.array(lake.names, dtype=object)),
    }
    if supply.inflow_parts is not None:
        data["river_inflow"] = (by_basin, supply.inflow_parts)
    if state.flow is not None and lake.links:
        data["link_flow"] = ((*lead, "link"), state.flow)
        coordinates["link"] = ("link", np.array([x.name for x in lake.links], dtype=object))
    return xr.Dataset(data, coords=coordinates)


@dataclass(frozen=True, eq=False)
class _Salt:
    inflow: FloatArray
    deposition_rate: FloatArray
    dispersion: float


def _salt_terms(
    lake: Lake,
    salt_inflow: ByBasin | None,
    deposition_time: ByBasin | None,
    dispersion: Amount,
    problems: list[Problem],
) -> _Salt | None:
    names = lake.names
    if salt_inflow is None:
        for name, given in (("deposition_time", deposition_time), ("dispersion", dispersion)):
            if given is not None and not (isinstance(given, int | float) and given == 0.0):
                problems.append(Problem(name, "of no use without salt_inflow", repr(given)))
        return None
    _, inflow = read_by_basin(
        salt_inflow, "mass_rate", "salt_inflow", names, problems, complete=True
    )
    if inflow is None:
        problems.append(
            Problem("salt_inflow", "by basin is needed", repr(salt_inflow), ", ".join(names))
        )
        inflow = np.full(len(names), np.nan)
    times: Mapping[str, Amount]
    if deposition_time is None:
        times = {}
    elif isinstance(deposition_time, Mapping):
        times = deposition_time
    else:
        times = dict.fromkeys(names, deposition_time)
    for key in set(times) - set(names):
        problems.append(
            Problem(f"deposition_time of {key!r}", "no such basin", hint=nearest(key, names))
        )
    rate = np.zeros(len(names))
    for i, name in enumerate(names):
        if name in times:
            where = f"deposition_time of {name!r}"
            time = read_numbers(times[name], "duration", where, problems)
            if time.ndim or time <= 0.0:
                problems.append(Problem(where, "not one positive time", str(time.tolist())))
                continue
            rate[i] = 1.0 / float(time)
    mixing = read_numbers(dispersion, "flow", "dispersion", problems)
    if mixing.ndim or mixing < 0.0 or inflow.ndim > 1:
        problems.append(
            Problem("salt_inflow and dispersion", "must be single numbers, not negative")
        )
        mixing = np.array(np.nan)
    return _Salt(inflow, rate, float(mixing))


def _add_salinity(
    lake: Lake, supply: Supply, state: _State, salt: _Salt, dataset: xr.Dataset
) -> None:
    """Steady salinities: what enters leaves with water or to the bed."""
    volume = dataset["water_volume"].values
    ground, taken = supply.groundwater_parts, supply.abstraction_parts
    if state.exchange is None or ground is None or taken is None:
        raise InputError(
            Problem(
                "salt_inflow",
                "salinities need the flow between the basins",
                expected="inflow, groundwater and abstraction by basin",
                hint=f"Give inflow={{{', '.join(f'{n!r}: ...' for n in lake.names)}}}",
            )
        )
    loss = volume * salt.deposition_rate + taken + np.maximum(-ground, 0.0)
    if len(lake.basins) == 1:
        leaves = loss[..., 0] > 0.0
        salinity = np.divide(salt.inflow, loss, out=np.zeros_like(loss), where=loss > 0.0)
    else:
        mixing = np.where(dataset["lake_connected"].values == 1, salt.dispersion, 0.0)
        both = two_basins.two_basin_salinity(
            (salt.inflow[0], salt.inflow[1]), state.exchange, mixing, (loss[..., 0], loss[..., 1])
        )
        leaves = np.isfinite(both[0]) & np.isfinite(both[1])
        salinity = np.stack(np.broadcast_arrays(*both), axis=-1)
    if not leaves.all():
        raise InputError(
            Problem(
                "salt_inflow",
                "salt enters and nothing takes it away: it has no steady state",
                hint="Give deposition_time or an abstraction",
            )
        )
    dims = dataset["water_volume"].dims
    dataset["salinity"] = (dims, salinity)
    dataset["salt_mass"] = (dims, salinity * volume)
