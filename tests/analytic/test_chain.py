"""Chains of storages: closed form and one number for each strait, beside Newton's method."""

import numpy as np
import pytest

import balkhash_model as bm
from balkhash_model import packing, runs
from balkhash_model.forcing import empty_forcing
from balkhash_model.forcing.check import read_forcing
from balkhash_model.initial_state import initial_volumes
from balkhash_model.kernel import layout, march
from balkhash_model.kernel.chain import is_chain
from balkhash_model.simulation import simulate
from balkhash_model.system import OUTSIDE, Hypsometry, LakeSystem, Release, Storage, Strait
from balkhash_model.timeaxis import TimeAxis

MEMBERS = 70  # more than one block, and not whole ones
WEST, EAST = 1, 2


@pytest.fixture(scope="module")
def case():
    """The packed system of Balkhash and its forcing; members differ in start and inflow."""
    built = runs.build("hindcast_free")
    arrays = read_forcing(built.system, built.forcing)
    volume = initial_volumes(built.system, built.levels, built.axis.edges[0])
    packed, _ = packing.pack_forcing(built.system, arrays, volume, 2.0 * volume, MEMBERS)
    rng = np.random.default_rng(20261122)
    factor = rng.lognormal(0.0, 0.15, (packed.duration.size, MEMBERS, 1))
    which = packed.which.copy()
    which[layout.INFLOWS] = np.arange(MEMBERS)
    spread = rng.uniform(0.9, 1.1, MEMBERS)
    packed = packed._replace(
        initial_volume=volume[:, None] * spread, inflow=packed.inflow * factor, which=which
    )
    return packing.pack(built.system), packed


def with_rule(packed, rate):
    """Kapshagay released towards a volume, within bounds."""
    rows = layout.rows_of(layout.USE, packing.counts(bm.load_system("balkhash")))
    use = packed.use.copy()
    use[:, :, rows["target"].start] = 15e9
    use[:, :, rows["rate"].start] = rate
    use[:, :, rows["least"].start] = 300.0
    use[:, :, rows["most"].start] = 600.0
    return packed._replace(use=use)


def both(monkeypatch, graph, packed, **what):
    """The march as it is, and by Newton's method alone."""
    found = march.march(graph, packed, **what)
    with monkeypatch.context() as patch:
        patch.setattr(march, "is_chain", lambda graph: False)
        other = march.march(graph, packed, **what)
    return found, other


def areas(graph, volume):
    """Areas at volumes (t, storage, member), by the curves that the graph holds."""
    out = np.empty_like(volume)
    for s in range(volume.shape[1]):
        table = graph.table[graph.curve_row[s] :]
        table = table[: np.argmax(np.isinf(table[1:, 0])) + 1]
        row = np.clip(np.searchsorted(table[:, 0], volume[:, s], side="right") - 1, 0, None)
        over = volume[:, s] - table[row, 4]
        out[:, s] = np.sqrt(table[row, 2] ** 2 + 2.0 * table[row, 3] * over)
    return out


def test_what_is_a_chain():
    assert is_chain(packing.pack(bm.load_system("balkhash")))
    assert not is_chain(packing.pack(bm.load_system("aral")))  # a weir between North and South
    graph = packing.pack(bm.load_system("balkhash"))
    assert not is_chain(graph._replace(lowering=np.array([1e-4, 0.0, 2.0])))
    # a release that ends in a storage which releases, and a basin with two straits
    link = graph.link.copy()
    link[0, layout.TO] = 0
    assert not is_chain(graph._replace(link=link))
    twice = np.concatenate((graph.link, graph.link[1:]))
    assert not is_chain(graph._replace(link=twice))
    assert not is_chain(graph._replace(link=graph.link[:0]))
    # a release out of a basin that a strait joins, from either end of it
    for s in (0, 1):
        pond = np.array([[layout.STRAIT, 0, 1], [layout.RELEASE, s, layout.OUTSIDE]])
        assert not is_chain(graph._replace(link=pond, junction_to=graph.junction_to[:0]))


def test_a_release_out_of_a_joined_basin_takes_its_water():
    ponds = tuple(
        Storage(n, "lake", Hypsometry(np.array([0.0, 20.0]), np.array([1e8, 2e8])))
        for n in ("a", "b")
    )
    strait = Strait("narrows", "a", "b", 2.0, 200.0, 5e3, 0.03, 1e-4)
    system = LakeSystem(
        "ponds",
        "Two ponds",
        "local",
        ponds,
        ("a", "b"),
        links=(strait, Release("gate", "a", OUTSIDE)),
    )
    axis = TimeAxis.monthly("2001-01-01", "2001-04-01")
    forcing = empty_forcing(system, axis)
    forcing["release_demand"][:] = 8.0
    found = simulate(system, forcing, initial=8.0)
    gone = found["water_volume"].sum("storage")
    drawn = float(gone[0] - gone[-1])
    assert drawn == pytest.approx(8.0 * float(axis.durations.sum()), rel=1e-9)


@pytest.mark.parametrize("rate", [0.0, 1.0 / (90.0 * 86400.0), 1.0 / (10.0 * 86400.0)])
def test_it_agrees_with_newtons_method(case, monkeypatch, rate):
    graph, packed = case
    found, other = both(monkeypatch, graph, with_rule(packed, rate), fluxes=False)
    assert not found.status.any()
    apart = np.abs(found.volume - other.volume) / areas(graph, other.volume)
    # both solve a stage to a tenth of a micrometre; a short step here and there adds to that
    assert apart.max() < 2e-6
    np.testing.assert_allclose(found.salt, other.salt, rtol=1e-6, atol=1e3)
    assert np.abs(found.volume - other.volume).max() > 0.0  # two ways, indeed


def test_the_same_bits_alone_and_in_company_with_salt_and_fluxes_or_without(case):
    graph, packed = case
    packed = with_rule(packed, 1.0 / (90.0 * 86400.0))
    whole = march.march(graph, packed, threads=1)
    for salt, fluxes, threads in ((False, False, 2), (True, False, 1), (False, True, 2)):
        other = march.march(graph, packed, with_salt=salt, fluxes=fluxes, threads=threads)
        np.testing.assert_array_equal(other.volume, whole.volume)
    for k in (0, 33, 69):
        alone = packed._replace(
            which=packed.which[:, :, k : k + 1],
            curve_index=packed.curve_index[:, k : k + 1],
            initial_volume=packed.initial_volume[:, k : k + 1],
            initial_salt=packed.initial_salt[:, k : k + 1],
        )
        one = march.march(graph, alone)
        np.testing.assert_array_equal(one.volume[..., 0], whole.volume[..., k])
        np.testing.assert_array_equal(one.salt[..., 0], whole.salt[..., k])
        np.testing.assert_array_equal(one.flux[..., 0], whole.flux[..., k])


@pytest.mark.parametrize("threads", [1, 2])
def test_the_flows_are_those_that_the_volumes_tell(case, threads):
    graph, packed = case
    packed = with_rule(packed, 1.0 / (30.0 * 86400.0))
    out = march.march(graph, packed, threads=threads)
    counts = packing.counts(bm.load_system("balkhash"))
    rows = layout.rows_of(layout.FLUX, counts)
    rain, air = (
        packed.climate[:, 0, layout.rows_of(layout.CLIMATE, counts)[name]]
        for name in ("rain", "evaporation")
    )
    inflow = layout.rows_of(layout.INFLOWS, counts)
    brought = packed.inflow[:, :, inflow["inflow"]] + packed.inflow[:, :, inflow["outward"]]
    brought = brought.transpose(0, 2, 1)
    net = brought + (rain - air)[:, :, None] * out.flux[:, rows["area"]]
    through, released = out.flux[:, rows["link"]][:, 1], out.flux[:, rows["link"]][:, 0]
    net[:, 0] -= released
    net[:, WEST] += out.flux[:, rows["mouth"]][:, 0] - through
    net[:, EAST] += through
    change = np.diff(out.volume, axis=0)
    lake = slice(WEST, EAST + 1)
    step = packed.duration[:, None, None]
    np.testing.assert_allclose(change[:, lake], (net * step)[:, lake], atol=1e-3)
    full = packed.active[:, 0] & (out.flux[:, rows["supply"]][:, 0].min(axis=-1) == 1.0)
    assert full.sum() > 400
    np.testing.assert_allclose(change[full, 0], (net * step)[full, 0], atol=1e-3)


def test_basins_that_fall_apart_are_left_to_newton(case, monkeypatch):
    # half of the inflow: the lake falls to the sill of the strait and below it
    graph, packed = case
    dry = packed._replace(inflow=0.3 * packed.inflow, climate=1.3 * packed.climate)
    found, other = both(monkeypatch, graph, dry, fluxes=False)
    np.testing.assert_array_equal(found.status, other.status)
    level = found.volume[-1, EAST].min() / other.volume[0, EAST].min()
    assert level < 0.6
    apart = np.abs(found.volume - other.volume) / areas(graph, np.maximum(other.volume, 1e6))
    assert np.nanmax(apart) < 1e-5


def test_a_strait_that_is_closed_for_a_time(case, monkeypatch):
    graph, packed = case
    opening = packed.opening.copy()
    opening[100:160, 1] = 0.0
    opening[200:230, 1] = 0.5
    closed = packed._replace(opening=opening)
    found, other = both(monkeypatch, graph, closed)
    counts = packing.counts(bm.load_system("balkhash"))
    flow = found.flux[:, layout.rows_of(layout.FLUX, counts)["link"]][:, 1]
    assert (flow[100:160] == 0.0).all()
    assert (flow[:100] != 0.0).all()
    apart = np.abs(found.volume - other.volume) / areas(graph, other.volume)
    assert apart.max() < 2e-6
