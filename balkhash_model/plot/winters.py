"""A calendar of ice: when each winter begins and ends on the water."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.plot._frame import blank, finish, legend_on, pt, table_caption
from balkhash_model.plot._members import need_one
from balkhash_model.plot.style import PALETTE, Size, use_style
from balkhash_model.plot.words import Lang, heading, word

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["ice_calendar"]

#: Months of a winter, from October to June.
_MONTHS = (10, 11, 12, 1, 2, 3, 4, 5, 6)


def ice_calendar(
    dates: pd.DataFrame,
    storages: Sequence[str] | None = None,
    *,
    title: str | None = None,
    source: str = "",
    ax: Axes | None = None,
    lang: Lang = "en",
    size: Size = "web",
) -> Figure:
    """Draw freeze-up and break-up of each winter.

    Parameters
    ----------
    dates : pandas.DataFrame
        As :func:`balkhash_model.diagnostics.ice_dates` gives it: `storage`, `winter`, `freeze_up`,
        `break_up`.
    storages : sequence of str, optional
        Water bodies to draw; by default all of the table.
    title : str, optional
        Title of the figure; a general one where not given.
    source : str, optional
        Where the dates come from, for the caption; by default model and scenario of the table.
    ax : matplotlib.axes.Axes, optional
        Where to draw a single water body.
    lang : {"en", "ru", "kk"}, default "en"
        Language of the texts.
    size : {"page", "slide", "web"}, default "web"
        Where the figure is shown; see :func:`balkhash_model.plot.use_style`.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each water body: a bar for each winter, from freeze-up to break-up. Winters of
        which one date is missing show the other as a point.

    Raises
    ------
    InputError
        Where the table is empty, lacks a water body, or `ax` is given for several.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> table = bm.diagnostics.ice_dates(bm.run("hindcast_free"))
    >>> len(ice_calendar(table, ["west"]).axes)
    1
    """
    known = [str(s) for s in dict.fromkeys(dates["storage"])]
    chosen = known if storages is None else list(storages)
    problems = [
        Problem("storages", "has no dates", s, ", ".join(known), nearest(s, known))
        for s in chosen
        if s not in known
    ]
    if problems or not chosen:
        raise InputError(problems or [Problem("dates", "has no winter")])
    if ax is not None:
        need_one(chosen)
    with use_style(size):
        figure = blank(size, 0.35 + 0.33 * len(chosen)) if ax is None else None
        panels = (
            [ax]
            if figure is None
            else list(
                figure.subplots(len(chosen), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
            )
        )
        for i, (name, axes) in enumerate(zip(chosen, panels, strict=True)):
            assert axes is not None
            colour = PALETTE[("west", "east", "observed", "anchor", "user")[i % 5]]
            _draw_winters(axes, dates[dates["storage"] == name], colour, lang)
            axes.set_title(heading(name, lang))
            axes.set_ylabel(word("date", lang))
        last = panels[-1]
        assert last is not None
        last.set_xlabel(word("winter", lang))
        if figure is None:
            return legend_on(last, lang)
        finish(
            figure,
            word("ice.title", lang) if title is None else title,
            caption=table_caption(dates, lang, source, word("ice.caption", lang)),
            legend=([], []),
            lang=lang,
        )
    return figure


def _days(dates: pd.Series, winters: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Days since 1 October before each winter."""
    at = dates.to_numpy().astype("datetime64[D]")
    start = (winters - 1970 - 1).astype("datetime64[Y]").astype("datetime64[M]") + 9
    days: npt.NDArray[np.float64] = (at - start.astype("datetime64[D]")) / np.timedelta64(1, "D")
    return days


def _draw_winters(axes: Axes, rows: pd.DataFrame, colour: str, lang: str) -> None:
    winters = rows["winter"].to_numpy(dtype=int)
    start, end = (_days(rows[column], winters) for column in ("freeze_up", "break_up"))
    both = np.isfinite(start) & np.isfinite(end)
    axes.bar(
        winters[both],
        (end - start)[both],
        bottom=start[both],
        width=0.72,
        color=colour,
        alpha=0.55,
        lw=0,
    )
    for days, marker in ((start, "_"), (end, "_")):
        axes.plot(winters, days, marker, ms=pt(4.5), mew=pt(1.6), color=colour, zorder=4)
    first = np.datetime64("2000-10-01", "D")
    ticks = [
        int((np.datetime64(f"{2000 if m >= 10 else 2001}-{m:02d}-01", "D") - first).astype(int))
        for m in _MONTHS
    ]
    low, high = np.nanmin(start), np.nanmax(end)
    inside = [(t, m) for t, m in zip(ticks, _MONTHS, strict=True) if low - 31 <= t <= high + 31]
    axes.set_yticks([t for t, _ in inside], [f"1 {word(f'month.{m}', lang)}" for _, m in inside])
    axes.set_ylim(low - 12.0, high + 12.0)
    axes.margins(x=0.01)
