"""Every numbered equation of the model says which function computes it and which test holds it."""

import importlib
import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    "model",
    "delta-and-reservoir",
    "delta-wetland",
    "rivers-and-climate",
    "kapshagay-operation",
)


def equations() -> list[tuple[str, str, str]]:
    found = []
    for page in PAGES:
        text = (ROOT / "docs" / "explanation" / f"{page}.md").read_text(encoding="utf-8")
        starts = [*re.finditer(r"^\*\*\((\d+)\) ", text, re.MULTILINE)]
        ends = [m.start() for m in starts[1:]] + [len(text)]
        found += [
            (page, m.group(1), text[m.start() : end]) for m, end in zip(starts, ends, strict=True)
        ]
    return found


def test_there_are_some_and_none_twice():
    keys = [(page, number) for page, number, _ in equations()]
    assert len(keys) == len(set(keys))
    assert len([page for page, _ in keys if page == "model"]) == 9
    assert {page for page, _ in keys} == set(PAGES)


@pytest.mark.parametrize(
    ("page", "number", "text"), equations(), ids=lambda x: x if len(x) < 30 else ""
)
def test_an_equation_has_its_function_and_its_test(page, number, text):
    names = re.findall(r"`(balkhash_model(?:\.\w+)+)`", text)
    assert names, f"{page} ({number}) names no function"
    for name in names:
        module, _, last = name.rpartition(".")
        owner = importlib.import_module(module)
        assert hasattr(owner, last) or importlib.util.find_spec(name), name
    tests = re.findall(r"\]\(\.\./\.\./(tests/[\w/]+\.py)\)", text)
    assert tests, f"{page} ({number}) names no test"
    assert all((ROOT / path).is_file() for path in tests)
