"""The user's own files behind a lake system and its parameter set."""

from __future__ import annotations

from pathlib import Path

from balkhash_model import yamlio
from balkhash_model.library.files import SYSTEMS, find_yaml
from balkhash_model.library.parameter_sets import set_files
from balkhash_model.library.specs import SystemSpec
from balkhash_model.validation import validate

__all__ = ["own_files"]


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
        parameters = parameters or spec.parameters
    return list(dict.fromkeys([*found, *(set_files(parameters) if parameters else [])]))
