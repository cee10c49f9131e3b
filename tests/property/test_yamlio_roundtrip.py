"""Whatever plain data is written as YAML reads back the same."""

import math

from hypothesis import given
from hypothesis import strategies as st

from balkhash_model import yamlio
from balkhash_model.errors import InputError

AWKWARD = st.sampled_from(
    [
        *("", " ", "NO", "yes", "null", "~", "true", "1e-3", "12:30", "1961-01-01", "1_000", "017"),
        *("0x1", "0o7", ".nan", "-.inf", "<<", "=", "---", "...", "... a", "- a", "? a", "a: b"),
        *("a #b", "#", "*a", "&a", "!a", "%a", "@a", "`a", "|", ">", "[", "{", "'", '"', "\\"),
        *("a\nb", "a\r\nb", "\t", "\x00", "\x7f", "\x85", "\u2028", "\ufeff", "\ufffe", "😀"),
        *("14.9 km3/yr", "5 %", "-5 m", "1.e5 m", "a ", " a", "a  b", "trailing:", "озеро"),
    ]
)
TEXT = AWKWARD | st.text(max_size=40) | st.text(alphabet="aN01 .:-#e+_%/[]{},'\"\n", max_size=12)
SCALAR = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
KEY = TEXT | st.integers(-9999, 9999)
DATA = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(KEY, inner, max_size=6),
    max_leaves=25,
)


def same(a: object, b: object) -> bool:
    """Compare with types, so that 1, 1.0 and True differ, and with the order of keys."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float):
        return a == b and math.copysign(1, a) == math.copysign(1, b)
    return a == b


@given(DATA)
def test_round_trip(data):
    text = yamlio.dumps(data)
    text.encode("utf-8")
    assert same(yamlio.loads(text).data, data)


@given(st.dictionaries(KEY, SCALAR, max_size=5))
def test_a_reader_of_yaml_1_1_sees_the_same_texts(data):
    from ruamel.yaml import YAML

    reader = YAML(typ="safe", pure=True)
    reader.version = (1, 1)
    found = reader.load(yamlio.dumps(data))
    assert list(found) == list(data)
    for key, value in data.items():
        if isinstance(value, str):
            assert same(found[key], value)


@given(st.text(alphabet="ab:-?[]{},&*!|>'\"%@# \n\t<~01.e", max_size=60))
def test_any_text_is_read_or_refused_with_its_name(text):
    places = ["f.yml:1:1"]
    try:
        yamlio.loads(text, "f.yml")
    except InputError as error:
        places = [problem.where for problem in error.problems]
    for place in places:
        name, line, column = place.split(":")
        assert name == "f.yml"
        assert 1 <= int(line) <= text.count("\n") + 2
        assert 1 <= int(column) <= len(text) + 1


@given(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4), st.integers(1, 30))
def test_places_point_at_the_keys(keys, shift):
    data: object = 1
    for key in reversed(keys):
        data = {key: data}
    text = "\n" * shift + yamlio.dumps(data)
    document = yamlio.loads(text)
    for depth in range(1, len(keys) + 1):
        line, column = document.position(keys[:depth])
        assert text.split("\n")[line - 1][column - 1 :].startswith(f"{keys[depth - 1]}:")
