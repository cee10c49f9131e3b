"""The lake had Kapshagay not been built, and the closed form of a lasting loss of inflow."""

from __future__ import annotations

import numpy as np
import pytest

import balkhash_model as bm
from balkhash_model.forcing import assemble
from balkhash_model.forcing.reservoir import given_back
from balkhash_model.library import load_system
from balkhash_model.scenario import load_scenario
from balkhash_model.simulation import simulate
from balkhash_model.timeaxis import TimeAxis


def level(ds, year):
    return float(ds["lake_level"].sel(time=str(year)).mean())


def with_gauge(more):
    """`hindcast_free` with more water at Ushzharma."""
    system = load_system("balkhash")
    forcing = assemble(load_scenario("hindcast_free"), system)
    axis = TimeAxis.monthly("1961-01-01", "2015-01-01")
    forcing["gauge_flow"].loc[{"junction": "ushzharma"}] += more(axis, system.parameters)
    start = system.parameters["initial_level_1961"].si
    return simulate(system, forcing, initial={"west": start, "east": start})


@pytest.fixture(scope="module")
def free():
    return bm.run("hindcast_free")


def closed_form(step, years):
    """Rise of a closed lake in equilibrium after a step of inflow, km3/yr, by its linear theory."""
    area, net, slope = 17_152e6, 0.8489, 383e6
    response = area / (net * slope)
    return step * 1e9 / (net * slope) * (1.0 - np.exp(-years / response))


def test_filling_took_a_metre(free):
    without = with_gauge(given_back)
    # nothing differs before 1970
    assert level(without, 1969) == level(free, 1969)
    gain = level(without, 1986) - level(free, 1986)
    # 1.39 km3/yr over 16 years, to half a year after their end
    expected = closed_form(1.39, 16.0)
    print(f"\n1986 without the reservoir {gain:+.2f} m; closed form {expected:+.2f} m")
    assert gain == pytest.approx(expected, abs=0.15)


def test_the_printed_cut_of_the_flow_is_worth_a_metre(free):
    # Duan 2020: 1.167 km3/yr over 1970-1997; about -1.0 m after 17 years
    def more(axis, _):
        inside = (axis.years >= 1970) & (axis.years <= 1997)
        return np.where(inside, 1.167e9 / (365.2425 * 86_400.0), 0.0)

    ds = with_gauge(more)
    edge = free["time_edge"].values.astype("datetime64[D]")
    i = int(np.flatnonzero(edge == np.datetime64("1987-01-01"))[0])
    half = slice(i - 1, i + 1)
    fall = float((free["lake_level"][half] - ds["lake_level"][half]).mean())
    print(f"\nafter 17 years {fall:+.2f} m; closed form {-closed_form(1.167, 17.0):+.2f} m")
    assert fall == pytest.approx(-1.0, abs=0.15)
