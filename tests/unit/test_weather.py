"""Evaporation from a user's weather: files, methods, refusals."""

import numpy as np
import pytest

from balkhash_model.forcing import (
    Weather,
    evaporation_from_file,
    evaporation_from_weather,
    read_weather,
)
from balkhash_model.forcing.weather_evaporation import METHODS
from balkhash_model.library import load_parameters
from balkhash_model.physics import combination, vapour
from balkhash_model.physics.heat_storage import wind_function
from balkhash_model.timeaxis import TimeAxis

P = load_parameters("balkhash")
PLACE = {"latitude": 46.5, "elevation": 342.0}
DAY = TimeAxis.daily("2001-07-01", "2001-07-11")
FULL = {
    "minimum_temperature": np.full(10, 18.0),
    "maximum_temperature": np.full(10, 32.0),
    "minimum_humidity": np.full(10, 0.25),
    "maximum_humidity": np.full(10, 0.7),
    "wind_speed": np.full(10, 4.0),
    "shortwave_radiation": np.full(10, 280.0),
    "water_temperature": np.full(10, 24.0),
}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_gives_a_summer_rate(method):
    rate = evaporation_from_weather(Weather(DAY, **FULL), method, depth=5.0, **PLACE)
    assert rate.shape == (10,)
    assert (rate * 86.4e6 > 3.0).all()
    assert (rate * 86.4e6 < 13.0).all()


def test_mass_transfer_by_hand():
    weather = Weather(DAY, **FULL)
    rate = evaporation_from_weather(weather, "mass_transfer", area_factor=0.7, **PLACE)
    air = vapour.actual_vapour_pressure(18.0, 32.0, 0.25, 0.7)
    drop = float(vapour.saturation_vapour_pressure(24.0) - air)
    heat = float(wind_function(4.0, 0.7)) * drop
    np.testing.assert_allclose(rate, heat / (2.501e6 - 2370 * 25.0) / 1000.0, rtol=1e-12)


def test_the_wind_is_brought_to_the_height_of_the_equation():
    low, high = (
        evaporation_from_weather(Weather(DAY, **FULL, wind_height=z), "penman_1956", **PLACE)
        for z in (2.0, 10.0)
    )
    assert (low > high).all()  # the same speed nearer to the water is the stronger wind


def test_months_are_days_alike():
    names = ("minimum_temperature", "maximum_temperature", "wind_speed", "shortwave_radiation")
    humid = ("minimum_humidity", "maximum_humidity")
    months = TimeAxis.monthly("2001-06-01", "2001-08-01")
    days = TimeAxis.daily("2001-06-01", "2001-08-01")
    values = {n: np.array([1.0, 1.1]) * FULL[n][0] for n in (*names, *humid)}
    long = {n: np.repeat(v, [30, 31]) for n, v in values.items()}
    for method in ("penman_1948", "priestley_taylor", "valiantzas_2006", "mcjannet_2008"):
        coarse = evaporation_from_weather(Weather(months, **values), method, depth=5.0, **PLACE)
        fine = evaporation_from_weather(Weather(days, **long), method, depth=5.0, **PLACE)
        np.testing.assert_allclose(coarse, [fine[:30].mean(), fine[30:].mean()], rtol=1e-12)


def test_a_vapour_pressure_goes_before_a_humidity():
    base = {k: v for k, v in FULL.items() if "humidity" not in k}
    both = Weather(DAY, **base, vapour_pressure=np.full(10, 1200.0), relative_humidity=np.ones(10))
    alone = Weather(DAY, **base, vapour_pressure=np.full(10, 1200.0))
    for method in ("penman_1956", "mcjannet_2008"):
        np.testing.assert_array_equal(
            *(evaporation_from_weather(w, method, depth=5.0, **PLACE) for w in (both, alone))
        )


def test_ice_stops_evaporation():
    cover = np.linspace(0.0, 1.0, 10)
    weather = Weather(DAY, **FULL)
    free = evaporation_from_weather(weather, "penman_1956", **PLACE)
    part = evaporation_from_weather(weather, "penman_1956", ice_cover=cover, **PLACE)
    np.testing.assert_allclose(part, free * (1.0 - cover))
    frozen = evaporation_from_weather(
        weather, "mcjannet_2008", depth=5.0, ice_cover=np.ones(10), **PLACE
    )
    assert (frozen == 0.0).all()


# ---------------------------------------------------------------- refusals


def test_data_that_are_lacking_are_all_named(problems):
    found = problems(evaporation_from_weather, Weather(DAY), "mcjannet_2008", **PLACE)
    assert len(found) == 5
    for need in ("air_temperature", "humidity", "wind_speed", "shortwave_radiation", "depth"):
        assert any(f"needs {need}, which is not given" in text for text in found)
    assert all("doi 10.5194/hess-17-1331-2013" in text for text in found)


def test_an_unknown_method_gets_the_nearest(problems):
    [text] = problems(evaporation_from_weather, Weather(DAY, **FULL), "penman_1958", **PLACE)
    assert "Nearest: penman_1956, penman_1948" in text or "Nearest: penman_1948" in text


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"minimum_humidity": np.full(10, 25.0)}, "minimum_humidity: outside the range"),
        ({"shortwave_radiation": np.full(10, -1.0)}, "expected 0 to 600 W m-2"),
        ({"shortwave_radiation": np.full(10, 590.0)}, "above extraterrestrial_radiation"),
        ({"wind_speed": np.full(10, np.nan)}, "wind_speed: is not a number in 10 of 10 values"),
        ({"minimum_temperature": np.full(10, 40.0)}, "above maximum_temperature"),
        ({"vapour_pressure": np.full(10, 9000.0)}, "above saturation_vapour_pressure"),
        ({"wind_speed": np.full(9, 4.0)}, "weather wind_speed: wrong length; got (9,)"),
    ],
)
def test_impossible_weather_is_refused(problems, change, part):
    weather = Weather(DAY, **(FULL | change))
    found = problems(evaporation_from_weather, weather, "penman_1956", **PLACE)
    assert any(part in text for text in found)


def test_frost_is_outside_the_formula_of_valiantzas(problems):
    weather = Weather(DAY, **(FULL | {"minimum_temperature": np.full(10, -55.0)}))
    found = problems(evaporation_from_weather, weather, "valiantzas_2006", **PLACE)
    assert any("expected -9.5 to 60 degC" in text for text in found)


def test_parts_of_days_are_refused(problems):
    axis = TimeAxis.irregular(["2001-01-01", "2001-01-01T12:00"])
    weather = Weather(axis, **{k: v[:1] for k, v in FULL.items()})
    [text] = problems(evaporation_from_weather, weather, "penman_1956", **PLACE)
    assert "not whole days" in text


# ---------------------------------------------------------------- files

HEAD = "time,air_temperature_degC,relative_humidity_percent,wind_speed_m_per_s,"
HEAD += "shortwave_radiation_MJ_per_m2_per_day"


@pytest.fixture
def file(tmp_path):
    def write(*lines: str):
        path = tmp_path / "weather.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


def test_a_file_is_read_into_si(file):
    weather = read_weather(file(HEAD, "2001-07-01,25,40,4,24.2", "2001-07-02,26,38,5,25.0"))
    assert weather.axis == TimeAxis.daily("2001-07-01", "2001-07-03")
    np.testing.assert_allclose(weather.relative_humidity, [0.40, 0.38])
    np.testing.assert_allclose(weather.shortwave_radiation, np.array([24.2, 25.0]) / 0.0864)
    months = read_weather(file(HEAD, "2001-02,25,40,4,24.2", "2001-03,26,38,5,25.0"))
    assert months.axis == TimeAxis.monthly("2001-02-01", "2001-04-01")


@pytest.mark.parametrize(
    ("lines", "part"),
    [
        (["time,wind_speed", "2001-07,4"], "no unit in its name; expected wind_speed_m_per_s"),
        (["time,wind_sped_m_per_s", "2001-07,4"], "Nearest: wind_speed_m_per_s"),
        (["wind_speed_m_per_s", "4"], "no column 'time'"),
        ([HEAD, "2001-07-01,25,40,,24"], "line 2, wind_speed_m_per_s: not a number; got ''"),
        ([HEAD, "2001-07,25,40,4,24", "2001-09,25,40,4,24"], "does not follow; got 2001-09"),
        ([HEAD, "2001-07,25,40,4,24", "2001-08-01,25,40,4,24"], "neither all days nor all months"),
        ([HEAD, "2001-13,25,40,4,24"], "not a date"),
        ([HEAD], "no row"),
    ],
)
def test_a_wrong_file_is_refused(problems, file, lines, part):
    found = problems(read_weather, file(*lines))
    assert any(part in text for text in found), found


def test_a_file_that_is_not_there(problems, tmp_path):
    [text] = problems(read_weather, tmp_path / "none.csv")
    assert "no such file" in text


def test_a_file_over_the_intervals_of_a_run(problems, file):
    path = file(HEAD, "2001-07-01,25,40,4,24.2", "2001-07-02,26,38,5,25.0")
    run = TimeAxis.irregular(["2001-07-01", "2001-07-03"])
    rate = evaporation_from_file(run, path, "penman_1956", P, "west")
    daily = evaporation_from_weather(
        read_weather(path), "penman_1956", latitude=46.5, elevation=342.0
    )
    assert rate[0] == pytest.approx(daily.mean())
    assert combination.MILLIMETRES_PER_DAY < rate[0] < 12 * combination.MILLIMETRES_PER_DAY
    longer = TimeAxis.daily("2001-07-01", "2001-07-05")
    [text] = problems(evaporation_from_file, longer, path, "penman_1956", P, "west")
    assert "does not cover the run" in text
