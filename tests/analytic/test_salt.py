"""Salt with everything on: deposition, exchange, withdrawal, basins that dry out, brine.

Closed forms are those of ``physics/two_basins.py`` and ``physics/water_activity.py``; the rest is
held to conservation: what came in is dissolved, on the bed, or gone with the water.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import balkhash_model as bm
from balkhash_model.forcing import empty_forcing
from balkhash_model.physics.two_basins import two_basin_losses, two_basin_salinity
from balkhash_model.physics.water_activity import salt_evaporation_factor, water_activity
from balkhash_model.simulation import simulate
from balkhash_model.system import (
    Deposition,
    Groundwater,
    Hypsometry,
    LakeSystem,
    River,
    Storage,
    Strait,
    Withdrawal,
)
from balkhash_model.timeaxis import TimeAxis

YEAR = 365.25 * 86400.0
KM2 = 1e6
NET = 0.85 / YEAR  # m/s
RIVER, GROUND = (0.38, 0.38), 2.45  # kg/m3


def balkhash_pair(exchange=0.0, deposition=(None, None), **more):
    """West and East with their shipped curves and strait."""
    shipped = bm.load_system("balkhash")
    basins = tuple(
        replace(shipped.storage(n), deposition=d)
        for n, d in zip(("west", "east"), deposition, strict=True)
    )
    strait = next(x for x in shipped.links if isinstance(x, Strait))
    rivers = zip(("ili", "karatal"), ("west", "east"), RIVER, strict=True)
    return LakeSystem(
        "two",
        "West and East",
        shipped.datum,
        basins,
        ("west", "east"),
        rivers=tuple(River(*r) for r in rivers),
        links=(replace(strait, exchange=exchange),),
        groundwater=Groundwater((("west", 0.6), ("east", 0.4)), GROUND),
        **more,
    )


def balance_of_salt(result):
    """Dissolved, less what crossed the boundary since the start, over the largest stock."""
    seconds = np.diff(result["time_edge"].values).astype("timedelta64[s]").astype(float)
    mass = result["salt_mass"].values
    crossed = sum(
        result[n].values for n in ("salt_inflow", "salt_deposition", "salt_withdrawal")
    ).sum(axis=-1)
    crossed = np.concatenate([[0.0], np.cumsum(crossed * seconds)])
    total = mass.sum(axis=-1)
    return np.abs(total - crossed - total[0]).max() / total.max()


# --- two basins at rest -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flows", "exchange", "years", "above"),
    [
        ((345.0, 95.0), 0.0, (7.0, 107.0), (0.0, 0.0)),
        ((345.0, 95.0), 9.5, (7.0, 107.0), (0.0, 0.0)),
        ((345.0, 95.0), 60.0, (None, 40.0), (0.0, 0.0)),
        ((200.0, 240.0), 20.0, (20.0, 60.0), (0.0, 0.0)),  # the East feeds the West
        ((345.0, 95.0), 9.5, (7.0, 107.0), (0.3, 1.5)),
    ],
)
def test_marched_salinities_come_to_the_algebra_of_two_basins(flows, exchange, years, above):
    deposition = tuple(
        None if t is None else Deposition(t * YEAR, a) for t, a in zip(years, above, strict=True)
    )
    system = balkhash_pair(exchange, deposition)
    ground = np.array([10.0, 6.0])
    rest = bm.equilibrium(
        system,
        inflow=dict(zip(("west", "east"), flows, strict=True)),
        groundwater=dict(zip(("west", "east"), ground, strict=True)),
        net_evaporation=NET,
    )
    axis = TimeAxis.regular("1000-01-01", "3000-01-01", months=3)
    forcing = empty_forcing(system, axis)
    forcing["river_flow"][:] = np.array(flows)
    forcing["groundwater_flow"][:] = ground
    forcing["evaporation_rate"][:] = NET
    start = {n: float(rest["water_level"].sel(storage=n)) for n in ("west", "east")}
    result = simulate(system, forcing, initial=start, initial_salinity={"west": 0.5, "east": 9.0})
    volume, flow = rest["water_volume"].values, float(rest["link_flow"][0])
    assert np.sign(flow) == (1.0 if flows[0] > 300.0 else -1.0)
    loss = [0.0 if t is None else v / (t * YEAR) for v, t in zip(volume, years, strict=True)]
    # below `above` nothing is deposited: it acts as salt that comes in
    salt = [
        q * c + g * GROUND + a * x
        for q, c, g, a, x in zip(flows, RIVER, ground, above, loss, strict=True)
    ]
    exact = two_basin_salinity((salt[0], salt[1]), flow, exchange, (loss[0], loss[1]))
    found = result["salinity"].values[-1]
    assert (found > above).all()
    np.testing.assert_allclose(found, [float(x) for x in exact], rtol=2e-7)
    # and the exchange that the result reports is that of the closed form
    into_east = float(result["salt_exchange"].sel(storage="east")[-1])
    expected = (max(flow, 0.0) + exchange) * found[0] - (max(-flow, 0.0) + exchange) * found[1]
    assert into_east == pytest.approx(expected, rel=1e-6)


def test_losses_and_salinities_are_each_other_s_inverse():
    rng = np.random.default_rng(3)
    for _ in range(50):
        salt, loss = rng.uniform(1.0, 9.0, 2), rng.uniform(0.1, 3.0, 2)
        flow, exchange = rng.uniform(-5.0, 5.0), rng.uniform(0.0, 2.0)
        salinity = two_basin_salinity((salt[0], salt[1]), flow, exchange, (loss[0], loss[1]))
        lost = two_basin_losses((salt[0], salt[1]), flow, exchange, salinity)
        np.testing.assert_allclose(lost, loss * np.array(salinity), rtol=1e-12)
        assert float(sum(lost)) == pytest.approx(salt.sum(), rel=1e-14)


# --- drying out and filling up ----------------------------------------------------------------


@pytest.mark.parametrize("saline", [None, 0.4])
def test_a_basin_that_dries_to_a_hundredth_and_refills_keeps_its_salt(saline):
    """The West falls below the sill, to 1 % of its volume, and comes back to the East."""
    system = balkhash_pair(
        9.5,
        (Deposition(6.7 * YEAR), Deposition(107.0 * YEAR)),
        saline_evaporation=saline,
        withdrawals=(Withdrawal("town", "west", 2.0), Withdrawal("canal", "east", 5.0)),
    )
    axis = TimeAxis.monthly("2000-01-01", "2048-01-01")
    forcing = empty_forcing(system, axis)
    dry = axis.edges[:-1] < np.datetime64("2020-01-01")
    forcing["river_flow"][:, 0] = np.where(dry, 2.0, 480.0)
    forcing["river_flow"][:, 1] = 80.0
    forcing["evaporation_rate"][:] = 0.95 / YEAR
    forcing["withdrawal_demand"][:] = np.array([2.0, 5.0])
    result = simulate(system, forcing, initial=342.0, initial_salinity={"west": 0.74, "east": 4.8})
    volume = result["water_volume"].sel(storage="west").values
    assert volume.min() < 0.01 * volume[0]
    assert volume[-1] > 0.8 * volume[0]
    connected = result["lake_connected"].values
    assert connected[0] == 1
    assert connected.min() == 0
    assert connected[-1] == 1
    assert result["salinity"].sel(storage="west").max() > 10.0
    assert (result["salt_mass"].values > 0.0).all()
    assert (result["salt_deposition"].values < 0.0).all()
    assert (result["salt_withdrawal"].sel(storage="east").values < 0.0).all()
    assert balance_of_salt(result) < 1e-12
    # apart, nothing passes the sill from below, neither flow nor mixing
    below = (result["water_level_edge"].max("storage") < 335.0).values
    apart = below[:-1] & below[1:]
    assert apart.sum() > 24
    assert (result["salt_exchange"].values[apart] == 0.0).all()


@pytest.mark.parametrize("seed", range(6))
def test_salt_stays_positive_and_closes_under_any_weather(seed):
    rng = np.random.default_rng(seed)
    times = rng.uniform(0.02, 30.0, 2)  # from a week: stiff against a step of a month
    system = balkhash_pair(
        float(rng.uniform(0.0, 200.0)),
        tuple(Deposition(float(t) * YEAR, float(rng.uniform(0.0, 2.0))) for t in times),
        saline_evaporation=None if seed % 2 else 0.3,
        withdrawals=(Withdrawal("canal", "west", 30.0),),
    )
    axis = TimeAxis.monthly("2000-01-01", "2030-01-01")
    forcing = empty_forcing(system, axis)
    wet = rng.lognormal(0.0, 1.0, (axis.n, 2)) * (rng.random((axis.n, 2)) > 0.3)
    forcing["river_flow"][:] = wet * np.array([250.0, 60.0])
    forcing["groundwater_flow"][:] = rng.uniform(-20.0, 40.0, (axis.n, 2))
    forcing["evaporation_rate"][:] = rng.uniform(0.0, 1.9, (axis.n, 1)) / YEAR
    forcing["precipitation_rate"][:] = rng.uniform(0.0, 0.4, (axis.n, 1)) / YEAR
    forcing["withdrawal_demand"][:] = 30.0
    result = simulate(system, forcing, initial=340.0, initial_salinity={"west": 0.0, "east": 12.0})
    mass = result["salt_mass"].values
    assert (mass >= 0.0).all()
    assert balance_of_salt(result) < 1e-12
    seconds = np.diff(result["time_edge"].values).astype("timedelta64[s]").astype(float)
    left = np.abs(result["salt_residual"].values) * seconds[:, None]
    assert (left <= 1e-12 * mass.max(axis=0)).all()


# --- evaporation from brine -------------------------------------------------------------------


def tank(saline, **more):
    curve = Hypsometry(np.array([0.0, 20.0]), np.array([300.0, 300.0]) * KM2)
    return LakeSystem(
        "tank", "A tank", "local", (Storage("tank", "lake", curve),), ("tank",),
        saline_evaporation=saline, **more,
    )  # fmt: skip


def evaporation_over_fresh(salinity, saline):
    system = tank(saline)
    forcing = empty_forcing(
        system, TimeAxis.irregular(np.array(["2000-01-01", "2000-01-02"], "M8[s]"))
    )
    forcing["evaporation_rate"][:] = 1e-6 / YEAR  # so little that the salinity stays
    result = simulate(system, forcing, initial=10.0, initial_salinity={"tank": salinity})
    return -float(result["evaporation"][0, 0]) / (1e-6 / YEAR * 300.0 * KM2)


@pytest.mark.parametrize("saline", [0.0, 0.4])
def test_salt_lowers_evaporation_smoothly_by_the_law_of_water_activity(saline):
    salinity = np.concatenate([np.linspace(0.0, 30.0, 31), np.linspace(35.0, 390.0, 72)])
    found = np.array([evaporation_over_fresh(float(s), saline) for s in salinity])
    law = salt_evaporation_factor(water_activity(salinity), 1.0, saline)
    np.testing.assert_allclose(found, law, rtol=1e-9)
    assert found[0] == pytest.approx(1.0, abs=1e-15)
    assert (np.diff(found) < 0.0).all()
    slope = np.diff(found) / np.diff(salinity)
    # no jump: the law's slope is -a/(1 - ratio) at zero and changes by a few percent per g/l
    assert slope[0] == pytest.approx(-5.21e-4 / (1.0 - saline), rel=2e-3)
    assert (np.abs(np.diff(slope)) < 0.02 * np.abs(slope[0])).all()


def test_balkhash_is_fresh_enough_to_do_without():
    shipped = bm.load_system("balkhash")
    assert shipped.saline_evaporation is None
    assert 1.0 - evaporation_over_fresh(5.0, 0.0) < 3e-3


# --- order of convergence ---------------------------------------------------------------------

OMEGA = 2.0 * np.pi / (8.0 * YEAR)
E0, Q0, C_IN = 1.2 / YEAR, 28.0, 1.0  # m/s, m3/s, kg/m3
AREA, SLOPE = 300.0 * KM2, 60.0 * KM2  # A = AREA + SLOPE h
H0, S0, RATIO, T_DEP, LIMIT = 6.0, 60.0, 0.4, 25.0 * YEAR, 25.0


@cache
def brine_reference(times):
    """Level and salt of a brine lake from the differential equations themselves."""

    def rate(t, y):
        h, mass = y[0], y[1] * 1e10
        area, volume = AREA + SLOPE * h, AREA * h + 0.5 * SLOPE * h * h
        s = mass / volume
        factor = (1.0 / (1.0 + s * (5.21e-4 + 9.2e-7 * s)) - RATIO) / (1.0 - RATIO)
        q = Q0 * (1.0 + 0.4 * np.sin(OMEGA * t))
        dh = q / area - E0 * factor
        return [dh, (q * C_IN - (mass - LIMIT * volume) / T_DEP) / 1e10]

    start = [H0, S0 * (AREA * H0 + 0.5 * SLOPE * H0 * H0) / 1e10]
    solved = solve_ivp(
        rate, (0.0, times[-1]), start, method="Radau", rtol=1e-12, atol=1e-13, t_eval=times
    )
    h = solved.y[0]
    return AREA * h + 0.5 * SLOPE * h * h, solved.y[1] * 1e10


def brine_errors(months):
    curve = Hypsometry(np.array([0.0, 20.0]), np.array([AREA, AREA + 20.0 * SLOPE]))
    system = LakeSystem(
        "brine",
        "A brine lake",
        "local",
        (Storage("lake", "lake", curve, deposition=Deposition(T_DEP, LIMIT)),),
        ("lake",),
        rivers=(River("river", "lake", C_IN),),
        saline_evaporation=RATIO,
    )
    start = np.datetime64("2000-01-01", "s")
    step = int(months * YEAR / 12)
    axis = TimeAxis.irregular(start + np.timedelta64(step, "s") * np.arange(12 * 16 // months + 1))
    t = (axis.edges - axis.edges[0]).astype(float)
    forcing = empty_forcing(system, axis)
    mean_sine = -np.diff(np.cos(OMEGA * t)) / (OMEGA * np.diff(t))
    forcing["river_flow"][:, 0] = Q0 * (1.0 + 0.4 * mean_sine)
    forcing["evaporation_rate"][:] = E0
    result = simulate(system, forcing, initial=H0, initial_salinity={"lake": S0})
    volume, mass = brine_reference(tuple(t))
    assert (mass / volume > LIMIT).all()
    return (
        np.abs(result["water_volume"].values[:, 0] / volume - 1.0).max(),
        np.abs(result["salt_mass"].values[:, 0] / mass - 1.0).max(),
    )


def test_volume_and_salt_converge_at_second_order_with_lowering_on():
    errors = np.array([brine_errors(months) for months in (16, 8, 4, 2)])
    order = np.log2(errors[:-1] / errors[1:])
    print("\norder of volume and salt, 16 to 8, 8 to 4, 4 to 2 months:\n", order.round(2))
    assert (order[-1] >= 1.8).all()
    assert (errors[-1] < 1e-4).all()
