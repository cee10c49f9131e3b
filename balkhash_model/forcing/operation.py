"""Operation of Kapshagay: target volume by month, release rule, seepage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem
from balkhash_model.forcing.calendar import annual_amounts_to_rates
from balkhash_model.forcing.inflow import MEAN_YEAR, _years, ili_at_gauge, irrigation_shape
from balkhash_model.timeaxis import TimeAxis

if TYPE_CHECKING:
    from balkhash_model.system import ParameterSet

FloatArray = npt.NDArray[np.float64]

__all__ = ["ReleaseRule", "release_rule", "seepage", "target_volume"]


@dataclass(frozen=True, eq=False, slots=True)
class ReleaseRule:
    """A release rule over the intervals of an axis; see :mod:`balkhash_model.physics.release`.

    Attributes
    ----------
    plan, minimum, maximum : array (n,)
        Planned release and its bounds, m3/s.
    target : array (n,)
        Target volume, m3.
    tau : float
        Time constant, s; infinite for the plan alone.
    """

    plan: FloatArray
    minimum: FloatArray
    maximum: FloatArray
    target: FloatArray
    tau: float


def _decimal_years(axis: TimeAxis) -> FloatArray:
    """Decimal year of the middle of each interval."""
    start = axis.edges[:-1].astype("datetime64[s]").astype(np.int64)
    end = axis.edges[1:].astype("datetime64[s]").astype(np.int64)
    middle = ((start + end) // 2).astype("datetime64[s]")
    year = middle.astype("datetime64[Y]")
    length = (year + 1).astype("datetime64[s]") - year.astype("datetime64[s]")
    decimal: FloatArray = 1970.0 + year.astype(float) + (middle - year) / length
    return decimal


def target_volume(axis: TimeAxis, parameters: ParameterSet) -> FloatArray:
    r"""Volume that the operator of Kapshagay aims at.

    :math:`V_t = V_0(t) + a \cos(2\pi (m - p)/12)`, not below zero, with :math:`V_0` linear between
    the targets ``kapshagay_target_YEAR`` at the turn of the year (from zero in 1970: the first
    filling) and constant beyond them.

    Parameters
    ----------
    axis : TimeAxis
        The intervals.
    parameters : ParameterSet
        For the targets, the amplitude a and its peak p.

    Returns
    -------
    array (n,)
        Volume at the middle of each interval, m3.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> p = load_parameters("balkhash", {"kapshagay_target_amplitude": 0.0})
    >>> axis = TimeAxis.irregular(["1977-12-31", "1978-01-02"])
    >>> (target_volume(axis, p) / 1e9).round(3)  # half of 14.75
    array([7.375])
    """
    prefix = "kapshagay_target_"
    knots = sorted(
        (int(n.removeprefix(prefix)), parameters[n].si)
        for n in parameters
        if n.startswith(prefix) and n.removeprefix(prefix).isdigit()
    )
    years = _decimal_years(axis)
    base = np.interp(years, [k[0] for k in knots], [k[1] for k in knots])
    month = 12.0 * (years % 1.0) + 0.5
    peak = parameters["kapshagay_target_peak_month"].si
    season = np.cos(2.0 * np.pi * (month - peak) / 12.0)
    volume: FloatArray = np.maximum(
        base + parameters["kapshagay_target_amplitude"].si * season, 0.0
    )
    return volume


def release_rule(
    axis: TimeAxis, parameters: ParameterSet, operation: Literal["rule", "gauges"] = "rule"
) -> ReleaseRule:
    """Release rule of Kapshagay.

    Parameters
    ----------
    axis : TimeAxis
        The intervals.
    parameters : ParameterSet
        For plan, bounds, targets and time constant.
    operation : {"rule", "gauges"}, default "rule"
        ``rule``: a plan for power (even) and irrigation (by month), drawn towards the target
        volume, between the ecological release and the capacity. ``gauges``: what was gauged below
        the dam, whatever the volume.

    Returns
    -------
    ReleaseRule
        The rule.

    Raises
    ------
    InputError
        Where the operation is unknown, bounds cross, or the time constant is not above zero.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> axis = TimeAxis.monthly("2007-01-01", "2008-01-01")
    >>> rule = release_rule(axis, load_parameters("balkhash"))
    >>> round(float((rule.plan * axis.durations).sum()) / 1e9, 9), rule.tau / 86400
    (13.27, 90.0)
    >>> bool((rule.plan[5] > rule.plan[0]) & (rule.minimum[0] < rule.plan[0]))
    True
    """
    p = parameters
    if operation == "gauges":
        zero = np.zeros(axis.n)
        plan = ili_at_gauge(axis, "kapshagay_outflow", p)
        return ReleaseRule(plan, zero, np.full(axis.n, np.inf), zero, np.inf)
    if operation != "rule":
        raise InputError(
            Problem("operation of kapshagay", "no such operation", operation, "rule or gauges")
        )
    low, high = p["kapshagay_minimum_release"].si, p["kapshagay_capacity"].si
    tau = p["kapshagay_rule_time"].si
    total, part = p["kapshagay_planned_release"].si, p["kapshagay_irrigation_release"].si
    problems = []
    if not 0.0 <= low <= high:
        problems.append(
            Problem(
                "release of kapshagay", "bounds cross", f"{low:g} to {high:g} m3/s", "0 or more"
            )
        )
    if not tau > 0.0:
        problems.append(Problem("kapshagay_rule_time", "not above zero", f"{tau:g} s"))
    if not 0.0 <= part <= total:
        problems.append(
            Problem(
                "kapshagay_irrigation_release",
                "not a part of the planned release",
                f"{part:g} m3/s",
                f"0 to {total:g} m3/s",
            )
        )
    if problems:
        raise InputError(problems)
    years = _years(axis)
    first = int(years[0])
    even = np.full(years.size, (total - part) * MEAN_YEAR)
    season = np.full(years.size, part * MEAN_YEAR)
    plan = annual_amounts_to_rates(axis, even, first, np.ones(12))
    plan = plan + annual_amounts_to_rates(axis, season, first, irrigation_shape(p))
    return ReleaseRule(
        plan, np.full(axis.n, low), np.full(axis.n, high), target_volume(axis, p), tau
    )


def seepage(axis: TimeAxis, parameters: ParameterSet) -> FloatArray:
    """Exchange of Kapshagay with groundwater: seepage, a loss.

    Parameters
    ----------
    axis : TimeAxis
        The intervals.
    parameters : ParameterSet
        For ``kapshagay_seepage``.

    Returns
    -------
    array (n,)
        Flow into the storage, m3/s: the seepage with a minus sign. The storage gives it while it
        holds water.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> axis = TimeAxis.monthly("2000-01-01", "2000-03-01")
    >>> seepage(axis, load_parameters("balkhash", {"kapshagay_seepage": "3 m3/s"}))
    array([-3., -3.])
    """
    return np.full(axis.n, -parameters["kapshagay_seepage"].si)
