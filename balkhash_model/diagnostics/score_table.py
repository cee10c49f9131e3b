"""Published numbers beside the model's: what agrees, what misses, what cannot be reproduced."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

__all__ = ["Score", "scorecard", "within"]

#: What a row is: a number that the model computes; arithmetic on printed tables or an identity; a
#: number that was put into the model and so proves nothing; or one that nothing here can compute.
Kind = Literal["model", "identity", "input", "not reproducible"]
_WORD = {True: "yes", False: "NO", None: "-"}
_KINDS: tuple[Kind, ...] = ("model", "identity", "input", "not reproducible")


@dataclass(frozen=True)
class Score:
    """One published number and what the model says of it.

    Parameters
    ----------
    group : str
        Group of published figures, such as ``F1``.
    quantity : str
        What the number is.
    unit : str
        Unit of both numbers and of the tolerance.
    published : float
        The number as printed.
    source : str
        Where it is printed: a key of the data catalogue, or a citation.
    model : float, optional
        The library's number; missing for a number that cannot be reproduced.
    tolerance : float, optional
        Largest difference at which a reproduction counts; missing where none is scored.
    kind : {"model", "identity", "input", "not reproducible"}, default "model"
        What the row is; only ``model`` rows are scored.
    note : str, optional
        Why it misses, or what it rests on.

    Raises
    ------
    ValueError
        For a kind that does not exist, a scored row without number or tolerance, or one that
        cannot be reproduced and yet has a number.

    Examples
    --------
    >>> Score("F1", "river inflow", "km3 yr-1", 14.04, "wang2022", 13.9, 0.42).difference
    -0.14
    """

    group: str
    quantity: str
    unit: str
    published: float
    source: str
    model: float = math.nan
    tolerance: float = math.nan
    kind: Kind = "model"
    note: str = ""

    def __post_init__(self) -> None:
        name = f"score {self.group} {self.quantity!r}"
        if self.kind not in _KINDS:
            raise ValueError(f"{name}: kind {self.kind!r}, expected one of {', '.join(_KINDS)}")
        if self.kind == "model" and (math.isnan(self.model) or math.isnan(self.tolerance)):
            raise ValueError(f"{name}: a scored row needs the model's number and a tolerance")
        if self.kind == "not reproducible" and not math.isnan(self.model):
            raise ValueError(f"{name}: not reproducible, and yet the model has {self.model}")

    @property
    def difference(self) -> float:
        """The model's number minus the published one, rounded to 12 digits."""
        return float(f"{self.model - self.published:.12g}")

    @property
    def within(self) -> bool | None:
        """Whether the difference is within the tolerance; None where none is given."""
        if math.isnan(self.tolerance) or math.isnan(self.model):
            return None
        slack = 1e-12 * max(1.0, abs(self.published))
        return abs(self.model - self.published) <= self.tolerance + slack


def scorecard(scores: Sequence[Score]) -> pd.DataFrame:
    """Put published numbers and the model's side by side.

    Parameters
    ----------
    scores : sequence of Score
        One for each published number, in the order to show.

    Returns
    -------
    pandas.DataFrame
        One row each: ``group``, ``quantity``, ``unit``, ``published``, ``model``, ``difference``,
        ``tolerance``, ``within tolerance`` (yes, NO or -), ``kind``, ``source``, ``note``.

    Examples
    --------
    >>> rows = [Score("F1", "river inflow", "km3 yr-1", 14.04, "wang2022", 13.9, 0.42)]
    >>> scorecard(rows)["within tolerance"].item()
    'yes'
    """
    return pd.DataFrame(
        {
            "group": [s.group for s in scores],
            "quantity": [s.quantity for s in scores],
            "unit": [s.unit for s in scores],
            "published": [s.published for s in scores],
            "model": [s.model for s in scores],
            "difference": [s.difference for s in scores],
            "tolerance": [s.tolerance for s in scores],
            "within tolerance": [_WORD[s.within] for s in scores],
            "kind": [s.kind for s in scores],
            "source": [s.source for s in scores],
            "note": [s.note for s in scores],
        }
    )


def within(scores: Sequence[Score]) -> bool:
    """Tell whether every scored row of some lies within its tolerance.

    Parameters
    ----------
    scores : sequence of Score
        Any number of rows; those that are not of kind ``model`` do not count.

    Returns
    -------
    bool
        True if there is at least one scored row and all of them are within their tolerances.

    Examples
    --------
    >>> within([Score("F1", "river inflow", "km3 yr-1", 14.04, "wang2022", 13.9, 0.1)])
    False
    """
    scored = [s.within for s in scores if s.kind == "model"]
    return bool(scored) and all(scored)
