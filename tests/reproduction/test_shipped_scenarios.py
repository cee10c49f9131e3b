"""Every shipped scenario runs in seconds, closes, and can be run again from its result."""

import time

import numpy as np
import pytest
import xarray as xr

import balkhash_model as bm
from balkhash_model.job import write_result
from balkhash_model.results import rerun
from balkhash_model.runs import build
from balkhash_model.scenario import list_scenarios, load_scenario
from balkhash_model.simulation import simulate
from balkhash_model.system import Delta

YEAR, KM3 = 365.2425 * 86400.0, 1e9
OUTLOOKS = [n for n in list_scenarios() if not n.startswith("hindcast")]


@pytest.mark.parametrize("name", OUTLOOKS)
def test_it_runs_closes_and_runs_again_bit_for_bit(name, tmp_path):
    started = time.perf_counter()
    result = bm.run(name)
    assert time.perf_counter() - started < 20.0
    bm.check_balance(result)
    file = tmp_path / "result.nc"
    write_result(result, file)
    again = rerun(file)
    with xr.open_dataset(file, decode_times=False) as kept:
        for variable in result.data_vars:
            if result[variable].dtype.kind == "f":
                np.testing.assert_array_equal(again[variable].values, kept[variable].values)
    assert again.attrs["resolved_scenario"] == result.attrs["resolved_scenario"]


def test_substeps_of_the_command_are_part_of_what_was_run(tmp_path):
    result = bm.run("npp_ulken", substeps=3)
    write_result(result, tmp_path / "r.nc")
    again = rerun(tmp_path / "r.nc")
    np.testing.assert_array_equal(again["water_volume"], result["water_volume"])


def test_a_result_that_began_at_another_is_not_run_again(tmp_path):
    first = bm.run("hindcast_free")
    more = load_scenario(
        "hindcast_free_2020", settings=["period.start=2015-01-01", "meta.name=more"]
    )
    write_result(bm.run(more, start_from=first), tmp_path / "more.nc")
    with pytest.raises(bm.InputError, match="was started from another result"):
        rerun(tmp_path / "more.nc")


def test_a_table_that_has_changed_is_noticed(tmp_path):
    result = bm.run("npp_ulken")
    result.attrs["input_checksums"] = result.attrs["input_checksums"].replace(
        '"climate_balkhash_monthly": "', '"climate_balkhash_monthly": "0'
    )
    write_result(result, tmp_path / "r.nc")
    with pytest.raises(bm.InputError, match="another version of this; got climate_balkhash"):
        rerun(tmp_path / "r.nc")


def test_members_do_not_depend_on_their_number():
    few = bm.run(
        load_scenario(
            "rcp45", ["fixed_rivers"], ["ensemble.members=3", "climate.projection.spread=false"]
        )
    )
    many = bm.run(
        load_scenario(
            "rcp45", ["fixed_rivers"], ["ensemble.members=7", "climate.projection.spread=false"]
        )
    )
    for name in ("water_volume", "lake_level"):
        np.testing.assert_array_equal(few[name], many[name].isel(realization=slice(3)))


@pytest.mark.parametrize(
    "settings",
    [
        ["inflow.kind=knn"],
        ["inflow.kind=thomas_fiering"],
        ["inflow.kind=lognormal_ar1", "inflow.mean=14 km3/yr"],
        ["inflow.generator.source=history", "inflow.at=ushzharma"],
        ["inflow.generator.source=history", "inflow.at=dam", "inflow.generator.block=5"],
        ["inflow.generator.source=history", "inflow.at=km171"],
        [
            "inflow.kind=lognormal_ar1",
            "inflow.at=dam",
            "inflow.generator.source=history",
            "inflow.generator.lag1=0.3",
            "inflow.generator.variation=0.2",
        ],
        ["period.step=day", "period.end=2026-03-15"],
        ["period.start=2025-06-01"],
        ["initial.lake_level=observed", "period.start=2010-01-01"],
    ],
    ids=" ".join,
)
def test_every_kind_of_inflow_and_axis_runs_and_closes(settings):
    chosen = ["period.end=2030-01-01", "ensemble.members=3", *settings]
    result = bm.run(load_scenario("baseline_2050", settings=chosen))
    bm.check_balance(result)
    assert result.sizes["realization"] == 3
    assert result["upstream_use"].dims[-1] == "upstream_user"
    flow = float(result["lake_river_inflow"].mean()) * YEAR / KM3
    assert 10.0 < flow < 19.0


def test_the_scaled_mean_of_a_drawn_inflow_is_kept_on_average():
    """40 members of 25 years: three standard errors of the mean of independent blocks."""
    record = load_scenario("baseline_2050", settings=["inflow.mean=13 km3/yr"])
    result = bm.run(record)
    yearly = (result["lake_river_inflow"] * YEAR / KM3).groupby("time.year").mean().values
    blocks = yearly[:, :24].reshape(40, 8, 3).mean(axis=2)
    assert abs(yearly.mean() - 13.0) < 3 * blocks.std() / np.sqrt(blocks.size)


# ---------------------------------------------------------------- 12 km3/yr in its three readings


def final_area(variants, settings=()):
    result = bm.run(load_scenario("ecological_release", variants, settings, in_order=True))
    last = result.isel(time=slice(-120, None))
    return float(last["lake_area"].mean()) / 1e6, float(last["lake_level"].mean())


@pytest.mark.parametrize(
    ("variants", "low", "high"),
    [
        # equilibrium areas by the closed-lake equation with the constants of Wang 2022, km2:
        # (12 + 0.52)/0.849; (12 + 3.2 + 0.52)/0.849; the dam with a delta loss of 2.77 to 2.5
        (["all_inflow", "wang2022"], 14750, 14750),
        (["at_the_lake", "wang2022"], 18520, 18520),
        (["wang2022"], 14900, 15200),
    ],
)
def test_the_readings_of_12_km3_give_the_areas_of_theory(variants, low, high):
    area, _ = final_area(variants)
    assert 0.99 * low <= area <= 1.01 * high


def test_only_the_reading_at_the_lake_holds_341_m():
    for extra in ([], ["wang2022"]):
        for slope in ("330 km2/m", "383 km2/m", "1000 km2/m"):
            setting = [f"parameters.overrides.nearshore_area_slope={slope}",
                       "parameters.overrides.shelf_base=341.0 m"]  # fmt: skip
            setting = setting if slope == "1000 km2/m" else setting[:1]
            assert final_area(["at_the_lake", *extra], setting)[1] > 341.0
            assert final_area(["all_inflow", *extra], setting)[1] < 341.0
            assert final_area(extra, setting)[1] < 341.0


# ---------------------------------------------------------------- steps and Kapshagay


def test_a_sustained_step_lowers_the_lake_by_a_metre_in_17_years():
    r"""-1.167 km3/yr for 17 years.

    Linearised, :math:`dh = \Delta Q\,\tau/A\,(1 - e^{-t/\tau})` with
    :math:`\tau = A/((E-P)\,dA/dh)`: about -0.99 m (A 17152 km2, 0.849 m/yr, 383 km2/m).
    """
    settings = ["inflow.mean=12.86 km3/yr", "period.end=2042-01-01"]
    plain = bm.run(load_scenario("baseline_2050", ["gauge_mean"], settings))
    less = bm.run(
        load_scenario("baseline_2050", ["gauge_mean"], ["inflow.mean=11.693 km3/yr", settings[1]])
    )
    fall = less["water_level_edge"].isel(time_edge=-1) - plain["water_level_edge"].isel(
        time_edge=-1
    )
    assert float(fall.sel(storage="west")) == pytest.approx(-1.0, abs=0.15)


def test_without_kapshagay_the_published_loss_is_given_back():
    with_, without = bm.run("hindcast_free"), bm.run("no_kapshagay")
    more = without["lake_river_inflow"] - with_["lake_river_inflow"]
    seconds = np.diff(with_["time_edge"].values).astype("timedelta64[s]").astype(float)
    years = with_["time"].dt.year.values
    for first, last, expected in (
        (1961, 1969, 0.0), (1970, 1985, 1.39), (1986, 1995, -0.09), (1996, 2005, 0.05),
        (2006, 2014, 0.57),
    ):  # fmt: skip
        inside = (years >= first) & (years <= last)
        volume = float((more.values * seconds)[inside].sum()) / KM3 / (last - first + 1)
        assert volume == pytest.approx(expected, abs=1e-6)


def test_without_kapshagay_the_reconstructed_inflow_gets_the_same_back():
    with_ = bm.run("hindcast")
    without = bm.run(load_scenario("no_kapshagay", ["reconstructed"]))
    late = slice("2006-01-01", "2014-12-31")
    more = (without["lake_river_inflow"] - with_["lake_river_inflow"]).sel(time=late)
    seconds = with_["time"].sel(time=late).dt.days_in_month * 86400.0
    assert float((more * seconds).sum()) / KM3 / 9 == pytest.approx(0.57, abs=0.02)
    assert "observed_level" not in without


def test_kapshagay_in_1986_over_delta_feedback_and_slope():
    """The range that the docs state; the delta either loses a constant or a share of its flow."""

    def effect(slope: str, share: bool) -> float:
        levels = []
        for name in ("hindcast_free", "no_kapshagay"):
            record = load_scenario(
                name, settings=[f"parameters.overrides.nearshore_area_slope={slope}"]
            )
            case = build(record)
            system = case.system
            if share:
                from dataclasses import replace

                old = system.deltas[0]
                part = 2.428 / 13.1  # the same loss at the mean flow of 1961-2014
                table = np.array([0.0, 20000.0])
                names = ("name", "source", "target", "mouth", "loss_name")
                new = Delta(*(getattr(old, n) for n in names), table, part * table)
                system = replace(system, deltas=(new,))
            result = simulate(system, case.forcing, initial=case.levels)
            year = result["time"].dt.year == 1986
            levels.append(float(result["lake_level"].where(year, drop=True).mean()))
        return levels[1] - levels[0]

    found = [effect(slope, share) for slope in ("330 km2/m", "800 km2/m") for share in (0, 1)]
    print([round(f, 2) for f in found])
    assert 0.70 < min(found) < max(found) < 1.25
