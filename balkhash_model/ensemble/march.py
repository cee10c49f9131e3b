"""March members of plans in blocks, and gather what follows; nothing here knows of files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from balkhash_model.ensemble.gather import Courses, Gathered, Layout, follow
from balkhash_model.ensemble.world import World
from balkhash_model.kernel import layout

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

__all__ = ["Block", "Worlds", "march_block", "march_members"]


class Worlds:
    """The worlds of the plans, made when they are needed; the last few are kept.

    Parameters
    ----------
    make : callable
        Makes the world of a plan and a draw of the parameters.
    keep : int, default 8
        How many are kept.
    """

    def __init__(self, make: Callable[[int, int], World], keep: int = 8) -> None:
        self._make, self._keep = make, keep
        self._kept: dict[tuple[int, int], World] = {}
        self._lock = Lock()

    def get(self, plan: int, draw: int) -> World:
        """Give a world.

        Parameters
        ----------
        plan, draw : int
            The plan and the draw of the parameters.

        Returns
        -------
        World
            The world.
        """
        with self._lock:
            key = plan, draw
            if key not in self._kept:
                made = self._make(plan, draw)
                while len(self._kept) >= self._keep:
                    del self._kept[next(iter(self._kept))]
                self._kept[key] = made
            else:
                self._kept[key] = self._kept.pop(key)
            return self._kept[key]


class Block(NamedTuple):
    """The result of one block for one plan."""

    table: FloatArray  # (indicators, members)
    output: layout.Output | None
    level: FloatArray  # (n + 1, members)


@dataclass(frozen=True)
class Task:
    """How members are marched.

    Attributes
    ----------
    plans : int
        Number of plans.
    per_draw : int
        Members that share one draw of the parameters.
    substeps : int
        Internal steps per interval.
    volume : callable, optional
        Volumes at the start of some members in a world, where they are not the scenario's.
    """

    plans: int
    per_draw: int = 1
    substeps: int = 1
    volume: Callable[[World, IntArray], FloatArray | None] = field(
        default=lambda world, numbers: None
    )


def march_members(world: World, task: Task, numbers: IntArray) -> layout.Output:
    """March some members of one world, states alone.

    Parameters
    ----------
    world : World
        The scenario and its parameters.
    task : Task
        How.
    numbers : array of int (members,)
        Numbers of the members.

    Returns
    -------
    Output
        States and status.
    """
    from balkhash_model.kernel.march import march

    forcing = world.forcing(numbers, task.volume(world, numbers))
    return march(world.graph, forcing, substeps=task.substeps, fluxes=False, threads=1)


def march_block(
    worlds: Worlds,
    task: Task,
    plan: Layout,
    numbers: IntArray,
    gathered: Sequence[Gathered],
    *,
    states: bool = False,
) -> list[Block]:
    """March some members under every plan and gather what follows.

    Parameters
    ----------
    worlds : Worlds
        The worlds of the plans.
    task : Task
        How.
    plan : Layout
        What is gathered.
    numbers : array of int (members,)
        Numbers of the members, rising.
    gathered : sequence of Gathered
        Of each plan.
    states : bool, default False
        Whether the states are given back.

    Returns
    -------
    list of Block
        Of each plan.
    """
    blocks: list[Block] = []
    base: Courses | None = None
    draws = numbers // task.per_draw
    for p in range(task.plans):
        parts: list[tuple[World, layout.Output]] = []
        for draw in np.unique(draws):
            world = worlds.get(p, int(draw))
            parts.append((world, march_members(world, task, numbers[draws == draw])))
        courses = _joined([follow(world, plan, out) for world, out in parts])
        table = gathered[p].add(courses, base)
        base = courses if p == 0 else base
        output = _outputs([out for _, out in parts]) if states else None
        blocks.append(Block(table, output, courses.values["lake_level"]))
    return blocks


def _joined(parts: list[Courses]) -> Courses:
    """Courses of members side by side."""
    if len(parts) == 1:
        return parts[0]
    names = parts[0].values
    return Courses(
        {n: np.concatenate([c.values[n] for c in parts], axis=-1) for n in names},
        sum((c.below for c in parts[1:]), parts[0].below),
        np.concatenate([c.by_threshold for c in parts], axis=-1),
        np.concatenate([c.by_member for c in parts], axis=-1),
        np.concatenate([c.status for c in parts]),
    )


def _outputs(parts: list[layout.Output]) -> layout.Output:
    if len(parts) == 1:
        return parts[0]
    return layout.Output(*(np.concatenate(x, axis=-1) for x in zip(*parts, strict=True)))
