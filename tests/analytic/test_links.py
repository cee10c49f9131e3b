"""Two joined basins whose heads die away: closed forms at small steps, no ringing at large ones.

Only ``bm.simulate`` and the records of a system are used. The response time of a link is the head
over its rate of change at the start. Where the step is at most a hundredth of it, levels are
those of the closed form to 1e-6 m; at any step, up to a month with the strait of Lake Balkhash, a
head that dies away changes its sign by no more than 1e-6 m and ends at the common level.
"""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

import balkhash_model as bm
from balkhash_model.forcing import empty_forcing
from balkhash_model.physics.strait import manning_conveyance, strait_flow
from balkhash_model.physics.two_basins import (
    linear_relaxation,
    strait_relaxation_time,
    weir_drawdown,
)
from balkhash_model.system import (
    OUTSIDE,
    Hypsometry,
    LakeSystem,
    LinearLink,
    Storage,
    Strait,
    Weir,
)
from balkhash_model.timeaxis import TimeAxis

KM2 = 1e6
HOUR, DAY, MONTH = 3600, 86400, 2629800
TOLERANCE = 1e-6  # m, of levels and heads
# the strait of Lake Balkhash, and basins of its size
SILL, WIDTH, LENGTH, ROUGHNESS, LINEAR_HEAD = 335.0, 3500.0, 10e3, 0.03, 1e-4
A_WEST, A_EAST = 10_000 * KM2, 7_000 * KM2


def prism(name, area, low=0.0, high=60.0):
    curve = Hypsometry(np.array([low, high]), np.array([area, area]))
    return Storage(name, "lake", curve)


def pair(link, west, east):
    return LakeSystem("pair", "Two basins", "local", (west, east), ("west", "east"), links=(link,))


def steps(seconds, n):
    start = np.datetime64("2000-01-01", "s")
    return TimeAxis.irregular(start + np.timedelta64(int(seconds), "s") * np.arange(n + 1))


def elapsed(axis):
    return (axis.edges - axis.edges[0]).astype(float)


def levels(system, axis, west, east):
    start = {"west": west, "east": east}
    result = bm.simulate(system, empty_forcing(system, axis), initial=start)
    level = result["water_level_edge"]
    return level.sel(storage="west").values, level.sel(storage="east").values


def common(a_west, a_east):
    return 1.0 / (1.0 / a_west + 1.0 / a_east)


def assert_dies_away(head):
    """Same sign throughout, but for 1e-6 m, and never growing."""
    sign = np.sign(head[0])
    assert (sign * head).min() >= -TOLERANCE
    assert (np.diff(np.abs(head)) <= TOLERANCE).all()


# --- linear link -------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [0.25, 0.5, 1.0])
def test_linear_link_is_exponential_to_a_micrometre(start):
    tau = 40 * DAY
    conductance = common(A_WEST, A_EAST) / tau
    system = pair(
        LinearLink("gap", "west", "east", conductance),
        prism("west", A_WEST),
        prism("east", A_EAST),
    )
    axis = steps(tau / 100, 800)
    west, east = levels(system, axis, 20.0 + start, 20.0)
    head = linear_relaxation(elapsed(axis), start, conductance=conductance, areas=(A_WEST, A_EAST))
    assert head[-1] < 4e-4 * start
    # volumes are kept, so each level follows from the head
    mean = 20.0 + start * A_WEST / (A_WEST + A_EAST)
    np.testing.assert_allclose(
        west, mean + head * A_EAST / (A_WEST + A_EAST), rtol=0, atol=TOLERANCE
    )
    np.testing.assert_allclose(
        east, mean - head * A_WEST / (A_WEST + A_EAST), rtol=0, atol=TOLERANCE
    )


@pytest.mark.parametrize("tau", [100 * DAY, 10 * DAY, DAY, HOUR, 60.0, 1e-3])
def test_linear_link_does_not_ring_at_monthly_steps(tau):
    conductance = common(A_WEST, A_EAST) / tau
    system = pair(
        LinearLink("gap", "west", "east", conductance),
        prism("west", A_WEST),
        prism("east", A_EAST),
    )
    west, east = levels(system, steps(MONTH, 120), 21.0, 20.0)
    assert_dies_away(west - east)
    mean = (21.0 * A_WEST + 20.0 * A_EAST) / (A_WEST + A_EAST)
    np.testing.assert_allclose([west[-1], east[-1]], mean, rtol=0, atol=TOLERANCE)


# --- weir ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "share"), [(0.25, 100), (1.0, 150), (4.0, 300)])
def test_weir_draws_a_basin_down_to_a_micrometre(start, share):
    # the error of a second-order method grows with the head: 2e-6 of it at a hundredth
    area, crest, width = 800 * KM2, 10.0, 30.0
    system = pair(
        Weir("spill", "west", OUTSIDE, crest, width), prism("west", area), prism("east", area)
    )
    # -H/(dH/dt) at the start
    response = area / (1.705 * width * np.sqrt(start))
    axis = steps(response / share, 20 * share)
    west, east = levels(system, axis, crest + start, 5.0)
    depth = weir_drawdown(elapsed(axis), start, coefficient=1.705, width=width, area=area)
    assert depth[-1] < 0.01 * start
    np.testing.assert_allclose(west - crest, depth, rtol=0, atol=TOLERANCE)
    assert np.ptp(east) == 0.0


@pytest.mark.parametrize("width", [3.0, 300.0, 3e4])
def test_weir_does_not_fall_below_its_crest_at_monthly_steps(width):
    area, crest = 800 * KM2, 10.0
    system = pair(
        Weir("spill", "west", "east", crest, width), prism("west", area), prism("east", area)
    )
    west, east = levels(system, steps(MONTH, 600), crest + 4.0, 1.0)
    assert (west - crest).min() >= -TOLERANCE
    assert (np.diff(west) <= TOLERANCE).all()
    assert (np.diff(east) >= -TOLERANCE).all()
    np.testing.assert_allclose(west + east, crest + 5.0, rtol=0, atol=1e-9)


# --- strait, constant conveyance ---------------------------------------------------------------

# the upstream basin is so large that the depth over the sill, and with it K, stays the same
A_SEA, A_BAY, DEEP = 1e12, 1e7, 25.0


def bay(linear_head):
    strait = Strait("gap", "west", "east", 5.0, 10.0, 5e3, 0.03, linear_head)
    system = pair(strait, prism("west", A_SEA), prism("east", A_BAY))
    k = float(manning_conveyance(DEEP, width=10.0, length=5e3, roughness=0.03))
    return system, k


def regularised_head(time, start, k, linear_head):
    """Heads by the closed form t(Q) of the regularised law, inverted; zero beyond 60 e-foldings."""
    area = common(A_SEA, A_BAY)
    q0 = float(strait_flow(start, k, linear_head=linear_head))

    def head(q):
        return q * np.sqrt(q * q + k * k * linear_head) / k**2

    def excess(log_q, t):
        passed = strait_relaxation_time(
            np.exp(log_q), q0, conveyance=k, area=area, linear_head=linear_head
        )
        return float(passed) - t

    highest = np.log(q0)
    lowest = highest - 60.0

    def at(t):
        if t == 0.0:
            return start
        if excess(lowest, t) < 0.0:
            return 0.0
        return head(np.exp(brentq(excess, lowest, highest, (t,), xtol=1e-14)))

    return np.array([at(t) for t in time])


@pytest.mark.parametrize("linear_head", [1e-2, 1e-3, 1e-4])
def test_strait_follows_its_regularised_closed_form_to_a_micrometre(linear_head):
    system, k = bay(linear_head)
    start, area = 0.5, common(A_SEA, A_BAY)
    # the shortest response time is that of the linear end
    step = max(1, int(area * np.sqrt(linear_head) / k / 100))
    whole = 2.0 * area * np.sqrt(start) / k
    axis = steps(step, int(1.2 * whole / step))
    west, east = levels(system, axis, 5.0 + DEEP, 5.0 + DEEP - start)
    shown = np.linspace(0, axis.n, 200).astype(int)
    exact = regularised_head(elapsed(axis)[shown], start, k, linear_head)
    np.testing.assert_allclose((west - east)[shown], exact, rtol=0, atol=TOLERANCE)
    assert_dies_away(west - east)


def test_root_of_the_head_falls_on_a_straight_line_while_it_is_far_above_the_linear_range():
    linear_head, start, area = 1e-4, 1.0, common(A_SEA, A_BAY)
    system, k = bay(linear_head)
    whole = 2.0 * area * np.sqrt(start) / k
    axis = steps(whole / 250, 350)
    west, east = levels(system, axis, 5.0 + DEEP, 5.0 + DEEP - start)
    head, t = west - east, elapsed(axis)
    square_root = (np.sqrt(start) - k * t / (2.0 * area)).clip(0.0) ** 2
    exact = regularised_head(t, start, k, linear_head)
    # what the regularisation costs: at most about its own head
    assert np.abs(exact - square_root).max() < linear_head
    early = exact > 0.1
    assert early.sum() > 150
    np.testing.assert_allclose(head[early], exact[early], rtol=0, atol=TOLERANCE)
    assert_dies_away(head)
    assert abs(head[-1]) < TOLERANCE


# --- the strait of Lake Balkhash ---------------------------------------------------------------


def balkhash_strait(source="west", target="east"):
    strait = Strait("gap", source, target, SILL, WIDTH, LENGTH, ROUGHNESS, LINEAR_HEAD)
    return pair(strait, prism("west", A_WEST, 315.0, 347.0), prism("east", A_EAST, 315.0, 347.0))


@pytest.mark.parametrize("start", [0.3, -0.3])
def test_real_strait_follows_the_law_with_its_own_depth(start):
    # K changes with the depth on the upstream side, so the course is integrated, stage by stage
    def rate(_, levels):
        west, east = levels
        k = manning_conveyance(
            max(west, east) - SILL, width=WIDTH, length=LENGTH, roughness=ROUGHNESS
        )
        q = float(strait_flow(west - east, k, linear_head=LINEAR_HEAD))
        return [-q / A_WEST, q / A_EAST]

    axis = steps(15, 20_000)
    shown = np.linspace(0, axis.n, 300).astype(int)
    exact = solve_ivp(
        rate,
        (0.0, elapsed(axis)[-1]),
        [341.0 + start, 341.0],
        method="Radau",
        rtol=1e-11,
        atol=1e-12,
        t_eval=elapsed(axis)[shown],
    ).y
    assert abs(exact[0, -1] - exact[1, -1]) < 1e-5
    found = np.array(levels(balkhash_strait(), axis, 341.0 + start, 341.0))[:, shown]
    np.testing.assert_allclose(found, exact, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("source", ["west", "east"])
@pytest.mark.parametrize("start", [1.0, 0.1, 1e-3, 1e-5, -1e-3, -1.0])
@pytest.mark.parametrize("step", [HOUR, 6 * HOUR, DAY, 10 * DAY, MONTH])
def test_real_strait_does_not_ring_at_any_step(step, start, source):
    target = "east" if source == "west" else "west"
    system = balkhash_strait(source, target)
    west, east = levels(system, steps(step, max(24, 20 * DAY // step)), 341.0 + start, 341.0)
    assert_dies_away(west - east)
    mean = 341.0 + start * A_WEST / (A_WEST + A_EAST)
    np.testing.assert_allclose([west[-1], east[-1]], mean, rtol=0, atol=TOLERANCE)


# --- at the sill --------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [DAY, 10 * DAY, MONTH])
def test_basins_that_fall_and_rise_alike_part_and_join_without_any_flow(step):
    # no rivers, and the same depth of rain less evaporation on both: dh/dt = -e for each,
    # through the sill and back, whatever the strait does; so no head and no flow ever
    system = balkhash_strait()
    axis = steps(step, int(12 * 12 * MONTH // step))
    down = elapsed(axis)[:-1] < elapsed(axis)[-1] / 2
    e = 1.0 / (12 * MONTH)
    forcing = empty_forcing(system, axis)
    forcing["evaporation_rate"][:] = np.where(down, e, 0.0)[:, None]
    forcing["precipitation_rate"][:] = np.where(down, 0.0, e)[:, None]
    result = bm.simulate(system, forcing, initial=338.0)
    fallen = np.append(0.0, np.cumsum(np.where(down, e, -e) * axis.durations))
    for name in ("west", "east"):
        level = result["water_level_edge"].sel(storage=name).values
        np.testing.assert_allclose(level, 338.0 - fallen, rtol=0, atol=TOLERANCE)
    assert result["water_level_edge"].min() < SILL - 2.0
    assert np.abs(np.diff(result["lake_connected"].values)).sum() == 2
    # 1e-9 m of head at full depth drive 0.05 m3/s
    assert np.abs(result["link_flow"].values).max() < 0.1


@pytest.mark.parametrize("step", [DAY, 10 * DAY, MONTH])
@pytest.mark.parametrize("depth_rate", [0.5, 3.0])
def test_west_fills_spills_and_rises_with_the_east_and_back(step, depth_rate):
    """Rain on the west alone lifts it to the sill; it spills; then both rise; then the reverse.

    While it spills at rest, Q(d) = r A_W; joined, Q = r A_W A_E/(A_W + A_E) and both rise by
    r A_W/(A_W + A_E). Later both lose the same depth, which drives no flow at all.
    """
    system = balkhash_strait()
    year = 12 * MONTH
    # the west to its sill, the east likewise, and both by three metres more
    gained = 1.0 * A_WEST + 15.0 * A_EAST + 3.0 * (A_WEST + A_EAST)
    filling = gained / (depth_rate / year * A_WEST)
    axis = steps(step, int((filling + 12.0 * year) // step))
    wet = elapsed(axis)[:-1] < filling
    forcing = empty_forcing(system, axis)
    forcing["precipitation_rate"].loc[{"storage": "west"}] = np.where(wet, depth_rate, 0) / year
    forcing["evaporation_rate"][:] = np.where(wet, 0.0, 1.0 / year)[:, None]
    result = bm.simulate(system, forcing, initial={"west": 334.0, "east": 320.0})
    level = result["water_level_edge"]
    west, east = (level.sel(storage=n).values for n in ("west", "east"))
    flow = result["link_flow"].values[:, 0]
    turn = int(wet.sum())

    # it happens: apart, spilling, joined, apart
    joined = result["lake_connected"].values
    assert joined[0] == joined[-1] == 0
    assert joined[turn - 1] == 1
    assert np.abs(np.diff(joined)).sum() == 2
    # what a head of the tolerance would drive
    deepest = manning_conveyance(west.max() - SILL, width=WIDTH, length=LENGTH, roughness=ROUGHNESS)
    assert flow.min() >= -TOLERANCE * float(deepest) / np.sqrt(LINEAR_HEAD)

    # nothing swings: the west rises, rests over the sill, rises; the east never falls in the wet
    assert (np.diff(east)[:turn] >= -TOLERANCE).all()
    assert (np.diff(west)[:turn] >= -TOLERANCE).all()
    assert (np.diff(west)[turn + 1 :] <= TOLERANCE).all()
    assert (np.diff(east)[turn + 1 :] <= TOLERANCE).all()
    both = (west > SILL) & (east > SILL)
    assert (west - east)[both].min() >= -TOLERANCE

    # at rest over the sill: the depth that passes all of the rain
    supply = depth_rate / year * A_WEST

    def spill(d):
        k = manning_conveyance(d, width=WIDTH, length=LENGTH, roughness=ROUGHNESS)
        return float(strait_flow(d, k, linear_head=LINEAR_HEAD))

    rest = brentq(lambda d: spill(d) - supply, 1e-6, 5.0)
    spilling = np.flatnonzero((west > SILL) & (east < SILL) & (np.arange(west.size) < turn))
    assert west[spilling[-1]] - SILL == pytest.approx(rest, abs=1e-4)
    # joined: the east takes its part of the rain through the strait, under the head of the law
    share = supply * A_EAST / (A_WEST + A_EAST)
    k = manning_conveyance(west[turn - 1] - SILL, width=WIDTH, length=LENGTH, roughness=ROUGHNESS)
    assert flow[turn - 1] == pytest.approx(share, rel=5e-3)
    assert strait_flow((west - east)[turn - 1], k, linear_head=LINEAR_HEAD) == pytest.approx(
        share, rel=5e-3
    )


@pytest.mark.parametrize(("high", "low"), [(45.0, 44.0), (42.0, 41.9999), (40.55, 33.0)])
def test_a_strait_that_closes_under_water_parts_the_lakes(high, low):
    """From its date on nothing passes, whatever stands above the sill: no law is left to solve."""
    curve = Hypsometry(np.array([0.0, 60.0]), np.array([1e9, 2e9]), "made")
    day = np.datetime64("2000-03-01", "s")
    strait = Strait("gap", "a", "b", 40.0, 2000.0, 1e4, 0.03, 1e-4, closes=day)
    system = LakeSystem(
        "two", "two", "made", (Storage("a", "lake", curve), Storage("b", "lake", curve)),
        ("a", "b"), links=(strait,),
    )  # fmt: skip
    forcing = empty_forcing(system, TimeAxis.monthly("2000-01-01", "2000-07-01"))
    result = bm.simulate(system, forcing, initial={"a": high, "b": low})
    flow = result["link_flow"].values[:, 0]
    assert flow[0] > 0.0
    assert np.abs(flow[2:]).max() < 1e-9
    np.testing.assert_allclose(result["water_volume"][2], result["water_volume"][-1], rtol=1e-12)
