"""Figures of the report: what is drawn comes from the outcomes, how from the plot room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from balkhash_model.plot.panels import ROLES, Line, panel, themed_svg
from balkhash_model.plot.words import axis, observed_origins
from balkhash_model.quantities import label
from balkhash_model.reference.levels import observed_levels
from balkhash_model.report.blocks import Block
from balkhash_model.report.language import Words
from balkhash_model.report.outcomes import Outcome

__all__ = [
    "caption_of",
    "chance_figure",
    "figure_of",
    "level_figure",
    "look_of",
    "salinity_figure",
]

#: Most plans in one figure, beyond which lines cannot be told apart.
MOST = 8
#: Series of observed levels, each with its words and whether it is points. Where the Aral has come
#: apart, the level of a run is that of its lowest basin, which is in the South.
_OBSERVED = {
    "altimetry, annual means": ("level.altimetry", False),
    "altimetry, South": ("level.altimetry_south", False),
    "dated levels": ("level.dated", True),
    "annual levels, whole sea": ("level.annual", True),
}


def figure_of(
    key: str, lines: Sequence[Line], caption: str, alt: str, words: Words, **settings: Any
) -> Block:
    """Draw a panel for a screen and one for a phone.

    Parameters
    ----------
    key : str
        Name of the figure.
    lines : sequence of Line
        What is drawn.
    caption, alt : str
        Text beneath it, and text in its place.
    words : Words
        The language.
    **settings
        As :func:`balkhash_model.plot.panels.panel` takes them.

    Returns
    -------
    Block
        A figure.
    """
    settings["decimal"] = "." if words.language == "en" else ","
    wide, narrow = (
        themed_svg(panel(lines, narrow=slim, **settings), f"{key}-{'n' if slim else 'w'}")
        for slim in (False, True)
    )
    return Block("figure", caption, alt=alt, wide=wide, narrow=narrow)


def caption_of(
    key: str, words: Words, plans: int, *more: str, most: int = MOST, **gaps: str
) -> str:
    """Say what is drawn, where it comes from, and whether plans are left out.

    Parameters
    ----------
    key : str
        Key of the text.
    words : Words
        The language.
    plans : int
        Plans that there are.
    *more
        Further sentences.
    most : int, default 8
        Plans that are drawn.
    **gaps
        What fills the gaps of the text.

    Returns
    -------
    str
        A caption.
    """
    parts = [words(key, **gaps), *more]
    if plans > most:
        parts.append(words("unit.most", n=str(most)))
    return " ".join(parts)


def look_of(i: int) -> dict[str, Any]:
    """Give colour and dashes of a plan.

    Parameters
    ----------
    i : int
        Number of the plan.

    Returns
    -------
    dict
        ``role`` and ``style`` of a line.
    """
    return {"role": ROLES[i % 5], "style": i % 5}


def level_figure(found: Sequence[Outcome], words: Words) -> Block:
    """Draw the level of each plan, with bands, observed levels and the level to keep.

    Parameters
    ----------
    found : sequence of Outcome
        The plans.
    words : Words
        The language.

    Returns
    -------
    Block
        A figure.
    """
    shown = list(found)[:MOST]
    lines = []
    for i, one in enumerate(shown):
        band = {} if one.single else {"low": one.levels["low"], "high": one.levels["high"]}
        lines.append(Line(one.levels.index, one.levels["mid"], one.label, **band, **look_of(i)))
    observed, series = _observed(shown, words)
    lines += observed
    thresholds = {o.threshold for o in shown}
    threshold = thresholds.pop() if len(thresholds) == 1 else None
    mark = None
    if threshold is not None:
        mark = (threshold, words("level.mark", threshold=words.number(threshold, 1)))
    source = found[0].source.dataset
    datum = words.datum(str(source.attrs.get("datum", "")))
    last = shown[0].levels["mid"]
    alt = words(
        "level.alt",
        first=f"{last.index[0]:.0f}",
        last=f"{last.index[-1]:.0f}",
        start=words.number(float(last.iloc[0]), 2),
        end=words.number(float(last.iloc[-1]), 2),
        low=words.number(min(float(o.levels["mid"].min()) for o in shown), 2),
        high=words.number(max(float(o.levels["mid"].max()) for o in shown), 2),
    )
    more = []
    bands = {words.share(o.band[1] - o.band[0]) for o in shown if not o.single}
    if bands:
        more.append(words("level.band", share=", ".join(sorted(bands))))
    if said := observed_origins(series, words.language):
        more.append(said + ".")
    caption = caption_of("level.caption", words, len(found), *more, datum=datum)
    return figure_of(
        "level",
        lines,
        caption,
        alt,
        words,
        x_label=words("unit.year_axis"),
        y_label=axis("lake_level", words.language, datum=str(source.attrs.get("datum", ""))),
        mark=mark,
    )


def _observed(found: Sequence[Outcome], words: Words) -> tuple[list[Line], list[str]]:
    """Observed levels within the years of the runs, and the series that they are of."""
    table = observed_levels(str(found[0].source.dataset.attrs.get("system", "")))
    if table.empty:
        return [], []
    first, last = min(o.first_year for o in found), max(o.last_year for o in found)
    table = table[table["time"].dt.year.between(first, last)]
    lines, drawn = [], []
    for series, (key, points) in _OBSERVED.items():
        group = table[table["series"] == series]
        if group.empty:
            continue
        drawn.append(series)
        x = group["time"].dt.year.to_numpy(dtype=float) + 0.5
        y, s = (group[c].to_numpy(dtype=float) for c in ("level", "uncertainty"))
        lines.append(Line(x, y, words(key), "lake" if points else "band", y - s, y + s, 2, points))
    return lines, drawn


def chance_figure(found: Sequence[Outcome], words: Words) -> Block | None:
    """Draw the share of members that have not fallen below the level, by year.

    Parameters
    ----------
    found : sequence of Outcome
        The plans.
    words : Words
        The language.

    Returns
    -------
    Block or None
        A figure; None where no plan has members.
    """
    lines, parts = [], []
    for i, one in enumerate(list(found)[:MOST]):
        if one.stay is None:
            continue
        share = one.stay["never"]
        x = np.append(one.first_year, share.index.to_numpy(dtype=float) + 1.0)
        lines.append(Line(x, np.append(100.0, 100.0 * share), one.label, **look_of(i)))
        parts.append(f"{one.label}: {words.share(float(share.iloc[-1]))}")
    if not lines:
        return None
    threshold = next(o.threshold for o in found if o.stay is not None and o.threshold is not None)
    level = words.number(threshold, 1)
    alt = words("chance.alt", threshold=level, shares="; ".join(parts))
    return figure_of(
        "chance",
        lines,
        caption_of("chance.caption", words, len(found), threshold=level),
        alt,
        words,
        x_label=words("unit.year_axis"),
        y_label=words("chance.axis"),
        bottom=0.0,
    )


def salinity_figure(found: Sequence[Outcome], words: Words) -> Block | None:
    """Draw the salinity of the West, and for one run of every basin.

    Parameters
    ----------
    found : sequence of Outcome
        The plans.
    words : Words
        The language.

    Returns
    -------
    Block or None
        A figure; None where no file holds a salinity.
    """
    lines: list[Line] = []
    alone = len(found) == 1
    for one in list(found)[:MOST]:
        for name, course in salinities(one).items():
            if not alone and name != next(iter(salinities(one))):
                continue
            text = place(name, words) if alone else one.label
            low, mid, high, years = _by_year(course)
            band = {} if one.single else {"low": low, "high": high}
            lines.append(Line(years, mid, text, **band, **look_of(len(lines))))
    if not lines:
        return None
    last = lines[0]
    alt = words(
        "salinity.alt",
        start=words.number(float(np.asarray(last.y)[0]), 2),
        end=words.number(float(np.asarray(last.y)[-1]), 2),
        what=last.label,
    )
    return figure_of(
        "salinity",
        lines,
        caption_of("salinity.caption" if alone else "salinity.caption_west", words, len(found)),
        alt,
        words,
        x_label=words("unit.year_axis"),
        y_label=label("salinity", words.language, "g/l"),
        bottom=0.0,
    )


def _by_year(course: tuple[Any, ...]) -> tuple[Any, ...]:
    """Means of the years of a long course, whose seasons would run into one another."""
    year = np.floor(course[3])
    if year[-1] - year[0] <= 60.0:
        return course
    first = np.flatnonzero(np.diff(year, prepend=-np.inf))
    return tuple(np.add.reduceat(v, first) / np.diff([*first, year.size]) for v in course)


def salinities(one: Outcome) -> dict[str, tuple[Any, Any, Any, Any]]:
    """Give the salinity of each basin of a plan.

    Parameters
    ----------
    one : Outcome
        The plan.

    Returns
    -------
    dict of str to tuple
        Low end, median and high end (g/l) and decimal years, by basin.
    """
    dataset = one.source.dataset
    if one.result is None:
        if "salinity_west_quantile" not in dataset:
            return {}
        part = dataset.isel(scenario=one.number) if "scenario" in dataset.dims else dataset
        at = int(np.argmin(np.abs(part["quantile"].values - 0.5)))
        values = part["salinity_west_quantile"].values
        return {"west": (values[0], values[at], values[-1], one.levels.index.to_numpy())}
    if "salinity" not in one.result:
        return {}
    found = {}
    for name in lake_basins(one.result):
        course = one.result["salinity"].sel(storage=name)
        if not float(course.max()) > 0.0:
            continue
        table = np.atleast_2d(course.transpose(..., "time_edge").values)
        low, mid, high = np.nanquantile(table, (0.1, 0.5, 0.9), axis=0)
        years = one.result["time_edge"].dt
        found[name] = (low, mid, high, years.year.values + (years.dayofyear.values - 1) / 365.25)
    return found


def lake_basins(result: xr.Dataset) -> list[str]:
    """Name the basins that make up the lake.

    Parameters
    ----------
    result : xarray.Dataset
        A run.

    Returns
    -------
    list of str
        Names of storages.
    """
    return [str(s) for s in result["storage"].values[result["storage_kind"].values == "lake"]]


def place(name: str, words: Words) -> str:
    """Name a basin in the language.

    Parameters
    ----------
    name : str
        Name of a storage.
    words : Words
        The language.

    Returns
    -------
    str
        Its name; as the system has it where it is not one that the package ships.
    """
    return words(f"place.{name}") if words.known(f"place.{name}") else name
