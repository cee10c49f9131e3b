"""A figure of one's own between the title and the sources of the house style."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from balkhash_model.plot._frame import finish

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["frame"]


def frame(
    figure: Figure,
    title: str,
    sources: str,
    legend: tuple[Sequence[Any], Sequence[str]] | None = None,
) -> Figure:
    """Put a title above the axes of a figure and its sources beneath them.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure, its axes drawn in the house style, which must be in use.
    title : str
        Title, on the left above the axes.
    sources : str
        What the figure rests on; long lines are broken.
    legend : tuple of handles and labels, optional
        A legend of the whole figure, between the title and the axes; by default there is none.

    Returns
    -------
    matplotlib.figure.Figure
        The same figure, laid out, and closed for pyplot so that a notebook shows it once.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from balkhash_model.plot import use_style
    >>> with use_style():
    ...     figure, axes = plt.subplots()
    ...     [text.get_text() for text in frame(figure, "Level", "Source: gauge").texts]
    ['Level', 'Source: gauge']
    """
    import matplotlib.pyplot as plt

    finish(figure, title, lang="en", caption=sources, legend=legend or ((), ()))
    plt.close(figure)
    return figure
