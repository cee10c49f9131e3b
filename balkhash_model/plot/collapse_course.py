"""One picture of how near a lake is to the course of the Aral Sea."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from balkhash_model.diagnostics.collapse import nearness_summary
from balkhash_model.diagnostics.courses import Course, course, observed_baseline
from balkhash_model.errors import InputError, Problem
from balkhash_model.plot._frame import blank, finish, halo, pt
from balkhash_model.plot.style import PALETTE, Size, use_style
from balkhash_model.plot.style import series_style as _style
from balkhash_model.plot.words import Lang, run_title, with_unit, word

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    _Named = tuple[str | None, xr.Dataset | Course]

__all__ = ["collapse"]

#: Years that are written beside the course of the Aral Sea, and the mark of their texts.
_MARKED = (1970, 1980, 1989, 2000, 2010)
_YEAR = "year"


def collapse(
    runs: Mapping[str, xr.Dataset | Course] | Sequence[xr.Dataset | Course] | xr.Dataset | Course,
    *,
    baseline: Course | None = None,
    onset: int | None = None,
    measure: Literal["volume", "area"] = "volume",
    phase: Literal["salinity", "inflow"] = "salinity",
    lang: Lang = "en",
    size: Size = "web",
) -> Figure:
    """Draw runs beside the course of the Aral Sea.

    Four parts: relative volume (or area) and fall of the level in metres against the years since
    onset; area against salinity, or inflow against level, as a path; and a strip of the years of
    the Aral on which each run stands at its end. Of an ensemble the median and the range of 80 % of
    the members are drawn. What a run lacks, as salt, is left out.

    Parameters
    ----------
    runs : mapping, sequence, xarray.Dataset or Course
        Results or courses; the keys of a mapping are the labels.
    baseline : Course, optional
        By default the Aral Sea as observed.
    onset : int, optional
        Onset of the runs that are results; by default where each began to fall, and for runs of
        the Aral Sea 1960 (:func:`balkhash_model.diagnostics.course`).
    measure : {"volume", "area"}, default "volume"
        Quantity that is compared.
    phase : {"salinity", "inflow"}, default "salinity"
        What is drawn as a path: area against salinity, or inflow against the fall of the level.
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
        Where there is no run, an unknown measure, phase or language, or an onset outside a record.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> figure = collapse({"simulated": bm.run("aral_hindcast")})
    >>> len(figure.axes)
    4
    """
    title = word("collapse.title", lang)
    choices = (("measure", measure, ("volume", "area")), ("phase", phase, ("salinity", "inflow")))
    problems = [
        Problem(name, "not known", repr(given), " or ".join(known))
        for name, given, known in choices
        if given not in known
    ]
    if problems:
        raise InputError(problems)
    base = observed_baseline() if baseline is None else baseline
    named = _named(runs)
    courses = _courses(named, onset, lang)
    with use_style(size):
        figure = blank(size, 1.35)
        strip_height = (0.3 if size == "slide" else 0.26) + 0.13 * len(courses)
        grid = figure.add_gridspec(3, 2, height_ratios=[1.0, 1.0, strip_height])
        tall = figure.add_subplot(grid[:2, 0])
        fall = figure.add_subplot(grid[0, 1])
        path = figure.add_subplot(grid[1, 1])
        strip = figure.add_subplot(grid[2, :])
        _trajectories(tall, courses, base, measure, lang)
        _falls(fall, courses, base, lang)
        _phase(path, courses, base, phase, lang)
        _strip(strip, courses, base, measure, lang)
        finish(
            figure,
            title,
            lang=lang,
            legend=tall.get_legend_handles_labels(),
            caption=_caption(base, named, courses, measure, lang),
        )
        _part_years(tall)
    return figure


def _caption(
    base: Course, named: list[_Named], courses: list[Course], measure: str, lang: str
) -> str:
    """Where runs and baseline come from, what bands are, and how the strip is read."""
    runs = [run for _, run in named if not isinstance(run, Course)]
    models = {str(run.attrs.get("source", "balkhash_model")) for run in runs}
    parts = [word("caption.model", lang, model=", ".join(sorted(models)))] if models else []
    # the record, and not a run of the Aral Sea
    if base.name == "aral":
        parts.append(word("caption.aral", lang))
        if measure == "area":
            parts.append(word("caption.aral_areas", lang))
    if any(len(one.members) > 1 for one in courses):
        parts.append(word("collapse.members", lang))
    parts += [word("collapse.before_is", lang), word("collapse.rows", lang)]
    return ". ".join(parts) + "."


def _base_title(base: Course, lang: str) -> str:
    """Name of the baseline; that of the package in the language of the figure."""
    known = base.title == word("collapse.aral")
    return word("collapse.aral", lang) if known else base.title


def _percent(key: str, lang: str) -> str:
    return with_unit(word(f"collapse.{key}", lang), "%", lang)


def _named(
    runs: Mapping[str, xr.Dataset | Course] | Sequence[xr.Dataset | Course] | xr.Dataset | Course,
) -> list[_Named]:
    """Runs with their labels, where they have any."""
    import xarray as xr

    named: list[_Named] = []
    if isinstance(runs, xr.Dataset | Course):
        named = [(None, runs)]
    elif isinstance(runs, Mapping):
        pairs = cast("Mapping[str, xr.Dataset | Course]", runs)
        named += [(label, run) for label, run in pairs.items()]
    else:
        named += [(None, run) for run in runs]
    if not named:
        raise InputError(Problem("runs", "none is given"))
    return named


def _courses(named: list[_Named], onset: int | None, lang: str) -> list[Course]:
    found = []
    for label, run in named:
        if isinstance(run, Course):
            found.append(replace(run, title=label or run.title))
        else:
            title = label or run_title(run, lang) or str(run.attrs.get("scenario", "run"))
            found.append(course(run, onset=onset, name=label, title=title))
    return found


def _ages(one: Course) -> float:
    """Year that counts as age zero."""
    first = one.state.index.get_level_values("year").min()
    return float(one.onset if one.onset is not None else first)


def _line(
    ax: Axes, x: Any, table: pd.DataFrame, label: str | None, colour: str, line: Any, width: float
) -> None:
    ax.plot(x, table.median(axis=1), color=colour, ls=line, lw=pt(width), label=label, zorder=4)
    if table.shape[1] > 1:
        low, high = (table.quantile(q, axis=1) for q in (0.1, 0.9))
        ax.fill_between(x, low, high, color=colour, alpha=0.2, lw=0, zorder=2)


def _trajectories(ax: Axes, courses: list[Course], base: Course, measure: str, lang: str) -> None:
    relative = 100.0 * base.relative(measure).dropna(how="all")
    x = relative.index.to_numpy(dtype=float) - _ages(base)
    _line(ax, x, relative, _base_title(base, lang), PALETTE["lake"], "-", 2.6)
    if base.uncertainty > 0.0 and relative.shape[1] == 1:
        middle = relative.iloc[:, 0]
        s = 100.0 * base.uncertainty
        ax.fill_between(x, middle - s, middle + s, color=PALETTE["band"], alpha=0.4, lw=0)
    for year in _MARKED:
        if year in relative.index and base.name.startswith("aral"):
            x_year, y_year = year - _ages(base), float(relative.loc[year].iloc[0])
            label = ax.annotate(
                str(year),
                (x_year, y_year),
                xytext=(pt(5), pt(4)),
                textcoords="offset points",
                fontsize=pt(8.5),
                path_effects=halo(),
            )
            label.set_gid(_YEAR)
            ax.plot(x_year, y_year, "o", ms=pt(4), color="black")
    for i, one in enumerate(courses):
        colour, line = _style(i)
        table = 100.0 * one.relative(measure)
        own = table.index.to_numpy(dtype=float) - _ages(one)
        _line(ax, own, table, one.title, colour, line, 1.9)
    ax.axhline(100.0, color=PALETTE["rule"], lw=pt(0.8))
    ax.axvline(0.0, color=PALETTE["rule"], lw=pt(0.8))
    ax.set_ylim(bottom=0.0)
    ax.set_xlabel(word("collapse.age", lang))
    ax.set_ylabel(_percent(measure, lang))


def _part_years(ax: Axes) -> None:
    """Move years that lie on a year before them; one for which there is no room is not written.

    Called when the panel has its limits and its size.
    """
    from matplotlib.text import Annotation

    figure = ax.figure.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    placed: list[Any] = []
    for label in ax.texts:
        if label.get_gid() != _YEAR or not isinstance(label, Annotation):
            continue
        for right, up in ((1, 1), (-1, -1), (1, -1), (-1, 1)):
            label.set_position((pt(5) * right, pt(4) * up))
            label.set_horizontalalignment("left" if right > 0 else "right")
            label.set_verticalalignment("bottom" if up > 0 else "top")
            box = label.get_window_extent()
            if not any(box.overlaps(other) for other in placed):
                placed.append(box)
                break
        else:
            label.set_visible(False)


def _falls(ax: Axes, courses: list[Course], base: Course, lang: str) -> None:
    for i, one in enumerate([base, *courses]):
        colour, line = (PALETTE["lake"], "-") if i == 0 else _style(i - 1)
        table = one.fall().dropna(how="all")
        x = table.index.to_numpy(dtype=float) - _ages(one)
        _line(ax, x, table, None, colour, line, 2.6 if i == 0 else 1.9)
    ax.axvline(0.0, color=PALETTE["rule"], lw=pt(0.8))
    ax.axhline(0.0, color=PALETTE["rule"], lw=pt(0.8))
    ax.invert_yaxis()
    ax.set_xlabel(word("collapse.age", lang))
    ax.set_ylabel(with_unit(word("collapse.fall", lang), "m", lang))


def _phase(ax: Axes, courses: list[Course], base: Course, phase: str, lang: str) -> None:
    for i, one in enumerate([base, *courses]):
        colour, line = (PALETTE["lake"], "-") if i == 0 else _style(i - 1)
        if phase == "salinity":
            x, y = 100.0 * one.relative("area"), one.relative("salinity")
        else:
            # five years, for single wet years are no path
            x, y = one.fall(), 100.0 * one.relative("inflow").rolling(5).mean()
        x, y = x.median(axis=1), y.median(axis=1)
        known = np.isfinite(x) & np.isfinite(y) & (x.index >= _ages(one))
        if known.any():
            ax.plot(x[known], y[known], color=colour, ls=line, lw=pt(2.6 if i == 0 else 1.9))
            ax.plot(x[known].iloc[-1], y[known].iloc[-1], "o", ms=pt(5), color=colour)
    if phase == "salinity":
        ax.invert_xaxis()
        ax.set_xlabel(_percent("area", lang))
        ax.set_ylabel(word("collapse.salinity", lang))
    else:
        ax.set_xlabel(with_unit(word("collapse.fall", lang), "m", lang))
        ax.set_ylabel(_percent("inflow", lang))


def _strip(ax: Axes, courses: list[Course], base: Course, measure: str, lang: str) -> None:
    """Where each run stands at its end, on the years of the baseline."""
    summary = nearness_summary(courses, base, measure)
    known = base.relative(measure).iloc[:, 0].dropna()
    first, last = float(base.onset or known.index[0]), float(known.index[-1])
    span = max(last - first, 1.0)
    relative = np.minimum.accumulate(known[known.index >= first].to_numpy())
    shade = np.interp(np.linspace(first, last, 256), known.index[known.index >= first], relative)
    n = len(courses)
    ax.imshow(
        1.0 - shade[None, :],
        extent=(first, last, -0.75, n - 0.25),
        aspect="auto",
        cmap="YlOrBr",
        vmin=-0.1,
        vmax=1.3,
        zorder=0,
    )
    for i, row in enumerate(summary.itertuples()):
        colour, _ = _style(i)
        y = n - 1 - i
        low, here, high = (
            float(np.clip(v, first - 0.07 * span, last + 0.05 * span))
            for v in (row.equivalent_low, row.equivalent_year, row.equivalent_high)
        )
        ax.plot([low, high], [y, y], color=colour, lw=pt(5), alpha=0.45, solid_capstyle="butt")
        ax.plot(here, y, "D", ms=pt(9), color=colour, mec="black", mew=pt(0.8), zorder=5)
        label = f"{int(row.year)}: "
        if np.isinf(row.equivalent_year):
            label = word("collapse." + ("before" if row.equivalent_year < 0 else "beyond"), lang)
            label = f"{int(row.year)}: {label}"
        else:
            label += f"{row.equivalent_year:.0f}"
        right = here < first + 0.75 * span
        ax.annotate(
            label,
            (max(here, high) if right else min(here, low, last), y),
            xytext=(pt(9) if right else -pt(9), 0),
            textcoords="offset points",
            va="center",
            ha="left" if right else "right",
            fontsize=pt(9.5),
            fontweight="bold",
            path_effects=halo(),
        )
    ax.set_xlim(first - 0.1 * span, last + 0.07 * span)
    ax.set_ylim(-0.75, n - 0.25)
    ax.set_yticks([])
    ax.grid(visible=False)
    ax.spines["left"].set_visible(False)
    ax.set_title(word("collapse.strip", lang, of=word(f"collapse.of_{measure}", lang)))
