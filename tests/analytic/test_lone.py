"""Storages that nothing joins are solved in closed form, with or without salt and fluxes.

The kernel takes them three ways: in one loop (volumes alone), stage by stage (salt or fluxes), and
by Newton's method where the closed form does not hold. The first two must give the same bits; what
they give is compared with stages solved by bisection in long double.
"""

from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import balkhash_model.kernel.march as kernel
from balkhash_model import packing
from balkhash_model.kernel.layout import CLIMATE, INFLOWS, USE, Forcing
from balkhash_model.kernel.lone_march import CHUNK
from balkhash_model.system import Deposition, Hypsometry, LakeSystem, River, Storage, Withdrawal

DAY = 86400.0
MODES = [(False, False), (False, True), (True, False), (True, True)]  # salt, fluxes
STEEP = Hypsometry(np.array([0.0, 1.0, 3.0, 6.0, 10.0]), 1e6 * np.array([80, 100, 150, 260, 300]))
#: Rows of five centimetres, so that a step goes through many of them; every second is flat.
FINE = Hypsometry(
    np.linspace(0.0, 12.0, 241), 1e6 * np.repeat(np.linspace(100.0, 220.0, 121), 2)[:241]
)


def system_of(*curves, users=1, deposition=None):
    names = [f"lake{i}" for i in range(len(curves))]
    lakes = [
        Storage(name, "lake", curve, deposition=deposition)
        for name, curve in zip(names, curves, strict=True)
    ]
    return LakeSystem(
        "lone",
        "Lone lakes",
        "local",
        tuple(lakes),
        tuple(names),
        rivers=tuple(River(f"river of {n}", n) for n in names),
        withdrawals=tuple(
            Withdrawal(f"user {i} of {n}", n, 1.0, priority=1 + i % 2)
            for n in names
            for i in range(users)
        ),
    )


def pack(system, volume, *, climate, inflow, use, duration, which=None, curves=None, salt=None):
    """Graph and forcing; rates are (t, set, rows), and `which` is (3, member) where given."""
    graph = packing.pack(system)
    steps, (ns, members) = duration.size, volume.shape
    if which is None:
        which = np.stack(
            [
                np.arange(members) if x.shape[1] > 1 else np.zeros(members, int)
                for x in (climate, inflow, use)
            ]
        )[:, None]
    return graph, Forcing(
        duration=duration,
        active=np.ones((steps, ns), dtype=bool),
        opening=np.zeros((steps, 0)),
        gauged=np.zeros((steps, 0), dtype=bool),
        climate=climate,
        inflow=inflow,
        use=use,
        turn=np.minimum(np.arange(steps) * which.shape[1] // steps, which.shape[1] - 1),
        which=which,
        curve_index=np.tile(np.arange(ns)[:, None], members) if curves is None else curves,
        initial_volume=volume,
        initial_salt=2.0 * volume if salt is None else salt,
    )


def months(rng, system, members, steps, *, sets=1, dry=0.0, wet=0.0):
    """Random rates of each group: climate of `sets`, inflow of each member, shared use."""
    ns, nu = len(system.storages), len(system.withdrawals)
    season = 1.0 + 0.9 * np.sin(2 * np.pi * np.arange(steps) / 12)[:, None, None]
    climate = rng.uniform(0.0, 2e-8, (steps, sets, 2 * ns)) * season
    climate[:, :, ns:] += rng.uniform(1e-8, 4e-8, (steps, sets, ns))
    inflow = np.zeros((steps, members, 3 * ns))
    inflow[:, :, :ns] = rng.gamma(2.0, 2.5, (steps, members, ns)) * season[::-1]
    inflow[:, :, ns : 2 * ns] = -rng.uniform(0.0, 0.5, (steps, members, ns))
    inflow[:, :, 2 * ns :] = 0.3 * inflow[:, :, :ns]
    if dry:
        inflow[:, ::7, :ns] *= 1.0 - dry
        inflow[:, ::7, ns : 2 * ns] *= 10.0
    if wet:
        inflow[:, 3::11, :ns] *= 1.0 + wet
    use = np.zeros((steps, 1, 3 * nu))
    use[:, :, :nu] = rng.uniform(0.0, 3.0 / max(nu, 1), (steps, 1, nu))
    return {"climate": climate, "inflow": inflow, "use": use, "duration": np.full(steps, 30 * DAY)}


def take(forcing, members):
    """The forcing of some members alone."""
    return forcing._replace(
        which=forcing.which[:, :, members],
        curve_index=forcing.curve_index[:, members],
        initial_volume=forcing.initial_volume[:, members],
        initial_salt=forcing.initial_salt[:, members],
    )


@cache
def cases():
    """Forcing of some hundred members, in every way in which members share and differ."""
    rng = np.random.default_rng(77)
    made = {}
    one = system_of(FINE)
    start = rng.uniform(3e8, 1e9, (1, 300))
    made["plain"] = pack(one, start, **months(rng, one, 300, 60))
    made["dry and wet"] = pack(one, start, **months(rng, one, 300, 60, dry=0.9, wet=6.0))
    two = system_of(STEEP, FINE, users=3, deposition=Deposition(above=5.0, time=3e8))
    start = rng.uniform(2e8, 9e8, (2, 290))
    rates = months(rng, two, 290, 48, sets=5)
    which = np.zeros((3, 4, 290), dtype=np.int64)
    which[CLIMATE] = rng.integers(0, 5, (4, 290))
    which[INFLOWS] = rng.integers(0, 290, (4, 290))
    which[INFLOWS, 1], which[INFLOWS, 2] = np.arange(290), 17
    which[USE] = 0
    curves = rng.integers(0, 2, (2, 290))
    made["turns and curves"] = pack(two, start, which=which, curves=curves, **rates)
    bad = months(rng, one, 200, 36)
    bad["inflow"][20, 70, 0] = np.nan
    bad["inflow"][9, 150, 0] = np.inf
    start = rng.uniform(3e8, 1e9, (1, 200))
    start[0, 5], start[0, 199] = 0.0, 5e9  # empty, and above the brim
    made["not numbers"] = pack(one, start, **bad)
    # users draw a small pond several times in a step, where salt could fall below zero
    pond = system_of(Hypsometry(np.array([0.0, 5.0]), np.array([1e6, 2e6])), users=2)
    rates = months(rng, pond, 130, 40)
    rates["inflow"][:, :, 0] = rng.uniform(1.0, 12.0, (40, 130))
    rates["use"][:, :, :2] = rng.uniform(2.0, 5.0, (40, 1, 2))
    made["flushed"] = pack(pond, rng.uniform(1e5, 6e6, (1, 130)), **rates)
    return made


def same(a, b):
    return np.array_equal(a, b, equal_nan=True)


@pytest.mark.parametrize("substeps", [1, 3])
@pytest.mark.parametrize(
    "name", ["plain", "dry and wet", "turns and curves", "not numbers", "flushed"]
)
def test_volumes_have_the_same_bits_with_or_without_salt_and_fluxes(name, substeps):
    graph, forcing = cases()[name]
    results = [
        kernel.march(graph, forcing, substeps=substeps, with_salt=salt, fluxes=fluxes, threads=1)
        for salt, fluxes in MODES
    ]
    for other in results[1:]:
        assert same(results[0].volume, other.volume)
        for field in ("status", "status_storage", "status_time"):
            assert same(getattr(results[0], field), getattr(other, field)), field
    assert same(results[2].salt, results[3].salt)
    if name == "dry and wet":
        assert set(results[0].status.tolist()) == {0, 1, 2}
    if name == "not numbers":
        assert np.flatnonzero(results[0].status).tolist() == [5, 70, 150, 199]
    if name == "flushed":
        assert results[2].salt[1:].min() > 0.0


@pytest.mark.parametrize("name", ["plain", "dry and wet", "turns and curves", "flushed"])
def test_a_member_has_the_same_bits_alone_and_on_any_number_of_threads(name):
    graph, forcing = cases()[name]
    mode = {"with_salt": False, "fluxes": False}
    many = kernel.march(graph, forcing, threads=1, **mode)
    for threads in (2, 3):
        other = kernel.march(graph, forcing, threads=threads, **mode)
        assert same(many.volume, other.volume)
        assert same(many.status_time, other.status_time)
    order = np.random.default_rng(3).permutation(forcing.which.shape[2])
    assert same(kernel.march(graph, take(forcing, order), **mode).volume, many.volume[:, :, order])
    last = forcing.which.shape[2] - 1
    for member in (0, 3, 6, 7, 14, 63, 64, min(255, last), min(256, last), last):
        one = kernel.march(graph, take(forcing, [member]), **mode)
        assert same(one.volume[:, :, 0], many.volume[:, :, member])
        assert one.status[0] == many.status[member]


def blocks_left(monkeypatch, graph, forcing):
    """Members that the one loop hands on."""
    found = []

    def noted(left, members):
        found.append(runs(left, members))
        return found[-1]

    runs = kernel.runs_of
    monkeypatch.setattr(kernel, "runs_of", noted)
    kernel.march(graph, forcing, with_salt=False, fluxes=False)
    monkeypatch.undo()
    return found[0]


def test_only_blocks_with_a_step_that_is_not_plain_are_marched_anew(monkeypatch):
    graph, forcing = cases()["plain"]
    assert blocks_left(monkeypatch, graph, forcing) == []
    volume = forcing.initial_volume.copy()
    volume[0, 130] = 5e9
    assert CHUNK > 192
    above = forcing._replace(initial_volume=volume)
    assert blocks_left(monkeypatch, graph, above) == [(128, 192)]
    graph, forcing = cases()["dry and wet"]
    assert blocks_left(monkeypatch, graph, forcing) == [(0, 300)]


def test_a_storage_that_is_not_there_yet_does_not_use_the_one_loop():
    graph, forcing = cases()["turns and curves"]
    active = forcing.active.copy()
    active[:20, 1] = False
    later = forcing._replace(active=active)
    a = kernel.march(graph, later, with_salt=False, fluxes=False)
    b = kernel.march(graph, later, with_salt=True, fluxes=True)
    assert same(a.volume, b.volume)
    assert (a.volume[:21, 1] == forcing.initial_volume[1]).all()
    assert (a.volume[21, 1] != forcing.initial_volume[1]).all()


# --- what a step is ----------------------------------------------------------------------------


def reference(graph, forcing, substeps=1):
    """Volumes (t + 1, member) of one storage, each stage by bisection in long double."""
    long = np.longdouble
    table = graph.table[: graph.curve_row[1] if graph.curve_row.size > 1 else None].astype(long)
    begin = table[:-1, 0]
    g = 1 - np.sqrt(long(0.5))
    volume = forcing.initial_volume[0].astype(long)
    made = [volume]
    sets = forcing.which[:, 0]
    users = graph.user_place.size
    for t, seconds in enumerate(forcing.duration):
        climate, inflow = forcing.climate[t][sets[0]], forcing.inflow[t][sets[1]]
        rains = climate[:, 0].astype(long) - climate[:, 1]
        brings = inflow[:, 0].astype(long) + inflow[:, 1]
        brings = brings - forcing.use[t][sets[2]][:, :users].sum(axis=1)

        def net(v, rains=rains, brings=brings):
            at = np.searchsorted(begin, v, side="right") - 1
            _, _, area, rise, below = table[at].T
            return brings + rains * np.sqrt(area**2 + 2 * rise * (v - below))

        dt = long(seconds) / substeps
        for _ in range(substeps):
            base = volume
            for share in (0, 1 - g):
                base = volume + share * dt * net(base)
                low, high = 0.2 * volume, 3 * volume
                for _ in range(90):
                    middle = (low + high) / 2
                    up = base + g * dt * net(middle) > middle
                    low, high = np.where(up, middle, low), np.where(up, high, middle)
                base_of, base = base, (low + high) / 2
            volume = base_of + g * dt * net(base)
        made.append(volume)
    return np.array(made)


@pytest.mark.parametrize("substeps", [1, 2])
def test_steps_are_those_of_bisection_in_long_double(substeps):
    graph, forcing = cases()["plain"]
    few = take(forcing, np.arange(40))
    found = kernel.march(graph, few, substeps=substeps, with_salt=False, fluxes=False)
    assert (found.status == 0).all()
    expected = reference(graph, few, substeps)
    np.testing.assert_allclose(
        found.volume[:, 0], expected.astype(float), rtol=2e-13 * few.duration.size**0.5
    )
    # up and down through rows, many at once, flat ones among them
    row = np.searchsorted(graph.table[:-1, 0], found.volume[:, 0], side="right")
    jumps = np.diff(row, axis=0)
    assert jumps.max() >= 3
    assert jumps.min() <= -3
    assert (graph.table[row - 1, 3] == 0.0).any()
    assert (graph.table[row - 1, 3] > 0.0).any()


@st.composite
def ponds(draw):
    """A curve of rows from a centimetre to metres, and members on it that neither dry nor brim."""
    rows = draw(st.integers(2, 12))
    step = draw(st.lists(st.floats(0.01, 5.0), min_size=rows - 1, max_size=rows - 1))
    rise = draw(
        st.lists(st.one_of(st.just(0.0), st.floats(0.0, 3e8)), min_size=rows - 1, max_size=rows - 1)
    )
    level = np.concatenate(([0.0], np.cumsum(step)))
    area = draw(st.floats(1e7, 1e9)) + np.concatenate(([0.0], np.cumsum(rise)))
    # deep water above and below keeps members off the toe and the brim
    level = np.concatenate(([-20.0], level, [level[-1] + 20.0]))
    area = np.concatenate((area[:1], area, area[-1:]))
    return Hypsometry(level, area), draw(st.integers(0, 2**32 - 1))


@given(ponds())
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
)
def test_random_ponds(pond):
    curve, seed = pond
    rng, members, steps = np.random.default_rng(seed), 20, 12
    system = system_of(curve, users=2)
    depth = rng.uniform(0.0, 4e-7, (steps, 1, 2))
    wet = curve.area[-1]
    inflow = np.zeros((steps, members, 3))
    # inflow and use up to some metres in a month
    inflow[:, :, 0] = rng.uniform(0.0, 1.0, (steps, members)) * wet * 6e-7
    use = np.zeros((steps, 1, 6))
    use[:, :, :2] = rng.uniform(0.0, 0.3, (steps, 1, 2)) * wet * 6e-7
    start = curve.volume_at(rng.uniform(0.0, curve.level[-2], members))
    graph, forcing = pack(
        system,
        start[None],
        climate=depth,
        inflow=inflow,
        use=use,
        duration=rng.uniform(5.0, 30.0, steps) * DAY,
    )
    plain = kernel.march(graph, forcing, with_salt=False, fluxes=False)
    full = kernel.march(graph, forcing, with_salt=True, fluxes=True)
    assert same(plain.volume, full.volume)
    # water is neither made nor lost: fluxes are means over the step, each rounded once or twice
    change = np.diff(full.volume[:, 0], axis=0)
    area, _, evaporating = full.flux[:, 0], full.flux[:, 1], full.flux[:, 2]
    taken = full.flux[:, -2:].sum(axis=1)
    rain, evaporation = depth[:, :, 0], depth[:, :, 1]
    rate = inflow[:, :, 0] + rain * area - evaporation * evaporating - taken
    scale = full.volume.max() + forcing.duration.max() * np.abs(inflow).max()
    np.testing.assert_allclose(
        change, forcing.duration[:, None] * rate, rtol=0.0, atol=1e-14 * scale
    )


def test_newtons_method_gives_the_same_water(monkeypatch):
    graph, forcing = cases()["plain"]
    closed = kernel.march(graph, forcing, with_salt=False, fluxes=False)
    monkeypatch.setattr(kernel, "is_lone", lambda graph: False)
    newton = kernel.march(graph, forcing, with_salt=False, fluxes=False)
    assert not same(closed.volume, newton.volume)
    # Newton's method stops at a tenth of a micrometre
    np.testing.assert_allclose(closed.volume, newton.volume, rtol=0.0, atol=1e-8 * STEEP.area[-1])


def test_drying_is_that_of_newtons_method(monkeypatch):
    graph, forcing = cases()["dry and wet"]
    closed = kernel.march(graph, forcing, with_salt=True, fluxes=True)
    monkeypatch.setattr(kernel, "is_lone", lambda graph: False)
    newton = kernel.march(graph, forcing, with_salt=True, fluxes=True)
    assert same(closed.status, newton.status)
    assert same(closed.status_time, newton.status_time)
    assert (closed.volume >= 0.0).all()
    np.testing.assert_allclose(closed.volume, newton.volume, rtol=0.0, atol=1e-6 * 220e6)
