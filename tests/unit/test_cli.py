"""The command line: what it prints, its exit codes, and that a refusal leaves no trace."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from balkhash_model import cli, reference
from balkhash_model.errors import BalkhashError, WaterBalanceError

BS = "Baltic system (BS)"


@pytest.fixture
def balkhash_command(monkeypatch, capsys):
    """Call the command in this process; give exit code, standard output and errors."""
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["balkhash", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return call


@pytest.fixture
def refused(balkhash_command, tmp_path, monkeypatch):
    """Run a command that must be refused: code 2, no traceback, no file made or changed."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)

    def call(*arguments: object) -> str:
        before = snapshot(tmp_path)
        code, out, err = balkhash_command(*arguments)
        assert code == 2
        assert err.startswith("balkhash: ")
        assert "Traceback" not in out + err
        assert out.strip() == ""
        assert snapshot(tmp_path) == before
        return err

    return call


def snapshot(folder: Path) -> dict[str, bytes | None]:
    return {str(p): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


# ---------------------------------------------------------------- what works


def test_run_writes_its_files_and_prints_the_tables(balkhash_command, scenario_file, tmp_path):
    out = tmp_path / "out"
    gauge = tmp_path / "karagash.csv"
    gauge.write_text(f"time,level,unit,datum\n1961-05,342.0,m,{BS}\n1962-05,342.0,m,{BS}\n")
    code, text, err = balkhash_command("run", scenario_file(), "--out", out, "--observed", gauge)
    assert (code, err) == (0, "")
    for words in (
        "short: A short run",
        "Mean budget of the lake (km3 per year; storage is its change)",
        "1961-1962",
        "inflow",
        "evap.",
        "precip.",
        "ground",
        "use",
        "storage",
        "residual",
        "karagash",
        "rmse",
        "water balance closed",
    ):
        assert words in text
    assert sorted(p.name for p in out.iterdir()) == [
        "short.nc",
        "short.png",
        "short.resolved.yml",
        "short.svg",
    ]
    for path in out.iterdir():
        assert f"wrote {path}" in text.replace("\n", "")


def test_two_scenarios_in_one_command(balkhash_command, scenario_file, tmp_path):
    one, two = scenario_file(name="one"), scenario_file(name="two", level="341 m")
    code, text, _ = balkhash_command("run", one, two, "--out", tmp_path / "out")
    assert code == 0
    assert text.index("one: A short run") < text.index("two: A short run")
    assert len(list((tmp_path / "out").iterdir())) == 8


def test_force_replaces(balkhash_command, scenario_file, tmp_path):
    for force in ([], ["--force"]):
        code, _, _ = balkhash_command("run", scenario_file(), "--out", tmp_path / "out", *force)
        assert code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["data", "list"], ["balkhash_level_anchors", "Baltic system", "kapshagay"]),
        (["data", "describe", "ili_flux_by_period"], ["title:", "sha256:"]),
        (["data", "check"], ["ok", "balkhash_level_tied"]),
        (["params", "show"], ["delta_loss", "km3/yr", "wang2022", "normal(2.5, 0.4)"]),
        (["params", "diff", "balkhash", "balkhash_yang1993"], ["17250 km2", "18230 km2"]),
        (["doctor"], ["Versions", "Compiled kernel", "Reference data", "numba"]),
    ],
    ids=lambda a: " ".join(a[:2]) if isinstance(a, list) else "",
)
def test_commands_that_only_print(balkhash_command, arguments, words):
    code, out, err = balkhash_command(*arguments)
    assert (code, err) == (0, "")
    for word in words:
        assert word in out


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["run"],
        ["data"],
        ["data", "describe"],
        ["params"],
        ["params", "diff"],
        ["doctor"],
        ["calibrate"],
        ["reconstruct"],
    ],
)
def test_every_command_has_help(command):
    result = CliRunner().invoke(cli.app, [*command, "--help"])
    assert result.exit_code == 0
    assert "Usage:" in result.output
    assert len(result.output) > 150


# ---------------------------------------------------------------- what is refused


def test_an_unknown_scenario(refused):
    err = refused("run", "hindcst")
    assert "scenario 'hindcst': does not exist; expected" in err
    assert "Nearest: hindcast, hindcast_free" in err


@pytest.mark.parametrize(
    ("change", "more", "words"),
    [
        ({}, "perod: {}", "perod: no such key; got {}. Nearest: period"),
        (
            {"level": "341.5 kg"},
            "",
            ":3:11: initial.lake_level: not a level; a level, as",
        ),
        ({"level": "'341.5'"}, "", ":3:11: initial.lake_level: no unit; a level, as '341.0 m'"),
        ({"level": "350 m"}, "", "outside its curve; got 350 m; expected 331 to 347 m"),
        ({"start": "1961-01-32"}, "", "period.start: not a date"),
        (
            {"end": "1960-01-01"},
            "",
            ":2:1: period: ends (1960-01-01) before it starts",
        ),
        ({"end": "2030-01-01"}, "", "no published mean for these years; got 2021 to 2029"),
        ({}, "parameters: {set: balkash}", "parameter set: does not exist; got 'balkash'"),
        ({}, "parameters: {overrides: {delta_loss: 3 km}}", "not a flow; got '3 km'"),
        ({}, "parameters: {overrides: {nearshore_area_slope: -99 km2/m}}", "area must not fall"),
        ({}, "system: victoria", "lake system: does not exist; got 'victoria'"),
    ],
)
def test_a_scenario_that_cannot_be_used(refused, scenario_file, change, more, words):
    err = refused("run", scenario_file(more, **change))
    assert words in err


def test_a_scenario_that_is_no_yaml(refused, tmp_path):
    path = tmp_path / "bad.yml"
    path.write_text("meta: [1, 2\n")
    assert str(path) in refused("run", path)
    path.write_text("meta: {name: a}\nmeta: {name: b}\n")
    assert "bad.yml:2:1" in refused("run", path)


def test_all_faults_of_two_scenarios_and_a_gauge_at_once(refused, scenario_file, tmp_path):
    gauge = tmp_path / "gauge.csv"
    gauge.write_text(f"time,level,unit,datum\n1987,high,m,{BS}\n")
    # the datum that the gauge must be on is that of the one scenario which can be read
    names = (scenario_file("perod: {}"), "hindcst", scenario_file(name="good"))
    err = refused("run", *names, "--observed", gauge)
    assert err.startswith("balkhash: 3 problems\n  - ")
    assert err.count("\n  - ") == 3
    assert f"{gauge}" in err


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (None, "gauge.csv: no such file"),
        ("", "gauge.csv: holds nothing"),
        ("time,level,unit\n1987,341,m\n", "gauge.csv:1: lacks a column; expected datum"),
        (f"time,level,unit,datum\n1987,341,ft,{BS}\n", "unit: not a unit of level; got 'ft'"),
        ("time,level,unit,datum\n1987,341,m,EGM96\n", "datum: another datum than the result's"),
        (f"time,level,unit,datum\nsoon,341,m,{BS}\n", "time: not a date; got 'soon'"),
        (f"time,level,unit,datum\n1987,341,m,{BS}\n1987,342,m,{BS}\n", "a time stands twice"),
    ],
)
def test_a_gauge_record_that_cannot_be_used(refused, scenario_file, tmp_path, record, words):
    gauge = tmp_path / "gauge.csv"
    if record is not None:
        gauge.write_text(record)
    assert words in refused("run", scenario_file(), "--observed", gauge)


def test_an_output_folder_that_is_a_file_or_lies_below_one(refused, scenario_file, tmp_path):
    (tmp_path / "file").write_text("mine")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        assert "is not a folder" in refused("run", scenario_file(), "--out", out)


def test_results_that_exist(refused, scenario_file, tmp_path):
    (tmp_path / "short.nc").write_text("mine")
    err = refused("run", scenario_file(), "--out", tmp_path)
    assert "holds these results already" in err
    assert "--force" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["data", "describe", "ili_flux"], "ili_flux"),
        (["params", "show", "balkash"], "Nearest: balkhash"),
        (["params", "diff", "balkhash", "yang"], "parameter set: does not exist; got 'yang'"),
    ],
)
def test_names_that_are_not_known(refused, arguments, words):
    assert words in refused(*arguments)


@pytest.mark.parametrize(
    "arguments",
    [["run"], ["run", "hindcast", "--substeps", "0"], ["run", "hindcast", "--nonsense"], ["sing"]],
)
def test_wrong_usage_is_code_2(balkhash_command, arguments):
    code, _, err = balkhash_command(*arguments)
    assert code == 2
    assert "Usage:" in err
    assert "Traceback" not in err


# ---------------------------------------------------------------- exit codes


def test_a_balance_that_fails_is_code_3(balkhash_command, scenario_file, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise WaterBalanceError("the water balance of storage 'west' does not close")

    monkeypatch.setattr("balkhash_model.simulation.check_balance", fail)
    code, _, err = balkhash_command("run", scenario_file(), "--out", tmp_path / "out")
    assert (code, err) == (3, "balkhash: the water balance of storage 'west' does not close\n")
    assert not (tmp_path / "out").exists()


def test_a_failure_of_ours_is_code_1(balkhash_command, scenario_file, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise BalkhashError("not solved")

    monkeypatch.setattr("balkhash_model.runs.simulate", fail)
    code, _, err = balkhash_command("run", scenario_file(), "--out", tmp_path / "out")
    assert (code, err) == (1, "balkhash: not solved\n")


def test_data_that_fail_their_check_are_code_1(balkhash_command, monkeypatch):
    from balkhash_model import reference

    good = reference.check()[0]
    bad = type(good)(
        **{f: getattr(good, f) for f in good.__slots__}
        | {"ok": False, "message": "checksum differs"}
    )
    monkeypatch.setattr(reference, "check", lambda: [bad])
    for command in (["data", "check"], ["doctor"]):
        code, out, _ = balkhash_command(*command)
        assert code == 1
        assert "checksum differs" in out


# ---------------------------------------------------------------- the real process


def process(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "balkhash_model.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ | {"COLUMNS": "120"} | environment,
    )


def test_the_process_runs_a_scenario(scenario_file, tmp_path):
    done = process("run", scenario_file(), "--out", tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "out" / "short.nc").is_file()


def test_the_process_refuses_with_code_2_and_no_traceback(scenario_file, tmp_path):
    (tmp_path / "file").write_text("")
    done = process("run", scenario_file(level="1 kg"), "hindcst", "--out", tmp_path / "file")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    # level, name of a scenario, folder: all at once
    assert done.stderr.startswith("balkhash: 3 problems\n")


# ---------------------------------------------------------------- findings


def test_the_tables_are_whole_on_a_narrow_terminal(
    balkhash_command, monkeypatch, scenario_file, tmp_path
):
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = balkhash_command("run", scenario_file(), "--out", tmp_path / "out")
    assert "1961-1962" in out
    assert "…" not in out


def test_brackets_in_titles_are_printed(balkhash_command, scenario_file, tmp_path):
    path = scenario_file()
    path.write_text(path.read_text().replace("title: A short run", "title: 'Run [west]'"))
    _, out, _ = balkhash_command("run", path, "--out", tmp_path / "out[x]")
    assert "Run [west]" in out
    assert "out[x]" in out.replace("\n", "")


def test_the_help_of_data_list_says_what_quiet_prints(balkhash_command):
    said = " ".join(CliRunner().invoke(cli.app, ["data", "list", "--help"]).output.split())
    assert "Print the keys alone." in said
    assert "Print nothing but errors" not in said
    code, out, _ = balkhash_command("data", "list", "--quiet")
    assert (code, out.split()) == (0, reference.list())
