"""Ice by degree-days and runoff by elasticities, against sums by hand."""

import numpy as np
import pytest

from balkhash_model.physics.ice import degree_days, march_ice, stefan_thickness
from balkhash_model.physics.runoff import runoff_ratio

ICE = {"freezing_per_depth": 5.0, "melting_per_thickness": 200.0, "coefficient": 0.02}


def test_degree_days_by_hand():
    assert degree_days([-4.0, 6.0], [10.0, 5.0]) == (40.0, 30.0)


def test_freezing_waits_for_the_heat_of_the_water():
    # 10 K of frost a day, threshold 5 x 8 = 40 K d: half frozen after the fourth day
    season = march_ice(np.full(10, -10.0), depth=8.0, **ICE)
    np.testing.assert_allclose(season.cover[:7], [0.0, 0.0, 0.25, 0.5, 0.75, 1.0, 1.0])
    # a shallower basin is ahead
    assert march_ice(np.full(10, -10.0), depth=4.0, **ICE).cover[1] == 0.5
    np.testing.assert_allclose(season.thickness[3], 0.02 * np.sqrt(40.0))


def test_melting_asks_for_the_degree_days_of_its_thickness():
    # 100 days at -9 degC: 900 K d, 0.6 m, half open after 120 K d of thaw, open after 180
    course = np.concatenate((np.full(100, -9.0), np.full(40, 6.0)))
    season = march_ice(course, depth=4.0, **ICE)
    assert season.thickness[99] == pytest.approx(0.6)
    assert season.cover[100 + 9] == pytest.approx(1.0)
    assert season.cover[100 + 19] == pytest.approx(0.5)
    assert season.cover[100 + 29] == 0.0
    assert (season.thickness[130:] == 0.0).all()


def test_a_thaw_before_the_lake_is_closed_opens_it_again():
    course = np.array([-10.0, -10.0, 10.0, 10.0, -10.0])
    np.testing.assert_allclose(
        march_ice(course, depth=4.0, **ICE).cover, [0.0, 0.5, 0.0, 0.0, 0.0], atol=1e-12
    )


def test_a_warmer_year_has_less_ice_on_every_count():
    day = np.arange(365)
    year = -12.0 * np.cos(2 * np.pi * (day - 15) / 365) + 6.0
    turned = np.tile(np.roll(year, -200), 2)
    days, thick = [], []
    for warming in (0.0, 1.0, 2.0, 4.0, 8.0):
        season = march_ice(turned + warming, depth=5.0, **ICE)
        days.append(season.cover[365:].sum())
        thick.append(season.thickness.max())
    assert (np.diff(days) < 0).all()
    assert (np.diff(thick) < 0).all()
    assert days[-1] == 0.0


def test_thickness_at_balkhash_with_the_practical_range():
    # 894 K d of November to February: 41 to 61 cm
    low, high = stefan_thickness(894.0, 0.0136), stefan_thickness(894.0, 0.0204)
    assert (round(float(low), 2), round(float(high), 2)) == (0.41, 0.61)


def test_ice_refuses_nonsense(problems):
    found = problems(march_ice, [-5.0, np.nan], depth=-1.0, **ICE)
    assert [text.split(":")[0] for text in found] == ["air_temperature", "depth"]
    assert len(problems(stefan_thickness, -1.0)) == 1


# ---------------------------------------------------------------- runoff

COEFFICIENTS = {
    "precipitation_elasticity": 0.9,
    "temperature_sensitivity": -0.03,
    "glacier_share": 0.3,
}


def test_nothing_changes_without_change():
    assert runoff_ratio(1.0, 0.0, 1.0, **COEFFICIENTS) == 1.0


def test_each_part_answers_on_its_own():
    # 70 % of the flow: 1.1^0.9; then exp(-0.06); then 30 % of the flow times 1.24
    assert runoff_ratio(1.1, 0.0, **COEFFICIENTS) == pytest.approx(0.7 * 1.1**0.9 + 0.3)
    assert runoff_ratio(1.0, 2.0, **COEFFICIENTS) == pytest.approx(0.7 * np.exp(-0.06) + 0.3)
    assert runoff_ratio(1.0, 0.0, 1.24, **COEFFICIENTS) == pytest.approx(1.072)


def test_elasticity_is_the_logarithmic_slope():
    bare = COEFFICIENTS | {"glacier_share": 0.0}
    up, down = (float(runoff_ratio(1.0 + d, 0.0, **bare)) for d in (1e-6, -1e-6))
    assert (up - down) / 2e-6 == pytest.approx(0.9, rel=1e-6)


def test_runoff_refuses_nonsense(problems):
    found = problems(runoff_ratio, -0.1, 40.0, **(COEFFICIENTS | {"glacier_share": 1.5}))
    assert [text.split(":")[0] for text in found] == [
        "precipitation_ratio",
        "temperature_change",
        "glacier_share",
    ]
