"""The loss in the Ili delta: what the lake implies by period, and no function of flow explains."""

from __future__ import annotations

import numpy as np
import pytest

import balkhash_model as bm
from balkhash_model.calibration import calibrate
from balkhash_model.diagnostics.skill import level_skill
from balkhash_model.forcing.delta import FLUX_PERIODS, LEVEL_PERIODS, implied_delta_loss
from balkhash_model.library import load_parameters, load_system
from balkhash_model.physics.delta import fit_linear_loss
from balkhash_model.reference.levels import balkhash_levels

#: The budget of Wang 2022: net evaporation, groundwater, four eastern rivers without a dry phase.
PRINTED = {
    "net_evaporation": "0.8489 m/yr",
    "groundwater": "0.52 km3/yr",
    "eastern_inflow": "3.0 km3/yr",
    "eastern_dry_factor": "1",
}


def fitted(overrides, periods=FLUX_PERIODS, first=0):
    rows = implied_delta_loss(load_system("balkhash", overrides=overrides), periods)[first:]
    flow, loss, years = ([getattr(r, n) for r in rows] for n in ("flow", "loss", "years"))
    return rows, fit_linear_loss(flow, loss, years)


def test_the_flows_are_those_printed_and_the_losses_close_the_lake(balkhash):
    rows = implied_delta_loss(balkhash)
    # calendar years in km3, against mean years
    assert [r.flow for r in rows] == pytest.approx([14.90, 11.55, 13.47, 15.29, 12.86], abs=0.03)
    # one period by hand, 1986-1995: 10 years, levels 340.85 to 341.31 m
    row, p = rows[2], balkhash.parameters
    area = 16_900e6  # about, at 341.1 m
    rise = area * 0.46 / 10 / 1e9
    rain = 3.19 / 17_199e6 * area
    evaporation = area * (p["net_evaporation"].value + 0.19478) / 1e9
    east = p["eastern_inflow"].value * (9 + p["eastern_dry_factor"].value) / 10
    by_hand = 13.47 + east + p["groundwater"].value + rain - evaporation - rise
    assert row.loss == pytest.approx(by_hand, abs=0.15)


@pytest.mark.parametrize("overrides", [{}, PRINTED], ids=["default parameters", "printed budget"])
@pytest.mark.parametrize("periods", [FLUX_PERIODS, LEVEL_PERIODS], ids=["flows", "levels"])
def test_the_implied_losses_follow_no_function_of_flow(overrides, periods):
    rows, fit = fitted(overrides, periods)
    print("\nperiod                     flow   loss  residual, km3/yr")
    for row, residual in zip(rows, fit.residuals, strict=True):
        print(f"{row.start} to {row.end}  {row.flow:5.2f}  {row.loss:5.2f}  {residual:+.2f}")
    print(f"loss {fit.loss:.2f} at {fit.flow:.2f}, slope {fit.slope:.2f} +- {fit.slope_error:.2f}")
    # no slope can be told from zero by twice its error, and none removes the residual
    assert fit.slope < 2.0 * fit.slope_error
    assert np.abs(fit.residuals).max() > 0.6
    # two periods of nearly one flow ask for losses that differ, in the one order or the other
    flow, loss = (np.array([getattr(r, n) for r in rows]) for n in ("flow", "loss"))
    order = np.argsort(flow)
    assert (np.diff(loss[order]) < -0.3).any()
    # the mean lies where the sources do
    assert 1.9 < fit.loss < 4.4
    assert fit.loss == pytest.approx(2.5, abs=0.2)


@pytest.mark.parametrize("overrides", [{}, PRINTED], ids=["default parameters", "printed budget"])
def test_without_the_doubtful_sixties_the_slope_is_less(overrides):
    _, whole = fitted(overrides)
    _, rest = fitted(overrides, first=1)
    assert rest.slope < whole.slope
    assert rest.slope < rest.slope_error


def test_the_default_is_a_constant_loss_at_the_mean_flow(balkhash):
    _, fit = fitted({})
    p = balkhash.parameters
    assert p["ili_loss_slope"].value == 0.0
    assert p["ili_loss_flow"].value == pytest.approx(fit.flow, abs=0.01)
    # today's flow loses what the calibration found, within the prior
    assert float(np.interp(p["ili_loss_flow"].si, *_table(balkhash))) == p["delta_loss"].si


def _table(system):
    return system.deltas[0].loss_flow, system.deltas[0].loss


def test_a_period_beyond_the_levels_is_refused(problems, balkhash):
    [text] = problems(implied_delta_loss, balkhash, [("2006-01-01", "2016-01-01")])
    assert "outside the annual levels; got 2016-01-01; expected 1961-07-01 to 2014-07-01" in text


def test_a_wetland_in_the_delta_is_no_better_than_a_constant_loss(tmp_path):
    """Why the constant is the default: annual levels, with the same parameters and refitted."""
    path = tmp_path / "wetland.yml"
    path.write_text(
        "extends: hindcast_free\nmeta: {name: wetland}\ndeltas: {ili_delta: {form: wetland}}\n"
    )
    observed = balkhash_levels()

    def rmse(result):
        table = level_skill(result, observed)
        return float(table.loc["all annual levels", "rmse"])

    assert rmse(bm.run("hindcast_free")) == pytest.approx(0.248, abs=0.001)
    assert rmse(bm.run(str(path))) == pytest.approx(0.319, abs=0.001)
    free = [n for n, p in load_parameters("balkhash").items() if p.status == "fitted"]
    names = ["ili_wetland_residence" if n == "delta_loss" else n for n in free]
    refitted = calibrate(str(path), names)
    assert refitted.scores["rmse"] == pytest.approx(0.250, abs=0.001)
    assert refitted.table.loc["ili_wetland_residence", "fitted"] == pytest.approx(90.2, abs=0.5)
