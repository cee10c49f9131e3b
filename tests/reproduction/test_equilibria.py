"""Equilibria and response times of Lake Balkhash and the Aral Sea from printed balances."""

import numpy as np
import pytest

import balkhash_model as bm
from balkhash_model import units
from balkhash_model.physics.closed_lake import equilibrium_area, response_time

YEAR = units.convert(1.0, "yr", "duration", "year")


def printed(quantity):
    table = bm.reference.load("wang2022_printed")
    return float(table["value"].where(table["quantity"] == quantity, drop=True)[0])


@pytest.fixture(scope="module")
def wang():
    """Net evaporation (m/yr) and groundwater (km3/yr) of Wang 2022, means of 1961-2020."""
    rain = printed("precipitation, mean")
    area = rain / printed("precipitation depth, mean") * 1e6  # km3 over mm: 17 199 km2
    net = (printed("evaporation, mean") - rain) / area * 1e3
    return net, printed("groundwater to the lake, mean")


def test_constants_of_wang(wang):
    assert wang[0] == pytest.approx(0.8489, abs=5e-5)
    assert wang[1] == 0.52


def test_equilibrium_area_of_the_mean_balance(wang, balkhash):
    rivers = printed("river inflow, mean")
    rest = bm.equilibrium(
        balkhash,
        inflow=f"{rivers} km3/yr",
        groundwater=f"{wang[1]} km3/yr",
        net_evaporation=f"{wang[0]} m/yr",
    )
    assert float(rest["lake_area"]) / 1e6 == pytest.approx(17152, rel=0.01)
    # it is the lake's own mean area
    assert float(rest["lake_area"]) / 1e6 == pytest.approx(17199, rel=0.01)


@pytest.mark.parametrize(("slope", "years"), [(383, 52.8), (332, 60.9), (1000, 20.2)])
def test_response_times(slope, years, wang):
    # the rounded 53, 60 and 20 years of the figure lie 0.3, 1.4 and 1.0 % off the digits
    assert float(response_time(17152, slope, wang[0])) == pytest.approx(years, abs=0.05)
    assert years == pytest.approx({383: 53, 332: 60, 1000: 20}[slope], rel=0.1)


# --- what 12 km3/yr mean: three readings ----------------------------------------------------------

#: what the reach and the delta take and the eastern rivers add, km3/yr
REACH, DELTA, EAST = 0.3, (2.5, 2.8), 3.2


def area_of(wang, rivers):
    return float(equilibrium_area(rivers + wang[1], wang[0] * 1e-3))


def test_twelve_as_all_inflow(wang):
    area = area_of(wang, 12.0)
    assert area == pytest.approx(14750, rel=0.01)
    # 2.4 m lower than today even where the shore is as flat as any source has it
    assert (17152 - area) / 1000 == pytest.approx(2.4, abs=0.05)


def test_twelve_as_the_ili_at_the_lake(wang):
    assert area_of(wang, 12.0 + EAST) == pytest.approx(18520, rel=0.01)


def test_twelve_at_the_dam(wang):
    areas = [area_of(wang, 12.0 - REACH - loss + EAST) for loss in DELTA]
    assert max(areas) == pytest.approx(15200, rel=0.01)
    assert min(areas) == pytest.approx(14900, rel=0.01)


@pytest.mark.parametrize("slope", [383, 1000])
def test_only_the_ili_at_the_lake_holds_the_policy_line(slope, wang):
    """341.0 m stand only if the 12 km3/yr are counted where the Ili enters the lake."""
    system = bm.load_system(
        "balkhash",
        overrides={
            "nearshore_area_slope": f"{slope} km2/m",
            # no area was observed below 340.5 m: the flat shore may end there or farther down
            "shelf_base": "340.5 m",
        },
    )
    readings = {"all": 12.0, "dam": 12.0 - REACH - DELTA[0] + EAST, "lake": 12.0 + EAST}
    levels = {
        name: float(
            bm.equilibrium(
                system,
                inflow=f"{rivers} km3/yr",
                groundwater=f"{wang[1]} km3/yr",
                net_evaporation=f"{wang[0]} m/yr",
            )["lake_level"]
        )
        for name, rivers in readings.items()
    }
    assert levels["lake"] > 341.0
    assert levels["dam"] < 341.0
    assert levels["all"] < levels["dam"]


# --- Aral Sea ------------------------------------------------------------------------------------


def test_natural_equilibrium_of_the_aral_sea():
    # before 1960: rain 8.7, rivers 55, evaporation 63.8 km3/yr, 66 000 km2 (ours-nature.ru)
    area = float(equilibrium_area(55.0, (63.8 - 8.7) / 66.0))
    assert area == pytest.approx(66.0, rel=0.02)
    assert area == pytest.approx(65.9, abs=0.05)


def test_collapse_of_the_aral_sea_1960_to_2010():
    # 1960: 68 000 km2, 1093 km3, 10 g/l (Gaybullaev 2012, through the table of the figure); 2010 is
    # in the shipped statements
    table = bm.reference.load("aral_statements").to_dataframe()
    rows = table[(table["source"] == "gaybullaev2012") & (table["period"] == "2010")]
    then = {r["item"]: float(r["value"]) for _, r in rows.iterrows()}
    area, volume, salinity = 68_000.0, 1093.0, 10.0
    assert 100 * (then["area"] / area - 1) == pytest.approx(-79, abs=1)
    assert 100 * (then["volume"] / volume - 1) == pytest.approx(-91, abs=1)
    exponent = np.log(volume / then["volume"]) / np.log(area / then["area"])
    assert exponent == pytest.approx(1.545, abs=1e-3)
    salt = volume * salinity, then["volume"] * then["salinity"]
    assert salt[0] == pytest.approx(10_930, rel=1e-3)
    assert salt[1] == pytest.approx(12_753, rel=1e-3)
    # the mean salinity was not the volume mean: 17 % more salt than there was
    assert salt[1] / salt[0] == pytest.approx(1.0, abs=0.2)
