"""Assumptions about climate: changes by month, published decades, and the user's own series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from balkhash_model import units
from balkhash_model.forcing.calendar import annual_amounts_to_rates
from balkhash_model.forcing.generators import generator_of
from balkhash_model.forcing.membership import Members
from balkhash_model.forcing.series import axis_years, months_to_axis
from balkhash_model.timeaxis import TimeAxis

if TYPE_CHECKING:
    from balkhash_model.scenario.schema import Scenario
    from balkhash_model.scenario.schema_climate import Delta, Projection

FloatArray = npt.NDArray[np.float64]

__all__ = [
    "REFERENCE_MIDDLE",
    "ClimateChange",
    "climate_change",
    "delta_weight",
    "glacier_change",
    "projected_change",
]

#: Middle of the reference period 1976-2005 of the projections, as a decimal year.
REFERENCE_MIDDLE = 1991.0


@dataclass(frozen=True, eq=False)
class ClimateChange:
    """Changes against the base, by interval; a leading axis of members where they differ.

    Attributes
    ----------
    precipitation, evaporation, runoff : array (..., n)
        Factors.
    precipitation_depth, evaporation_depth : array (..., n)
        Depths to add, m/s.
    ili_flow : array (..., n)
        Flow to add to the Ili, m3/s.
    """

    precipitation: FloatArray
    evaporation: FloatArray
    runoff: FloatArray
    precipitation_depth: FloatArray
    evaporation_depth: FloatArray
    ili_flow: FloatArray


def delta_weight(delta: Delta, years: npt.NDArray[np.int64]) -> FloatArray:
    """Give the share to which a change acts, by year and month.

    Parameters
    ----------
    delta : Delta
        The change.
    years : array of int (years,)
        Years, rising.

    Returns
    -------
    array (years, 12)
        Share, 0 to 1.

    Examples
    --------
    >>> from balkhash_model.scenario.schema_climate import Delta
    >>> warm = Delta(variable="temperature", change="2 K", start=2025, full=2050)
    >>> delta_weight(warm, np.array([2025, 2030, 2060]))[:, 0].tolist()
    [0.0, 0.2, 1.0]
    """
    start = delta.start if delta.start is not None else int(years[0])
    if delta.full is None or delta.full == start:
        share = (years >= start).astype(np.float64)
    else:
        share = np.clip((years - start) / (delta.full - start), 0.0, 1.0)
    months = np.isin(np.arange(1, 13), delta.months)
    weight: FloatArray = share[:, None] * months[None, :]
    return weight


def projected_change(
    quantity: str, scenario: str, years: npt.NDArray[np.float64], quantile: npt.ArrayLike = 0.5
) -> FloatArray:
    """Published relative change of a basin mean, with straight lines between the decades.

    Parameters
    ----------
    quantity : str
        ``precipitation`` or ``potential_evaporation``.
    scenario : str
        ``RCP4.5`` or ``RCP8.5``.
    years : array (n,)
        Decimal years.
    quantile : array_like (...), default 0.5
        Place within the models: 0 the lowest, 0.5 their mean, 1 the highest; straight lines
        between, which is an assumption, since the table prints these three alone.

    Returns
    -------
    array (..., n)
        Change against 1976-2005, as a fraction; zero in the middle of those years.

    Examples
    --------
    >>> projected_change("precipitation", "RCP8.5", np.array([1991.0, 2041.0, 2091.0]))
    array([0.   , 0.085, 0.157])
    """
    from balkhash_model import reference

    table = reference.load("cmip5_projection")
    rows = (table["quantity"].values == quantity) & (table["scenario"].values == scenario)
    return _between(
        table["period_start"].values[rows],
        table["period_end"].values[rows],
        [table[f"change_{name}percent"].values[rows] / 100.0 for name in ("min_", "", "max_")],
        years,
        quantile,
        zero=True,
    )


def glacier_change(
    scenario: str,
    years: FloatArray,
    reference_years: tuple[int, int],
    quantile: npt.ArrayLike = 0.5,
) -> FloatArray:
    """Change of the annual runoff of the glacierised area since some reference years.

    Parameters
    ----------
    scenario : str
        ``RCP4.5`` or ``RCP8.5``.
    years : array (n,)
        Decimal years.
    reference_years : tuple of int
        Years whose glacier runoff the inflow holds already.
    quantile : array_like (...), default 0.5
        Place within the models, as for :func:`projected_change`.

    Returns
    -------
    array (..., n)
        Change, m3 per year.

    Examples
    --------
    >>> change = glacier_change("RCP8.5", np.array([2013.5, 2041.0]), (2006, 2020))
    >>> bool(change[0] == 0.0), round(float(change[1]) / 1e9, 2)
    (True, 1.31)
    """
    from balkhash_model import reference

    table = reference.load("glacier_runoff_projection")
    rows = table["scenario"].values == scenario
    columns = [
        table[f"runoff_{name}km3_per_yr"].values[rows] * 1e9 for name in ("min_", "", "max_")
    ]
    starts, ends = table["period_start"].values[rows], table["period_end"].values[rows]
    middle = np.array([0.5 * (reference_years[0] + reference_years[1] + 1)])
    there = _between(starts, ends, columns, years, quantile)
    before = _between(starts, ends, columns, middle, quantile)
    change: FloatArray = there - before
    return change


def _between(
    starts: FloatArray,
    ends: FloatArray,
    columns: list[FloatArray],
    years: FloatArray,
    quantile: npt.ArrayLike,
    *,
    zero: bool = False,
) -> FloatArray:
    """Interpolate between the middles of periods, and between low, mean and high columns."""
    middle = 0.5 * (np.asarray(starts) + np.asarray(ends) + 1.0)
    order = np.argsort(middle)
    at = np.concatenate(([REFERENCE_MIDDLE], middle[order])) if zero else middle[order]
    low, mean, high = (
        np.interp(years, at, np.concatenate(([0.0], c[order])) if zero else c[order])
        for c in columns
    )
    q = np.asarray(quantile, dtype=np.float64)[..., None]
    value: FloatArray = np.where(
        q <= 0.5, low + (mean - low) * 2.0 * q, mean + (high - mean) * (2.0 * q - 1.0)
    )
    return value


def _quantiles(scenario: Scenario, stream: str, chosen: Members | None = None) -> FloatArray:
    """Place of each member within the models: evenly spread, in a drawn order."""
    members = scenario.ensemble.members if chosen is None else chosen.climates
    projection = scenario.climate.projection
    if members is None or projection is None or not projection.spread:
        return np.array(0.5)
    order = generator_of(scenario.ensemble.seed, stream, members).permutation(members)
    places: FloatArray = (order + 0.5) / members
    return places if chosen is None else chosen.of_climate(places)


def climate_change(
    scenario: Scenario, axis: TimeAxis, chosen: Members | None = None
) -> ClimateChange | None:
    """Put all changes of climate of a scenario on the time axis, but for the temperature.

    What a change of temperature does to evaporation and ice is in
    :mod:`balkhash_model.forcing.warming`.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    axis : TimeAxis
        The intervals.
    chosen : Members, optional
        The members to make; all where not given.

    Returns
    -------
    ClimateChange or None
        The changes; None where there is none.

    Examples
    --------
    >>> from balkhash_model.scenario import load_scenario
    >>> climate_change(load_scenario("hindcast"), TimeAxis.monthly("1961-01-01", "1962-01-01"))
    """
    climate = scenario.climate
    if not climate.deltas and climate.projection is None:
        return None
    years = axis_years(axis)
    one, none = np.ones((years.size, 12)), np.zeros((years.size, 12))
    factor = {k: one.copy() for k in ("precipitation", "evaporation", "runoff")}
    depth = {k: none.copy() for k in ("precipitation", "evaporation")}
    flow = none.copy()
    for name, delta in climate.deltas.items():
        weight = delta_weight(delta, years)
        where = f"climate.deltas.{name}.change"
        if delta.variable == "temperature":
            continue
        if delta.change.rstrip().endswith("%") or delta.change.replace(".", "").isdigit():
            factor[delta.variable] += weight * units.parse(delta.change, "fraction", where)
        elif delta.variable == "runoff":
            flow += weight * units.parse(delta.change, "flow", where)
        else:
            depth[delta.variable] += weight * units.parse(delta.change, "depth_rate", where)
    on_axis = {k: months_to_axis(axis, np.maximum(v, 0.0)) for k, v in factor.items()}
    ili = months_to_axis(axis, flow)
    if climate.projection is not None:
        ili = _project(scenario, climate.projection, axis, on_axis, ili, chosen)
    return ClimateChange(
        **on_axis,
        precipitation_depth=months_to_axis(axis, depth["precipitation"]),
        evaporation_depth=months_to_axis(axis, depth["evaporation"]),
        ili_flow=ili,
    )


def _project(
    scenario: Scenario,
    projection: Projection,
    axis: TimeAxis,
    factor: dict[str, FloatArray],
    ili: FloatArray,
    chosen: Members | None,
) -> FloatArray:
    """Apply the published decades; returns the flow to add to the Ili."""
    from balkhash_model import reference

    years = axis_years(axis)
    middle = (years + 0.5).astype(np.float64)
    wet, dry = (_quantiles(scenario, s, chosen) for s in ("precipitation", "potential_evaporation"))
    if projection.rain_and_evaporation:
        rain = projected_change("precipitation", projection.scenario, middle, wet)
        demand = projected_change("potential_evaporation", projection.scenario, middle, dry)
        share = units.parse(projection.elastic_share, "fraction", "elastic_share")
        runoff = share * (
            projection.precipitation_elasticity * rain
            + projection.evaporation_elasticity * demand
            - _at_reference(scenario, projection, wet, dry)
        )
        for name, change in (("precipitation", rain), ("evaporation", demand), ("runoff", runoff)):
            months = np.repeat(np.maximum(1.0 + change, 0.0)[..., None], 12, axis=-1)
            factor[name] = factor[name] * months_to_axis(axis, months)
    if projection.glacier:
        share = units.parse(projection.glacier_share, "fraction", "glacier_share")
        change = share * glacier_change(
            projection.scenario,
            middle,
            scenario.inflow.reference_period,
            _quantiles(scenario, "glacier", chosen),
        )
        table = reference.load("glacier_runoff_monthly")
        shape = np.zeros(12)
        shape[table["month"].values - 1] = table["runoff_km3_per_month"].values
        # many members have few climates
        distinct, of = np.unique(np.atleast_2d(change), axis=0, return_inverse=True)
        rows = np.stack(
            [
                annual_amounts_to_rates(axis, row, int(years[0]), shape, shares=True)
                for row in distinct
            ]
        )
        ili = ili + (rows[of.ravel()] if change.ndim > 1 else rows[0])
    return ili


def _at_reference(
    scenario: Scenario, projection: Projection, wet: FloatArray, dry: FloatArray
) -> FloatArray:
    """Change of the runoff that the inflow of the reference period holds already."""
    first, last = scenario.inflow.reference_period
    middle = np.array([0.5 * (first + last + 1)], dtype=np.float64)
    rain = projected_change("precipitation", projection.scenario, middle, wet)
    demand = projected_change("potential_evaporation", projection.scenario, middle, dry)
    held: FloatArray = (
        projection.precipitation_elasticity * rain + projection.evaporation_elasticity * demand
    )
    return held
