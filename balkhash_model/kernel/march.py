"""March many blocks of members through all intervals, on several threads."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from balkhash_model.kernel.block import LANES, make_block
from balkhash_model.kernel.build import lone_march, parts
from balkhash_model.kernel.chain import is_chain
from balkhash_model.kernel.layout import Forcing, Graph, Output, allocate_output, is_lone
from balkhash_model.kernel.lone_march import CHUNK, make_work

__all__ = ["LANES", "march"]

#: Parts of the members that each worker marches, one after the other.
SHARES = 8

BoolArray = npt.NDArray[np.bool_]
ArraysT = TypeVar("ArraysT", Graph, Forcing)


def in_rows(arrays: ArraysT) -> ArraysT:
    """Hand over the arrays as the kernel is compiled for: row by row, and not write-protected."""
    made: list[Any] = [np.require(array, requirements=["C", "W"]) for array in arrays]
    return type(arrays)(*made)


def in_shares(
    run: Callable[[int, int], None], spans: list[tuple[int, int]], unit: int, workers: int
) -> None:
    """Cut spans of members into shares of whole units, and run those on some threads."""
    units = sum(-(-(end - begin) // unit) for begin, end in spans)
    workers = min(workers, units)
    # a few shares for each worker, so that none waits long for the last
    share = unit * max(1, -(-units // (workers * SHARES if workers > 1 else 1)))
    shares = [(i, min(i + share, end)) for begin, end in spans for i in range(begin, end, share)]
    if workers <= 1:
        for begin, end in shares:
            run(begin, end)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(run, *zip(*shares, strict=True)))


def runs_of(marked: BoolArray, members: int) -> list[tuple[int, int]]:
    """First member, and last but one, of each run of marked blocks.

    Examples
    --------
    >>> runs_of(np.array([True, True, False, True]), 200)
    [(0, 128), (192, 200)]
    """
    turns = np.flatnonzero(np.diff(marked, prepend=False, append=False)) * LANES
    ends = np.minimum(turns, members).tolist()
    return list(zip(ends[::2], ends[1::2], strict=True))


def march(
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
    graph, forcing = in_rows(graph), in_rows(forcing)
    members = forcing.initial_volume.shape[1]
    steps = forcing.duration.size
    out = allocate_output(steps, graph, members, salt=with_salt, fluxes=fluxes)
    workers = threads or os.cpu_count() or 1
    lone = is_lone(graph)
    spans = [(0, members)]
    if lone and not with_salt and not fluxes and forcing.active.all():
        left = np.zeros(-(-members // LANES), dtype=np.bool_)
        alone = lone_march()

        def run_lone(begin: int, end: int) -> None:
            alone(graph, forcing, out, begin, end, substeps, make_work(), left)

        in_shares(run_lone, spans, CHUNK, workers)
        spans = runs_of(left, members)
    ns, nl = graph.storage_flag.size, graph.link.shape[0]
    nj, nu, rows = graph.junction_to.size, graph.user_place.size, out.flux.shape[1]
    chain = is_chain(graph)
    kind = "lone" if lone else "chain" if chain else "other"
    made = parts(kind) if spans else None

    def run(begin: int, end: int) -> None:
        assert made is not None
        pair = [make_block(ns, nl, nj, nu, rows) for _ in range(2)]
        made.march_block(
            chain, *made[:-1], graph, forcing, out, begin, end, substeps, with_salt, fluxes, *pair
        )

    in_shares(run, spans, LANES, workers)
    return out
