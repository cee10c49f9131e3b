"""What a script reads: ``--json`` on standard output, or nothing with ``--quiet``."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Json", "Quiet", "emit", "plain", "records"]

#: Rises where a key of a command's output changes its meaning or goes.
FORMAT = 1

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
