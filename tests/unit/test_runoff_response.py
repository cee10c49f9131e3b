"""Rivers that follow the climate of a scenario by elasticities, from the ratio to the lake."""

import numpy as np
import pytest

import balkhash_model as bm
from balkhash_model.errors import InputError
from balkhash_model.forcing.inflow import kapshagay_tributaries
from balkhash_model.library import load_parameters
from balkhash_model.runs import build
from balkhash_model.scenario import load_scenario

P = load_parameters("balkhash")
TEXT = """\
meta: {name: rivers, title: Rivers, rationale: For the tests}
period: {start: 2025-01-01, end: 2030-01-01}
initial: {lake_level: 341.5 m}
inflow: {kind: constant, mean: 12 km3/yr, eastern: 3 km3/yr}
reservoirs: {kapshagay: {rule: none}}
climate:
  precipitation: climatology
"""
DRY = """\
  deltas:
    dry: {variable: precipitation, change: -10 %}
    warm: {variable: temperature, change: 2 K}
"""
RESPOND = "inflow.runoff_response: elasticity\n"


@pytest.fixture
def scenario(tmp_path):
    def make(text: str, settings=()):
        path = tmp_path / "rivers.yml"
        path.write_text(text, encoding="utf-8")
        return load_scenario(str(path), (), settings)

    return make


def by_hand(rain: float, warming: float, ice: float = 1.0) -> float:
    e, s = P["ili_precipitation_elasticity"].si, P["ili_temperature_sensitivity"].si
    g = P["glacier_runoff_share"].si
    return (1.0 - g) * rain**e * np.exp(s * warming) + g * ice


def test_rivers_as_given_do_not_answer(scenario):
    plain, dry = build(scenario(TEXT)), build(scenario(TEXT + DRY))
    for name in ("gauge_flow", "river_flow"):
        np.testing.assert_array_equal(dry.forcing[name], plain.forcing[name])


def test_rivers_answer_to_rain_and_warmth(scenario):
    given, found = build(scenario(TEXT + DRY)), build(scenario(TEXT + DRY + RESPOND))
    for name, place in (
        ("gauge_flow", {"junction": "ushzharma"}),
        ("river_flow", {"river": "eastern_rivers"}),
    ):
        ratio = found.forcing[name].sel(place) / given.forcing[name].sel(place)
        np.testing.assert_allclose(ratio, by_hand(0.9, 2.0), rtol=1e-12)
    # the lake's own climate is what it was
    for name in ("precipitation_rate", "evaporation_rate"):
        np.testing.assert_array_equal(found.forcing[name], given.forcing[name])


def test_a_season_counts_by_its_share_of_the_year(scenario):
    text = TEXT + "  deltas: {dry: {variable: precipitation, change: -20 %, months: summer}}\n"
    given, found = build(scenario(text)), build(scenario(text + RESPOND))
    ratio = (found.forcing["gauge_flow"] / given.forcing["gauge_flow"]).values[:, 0]
    assert ratio[0] == pytest.approx(by_hand(1.0 - 0.2 * 92.0 / 365.0, 0.0), rel=1e-12)
    assert np.ptp(ratio[:12]) == 0.0


def test_a_projection_counts_from_the_years_of_the_inflow(scenario):
    text = TEXT.replace("2025-01", "2041-01").replace("2030-01", "2042-01")
    text += "  evaporation_per_degree: 4 %\n  projection: {scenario: RCP4.5}\n"
    without = build(scenario(text, ["climate.projection.glacier=false"]))
    found = build(scenario(text + RESPOND))
    ratio = (found.forcing["gauge_flow"] / without.forcing["gauge_flow"]).values[:, 0]
    # printed: rain 6.8, 7.6, 9.7 and evaporation 5.6, 7.1, 8.5 % at 2031, 2041, 2051 against 1991;
    # glaciers 7.04, 8.75, 9.12, 8.79 at 1995, 2020.5, 2041, 2061. Now is 2041.5, the base 2013.5
    rain, demand, ice = (7.6 + 0.05 * 2.1, 7.1 + 0.05 * 1.4, 9.12 - 0.33 * 0.5 / 20.0)
    rain0, demand0 = 6.8 * 22.5 / 40.0, 5.6 * 22.5 / 40.0
    ice0 = 7.04 + 1.71 * 18.5 / 25.5
    warm, warm0 = (np.log(1.0 + d / 100.0) / np.log(1.04) for d in (demand, demand0))
    now = by_hand(1.0 + rain / 100.0, warm, ice / 7.04)
    then = by_hand(1.0 + rain0 / 100.0, warm0, ice0 / 7.04)
    np.testing.assert_allclose(ratio, now / then, rtol=1e-12)


def test_nothing_changes_in_the_years_of_the_inflow(scenario):
    text = TEXT.replace("2025-01", "2013-01").replace("2030-01", "2014-01")
    text += "  projection: {scenario: RCP8.5}\n" + RESPOND
    found = build(scenario(text, ["climate.projection.glacier=true"]))
    seconds = 365.0 * 86400.0
    np.testing.assert_allclose(found.forcing["gauge_flow"], 12e9 / seconds, rtol=1e-12)


def test_the_tributaries_of_kapshagay_answer_too(scenario):
    text = TEXT.replace("eastern: 3 km3/yr", "at: km171").replace("none", "filling_and_season")
    text = text.replace("341.5 m}", "341.5 m, levels: {kapshagay: 477 m}}")
    given, found = build(scenario(text + DRY)), build(scenario(text + DRY + RESPOND))
    rivers = (found.forcing["river_flow"] - given.forcing["river_flow"]).sel(
        river="kapshagay_lateral"
    )
    less = (by_hand(0.9, 2.0) - 1.0) * kapshagay_tributaries(found.axis, P)
    np.testing.assert_allclose(rivers, less, rtol=1e-9)


@pytest.mark.parametrize("rule", ["prescribed", "filling_and_season"])
def test_the_published_history_answers_too(rule):
    settings = [
        "period.end=1975-01-01",
        "climate.deltas.dry={variable: precipitation, change: -10 %}",
        f"reservoirs.kapshagay.rule={rule}",
    ]
    given = build(load_scenario("hindcast_free", (), settings)).forcing
    found = build(
        load_scenario("hindcast_free", (), [*settings, "inflow.runoff_response=elasticity"])
    ).forcing
    ratio = by_hand(0.9, 0.0)
    np.testing.assert_allclose(found["gauge_flow"], given["gauge_flow"] * ratio, rtol=1e-12)
    east = {"river": "eastern_rivers"}
    np.testing.assert_allclose(found["river_flow"].sel(east), given["river_flow"].sel(east) * ratio)
    upper = (found["river_flow"] / given["river_flow"]).sel(river="ili_km171").values
    # under the rule the reservoir gets the changed river from its first filling on
    assert upper[-1] == pytest.approx(ratio if rule == "filling_and_season" else 1.0, rel=1e-12)


def test_elasticities_are_parameters_like_others(scenario):
    still = [
        "parameters.overrides={ili_precipitation_elasticity: '0', ili_temperature_sensitivity: '0'}"
    ]
    given = bm.run(scenario(TEXT + DRY))
    same = bm.run(scenario(TEXT + DRY + RESPOND, still))
    np.testing.assert_array_equal(same["lake_level"], given["lake_level"])
    less = bm.run(scenario(TEXT + DRY + RESPOND))
    # 12 + 3 km3/yr of river; what is lost in the delta stays
    fall = (less["lake_river_inflow"] - given["lake_river_inflow"]).mean() * 365.25 * 86400.0 / 1e9
    assert float(fall) == pytest.approx(15.0 * (by_hand(0.9, 2.0) - 1.0), rel=1e-3)
    assert float(less["lake_level"][-1]) < float(given["lake_level"][-1]) - 0.1


def test_members_draw_their_own_elasticities(scenario):
    text = TEXT + DRY + RESPOND
    text += (
        "ensemble:\n  members: 6\n  seed: 1\n"
        "  parameters: {ili_precipitation_elasticity: prior, ili_temperature_sensitivity: prior,"
        " glacier_runoff_share: prior}\n"
    )
    given = bm.run_ensemble(scenario(text.replace("elasticity\n", "given\n")))
    drawn = bm.run_ensemble(scenario(text))
    assert np.ptp(given["end"].values) == 0.0
    assert np.ptp(drawn["end"].values) > 0.02


def test_members_of_a_projection_have_their_own_rivers():
    scenario = load_scenario("rcp45", ["rivers_respond"], ["ensemble.members=4"])
    result = bm.run(scenario)
    assert result.sizes["realization"] == 4
    assert float(np.abs(result["balance_residual"]).max()) < 1.0
    fixed = bm.run(load_scenario("rcp45", ["fixed_rivers"], ["ensemble.members=4"]))
    assert float((result["lake_river_inflow"] / fixed["lake_river_inflow"]).mean()) > 1.0


@pytest.mark.parametrize(("name", "level"), [("rcp45", 342.86), ("rcp85", 342.98)])
def test_the_page_says_what_the_variant_gives(name, level):
    result = bm.run(load_scenario(name, ["rivers_respond"]))
    last = result["lake_level"].isel(time=slice(-12, None)).mean("time")
    assert float(last.median()) == pytest.approx(level, abs=0.02)


def test_what_does_not_go_together_is_said_at_once(scenario):
    text = TEXT + (
        "  evaporation_per_degree: 0 %\n"
        "  projection: {scenario: RCP4.5, precipitation_elasticity: 1.7, "
        "evaporation_elasticity: -0.7}\n"
        "  deltas:\n"
        "    less: {variable: runoff, change: -5 %}\n"
        "    depth: {variable: precipitation, change: 20 mm/yr}\n"
    )
    scenario(text)
    with pytest.raises(InputError) as caught:
        scenario(text + RESPOND)
    found = [str(p) for p in caught.value.problems]
    assert len(found) == 5
    assert sum("the rivers respond already" in f for f in found) == 3
    assert any("does not tell what falls in the mountains" in f for f in found)
    assert any("the warming of the projection is found from it" in f for f in found)
