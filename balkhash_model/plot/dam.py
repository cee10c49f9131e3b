"""A reservoir: its level, what it holds, what comes in and what is let go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from balkhash_model.diagnostics.balance import budget_table
from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.plot._frame import blank, finish, halo, pt, run_caption, year_label
from balkhash_model.plot.style import PALETTE, Size, use_style
from balkhash_model.plot.words import Lang, axis, heading, number, run_title, with_unit, word

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["reservoir"]

#: Longer runs are drawn by years: months of many years are a thicket.
_MONTHS_UP_TO = 15.0


def reservoir(
    result: xr.Dataset,
    name: str = "kapshagay",
    *,
    marks: Mapping[str, float] | None = None,
    title: str | None = None,
    lang: Lang = "en",
    size: Size = "web",
) -> Figure:
    """Draw a reservoir: level, volume, inflow and release.

    Parameters
    ----------
    result : xarray.Dataset
        A result with a single member.
    name : str, default "kapshagay"
        The storage.
    marks : mapping of str to float, optional
        Levels to mark, m, by what is written there.
    title : str, optional
        Title of the figure; the name of the reservoir where not given.
    lang : {"en", "ru", "kk"}, default "en"
        Language of the texts.
    size : {"page", "slide", "web"}, default "web"
        Where the figure is shown; see :func:`balkhash_model.plot.use_style`.

    Returns
    -------
    matplotlib.figure.Figure
        Three panels. Flows of runs longer than 15 years are means of calendar years, km3 per year;
        of shorter ones those of the intervals, m3/s.

    Raises
    ------
    InputError
        Where the result has several members or no such storage.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> [ax.get_ylabel() for ax in reservoir(bm.run("hindcast_free")).axes][1:]
    ['Water volume (km³)', 'Flow (km³/yr)']
    """
    names = [str(s) for s in result["storage"].values]
    if name not in names:
        raise InputError(
            Problem("name", "no such storage", name, ", ".join(names), nearest(name, names))
        )
    if "realization" in result["water_level"].dims:
        raise InputError(
            Problem("result", "holds several members", expected="result.isel(realization=0)")
        )
    part = result.sel(storage=name)
    with use_style(size):
        figure = blank(size, 1.15)
        level, volume, flow = figure.subplots(3, 1, sharex=True, height_ratios=[1.3, 1.0, 1.2])
        level.plot(
            result["time"].values, part["water_level"].values, color=PALETTE["lake"], lw=pt(1.1)
        )
        for text, value in (marks or {}).items():
            _mark(level, text, value, lang)
        volume.plot(
            result["time_edge"].values,
            part["water_volume"].values / 1e9,
            color=PALETTE["lake"],
            lw=pt(1.1),
        )
        volume.set_ylim(bottom=0.0)
        _flows(flow, result, name, lang)
        level.set_ylabel(axis("water_level", lang, datum=str(result.attrs.get("datum", ""))))
        volume.set_ylabel(axis("water_volume", lang, "km3"))
        level.margins(x=0.01)
        year_label(flow, lang)
        finish(
            figure,
            word("reservoir.title", lang, name=heading(name, lang)) if title is None else title,
            note=run_title(result, lang),
            caption=run_caption(result, lang),
            lang=lang,
        )
        figure.align_ylabels([level, volume, flow])
    return figure


def _mark(axes: Axes, text: str, value: float, lang: str) -> None:
    axes.axhline(value, color=PALETTE["threshold"], lw=pt(1.0), ls="-.")
    axes.annotate(
        f"{text}: {number(value, '.1f', lang)} {word('metre', lang)}",
        (0.0, value),
        xycoords=("axes fraction", "data"),
        xytext=(pt(3), -pt(3)),
        textcoords="offset points",
        va="top",
        fontsize=pt(8.5),
        color=PALETTE["threshold"],
        path_effects=halo(),
    )


def _flows(axes: Axes, result: xr.Dataset, name: str, lang: str) -> None:
    """What reaches the reservoir by rivers, and what leaves it by links."""
    edges = result["time_edge"].values.astype("datetime64[s]")
    span = float((edges[-1] - edges[0]).astype(np.float64)) / (365.2425 * 86400.0)
    released = result["link_from"].values == name
    if span > _MONTHS_UP_TO:
        years = np.unique(result["time"].dt.year.values)
        table = budget_table(result, [(int(y), int(y)) for y in years], [name])
        middle = np.array([f"{y}-07-01" for y in years], dtype="datetime64[D]").astype(edges.dtype)
        series: list[tuple[Any, Any]] = [
            (middle, table["inflow"].to_numpy()),
            (
                middle,
                -table["exchange"].to_numpy() if "exchange" in table else np.zeros(len(years)),
            ),
        ]
        kind, unit = "annual_flow", "km3/yr"
    else:
        time = result["time"].values
        out = result["link_flow"].isel(link=np.flatnonzero(released)).sum("link")
        series = [(time, result["river_inflow"].sel(storage=name).values), (time, out.values)]
        kind, unit = "flow", "m3/s"
    looks: tuple[dict[str, Any], ...] = (
        {"color": PALETTE["west"], "ls": "-", "label": word("inflow", lang)},
        {"color": PALETTE["east"], "ls": (0, (5, 2)), "label": word("release", lang)},
    )
    for (x, y), look in zip(series, looks, strict=True):
        axes.plot(x, y, lw=pt(1.5), **look)
    axes.set_ylim(bottom=0.0)
    axes.set_ylabel(with_unit(word(kind, lang), unit, lang))
