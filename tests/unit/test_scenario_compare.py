"""Indicators, comparisons, their figure, and the commands about scenarios."""

import json
import sys

import numpy as np
import pytest
import xarray as xr

import balkhash_model as bm
from balkhash_model import cli
from balkhash_model.diagnostics import annual_levels, compare_results, indicators
from balkhash_model.plot import comparison, fan


def course(levels, *, members=None):
    """A made-up result of 36 months from 2001 with given levels."""
    edges = np.arange("2001-01", "2004-02", dtype="datetime64[M]").astype("datetime64[ns]")
    values = np.array(levels, dtype=float)
    dims = ("realization", "time") if values.ndim > 1 else ("time",)
    basin = np.repeat(values[..., None], 2, axis=-1)
    at_edges = np.concatenate([basin[..., :1, :], basin], axis=-2)
    lead = dims[:-1]
    return xr.Dataset(
        {
            "lake_level": (dims, values),
            "water_level": ((*lead, "time", "storage"), basin),
            "water_level_edge": ((*lead, "time_edge", "storage"), at_edges),
        },
        coords={
            "time": edges[:-1] + (edges[1:] - edges[:-1]) / 2,
            "time_edge": edges,
            "storage": np.array(["west", "east"], dtype=object),
            "storage_kind": ("storage", np.array(["lake", "lake"], dtype=object)),
        },
    )


DIP = np.r_[np.full(12, 342.0), np.full(3, 340.5), 340.0, np.full(8, 340.5), np.full(12, 341.2)]


def test_indicators_of_a_dip():
    """Below from January 2002 to December 2002; lowest in April; back in January 2003."""
    row = indicators(course(DIP), 341.0).iloc[0]
    assert row["years_below"] == pytest.approx(365 / 365.2425)
    assert row["first_below"] == 2002.0
    assert (row["lowest"], row["lowest_year"]) == (340.0, 2002)
    assert row["recovery"] == pytest.approx((365 - 90) / 365.2425)
    assert row["end"] == pytest.approx(341.2)
    assert row["change"] == pytest.approx(-0.8)


def test_the_level_at_the_end_is_that_of_the_last_calendar_year():
    rising = course(np.linspace(339.0, 342.0, 36))
    end = indicators(rising).iloc[0]["end"]
    assert end == annual_levels(rising).iloc[-1, 0]
    assert abs(end - np.linspace(339.0, 342.0, 36)[-12:].mean()) > 1e-3


def test_a_lake_that_never_falls_or_never_comes_back():
    high = indicators(course(np.full(36, 342.0))).iloc[0]
    assert high["years_below"] == 0.0
    assert np.isnan(high["first_below"])
    assert np.isnan(high["recovery"])
    low = indicators(course(np.linspace(342.0, 339.0, 36))).iloc[0]
    assert np.isnan(low["recovery"])
    assert low["lowest_year"] == 2003


def test_while_the_basins_are_apart_the_lower_one_counts():
    result = course(DIP)
    result["lake_level"][12:24] = np.nan
    result["water_level"][12:24, 1] -= 5.0
    assert indicators(result).iloc[0]["lowest"] == 335.0


def test_the_salinity_of_the_west_counts_where_there_is_one():
    result = course(DIP)
    assert "west_salinity" not in indicators(result)
    salt = np.stack([np.linspace(1.0, 2.0, 37), np.full(37, 5.0)], axis=1)
    result["salinity"] = (("time_edge", "storage"), salt)
    days = np.diff(result["time_edge"].values)[-12:].astype("timedelta64[D]").astype(float)
    middle = np.linspace(1.0, 2.0, 37)[-13:-1] + 0.5 / 36.0  # of each month of the last year
    expected = (middle * days).sum() / days.sum()
    assert indicators(result).iloc[0]["west_salinity"] == pytest.approx(expected)


def test_the_salinity_of_the_west_is_that_of_the_last_year_in_daily_steps_too():
    def west(*more):
        settings = ["period.end=1963-01-01", *more]
        run = bm.run(bm.load_scenario("hindcast_free", settings=settings))
        return indicators(run).iloc[0]["west_salinity"]

    assert west("period.step=day") == pytest.approx(west(), rel=2e-3)


def test_members_have_a_row_each():
    frame = indicators(course(np.stack([DIP, DIP + 2.0])))
    assert frame["first_below"].notna().tolist() == [True, False]
    assert annual_levels(course(np.stack([DIP, DIP + 2.0]))).shape == (3, 2)


@pytest.fixture(scope="module")
def pair():
    return bm.compare("hindcast_free", "no_kapshagay")


def test_differences_and_budget_tell_the_same(pair):
    assert pair.differences["hindcast_free"].abs().to_numpy().max() == 0.0
    assert (pair.differences["no_kapshagay"].loc[1971:] > 0.0).all(axis=None)
    more = pair.budget.loc["no_kapshagay", "inflow"] - pair.budget.loc["hindcast_free", "inflow"]
    expected = (16 * 1.39 - 10 * 0.09 + 10 * 0.05 + 9 * 0.57) / 54
    assert more == pytest.approx(expected, rel=1e-3)
    # each budget closes: what flows in and out is the change of storage
    terms = pair.budget.drop(columns="change of storage").sum(axis=1)
    np.testing.assert_allclose(terms, pair.budget["change of storage"], atol=1e-6)


def test_the_baseline_can_be_chosen():
    found = bm.compare("hindcast_free", "no_kapshagay", baseline="no_kapshagay")
    assert (found.differences["hindcast_free"].loc[1971:] < 0.0).all(axis=None)


def test_members_are_compared_one_by_one():
    """Both draw the same inflow, so a steady use lowers every member in every year."""
    found = bm.compare("baseline_2050", "npp_ulken")
    late = found.differences["npp_ulken"].loc[2037:]
    assert late.shape[1] == 40
    assert (late < 0.0).all(axis=None)


def test_what_cannot_be_compared(problems, pair):
    result = course(DIP)
    assert "needs two runs or more" in problems(compare_results, {"a": result})[0]
    assert "is none of the runs" in problems(compare_results, {"a": result, "b": result}, "c")[0]
    later = result.assign_coords(time=result["time"] + np.timedelta64(3650, "D"))
    assert "no year in common" in problems(compare_results, {"a": result, "b": later})[0]
    found = problems(bm.compare, "hindcast_fre", "no_kapshaga", "none.nc")
    assert len(found) == 3
    [text] = problems(bm.compare, "hindcast_free", "hindcast_free")
    assert "two runs of one name" in text
    [text] = problems(bm.compare, "hindcast_free", "hindcast", baseline="x")
    assert "is none of the runs; got x" in text


def test_the_figure_shows_every_run(pair):
    figure = comparison(pair)
    upper, lower = figure.axes
    assert {line.get_label() for line in upper.lines} >= {"hindcast_free", "no_kapshagay"}
    assert len(lower.lines) == 2  # one difference and the zero line
    assert upper.get_ylabel() == "Lake level (m, Baltic system)"


def test_the_fan_shows_median_and_range():
    import pandas as pd

    frame = pd.DataFrame(np.arange(40.0).reshape(4, 10) + 340.0, index=range(2025, 2029))
    axes = fan(frame, "An ensemble").axes[0]
    median = next(line for line in axes.lines if line.get_label() == "Median")
    np.testing.assert_allclose(median.get_ydata(), frame.median(axis=1))
    assert len(axes.collections) == 2


# ---------------------------------------------------------------- the command line


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["balkhash", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        assert int(ended.value.code or 0) == code, err
        return out if code == 0 else err

    return call


def test_from_a_new_file_to_a_comparison(command, tmp_path):
    assert "wrote mine.yml" in command("scenario", "new", "mine", "--from", "npp_ulken")
    with (tmp_path / "mine.yml").open("a") as stream:
        stream.write("period.end: 2036-01-01\nensemble.members: 4\n")
    assert "mine.yml: mine is valid" in command("validate", "mine.yml")
    out = command("run", "mine.yml", "--set", "ensemble.seed=5")
    assert "budget: mean of 4 members" in out
    again = command("run", "results/mine.nc", "--out", "again")
    assert "wrote again/mine.nc" in again
    with xr.open_dataset("results/mine.nc") as one, xr.open_dataset("again/mine.nc") as two:
        assert one.drop_attrs().identical(two.drop_attrs())
        assert "seed: 5" in one.attrs["resolved_scenario"]
    out = command("compare", "results/mine.nc", "baseline_2050", "--out", "c.svg")
    assert "Indicators, threshold 341.0 m" in out
    assert (tmp_path / "c.svg").stat().st_size > 10_000


def test_a_scenario_chooses_its_outputs(command, tmp_path):
    chosen = [
        "period.end=2027-01-01",
        "ensemble.members=null",
        "outputs.figures=[pdf]",
        "outputs.indicators=[lowest, first_below]",
        "outputs.variables=[shortage]",
    ]
    settings = [word for text in chosen for word in ("--set", text)]
    out = command("run", "baseline_2050", *settings)
    assert "- lowest: 34" in out
    assert "- first_below: never" in out
    assert sorted(p.name for p in (tmp_path / "results").iterdir()) == [
        "baseline_2050.nc",
        "baseline_2050.pdf",
        "baseline_2050.resolved.yml",
    ]
    with xr.open_dataset("results/baseline_2050.nc") as kept:
        assert "shortage" in kept
        assert "lake_connected" not in kept


def test_variants_and_order_at_the_command_line(command):
    text = command("scenario", "show", "rcp45", "--with", "to_2100")
    assert 'end: "2100-01-01"' in text
    err = command(
        "validate", "baseline_2050", "--with", "gauge_mean", "--with", "thevs2017", code=2
    )
    assert "both set the same keys differently; got meta.title" in err
    command(
        "validate", "baseline_2050", "--with", "gauge_mean", "--with", "thevs2017", "--in-order"
    )


def test_show_list_explain_diff_schema(command):
    assert "extends: rcp45" in command("scenario", "show", "rcp85")
    assert "RCP8.5" in command("scenario", "show", "rcp85", "--resolved")
    assert "npp_ulken" in command("scenario", "list")
    found = command("scenario", "explain", "rcp85", "climate.projection.scenario")
    assert found.startswith("climate.projection.scenario: RCP8.5\n  set at ")
    assert "rcp85.yml:10:1" in found
    assert "climate.projection.scenario" in command("scenario", "diff", "rcp45", "rcp85")
    schema = json.loads(command("scenario", "schema"))
    assert schema["properties"]["period"]
    assert command("scenario", "schema", "--page").startswith("# Scenario file\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["scenario", "explain", "rcp85", "climate.projektion"], "climate.projection"),
        (["scenario", "show", "rcp8"], "Nearest: rcp85"),
        (["scenario", "new", "a/b"], "letters, digits"),
        (["compare", "rcp45"], "needs two runs or more"),
        (["compare", "rcp45", "rcp85", "--out", "a.gif"], "no such format"),
        (["compare", "rcp45", "rcp85", "--out", "no/a.png"], "its folder does not exist"),
        (["run", "none.nc"], "none.nc: no such file"),
        (["run", "none.nc", "--set", "a=1"], "run again as it was"),
    ],
)
def test_what_the_commands_refuse(command, tmp_path, arguments, words):
    assert words in command(*arguments, code=2)
    assert list(tmp_path.iterdir()) == []
