"""What the Ili loses in Kapshagay: as printed, term by term, and what it would carry without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem
from balkhash_model.forcing.calendar import annual_amounts_to_rates, by_period, cosine_shape
from balkhash_model.forcing.climate import reservoir_depths
from balkhash_model.forcing.inflow import (
    MEAN_YEAR,
    _years,
    kapshagay_irrigation,
    kapshagay_tributaries,
    kazakh_cropland,
)
from balkhash_model.forcing.operation import target_volume
from balkhash_model.timeaxis import TimeAxis

if TYPE_CHECKING:
    from balkhash_model.system import LakeSystem, ParameterSet

FloatArray = npt.NDArray[np.float64]
_KM3 = 1e9

__all__ = [
    "LateralFit",
    "PeriodBalance",
    "fit_lateral",
    "given_back",
    "period_balance",
    "published_losses",
]


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


def given_back(
    axis: TimeAxis, parameters: ParameterSet, reference: tuple[int, int] = (1960, 1969)
) -> FloatArray:
    r"""What the Ili would carry more at the dam had Kapshagay not been built.

    :math:`\Delta Q = (Q_{171} - Q_{dam}) - \overline{(Q_{171} - Q_{dam})}_{ref}`, the printed loss
    between the gauge at km 171 and the dam less its mean over the reference years.

    Parameters
    ----------
    axis : TimeAxis
        The intervals.
    parameters : ParameterSet
        For the monthly shape of the Ili.
    reference : tuple of int, default (1960, 1969)
        First and last year of the time whose loss is that of the river alone.

    Returns
    -------
    array (n,)
        Flow, m3/s. Against 1960-1969, when the reach was a river with its own losses, it is zero
        before 1970 and slightly negative in 1986-1995, when less was lost than in the 1960s.

    Raises
    ------
    InputError
        Where the intervals or the reference years leave the periods of the table.

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
    starts, ends = (np.array(x) for x in zip(*losses, strict=True))
    printed = np.array(list(losses.values()))
    years = {"years": _years(axis), "reference": np.arange(reference[0], reference[1] + 1)}
    loss = {name: by_period(y, starts, ends, printed) for name, y in years.items()}
    problems = [
        Problem(
            "reservoirs.kapshagay.give_back",
            f"no published loss for these {'years' if name == 'years' else 'reference years'}",
            f"{missing[0]} to {missing[-1]}",
            f"{starts.min()} to {ends.max()}",
            "Shorten the period" if name == "years" else None,
        )
        for name, y in years.items()
        if (missing := y[~np.isfinite(loss[name])]).size
    ]
    if problems:
        raise InputError(problems)
    amounts = (loss["years"] - loss["reference"].mean()) * _KM3
    shape = cosine_shape(parameters["ili_seasonal_amplitude"].si, parameters["ili_peak_month"].si)
    return annual_amounts_to_rates(axis, amounts, int(years["years"][0]), shape)
