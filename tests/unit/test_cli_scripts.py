"""What scripts and shells rely on: ``--json``, ``--quiet``, ``cite``, ``export``, completion."""

import json
import sys

import pytest

from balkhash_model import cli, cli_complete
from balkhash_model.cli_output import plain, print_table
from balkhash_model.job import write_result


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """Call the command in this process; give exit code, standard output and errors."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["balkhash", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return call


@pytest.fixture
def result(hindcast_free, tmp_path):
    write_result(hindcast_free, tmp_path / "free.nc")
    return "free.nc"


def strict(text: str) -> dict[str, object]:
    """JSON without NaN and Infinity, which other readers refuse."""

    def refuse(word: str) -> None:
        raise AssertionError(word)

    found = json.loads(text, parse_constant=refuse)
    assert found["format"] == 1
    return found


# ---------------------------------------------------------------- --json and --quiet


def test_run_prints_json_alone(command, scenario_file, tmp_path):
    code, out, err = command("run", scenario_file(), "--json")
    assert (code, err) == (0, "")
    found = strict(out)
    assert found["command"] == "run"
    [run] = found["runs"]
    assert run["title"] == "short: A short run"
    assert run["budget_km3_per_year"][0]["period"] == "1961-1962"
    assert run["budget_km3_per_year"][0]["inflow"] > 0.0
    assert (tmp_path / run["files"][0]).name == "short.nc"
    assert all((tmp_path / f).exists() for f in run["files"])


def test_run_of_members_prints_json_alone(command, scenario_file, tmp_path):
    scenario = "baseline_2050"
    code, out, _ = command(
        "run", scenario, "--members", 8, "--json", "--set", "period.end=2027-01-01"
    )
    assert code == 0
    found = strict(out)
    assert (found["members"], found["complete"]) == (8, True)
    [run] = found["ensemble"]
    assert run["run"] == scenario
    assert set(run["share_ever_below_m"]) >= {"341"}
    assert len(found["files"]) == 4


@pytest.mark.parametrize(
    ("arguments", "key", "first"),
    [
        (["data", "list"], "tables", "air_temperature_stations"),
        (["params", "show"], "parameters", "lake_reference_level"),
        (["doctor"], "parts", "Versions"),
    ],
)
def test_commands_that_print_have_json(command, arguments, key, first):
    code, out, err = command(*arguments, "--json")
    assert (code, err) == (0, "")
    found = strict(out)
    assert found["command"] == " ".join(arguments)
    names = [r if isinstance(r, str) else r.get("key") or r.get("name") for r in found[key]]
    assert names[0] == first


def test_params_have_sources_and_ranges(command):
    _, out, _ = command("params", "show", "balkhash", "--json")
    by_name = {p["name"]: p for p in strict(out)["parameters"]}
    loss = by_name["delta_loss"]
    assert loss["unit"] == "km3/yr"
    assert loss["lower"] < loss["value"] < loss["upper"]
    assert "wang2022" in loss["source"]


def test_compare_and_collapse_print_json_alone(command, result, scenario_file):
    code, out, err = command("compare", result, "no_kapshagay", "--json", "--out", "c.png")
    assert (code, err) == (0, "")
    found = strict(out)
    assert found["baseline"] == "hindcast_free"
    assert {r["run"] for r in found["indicators"]} == {"hindcast_free", "no_kapshagay"}
    assert found["level_difference_m"]["no_kapshagay"]["1986"] > 0.0
    assert found["files"] == ["c.png"]
    code, out, err = command("collapse", result, "--onset", 1970, "--json")
    assert (code, err) == (0, "")
    assert strict(out)["results"][0]["run"] == "hindcast_free"


NAMES = ["baseline_2050", "drought_1974_1986_repeat", "irrigation_saving", "npp_ulken", "rcp45"]


@pytest.mark.parametrize("width", [60, 80, 300])
def test_a_table_of_many_runs_is_read_in_a_narrow_terminal(monkeypatch, capsys, width):
    monkeypatch.setenv("COLUMNS", str(width))
    names = [*NAMES, *(f"{n}_{i}" for n in NAMES for i in (1, 2))]
    rows = [
        (label, "years", *(f"{i}.{j:02d}" for j in range(len(names))), "a source of [four] words")
        for i, label in enumerate(["lowest", "irrigation severely so (2 g/l)", "end"])
    ]
    print_table("All of them", ["indicator", "unit", *names, "source"], rows, 2)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width
    told = [line.split() for line in lines]
    # every value stands once, whole, and in its row
    for i, label in enumerate(["lowest", "irrigation", "end"]):
        found = [c for words in told if words[:1] == [label] for c in words if c[:2] == f"{i}."]
        assert found == [f"{i}.{j:02d}" for j in range(len(names))]
    # a name is broken at its underscores and nowhere else
    parts = {part for name in names for part in name.split("_")}
    heads = " ".join(c for words in told for c in words).replace("_", " ").split()
    assert parts <= set(heads)
    assert "[four]" in heads


def test_compare_of_six_runs_fits_eighty_columns(command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    names = ["baseline_2050", "china_plus", "irrigation_saving", "npp_ulken", "rcp45", "rcp85"]
    code, out, _ = command("compare", *names)
    assert code == 0
    lines = out.splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(line.split()[:1] == ["years_below"] for line in lines) == 2
    assert not any(line.split()[:1] == ["years_bel"] for line in lines)
    # a year is a whole number
    years = [line.split()[1:] for line in lines if line.split()[:1] == ["lowest_year"]]
    assert all(cell.isdigit() for row in years for cell in row)


def test_the_language_of_a_figure_has_two_spellings(command, result):
    pictures = []
    for i, options in enumerate([(), ("--lang", "kk"), ("--language", "kk")]):
        figure = f"{i}.svg"
        assert command("collapse", result, "-q", "--figure", figure, *options) == (0, "", "")
        with open(figure, encoding="utf-8") as file:
            pictures.append(file.read())
    assert pictures[1] == pictures[2] != pictures[0]


@pytest.mark.parametrize(
    "arguments",
    [["params", "show"], ["doctor"], ["collapse", "free.nc", "--onset", "1970"], ["run", "SHORT"]],
)
def test_quiet_is_quiet(command, result, scenario_file, arguments):
    words = [str(scenario_file()) if a == "SHORT" else a for a in arguments]
    assert command(*words, "--quiet") == (0, "", "")


def test_quiet_data_list_gives_keys_for_a_loop(command):
    _, out, _ = command("data", "list", "--quiet")
    assert "balkhash_level_tied" in out.split()


def test_errors_go_to_standard_error(command):
    for flag in ("--json", "--quiet"):
        code, out, err = command("run", "hindcst", flag)
        assert (code, out) == (2, "")
        assert "hindcst" in err


def test_plain_takes_what_tables_hold():
    import numpy as np
    import pandas as pd

    given = {"a": np.float64("nan"), 3: (np.int8(2), np.inf), "p": pd.Timestamp("2001-02-03")}
    assert plain(given) == {"a": None, "3": [2, "inf"], "p": "2001-02-03 00:00:00"}


# ---------------------------------------------------------------- cite and export


def test_cite_prints_or_writes(command, result, tmp_path):
    code, printed, err = command("cite", result)
    assert (code, err) == (0, "")
    assert "@misc{balkhash_model_0_1_0," in printed
    code, out, _ = command("cite", result, "-o", "refs.bib")
    assert (code, out) == (0, "wrote refs.bib\n")
    assert (tmp_path / "refs.bib").read_text(encoding="utf-8") == printed
    code, _, err = command("cite", result, "-o", "refs.bib")
    assert code == 2
    assert "is there already" in err
    assert command("cite", result, "-o", "refs.bib", "--force")[0] == 0


def test_export_writes_beside_the_result(command, result, tmp_path):
    import balkhash_model as bm

    code, out, err = command("export", result, "--csv")
    assert (code, out, err) == (0, "wrote free.csv\n", "")
    assert bm.read_export(tmp_path / "free.csv").attrs["scenario"] == "hindcast_free"
    code, _, err = command("export", result, "--csv")
    assert code == 2
    assert "--force" in err
    assert command("export", result, "-o", "other.csv")[0] == 0
    assert (tmp_path / "other.csv").read_bytes() == (tmp_path / "free.csv").read_bytes()


@pytest.mark.parametrize("options", [[], ["--csv", "--xlsx"]])
def test_export_wants_one_format(command, result, options):
    code, _, err = command("export", result, *options)
    assert code == 2
    assert "needs one format" in err


# ---------------------------------------------------------------- completion


def test_names_and_files_complete(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hindcast_mine.yml").write_text("")
    (tmp_path / "hindcast.nc").write_text("")
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "a.nc").write_text("")
    (tmp_path / ".hidden.nc").write_text("")
    assert cli_complete.scenarios("hindcast_") == [
        "hindcast_free",
        "hindcast_free_2020",
        "hindcast_mine.yml",
    ]
    assert "hindcast.nc" in cli_complete.scenarios_and_results("hind")
    assert cli_complete.results("") == ["hindcast.nc", "results/"]
    assert cli_complete.results("results/") == ["results/a.nc"]
    assert (
        cli_complete.tables("kap") == [t for t in cli_complete.tables("") if t[:3] == "kap"] != []
    )
    assert "balkhash_yang1993" in cli_complete.parameter_sets("balk")


def test_the_shell_is_answered(monkeypatch, capsys):
    monkeypatch.setenv("_BALKHASH_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "balkhash run npp")
    monkeypatch.setenv("COMP_CWORD", "2")
    monkeypatch.setattr(sys, "argv", ["balkhash"])
    with pytest.raises(SystemExit):
        cli.app(prog_name="balkhash")
    assert capsys.readouterr().out.split() == ["npp_ulken"]
