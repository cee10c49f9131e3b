"""What the equations of physics/ cannot take is refused with its name, value and range."""

import numpy as np
import pytest

from balkhash_model.errors import InputError
from balkhash_model.physics.delta import fit_linear_loss
from balkhash_model.physics.evaporation import mass_transfer_shape
from balkhash_model.physics.heat_storage import march_water_temperature
from balkhash_model.physics.hypsometry import mean_level_between
from balkhash_model.physics.radiation import incoming_longwave
from balkhash_model.physics.ranges import require_ranges
from balkhash_model.physics.vapour import (
    saturation_vapour_pressure,
    saturation_vapour_pressure_slope,
)
from balkhash_model.physics.wind import log_profile_wind

DAYS = np.array([86400.0, 86400.0])
OPEN = np.full(12, 10.0)


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda: saturation_vapour_pressure(293.15), "got 293.15; expected -100 to 100 degC"),
        (lambda: saturation_vapour_pressure_slope([20.0, np.nan]), "got nan at [1]"),
        (lambda: incoming_longwave(10.0, 50.0), "clouds: outside the range of the equation"),
        (lambda: log_profile_wind(3.0, 10.0, -2.0), "height: within the roughness; got -2 m"),
        (lambda: log_profile_wind(3.0, 10.0, [2.0, np.nan]), "got nan m at [1]; expected more"),
        (lambda: fit_linear_loss([1.0, 2.0], [1.0, 2.0]), "got 2 at 2 flow(s)"),
        (lambda: fit_linear_loss([1.0] * 3, [1.0, 2.0, 3.0]), "got 3 at 1 flow(s)"),
        (lambda: mass_transfer_shape(OPEN, OPEN, 57.0, 0.03), "relative_humidity"),
        (lambda: mass_transfer_shape(OPEN * np.nan, OPEN, 0.6, 0.03), "no month evaporates"),
        (
            lambda: march_water_temperature(OPEN[:2], DAYS, 0.0, frozen=np.array([True, False])),
            "freezing_point: is not given",
        ),
    ],
)
def test_what_an_equation_cannot_take_is_refused(call, part):
    with pytest.raises(InputError) as caught:
        call()
    assert part in str(caught.value)


def test_both_heights_within_the_roughness_are_told_at_once():
    with pytest.raises(InputError) as caught:
        log_profile_wind(3.0, 0.6, 0.1, roughness=0.5)
    assert [p.where for p in caught.value.problems] == ["height"]
    with pytest.raises(InputError) as caught:
        log_profile_wind(3.0, 0.5, 0.1, roughness=0.5)
    assert [p.where for p in caught.value.problems] == ["wind_height", "height"]


def test_the_value_farthest_from_its_range_is_named():
    with pytest.raises(InputError) as caught:
        require_ranges("a test", relative_humidity=[1.5, np.nan, -7.0, 3.0])
    assert [p.got for p in caught.value.problems] == ["nan at [1]", "-7 at [2]"]


def test_one_volume_stands_for_all_ends():
    level, area = np.array([0.0, 1.0, 3.0]), np.array([1e6, 2e6, 4e6])
    ends = np.array([2e6, 5e6, 1e8])
    found = mean_level_between(1e6, ends, level, area)
    one_by_one = [float(mean_level_between(1e6, end, level, area)) for end in ends]
    np.testing.assert_array_equal(found, one_by_one)
