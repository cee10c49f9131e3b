"""Broken scenario files: one readable message with its place, code 2, no trace, nothing written.

Each case is what a person may well write. Every message must name the file and the line, and must
come in under a second.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from balkhash_model import cli
from balkhash_model.runs import check

META = "meta: {name: broken, title: Broken, rationale: For the tests}\n"
GOOD = """\
meta: {name: broken, title: Broken, rationale: For the tests}
period: {start: 2025-01-01, end: 2030-01-01}
initial: {lake_level: 341.5 m}
inflow: {kind: constant, mean: 12 km3/yr}
climate: {precipitation: climatology}
reservoirs: {kapshagay: {rule: none}}
abstraction:
  farms: {country: kazakhstan, place: reach, total: {2020: 4 km3/yr, 2030: 5 km3/yr}}
"""


def swap(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


#: Name, text of the file, where (line:column), and words of the message.
BROKEN: list[tuple[str, str | bytes, str, str]] = [
    # units
    ("a unit that fits nothing here", swap("12 km3/yr", "12 kg"), "4:26", "not a flow"),
    ("no unit", swap("12 km3/yr", "12"), "4:26", "no unit"),
    ("an unknown unit", swap("12 km3/yr", "12 km4/yrs"), "4:26", "unknown unit 'yrs'"),
    ("a misspelt unit", swap("12 km3/yr", "12 km3/yaer"), "4:26", "unknown unit 'yaer'"),
    ("a level where a flow belongs", swap("12 km3/yr", "341 m"), "4:26", "not a flow"),
    ("a flow where a level belongs", swap("341.5 m", "12 km3/yr"), "3:11", "not a level"),
    ("a decimal comma", swap("341.5 m", "'341,5 m'"), "3:11", "a comma in a number"),
    ("a negative use", swap("4 km3/yr", "-4 km3/yr"), "8:54", "below 0"),
    ("no number at all", swap("12 km3/yr", "much"), "4:26", "does not begin with a number"),
    ("not a number", swap("12 km3/yr", "nan km3/yr"), "4:26", "not a finite number"),
    ("more than all", GOOD + "  towns: {country: china, place: reach, total: 1 km3/yr, "
     "return_flow: 120 %}\n", "9:58", "not between 0 and 100 %"),
    # keys
    ("a misspelt section", swap("inflow:", "inflows:"), "4:1", "Nearest: inflow"),
    ("a misspelt key", swap("place: reach", "place: reach, priorty: 2"), "8:46",
     "Nearest: priority"),
    ("a key of another section", swap("mean: 12", "members: 3, mean: 12"), "4:26", "no such key"),
    ("a misspelt dotted key", GOOD + "inflow.gnerator.block: 3\n", "9:1", "Nearest: generator"),
    ("an empty dotted key", GOOD + "inflow..block: 3\n", "9:1", "a dotted key with an empty part"),
    ("a key twice", GOOD + "inflow: {mean: 11 km3/yr}\n", "9:1", "given twice, first at line 4"),
    ("a key twice by dots", GOOD + "inflow.mean: 11 km3/yr\n", "9:1", "is given twice"),
    ("a needed section is missing", swap("period:", "# period:"), "1:1", "period: missing"),
    ("a needed key is missing", swap("country: kazakhstan, ", ""), "8:3", "country: missing"),
    ("a word that is none of the choices", swap("place: reach", "place: ili"), "8:32", "'reach'"),
    ("null that removes nothing", GOOD + "measures.canals: null\n", "9:1", "null removes nothing"),
    # YAML
    ("YAML 1.1 truth", swap("rule: none", "rule: no"), "6:26", "should be 'prescribed', 'rule', "),
    ("YAML 1.1 merge key", GOOD + "ensemble: {<<: {seed: 3}}\n", "9:12", "a merge key"),
    ("a sexagesimal number", swap("12 km3/yr", "12:30"), "4:26", "the unit ':30' cannot be read"),
    ("a Python tag", swap("12 km3/yr", "!!python/object/apply:os.system [ls]"), "4:32", "a tag"),
    ("a tab for indentation", GOOD + "ensemble:\n\tseed: 3\n", "10:1", "not YAML"),
    ("a bracket that stays open", swap("climatology}", "climatology"), "6:11", "not YAML"),
    ("an alias bomb", "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{c}: &{c} [{', '.join([f'*{p}'] * 9)}]\n"
        for p, c in zip("abcdefg", "bcdefgh", strict=True)
    ), "6:", "more than 100000 values with aliases written out"),
    ("an alias to itself", GOOD + "outputs: &o {periods: *o}\n", "9:23", "contains itself"),
    ("an unknown alias", swap("341.5 m", "*level"), "3:23", "no anchor"),
    ("two documents", GOOD + "---\nmeta: {}\n", "9:1", "a second document"),
    ("a list", "- meta\n- period\n", "1:1", "a scenario is a map of keys"),
    ("nothing", "", "1:1", "a scenario is a map of keys"),
    ("not UTF-8", META.encode() + b"# caf\xe9\n", "2:6", "not UTF-8 text"),
    ("nesting without end", "a: " + "[" * 80 + "]" * 80 + "\n", "1:68", "nested more than 64 deep"),
    # time
    ("a year for a date", swap("2025-01-01", "2025"), "2:10", "period.start"),
    ("a date that is none", swap("2025-01-01", "2025-02-30"), "2:10", "not a date"),
    ("an end before the start", swap("end: 2030", "end: 2020"), "2:1", "before it starts"),
    ("a year in quotes", swap("2020: 4", '"2020": 4'), "8:54", "not a year"),
    ("a quantity for a year", swap("2020: 4 km3/yr", "4 km3/yr: 4 km3/yr"), "8:54", "not a year"),
    ("a year outside the period", GOOD + "measures: {m: {title: M, start: 2050, "
     "users: {farms: {use: 5 %}}}}\n", "9:26", "a year outside the period; got 2050"),
    ("years backwards", GOOD + "outputs: {periods: [[2029, 2026]]}\n", "9:21", "comes after"),
    ("a thirteenth month", GOOD + "climate.deltas.w: {variable: temperature, change: 1 K, "
     "months: [13]}\n", "9:65", "less than or equal to 12"),
    ("eleven months", swap("place: reach", "place: reach, monthly: [1,1,1,1,1,1,1,1,1,1,1]"),
     "8:46", "expected one for each of the 12 months"),
    # what belongs together
    ("a measure for nobody", GOOD + "measures: {m: {title: M, start: 2026, "
     "users: {farmers: {use: 5 %}}}}\n", "9:47", "Nearest: farms"),
    ("a measure without effect", GOOD + "measures: {m: {title: M, start: 2026}}\n", "9:12",
     "has no effect"),
    ("a measure in the delta with inflow above Kapshagay", swap("12 km3/yr", "12 km3/yr, at: km171")
     + "measures:\n  gates: {title: Gates, start: 2026, links: "
     "{ili_delta: {delta_loss: -0.3 km3/yr}}}\n", "10:46",
     "cannot act: how much enters the delta is known only during the run; got inflow at 'km171'"),
    ("money without a currency", GOOD + "measures: {m: {title: M, start: 2026, users: {farms: "
     "{use: 5 %}}, cost: {capital: 3 million}}}\n", "9:74", "a number and a currency"),
    ("a rule without inflow above it", swap("rule: none", "rule: rule, target_storage: [14 km3]"),
     "6:26", "acts only where the inflow is given above the reservoir"),
    ("the own rule without inflow above it", swap("rule: none", "rule: filling_and_season"),
     "6:26", "acts only where the inflow is given above the reservoir"),
    ("the own rule with a target", swap("rule: none", "rule: filling_and_season, "
     "target_storage: [14 km3]"), "6:14", "target_storage belongs to rule 'rule'"),
    ("a rule without a target", swap("rule: none", "rule: rule"), "6:14", "needs a target_storage"),
    ("a temperature in per cent", GOOD + "climate.deltas.w: {variable: temperature, change: 5 %}\n",
     "9:1", "change of temperature is '5 %'"),
    ("a constant inflow without its mean", swap(", mean: 12 km3/yr", ""), "4:1", "needs its mean"),
    ("rivers that respond to no climate",
     swap("12 km3/yr", "12 km3/yr, runoff_response: elasticity"), "4:43",
     "rivers cannot respond: the scenario changes no climate"),
    ("members of which none differs", GOOD + "ensemble: {members: 5}\n", "9:12",
     "nothing differs between the members"),
    ("a reconstruction at a gauge", swap("kind: constant", "kind: knn, at: dam"), "4:21",
     "the reconstruction gives all rivers together"),
    ("an unknown reservoir", swap("kapshagay", "kapchagay"), "6:14", "Nearest: kapshagay"),
    # overrides
    ("a variant of nothing", GOOD + "overrides: {dry: null}\n", "9:13", "overrides nothing"),
    ("a variant with a fault", GOOD + "overrides: {dry: {inflow.mena: 1 km3/yr}}\n", "9:19",
     "Nearest: mean"),
    ("a variant that extends", GOOD + "overrides: {dry: {extends: hindcast}}\n", "9:13",
     "cannot change 'extends'"),
    # other files
    ("a base that is not there", "extends: baseline_2051\n" + META, "1:1",
     "Nearest: baseline_2050"),
    ("a file that extends itself", "extends: broken.yml\n" + META, "1:1", "goes in a circle"),
    ("a base outside the folder", "extends: ../other.yml\n" + META, "1:1", "leaves the folder"),
    ("a base by its full path", "extends: /etc/passwd\n" + META, "1:1", "leaves the folder"),
    ("data outside the folder", swap("kind: constant, mean: 12 km3/yr",
     "kind: series, file: ../../secret.csv"), "4:24", "leaves the folder"),
    ("data that are not there", swap("kind: constant, mean: 12 km3/yr",
     "kind: series, file: ili.csv"), "4:24", "no such file"),
    ("history beyond its tables", "extends: hindcast_free\nmeta.name: broken\n"
     "period.end: 2030-01-01\n", "", "no published mean for these years; got 2021 to 2029"),
    ("a series with a gap", swap("kind: constant, mean: 12 km3/yr", "kind: series, file: gap.csv"),
     "", "a gap in the series; got 2026-01"),
    ("an unknown parameter set", GOOD + "parameters: {set: balkash}\n", "", "Nearest: balkhash"),
    ("an unknown parameter", GOOD + "parameters: {overrides: {delta_los: 2 km3/yr}}\n", "",
     "Nearest: delta_loss"),
]  # fmt: skip


def snapshot(folder: Path) -> dict[str, bytes | None]:
    return {str(p): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


@pytest.fixture(scope="module", autouse=True)
def _warm():
    """Imports take longer than any file; what is timed is the reading."""
    check("baseline_2050")


@pytest.fixture
def validate(monkeypatch, capsys, tmp_path):
    """Call ``balkhash validate`` in this process; give its one line of error."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["balkhash", "validate", *arguments])
        before = snapshot(tmp_path)
        started = time.perf_counter()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        took = time.perf_counter() - started
        out, err = capsys.readouterr()
        assert ended.value.code == 2
        assert out == ""
        assert "Traceback" not in err
        assert err.startswith("balkhash: ")
        assert snapshot(tmp_path) == before
        assert took < 1.0
        return err

    return call


def test_there_are_at_least_forty():
    assert len({name for name, *_ in BROKEN}) == len(BROKEN) >= 40


@pytest.mark.parametrize(("name", "text", "place", "words"), BROKEN, ids=lambda x: None)
def test_a_broken_file(validate, tmp_path, name, text, place, words):
    raw = text if isinstance(text, bytes) else text.encode("utf-8")
    (tmp_path / "broken.yml").write_bytes(raw)
    (tmp_path / "gap.csv").write_text("time,flow,unit\n2025,12,km3/yr\n2030,12,km3/yr\n")
    err = validate("broken.yml")
    assert words in err, name
    if place:
        assert f"broken.yml:{place}" in err, name
    # one line for one fault; the rain and the rivers of the history end in the same year
    assert len(err.strip().split("\n")) == (3 if name == "history beyond its tables" else 1), name
    assert len(err) < 500, name


def test_a_hundred_megabytes(validate, tmp_path):
    with (tmp_path / "broken.yml").open("wb") as stream:
        stream.truncate(100_000_000)
    err = validate("broken.yml")
    assert err == "balkhash: broken.yml: too large; expected at most 1000000 bytes\n"


def test_a_circle_of_three(validate, tmp_path):
    for one, two in ("ab", "bc", "ca"):
        (tmp_path / f"{one}.yml").write_text(f"extends: {two}.yml\n")
    assert "c.yml:1:1: extends goes in a circle; got a -> b -> c -> a" in validate("a.yml")


def test_a_folder(validate, tmp_path):
    (tmp_path / "broken.yml").mkdir()
    assert "a folder" in validate("broken.yml")


def test_the_good_file_is_good(tmp_path):
    path = tmp_path / "good.yml"
    path.write_text(GOOD)
    assert check(str(path)).meta.name == "broken"


def test_all_problems_of_all_files_at_once(validate, tmp_path):
    text = GOOD.replace("12 km3/yr", "12 kg").replace("341.5 m", "341.5").replace("place", "plce")
    (tmp_path / "one.yml").write_text(text)
    (tmp_path / "two.yml").write_text(GOOD.replace("rule: none", "rule: nun"))
    err = validate("one.yml", "two.yml")
    assert err.startswith("balkhash: 5 problems")  # plce is unknown, and place is missing
    assert err.count("one.yml:") == 4
    assert err.count("two.yml:") == 1


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("inflow.mean", "sets nothing"),
        ("=3", "sets nothing"),
        ("inflow.maen=3 km3/yr", "Nearest: mean"),
        ("inflow.mean=3", "no unit"),
        ("inflow.mean=[", "not YAML"),
        ("extends=hindcast", "can only be said in a file"),
        ("abstraction.farms.total.2020=x", "does not begin with a number"),
    ],
)
def test_a_broken_setting(validate, tmp_path, setting, words):
    (tmp_path / "good.yml").write_text(GOOD)
    err = validate("good.yml", "--set", setting)
    assert words in err
    assert f"--set {setting}" in err


def test_the_real_command(tmp_path):
    """The whole program, imports and all: same message, same code, no trace, no file."""
    (tmp_path / "broken.yml").write_text(GOOD.replace("12 km3/yr", "12 kg"))
    for command in (["validate", "broken.yml"], ["run", "broken.yml"]):
        done = subprocess.run(
            [sys.executable, "-m", "balkhash_model.cli", *command],
            cwd=tmp_path,
            env={**os.environ},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 2
        assert done.stdout.strip() == ""
        assert done.stderr.startswith("balkhash: broken.yml:4:26: inflow.mean: not a flow")
        assert [p.name for p in tmp_path.iterdir()] == ["broken.yml"]
