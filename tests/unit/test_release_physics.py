"""The release of a dam: each branch by hand, the slope, and closed forms of a storage under it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from balkhash_model.physics.release import planned_release, release, release_slope, supply

TOE = 1e4
RULE = {"plan": 400.0, "minimum": 137.0, "maximum": 1200.0, "target": 14e9, "tau": 1e7}


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        (14e9, 400.0),  # on target: the plan
        (15e9, 500.0),  # 1e9 m3 above it, over 1e7 s
        (12e9, 200.0),
        (11e9, 137.0),  # 400 - 300 is under the minimum
        (23e9, 1200.0),  # 400 + 900 is over the maximum
        (0.5 * TOE, 0.5 * 137.0),  # half of the toe left
        (0.0, 0.0),
        (-1.0, 0.0),
    ],
)
def test_release_by_hand(volume, expected):
    assert release(volume, TOE, **RULE) == pytest.approx(expected, rel=1e-14)


def test_an_infinite_time_is_the_plan_alone():
    volume = np.array([1e5, 1e9, 30e9])
    assert release(volume, TOE, 400.0, 0.0, np.inf, 14e9, np.inf).tolist() == 3 * [400.0]


def test_the_maximum_wins_over_the_minimum():
    assert float(planned_release(1e9, 400.0, 300.0, 200.0)) == 200.0


def test_forcing_by_interval_and_volumes_broadcast():
    plan = np.array([300.0, 600.0])[:, None]
    found = planned_release(np.array([1e9, 2e9, 3e9]), plan, 0.0, 1e4, 2e9, 1e7)
    np.testing.assert_allclose(found, [[200.0, 300.0, 400.0], [500.0, 600.0, 700.0]])


def test_the_supply_is_continuous_at_both_ends():
    np.testing.assert_allclose(supply([1e-9, TOE - 1e-6], TOE), [1e-13, 1 - 1e-10], rtol=1e-9)


volumes = st.floats(0.0, 3e10)
flows = st.floats(0.0, 2e3)


@given(volumes, volumes, flows, flows, flows, volumes, st.floats(1e4, 1e9))
def test_release_never_falls_as_the_volume_rises(v, w, plan, low, high, target, tau):
    rule = (TOE, plan, low, high, target, tau)
    a, b = release(min(v, w), *rule), release(max(v, w), *rule)
    assert 0.0 <= a <= b * (1.0 + 1e-12) <= max(high, 0.0) * (1.0 + 1e-11)


@pytest.mark.parametrize("volume", [3e3, 9e3, 2e4, 11e9, 12e9, 14e9, 20e9, 25e9])
def test_the_slope_is_the_derivative(volume):
    step = 1e-4 * volume
    rise = release(volume + step, TOE, **RULE) - release(volume - step, TOE, **RULE)
    assert release_slope(volume, TOE, **RULE) == pytest.approx(rise / (2 * step), abs=1e-13)


def test_a_storage_settles_where_the_rule_says():
    # dV/dt = I - p - (V - T)/tau has V = T + tau (I - p) + c exp(-t/tau)
    inflow, start, tau = 450.0, 10e9, RULE["tau"]
    found = solve_ivp(
        lambda _, v: inflow - release(v, TOE, **{**RULE, "minimum": 0.0}),
        (0.0, 3 * tau),
        [start],
        rtol=1e-10,
        atol=1.0,
    ).y[0, -1]
    steady = 14e9 + tau * 50.0
    assert found == pytest.approx(steady + (start - steady) * np.exp(-3.0), rel=1e-8)


def test_with_no_plan_and_no_target_it_is_a_linear_reservoir():
    v = np.array([1e9, 2e9])
    np.testing.assert_allclose(release(v, TOE, 0.0, 0.0, np.inf, 0.0, 1e7), v / 1e7)
