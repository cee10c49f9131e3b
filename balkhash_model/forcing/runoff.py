"""Natural river flow under another climate, for scenarios; flows given directly pass by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.physics.runoff import runoff_ratio
from balkhash_model.system import ParameterSet

FloatArray = npt.NDArray[np.float64]

__all__ = ["GLACIER_SCENARIOS", "glacier_ratio", "natural_flow_ratio"]

#: Emission scenarios of the glacier projection.
GLACIER_SCENARIOS = ("RCP4.5", "RCP8.5")
_COLUMNS = {"mean": "", "low": "_min", "high": "_max"}


def glacier_ratio(years: npt.ArrayLike, scenario: str, estimate: str = "mean") -> FloatArray:
    """Runoff from the glacierised land over that of 1980-2009, by GloGEM.

    Parameters
    ----------
    years : array_like (n,)
        Calendar years.
    scenario : {"RCP4.5", "RCP8.5"}
        Emission scenario.
    estimate : {"mean", "low", "high"}, default "mean"
        Mean, lowest or highest of the climate models, each over its own value of 1980-2009.

    Returns
    -------
    array (n,)
        Ratio: linear between the middles of the printed periods, 1 up to that of 1980-2009, and
        constant beyond the last.

    Raises
    ------
    InputError
        For an unknown scenario or estimate.

    Examples
    --------
    >>> glacier_ratio([1961, 2020, 2040, 2100], "RCP4.5").round(3).tolist()
    [1.0, 1.243, 1.294, 1.084]
    """
    from balkhash_model import reference

    problems = [
        Problem(name, "unknown", repr(got), hint=nearest(got, known))
        for name, got, known in (
            ("glacier scenario", scenario, GLACIER_SCENARIOS),
            ("glacier estimate", estimate, tuple(_COLUMNS)),
        )
        if got not in known
    ]
    if problems:
        raise InputError(problems)
    table = reference.load("glacier_runoff_projection")
    rows = table["scenario"].values == scenario
    middle = 0.5 * (table["period_start"].values[rows] + table["period_end"].values[rows] + 1.0)
    runoff = table[f"runoff{_COLUMNS[estimate]}_km3_per_yr"].values[rows]
    ratio: FloatArray = np.interp(
        np.asarray(years, dtype=np.float64) + 0.5, middle, runoff / runoff[0]
    )
    return ratio


def natural_flow_ratio(
    years: npt.ArrayLike,
    parameters: ParameterSet,
    *,
    precipitation_change: npt.ArrayLike = 0.0,
    temperature_change: npt.ArrayLike = 0.0,
    glaciers: str | None = None,
    glacier_estimate: str = "mean",
) -> FloatArray:
    """Natural flow of each year over that of the base climate.

    Parameters
    ----------
    years : array_like (n,)
        Calendar years.
    parameters : ParameterSet
        For the elasticities and the share of glacierised land.
    precipitation_change : array_like, default 0.0
        Relative change of precipitation in the mountains, 0.1 for a tenth more: one value, or one
        for each year.
    temperature_change : array_like, default 0.0
        Warming, K: one value, or one for each year.
    glaciers : str, optional
        Emission scenario of the glacier projection; without one the glaciers give what they gave.
    glacier_estimate : str, default "mean"
        As in :func:`glacier_ratio`.

    Returns
    -------
    array (n,)
        Ratio with which natural flow at the mountains is multiplied. Whoever prescribes flows does
        not multiply.

    Raises
    ------
    InputError
        For changes out of any reason, all at once.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> p = load_parameters("balkhash")
    >>> natural_flow_ratio([2040], p, precipitation_change=0.076, temperature_change=2.0).round(3)
    array([1.004])
    """
    year = np.asarray(years, dtype=np.float64)
    ice: FloatArray = (
        np.ones(year.shape) if glaciers is None else glacier_ratio(year, glaciers, glacier_estimate)
    )
    ratio = runoff_ratio(
        1.0 + np.asarray(precipitation_change, dtype=np.float64),
        temperature_change,
        ice,
        precipitation_elasticity=parameters["ili_precipitation_elasticity"].si,
        temperature_sensitivity=parameters["ili_temperature_sensitivity"].si,
        glacier_share=parameters["glacier_runoff_share"].si,
    )
    return np.broadcast_to(ratio, year.shape).copy()
