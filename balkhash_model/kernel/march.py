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
    DEMAND,
    DEMANDED,
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
#: Backward Euler steps that replace a step that would empty a storage: first try, second try.
SHORT_STEPS = (16, 512)


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
    if not short:
        report[into] = 0.0
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
    if attempt > 0:
        b.report[FIRST] = 0.0
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
    short: bool, stage: int, dt: float, h: float, active: BoolArray, b: Block
) -> None:  # pragma: no cover - compiled
    """Set what a stage starts from, and a first guess of its levels."""
    w = b.w
    for s in range(b.jacobian.shape[0]):
        for k in range(w.shape[2]):
            if short or stage == 0:
                w[BASE, s, k] = w[NOW, s, k]
                w[SALT_BASE, s, k] = w[SALT, s, k]
            else:
                # second stage: the first one's rates over the rest of the step
                w[FIRST_NET, s, k] = w[NET, s, k]
                w[BASE, s, k] = w[OLD, s, k] + (dt - h) * w[NET, s, k]
                growth = (w[STAGE_SALT, s, k] - w[OLD_SALT, s, k]) / h
                w[SALT_BASE, s, k] = w[OLD_SALT, s, k] + (dt - h) * growth
                if w[GOOD, 0, k] > 0.0 and active[s]:
                    change = w[LEVEL, s, k] - w[OLD_LEVEL, s, k]
                    w[LEVEL, s, k] = w[OLD_LEVEL, s, k] + change / GAMMA


@inlined
def end_stage(
    short: bool,
    stage: int,
    dt: float,
    h: float,
    with_salt: bool,
    curves: Curves,
    active: BoolArray,
    b: Block,
) -> None:  # pragma: no cover - compiled
    """Take over what a stage gave, and drop the lanes in which it failed."""
    w = b.w
    ns, n = b.jacobian.shape[0], w.shape[2]
    if not short and stage == 0:
        for k in range(n):
            w[FAILED, 0, k] = w[BUSY, 0, k]
    else:
        for k in range(n):
            if w[GOOD, 0, k] > 0.0:
                bad = w[BUSY, 0, k] > 0.0 or (not short and w[FAILED, 0, k] > 0.0)
                for s in range(ns):
                    if not short:
                        new = w[OLD, s, k] + ((dt - h) * w[FIRST_NET, s, k] + h * w[NET, s, k])
                    else:
                        new = w[NOW, s, k] + h * w[NET, s, k]
                        # the last water leaves a rounding error of what went through: none is left
                        passed = w[NOW, s, k] + h * (w[RIVER_IN, s, k] + w[GROUND_IN, s, k])
                        if -1e-12 * max(passed, 1.0) < new < 0.0:
                            new = 0.0
                    # the comparison is written so that a value that is no number is bad, too
                    if active[s]:
                        if not (new >= 0.0 and w[BASE, s, k] >= 0.0):
                            bad = True
                        w[NOW, s, k] = new
                    if with_salt:
                        if not w[STAGE_SALT, s, k] >= 0.0:
                            bad = True
                        w[SALT, s, k] = w[STAGE_SALT, s, k]
                w[GOOD, 0, k] = 0.0 if bad else 1.0


@inlined
def end_attempt(
    attempt: int, short: bool, count: int, share: float, b: Block
) -> None:  # pragma: no cover - compiled
    """Add the fluxes of an accepted step to the means; mark the lanes to be redone."""
    w, report = b.w, b.report
    n = w.shape[2]
    for k in range(n):
        taking_part = w[ALIVE, 0, k] if attempt == 0 else w[REDO, 0, k]
        w[REDO, 0, k] = taking_part * (1.0 - w[GOOD, 0, k])
    for row in range(report.shape[1]):
        for k in range(n):
            if not short:
                mean = (1.0 - GAMMA) * report[FIRST, row, k] + GAMMA * report[SECOND, row, k]
            else:
                mean = report[FIRST, row, k] / count
            report[MEAN, row, k] += share * mean if w[GOOD, 0, k] > 0.0 else 0.0


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
    for attempt in range(4):
        if attempt > 0 and not w[REDO, 0].any():
            break
        short = attempt > 1
        count = 2 if not short else (SHORT_STEPS[0] if attempt == 2 else SHORT_STEPS[1])
        h = dt / count if short else GAMMA * dt
        tolerance = SHORT_TOLERANCE if short else LEVEL_TOLERANCE
        begin_attempt(attempt, nl, b)
        for stage in range(count):
            stage_base(short, stage, dt, h, active, b)
            solve_stage(curves, graph, gauged, active, h, attempt == 0, tolerance, b)
            collect(short, stage, nl, nj, nu, b)
            if with_salt:
                salt_stage(graph, active, h, b)
            end_stage(short, stage, dt, h, with_salt, curves, active, b)
        end_attempt(attempt, short, count, share, b)


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
            w[PER_TOE, s, k] = 1.0 / curves.meta[c, TOE]
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
