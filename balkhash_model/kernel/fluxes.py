"""Fluxes of a block of members at given volumes, and their derivatives by volume.

Each law is written once, for all lanes of one record; its loops do the same work for each lane, so
that a lane's bits never depend on its neighbours. A function starts by telling the compiler the
width of the records, see :mod:`balkhash_model.kernel.block`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from balkhash_model.kernel.block import (
    ACTIVITY,
    AHEAD,
    ALIKE,
    AREA,
    ARRIVED,
    BASE,
    BY_FROM,
    BY_TO,
    CARRIED,
    DEMAND,
    DEPTH,
    ENTRY,
    EVAPORATING,
    EVAPORATION,
    FADE,
    FIELDS,
    FLOW,
    HEAD,
    INFLOW,
    INVERSE_AREA,
    LATERAL,
    LEAST,
    LEVEL,
    LINK,
    LOSS,
    MOST,
    MOUTH,
    NET,
    OUTWARD,
    PASSED,
    PER_TOE,
    PITCH,
    PLAN,
    RAIN,
    RATE,
    RECEIVED,
    ROW_A,
    ROW_B,
    ROW_BEGIN,
    ROW_C,
    ROW_D,
    ROW_END,
    SALT,
    SALT_RATE,
    SHIFT,
    SIDE,
    SLOPE_FROM,
    SLOPE_TO,
    SUPPLY,
    TAKEN,
    TARGET,
    THROUGH,
    TINY_VOLUME,
    VOLUME,
    WET,
    Block,
)
from balkhash_model.kernel.compiled import inlined, internal
from balkhash_model.kernel.layout import (
    COEFFICIENT,
    FROM,
    KIND,
    LINEAR,
    LINEAR_HEAD,
    OUTSIDE,
    SILL,
    STRAIT,
    TO,
    Graph,
)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

#: Share of the toe that stays on the bed, so that rounding never makes a volume negative.
DREGS = 1e-6
#: Salinity beyond which evaporation is lowered no further, kg/m3.
MOST_SALINE = 400.0
#: Below the infinite entry of the last row of a table.
MOST_ENTRY = 1e300
#: Of a dry strait, m2.5/s.
LEAST_CONVEYANCE = 1e-30


@internal
def follow(
    table: FloatArray, n: int, w: FloatArray, row: IntArray, i: int
) -> int:  # pragma: no cover - compiled
    """Bring the row of its table that is in force into each lane; how many had left theirs.

    An entry that is no number leaves the row where it is.
    """
    if w.shape[1] != FIELDS or w.shape[2] != PITCH:
        return 0
    left = 0
    for k in range(n):
        x = w[i, ENTRY, k]
        left += 0 if (w[i, ROW_BEGIN, k] <= x) & (x < w[i, ROW_END, k]) else 1
    if left == 0:
        return 0
    for k in range(n):
        x = w[i, ENTRY, k]
        if x < w[i, ROW_BEGIN, k] or x >= w[i, ROW_END, k]:
            x = min(x, MOST_ENTRY)
            at = row[i, k]
            while x >= table[at + 1, 0]:
                at += 1
            while x < table[at, 0]:
                at -= 1
            row[i, k] = at
            w[i, ROW_BEGIN, k] = table[at, 0]
            w[i, ROW_END, k] = table[at + 1, 0]
            w[i, ROW_A, k] = table[at, 1]
            w[i, ROW_B, k] = table[at, 2]
            w[i, ROW_C, k] = table[at, 3]
            w[i, ROW_D, k] = table[at, 4]
    return left


@inlined
def lower_evaporation(
    graph: Graph, ahead: float, n: int, b: Block, s: int
) -> None:  # pragma: no cover - compiled
    """Share of fresh water's evaporation that brine of the expected salinity gives off."""
    w, first, second, gain = b.s, graph.lowering[0], graph.lowering[1], graph.lowering[2]
    for k in range(n):
        mass = w[s, SALT, k] + ahead * w[s, SALT_RATE, k]
        salinity = min(max(mass, 0.0) / max(w[s, VOLUME, k], TINY_VOLUME), MOST_SALINE)
        lowering = salinity * (first + salinity * second)
        w[s, ACTIVITY, k] = max(1.0 - gain * lowering / (1.0 + lowering), 0.0)


@inlined
def storage_fluxes(active: bool, n: int, b: Block, s: int) -> None:  # pragma: no cover - compiled
    """Level, areas, rain, evaporation, rivers and groundwater of one storage.

    Outflows and the wet area fade linearly over the last water of a storage, its toe.
    """
    w, matrix = b.s, b.matrix
    on = 1.0 if active else 0.0
    for k in range(n):
        rest = w[s, VOLUME, k] - w[s, ROW_D, k]
        base, rise = w[s, ROW_B, k], w[s, ROW_C, k]
        area = np.sqrt(base * base + 2.0 * rise * rest)
        # one division for both 1 / area and 1 / (base + area)
        both = 1.0 / (area * (base + area))
        inverse = both * (base + area)
        in_toe = w[s, VOLUME, k] * w[s, PER_TOE, k] - DREGS
        supply = min(max(in_toe, 0.0), 1.0)
        fade = w[s, PER_TOE, k] if (in_toe > 0.0) & (in_toe < 1.0) else 0.0
        net_rain = w[s, RAIN, k] - w[s, EVAPORATION, k] * w[s, ACTIVITY, k]
        w[s, LEVEL, k] = w[s, ROW_A, k] + 2.0 * rest * (both * area)
        w[s, AREA, k] = area
        w[s, INVERSE_AREA, k] = inverse
        w[s, SUPPLY, k] = supply
        w[s, FADE, k] = fade
        w[s, NET, k] = on * (w[s, INFLOW, k] + w[s, OUTWARD, k] * supply + net_rain * area * supply)
        w[s, SHIFT, k] = 0.0
        matrix[s, s, k] = on * (
            net_rain * (rise * inverse * supply + area * fade) + w[s, OUTWARD, k] * fade
        )


@inlined
def wet_areas(active: bool, n: int, b: Block, s: int) -> None:  # pragma: no cover - compiled
    """Area of one storage that is rained on and that evaporates, for the record."""
    w = b.s
    on = 1.0 if active else 0.0
    for k in range(n):
        wet = on * w[s, AREA, k] * w[s, SUPPLY, k]
        w[s, WET, k] = wet
        w[s, EVAPORATING, k] = wet * w[s, ACTIVITY, k]


@inlined
def storage_users(
    graph: Graph, active: bool, n: int, b: Block, user: int, s: int
) -> None:  # pragma: no cover - compiled
    """What one user takes from a storage; who comes first draws on the last water of the toe."""
    w, u = b.s, b.u
    on = 1.0 if active else 0.0
    bands, band = graph.user_band[user, 0], graph.user_band[user, 1]
    for k in range(n):
        depth = (w[s, VOLUME, k] * w[s, PER_TOE, k] - DREGS) * bands - band
        taken = on * u[user, DEMAND, k] * min(max(depth, 0.0), 1.0)
        slope = bands * w[s, PER_TOE, k] if (depth > 0.0) & (depth < 1.0) else 0.0
        u[user, TAKEN, k] = taken
        w[s, NET, k] -= taken
        b.matrix[s, s, k] -= on * u[user, DEMAND, k] * slope


@inlined
def release(
    graph: Graph, active: bool, opening: float, n: int, b: Block, link: int
) -> None:  # pragma: no cover - compiled
    """Planned flow, corrected towards a target volume; an inactive storage passes its rivers on."""
    w, v = b.s, b.v
    i = graph.link[link, FROM]
    if not active:
        for k in range(n):
            v[link, LINK, k] = v[link, PASSED, k]
            v[link, BY_FROM, k] = 0.0
    else:
        for k in range(n):
            rate = v[link, RATE, k]
            wanted = v[link, PLAN, k] + (w[i, VOLUME, k] - v[link, TARGET, k]) * rate
            least, most = v[link, LEAST, k], v[link, MOST, k]
            flow = opening * min(max(wanted, least), most)
            by_volume = opening * rate if (wanted > least) & (wanted < most) else 0.0
            v[link, LINK, k] = flow * w[i, SUPPLY, k]
            v[link, BY_FROM, k] = by_volume * w[i, SUPPLY, k] + flow * w[i, FADE, k]


@inlined
def weir(
    graph: Graph, opening: float, n: int, b: Block, link: int
) -> None:  # pragma: no cover - compiled
    """One-way flow over a broad crest."""
    w, v = b.s, b.v
    i, crest = graph.link[link, FROM], graph.link_value[link, SILL]
    c = opening * graph.link_value[link, COEFFICIENT]
    for k in range(n):
        over = max(w[i, LEVEL, k] - crest, 0.0)
        root = c * np.sqrt(over)
        flow = root * over
        v[link, LINK, k] = flow * w[i, SUPPLY, k]
        v[link, BY_FROM, k] = (
            1.5 * root * w[i, INVERSE_AREA, k] * w[i, SUPPLY, k] + flow * w[i, FADE, k]
        )


@inlined
def linear(
    graph: Graph, opening: float, n: int, b: Block, link: int
) -> None:  # pragma: no cover - compiled
    """Two-way flow in proportion to the head, limited by the supply of the side it comes from."""
    w, v = b.s, b.v
    i, to = graph.link[link, FROM], graph.link[link, TO]
    c = opening * graph.link_value[link, COEFFICIENT]
    for k in range(n):
        flow = c * (w[i, LEVEL, k] - w[to, LEVEL, k])
        down = flow > 0.0
        limit = w[i, SUPPLY, k] if down else w[to, SUPPLY, k]
        v[link, LINK, k] = flow * limit
        v[link, BY_FROM, k] = c * limit * w[i, INVERSE_AREA, k] + (
            flow * w[i, FADE, k] if down else 0.0
        )
        v[link, BY_TO, k] = -c * limit * w[to, INVERSE_AREA, k] + (
            0.0 if down else flow * w[to, FADE, k]
        )


@inlined
def strait(
    graph: Graph, opening: float, h: float, fresh: float, n: int, b: Block, link: int
) -> None:  # pragma: no cover - compiled
    """Linearise a strait about its flow.

    In a fresh stage that is the flow which its two ends, left to themselves, would settle to; later
    the iterate ``FLOW``, which only the solver moves.

    With conveyance K, flow q and linear head e the law is ``head = q sqrt(q^2 + K^2 e) / K^2``.
    What the head would be after the stage without the strait is ``H``, and each m3/s through it
    lowers that by ``R``: so the flow is near the root of ``q |q| / K^2 + (R + sqrt(e) / K) q = H``.
    ``LINK`` becomes the flow to first order at the present levels, ``BY_FROM`` and ``BY_TO`` its
    derivatives by the two volumes, and ``HEAD`` the head that the flow lacks (in a fresh stage one
    that no solver would accept).
    """
    w, v = b.s, b.v
    i, to = graph.link[link, FROM], graph.link[link, TO]
    sill = graph.link_value[link, SILL]
    eps = graph.link_value[link, LINEAR_HEAD]
    blunt = np.sqrt(eps)
    # a closed strait is one that no water reaches: without conveyance its law has no solution
    reached, share = (1.0, opening) if opening > 0.0 else (0.0, 1.0)
    for k in range(n):
        above_from = reached * max(w[i, LEVEL, k] - sill, 0.0)
        above_to = reached * max(w[to, LEVEL, k] - sill, 0.0)
        from_slope = w[i, INVERSE_AREA, k] if above_from > 0.0 else 0.0
        to_slope = w[to, INVERSE_AREA, k] if above_to > 0.0 else 0.0
        from_rest = w[i, BASE, k] + h * w[i, NET, k] - w[i, VOLUME, k]
        to_rest = w[to, BASE, k] + h * w[to, NET, k] - w[to, VOLUME, k]
        v[link, SLOPE_FROM, k] = from_slope
        v[link, SLOPE_TO, k] = to_slope
        v[link, HEAD, k] = above_from - above_to
        v[link, DEPTH, k] = max(above_from, above_to)
        v[link, LINK, k] = from_slope * from_rest - to_slope * to_rest
    follow(graph.table, n, v, b.row[w.shape[0] :], link)
    for k in range(n):
        head, from_slope, to_slope = v[link, HEAD, k], v[link, SLOPE_FROM, k], v[link, SLOPE_TO, k]
        depth = v[link, DEPTH, k]
        x = depth - v[link, ROW_BEGIN, k]
        second, third = v[link, ROW_C, k], v[link, ROW_D, k]
        value = v[link, ROW_A, k] + x * (v[link, ROW_B, k] + x * (second + x * third))
        conveyance = share * max(value, LEAST_CONVEYANCE)
        by_depth = share * (v[link, ROW_B, k] + x * (2.0 * second + x * 3.0 * third))
        # flows in units of the conveyance, so that the law is head = p sqrt(p^2 + e); a head
        # larger than the depth is a poor one to linearise about
        expected = min(max(head + v[link, LINK, k], -depth), depth)
        resistance = conveyance * h * (from_slope + to_slope) + blunt
        resistance += np.sqrt(resistance * resistance + 4.0 * abs(expected))
        # one division for both expected / resistance and flow / conveyance
        both = 1.0 / (conveyance * resistance)
        settled = 2.0 * expected * (both * conveyance)
        p = v[link, FLOW, k] * (both * resistance)
        # a flow far larger than the depth can drive is a poor one to linearise about
        fine = p * p <= 4.0 * depth
        most = 2.0 * np.sqrt(depth)
        p = p if fine else (most if v[link, FLOW, k] > 0.0 else -most)
        new = fresh if fine else 1.0
        p = settled if fresh > 0.0 else p
        root = np.sqrt(p * p + eps)
        gain = root / (2.0 * p * p + eps)
        lacking = head - p * root
        v[link, LINK, k] = conveyance * (p + gain * lacking)
        v[link, HEAD, k] = lacking + new
        gain *= conveyance
        deepening = p * by_depth
        v[link, BY_FROM, k] = (gain + (deepening if head >= 0.0 else 0.0)) * from_slope
        v[link, BY_TO, k] = (-gain + (0.0 if head >= 0.0 else deepening)) * to_slope


@inlined
def settle_strait(graph: Graph, n: int, b: Block, link: int) -> None:  # pragma: no cover - compiled
    """Count the iterate of a strait's flow as its flux; the solver starts from its linearisation.

    ``SHIFT`` takes the difference of the two.
    """
    w, v = b.s, b.v
    i, to = graph.link[link, FROM], graph.link[link, TO]
    for k in range(n):
        extra = v[link, LINK, k] - v[link, FLOW, k]
        w[i, NET, k] -= v[link, FLOW, k]
        w[i, SHIFT, k] -= extra
        w[to, NET, k] += v[link, FLOW, k]
        w[to, SHIFT, k] += extra


@inlined
def share_link(
    graph: Graph, active: bool, is_strait: bool, n: int, b: Block, link: int
) -> None:  # pragma: no cover - compiled
    """Put the flow of one link into net inflows, junction arrivals and the Jacobian."""
    w, v, matrix = b.s, b.v, b.matrix
    i, to = graph.link[link, FROM], graph.link[link, TO]
    if active:
        if not is_strait:
            for k in range(n):
                w[i, NET, k] -= v[link, LINK, k]
        for k in range(n):
            matrix[i, i, k] -= v[link, BY_FROM, k]
        if to >= 0:
            for k in range(n):
                matrix[to, i, k] += v[link, BY_FROM, k]
    if to >= 0:
        if not is_strait:
            for k in range(n):
                w[to, NET, k] += v[link, LINK, k]
        if graph.link[link, KIND] == LINEAR or graph.link[link, KIND] == STRAIT:
            for k in range(n):
                matrix[i, to, k] -= v[link, BY_TO, k]
                matrix[to, to, k] += v[link, BY_TO, k]
    elif to < OUTSIDE:
        for k in range(n):
            b.j[-2 - to, ARRIVED, k] += v[link, LINK, k]
        for k in range(n):
            b.through[-2 - to, i, k] += v[link, BY_FROM, k]


@inlined
def junction_users(graph: Graph, n: int, b: Block, j: int) -> None:  # pragma: no cover - compiled
    """Users at a junction share what arrives: by priority, then in proportion."""
    r, u = b.j, b.u
    for k in range(n):
        r[j, SIDE, k] = r[j, ARRIVED, k]
    for user in range(graph.user_place.size):
        if graph.user_place[user] == -2 - j:
            for k in range(n):
                alike = max(u[user, ALIKE, k], 1e-30)
                share = (r[j, SIDE, k] - u[user, AHEAD, k]) / alike
                taken = u[user, DEMAND, k] * min(max(share, 0.0), 1.0)
                part = u[user, DEMAND, k] / alike if (share > 0.0) & (share < 1.0) else 0.0
                u[user, TAKEN, k] = taken
                r[j, ARRIVED, k] -= taken
                r[j, THROUGH, k] -= part


@inlined
def junction_fluxes(
    graph: Graph, gauged: bool, active: BoolArray, n: int, b: Block, j: int
) -> None:  # pragma: no cover - compiled
    """Lateral inflow, users, loss and mouth flow of one junction, and where the water goes.

    ``THROUGH`` is the share of a change of what links bring that goes on to the mouth.
    """
    w, r, corner = b.s, b.j, graph.loss_corner
    ns = w.shape[0]
    to = graph.junction_to[j]
    free = 0.0 if gauged else 1.0
    for k in range(n):
        r[j, CARRIED, k] = r[j, LATERAL, k] - (1.0 - free) * r[j, ARRIVED, k]
        r[j, ARRIVED, k] = free * r[j, ARRIVED, k] + r[j, LATERAL, k]
        r[j, THROUGH, k] = free
    junction_users(graph, n, b, j)
    for k in range(n):
        r[j, SIDE, k] = r[j, CARRIED, k]
        r[j, LOSS, k] = 0.0
        r[j, RECEIVED, k] = 1.0
    for c in range(corner.shape[2]):
        at, bend = corner[j, 0, c], corner[j, 1, c]
        for k in range(n):
            over = r[j, ARRIVED, k] - at
            r[j, LOSS, k] += bend * max(over, 0.0)
            r[j, RECEIVED, k] -= bend if over > 0.0 else 0.0
    for k in range(n):
        r[j, MOUTH, k] = r[j, ARRIVED, k] - r[j, LOSS, k]
        r[j, THROUGH, k] *= r[j, RECEIVED, k]
    if to >= 0:
        on = 1.0 if active[to] else 0.0
        for k in range(n):
            # water drawn back from a lake that has none is not there to be drawn
            drawn, given = min(r[j, MOUTH, k], 0.0), max(r[j, MOUTH, k], 0.0)
            limit = w[to, SUPPLY, k] if drawn < 0.0 else 1.0
            mouth = given + drawn * limit
            r[j, SIDE, k] += mouth - r[j, MOUTH, k]
            r[j, MOUTH, k] = mouth
            r[j, THROUGH, k] *= on * limit
            w[to, NET, k] += on * mouth
            b.matrix[to, to, k] += on * drawn * w[to, FADE, k]
        if not gauged:
            for s in range(ns):
                if graph.coupled[to, s]:
                    for k in range(n):
                        b.matrix[to, s, k] += r[j, THROUGH, k] * b.through[j, s, k]
