"""Where each value of a scenario was written, and what it replaced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.scenario.layers import Key, Layer, lookup, split_key
from balkhash_model.validation import model_at

if TYPE_CHECKING:
    from pydantic import BaseModel

    from balkhash_model.scenario.schema import Scenario

__all__ = ["Explanation", "Origins"]


@dataclass(frozen=True)
class Explanation:
    """Where a value comes from.

    Attributes
    ----------
    key : str
        Dotted key.
    value : object
        The value, as plain data.
    where : str
        ``file:line:column`` of what set it, or ``default``.
    history : tuple of tuple
        All that set it, the last one counting: label, place, value.
    meaning : str
        What the key means.
    """

    key: str
    value: object
    where: str
    history: tuple[tuple[str, str, object], ...]
    meaning: str = ""

    def __str__(self) -> str:
        lines = [f"{self.key}: {_short(self.value)}", f"  set at {self.where}"]
        if len(self.history) > 1:
            lines += [f"  before that {w} ({n}): {_short(v)}" for n, w, v in self.history[-2::-1]]
        if self.meaning:
            lines.append(f"  {self.meaning}")
        return "\n".join(lines)


def _short(value: object) -> str:
    from balkhash_model import yamlio

    text = yamlio.dumps(value).strip()
    return text if "\n" not in text else "\n    " + text.replace("\n", "\n    ")


class Origins:
    """The layers of a scenario, from the lowest to the highest.

    Parameters
    ----------
    layers : sequence of Layer, optional
        The layers.
    """

    def __init__(self, layers: Sequence[Layer] = ()) -> None:
        self.layers = tuple(layers)

    def where(self, keys: Sequence[str | int] = ()) -> str:
        """Place of a key in the highest layer that has it.

        Parameters
        ----------
        keys : sequence of str or int
            The keys.

        Returns
        -------
        str
            ``file:line:column``.
        """
        for layer in reversed(self.layers):
            if lookup(layer.data, keys)[0]:
                return layer.where(keys)
        return self.layers[-1].where(keys) if self.layers else "scenario"

    def folder(self, keys: Sequence[str | int]) -> Path:
        """Folder of the file that set a key.

        Parameters
        ----------
        keys : sequence of str or int
            The keys.

        Returns
        -------
        Path
            The folder; the present one where the key stands in no file.
        """
        for layer in reversed(self.layers):
            if lookup(layer.data, keys)[0]:
                return layer.folder
        return Path()

    def history(self, keys: Key) -> list[tuple[str, str, object]]:
        """All layers that say something about a key.

        Parameters
        ----------
        keys : tuple
            The keys.

        Returns
        -------
        list of tuple
            Label, place and what was said, from the lowest layer on.
        """
        found: list[tuple[str, str, object]] = []
        for layer in self.layers:
            there, value = lookup(layer.data, keys)
            if there:
                found.append((layer.label, layer.where(keys), value))
                continue
            for n in range(1, len(keys)):
                there, value = lookup(layer.data, keys[:n])
                if there and not isinstance(value, dict):
                    found.append((layer.label, layer.where(keys[:n]), value))
        return found

    def explain(self, scenario: Scenario, key: str) -> Explanation:
        """Say where a value of a scenario comes from.

        Parameters
        ----------
        scenario : Scenario
            The scenario with these origins.
        key : str
            Dotted key.

        Returns
        -------
        Explanation
            The value and where it was written.

        Raises
        ------
        InputError
            Where there is no such key.
        """
        keys = split_key(key)
        data = scenario.plain()
        there, value = lookup(data, keys)
        if not there:
            n = max(i for i in range(len(keys)) if lookup(data, keys[:i])[0])
            node = lookup(data, keys[:n])[1]
            known = [str(k) for k in node] if isinstance(node, dict) else []
            raise InputError(
                Problem(
                    f"key {key!r}",
                    "the scenario has no such key",
                    hint=nearest(
                        ".".join(map(str, keys[: n + 1])),
                        [".".join(map(str, (*keys[:n], k))) for k in known],
                    ),
                )
            )
        history = self.history(keys)
        if history and history[-1][2] is None and value is not None:
            where = f"{history[-1][1]} (null: back to the default)"
        else:
            where = history[-1][1] if history else "default"
        return Explanation(key, value, where, tuple(history), _meaning(type(scenario), keys))


def _meaning(model: type[BaseModel], keys: Key) -> str:
    """What the schema says about a key."""
    for n in range(len(keys), 0, -1):
        parent = model_at(model, keys[: n - 1])
        info = parent.model_fields.get(str(keys[n - 1])) if parent is not None else None
        if info is not None:
            return " ".join((info.description or "").split()) if n == len(keys) else ""
    return ""
