"""Newton's method for one implicit stage of a block of members.

A stage asks for the volumes V with ``V = base + h net(V)``. The unknowns are the volumes and the
flows of the straits: the law of a strait is used as *head as a function of flow*, which is convex
on either side of zero and has no infinite slope, so that a head of a hundredth of a millimetre is
solved as surely as one of metres.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from balkhash_model.kernel.block import (
    BASE,
    BUSY,
    BY_FROM,
    BY_TO,
    DAMP,
    FIELDS,
    FLOW,
    HEAD,
    INVERSE_AREA,
    LACK,
    LINK,
    NET,
    PITCH,
    RIGHT,
    SHIFT,
    TOE,
    VOLUME,
    WRONG,
    whole_groups,
)
from balkhash_model.kernel.compiled import compiled, inlined
from balkhash_model.kernel.layout import FROM, KIND, STRAIT, TO

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

#: Share of the water of a storage that a damped step leaves in it.
LEAST_LEFT = 0.25
#: By how much the next step may be longer, and what may change its sign unnoticed, m.
LONGER, NEGLIGIBLE = 1.5, 1e-7
#: Where in the toe a solver step that would cross it stops; off the bounds between priorities.
WITHIN_TOE = 0.43


@inlined
def solve_dense(
    coupled: BoolArray, n: int, matrix: FloatArray, w: FloatArray
) -> None:  # pragma: no cover - compiled
    """Solve one small linear system per lane by elimination, in place; right side ``RIGHT``.

    Water that leaves one storage enters another or is gone, so the columns are diagonally
    dominant and no pivoting is needed. Entries that no flow can fill are left out.
    """
    ns = matrix.shape[0]
    for p in range(ns):
        # from here on the diagonal holds its inverse
        for k in range(n):
            matrix[p, p, k] = 1.0 / matrix[p, p, k]
        for i in range(p + 1, ns):
            if coupled[i, p]:
                for k in range(n):
                    factor = matrix[i, p, k] * matrix[p, p, k]
                    matrix[i, p, k] = factor
                    w[i, RIGHT, k] -= factor * w[p, RIGHT, k]
                for m in range(p + 1, ns):
                    if coupled[p, m]:
                        for k in range(n):
                            matrix[i, m, k] -= matrix[i, p, k] * matrix[p, m, k]
    for p in range(ns - 1, -1, -1):
        for m in range(p + 1, ns):
            if coupled[p, m]:
                for k in range(n):
                    w[p, RIGHT, k] -= matrix[p, m, k] * w[m, RIGHT, k]
        for k in range(n):
            w[p, RIGHT, k] *= matrix[p, p, k]


@inlined
def damp_steps(
    link: IntArray,
    begin: bool,
    h: float,
    n: int,
    w: FloatArray,
    v: FloatArray,
    z: FloatArray,
) -> None:  # pragma: no cover - compiled
    """Cut the steps of a lane in half where what a storage lacks changed its sign.

    Newton's method may go to and fro across a corner of a law for ever (an empty pool that fills
    and passes its weir within a step). Each step that does not overshoot lets the next be longer.
    """
    for x in range(link.shape[0]):
        if link[x, KIND] == STRAIT:
            i, to = link[x, FROM], link[x, TO]
            for k in range(n):
                # what a strait whose law holds still asks for is rounding
                settled = abs(v[x, HEAD, k]) <= NEGLIGIBLE
                extra = v[x, LINK, k] - v[x, FLOW, k] if settled else 0.0
                w[i, SHIFT, k] += extra
                w[to, SHIFT, k] -= extra
    for k in range(n):
        z[WRONG, k] = 0.0
        z[DAMP, k] = 1.0 if begin else z[DAMP, k]
    for s in range(w.shape[0]):
        for k in range(n):
            lack = w[s, BASE, k] + h * (w[s, NET, k] + w[s, SHIFT, k]) - w[s, VOLUME, k]
            before = 0.0 if begin else w[s, LACK, k]
            turned = (lack * before < 0.0) & (abs(lack) * w[s, INVERSE_AREA, k] > NEGLIGIBLE)
            z[WRONG, k] = 1.0 if turned else z[WRONG, k]
            w[s, LACK, k] = lack
    for k in range(n):
        longer = min(LONGER * z[DAMP, k], 1.0)
        z[DAMP, k] = 0.5 * z[DAMP, k] if z[WRONG, k] > 0.0 else longer


@compiled
def newton_step(
    coupled: BoolArray,
    link: IntArray,
    active: BoolArray,
    h: float,
    careful: int,
    n: int,
    w: FloatArray,
    v: FloatArray,
    z: FloatArray,
    matrix: FloatArray,
) -> None:  # pragma: no cover - compiled
    """Take one Newton step in the lanes still busy, a damped one where `careful` is not negative.

    The first damped step of a stage has zero there.
    """
    if (
        w.shape[1] != FIELDS
        or w.shape[2] != PITCH
        or v.shape[1] != FIELDS
        or v.shape[2] != PITCH
        or matrix.shape[2] != PITCH
        or z.shape[1] != PITCH
    ):
        return
    n = whole_groups(n)
    ns = w.shape[0]
    for i in range(ns):
        for m in range(ns):
            if coupled[i, m]:
                unit = 1.0 if i == m else 0.0
                for k in range(n):
                    matrix[i, m, k] = unit - h * matrix[i, m, k]
        on = 1.0 if active[i] else 0.0
        for k in range(n):
            ahead = w[i, BASE, k] + h * (w[i, NET, k] + w[i, SHIFT, k])
            w[i, RIGHT, k] = on * (ahead - w[i, VOLUME, k])
    if careful >= 0:
        damp_steps(link, careful == 0, h, n, w, v, z)
    else:
        for k in range(n):
            z[DAMP, k] = 1.0
    solve_dense(coupled, n, matrix, w)
    for x in range(link.shape[0]):
        if link[x, KIND] == STRAIT:
            i, to = link[x, FROM], link[x, TO]
            for k in range(n):
                flow = (
                    v[x, LINK, k]
                    + v[x, BY_FROM, k] * w[i, RIGHT, k]
                    + v[x, BY_TO, k] * w[to, RIGHT, k]
                )
                old, damp = v[x, FLOW, k], z[DAMP, k]
                # undamped the new flow is taken as it is: the old one may be no number
                new = flow if damp == 1.0 else old + damp * (flow - old)
                v[x, FLOW, k] = new if z[BUSY, k] > 0.0 else old
    # a damped step does not take all of a storage's water
    least = LEAST_LEFT if careful >= 0 else 0.0
    for s in range(ns):
        for k in range(n):
            old = w[s, VOLUME, k]
            new = old + z[DAMP, k] * w[s, RIGHT, k]
            # outflows fade over the toe: a step across all of it would be undone by the next
            toe = w[s, TOE, k]
            over = ((old >= toe) & (new < toe)) | ((old <= 0.0) & (new > toe))
            new = max(WITHIN_TOE * toe, least * old) if over else new
            # no volume is negative: halve the way to the bed where a step would pass it
            new = 0.5 * max(old, 0.0) if new < 0.0 else new
            w[s, VOLUME, k] = new if z[BUSY, k] > 0.0 else old
