"""Lake-level trajectories beside what was observed."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from balkhash_model.errors import InputError, Problem
from balkhash_model.plot._frame import (
    blank,
    finish,
    legend_on,
    mark_level,
    pt,
    run_caption,
    year_label,
)
from balkhash_model.plot.style import PALETTE, Size, use_style
from balkhash_model.plot.words import (
    Lang,
    axis,
    heading,
    observed_origins,
    run_title,
    spoken,
    with_unit,
    word,
)

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["trajectories"]

#: Years in which Kapshagay was filled, marked by default: first instant, last instant.
FILLING = ("1970-01-01", "1986-01-01")


def trajectories(
    result: xr.Dataset,
    observed: pd.DataFrame | None = None,
    *,
    threshold: float | None = 341.0,
    periods: tuple[tuple[str, str, str], ...] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
    lang: Lang = "en",
    size: Size = "web",
) -> Figure:
    """Draw the level of the lake and of its basins through time, beside observed levels.

    Parameters
    ----------
    result : xarray.Dataset
        A result with a single member.
    observed : pandas.DataFrame, optional
        Observed levels, as :func:`balkhash_model.reference.levels.balkhash_levels` gives them.
    threshold : float, optional
        Level of a line to mark, m; None for no line.
    periods : tuple of (start, end, label), optional
        Periods to shade; by default the filling of Kapshagay where the system holds it.
    title : str, optional
        Title of the figure; that of the result where not given.
    ax : matplotlib.axes.Axes, optional
        Where to draw the lake level alone. By default a figure is made: the lake with the
        observations, and beneath it the flow between its basins, where it has several.
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
        Where the result has several members or lacks the lake level.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> figure = trajectories(bm.run("hindcast_free"))
    >>> len(figure.axes)
    2
    """
    if "lake_level" not in result:
        raise InputError(Problem("result", "holds no lake_level"))
    if "realization" in result["lake_level"].dims:
        raise InputError(
            Problem(
                "result",
                "holds several members",
                expected="one member",
                hint="Select one: result.isel(realization=0)",
            )
        )
    if periods is None:
        filling = (*FILLING, word("filling", lang))
        periods = (filling,) if "kapshagay" in result["storage"].values else ()
    with use_style(size):
        if ax is not None:
            _draw_levels(ax, result, observed, threshold, periods, lang)
            year_label(ax, lang)
            return legend_on(ax, lang)
        figure = blank(size)
        link = _link_between(result)
        if link is None:
            lowest = upper = figure.subplots()
        else:
            upper, lowest = figure.subplots(2, 1, sharex=True, height_ratios=[3.4, 1.0])
            _draw_link(lowest, link, lang)
            _shade(lowest, result, periods)
        _draw_levels(upper, result, observed, threshold, periods, lang)
        year_label(lowest, lang)
        drawn = () if observed is None else _within(observed, result)["series"].unique()
        said = observed_origins(drawn, lang)
        finish(
            figure,
            run_title(result, lang) if title is None else title,
            lang=lang,
            caption=run_caption(result, lang, said),
        )
    return figure


def _within(observed: pd.DataFrame, result: xr.Dataset) -> pd.DataFrame:
    """The observations made during the run."""
    edges = result["time_edge"].values
    return observed[(observed["time"] >= edges[0]) & (observed["time"] <= edges[-1])]


def _inside(result: xr.Dataset, start: str, end: str) -> bool:
    edges = result["time_edge"].values
    return bool(np.datetime64(end) > edges[0] and np.datetime64(start) < edges[-1])


def _shade(
    ax: Axes, result: xr.Dataset, periods: tuple[tuple[str, str, str], ...]
) -> list[tuple[Any, str]]:
    """Shade the periods; give the middle of each that is shown, and its label."""
    shown = []
    for start, end, label in periods:
        if _inside(result, start, end):
            first = max(np.datetime64(start), result["time_edge"].values[0])
            last = min(np.datetime64(end), result["time_edge"].values[-1])
            ax.axvspan(first, last, color=PALETTE["period"], lw=0, zorder=0)
            shown.append((first + (last - first) / 2, label))
    return shown


def _draw_simulated(ax: Axes, result: xr.Dataset, lang: str) -> None:
    time, level = result["time"].values, result["lake_level"].values
    if "lake_level_uncertainty" in result:
        spread = result["lake_level_uncertainty"].values
        ax.fill_between(
            time,
            level - spread,
            level + spread,
            color=PALETTE["band"],
            alpha=0.35,
            lw=0,
            label=word("simulated_error", lang),
            zorder=1,
        )
    lake = [str(s) for s in result["storage"].values[result["storage_kind"].values == "lake"]]
    styles = (
        ("west", (0, (5, 2)), 2.4),
        ("east", (0, (1.2, 1.6)), 2.0),
        ("user", (0, (3, 1)), 1.6),
    )
    for name, (role, style, width) in zip(
        lake if len(lake) > 1 else [], cycle(styles), strict=False
    ):
        basin = result["water_level"].sel(storage=name)
        ax.plot(
            time,
            basin.values,
            color=PALETTE[role],
            ls=style,
            lw=pt(width),
            label=word("simulated", lang, what=spoken(name, lang)),
            zorder=3,
        )
    ax.plot(
        time,
        level,
        color=PALETTE["lake"],
        lw=pt(0.9),
        label=word("simulated", lang, what=word("whole_lake", lang)),
        zorder=4,
    )


def _draw_levels(
    ax: Axes,
    result: xr.Dataset,
    observed: pd.DataFrame | None,
    threshold: float | None,
    periods: tuple[tuple[str, str, str], ...],
    lang: str,
) -> None:
    _draw_simulated(ax, result, lang)
    if observed is not None:
        _draw_observed(ax, result, observed, lang)
    if threshold is not None:
        mark_level(ax, threshold, word("not_below", lang), lang)
    low, high = ax.get_ylim()
    ax.set_ylim(low - 0.07 * (high - low), high + 0.15 * (high - low))
    for middle, label in _shade(ax, result, periods):
        ax.annotate(
            label,
            (middle, 0.985),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="top",
            fontsize=pt(8.5),
            color="#5A523A",
        )
    if "level_offset" in result:
        day: Any = np.datetime64(result["level_offset"].attrs["from"])
        ax.axvline(day, color=PALETTE["note"], lw=pt(1.0), ls=":", zorder=1)
        ax.annotate(
            word("reconstructed", lang),
            (day, 0.985),
            xycoords=("data", "axes fraction"),
            xytext=(pt(4), 0),
            textcoords="offset points",
            va="top",
            fontsize=pt(8.5),
            color=PALETTE["note"],
        )
    ax.set_ylabel(axis("water_level", lang, datum=str(result.attrs.get("datum", ""))))
    ax.margins(x=0.01)


def _observed_label(series: str, lang: str) -> str:
    """The name of a series of observations; one of the user's as it is."""
    known = {
        "annual levels, whole sea": word("whole_sea", lang),
        "altimetry, North": word("altimetry_of", lang, what=spoken("north", lang)),
        "altimetry, South": word("altimetry_of", lang, what=spoken("south", lang)),
    }
    return word("observed", lang, what=known.get(series, series))


def _markers(observed: pd.DataFrame, lang: str) -> list[tuple[str, dict[str, Any]]]:
    """How each series of observations is drawn."""
    known = {"dated levels", "altimetry, annual means", "altimetry, months", "all annual levels"}
    others = [s for s in dict.fromkeys(observed["series"]) if s not in known]
    dated = {
        "fmt": "D",
        "ms": pt(5.5),
        "color": PALETTE["anchor"],
        "mec": "black",
        "mew": pt(0.6),
        "capsize": pt(3),
        "label": word("observed", lang, what=word("dated", lang)),
    }
    months = {
        "color": PALETTE["observed"],
        "lw": pt(1.3),
        "label": word("observed", lang, what=word("altimetry", lang)),
    }
    found: list[tuple[str, dict[str, Any]]] = [
        ("dated levels", dated),
        ("altimetry, months", months),
    ]
    for s, fmt, colour in zip(
        others, cycle(("s", "^", "v")), cycle(("user", "observed", "anchor")), strict=False
    ):
        style = {
            "fmt": fmt,
            "ms": pt(4),
            "color": PALETTE[colour],
            "mec": "black",
            "mew": pt(0.5),
            "capsize": pt(2),
            "label": _observed_label(str(s), lang),
        }
        found.append((str(s), style))
    return found


def _draw_observed(ax: Axes, result: xr.Dataset, observed: pd.DataFrame, lang: str) -> None:
    within = _within(observed, result)
    for series, style in _markers(observed, lang):
        group = within[within["series"] == series]
        if group.empty:
            continue
        times = group["time"].to_numpy()
        if series == "altimetry, months":
            middle = times + np.timedelta64(15, "D")
            ax.fill_between(
                middle,
                group["level"] - group["uncertainty"],
                group["level"] + group["uncertainty"],
                color=PALETTE["observed"],
                alpha=0.18,
                lw=0,
                zorder=2,
            )
            ax.plot(middle, group["level"], zorder=5, **style)
        else:
            # two sources for one year stand side by side
            twice = group["time"].duplicated().to_numpy()
            times = np.where(twice, times + np.timedelta64(120, "D"), times)
            error = np.nan_to_num(group["uncertainty"].to_numpy(dtype=float))
            ax.errorbar(times, group["level"], yerr=error, lw=pt(1.2), zorder=6, **style)


def _link_between(result: xr.Dataset) -> xr.DataArray | None:
    """Flow of the first link between two basins; None where the result has no such link."""
    storages = [str(x) for x in result["storage"].values]
    ends = zip(result["link_from"].values, result["link_to"].values, strict=True)
    inner = [i for i, (a, b) in enumerate(ends) if a in storages and b in storages]
    return result["link_flow"].isel(link=inner[0]) if inner else None


def _draw_link(ax: Axes, link: xr.DataArray, lang: str) -> None:
    start, end = str(link["link_from"].item()), str(link["link_to"].item())
    ax.plot(link["time"].values, link.values, color=PALETTE["lake"], lw=pt(1.0))
    ax.axhline(0.0, color=PALETTE["rule"], lw=pt(0.7))
    ax.set_ylabel(with_unit(word("flow", lang), "m3/s", lang))
    name = heading(str(link["link"].item()), lang)
    ax.set_title(f"{name}: {spoken(start, lang)} → {spoken(end, lang)}")
