"""Indicators of water use, delta and shore, each beside the threshold that it counts against."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from balkhash_model import reference
from balkhash_model.diagnostics import ecosystem_indicators
from balkhash_model.report.blocks import Block, Table
from balkhash_model.report.language import Words
from balkhash_model.report.outcomes import Outcome

__all__ = ["water_use_table"]

#: Rows in order, and digits after the decimal sign; levels and salinities have tables of their own.
_DIGITS = {
    "west_irrigation_restricted": 1,
    "west_irrigation_severe": 1,
    "west_drinking_good": 1,
    "west_drinking_unacceptable": 1,
    "east_fish": 1,
    "delta_spring_flow": 2,
    "delta_flooded": 0,
    "area_lost": 0,
    "shore_retreat": 0,
    "years_separate": 1,
}


def water_use_table(found: Sequence[Outcome], words: Words) -> Block | None:
    """Tell how long salinities lie beyond guidelines, what the delta gets and how the shore moves.

    Parameters
    ----------
    found : sequence of Outcome
        The plans.
    words : Words
        The language.

    Returns
    -------
    Block or None
        A table; None where no file holds a run. A dash stands where no source prints a threshold.
    """
    tables = {o.label: ecosystem_indicators(o.result) for o in found if o.result is not None}
    single = {o.label: o.single for o in found}
    rows: list[tuple[str, ...]] = []
    cited: list[str] = []
    for name, digits in _DIGITS.items():
        known = [t for t in tables.values() if name in t.index]
        if not known:
            continue
        cells = [_cell(t, name, digits, single[label], words) for label, t in tables.items()]
        threshold, source, citation = _rests_on(known[0].loc[name], words)
        cited += [citation] if citation and citation not in cited else []
        rows.append((words(f"water_use.{name}"), *cells, threshold, source))
    if not rows:
        return None
    head = (words("indicators.name"), *tables)
    head += tuple(words(f"water_use.head_{k}") for k in ("threshold", "source"))
    table = Table(words("water_use.table"), head, rows)
    said = "; ".join(cited)
    return Block("table", words("water_use.note") + (f" {said}." if said else ""), table=table)


def _cell(table: pd.DataFrame, name: str, digits: int, single: bool, words: Words) -> str:
    if name not in table.index:
        return words.number(math.nan)
    low, mid, high = (
        words.number(float(table.loc[name, q]), digits) for q in ("low", "value", "high")
    )
    if single or mid == words.number(math.nan):
        return mid
    return f"{mid} ({words('unit.range', low=low, high=high)})"


def _rests_on(row: pd.Series, words: Words) -> tuple[str, str, str]:
    """The threshold in the language, who prints it, and the whole citation."""
    source, known = str(row["source"]), reference.sources()
    threshold = words.quantity(str(row["threshold"])) or words.number(math.nan)
    if source in known:
        citation = known[source]["citation"]
        return threshold, citation.split(",")[0], citation
    if source.startswith("none printed"):
        return threshold, words("water_use.none_printed"), ""
    return threshold, words("water_use.sill") if source else words.number(math.nan), ""
