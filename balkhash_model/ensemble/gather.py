"""What an ensemble gathers of each plan, and how the parts of it are put together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from balkhash_model.ensemble.statistics import (
    Grid,
    Moments,
    duration_grid,
    level_grid,
    salinity_grid,
)
from balkhash_model.ensemble.world import World
from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.forcing.series import axis_years
from balkhash_model.kernel import layout
from balkhash_model.system import Strait

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

__all__ = ["INDICATORS", "Courses", "Gathered", "Layout", "make_layout", "variables_of"]

#: Indicators of a member that do not depend on a threshold.
PLAIN = ("lowest", "lowest_time", "end", "change")
#: Those of each threshold.
OF_THRESHOLD = ("first_below", "years_below", "recovery")
INDICATORS = (*PLAIN, *OF_THRESHOLD)
_YEAR = 365.2425 * 86400.0


def variables_of(world: World) -> list[str]:
    """Names of what can be gathered.

    Parameters
    ----------
    world : World
        The scenario.

    Returns
    -------
    list of str
        ``lake_level``, and ``water_level`` and ``salinity`` of each storage.
    """
    names = world.system.storage_names()
    levels = [f"water_level.{n}" for n in names]
    return ["lake_level", *levels, *(f"salinity.{n}" for n in names)]


@dataclass(frozen=True, eq=False)
class Layout:
    """What is gathered: variables with their grids, thresholds, the time axis in numbers.

    Attributes
    ----------
    grids : dict of str to Grid
        By variable.
    difference : Grid
        Of the level of a plan less that of the first.
    thresholds : array (thresholds,)
        Levels, m.
    seconds : array (n,)
        Length of each interval.
    last : int
        First interval of the last year.
    """

    grids: dict[str, Grid]
    difference: Grid
    thresholds: FloatArray
    seconds: FloatArray
    last: int

    @property
    def n(self) -> int:
        """Number of intervals.

        Returns
        -------
        int
            Their number.
        """
        return self.seconds.size


def make_layout(
    world: World, variables: list[str], thresholds: list[float], resolution: float
) -> Layout:
    """Choose the grids for a lake system.

    Parameters
    ----------
    world : World
        The scenario.
    variables : list of str
        What is gathered, as :func:`variables_of` names it.
    thresholds : list of float
        Levels, m.
    resolution : float
        Width of a bin of the levels, m.

    Returns
    -------
    Layout
        What is gathered.

    Raises
    ------
    InputError
        Where a variable is not known.
    """
    known = variables_of(world)
    problems = [
        Problem(f"variable {v!r}", "is not gathered", hint=nearest(v, known))
        for v in variables
        if v not in known
    ]
    if problems:
        raise InputError(problems)
    curves = {s.name: s.curve.level for s in world.system.storages}
    lake = [curves[name] for name in world.system.lake]
    # no lake rises 5 m above the top of its curve, or it is counted as out of the grid
    ends = min(float(c[0]) for c in lake), max(float(c[-1]) for c in lake) + 5.0
    grids = {}
    for name in dict.fromkeys(["lake_level", *variables]):
        if name == "lake_level":
            grids[name] = level_grid(*ends, resolution)
        elif name.startswith("salinity."):
            grids[name] = salinity_grid()
        else:
            curve = curves[name.split(".", 1)[1]]
            grids[name] = level_grid(float(curve[0]), float(curve[-1]) + 5.0, resolution)
    reach = min(ends[1] - ends[0], 16.0)
    years = world.axis.years
    return Layout(
        grids,
        level_grid(-reach, reach, resolution),
        np.array(thresholds, dtype=np.float64),
        np.array(world.axis.durations, dtype=np.float64),
        int(np.argmax(years == axis_years(world.axis)[-1])),
    )


@dataclass(frozen=True, eq=False)
class Courses:
    """The levels of some members and what follows from them.

    Attributes
    ----------
    values : dict of str to array (n + 1, members)
        Each variable at the edges.
    below : array (n + 1, thresholds)
        Members below each threshold.
    by_threshold : array (thresholds, 3, members)
        First interval below, seconds below, seconds from the lowest level to the return.
    by_member : array (4, members)
        Lowest level, its interval, level of the last year, change.
    status : array (members,)
        Codes of the kernel.
    """

    values: dict[str, FloatArray]
    below: IntArray
    by_threshold: FloatArray
    by_member: FloatArray
    status: IntArray

    def indicators(self) -> FloatArray:
        """Give the table of indicators.

        Returns
        -------
        array (4 + 3 thresholds, members)
            Levels in m, instants as number of the interval, times in years.
        """
        timed = self.by_threshold.copy()
        timed[:, 1:] /= _YEAR
        return np.concatenate((self.by_member, timed.reshape(-1, timed.shape[-1])))


def follow(world: World, plan: Layout, out: layout.Output) -> Courses:
    """Turn states into levels, salinities and indicators.

    Parameters
    ----------
    world : World
        What the states are of.
    plan : Layout
        What is gathered.
    out : Output
        States of some members.

    Returns
    -------
    Courses
        What follows from them.
    """
    from balkhash_model.ensemble import tally

    graph, names = world.graph, world.system.storage_names()
    shape = (out.volume.shape[0], out.volume.shape[2])
    rows = graph.curve_row
    values: dict[str, FloatArray] = {}
    for name in plan.grids:
        values[name] = np.empty(shape)
        if name == "lake_level":
            _lake(world, out, values[name])
            continue
        kind, storage = name.split(".", 1)
        s = names.index(storage)
        if kind == "salinity":
            tally.fill_concentration(out.volume, out.salt, s, values[name])
        else:
            work = np.empty((9, shape[1]))
            tally.fill_level(graph.table, int(rows[s]), out.volume, s, values[name], work)
    members, number = shape[1], plan.thresholds.size
    below = np.zeros((shape[0], number), dtype=np.int64)
    by_threshold, by_member = np.empty((number, 3, members)), np.empty((4, members))
    tally.courses(
        values["lake_level"],
        plan.thresholds,
        plan.seconds,
        plan.last,
        below,
        by_threshold,
        by_member,
    )
    return Courses(values, below, by_threshold, by_member, out.status)


def _lake(world: World, out: layout.Output, level: FloatArray) -> None:
    from balkhash_model.ensemble import tally

    names, lake = world.system.storage_names(), world.system.lake
    straits = [
        x
        for x in world.system.links
        if isinstance(x, Strait) and x.source in lake and x.target in lake
    ]
    ends = [(names.index(x.source), names.index(x.target)) for x in straits]
    tally.fill_lake_level(
        world.graph.table,
        np.array(world.graph.curve_row, dtype=np.int64),
        np.array([names.index(n) for n in lake], dtype=np.int64),
        np.array(ends, dtype=np.int64).reshape(-1, 2),
        np.array([x.sill for x in straits], dtype=np.float64),
        out.volume,
        level,
        np.empty((5 + 7 * len(lake), level.shape[1])),
    )


class Gathered:
    """What was gathered of one plan.

    Parameters
    ----------
    plan : Layout
        What is gathered.
    paired : bool
        Whether the level is also compared with that of another plan.
    """

    def __init__(self, plan: Layout, paired: bool) -> None:
        n, number = plan.n, plan.thresholds.size
        self.plan = plan
        self.moments = {name: Moments(grid, n + 1) for name, grid in plan.grids.items()}
        if paired:
            self.moments["lake_level_difference"] = Moments(plan.difference, n + 1)
        time = duration_grid(float(plan.seconds.sum()) / _YEAR, n)
        level = plan.grids["lake_level"]
        grids = [level, Grid(0.0, float(n), n), level, plan.difference] + 3 * number * [time]
        for i in range(number):
            grids[len(PLAIN) + 3 * i] = Grid(0.0, float(n), n)
        self.indicators = [Moments(g, 1) for g in grids]
        self.below = np.zeros((n + 1, number), dtype=np.int64)
        self.status = np.zeros(len(layout.STATUS), dtype=np.int64)
        self.members = np.zeros(1, dtype=np.int64)

    def add(self, courses: Courses, base: Courses | None = None) -> FloatArray:
        """Take in some members.

        Parameters
        ----------
        courses : Courses
            What follows from their states.
        base : Courses, optional
            The same members under the first plan.

        Returns
        -------
        array (indicators, members)
            Their indicators.
        """
        for name, values in courses.values.items():
            self.moments[name].add(values)
        if base is not None and "lake_level_difference" in self.moments:
            change = courses.values["lake_level"] - base.values["lake_level"]
            self.moments["lake_level_difference"].add(change)
        table = courses.indicators()
        for moments, row in zip(self.indicators, table, strict=True):
            moments.add(row[None, :])
        self.below += courses.below
        self.status += np.bincount(courses.status, minlength=self.status.size)
        self.members += courses.status.size
        return table

    def merge(self, other: Gathered) -> None:
        """Take in what another has gathered; the order does not matter, bit for bit.

        Parameters
        ----------
        other : Gathered
            Of the same layout.
        """
        for name, moments in self.moments.items():
            moments.merge(other.moments[name])
        for mine, yours in zip(self.indicators, other.indicators, strict=True):
            mine.merge(yours)
        self.below += other.below
        self.status += other.status
        self.members += other.members

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Give all that was gathered.

        Returns
        -------
        dict of str to array
            The arrays themselves.
        """
        out: dict[str, npt.NDArray[np.generic]] = {
            "below": self.below,
            "status": self.status,
            "members": self.members,
        }
        for name, moments in self.moments.items():
            out |= {f"{name}/{k}": v for k, v in moments.arrays().items()}
        for i, moments in enumerate(self.indicators):
            out |= {f"indicator{i}/{k}": v for k, v in moments.arrays().items()}
        return out
