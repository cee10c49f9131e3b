"""Run ensembles: members in blocks, gathered as they come, on one machine or many."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from balkhash_model import units
from balkhash_model.ensemble.backends import Cluster, Job, Threads
from balkhash_model.ensemble.gather import OF_THRESHOLD, PLAIN, make_layout, variables_of
from balkhash_model.ensemble.journal import Journal, disk_full
from balkhash_model.ensemble.march import Block
from balkhash_model.ensemble.members import member_problem
from balkhash_model.ensemble.result import Facts, label
from balkhash_model.ensemble.study import Study
from balkhash_model.errors import InputError, Problem
from balkhash_model.scenario import Scenario, load_scenario
from balkhash_model.scenario.resolve import with_settings

FloatArray = npt.NDArray[np.float64]
#: Told of the members done and asked for.
Progress = Callable[[int, int], None]
Named = str | os.PathLike[str] | Scenario

__all__ = ["run_ensemble"]

#: Values of one block, over all its members and instants.
_BLOCK_VALUES = 400_000
_LANES = 128
#: Seconds between two notes of how far a run is.
_PAUSE = 30.0


def run_ensemble(
    scenario: Named | Sequence[Named],
    members: int | None = None,
    *,
    keep: Sequence[str] | None = None,
    variables: Sequence[str] | None = None,
    thresholds: Sequence[float] | None = None,
    quantiles: Sequence[float] | None = None,
    seed: int | None = None,
    resolution: float = 0.002,
    out: str | os.PathLike[str] | None = None,
    members_to: str | os.PathLike[str] | None = None,
    resume: bool = False,
    force: bool = False,
    threads: int | None = None,
    block: int | None = None,
    client: Any = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Run the members of a scenario, or of several with the same members.

    What differs between members is said in the ``ensemble`` block of the scenario: inflow that is
    drawn, climates, parameters and factors by a design. Member k is the same, bit for bit,
    whatever the number of members, blocks, threads or machines (of a Latin hypercube: with the
    same number of members). Several scenarios share the members, so that their differences are
    not noise.

    Parameters
    ----------
    scenario : str, path-like, Scenario or sequence of these
        The scenario; of several the first says what the ensemble is, and the others are also
        compared with it, member by member.
    members : int, optional
        Number of members; that of the scenario where not given.
    keep : sequence of str, optional
        ``"statistics"`` always; ``"indicators"`` of each member; ``"members"``: the states of each
        member, in a file beside `out`.
    variables : sequence of str, optional
        What is gathered beside the lake level: ``water_level.NAME``, ``salinity.NAME``; the
        salinity of the West, where there is one, if nothing is named.
    thresholds : sequence of float, optional
        Levels whose crossing is counted, m.
    quantiles : sequence of float, optional
        Shares between 0 and 1, rising.
    seed : int, optional
        Seed, in place of that of the scenario.
    resolution : float, default 0.002
        Width of the bins in which levels are counted, m: a quantile of a level is wrong by half
        of it at most.
    out : path-like, optional
        NetCDF file of the result. While the ensemble runs, a folder beside it holds how far it is.
    members_to : path-like, optional
        NetCDF file (``NAME.nc``) or Zarr store (``NAME.zarr``, extra ``zarr``) for the states of
        the members, beside `out` where not given; naming one keeps them. It appears once it is
        whole; until then it is ``NAME.nc.part`` or ``NAME.zarr.part``.
    resume : bool, default False
        Whether to go on from that folder, after an interruption.
    force : bool, default False
        Whether to replace what is there.
    threads : int, optional
        Threads; one per processor where not given.
    block : int, optional
        Members that are marched together; the results do not depend on it.
    client : distributed.Client, optional
        A dask cluster to run on, in place of threads.
    progress : callable, optional
        Told the number of members that are done and that were asked for, now and then.

    Returns
    -------
    xarray.Dataset
        On ``time_edge``: ``lake_level_mean, _deviation, _quantile, _least, _greatest`` and the same
        of each variable, and ``level_below``, the share of members below each threshold; of several
        scenarios ``lake_level_difference_...`` against the first. Over the members the
        distributions of the indicators (``lowest_quantile``, ``years_below_quantile``,
        ``first_below_count`` ...) and, where kept, the indicators of each. The level of the lake at
        an instant is that of its basins weighted by area, or of the lowest where they are
        apart; indicators use the mean of the levels at both edges of an interval. An interrupted
        run gives the members that were done, with ``complete`` set to ``no``. ``comment`` says so,
        and how many members dried out, overtopped or could not be solved (``status_count``).

    Raises
    ------
    InputError
        Where the ensemble cannot be made; all problems at once.
    BalkhashError
        Where a disk is full or a cluster is lost.

    Examples
    --------
    >>> result = run_ensemble("baseline_2050", members=200, threads=1)
    >>> result["lake_level_quantile"].sizes["quantile"], result.attrs["complete"]
    (5, 'yes')
    """
    records = _records(scenario, seed, keep, quantiles, thresholds, variables)
    kept = records[0].ensemble.keep
    if members_to is not None and keep is None and "members" not in kept:
        records[0] = with_settings(records[0], {"ensemble.keep": [*kept, "members"]})
    asked = members if members is not None else records[0].ensemble.members
    _check(asked, keep, resolution, out, members_to, resume, block, threads)
    assert asked is not None
    asked, block = int(asked), None if block is None else int(block)
    if asked != records[0].ensemble.members:
        records[0] = with_settings(records[0], {"ensemble.members": asked})
    study = Study(records, asked)
    for plan in range(len(records)):
        # what is wrong with every draw is said before a file is made
        study.parts(plan, np.zeros(1, dtype=np.int64))
    job = _job(study, resolution, block, out is not None)
    runner = _Runner(job, out, members_to, threads, client)
    return runner.run(resume, force, progress)


def _records(
    scenario: Named | Sequence[Named],
    seed: int | None,
    keep: Sequence[str] | None,
    quantiles: Sequence[float] | None,
    thresholds: Sequence[float] | None,
    variables: Sequence[str] | None,
) -> list[Scenario]:
    """The scenarios; what was asked for goes into the first, so that the result says it."""
    named = [scenario] if isinstance(scenario, str | os.PathLike | Scenario) else list(scenario)
    if not named:
        raise InputError(Problem("scenario", "none is named"))
    records: list[Scenario] = []
    problems: list[Problem] = []
    for x in named:
        try:
            records.append(x if isinstance(x, Scenario) else load_scenario(os.fspath(x)))
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    changes: dict[str, object] = {} if seed is None else {"ensemble.seed": seed}
    for name, texts in (("keep", keep), ("variables", variables)):
        if isinstance(texts, str):
            problems.append(Problem(name, "is one name", repr(texts), f"a list, as [{texts!r}]"))
        elif texts is not None:
            changes[f"ensemble.{name}"] = list(dict.fromkeys(texts))
    for name, given, unit in (("quantiles", quantiles, ""), ("thresholds", thresholds, " m")):
        try:
            found = None if given is None else [float(x) for x in given]
        except (TypeError, ValueError):
            hint = "In metres, as [340.5, 341.0]" if unit else "As [0.05, 0.5, 0.95]"
            problems.append(Problem(name, "is no list of numbers", repr(given), hint=hint))
            continue
        if found is not None:
            changes[f"ensemble.{name}"] = [f"{x!r}{unit}" for x in found] if unit else found
    if problems:
        raise InputError(problems)
    if changes:
        records[0] = with_settings(records[0], changes)
    return records


def _within(value: object, low: float, high: float) -> bool:
    """Whether something is a number in a range."""
    real = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return real and low <= float(value) <= high  # type: ignore[arg-type]


def _whole(value: object) -> bool:
    """Whether something is a whole number from 1 to a thousand million, as 1000 or 1e6."""
    return _within(value, 1, 1e9) and float(value).is_integer()  # type: ignore[arg-type]


def _check(
    asked: int | None,
    keep: Sequence[str] | None,
    resolution: float,
    out: str | os.PathLike[str] | None,
    members_to: str | os.PathLike[str] | None,
    resume: bool,
    block: int | None,
    threads: int | None,
) -> None:
    problems = []
    for name, count in (("members", asked), ("block", block), ("threads", threads)):
        if not (_whole(count) or (count is None and name != "members")):
            problems.append(
                Problem(name, "a whole number from 1 is needed", repr(count), f"as {name}=2")
            )
    if not _within(resolution, 1e-5, 1.0):
        problems.append(
            Problem("resolution", "outside its range", f"{resolution} m", "1e-5 to 1 m")
        )
    if members_to is not None:
        problem = member_problem(Path(members_to))
        problems += [] if problem is None else [problem]
        if keep is not None and "members" not in keep:
            problems.append(
                Problem("members_to", "the members are not kept", hint="Add 'members' to keep")
            )
        if out is not None and os.path.realpath(out) == os.path.realpath(members_to):
            problems.append(Problem("members_to", "is the file of the result itself", str(out)))
    if out is None and (resume or (keep is not None and "members" in keep)):
        problems.append(Problem("out", "a file is needed to resume or to keep members"))
    if out is not None:
        path = Path(out)
        if path.suffix != ".nc":
            problems.append(Problem(f"out {str(path)!r}", "is no NetCDF file", expected="NAME.nc"))
        if not path.absolute().parent.is_dir():
            problems.append(Problem(f"out {str(path)!r}", "no such folder", str(path.parent)))
    if problems:
        raise InputError(problems)


def _job(study: Study, resolution: float, block: int | None, filed: bool) -> Job:
    ensemble, first = study.ensemble, study.world(0)
    wanted = list(ensemble.variables)
    if not wanted and "salinity.west" in variables_of(first):
        wanted = ["salinity.west"]
    texts = ensemble.thresholds or [study.records[0].outputs.threshold]
    limits = [units.parse(x, "level", "ensemble.thresholds") for x in texts]
    plan = make_layout(first, wanted, limits, resolution)
    if block is None:
        lanes = _BLOCK_VALUES // (plan.n + 1) // _LANES
        block = _LANES * min(max(lanes, 1), 8)
    states = "members" in ensemble.keep
    if states and not filed:
        raise InputError(Problem("out", "a file is needed to keep members"))
    return Job(study, plan, block, states)


class _Runner:
    """One run of an ensemble: rounds of blocks, notes of how far it is, and the result."""

    def __init__(
        self,
        job: Job,
        out: str | os.PathLike[str] | None,
        members_to: str | os.PathLike[str] | None,
        threads: int | None,
        client: Any,
    ) -> None:
        self.job, self.study = job, job.study
        self.out = None if out is None else Path(out)
        self.journal = (
            None
            if self.out is None
            else Journal(self.out, job, None if members_to is None else Path(members_to))
        )
        self.backend = Threads(job, threads) if client is None else Cluster(job, client)
        self.asked = self.study.members
        plans = len(self.study.records)
        self.tables: FloatArray | None = None
        self.statuses: npt.NDArray[np.int8] | None = None
        if "indicators" in self.study.ensemble.keep:
            rows = len(PLAIN) + len(OF_THRESHOLD) * job.plan.thresholds.size
            self.tables = np.full((plans, rows, self.asked), np.nan)
            self.statuses = np.zeros((plans, self.asked), dtype=np.int8)
        self.lock = threading.Lock()

    def sink(self, first: int, blocks: list[Block]) -> None:
        """Take the members of a block."""
        with self.lock:
            if self.tables is not None and self.statuses is not None:
                for p, block in enumerate(blocks):
                    last = first + block.status.size
                    self.tables[p, :, first:last] = block.table
                    self.statuses[p, first:last] = block.status
            if self.journal is not None and self.journal.members is not None:
                self.journal.members.write(first, blocks)

    def run(self, resume: bool, force: bool, progress: Progress | None) -> xr.Dataset:
        """March all members."""
        where = self.out or Path()
        try:
            done = self._begin(resume, force)
            done = self._march(done, progress)
            result = self._result(done)
            if self.out is not None and self.journal is not None:
                from balkhash_model.job import write_result

                if done < self.asked:
                    self._note(done)
                write_result(result, self.out)
                if done == self.asked:
                    self.journal.finish()
        except (OSError, RuntimeError) as error:
            told = disk_full(error, where)
            if told is None:
                raise
            raise told from error
        return result

    def _begin(self, resume: bool, force: bool) -> int:
        if self.journal is None:
            return 0
        found = self.journal.begin(resume, force)
        if found == 0:
            return 0
        rest = self.journal.load(self.backend.gathered())
        if self.tables is not None and self.statuses is not None:
            self.tables[:, :, :found] = rest["tables"]
            self.statuses[:, :found] = rest["statuses"]
        return found

    def _march(self, done: int, progress: Progress | None) -> int:
        stop = threading.Event()
        noted = time.monotonic()
        try:
            while done < self.asked and not stop.is_set():
                last = min(done + self.backend.at_once(), self.asked)
                reached = self.backend.march(done, last, self.sink, stop)
                interrupted = reached < last
                done = reached
                if progress is not None:
                    progress(done, self.asked)
                if interrupted:
                    break
                if time.monotonic() - noted > _PAUSE and done < self.asked:
                    self._note(done)
                    noted = time.monotonic()
        except KeyboardInterrupt:
            # between two rounds: what is done is whole
            pass
        return done

    def _note(self, done: int) -> None:
        """Keep how far the run is, if it has a file."""
        if self.journal is None:
            return
        rest: dict[str, Any] = {}
        if self.tables is not None and self.statuses is not None:
            rest = {"tables": self.tables[:, :, :done], "statuses": self.statuses[:, :done]}
        self.journal.save(done, self.backend.gathered(), rest)

    def _names(self) -> tuple[str, ...]:
        return tuple(r.meta.name for r in self.study.records)

    def _result(self, done: int) -> xr.Dataset:
        ensemble, design = self.study.ensemble, self.study.design
        said: dict[str, str] = {"design": ensemble.design} if design.factors else {}
        said |= {"climates": ", ".join(map(str, self.study.climates))}
        facts = Facts(
            self._names(),
            self.asked,
            done,
            ensemble.seed,
            tuple(ensemble.quantiles),
            said,
            self.study.checksums,
        )
        tables = None if self.tables is None else self.tables[:, :, :done]
        statuses = None if self.statuses is None else self.statuses[:, :done]
        worlds = [self.study.world(p) for p in range(len(self.study.records))]
        result = label(worlds, self.backend.gathered(), tables, statuses, facts)
        if design.factors and tables is not None:
            draws = np.arange(done) // ensemble.members_per_draw
            rows = np.stack([design.row(int(d)) for d in np.unique(draws)])
            result["factor_value"] = (("realization", "factor"), rows[draws])
            names = np.array([f.name for f in design.factors], dtype=object)
            factor_units = np.array([f.unit for f in design.factors], dtype=object)
            result = result.assign_coords(
                factor=("factor", names), factor_units=("factor", factor_units)
            )
        return result
