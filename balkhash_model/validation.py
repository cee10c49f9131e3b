"""Check a YAML document against a pydantic model, every fault with its place in the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from balkhash_model.errors import InputError, Problem, nearest

__all__ = ["Readable", "Strict", "model_at", "validate"]

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


def _inner(annotation: Any) -> list[tuple[type[BaseModel], bool]]:
    """Models inside an annotation, and whether the key of a map stands before each."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [(annotation, False)]
    found: list[tuple[type[BaseModel], bool]] = []
    mapped = get_origin(annotation) is dict
    for argument in get_args(annotation):
        found += [(model, mapped or deeper) for model, deeper in _inner(argument)]
    return found


def model_at(model: type[BaseModel], keys: Sequence[str | int]) -> type[BaseModel] | None:
    """Give the model that knows the keys at a place.

    Parameters
    ----------
    model : type of pydantic.BaseModel
        The model of the document.
    keys : sequence of str or int
        The keys that lead to the place.

    Returns
    -------
    type of pydantic.BaseModel or None
        The model; None where names, years or values stand.

    Examples
    --------
    >>> from balkhash_model.scenario import Scenario
    >>> model_at(Scenario, ("abstraction",)), model_at(Scenario, ("abstraction", "town")).__name__
    (None, 'User')
    """
    current: type[BaseModel] = model
    entry = False  # whether the next key names an entry of a map, not a field
    for key in keys:
        if entry:
            entry = False
            continue
        if isinstance(key, int):  # an item of a list of models
            continue
        info = next((f for n, f in current.model_fields.items() if key in (n, f.alias)), None)
        inner = _inner(info.annotation) if info is not None else []
        if not inner:
            return None
        current, entry = inner[0]
    return None if entry else current


def _fields_at(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Names of the keys that the model knows at a place."""
    found = model_at(model, location)
    return [f.alias or n for n, f in found.model_fields.items()] if found is not None else []


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
    if error.get("input") is None and keys == list(location):
        return Problem(where, "null removes nothing here, and is no value")
    if error["type"] == "extra_forbidden":
        known = _fields_at(model, location[:-1]) + (
            ["extends"] if len(location) == 1 and "extends" not in document.data else []
        )
        return Problem(where, "no such key", got, hint=nearest(str(location[-1]), known))
    return Problem(where, str(error["msg"]).removeprefix("Value error, "), got)
