"""Two results: how their levels and their budgets differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from balkhash_model.diagnostics.balance import budget_table
from balkhash_model.errors import InputError, Problem
from balkhash_model.plot._frame import blank, finish, pt, year_label
from balkhash_model.plot.budgets import CHANGE, TERMS
from balkhash_model.plot.style import PALETTE, Size, use_style
from balkhash_model.plot.words import Lang, with_unit, word

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["scenario_difference"]

_NOTHING = 5e-3


def scenario_difference(
    result: xr.Dataset,
    base: xr.Dataset,
    *,
    title: str | None = None,
    lang: Lang = "en",
    size: Size = "web",
) -> Figure:
    """Draw by how much a result differs from another: level, and each term of the lake's budget.

    Parameters
    ----------
    result, base : xarray.Dataset
        Results of one system with the same intervals and a single member.
    title : str, optional
        Title of the figure; it names both scenarios where not given.
    lang : {"en", "ru", "kk"}, default "en"
        Language of the texts.
    size : {"page", "slide", "web"}, default "web"
        Where the figure is shown; see :func:`balkhash_model.plot.use_style`.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels: the level of `result` less that of `base` (m) in each interval, and the terms of
        the budget of the lake less those of `base` in each calendar year (km3 per year), counted as
        gains of the lake; a line shows what they add up to.

    Raises
    ------
    InputError
        Where the results cannot be subtracted; all problems at once.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> figure = scenario_difference(bm.run("no_kapshagay"), bm.run("hindcast_free"))
    >>> figure.axes[0].get_ylabel()
    'Difference of the level (m)'
    """
    _check(result, base)
    lake = [str(s) for s in result["storage"].values[result["storage_kind"].values == "lake"]]
    years = [(int(y), int(y)) for y in np.unique(result["time"].dt.year.values)]
    change = budget_table(result, years, lake).sub(budget_table(base, years, lake), fill_value=0.0)
    names = [str(x.attrs.get("scenario", "")) for x in (result, base)]
    with use_style(size):
        figure = blank(size, 1.05)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[1.0, 1.1])
        difference = result["lake_level"].values - base["lake_level"].values
        time = _decimal_years(result)
        upper.plot(time, difference, color=PALETTE["lake"], lw=pt(1.8))
        upper.axhline(0.0, color=PALETTE["rule"], lw=pt(0.8))
        upper.set_ylabel(with_unit(word("level_difference", lang), "m", lang))
        _terms(lower, change, [y for y, _ in years], lang)
        lower.set_ylabel(with_unit(word("difference", lang), "km3/yr", lang))
        lower.margins(x=0.01)
        year_label(lower, lang)
        general = word("pair.title", lang, one=names[0], other=names[1])
        finish(
            figure,
            general if title is None else title,
            caption=_caption(result, names, lang),
            lang=lang,
        )
        figure.align_ylabels([upper, lower])
    return figure


def _caption(result: xr.Dataset, names: list[str], lang: str) -> str:
    model = word("caption.model", lang, model=str(result.attrs.get("source", "balkhash_model")))
    both = word("caption.scenario", lang, name=" − ".join(n for n in names if n))
    return f"{model}{both}. " + word("pair.caption", lang)


def _decimal_years(result: xr.Dataset) -> np.ndarray:
    time = result["time"].values.astype("datetime64[s]")
    year = time.astype("datetime64[Y]")
    start = year.astype("datetime64[s]")
    length = (year + 1).astype("datetime64[s]") - start
    part = (time - start) / length
    found: np.ndarray = year.astype(int) + 1970.0 + part
    return found


def _check(result: xr.Dataset, base: xr.Dataset) -> None:
    problems = []
    for where, found in (("result", result), ("base", base)):
        if "lake_level" not in found:
            problems.append(Problem(where, "holds no lake_level"))
        elif "realization" in found["lake_level"].dims:
            problems.append(
                Problem(where, "holds several members", expected=f"{where}.isel(realization=0)")
            )
    if not problems:
        if not np.array_equal(result["time_edge"].values, base["time_edge"].values):
            problems.append(Problem("result and base", "have other intervals"))
        if result.attrs.get("datum") != base.attrs.get("datum"):
            problems.append(Problem("result and base", "have levels in other datums"))
        if list(result["storage"].values) != list(base["storage"].values):
            problems.append(Problem("result and base", "are of other systems"))
    if problems:
        raise InputError(problems)


def _terms(axes: Axes, change: pd.DataFrame, years: list[int], lang: str) -> None:
    """Stacks by year, and the change of storage as a line."""
    at = np.asarray(years, dtype=float) + 0.5
    up, down = np.zeros(at.size), np.zeros(at.size)
    for name, (colour, hatch) in TERMS.items():
        if name not in change or float(change[name].abs().max()) < _NOTHING:
            continue
        value = change[name].to_numpy(dtype=float)
        axes.bar(
            at,
            value,
            bottom=np.where(value >= 0.0, up, down),
            width=0.85,
            color=colour,
            hatch=hatch,
            edgecolor="white",
            lw=0,
            label=word(f"term.{name}", lang),
        )
        up, down = up + np.maximum(value, 0.0), down + np.minimum(value, 0.0)
    axes.plot(
        at,
        change[CHANGE].to_numpy(dtype=float),
        color=PALETTE["lake"],
        lw=pt(1.6),
        label=word("term.change of storage", lang),
    )
    axes.axhline(0.0, color=PALETTE["rule"], lw=pt(0.8))
