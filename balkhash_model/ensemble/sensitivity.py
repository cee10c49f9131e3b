"""Which parameters and assumptions the level in a chosen year depends on."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from balkhash_model.ensemble.backends import Job, Threads
from balkhash_model.ensemble.design import Design, make_design
from balkhash_model.ensemble.gather import make_layout
from balkhash_model.ensemble.march import Block
from balkhash_model.ensemble.result import told_ended
from balkhash_model.ensemble.study import Study
from balkhash_model.errors import BalkhashError, InputError, Problem
from balkhash_model.kernel.layout import NOT_SOLVED, STATUS
from balkhash_model.scenario import Scenario, load_scenario

FloatArray = npt.NDArray[np.float64]

__all__ = ["sensitivity"]

#: Draws of the inflow and the climate are the factors of this name.
CHANCE = "inflow and climate"


def sensitivity(
    scenario: str | os.PathLike[str] | Scenario,
    draws: int = 128,
    *,
    method: Literal["correlation", "sobol"] = "correlation",
    year: int | None = None,
    members_per_draw: int = 16,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    r"""Rank what the mean level of the lake in a year depends on.

    By ``correlation`` the rank correlation (Spearman) of the level with each parameter and factor
    over Monte Carlo draws, with an interval by Fisher's transformation,
    :math:`\tanh(\operatorname{artanh} r \pm 1.96/\sqrt{n-3})`. By ``sobol`` the shares of the
    variance that each explains alone (first order) and with all its interactions (total), from a
    design of Saltelli with :math:`n(k+2)` draws and the estimators of SALib, with bootstrapped
    intervals. Inflow and climate that are drawn count as one more factor: by correlation its row
    is the root of the share of the variance that is left within draws; by ``sobol`` every draw is
    the mean of `members_per_draw` members with common random numbers, so that chance takes no
    part, and the row holds the share of the variance that chance has of all.

    Parameters
    ----------
    scenario : str, path-like or Scenario
        A scenario whose ``ensemble`` names parameters or factors.
    draws : int, default 128
        Draws; of ``sobol`` the base number n, a power of two.
    method : str, default "correlation"
        ``correlation`` or ``sobol``.
    year : int, optional
        Calendar year; the last where not given.
    members_per_draw : int, default 16
        Members, each with its inflow and climate, that are averaged in each draw.
    threads : int, optional
        Threads.
    progress : callable, optional
        Told the members that are done and all of them.

    Returns
    -------
    pandas.DataFrame
        A row for each factor, the greatest first: ``rank_correlation, interval`` or
        ``first_order, first_order_interval, total, total_interval``. The intervals are half-widths
        of 95 %; NaN for chance. Where members dried out or rose above their curves,
        ``attrs["comment"]`` says how many.

    Raises
    ------
    InputError
        Where nothing is named that differs, a factor has no bounds that the design needs, or the
        year lies outside.
    BalkhashError
        Where SALib is needed and not there, or a member could not be solved.

    Examples
    --------
    >>> from balkhash_model.scenario import load_scenario
    >>> start = ["ensemble.factors={initial.lake_level: 'uniform(341 m, 342 m)'}"]
    >>> table = sensitivity(load_scenario("baseline_2050", settings=start), 16)
    >>> sorted(table.index)
    ['inflow and climate', 'initial.lake_level']
    """
    record = scenario if isinstance(scenario, Scenario) else load_scenario(os.fspath(scenario))
    _check(record, draws, method, year, members_per_draw)
    kind = "sobol" if method == "sobol" else "monte_carlo"
    # by correlation the draws have their own members; by variance all have the same
    ensemble = record.ensemble.model_copy(
        update={"members_per_draw": members_per_draw, "design": kind, "table": None}
    )
    study = Study(
        [record.model_copy(update={"ensemble": ensemble}).with_origins(record.origins)], 1
    )
    names = [f.name for f in study.design.factors]
    salib: Any = _salib() if method == "sobol" else None
    if salib is None:
        folder = record.folder("ensemble", "table")
        parameters = study.world(0).system.parameters
        total = draws * members_per_draw
        study.design = make_design(ensemble, parameters, total, folder)
    else:
        bounds = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
        sample, analyze = salib
        shares = sample(bounds, draws, calc_second_order=False, seed=ensemble.seed)
        study.design = Design(
            study.design.factors, kind, ensemble.seed, len(shares), None, np.asarray(shares)
        )
    study.members = study.design.draws * members_per_draw
    levels, left = _levels(study, year, threads, progress, common=method == "sobol")
    within = float(levels.var(axis=1, ddof=1).mean()) if members_per_draw > 1 else 0.0
    if salib is None:
        table = _by_correlation(study, levels, within)
        table.attrs |= left
        return table
    found = analyze(bounds, levels.mean(axis=1), calc_second_order=False, seed=ensemble.seed)
    between = float(levels.mean(axis=1).var(ddof=1))
    table = pd.DataFrame(
        {
            "first_order": found["S1"],
            "first_order_interval": found["S1_conf"],
            "total": found["ST"],
            "total_interval": found["ST_conf"],
        },
        index=names,
    )
    table.loc[CHANCE] = [within / (within + between), np.nan] * 2
    table = table.sort_values("total", ascending=False)
    table.attrs |= left
    return table


def _check(
    record: Scenario, draws: int, method: str, year: int | None, members_per_draw: int
) -> None:
    problems = []
    if not (record.ensemble.parameters or record.ensemble.factors):
        problems.append(
            Problem(
                record.where("ensemble"),
                "names no parameters or factors",
                hint="As ensemble.parameters: {lake_reference_area: prior}",
            )
        )
    if method not in ("correlation", "sobol"):
        problems.append(Problem("method", "not known", method, "correlation or sobol"))
    if draws < 8 or (method == "sobol" and draws & (draws - 1)):
        problems.append(Problem("draws", "too few or no power of two", str(draws), "8, 16, 32 ..."))
    if members_per_draw < 1:
        problems.append(Problem("members_per_draw", "from 1", str(members_per_draw)))
    if method == "sobol" and record.ensemble.correlations:
        problems.append(
            Problem(
                "ensemble.correlations",
                "shares of the variance are of factors that do not depend on each other",
                hint="Use the method 'correlation'",
            )
        )
    if year is not None and not record.first_year() <= year <= record.last_year():
        problems.append(
            Problem(
                "year", "outside the run", str(year), f"{record.first_year()}-{record.last_year()}"
            )
        )
    if problems:
        raise InputError(problems)


def _salib() -> tuple[Any, Any]:
    try:
        from SALib.analyze.sobol import analyze
        from SALib.sample.sobol import sample
    except ImportError:
        raise BalkhashError(
            "variance-based sensitivity needs SALib: pip install 'balkhash-model[sensitivity]'"
        ) from None
    return sample, analyze


def _levels(
    study: Study,
    year: int | None,
    threads: int | None,
    progress: Callable[[int, int], None] | None,
    *,
    common: bool,
) -> tuple[FloatArray, dict[str, str]]:
    """Mean level of the year, by draw and member; a comment on members that left their curves."""
    import threading

    world = study.world(0)
    years = world.axis.years
    inside = np.flatnonzero(years == (year or int(years[-1])))
    per = study.ensemble.members_per_draw
    out, status = np.empty(study.members), np.zeros(study.members, dtype=np.int8)
    plan = make_layout(world, [], [341.0], 0.01)

    def sink(first: int, blocks: list[Block]) -> None:
        level = blocks[0].level
        middle = 0.5 * (level[inside] + level[inside + 1])
        out[first : first + level.shape[1]] = middle.mean(axis=0)
        status[first : first + level.shape[1]] = blocks[0].status

    study.common = common
    runner = Threads(Job(study, plan, per * max(256 // per, 1), False), threads)
    done, stop = 0, threading.Event()
    while done < study.members:
        last = min(done + runner.at_once(), study.members)
        reached = runner.march(done, last, sink, stop)
        if reached < last:
            raise KeyboardInterrupt
        done = reached
        if progress is not None:
            progress(done, study.members)
    return out.reshape(-1, per), _left(status)


def _left(status: npt.NDArray[np.int8]) -> dict[str, str]:
    """Say how many members dried out or overtopped; refuse what could not be solved."""
    said = told_ended(np.bincount(status, minlength=len(STATUS)))
    if (status == NOT_SOLVED).any():
        raise BalkhashError(f"of {status.size} members {said}; narrow the ranges of the factors")
    if not said:
        return {}
    text = f"of {status.size} members {said}; their levels beyond the curves are in the ranking"
    return {"comment": f"ATTENTION: {text}"}


def _by_correlation(study: Study, levels: FloatArray, within: float) -> pd.DataFrame:
    from scipy.stats import spearmanr

    draws = len(levels)
    rows = np.stack([study.design.row(i) for i in range(draws)])
    means = levels.mean(axis=1)
    found = {}
    for factor, column in zip(study.design.factors, rows.T, strict=True):
        r = float(spearmanr(column, means).statistic)
        z, half = np.arctanh(np.clip(r, -0.999999, 0.999999)), 1.96 / np.sqrt(draws - 3)
        width = 0.5 * float(np.tanh(z + half) - np.tanh(z - half))
        found[factor.name] = (r, width)
    total = float(levels.var(ddof=1))
    found[CHANCE] = (float(np.sqrt(min(within / total, 1.0))) if total > 0.0 else 0.0, np.nan)
    table = pd.DataFrame.from_dict(found, orient="index", columns=["rank_correlation", "interval"])
    return table.iloc[np.argsort(-np.abs(table["rank_correlation"].to_numpy()), kind="stable")]
