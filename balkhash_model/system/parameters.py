"""Parameters with their sources, and named sets of them that nothing changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from balkhash_model.errors import InputError, Problem, nearest

__all__ = ["NO_PARAMETERS", "Parameter", "ParameterSet"]

#: What to do where a set holds nothing.
NO_PARAMETERS = (
    "No parameter set is named: give one as 'parameters' in the file of the lake, or as "
    "parameters.set in the scenario"
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number of a parameter set, with what is known about it.

    Attributes
    ----------
    name : str
        Name by which systems and scenarios refer to it.
    value : float
        Value in `unit`, as the source prints it.
    unit : str
        Unit of `value`, `lower`, `upper` and the prior.
    si : float
        Value in SI.
    lower, upper : float
        Range in `unit` within which the value is thought to lie.
    prior : str
        Prior distribution in words, such as ``normal(0.85, 0.05)``; empty where none is stated.
    kind : str
        What sort of quantity it is (see :mod:`balkhash_model.units`).
    status : str
        ``published``, ``computed``, ``fitted`` or ``assumed``.
    source : tuple of str
        Keys of the sources.
    note : str
        How the value was chosen.
    """

    name: str
    value: float
    unit: str
    si: float
    lower: float
    upper: float
    prior: str
    kind: str
    status: str
    source: tuple[str, ...]
    note: str

    @property
    def normal_prior(self) -> tuple[float, float] | None:
        """Mean and standard deviation of a normal prior, in `unit`; None where there is none.

        Returns
        -------
        tuple of float or None
            Mean and standard deviation.
        """
        text = self.prior.replace(" ", "")
        if not (text.startswith("normal(") and text.endswith(")")):
            return None
        mean, sd = text[len("normal(") : -1].split(",")
        return float(mean), float(sd)


class ParameterSet(Mapping[str, Parameter]):
    """A named, never mutated set of parameters.

    Parameters
    ----------
    name : str
        Name of the set.
    title : str
        What the set is.
    parameters : mapping of str to Parameter
        The parameters.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> load_parameters("balkhash")["strait_width"].unit
    'km'
    """

    def __init__(self, name: str, title: str, parameters: Mapping[str, Parameter]) -> None:
        self.name = name
        self.title = title
        self._parameters = dict(parameters)

    def __getitem__(self, name: str) -> Parameter:
        try:
            return self._parameters[name]
        except KeyError:
            raise InputError(
                Problem(
                    f"parameter set {self.name!r}",
                    "no such parameter",
                    got=name,
                    hint=nearest(name, self._parameters) if self._parameters else NO_PARAMETERS,
                )
            ) from None

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
        return self._parameters.get(name, default)

    def __contains__(self, name: object) -> bool:
        return name in self._parameters

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __len__(self) -> int:
        return len(self._parameters)

    def __repr__(self) -> str:
        return f"ParameterSet({self.name!r}, {len(self)} parameters)"
