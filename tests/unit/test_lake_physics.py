"""Vapour, radiation, evaporation and salt: limits that hold by hand, and refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from balkhash_model.errors import InputError
from balkhash_model.physics import combination, heat_storage, radiation, solar, vapour, wind
from balkhash_model.physics.lake_surface import march_surface, surface_of_weather
from balkhash_model.physics.ranges import RANGES, require_ranges
from balkhash_model.physics.water_activity import (
    LINEAR,
    QUADRATIC,
    salt_evaporation_factor,
    water_activity,
)

MM = combination.MILLIMETRES_PER_DAY

# ---------------------------------------------------------------- vapour, radiation, wind


@given(st.floats(-40.0, 45.0))
def test_the_slope_is_the_derivative_of_the_vapour_pressure(t):
    step = 1e-4
    e = vapour.saturation_vapour_pressure
    numeric = (e(t + step) - e(t - step)) / (2 * step)
    # 17.27 x 237.3 = 4098.17 is rounded to 4098
    assert vapour.saturation_vapour_pressure_slope(t) == pytest.approx(numeric, rel=1e-4)


@given(st.floats(-25.0, 40.0), st.floats(0.05, 1.0))
def test_wet_bulb_lies_between_dew_point_and_air(t, humidity):
    e = humidity * vapour.saturation_vapour_pressure(t)
    dew, bulb = vapour.dew_point(e), vapour.wet_bulb_temperature(t, e)
    assert dew - 1e-9 <= bulb <= t + 0.02  # the rounded dew point is 0.01 K off at saturation


def test_sun_at_the_equator_and_in_the_polar_night():
    assert solar.daylight_hours(0.0, 80) == pytest.approx(12.0)
    assert solar.extraterrestrial_radiation(80.0, 355) == pytest.approx(0.0, abs=1e-9)
    assert solar.daylight_hours(80.0, 172) == pytest.approx(24.0)


def test_a_clear_sky_has_no_clouds_and_an_overcast_one_is_black():
    assert radiation.cloud_fraction(100.0, 100.0) == 0.0
    assert radiation.cloud_fraction(5.0, 100.0) == 1.0
    assert radiation.cloud_fraction(0.0, 0.0) == 0.0  # polar night
    black = radiation.STEFAN_BOLTZMANN * 283.15**4
    assert radiation.incoming_longwave(10.0, 1.0) == pytest.approx(black)


def test_the_log_profile_by_hand():
    # a decade of height above z0: ln(10)/ln(100) of the speed
    assert wind.log_profile_wind(2.0, 0.1 * 100, 1.0, 0.1) == pytest.approx(1.0)


# ---------------------------------------------------------------- evaporation


def test_penman_in_saturated_air_is_radiation_alone():
    slope = float(vapour.saturation_vapour_pressure_slope(20.0))
    gamma = float(vapour.psychrometric_constant(vapour.air_pressure(340.0)))
    expected = slope / (slope + gamma) * 150.0 / 2.45e6 / 1000.0
    for year in ("1948", "1956"):
        rate = combination.penman_open_water(150.0, 20.0, 0.0, 3.0, 340.0, year)
        assert rate == pytest.approx(expected)
    # Priestley and Taylor: 1.26 times that
    assert combination.priestley_taylor(150.0, 20.0, 340.0) == pytest.approx(1.26 * expected)


def test_the_wind_functions_differ_by_their_constant():
    slope = float(vapour.saturation_vapour_pressure_slope(20.0))
    gamma = float(vapour.psychrometric_constant(vapour.air_pressure(0.0)))
    old, new = (
        combination.penman_open_water(0.0, 20.0, 1000.0, 0.0, 0.0, year)
        for year in ("1948", "1956")
    )
    assert (old - new) / MM == pytest.approx(1.313 * gamma / (slope + gamma))
    assert old == pytest.approx(2 * new)


def lake(depth=5.0, days=4000, **weather):
    """Constant weather over a lake."""
    shape = np.ones(days)
    values = {"air": 15.0, "vapour": 900.0, "wind": 4.0, "short": 220.0, "clear": 300.0} | weather
    return surface_of_weather(
        *(values[k] * shape for k in ("air", "vapour", "wind", "short", "clear")),
        depth=depth,
        elevation=340.0,
    )


def test_under_steady_weather_the_water_settles_at_its_equilibrium():
    surface = lake()
    water, rate = march_surface(surface, depth=5.0, start=0.0, model="equilibrium_temperature")
    assert water[-1] == pytest.approx(surface.equilibrium[0], abs=1e-9)
    # the approach is exponential: after one time constant 63 % of the way
    tau = surface.time_constant[0] / 86400.0
    passed = 1.0 - (surface.equilibrium[0] - water) / surface.equilibrium[0]
    np.testing.assert_allclose(passed[:100], 1.0 - np.exp(-np.arange(1, 101) / tau), atol=1e-12)
    # and no heat is stored any more, whatever the depth
    shallow = march_surface(lake(depth=1.0), depth=1.0, start=0.0, model="equilibrium_temperature")[
        1
    ]
    assert rate[-1] == pytest.approx(shallow[-1], rel=1e-12)


def test_heat_is_neither_made_nor_lost():
    # the heat stored over a course is the change of temperature times the capacity
    water, _ = march_surface(lake(days=50), depth=5.0, start=3.0)
    stored = heat_storage.heat_storage_flux(water, 3.0, 5.0).sum() * 86400.0
    assert stored == pytest.approx(heat_storage.WATER_HEAT_CAPACITY * 5.0 * (water[-1] - 3.0))


# ---------------------------------------------------------------- the heat balance in full


def balance(surface, water):
    """Heat that a water surface gains under the first day's weather, W m-2, term by term."""
    radiated = radiation.outgoing_longwave(water)
    vapour_flux = surface.wind_coefficient[0] * (
        vapour.saturation_vapour_pressure(water) - surface.vapour_pressure[0]
    )
    warmth = surface.wind_coefficient[0] * surface.psychrometric
    return (
        surface.incoming[0] - radiated - vapour_flux - warmth * (water - surface.air_temperature[0])
    )


def test_under_steady_weather_the_balance_in_full_comes_to_nothing():
    surface = lake()
    water, rate = march_surface(surface, depth=5.0, start=0.0)
    rest = brentq(lambda t: float(balance(surface, t)), -20.0, 60.0, xtol=1e-12)
    assert water[-1] == pytest.approx(rest, abs=1e-9)
    # the radiation that is taken up leaves as radiation, vapour and warmth
    latent = rate[-1] * surface.latent_heat[0] * 1000.0
    sensible = surface.wind_coefficient[0] * surface.psychrometric * (water[-1] - 15.0)
    given_off = latent + sensible + radiation.outgoing_longwave(water[-1])
    assert surface.incoming[0] == pytest.approx(given_off, abs=1e-8)
    # and no heat is stored any more, whatever the depth
    shallow = march_surface(lake(depth=0.05), depth=0.05, start=0.0)[1]
    assert rate[-1] == pytest.approx(shallow[-1], rel=1e-10)


@pytest.mark.parametrize("depth", [0.05, 0.5, 5.0])
def test_the_balance_in_full_follows_its_differential_equation(depth):
    rng = np.random.default_rng(20261122)
    days = 60
    air = 15.0 + 8.0 * np.sin(np.arange(days) / 30.0) + 3.0 * rng.normal(size=days)
    surface = surface_of_weather(
        air,
        0.55 * vapour.saturation_vapour_pressure(air),
        np.abs(4.0 + 1.5 * rng.normal(size=days)),
        np.clip(220.0 + 60.0 * rng.normal(size=days), 20.0, 320.0),
        np.full(days, 330.0),
        depth=depth,
        elevation=340.0,
    )
    water, rate = march_surface(surface, depth=depth, start=12.0)
    heat = heat_storage.WATER_HEAT_CAPACITY * depth / 86400.0
    now, exact, vapoured = 12.0, [], []
    for d in range(days):
        f, gamma = surface.wind_coefficient[d], surface.psychrometric

        def rise(_, y, d=d, f=f, gamma=gamma):
            latent = f * (vapour.saturation_vapour_pressure(y[0]) - surface.vapour_pressure[d])
            net = surface.incoming[d] - radiation.outgoing_longwave(y[0]) - latent
            net -= f * gamma * (y[0] - air[d])
            return [float(net) / heat, float(latent) / (surface.latent_heat[d] * 1000.0)]

        found = solve_ivp(rise, (0.0, 1.0), [now, 0.0], method="LSODA", rtol=1e-9, atol=1e-12)
        now = found.y[0, -1]
        exact.append(now)
        vapoured.append(found.y[1, -1])
    np.testing.assert_allclose(water, exact, atol=0.001 if depth > 1.0 else 0.06)
    np.testing.assert_allclose(rate * 86.4e6, np.array(vapoured) * 86.4e6, atol=0.05)
    assert rate.sum() == pytest.approx(sum(vapoured), rel=1e-3)


def test_the_linear_lake_is_warmer_than_its_own_balance_allows():
    # why the balance is solved in full: under a summer's weather the linear equilibrium
    # temperature loses more heat than it takes up
    surface = lake(air=25.0, vapour=1200.0, short=300.0, clear=380.0)
    water, _ = march_surface(surface, depth=5.0, start=20.0)
    assert surface.equilibrium[0] > water[-1] + 0.5
    assert balance(surface, surface.equilibrium[0]) < -10.0


def test_ice_holds_the_water_of_the_balance_in_full_and_asks_for_its_temperature():
    frozen = np.zeros(10, dtype=bool)
    frozen[3:6] = True
    cold = lake(days=10, air=-15.0, vapour=100.0, short=60.0, clear=90.0)
    water, _ = march_surface(cold, depth=1.0, start=2.0, frozen=frozen, freezing_point=0.0)
    assert (water[3:6] == 0.0).all()
    assert water.min() == 0.0
    assert march_surface(cold, depth=1.0, start=2.0)[0].min() < -5.0
    with pytest.raises(InputError, match="freezing_point"):
        march_surface(cold, depth=1.0, start=2.0, frozen=frozen)
    with pytest.raises(InputError, match="depth"):
        march_surface(cold, depth=-1.0, start=2.0)


def test_the_time_constant_is_proportional_to_the_depth():
    a, b = lake(depth=4.0).time_constant[0], lake(depth=8.0).time_constant[0]
    assert b == pytest.approx(2 * a)


def test_time_constants_of_the_basins():
    # 4.6 and 7.5 m, wind 3 to 6 m/s, wet bulb 0 to 16 degC: 9-19 and 15-31 days by the method
    gamma = float(vapour.psychrometric_constant(vapour.air_pressure(342.0)))
    factor = float(heat_storage.area_factor(1.7e10))
    for depth, low, high in ((4.6, 9.0, 19.0), (7.5, 15.0, 31.0)):
        slow, fast = (
            heat_storage.time_constant(depth, bulb, heat_storage.wind_function(u, factor), gamma)
            for bulb, u in ((0.0, 3.0), (16.0, 6.0))
        )
        assert fast / 86400.0 == pytest.approx(low, abs=1.0)
        assert slow / 86400.0 == pytest.approx(high, abs=3.0)


def test_ice_holds_the_water_at_its_freezing_point():
    cold = np.full(10, -8.0)
    tau = np.full(10, 10 * 86400.0)
    held = np.arange(10) >= 5
    water = heat_storage.march_water_temperature(cold, tau, 1.0, frozen=held, freezing_point=0.0)
    assert (water[5:] == 0.0).all()
    assert (water >= 0.0).all()
    free = heat_storage.march_water_temperature(cold, tau, 1.0)
    assert free[-1] < -4.0


# ---------------------------------------------------------------- salt


def test_fresh_water_has_an_activity_of_exactly_one():
    assert water_activity(0.0) == 1.0
    assert (water_activity(np.zeros(3)) == 1.0).all()


@settings(max_examples=200)
@given(st.floats(0.0, 399.0), st.floats(1e-6, 1.0))
def test_activity_falls_steadily_and_smoothly(s, step):
    here, there = float(water_activity(s)), float(water_activity(s + step))
    assert 0.0 < there < here <= 1.0
    # no jump: the slope is bounded by that of the law, a + 2 b S at most
    assert here - there <= (LINEAR + 2 * QUADRATIC * (s + step)) * step * (1 + 1e-6) + 1e-15


def test_salt_at_balkhash_hardly_matters():
    assert 1.0 - water_activity([0.7, 6.0]).min() < 0.0035
    assert salt_evaporation_factor(1.0, 2000.0, 900.0) == 1.0
    assert salt_evaporation_factor(0.4, 2000.0, 900.0) == 0.0  # brine in damp air
    assert salt_evaporation_factor(0.9, 900.0, 900.0) == 1.0  # nothing evaporates either way


# ---------------------------------------------------------------- refusals


def test_all_that_is_wrong_is_named_at_once(problems):
    found = problems(combination.penman_open_water, [150.0, 900.0], 71.0, -5.0, -1.0, 340.0, "1956")
    assert len(found) == 4
    text = "\n".join(found)
    for part in (
        "net_radiation: outside the range of the equation in 1 of 2 values; got 900 at [1]; "
        "expected -300 to 600 W m-2",
        "air_temperature: outside",
        "vapour_deficit: outside",
        "wind_speed: outside the range of the equation; got -1; expected 0 to 60 m s-1",
    ):
        assert part in text
    assert all("doi 10.5194/hess-17-1331-2013" in line for line in found)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: vapour.actual_vapour_pressure(5.0, 15.0, 40.0, 80.0), "minimum_humidity"),
        (lambda: vapour.actual_vapour_pressure(15.0, 5.0, 0.4, 0.8), "minimum_temperature"),
        (lambda: radiation.net_shortwave(-1.0, 0.08), "shortwave_radiation"),
        (lambda: combination.valiantzas_2006(200.0, 300.0, -12.0, 0.5), "air_temperature"),
        (lambda: vapour.air_pressure(9000.0), "elevation"),
        (lambda: water_activity(-0.1), "salinity"),
        (lambda: water_activity(np.nan), "salinity"),
        (lambda: heat_storage.area_factor(0.0), "area"),
        (lambda: combination.penman_open_water(1, 1, 1, 1, 1, "1957"), "wind_function"),
    ],
)
def test_nonsense_is_refused_by_name(call, name):
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.problems[0].where == name


def test_every_range_is_one():
    for name, limits in RANGES.items():
        assert limits.low < limits.high, name
        require_ranges("test", **{name: [limits.low, limits.high]})
