"""A lake of one's own: curves and forcing from CSV, and everything that can be wrong with them."""

import hashlib
import json

import numpy as np
import pytest
import xarray as xr

import balkhash_model as bm
from balkhash_model.cases import check
from balkhash_model.forcing.columns import column_rates, read_columns
from balkhash_model.forcing.series import read_flow_series
from balkhash_model.forcing.weather import read_weather
from balkhash_model.job import run_jobs
from balkhash_model.reference.curves import read_curve, reference_curve
from balkhash_model.reference.user_csv import read_user_csv
from balkhash_model.results import scenario_of_result
from balkhash_model.runs import used_files
from balkhash_model.scenario import dump_scenario, load_scenario, read_scenario
from balkhash_model.scenario.schema_series import Column
from balkhash_model.timeaxis import TimeAxis

CLIMATE = ("precipitation", "evaporation")
CURVE = "level_m,area_km2,volume_km3\n100,0,0\n110,50,0.25\n120,100,1.0\n"
SYSTEM = """\
name: my_lake
title: My lake
datum: local gauge
lake: [basin]
storages:
  - {name: basin, kind: lake, curve: {shape: table, file: curve.csv}}
rivers:
  - {name: inflow, to: basin, salinity: 0.5 g/l}
"""
SCENARIO = """\
meta: {name: my_run, title: My lake, rationale: A first run.}
system: my_lake.yml
parameters.set: none.yml
period: {start: 2001-01-01, end: 2003-01-01}
initial: {lake_level: 115.0 m, salinity: {basin: 2 g/l}}
climate.table:
  precipitation: [{file: forcing.csv, column: rain, unit: mm/month}]
  evaporation: [{file: forcing.csv, column: evaporation, unit: mm/month}]
inflow:
  kind: table
  rivers:
    inflow: [{file: forcing.csv, column: river, unit: m3/s}]
outputs: {periods: [[2001, 2002]], threshold: none, figures: [png]}
"""


def months(rows):
    lines = ["time,rain,evaporation,river"]
    return "\n".join([*lines, *rows]) + "\n"


@pytest.fixture
def lake(tmp_path):
    rows = [
        f"{y}-{m:02d},{10 + m},{20 * m},{3 + 0.1 * m}" for y in (2001, 2002) for m in range(1, 13)
    ]
    (tmp_path / "curve.csv").write_text(CURVE)
    (tmp_path / "my_lake.yml").write_text(SYSTEM)
    (tmp_path / "none.yml").write_text("set: none\ntitle: none\nparameters: {}\n")
    (tmp_path / "forcing.csv").write_text(months(rows))
    (tmp_path / "my_run.yml").write_text(SCENARIO)
    return tmp_path


def test_a_lake_of_files_runs_without_python(lake, monkeypatch):
    monkeypatch.chdir(lake)
    job = run_jobs(["my_run.yml"], lake / "out")[0]
    assert [p.name for p in job.paths] == ["my_run.nc", "my_run.png", "my_run.resolved.yml"]
    result = bm.run(load_scenario("my_run.yml"))
    bm.check_balance(result)
    volume = result["water_volume"].values[:, 0]
    # by hand: 0.25 km3 and 5 m of (50 + 75)/2 km2; the pool at the deepest point adds 1e-4
    assert volume[0] == pytest.approx(0.5625e9, rel=1e-4)
    days = np.diff(result["time_edge"].values).astype("timedelta64[s]").astype(float)
    river = (result["river_inflow"].values[:, 0] * days).sum()
    m = np.arange(1, 13)
    assert river == pytest.approx((np.tile(3 + 0.1 * m, 2) * days).sum(), rel=1e-12)
    assert set(used_files(load_scenario("my_run.yml"))) == {
        "forcing.csv",
        "my_lake.yml",
        "curve.csv",
        "none.yml",
    }


def test_a_lake_that_names_no_set_has_no_parameters(lake):
    run = lake / "my_run.yml"
    run.write_text(SCENARIO.replace("parameters.set: none.yml\n", ""))
    assert load_scenario(str(run)).parameters.set == "none"
    result = bm.run(str(run))
    assert result.attrs["parameter_set"] == "none"
    assert set(json.loads(result.attrs["input_checksums"])) == {
        "forcing.csv",
        "my_lake.yml",
        "curve.csv",
    }
    (lake / "my_lake.yml").write_text(SYSTEM.replace("0.5 g/l", "$salinity_of_rivers"))
    with pytest.raises(bm.InputError, match="No parameter set is named: give one as 'parameters'"):
        bm.run(str(run))
    (lake / "my_lake.yml").write_text(SYSTEM.replace("0.5 g/l", "$eastern_salinity"))
    with pytest.raises(bm.InputError, match="no such parameter"):
        bm.run(str(run))
    run.write_text(SCENARIO.replace("set: none.yml", "overrides: {delta_loss: 2 km3/yr}"))
    with pytest.raises(bm.InputError, match=r"delta_loss: no such parameter\. No parameter set"):
        bm.run(str(run))


def test_what_is_not_there_is_told_with_the_line_that_asks_for_it(lake):
    run, system = lake / "my_run.yml", lake / "my_lake.yml"
    run.write_text(SCENARIO.replace("my_lake.yml", "my_lak.yml"))
    for ask in (bm.run, check):
        [fault] = faults(lambda ask=ask: ask(str(run)))
        assert str(fault).startswith(f"{run}:2:1: system: lake system: does not exist; got 'my_lak")
    run.write_text(SCENARIO.replace("none.yml", "non.yml"))
    [fault] = faults(lambda: bm.run(str(run)))
    assert fault.where == f"{run}:3:1: parameters.set: parameter set"
    run.write_text(SCENARIO)
    system.write_text(SYSTEM.replace("curve.csv", "curv.csv"))
    [fault] = faults(lambda: bm.run(str(run)))
    assert fault.where.startswith(f"{system}:6:")
    assert fault.where.endswith(": storage basin, curve")
    assert (fault.what, fault.got) == ("no such file", str(lake / "curv.csv"))


def test_faults_of_the_history_have_a_line(tmp_path):
    run = tmp_path / "run.yml"
    run.write_text(
        "extends: hindcast_free\nmeta: {name: r, title: r, rationale: r}\n"
        "period: {start: 1985-01-01, end: 2024-01-01}\noutputs.periods: [[1990, 1995]]\n"
    )
    found = [p.where for p in faults(lambda: bm.run(str(run)))]
    assert found
    assert all(".yml:" in where for where in found)
    assert f"{run}:1:1: climate.precipitation" in found
    assert any(where.endswith("hindcast_free.yml:24:3: inflow.ili at km171") for where in found)


def test_rows_of_the_budget_without_a_year_of_the_run_are_refused(lake):
    run = lake / "my_run.yml"
    run.write_text(SCENARIO.replace("[[2001, 2002]]", "[[2001, 2002], [1990, 1995]]"))
    [fault] = faults(lambda: load_scenario(str(run)))
    assert fault.where.startswith(f"{run}:13:")
    assert fault.where.endswith(": outputs.periods.1")
    assert (fault.got, fault.expected) == ("1990 to 1995", "years of 2001 to 2002")
    run.write_text(SCENARIO.replace("[[2001, 2002]]", "[[2001, 2001], [2002, 2010]]"))
    # a run that is shortened for once leaves out rows of its file, and what it writes loads
    record = load_scenario(str(run), settings=["period.end=2002-01-01"])
    assert record.outputs.periods == [(2001, 2001)]
    assert read_scenario(dump_scenario(record), str(lake / "again.yml")) == record
    with pytest.raises(bm.InputError, match="holds no year of the run"):
        load_scenario(str(run), settings=["outputs.periods=[[2005, 2010]]"])


def test_an_amount_per_month_is_none_of_a_year(lake):
    (lake / "rain.csv").write_text("time,rain\n2001,220\n2002,180\n")
    text = SCENARIO.replace("{file: forcing.csv, column: rain", "{file: rain.csv, column: rain")
    (lake / "my_run.yml").write_text(text)
    [fault] = faults(lambda: bm.run(str(lake / "my_run.yml")))
    assert fault.where == f"{lake / 'my_run.yml'}:7:3: climate.table.precipitation.0"
    assert (fault.what, fault.got) == ("an amount per month in a table of years", "mm/month")
    (lake / "my_run.yml").write_text(text.replace("rain, unit: mm/month", "rain, unit: mm/yr"))
    bm.run(str(lake / "my_run.yml"))


def test_a_scenario_without_variants_says_so(lake):
    with pytest.raises(bm.InputError) as caught:
        load_scenario(str(lake / "my_run.yml"), ["nope"])
    assert str(caught.value).endswith("my_run.yml has no variants")


def test_a_lake_may_name_a_set_beside_it(lake):
    (lake / "my_set.yml").write_text(
        "set: my_set\ntitle: mine\nparameters:\n  river_salinity: {kind: salinity, value: 0.5, "
        "unit: g/l, range: [0, 1], status: assumed, source: [], note: none}\n"
    )
    (lake / "my_lake.yml").write_text(
        "parameters: my_set.yml\n" + SYSTEM.replace("0.5 g/l", "$river_salinity")
    )
    run = lake / "my_run.yml"
    run.write_text(SCENARIO.replace("parameters.set: none.yml\n", ""))
    result = bm.run(str(run))
    assert result.attrs["parameter_set"] == "my_set"
    assert "my_set.yml" in json.loads(result.attrs["input_checksums"])


def test_a_run_knows_the_files_of_its_lake_and_set_from_anywhere(lake):
    (lake / "base.yml").write_text("set: base\ntitle: base\nparameters: {}\n")
    (lake / "none.yml").write_text("set: none\ntitle: none\nextends: base\nparameters: {}\n")
    run_jobs([str(lake / "my_run.yml")], lake)
    with xr.open_dataset(lake / "my_run.nc", decode_times=False) as result:
        sums = json.loads(result.attrs["input_checksums"])
    own = {"forcing.csv", "my_lake.yml", "curve.csv", "none.yml", "base.yml"}
    assert set(sums) == own
    assert sums["curve.csv"] == hashlib.sha256((lake / "curve.csv").read_bytes()).hexdigest()
    assert scenario_of_result(lake / "my_run.nc").meta.name == "my_run"
    (lake / "curve.csv").write_text(CURVE.replace("120,100,1.0", "120,100,1.01"))
    with pytest.raises(bm.InputError, match=r"read another version of this; got curve\.csv"):
        scenario_of_result(lake / "my_run.nc")


def test_a_file_that_is_not_there_is_named_with_its_line(lake, monkeypatch):
    monkeypatch.chdir(lake)
    (lake / "forcing.csv").unlink()
    from balkhash_model.runs import check

    with pytest.raises(bm.InputError, match=r"my_run\.yml:.*no such file"):
        check("my_run.yml")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("column: river", "column: rivver", r"lacks a column.*Nearest: river"),
        ("    inflow: [", "    inflw: [", r"no such river; got inflw"),
        ("column: rain, unit: mm/month", "column: rain, unit: km3", "no unit of flow or depth"),
        ("end: 2003-01-01", "end: 2004-01-01", r"no column covers these years; got 2003 to 2003"),
        ("kind: table\n", "kind: history\n", "belong together"),
        ("lake_level: 115.0 m", "lake_level: 90.0 m", "outside its curve"),
        ("column: evaporation, unit: mm/", "column: evaporation, unit: m/", "is too large.*unit"),
    ],
)
def test_what_is_wrong_in_the_files_is_said(lake, monkeypatch, old, new, words):
    monkeypatch.chdir(lake)
    assert old in SCENARIO
    (lake / "my_run.yml").write_text(SCENARIO.replace(old, new))
    with pytest.raises(bm.InputError, match=words):
        bm.run(load_scenario("my_run.yml"))


def told_of(lake, monkeypatch, row, new):
    """The problems of a run whose forcing has another row (or none) in place of one."""
    monkeypatch.chdir(lake)
    lines = (lake / "forcing.csv").read_text().splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith(row))
    lines[at : at + 1] = [] if new is None else [new]
    (lake / "forcing.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(bm.InputError) as caught:
        bm.run(load_scenario("my_run.yml"))
    assert not (lake / "results").exists()
    return [str(p) for p in caught.value.problems]


def test_a_month_without_a_value_is_named(lake, monkeypatch):
    found = told_of(lake, monkeypatch, "2001-07", "2001-07,,,")
    places = [*(f"climate.table.{x}" for x in CLIMATE), "inflow.rivers.inflow"]
    assert [f.split(": ")[1] for f in found] == places
    assert all("2001-07 is the first of 1 months without a value" in f for f in found)


def test_a_month_that_is_not_there_is_told_once(lake, monkeypatch):
    (found,) = told_of(lake, monkeypatch, "2001-07", None)
    assert "months do not follow on; got 2001-08 after 2001-06; expected 2001-07" in found


def test_negative_flows_and_rain_are_all_named_with_line_month_and_column(lake, monkeypatch):
    lines = (lake / "forcing.csv").read_text().splitlines()
    lines[5] = "2001-05,-15,100,-3.5"
    lines[10:10] = [""]  # what is blank is no month, and is a line
    lines[12] = "2001-11,21,220,-0.25"
    (lake / "forcing.csv").write_text("\n".join(lines) + "\n")
    found = told_of(lake, monkeypatch, "2002-12", "2002-12,22,240,4.2")
    assert [f.removeprefix(f"{lake}/") for f in found] == [
        "forcing.csv:6: rain of 2001-05: is negative; got -15; expected zero or more",
        "forcing.csv:6: river of 2001-05: is negative; got -3.5; expected zero or more",
        "forcing.csv:13: river of 2001-11: is negative; got -0.25; expected zero or more",
    ]


def test_of_many_negative_values_the_first_ten_are_named(lake, monkeypatch):
    text = (lake / "forcing.csv").read_text().splitlines()
    text[1:] = [",".join([*line.split(",")[:3], "-1"]) for line in text[1:]]
    (lake / "forcing.csv").write_text("\n".join(text) + "\n")
    found = told_of(lake, monkeypatch, "2001-01", text[1])
    assert len(found) == 11
    assert found[-1].endswith(
        "forcing.csv: river: is negative; got 14 more, the last on line 25; expected zero or more"
    )


def test_water_that_leaves_is_positive_with_a_factor(lake, monkeypatch):
    monkeypatch.chdir(lake)
    (lake / "my_run.yml").write_text(SCENARIO.replace("unit: m3/s}", "unit: m3/s, times: -0.001}"))
    assert (bm.run(load_scenario("my_run.yml"))["river_inflow"].values < 0.0).all()


def test_negative_flows_of_a_series_are_all_named(tmp_path):
    file = tmp_path / "ili.csv"
    file.write_text("time,flow,unit\n2001,12,km3/yr\n2002,-1,km3/yr\n2003,-40,m3/s\n")
    with pytest.raises(bm.InputError) as caught:
        read_flow_series(file)
    assert [str(p).removeprefix(f"{tmp_path}/") for p in caught.value.problems] == [
        "ili.csv:3: flow of 2002: is negative; got -1 km3/yr; expected zero or more",
        "ili.csv:4: flow of 2003: is negative; got -40 m3/s; expected zero or more",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("level,area_km2\n1,2\n", "lacks a column; expected level_m"),
        ("level_m,area_km2\n1,two\n", "not a number; got 'two'"),
        (CURVE.replace("0.25", "0.9"), "does not fit the areas"),
        (CURVE.replace("100,0,0", "100,10,3"), "still holds water"),
    ],
)
def test_a_curve_that_cannot_be_used_says_why(tmp_path, text, words):
    file = tmp_path / "curve.csv"
    file.write_text(text)
    with pytest.raises(bm.InputError, match=words):
        read_curve(file)


def test_a_curve_that_is_not_monotone_is_refused(lake):
    (lake / "curve.csv").write_text("level_m,area_km2\n100,0\n110,50\n105,80\n120,70\n")
    with pytest.raises(bm.InputError) as caught:
        bm.load_system(str(lake / "my_lake.yml"))
    first, second = map(str, caught.value.problems)
    assert "curve.csv:4: level_m: does not rise from row to row; got 105 after 110" in first
    assert "curve.csv:5: area_km2: does not rise from row to row; got 70 after 80" in second


def test_faults_of_several_curves_are_named_at_once(lake):
    text = (lake / "my_lake.yml").read_text()
    falling = "{shape: table, level: [1 m, 3 m, 2 m], area: [1 km2, 2 km2, 3 km2]}"
    more = "".join(
        f"\n  - {{name: {name}, kind: lake, curve: {falling}}}" for name in ("second", "third")
    )
    (lake / "my_lake.yml").write_text(text.replace("file: curve.csv}}", "file: curve.csv}}" + more))
    with pytest.raises(bm.InputError) as caught:
        bm.load_system(str(lake / "my_lake.yml"))
    found = [str(p) for p in caught.value.problems]
    assert len(found) == 2
    assert "storage second, curve: levels must rise" in found[0]
    assert "(row 2): 2 m follows 3 m" in found[1]


def test_rows_come_from_one_place_only(lake):
    bad = SYSTEM.replace("file: curve.csv", "file: curve.csv, table: aral_basin_curves")
    (lake / "my_lake.yml").write_text(bad)
    with pytest.raises(bm.InputError, match="in no way or in several"):
        bm.load_system(str(lake / "my_lake.yml"))


def test_bodies_of_a_table():
    with pytest.raises(bm.InputError, match="holds several bodies"):
        reference_curve("aral_basin_curves")
    with pytest.raises(bm.InputError, match="Nearest: north"):
        reference_curve("aral_basin_curves", "nort")
    with pytest.raises(bm.InputError, match="lacks a column"):
        reference_curve("thresholds")


def test_times_must_follow_on(tmp_path):
    file = tmp_path / "f.csv"
    for text, words in (
        ("time,q\n2001,1\n2003,1\n", "years do not follow on"),
        ("time,q\n2001-01,1\n2001-03,1\n", "months do not follow on"),
        ("time,q\n2001-01,1\n2002,1\n", "mixed"),
        ("time,q\n01.2001,1\n", "not a year or month"),
    ):
        file.write_text(text)
        with pytest.raises(bm.InputError, match=words):
            read_columns(file, ["q"])


def test_columns_follow_each_other_and_a_mean_fills_the_rest(tmp_path):
    (tmp_path / "a.csv").write_text("time,q\n2001,1\n2002,2\n")
    (tmp_path / "b.csv").write_text("time,q\n2002,20\n2003,30\n")
    axis = TimeAxis.monthly("2001-01-01", "2005-01-01")
    unit = {"column": "q", "unit": "km3/yr"}
    columns = [
        Column(file="a.csv", years=(2001, 2002), **unit),
        Column(file="b.csv", **unit),
        Column(file="a.csv", mean_of=(2001, 2002), times=-2.0, **unit),
    ]
    rates = column_rates(columns, axis, "flow", "q", tmp_path)
    km3 = (rates * axis.durations).reshape(4, 12).sum(axis=1) / 1e9
    assert km3 == pytest.approx([1.0, 2.0, 30.0, -3.0], rel=1e-12)


def test_amounts_by_month_keep_their_month_and_rates_their_rate(tmp_path):
    text = "".join(f"2001-{m:02d},{m}\n" for m in range(1, 13))
    (tmp_path / "m.csv").write_text("time,q\n" + text)
    axis = TimeAxis.monthly("2001-03-01", "2001-06-01")
    for unit, scale in (("km3/month", 1e9 / axis.durations), ("m3/s", np.ones(3))):
        rates = column_rates(
            [Column(file="m.csv", column="q", unit=unit)], axis, "flow", "q", tmp_path
        )
        np.testing.assert_allclose(rates, np.array([3.0, 4.0, 5.0]) * scale, rtol=1e-12)
    with pytest.raises(bm.InputError, match="an amount per year in a table of months"):
        column_rates([Column(file="m.csv", column="q", unit="km3/yr")], axis, "flow", "q", tmp_path)


def test_a_factor_must_be_a_parameter_of_the_set():
    column = Column(table="aral_annual", column="evaporation_km3_per_yr", unit="km3/yr",
                    area="area_km2", times="$evaporation_facter")  # fmt: skip
    axis = TimeAxis.monthly("1950-01-01", "1951-01-01")
    with pytest.raises(bm.InputError, match="Nearest: evaporation_factor"):
        column_rates([column], axis, "depth_rate", "e", system=bm.load_system("aral"))


def faults(call):
    with pytest.raises(bm.InputError) as caught:
        call()
    return caught.value.problems


def test_a_decimal_comma_is_no_cell_that_nobody_reads(tmp_path):
    file = tmp_path / "flow.csv"
    file.write_text("time,flow\n2001,12\n\n2002,15,5\n2003,16,\n")
    found = faults(lambda: read_columns(file, ["flow"]))
    assert [str(p) for p in found] == [
        f"{file}:4: more cells than columns; got 2002,15,5; expected 2: time,flow. "
        "Write decimals with a point"
    ]
    curve = tmp_path / "curve.csv"
    curve.write_text("level_m,area_km2\n200,0\n\n205,120,5\n210,x\n")
    found = faults(lambda: read_curve(curve))
    assert [p.where for p in found] == [f"{curve}:4", f"{curve}:5: area_km2"]
    weather = tmp_path / "weather.csv"
    weather.write_text("time,air_temperature_degC\n2001-07,25,5\n2001-08,24,1\n")
    assert [p.what for p in faults(lambda: read_weather(weather))] == [
        "more cells than columns"
    ] * 2


def test_a_hundred_decimal_commas_are_told_ten_times(tmp_path):
    file = tmp_path / "flow.csv"
    file.write_text("time,flow\n" + "".join(f"{y},1,5\n" for y in range(1901, 2001)))
    found = read_user_csv(file).problems
    assert len(found) == 11
    assert found[-1].got == "90 more, the last on line 101"


def test_a_file_of_semicolons_or_of_nothing_says_so(tmp_path):
    file = tmp_path / "flow.csv"
    file.write_text("time;flow\n2001;12\n")
    for found in (
        faults(lambda: read_columns(file, ["flow"])),
        faults(lambda: read_curve(file)),
        faults(lambda: read_flow_series(file)),
    ):
        assert all(p.got == "time;flow" for p in found)
        assert all(p.hint == "Separate the cells by commas" for p in found)
    file.write_text("")
    assert faults(lambda: read_curve(file))[0].what == "holds nothing"
    file.write_text("time,flow\n")
    found = faults(lambda: read_columns(file, ["flow"]))
    assert found[0].what == "holds no row beneath its header"


def test_a_time_out_of_order_has_its_line(tmp_path):
    file = tmp_path / "flow.csv"
    file.write_text("time,flow\n2001-04,1\n\n2001-06,2\n")
    found = faults(lambda: read_columns(file, ["flow"]))
    assert [p.where for p in found] == [f"{file}:4: time"]


def test_an_inflow_of_lake_balkhash_in_another_lake_is_refused(tmp_path):
    (tmp_path / "curve.csv").write_text("level_m,area_km2\n200,0\n210,300\n")
    (tmp_path / "pond.yml").write_text(
        "name: pond\ntitle: A pond\ndatum: local gauge\nlake: [basin]\n"
        "storages: [{name: basin, kind: lake, curve: {shape: table, file: curve.csv}}]\n"
        "rivers: [{name: brook, to: basin}]\n"
    )
    run = (
        "meta: {name: run, title: A run, rationale: A test.}\nsystem: pond.yml\n"
        "period: {start: 2001-01-01, end: 2002-01-01}\ninitial.lake_level: 205 m\n"
    )
    for inflow in ("", "inflow: {kind: constant, mean: 3 km3/yr}\n"):
        (tmp_path / "run.yml").write_text(run + inflow)
        found = faults(lambda: bm.run(tmp_path / "run.yml"))
        # the climate is Lake Balkhash's as well, and both are told at once
        assert len(found) == 2
        assert "no station for this storage" in found[0].what
        assert "inflow.kind" in found[1].where
        assert found[1].expected == "kind 'table' with a column for each of: brook"


def test_a_lake_and_its_parameters_are_sought_beside_the_scenario(lake, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    there = bm.run(str(lake / "my_run.yml"))
    monkeypatch.chdir(lake)
    np.testing.assert_array_equal(there["water_volume"], bm.run("my_run.yml")["water_volume"])


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("my_run.yml", "115.0 m", "915.0 m", "my_run.yml:5:1: initial level of 'basin': outside"),
        ("my_run.yml", "115.0 m", "115.0", "my_run.yml:5:11: initial.lake_level: no unit"),
        ("my_run.yml", "basin: 2 g/l", "basn: 2 g/l", "initial.salinity.basn: no such storage"),
        ("my_run.yml", "basin: 2 g/l", "basin: -2 g/l", "initial.salinity.basin: is negative"),
        ("my_lake.yml", "to: basin", "to: basn", "my_lake.yml: system 'my_lake', river 'inflow'"),
        ("my_lake.yml", "0.5 g/l", "$salt", "my_lake.yml: river inflow: parameter set 'none'"),
    ],
)
def test_a_mistake_in_the_lake_or_its_start_is_named_with_its_file(lake, file, old, new, said):
    text = (lake / file).read_text()
    assert old in text
    (lake / file).write_text(text.replace(old, new))
    (fault,) = faults(lambda: bm.run(str(lake / "my_run.yml")))
    assert said in str(fault)
