"""Runs beside a baseline: levels, and what each differs by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from balkhash_model.plot._frame import blank, finish, mark_level, pt, year_label
from balkhash_model.plot.style import PALETTE, Size, series_style, use_style
from balkhash_model.plot.words import Lang, axis, with_unit, word

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from balkhash_model.diagnostics.compare import Comparison

__all__ = ["comparison"]

_MOST = 11


def comparison(
    found: Comparison, *, title: str | None = None, lang: Lang = "en", size: Size = "web"
) -> Figure:
    """Draw the levels of several runs and their differences from the baseline.

    Parameters
    ----------
    found : Comparison
        As :func:`balkhash_model.compare` gives it.
    title : str, optional
        Title of the figure; it names the baseline where not given.
    lang : {"en", "ru", "kk"}, default "en"
        Language of the texts.
    size : {"page", "slide", "web"}, default "web"
        Where the figure is shown; see :func:`balkhash_model.plot.use_style`.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels on one time axis: annual mean level (median of the members, with the range from
        the 10th to the 90th percentile), and the difference from the baseline. At most eleven runs
        beside the baseline are drawn.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> figure = comparison(bm.compare("hindcast_free", "no_kapshagay"))
    >>> len(figure.axes)
    2
    """
    with use_style(size):
        figure = blank(size)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[2.2, 1.3])
        others = [name for name in found.levels if name != found.baseline][:_MOST]
        single = all(found.levels[name].shape[1] == 1 for name in [found.baseline, *others])
        _draw(upper, found.levels[found.baseline], found.baseline, (PALETTE["lake"], "-"), True)
        for i, name in enumerate(others):
            # the bands of many runs would hide each other
            _draw(upper, found.levels[name], name, series_style(i), len(others) <= 2)
            _draw(lower, found.differences[name], name, series_style(i), len(others) <= 3)
        lower.axhline(0.0, color=PALETTE["lake"], lw=pt(1.0))
        mark_level(upper, found.threshold, "{level} " + word("metre", lang), lang)
        upper.set_ylabel(axis("lake_level", lang, datum=found.datum))
        lower.set_ylabel(with_unit(word("difference", lang), "m", lang))
        year_label(lower, lang)
        finish(
            figure,
            word("comparison.title", lang, name=found.baseline) if title is None else title,
            note="" if single else word("comparison.members", lang),
            lang=lang,
            caption=word("comparison.caption", lang),
        )
    return figure


def _draw(
    axes: Axes, frame: pd.DataFrame, name: str, style: tuple[str, object], band: bool
) -> None:
    colour, line = style
    years = frame.index.to_numpy() + 0.5
    middle = frame.median(axis=1).to_numpy()
    axes.plot(years, middle, color=colour, ls=line, lw=pt(1.7), label=name)
    if band and frame.shape[1] > 1:
        low, high = (frame.quantile(q, axis=1).to_numpy() for q in (0.1, 0.9))
        axes.fill_between(years, low, high, color=colour, alpha=0.16, lw=0)
