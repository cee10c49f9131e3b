"""The figures that the hindcast is held to, from the run itself."""

import numpy as np
import pytest

import balkhash_model as bm
from balkhash_model.diagnostics.skill import annual_means, level_skill
from balkhash_model.reconstruction_report import annual_inflow, report
from balkhash_model.reference.levels import ALL_ANNUAL, balkhash_levels
from balkhash_model.runs import build


@pytest.fixture(scope="module")
def free():
    return bm.run("hindcast_free")


def test_annual_levels_of_the_free_run(free):
    skill = level_skill(free, balkhash_levels()).loc[ALL_ANNUAL]
    assert skill["n"] == 26
    assert skill["rmse"] <= 0.35
    # what the README and the documentation print
    assert skill["rmse"] == pytest.approx(0.248, abs=0.002)


def test_minimum_and_fall_of_the_free_run(free):
    annual = annual_means(free)
    assert 1985 <= annual.idxmin() <= 1989
    assert 340.4 <= annual.min() <= 341.0
    assert 1.8 <= annual.loc[1970] - annual.loc[1987] <= 2.6


def test_season_of_the_free_run(free):
    months = free["lake_level"].sel(time=slice("1993", "2014")).groupby("time.month").mean()
    values = months.values
    assert np.ptp(values) == pytest.approx(0.30, abs=0.08)
    assert 4 <= values.argmax() + 1 <= 6
    assert 9 <= values.argmin() + 1 <= 11


def test_the_default_parameters_are_the_fitted_ones():
    found = bm.calibrate("hindcast_free")
    shipped = bm.load_parameters("balkhash")
    for name, row in found.table.iterrows():
        assert shipped[name].value == pytest.approx(row["fitted"], abs=0.05 * row["std error"])
        assert row["lowest"] < row["fitted"] < row["highest"]
    assert "no parameter lies on a bound" in found.notes


def test_reconstructed_inflow_closes_with_the_gauges_and_runs_back():
    from balkhash_model.reconstruction import reconstruct_inflow
    from balkhash_model.reference.levels import altimetry_monthly
    from balkhash_model.simulation import simulate

    case = build("hindcast")
    before = case.forcing.sel(time=slice(None, "1992-12-31"))
    state = simulate(case.system, before, initial=case.levels)
    climate = case.forcing.sel(time=slice("1993-01-01", None))
    found = reconstruct_inflow(case.system, altimetry_monthly(), climate, initial=state)
    # gauges: 15.29 at Ushzharma less a delta loss of 2.5 to 2.8 plus 3.0 from the east
    mean = annual_inflow(found).loc[1996:2005, "inflow"].mean()
    assert mean == pytest.approx(15.5, abs=1.0)
    difference = (found["lake_level"] - found["observed_level"]).values
    assert np.sqrt(np.mean(difference**2)) <= 0.06


def test_the_report_names_what_a_reader_must_know():
    notes = " ".join(report("hindcast", blocks=False).notes)
    for word in ("not an observation", "negative inflow", "printed record", "offset"):
        assert word in notes
