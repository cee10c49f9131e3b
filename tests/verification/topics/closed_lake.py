"""Our values of the worked examples on closed lakes: equilibrium, response time, step response."""

from __future__ import annotations

import numpy as np

from balkhash_model import reference
from balkhash_model.forcing import empty_forcing
from balkhash_model.physics.closed_lake import (
    area_after,
    equilibrium_area,
    linear_step_response,
    response_time,
)
from balkhash_model.simulation import simulate
from balkhash_model.system import Hypsometry, LakeSystem, River, Storage
from balkhash_model.timeaxis import TimeAxis

AREA, NET, SLOPE, STEP = 17152.0, 0.8489, 383.0, -1167.0  # km2, m/yr, km2/m, 1e6 m3/yr
YEAR = 365.2425 * 86400.0


def printed(quantity: str) -> float:
    table = reference.load("wang2022_printed")
    return float(table["value"].where(table["quantity"] == quantity, drop=True)[0])


def mean_balance() -> dict[str, float]:
    rain = printed("precipitation, mean")
    area = rain / printed("precipitation depth, mean") * 1e6
    net = (printed("evaporation, mean") - rain) / area * 1e3
    supply = printed("river inflow, mean") + printed("groundwater to the lake, mean")
    return {
        "net evaporation": net,
        "area that the rain implies": area,
        "equilibrium area": float(equilibrium_area(supply, net)) * 1e3,
    }


def marched(years: int) -> float:
    """Fall of a lake whose area is linear in the level, by the kernel in months."""
    level = np.array([322.0, 352.0])
    curve = Hypsometry(level, 1e6 * (AREA + SLOPE * (level - 342.0)))
    lake = LakeSystem(
        "lake",
        "A lake",
        "local",
        (Storage("lake", "lake", curve),),
        ("lake",),
        rivers=(River("river", "lake"),),
    )
    axis = TimeAxis.monthly("2000-01-01", f"{2000 + years}-01-01")
    forcing = empty_forcing(lake, axis)
    forcing["river_flow"][:] = 1e6 * (AREA * NET + STEP) / YEAR
    forcing["evaporation_rate"][:] = NET / YEAR
    return float(simulate(lake, forcing, initial=342.0)["water_level_edge"][-1, 0]) - 342.0


def step() -> dict[str, float]:
    supply = AREA * NET + STEP
    after = area_after([17.0, 28.0], AREA, area_slope=SLOPE, supply=supply, net_evaporation=NET)
    linear = linear_step_response([17.0], STEP, area=AREA, area_slope=SLOPE, net_evaporation=NET)
    return {
        "level after 17 years": (after[0] - AREA) / SLOPE,
        "level after 28 years": (after[1] - AREA) / SLOPE,
        "level after 17 years, linear theory": linear[0],
        "level in the end": (float(equilibrium_area(supply, NET)) - AREA) / SLOPE,
        "level after 17 years, marched model": marched(17),
        "level after 28 years, marched model": marched(28),
    }


def computed() -> dict[tuple[str, str], float]:
    """Our values of this topic by case and quantity."""
    found = {("Wang 2022, mean balance 1961-2020", k): v for k, v in mean_balance().items()}
    for slope in (383, 1000):
        key = "response time at 17 152 km2", f"slope {slope} km2/m"
        found[key] = float(response_time(AREA, slope, NET))
    found |= {("step of -1.167 km3/yr on 17 152 km2", k): float(v) for k, v in step().items()}
    for name, rivers in (("all rivers", 12.0), ("the Ili at the lake", 12.0 + 3.2)):
        key = "12 km3/yr in two readings", f"area, {name}"
        found[key] = float(equilibrium_area(rivers + 0.52, NET)) * 1e3
    aral = float(equilibrium_area(55.0, (63.8 - 8.7) / 66.0))
    return found | {("Aral Sea before 1960", "equilibrium area"): aral}
