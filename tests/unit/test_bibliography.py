"""BibTeX of what a run used: all of it, nothing else, and nothing that BibTeX stumbles over."""

import json
import re

import pytest
import xarray as xr

import balkhash_model as bm
from balkhash_model import bibliography, reference
from balkhash_model.errors import InputError
from balkhash_model.job import write_result
from balkhash_model.library import load_parameters
from balkhash_model.runs import build, read_tables, used_tables
from balkhash_model.scenario import list_scenarios, load_scenario
from balkhash_model.scenario.resolve import with_settings
from balkhash_model.sources import NotedParameters, sources_used


def entries(text: str) -> dict[str, dict[str, str]]:
    """Entries of a .bib file, read with counted braces."""
    found = {}
    for start in re.finditer(r"^@misc\{", text, flags=re.MULTILINE):
        depth, at = 1, start.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(text[at], 0) if text[at - 1] != "\\" else 0
            at += 1
        key, _, body = text[start.end() : at - 1].partition(",")
        fields = dict(re.findall(r"^  (\w+) = \{(.*)\},$", body, flags=re.MULTILINE))
        assert len(fields) == len(body.strip().splitlines())
        found[key] = fields
    return found


@pytest.fixture(scope="module")
def free(hindcast_free) -> dict[str, dict[str, str]]:
    return entries(bm.cite(hindcast_free))


def test_it_holds_the_software_and_every_source_used(free, hindcast_free):
    used = json.loads(hindcast_free.attrs["sources_used"])
    assert set(free) == {"balkhash_model_0_1_0", *used}
    software = free["balkhash_model_0_1_0"]
    assert software["version"] == bm.__version__
    assert "BSD-3-Clause" in software["note"]
    assert "developers" in software["author"]


def test_a_source_that_was_not_used_is_not_cited(free):
    # the Aral's own balance and the climate projections play no part in the hindcast
    assert {"nachtnebel_vanderveen", "cmip5", "glogem"} & set(free) == set()
    assert {"nachtnebel_vanderveen"} <= set(entries(bm.cite(bm.run("aral_hindcast"))))


def test_an_entry_says_what_it_was_used_for(free):
    wang = free["wang2022"]
    assert wang["doi"] == "10.13866/j.azr.2022.02.07"
    assert wang["year"] == "2022"
    assert r"ili\_flux\_by\_period" in wang["note"]
    assert r"delta\_loss" in wang["note"]


def test_keys_are_valid_and_characters_escaped(free):
    for key, fields in free.items():
        assert re.fullmatch(r"[A-Za-z0-9_]+", key)
        for name in ("title", "note", "author"):
            bare = re.search(r"(?<!\\)[&%$#_~^]", fields.get(name, ""))
            assert bare is None, (key, name, fields[name])


def test_odd_texts_are_escaped_and_get_keys_of_their_own(hindcast_free):
    used = {"A & B_100% {x} \\ @home": ["scenario"], "A & B_100% {x} \\ #home": ["scenario"]}
    odd = hindcast_free.assign_attrs(
        sources_used=json.dumps(used), input_checksums=json.dumps({"my@file.csv": "00ff"})
    )
    text = bm.cite(odd)
    found = entries(text)
    assert {"A_B_100_x_home", "A_B_100_x_home_2"} < set(found)
    assert found["A_B_100_x_home"]["title"] == (r"{A \& B\_100\% \{x\} \textbackslash{} @home}")
    # outside an entry an @ would begin one
    assert "Your own file my(at)file.csv, SHA-256 00ff." in text


def test_every_source_of_the_catalogue_makes_an_entry():
    taken: set[str] = set()
    text = "".join(
        bibliography._entry(bibliography._key(k, taken), source, ["scenario"])
        for k, source in reference.sources().items()
    )
    assert set(entries(text)) == set(reference.sources())


def test_every_shipped_parameter_names_sources_of_the_catalogue():
    for name in ("balkhash", "balkhash_yang1993", "aral", "aral_1950_1974"):
        used = {s for p in load_parameters(name).values() for s in p.source}
        assert used <= set(reference.sources()), name


def test_a_year_is_given_only_where_it_is_that_of_the_source():
    entry = bibliography._entry
    assert "year = {1997}" in entry("a", {"citation": "Kezer 1997, thesis"}, ["scenario"])
    decades = {"citation": "Annual balance of the Aral Sea 1950-2001 (table)"}
    assert "year" not in entry("a", decades, ["scenario"])


def test_parameters_are_noted_when_asked_for_and_not_when_listed():
    noted = NotedParameters(load_parameters("balkhash"))
    assert len(list(noted)) == len(dict(noted.items())) == len(list(noted.values()))
    assert noted.used == set()
    noted.get("nothing")
    noted.get("delta_loss")
    assert noted.used == {"delta_loss"}
    assert set(sources_used(noted, [])) == set(noted["delta_loss"].source)


@pytest.mark.parametrize("name", list_scenarios())
def test_tables_are_those_that_a_scenario_loads(name):
    from balkhash_model.runs import build, used_sources

    with reference.noting() as loaded:
        case = build(name)
    uses = {u for found in used_sources(case).values() for u in found}
    listed = {u.removeprefix("table ") for u in uses if u.startswith("table ")}
    assert loaded <= listed <= loaded | {"air_temperature_stations"}


def test_a_file_is_cited_as_its_run_is(hindcast_free, tmp_path):
    write_result(hindcast_free, tmp_path / "free.nc")
    assert bm.cite(tmp_path / "free.nc") == bm.cite(hindcast_free)


def test_a_result_without_the_list_is_made_ready_again(hindcast_free):
    bare = hindcast_free.drop_attrs().assign_attrs(
        {k: v for k, v in hindcast_free.attrs.items() if k != "sources_used"}
    )
    assert bm.cite(bare) == bm.cite(hindcast_free)


def test_what_is_no_result_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no scenario"):
        bm.cite(xr.Dataset())
    with pytest.raises(InputError, match="no such file"):
        bm.cite(tmp_path / "none.nc")


@pytest.mark.parametrize("name", list_scenarios())
def test_the_tables_a_scenario_names_are_those_it_reads(name):
    record = load_scenario(name)
    if record.ensemble.members is not None:
        few = record.ensemble.model_copy(update={"members": 2})
        record = record.model_copy(update={"ensemble": few})
    # levels are read by the run itself, where it reconstructs the inflow
    levels = {record.inflow.observed} if record.inflow.reconstruct_from is not None else set()
    assert {*read_tables(build(record))} | levels == {*used_tables(record)}


def test_a_run_notes_the_checksums_of_all_that_it_read():
    for name in ("hindcast", "aral_hindcast"):
        result = bm.run(name)
        sums = json.loads(result.attrs["input_checksums"])
        assert sorted(sums) == used_tables(load_scenario(name))
        uses = {u for v in json.loads(result.attrs["sources_used"]).values() for u in v}
        tables = {u.removeprefix("table ") for u in uses if u.startswith("table ")}
        assert tables <= set(sums)
        assert all(v == reference.describe(k)["sha256"] for k, v in sums.items())


def test_a_value_of_the_user_s_own_cites_nobody(tmp_path):
    def uses(source, **settings):
        record = load_scenario("hindcast_free", settings=[f"{k}={v}" for k, v in settings.items()])
        short = with_settings(record, {"period.end": "1963-01-01", **more})
        return json.loads(bm.run(short).attrs["sources_used"]).get(source, [])

    more: dict[str, object] = {"outputs.periods": [[1961, 1962]]}
    assert uses("britannica") == ["parameter west_bottom_level"]
    own = {"parameters.overrides.west_bottom_level": "316 m"}
    assert uses("britannica", **own) == []
    assert "parameter delta_loss" in uses("wang2022", **own)
    # a set of the user's own names its sources; what it does not give keeps those beneath
    (tmp_path / "mine.yml").write_text(
        "set: mine\ntitle: Mine\nextends: balkhash\nparameters:\n  west_bottom_level:\n"
        "    {kind: level, value: 316.0, unit: m, range: [310, 320], status: published,\n"
        "     source: [sala2020], note: ''}\n"
    )
    mine = {"parameters.set": str(tmp_path / "mine.yml")}
    assert uses("britannica", **mine) == []
    assert "parameter west_bottom_level" in uses("sala2020", **mine)
    assert "parameter delta_loss" in uses("wang2022", **mine)
