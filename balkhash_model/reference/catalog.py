"""The catalogue of the reference tables: what there is, from whom, on which terms."""

from __future__ import annotations

import copy
from functools import lru_cache
from pathlib import Path
from typing import Any

from balkhash_model.errors import InputError, Problem, nearest

__all__ = ["column_entries", "describe", "list_keys", "read_verified", "sources", "table_entry"]

FOLDER = Path(__file__).parent
FILE_NAME = "catalog.yml"


@lru_cache(maxsize=4)
def _parsed(path: Path) -> dict[str, Any]:
    from ruamel.yaml import YAML

    parsed: dict[str, Any] = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    return parsed


def _section(name: str) -> dict[str, dict[str, Any]]:
    section: dict[str, dict[str, Any]] = _parsed(FOLDER / FILE_NAME)[name]
    return section


def column_entries() -> dict[str, dict[str, Any]]:
    """Give the type, unit and long name of every column name; not to be changed.

    Returns
    -------
    dict
        Column name to its entry in the catalogue.

    Examples
    --------
    >>> column_entries()["flow_km3_per_yr"]["units"]
    'km3 yr-1'
    """
    return _section("columns")


def table_entry(key: str) -> dict[str, Any]:
    """Give the catalogue's own entry of a table; not to be changed.

    Parameters
    ----------
    key : str
        The key of the table.

    Returns
    -------
    dict
        The entry as it stands in the catalogue.

    Raises
    ------
    InputError
        Where there is no such table; names the nearest.

    Examples
    --------
    >>> table_entry("aral_annual")["kind"]
    'annual'
    """
    tables = _section("tables")
    if key not in tables:
        raise InputError(
            Problem(
                "reference table",
                "no table has this key",
                got=repr(key),
                expected="a key from reference.list()",
                hint=nearest(key, tables),
            )
        )
    return tables[key]


def list_keys() -> list[str]:
    """List the keys of the reference tables, sorted.

    Returns
    -------
    list of str
        The keys that `load` and `describe` take.

    Examples
    --------
    >>> [key for key in list_keys() if key.startswith("ili")]
    ['ili_flux_by_period', 'ili_flux_statements']
    """
    return sorted(_section("tables"))


def sources() -> dict[str, dict[str, str]]:
    """Give every source of the reference tables.

    Returns
    -------
    dict
        Source key to its citation, address and terms of use.

    Examples
    --------
    >>> sources()["wang2022"]["citation"]
    'Wang Zheng et al. 2022, Arid Zone Research 39(2), 400-409'
    """
    return copy.deepcopy(_section("sources"))


def describe(key: str) -> dict[str, object]:
    """Describe a reference table without reading it.

    Parameters
    ----------
    key : str
        The key of the table.

    Returns
    -------
    dict
        Title, quantity, unit, datum, kind, period, uncertainty, sources, citation, terms,
        columns, notes, file and sha256; for some tables also what is not used and why
        (not_used), missing months (gaps) or the datum offset (offset).

    Raises
    ------
    InputError
        Where there is no such table; names the nearest.

    Examples
    --------
    >>> describe("balkhash_level_tied")["offset"]["value_m"]
    342.3517
    """
    known = _section("sources")
    entry: dict[str, object] = copy.deepcopy(table_entry(key))
    entry["key"] = key
    entry["citation"] = [
        f"{known[name]['citation']}. {known[name]['address']}"
        for name in table_entry(key)["sources"]
    ]
    return entry


def read_verified(key: str) -> str:
    """Read the text of a table after its checksum was found right.

    Parameters
    ----------
    key : str
        The key of the table.

    Returns
    -------
    str
        The text of the file.

    Raises
    ------
    InputError
        Where there is no such table, the file is missing, or its checksum is not the
        catalogue's.

    Examples
    --------
    >>> read_verified("aral_syr_darya_gauge").splitlines()[0]
    'year,flow_km3_per_yr,flag,source'
    """
    import hashlib

    entry = table_entry(key)
    path = FOLDER / str(entry["file"])
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            Problem(str(path), f"the file of table {key} cannot be read", got=str(error))
        ) from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != entry["sha256"]:
        raise InputError(
            Problem(
                str(path),
                f"the checksum of table {key} is not the catalogue's",
                got=f"sha256 {digest}",
                expected=f"sha256 {entry['sha256']}",
                hint="The file was changed; install the package again",
            )
        )
    return content.decode("utf-8")
