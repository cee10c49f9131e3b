"""Levels of the lakes of the region side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from balkhash_model import reference
from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.plot._frame import blank, finish, pt
from balkhash_model.plot.style import PALETTE, Size, use_style
from balkhash_model.plot.words import Lang, heading, number, with_unit, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["LAKES", "compare_lakes"]

#: Lakes with a monthly record from altimetry, and its table.
LAKES: dict[str, str] = {
    "balkhash": "balkhash_level_altimetry",
    "kapshagay": "kapshagay_level_altimetry",
    "sasykkol": "sasykkol_level_altimetry",
    "issyk_kul": "issyk_kul_level_altimetry",
    "caspian": "caspian_level_altimetry",
    "north_aral": "aral_north_level_altimetry",
    "south_aral": "aral_south_level_altimetry",
}


def compare_lakes(
    lakes: Sequence[str] | None = None,
    *,
    columns: int | None = None,
    lang: Lang = "en",
    size: Size = "web",
) -> Figure:
    """Draw the levels of lakes since 1992, each less the mean of its first five years.

    Every panel has its own scale, for the South Aral fell by metres where others moved by
    decimetres. Monthly altimetry (G-REALM); some months are filled
    by a smoother, which the source does not mark.

    Parameters
    ----------
    lakes : sequence of str, optional
        Names of :data:`LAKES`; by default all.
    columns : int, optional
        Panels side by side; by default two, on a slide four.
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
        For a lake without a record, or less than one column; all problems at once.

    Examples
    --------
    >>> len(compare_lakes(["balkhash", "caspian"]).axes)
    2
    """
    chosen = [lakes] if isinstance(lakes, str) else list(LAKES if lakes is None else lakes)
    problems = [
        Problem("lakes", "no record of this lake", name, ", ".join(LAKES), nearest(name, LAKES))
        for name in chosen
        if name not in LAKES
    ]
    if not chosen:
        problems.append(Problem("lakes", "none is given", expected=", ".join(LAKES)))
    if columns is not None and columns < 1:
        problems.append(Problem("columns", "too few", str(columns), "1 or more"))
    if problems:
        raise InputError(problems)
    across = min(columns or (4 if size == "slide" else 2), len(chosen))
    rows = -(-len(chosen) // across)
    with use_style(size):
        figure = blank(size, 0.2 + 0.28 * rows)
        grid = figure.subplots(rows, across, sharex=True, squeeze=False)
        for ax in grid.ravel()[len(chosen) :]:
            ax.remove()
        for i, (name, ax) in enumerate(zip(chosen, grid.ravel(), strict=False)):
            _draw_lake(ax, name, lang)
            if i % across == 0:
                ax.set_ylabel(with_unit(word("difference", lang), "m", lang))
            if i >= len(chosen) - across:
                ax.tick_params(labelbottom=True)
        finish(
            figure,
            word("lakes.title", lang),
            note=word("lakes.note", lang),
            caption=word("lakes.caption", lang),
            lang=lang,
        )
    return figure


def _draw_lake(ax: Axes, name: str, lang: str) -> None:
    data = reference.load(LAKES[name])
    level = data["level_anomaly_m"].values
    level = level - np.nanmean(level[:60])
    last = float(level[-12:].mean())
    colour = PALETTE["east"] if last < 0.0 else PALETTE["west"]
    ax.axhline(0.0, color=PALETTE["rule"], lw=pt(0.8))
    months = data["time"].values.astype("datetime64[M]")
    # months without a value are a gap, not a straight line
    every = np.arange(months[0], months[-1] + np.timedelta64(1, "M"))
    drawn = np.full(every.size, np.nan)
    drawn[(months - months[0]).astype(int)] = level
    ax.plot(every.astype("datetime64[ns]"), drawn, color=colour, lw=pt(1.3))
    low, high = float(np.nanmin(level)), float(np.nanmax(level))
    pad = 0.12 * (high - low)
    ax.set_ylim(low - pad, high + pad)
    end = str(months[-1])[:4]
    change = f"{number(last, '+.2f', lang)}\u00a0{word('metre', lang)}\u00a0({end})"
    ax.set_title(f"{heading(name, lang)}: {change}")
