"""The seasonal evaporation and the ice of Balkhash: totals, shape, lag, warming, refusals."""

import numpy as np
import pytest

from balkhash_model.diagnostics.ice import ice_dates, ice_seasons
from balkhash_model.forcing import climate, runoff
from balkhash_model.forcing.calendar import (
    daily_amounts_to_rates,
    mean_over_intervals,
    months_of,
)
from balkhash_model.forcing.ice import ice_cover, ice_thickness
from balkhash_model.forcing.lake_weather import lake_site, lake_year
from balkhash_model.forcing.temperature import (
    DAYS,
    daily_climatology,
    daily_from_monthly,
    daily_temperature,
    station_climatology,
)
from balkhash_model.library import load_parameters
from balkhash_model.timeaxis import TimeAxis

P = load_parameters("balkhash")
BASINS = ("west", "east")
DAY = 86400.0


def harmonic_day(daily) -> float:
    """Day of the year on which the annual harmonic is highest."""
    n = np.asarray(daily).size
    turn = (daily * np.exp(-2j * np.pi * (np.arange(n) + 0.5) / n)).sum()
    return float((-np.angle(turn) / (2 * np.pi) * n) % n)


# ---------------------------------------------------------------- days from months


def test_days_keep_the_means_of_their_months():
    monthly = station_climatology("Kuigan")
    days = daily_climatology("Kuigan")
    month = np.repeat(np.arange(12), DAYS)
    found = np.bincount(month, days) / DAYS
    np.testing.assert_allclose(found, monthly, atol=0.1)
    # no step from month to month, as a staircase would have
    assert np.abs(np.diff(days)).max() < 0.6


def test_a_constant_stays_constant():
    np.testing.assert_allclose(daily_from_monthly(np.full(24, 7.5), np.tile(DAYS, 2)), 7.5)


def test_before_2000_the_climatology_stands_for_every_year():
    course, own = daily_temperature("Kuigan", 1961, 1969)
    assert own == 0
    np.testing.assert_allclose(course[365:730], course[730:1095], atol=0.05)
    assert daily_temperature("Kuigan", 1999, 2001)[1] == 24
    assert daily_temperature("Kuigan", 2023, 2023)[1] == 4  # January to April


def test_an_unknown_station_is_named(problems):
    [text] = problems(station_climatology, "Kuygan")
    assert "Nearest: Kuigan" in text


# ---------------------------------------------------------------- rates from days


def test_daily_shapes_keep_the_annual_amount_in_leap_years_too():
    axis = TimeAxis.daily("1963-01-01", "1965-01-01")
    shape = 1.0 + np.sin(np.arange(365))
    rates = daily_amounts_to_rates(axis, np.array([2.0, 3.0]), 1963, shape)
    depth = rates * axis.durations
    assert depth[:365].sum() == pytest.approx(2.0, rel=1e-13)
    assert depth[365:].sum() == pytest.approx(3.0, rel=1e-13)
    # 29 February takes the rate of the day before
    assert depth[365 + 59] == pytest.approx(depth[365 + 58])


@pytest.mark.parametrize("storage", BASINS)
def test_an_interval_has_the_same_bits_in_every_run(storage):
    long, short = (TimeAxis.monthly(start, "2010-01-01") for start in ("1961-01-01", "2000-01-01"))
    for function in (climate.lake_evaporation, ice_cover):
        last = function(long, P, storage)[-120:]
        np.testing.assert_array_equal(last, function(short, P, storage))


def test_means_over_intervals_by_hand():
    axis = TimeAxis.irregular(["2000-01-01T12:00", "2000-01-03", "2000-01-04T06:00"])
    means = mean_over_intervals(axis, np.datetime64("2000-01-01"), np.array([1.0, 2.0, 3.0, 7.0]))
    np.testing.assert_allclose(means, [(0.5 + 2.0) / 1.5, (3.0 + 0.25 * 7.0) / 1.25])


# ---------------------------------------------------------------- the seasonal shape


@pytest.mark.parametrize("storage", BASINS)
def test_the_annual_depth_is_the_fitted_one(storage):
    axis = months_of(1961, 1964)
    depth = climate.lake_evaporation(axis, P, storage) * axis.durations
    fitted = (P["net_evaporation"].si + P["mean_precipitation"].si) * 365.2425 * DAY
    np.testing.assert_allclose(depth.reshape(-1, 12).sum(axis=1), fitted, rtol=1e-12)
    monthly = depth[:12]
    assert monthly.argmax() + 1 in (7, 8)
    assert (monthly >= 0.0).all()


def test_untuned_open_water_evaporation_lies_where_the_literature_has_it():
    west, east = (lake_year(lake_site(P, s)).annual_depth for s in BASINS)
    share = P["west_area_share"].si
    lake = share * west + (1.0 - share) * east
    assert 0.95 <= lake <= 1.10
    # what the documentation prints, in mm
    assert (1e3 * west, 1e3 * east) == pytest.approx((1007.0, 985.0), abs=1.0)
    # with the share that falls on ice, as printed totals are of the whole year
    assert 0.95 <= lake / (1.0 - P["evaporation_ice_share"].si) <= 1.10


@pytest.mark.parametrize("storage", BASINS)
def test_at_most_a_twentieth_falls_on_ice(storage):
    shape, size = climate.evaporation_year(P, storage)
    assert size == pytest.approx(1.0, rel=1e-12)
    year = lake_year(lake_site(P, storage))
    on_ice = float((shape[year.ice_cover >= 0.5]).sum())
    assert on_ice <= 0.05
    assert year.open_evaporation[year.ice_cover == 1.0].sum() == 0.0


@pytest.mark.parametrize(("storage", "low", "high"), [("west", 9.0, 19.0), ("east", 15.0, 31.0)])
def test_heat_storage_makes_evaporation_late_by_its_time_constant(storage, low, high):
    site = lake_site(P, storage)
    with_storage = lake_year(site, ice=False)
    without = lake_year(site, heat_storage=False, ice=False)
    water = harmonic_day(with_storage.water_temperature) - harmonic_day(without.water_temperature)
    rate = harmonic_day(with_storage.open_evaporation) - harmonic_day(without.open_evaporation)
    tau = float(with_storage.time_constant.mean() / DAY)
    # the water lags by about its time constant, as a linear store of that constant would: by less,
    # since water that is warmer than the wet bulb gives off its heat faster
    assert low <= water <= high
    assert 0.75 * tau < water < tau
    # evaporation hangs on the difference to the vapour of the air, which does not lag, and so lags
    # more than the water: within half of the printed range of the time constant
    assert 0.5 * low <= rate <= 1.5 * high
    assert rate > water


@pytest.mark.parametrize(("storage", "low", "high"), [("west", 9.0, 19.0), ("east", 15.0, 31.0)])
def test_a_daily_run_lags_the_one_without_heat_storage(storage, low, high):
    axis = TimeAxis.daily("1970-01-01", "1971-01-01")
    site = lake_site(P, storage)
    lag = harmonic_day(climate.lake_evaporation(axis, P, storage)) - harmonic_day(
        lake_year(site, heat_storage=False).open_evaporation
    )
    tau = float(lake_year(site).time_constant.mean() / DAY)
    assert low <= tau <= high
    assert lag == pytest.approx(tau, rel=0.1)


def test_the_east_is_later_than_the_west():
    axis = months_of(1970, 1970)
    west, east = (climate.lake_evaporation(axis, P, s) for s in BASINS)
    assert west[3:7].sum() > east[3:7].sum()
    assert west[8:11].sum() < east[8:11].sum()


def test_a_daily_run_and_a_monthly_one_have_the_same_amounts():
    days, months = TimeAxis.daily("1970-01-01", "1971-01-01"), months_of(1970, 1970)
    daily = climate.lake_evaporation(days, P, "east") * DAY
    monthly = climate.lake_evaporation(months, P, "east") * months.durations
    np.testing.assert_allclose(np.bincount(days.months - 1, daily), monthly, rtol=1e-12)


# ---------------------------------------------------------------- warming


@pytest.mark.parametrize("storage", BASINS)
def test_the_response_to_warming(storage):
    np.testing.assert_allclose(climate.evaporation_response(P, storage, 0.0), 1.0, rtol=1e-14)
    one, three = (climate.evaporation_response(P, storage, x) for x in (1.0, 3.0))
    assert (three[4:10] > one[4:10]).all()
    assert (one[4:10] > 1.0).all()
    # 3 to 4 % per kelvin over the year at constant relative humidity
    size = climate.evaporation_year(P, storage, 1.0)[1]
    assert 1.02 < size < 1.06


def test_warming_by_month_and_by_year():
    summer = np.zeros(12)
    summer[5:8] = 2.0
    ratio = climate.evaporation_response(P, "west", summer)
    assert ratio[6] > 1.03
    assert ratio[4] == pytest.approx(1.0)
    axis = months_of(2000, 2001)
    rates = climate.lake_evaporation(axis, P, "west", temperature_change=[0.0, 2.0])
    depth = (rates * axis.durations).reshape(2, 12).sum(axis=1)
    assert depth[1] / depth[0] == pytest.approx(climate.evaporation_year(P, "west", 2.0)[1])


def test_the_old_shape_is_still_there():
    axis = months_of(1970, 1970)
    old = climate.lake_evaporation(axis, P, "west", "mass_transfer_climatology") * axis.durations
    np.testing.assert_allclose(old / old.sum(), climate.evaporation_shape(P), rtol=1e-12)


def test_what_cannot_be_is_refused(problems):
    axis = months_of(1970, 1971)
    for keywords, part in (
        ({"method": "penmann"}, "climate.evaporation: no such method"),
        ({"storage": "north"}, "no station for this storage"),
        ({"temperature_change": [1.0, 2.0, 3.0]}, "one value, or one for each of the 2 years"),
        ({"temperature_change": 40.0}, "temperature_change: outside the range"),
        (
            {"method": "mass_transfer_climatology", "temperature_change": 1.0},
            "this method does not answer to warming",
        ),
    ):
        [text] = problems(climate.lake_evaporation, axis, P, **keywords)
        assert part in text


# ---------------------------------------------------------------- ice


@pytest.mark.parametrize("storage", BASINS)
def test_ice_comes_late_in_november_and_goes_early_in_april(storage):
    axis = TimeAxis.daily("1970-07-01", "1972-07-01")
    days = np.arange(axis.n + 1)
    origin = np.datetime64("1970-07-01")
    for season in ice_seasons(ice_cover(axis, P, storage), days):
        came, went = (str(origin + int(x))[5:] for x in season[:2])
        assert "11-21" <= came <= "11-30"
        assert "04-01" <= went <= "04-10"
    cold, warm = (ice_seasons(ice_cover(axis, P, storage, x), days)[0] for x in (0.0, 2.0))
    assert warm[1] - warm[0] < cold[1] - cold[0] - 10.0
    assert ice_thickness(axis, P, storage).max() == pytest.approx(0.49, abs=0.02)


def test_break_up_of_years_that_satellites_saw():
    # NASA: 11 to 18 April 2003, open between 2 and 16 April 2021, 25 to 31 March 2022; not fitted
    axis = TimeAxis.daily("2002-07-01", "2022-07-01")
    found = ice_seasons(ice_cover(axis, P, "east"), np.arange(axis.n + 1))
    origin = np.datetime64("2002-07-01")
    ends = {int(str(d)[:4]): d for d in (origin + round(x) for x in found[:, 1])}
    for year, low, high in (
        (2003, "04-11", "04-18"),
        (2021, "04-02", "04-16"),
        (2022, "03-25", "03-31"),
    ):
        early = np.datetime64(f"{year}-{low}") - 4
        late = np.datetime64(f"{year}-{high}") + 4
        assert early <= ends[year] <= late, ends[year]


def test_months_give_nearly_the_dates_of_days():
    days = TimeAxis.daily("2000-07-01", "2010-07-01")
    months = TimeAxis.monthly("2000-07-01", "2010-07-01")
    edges = (months.edges - months.edges[0]).astype(float) / DAY
    fine = ice_seasons(ice_cover(days, P, "west"), np.arange(days.n + 1))
    coarse = ice_seasons(ice_cover(months, P, "west"), edges)
    np.testing.assert_allclose(coarse, fine, atol=3.0)


def test_the_result_carries_ice_and_says_where_it_comes_from(hindcast_free):
    ice = hindcast_free["ice_cover"]
    assert ice.dims == ("time", "storage")
    assert float(ice.min()) >= 0.0
    assert float(ice.max()) <= 1.0
    assert "climatology 2000-2022" in ice.attrs["comment"]
    assert ice.attrs["units"] == "1"
    table = ice_dates(hindcast_free)
    west = table[table["storage"] == "west"]
    # 1961 begins and 2014 ends under ice
    assert west["freeze_up"].isna().sum() == 1
    assert west["break_up"].isna().sum() == 1
    whole = west.dropna()
    assert len(whole) == 53
    assert 100 < whole["days"].mean() < 145


def test_a_result_without_ice_says_so(hindcast_free, problems):
    [text] = problems(ice_dates, hindcast_free.drop_vars("ice_cover"))
    assert "has no ice cover" in text


# ---------------------------------------------------------------- runoff


def test_glaciers_follow_the_projection(problems):
    # 2010-2030 of RCP8.5: 8.79 over 7.02 at the middle of the period
    assert runoff.glacier_ratio([2020], "RCP8.5")[0] == pytest.approx(8.79 / 7.02)
    assert runoff.glacier_ratio([1950, 1994], "RCP4.5").tolist() == [1.0, 1.0]
    assert runoff.glacier_ratio([2300], "RCP4.5")[0] == pytest.approx(7.63 / 7.04)
    # the lowest of the models, over its own value of 1980-2009
    assert runoff.glacier_ratio([2020], "RCP8.5", 0.0)[0] == pytest.approx(7.2 / 6.7)
    assert runoff.glacier_ratio([2020, 2040], "RCP8.5", [0.0, 0.5, 1.0]).shape == (3, 2)
    found = problems(runoff.glacier_ratio, [2020], "RCP6", 1.5)
    assert len(found) == 2


def test_natural_flow_with_and_without_change():
    years = np.arange(2020, 2030)
    np.testing.assert_array_equal(runoff.natural_flow_ratio(years, P), np.ones(10))
    wet = runoff.natural_flow_ratio(years, P, precipitation_change=0.1)
    g, e = P["glacier_runoff_share"].si, P["ili_precipitation_elasticity"].si
    np.testing.assert_allclose(wet, (1 - g) * 1.1**e + g)
    ramp = runoff.natural_flow_ratio(years, P, temperature_change=np.linspace(0, 2, 10))
    assert (np.diff(ramp) < 0).all()


def test_members_share_the_ice_of_the_forcing(balkhash, problems):
    from balkhash_model.forcing import empty_forcing
    from balkhash_model.simulation import simulate

    axis = TimeAxis.monthly("2000-01-01", "2000-07-01")
    forcing = empty_forcing(balkhash, axis)
    start = {"kapshagay": 477.0, "west": 342.0, "east": 342.0}
    assert "ice_cover" not in simulate(balkhash, forcing, initial=start)
    cover = np.tile(np.linspace(1.0, 0.0, 6)[:, None], (1, 3))
    forcing["ice_cover"] = (("time", "storage"), cover, {"units": "1", "comment": "made up"})
    rain = np.zeros((2, 6, 3))
    forcing["precipitation_rate"] = (
        ("realization", "time", "storage"),
        rain,
        {"units": "m s-1"},
    )
    ice = simulate(balkhash, forcing, initial=start)["ice_cover"]
    assert ice.dims == ("realization", "time", "storage")
    np.testing.assert_array_equal(ice.values, np.stack([cover, cover]))
    assert ice.attrs["comment"] == "made up"
    forcing["ice_cover"].values[2, 1] = 1.4
    [text] = problems(simulate, balkhash, forcing, initial=start)
    assert text.startswith("forcing ice_cover of 'west' from 2000-03-01: outside its range")
