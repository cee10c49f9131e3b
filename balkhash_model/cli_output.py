"""What a command prints: tables for people, for scripts ``--json``, or nothing with ``--quiet``."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Json", "Quiet", "emit", "plain", "print_table", "records"]

#: Rises where a key of a command's output changes its meaning or goes.
FORMAT = 1
#: Widest label and widest value of a table that is wider than the terminal.
_LABEL, _VALUE = 26, 15

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Json = Annotated[
    bool, typer.Option("--json", help="Print JSON for scripts; messages go to standard error.")
]


def plain(value: Any) -> Any:
    """Make a value ready for JSON.

    Parameters
    ----------
    value : object
        Numbers, texts, paths, instants, lists and mappings of such.

    Returns
    -------
    object
        The same in types of JSON: NaN is null, an infinite number the text ``"inf"`` or
        ``"-inf"``.

    Examples
    --------
    >>> plain({"a": float("nan"), "b": [1, float("-inf")]})
    {'a': None, 'b': [1, '-inf']}
    """
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    if hasattr(value, "item") and not isinstance(value, str):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")
    return str(value)


def records(frame: pd.DataFrame, index: str) -> list[dict[str, Any]]:
    """Rows of a table as a list.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.
    index : str
        Key of the row labels.

    Returns
    -------
    list of dict
        One mapping for each row, ready for JSON.

    Examples
    --------
    >>> import pandas as pd
    >>> records(pd.DataFrame({"rmse": [0.1]}, index=["all"]), "observed")
    [{'observed': 'all', 'rmse': 0.1}]
    """
    columns = [str(c) for c in frame.columns]
    return [
        {index: plain(label), **{c: plain(v) for c, v in zip(columns, row, strict=True)}}
        for label, row in zip(frame.index, frame.itertuples(index=False, name=None), strict=True)
    ]


def emit(command: str, **content: Any) -> None:
    """Print the output of a command as one JSON object.

    Parameters
    ----------
    command : str
        Name of the command.
    **content : object
        Its keys.

    Examples
    --------
    >>> emit("doctor", healthy=True)
    {
      "command": "doctor",
      "format": 1,
      "healthy": true
    }
    """
    text = {"command": command, "format": FORMAT, **plain(content)}
    typer.echo(json.dumps(text, indent=2, ensure_ascii=False, allow_nan=False))


def print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], labels: int
) -> None:
    """Print a table; one that is wider than the terminal in blocks that repeat its labels.

    Parameters
    ----------
    title : str
        Its title.
    columns : sequence of str
        Names of the columns.
    rows : sequence of sequence of str
        Cells.
    labels : int
        Number of columns, from the left, that name the rows; the others are set to the right.

    Examples
    --------
    >>> rows = [("base", "341.20")]
    >>> print_table("Levels (m)", ["run", "end"], rows, 1)  # doctest: +NORMALIZE_WHITESPACE
    Levels (m)
      run       end
     ───────────────
      base   341.20
    """
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    blocks = _blocks(columns, rows, labels, console.width)
    single = len(blocks) == 1
    if not single:
        console.print(title, style="italic", markup=False)
    for block in blocks:
        table = Table(
            title=title if single else None,
            title_justify="left",
            box=box.SIMPLE_HEAD,
            padding=(0, 1),
        )
        for i in block:
            head = columns[i] if single else "\n".join(_broken(columns[i]))
            justify: Literal["left", "right"] = "left" if i < labels else "right"
            most = None if single else _LABEL if i == 0 else _VALUE
            table.add_column(escape(head), justify=justify, overflow="fold", max_width=most)
        for row in rows:
            table.add_row(*(escape(row[i]) for i in block))
        console.print(table)


def _blocks(
    columns: Sequence[str], rows: Sequence[Sequence[str]], labels: int, width: int
) -> list[list[int]]:
    """Columns of each block of a table that is at most so wide, the labels in every block."""
    whole = [*range(len(columns))]
    cells = [max([len(r[i]) for r in rows], default=0) for i in whole]
    # a column has a blank on each side, and a rule before it
    natural = sum(max(len(columns[i]), cells[i]) + 3 for i in whole) + 1
    if natural <= width or len(columns) - labels < 2:
        return [whole]
    wide = [
        max(min(cells[i], _LABEL if i == 0 else _VALUE), *map(len, _broken(columns[i]))) + 3
        for i in whole
    ]
    room = width - 1 - sum(wide[:labels])
    blocks: list[list[int]] = []
    used = room
    for i in whole[labels:]:
        if not blocks or used + wide[i] > room:
            blocks.append(whole[:labels])
            used = 0
        blocks[-1].append(i)
        used += wide[i]
    return blocks


def _broken(name: str) -> list[str]:
    """Break a name at its underscores and blanks into lines that are not wider than a value."""
    lines = [""]
    for part in re.findall(r"[^_ ]*[_ ]|[^_ ]+", name):
        if lines[-1] and len(lines[-1]) + len(part.rstrip()) > _VALUE:
            lines.append("")
        lines[-1] += part
    return [line.rstrip() for line in lines]
