"""Level, area and volume of a basin against integrals done by hand."""

import numpy as np
import pytest

from balkhash_model.errors import InputError
from balkhash_model.physics import hypsometry as hyp
from balkhash_model.system import Hypsometry

# Area 10 at level 0, 20 at 2, 20 at 5.  Below 2: V = 10 h + 5/2 h^2, 30 at h = 2.
# Above 2: V = 30 + 20 (h - 2), 90 at h = 5; beyond the table the area stays at 20.
LEVEL, AREA = np.array([0.0, 2.0, 5.0]), np.array([10.0, 20.0, 20.0])
POINTS = [
    (0.0, 10.0, 0.0),
    (1.0, 15.0, 12.5),
    (2.0, 20.0, 30.0),
    (4.0, 20.0, 70.0),
    (5.0, 20.0, 90.0),
    (6.0, 20.0, 110.0),
]


@pytest.mark.parametrize(("level", "area", "volume"), POINTS)
def test_level_area_and_volume_by_hand(level, area, volume):
    assert hyp.area_at_level(level, LEVEL, AREA) == pytest.approx(area, rel=1e-15)
    assert hyp.volume_at_level(level, LEVEL, AREA) == pytest.approx(volume, rel=1e-15)
    assert hyp.level_at_volume(volume, LEVEL, AREA) == pytest.approx(level, rel=1e-15)


# From 30 to 90 the level goes from 2 to 5 in a straight line; within the lower segment
# h = sqrt(4 + 2 V / 5) - 2 has the primitive (5 / 3) (4 + 2 V / 5)**1.5 - 2 V; above the table
# the level goes on rising by 1 / 20.
MEANS = [
    (30.0, 90.0, 3.5),
    (90.0, 30.0, 3.5),
    (12.5, 12.5, 1.0),
    (10.0, 20.0, (5.0 / 3.0 * (12.0**1.5 - 8.0**1.5) - 20.0) / 10.0),
    (95.0, 105.0, 5.5),
]


@pytest.mark.parametrize(("first", "last", "mean"), MEANS)
def test_mean_level_over_an_interval_by_hand(first, last, mean):
    assert hyp.mean_level_between(first, last, LEVEL, AREA) == pytest.approx(mean, rel=1e-8)


def test_mean_level_over_several_segments_is_that_of_many_points():
    first, last = np.array([5.0, 85.0, 12.0, 40.0]), np.array([100.0, 1.0, 14.0, 40.5])
    at = (np.arange(20_000) + 0.5) / 20_000
    path = first + at[:, None] * (last - first)
    fine = hyp.level_at_volume(path, LEVEL, AREA).mean(axis=0)
    # the corner between two segments is what the five points cannot see
    found = hyp.mean_level_between(first, last, LEVEL, AREA)
    assert found == pytest.approx(fine, abs=5e-3)
    assert found[2:] == pytest.approx(fine[2:], abs=1e-8)


def test_nothing_lies_below_the_bottom():
    assert hyp.area_at_level(-0.1, LEVEL, AREA) == 0.0
    assert hyp.volume_at_level(-0.1, LEVEL, AREA) == 0.0


def test_volume_below_each_row():
    assert hyp.cumulative_volume(LEVEL, AREA).tolist() == [0.0, 30.0, 90.0]


def test_an_array_keeps_its_shape():
    levels = np.array([[0.0, 1.0], [2.0, 4.0]])
    assert hyp.volume_at_level(levels, LEVEL, AREA).tolist() == [[0.0, 12.5], [30.0, 70.0]]


@pytest.mark.parametrize("name", ["kapshagay", "west", "east"])
def test_shipped_curves_are_rising_inverted_exactly_and_a_is_dv_dh(balkhash, name):
    curve = balkhash.storage(name).curve
    h = np.linspace(curve.level[0] + 0.01, curve.level[-1] - 0.01, 4001)
    v = curve.volume_at(h)
    assert (np.diff(v) > 0.0).all()
    assert (np.diff(curve.area_at(h)) >= 0.0).all()
    np.testing.assert_allclose(curve.level_at(v), h, rtol=0.0, atol=1e-9)
    # inside a segment V is quadratic, so that a central difference is A exactly, but for rounding
    step = 1e-3
    inside = np.abs(h[:, None] - curve.level[None, :]).min(axis=1) > step
    slope = (curve.volume_at(h + step) - curve.volume_at(h - step)) / (2.0 * step)
    np.testing.assert_allclose(slope[inside], curve.area_at(h)[inside], rtol=1e-6)


def test_the_default_lake_is_the_satellites_near_the_surface_and_yang_beneath(balkhash):
    west, east = balkhash.storage("west").curve, balkhash.storage("east").curve
    # Yang 1993: 48.5 and 57.5 km3 at 342.0 m, depths 11.0 and 26.5 m
    assert west.volume_at(342.0) == pytest.approx(48.5e9, rel=1e-12)
    assert east.volume_at(342.0) == pytest.approx(57.5e9, rel=1e-12)
    assert (342.0 - west.level[0], 342.0 - east.level[0]) == (11.0, 26.5)
    # satellites: 17 250 +- 500 km2 in all, in Yang's proportions 10 630 to 7 600
    total = west.area_at(342.0) + east.area_at(342.0)
    assert abs(total - 17_250e6) <= 500e6
    assert west.area_at(342.0) / total == pytest.approx(10_630 / 18_230, abs=1e-4)
    # dA/dh near the surface: between 330 and 1100 km2 per m
    rise = sum(c.area_at(342.5) - c.area_at(341.5) for c in (west, east))
    assert 330e6 <= rise <= 1_100e6


# ---------------------------------------------------------------- rows from a few numbers

BOWL = {
    "reference_level": 10.0,
    "reference_area": 8.0,
    "reference_volume": 40.0,
    "bottom_level": 0.0,
    "bottom_area": 0.01,
    "slope": 0.2,
    "shelf_base": 9.0,
    "top_level": 12.0,
}


def test_shelf_and_bowl_goes_through_its_reference():
    curve = Hypsometry(*hyp.shelf_and_bowl_rows(**BOWL))
    assert curve.volume_at(10.0) == pytest.approx(40.0, rel=1e-12)
    # on the shelf A = 8 + 0.2 (h - 10): 7.8 at the base, 8.4 at the top
    assert curve.area_at([9.0, 10.0, 12.0]) == pytest.approx([7.8, 8.0, 8.4], rel=1e-14)
    # the shelf holds (7.8 + 8)/2 = 7.9, the bowl the other 32.1
    assert curve.volume_at(9.0) == pytest.approx(32.1, rel=1e-12)
    assert curve.area_at(0.0) == pytest.approx(0.01)


def test_a_shelf_may_begin_at_the_reference():
    level, area = hyp.shelf_and_bowl_rows(**(BOWL | {"shelf_base": 10.0}))
    assert hyp.check_rows(level, area) == []
    assert hyp.volume_at_level(10.0, level, area) == pytest.approx(40.0, rel=1e-12)


@pytest.mark.parametrize("volume", [1.0, 90.0])
def test_a_bowl_that_cannot_hold_the_volume_is_refused(volume):
    with pytest.raises(ValueError, match="cannot hold"):
        hyp.shelf_and_bowl_rows(**(BOWL | {"reference_volume": volume}))


def test_a_shelf_steeper_than_the_lake_is_refused():
    # 8 - 9 < 0: no area is left at the base of the shelf
    with pytest.raises(ValueError, match="must exceed the bottom area"):
        hyp.shelf_and_bowl_rows(**(BOWL | {"slope": 9.0}))


def test_power_law_rows():
    level, area = hyp.power_law_rows(
        reference_level=10.0,
        reference_volume=100.0,
        bottom_level=0.0,
        exponent=2.0,
        bottom_area=0.0,
        top_level=12.0,
    )
    # V = (d/10)^2 100 = d^2, so that A = 2 d, which a table of straight pieces has exactly
    np.testing.assert_allclose(area, 2.0 * level, atol=1e-12)
    assert hyp.volume_at_level(6.0, level, area) == pytest.approx(36.0, rel=1e-12)


def test_power_law_exponent_is_that_of_the_area():
    # A = 3 x^2 over a depth of 1 holds 3/(2 + 1) = 1
    assert hyp.power_law_exponent(volume=1.0, area=3.0, depth=1.0) == 2.0


def test_frustum_formula_by_hand():
    # 3 m between 4 and 9: 3 (4 + 9 + 6)/3 = 19
    assert hyp.frustum_volume_change(3.0, 4.0, 9.0) == pytest.approx(19.0, rel=1e-15)
    assert hyp.frustum_volume_change(-3.0, 9.0, 4.0) == pytest.approx(-19.0, rel=1e-15)


# ---------------------------------------------------------------- what is no curve

NO_CURVE = [
    ([0.0], [1.0], ["at least two rows"]),
    ([0.0, 1.0], [1.0, 2.0, 3.0], ["one length"]),
    (
        [0.0, np.nan],
        [1.0, np.inf],
        ["level is not a finite number (row 1)", "area is not a finite"],
    ),
    ([0.0, 0.0], [1.0, 2.0], ["levels must rise from row to row (row 1)"]),
    ([0.0, 1.0], [0.0, 2.0], ["area must be positive in every row (row 0 is 0.0)"]),
    ([0.0, 1.0], [2.0, 1.0], ["area must not fall as the level rises (row 1)"]),
    ([0.0, 1.0, 0.5], [1.0, -2.0, 3.0], ["levels must rise", "must be positive", "must not fall"]),
]


@pytest.mark.parametrize(("level", "area", "faults"), NO_CURVE)
def test_every_fault_of_a_curve_is_named_at_once(problems, level, area, faults):
    found = problems(Hypsometry, np.array(level), np.array(area), "pond.yml: pond")
    assert len(found) == len(faults)
    for text, fault in zip(found, faults, strict=True):
        assert text.startswith("pond.yml: pond: ")
        assert fault in text


def test_a_curve_cannot_be_changed():
    rows = np.array([0.0, 1.0])
    curve = Hypsometry(rows, np.array([1.0, 2.0]))
    rows[0] = -5.0  # the curve keeps its own copy
    assert curve.level[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        curve.area[0] = 3.0


def test_there_is_no_level_under_the_bed():
    curve = Hypsometry(np.array([0.0, 2.0]), np.array([1e6, 3e6]), "pond")
    with pytest.raises(InputError, match=r"pond: no level at a negative volume; got -1e\+09 m3"):
        curve.level_at([np.nan, 1.0, -1e9])
    # what rounding leaves of an empty basin is its bed
    assert float(curve.level_at(-1e-6)) == pytest.approx(0.0, abs=1e-11)
    assert np.isnan(curve.level_at(np.nan))
