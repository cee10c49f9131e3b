"""Our values of the worked examples on two basins: their salt, and the strait between them."""

from __future__ import annotations

import balkhash_model as bm
from balkhash_model.physics.strait import manning_conveyance
from balkhash_model.physics.two_basins import two_basin_salinity
from balkhash_model.salt_state import mean_balance, present_salinity
from balkhash_model.units import convert


def at_rest() -> tuple[float, float]:
    """Salinities of West and East by the algebra, under the mean balance and our parameters."""
    system, balance = bm.load_system("balkhash"), mean_balance()
    p, share = system.parameters, dict(system.groundwater.shares)
    water = bm.equilibrium(
        system,
        inflow={"west": balance.ili, "east": balance.eastern},
        groundwater=balance.groundwater,
        net_evaporation=balance.net_evaporation,
        abstraction={"west": 0.0, "east": 0.0},
    )
    west, east = (float(water["water_volume"].sel(storage=n)) for n in ("west", "east"))
    ground = balance.groundwater * p["groundwater_salinity"].si
    found = two_basin_salinity(
        (
            balance.gauge * p["ili_salinity"].si + share["west"] * ground,
            balance.eastern * p["eastern_salinity"].si + share["east"] * ground,
        ),
        float(water["link_flow"].sel(link="uzynaral")),
        p["strait_exchange"].si,
        (west / p["west_deposition_time"].si, east / p["east_deposition_time"].si),
    )
    return float(found[0]), float(found[1])


def computed() -> dict[tuple[str, str], float]:
    """Our values of this topic by case and quantity."""
    system = bm.load_system("balkhash")
    p = system.parameters
    curves = [system.storage(name).curve for name in system.lake]
    whole = sum(float(c.volume_at(p["lake_reference_level"].si)) for c in curves)
    years = p["salt_stock"].si / p["salt_deposition"].si / convert(1.0, "yr", "duration", "year")
    west, east = at_rest()
    conveyance = manning_conveyance(6.0, width=3500.0, length=10_000.0, roughness=0.03)
    case = "Lake Balkhash in the 2000s"
    return {
        (case, "mean salinity"): p["salt_stock"].si / whole,
        (case, "salinity of the East"): present_salinity(system)[1],
        (case, "residence time of salt"): years,
        (case, "West at rest under the mean balance"): west,
        (case, "East at rest under the mean balance"): east,
        ("strait at full depth", "head of 127 m3/s"): 1e3 * (127.0 / float(conveyance)) ** 2,
    }
