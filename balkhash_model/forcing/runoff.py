"""Natural river flow under another climate, for scenarios; flows given directly pass by."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from balkhash_model import units
from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.forcing.climate import annual_evaporation_response
from balkhash_model.forcing.membership import Members
from balkhash_model.forcing.scenario_climate import (
    ClimateChange,
    _between,
    _quantiles,
    projected_change,
)
from balkhash_model.forcing.series import axis_years, months_to_axis
from balkhash_model.physics.runoff import runoff_ratio
from balkhash_model.system import ParameterSet
from balkhash_model.timeaxis import TimeAxis

if TYPE_CHECKING:
    from balkhash_model.forcing.warming import Warming
    from balkhash_model.scenario.schema import Scenario

FloatArray = npt.NDArray[np.float64]

__all__ = [
    "GLACIER_SCENARIOS",
    "equivalent_warming",
    "glacier_ratio",
    "natural_flow_ratio",
    "respond",
    "response_ratio",
]

#: Emission scenarios of the glacier projection.
GLACIER_SCENARIOS = ("RCP4.5", "RCP8.5")


def glacier_ratio(years: npt.ArrayLike, scenario: str, quantile: npt.ArrayLike = 0.5) -> FloatArray:
    """Runoff from the glacierised land over that of 1980-2009, by GloGEM.

    Parameters
    ----------
    years : array_like (n,)
        Calendar years.
    scenario : {"RCP4.5", "RCP8.5"}
        Emission scenario.
    quantile : array_like (...), default 0.5
        Place within the climate models: 0 the lowest, 0.5 their mean, 1 the highest, each over its
        own value of 1980-2009; straight lines between, which is an assumption.

    Returns
    -------
    array (..., n)
        Ratio: linear between the middles of the printed periods, 1 up to that of 1980-2009, and
        constant beyond the last.

    Raises
    ------
    InputError
        For an unknown scenario, or a place outside 0 to 1.

    Examples
    --------
    >>> glacier_ratio([1961, 2020, 2040, 2100], "RCP4.5").round(3).tolist()
    [1.0, 1.243, 1.294, 1.084]
    """
    from balkhash_model import reference

    place = np.asarray(quantile, dtype=np.float64)
    problems = []
    if scenario not in GLACIER_SCENARIOS:
        hint = nearest(scenario, GLACIER_SCENARIOS)
        problems.append(Problem("glacier scenario", "unknown", repr(scenario), hint=hint))
    if not ((place >= 0.0) & (place <= 1.0)).all():
        problems.append(Problem("glacier quantile", "out of range", str(quantile), "0 to 1"))
    if problems:
        raise InputError(problems)
    table = reference.load("glacier_runoff_projection")
    rows = table["scenario"].values == scenario
    runoff = [table[f"runoff_{name}km3_per_yr"].values[rows] for name in ("min_", "", "max_")]
    at = np.asarray(years, dtype=np.float64) + 0.5
    starts, ends = table["period_start"].values[rows], table["period_end"].values[rows]
    first = int(np.argmin(starts))
    return _between(starts, ends, [r / r[first] for r in runoff], at, place)


def natural_flow_ratio(
    years: npt.ArrayLike,
    parameters: ParameterSet,
    *,
    precipitation_change: npt.ArrayLike = 0.0,
    temperature_change: npt.ArrayLike = 0.0,
    glaciers: str | None = None,
    glacier_quantile: npt.ArrayLike = 0.5,
) -> FloatArray:
    """Natural flow of each year over that of the base climate.

    Parameters
    ----------
    years : array_like (n,)
        Calendar years.
    parameters : ParameterSet
        For the elasticities and the share of glacierised land.
    precipitation_change : array_like, default 0.0
        Relative change of precipitation in the mountains, 0.1 for a tenth more: one value, or one
        for each year, ``(..., n)``.
    temperature_change : array_like, default 0.0
        Warming, K: likewise.
    glaciers : str, optional
        Emission scenario of the glacier projection; without one the glaciers give what they gave.
    glacier_quantile : array_like (...), default 0.5
        As in :func:`glacier_ratio`.

    Returns
    -------
    array (..., n)
        Ratio with which natural flow at the mountains is multiplied. Whoever prescribes flows does
        not multiply.

    Raises
    ------
    InputError
        For changes out of any reason, all at once.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> p = load_parameters("balkhash")
    >>> natural_flow_ratio([2040], p, precipitation_change=0.076, temperature_change=2.0).round(3)
    array([1.004])
    """
    year = np.asarray(years, dtype=np.float64)
    ice: FloatArray = (
        np.ones(year.shape) if glaciers is None else glacier_ratio(year, glaciers, glacier_quantile)
    )
    ratio = runoff_ratio(
        1.0 + np.asarray(precipitation_change, dtype=np.float64),
        temperature_change,
        ice,
        precipitation_elasticity=parameters["ili_precipitation_elasticity"].si,
        temperature_sensitivity=parameters["ili_temperature_sensitivity"].si,
        glacier_share=parameters["glacier_runoff_share"].si,
    )
    return np.broadcast_to(ratio, np.broadcast_shapes(ratio.shape, year.shape)).copy()


def equivalent_warming(evaporation_change: npt.ArrayLike, per_degree: float) -> FloatArray:
    r"""Warming that would raise evaporation as much.

    :math:`\Delta T = \ln(1 + \Delta E/E) / \ln(1 + s)`, the inverse of
    :func:`balkhash_model.forcing.warming.evaporation_factor`.

    Parameters
    ----------
    evaporation_change : array_like
        Relative change of potential evaporation.
    per_degree : float
        Change of evaporation per degree s, such as 0.04; not zero.

    Returns
    -------
    array
        Warming, K.

    Examples
    --------
    >>> round(float(equivalent_warming(0.0816, 0.04)), 6)
    2.0
    """
    warming: FloatArray = np.log1p(np.asarray(evaporation_change, float)) / np.log1p(per_degree)
    return warming


def _evaporation_per_degree(scenario: Scenario, parameters: ParameterSet) -> float:
    """Relative change of the evaporation of a year for one kelvin."""
    given = scenario.climate.evaporation_per_degree
    if given is not None:
        return units.parse(given, "fraction", "climate.evaporation_per_degree")
    return annual_evaporation_response(parameters, "west", 1.0) - 1.0


def _annual(axis: TimeAxis, values: FloatArray) -> FloatArray:
    """Mean over each calendar year, weighted by the length of the intervals ``(..., years)``."""
    inside = axis.years[:, None] == axis_years(axis)[None, :]
    weights = inside * axis.durations[:, None]
    mean: FloatArray = (values @ weights) / weights.sum(axis=0)
    return mean


def response_ratio(
    scenario: Scenario,
    parameters: ParameterSet,
    axis: TimeAxis,
    change: ClimateChange,
    warming: Warming | None = None,
    chosen: Members | None = None,
) -> FloatArray:
    r"""Natural flow of each year over that of the years that the inflow stands for.

    :math:`r = f(P, T, G)/f(P_r, T_r, G_r)` with f of :func:`natural_flow_ratio`. P is the annual
    mean of the scenario's change of precipitation, all months alike; T its warming; G the glacier
    projection. A projection states potential evaporation and no temperature: its warming is that of
    :func:`equivalent_warming`, at the scenario's ``evaporation_per_degree`` or, without one, at
    what the heat-storage model of the West gives for one kelvin in a year. Index r is the middle of
    ``inflow.reference_period``, whose climate the inflow holds already; a delta counts from the
    base and is nil there.

    Parameters
    ----------
    scenario : Scenario
        A scenario with a change of climate.
    parameters : ParameterSet
        For the elasticities and the share of glacierised land.
    axis : TimeAxis
        n intervals.
    change : ClimateChange
        The changes of the scenario on the axis.
    warming : Warming, optional
        Its change of temperature.
    chosen : Members, optional
        The members; all where not given.

    Returns
    -------
    array (..., years)
        Ratio for each calendar year of the axis.

    Examples
    --------
    >>> from balkhash_model.forcing.scenario_climate import climate_change
    >>> from balkhash_model.library import load_parameters
    >>> from balkhash_model.scenario import load_scenario
    >>> scenario = load_scenario("rcp45", ["rivers_respond"], ["ensemble.members=null",
    ...     "inflow={kind: constant, mean: 14 km3/yr}"])
    >>> axis = TimeAxis.monthly("2040-01-01", "2041-01-01")
    >>> change = climate_change(scenario, axis)
    >>> response_ratio(scenario, load_parameters("balkhash"), axis, change).round(3)
    array([1.067])
    """
    years = axis_years(axis).astype(np.float64)
    first, last = scenario.inflow.reference_period
    base = np.array([0.5 * (first + last)])
    rain, rain_then, warmer_then = (
        _annual(axis, change.precipitation) - 1.0,
        np.zeros(1),
        np.zeros(1),
    )
    warmer = np.zeros(1)
    if warming is not None:
        warmer = _annual(axis, months_to_axis(axis, warming.change))
    projection = scenario.climate.projection
    glaciers, quantile = None, np.array(0.5)
    if projection is not None and projection.rain_and_evaporation:
        wet, dry = (
            _quantiles(scenario, s, chosen) for s in ("precipitation", "potential_evaporation")
        )
        rain_then = projected_change("precipitation", projection.scenario, base + 0.5, wet)
        per_degree = _evaporation_per_degree(scenario, parameters)

        def warmth(at: FloatArray) -> FloatArray:
            demand = projected_change("potential_evaporation", projection.scenario, at + 0.5, dry)
            return equivalent_warming(demand, per_degree)

        warmer, warmer_then = warmer + warmth(years), warmth(base)
    if projection is not None and projection.glacier:
        glaciers, quantile = projection.scenario, _quantiles(scenario, "glacier", chosen)

    def flow(at: FloatArray, wetter: FloatArray, warmer: FloatArray) -> FloatArray:
        return natural_flow_ratio(
            at,
            parameters,
            precipitation_change=wetter,
            temperature_change=warmer,
            glaciers=glaciers,
            glacier_quantile=quantile,
        )

    return flow(years, rain, warmer) / flow(base, rain_then, warmer_then)


def respond(
    scenario: Scenario,
    parameters: ParameterSet,
    axis: TimeAxis,
    change: ClimateChange | None,
    warming: Warming | None = None,
    chosen: Members | None = None,
) -> ClimateChange | None:
    """Let the rivers follow the climate by elasticities, where the scenario says so.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    parameters : ParameterSet
        For :func:`response_ratio`.
    axis : TimeAxis
        n intervals.
    change : ClimateChange or None
        The changes of the scenario on the axis.
    warming : Warming, optional
        Its change of temperature.
    chosen : Members, optional
        The members; all where not given.

    Returns
    -------
    ClimateChange or None
        The changes as they are where ``inflow.runoff_response`` is ``given``; otherwise with
        :func:`response_ratio` as the factor of the runoff, and no glacier runoff added beside it.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> from balkhash_model.scenario import load_scenario
    >>> axis = TimeAxis.monthly("2040-01-01", "2041-01-01")
    >>> respond(load_scenario("hindcast"), load_parameters("balkhash"), axis, None) is None
    True
    """
    if change is None or scenario.inflow.runoff_response == "given":
        return change
    ratio = response_ratio(scenario, parameters, axis, change, warming, chosen)
    months = np.repeat(ratio[..., None], 12, axis=-1)
    return replace(
        change, runoff=months_to_axis(axis, months), ili_flow=np.zeros_like(change.ili_flow)
    )
