"""Figures of the report: what is drawn comes from the outcomes, how from the plot room."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from balkhash_model import plot
from balkhash_model.diagnostics.courses import ARAL_ONSET, Course
from balkhash_model.plot.panels import ROLES, Line, panel, themed_svg
from balkhash_model.plot.words import axis, word
from balkhash_model.quantities import label
from balkhash_model.reference.levels import observed_levels
from balkhash_model.report.blocks import Block
from balkhash_model.report.language import Words
from balkhash_model.report.outcomes import Outcome

__all__ = ["aral_figure", "aral_views", "chance_figure", "level_figure", "salinity_figure"]

#: Most plans in one figure, beyond which lines cannot be told apart; in the four views fewer.
MOST, MOST_VIEWS = 8, 5
#: Series of observed levels, each with its words and whether it is points. Where the Aral has come
#: apart, the level of a run is that of its lowest basin, which is in the South.
_OBSERVED = {
    "altimetry, annual means": ("level.altimetry", False),
    "altimetry, South": ("level.altimetry_south", False),
    "dated levels": ("level.dated", True),
    "annual levels, whole sea": ("level.annual", True),
}


def _figure(
    key: str, lines: Sequence[Line], caption: str, alt: str, words: Words, **settings: Any
) -> Block:
    settings["decimal"] = "." if words.language == "en" else ","
    wide, narrow = (
        themed_svg(panel(lines, narrow=slim, **settings), f"{key}-{'n' if slim else 'w'}")
        for slim in (False, True)
    )
    return Block("figure", caption, alt=alt, wide=wide, narrow=narrow)


def _caption(key: str, words: Words, plans: int, *more: str, most: int = MOST, **gaps: str) -> str:
    """A caption: what is drawn, where it comes from, and whether plans are left out."""
    parts = [words(key, **gaps), *more]
    if plans > most:
        parts.append(words("unit.most", n=str(most)))
    return " ".join(parts)


def _aral_sources(words: Words) -> str:
    return word("caption.aral", words.language) + "."


def _look(i: int) -> dict[str, Any]:
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
        lines.append(Line(one.levels.index, one.levels["mid"], one.label, **band, **_look(i)))
    observed = _observed(shown, words)
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
    if observed:
        system = str(source.attrs["system"])
        more.append(word(f"caption.observed_{system}", words.language) + ".")
    caption = _caption("level.caption", words, len(found), *more, datum=datum)
    return _figure(
        "level",
        lines,
        caption,
        alt,
        words,
        x_label=words("unit.year_axis"),
        y_label=axis("lake_level", words.language, datum=str(source.attrs.get("datum", ""))),
        mark=mark,
    )


def _observed(found: Sequence[Outcome], words: Words) -> list[Line]:
    """Observed levels within the years of the runs, where there are any."""
    table = observed_levels(str(found[0].source.dataset.attrs.get("system", "")))
    if table.empty:
        return []
    first, last = min(o.first_year for o in found), max(o.last_year for o in found)
    table = table[table["time"].dt.year.between(first, last)]
    lines = []
    for series, (key, points) in _OBSERVED.items():
        group = table[table["series"] == series]
        if group.empty:
            continue
        x = group["time"].dt.year.to_numpy(dtype=float) + 0.5
        y, s = (group[c].to_numpy(dtype=float) for c in ("level", "uncertainty"))
        lines.append(Line(x, y, words(key), "lake" if points else "band", y - s, y + s, 2, points))
    return lines


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
        lines.append(Line(x, np.append(100.0, 100.0 * share), one.label, **_look(i)))
        parts.append(f"{one.label}: {words.share(float(share.iloc[-1]))}")
    if not lines:
        return None
    threshold = next(o.threshold for o in found if o.stay is not None and o.threshold is not None)
    level = words.number(threshold, 1)
    alt = words("chance.alt", threshold=level, shares="; ".join(parts))
    return _figure(
        "chance",
        lines,
        _caption("chance.caption", words, len(found), threshold=level),
        alt,
        words,
        x_label=words("unit.year_axis"),
        y_label=words("chance.axis"),
        bottom=0.0,
    )


def aral_figure(found: Sequence[Outcome], words: Words, baseline: Course) -> Block | None:
    """Draw plans beside the Aral Sea: volume, or for an ensemble the fall of the level.

    Parameters
    ----------
    found : sequence of Outcome
        The plans.
    words : Words
        The language.
    baseline : Course
        The Aral Sea.

    Returns
    -------
    Block or None
        A figure; None where no file holds what is drawn.
    """
    paths = [o for o in found if o.path is not None]
    if not paths:
        return _aral_levels(found, words, baseline)
    share = 100.0 * baseline.relative("volume").iloc[:, 0].dropna()
    share = share[share.index >= ARAL_ONSET - 10]
    s = 100.0 * baseline.uncertainty
    x = share.index.to_numpy(dtype=float) - ARAL_ONSET
    notes = tuple((float(y - ARAL_ONSET), float(share[y]), str(y)) for y in (1970, 1980, 1989))
    lines = [Line(x, share, words("aral.name"), "lake", share - s, share + s, notes=notes)]
    for i, one in enumerate(paths[:MOST]):
        assert one.path is not None
        table = 100.0 * one.path.relative("volume")
        years = table.index.to_numpy(dtype=float)
        age = years - (one.path.onset if one.path.onset is not None else years[0])
        band = {}
        if table.shape[1] > 1:
            band = {q: table.quantile(p, axis=1) for q, p in (("low", 0.1), ("high", 0.9))}
        keep = age <= 60.0
        band = {k: v[keep] for k, v in band.items()}
        middle = table.median(axis=1)[keep]
        lines.append(Line(age[keep], middle, one.label, **band, **_look(i)))
    return _figure(
        "aral",
        lines,
        _caption("aral.caption", words, len(paths), _aral_sources(words)),
        words("aral.alt", left=words.share(float(share[1989]) / 100.0)),
        words,
        x_label=words("aral.age"),
        y_label=words("aral.axis"),
        bottom=0.0,
    )


def _aral_levels(found: Sequence[Outcome], words: Words, baseline: Course) -> Block | None:
    plans = [o for o in found if o.result is None]
    if not plans:
        return None
    fall = baseline.fall()[0].dropna()
    fall = fall[fall.index >= ARAL_ONSET]
    notes = tuple((float(y - ARAL_ONSET), float(fall[y]), str(y)) for y in (1970, 1980, 1989))
    x = fall.index.to_numpy(dtype=float) - ARAL_ONSET
    lines = [Line(x, fall, words("aral.name"), "lake", notes=notes)]
    for i, one in enumerate(plans[:MOST]):
        start = float(one.levels["mid"].iloc[0])
        age = one.levels.index.to_numpy(dtype=float) - one.first_year
        low, mid, high = (start - one.levels[c] for c in ("high", "mid", "low"))
        lines.append(Line(age, mid, one.label, low=low, high=high, **_look(i)))
    return _figure(
        "aral",
        lines,
        _caption("aral.caption_level", words, len(plans), _aral_sources(words)),
        words("aral.alt_level", fall=words.number(float(fall.iloc[-1]), 0)),
        words,
        x_label=words("aral.age_level"),
        y_label=words("aral.axis_level"),
        downward=True,
    )


def aral_views(found: Sequence[Outcome], words: Words, baseline: Course) -> Block | None:
    """Draw runs beside the Aral Sea in the four views of :func:`balkhash_model.plot.collapse`.

    Parameters
    ----------
    found : sequence of Outcome
        The plans.
    words : Words
        The language.
    baseline : Course
        The Aral Sea.

    Returns
    -------
    Block or None
        A picture; None where no file holds a course.
    """
    paths = [o.path for o in found if o.path is not None]
    if not paths:
        return None
    named = Course(
        baseline.name,
        words("aral.name"),
        baseline.onset,
        baseline.state,
        baseline.before,
        baseline.uncertainty,
    )
    figure = plot.collapse(paths[:MOST_VIEWS], baseline=named, lang=words.language)
    caption = _caption("aral.views", words, len(paths), most=MOST_VIEWS)
    return Block("image", caption, alt=words("aral.views_alt"), wide=_address(figure))


def _address(figure: Any) -> str:
    """A figure as an address that holds the picture itself."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "figure.svg"
        plot.save(figure, file)
        data = base64.b64encode(file.read_bytes()).decode("ascii")
    return f"data:image/svg+xml;base64,{data}"


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
            lines.append(Line(years, mid, text, **band, **_look(len(lines))))
    if not lines:
        return None
    last = lines[0]
    alt = words(
        "salinity.alt",
        start=words.number(float(np.asarray(last.y)[0]), 2),
        end=words.number(float(np.asarray(last.y)[-1]), 2),
        what=last.label,
    )
    return _figure(
        "salinity",
        lines,
        _caption("salinity.caption" if alone else "salinity.caption_west", words, len(found)),
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
