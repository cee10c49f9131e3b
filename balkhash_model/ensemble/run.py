"""Run ensembles: members in blocks on several threads, gathered as they come."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import numpy as np
import numpy.typing as npt
import xarray as xr

from balkhash_model import units
from balkhash_model.ensemble.gather import Gathered, Layout, make_layout
from balkhash_model.ensemble.march import Task, Worlds, march_block
from balkhash_model.ensemble.result import Facts, label
from balkhash_model.ensemble.world import World
from balkhash_model.errors import InputError, Problem
from balkhash_model.library import load_system
from balkhash_model.scenario import Scenario, load_scenario

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Progress = Callable[[int, int], None]

__all__ = ["run_ensemble"]

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_VARIABLES = ("lake_level", "salinity.west")


def run_ensemble(
    scenario: str | os.PathLike[str] | Scenario | Sequence[str | os.PathLike[str] | Scenario],
    members: int | None = None,
    *,
    seed: int | None = None,
    thresholds: Sequence[float] | None = None,
    quantiles: Sequence[float] = QUANTILES,
    threads: int | None = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    records = [
        x if isinstance(x, Scenario) else load_scenario(os.fspath(x))
        for x in ([scenario] if isinstance(scenario, str | os.PathLike | Scenario) else scenario)
    ]
    asked = members or records[0].ensemble.members or 1
    if seed is not None:
        records = [
            r.model_copy(update={"ensemble": r.ensemble.model_copy(update={"seed": seed})})
            for r in records
        ]

    def make(plan: int, draw: int) -> World:
        record = records[plan]
        system = load_system(
            record.system, parameters=record.parameters.set, overrides=record.parameters.overrides
        )
        return World(record, system, 1)

    worlds = Worlds(make)
    task = Task(len(records), asked)
    first = worlds.get(0, 0)
    limits = list(thresholds or [units.parse(records[0].outputs.threshold, "level", "threshold")])
    plan = make_layout(first, ["lake_level", "salinity.west"], limits, 0.002)
    tables = np.full((len(records), 4 + 3 * len(limits), asked), np.nan)
    statuses = np.zeros((len(records), asked), dtype=np.int8)
    size = 256
    total = [Gathered(plan, p > 0) for p in range(len(records))]
    for start in range(0, asked, size):
        numbers = np.arange(start, min(start + size, asked))
        for p, block in enumerate(march_block(worlds, task, plan, numbers, total)):
            tables[p][:, numbers] = block.table
    facts = Facts(
        tuple(r.meta.name for r in records),
        asked,
        asked,
        records[0].ensemble.seed,
        tuple(quantiles),
        {},
    )
    return label([worlds.get(p, 0) for p in range(len(records))], total, tables, statuses, facts)
