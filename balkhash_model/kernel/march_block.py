"""March one block of members through all intervals.

A call hands over an array by its parts, eight or more of them, which takes as long as a short loop:
what is called once in a step or more often is given the arrays that it needs, not whole records.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from balkhash_model.kernel.block import (
    ACTIVITY,
    ALIVE,
    AREA,
    BRIM,
    GOOD,
    INTERVAL,
    INVERSE_AREA,
    LANES,
    LEVEL,
    NOW,
    PER_TOE,
    ROW_A,
    ROW_B,
    ROW_BEGIN,
    ROW_C,
    ROW_D,
    SALT,
    STEP,
    TOE,
    VOLUME,
    WRONG,
    Block,
)
from balkhash_model.kernel.compiled import compiled, internal
from balkhash_model.kernel.fluxes import DREGS, follow
from balkhash_model.kernel.layout import CLIMATE, INFLOWS, NOT_SOLVED, USE, Forcing, Graph, Output
from balkhash_model.kernel.step import take_step

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

__all__ = ["march_block"]


@internal
def start_block(
    graph: Graph, forcing: Forcing, start: int, n: int, b: Block
) -> None:  # pragma: no cover - compiled
    """Set the initial states; nothing stays of the members before."""
    w, ns = b.s, b.s.shape[0]
    b.w[:] = 0.0
    for k in range(LANES):
        b.z[ALIVE, k] = 1.0 if k < n else 0.0
    for k in range(n):
        for s in range(ns):
            c = forcing.curve_index[s, start + k]
            b.row[s, k] = graph.curve_row[c]
            w[s, ROW_BEGIN, k] = np.inf
            w[s, BRIM, k] = graph.curve_brim[c, 0]
            w[s, TOE, k] = graph.curve_brim[c, 1]
            w[s, PER_TOE, k] = (1.0 + DREGS) / graph.curve_brim[c, 1]
            w[s, NOW, k] = forcing.initial_volume[s, start + k]
            w[s, SALT, k] = forcing.initial_salt[s, start + k]
            w[s, ACTIVITY, k] = 1.0
        for link in range(b.v.shape[0]):
            b.row[ns + link, k] = graph.link_row[link]
            b.v[link, ROW_BEGIN, k] = np.inf
    for s in range(ns):
        # the first guess of a stage looks at the row and at what stands in it
        for k in range(n):
            w[s, VOLUME, k] = w[s, NOW, k]
        follow(graph.table, n, w, b.row, s)
        for k in range(n):
            rest, base = w[s, NOW, k] - w[s, ROW_D, k], w[s, ROW_B, k]
            area = np.sqrt(base * base + 2.0 * w[s, ROW_C, k] * rest)
            w[s, LEVEL, k] = w[s, ROW_A, k] + 2.0 * rest / (base + area)
            w[s, AREA, k] = area
            w[s, INVERSE_AREA, k] = 1.0 / area


@internal
def all_share(which: IntArray, start: int, n: int) -> bool:  # pragma: no cover - compiled
    """Whether the members of a block have one set of forcing in common."""
    other = 0
    for k in range(n):
        other += 1 if which[start + k] != which[start] else 0
    return other == 0


@internal
def load(
    values: FloatArray,
    before: FloatArray,
    slot: IntArray,
    which: IntArray,
    one: bool,
    same_turn: bool,
    start: int,
    n: int,
    w: FloatArray,
) -> None:  # pragma: no cover - compiled
    """Bring the rates of one interval into the lanes; `one` tells that they are the same in all.

    What is the same in all lanes, and was the same in the interval before, stands there already.
    """
    mine = which[start : start + n]
    for row in range(values.shape[1]):
        record, field = slot[row, 0], slot[row, 1]
        if one:
            value = values[mine[0], row]
            if not (same_turn and value == before[mine[0], row]):
                for k in range(n):
                    w[record, field, k] = value
        else:
            for k in range(n):
                w[record, field, k] = values[mine[k], row]


@internal
def note_status(
    lakes: IntArray,
    active: BoolArray,
    t: int,
    start: int,
    n: int,
    w: FloatArray,
    z: FloatArray,
    status: IntArray,
    storage: IntArray,
    when: IntArray,
) -> None:  # pragma: no cover - compiled
    """Record the first thing that happened to each member."""
    for k in range(n):
        z[WRONG, k] = z[ALIVE, k] - z[GOOD, k]
    for s in range(w.shape[0]):
        flag = lakes[s] == 1 and active[s]
        for k in range(n):
            over = w[s, NOW, k] > w[s, BRIM, k]
            dry = flag & (w[s, NOW, k] * w[s, PER_TOE, k] < 1.0)
            z[WRONG, k] += 1.0 if over | dry else 0.0
    left = 0
    for k in range(n):
        left += 1 if z[WRONG, k] > 0.0 else 0
    if left > 0:
        for k in range(n):
            m = start + k
            if z[ALIVE, k] > z[GOOD, k]:
                z[ALIVE, k] = 0.0
                status[m], storage[m], when[m] = NOT_SOLVED, -1, t
            elif z[WRONG, k] > 0.0 and z[ALIVE, k] > 0.0 and status[m] == 0:
                for s in range(w.shape[0]):
                    over = w[s, NOW, k] > w[s, BRIM, k]
                    flag = lakes[s] == 1 and active[s]
                    dry = flag and w[s, NOW, k] * w[s, PER_TOE, k] < 1.0
                    if (over or dry) and status[m] == 0:
                        status[m] = 2 if over else 1
                        storage[m], when[m] = s, t


@internal
def write_states(
    t: int,
    start: int,
    n: int,
    w: FloatArray,
    z: FloatArray,
    volumes: FloatArray,
    salts: FloatArray,
) -> None:  # pragma: no cover - compiled
    """Write the states at one edge; a lane that could not be solved is no number from there."""
    salty = salts.shape[0] > 0
    for s in range(w.shape[0]):
        # parts, not whole arrays: the compiler cannot know that `start` is not negative
        volume = volumes[t, s, start : start + n]
        for k in range(n):
            volume[k] = w[s, NOW, k] if z[ALIVE, k] > 0.0 else np.nan
        if salty:
            salt = salts[t, s, start : start + n]
            for k in range(n):
                salt[k] = w[s, SALT, k] if z[ALIVE, k] > 0.0 else np.nan


@compiled
def march_block(
    closed: bool,
    evaluate_chain: Callable[..., float],
    evaluate: Callable[..., float],
    newton_step: Callable[..., None],
    close_stage: Callable[..., None],
    graph: Graph,
    forcing: Forcing,
    out: Output,
    begin: int,
    end: int,
    substeps: int,
    with_salt: bool,
    fluxes: bool,
    block: Block,
    spare: Block,
) -> None:  # pragma: no cover - compiled
    """March members ``begin .. end`` through all intervals, a block at a time."""
    rows = out.flux.shape[1]
    share = 1.0 / substeps
    for start in range(begin, end, LANES):
        n = min(LANES, end - start)
        start_block(graph, forcing, start, n, block)
        slot, now = graph.slots, -1
        one_climate = one_inflow = one_use = False
        for t in range(forcing.duration.size + 1):
            write_states(t, start, n, block.s, block.z, out.volume, out.salt)
            if t == forcing.duration.size:
                break
            climate, inflow, use = (
                forcing.which[CLIMATE, forcing.turn[t]],
                forcing.which[INFLOWS, forcing.turn[t]],
                forcing.which[USE, forcing.turn[t]],
            )
            if forcing.turn[t] != now:
                now = forcing.turn[t]
                one_climate = all_share(climate, start, n)
                one_inflow = all_share(inflow, start, n)
                one_use = all_share(use, start, n)
            same, last = t > 0 and forcing.turn[t] == forcing.turn[t - 1], max(t - 1, 0)
            load(
                forcing.climate[t],
                forcing.climate[last],
                slot[CLIMATE],
                climate,
                one_climate,
                same,
                start,
                n,
                block.w,
            )
            load(
                forcing.inflow[t],
                forcing.inflow[last],
                slot[INFLOWS],
                inflow,
                one_inflow,
                same,
                start,
                n,
                block.w,
            )
            load(
                forcing.use[t],
                forcing.use[last],
                slot[USE],
                use,
                one_use,
                same,
                start,
                n,
                block.w,
            )
            gauged, active, opening = forcing.gauged[t], forcing.active[t], forcing.opening[t]
            step = forcing.duration[t] / substeps
            if fluxes:
                for row in range(rows):
                    for k in range(n):
                        block.mean[INTERVAL, row, k] = 0.0
            for _ in range(substeps):
                take_step(
                    closed,
                    evaluate_chain,
                    evaluate,
                    newton_step,
                    close_stage,
                    graph,
                    opening,
                    gauged,
                    active,
                    step,
                    with_salt,
                    fluxes,
                    n,
                    block,
                    spare,
                )
                note_status(
                    graph.storage_flag,
                    active,
                    t,
                    start,
                    n,
                    block.s,
                    block.z,
                    out.status,
                    out.status_storage,
                    out.status_time,
                )
                if fluxes:
                    for row in range(rows):
                        for k in range(n):
                            block.mean[INTERVAL, row, k] += share * block.mean[STEP, row, k]
            if fluxes:
                for row in range(rows):
                    for k in range(n):
                        alive = block.z[ALIVE, k] > 0.0
                        out.flux[t, row, start + k] = (
                            block.mean[INTERVAL, row, k] if alive else np.nan
                        )
