"""One implicit stage of a block of members.

The method is the two-stage, second-order, L-stable, stiffly accurate diagonally implicit
Runge-Kutta method of Alexander (1977, SIAM J. Numer. Anal. 14:1006), with
``gamma = 1 - 1/sqrt(2)``. Its weights ``(1 - gamma, gamma)`` are positive, so the mean flux over a
step is a mean of two stage fluxes, and the new volume is the old one plus those flux volumes: the
balance closes by construction. Where a storage would be emptied within a step, the step is
repeated as short backward Euler steps, which keep every volume positive.

Each stage is solved for the levels by Newton's method. The flow through a strait is carried as an
unknown of its own and its law is used in the form *head as a function of flow*, which is convex on
either side of zero: Newton's method then converges from any start and does not see the infinite
slope of the square root.

Members are lanes: every inner loop runs over the members of a block and does the same work for
each; a lane that has converged is frozen, so that its bits never depend on its neighbours.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from balkhash_model.kernel.compiled import inlined, internal
from balkhash_model.kernel.layout import (
    BASE_AREA,
    BASE_LEVEL,
    BEGIN,
    BELOW,
    COEFFICIENT,
    FROM,
    KIND,
    LINEAR,
    LINEAR_HEAD,
    RELEASE,
    RISE,
    ROWS_PER_METRE,
    SILL,
    STRAIT,
    TO,
    WEIR,
    Curves,
    Graph,
)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

GAMMA = 1.0 - np.sqrt(0.5)
MAX_ITERATIONS = 60
# On the last Newton step; the iteration converges quadratically, so what remains is its square.
LEVEL_TOLERANCE = 3e-5  # m
SHORT_TOLERANCE = 1e-10  # m, where a storage is nearly empty
FLOW_TOLERANCE = 0.05  # relative, of a strait's flow; what remains is a head of 1e-7 m
FLOW_FLOOR = 0.1  # m3/s
#: Share of the toe that stays on the bed, so that rounding never makes a volume negative.
DREGS = 1e-6

# Fields of Block.w by what their second index counts.
(  # storages
    LEVEL,
    AREA,
    SLOPE,
    VOLUME,
    WET,
    WET_SLOPE,
    SUPPLY,
    SUPPLY_SLOPE,
    NET,
    RIGHT,
    RIVER_IN,
    GROUND_IN,
    RAIN,
    RIVER,
    GROUND,
    NOW,
    SALT,
    OLD,
    OLD_SALT,
    OLD_LEVEL,
    BASE,
    SALT_BASE,
    STAGE_SALT,
    FIRST_NET,
    INVERSE,
    PER_TOE,
    TOE_AT,
    HALF_AT,
    LOW_AT,
    ROW_BEGIN,
    ROW_END,
    ROW_LEVEL,
    ROW_AREA,
    ROW_BELOW,
    # links
    FLOW,
    LINK,
    LINK_FROM,
    LINK_TO,
    DEMANDED,
    OLD_FLOW,
    HEAD,
    UPSTREAM,
    CONVEYANCE,
    DEEPENING,
    # users
    TAKEN,
    DEMAND,
    # junctions
    ARRIVED,
    LATERAL,
    LATERAL_IN,
    LOSS,
    MOUTH,
    RECEIVED,
    THROUGH,
    # lanes, at index 0: marks are 1 or 0, so that loops over them have one type
    BUSY,
    ALIVE,
    GOOD,
    REDO,
    CHANGE,
    FAILED,
) = range(59)
FIELDS = 59

# Leading index of Block.report
FIRST, SECOND, MEAN = range(3)


class Block(NamedTuple):
    """Everything a block of members needs while it is marched; the last axis is the lane."""

    w: FloatArray  # (field, index, k)
    jacobian: FloatArray  # (s, s, k)
    junction_slope: FloatArray  # (j, s, k)
    report: FloatArray  # (3, x, k): first stage, second stage, mean over the interval
    curve: IntArray  # (s, k)
    row: IntArray  # (s, k) row of the curve last in force


@inlined
def look_up(curves: Curves, b: Block, s: int) -> None:  # pragma: no cover - compiled
    """Area, slope, volume and wet part of one storage at the levels of all lanes.

    Outflows and the wet area fade linearly over the last water of a storage, its toe.
    The first loop follows the rows of the curve, and seldom has to; the others are short so that
    they are vectorised.
    """
    w, rows = b.w, curves.rows
    n = w.shape[2]
    for k in range(n):
        x = w[LEVEL, s, k]
        if not w[ROW_BEGIN, s, k] <= x < w[ROW_END, s, k]:
            row = b.row[s, k]
            # a level that is no number leaves the row where it is
            while x >= rows[BEGIN, row + 1]:
                row += 1
            while x < rows[BEGIN, row]:
                row -= 1
            b.row[s, k] = row
            w[ROW_BEGIN, s, k] = rows[BEGIN, row]
            w[ROW_END, s, k] = rows[BEGIN, row + 1]
            w[ROW_LEVEL, s, k] = rows[BASE_LEVEL, row]
            w[ROW_AREA, s, k] = rows[BASE_AREA, row]
            w[ROW_BELOW, s, k] = rows[BELOW, row]
            w[SLOPE, s, k] = rows[RISE, row]
    for k in range(n):
        w[AREA, s, k] = w[ROW_AREA, s, k] + w[SLOPE, s, k] * (w[LEVEL, s, k] - w[ROW_LEVEL, s, k])
    for k in range(n):
        mean_area = 0.5 * (w[AREA, s, k] + w[ROW_AREA, s, k])
        w[VOLUME, s, k] = w[ROW_BELOW, s, k] + mean_area * (w[LEVEL, s, k] - w[ROW_LEVEL, s, k])
    for k in range(n):
        w[SUPPLY, s, k] = min(max(w[VOLUME, s, k] * w[PER_TOE, s, k] - DREGS, 0.0), 1.0)
    for k in range(n):
        fading = 0.0 < w[SUPPLY, s, k] < 1.0
        w[SUPPLY_SLOPE, s, k] = w[AREA, s, k] * w[PER_TOE, s, k] if fading else 0.0
    for k in range(n):
        w[WET, s, k] = w[AREA, s, k] * w[SUPPLY, s, k]
    for k in range(n):
        w[WET_SLOPE, s, k] = (
            w[SLOPE, s, k] * w[SUPPLY, s, k] + w[AREA, s, k] * w[SUPPLY_SLOPE, s, k]
        )


@inlined
def storage_fluxes(active: bool, b: Block, s: int) -> None:  # pragma: no cover - compiled
    """Rain, evaporation, rivers and groundwater of one storage."""
    w = b.w
    if active:
        for k in range(w.shape[2]):
            r, g = w[RIVER, s, k], w[GROUND, s, k]
            r_out, g_out = min(r, 0.0), min(g, 0.0)
            river = max(r, 0.0) + r_out * w[SUPPLY, s, k]
            ground = max(g, 0.0) + g_out * w[SUPPLY, s, k]
            w[RIVER_IN, s, k] = river
            w[GROUND_IN, s, k] = ground
            w[NET, s, k] = river + ground + w[RAIN, s, k] * w[WET, s, k]
            b.jacobian[s, s, k] = (
                w[RAIN, s, k] * w[WET_SLOPE, s, k] + (r_out + g_out) * w[SUPPLY_SLOPE, s, k]
            )
    else:
        for k in range(w.shape[2]):
            # an inactive storage passes its rivers on and holds nothing
            w[RIVER_IN, s, k] = w[RIVER, s, k]
            w[GROUND_IN, s, k] = 0.0
            w[WET, s, k] = 0.0
            w[NET, s, k] = 0.0


@inlined
def strait(graph: Graph, b: Block, link: int) -> None:  # pragma: no cover - compiled
    """Linearise a strait about its present flow and levels.

    ``w[LINK]`` becomes the flow to first order at the present levels, ``w[LINK_FROM]`` and
    ``w[LINK_TO]`` its derivatives with respect to the two levels. ``w[FLOW]`` is the iterate, which
    only the solver updates. With conveyance K, flow q and linear head e the law is
    ``head = q sqrt(q^2 + K^2 e) / K^2``.
    """
    w, table = b.w, graph.conveyance
    n = w.shape[2]
    i, to = graph.link[link, FROM], graph.link[link, TO]
    sill = graph.link_value[link, SILL]
    eps = graph.link_value[link, LINEAR_HEAD]
    per_metre = graph.link_value[link, ROWS_PER_METRE]
    last = table.shape[1] - 2
    for k in range(n):
        above_from = max(w[LEVEL, i, k] - sill, 0.0)
        above_to = max(w[LEVEL, to, k] - sill, 0.0)
        w[HEAD, link, k] = above_from - above_to
        w[UPSTREAM, link, k] = max(above_from, above_to)
    for k in range(n):
        x = w[UPSTREAM, link, k] * per_metre
        row = min(int(x), last)
        rise = table[link, row + 1] - table[link, row]
        w[CONVEYANCE, link, k] = max(table[link, row] + (x - row) * rise, 1e-30)
        w[DEEPENING, link, k] = rise * per_metre
    for k in range(n):
        # a flow larger than the levels can drive is a poor place to linearise about
        most = w[CONVEYANCE, link, k] * np.sqrt(w[UPSTREAM, link, k])
        w[LINK, link, k] = min(max(w[FLOW, link, k], -most), most)
    for k in range(n):
        q = w[LINK, link, k]
        k2 = w[CONVEYANCE, link, k] * w[CONVEYANCE, link, k]
        root = np.sqrt(q * q + k2 * eps)
        gain = k2 * root / (2.0 * q * q + k2 * eps)
        # with the depth of the upstream side, from here on
        w[DEEPENING, link, k] = q / w[CONVEYANCE, link, k] * w[DEEPENING, link, k]
        w[LINK_FROM, link, k] = gain
        w[LINK, link, k] = q + gain * (w[HEAD, link, k] - q * root / k2)
    for k in range(n):
        down = -w[LINK_FROM, link, k]
        w[LINK_TO, link, k] = down if w[HEAD, link, k] >= 0.0 else down + w[DEEPENING, link, k]
    for k in range(n):
        up = w[LINK_FROM, link, k]
        w[LINK_FROM, link, k] = up + w[DEEPENING, link, k] if w[HEAD, link, k] >= 0.0 else up
    for k in range(n):
        w[LINK_FROM, link, k] = w[LINK_FROM, link, k] if w[LEVEL, i, k] > sill else 0.0
    for k in range(n):
        w[LINK_TO, link, k] = w[LINK_TO, link, k] if w[LEVEL, to, k] > sill else 0.0


@inlined
def link_flow(
    graph: Graph, active: BoolArray, b: Block, link: int
) -> None:  # pragma: no cover - compiled
    """Flow of one link and its derivatives."""
    w = b.w
    n = w.shape[2]
    kind, i, to = graph.link[link, KIND], graph.link[link, FROM], graph.link[link, TO]
    c, crest = graph.link_value[link, COEFFICIENT], graph.link_value[link, SILL]
    if not (active[i] and (to < 0 or active[to])):
        for k in range(n):
            # an inactive reservoir passes its rivers on through its release
            w[LINK, link, k] = w[RIVER, i, k] if kind == RELEASE and not active[i] else 0.0
            w[LINK_FROM, link, k] = 0.0
            w[LINK_TO, link, k] = 0.0
    elif kind == STRAIT:
        strait(graph, b, link)
    elif kind == LINEAR:
        for k in range(n):
            head = w[LEVEL, i, k] - w[LEVEL, to, k]
            # limited by the supply of the side it comes from
            down = head > 0.0
            limit = w[SUPPLY, i, k] if down else w[SUPPLY, to, k]
            w[LINK, link, k] = c * head * limit
            w[LINK_FROM, link, k] = c * limit + (c * head * w[SUPPLY_SLOPE, i, k] if down else 0.0)
            w[LINK_TO, link, k] = -c * limit + (0.0 if down else c * head * w[SUPPLY_SLOPE, to, k])
    elif kind == WEIR:
        for k in range(n):
            over = max(w[LEVEL, i, k] - crest, 0.0)
            root = np.sqrt(over)
            flow = c * over * root
            w[LINK, link, k] = flow * w[SUPPLY, i, k]
            w[LINK_FROM, link, k] = 1.5 * c * root * w[SUPPLY, i, k] + flow * w[SUPPLY_SLOPE, i, k]
            w[LINK_TO, link, k] = 0.0
    else:
        for k in range(n):
            w[LINK, link, k] = w[DEMANDED, link, k] * w[SUPPLY, i, k]
            w[LINK_FROM, link, k] = w[DEMANDED, link, k] * w[SUPPLY_SLOPE, i, k]
            w[LINK_TO, link, k] = 0.0


@inlined
def link_share(
    graph: Graph, active: BoolArray, b: Block, link: int
) -> None:  # pragma: no cover - compiled
    """Put the flow of one link into net inflows, junction arrivals and the Jacobian."""
    w, jacobian = b.w, b.jacobian
    n = w.shape[2]
    i, to = graph.link[link, FROM], graph.link[link, TO]
    if active[i]:
        for k in range(n):
            w[NET, i, k] -= w[LINK, link, k]
            jacobian[i, i, k] -= w[LINK_FROM, link, k]
    if to >= 0:
        if active[i]:
            for k in range(n):
                jacobian[i, to, k] -= w[LINK_TO, link, k]
                jacobian[to, i, k] += w[LINK_FROM, link, k]
        for k in range(n):
            w[NET, to, k] += w[LINK, link, k]
            jacobian[to, to, k] += w[LINK_TO, link, k]
    elif to < -1:
        for k in range(n):
            w[ARRIVED, -2 - to, k] += w[LINK, link, k]
            b.junction_slope[-2 - to, i, k] += w[LINK_FROM, link, k]


@inlined
def junction_fluxes(
    graph: Graph, gauged: bool, active: BoolArray, b: Block, j: int
) -> None:  # pragma: no cover - compiled
    """Loss and mouth flow of one junction, passed on to the storage at its mouth."""
    w, corner = b.w, graph.loss_corner
    ns, n = b.jacobian.shape[0], w.shape[2]
    to = graph.junction_to[j]
    # from here on ARRIVED is the flow through, and THROUGH the share of it that comes from links
    if gauged:
        for k in range(n):
            w[LATERAL_IN, j, k] = w[LATERAL, j, k] - w[ARRIVED, j, k]
        for k in range(n):
            w[ARRIVED, j, k] = w[LATERAL, j, k]
    else:
        for k in range(n):
            w[LATERAL_IN, j, k] = w[LATERAL, j, k]
            w[ARRIVED, j, k] = w[ARRIVED, j, k] + w[LATERAL, j, k]
    for k in range(n):
        w[LOSS, j, k] = 0.0
        w[THROUGH, j, k] = 0.0 if gauged else 1.0
    for r in range(corner.shape[2]):
        at, bend = corner[j, 0, r], corner[j, 1, r]
        for k in range(n):
            w[LOSS, j, k] += bend * max(w[ARRIVED, j, k] - at, 0.0)
        if not gauged:
            for k in range(n):
                w[THROUGH, j, k] -= bend if w[ARRIVED, j, k] > at else 0.0
    for k in range(n):
        w[MOUTH, j, k] = w[ARRIVED, j, k] - w[LOSS, j, k]
    if to >= 0:
        for k in range(n):
            # water drawn back from a lake that has none is not there to be drawn
            limit = w[SUPPLY, to, k] if w[MOUTH, j, k] < 0.0 else 1.0
            w[LATERAL_IN, j, k] -= w[MOUTH, j, k] * (1.0 - limit)
            w[THROUGH, j, k] *= limit
        for k in range(n):
            drawn = min(w[MOUTH, j, k], 0.0)
            w[MOUTH, j, k] = max(w[MOUTH, j, k], 0.0) + drawn * w[SUPPLY, to, k]
            b.jacobian[to, to, k] += drawn * w[SUPPLY_SLOPE, to, k]
        if active[to]:
            for k in range(n):
                w[RIVER_IN, to, k] += w[MOUTH, j, k]
                w[NET, to, k] += w[MOUTH, j, k]
            if not gauged:
                for s in range(ns):
                    for k in range(n):
                        b.jacobian[to, s, k] += w[THROUGH, j, k] * b.junction_slope[j, s, k]


@internal
def evaluate(
    curves: Curves, graph: Graph, gauged: BoolArray, active: BoolArray, b: Block
) -> None:  # pragma: no cover - compiled
    """Fluxes, net inflow and Jacobian of all lanes at the present levels and strait flows.

    ``w[LINK]`` of a strait holds its linearised flow.
    """
    w = b.w
    ns, n = b.jacobian.shape[0], w.shape[2]
    nj = graph.junction_to.size
    for i in range(ns):
        for s in range(ns):
            for k in range(n):
                b.jacobian[i, s, k] = 0.0
    for s in range(ns):
        look_up(curves, b, s)
        storage_fluxes(active[s], b, s)
    for u in range(graph.user_storage.size):
        s = graph.user_storage[u]
        on = 1.0 if active[s] else 0.0
        bands, band = graph.user_band[u, 0], graph.user_band[u, 1]
        for k in range(n):
            # the toe is shared out in bands: who comes first draws on the last water
            depth = (w[VOLUME, s, k] * w[PER_TOE, s, k] - DREGS) * bands - band
            share = min(max(depth, 0.0), 1.0)
            slope = bands * w[AREA, s, k] * w[PER_TOE, s, k] if 0.0 < depth < 1.0 else 0.0
            w[TAKEN, u, k] = on * w[DEMAND, u, k] * share
            w[NET, s, k] -= on * w[DEMAND, u, k] * share
            b.jacobian[s, s, k] -= on * w[DEMAND, u, k] * slope
    for j in range(nj):
        for k in range(n):
            w[ARRIVED, j, k] = 0.0
        for s in range(ns):
            for k in range(n):
                b.junction_slope[j, s, k] = 0.0
    for link in range(graph.link.shape[0]):
        link_flow(graph, active, b, link)
        link_share(graph, active, b, link)
    for j in range(nj):
        junction_fluxes(graph, gauged[j], active, b, j)


@inlined
def solve_dense(matrix: FloatArray, w: FloatArray) -> None:  # pragma: no cover - compiled
    """Solve one small linear system per lane by elimination, in place; right side ``w[RIGHT]``.

    Water that leaves one storage enters another or is gone, so the columns are diagonally
    dominant and no pivoting is needed.
    """
    ns, n = matrix.shape[0], matrix.shape[2]
    for p in range(ns):
        for i in range(p + 1, ns):
            for k in range(n):
                matrix[i, p, k] /= matrix[p, p, k]
            for k in range(n):
                w[RIGHT, i, k] -= matrix[i, p, k] * w[RIGHT, p, k]
            for m in range(p + 1, ns):
                for k in range(n):
                    matrix[i, m, k] -= matrix[i, p, k] * matrix[p, m, k]
    for p in range(ns - 1, -1, -1):
        for m in range(p + 1, ns):
            for k in range(n):
                w[RIGHT, p, k] -= matrix[p, m, k] * w[RIGHT, m, k]
        for k in range(n):
            w[RIGHT, p, k] /= matrix[p, p, k]


@inlined
def newton_system(active: BoolArray, h: float, b: Block) -> None:  # pragma: no cover - compiled
    """Turn net inflow and its Jacobian into the linear system of one Newton step."""
    w, matrix = b.w, b.jacobian
    ns, n = matrix.shape[0], w.shape[2]
    for i in range(ns):
        if active[i]:
            for m in range(ns):
                for k in range(n):
                    matrix[i, m, k] *= -h
            for k in range(n):
                matrix[i, i, k] += w[AREA, i, k]
                w[RIGHT, i, k] = w[BASE, i, k] + h * w[NET, i, k] - w[VOLUME, i, k]
        else:
            for m in range(ns):
                for k in range(n):
                    matrix[i, m, k] = 1.0 if i == m else 0.0
            for k in range(n):
                w[RIGHT, i, k] = 0.0


@inlined
def newton_update(
    graph: Graph, damp: float, tolerance: float, b: Block
) -> float:  # pragma: no cover - compiled
    """Take one Newton step in the lanes still busy; the number that remain busy."""
    w = b.w
    ns, n = b.jacobian.shape[0], w.shape[2]
    for k in range(n):
        w[CHANGE, 0, k] = 0.0
    for s in range(ns):
        for k in range(n):
            # a sum, because it hands on what is no number
            w[CHANGE, 0, k] += abs(w[RIGHT, s, k])
        for k in range(n):
            old = w[LEVEL, s, k]
            new = old + damp * w[RIGHT, s, k]
            # outflows fade over the toe: a step across all of it would be undone by the next
            over = (old >= w[TOE_AT, s, k] and new < w[TOE_AT, s, k]) or (
                old <= w[LOW_AT, s, k] and new > w[TOE_AT, s, k]
            )
            new = w[HALF_AT, s, k] if over else new
            # no volume is negative: halve the way to the bed where a step would pass it
            beneath = 0.5 * (w[LOW_AT, s, k] + max(old, w[LOW_AT, s, k]))
            new = beneath if new < w[LOW_AT, s, k] else new
            w[LEVEL, s, k] = new if w[BUSY, 0, k] > 0.0 else old
    for k in range(n):
        w[CHANGE, 0, k] = 0.0 if w[CHANGE, 0, k] <= tolerance else 1.0
    for link in range(graph.link.shape[0]):
        if graph.link[link, KIND] == STRAIT:
            i, to = graph.link[link, FROM], graph.link[link, TO]
            for k in range(n):
                # HEAD is free by now: it holds the new flow
                w[HEAD, link, k] = (
                    w[LINK, link, k]
                    + w[LINK_FROM, link, k] * w[RIGHT, i, k]
                    + w[LINK_TO, link, k] * w[RIGHT, to, k]
                )
            for k in range(n):
                change = abs(w[HEAD, link, k] - w[FLOW, link, k])
                allowed = FLOW_TOLERANCE * abs(w[HEAD, link, k]) + FLOW_FLOOR
                w[CHANGE, 0, k] += 0.0 if change <= allowed else 1.0
            for k in range(n):
                w[FLOW, link, k] = w[HEAD, link, k] if w[BUSY, 0, k] > 0.0 else w[FLOW, link, k]
    left = 0.0
    for k in range(n):
        w[BUSY, 0, k] = w[BUSY, 0, k] if w[CHANGE, 0, k] > 0.0 else 0.0
    for k in range(n):
        left += w[BUSY, 0, k]
    return left


@internal
def newton_step(
    graph: Graph, active: BoolArray, h: float, damp: float, tolerance: float, b: Block
) -> float:  # pragma: no cover - compiled
    """One Newton step of all busy lanes; the number that remain busy."""
    newton_system(active, h, b)
    solve_dense(b.jacobian, b.w)
    return newton_update(graph, damp, tolerance, b)


@inlined
def finish_linearly(
    graph: Graph, gauged: BoolArray, active: BoolArray, b: Block
) -> None:  # pragma: no cover - compiled
    """Carry the fluxes along the last Newton step by their derivatives.

    The step is at most a fraction of a millimetre and the Jacobian is that of the fluxes, so this
    is as exact as evaluating them again. Lanes in the toe, where it is not, are marked busy.
    """
    w = b.w
    ns, n = b.jacobian.shape[0], w.shape[2]
    for s in range(ns):
        if active[s]:
            for k in range(n):
                w[BUSY, 0, k] = w[BUSY, 0, k] if w[SUPPLY, s, k] == 1.0 else w[GOOD, 0, k]
            for k in range(n):
                w[WET_SLOPE, s, k] *= w[RIGHT, s, k]
            for k in range(n):
                w[WET, s, k] += w[WET_SLOPE, s, k]
            for k in range(n):
                w[NET, s, k] += w[RAIN, s, k] * w[WET_SLOPE, s, k]
    for j in range(graph.junction_to.size):
        for k in range(n):
            w[RECEIVED, j, k] = 0.0
    for link in range(graph.link.shape[0]):
        i, to = graph.link[link, FROM], graph.link[link, TO]
        for k in range(n):
            w[LINK_FROM, link, k] *= w[RIGHT, i, k]
        if to >= 0:
            for k in range(n):
                w[LINK_FROM, link, k] += w[LINK_TO, link, k] * w[RIGHT, to, k]
        for k in range(n):
            w[LINK, link, k] += w[LINK_FROM, link, k]
            w[FLOW, link, k] = w[LINK, link, k]
        if active[i]:
            for k in range(n):
                w[NET, i, k] -= w[LINK_FROM, link, k]
        if to >= 0:
            for k in range(n):
                w[NET, to, k] += w[LINK_FROM, link, k]
        elif to < -1:
            for k in range(n):
                w[RECEIVED, -2 - to, k] += w[LINK_FROM, link, k]
    for j in range(graph.junction_to.size):
        to = graph.junction_to[j]
        if gauged[j]:
            for k in range(n):
                w[LATERAL_IN, j, k] -= w[RECEIVED, j, k]
        else:
            for k in range(n):
                w[LOSS, j, k] += (1.0 - w[THROUGH, j, k]) * w[RECEIVED, j, k]
            for k in range(n):
                w[MOUTH, j, k] += w[THROUGH, j, k] * w[RECEIVED, j, k]
            if to >= 0 and active[to]:
                for k in range(n):
                    w[RIVER_IN, to, k] += w[THROUGH, j, k] * w[RECEIVED, j, k]
                    w[NET, to, k] += w[THROUGH, j, k] * w[RECEIVED, j, k]


@inlined
def settle_straits(
    graph: Graph, active: BoolArray, b: Block
) -> None:  # pragma: no cover - compiled
    """Put the solved strait flows, not their linearisations, into the net inflows."""
    w = b.w
    for link in range(graph.link.shape[0]):
        i, to = graph.link[link, FROM], graph.link[link, TO]
        if graph.link[link, KIND] == STRAIT and active[i] and active[to]:
            for k in range(w.shape[2]):
                extra = w[FLOW, link, k] - w[LINK, link, k]
                w[LINK, link, k] = w[FLOW, link, k]
                w[NET, i, k] -= extra
                w[NET, to, k] += extra


@inlined
def solve_stage(
    curves: Curves,
    graph: Graph,
    gauged: BoolArray,
    active: BoolArray,
    h: float,
    quick: bool,
    tolerance: float,
    b: Block,
) -> None:  # pragma: no cover - compiled
    """Solve ``V(level) = w[BASE] + h w[NET]`` for the lanes marked as good.

    On return all fluxes are those of the solution, and the lanes that did not converge are marked
    busy. The quick way takes two Newton steps in every lane, which is enough for a storage that
    changes as storages do; the other iterates each lane until it is done.
    """
    left = 0.0
    for k in range(b.w.shape[2]):
        b.w[BUSY, 0, k] = b.w[GOOD, 0, k]
        left += b.w[GOOD, 0, k]
    iteration = 0
    while True:
        evaluate(curves, graph, gauged, active, b)
        if (left == 0.0 and not quick) or iteration == MAX_ITERATIONS:
            break
        if quick:
            for k in range(b.w.shape[2]):
                b.w[BUSY, 0, k] = b.w[GOOD, 0, k]
        left = newton_step(graph, active, h, 1.0 if iteration < 8 else 0.5, tolerance, b)
        iteration += 1
        if quick and iteration == 2:
            break
    if quick:
        finish_linearly(graph, gauged, active, b)
    else:
        settle_straits(graph, active, b)
