"""What stands around the panels of a figure: title, legend, caption, and room for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from balkhash_model.plot.style import PALETTE
from balkhash_model.plot.words import number, word

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__: list[str] = []

#: Stands for a blank at which no line is broken.
_TIE = "\u00a0"


def pt(value: float) -> float:
    """A width or marker size given for type of 10 points, at the type size in use.

    Parameters
    ----------
    value : float
        Width in points.

    Returns
    -------
    float
        Points at the type size in use.
    """
    import matplotlib as mpl

    return value * float(mpl.rcParams["font.size"]) / 10.0


def halo(width: float = 2.4) -> list[Any]:
    """A white rim that keeps a note readable over lines.

    Parameters
    ----------
    width : float, default 2.4
        Width of the rim, points.

    Returns
    -------
    list
        Path effects of matplotlib.
    """
    from matplotlib import patheffects

    return [patheffects.withStroke(linewidth=pt(width), foreground="white")]


def blank(size: str, height: float = 1.0) -> Figure:
    """A figure without panels; page and web may be taller than usual, a slide may not.

    Parameters
    ----------
    size : str
        Size of the house style, which must be in use.
    height : float, default 1.0
        Height over the usual one.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, not held open.
    """
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    wide, high = mpl.rcParams["figure.figsize"]
    figure: Figure = plt.figure(
        figsize=(wide, high if size == "slide" else high * height), layout="constrained"
    )
    plt.close(figure)
    return figure


def run_caption(result: xr.Dataset | pd.DataFrame, lang: str, *more: str) -> str:
    """Which model and scenario the numbers come from, and what else is shown.

    Parameters
    ----------
    result : xarray.Dataset or pandas.DataFrame
        A result, or a table with its ``attrs``.
    lang : str
        The language.
    *more
        Further sentences; empty ones are passed over.

    Returns
    -------
    str
        The caption.
    """
    version = str(result.attrs.get("source", "balkhash_model"))
    names = str(result.attrs.get("scenario", result.attrs.get("scenario_names", "")))
    known = word("caption.scenario", lang, name=names) if names else ""
    first = word("caption.model", lang, model=version) + known
    return ". ".join(part.rstrip(".") for part in [first, *more] if part) + "."


def table_caption(table: pd.DataFrame, lang: str, source: str, *more: str) -> str:
    """Where the numbers of a table come from, and what else is shown.

    Parameters
    ----------
    table : pandas.DataFrame
        Made from a result: its ``attrs`` name model and scenario, those of a user's own nothing.
    lang : str
        The language.
    source : str
        What stands instead; empty for what the table says.
    *more
        Further sentences.

    Returns
    -------
    str
        The caption.
    """
    if source or "source" not in table.attrs:
        return " ".join(part for part in (source, *more) if part)
    return run_caption(table, lang, *more)


def citations(keys: Sequence[str]) -> str:
    """Author and year of sources of the reference tables.

    Parameters
    ----------
    keys : sequence of str
        Keys of sources.

    Returns
    -------
    str
        Each source once.
    """
    from balkhash_model import reference

    known = reference.sources()
    texts = [known[k]["citation"].split(",")[0] if k in known else k for k in dict.fromkeys(keys)]
    return "; ".join(dict.fromkeys(texts))


def year_label(axes: Axes, lang: str) -> None:
    """Name an axis of years.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    lang : str
        The language.
    """
    axes.set_xlabel(word("year", lang))


def mark_level(ax: Axes, threshold: float, text: str, lang: str) -> None:
    """A line at a level, named at its right end; drawn where it lies near what is shown.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The panel.
    threshold : float
        Level, m.
    text : str
        What is written, with the gap ``{level}``.
    lang : str
        The language.
    """
    low, high = ax.get_ylim()
    reach = 0.5 * (high - low)
    if not low - reach < threshold < high + reach:
        return
    ax.axhline(threshold, color=PALETTE["threshold"], lw=pt(1.2), ls="-.", zorder=2)
    ax.annotate(
        text.format(level=number(threshold, ".1f", lang)),
        (1.0, threshold),
        xycoords=("axes fraction", "data"),
        xytext=(-pt(2), -pt(3)),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=pt(8.5),
        color=PALETTE["threshold"],
        path_effects=halo(),
        zorder=7,
    )


def finish(
    figure: Figure,
    title: str,
    *,
    lang: str,
    note: str = "",
    caption: str = "",
    legend: tuple[Sequence[Any], Sequence[str]] | None = None,
) -> None:
    """Set title, note and legend above the panels and the caption below them.

    Without `legend`, every label that a panel carries is shown once.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure, its panels drawn.
    title : str
        Title; empty for none.
    lang : str
        The language.
    note : str, optional
        A line beneath the title.
    caption : str, optional
        Model, scenario and sources.
    legend : tuple of handles and labels, optional
        What the legend shows.
    """
    import matplotlib as mpl

    renderer = _renderer(figure)
    wide, high = figure.bbox.width, figure.bbox.height
    em = float(mpl.rcParams["font.size"]) * figure.dpi / 72.0
    left, room, top = 0.6 * em, wide - 1.2 * em, high - 0.5 * em
    if title:
        size = 1.25 * float(mpl.rcParams["font.size"])
        text = _wrap(renderer, title, room, size, "bold")
        placed = figure.suptitle(
            text, x=left / wide, y=top / high, ha="left", va="top", fontsize=size, fontweight="bold"
        )
        top = placed.get_window_extent(renderer).y0 - 0.3 * em
    if note:
        size = float(mpl.rcParams["font.size"])
        placed = figure.text(
            left / wide,
            top / high,
            _wrap(renderer, note, room, size),
            va="top",
            color=PALETTE["note"],
        )
        top = placed.get_window_extent(renderer).y0 - 0.3 * em
    handles, labels = legend if legend is not None else _gather(figure)
    if len(labels) > 0:
        top = _legend(figure, handles, labels, renderer, (left, top, room)) - 0.25 * em
    bottom = 0.4 * em
    if caption:
        size = 0.75 * float(mpl.rcParams["font.size"])
        placed = figure.text(
            left / wide,
            bottom / high,
            _wrap(renderer, caption, room, size),
            va="bottom",
            fontsize=size,
            color=PALETTE["note"],
        )
        bottom = placed.get_window_extent(renderer).y1 + 0.2 * em
    figure.set_layout_engine(
        "constrained",
        rect=(0.0, bottom / high, 1.0, (top - bottom) / high),
        w_pad=0.5 * em / figure.dpi,
        h_pad=0.35 * em / figure.dpi,
    )
    for axes in figure.axes:
        settle(axes, lang)
    _fit_labels(figure)


def settle(axes: Axes, lang: str, *, legend: bool = False) -> None:
    """Keep type sizes, grid and decimal signs as they are now, wherever the panel is drawn.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    lang : str
        The language.
    legend : bool, default False
        Whether the panel gets a legend of its own.
    """
    import matplotlib as mpl
    from matplotlib.ticker import ScalarFormatter

    rc = mpl.rcParams
    for which in ("x", "y"):
        axes.tick_params(
            axis=which,
            labelsize=rc[f"{which}tick.labelsize"],
            width=rc["axes.linewidth"],
            length=pt(3.5),
            pad=pt(3.0),
            grid_color=rc["grid.color"],
            grid_linewidth=rc["grid.linewidth"],
        )
        line = axes.xaxis if which == "x" else axes.yaxis
        line.get_offset_text().set_fontsize(rc[f"{which}tick.labelsize"])
        if lang != "en" and type(line.get_major_formatter()) is ScalarFormatter:
            line.set_major_formatter(_comma_formatter())
    if legend:
        handles, labels = axes.get_legend_handles_labels()
        if labels:
            axes.legend(handles, labels, loc="best", handlelength=2.6)


def legend_on(axes: Axes, lang: str) -> Figure:
    """Finish a panel that stands in a figure of the caller.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    lang : str
        The language.

    Returns
    -------
    matplotlib.figure.Figure
        The figure of the caller.
    """
    settle(axes, lang, legend=True)
    figure: Figure = axes.get_figure()  # type: ignore[assignment]
    return figure


def _comma_formatter() -> Any:
    """Numbers on an axis with a decimal comma."""
    from matplotlib.ticker import ScalarFormatter

    class Comma(ScalarFormatter):
        def __call__(self, x: float, pos: int | None = None) -> str:
            return str(super().__call__(x, pos)).replace(".", ",")

    return Comma(useOffset=False)


def _renderer(figure: Figure) -> Any:
    from matplotlib.backends.backend_agg import RendererAgg

    return RendererAgg(int(figure.bbox.width), int(figure.bbox.height), figure.dpi)


def _wrap(renderer: Any, text: str, room: float, size: float, weight: str = "normal") -> str:
    """Break a text into lines that are at most `room` dots wide."""
    lines = []
    for part in text.split("\n"):
        line = ""
        for item in part.split(" "):
            longer = f"{line} {item}" if line else item
            if line and _width(renderer, longer, size, weight) > room:
                lines.append(line)
                longer = item
            line = longer
        lines.append(line)
    return "\n".join(lines)


def _gather(figure: Figure) -> tuple[list[Any], list[str]]:
    handles: list[Any] = []
    labels: list[str] = []
    for axes in figure.axes:
        for handle, text in zip(*axes.get_legend_handles_labels(), strict=True):
            if text not in labels:
                handles.append(handle)
                labels.append(text)
    return handles, labels


def _width(renderer: Any, text: str, size: float, weight: str) -> float:
    """Width of the longest line of a text, in dots."""
    from matplotlib.font_manager import FontProperties

    font = FontProperties(size=size, weight=weight)
    lines = text.split("\n")
    return max(float(renderer.get_text_width_height_descent(x, font, False)[0]) for x in lines)


def _legend(
    figure: Figure,
    handles: Sequence[Any],
    labels: Sequence[str],
    renderer: Any,
    place: tuple[float, float, float],
) -> float:
    """A legend with as many columns as there is room for; gives its lower edge."""
    left, top, room = place
    wide, high = figure.bbox.width, figure.bbox.height
    for columns in range(min(len(labels), 6), 0, -1):
        if columns > 1 and -(-len(labels) // columns) == -(-len(labels) // (columns - 1)):
            continue  # fewer columns need no more rows
        made = figure.legend(
            handles,
            labels,
            loc="upper left",
            bbox_to_anchor=(left / wide, top / high),
            borderaxespad=0.0,
            borderpad=0.2,
            ncols=columns,
            columnspacing=1.6,
            handlelength=2.8,
        )
        box = made.get_window_extent(renderer)
        if box.width <= room or columns == 1:
            return float(box.y0)
        made.remove()
    return top


def _fit_labels(figure: Figure) -> None:
    """Break labels and titles that are longer than their panel; thin out years."""
    figure.draw_without_rendering()
    renderer = _renderer(figure)
    for axes in figure.axes:
        box = axes.get_window_extent(renderer)
        _thin_dates(axes, box.width, renderer)
        for text, room in (
            (axes.xaxis.label, 1.08 * box.width),
            (axes.yaxis.label, 1.02 * box.height),
            (cast("Any", axes)._left_title, box.width),
        ):
            if text.get_text():
                weight = str(text.get_fontweight())
                size = float(text.get_fontsize())
                broken = _wrap(renderer, _kept(text.get_text()), room, size, weight)
                if _width(renderer, broken, size, weight) > room:
                    broken = _wrap(renderer, text.get_text(), room, size, weight)
                text.set_text(broken.replace(_TIE, " "))


def _kept(text: str) -> str:
    """A text whose parentheses are not broken."""
    start, bracket, end = text.partition("(")
    return start + bracket + end.replace(" ", _TIE)


def _thin_dates(axes: Axes, room: float, renderer: Any) -> None:
    """Leave out dates where their labels would touch."""
    from matplotlib.dates import AutoDateFormatter, AutoDateLocator

    locator = axes.xaxis.get_major_locator()
    labels = [t for t in axes.get_xticklabels() if t.get_text()]
    if not isinstance(locator, AutoDateLocator) or not labels:
        return
    widest = max(t.get_window_extent(renderer).width for t in labels)
    most = int(room / (1.5 * widest))
    if len(labels) > most:
        fewer = AutoDateLocator(minticks=2, maxticks=max(most, 2))
        axes.xaxis.set_major_locator(fewer)
        axes.xaxis.set_major_formatter(AutoDateFormatter(fewer))
