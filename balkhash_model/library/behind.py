"""The user's own files behind a lake system and its parameter set."""

from __future__ import annotations

from pathlib import Path

from balkhash_model import yamlio
from balkhash_model.library.files import SYSTEMS, find_yaml
from balkhash_model.library.parameter_sets import set_files
from balkhash_model.library.specs import SystemSpec
from balkhash_model.validation import validate

__all__ = ["named_set", "own_files", "set_of_system"]


def named_set(path: Path, spec: SystemSpec) -> str:
    """Name the parameter set of a lake system.

    Parameters
    ----------
    path : Path
        The file of the system.
    spec : SystemSpec
        What it says.

    Returns
    -------
    str
        What it names, a path beside it as one from here; ``"none"`` where it names no set.

    Examples
    --------
    >>> path = find_yaml("aral", SYSTEMS, "lake system")
    >>> named_set(path, validate(SystemSpec, yamlio.load(path)))
    'aral'
    """
    name = spec.parameters or "none"
    beside = path.parent / name
    return str(beside) if beside.suffix in {".yml", ".yaml"} and beside.is_file() else name


def set_of_system(name: str) -> str:
    """Name the parameter set that a lake system asks for.

    Parameters
    ----------
    name : str
        Name of a shipped system, or a path to a YAML file.

    Returns
    -------
    str
        The set; ``"none"``, the empty one, where the system names none.

    Raises
    ------
    InputError
        Where the system is not there or cannot be used.

    Examples
    --------
    >>> set_of_system("north_aral")
    'aral'
    """
    path = find_yaml(name, SYSTEMS, "lake system")
    return named_set(path, validate(SystemSpec, yamlio.load(path)))


def own_files(system: str, parameters: str | None = None) -> list[Path]:
    """List the files that a lake is read from, but for those that the package ships.

    Parameters
    ----------
    system : str
        Name of a shipped system, or a path to a YAML file.
    parameters : str, optional
        Name of a parameter set, or a path to one; by default the one that the system names.

    Returns
    -------
    list of Path
        The lake, its curves, the parameter set and the sets that it extends, each once.

    Raises
    ------
    InputError
        Where a YAML file is not there or cannot be used.

    Examples
    --------
    >>> own_files("balkhash", "balkhash_to_2004")
    []
    """
    path = find_yaml(system, SYSTEMS, "lake system")
    found: list[Path] = []
    if path.parent != SYSTEMS:
        spec = validate(SystemSpec, yamlio.load(path))
        curves = (storage.curve.file for storage in spec.storages)
        found = [path, *(path.parent / name for name in curves if name is not None)]
        parameters = parameters or named_set(path, spec)
    return list(dict.fromkeys([*found, *(set_files(parameters) if parameters else [])]))
