"""Ecosystem and water quality: hand-made courses, thresholds with their sources, missing ones."""

import numpy as np
import pytest
import xarray as xr

import balkhash_model as bm
from balkhash_model.diagnostics import ecosystem_indicators, ecosystem_members, limits
from balkhash_model.errors import InputError

YEAR = 365.2425 * 86400.0


def made(**change: object) -> xr.Dataset:
    """Two years of months with numbers that can be counted by hand; 1999 and 2000."""
    edges = np.arange("1999-01", "2001-02", dtype="datetime64[M]").astype("datetime64[s]")
    n = edges.size - 1
    month = np.arange(n) % 12 + 1
    level = np.where(np.arange(n) < 6, 340.5, 341.5)  # January to June 1999 below
    west = np.full(n + 1, 1.0)
    west[13:] = 3.0  # from 1 February 2000
    flow = np.zeros((n, 3))
    flow[:, 0] = np.where((month >= 3) & (month <= 5), 300.0, 100.0)
    flow[12:, 0] += 50.0
    flow[:, 1], flow[:, 2] = 10.0, 1000.0
    area = np.where(np.arange(n) < 12, 17.0e9, 16.5e9)
    return xr.Dataset(
        {
            "lake_level": ("time", change.get("level", level)),
            "water_level": (("time", "storage"), np.stack([level, level], axis=1)),
            "salinity": (("time_edge", "storage"), np.stack([west, 5.0 * west], axis=1)),
            "link_flow": (("time", "link"), flow),
            "lake_area": ("time", area),
            "lake_connected": ("time", np.where(np.arange(n) == 3, 0, 1).astype("int8")),
        },
        coords={
            "time": edges[:-1] + np.diff(edges) // 2,
            "time_edge": edges,
            "storage": ["west", "east"],
            "storage_kind": ("storage", ["lake", "lake"]),
            "link": ["release", "reach", "mouth"],
            "link_from": ("link", ["outside", "outside", "head"]),
            "link_to": ("link", ["head", "head", "west"]),
        },
        attrs={"system": "balkhash"},
    )


def test_each_indicator_by_hand():
    [row] = ecosystem_members(made(), {"east_fish": "12 g/l", "delta_spring": 2.5}).to_dict(
        "records"
    )
    day = 86400.0
    assert row["years_below_level"] == pytest.approx(181 * day / YEAR)
    # the mean of both edges: 2 g/l in January 2000 is not above 2, and 10 not above 12 in the East
    above = (366 - 31) * day / YEAR
    assert row["west_irrigation_severe"] == row["east_fish"] == pytest.approx(above)
    assert row["west_drinking_unacceptable"] == pytest.approx(366 * day / YEAR)
    assert row["west_irrigation_restricted"] == pytest.approx(731 * day / YEAR)
    assert row["west_salinity"] == pytest.approx((2.0 * 31 + 3.0 * 335) / 366)
    assert row["east_salinity"] == pytest.approx(5 * row["west_salinity"])
    # March to May has 92 days; what flows into the head of the delta, not out of it
    spring = [(310.0 + extra) * 92 * day / 1e9 for extra in (0.0, 50.0)]
    assert row["delta_spring_flow"] == pytest.approx(np.mean(spring))
    assert row["delta_flooded"] == 1  # 2.46 and 2.86 km3
    assert row["area_lost"] == pytest.approx(500.0)
    assert row["shore_retreat"] == pytest.approx(500e6 / 2385e3)
    assert row["years_separate"] == pytest.approx(30 * day / YEAR)


def test_other_months_make_another_spring():
    found = ecosystem_members(made(), spring=(6,))["delta_spring_flow"].iloc[0]
    assert found == pytest.approx((110.0 + 160.0) / 2 * 30 * 86400.0 / 1e9)


def test_thresholds_are_printed_ones_with_their_source():
    found = {name: (x.value, x.unit, x.source) for name, x in limits().items()}
    assert found == {
        "level": (341.0, "m", "kz_ministry2021"),
        "irrigation_restricted": (0.45, "g/l", "fao29"),
        "irrigation_severe": (2.0, "g/l", "fao29"),
        "drinking_good": (0.6, "g/l", "who_tds"),
        "drinking_unacceptable": (1.2, "g/l", "who_tds"),
        "east_fish": (None, "g/l", "none printed: give east_fish"),
        "delta_spring": (None, "km3", "none printed: give delta_spring"),
    }
    from balkhash_model import reference

    assert {x[2] for x in found.values() if x[0]} <= set(reference.sources())


def test_what_has_no_threshold_says_so():
    table = ecosystem_indicators(made())
    for name in ("east_fish", "delta_flooded"):
        assert np.isnan(table.loc[name, "value"])
        assert table.loc[name, "threshold"] == ""
        assert table.loc[name, "source"].startswith("none printed: give ")
    given = ecosystem_indicators(made(), {"east_fish": "8000 mg/l", "delta_spring": "2.5 km3"})
    assert given.loc["east_fish", ["threshold", "source"]].tolist() == ["8 g/l", "user"]
    assert given.loc["delta_flooded", ["threshold", "value"]].tolist() == ["2.5 km3", 1.0]


def test_a_basin_without_water_is_below_every_level():
    dry = np.full(24, np.nan)
    result = made(level=dry).assign(water_level=(("time", "storage"), np.full((24, 2), np.nan)))
    assert ecosystem_members(result)["years_below_level"].iloc[0] == pytest.approx(
        731 * 86400.0 / YEAR
    )


def test_members_give_median_and_range():
    base = made()
    step = xr.DataArray([0.0, 1.0, 2.0], dims="realization")
    several = base.assign(lake_level=base["lake_level"] + step)
    assert len(ecosystem_members(several)) == 3
    row = ecosystem_indicators(several).loc["years_below_level"]
    assert row["value"] == 0.0
    assert row["high"] > 0.0


def test_another_lake_is_not_held_against_the_level_of_balkhash():
    other = made().assign_attrs(system="aral")
    assert {"years_below_level", "shore_retreat"} & set(ecosystem_members(other)) == set()
    assert "years_below_level" in ecosystem_members(other, {"level": "42 m"})


def test_a_result_without_salt_has_no_salinity():
    found = set(ecosystem_members(made().drop_vars(["salinity", "link_flow"])))
    assert found == {"years_below_level", "area_lost", "shore_retreat", "years_separate"}


def test_wrong_thresholds_are_told_at_once():
    with pytest.raises(InputError) as told:
        limits({"east_fsh": "6 g/l", "delta_spring": "6 g/l", "level": "341"})
    text = str(told.value)
    assert "3 problems" in text
    assert "Nearest: east_fish" in text


def test_compare_shows_them_for_runs_and_ensembles(hindcast_free):
    found = bm.compare(hindcast_free, "no_kapshagay", limits={"east_fish": "5 g/l"})
    table = found.ecosystem["hindcast_free"]
    assert table.loc["east_fish", "source"] == "user"
    # the same count as the level indicator beside it
    assert table.loc["years_below_level", "value"] == pytest.approx(
        found.indicators.loc["hindcast_free", "years_below"]
    )
    with pytest.raises(InputError, match="no such threshold"):
        bm.compare(hindcast_free, "no_kapshagay", limits={"fish": 5.0})
