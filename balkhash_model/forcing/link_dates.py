"""Dams and straits of a system under the dates that a scenario gives them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.system import LakeSystem, Link, Strait, Weir, link_date_problems

if TYPE_CHECKING:
    from balkhash_model.scenario.schema import Scenario

__all__ = ["dated_links"]


def dated_links(scenario: Scenario, system: LakeSystem) -> tuple[Link, ...]:
    """Give the links of a system the dates of a scenario.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    system : LakeSystem
        The system as it is known.

    Returns
    -------
    tuple of Link
        Links in the order of the system.

    Raises
    ------
    InputError
        Where a link does not exist or cannot have dates, where a date lies before the record of the
        lake or after the run, or where a link closes before it opens; all problems at once.

    Examples
    --------
    >>> from balkhash_model.library import load_system
    >>> from balkhash_model.scenario import load_scenario
    >>> dams = load_scenario("aral_hindcast", [], ["links.kokaral_dam.opens=1980-01-01"])
    >>> str(dated_links(dams, load_system("aral"))[1].opens)
    '1980-01-01T00:00:00'
    """
    known = {x.name: x for x in system.links if isinstance(x, Strait | Weir)}
    every = [x.name for x in system.links]
    end = np.datetime64(scenario.period.end, "s")
    problems: list[Problem] = []
    for name, dates in scenario.links.items():
        where = scenario.where("links", name)
        link = known.get(name)
        if link is None:
            what = "cannot be dated" if name in every else "no such link"
            expected = ", ".join(known) or "a system with straits or weirs"
            problems.append(Problem(where, what, name, expected, nearest(name, known)))
            continue
        given = {
            key: np.datetime64(text, "s")
            for key, text in (("opens", dates.opens), ("closes", dates.closes))
            if text is not None
        }
        problems += [
            Problem(
                scenario.where("links", name, key),
                "after the run ends",
                str(getattr(dates, key)),
                f"{scenario.period.end} or earlier",
                f"{scenario.period.end} means: not within this run",
            )
            for key, date in given.items()
            if date > end
        ]
        known[name] = replace(
            link, opens=given.get("opens", link.opens), closes=given.get("closes", link.closes)
        )
        place = partial(scenario.where, "links", name)
        problems += link_date_problems(known[name], system.record_from, place)
    if problems:
        raise InputError(problems)
    return tuple(known.get(x.name, x) for x in system.links)
