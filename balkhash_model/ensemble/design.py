"""Which parameters and assumptions each draw of an ensemble has."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from balkhash_model import units
from balkhash_model.ensemble.factors import Factor, make_factor
from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.forcing.generators import generator_of
from balkhash_model.scenario.schema_ensemble import Ensemble
from balkhash_model.system import ParameterSet

FloatArray = npt.NDArray[np.float64]

__all__ = ["Design", "make_design", "settings_of"]

#: What all members share, so that no factor can name it.
_SHARED = ("ensemble", "meta", "parameters", "period", "system")


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
            made = make_factor(name, spread, parameters[name] if is_parameter else None, where)
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
                kind, own = parameters[name].kind, parameters[name].unit
                si = [units.convert(v, unit, kind, where) for v in values]
                if not units.KINDS[kind].fixed:
                    values = tuple(units.from_si(v, own) for v in si)
                unit = ""
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
