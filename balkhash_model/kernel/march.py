"""March a block of members through all intervals, and many blocks on several threads."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from balkhash_model.kernel.compiled import compiled, inlined
from balkhash_model.kernel.layout import (
    BASE_AREA,
    BASE_LEVEL,
    BEGIN,
    BELOW,
    HALF_LEVEL,
    LOW,
    RISE,
    TOE,
    TOE_LEVEL,
    TOP,
    Curves,
    Forcing,
    Graph,
    Output,
    allocate_output,
)
from balkhash_model.kernel.salt import salt_stage
from balkhash_model.kernel.step import (
    ALIVE,
    BASE,
    BUSY,
    CHANGE,
    DEMAND,
    DEMANDED,
    DREGS,
    FAILED,
    FIELDS,
    FIRST,
    FIRST_NET,
    FLOW,
    GAMMA,
    GOOD,
    GROUND,
    GROUND_IN,
    HALF_AT,
    LATERAL,
    LATERAL_IN,
    LEVEL,
    LEVEL_TOLERANCE,
    LINK,
    LOSS,
    LOW_AT,
    MEAN,
    MOUTH,
    NET,
    NOW,
    OLD,
    OLD_FLOW,
    OLD_LEVEL,
    OLD_SALT,
    PER_TOE,
    RAIN,
    REDO,
    RIVER,
    RIVER_IN,
    ROW_BEGIN,
    SALT,
    SALT_BASE,
    SECOND,
    SHORT_TOLERANCE,
    STAGE_SALT,
    TAKEN,
    TOE_AT,
    WET,
    Block,
    solve_stage,
)

BoolArray = npt.NDArray[np.bool_]

__all__ = ["LANES", "march"]

#: Members that are stepped side by side.
LANES = 128
#: Backward Euler steps that replace a step that would empty a storage, try by try.
SHORT_STEPS = (16, 256, 8192)


@inlined
def make_block(ns: int, nl: int, nj: int, nu: int, n: int) -> Block:  # pragma: no cover - compiled
    """Allocate a block of `n` lanes."""
    width = max(ns, nl, nj, nu)
    return Block(
        np.zeros((FIELDS, width, n)),
        np.zeros((ns, ns, n)),
        np.zeros((nj, ns, n)),
        np.zeros((3, 4 * ns + nu + nl + 3 * nj, n)),
        np.zeros((ns, n), dtype=np.int64),
        np.zeros((ns, n), dtype=np.int64),
    )


@inlined
def collect(
    short: bool, stage: int, nl: int, nj: int, nu: int, b: Block
) -> None:  # pragma: no cover - compiled
    """Keep what is reported of a stage; short steps are summed up."""
    w, report = b.w, b.report
    ns, n = b.jacobian.shape[0], w.shape[2]
    into = FIRST if stage == 0 or short else SECOND
    for s in range(ns):
        for k in range(n):
            report[into, s, k] += w[WET, s, k]
            report[into, ns + s, k] += w[LEVEL, s, k]
            report[into, 2 * ns + s, k] += w[RIVER_IN, s, k]
            report[into, 3 * ns + s, k] += w[GROUND_IN, s, k]
    row = 4 * ns
    for u in range(nu):
        for k in range(n):
            report[into, row + u, k] += w[TAKEN, u, k]
    row += nu
    for link in range(nl):
        for k in range(n):
            report[into, row + link, k] += w[LINK, link, k]
    row += nl
    for j in range(nj):
        for k in range(n):
            report[into, row + j, k] += w[LATERAL_IN, j, k]
            report[into, row + nj + j, k] += w[LOSS, j, k]
            report[into, row + 2 * nj + j, k] += w[MOUTH, j, k]


@inlined
def load_forcing(
    forcing: Forcing, t: int, start: int, b: Block
) -> None:  # pragma: no cover - compiled
    """Bring the rates of one interval into the lanes."""
    w = b.w
    for k in range(w.shape[2]):
        c = forcing.which[0, start + k]
        i = forcing.which[1, start + k]
        d = forcing.which[2, start + k]
        for s in range(forcing.river.shape[2]):
            w[RAIN, s, k] = forcing.net_rain[c, t, s]
            w[RIVER, s, k] = forcing.river[i, t, s]
            w[GROUND, s, k] = forcing.groundwater[i, t, s]
        for j in range(forcing.lateral.shape[2]):
            w[LATERAL, j, k] = forcing.lateral[i, t, j]
        for link in range(forcing.release.shape[2]):
            w[DEMANDED, link, k] = forcing.release[d, t, link]
        for u in range(forcing.demand.shape[2]):
            w[DEMAND, u, k] = forcing.demand[d, t, u]


@inlined
def begin_step(nl: int, b: Block) -> None:  # pragma: no cover - compiled
    """Remember the state at the start of a step."""
    w = b.w
    for s in range(b.jacobian.shape[0]):
        for k in range(w.shape[2]):
            w[OLD, s, k] = w[NOW, s, k]
            w[OLD_SALT, s, k] = w[SALT, s, k]
            w[OLD_LEVEL, s, k] = w[LEVEL, s, k]
    for link in range(nl):
        for k in range(w.shape[2]):
            w[OLD_FLOW, link, k] = w[FLOW, link, k]


@inlined
def begin_attempt(attempt: int, nl: int, b: Block) -> None:  # pragma: no cover - compiled
    """Mark the lanes that take part; in a repeated step, bring back their start."""
    w = b.w
    ns, n = b.jacobian.shape[0], w.shape[2]
    for k in range(n):
        w[GOOD, 0, k] = w[ALIVE, 0, k] if attempt == 0 else w[REDO, 0, k]
    b.report[FIRST] = 0.0
    b.report[SECOND] = 0.0
    if attempt > 0:
        for k in range(n):
            if w[REDO, 0, k] > 0.0:
                for s in range(ns):
                    w[NOW, s, k] = w[OLD, s, k]
                    w[SALT, s, k] = w[OLD_SALT, s, k]
                    w[LEVEL, s, k] = w[OLD_LEVEL, s, k]
                for link in range(nl):
                    w[FLOW, link, k] = w[OLD_FLOW, link, k]


@inlined
def stage_base(
    first: bool, dt: float, h: float, active: BoolArray, b: Block
) -> None:  # pragma: no cover - compiled
    """Set what a stage starts from, and a first guess of its levels."""
    w = b.w
    ns, n = b.jacobian.shape[0], w.shape[2]
    if first:
        for s in range(ns):
            for k in range(n):
                w[BASE, s, k] = w[NOW, s, k]
                w[SALT_BASE, s, k] = w[SALT, s, k]
    else:
        # second stage: the first one's rates over the rest of the step
        ratio = (dt - h) / h
        for s in range(ns):
            for k in range(n):
                w[FIRST_NET, s, k] = w[NET, s, k]
                w[BASE, s, k] = w[OLD, s, k] + (dt - h) * w[NET, s, k]
            for k in range(n):
                growth = w[STAGE_SALT, s, k] - w[OLD_SALT, s, k]
                w[SALT_BASE, s, k] = w[OLD_SALT, s, k] + ratio * growth
            if active[s]:
                for k in range(n):
                    change = w[GOOD, 0, k] * (w[LEVEL, s, k] - w[OLD_LEVEL, s, k])
                    w[LEVEL, s, k] += (1.0 / GAMMA - 1.0) * change


@inlined
def end_first_stage(b: Block) -> None:  # pragma: no cover - compiled
    """Remember the lanes in which the first of two stages failed."""
    w = b.w
    for k in range(w.shape[2]):
        w[FAILED, 0, k] = w[BUSY, 0, k]


@inlined
def end_stage(
    short: bool, dt: float, h: float, with_salt: bool, active: BoolArray, b: Block
) -> None:  # pragma: no cover - compiled
    """Take over what a stage gave, and drop the lanes in which it failed."""
    w = b.w
    ns, n = b.jacobian.shape[0], w.shape[2]
    # weights of the first stage's rates and of this one's
    before = 0.0 if short else dt - h
    for k in range(n):
        w[CHANGE, 0, k] = w[BUSY, 0, k] + (0.0 if short else w[FAILED, 0, k])
    for s in range(ns):
        if active[s]:
            for k in range(n):
                start = w[NOW, s, k] if short else w[OLD, s, k]
                new = start + (before * w[FIRST_NET, s, k] + h * w[NET, s, k])
                w[NOW, s, k] = new if w[GOOD, 0, k] > 0.0 else w[NOW, s, k]
            for k in range(n):
                # the comparison is written so that a value that is no number is bad, too
                fine = w[NOW, s, k] >= 0.0 and w[BASE, s, k] >= 0.0
                w[CHANGE, 0, k] += 0.0 if fine else 1.0
        if with_salt:
            for k in range(n):
                w[CHANGE, 0, k] += 0.0 if w[STAGE_SALT, s, k] >= 0.0 else 1.0
            for k in range(n):
                kept = w[GOOD, 0, k] > 0.0
                w[SALT, s, k] = w[STAGE_SALT, s, k] if kept else w[SALT, s, k]
    for k in range(n):
        w[GOOD, 0, k] = w[GOOD, 0, k] if w[CHANGE, 0, k] == 0.0 else 0.0


@inlined
def end_attempt(
    attempt: int, count: int, share: float, b: Block
) -> None:  # pragma: no cover - compiled
    """Add the fluxes of an accepted step to the means; mark the lanes to be redone."""
    w, report = b.w, b.report
    n = w.shape[2]
    took_part = ALIVE if attempt == 0 else REDO
    for k in range(n):
        w[REDO, 0, k] = w[took_part, 0, k] * (1.0 - w[GOOD, 0, k])
    # the first row of reports is the sum over short steps, or the first of two stages
    first = share * (1.0 - GAMMA) if attempt < 2 else share / count
    second = share * GAMMA if attempt < 2 else 0.0
    for row in range(report.shape[1]):
        for k in range(n):
            mean = first * report[FIRST, row, k] + second * report[SECOND, row, k]
            report[MEAN, row, k] += mean if w[GOOD, 0, k] > 0.0 else 0.0


@inlined
def take_step(
    curves: Curves,
    graph: Graph,
    gauged: BoolArray,
    active: BoolArray,
    dt: float,
    share: float,
    with_salt: bool,
    b: Block,
) -> None:  # pragma: no cover - compiled
    """One step of all living lanes: the two-stage method, or short steps where that fails."""
    w = b.w
    nl, nj, nu = graph.link.shape[0], graph.junction_to.size, graph.user_storage.size
    begin_step(nl, b)
    # attempts: the two-stage method with two Newton steps, the same iterated until it is solved,
    # and short backward Euler steps
    for attempt in range(5):
        if attempt > 0 and not w[REDO, 0].any():
            break
        short = attempt > 1
        count = SHORT_STEPS[attempt - 2] if short else 2
        h = dt / count if short else GAMMA * dt
        tolerance = SHORT_TOLERANCE if short else LEVEL_TOLERANCE
        begin_attempt(attempt, nl, b)
        for stage in range(count):
            stage_base(short or stage == 0, dt, h, active, b)
            solve_stage(curves, graph, gauged, active, h, attempt == 0, tolerance, b)
            collect(short, stage, nl, nj, nu, b)
            if with_salt:
                salt_stage(graph, active, h, b)
            if short or stage == 1:
                end_stage(short, dt, h, with_salt, active, b)
            else:
                end_first_stage(b)
        end_attempt(attempt, count, share, b)


@inlined
def note_status(
    curves: Curves, graph: Graph, active: BoolArray, t: int, start: int, b: Block, out: Output
) -> None:  # pragma: no cover - compiled
    """Record the first thing that happened to each member."""
    w = b.w
    for k in range(w.shape[2]):
        m = start + k
        if w[REDO, 0, k] * w[ALIVE, 0, k] > 0.0:
            w[ALIVE, 0, k] = 0.0
            out.status[m], out.status_storage[m], out.status_time[m] = 3, -1, t
        if w[ALIVE, 0, k] > 0.0 and out.status[m] == 0:
            for s in range(b.jacobian.shape[0]):
                c = b.curve[s, k]
                if active[s] and out.status[m] == 0:
                    if w[LEVEL, s, k] > curves.meta[c, TOP]:
                        out.status[m] = 2
                    elif graph.storage_flag[s] == 1 and w[NOW, s, k] < curves.meta[c, TOE]:
                        out.status[m] = 1
                    if out.status[m] != 0:
                        out.status_storage[m], out.status_time[m] = s, t


@inlined
def write_states(t: int, start: int, b: Block, out: Output) -> None:  # pragma: no cover - compiled
    """Write the states at one edge; a lane that could not be solved is no number from there."""
    w = b.w
    for s in range(b.jacobian.shape[0]):
        for k in range(w.shape[2]):
            if w[ALIVE, 0, k] == 0.0:
                w[NOW, s, k] = np.nan
                w[SALT, s, k] = np.nan
            out.volume[t, s, start + k] = w[NOW, s, k]
            out.salt[t, s, start + k] = w[SALT, s, k]


@inlined
def write_fluxes(t: int, start: int, b: Block, out: Output) -> None:  # pragma: no cover - compiled
    """Write the mean fluxes of one interval."""
    mean = b.report
    ns, n = b.jacobian.shape[0], b.w.shape[2]
    nu, nl, nj = out.withdrawal.shape[1], out.link.shape[1], out.loss.shape[1]
    for k in range(n):
        if b.w[ALIVE, 0, k] == 0.0:
            mean[MEAN, :, k] = np.nan
    for k in range(n):
        m = start + k
        for s in range(ns):
            out.area[t, s, m] = mean[MEAN, s, k]
            out.level[t, s, m] = mean[MEAN, ns + s, k]
            out.river[t, s, m] = mean[MEAN, 2 * ns + s, k]
            out.groundwater[t, s, m] = mean[MEAN, 3 * ns + s, k]
        row = 4 * ns
        for u in range(nu):
            out.withdrawal[t, u, m] = mean[MEAN, row + u, k]
        row += nu
        for link in range(nl):
            out.link[t, link, m] = mean[MEAN, row + link, k]
        row += nl
        for j in range(nj):
            out.lateral[t, j, m] = mean[MEAN, row + j, k]
            out.loss[t, j, m] = mean[MEAN, row + nj + j, k]
            out.mouth[t, j, m] = mean[MEAN, row + 2 * nj + j, k]


@inlined
def start_block(
    curves: Curves, forcing: Forcing, start: int, b: Block
) -> None:  # pragma: no cover - compiled
    """Set the initial states; the level is the exact inverse of the volume."""
    w = b.w
    w[ALIVE, 0, :] = 1.0
    for s in range(b.jacobian.shape[0]):
        for k in range(w.shape[2]):
            c = forcing.curve_index[s, start + k]
            v = forcing.initial_volume[s, start + k]
            b.curve[s, k] = c
            w[PER_TOE, s, k] = (1.0 + DREGS) / curves.meta[c, TOE]
            w[TOE_AT, s, k] = curves.meta[c, TOE_LEVEL]
            w[HALF_AT, s, k] = curves.meta[c, HALF_LEVEL]
            w[LOW_AT, s, k] = curves.meta[c, LOW]
            w[NOW, s, k] = v
            w[SALT, s, k] = forcing.initial_salt[s, start + k]
            w[STAGE_SALT, s, k] = w[SALT, s, k]
            row = curves.first[c] + 1
            while curves.rows[BEGIN, row + 1] < np.inf and curves.rows[BELOW, row + 1] <= v:
                row += 1
            rest = v - curves.rows[BELOW, row]
            area = curves.rows[BASE_AREA, row]
            root = np.sqrt(area * area + 2.0 * curves.rows[RISE, row] * rest)
            w[LEVEL, s, k] = curves.rows[BASE_LEVEL, row] + 2.0 * rest / (area + root)
            b.row[s, k] = row
            w[ROW_BEGIN, s, k] = np.inf


@compiled
def march_block(
    curves: Curves,
    graph: Graph,
    forcing: Forcing,
    out: Output,
    start: int,
    n: int,
    substeps: int,
    with_salt: bool,
    fluxes: bool,
) -> None:  # pragma: no cover - compiled
    """March members ``start .. start + n`` through all intervals."""
    ns, nl = graph.storage_flag.size, graph.link.shape[0]
    nj, nu = graph.junction_to.size, graph.user_storage.size
    b = make_block(ns, nl, nj, nu, n)
    start_block(curves, forcing, start, b)
    for t in range(forcing.duration.size + 1):
        write_states(t, start, b, out)
        if t == forcing.duration.size:
            break
        load_forcing(forcing, t, start, b)
        b.report[MEAN] = 0.0
        dt = forcing.duration[t] / substeps
        gauged, active = forcing.gauged[t], forcing.active[t]
        for _ in range(substeps):
            take_step(curves, graph, gauged, active, dt, 1.0 / substeps, with_salt, b)
            note_status(curves, graph, active, t, start, b, out)
        if fluxes:
            write_fluxes(t, start, b, out)


def march(
    curves: Curves,
    graph: Graph,
    forcing: Forcing,
    *,
    substeps: int = 1,
    with_salt: bool = True,
    fluxes: bool = True,
    threads: int | None = None,
) -> Output:
    """March all members through all intervals.

    Parameters
    ----------
    curves : Curves
        Packed level-area-volume curves.
    graph : Graph
        Packed lake system.
    forcing : Forcing
        Packed forcing, initial states and member indices.
    substeps : int, default 1
        Internal steps per interval.
    with_salt : bool, default True
        Whether salt is carried.
    fluxes : bool, default True
        Whether fluxes are stored, or the states alone.
    threads : int, optional
        Threads at most; by default one per processor. The results do not depend on it.

    Returns
    -------
    Output
        States, mean fluxes and a status per member, members on the last axis.

    Examples
    --------
    :func:`balkhash_model.simulation.simulate` packs a lake system and calls this.
    """
    members = forcing.initial_volume.shape[1]
    out = allocate_output(forcing.duration.size, graph, members, fluxes=fluxes)
    starts = range(0, members, LANES)

    def run(start: int) -> None:
        march_block(
            curves,
            graph,
            forcing,
            out,
            start,
            min(LANES, members - start),
            substeps,
            with_salt,
            fluxes,
        )

    workers = min(threads or os.cpu_count() or 1, len(starts))
    if workers <= 1:
        for start in starts:
            run(start)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(run, starts))
    return out


def _drop_stale_cache() -> None:
    """Remove compiled code that is older than any source of the kernel.

    The cache of numba looks at the file of the outermost function alone, so it would keep serving
    machine code into which an older version of another file is compiled.
    """
    from pathlib import Path

    compiled_block: Any = march_block
    folder = Path(compiled_block.stats.cache_path)
    newest = max(p.stat().st_mtime for p in Path(__file__).parent.glob("*.py"))
    for entry in folder.glob("*.nb[ic]") if folder.is_dir() else ():
        try:
            if entry.stat().st_mtime < newest:
                entry.unlink()
        except OSError:
            # a read-only or shared cache: numba itself decides what to do with it
            continue


_drop_stale_cache()
