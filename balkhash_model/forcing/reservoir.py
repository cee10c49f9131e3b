"""Operation of Kapshagay: its release rule, its published losses, and the Ili without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem
from balkhash_model.forcing.calendar import annual_amounts_to_rates, by_period, cosine_shape
from balkhash_model.forcing.climate import reservoir_depths
from balkhash_model.forcing.inflow import (
    MEAN_YEAR,
    _years,
    ili_at_gauge,
    irrigation_shape,
    kapshagay_irrigation,
    kapshagay_tributaries,
    kazakh_cropland,
)
from balkhash_model.timeaxis import TimeAxis

if TYPE_CHECKING:
    from balkhash_model.system import LakeSystem, ParameterSet

FloatArray = npt.NDArray[np.float64]
_KM3 = 1e9
_NATURAL = (1960, 1969)

__all__ = [
    "LateralFit",
    "PeriodBalance",
    "ReleaseRule",
    "fit_lateral",
    "given_back",
    "ili_without_reservoir",
    "period_balance",
    "published_losses",
    "release_rule",
    "seepage",
    "target_volume",
]


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


class PeriodBalance(NamedTuple):
    """Balance of Kapshagay in a period, km3/yr; `computed` and `published` losses of the Ili."""

    first: int
    last: int
    net_evaporation: float
    seepage: float
    storage: float
    tributaries: float
    irrigation: float
    computed: float
    published: float

    @property
    def difference(self) -> float:
        """Computed less published loss.

        Returns
        -------
        float
            Difference, km3/yr.
        """
        return self.computed - self.published


class LateralFit(NamedTuple):
    """What :func:`fit_lateral` found."""

    other_tributaries: float  # km3/yr
    irrigation_depth: float  # m/yr
    misses: dict[tuple[int, int], float]  # computed less published loss by period, km3/yr


def published_losses(
    upstream: str = "km171", downstream: str = "kapshagay_outflow"
) -> dict[tuple[int, int], float]:
    """Loss of the Ili between two gauges in each period of Wang 2022, table 2.

    Parameters
    ----------
    upstream, downstream : str
        Gauges: ``km171``, ``kapshagay_outflow`` or ``ushzharma``.

    Returns
    -------
    dict
        Upstream less downstream flow by first and last year, km3/yr; negative for a gain.

    Raises
    ------
    InputError
        Where a gauge is unknown.

    Examples
    --------
    >>> round(published_losses()[1970, 1985], 2)
    2.05
    >>> {k: round(v, 2) for k, v in published_losses("km171", "ushzharma").items()}[1960, 1969]
    -0.34
    """
    from balkhash_model import reference

    table = reference.load("ili_flux_by_period")
    period = table["row_kind"].values == "period"
    problems, flows = [], []
    for gauge in (upstream, downstream):
        rows = period & (table["gauge"].values == gauge)
        if not rows.any():
            known = sorted({str(g) for g in table["gauge"].values[period]})
            problems.append(Problem("ili_flux_by_period", "no such gauge", gauge, ", ".join(known)))
        flows.append(
            {
                (int(a), int(b)): float(q)
                for a, b, q in zip(
                    table["period_start"].values[rows],
                    table["period_end"].values[rows],
                    table["flow_km3_per_yr"].values[rows],
                    strict=True,
                )
            }
        )
    if problems:
        raise InputError(problems)
    return {key: flow - flows[1][key] for key, flow in flows[0].items()}


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


def period_balance(system: LakeSystem) -> list[PeriodBalance]:
    r"""Loss of the Ili in Kapshagay by period: evaporation to irrigation, beside the printed loss.

    The loss is :math:`\overline{A(V_0)(E-P)} + S + \Delta V_0/\Delta t - T + I` along the target
    volumes :math:`V_0`: net evaporation, seepage, storage, tributaries, irrigation. No release
    enters, and nothing that closes it.

    Parameters
    ----------
    system : LakeSystem
        For the curve of ``kapshagay`` and the parameters.

    Returns
    -------
    list of PeriodBalance
        One for each period from 1970 on.

    Examples
    --------
    >>> from balkhash_model.library import load_system
    >>> rows = period_balance(load_system("balkhash"))
    >>> bool(max(abs(r.difference) for r in rows) < 0.4)
    True
    """
    p, curve = system.parameters, system.storage("kapshagay").curve
    found = []
    for (first, last), published in published_losses().items():
        if first < 1970:
            continue
        years = last - first + 1
        axis = TimeAxis.monthly(f"{first}-01-01", f"{last + 1}-01-01")
        rain, evaporation = reservoir_depths(axis, p)
        area = curve.area_at(curve.level_at(target_volume(axis, p)))

        def mean(rate: FloatArray, axis: TimeAxis = axis, years: int = years) -> float:
            return float((rate * axis.durations).sum()) / _KM3 / years

        ends = TimeAxis.irregular(
            [f"{y}-{d}" for y in (first, last + 1) for d in ("01-01", "01-02")]
        )
        turn = target_volume(ends, p)[[0, 2]] / _KM3
        evaporated = mean(area * (evaporation - rain))
        seeped = p["kapshagay_seepage"].si * MEAN_YEAR / _KM3
        stored = float(turn[1] - turn[0]) / years
        brought = mean(kapshagay_tributaries(axis, p))
        taken = mean(kapshagay_irrigation(axis, p))
        computed = evaporated + seeped + stored - brought + taken
        found.append(
            PeriodBalance(
                first, last, evaporated, seeped, stored, brought, taken, computed, published
            )
        )
    return found


def fit_lateral(system: LakeSystem, loss_error: float = 0.4) -> LateralFit:
    """Other tributaries and irrigation depth by least squares on the printed losses.

    Parameters
    ----------
    system : LakeSystem
        For the curve of ``kapshagay``, all other terms of :func:`period_balance` and the normal
        priors of ``kapshagay_other_tributaries`` and ``irrigation_depth``.
    loss_error : float, default 0.4
        Standard error of a printed loss, km3/yr.

    Returns
    -------
    LateralFit
        Both values and what each period then misses. Evaporation is not touched.

    Raises
    ------
    InputError
        Where one of the two has no normal prior.

    Examples
    --------
    >>> from balkhash_model.library import load_system
    >>> found = fit_lateral(load_system("balkhash"))
    >>> round(found.other_tributaries, 2), round(found.irrigation_depth, 3)
    (1.09, 0.173)
    """
    p = system.parameters
    names = ("kapshagay_other_tributaries", "irrigation_depth")
    priors = [(n, p[n].normal_prior) for n in names]
    lacking = [Problem(f"parameter {n}", "has no normal prior") for n, prior in priors if not prior]
    if lacking:
        raise InputError(lacking)
    rows = period_balance(system)
    crop = np.array([kazakh_cropland(np.arange(r.first, r.last + 1)).mean() / _KM3 for r in rows])
    chilik = p["kapshagay_chilik"].si * MEAN_YEAR / _KM3
    rest = np.array(
        [r.net_evaporation + r.seepage + r.storage - chilik - r.published for r in rows]
    )
    # misses are rest - others + crop * depth
    design = np.column_stack((np.ones(len(rows)), -crop)) / loss_error
    wanted = rest / loss_error
    for i, (_, prior) in enumerate(priors):
        if prior is not None:
            design = np.vstack((design, np.eye(2)[i] / prior[1]))
            wanted = np.append(wanted, prior[0] / prior[1])
    others, depth = (float(x) for x in np.linalg.lstsq(design, wanted, rcond=None)[0])
    misses = rest - others + crop * depth
    return LateralFit(
        others,
        depth,
        {(r.first, r.last): float(m) for r, m in zip(rows, misses, strict=True)},
    )


def given_back(axis: TimeAxis, parameters: ParameterSet) -> FloatArray:
    """What the Ili would carry more at the dam had Kapshagay not been built.

    Parameters
    ----------
    axis : TimeAxis
        The intervals.
    parameters : ParameterSet
        For the monthly shape of the Ili.

    Returns
    -------
    array (n,)
        Flow, m3/s: the printed loss between km 171 and the dam, less that of 1960-1969, when the
        reach was a river with its own losses; zero before 1970. Slightly negative in 1986-1995,
        when less was lost than in the 1960s.

    Raises
    ------
    InputError
        Where the intervals leave the periods of the table.

    Examples
    --------
    2.05 less 0.66 in the years of filling:

    >>> from balkhash_model.library import load_parameters
    >>> axis = TimeAxis.monthly("1980-01-01", "1981-01-01")
    >>> flow = given_back(axis, load_parameters("balkhash"))
    >>> round(float((flow * axis.durations).sum()) / 1e9, 9)
    1.39
    """
    losses = published_losses()
    years = _years(axis)
    starts, ends = (np.array(x) for x in zip(*losses, strict=True))
    more = np.array(list(losses.values())) - losses[_NATURAL]
    amounts = by_period(years, starts, ends, more) * _KM3
    missing = years[~np.isfinite(amounts)]
    if missing.size:
        raise InputError(
            Problem(
                "operation: none",
                "no published loss for these years",
                f"{missing[0]} to {missing[-1]}",
                f"{starts.min()} to {ends.max()}",
                "Shorten the period",
            )
        )
    shape = cosine_shape(parameters["ili_seasonal_amplitude"].si, parameters["ili_peak_month"].si)
    return annual_amounts_to_rates(axis, amounts, int(years[0]), shape)


def ili_without_reservoir(axis: TimeAxis, gauge: str, parameters: ParameterSet) -> FloatArray:
    """Flow of the Ili at a gauge had Kapshagay not been built.

    Parameters
    ----------
    axis : TimeAxis
        The intervals.
    gauge : str
        ``kapshagay_outflow`` or ``ushzharma``; ``km171`` lies upstream and stays as it is.
    parameters : ParameterSet
        For the monthly shape.

    Returns
    -------
    array (n,)
        Gauged flow plus :func:`given_back`, m3/s. The climate, the losses below the dam and the
        irrigation that the reservoir brought below it stay as they were.

    Examples
    --------
    11.72 gauged and 1.39 given back is 13.77 at km 171 less the old loss of 0.66:

    >>> from balkhash_model.library import load_parameters
    >>> axis = TimeAxis.monthly("1980-01-01", "1981-01-01")
    >>> flow = ili_without_reservoir(axis, "kapshagay_outflow", load_parameters("balkhash"))
    >>> round(float((flow * axis.durations).sum()) / 1e9, 9)
    13.11
    """
    flow = ili_at_gauge(axis, gauge, parameters)
    return flow if gauge == "km171" else flow + given_back(axis, parameters)
