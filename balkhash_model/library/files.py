"""Where the files of parameter sets and lake systems are."""

from __future__ import annotations

from pathlib import Path

from balkhash_model.errors import InputError, Problem, nearest

__all__ = ["SETS", "SYSTEMS", "find_yaml", "list_parameter_sets", "list_systems"]

_PACKAGE = Path(__file__).parents[1]
#: Folder of the shipped lake systems.
SYSTEMS = _PACKAGE / "reference" / "systems"
#: Folder of the shipped parameter sets.
SETS = _PACKAGE / "parameters"


def list_parameter_sets() -> list[str]:
    """Name the parameter sets that the package ships.

    Returns
    -------
    list of str
        Sorted names.

    Examples
    --------
    >>> "balkhash" in list_parameter_sets()
    True
    """
    return sorted(p.stem for p in SETS.glob("*.yml"))


def list_systems() -> list[str]:
    """Name the lake systems that the package ships.

    Returns
    -------
    list of str
        Sorted names.

    Examples
    --------
    >>> list_systems()
    ['aral', 'balkhash', 'north_aral']
    """
    return sorted(p.stem for p in SYSTEMS.glob("*.yml"))


def find_yaml(name: str, folder: Path, what: str) -> Path:
    """Find a file by the name of what the package ships, or by its path.

    Parameters
    ----------
    name : str
        Name, or path to a YAML file.
    folder : Path
        Where the package keeps files of this sort.
    what : str
        What is looked for, for the error.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        Where there is no such file.

    Examples
    --------
    >>> find_yaml("aral", SYSTEMS, "lake system").name
    'aral.yml'
    """
    path = Path(name)
    if path.suffix in {".yml", ".yaml"} and path.exists():
        return path
    shipped = folder / f"{name}.yml"
    if "/" not in name and shipped.exists():
        return shipped
    known = [p.stem for p in folder.glob("*.yml")]
    raise InputError(
        Problem(
            what,
            "does not exist",
            repr(name),
            "a name or a path to a .yml file",
            nearest(name, known),
        )
    )
