"""YAML 1.2 with places: the traps of YAML 1.1, every refusal, and the places themselves."""

import math
import os

import pytest

from balkhash_model import yamlio
from balkhash_model.errors import InputError


def message(text: str) -> str:
    with pytest.raises(InputError) as caught:
        yamlio.loads(text, "f.yml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # what YAML 1.1 reads as something else
        ("NO", "NO"),
        ("yes", "yes"),
        ("off", "off"),
        ("y", "y"),
        ("12:30", "12:30"),
        ("190:20:30", "190:20:30"),
        ("1961-01-01", "1961-01-01"),
        ("2001-12-14T21:59:43Z", "2001-12-14T21:59:43Z"),
        ("1_000", "1_000"),
        ("0b1", "0b1"),
        ("017", 17),
        ("1e-3", 1e-3),
        ("1E5", 1e5),
        ("-2.5e+3", -2500.0),
        # the core schema of YAML 1.2
        ("0o17", 15),
        ("0x1F", 31),
        ("+5", 5),
        ("1.", 1.0),
        (".5", 0.5),
        ("-.inf", -math.inf),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("341.0 m", "341.0 m"),
        ("'5'", "5"),
        ('"null"', "null"),
        ("|\n  12\n", "12\n"),
    ],
)
def test_scalars(text, value):
    found = yamlio.loads(f"key: {text}").data["key"]
    assert found == value
    assert type(found) is type(value)


def test_nan():
    assert math.isnan(yamlio.loads(".nan").data)


@pytest.mark.parametrize("text", ["", "# a comment\n", "---\n"])
def test_nothing_is_none(text):
    assert yamlio.loads(text).data is None


def test_plain_types_only():
    data = yamlio.loads("a: {b: [1, x]}\n2005: y").data
    assert data == {"a": {"b": [1, "x"]}, 2005: "y"}
    assert type(data) is dict
    assert type(data["a"]["b"]) is list


TEXT = """\
# comment
lake:
  level: 341.0 m
  basins:
    - name: west
      area: 10 km2
    - {name: east, area: 7 km2}
2005: 341.9 m
"""


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        ((), (2, 1)),
        (("lake",), (2, 1)),
        (("lake", "level"), (3, 3)),
        (("lake", "basins"), (4, 3)),
        (("lake", "basins", 0), (5, 7)),
        (("lake", "basins", 0, "area"), (6, 7)),
        (("lake", "basins", 1), (7, 7)),
        (("lake", "basins", 1, "area"), (7, 20)),
        ((2005,), (8, 1)),
        (("lake", "missing", "deeper"), (2, 1)),
        (("lake", "basins", 9), (4, 3)),
    ],
)
def test_places(keys, place):
    document = yamlio.loads(TEXT, "base.yml")
    assert document.position(keys) == place
    assert document.where(keys) == f"base.yml:{place[0]}:{place[1]}"


def test_places_inside_an_alias_are_those_of_the_anchor():
    document = yamlio.loads("a: &x\n  b: 1\nc: *x\n")
    assert document.position(("c",)) == (3, 1)
    assert document.position(("c", "b")) == (2, 3)


def test_aliases_are_copies():
    data = yamlio.loads("a: &x [1, 2]\nb: *x").data
    data["a"].append(3)
    assert data["b"] == [1, 2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3", "f.yml:3:1: the key 'a' is given twice, first at line 1"),
        ("{a: 1, a: 2}", "f.yml:1:8: the key 'a' is given twice"),
        ("1: a\n0x1: b", "f.yml:2:1: the key 1 is given twice"),
        ("a: 1\r\nb: 2\r\nb: 3", "f.yml:3:1: the key 'b'"),
        ("a: !foo 1", "f.yml:1:4: a tag; got !foo"),
        ("a: !!python/object:os.system {}", "f.yml:1:4: a tag; got tag:yaml.org,2002:python"),
        ("<<: {a: 1}", "f.yml:1:1: a merge key"),
        ("true: 1", "f.yml:1:1: a key that is not a text; got True"),
        ("1.5: 1", "a key that is not a text; got 1.5"),
        ("? [1]\n: 2", "a key that is not a text; got a mapping or a list"),
        ("a: 1\n---\nb: 2", "f.yml:2:1: a second document in one file"),
        ("%YAML 1.1\n---\na: 1", "f.yml:1:1: not YAML 1.2"),
        ("a: &x [1, *x]", "f.yml:1:11: '&x' contains itself"),
        ("a: &y 1\nb: *z", "f.yml:2:4: no anchor '&z' before this. Known: y"),
        ("a: 1e400", "f.yml:1:4: a number too large; got 1e400"),
        ("a: " + "9" * 5000, "f.yml:1:4: a number of more than 4000 digits"),
        ('a: "\\ud800"', "f.yml:1:4: half of a surrogate pair"),
        ("[" * 100, "f.yml:1:66: nested more than 64 deep"),
        ("- " * 100 + "a", "nested more than 64 deep"),
        ('a: 1\nb: "\\UFFFFFFFF"', "f.yml:2:1: after this, not YAML: "),
        ("%YAML 1.3\n---\na: 1", "f.yml:1:1: after this, not YAML: "),
        ("a: [1\n", "f.yml:2:1: not YAML: while parsing a flow sequence"),
        ("a: 1\n  b: 2", "f.yml:2:4: not YAML: mapping values are not allowed here"),
        ("a: 1\nb\0", "f.yml:2:2: a character that YAML does not allow"),
        ("- \n" * 100_001, "more than 100000 values"),
        ("#" * 1_000_001, "f.yml: too large; expected at most 1000000 bytes"),
    ],
)
def test_refusals(text, said):
    assert said in message(text)


def test_an_alias_bomb_is_refused():
    lines = ["a: &a [1,1,1,1,1,1,1,1,1,1]"]
    lines += [
        f"{b}: &{b} [{','.join([f'*{a}'] * 10)}]"
        for a, b in zip("abcdefghi", "bcdefghij", strict=True)
    ]
    assert "more than 100000 values with aliases written out" in message("\n".join(lines))


def test_a_quoted_merge_key_is_a_text():
    assert yamlio.loads("'<<': 1").data == {"<<": 1}


def test_all_problems_at_once():
    with pytest.raises(InputError) as caught:
        yamlio.loads("a: 1\na: 2\ntrue: !x 3\nb: 1e999\n")
    assert len(caught.value.problems) == 4


def test_load_reads_a_file_with_a_byte_order_mark(tmp_path):
    path = tmp_path / "base.yml"
    path.write_bytes("\ufeffозеро: Балхаш\n".encode())
    document = yamlio.load(path)
    assert document.data == {"озеро": "Балхаш"}
    assert document.where(("озеро",)) == f"{path}:1:1"


def test_load_names_what_is_wrong_with_the_path(tmp_path):
    (tmp_path / "hindcast.yml").write_text("a: 1")
    with pytest.raises(InputError, match=r"no such file. Nearest: hindcast.yml"):
        yamlio.load(tmp_path / "hindcst.yml")
    with pytest.raises(InputError, match=r"no such file$"):
        yamlio.load(tmp_path / "nowhere" / "a.yml")
    with pytest.raises(InputError, match="a folder; expected a YAML file"):
        yamlio.load(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        yamlio.load("a\0b")
    with pytest.raises(InputError, match="cannot be read: Not a directory"):
        yamlio.load(tmp_path / "hindcast.yml" / "inside.yml")


def test_load_says_that_a_file_may_not_be_read(tmp_path):
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        pytest.skip("root reads everything")
    path = tmp_path / "locked.yml"
    path.write_text("a: 1")
    path.chmod(0)
    with pytest.raises(InputError, match="cannot be read: Permission denied"):
        yamlio.load(path)


def test_load_refuses_other_encodings_and_large_files(tmp_path):
    path = tmp_path / "latin.yml"
    path.write_bytes(b"a: 1\nb: caf\xe9\n")
    with pytest.raises(InputError, match=r"latin.yml:2:7: not UTF-8 text; got the byte 0xe9"):
        yamlio.load(path)
    path.write_bytes("a: 1".encode("utf-16"))
    with pytest.raises(InputError, match="not UTF-8 text"):
        yamlio.load(path)
    path.write_bytes(b"#" * 1_000_001)
    with pytest.raises(InputError, match="too large"):
        yamlio.load(path)


def test_dumps_is_readable():
    data = {
        "start": "1961-01-01",
        "inflow": "14.9 km3/yr",
        "озеро": "Балхаш",
        "n": ["NO", "on", "1e-3", ""],
        "basins": [{"name": "west", "shape": [1, 2.5, None]}, [True, [[]]], {}],
    }
    assert yamlio.dumps(data) == (
        'start: "1961-01-01"\n'
        "inflow: 14.9 km3/yr\n"
        "озеро: Балхаш\n"
        '"n": ["NO", "on", "1e-3", ""]\n'
        "basins:\n"
        "  - name: west\n"
        "    shape: [1, 2.5, null]\n"
        "  - - true\n"
        "    - - []\n"
        "  - {}\n"
    )
    assert yamlio.loads(yamlio.dumps(data)).data == data


@pytest.mark.parametrize("data", [{1.5: 1}, {True: 1}, {None: 1}, object(), {"a": (1,)}, b"x"])
def test_dumps_refuses_what_is_not_plain(data):
    with pytest.raises(TypeError):
        yamlio.dumps(data)


def test_dumps_refuses_a_key_that_no_reader_would_take():
    with pytest.raises(ValueError, match="1000 characters"):
        yamlio.dumps({"k" * 1001: 1})
