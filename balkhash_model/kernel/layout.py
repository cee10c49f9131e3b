"""What the kernel is given and what it gives back, as plain arrays.

Index conventions: ``s`` storage, ``l`` link, ``j`` junction, ``u`` user, ``t`` interval, ``k``
member (lane). Endpoints of a link are coded as one integer: a storage is its index, junction ``j``
is ``-2 - j`` and the outside is ``-1``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from balkhash_model.kernel import block

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

__all__ = [
    "LINEAR",
    "NOT_SOLVED",
    "OUTSIDE",
    "RELEASE",
    "STATUS",
    "STRAIT",
    "WEIR",
    "Forcing",
    "Graph",
    "Output",
    "allocate_output",
    "coupling",
    "is_lone",
    "junction_code",
    "pack_conveyance",
    "pack_curve",
    "rows_of",
    "slots",
]

OUTSIDE = -1
LINEAR, STRAIT, WEIR, RELEASE = 0, 1, 2, 3

#: Status code of a member, and what it means.
NOT_SOLVED = 3
STATUS = {0: "ok", 1: "dried out", 2: "overtopped", NOT_SOLVED: "not solved"}


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


#: Outflows fade over the last centimetre of water, or the last billionth of the volume.
TOE_DEPTH, TOE_SHARE = 0.01, 1e-9


class Graph(NamedTuple):
    """Storages, links, junctions and users of a lake system.

    The rows of `table` are the level-area-volume curves, then the conveyances of the straits, end
    to end. A row of a curve is: in force from this volume, level, area, rise of the area with the
    level, volume below. A row of a conveyance is: in force from this depth over the sill, and the
    four coefficients of a cubic in the depth from there on. The last row of each is never in force.
    """

    table: FloatArray  # (rows, 5)
    curve_row: IntArray  # (c,) first row of each curve
    curve_brim: FloatArray  # (c, 2): volume at the top and in the toe, m3
    link_row: IntArray  # (l,) first row of each conveyance
    storage_flag: IntArray  # (s,) 1 where running dry is reported
    coupled: BoolArray  # (s, s) whether a row of the Jacobian may have an entry, after elimination
    link: IntArray  # (l, 3): kind, from, to (coded)
    link_value: FloatArray  # (l, 4), see below
    junction_to: IntArray  # (j,) a storage or OUTSIDE; where the water goes after the loss
    loss_corner: FloatArray  # (j, 2, corners): flow m3/s, and change of slope of the loss there
    user_place: IntArray  # (u,) a storage or a junction (coded)
    user_band: FloatArray  # (u, 2): number of priorities at its place, and the rank of its own
    river_salinity: FloatArray  # (s,) kg/m3, of rivers that an inactive storage passes on
    lateral_salinity: FloatArray  # (j,) kg/m3
    deposition: FloatArray  # (s, 2): rate 1/s, and the salinity above which it works kg/m3
    lowering: FloatArray  # (3,) of evaporation by salt: terms of the activity, m3/kg and m6/kg2,
    # and what a lower vapour pressure at the surface is worth against that of the air
    slots: IntArray  # (4, rows, 2) record and field of each row of the forcing and of the fluxes


#: Columns of ``Graph.link``.
KIND, FROM, TO = range(3)
#: Columns of ``Graph.link_value``: sill or crest m; coefficient of the law; head m below which a
#: strait is linear; exchange of salt m3/s.
SILL, COEFFICIENT, LINEAR_HEAD, EXCHANGE = range(4)
#: First index of ``Graph.slots``.
CLIMATE, INFLOWS, USE, FLUX = range(4)


class Forcing(NamedTuple):
    """Mean rates over each interval; members share sets of forcing by index.

    The rows of `climate`, `inflow` and `use` are those of ``ROWS``, group after group. The run is
    cut into turns, each of them intervals that follow each other, and a member may have another set
    in each: a year of the run that is a drawn year of a record is the number of that year.
    """

    duration: FloatArray  # (t,) s
    active: BoolArray  # (t, s)
    opening: FloatArray  # (t, l) share of a link that is open
    gauged: BoolArray  # (t, j)
    climate: FloatArray  # (t, set, rows)
    inflow: FloatArray  # (t, set, rows)
    use: FloatArray  # (t, set, rows)
    turn: IntArray  # (t,) in which turn an interval lies
    which: IntArray  # (3, turn, member): which set of each
    curve_index: IntArray  # (s, member)
    initial_volume: FloatArray  # (s, member) m3
    initial_salt: FloatArray  # (s, member) kg


class Output(NamedTuple):
    """Results of a march; the last axis is the member, so that lanes are written side by side."""

    volume: FloatArray  # (t + 1, s, k) m3
    salt: FloatArray  # (t + 1, s, k) kg
    flux: FloatArray  # (t, rows, k) means over the intervals, rows as in ``ROWS``
    status: IntArray  # (k,)
    status_storage: IntArray  # (k,)
    status_time: IntArray  # (k,)


#: What stands in the rows of the forcing and of the fluxes: name, what it is counted by, and the
#: field of the block that it is brought into or taken from.
ROWS: tuple[tuple[tuple[str, str, int], ...], ...] = (
    (
        ("rain", "storage", block.RAIN),  # m/s
        ("evaporation", "storage", block.EVAPORATION),  # m/s, of fresh water
    ),
    (
        ("inflow", "storage", block.INFLOW),  # m3/s, rivers and groundwater that bring water
        ("outward", "storage", block.OUTWARD),  # m3/s, negative: those that take it
        ("salt", "storage", block.SALT_IN),  # kg/s, with the former
        ("lateral", "junction", block.LATERAL),  # m3/s, or the gauge flow where gauged
        ("passed", "link", block.PASSED),  # m3/s, rivers that an inactive storage passes on
    ),
    (
        ("plan", "link", block.PLAN),  # m3/s
        ("least", "link", block.LEAST),  # m3/s
        ("most", "link", block.MOST),  # m3/s
        ("target", "link", block.TARGET),  # m3
        ("rate", "link", block.RATE),  # 1/s, at which the release corrects the volume
        ("demand", "user", block.DEMAND),  # m3/s
        ("ahead", "user", block.AHEAD),  # m3/s, asked for at its place with higher priority
        ("alike", "user", block.ALIKE),  # m3/s, asked for with the same
    ),
    (
        ("area", "storage", block.WET),  # m2
        ("supply", "storage", block.SUPPLY),  # share of what is asked that the storage can give
        ("evaporating", "storage", block.EVAPORATING),  # m2, wet area as lowered by salt
        ("salt_gained", "storage", block.GAIN),  # kg/s, from outside
        ("salt_lost", "storage", block.DRAWN),  # kg/s, to outside
        ("salt_deposited", "storage", block.DEPOSITS),  # kg/s
        ("link", "link", block.LINK),  # m3/s
        ("salt_link", "link", block.SALT_FLOW),  # kg/s
        ("side", "junction", block.SIDE),  # m3/s, lateral inflow
        ("loss", "junction", block.LOSS),  # m3/s
        ("mouth", "junction", block.MOUTH),  # m3/s
        ("salt_mouth", "junction", block.CARRIED),  # kg/s
        ("taken", "user", block.TAKEN),  # m3/s
    ),
)


def rows_of(group: int, number: dict[str, int]) -> dict[str, slice]:
    """Where each quantity of a group stands among its rows.

    Parameters
    ----------
    group : int
        ``CLIMATE``, ``INFLOWS``, ``USE`` or ``FLUX``.
    number : dict of str to int
        Storages, links, junctions and users, in the order of their records.

    Returns
    -------
    dict of str to slice
        Rows by name.

    Examples
    --------
    >>> rows_of(CLIMATE, {"storage": 3, "link": 2, "junction": 1, "user": 1})
    {'rain': slice(0, 3, None), 'evaporation': slice(3, 6, None)}
    """
    rows: dict[str, slice] = {}
    at = 0
    for name, kind, _ in ROWS[group]:
        rows[name] = slice(at, at + number[kind])
        at += number[kind]
    return rows


def slots(number: dict[str, int]) -> IntArray:
    """Record and field of each row of the forcing and of the fluxes.

    Parameters
    ----------
    number : dict of str to int
        Storages, links, junctions and users, in the order of their records.

    Returns
    -------
    array (4, rows, 2)
        Filled with -1 beyond the rows of a group.

    Examples
    --------
    >>> slots({"storage": 1, "link": 0, "junction": 0, "user": 0})[CLIMATE][:3, 0].tolist()
    [0, 0, -1]
    """
    first = dict(zip(number, np.cumsum([0, *number.values()]).tolist(), strict=False))
    groups = [
        [(first[kind] + i, field) for _, kind, field in group for i in range(number[kind])]
        for group in ROWS
    ]
    table = np.full((len(groups), max(len(g) for g in groups), 2), -1, dtype=np.int64)
    for i, group in enumerate(groups):
        table[i, : len(group)] = np.reshape(group, (len(group), 2))
    return table


def coupling(n_storages: int, link: IntArray, junction_to: IntArray) -> BoolArray:
    """Which entries of the Jacobian may differ from zero, during elimination too.

    Parameters
    ----------
    n_storages : int
        Storages.
    link : array (l, 3)
        Kind and ends of the links.
    junction_to : array (j,)
        Where each junction leads.

    Returns
    -------
    array (s, s) of bool
        Row and column.

    Examples
    --------
    A weir from the first of three storages to the last:

    >>> import numpy as np
    >>> coupling(3, np.array([[WEIR, 0, 2]]), np.zeros(0, dtype=np.int64)).astype(int).tolist()
    [[1, 0, 0], [0, 1, 0], [1, 0, 1]]
    """
    pattern = np.eye(n_storages, dtype=np.bool_)
    for kind, i, to in link:
        target = int(junction_to[-2 - to]) if to < OUTSIDE else int(to)
        if target >= 0:
            pattern[target, i] = True
            if kind in (STRAIT, LINEAR):
                pattern[i, target] = True
    # the salt exchange of a strait and a draw-back through a junction need no entries of their own
    for p in range(n_storages):
        for i in range(p + 1, n_storages):
            if pattern[i, p]:
                pattern[i] |= pattern[p] & (np.arange(n_storages) > p)
    return pattern


def is_lone(graph: Graph) -> bool:
    """Whether a system is made of storages that nothing joins, and salt does not hinder the air.

    Parameters
    ----------
    graph : Graph
        Packed lake system.

    Returns
    -------
    bool
        True where :mod:`balkhash_model.kernel.lone` solves the stages.

    Examples
    --------
    A graph is packed by :func:`balkhash_model.packing.pack`.
    """
    joined = graph.link.shape[0] + graph.junction_to.size
    return joined == 0 and not graph.lowering[0] > 0.0


def allocate_output(
    n_time: int, graph: Graph, n_members: int, *, salt: bool = True, fluxes: bool = True
) -> Output:
    """Make the arrays that a march fills.

    Parameters
    ----------
    n_time : int
        Intervals.
    graph : Graph
        The lake system.
    n_members : int
        Members.
    salt : bool, default True
        False keeps only the volumes; the array of salt then has no instants.
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
    n_s = graph.storage_flag.size
    n_rows = int((graph.slots[FLUX, :, 0] >= 0).sum())
    return Output(
        volume=np.empty((n_time + 1, n_s, n_members)),
        salt=np.empty((n_time + 1 if salt else 0, n_s, n_members)),
        flux=np.zeros((n_time if fluxes else 0, n_rows, n_members)),
        status=np.zeros(n_members, dtype=np.int64),
        status_storage=np.full(n_members, -1, dtype=np.int64),
        status_time=np.full(n_members, -1, dtype=np.int64),
    )


def pack_curve(
    level: FloatArray, area: FloatArray, volume: FloatArray
) -> tuple[FloatArray, tuple[float, float]]:
    """Pack a level-area-volume table for look-up by volume.

    The curve starts with one extra row that repeats its first, with a constant area and in force
    from minus infinity, so that an iterate of the solver may pass below the bottom.

    Parameters
    ----------
    level, area, volume : array (rows,)
        The table in SI, levels rising, areas positive and not falling.

    Returns
    -------
    tuple of array (rows + 2, 5) and tuple of float
        The packed table, and the volume at its top and in its toe, m3.

    Examples
    --------
    >>> import numpy as np
    >>> table, _ = pack_curve(np.array([0.0, 2.0]), np.array([1.0, 3.0]), np.array([0.0, 4.0]))
    >>> table[:, 0].tolist(), table[:, 3].tolist()
    ([-inf, 0.0, 4.0, inf], [0.0, 1.0, 0.0, 0.0])
    """
    slope = np.diff(area) / np.diff(level)
    columns = (
        np.concatenate(([-np.inf], volume, [np.inf])),
        np.concatenate((level[:1], level, [0.0])),
        np.concatenate((area[:1], area, [0.0])),
        np.concatenate(([0.0], slope, [0.0, 0.0])),
        np.concatenate((volume[:1], volume, [0.0])),
    )
    toe = max(TOE_DEPTH * float(area[0]), TOE_SHARE * float(volume[-1]))
    return np.stack(columns, axis=1), (float(volume[-1]), toe)


def pack_conveyance(law: Callable[[FloatArray], FloatArray], depth: float) -> FloatArray:
    """Cut the conveyance of a strait into cells, a cubic in each.

    The cubics have the value and the slope of the law at both ends of their cell. Cells are a
    quarter of a metre long, and ever shorter towards the sill, where the slope changes fast.

    Parameters
    ----------
    law : callable
        Conveyance, m2.5 s-1, at depths, m.
    depth : float
        Greatest depth, m; beyond it the conveyance rises in a straight line.

    Returns
    -------
    array (cells + 1, 5)
        Where each cell begins, m, and its coefficients; the last row is never in force.

    Examples
    --------
    >>> table = pack_conveyance(lambda d: d ** (5 / 3), 8.0)
    >>> begin, *cubic = table[table[:, 0] <= 7.6][-1]
    >>> value = np.polynomial.Polynomial(cubic)(7.6 - begin)
    >>> bool(abs(value - 7.6 ** (5 / 3)) < 1e-6)
    True
    """
    fine = 0.25 * 0.5 ** np.arange(24, 0, -1)
    at = np.concatenate(([0.0], fine, np.arange(0.25, max(depth, 0.25) + 0.5, 0.25)))
    step = np.diff(at)
    value = law(at)
    near = 1e-4 * step
    slope = np.append(0.0, law(at[1:] + near) - law(at[1:] - near))
    slope[1:] /= 2.0 * near
    rise = np.diff(value) / step
    bend = 3.0 * rise - 2.0 * slope[:-1] - slope[1:]
    twist = slope[:-1] + slope[1:] - 2.0 * rise
    # above the greatest depth a straight line, so that it rises for ever
    bend[-1] = twist[-1] = 0.0
    table = np.zeros((at.size, 5))
    table[:, 0] = np.append(at[:-1], np.inf)
    table[:-1, 1:] = np.stack((value[:-1], slope[:-1], bend / step, twist / step**2), axis=1)
    return table
