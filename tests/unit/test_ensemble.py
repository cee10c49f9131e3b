"""Ensembles: members that do not depend on how they are run, statistics that are what they say."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import balkhash_model as bm
from balkhash_model.ensemble import run as ensemble_run
from balkhash_model.ensemble.statistics import Grid, Moments, level_grid, salinity_grid
from balkhash_model.ensemble.streams import block_starts
from balkhash_model.forcing.generators import generator_of
from balkhash_model.scenario import load_scenario
from balkhash_model.scenario.resolve import with_settings

BASE = "baseline_2050"


@pytest.fixture(scope="module")
def result():
    return bm.run_ensemble(BASE, members=400, thresholds=[340.5, 341.0])


def settings(**values):
    return with_settings(load_scenario(BASE), {f"ensemble.{k}": v for k, v in values.items()})


# --- the numbers that are drawn


@pytest.mark.parametrize("seed", [0, 1, 2**33 + 5, 2**70 + 3])
@pytest.mark.parametrize("stream", ["a", "abc", "inflow"])
@pytest.mark.parametrize("years", [2, 22, 3_000_000_000])
def test_compiled_draws_are_those_of_numpy(seed, stream, years):
    # odd counts leave half a word over; large ranges reject
    drawn = block_starts(seed, stream, 5, 30, years, 9)
    expected = [generator_of(seed, stream, k).integers(years, size=9) for k in range(5, 35)]
    assert (drawn == np.stack(expected)).all()


# --- members


def test_members_are_those_of_run():
    run = bm.run(BASE)
    levels = run["water_volume"].values
    found = bm.run_ensemble(BASE, members=40)
    assert levels.shape[0] == 40
    lake = run["storage"].values != "kapshagay"
    curve = bm.load_system("balkhash")
    first = [
        curve.storage(str(n)).curve.level_at(levels[:, -1, i])
        for i, n in enumerate(run["storage"].values)
        if lake[i]
    ]
    # within what the two basins differ by, the last level is that of the last edge
    low, high = np.minimum(*first), np.maximum(*first)
    greatest = float(found["lake_level_greatest"][-1])
    assert low.max() - 1e-9 <= greatest <= high.max() + 1e-9


def test_a_member_does_not_depend_on_number_block_or_threads(result):
    other = bm.run_ensemble(BASE, members=150, block=7, threads=1, thresholds=[340.5, 341.0])
    for name in ("lowest", "end", "change", "years_below", "first_below", "recovery"):
        np.testing.assert_array_equal(other[name].values, result[name].values[:150])


def test_statistics_do_not_depend_on_block_or_threads(result):
    other = bm.run_ensemble(BASE, members=400, block=33, threads=1, thresholds=[340.5, 341.0])
    xr.testing.assert_identical(other.drop_attrs(), result.drop_attrs())


@pytest.mark.parametrize("name", ["rcp85", "china_plus"])
def test_the_table_of_years_gives_the_bits_of_the_long_way(name):
    from balkhash_model.ensemble.study import Study

    study = Study([load_scenario(name)], 10_000)
    quick, numbers = study.world(0), np.array([0, 3, 500])
    assert quick._table is not None
    forcing = quick.forcing(numbers)
    quick._table = quick._shared = None
    slow = quick.forcing(numbers)
    for group, which in (("inflow", 1), ("climate", 0)):
        one, two = getattr(forcing, group), getattr(slow, group)
        for k in range(3):
            at = np.arange(forcing.turn.size)
            a = one[at, forcing.which[which, forcing.turn, k]]
            b = two[at, slow.which[which, slow.turn, k]]
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("kind", ["lognormal_ar1", "knn", "thomas_fiering"])
def test_other_generators(kind):
    record = with_settings(load_scenario(BASE), {"inflow.kind": kind})
    many = bm.run_ensemble(record, members=30)
    few = bm.run_ensemble(record, members=11, block=4)
    np.testing.assert_array_equal(few["lowest"].values, many["lowest"].values[:11])


# --- statistics


def test_moments_against_numpy():
    rng = np.random.default_rng(3)
    values = 341.0 + rng.normal(0.0, 0.7, (5, 4001))
    values[2, :100] = np.nan
    moments = Moments(level_grid(330.0, 350.0), 5)
    for part in np.array_split(values, 7, axis=1):
        moments.add(np.ascontiguousarray(part))
    # the mean of whole multiples of 2**-26 m
    np.testing.assert_allclose(moments.mean(), np.nanmean(values, axis=1), atol=2.0**-26)
    spread = np.nanstd(values, axis=1, ddof=1)
    np.testing.assert_allclose(moments.deviation(), spread, rtol=1e-7)
    shares = [0.0, 0.01, 0.5, 0.9, 1.0]
    exact = np.nanquantile(values, shares, axis=1, method="inverted_cdf")
    error = np.abs(moments.quantiles(shares) - exact)
    assert error.max() <= moments.grid.error + 1e-12
    # and the bound is not idle
    assert error.max() > 0.5 * moments.grid.error
    np.testing.assert_array_equal(moments.ends[:, 0], np.nanmin(values, axis=1))


def test_geometric_bins_keep_their_relative_error():
    values = np.exp(np.random.default_rng(1).uniform(-4.0, 5.5, (1, 3000)))
    moments = Moments(salinity_grid(), 1)
    moments.add(values)
    shares = [0.1, 0.3, 0.77]
    exact = np.quantile(values, shares, axis=1, method="inverted_cdf")
    assert np.abs(moments.quantiles(shares) / exact - 1.0).max() <= moments.grid.error


def test_geometric_bins_are_those_of_the_logarithm():
    from balkhash_model.ensemble.tally import bin_edges

    grid = salinity_grid()
    edges, _ = bin_edges(grid.low, grid.per_bin, grid.bins)
    some = edges[[0, 1, 7, 2600, grid.bins - 1, grid.bins]]
    near = np.concatenate([some, np.nextafter(some, 0.0), np.nextafter(some, 1e3)])
    drawn = np.exp(np.random.default_rng(2).uniform(-5.5, 7.0, 20_000))
    values = np.concatenate([near, drawn, [0.0, -1.0, np.inf, 1e-310]])[None, :]
    moments = Moments(grid, 1)
    moments.add(values)
    place = [(math.log(v) - grid.low) * grid.per_bin if v > 0.0 else -1.0 for v in values[0]]
    bins = np.clip(np.floor(place), 0, grid.bins - 1).astype(int)
    np.testing.assert_array_equal(moments.counts[0], np.bincount(bins, minlength=grid.bins))
    assert moments.sums[0, 4] == sum(not 0.0 <= p < grid.bins for p in place)


def test_parts_put_together_in_any_order_are_the_same_bits():
    values = 341.0 + np.random.default_rng(5).normal(0.0, 0.5, (3, 999))
    parts = np.array_split(values, 4, axis=1)
    totals = []
    for order in ([0, 1, 2, 3], [3, 1, 0, 2]):
        total = Moments(level_grid(338.0, 344.0), 3)
        for i in order:
            one = Moments(level_grid(338.0, 344.0), 3)
            one.add(np.ascontiguousarray(parts[i]))
            total.merge(one)
        totals.append(total)
    for name, array in totals[0].arrays().items():
        np.testing.assert_array_equal(array, totals[1].arrays()[name])


def test_what_is_out_of_the_grid_is_counted():
    moments = Moments(Grid(0.0, 1.0, 10), 1)
    moments.add(np.array([[-1.0, 0.5, 2.0, np.nan]]))
    assert moments.sums[0, 0] == 3
    assert moments.sums[0, 4] == 2
    assert moments.ends[0].tolist() == [-1.0, 2.0]


def test_the_statistics_of_a_run_are_those_of_its_members(result, tmp_path):
    full = bm.run_ensemble(BASE, members=400, keep=["members"], out=tmp_path / "a.nc")
    with xr.open_dataset(tmp_path / "a.members.nc") as members:
        levels = members["lake_level"].values[0]
        salt, water = members["salt_mass"].values[0], members["water_volume"].values[0]
    exact = np.quantile(levels, result["quantile"].values, axis=0, method="inverted_cdf")
    assert np.abs(full["lake_level_quantile"].values - exact).max() <= 0.001 + 1e-12
    np.testing.assert_allclose(full["lake_level_mean"], levels.mean(axis=0), atol=1e-7)
    below = (levels < 341.0).mean(axis=0)
    np.testing.assert_allclose(result["level_below"].sel(threshold=341.0), below, atol=1e-12)
    np.testing.assert_allclose(
        full["salinity_west_mean"], (salt[..., 1] / water[..., 1]).mean(axis=0), atol=1e-6
    )
    # the indicators of a member, from its levels by the definition
    middle = 0.5 * (levels[:, 1:] + levels[:, :-1])
    np.testing.assert_allclose(result["lowest"], middle.min(axis=1), atol=1e-12)
    times = full["time_edge"].values.astype("datetime64[s]")
    years = np.diff(times).astype(float) / (365.2425 * 86400.0)
    last = np.average(middle[:, -12:], axis=1, weights=years[-12:])
    np.testing.assert_allclose(result["end"], last, atol=1e-9)
    expected = ((middle < 341.0) * years).sum(axis=1)
    np.testing.assert_allclose(result["years_below"].sel(threshold=341.0), expected, atol=1e-9)
    ever = int(result["first_below_count"].sel(threshold=341.0).sum())
    assert ever == int((middle < 341.0).any(axis=1).sum())


def test_a_mean_that_the_sums_cannot_hold_is_none():
    moments = Moments(level_grid(330.0, 350.0), 3)
    moments.add(np.array([[340.0, 342.0], [340.0, 500.0], [np.nan, np.nan]]))
    assert moments.mean()[0] == 341.0
    assert np.isnan(moments.mean()[1:]).all()
    assert np.isnan(moments.deviation()[1:]).all()
    assert moments.deviation()[0] == pytest.approx(2.0**0.5)


def test_an_interrupt_while_threads_are_put_together_counts_nobody_twice(monkeypatch):
    from balkhash_model.ensemble import backends

    def interrupted(parts):
        whole(parts)
        raise KeyboardInterrupt

    job = type("Job", (), {"empty": staticmethod(lambda: [Counted(0)])})
    runner = backends.Threads.__new__(backends.Threads)
    runner.job, runner._own = job, [[Counted(3)], [Counted(4)]]
    whole = backends.merge_all
    monkeypatch.setattr(backends, "merge_all", interrupted)
    with pytest.raises(KeyboardInterrupt):
        runner.gathered()
    monkeypatch.setattr(backends, "merge_all", whole)
    assert runner.gathered()[0].members == 7
    assert runner.gathered()[0].members == 7


class Counted:
    """Gathered sums of so many members."""

    def __init__(self, members):
        self.members = members

    def merge(self, other):
        self.members += other.members


def test_members_that_leave_their_curves_are_told(tmp_path, monkeypatch, capsys):
    from balkhash_model import cli

    record = settings(
        factors={"inflow.mean": ["14 km3/yr", "120 km3/yr"]}, design="factorial", members_per_draw=4
    )
    found = bm.run_ensemble(record, members=8)
    assert found["status"].values.tolist() == [0] * 4 + [2] * 4
    assert found.attrs["comment"].startswith("ATTENTION: of the 8 members of baseline_2050 4 over")
    last = found.isel(time_edge=-1)
    # a mean of members some of which lie over a hundred metres too high is none
    assert float(last["lake_level_greatest"]) > 420.0
    assert np.isnan(float(last["lake_level_mean"]))
    arguments = ["balkhash", "run", BASE, "--members", "4", "--out", str(tmp_path), "--set",
                 "inflow.mean=120 km3/yr"]  # fmt: skip
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit):
        cli.main()
    assert "4 overtopped" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--keep", "members", "--resume"], ["--keep: has no effect without", "--resume: has no"]),
        (["--members", "4", "--substeps", "2"], ["Use --set period.substeps=N"]),
    ],
)
def test_options_of_the_other_kind_of_run_are_refused(options, says, monkeypatch, capsys, tmp_path):
    from balkhash_model import cli

    arguments = ["balkhash", "run", BASE, "--out", str(tmp_path / "out"), *options]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert all(text in told for text in says)


def test_quantiles_of_indicators_are_those_of_the_members(result):
    shares = result["quantile"].values
    for name in ("lowest", "end", "change", "years_below", "recovery"):
        found, each = result[f"{name}_quantile"], result[name].values
        exact = np.nanquantile(each, shares, axis=0, method="inverted_cdf")
        limit = float(found.attrs["quantile_error"].split()[2])
        assert np.abs(found.values - exact).max() <= limit * 1.001
    # a member that is never below is so for no time at all, not for part of a month
    never = result["years_below_quantile"].sel(threshold=340.5, quantile=0.5)
    assert float((result["years_below"].sel(threshold=340.5) == 0.0).mean()) > 0.5
    assert float(never) == 0.0


def test_indicators_agree_with_those_of_a_run(result):
    # a run has means over the intervals, an ensemble the mean of both edges
    run = bm.run(BASE)
    table = bm.diagnostics.indicators(run, 341.0)
    np.testing.assert_allclose(result["lowest"][:40], table["lowest"], atol=0.02)
    np.testing.assert_allclose(result["end"][:40], table["end"], atol=0.01)
    years = result["years_below"].sel(threshold=341.0)[:40]
    np.testing.assert_allclose(years, table["years_below"], atol=0.35)


def test_plans_share_their_members():
    both = bm.run_ensemble([BASE, "china_plus"], members=100)
    paired = (both["end"].sel(scenario="china_plus") - both["end"].sel(scenario=BASE)).values
    alone = bm.run_ensemble("china_plus", members=100)
    np.testing.assert_array_equal(alone["end"], both["end"].sel(scenario="china_plus"))
    # the difference is not noise: its spread is a small part of that of the members
    assert paired.std() < 0.2 * float(both["end"].sel(scenario=BASE).std())
    last = both["lake_level_difference_quantile"].sel(scenario="china_plus", quantile=0.5)[-1]
    assert abs(float(last) - float(np.median(paired))) < 0.05


# --- designs


def test_parameters_by_their_priors_keep_to_their_ranges():
    record = settings(
        parameters={"lake_reference_area": "prior", "delta_loss": "uniform(2.5, 3.5)"},
        correlations=[["lake_reference_area", "delta_loss", 0.6]],
    )
    from balkhash_model.ensemble.study import Study

    study = Study([record], 3000)
    rows = np.stack([study.design.row(i) for i in range(3000)])
    assert rows[:, 0].min() >= 16750.0
    assert rows[:, 0].max() <= 17750.0
    assert 2.5 <= rows[:, 1].min() < 2.51
    from scipy.stats import spearmanr

    assert abs(spearmanr(rows[:, 0], rows[:, 1]).statistic - 0.6) < 0.04


def test_a_draw_is_a_run_with_its_values():
    record = settings(
        parameters={"lake_reference_area": [16900, 17600]}, design="factorial", members_per_draw=2
    )
    found = bm.run_ensemble(record, members=4)
    assert found["factor_value"].values[:, 0].tolist() == [16900, 16900, 17600, 17600]
    other = load_scenario(
        BASE, settings=["parameters.overrides.lake_reference_area=17600 km2", "ensemble.members=4"]
    )
    alone = bm.run_ensemble(other, members=4)
    np.testing.assert_array_equal(found["lowest"].values[2:], alone["lowest"].values[2:])
    assert found["lowest"].values[0] != alone["lowest"].values[0]


@pytest.mark.parametrize("design", ["monte_carlo", "latin_hypercube", "sobol", "factorial"])
def test_designs(design):
    start = {"initial.lake_level": "uniform(341.0 m, 342.0 m)"}
    found = bm.run_ensemble(settings(factors=start, design=design, levels=16), members=16)
    values = np.sort(found["factor_value"].values[:, 0])
    if design == "factorial":
        np.testing.assert_allclose(values, np.linspace(341.0, 342.0, 16))
    elif design != "monte_carlo":
        # one value in each sixteenth
        assert np.floor((values - 341.0) * 16).tolist() == list(range(16))
    assert 341.0 <= values[0] < values[-1] <= 342.0
    # a lake that starts higher by a value starts there
    assert float(found["lake_level_greatest"][0]) == pytest.approx(values[-1], abs=1e-9)


@pytest.mark.parametrize("design", ["monte_carlo", "sobol"])
def test_draws_do_not_depend_on_their_number(design):
    start = {"initial.lake_level": "uniform(341.0 m, 342.0 m)"}
    few, many = (
        bm.run_ensemble(settings(factors=start, design=design), members=n) for n in (5, 23)
    )
    np.testing.assert_array_equal(few["lowest"], many["lowest"][:5])


def test_a_table_is_the_design(tmp_path):
    (tmp_path / "draws.csv").write_text(
        "lake_reference_area [m2],initial.lake_level [m]\n17.0e9,341.0\n17.5e9,342.0\n"
    )
    (tmp_path / "mine.yml").write_text(
        "extends: baseline_2050\nmeta: {name: mine, title: t, rationale: r}\n"
        "ensemble: {members: 2, design: table, table: draws.csv}\n"
    )
    found = bm.run_ensemble(tmp_path / "mine.yml")
    np.testing.assert_allclose(found["factor_value"], [[17000.0, 341.0], [17500.0, 342.0]])
    assert float(found["lake_level_least"][0]) == pytest.approx(341.0)


# --- what goes wrong


@pytest.mark.parametrize(
    ("values", "members", "says"),
    [
        ({"factors": {"initial.lake_level": "normal(341.5 m, 0.1 m)"}, "design": "sobol"}, 8,
         "has no bounds, which a design 'sobol' needs"),
        ({"parameters": {"lake_reference_area": [1.0, 2.0]}, "design": "factorial"}, 3,
         "more members than the factorial has"),
        ({"parameters": {"lake_reference_aria": "prior"}}, 3, "no such parameter"),
        ({"parameters": {"ili_peak_month": "prior"}}, 3, "has no prior"),
        ({"parameters": {"lake_reference_area": "gauss(1, 2)"}}, 3, "no distribution"),
        ({"parameters": {"lake_reference_area": "uniform(2, 1)"}}, 3, "no such distribution"),
        ({"factors": {"initial.lake_level": "uniform(341 m, 34200 cm)"}}, 3, "several units"),
        ({"factors": {"initial.lake_lvl": "uniform(341 m, 342 m)"}}, 3, "lake_lvl"),
        ({"parameters": {"lake_reference_area": "prior", "delta_loss": "prior",
                         "strait_width": "uniform(1, 9)"},
          "correlations": [["lake_reference_area", "delta_loss", 0.9],
                           ["delta_loss", "strait_width", 0.9],
                           ["lake_reference_area", "strait_width", -0.9]]}, 3,
         "no variables have these correlations"),
        ({"variables": ["salinity.wst"]}, 3, "is not gathered"),
        ({"parameters": {"lake_reference_area": "uniform(1, 2)"}}, 3,
         r"outside the range of the parameter.*16750 to 17750 km2"),
        ({"parameters": {"lake_reference_area": ["nan", 17000]}}, 3, "not a finite number"),
        # rounding would make every quantile the upper bound
        ({"factors": {"initial.lake_level": "normal(341 m, 0.01 m, 341.5 m, 342 m)"}}, 3,
         "hardly anything of it lies between"),
        # members share these, so that they would be drawn and have no effect
        ({"factors": {"parameters.overrides.lake_reference_area": ["17000 km2"]}}, 3,
         r"members share 'parameters'.*Name the parameter itself"),
        ({"factors": {"period.substeps": [1, 4]}}, 3, "members share 'period'"),
        # the place of the scenario says nothing of what was drawn
        ({"factors": {"initial.lake_level": "uniform(341, 342)"}}, 3,
         r"a draw with initial.lake_level = 341.* no unit"),
        ({"parameters": {"lake_reference_area": [1.0]}}, 3,
         r"a draw with lake_reference_area = 1.0 km2: "),
    ],
)  # fmt: skip
def test_errors_say_what_is_wrong(values, members, says):
    with pytest.raises(bm.InputError, match=says):
        bm.run_ensemble(settings(**values), members=members)


def test_two_correlations_of_one_pair_are_refused():
    area, delta = "lake_reference_area", "delta_loss"
    with pytest.raises(bm.InputError, match="more than one correlation"):
        settings(
            parameters={area: "prior", delta: "prior"},
            correlations=[[area, delta, 0.9], [delta, area, -0.9]],
        )


def test_a_draw_that_cannot_be_leaves_nothing_behind(tmp_path):
    with pytest.raises(bm.InputError, match="no unit"):
        bm.run_ensemble(
            settings(factors={"initial.lake_level": [341]}), members=3, out=tmp_path / "a.nc"
        )
    assert not list(tmp_path.iterdir())


def test_whole_numbers_of_a_scenario_may_differ():
    found = bm.run_ensemble(
        settings(factors={"inflow.generator.block": [1, 5]}, design="factorial"), members=2
    )
    for k, block in enumerate((1, 5)):
        record = with_settings(load_scenario(BASE), {"inflow.generator.block": block})
        alone = bm.run_ensemble(record, members=2)
        assert float(found["lowest"][k]) == float(alone["lowest"][k])
    assert found["lowest"][1] != bm.run_ensemble(BASE, members=2)["lowest"][1]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("initial.lake_level [m],initial.lake_level [m]\n341,342\n", "is given twice"),
        ("period.substeps\n4\n", "members share 'period'"),
        ("initial.lake_level [m]\nhigh\n", "does not hold numbers"),
        ("initial.lake_level [m],inflow.mean [km3/yr]\n341,\n", "has gaps"),
        ("initial.lake_level [m]\n", "more members than the table has rows"),
        ("", "cannot be read"),
    ],
)
def test_a_table_that_cannot_be_used_is_said(tmp_path, text, says):
    (tmp_path / "draws.csv").write_text(text)
    (tmp_path / "mine.yml").write_text(
        "extends: baseline_2050\nmeta: {name: mine, title: t, rationale: r}\n"
        "ensemble: {members: 1, design: table, table: draws.csv}\n"
    )
    with pytest.raises(bm.InputError, match=says):
        bm.run_ensemble(tmp_path / "mine.yml")


def test_a_run_refuses_what_only_an_ensemble_does():
    with pytest.raises(bm.InputError, match="run_ensemble") as caught:
        bm.run(settings(members=200_000, parameters={"lake_reference_area": "prior"}))
    assert len(caught.value.problems) == 2


def test_members_that_do_not_differ_are_refused():
    with pytest.raises(bm.InputError, match="nothing differs"):
        bm.run_ensemble("ecological_release", members=10)


def test_arguments_that_are_wrong_are_said_together():
    with pytest.raises(bm.InputError) as caught:
        bm.run_ensemble(BASE, members=0, resolution=0.0, block=0, threads=-1, resume=True)
    assert len(caught.value.problems) == 5


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"members": "4"}, "members: a whole number"),
        ({"members": True}, "members: a whole number"),
        ({"members": 2e9}, "members: a whole number"),
        ({"threads": 0}, "threads: a whole number"),
        ({"resolution": "1 mm"}, r"resolution: outside its range"),
        ({"keep": "members"}, "keep: is one name"),
        ({"variables": "salinity.west"}, "variables: is one name"),
        ({"thresholds": 341.0}, r"thresholds: is no list of numbers.*In metres"),
        ({"quantiles": ["half"]}, "quantiles: is no list of numbers"),
        ({"client": "tcp://head:8786"}, "client: is no client of a dask cluster"),
    ],
)
def test_arguments_of_another_kind_are_said(given, says):
    with pytest.raises(bm.InputError, match=says):
        bm.run_ensemble(BASE, **({"members": 4} | given))


def test_members_may_be_a_whole_number_of_any_kind():
    found = bm.run_ensemble(BASE, members=1e1, block=np.int64(4))
    assert found.sizes["realization"] == 10
    # the scenario in the result is the one that was run
    assert "members: 10" in found.attrs["resolved_scenario"]


def test_an_output_that_is_there_is_not_replaced(tmp_path):
    bm.run_ensemble(BASE, members=3, out=tmp_path / "a.nc")
    with pytest.raises(bm.InputError, match="is there already"):
        bm.run_ensemble(BASE, members=3, out=tmp_path / "a.nc")
    with pytest.raises(bm.InputError, match=r"nothing to resume.*is whole; use force"):
        bm.run_ensemble(BASE, members=3, out=tmp_path / "a.nc", resume=True)
    bm.run_ensemble(BASE, members=3, out=tmp_path / "a.nc", force=True)


def test_the_states_do_not_go_where_the_result_goes(tmp_path):
    (tmp_path / "there").symlink_to(tmp_path)
    with pytest.raises(bm.InputError, match="is the file of the result itself"):
        bm.run_ensemble(
            BASE, members=3, out=tmp_path / "a.nc", members_to=tmp_path / "there" / "a.nc"
        )


def test_a_disk_without_room_is_seen_before(tmp_path, monkeypatch):
    import shutil

    monkeypatch.setattr(shutil, "disk_usage", lambda path: type("U", (), {"free": 1000})())
    with pytest.raises(bm.InputError, match=r"no room for the states.*got 0\.00 MB free.*\d MB"):
        bm.run_ensemble(BASE, members=50, keep=["members"], out=tmp_path / "a.nc")
    # and nothing is left in the way of the next
    assert not list(tmp_path.iterdir())


def test_a_disk_that_fills_keeps_what_was_done(tmp_path, monkeypatch):
    from balkhash_model.ensemble.members import MemberFile

    monkeypatch.setattr(ensemble_run, "_PAUSE", 0.0)
    write, count = MemberFile.write, [0]

    def full(self, first, blocks):
        count[0] += 1
        if count[0] > 40:
            raise OSError(28, "No space left on device")
        write(self, first, blocks)

    monkeypatch.setattr(MemberFile, "write", full)
    wanted = {"members": 60, "keep": ["members", "indicators"], "block": 1, "threads": 1}
    with pytest.raises(bm.BalkhashError, match="disk is full"):
        bm.run_ensemble(BASE, out=tmp_path / "a.nc", **wanted)
    assert not (tmp_path / "a.nc").exists()
    monkeypatch.setattr(MemberFile, "write", write)
    whole = bm.run_ensemble(BASE, out=tmp_path / "a.nc", resume=True, **wanted)
    fresh = bm.run_ensemble(BASE, out=tmp_path / "b.nc", **wanted)
    xr.testing.assert_identical(whole.drop_attrs(), fresh.drop_attrs())
    one, two = ((tmp_path / f"{x}.members.nc").read_bytes() for x in "ab")
    assert one == two


def test_a_disk_that_fills_at_the_result_is_said(tmp_path, monkeypatch):
    from balkhash_model import job

    def full(dataset, path):
        raise RuntimeError("NetCDF: HDF error")

    write = job.write_result
    monkeypatch.setattr(job, "write_result", full)
    with pytest.raises(bm.BalkhashError, match=r"most likely since the disk is full.*resume"):
        bm.run_ensemble(BASE, members=5, out=tmp_path / "a.nc")
    monkeypatch.setattr(job, "write_result", write)
    found = bm.run_ensemble(BASE, members=5, out=tmp_path / "a.nc", resume=True)
    assert found.attrs["complete"] == "yes"


def test_an_interrupted_run_gives_a_valid_part_that_says_so(tmp_path):
    def stop(done, asked):
        if done >= 32:
            raise KeyboardInterrupt

    found = bm.run_ensemble(
        BASE, members=100, block=2, threads=1, out=tmp_path / "a.nc", progress=stop
    )
    done = found.sizes["realization"]
    assert found.attrs["complete"] == "no"
    assert "ATTENTION" in found.attrs["comment"]
    assert 32 <= done < 100
    xr.testing.assert_identical(
        found.drop_attrs(), bm.run_ensemble(BASE, members=done).drop_attrs()
    )
    whole = bm.run_ensemble(BASE, members=100, block=2, out=tmp_path / "a.nc", resume=True)
    fresh = bm.run_ensemble(BASE, members=100)
    xr.testing.assert_identical(whole.drop_attrs(), fresh.drop_attrs())
    assert not (tmp_path / "a.nc.part").exists()


def test_a_run_of_another_ensemble_is_not_resumed(tmp_path):
    def stop(done, asked):
        raise KeyboardInterrupt

    wanted = {"block": 1, "threads": 1, "out": tmp_path / "a.nc"}
    bm.run_ensemble(BASE, members=40, progress=stop, **wanted)
    with pytest.raises(bm.InputError, match="is of another ensemble"):
        bm.run_ensemble(BASE, members=41, resume=True, **wanted)


def test_a_run_whose_table_has_changed_is_not_resumed(tmp_path):
    def stop(done, asked):
        raise KeyboardInterrupt

    table = tmp_path / "draws.csv"
    levels = np.linspace(341.0, 342.0, 64)
    table.write_text("\n".join(["initial.lake_level [m]", *map(repr, levels.tolist())]))
    mine = tmp_path / "mine.yml"
    mine.write_text(
        "extends: baseline_2050\nmeta: {name: mine, title: t, rationale: r}\n"
        "ensemble: {members: 64, design: table, table: draws.csv}\n"
    )
    wanted = {"block": 1, "threads": 1, "out": tmp_path / "a.nc"}
    part = bm.run_ensemble(mine, progress=stop, **wanted)
    assert part.attrs["complete"] == "no"
    assert "draws.csv" in part.attrs["input_checksums"]
    before = table.read_text()
    table.write_text(before.replace("342.0", "342.5"))
    with pytest.raises(bm.InputError, match=r"is of another ensemble.*a file that it reads"):
        bm.run_ensemble(mine, resume=True, **wanted)
    table.write_text(before)
    assert bm.run_ensemble(mine, resume=True, **wanted).attrs["complete"] == "yes"


def test_a_run_that_ends_before_its_first_note_is_resumed_from_its_beginning(tmp_path, monkeypatch):
    from balkhash_model.ensemble.backends import Threads

    def killed(self, first, last, sink, stop):
        raise MemoryError

    march = Threads.march
    wanted = {"members": 20, "out": tmp_path / "a.nc", "keep": ["indicators", "members"]}
    monkeypatch.setattr(Threads, "march", killed)
    with pytest.raises(MemoryError):
        bm.run_ensemble(BASE, **wanted)
    monkeypatch.setattr(Threads, "march", march)
    whole = bm.run_ensemble(BASE, resume=True, **wanted)
    assert whole.attrs["complete"] == "yes"
    xr.testing.assert_identical(whole.drop_attrs(), bm.run_ensemble(BASE, members=20).drop_attrs())


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_was(tmp_path):
    script = textwrap.dedent(
        """
        import sys, balkhash_model as bm
        from balkhash_model.ensemble import run
        run._PAUSE = 0.0
        bm.run_ensemble("baseline_2050", members=3000, block=8, threads=1, out=sys.argv[1],
                        keep=["indicators", "members"], force=True)
        """
    )
    out = tmp_path / "a.nc"
    folder = tmp_path / "a.nc.part"
    child = subprocess.Popen([sys.executable, "-c", script, str(out)], env=dict(os.environ))
    try:
        deadline = time.monotonic() + 300.0
        while not list(folder.glob("state-*.npz")) and time.monotonic() < deadline:
            assert child.poll() is None
            time.sleep(0.01)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    assert (folder / "state.json").exists()
    assert not out.exists()
    wanted = {"members": 3000, "keep": ["indicators", "members"]}
    whole = bm.run_ensemble(BASE, out=out, resume=True, **wanted)
    fresh = bm.run_ensemble(BASE, out=tmp_path / "b.nc", **wanted)
    xr.testing.assert_identical(whole.drop_attrs(), fresh.drop_attrs())
    one, two = (Path(tmp_path / f"{x}.members.nc").read_bytes() for x in "ab")
    assert one == two


# --- sensitivity, figures, command line


def uncertain(**more):
    factors = {
        "initial.lake_level": "uniform(341.0 m, 342.0 m)",
        "outputs.threshold": ["340.0 m", "341.0 m"],
    }
    return settings(factors=factors, **more)


def test_sensitivity_finds_what_matters_and_what_does_not():
    # a threshold of the outputs cannot move the lake; a metre at the start must
    table = bm.sensitivity(uncertain(), 64, year=2025, members_per_draw=4)
    assert table.loc["initial.lake_level", "rank_correlation"] > 0.95
    assert abs(table.loc["outputs.threshold", "rank_correlation"]) < 0.4
    assert 0.0 < table.loc["inflow and climate", "rank_correlation"] < 1.0


def test_sensitivity_tells_of_members_that_leave_their_curves():
    assert "comment" not in bm.sensitivity(uncertain(), 8, year=2025, members_per_draw=2).attrs
    flood = settings(factors={"inflow.mean": "uniform(100 km3/yr, 120 km3/yr)"})
    table = bm.sensitivity(flood, 8, members_per_draw=2)
    assert "of 16 members 16 overtopped" in table.attrs["comment"]


def test_shares_of_the_variance():
    pytest.importorskip("SALib")
    table = bm.sensitivity(uncertain(), 32, method="sobol", year=2025, members_per_draw=2)
    assert table.loc["initial.lake_level", "total"] == pytest.approx(1.0, abs=0.15)
    # with common random numbers chance takes no part
    assert abs(table.loc["outputs.threshold", "total"]) < 1e-12


def test_a_disk_that_fills_at_the_figures_is_said(tmp_path, monkeypatch, capsys):
    from balkhash_model import cli, plot

    def full(figure, path):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(plot, "save", full)
    arguments = ["balkhash", "run", BASE, "--members", "5", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert "fan.png: cannot be written: No space left on device. The result" in (
        capsys.readouterr().err.replace("\n", " ")
    )
    # the result, and no half of a figure
    assert [p.name for p in tmp_path.iterdir()] == [f"{BASE}.ensemble.nc"]


def test_a_folder_that_cannot_be_is_said_before_anything_is_computed(tmp_path, monkeypatch, capsys):
    from balkhash_model import cli
    from balkhash_model.ensemble import sensitivity as module

    def computed(*args, **more):
        raise AssertionError("computed")

    monkeypatch.setattr(module, "sensitivity", computed)
    (tmp_path / "file").write_text("")
    arguments = ["balkhash", "sensitivity", BASE, "--out", str(tmp_path / "file" / "x"), "--set",
                 "ensemble.factors={initial.lake_level: [341 m]}"]  # fmt: skip
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert "cannot be made" in capsys.readouterr().err


def test_sensitivity_says_all_that_is_wrong():
    with pytest.raises(bm.InputError) as caught:
        bm.sensitivity(BASE, 7, year=1999)
    assert len(caught.value.problems) == 3


def test_every_panel_of_thresholds_shows_its_greatest_share():
    found = bm.run_ensemble(BASE, members=60, thresholds=[340.0, 341.5])
    figure = bm.plot.exceedance(found)
    for axes, most in zip(figure.axes, 100.0 * found["level_below"].max("time_edge"), strict=True):
        low, high = axes.get_ylim()
        assert low == 0.0
        assert high > float(most)


def test_figures_show_what_the_result_holds(result):
    from balkhash_model.plot import ensemble_fan, exceedance, first_crossing

    fan = bm.plot.fan(result)
    low, high = fan.axes[0].get_ylim()
    assert low <= float(result["lake_level_least"].min())
    assert high >= float(result["lake_level_greatest"].max())
    assert "400 members" in [t.get_text() for t in fan.texts]
    shares = exceedance(result).axes[1].lines[0].get_ydata()
    np.testing.assert_allclose(shares, 100.0 * result["level_below"].sel(threshold=341.0))
    bars = first_crossing(result, 341.0).axes[0].patches
    ever = float((result["first_below"].sel(threshold=341.0) > 0).mean())
    assert sum(b.get_height() for b in bars) == pytest.approx(100.0 * ever)
    with pytest.raises(bm.InputError, match="is none of the result"):
        first_crossing(result, 339.0)
    with pytest.raises(bm.InputError, match="holds no nothing_quantile"):
        ensemble_fan(result, "nothing")


def test_the_command_writes_a_result_and_figures(tmp_path, monkeypatch, capsys):
    from balkhash_model import cli

    arguments = ["balkhash", "run", BASE, "--members", "30", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    names = {p.name for p in tmp_path.iterdir()}
    assert names == {f"{BASE}.{x}" for x in ("ensemble.nc", "fan.png", "below.png",
                                             "first_below.png")}  # fmt: skip
    assert "30 members" in capsys.readouterr().out
    with xr.open_dataset(tmp_path / f"{BASE}.ensemble.nc") as written:
        fresh = bm.run_ensemble(BASE, members=30)
        np.testing.assert_array_equal(written["lowest"], fresh["lowest"])
        assert written.attrs["complete"] == "yes"
