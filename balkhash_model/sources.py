"""Which sources a run rests on: of the tables it read, of the parameters that it asked for."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Mapping, ValuesView
from typing import Any

from balkhash_model import reference
from balkhash_model.system import Parameter, ParameterSet

__all__ = ["NotedParameters", "sources_used"]


class NotedParameters(ParameterSet):
    """A parameter set that notes which of its parameters are asked for by name.

    To go through all of them, as for a table, is not to ask for one.

    Parameters
    ----------
    base : ParameterSet
        The set.

    Attributes
    ----------
    used : set of str
        Names that were asked for so far.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> noted = NotedParameters(load_parameters("balkhash"))
    >>> noted["strait_width"].unit, len(noted.values()) > 50, noted.used
    ('km', True, {'strait_width'})
    """

    def __init__(self, base: ParameterSet) -> None:
        super().__init__(base.name, base.title, dict(base.items()))
        self.used: set[str] = set()

    def __getitem__(self, name: str) -> Parameter:
        found = super().__getitem__(name)
        self.used.add(name)
        return found

    def get(self, name: str, default: Any = None) -> Any:
        """One parameter, or a default where there is none of that name.

        Parameters
        ----------
        name : str
            Name of the parameter.
        default : object, optional
            What is returned otherwise.

        Returns
        -------
        Parameter or object
            The parameter.
        """
        if name not in self:
            return default
        return self[name]

    def values(self) -> ValuesView[Parameter]:
        """All parameters, none of which counts as used.

        Returns
        -------
        ValuesView
            The parameters.
        """
        return self._parameters.values()

    def items(self) -> ItemsView[str, Parameter]:
        """All names and parameters, none of which counts as used.

        Returns
        -------
        ItemsView
            Names and parameters.
        """
        return self._parameters.items()


def sources_used(
    parameters: ParameterSet, tables: Iterable[str], references: Iterable[str] = ()
) -> dict[str, list[str]]:
    """Say for what each source was used.

    Parameters
    ----------
    parameters : ParameterSet
        The parameters of a run; of a :class:`NotedParameters` those that were asked for, otherwise
        all.
    tables : iterable of str
        Keys of the reference tables that were read.
    references : iterable of str, optional
        Keys of sources, or free texts, that the scenario names.

    Returns
    -------
    dict of str to list of str
        Source key, or free text, to what it was used for: ``table KEY``, ``parameter NAME`` or
        ``scenario``; sorted.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> noted = NotedParameters(load_parameters("balkhash"))
    >>> _ = noted["strait_width"]
    >>> sources_used(noted, ["ili_flux_by_period"])["cawater"]
    ['parameter strait_width']
    """
    names = parameters.used if isinstance(parameters, NotedParameters) else set(parameters)
    every: Mapping[str, Parameter] = dict(parameters.items())
    found: dict[str, set[str]] = {}
    for key in tables:
        sources = reference.describe(key)["sources"]
        assert isinstance(sources, list)
        for source in sources:
            found.setdefault(str(source), set()).add(f"table {key}")
    for name in names:
        for source in every[name].source:
            found.setdefault(source, set()).add(f"parameter {name}")
    for text in references:
        found.setdefault(text, set()).add("scenario")
    return {key: sorted(found[key]) for key in sorted(found)}
