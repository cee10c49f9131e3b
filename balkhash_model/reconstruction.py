"""The river inflow that observed levels imply.

The levels are inverted as a Gaussian problem. Monthly inflow is a mean with an annual and a
half-annual harmonic, all three unknown, plus an anomaly whose memory fades; observed levels carry
an unknown offset and an error that fades likewise. The error of the levels and both memories are
stated assumptions (the record was smoothed, so it cannot tell its own noise); the size of the
anomaly is estimated from the levels by restricted maximum likelihood, so the inflow is smoothed no
more than that error demands. Inflow and its uncertainty are the posterior mean and standard
deviation. It is never an observation: it also holds what the climatology of rain and evaporation
misses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from balkhash_model import quantities, reference
from balkhash_model.errors import InputError, Problem
from balkhash_model.physics.delta import head_flow_for_outflow
from balkhash_model.reference.levels import altimetry_monthly
from balkhash_model.simulation import simulate
from balkhash_model.system import LakeSystem

if TYPE_CHECKING:
    from balkhash_model.runs import Case

FloatArray = npt.NDArray[np.float64]

__all__ = ["Noise", "reconstruct_inflow", "reconstructed_forcing"]

#: Passes over the linearised problem; levels settle to well under a millimetre.
_PASSES = 3


@dataclass(frozen=True, slots=True)
class Noise:
    """What is assumed of the errors of levels and of the anomalies of inflow.

    Attributes
    ----------
    level : float
        Standard error of a monthly level, m.
    level_memory : float
        Months over which that error is alike; 0 for independent errors.
    inflow_memory : float
        Months over which an anomaly of the inflow fades.
    inflow : float, optional
        Standard deviation of the anomaly, m3 s-1; estimated from the levels where not given.
    """

    level: float = 0.05
    level_memory: float = 1.0
    inflow_memory: float = 6.0
    inflow: float | None = None

    @classmethod
    def of(cls, system: LakeSystem) -> Noise:
        """Assumptions of the parameter set of a system.

        Parameters
        ----------
        system : LakeSystem
            The lake system.

        Returns
        -------
        Noise
            The assumptions; the defaults where the set does not state them.
        """
        p = system.parameters
        names = ("altimetry_noise", "altimetry_noise_memory", "inflow_memory")
        return cls(*(p[n].si for n in names)) if set(names) <= set(p) else cls()


def reconstruct_inflow(
    system: LakeSystem,
    levels: pd.Series,
    climate: xr.Dataset,
    *,
    initial: float | dict[str, float] | xr.Dataset | None = None,
    noise: Noise | None = None,
) -> xr.Dataset:
    """Find the monthly river inflow to a lake that observed levels imply.

    Parameters
    ----------
    system : LakeSystem
        The lake system; all rivers of its lake together are what is reconstructed.
    levels : pandas.Series
        Monthly mean levels (m) by monthly period, their datum in ``levels.attrs["datum"]``; months
        may be missing or NaN, and are then bridged.
    climate : xarray.Dataset
        Monthly forcing whose rain, evaporation and groundwater are used, and whose Ili flow is
        replaced; it sets the period.
    initial : float, mapping or xarray.Dataset, optional
        State at the start, as for :func:`balkhash_model.simulate`. The observed levels are then
        taken relative to it: the offset between the two is estimated and reported. By default the
        first observed level.
    noise : Noise, optional
        Errors and memories; by default those of the system's parameter set.

    Returns
    -------
    xarray.Dataset
        On ``time``: ``river_inflow`` and ``river_inflow_uncertainty`` (m3 s-1, one standard error),
        ``gauge_flow`` (the flow at the delta head that brings it), ``lake_level`` and
        ``lake_level_uncertainty`` (m) of the run with that inflow, ``observed_level`` (m, moved by
        the offset), ``inflow_covariance``. Attributes: ``offset`` (m, simulated less observed) with
        its standard error, and the noise assumed and estimated.

    Raises
    ------
    InputError
        Where the levels are in another datum or do not overlap the climate, or the climate is not
        monthly.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> from balkhash_model.runs import build
    >>> case = build("hindcast_free")
    >>> climate = case.forcing.sel(time=slice("2000-01-01", "2004-12-31"))
    >>> levels = altimetry_monthly()
    >>> start = {"kapshagay": 476.0, "west": 341.5, "east": 341.5}
    >>> found = reconstruct_inflow(case.system, levels, climate, initial=start)
    >>> found["river_inflow"].sizes["time"]
    60
    """
    datum = levels.attrs.get("datum")
    if datum != system.datum:
        raise InputError(
            Problem(
                "levels",
                "not in the datum of the system",
                repr(datum),
                repr(system.datum),
                "Bring them to that datum and set levels.attrs['datum']",
            )
        )
    months = pd.PeriodIndex(pd.DatetimeIndex(climate["time"].values), freq="M")
    if len(set(months)) != len(months) or len(months) < 24:
        raise InputError(
            Problem(
                "climate",
                "not two years or more of monthly intervals",
                f"{len(months)} intervals in {len(set(months))} months",
            )
        )
    observed = levels.reindex(months).to_numpy(dtype=np.float64)
    if np.isfinite(observed).sum() < 12:
        raise InputError(
            Problem(
                "levels",
                "too few months within the climate's period",
                f"{int(np.isfinite(observed).sum())}",
                "12 or more",
                f"levels: {levels.index.min()} to {levels.index.max()}",
            )
        )
    if initial is None:
        first = float(observed[np.isfinite(observed)][0])
        initial = {s.name: first for s in system.storages if s.name in system.lake} | {
            s.name: float(0.5 * (s.curve.level[0] + s.curve.level[-1]))
            for s in system.storages
            if s.name not in system.lake
        }
    from threadpoolctl import threadpool_limits

    # a product of matrices has other last bits on another number of threads
    with threadpool_limits(limits=1, user_api="blas"):
        return _Inversion(system, climate, observed, initial, noise or Noise.of(system)).solve()


class _Inversion:
    """The linearised problem about the present run, and its solution."""

    def __init__(
        self,
        system: LakeSystem,
        climate: xr.Dataset,
        observed: FloatArray,
        initial: float | dict[str, float] | xr.Dataset,
        noise: Noise,
    ) -> None:
        self.system, self.climate, self.initial = system, climate, initial
        self.observed, self.noise = observed, noise
        self.seen = np.isfinite(observed)
        bounds = climate["time_bnds"].values.astype("datetime64[s]")
        self.seconds = (bounds[:, 1] - bounds[:, 0]).astype(np.float64)
        self.month = pd.DatetimeIndex(climate["time"].values).month.to_numpy()
        lake = list(system.lake)
        own = [r.name for r in system.rivers if r.to in lake]
        self.own_rivers = climate["river_flow"].sel(river=own).sum("river").values
        self.delta = next(d for d in system.deltas if d.target in lake)
        angle = 2.0 * np.pi * (self.month - 0.5) / 12.0
        self.mean_part = np.stack(
            [
                np.ones_like(angle),
                np.cos(angle),
                np.sin(angle),
                np.cos(2 * angle),
                np.sin(2 * angle),
            ],
            axis=1,
        )

    def run(self, inflow: FloatArray) -> xr.Dataset:
        """Simulate with a total river inflow to the lake."""
        forcing = self.climate.copy(deep=True)
        mouth = inflow - self.own_rivers
        head = head_flow_for_outflow(mouth, self.delta.loss_flow, self.delta.loss)
        forcing["gauge_flow"].loc[{"junction": self.delta.source}] = head
        return simulate(self.system, forcing, initial=self.initial)

    def sensitivity(self, result: xr.Dataset) -> FloatArray:
        """Change of each monthly mean level by a change of each month's inflow, m per m3/s."""
        area = result["lake_area"].values
        lake = list(self.system.lake)
        level = result["lake_level"].values
        slope = np.zeros_like(area)
        for name in lake:
            curve = self.system.storage(name).curve
            slope += (curve.area_at(level + 0.05) - curve.area_at(level - 0.05)) / 0.1
        net_loss = (
            (self.climate["evaporation_rate"] - self.climate["precipitation_rate"])
            .sel(storage=lake[0])
            .values
        )
        gain = self.seconds / area
        keep = 1.0 - self.seconds * net_loss * slope / area
        n = area.size
        matrix = np.zeros((n, n))
        edge = np.zeros(n)
        for t in range(n):
            before = edge.copy()
            edge = edge * keep[t]
            edge[t] += gain[t]
            matrix[t] = 0.5 * (before + edge)
        return matrix

    def solve(self) -> xr.Dataset:
        """Posterior mean and standard deviation of the inflow."""
        inflow = np.full(self.observed.size, float(self.own_rivers.mean()) + 350.0)
        size = self.noise.inflow
        for _ in range(_PASSES):
            result = self.run(inflow)
            matrix = self.sensitivity(result)
            # levels that the linear model gives with no inflow at all
            rest = result["lake_level"].values - matrix @ inflow
            if size is None:
                size = _anomaly_size(self, matrix, rest)
            posterior = _posterior(self, matrix, rest, size)
            inflow = posterior.inflow
        return self.label(self.run(inflow), posterior, float(size or 0.0))

    def label(self, result: xr.Dataset, posterior: _Posterior, size: float) -> xr.Dataset:
        """Name and describe what was found."""
        gauge = head_flow_for_outflow(
            posterior.inflow - self.own_rivers, self.delta.loss_flow, self.delta.loss
        )
        data = {
            "river_inflow": (posterior.inflow, "m3 s-1", "River inflow that the levels imply"),
            "river_inflow_uncertainty": (
                posterior.inflow_error,
                "m3 s-1",
                "Standard error of the river inflow",
            ),
            "gauge_flow": (gauge, "m3 s-1", "Flow at the delta head that brings the inflow"),
            "lake_level": (result["lake_level"].values, "m", "Lake level with that inflow"),
            "lake_level_uncertainty": (
                posterior.level_error,
                "m",
                "Standard error of the lake level",
            ),
            "observed_level": (
                self.observed + posterior.offset,
                "m",
                "Observed level moved by the offset",
            ),
        }
        dataset = xr.Dataset(
            {k: ("time", v, {"units": u, "long_name": n}) for k, (v, u, n) in data.items()},
            coords={"time": self.climate["time"], "time_bnds": self.climate["time_bnds"]},
        )
        dataset.attrs = {
            "title": "River inflow reconstructed from observed levels: not an observation",
            "datum": self.system.datum,
            "offset": posterior.offset,
            "offset_standard_error": posterior.offset_error,
            "level_noise_m": self.noise.level,
            "level_noise_memory_months": self.noise.level_memory,
            "inflow_memory_months": self.noise.inflow_memory,
            "inflow_anomaly_m3_per_s": size,
        }
        dataset["inflow_covariance"] = (
            ("time", "time_2"),
            posterior.covariance,
            {"units": "m6 s-2", "long_name": "Error covariance"},
        )
        return dataset


@dataclass(frozen=True, eq=False)
class _Posterior:
    inflow: FloatArray
    covariance: FloatArray
    inflow_error: FloatArray
    level_error: FloatArray
    offset: float
    offset_error: float


def _fading(n: int, memory: float) -> FloatArray:
    """Correlation of a series whose memory fades exponentially."""
    if memory <= 0.0:
        return np.eye(n)
    apart = np.abs(np.arange(n)[:, None] - np.arange(n)[None, :])
    correlation: FloatArray = np.exp(-apart / memory)
    return correlation


def _design(problem: _Inversion, matrix: FloatArray) -> FloatArray:
    """Columns of what is wholly unknown: mean and harmonics of the inflow, minus the offset."""
    seen = problem.seen
    columns: FloatArray = np.column_stack(
        [(matrix @ problem.mean_part)[seen], -np.ones(int(seen.sum()))]
    )
    return columns


def _level_covariance(problem: _Inversion) -> FloatArray:
    noise = problem.noise
    seen = problem.seen
    covariance = noise.level**2 * _fading(seen.size, noise.level_memory)
    part: FloatArray = covariance[np.ix_(seen, seen)]
    return part


def _anomaly_size(problem: _Inversion, matrix: FloatArray, rest: FloatArray) -> float:
    """Size of the inflow anomaly, m3/s, by restricted maximum likelihood.

    In the basis that makes both covariances diagonal the likelihood costs a vector operation.
    """
    from scipy.linalg import solve_triangular
    from scipy.optimize import minimize_scalar

    rows = matrix[problem.seen]
    unit = rows @ _fading(matrix.shape[0], problem.noise.inflow_memory) @ rows.T
    root = np.linalg.cholesky(_level_covariance(problem))
    half = solve_triangular(root, unit, lower=True)
    values, vectors = np.linalg.eigh(solve_triangular(root, half.T, lower=True))

    def turned(columns: FloatArray) -> FloatArray:
        result: FloatArray = vectors.T @ solve_triangular(root, columns, lower=True)
        return result

    design = turned(_design(problem, matrix))
    target = turned(problem.observed[problem.seen] - rest[problem.seen])

    def cost(log_size: float) -> float:
        variance = 1.0 + np.exp(2.0 * log_size) * values
        inner = design.T @ (design / variance[:, None])
        left = target - design @ np.linalg.solve(inner, design.T @ (target / variance))
        return float(
            np.log(variance).sum() + np.linalg.slogdet(inner)[1] + (left**2 / variance).sum()
        )

    found = minimize_scalar(cost, bounds=(np.log(10.0), np.log(5000.0)), method="bounded")
    return float(np.exp(found.x))


def _posterior(
    problem: _Inversion, matrix: FloatArray, rest: FloatArray, size: float
) -> _Posterior:
    seen = problem.seen
    rows = matrix[seen]
    design = _design(problem, matrix)
    target = problem.observed[seen] - rest[seen]
    anomaly = size**2 * _fading(matrix.shape[0], problem.noise.inflow_memory)
    inverse = np.linalg.inv(rows @ anomaly @ rows.T + _level_covariance(problem))
    inner = np.linalg.inv(design.T @ inverse @ design)
    coefficients = inner @ design.T @ inverse @ target
    gain = anomaly @ rows.T @ inverse
    inflow = problem.mean_part @ coefficients[:-1] + gain @ (target - design @ coefficients)
    # errors: of the anomaly given the mean, and of the mean seen through the anomaly's gain
    mean_only = np.column_stack([problem.mean_part, np.zeros(matrix.shape[0])])
    through = mean_only - gain @ design
    covariance = anomaly - gain @ rows @ anomaly + through @ inner @ through.T
    level = matrix @ covariance @ matrix.T
    return _Posterior(
        inflow=inflow,
        covariance=covariance,
        inflow_error=np.sqrt(np.maximum(np.diag(covariance), 0.0)),
        level_error=np.sqrt(np.maximum(np.diag(level), 0.0)),
        offset=float(coefficients[-1]),
        offset_error=float(np.sqrt(inner[-1, -1])),
    )


def reconstructed_forcing(
    case: Case, start_from: xr.Dataset | None = None
) -> tuple[xr.Dataset, xr.Dataset]:
    """Forcing of a scenario whose river inflow follows the levels from a day on.

    Parameters
    ----------
    case : Case
        A scenario with ``inflow.reconstruct_from``, made ready to run.
    start_from : xarray.Dataset, optional
        A result whose last state is the start.

    Returns
    -------
    tuple of xarray.Dataset
        The forcing, and variables to add to the result: ``lake_level_uncertainty``,
        ``observed_level``, ``river_inflow_uncertainty`` and
        ``level_offset`` (m, simulated less observed).

    Raises
    ------
    InputError
        Where the day lies outside the period or the levels do not reach it.

    Examples
    --------
    >>> from balkhash_model.runs import build
    >>> forcing, extra = reconstructed_forcing(build("hindcast"))
    >>> bool(abs(float(extra["level_offset"])) < 0.3)
    True
    """
    record = case.scenario
    day = np.datetime64(str(record.inflow.reconstruct_from), "s")
    edges = case.axis.edges
    if day not in edges[:-1]:
        raise InputError(
            Problem(
                "inflow.reconstruct_from",
                "is not the start of an interval",
                str(day)[:10],
                f"{edges[0]} to {edges[-2]}",
            )
        )
    first = int(np.searchsorted(edges, day))
    before, after = (
        case.forcing.isel(time=slice(None, first)),
        case.forcing.isel(time=slice(first, None)),
    )
    state: dict[str, float] | xr.Dataset = start_from if start_from is not None else case.levels
    if first > 0:
        state = simulate(case.system, before, initial=state, substeps=record.period.substeps)
    levels = altimetry_monthly(record.inflow.observed)
    found = reconstruct_inflow(case.system, levels, after, initial=state)
    forcing = case.forcing.copy(deep=True)
    delta = next(d for d in case.system.deltas if d.target in case.system.lake)
    gauge = forcing["gauge_flow"].sel(junction=delta.source).values.copy()
    gauge[first:] = found["gauge_flow"].values
    forcing["gauge_flow"].loc[{"junction": delta.source}] = gauge

    def late(values: FloatArray, early: float) -> FloatArray:
        joined: FloatArray = np.concatenate((np.full(first, early), values))
        return joined

    p = case.system.parameters
    tie = float(reference.load(record.inflow.observed)["uncertainty_m"].values[0])
    band = np.hypot(found["lake_level_uncertainty"].values, tie)
    extra = xr.Dataset(
        {
            "lake_level_uncertainty": ("time", late(band, p["structural_error"].si)),
            "observed_level": (
                "time",
                late(found["observed_level"].values - found.attrs["offset"], np.nan),
            ),
            "river_inflow_uncertainty": (
                "time",
                late(found["river_inflow_uncertainty"].values, np.nan),
                {"units": "m3 s-1", "long_name": "Standard error of the reconstructed inflow"},
            ),
            "level_offset": (
                (),
                found.attrs["offset"],
                {
                    "units": "m",
                    "long_name": "Simulated less observed level, held to from the day "
                    "the reconstruction starts",
                    "standard_error": found.attrs["offset_standard_error"],
                    "from": str(day)[:10],
                },
            ),
        },
        coords={"time": case.forcing["time"]},
    )
    for name in ("lake_level_uncertainty", "observed_level"):
        extra[name].attrs |= quantities.attrs(name)
    extra["observed_level"].attrs |= {
        "datum": case.system.datum,
        "comment": "as observed; the run lies level_offset above it",
    }
    return forcing, extra
