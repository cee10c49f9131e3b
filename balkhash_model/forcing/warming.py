"""What a change of temperature in a scenario does: to evaporation, and to ice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from balkhash_model import units
from balkhash_model.errors import InputError, Problem
from balkhash_model.forcing.climate import evaporation_response
from balkhash_model.forcing.climate_file import file_warming
from balkhash_model.forcing.membership import Members
from balkhash_model.forcing.scenario_climate import delta_weight
from balkhash_model.forcing.series import axis_years, months_to_axis
from balkhash_model.scenario.consistency import warming_problems
from balkhash_model.timeaxis import TimeAxis

if TYPE_CHECKING:
    from balkhash_model.scenario.schema import Scenario
    from balkhash_model.system import ParameterSet

FloatArray = npt.NDArray[np.float64]

__all__ = ["Warming", "evaporation_factor", "scenario_warming", "warmed_evaporation"]


@dataclass(frozen=True, eq=False, slots=True)
class Warming:
    """Change of the air temperature of a scenario, by year and month, K.

    Attributes
    ----------
    change : array (years, 12) or (members, years, 12)
        The whole change, which the ice answers to.
    of_lake_evaporation : array (years, 12) or (members, years, 12)
        The part that changes the evaporation of the lake: without that of a file which gives the
        evaporation itself.
    from_file : bool
        Whether single years of a user's series are in it.
    """

    change: FloatArray
    of_lake_evaporation: FloatArray
    from_file: bool


def evaporation_factor(temperature_change: npt.ArrayLike, per_degree: float) -> FloatArray:
    r"""Evaporation at a changed temperature over evaporation now.

    :math:`E(T + \Delta T)/E(T) = (1 + s)^{\Delta T}` with the stated sensitivity s per degree.

    Parameters
    ----------
    temperature_change : array_like
        Change of temperature, K.
    per_degree : float
        Sensitivity s, such as 0.04.

    Returns
    -------
    array
        Factor.

    Examples
    --------
    >>> round(float(evaporation_factor(2.0, 0.04)), 4)
    1.0816
    """
    factor: FloatArray = (1.0 + per_degree) ** np.asarray(temperature_change, dtype=np.float64)
    return factor


def scenario_warming(
    scenario: Scenario, axis: TimeAxis, chosen: Members | None = None
) -> Warming | None:
    """Add up the changes of temperature of a scenario.

    Parameters
    ----------
    scenario : Scenario
        The scenario: its ``climate.deltas`` and the temperature of its ``climate.file``.
    axis : TimeAxis
        The intervals.
    chosen : Members, optional
        The members to make; all where not given.

    Returns
    -------
    Warming or None
        None where no temperature changes.

    Raises
    ------
    InputError
        Where a file cannot be used, or the scenario names no answer to its temperature.

    Examples
    --------
    >>> from balkhash_model.scenario import load_scenario
    >>> settings = ["climate.deltas.warm={variable: temperature, change: 2 K, full: 2045}"]
    >>> record = load_scenario("baseline_2050", settings=settings)
    >>> warming = scenario_warming(record, TimeAxis.monthly("2025-01-01", "2050-01-01"))
    >>> warming.change[[0, 10, 24], 6].tolist()
    [0.0, 1.0, 2.0]
    """
    climate = scenario.climate
    years = axis_years(axis)
    deltas = [(n, d) for n, d in climate.deltas.items() if d.variable == "temperature"]
    change = np.zeros((years.size, 12))
    for name, delta in deltas:
        where = f"climate.deltas.{name}.change"
        size = units.parse(delta.change, "temperature_change", where)
        change = change + size * delta_weight(delta, years)
    found = file_warming(scenario, years, chosen) if climate.file is not None else None
    if found is None:
        return Warming(change, change, False) if deltas else None
    own, gives_evaporation = found
    if climate.weather is not None:
        raise InputError(
            Problem(
                scenario.where("climate", "file", "path"),
                "gives a temperature beside climate.weather, which holds its own",
                expected="precipitation alone",
            )
        )
    if not gives_evaporation and (problems := list(warming_problems(scenario))):
        raise InputError(problems)
    return Warming(change + own, change if gives_evaporation else change + own, True)


def warmed_evaporation(
    scenario: Scenario,
    axis: TimeAxis,
    parameters: ParameterSet,
    storage: str,
    warming: Warming | None,
    *,
    lake: bool = True,
) -> FloatArray:
    """Factor by which a scenario's change of temperature changes the evaporation of a storage.

    Parameters
    ----------
    scenario : Scenario
        The scenario, for ``climate.response``.
    axis : TimeAxis
        The intervals.
    parameters : ParameterSet
        For the site of the heat-storage model.
    storage : str
        Name of the storage.
    warming : Warming or None
        As :func:`scenario_warming` gives it.
    lake : bool, default True
        Whether the storage is part of the lake, whose evaporation a file may give.

    Returns
    -------
    array (n,) or (members, n)
        Factor; one where nothing warms.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> from balkhash_model.scenario import load_scenario
    >>> settings = ["climate.deltas.warm={variable: temperature, change: 1 K}"]
    >>> record = load_scenario("baseline_2050", settings=settings)
    >>> axis = TimeAxis.monthly("2025-01-01", "2026-01-01")
    >>> warming = scenario_warming(record, axis)
    >>> factor = warmed_evaporation(record, axis, load_parameters("balkhash"), "west", warming)
    >>> round(float(factor[6]), 2)
    1.03
    """
    response = scenario.climate.response
    if warming is None or response == "none":
        return np.ones(axis.n)
    change = warming.of_lake_evaporation if lake else warming.change
    if response == "heat_storage":
        return months_to_axis(axis, evaporation_response(parameters, storage, change))
    per_degree = units.parse(
        str(scenario.climate.evaporation_per_degree), "fraction", "evaporation_per_degree"
    )
    return months_to_axis(axis, evaporation_factor(change, per_degree))
