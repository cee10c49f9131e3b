"""Rows of a level-area curve: from a reference table, or from a user's own CSV."""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.reference.readers import load
from balkhash_model.reference.user_csv import lacking_columns, read_user_csv

FloatArray = npt.NDArray[np.float64]

__all__ = ["read_curve", "reference_curve"]

#: Volumes of a user's table may differ from the integral of its areas by this share.
_VOLUME_TOLERANCE = 0.05


def reference_curve(key: str, body: str | None = None) -> tuple[FloatArray, FloatArray]:
    """Rows of the curve of a water body in a reference table.

    Parameters
    ----------
    key : str
        Key of a table with the columns ``level_m`` and ``area_km2``.
    body : str, optional
        The water body, where the table holds several in a column ``body``.

    Returns
    -------
    tuple of array (rows,)
        Levels (m) and areas (m2), rising.

    Raises
    ------
    InputError
        Where there is no such table, column or body.

    Examples
    --------
    >>> level, area = reference_curve("aral_basin_curves", "north")
    >>> float(level[-1]), float(area[-1] / 1e6)
    (54.0, 6050.0)
    """
    table = load(key)
    where = f"reference table {key!r}"
    lacking = [c for c in ("level_m", "area_km2") if c not in table]
    if lacking:
        raise InputError([Problem(where, "lacks a column", expected=c) for c in lacking])
    bodies = [str(b) for b in table["body"].values] if "body" in table else None
    rows = _rows_of(bodies, body, table.sizes["row"], where)
    return table["level_m"].values[rows], table["area_km2"].values[rows] * 1e6


def read_curve(
    path: str | os.PathLike[str], body: str | None = None
) -> tuple[FloatArray, FloatArray]:
    """Read the level-area curve of a lake from a CSV.

    Parameters
    ----------
    path : path-like
        CSV with the columns ``level_m`` and ``area_km2``, deepest row first, in which the lake is
        (nearly) empty: an area of 0 becomes a ten-thousandth of the next. Optionally
        ``volume_km3``, which is held against the integral of the areas, and ``body``.
    body : str, optional
        The water body, where the file holds several in a column ``body``.

    Returns
    -------
    tuple of array (rows,)
        Levels (m) and areas (m2).

    Raises
    ------
    InputError
        For a file, a column or a number that cannot be used, where a level or an area does
        not rise from row to row, and where a volume departs from the integral of the areas by
        more than 5 % of the largest volume; all problems at once.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> file = Path(tempfile.mkdtemp()) / "pond.csv"
    >>> _ = file.write_text("level_m,area_km2,volume_km3\\n10,0,0\\n14,8,0.016\\n")
    >>> level, area = read_curve(file)
    >>> level.tolist(), area.tolist()
    ([10.0, 14.0], [800.0, 8000000.0])
    """
    name = os.fspath(path)
    columns, table, problems = read_user_csv(path)
    lacking = lacking_columns(path, columns, ("level_m", "area_km2"))
    if lacking or not table:
        raise InputError(lacking or Problem(name, "holds no row beneath its header"))
    bodies = [row["body"] for _, row in table] if "body" in columns else None
    mine = [table[i] for i in _rows_of(bodies, body, len(table), name)]
    lines = [line for line, _ in mine]
    values = {
        c: _numbers(name, c, mine, problems)
        for c in ("level_m", "area_km2", "volume_km3")
        if c in columns
    }
    for column in ("level_m", "area_km2"):
        problems += _falls(name, column, values[column], lines)
    if problems:
        raise InputError(problems)
    level, area = values["level_m"], values["area_km2"]
    if "volume_km3" in values:
        _check_volumes(name, level, area, values["volume_km3"], lines)
    if area.size > 1 and area[0] == 0.0:
        # a curve rises in every row: a pool of a ten-thousandth stands for the deepest point
        area = np.concatenate(([1e-4 * area[1]], area[1:]))
    return level, area * 1e6


def _rows_of(
    bodies: list[str] | None, body: str | None, n: int, where: str
) -> npt.NDArray[np.int64]:
    """Positions of the rows of one body."""
    if bodies is None:
        if body is not None:
            raise InputError(Problem(where, "has no column 'body'", body))
        return np.arange(n)
    known = sorted(set(bodies))
    if body is None and len(known) > 1:
        raise InputError(Problem(where, "holds several bodies", ", ".join(known), "one of them"))
    rows = np.flatnonzero([b == (body or known[0]) for b in bodies])
    if rows.size == 0:
        raise InputError(Problem(where, "no such body", body, hint=nearest(str(body), known)))
    return rows


def _numbers(
    name: str, column: str, rows: list[tuple[int, dict[str, str]]], problems: list[Problem]
) -> FloatArray:
    found = []
    for line, row in rows:
        try:
            found.append(float(row[column]))
        except ValueError:
            where = f"{name}:{line}: {column}"
            problems.append(Problem(where, "not a number", repr(row[column])))
            found.append(float("nan"))
    return np.array(found)


def _falls(name: str, column: str, numbers: FloatArray, lines: list[int]) -> list[Problem]:
    """Rows that go down where a curve goes up; areas may stay as they are."""
    steps = np.diff(numbers)
    bad = np.flatnonzero(steps < 0.0 if column == "area_km2" else steps <= 0.0)
    return [
        Problem(
            f"{name}:{lines[i + 1]}: {column}",
            "does not rise from row to row",
            f"{numbers[i + 1]:g} after {numbers[i]:g}",
            f"{'at least' if column == 'area_km2' else 'more than'} {numbers[i]:g}",
            "Sort the rows by level, deepest first, and correct the value",
        )
        for i in bad
    ]


def _check_volumes(
    name: str, level: FloatArray, area: FloatArray, volume: FloatArray, lines: list[int]
) -> None:
    """Hold volumes (km3) against the integral of the areas (km2) over the levels (m)."""
    steps = np.diff(level) * (area[1:] + area[:-1]) / 2.0 / 1e3
    own = volume[0] + np.concatenate(([0.0], np.cumsum(steps)))
    if volume[0] > _VOLUME_TOLERANCE * volume[-1]:
        raise InputError(
            Problem(
                f"{name}:{lines[0]}: volume_km3",
                "the deepest row still holds water",
                f"{volume[0]:g} km3",
                "a row where the lake is empty",
                "Add the level of the deepest point with the area 0",
            )
        )
    worst = int(np.argmax(np.abs(own - volume)))
    if abs(own[worst] - volume[worst]) > _VOLUME_TOLERANCE * volume[-1]:
        raise InputError(
            Problem(
                f"{name}:{lines[worst]}: volume_km3",
                "does not fit the areas, whose integral over the levels it should be",
                f"{volume[worst]:g} km3",
                f"{own[worst]:.4g} km3 within {_VOLUME_TOLERANCE:.0%} of {volume[-1]:g} km3",
                "Check the units, and whether area and volume come from one survey",
            )
        )
