"""Salt of a block of members: advection, exchange and deposition in one implicit stage.

The unknowns are concentrations: with the volumes of the stage as factors of its columns the system
needs no other division than that of its solution. An inactive storage has a factor of one, and its
unknown is its mass.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from balkhash_model.kernel.block import (
    BASE,
    CARRIED,
    CONCENTRATION,
    DEPOSITS,
    DRAWN,
    GAIN,
    LACK,
    LEVEL,
    LINK,
    MIXING,
    MOUTH,
    NET,
    OUTWARD,
    RECEIVED,
    RIGHT,
    SALT_BASE,
    SALT_FLOW,
    SALT_IN,
    SIDE,
    STAGE_SALT,
    SUPPLY,
    TAKEN,
    THROUGH,
    TINY_VOLUME,
    WATER,
    Block,
)
from balkhash_model.kernel.compiled import inlined
from balkhash_model.kernel.layout import (
    EXCHANGE,
    FROM,
    KIND,
    OUTSIDE,
    SILL,
    STRAIT,
    TO,
    Graph,
)
from balkhash_model.kernel.solve import solve_dense

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

#: Depth over a strait's sill from which on its exchange of salt is full, m.
EXCHANGE_DEPTH = 1.0
#: Share of its salt that a stage may draw from a lone storage; with more, what the second stage
#: starts from could be below zero.
MOST_DRAWN = 0.7
# Columns of Graph.deposition
RATE, ABOVE = range(2)


@inlined
def storage_salt(
    graph: Graph, active: bool, h: float, n: int, b: Block, s: int
) -> None:  # pragma: no cover - compiled
    """Salt that one storage gains from outside, deposits, and loses with water that is drawn.

    ``WATER`` becomes its volume.
    """
    w, matrix = b.s, b.matrix
    on = 1.0 if active else 0.0
    rate, above = on * graph.deposition[s, RATE], graph.deposition[s, ABOVE]
    for k in range(n):
        volume = max(w[s, BASE, k] + h * w[s, NET, k], TINY_VOLUME)
        gain = on * w[s, SALT_IN, k]
        w[s, WATER, k] = volume if active else 1.0
        w[s, GAIN, k] = gain
        w[s, DRAWN, k] = -on * w[s, OUTWARD, k] * w[s, SUPPLY, k]
        w[s, RIGHT, k] = w[s, SALT_BASE, k] + h * gain
        matrix[s, s, k] = w[s, WATER, k]
    if rate > 0.0:
        for k in range(n):
            volume, start = w[s, WATER, k], w[s, RIGHT, k]
            deposits = rate if start > above * volume else 0.0
            w[s, DEPOSITS, k] = deposits
            w[s, RIGHT, k] = start + h * deposits * above * volume
            matrix[s, s, k] = volume * (1.0 + h * deposits)
    else:
        for k in range(n):
            w[s, DEPOSITS, k] = 0.0


@inlined
def link_salt(
    graph: Graph, active: BoolArray, h: float, n: int, b: Block, link: int
) -> None:  # pragma: no cover - compiled
    """Salt that one link carries, with the water of the side it comes from.

    Mixing is a flow to and fro. It fades as the lower side falls to the sill.
    """
    w, v, matrix = b.s, b.v, b.matrix
    i, to = graph.link[link, FROM], graph.link[link, TO]
    mixing = graph.link_value[link, EXCHANGE]
    if graph.link[link, KIND] == STRAIT and mixing > 0.0:
        sill = graph.link_value[link, SILL]
        for k in range(n):
            depth = min(w[i, LEVEL, k], w[to, LEVEL, k]) - sill
            v[link, MIXING, k] = mixing * min(max(depth / EXCHANGE_DEPTH, 0.0), 1.0)
    if active[i]:
        for k in range(n):
            there = h * (max(v[link, LINK, k], 0.0) + v[link, MIXING, k])
            matrix[i, i, k] += there
            v[link, SALT_FLOW, k] = there
        if to >= 0:
            for k in range(n):
                matrix[to, i, k] -= v[link, SALT_FLOW, k]
    if to >= 0:
        if graph.coupled[i, to] and active[to]:
            for k in range(n):
                back = h * (max(-v[link, LINK, k], 0.0) + v[link, MIXING, k])
                matrix[to, to, k] += back
                matrix[i, to, k] -= back
    elif to < OUTSIDE:
        for k in range(n):
            b.j[-2 - to, RECEIVED, k] += max(v[link, LINK, k], 0.0)


@inlined
def junction_salt(
    graph: Graph, active: BoolArray, h: float, n: int, b: Block, j: int
) -> None:  # pragma: no cover - compiled
    """Pass the salt that meets at a junction on to the storage at its mouth.

    Water taken out at the junction takes its salt along; water lost in the delta (evaporation)
    leaves its salt in the flow. ``CARRIED`` becomes the salt that reaches the mouth from laterals
    and rivers, kg/s, and ``THROUGH`` the share of the salt of links that does.
    """
    w, r, v, matrix = b.s, b.j, b.v, b.matrix
    to, of_lateral = graph.junction_to[j], graph.lateral_salinity[j]
    for k in range(n):
        r[j, CARRIED, k] = min(r[j, SIDE, k], 0.0)
    for user in range(graph.user_place.size):
        if graph.user_place[user] == -2 - j:
            for k in range(n):
                r[j, CARRIED, k] -= b.u[user, TAKEN, k]
    for k in range(n):
        received = r[j, RECEIVED, k]
        kept = max(received + r[j, CARRIED, k], 0.0) / max(received, 1e-30)
        kept = kept if (r[j, MOUTH, k] > 0.0) & (received > 0.0) else 0.0
        r[j, THROUGH, k] = kept
        r[j, CARRIED, k] = kept * max(r[j, SIDE, k], 0.0) * of_lateral
    for link in range(graph.link.shape[0]):
        if graph.link[link, TO] == -2 - j:
            i = graph.link[link, FROM]
            if not active[i]:
                of_river = graph.river_salinity[i]
                for k in range(n):
                    passed = r[j, THROUGH, k] * max(v[link, LINK, k], 0.0)
                    r[j, CARRIED, k] += passed * of_river
            elif to >= 0 and active[to]:
                for k in range(n):
                    passed = r[j, THROUGH, k] * max(v[link, LINK, k], 0.0)
                    matrix[to, i, k] -= h * passed
    if to >= 0 and active[to]:
        for k in range(n):
            w[to, RIGHT, k] += h * r[j, CARRIED, k]
            w[to, DRAWN, k] += max(-r[j, MOUTH, k], 0.0)


@inlined
def report_salt(graph: Graph, active: BoolArray, n: int, b: Block) -> None:  # pragma: no cover
    """Turn flows and shares into flows of salt, kg/s, at the salt masses just solved."""
    w, v, r = b.s, b.v, b.j
    for s in range(w.shape[0]):
        above = graph.deposition[s, ABOVE]
        for k in range(n):
            w[s, DRAWN, k] *= w[s, CONCENTRATION, k]
            w[s, DEPOSITS, k] *= w[s, STAGE_SALT, k] - above * w[s, WATER, k]
    for link in range(graph.link.shape[0]):
        i, to = graph.link[link, FROM], graph.link[link, TO]
        for k in range(n):
            there = max(v[link, LINK, k], 0.0) + v[link, MIXING, k]
            v[link, SALT_FLOW, k] = there * w[i, CONCENTRATION, k]
        if not active[i]:
            of_river = graph.river_salinity[i]
            for k in range(n):
                v[link, SALT_FLOW, k] = max(v[link, LINK, k], 0.0) * of_river
        if to >= 0 and graph.coupled[i, to]:
            for k in range(n):
                back = max(-v[link, LINK, k], 0.0) + v[link, MIXING, k]
                v[link, SALT_FLOW, k] -= back * w[to, CONCENTRATION, k]
        elif to < OUTSIDE and active[i]:
            for k in range(n):
                r[-2 - to, CARRIED, k] += r[-2 - to, THROUGH, k] * v[link, SALT_FLOW, k]
        elif to == OUTSIDE:
            for k in range(n):
                w[i, DRAWN, k] += v[link, SALT_FLOW, k]


@inlined
def lengthen(ratio: float, n: int, b: Block) -> None:  # pragma: no cover - compiled
    """Where much salt is drawn from a lone storage, solve the first stage over the whole step.

    The second stage starts from the rates of the first, over the rest of the step: of rates over
    the whole step something is always left. So no step of a lone storage is repeated for the sake
    of its salt, and its volumes do not depend on whether salt is carried.
    """
    w = b.s
    for s in range(w.shape[0]):
        for k in range(n):
            water, base = w[s, WATER, k], w[s, SALT_BASE, k]
            drawn = b.matrix[s, s, k] - water
            much = drawn > MOST_DRAWN * water
            whole = base + ratio * (w[s, RIGHT, k] - base)
            b.matrix[s, s, k] = water + ratio * drawn if much else b.matrix[s, s, k]
            w[s, RIGHT, k] = whole if much else w[s, RIGHT, k]
            w[s, LACK, k] = 1.0 / ratio if much else 1.0


@inlined
def shorten(n: int, b: Block) -> None:  # pragma: no cover - compiled
    """What the rates that were solved over the whole step come to in the first stage."""
    w = b.s
    for s in range(w.shape[0]):
        for k in range(n):
            base, part, mass = w[s, SALT_BASE, k], w[s, LACK, k], w[s, STAGE_SALT, k]
            w[s, STAGE_SALT, k] = base + part * (mass - base) if part < 1.0 else mass


@inlined
def salt_stage(
    graph: Graph, active: BoolArray, h: float, ratio: float, report: bool, n: int, b: Block
) -> None:  # pragma: no cover - compiled
    """Solve the salt masses of one stage from ``SALT_BASE`` into ``STAGE_SALT``.

    ``BASE + h NET`` are the stage's volumes. The matrix of the volumes is used again. In the first
    of two stages of lone storages `ratio` is how many times as long as the stage the step is, and
    elsewhere one.
    """
    w = b.s
    ns, nl, nj = w.shape[0], graph.link.shape[0], graph.junction_to.size
    for i in range(ns):
        for m in range(ns):
            if m != i and graph.coupled[i, m]:
                for k in range(n):
                    b.matrix[i, m, k] = 0.0
        storage_salt(graph, active[i], h, n, b, i)
    for user in range(graph.user_place.size):
        s = graph.user_place[user]
        if s >= 0:
            for k in range(n):
                w[s, DRAWN, k] += b.u[user, TAKEN, k]
    for j in range(nj):
        for k in range(n):
            b.j[j, RECEIVED, k] = max(b.j[j, SIDE, k], 0.0)
    for link in range(nl):
        link_salt(graph, active, h, n, b, link)
    for j in range(nj):
        junction_salt(graph, active, h, n, b, j)
    for s in range(ns):
        if active[s]:
            for k in range(n):
                b.matrix[s, s, k] += h * w[s, DRAWN, k]
    if ratio > 1.0:
        lengthen(ratio, n, b)
    solve_dense(graph.coupled, n, b.matrix, w)
    for s in range(ns):
        on = 1.0 if active[s] else 0.0
        for k in range(n):
            w[s, STAGE_SALT, k] = w[s, RIGHT, k] * w[s, WATER, k]
            w[s, CONCENTRATION, k] = on * w[s, RIGHT, k]
    if report:
        report_salt(graph, active, n, b)
    if ratio > 1.0:
        shorten(n, b)
