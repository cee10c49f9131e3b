"""One step of a block of members.

The method is the two-stage, second-order, L-stable, stiffly accurate diagonally implicit
Runge-Kutta method of Alexander (1977, SIAM J. Numer. Anal. 14:1006), with
``gamma = 1 - 1/sqrt(2)``. Its weights ``(1 - gamma, gamma)`` are positive, so the mean flux over a
step is a mean of two stage fluxes, and the new volume is the old one plus those flux volumes: the
balance closes by construction.

A member whose step cannot be trusted (not solved, a volume below zero, net inflows of the two
stages that differ too much, or a head reversed by the flow that it drives) is taken out of its block and its step repeated in short ones: of the
same method first, and of backward Euler, which keeps every volume positive, if need be.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from balkhash_model.kernel.block import (
    ALIVE,
    BASE,
    BUSY,
    FIRST_NET,
    FLOW,
    GOOD,
    INVERSE_AREA,
    LEVEL,
    LINK,
    NET,
    NOW,
    SALT,
    SALT_BASE,
    SALT_RATE,
    STAGE_SALT,
    START_HEAD,
    STEP,
    VOLUME,
    Block,
    copy_lanes,
    return_lanes,
)
from balkhash_model.kernel.compiled import inlined, internal
from balkhash_model.kernel.layout import (
    FLUX,
    FROM,
    KIND,
    RELEASE,
    SILL,
    STRAIT,
    TO,
    WEIR,
    Graph,
)
from balkhash_model.kernel.solve import unsolved

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

GAMMA = 1.0 - np.sqrt(0.5)
#: Short steps of each attempt at a step; the first three are of the two-stage method.
SHORT_STEPS = (1, 4, 16, 16, 256, 8192)
TWO_STAGE_ATTEMPTS = 3
#: Newton steps at most, in the first attempt and in the others.
FIRST_ITERATIONS, MAX_ITERATIONS = 6, 80
#: From here on they are halved, and cut to a fifth.
UNDAMPED, HALF_DAMPED = 8, 24
#: Head that may be reversed by the flow that it drives, m.
RINGING = 2e-7
#: Where the net inflows of the two stages differ, their squared difference over the larger one, as
#: a change of level over the step, m, is a measure of the error; from this on a step is too long.
BEND = 2e-4
ANYTHING = 1e300


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
    allowed: float, dt: float, h: float, with_salt: bool, n: int, b: Block
) -> None:  # pragma: no cover - compiled
    """Take over what the last stage gave, and drop the lanes whose step cannot be trusted."""
    w, z, per_second = b.s, b.z, 1.0 / dt
    for s in range(w.shape[0]):
        for k in range(n):
            new = w[s, BASE, k] + h * w[s, NET, k]
            first, second = w[s, FIRST_NET, k], w[s, NET, k]
            bend = (second - first) * (second - first)
            size = max(abs(first), abs(second)) * allowed
            # the comparisons are written so that a value that is no number is bad, too
            fine = (new >= 0.0) & (w[s, BASE, k] >= 0.0)
            fine = fine & (bend * dt * w[s, INVERSE_AREA, k] <= size)
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


@internal
def take_out(n: int, b: Block, spare: Block) -> int:  # pragma: no cover - compiled
    """Bring the lanes whose step failed into the spare block, side by side; their number."""
    count = 0
    for k in range(n):
        if b.z[ALIVE, k] > b.z[GOOD, k]:
            spare.member[count] = k
            spare.z[GOOD, count] = 1.0
            count += 1
    if count > 0:
        copy_lanes(count, spare.member, b, spare)
    for link in range(b.v.shape[0]):
        for m in range(count):
            spare.v[link, FLOW, m] = 0.0  # the failed one may be no number
    return count


@internal
def put_back(count: int, b: Block, spare: Block) -> None:  # pragma: no cover - compiled
    """Bring the lanes whose short steps went well back to where they were."""
    good = 0
    for m in range(count):
        if spare.z[GOOD, m] > 0.0:
            b.z[GOOD, spare.member[m]] = 1.0
            b.member[good] = m
            good += 1
    return_lanes(good, spare.member, b, spare)


@inlined
def take_step(
    evaluate: Callable[..., None],
    newton_step: Callable[..., None],
    salt_stage: Callable[..., None],
    graph: Graph,
    opening: FloatArray,
    gauged: BoolArray,
    active: BoolArray,
    step: float,
    with_salt: bool,
    fluxes: bool,
    members: int,
    block: Block,
    spare: Block,
) -> None:  # pragma: no cover - compiled
    """One step of all living lanes, short ones where that fails."""
    for k in range(members):
        block.z[GOOD, k] = block.z[ALIVE, k]
    for attempt in range(len(SHORT_STEPS)):
        n = members if attempt == 0 else take_out(members, block, spare)
        if n == 0:
            break
        b = block if attempt == 0 else spare
        count = SHORT_STEPS[attempt]
        two = attempt < TWO_STAGE_ATTEMPTS
        dt = step / count
        h = GAMMA * dt if two else dt
        limit = FIRST_ITERATIONS if attempt == 0 else MAX_ITERATIONS
        # the shortest steps of the two-stage method are taken as they are
        checked = attempt < TWO_STAGE_ATTEMPTS - 1
        allowed = BEND if checked else ANYTHING
        if fluxes:
            for row in range(b.mean.shape[1]):
                for k in range(n):
                    b.mean[STEP, row, k] = 0.0
        for part in range(2 * count if two else count):
            second = two and part % 2 == 1
            if not second and part > 0:
                going = 0.0
                for k in range(n):
                    going += b.z[GOOD, k]
                if going == 0.0:
                    break
            begin_stage(second, dt, h, n, b)
            ahead = h if two and not second else dt
            iteration = 0
            while True:
                fresh = 1.0 if iteration == 0 else 0.0
                evaluate(graph, opening, gauged, active, h, ahead, fresh, n, b)
                if two and not second and iteration == 0:
                    remember_heads(graph, n, b)
                left = unsolved(graph, h, n, b)
                if left == 0.0 or iteration == limit:
                    break
                damp = 1.0 if iteration < UNDAMPED else 0.5 if iteration < HALF_DAMPED else 0.2
                newton_step(graph, active, h, damp, n, b)
                iteration += 1
            if left > 0.0:
                for k in range(n):
                    b.z[GOOD, k] = b.z[GOOD, k] if b.z[BUSY, k] == 0.0 else 0.0
            for link in range(b.v.shape[0]):
                if graph.link[link, KIND] == STRAIT:
                    for k in range(n):
                        b.v[link, LINK, k] = b.v[link, FLOW, k]
            if with_salt:
                salt_stage(graph, active, h, fluxes, n, b)
            if fluxes:
                weight = (GAMMA if second else 1.0 - GAMMA) / count if two else 1.0 / count
                for row in range(b.mean.shape[1]):
                    record, field = graph.slots[FLUX, row, 0], graph.slots[FLUX, row, 1]
                    for k in range(n):
                        b.mean[STEP, row, k] += weight * b.w[record, field, k]
            if second or not two:
                if two:
                    check_heads(graph, dt, n, b)
                end_step(allowed, dt, h, with_salt, n, b)
        if attempt > 0:
            put_back(n, block, spare)
