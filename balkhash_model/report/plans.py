"""Plans side by side: level, water and money."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from balkhash_model.diagnostics import compare_results
from balkhash_model.diagnostics.compare import Comparison, measure_table
from balkhash_model.errors import InputError
from balkhash_model.report.blocks import Block, Section, Table, known_columns
from balkhash_model.report.language import Words
from balkhash_model.report.outcomes import Outcome

__all__ = ["plans_section"]


def plans_section(found: Sequence[Outcome], words: Words) -> Section | None:
    """Compare plans with the first: levels, water and cost.

    Parameters
    ----------
    found : sequence of Outcome
        The plans.
    words : Words
        The language.

    Returns
    -------
    Section or None
        None where there is one plan without measures.
    """
    measures = _measures(found, words)
    if len(found) < 2 and measures is None:
        return None
    blocks: list[Block] = []
    if len(found) > 1:
        compared = _compared(found)
        blocks.append(_table(found, compared, words))
        if compared is None and any(o.result is not None for o in found):
            blocks.append(Block("note", words("plans.apart")))
        elif compared is None:
            blocks.append(Block("note", words("plans.statistics")))
    blocks.append(measures if measures is not None else Block("text", words("plans.no_measures")))
    key = "plans" if len(found) > 1 else "measures"
    return Section("plans", words(f"plans.title_{key}"), blocks)


def _compared(found: Sequence[Outcome]) -> Comparison | None:
    """Runs beside the first; None where they have no year or datum in common."""
    runs = {o.label: o.result for o in found if o.result is not None}
    if len(runs) != len(found):
        return None
    try:
        return compare_results(runs, threshold=found[0].threshold or 341.0)
    except InputError:
        return None


def _table(found: Sequence[Outcome], compared: Comparison | None, words: Words) -> Block:
    first = found[0]
    rows: list[tuple[str, ...]] = []
    for one in found:
        end = one.spans["end"].mid
        rows.append(
            (
                one.label,
                words.number(end, 2),
                words.number(
                    math.nan if one is first else _beside(one, first, compared), 2, sign=True
                ),
                words.number(one.spans["lowest"].mid, 2),
                _keeps(one, words),
                *_water(one, first, compared, words),
                _money(one, words),
            )
        )
    keys = ("plan", "end", "beside", "lowest", "keeps", "inflow", "use", "more", "cost")
    caption = words("plans.table", first=first.label)
    note = words("plans.note")
    if compared is not None:
        common = sorted(set.intersection(*(set(f.index) for f in compared.levels.values())))
        note = words("plans.common", years=words.years(common)) + " " + note
    head = tuple(words(f"plans.head_{k}") for k in keys)
    head, rows = known_columns(head, rows, words.number(math.nan))
    return Block("table", note, table=Table(caption, head, rows))


def _beside(one: Outcome, first: Outcome, compared: Comparison | None) -> float:
    """Median difference from the first plan in the last year that both have."""
    if compared is not None:
        return float(compared.differences[one.label].iloc[-1].median())
    data = one.source.dataset
    if (
        one.result is None
        and one.source is first.source
        and "lake_level_difference_quantile" in data
    ):
        part = data["lake_level_difference_quantile"].isel(scenario=one.number, time_edge=-1)
        return float(part.sel(quantile=0.5, method="nearest"))
    return math.nan


def _keeps(one: Outcome, words: Words) -> str:
    if one.threshold is None:
        return words.number(math.nan)
    if one.stay is not None:
        return words.share(float(one.stay["never"].iloc[-1]))
    return words.count("unit.years_below", one.spans["years_below"].mid, 1)


def _water(
    one: Outcome, first: Outcome, compared: Comparison | None, words: Words
) -> tuple[str, str, str]:
    if compared is None:
        return ("–", "–", "–")
    row, base = compared.budget.loc[one.label], compared.budget.loc[first.label]
    inflow, use = float(row["inflow"]), float(row["abstraction"])
    more = inflow + use - float(base["inflow"]) - float(base["abstraction"])
    return (
        words.number(inflow, 2),
        words.number(-use, 2),
        words.number(math.nan if one is first else more, 2, sign=True),
    )


def _money(one: Outcome, words: Words) -> str:
    if not one.scenario.get("measures"):
        return words("plans.without")
    if one.result is None:
        stated = any(m.get("cost") for m in one.scenario["measures"].values())
        return words("plans.see_measures" if stated else "plans.not_given")
    table = measure_table({one.label: one.result})
    if table.empty or table["cost (million)"].isna().all():
        return words("plans.not_given")
    sums = table.dropna(subset="cost (million)").groupby("currency")["cost (million)"].sum()
    return "; ".join(
        words("plans.million", sum=words.number(float(v), 0), currency=str(k))
        for k, v in sums.items()
    )


def _measures(found: Sequence[Outcome], words: Words) -> Block | None:
    rows: list[tuple[str, ...]] = []
    for one in found:
        computed = {}
        if one.result is not None:
            table = measure_table({one.label: one.result})
            computed = {str(r["measure"]): r for r in table.to_dict("records")}
        for name, measure in (one.scenario.get("measures") or {}).items():
            cost = measure.get("cost") or {}
            row = computed.get(str(name), {})
            total = float(row.get("cost (million)", math.nan))
            stated = [
                words(f"plans.{k}", sum=words.quantity(str(cost[k])))
                for k in ("capital", "yearly")
                if cost.get(k)
            ]
            rows.append(
                (
                    str(measure.get("title") or name),
                    one.label,
                    str(measure.get("start", "–")),
                    words.number(float(row.get("water (km3/yr)", math.nan)), 2),
                    "; ".join(stated) or words("plans.not_given"),
                    _total(total, row, words),
                    _source(cost, measure, words),
                )
            )
    if not rows:
        return None
    keys = ("measure", "plan", "start", "water", "stated", "total", "source")
    head = tuple(words(f"plans.measure_{k}") for k in keys)
    head, rows = known_columns(head, rows, words.number(math.nan))
    table_ = Table(words("plans.measures"), head, rows, words=True)
    return Block("table", words("plans.measures_note"), table=table_)


def _total(total: float, row: dict[str, Any], words: Words) -> str:
    if not math.isfinite(total):
        return words.number(math.nan)
    return words("plans.million", sum=words.number(total, 0), currency=row["currency"])


def _source(cost: dict[str, object], measure: dict[str, object], words: Words) -> str:
    source = str(cost.get("source") or measure.get("source") or "")
    return words("assumed.assumed") if source in ("assumed", "") else source
