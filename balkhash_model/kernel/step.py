"""One step of a block of members.

The method is the two-stage, second-order, L-stable, stiffly accurate diagonally implicit
Runge-Kutta method of Alexander (1977, SIAM J. Numer. Anal. 14:1006), with
``gamma = 1 - 1/sqrt(2)``. Its weights ``(1 - gamma, gamma)`` are positive, so the mean flux over a
step is a mean of two stage fluxes, and the new volume is the old one plus those flux volumes: the
balance closes by construction.

A member whose step cannot be trusted (not solved, a volume below zero, net inflows of the two
stages that differ too much, or a head reversed by the flow that it drives) is taken out of its
block and its step repeated in short ones: of the same method first, and of backward Euler, which
keeps every volume positive, if need be.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from balkhash_model.kernel.block import (
    ALIVE,
    FLOW,
    GOOD,
    LANES,
    STEP,
    Block,
    copy_lanes,
    return_lanes,
)
from balkhash_model.kernel.compiled import inlined, internal
from balkhash_model.kernel.layout import (
    Graph,
)

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

#: Where the net inflows of the two stages differ, their squared difference over the larger one, as
#: a change of level over the step, m, is a measure of the error, some ten times as large; from this
#: on a step is too long.
BEND = 1e-3
ANYTHING = 1e300
GAMMA = 1.0 - np.sqrt(0.5)
#: Short steps of each attempt at a step by Newton's method; the first three are of the two-stage
#: method.
SHORT_STEPS = (1, 2, 16, 16, 256, 8192)
TWO_STAGE_ATTEMPTS = 3
#: Newton steps at most, in the first attempt and in the others.
FIRST_ITERATIONS, MAX_ITERATIONS = 6, 80
#: From here on they are cut where one overshoots.
UNDAMPED = 8


@internal
def take_out(n: int, b: Block, spare: Block) -> int:  # pragma: no cover - compiled
    """Bring the lanes whose step failed into the spare block, side by side; their number."""
    count, left = 0, 0
    for k in range(n):
        left += 1 if b.z[ALIVE, k] > b.z[GOOD, k] else 0
    if left == 0:
        return 0
    for k in range(LANES):
        spare.z[GOOD, k] = 0.0
    for k in range(n):
        if b.z[ALIVE, k] > b.z[GOOD, k]:
            spare.member[count] = k
            spare.z[GOOD, count] = 1.0
            count += 1
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
    closed: bool,
    evaluate_chain: Callable[..., float],
    evaluate: Callable[..., float],
    newton_step: Callable[..., None],
    close_stage: Callable[..., None],
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
    """One step of all living lanes, short ones where that fails.

    Where `closed` is set, the first attempt is that of :mod:`balkhash_model.kernel.chain`.
    """
    for k in range(LANES):
        block.z[GOOD, k] = block.z[ALIVE, k]
    start = -1 if closed else 0
    for attempt in range(start, len(SHORT_STEPS)):
        n = members if attempt == start else take_out(members, block, spare)
        if n == 0:
            break
        b = block if attempt == start else spare
        count = SHORT_STEPS[max(attempt, 0)]
        two = attempt < TWO_STAGE_ATTEMPTS
        dt = step / count
        h = GAMMA * dt if two else dt
        limit = FIRST_ITERATIONS if attempt <= 0 else MAX_ITERATIONS
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
                going = 0
                for k in range(n):
                    going += 1 if b.z[GOOD, k] > 0.0 else 0
                if going == 0:
                    break
            first, fresh, iteration = two and not second, True, 0
            if attempt < 0:
                evaluate_chain(graph, opening, gauged, active, dt, h, first, True, n, b)
            while attempt >= 0:
                left = evaluate(graph, opening, gauged, active, dt, h, first, fresh, n, b)
                if left == 0 or iteration == limit:
                    break
                careful = iteration - UNDAMPED
                newton_step(
                    graph.coupled, graph.link, active, h, careful, n, b.s, b.v, b.z, b.matrix
                )
                fresh = False
                iteration += 1
            weight = (GAMMA if second else 1.0 - GAMMA) / count if two else 1.0 / count
            close_stage(graph, active, dt, h, not first, weight, allowed, with_salt, fluxes, n, b)
        if attempt > start:
            put_back(n, block, spare)
