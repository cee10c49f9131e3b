"""A forcing dataset that cannot be used is refused with everything that is wrong with it."""

import numpy as np
import pytest
import xarray as xr

from balkhash_model.forcing import empty_forcing
from balkhash_model.forcing.check import read_forcing
from balkhash_model.simulation import initial_volumes, simulate
from balkhash_model.timeaxis import TimeAxis

LEVELS = {"kapshagay": 477.0, "west": 342.0, "east": 342.0}


@pytest.fixture
def forcing(balkhash):
    return empty_forcing(balkhash, TimeAxis.monthly("2000-01-01", "2001-01-01"))


def test_a_good_dataset_becomes_arrays(balkhash, forcing):
    arrays = read_forcing(balkhash, forcing)
    assert arrays.members is None
    assert arrays.axis.n == 12
    assert arrays["river_flow"].shape == (1, 12, 3)


def test_names_may_come_in_any_order(balkhash, forcing):
    forcing["river_flow"].loc[{"river": "eastern_rivers"}] = 7.0
    turned = forcing.isel(river=[2, 0, 1], storage=[1, 2, 0])
    values = read_forcing(balkhash, turned)["river_flow"][0, 0]
    assert values.tolist() == [0.0, 0.0, 7.0]  # ili_km171, kapshagay_lateral, eastern_rivers


def test_what_may_be_left_out(balkhash, forcing):
    few = forcing.drop_vars(
        ["gauge_flow", "side_inflow", "release_demand", "withdrawal_demand", "groundwater_flow"]
    )
    arrays = read_forcing(balkhash, few)
    assert np.isnan(arrays["gauge_flow"]).all()
    assert not arrays["release_demand"].any()


def test_members_of_some_variables_only(balkhash, forcing):
    forcing["river_flow"] = forcing["river_flow"].expand_dims(realization=3)
    arrays = read_forcing(balkhash, forcing)
    assert arrays.members == 3
    assert (arrays["river_flow"].shape[0], arrays["evaporation_rate"].shape[0]) == (3, 1)


# Each change of the dataset, and words of the one problem that it gives.


def nan_at(name, dim, of, month):
    def change(f: xr.Dataset) -> xr.Dataset:
        f[name][{"time": month}].loc[{dim: of}] = np.nan
        return f

    return change


def value(name, number):
    def change(f: xr.Dataset) -> xr.Dataset:
        f[name][:] = number
        return f

    return change


def units(name, unit):
    def change(f: xr.Dataset) -> xr.Dataset:
        f[name].attrs = {} if unit is None else {"units": unit}
        return f

    return change


def bounds(change_bounds):
    def change(f: xr.Dataset) -> xr.Dataset:
        new = f["time_bnds"].values.copy()
        return f.assign_coords(time_bnds=(("time", "bnds"), change_bounds(new)))

    return change


def shifted(b):
    b[5, 0] += np.timedelta64(1, "D")
    return b


REFUSED = {
    "no variable": (
        lambda f: f.drop_vars("river_flow"),
        "forcing river_flow: missing; expected dims (time, river), m3 s-1",
    ),
    "extra variable": (
        lambda f: f.assign(river_flw=f["river_flow"].copy()),
        "forcing river_flw: no such variable. Nearest: river_flow",
    ),
    "no unit": (
        units("river_flow", None),
        "forcing river_flow: no units attribute; expected 'm3 s-1'",
    ),
    "wrong unit": (
        units("evaporation_rate", "mm/day"),
        "forcing evaporation_rate: wrong units; got 'mm/day'; expected 'm s-1'",
    ),
    "datum": (
        lambda f: f.assign_attrs(datum="EGM2008"),
        "forcing datum: differs from the system's; got EGM2008; expected Baltic system (BS)",
    ),
    "NaN": (
        nan_at("river_flow", "river", "eastern_rivers", 4),
        "forcing river_flow of 'eastern_rivers' from 2000-05-01: is not a number; "
        "got nan, the first of 1 such value(s); expected finite values, no gaps",
    ),
    "infinite": (
        value("evaporation_rate", np.inf),
        "forcing evaporation_rate of 'kapshagay' from 2000-01-01: is not a number; "
        "got inf, the first of 36 such value(s)",
    ),
    "infinite gauge": (value("gauge_flow", np.inf), "forcing gauge_flow of 'ushzharma'"),
    "negative rain": (
        value("precipitation_rate", -1e-9),
        "forcing precipitation_rate of 'kapshagay' from 2000-01-01: is negative",
    ),
    "rain in mm": (
        value("precipitation_rate", 2e-5),
        "forcing precipitation_rate of 'kapshagay' from 2000-01-01: is too large; got 2e-05, the "
        "first of 36 such value(s); expected at most 1e-05 m s-1, 864 mm/day. Check the unit",
    ),
    "a river in m3 per year": (
        value("river_flow", 3e9),
        "expected at most 1e+06 m3 s-1. Check the unit",
    ),
    "a gauge below all": (value("gauge_flow", -2e6), "is too low; got -2e+06"),
    "groundwater in m3 per year": (value("groundwater_flow", 6e8), "is too large; got 6e+08"),
    "a target in km3 too many": (value("target_volume", 1e16), "is too large; got 1e+16"),
    "a release below nothing": (value("release_minimum", -5.0), "is negative; got -5"),
    "negative use": (value("withdrawal_demand", -1.0), "of 'shore_towns' from 2000-01-01"),
    "other names": (
        lambda f: f.assign_coords(river=["a", "b", "c"]),
        "forcing river_flow, river: other names than the system's; got ['a', 'b', 'c']",
    ),
    "wrong dims": (
        lambda f: f.assign(river_flow=f["evaporation_rate"].assign_attrs(units="m3 s-1")),
        "forcing river_flow: wrong dimensions",
    ),
    "no bounds": (lambda f: f.drop_vars("time_bnds"), "forcing: no time_bnds; expected the start"),
    "bounds no times": (bounds(lambda b: b.astype("int64")), "forcing time_bnds: not times"),
    "bounds of three": (
        lambda f: f.drop_vars("time_bnds").assign_coords(
            time_bnds=(("time", "three"), np.repeat(f["time_bnds"].values[:, :1], 3, axis=1))
        ),
        "forcing time_bnds: wrong shape; got (12, 3); expected (n, 2)",
    ),
    "gap": (
        bounds(shifted),
        "forcing time_bnds, interval 5: intervals leave a gap; "
        "got starts 2000-06-02T00:00:00; expected 2000-06-01T00:00:00",
    ),
    "gap of a month": (lambda f: f.isel(time=[0, 1, 2, 4, 5]), "interval 3: intervals leave a gap"),
    "unsorted": (
        lambda f: f.isel(time=[1, 0, *range(2, 12)]),
        "forcing time_bnds, interval 1: intervals overlap or are out of order",
    ),
    "duplicated": (
        lambda f: f.isel(time=[0, 0, 1]),
        "forcing time_bnds, interval 1: intervals overlap or are out of order",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_one_fault_one_problem(problems, balkhash, forcing, name):
    change, words = REFUSED[name]
    [text] = problems(read_forcing, balkhash, change(forcing))
    assert words in text


def test_a_gauge_of_some_members_only_is_refused(problems, balkhash, forcing):
    gauge = forcing["gauge_flow"]
    forcing["gauge_flow"] = xr.concat([gauge, gauge.fillna(5.0)], "realization")
    [text] = problems(read_forcing, balkhash, forcing)
    assert text == "forcing gauge_flow: gauged in some members and not in others"


def test_everything_that_is_wrong_is_named_at_once(problems, balkhash, forcing):
    for name in ("NaN", "no unit", "datum", "negative rain", "extra variable", "gap"):
        forcing = REFUSED[name][0](forcing)
    assert len(problems(read_forcing, balkhash, forcing)) == 6


def test_a_dataset_is_not_changed_by_being_read(balkhash, forcing):
    before = forcing.copy(deep=True)
    read_forcing(balkhash, forcing)
    xr.testing.assert_identical(forcing, before)


def test_simulate_refuses_before_it_computes(problems, balkhash, forcing):
    [text] = problems(simulate, balkhash, REFUSED["NaN"][0](forcing), initial=LEVELS)
    assert "is not a number" in text


def test_text_in_place_of_numbers_is_refused(problems, balkhash, forcing):
    forcing["river_flow"] = forcing["river_flow"].astype(object).astype("U4").where(False, "many")
    problems(
        read_forcing,
        balkhash,
        forcing.assign(river_flow=forcing["river_flow"].assign_attrs(units="m3 s-1")),
    )


# ---------------------------------------------------------------- the start

START = np.datetime64("1980-01-01")


def test_volumes_from_levels(balkhash):
    # Yang 1993 at 342.0 m; Kapshagay holds 28.14 km3 at 485 m
    volumes = initial_volumes(balkhash, {"kapshagay": 485.0, "west": 342.0, "east": 342.0}, START)
    np.testing.assert_allclose(volumes, [28.14e9, 48.5e9, 57.5e9], rtol=1e-12)
    before = initial_volumes(balkhash, 342.0, np.datetime64("1961-01-01"))
    assert before[0] == 0.0


def test_every_wrong_level_is_named(problems, balkhash):
    found = problems(
        initial_volumes, balkhash, {"west": 300.0, "east": np.nan, "south": 1.0}, START
    )
    assert [text.partition(";")[0] for text in found] == [
        "initial level of 'south': no such storage",
        "initial level of 'kapshagay': missing. Give a level for each storage that holds water",
        "initial level of 'west': outside its curve",
        "initial level of 'east': outside its curve",
    ]


@pytest.mark.parametrize("salinity", [{"south": 1.0}, {"west": -1.0}])
def test_a_wrong_salinity_is_refused(problems, balkhash, forcing, salinity):
    [text] = problems(simulate, balkhash, forcing, initial=LEVELS, initial_salinity=salinity)
    assert "initial salinity" in text


@pytest.mark.parametrize("substeps", [0, -1, 1.5])
def test_wrong_substeps_are_refused(problems, balkhash, forcing, substeps):
    [text] = problems(simulate, balkhash, forcing, initial=LEVELS, substeps=substeps)
    assert text == f"substeps: must be a whole number from 1; got {substeps}"


def ending_in_2000(result):
    # 39 years of months after 1961
    return result.isel(time=slice(0, 468), time_edge=slice(0, 469))


def test_a_result_that_ends_where_the_run_starts_is_its_start(balkhash, forcing, hindcast_free):
    first = ending_in_2000(hindcast_free)
    second = simulate(balkhash, forcing, initial=first)
    for name in ("water_volume", "salt_mass"):
        np.testing.assert_array_equal(second[name][0].values, first[name][-1].values)


def test_a_result_of_another_date_is_no_start(problems, balkhash, forcing, hindcast_free):
    [text] = problems(simulate, balkhash, forcing, initial=hindcast_free)
    assert text == (
        "initial result: does not end where this run starts; got 2015-01-01; expected 2000-01-01"
    )


def test_a_result_of_several_members_is_no_start(problems, balkhash, forcing, hindcast_free):
    many = ending_in_2000(hindcast_free).expand_dims(realization=2)
    [text] = problems(simulate, balkhash, forcing, initial=many)
    assert text == (
        "initial result: holds several members; expected one member. "
        "Select one: result.isel(realization=0)"
    )


def test_a_result_of_another_lake_is_no_start(problems, balkhash, forcing, hindcast_free):
    until_2000 = ending_in_2000(hindcast_free)
    other = until_2000.assign_coords(storage=["dam", "west", "east"])
    [text] = problems(simulate, balkhash, forcing, initial=other)
    assert text.startswith("initial result: other storages; got ")
    [text] = problems(simulate, balkhash, forcing, initial=until_2000.assign_attrs(datum="EGM2008"))
    assert text == "initial result: another datum; got EGM2008; expected Baltic system (BS)"
    found = problems(
        simulate, balkhash, forcing, initial=until_2000.drop_vars(["water_volume", "salt_mass"])
    )
    assert len(found) == 2
