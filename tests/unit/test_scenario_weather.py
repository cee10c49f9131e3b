"""A scenario that computes the evaporation of the lake from the user's own weather."""

import json
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

import balkhash_model as bm
from balkhash_model.cli import app, main
from balkhash_model.diagnostics.ice import ice_dates
from balkhash_model.forcing import Weather, climate, evaporation_from_weather, read_weather
from balkhash_model.forcing.lake_weather import lake_site, lake_year
from balkhash_model.forcing.temperature import DAYS, daily_climatology
from balkhash_model.forcing.weather_check import METHODS
from balkhash_model.library import load_parameters
from balkhash_model.physics import combination, radiation, solar, vapour, wind
from balkhash_model.runs import build, check, used_files
from balkhash_model.scenario import load_scenario
from balkhash_model.timeaxis import TimeAxis

P = load_parameters("balkhash")
HEAD = (
    "time,air_temperature_degC,relative_humidity_percent,wind_speed_m_per_s,"
    "shortwave_radiation_MJ_per_m2_per_day,water_temperature_degC"
)
#: A year like those at Balkhash, invented but for the round temperatures.
YEAR = [
    (-10.7, 72, 4.6, 6.3, 0.0), (-7.6, 70, 4.6, 9.4, 0.0), (1.9, 65, 4.7, 13.7, 0.5),
    (11.8, 58, 4.7, 18.6, 7.0), (18.9, 50, 4.6, 22.1, 16.0), (23.9, 45, 4.5, 23.7, 22.0),
    (25.4, 43, 4.5, 23.0, 24.5), (23.3, 44, 4.5, 20.0, 23.5), (16.8, 50, 4.6, 15.4, 18.0),
    (8.5, 57, 4.6, 10.7, 11.0), (-0.1, 65, 4.7, 7.0, 4.0), (-7.8, 70, 4.6, 5.4, 0.5),
]  # fmt: skip
TEXT = """\
meta: {name: weather, title: Weather, rationale: For the tests}
period: {start: 2030-01-01, end: 2032-01-01}
initial: {lake_level: 341.5 m}
inflow: {kind: constant, mean: 12 km3/yr, eastern: 3 km3/yr}
reservoirs: {kapshagay: {rule: none}}
climate:
  precipitation: climatology
"""


def months(years=(2030, 2031), change=None) -> list[str]:
    rows = [HEAD]
    for year in years:
        for month, values in enumerate(YEAR):
            cells = [f"{year}-{month + 1:02d}", *map(str, values)]
            for column, value in (change or {}).get((year, month + 1), {}).items():
                cells[column] = value
            rows.append(",".join(cells))
    return rows


@pytest.fixture
def files(tmp_path):
    """Write weather and scenario; give the path of the scenario."""

    def make(block: str = "method: penman_1956, wind_height: 10 m", rows=None, more: str = ""):
        lines = months() if rows is None else rows
        (tmp_path / "sky.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        path = tmp_path / "weather.yml"
        text = TEXT + f"  weather: {{path: sky.csv, {block}}}\n" + more
        path.write_text(text, encoding="utf-8")
        return path

    return make


def depth(case, storage="west", name="evaporation_rate") -> np.ndarray:
    return case.forcing[name].sel(storage=storage).values.reshape(-1, 12)


def block(method: str) -> str:
    return f"method: {method}, wind_height: 10 m"


# ---------------------------------------------------------------- what comes out


@pytest.mark.parametrize("method", METHODS)
def test_every_method_drives_a_run_from_the_command_line(files, tmp_path, method):
    path = files(block(method))
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["run", str(path), "--out", str(out)])
    assert done.exit_code == 0, done.output
    import xarray as xr

    with xr.open_dataset(out / "weather.nc") as result:
        lake = result.sel(storage=["west", "east"])
        rate = -(lake["evaporation"] / lake["water_area"]).values.reshape(2, 12, 2)
        used = json.loads(result.attrs["input_checksums"])
    metres = (rate * 86400.0 * DAYS[:, None]).sum(axis=1)
    assert (metres > 0.7).all()
    assert (metres < 1.6).all()
    assert (rate.argmax(axis=1) + 1 >= 5).all()
    assert (rate.argmax(axis=1) + 1 <= 8).all()
    assert set(used) >= {"sky.csv"}


@pytest.mark.parametrize("method", ["penman_1956", "priestley_taylor", "valiantzas_2006"])
def test_open_months_are_those_of_the_method(files, tmp_path, method):
    case = build(load_scenario(str(files(block(method)))))
    site = lake_site(P, "east")
    weather = read_weather(tmp_path / "sky.csv", wind_height=10.0)
    summer = slice(4, 10)
    part = Weather(
        TimeAxis.monthly("2030-05-01", "2030-11-01"),
        **{k: v[summer] for k, v in weather.given().items()},
        wind_height=10.0,
    )
    expected = evaporation_from_weather(
        part, method, latitude=site.latitude, elevation=site.elevation, albedo=site.albedo
    )
    np.testing.assert_allclose(depth(case, "east")[0, summer], expected, rtol=1e-12)
    assert (depth(case, "east", "ice_cover")[0, summer] == 0.0).all()


def test_the_lake_that_stores_heat_is_the_one_of_the_climatology(files):
    """Its weather given as days is what the default assumes: the same months come out.

    But for April, when warm air condenses on water that has just opened: a climatology has none.
    """
    day = np.arange(1, 366)
    air = daily_climatology("Kuigan")
    site = lake_site(P, "west")
    humidity = site.humidity + site.humidity_amplitude * np.cos(2 * np.pi * (day - 15) / 365.0)
    clear = solar.clear_sky_radiation(solar.extraterrestrial_radiation(46.5, day), 342.0)
    short = site.clear_share * clear / solar.MEGAJOULES_PER_DAY
    rows = [HEAD.rsplit(",", 1)[0]]
    for year in (2030, 2031):
        for i, date in enumerate(np.arange(f"{year}-01-01", f"{year + 1}-01-01", dtype="M8[D]")):
            rows.append(
                f"{date},{air[i]:.6f},{100 * humidity[i]:.6f},{site.wind_speed},{short[i]:.6f}"
            )
    case = build(load_scenario(str(files(block("finch_gash_2002"), rows))))
    model = np.bincount(np.repeat(np.arange(12), DAYS), lake_year(site).open_evaporation) / DAYS
    ice = climate.ice_evaporation(P, "west") * depth(case, "west", "ice_cover")[1]
    found, others = depth(case)[1] - ice, np.arange(12) != 3
    np.testing.assert_allclose(found[others], model[others], rtol=1e-6, atol=1e-11)
    assert 0.95 * model[3] < found[3] < model[3]


def test_under_ice_the_stated_residual_is_left(files):
    case = build(load_scenario(str(files())))
    for storage in ("west", "east"):
        cover = depth(case, storage, "ice_cover")
        assert cover[:, 0].tolist() == [1.0, 1.0]
        residual = climate.ice_evaporation(P, storage)
        np.testing.assert_allclose(depth(case, storage)[:, 0], residual, rtol=1e-12)
    # 3 % of the fitted depth over the days of ice of a mean year
    days = lake_year(lake_site(P, "west")).ice_cover.sum()
    fitted = (P["net_evaporation"].si + P["mean_precipitation"].si) * 31556952.0
    assert climate.ice_evaporation(P, "west") * days * 86400.0 == pytest.approx(0.03 * fitted)


def test_ice_comes_from_the_file_and_can_be_left_out(files):
    dates = ice_dates(bm.run(load_scenario(str(files()))))
    west = dates[(dates["storage"] == "west") & (dates["winter"] == 2031)].iloc[0]
    assert "11-22" <= str(west["freeze_up"].date())[5:] <= "12-02"
    assert "03-29" <= str(west["break_up"].date())[5:] <= "04-08"
    mild = months(change={(y, m): {1: "5"} for y in (2030, 2031) for m in (1, 2, 3, 11, 12)})
    case = build(load_scenario(str(files(rows=mild))))
    # January still has the ice of the mean winter before the file begins
    assert depth(case, "west", "ice_cover")[1].max() == 0.0
    bare = build(load_scenario(str(files(block("penman_1956") + ", ice: none"))))
    assert depth(bare, "west", "ice_cover").max() == 0.0
    assert depth(bare, "kapshagay", "ice_cover").max() == 1.0
    assert bare.forcing["ice_cover"].attrs["comment"].endswith("the weather in sky.csv")


def test_the_reservoir_keeps_its_climatology(files):
    case = build(load_scenario(str(files())))
    plain = build(load_scenario(str(files()), settings=["climate.weather=null"]))
    np.testing.assert_array_equal(depth(case, "kapshagay"), depth(plain, "kapshagay"))
    assert (depth(case, "west") != depth(plain, "west"))[:, 2:12].any(axis=0).sum() >= 8


def test_warming_shortens_the_ice_and_changes_evaporation_as_told(files):
    warm = "  deltas: {warm: {variable: temperature, change: 2 K}}\n"
    plain = build(load_scenario(str(files())))
    kept = build(load_scenario(str(files(more="  evaporation_response: none\n" + warm))))
    raised = build(load_scenario(str(files(more="  evaporation_per_degree: 3 %\n" + warm))))
    ice = [depth(c, "west", "ice_cover").sum() for c in (plain, kept, raised)]
    assert ice[0] > ice[1] == ice[2]
    np.testing.assert_allclose(depth(kept)[:, 4:10], depth(plain)[:, 4:10], rtol=1e-12)
    np.testing.assert_allclose(depth(raised), depth(kept) * 1.03**2, rtol=1e-12)


def test_days_and_months_of_one_weather_give_one_year(files):
    rows = [HEAD]
    for date in np.arange("2030-01-01", "2032-01-01", dtype="M8[D]"):
        rows.append(",".join([str(date), *map(str, YEAR[int(str(date)[5:7]) - 1])]))
    case = build(load_scenario(str(files(rows=rows))))
    coarse = build(load_scenario(str(files())))
    np.testing.assert_allclose(depth(case)[:, 4:10], depth(coarse)[:, 4:10], rtol=1e-12)


def test_a_result_knows_its_weather(files, tmp_path):
    record = load_scenario(str(files()))
    assert list(used_files(record)) == ["sky.csv"]
    assert check(str(tmp_path / "weather.yml")).climate.weather.method == "penman_1956"


# ---------------------------------------------------------------- data in other forms


def test_dew_point_and_sunshine_serve_as_vapour_pressure_and_radiation():
    day = TimeAxis.daily("2001-07-01", "2001-07-03")
    base = {"air_temperature": np.full(2, 25.0), "wind_speed": np.full(2, 4.0)}
    number = np.array([182, 183])
    above = solar.extraterrestrial_radiation(46.5, number)
    share = 11.0 / solar.daylight_hours(46.5, number)
    one = Weather(day, **base, dew_point=np.full(2, 9.0), sunshine_hours=np.full(2, 11.0))
    two = Weather(
        day,
        **base,
        vapour_pressure=np.full(2, float(vapour.saturation_vapour_pressure(9.0))),
        shortwave_radiation=(0.25 + 0.5 * share) * above,
    )
    for method in ("penman_1948", "mcjannet_2008", "penman_monteith_fao56"):
        found = [
            evaporation_from_weather(w, method, latitude=46.5, elevation=342.0, depth=5.0)
            for w in (one, two)
        ]
        np.testing.assert_allclose(found[0], found[1], rtol=1e-12)


def test_the_reference_crop_has_its_own_albedo_and_wind():
    day = TimeAxis.daily("2001-07-01", "2001-07-02")
    weather = Weather(
        day,
        air_temperature=np.array([25.0]),
        vapour_pressure=np.array([1300.0]),
        wind_speed=np.array([4.0]),
        shortwave_radiation=np.array([280.0]),
    )
    rate = evaporation_from_weather(
        weather, "penman_monteith_fao56", latitude=46.5, elevation=342.0
    )
    clear = solar.clear_sky_radiation(solar.extraterrestrial_radiation(46.5, 182), 342.0)
    net = 0.77 * 280.0 - radiation.net_longwave_fao56(280.0, clear, 1300.0, 25.0, 25.0)
    deficit = vapour.saturation_vapour_pressure(25.0) - 1300.0
    speed = wind.wind_at_two_metres(4.0, 10.0)
    expected = combination.penman_monteith_fao56(net, 0.0, 25.0, deficit, speed, 342.0)
    np.testing.assert_allclose(rate, expected, rtol=1e-12)


# ---------------------------------------------------------------- refusals


def test_everything_that_is_wrong_comes_at_once_and_nothing_is_written(
    files, tmp_path, monkeypatch, capsys
):
    rows = months(
        change={
            (2030, 3): {2: "157"},  # humidity beyond saturation
            (2030, 7): {4: "48"},  # more radiation than the sun sends
            (2031, 5): {1: "291"},  # kelvin for degrees
            (2031, 8): {3: "-4"},
        }
    )
    path = files("method: penman_1948", rows=rows)
    monkeypatch.setattr(sys, "argv", ["balkhash", "run", str(path), "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    text = " ".join(capsys.readouterr().err.split())
    for part in (
        "climate.weather.wind_height: needed by the method 'penman_1948'",
        "relative_humidity: outside the range of the equation in 1 of 24 values; got 1.57 at "
        "2030-03; expected 0 to 1",
        "shortwave_radiation: above extraterrestrial_radiation in 1 of 24 values; got 555.6 at "
        "2030-07; expected at most 4",
        "air_temperature: outside the range of the equation in 1 of 24 values; got 291 at "
        "2031-05; expected -60 to 60 degC",
        "wind_speed: outside the range of the equation in 1 of 24 values; got -4 at 2031-08; "
        "expected 0 to 60 m s-1",
        "The equation: Penman 1948; McMahon et al. 2013, doi 10.5194/hess-17-1331-2013, S4.1",
        "weather.yml:8:13: climate.weather.path: sky.csv: wind_speed",
    ):
        assert part in text, (part, text)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("chosen", "head", "part"),
    [
        (
            "penman_1956",
            HEAD.replace("wind_speed_m_per_s", "maximum_temperature_degC"),
            "needs wind_speed, which is not given",
        ),
        (
            "priestley_taylor",
            HEAD.replace("relative_humidity_percent", "maximum_humidity_percent"),
            "needs humidity, which is not given; expected vapour_pressure, dew_point",
        ),
        (
            "mass_transfer",
            HEAD.replace("water_temperature_degC", "sunshine_h_per_day"),
            "needs water_temperature, which is not given",
        ),
        (
            "penman_1956",
            HEAD.replace("wind_speed_m_per_s", "wind_speed"),
            "column 'wind_speed': no unit in its name; expected wind_speed_m_per_s",
        ),
        (
            "penman_1956",
            HEAD.replace("air_temp", "dew_point")
            .replace("water_temp", "air_temp")
            .replace("dew_pointerature", "dew_point"),
            "dew_point: above air_temperature in 10 of 24 values",
        ),
        (
            "valiantzas_2006",
            HEAD.replace("shortwave_radiation_MJ_per_m2_per_day", "sunshine_h_per_day"),
            "sunshine_hours: above daylight_hours in",
        ),
    ],
)
def test_data_that_a_method_lacks_or_cannot_use(files, chosen, head, part):
    rows = [head, *months()[1:]]
    record = load_scenario(str(files(block(chosen), rows)))
    with pytest.raises(bm.InputError) as caught:
        build(record)
    texts = [str(p) for p in caught.value.problems]
    assert any(part in text for text in texts), texts
    assert all("weather.yml:8:" in text for text in texts)


def test_frost_beyond_an_equation_is_refused_where_the_water_is_open(files):
    build(load_scenario(str(files(block("valiantzas_2006")))))  # January lies under ice
    record = load_scenario(str(files(block("valiantzas_2006") + ", ice: none")))
    with pytest.raises(bm.InputError) as caught:
        build(record)
    [text] = [str(p) for p in caught.value.problems]
    assert "air_temperature: outside the range of the equation in 2 of 24 values" in text
    assert "got -10.7 at 2030-01; expected -9.5 to 60 degC" in text
    assert "Valiantzas 2006, J. Hydrology 331, 690-702, equation 33" in text


@pytest.mark.parametrize(
    ("chosen", "more", "part"),
    [
        ("method: penman_1957, wind_height: 10 m", "", "penman_1956"),
        ("method: penman_1956, wind_height: 10", "", "no unit"),
        ("method: penman_1956, wind_height: 10 mm", "", "not a height between 0.5 and 100 m"),
        (
            "method: penman_1956, wind_height: 10 m",
            "  deltas: {warm: {variable: temperature, change: 2 K}}\n",
            "the heat-storage model does not warm the weather of a file",
        ),
        (
            "method: penman_1956, wind_height: 10 m",
            "  table:\n"
            "    precipitation: [{file: own.csv, column: rain, unit: mm/month}]\n"
            "    evaporation: [{file: own.csv, column: loss, unit: mm/month}]\n",
            "stands beside a table",
        ),
        ("method: penman_1956, wind_height: 10 m", "system: aral\n", "is for the basins of Lake"),
    ],
)
def test_a_block_that_does_not_fit(files, chosen, more, part):
    with pytest.raises(bm.InputError) as caught:
        load_scenario(str(files(chosen, more=more)))
    assert any(part in str(p) for p in caught.value.problems), caught.value.problems


def test_a_file_of_climate_beside_the_weather_gives_rain_alone(files, tmp_path):
    rows = ["time,variable,value,unit"]
    for year in range(2001, 2032):
        rows += [f"{year}-{m:02d},precipitation,2,mm/day" for m in range(1, 13)]
    file = "  file: {path: own.csv, reference: [2001, 2020], correction: none}\n"
    (tmp_path / "own.csv").write_text("\n".join(rows))
    case = build(load_scenario(str(files(more=file))))
    np.testing.assert_allclose(depth(case, "west", "precipitation_rate") * 86.4e6, 2.0)
    for name, unit in (("temperature", "degC"), ("evaporation", "mm/day")):
        text = "\n".join(rows).replace("precipitation", name).replace("mm/day", unit)
        (tmp_path / "own.csv").write_text(text)
        with pytest.raises(bm.InputError, match=r"climate\.weather"):
            build(load_scenario(str(files(more=file))))


def test_weather_that_ends_before_the_run(files):
    with pytest.raises(bm.InputError, match="does not cover the run") as caught:
        build(load_scenario(str(files(rows=months(years=(2030,))))))
    assert "expected 2030-01-01T00:00:00 to 2032-01-01T00:00:00" in str(caught.value)


def test_a_file_that_is_not_there(files, tmp_path):
    path = files()
    (tmp_path / "sky.csv").unlink()
    with pytest.raises(bm.InputError, match=r"sky\.csv"):
        build(load_scenario(str(path)))
    with pytest.raises(bm.InputError, match="no such file"):
        check(str(path))
