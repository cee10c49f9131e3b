"""Whether the texts of a figure can be read: inside the figure, and none on another."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.text import Text

__all__ = ["text_faults"]


def text_faults(figure: Figure, slack: float = 0.5) -> list[str]:
    """Find texts that leave the figure or lie on each other.

    The figure is drawn, and the boxes around all visible texts are compared: titles, labels of axes
    and ticks, notes, legends.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    slack : float, default 0.5
        By how many dots boxes may overlap.

    Returns
    -------
    list of str
        What is wrong; empty where all can be read.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> figure = Figure()
    >>> _ = figure.text(0.5, 0.5, "one"), figure.text(0.5, 0.5, "two")
    >>> text_faults(figure)
    ["'one' lies on 'two'"]
    """
    from matplotlib.backends.backend_agg import RendererAgg

    figure.draw_without_rendering()
    renderer = RendererAgg(int(figure.bbox.width), int(figure.bbox.height), figure.dpi)
    boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in _visible(figure)]
    whole = figure.bbox
    faults = [
        f"{text!r} leaves the figure"
        for text, box in boxes
        if box.x0 < whole.x0 - slack
        or box.y0 < whole.y0 - slack
        or box.x1 > whole.x1 + slack
        or box.y1 > whole.y1 + slack
    ]
    for (a, one), (b, two) in itertools.combinations(boxes, 2):
        wide = min(one.x1, two.x1) - max(one.x0, two.x0)
        high = min(one.y1, two.y1) - max(one.y0, two.y0)
        if wide > slack and high > slack:
            faults.append(f"{a!r} lies on {b!r}")
    return faults


def _visible(figure: Figure) -> list[Text]:
    """Texts that are drawn; of the ticks those within the limits of their axis."""
    from matplotlib.text import Text

    hidden: set[int] = set()
    for axes in figure.axes:
        for line in (axes.xaxis, axes.yaxis):
            hidden |= _undrawn(line, axes.get_visible() and axes.axison)
        if not axes.get_visible():
            hidden |= {id(t) for t in axes.findobj(Text)}
    found: list[Any] = figure.findobj(Text)
    return [t for t in found if t.get_visible() and t.get_text().strip() and id(t) not in hidden]


def _undrawn(line: Axis, shown: bool) -> set[int]:
    low, high = sorted(line.get_view_interval())
    margin = 1e-9 * (high - low)
    out: set[int] = set() if shown else {id(line.label), id(line.get_offset_text())}
    for tick in [*line.get_major_ticks(), *line.get_minor_ticks()]:
        inside = low - margin <= tick.get_loc() <= high + margin
        if not (shown and inside and line.get_visible() and tick.get_visible()):
            out |= {id(tick.label1), id(tick.label2)}
    return out
