"""Texts of a system file as numbers in SI, with all that is wrong with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from balkhash_model import units
from balkhash_model.errors import InputError, Problem
from balkhash_model.system import ParameterSet
from balkhash_model.validation import Strict

__all__ = ["Resolver"]


class Resolver:
    """Turns the texts of a system file into SI numbers, collecting problems.

    Parameters
    ----------
    parameters : ParameterSet
        What ``$name`` refers to.
    where : str
        Name of the file, for errors.
    folder : Path
        Folder of the file, where its own tables are.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> get = Resolver(load_parameters("balkhash"), "lake.yml", Path())
    >>> get.number("1.5 km", "length", "width"), get.number("$nothing", "length", "length")
    (1500.0, nan)
    >>> len(get.problems)
    1
    """

    def __init__(self, parameters: ParameterSet, where: str, folder: Path) -> None:
        self.parameters = parameters
        self.where = where
        self.folder = folder
        self.problems: list[Problem] = []

    def number(self, text: str | None, kind: str, key: str) -> float:
        """Give a text in SI; what is wrong with it is noted, and not a number is given.

        Parameters
        ----------
        text : str or None
            A quantity with its unit, ``$name`` of a parameter, or ``1 - $name``.
        kind : str
            What sort of quantity it is.
        key : str
            Where it stands in the file.

        Returns
        -------
        float
            Value in SI.
        """
        place = f"{self.where}: {key}"
        if text is None:
            self.problems.append(Problem(place, "missing"))
            return float("nan")
        stripped = text.strip()
        complement = stripped.startswith("1 - $")
        reference = stripped[4:] if complement else stripped
        try:
            if reference.startswith("$"):
                parameter = self.parameters[reference[1:]]
                wanted, given = units.KINDS[kind], units.KINDS[parameter.kind]
                # a set from before these units writes them as numbers
                if given.si != wanted.si and not (wanted.fixed and given.si == "1"):
                    self.problems.append(
                        Problem(
                            place,
                            f"{reference} is {units.KINDS[parameter.kind].name}",
                            expected=units.KINDS[kind].name,
                        )
                    )
                return 1.0 - parameter.si if complement else parameter.si
            return units.parse(text, kind, place)
        except InputError as error:
            # a parameter that is not there is told with the place that asks for it
            self.problems += [
                p if p.where.startswith(place) else replace(p, where=f"{place}: {p.where}")
                for p in error.problems
            ]
            return float("nan")

    def instant(self, text: str | None, key: str) -> np.datetime64 | None:
        """Give an instant; what is wrong with it is noted.

        Parameters
        ----------
        text : str or None
            A date, as 1970-01-01.
        key : str
            Where it stands in the file.

        Returns
        -------
        numpy.datetime64 or None
            The instant; None where there is none or where it is wrong.
        """
        try:
            return np.datetime64(text, "s") if text else None
        except ValueError:
            self.problems.append(
                Problem(f"{self.where}: {key}", "not a date", repr(text), "as 1970-01-01")
            )
            return None

    def no_foreign_keys(self, spec: Strict, allowed: set[str], where: str) -> None:
        """Note keys that another kind of the same record would use: an error, not ignored.

        Parameters
        ----------
        spec : Strict
            The record.
        allowed : set of str
            Keys that its kind uses.
        where : str
            Where it stands in the file.
        """
        for key in sorted(spec.model_fields_set - allowed):
            self.problems.append(
                Problem(
                    f"{self.where}: {where}",
                    f"{key!r} does not belong here",
                    expected=", ".join(sorted(allowed)),
                )
            )
