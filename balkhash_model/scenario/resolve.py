"""Find scenario files, follow what they extend, merge and check them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from balkhash_model import yamlio
from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.scenario.schema import Scenario
from balkhash_model.validation import validate

__all__ = ["dump_scenario", "find_scenario", "list_scenarios", "load_scenario"]


def _folders() -> list[Path]:
    package = Path(__file__).resolve().parent.parent
    # inside the wheel; beside the package in a checkout
    return [p for p in (package / "scenarios", package.parent / "scenarios") if p.is_dir()]


def list_scenarios() -> list[str]:
    """Name the scenarios that the package ships.

    Returns
    -------
    list of str
        Sorted names.

    Examples
    --------
    >>> "hindcast" in list_scenarios()
    True
    """
    return sorted({p.stem for folder in _folders() for p in folder.rglob("*.yml")})


def find_scenario(name: str) -> Path:
    """Find a scenario by name or by path.

    Parameters
    ----------
    name : str
        Name of a shipped scenario, or a path to a YAML file.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        Where there is none; names the nearest.

    Examples
    --------
    >>> find_scenario("hindcast").name
    'hindcast.yml'
    """
    path = Path(name)
    if path.suffix in {".yml", ".yaml"} or path.is_file():
        if path.is_file():
            return path
        raise InputError(
            Problem(
                f"scenario {name!r}",
                "no such file",
                expected="a YAML file",
                hint=nearest(path.stem, list_scenarios()),
            )
        )
    for folder in _folders():
        for found in sorted(folder.rglob("*.yml")):
            if found.stem == name:
                return found
    raise InputError(
        Problem(
            f"scenario {name!r}",
            "does not exist",
            expected="the name of a scenario or a path to a .yml file",
            hint=nearest(name, list_scenarios()),
        )
    )


def _merge(base: Any, over: Any) -> Any:
    if isinstance(base, dict) and isinstance(over, dict):
        merged = dict(base)
        for key, value in over.items():
            merged[key] = _merge(base[key], value) if key in base else value
        return merged
    return over


def _chain(path: Path, seen: tuple[Path, ...] = ()) -> list[yamlio.Document]:
    document = yamlio.load(path)
    if not isinstance(document.data, dict):
        raise InputError(
            Problem(document.where(()), "a scenario is a map of keys", type(document.data).__name__)
        )
    base = document.data.get("extends")
    if base is None:
        return [document]
    if not isinstance(base, str):
        raise InputError(
            Problem(document.where(("extends",)), "extends names one scenario", repr(base))
        )
    beside = [path.parent / base, path.parent / f"{base}.yml"]
    target = next((p for p in beside if p.is_file()), None) or find_scenario(base)
    if target.resolve() in [p.resolve() for p in (*seen, path)]:
        names = " -> ".join(p.stem for p in (*seen, path, target))
        raise InputError(Problem(document.where(("extends",)), "extends goes in a circle", names))
    return [*_chain(target, (*seen, path)), document]


def load_scenario(name: str) -> Scenario:
    """Load a scenario, with what it extends merged in, and check it.

    Parameters
    ----------
    name : str
        Name of a shipped scenario, or a path to a YAML file.

    Returns
    -------
    Scenario
        The checked, frozen record.

    Raises
    ------
    InputError
        Where the file cannot be read or says something unknown or unfit; all problems at once.

    Examples
    --------
    >>> load_scenario("hindcast").period.start
    '1961-01-01'
    """
    documents = _chain(find_scenario(name))
    merged: Any = {}
    for document in documents:
        own = {k: v for k, v in document.data.items() if k != "extends"}
        merged = _merge(merged, own)
    return validate(Scenario, _Merged(merged, documents))


class _Merged:
    """Merged data that still knows where each key was written."""

    def __init__(self, data: Any, documents: list[yamlio.Document]) -> None:
        self.data = data
        self.name = documents[-1].name
        self._documents = documents

    def where(self, keys: Sequence[str | int] = ()) -> str:
        for document in reversed(self._documents):
            node = document.data
            try:
                for key in keys:
                    node = node[key]
            except (KeyError, IndexError, TypeError):
                continue
            return document.where(tuple(keys))
        return self._documents[-1].where(())


def dump_scenario(scenario: Scenario) -> str:
    """Write a resolved scenario as YAML that loads back the same.

    Parameters
    ----------
    scenario : Scenario
        The record.

    Returns
    -------
    str
        YAML text, every default spelled out.

    Examples
    --------
    >>> "reconstruct_from" in dump_scenario(load_scenario("hindcast"))
    True
    """
    data = json.loads(scenario.model_dump_json(by_alias=True))
    text: str = yamlio.dumps(data)
    return text
