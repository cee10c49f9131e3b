"""A lake system: its records as one small graph, checked when it is made."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.system.checks import system_problems
from balkhash_model.system.parameters import ParameterSet
from balkhash_model.system.records import (
    OUTSIDE,
    Delta,
    Groundwater,
    Junction,
    Link,
    River,
    Storage,
    Withdrawal,
)

__all__ = ["LakeSystem"]


@dataclass(frozen=True, eq=False)
class LakeSystem:
    """A lake system: what is known of a place, without time series and without assumptions.

    Attributes
    ----------
    name, title : str
        Name and title.
    datum : str
        Vertical datum of every level.
    storages : tuple of Storage
        Nodes with volume, upstream first.
    lake : tuple of str
        The storages that make up the lake, whose level is reported as a whole.
    junctions : tuple of Junction
        Nodes without volume.
    rivers : tuple of River
        Rivers from outside.
    links : tuple of Strait, Weir, Release or LinearLink
        Links that leave a storage.
    deltas : tuple of Delta
        What leads on from each junction.
    groundwater : Groundwater
        Exchange with groundwater.
    withdrawals : tuple of Withdrawal
        Users that take water from storages or junctions.
    saline_evaporation : float, optional
        Vapour pressure of the air over that of fresh water at the lake's temperature, 0 to 1, where
        salt lowers evaporation; by default it does not.
    parameters : ParameterSet
        The set that the system was built from.
    record_from : numpy.datetime64, optional
        First instant from which the lake is known; no link opens or closes before it.
    """

    name: str
    title: str
    datum: str
    storages: tuple[Storage, ...]
    lake: tuple[str, ...]
    junctions: tuple[Junction, ...] = ()
    rivers: tuple[River, ...] = ()
    links: tuple[Link, ...] = ()
    deltas: tuple[Delta, ...] = ()
    groundwater: Groundwater = field(default_factory=lambda: Groundwater(()))
    withdrawals: tuple[Withdrawal, ...] = ()
    parameters: ParameterSet = field(default_factory=lambda: ParameterSet("none", "", {}))
    saline_evaporation: float | None = None
    record_from: np.datetime64 | None = None

    def __post_init__(self) -> None:
        problems = list(system_problems(self))
        if problems:
            raise InputError(problems)

    def storage_names(self) -> list[str]:
        """Names of the storages.

        Returns
        -------
        list of str
            In the order of the `storage` dimension.
        """
        return [s.name for s in self.storages]

    def storage(self, name: str) -> Storage:
        """One storage by name.

        Parameters
        ----------
        name : str
            Its name.

        Returns
        -------
        Storage
            The record.

        Raises
        ------
        InputError
            Where no storage has that name.
        """
        for record in self.storages:
            if record.name == name:
                return record
        raise InputError(
            Problem(
                f"system {self.name!r}",
                "no such storage",
                name,
                hint=nearest(name, self.storage_names()),
            )
        )

    def link_names(self) -> list[str]:
        """Names of all links, in the order of the `link` dimension.

        Returns
        -------
        list of str
            Links that leave storages, then for each junction its side inflow, its way on and its
            loss.
        """
        names = [link.name for link in self.links]
        for junction in self.junctions:
            delta = next((d for d in self.deltas if d.source == junction.name), None)
            if delta is not None:
                names += [junction.lateral, delta.name, delta.loss_name]
        return names

    def link_ends(self) -> list[tuple[str, str]]:
        """Both ends of every link, in the order of :meth:`link_names`.

        Returns
        -------
        list of tuple of str
            ``(link_from, link_to)``. A delta leads to its mouth, whose water is part of the
            ``river_inflow`` of the storage there.
        """
        ends = [(link.source, link.target) for link in self.links]
        for junction in self.junctions:
            delta = next(d for d in self.deltas if d.source == junction.name)
            ends += [
                (OUTSIDE, junction.name),
                (junction.name, delta.mouth),
                (junction.name, OUTSIDE),
            ]
        return ends

    def users(self) -> list[str]:
        """Names of the users.

        Returns
        -------
        list of str
            In the order of the `user` dimension.
        """
        return [w.user for w in self.withdrawals]

    def delta_at(self, junction: str) -> Delta:
        """The delta that starts at a junction.

        Parameters
        ----------
        junction : str
            Name of the junction.

        Returns
        -------
        Delta
            The record.
        """
        return next(d for d in self.deltas if d.source == junction)
