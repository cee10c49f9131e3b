"""Salinity of the basins through time, beside what is published."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from balkhash_model.errors import InputError, Problem
from balkhash_model.plot._frame import (
    blank,
    citations,
    finish,
    legend_on,
    pt,
    run_caption,
    year_label,
)
from balkhash_model.plot.style import Size, series_style, use_style
from balkhash_model.plot.words import Lang, axis, run_title, spoken, word

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["salinity"]


def salinity(
    result: xr.Dataset,
    published: pd.DataFrame | None = None,
    *,
    storages: Sequence[str] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
    lang: Lang = "en",
    size: Size = "web",
) -> Figure:
    """Draw the salinity of each lake basin through time.

    Parameters
    ----------
    result : xarray.Dataset
        A result with salt and a single member.
    published : pandas.DataFrame, optional
        Published salinities, as
        :func:`balkhash_model.reference.salinity.balkhash_salinities` gives them: drawn over the
        years that they are said of, and over all years, faintly, where the source gives no date.
    storages : sequence of str, optional
        Basins to draw; by default all of the lake.
    title : str, optional
        Title of the figure; that of the result where not given.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    lang : {"en", "ru", "kk"}, default "en"
        Language of the texts.
    size : {"page", "slide", "web"}, default "web"
        Where the figure is shown; see :func:`balkhash_model.plot.use_style`.

    Returns
    -------
    matplotlib.figure.Figure
        The figure; it warns of basins that start with water without salt, whose course is not the
        salinity of the lake.

    Raises
    ------
    InputError
        Where the result has no salinity, several members, or lacks a basin.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> salinity(bm.run("hindcast_free")).axes[0].get_ylabel()
    'Salinity (g/l)'
    """
    if "salinity" not in result:
        raise InputError(Problem("result", "holds no salinity", hint="Run a scenario with salt"))
    if "realization" in result["salinity"].dims:
        raise InputError(
            Problem("result", "holds several members", expected="result.isel(realization=0)")
        )
    lake = [str(s) for s in result["storage"].values[result["storage_kind"].values == "lake"]]
    chosen = lake if storages is None else list(storages)
    problems = [
        Problem("storages", "no such basin", s, ", ".join(lake)) for s in chosen if s not in lake
    ]
    if problems:
        raise InputError(problems)
    with use_style(size):
        figure = blank(size) if ax is None else None
        axes = ax if figure is None else figure.subplots()
        assert axes is not None
        said: list[str] = []
        # a lake has had its salt before the run
        fresh = [s for s in chosen if float(result["salinity"].sel(storage=s)[0]) == 0.0]
        for i, name in enumerate(chosen):
            colour, line = series_style(i)
            course = result["salinity"].sel(storage=name)
            axes.plot(
                result["time_edge"].values,
                course.values,
                color=colour,
                ls=line,
                lw=pt(1.8),
                label=word(
                    "simulated_unsalted" if name in fresh else "simulated",
                    lang,
                    what=spoken(name, lang),
                ),
                zorder=4,
            )
            if published is not None:
                rows = published[published["body"].str.replace("-", "_") == name]
                said += _published(axes, rows, result, colour, name, lang)
        axes.set_ylim(bottom=0.0)
        axes.set_ylabel(axis("salinity", lang, "g/l"))
        axes.margins(x=0.01)
        year_label(axes, lang)
        if figure is None:
            return legend_on(axes, lang)
        more = word("caption.published", lang, sources=citations(said)).rstrip(".") if said else ""
        finish(
            figure,
            run_title(result, lang) if title is None else title,
            note=_note(fresh, lang),
            caption=run_caption(result, lang, more),
            lang=lang,
        )
    return figure


def _note(fresh: Sequence[str], lang: Lang) -> str:
    """How published values are drawn, after a warning where basins start without salt."""
    read = word("salinity.note", lang)
    if not fresh:
        return read
    names = ", ".join(spoken(s, lang) for s in fresh)
    return word("salinity.unsalted", lang, what=names) + ".\n" + read


def _year(value: float) -> Any:
    return np.datetime64(f"{int(value)}-01-01")


def _published(
    axes: Axes, rows: pd.DataFrame, result: xr.Dataset, colour: str, name: str, lang: str
) -> list[str]:
    """Draw published values over their years; give the sources of what is drawn."""
    first, last = result["time_edge"].values[0], result["time_edge"].values[-1]
    said = []
    label: str | None = word("published_of", lang, what=spoken(name, lang))
    for row in rows.itertuples():
        dated = np.isfinite(row.end)
        start = max(_year(row.start), first) if np.isfinite(row.start) else first
        end = min(_year(row.end), last) if dated else last
        if start >= end:
            continue
        low, high = row.minimum, row.maximum
        faint = 1.0 if dated else 0.55
        if np.isfinite(row.value):
            axes.plot(
                [start, end], [row.value] * 2, color=colour, lw=pt(5), alpha=0.45 * faint,
                solid_capstyle="butt", label=label, zorder=2,
            )  # fmt: skip
        elif np.isfinite(low) and np.isfinite(high):
            axes.fill_between(
                [start, end], low, high, color=colour, alpha=0.22 * faint, lw=0, label=label,
                hatch="//", edgecolor=colour,
            )  # fmt: skip
        else:
            _bound(axes, (start, end), float(low), float(high), colour, label)
        label = None
        said.append(str(row.source))
    return said


def _bound(
    axes: Axes, span: tuple[Any, Any], low: float, high: float, colour: str, label: str | None
) -> None:
    """A bound on one side: a line, and an arrow to the side on which the values lie."""
    at, marker = (low, "^") if np.isfinite(low) else (high, "v")
    middle = span[0] + (span[1] - span[0]) / 2
    axes.plot(span, [at, at], color=colour, lw=pt(1.0), ls=":", label=label, zorder=2)
    axes.plot([middle], [at], marker, ms=pt(6), color=colour, mec="black", mew=pt(0.5), zorder=3)
