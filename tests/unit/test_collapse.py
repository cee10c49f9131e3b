"""Courses, onsets, equivalent years: on lakes whose answer is known."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import balkhash_model as bm
from balkhash_model.diagnostics import (
    course,
    equivalent_year,
    nearness,
    nearness_summary,
    observed_baseline,
)
from balkhash_model.diagnostics.courses import STATE, find_onset
from balkhash_model.job import collapse_job, write_result
from balkhash_model.plot import collapse, compare_lakes, text_faults


def state(volume, first=2000):
    """A lake with sides like a ramp: area and level follow the volume."""
    v = np.asarray(volume, dtype=float)
    index = pd.Index(range(first, first + v.size), name="year")
    columns = {
        "level": v / 10.0,
        "area": v * 10.0,
        "volume": v,
        "salinity": 100.0 / v,
        "inflow": np.full(v.size, 5.0),
        "net_evaporation": np.ones(v.size),
        "connected": (v > 50.0).astype(float),
    }
    return pd.DataFrame(columns, index=index)[list(STATE)]


FALLING = [100.0] * 10 + [100.0 - 2.0 * i for i in range(31)]


@pytest.fixture(scope="module")
def base():
    return course(state(FALLING, 1951), onset=1961, name="ramp")


def test_a_lake_on_the_same_path_is_neither_ahead_nor_behind(base):
    run = course(state(FALLING), onset=2010)
    table = nearness(run, base).loc[0]
    assert table.loc[2030, "age"] == 20
    assert table.loc[2030, "volume_lost"] == pytest.approx(0.4)
    assert table.loc[2030, "baseline_volume_lost"] == pytest.approx(0.4)
    assert table.loc[2030, "equivalent_year"] == pytest.approx(1981.0)
    assert table.loc[2030, "lead"] == pytest.approx(0.0)
    # (E - P) A0 = 1 m/yr over 1000 km2 = 1 km3/yr; the inflow is five times that
    assert table.loc[2030, "inflow_deficit"] == pytest.approx(-4.0)


def test_a_lake_that_falls_at_half_the_speed_is_half_its_age_behind(base):
    run = course(state([100.0] * 11 + [100.0 - i for i in range(1, 31)]), onset=2010)
    table = nearness(run, base).loc[0]
    assert table.loc[2040, "equivalent_year"] == pytest.approx(1976.0)
    assert table.loc[2040, "lead"] == pytest.approx(-15.0)


def test_uncertainty_widens_the_equivalent_year_both_ways(base):
    run = course(state(FALLING), onset=2010, uncertainty=0.04)
    row = nearness(run, base).loc[(0, 2030)]
    # 2 % a year: 4 % are two years
    assert row["equivalent_low"] == pytest.approx(1979.0)
    assert row["equivalent_high"] == pytest.approx(1983.0)


def test_a_rising_lake_has_no_onset_no_lead_and_negative_losses(base):
    run = course(state([100.0 + i for i in range(30)]))
    assert run.onset is None
    row = nearness_summary([run], base).iloc[0]
    assert np.isnan(row["onset"])
    assert np.isnan(row["lead"])
    assert np.isnan(row["separated"])
    assert row["volume_lost"] < 0.0
    assert row["fall_m"] < 0.0
    assert row["equivalent_year"] == -np.inf


def test_a_lake_emptier_than_the_baseline_ever_was_is_beyond_it(base):
    run = course(state([100.0, 60.0, 20.0]), onset=2000)
    row = nearness_summary([run], base).iloc[0]
    assert row["equivalent_year"] == np.inf
    assert np.isnan(row["lead"])
    assert row["separated"] == 2002


def test_members_are_told_one_by_one_and_summed_up_by_their_median(base):
    fast, slow = state(FALLING), state([100.0] * 11 + [100.0 - i for i in range(1, 31)])
    both = pd.concat({0: fast, 1: slow, 2: slow}, names=["realization", "year"])
    run = course(both, onset=2010, name="three")
    row = nearness_summary([run], base).loc["three"]
    assert row["volume_lost"] == pytest.approx(0.3)
    assert row["equivalent_year"] == pytest.approx(1976.0)
    assert row["equivalent_high"] > row["equivalent_year"]
    assert run.relative("volume").shape == (41, 3)


def test_a_recovery_does_not_make_the_path_ambiguous():
    path = course(state([100.0] * 10 + [90.0, 80.0, 95.0, 70.0]), onset=2009)
    found = equivalent_year([0.85, 0.75], path)
    # between the years in which a new minimum was reached: 2011 and 2013
    assert found == pytest.approx([2010.5, 2012.0])


@pytest.mark.parametrize("onset", [1949, 2019])
def test_an_onset_outside_the_record_is_named(onset):
    with pytest.raises(bm.InputError, match="outside the record"):
        observed_baseline(onset=onset)


def test_an_unknown_lake_is_named():
    with pytest.raises(bm.InputError, match=r"no such lake; got arel.*Nearest: aral"):
        observed_baseline("arel")


def test_a_baseline_without_onset_has_no_years():
    with pytest.raises(bm.InputError, match="has no onset"):
        equivalent_year([0.5], course(state([100.0] * 20)))


def test_a_small_loss_is_no_onset():
    assert find_onset(pd.Series([100.0] * 10 + [96.0] * 10, index=range(20))) is None
    assert find_onset(pd.Series([100.0] * 10 + [94.0] * 10, index=range(20))) == 9
    assert find_onset(pd.Series(dtype=float)) is None


def test_the_observed_baseline_is_the_printed_record():
    aral = observed_baseline()
    assert aral.fall().loc[1989, 0] == pytest.approx(14.03, abs=0.05)
    # areas by satellite: 8 990 less 2 001 of some 66 500 km2 by 2018
    assert aral.relative("area").loc[2018, 0] == pytest.approx(0.105, abs=0.003)
    assert np.isnan(aral.relative("volume").loc[1990, 0])
    assert np.isfinite(aral.relative("inflow").loc[1950:2018]).all(axis=None)


def test_a_result_without_what_is_needed_says_so():
    with pytest.raises(bm.InputError, match="lacks a variable"):
        bm.diagnostics.annual_state(xr.Dataset())


def test_the_command_s_table_and_figure(tmp_path):
    file, picture = tmp_path / "run.nc", tmp_path / "collapse.png"
    write_result(bm.run("hindcast_free"), file)
    summary = collapse_job([file], picture, onset=1970, measure="area", language="ru")
    assert picture.stat().st_size > 20_000
    assert summary.loc["hindcast_free", "age"] == 44
    assert 1960 <= summary.loc["hindcast_free", "equivalent_year"] < 1970


def test_a_run_of_the_aral_is_told_from_the_onset_of_its_record(tmp_path, capsys):
    run = bm.run("aral_hindcast")
    told = course(run)
    assert (told.onset, told.onset_from) == (1960, "record")
    # its volumes alone would say another year
    assert find_onset(told.state["volume"].loc[0]) == 1956
    assert course(run, onset=1956).onset_from == "given"
    late = run.isel(time=slice(15 * 12, None), time_edge=slice(15 * 12, None))
    assert course(late).onset_from == "found"  # the record of the run begins in 1965
    file = tmp_path / "aral.nc"
    write_result(run, file)
    from balkhash_model.cli import app

    app(["collapse", str(file)], standalone_mode=False)
    out = capsys.readouterr().out
    assert "onset of aral_hindcast: 1960, as of the Aral Sea observed; --onset YEAR" in out
    app(["collapse", str(file), "--onset", "1956"], standalone_mode=False)
    assert "as of the Aral Sea observed" not in capsys.readouterr().out
    app(["collapse", str(file), "--json"], standalone_mode=False)
    (row,) = json.loads(capsys.readouterr().out)["results"]
    assert (row["onset"], row["onset_from"]) == (1960, "record")


def test_an_aral_that_does_not_fall_has_no_onset():
    risen = state([100.0 + i for i in range(30)], 1950)
    risen.attrs["system"] = "aral"
    assert course(risen).onset is None
    assert course(risen).onset_from is None


def test_what_the_command_cannot_use_is_named_all_at_once(tmp_path):
    (tmp_path / "no.nc").write_text("text")
    with pytest.raises(bm.InputError) as caught:
        collapse_job([tmp_path / "no.nc", tmp_path / "none.nc"], lake="arel")
    found = [str(p) for p in caught.value.problems]
    assert len(found) == 3
    assert "no such lake; got arel" in found[0]


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
@pytest.mark.parametrize("phase", ["salinity", "inflow"])
def test_the_figure_names_its_axes_in_three_languages(base, language, phase):
    run = course(state(FALLING), onset=2010, name="lake", title="Lake")
    figure = collapse({"one": run}, baseline=base, phase=phase, lang=language)
    assert len(figure.axes) == 4
    labels = [ax.get_ylabel() for ax in figure.axes[:3]]
    assert all(labels)
    cyrillic = any("а" <= c <= "я" for c in "".join(labels).lower())
    assert cyrillic == (language != "en")
    assert any("2040" in t.get_text() for t in figure.axes[3].texts)


@pytest.mark.parametrize("size", ["page", "slide", "web"])
@pytest.mark.parametrize(("measure", "most"), [("volume", 3), ("area", 5)])
def test_years_of_the_aral_do_not_lie_on_each_other(measure, most, size):
    # a lake that rises sixteen-fold over four centuries presses the course into a corner
    run = course(state(np.linspace(100.0, 1600.0, 400)), onset=2010, name="lake", title="Lake")
    for one, least in ((run, 1), (course(state(FALLING), onset=2010, title="Lake"), most)):
        figure = collapse(one, measure=measure, size=size)
        assert not text_faults(figure)
        years = [t.get_text() for t in figure.axes[0].texts if t.get_visible()]
        assert least <= len(years) <= most
        assert set(years) <= {"1970", "1980", "1989", "2000", "2010"}


def test_a_figure_of_nothing_or_in_no_language_is_refused(base):
    with pytest.raises(bm.InputError, match="none is given"):
        collapse([], baseline=base)
    with pytest.raises(bm.InputError, match="not known"):
        collapse(base, baseline=base, lang="de")  # type: ignore[arg-type]


def test_what_cannot_be_compared_or_drawn_is_refused(base):
    run = course(state(FALLING), onset=2010)
    for call in (equivalent_year, lambda x, b, c: nearness(run, b, c)):
        with pytest.raises(bm.InputError, match="got salinity; expected volume or area"):
            call([0.5], base, "salinity")
    with pytest.raises(bm.InputError) as caught:
        collapse(run, baseline=base, measure="depth", phase="depth")  # type: ignore[arg-type]
    assert len(caught.value.problems) == 2
    for onset in (2010.5, "2010"):
        with pytest.raises(bm.InputError, match="expected a year from 2000 to 2040"):
            course(state(FALLING), onset=onset)  # type: ignore[arg-type]
    with pytest.raises(bm.InputError) as caught:
        compare_lakes(["kaspian"], columns=0)
    assert len(caught.value.problems) == 2


def test_runs_of_one_name_each_have_their_row_and_their_mark(base):
    one, two = (course(state(v), onset=2010, name="lake") for v in (FALLING, [100.0] * 41))
    summary = nearness_summary([one, two], base)
    assert summary.index.tolist() == ["lake", "lake"]
    assert summary["volume_lost"].tolist() == pytest.approx([0.6, 0.0])
    strip = collapse([one, two], baseline=base).axes[3]
    assert sum("2040" in t.get_text() for t in strip.texts) == 2


def test_results_of_one_scenario_are_told_apart_by_their_files(tmp_path):
    run = bm.run("hindcast_free")
    files = [tmp_path / folder / "run.nc" for folder in ("a", "b")]
    for file in files:
        file.parent.mkdir()
        write_result(run, file)
    summary = collapse_job(files, onset=1970)
    assert summary.index.tolist() == [str(f) for f in files]
    assert summary.attrs["onset_from"] == {str(f): "given" for f in files}


def test_a_fall_is_that_of_the_year_that_is_told():
    observed = observed_baseline()
    # areas are known to 2018, levels of the whole sea to 1989
    assert np.isnan(nearness_summary([observed], observed, "area").loc["aral", "fall_m"])
    assert nearness_summary([observed], observed).loc["aral", "fall_m"] > 13.0


def test_lakes_side_by_side_and_an_unknown_one():
    figure = compare_lakes()
    titles = " ".join(ax.get_title(loc="left") for ax in figure.axes)
    for word in ("Caspian", "Sasykkol", "Issyk-Kul", "Kapshagay", "South Aral"):
        assert word in titles
    with pytest.raises(bm.InputError, match="Nearest: caspian"):
        compare_lakes(["kaspian"])
    assert len(compare_lakes("caspian").axes) == len(compare_lakes(["caspian"]).axes)


def test_a_figure_in_no_format_is_refused_before_anything_is_drawn(tmp_path):
    file, picture = tmp_path / "run.nc", tmp_path / "collapse.xyz"
    write_result(bm.run("hindcast_free"), file)
    with pytest.raises(bm.InputError) as caught:
        collapse_job([file, tmp_path / "none.nc"], picture)
    found = [str(p) for p in caught.value.problems]
    assert found[0].endswith("no format of a figure; got .xyz; expected .png, .svg, .pdf")
    assert found[1].endswith("none.nc: no such file")
    assert not picture.exists()
