"""Flow laws of one moment: strait, weir and delta, each against a hand calculation."""

import numpy as np
import pytest

from balkhash_model.physics.delta import delta_loss, head_flow_for_outflow
from balkhash_model.physics.strait import manning_conveyance, strait_flow, weir_flow

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
