"""Random systems in random weather: water is neither made nor lost, nor is salt.

`simulate` raises where the balance of any interval and storage is off by more than 1e-10 of its
scale, so a run that returns has closed; the tests call the check again all the same.
"""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

import balkhash_model as bm
from balkhash_model.forcing import empty_forcing
from balkhash_model.simulation import simulate
from balkhash_model.system import (
    OUTSIDE,
    Delta,
    Groundwater,
    Hypsometry,
    Junction,
    LakeSystem,
    LinearLink,
    Release,
    River,
    Storage,
    Strait,
    Weir,
    Withdrawal,
)
from balkhash_model.timeaxis import TimeAxis

YEAR, DAY = 365.25 * 86400.0, 86400.0
# derandomised and unshrunk: the same systems on every machine, in bounded time
SLOW = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
)


# --- curves -----------------------------------------------------------------------------------


@st.composite
def curves(draw):
    """Areas of one to ten thousand square kilometres, rows a centimetre to ten metres apart."""
    rows = draw(st.integers(2, 12))
    steps = draw(st.lists(st.floats(0.01, 10.0), min_size=rows - 1, max_size=rows - 1))
    rises = draw(
        st.lists(st.one_of(st.just(0.0), st.floats(0.0, 1e9)), min_size=rows - 1, max_size=rows - 1)
    )
    bottom = draw(st.floats(300.0, 340.0))
    area = draw(st.floats(1e4, 1e9)) + np.concatenate(([0.0], np.cumsum(rises)))
    return Hypsometry(bottom + np.concatenate(([0.0], np.cumsum(steps))), area)


fractions = st.lists(st.floats(0.0, 1.2), min_size=1, max_size=20).map(np.array)


@given(curves(), fractions)
def test_level_and_volume_are_inverse(curve, fraction):
    low, high = curve.level[0], curve.level[-1]
    level = low + fraction * (high - low)
    volume = curve.volume_at(level)
    np.testing.assert_allclose(curve.level_at(volume), level, rtol=0.0, atol=1e-9)
    np.testing.assert_allclose(
        curve.volume_at(curve.level_at(volume)), volume, rtol=1e-12, atol=1e-9 * curve.area[-1]
    )


@given(curves(), fractions)
def test_curve_is_monotone(curve, fraction):
    level = curve.level[0] + np.sort(fraction) * (curve.level[-1] - curve.level[0])
    assert (np.diff(curve.area_at(level)) >= -1e-12 * curve.area[-1]).all()
    volume = curve.volume_at(level)
    assert (volume >= 0.0).all()
    assert (np.diff(volume) >= -1e-12 * volume.max()).all()
    assert (np.diff(curve.level_at(np.sort(volume))) >= -1e-10).all()


@given(curves(), fractions)
def test_area_is_the_derivative_of_volume(curve, fraction):
    # between h and h + d the mean area lies between the areas at both ends, since A does not fall
    span = curve.level[-1] - curve.level[0]
    level = curve.level[0] + fraction * span
    d = 0.05 * span
    mean = (curve.volume_at(level + d) - curve.volume_at(level)) / d
    slack = 1e-9 * curve.area[-1]
    assert (mean >= curve.area_at(level) - slack).all()
    assert (mean <= curve.area_at(level + d) + slack).all()
    # and where no row lies between, the volume is the trapezoid exactly
    alone = ~((curve.level[:, None] > level) & (curve.level[:, None] < level + d)).any(axis=0)
    trapezoid = 0.5 * (curve.area_at(level) + curve.area_at(level + d))
    np.testing.assert_allclose(mean[alone], trapezoid[alone], rtol=1e-7)


# --- systems ----------------------------------------------------------------------------------


@st.composite
def links(draw, storages, junction):
    """Straits, weirs and linear links between neighbours, and ways out."""
    made = []
    names = [x.name for x in storages]
    bottom = {x.name: float(x.curve.level[0]) for x in storages}
    ceiling = {x.name: float(x.curve.level[-1]) for x in storages}
    for i, (a, b) in enumerate(pairwise(names)):
        kind = draw(st.sampled_from(["strait", "weir", "linear", "none"]))
        # a sill lies above both beds, and where both storages can reach it
        low, high = max(bottom[a], bottom[b]), min(ceiling[a], ceiling[b])
        sill = low + draw(st.floats(0.05, 0.95)) * (high - low)
        if not low < sill < high:
            continue
        if kind == "strait":
            made.append(
                Strait(
                    f"l{i}",
                    a,
                    b,
                    sill,
                    draw(st.floats(1.0, 1e4)),
                    draw(st.floats(1e3, 2e4)),
                    0.03,
                    draw(st.floats(1e-5, 1e-3)),
                )
            )
        elif kind == "weir":
            made.append(Weir(f"l{i}", a, b, sill, draw(st.floats(1.0, 500.0))))
        elif kind == "linear":
            made.append(LinearLink(f"l{i}", a, b, draw(st.floats(0.0, 1e5))))
    if draw(st.booleans()):
        crest = bottom[names[0]] + draw(st.floats(0.05, 0.95)) * (
            ceiling[names[0]] - bottom[names[0]]
        )
        made.append(Weir("out", names[0], OUTSIDE, crest, 50.0))
    target = "fork" if junction else draw(st.sampled_from([OUTSIDE, names[-1]]))
    if target != names[0]:
        made.append(Release("gate", names[0], target))
    return tuple(made)


@st.composite
def systems(draw):
    """One to four storages in a row, links, perhaps a junction with a delta, users."""
    count = draw(st.integers(1, 4))
    names = [f"s{i}" for i in range(count)]
    storages = tuple(
        Storage(n, draw(st.sampled_from(["lake", "reservoir"])) if i else "lake", draw(curves()))
        for i, n in enumerate(names)
    )
    junction = draw(st.booleans())
    fork, deltas = (), ()
    if junction:
        flow = np.array([0.0, 10.0, 100.0, 1e4])
        slopes = draw(st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3))
        loss = np.concatenate(([0.0], np.cumsum(np.diff(flow) * slopes)))
        to = draw(st.sampled_from([*names, OUTSIDE]))
        fork = (Junction("fork", "side", draw(st.floats(0.0, 1.0))),)
        deltas = (Delta("delta", "fork", to, "mouth", "loss", flow, loss),)
    rivers = tuple(River(f"r{i}", n, 0.5 * i) for i, n in enumerate(names))
    shares = tuple((n, 1.0 / count) for n in names)
    users = tuple(Withdrawal(f"u{i}", draw(st.sampled_from(names))) for i in range(2))
    return LakeSystem(
        "random",
        "A random system",
        "local",
        storages,
        tuple(s.name for s in storages if s.kind == "lake"),
        fork,
        rivers,
        draw(links(storages, junction)),
        deltas,
        Groundwater(shares, 0.3),
        users,
    )


@st.composite
def axes(draw):
    """Days, months, years and anything between, mixed."""
    lengths = draw(
        st.lists(
            st.one_of(st.sampled_from([1.0, 30.0, 365.0]), st.floats(0.01, 500.0)),
            min_size=1,
            max_size=25,
        )
    )
    edges = np.concatenate(([0.0], np.cumsum(np.array(lengths) * DAY))).astype("timedelta64[s]")
    return TimeAxis.irregular(np.datetime64("1990-01-01", "s") + edges)


@st.composite
def cases(draw, *, closed=False):
    """Make a system, its forcing and its start.

    In a closed case no water that carries salt crosses the border.
    """
    system = draw(systems())
    axis = draw(axes())
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    forcing = empty_forcing(system, axis)

    def fill(name, choices, scale):
        """Zero, ordinary and extreme values mixed, of either sign where allowed."""
        values = rng.choice(np.array(choices), forcing[name].shape)
        forcing[name][:] = values * rng.uniform(0.5, 1.0, values.shape) * scale

    fill("precipitation_rate", [0.0, 0.3, 3.0], 1.0 / YEAR)
    fill("evaporation_rate", [0.0, 0.9, 10.0, -0.1], 1.0 / YEAR)
    if closed:
        system = LakeSystem(
            system.name,
            system.title,
            system.datum,
            system.storages,
            system.lake,
            links=tuple(x for x in system.links if x.target in system.storage_names()),
        )
        kept = forcing
        forcing = empty_forcing(system, axis)
        for name in ("precipitation_rate", "evaporation_rate"):
            forcing[name][:] = kept[name].values
    else:
        fill("river_flow", draw(st.sampled_from([[0.0], [0.0, 50.0, 5e3], [-30.0, 0.0, 100.0]])), 1)
        fill("groundwater_flow", [0.0, 10.0, -10.0], 1.0)
        fill("side_inflow", [0.0, 60.0, -60.0], 1.0)
        fill("withdrawal_demand", [0.0, 5.0, 1e3], 1.0)
        if draw(st.booleans()):
            gauged = rng.choice([np.nan, 0.0, 80.0], forcing["gauge_flow"].shape)
            forcing["gauge_flow"][:] = gauged
    if forcing["release_demand"].size:
        fill("release_demand", [0.0, 20.0, 2e3], 1.0)
    initial = {}
    for s in system.storages:
        part = draw(st.sampled_from([0.0, 0.01, 0.3, 0.6, 0.9, 1.0]))
        initial[s.name] = float(s.curve.level[0] + part * (s.curve.level[-1] - s.curve.level[0]))
    salinity = {n: float(rng.uniform(0.0, 5.0)) for n in system.storage_names()}
    return system, forcing, initial, salinity


def check_physical(result):
    assert np.isfinite(result["water_volume"].values).all()
    assert np.isfinite(result["salt_mass"].values).all()
    assert result["water_volume"].values.min() >= 0.0
    assert result["salt_mass"].values.min() >= 0.0
    if result["shortage"].size:
        demand = (result["shortage"] + result["abstraction_by_user"]).values
        assert result["shortage"].values.min() >= -1e-12 * max(demand.max(), 1.0)
        assert result["abstraction_by_user"].values.min() >= 0.0


@SLOW
@given(cases(), st.sampled_from([1, 1, 1, 3]))
def test_water_closes_in_any_system(case, substeps):
    system, forcing, initial, salinity = case
    result = simulate(
        system, forcing, initial=initial, initial_salinity=salinity, substeps=substeps
    )
    bm.check_balance(result, rtol=1e-10)
    check_physical(result)
    # the whole, by an account of its own: states against what crosses the border
    seconds = forcing["time_bnds"].values.astype("datetime64[s]").astype(float) @ [-1.0, 1.0]
    own = ["river_inflow", "precipitation", "evaporation", "groundwater_inflow", "abstraction"]
    border = sum(result[name].values.sum(axis=1) for name in own)
    through = sum(np.abs(result[name].values).sum(axis=1) for name in own)
    inside = system.storage_names()
    for i, (a, b) in enumerate(system.link_ends()):
        passed = result["link_flow"].values[:, i]
        border = border + passed * ((b in inside) * 1.0 - (a in inside) * 1.0)
        through = through + np.abs(passed)
    volume = result["water_volume"].values.sum(axis=1)
    gained = np.concatenate(([0.0], np.cumsum(border * seconds)))
    size = np.abs(volume).max() + (through * seconds).sum() + 1.0
    np.testing.assert_allclose(volume, volume[0] + gained, rtol=0.0, atol=1e-9 * size)


@SLOW
@given(cases())
def test_what_meets_at_a_junction_leaves_it(case):
    system, forcing, initial, _ = case
    assume(system.junctions)
    result = simulate(system, forcing, initial=initial)
    named = {n: result["link_flow"].sel(link=n).values for n in system.link_names()}
    arrived = sum(named[x.name] for x in system.links if x.target == "fork") + named["side"]
    gone = named["delta"] + named["loss"]
    size = np.abs(arrived) + np.abs(gone) + np.abs(named["side"]) + 1.0
    assert (np.abs(arrived - gone) <= 1e-10 * size).all()
    assert (named["loss"] >= -1e-9 * size).all()
    gauge = forcing["gauge_flow"].values[:, 0]
    seen = np.isfinite(gauge)
    assert (np.abs(arrived - gauge)[seen] <= 1e-10 * size[seen]).all()
    # a delta loses no more than what comes
    came = arrived > 0.0
    came &= named["delta"] >= 0.0
    assert (named["loss"] <= np.abs(arrived) * (1.0 + 1e-9) + 1e-9)[came].all()


@SLOW
@given(cases(closed=True))
def test_salt_of_a_closed_system_is_conserved(case):
    # rain and evaporation carry none, and what one storage loses another gains
    system, forcing, initial, salinity = case
    result = simulate(
        system,
        forcing,
        initial=initial,
        initial_salinity={n: salinity[n] for n in system.storage_names()},
    )
    check_physical(result)
    total = result["salt_mass"].values.sum(axis=1)
    np.testing.assert_allclose(total, total[0], rtol=1e-12, atol=1e-9)


@SLOW
@given(cases())
def test_salt_grows_by_no_more_than_what_comes_in(case):
    system, forcing, initial, salinity = case
    result = simulate(system, forcing, initial=initial, initial_salinity=salinity)
    seconds = forcing["time_bnds"].values.astype("datetime64[s]").astype(float) @ [-1.0, 1.0]
    rivers = np.maximum(forcing["river_flow"].values, 0.0) @ [r.salinity for r in system.rivers]
    ground = np.maximum(forcing["groundwater_flow"].values, 0.0).sum(axis=1) * 0.3
    side = 0.0
    if system.junctions:
        flow = result["link_flow"].sel(link="side").values
        # what came within an interval is at least its mean; a gauge may swing about zero within it
        side = np.maximum(flow, 0.0) * system.junctions[0].salinity
        assume((forcing["gauge_flow"].isnull()).all())
    total = result["salt_mass"].values.sum(axis=1)
    limit = total[0] + np.concatenate(([0.0], np.cumsum((rivers + ground + side) * seconds)))
    assert (total <= limit * (1.0 + 1e-11) + 1e-6).all()


@settings(SLOW, max_examples=10)
@given(cases(), st.integers(2, 5))
def test_members_close_like_a_single_run(case, members):
    system, forcing, initial, salinity = case
    single = simulate(system, forcing, initial=initial, initial_salinity=salinity)
    values = forcing["evaporation_rate"].values
    several = forcing.copy()
    several["evaporation_rate"] = (
        ("realization", "time", "storage"),
        np.stack([values * (1.0 + 0.1 * i) for i in range(members)]),
        forcing["evaporation_rate"].attrs,
    )
    result = simulate(system, several, initial=initial, initial_salinity=salinity)
    bm.check_balance(result)
    first = result.isel(realization=0)
    assert np.array_equal(first["water_volume"].values, single["water_volume"].values)
    assert np.array_equal(first["salt_mass"].values, single["salt_mass"].values)


def test_a_balance_that_does_not_close_is_seen():
    # the guard itself: a millionth of one flux more, and the check names the place
    system = LakeSystem(
        "one",
        "One",
        "local",
        (Storage("pond", "lake", Hypsometry(np.array([0.0, 9.0]), np.array([1e8, 1e9]))),),
        ("pond",),
        rivers=(River("brook", "pond"),),
    )
    axis = TimeAxis.monthly("2000-01-01", "2001-01-01")
    forcing = empty_forcing(system, axis)
    forcing["river_flow"][:] = 10.0
    result = simulate(system, forcing, initial=4.0)
    result["river_inflow"][5] *= 1.0 + 1e-6
    with pytest.raises(bm.WaterBalanceError, match=r"'pond' does not close from 2000-06-01"):
        bm.check_balance(result)
