"""Rain on the lake where no published year applies: the mean year, and past years again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem
from balkhash_model.forcing.calendar import annual_amounts_to_rates, by_period
from balkhash_model.forcing.climate import precipitation_shape
from balkhash_model.forcing.inflow import MEAN_YEAR
from balkhash_model.forcing.series import axis_years
from balkhash_model.timeaxis import TimeAxis

if TYPE_CHECKING:
    from balkhash_model.system import ParameterSet

FloatArray = npt.NDArray[np.float64]

__all__ = ["mean_precipitation", "resampled_precipitation"]


def mean_precipitation(axis: TimeAxis, parameters: ParameterSet) -> FloatArray:
    """Rain on the lake: the long-term mean in every year, shaped by month.

    Parameters
    ----------
    axis : TimeAxis
        The intervals.
    parameters : ParameterSet
        For ``mean_precipitation``.

    Returns
    -------
    array (n,)
        Depth rate, m/s.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> axis = TimeAxis.monthly("2030-01-01", "2031-01-01")
    >>> rates = mean_precipitation(axis, load_parameters("balkhash"))
    >>> round(float((rates * axis.durations).sum()), 5)
    0.19478
    """
    years = axis_years(axis)
    depth = np.full(years.size, parameters["mean_precipitation"].si * MEAN_YEAR)
    return annual_amounts_to_rates(axis, depth, int(years[0]), precipitation_shape(), shares=True)


def resampled_precipitation(
    axis: TimeAxis, parameters: ParameterSet, past: tuple[int, int]
) -> FloatArray:
    """Rain on the lake: the published means of some past years again, in their order.

    Parameters
    ----------
    axis : TimeAxis
        The intervals.
    parameters : ParameterSet
        For the area over which the printed volumes fell.
    past : tuple of int
        First and last of the years that are repeated until the run ends.

    Returns
    -------
    array (n,)
        Depth rate, m/s.

    Raises
    ------
    InputError
        Where the table does not cover the years.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> axis = TimeAxis.monthly("2030-01-01", "2031-01-01")
    >>> rates = resampled_precipitation(axis, load_parameters("balkhash"), (1974, 1986))
    >>> round(float((rates * axis.durations).sum()) * 17199e6 / 1e9, 2)
    2.98
    """
    from balkhash_model import reference

    table = reference.load("lake_precipitation_by_period")
    rows = table["row_kind"].values == "period"
    years = axis_years(axis)
    used = past[0] + (years - years[0]) % (past[1] - past[0] + 1)
    columns = ("period_start", "period_end", "precipitation_km3_per_yr")
    volume = by_period(used, *(table[c].values[rows] for c in columns)) * 1e9
    if not np.isfinite(volume).all():
        raise InputError(
            Problem("climate.resample", "no published mean for these years", f"{past[0]}-{past[1]}")
        )
    depth = volume / parameters["precipitation_area"].si
    return annual_amounts_to_rates(axis, depth, int(years[0]), precipitation_shape(), shares=True)
