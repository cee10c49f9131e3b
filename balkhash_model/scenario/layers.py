"""The layers of a scenario: files, variants and settings, merged with the place of every value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from balkhash_model import yamlio
from balkhash_model.errors import InputError, Problem

__all__ = ["Key", "Layer", "conflicts", "leaves", "lookup", "merge", "read_layer", "split_key"]

Key = tuple[str | int, ...]


@dataclass(frozen=True, eq=False)
class Layer:
    """One source of values: what it says, and where it says so.

    Attributes
    ----------
    label : str
        What kind of source it is: ``file``, ``extends``, ``--with NAME`` or ``--set``.
    data : dict
        What it says, with dotted keys written out.
    document : yamlio.Document
        The text it came from.
    written : dict
        For each key, the keys under which the document has it.
    """

    label: str
    data: dict[str | int, Any]
    document: yamlio.Document
    written: dict[Key, Key] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Folder of the file."""
        return Path(self.document.name).parent

    def where(self, keys: Sequence[str | int]) -> str:
        """Place of a key: file, line and column.

        Parameters
        ----------
        keys : sequence of str or int
            The keys that lead to the value.

        Returns
        -------
        str
            The place; of the innermost key that is written, where the value is not.
        """
        path = tuple(keys)
        for n in range(len(path), -1, -1):
            if path[:n] in self.written:
                return self.document.where((*self.written[path[:n]], *path[n:]))
        return self.document.where(())

    def part(self, keys: Key, label: str) -> Layer:
        """Give what stands under a key as a layer of its own.

        Parameters
        ----------
        keys : tuple
            The keys that lead to it; a map must stand there.
        label : str
            What the new layer is called.

        Returns
        -------
        Layer
            The part.
        """
        data = lookup(self.data, keys)[1]
        n = len(keys)
        written = {k[n:]: v for k, v in self.written.items() if k[:n] == keys}
        return Layer(label, dict(data), self.document, written)


def split_key(text: str) -> Key:
    """Give the keys of a dotted key; four digits are a year.

    Parameters
    ----------
    text : str
        As ``abstraction.china.total.2030``.

    Returns
    -------
    tuple of str or int
        The keys.

    Examples
    --------
    >>> split_key("abstraction.china.total.2030")
    ('abstraction', 'china', 'total', 2030)
    """
    return tuple(int(p) if len(p) == 4 and p.isdigit() else p for p in text.split("."))


def read_layer(document: yamlio.Document, label: str) -> Layer:
    """Write out the dotted keys of a document.

    Parameters
    ----------
    document : yamlio.Document
        A map.
    label : str
        What the layer is called.

    Returns
    -------
    Layer
        The layer.

    Raises
    ------
    InputError
        Where a dotted key has an empty part, or says again what stands elsewhere.

    Examples
    --------
    >>> document = yamlio.loads("period.end: 2030-01-01", "more.yml")
    >>> layer = read_layer(document, "file")
    >>> layer.data, layer.where(("period", "end"))
    ({'period': {'end': '2030-01-01'}}, 'more.yml:1:1')
    """
    layer = Layer(label, {}, document)
    problems: list[Problem] = []
    _expand(layer, document.data, (), (), problems)
    if problems:
        raise InputError(problems)
    return layer


def _expand(
    layer: Layer, data: dict[str | int, Any], at: Key, original: Key, problems: list[Problem]
) -> None:
    node = lookup(layer.data, at)[1]
    assert isinstance(node, dict)
    for key, value in data.items():
        written = (*original, key)
        path = split_key(key) if isinstance(key, str) and "." in key else (key,)
        place = f"{layer.document.where(written)}: {key}"
        if any(part == "" for part in path):
            problems.append(Problem(place, "a dotted key with an empty part"))
            continue
        target: dict[str | int, Any] = node
        clash = False
        for n, part in enumerate(path[:-1], start=1):
            inner = target.setdefault(part, {})
            if not isinstance(inner, dict):
                clash = True
                break
            layer.written.setdefault((*at, *path[:n]), written)
            target = inner
        last, full = path[-1], (*at, *path)
        old = target.get(last) if not clash else None
        maps = isinstance(old, dict) and isinstance(value, dict)
        if clash or (last in target and not maps):
            first = layer.where(full)
            problems.append(Problem(place, f"is given twice, first at {first}"))
            continue
        layer.written.setdefault(full, written)
        if isinstance(value, dict):
            target.setdefault(last, {})
            _expand(layer, value, full, written, problems)
        else:
            target[last] = value


def lookup(data: Any, keys: Sequence[str | int]) -> tuple[bool, Any]:
    """Follow keys into nested data.

    Parameters
    ----------
    data : dict or list
        The data.
    keys : sequence of str or int
        The keys.

    Returns
    -------
    tuple
        Whether the value is there, and the value.

    Examples
    --------
    >>> lookup({"a": {"b": 1}}, ("a", "b")), lookup({"a": 1}, ("a", "b"))
    ((True, 1), (False, None))
    """
    node = data
    for key in keys:
        try:
            node = node[key]
        except (KeyError, IndexError, TypeError):
            return False, None
    return True, node


def merge(base: Any, over: Any) -> Any:
    """Merge two layers: maps merge, null removes, all else replaces.

    Parameters
    ----------
    base, over : dict or any value
        The lower and the upper layer.

    Returns
    -------
    dict or any value
        The merged data. A null that removes nothing stays, for the schema to judge.

    Examples
    --------
    >>> merge({"a": 1, "b": {"c": 2, "d": 3}}, {"a": None, "b": {"c": [4]}})
    {'b': {'c': [4], 'd': 3}}
    """
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    merged = dict(base)
    for key, value in over.items():
        if value is None and key in merged:
            if merged[key] is not None:
                del merged[key]
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def leaves(data: Any, at: Key = ()) -> Iterator[tuple[Key, Any]]:
    """Give every value that is no map, with its keys; an empty map counts as a value.

    Parameters
    ----------
    data : dict or any value
        The data.
    at : tuple, optional
        Keys that lead to it.

    Yields
    ------
    tuple
        Keys and value.

    Examples
    --------
    >>> dict(leaves({"a": {"b": 1}, "c": [2]}))
    {('a', 'b'): 1, ('c',): [2]}
    """
    if isinstance(data, dict) and data:
        for key, value in data.items():
            yield from leaves(value, (*at, key))
    else:
        yield at, data


def conflicts(first: Layer, second: Layer) -> Iterator[tuple[Key, Key]]:
    """Find keys that two layers set differently, or of which one holds the other.

    Parameters
    ----------
    first, second : Layer
        The layers.

    Yields
    ------
    tuple
        The keys in the first and in the second layer.
    """
    mine, yours = dict(leaves(first.data)), dict(leaves(second.data))
    for a, value in mine.items():
        for b, other in yours.items():
            n = min(len(a), len(b))
            if a[:n] == b[:n] and (a != b or value != other):
                yield a, b
