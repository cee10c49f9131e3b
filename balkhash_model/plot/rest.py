"""Where a lake comes to rest: level and response time against the inflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from balkhash_model.errors import InputError, Problem
from balkhash_model.plot._frame import blank, finish, halo, pt
from balkhash_model.plot.style import PALETTE, Size, series_style, use_style
from balkhash_model.plot.words import Lang, axis, heading, number, with_unit, word
from balkhash_model.quantities import shown_unit

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["equilibrium"]

_YEAR = 365.2425 * 86400.0
_TO_KM3 = _YEAR / 1e9


def equilibrium(
    rest: xr.Dataset,
    *,
    threshold: float | None = 341.0,
    title: str | None = None,
    lang: Lang = "en",
    size: Size = "web",
) -> Figure:
    """Draw the level at which a lake comes to rest, and its response time, against the inflow.

    Parameters
    ----------
    rest : xarray.Dataset
        As :func:`balkhash_model.equilibrium` gives it for a row of inflows.
    threshold : float, optional
        Level to mark, m; the inflow at which the curve crosses it is written there. It is drawn
        where it lies near the curve. None for none.
    title : str, optional
        Title of the figure; a general one where not given.
    lang : {"en", "ru", "kk"}, default "en"
        Language of the texts.
    size : {"page", "slide", "web"}, default "web"
        Where the figure is shown; see :func:`balkhash_model.plot.use_style`.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels on one axis of inflow; basins that stand apart are drawn on their own.

    Raises
    ------
    InputError
        Where the inflow is a single value.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> rest = bm.equilibrium(bm.load_system("balkhash"), inflow=[400.0, 440.0, 480.0])
    >>> equilibrium(rest).axes[0].get_ylabel()
    'Equilibrium level (m, Baltic system)'
    """
    if "inflow" not in rest.dims or "lake_level" not in rest:
        raise InputError(
            Problem(
                "rest",
                "is no row of inflows",
                expected="a result of equilibrium",
                hint="Give equilibrium several inflows",
            )
        )
    inflow = rest["inflow"].values * _TO_KM3
    with use_style(size):
        figure = blank(size, 1.1)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[1.7, 1.0])
        _draw_levels(upper, rest, inflow, lang)
        lower.plot(inflow, rest["response_time"].values / _YEAR, color=PALETTE["lake"], lw=pt(1.8))
        apart = ~np.isfinite(rest["response_time"].values)
        if apart.any():
            for i, name in enumerate(str(s) for s in rest["storage"].values):
                own = rest["basin_response_time"].sel(storage=name).values / _YEAR
                colour, line = series_style(i)
                lower.plot(inflow, np.where(apart, own, np.nan), color=colour, ls=line)
        if threshold is not None:
            _mark(upper, inflow, rest["lake_level"].values, threshold, lang)
        upper.set_ylabel(axis("equilibrium_level", lang, datum=str(rest.attrs.get("datum", ""))))
        lower.set_ylabel(with_unit(word("response_time", lang), "yr", lang))
        lower.set_ylim(bottom=0.0)
        lower.set_xlabel(axis("lake_river_inflow", lang, "km3/yr"))
        finish(
            figure,
            word("equilibrium.title", lang) if title is None else title,
            caption=_caption(rest, lang),
            lang=lang,
        )
    return figure


def _caption(rest: xr.Dataset, lang: str) -> str:
    text = word("equilibrium.caption", lang)
    model = str(rest.attrs.get("source", "balkhash_model"))
    if "net_evaporation_rate" in rest:
        rates = np.unique(np.round(rest["net_evaporation_rate"].values * _YEAR, 6))
        if rates.size == 1:
            rate = f"{number(float(rates[0]), '.3f', lang)} {shown_unit('m/yr', lang)}"
            text += " " + word("equilibrium.rate", lang, rate=rate)
    return word("caption.model", lang, model=model) + ". " + text


def _draw_levels(axes: Axes, rest: xr.Dataset, inflow: Any, lang: str) -> None:
    level = rest["lake_level"].values
    axes.plot(
        inflow, level, color=PALETTE["lake"], lw=pt(1.8), label=word("whole_lake_title", lang)
    )
    apart = ~np.isfinite(level)
    if apart.any() and "water_level" in rest:
        for i, name in enumerate(str(s) for s in rest["storage"].values):
            own = rest["water_level"].sel(storage=name).values
            colour, line = series_style(i)
            drawn = np.where(apart, own, np.nan)
            axes.plot(inflow, drawn, color=colour, ls=line, label=heading(name, lang))


def _mark(axes: Axes, inflow: Any, level: Any, threshold: float, lang: str) -> None:
    """The threshold near what is shown, and the inflow that keeps it."""
    low, high = axes.get_ylim()
    reach = 0.5 * (high - low)
    if not low - reach < threshold < high + reach:
        return
    axes.axhline(threshold, color=PALETTE["threshold"], lw=pt(1.2), ls="-.")
    text = f"{number(threshold, '.1f', lang)} {word('metre', lang)}"
    known = np.isfinite(level)
    if known.any() and level[known].min() <= threshold <= level[known].max():
        order = np.argsort(level[known])
        at = float(np.interp(threshold, level[known][order], inflow[known][order]))
        axes.plot(at, threshold, "o", ms=pt(6), color=PALETTE["threshold"], zorder=5)
        unit = shown_unit("km3/yr", lang)
        text += f": {number(at, '.1f', lang)} {unit}"
    axes.annotate(
        text,
        (0.0, threshold),
        xycoords=("axes fraction", "data"),
        xytext=(pt(5), pt(4)),
        textcoords="offset points",
        color=PALETTE["threshold"],
        fontweight="bold",
        path_effects=halo(),
    )
