"""River inflow of an outlook: constant, climatology, series or drawn, given at a named place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem
from balkhash_model.forcing import generators
from balkhash_model.forcing.calendar import by_period, cosine_shape, months_of
from balkhash_model.forcing.inflow import MEAN_YEAR
from balkhash_model.forcing.membership import Members
from balkhash_model.forcing.series import (
    axis_years,
    by_year,
    months_to_axis,
    read_flow_series,
)
from balkhash_model.timeaxis import TimeAxis, seconds_in_year

if TYPE_CHECKING:
    from balkhash_model.scenario.schema import Scenario
    from balkhash_model.system import LakeSystem, ParameterSet

FloatArray = npt.NDArray[np.float64]

__all__ = ["Record", "eastern_mean", "given_inflow", "period_mean", "reach_gain"]

_GAUGES = {"km171": "km171", "dam": "kapshagay_outflow", "ushzharma": "ushzharma"}


@dataclass(frozen=True, eq=False)
class Record:
    """Monthly flows of whole years, from which inflow is drawn.

    Attributes
    ----------
    years : array of int (n,)
        The years.
    flow : array (n, 12)
        Monthly means, m3/s.
    what : str
        What the record is.
    """

    years: npt.NDArray[np.int64]
    flow: FloatArray
    what: str

    def cut(self, first: int, last: int) -> Record:
        """Give some years of the record.

        Parameters
        ----------
        first, last : int
            First and last year.

        Returns
        -------
        Record
            Those years.

        Raises
        ------
        InputError
            Where the record does not hold them all.
        """
        inside = (self.years >= first) & (self.years <= last)
        if int(inside.sum()) != last - first + 1 or inside.sum() < 3:
            raise InputError(
                Problem(
                    "inflow.generator.years",
                    f"not three or more years of {self.what}",
                    f"{first} to {last}",
                    f"within {self.years[0]} to {self.years[-1]}",
                )
            )
        return Record(self.years[inside], self.flow[inside], self.what)


def period_mean(place: str, years: tuple[int, int]) -> float:
    """Published mean flow of the Ili at a gauge over some years.

    Parameters
    ----------
    place : str
        ``km171``, ``dam`` or ``ushzharma``.
    years : tuple of int
        First and last year.

    Returns
    -------
    float
        Mean, m3 per year.

    Raises
    ------
    InputError
        Where the table does not cover the years.

    Examples
    --------
    >>> period_mean("ushzharma", (2006, 2020)) / 1e9
    12.86
    """
    from balkhash_model import reference

    table = reference.load("ili_flux_by_period")
    rows = (table["row_kind"].values == "period") & (table["gauge"].values == _GAUGES[place])
    columns = [table[c].values[rows] for c in ("period_start", "period_end", "flow_km3_per_yr")]
    values = by_period(np.arange(years[0], years[1] + 1), *columns)
    if not np.isfinite(values).all():
        raise InputError(
            Problem(
                "inflow.reference_period",
                "no published mean for these years",
                f"{years[0]} to {years[1]}",
                "within 1960 to 2020",
            )
        )
    if (values == values[0]).all():
        return float(values[0]) * 1e9
    return float(values.mean()) * 1e9


def reach_gain(start: str, years: tuple[int, int]) -> float:
    """Published gain of the Ili between a place and the delta head over some years.

    Parameters
    ----------
    start : str
        ``km171`` or ``dam``.
    years : tuple of int
        First and last year.

    Returns
    -------
    float
        Gain, m3 per year; negative for a loss.

    Examples
    --------
    >>> round(reach_gain("dam", (2006, 2020)) / 1e9, 2)
    -0.32
    """
    return period_mean("ushzharma", years) - period_mean(start, years)


def eastern_mean(scenario: Scenario, parameters: ParameterSet, year: int) -> float:
    """Flow of the eastern rivers in a year, before any change.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    parameters : ParameterSet
        For the default and the dry phase.
    year : int
        The calendar year.

    Returns
    -------
    float
        Volume, m3.
    """
    text = scenario.inflow.eastern
    if text is None:
        volume = parameters["eastern_inflow"].si * MEAN_YEAR
    else:
        volume = float(by_year(text, np.array([year]), "inflow.eastern")[0])
    dry = scenario.inflow.eastern_dry_phase
    if dry is not None and dry[0] <= year <= dry[1]:
        volume *= parameters["eastern_dry_factor"].si
    return volume


def _shapes(parameters: ParameterSet) -> tuple[FloatArray, FloatArray]:
    p = parameters
    return (
        cosine_shape(p["ili_seasonal_amplitude"].si, p["ili_peak_month"].si),
        cosine_shape(p["eastern_seasonal_amplitude"].si, p["eastern_peak_month"].si),
    )


def _month_rates(volume: FloatArray, shape: FloatArray, years: npt.NDArray[np.int64]) -> FloatArray:
    """Rates by month ``(years, 12)`` whose volumes add up to those of the years."""
    seconds = months_of(int(years[0]), int(years[-1])).durations.reshape(-1, 12)
    weights = shape * seconds
    rates: FloatArray = volume[:, None] * shape / weights.sum(axis=1, keepdims=True)
    return rates


def eastern_rates(
    scenario: Scenario, parameters: ParameterSet, years: npt.NDArray[np.int64]
) -> FloatArray:
    """Flow of the eastern rivers by month, before any change of climate or use.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    parameters : ParameterSet
        The parameters.
    years : array of int (years,)
        The years.

    Returns
    -------
    array (years, 12)
        Rates, m3/s.
    """
    volumes = np.array([eastern_mean(scenario, parameters, int(y)) for y in years])
    return _month_rates(volumes, _shapes(parameters)[1], years)


def given_inflow(
    scenario: Scenario,
    system: LakeSystem,
    axis: TimeAxis,
    reconstruction: Record | None = None,
    chosen: Members | None = None,
) -> FloatArray:
    """Flow at the place where the scenario gives it, before changes of climate and use.

    Parameters
    ----------
    scenario : Scenario
        A scenario whose inflow is not the published history.
    system : LakeSystem
        For the parameters.
    axis : TimeAxis
        n intervals.
    reconstruction : Record, optional
        Total river inflow that the levels imply, where the scenario draws from it.
    chosen : Members, optional
        The members to draw; all where not given.

    Returns
    -------
    array (n,) or (members, n)
        Flow, m3/s.

    Raises
    ------
    InputError
        Where a record or a file does not hold what is needed.

    Examples
    --------
    >>> from balkhash_model.library import load_system
    >>> from balkhash_model.scenario import load_scenario
    >>> scenario = load_scenario("ecological_release")
    >>> axis = TimeAxis.monthly("2025-01-01", "2026-01-01")
    >>> flow = given_inflow(scenario, load_system("balkhash"), axis)
    >>> round(float((flow * axis.durations).sum()) / 1e9, 6)
    12.0
    """
    inflow = scenario.inflow
    years = axis_years(axis)
    mean = by_year(inflow.mean, years, "inflow.mean") if inflow.mean is not None else None
    if inflow.kind == "constant":
        assert mean is not None
        seconds = np.array([seconds_in_year(int(y)) for y in years])
        rates = np.repeat((mean / seconds)[:, None], 12, axis=1)
    elif inflow.kind == "climatology":
        rates = _climatology(scenario, system, years, mean)
    elif inflow.kind == "series":
        rates = _series(scenario, years)
    else:
        rates = _drawn(scenario, system, years, mean, reconstruction, chosen)
    if inflow.decline is not None:
        rates = rates * _decline(scenario, years)[:, None]
    return months_to_axis(axis, rates)


def _climatology(
    scenario: Scenario, system: LakeSystem, years: npt.NDArray[np.int64], mean: FloatArray | None
) -> FloatArray:
    p = system.parameters
    place = scenario.inflow.at
    if mean is None:
        if place not in _GAUGES:
            raise InputError(
                Problem("inflow.mean", "is needed", f"at {place!r}", "a flow, as '14.0 km3/yr'")
            )
        mean = np.full(years.size, period_mean(place, scenario.inflow.reference_period))
    ili, east = _shapes(p)
    if place != "lake":
        return _month_rates(mean, ili, years)
    own = np.minimum([eastern_mean(scenario, p, int(y)) for y in years], mean)
    return _month_rates(mean - own, ili, years) + _month_rates(own, east, years)


def _series(scenario: Scenario, years: npt.NDArray[np.int64]) -> FloatArray:
    found, flow = read_flow_series(_file(scenario))
    if found[0] > years[0] or found[-1] < years[-1]:
        raise InputError(
            Problem(
                f"inflow.file {scenario.inflow.file!r}",
                "does not cover the period",
                f"{found[0]} to {found[-1]}",
                f"{years[0]} to {years[-1]}",
            )
        )
    part: FloatArray = flow[int(years[0] - found[0]) : int(years[-1] - found[0]) + 1]
    return part


def _file(scenario: Scenario) -> str:
    assert scenario.inflow.file is not None
    return str(scenario.folder("inflow", "file") / scenario.inflow.file)


def record_of(
    scenario: Scenario, system: LakeSystem, reconstruction: Record | None = None
) -> Record:
    """The record that a scenario draws its inflow from, cut to its years.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    system : LakeSystem
        For the parameters.
    reconstruction : Record, optional
        Total river inflow that the levels imply.

    Returns
    -------
    Record
        Monthly flows.

    Raises
    ------
    InputError
        Where the record does not hold the years.
    """
    generator = scenario.inflow.generator
    if generator.source == "reconstruction":
        if reconstruction is None:
            raise InputError(Problem("inflow.generator.source", "no reconstruction was made"))
        record = reconstruction
    elif generator.source == "file":
        years, flow = read_flow_series(_file(scenario))
        record = Record(years, flow, "the file")
    else:
        place = scenario.inflow.at
        if place not in _GAUGES:
            raise InputError(
                Problem(
                    "inflow.generator.source",
                    "history is published at gauges alone",
                    place,
                    ", ".join(_GAUGES),
                )
            )
        years = np.arange(1960, 2021)
        volumes = np.array([period_mean(place, (int(y), int(y))) for y in years])
        record = Record(
            years, _month_rates(volumes, _shapes(system.parameters)[0], years), "the gauge means"
        )
    return record.cut(*generator.years)


def _drawn(
    scenario: Scenario,
    system: LakeSystem,
    years: npt.NDArray[np.int64],
    mean: FloatArray | None,
    reconstruction: Record | None,
    chosen: Members | None,
) -> FloatArray:
    record = record_of(scenario, system, reconstruction)
    seconds = months_of(int(record.years[0]), int(record.years[-1])).durations.reshape(-1, 12)
    # the record as volumes per mean year, so that its mean is a mean of volumes
    volume = float((record.flow * seconds).sum()) / record.years.size
    members = scenario.ensemble.members
    if chosen is not None and chosen.drawn is not None:
        drawn = chosen.drawn
    else:
        numbers = np.arange(members or 1) if chosen is None else chosen.numbers
        draw, seed = _drawer(scenario, record, years.size), scenario.ensemble.seed
        drawn = np.stack([draw(generators.generator_of(seed, "inflow", int(k))) for k in numbers])
    if mean is not None:
        drawn = drawn * (mean / volume)[:, None]
    return drawn if members is not None or chosen is not None else drawn[0]


def _drawer(
    scenario: Scenario, record: Record, n: int
) -> Callable[[np.random.Generator], FloatArray]:
    """What draws the monthly flows of one member ``(n, 12)``."""
    inflow, generator = scenario.inflow, scenario.inflow.generator
    if inflow.kind == "lognormal_ar1":
        return _lognormal(scenario, record, n)
    if inflow.kind == "thomas_fiering":
        return lambda rng: generators.thomas_fiering(record.flow, n, rng)
    if inflow.kind == "knn":
        return lambda rng: generators.k_nearest_neighbours(
            record.flow, n, rng, generator.neighbours
        )
    return lambda rng: generators.block_bootstrap(record.flow, n, rng, generator.block)


def _lognormal(
    scenario: Scenario, record: Record, n: int
) -> Callable[[np.random.Generator], FloatArray]:
    """Annual values by the autoregression, shaped as the mean year of the record."""
    from balkhash_model import units

    generator = scenario.inflow.generator
    annual = record.flow.mean(axis=1)
    mean = float(annual.mean())
    variation = (
        float(annual.std(ddof=1)) / mean
        if generator.variation is None
        else units.parse(generator.variation, "fraction", "inflow.generator.variation")
    )
    correlation = (
        generators.lag1(annual)
        if generator.lag1 is None
        else units.parse(generator.lag1, "fraction", "inflow.generator.lag1")
    )
    shape = record.flow.mean(axis=0) / mean

    def draw(rng: np.random.Generator) -> FloatArray:
        values = generators.lognormal_ar1(mean, variation, correlation, n, rng)
        monthly: FloatArray = values[:, None] * shape[None, :]
        return monthly

    return draw


def _decline(scenario: Scenario, years: npt.NDArray[np.int64]) -> FloatArray:
    """Inflow of each year of the Aral table over that of its reference years."""
    from balkhash_model import reference

    inflow = scenario.inflow
    table = reference.load(str(inflow.decline))
    total = (table["amu_darya_km3_per_yr"] + table["syr_darya_km3_per_yr"]).values
    at = table["year"].values
    first, last = inflow.decline_reference
    inside = (at >= first) & (at <= last)
    start = int(inflow.decline_from or at[0])
    if not inside.any() or not at[0] <= start <= at[-1]:
        raise InputError(
            Problem(
                "inflow.decline_from",
                "outside the table",
                f"{start}, reference {first} to {last}",
                f"{at[0]} to {at[-1]}",
            )
        )
    # after the last year of the table the mean of its last decade holds
    tail = total[-10:].mean()
    wanted = start + (years - years[0])
    found = np.interp(wanted, at, total)
    values: FloatArray = np.where(wanted > at[-1], tail, found) / total[inside].mean()
    return values
