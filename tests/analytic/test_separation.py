"""Two basins that fall below their sill, part, and join again.

The river enters the west alone, and both basins lose the same depth e by net evaporation. In a level
pool dh/dt = Q/A_E - e = (R - Q)/A_W - e, so the strait passes Q = R A_E / (A_W + A_E), which is never
negative: the west is never lower than the east while both stand above the sill, whatever R does.
"""

import numpy as np
import pytest

import balkhash_model as bm
from balkhash_model.forcing import empty_forcing
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
        "two", "West and East", shipped.datum,
        (shipped.storage("west"), shipped.storage("east")), ("west", "east"),
        rivers=(River("ili", "west"),),
        links=tuple(x for x in shipped.links if isinstance(x, Strait)),
    )


def story(axis, dry=1.5, wet=45.0):
    """River flow, m3/s: sixty dry years, then as many wet ones."""
    middle = axis.edges[0] + (axis.edges[-1] - axis.edges[0]) // 2
    return np.where(axis.midpoints < middle, dry, wet) * KM3 / YEAR


def run(axis, system=None, *, seasonal=False, **flows):
    system = system or balkhash_like()
    forcing = empty_forcing(system, axis)
    forcing["river_flow"][:] = story(axis, **flows)[:, None]
    e = np.full(axis.n, 0.85)
    if seasonal:
        e += 0.85 * np.sin(2 * np.pi * (axis.months - 4) / 12)
    forcing["evaporation_rate"][:] = e[:, None] / YEAR
    return simulate(system, forcing, initial=342.0)


AXES = {
    "months": TimeAxis.monthly("2000-01-01", "2120-01-01"),
    "half years": TimeAxis.regular("2000-01-01", "2120-01-01", months=6),
}


@pytest.mark.parametrize("axis", AXES.values(), ids=AXES.keys())
@pytest.mark.parametrize("dry", [0.0, 1.5, 5.0])
def test_separation_and_reunion_without_oscillation(axis, dry):
    result = run(axis, dry=dry)
    level = result["water_level_edge"]
    west, east = level.sel(storage="west").values, level.sel(storage="east").values
    flow = result["link_flow"].sel(link="uzynaral").values
    assert np.isfinite(level.values).all()
    assert int(result["status"]) == 0 or dry == 0.0
    bm.check_balance(result)

    # the story happens: joined, parted, joined
    joined = result["lake_connected"].values == 1
    assert joined[0]
    assert joined[-1]
    assert not joined.all()
    changes = np.flatnonzero(np.diff(joined.astype(int)))
    assert len(changes) == 2

    # nowhere does the head change its sign while both stand above the sill
    both = (west > SILL) & (east > SILL)
    assert (west - east)[both].min() >= -1e-6
    # nor does the strait run backwards
    assert flow.min() >= -1e-6 * np.abs(flow).max()
    # below the sill on either side of it nothing passes that could come back: the east only falls
    # while it is cut off, and the whole falls while it is dry and rises while it is wet
    half = axis.n // 2
    assert (np.diff(east[: half + 1]) <= 1e-6).all()
    assert (np.diff(west[: half + 1]) <= 1e-6).all()
    assert (np.diff(east[half:]) >= -1e-6).all() or dry == 0.0
    assert east[half] < SILL - 1.0


def test_parted_lake_has_no_level_but_areas_and_volumes():
    result = run(AXES["months"])
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
    west, east = (result["water_level_edge"].sel(storage=s).values for s in ("west", "east"))
    flow = result["link_flow"].sel(link="uzynaral").values
    spilling = (west[:-1] > SILL) & (west[1:] > SILL) & (east[1:] < SILL)
    assert spilling.sum() > 12
    # steady at the sill: Q = R - e A_W(level), and the level is what Manning needs for that flow
    area = system.storage("west").curve.area_at(0.5 * (west[1:] + west[:-1]))
    expected = 9.0 * KM3 / YEAR - 0.85 / YEAR * area - np.diff(
        result["water_volume"].sel(storage="west").values
    ) / axis.durations
    np.testing.assert_allclose(flow[spilling], expected[spilling], rtol=1e-3)
    assert (flow >= -1e-9).all()
    assert (np.diff(west)[spilling] > -1e-6).all()


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
    assert np.abs(np.diff(joined)).sum() > 20
    level = result["water_level_edge"]
    west, east = level.sel(storage="west").values, level.sel(storage="east").values
    both = (west > SILL) & (east > SILL)
    assert (west - east)[both].min() >= -1e-6
    assert result["link_flow"].values.min() >= -1e-6 * np.abs(result["link_flow"].values).max()


def test_two_basins_kept_apart_are_two_lakes():
    # both start below the sill and stay there: each is the closed lake that it is alone
    axis = TimeAxis.monthly("2000-01-01", "2020-01-01")
    curve = Hypsometry(np.array([300.0, 345.0]), np.array([100 * KM2, 9_100 * KM2]))
    west, east = Storage("west", "lake", curve), Storage("east", "lake", curve)
    strait = Strait("gap", "west", "east", SILL, 3500.0, 10e3, 0.03, 1e-4)
    system = LakeSystem("two", "Two", "local", (west, east), ("west", "east"),
                        rivers=(River("ili", "west"), River("karatal", "east")), links=(strait,))
    forcing = empty_forcing(system, axis)
    forcing["river_flow"][:] = np.array([100.0, 40.0])
    forcing["evaporation_rate"][:] = 0.9 / YEAR
    pair = simulate(system, forcing, initial={"west": 334.0, "east": 330.0})
    assert np.abs(pair["link_flow"].values).max() == 0.0
    for name, start, flow in (("west", 334.0, 100.0), ("east", 330.0, 40.0)):
        alone = LakeSystem("one", "One", "local", (Storage(name, "lake", curve),), (name,),
                           rivers=(River("r", name),))
        single = empty_forcing(alone, axis)
        single["river_flow"][:] = flow
        single["evaporation_rate"][:] = 0.9 / YEAR
        expected = simulate(alone, single, initial=start)["water_level_edge"].values[:, 0]
        found = pair["water_level_edge"].sel(storage=name).values
        np.testing.assert_allclose(found, expected, rtol=0.0, atol=1e-11)
