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

#: First year of the reservoir: before it, the gauges on either side see the reach as a whole.
_FIRST_YEAR = 1970

__all__ = [
    "eastern_rivers",
    "ili_at_gauge",
    "irrigation_shape",
    "kapshagay_irrigation",
    "kapshagay_lateral",
    "kapshagay_tributaries",
    "kapshagay_unclosed",
    "kazakh_cropland",
    "scenario_axis",
]


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


def irrigation_shape(parameters: ParameterSet) -> FloatArray:
    r"""Relative demand of irrigation by month, a half wave about its peak.

    :math:`\max(0, \cos(\pi (m - p)/l))` with the peak p and the season of l months, scaled to a
    mean of one.

    Parameters
    ----------
    parameters : ParameterSet
        For ``irrigation_peak_month`` and ``irrigation_season``.

    Returns
    -------
    array (12,)
        Relative rates, mean one.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> shape = irrigation_shape(load_parameters("balkhash"))
    >>> [int(m) + 1 for m in np.flatnonzero(shape)]
    [4, 5, 6, 7, 8, 9]
    """
    m = np.arange(1, 13)
    away = (m - parameters["irrigation_peak_month"].si) / parameters["irrigation_season"].si
    wave = np.where(np.abs(away) < 0.5, np.cos(np.pi * away), 0.0)
    shape: FloatArray = 12.0 * wave / wave.sum()
    return shape


def kazakh_cropland(years: npt.ArrayLike) -> FloatArray:
    """Cropland of the Kazakh part of the basin, interpolated between three dated areas.

    Parameters
    ----------
    years : array_like (n,)
        Years; before the first and after the last dated area that area holds. "1970s" is 1975.

    Returns
    -------
    array (n,)
        Area, m2, rain-fed fields included (Liu 2021).

    Examples
    --------
    Half-way between 9900 km2 in 2005 and 12 300 in 2015:

    >>> kazakh_cropland([1970, 2010, 2020]) / 1e6
    array([14400., 11100., 12300.])
    """
    from balkhash_model import reference

    table = reference.load("withdrawals")
    rows = np.flatnonzero(table["item"].values == "cropland, Kazakh part")
    dated = [int(str(table["period"].values[i])[:4]) for i in rows]
    middle = [
        year + 5 if str(table["period"].values[i]).endswith("s") else year
        for i, year in zip(rows, dated, strict=True)
    ]
    area: FloatArray = np.interp(np.asarray(years), middle, table["value"].values[rows]) * 1e6
    return area


def kapshagay_tributaries(axis: TimeAxis, parameters: ParameterSet) -> FloatArray:
    """Rivers other than the Ili that enter Kapshagay, before irrigation takes from them.

    Parameters
    ----------
    axis : TimeAxis
        The intervals.
    parameters : ParameterSet
        For ``kapshagay_chilik`` and ``kapshagay_other_tributaries``.

    Returns
    -------
    array (n,)
        Flow, m3/s, with the monthly shape of the eastern rivers, which the same snow and ice feed;
        zero before 1970, when the gauges see the whole reach.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> axis = TimeAxis.monthly("2000-01-01", "2001-01-01")
    >>> flow = kapshagay_tributaries(axis, load_parameters("balkhash"))
    >>> round(float((flow * axis.durations).sum()) / 1e9, 3)  # 1.016 + 1.091
    2.107
    """
    p = parameters
    years = _years(axis)
    total = (p["kapshagay_chilik"].si + p["kapshagay_other_tributaries"].si) * MEAN_YEAR
    shape = cosine_shape(p["eastern_seasonal_amplitude"].si, p["eastern_peak_month"].si)
    amounts = np.where(years >= _FIRST_YEAR, total, 0.0)
    return annual_amounts_to_rates(axis, amounts, int(years[0]), shape)


def kapshagay_irrigation(axis: TimeAxis, parameters: ParameterSet) -> FloatArray:
    """Water that irrigation takes between the gauge at km 171 and the dam.

    Parameters
    ----------
    axis : TimeAxis
        The intervals.
    parameters : ParameterSet
        For ``irrigation_depth`` and the season.

    Returns
    -------
    array (n,)
        Flow, m3/s, positive: :func:`kazakh_cropland` times the depth; zero before 1970.

    Examples
    --------
    12 300 km2 of cropland in 2020 and a depth of 0.1 m:

    >>> from balkhash_model.library import load_parameters
    >>> axis = TimeAxis.monthly("2020-01-01", "2021-01-01")
    >>> taken = kapshagay_irrigation(axis, load_parameters("balkhash", {"irrigation_depth": 0.1}))
    >>> round(float((taken * axis.durations).sum()) / 1e9, 9)
    1.23
    """
    years = _years(axis)
    amounts = kazakh_cropland(years) * parameters["irrigation_depth"].si * MEAN_YEAR
    amounts = np.where(years >= _FIRST_YEAR, amounts, 0.0)
    return annual_amounts_to_rates(axis, amounts, int(years[0]), irrigation_shape(parameters))


def kapshagay_unclosed(axis: TimeAxis, parameters: ParameterSet) -> FloatArray:
    """What the printed loss of each period leaves unexplained, as a flow into Kapshagay.

    Parameters
    ----------
    axis : TimeAxis
        The intervals.
    parameters : ParameterSet
        With one value for each period, ``kapshagay_unclosed_FIRST_LAST``.

    Returns
    -------
    array (n,)
        Flow, m3/s; zero outside the periods.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> axis = TimeAxis.monthly("1961-01-01", "1962-01-01")
    >>> float(kapshagay_unclosed(axis, load_parameters("balkhash"))[0])
    0.0
    """
    prefix = "kapshagay_unclosed_"
    names = [n for n in parameters if n.startswith(prefix)]
    bounds = [[int(t) for t in n.removeprefix(prefix).split("_")] for n in names]
    years = _years(axis)
    values = [parameters[n].si * MEAN_YEAR for n in names]
    amounts = by_period(years, [b[0] for b in bounds], [b[1] for b in bounds], values)
    return annual_amounts_to_rates(axis, np.nan_to_num(amounts), int(years[0]), np.ones(12))


def kapshagay_lateral(
    axis: TimeAxis, parameters: ParameterSet, *, closed: bool = True
) -> FloatArray:
    """Lateral inflow of Kapshagay: tributaries less irrigation.

    Parameters
    ----------
    axis : TimeAxis
        The intervals.
    parameters : ParameterSet
        For both terms, and for what they leave unexplained.
    closed : bool, default True
        Add :func:`kapshagay_unclosed`, so that releases as gauged leave the volume that altimetry
        shows. A release by rule does without it.

    Returns
    -------
    array (n,)
        Flow, m3/s, negative where irrigation takes more than the tributaries bring.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> axis = TimeAxis.monthly("1980-01-01", "1981-01-01")
    >>> for closed in (False, True):
    ...     flow = kapshagay_lateral(axis, load_parameters("balkhash"), closed=closed)
    ...     print(round(float((flow * axis.durations).sum()) / 1e9, 2))
    -0.25
    -0.47
    """
    lateral = kapshagay_tributaries(axis, parameters) - kapshagay_irrigation(axis, parameters)
    return lateral + kapshagay_unclosed(axis, parameters) if closed else lateral


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
