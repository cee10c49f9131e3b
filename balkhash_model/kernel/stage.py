"""One implicit stage of a block of members: its start, its equations, and what it leaves."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from balkhash_model.kernel.block import (
    AREA,
    ARRIVED,
    BASE,
    BUSY,
    DEPTH,
    FADE,
    FIELDS,
    FIRST_NET,
    FLOW,
    GOOD,
    HEAD,
    INVERSE_AREA,
    LEVEL,
    LINK,
    NET,
    NOW,
    PITCH,
    SALT,
    SALT_BASE,
    SALT_RATE,
    STAGE_SALT,
    START_HEAD,
    STEP,
    VOLUME,
    WRONG,
    Block,
    whole_groups,
)
from balkhash_model.kernel.compiled import compiled, inlined
from balkhash_model.kernel.fluxes import (
    follow,
    junction_fluxes,
    linear,
    lower_evaporation,
    release,
    settle_strait,
    share_link,
    storage_fluxes,
    storage_users,
    strait,
    weir,
    wet_areas,
)
from balkhash_model.kernel.layout import (
    FLUX,
    FROM,
    KIND,
    LINEAR,
    OUTSIDE,
    RELEASE,
    SILL,
    STRAIT,
    TO,
    WEIR,
    Graph,
    is_lone,
)
from balkhash_model.kernel.salt import salt_stage

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

lone_system = inlined(is_lone)

#: What a stage may lack: water, as a level, and head, m; in the toe of a storage less.
TOLERANCE = 1e-7
TOE_TOLERANCE = 4e-9
#: Depth over a sill, m, below which a flow of no more than so many m3/s does not matter.
SHUT, FLOW_FLOOR = 1e-2, 1e-6
#: Head that may be reversed by the flow that it drives, m.
RINGING = 2e-7
#: How much larger the error of a storage may be whose level drives no flow by itself.
WITHOUT_HEAD = 5.0


@inlined
def head_of(graph: Graph, link: int, k: int, b: Block) -> float:  # pragma: no cover - compiled
    """What drives the flow of a link: the level over the crest, or the difference of two levels."""
    kind, i, to = graph.link[link, KIND], graph.link[link, FROM], graph.link[link, TO]
    sill = graph.link_value[link, SILL]
    upper: float = b.s[i, LEVEL, k]
    lower: float = sill if kind == WEIR or to < 0 else b.s[to, LEVEL, k]
    if kind == STRAIT:
        upper, lower = max(upper, sill), max(lower, sill)
    return upper - lower


@inlined
def begin_stage(
    second: bool, dt: float, h: float, n: int, b: Block
) -> None:  # pragma: no cover - compiled
    """Set what a stage starts from, and a first guess of its volumes."""
    w, z = b.s, b.z
    # the second stage starts from the first one's rates over the rest of the step
    before, ratio = dt - h, (dt - h) / h
    for s in range(w.shape[0]):
        for k in range(n):
            now, salt, net = w[s, NOW, k], w[s, SALT, k], w[s, NET, k]
            first, stage_salt = w[s, VOLUME, k], w[s, STAGE_SALT, k]
            guess = max(first + ratio * (first - now), 0.5 * first)
            # chosen, not multiplied: what an earlier attempt left may be no number
            w[s, BASE, k] = now + before * net if second else now
            w[s, SALT_BASE, k] = salt + ratio * (stage_salt - salt) if second else salt
            w[s, VOLUME, k] = guess if second else now
            w[s, FIRST_NET, k] = net
    for k in range(n):
        z[BUSY, k] = z[GOOD, k]


@inlined
def remember_heads(graph: Graph, n: int, b: Block) -> None:  # pragma: no cover - compiled
    """Keep the heads at the start of a step."""
    for link in range(graph.link.shape[0]):
        if graph.link[link, KIND] != RELEASE:
            for k in range(n):
                b.v[link, START_HEAD, k] = head_of(graph, link, k, b)


@inlined
def unsolved(graph: Graph, h: float, n: int, b: Block) -> int:  # pragma: no cover - compiled
    """Take the lanes whose equations hold off the busy ones; the number that remain.

    The comparisons are written so that a value that is no number counts as wrong.
    """
    w, v, z = b.s, b.v, b.z
    for s in range(w.shape[0]):
        before = 1.0 if s > 0 else 0.0
        for k in range(n):
            lack = w[s, BASE, k] + h * w[s, NET, k] - w[s, VOLUME, k]
            allowed = TOLERANCE if w[s, FADE, k] == 0.0 else TOE_TOLERANCE
            fine = abs(lack) * w[s, INVERSE_AREA, k] <= allowed
            z[WRONG, k] = before * z[WRONG, k] + (0.0 if fine else 1.0)
    for link in range(graph.link.shape[0]):
        if graph.link[link, KIND] == STRAIT:
            for k in range(n):
                gap = abs(v[link, LINK, k] - v[link, FLOW, k])
                shut = (v[link, DEPTH, k] <= SHUT) & (gap <= FLOW_FLOOR)
                fine = shut | (abs(v[link, HEAD, k]) <= TOLERANCE)
                z[WRONG, k] += 0.0 if fine else 1.0
    left = 0
    for k in range(n):
        busy = (z[BUSY, k] > 0.0) & (z[WRONG, k] > 0.0)
        z[BUSY, k] = 1.0 if busy else 0.0
        left += 1 if busy else 0
    return left


@compiled
def evaluate(
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
    """Fluxes, net inflow and its derivatives by volume; how many lanes are left to solve.

    `h` is the length of the stage and `dt` that of the step, s; `first` tells that the stage is
    the first of two, and `fresh` that this is its first evaluation.
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
    if fresh:
        begin_stage(h < dt and not first, dt, h, n, b)
    ahead, new = h if first else dt, 1.0 if fresh else 0.0
    ns, nl, nj = b.s.shape[0], graph.link.shape[0], graph.junction_to.size
    salty = graph.lowering[0] > 0.0
    for s in range(ns):
        for m in range(ns):
            if m != s and graph.coupled[s, m]:
                for k in range(n):
                    b.matrix[s, m, k] = 0.0
        follow(graph.table, n, b.s, b.row, s)
        if salty:
            lower_evaporation(graph, ahead, n, b, s)
        storage_fluxes(active[s], n, b, s)
    for user in range(graph.user_place.size):
        s = graph.user_place[user]
        if s >= 0:
            storage_users(graph, active[s], n, b, user, s)
    for j in range(nj):
        for k in range(n):
            b.j[j, ARRIVED, k] = 0.0
    for link in range(nl):
        if graph.link[link, TO] < OUTSIDE:
            for k in range(n):
                b.through[-2 - graph.link[link, TO], graph.link[link, FROM], k] = 0.0
    # straits last: they look at what all the others bring
    for part in range(2):
        for link in range(nl):
            kind, i = graph.link[link, KIND], graph.link[link, FROM]
            if (kind == STRAIT) == (part == 1):
                if kind == RELEASE:
                    release(graph, active[i], opening[link], n, b, link)
                elif kind == WEIR:
                    weir(graph, opening[link], n, b, link)
                elif kind == LINEAR:
                    linear(graph, opening[link], n, b, link)
                else:
                    strait(graph, opening[link], h, new, n, b, link)
                    settle_strait(graph, n, b, link)
                share_link(graph, active[i], part == 1, n, b, link)
        if part == 0:
            for j in range(nj):
                junction_fluxes(graph, gauged[j], active, n, b, j)
    if first and fresh:
        remember_heads(graph, n, b)
    return unsolved(graph, h, n, b)


@inlined
def check_heads(graph: Graph, dt: float, n: int, b: Block) -> None:  # pragma: no cover - compiled
    """Drop the lanes in which a head was reversed by the flow that it drives.

    A head may change its sign because the rest of the balance reverses it; the flow that it drives
    can only bring it to rest.
    """
    w, v, z = b.s, b.v, b.z
    for link in range(graph.link.shape[0]):
        kind = graph.link[link, KIND]
        i, to = graph.link[link, FROM], graph.link[link, TO]
        if kind != RELEASE:
            two = 1.0 if to >= 0 and kind != WEIR else 0.0
            for k in range(n):
                flow = v[link, LINK, k]
                drive = (w[i, NET, k] + flow) * w[i, INVERSE_AREA, k]
                if two > 0.0:
                    drive -= (w[to, NET, k] - flow) * w[to, INVERSE_AREA, k]
                start, end = v[link, START_HEAD, k], head_of(graph, link, k, b)
                left_alone = start + dt * drive
                reversed_ = (start * end < 0.0) & (left_alone * end < 0.0)
                z[GOOD, k] = 0.0 if reversed_ & (abs(end) > RINGING) else z[GOOD, k]


@inlined
def end_step(
    graph: Graph, allowed: float, dt: float, h: float, with_salt: bool, n: int, b: Block
) -> None:  # pragma: no cover - compiled
    """Take over what the last stage gave, and drop the lanes whose step cannot be trusted."""
    w, z, per_second = b.s, b.z, 1.0 / dt
    for s in range(w.shape[0]):
        bound = allowed * WITHOUT_HEAD
        for link in range(graph.link.shape[0]):
            if graph.link[link, KIND] != RELEASE:
                here = graph.link[link, FROM] == s or graph.link[link, TO] == s
                bound = allowed if here else bound
        for k in range(n):
            new = w[s, BASE, k] + h * w[s, NET, k]
            first, second = w[s, FIRST_NET, k], w[s, NET, k]
            bend = (second - first) * (second - first)
            size = max(abs(first), abs(second)) * bound
            # the comparisons are written so that a value that is no number is bad, too
            fine = (new >= 0.0) & (w[s, BASE, k] >= 0.0)
            fine = fine & (bend * dt <= size * w[s, AREA, k])
            z[GOOD, k] = z[GOOD, k] if fine else 0.0
            w[s, VOLUME, k] = new
    for s in range(w.shape[0]):
        if with_salt:
            for k in range(n):
                z[GOOD, k] = z[GOOD, k] if w[s, STAGE_SALT, k] >= 0.0 else 0.0
    for s in range(w.shape[0]):
        for k in range(n):
            good = z[GOOD, k] > 0.0
            rate = (w[s, STAGE_SALT, k] - w[s, SALT, k]) * per_second
            w[s, NOW, k] = w[s, VOLUME, k] if good else w[s, NOW, k]
            w[s, SALT_RATE, k] = rate if good else w[s, SALT_RATE, k]
            w[s, SALT, k] = w[s, STAGE_SALT, k] if good else w[s, SALT, k]


@compiled
def close_stage(
    graph: Graph,
    active: BoolArray,
    dt: float,
    h: float,
    last: bool,
    weight: float,
    allowed: float,
    with_salt: bool,
    fluxes: bool,
    n: int,
    b: Block,
) -> None:  # pragma: no cover - compiled
    """Salt and mean fluxes of a stage whose volumes are known, and after the last the new state.

    `weight` is that of the stage in the means of the step; what stands in `allowed` is explained at
    ``BEND`` in :mod:`balkhash_model.kernel.step`.
    """
    if (
        b.w.shape[1] != FIELDS
        or b.w.shape[2] != PITCH
        or b.s.shape[1] != FIELDS
        or b.s.shape[2] != PITCH
        or b.v.shape[1] != FIELDS
        or b.v.shape[2] != PITCH
        or b.j.shape[1] != FIELDS
        or b.j.shape[2] != PITCH
        or b.u.shape[1] != FIELDS
        or b.u.shape[2] != PITCH
        or b.matrix.shape[2] != PITCH
        or b.z.shape[1] != PITCH
        or b.mean.shape[2] != PITCH
    ):
        return
    n = whole_groups(n)
    for k in range(n):
        # a lane that is still busy could not be solved
        b.z[GOOD, k] = b.z[GOOD, k] if b.z[BUSY, k] == 0.0 else 0.0
    for link in range(b.v.shape[0]):
        if graph.link[link, KIND] == STRAIT:
            for k in range(n):
                b.v[link, LINK, k] = b.v[link, FLOW, k]
    if with_salt:
        ratio = dt / h if lone_system(graph) and not last else 1.0
        salt_stage(graph, active, h, ratio, fluxes, n, b)
    if fluxes:
        for s in range(b.s.shape[0]):
            wet_areas(active[s], n, b, s)
        for row in range(b.mean.shape[1]):
            record, field = graph.slots[FLUX, row, 0], graph.slots[FLUX, row, 1]
            for k in range(n):
                b.mean[STEP, row, k] += weight * b.w[record, field, k]
    if last:
        if h < dt:
            check_heads(graph, dt, n, b)
        end_step(graph, allowed, dt, h, with_salt, n, b)
