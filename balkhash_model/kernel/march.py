"""March a block of members through all intervals, and many blocks on several threads."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from balkhash_model.kernel.compiled import compiled
from balkhash_model.kernel.layout import (
    BASE_AREA,
    BASE_LEVEL,
    BEGIN,
    BELOW,
    RISE,
    TOE,
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
    FIELDS,
    FIRST,
    FIRST_NET,
    FLOW,
    GAMMA,
    GOOD,
    GROUND,
    GROUND_IN,
    LATERAL,
    LATERAL_IN,
    LEVEL,
    LINK,
    LOSS,
    MEAN,
    MOUTH,
    NET,
    NOW,
    OLD,
    OLD_FLOW,
    OLD_LEVEL,
    OLD_SALT,
    RAIN,
    REDO,
    RIVER,
    RIVER_IN,
    SALT,
    SALT_BASE,
    SECOND,
    TAKEN,
    WET,
    Block,
    solve_stage,
)

BoolArray = npt.NDArray[np.bool_]

__all__ = ["LANES", "march"]

#: Members that are stepped side by side.
LANES = 64
#: Backward Euler steps that replace a step that would empty a storage: first try, second try.
SHORT_STEPS = (16, 512)


@compiled
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


@compiled
def collect(nl: int, nj: int, nu: int, into: int, b: Block) -> None:  # pragma: no cover - compiled
    """Copy what is reported of a stage into the rows of one array."""
    w, report = b.w, b.report
    ns, n = b.jacobian.shape[0], w.shape[2]
    for s in range(ns):
        for k in range(n):
            report[into, s, k] = w[WET, s, k]
            report[into, ns + s, k] = w[LEVEL, s, k]
            report[into, 2 * ns + s, k] = w[RIVER_IN, s, k]
            report[into, 3 * ns + s, k] = w[GROUND_IN, s, k]
    row = 4 * ns
    for u in range(nu):
        for k in range(n):
            report[into, row + u, k] = w[TAKEN, u, k]
    row += nu
    for link in range(nl):
        for k in range(n):
            report[into, row + link, k] = w[LINK, link, k]
    row += nl
    for j in range(nj):
        for k in range(n):
            report[into, row + j, k] = w[LATERAL_IN, j, k]
            report[into, row + nj + j, k] = w[LOSS, j, k]
            report[into, row + 2 * nj + j, k] = w[MOUTH, j, k]


@compiled
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


@compiled
def step_second_order(
    curves: Curves,
    graph: Graph,
    gauged: BoolArray,
    active: BoolArray,
    dt: float,
    share: float,
    with_salt: bool,
    b: Block,
) -> None:  # pragma: no cover - compiled
    """One step of the two-stage method for all living lanes; marks those to be redone."""
    w = b.w
    ns, n = b.jacobian.shape[0], w.shape[2]
    nl, nj, nu = graph.link.shape[0], graph.junction_to.size, graph.user_storage.size
    h = GAMMA * dt
    for s in range(ns):
        for k in range(n):
            w[BASE, s, k] = w[OLD, s, k]
            w[SALT_BASE, s, k] = w[OLD_SALT, s, k]
    solve_stage(curves, graph, gauged, active, h, ALIVE, b)
    for k in range(n):
        w[REDO, 0, k] = w[BUSY, 0, k]
    collect(nl, nj, nu, FIRST, b)
    if with_salt:
        salt_stage(graph, active, h, SALT, b)
    for s in range(ns):
        for k in range(n):
            w[FIRST_NET, s, k] = w[NET, s, k]
            w[BASE, s, k] = w[OLD, s, k] + (dt - h) * w[NET, s, k]
            if with_salt:
                growth = (w[SALT, s, k] - w[OLD_SALT, s, k]) / h
                w[SALT_BASE, s, k] = w[OLD_SALT, s, k] + (dt - h) * growth
            if w[ALIVE, 0, k] > 0.0 and active[s]:
                change = w[LEVEL, s, k] - w[OLD_LEVEL, s, k]
                w[LEVEL, s, k] = w[OLD_LEVEL, s, k] + change / GAMMA
    solve_stage(curves, graph, gauged, active, h, ALIVE, b)
    collect(nl, nj, nu, SECOND, b)
    if with_salt:
        salt_stage(graph, active, h, SALT, b)
    for k in range(n):
        bad = w[REDO, 0, k] + w[BUSY, 0, k] > 0.0
        for s in range(ns):
            if active[s]:
                w[NOW, s, k] = w[OLD, s, k] + ((dt - h) * w[FIRST_NET, s, k] + h * w[NET, s, k])
            # the comparisons are written so that a value that is no number is bad, too
            if not (w[NOW, s, k] >= 0.0 and w[BASE, s, k] >= 0.0):
                bad = True
            if with_salt and not (w[SALT, s, k] >= 0.0):
                bad = True
        w[REDO, 0, k] = w[ALIVE, 0, k] if bad else 0.0
        w[GOOD, 0, k] = 0.0 if bad else w[ALIVE, 0, k]
    for row in range(b.report.shape[1]):
        for k in range(n):
            mean = (1.0 - GAMMA) * b.report[FIRST, row, k] + GAMMA * b.report[SECOND, row, k]
            b.report[MEAN, row, k] += share * mean if w[GOOD, 0, k] > 0.0 else 0.0


@compiled
def step_short(
    curves: Curves,
    graph: Graph,
    gauged: BoolArray,
    active: BoolArray,
    dt: float,
    share: float,
    with_salt: bool,
    count: int,
    b: Block,
) -> None:  # pragma: no cover - compiled
    """Repeat a step as `count` backward Euler steps for the lanes marked to be redone."""
    w, report = b.w, b.report
    ns, n = b.jacobian.shape[0], w.shape[2]
    nl, nj, nu = graph.link.shape[0], graph.junction_to.size, graph.user_storage.size
    h = dt / count
    report[FIRST] = 0.0
    for k in range(n):
        w[GOOD, 0, k] = w[REDO, 0, k]
        if w[REDO, 0, k] > 0.0:
            for s in range(ns):
                w[NOW, s, k] = w[OLD, s, k]
                w[SALT, s, k] = w[OLD_SALT, s, k]
                w[LEVEL, s, k] = w[OLD_LEVEL, s, k]
            for link in range(nl):
                w[FLOW, link, k] = w[OLD_FLOW, link, k]
    for _ in range(count):
        for s in range(ns):
            for k in range(n):
                w[BASE, s, k] = w[NOW, s, k]
                w[SALT_BASE, s, k] = w[SALT, s, k]
        solve_stage(curves, graph, gauged, active, h, GOOD, b)
        collect(nl, nj, nu, SECOND, b)
        if with_salt:
            # the first-stage field is free here and keeps the salt of the other lanes intact
            salt_stage(graph, active, h, FIRST_NET, b)
        for k in range(n):
            if w[GOOD, 0, k] > 0.0:
                bad = w[BUSY, 0, k] > 0.0
                for s in range(ns):
                    if active[s]:
                        w[NOW, s, k] += h * w[NET, s, k]
                        # the solver may leave a rounding error of the last water on the bed
                        if not (w[NOW, s, k] >= -1e-6 * curves.meta[b.curve[s, k], TOE]):
                            bad = True
                        if with_salt:
                            w[SALT, s, k] = w[FIRST_NET, s, k]
                w[GOOD, 0, k] = 0.0 if bad else 1.0
                for row in range(report.shape[1]):
                    report[FIRST, row, k] += report[SECOND, row, k]
    for k in range(n):
        if w[GOOD, 0, k] > 0.0:
            w[REDO, 0, k] = 0.0
            for row in range(report.shape[1]):
                report[MEAN, row, k] += share / count * report[FIRST, row, k]


@compiled
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


@compiled
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


@compiled
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


@compiled
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
            w[NOW, s, k] = v
            w[SALT, s, k] = forcing.initial_salt[s, start + k]
            row = curves.first[c] + 1
            while curves.rows[BEGIN, row + 1] < np.inf and curves.rows[BELOW, row + 1] <= v:
                row += 1
            rest = v - curves.rows[BELOW, row]
            area = curves.rows[BASE_AREA, row]
            root = np.sqrt(area * area + 2.0 * curves.rows[RISE, row] * rest)
            w[LEVEL, s, k] = curves.rows[BASE_LEVEL, row] + 2.0 * rest / (area + root)
            b.row[s, k] = row


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
    w = b.w
    start_block(curves, forcing, start, b)
    write_states(0, start, b, out)
    for t in range(forcing.duration.size):
        load_forcing(forcing, t, start, b)
        b.report[MEAN] = 0.0
        dt = forcing.duration[t] / substeps
        gauged, active = forcing.gauged[t], forcing.active[t]
        for _ in range(substeps):
            for k in range(n):
                for s in range(ns):
                    w[OLD, s, k] = w[NOW, s, k]
                    w[OLD_SALT, s, k] = w[SALT, s, k]
                    w[OLD_LEVEL, s, k] = w[LEVEL, s, k]
                for link in range(nl):
                    w[OLD_FLOW, link, k] = w[FLOW, link, k]
            step_second_order(curves, graph, gauged, active, dt, 1.0 / substeps, with_salt, b)
            for attempt in range(2):
                if b.w[REDO, 0].any():
                    step_short(
                        curves,
                        graph,
                        gauged,
                        active,
                        dt,
                        1.0 / substeps,
                        with_salt,
                        SHORT_STEPS[attempt],
                        b,
                    )
            note_status(curves, graph, active, t, start, b, out)
        write_states(t + 1, start, b, out)
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
