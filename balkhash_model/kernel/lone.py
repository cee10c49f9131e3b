"""Storages that nothing joins: their stages in closed form.

In a row of a curve the area is linear in the level, so its square is linear in the volume:
``A^2 = b^2 + 2 c (V - d)``, with the area b, the rise c and the volume d at the start of the row.
A stage of the length h from the volume v asks for ``V = v + h (q + g A)``, where q is what rivers
bring less what users take, m3/s, and g is rain less evaporation, m/s. With ``p = c h g`` that is

    ``A = p + sqrt(p^2 + b^2 + 2 c (v + h q - d))``

and ``V = v + h (q + g A)``: one root, no division, no iteration. It holds where V lies in the row
and above the toe, over which users and the wet area fade; the toe is left to Newton's method.

`evaluate_lone` stands in the place of :func:`balkhash_model.kernel.stage.evaluate` in systems of
such storages. :mod:`balkhash_model.kernel.lone_march` takes whole steps in one loop, by the same
operations in the same order, so that volumes have the same bits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from balkhash_model.kernel.block import (
    AREA,
    BASE,
    BUSY,
    CLOSED,
    DEMAND,
    EVAPORATION,
    FADE,
    FIELDS,
    GOOD,
    INFLOW,
    INVERSE_AREA,
    LACK,
    NET,
    OUTWARD,
    PITCH,
    RAIN,
    RIGHT,
    ROW_B,
    ROW_BEGIN,
    ROW_C,
    ROW_D,
    ROW_END,
    SUPPLY,
    TAKEN,
    TOE,
    VOLUME,
    WRONG,
    Block,
    whole_groups,
)
from balkhash_model.kernel.compiled import compiled, inlined, internal
from balkhash_model.kernel.fluxes import MOST_ENTRY, follow, storage_fluxes, storage_users
from balkhash_model.kernel.layout import Graph
from balkhash_model.kernel.stage import begin_stage, unsolved

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

__all__ = ["evaluate_lone", "find_row", "stage_area"]

#: Rows that are tried for one stage.
MOST_ROWS = 8


@inlined
def stage_area(
    area: float, rise: float, below: float, start: float, h: float, brings: float, rains: float
) -> float:  # pragma: no cover - compiled
    """Area at the end of a stage that begins at the volume `start`, in one row of a curve.

    `area`, `rise` and `below` are those of the row, `brings` is in m3/s and `rains` in m/s. It is
    no number where the equation has no root.
    """
    p = rise * (h * rains)
    root: float = np.sqrt(p * p + area * area + 2.0 * rise * ((start + h * brings) - below))
    return p + root


@internal
def find_row(
    table: FloatArray, at: int, toe: float, start: float, h: float, brings: float, rains: float
) -> int:  # pragma: no cover - compiled
    """Row of its curve in which a stage ends, sought from the row `at` on; -1 where there is none.

    There is none where the stage ends in the toe, or where some rows lead to each other.
    """
    for _ in range(MOST_ROWS):
        area = stage_area(table[at, 2], table[at, 3], table[at, 4], start, h, brings, rains)
        volume = start + h * (brings + rains * area)
        # written so that a volume that is no number has no row; of the two roots the other one has
        # an area below zero, or is as far off as rain on ever more area can bring it
        if not (area > 0.0 and volume >= toe and volume < MOST_ENTRY):
            return -1
        if volume >= table[at, 0] and volume < table[at + 1, 0]:
            return at
        while volume >= table[at + 1, 0]:
            at += 1
        while volume < table[at, 0]:
            at -= 1
    return -1


@inlined
def fill_brings(graph: Graph, n: int, b: Block, s: int) -> None:  # pragma: no cover - compiled
    """What rivers bring to one storage less what its users ask for, m3/s, into ``RIGHT``."""
    w = b.s
    for k in range(n):
        w[s, RIGHT, k] = w[s, INFLOW, k] + w[s, OUTWARD, k]
    for user in range(graph.user_place.size):
        if graph.user_place[user] == s:
            for k in range(n):
                w[s, RIGHT, k] -= b.u[user, DEMAND, k]


@inlined
def close_lanes(
    graph: Graph, h: float, n: int, b: Block, s: int
) -> None:  # pragma: no cover - compiled
    """Solve the stage of one storage in closed form, and mark the lanes in which that fails.

    The rows in force are those in which the stage begins.
    """
    w, z = b.s, b.z
    fill_brings(graph, n, b, s)
    for k in range(n):
        base, brings = w[s, BASE, k], w[s, RIGHT, k]
        rains = w[s, RAIN, k] - w[s, EVAPORATION, k]
        area = stage_area(w[s, ROW_B, k], w[s, ROW_C, k], w[s, ROW_D, k], base, h, brings, rains)
        net = brings + rains * area
        volume = base + h * net
        inside = (area > 0.0) & (w[s, ROW_BEGIN, k] <= volume) & (volume < w[s, ROW_END, k])
        # always a number: where the step has failed the next attempt begins with what stands here
        w[s, NET, k] = net if area > 0.0 else brings
        w[s, VOLUME, k] = volume if area > 0.0 else base
        w[s, AREA, k] = area
        z[WRONG, k] = 0.0 if inside & (volume >= w[s, TOE, k]) else z[GOOD, k]
    left = 0
    for k in range(n):
        left += 1 if z[WRONG, k] > 0.0 else 0
    if left > 0:
        for k in range(n):
            if z[WRONG, k] > 0.0:
                base, brings = w[s, BASE, k], w[s, RIGHT, k]
                rains = w[s, RAIN, k] - w[s, EVAPORATION, k]
                at = find_row(graph.table, b.row[s, k], w[s, TOE, k], base, h, brings, rains)
                if at < 0:
                    z[CLOSED, k] = 0.0
                else:
                    low, rise, below = graph.table[at, 2], graph.table[at, 3], graph.table[at, 4]
                    area = stage_area(low, rise, below, base, h, brings, rains)
                    net = brings + rains * area
                    w[s, NET, k] = net
                    w[s, AREA, k] = area
                    w[s, VOLUME, k] = base + h * net
        # the rows of those that moved on; the others stay
        follow(graph.table, n, w, b.row, s)


@inlined
def settle_closed(
    graph: Graph, active: BoolArray, n: int, b: Block
) -> None:  # pragma: no cover - compiled
    """What else the lanes of a closed stage have to show: users get all that they ask for."""
    w, u, z = b.s, b.u, b.z
    for s in range(w.shape[0]):
        if active[s]:
            for k in range(n):
                closed = z[CLOSED, k] > 0.0
                w[s, INVERSE_AREA, k] = 1.0 / w[s, AREA, k] if closed else w[s, INVERSE_AREA, k]
                w[s, SUPPLY, k] = 1.0 if closed else w[s, SUPPLY, k]
                w[s, FADE, k] = 0.0 if closed else w[s, FADE, k]
    for user in range(graph.user_place.size):
        if active[graph.user_place[user]]:
            for k in range(n):
                closed = z[CLOSED, k] > 0.0
                u[user, TAKEN, k] = u[user, DEMAND, k] if closed else u[user, TAKEN, k]


@inlined
def reopen(
    graph: Graph, active: BoolArray, h: float, n: int, b: Block
) -> None:  # pragma: no cover - compiled
    """Bring back what Newton's equations wrote over in the lanes of a closed stage."""
    w, z = b.s, b.z
    for s in range(w.shape[0]):
        if active[s]:
            fill_brings(graph, n, b, s)
            for k in range(n):
                closed, brings = z[CLOSED, k] > 0.0, w[s, RIGHT, k]
                rains = w[s, RAIN, k] - w[s, EVAPORATION, k]
                low, rise, below = w[s, ROW_B, k], w[s, ROW_C, k], w[s, ROW_D, k]
                area = stage_area(low, rise, below, w[s, BASE, k], h, brings, rains)
                w[s, AREA, k] = area if closed else w[s, AREA, k]
                w[s, NET, k] = brings + rains * area if closed else w[s, NET, k]
    settle_closed(graph, active, n, b)


@compiled
def evaluate_lone(
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
    """Solve a stage in closed form where that holds; how many lanes are left to solve.

    The arguments are those of :func:`balkhash_model.kernel.stage.evaluate`.
    """
    if (
        b.s.shape[1] != FIELDS
        or b.s.shape[2] != PITCH
        or b.u.shape[1] != FIELDS
        or b.u.shape[2] != PITCH
        or b.matrix.shape[2] != PITCH
        or b.z.shape[1] != PITCH
    ):
        return 0
    n = whole_groups(n)
    w, z = b.s, b.z
    if fresh:
        second = h < dt and not first
        begin_stage(second, dt, h, n, b)
        for k in range(n):
            z[CLOSED, k] = z[GOOD, k]
        for s in range(w.shape[0]):
            if active[s]:
                for k in range(n):
                    w[s, LACK, k] = w[s, VOLUME, k]
                if not second:
                    follow(graph.table, n, w, b.row, s)
                close_lanes(graph, h, n, b, s)
        left = 0
        for k in range(n):
            busy = z[GOOD, k] > z[CLOSED, k]
            z[BUSY, k] = 1.0 if busy else 0.0
            left += 1 if busy else 0
        idle = 0
        for s in range(w.shape[0]):
            idle += 0 if active[s] else 1
        if left + idle == 0:
            settle_closed(graph, active, n, b)
            return 0
        for s in range(w.shape[0]):
            if active[s]:
                for k in range(n):
                    w[s, VOLUME, k] = w[s, LACK, k] if z[BUSY, k] > 0.0 else w[s, VOLUME, k]
    for s in range(w.shape[0]):
        follow(graph.table, n, w, b.row, s)
        storage_fluxes(active[s], n, b, s)
    for user in range(graph.user_place.size):
        s = graph.user_place[user]
        storage_users(graph, active[s], n, b, user, s)
    closed = 0
    for k in range(n):
        closed += 1 if z[CLOSED, k] > 0.0 else 0
    if closed > 0:
        reopen(graph, active, h, n, b)
    return unsolved(graph, h, n, b)
