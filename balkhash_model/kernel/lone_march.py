"""A march of the volumes of lone storages, where neither salt nor fluxes are asked for.

A step is two stages in closed form, see :mod:`balkhash_model.kernel.lone`. Most end in the row of
the curve in which they begin: those are taken some lanes at a time, in vector registers. The lanes
that leave their row follow one by one. What is not as plain as that (the toe, the brim, a step that
is too long) is left to `march_block`, together with the block of members in which it occurs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from balkhash_model.kernel.block import (
    DEMAND,
    EVAPORATION,
    INFLOW,
    LANES,
    LINE,
    OUTWARD,
    RAIN,
    zeros,
)
from balkhash_model.kernel.compiled import compiled, fetch, inlined, internal
from balkhash_model.kernel.fluxes import MOST_ENTRY
from balkhash_model.kernel.layout import CLIMATE, INFLOWS, USE, Forcing, Graph, Output
from balkhash_model.kernel.lone import find_row, stage_area
from balkhash_model.kernel.stage import WITHOUT_HEAD
from balkhash_model.kernel.step import BEND, GAMMA

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

__all__ = ["CHUNK", "make_work", "march_lone"]

#: Lanes that are marched through all intervals at a time: some blocks.
CHUNK = 4 * LANES
#: Lanes between which what comes next is fetched from memory.
SIDE = 16
#: Places that each field has, see ``PITCH`` in :mod:`balkhash_model.kernel.block`.
ROOM = CHUNK + SIDE
#: Fields of a lane.
HERE, LOW, HIGH, AREA_BELOW, RISE, VOLUME_BELOW, BRINGS, RAINS, LEFT = range(9)
WORK_FIELDS = 9
#: How the members of a chunk find their sets of forcing.
SHARED, IN_ORDER, ANY = range(3)
#: Numbers in a line of the cache.
PER_LINE = LINE // 8
#: A bend below this share of what is allowed is also one for `end_step`, which divides by the area.
SURELY = 1.0 - 1e-12


class Work(NamedTuple):
    """What :func:`march_lone` works on."""

    w: FloatArray  # (field, lane)
    side: FloatArray  # (field, group, lane): the same
    row: IntArray  # (lane,) row of its curve that a lane is in
    picked: IntArray  # (lane,) list of the lanes that leave it


def make_work() -> Work:
    """Allocate what :func:`march_lone` works on.

    Returns
    -------
    Work
        Zeros.

    Examples
    --------
    >>> make_work().w.shape == (WORK_FIELDS, ROOM)
    True
    """
    w = zeros(WORK_FIELDS, ROOM)
    row, picked = np.zeros((2, CHUNK), dtype=np.int64)
    return Work(w, w.reshape(WORK_FIELDS, -1, SIDE), row, picked)


@internal
def order_of(which: IntArray) -> int:  # pragma: no cover - compiled
    """Whether some members have one set of forcing in common, or sets that follow each other."""
    one = order = 0
    for k in range(which.size):
        one += 1 if which[k] != which[0] else 0
        order += 1 if which[k] != which[0] + k else 0
    return SHARED if one == 0 else IN_ORDER if order == 0 else ANY


@internal
def row_of(slot: IntArray, record: int, field: int) -> int:  # pragma: no cover - compiled
    """Row of the forcing that is brought into a field of a record."""
    found = 0
    for row in range(slot.shape[0]):
        if slot[row, 0] == record and slot[row, 1] == field:
            found = row
    return found


@inlined
def put_difference(
    values: FloatArray,
    one: int,
    other: int,
    sign: float,
    which: IntArray,
    order: int,
    n: int,
    w: FloatArray,
    field: int,
) -> None:  # pragma: no cover - compiled
    """One row of the forcing and `sign` times another, of each lane."""
    first = which[0]
    if order == SHARED:
        value = values[first, one] + sign * values[first, other]
        for k in range(n):
            w[field, k] = value
    elif order == IN_ORDER:
        mine = values[first : first + n]
        for k in range(n):
            w[field, k] = mine[k, one] + sign * mine[k, other]
    else:
        for k in range(n):
            w[field, k] = values[which[k], one] + sign * values[which[k], other]


@inlined
def take_off(
    values: FloatArray, row: int, which: IntArray, order: int, n: int, w: FloatArray
) -> None:  # pragma: no cover - compiled
    """Take what a user asks for off what rivers bring."""
    first = which[0]
    if order == SHARED:
        value = values[first, row]
        for k in range(n):
            w[BRINGS, k] -= value
    elif order == IN_ORDER:
        mine = values[first : first + n]
        for k in range(n):
            w[BRINGS, k] -= mine[k, row]
    else:
        for k in range(n):
            w[BRINGS, k] -= values[which[k], row]


@internal
def lone_step(
    ahead: FloatArray, first: int, out: FloatArray, dt: float, n: int, w: FloatArray
) -> int:  # pragma: no cover - compiled
    """One step of each lane in the row of its curve; how many cannot be taken there.

    `ahead` are the rates that are needed next, of sets that follow each other, unless `first` is
    negative; and `out` is where the volumes will be written. They are fetched in the meantime.
    """
    if w.shape[0] != WORK_FIELDS or w.shape[1] != ROOM // SIDE or w.shape[2] != SIDE:
        return 0
    h = GAMMA * dt
    before, bound = dt - h, SURELY * BEND * WITHOUT_HEAD
    groups, left = (n + SIDE - 1) // SIDE, 0
    for g in range(groups):
        if first >= 0:
            begin = (first + g * SIDE) * ahead.shape[1]
            for i in range(begin, begin + SIDE * ahead.shape[1], PER_LINE):
                fetch(ahead, i)
        for i in range(g * SIDE, (g + 1) * SIDE, PER_LINE):
            fetch(out, i)
        for j in range(SIDE):
            now, low, high = w[HERE, g, j], w[LOW, g, j], w[HIGH, g, j]
            brings, rains = w[BRINGS, g, j], w[RAINS, g, j]
            area, rise, below = w[AREA_BELOW, g, j], w[RISE, g, j], w[VOLUME_BELOW, g, j]
            wet = stage_area(area, rise, below, now, h, brings, rains)
            net = brings + rains * wet
            middle, base = now + h * net, now + before * net
            last = stage_area(area, rise, below, base, h, brings, rains)
            second = brings + rains * last
            end, bend = base + h * second, second - net
            fine = (low <= middle) & (middle < high) & (low <= end) & (end < high)
            fine = fine & (wet > 0.0) & (last > 0.0) & (base >= 0.0)
            fine = fine & (bend * bend * dt <= bound * last * max(abs(net), abs(second)))
            w[HERE, g, j] = end if fine else now
            w[LEFT, g, j] = 0.0 if fine else 1.0
    for g in range(groups):
        for j in range(SIDE):
            left += 1 if w[LEFT, g, j] > 0.0 else 0
    return left


@inlined
def next_row(table: FloatArray, at: int, volume: float) -> int:  # pragma: no cover - compiled
    """The row itself, or the one above or below it where the volume lies beyond its end."""
    up = (volume >= table[at + 1, 0]) & (volume < MOST_ENTRY)
    down = volume < table[at, 0]
    return at + (1 if up else 0) - (1 if down else 0)


@inlined
def area_in(
    table: FloatArray, at: int, start: float, h: float, brings: float, rains: float
) -> float:  # pragma: no cover - compiled
    """`stage_area` of a row of the table."""
    return stage_area(table[at, 2], table[at, 3], table[at, 4], start, h, brings, rains)


@inlined
def enter_row(
    table: FloatArray, at: int, toe: float, brim: float, k: int, w: FloatArray, row: IntArray
) -> None:  # pragma: no cover - compiled
    """Bring a row of its curve into a lane of `march_lone`."""
    row[k] = at
    w[LOW, k] = max(table[at, 0], toe)
    # above the brim no step is a plain one
    w[HIGH, k] = min(table[at + 1, 0], brim)
    w[AREA_BELOW, k], w[RISE, k], w[VOLUME_BELOW, k] = table[at, 2], table[at, 3], table[at, 4]


@internal
def cross_rows(
    table: FloatArray, toe: float, brim: float, dt: float, k: int, w: FloatArray, row: IntArray
) -> bool:  # pragma: no cover - compiled
    """One step of a lane that leaves the row of its curve; whether it is a plain one."""
    h = GAMMA * dt
    before, bound = dt - h, SURELY * BEND * WITHOUT_HEAD
    now, brings, rains = w[HERE, k], w[BRINGS, k], w[RAINS, k]
    at = find_row(table, row[k], toe, now, h, brings, rains)
    if at < 0:
        return False
    first = brings + rains * area_in(table, at, now, h, brings, rains)
    base = now + before * first
    at = find_row(table, at, toe, base, h, brings, rains)
    if at < 0:
        return False
    last = area_in(table, at, base, h, brings, rains)
    second = brings + rains * last
    end, bend = base + h * second, second - first
    if not (base >= 0.0 and end <= brim):
        return False
    if not bend * bend * dt <= bound * last * max(abs(first), abs(second)):
        return False
    w[HERE, k] = end
    enter_row(table, at, toe, brim, k, w, row)
    return True


@internal
def cross_some(
    table: FloatArray,
    brims: FloatArray,
    curve: IntArray,
    dt: float,
    count: int,
    picked: IntArray,
    w: FloatArray,
    row: IntArray,
) -> int:  # pragma: no cover - compiled
    """What `cross_rows` does for the lanes picked that go no further than to the next row.

    Without branches, so that the processor works on several lanes at a time. The others stay in
    `picked`; their number.
    """
    if w.shape[1] != ROOM:
        return count
    h = GAMMA * dt
    before, bound = dt - h, SURELY * BEND * WITHOUT_HEAD
    left = 0
    for i in range(count):
        k = picked[i]
        brim, toe = brims[curve[k], 0], brims[curve[k], 1]
        now, brings, rains, at = w[HERE, k], w[BRINGS, k], w[RAINS, k], row[k]
        tried = area_in(table, at, now, h, brings, rains)
        volume = now + h * (brings + rains * tried)
        at = next_row(table, at, volume)
        fine = (tried > 0.0) & (volume >= toe)
        fine = fine & (volume >= table[at, 0]) & (volume < table[at + 1, 0])
        wet = area_in(table, at, now, h, brings, rains)
        first = brings + rains * wet
        volume, base = now + h * first, now + before * first
        fine = fine & (wet > 0.0) & (volume >= toe) & (base >= 0.0)
        fine = fine & (volume >= table[at, 0]) & (volume < table[at + 1, 0])
        tried = area_in(table, at, base, h, brings, rains)
        volume = base + h * (brings + rains * tried)
        at = next_row(table, at, volume)
        fine = fine & (tried > 0.0) & (volume >= toe)
        fine = fine & (volume >= table[at, 0]) & (volume < table[at + 1, 0])
        last = area_in(table, at, base, h, brings, rains)
        second = brings + rains * last
        end, bend = base + h * second, second - first
        fine = fine & (last > 0.0) & (end >= toe) & (end <= brim)
        fine = fine & (end >= table[at, 0]) & (end < table[at + 1, 0])
        fine = fine & (bend * bend * dt <= bound * last * max(abs(first), abs(second)))
        if fine:
            w[HERE, k] = end
            enter_row(table, at, toe, brim, k, w, row)
        else:
            picked[left] = k
            left += 1
    return left


@inlined
def give_up(k: int, w: FloatArray) -> None:  # pragma: no cover - compiled
    """Let a lane stand still from here on: its block is marched by others."""
    w[HERE, k] = MOST_ENTRY
    w[LOW, k], w[HIGH, k] = -np.inf, np.inf
    w[AREA_BELOW, k] = 1.0
    w[RISE, k] = w[VOLUME_BELOW, k] = 0.0


@internal
def start_lone(
    graph: Graph, curve: IntArray, initial: FloatArray, w: FloatArray, row: IntArray
) -> None:  # pragma: no cover - compiled
    """Set the initial volumes of a chunk, and the row that each is in; no step is in it yet."""
    for k in range(initial.size):
        at, volume = graph.curve_row[curve[k]], min(initial[k], MOST_ENTRY)
        while volume >= graph.table[at + 1, 0]:
            at += 1
        row[k] = at
        w[HERE, k] = initial[k]
        w[LOW, k], w[HIGH, k] = np.inf, -np.inf
        w[AREA_BELOW, k] = w[RISE, k] = w[VOLUME_BELOW, k] = 0.0
    # those that fill up the last group have nothing to do
    for k in range(initial.size, ROOM):
        w[BRINGS, k] = w[RAINS, k] = 0.0
        give_up(k, w)


@internal
def march_storage(
    graph: Graph,
    forcing: Forcing,
    volumes: FloatArray,
    s: int,
    start: int,
    n: int,
    substeps: int,
    work: Work,
    left: BoolArray,
) -> None:  # pragma: no cover - compiled
    """March one storage of a chunk of members; `left` as in `march_lone`."""
    w, row, picked = work.w, work.row, work.picked
    if w.shape[1] != ROOM:
        return
    steps, slots, users = forcing.duration.size, graph.slots, graph.user_place
    table, brims = graph.table, graph.curve_brim
    curve = forcing.curve_index[s, start : start + n]
    start_lone(graph, curve, forcing.initial_volume[s, start : start + n], w, row)
    rain, evaporation = row_of(slots[CLIMATE], s, RAIN), row_of(slots[CLIMATE], s, EVAPORATION)
    inflow, outward = row_of(slots[INFLOWS], s, INFLOW), row_of(slots[INFLOWS], s, OUTWARD)
    blocks = left[start // LANES : (start + n + LANES - 1) // LANES]
    turn, climate_order, inflow_order, use_order = -1, ANY, ANY, ANY
    for t in range(steps + 1):
        volume = volumes[t, s, start : start + n]
        for k in range(n):
            volume[k] = w[HERE, k]
        if t == steps or blocks.all():
            break
        which = forcing.which[:, forcing.turn[t], start : start + n]
        climate, inflows, use = which[CLIMATE], which[INFLOWS], which[USE]
        if forcing.turn[t] != turn:
            turn = forcing.turn[t]
            climate_order, inflow_order = order_of(climate), order_of(inflows)
            use_order = order_of(use)
        values = forcing.climate[t]
        put_difference(values, rain, evaporation, -1.0, climate, climate_order, n, w, RAINS)
        values = forcing.inflow[t]
        put_difference(values, inflow, outward, 1.0, inflows, inflow_order, n, w, BRINGS)
        for user in range(users.size):
            if users[user] == s:
                demand = row_of(slots[USE], graph.storage_flag.size + user, DEMAND)
                take_off(forcing.use[t], demand, use, use_order, n, w)
        first = inflows[0] if inflow_order == IN_ORDER and t + 1 < steps else -1
        ahead, out = forcing.inflow[min(t + 1, steps - 1)], volumes[t + 1, s, start : start + n]
        dt = forcing.duration[t] / substeps
        for _ in range(substeps):
            if lone_step(ahead, first, out, dt, n, work.side) > 0:
                count = 0
                for k in range(n):
                    picked[count] = k
                    count += 1 if w[LEFT, k] > 0.0 else 0
                count = cross_some(table, brims, curve, dt, count, picked, w, row)
                for i in range(count):
                    k = picked[i]
                    brim, toe = brims[curve[k], 0], brims[curve[k], 1]
                    if not cross_rows(table, toe, brim, dt, k, w, row):
                        blocks[k // LANES] = True
                        give_up(k, w)


@compiled
def march_lone(
    graph: Graph,
    forcing: Forcing,
    out: Output,
    begin: int,
    end: int,
    substeps: int,
    work: Work,
    left: BoolArray,
) -> None:  # pragma: no cover - compiled
    """March the volumes of members ``begin .. end`` through all intervals, a chunk at a time.

    `left` marks the blocks of members, counted from the first of all, that are to be marched by
    `march_block`: what stands there is of no account.
    """
    for start in range(begin, end, CHUNK):
        n = min(CHUNK, end - start)
        for s in range(graph.storage_flag.size):
            march_storage(graph, forcing, out.volume, s, start, n, substeps, work, left)
