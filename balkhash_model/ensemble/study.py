"""The plans of an ensemble, the draws of what differs, and the worlds that they make."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from balkhash_model import reference
from balkhash_model.ensemble.design import Design, make_design, settings_of
from balkhash_model.ensemble.world import World
from balkhash_model.errors import InputError, Problem
from balkhash_model.forcing.climate_file import climates_of_file
from balkhash_model.forcing.river import Record
from balkhash_model.library import list_systems, load_system
from balkhash_model.runs import reconstruction_record, used_files, used_tables
from balkhash_model.scenario import Scenario
from balkhash_model.scenario.resolve import with_settings
from balkhash_model.scenario.schema_inflow import STOCHASTIC
from balkhash_model.system import LakeSystem

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
_Items = tuple[tuple[str, str], ...]

__all__ = ["Part", "Study", "climates_of"]

#: Worlds and reconstructions that are kept.
_KEPT = 8
#: From as many members of each climate on a world gets a table of years, which costs about as much
#: to make as it does to make the forcing of as many members as the record has years.
_MANY = 64

#: Inflow that levels imply, by system, source and the values of all parameters.
_FLOWS: dict[tuple[str, str, int | None, tuple[tuple[str, float], ...]], Record | None] = {}


class Part(NamedTuple):
    """Members that share a world."""

    world: World
    numbers: IntArray
    drawn: IntArray  # the numbers that inflow and climate are drawn by
    volume: FloatArray | None  # (storage, members) m3
    salinity: FloatArray | None  # (storage, members) kg/m3


def climates_of(record: Scenario) -> int:
    """Count the climates that the members of a scenario share.

    Parameters
    ----------
    record : Scenario
        The scenario.

    Returns
    -------
    int
        One where the climate is the same in all.

    Examples
    --------
    >>> from balkhash_model.scenario import load_scenario
    >>> climates_of(load_scenario("baseline_2050")), climates_of(load_scenario("rcp45"))
    (1, 30)
    """
    if record.climate.file is not None:
        found = climates_of_file(record)
        if found > 1:
            return found
    projection = record.climate.projection
    if projection is not None and projection.spread:
        return record.ensemble.climates
    return 1


class Study:
    """Plans, design and members of an ensemble; it can be sent to another process.

    Parameters
    ----------
    records : list of Scenario
        The plans; what is said of the ensemble counts as the first says it.
    members : int
        Number of members.

    Raises
    ------
    InputError
        Where the plans do not belong together or nothing differs between members.

    Examples
    --------
    >>> from balkhash_model.scenario import load_scenario
    >>> Study([load_scenario("baseline_2050")], 100).design.factors
    []
    """

    def __init__(self, records: list[Scenario], members: int) -> None:
        first = records[0]
        self.records = [r.model_copy(update={"ensemble": first.ensemble}) for r in records]
        for new, old in zip(self.records, records, strict=True):
            new.with_origins(old.origins)
        self.ensemble = first.ensemble
        self.members = members
        #: whether every draw has the inflow and climates of the first
        self.common = False
        self._check()
        parameters = self._system(0, ()).parameters
        folder = first.folder("ensemble", "table")
        self.design: Design = make_design(first.ensemble, parameters, members, folder)
        #: SHA-256 of all that is read, from before the first member on
        self.checksums = _checksums(records)
        self.climates = [climates_of(r) for r in self.records]
        self._prepare()

    def _check(self) -> None:
        problems = []
        names = [r.meta.name for r in self.records]
        for name in sorted({n for n in names if names.count(n) > 1}):
            problems.append(Problem("scenarios", "two of one name", name))
        for r in self.records[1:]:
            for what, mine, yours in (
                ("period", r.period, self.records[0].period),
                ("system", r.system, self.records[0].system),
            ):
                if mine != yours:
                    problems.append(
                        Problem(
                            f"{r.meta.name}: {what}",
                            f"differs from that of {names[0]}",
                            hint="Scenarios of one ensemble share members, so they share these",
                        )
                    )
        differs = self.ensemble.varied or any(
            r.inflow.kind in STOCHASTIC or climates_of(r) > 1 for r in self.records
        )
        if self.members > 1 and not differs:
            problems.append(
                Problem(
                    f"ensemble of {names[0]}",
                    "nothing differs between the members",
                    str(self.members),
                    hint="Give ensemble.parameters or factors, or draw the inflow or the climate",
                )
            )
        if problems:
            raise InputError(problems)

    def _prepare(self) -> None:
        self._worlds: dict[tuple[int, _Items, _Items], World] = {}
        self._lock = threading.RLock()

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        for name in ("_worlds", "_lock"):
            del state[name]
        return state | {"_origins": [r.origins for r in self.records]}

    def __setstate__(self, state: dict[str, Any]) -> None:
        origins = state.pop("_origins")
        self.__dict__.update(state)
        for record, origin in zip(self.records, origins, strict=True):
            record.with_origins(origin)
        self._prepare()

    def _system(self, plan: int, overrides: _Items) -> LakeSystem:
        record = self.records[plan]
        every = record.parameters.overrides | dict(overrides)
        return load_system(record.system, parameters=record.parameters.set, overrides=every)

    def _flow(self, plan: int, record: Scenario, system: LakeSystem) -> Record | None:
        """The reconstructed inflow, which plans with the same parameters share."""
        if self.ensemble.reconstruct == "once":
            system = self._system(plan, ())
        if record.system not in list_systems():
            return reconstruction_record(record, system)
        generator = record.inflow.generator.source if record.inflow.kind in STOCHASTIC else ""
        values = tuple((p.name, p.si) for p in system.parameters.values())
        key = (record.system, generator, record.inflow.generator.levels_to, values)
        if key not in _FLOWS:
            _make_room(_FLOWS)
            _FLOWS[key] = reconstruction_record(record, system)
        return _FLOWS[key]

    def world(self, plan: int, overrides: _Items = (), keys: _Items = ()) -> World:
        """Give the world of a plan with some parameters and keys replaced.

        Parameters
        ----------
        plan : int
            Number of the plan.
        overrides, keys : tuple of pairs of str
            Parameters and keys of the scenario, with the values in their place.

        Returns
        -------
        World
            The world; the last few are kept.
        """
        with self._lock:
            key = (plan, overrides, keys)
            if key not in self._worlds:
                record = self.records[plan]
                if keys:
                    record = with_settings(record, _values(keys))
                system = self._system(plan, overrides)
                flow = self._flow(plan, record, system)
                if overrides:
                    choice = record.parameters
                    every = choice.overrides | dict(overrides)
                    chosen = choice.model_copy(update={"overrides": every})
                    origins = record.origins
                    record = record.model_copy(update={"parameters": chosen}).with_origins(origins)
                many = self._sharing(bool(overrides or keys)) >= _MANY * self.climates[plan]
                made = World(record, system, self.climates[plan], flow, many=many)
                _make_room(self._worlds)
                self._worlds[key] = made
            return self._worlds[key]

    def _sharing(self, drawn: bool) -> int:
        """Members that share a world, about."""
        return self.ensemble.members_per_draw if drawn else self.members

    def settings(self, draw: int) -> tuple[_Items, _Items, _Items]:
        """Give what a draw replaces: parameters, keys of the start, other keys.

        Parameters
        ----------
        draw : int
            Number of the draw.

        Returns
        -------
        tuple of tuple of pairs of str
            Names and texts.
        """
        parameters, keys = settings_of(self.design, self.design.row(draw))
        start = tuple((k, v) for k, v in keys.items() if k.startswith("initial."))
        rest = tuple((k, v) for k, v in keys.items() if not k.startswith("initial."))
        return tuple(parameters.items()), start, rest

    def parts(self, plan: int, numbers: IntArray) -> list[Part]:
        """Put members together that share a world.

        Parameters
        ----------
        plan : int
            Number of the plan.
        numbers : array of int (members,)
            Numbers of the members.

        Returns
        -------
        list of Part
            Each with its members.
        """
        if not self.design.factors:
            return [Part(self.world(plan), numbers, numbers, None, None)]
        draws = numbers // self.ensemble.members_per_draw
        per = self.ensemble.members_per_draw
        groups: dict[tuple[_Items, _Items], list[tuple[IntArray, _Items]]] = {}
        for draw in np.unique(draws):
            overrides, start, rest = self.settings(int(draw))
            groups.setdefault((overrides, rest), []).append((numbers[draws == draw], start))
        parts = []
        for (overrides, rest), found in groups.items():
            start = found[0][1]
            with _said_of((*overrides, *rest, *start)):
                world = self.world(plan, overrides, rest)
            inside = np.concatenate([n for n, _ in found])
            drawn = inside % per if self.common else inside
            if not any(start for _, start in found):
                parts.append(Part(world, inside, drawn, None, None))
                continue
            begun = []
            for _, start in found:
                with _said_of(start):
                    begun.append(world.start(with_settings(world.record, _values(start))))
            counts = [n.size for n, _ in found]
            volume, salinity = (
                np.repeat(np.stack([b[i] for b in begun], axis=1), counts, axis=1) for i in (0, 1)
            )
            parts.append(Part(world, inside, drawn, volume, salinity))
        return parts


def _values(keys: _Items) -> dict[str, object]:
    """Keys with their values as a file would give them: a number that has no unit is one."""
    found: dict[str, object] = {}
    for key, text in keys:
        found[key] = text
        if " " not in text:
            value = float(text)
            found[key] = int(text) if value.is_integer() and text.lstrip("-").isdigit() else value
    return found


@contextmanager
def _said_of(values: _Items) -> Iterator[None]:
    """Add to what is wrong of which draw it is, since the scenario has other values there."""
    try:
        yield
    except InputError as error:
        if not values:
            raise
        draw = ", ".join(f"{k} = {v}" for k, v in values)
        raise InputError(
            replace(p, where=f"a draw with {draw}: {p.where}") for p in error.problems
        ) from None


def _checksums(records: list[Scenario]) -> dict[str, str]:
    """SHA-256 of the tables and files that the scenarios and the design read."""
    found: dict[str, str] = {}
    for record in records:
        found |= {k: str(reference.describe(k)["sha256"]) for k in used_tables(record)}
        found |= used_files(record)
    table = records[0].ensemble.table
    if table is not None:
        path = records[0].folder("ensemble", "table") / table
        found[table] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _make_room(kept: dict[Any, Any]) -> None:
    while len(kept) >= _KEPT:
        del kept[next(iter(kept))]
