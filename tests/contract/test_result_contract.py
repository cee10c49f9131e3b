"""Every promise about a result, on the free hindcast: what later work relies on.

Sums are made here from fluxes and links alone, independently of the library's own check.
"""

import json
import re

import numpy as np
import pytest
import xarray as xr

import balkhash_model as bm
from balkhash_model import quantities, reference
from balkhash_model.forcing import empty_forcing
from balkhash_model.scenario import load_scenario
from balkhash_model.timeaxis import TimeAxis

FLUXES = ("river_inflow", "precipitation", "evaporation", "groundwater_inflow", "abstraction")
SALT_FLUXES = ("salt_inflow", "salt_exchange", "salt_withdrawal", "salt_deposition")
STORAGES = ["kapshagay", "west", "east"]
BY_DIMS = {
    ("time", "storage"): {
        "water_level",
        "water_area",
        "balance_residual",
        "ice_cover",
        *FLUXES,
        *SALT_FLUXES,
        "salt_residual",
    },
    ("time", "link"): {"link_flow"},
    ("time", "user"): {"abstraction_by_user", "shortage"},
    ("time_edge", "storage"): {"water_volume", "water_level_edge", "salt_mass", "salinity"},
    ("time",): {"lake_level", "lake_area", "lake_volume", "lake_connected", "lake_river_inflow"},
    (): {"status", "status_storage", "status_time"},
}
BEFORE_1970 = slice(None, "1969-12-31")


@pytest.fixture(scope="module")
def ds(hindcast_free) -> xr.Dataset:
    return hindcast_free


def seconds(ds: xr.Dataset) -> np.ndarray:
    return np.diff(ds["time_edge"].values.astype("datetime64[s]")).astype(float)


# ---------------------------------------------------------------- shape


def test_dimensions_and_coordinates(ds):
    assert dict(ds.sizes) == {
        "time": 648,
        "time_edge": 649,
        "storage": 3,
        "link": 5,
        "user": 1,
        "bnds": 2,
    }
    assert set(ds.coords) == {
        "time",
        "time_bnds",
        "time_edge",
        "storage",
        "storage_kind",
        "link",
        "link_from",
        "link_to",
        "user",
    }
    assert ds["storage"].values.tolist() == STORAGES
    assert ds["storage_kind"].values.tolist() == ["reservoir", "lake", "lake"]


def test_every_variable_has_its_dimensions(ds):
    found = {str(name): ds[name].dims for name in ds.data_vars}
    expected = {name: dims for dims, names in BY_DIMS.items() for name in names}
    assert found == expected


def test_numbers_are_unrounded_float64(ds):
    for name in ds.data_vars:
        if ds[name].dims and name != "lake_connected":
            assert ds[name].dtype == np.float64, name


def test_edges_and_intervals_are_one_calendar(ds):
    edges, bounds = ds["time_edge"].values, ds["time_bnds"].values
    assert (str(edges[0]), str(edges[-1])) == ("1961-01-01T00:00:00", "2015-01-01T00:00:00")
    np.testing.assert_array_equal(bounds[:, 0], edges[:-1])
    np.testing.assert_array_equal(bounds[:, 1], edges[1:])
    np.testing.assert_array_equal(ds["time"].values, edges[:-1] + np.diff(edges) // 2)


def test_links_begin_and_end_at_storages_or_outside(ds):
    ends = {
        n: (a, b)
        for n, a, b in zip(
            ds["link"].values, ds["link_from"].values, ds["link_to"].values, strict=True
        )
    }
    assert ends["uzynaral"] == ("west", "east")
    assert ends["kapshagay_release"] == ("kapshagay", "ushzharma")
    assert ends["ili_reach"] == ("outside", "ushzharma")
    assert ends["ili_delta_loss"] == ("ushzharma", "outside")
    assert ends["ili_delta"][0] == "ushzharma"


# ---------------------------------------------------------------- attributes


def test_attributes_are_those_of_the_table_of_quantities(ds):
    for name in ds.variables:
        assert name in quantities.names(), name
        for key, value in quantities.attrs(str(name)).items():
            assert ds[name].attrs[key] == value, (name, key)


def test_every_number_has_a_unit_and_a_cell_method(ds):
    for name in ds.data_vars:
        if ds[name].dtype.kind != "f":
            continue
        assert ds[name].attrs["units"], name
        axis = "time: mean" if "time" in ds[name].dims else "time_edge: point"
        assert ds[name].attrs["cell_methods"] == axis, name
        assert ds[name].attrs["long_name"], name


def test_units_of_the_contract(ds):
    for name in (*FLUXES, "link_flow", "abstraction_by_user", "shortage", "balance_residual"):
        assert ds[name].attrs["units"] == "m3 s-1", name
    units = {
        "water_level": "m",
        "water_level_edge": "m",
        "lake_level": "m",
        "water_area": "m2",
        "lake_area": "m2",
        "water_volume": "m3",
        "lake_volume": "m3",
        "salt_mass": "kg",
        "salinity": "kg m-3",
        **dict.fromkeys((*SALT_FLUXES, "salt_residual"), "kg s-1"),
    }
    assert {name: ds[name].attrs["units"] for name in units} == units


def test_levels_name_their_datum(ds):
    for name in ("water_level", "water_level_edge", "lake_level"):
        assert ds[name].attrs["datum"] == ds.attrs["datum"] == "Baltic system (BS)"


def test_values_lie_in_the_ranges_of_the_table(ds):
    for name in ds.data_vars:
        assert quantities.check_range(str(name), ds[name].values, "result") == []


def test_global_attributes(ds):
    assert ds.attrs["Conventions"] == "CF-1.11"
    assert ds.attrs["title"] == load_scenario("hindcast_free").meta.title
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ: ", ds.attrs["history"])
    assert (ds.attrs["system"], ds.attrs["parameter_set"]) == ("balkhash", "balkhash")
    assert ds.attrs["scenario"] == "hindcast_free"
    assert json.loads(ds.attrs["parameter_overrides"]) == {}


def test_the_resolved_scenario_runs_to_the_same_numbers(ds, tmp_path):
    path = tmp_path / "resolved.yml"
    path.write_text(ds.attrs["resolved_scenario"], encoding="utf-8")
    assert load_scenario(str(path)) == load_scenario("hindcast_free")
    again = bm.run(path)
    for name in ds.data_vars:
        np.testing.assert_array_equal(again[name].values, ds[name].values, err_msg=str(name))


def test_checksums_are_those_of_the_tables_used(ds):
    sums = json.loads(ds.attrs["input_checksums"])
    assert set(sums) == {
        "ili_flux_by_period",
        "lake_precipitation_by_period",
        "climate_balkhash_monthly",
        "air_temperature_stations",
        "withdrawals",
    }
    for key, value in sums.items():
        assert re.fullmatch("[0-9a-f]{64}", value)
        assert value == reference.describe(key)["sha256"]


# ---------------------------------------------------------------- signs


def test_signs(ds):
    for name in (
        "precipitation",
        "water_area",
        "water_volume",
        "salt_mass",
        "shortage",
        "abstraction_by_user",
    ):
        assert (ds[name] >= 0.0).all(), name
    for name in ("evaporation", "abstraction", "salt_withdrawal", "salt_deposition"):
        assert (ds[name] <= 0.0).all(), name
    west = ds.sel(storage="west")
    assert float(west["evaporation"].min()) < 0.0
    flow = ds["link_flow"]
    for link in ("kapshagay_release", "ili_delta", "ili_delta_loss"):
        assert (flow.sel(link=link) >= 0.0).all()
    # the strait runs down the head: West to East is positive
    head = ds["water_level"].sel(storage="west") - ds["water_level"].sel(storage="east")
    strait = flow.sel(link="uzynaral")
    clear = abs(head) > 1e-8
    assert int(clear.sum()) > 600
    assert (np.sign(strait) == np.sign(head)).where(clear, True).all()


# ---------------------------------------------------------------- the balance, done again here


def naive_residual_volume(ds: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Residual and scale in m3 by interval and storage, in plain loops."""
    dt = seconds(ds)
    residual, scale = np.zeros((2, ds.sizes["time"], 3))
    volume = ds["water_volume"].values
    for s, storage in enumerate(STORAGES):
        for name in FLUXES:
            flux = ds[name].sel(storage=storage).values * dt
            residual[:, s] += flux
            scale[:, s] += abs(flux)
        for link in range(ds.sizes["link"]):
            flux = ds["link_flow"].values[:, link] * dt
            if ds["link_to"].values[link] == storage:
                residual[:, s] += flux
                scale[:, s] += abs(flux)
            if ds["link_from"].values[link] == storage:
                residual[:, s] -= flux
                scale[:, s] += abs(flux)
        residual[:, s] -= volume[1:, s] - volume[:-1, s]
        scale[:, s] = np.maximum(np.maximum(scale[:, s], 1e-3 * volume[:-1, s]), 1.0)
    return residual, scale


def test_the_balance_closes_in_every_interval_and_storage(ds):
    residual, scale = naive_residual_volume(ds)
    assert (abs(residual) / scale).max() <= 1e-10


def test_the_residual_of_the_result_is_the_naive_one(ds):
    residual, scale = naive_residual_volume(ds)
    difference = ds["balance_residual"].values * seconds(ds)[:, None] - residual
    assert (abs(difference) / scale).max() <= 1e-14


def test_the_whole_run_balances(ds):
    # what came in over 54 years is what the lake and the reservoir hold more of
    total = sum((ds[name].sum("storage").values * seconds(ds)).sum() for name in FLUXES)
    total -= (ds["link_flow"].sel(link="kapshagay_release").values * seconds(ds)).sum()
    change = ds["water_volume"].sum("storage")
    change = float(change[-1] - change[0])
    assert total == pytest.approx(change, abs=1e-10 * 1e12)


def test_the_junction_passes_on_what_arrives(ds):
    flow = {str(n): ds["link_flow"].sel(link=n).values for n in ds["link"].values}
    arrives = flow["kapshagay_release"] + flow["ili_reach"]
    np.testing.assert_allclose(flow["ili_delta"] + flow["ili_delta_loss"], arrives, rtol=1e-12)


def test_the_mouth_of_the_ili_is_the_river_inflow_of_the_west(ds):
    np.testing.assert_allclose(
        ds["river_inflow"].sel(storage="west"), ds["link_flow"].sel(link="ili_delta"), rtol=1e-14
    )


def test_depth_times_area_is_the_flux(ds):
    scenario, system = load_scenario("hindcast_free"), bm.load_system("balkhash")
    from balkhash_model.forcing import assemble

    forcing = assemble(scenario, system)
    area = ds["water_area"].values
    for name, rate, sign in (
        ("precipitation", "precipitation_rate", 1.0),
        ("evaporation", "evaporation_rate", -1.0),
    ):
        np.testing.assert_allclose(ds[name].values, sign * forcing[rate].values * area, rtol=1e-14)


def test_users_take_what_the_storages_lose(ds):
    np.testing.assert_array_equal(
        ds["abstraction_by_user"].sum("user"), -ds["abstraction"].sum("storage")
    )


def test_check_balance_passes_the_result(ds):
    assert bm.check_balance(ds) is None


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("name", [*FLUXES, "water_volume"])
def test_a_tampered_number_is_found_and_named(ds, name, storage):
    wrong = ds.copy(deep=True)
    # 1 m3/s over August 1988 (edge: 1e7 m3 on 1 August, wrong before and after it)
    if name == "water_volume":
        wrong[name].loc[{"storage": storage, "time_edge": "1988-08-01T00:00:00"}] += 1e7
        spans = "(from 1988-07-01 to 1988-08-01|from 1988-08-01 to 1988-09-01)"
    else:
        wrong[name].loc[{"storage": storage, "time": slice("1988-08-01", "1988-08-31")}] += 1.0
        spans = "from 1988-08-01 to 1988-09-01"
    with pytest.raises(bm.WaterBalanceError, match=f"storage '{storage}' does not close {spans}"):
        bm.check_balance(wrong)


def test_a_tampered_link_is_found_at_either_end(ds):
    wrong = ds.copy(deep=True)
    wrong["link_flow"].loc[{"link": "uzynaral", "time": slice("1988-08-01", "1988-08-31")}] += 1.0
    with pytest.raises(bm.WaterBalanceError, match=r"'(west|east)' does not close from 1988-08-01"):
        bm.check_balance(wrong)


def test_the_worst_of_several_is_named(ds):
    wrong = ds.copy(deep=True)
    wrong["precipitation"].loc[{"storage": "west", "time": slice("1970-05-01", "1970-05-31")}] += 1
    wrong["precipitation"].loc[{"storage": "east", "time": slice("1999-02-01", "1999-02-28")}] += (
        900
    )
    with pytest.raises(
        bm.WaterBalanceError, match="'east' does not close from 1999-02-01 to 1999-03"
    ):
        bm.check_balance(wrong)


def test_a_missing_number_is_no_closed_balance(ds):
    wrong = ds.copy(deep=True)
    wrong["evaporation"][{"time": 100, "storage": 2}] = np.nan
    with pytest.raises(bm.WaterBalanceError, match="'east' does not close from 1969-05-01"):
        bm.check_balance(wrong)


def test_the_tolerance_is_the_callers_and_code_3_the_commands(ds):
    wrong = ds.copy(deep=True)
    wrong["precipitation"][{"time": 100, "storage": 1}] += 1e-6  # of some 1 000 m3/s: 1e-9
    bm.check_balance(wrong, rtol=1e-7)
    with pytest.raises(bm.WaterBalanceError, match="more than 1e-10") as caught:
        bm.check_balance(wrong)
    assert caught.value.exit_code == 3


def test_a_dataset_without_fluxes_cannot_be_checked(problems, ds):
    [text] = problems(bm.check_balance, ds.drop_vars(["evaporation", "link_flow"]))
    assert text == "result: lacks what a balance needs; got evaporation, link_flow"


# ---------------------------------------------------------------- Kapshagay and the lake


def test_kapshagay_is_inactive_before_1970(ds):
    dam = ds.sel(storage="kapshagay")
    edges = ds["time_edge"] <= np.datetime64("1970-01-01")
    assert set(dam["water_volume"].values[edges]) == {0.0}
    early = dam.sel(time=BEFORE_1970)
    assert early.sizes["time"] == 9 * 12
    for name in (
        "water_area",
        "precipitation",
        "evaporation",
        "groundwater_inflow",
        "abstraction",
    ):
        assert not early[name].any(), name
    assert float(abs(early["balance_residual"]).max()) < 1e-9
    assert early["water_level"].isnull().all()
    before = ds["time_edge"].values < np.datetime64("1970-01-01")
    assert np.isnan(dam["water_level_edge"].values[before]).all()
    # its rivers pass through
    np.testing.assert_allclose(
        early["river_inflow"], early["link_flow"].sel(link="kapshagay_release"), rtol=1e-14
    )
    assert (early["river_inflow"] > 0.0).all()


def test_kapshagay_fills_from_1970(ds):
    dam = ds.sel(storage="kapshagay")
    assert float(dam["water_volume"].sel(time_edge="1971-01-01T00:00:00")) > 1e8
    assert dam["water_level"].sel(time=slice("1970-01-01", None)).notnull().all()


def test_levels_follow_from_volumes(ds):
    system = bm.load_system("balkhash")
    for name in ("west", "east"):
        volume = ds["water_volume"].sel(storage=name).values
        edge = ds["water_level_edge"].sel(storage=name).values
        curve = system.storage(name).curve
        np.testing.assert_allclose(curve.volume_at(edge), volume, rtol=1e-12)
        # the mean of an interval lies near both of its edges, and the area near that of its level
        mean = ds["water_level"].sel(storage=name).values
        assert abs(mean - 0.5 * (edge[1:] + edge[:-1])).max() < 0.02
        area = ds["water_area"].sel(storage=name).values
        np.testing.assert_allclose(area, curve.area_at(mean), rtol=1e-3)


def test_the_lake_level_is_the_mean_weighted_by_area(ds):
    lake = ds.sel(storage=["west", "east"])
    level, area = lake["water_level"].values, lake["water_area"].values
    np.testing.assert_allclose(
        ds["lake_level"].values, np.average(level, axis=1, weights=area), rtol=1e-14
    )
    np.testing.assert_allclose(ds["lake_area"].values, area.sum(axis=1), rtol=1e-14)
    assert set(ds["lake_connected"].values) == {1}
    np.testing.assert_allclose(
        ds["lake_river_inflow"].values, lake["river_inflow"].values.sum(axis=1), rtol=1e-14
    )
    volume = lake["water_volume"].values.sum(axis=1)
    assert (ds["lake_volume"].values >= np.minimum(volume[1:], volume[:-1])).all()
    assert (ds["lake_volume"].values <= np.maximum(volume[1:], volume[:-1])).all()


def test_the_run_went_through(ds):
    assert int(ds["status"]) == 0
    assert str(ds["status_storage"].values) == ""
    assert np.isnat(ds["status_time"].values)
    assert len(ds["status"].attrs["flag_values"]) == len(
        ds["status"].attrs["flag_meanings"].split()
    )


def test_a_run_is_repeatable_to_the_last_bit(ds):
    again = bm.run("hindcast_free")
    for name in ds.data_vars:
        np.testing.assert_array_equal(again[name].values, ds[name].values, err_msg=str(name))


# ---------------------------------------------------------------- members, users, a parted lake

LEVELS = {"kapshagay": 477.0, "west": 342.0, "east": 342.0}


@pytest.fixture(scope="module")
def forcing(balkhash):
    made = empty_forcing(balkhash, TimeAxis.monthly("2000-01-01", "2001-01-01"))
    made["evaporation_rate"][:] = 3e-8
    made["river_flow"].loc[{"river": "eastern_rivers"}] = 100.0
    return made


def test_members_lead_and_each_is_its_own_run(balkhash, forcing):
    factors = xr.DataArray([1.0, 0.5, 2.0], dims="realization")
    many = forcing.assign(river_flow=(forcing["river_flow"] * factors).assign_attrs(units="m3 s-1"))
    result = bm.simulate(balkhash, many, initial=LEVELS)
    assert result["realization"].values.tolist() == [0, 1, 2]
    for name in result.data_vars:
        assert result[name].dims[:1] == ("realization",), name
    one = forcing.assign(river_flow=(forcing["river_flow"] * 0.5).assign_attrs(units="m3 s-1"))
    alone = bm.simulate(balkhash, one, initial=LEVELS)
    for name in alone.data_vars:
        np.testing.assert_array_equal(
            result[name].isel(realization=1).values, alone[name].values, err_msg=str(name)
        )


def test_a_tampered_member_is_named(balkhash, forcing):
    factors = xr.DataArray([1.0, 0.5], dims="realization")
    many = forcing.assign(river_flow=(forcing["river_flow"] * factors).assign_attrs(units="m3 s-1"))
    result = bm.simulate(balkhash, many, initial=LEVELS)
    result["evaporation"][{"realization": 1, "time": 3, "storage": 1}] -= 1.0
    with pytest.raises(
        bm.WaterBalanceError, match="'west' does not close from 2000-04-01 to 2000-05-01, member 1"
    ):
        bm.check_balance(result)


def thirsty(forcing, demand):
    found = forcing.copy(deep=True)
    found["withdrawal_demand"][:] = demand
    return found


def test_delivery_and_shortage_make_up_the_demand(balkhash, forcing):
    result = bm.simulate(balkhash, thirsty(forcing, 50.0), initial=LEVELS)
    np.testing.assert_array_equal(result["abstraction_by_user"], 50.0)
    np.testing.assert_array_equal(result["shortage"], 0.0)
    np.testing.assert_array_equal(result["abstraction"].sel(storage="west"), -50.0)
    assert not result["abstraction"].sel(storage=["kapshagay", "east"]).any()


@pytest.mark.parametrize("demand", [1_000.0, 50_000.0])
def test_a_demand_beyond_the_water_is_a_shortage(balkhash, forcing, demand):
    # 1 000 m3/s are 32 km3 a year, and the West holds 3 km3 under 335 m
    low = {"kapshagay": 477.0, "west": 334.0, "east": 330.0}
    result = bm.simulate(balkhash, thirsty(forcing, demand), initial=low)
    np.testing.assert_allclose(result["abstraction_by_user"] + result["shortage"], demand)
    assert float(result["shortage"].max()) > 0.0
    assert float(result["water_volume"].min()) >= -1.0  # m3: rounding of a basin that ran dry
    np.testing.assert_allclose(
        result["abstraction"].sel(storage="west"),
        -result["abstraction_by_user"].sel(user="shore_towns"),
        rtol=1e-14,
    )
    residual, scale = naive_residual_volume(result)
    assert (abs(residual) / scale).max() <= 1e-10


def test_a_parted_lake_has_no_level(balkhash, forcing):
    # both basins under the sill at 335 m
    result = bm.simulate(
        balkhash, forcing, initial={"kapshagay": 477.0, "west": 334.0, "east": 330.0}
    )
    assert set(result["lake_connected"].values) == {0}
    assert result["lake_level"].isnull().all()
    assert result["water_level"].notnull().all()
    assert result["lake_area"].notnull().all()
    assert not result["link_flow"].sel(link="uzynaral").any()


def test_a_run_goes_on_from_the_last_state(balkhash, forcing):
    whole = bm.simulate(balkhash, forcing, initial=LEVELS, initial_salinity={"west": 1.0})
    first = bm.simulate(
        balkhash, forcing.isel(time=slice(0, 5)), initial=LEVELS, initial_salinity={"west": 1.0}
    )
    second = bm.simulate(balkhash, forcing.isel(time=slice(5, 12)), initial=first)
    for name in ("water_volume", "salt_mass"):
        np.testing.assert_allclose(second[name].values, whole[name].values[5:], rtol=1e-12)


def test_salt_goes_with_the_water(balkhash, forcing):
    # no river, no rain, no exchange but the strait: nothing is made or lost in the lake
    still = forcing.copy(deep=True)
    still["river_flow"][:] = 0.0
    result = bm.simulate(
        balkhash, still, initial=LEVELS, initial_salinity={"west": 1.0, "east": 4.0}
    )
    mass = result["salt_mass"].sel(storage=["west", "east"]).sum("storage")
    seconds = np.diff(result["time_edge"].values).astype("timedelta64[s]").astype(float)
    bed = result["salt_deposition"].sel(storage=["west", "east"]).sum("storage").values
    assert (bed < 0.0).all()
    on_bed = np.concatenate([[0.0], -np.cumsum(bed * seconds)])
    np.testing.assert_allclose(mass + on_bed, 48.5e9 * 1.0 + 57.5e9 * 4.0, rtol=1e-11)


# ---------------------------------------------------------------- findings


def test_the_source_names_the_version(ds):
    assert ds.attrs["source"] == f"balkhash_model {bm.__version__}"


def test_the_residual_has_no_comment_about_rivers(ds):
    assert "comment" not in ds["balance_residual"].attrs


def test_time_names_its_bounds(ds):
    assert ds["time"].attrs["bounds"] == "time_bnds"


def test_the_flag_of_connection_has_meanings(ds):
    assert len(ds["lake_connected"].attrs["flag_meanings"].split()) == 2


def test_a_later_state_is_no_start_so_kapshagay_is_empty_before_1970(ds, problems):
    [text] = problems(bm.run, "hindcast_free", start_from=ds)
    assert "does not end where this run starts" in text
    assert not ds["water_volume"].sel(storage="kapshagay").values[:109].any()


def test_a_start_with_members_is_refused(problems, balkhash, forcing):
    many = forcing.assign(river_flow=forcing["river_flow"].expand_dims(realization=2))
    first = bm.simulate(balkhash, many, initial=LEVELS)
    [text] = problems(bm.simulate, balkhash, many, initial=first)
    assert text.startswith("initial result: holds several members; expected one member")


def test_the_reconstructed_hindcast_keeps_its_coordinates_and_its_observations():
    import balkhash_model as bm
    from balkhash_model.reference.levels import altimetry_monthly

    result = bm.run("hindcast")
    assert result["time"].attrs["standard_name"] == "time"
    assert result["time"].attrs["bounds"] == "time_bnds"
    # observed levels stand as observed; the offset is stated beside them
    seen = result["observed_level"].dropna("time")
    assert seen.values == pytest.approx(altimetry_monthly().loc["1993":"2014"].to_numpy(), abs=1e-9)
    apart = (result["lake_level"] - result["observed_level"]).dropna("time")
    assert float(apart.mean()) == pytest.approx(float(result["level_offset"]), abs=0.01)
    assert result["lake_level"].attrs["ancillary_variables"] == "lake_level_uncertainty"


def test_levels_in_another_datum_are_not_reconstructed_from():
    import balkhash_model as bm
    from balkhash_model.reference.levels import altimetry_monthly
    from balkhash_model.runs import build

    case = build("hindcast_free")
    levels = altimetry_monthly()
    levels.attrs["datum"] = "EGM2008"
    with pytest.raises(bm.InputError, match="not in the datum"):
        bm.reconstruct_inflow(case.system, levels, case.forcing)
