"""Climate assumptions: deltas, published decades, the user's own files, bias correction."""

import cftime
import numpy as np
import pytest
import xarray as xr

from balkhash_model.errors import InputError
from balkhash_model.forcing.bias import delta_change, quantile_mapping
from balkhash_model.forcing.climate_file import read_climate
from balkhash_model.forcing.scenario_climate import (
    climate_change,
    glacier_change,
    projected_change,
)
from balkhash_model.forcing.warming import evaporation_factor
from balkhash_model.runs import build
from balkhash_model.scenario import load_scenario
from balkhash_model.timeaxis import TimeAxis

TEXT = """\
meta: {name: climate, title: Climate, rationale: For the tests}
period: {start: 2025-01-01, end: 2035-01-01}
initial: {lake_level: 341.5 m}
inflow: {kind: constant, mean: 12 km3/yr, eastern: 3 km3/yr}
reservoirs: {kapshagay: {rule: none}}
"""


@pytest.fixture
def scenario(tmp_path):
    def make(climate: str = "", more: str = ""):
        path = tmp_path / "climate.yml"
        body = TEXT + "climate:\n  precipitation: climatology\n" + climate + more
        path.write_text(body, encoding="utf-8")
        return load_scenario(str(path))

    return make


def west(case, name):
    array = case.forcing[name].sel(storage="west")
    return array.values.reshape(*array.shape[:-1], -1, 12)


def test_a_ramp_by_season(scenario):
    plain = build(scenario())
    delta = (
        "  deltas: {dry: {variable: precipitation, change: -20 %, months: summer, "
        "start: 2026, full: 2030}}\n"
    )
    changed = build(scenario(delta))
    ratio = west(changed, "precipitation_rate") / west(plain, "precipitation_rate")
    summer = np.isin(np.arange(12), (5, 6, 7))
    np.testing.assert_allclose(ratio[:, ~summer], 1.0)
    expected = 1.0 - 0.2 * np.array([0, 0, 0.25, 0.5, 0.75, 1, 1, 1, 1, 1])
    np.testing.assert_allclose(ratio[:, summer], expected[:, None] * np.ones(3), rtol=1e-12)


def test_an_absolute_change_of_depth(scenario):
    plain = build(scenario())
    changed = build(scenario("  deltas: {wet: {variable: precipitation, change: 50 mm/yr}}\n"))
    more = west(changed, "precipitation_rate") - west(plain, "precipitation_rate")
    np.testing.assert_allclose(more * 31556952 * 1000, 50.0, rtol=1e-9)


def test_a_temperature_acts_on_evaporation_by_the_stated_sensitivity(scenario):
    plain = build(scenario())
    changed = build(
        scenario(
            "  evaporation_per_degree: 5 %\n"
            "  deltas: {warm: {variable: temperature, change: 2 degC}}\n"
        )
    )
    ratio = west(changed, "evaporation_rate") / west(plain, "evaporation_rate")
    np.testing.assert_allclose(ratio, 1.05**2, rtol=1e-12)
    assert evaporation_factor(0.0, 0.05) == 1.0


def test_runoff_acts_on_all_rivers(scenario):
    plain = build(scenario())
    changed = build(scenario("  deltas: {less: {variable: runoff, change: -10 %}}\n"))
    for name, key in (("gauge_flow", "ushzharma"), ("river_flow", "eastern_rivers")):
        dim = "junction" if name == "gauge_flow" else "river"
        ratio = changed.forcing[name].sel({dim: key}) / plain.forcing[name].sel({dim: key})
        np.testing.assert_allclose(ratio, 0.9, rtol=1e-12)


def test_deltas_add_up(scenario):
    text = (
        "  deltas:\n"
        "    a: {variable: precipitation, change: 10 %}\n"
        "    b: {variable: precipitation, change: -4 %}\n"
    )
    ratio = west(build(scenario(text)), "precipitation_rate") / west(
        build(scenario()), "precipitation_rate"
    )
    np.testing.assert_allclose(ratio, 1.06, rtol=1e-12)


def test_the_published_decades_are_met_at_their_middle():
    years = np.array([2031.0, 2041.0, 2051.0, 2071.0, 2091.0])
    np.testing.assert_allclose(
        projected_change("potential_evaporation", "RCP8.5", years),
        [0.066, 0.086, 0.101, 0.140, 0.185],
    )
    low, high = projected_change("precipitation", "RCP4.5", np.array([2041.0]), [0.0, 1.0])[:, 0]
    np.testing.assert_allclose([low, high], [-0.046, 0.152])
    assert projected_change("precipitation", "RCP4.5", np.array([1991.0]))[0] == 0.0


def test_the_glaciers_change_from_the_reference_period_of_the_inflow():
    now = np.array([2013.5])
    assert glacier_change("RCP4.5", now, (2006, 2020))[0] == 0.0
    later = glacier_change("RCP4.5", np.array([2041.0]), (2006, 2020))[0]
    before = glacier_change("RCP4.5", np.array([2041.0]), (1993, 2014))[0]
    assert 0.0 < later < before < 3e9


def test_members_spread_over_the_models_and_keep_their_median(scenario):
    text = "  projection: {scenario: RCP8.5, glacier: false}\n"
    change = climate_change(
        scenario(text, "ensemble: {members: 9}\n"), TimeAxis.monthly("2041-01-01", "2042-01-01")
    )
    assert change.precipitation.shape == (9, 12)
    assert np.ptp(change.precipitation[:, 0]) > 0.2
    mean = climate_change(
        scenario(text.replace("glacier", "spread: false, glacier")),
        TimeAxis.monthly("2041-01-01", "2042-01-01"),
    )
    assert np.median(change.precipitation[:, 0]) == pytest.approx(float(mean.precipitation[0]))


def test_past_rain_comes_again(scenario):
    case = build(scenario("  resample: [1980, 1984]\n"))
    seconds = case.axis.durations.reshape(-1, 12)
    volume = (west(case, "precipitation_rate") * seconds).sum(axis=1) * 17199e6 / 1e9
    np.testing.assert_allclose(volume, [2.98, 3.19, 3.19, 3.19, 3.19] * 2, rtol=1e-9)


# ---------------------------------------------------------------- the user's own series


def netcdf(path, calendar, *, unit="mm day-1", years=range(2001, 2005), daily=False, members=0):
    """Rain of 2 mm a day in every month of year y plus y - 2001."""
    times, values = [], []
    for y in years:
        for m in range(1, 13):
            length = 30 if calendar == "360_day" else 28
            for d in range(1, length + 1) if daily else [15]:
                times.append(cftime.datetime(y, m, d, calendar=calendar))
                values.append(2.0 + y - 2001)
    data = np.array(values)
    dims = ("time",)
    if members:
        data, dims = np.stack([data * (i + 1) for i in range(members)]), ("member", "time")
    dataset = xr.Dataset(
        {"pr": (dims, data, {"units": unit, "standard_name": "lwe_precipitation_rate"})},
        coords={"time": ("time", np.array(times))},
    )
    dataset.to_netcdf(path)
    return path


@pytest.mark.parametrize("calendar", ["standard", "noleap", "360_day", "proleptic_gregorian"])
@pytest.mark.parametrize("daily", [False, True])
def test_every_calendar_gives_its_monthly_means(tmp_path, calendar, daily):
    found = read_climate(netcdf(tmp_path / "pr.nc", calendar, daily=daily))
    assert found.years.tolist() == [2001, 2002, 2003, 2004]
    rate = found.values["precipitation"] * 86400 * 1000
    np.testing.assert_allclose(rate, np.arange(2.0, 6.0)[:, None] * np.ones(12), rtol=1e-12)


@pytest.mark.parametrize(
    ("unit", "scale"), [("kg m-2 s-1", 1e-3), ("m s-1", 1.0), ("mm/day", 1e-3 / 86400)]
)
def test_units_of_rates(tmp_path, unit, scale):
    found = read_climate(netcdf(tmp_path / "pr.nc", "standard", unit=unit))
    np.testing.assert_allclose(found.values["precipitation"][0], 2.0 * scale, rtol=1e-12)


def test_members_of_a_file(tmp_path):
    found = read_climate(netcdf(tmp_path / "pr.nc", "standard", members=3))
    assert found.values["precipitation"].shape == (3, 4, 12)


def test_kelvin_and_celsius(tmp_path):
    rows = [f"{y}-{m:02d},temperature,{v},{u}" for y, v, u in ((2001, 283.15, "K"),)
            for m in range(1, 13)]  # fmt: skip
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["time,variable,value,unit", *rows]))
    np.testing.assert_allclose(read_climate(path).values["temperature"], 10.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time,variable,value\n", "lacks a column"),
        ("time,variable,value,unit\n2001-01,rain,3,mm/day\n", "no such variable"),
        ("time,variable,value,unit\n2001-01,precipitation,3,mm/day\n", "not whole years"),
        ("time,variable,value,unit\n2001-13,precipitation,3,mm/day\n", "not a month or a number"),
        ("time,variable,value,unit\n", "holds no values"),
    ],
)
def test_a_csv_that_cannot_be_used(tmp_path, text, words):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=words):
        read_climate(path)


def test_a_netcdf_that_is_none(tmp_path):
    path = tmp_path / "bad.nc"
    path.write_text("no")
    with pytest.raises(InputError, match="cannot be read as NetCDF"):
        read_climate(path)


def test_delta_change_of_a_file_reaches_the_lake(tmp_path, scenario):
    """The file has 2 mm/day in the reference 2001 and 3 in 2025: rain times 1.5."""
    dataset_years = [2001, *range(2002, 2035)]
    netcdf(tmp_path / "pr.nc", "noleap", years=dataset_years)
    with xr.open_dataset(tmp_path / "pr.nc", decode_times=False) as opened:
        dataset = opened.load()
    years = np.repeat(dataset_years, 12)
    dataset["pr"][:] = np.where(years < 2025, 2.0, 3.0)
    dataset.to_netcdf(tmp_path / "own.nc")
    changed = build(scenario("  file: {path: own.nc, reference: [2001, 2020]}\n"))
    ratio = west(changed, "precipitation_rate") / west(build(scenario()), "precipitation_rate")
    # the same rain in February falls at two rates, for 28 and 29 days: their mean is the base
    np.testing.assert_allclose(np.delete(ratio, 1, axis=1), 1.5, rtol=1e-9)
    np.testing.assert_allclose(ratio[:, 1].mean(), 1.5, rtol=1e-2)


def test_a_file_that_does_not_cover_the_run(tmp_path, scenario):
    netcdf(tmp_path / "pr.nc", "standard")
    with pytest.raises(InputError, match="does not cover the years"):
        build(scenario("  file: {path: pr.nc, reference: [2001, 2004]}\n"))


def test_quantile_mapping_gives_the_observed_distribution():
    rng = np.random.default_rng(5)
    model, observed = rng.gamma(2.0, 5.0, (40, 12)), rng.gamma(6.0, 3.0, (40, 12))
    corrected = quantile_mapping(model, model, observed, "ratio")
    np.testing.assert_allclose(np.sort(corrected, axis=0), np.sort(observed, axis=0), rtol=1e-12)


def test_quantile_mapping_beyond_the_reference_keeps_the_last_correction():
    reference, observed = np.full((3, 12), 10.0), np.full((3, 12), 5.0)
    reference[2], observed[2] = 20.0, 8.0
    far = quantile_mapping(np.full((1, 12), 40.0), reference, observed, "ratio")
    np.testing.assert_allclose(far, 40.0 * 8.0 / 20.0)
    far = quantile_mapping(np.full((1, 12), 40.0), reference, observed, "difference")
    np.testing.assert_allclose(far, 40.0 - 12.0)


def test_delta_change_of_a_temperature():
    model, reference = np.full((2, 12), 12.0), np.full((4, 12), 10.0)
    np.testing.assert_allclose(delta_change(model, reference, np.full(12, 7.0), "difference"), 9.0)
