"""Rivers: published means by period, shaped by month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem
from balkhash_model.forcing.calendar import annual_amounts_to_rates, by_period, cosine_shape
from balkhash_model.timeaxis import TimeAxis

if TYPE_CHECKING:
    from balkhash_model.scenario.schema import Scenario
    from balkhash_model.system import ParameterSet

FloatArray = npt.NDArray[np.float64]
#: Seconds of a mean year: a parameter "per year" is the amount of each calendar year.
MEAN_YEAR = 365.2425 * 86400.0

__all__ = ["eastern_rivers", "ili_at_gauge", "kapshagay_lateral"]


def _years(axis: TimeAxis) -> npt.NDArray[np.int64]:
    first = int(axis.edges[0].astype("datetime64[Y]").astype(int)) + 1970
    last = int((axis.edges[-1] - np.timedelta64(1, "s")).astype("datetime64[Y]").astype(int)) + 1970
    return np.arange(first, last + 1)


def ili_at_gauge(axis: TimeAxis, gauge: str, parameters: ParameterSet) -> FloatArray:
    """Flow of the Ili at a gauge: Wang 2022's mean of each period, shaped by month.

    Parameters
    ----------
    axis : TimeAxis
        The intervals.
    gauge : str
        ``km171``, ``kapshagay_outflow`` or ``ushzharma``.
    parameters : ParameterSet
        For the monthly shape.

    Returns
    -------
    array (n,)
        Flow, m3/s.

    Raises
    ------
    InputError
        Where the intervals leave the periods of the table.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> axis = TimeAxis.monthly("1970-01-01", "1971-01-01")
    >>> flow = ili_at_gauge(axis, "ushzharma", load_parameters("balkhash"))
    >>> round(float((flow * axis.durations).sum()) / 1e9, 9)
    11.55
    """
    from balkhash_model import reference

    table = reference.load("ili_flux_by_period")
    rows = (table["row_kind"].values == "period") & (table["gauge"].values == gauge)
    years = _years(axis)
    starts, ends = table["period_start"].values[rows], table["period_end"].values[rows]
    amounts = by_period(years, starts, ends, table["flow_km3_per_yr"].values[rows]) * 1e9
    missing = years[~np.isfinite(amounts)]
    if missing.size:
        raise InputError(
            Problem(
                f"inflow.ili at {gauge}",
                "no published mean for these years",
                f"{missing[0]} to {missing[-1]}",
                f"{starts.min()} to {ends.max()}",
                "Shorten the period",
            )
        )
    shape = cosine_shape(parameters["ili_seasonal_amplitude"].si, parameters["ili_peak_month"].si)
    return annual_amounts_to_rates(axis, amounts, int(years[0]), shape)


def eastern_rivers(
    axis: TimeAxis, dry_phase: tuple[int, int] | None, parameters: ParameterSet
) -> FloatArray:
    """Flow of Karatal, Aksu, Lepsy and Ayaguz into the East, less in the dry phase.

    Parameters
    ----------
    axis : TimeAxis
        The intervals.
    dry_phase : tuple of int or None
        First and last year of the dry phase.
    parameters : ParameterSet
        For the mean flow, the dry factor and the monthly shape.

    Returns
    -------
    array (n,)
        Flow, m3/s.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> axis = TimeAxis.monthly("1970-01-01", "1971-01-01")
    >>> p = load_parameters("balkhash", {"eastern_inflow": "3 km3/yr"})
    >>> flow = eastern_rivers(axis, (1973, 1986), p)
    >>> round(float((flow * axis.durations).sum()) / 1e9, 9)
    3.0
    """
    years = _years(axis)
    amounts = np.full(years.size, parameters["eastern_inflow"].si * MEAN_YEAR)
    if dry_phase is not None:
        dry = (years >= dry_phase[0]) & (years <= dry_phase[1])
        amounts[dry] *= parameters["eastern_dry_factor"].si
    shape = cosine_shape(
        parameters["eastern_seasonal_amplitude"].si, parameters["eastern_peak_month"].si
    )
    return annual_amounts_to_rates(axis, amounts, int(years[0]), shape)


def kapshagay_lateral(axis: TimeAxis, parameters: ParameterSet) -> FloatArray:
    """Lateral inflow of Kapshagay less irrigation and seepage, by period.

    Parameters
    ----------
    axis : TimeAxis
        The intervals.
    parameters : ParameterSet
        With one value for each period, ``kapshagay_lateral_FIRST_LAST``.

    Returns
    -------
    array (n,)
        Flow, m3/s; zero outside the periods.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> axis = TimeAxis.monthly("1961-01-01", "1962-01-01")
    >>> float(kapshagay_lateral(axis, load_parameters("balkhash"))[0])
    0.0
    """
    prefix = "kapshagay_lateral_"
    names = [n for n in parameters if n.startswith(prefix)]
    bounds = [[int(t) for t in n.removeprefix(prefix).split("_")] for n in names]
    years = _years(axis)
    values = [parameters[n].si * MEAN_YEAR for n in names]
    amounts = by_period(years, [b[0] for b in bounds], [b[1] for b in bounds], values)
    return annual_amounts_to_rates(axis, np.nan_to_num(amounts), int(years[0]), np.ones(12))


def scenario_axis(scenario: Scenario) -> TimeAxis:
    """Time axis of a scenario.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    TimeAxis
        Monthly or daily intervals.

    Examples
    --------
    >>> from balkhash_model.scenario import load_scenario
    >>> scenario_axis(load_scenario("hindcast")).n
    648
    """
    period = scenario.period
    make = TimeAxis.monthly if period.step == "month" else TimeAxis.daily
    return make(period.start, period.end)
