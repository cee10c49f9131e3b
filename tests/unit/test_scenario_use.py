"""Water users: totals, what is embedded, shortage, return flow, measures and their money."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import balkhash_model as bm
from balkhash_model.forcing.series import by_year, ramp, yearly_volume
from balkhash_model.forcing.water_use import apply_upstream, measure_costs, water_use
from balkhash_model.physics.allocation import share_shortage
from balkhash_model.runs import build
from balkhash_model.scenario import load_scenario
from balkhash_model.timeaxis import TimeAxis

AXIS = TimeAxis.monthly("2023-01-01", "2026-01-01")  # 2024 is a leap year

TEXT = """\
meta: {name: use, title: Use, rationale: For the tests}
period: {start: 2023-01-01, end: 2026-01-01}
initial: {lake_level: 341.5 m}
inflow: {kind: constant, mean: 12 km3/yr}
climate: {precipitation: climatology}
reservoirs: {kapshagay: {rule: none}}
abstraction:
"""


@pytest.fixture
def scenario(tmp_path):
    def make(users: str, more: str = "", head: str = TEXT):
        path = tmp_path / "use.yml"
        path.write_text(head + users + more, encoding="utf-8")
        return load_scenario(str(path))

    return make


def volumes(rates):
    return (rates * AXIS.durations).reshape(-1, 12).sum(axis=1) / 1e9


def test_annual_totals_are_kept_in_leap_years_too(scenario):
    [use] = water_use(
        scenario("  t: {country: china, place: km171, total: 4 km3/yr, monthly: irrigation}"), AXIS
    )
    np.testing.assert_allclose(volumes(use.net), 4.0, rtol=1e-14)
    assert use.net[0] == 0.0


def test_knots_have_straight_lines_and_constant_ends():
    years = np.array([2019, 2020, 2025, 2030, 2031])
    found = by_year({2020: "4 km3/yr", 2030: "6 km3/yr"}, years, "x") / 1e9
    np.testing.assert_allclose(found, [4, 4, 5, 6, 6])


def test_a_plain_rate_gives_more_in_a_leap_year():
    assert yearly_volume("1 m3/s", 2024, "x") - yearly_volume("1 m3/s", 2023, "x") == 86400.0
    assert yearly_volume("1 km3/month", 2023, "x") == 12e9


def test_constant_use_above_the_gauge_changes_nothing(scenario):
    plain = bm.run(
        scenario("  {}\n".replace("{}", "t: {country: china, place: km171, total: 0 m3/s}"))
    )
    used = bm.run(scenario("  t: {country: china, place: km171, total: 4 km3/yr}"))
    np.testing.assert_allclose(used["lake_level"], plain["lake_level"], atol=1e-9)
    np.testing.assert_allclose(volumes(used["upstream_use"].values[:, 0]), 4.0)
    np.testing.assert_allclose(used["upstream_use_change"], 0.0, atol=1e-9)


def test_only_the_change_from_the_embedded_use_acts(scenario):
    """The gauge of 2006-2020 holds 4 km3/yr; 5 km3/yr later take one more, and no more."""
    user = "  t: {country: china, place: km171, total: {2020: 4 km3/yr, 2021: 5 km3/yr}}"
    found = build(scenario(user)).forcing["gauge_flow"].values[:, 0]
    np.testing.assert_allclose(volumes(found), 11.0, rtol=1e-12)
    stated = user.replace("}}", "}, embedded: 3 km3/yr}")
    found = build(scenario(stated)).forcing["gauge_flow"].values[:, 0]
    np.testing.assert_allclose(volumes(found), 10.0, rtol=1e-12)


def test_less_use_gives_water_back(scenario):
    user = "  t: {country: china, place: reach, total: {2020: 4 km3/yr, 2021: 3 km3/yr}}"
    found = build(scenario(user)).forcing["gauge_flow"].values[:, 0]
    np.testing.assert_allclose(volumes(found), 13.0, rtol=1e-12)


def test_use_at_the_lake_acts_in_full(scenario):
    result = bm.run(scenario("  t: {country: kazakhstan, place: west, total: 0.5 km3/yr}"))
    taken = result["abstraction_by_user"].sel(user="t").values
    np.testing.assert_allclose(volumes(taken), 0.5, rtol=1e-9)


def test_shortage_above_the_gauge_by_priority(scenario):
    users = (
        "  town: {country: china, place: km171, total: {2020: 0 m3/s, 2021: 200 m3/s}}\n"
        "  a: {country: china, place: km171, total: {2020: 0 m3/s, 2021: 300 m3/s}, priority: 2}\n"
        "  b: {country: china, place: reach, total: {2020: 0 m3/s, 2021: 100 m3/s}, priority: 2}"
    )
    case = build(scenario(users))
    available = 12e9 / (365 * 86400)
    delivered = case.extra["upstream_use"].values[0]
    np.testing.assert_allclose(delivered[0], 200.0, rtol=1e-9)
    np.testing.assert_allclose(delivered[1:], np.array([3, 1]) * (available - 200.0) / 4, rtol=1e-9)
    short = case.extra["upstream_shortage"].values[0]
    np.testing.assert_allclose(delivered + short, [200, 300, 100], rtol=1e-9)
    assert case.forcing["gauge_flow"].values[0, 0] == pytest.approx(0.0, abs=1e-9)


@given(
    available=st.floats(0, 1e4),
    demand=st.lists(st.floats(0, 1e3), min_size=1, max_size=6),
    seed=st.integers(0, 99),
)
def test_sharing_gives_all_there_is_and_no_more(available, demand, seed):
    priority = np.random.default_rng(seed).integers(1, 4, len(demand))
    given_ = share_shortage(available, demand, priority)
    wanted = np.array(demand)
    assert (given_ <= wanted * (1 + 1e-12)).all()
    assert (given_ >= 0.0).all()
    assert given_.sum() == pytest.approx(min(available, wanted.sum()), rel=1e-9, abs=1e-9)
    for p in np.unique(priority)[:-1]:
        # who comes later gets something only where all before are served
        if given_[priority > p].sum() > 1e-9:
            assert given_[priority <= p].sum() == pytest.approx(
                wanted[priority <= p].sum(), rel=1e-9
            )


def test_apply_upstream_with_members():
    from balkhash_model.forcing.water_use import Use

    use = Use("a", "km171", 1, np.full(3, 8.0), np.full(3, 5.0), {})
    flow, delivered, shortage = apply_upstream(np.array([[10.0] * 3, [1.0] * 3]), [use])
    np.testing.assert_array_equal(flow, [[7.0] * 3, [0.0] * 3])
    np.testing.assert_array_equal(delivered[0], [[8.0] * 3, [6.0] * 3])
    np.testing.assert_array_equal(shortage[0], [[0.0] * 3, [2.0] * 3])


MEASURE = """
measures:
  lining:
    title: Lining
    start: 2024
    ramp: 2
    users: {t: {efficiency: 75 %}}
    cost: {capital: 20 million USD, yearly: 1 million USD, source: assumed}
"""


def test_a_better_efficiency_does_not_save_what_returned_anyway(scenario):
    """W = 4, e = 0.5, r = 0.2: net 3.2.  In full W' = 4 x 0.5/0.75, r' = 0.2 x 0.25/0.5 = 0.1:
    net' = 2.6667 x 0.9 = 2.4."""
    user = (
        "  t: {country: kazakhstan, place: reach, total: 4 km3/yr, efficiency: 50 %, "
        "return_flow: 20 %}"
    )
    [use] = water_use(scenario(user, MEASURE), AXIS)
    net = volumes(use.net)
    np.testing.assert_allclose(net[[0, 2]], [3.2, 2.4], rtol=1e-12)
    half = 4 * 0.5 / 0.625 * (1 - 0.2 * 0.375 / 0.5)
    np.testing.assert_allclose(net[1], half, rtol=1e-12)
    np.testing.assert_allclose(volumes(use.saved["lining"]), 3.2 - net, atol=1e-12)


def test_measures_bring_water_and_money_into_the_result(scenario):
    user = "  t: {country: kazakhstan, place: reach, total: 4 km3/yr, efficiency: 50 %}"
    result = bm.run(scenario(user, MEASURE))
    cost = result["measure_cost"].values[:, 0].reshape(3, 12).sum(axis=1) / 1e6
    np.testing.assert_allclose(cost, [0.0, 11.0, 11.0], rtol=1e-12)
    assert result["measure_currency"].values.tolist() == ["USD"]
    water = volumes(result["measure_water"].values[:, 0])
    np.testing.assert_allclose(water[2], 4 - 4 * 0.5 / 0.75, rtol=1e-12)
    gain = build(scenario(user, MEASURE)).forcing["gauge_flow"].values[:, 0]
    np.testing.assert_allclose(volumes(gain)[2], 12.0 + water[2], rtol=1e-9)


def test_no_cost_is_no_number():
    cost, currency = measure_costs(load_scenario("sharing_agreement").measures, AXIS)
    assert np.isnan(cost).all()
    assert currency == [""]


def test_the_delta_cannot_save_more_than_it_loses(scenario):
    users = "  t: {country: kazakhstan, place: west, total: 0 m3/s}"
    gates = (
        "\nmeasures:\n  gates: {title: Gates, start: 2023, "
        "links: {ili_delta: {delta_loss: -99 km3/yr}}}\n"
    )
    result = bm.run(scenario(users, gates))
    saved = volumes(result["measure_water"].values[:, 0])
    loss = volumes(result["link_flow"].sel(link="ili_delta_loss").values)
    np.testing.assert_allclose(saved, loss, rtol=1e-6)
    assert float(result["river_inflow"].sel(storage="west").mean()) > 370.0


def test_ramp():
    np.testing.assert_array_equal(ramp(np.arange(2029, 2033), 2030, 0), [0, 1, 1, 1])


def test_both_sets_of_use_ship():
    wang = load_scenario("baseline_2050")
    thevs = load_scenario("baseline_2050", ["thevs2017"])
    assert wang.abstraction["china"].total == "3.96 km3/yr"
    assert wang.abstraction["kazakhstan"].total == "12.4 km3/yr"
    assert thevs.abstraction["china"].total == {2000: "5.4 km3/yr", 2014: "6.5 km3/yr"}
    assert thevs.abstraction["kazakhstan"].total == {2000: "8.9 km3/yr", 2014: "8.6 km3/yr"}


def test_a_reservoir_under_its_rule_takes_inflow_above_it(tmp_path):
    path = tmp_path / "rule.yml"
    path.write_text(
        TEXT.replace(
            "kapshagay: {rule: none}",
            "kapshagay: {rule: rule, target_storage: [14 km3], "
            "minimum_release: 250 m3/s, maximum_release: 380 m3/s}",
        )
        .replace("mean: 12 km3/yr", "mean: 14 km3/yr, at: km171")
        .replace("lake_level: 341.5 m", "lake_level: 341.5 m, levels: {kapshagay: 475 m}")
        .replace("abstraction:\n", ""),
        encoding="utf-8",
    )
    result = bm.run(str(path))
    release = result["link_flow"].sel(link="kapshagay_release").values
    assert release.max() <= 380.0 + 1e-9
    assert np.isfinite(result["water_level"].sel(storage="kapshagay")).all()


def test_kapshagay_follows_its_own_rule_on_an_inflow_above_it(tmp_path):
    path = tmp_path / "own_rule.yml"
    path.write_text(
        TEXT.replace("kapshagay: {rule: none}", "kapshagay: {rule: filling_and_season}")
        .replace("mean: 12 km3/yr", "mean: 14 km3/yr, at: km171")
        .replace("lake_level: 341.5 m", "lake_level: 341.5 m, levels: {kapshagay: 470 m}")
        .replace("abstraction:\n", ""),
        encoding="utf-8",
    )
    forcing = build(str(path)).forcing
    target = forcing["target_volume"].sel(link="kapshagay_release").values / 1e9
    assert target.min() == pytest.approx(16.7, abs=1e-2)
    assert target.max() == pytest.approx(16.9, abs=1e-2)
    result = bm.run(str(path))
    # far below the target nothing but the ecological release leaves
    release = result["link_flow"].sel(link="kapshagay_release").values
    assert release[0] == pytest.approx(137.0)
    assert release.max() <= 1226.0
    volume = result["water_volume"].sel(storage="kapshagay").values
    assert volume[0] < volume[-1]
    assert volume.max() < 18e9


def test_the_agreement_halts_the_rise_of_use_in_china():
    used = build(load_scenario("sharing_agreement", settings=["ensemble.members=null"])).extra
    china = used["upstream_use"].sel(upstream_user="china").values.reshape(25, 12)
    seconds = np.diff(TimeAxis.monthly("2025-01-01", "2050-01-01").edges).astype(float)
    yearly = (china * seconds.reshape(25, 12)).sum(axis=1) / 1e9
    np.testing.assert_allclose(yearly[[0, 4]], [3.96, 4.356], rtol=1e-9)
    np.testing.assert_allclose(yearly[4:], 4.356, rtol=1e-9)
