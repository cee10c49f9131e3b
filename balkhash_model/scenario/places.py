"""Faults that name a key, or what a key asks for, with the line that wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from balkhash_model.errors import Problem
from balkhash_model.scenario.schema import Scenario

__all__ = ["placed"]

#: A dotted key, which words may follow, or a key of the first rank alone; not ``file.yml:3:1``.
_KEY = re.compile(r"(?:[a-z_]+(?:\.[\w\-]+)+(?=[ :]|\Z)|[a-z_]+(?=:|\Z))(?!:[0-9])")
#: What is sought by its name, and the key that names it.
_SOUGHT = {"lake system": ("system",), "parameter set": ("parameters", "set")}


def placed(scenario: Scenario, problems: Iterable[Problem]) -> list[Problem]:
    """Give faults the file and line of the key that they are about.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    problems : iterable of Problem
        Faults, some of which name a dotted key of the scenario alone.

    Returns
    -------
    list of Problem
        The faults; one that names a place already, or no key, stays as it is.

    Examples
    --------
    >>> from balkhash_model.scenario import load_scenario
    >>> [fault] = placed(load_scenario("hindcast"), [Problem("inflow.reconstruct_from", "late")])
    >>> fault.where.rpartition("/")[2]
    'hindcast.yml:15:3: inflow.reconstruct_from'
    """
    return [_placed(scenario, problem) for problem in problems]


def _placed(scenario: Scenario, problem: Problem) -> Problem:
    where = problem.where
    keys: tuple[str | int, ...]
    if where in _SOUGHT:
        keys = _SOUGHT[where]
        if not scenario.origins.history(keys):
            return problem  # named elsewhere, as the set of a lake
        return replace(problem, where=f"{scenario.where(*keys)}: {where}")
    key = _KEY.match(where)
    if not scenario.origins.layers or key is None:
        return problem
    names = key[0].split(".")
    if names[0] not in Scenario.model_fields:
        return problem
    if names[0] == "parameters" and names[1:2] != ["set"]:
        names[1:1] = ["overrides"]
    keys = tuple(int(name) if name.isdecimal() else name for name in names)
    while len(keys) > 1 and not scenario.origins.history(keys):
        keys = keys[:-1]  # a default: the place of what holds it
    return replace(problem, where=f"{scenario.origins.where(keys)}: {where}")
