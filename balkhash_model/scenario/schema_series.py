"""Series by year or month that a scenario takes from columns of tables and of the user's files."""

from __future__ import annotations

from pydantic import field_validator, model_validator

from balkhash_model import units
from balkhash_model.errors import InputError
from balkhash_model.scenario.fields import DataPath, Year, Years
from balkhash_model.scenario.schema_use import MonthlyShape
from balkhash_model.validation import Strict

__all__ = ["ClimateTable", "Column"]

#: Units of a column: kinds of which one must read it.
_KINDS = ("flow", "depth_rate")


class Column(Strict):
    """Values of a column: of a reference table, or of a CSV beside the scenario."""

    table: str | None = None
    """Reference table with a column ``year``, or ``time`` by month."""
    file: DataPath | None = None
    """CSV in the folder of the scenario, with a column ``time`` (``2001`` or ``2001-05``)."""
    column: str
    """Name of the column with the values."""
    unit: str
    """Unit of the values, as ``km3/yr``, ``km3/month``, ``m3/s`` or ``mm/month``; an amount per
    year or month is that of the calendar year or month."""
    years: Years | None = None
    """Years for which this column is used; null for all that it holds."""
    mean_of: Years | None = None
    """The mean of these years in every year; null for the years of the run."""
    monthly: MonthlyShape = "even"
    """Relative rates by month of values by year: ``even``, ``irrigation`` or twelve numbers."""
    replace: dict[Year, str] = {}
    """Other values for single years, each with its unit: ``1962: 28.6 km3/yr``."""
    times: float | str = 1.0
    """Factor: a number, -1 for water that leaves, or ``$name`` of a parameter."""
    area: str | None = None
    """Column with the area (km2) that turns a volume of rain or evaporation into a depth."""
    salinity: str | None = None
    """Column with the salinity (g/l) of the water that evaporated: the depth becomes that of fresh
    water, which the run lowers by its own salt."""

    @field_validator("unit")
    @classmethod
    def _known(cls, value: str) -> str:
        for kind in _KINDS:
            try:
                units.parse_amount(f"1 {value}", kind, "unit")
            except InputError:
                continue
            return value
        raise ValueError(f"{value!r} is no unit of flow or depth; expected as km3/yr or mm/month")

    @field_validator("times")
    @classmethod
    def _factor(cls, value: float | str) -> float | str:
        if isinstance(value, str) and not value.startswith("$"):
            raise ValueError(f"{value!r} is neither a number nor $name of a parameter")
        if isinstance(value, float) and not abs(value) < 1e6:
            raise ValueError("not a factor below a million")
        return value

    @model_validator(mode="after")
    def _one_place(self) -> Column:
        if (self.table is None) == (self.file is None):
            raise ValueError("either a table or a file holds the column")
        if self.replace and self.mean_of is not None:
            raise ValueError("replace belongs to the years of the run, not to a mean")
        return self


class ClimateTable(Strict):
    """Rain on the lake and evaporation from it, from columns."""

    precipitation: list[Column]
    """Rain; the first column that covers a year counts."""
    evaporation: list[Column]
    """Evaporation; the first column that covers a year counts."""

    @model_validator(mode="after")
    def _some(self) -> ClimateTable:
        if not self.precipitation or not self.evaporation:
            raise ValueError("precipitation and evaporation need a column each")
        return self
