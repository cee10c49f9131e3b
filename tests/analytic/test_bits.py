"""The same member gives the same bits, whatever stands beside it and however many threads run.

`numpy.array_equal` throughout, with NaN equal to NaN: no tolerance.
"""

from functools import cache

import numpy as np
import pytest

from balkhash_model.forcing import empty_forcing
from balkhash_model.library import load_system
from balkhash_model.simulation import simulate
from balkhash_model.timeaxis import TimeAxis

YEAR = 365.25 * 86400.0
AXIS = TimeAxis.monthly("1968-01-01", "1974-01-01")  # the reservoir is built on the way
PICKED = 7
START = {"west": 342.0, "east": 341.9}
SALINITY = {"west": 1.3, "east": 4.7}


@cache
def rates():
    """River flow, evaporation, release and demand of a thousand members."""
    rng = np.random.default_rng(1970)
    n = 1000
    season = 1.0 + 0.8 * np.sin(2 * np.pi * (AXIS.months - 4) / 12)
    river = rng.gamma(2.0, 150.0, (n, AXIS.n, 3)) * season[:, None]
    evaporation = rng.uniform(0.6, 1.2, (n, 1, 1)) * season[:, None] / YEAR * np.ones(3)
    release = rng.uniform(0.0, 900.0, (n, AXIS.n, 1))
    demand = rng.uniform(0.0, 60.0, (n, AXIS.n, 1))
    # some members run dry at once and go other ways through the solver
    river[3] = 0.0
    evaporation[3] *= 60.0
    river[11::97] *= 0.01
    evaporation[11::97] *= 40.0
    return {
        "river_flow": river,
        "evaporation_rate": np.minimum(evaporation, 9.9e-7),
        "release_demand": release,
        "withdrawal_demand": demand,
    }


def forcing_of(members):
    """Forcing of the members listed; a single number gives forcing without realizations."""
    forcing = empty_forcing(load_system("balkhash"), AXIS)
    for name, values in rates().items():
        dims, attrs = forcing[name].dims, forcing[name].attrs
        if isinstance(members, int):
            forcing[name] = (dims, values[members], attrs)
        else:
            forcing[name] = (("realization", *dims), values[list(members)], attrs)
    return forcing


def run(members, **more):
    return simulate(
        load_system("balkhash"),
        forcing_of(members),
        initial=START,
        initial_salinity=SALINITY,
        **more,
    )


@cache
def alone():
    return run(PICKED)


def differing(result, place, other, other_place=None):
    """Names of the variables in which a member of one result is not the member of another."""
    names = []
    for name in result.data_vars:
        a, b = result[name], other[name]
        a = a.isel(realization=place) if "realization" in a.dims else a
        b = b.isel(realization=other_place) if "realization" in b.dims else b
        numbers = a.dtype.kind == "f"
        if not np.array_equal(a.values, b.values, equal_nan=numbers) and not (
            a.dtype.kind == "M" and np.isnat(a.values) and np.isnat(b.values)
        ):
            names.append(str(name))
    return names


def test_the_comparison_can_see_a_difference():
    result = run([PICKED, PICKED + 1])
    assert differing(result, 0, alone()) == []
    assert "water_volume" in differing(result, 1, alone())
    assert {"salt_mass", "link_flow", "evaporation"} <= set(differing(result, 1, alone()))


@pytest.mark.parametrize("count", [8, 10, 63, 64, 65, 1000])
def test_member_alone_and_among_others(count):
    assert differing(run(range(count)), PICKED, alone()) == []


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_change_nothing(threads):
    members = run(range(200), threads=threads)
    assert differing(members, PICKED, alone()) == []
    once = run(range(200), threads=1)
    for name in once.data_vars:
        numbers = once[name].dtype.kind in "fM"
        assert np.array_equal(once[name].values, members[name].values, equal_nan=numbers), name


def test_order_of_members_changes_nothing():
    # every member in another lane, another block and another company
    order = np.random.default_rng(5).permutation(300)
    shuffled, straight = run(order), run(range(300))
    for place in (0, 1, 63, 64, 150, 255, 256, 299):
        assert differing(shuffled, place, straight, int(order[place])) == []


def test_only_some_variables_by_member():
    # a forcing variable without realizations is shared: as if every member had its copy
    own = forcing_of(range(20))
    rain = np.full((AXIS.n, 3), 0.2 / YEAR)
    shared = own.copy()
    shared["precipitation_rate"][:] = rain
    copied = own.copy()
    copied["precipitation_rate"] = (
        ("realization", "time", "storage"),
        np.broadcast_to(rain, (20, *rain.shape)).copy(),
        own["precipitation_rate"].attrs,
    )
    a, b = (simulate(load_system("balkhash"), f, initial=START) for f in (shared, copied))
    for place in range(20):
        assert differing(a, place, b, place) == []


def test_a_member_that_dries_out_does_not_touch_the_others():
    wet = [m for m in range(64) if m not in (3, 11)]
    beside = run([*wet[:10], 3, *wet[10:30], 11, *wet[30:]])
    status = beside["status"].values
    assert status[10] == 1
    assert status[31] == 1
    without = run(wet)
    assert (without["status"].values != 1).all()
    place = [p for p in range(64) if p not in (10, 31)]
    for there, member in zip(place, range(62), strict=True):
        assert differing(beside, there, without, member) == []
    # and the dry ones are themselves, too
    assert differing(beside, 10, run(3)) == []


def test_the_same_run_twice():
    assert differing(run(range(10)), PICKED, run(range(10)), PICKED) == []


@pytest.mark.parametrize("substeps", [2, 5])
def test_substeps_keep_the_bits_of_a_member(substeps):
    assert (
        differing(run(range(70), substeps=substeps), PICKED, run(PICKED, substeps=substeps)) == []
    )
