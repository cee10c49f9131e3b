"""Layers of a scenario: what wins over what, where it was written, and what is refused."""

import json

import pytest

import balkhash_model as bm
from balkhash_model.scenario import dump_scenario, list_scenarios, load_scenario, read_scenario
from balkhash_model.scenario.schema import Scenario
from balkhash_model.scenario.schema_page import diff_scenarios, json_schema, new_scenario


@pytest.fixture
def write(tmp_path):
    def file(name: str, text: str) -> str:
        path = tmp_path / f"{name}.yml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return file


BASE = """\
meta: {name: base, title: Base, rationale: For the tests}
period: {start: 2025-01-01, end: 2030-01-01}
initial: {lake_level: 341.5 m}
inflow: {kind: constant, mean: 12 km3/yr}
climate: {precipitation: climatology}
reservoirs: {kapshagay: {rule: none}}
abstraction:
  china: {country: china, place: km171, total: {2020: 4 km3/yr, 2040: 5 km3/yr}}
"""


def test_a_later_base_wins_and_the_file_over_all(write):
    write("base", BASE)
    write("one", "inflow: {mean: 13 km3/yr}\nensemble: {seed: 7}\n")
    write("two", "inflow: {mean: 14 km3/yr}\n")
    path = write("top", "extends: [base, one, two]\nmeta.name: top\n")
    record = load_scenario(path)
    assert (record.inflow.mean, record.ensemble.seed) == ("14 km3/yr", 7)
    path = write("top", "extends: [base, two, one]\nmeta.name: top\nensemble.seed: 9\n")
    record = load_scenario(path)
    assert (record.inflow.mean, record.ensemble.seed) == ("13 km3/yr", 9)


def test_a_base_that_two_bases_share_does_not_undo_the_first(write):
    write("base", BASE)
    write("left", "extends: base\ninflow: {mean: 13 km3/yr}\n")
    write("right", "extends: base\nensemble: {seed: 4}\n")
    record = load_scenario(write("top", "extends: [left, right]\nmeta.name: top\n"))
    assert (record.inflow.mean, record.ensemble.seed) == ("13 km3/yr", 4)


def test_dotted_keys_reach_deep_and_years_stay_years(write):
    write("base", BASE)
    record = load_scenario(write("top", "extends: base\nabstraction.china.total.2040: 6 km3/yr\n"))
    assert record.abstraction["china"].total == {2020: "4 km3/yr", 2040: "6 km3/yr"}


def test_lists_and_scalars_replace_and_null_removes(write):
    write("base", BASE + "outputs: {periods: [[2025, 2026], [2027, 2029]]}\n")
    text = "extends: base\noutputs.periods: [[2025, 2029]]\nabstraction.china: null\n"
    record = load_scenario(write("top", text))
    assert record.outputs.periods == [(2025, 2029)]
    assert record.abstraction == {}


def test_null_brings_back_the_default(write):
    write("base", BASE + "ensemble: {members: 5}\n")
    record = load_scenario(write("top", "extends: base\nensemble: {members: null}\n"))
    assert record.ensemble.members is None


def test_whatever_may_be_null_is_null_by_default():
    """Otherwise removing a key and writing null would differ."""

    def check(model):
        for name, field in model.model_fields.items():
            if type(None) in getattr(field.annotation, "__args__", ()):
                assert field.default is None, f"{model.__name__}.{name}"

    seen, queue = set(), [Scenario]
    while queue:
        model = queue.pop()
        check(model)
        seen.add(model)
        from balkhash_model.validation import _inner

        for field in model.model_fields.values():
            queue += [m for m, _ in _inner(field.annotation) if m not in seen]
    assert len(seen) > 12


VARIANTS = (
    BASE
    + """\
overrides:
  dry: {inflow.mean: 10 km3/yr}
  wet: {inflow: {mean: 15 km3/yr}}
  late: {period: {end: 2040-01-01}}
"""
)


def test_extends_file_variant_setting_in_this_order(write):
    path = write("v", VARIANTS)
    assert load_scenario(path).inflow.mean == "12 km3/yr"
    assert load_scenario(path, ["dry"]).inflow.mean == "10 km3/yr"
    both = load_scenario(path, ["dry"], ["inflow.mean=9 km3/yr"])
    assert both.inflow.mean == "9 km3/yr"
    assert both.explain("inflow.mean").where.startswith("--set inflow.mean=9 km3/yr")


def test_the_name_tells_the_variants(write):
    path = write("v", VARIANTS)
    assert load_scenario(path, ["dry", "late"]).meta.name == "base-dry-late"
    assert load_scenario(path, ["dry"], ["meta.name=mine"]).meta.name == "mine"


def test_variants_that_disagree_need_an_order(write, problems):
    path = write("v", VARIANTS)
    [text] = problems(load_scenario, path, ["dry", "wet"])
    assert text.startswith("--with dry --with wet: both set the same keys differently")
    assert "inflow.mean" in text
    assert "--in-order" in text
    assert load_scenario(path, ["dry", "wet"], in_order=True).inflow.mean == "15 km3/yr"
    assert load_scenario(path, ["wet", "dry"], in_order=True).inflow.mean == "10 km3/yr"
    assert load_scenario(path, ["dry", "late"]).period.end == "2040-01-01"


def test_a_variant_that_is_not_asked_for_is_checked_too(write, problems):
    path = write("v", BASE + "overrides: {dry: {inflow.men: 10 km3/yr}}\n")
    [text] = problems(load_scenario, path)
    assert f"{path}:9:19: inflow.men: no such key" in text
    assert "Nearest: mean" in text


def test_explain_names_file_line_and_what_was_replaced(write):
    base = write("base", BASE)
    top = write("top", "extends: base\n\nabstraction:\n  china.total: 5 km3/yr\n")
    found = load_scenario(top).explain("abstraction.china.total")
    assert found.value == "5 km3/yr"
    assert found.where == f"{top}:4:3"
    assert found.history[0][1] == f"{base}:8:41"
    assert "Water taken per year" in str(found)
    assert load_scenario(top).explain("ensemble.seed").where == "default"


def test_explain_refuses_an_unknown_key(write, problems):
    record = load_scenario(write("base", BASE))
    [text] = problems(record.explain, "abstraction.chna.total")
    assert "Nearest: abstraction.china" in text


def test_the_example_of_the_shipped_base():
    found = bm.load_scenario("china_plus").explain("abstraction.china.total")
    assert "china_plus.yml" in found.where
    assert "baseline_2050.yml" in found.history[0][1]


def test_diff_of_a_scenario_with_itself_is_empty():
    record = load_scenario("rcp45")
    assert diff_scenarios(record, record) == []
    keys = [row[0] for row in diff_scenarios(record, load_scenario("rcp85"))]
    assert "climate.projection.scenario" in keys


@pytest.mark.parametrize("name", list_scenarios())
def test_resolve_dump_load_gives_the_same(name):
    record = load_scenario(name)
    text = dump_scenario(record)
    again = read_scenario(text)
    assert again == record
    assert dump_scenario(again) == text


@pytest.mark.parametrize("name", list_scenarios())
def test_every_shipped_scenario_has_rationale_and_references(name):
    from balkhash_model import reference

    meta = load_scenario(name).meta
    assert len(meta.rationale) > 40
    assert meta.references
    assert set(meta.references) <= set(reference.sources())


def test_a_new_scenario_is_valid(tmp_path, problems):
    path = new_scenario("mine", "baseline_2050", tmp_path)
    assert load_scenario(str(path)).meta.name == "mine"
    found = problems(new_scenario, "mine", "baseline_205", tmp_path)
    assert any("is there already" in text for text in found)
    assert any("Nearest: baseline_2050" in text for text in found)


def test_the_json_schema_describes_every_key():
    schema = json_schema()
    text = json.dumps(schema)
    assert {"extends", "overrides", "abstraction"} <= set(schema["properties"])
    assert "required" not in text
    for definition in [schema, *schema["$defs"].values()]:
        for name, value in definition.get("properties", {}).items():
            if "$ref" not in json.dumps(value):
                assert value.get("description"), name


def test_a_year_is_no_quantity_and_no_text(write, problems):
    base = BASE.replace("2040: 5", '"2040": 5')
    [text] = problems(load_scenario, write("base", base))
    assert "not a year; expected a whole number without a unit, as 2030" in text
    [text] = problems(
        load_scenario, write("base", BASE.replace("total: {", "total: {2025-01-01: 4 km3/yr, "))
    )
    assert "not a year" in text
    [text] = problems(load_scenario, write("base", BASE.replace("12 km3/yr", "2030")))
    assert "inflow.mean: no unit" in text


def test_the_page_of_the_schema_is_up_to_date():
    """Made by: balkhash scenario schema --page."""
    from pathlib import Path

    from balkhash_model.scenario.schema_page import schema_page

    page = Path(__file__).parents[2] / "docs" / "reference" / "scenario-schema.md"
    assert page.read_text(encoding="utf-8") == schema_page()
