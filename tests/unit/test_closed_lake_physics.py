"""Closed-lake theory on plain numbers, against integrators, algebra and printed figures."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp, trapezoid

from balkhash_model.physics import closed_lake, two_basins
from balkhash_model.physics.hypsometry import area_at_level
from balkhash_model.physics.strait import strait_flow

# years, hm3, km2, m: the balance of Lake Balkhash 1961-2020
AREA, NET, SLOPE, STEP = 17152.0, 0.8489, 383.0, -1167.0


def test_step_response_of_balkhash():
    years = np.array([17.0, 28.0])
    supply = AREA * NET + STEP
    area = closed_lake.area_after(years, AREA, area_slope=SLOPE, supply=supply, net_evaporation=NET)
    np.testing.assert_allclose((area - AREA) / SLOPE, [-0.999, -1.499], rtol=0, atol=1e-3)
    linear = closed_lake.linear_step_response(
        years, STEP, area=AREA, area_slope=SLOPE, net_evaporation=NET
    )
    assert linear[0] == pytest.approx(-0.989, abs=1e-3)
    forever = closed_lake.linear_step_response(
        1e6, STEP, area=AREA, area_slope=SLOPE, net_evaporation=NET
    )
    assert float(forever) == pytest.approx(-3.589, abs=1e-3)


@pytest.mark.parametrize(("slope", "years"), [(383.0, 52.8), (332.0, 60.9), (1000.0, 20.2)])
def test_response_times(slope, years):
    assert float(closed_lake.response_time(AREA, slope, NET)) == pytest.approx(years, abs=0.05)


def test_response_time_is_the_time_of_63_percent():
    small = -1e-3
    tau = float(closed_lake.response_time(AREA, SLOPE, NET))
    area = closed_lake.area_after(
        [tau], AREA, area_slope=SLOPE, supply=AREA * NET + small, net_evaporation=NET
    )
    done = (area - AREA) / (small / NET)
    assert float(done[0]) == pytest.approx(1.0 - np.exp(-1.0), rel=1e-6)


@pytest.mark.parametrize("supply", [0.0, 1.0, 3000.0, 14560.0, 30000.0, 3e6])
def test_area_after_solves_the_equation(supply):
    years = np.array([0.0, 0.5, 5.0, 20.0])
    found = closed_lake.area_after(
        years, AREA, area_slope=SLOPE, supply=supply, net_evaporation=NET
    )
    exact = solve_ivp(
        lambda _, a: SLOPE * (supply / a - NET),
        (0.0, 20.0),
        [AREA],
        method="DOP853",
        rtol=1e-12,
        t_eval=years,
    ).y[0]
    np.testing.assert_allclose(found, exact, rtol=1e-10)
    # rounding is that of the equilibrium area
    assert found[0] == pytest.approx(AREA, rel=1e-13, abs=1e-14 * supply / NET)


ROWS = np.array([0.0, 2.0, 5.0, 6.0, 9.0]), np.array([1.0, 3.0, 3.0, 7.0, 8.0])


@pytest.mark.parametrize(
    ("start", "supply"), [(8.0, 0.5), (8.0, 0.0), (1.0, 5.0), (5.0, 2.0), (5.0, 4.0), (2.0, 7.9)]
)
def test_level_through_the_parts_of_a_curve(start, supply):
    # parts with four slopes, zero among them; the integrator starts anew at every row
    t = np.linspace(0.0, 12.0, 61)
    found = closed_lake.closed_lake_level(
        t, start, supply=supply, net_evaporation=1.0, level=ROWS[0], area=ROWS[1]
    )
    there = np.isfinite(found)
    assert there.sum() > 5

    def rate(_, h):
        return supply / area_at_level(h, *ROWS) - 1.0

    exact = solve_ivp(
        rate,
        (0.0, t[there][-1]),
        [start],
        method="RK45",
        rtol=1e-9,
        atol=1e-10,
        max_step=0.002,
        t_eval=t[there],
    ).y[0]
    np.testing.assert_allclose(found[there], exact, rtol=0, atol=2e-6)
    # it leaves the curve at an end, never in the middle
    if not there.all():
        assert found[there][-1] < 1.0 or found[there][-1] > 8.0


def test_a_lake_in_balance_does_not_move():
    found = closed_lake.closed_lake_level(
        [0.0, 9.0], 1.0, supply=2.0, net_evaporation=1.0, level=ROWS[0], area=ROWS[1]
    )
    assert found.tolist() == [1.0, 1.0]


def test_level_at_area_is_the_inverse():
    h = np.array([0.0, 0.3, 1.9, 5.5, 8.9])
    np.testing.assert_allclose(
        closed_lake.level_at_area(area_at_level(h, *ROWS), *ROWS), h, atol=1e-14
    )


def test_no_equilibrium_where_rain_fills_the_lake():
    with pytest.raises(ValueError, match="net evaporation must be positive"):
        closed_lake.equilibrium_area(1.0, [1.0, 0.0])


# --- two basins -----------------------------------------------------------------------------------


@pytest.mark.parametrize("supply", [(3.0, 1.0), (0.0, 4.0), (9.0, 0.5), (-1.0, 8.0), (2.0, 0.0)])
@pytest.mark.parametrize("conveyance", [1e-3, 1.0, 1e6])
def test_balanced_exchange_satisfies_all_three_equations(supply, conveyance):
    curves = (
        (np.array([0.0, 10.0]), np.array([0.0, 20.0])),
        (
            np.array([-2.0, 10.0]),
            np.array([0.0, 12.0]),
        ),
    )

    def flow(a, b):
        return float(strait_flow(max(a, 1.0) - max(b, 1.0), conveyance, linear_head=1e-4))

    if supply == (-1.0, 8.0) and conveyance < 1.0:
        with pytest.raises(ValueError, match="first basin loses more"):
            two_basins.balanced_exchange(supply, 1.0, curves, flow)
        return
    h1, h2, q = two_basins.balanced_exchange(supply, 1.0, curves, flow)
    assert area_at_level(h1, *curves[0]) == pytest.approx(supply[0] - q, abs=1e-9)
    assert area_at_level(h2, *curves[1]) == pytest.approx(supply[1] + q, abs=1e-9)
    # the root is in the flow: a level of ten digits leaves a steep law some play
    assert flow(h1, h2) == pytest.approx(q, rel=1e-6, abs=conveyance * 1e-12)


def test_basins_that_lose_more_than_they_gain_have_no_rest():
    rows = np.array([0.0, 9.0]), np.array([0.0, 9.0])
    with pytest.raises(ValueError, match="together lose more"):
        two_basins.balanced_exchange((1.0, -2.0), 1.0, (rows, rows), lambda a, b: a - b)
    with pytest.raises(ValueError, match="second basin loses more"):
        two_basins.balanced_exchange((3.0, -2.0), 1.0, (rows, rows), lambda a, b: 0.0)


def test_two_basin_salinity_solves_the_linear_system():
    rng = np.random.default_rng(5)
    for _ in range(50):
        f1, f2, l1, l2, x = rng.uniform(0.0, 5.0, 5)
        q = rng.uniform(-5.0, 5.0)
        a, b = max(q, 0.0) + x, max(-q, 0.0) + x
        matrix = np.array([[a + l1, -b], [-a, b + l2]])
        expected = np.linalg.solve(matrix, [f1, f2])
        found = two_basins.two_basin_salinity((f1, f2), q, x, (l1, l2))
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        # what enters leaves
        assert l1 * found[0] + l2 * found[1] == pytest.approx(f1 + f2, rel=1e-12)


def test_salt_without_a_way_out_has_no_steady_state():
    found = two_basins.two_basin_salinity((1.0, 0.0), 2.0, 1.0, (0.0, 0.0))
    assert not np.isfinite(found).any()


def test_deposition_and_dispersion_cannot_be_told_apart_by_the_salinities():
    # two unknown pairs with the same salinities: a deposition in the west and the exchange
    flow, salt = 2.5, (5.0, 2.5)
    west, east = 0.74, 4.8
    pairs = []
    for deposition_west in (0.5, 2.0):
        exchange = (salt[0] - flow * west - deposition_west * west) / (west - east)
        loss_east = (salt[1] + flow * west + exchange * (west - east)) / east
        pairs.append((exchange, deposition_west, loss_east))
    for exchange, loss_west, loss_east in pairs:
        found = two_basins.two_basin_salinity(salt, flow, exchange, (loss_west, loss_east))
        np.testing.assert_allclose(found, (west, east), rtol=1e-12)


def test_relaxations_satisfy_their_equations():
    t, dt = 3.0, 1e-4
    head = [
        float(two_basins.linear_relaxation(x, 2.0, conductance=3.0, areas=(5.0, 7.0)))
        for x in (t - dt, t, t + dt)
    ]
    assert (head[2] - head[0]) / (2 * dt) == pytest.approx(-3.0 * head[1] * (1 / 5 + 1 / 7))
    depth = [
        float(two_basins.weir_drawdown(x, 2.0, coefficient=1.7, width=0.3, area=5.0))
        for x in (t - dt, t, t + dt)
    ]
    assert (depth[2] - depth[0]) / (2 * dt) == pytest.approx(-1.7 * 0.3 * depth[1] ** 1.5 / 5.0)


@pytest.mark.parametrize("linear_head", [1e-4, 1e-1, 1.0])
def test_strait_relaxation_is_the_integral_of_its_law(linear_head):
    k, area, start, end = 3.0, 7.0, 1.0, 0.01
    q = strait_flow(np.array([start, end]), k, linear_head=linear_head)
    found = two_basins.strait_relaxation_time(
        q[1], q[0], conveyance=k, area=area, linear_head=linear_head
    )
    # trapezoids in the logarithm of the head
    z = np.linspace(np.log(end), np.log(start), 200_001)
    integrand = area * np.exp(z) / strait_flow(np.exp(z), k, linear_head=linear_head)
    assert float(found) == pytest.approx(float(trapezoid(integrand, z)), rel=1e-8)
