"""Skill scores and budget tables against numbers done by hand and a second library."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from balkhash_model.diagnostics.balance import budget_table
from balkhash_model.diagnostics.skill import annual_means, level_skill, skill_scores
from balkhash_model.errors import InputError
from balkhash_model.timeaxis import TimeAxis


def series(axis: TimeAxis, values) -> xr.DataArray:
    return xr.DataArray(np.asarray(values, float), dims="time", coords={"time": axis.midpoints})


def result(axis: TimeAxis, values) -> xr.Dataset:
    return xr.Dataset(
        {"lake_level": series(axis, values)}, coords={"time_edge": ("time_edge", axis.edges)}
    )


def observed(rows) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["series", "averaging", "time", "level"])
    return frame.assign(time=pd.to_datetime(frame["time"]))


# ---------------------------------------------------------------- scores


def test_scores_by_hand():
    # errors +1, -1, +1 about observed 1, 2, 3 (mean 2, sum of squares 2)
    scores = skill_scores([2.0, 1.0, 4.0], [1.0, 2.0, 3.0])
    assert scores["n"] == 3
    assert scores["rmse"] == pytest.approx(1.0)
    assert scores["bias"] == pytest.approx(1 / 3)
    assert scores["nse"] == pytest.approx(1 - 3 / 2)
    # means 7/3 and 2; sums of squares 14/3 and 2; of products 2: r = 2/sqrt(28/3)
    r, alpha, beta = 2 / np.sqrt(28 / 3), np.sqrt(7 / 3), 7 / 6
    assert (scores["r"], scores["alpha"], scores["beta"]) == pytest.approx((r, alpha, beta))
    distance = np.sqrt((r - 1) ** 2 + (alpha - 1) ** 2 + (beta - 1) ** 2)
    assert scores["kge"] == pytest.approx(1 - distance)


def test_scores_of_a_perfect_and_of_a_mean_model():
    o = np.array([1.0, 2.0, 4.0])
    perfect = skill_scores(o, o)
    assert (perfect["rmse"], perfect["nse"]) == (0.0, 1.0)
    assert perfect["kge"] == pytest.approx(1.0)
    mean = skill_scores(np.full(3, o.mean()), o)
    assert mean["nse"] == pytest.approx(0.0, abs=1e-15)
    assert np.isnan(mean["r"])


def test_a_constant_record_has_no_efficiency():
    assert np.isnan(skill_scores([1.0, 2.0], [3.0, 3.0])["nse"])


def test_pairs_with_a_missing_value_are_left_out():
    with_gaps = skill_scores([1.0, np.nan, 3.0, 9.0], [1.5, 2.0, 3.5, np.nan])
    assert with_gaps == skill_scores([1.0, 3.0], [1.5, 3.5])


def test_scores_agree_with_another_library():
    scores = pytest.importorskip("scores")
    rng = np.random.default_rng(7)
    o = 341.0 + rng.normal(size=50)
    s = o + rng.normal(scale=0.3, size=50)
    mine, o, s = skill_scores(s, o), xr.DataArray(o, dims="t"), xr.DataArray(s, dims="t")
    assert mine["rmse"] == pytest.approx(float(scores.continuous.rmse(s, o)))
    assert mine["kge"] == pytest.approx(float(scores.continuous.kge(s, o)))
    assert mine["nse"] == pytest.approx(float(scores.continuous.nse(s, o)))


@pytest.mark.parametrize(
    ("s", "o", "fault"),
    [
        ([1.0, 2.0], [1.0], "different length"),
        ([1.0], [1.0], "too few pairs; got 1; expected two"),
        ([1.0, np.nan], [np.nan, 1.0], "too few pairs; got 0"),
    ],
)
def test_what_cannot_be_scored_is_refused(problems, s, o, fault):
    [text] = problems(skill_scores, s, o)
    assert fault in text


# ---------------------------------------------------------------- annual means


def test_months_are_weighted_by_their_days():
    # 1961: 28 in February, 0 else: 28 x 28 / 365
    axis = TimeAxis.monthly("1961-01-01", "1962-01-01")
    values = np.zeros(12)
    values[1] = 28.0
    assert annual_means(result(axis, values)).loc[1961] == pytest.approx(28 * 28 / 365)


def test_years_that_are_not_complete_are_left_out():
    axis = TimeAxis.monthly("1961-02-01", "1964-06-01")
    values = np.ones(axis.n)
    values[14] = np.nan  # April 1962
    assert annual_means(result(axis, values)).index.tolist() == [1963]


def test_days_weigh_alike():
    # 1 in the 31 days of January, 0 else: 31/365
    axis = TimeAxis.daily("1961-01-01", "1962-01-01")
    values = (axis.months == 1).astype(float)
    assert annual_means(result(axis, values)).loc[1961] == pytest.approx(31 / 365, rel=1e-12)


def test_a_year_of_days_without_its_end_is_left_out():
    axis = TimeAxis.daily("1961-01-01", "1961-12-02")
    assert annual_means(result(axis, np.ones(axis.n))).empty


# ---------------------------------------------------------------- skill by series

AXIS = TimeAxis.monthly("1961-01-01", "1963-01-01")
LEVEL = np.repeat([341.0, 342.0], 12)


def test_years_are_held_against_years_and_months_against_months():
    found = level_skill(
        result(AXIS, LEVEL),
        observed(
            [
                ("yearly", "year", "1961-07-01", 340.0),
                ("yearly", "year", "1962-07-01", 343.0),
                ("monthly", "month", "1961-03-01", 341.5),
                ("monthly", "month", "1962-03-20", 342.5),
            ]
        ),
    )
    # errors +1 and -1 in years; -0.5 twice in months
    assert found.index.tolist() == ["yearly", "monthly"]
    assert found.loc["yearly", ["n", "rmse", "bias"]].tolist() == [2, 1.0, 0.0]
    assert found.loc["monthly", ["n", "rmse", "bias"]].tolist() == [2, 0.5, -0.5]


def test_a_series_of_years_and_months_is_scored_as_two():
    rows = [("gauge", "year", f"{y}-07-01", level) for y, level in ((1961, 340.0), (1962, 343.0))]
    rows += [("gauge", "month", f"{y}-03-01", level) for y, level in ((1961, 341.5), (1962, 342.5))]
    found = level_skill(result(AXIS, LEVEL), observed([*rows, ("b", "month", "1961-03-01", 341.0)]))
    assert found.index.tolist() == ["gauge (year)", "gauge (month)", "b"]
    assert found.loc["gauge (year)", ["averaging", "n", "rmse"]].tolist() == ["year", 2, 1.0]
    assert found.loc["gauge (month)", ["averaging", "n", "rmse"]].tolist() == ["month", 2, 0.5]


def test_an_offset_is_added_to_the_observation():
    table = observed([("a", "month", "1961-03-01", 340.6), ("a", "month", "1962-03-01", 341.6)])
    found = level_skill(result(AXIS, LEVEL), table.assign(offset=0.4))
    assert found.loc["a", "rmse"] == pytest.approx(0.0, abs=1e-12)
    assert found.loc["a", "offset"] == pytest.approx(0.4)


def test_days_are_averaged_to_the_month_of_the_observation():
    axis = TimeAxis.daily("1961-01-01", "1961-03-01")
    values = np.arange(axis.n, dtype=float)  # means 15 and 44.5 in January and February
    table = observed([("a", "month", "1961-01-01", 15.0), ("a", "month", "1961-02-01", 44.5)])
    assert level_skill(result(axis, values), table).loc["a", "rmse"] == pytest.approx(
        0.0, abs=1e-12
    )


def test_a_series_of_one_basin_is_held_against_that_basin():
    run = result(AXIS, np.where(np.arange(24) < 12, LEVEL, np.nan))  # the basins part in 1962
    basins = np.stack([LEVEL, LEVEL - 5.0], axis=1)
    run = run.assign(water_level=(("time", "storage"), basins), storage=["north", "south"])
    rows = [(n, "year", f"{y}-07-01", 337.0) for n in ("whole", "south") for y in (1961, 1962)]
    table = observed(rows).assign(storage=[None, None, "south", "south"])
    found = level_skill(run, table)
    assert found["n"].tolist() == [1, 2]
    assert found.loc["whole", "bias"] == pytest.approx(4.0)
    assert found.loc["south", "bias"] == pytest.approx(-0.5)
    with pytest.raises(InputError, match="no such storage; got east; expected north, south"):
        level_skill(run, table.assign(storage="east"))


def test_observations_outside_the_run_do_not_count():
    table = observed(
        [
            ("a", "month", "1961-01-01", 341.0),
            ("a", "month", "1962-01-01", 342.0),
            ("a", "month", "1990-01-01", 0.0),
        ]
    )
    assert level_skill(result(AXIS, LEVEL), table).loc["a", "n"] == 2


def test_a_series_that_cannot_be_scored_is_still_named():
    table = observed([("gauge", "year", "1961-07-01", 341.0)])
    assert level_skill(result(AXIS, LEVEL), table).loc["gauge", "n"] == 1


# ---------------------------------------------------------------- budget


def test_the_budget_of_a_period_adds_up(hindcast_free):
    table = budget_table(hindcast_free, [(1961, 1969), (1961, 2014)])
    assert table.index.tolist() == ["1961-1969", "1961-2014"]
    parts = table[["inflow", "precipitation", "evaporation", "groundwater", "abstraction"]]
    np.testing.assert_allclose(parts.sum(axis=1), table["change of storage"], atol=1e-9)
    assert (table["residual"].abs() < 1e-9).all()
    assert (table["evaporation"] < 0.0).all()


def test_the_change_of_storage_is_that_of_the_volumes(hindcast_free):
    # 1970-1985 is 16 years: 5 844 days, 16.0000 mean years of 365.2425 days
    volume = hindcast_free["water_volume"].sel(storage=["west", "east"]).sum("storage")
    change = float(volume.sel(time_edge="1986-01-01T00") - volume.sel(time_edge="1970-01-01T00"))
    row = budget_table(hindcast_free, [(1970, 1985)]).iloc[0]
    assert row["change of storage"] == pytest.approx(change / 1e9 / (5844 / 365.2425), rel=1e-10)


def test_periods_are_cut_to_the_run_and_named_so(hindcast_free):
    table = budget_table(hindcast_free, [(2006, 2020), (2020, 2030)])
    assert table.index.tolist() == ["2006-2014"]


def test_the_budget_of_one_basin_adds_up(hindcast_free):
    table = budget_table(hindcast_free, [(1961, 2014)], storages=["east"])
    terms = table.drop(columns=["change of storage", "residual"]).sum(axis=1)
    np.testing.assert_allclose(terms, table["change of storage"], atol=1e-6)
