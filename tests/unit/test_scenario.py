"""Scenarios: found by name and path, merged, checked, written and read back."""

import numpy as np
import pytest

import balkhash_model as bm
from balkhash_model.runs import build
from balkhash_model.scenario import dump_scenario, find_scenario, list_scenarios, load_scenario


def test_every_shipped_scenario_loads_and_is_named_after_its_file():
    assert {"hindcast", "hindcast_free"} <= set(list_scenarios())
    for name in list_scenarios():
        assert load_scenario(name).meta.name == name == find_scenario(name).stem


def test_a_scenario_by_path_is_the_one_by_name():
    assert load_scenario(str(find_scenario("hindcast"))) == load_scenario("hindcast")


def test_what_is_extended_is_merged_key_by_key():
    free, full = load_scenario("hindcast_free"), load_scenario("hindcast")
    assert (free.inflow.reconstruct_from, full.inflow.reconstruct_from) == (None, "1993-01-01")
    # nothing else of the inflow, nor the period, was said again
    assert full.inflow.model_copy(update={"reconstruct_from": None}) == free.inflow
    assert full.period == free.period
    assert full.meta.title != free.meta.title
    longer = load_scenario("hindcast_free_2020")
    assert (longer.period.start, longer.period.end) == ("1961-01-01", "2021-01-01")


def test_null_overrides_what_is_extended(tmp_path):
    path = tmp_path / "wet.yml"
    path.write_text(
        "extends: hindcast_free\nmeta: {name: wet}\ninflow: {eastern_dry_phase: null}\n"
    )
    assert load_scenario(str(path)).inflow.eastern_dry_phase is None


def test_a_scenario_extends_one_beside_it(tmp_path, scenario_file):
    base = scenario_file(name="base")
    path = tmp_path / "more.yml"
    path.write_text(f"extends: {base.name}\nmeta: {{name: more}}\n")
    more = load_scenario(str(path))
    assert (more.meta.name, more.meta.title) == ("more", "A short run")


@pytest.mark.parametrize("name", ["hindcast", "hindcast_free", "hindcast_free_2020"])
def test_a_resolved_scenario_loads_back_the_same(tmp_path, name):
    scenario = load_scenario(name)
    path = tmp_path / "resolved.yml"
    path.write_text(dump_scenario(scenario), encoding="utf-8")
    assert load_scenario(str(path)) == scenario


def test_a_scenario_cannot_be_changed():
    with pytest.raises(Exception, match="frozen"):
        load_scenario("hindcast").period.end = "2020-01-01"


def test_defaults(scenario_file):
    short = load_scenario(str(scenario_file()))
    assert (short.system, short.parameters.set) == ("balkhash", "balkhash")
    assert (short.period.step, short.period.substeps) == ("month", 1)


# ---------------------------------------------------------------- refusals


def test_an_unknown_scenario_gets_the_nearest(problems):
    [text] = problems(load_scenario, "hindcst")
    assert text.startswith("scenario 'hindcst': does not exist; expected the name of a scenario")
    assert "Nearest: hindcast, hindcast_free" in text


def test_a_file_that_is_not_there(problems):
    [text] = problems(load_scenario, "some/hindcst.yml")
    assert text.startswith("scenario 'some/hindcst.yml': no such file; expected a YAML file.")
    assert "Nearest: hindcast" in text


WRONG = [
    ("perod: {}", ["perod: no such key; got {}. Nearest: period"]),
    (
        "climate: {evaporation: guess}",
        ["climate.evaporation: Input should be 'heat_storage_climatology' or 'mass_transfer"],
    ),
    ("inflow: {eastern_dry_phase: [1973]}", ["inflow.eastern_dry_phase"]),
    ("inflow: {reconstruct_from: 1993}", ["inflow.reconstruct_from: "]),
    ("inflow: {reconstruct_from: 1993-13-01}", ["not a date; expected year-month-day"]),
    (
        "parameters: {overrides: {delta_loss: 2.5}}",
        ["parameters.overrides.delta_loss: Input should be a valid string; got 2.5"],
    ),
    (
        "systm: x\ninflow: {ilii: y}\nclimate: {rain: z}",
        ["climate.rain: no such key", "inflow.ilii: no such key", "systm: no such key"],
    ),
]


@pytest.mark.parametrize(("more", "faults"), WRONG)
def test_a_wrong_scenario_is_refused_with_line_and_key(problems, scenario_file, more, faults):
    path = scenario_file(more)
    found = problems(load_scenario, str(path))
    assert len(found) == len(faults)
    for text in found:
        assert text.startswith(f"{path}:")
        assert any(fault in text for fault in faults)


@pytest.mark.parametrize("day", ["1961", "1961-02-30", "soon", "1961-01-01T00"])
def test_a_period_needs_full_dates(problems, scenario_file, day):
    found = problems(load_scenario, str(scenario_file(start=day)))
    assert [text.partition(": ")[2].partition(":")[0] for text in found] == ["period.start"]


@pytest.mark.parametrize("value", ["0", "1001", "1.5", "many"])
def test_substeps_are_a_whole_number_from_one(problems, scenario_file, value):
    path = scenario_file()
    path.write_text(
        path.read_text().replace("end: 1963-01-01", f"end: 1963-01-01, substeps: {value}")
    )
    [text] = problems(load_scenario, str(path))
    assert "period.substeps" in text


@pytest.mark.parametrize("name", ["a b", "a/b", "../a", ""])
def test_a_name_must_be_fit_for_a_file(problems, scenario_file, name):
    path = scenario_file()
    path.write_text(path.read_text().replace("name: short", f"name: '{name}'"))
    [text] = problems(load_scenario, str(path))
    assert "meta.name" in text


def test_missing_sections_are_all_named(problems, tmp_path):
    path = tmp_path / "empty.yml"
    path.write_text("system: balkhash\n")
    found = problems(load_scenario, str(path))
    assert found == [f"{path}:1:1: {key}: missing" for key in ("meta", "period", "initial")]


def test_a_scenario_that_is_no_map_is_refused(problems, tmp_path):
    path = tmp_path / "list.yml"
    path.write_text("[1, 2]\n")
    [text] = problems(load_scenario, str(path))
    assert "a scenario is a map of keys; got list" in text


def test_a_circle_is_refused(problems, tmp_path):
    (tmp_path / "a.yml").write_text("extends: b.yml\n")
    (tmp_path / "b.yml").write_text("extends: a.yml\n")
    [text] = problems(load_scenario, str(tmp_path / "a.yml"))
    assert "extends goes in a circle; got a -> b -> a" in text


@pytest.mark.parametrize("base", ["3", "[]", "[3]", "{a: b}"])
def test_extends_names_scenarios(problems, tmp_path, base):
    path = tmp_path / "odd.yml"
    path.write_text(f"extends: {base}\n")
    [text] = problems(load_scenario, str(path))
    assert text.startswith(f"{path}:1:1: extends: names no scenario")


def test_a_fault_in_what_is_extended_is_named_in_its_own_file(problems, tmp_path, scenario_file):
    base = scenario_file("perod: {}", name="base")
    path = tmp_path / "more.yml"
    path.write_text("extends: base.yml\nmeta: {name: more}\n")
    [text] = problems(load_scenario, str(path))
    assert text.startswith(f"{base}:")


# ---------------------------------------------------------------- what only the system can tell

BUILD = [
    ({"level": "$delta_loss"}, "initial.lake_level: $delta_loss is not a level; got flow"),
    ({"level": "$delta_los"}, "no such parameter; got delta_los. Nearest: delta_loss"),
    ({"start": "1950-01-01"}, "no published mean for these years; got 1950 to 1960; expected 1961"),
    ({"end": "2030-01-01"}, "no published mean for these years; got 2021 to 2029"),
]


@pytest.mark.parametrize(("change", "fault"), BUILD)
def test_what_cannot_be_built_is_refused(problems, scenario_file, change, fault):
    found = problems(build, str(scenario_file(**change)))
    assert any(fault in text for text in found)


def test_rain_and_rivers_that_do_not_reach_back_are_told_at_once(problems, scenario_file):
    found = problems(build, str(scenario_file(start="1950-01-01")))
    assert all("short.yml:" in text for text in found)
    assert [text.split(": ")[1].split(" ")[0] for text in found] == [
        "climate.precipitation",
        "inflow.ili",
    ]


SCHEMA = [
    ({"level": "341.5 kg"}, "3:11: initial.lake_level: not a level; "),
    ({"level": '"341.5"'}, "3:11: initial.lake_level: no unit; a level, as '341.0 m'"),
    ({"end": "1960-01-01"}, "2:1: period: ends (1960-01-01) before it starts (1961-01-01)"),
    ({"end": "1963-01-15"}, "2:1: period: monthly steps start and end on the first of a month"),
]


@pytest.mark.parametrize(("change", "fault"), SCHEMA)
def test_what_the_schema_can_tell_is_refused_with_its_place(problems, scenario_file, change, fault):
    path = scenario_file(**change)
    [text] = problems(build, str(path))
    assert text.startswith(f"{path}:{fault}")


@pytest.mark.parametrize("level", ["300 m", "347.01 m"])
def test_a_level_outside_the_curve_is_refused_for_each_basin(problems, scenario_file, level):
    found = problems(bm.run, str(scenario_file(level=level)))
    for text, basin in zip(found, ("west", "east"), strict=True):
        assert f".yml:3:1: initial level of '{basin}': " in text
    assert "outside its curve" in found[0]
    assert "331 to 347 m (Baltic system (BS))" in found[0]


def test_overrides_reach_the_system(scenario_file):
    case = build(str(scenario_file("parameters: {overrides: {strait_width: 4 km}}")))
    assert case.system.links[1].width == 4000.0
    assert case.levels == {"west": 342.0, "east": 342.0}
    assert case.axis.n == 24


def test_daily_steps(scenario_file):
    path = scenario_file()
    path.write_text(path.read_text().replace("end: 1963-01-01", "end: 1962-01-01, step: day"))
    assert build(str(path)).axis.n == 365


def test_a_bare_number_is_told_which_units_fit(problems, scenario_file):
    [text] = problems(load_scenario, str(scenario_file(level="341.5")))
    assert "no unit" in text


def test_all_that_cannot_be_built_is_named_at_once(problems, scenario_file):
    # each file first: what a file of the wrong shape means for the forcing cannot be told
    path = scenario_file(end="1960-01-01", level="341.5 kg")
    assert len(problems(build, str(path))) == 2
    path = scenario_file(end="2030-01-01", level="$delta_loss")
    found = problems(build, str(path))
    assert any("no published mean for these years" in text for text in found)
    assert any("$delta_loss is not a level" in text for text in found)


def test_a_period_that_ends_before_it_starts_is_named_with_its_line(problems, scenario_file):
    path = scenario_file(end="1960-01-01")
    [text] = problems(build, str(path))
    assert text.startswith(f"{path}:2:")


@pytest.mark.parametrize(
    "more", ["inflow: {eastern_dry_phase: [1986, 1973]}", "outputs: {periods: [[1970, 1961]]}"]
)
def test_years_written_backwards_are_refused(problems, scenario_file, more):
    problems(load_scenario, str(scenario_file(more)))


def after_kapshagay(scenario_file, levels):
    path = scenario_file(start="1980-01-01", end="1981-01-01")
    text = path.read_text().replace("342 m}", f"342 m, levels: {levels}}}")
    path.write_text(text)
    return path


def test_a_scenario_may_start_after_kapshagay(scenario_file, balkhash):
    path = after_kapshagay(scenario_file, "{kapshagay: 477 m}")
    assert build(str(path)).levels == {"west": 342.0, "east": 342.0, "kapshagay": 477.0}
    first = bm.run(str(path))["water_volume"].isel(time_edge=0)
    expected = [balkhash.storage("kapshagay").curve.volume_at(477.0), 48.5e9, 57.5e9]
    np.testing.assert_allclose(first, expected, rtol=1e-12)


def test_a_scenario_after_kapshagay_needs_its_level(problems, scenario_file):
    [text] = problems(bm.run, str(scenario_file(start="1980-01-01", end="1981-01-01")))
    assert ".yml:3:1: initial level of 'kapshagay': missing" in text


@pytest.mark.parametrize(
    ("levels", "fault"),
    [
        ("{kapshagay: '477'}", "3:39: initial.levels.kapshagay: no unit; a level, as '341.0 m'"),
        ("{kapshagay: 477 kg}", "3:39: initial.levels.kapshagay: not a level"),
        ("{kapshagay: $delta_loss}", "initial.levels.kapshagay: $delta_loss is not a level"),
        ("{kapshagay: 900 m}", "initial level of 'kapshagay': outside its curve"),
        ("{kapshagay: 477 m, kapshagai: 477 m}", "initial level of 'kapshagai': no such storage"),
    ],
)
def test_a_wrong_level_of_another_storage_is_refused(problems, scenario_file, levels, fault):
    [text] = problems(bm.run, str(after_kapshagay(scenario_file, levels)))
    assert fault in text


def test_a_result_of_another_date_is_no_start(problems, scenario_file, hindcast_free):
    [text] = problems(bm.run, str(scenario_file()), start_from=hindcast_free)
    assert text == (
        "initial result: does not end where this run starts; got 2015-01-01; expected 1961-01-01"
    )
