"""Quantities written by people, "14.9 km3/yr" or "341.0 m", as SI numbers.

Units are read at the door and nowhere else: a physical quantity without a unit is an error, and a
unit that does not fit is an error that names units which do.  A year as a divisor of a constant
rate is the mean Gregorian year of 365.2425 days; an amount that belongs to a calendar year or
month is read by `parse_amount`, which leaves the calendar to the forcing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from balkhash_model.errors import InputError, Problem, nearest

__all__ = [
    "KINDS",
    "AmountPerPeriod",
    "Kind",
    "Money",
    "convert",
    "from_si",
    "parse",
    "parse_amount",
    "parse_money",
]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of quantity: its SI unit and how people write it.

    Attributes
    ----------
    name : str
        The kind in words, with its article: "a flow".
    si : str
        The unit inside the package.
    examples : tuple of str
        Quantities of this kind as a person writes them.
    amount : str, optional
        For a rate, the SI unit of the amount that one period brings.
    bare : bool, default False
        Whether a number without a unit is complete.
    fixed : bool, default False
        Whether ``si`` is the one unit in which such a number is given: it enters a formula of
        practice in this unit, and is neither scaled nor converted. A bare number, or "1", is taken
        to be in it.
    """

    name: str
    si: str
    examples: tuple[str, ...]
    amount: str | None = None
    bare: bool = False
    fixed: bool = False

    @property
    def expected(self) -> str:
        """The words of an error message that say what to write."""
        return f"{self.name}, as {' or '.join(repr(e) for e in self.examples)}"


def _fixed(name: str, unit: str, example: str) -> Kind:
    """Make a kind with one unit."""
    return Kind(name, unit, (f"{example} {unit}",), bare=True, fixed=True)


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "level": Kind("a level", "m", ("341.0 m",)),
        "length": Kind("a length", "m", ("3.5 km", "1e-3 m")),
        "area": Kind("an area", "m2", ("17250 km2", "5 ha")),
        "volume": Kind("a volume", "m3", ("106 km3", "28.1e9 m3")),
        "flow": Kind("a flow", "m3/s", ("14.9 km3/yr", "550 m3/s"), amount="m3"),
        "depth_rate": Kind("a depth per time", "m/s", ("0.85 m/yr", "2.3 mm/day"), amount="m"),
        "speed": Kind("a speed", "m/s", ("4.65 m/s",)),
        "salinity": Kind("a salinity", "kg/m3", ("0.74 g/l", "3.5 kg/m3")),
        "mass": Kind("a mass", "kg", ("250 Mt", "1e9 kg")),
        "mass_rate": Kind("a mass per time", "kg/s", ("6.1 Mt/yr", "190 kg/s"), amount="kg"),
        "temperature": Kind("a temperature", "degC", ("8.5 degC", "281.65 K")),
        "temperature_change": Kind("a temperature change", "K", ("2.5 K", "2.5 degC")),
        "fraction": Kind("a fraction", "1", ("5 %", "0.05"), bare=True),
        "area_slope": Kind("an area per level", "m2/m", ("383 km2/m",)),
        "duration": Kind("a duration", "s", ("10 day", "2 yr")),
        "dimensionless": Kind("a number", "1", ("1.4",), bare=True),
        "roughness": _fixed("a Manning roughness", "s m-1/3", "0.03"),
        "latitude": _fixed("a latitude", "degrees_north", "46.5"),
        "month": _fixed("a number of months", "month", "6.5"),
        "degree_days_per_depth": _fixed("a number of degree-days per depth", "K d m-1", "200"),
        "per_kelvin": _fixed("a share per kelvin", "K-1", "-0.03"),
        "ice_growth": _fixed("a coefficient of ice growth", "m K-1/2 d-1/2", "0.017"),
    }
)
"""Every kind of quantity that is read, by name."""


class AmountPerPeriod(NamedTuple):
    """An amount that arrives every period.

    Attributes
    ----------
    amount : float
        The SI amount per period: m3, m or kg.
    period : {"year", "month", "second"}
        A calendar year or month, whose length the forcing knows, or a second, for a plain rate.
    """

    amount: float
    period: Literal["year", "month", "second"]


# One explicit list rather than prefixes on everything: "Mm3" (1e18 m3 by the rules, a million m3
# by habit) or "C" (coulomb) cannot slip through.
_DEFINITIONS = {
    "m": "[length]",
    "km": "1000 m",
    "hm": "100 m",
    "dm": "0.1 m",
    "cm": "0.01 m",
    "mm": "0.001 m",
    "ha": "10000 m**2",
    "l": "0.001 m**3",
    "ml": "0.000001 m**3",
    "kg": "[mass]",
    "g": "0.001 kg",
    "mg": "0.000001 kg",
    "t": "1000 kg",
    "kt": "1000000 kg",
    "Mt": "1000000000 kg",
    "s": "[time]",
    "min": "60 s",
    "h": "3600 s",
    "day": "86400 s",
    "yr": "31556952 s",  # 365.2425 days
    "K": "[temperature]",
}
_ALIASES = {
    "metre": "m",
    "metres": "m",
    "meter": "m",
    "meters": "m",
    "L": "l",
    "litre": "l",
    "liter": "l",
    "mL": "ml",
    "tonne": "t",
    "tonnes": "t",
    "sec": "s",
    "second": "s",
    "seconds": "s",
    "minute": "min",
    "minutes": "min",
    "hour": "h",
    "hours": "h",
    "hr": "h",
    "d": "day",
    "days": "day",
    "year": "yr",
    "years": "yr",
    "a": "yr",
    "mon": "month",
    "months": "month",
    "°C": "degC",
    "percent": "%",
}
_KNOWN = (*_DEFINITIONS, "month", "degC", "%")
_HINTS = {
    "Mm": "For a million m3 write 'hm3' or an exponent, '1e6 m3'",
    "C": "Write 'degC'",
    "‰": "Write a mass per volume, 'g/l' or 'kg/m3'",
}

_NUMBER = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|(?:nan|inf)\b)", re.IGNORECASE)
_UNIT = re.compile(
    r"(?P<op>[/*]|per\b)?\s*(?P<name>°C|[^\W\d_]+|[%‰]|1)(?:\^?(?P<exp>[+-]?\d))?\s*"
)
_PLAIN = str.maketrans({"²": "2", "³": "3", "¹": "1", "⁻": "-", "−": "-", "·": "*", "\u00a0": " "})

_Tokens = tuple[tuple[str, int], ...]


class _UnitError(Exception):
    """A unit text that cannot be used, before the place of it is known."""

    def __init__(self, what: str, hint: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


def parse(text: object, kind: str, where: str) -> float:
    """Read a quantity with its unit.

    Parameters
    ----------
    text : str
        A number and a unit, "14.9 km3/yr".  Exponents may be written km3, km^3 or km³, and
        quotients m3/s or m3 s-1.  Anything else, a bare number above all, is refused.
    kind : str
        One of `KINDS`.
    where : str
        The place of the text, for the error message.

    Returns
    -------
    float
        The quantity in the SI unit of its kind (temperatures in degC).  A year as a divisor is
        the mean Gregorian year of 365.2425 days: right for a parameter, a rate that is the same
        every day.  An amount of a calendar year is read with `parse_amount`.

    Raises
    ------
    InputError
        For a missing, unknown or unfitting unit, for a number that is not finite, and for an
        amount per month, which no constant converts.

    Examples
    --------
    >>> parse("550 m3/s", "flow", "inflow")
    550.0
    >>> round(parse("14.9 km3/yr", "flow", "inflow"), 3)
    472.162
    >>> parse("5 %", "fraction", "return_flow")
    0.05
    >>> parse("341.0", "level", "start")
    Traceback (most recent call last):
    ...
    balkhash_model.errors.InputError: start: no unit; got '341.0'; expected a level, as '341.0 m'
    """
    value, unit = _split(text, kind, where)
    return _to_si(value, unit, kind, where, got=str(text))


def convert(value: float, unit: str, kind: str, where: str) -> float:
    """Bring a number with its unit given apart to SI.

    Parameters
    ----------
    value : float
        The number.
    unit : str
        Its unit; "1" for a number that has none.
    kind : str
        One of `KINDS`.
    where : str
        The place of the number, for the error message.

    Returns
    -------
    float
        The quantity in the SI unit of its kind.

    Raises
    ------
    InputError
        As for `parse`.

    Examples
    --------
    >>> convert(383, "km2/m", "area_slope", "slope")
    383000000.0
    """
    got = f"{value} {unit}".rstrip()
    if not unit.strip() and not KINDS[kind].bare:
        raise InputError(Problem(where, "no unit", repr(got), KINDS[kind].expected))
    return _to_si(float(value), unit, kind, where, got)


def from_si(value: float, unit: str) -> float:
    """Express an SI number in another unit.

    Parameters
    ----------
    value : float
        The quantity in SI (a temperature, or a change of it, in degC).
    unit : str
        The unit wanted.

    Returns
    -------
    float
        The number of that unit.

    Raises
    ------
    InputError
        For a unit that is not known, has no fixed length (month), or is ambiguous (K).

    Examples
    --------
    >>> from_si(106e9, "km3")
    106.0
    >>> round(from_si(472.162, "km3/yr"), 3)
    14.9
    """
    try:
        tokens = _tokens(unit)
        if tokens == (("K", 1),):
            raise _UnitError("K is ambiguous for a temperature", "Use 'degC'")
        scale, _ = _scale(tokens)
    except _UnitError as error:
        raise InputError(Problem("unit", error.what, repr(unit), hint=error.hint)) from None
    return _product(value, 1 / scale) if math.isfinite(value) else float(value)


def parse_amount(text: object, kind: str, where: str) -> AmountPerPeriod:
    """Read an amount per calendar period, or a plain rate.

    Parameters
    ----------
    text : str
        "14.9 km3/yr", "20 mm/month" or "550 m3/s".
    kind : {"flow", "depth_rate", "mass_rate"}
        A kind of rate.
    where : str
        The place of the text, for the error message.

    Returns
    -------
    AmountPerPeriod
        The SI amount and "year" or "month"; any other divisor is a plain rate, given per "second".

    Raises
    ------
    InputError
        As for `parse`.

    Examples
    --------
    >>> tuple(parse_amount("14.9 km3/yr", "flow", "inflow"))
    (14900000000.0, 'year')
    >>> tuple(parse_amount("20 mm/month", "depth_rate", "precipitation"))
    (0.02, 'month')
    >>> tuple(parse_amount("550 m3/s", "flow", "inflow"))
    (550.0, 'second')
    """
    amount_unit = KINDS[kind].amount
    if amount_unit is None:
        raise ValueError(f"{kind!r} is not a rate")
    value, unit = _split(text, kind, where)
    for name, period in (("yr", "year"), ("month", "month")):
        try:
            tokens = _tokens(unit)
            rest = tuple(t for t in tokens if t != (name, -1))
            if len(rest) != len(tokens) - 1:
                continue
            scale, dimension = _scale(rest)
        except _UnitError:
            break  # a plain reading below says what is wrong
        if dimension == _scale(_tokens(amount_unit))[1]:
            _finite(value, str(text), kind, where)
            amount = _finite(_product(value, scale), str(text), kind, where)
            return AmountPerPeriod(amount, "year" if period == "year" else "month")
        problem = Problem(where, f"not {KINDS[kind].name}", repr(text), KINDS[kind].expected)
        raise InputError(problem)
    return AmountPerPeriod(_to_si(value, unit, kind, where, str(text)), "second")


def _split(text: object, kind: str, where: str) -> tuple[float, str]:
    """Part a text into its number and its unit."""
    expected = KINDS[kind].expected
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        raise InputError(Problem(where, "not a quantity", repr(text), expected))
    plain = str(text).translate(_PLAIN).strip()
    match = _NUMBER.match(plain)
    if match is None:
        raise InputError(Problem(where, "does not begin with a number", repr(text), expected))
    value, unit = float(match.group()), plain[match.end() :].strip()
    if re.match(r",\d", unit):
        hint = "Write the decimals after a point and thousands without a comma"
        raise InputError(Problem(where, "a comma in a number", repr(text), expected, hint))
    if not unit and not KINDS[kind].bare:
        _finite(value, str(text), kind, where)
        raise InputError(Problem(where, "no unit", repr(text), expected))
    if not unit and kind == "fraction" and abs(value) > 1:
        hint = f"Write '{value:g} %' for a percentage"
        raise InputError(Problem(where, "above 1 without a unit", repr(text), expected, hint))
    return value, unit


def _to_si(value: float, unit: str, kind: str, where: str, got: str) -> float:
    """Scale a number to the SI unit of its kind."""
    expected = KINDS[kind].expected
    number = _finite(value, got, kind, where)
    if KINDS[kind].fixed:
        if " ".join(unit.split()) not in (KINDS[kind].si, "1", ""):
            raise InputError(Problem(where, f"not {KINDS[kind].name}", repr(got), expected))
        return number
    try:
        tokens = _tokens(unit)
        scale, dimension = _scale(tokens)
    except _UnitError as error:
        raise InputError(Problem(where, error.what, repr(got), expected, error.hint)) from None
    fits = dimension == _scale(_tokens(KINDS[kind].si))[1]
    if kind == "area_slope":  # m2/m is a length by its dimension, yet "5 km" is not meant
        fits = fits and len(tokens) > 1
    if not fits:
        raise InputError(Problem(where, f"not {KINDS[kind].name}", repr(got), expected))
    if kind == "temperature" and tokens == (("K", 1),):
        return float(_exact(number) - Fraction("273.15"))
    return _finite(_product(number, scale), got, kind, where)


def _finite(value: float, got: str, kind: str, where: str) -> float:
    """Refuse a number that is not finite."""
    if not math.isfinite(value):
        raise InputError(Problem(where, "not a finite number", repr(got), KINDS[kind].expected))
    return value


def _exact(value: float) -> Fraction:
    """Give the decimal number that a float was written as."""
    return Fraction(repr(float(value)))


def _product(value: float, scale: Fraction) -> float:
    """Multiply exactly and round once, so that "7 %" is 0.07 to the last bit."""
    try:
        return float(_exact(value) * scale)
    except OverflowError:
        return math.inf


@lru_cache(maxsize=1024)
def _tokens(unit: str) -> _Tokens:
    """Read a unit as names and exponents: "km3/yr" is (("km", 3), ("yr", -1))."""
    text = unit.translate(_PLAIN).replace("**", "^").strip()
    tokens: list[tuple[str, int]] = []
    position = 0
    while position < len(text):
        match = _UNIT.match(text, position)
        if match is None or (position == 0 and match["op"]):
            raise _UnitError(f"the unit {unit!r} cannot be read")
        position = match.end()
        name = _ALIASES.get(match["name"], match["name"])
        if name == "1":
            continue
        if name not in _KNOWN:
            hint = _HINTS.get(name)
            if hint is None:
                hint = _nearest_unit(name)
            raise _UnitError(f"unknown unit {match['name']!r}", hint)
        sign = -1 if match["op"] in ("/", "per") else 1
        tokens.append((name, sign * int(match["exp"] or 1)))
    return tuple(tokens)


def _nearest_unit(name: str) -> str:
    """Name the units nearest to an unknown one."""
    words = (*_KNOWN, *(alias for alias in _ALIASES if len(alias) > 2))
    hint = nearest(name if len(name) > 2 else name.lower(), words)
    return hint if hint.startswith("Nearest") else f"Known: {', '.join(_KNOWN)}"


@lru_cache(maxsize=1024)
def _scale(tokens: _Tokens) -> tuple[Fraction, Any]:
    """Give the exact factor to SI and the dimension of a unit."""
    if any(name == "month" for name, _ in tokens):
        raise _UnitError(
            "a month has no fixed length: an amount per month needs a calendar",
            "Give a rate per second, day or year, or put the amount in a forcing",
        )
    registry = _registry()
    unit = registry.UnitsContainer({})
    scale = Fraction(1)
    for name, exponent in tokens:
        if name == "%":
            scale *= Fraction(1, 100) ** exponent
        else:
            base = "K" if name == "degC" else name
            unit *= registry.UnitsContainer({base: 1}) ** exponent
    quantity = registry.Quantity(scale, unit).to_root_units()
    return Fraction(quantity.magnitude), quantity.dimensionality


@cache
def _registry() -> Any:
    """Build the private registry; the application registry of pint is never touched."""
    import pint

    registry = pint.UnitRegistry(None, non_int_type=Fraction)
    for name, definition in _DEFINITIONS.items():
        registry.define(f"{name} = {definition}")
    return registry


_CURRENCY = re.compile(
    r"(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)\s*"
    r"(?P<scale>thousand|million|billion)?\s+(?P<currency>[A-Z]{3})"
)
_SCALES = {None: 1.0, "thousand": 1e3, "million": 1e6, "billion": 1e9}


class Money(NamedTuple):
    """An amount of money.

    Attributes
    ----------
    amount : float
        Units of the currency.
    currency : str
        Three letters of ISO 4217.
    """

    amount: float
    currency: str


def parse_money(text: object) -> Money:
    """Read an amount of money.

    Parameters
    ----------
    text : object
        As ``250 million USD``.

    Returns
    -------
    Money
        Amount and currency.

    Raises
    ------
    ValueError
        For anything else.

    Examples
    --------
    >>> parse_money("250 million USD")
    Money(amount=250000000.0, currency='USD')
    """
    match = _CURRENCY.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(
            "not an amount of money; expected a number and a currency, as '250 million USD'"
        )
    return Money(float(match["number"]) * _SCALES[match["scale"]], match["currency"])
