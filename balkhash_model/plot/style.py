"""House style: one palette, three sizes; safe for the colour-blind, told apart in grey by line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from balkhash_model.errors import InputError, Problem

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FORMATS", "PALETTE", "SIZES", "STYLE", "Size", "save", "series_style", "use_style"]

#: Endings of files that a figure is saved to.
FORMATS = (".png", ".svg", ".pdf")

Size = Literal["page", "slide", "web"]

#: Colours by role, from the Okabe-Ito palette.
PALETTE: dict[str, str] = {
    "lake": "#000000",
    "west": "#0072B2",
    "east": "#D55E00",
    "observed": "#009E73",
    "anchor": "#CC79A7",
    "threshold": "#B00020",
    "period": "#E8E4D8",
    "band": "#9AA5B1",
    "user": "#E69F00",
    "water": "#CFE3F2",
    "note": "#4D4D4D",
    "rule": "#777777",
}

#: Settings of matplotlib that all figures are drawn with; the sizes are those of the web.
STYLE: dict[str, Any] = {
    "figure.figsize": (9.0, 6.2),
    "figure.dpi": 160,
    "savefig.dpi": 160,
    "font.size": 10.0,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "axes.titlelocation": "left",
    "axes.titlesize": 10.0,
    "axes.labelsize": 10.0,
    "xtick.labelsize": 9.0,
    "ytick.labelsize": 9.0,
    "axes.unicode_minus": True,
    # names and titles are a user's: a dollar sign in them is money and begins no formula
    "text.parse_math": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#D9DDE2",
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.6,
    "lines.linewidth": 1.6,
    "lines.markersize": 6.0,
    "legend.frameon": False,
    "legend.fontsize": 9.0,
    "svg.fonttype": "path",
    "svg.hashsalt": "balkhash_model",
}

#: Width and height (inches), type size (points) and resolution (dots per inch) by size: the text
#: width of an A4 page, a slide of 16 : 9, and a column of a web page.
SIZES: dict[str, tuple[float, float, float, int]] = {
    "page": (6.7, 4.8, 8.0, 300),
    "slide": (13.333, 7.5, 16.0, 144),
    "web": (9.0, 6.2, 10.0, 160),
}
_BY_TYPE_SIZE = (
    "font.size",
    "axes.titlesize",
    "axes.labelsize",
    "xtick.labelsize",
    "ytick.labelsize",
    "legend.fontsize",
    "axes.linewidth",
    "grid.linewidth",
    "hatch.linewidth",
    "lines.linewidth",
    "lines.markersize",
)
_COLOURS = ("west", "east", "observed", "anchor", "user")
_LINES = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (7, 2, 1.5, 2)), (0, (4, 1, 1, 1, 1, 1)))


def settings(size: str) -> dict[str, Any]:
    """Settings of matplotlib for a size.

    Parameters
    ----------
    size : {"page", "slide", "web"}
        Where the figure is shown.

    Returns
    -------
    dict
        Names and values of ``matplotlib.rcParams``.

    Raises
    ------
    InputError
        For another size.

    Examples
    --------
    >>> settings("slide")["font.size"]
    16.0
    """
    if size not in SIZES:
        raise InputError(Problem("size", "not known", repr(size), ", ".join(SIZES)))
    width, height, points, dots = SIZES[size]
    factor = points / STYLE["font.size"]
    scaled = {name: round(STYLE[name] * factor, 3) for name in _BY_TYPE_SIZE}
    shape = {"figure.figsize": (width, height), "figure.dpi": dots, "savefig.dpi": dots}
    return STYLE | scaled | shape


@contextmanager
def use_style(size: Size = "web") -> Iterator[None]:
    """Draw in the house style within a ``with`` block, and leave matplotlib as it was.

    Parameters
    ----------
    size : {"page", "slide", "web"}, default "web"
        Where the figure is shown: the text width of an A4 page (6.7 by 4.8 inches, type of 8
        points), a slide of 16 : 9 (13.3 by 7.5 inches, 16 points), or the web (9.0 by 6.2 inches,
        10 points).

    Yields
    ------
    None
        Nothing.

    Raises
    ------
    InputError
        For another size.

    Examples
    --------
    >>> import matplotlib as mpl
    >>> with use_style(size="page"):
    ...     mpl.rcParams["font.size"]
    8.0
    """
    import matplotlib as mpl

    with mpl.rc_context(settings(size)):
        yield


def series_style(i: int) -> tuple[str, Any]:
    """Colour and dashes of the i-th of several runs.

    Parameters
    ----------
    i : int
        Number from zero.

    Returns
    -------
    tuple
        A colour and a line style of matplotlib. No two of the first 25 agree in both; the first
        five differ in both, so that they are told apart in grey.

    Examples
    --------
    >>> series_style(0)
    ('#0072B2', '-')
    """
    return PALETTE[_COLOURS[i % 5]], _LINES[(i + i // 5) % 5]


def save(figure: Figure, path: str | Path) -> None:
    """Save a figure at its own resolution; the same figure gives the same file.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    path : path-like
        A file whose ending names the format: png, svg or pdf.

    Raises
    ------
    InputError
        For another ending; nothing is written.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from matplotlib.figure import Figure
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "empty.svg"
    >>> save(Figure(), file)
    >>> file.exists()
    True
    """
    if Path(path).suffix.lower() not in FORMATS:
        raise InputError(
            Problem(str(path), "no format of a figure", Path(path).suffix, ", ".join(FORMATS))
        )
    undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    with use_style():
        figure.savefig(path, dpi="figure", metadata=undated.get(Path(path).suffix))
