"""Where a storage is empty, full or not there yet, and what cannot be made or lost there."""

import numpy as np
import pytest

from balkhash_model.errors import InputError
from balkhash_model.forcing import empty_forcing
from balkhash_model.physics.delta import delta_loss
from balkhash_model.simulation import simulate
from balkhash_model.system import (
    OUTSIDE,
    Delta,
    Groundwater,
    Hypsometry,
    Junction,
    LakeSystem,
    LinearLink,
    Release,
    River,
    Storage,
    Strait,
    Weir,
    Withdrawal,
)
from balkhash_model.timeaxis import TimeAxis

YEAR = 365.25 * 86400.0
KM2 = 1e6
MONTHS = TimeAxis.monthly("2000-01-01", "2010-01-01")


def storage(name, level, area, kind="lake", active_from=None):
    curve = Hypsometry(np.array(level, dtype=float), np.array(area, dtype=float))
    return Storage(name, kind, curve, active_from)


def one_lake(level=(0.0, 10.0, 20.0), area=(1 * KM2, 400 * KM2, 900 * KM2), **more):
    return LakeSystem(
        "pond",
        "A pond",
        "local",
        (storage("pond", level, area),),
        ("pond",),
        rivers=(River("brook", "pond", more.pop("salinity", 0.0)),),
        **more,
    )


def flow(result, link):
    return result["link_flow"].sel(link=link).values


# --- drying out -------------------------------------------------------------------------------


def test_lake_without_inflow_dries_out_and_says_so():
    # every level falls by e, so three metres last three years at 1 m/yr
    forcing = empty_forcing(one_lake(), MONTHS)
    forcing["evaporation_rate"][:] = 1.0 / YEAR
    result = simulate(one_lake(), forcing, initial=3.0)
    volume = result["water_volume"].values[:, 0]
    assert volume.min() >= 0.0
    assert (np.diff(volume) <= 0.0).all()
    assert int(result["status"]) == 1
    assert str(result["status_storage"].values) == "pond"
    assert str(result["status_time"].values)[:7] in ("2002-12", "2003-01")
    # evaporation has vanished with the water, and before that it was e A
    gone = MONTHS.bounds[:, 0] >= np.datetime64("2003-06-01")
    assert np.abs(result["evaporation"].values[gone]).max() < 1e-3
    assert np.abs(result["water_area"].values[gone]).max() < 1e4
    early = MONTHS.midpoints < np.datetime64("2002-06-01")
    t = (MONTHS.edges[1:][early] - MONTHS.edges[0]).astype(float)
    np.testing.assert_allclose(
        result["water_level_edge"].values[1:, 0][early], 3.0 - t / YEAR, atol=1e-3
    )


@pytest.mark.parametrize(
    "axis",
    [
        MONTHS,
        TimeAxis.regular("2000-01-01", "2010-01-01", months=12),
        TimeAxis.daily("2000-01-01", "2001-01-01"),
    ],
    ids=["months", "years", "days"],
)
def test_demand_beyond_the_water_is_a_shortage(axis):
    # 20 m3/s come in, 50 are wanted: the lake is used up, from then on exactly what comes is taken
    system = one_lake(
        withdrawals=(Withdrawal("town", "pond", 20.0), Withdrawal("farm", "pond", 30.0))
    )
    forcing = empty_forcing(system, axis)
    forcing["river_flow"][:] = 20.0
    result = simulate(system, forcing, initial=1.0)
    assert result["water_volume"].values.min() >= 0.0
    taken = result["abstraction_by_user"].values
    shortage = result["shortage"].values
    demand = forcing["withdrawal_demand"].values
    np.testing.assert_allclose(shortage, demand - taken, rtol=0.0, atol=1e-12)
    assert (shortage >= 0.0).all()
    assert taken.min() >= 0.0
    np.testing.assert_allclose(result["abstraction"].values[:, 0], -taken.sum(axis=1), rtol=1e-14)
    # the store of the first metre, in m3, is all that goes beyond the inflow
    store = float(system.storages[0].curve.volume_at(1.0))
    volume = float(((taken.sum(axis=1) - 20.0) * axis.durations).sum())
    assert volume == pytest.approx(store - float(result["water_volume"].values[-1, 0]), rel=1e-6)
    np.testing.assert_allclose(taken[-1].sum(), 20.0, rtol=1e-6)
    assert int(result["status"]) == 1


def test_the_first_priority_is_served_first():
    # 20 m3/s come in; the town (priority 1) wants 15 and is to have them, the farm has the rest
    system = one_lake(
        withdrawals=(
            Withdrawal("farm", "pond", 30.0, priority=2),
            Withdrawal("town", "pond", 15.0, priority=1),
        )
    )
    forcing = empty_forcing(system, MONTHS)
    forcing["river_flow"][:] = 20.0
    result = simulate(system, forcing, initial=1.0)
    taken = result["abstraction_by_user"]
    assert float(taken.sel(user="town")[-1]) == pytest.approx(15.0, rel=1e-3)
    assert float(taken.sel(user="farm")[-1]) == pytest.approx(5.0, rel=1e-2)


def test_negative_rivers_and_groundwater_cannot_take_what_is_not_there():
    system = one_lake(groundwater=Groundwater((("pond", 1.0),)))
    forcing = empty_forcing(system, MONTHS)
    forcing["river_flow"][:] = -30.0
    forcing["groundwater_flow"][:] = -10.0
    result = simulate(system, forcing, initial=5.0)
    assert result["water_volume"].values.min() >= 0.0
    river, ground = (result[n].values[:, 0] for n in ("river_inflow", "groundwater_inflow"))
    assert river[0] == pytest.approx(-30.0)
    assert (river <= 0.0).all()
    # three to one, to the last
    np.testing.assert_allclose(river, 3.0 * ground, rtol=1e-9, atol=1e-12)
    assert abs(river[-1]) < 1e-6


def test_a_dry_lake_fills_again():
    forcing = empty_forcing(one_lake(), MONTHS)
    forcing["evaporation_rate"][:] = 1.0 / YEAR
    wet = MONTHS.midpoints > np.datetime64("2005-01-01")
    forcing["river_flow"][:] = np.where(wet, 5.0, 0.0)[:, None]
    result = simulate(one_lake(), forcing, initial=2.0)
    volume = result["water_volume"].values[:, 0]
    assert volume[60] < 1e-3 * volume[0]
    # 5 m3/s carry 5/e = 157.8 km2, near which the area settles
    assert volume[-1] > 0.5 * volume[0]
    assert (np.diff(volume[60:]) > 0.0).all()


@pytest.mark.parametrize("seed", range(4))
def test_drying_in_random_weather_keeps_every_volume(seed):
    rng = np.random.default_rng(seed)
    system = one_lake(
        area=(0.01 * KM2, 50 * KM2, 900 * KM2), withdrawals=(Withdrawal("town", "pond", 5.0),)
    )
    axis = TimeAxis.monthly("2000-01-01", "2020-01-01")
    forcing = empty_forcing(system, axis)
    forcing["river_flow"][:] = rng.choice([0.0, 0.0, 0.5, 30.0, -5.0], (axis.n, 1))
    forcing["evaporation_rate"][:] = rng.choice([0.0, 1.0, 5.0], (axis.n, 1)) / YEAR
    forcing["precipitation_rate"][:] = rng.choice([0.0, 0.3], (axis.n, 1)) / YEAR
    result = simulate(system, forcing, initial=2.0, initial_salinity={"pond": 2.0})
    assert result["water_volume"].values.min() >= 0.0
    assert result["salt_mass"].values.min() >= 0.0
    assert int(result["status"]) == 1


# --- overtopping ------------------------------------------------------------------------------


def test_overtopping_is_reported_and_the_run_goes_on():
    # constant area above the top: 100 m3/s on 900 km2 raise it 3.506 m a year; 19 m is 1 m below
    system = one_lake(area=(900 * KM2,) * 3)
    forcing = empty_forcing(system, MONTHS)
    forcing["river_flow"][:] = 100.0
    result = simulate(system, forcing, initial=19.0)
    assert int(result["status"]) == 2
    assert str(result["status_storage"].values) == "pond"
    # 1 m / (100/9e8 m/s) = 104.2 days after the first of January 2000: in April
    assert str(result["status_time"].values)[:10] == "2000-04-01"
    days = (MONTHS.edges - MONTHS.edges[0]).astype(float)
    np.testing.assert_allclose(
        result["water_level_edge"].values[:, 0], 19.0 + days * 100.0 / 9e8, atol=1e-9
    )


# --- a reservoir that is built during the run -------------------------------------------------


def cascade(**more):
    """River -> reservoir (from 2003) -> junction with a delta -> lake."""
    return LakeSystem(
        "cascade",
        "A reservoir above a lake",
        "local",
        (
            storage(
                "dam",
                (100.0, 110.0, 130.0),
                (2 * KM2, 50 * KM2, 400 * KM2),
                "reservoir",
                np.datetime64("2003-01-01", "s"),
            ),
            storage("lake", (0.0, 20.0, 60.0), (10 * KM2, 900 * KM2, 2000 * KM2)),
        ),
        ("lake",),
        junctions=(Junction("fork", "side"),),
        rivers=(River("ili", "dam"), River("karatal", "lake")),
        links=(Release("gate", "dam", "fork"),),
        deltas=(
            Delta(
                "delta",
                "fork",
                "lake",
                "mouth",
                "loss",
                np.array([0.0, 40.0, 1000.0]),
                np.array([0.0, 40.0, 100.0]),
            ),
        ),
        **more,
    )


def test_reservoir_passes_its_river_before_it_is_built_and_fills_from_zero():
    system = cascade()
    forcing = empty_forcing(system, MONTHS)
    rng = np.random.default_rng(1)
    river = rng.uniform(50.0, 400.0, MONTHS.n)
    forcing["river_flow"].loc[{"river": "ili"}] = river
    forcing["release_demand"][:] = 150.0
    forcing["evaporation_rate"][:] = 1.0 / YEAR
    result = simulate(system, forcing, initial={"lake": 20.0})
    volume = result["water_volume"].sel(storage="dam").values
    before = MONTHS.edges <= np.datetime64("2003-01-01")
    passing = MONTHS.midpoints < np.datetime64("2003-01-01")
    assert (volume[before] == 0.0).all()
    assert (volume[~before] > 0.0).all()
    np.testing.assert_allclose(flow(result, "gate")[passing], river[passing], rtol=1e-14)
    assert np.isnan(result["water_level"].sel(storage="dam").values[passing]).all()
    assert np.isfinite(result["water_level"].sel(storage="dam").values[~passing]).all()
    assert np.abs(result["evaporation"].sel(storage="dam").values[passing]).max() == 0.0
    assert (result["evaporation"].sel(storage="dam").values[~passing] < 0.0).all()
    full = flow(result, "gate")[~passing][-12:]
    np.testing.assert_allclose(full, 150.0, rtol=1e-12)  # demanded, and there is water now


def test_release_of_an_empty_reservoir_is_what_arrives():
    # 60 m3/s come, 150 are demanded from the start: nothing is ever stored to speak of
    system = cascade()
    forcing = empty_forcing(system, MONTHS)
    forcing["river_flow"].loc[{"river": "ili"}] = 60.0
    forcing["release_demand"][:] = 150.0
    result = simulate(system, forcing, initial={"lake": 20.0})
    gate = flow(result, "gate")
    released, arrived = (np.cumsum(q * MONTHS.durations) for q in (gate, np.full(MONTHS.n, 60.0)))
    assert (released <= arrived * (1.0 + 1e-12)).all()
    # month by month the same, but for the film of water on the bed that the first one leaves
    np.testing.assert_allclose(gate, 60.0, rtol=1e-2)
    np.testing.assert_allclose(gate[-12:], 60.0, rtol=1e-9)
    volume = result["water_volume"].sel(storage="dam").values
    assert volume.min() >= 0.0
    assert volume.max() < 1e-3 * 60.0 * YEAR
    assert int(result["status"]) == 0  # a reservoir that runs empty is no lake that dries out


def test_a_link_into_a_reservoir_that_is_not_built_is_refused():
    # only rivers may enter a storage that starts later: what a link brings could not be passed on
    start = np.datetime64("2003-01-01", "s")
    level, area = (100.0, 130.0), (50 * KM2, 400 * KM2)
    with pytest.raises(InputError, match="starts later"):
        LakeSystem(
            "row",
            "Two dams above a lake",
            "local",
            (
                storage("upper", level, area, "reservoir"),
                storage("lower", level, area, "reservoir", start),
                storage("lake", (0.0, 60.0), (500 * KM2, 2000 * KM2)),
            ),
            ("lake",),
            rivers=(River("ili", "upper"), River("chu", "lower")),
            links=(Release("first", "upper", "lower"), Release("second", "lower", "lake")),
        )


# --- junctions and deltas ---------------------------------------------------------------------


def test_delta_never_loses_more_than_the_flow():
    system = cascade()
    forcing = empty_forcing(system, MONTHS)
    rng = np.random.default_rng(2)
    river = rng.choice([0.0, 1.0, 39.0, 41.0, 500.0, 3000.0], MONTHS.n)
    side = rng.choice([0.0, 5.0, 80.0], MONTHS.n)
    forcing["river_flow"].loc[{"river": "ili"}] = river
    forcing["side_inflow"][:] = side[:, None]
    result = simulate(system, forcing, initial={"lake": 20.0})
    passing = MONTHS.midpoints < np.datetime64("2003-01-01")
    arrived = (flow(result, "gate") + flow(result, "side"))[passing]
    loss, mouth = flow(result, "loss")[passing], flow(result, "delta")[passing]
    np.testing.assert_allclose(arrived, (river + side)[passing], rtol=1e-14)
    assert (loss >= 0.0).all()
    assert (loss <= arrived * (1.0 + 1e-14)).all()
    delta = system.deltas[0]
    np.testing.assert_allclose(loss, delta_loss(arrived, delta.loss_flow, delta.loss), rtol=1e-12)
    np.testing.assert_allclose(mouth, arrived - loss, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(
        result["river_inflow"].sel(storage="lake").values[passing], mouth, rtol=1e-12, atol=1e-12
    )


def test_a_gauge_overrides_what_arrives_and_the_side_closes():
    system = cascade()
    forcing = empty_forcing(system, MONTHS)
    rng = np.random.default_rng(5)
    gauge = np.where(np.arange(MONTHS.n) % 3 == 0, np.nan, rng.uniform(0.0, 500.0, MONTHS.n))
    forcing["river_flow"].loc[{"river": "ili"}] = rng.uniform(0.0, 400.0, MONTHS.n)
    forcing["release_demand"][:] = 120.0
    forcing["gauge_flow"][:] = gauge[:, None]
    forcing["side_inflow"][:] = 7.0
    result = simulate(system, forcing, initial={"lake": 20.0})
    gated, side = flow(result, "gate"), flow(result, "side")
    mouth, loss = flow(result, "delta"), flow(result, "loss")
    gauged = np.isfinite(gauge)
    # at the gauge: what arrived and what came from the side are what was gauged
    np.testing.assert_allclose((gated + side)[gauged], gauge[gauged], rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(side[~gauged], 7.0, rtol=1e-14)
    # through the junction nothing is made or lost
    np.testing.assert_allclose(gated + side, mouth + loss, rtol=1e-12, atol=1e-9)
    table = system.deltas[0]
    np.testing.assert_allclose(
        loss[gauged], delta_loss(gauge[gauged], table.loss_flow, table.loss), rtol=1e-12
    )


def test_side_loss_beyond_the_flow_draws_on_the_lake_only_while_it_has_water():
    system = cascade()
    forcing = empty_forcing(system, MONTHS)
    forcing["side_inflow"][:] = -200.0
    forcing["river_flow"].loc[{"river": "ili"}] = 50.0
    result = simulate(system, forcing, initial={"lake": 3.0})
    volume = result["water_volume"].sel(storage="lake").values
    assert volume.min() >= 0.0
    mouth = flow(result, "delta")
    # 150 m3/s for a month are more than the lake holds: it gives all it has
    month = 31 * 86400.0
    assert volume[0] < 150.0 * month
    assert mouth[0] == pytest.approx(-(volume[0] - volume[1]) / month, rel=1e-9)
    assert (flow(result, "loss") == 0.0).all()
    assert abs(mouth[-1]) < 1e-6


# --- salt -------------------------------------------------------------------------------------


def salty_pair(**more):
    """Two basins and a strait; nothing leaves but by evaporation."""
    return LakeSystem(
        "pair",
        "Two basins",
        "local",
        (
            storage("west", (331.0, 340.0, 347.0), (100 * KM2, 9_600 * KM2, 11_000 * KM2)),
            storage("east", (315.0, 340.0, 347.0), (100 * KM2, 6_900 * KM2, 8_000 * KM2)),
        ),
        ("west", "east"),
        rivers=(River("ili", "west", more.pop("salinity", 0.0)),),
        links=(Strait("gap", "west", "east", 335.0, 3500.0, 10e3, 0.03, 1e-4),),
        **more,
    )


@pytest.mark.parametrize("inflow", [0.0, 60.0, 470.0])
def test_salt_is_conserved_in_a_closed_pair(inflow):
    # with 0 and 60 m3/s the basins part and the west dries or shrinks to a brine
    axis = TimeAxis.monthly("2000-01-01", "2050-01-01")
    system = salty_pair()
    forcing = empty_forcing(system, axis)
    season = 1.0 + 0.9 * np.sin(2 * np.pi * (axis.months - 5) / 12)
    forcing["river_flow"][:] = (inflow * season)[:, None]
    forcing["evaporation_rate"][:] = (0.85 * season / YEAR)[:, None]
    result = simulate(system, forcing, initial=342.0, initial_salinity={"west": 1.3, "east": 4.7})
    salt = result["salt_mass"].values
    assert (salt > 0.0).all()
    total = salt.sum(axis=1)
    np.testing.assert_allclose(total, total[0], rtol=1e-12)
    if inflow > 400.0:
        assert np.diff(salt[:, 1]).max() > 0.0  # the east gathers what the west passes on


def test_salt_of_the_river_adds_up():
    axis = TimeAxis.monthly("2000-01-01", "2030-01-01")
    rng = np.random.default_rng(4)
    system = salty_pair(salinity=0.35, groundwater=Groundwater((("west", 0.5), ("east", 0.5)), 1.2))
    forcing = empty_forcing(system, axis)
    river = rng.uniform(100.0, 900.0, axis.n)
    forcing["river_flow"][:] = river[:, None]
    forcing["groundwater_flow"][:] = np.array([6.0, 9.0])
    forcing["evaporation_rate"][:] = 0.85 / YEAR
    result = simulate(system, forcing, initial=342.0, initial_salinity={"west": 1.3, "east": 4.7})
    total = result["salt_mass"].values.sum(axis=1)
    gained = np.cumsum((0.35 * river + 1.2 * 15.0) * axis.durations)
    np.testing.assert_allclose(total[1:], total[0] + gained, rtol=1e-12)


def test_flushed_lake_reaches_the_inflow_s_salinity_raised_by_evaporation():
    # steady: Q c_in = (Q - e A) c, since evaporation leaves the salt behind, so c = c_in Q/(Q - e
    # A)
    area, q, e, c_in = 300 * KM2, 50.0, 1.5 / YEAR, 0.4
    system = one_lake(
        area=(area,) * 3, salinity=c_in, links=(Weir("spill", "pond", OUTSIDE, 10.0, 20.0),)
    )
    axis = TimeAxis.regular("2000-01-01", "2200-01-01", months=3)
    forcing = empty_forcing(system, axis)
    forcing["river_flow"][:] = q
    forcing["evaporation_rate"][:] = e
    result = simulate(system, forcing, initial=5.0, initial_salinity={"pond": 3.0})
    assert flow(result, "spill")[-1] == pytest.approx(q - e * area, rel=1e-9)
    salinity = (result["salt_mass"] / result["water_volume"]).values[:, 0]
    assert salinity[-1] == pytest.approx(c_in * q / (q - e * area), rel=1e-9)


def test_flushing_of_a_full_lake_is_exponential():
    # inflow = outflow = withdrawal, no evaporation: V dc/dt = Q (c_in - c)
    area, q, c_in, c_0 = 300 * KM2, 40.0, 0.5, 2.0
    system = one_lake(area=(area,) * 3, salinity=c_in, withdrawals=(Withdrawal("town", "pond", q),))
    axis = TimeAxis.monthly("2000-01-01", "2006-01-01")
    forcing = empty_forcing(system, axis)
    forcing["river_flow"][:] = q
    t = (axis.edges - axis.edges[0]).astype(float)
    exact = c_in + (c_0 - c_in) * np.exp(-q * t / (area * 10.0))
    errors = []
    for substeps in (1, 2):
        result = simulate(
            system, forcing, initial=10.0, initial_salinity={"pond": c_0}, substeps=substeps
        )
        salinity = (result["salt_mass"] / result["water_volume"]).values[:, 0]
        errors.append(np.abs(salinity - exact).max())
    assert errors[0] < 1e-4
    assert errors[0] / errors[1] == pytest.approx(4.0, abs=0.2)  # second order, as the water


def test_equal_salinity_stays_equal():
    # water of one salinity flowing between storages and out of them changes nothing: no limiter and
    # no mixing term makes differences of its own
    system = LakeSystem(
        "three",
        "Three",
        "local",
        tuple(storage(n, (0.0, 40.0), (100 * KM2, 900 * KM2)) for n in ("a", "b", "c")),
        ("a", "b", "c"),
        rivers=(River("r", "a", 1.7),),
        links=(
            LinearLink("ab", "a", "b", 200.0),
            Weir("bc", "b", "c", 19.0, 8.0),
            LinearLink("ca", "c", "a", 30.0),
        ),
        withdrawals=(Withdrawal("town", "b", 25.0),),
    )
    rng = np.random.default_rng(8)
    forcing = empty_forcing(system, MONTHS)
    forcing["river_flow"][:] = rng.uniform(0.0, 300.0, (MONTHS.n, 1))
    result = simulate(
        system,
        forcing,
        initial={"a": 25.0, "b": 20.0, "c": 15.0},
        initial_salinity=dict.fromkeys("abc", 1.7),
    )
    assert (np.diff(result["water_level_edge"].values, axis=0) != 0.0).any()
    salinity = (result["salt_mass"] / result["water_volume"]).values
    np.testing.assert_allclose(salinity, 1.7, rtol=1e-9)


# --- far too long a step ------------------------------------------------------------------------


@pytest.mark.parametrize("rest", [2.0, 2.8721804511278197, 5.779448621553884, 19.18, 32.0, 34.0])
def test_an_empty_pool_fills_to_its_weir_within_one_step(rest):
    # a pool of a hectare fills in minutes and comes to rest where the weir passes what is left of
    # the river; the step is a year and more, and each corner of the laws lies on the way: the toe,
    # over which the seepage fades in, the crest, and the curve that opens above it
    level, area = [300.0, 305.5, 308.5, 330.0], [1e4, 1e4, 300 * KM2, 330 * KM2]
    pool = LakeSystem(
        "pool",
        "A pool",
        "local",
        (storage("pool", level, area, kind="reservoir"),),
        (),
        rivers=(River("brook", "pool"),),
        links=(Weir("out", "pool", OUTSIDE, crest=304.8, width=50.0, coefficient=1.705),),
        groundwater=Groundwater(shares=(("pool", 1.0),)),
    )
    edges = np.array(["1992-08-15", "1993-11-21"], dtype="datetime64[s]")
    forcing = empty_forcing(pool, TimeAxis.irregular(edges))
    forcing["river_flow"][:] = 61.4 + rest
    forcing["groundwater_flow"][:] = -61.4
    end = simulate(pool, forcing, initial={"pool": 300.0})["water_level_edge"].values[-1, 0]
    assert end == pytest.approx(304.8 + (rest / (50.0 * 1.705)) ** (2.0 / 3.0), abs=1e-6)
