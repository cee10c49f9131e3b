"""Figures that hold plans beside the Aral Sea."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from balkhash_model import plot
from balkhash_model.diagnostics.courses import ARAL_ONSET, Course
from balkhash_model.plot.panels import Line
from balkhash_model.plot.words import word
from balkhash_model.report.blocks import Block
from balkhash_model.report.figures import MOST, caption_of, figure_of, look_of
from balkhash_model.report.language import Words
from balkhash_model.report.outcomes import Outcome

__all__ = ["aral_figure", "aral_views"]

#: Most runs in the four views.
MOST_VIEWS = 5


def _aral_sources(words: Words) -> str:
    return word("caption.aral", words.language) + "."


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
        lines.append(Line(age[keep], middle, one.label, **band, **look_of(i)))
    return figure_of(
        "aral",
        lines,
        caption_of("aral.caption", words, len(paths), _aral_sources(words)),
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
        lines.append(Line(age, mid, one.label, low=low, high=high, **look_of(i)))
    return figure_of(
        "aral",
        lines,
        caption_of("aral.caption_level", words, len(plans), _aral_sources(words)),
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
    caption = caption_of("aral.views", words, len(paths), most=MOST_VIEWS)
    return Block("image", caption, alt=words("aral.views_alt"), wide=_address(figure))


def _address(figure: Any) -> str:
    """A figure as an address that holds the picture itself."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "figure.svg"
        plot.save(figure, file)
        data = base64.b64encode(file.read_bytes()).decode("ascii")
    return f"data:image/svg+xml;base64,{data}"
