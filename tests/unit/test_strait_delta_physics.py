"""Flow laws of one moment: strait, weir and delta, each against a hand calculation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from balkhash_model.physics.delta import (
    delta_loss,
    fit_linear_loss,
    head_flow_for_outflow,
    linear_loss_table,
)
from balkhash_model.physics.strait import manning_conveyance, strait_flow, weir_flow
from balkhash_model.physics.wetland import wetland_steady_loss, wetland_step

SHAPE = {"width": 3500.0, "length": 10_000.0, "roughness": 0.03}


def test_conveyance_by_manning():
    # 3500 x 8^(5/3) / (0.03 x 100) = 3500 x 32 / 3
    assert manning_conveyance(8.0, **SHAPE) == pytest.approx(112_000 / 3.0, rel=1e-14)


def test_a_dry_strait_conveys_nothing():
    assert manning_conveyance([0.0, -1.0], **SHAPE).tolist() == [0.0, 0.0]


def test_strait_flow_solves_its_own_law():
    # Q sqrt(Q^2 + K^2 eps) = K^2 dh
    head, k, eps = np.logspace(-9, 1, 41), 3.7, 1e-4
    q = strait_flow(head, k, linear_head=eps)
    np.testing.assert_allclose(q * np.sqrt(q**2 + k**2 * eps), k**2 * head, rtol=1e-12)


def test_strait_flow_by_hand():
    # eps = 3, dh = 2, K = 1: Q^2 = (sqrt(9 + 16) - 3)/2 = 1
    assert strait_flow(2.0, 1.0, linear_head=3.0) == pytest.approx(1.0, rel=1e-15)


def test_strait_flow_is_odd_and_rising_with_its_two_limits():
    head = np.linspace(-0.01, 0.01, 2001)
    q = strait_flow(head, 50.0)
    np.testing.assert_array_equal(strait_flow(-head, 50.0), -q)
    assert (np.diff(q) > 0.0).all()
    assert strait_flow(4.0, 50.0) == pytest.approx(50.0 * 2.0, rel=1e-4)  # K sqrt(dh)
    assert strait_flow(1e-9, 50.0) == pytest.approx(50.0 * 1e-9 / 1e-2, rel=1e-6)  # K dh/sqrt(eps)
    assert strait_flow(1e-30, 50.0) == pytest.approx(50.0 * 1e-28, rel=1e-12)  # no cancellation


def test_weir_by_hand():
    # 1.705 x 2 x 4^1.5 = 1.705 x 2 x 8
    assert weir_flow(14.0, crest=10.0, width=2.0) == pytest.approx(27.28, rel=1e-14)
    assert weir_flow([10.0, 9.0], crest=10.0, width=2.0).tolist() == [0.0, 0.0]
    # the coefficient is (2/3)^1.5 sqrt(g)
    assert pytest.approx(1.705, abs=5e-4) == (2 / 3) ** 1.5 * np.sqrt(9.81)


CONSTANT = np.array([0.0, 80.0, 1000.0]), np.array([0.0, 80.0, 80.0])
# loses half up to 100, then a tenth of the rest: 50 at 100, 140 at 1000
RISING = np.array([0.0, 100.0, 1000.0]), np.array([0.0, 50.0, 140.0])


@pytest.mark.parametrize(
    ("table", "flow", "loss"),
    [
        (CONSTANT, 50.0, 50.0),
        (CONSTANT, 400.0, 80.0),
        (CONSTANT, 5000.0, 80.0),  # beyond the table the loss stays
        (CONSTANT, 0.0, 0.0),
        (CONSTANT, -20.0, 0.0),  # water drawn back loses nothing
        (RISING, 40.0, 20.0),
        (RISING, 550.0, 95.0),
    ],
)
def test_delta_loss_by_hand(table, flow, loss):
    assert delta_loss(flow, *table) == pytest.approx(loss, rel=1e-15)


@pytest.mark.parametrize("table", [CONSTANT, RISING])
def test_the_delta_loses_no_more_than_it_gets(table):
    flow = np.linspace(0.0, 2000.0, 401)
    loss = delta_loss(flow, *table)
    assert (loss <= flow).all()
    assert (np.diff(flow - loss) >= 0.0).all()


@pytest.mark.parametrize("table", [CONSTANT, RISING])
def test_the_flow_above_a_delta_from_the_flow_below(table):
    out = np.array([1.0, 30.0, 320.0, 900.0, 4000.0])
    head = head_flow_for_outflow(out, *table)
    np.testing.assert_allclose(head - delta_loss(head, *table), out, rtol=1e-14)
    assert head_flow_for_outflow([0.0, -5.0], *table).tolist() == [0.0, -5.0]


# ---------------------------------------------------------------- linear loss


@pytest.mark.parametrize(
    ("loss", "flow", "slope", "rows"),
    [
        (80.0, 400.0, 0.0, ([0.0, 80.0, 1000.0], [0.0, 80.0, 80.0])),
        # 80 - 0.1 x 400 = 40 at zero; all is lost up to 40/0.9
        (80.0, 400.0, 0.1, ([0.0, 40 / 0.9, 1000.0], [0.0, 40 / 0.9, 140.0])),
        (80.0, 400.0, 0.2, ([0.0, 1000.0], [0.0, 200.0])),
        # 80 - 0.5 x 400 = -120: nothing is lost up to 240
        (80.0, 400.0, 0.5, ([0.0, 240.0, 1000.0], [0.0, 0.0, 380.0])),
        (0.0, 0.0, 0.0, ([0.0, 1000.0], [0.0, 0.0])),
    ],
)
def test_linear_loss_by_hand(loss, flow, slope, rows):
    found = linear_loss_table(loss, flow, slope, 1000.0)
    np.testing.assert_allclose(found[0], rows[0], rtol=1e-14)
    np.testing.assert_allclose(found[1], rows[1], rtol=1e-14)


@given(st.floats(0, 200), st.floats(0, 900), st.floats(0, 0.95))
def test_a_linear_loss_never_falls_nor_outgrows_the_flow(loss, flow, slope):
    table = linear_loss_table(loss, flow, slope, 20_000.0)
    q = np.linspace(0.0, 5000.0, 301)
    found = delta_loss(q, *table)
    assert (np.diff(found) >= -1e-9).all()
    assert (np.diff(found) <= np.diff(q) * (1 + 1e-9)).all()
    assert (found <= q + 1e-9).all()
    line = loss + slope * (flow - flow)
    assert delta_loss(flow, *table) == pytest.approx(min(line, flow), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("slope", [-0.1, 1.0, np.nan])
def test_a_slope_out_of_range_is_refused(problems, slope):
    [text] = problems(linear_loss_table, 80.0, 400.0, slope)
    assert text.startswith("slope of the delta loss: out of range")


def test_a_line_through_losses_against_numpy():
    flow, loss, years = [14.9, 11.6, 13.5, 15.3], [3.0, 2.0, 2.2, 3.1], [9.0, 16.0, 10.0, 10.0]
    slope, at_zero = np.polyfit(flow, loss, 1, w=np.sqrt(years))
    fit = fit_linear_loss(flow, loss, years)
    assert fit.slope == pytest.approx(slope, rel=1e-12)
    assert fit.loss == pytest.approx(at_zero + slope * fit.flow, rel=1e-12)
    assert np.average(fit.residuals, weights=years) == pytest.approx(0.0, abs=1e-14)
    _, covariance = np.polyfit(flow, loss, 1, w=np.sqrt(years), cov=True)
    assert fit.slope_error == pytest.approx(np.sqrt(covariance[0, 0]), rel=1e-9)


# ---------------------------------------------------------------- wetland

WET = {"residence": 8.6e6, "depth": 1.0, "net_evaporation": 2.7e-8}


@pytest.mark.parametrize("net", [2.7e-8, 0.0, -1.0e-8, -1.0 / 8.6e6, 1e-6])
def test_a_wetland_over_a_month_is_the_exact_course(net):
    month, shape = 30 * 86_400.0, {**WET, "net_evaporation": net}
    found = wetland_step(2e9, 420.0, month, **shape)
    rate = 1.0 / 8.6e6 + net
    ends = solve_ivp(
        lambda _, y: [420.0 - rate * y[0], y[0]],
        (0.0, month),
        [2e9, 0.0],
        rtol=1e-11,
        atol=1.0,
    ).y[:, -1]
    assert float(found.volume) == pytest.approx(ends[0], rel=1e-8)
    assert float(found.outflow) == pytest.approx(ends[1] / month / 8.6e6, rel=1e-8)
    assert float(found.volume) - 2e9 == pytest.approx(
        (420.0 - float(found.outflow) - float(found.loss)) * month, abs=1e-4 * month
    )


@given(st.floats(0, 5e9), st.floats(0, 2e3), st.floats(1.0, 1e8), st.floats(-1e-7, 1e-6))
def test_a_wetland_keeps_its_water(volume, inflow, duration, net):
    end, outflow, loss = wetland_step(volume, inflow, duration, 8.6e6, 1.0, net)
    assert end >= 0.0
    # the series near zero is cut at its third power: 1e-12 of what passes
    scale = volume + inflow * duration + 1.0
    assert abs(end - volume - (inflow - outflow - loss) * duration) <= 1e-11 * scale


def test_a_wetland_settles_at_its_steady_loss():
    volume = 0.0
    for _ in range(200):
        volume, outflow, loss = wetland_step(volume, 420.0, 2.6e6, **WET)
    steady = wetland_steady_loss(420.0, **WET)
    assert float(loss) == pytest.approx(float(steady), rel=1e-9)
    assert float(outflow) == pytest.approx(420.0 - float(steady), rel=1e-9)
    # 0.85 m/yr over 2.9 thousand km2 of a metre's depth: about 2.5 of 13.3 km3/yr
    assert float(loss) / 420.0 == pytest.approx(2.5 / 13.3, abs=0.005)
