"""The report: its structure, its numbers, what it escapes, and what it refuses."""

import itertools
import os
import re
import string
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from typer.testing import CliRunner

import balkhash_model as bm
from balkhash_model import reference, report, yamlio
from balkhash_model.cli import app
from balkhash_model.job import write_result
from balkhash_model.library import load_parameters
from balkhash_model.report import beside_aral, figures, language
from balkhash_model.report.answer import aral_sentence
from balkhash_model.report.language import LANGUAGES, Words
from balkhash_model.report.outcomes import outcomes
from balkhash_model.report.read import read_sources

VOID = {"meta", "img", "br", "hr", "link", "input", "use", "path", "wbr"}
SPACE = "\u00a0"


class Page(HTMLParser):
    """A page as elements with attributes and text; refuses one that is not nested well."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[dict] = []
        self.elements: list[dict] = []
        self.feed(text)
        self.close()
        assert not self.open, [e["tag"] for e in self.open]

    def handle_starttag(self, tag, attrs):
        element = {"tag": tag, "attrs": dict(attrs), "text": "", "up": list(self.open)}
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.elements.append({"tag": tag, "attrs": dict(attrs), "text": "", "up": list(self.open)})

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        assert [e["tag"] for e in self.open[-1:]] == [tag], f"</{tag}> closes another"
        self.open.pop()

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data

    def all(self, *tags: str) -> list[dict]:
        return [e for e in self.elements if e["tag"] in tags]

    def under(self, key: str) -> str:
        """Text of the section of that name, with plain spaces."""
        [found] = [e for e in self.elements if e["attrs"].get("id") == key]
        return re.sub(r"\s+", " ", found["text"])


@pytest.fixture(scope="module")
def files(tmp_path_factory, hindcast_free) -> dict[str, Path]:
    """Results as the command line writes them: a run, two plans with members, their statistics."""
    folder = tmp_path_factory.mktemp("results")
    found = {}
    runs = {"free": hindcast_free, "aral": bm.run("aral_hindcast")}
    for name in ("baseline_2050", "irrigation_saving"):
        record = bm.load_scenario(name, settings=["ensemble.members=6"])
        runs[name] = bm.run(record)
    runs["plans"] = bm.run_ensemble(["baseline_2050", "irrigation_saving"], members=20)
    for name, result in runs.items():
        found[name] = folder / f"{name}.nc"
        write_result(result, found[name])
    return found


@pytest.fixture(scope="module")
def pages(files) -> dict[str, str]:
    render = report.render_report
    return {
        "free": render([files["free"]], "ru"),
        "aral": render([files["aral"]], "en"),
        "runs": render([files["baseline_2050"], files["irrigation_saving"]], "en"),
        "plans": render([files["plans"]], "kk"),
        "mixed": render([files["free"], files["plans"], files["baseline_2050"]], "en"),
    }


KINDS = ("free", "aral", "runs", "plans", "mixed")


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_is_well_formed_and_accessible(pages, kind):
    page = Page(pages[kind])
    [html] = page.all("html")
    assert html["attrs"]["lang"] in LANGUAGES
    assert all(t["text"].strip() for t in page.all("title"))
    levels = [int(e["tag"][1]) for e in page.all("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    ids = [e["attrs"]["id"] for e in page.elements if "id" in e["attrs"]]
    assert len(ids) == len(set(ids))
    for element in page.elements:
        target = element["attrs"].get("href", "")
        if target:
            assert target[0] == "#"
            assert target[1:] in ids
    for named in [e["attrs"] for e in page.elements if "aria-labelledby" in e["attrs"]]:
        assert named["aria-labelledby"] in ids
    pictures = page.all("img") + [e for e in page.elements if e["attrs"].get("role") == "img"]
    assert len(pictures) >= 3
    assert all(len(e["attrs"].get("alt") or e["attrs"].get("aria-label")) > 30 for e in pictures)
    # each chart is named once: the drawings themselves are hidden from screen readers
    assert all(s["attrs"]["aria-hidden"] == "true" for s in page.all("svg"))
    for main in ("main", "header", "footer", "nav"):
        assert len(page.all(main)) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_every_table_has_a_caption_and_heads_with_scope(pages, kind):
    page = Page(pages[kind])
    tables = page.all("table")
    assert len(tables) >= 6
    assert len(page.all("caption")) == len(tables)
    assert all(e["attrs"]["scope"] in ("row", "col") for e in page.all("th"))
    rows = page.all("tr")
    for row in rows:
        cells = [e for e in page.all("th", "td") if row in e["up"]]
        assert cells[0]["tag"] == "th"
        [table] = [e for e in row["up"] if e["tag"] == "table"]
        first = next(r for r in rows if table in r["up"])
        assert len(cells) == len([e for e in page.all("th") if first in e["up"]])


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_asks_for_nothing(pages, kind):
    text = pages[kind]
    page = Page(text)
    assert page.all("script", "link", "iframe", "object", "embed", "form", "base") == []
    for element in page.elements:
        for name, value in element["attrs"].items():
            assert not name.startswith("on")
            if name in ("src", "srcset", "poster", "data", "xlink:href", "action"):
                assert value.startswith(("data:", "#")), (name, value[:60])
    style = "".join(e["text"] for e in page.all("style"))
    assert "@import" not in style
    assert re.findall(r"url\((?!#)", style) == []
    policies = [m["attrs"].get("content", "") for m in page.all("meta")]
    assert any("default-src 'none'" in p for p in policies)


def test_the_answer_of_one_run_is_made_from_its_numbers(pages, hindcast_free):
    row = bm.diagnostics.indicators(hindcast_free).iloc[0]
    answer = Page(pages["free"]).under("answer")
    for value, digits in ((row["end"], 2), (row["lowest"], 2), (row["years_below"], 1)):
        assert f"{value:.{digits}f}".replace(".", ",") in answer
    assert str(int(row["first_below"])) in answer
    nearness = bm.diagnostics.nearness_summary(
        [bm.diagnostics.course(hindcast_free)], bm.diagnostics.observed_baseline()
    )
    assert f"{nearness['equivalent_year'].iloc[0]:.0f}" in answer
    assert len(Page(pages["free"]).all("ol")) == 1
    assert [e["tag"] for e in Page(pages["free"]).all("li")][:3] == ["li"] * 3


def test_shares_of_an_ensemble_are_those_of_the_file(files, pages):
    data = xr.open_dataset(files["plans"])
    members = data.attrs["members"]
    fallen = data["first_below_count"].sum("time").values[:, 0]
    words = Words("kk")
    table = Page(pages["plans"]).under("chance")
    for count in fallen:
        assert words.share(1.0 - count / members).replace(SPACE, " ") in table
    below = data["level_below"].values[:, -1, 0]
    for share in below:
        assert words.share(1.0 - share).replace(SPACE, " ") in table


def test_shares_of_a_run_with_members_count_its_months(files):
    [one] = outcomes(read_sources([files["baseline_2050"]]))
    levels = one.result["lake_level"].values
    years = one.result["time"].dt.year.values
    for year in (2030, 2049):
        never = (levels[:, years <= year] >= 341.0).all(axis=1).mean()
        now = (levels[:, years == year][:, -1] >= 341.0).mean()
        assert one.stay.loc[year].tolist() == [never, now]
    assert one.spans["end"].low <= one.spans["end"].mid <= one.spans["end"].high
    assert one.stay["never"].is_monotonic_decreasing


def test_plans_tell_water_and_cost(files, pages):
    section = Page(pages["runs"]).under("plans")
    compared = bm.compare(files["baseline_2050"], files["irrigation_saving"])
    sums = compared.budget["inflow"] + compared.budget["abstraction"]
    more = sums["irrigation_saving"] - sums["baseline_2050"]
    assert more > 0.5
    assert f"+{more:.2f}" in section
    cost = compared.cost["cost (million)"].sum()
    assert cost > 1000.0
    assert f"{Words('en').number(cost, 0)} million USD".replace(SPACE, " ") in section
    assert "150 million USD to build" in section
    assert "no measures" in section
    last = compared.differences["irrigation_saving"].iloc[-1].median()
    assert f"{last:+.2f}" in section


def test_a_cost_that_no_scenario_states_is_not_given(files, tmp_path):
    path = tmp_path / "gates.nc"
    record = bm.load_scenario("irrigation_saving", ["delta_gates"], ["ensemble.members=2"])
    write_result(bm.run(record), path)
    page = Page(report.render_report([path], "en"))
    [row] = [e for e in page.all("tr") if "Gates close side arms" in e["text"]]
    assert "not given" in row["text"]


def test_a_run_without_a_level_to_keep_says_so(pages):
    page = Page(pages["aral"])
    assert "no level that the lake is to keep" in page.under("chance")
    assert "Kapshagay" not in page.under("level")
    assert not [e for e in page.elements if e["attrs"].get("id") == "kapshagay"]
    assert "Aral Sea" in page.all("h1")[0]["text"]


def test_a_lake_of_the_user_has_nothing_of_balkhash(hindcast_free, tmp_path):
    path = tmp_path / "own.nc"
    result = hindcast_free.copy()
    del result.attrs["resolved_scenario"]
    result.attrs["system"] = "my_lake"
    write_result(result, path)
    page = Page(report.render_report([path]))
    assert "341.0" not in page.under("answer") + page.under("chance") + page.under("indicators")
    assert "no level that the lake is to keep" in page.under("chance")
    assert "Balkhash" not in page.under("limits")
    assert "eastern rivers" not in page.under("limits")


def test_the_limits_of_balkhash_stand_in_its_reports_alone(pages):
    assert "340.5 m" in Page(pages["runs"]).under("limits")
    assert "340.5 m" not in Page(pages["aral"]).under("limits")


def test_plans_with_other_levels_to_keep_have_tables_of_their_own(files, tmp_path):
    data = xr.open_dataset(files["irrigation_saving"]).load()
    text = data.attrs["resolved_scenario"]
    data.attrs["resolved_scenario"] = text.replace("threshold: 341.0 m", "threshold: 341.5 m")
    assert data.attrs["resolved_scenario"] != text
    other = tmp_path / "other.nc"
    write_result(data, other)
    page = Page(report.render_report([files["baseline_2050"], other]))
    captions = [e["text"] for e in page.all("caption")]
    for level in ("341.0", "341.5"):
        expected = f"Share of members at or above {level}{SPACE}m"
        assert captions.count(expected) == 1


def test_figures_name_the_sources_of_what_was_observed(pages):
    for kind, expected in (("free", "Zhang 2022"), ("runs", None), ("mixed", "Zhang 2022")):
        captions = {e["text"] for e in Page(pages[kind]).all("figcaption")}
        assert any("Nachtnebel" in c for c in captions)
        assert any("Zhang" in c for c in captions) is (expected is not None)


def test_observed_levels_of_the_aral_sea_are_drawn(pages):
    drawn = {e["text"] for e in Page(pages["aral"]).all("text")}
    assert any("annual levels of the sea" in text for text in drawn)
    # the run ends before the altimetry begins
    assert not any("altimetry" in text for text in drawn)


def test_without_volumes_the_fall_is_counted_from_the_start(pages):
    texts = {kind: Page(pages[kind]).under("aral") for kind in ("plans", "mixed", "runs")}
    assert "есептеу басынан бастап есептеледі" in texts["plans"]
    for kind in ("mixed", "runs"):
        assert "from the last year before its own fall" in texts[kind]
        assert "from the start of its run" not in texts[kind]


def test_kapshagay_is_told_as_it_is_at_the_end(pages, hindcast_free):
    row = re.search(r"<tr><th[^>]*>Уровень в конце, м</th>(.*?)</tr>", pages["free"], re.DOTALL)
    assert row is not None
    last = re.findall(r"<td[^>]*>([^<]*)</td>", row[1])[-1]
    end = float(hindcast_free["water_level_edge"].sel(storage="kapshagay")[-1])
    assert last.strip().replace(",", ".") == f"{end:.2f}"
    mean = float(hindcast_free["water_level"].sel(storage="kapshagay")[-1])
    assert f"{mean:.2f}" != f"{end:.2f}"


def test_the_bands_of_the_level_are_those_of_the_members(files):
    words = Words("en")
    for names, expected in (
        (("plans", "free"), "Bands hold 90 % of the members."),
        (("plans", "baseline_2050"), "Bands hold 80 %, 90 % of the members."),
        (("free",), None),
    ):
        found = outcomes(read_sources([files[n] for n in names]))
        text = figures.level_figure(found, words).text.replace(SPACE, " ")
        assert expected in text if expected else "Bands" not in text


def test_water_use_counts_against_printed_thresholds_only(pages, hindcast_free):
    table = bm.diagnostics.ecosystem_indicators(hindcast_free)
    page = Page(pages["free"])
    words = Words("ru")
    [found] = [t for t in page.all("table") if words("water_use.table") in t["text"]]
    rows = [
        [e["text"] for e in page.all("th", "td") if row in e["up"]]
        for row in page.all("tr")
        if found in row["up"]
    ]
    cells = {row[0]: row[1:] for row in rows}
    for name in ("west_irrigation_restricted", "west_drinking_good"):
        value, threshold, source = cells[words(f"water_use.{name}")]
        assert table.loc[name, "value"] > 0.0
        assert value == words.number(table.loc[name, "value"], 1)
        assert threshold == words.quantity(table.loc[name, "threshold"])
        citation = reference.sources()[table.loc[name, "source"]]["citation"]
        assert citation.startswith(source)
        assert citation in page.under("indicators")
    for name in ("east_fish", "delta_flooded"):
        none = words("water_use.none_printed")
        assert cells[words(f"water_use.{name}")] == ["\u2013", "\u2013", none]
    # statistics of an ensemble hold no run
    assert Words("kk")("water_use.table") not in pages["plans"]


def test_a_lake_that_holds_as_much_as_before_has_lost_nothing(files):
    [one] = outcomes(read_sources([files["free"]]))
    row = pd.Series({"equivalent_year": 1961.4, "volume_lost": -0.011})
    fuller = SimpleNamespace(nearness=lambda _: row, last_year=one.last_year)
    text = aral_sentence(fuller, Words("en"), None).replace(SPACE, " ")
    assert "has not entered the path" in text
    assert "it holds 101 %" in text


def test_a_run_that_starts_without_salt_is_warned_of(pages, hindcast_free, tmp_path):
    path = tmp_path / "unsalted.nc"
    result = hindcast_free.copy(deep=True)
    result["salinity"][{"time_edge": 0}] = 0.0
    write_result(result, path)
    told = "A run starts with water without salt"
    assert told in Page(report.render_report([path])).under("salinity")
    assert told not in Page(pages["runs"]).under("salinity")


def test_the_axis_of_the_level_names_the_datum(pages):
    for kind, expected in (("free", "Балтийская система"), ("runs", "(m, Baltic system)")):
        assert any(expected in e["text"] for e in Page(pages[kind]).all("text"))


def test_a_figure_says_that_it_does_not_hold_all_plans(files):
    [one] = outcomes(read_sources([files["free"]]))
    words = Words("en")
    told = "Only the first 8 plans are drawn."
    assert told in figures.level_figure([one] * 9, words).text
    assert told not in figures.level_figure([one] * 8, words).text
    baseline = bm.diagnostics.observed_baseline()
    assert told in beside_aral.aral_figure([one] * 9, words, baseline).text
    views = beside_aral.aral_views([one] * 6, words, baseline)
    assert "Only the first 5 plans are drawn." in views.text


def test_sources_are_those_that_the_run_used(pages, hindcast_free):
    used = set(bm.load_scenario("hindcast_free").meta.references) & set(reference.sources())
    for key in yamlio.loads(hindcast_free.attrs["input_checksums"]).data:
        used |= set(reference.describe(key)["sources"])
    for parameter in load_parameters("balkhash").values():
        used |= set(parameter.source) & set(reference.sources())
    cited = set(re.findall(r"\[([a-z0-9_]+)\]", Page(pages["free"]).under("sources")))
    assert cited == used
    assert cited != set(reference.sources())


def test_how_to_make_it_again(files, pages):
    text = Page(pages["free"]).under("reproduce")
    assert bm.report.page.provenance.sha256_file(files["free"]) in text
    assert "balkhash run free.nc" in text
    assert reference.describe("climate_balkhash_monthly")["sha256"] in text
    ensemble = Page(pages["plans"]).under("reproduce")
    assert "balkhash run baseline_2050.yml irrigation_saving.yml --members 20" in ensemble


EVIL = "<script>alert(1)</script>"


def test_the_words_of_users_are_escaped(hindcast_free, tmp_path):
    result = hindcast_free.copy()
    scenario = yamlio.loads(result.attrs["resolved_scenario"]).data
    scenario["meta"]["title"] = f"{EVIL} $x_{{$"
    scenario["meta"]["rationale"] = f'"><img src=x onerror=alert(2)> {EVIL}'
    scenario["abstraction"] = {f"<b>{EVIL}": {"place": EVIL, "total": EVIL, "source": EVIL}}
    result.attrs |= {
        "title": scenario["meta"]["title"],
        "scenario": f"_{EVIL} $\\frac$ &",
        "history": EVIL,
        "resolved_scenario": yamlio.dumps(scenario),
    }
    path = tmp_path / "evil.nc"
    write_result(result, path)
    other = tmp_path / "plain.nc"
    write_result(hindcast_free, other)
    for paths in ([path], [path, other]):
        text = report.render_report(paths, "en")
        page = Page(text)
        assert page.all("script", "b") == []
        assert all("onerror" not in e["attrs"] for e in page.elements)
        assert text.count("&lt;script&gt;") >= 8
        # in the figures too, and a dollar sign is no formula
        assert any("$\\frac$ &" in e["text"] for e in page.all("text"))


def test_the_scenario_beside_a_result_is_read(hindcast_free, tmp_path):
    result = hindcast_free.copy()
    text = result.attrs.pop("resolved_scenario")
    path = tmp_path / "free.nc"
    write_result(result, path)
    assert "does not hold its scenario" in Page(report.render_report([path])).under("assumed")
    (tmp_path / "free.resolved.yml").write_text(text, encoding="utf-8")
    assumed = Page(report.render_report([path])).under("assumed")
    assert "published means of the gauges by period" in assumed
    assert "initial_level_1961" in assumed


def test_an_interrupted_ensemble_and_dry_members_are_warned_of(files, tmp_path):
    data = xr.open_dataset(files["plans"]).load()
    data.attrs |= {"complete": "no", "members_asked": 400}
    counts = data["status_count"].values.copy()
    counts[1, :2] = (counts[1, 0] - 3, 3)
    data["status_count"] = (data["status_count"].dims, counts)
    path = tmp_path / "part.nc"
    write_result(data, path)
    page = Page(report.render_report([path]))
    warnings = [e["text"] for e in page.elements if e["attrs"].get("class") == "warning"]
    assert any("20 of 400 members" in w for w in warnings)
    assert any("irrigation_saving" in w and "3 of 20" in w for w in warnings)


def test_two_results_of_one_name_stay_apart(hindcast_free, tmp_path):
    paths = [tmp_path / "first.nc", tmp_path / "second.nc"]
    for path in paths:
        write_result(hindcast_free, path)
    labels = [o.label for o in outcomes(read_sources(paths))]
    assert labels == ["hindcast_free (first)", "hindcast_free (second)"]


def test_the_same_results_give_the_same_page(files, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    first, second = (report.render_report([files["aral"]], "kk") for _ in range(2))
    assert first == second
    assert "1970-01-01" in first


def test_what_is_refused(files, tmp_path, problems, hindcast_free):
    text = tmp_path / "text.nc"
    text.write_text("no NetCDF", encoding="utf-8")
    other = tmp_path / "other.nc"
    xr.Dataset({"x": ("t", np.arange(3.0))}).to_netcdf(other)
    there = tmp_path / "there.html"
    there.write_text("mine", encoding="utf-8")
    found = problems(
        report.write_report, [tmp_path / "none.nc", text, other, text], there, "deutsch"
    )
    for part in ("no such file", "cannot be read as a result", "is no result of balkhash",
                 "is given twice", "language: not known", "exists already"):  # fmt: skip
        assert any(part in p for p in found), part
    assert len(found) == 6
    assert there.read_text(encoding="utf-8") == "mine"
    assert "no result is given" in problems(report.render_report, [])[0]
    good = files["free"]
    assert "is a folder" in problems(report.write_report, [good], tmp_path)[0]
    beneath = there / "deeper" / "report.html"
    assert "is not a folder" in problems(report.write_report, [good], beneath)[0]
    assert "is one of the results" in problems(report.write_report, [good], good, force=True)[0]
    lacking = tmp_path / "lacking.nc"
    write_result(hindcast_free.drop_vars("lake_level"), lacking)
    assert "without lake_level" in problems(report.render_report, [lacking])[0]


def test_a_folder_without_permission_is_refused(files, tmp_path, problems, monkeypatch):
    # root may write everywhere, so the answer of the system is given here
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "no permission" in problems(report.write_report, [files["free"]], tmp_path / "r.html")[0]


def test_nothing_is_left_where_writing_fails(files, tmp_path, monkeypatch, problems):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    out = tmp_path / "new" / "report.html"
    assert "No space left" in problems(report.write_report, [files["aral"]], out)[0]
    assert list(out.parent.iterdir()) == []


@pytest.mark.parametrize("option", ["--lang", "--language"])
def test_the_command(files, tmp_path, option):
    out = tmp_path / "deep" / "page.html"
    command = ["report", str(files["aral"]), "-o", str(out), option, "ru"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert f"wrote {out}" in done.output
    assert out.read_text(encoding="utf-8").startswith('<!DOCTYPE html>\n<html lang="ru">')
    again = CliRunner().invoke(app, command)
    assert isinstance(again.exception, bm.InputError)
    assert CliRunner().invoke(app, [*command, "--force"]).exit_code == 0


# --- the texts


def texts(code: str) -> dict[str, object]:
    data = yamlio.load(Path(language.__file__).parent / "text" / f"{code}.yml").data
    return {
        f"{group}.{name}": text for group, inner in data.items() for name, text in inner.items()
    }


def gaps(text: object) -> set[str]:
    forms = text.values() if isinstance(text, dict) else [text]
    return {name for form in forms for _, name, _, _ in string.Formatter().parse(form) if name}


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_languages_say_the_same_things(code):
    english, other = texts("en"), texts(code)
    assert list(other) == list(english)
    for key, text in english.items():
        assert gaps(other[key]) == gaps(text), key
        assert isinstance(other[key], dict) == isinstance(text, dict), key
    forms = {"en": {"one", "other"}, "ru": {"one", "few", "many", "other"}, "kk": {"other"}}
    for key, text in other.items():
        if isinstance(text, dict):
            assert set(text) == forms[code], key


@pytest.mark.parametrize("code", ["ru", "kk"])
def test_the_languages_are_translated(code):
    same = [k for k, v in texts(code).items() if v == texts("en")[k]]
    assert set(same) <= {"reproduce.head_sha256"}
    letters = "".join(str(v) for v in texts(code).values())
    assert set("әғқңөұүі") <= set(letters) if code == "kk" else "ё" in letters


@pytest.mark.parametrize(
    ("code", "value", "digits", "expected"),
    [
        ("en", 1, 0, "1 year"),
        ("en", 1, 1, "1.0 years"),
        ("en", 2500, 0, "2 500 years"),
        ("ru", 1, 0, "1 год"),
        ("ru", 3, 0, "3 года"),
        ("ru", 11, 0, "11 лет"),
        ("ru", 12, 0, "12 лет"),
        ("ru", 21, 0, "21 год"),
        ("ru", 112, 0, "112 лет"),
        ("ru", 5.04, 1, "5,0 года"),
        ("kk", 21, 0, "21 жыл"),
        ("kk", 0.5, 1, "0,5 жыл"),
    ],
)
def test_numbers_with_their_nouns(code, value, digits, expected):
    assert Words(code).count("unit.years", value, digits).replace(SPACE, " ") == expected


@pytest.mark.parametrize(
    ("code", "value", "expected"),
    [
        ("en", 0.0, "0 %"),
        ("en", 0.001, "< 1 %"),
        ("en", 0.999, "> 99 %"),
        ("ru", 1.0, "100 %"),
        ("kk", float("nan"), "–"),
    ],
)
def test_a_share_is_never_rounded_to_none_or_all(code, value, expected):
    assert Words(code).share(value).replace(SPACE, " ") == expected


def test_numbers_and_amounts():
    assert Words("ru").number(-1234.567, 1).replace(SPACE, " ") == "−1 234,6"
    assert Words("en").number(-0.001, 2, sign=True) == "0.00"
    assert Words("kk").number(0.25, 2, sign=True) == "+0,25"
    assert Words("ru").quantity("3.96 km3/yr").replace(SPACE, " ") == "3,96 км³/год"
    assert Words("en").quantity("12 km3/yr").replace(SPACE, " ") == "12 km³/yr"
    assert Words("ru")("level.mark", threshold="341,0").startswith(f"341,0{SPACE}м")


# --- the style sheet


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255.0 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "print"])
def test_contrast(scheme):
    style = (Path(report.__file__).parent / "page.css").read_text(encoding="utf-8")
    block = re.findall(r":root \{(.*?)\}", style, flags=re.DOTALL)[scheme]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
    assert {"paper", "ink", "quiet", "link", "tint", "chart-ink", "chart-west"} <= set(colours)
    for ground in ("paper", "tint"):
        for text in ("ink", "quiet", "link"):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    assert contrast(colours["warn-ink"], colours["warn-tint"]) >= 4.5
    for role in ("ink", "west", "east", "observed", "anchor", "user", "threshold", "band"):
        assert contrast(colours[f"chart-{role}"], colours["paper"]) >= 3.0, role
