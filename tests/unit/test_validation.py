"""Schemas against documents: every fault at once, each with its line and column."""

import pytest
from pydantic import Field, ValidationError, field_validator

from balkhash_model import yamlio
from balkhash_model.validation import Strict, validate


class Inlet(Strict):
    name: str
    width: str = "1 m"


class Pond(Strict):
    name: str
    depth: float
    inlets: tuple[Inlet, ...] = ()
    named: dict[str, Inlet] = Field(default_factory=dict)

    @field_validator("depth")
    @classmethod
    def _positive(cls, value: float) -> float:
        if value <= 0.0:
            raise ValueError("must be positive")
        return value


def faults(problems, text: str) -> list[str]:
    return problems(validate, Pond, yamlio.loads(text, "pond.yml"))


def test_a_fitting_document_becomes_a_frozen_record():
    pond = validate(Pond, yamlio.loads("name: a\ndepth: 3\ninlets: [{name: b}]", "pond.yml"))
    assert (pond.name, pond.depth, pond.inlets[0].width) == ("a", 3.0, "1 m")
    with pytest.raises(ValidationError, match="frozen"):
        pond.depth = 4.0


def test_every_fault_has_its_line_and_column(problems):
    assert faults(problems, "nmae: a\ndepth: deep\n") == [
        "pond.yml:1:1: name: missing",
        "pond.yml:2:1: depth: Input should be a valid number, unable to parse string as a number; "
        "got 'deep'",
        "pond.yml:1:1: nmae: no such key; got 'a'. Nearest: name, named",
    ]


def test_faults_inside_lists_and_maps(problems):
    text = "name: a\ndepth: 1\ninlets:\n  - {name: b}\n  - {nam: c}\n"
    text += "named:\n  x: {name: d, wdth: 3 m}\n"
    found = faults(problems, text)
    assert len(found) == 3
    assert found[0].startswith("pond.yml:5:5: inlets.1.name: missing")
    assert "inlets.1.nam: no such key; got 'c'. Nearest: name" in found[1]
    assert found[2].startswith("pond.yml:7:16: named.x.wdth: no such key; got '3 m'")


def test_the_nearest_key_inside_a_map_of_records_is_named(problems):
    [found] = faults(problems, "name: a\ndepth: 1\nnamed: {x: {name: d, wdth: 3 m}}\n")
    assert found.endswith("Nearest: width")


def test_the_words_of_a_validator_are_kept_without_those_of_pydantic(problems):
    assert faults(problems, "name: a\ndepth: -2\n") == [
        "pond.yml:2:1: depth: must be positive; got -2"
    ]


def test_a_long_value_is_cut(problems):
    [text] = faults(problems, "name: a\ndepth: " + 200 * "x" + "\n")
    assert text.endswith("...")
    assert len(text) < 200


@pytest.mark.parametrize("text", ["[1, 2]", "3", "null"])
def test_a_document_that_is_no_map_is_refused(problems, text):
    [found] = faults(problems, text)
    assert found.startswith("pond.yml:1:1: document: ")


def test_an_alias_is_accepted_and_reported_under_its_own_name(problems):
    class Link(Strict):
        source: str = Field(alias="from")

    assert validate(Link, yamlio.loads("from: a", "x.yml")).source == "a"
    found = problems(validate, Link, yamlio.loads("form: a", "x.yml"))
    assert found[1].endswith("Nearest: from")


def test_a_value_of_the_wrong_type_is_not_bent_into_shape(problems):
    [text] = faults(problems, "name: 1961\ndepth: 1\n")
    assert text.startswith("pond.yml:1:1: name: ")
    assert "got 1961" in text
