"""Figures of finished results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from balkhash_model.plot.collapse_course import collapse
from balkhash_model.plot.compare import comparison
from balkhash_model.plot.compare import fan as fan_of_years
from balkhash_model.plot.ensemble import (
    ensemble_fan,
    exceedance,
    first_crossing,
    sensitivity_bars,
    spaghetti,
)
from balkhash_model.plot.lakes import compare_lakes
from balkhash_model.plot.level_trajectories import trajectories
from balkhash_model.plot.style import PALETTE, save, use_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "PALETTE",
    "collapse",
    "compare_lakes",
    "comparison",
    "ensemble_fan",
    "exceedance",
    "fan",
    "first_crossing",
    "save",
    "sensitivity_bars",
    "spaghetti",
    "trajectories",
    "use_style",
]


def fan(result: Any, title: str = "", threshold: float | None = 341.0) -> Figure:
    """Draw a fan of levels.

    Parameters
    ----------
    result : xarray.Dataset or pandas.DataFrame
        A result of :func:`balkhash_model.run_ensemble`, or annual levels as
        :func:`balkhash_model.diagnostics.annual_levels` gives them.
    title : str, optional
        Title of the figure.
    threshold : float or None, default 341.0
        Level to mark, m; a result brings its own.

    Returns
    -------
    matplotlib.figure.Figure
        See :func:`balkhash_model.plot.ensemble_fan`.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> len(fan(bm.run_ensemble(["baseline_2050", "china_plus"], members=40)).axes)
    2
    """
    if hasattr(result, "data_vars"):
        return ensemble_fan(result, title=title)
    return fan_of_years(result, title, threshold)
