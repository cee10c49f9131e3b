"""Where blocks of members are marched: threads of this process, or a dask cluster."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from balkhash_model.ensemble.gather import Gathered, Layout
from balkhash_model.ensemble.march import Block, march_block
from balkhash_model.ensemble.study import Study
from balkhash_model.errors import BalkhashError, InputError, Problem

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
#: Told of the first member and the blocks of all plans.
Sink = Callable[[int, list[Block]], None]

__all__ = ["Cluster", "Job", "Threads"]


@dataclass(frozen=True, eq=False)
class Job:
    """What is marched.

    Attributes
    ----------
    study : Study
        Plans and draws.
    plan : Layout
        What is gathered.
    size : int
        Members in a block.
    states : bool
        Whether the states are handed on.
    """

    study: Study
    plan: Layout
    size: int
    states: bool

    def blocks(self, first: int, last: int) -> Iterator[IntArray]:
        """Cut a range of members into blocks.

        Parameters
        ----------
        first, last : int
            First member, and the first that is no more part of it.

        Yields
        ------
        array of int
            Numbers of members.
        """
        for start in range(first, last, self.size):
            yield np.arange(start, min(start + self.size, last))

    def empty(self) -> list[Gathered]:
        """Make what gathers, one for each plan.

        Returns
        -------
        list of Gathered
            With nothing in it.
        """
        return [Gathered(self.plan, p > 0) for p in range(len(self.study.records))]


class Threads:
    """Blocks on the threads of this process, each with its own counts.

    Parameters
    ----------
    job : Job
        What is marched.
    threads : int, optional
        Threads at most; one per processor where not given.
    """

    def __init__(self, job: Job, threads: int | None) -> None:
        self.job = job
        self.workers = threads or os.cpu_count() or 1
        self._own = [job.empty() for _ in range(self.workers)]

    def at_once(self) -> int:
        """Members of one round.

        Returns
        -------
        int
            Members after which the caller looks at the state of things.
        """
        return self.workers * self.job.size * 16

    def march(self, first: int, last: int, sink: Sink, stop: threading.Event) -> int:
        """March a range of members.

        Parameters
        ----------
        first, last : int
            First member, and the first that is no more part of it.
        sink : callable
            Told of every block.
        stop : threading.Event
            Once set, blocks that are under way are finished and no more begun.

        Returns
        -------
        int
            The first member that was not marched.
        """
        blocks = self.job.blocks(first, last)
        lock = threading.Lock()
        done = [first]

        def work(own: list[Gathered]) -> None:
            while not stop.is_set():
                with lock:
                    numbers = next(blocks, None)
                    if numbers is None:
                        return
                    done[0] = int(numbers[-1]) + 1
                try:
                    made = march_block(
                        self.job.study, self.job.plan, numbers, own, states=self.job.states
                    )
                    sink(int(numbers[0]), made)
                except BaseException:
                    stop.set()
                    raise

        with ThreadPoolExecutor(self.workers) as pool:
            futures = [pool.submit(work, own) for own in self._own]
            try:
                for future in futures:
                    future.result()
            except BaseException as error:
                stop.set()
                # what was begun is finished before anything is said
                problems = [f.exception() for f in futures]
                if isinstance(error, KeyboardInterrupt) and not any(problems):
                    return done[0]
                raise
        return done[0]

    def gathered(self) -> list[Gathered]:
        """Put together what the threads gathered so far; they go on from there.

        Returns
        -------
        list of Gathered
            Of each plan.
        """
        # into a new one, and taken over at once: an interrupt in between counts nobody twice
        total = merge_all([self.job.empty(), *self._own])
        self._own[:] = [total, *(self.job.empty() for _ in self._own[1:])]
        return total


def merge_all(parts: list[list[Gathered]]) -> list[Gathered]:
    """Put together what several gathered.

    Parameters
    ----------
    parts : list of list of Gathered
        The first is added to.

    Returns
    -------
    list of Gathered
        Of each plan.
    """
    for other in parts[1:]:
        for mine, yours in zip(parts[0], other, strict=True):
            mine.merge(yours)
    return parts[0]


def _run_range(job: Job, first: int, last: int) -> tuple[list[Gathered], list[Any]]:
    """One task of a cluster: a range of members on one thread."""
    own, blocks = job.empty(), []
    for numbers in job.blocks(first, last):
        made = march_block(job.study, job.plan, numbers, own, states=job.states)
        blocks.append((int(numbers[0]), made))
    return own, blocks


def _same(job: Job) -> Job:
    return job


def _first(result: tuple[list[Gathered], list[Any]]) -> list[Gathered]:
    return result[0]


def _second(result: tuple[list[Gathered], list[Any]]) -> list[Any]:
    return [
        # levels are wanted only with the states
        (first, [b if b.output is not None else b._replace(level=b.level[:0]) for b in made])
        for first, made in result[1]
    ]


def _merge_two(one: list[Gathered], two: list[Gathered]) -> list[Gathered]:
    import copy

    # what a task was given may be needed again, if a worker is lost
    return merge_all([copy.deepcopy(one), two])


class Cluster:
    """Ranges of members as tasks of a dask cluster, put together as a tree.

    Parameters
    ----------
    job : Job
        What is marched.
    client : distributed.Client
        The cluster.

    Raises
    ------
    InputError
        Where the client is none.
    BalkhashError
        Where the cluster has no workers.
    """

    def __init__(self, job: Job, client: Any) -> None:
        self.job, self.client = job, client
        if not hasattr(client, "nthreads"):
            kind = type(client).__name__
            raise InputError(
                Problem("client", "is no client of a dask cluster", kind, "distributed.Client")
            )
        try:
            cores = sum(client.nthreads().values())
        except Exception as error:
            raise _dead(error) from error
        if cores == 0:
            raise BalkhashError(
                "the cluster has no workers; start some, or wait with client.wait_for_workers(1)"
            )
        self.cores = int(cores)
        self._total = job.empty()
        # a task, since data that was only sent is gone with the worker that holds it
        self._job = client.submit(_same, job, pure=False)

    def at_once(self) -> int:
        """Members of one round.

        Returns
        -------
        int
            Members whose tasks are sent together.
        """
        return self.cores * self.job.size * 16

    def march(self, first: int, last: int, sink: Sink, stop: threading.Event) -> int:
        """March a range of members.

        Parameters
        ----------
        first, last : int
            First member, and the first that is no more part of it.
        sink : callable
            Told of every block.
        stop : threading.Event
            Not looked at: a round is all or nothing.

        Returns
        -------
        int
            The first member that was not marched.

        Raises
        ------
        BalkhashError
            Where the cluster is lost.
        """
        whole = -(-(last - first) // self.job.size)
        step = -(-whole // (2 * self.cores)) * self.job.size
        send = self.client.submit
        try:
            ranges = [
                send(_run_range, self._job, a, min(a + step, last), retries=3, pure=False)
                for a in range(first, last, step)
            ]
            tree = [send(_first, r, pure=False) for r in ranges]
            while len(tree) > 1:
                pairs = [tree[i : i + 2] for i in range(0, len(tree), 2)]
                tree = [
                    send(_merge_two, *pair, retries=3, pure=False) if len(pair) == 2 else pair[0]
                    for pair in pairs
                ]
            blocks = self.client.gather([send(_second, r, pure=False) for r in ranges])
            total = self.client.gather(tree[0])
        except KeyboardInterrupt:
            return first
        except BalkhashError:
            raise
        except Exception as error:
            raise _dead(error) from error
        for part in blocks:
            for start, made in part:
                sink(start, made)
        self._total = merge_all([self.job.empty(), self._total, total])
        return last

    def gathered(self) -> list[Gathered]:
        """Give what the cluster gathered so far.

        Returns
        -------
        list of Gathered
            Of each plan.
        """
        return self._total


def _dead(error: BaseException) -> BalkhashError:
    return BalkhashError(
        f"the cluster is lost: {type(error).__name__}: {str(error)[:300]}. What was marched before "
        "is kept where an output file was named; start the cluster again and resume"
    )
