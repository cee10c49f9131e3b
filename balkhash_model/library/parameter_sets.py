"""Load parameter sets, replace values in them, compare them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from balkhash_model import units, yamlio
from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.library.files import SETS, find_yaml
from balkhash_model.library.specs import SetSpec
from balkhash_model.system import NO_PARAMETERS, Parameter, ParameterSet
from balkhash_model.validation import validate

__all__ = ["diff_parameters", "load_parameters", "set_files"]


def load_parameters(
    name: str = "balkhash", overrides: Mapping[str, str | float] | None = None
) -> ParameterSet:
    """Load a parameter set, with overrides where asked.

    Parameters
    ----------
    name : str, default "balkhash"
        Name of a shipped set, or a path to a YAML file; ``"none"`` is the set without parameters.
    overrides : mapping, optional
        Values that replace those of the set: a text with a unit, such as ``"2.8 km3/yr"``, or a
        number in the parameter's own unit.

    Returns
    -------
    ParameterSet
        A new set; sets are never changed.

    Raises
    ------
    InputError
        Where the set, a parameter or a unit is wrong; all problems at once.

    Examples
    --------
    >>> load_parameters("balkhash", {"delta_loss": "2.8 km3/yr"})["delta_loss"].value
    2.8
    """
    title, shipped = ("No parameters", {}) if name == "none" else _load_set(name)
    parameters = dict(shipped)
    problems: list[Problem] = []
    for key, value in (overrides or {}).items():
        if key not in parameters:
            problems.append(
                Problem(
                    f"parameters.{key}",
                    "no such parameter",
                    hint=nearest(key, parameters) if parameters else NO_PARAMETERS,
                )
            )
            continue
        try:
            parameters[key] = _replaced(parameters[key], value)
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    return ParameterSet(Path(name).stem, title, parameters)


def _replaced(old: Parameter, value: str | float) -> Parameter:
    where = f"parameters.{old.name}"
    if isinstance(value, str):
        si = units.parse(value, old.kind, where)
        per_unit = units.convert(1.0, old.unit, old.kind, where)
        number = si / per_unit
        # a decimal that the reader wrote should be shown as written
        number = float(f"{number:.12g}")
    elif isinstance(value, bool) or not isinstance(value, int | float | np.number):
        expected = f"a text with a unit, or a number in {old.unit}"
        raise InputError(Problem(where, "neither a text nor a number", repr(value), expected))
    else:
        number, si = float(value), units.convert(float(value), old.unit, old.kind, where)
    # the source printed the value that is replaced, and nothing of this one
    note = f"overridden; was {old.value:g} {old.unit}"
    return replace(old, value=number, si=si, status="assumed", source=(), note=note)


def _load_set(name: str, seen: tuple[Path, ...] = ()) -> tuple[str, dict[str, Parameter]]:
    """Title and parameters of a set; shipped sets are read once."""
    path = find_yaml(name, SETS, "parameter set")
    return _read_shipped(path) if path.parent == SETS else _read_set(path, seen)


@cache
def _read_shipped(path: Path) -> tuple[str, dict[str, Parameter]]:
    return _read_set(path, ())


def _read_set(path: Path, seen: tuple[Path, ...]) -> tuple[str, dict[str, Parameter]]:
    document = yamlio.load(path)
    spec = validate(SetSpec, document)
    parameters: dict[str, Parameter] = {}
    if spec.extends:
        here = (*seen, path.resolve())
        try:
            base = _base(path, spec.extends)
        except InputError as error:
            place = f"{document.where(('extends',))}: extends"
            raise InputError(replace(p, where=place) for p in error.problems) from None
        if base.resolve() in here:
            names = " -> ".join(p.stem for p in (*here, base))
            raise InputError(
                Problem(document.where(("extends",)), "extends goes in a circle", names)
            )
        parameters = dict(_load_set(str(base), here)[1])
    problems: list[Problem] = []
    for key, p in spec.parameters.items():
        where = f"{document.where(('parameters', key))}: {key}"
        try:
            si = units.convert(p.value, p.unit, p.kind, where)
        except InputError as error:
            problems.extend(error.problems)
            continue
        low, high = p.range
        if not low <= p.value <= high:
            problems.append(
                Problem(
                    where,
                    "value outside its own range",
                    f"{p.value:g}",
                    f"{low:g} to {high:g} {p.unit}",
                )
            )
        if p.status == "published" and not p.source:
            problems.append(Problem(where, "a published value needs a source"))
        parameters[key] = Parameter(
            name=key,
            value=p.value,
            unit=p.unit,
            si=si,
            lower=low,
            upper=high,
            prior=p.prior,
            kind=p.kind,
            status=p.status,
            source=tuple(p.source),
            note=p.note,
        )
    if problems:
        raise InputError(problems)
    return spec.title, parameters


def _base(path: Path, extends: str) -> Path:
    """The set that another one extends: beside it, or as it is found everywhere."""
    beside = path.parent / f"{extends}.yml"
    return find_yaml(str(beside) if beside.exists() else extends, SETS, "parameter set")


def set_files(name: str) -> list[Path]:
    """List the files of a parameter set, but for those that the package ships.

    Parameters
    ----------
    name : str
        Name of a shipped set, or a path to a YAML file.

    Returns
    -------
    list of Path
        The set first, then what it extends.

    Raises
    ------
    InputError
        Where a file is not there or cannot be used.

    Examples
    --------
    >>> set_files("balkhash_to_2004")
    []
    """
    found: list[Path] = []
    if name == "none":
        return found
    path = find_yaml(name, SETS, "parameter set")
    # a shipped set extends shipped ones alone; a circle is refused where the set is loaded
    while path.parent != SETS and path not in found:
        found.append(path)
        extends = validate(SetSpec, yamlio.load(path)).extends
        if extends is None:
            break
        path = _base(path, extends)
    return found


def diff_parameters(first: str, second: str) -> list[tuple[str, str, str]]:
    """Compare two parameter sets.

    Parameters
    ----------
    first, second : str
        Names of sets or paths to them.

    Returns
    -------
    list of tuple of str
        Name and both values with unit, for each parameter that differs; an absent one is ``-``.

    Raises
    ------
    InputError
        Where a set cannot be used; the problems of both at once.

    Examples
    --------
    >>> diff_parameters("balkhash", "balkhash_yang1993")[0]
    ('lake_reference_area', '17250 km2', '18230 km2')
    """
    sets: list[ParameterSet] = []
    problems: list[Problem] = []
    for name in (first, second):
        try:
            sets.append(load_parameters(name))
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    a, b = sets

    def text(s: ParameterSet, name: str) -> str:
        return f"{s[name].value:g} {s[name].unit}" if name in s else "-"

    names = [*a, *(n for n in b if n not in a)]
    return [(n, text(a, n), text(b, n)) for n in names if text(a, n) != text(b, n)]
