"""Published numbers beside the model's: what agrees, what misses, what cannot be reproduced."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import pandas as pd

__all__ = ["Score", "audit_passes", "scorecard", "within"]

#: What a row is: a number that the model computes; a check of a printed table, which may be one
#: that the table must fail; a number of the model for which no tolerance was set; arithmetic on
#: printed tables or an identity; a number that was put into the model and so proves nothing; or one
#: that nothing here can compute.
Kind = Literal["model", "audit", "information", "identity", "input", "not reproducible"]
_WORD = {True: "yes", False: "NO", None: "-"}
_FLAGGED = {True: "NOT FLAGGED", False: "flagged, as it should be"}
_KINDS: tuple[Kind, ...] = get_args(Kind)


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
    kind : {"model", "audit", "information", "identity", "input", "not reproducible"}
        What the row is, by default ``model``. Only ``model`` rows are scored; ``audit`` rows are
        checks of printed tables, and counted by themselves; ``information`` is a number of the
        model beside a published one for which no tolerance was set beforehand.
    note : str, optional
        Why it misses, or what it rests on.
    expected : bool, default True
        What an audit is to find: False for a printed number that the check must flag.

    Raises
    ------
    ValueError
        For a kind that does not exist, a row of the model or of an audit without number or
        tolerance, information with a tolerance, one that cannot be reproduced and yet has a number,
        or a row outside an audit that is expected to fail.

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
    expected: bool = True

    def __post_init__(self) -> None:
        name = f"score {self.group} {self.quantity!r}"
        if self.kind not in _KINDS:
            raise ValueError(f"{name}: kind {self.kind!r}, expected one of {', '.join(_KINDS)}")
        unscored = math.isnan(self.model) or math.isnan(self.tolerance)
        if self.kind in ("model", "audit") and unscored:
            raise ValueError(f"{name}: a scored row needs the model's number and a tolerance")
        if self.kind == "information" and not math.isnan(self.tolerance):
            raise ValueError(f"{name}: information has no tolerance, got {self.tolerance}")
        if not self.expected and self.kind != "audit":
            raise ValueError(f"{name}: only a row of an audit may be expected to fail")
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
        return bool(abs(self.model - self.published) <= self.tolerance + slack)

    @property
    def passes(self) -> bool:
        """Whether the row came out as it should: within its tolerance, or flagged if it must be."""
        return self.within == self.expected

    @property
    def verdict(self) -> str:
        """Word for the table: yes, NO or -; of what an audit must flag, whether it was flagged."""
        return _WORD[self.within] if self.expected else _FLAGGED[bool(self.within)]


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
        ``tolerance``, ``within tolerance`` (yes, NO or -, or whether an audit flagged what it
        must), ``kind``, ``source``, ``note``.

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
            "within tolerance": [s.verdict for s in scores],
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
        Any number of rows; those that are not of kind ``model`` do not count (for an audit see
        :func:`audit_passes`).

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


def audit_passes(scores: Sequence[Score]) -> bool:
    """Tell whether every check of an audit came out as it should.

    Parameters
    ----------
    scores : sequence of Score
        Any number of rows; those that are not of kind ``audit`` do not count.

    Returns
    -------
    bool
        True if there is at least one check, all that must hold lie within their tolerances, and all
        that must be flagged do not.

    Examples
    --------
    A printed total of 24.58 whose terms give 24.826 must be flagged:

    >>> row = ("F12", "losses", "km3 yr-1", 24.58, "wikipedia_balkhash", 24.826, 0.01, "audit")
    >>> audit_passes([Score(*row, expected=False)]), audit_passes([Score(*row)])
    (True, False)
    """
    checks = [s.passes for s in scores if s.kind == "audit"]
    return bool(checks) and all(checks)
