"""March many blocks of members through all intervals, on several threads."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np

from balkhash_model.kernel.block import LANES, make_block
from balkhash_model.kernel.build import parts
from balkhash_model.kernel.layout import Forcing, Graph, Output, allocate_output

__all__ = ["LANES", "march"]

#: Parts of the members that each worker marches, one after the other.
SHARES = 8

ArraysT = TypeVar("ArraysT", Graph, Forcing)


def in_rows(arrays: ArraysT) -> ArraysT:
    """Hand over the arrays as the kernel is compiled for: row by row, and not write-protected."""
    made: list[Any] = [np.require(array, requirements=["C", "W"]) for array in arrays]
    return type(arrays)(*made)


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
    made = parts()
    graph, forcing = in_rows(graph), in_rows(forcing)
    members = forcing.initial_volume.shape[1]
    steps = forcing.duration.size
    out = allocate_output(steps, graph, members, salt=with_salt, fluxes=fluxes)
    ns, nl = graph.storage_flag.size, graph.link.shape[0]
    nj, nu, rows = graph.junction_to.size, graph.user_place.size, out.flux.shape[1]

    def run(begin: int) -> None:
        end = min(begin + share, members)
        pair = [make_block(ns, nl, nj, nu, rows) for _ in range(2)]
        made.march_block(
            *made[:-1], graph, forcing, out, begin, end, substeps, with_salt, fluxes, *pair
        )

    blocks = -(-members // LANES)
    workers = min(threads or os.cpu_count() or 1, blocks)
    # whole blocks to each worker, a few times over, so that none waits long for the last
    share = LANES * -(-blocks // (workers * SHARES if workers > 1 else 1))
    if workers <= 1:
        run(0)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(run, range(0, members, share)))
    return out
