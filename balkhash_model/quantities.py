"""The one table of quantities: names, units, CF attributes, ranges and labels.

Variable names, attributes, range checks, plot labels and the documentation all come from
``quantities.csv``, so that a quantity is described in one place.  Variables carry ``realization``
as their first dimension where a run has more than one member; the table leaves that out.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from balkhash_model.errors import InputError, Problem, nearest

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["LANGUAGES", "Quantity", "attrs", "check_range", "get", "label", "names", "shown_unit"]

LANGUAGES = ("en", "ru", "kk")
"""The languages of the labels: English, Russian, Kazakh."""

_CYRILLIC = {
    "m": "м",
    "km": "км",
    "cm": "см",
    "mm": "мм",
    "kg": "кг",
    "g": "г",
    "t": "т",
    "Mt": "млн т",
    "l": "л",
    "s": "с",
    "degC": "°C",
}
_UNIT_WORDS = {
    "ru": _CYRILLIC | {"day": "сут", "month": "мес", "yr": "год"},
    "kk": _CYRILLIC | {"day": "тәул", "month": "ай", "yr": "жыл"},
    "en": {"degC": "°C"},
}
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_UNIT_PART = re.compile(r"\s*(/?)\s*([^\W\d]+|%)\^?(-?\d*)")


@dataclass(frozen=True, slots=True)
class Quantity:
    """One row of the table.

    Attributes
    ----------
    name : str
        The name of the variable.
    units : str
        The unit, for UDUNITS; empty for texts and for times, whose unit xarray writes.
    standard_name : str
        The name in the CF standard name table; empty where there is none.
    cell_methods : str
        How a value stands for its interval or instant, in the words of CF.
    valid_min, valid_max : float
        The range outside which a value is a mistake; infinite where there is no limit.
    dims : tuple of str
        The dimensions of a single run.
    positive : str
        The direction or sense that is counted positive; empty where there is none.
    labels : mapping of str
        The label in each of `LANGUAGES`.
    description : str
        What it is, in a phrase.
    """

    name: str
    units: str
    standard_name: str
    cell_methods: str
    valid_min: float
    valid_max: float
    dims: tuple[str, ...]
    positive: str
    labels: Mapping[str, str]
    description: str


def names() -> tuple[str, ...]:
    """Give the names of all quantities.

    Returns
    -------
    tuple of str
        The names in the order of the table.

    Examples
    --------
    >>> "lake_level" in names()
    True
    """
    return tuple(_table())


def get(name: str) -> Quantity:
    """Give the row of a quantity.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    Quantity
        What the table says of it.

    Raises
    ------
    InputError
        For a name that is not in the table, with the nearest that are.

    Examples
    --------
    >>> get("link_flow").units, get("link_flow").dims
    ('m3 s-1', ('time', 'link'))
    """
    try:
        return _table()[name]
    except KeyError:
        problem = Problem("quantity", "unknown", repr(name), hint=nearest(name, _table()))
        raise InputError(problem) from None


def attrs(name: str, language: str = "en") -> dict[str, str]:
    """Give the CF attributes of a quantity.

    Parameters
    ----------
    name : str
        Its name.
    language : {"en", "ru", "kk"}, default "en"
        The language of the long name.

    Returns
    -------
    dict of str
        ``units``, ``long_name``, ``standard_name`` and ``cell_methods``, without the empty ones.

    Raises
    ------
    InputError
        For an unknown name or language.

    Examples
    --------
    >>> attrs("water_volume")
    {'units': 'm3', 'long_name': 'Water volume', 'cell_methods': 'time_edge: point'}
    """
    quantity = get(name)
    found = {
        "units": quantity.units,
        "long_name": _label(quantity, language),
        "standard_name": quantity.standard_name,
        "cell_methods": quantity.cell_methods,
    }
    return {key: value for key, value in found.items() if value}


def label(name: str, language: str = "en", unit: str | None = None) -> str:
    """Give the label of an axis or a column.

    Parameters
    ----------
    name : str
        The name of the quantity.
    language : {"en", "ru", "kk"}, default "en"
        The language.
    unit : str, optional
        The unit that is shown, "km3/yr"; the SI unit by default, and none where this is empty.

    Returns
    -------
    str
        The label with its unit.

    Raises
    ------
    InputError
        For an unknown name or language.

    Examples
    --------
    >>> label("river_inflow", unit="km3/yr"), label("river_inflow", "ru", "km3/yr")
    ('River inflow (km³/yr)', 'Речной приток, км³/год')
    """
    quantity = get(name)
    text = _label(quantity, language)
    shown = shown_unit(quantity.units if unit is None else unit, language)
    if not shown:
        return text
    return f"{text} ({shown})" if language == "en" else f"{text}, {shown}"


def check_range(name: str, values: npt.ArrayLike, where: str) -> list[Problem]:
    """Compare values with the valid range of their quantity.

    Parameters
    ----------
    name : str
        The name of the quantity.
    values : array_like
        Values in its unit.  Missing values (NaN) pass, infinite ones never do.
    where : str
        The place of the values, for the message.

    Returns
    -------
    list of Problem
        At most one for values below the range and one for values above, each with their number
        and the worst.

    Raises
    ------
    InputError
        For a name that is not in the table.

    Examples
    --------
    >>> for problem in check_range("water_area", [2.0, -3.0, -1.0], "result"):
    ...     print(problem)
    result: water_area too low in 2 of 3 values; got -3 at [1]; expected 0 to 1e+12 m2
    """
    import numpy as np

    quantity = get(name)
    array = np.asarray(values)
    if array.dtype.kind not in "fiu" or array.size == 0:
        return []
    problems = []
    expected = f"{quantity.valid_min:g} to {quantity.valid_max:g} {quantity.units}".rstrip()
    low = (array < quantity.valid_min) | (array == -math.inf)
    high = (array > quantity.valid_max) | (array == math.inf)
    for outside, word, worst in ((low, "low", np.nanargmin), (high, "high", np.nanargmax)):
        count = int(np.count_nonzero(outside))
        if count:
            place = np.unravel_index(worst(array), array.shape)
            what = f"{name} too {word} in {count} of {array.size} values"
            got = f"{array[place]:.6g}"
            if place:
                got += f" at [{', '.join(str(int(i)) for i in place)}]"
            problems.append(Problem(where, what, got, expected))
    return problems


def _label(quantity: Quantity, language: str) -> str:
    """Give the label without a unit."""
    if language not in quantity.labels:
        raise InputError(
            Problem("language", "unknown", repr(language), f"one of {', '.join(LANGUAGES)}")
        )
    return quantity.labels[language]


def shown_unit(unit: str, language: str = "en") -> str:
    """Write a unit as it is printed.

    Parameters
    ----------
    unit : str
        The unit, "m3 s-1" or "km3/yr".
    language : {"en", "ru", "kk"}, default "en"
        The language of the unit's words.

    Returns
    -------
    str
        The unit with raised exponents and one division sign.

    Raises
    ------
    InputError
        For an unknown language.

    Examples
    --------
    >>> shown_unit("m3 s-1"), shown_unit("km3/yr", "ru")
    ('m³/s', 'км³/год')
    """
    if language not in _UNIT_WORDS:
        raise InputError(
            Problem("language", "unknown", repr(language), f"one of {', '.join(LANGUAGES)}")
        )
    above: list[str] = []
    below: list[str] = []
    for slash, word, exponent in _UNIT_PART.findall(unit):
        power = int(exponent or 1) * (-1 if slash else 1)
        shown = _UNIT_WORDS[language].get(word, word)
        shown += str(abs(power)).translate(_SUPERSCRIPTS) if abs(power) != 1 else ""
        (above if power > 0 else below).append(shown)
    if not below:
        return "·".join(above)
    divisor = f"({'·'.join(below)})" if len(below) > 1 else below[0]
    return f"{'·'.join(above) or '1'}/{divisor}"


@cache
def _table() -> Mapping[str, Quantity]:
    """Read the table once."""
    with Path(__file__).with_name("quantities.csv").open(encoding="utf-8", newline="") as stream:
        rows = [_quantity(row) for row in csv.DictReader(stream, strict=True)]
    return MappingProxyType({row.name: row for row in rows})


def _quantity(row: dict[str, str]) -> Quantity:
    """Make a record of a row."""
    return Quantity(
        name=row["name"],
        units=row["units"],
        standard_name=row["standard_name"],
        cell_methods=row["cell_methods"],
        valid_min=float(row["valid_min"] or -math.inf),
        valid_max=float(row["valid_max"] or math.inf),
        dims=tuple(row["dims"].split()),
        positive=row["positive"],
        labels=MappingProxyType({code: row[f"label_{code}"] for code in LANGUAGES}),
        description=row["description"],
    )
