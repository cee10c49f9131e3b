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
from balkhash_model.forcing.inflow import eastern_rivers, ili_at_gauge, kapshagay_lateral
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


def test_kapshagay_lateral_by_period():
    axis = months_of(1969, 1986)
    p = load_parameters(
        "balkhash",
        {"kapshagay_lateral_1970_1985": "-0.5 km3/yr", "kapshagay_lateral_1986_1995": "0.4 km3/yr"},
    )
    amounts = yearly(axis, kapshagay_lateral(axis, p))
    assert amounts[1969] == 0.0
    assert [amounts[1970], amounts[1985], amounts[1986]] == pytest.approx([-5e8, -5e8, 4e8])


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
    ground = forcing["groundwater_flow"].sum("storage").values
    np.testing.assert_allclose(ground, balkhash.parameters["groundwater"].si, rtol=1e-12)
    assert set(forcing["groundwater_flow"].sel(storage="kapshagay").values) == {0.0}


def test_another_axis_keeps_the_total(balkhash):
    scenario = load_scenario("hindcast_free")
    axis = TimeAxis.daily("1969-01-01", "1971-01-01")
    daily = assemble(scenario, balkhash, axis)
    monthly = assemble(scenario, balkhash, months_of(1969, 1970))
    for name in ("river_flow", "gauge_flow", "evaporation_rate"):
        a = (daily[name].values * axis.durations[:, None]).sum(axis=0)
        b = (monthly[name].values * months_of(1969, 1970).durations[:, None]).sum(axis=0)
        np.testing.assert_allclose(a, b, rtol=1e-12)
