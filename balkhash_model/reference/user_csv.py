"""Rows of a CSV that a user wrote, with the lines on which they stand."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import NamedTuple

from balkhash_model.errors import InputError, Problem, nearest

__all__ = ["UserRows", "lacking_columns", "read_user_csv"]

#: Lines of one kind of fault that are told one by one.
_TOLD = 10


class UserRows(NamedTuple):
    """What a CSV holds.

    Attributes
    ----------
    header : list of str
        Names of the columns.
    rows : list of tuple of int and dict
        Line and cells by column of each row, stripped; a cell that is not there is empty.
    problems : list of Problem
        Rows that have more cells than the header has columns.
    """

    header: list[str]
    rows: list[tuple[int, dict[str, str]]]
    problems: list[Problem]


def read_user_csv(path: str | os.PathLike[str]) -> UserRows:
    """Read a CSV of commas, with or without a byte order mark.

    A row with more cells than the header has columns is a fault: a decimal comma would otherwise
    turn 120,5 into 120 and a cell that nobody reads.

    Parameters
    ----------
    path : path-like
        The file; blank lines are passed over.

    Returns
    -------
    UserRows
        Header, rows, and what is wrong with them.

    Raises
    ------
    InputError
        Where there is no such file, or none that can be read as text.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "pond.csv"
    >>> _ = file.write_text("level_m,area_km2\\n205,120,5\\n")
    >>> found = read_user_csv(file)
    >>> found.rows, found.problems[0].got
    ([(2, {'level_m': '205', 'area_km2': '120'})], '205,120,5')
    """
    name = os.fspath(path)
    try:
        # the module asks for the ends of lines as they stand
        with Path(path).open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            lines = [(reader.line_num, cells) for cells in reader if any(c.strip() for c in cells)]
    except FileNotFoundError:
        raise InputError(Problem(name, "no such file")) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(Problem(name, "cannot be read as text", str(error))) from None
    header = [c.strip() for c in lines[0][1]] if lines else []
    rows, wide = [], []
    for line, cells in lines[1:]:
        filled = [c.strip() for c in cells] + [""] * (len(header) - len(cells))
        rows.append((line, dict(zip(header, filled, strict=False))))
        if any(filled[len(header) :]):
            wide.append((line, ",".join(cells)))
    problems = [
        Problem(
            f"{name}:{line}",
            "more cells than columns",
            text,
            f"{len(header)}: {','.join(header)}",
            "Write decimals with a point",
        )
        for line, text in wide[:_TOLD]
    ]
    if len(wide) > _TOLD:
        more = f"{len(wide) - _TOLD} more, the last on line {wide[-1][0]}"
        problems.append(Problem(name, "more cells than columns", more))
    return UserRows(header, rows, problems)


def lacking_columns(
    path: str | os.PathLike[str], header: list[str], needed: tuple[str, ...]
) -> list[Problem]:
    """Say which columns a file lacks.

    Parameters
    ----------
    path : path-like
        The file.
    header : list of str
        The columns that it has.
    needed : tuple of str
        Those that are needed.

    Returns
    -------
    list of Problem
        One for each, in order; empty where all are there.

    Examples
    --------
    >>> for problem in lacking_columns("a.csv", ["time;flow"], ("time",)):
    ...     print(problem)
    a.csv:1: lacks a column; got time;flow; expected time. Separate the cells by commas
    """
    name = os.fspath(path)
    if not header:
        return [Problem(name, "holds nothing", expected=f"columns {', '.join(needed)}")]
    split = len(header) == 1 and any(mark in header[0] for mark in ";\t|")
    return [
        Problem(
            f"{name}:1",
            "lacks a column",
            ",".join(header) if split else None,
            column,
            "Separate the cells by commas" if split else nearest(column, header),
        )
        for column in dict.fromkeys(needed)
        if column not in header
    ]
