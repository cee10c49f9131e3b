"""The shape of a lake: area and volume against the level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.plot._frame import blank, citations, finish, pt
from balkhash_model.plot.style import PALETTE, Size, series_style, use_style
from balkhash_model.plot.words import Lang, axis, heading, spoken, with_unit, word

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from balkhash_model.system import LakeSystem

    Curve = tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike]

__all__ = ["hypsometry"]


def hypsometry(
    system: LakeSystem | Mapping[str, Curve],
    statements: pd.DataFrame | None = None,
    *,
    storages: Sequence[str] | None = None,
    datum: str | None = None,
    title: str | None = None,
    lang: Lang = "en",
    size: Size = "web",
) -> Figure:
    """Draw area and volume of the basins of a lake against the level.

    Parameters
    ----------
    system : LakeSystem or mapping of str to (level, area, volume)
        A lake system, or curves by name: levels (m), areas (m2) and volumes (m3).
    statements : pandas.DataFrame, optional
        Published pairs to set beside the curves, with the columns `body` (a storage, or ``whole``),
        `level_m`, `area_km2`, `volume_km3`, `flag` and `source`, as the reference table
        ``balkhash_hypsometry_statements`` holds them; rows without a level are not drawn.
    storages : sequence of str, optional
        Whose curves are drawn; by default the basins of the lake, and together as the whole lake.
    datum : str, optional
        Vertical datum; that of the system by default.
    title : str, optional
        Title of the figure; a general one where not given.
    lang : {"en", "ru", "kk"}, default "en"
        Language of the texts.
    size : {"page", "slide", "web"}, default "web"
        Where the figure is shown; see :func:`balkhash_model.plot.use_style`.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels that share the level.

    Raises
    ------
    InputError
        For a storage that the system lacks.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> figure = hypsometry(bm.load_system("balkhash"))
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['Whole lake', 'West basin', 'East basin']
    """
    from matplotlib.ticker import MaxNLocator

    curves, where = _curves(system, storages)
    shown = where if datum is None else datum
    with use_style(size):
        figure = blank(size)
        left, right = figure.subplots(1, 2, sharey=True)
        for i, (name, (level, area, volume)) in enumerate(curves.items()):
            whole = name == "whole"
            colour, line = (
                (PALETTE["lake"], "-") if whole else series_style(i - ("whole" in curves))
            )
            label = word("whole_lake_title", lang) if whole else heading(name, lang)
            style: dict[str, Any] = {"color": colour, "ls": line, "lw": pt(1.8), "label": label}
            left.plot(area / 1e6, level, **style)
            right.plot(volume / 1e9, level, **style)
            if statements is not None:
                _points(left, statements, name, "area_km2", colour, lang)
                _points(right, statements, name, "volume_km3", colour, lang)
        left.set_ylabel(axis("water_level", lang, datum=shown))
        left.set_xlabel(axis("water_area", lang, "km2"))
        right.set_xlabel(with_unit(word("volume_below", lang), "km3", lang))
        for axes in (left, right):
            axes.set_xlim(left=0.0)
            axes.xaxis.set_major_locator(MaxNLocator(5))
        handles, labels = left.get_legend_handles_labels()
        found = dict(zip(labels, handles, strict=True))
        order = sorted(found, key=lambda x: labels.index(x) + 99 * (found[x].get_marker() == "o"))
        finish(
            figure,
            _title(system, lang) if title is None else title,
            caption=_caption(statements, set(curves), lang),
            legend=([found[x] for x in order], order),
            lang=lang,
        )
    return figure


def _title(system: LakeSystem | Mapping[str, Curve], lang: str) -> str:
    name = getattr(system, "name", "")
    place = f": {spoken(str(name), lang)}" if name else ""
    return word("hypsometry.title", lang) + place


def _curves(
    system: LakeSystem | Mapping[str, Curve], storages: Sequence[str] | None
) -> tuple[dict[str, tuple[Any, Any, Any]], str]:
    """Curves by name, and their datum; the sum of the basins is the whole lake."""
    if isinstance(system, Mapping):
        given: Mapping[str, Curve] = system
        found = {
            k: tuple(np.asarray(x, dtype=float) for x in v)
            for k, v in given.items()
            if storages is None or k in storages
        }
        _known(storages, list(given))
        return {k: (v[0], v[1], v[2]) for k, v in found.items()}, ""
    _known(storages, system.storage_names())
    names = list(system.lake if storages is None else storages)
    curves = {n: system.storage(n).curve for n in names}
    at = {n: np.linspace(float(c.level[0]), float(c.level[-1]), 400) for n, c in curves.items()}
    drawn = {n: (at[n], c.area_at(at[n]), c.volume_at(at[n])) for n, c in curves.items()}
    if storages is None and len(names) > 1:
        top = min(float(c.level[-1]) for c in curves.values())
        low = min(float(c.level[0]) for c in curves.values())
        level = np.linspace(low, top, 400)
        area = sum(_above(c.area_at, level, float(c.level[0])) for c in curves.values())
        volume = sum(_above(c.volume_at, level, float(c.level[0])) for c in curves.values())
        drawn = {"whole": (level, np.asarray(area), np.asarray(volume)), **drawn}
    return drawn, system.datum


def _above(curve: Any, level: Any, bottom: float) -> Any:
    """A curve at levels of which some lie below its bottom, where it holds nothing."""
    return np.where(level >= bottom, curve(np.maximum(level, bottom)), 0.0)


def _known(storages: Sequence[str] | None, names: Sequence[str]) -> None:
    problems = [
        Problem("storages", "no such storage", s, ", ".join(names), nearest(s, names))
        for s in storages or ()
        if s not in names
    ]
    if problems:
        raise InputError(problems)


def _points(
    axes: Axes, statements: pd.DataFrame, body: str, column: str, colour: str, lang: str
) -> None:
    """Published points of a body; doubtful ones hollow."""
    rows = statements[statements["body"].str.replace("-", "_") == body]
    rows = rows[rows["level_m"].notna() & rows[column].notna()]
    for doubtful, marker, face in ((False, "o", colour), (True, "o", "white")):
        part = rows[(rows["flag"] == "doubtful") == doubtful]
        if len(part):
            text = word("published_doubtful" if doubtful else "published", lang)
            axes.plot(
                part[column],
                part["level_m"],
                marker,
                ms=pt(6.5),
                mfc=face,
                mec="black",
                mew=pt(0.8),
                label=text,
                zorder=5,
            )


def _caption(statements: pd.DataFrame | None, bodies: set[str], lang: str) -> str:
    if statements is None:
        return word("hypsometry.caption", lang)
    rows = statements[statements["body"].str.replace("-", "_").isin(bodies)]
    rows = rows[rows["level_m"].notna()]
    said = citations([str(s) for s in rows["source"]])
    return word("hypsometry.caption", lang) + " " + word("caption.published", lang, sources=said)
