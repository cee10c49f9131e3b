"""Titles of runs in three languages, and names of a user that hold a dollar sign."""

import re

import matplotlib.pyplot as plt
import pytest
from matplotlib.text import Text

import balkhash_model as bm
from balkhash_model import plot
from balkhash_model.job import write_result
from balkhash_model.plot.panels import Line, panel
from balkhash_model.plot.words import run_title
from balkhash_model.report import render_report
from balkhash_model.scenario import list_scenarios, load_scenario
from balkhash_model.scenario.resolve import (
    dump_scenario,
    read_scenario,
    variants_of,
    with_settings,
)

CYRILLIC = re.compile("[а-яәғқңөұүһі]", re.IGNORECASE)
TITLES = "meta.titles: {ru: Короткий расчёт, kk: Қысқа есептеу}"
NAMES = [(n, *v) for n in list_scenarios() for v in [(), *((x,) for x in variants_of(n))]]


def texts(figure) -> list[str]:
    return [" ".join(t.get_text().split()) for t in figure.findobj(Text) if t.get_text()]


@pytest.mark.parametrize("name", NAMES, ids="-".join)
def test_every_shipped_scenario_has_titles_in_three_languages(name):
    meta = load_scenario(name[0], name[1:]).meta
    assert list(meta.titles) == ["ru", "kk"]
    years = re.findall(r"[0-9]{4}", meta.title)
    for title in meta.titles.values():
        assert CYRILLIC.search(title)
        assert set(years) <= set(re.findall(r"[0-9]{4}", title))
        assert ";" not in title  # parts the titles of an ensemble


def test_a_title_has_one_translation_and_a_translation_one_title():
    found = [load_scenario(n[0], n[1:]).meta for n in NAMES]
    for lang in ("ru", "kk"):
        both = {(m.title, m.titles[lang]) for m in found}
        assert len(both) == len({a for a, _ in both}) == len({b for _, b in both})


def test_another_title_has_no_translation_of_the_first(scenario_file):
    path = scenario_file(TITLES)
    assert load_scenario(str(path)).meta.titles == {"ru": "Короткий расчёт", "kk": "Қысқа есептеу"}
    assert load_scenario(str(path), settings=["meta.title=Other"]).meta.titles == {}
    only = ["meta.title=Other", "meta.titles.kk=Басқа"]
    assert load_scenario(str(path), settings=only).meta.titles == {"kk": "Басқа"}
    child = path.with_name("child.yml")
    child.write_text("extends: short\nmeta: {name: child, title: Other}\n")
    assert load_scenario(str(child)).meta.titles == {}
    child.write_text("extends: short\nmeta: {name: child, rationale: Other}\n")
    assert load_scenario(str(child)).meta.titles["kk"] == "Қысқа есептеу"
    record = load_scenario(str(path))
    assert with_settings(record, {"meta.title": "Other"}).meta.titles == {}
    assert with_settings(record, {"meta.title": record.meta.title}).meta == record.meta
    assert read_scenario(dump_scenario(record)) == record


def test_a_variant_of_a_base_does_not_rename_what_extends_it():
    plain, varied = load_scenario("rcp45"), load_scenario("rcp45", variants=["gauge_mean"])
    assert varied.meta.title == plain.meta.title
    assert varied.meta.titles == plain.meta.titles
    assert varied.inflow.kind == "climatology"
    own = load_scenario("baseline_2050", variants=["gauge_mean"])
    assert own.meta.title != load_scenario("baseline_2050").meta.title


@pytest.mark.parametrize("titles", ["{de: Lauf}", "{ru: ''}", "{ru: 5}"])
def test_titles_that_are_none_are_refused(scenario_file, titles):
    with pytest.raises(bm.InputError, match=r"meta\.titles"):
        load_scenario(str(scenario_file(f"meta.titles: {titles}")))


def test_figures_take_the_title_of_their_language(scenario_file):
    result = bm.run(load_scenario(str(scenario_file(TITLES))))
    assert result.attrs["title_ru"] == "Короткий расчёт"
    assert [run_title(result, x) for x in ("en", "ru", "kk")] == [
        "A short run",
        "Короткий расчёт",
        "Қысқа есептеу",
    ]
    for draw in (plot.trajectories, plot.salinity, plot.reservoir, plot.collapse):
        assert "Қысқа есептеу" in texts(draw(result, lang="kk")), draw
        assert "A short run" in texts(draw(result)), draw


def test_ensembles_and_pages_take_the_title_of_their_language(scenario_file, tmp_path):
    spread = "ensemble.parameters: {net_evaporation: prior}"
    record = load_scenario(str(scenario_file(f"{TITLES}\n{spread}")))
    other = load_scenario(str(scenario_file(spread, name="other")))
    result = bm.run_ensemble([record], members=4)
    assert "Короткий расчёт" in texts(plot.fan(result, lang="ru"))
    file, single = tmp_path / "e.nc", tmp_path / "s.nc"
    write_result(result, file)
    write_result(bm.run(with_settings(record, {"ensemble.parameters": {}})), single)
    assert render_report([file, single], "ru").count("Короткий расчёт") >= 2
    # where one plan has no translation the titles of a figure stay in one language
    both = bm.run_ensemble([record, other], members=4)
    assert "title_ru" not in both.attrs
    assert run_title(both, "ru") == "A short run; A short run"


def test_a_dollar_sign_of_the_user_begins_no_formula(scenario_file, tmp_path):
    title = r"5 $ or 10 $ a m3, \$ and $\frac$"
    record = with_settings(load_scenario(str(scenario_file())), {"meta.title": title})
    result = bm.run(record)
    table = bm.diagnostics.budget_table(result, [(1961, 1962)])
    for figure in (
        plot.trajectories(result),
        plot.collapse({title: result}),
        plot.budget_bars(table, title=title, source=title),
        panel([Line([0, 1], [1, 2], title)], x_label="x", y_label="y"),
    ):
        found = [t for t in figure.findobj(Text) if "$" in t.get_text()]
        assert found
        assert not any(t.get_parse_math() for t in found)
        plot.save(figure, tmp_path / "figure.svg")
    # a figure outside the house style is as it was
    assert plt.figure().text(0, 0, "$x$").get_parse_math()
    plt.close("all")
