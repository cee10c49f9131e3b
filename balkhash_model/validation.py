"""Check a YAML document against a pydantic model, every fault with its place in the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from balkhash_model.errors import InputError, Problem, nearest

__all__ = ["Readable", "Strict", "validate"]

ModelT = TypeVar("ModelT", bound=BaseModel)


class Readable(Protocol):
    """Data that knows where each of its keys was written."""

    @property
    def data(self) -> Any:
        """The content as plain Python data."""

    def where(self, keys: Sequence[str | int] = ()) -> str:
        """Place of a key: file, line and column.

        Parameters
        ----------
        keys : sequence of str or int
            The keys and indices that lead to it.

        Returns
        -------
        str
            ``file:line:column``.
        """


class Strict(BaseModel):
    """A frozen model that knows all its keys."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        arbitrary_types_allowed=False,
        use_attribute_docstrings=True,
        populate_by_name=True,
    )


def _fields_at(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Names of the keys that the model knows at a place."""
    current: Any = model
    entry = False  # whether the next key names an entry of a map, not a field
    for key in location:
        if entry:
            entry = False
            continue
        if not (isinstance(current, type) and issubclass(current, BaseModel)):
            return []
        if isinstance(key, str):
            info = next((f for n, f in current.model_fields.items() if key in (n, f.alias)), None)
            if info is None:
                return []
            current = info.annotation
            arguments = getattr(current, "__args__", ())
            inner = [a for a in arguments if isinstance(a, type) and issubclass(a, BaseModel)]
            if inner:
                entry = getattr(info.annotation, "__origin__", None) is dict
                current = inner[0]
    if isinstance(current, type) and issubclass(current, BaseModel):
        return [f.alias or n for n, f in current.model_fields.items()]
    return []


def validate(model: type[ModelT], document: Readable) -> ModelT:
    """Build a model from a document, or report all faults at once.

    Parameters
    ----------
    model : type of pydantic.BaseModel
        What the document should be.
    document : Readable
        What was read, such as a :class:`balkhash_model.yamlio.Document`.

    Returns
    -------
    model
        The checked record.

    Raises
    ------
    InputError
        One problem for each fault: file, line, column, key, what was found and what was expected.

    Examples
    --------
    >>> from balkhash_model import yamlio
    >>> class Pond(Strict):
    ...     depth: float
    >>> validate(Pond, yamlio.loads("depht: 3", "pond.yml"))
    Traceback (most recent call last):
    ...
    balkhash_model.errors.InputError: 2 problems
      - pond.yml:1:1: depth: missing
      - pond.yml:1:1: depht: no such key; got 3. Nearest: depth
    """
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        problems = [_problem(model, document, dict(e)) for e in error.errors(include_url=False)]
        raise InputError(problems) from None


def _problem(model: type[BaseModel], document: Readable, error: dict[str, Any]) -> Problem:
    location = tuple(error["loc"])
    # pydantic adds the tag of a union member to the place: keep the keys that the file has
    keys: list[str | int] = []
    node: Any = document.data
    for key in location:
        try:
            node = node[key]
        except (KeyError, IndexError, TypeError):
            continue
        keys.append(key)
    missing = error["type"] == "missing"
    dotted = ".".join(str(k) for k in (location if missing else keys)) or "document"
    where = f"{document.where(tuple(keys))}: {dotted}"
    if missing:
        return Problem(where, "missing")
    got = repr(error.get("input"))
    got = got if len(got) <= 80 else got[:77] + "..."
    if error["type"] == "extra_forbidden":
        known = _fields_at(model, location[:-1]) + (
            ["extends"] if len(location) == 1 and "extends" not in document.data else []
        )
        return Problem(where, "no such key", got, hint=nearest(str(location[-1]), known))
    return Problem(where, str(error["msg"]).removeprefix("Value error, "), got)
