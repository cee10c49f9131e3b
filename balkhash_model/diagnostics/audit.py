"""Whether printed water budgets add up to their own totals."""

from __future__ import annotations

import pandas as pd

from balkhash_model.errors import InputError, Problem

__all__ = ["audit_budgets"]

_UNITS = {"term_km3_per_yr": "km3 yr-1", "term_mm_per_yr": "mm yr-1"}


def audit_budgets(budgets: pd.DataFrame, tolerance: float = 0.01) -> pd.DataFrame:
    """Add up the terms of printed budgets and hold the sums against what is printed.

    A budget with printed totals is checked total by total: the terms of the same sign must give it.
    One without is checked as a whole: its gains must equal its losses. Nothing is repaired.

    Parameters
    ----------
    budgets : pandas.DataFrame
        Columns ``budget, term, row_kind`` (``term`` or ``printed_total``; other rows are passed
        over), ``period`` where a budget has several, and ``term_km3_per_yr`` or
        ``term_mm_per_yr``, positive to the lake, as in the reference table ``balkhash_budgets``.
    tolerance : float, default 0.01
        Largest difference at which a sum counts as closed, in the unit of the budget.

    Returns
    -------
    pandas.DataFrame
        One row for each check: ``budget``, ``check`` (``gains`` or ``losses`` against their total,
        ``gains against losses``), ``unit``, ``terms``, ``printed`` (the total, or the losses),
        ``difference``, ``closes``, and ``left out``: the term without which a sum that does not
        close would. Sizes without sign.

    Raises
    ------
    InputError
        Where a column is missing or a budget mixes units.

    Examples
    --------
    >>> columns = ["budget", "term", "row_kind", "term_km3_per_yr"]
    >>> terms = [("b", "rivers", "term", 3.0), ("b", "rain", "term", 1.5)]
    >>> table = pd.DataFrame([*terms, ("b", "all", "printed_total", 3.0)], columns=columns)
    >>> audit_budgets(table)[["terms", "printed", "closes", "left out"]].values.tolist()
    [[4.5, 3.0, False, 'rain']]
    """
    units = [c for c in _UNITS if c in budgets]
    missing = [c for c in ("budget", "term", "row_kind") if c not in budgets]
    if missing or not units:
        raise InputError(
            Problem(
                "budgets",
                "lacks columns",
                ", ".join(missing) or "no amounts",
                f"budget, term, row_kind and {' or '.join(_UNITS)}",
            )
        )
    rows: list[dict[str, object]] = []
    keys = [c for c in ("budget", "period") if c in budgets]
    for found, group in budgets.groupby(keys, sort=False):
        name = found[0]
        used = [c for c in units if group[c].notna().any()]
        if len(used) != 1:
            raise InputError(
                Problem(f"budget {name!r}", "not in one unit", ", ".join(used) or "no amounts")
            )
        amounts = group.assign(amount=group[used[0]])
        terms = amounts[amounts["row_kind"] == "term"]
        totals = amounts[amounts["row_kind"] == "printed_total"]
        gains, losses = terms[terms["amount"] > 0.0], terms[terms["amount"] < 0.0]
        known = {"budget": name, "unit": _UNITS[used[0]]}
        for total in totals["amount"]:
            part, check = (gains, "gains") if total > 0.0 else (losses, "losses")
            rows.append(known | _check(check, part, abs(float(total)), tolerance))
        if totals.empty and not gains.empty and not losses.empty:
            other = float(-losses["amount"].sum())
            rows.append(known | _check("gains against losses", gains, other, tolerance))
    columns = ["budget", "check", "unit", "terms", "printed", "difference", "closes", "left out"]
    return pd.DataFrame(rows, columns=columns)


def _check(check: str, terms: pd.DataFrame, printed: float, tolerance: float) -> dict[str, object]:
    size = terms["amount"].abs()
    total = float(f"{size.sum():.12g}")
    difference = float(f"{total - printed:.12g}")
    closes = abs(difference) <= tolerance
    would = terms["term"][(size - difference).abs() <= tolerance]
    return {
        "check": check,
        "terms": total,
        "printed": printed,
        "difference": difference,
        "closes": closes,
        "left out": "" if closes else ", ".join(str(t) for t in would),
    }
