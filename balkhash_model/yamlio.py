"""YAML 1.2 in and out, every value with its place in the file.

The texts that YAML 1.1 turns into something else stay what they are: ``NO`` and ``12:30`` and
``1961-01-01`` are text, and ``1e-3`` is a number.  A key given twice, a tag, a merge key and an
alias bomb are errors, each with its line and column.
"""

from __future__ import annotations

import copy
import math
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from balkhash_model.errors import InputError, Problem, nearest

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_NODES", "Document", "dumps", "load", "loads"]

MAX_BYTES = 1_000_000
"""The largest file that is read."""
MAX_NODES = 100_000
"""The largest number of values in a document, with every alias written out."""
MAX_DEPTH = 64
"""The deepest nesting that is read."""

# The core schema of YAML 1.2, section 10.3.2.
_NULL = re.compile(r"(?:~|null|Null|NULL|)\Z")
_TRUE = re.compile(r"(?:true|True|TRUE)\Z")
_FALSE = re.compile(r"(?:false|False|FALSE)\Z")
_INT = re.compile(r"[-+]?[0-9]+\Z")
_OCTAL = re.compile(r"0o[0-7]+\Z")
_HEX = re.compile(r"0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_INF = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z")
_NAN = re.compile(r"\.(?:nan|NaN|NAN)\Z")
_MAX_DIGITS = 4000  # Python refuses to read longer integers

# Text that may stand without quotes: words, and a number followed by a unit.
_WORDS = re.compile(
    r"(?:[A-Za-zА-Яа-яЁё]|[-+]?[0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)? [A-Za-z%])[\w ./()%+-]*\Z"
)
_YAML11_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


@dataclass(slots=True)
class _Place:
    """Where a value stands, and the values inside it."""

    line: int
    column: int
    inside: dict[str | int, _Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML document as plain data that remembers where everything stood.

    Attributes
    ----------
    data : dict, list, str, int, float, bool or None
        The content.
    name : str
        The file, or the name given for a text.
    """

    data: Any
    name: str
    _root: _Place = field(repr=False, compare=False)

    def position(self, keys: Sequence[str | int] = ()) -> tuple[int, int]:
        """Give the place of a value.

        Parameters
        ----------
        keys : sequence of str or int
            The keys and list indices that lead to the value.

        Returns
        -------
        tuple of int
            Line and column, counted from 1: of the key for a value in a mapping, of the item for
            one in a list.  For a value that is not there, the place of the innermost one that is.

        Examples
        --------
        >>> loads("lake:\\n  level: 341.0 m\\n", "example").position(("lake", "level"))
        (2, 3)
        """
        place = self._root
        for key in keys:
            if key not in place.inside:
                break
            place = place.inside[key]
        return place.line, place.column

    def where(self, keys: Sequence[str | int] = ()) -> str:
        """Give the place of a value as ``file:line:column``, for an error message.

        Parameters
        ----------
        keys : sequence of str or int
            The keys and list indices that lead to the value.

        Returns
        -------
        str
            The place.

        Examples
        --------
        >>> loads("level: 341.0 m", "base.yml").where(("level",))
        'base.yml:1:1'
        """
        line, column = self.position(keys)
        return f"{self.name}:{line}:{column}"


def load(path: str | os.PathLike[str]) -> Document:
    """Read a YAML file.

    Parameters
    ----------
    path : str or os.PathLike
        The file, in UTF-8.

    Returns
    -------
    Document
        Its content, with places.

    Raises
    ------
    InputError
        For a file that cannot be read, and for all that `loads` refuses.

    Examples
    --------
    >>> load("no/such/file.yml")
    Traceback (most recent call last):
    ...
    balkhash_model.errors.InputError: no/such/file.yml: no such file
    """
    file = Path(path)
    name = os.fspath(path)
    try:
        with file.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except IsADirectoryError:
        raise InputError(Problem(name, "a folder", expected="a YAML file")) from None
    except FileNotFoundError:
        beside = sorted(p.name for p in file.parent.glob("*.y*ml"))
        hint = nearest(file.name, beside) if beside else None
        raise InputError(Problem(name, "no such file", hint=hint)) from None
    except (OSError, ValueError) as error:
        if file.is_dir():  # the platforms that call this a permission error
            raise InputError(Problem(name, "a folder", expected="a YAML file")) from None
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(Problem(name, f"cannot be read: {reason}")) from None
    _check_size(len(raw), name)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig", "replace")
        line, column = _line_column(before, len(before))
        where = f"{name}:{line}:{column}"
        got = f"the byte 0x{raw[error.start]:02x}"
        raise InputError(Problem(where, "not UTF-8 text", got, hint="Save it as UTF-8")) from None
    return loads(text, name)


def loads(text: str, name: str = "<text>") -> Document:
    """Read YAML from a text.

    Parameters
    ----------
    text : str
        One YAML 1.2 document.
    name : str, default "<text>"
        What to call it in error messages.

    Returns
    -------
    Document
        Its content, with places.

    Raises
    ------
    InputError
        For a text that is not YAML, repeats a key, uses a tag or a merge key, or is too large,
        too deep or too long once its aliases are written out.

    Examples
    --------
    >>> loads("country: NO\\nstart: 1961-01-01\\nstep: 1e-3\\nnoon: 12:30").data
    {'country': 'NO', 'start': '1961-01-01', 'step': 0.001, 'noon': '12:30'}
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.reader import ReaderError

    _check_size(len(text.encode("utf-8", "surrogatepass")), name)
    builder = _Builder(name, iter(()))
    try:
        builder.events = YAML(typ="safe", pure=True).parse(text)
        document = builder.document()
    except ReaderError as error:
        line, column = _line_column(text, int(error.position or 0))
        builder.fail(line, column, "a character that YAML does not allow")
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        what = " ".join(part for part in (error.context, error.problem) if part)
        builder.fail(place[0], place[1], f"not YAML: {what}")
    except InputError:
        raise
    except (YAMLError, ValueError, OverflowError, AssertionError) as error:
        # ruamel lets a few faults through as they are, such as the character \UFFFFFFFF.
        builder.fail(builder.line, builder.column, f"after this, not YAML: {error}")
    if builder.problems:
        raise InputError(builder.problems)
    return document


def dumps(data: Any) -> str:
    """Write plain data as YAML.

    Parameters
    ----------
    data : dict, list, str, int, float, bool or None
        Plain data; the keys of a dict are str or int.

    Returns
    -------
    str
        YAML that `loads` reads back as the same data, and in which no reader of YAML 1.1 would
        take a text for anything else.

    Raises
    ------
    TypeError
        For anything that is not plain data.

    Examples
    --------
    >>> print(dumps({"level": "341.0 m", "country": "NO", "months": [1, 2], "loss": 1e-3}), end="")
    level: 341.0 m
    country: "NO"
    months: [1, 2]
    loss: 0.001
    """
    return "\n".join(_lines(data)) + "\n"


class _Builder:
    """Turns the events of one document into plain data and places."""

    def __init__(self, name: str, events: Iterator[Any]) -> None:
        self.name = name
        self.events = events
        self.problems: list[Problem] = []
        # Each anchor with its data, the places inside it and its number of values; None while the
        # anchored value is still being read.
        self.anchors: dict[str, tuple[Any, dict[str | int, _Place], int] | None] = {}
        self.count = 0
        self.line, self.column = 1, 1  # the value that was read last

    def note(
        self, line: int, column: int, what: str, got: str | None = None, hint: str | None = None
    ) -> None:
        """Record a problem and go on."""
        self.problems.append(Problem(f"{self.name}:{line}:{column}", what, got, hint=hint))

    def fail(self, line: int, column: int, what: str, hint: str | None = None) -> NoReturn:
        """Record a problem and stop."""
        self.note(line, column, what, hint=hint)
        raise InputError(self.problems)

    def document(self) -> Document:
        """Read the only document of the stream."""
        from ruamel.yaml.events import DocumentStartEvent, StreamEndEvent

        next(self.events)  # the start of the stream
        event = next(self.events)
        if isinstance(event, StreamEndEvent):
            return Document(None, self.name, _Place(1, 1))
        if event.version is not None and tuple(event.version) != (1, 2):
            self.fail(1, 1, "not YAML 1.2", "Remove the %YAML line")
        event = next(self.events)
        root = _Place(*_start(event))
        data, root.inside = self.value(event, 0)
        next(self.events)  # the end of the document
        event = next(self.events)
        if isinstance(event, DocumentStartEvent):
            self.fail(*_start(event), "a second document in one file")
        return Document(data, self.name, root)

    def value(self, event: Any, depth: int) -> tuple[Any, dict[str | int, _Place]]:
        """Read one value and all inside it."""
        from ruamel.yaml.events import AliasEvent, MappingStartEvent, ScalarEvent

        line, column = self.line, self.column = _start(event)
        if depth > MAX_DEPTH:
            self.fail(line, column, f"nested more than {MAX_DEPTH} deep")
        if isinstance(event, AliasEvent):
            return self.alias(event.anchor, line, column)
        if event.tag is not None:
            hint = "Remove it; a text that looks like a number is written in quotes"
            self.note(line, column, "a tag", event.tag, hint)
        before = self.count
        self.add(1, line, column)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        inside: dict[str | int, _Place] = {}
        data: Any
        if isinstance(event, ScalarEvent):
            data = self.scalar(event)
        elif isinstance(event, MappingStartEvent):
            data = self.mapping(inside, depth)
        else:
            data = self.sequence(inside, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = (data, inside, self.count - before)
        return data, inside

    def mapping(self, inside: dict[str | int, _Place], depth: int) -> dict[str | int, Any]:
        """Read the pairs of a mapping."""
        from ruamel.yaml.events import MappingEndEvent, ScalarEvent

        data: dict[str | int, Any] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            line, column = _start(event)
            key, _ = self.value(event, depth + 1)
            value, places = self.value(next(self.events), depth + 1)
            plain = isinstance(event, ScalarEvent) and event.implicit[0]
            if isinstance(key, bool) or not isinstance(key, str | int):
                got = "a mapping or a list" if isinstance(key, dict | list) else repr(key)
                self.note(line, column, "a key that is not a text", got, "Write it in quotes")
            elif key == "<<" and plain:
                hint = "It belongs to YAML 1.1; write the keys out"
                self.note(line, column, "a merge key", hint=hint)
            elif key in data:
                first = inside[key]
                what = f"the key {key!r} is given twice, first at line {first.line}"
                self.note(line, column, what)
            else:
                data[key] = value
                inside[key] = _Place(line, column, places)
        return data

    def sequence(self, inside: dict[str | int, _Place], depth: int) -> list[Any]:
        """Read the items of a list."""
        from ruamel.yaml.events import SequenceEndEvent

        data: list[Any] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            value, places = self.value(event, depth + 1)
            inside[len(data)] = _Place(*_start(event), places)
            data.append(value)
        return data

    def alias(self, anchor: str, line: int, column: int) -> tuple[Any, dict[str | int, _Place]]:
        """Repeat an anchored value."""
        if anchor not in self.anchors:
            self.fail(line, column, f"no anchor '&{anchor}' before this", _known(self.anchors))
        found = self.anchors[anchor]
        if found is None:
            self.fail(line, column, f"'&{anchor}' contains itself")
        data, inside, count = found
        self.add(count, line, column)
        return copy.deepcopy(data), inside

    def add(self, count: int, line: int, column: int) -> None:
        """Count values, so that a small file cannot unfold into a huge one."""
        self.count += count
        if self.count > MAX_NODES:
            self.fail(line, column, f"more than {MAX_NODES} values with aliases written out")

    def scalar(self, event: Any) -> str | int | float | bool | None:
        """Read a text, number, truth value or null."""
        text: str = event.value
        if any("\ud800" <= c <= "\udfff" for c in text):
            self.note(*_start(event), "half of a surrogate pair, which is no character")
        if not event.implicit[0]:
            return text
        value = _resolve(text)
        if isinstance(value, int) and len(text) > _MAX_DIGITS:
            self.note(*_start(event), f"a number of more than {_MAX_DIGITS} digits")
        if isinstance(value, float) and math.isinf(value) and not _INF.match(text):
            self.note(*_start(event), "a number too large", text[:40])
        return value


def _resolve(text: str) -> str | int | float | bool | None:
    """Give the value of an unquoted scalar by the core schema of YAML 1.2."""
    if _NULL.match(text):
        return None
    if _TRUE.match(text):
        return True
    if _FALSE.match(text):
        return False
    for pattern, base in ((_INT, 10), (_OCTAL, 8), (_HEX, 16)):
        if pattern.match(text):
            digits = text if base == 10 else text[2:]
            return int(digits, base) if len(digits) <= _MAX_DIGITS else 0
    if _FLOAT.match(text):
        return float(text)
    if _INF.match(text):
        return -math.inf if text.startswith("-") else math.inf
    return math.nan if _NAN.match(text) else text


def _start(event: Any) -> tuple[int, int]:
    """Give line and column of an event, counted from 1."""
    return event.start_mark.line + 1, event.start_mark.column + 1


def _line_column(text: str, index: int) -> tuple[int, int]:
    """Give line and column of a character, counted from 1."""
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def _known(anchors: dict[str, Any]) -> str | None:
    """Name the anchors that there are."""
    return f"Known: {', '.join(sorted(anchors))}" if anchors else None


def _check_size(size: int, name: str) -> None:
    """Refuse a text that is too large to be a settings file."""
    if size > MAX_BYTES:
        raise InputError(Problem(name, "too large", expected=f"at most {MAX_BYTES} bytes"))


def _lines(data: Any) -> list[str]:
    """Write a value as lines without indentation."""
    if isinstance(data, dict) and data:
        lines: list[str] = []
        for key, value in data.items():
            if isinstance(key, bool) or not isinstance(key, str | int):
                raise TypeError(f"a YAML key is a str or an int, not {key!r}")
            block = _lines(value)
            if isinstance(value, dict | list) and value and not _flows(value):
                lines += [f"{_key(key)}:", *(f"  {line}" for line in block)]
            else:
                lines.append(f"{_key(key)}: {block[0]}")
        return lines
    if isinstance(data, list) and data and not _flows(data):
        return [
            ("  " if i else "- ") + line for value in data for i, line in enumerate(_lines(value))
        ]
    if isinstance(data, list):
        return [f"[{', '.join(_scalar(value) for value in data)}]"]
    return ["{}" if isinstance(data, dict) else _scalar(data)]


def _flows(data: Any) -> bool:
    """Tell whether a value is a list short enough for one line."""
    return (
        isinstance(data, list)
        and not any(isinstance(value, dict | list) for value in data)
        and sum(len(_scalar(value)) + 2 for value in data) <= 80
    )


def _key(key: str | int) -> str:
    """Write a key."""
    text = _scalar(key)
    if len(text) > 1000:
        raise ValueError("a YAML key has at most 1000 characters")
    return text


def _scalar(value: Any) -> str:
    """Write a text, number, truth value or null."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        plain = _WORDS.match(value) and not value.endswith(" ")
        return value if plain and value.lower() not in _YAML11_WORDS else _quoted(value)
    if isinstance(value, float):
        if math.isnan(value):
            return ".nan"
        if math.isinf(value):
            return ".inf" if value > 0 else "-.inf"
        text = float.__repr__(value)
        # YAML 1.1 reads a number only with a point in it.
        return text if "." in text else text.replace("e", ".0e")
    if isinstance(value, int):
        return int.__repr__(value)
    raise TypeError(f"not plain data: {value!r}")


def _quoted(text: str) -> str:
    """Write a text in double quotes, with all that is not printable escaped."""
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
    parts = (escapes.get(c) or (c if c.isprintable() else _escape(c)) for c in text)
    return f'"{"".join(parts)}"'


def _escape(character: str) -> str:
    """Write a character by its number."""
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
