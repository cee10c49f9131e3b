"""Outlooks launched in the past: no look-ahead, and how they are held against what came."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import balkhash_model as bm
from balkhash_model import reconstruction
from balkhash_model.diagnostics import levels_at_edges, outlook_skill
from balkhash_model.reference.levels import altimetry_monthly
from balkhash_model.runs import build
from balkhash_model.scenario import load_scenario


def test_levels_at_edges_are_means_of_two_months_and_skip_gaps():
    months = pd.PeriodIndex(["2000-01", "2000-02", "2000-04", "2000-05"], freq="M")
    edges = levels_at_edges(pd.Series([1.0, 2.0, 5.0, 7.0], index=months))
    assert list(edges.index) == [pd.Timestamp("2000-02-01"), pd.Timestamp("2000-05-01")]
    assert list(edges) == [1.5, 6.0]


def _fan(quantiles=(0.05, 0.25, 0.5, 0.75, 0.95)):
    """A fan about a median that rises by 0.1 m a month, its bands 0.1 and 0.2 m to either side."""
    edges = pd.date_range("2000-01-01", periods=5, freq="MS").to_numpy()
    median = 341.0 + 0.1 * np.arange(5)
    away = np.array([-0.2, -0.1, 0.0, 0.1, 0.2])[: len(quantiles)]
    return xr.Dataset(
        {
            "lake_level_quantile": (("quantile", "time_edge"), median + away[:, None]),
            "lake_level_mean": ("time_edge", median),
        },
        coords={"quantile": list(quantiles), "time_edge": edges},
    )


def test_coverage_and_skill_by_hand():
    # medians of February to April are 341.1, 341.2, 341.3: errors of the median 0, 0.15 and -0.3,
    # of persistence at 341.0: -0.1, -0.05 and -0.6
    seen = pd.Series(
        [340.0, 341.1, 341.05, 341.6],
        index=pd.to_datetime(["2000-01-01", "2000-02-01", "2000-03-01", "2000-04-01"]),
    )
    found = outlook_skill(_fan(), seen)
    assert found["n"] == 3
    assert found["inside 5-95 %"] == pytest.approx(2 / 3)
    assert found["inside 25-75 %"] == pytest.approx(1 / 3)
    assert found["bias of the median"] == pytest.approx(-0.05)
    median = np.sqrt((0.15**2 + 0.3**2) / 3)
    held = np.sqrt((0.1**2 + 0.05**2 + 0.6**2) / 3)
    assert found["RMSE of the median"] == pytest.approx(median)
    assert found["RMSE of persistence"] == pytest.approx(held)
    assert found["skill"] == pytest.approx(1 - median / held)


def test_a_fan_without_its_quantiles_and_levels_of_another_time_are_refused():
    late = pd.Series([341.0], index=[pd.Timestamp("2010-01-01")])
    with pytest.raises(bm.InputError, match="not one fan"):
        outlook_skill(_fan((0.05, 0.5, 0.95)), late)
    with pytest.raises(bm.InputError, match="no level within the outlook"):
        outlook_skill(_fan(), late)


@pytest.mark.parametrize("year", [2005, 2010])
def test_an_outlook_from_the_past_sees_no_later_level(year, monkeypatch):
    def forged(table="balkhash_level_tied"):
        levels = altimetry_monthly(table)
        forgery = levels + np.where(levels.index.year >= year, 1.0, 0.0)
        forgery.attrs.update(levels.attrs)
        return forgery

    before = build(load_scenario(f"outlook_{year}"))
    monkeypatch.setattr(reconstruction, "altimetry_monthly", forged)
    after = build(load_scenario(f"outlook_{year}"))
    xr.testing.assert_identical(before.forcing, after.forcing)
    assert before.levels == after.levels
    # and the forgery would have been seen
    seeing = [f"inflow.generator.levels_to={year + 1}"]
    told = build(load_scenario(f"outlook_{year}", settings=seeing))
    assert not np.allclose(told.forcing["gauge_flow"], before.forcing["gauge_flow"], equal_nan=True)


@pytest.mark.parametrize("year", [2005, 2010, 2015])
def test_the_start_is_the_last_month_that_was_known(year):
    levels = build(load_scenario(f"outlook_{year}")).levels
    december = altimetry_monthly()[f"{year - 1}-12"]
    assert levels["west"] == pytest.approx(december, abs=0.006)


def test_levels_to_must_fit_the_generator():
    for wrong, words in (
        (["inflow.generator.levels_to=2003"], "after levels_to 2003"),
        (["inflow.generator.levels_to=2019"], "expected a year from 1995 to 2014"),
    ):
        with pytest.raises(bm.InputError, match=words):
            load_scenario("outlook_2005", settings=wrong)
    with pytest.raises(bm.InputError, match="belongs to a generator on the reconstruction"):
        load_scenario(
            "outlook_2005",
            settings=["inflow.generator.source=history", "inflow.at=ushzharma"],
        )


def test_the_parameters_known_in_2004_are_a_fit_to_the_levels_up_to_2004():
    found = bm.calibrate("hindcast_free", last_year=2004)
    years = {int(label[:4]) for label in found.levels.index}
    assert max(years) == 2004
    shipped = bm.load_parameters("balkhash_to_2004")
    for name, row in found.table.iterrows():
        assert shipped[name].value == pytest.approx(row["fitted"], rel=2e-4), name
    with pytest.raises(bm.InputError, match="too few levels"):
        bm.calibrate(last_year=1990)


def test_the_long_mean_is_that_of_the_published_flows():
    for year, name, text in (
        (2020, "hindcast_free_2020", 13.74),
        (2014, "hindcast_free", 13.76),
        (2009, "hindcast_free", 13.81),
        (2004, "hindcast_free", 13.79),
    ):
        chosen = f"balkhash_to_{year}" if year < 2014 else "balkhash"
        run = bm.run(
            load_scenario(
                name, settings=[f"parameters.set={chosen}", f"period.end={year + 1}-01-01"]
            )
        )
        budget = bm.diagnostics.budget_table(run, [(1961, year)], ["west", "east"])
        assert budget["inflow"].item() == pytest.approx(text, abs=0.006)
        given = load_scenario(f"outlook_{2025 if year == 2020 else year + 1}", ["long_mean"])
        assert given.inflow.mean == f"{text} km3/yr"
