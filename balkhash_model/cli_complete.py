"""Tab completion: names of scenarios, parameter sets and tables, and files that fit."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

__all__ = ["parameter_sets", "results", "scenarios", "scenarios_and_results", "tables"]


def _fitting(incomplete: str, words: Iterable[str], endings: tuple[str, ...] = ()) -> list[str]:
    """Words and files that go on as typed; folders are offered to be opened."""
    found = [w for w in words if w.startswith(incomplete)]
    if endings:
        folder, _, start = incomplete.rpartition("/")
        base = Path(folder or ("/" if incomplete.startswith("/") else "."))
        prefix = f"{folder}/" if "/" in incomplete else ""
        try:
            entries = sorted(base.iterdir())
        except OSError:
            entries = []
        for entry in entries:
            if not entry.name.startswith(start) or (entry.name[0] == "." and not start):
                continue
            if entry.is_dir():
                found.append(f"{prefix}{entry.name}/")
            elif entry.name.endswith(endings):
                found.append(f"{prefix}{entry.name}")
    return found


def scenarios(incomplete: str) -> list[str]:
    """Complete the name of a scenario, or the path to a YAML file.

    Parameters
    ----------
    incomplete : str
        What was typed so far.

    Returns
    -------
    list of str
        What it may become.

    Examples
    --------
    >>> scenarios("hindcast_f")
    ['hindcast_free', 'hindcast_free_2020']
    """
    from balkhash_model.scenario import list_scenarios

    return _fitting(incomplete, list_scenarios(), (".yml", ".yaml"))


def scenarios_and_results(incomplete: str) -> list[str]:
    """Complete the name of a scenario, or the path to a YAML file or a result.

    Parameters
    ----------
    incomplete : str
        What was typed so far.

    Returns
    -------
    list of str
        What it may become.

    Examples
    --------
    >>> scenarios_and_results("npp")
    ['npp_ulken']
    """
    from balkhash_model.scenario import list_scenarios

    return _fitting(incomplete, list_scenarios(), (".yml", ".yaml", ".nc"))


def results(incomplete: str) -> list[str]:
    """Complete the path to a result.

    Parameters
    ----------
    incomplete : str
        What was typed so far.

    Returns
    -------
    list of str
        What it may become.

    Examples
    --------
    >>> results("no/such/folder/")
    []
    """
    return _fitting(incomplete, (), (".nc",))


def tables(incomplete: str) -> list[str]:
    """Complete the key of a reference table.

    Parameters
    ----------
    incomplete : str
        What was typed so far.

    Returns
    -------
    list of str
        What it may become.

    Examples
    --------
    >>> tables("ili")
    ['ili_flux_by_period', 'ili_flux_statements']
    """
    from balkhash_model.reference import catalog

    return _fitting(incomplete, catalog.list_keys())


def parameter_sets(incomplete: str) -> list[str]:
    """Complete the name of a parameter set, or the path to one.

    Parameters
    ----------
    incomplete : str
        What was typed so far.

    Returns
    -------
    list of str
        What it may become.

    Examples
    --------
    >>> parameter_sets("balkhash_y")
    ['balkhash_yang1993']
    """
    from balkhash_model.library import list_parameter_sets

    return _fitting(incomplete, list_parameter_sets(), (".yml", ".yaml"))
