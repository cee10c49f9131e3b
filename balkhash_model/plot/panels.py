"""Small panels for a page: one message each, wide for a screen or narrow for a phone."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from balkhash_model.plot.style import PALETTE, use_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Line", "panel", "themed_svg"]

_STYLES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (7, 2, 1.5, 2)), (0, (4, 1, 1, 1)))
#: Order in which lines take colours.
ROLES = ("west", "east", "observed", "anchor", "user")
_GREY = "#777777"


@dataclass(frozen=True, eq=False)
class Line:
    """A line of a panel, or points.

    Attributes
    ----------
    x, y : array
        Where it goes.
    label : str
        Its entry in the legend; empty for none.
    role : str
        A key of :data:`balkhash_model.plot.PALETTE`.
    low, high : array, optional
        Band around it.
    style : int, default 0
        Number of the dash pattern.
    points : bool, default False
        Points instead of a line; `low` and `high` become bars.
    notes : tuple of (x, y, str)
        Points to mark, each with its text.
    """

    x: npt.ArrayLike
    y: npt.ArrayLike
    label: str
    role: str = "lake"
    low: npt.ArrayLike | None = None
    high: npt.ArrayLike | None = None
    style: int = 0
    points: bool = False
    notes: tuple[tuple[float, float, str], ...] = ()


def panel(
    lines: Sequence[Line],
    *,
    x_label: str,
    y_label: str,
    mark: tuple[float, str] | None = None,
    bottom: float | None = None,
    downward: bool = False,
    narrow: bool = False,
    decimal: str = ".",
) -> Figure:
    """Draw lines, bands and points in one panel, with every text given by the caller.

    Parameters
    ----------
    lines : sequence of Line
        What is drawn.
    x_label, y_label : str
        Texts of the axes, with units.
    mark : tuple of (float, str), optional
        A level to mark, and its text.
    bottom : float, optional
        Lower end of the vertical axis.
    downward : bool, default False
        Whether the vertical axis points down.
    narrow : bool, default False
        Whether it is drawn for a phone.
    decimal : str, default "."
        The sign before decimals on the axes.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Examples
    --------
    >>> figure = panel([Line([2025, 2026], [341.5, 341.2], "a")], x_label="Year", y_label="m")
    >>> figure.axes[0].get_xlabel()
    'Year'
    """
    import matplotlib.pyplot as plt
    from matplotlib.ticker import MaxNLocator, ScalarFormatter

    with use_style():
        figure: Figure
        size = (4.5, 4.4) if narrow else (8.0, 4.3)
        figure, axes = plt.subplots(layout="constrained", figsize=size)
        for line in lines:
            _draw(axes, line)
        axes.margins(x=0.01, y=0.08)
        axes.xaxis.set_major_locator(MaxNLocator(5 if narrow else 9, integer=True))
        if bottom is not None:
            axes.set_ylim(bottom=bottom)
        if mark is not None:
            _mark(axes, *mark)
        if downward:
            axes.invert_yaxis()
        plain = ScalarFormatter(useOffset=False)
        plain.set_scientific(False)
        axes.yaxis.set_major_formatter(plain)
        if decimal != ".":
            # the locator is asked once, for the texts are fixed from here on
            limits, ticks = axes.get_ylim(), axes.get_yticks()
            plain.set_locs(ticks)
            axes.set_yticks(ticks, [plain(t).replace(".", decimal) for t in ticks])
            axes.set_ylim(*limits)
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        handles, labels = axes.get_legend_handles_labels()
        if handles:
            figure.legend(
                handles,
                labels,
                loc="outside lower left",
                ncols=1 if narrow else _columns(labels),
                handlelength=2.6,
            )
        plt.close(figure)
    return figure


def _columns(labels: Sequence[str]) -> int:
    """Columns of a legend: all in one row where they fit, else as even as can be."""
    most = 4 if max(map(len, labels)) <= 20 else 3 if max(map(len, labels)) <= 30 else 2
    rows = -(-len(labels) // most)
    return -(-len(labels) // rows)


def _draw(axes: Any, line: Line) -> None:
    x, y = np.asarray(line.x, dtype=float), np.asarray(line.y, dtype=float)
    colour = PALETTE[line.role]
    # an entry that begins with an underscore would be left out of the legend
    label = (f"\u200b{line.label}" if line.label.startswith("_") else line.label) or "_nolegend_"
    if line.points:
        error = None
        if line.low is not None and line.high is not None:
            error = np.nan_to_num(np.array([y - line.low, np.asarray(line.high) - y]))
        axes.errorbar(
            x, y, yerr=error, fmt="D", ms=4, lw=1.1, color=colour, capsize=2, label=label, zorder=6
        )
        return
    if line.low is not None and line.high is not None:
        axes.fill_between(
            x, np.asarray(line.low), np.asarray(line.high), color=colour, alpha=0.18, lw=0, zorder=2
        )
    width = 2.4 if line.role == "lake" else 1.8
    axes.plot(x, y, color=colour, ls=_STYLES[line.style % 5], lw=width, label=label, zorder=4)
    for at, value, text in line.notes:
        axes.plot(at, value, "o", ms=4, color=colour, zorder=5)
        axes.annotate(
            text,
            (at, value),
            xytext=(-5, -5),
            textcoords="offset points",
            ha="right",
            va="top",
            fontsize=8.5,
            zorder=7,
        )


def _mark(axes: Any, value: float, text: str) -> None:
    """A line across, in sight where the data come near it."""
    low, high = axes.get_ylim()
    reach = 0.5 * (high - low)
    if not low - reach < value < high + reach:
        return
    # its text stands in the legend, where no line crosses it
    axes.axhline(value, color=PALETTE["threshold"], lw=1.4, ls="-.", zorder=3, label=text)
    low, high = axes.get_ylim()
    axes.set_ylim(low - 0.06 * (high - low), high)


def themed_svg(figure: Figure, key: str) -> str:
    """Write a figure as SVG to stand inside a page whose style sheet names the colours.

    Colours of the palette become ``var(--chart-ROLE)``, black ``var(--chart-ink)``, the grid
    ``var(--chart-grid)``; the ground is clear. Letters stay text. Names inside begin with `key`, so
    that several figures may stand in one page.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    key : str
        Letters, digits and hyphens, unlike those of other figures.

    Returns
    -------
    str
        An ``svg`` element, hidden from screen readers: the page says in words what it shows.

    Examples
    --------
    >>> figure = panel([Line([0, 1], [2, 3], "a")], x_label="x", y_label="y")
    >>> "var(--chart-ink)" in themed_svg(figure, "a")
    True
    """
    import matplotlib as mpl

    stream = io.StringIO()
    with use_style(), mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": key}):
        figure.savefig(stream, format="svg", metadata={"Date": None}, transparent=True)
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{key}-\1"', text)
    text = re.sub(r'(xlink:href="|url\()#', rf"\1#{key}-", text)
    text = re.sub(r"'DejaVu Sans'", "system-ui, 'DejaVu Sans', sans-serif", text)
    text = re.sub(r'(<svg[^>]*?) width="[\d.]+pt" height="[\d.]+pt"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) height="[\d.]+pt"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) width="[\d.]+pt"', r"\1", text, count=1)
    named = {"#000000": "ink", "#d9dde2": "grid", _GREY: "soft", "#333333": "ink"}
    named |= {colour.lower(): role for role, colour in PALETTE.items() if role != "lake"}
    for colour, role in named.items():
        text = re.sub(rf"(?<=: ){colour}\b", f"var(--chart-{role})", text, flags=re.IGNORECASE)
    return text.replace("<svg", '<svg aria-hidden="true" focusable="false"', 1)
