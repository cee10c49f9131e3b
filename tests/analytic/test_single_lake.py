"""One closed lake against solutions that can be written down.

Every lake here has no outlet: what comes in (river R) leaves by net evaporation e = E - P on the
lake's own area, dV/dt = R - e A(h), and since A = dV/dh, dh/dt = R / A(h) - e.
"""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from balkhash_model.forcing import empty_forcing
from balkhash_model.simulation import simulate
from balkhash_model.system import Hypsometry, LakeSystem, River, Storage, Withdrawal
from balkhash_model.timeaxis import TimeAxis

YEAR = 365.25 * 86400.0
KM2, KM3 = 1e6, 1e9


def one_lake(level, area, **more):
    curve = Hypsometry(np.array(level, dtype=float), np.array(area, dtype=float))
    return LakeSystem(
        "pond",
        "A pond",
        "local",
        (Storage("pond", "lake", curve),),
        ("pond",),
        rivers=(River("brook", "pond"),),
        **more,
    )


def run(system, axis, initial, *, river=0.0, net_evaporation=0.0, substeps=1):
    forcing = empty_forcing(system, axis)
    forcing["river_flow"][:] = np.broadcast_to(river, axis.n)[:, None]
    # part of the net evaporation as rain, to see that only the difference matters
    forcing["precipitation_rate"][:] = 0.2 / YEAR
    forcing["evaporation_rate"][:] = 0.2 / YEAR + np.broadcast_to(net_evaporation, axis.n)[:, None]
    return simulate(system, forcing, initial=initial, substeps=substeps)


def seconds(axis):
    return (axis.edges - axis.edges[0]).astype(float)


def level_edge(result):
    return result["water_level_edge"].values[:, 0]


# --- constant area -----------------------------------------------------------------------------


def test_constant_area_lake_falls_linearly_and_exactly():
    # A does not depend on h, so dh/dt = R/A - e is a constant: no method of any order may err
    area, river, e = 1000 * KM2, 10.0, 0.9 / YEAR
    axis = TimeAxis.monthly("1961-01-01", "1981-01-01")
    result = run(one_lake([0.0, 100.0], [area, area]), axis, 50.0, river=river, net_evaporation=e)
    expected = 50.0 + (river / area - e) * seconds(axis)
    assert expected[-1] < 40.0  # it falls by more than ten metres
    np.testing.assert_allclose(level_edge(result), expected, rtol=0.0, atol=1e-10)


def test_constant_area_lake_is_exact_on_any_axis_and_substeps():
    area, e = 500 * KM2, 1.1 / YEAR
    axis = TimeAxis.irregular(
        ["2000-01-01", "2000-01-02", "2000-01-02T06:00", "2000-03-01", "2001-03-01", "2011-03-01"]
    )
    rate = np.array([0.0, 500.0, -3.0, 20.0, 1.0])
    system = one_lake([0.0, 40.0, 100.0], [area, area, area])
    depth = 60.0 + np.append(0.0, np.cumsum((rate / area - e) * axis.durations))
    for substeps in (1, 3):
        result = run(system, axis, 60.0, river=rate, net_evaporation=e, substeps=substeps)
        np.testing.assert_allclose(level_edge(result), depth, rtol=0.0, atol=1e-10)


def test_withdrawal_and_groundwater_lower_a_constant_area_lake():
    area = 200 * KM2
    axis = TimeAxis.monthly("1990-01-01", "1992-01-01")
    system = one_lake(
        [0.0, 50.0],
        [area, area],
        withdrawals=(Withdrawal("town", "pond", 3.0), Withdrawal("farm", "pond", 4.0)),
    )
    forcing = empty_forcing(system, axis)
    forcing["groundwater_flow"][:] = 2.0
    result = simulate(system, forcing, initial=30.0)
    # -3 - 4 + 2 = -5 m3/s from 200 km2
    expected = 30.0 - 5.0 / area * seconds(axis)
    np.testing.assert_allclose(level_edge(result), expected, rtol=0.0, atol=1e-10)
    np.testing.assert_allclose(result["abstraction"].values, -7.0, rtol=1e-14)
    assert np.abs(result["shortage"].values).max() == 0.0


# --- area linear in the level --------------------------------------------------------------------


def closed_form_level(t, area_start, slope, inflow, e):
    r"""Level change of a closed lake whose area is linear in the level.

    With A = A0 + s h, dA/dt = s dh/dt = s (R/A - e) = s e (Ae - A)/A with Ae = R/e. Hence
    A dA / (Ae - A) = s e dt and, integrating from A0,

        t = -( A - A0 + Ae ln((Ae - A)/(Ae - A0)) ) / (s e).

    The right side rises monotonically from A0 towards Ae: the root is bracketed there.
    """
    equilibrium = inflow / e

    def time(a):
        log = np.log((equilibrium - a) / (equilibrium - area_start))
        return -(a - area_start + equilibrium * log) / (slope * e)

    if t == 0.0:
        return 0.0
    near = equilibrium + (area_start - equilibrium) * 1e-14
    area = brentq(lambda a: time(a) - t, area_start, near, xtol=1e-9, rtol=1e-15)
    return (area - area_start) / slope


@pytest.mark.parametrize(("inflow", "start"), [(80.0, 20.0), (250.0, 20.0)])
def test_linear_area_lake_follows_the_closed_form(inflow, start):
    # 100 km2 per metre; the lake falls in the first case and rises in the second
    slope, e = 100 * KM2, 1.0 / YEAR
    system = one_lake([0.0, 10.0, 60.0], [1500 * KM2, 2500 * KM2, 7500 * KM2])
    axis = TimeAxis.monthly("1900-01-01", "1960-01-01")
    result = run(system, axis, start, river=inflow, net_evaporation=e)
    area_start = 3500 * KM2
    expected = np.array(
        [start + closed_form_level(t, area_start, slope, inflow, e) for t in seconds(axis)]
    )
    assert abs(expected[-1] - start) > 5.0
    np.testing.assert_allclose(level_edge(result), expected, rtol=0.0, atol=2e-5)
    # and by second order: half the step, a quarter of the error
    halved = run(system, axis, start, river=inflow, net_evaporation=e, substeps=2)
    coarse, fine = (np.abs(level_edge(r) - expected).max() for r in (result, halved))
    assert 3.5 < coarse / fine < 4.5


def test_linear_area_lake_against_an_integrator():
    # rates change from month to month, so there is no closed form: the integrator starts anew there
    rng = np.random.default_rng(7)
    system = one_lake([0.0, 60.0], [1500 * KM2, 7500 * KM2])
    axis = TimeAxis.monthly("1950-01-01", "1965-01-01")
    river = rng.uniform(0.0, 300.0, axis.n)
    e = (0.9 + 0.9 * np.sin(2 * np.pi * (axis.months - 4) / 12)) / YEAR
    result = run(system, axis, 20.0, river=river, net_evaporation=e)
    expected = [20.0]
    for q, rate, dt in zip(river, e, axis.durations, strict=True):

        def rise(_, h, q=q, rate=rate):
            return q / (1500 * KM2 + 100 * KM2 * h) - rate

        found = solve_ivp(rise, (0.0, dt), [expected[-1]], method="DOP853", rtol=1e-12, atol=1e-12)
        expected.append(found.y[0, -1])
    # net evaporation of at most 0.15 m per month over 3500 km2 at 100 km2/m, second order
    np.testing.assert_allclose(level_edge(result), expected, rtol=0.0, atol=2e-5)


# --- closed-lake theory: the step response of a lake of Balkhash's size -----------------------

AREA_0, NET, SLOPE, STEP = 17152 * KM2, 0.8489 / YEAR, 383 * KM2, -1.167 * KM3 / YEAR
START = 342.0


def theory_lake():
    # area 17152 km2 at 342 m and 383 km2/m on both sides
    level = np.array([322.0, 352.0])
    return one_lake(level, AREA_0 + SLOPE * (level - START))


@pytest.mark.parametrize(("years", "fall"), [(17, -0.999), (28, -1.499)])
def test_step_response_of_the_closed_lake(years, fall):
    # in balance at 17152 km2 before, the inflow falls by 1.167 km3/yr at once
    axis = TimeAxis.monthly("1970-01-01", f"{1970 + years}-01-01")
    river = AREA_0 * NET + STEP
    result = run(theory_lake(), axis, START, river=river, net_evaporation=NET)
    change = level_edge(result) - START
    expected = closed_form_level(seconds(axis)[-1], AREA_0, SLOPE, river, NET)
    assert change[-1] == pytest.approx(fall, abs=1e-3)
    assert expected == pytest.approx(fall, abs=1e-3)
    assert change[-1] == pytest.approx(expected, abs=1e-6)
    # linearised about the start, h = dh_e (1 - exp(-t/tau)) with tau = A0/(e dA/dh) = 52.8 years:
    # too slow by the hundredth of a metre that tells the curved lake from the straight one
    tau = AREA_0 / (NET * SLOPE)
    linear = STEP / NET / SLOPE * (1.0 - np.exp(-seconds(axis)[-1] / tau))
    assert tau / YEAR == pytest.approx(52.8, abs=0.05)
    if years == 17:
        assert linear == pytest.approx(-0.989, abs=1e-3)
    assert change[-1] < linear - 5e-3


def test_equilibrium_of_the_closed_lake():
    # R = e A at rest: the area shrinks by 1.167/0.8489 = 1374.7 km2, the level by 1374.7/383 m
    axis = TimeAxis.regular("1000-01-01", "2600-01-01", months=12)
    result = run(theory_lake(), axis, START, river=AREA_0 * NET + STEP, net_evaporation=NET)
    change = level_edge(result) - START
    assert change[-1] == pytest.approx(-3.589, abs=1e-3)
    assert change[-1] == pytest.approx(STEP / NET / SLOPE, abs=1e-9)
    assert (np.diff(change) <= 1e-12).all()  # it gets there from above and does not overshoot


def test_a_lake_in_balance_stays():
    axis = TimeAxis.regular("1900-01-01", "2100-01-01", months=8)
    result = run(theory_lake(), axis, START, river=AREA_0 * NET, net_evaporation=NET)
    np.testing.assert_allclose(level_edge(result), START, rtol=0.0, atol=1e-9)


# --- what a step is -----------------------------------------------------------------------------


@pytest.mark.parametrize(("river", "through_a_row"), [(15.0, False), (260.0, True)])
def test_the_two_stages_of_a_step_hold_to_rounding(river, through_a_row):
    # a lake that stands alone is solved without iteration, in the row of the curve where it ends;
    # here by bisection of V1 = V + g dt f(V1), V2 = V + (1 - g) dt f(V1) + g dt f(V2)
    e, use, g = 1.3 / YEAR, 5.0, 1.0 - np.sqrt(0.5)
    user = (Withdrawal("town", "pond", use),)
    system = one_lake([0.0, 10.0, 20.0], [1 * KM2, 400 * KM2, 500 * KM2], withdrawals=user)
    curve = system.storage("pond").curve
    axis = TimeAxis.monthly("2000-01-01", "2002-01-01")
    result = run(system, axis, 9.0, river=river, net_evaporation=e)

    def rate(volume):
        return river - use - e * curve.area_at(curve.level_at(volume))

    expected = [float(curve.volume_at(9.0))]
    for dt in axis.durations:
        start = expected[-1]
        volume = start
        for share in (0.0, 1.0 - g):
            base = start + share * dt * rate(volume)
            volume = brentq(
                lambda v, base=base, dt=dt: base + g * dt * rate(v) - v,
                *(0.5 * start, 2.0 * start),
                xtol=1e-3,
                rtol=1e-15,
            )
        expected.append(volume)
    level = curve.level_at(np.array(expected))
    assert ((level.min() < 10.0) & (level.max() > 10.0)) == through_a_row
    np.testing.assert_allclose(level_edge(result), level, rtol=0.0, atol=1e-11)
