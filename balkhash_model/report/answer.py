"""The answer in three sentences, made from the numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from balkhash_model.diagnostics.courses import ARAL_ONSET, Course
from balkhash_model.report.language import Words
from balkhash_model.report.outcomes import Outcome

__all__ = ["answers", "aral_sentence", "comparable"]


def comparable(found: Sequence[Outcome]) -> bool:
    """Tell whether plans answer one question: same years, datum and level to keep.

    Parameters
    ----------
    found : sequence of Outcome
        The plans.

    Returns
    -------
    bool
        Whether there are several and they do.
    """
    kinds = {
        (o.first_year, o.last_year, str(o.source.dataset.attrs.get("datum")), o.threshold, o.single)
        for o in found
    }
    return len(found) > 1 and len(kinds) == 1


def answers(
    found: Sequence[Outcome], words: Words, baseline: Course
) -> list[tuple[str, list[str]]]:
    """Say what came out.

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
    list of tuple
        Title and three sentences: one entry for one plan or for plans that can be compared, else
        one for each plan.

    Examples
    --------
    >>> answers([], Words("en"), None)
    []
    """
    if comparable(found):
        return [("", _of_plans(found, words, baseline))]
    several = len(found) > 1
    return [
        (
            f"{o.label}: {o.title}" if several else "",
            [_level(o, words), _keeping(o, words), aral_sentence(o, words, baseline)],
        )
        for o in found
    ]


def _datum(one: Outcome, words: Words) -> str:
    return words.datum(str(one.source.dataset.attrs.get("datum", "")))


def _change(value: float, words: Words) -> str:
    if abs(value) < 0.005:
        return words("answer.same")
    kind = "higher" if value > 0.0 else "lower"
    return words(f"answer.{kind}", change=words.number(abs(value), 2))


def _level(one: Outcome, words: Words) -> str:
    end = one.spans["end"]
    values = {
        "year": one.last_year,
        "first": one.first_year,
        "level": words.number(end.mid, 2),
        "datum": _datum(one, words),
        "change": _change(one.spans["change"].mid, words),
    }
    if one.single:
        return words("answer.level_single", **values)
    return words(
        "answer.level_members",
        **values,
        members=words.count("unit.members", one.members),
        share=words.share(one.band[1] - one.band[0]),
        low=words.number(end.low, 2),
        high=words.number(end.high, 2),
    )


def _keeping(one: Outcome, words: Words) -> str:
    if one.threshold is None:
        return words("answer.no_threshold")
    level = words.number(one.threshold, 1)
    lowest = one.spans["lowest"]
    values = {
        "threshold": level,
        "lowest": words.number(lowest.mid, 2),
        "year": int(one.spans["lowest_year"].mid),
    }
    if one.stay is not None:
        return words(
            "answer.keep_members",
            threshold=level,
            year=one.last_year,
            never=words.share(float(one.stay["never"].iloc[-1])),
            now=words.share(float(one.stay["now"].iloc[-1])),
        )
    if math.isnan(one.first_below):
        return words("answer.keep_single", **values)
    return words(
        "answer.below_single",
        **values,
        years=words.count("unit.years", one.spans["years_below"].mid, 1),
        first=int(one.first_below),
    )


def aral_sentence(one: Outcome, words: Words, baseline: Course) -> str:
    """Say how near a plan is to the path of the Aral Sea.

    Parameters
    ----------
    one : Outcome
        The plan.
    words : Words
        The language.
    baseline : Course
        The Aral Sea.

    Returns
    -------
    str
        A sentence.
    """
    row = one.nearness(baseline)
    if row is None:
        return _aral_by_level(one, words, baseline)
    year = float(row["equivalent_year"])
    lost = float(row["volume_lost"])
    # a lake that holds as much as before is on no path, whatever the record of the Aral Sea says
    if year == -math.inf or lost < 0.005:
        return words("answer.aral_not_entered", year=one.last_year, held=words.share(1.0 - lost))
    if year == math.inf:
        return words("answer.aral_beyond", year=one.last_year, lost=words.share(lost))
    if not math.isfinite(year):
        return words("answer.aral_unknown")
    return words(
        "answer.aral_at", year=one.last_year, lost=words.share(lost), equivalent=f"{year:.0f}"
    )


def _aral_by_level(one: Outcome, words: Words, baseline: Course) -> str:
    """Fall of the level beside that of the Aral Sea in as many years."""
    if one.result is not None:
        return words("answer.aral_unknown")
    age = one.last_year - one.first_year + 1
    fall = baseline.fall()[0].get(ARAL_ONSET + age, math.nan)
    if not math.isfinite(fall):
        return words("answer.aral_unknown")
    return words(
        "answer.aral_level",
        year=one.last_year,
        change=_change(one.spans["change"].mid, words),
        years=words.count("unit.years_after", age),
        fall=words.number(fall, 1),
    )


def _of_plans(found: Sequence[Outcome], words: Words, baseline: Course) -> list[str]:
    by_end = sorted(found, key=lambda o: o.spans["end"].mid)
    worst, best = by_end[0], by_end[-1]
    first = words(
        "answer.plans_level",
        n=words.count("unit.plans", len(found)),
        year=worst.last_year,
        datum=_datum(worst, words),
        best=best.label,
        high=words.number(best.spans["end"].mid, 2),
        worst=worst.label,
        low=words.number(worst.spans["end"].mid, 2),
    )
    return [first, _keeping_of_plans(found, words), _nearest(worst, words, baseline)]


def _nearest(worst: Outcome, words: Words, baseline: Course) -> str:
    return words("answer.plans_aral", plan=worst.label, text=aral_sentence(worst, words, baseline))


def _keeping_of_plans(found: Sequence[Outcome], words: Words) -> str:
    if found[0].threshold is None:
        return words("answer.no_threshold")
    level = words.number(found[0].threshold, 1)
    staying = [o for o in found if o.stay is not None]
    if staying:
        ends = {o.label: float(o.stay["never"].iloc[-1]) for o in staying if o.stay is not None}
        best, worst = max(ends, key=lambda k: ends[k]), min(ends, key=lambda k: ends[k])
        return words(
            "answer.plans_keep",
            threshold=level,
            year=found[0].last_year,
            best=best,
            high=words.share(ends[best]),
            worst=worst,
            low=words.share(ends[worst]),
        )
    below = {o.label: o.spans["years_below"].mid for o in found}
    best, worst = min(below, key=lambda k: below[k]), max(below, key=lambda k: below[k])
    return words(
        "answer.plans_below",
        threshold=level,
        best=best,
        low=words.count("unit.years", below[best], 1),
        worst=worst,
        high=words.count("unit.years", below[worst], 1),
    )
