"""Types of the values in a scenario file: quantities with units, years, days, money."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, WithJsonSchema

from balkhash_model import units
from balkhash_model.errors import InputError

__all__ = [
    "DataPath",
    "Day",
    "DepthText",
    "FlowText",
    "FractionText",
    "Knots",
    "LengthText",
    "LevelText",
    "MoneyText",
    "Months",
    "Place",
    "PlainLevelText",
    "ShareText",
    "SignedFlowText",
    "StartText",
    "ThresholdText",
    "VolumeText",
    "Year",
    "Years",
    "check_amount",
]


def _words(error: InputError) -> str:
    """The clause of the first problem, without its place."""
    problem = error.problems[0]
    text = problem.what if problem.expected is None else f"{problem.what}; {problem.expected}"
    return text if problem.hint is None else f"{text}. {problem.hint}"


def check_amount(value: object, kind: str) -> object:
    """Refuse what is not a quantity of a kind; an amount may be given per month or year.

    Parameters
    ----------
    value : object
        What the file says.
    kind : str
        One of :data:`balkhash_model.units.KINDS`.

    Returns
    -------
    object
        The value as it was; a bare number of a kind that needs no unit becomes a text.

    Raises
    ------
    ValueError
        With the words of the error message.

    Examples
    --------
    >>> check_amount("20 mm/month", "depth_rate")
    '20 mm/month'
    """
    try:
        if units.KINDS[kind].amount is not None:
            units.parse_amount(value, kind, "value")
        else:
            units.parse(value, kind, "value")
    except InputError as error:
        raise ValueError(_words(error)) from None
    return value if isinstance(value, str) else repr(value)


def _quantity(kind: str, *, least: float | None = None) -> Any:
    """A validator for quantities of one kind."""

    def check(value: object) -> object:
        text = check_amount(value, kind)
        number, _ = units._split(text, kind, "value")
        if least is not None and number < least:
            raise ValueError(f"below {least:g}")
        return text

    return BeforeValidator(check)


def _shown(kind: str, pattern: str | None = None) -> WithJsonSchema:
    """How a quantity looks in the JSON Schema."""
    entry = units.KINDS[kind]
    schema: dict[str, Any] = {
        "type": ["string", "number"] if entry.bare else "string",
        "description": entry.expected,
        "examples": [*entry.examples],
    }
    if pattern is not None:
        schema["pattern"] = pattern
    return WithJsonSchema(schema)


def _level(value: object) -> object:
    if isinstance(value, str) and value.startswith("$"):
        return value
    return check_amount(value, "level")


#: A level as people write it, or ``$name`` of a parameter.
LevelText = Annotated[str, BeforeValidator(_level), _shown("level")]
#: A level with its unit.
PlainLevelText = Annotated[str, _quantity("level"), _shown("level")]
#: A level with its unit, or ``none``.
ThresholdText = Annotated[
    str,
    BeforeValidator(lambda value: value if value == "none" else check_amount(value, "level")),
    _shown("level"),
]
#: A level, the name of a parameter, or ``observed``.
StartText = Annotated[
    str,
    BeforeValidator(lambda value: value if value == "observed" else _level(value)),
    _shown("level"),
]
#: A flow, or an amount of water per year or month; not negative.
FlowText = Annotated[str, _quantity("flow", least=0.0), _shown("flow")]
#: A flow of either sign.
SignedFlowText = Annotated[str, _quantity("flow"), _shown("flow")]
#: A depth of water per time.
DepthText = Annotated[str, _quantity("depth_rate"), _shown("depth_rate")]
#: A length, such as a height above the ground.
LengthText = Annotated[str, _quantity("length", least=0.0), _shown("length")]
#: A volume of water.
VolumeText = Annotated[str, _quantity("volume", least=0.0), _shown("volume")]
#: A share, of either sign, as ``5 %`` or 0.05.
FractionText = Annotated[str, _quantity("fraction"), _shown("fraction")]


def _share(value: str) -> str:
    if not 0.0 <= units.parse(value, "fraction", "value") <= 1.0:
        raise ValueError("not between 0 and 100 %")
    return value


#: A share between nothing and all.
ShareText = Annotated[str, _quantity("fraction"), AfterValidator(_share), _shown("fraction")]


def _year(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("not a year; expected a whole number without a unit, as 2030")
    if not 1500 <= value <= 3000:
        raise ValueError("not a year between 1500 and 3000")
    return value


#: A calendar year, as 2030: never a text, a date or a quantity.
Year = Annotated[int, BeforeValidator(_year)]


def _rising(value: tuple[int, int]) -> tuple[int, int]:
    if value[0] > value[1]:
        raise ValueError(f"the first year ({value[0]}) comes after the last ({value[1]})")
    return value


#: First and last year, both included.
Years = Annotated[tuple[Year, Year], AfterValidator(_rising)]


def _date(value: str) -> str:
    try:
        np.datetime64(value, "D")
    except ValueError:
        raise ValueError("not a date; expected year-month-day, as 1961-01-01") from None
    if len(value) != 10:
        raise ValueError("not a full date; expected year-month-day, as 1961-01-01")
    return value


#: A calendar day, as 1961-01-01.
Day = Annotated[str, AfterValidator(_date), WithJsonSchema({"type": "string", "format": "date"})]


def _at_least_one(value: dict[int, str]) -> dict[int, str]:
    if not value:
        raise ValueError("no year is given; expected as {2020: 4 km3/yr, 2040: 5 km3/yr}")
    return dict(sorted(value.items()))


#: One amount for all years, or amounts of single years with straight lines between them.
Knots = Annotated[
    Annotated[FlowText, Tag("amount")]
    | Annotated[dict[Year, FlowText], AfterValidator(_at_least_one), Tag("years")],
    Discriminator(lambda value: "years" if isinstance(value, dict) else "amount"),
]

_SEASONS = {
    "winter": [12, 1, 2],
    "spring": [3, 4, 5],
    "summer": [6, 7, 8],
    "autumn": [9, 10, 11],
    "year": list(range(1, 13)),
}


def _months(value: object) -> object:
    if isinstance(value, str):
        if value not in _SEASONS:
            raise ValueError(f"no such season; expected {', '.join(_SEASONS)} or a list of months")
        return _SEASONS[value]
    return value


#: Months by number, or a season by name.
Months = Annotated[
    list[Annotated[int, Field(ge=1, le=12, strict=True)]],
    BeforeValidator(_months),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": [*_SEASONS]},
                {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 12}},
            ]
        }
    ),
]


def _money(value: object) -> object:
    units.parse_money(value)
    return value


#: Money with its currency.
MoneyText = Annotated[
    str,
    BeforeValidator(_money),
    WithJsonSchema({"type": "string", "examples": ["250 million USD"]}),
]


def _inside(value: str) -> str:
    parts = value.replace("\\", "/").split("/")
    if value.startswith(("/", "~", "\\")) or ".." in parts or ":" in parts[0]:
        raise ValueError("leaves the folder of the scenario; expected a path inside it")
    if not value.strip():
        raise ValueError("names no file")
    return value


#: A data file beside the scenario, or in a folder beneath it.
DataPath = Annotated[str, AfterValidator(_inside)]

#: Where water is taken: above the gauge at km 171, below the dam, from the eastern rivers, or from
#: a storage of the system.
Place = Literal["km171", "reach", "eastern_rivers", "kapshagay", "west", "east"]
