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
from numba import njit

from balkhash_model.kernel.layout import (
    COEFFICIENT,
    FROM,
    KIND,
    LINEAR,
    LINEAR_HEAD,
    LOW,
    PER_METRE,
    RELEASE,
    SILL,
    STEP,
    STRAIT,
    TO,
    TOE,
    WEIR,
    Curves,
    Graph,
)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

GAMMA = 1.0 - np.sqrt(0.5)
MAX_ITERATIONS = 40
LEVEL_TOLERANCE = 1e-8  # m, on the last Newton step, which converges quadratically
FLOW_TOLERANCE = 1e-6  # relative, on the last change of a strait's flow
FLOW_FLOOR = 1e-4  # m3/s

# Fields of Block.w by what their second index counts.
(  # storages
    LEVEL, AREA, SLOPE, VOLUME, WET, WET_SLOPE, SUPPLY, SUPPLY_SLOPE, NET, RIGHT,
    RIVER_IN, GROUND_IN, RAIN, RIVER, GROUND,
    NOW, SALT, OLD, OLD_SALT, OLD_LEVEL, BASE, SALT_BASE, FIRST_NET, INVERSE,
    # links
    FLOW, LINK, LINK_FROM, LINK_TO, DEMANDED, OLD_FLOW,
    # users
    TAKEN, DEMAND,
    # junctions
    ARRIVED, LATERAL, LATERAL_IN, LOSS, MOUTH, RECEIVED,
) = range(38)
FIELDS = 38

# Rows of Block.flag
BUSY, ALIVE, GOOD, REDO = range(4)
# Leading index of Block.report
FIRST, SECOND, MEAN = range(3)


class Block(NamedTuple):
    """Everything a block of members needs while it is marched; the last axis is the lane."""

    w: FloatArray  # (field, index, k)
    jacobian: FloatArray  # (s, s, k)
    junction_slope: FloatArray  # (j, s, k)
    report: FloatArray  # (3, x, k): first stage, second stage, mean over the interval
    curve: IntArray  # (s, k)
    flag: BoolArray  # (4, k)


@njit(cache=True, nogil=True)
def look_up(curves: Curves, b: Block, s: int) -> None:  # pragma: no cover - compiled
    """Area, slope, volume and wet part of one storage at the levels of all lanes.

    Outflows and the wet area fade linearly over the last centimetre of water (the toe volume).
    """
    w = b.w
    rows, meta, cells, cell_row = curves.rows, curves.meta, curves.cells, curves.cell_row
    for k in range(w.shape[2]):
        c = b.curve[s, k]
        x = w[LEVEL, s, k]
        cell = int((x - meta[c, LOW]) * meta[c, PER_METRE])
        cell = min(max(cell, 0), cells[c, 0] - 1)
        row = cell_row[cells[c, 1] + cell]
        for _ in range(curves.hops):
            if x >= rows[0, row + 1]:
                row += 1
        d = x - rows[0, row]
        slope = rows[2, row]
        area = rows[1, row] + slope * d
        volume = rows[3, row] + d * (rows[1, row] + 0.5 * slope * d)
        toe = meta[c, TOE]
        supply = min(max(volume / toe, 0.0), 1.0)
        supply_slope = area / toe if 0.0 < supply < 1.0 else 0.0
        w[AREA, s, k] = area
        w[SLOPE, s, k] = slope
        w[VOLUME, s, k] = volume
        w[SUPPLY, s, k] = supply
        w[SUPPLY_SLOPE, s, k] = supply_slope
        w[WET, s, k] = area * supply
        w[WET_SLOPE, s, k] = slope * supply + area * supply_slope


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def strait(graph: Graph, b: Block, link: int) -> None:  # pragma: no cover - compiled
    """Linearise a strait about its present flow and levels.

    ``w[LINK]`` becomes the flow to first order at the present levels, ``w[LINK_FROM]`` and
    ``w[LINK_TO]`` its derivatives with respect to the two levels. ``w[FLOW]`` is the iterate, which
    only the solver updates.
    """
    w = b.w
    i, to = graph.link[link, FROM], graph.link[link, TO]
    sill = graph.link_value[link, SILL]
    eps = graph.link_value[link, LINEAR_HEAD]
    step = graph.link_value[link, STEP]
    table = graph.conveyance
    last = table.shape[1] - 2
    for k in range(w.shape[2]):
        above_from = w[LEVEL, i, k] - sill
        above_to = w[LEVEL, to, k] - sill
        da = 1.0 if above_from > 0.0 else 0.0
        db = 1.0 if above_to > 0.0 else 0.0
        head_from = above_from * da
        head_to = above_to * db
        up = max(head_from, head_to)
        x = up / step
        row = min(int(x), last)
        rise = table[link, row + 1] - table[link, row]
        conveyance = max(table[link, row] + (x - row) * rise, 1e-30)
        # a flow larger than the levels can drive is a poor place to linearise about
        most = conveyance * np.sqrt(up)
        q = min(max(w[FLOW, link, k], -most), most)
        k2 = conveyance * conveyance
        root = np.sqrt(q * q + k2 * eps)
        gain = k2 * root / (2.0 * q * q + k2 * eps)
        with_depth = q / conveyance * (rise / step)
        w[LINK, link, k] = q + gain * (head_from - head_to - q * root / k2)
        w[LINK_FROM, link, k] = (gain + (with_depth if head_from >= head_to else 0.0)) * da
        w[LINK_TO, link, k] = (-gain + (0.0 if head_from >= head_to else with_depth)) * db


@njit(cache=True, nogil=True)
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
            w[LINK, link, k] = c * (w[LEVEL, i, k] - w[LEVEL, to, k])
            w[LINK_FROM, link, k] = c
            w[LINK_TO, link, k] = -c
    elif kind == WEIR:
        for k in range(n):
            over = max(w[LEVEL, i, k] - crest, 0.0)
            root = np.sqrt(over)
            flow = c * over * root
            w[LINK, link, k] = flow * w[SUPPLY, i, k]
            w[LINK_FROM, link, k] = (
                1.5 * c * root * w[SUPPLY, i, k] + flow * w[SUPPLY_SLOPE, i, k]
            )
            w[LINK_TO, link, k] = 0.0
    else:
        for k in range(n):
            w[LINK, link, k] = w[DEMANDED, link, k] * w[SUPPLY, i, k]
            w[LINK_FROM, link, k] = w[DEMANDED, link, k] * w[SUPPLY_SLOPE, i, k]
            w[LINK_TO, link, k] = 0.0


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def junction_fluxes(
    graph: Graph, gauged: bool, active: BoolArray, b: Block, j: int
) -> None:  # pragma: no cover - compiled
    """Loss and mouth flow of one junction, passed on to the storage at its mouth."""
    w, loss_table = b.w, graph.loss
    ns = b.jacobian.shape[0]
    last = loss_table.shape[2] - 1
    to = graph.junction_to[j]
    for k in range(w.shape[2]):
        if gauged:
            flow = w[LATERAL, j, k]
            side = flow - w[ARRIVED, j, k]
            passed = 0.0
        else:
            side = w[LATERAL, j, k]
            flow = w[ARRIVED, j, k] + side
            passed = 1.0
        x = max(flow, 0.0)
        row = 0
        for r in range(1, last + 1):
            if x >= loss_table[j, 0, r]:
                row = r
        rate = 0.0
        if row < last:
            rate = (loss_table[j, 1, row + 1] - loss_table[j, 1, row]) / (
                loss_table[j, 0, row + 1] - loss_table[j, 0, row]
            )
        loss = loss_table[j, 1, row] + rate * (x - loss_table[j, 0, row])
        mouth = flow - loss
        through = passed * (1.0 - rate) if flow > 0.0 else passed
        if to >= 0 and mouth < 0.0:
            # water drawn back from a lake that has none is not there to be drawn
            mouth = mouth * w[SUPPLY, to, k]
            loss = flow - mouth
            through = through * w[SUPPLY, to, k]
        w[LATERAL_IN, j, k] = side
        w[LOSS, j, k] = loss
        w[MOUTH, j, k] = mouth
        if to >= 0 and active[to]:
            w[RIVER_IN, to, k] += mouth
            w[NET, to, k] += mouth
            for s in range(ns):
                b.jacobian[to, s, k] += through * b.junction_slope[j, s, k]


@njit(cache=True, nogil=True)
def evaluate(
    curves: Curves, graph: Graph, gauged: BoolArray, active: BoolArray, b: Block
) -> None:  # pragma: no cover - compiled
    """Fluxes, net inflow and Jacobian of all lanes at the present levels and strait flows.

    ``w[LINK]`` of a strait holds its linearised flow.
    """
    w = b.w
    ns, n = b.jacobian.shape[0], w.shape[2]
    nj = graph.junction_to.size
    b.jacobian[:] = 0.0
    for s in range(ns):
        look_up(curves, b, s)
        storage_fluxes(active[s], b, s)
    for u in range(graph.user_storage.size):
        s = graph.user_storage[u]
        on = 1.0 if active[s] else 0.0
        for k in range(n):
            taken = on * w[DEMAND, u, k] * w[SUPPLY, s, k]
            w[TAKEN, u, k] = taken
            w[NET, s, k] -= taken
            b.jacobian[s, s, k] -= on * w[DEMAND, u, k] * w[SUPPLY_SLOPE, s, k]
    if nj > 0:
        b.junction_slope[:] = 0.0
        for j in range(nj):
            for k in range(n):
                w[ARRIVED, j, k] = 0.0
    for link in range(graph.link.shape[0]):
        link_flow(graph, active, b, link)
        link_share(graph, active, b, link)
    for j in range(nj):
        junction_fluxes(graph, gauged[j], active, b, j)


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def newton_update(graph: Graph, damp: float, b: Block) -> int:  # pragma: no cover - compiled
    """Take one Newton step in the lanes still busy; the number that remain busy."""
    w = b.w
    ns, n = b.jacobian.shape[0], w.shape[2]
    left = 0
    for k in range(n):
        if b.flag[BUSY, k]:
            largest = 0.0
            for s in range(ns):
                change = damp * w[RIGHT, s, k]
                largest = max(largest, abs(change))
                w[LEVEL, s, k] += change
            done = largest <= LEVEL_TOLERANCE
            for link in range(graph.link.shape[0]):
                if graph.link[link, KIND] == STRAIT:
                    i, to = graph.link[link, FROM], graph.link[link, TO]
                    new = (
                        w[LINK, link, k]
                        + w[LINK_FROM, link, k] * w[RIGHT, i, k]
                        + w[LINK_TO, link, k] * w[RIGHT, to, k]
                    )
                    if not abs(new - w[FLOW, link, k]) <= FLOW_TOLERANCE * abs(new) + FLOW_FLOOR:
                        done = False
                    w[FLOW, link, k] = new
            if done:
                b.flag[BUSY, k] = False
            else:
                left += 1
    return left


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def solve_stage(
    curves: Curves,
    graph: Graph,
    gauged: BoolArray,
    active: BoolArray,
    h: float,
    lanes: int,
    b: Block,
) -> None:  # pragma: no cover - compiled
    """Solve ``V(level) = w[BASE] + h w[NET]`` for the lanes of flag row `lanes`, and evaluate there.

    On return the lanes that did not converge are still marked busy.
    """
    left = 0
    for k in range(b.w.shape[2]):
        b.flag[BUSY, k] = b.flag[lanes, k]
        left += 1 if b.flag[lanes, k] else 0
    for iteration in range(MAX_ITERATIONS):
        if left == 0:
            break
        evaluate(curves, graph, gauged, active, b)
        newton_system(active, h, b)
        solve_dense(b.jacobian, b.w)
        left = newton_update(graph, 1.0 if iteration < 20 else 0.5, b)
    evaluate(curves, graph, gauged, active, b)
    settle_straits(graph, active, b)
