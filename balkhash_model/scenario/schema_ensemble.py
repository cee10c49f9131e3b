"""What a scenario may say about its members: how many, what differs between them, what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, StrictInt, field_validator, model_validator

from balkhash_model.scenario.fields import DataPath, PlainLevelText
from balkhash_model.validation import Strict

__all__ = ["Ensemble"]

#: A distribution as text, or the values themselves.
Spread = str | list[str | float]


def _leaves(value: dict[Any, Any], at: str = "") -> Iterator[tuple[str, Any]]:
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from _leaves(inner, f"{at}{key}.")
        else:
            yield f"{at}{key}", inner


class Ensemble(Strict):
    """How many members are run, what differs between them, and what is kept of them."""

    members: StrictInt | None = Field(default=None, ge=1, le=1_000_000_000)
    """Number of members; null for one run without a member dimension."""
    seed: StrictInt = Field(default=1, ge=0)
    """Seed; member i draws the same numbers however many members there are."""
    design: Literal["monte_carlo", "latin_hypercube", "sobol", "factorial", "table"] = "monte_carlo"
    """How the parameters and factors are chosen: by chance, in a Latin hypercube, along a Sobol'
    sequence, every combination of their values, or from a table."""
    parameters: dict[str, Spread] = {}
    """Parameters that differ between members: ``prior`` for the prior of the parameter set, a
    distribution in the parameter's unit such as ``uniform(0.8, 0.9)``, or a list of values."""
    factors: dict[str, Spread] = {}
    """Keys of the scenario that differ between members, as ``initial.lake_level: normal(341.5 m,
    0.1 m, 341.2 m, 341.8 m)``; a list gives the values themselves."""
    correlations: list[tuple[str, str, Annotated[float, Field(ge=-1.0, le=1.0)]]] = []
    """Rank correlations between parameters or factors, as ``[lake_reference_area,
    strait_width, 0.3]``."""
    table: DataPath | None = None
    """CSV of the design, a row for each draw and a column for each parameter or factor."""
    levels: StrictInt = Field(default=3, ge=2, le=1000)
    """Values of each distribution in a full factorial, evenly spaced from bound to bound."""
    members_per_draw: StrictInt = Field(default=1, ge=1)
    """Members that share one draw of the parameters and differ in inflow and climate alone."""
    reconstruct: Literal["each", "once"] = "each"
    """Whether inflow that is drawn from what the levels imply is reconstructed with the parameters
    of each draw, or once with those of the scenario."""
    climates: StrictInt = Field(default=30, ge=1, le=100_000)
    """Climates that the members share, where ``climate.projection.spread`` gives several; a climate
    file has as many as it holds."""
    keep: list[Literal["statistics", "indicators", "members"]] = ["statistics", "indicators"]
    """What is kept: statistics over the members, the indicators of each member, the states of each
    member (in a file of their own)."""
    variables: list[str] = []
    """Variables gathered beside the lake level: ``water_level.NAME`` and ``salinity.NAME`` of a
    storage; empty for the salinity of the West where there is one."""
    thresholds: list[PlainLevelText] = []
    """Levels whose crossing is counted; empty for ``outputs.threshold``."""
    quantiles: list[Annotated[float, Field(ge=0.0, le=1.0)]] = [0.05, 0.25, 0.5, 0.75, 0.95]
    """Shares of the members for which the quantiles are given."""

    @field_validator("factors", mode="before")
    @classmethod
    def _dotted(cls, value: object) -> object:
        """Keys with dots, which a file may also hold as maps in maps."""
        return dict(_leaves(value)) if isinstance(value, dict) else value

    @field_validator("quantiles")
    @classmethod
    def _some(cls, value: list[float]) -> list[float]:
        if not value or sorted(set(value)) != value:
            raise ValueError("one share or more, rising")
        return value

    @model_validator(mode="after")
    def _fitting(self) -> Ensemble:
        if (self.design == "table") != (self.table is not None):
            raise ValueError("a table belongs to the design 'table', which needs one")
        if self.design == "table" and (self.parameters or self.factors):
            raise ValueError("the columns of the table name what differs; leave parameters out")
        known = {*self.parameters, *self.factors}
        for a, b, _ in self.correlations:
            if a not in known or b not in known or a == b:
                raise ValueError(f"a correlation between {a!r} and {b!r}: two of those that differ")
        pairs = [frozenset((a, b)) for a, b, _ in self.correlations]
        for a, b, _ in self.correlations:
            if pairs.count(frozenset((a, b))) > 1:
                raise ValueError(f"more than one correlation between {a!r} and {b!r}")
        if self.correlations and self.design in ("factorial", "table"):
            raise ValueError(f"a design {self.design!r} has the correlations that it has")
        return self

    @property
    def varied(self) -> bool:
        """Whether parameters or factors differ between the members.

        Returns
        -------
        bool
            True where they do.
        """
        return bool(self.parameters or self.factors or self.table)
