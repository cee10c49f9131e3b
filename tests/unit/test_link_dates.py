"""Dates of dams and straits: what moves, what is legal, and what is a slip."""

import numpy as np
import pytest

import balkhash_model as bm
from balkhash_model import runs
from balkhash_model.forcing.link_dates import dated_links
from balkhash_model.library import load_system
from balkhash_model.library.files import SYSTEMS
from balkhash_model.scenario import load_scenario
from balkhash_model.system import Hypsometry, LakeSystem, Storage, Weir

ARAL = "aral_hindcast"


def day(text):
    return np.datetime64(text, "s")


def dated(*settings):
    return dated_links(load_scenario(ARAL, [], settings), load_system("aral"))


def system(record_from=None, **dates):
    pond = Hypsometry(np.array([0.0, 10.0]), np.array([1e6, 2e6]), "pond")
    return LakeSystem(
        "ponds",
        "Two ponds",
        "local",
        (Storage("a", "lake", pond), Storage("b", "lake", pond)),
        ("a", "b"),
        links=(Weir("dam", "a", "b", 5.0, 10.0, **dates),),
        record_from=record_from,
    )


def test_a_scenario_moves_a_dam_and_leaves_the_rest():
    links = {x.name: x for x in dated("links.kokaral_dam.opens=1980-08-01")}
    assert links["kokaral_dam"].opens == day("1980-08-01")
    assert links["berg_strait"].closes == day("2005-08-01")
    assert list(links) == ["berg_strait", "kokaral_dam", "southern_strait"]


def test_the_run_follows_the_dates():
    settings = [
        "period.end=1952-01-01",
        "links.berg_strait.closes=1951-01-01",
        "links.kokaral_dam.opens=1950-01-01",
    ]
    result = bm.run(load_scenario(ARAL, [], settings))
    strait = result["link_flow"].sel(link="berg_strait")
    assert float(abs(strait.sel(time="1950")).max()) > 0.0
    assert float(abs(strait.sel(time="1951")).max()) == 0.0
    # open from the first instant, twelve metres below the sea
    assert float(result["link_flow"].sel(link="kokaral_dam")[0]) > 0.0
    bm.check_balance(result)


def test_a_run_that_starts_after_the_dam_is_legal():
    late = load_scenario(ARAL, ["to_2019"], ["period.start=2006-01-01", "initial.lake_level=40 m"])
    case = runs.build(late)
    assert case.system.links[1].opens == day("2005-08-01")
    assert dated_links(late, case.system) == case.system.links


def test_the_day_after_the_run_means_never():
    assert dated("links.kokaral_dam.opens=1990-01-01")[1].opens == day("1990-01-01")


WRONG = [
    (
        "links.kokaral_dam.opens=1905-08-01",
        ["kokaral_dam.opens: before the record of the lake; got 1905-08-01; expected 1950-01-01"],
    ),
    ("links.berg_strait.closes=1949-12-31", ["closes: before the record of the lake"]),
    (
        "links.kokaral_dam.closes=2000-01-01",
        [
            "closes: after the run ends; got 2000-01-01; expected 1990-01-01 or earlier",
            "closes: closes before it opens; got 2000-01-01; expected later than 2005-08-01",
        ],
    ),
    (
        "links.kokoral_dam.opens=1990-01-01",
        ["no such link; got kokoral_dam; expected berg_strait, kokaral_dam, southern_strait"],
    ),
]


@pytest.mark.parametrize(("setting", "faults"), WRONG)
def test_a_date_that_makes_no_sense_is_refused(problems, setting, faults):
    found = problems(runs.build, load_scenario(ARAL, [], [setting]))
    assert len(found) == len(faults)
    for text, fault in zip(found, faults, strict=True):
        assert text.startswith(f"--set {setting}")
        assert fault in text


def test_faults_of_several_links_are_named_at_once(problems):
    settings = [setting for setting, _ in WRONG]
    scenario = load_scenario(ARAL, [], [s for s in settings if "berg" in s or "kokoral" in s])
    assert len(problems(runs.check, ARAL, [], settings[1:2] + settings[3:])) == 2
    assert len(problems(dated_links, scenario, load_system("aral"))) == 2


def test_a_link_without_dates_cannot_be_dated(problems):
    scenario = load_scenario("hindcast_free", [], ["links.kapshagay_release.opens=1980-01-01"])
    [text] = problems(dated_links, scenario, load_system("balkhash"))
    assert "cannot be dated; got kapshagay_release; expected uzynaral" in text


def test_a_system_file_with_a_slip_in_a_year_is_refused(problems, tmp_path):
    text = SYSTEMS.joinpath("aral.yml").read_text(encoding="utf-8")
    file = tmp_path / "aral.yml"
    file.write_text(text.replace("opens: 2005-08-01", "opens: 1805-08-01"), encoding="utf-8")
    [found] = problems(load_system, str(file))
    assert "link 'kokaral_dam', opens: before the record of the lake; got 1805-08-01" in found
    assert "Correct the year" in found


def test_records_refuse_what_files_do(problems):
    assert system(opens=day("1905-01-01")).links[0].opens == day("1905-01-01")
    [early] = problems(system, day("1950-01-01"), opens=day("1905-01-01"))
    assert "system 'ponds', link 'dam', opens: before the record" in early
    [order] = problems(system, opens=day("1970-01-02"), closes=day("1970-01-01"))
    assert "link 'dam', closes: closes before it opens; got 1970-01-01" in order
