"""What surrounds the axes of a figure: a title above, the sources beneath."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["frame"]


def frame(figure: Figure, title: str, sources: str, legend_rows: int = 0) -> Figure:
    """Put a title above the axes of a figure and a line of sources beneath them.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure, its axes drawn.
    title : str
        Title, on the left above the axes.
    sources : str
        What the figure rests on; a line feed starts another line.
    legend_rows : int, default 0
        Rows of a legend of the figure that stands between the title and the axes.

    Returns
    -------
    matplotlib.figure.Figure
        The same figure, laid out, and closed for pyplot so that a notebook shows it once.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> figure, axes = plt.subplots()
    >>> [text.get_text() for text in frame(figure, "Level", "Source: gauge").texts]
    ['Level', 'Source: gauge']
    """
    import matplotlib.pyplot as plt

    height = float(figure.get_size_inches()[1])
    bottom = (0.10 + 0.15 * (sources.count("\n") + 1)) / height
    top = (0.38 + 0.24 * legend_rows) / height
    left: dict[str, Any] = {"x": 0.012, "ha": "left"}
    figure.suptitle(title, y=1.0 - 0.08 / height, va="top", fontsize=12, fontweight="bold", **left)
    figure.text(y=0.05 / height, s=sources, va="bottom", fontsize=7.5, color="#555555", **left)
    figure.set_layout_engine("constrained", rect=(0.0, bottom, 1.0, 1.0 - bottom - top))
    plt.close(figure)
    return figure
