"""Pieces of a page: sections, tables and figures, free of any markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Block", "Section", "Table", "known_columns"]


@dataclass(frozen=True)
class Table:
    """A table: the first cell of a row is its head.

    Attributes
    ----------
    caption : str
        What it shows.
    head : tuple of str
        Heads of the columns.
    rows : sequence of tuple of str
        Cells.
    words : bool
        Whether the cells hold words, which are set to the left, instead of numbers.
    """

    caption: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    words: bool = False


def known_columns(
    head: Sequence[str], rows: Sequence[tuple[str, ...]], unknown: str
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Leave out the columns of which nothing is known.

    Parameters
    ----------
    head : sequence of str
        Heads of the columns.
    rows : sequence of tuple of str
        Cells.
    unknown : str
        What stands in a cell of which nothing is known.

    Returns
    -------
    tuple
        Heads and rows.

    Examples
    --------
    >>> known_columns(["plan", "cost"], [("a", "-"), ("b", "-")], "-")
    (('plan',), [('a',), ('b',)])
    """
    keep = [i for i in range(len(head)) if i == 0 or any(row[i] != unknown for row in rows)]
    return tuple(head[i] for i in keep), [tuple(row[i] for i in keep) for row in rows]


@dataclass(frozen=True)
class Block:
    """One piece of a section.

    Attributes
    ----------
    kind : str
        What it is.
    text : str
        Its text; of a figure the caption, of a table the note beneath.
    items : tuple of str
        Entries of a list.
    table : Table or None
        The table.
    alt : str
        What a figure shows, in words.
    wide, narrow : str
        A figure as SVG for wide and for narrow screens, or as an address that holds the picture.
    """

    kind: Literal[
        "text",
        "note",
        "warning",
        "quote",
        "list",
        "heading",
        "table",
        "figure",
        "image",
        "code",
    ]
    text: str = ""
    items: tuple[str, ...] = ()
    table: Table | None = None
    alt: str = ""
    wide: str = ""
    narrow: str = ""


@dataclass(frozen=True)
class Section:
    """A section of the page.

    Attributes
    ----------
    key : str
        Name in addresses.
    title : str
        Heading.
    blocks : list of Block
        What it holds.
    """

    key: str
    title: str
    blocks: list[Block] = field(default_factory=list)
