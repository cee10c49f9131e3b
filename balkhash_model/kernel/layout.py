"""What the kernel is given and what it gives back, as plain arrays.

Index conventions: ``s`` storage, ``l`` link, ``j`` junction, ``u`` user, ``t`` interval, ``k``
member (lane). Endpoints of a link are coded as one integer: a storage is its index, junction ``j``
is ``-2 - j`` and the outside is ``-1``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

__all__ = [
    "LINEAR",
    "OUTSIDE",
    "RELEASE",
    "STATUS",
    "STRAIT",
    "WEIR",
    "Curves",
    "Forcing",
    "Graph",
    "Output",
    "allocate_output",
    "junction_code",
    "pack_curves",
]

OUTSIDE = -1
LINEAR, STRAIT, WEIR, RELEASE = 0, 1, 2, 3

#: Meaning of the status code of a member.
STATUS = {0: "ok", 1: "dried out", 2: "overtopped", 3: "not solved"}


def junction_code(j: int) -> int:
    """Endpoint code of junction `j`.

    Parameters
    ----------
    j : int
        Index of the junction.

    Returns
    -------
    int
        ``-2 - j``.

    Examples
    --------
    >>> junction_code(0)
    -2
    """
    return -2 - j


class Curves(NamedTuple):
    """Level-area-volume curves, end to end.

    Each curve starts with one extra row that repeats its first, with zero slope and in force from
    minus infinity: below the bottom the area stays constant, so that an iterate of the solver may
    pass below it. It ends with a row that is never in force.
    """

    rows: FloatArray  # (5, rows): in force from m, level m, area m2, slope m2/m, volume m3
    meta: FloatArray  # (curves, 5): lowest and top level m, toe m3, levels of toe and within it m
    first: IntArray  # (curves,) first row of each


#: Rows of ``Curves.rows`` and columns of ``Curves.meta``.
BEGIN, BASE_LEVEL, BASE_AREA, RISE, BELOW = range(5)
LOW, TOP, TOE, TOE_LEVEL, HALF_LEVEL = range(5)
#: Outflows fade over the last centimetre of water, or the last billionth of the volume.
TOE_DEPTH, TOE_SHARE = 0.01, 1e-9
#: Where in the toe a solver step that would cross it stops; off the bounds between priorities.
WITHIN_TOE = 0.43


class Graph(NamedTuple):
    """Storages, links and junctions of a lake system."""

    storage_flag: IntArray  # (s,) 1 where running dry is reported
    link: IntArray  # (l, 3): kind, from, to (coded)
    link_value: FloatArray  # (l, 4): sill or crest m; coefficient; linear head m; rows per m
    conveyance: FloatArray  # (l, rows) m2.5/s above the sill, at equal steps of level
    junction_to: IntArray  # (j,) a storage or OUTSIDE; where the water goes after the loss
    loss_corner: FloatArray  # (j, 2, corners): flow m3/s, and change of slope of the loss there
    user_storage: IntArray  # (u,)
    user_band: FloatArray  # (u, 2): number of priorities at its storage, and its own from 0
    salinity: FloatArray  # (3, width) kg/m3: rivers (s), groundwater (s), laterals (j)


#: Columns of ``Graph.link`` and ``Graph.link_value``.
KIND, FROM, TO = range(3)
SILL, COEFFICIENT, LINEAR_HEAD, ROWS_PER_METRE = range(4)


class Forcing(NamedTuple):
    """Mean rates over each interval; the leading axis is one set of forcing, shared by index."""

    duration: FloatArray  # (t,) s
    active: BoolArray  # (t, s)
    net_rain: FloatArray  # (climate, t, s) m/s, precipitation minus evaporation
    river: FloatArray  # (inflow, t, s) m3/s; may be negative
    groundwater: FloatArray  # (inflow, t, s) m3/s
    lateral: FloatArray  # (inflow, t, j) m3/s at junctions, or the gauge flow where gauged
    gauged: BoolArray  # (t, j)
    release: FloatArray  # (use, t, l) m3/s demanded of release links
    demand: FloatArray  # (use, t, u) m3/s
    which: IntArray  # (3, member): which climate, inflow and use
    curve_index: IntArray  # (s, member)
    initial_volume: FloatArray  # (s, member) m3
    initial_salt: FloatArray  # (s, member) kg


class Output(NamedTuple):
    """Results of a march; the last axis is the member, so that lanes are written side by side."""

    volume: FloatArray  # (t + 1, s, k) m3
    salt: FloatArray  # (t + 1, s, k) kg
    area: FloatArray  # (t, s, k) m2, mean wet area
    level: FloatArray  # (t, s, k) m, mean
    river: FloatArray  # (t, s, k) m3/s, boundary rivers and river mouths
    groundwater: FloatArray  # (t, s, k) m3/s
    withdrawal: FloatArray  # (t, u, k) m3/s
    link: FloatArray  # (t, l, k) m3/s
    lateral: FloatArray  # (t, j, k) m3/s
    loss: FloatArray  # (t, j, k) m3/s
    mouth: FloatArray  # (t, j, k) m3/s
    status: IntArray  # (k,)
    status_storage: IntArray  # (k,)
    status_time: IntArray  # (k,)


def allocate_output(n_time: int, graph: Graph, n_members: int, *, fluxes: bool = True) -> Output:
    """Make the arrays that a march fills.

    Parameters
    ----------
    n_time : int
        Intervals.
    graph : Graph
        The lake system.
    n_members : int
        Members.
    fluxes : bool, default True
        False keeps only the states; the flux arrays then have no intervals.

    Returns
    -------
    Output
        Uninitialised arrays and zero status.

    Examples
    --------
    A graph is packed by :func:`balkhash_model.simulation.pack`.
    """
    n_s, n_l = graph.storage_flag.size, graph.link.shape[0]
    n_j, n_u = graph.junction_to.size, graph.user_storage.size
    n_flux = n_time if fluxes else 0

    def interval(n: int) -> FloatArray:
        return np.empty((n_flux, n, n_members))

    return Output(
        volume=np.empty((n_time + 1, n_s, n_members)),
        salt=np.empty((n_time + 1, n_s, n_members)),
        area=interval(n_s),
        level=interval(n_s),
        river=interval(n_s),
        groundwater=interval(n_s),
        withdrawal=interval(n_u),
        link=interval(n_l),
        lateral=interval(n_j),
        loss=interval(n_j),
        mouth=interval(n_j),
        status=np.zeros(n_members, dtype=np.int64),
        status_storage=np.full(n_members, -1, dtype=np.int64),
        status_time=np.full(n_members, -1, dtype=np.int64),
    )


def _level_of(volume: float, level: FloatArray, area: FloatArray, below: FloatArray) -> float:
    i = int(np.clip(np.searchsorted(below, volume, side="right") - 1, 0, level.size - 2))
    slope = float((area[i + 1] - area[i]) / (level[i + 1] - level[i]))
    rest = volume - float(below[i])
    root = np.sqrt(max(float(area[i]) ** 2 + 2.0 * slope * rest, 0.0))
    return float(level[i] + 2.0 * rest / (area[i] + root))


def pack_curves(curves: list[tuple[FloatArray, FloatArray, FloatArray]]) -> Curves:
    """Pack level-area-volume tables for look-up by level.

    Parameters
    ----------
    curves : list of (level, area, volume)
        Tables in SI, levels rising, areas positive and not falling.

    Returns
    -------
    Curves
        The packed tables.

    Examples
    --------
    >>> import numpy as np
    >>> packed = pack_curves([(np.array([0.0, 2.0]), np.array([1.0, 3.0]), np.array([0.0, 4.0]))])
    >>> packed.rows[0].tolist(), packed.rows[3].tolist()
    ([-inf, 0.0, 2.0, inf], [0.0, 1.0, 0.0, 0.0])
    """
    rows: list[FloatArray] = []
    meta: list[list[float]] = []
    first: list[int] = []
    count = 0
    for h, a, v in curves:
        slope = np.diff(a) / np.diff(h)
        columns = (
            np.concatenate(([-np.inf], h, [np.inf])),
            np.concatenate((h[:1], h, [0.0])),
            np.concatenate((a[:1], a, [0.0])),
            np.concatenate(([0.0], slope, [0.0, 0.0])),
            np.concatenate((v[:1], v, [0.0])),
        )
        rows.append(np.stack(columns))
        toe = max(TOE_DEPTH * float(a[0]), TOE_SHARE * float(v[-1]))
        at = [_level_of(x, h, a, v) for x in (toe, WITHIN_TOE * toe)]
        meta.append([float(h[0]), float(h[-1]), toe, *at])
        first.append(count)
        count += h.size + 2
    return Curves(
        rows=np.ascontiguousarray(np.concatenate(rows, axis=1)),
        meta=np.array(meta),
        first=np.array(first, dtype=np.int64),
    )
