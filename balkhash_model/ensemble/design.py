"""Which parameters and assumptions each draw of an ensemble has."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from balkhash_model import units
from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.forcing.generators import generator_of
from balkhash_model.scenario.schema_ensemble import Ensemble
from balkhash_model.system import Parameter, ParameterSet

FloatArray = npt.NDArray[np.float64]

__all__ = ["Design", "Factor", "make_design", "parse_distribution"]

#: Share of a distribution between its bounds below which its quantiles are lost in rounding.
_LEAST_MASS = 1e-6
#: What all members share, so that no factor can name it.
_SHARED = ("ensemble", "meta", "parameters", "period", "system")
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


def _factor(name: str, spread: Any, parameter: Parameter | None, where: str) -> Factor:
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


class Design:
    """The values of the factors in each draw.

    Parameters
    ----------
    factors : list of Factor
        What differs.
    kind : str
        The design.
    seed : int
        Seed of the ensemble.
    draws : int
        Number of draws.
    root : array (factors, factors), optional
        Lower root of the correlation of the normal scores.
    rows : array (draws, factors), optional
        Values, where they are laid down beforehand; shares, where they are drawn.

    Examples
    --------
    :func:`make_design` makes one of what a scenario says.
    """

    def __init__(
        self,
        factors: list[Factor],
        kind: str,
        seed: int,
        draws: int,
        root: FloatArray | None = None,
        rows: FloatArray | None = None,
    ) -> None:
        self.factors, self.kind, self.seed, self.draws = factors, kind, seed, draws
        self._root, self._rows = root, rows

    def row(self, draw: int) -> FloatArray:
        """Values of one draw, in the units of the factors.

        Parameters
        ----------
        draw : int
            Number of the draw, from 0.

        Returns
        -------
        array (factors,)
            Values.
        """
        if self.kind in ("factorial", "table"):
            assert self._rows is not None
            row: FloatArray = self._rows[draw]
            return row
        shares = (
            generator_of(self.seed, "parameters", draw).random(len(self.factors))
            if self._rows is None
            else self._rows[draw]
        )
        if self._root is not None:
            from scipy.special import ndtr, ndtri

            tiny = np.clip(shares, 2.0**-53, 1.0 - 2.0**-53)
            shares = ndtr(self._root @ ndtri(tiny))
        return np.array([f.at(float(u)) for f, u in zip(self.factors, shares, strict=True)])


def make_design(
    ensemble: Ensemble, parameters: ParameterSet, members: int, folder: Path = Path()
) -> Design:
    """Lay down the draws of an ensemble.

    Parameters
    ----------
    ensemble : Ensemble
        What the scenario says.
    parameters : ParameterSet
        The parameters, with priors and ranges.
    members : int
        Number of members.
    folder : Path, optional
        Where the table is.

    Returns
    -------
    Design
        The draws. Those by chance and along the Sobol' sequence are the same however many there
        are; a Latin hypercube depends on their number.

    Raises
    ------
    InputError
        Where a factor is not known, lacks a bound that the design needs, or there are more members
        than the design has; all problems at once.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> e = Ensemble(design="factorial", parameters={"lake_reference_area": [17000, 17250, 17500]})
    >>> design = make_design(e, load_parameters("balkhash"), 3)
    >>> [design.row(i).tolist() for i in range(3)]
    [[17000.0], [17250.0], [17500.0]]
    """
    draws = -(-members // ensemble.members_per_draw)
    if ensemble.design == "table":
        return _table(ensemble, parameters, draws, folder)
    problems: list[Problem] = []
    factors: list[Factor] = []
    named: list[tuple[str, Any, bool]] = [(n, s, True) for n, s in ensemble.parameters.items()]
    named += [(n, s, False) for n, s in ensemble.factors.items()]
    for name, spread, is_parameter in named:
        where = f"ensemble.{'parameters' if is_parameter else 'factors'}.{name}"
        if is_parameter and name not in parameters:
            problems.append(Problem(where, "no such parameter", hint=nearest(name, parameters)))
            continue
        if not is_parameter and (problem := _shared(name, where)):
            problems.append(problem)
            continue
        try:
            made = _factor(name, spread, parameters[name] if is_parameter else None, where)
        except InputError as error:
            problems.extend(error.problems)
            continue
        if ensemble.design != "monte_carlo" and not made.bounded:
            problems.append(
                Problem(
                    where,
                    f"has no bounds, which a design {ensemble.design!r} needs",
                    str(spread),
                    "two more numbers, the bounds: normal(mean, sd, low, high)",
                )
            )
        factors.append(made)
    if problems:
        raise InputError(problems)
    root = _root(ensemble, [f.name for f in factors])
    rows: FloatArray | None = None
    if factors and ensemble.design == "factorial":
        rows = _factorial(factors, ensemble.levels, draws)
    elif factors and ensemble.design in ("latin_hypercube", "sobol"):
        rows = _spread_evenly(ensemble.design, len(factors), draws, ensemble.seed)
    return Design(factors, ensemble.design, ensemble.seed, draws, root, rows)


def _shared(key: str, where: str) -> Problem | None:
    """Refuse a key that cannot differ between members."""
    root = key.split(".")[0]
    if root not in _SHARED:
        return None
    hint = "Name the parameter itself" if root == "parameters" else "Make scenarios of it"
    return Problem(where, f"members share {root!r}, so that it cannot differ", hint=hint)


def _spread_evenly(kind: str, width: int, draws: int, seed: int) -> FloatArray:
    from scipy.stats import qmc

    rng = generator_of(seed, kind, 0)
    if kind == "latin_hypercube":
        rows: FloatArray = qmc.LatinHypercube(width, rng=rng).random(draws)
        return rows
    # the sequence is balanced in powers of two, and its first points do not depend on their number
    sobol = qmc.Sobol(width, scramble=True, rng=rng)
    points: FloatArray = sobol.random_base2(max(math.ceil(math.log2(draws)), 0))[:draws]
    return points


def _factorial(factors: list[Factor], levels: int, draws: int) -> FloatArray:
    columns = [
        np.array(f.numbers, dtype=np.float64)
        if f.kind == "values"
        else np.linspace(f.lower, f.upper, levels)
        for f in factors
    ]
    size = math.prod(c.size for c in columns)
    if draws > size:
        raise InputError(
            Problem(
                "ensemble.members",
                "more members than the factorial has",
                f"{draws} draws",
                f"at most {size}: " + " x ".join(str(c.size) for c in columns),
                "Raise members_per_draw, or give more values",
            )
        )
    index = np.unravel_index(np.arange(draws), [c.size for c in columns])
    rows: FloatArray = np.stack([c[i] for c, i in zip(columns, index, strict=True)], axis=-1)
    return rows


def _root(ensemble: Ensemble, names: list[str]) -> FloatArray | None:
    """Root of the correlation of the normal scores that has the rank correlations asked for."""
    if not ensemble.correlations:
        return None
    matrix = np.eye(len(names))
    for a, b, rank in ensemble.correlations:
        i, j = names.index(a), names.index(b)
        matrix[i, j] = matrix[j, i] = 2.0 * math.sin(math.pi * rank / 6.0)
    try:
        root: FloatArray = np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:
        raise InputError(
            Problem(
                "ensemble.correlations",
                "no variables have these correlations together",
                hint="Make them weaker",
            )
        ) from None
    return root


def _table(ensemble: Ensemble, parameters: ParameterSet, draws: int, folder: Path) -> Design:
    """A user's table: a column for each parameter or key, with the unit in brackets after it."""
    import pandas as pd

    assert ensemble.table is not None
    path = folder / ensemble.table
    try:
        frame = pd.read_csv(path, comment="#", header=None, dtype=str, skipinitialspace=True)
    except (OSError, ValueError) as error:
        raise InputError(Problem("ensemble.table", "cannot be read", f"{path}: {error}")) from None
    factors: list[Factor] = []
    problems: list[Problem] = []
    heads, body = frame.iloc[0].fillna("").tolist(), frame.iloc[1:]
    for i, column in enumerate(heads):
        name, _, unit = str(column).partition("[")
        name, unit = name.strip(), unit.rstrip("] ").strip()
        where = f"{ensemble.table}, column {column!r}"
        known = name in parameters
        if not known and "." not in name:
            problems.append(Problem(where, "no such parameter", hint=nearest(name, parameters)))
        if problem := _shared(name, where):
            problems.append(problem)
        if name in [f.name for f in factors]:
            problems.append(Problem(where, "is given twice"))
        try:
            values = tuple(float(v) for v in body[i])
        except ValueError as error:
            problems.append(Problem(where, "does not hold numbers", str(error)))
            continue
        if not all(math.isfinite(v) for v in values):
            problems.append(Problem(where, "has gaps"))
        if known and unit:
            try:
                si = [units.convert(v, unit, parameters[name].kind, where) for v in values]
                values, unit = tuple(units.from_si(v, parameters[name].unit) for v in si), ""
            except InputError as error:
                problems.extend(error.problems)
        unit = parameters[name].unit if known else unit
        factors.append(Factor(name, known, unit, "values", values))
    if draws > len(body):
        problems.append(
            Problem(
                "ensemble.members",
                "more members than the table has rows",
                f"{draws} draws",
                f"at most {len(body)}",
                "Raise members_per_draw, or lengthen the table",
            )
        )
    if problems:
        raise InputError(problems)
    rows = np.array([f.numbers for f in factors], dtype=np.float64).T.copy()
    return Design(factors, "table", ensemble.seed, draws, None, rows)


def settings_of(design: Design, row: FloatArray) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Write the values of a draw as a scenario holds them.

    Parameters
    ----------
    design : Design
        The design.
    row : array (factors,)
        Values of a draw.

    Returns
    -------
    tuple of dict of str to str
        Parameters, and keys of the scenario.
    """
    both: tuple[dict[str, str], dict[str, str]] = {}, {}
    for factor, value in zip(design.factors, row, strict=True):
        both[0 if factor.parameter else 1][factor.name] = factor.text(float(value))
    return both
