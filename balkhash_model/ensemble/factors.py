"""One thing that differs between the draws of an ensemble: its values, or its distribution."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from balkhash_model.errors import InputError, Problem
from balkhash_model.system import Parameter

__all__ = ["Factor", "make_factor", "parse_distribution"]

#: Share of a distribution between its bounds below which its quantiles are lost in rounding.
_LEAST_MASS = 1e-6
_FORMS = "uniform(a, b), normal(mean, sd), lognormal(median, factor), triangular(a, mode, b)"


@dataclass(frozen=True)
class Factor:
    """One thing that differs between draws.

    Attributes
    ----------
    name : str
        A parameter, or a dotted key of the scenario.
    parameter : bool
        Whether it is a parameter.
    unit : str
        Unit of all its numbers.
    kind : str
        ``values``, ``uniform``, ``normal``, ``lognormal`` or ``triangular``.
    numbers : tuple of float
        The values, or the numbers of the distribution.
    lower, upper : float
        Bounds that cut the distribution; infinite where there are none.

    Examples
    --------
    >>> Factor("initial.lake_level", False, "m", "uniform", (341.0, 342.0), 341.0, 342.0).at(0.5)
    341.5
    """

    name: str
    parameter: bool
    unit: str
    kind: str
    numbers: tuple[float, ...]
    lower: float = -math.inf
    upper: float = math.inf

    @property
    def bounded(self) -> bool:
        """Whether it has both bounds, or is a list.

        Returns
        -------
        bool
            True where it has.
        """
        return self.kind == "values" or (math.isfinite(self.lower) and math.isfinite(self.upper))

    def at(self, share: float) -> float:
        """Give the value at a share of the distribution.

        Parameters
        ----------
        share : float
            Between 0 and 1.

        Returns
        -------
        float
            The quantile of the distribution cut at its bounds; of a list its member there.
        """
        if self.kind == "values":
            return self.numbers[min(int(share * len(self.numbers)), len(self.numbers) - 1)]
        low, high = self._ends()
        _, backward = _distribution(self.kind, self.numbers)
        value = float(backward(low + share * (high - low)))
        return min(max(value, self.lower), self.upper)

    def _ends(self) -> tuple[float, float]:
        """Distribution function at the bounds."""
        forward, _ = _distribution(self.kind, self.numbers)
        low = forward(self.lower) if math.isfinite(self.lower) else 0.0
        high = forward(self.upper) if math.isfinite(self.upper) else 1.0
        return low, high

    def mass(self) -> float:
        """Give the share of the distribution that lies between the bounds.

        Returns
        -------
        float
            Between 0 and 1.

        Examples
        --------
        >>> Factor("x", False, "", "normal", (0.0, 1.0), 0.0, math.inf).mass()
        0.5
        """
        low, high = self._ends()
        return high - low

    def text(self, value: float) -> str:
        """Write a value with its unit.

        Parameters
        ----------
        value : float
            In the unit of the factor.

        Returns
        -------
        str
            As a scenario holds it.
        """
        if self.unit not in ("", "1"):
            return f"{value!r} {self.unit}"
        # years and counts are whole numbers in a scenario
        return str(int(value)) if value.is_integer() else repr(value)


def _distribution(
    kind: str, n: tuple[float, ...]
) -> tuple[Callable[[float], float], Callable[[float], float]]:
    """Distribution function and its inverse."""
    from scipy.special import ndtr, ndtri

    if kind == "normal":
        return (
            lambda x: float(ndtr((x - n[0]) / n[1])),
            lambda p: n[0] + n[1] * float(ndtri(p)),
        )
    if kind == "lognormal":
        spread = math.log(n[1])
        return (
            lambda x: float(ndtr(math.log(x / n[0]) / spread)) if x > 0.0 else 0.0,
            lambda p: n[0] * math.exp(spread * float(ndtri(p))),
        )
    if kind == "triangular":
        from scipy.stats import triang

        width = n[2] - n[0]
        shape = triang((n[1] - n[0]) / width, n[0], width)
        return lambda x: float(shape.cdf(x)), lambda p: float(shape.ppf(p))
    width = n[1] - n[0]
    return (
        lambda x: min(max((x - n[0]) / width, 0.0), 1.0),
        lambda p: n[0] + width * p,
    )


def parse_distribution(text: str, where: str) -> tuple[str, list[str]]:
    """Take a distribution apart.

    Parameters
    ----------
    text : str
        Such as ``normal(17250, 500)`` or ``lognormal(median 450, factor 1.5)``.
    where : str
        Place for the error.

    Returns
    -------
    tuple of str and list of str
        Kind and numbers.

    Raises
    ------
    InputError
        Where it is none.

    Examples
    --------
    >>> parse_distribution("lognormal(median 450, factor 1.5)", "x")
    ('lognormal', ['450', '1.5'])
    """
    head, _, rest = text.strip().partition("(")
    needed = {"uniform": 2, "normal": 2, "lognormal": 2, "triangular": 3}
    words = ("mean", "sd", "median", "factor", "mode")
    parts = [part.strip() for part in rest.rstrip(")").split(",")] if rest else []
    for word in words:
        parts = [p[len(word) :].strip() if p.startswith(word + " ") else p for p in parts]
    kind = head.strip()
    count = needed.get(kind)
    cut = kind in ("normal", "lognormal") and len(parts) == 4
    if count is None or not text.strip().endswith(")") or not (len(parts) == count or cut):
        raise InputError(
            Problem(
                where,
                "no distribution",
                repr(text),
                f"{_FORMS}; two more numbers cut a normal or lognormal at their bounds",
            )
        )
    return kind, parts


def _numbers(parts: list[str], unit: str | None, where: str) -> tuple[list[float], str]:
    """Numbers and their one unit; bare numbers are in the unit that is given."""
    found: list[float] = []
    problems: list[Problem] = []
    seen = unit
    for part in parts:
        number, _, given = part.partition(" ")
        try:
            found.append(float(number))
        except ValueError:
            problems.append(Problem(where, "not a number", repr(part)))
            continue
        if not math.isfinite(found[-1]):
            problems.append(Problem(where, "not a finite number", repr(part)))
        given = given.strip()
        if given and seen is not None and given != seen:
            problems.append(Problem(where, "numbers in several units", given, seen))
        seen = given or seen
    if problems:
        raise InputError(problems)
    return found, seen or ""


def make_factor(name: str, spread: Any, parameter: Parameter | None, where: str) -> Factor:
    """Make a factor of what a scenario says of it.

    Parameters
    ----------
    name : str
        A parameter, or a dotted key of the scenario.
    spread : str or list
        ``prior``, a distribution as text, or the values themselves.
    parameter : Parameter, optional
        The parameter of that name, whose range cuts a distribution.
    where : str
        Place for the error.

    Returns
    -------
    Factor
        The factor.

    Raises
    ------
    InputError
        Where it is no distribution, or hardly anything of it lies between its bounds.

    Examples
    --------
    >>> make_factor("initial.lake_level", "uniform(341 m, 342 m)", None, "x").numbers
    (341.0, 342.0)
    """
    unit = parameter.unit if parameter is not None else None
    if isinstance(spread, list):
        if not spread:
            raise InputError(Problem(where, "an empty list of values"))
        numbers, unit = _numbers([str(x) for x in spread], unit, where)
        return Factor(name, parameter is not None, unit, "values", tuple(numbers))
    if spread == "prior":
        if parameter is None:
            raise InputError(Problem(where, "only a parameter has a prior", hint=_FORMS))
        if not parameter.prior:
            raise InputError(
                Problem(
                    where,
                    "has no prior in its parameter set",
                    hint=f"Give one, as uniform({parameter.lower:g}, {parameter.upper:g})",
                )
            )
        spread = parameter.prior
    kind, parts = parse_distribution(spread, where)
    # the factor of a lognormal has no unit
    shown = [p for i, p in enumerate(parts) if kind != "lognormal" or i != 1]
    numbers, unit = _numbers(shown, unit, where)
    if kind == "lognormal":
        numbers.insert(1, _numbers(parts[1:2], "1", where)[0][0])
    lower, upper = (
        (parameter.lower, parameter.upper) if parameter is not None else (-math.inf, math.inf)
    )
    if len(parts) == 4:
        lower, upper = numbers[2:]
    elif kind in ("uniform", "triangular"):
        lower, upper = max(lower, numbers[0]), min(upper, numbers[-1])
        if not lower < upper and numbers[0] < numbers[-1] and parameter is not None:
            raise InputError(
                Problem(
                    where,
                    "lies outside the range of the parameter",
                    repr(spread),
                    f"{parameter.lower:g} to {parameter.upper:g} {parameter.unit}",
                )
            )
    numbers = numbers[: 3 if kind == "triangular" else 2]
    rising = all(a < b for a, b in itertools.pairwise(numbers))
    wrong = (
        (kind == "uniform" and not rising)
        or (kind == "triangular" and not numbers[0] <= numbers[1] <= numbers[2] > numbers[0])
        or (kind == "normal" and numbers[1] <= 0.0)
        or (kind == "lognormal" and (numbers[0] <= 0.0 or numbers[1] <= 1.0))
        or not lower < upper
    )
    if wrong:
        raise InputError(
            Problem(where, "no such distribution", repr(spread), "rising bounds, spread above 0")
        )
    factor = Factor(name, parameter is not None, unit, kind, tuple(numbers), lower, upper)
    if factor.mass() < _LEAST_MASS:
        raise InputError(
            Problem(
                where,
                "hardly anything of it lies between its bounds",
                repr(spread),
                hint=f"They are {lower:g} and {upper:g} {unit}",
            )
        )
    return factor
