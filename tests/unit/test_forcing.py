"""Amounts per calendar period become rates: totals are exact, shapes as stated."""

import numpy as np
import pytest

from balkhash_model import reference
from balkhash_model.forcing import assemble, empty_forcing
from balkhash_model.forcing.calendar import (
    annual_amounts_to_rates,
    by_period,
    cosine_shape,
    months_of,
)
from balkhash_model.forcing.climate import lake_evaporation, lake_precipitation, reservoir_depths
from balkhash_model.forcing.inflow import (
    eastern_rivers,
    ili_at_gauge,
    irrigation_shape,
    kapshagay_lateral,
    kazakh_cropland,
)
from balkhash_model.forcing.operation import release_rule, target_volume
from balkhash_model.forcing.reservoir import (
    given_back,
    published_losses,
)
from balkhash_model.forcing.table import FORCING
from balkhash_model.library import load_parameters
from balkhash_model.scenario import load_scenario
from balkhash_model.timeaxis import TimeAxis

DAY = 86_400.0
P = load_parameters("balkhash")


def yearly(axis: TimeAxis, rates) -> dict[int, float]:
    """Amount of each calendar year."""
    return {int(y): float((rates * axis.durations)[axis.years == y].sum()) for y in set(axis.years)}


# ---------------------------------------------------------------- calendar


def test_a_flat_year_is_a_constant_rate_in_a_leap_year_too():
    axis = months_of(1963, 1964)
    rates = annual_amounts_to_rates(axis, np.array([365.0, 366.0]), 1963, np.ones(12))
    np.testing.assert_allclose(rates, 1.0 / DAY, rtol=1e-14)


def test_relative_rates_by_hand():
    # flow twice as high in January as in the other months of 1961: the year is worth
    # 2 x 31 + 334 = 396 days of the lower flow
    shape = np.ones(12)
    shape[0] = 2.0
    rates = annual_amounts_to_rates(months_of(1961, 1961), np.array([396.0]), 1961, shape)
    np.testing.assert_allclose(rates * DAY, [2.0] + 11 * [1.0], rtol=1e-14)


def test_shares_are_amounts_of_a_month():
    # a twelfth each month: February of 28 days has the higher rate
    rates = annual_amounts_to_rates(
        months_of(1961, 1961), np.array([12.0]), 1961, np.ones(12), shares=True
    )
    np.testing.assert_allclose(rates[:2] * DAY, [1 / 31, 1 / 28], rtol=1e-14)


@pytest.mark.parametrize(
    "axis",
    [
        TimeAxis.monthly("1962-05-01", "1963-03-01"),
        TimeAxis.daily("1962-01-01", "1963-01-01"),
        TimeAxis.regular("1961-01-01", "1963-01-01", months=8),
        TimeAxis.irregular(["1961-03-05", "1961-03-17T06:00", "1962-02-01", "1962-12-31"]),
    ],
    ids=["part of the months", "days", "8 months", "irregular"],
)
def test_any_axis_carries_the_amounts_of_the_months_beneath(axis):
    shape, amounts = cosine_shape(0.5, 6.0), np.array([10.0, 20.0, 30.0])
    months = months_of(1961, 1963)
    monthly = annual_amounts_to_rates(months, amounts, 1961, shape)
    rates = annual_amounts_to_rates(axis, amounts, 1961, shape)
    seconds = (months.edges - months.edges[0]).astype(float)
    total = np.concatenate(([0.0], np.cumsum(monthly * months.durations)))
    expected = np.diff(np.interp((axis.edges - months.edges[0]).astype(float), seconds, total))
    np.testing.assert_allclose(rates * axis.durations, expected, rtol=1e-12)


def test_cosine_shape_by_hand():
    # cos 60 degrees two months from the peak, cos 90 three
    shape = cosine_shape(0.5, 6.0)
    np.testing.assert_allclose(shape[[5, 7, 8, 11]], [1.5, 1.25, 1.0, 0.5], atol=1e-15)
    assert shape.mean() == pytest.approx(1.0)
    np.testing.assert_allclose(cosine_shape(0.3, 6.5)[[5, 6]], 1 + 0.3 * np.cos(np.pi / 12))


def test_by_period_takes_both_ends_and_nothing_beyond():
    found = by_period([1959, 1960, 1969, 1970, 1986], [1960, 1970], [1969, 1985], [1.0, 2.0])
    np.testing.assert_array_equal(found, [np.nan, 1.0, 1.0, 2.0, np.nan])


# ---------------------------------------------------------------- rivers


@pytest.mark.parametrize("gauge", ["km171", "kapshagay_outflow", "ushzharma"])
def test_the_ili_brings_the_printed_amount_every_year(gauge):
    axis = months_of(1970, 2014)
    table = reference.load("ili_flux_by_period")
    rows = (table["row_kind"].values == "period") & (table["gauge"].values == gauge)
    amounts = yearly(axis, ili_at_gauge(axis, gauge, P))
    for start, end, flow in zip(
        *(table[n].values[rows] for n in ("period_start", "period_end", "flow_km3_per_yr")),
        strict=True,
    ):
        for year in range(max(int(start), 1970), min(int(end), 2014) + 1):
            assert amounts[year] == pytest.approx(flow * 1e9, rel=1e-12)


def test_years_without_a_printed_flow_are_refused(problems):
    [text] = problems(ili_at_gauge, months_of(2019, 2022), "ushzharma", P)
    assert text == (
        "inflow.ili at ushzharma: no published mean for these years; "
        "got 2021 to 2022; expected 1960 to 2020. Shorten the period"
    )


def test_the_east_is_drier_in_the_dry_phase_only():
    axis = months_of(1971, 1988)
    p = load_parameters("balkhash", {"eastern_inflow": "3 km3/yr", "eastern_dry_factor": "0.75"})
    amounts = yearly(axis, eastern_rivers(axis, (1973, 1986), p))
    for year, amount in amounts.items():
        expected = 2.25e9 if 1973 <= year <= 1986 else 3e9
        assert amount == pytest.approx(expected, rel=1e-12), year
    wet = eastern_rivers(axis, None, p)
    assert set(np.round(list(yearly(axis, wet).values()))) == {3e9}


LATERAL = {
    "kapshagay_chilik": "1 km3/yr",
    "kapshagay_other_tributaries": "0.5 km3/yr",
    "irrigation_depth": "0.1 m/yr",
    "kapshagay_unclosed_1970_1985": "-0.5 km3/yr",
    "kapshagay_unclosed_1986_1995": "0.4 km3/yr",
}


def test_the_lateral_inflow_is_tributaries_less_irrigation_and_what_is_unclosed():
    axis = months_of(1969, 1986)
    p = load_parameters("balkhash", LATERAL)
    # cropland 14 400 km2 to 1975, then 150 km2 less every year
    amounts = yearly(axis, kapshagay_lateral(axis, p, closed=False))
    assert amounts[1969] == 0.0
    assert [amounts[y] / 1e9 for y in (1970, 1975, 1985)] == pytest.approx([0.06, 0.06, 0.21])
    closed = yearly(axis, kapshagay_lateral(axis, p))
    more = [(closed[y] - amounts[y]) / 1e9 for y in (1969, 1970, 1985, 1986)]
    assert more == pytest.approx([0.0, -0.5, -0.5, 0.4], abs=1e-12)


def test_irrigation_has_its_season():
    shape = irrigation_shape(P)
    # half a wave over April to September about the end of June, symmetric
    half = np.cos(np.pi * np.array([2.5, 1.5, 0.5]) / 6)
    np.testing.assert_allclose(shape[3:6], 6 * half / half.sum(), rtol=1e-14)
    np.testing.assert_allclose(shape[6:9], shape[5:2:-1], rtol=1e-12)
    assert not shape[[0, 1, 2, 9, 10, 11]].any()


def test_cropland_between_its_dated_areas():
    found = kazakh_cropland([1960, 1975, 1990, 2005, 2010, 2015, 2030]) / 1e6
    np.testing.assert_allclose(found, [14400, 14400, 12150, 9900, 11100, 12300, 12300])


# ---------------------------------------------------------------- operation of Kapshagay


def test_the_target_rises_while_filling_and_has_a_season():
    p = load_parameters(
        "balkhash",
        {
            "kapshagay_target_1986": "16 km3",
            "kapshagay_target_1996": "16 km3",
            "kapshagay_target_2006": "18 km3",
            "kapshagay_target_amplitude": "0.5 km3",
        },
    )
    target = target_volume(TimeAxis.daily("1970-01-01", "2021-01-01"), p) / 1e9
    day = np.arange("1970-01-01", "2021-01-01", dtype="datetime64[D]")
    on = dict(zip(day.astype(str).tolist(), target.tolist(), strict=True))
    assert on["1990-04-16"] == pytest.approx(16.5, abs=1e-3)  # the peak
    assert on["1990-10-16"] == pytest.approx(15.5, abs=1e-3)
    # a quarter of a year from the peak the season is nil
    assert on["1978-01-15"] == pytest.approx(8.0 + 14 / 365, abs=0.02)
    assert on["2020-07-16"] == pytest.approx(18.0, abs=0.01)
    assert target.min() == 0.0


def test_the_rule_of_the_gauges_is_the_gauged_release():
    axis = months_of(1970, 1972)
    rule = release_rule(axis, P, "gauges")
    np.testing.assert_array_equal(rule.plan, ili_at_gauge(axis, "kapshagay_outflow", P))
    assert np.isinf(rule.tau)
    assert rule.minimum.max() == 0.0
    assert np.isinf(rule.maximum).all()


def test_the_plan_is_an_even_part_and_an_irrigated_one():
    axis = months_of(2001, 2001)
    p = load_parameters(
        "balkhash",
        {"kapshagay_planned_release": "12 km3/yr", "kapshagay_irrigation_release": "2 km3/yr"},
    )
    rule = release_rule(axis, p)
    assert yearly(axis, rule.plan)[2001] == pytest.approx(12e9)
    np.testing.assert_allclose(rule.plan[[0, 11]], 10e9 / (365 * DAY), rtol=1e-12)
    assert set(rule.minimum) == {137.0}
    assert set(rule.maximum) == {1226.0}
    # the capacity is that of 433 MW at 40 m and 0.9
    assert pytest.approx(1226, abs=0.5) == 433e6 / (1000 * 9.81 * 40 * 0.9)
    # the planned release: 637 m3/s in June to September, 312 in the other 243 days
    assert pytest.approx(13.27, abs=0.01) == (637 * 122 + 312 * 243) * DAY / 1e9


def test_a_rule_that_cannot_be_is_refused(problems):
    p = load_parameters(
        "balkhash",
        {
            "kapshagay_minimum_release": "1500 m3/s",
            "kapshagay_rule_time": "0 s",
            "kapshagay_irrigation_release": "14 km3/yr",
        },
    )
    found = problems(release_rule, months_of(2001, 2001), p)
    assert len(found) == 3
    assert found[0].startswith("release of kapshagay: bounds cross; got 1500 to 1226 m3/s")
    [text] = problems(release_rule, months_of(2001, 2001), P, "none")
    assert text.startswith("operation of kapshagay: no such operation; got none; expected rule or")


def test_an_unknown_gauge_is_named(problems):
    [text] = problems(published_losses, "km171", "km_171")
    assert "no such gauge; got km_171; expected kapshagay_outflow, km171, ushzharma" in text


def test_without_the_reservoir_the_river_gets_its_losses_back():
    axis = months_of(1961, 2020)
    back = yearly(axis, given_back(axis, P))
    # printed losses 0.66, 2.05, 0.57, 0.71, 1.23
    expected = {1969: 0.0, 1970: 1.39, 1985: 1.39, 1986: -0.09, 1996: 0.05, 2020: 0.57}
    assert {y: back[y] / 1e9 for y in expected} == pytest.approx(expected, abs=1e-9)
    dam = ili_at_gauge(axis, "kapshagay_outflow", P)
    natural = yearly(axis, dam + given_back(axis, P))
    above = yearly(axis, ili_at_gauge(axis, "km171", P))
    for year in natural:  # the old loss of the reach, in every year
        assert (above[year] - natural[year]) / 1e9 == pytest.approx(0.66, abs=1e-9)
    # against other years of reference: 0.57 in 1986-1995 and 0.71 in 1996-2005
    other = yearly(axis, given_back(axis, P, (1994, 1997)))
    assert other[1980] / 1e9 == pytest.approx(2.05 - 0.64, abs=1e-9)


def test_without_the_reservoir_only_in_years_with_printed_losses(problems):
    [text] = problems(given_back, months_of(2019, 2022), P)
    assert text == (
        "reservoirs.kapshagay.give_back: no published loss for these years; "
        "got 2021 to 2022; expected 1960 to 2020. Shorten the period"
    )
    found = problems(given_back, months_of(2019, 2022), P, (1950, 1959))
    assert len(found) == 2
    assert "no published loss for these reference years; got 1950 to 1959" in found[1]


# ---------------------------------------------------------------- climate


def test_rain_is_wangs_volume_of_each_period():
    # 3.51, 2.98, 3.19, 3.56 km3/yr over 17 199 km2
    axis = months_of(1961, 2014)
    depth = yearly(axis, lake_precipitation(axis, P))
    volumes = {y: d * 17_199e6 / 1e9 for y, d in depth.items()}
    assert [volumes[y] for y in (1961, 1970, 1986, 2014)] == pytest.approx([3.51, 2.98, 3.19, 3.56])


def test_evaporation_is_net_evaporation_and_rain_every_year():
    p = load_parameters(
        "balkhash", {"net_evaporation": "0.85 m/yr", "mean_precipitation": "195 mm/yr"}
    )
    axis = months_of(1963, 1964)
    assert list(yearly(axis, lake_evaporation(axis, p)).values()) == pytest.approx(2 * [1.045])


def test_kapshagay_has_its_own_depths():
    axis = months_of(2000, 2000)
    rain, evaporation = reservoir_depths(axis, P)
    assert yearly(axis, rain)[2000] == pytest.approx(0.30, rel=1e-12)
    assert yearly(axis, evaporation)[2000] == pytest.approx(1.10, rel=1e-12)


# ---------------------------------------------------------------- the whole dataset


def test_an_empty_forcing_has_every_variable_with_its_unit(balkhash):
    forcing = empty_forcing(balkhash, TimeAxis.monthly("2000-01-01", "2001-01-01"))
    assert set(forcing.data_vars) == set(FORCING)
    for name, (unit, dim) in FORCING.items():
        assert forcing[name].dims == ("time", dim)
        assert forcing[name].attrs["units"] == unit
    assert forcing["gauge_flow"].isnull().all()
    assert float(abs(forcing["river_flow"]).max()) == 0.0
    assert forcing.attrs["datum"] == balkhash.datum
    assert forcing["time"].attrs["bounds"] == "time_bnds"
    assert forcing["link"].values.tolist() == ["kapshagay_release"]


def test_the_forcing_of_the_hindcast(balkhash):
    forcing = assemble(load_scenario("hindcast_free"), balkhash)
    assert forcing.sizes["time"] == 648
    assert not any(forcing[name].isnull().any() for name in FORCING)
    # the lake's basins share one climate, the reservoir has another
    rain = forcing["precipitation_rate"]
    assert (rain.sel(storage="west") == rain.sel(storage="east")).all()
    assert (rain.sel(storage="kapshagay") != rain.sel(storage="west")).all()
    ground = forcing["groundwater_flow"].sel(storage=["west", "east"]).sum("storage").values
    np.testing.assert_allclose(ground, balkhash.parameters["groundwater"].si, rtol=1e-12)
    # the reservoir's own exchange is its seepage
    seeps = set(forcing["groundwater_flow"].sel(storage="kapshagay").values)
    assert seeps == {-balkhash.parameters["kapshagay_seepage"].si}


def test_another_axis_keeps_the_total(balkhash):
    scenario = load_scenario("hindcast_free")
    axis = TimeAxis.daily("1969-01-01", "1971-01-01")
    daily = assemble(scenario, balkhash, axis)
    monthly = assemble(scenario, balkhash, months_of(1969, 1970))
    for name in ("river_flow", "gauge_flow", "evaporation_rate"):
        a = (daily[name].values * axis.durations[:, None]).sum(axis=0)
        b = (monthly[name].values * months_of(1969, 1970).durations[:, None]).sum(axis=0)
        np.testing.assert_allclose(a, b, rtol=1e-12)
