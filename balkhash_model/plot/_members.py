"""What the figures of ensembles share: plans, members, panels and labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from balkhash_model import quantities
from balkhash_model.errors import InputError, Problem
from balkhash_model.plot.words import spoken, with_unit, word

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__: list[str] = []

#: Units that axes show in the place of those of results, and the factor.
SHOWN_UNITS = {"kg m-3": ("g/l", 1.0), "m3": ("km3", 1e-9), "m2": ("km2", 1e-6)}


def need(result: xr.Dataset, *names: str) -> None:
    """Refuse what is no result of an ensemble.

    Parameters
    ----------
    result : xarray.Dataset
        A result.
    *names
        Variables that it must hold.

    Raises
    ------
    InputError
        Where it lacks one; all at once.
    """
    missing = [n for n in names if n not in result]
    if missing:
        raise InputError(
            [
                Problem("result", f"holds no {n}", expected="a result of run_ensemble")
                for n in missing
            ]
        )


def need_one(panels: list[Any]) -> None:
    """Refuse an axes of the caller for more than one panel.

    Parameters
    ----------
    panels : list
        What the panels would show.

    Raises
    ------
    InputError
        Where there are several.
    """
    if len(panels) != 1:
        raise InputError(
            Problem("ax", "takes one panel", f"{len(panels)}", hint="Select one, or leave ax out")
        )


def plans_of(result: xr.Dataset) -> list[tuple[str, xr.Dataset]]:
    """The plans of an ensemble by name.

    Parameters
    ----------
    result : xarray.Dataset
        A result of an ensemble.

    Returns
    -------
    list of (str, xarray.Dataset)
        Name and part of each plan.
    """
    if "scenario" not in result.dims:
        return [(str(result.attrs.get("scenario_names", "")), result)]
    names = [str(n) for n in result["scenario"].values]
    return [(n, result.isel(scenario=i)) for i, n in enumerate(names)]


def thousands(count: int) -> str:
    """A count with thin gaps between thousands.

    Parameters
    ----------
    count : int
        A count.

    Returns
    -------
    str
        The count.
    """
    return f"{count:,}".replace(",", "\u202f")


def members_note(result: xr.Dataset, lang: str) -> str:
    """How many members there are, and whether all have run.

    Parameters
    ----------
    result : xarray.Dataset
        A result of an ensemble.
    lang : str
        The language.

    Returns
    -------
    str
        The note.
    """
    count = thousands(int(result.attrs["members"]))
    if result.attrs.get("complete") == "no":
        return word("interrupted", lang, n=count, all=result.attrs["members_asked"])
    return word("members", lang, n=count)


def grid_of(figure: Figure, count: int, columns: int) -> list[Axes]:
    """Panels with common axes, row by row.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    count : int
        How many panels.
    columns : int
        How many side by side at most.

    Returns
    -------
    list of matplotlib.axes.Axes
        The panels.
    """
    wide = min(count, columns)
    grid = figure.subplots(-(-count // wide), wide, sharex=True, sharey=True, squeeze=False)
    found: list[Axes] = list(grid.ravel())
    for axes in found[count:]:
        axes.remove()
    for axes in found[max(count - wide, 0) : count]:
        axes.tick_params(labelbottom=True)
    return found[:count]


def axis_label(result: xr.Dataset, variable: str, lang: str) -> str:
    """Label of a variable of an ensemble, such as ``salinity_west``.

    Parameters
    ----------
    result : xarray.Dataset
        A result of an ensemble.
    variable : str
        Name of the variable.
    lang : str
        The language.

    Returns
    -------
    str
        The label, with unit and datum.
    """
    unit = str(result[f"{variable}_mean"].attrs["units"])
    unit, _ = SHOWN_UNITS.get(unit, (unit, 1.0))
    if variable == "lake_level_difference":
        name = str(result["scenario"].values[0])
        return with_unit(word("level_less_that_of", lang, name=name), unit, lang)
    base = next((n for n in sorted(quantities.names(), key=len) if n == variable), "")
    if base:
        text = quantities.label(base, lang, unit="")
    else:
        base = next(
            (n for n in sorted(quantities.names(), key=len)[::-1] if variable.startswith(f"{n}_")),
            "",
        )
        place = variable[len(base) + 1 :] if base else variable
        text = (
            f"{quantities.label(base, lang, unit='')}: {spoken(place, lang)}"
            if base
            else spoken(variable, lang)
        )
    datum = str(result.attrs.get("datum", "")) if "level" in variable else None
    return with_unit(text, unit, lang, datum)
