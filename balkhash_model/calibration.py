"""Fit uncertain parameters of a free run to observed levels, within published ranges.

Generalised least squares: the levels of a year differ from the model by an error of their own, by a
structural error of the model that is correlated from year to year (AR(1)), and, for altimetry, by
the common error of its tie to the Baltic system. Priors enter as observations of the parameters.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from balkhash_model import yamlio
from balkhash_model.diagnostics.skill import annual_means, skill_scores
from balkhash_model.errors import InputError, Problem
from balkhash_model.library import load_system
from balkhash_model.reference.levels import ALL_ANNUAL, ANCHORS, ANNUAL, balkhash_levels
from balkhash_model.runs import build
from balkhash_model.scenario import load_scenario
from balkhash_model.simulation import simulate
from balkhash_model.system import ParameterSet

FloatArray = npt.NDArray[np.float64]

__all__ = ["Calibration", "calibrate"]

_KM3 = 1e9
#: Years whose annual means bound the periods of the flow table.
_BOUNDS = (1961, 1970, 1987, 1995, 2005, 2014)


@dataclass(frozen=True, eq=False)
class Calibration:
    """A fit and everything that is needed to judge it.

    Attributes
    ----------
    scenario : str
        What was fitted.
    table : pandas.DataFrame
        For each parameter: unit, prior, fitted value, standard error and range.
    correlation : pandas.DataFrame
        Correlation of the estimates.
    covariance : pandas.DataFrame
        Covariance of the estimates, in the parameters' own units.
    levels : pandas.DataFrame
        Simulated and observed annual levels.
    periods : pandas.DataFrame
        What the inflow of each period lacks for the observed change of level.
    scores : dict
        RMSE and others over all annual levels.
    notes : list of str
        What a reader must know.
    """

    scenario: str
    parameter_set: str
    table: pd.DataFrame
    correlation: pd.DataFrame
    covariance: pd.DataFrame
    levels: pd.DataFrame
    periods: pd.DataFrame
    scores: dict[str, float]
    notes: list[str]

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted values as a parameter set of its own.

        Parameters
        ----------
        path : path-like
            A new YAML file; its name becomes the name of the set.

        Raises
        ------
        InputError
            Where the file exists already.
        """
        from balkhash_model.library import load_parameters

        target = Path(path)
        if target.exists():
            raise InputError(Problem(str(target), "exists already", hint="Choose another name"))
        base = load_parameters(self.parameter_set)
        parameters = {}
        for name, row in self.table.iterrows():
            p = base[str(name)]
            parameters[str(name)] = {
                "kind": p.kind,
                "value": float(f"{row['fitted']:.5g}"),
                "unit": p.unit,
                "range": [p.lower, p.upper],
                "prior": p.prior,
                "status": "fitted",
                "source": list(p.source),
                "note": f"balkhash calibrate {self.scenario}; standard error "
                f"{row['std error']:.2g} {p.unit}",
            }
        data = {
            "set": target.stem,
            "title": f"fitted to {self.scenario}",
            "extends": self.parameter_set,
            "parameters": parameters,
        }
        aside = target.with_name(f".{target.name}.part")
        aside.write_text(yamlio.dumps(data), encoding="utf-8")
        os.replace(aside, target)


@dataclass(frozen=True, eq=False)
class _Target:
    years: FloatArray
    level: FloatArray
    own_error: FloatArray
    tied: npt.NDArray[np.bool_]
    datum_error: float

    def covariance(self, model_error: float, lag1: float) -> FloatArray:
        """Covariance of simulated minus observed annual levels."""
        apart = np.abs(self.years[:, None] - self.years[None, :])
        total = model_error**2 * lag1**apart + np.diag(self.own_error**2)
        common: FloatArray = total + self.datum_error**2 * np.outer(self.tied, self.tied)
        return common


def _levels_to(last_year: int | None) -> pd.DataFrame:
    """Observed levels, up to the end of a year."""
    observed = balkhash_levels()
    years = pd.DatetimeIndex(observed["time"]).year
    return observed if last_year is None else observed[years <= last_year]


def _target(last_year: int | None) -> _Target:
    observed = _levels_to(last_year)
    both = observed[observed["series"].isin([ANCHORS, ANNUAL])]
    tied = (both["series"] == ANNUAL).to_numpy()
    error = both["uncertainty"].to_numpy(dtype=float)
    return _Target(
        years=pd.DatetimeIndex(both["time"]).year.to_numpy(dtype=float),
        level=both["level"].to_numpy(dtype=float),
        own_error=np.where(tied, 0.02, error),
        tied=tied,
        datum_error=float(error[tied][0]),
    )


class _Model:
    """Annual levels as a function of the fitted parameters."""

    def __init__(self, scenario: str, names: Sequence[str] | None) -> None:
        self.record = load_scenario(scenario)
        if self.record.inflow.reconstruct_from is not None:
            raise InputError(
                Problem(
                    f"scenario {self.record.meta.name!r}",
                    "sees the observed levels itself",
                    "inflow.reconstruct_from is set",
                    "a free run, such as hindcast_free",
                )
            )
        self.base = build(self.record).system.parameters
        fitted = [n for n, p in self.base.items() if p.status == "fitted"]
        self.names = list(names) if names is not None else fitted
        if not self.names:
            raise InputError(
                Problem(
                    f"parameter set {self.base.name!r}",
                    "has nothing to fit",
                    expected="parameters of status 'fitted'",
                )
            )
        for name in self.names:
            self.base[name]

    def parameters(self, values: FloatArray) -> ParameterSet:
        from dataclasses import replace

        from balkhash_model import units

        changed = dict(self.base)
        for name, value in zip(self.names, values, strict=True):
            p = self.base[name]
            changed[name] = replace(
                p, value=float(value), si=units.convert(float(value), p.unit, p.kind, name)
            )
        return ParameterSet(self.base.name, self.base.title, changed)

    def result(self, values: FloatArray) -> xr.Dataset:
        system = load_system(self.record.system, parameters=self.parameters(values))
        case = build(self.record, system)
        return simulate(case.system, case.forcing, initial=case.levels)

    def annual(self, values: FloatArray) -> pd.Series:
        return annual_means(self.result(values))


def calibrate(
    scenario: str = "hindcast_free",
    parameters: Sequence[str] | None = None,
    *,
    last_year: int | None = None,
) -> Calibration:
    r"""Fit the uncertain parameters of a free run to the observed annual levels.

    Minimises :math:`(h - o)^T C^{-1} (h - o) + \sum_i ((p_i - m_i)/s_i)^2` with simulated and
    observed annual levels h and o, their error covariance C and normal priors. The structural error
    of the model and its correlation from year to year are estimated from the residuals and the fit
    is repeated until they settle.

    Parameters
    ----------
    scenario : str, default "hindcast_free"
        A scenario that does not see the levels.
    parameters : sequence of str, optional
        Names of the parameters to fit; by default those of status ``fitted``.
    last_year : int, optional
        Last year whose observed levels are used, from 1996 on; by default all are.

    Returns
    -------
    Calibration
        Estimates, standard errors, correlations, residuals.

    Raises
    ------
    InputError
        Where the scenario sees the levels, a parameter is unknown, or `last_year` leaves too few
        levels to fit.

    Examples
    --------
    >>> found = calibrate("hindcast_free")
    >>> bool(found.scores["rmse"] < 0.35)
    True
    """
    from scipy.linalg import solve_triangular
    from scipy.optimize import least_squares

    if last_year is not None and last_year < 1996:
        raise InputError(
            Problem("last_year", "leaves too few levels", str(last_year), "1996 or later")
        )
    model, target = _Model(scenario, parameters), _target(last_year)
    low = np.array([model.base[n].lower for n in model.names])
    high = np.array([model.base[n].upper for n in model.names])
    priors = [model.base[n].normal_prior for n in model.names]
    guess = np.array(
        [p[0] if p else model.base[n].value for n, p in zip(model.names, priors, strict=True)]
    )
    years = target.years.astype(int)
    model_error, lag1 = 0.2, 0.8
    for _ in range(3):
        root: FloatArray = np.linalg.cholesky(target.covariance(model_error, lag1)).astype(float)

        def misfit(values: FloatArray, root: FloatArray = root) -> FloatArray:
            difference = model.annual(values).loc[years].to_numpy() - target.level
            white = solve_triangular(root, difference, lower=True)
            prior = [(v - p[0]) / p[1] for v, p in zip(values, priors, strict=True) if p]
            joined: FloatArray = np.concatenate((white, prior))
            return joined

        fit = least_squares(
            misfit,
            guess,
            bounds=(low, high),
            x_scale=0.1 * (high - low),
            diff_step=1e-3,
            xtol=1e-6,
            ftol=1e-8,
        )
        guess = fit.x
        difference = model.annual(guess).loc[years].to_numpy() - target.level
        model_error, lag1 = _structure(difference[target.tied], difference)
    covariance = np.linalg.inv(fit.jac.T @ fit.jac)
    return _summary(scenario, model, target, fit.x, covariance, (model_error, lag1), last_year)


def _structure(consecutive: FloatArray, difference: FloatArray) -> tuple[float, float]:
    """Size and lag-1 correlation of the model's structural error, from residuals."""
    size = float(np.sqrt((difference**2).mean()))
    centred = consecutive - consecutive.mean()
    lag1 = float((centred[1:] * centred[:-1]).sum() / (centred**2).sum())
    return max(size, 0.05), float(np.clip(lag1, 0.0, 0.95))


def _summary(
    scenario: str,
    model: _Model,
    target: _Target,
    values: FloatArray,
    covariance: FloatArray,
    structure: tuple[float, float],
    last_year: int | None,
) -> Calibration:
    names = model.names
    error = np.sqrt(np.diag(covariance))
    rows = {}
    on_bound = []
    for name, value, sd in zip(names, values, error, strict=True):
        p = model.base[name]
        rows[name] = {
            "unit": p.unit,
            "prior": p.prior,
            "fitted": float(value),
            "std error": float(sd),
            "lowest": p.lower,
            "highest": p.upper,
        }
        if min(value - p.lower, p.upper - value) < 1e-3 * (p.upper - p.lower):
            on_bound.append(name)
    correlation = pd.DataFrame(covariance / np.outer(error, error), names, names)
    result = model.result(values)
    annual = annual_means(result)
    years = target.years.astype(int)
    simulated = annual.loc[years].to_numpy()
    levels = pd.DataFrame(
        {"simulated": simulated, "observed": target.level, "difference": simulated - target.level},
        index=[
            f"{y} {'altimetry' if t else 'dated'}" for y, t in zip(years, target.tied, strict=True)
        ],
    )
    scores = skill_scores(simulated, target.level)
    low_year = int(annual.idxmin())
    notes = [
        f"RMSE of annual levels {scores['rmse']:.3f} m over {int(scores['n'])} values; "
        f"lowest year {low_year} at {annual.min():.2f} m; fall 1970 to 1987 "
        f"{annual.loc[1970] - annual.loc[1987]:.2f} m",
        f"structural error of the model {structure[0]:.2f} m, correlation from year to year "
        f"{structure[1]:.2f}: {target.tied.sum()} altimetry years count as about "
        f"{target.tied.sum() * (1 - structure[1]) / (1 + structure[1]):.1f}",
        "levels do not separate evaporation, groundwater, delta loss and eastern inflow: see the "
        "correlations and the standard errors, which stay near the priors",
        "no parameter lies on a bound" if not on_bound else f"ON A BOUND: {', '.join(on_bound)}",
    ]
    return Calibration(
        scenario,
        model.base.name,
        pd.DataFrame.from_dict(rows, orient="index"),
        correlation,
        pd.DataFrame(covariance, names, names),
        levels,
        _period_residuals(model, values, result, annual, last_year),
        scores,
        notes,
    )


def _period_residuals(
    model: _Model, values: FloatArray, result: xr.Dataset, annual: pd.Series, last_year: int | None
) -> pd.DataFrame:
    """Inflow that each period lacks for the observed change, and the delta loss that would do."""
    observed = _levels_to(last_year)
    observed = observed[observed["series"] == ALL_ANNUAL]
    bounds = [y for y in _BOUNDS if last_year is None or y <= last_year]
    year = pd.DatetimeIndex(observed["time"]).year
    weight = 1.0 / observed["uncertainty"].to_numpy(dtype=float) ** 2
    level = observed["level"].to_numpy(dtype=float)
    mean = {y: float(np.average(level[year == y], weights=weight[year == y])) for y in bounds}
    loss = float(model.parameters(values)["delta_loss"].value)
    area = result["lake_area"].groupby("time.year").mean().to_series()
    rows = {}
    for first, last in pairwise(bounds):
        rise = mean[last] - mean[first]
        ours = float(annual.loc[last] - annual.loc[first])
        middle = float(area.loc[first:last].mean())
        lacking = (rise - ours) * middle / _KM3 / (last - first)
        rows[f"{first}-{last}"] = {
            "observed change (m)": rise,
            "simulated change (m)": ours,
            "inflow lacking": lacking,
            "delta loss that would do": loss - lacking,
        }
    return pd.DataFrame.from_dict(rows, orient="index")
