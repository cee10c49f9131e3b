"""March members of plans in blocks, and gather what follows; nothing here knows of files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from balkhash_model.ensemble.gather import Courses, Gathered, Layout, follow
from balkhash_model.ensemble.study import Part, Study
from balkhash_model.kernel import layout

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

__all__ = ["Block", "march_block", "march_members"]


class Block(NamedTuple):
    """The result of one block for one plan."""

    table: FloatArray  # (indicators, members)
    status: npt.NDArray[np.int8]  # (members,)
    output: layout.Output | None
    level: FloatArray  # (n + 1, members)


def march_members(part: Part, substeps: int) -> layout.Output:
    """March some members of one world, states alone.

    Parameters
    ----------
    part : Part
        The members and their world.
    substeps : int
        Internal steps per interval.

    Returns
    -------
    Output
        States and status.
    """
    from balkhash_model.kernel.march import march

    forcing = part.world.forcing(part.drawn, part.volume, part.salinity)
    return march(part.world.graph, forcing, substeps=substeps, fluxes=False, threads=1)


def march_block(
    study: Study,
    plan: Layout,
    numbers: IntArray,
    gathered: Sequence[Gathered],
    *,
    states: bool = False,
) -> list[Block]:
    """March some members under every plan and gather what follows.

    Parameters
    ----------
    study : Study
        The plans and the draws.
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
    for p, record in enumerate(study.records):
        parts = study.parts(p, numbers)
        outputs = [march_members(part, record.period.substeps) for part in parts]
        order = np.argsort(np.concatenate([part.numbers for part in parts]), kind="stable")
        follows = [follow(x.world, plan, out) for x, out in zip(parts, outputs, strict=True)]
        courses = _joined(follows, order)
        table = gathered[p].add(courses, base)
        base = courses if p == 0 else base
        output = _outputs(outputs, order) if states else None
        level = courses.values["lake_level"]
        blocks.append(Block(table, courses.status.astype(np.int8), output, level))
    return blocks


def _joined(parts: list[Courses], order: IntArray) -> Courses:
    """Courses of members side by side, in their order."""
    if len(parts) == 1:
        return parts[0]
    names = parts[0].values
    return Courses(
        {n: np.concatenate([c.values[n] for c in parts], axis=-1)[..., order] for n in names},
        sum((c.below for c in parts[1:]), parts[0].below),
        np.concatenate([c.by_threshold for c in parts], axis=-1)[..., order],
        np.concatenate([c.by_member for c in parts], axis=-1)[..., order],
        np.concatenate([c.status for c in parts])[order],
    )


def _outputs(parts: list[layout.Output], order: IntArray) -> layout.Output:
    if len(parts) == 1:
        return parts[0]
    return layout.Output(
        *(np.concatenate(x, axis=-1)[..., order] for x in zip(*parts, strict=True))
    )
