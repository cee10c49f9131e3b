"""The working arrays of a block of members, and how lanes move between two blocks.

Every array ends in lanes, one per member, and each record keeps its fields side by side: with a
width that is known when the kernel is compiled, the compiler sees that the fields of one record do
not overlap, and makes vector code of a loop that uses many of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from balkhash_model.kernel.compiled import inlined, internal

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: Members that are stepped side by side.
LANES = 64
#: Lanes are worked on in groups of so many, a multiple of what the processor takes at once.
GROUP = 16
#: Places that each field has: at a multiple of 64 the fields would meet in the same few sets of the
#: cache, and a store would look like it hit the loads of the field eight places on.
PITCH = LANES + 8
#: Bytes of a line of the cache.
LINE = 64
TINY_VOLUME = 1e-3  # m3

# Fields of a storage; ENTRY is what its table is looked up with, here its volume
(
    ENTRY,
    ROW_BEGIN,
    ROW_END,
    ROW_A,  # level
    ROW_B,  # area
    ROW_C,  # rise of the area
    ROW_D,  # volume below
    LEVEL,
    AREA,
    INVERSE_AREA,
    SUPPLY,
    FADE,
    WET,
    EVAPORATING,
    NET,
    SHIFT,
    RIGHT,
    RAIN,
    EVAPORATION,
    ACTIVITY,
    INFLOW,
    OUTWARD,
    SALT_IN,
    NOW,
    BASE,
    FIRST_NET,
    SALT,
    SALT_BASE,
    STAGE_SALT,
    SALT_RATE,
    WATER,
    CONCENTRATION,
    GAIN,
    DRAWN,
    DEPOSITS,
    PER_TOE,
    TOE,
    BRIM,
    LACK,
) = range(39)
VOLUME = ENTRY
FIELDS = 39

# Fields of a link, after the seven of its table, which is looked up with the depth over its sill:
# a cubic from there on
DEPTH = ENTRY
(
    FLOW,
    LINK,
    BY_FROM,
    BY_TO,
    HEAD,
    START_HEAD,
    SLOPE_FROM,
    SLOPE_TO,
    MIXING,
    PLAN,
    LEAST,
    MOST,
    TARGET,
    RATE,
    PASSED,
    SALT_FLOW,
) = range(7, 23)

# Fields of a junction
LATERAL, ARRIVED, SIDE, LOSS, MOUTH, THROUGH, RECEIVED, CARRIED = range(8)

# Fields of a user
DEMAND, TAKEN, AHEAD, ALIKE = range(4)

# Rows of Block.z; marks are 1 or 0, so that loops over them have one type. CLOSED marks the lanes
# of lone storages whose stage was solved in closed form
ALIVE, BUSY, GOOD, WRONG, DAMP, CLOSED = range(6)
LANE_FIELDS = 6

# First index of Block.mean
STEP, INTERVAL = range(2)


@inlined
def whole_groups(n: int) -> int:  # pragma: no cover - compiled
    """Lanes of which the first `n` are in use, rounded up to whole groups.

    The compiler sees that the number is a multiple of ``GROUP``, and makes no code for the rest of
    a division. What stands in the lanes beyond is of no account: they are never marked as good.
    """
    return GROUP * ((n + GROUP - 1) // GROUP)


class Block(NamedTuple):
    """Everything a block of members needs while it is marched; the last axis is the lane.

    `s`, `v`, `j` and `u` are the parts of `w` that belong to storages, links, junctions and users.
    """

    w: FloatArray  # (record, field, lane)
    s: FloatArray  # (storage, field, lane)
    v: FloatArray  # (link, field, lane)
    j: FloatArray  # (junction, field, lane)
    u: FloatArray  # (user, field, lane)
    z: FloatArray  # (field, lane)
    matrix: FloatArray  # (s, s, lane)
    through: FloatArray  # (j, s, lane)
    mean: FloatArray  # (2, rows, lane)
    row: IntArray  # (record, lane) row of its table last in force
    member: IntArray  # (lane,) lane of the other block


def zeros(*shape: int) -> FloatArray:
    """Zeros that start on a line of the cache, so that no vector straddles two lines."""
    count = int(np.prod(shape))
    store = np.zeros(count + LINE // 8)
    first = -store.ctypes.data % LINE // 8
    return store[first : first + count].reshape(shape)


def make_block(ns: int, nl: int, nj: int, nu: int, rows: int) -> Block:
    """Allocate a block.

    Parameters
    ----------
    ns, nl, nj, nu : int
        Storages, links, junctions and users.
    rows : int
        Rows of fluxes.

    Returns
    -------
    Block
        Zeros.

    Examples
    --------
    >>> make_block(3, 2, 1, 1, 10).w.shape == (7, FIELDS, PITCH)
    True
    """
    w = zeros(ns + nl + nj + nu, FIELDS, PITCH)
    s, v, j, u = np.split(w, np.cumsum((ns, nl, nj)))
    return Block(
        w=w,
        s=s,
        v=v,
        j=j,
        u=u,
        z=zeros(LANE_FIELDS, PITCH),
        matrix=zeros(ns, ns, PITCH),
        through=zeros(nj, ns, PITCH),
        mean=zeros(2, rows, PITCH),
        row=np.zeros((ns + nl + nj + nu, PITCH), dtype=np.int64),
        member=np.zeros(LANES, dtype=np.int64),
    )


@internal
def copy_lanes(
    count: int, lanes: IntArray, source: Block, into: Block
) -> None:  # pragma: no cover - compiled
    """Copy the records of some lanes into another block, side by side."""
    for i in range(source.w.shape[0]):
        for m in range(count):
            into.row[i, m] = source.row[i, lanes[m]]
        for field in range(FIELDS):
            for m in range(count):
                into.w[i, field, m] = source.w[i, field, lanes[m]]


@internal
def return_lanes(
    count: int, lanes: IntArray, into: Block, source: Block
) -> None:  # pragma: no cover - compiled
    """Copy those lanes of another block back that `into.member` names."""
    for i in range(source.w.shape[0]):
        for a in range(count):
            m = into.member[a]
            into.row[i, lanes[m]] = source.row[i, m]
        for field in range(FIELDS):
            for a in range(count):
                m = into.member[a]
                into.w[i, field, lanes[m]] = source.w[i, field, m]
    for row in range(into.mean.shape[1]):
        for a in range(count):
            m = into.member[a]
            into.mean[STEP, row, lanes[m]] = source.mean[STEP, row, m]
