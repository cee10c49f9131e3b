"""The delta as a wetland with a volume of its own: closure, the exact course, what it refuses."""

import numpy as np
import pytest

import balkhash_model as bm
from balkhash_model.errors import InputError
from balkhash_model.forcing.delta import wetland_start, with_wetland
from balkhash_model.library import load_parameters, load_system
from balkhash_model.physics.delta import fit_linear_loss, fit_proportional_loss
from balkhash_model.physics.wetland import (
    wetland_curve,
    wetland_residence,
    wetland_rest_volume,
    wetland_steady_loss,
    wetland_step,
)
from balkhash_model.runs import build
from balkhash_model.scenario import load_scenario
from balkhash_model.system import Hypsometry

P = load_parameters("balkhash")
WETLAND = "deltas.ili_delta.form=wetland"
KM3_PER_YEAR = 365.2425 * 86400.0 / 1e9


@pytest.fixture(scope="module")
def wet():
    return bm.run(load_scenario("hindcast_free", (), [WETLAND]))


def seconds(result):
    edges = result["time_edge"].values.astype("datetime64[s]").astype(np.float64)
    return np.diff(edges)


def test_the_water_of_the_delta_is_all_there(wet):
    store = wet.sel(storage="ili_wetland")
    stored = np.diff(store["water_volume"].values) / seconds(wet)
    head = wet["link_flow"].sel(link="ili_wetland_inflow").values
    mouth = wet["link_flow"].sel(link="ili_delta").values
    air = (store["precipitation"] + store["evaporation"]).values
    residual = head - mouth + air - stored
    assert np.abs(residual).max() < 1e-13 * head.max()
    # what enters is the flow of the gauge, and what leaves reaches the West and nothing else
    gauge = build("hindcast_free").forcing["gauge_flow"].values[:, 0]
    np.testing.assert_allclose(head, gauge, rtol=1e-13)
    np.testing.assert_array_equal(wet["river_inflow"].sel(storage="west"), mouth)
    assert float(np.abs(wet["link_flow"].sel(link="ili_delta_loss")).max()) == 0.0


def test_the_salt_of_the_delta_is_all_there(wet):
    change = np.abs(np.diff(wet["salt_mass"], axis=0)) / seconds(wet)[:, None]
    assert float(np.abs(wet["salt_residual"]).max()) < 1e-9 * change.max()
    # evaporation leaves the salt of the river: more at the mouth than at the head
    salinity = wet["salinity"].sel(storage="ili_wetland")
    assert float(salinity.min()) > P["upper_ili_salinity"].si
    assert float(salinity.mean()) > P["ili_salinity"].si


@pytest.mark.parametrize(("substeps", "error"), [(1, 2e-3), (8, 5e-4)])
def test_the_run_follows_the_exact_course(substeps, error):
    settings = [WETLAND, "period.end=1971-01-01", f"period.substeps={substeps}"]
    result = bm.run(load_scenario("hindcast_free", (), settings))
    case = build(load_scenario("hindcast_free", (), settings))
    here = case.forcing.sel(storage="ili_wetland")
    net = (here["evaporation_rate"] - here["precipitation_rate"]).values
    inflow = case.forcing["gauge_flow"].values[:, 0]
    shape = P["ili_wetland_residence"].si, P["ili_wetland_depth"].si
    volume = [float(result["water_volume"].sel(storage="ili_wetland")[0])]
    for i, duration in enumerate(seconds(result)):
        volume.append(float(wetland_step(volume[-1], inflow[i], duration, *shape, net[i]).volume))
    found = result["water_volume"].sel(storage="ili_wetland").values
    np.testing.assert_allclose(found, volume, rtol=error)


def test_the_loss_rises_with_the_flow_and_equals_the_default_at_the_mean(wet):
    store = wet.sel(storage="ili_wetland")
    loss = -(store["precipitation"] + store["evaporation"])
    years = loss.groupby("time.year").mean().values
    flow = wet["link_flow"].sel(link="ili_wetland_inflow").groupby("time.year").mean().values
    assert np.corrcoef(flow, years)[0, 1] > 0.9
    # at rest and on the mean net evaporation; its season and wet years leave a tenth
    assert loss.mean() * KM3_PER_YEAR == pytest.approx(2.428, rel=0.1)


def test_the_default_is_a_function_of_the_flow():
    plain, said = (
        build("hindcast_free"),
        build(load_scenario("hindcast_free", (), ["deltas.ili_delta.form=function"])),
    )
    assert said.system.storage_names() == plain.system.storage_names()
    assert said.system.deltas[0].loss.tolist() == plain.system.deltas[0].loss.tolist()


def test_curve_and_rest():
    level, area = wetland_curve(0.7, 1e4, 1e10)
    curve = Hypsometry(level, area)
    np.testing.assert_allclose(curve.volume, 0.7 * (area - area[0]), rtol=1e-12, atol=1e-6)
    between = 0.5 * (level[1:] + level[:-1])
    ratio = curve.volume_at(between) / (curve.area_at(between) - area[0]) / 0.7
    assert np.abs(ratio[150:] - 1.0).max() < 1.001 * np.log(1.05) ** 2 / 8.0
    shape = {"residence": 1e7, "depth": 1.0, "net_evaporation": 2.5e-8}
    rest = wetland_rest_volume(400.0, **shape)
    step = wetland_step(rest, 400.0, 1e6, **shape)
    assert step.volume == pytest.approx(rest, rel=1e-12)
    assert step.loss == pytest.approx(wetland_steady_loss(400.0, **shape), rel=1e-12)
    assert wetland_residence(400.0, 80.0, 1.0, 2.5e-8) == pytest.approx(1e7, rel=1e-12)


def test_the_parameter_is_what_its_note_says():
    p = P
    found = wetland_residence(
        p["ili_loss_flow"].si, p["delta_loss"].si, p["ili_wetland_depth"].si,
        p["net_evaporation"].si,
    )  # fmt: skip
    assert found / 86400.0 == pytest.approx(97.2, abs=0.05)


def test_a_share_of_the_flow_by_hand():
    # sum(q d) / sum(q q) = (1 + 4 + 3) / (1 + 4 + 9)
    fit = fit_proportional_loss([1.0, 2.0, 3.0], [1.0, 2.0, 1.0])
    assert fit.slope == pytest.approx(8.0 / 14.0)
    assert fit.loss == pytest.approx(16.0 / 14.0)
    np.testing.assert_allclose(fit.residuals, np.array([6.0, 12.0, -10.0]) / 14.0)
    exact = fit_proportional_loss([1.0, 4.0], [0.2, 0.8], [3.0, 1.0])
    assert exact.slope == pytest.approx(0.2)
    assert exact.slope_error == pytest.approx(0.0, abs=1e-12)
    assert fit_linear_loss([1.0, 2.0, 3.0], [0.2, 0.4, 0.6]).slope == pytest.approx(0.2)


@pytest.mark.parametrize("at", ["ushzharma", "dam", "km171"])
def test_outlooks_above_the_delta(tmp_path, at):
    path = tmp_path / "outlook.yml"
    path.write_text(
        "meta: {name: outlook, title: Outlook, rationale: For the tests}\n"
        "period: {start: 2025-01-01, end: 2035-01-01}\n"
        "initial: {lake_level: 341.5 m}\n"
        f"inflow: {{kind: constant, mean: 12 km3/yr, at: {at}}}\n"
        "climate: {precipitation: climatology}\n"
        "reservoirs: {kapshagay: {rule: none}}\n"
        "deltas: {ili_delta: {form: wetland}}\n"
    )
    result = bm.run(str(path))
    head = float(result["link_flow"].sel(link="ili_wetland_inflow")[12:].mean())
    mouth = float(result["link_flow"].sel(link="ili_delta")[12:].mean())
    share = P["delta_loss"].si / P["ili_loss_flow"].si
    assert 1.0 - mouth / head == pytest.approx(share, abs=0.02)
    # a second part goes on from the first
    more = path.read_text().replace("2035", "2036").replace("2025", "2035")
    path.write_text(more)
    after = bm.run(str(path), start_from=result)
    np.testing.assert_array_equal(after["water_volume"][0], result["water_volume"][-1])


def test_members_draw_their_own_wetland(tmp_path):
    path = tmp_path / "members.yml"
    path.write_text(
        "extends: hindcast_free\nmeta: {name: members}\nperiod.end: 1975-01-01\n"
        "deltas: {ili_delta: {form: wetland}}\n"
        "ensemble: {members: 4, parameters: {ili_wetland_residence: prior, "
        "ili_wetland_depth: prior}}\n"
    )
    drawn = bm.run_ensemble(str(path))
    assert np.ptp(drawn["end"].values) > 0.05
    assert (drawn["status"].values == 0).all()


def test_what_does_not_go_together_is_said_at_once(tmp_path):
    path = tmp_path / "wet.yml"
    path.write_text(
        "extends: irrigation_saving\nmeta: {name: wet}\ndeltas: {ili_delta: {form: wetland}}\n"
    )
    with pytest.raises(InputError) as caught:
        load_scenario(str(path), ["delta_gates"])
    found = [str(p) for p in caught.value.problems]
    assert len(found) == 2
    assert (
        "wet.yml:3:22: deltas.ili_delta.form: acts only where the inflow is given above" in found[0]
    )
    assert "what a wetland loses is known only during the run" in found[1]
    with pytest.raises(InputError, match="reconstructed below it"):
        load_scenario("hindcast", (), [WETLAND])


def test_a_system_without_the_delta_is_named(problems):
    [text] = problems(with_wetland, load_system("north_aral"))
    assert text == "deltas.ili_delta: no such delta; got system 'north_aral'; expected balkhash"


def test_the_start_is_at_rest_under_the_mean_flow():
    system = with_wetland(load_system("balkhash"))
    level, salinity = wetland_start(system)
    volume = float(system.storage("ili_wetland").curve.volume_at(level))
    share = P["delta_loss"].si / P["ili_loss_flow"].si
    assert volume / P["ili_wetland_residence"].si == pytest.approx(
        P["ili_loss_flow"].si * (1.0 - share), rel=1e-3
    )
    assert salinity == pytest.approx(P["ili_salinity"].si / (1.0 - share), rel=1e-3)
