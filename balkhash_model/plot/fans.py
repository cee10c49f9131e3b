"""Fans: the median of an ensemble through time, and how far its members lie apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from balkhash_model.plot._frame import (
    blank,
    finish,
    legend_on,
    mark_level,
    pt,
    run_caption,
    year_label,
)
from balkhash_model.plot._members import (
    SHOWN_UNITS,
    axis_label,
    grid_of,
    members_note,
    need,
    need_one,
    plans_of,
    thousands,
)
from balkhash_model.plot.style import PALETTE, Size, use_style
from balkhash_model.plot.words import Lang, number, run_title, with_unit, word

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["ensemble_fan", "fan", "spaghetti"]


@dataclass(frozen=True)
class _Spread:
    """What one panel of a fan shows."""

    title: str
    time: Any
    bands: list[tuple[str, Any, Any]]
    median: Any
    single: list[Any] = field(default_factory=list)


def fan(
    source: xr.Dataset | pd.DataFrame,
    title: str = "",
    threshold: float | None = 341.0,
    *,
    variable: str = "lake_level",
    datum: str = "Baltic system (BS)",
    ax: Axes | None = None,
    lang: Lang = "en",
    size: Size = "web",
) -> Figure:
    """Draw a fan: median and ranges of the members through time, a panel for each plan.

    Parameters
    ----------
    source : xarray.Dataset or pandas.DataFrame
        A result of :func:`balkhash_model.run_ensemble`, whose quantiles are drawn, or annual levels
        (m) of members, one column for each, as :func:`balkhash_model.diagnostics.annual_levels`
        gives them.
    title : str, optional
        Title of the figure; that of the result where not given.
    threshold : float, optional
        Level to mark in annual levels, m; None for none. A result brings its own thresholds.
    variable : str, default "lake_level"
        Of a result: such as ``lake_level``, ``salinity_west`` or ``lake_level_difference``.
    datum : str, default "Baltic system (BS)"
        Datum of annual levels; a result brings its own.
    ax : matplotlib.axes.Axes, optional
        Where to draw a single plan.
    lang : {"en", "ru", "kk"}, default "en"
        Language of the texts.
    size : {"page", "slide", "web"}, default "web"
        Where the figure is shown; see :func:`balkhash_model.plot.use_style`.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    InputError
        Where the result does not hold the variable, or `ax` is given for several plans.

    Examples
    --------
    >>> import pandas as pd
    >>> figure = fan(pd.DataFrame({0: [341.0, 341.2], 1: [341.0, 340.9]}, index=[2025, 2026]))
    >>> len(figure.axes)
    1
    >>> import balkhash_model as bm
    >>> len(fan(bm.run_ensemble(["baseline_2050", "china_plus"], members=40)).axes)
    2
    """
    if hasattr(source, "data_vars"):
        spreads = _of_result(source, variable, lang)
        label = axis_label(source, variable, lang)
        note, caption = members_note(source, lang), run_caption(source, lang)
        title = title or run_title(source, lang).replace("; ", "\n")
        marks = source["threshold"].values if variable == "lake_level" else []
    else:
        spreads = [_of_levels(source, lang)]
        label = with_unit(word("annual_level", lang), "m", lang, datum)
        note = word("members", lang, n=thousands(source.shape[1]))
        caption = word("caption.model", lang, model="balkhash_model") + "."
        marks = [] if threshold is None else [threshold]
    if ax is not None:
        need_one(spreads)
    with use_style(size):
        if ax is not None:
            _panel(ax, spreads[0], marks, lang)
            ax.set_ylabel(label)
            year_label(ax, lang)
            return legend_on(ax, lang)
        figure = blank(size, 0.55 + 0.45 * -(-len(spreads) // 3))
        panels = grid_of(figure, len(spreads), 3)
        for axes, spread in zip(panels, spreads, strict=True):
            _panel(axes, spread, marks, lang)
            if len(spreads) > 1:
                axes.set_title(spread.title)
            year_label(axes, lang)
        for axes in panels[::3]:
            axes.set_ylabel(label)
        finish(figure, title, note=note, caption=caption, lang=lang)
    return figure


def ensemble_fan(
    result: xr.Dataset,
    variable: str = "lake_level",
    title: str = "",
    *,
    ax: Axes | None = None,
    lang: Lang = "en",
    size: Size = "web",
) -> Figure:
    """Draw the fan of any variable of an ensemble.

    Parameters
    ----------
    result : xarray.Dataset
        A result of :func:`balkhash_model.run_ensemble`.
    variable : str, default "lake_level"
        Such as ``lake_level``, ``salinity_west`` or ``lake_level_difference``.
    title : str, optional
        Title; that of the result where not given.
    ax : matplotlib.axes.Axes, optional
        Where to draw a single plan.
    lang : {"en", "ru", "kk"}, default "en"
        Language of the texts.
    size : {"page", "slide", "web"}, default "web"
        Where the figure is shown; see :func:`balkhash_model.plot.use_style`.

    Returns
    -------
    matplotlib.figure.Figure
        As :func:`fan` draws it.

    Raises
    ------
    InputError
        Where the result does not hold the variable, or `ax` is given for several plans.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> figure = ensemble_fan(bm.run_ensemble("baseline_2050", members=50), "salinity_west")
    >>> figure.axes[0].get_ylabel()
    'Salinity: West basin (g/l)'
    """
    return fan(result, title, variable=variable, ax=ax, lang=lang, size=size)


def spaghetti(
    members: xr.Dataset,
    result: xr.Dataset,
    count: int = 40,
    title: str = "",
    *,
    ax: Axes | None = None,
    lang: Lang = "en",
    size: Size = "web",
) -> Figure:
    """Draw single members over the quantiles of all.

    Parameters
    ----------
    members : xarray.Dataset
        States of the members, the file that ``keep=["members"]`` writes.
    result : xarray.Dataset
        The result of the same run.
    count : int, default 40
        How many members are drawn: the first ones, which are as good as any others.
    title : str, optional
        Title; that of the result where not given.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    lang : {"en", "ru", "kk"}, default "en"
        Language of the texts.
    size : {"page", "slide", "web"}, default "web"
        Where the figure is shown; see :func:`balkhash_model.plot.use_style`.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, of the first plan.

    Raises
    ------
    InputError
        Where there are no levels of members.

    Examples
    --------
    ``spaghetti(xr.open_dataset("future.members.nc"), xr.open_dataset("future.nc"))``
    """
    need(members, "lake_level")
    spread = _of_result(result, "lake_level", lang)[0]
    levels = members["lake_level"]
    first = levels.isel(scenario=0) if "scenario" in levels.dims else levels
    single = list(first[:count].values)
    shown = _Spread(spread.title, spread.time, spread.bands, spread.median, single)
    with use_style(size):
        figure = blank(size) if ax is None else None
        axes = ax if figure is None else figure.subplots()
        assert axes is not None
        _panel(axes, shown, result["threshold"].values, lang)
        axes.set_ylabel(axis_label(result, "lake_level", lang))
        year_label(axes, lang)
        if figure is None:
            return legend_on(axes, lang)
        finish(
            figure,
            title or (spread.title if "scenario" in result.dims else run_title(result, lang)),
            note=members_note(result, lang),
            caption=run_caption(result, lang),
            lang=lang,
        )
    return figure


def _bands(quantiles: npt.NDArray[np.float64]) -> list[tuple[int, int]]:
    """Pairs of quantiles that lie as far from both ends."""
    last = quantiles.size - 1
    return [
        (i, last - i)
        for i in range(quantiles.size // 2)
        if abs(quantiles[i] + quantiles[last - i] - 1.0) < 1e-9
    ]


def _percentiles(low: float, high: float, lang: str) -> str:
    """Name of a band: a percentile is an ordinal in English, and has its hyphen elsewhere."""
    return word(
        "percentiles",
        lang,
        low=number(100.0 * low, ".3g", lang),
        high=number(100.0 * high, ".3g", lang),
    )


def _of_result(result: xr.Dataset, variable: str, lang: str) -> list[_Spread]:
    name = f"{variable}_quantile"
    need(result, name, f"{variable}_least", f"{variable}_greatest")
    factor = SHOWN_UNITS.get(str(result[f"{variable}_mean"].attrs["units"]), ("", 1.0))[1]
    plans = plans_of(result)
    if variable == "lake_level_difference":
        plans = plans[1:]
    quantiles = result["quantile"].values
    middle = np.flatnonzero(np.abs(quantiles - 0.5) < 1e-9)
    found = []
    for plan, part in plans:
        values = factor * part[name].values
        bands = [
            (
                word("all_members", lang),
                factor * part[f"{variable}_least"].values,
                factor * part[f"{variable}_greatest"].values,
            )
        ]
        bands += [
            (_percentiles(quantiles[i], quantiles[j], lang), values[i], values[j])
            for i, j in _bands(quantiles)
        ]
        median = values[middle[0]] if middle.size else None
        found.append(_Spread(plan, part["time_edge"].values, bands, median))
    return found


def _of_levels(levels: pd.DataFrame, lang: str) -> _Spread:
    bands = [
        (
            _percentiles(low, high, lang),
            levels.quantile(low, axis=1).to_numpy(),
            levels.quantile(high, axis=1).to_numpy(),
        )
        for low, high in ((0.05, 0.95), (0.25, 0.75))
    ]
    single = [levels[name].to_numpy() for name in list(levels)[:3]]
    years = levels.index.to_numpy() + 0.5
    return _Spread("", years, bands, levels.median(axis=1).to_numpy(), single)


def _panel(axes: Axes, spread: _Spread, marks: Any, lang: str) -> None:
    everyone = word("all_members", lang)
    inner = [b for b in spread.bands if b[0] != everyone]
    for label, low, high in spread.bands:
        if label == everyone:
            colour, alpha = PALETTE["band"], 0.4
        else:
            rank = [b[0] for b in inner].index(label) + 1
            colour, alpha = PALETTE["west"], 0.18 + 0.3 * rank / len(inner)
        axes.fill_between(spread.time, low, high, color=colour, alpha=alpha, lw=0, label=label)
    for k, course in enumerate(spread.single):
        axes.plot(
            spread.time,
            course,
            color=PALETTE["east"],
            lw=pt(0.7),
            alpha=0.8,
            label=word("single_members", lang) if k == 0 else None,
        )
    if spread.median is not None:
        axes.plot(spread.time, spread.median, color=PALETTE["lake"], label=word("median", lang))
    for value in marks:
        mark_level(axes, float(value), "{level} " + word("metre", lang), lang)
    axes.margins(x=0.01)
