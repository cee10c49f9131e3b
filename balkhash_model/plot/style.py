"""House style: one palette, safe for the colour-blind and told apart in grey by line and marker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["PALETTE", "STYLE", "save", "use_style"]

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
}

#: Settings of matplotlib that the figures are drawn with.
STYLE: dict[str, Any] = {
    "figure.figsize": (9.0, 6.2),
    "figure.dpi": 100,
    "savefig.dpi": 160,
    "font.size": 10,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.labelsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#D9DDE2",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.6,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "svg.fonttype": "path",
    "svg.hashsalt": "balkhash_model",
}


@contextmanager
def use_style() -> Iterator[None]:
    """Draw in the house style within a ``with`` block, and leave matplotlib as it was.

    Yields
    ------
    None
        Nothing.

    Examples
    --------
    >>> with use_style():
    ...     pass
    """
    import matplotlib as mpl

    with mpl.rc_context(STYLE):
        yield


def save(figure: Figure, path: str | Path) -> None:
    """Save a figure in the house style; the same figure gives the same file.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    path : path-like
        A file whose ending names the format: png, svg or pdf.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from matplotlib.figure import Figure
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "empty.svg"
    >>> save(Figure(), file)
    >>> file.exists()
    True
    """
    undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    with use_style():
        figure.savefig(path, metadata=undated.get(Path(path).suffix))
