"""What the site writes from the package: whole rows, once each, that a reader can follow."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

import balkhash_model as bm
from balkhash_model import quantities

FILE = Path(__file__).parents[2] / "docs" / "_ext" / "generated.py"


@pytest.fixture(scope="module")
def generated() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generated_for_test", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def cells(text: str, first: str) -> list[str]:
    row = next(line for line in text.split("\n") if line.startswith(f"| {first} |"))
    return [cell.strip() for cell in row.strip("|").split(" | ")]


def test_every_quantity_and_parameter_has_its_row(generated):
    text = generated.quantities()
    assert [n for n in quantities.names() if f"| `{n}` |" not in text] == []
    text = generated.parameters()
    assert [n for n in bm.load_parameters("balkhash") if f"| `{n}` |" not in text] == []
    row = cells(text, "`delta_loss`")
    assert row[3] == bm.load_parameters("balkhash")["delta_loss"].status


def test_a_set_that_extends_another_lists_what_differs(generated):
    part = generated.parameters().split("## The set `balkhash_yang1993`")[1].split("\n## ")[0]
    listed = re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)
    base, other = bm.load_parameters("balkhash"), bm.load_parameters("balkhash_yang1993")
    assert listed == [n for n in other if base.get(n) != other[n]]
    assert 0 < len(listed) < len(other)


def test_a_monthly_table_counts_each_month_once(generated):
    text = generated.catalogue().split("## balkhash_level_altimetry")[1].split("\n## ")[0]
    # 1992-09 to 2014-12 is 268 months
    assert "(monthly, 268 rows)" in text
    assert "0 of 268 months absent" in text
    assert "`text` 268" in text


def test_absent_months_are_found(generated):
    text = generated.catalogue().split("## kapshagay_level_altimetry")[1].split("\n## ")[0]
    absent, whole = re.search(r"(\d+) of (\d+) months absent", text).groups()
    rows = bm.reference.load("kapshagay_level_altimetry").sizes["time"]
    assert int(whole) - int(absent) == rows


def test_every_source_is_in_the_bibliography_once(generated):
    keys = re.findall(r"^@misc\{(\w+),$", generated.bibtex(), re.MULTILINE)
    assert keys == sorted(bm.reference.sources())


def test_every_command_is_described(generated):
    from typer.main import get_command

    from balkhash_model.cli import app

    text = generated.commands()
    for name, command in get_command(app).commands.items():
        for inner in getattr(command, "commands", {"": command}):
            assert f"## balkhash {name} {inner}".rstrip() + "\n" in text


def test_text_is_escaped(generated):
    assert generated.plain("a|b_c *d* <e> $f$") == r"a\|b\_c \*d\* \<e\> \$f\$"
