"""What an ensemble says: how often a lake is low, when it first is, and what that depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from balkhash_model.errors import InputError, Problem
from balkhash_model.plot._frame import blank, finish, legend_on, pt, run_caption, year_label
from balkhash_model.plot._members import grid_of, members_note, need, need_one, plans_of
from balkhash_model.plot.style import PALETTE, Size, series_style, use_style
from balkhash_model.plot.words import Lang, number, with_unit, word

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["exceedance", "first_crossing", "sensitivity_bars"]


def exceedance(
    result: xr.Dataset,
    title: str = "",
    *,
    ax: Axes | None = None,
    lang: Lang = "en",
    size: Size = "web",
) -> Figure:
    """Draw the share of members below each threshold through time.

    Parameters
    ----------
    result : xarray.Dataset
        A result of :func:`balkhash_model.run_ensemble`.
    title : str, optional
        Title of the figure.
    ax : matplotlib.axes.Axes, optional
        Where to draw a single threshold.
    lang : {"en", "ru", "kk"}, default "en"
        Language of the texts.
    size : {"page", "slide", "web"}, default "web"
        Where the figure is shown; see :func:`balkhash_model.plot.use_style`.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each threshold, a line for each plan.

    Raises
    ------
    InputError
        Where the result is of another kind, or `ax` is given for several thresholds.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> figure = exceedance(bm.run_ensemble("baseline_2050", members=50))
    >>> figure.axes[0].get_ylabel()
    'Members below the level (%)'
    """
    need(result, "level_below")
    plans, thresholds = plans_of(result), list(result["threshold"].values)
    if ax is not None:
        need_one(thresholds)
    with use_style(size):
        figure = blank(size, 0.6 + 0.4 * -(-len(thresholds) // 3)) if ax is None else None
        panels = [ax] if figure is None else grid_of(figure, len(thresholds), 3)
        for j, axes in enumerate(panels):
            assert axes is not None
            for i, (plan, part) in enumerate(plans):
                colour, line = series_style(i)
                share = 100.0 * part["level_below"].values[:, j]
                axes.plot(part["time_edge"].values, share, color=colour, ls=line, label=plan)
            axes.set_title(word("below", lang, level=number(thresholds[j], ".2f", lang)))
            year_label(axes, lang)
            if j % 3 == 0:
                axes.set_ylabel(with_unit(word("members_below", lang), "%", lang))
        # once all lines are there: a limit ends the scaling of panels that share their axis
        assert axes is not None
        axes.set_ylim(bottom=0.0)
        if figure is None:
            assert ax is not None
            return legend_on(ax, lang)
        finish(
            figure,
            title or word("exceedance.title", lang),
            note=members_note(result, lang),
            caption=run_caption(result, lang),
            lang=lang,
        )
    return figure


def first_crossing(
    result: xr.Dataset,
    threshold: float | None = None,
    title: str = "",
    *,
    ax: Axes | None = None,
    lang: Lang = "en",
    size: Size = "web",
) -> Figure:
    """Draw in which year members first fall below a threshold.

    Parameters
    ----------
    result : xarray.Dataset
        A result of :func:`balkhash_model.run_ensemble`.
    threshold : float, optional
        One of the thresholds of the result, m; the first where not given.
    title : str, optional
        Title of the figure.
    ax : matplotlib.axes.Axes, optional
        Where to draw a single plan.
    lang : {"en", "ru", "kk"}, default "en"
        Language of the texts.
    size : {"page", "slide", "web"}, default "web"
        Where the figure is shown; see :func:`balkhash_model.plot.use_style`.

    Returns
    -------
    matplotlib.figure.Figure
        Bars by year, a panel for each plan; the share that never falls below is written there.

    Raises
    ------
    InputError
        Where the result has no such threshold, or `ax` is given for several plans.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> figure = first_crossing(bm.run_ensemble("baseline_2050", members=50))
    >>> figure.axes[0].get_xlabel()
    'Year'
    """
    need(result, "first_below_count")
    thresholds = result["threshold"].values
    value = float(thresholds[0]) if threshold is None else threshold
    near = np.flatnonzero(np.abs(thresholds - value) < 1e-9)
    if near.size == 0:
        raise InputError(
            Problem(
                "threshold",
                "is none of the result",
                f"{value:g} m",
                ", ".join(f"{t:g} m" for t in thresholds),
            )
        )
    plans = plans_of(result)
    if ax is not None:
        need_one(plans)
    years = result["time"].dt.year.values
    members = int(result.attrs["members"])
    level = number(value, ".2f", lang)
    with use_style(size):
        figure = blank(size, 0.45 + 0.35 * len(plans)) if ax is None else None
        panels = [ax] if figure is None else grid_of(figure, len(plans), 1)
        for i, (axes, (plan, part)) in enumerate(zip(panels, plans, strict=True)):
            assert axes is not None
            counts = part["first_below_count"].values[:, near[0]]
            found = np.unique(years)
            share = np.array([counts[years == y].sum() for y in found]) * 100.0 / members
            axes.bar(found + 0.5, share, width=0.85, color=series_style(i)[0])
            never = number(100.0 - share.sum(), ".1f", lang)
            axes.set_title(word("never_below", lang, plan=plan, share=never, level=level))
            axes.set_ylabel(with_unit(word("members_share", lang), "%", lang))
        last = panels[-1]
        assert last is not None
        year_label(last, lang)
        if figure is None:
            return legend_on(last, lang)
        finish(
            figure,
            title or word("first_crossing.title", lang, level=level),
            note=members_note(result, lang),
            caption=run_caption(result, lang),
            lang=lang,
        )
    return figure


def sensitivity_bars(
    table: pd.DataFrame,
    title: str = "",
    *,
    ax: Axes | None = None,
    lang: Lang = "en",
    size: Size = "web",
) -> Figure:
    """Draw how much each factor matters.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`balkhash_model.sensitivity` gives it.
    title : str, optional
        Title of the figure.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    lang : {"en", "ru", "kk"}, default "en"
        Language of the texts.
    size : {"page", "slide", "web"}, default "web"
        Where the figure is shown; see :func:`balkhash_model.plot.use_style`.

    Returns
    -------
    matplotlib.figure.Figure
        A bar for each factor with its 95 % interval; two for a variance-based analysis.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = {"rank_correlation": [0.8, -0.3], "interval": [0.1, 0.1]}
    >>> figure = sensitivity_bars(pd.DataFrame(rows, index=["inflow", "area"]))
    >>> figure.axes[0].get_xlabel()
    'Rank correlation with the level'
    """
    variance = "first_order" in table
    with use_style(size):
        figure = blank(size, 0.35 + 0.08 * max(len(table), 3)) if ax is None else None
        axes = ax if figure is None else figure.subplots()
        assert axes is not None
        _draw_factors(axes, table.iloc[::-1], variance, lang)
        axes.set_xlabel(word("share_of_variance" if variance else "rank_correlation_long", lang))
        if figure is None:
            return legend_on(axes, lang)
        bare: tuple[list[Any], list[str]] = ([], [])
        finish(
            figure,
            title,
            caption=word("caption.intervals", lang),
            legend=None if variance else bare,
            lang=lang,
        )
    return figure


def _draw_factors(axes: Axes, order: pd.DataFrame, variance: bool, lang: str) -> None:
    at = np.arange(len(order))
    bars: list[tuple[str, str, str, float, str, str]] = (
        [
            ("first_order", "first_order_interval", "first_order", 0.2, "west", ""),
            ("total", "total_interval", "total_order", -0.2, "user", "//"),
        ]
        if variance
        else [("rank_correlation", "interval", "rank_correlation", 0.0, "west", "")]
    )
    for column, interval, text, shift, colour, hatch in bars:
        axes.barh(
            at + shift,
            order[column],
            xerr=order[interval],
            height=0.36 if variance else 0.6,
            hatch=hatch,
            color=PALETTE[colour],
            edgecolor="white",
            error_kw={"lw": pt(1.0), "capsize": pt(2.5)},
            label=word(text, lang),
        )
    axes.set_yticks(at, [str(n) for n in order.index])
    axes.axvline(0.0, color=PALETTE["lake"], lw=pt(0.8))
    axes.grid(axis="y", visible=False)
