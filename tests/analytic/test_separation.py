"""Two basins that fall below their sill, part, and join again.

The river enters the west alone, and both basins lose the same depth e by net evaporation. In a
level
pool dh/dt = Q/A_E - e = (R - Q)/A_W - e, so the strait passes Q = R A_E / (A_W + A_E), never
negative: the west is never lower than the east while both stand above the sill, whatever R does.
"""

import numpy as np
import pytest

import balkhash_model as bm
from balkhash_model.forcing import empty_forcing
from balkhash_model.physics.strait import manning_conveyance, strait_flow
from balkhash_model.simulation import simulate
from balkhash_model.system import Hypsometry, LakeSystem, River, Storage, Strait
from balkhash_model.timeaxis import TimeAxis

YEAR = 365.25 * 86400.0
KM2, KM3 = 1e6, 1e9
SILL = 335.0


def balkhash_like():
    """The shipped basins and strait alone, with one river into the west."""
    shipped = bm.load_system("balkhash")
    return LakeSystem(
        "two",
        "West and East",
        shipped.datum,
        (shipped.storage("west"), shipped.storage("east")),
        ("west", "east"),
        rivers=(River("ili", "west"),),
        links=tuple(x for x in shipped.links if isinstance(x, Strait)),
    )


TURN = np.datetime64("2025-01-01")


def run(axis, dry, *, wet=15.0, substeps=1):
    """Twenty-five dry years, then wet ones; flows in km3/yr."""
    system = balkhash_like()
    forcing = empty_forcing(system, axis)
    river = np.where(axis.midpoints < TURN, dry, wet) * KM3 / YEAR
    forcing["river_flow"][:] = river[:, None]
    forcing["evaporation_rate"][:] = 0.85 / YEAR
    return simulate(system, forcing, initial=342.0, substeps=substeps)


def courses(result):
    level = result["water_level_edge"]
    flow = result["link_flow"].sel(link="uzynaral").values
    return level.sel(storage="west").values, level.sel(storage="east").values, flow


MONTHS = TimeAxis.monthly("2000-01-01", "2100-01-01")
HALF_YEARS = TimeAxis.regular("2000-01-01", "2100-01-01", months=6)


@pytest.mark.parametrize("axis", [MONTHS, HALF_YEARS], ids=["months", "half years"])
@pytest.mark.parametrize("dry", [1.5, 3.0, 4.0])
def test_separation_and_reunion_without_oscillation(axis, dry):
    # 1.5 km3/yr do not keep the west at the sill, 3 and 4 do, and the rest spills into a low east
    result = run(axis, dry)
    west, east, flow = courses(result)
    assert np.isfinite(west).all()
    assert np.isfinite(east).all()
    assert int(result["status"]) == 0
    bm.check_balance(result)

    # the story happens: joined, parted, joined
    joined = result["lake_connected"].values
    assert joined[0] == joined[-1] == 1
    assert np.abs(np.diff(joined)).sum() == 2

    # the head keeps its sign while both stand above the sill, and the strait never runs backwards
    both = (west > SILL) & (east > SILL)
    assert (west - east)[both].min() >= -1e-6
    assert flow.min() >= 0.0
    turn = int(np.searchsorted(axis.edges, TURN))
    assert east[turn] < SILL - 1.0
    assert (west[turn] < SILL) == (dry < 2.0)
    assert (np.diff(east[: turn + 1]) < 0.0).all()
    if axis is MONTHS:
        # with longer steps than the west needs to settle at its spill, an L-stable method
        # may swing once about the new level; at monthly steps nothing does
        assert (np.diff(west[: turn + 1]) <= 1e-6).all()
        assert (np.diff(west[turn:]) >= -1e-6).all()


def test_a_lake_without_any_inflow_parts_and_dries():
    # both levels fall by e alone, so the head is nothing but the error of the step: it is not
    # ringing, it goes with the square of the step
    heads = []
    for substeps in (1, 2):
        result = run(MONTHS, 0.0, substeps=substeps)
        west, east, flow = courses(result)
        assert np.isfinite(west).all()
        assert np.isfinite(east).all()
        joined = (west > SILL) & (east > SILL) & (MONTHS.edges < TURN)
        heads.append(np.abs(west - east)[joined].max())
        dry = MONTHS.midpoints < TURN
        assert np.abs(flow[dry]).max() < 0.1
    assert heads[0] < 1e-4
    assert heads[1] < heads[0] / 2.5
    # the west is eleven metres deep and gone after 11 m / 0.85 m/yr = 12.94 years
    assert int(result["status"]) == 1
    assert str(result["status_storage"].values) == "west"
    assert str(result["status_time"].values)[:7] in ("2012-11", "2012-12", "2013-01")
    assert west[int(np.searchsorted(MONTHS.edges, TURN))] == pytest.approx(331.0, abs=1e-6)
    # and it comes back: a dry basin is no end
    assert result["lake_connected"].values[-1] == 1


def test_parted_lake_has_no_level_but_areas_and_volumes():
    result = run(MONTHS, 1.5)
    joined = result["lake_connected"].values == 1
    level = result["lake_level"].values
    assert np.isnan(level[~joined]).all()
    assert np.isfinite(level[joined]).all()
    # joined means that both stand above the sill
    above = (result["water_level"] > SILL).all("storage").values
    assert (joined == above).all()
    assert np.isfinite(result["lake_area"].values).all()
    assert np.isfinite(result["lake_volume"].values).all()
    # while joined, the lake's level lies between those of its basins
    levels = result["water_level"].values[joined]
    assert (level[joined] >= levels.min(axis=1) - 1e-12).all()
    assert (level[joined] <= levels.max(axis=1) + 1e-12).all()


def test_west_spills_at_the_sill_while_the_east_is_low():
    # 9 km3/yr fill the west to the sill and keep it there, since it evaporates less than that; what
    # is left crosses the sill into the east, which stands lower
    axis = TimeAxis.monthly("2000-01-01", "2060-01-01")
    system = balkhash_like()
    forcing = empty_forcing(system, axis)
    forcing["river_flow"][:] = 9.0 * KM3 / YEAR
    forcing["evaporation_rate"][:] = 0.85 / YEAR
    result = simulate(system, forcing, initial={"west": 334.0, "east": 325.0})
    west, east, flow = courses(result)
    spilling = (west[:-1] > SILL) & (east[1:] < SILL)
    assert spilling.sum() > 12
    assert (flow >= 0.0).all()
    assert (np.diff(west)[spilling] > -1e-9).all()
    # at the end of it the west is at rest: Q = R - e A_W(h), and Q = K(h - sill) sqrt(h - sill),
    # since
    # a sill with nothing on its other side sees its own depth as the head
    last = int(np.flatnonzero(spilling)[-1])
    area = float(system.storage("west").curve.area_at(west[last]))
    assert flow[last] == pytest.approx(9.0 * KM3 / YEAR - 0.85 / YEAR * area, rel=1e-6)
    strait = system.links[0]
    depth = west[last] - SILL
    conveyance = manning_conveyance(
        depth, width=strait.width, length=strait.length, roughness=strait.roughness
    )
    by_manning = strait_flow(depth, conveyance, linear_head=strait.linear_head)
    assert flow[last] == pytest.approx(float(by_manning), rel=1e-3)


def test_a_seasonal_lake_that_crosses_the_sill_every_year():
    # held about the sill, the basins part and join with the seasons; nothing may ring or fail
    system = balkhash_like()
    axis = TimeAxis.monthly("2000-01-01", "2040-01-01")
    curves = [s.curve for s in system.storages]
    area = float(sum(c.area_at(SILL + 0.05) for c in curves))
    forcing = empty_forcing(system, axis)
    e = (0.85 + 0.85 * np.sin(2 * np.pi * (axis.months - 4) / 12)) / YEAR
    forcing["evaporation_rate"][:] = e[:, None]
    forcing["river_flow"][:] = 0.85 / YEAR * area
    result = simulate(system, forcing, initial=SILL + 0.3)
    joined = result["lake_connected"].values
    assert np.abs(np.diff(joined)).sum() >= 10
    west, east, flow = courses(result)
    both = (west > SILL) & (east > SILL)
    assert (west - east)[both].min() >= -1e-6
    assert flow.min() >= 0.0


def test_two_basins_kept_apart_are_two_lakes():
    # both start below the sill and stay there: each is the closed lake that it is alone
    axis = TimeAxis.monthly("2000-01-01", "2020-01-01")
    curve = Hypsometry(np.array([300.0, 345.0]), np.array([100 * KM2, 9_100 * KM2]))
    west, east = Storage("west", "lake", curve), Storage("east", "lake", curve)
    strait = Strait("gap", "west", "east", SILL, 3500.0, 10e3, 0.03, 1e-4)
    system = LakeSystem(
        "two",
        "Two",
        "local",
        (west, east),
        ("west", "east"),
        rivers=(River("ili", "west"), River("karatal", "east")),
        links=(strait,),
    )
    forcing = empty_forcing(system, axis)
    forcing["river_flow"][:] = np.array([100.0, 40.0])
    forcing["evaporation_rate"][:] = 0.9 / YEAR
    pair = simulate(system, forcing, initial={"west": 334.0, "east": 330.0})
    assert np.abs(pair["link_flow"].values).max() == 0.0
    for name, start, flow in (("west", 334.0, 100.0), ("east", 330.0, 40.0)):
        alone = LakeSystem(
            "one",
            "One",
            "local",
            (Storage(name, "lake", curve),),
            (name,),
            rivers=(River("r", name),),
        )
        single = empty_forcing(alone, axis)
        single["river_flow"][:] = flow
        single["evaporation_rate"][:] = 0.9 / YEAR
        expected = simulate(alone, single, initial=start)["water_level_edge"].values[:, 0]
        found = pair["water_level_edge"].sel(storage=name).values
        # a lake that stands alone is solved without iteration, two with a strait by iteration
        np.testing.assert_allclose(found, expected, rtol=0.0, atol=1e-8)
