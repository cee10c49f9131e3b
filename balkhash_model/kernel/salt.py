"""Dissolved salt, carried with the water of one implicit stage.

Given the flows and volumes of a stage, the salt masses solve a linear system whose off-diagonal
terms are the flows between storages: what one loses another gains, so the total is conserved to
rounding, and the matrix is an M-matrix, so masses stay positive where the stage starts positive.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from balkhash_model.kernel.compiled import inlined, internal
from balkhash_model.kernel.layout import FROM, KIND, RELEASE, TO, Graph
from balkhash_model.kernel.step import (
    BASE,
    GROUND,
    INVERSE,
    LATERAL_IN,
    LINK,
    MOUTH,
    NET,
    RECEIVED,
    RIGHT,
    RIVER,
    SALT_BASE,
    STAGE_SALT,
    SUPPLY,
    TAKEN,
    Block,
    solve_dense,
)

BoolArray = npt.NDArray[np.bool_]

TINY_VOLUME = 1e-3  # m3
# Rows of Graph.salinity
OF_RIVER, OF_GROUND, OF_LATERAL = range(3)


@inlined
def storage_salt(
    graph: Graph, active: bool, h: float, b: Block, i: int
) -> None:  # pragma: no cover - compiled
    """Salt that one storage gains from outside, and loses with water that leaves the system."""
    w = b.w
    c_river, c_ground = graph.salinity[OF_RIVER, i], graph.salinity[OF_GROUND, i]
    for k in range(w.shape[2]):
        if active:
            r, g = w[RIVER, i, k], w[GROUND, i, k]
            # flow times this is the salt that leaves in the stage, per mass in the storage
            inverse = h / max(w[BASE, i, k] + h * w[NET, i, k], TINY_VOLUME)
            out = -(min(r, 0.0) + min(g, 0.0)) * w[SUPPLY, i, k]
            gain = max(r, 0.0) * c_river + max(g, 0.0) * c_ground
            w[INVERSE, i, k] = inverse
            w[RIGHT, i, k] = w[SALT_BASE, i, k] + h * gain
            b.jacobian[i, i, k] = 1.0 + out * inverse
        else:
            w[INVERSE, i, k] = 0.0
            w[RIGHT, i, k] = w[SALT_BASE, i, k]
            b.jacobian[i, i, k] = 1.0


@inlined
def link_salt(
    graph: Graph, active: BoolArray, b: Block, link: int
) -> None:  # pragma: no cover - compiled
    """Salt that one link carries, with the water of the side it comes from."""
    w, matrix = b.w, b.jacobian
    i, to = graph.link[link, FROM], graph.link[link, TO]
    for k in range(w.shape[2]):
        q = w[LINK, link, k]
        forward, backward = max(q, 0.0), max(-q, 0.0)
        if active[i]:
            matrix[i, i, k] += forward * w[INVERSE, i, k]
        if to >= 0:
            if active[i]:
                matrix[to, i, k] -= forward * w[INVERSE, i, k]
                matrix[i, to, k] -= backward * w[INVERSE, to, k]
                matrix[to, to, k] += backward * w[INVERSE, to, k]
        elif to < -1:
            w[RECEIVED, -2 - to, k] += forward


@inlined
def junction_salt(
    graph: Graph, active: BoolArray, h: float, b: Block, j: int, to: int
) -> None:  # pragma: no cover - compiled
    """Pass the salt that meets at a junction on to the storage at its mouth.

    Water taken out at the junction takes its salt along; water lost in the delta (evaporation)
    leaves its salt in the flow.
    """
    w, matrix = b.w, b.jacobian
    for k in range(w.shape[2]):
        received = w[RECEIVED, j, k]
        side = w[LATERAL_IN, j, k]
        if w[MOUTH, j, k] < 0.0:
            matrix[to, to, k] += -w[MOUTH, j, k] * w[INVERSE, to, k]
        elif received > 0.0:
            kept = max(received + min(side, 0.0), 0.0) / received
            w[RIGHT, to, k] += h * kept * max(side, 0.0) * graph.salinity[OF_LATERAL, j]
            for link in range(graph.link.shape[0]):
                if graph.link[link, TO] == -2 - j:
                    i = graph.link[link, FROM]
                    q = kept * max(w[LINK, link, k], 0.0)
                    if active[i]:
                        matrix[to, i, k] -= q * w[INVERSE, i, k]
                    elif graph.link[link, KIND] == RELEASE:
                        w[RIGHT, to, k] += h * q * graph.salinity[OF_RIVER, i]


@internal
def salt_stage(
    graph: Graph, active: BoolArray, h: float, b: Block
) -> None:  # pragma: no cover - compiled
    """Solve the salt masses of one stage from ``w[SALT_BASE]`` into ``w[STAGE_SALT]``.

    ``w[BASE] + h w[NET]`` are the stage's volumes. The Jacobian's storage is used again.
    """
    w = b.w
    ns, n = b.jacobian.shape[0], w.shape[2]
    for i in range(ns):
        for m in range(ns):
            for k in range(n):
                b.jacobian[i, m, k] = 0.0
    for i in range(ns):
        storage_salt(graph, active[i], h, b, i)
    for u in range(graph.user_storage.size):
        s = graph.user_storage[u]
        for k in range(n):
            b.jacobian[s, s, k] += w[TAKEN, u, k] * w[INVERSE, s, k]
    for j in range(graph.junction_to.size):
        for k in range(n):
            w[RECEIVED, j, k] = max(w[LATERAL_IN, j, k], 0.0)
    for link in range(graph.link.shape[0]):
        link_salt(graph, active, b, link)
    for j in range(graph.junction_to.size):
        to = graph.junction_to[j]
        if to >= 0 and active[to]:
            junction_salt(graph, active, h, b, j, to)
    solve_dense(b.jacobian, w)
    for i in range(ns):
        for k in range(n):
            w[STAGE_SALT, i, k] = w[RIGHT, i, k]
