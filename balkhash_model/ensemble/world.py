"""A scenario with one set of parameters, from which any members can be marched."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from balkhash_model.ensemble.streams import block_starts
from balkhash_model.errors import InputError, Problem
from balkhash_model.forcing import assemble_all
from balkhash_model.forcing.adaptation import adapt_system
from balkhash_model.forcing.check import read_forcing
from balkhash_model.forcing.generators import generator_of
from balkhash_model.forcing.inflow import scenario_axis
from balkhash_model.forcing.membership import Members
from balkhash_model.forcing.river import Record, record_of
from balkhash_model.forcing.series import axis_years
from balkhash_model.kernel import layout
from balkhash_model.packing import pack, pack_forcing
from balkhash_model.runs import start_of
from balkhash_model.scenario import Scenario
from balkhash_model.scenario.schema_inflow import STOCHASTIC
from balkhash_model.simulation import initial_volumes
from balkhash_model.system import LakeSystem

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

__all__ = ["World", "climate_of"]

#: Sets of forcing that are assembled at once.
_AT_ONCE = 512


def climate_of(seed: int, numbers: IntArray, climates: int) -> IntArray:
    """Climate of each member: every run of as many members as climates has each climate once.

    Parameters
    ----------
    seed : int
        Seed of the ensemble.
    numbers : array of int (members,)
        Numbers of the members.
    climates : int
        Number of climates.

    Returns
    -------
    array of int (members,)
        Index of the climate.

    Examples
    --------
    >>> sorted(climate_of(1, np.arange(4, 8), 4).tolist())
    [0, 1, 2, 3]
    """
    if climates == 1:
        return np.zeros(numbers.size, dtype=np.int64)
    out = np.empty(numbers.size, dtype=np.int64)
    for group in np.unique(numbers // climates):
        order = generator_of(seed, "climate", int(group)).permutation(climates)
        inside = numbers // climates == group
        out[inside] = order[numbers[inside] % climates]
    return out


class World:
    """A scenario and its lake system, packed, with what its members share.

    Parameters
    ----------
    record : Scenario
        The scenario.
    system : LakeSystem
        Its lake system, before the scenario changes it.
    climates : int
        Number of climates.
    reconstruction : Record, optional
        Record of inflow, where the scenario draws from what the levels imply.
    many : bool, default True
        Whether many members share this world, so that it pays to lay down a table of years.

    Raises
    ------
    InputError
        Where the scenario cannot be used.

    Examples
    --------
    :func:`balkhash_model.run_ensemble` makes one for each plan and set of parameters.
    """

    def __init__(
        self,
        record: Scenario,
        system: LakeSystem,
        climates: int,
        reconstruction: Record | None = None,
        *,
        many: bool = True,
    ) -> None:
        if record.inflow.reconstruct_from is not None:
            raise InputError(
                Problem(
                    record.where("inflow", "reconstruct_from"),
                    "a reconstruction has one member",
                    hint="Use a scenario whose inflow does not follow the levels",
                )
            )
        self.record = record
        self.climates = climates
        self.base = system
        self.axis = scenario_axis(record)
        self.seed = record.ensemble.seed
        self.reconstruction = reconstruction
        self.system = adapt_system(record, system)
        self.volume, self.salinity = self.start(record)
        self.graph = pack(self.system)
        self._table: FloatArray | None = None
        if many:
            self._table = self._year_table()
        self._shared: layout.Forcing | None = None
        if not self.drawn or self._table is not None:
            each = (np.zeros(climates, dtype=np.int64), np.arange(climates), climates)
            self._shared = self._assembled(Members(*each, self._still()))

    @property
    def drawn(self) -> bool:
        """Whether the inflow is drawn for each member."""
        return self.record.inflow.kind in STOCHASTIC

    def start(self, record: Scenario) -> tuple[FloatArray, FloatArray]:
        """Give the start of this scenario with another initial state.

        Parameters
        ----------
        record : Scenario
            The scenario, which may differ from that of this world in its ``initial`` alone.

        Returns
        -------
        tuple of array (storage,)
            Volumes, m3, and salinities, kg m-3.
        """
        begin = self.axis.edges[0]
        levels, salinity = start_of(record, self.system, begin)
        names = self.system.storage_names()
        found = np.array([salinity.get(n, 0.0) for n in names])
        return initial_volumes(self.system, levels, begin), found

    def _still(self) -> FloatArray | None:
        """Any inflow, where only what does not depend on it is wanted."""
        if not self.drawn:
            return None
        record = record_of(self.record, self.base, self.reconstruction)
        years = axis_years(self.axis).size
        flow = np.broadcast_to(record.flow[0], (self.climates, years, 12))
        return np.array(flow)

    def _assembled(self, members: Members) -> layout.Forcing:
        """Forcing of some members in full."""
        forcing = assemble_all(
            self.record, self.base, self.axis, self.reconstruction, members
        ).forcing
        arrays = read_forcing(self.system, forcing)
        packed, _ = pack_forcing(
            self.system, arrays, self.volume, self.volume * self.salinity, members.numbers.size
        )
        return packed

    def _year_table(self) -> FloatArray | None:
        """Kernel rows of each interval for each year of the record that may stand there.

        Only where a year of inflow acts on its own year alone and on nothing but the inflow; that
        is tried on some members rather than known.
        """
        if self.record.inflow.kind != "block_bootstrap":
            return None
        years = axis_years(self.axis).size
        flow = record_of(self.record, self.base, self.reconstruction).flow
        tables: list[FloatArray] = []
        together = max(_AT_ONCE // len(flow), 1)
        for first in range(0, self.climates, together):
            climate = np.arange(first, min(first + together, self.climates))
            some = Members(
                np.zeros(len(flow) * climate.size, dtype=np.int64),
                np.repeat(climate, len(flow)),
                self.climates,
                np.tile(np.repeat(flow[:, None, :], years, axis=1), (climate.size, 1, 1)),
            )
            packed = self._assembled(some)
            if packed.use.shape[1] != 1 or packed.inflow.shape[1] == 1:
                return None
            tables.append(packed.inflow)
        table = np.concatenate(tables, axis=1)
        probe = np.array([0, 1, 2, 1000])
        true = self._assembled(Members(probe, climate_of(self.seed, probe, self.climates),
                                       self.climates))  # fmt: skip
        turn, drawn = self._turn(), self._drawn_years(probe, len(flow))
        at = np.arange(turn.size)
        for i in range(probe.size):
            if not (table[at, drawn[turn, i]] == true.inflow[:, i]).all():
                return None
        return table

    def _turn(self) -> IntArray:
        """Year of the run in which each interval lies, from 0."""
        turn: IntArray = (self.axis.years - axis_years(self.axis)[0]).astype(np.int64)
        return turn

    def _drawn_years(self, numbers: IntArray, years: int) -> IntArray:
        """Set of the table of years that each member has in each year of the run."""
        block, run = self.record.inflow.generator.block, axis_years(self.axis).size
        blocks = -(-run // block)
        first = int(numbers[0])
        if (np.diff(numbers) == 1).all():
            starts = block_starts(self.seed, "inflow", first, numbers.size, years, blocks)
        else:
            starts = np.concatenate(
                [block_starts(self.seed, "inflow", int(k), 1, years, blocks) for k in numbers]
            )
        at = np.arange(run)
        source = (starts.T[at // block] + (at % block)[:, None]) % years
        climate = climate_of(self.seed, numbers, self.climates)
        found: IntArray = np.ascontiguousarray(climate * years + source)
        return found

    def forcing(
        self,
        numbers: IntArray,
        volume: FloatArray | None = None,
        salinity: FloatArray | None = None,
    ) -> layout.Forcing:
        """Forcing and start of some members.

        Parameters
        ----------
        numbers : array of int (members,)
            Numbers of the members.
        volume : array (storage, members), optional
            Volumes at the start in place of the scenario's, m3.
        salinity : array (storage, members), optional
            Salinities at the start in place of the scenario's, kg m-3.

        Returns
        -------
        Forcing
            As the kernel takes it.
        """
        climate = climate_of(self.seed, numbers, self.climates)
        shared = self._shared
        if shared is None:
            shared = self._assembled(Members(numbers, climate, self.climates))
            index = {g: np.arange(numbers.size) for g in range(3)}
            if shared.climate.shape[1] > self.climates:
                # each climate once, as the first member that has it
                _, firsts = np.unique(climate, return_index=True)
                shared = shared._replace(climate=np.ascontiguousarray(shared.climate[:, firsts]))
                index[layout.CLIMATE] = np.searchsorted(climate[firsts], climate)
        else:
            index = dict.fromkeys(range(3), climate)
        if self._table is not None:
            shared = shared._replace(inflow=self._table, turn=self._turn())
            years = self._table.shape[1] // self.climates
            index[layout.INFLOWS] = self._drawn_years(numbers, years)
        which = np.zeros((3, int(shared.turn.max()) + 1, numbers.size), dtype=np.int64)
        for g, sets in enumerate((shared.climate, shared.inflow, shared.use)):
            if sets.shape[1] > 1:
                which[g] = index[g]
        start = np.repeat(self.volume[:, None], numbers.size, axis=1) if volume is None else volume
        salt = start * (self.salinity[:, None] if salinity is None else salinity)
        curves = np.arange(len(self.volume))[:, None]
        return shared._replace(
            which=which,
            curve_index=np.repeat(curves, numbers.size, axis=1),
            initial_volume=np.ascontiguousarray(start),
            initial_salt=np.ascontiguousarray(salt),
        )
