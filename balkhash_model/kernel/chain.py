"""Storages in a chain, a stage at a time: volumes in closed form, and one number for each strait.

In a row of a curve the volume after a stage is an explicit function of what a storage is brought
(:mod:`balkhash_model.kernel.lone`). A storage that releases by a plan depends on nothing below it:
its release is linear in its volume, or a bound, and so it is solved at once. Junctions pass that
on. What is left are pairs of basins joined by a strait, and there the flow q is the one unknown:
with the levels ``z(q)`` of both ends known in closed form, the law of the strait asks for

    ``z_from(q) - z_to(q) = p sqrt(p^2 + e)``,  ``p = q / K``

with the conveyance K at the depth over the sill and the linear head e. Both levels answer to q
almost in a straight line, so that Newton's method started from the levels of the last stage ends
after two evaluations. Whatever q is, both basins are in balance with it.

That holds above the toe, where users get all that they ask for, and above the sill. The lanes in
which it does not are left busy: the general method takes them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from balkhash_model.kernel.block import (
    AREA,
    ARRIVED,
    BASE,
    BUSY,
    DEMAND,
    DEPTH,
    EVAPORATION,
    FADE,
    FIELDS,
    FIRST_NET,
    FLOW,
    GOOD,
    HEAD,
    INVERSE_AREA,
    LACK,
    LEAST,
    LEVEL,
    LINK,
    MOST,
    NET,
    NOW,
    PASSED,
    PITCH,
    PLAN,
    RAIN,
    RATE,
    RIGHT,
    ROW_A,
    ROW_B,
    ROW_BEGIN,
    ROW_C,
    ROW_D,
    ROW_END,
    SALT,
    SALT_BASE,
    SLOPE_FROM,
    SLOPE_TO,
    STAGE_SALT,
    SUPPLY,
    TAKEN,
    TARGET,
    TOE,
    VOLUME,
    WRONG,
    Block,
    whole_groups,
)
from balkhash_model.kernel.compiled import compiled, inlined, internal
from balkhash_model.kernel.fluxes import (
    LEAST_CONVEYANCE,
    follow,
    junction_fluxes,
    storage_fluxes,
)
from balkhash_model.kernel.layout import (
    FROM,
    KIND,
    LINEAR_HEAD,
    OUTSIDE,
    RELEASE,
    SILL,
    STRAIT,
    TO,
    Graph,
)
from balkhash_model.kernel.lone import fill_brings, stage_area
from balkhash_model.kernel.stage import TOLERANCE, remember_heads

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

__all__ = ["evaluate_chain", "is_chain"]

#: Evaluations of a strait, and changes of the rows of its basins, at most.
MOST_PASSES, MOST_ROUNDS = 6, 4


def is_chain(graph: Graph) -> bool:
    """Whether a system is a chain: releases lead down, and straits join basins in pairs.

    Parameters
    ----------
    graph : Graph
        Packed lake system.

    Returns
    -------
    bool
        True where `evaluate_chain` may be used.

    Examples
    --------
    A graph is packed by :func:`balkhash_model.packing.pack`.
    """
    kinds, ends, starts = graph.link[:, KIND], graph.link[:, TO], graph.link[:, FROM]
    straits = kinds == STRAIT
    if graph.lowering[0] > 0.0 or not (straits | (kinds == RELEASE)).all():
        return False
    upper, joined = starts[~straits], [*starts[straits], *ends[straits]]
    # a storage that releases is solved before all others: nothing may lead to it or join it
    below = {int(s) for s in (*ends, *starts[straits], *graph.junction_to)}
    alone = len(set(joined)) == len(joined) and len(set(upper)) == len(upper)
    return kinds.size > 0 and alone and not below & {int(s) for s in upper}


@inlined
def begin_chain(
    active: BoolArray, second: bool, dt: float, h: float, n: int, b: Block
) -> None:  # pragma: no cover - compiled
    """Set what a stage starts from; ``LACK`` keeps the volumes that levels and areas belong to.

    In the second stage users and wet areas are as the first has left them: whole.
    """
    w, z = b.s, b.z
    before, ratio = dt - h, (dt - h) / h
    for s in range(w.shape[0]):
        if second:
            for k in range(n):
                now, salt, net = w[s, NOW, k], w[s, SALT, k], w[s, NET, k]
                w[s, LACK, k] = w[s, VOLUME, k]
                w[s, BASE, k] = now + before * net
                w[s, SALT_BASE, k] = salt + ratio * (w[s, STAGE_SALT, k] - salt)
                w[s, FIRST_NET, k] = net
        else:
            for k in range(n):
                w[s, LACK, k] = w[s, VOLUME, k]
                w[s, BASE, k] = w[s, NOW, k]
                w[s, SALT_BASE, k] = w[s, SALT, k]
                w[s, SUPPLY, k] = 1.0
                w[s, FADE, k] = 0.0
        if not active[s]:
            for k in range(n):
                w[s, VOLUME, k] = w[s, NOW, k]
    for k in range(n):
        z[BUSY, k] = z[GOOD, k]
        z[WRONG, k] = 0.0


@inlined
def gather(
    graph: Graph, active: BoolArray, first: bool, n: int, b: Block, s: int
) -> None:  # pragma: no cover - compiled
    """What rivers bring to one storage less what its users take, all that they ask for."""
    u = b.u
    on = 1.0 if active[s] else 0.0
    fill_brings(graph, n, b, s)
    for user in range(graph.user_place.size):
        if first and graph.user_place[user] == s:
            for k in range(n):
                u[user, TAKEN, k] = on * u[user, DEMAND, k]


@internal
def check_lanes(
    n: int, w: FloatArray, z: FloatArray, s: int
) -> None:  # pragma: no cover - compiled
    """Mark the lanes in which one storage is not solved: out of its row, or in its toe.

    The comparison is written so that what is no number counts as wrong.
    """
    if w.shape[1] != FIELDS or w.shape[2] != PITCH or z.shape[1] != PITCH:
        return
    for k in range(n):
        volume = w[s, VOLUME, k]
        inside = (w[s, ROW_BEGIN, k] <= volume) & (volume < w[s, ROW_END, k])
        fine = inside & (w[s, AREA, k] > 0.0) & (volume >= w[s, TOE, k])
        z[WRONG, k] += 0.0 if fine else 1.0


@internal
def change_rows(
    table: FloatArray, n: int, w: FloatArray, z: FloatArray, row: IntArray, s: int
) -> int:  # pragma: no cover - compiled
    """Bring the rows in force to where the volumes of one storage are; how many had left theirs."""
    if w.shape[1] != FIELDS or w.shape[2] != PITCH or z.shape[1] != PITCH:
        return 0
    left = 0
    for k in range(n):
        volume = w[s, VOLUME, k]
        away = (volume < w[s, ROW_BEGIN, k]) | (volume >= w[s, ROW_END, k])
        left += 1 if away & (z[GOOD, k] > 0.0) else 0
    if left > 0:
        follow(table, n, w, row, s)
    return left


@inlined
def close_storage(
    graph: Graph, h: float, n: int, b: Block, s: int
) -> None:  # pragma: no cover - compiled
    """Solve the stage of a storage that only what is brought to it touches."""
    w = b.s
    for attempt in range(MOST_ROUNDS):
        for k in range(n):
            brings, rains = w[s, RIGHT, k], w[s, RAIN, k] - w[s, EVAPORATION, k]
            low, rise, below = w[s, ROW_B, k], w[s, ROW_C, k], w[s, ROW_D, k]
            area = stage_area(low, rise, below, w[s, BASE, k], h, brings, rains)
            net = brings + rains * area
            w[s, AREA, k] = area
            w[s, NET, k] = net
            w[s, VOLUME, k] = w[s, BASE, k] + h * net
        # the rows that are checked are those in which the volumes were found
        if attempt + 1 == MOST_ROUNDS or change_rows(graph.table, n, w, b.z, b.row, s) == 0:
            break
    check_lanes(n, w, b.z, s)


@inlined
def close_release(
    graph: Graph, opening: float, h: float, n: int, b: Block, link: int
) -> None:  # pragma: no cover - compiled
    """Solve the stage of a storage with a release: linear in its volume, or one of its bounds.

    A release that would pass a bound is that bound: the more is released the less is left.
    """
    w, v = b.s, b.v
    s = graph.link[link, FROM]
    for attempt in range(MOST_ROUNDS):
        out = 0
        for k in range(n):
            rains, base, rate = (
                w[s, RAIN, k] - w[s, EVAPORATION, k],
                w[s, BASE, k],
                v[link, RATE, k],
            )
            low, rise, below = w[s, ROW_B, k], w[s, ROW_C, k], w[s, ROW_D, k]
            kept = 1.0 / (1.0 + h * opening * rate)
            steady = opening * (v[link, PLAN, k] - v[link, TARGET, k] * rate)
            start = base + h * (w[s, RIGHT, k] - steady)
            p = rise * (kept * (h * rains))
            area = p + np.sqrt(p * p + low * low + 2.0 * rise * (kept * start - below))
            volume = kept * (start + h * rains * area)
            wanted = v[link, PLAN, k] + (volume - v[link, TARGET, k]) * rate
            bound = min(max(wanted, v[link, LEAST, k]), v[link, MOST, k])
            w[s, AREA, k] = area
            v[link, LINK, k] = opening * bound
            v[link, HEAD, k] = 0.0 if bound == wanted else 1.0
        for k in range(n):
            out += 1 if v[link, HEAD, k] > 0.0 else 0
        if out > 0:
            for k in range(n):
                rains = w[s, RAIN, k] - w[s, EVAPORATION, k]
                brings = w[s, RIGHT, k] - v[link, LINK, k]
                low, rise, below = w[s, ROW_B, k], w[s, ROW_C, k], w[s, ROW_D, k]
                area = stage_area(low, rise, below, w[s, BASE, k], h, brings, rains)
                w[s, AREA, k] = area if v[link, HEAD, k] > 0.0 else w[s, AREA, k]
        for k in range(n):
            rains = w[s, RAIN, k] - w[s, EVAPORATION, k]
            net = w[s, RIGHT, k] - v[link, LINK, k] + rains * w[s, AREA, k]
            w[s, NET, k] = net
            w[s, VOLUME, k] = w[s, BASE, k] + h * net
        if attempt + 1 == MOST_ROUNDS or change_rows(graph.table, n, w, b.z, b.row, s) == 0:
            break
    check_lanes(n, w, b.z, s)


@inlined
def expect_flow(h: float, n: int, b: Block, link: int, i: int, to: int) -> None:  # pragma: no cover
    """First guess of the flow of a strait, and of the volumes at its ends.

    The ends are taken to answer as in the stage before: each goes where its balance would bring it
    without the strait, and the flow is what brings them back to one level.
    """
    w, v = b.s, b.v
    for k in range(n):
        from_net = w[i, RIGHT, k] + (w[i, RAIN, k] - w[i, EVAPORATION, k]) * w[i, AREA, k]
        to_net = w[to, RIGHT, k] + (w[to, RAIN, k] - w[to, EVAPORATION, k]) * w[to, AREA, k]
        from_rest = w[i, BASE, k] + h * from_net - w[i, LACK, k]
        to_rest = w[to, BASE, k] + h * to_net - w[to, LACK, k]
        head = w[i, LEVEL, k] + from_rest * w[i, INVERSE_AREA, k]
        head -= w[to, LEVEL, k] + to_rest * w[to, INVERSE_AREA, k]
        answer = h * (w[i, INVERSE_AREA, k] + w[to, INVERSE_AREA, k])
        flow = head / answer if answer > 0.0 else 0.0
        v[link, FLOW, k] = flow
        w[i, VOLUME, k] = w[i, LACK, k] + from_rest - h * flow
        w[to, VOLUME, k] = w[to, LACK, k] + to_rest + h * flow


@inlined
def end_of_strait(h: float, sign: float, n: int, b: Block, s: int, link: int) -> None:
    """Level, area and volume of one end of a strait at its flow, and how the level answers to it.

    ``INVERSE_AREA`` becomes the fall of the level for each cubic metre that leaves, which differs
    from the inverse of the area by what less water evaporates less.
    """
    w, v = b.s, b.v
    for k in range(n):
        rains = w[s, RAIN, k] - w[s, EVAPORATION, k]
        low, rise, below = w[s, ROW_B, k], w[s, ROW_C, k], w[s, ROW_D, k]
        brings = w[s, RIGHT, k] - sign * v[link, FLOW, k]
        p = rise * (h * rains)
        over = w[s, BASE, k] + h * brings - below
        root = np.sqrt(p * p + low * low + 2.0 * rise * over)
        area = p + root
        # the root is the area less p; one division for both its inverse and the height in the row
        both = 1.0 / (root * (low + area))
        net = brings + rains * area
        volume = w[s, BASE, k] + h * net
        w[s, NET, k] = net
        w[s, AREA, k] = area
        w[s, VOLUME, k] = volume
        w[s, LEVEL, k] = w[s, ROW_A, k] + 2.0 * (volume - below) * (both * root)
        w[s, INVERSE_AREA, k] = both * (low + area)


@inlined
def lack_of_head(
    graph: Graph, opening: float, h: float, n: int, b: Block, link: int
) -> int:  # pragma: no cover - compiled
    """Give the lanes in which the flow of a strait lacks head their next one; how many they are."""
    w, v, z = b.s, b.v, b.z
    i, to = graph.link[link, FROM], graph.link[link, TO]
    sill, eps = graph.link_value[link, SILL], graph.link_value[link, LINEAR_HEAD]
    for k in range(n):
        depth = max(w[i, LEVEL, k], w[to, LEVEL, k]) - sill
        # the conveyance has no rows below the sill; what is no number does not look one up
        v[link, DEPTH, k] = depth if depth > 0.0 else 0.0
    follow(graph.table, n, v, b.row[w.shape[0] :], link)
    left = 0
    # with the square of the conveyance taken to the other side the law needs no division
    for k in range(n):
        flow, head = v[link, FLOW, k], w[i, LEVEL, k] - w[to, LEVEL, k]
        x = v[link, DEPTH, k] - v[link, ROW_BEGIN, k]
        value = v[link, ROW_A, k] + x * (
            v[link, ROW_B, k] + x * (v[link, ROW_C, k] + x * v[link, ROW_D, k])
        )
        conveyance = opening * max(value, LEAST_CONVEYANCE)
        square = conveyance * conveyance
        root = np.sqrt(flow * flow + square * eps)
        lacking = head * square - flow * root
        v[link, SLOPE_FROM, k] = square
        v[link, SLOPE_TO, k] = root
        v[link, HEAD, k] = lacking
        z[BUSY, k] = 0.0 if abs(lacking) <= TOLERANCE * square else z[GOOD, k]
    for k in range(n):
        left += 1 if z[BUSY, k] > 0.0 else 0
    if left > 0:
        for k in range(n):
            flow, square, root = v[link, FLOW, k], v[link, SLOPE_FROM, k], v[link, SLOPE_TO, k]
            answer = h * (w[i, INVERSE_AREA, k] + w[to, INVERSE_AREA, k])
            slope = answer * square * root + 2.0 * flow * flow + square * eps
            more = v[link, HEAD, k] * root / slope
            v[link, FLOW, k] = flow + more if z[BUSY, k] > 0.0 else flow
    return left


@inlined
def close_strait(
    graph: Graph, opening: float, h: float, n: int, b: Block, link: int
) -> None:  # pragma: no cover - compiled
    """Solve the stage of two basins and the strait that joins them."""
    w, z = b.s, b.z
    i, to = graph.link[link, FROM], graph.link[link, TO]
    expect_flow(h, n, b, link, i, to)
    # loops over the two ends: what is taken in here is compiled once
    for end in range(2):
        follow(graph.table, n, w, b.row, i if end == 0 else to)
    for turn in range(MOST_PASSES):
        for end in range(2):
            end_of_strait(h, 1.0 - 2.0 * end, n, b, i if end == 0 else to, link)
        left = lack_of_head(graph, opening, h, n, b, link)
        # the first guess of the flow is hardly ever the last; and what one lane does must not hang
        # on how many turns others take
        if turn > 0 and turn + 1 < MOST_PASSES:
            for end in range(2):
                left += change_rows(graph.table, n, w, z, b.row, i if end == 0 else to)
            if left == 0:
                break
    for k in range(n):
        z[WRONG, k] += z[BUSY, k]
        above = min(w[i, LEVEL, k], w[to, LEVEL, k]) > graph.link_value[link, SILL]
        z[WRONG, k] += 0.0 if above else 1.0
    for end in range(2):
        check_lanes(n, w, z, i if end == 0 else to)


@inlined
def pass_down(
    graph: Graph, opening: FloatArray, active: BoolArray, h: float, n: int, b: Block
) -> None:  # pragma: no cover - compiled
    """Solve the storages that release, and bring what they release to where it goes."""
    w, v, z = b.s, b.v, b.z
    for j in range(graph.junction_to.size):
        for k in range(n):
            b.j[j, ARRIVED, k] = 0.0
    for link in range(graph.link.shape[0]):
        i, to = graph.link[link, FROM], graph.link[link, TO]
        if graph.link[link, KIND] == RELEASE:
            if active[i]:
                close_release(graph, opening[link], h, n, b, link)
            else:
                for k in range(n):
                    v[link, LINK, k] = v[link, PASSED, k]
            if to >= 0:
                # what flows into an inactive storage stays there: not a case for closed forms
                wrong = 0.0 if active[to] else 1.0
                for k in range(n):
                    w[to, RIGHT, k] += v[link, LINK, k]
                    z[WRONG, k] += wrong
            elif to < OUTSIDE:
                for k in range(n):
                    b.j[-2 - to, ARRIVED, k] += v[link, LINK, k]


@compiled
def evaluate_chain(
    graph: Graph,
    opening: FloatArray,
    gauged: BoolArray,
    active: BoolArray,
    dt: float,
    h: float,
    first: bool,
    fresh: bool,
    n: int,
    b: Block,
) -> int:  # pragma: no cover - compiled
    """Solve a stage of a chain; lanes in which that fails stay busy. Gives zero.

    The arguments are those of :func:`balkhash_model.kernel.stage.evaluate`.
    """
    if (
        b.s.shape[1] != FIELDS
        or b.s.shape[2] != PITCH
        or b.v.shape[1] != FIELDS
        or b.v.shape[2] != PITCH
        or b.j.shape[1] != FIELDS
        or b.j.shape[2] != PITCH
        or b.u.shape[1] != FIELDS
        or b.u.shape[2] != PITCH
        or b.matrix.shape[2] != PITCH
        or b.through.shape[2] != PITCH
        or b.z.shape[1] != PITCH
    ):
        return 0
    n = whole_groups(n)
    w, z = b.s, b.z
    ns, nl, nj = w.shape[0], graph.link.shape[0], graph.junction_to.size
    if first:
        remember_heads(graph, n, b)
    begin_chain(active, not first, dt, h, n, b)
    for s in range(ns):
        gather(graph, active, first, n, b, s)
        if not active[s]:
            follow(graph.table, n, w, b.row, s)
            storage_fluxes(False, n, b, s)
    pass_down(graph, opening, active, h, n, b)
    for j in range(nj):
        to = graph.junction_to[j]
        if to >= 0:
            for k in range(n):
                w[to, NET, k] = 0.0
        junction_fluxes(graph, gauged[j], active, n, b, j)
        if to >= 0:
            for k in range(n):
                w[to, RIGHT, k] += w[to, NET, k]
    for s in range(ns):
        joined = not active[s]
        for link in range(nl):
            strait = graph.link[link, KIND] == STRAIT and graph.link[link, TO] == s
            joined = joined or graph.link[link, FROM] == s or strait
        if not joined:
            close_storage(graph, h, n, b, s)
    for link in range(nl):
        i, to = graph.link[link, FROM], graph.link[link, TO]
        if graph.link[link, KIND] == STRAIT:
            if active[i] and active[to] and opening[link] > 0.0:
                close_strait(graph, opening[link], h, n, b, link)
            else:
                for k in range(n):
                    z[WRONG, k] = 1.0
    left = 0
    for k in range(n):
        z[BUSY, k] = z[GOOD, k] if z[WRONG, k] > 0.0 else 0.0
        left += 1 if z[WRONG, k] > 0.0 else 0
    if left > 0:
        # the next attempt begins with what stands here: let it be a number
        for s in range(ns):
            for k in range(n):
                w[s, NET, k] = 0.0 if z[WRONG, k] > 0.0 else w[s, NET, k]
    return 0
