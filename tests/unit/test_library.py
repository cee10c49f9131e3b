"""Systems and parameter sets from YAML: numbers in SI, overrides, and every refusal."""

from pathlib import Path

import numpy as np
import pytest

import balkhash_model
from balkhash_model.errors import InputError
from balkhash_model.library import (
    diff_parameters,
    list_parameter_sets,
    list_systems,
    load_parameters,
    load_system,
)
from balkhash_model.system import Release, Strait

YEAR = 31_556_952.0  # seconds of 365.2425 days
SHIPPED = Path(balkhash_model.__file__).parent / "reference" / "systems" / "balkhash.yml"
SET = """\
set: mine
title: My set
parameters:
  loss: {{kind: flow, value: {value}, unit: {unit}, range: [0, 5], status: {status}, source: [],
         note: n}}
"""


@pytest.fixture
def set_file(tmp_path):
    def write(value="1", unit="km3/yr", status="assumed", name="mine") -> str:
        path = tmp_path / f"{name}.yml"
        path.write_text(SET.format(value=value, unit=unit, status=status), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def system_file(tmp_path):
    """The shipped system with some text replaced."""

    def write(*changes: tuple[str, str]) -> str:
        text = SHIPPED.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        path = tmp_path / "mine.yml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


# ---------------------------------------------------------------- parameter sets


def test_shipped_sets_and_systems_load():
    assert {"balkhash", "balkhash_yang1993"} <= set(list_parameter_sets())
    assert "balkhash" in list_systems()
    for name in list_parameter_sets():
        assert load_parameters(name).name == name
    for name in list_systems():
        assert load_system(name).name == name


def test_a_value_is_kept_as_printed_and_in_si():
    p = load_parameters("balkhash", {"delta_loss": "2.5 km3/yr"})["delta_loss"]
    assert (p.value, p.unit) == (2.5, "km3/yr")
    assert p.si == pytest.approx(2.5e9 / YEAR, rel=1e-15)


def test_an_override_is_converted_noted_and_leaves_the_set_as_it_was():
    before = load_parameters("balkhash")["delta_loss"]
    # 80 m3/s x 31 556 952 s = 2.524 556 16 km3
    p = load_parameters("balkhash", {"delta_loss": "80 m3/s"})["delta_loss"]
    assert p.value == pytest.approx(2.52455616, rel=1e-12)
    assert p.si == pytest.approx(80.0, rel=1e-15)
    assert p.status == "assumed"
    assert p.note == f"overridden; was {before.value:g} km3/yr"
    assert load_parameters("balkhash")["delta_loss"] == before


def test_a_number_overrides_in_the_unit_of_the_set():
    assert load_parameters("balkhash", {"strait_width": 4.0})["strait_width"].si == 4000.0


def test_every_wrong_override_is_named_at_once(problems):
    found = problems(
        load_parameters,
        "balkhash",
        {
            "delta_los": "3 km3/yr",
            "delta_loss": "3 km",
            "groundwater": "1",
            "net_evaporation": float("nan"),
        },
    )
    assert len(found) == 4
    assert found[0] == "parameters.delta_los: no such parameter. Nearest: delta_loss"
    assert found[1].startswith("parameters.delta_loss: not a flow; got '3 km'; expected a flow")
    assert found[2].startswith("parameters.groundwater: no unit; got '1'; expected a flow")
    assert found[3].startswith("parameters.net_evaporation: not a finite number")


def test_a_set_that_extends_another_changes_what_it_names_only():
    rows = diff_parameters("balkhash", "balkhash_yang1993")
    assert [name for name, _, _ in rows] == [
        "lake_reference_area",
        "nearshore_area_slope",
        "shelf_base",
    ]
    assert rows[0] == ("lake_reference_area", "17250 km2", "18230 km2")
    assert diff_parameters("balkhash", "balkhash") == []


def test_a_parameter_that_one_set_lacks_is_a_dash(set_file):
    rows = {name: (a, b) for name, a, b in diff_parameters("balkhash", set_file())}
    assert rows["loss"] == ("-", "1 km3/yr")
    assert rows["strait_width"] == ("3.5 km", "-")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"unit": "km3"}, "not a flow; got '1.0 km3'; expected a flow, as '14.9 km3/yr'"),
        ({"value": "6"}, "value outside its own range; got 6; expected 0 to 5 km3/yr"),
        ({"status": "published"}, "a published value needs a source"),
        ({"status": "guessed"}, "'assumed'; got 'guessed'"),
        ({"value": "lots"}, "unable to parse string as a number; got 'lots'"),
    ],
)
def test_a_wrong_parameter_is_named_with_its_line(problems, set_file, change, fault):
    [text] = problems(load_parameters, set_file(**change))
    assert "mine.yml:4:" in text
    assert fault in text


def test_missing_and_extra_keys_of_a_set_are_named_at_once(problems, tmp_path):
    path = tmp_path / "mine.yml"
    path.write_text("set: mine\ntitel: My set\nparameters: {}\n")
    found = problems(load_parameters, str(path))
    assert found == [
        f"{path}:1:1: title: missing",
        f"{path}:2:1: titel: no such key; got 'My set'. Nearest: title",
    ]


@pytest.mark.parametrize(
    ("call", "what"), [(load_parameters, "parameter set"), (load_system, "lake system")]
)
def test_an_unknown_name_gets_the_nearest(problems, call, what):
    [text] = problems(call, "balkash")
    assert text.startswith(f"{what}: does not exist; got 'balkash'; expected a name or a path")
    assert "Nearest: balkhash" in text
    [text] = problems(call, "no/such/file.yml")
    assert "does not exist; got 'no/such/file.yml'" in text


def test_an_edited_set_is_read_again(set_file):
    assert load_parameters(set_file(value="1"))["loss"].value == 1.0
    assert load_parameters(set_file(value="2"))["loss"].value == 2.0


def test_sets_that_extend_in_a_circle_are_refused(problems, tmp_path):
    path = tmp_path / "ring.yml"
    path.write_text(f"set: ring\ntitle: t\nextends: {path}\nparameters: {{}}\n")
    [text] = problems(load_parameters, str(path))
    assert "circle" in text


# ---------------------------------------------------------------- systems


def test_the_lake_as_the_issue_asks_for_it(balkhash):
    assert balkhash.storage_names() == ["kapshagay", "west", "east"]
    assert [s.kind for s in balkhash.storages] == ["reservoir", "lake", "lake"]
    assert balkhash.lake == ("west", "east")
    assert str(balkhash.storage("kapshagay").active_from) == "1970-01-01T00:00:00"
    release, strait = balkhash.links
    assert isinstance(release, Release)
    assert isinstance(strait, Strait)
    # 3.5 km wide, sill at 335 m
    assert (strait.width, strait.sill, strait.linear_head) == (3500.0, 335.0, 1e-4)
    shares = dict(balkhash.groundwater.shares)
    assert shares["west"] == 0.5831
    assert shares["west"] + shares["east"] == pytest.approx(1.0, rel=1e-15)


def test_the_delta_takes_all_of_a_small_flow_and_a_constant_of_a_large_one(balkhash):
    ili, loss = balkhash.deltas[0], balkhash.parameters["delta_loss"].si
    assert ili.loss_flow.tolist()[:2] == [0.0, loss]
    assert ili.loss.tolist() == [0.0, loss, loss]


def test_a_delta_may_lose_more_at_a_higher_flow():
    overrides = {"ili_loss_slope": "0.1", "delta_loss": "80 m3/s", "ili_loss_flow": "400 m3/s"}
    ili = load_system("balkhash", overrides=overrides).deltas[0]
    # 80 at 400, a tenth of what comes beyond
    assert np.interp([400.0, 900.0], ili.loss_flow, ili.loss) == pytest.approx([80.0, 130.0])


def test_a_delta_loss_that_falls_with_the_flow_is_refused(problems):
    [text] = problems(load_system, "balkhash", overrides={"ili_loss_slope": "-0.1"})
    assert "delta ili_delta: out of range; got -0.1; expected 0 to below 1" in text


def test_another_set_changes_the_lake():
    yang = load_system("balkhash", parameters="balkhash_yang1993")
    # 10 630 and 7 600 km2 at 342.0 m
    assert yang.storage("west").curve.area_at(342.0) == pytest.approx(10_630e6, rel=1e-4)
    assert yang.storage("east").curve.area_at(342.0) == pytest.approx(7_600e6, rel=1e-4)
    assert yang.parameters.name == "balkhash_yang1993"


def test_a_system_without_loss_has_a_delta_that_passes_all(system_file):
    system = load_system(system_file(("loss: $delta_loss", "loss: 0 km3/yr")))
    assert system.deltas[0].loss.tolist() == [0.0, 0.0]


POWER_LAW = """\
      shape: power_law
      reference_level: $kapshagay_reference_level
      reference_volume: $kapshagay_reference_volume
      bottom_level: $kapshagay_bottom_level
      bottom_area: $kapshagay_bottom_area
      exponent: $kapshagay_volume_exponent
      top_level: $kapshagay_curve_top
"""

WRONG = [
    (("    sill: $strait_sill\n", ""), ["link uzynaral, sill: missing"]),
    (
        ("      slope: $nearshore_area_slope\n", ""),
        ["storage west, curve, slope: missing", "storage east, curve, slope: missing"],
    ),
    (("width: $strait_width", "width: 3.5"), ["width: Input should be a valid string; got 3.5"]),
    (("width: $strait_width", "width: '3.5'"), ["link uzynaral, width: no unit; got '3.5'"]),
    (("width: $strait_width", "width: 3.5 kg"), ["link uzynaral, width: not a length"]),
    (
        ("width: $strait_width", "width: $strait_widht"),
        ["no such parameter; got strait_widht. Nearest: strait_width"],
    ),
    (
        ("width: $strait_width", "width: $delta_loss"),
        ["link uzynaral, width: $delta_loss is a flow; expected a length"],
    ),
    (("    width:", "    widht:"), ["no such key; got '$strait_width'. Nearest: width"]),
    (("kind: strait", "kind: straight"), ["links.1.kind: "]),
    (("datum: Baltic system (BS)\n", ""), ["datum: missing"]),
    (("lake: [west, east]", "lake: [west, esat]"), ["no such storage; got esat. Nearest: "]),
    (("from: west\n    to: east", "from: west\n    to: moon"), ["leads nowhere; got moon"]),
    (
        (
            POWER_LAW,
            "      shape: table\n      level: [1 m, 2 m]\n      area: [3 km2, -2 km2]\n",
        ),
        [
            "storage kapshagay, curve: area must be positive in every row (row 1 is -2000000.0)",
            "storage kapshagay, curve: area must not fall as the level rises (row 1)",
        ],
    ),
    (
        (
            "      shape: power_law",
            "      shape: table\n      level: [1 m, 2]\n      area: [1 km2, 2 km2]",
        ),
        ["storages.0.curve.level.1: Input should be a valid string; got 2"],
    ),
]


@pytest.mark.parametrize(("change", "faults"), WRONG)
def test_a_wrong_system_is_refused_with_file_and_place(problems, system_file, change, faults):
    found = problems(load_system, system_file(change))
    assert len(found) == len(faults)
    for text, fault in zip(found, faults, strict=True):
        assert fault in text


def test_all_wrong_values_of_a_system_are_named_at_once(problems, system_file):
    path = system_file(
        ("width: $strait_width", "width: 3.5 kg"),
        ("sill: $strait_sill", "sill: 5"),
        ("roughness: $strait_roughness", "rough: 1"),
    )
    found = problems(load_system, path)  # the keys first: a file of the wrong shape has no values
    assert len(found) == 2
    path = system_file(
        ("width: $strait_width", "width: 3.5 kg"),
        ("sill: $strait_sill", "sill: 5 km2"),
        ("loss: $delta_loss", "loss: '2'"),
    )
    assert len(problems(load_system, path)) == 3


@pytest.mark.parametrize(
    ("overrides", "fault"),
    [
        ({"west_reference_volume": "500 km3"}, "cannot hold 4.85"),
        (
            {"west_bottom_level": "345 m"},
            "levels out of order; got 345 m / 342 m / 347 m; expected",
        ),
        ({"nearshore_area_slope": "-10 km2/m"}, "area must not fall as the level rises"),
    ],
)
def test_overrides_that_make_no_curve_are_refused(problems, overrides, fault):
    found = problems(load_system, "balkhash", overrides=overrides)
    assert "storage west, curve: " in found[0]
    assert all(fault in text for text in found)


def test_a_reservoir_whose_bottom_lies_above_its_volume_is_refused_in_plain_words(problems):
    [text] = problems(load_system, "balkhash", overrides={"kapshagay_bottom_level": "490 m"})
    assert "bottom" in text


def test_a_start_that_is_no_date_is_refused_with_its_place(problems, system_file):
    [text] = problems(load_system, system_file(("active_from: 1970-01-01", "active_from: soon")))
    assert "active_from" in text


def test_a_key_that_this_kind_of_link_does_not_use_is_refused(problems, system_file):
    path = system_file(("sill: $strait_sill", "sill: $strait_sill\n    crest: 3 m"))
    [text] = problems(load_system, path)
    assert "link uzynaral" in text
    assert "'crest' does not belong here; expected" in text


def test_a_key_that_this_kind_of_curve_does_not_use_is_refused(problems, system_file):
    path = system_file(
        ("      shape: power_law\n", "      shape: power_law\n      slope: 3 km2/m\n")
    )
    [text] = problems(load_system, path)
    assert "storage kapshagay, curve: 'slope' does not belong here; expected" in text


def test_two_sets_that_are_not_there_are_told_at_once(problems):
    assert len(problems(diff_parameters, "nope", "nor_this")) == 2


@pytest.mark.parametrize("value", [None, True, [1.0]])
def test_a_parameter_is_a_text_or_a_number(problems, value):
    [text] = problems(load_parameters, "balkhash", {"delta_loss": value})
    assert "parameters.delta_loss: neither a text nor a number" in text
    assert "a number in km3/yr" in text


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("strait_roughness", "s m-1/3"),
        ("lake_latitude", "degrees_north"),
        ("kapshagay_latitude", "degrees_north"),
        ("ice_freezing_degree_days", "K d m-1"),
        ("ice_melting_degree_days", "K d m-1"),
        ("ice_growth_coefficient", "m K-1/2 d-1/2"),
        ("ili_temperature_sensitivity", "K-1"),
        ("ili_peak_month", "month"),
        ("eastern_peak_month", "month"),
        ("irrigation_peak_month", "month"),
        ("irrigation_season", "month"),
        ("inflow_memory", "month"),
    ],
)
def test_what_has_a_unit_says_it(name, unit):
    own = load_parameters()[name]
    assert (own.unit, own.si) == (unit, own.value)
    half = f"{0.5 * own.value!r} {unit}"
    for text in (half, repr(0.5 * own.value), 0.5 * own.value):
        changed = load_parameters("balkhash", {name: text})[name]
        assert changed.si == pytest.approx(0.5 * own.value)
        assert changed.unit == unit
    with pytest.raises(InputError, match=f"parameters.{name}: not a"):
        load_parameters("balkhash", {name: "1 km3"})


def test_a_set_that_writes_such_a_number_without_a_unit_still_loads(tmp_path):
    own = tmp_path / "old.yml"
    own.write_text(
        "set: old\ntitle: old\nextends: balkhash\nparameters:\n  strait_roughness:\n"
        '    {kind: dimensionless, value: 0.04, unit: "1", range: [0.02, 0.05], '
        "status: assumed, source: [], note: old}\n"
    )
    [strait] = [x for x in load_system(parameters=str(own)).links if isinstance(x, Strait)]
    assert strait.roughness == 0.04
