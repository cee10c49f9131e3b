"""Errors that say where, what, got, expected and what to do, all problems at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "BalkhashError",
    "InputError",
    "Problem",
    "WaterBalanceError",
    "nearest",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input.

    Attributes
    ----------
    where : str
        The place: file, line and column, a dotted key, or a variable and its coordinates.
    what : str
        What is wrong, as a short clause.
    got : str, optional
        What was found there.
    expected : str, optional
        What was expected there.
    hint : str, optional
        What the reader can do about it.
    """

    where: str
    what: str
    got: str | None = None
    expected: str | None = None
    hint: str | None = None

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}"
        if self.got is not None:
            text += f"; got {self.got}"
        if self.expected is not None:
            text += f"; expected {self.expected}"
        if self.hint is not None:
            text += f". {self.hint}"
        return text


class BalkhashError(Exception):
    """Base of every error that this package raises on purpose.

    Attributes
    ----------
    exit_code : int
        The exit code of the command line when this error ends it.
    """

    exit_code = 1


class InputError(BalkhashError, ValueError):
    """Something that the user gave cannot be used; carries every problem found.

    Parameters
    ----------
    problems : Problem or iterable of Problem
        What is wrong, all of it.

    Examples
    --------
    >>> raise InputError(Problem("level", "no unit", got="341.0", expected="'341.0 m'"))
    Traceback (most recent call last):
    ...
    balkhash_model.errors.InputError: level: no unit; got 341.0; expected '341.0 m'
    """

    exit_code = 2

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (
            # what two terms of one file stumble over is said once
            (problems,) if isinstance(problems, Problem) else tuple(dict.fromkeys(problems))
        )
        count = len(self.problems)
        if count == 1:
            text = str(self.problems[0])
        else:
            text = "\n".join([f"{count} problems", *(f"  - {p}" for p in self.problems)])
        super().__init__(text)


class WaterBalanceError(BalkhashError, ArithmeticError):
    """A water balance does not close; names the worst interval and storage."""

    exit_code = 3


def nearest(word: str, known: Iterable[str], count: int = 3) -> str:
    """Name the known words nearest to a word, as a hint.

    Parameters
    ----------
    word : str
        The word that was not recognised.
    known : iterable of str
        The words that would have been.
    count : int, default 3
        How many to name at most.

    Returns
    -------
    str
        A sentence such as ``Nearest: hindcast, hindcast_free``, or all known words where none
        is near.

    Examples
    --------
    >>> nearest("hindcst", ["hindcast", "base"])
    'Nearest: hindcast'
    """
    import difflib

    words = sorted(known)
    close = difflib.get_close_matches(word, words, n=count, cutoff=0.5)
    if close:
        return f"Nearest: {', '.join(close)}"
    return f"Known: {', '.join(words)}" if words else "Nothing is known here"
