"""Budgets drawn: what a lake gains and loses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.plot._frame import blank, finish, halo, legend_on, pt, table_caption
from balkhash_model.plot.style import PALETTE, Size, use_style
from balkhash_model.plot.words import Lang, number, with_unit, word

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["budget_bars", "budget_waterfall"]

#: Colour and hatch of each term: in grey the hatches tell them apart.
TERMS: dict[str, tuple[str, str]] = {
    "inflow": (PALETTE["west"], ""),
    "precipitation": ("#56B4E9", "//"),
    "groundwater": (PALETTE["observed"], "xx"),
    "evaporation": (PALETTE["east"], ""),
    "abstraction": (PALETTE["anchor"], "\\\\"),
    "exchange": (PALETTE["user"], ".."),
    "residual": (PALETTE["band"], "++"),
}
CHANGE = "change of storage"
#: A term that rounds to nothing, km3 per year, is not drawn.
_NOTHING = 5e-3


def budget_bars(
    table: pd.DataFrame,
    *,
    title: str | None = None,
    source: str = "",
    ax: Axes | None = None,
    lang: Lang = "en",
    size: Size = "web",
) -> Figure:
    """Draw the mean budget of each period: gains above zero, losses below.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`balkhash_model.diagnostics.budget_table` gives it, km3 per year; one row for each
        period or run.
    title : str, optional
        Title of the figure; a general one where not given.
    source : str, optional
        Where the numbers come from, for the caption; by default model and scenario of the table.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    lang : {"en", "ru", "kk"}, default "en"
        Language of the texts.
    size : {"page", "slide", "web"}, default "web"
        Where the figure is shown; see :func:`balkhash_model.plot.use_style`.

    Returns
    -------
    matplotlib.figure.Figure
        A stack for each row; a diamond marks the change of storage.

    Raises
    ------
    InputError
        Where the table is empty or has a column that is no term of a budget.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = {"inflow": [15.0], "evaporation": [-16.0], "change of storage": [-1.0]}
    >>> budget_bars(pd.DataFrame(rows, index=["1970-1985"])).axes[0].get_ylabel()
    'Budget terms (km³/yr)'
    """
    terms = _terms_of(table)
    with use_style(size):
        figure = blank(size) if ax is None else None
        axes = ax if figure is None else figure.subplots()
        assert axes is not None
        at = np.arange(len(table), dtype=float)
        up, down = np.zeros(len(table)), np.zeros(len(table))
        for name in terms:
            value = table[name].to_numpy(dtype=float)
            base = np.where(value >= 0.0, up, down)
            _stack(axes, at, value, base, name, lang)
            up, down = up + np.maximum(value, 0.0), down + np.minimum(value, 0.0)
        if CHANGE in table:
            _changes(axes, at, table[CHANGE].to_numpy(dtype=float), lang)
        axes.axhline(0.0, color=PALETTE["lake"], lw=pt(0.9))
        axes.set_xticks(at, [str(n).replace("-", "–") for n in table.index])
        axes.set_xlim(-0.6, len(table) - 0.3)
        axes.grid(axis="x", visible=False)
        axes.set_ylabel(with_unit(word("budget_terms", lang), "km3/yr", lang))
        if figure is None:
            return legend_on(axes, lang)
        handles, labels = axes.get_legend_handles_labels()
        last = [labels.index(x) for x in labels if x == word(f"term.{CHANGE}", lang)]
        order = [i for i in range(len(labels)) if i not in last] + last
        finish(
            figure,
            word("budget.title", lang) if title is None else title,
            caption=table_caption(table, lang, source, word("budget.caption", lang)),
            legend=([handles[i] for i in order], [labels[i] for i in order]),
            lang=lang,
        )
    return figure


def budget_waterfall(
    table: pd.DataFrame,
    period: str | None = None,
    *,
    title: str | None = None,
    source: str = "",
    ax: Axes | None = None,
    lang: Lang = "en",
    size: Size = "web",
) -> Figure:
    """Draw how the terms of one budget add up to the change of storage.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`balkhash_model.diagnostics.budget_table` gives it, km3 per year.
    period : str, optional
        Row of the table; the first where not given.
    title : str, optional
        Title of the figure; it names the period where not given.
    source : str, optional
        Where the numbers come from, for the caption; by default model and scenario of the table.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    lang : {"en", "ru", "kk"}, default "en"
        Language of the texts.
    size : {"page", "slide", "web"}, default "web"
        Where the figure is shown; see :func:`balkhash_model.plot.use_style`.

    Returns
    -------
    matplotlib.figure.Figure
        A bar for each term, each from where the one before ended; the last is the change.

    Raises
    ------
    InputError
        Where the table has no such period, or a column that is no term of a budget.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = {"inflow": [15.0], "evaporation": [-16.0], "change of storage": [-1.0]}
    >>> figure = budget_waterfall(pd.DataFrame(rows, index=["1970-1985"]))
    >>> [round(float(bar.get_height()), 1) for bar in figure.axes[0].patches]
    [15.0, -16.0, -1.0]
    """
    terms = _terms_of(table)
    chosen = str(table.index[0]) if period is None else period
    names = [str(n) for n in table.index]
    if chosen not in names:
        hint = nearest(chosen, names)
        raise InputError(
            Problem("period", "is no row of the table", chosen, ", ".join(names), hint)
        )
    row = table.iloc[names.index(chosen)]
    drawn = [t for t in terms if abs(float(row[t])) >= _NOTHING]
    with use_style(size):
        figure = blank(size) if ax is None else None
        axes = ax if figure is None else figure.subplots()
        assert axes is not None
        _falls(axes, [(t, float(row[t])) for t in drawn], row, lang)
        axes.axhline(0.0, color=PALETTE["lake"], lw=pt(0.9))
        axes.grid(axis="x", visible=False)
        axes.set_ylabel(with_unit(word("budget_terms", lang), "km3/yr", lang))
        if figure is None:
            return legend_on(axes, lang)
        shown = chosen.replace("-", "–")
        finish(
            figure,
            word("waterfall.title", lang, period=shown) if title is None else title,
            caption=table_caption(table, lang, source, word("waterfall.caption", lang)),
            lang=lang,
        )
    return figure


def _terms_of(table: pd.DataFrame) -> list[str]:
    """Terms of a table that are more than nothing, in the order in which they are drawn."""
    problems = [
        Problem("table", "no term of a budget", str(c), ", ".join([*TERMS, CHANGE]))
        for c in table.columns
        if c not in TERMS and c != CHANGE
    ]
    if len(table) == 0:
        problems.append(Problem("table", "has no row"))
    if problems:
        raise InputError(problems)
    return [t for t in TERMS if t in table and float(table[t].abs().max()) >= _NOTHING]


def _stack(axes: Axes, at: Any, value: Any, base: Any, name: str, lang: str) -> None:
    colour, hatch = TERMS[name]
    axes.bar(
        at,
        value,
        width=0.56,
        bottom=base,
        color=colour,
        hatch=hatch,
        edgecolor="white",
        lw=pt(0.6),
        label=word(f"term.{name}", lang),
    )
    for x, v, b in zip(at, value, base, strict=True):
        if abs(v) >= 1.2:
            axes.annotate(
                number(v, "+.1f", lang),
                (x, b + 0.5 * v),
                ha="center",
                va="center",
                fontsize=pt(8.5),
                color="black" if hatch else "white",
                path_effects=halo() if hatch else None,
            )


def _changes(axes: Axes, at: Any, change: Any, lang: str) -> None:
    axes.plot(
        at + 0.42,
        change,
        "D",
        ms=pt(6),
        color=PALETTE["lake"],
        label=word("term.change of storage", lang),
        zorder=5,
    )
    for x, v in zip(at, change, strict=True):
        axes.annotate(
            number(v, "+.2f", lang),
            (x + 0.42, v),
            xytext=(0, pt(7) if v >= 0 else -pt(7)),
            textcoords="offset points",
            ha="center",
            va="bottom" if v >= 0 else "top",
            fontsize=pt(8.5),
            fontweight="bold",
            path_effects=halo(),
        )


def _falls(axes: Axes, steps: list[tuple[str, float]], row: Any, lang: str) -> None:
    """The bars of a waterfall, what joins them, and their numbers."""
    level, ends = 0.0, []
    for i, (name, value) in enumerate(steps):
        colour, hatch = TERMS[name]
        axes.bar(i, value, bottom=level, width=0.66, color=colour, hatch=hatch, edgecolor="white")
        ends.append((level, level + value, value))
        level += value
    names = [word(f"term.{name}", lang) for name, _ in steps]
    if CHANGE in row:
        change = float(row[CHANGE])
        axes.bar(len(steps), change, width=0.66, color=PALETTE["lake"])
        ends.append((0.0, change, change))
        names.append(word("term.change of storage", lang))
    for i, (start, end, value) in enumerate(ends):
        if i + 1 < len(ends):
            axes.plot([i, i + 1], [end, end], color=PALETTE["rule"], lw=pt(0.8), ls=":", zorder=1)
        axes.annotate(
            number(value, "+.2f", lang),
            (i, max(start, end)),
            xytext=(0, pt(3)),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=pt(9),
            fontweight="bold",
            path_effects=halo(),
        )
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.06 * (high - low))
    axes.set_xticks(range(len(names)), [n.replace(" ", "\n", 1) for n in names])
