"""Two storages and one link against closed forms.

In each case the link alone moves water, so the laws of the link and of the step can be read off.
"""

import numpy as np
import pytest

from balkhash_model.forcing import empty_forcing
from balkhash_model.physics.strait import manning_conveyance, strait_flow
from balkhash_model.simulation import simulate
from balkhash_model.system import (
    OUTSIDE,
    Hypsometry,
    LakeSystem,
    LinearLink,
    River,
    Storage,
    Strait,
    Weir,
    Withdrawal,
)
from balkhash_model.timeaxis import TimeAxis

YEAR = 365.25 * 86400.0
KM2 = 1e6
GAMMA = 1.0 - np.sqrt(0.5)


def basin(name, level, area):
    curve = Hypsometry(np.array(level, dtype=float), np.array(area, dtype=float))
    return Storage(name, "lake", curve)


def pair(link, west, east, **more):
    return LakeSystem(
        "pair",
        "Two basins",
        "local",
        (west, east),
        ("west", "east"),
        rivers=(River("ili", "west"), River("karatal", "east")),
        links=(link,),
        **more,
    )


def equal_steps(days, n):
    start = np.datetime64("2000-01-01", "s")
    return TimeAxis.irregular(start + np.timedelta64(days * 86400, "s") * np.arange(n + 1))


def head(result):
    level = result["water_level_edge"]
    return (level.sel(storage="west") - level.sel(storage="east")).values


# --- linear link ------------------------------------------------------------------------------

A_WEST, A_EAST = 10_000 * KM2, 7_000 * KM2


def linear_pair(rate_per_year):
    """Head decays as exp(-rate t): d(head)/dt = -c (1/A_W + 1/A_E) head."""
    conductance = rate_per_year / YEAR / (1.0 / A_WEST + 1.0 / A_EAST)
    return pair(
        LinearLink("gap", "west", "east", conductance),
        basin("west", [0.0, 30.0], [A_WEST] * 2),
        basin("east", [0.0, 30.0], [A_EAST] * 2),
    )


def test_linear_link_relaxes_exponentially():
    axis = equal_steps(10, 365)
    system = linear_pair(0.5)
    forcing = empty_forcing(system, axis)
    start = {"west": 21.0, "east": 19.0}
    t = (axis.edges - axis.edges[0]).astype(float) / YEAR
    exact = 2.0 * np.exp(-0.5 * t)
    coarse = head(simulate(system, forcing, initial=start)) - exact
    fine = head(simulate(system, forcing, initial=start, substeps=2)) - exact
    assert exact[-1] < 0.02
    assert np.abs(coarse).max() < 1e-5  # ten days against two years, second order
    assert np.abs(coarse).max() / np.abs(fine).max() == pytest.approx(4.0, abs=0.1)


@pytest.mark.parametrize("rate", [0.5, 5.0])
def test_each_step_multiplies_the_head_by_the_method_s_own_factor(rate):
    # On dy/dt = l y, two stages with z = l dt: y1 = y + g z y1 and
    # y2 = y + (1-g) z y1 + g z y2 = y (1 + (1 - 2g) z) / (1 - g z)^2, the new state (stiffly
    # accurate). Where the factor is negative, beyond z = -2.4, the step is repeated in short ones.
    axis = equal_steps(30, 6)
    z = -rate * 30 * 86400.0 / YEAR
    factor = (1.0 + (1.0 - 2.0 * GAMMA) * z) / (1.0 - GAMMA * z) ** 2
    system = linear_pair(rate)
    start = {"west": 20.002, "east": 20.0}
    result = simulate(system, empty_forcing(system, axis), initial=start)
    expected = 0.002 * factor ** np.arange(7)
    # a rounding of the level, 4e-15 m, is multiplied by z as well
    np.testing.assert_allclose(head(result), expected, rtol=1e-9, atol=1e-14 * max(abs(z), 1e3))


@pytest.mark.parametrize("rate", [50.0, 5e5])
def test_a_head_that_the_method_would_reverse_dies_away(rate):
    axis = equal_steps(30, 6)
    system = linear_pair(rate)
    result = simulate(system, empty_forcing(system, axis), initial={"west": 21.0, "east": 19.0})
    left = head(result)
    assert (np.diff(left) <= 2e-7).all()
    assert left.min() > -2e-7
    assert abs(left[-1]) < 2e-7


def test_relaxation_conserves_and_ends_at_the_common_level():
    axis = equal_steps(30, 300)
    system = linear_pair(1.5)
    result = simulate(system, empty_forcing(system, axis), initial={"west": 21.0, "east": 19.0})
    total = result["water_volume"].sum("storage").values
    np.testing.assert_allclose(total, total[0], rtol=1e-14)
    common = (21.0 * A_WEST + 19.0 * A_EAST) / (A_WEST + A_EAST)
    np.testing.assert_allclose(result["water_level_edge"].values[-1], common, atol=1e-9)
    # the whole head's volume has passed: sum of flow = A_W (21 - common)
    passed = float((result["link_flow"].values[:, 0] * axis.durations).sum())
    assert passed == pytest.approx(A_WEST * (21.0 - common), rel=1e-9)


# --- weir -------------------------------------------------------------------------------------


def test_weir_empties_a_basin_as_its_closed_form():
    # A dH/dt = -C B H^(3/2): H^(-1/2) = H0^(-1/2) + C B t / (2 A)
    area, width, crest, depth = 800 * KM2, 3.0, 10.0, 4.0
    system = pair(
        Weir("spill", "west", OUTSIDE, crest, width),
        basin("west", [0.0, 30.0], [area] * 2),
        basin("east", [0.0, 30.0], [area] * 2),
    )
    axis = equal_steps(10, 730)
    forcing = empty_forcing(system, axis)
    start = {"west": crest + depth, "east": 5.0}
    t = (axis.edges - axis.edges[0]).astype(float)
    exact = (depth**-0.5 + 1.705 * width * t / (2.0 * area)) ** -2
    assert exact[-1] < 0.6
    errors = []
    for substeps in (1, 2):
        result = simulate(system, forcing, initial=start, substeps=substeps)
        errors.append(np.abs(result["water_level_edge"].values[:, 0] - crest - exact).max())
    assert errors[0] < 1e-4
    assert errors[0] / errors[1] == pytest.approx(4.0, abs=0.3)
    assert np.ptp(result["water_level_edge"].values[:, 1]) == 0.0


def test_weir_between_basins_moves_water_one_way_and_stops_at_the_crest():
    system = pair(
        Weir("dam", "west", "east", 10.0, 5.0),
        basin("west", [0.0, 30.0], [50 * KM2] * 2),
        basin("east", [0.0, 30.0], [500 * KM2] * 2),
    )
    axis = equal_steps(5, 400)
    # from the east, two metres above the crest, nothing comes back
    result = simulate(system, empty_forcing(system, axis), initial={"west": 8.0, "east": 12.0})
    assert np.abs(result["link_flow"].values).max() == 0.0
    result = simulate(system, empty_forcing(system, axis), initial={"west": 12.0, "east": 5.0})
    west = result["water_level_edge"].sel(storage="west").values
    assert (np.diff(west) <= 0.0).all()
    assert 10.0 <= west[-1] < 10.01
    total = result["water_volume"].sum("storage").values
    np.testing.assert_allclose(total, total[0], rtol=1e-14)


# --- strait -----------------------------------------------------------------------------------

SILL, WIDTH, LENGTH, ROUGHNESS, LINEAR_HEAD = 335.0, 3500.0, 10e3, 0.03, 1e-4


def strait_pair(users=(), *, source="west", target="east", width=WIDTH):
    west = basin("west", [331.0, 340.0, 347.0], [100 * KM2, 9_600 * KM2, 11_000 * KM2])
    east = basin("east", [315.0, 340.0, 347.0], [100 * KM2, 6_900 * KM2, 8_000 * KM2])
    link = Strait("uzynaral", source, target, SILL, width, LENGTH, ROUGHNESS, LINEAR_HEAD)
    return pair(link, west, east, withdrawals=users)


@pytest.mark.parametrize("source", ["west", "east"])
@pytest.mark.parametrize("flow", [1.0, 127.0, 3_000.0, 40_000.0])
def test_head_at_steady_through_flow_is_the_inverse_of_the_law(flow, source):
    # what enters the west is taken from the east, so at rest the strait passes exactly that; with
    # Q sqrt(Q^2 + K^2 eps) = K^2 head the head is Q sqrt(Q^2 + K^2 eps) / K^2
    target = "east" if source == "west" else "west"
    system = strait_pair((Withdrawal("canal", "east", flow),), source=source, target=target)
    axis = equal_steps(30, 40)
    forcing = empty_forcing(system, axis)
    forcing["river_flow"].loc[{"river": "ili"}] = flow
    result = simulate(system, forcing, initial=341.0)
    sign = 1.0 if source == "west" else -1.0
    assert result["link_flow"].values[-1, 0] == pytest.approx(sign * flow, rel=1e-9)
    depth = float(result["water_level_edge"].sel(storage="west")[-1]) - SILL
    conveyance = float(manning_conveyance(depth, width=WIDTH, length=LENGTH, roughness=ROUGHNESS))
    expected = flow * np.sqrt(flow**2 + conveyance**2 * LINEAR_HEAD) / conveyance**2
    # 2e-12 m: a few roundings of a level of 341 m; 1e-5: conveyance interpolated in 2 cm steps
    assert head(result)[-1] == pytest.approx(expected, rel=1e-5, abs=2e-12)
    assert float(strait_flow(expected, conveyance, linear_head=LINEAR_HEAD)) == pytest.approx(flow)
    if flow == 127.0:
        # Manning alone, without the linear range, would need 0.03 mm
        assert expected < 127.0 / conveyance * np.sqrt(LINEAR_HEAD) + (127.0 / conveyance) ** 2


def test_strait_has_no_preferred_side():
    # mirror the two names: the flow changes sign, the levels do not care
    axis = equal_steps(30, 60)
    runs = []
    for source, target in (("west", "east"), ("east", "west")):
        system = strait_pair((Withdrawal("canal", "east", 300.0),), source=source, target=target)
        forcing = empty_forcing(system, axis)
        forcing["river_flow"][:] = np.array([400.0, 10.0])
        forcing["evaporation_rate"][:] = 0.9 / YEAR
        runs.append(simulate(system, forcing, initial={"west": 341.0, "east": 340.0}))
    levels = [r["water_level_edge"].values for r in runs]
    np.testing.assert_allclose(levels[0], levels[1], rtol=0.0, atol=1e-9)
    flows = [r["link_flow"].values for r in runs]
    np.testing.assert_allclose(flows[0], -flows[1], rtol=1e-6, atol=1e-6)


def test_level_pool_is_one_lake_of_the_summed_areas():
    # a wide strait holds both levels together: the pair then falls and rises as one lake
    rng = np.random.default_rng(3)
    axis = TimeAxis.monthly("1980-01-01", "1990-01-01")
    system = strait_pair()
    river = rng.uniform(0.0, 1500.0, axis.n)
    e = (0.9 + 0.9 * np.sin(2 * np.pi * (axis.months - 4) / 12)) / YEAR
    forcing = empty_forcing(system, axis)
    forcing["river_flow"].loc[{"river": "ili"}] = river
    forcing["evaporation_rate"][:] = e[:, None]
    result = simulate(system, forcing, initial=342.0)

    # conserves: the change of the whole is what crosses its border, to rounding
    volume = result["water_volume"].sum("storage").values
    border = (result["river_inflow"] + result["evaporation"]).sum("storage").values * axis.durations
    np.testing.assert_allclose(volume, volume[0] + np.append(0.0, np.cumsum(border)), rtol=1e-13)

    level = np.array([331.0, 340.0, 347.0])
    summed = np.array([s.curve.area_at(level) for s in system.storages]).sum(axis=0)
    whole = LakeSystem(
        "whole",
        "One lake",
        "local",
        (basin("lake", level, summed),),
        ("lake",),
        rivers=(River("ili", "lake"),),
    )
    alone = empty_forcing(whole, axis)
    alone["river_flow"][:] = river[:, None]
    alone["evaporation_rate"][:] = e[:, None]
    single = simulate(whole, alone, initial=342.0)["water_level_edge"].values[:, 0]
    # at most 1500 m3/s need a head of (1500/K)^2 = 4 mm, of which each side has a part
    assert np.ptp(single) > 0.5
    levels = result["water_level_edge"].values
    np.testing.assert_allclose(levels, np.stack([single, single], axis=1), atol=6e-3)
    mean = result["lake_level"].values
    np.testing.assert_allclose(mean, 0.5 * (single[1:] + single[:-1]), atol=1.5e-2)


def test_a_start_out_of_level_dies_out():
    # a metre of head is gone in hours, far within the first step. An L-stable two-stage method may
    # come out on the other side of it, by (1 - 2g)/(g^2 z) for a linear link, but must not ring:
    # every further step divides what is left by ten at least
    system = strait_pair()
    axis = TimeAxis.monthly("2000-01-01", "2002-01-01")
    result = simulate(system, empty_forcing(system, axis), initial={"west": 341.5, "east": 340.5})
    h = np.abs(head(result))
    assert h[0] == 1.0
    assert h[1] < 0.1
    assert (h[2:] <= np.maximum(0.1 * h[1:-1], 1e-9)).all()
    total = result["water_volume"].sum("storage").values
    np.testing.assert_allclose(total, total[0], rtol=1e-14)
