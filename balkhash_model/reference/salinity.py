"""Published salinities of Lake Balkhash in one tidy form, with the years that they are said of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from balkhash_model.reference.readers import load

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["balkhash_salinities"]

_DECADE, _YEAR = re.compile(r"(\d{4})s"), re.compile(r"(\d{4})(?!s)")
_COLUMNS = ("body", "period", "start", "end", "value", "minimum", "maximum", "flag", "source")


def balkhash_salinities() -> pd.DataFrame:
    """Published salinities, g/l.

    What is printed in permil is taken as grams in a litre: at these salinities the two differ by
    less than one in a hundred.

    Returns
    -------
    pandas.DataFrame
        Columns `body` (west, east, whole), `period` in the words of the table, `start` and `end`
        (years; NaN where the source does not date it, a start of NaN alone is "before"), `value`,
        `minimum`, `maximum` (NaN where not printed), `flag` and `source`.

    Examples
    --------
    >>> table = balkhash_salinities()
    >>> dated = table[table["body"] == "west"].iloc[0]
    >>> float(dated["value"]), float(dated["start"]), float(dated["end"])
    (0.74, 2000.0, 2010.0)
    """

    table = load("balkhash_salinity").to_dataframe().reset_index(drop=True)
    rows = table[(table["item"] == "salinity") & table["unit"].isin(["g L-1", "permil"])].copy()
    years = [_years(str(period)) for period in rows["period"]]
    rows["start"], rows["end"] = [y[0] for y in years], [y[1] for y in years]
    found: pd.DataFrame = rows[list(_COLUMNS)].reset_index(drop=True)
    return found


def _years(period: str) -> tuple[float, float]:
    """First and last year of a period in words."""
    if found := _DECADE.search(period):
        return float(found[1]), float(found[1]) + 10.0
    years = [float(y) for y in _YEAR.findall(period)]
    if period.startswith("before") and years:
        return float("nan"), years[0]
    return (years[0], years[-1] + 1.0) if years else (float("nan"), float("nan"))
