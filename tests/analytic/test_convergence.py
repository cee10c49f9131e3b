r"""Order of convergence of the whole-lake volume, with the real curves and the real strait.

The reference is the differential equation itself,

    dh_W/dt = (q(t) - Q)/A_W(h_W) - e(t),    dh_E/dt = (q_E + Q)/A_E(h_E) - e(t),
    Q = strait law of the head h_W - h_E,

solved by scipy's Radau at a relative tolerance of 1e-12. Its unknowns are h_E and the head (in
units
of 0.1 mm): as a difference of two levels of 341 m, a head of 0.08 mm would be known to nine digits
only, and the integrator would chase the noise. The run starts at the head that belongs to its first
flow, so that both start on the slow solution.

The model is given the exact interval means of the same forcing. Replacing q and e by their means is
itself of second order: within an interval e - mean(e) is odd about the middle to first order, and
so
is A - A(middle), so the integral of their product is of third order in each interval.
"""

from functools import cache

import numpy as np
from scipy.integrate import solve_ivp

import balkhash_model as bm
from balkhash_model.forcing import empty_forcing
from balkhash_model.physics.strait import manning_conveyance, strait_flow
from balkhash_model.simulation import simulate
from balkhash_model.system import LakeSystem, River, Strait
from balkhash_model.timeaxis import TimeAxis

YEAR = 365.25 * 86400.0
OMEGA = 2.0 * np.pi / (6.0 * YEAR)  # wet and dry years, long against steps of eight months
FLOW, SWING, EAST_FLOW = 460.0, 150.0, 60.0  # m3/s
DEPTH, DEPTH_SWING = 0.85 / YEAR, 0.10 / YEAR  # m/s
START = 341.0
UNIT = 1e-4  # m
FLOOR = 1e-9  # m: below it rounding, the solver's tolerance and the reference are seen


@cache
def two_basins():
    shipped = bm.load_system("balkhash")
    return LakeSystem(
        "two",
        "West and East",
        shipped.datum,
        (shipped.storage("west"), shipped.storage("east")),
        ("west", "east"),
        rivers=(River("ili", "west"), River("karatal", "east")),
        links=tuple(x for x in shipped.links if isinstance(x, Strait)),
    )


def conveyance(level):
    link = two_basins().links[0]
    return float(
        manning_conveyance(
            level - link.sill, width=link.width, length=link.length, roughness=link.roughness
        )
    )


def start_head():
    """Head at which both levels move together, for the forcing of the first instant."""
    west, east = (float(s.curve.area_at(START)) for s in two_basins().storages)
    flow = (FLOW / west - EAST_FLOW / east) / (1.0 / west + 1.0 / east)
    k, eps = conveyance(START), two_basins().links[0].linear_head
    return flow * np.sqrt(flow**2 + k**2 * eps) / k**2


@cache
def reference():
    """Whole-lake volume every eight months, the levels' range and the area at the start."""
    west, east = (s.curve for s in two_basins().storages)
    eps = two_basins().links[0].linear_head

    def rise(t, y):
        low, head = START + y[0], UNIT * y[1]
        through = float(strait_flow(head, conveyance(max(low, low + head)), linear_head=eps))
        depth = DEPTH + DEPTH_SWING * np.cos(OMEGA * t)
        inflow = FLOW + SWING * np.sin(OMEGA * t)
        of_west = (inflow - through) / float(west.area_at(low + head)) - depth
        of_east = (EAST_FLOW + through) / float(east.area_at(low)) - depth
        return np.array([of_east, (of_west - of_east) / UNIT])

    t = elapsed(TimeAxis.regular("2000-01-01", "2016-01-01", months=8))
    found = solve_ivp(
        rise,
        (0.0, t[-1]),
        [0.0, start_head() / UNIT],
        method="Radau",
        rtol=1e-12,
        atol=1e-12,
        t_eval=t,
        first_step=1e3,
    )
    assert found.success
    low, high = START + found.y[0], START + found.y[0] + UNIT * found.y[1]
    volume = west.volume_at(high) + east.volume_at(low)
    return volume, (low.min(), high.max()), float(west.area_at(START) + east.area_at(START))


def elapsed(axis):
    return (axis.edges - axis.edges[0]).astype(float)


def model(axis, **more):
    """The same lake in the model, on the exact interval means of the same forcing."""
    t = elapsed(axis)
    inflow = np.diff(FLOW * t - SWING / OMEGA * np.cos(OMEGA * t)) / axis.durations
    depth = np.diff(DEPTH * t + DEPTH_SWING / OMEGA * np.sin(OMEGA * t)) / axis.durations
    forcing = empty_forcing(two_basins(), axis)
    forcing["river_flow"].loc[{"river": "ili"}] = inflow
    forcing["river_flow"].loc[{"river": "karatal"}] = EAST_FLOW
    forcing["evaporation_rate"][:] = depth[:, None]
    result = simulate(
        two_basins(), forcing, initial={"west": START + start_head(), "east": START}, **more
    )
    return result["water_volume"].sum("storage").values


def check_order(steps, errors):
    """Order at least 1.8 between neighbours, above the floor; at least two pairs stand above it."""
    errors = np.array(errors)
    seen = errors > FLOOR
    assert seen[:3].all()
    orders = np.log(errors[:-1] / errors[1:]) / np.log(np.array(steps)[:-1] / np.array(steps)[1:])
    assert (orders[seen[1:]] >= 1.8).all(), (errors, orders)


def test_volume_converges_with_second_order_in_the_interval():
    volume, (low, high), area = reference()
    # one smooth piece of both curves, so that the order is the method's and not the table's
    assert 340.5 < low <= START
    assert 342.0 < high < 347.0
    steps, errors = (8, 4, 2, 1), []
    for months in steps:
        axis = TimeAxis.regular("2000-01-01", "2016-01-01", months=months)
        errors.append(np.abs(model(axis)[:: 8 // months] - volume).max() / area)
    check_order(steps, errors)
    assert errors[-1] < 5e-5  # monthly steps: a twentieth of a millimetre


def test_volume_converges_with_second_order_in_the_substep():
    # with the forcing held at its means over eight months the limit is another one: the run itself
    # with many substeps, whose own error is (1/32)^2 of the first's
    axis = TimeAxis.regular("2000-01-01", "2016-01-01", months=8)
    limit = model(axis, substeps=64)
    steps, errors = (8.0, 4.0, 2.0), []
    for substeps in (1, 2, 4):
        errors.append(np.abs(model(axis, substeps=substeps) - limit).max() / reference()[2])
    check_order(steps, errors)


def test_volume_converges_on_an_irregular_axis():
    # every interval of a random axis cut in two and in four
    rng = np.random.default_rng(11)
    first = np.datetime64("2000-01-01", "s")
    total = elapsed(TimeAxis.regular("2000-01-01", "2016-01-01", months=8))[-1]
    edges = np.sort(rng.uniform(0.0, total, 23))
    edges = np.concatenate(([0.0], edges, [total]))
    errors, steps = [], []
    volume = reference()[0][-1]
    for _ in range(4):
        axis = TimeAxis.irregular(first + edges.astype("timedelta64[s]"))
        errors.append(abs(model(axis)[-1] - volume) / reference()[2])
        steps.append(1.0 / axis.n)
        edges = np.sort(np.concatenate((edges, 0.5 * (edges[1:] + edges[:-1]))))
    check_order(steps, errors)


def test_halving_the_step_of_the_hindcast_moves_no_monthly_level_by_a_millimetre():
    once, twice = (bm.run("hindcast_free", substeps=n) for n in (1, 2))
    for name in ("lake_level", "water_level", "water_level_edge"):
        # all storages: Kapshagay has no level before 1970 and then fills from an empty bed
        missing = np.isnan(once[name].values)
        assert (missing == np.isnan(twice[name].values)).all()
        assert missing.sum() == (0 if name == "lake_level" else 9 * 12)
        difference = float(np.abs(once[name] - twice[name]).max())
        print(f"{name}: {difference * 1e3:.3f} mm")
        assert difference < 1e-3, name
    assert float(np.abs(once["lake_level"] - twice["lake_level"]).max()) > 0.0
