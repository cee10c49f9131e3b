"""Fit parameters of a free run of any lake to its annual levels, within their ranges and priors.

For Lake Balkhash, whose record mixes dated levels and altimetry, see :mod:`calibration`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from balkhash_model import yamlio
from balkhash_model.diagnostics.courses import annual_state
from balkhash_model.errors import InputError, Problem
from balkhash_model.library import load_parameters, set_of_system
from balkhash_model.reference.levels import observed_levels
from balkhash_model.runs import build
from balkhash_model.scenario import Scenario
from balkhash_model.simulation import simulate
from balkhash_model.system import Parameter, ParameterSet

FloatArray = npt.NDArray[np.float64]

__all__ = ["AnnualFit", "fit_annual_levels"]

_NORMAL = re.compile(r"normal\(([-+.\deE]+),\s*([-+.\deE]+)\)")


@dataclass(frozen=True, eq=False)
class AnnualFit:
    """A fit to annual levels.

    Attributes
    ----------
    scenario : str
        What was run.
    years : tuple of int
        First and last year whose levels were seen.
    parameters : ParameterSet
        The set with the fitted values.
    table : pandas.DataFrame
        For each parameter: unit, prior, fitted value, standard error and range.
    levels : pandas.DataFrame
        Simulated and observed level (m) by year, and whether the fit saw it.
    """

    scenario: str
    years: tuple[int, int]
    parameters: ParameterSet
    table: pd.DataFrame
    levels: pd.DataFrame

    def rmse(self, first: int, last: int) -> float:
        """Root mean square error of the levels of some years.

        Parameters
        ----------
        first, last : int
            First and last year.

        Returns
        -------
        float
            Error, m.
        """
        error = (self.levels["simulated"] - self.levels["observed"]).loc[first:last]
        return float(np.sqrt(np.mean(error**2)))

    def write(self, path: str | os.PathLike[str], base: str) -> None:
        """Write the fitted values as a parameter set that extends another.

        Parameters
        ----------
        path : path-like
            File to write.
        base : str
            The set that it extends.
        """
        name = Path(path).stem
        document = {
            "set": name,
            "title": f"{self.scenario} fitted to the levels of {self.years[0]}-{self.years[1]}",
            "extends": base,
            "parameters": {
                key: {
                    "kind": p.kind,
                    "value": float(f"{p.value:.5g}"),
                    "unit": p.unit,
                    "range": [p.lower, p.upper],
                    "prior": p.prior,
                    "status": "fitted",
                    "source": [*p.source],
                    "note": f"{p.note}; standard error {self.table.loc[key, 'error']:.2g}",
                }
                for key, p in ((k, self.parameters[k]) for k in self.table.index)
            },
        }
        Path(path).write_text(yamlio.dumps(document), encoding="utf-8")


def fit_annual_levels(
    scenario: str,
    free: Sequence[str],
    *,
    years: tuple[int, int],
    level_error: float = 0.3,
    overrides: Mapping[str, str] | None = None,
) -> AnnualFit:
    r"""Fit parameters of a scenario to the observed annual levels of its system.

    Bounded least squares: :math:`\sum_y ((h_y - \hat h_y)/\sigma)^2 + \sum_k ((p_k - m_k)/s_k)^2`,
    with the mean :math:`m_k` and width :math:`s_k` of those parameters whose prior is
    ``normal(m, s)``.

    Parameters
    ----------
    scenario : str
        Name of a scenario, or a path to one.
    free : sequence of str
        Parameters to fit; their ranges bound them.
    years : tuple of int
        First and last year whose levels are seen.
    level_error : float, default 0.3
        Standard error :math:`\sigma` of an annual level and of the model together, m. A level
        keeps the errors of the years before it, so that n years say less than n independent
        levels: the default is twice the scatter of the Aral run, as about four years would.
    overrides : mapping, optional
        Parameters to hold at other values.

    Returns
    -------
    AnnualFit
        Fitted set, table and levels of all years of the run.

    Raises
    ------
    InputError
        Where a parameter is unknown, or the years hold fewer levels than parameters.

    Examples
    --------
    >>> fit = fit_annual_levels("aral_hindcast", ["initial_level_1950"], years=(1950, 1955))
    >>> fit.levels["seen"].sum().item()
    6
    """
    from scipy.optimize import least_squares

    case = build(scenario)
    record = case.scenario
    choice, named = record.parameters, record.parameters.set or set_of_system(record.system)
    base = load_parameters(named, {**choice.overrides, **(overrides or {})})
    observed = observed_levels(case.system.name)
    if observed.empty:
        raise InputError(
            Problem(f"system {case.system.name!r}", "the package holds no observed levels of it")
        )
    # the first series is that of the whole lake
    observed = observed[observed["series"] == observed["series"].iloc[0]]
    levels = pd.Series(
        observed["level"].to_numpy(dtype=float), index=pd.DatetimeIndex(observed["time"]).year
    )
    levels = levels[(levels.index >= record.first_year()) & (levels.index <= record.last_year())]
    seen = (levels.index >= years[0]) & (levels.index <= years[1])
    problems = [Problem(f"free: {k}", "no such parameter") for k in free if k not in base]
    if int(seen.sum()) < len(free):
        problems.append(
            Problem("years", "fewer levels than parameters", str(int(seen.sum())), str(len(free)))
        )
    if problems:
        raise InputError(problems)
    start = np.array([base[k].value for k in free])
    low = np.array([base[k].lower for k in free])
    high = np.array([base[k].upper for k in free])
    priors = [_prior(base[k]) for k in free]

    def with_values(scaled: FloatArray) -> Scenario:
        values = low + (scaled - 1.0) * (high - low)
        chosen = dict(overrides or {})
        chosen |= {k: f"{v!r} {base[k].unit}" for k, v in zip(free, values.tolist(), strict=True)}
        choice = record.parameters.model_copy(
            update={"overrides": record.parameters.overrides | chosen}
        )
        return record.model_copy(update={"parameters": choice})

    def course(values: FloatArray) -> pd.Series:
        trial = build(with_values(values))
        result = simulate(
            trial.system,
            trial.forcing,
            initial=trial.levels,
            initial_salinity=trial.salinity,
            substeps=record.period.substeps,
        )
        return annual_state(result)["level"].reindex(levels.index)

    def residuals(values: FloatArray) -> FloatArray:
        error = (course(values) - levels).to_numpy()[seen] / level_error
        pull = [
            (low[i] + (values[i] - 1.0) * (high[i] - low[i]) - prior[0]) / prior[1]
            for i, prior in enumerate(priors)
            if prior is not None
        ]
        return np.concatenate((error, pull))

    # from 1 to 2 across each range, so that the steps of the derivatives have one size
    inside = 1.0 + np.clip((start - low) / (high - low), 1e-3, 1.0 - 1e-3)
    found = least_squares(
        residuals, inside, bounds=(1.0, 2.0), diff_step=2e-3, xtol=1e-5, ftol=1e-6
    )
    values = low + (found.x - 1.0) * (high - low)
    covariance = np.linalg.pinv(found.jac.T @ found.jac)
    fitted = load_parameters(named, with_values(found.x).parameters.overrides)
    table = pd.DataFrame(
        {
            "unit": [base[k].unit for k in free],
            "prior": [base[k].prior for k in free],
            "value": values,
            "error": np.sqrt(np.diag(covariance)) * (high - low),
            "lower": low,
            "upper": high,
        },
        index=pd.Index(free, name="parameter"),
    )
    frame = pd.DataFrame({"simulated": course(found.x), "observed": levels, "seen": seen})
    frame.index.name = "year"
    return AnnualFit(record.meta.name, years, fitted, table, frame)


def _prior(parameter: Parameter) -> tuple[float, float] | None:
    """Mean and width of a normal prior."""
    match = _NORMAL.fullmatch(parameter.prior.strip())
    return None if match is None else (float(match[1]), float(match[2]))
