"""What a scenario file may say: its assumptions about period, climate, inflow and start."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import BeforeValidator, Field, StrictInt, field_validator, model_validator

from balkhash_model import units
from balkhash_model.errors import InputError
from balkhash_model.validation import Strict

__all__ = [
    "Climate",
    "Inflow",
    "Initial",
    "Meta",
    "Outputs",
    "ParameterChoice",
    "Period",
    "Scenario",
]


def _date(value: str) -> str:
    try:
        np.datetime64(value, "D")
    except ValueError:
        raise ValueError("not a date; expected year-month-day, as 1961-01-01") from None
    if len(value) != 10:
        raise ValueError("not a full date; expected year-month-day, as 1961-01-01")
    return value


def _level(value: object) -> object:
    """A level with its unit, or the name of a parameter."""
    if isinstance(value, str) and value.startswith("$"):
        return value
    try:
        units.parse(value, "level", "level")
    except InputError as error:
        problem = error.problems[0]
        text = problem.what if problem.expected is None else f"{problem.what}; {problem.expected}"
        raise ValueError(text if problem.hint is None else f"{text}. {problem.hint}") from None
    return value


#: A level as people write it, or ``$name`` of a parameter.
LevelText = Annotated[str, BeforeValidator(_level)]


class Meta(Strict):
    """Who the scenario is."""

    name: str = Field(pattern=r"^[A-Za-z0-9_\-]+$")
    """Short name: letters, digits, _ and -; the output files are named after it."""
    title: str
    """One line for figures and tables."""
    rationale: str
    """Why the scenario is as it is."""
    references: list[str] = []
    """Source keys of the reference catalogue, or free text."""


class ParameterChoice(Strict):
    """Which parameters are used."""

    set: str = "balkhash"
    """Name of a parameter set, or a path to one."""
    overrides: dict[str, str] = {}
    """Parameters to replace, each with its unit: ``delta_loss: 2.8 km3/yr``."""


class Period(Strict):
    """The time axis."""

    start: str
    """First day, as 1961-01-01."""
    end: str
    """First day after the run, as 2015-01-01."""
    step: Literal["month", "day"] = "month"
    """Length of an interval."""
    substeps: StrictInt = Field(default=1, ge=1, le=1000)
    """Internal steps per interval."""

    _dates = field_validator("start", "end")(_date)

    @model_validator(mode="after")
    def _forward(self) -> Period:
        start, end = np.datetime64(self.start, "D"), np.datetime64(self.end, "D")
        if not start < end:
            raise ValueError(f"ends ({self.end}) before it starts ({self.start})")
        first_of_month = self.start.endswith("-01") and self.end.endswith("-01")
        if self.step == "month" and not first_of_month:
            raise ValueError("monthly steps start and end on the first of a month")
        return self


class Initial(Strict):
    """The state at the start."""

    lake_level: LevelText
    """Level of the lake with its unit, as ``341.55 m``, or ``$name`` of a parameter."""
    levels: dict[str, LevelText] = {}
    """Levels of other storages that hold water at the start, as ``kapshagay: 477.0 m``."""


class Climate(Strict):
    """Rain on the lake and evaporation from it."""

    precipitation: Literal["lake_precipitation_by_period"] = "lake_precipitation_by_period"
    """Annual rain: Wang 2022's means by period, with the monthly shape of the ILEC record."""
    evaporation: Literal["heat_storage_climatology", "mass_transfer_climatology"] = (
        "heat_storage_climatology"
    )
    """Annual depth from the parameters ``net_evaporation`` and ``mean_precipitation``; its shape
    through the year by the heat-storage model from the temperature of Kuigan, or by mass transfer
    from the ILEC water and air temperatures."""


class Inflow(Strict):
    """River inflow."""

    ili: Literal["ili_flux_by_period"] = "ili_flux_by_period"
    """Ili at its gauges: means by period."""
    eastern_dry_phase: tuple[int, int] | None = (1973, 1986)
    """First and last year of the dry phase of the eastern rivers, or null."""
    reconstruct_from: str | None = None
    """From this day on, the river inflow that the observed levels imply; null for gauges only."""
    observed: str = "balkhash_level_tied"
    """Reference table of levels that the reconstruction follows."""

    @field_validator("eastern_dry_phase")
    @classmethod
    def _rising(cls, value: tuple[int, int] | None) -> tuple[int, int] | None:
        if value is not None and value[0] > value[1]:
            raise ValueError("the first year comes after the last")
        return value

    @field_validator("reconstruct_from")
    @classmethod
    def _day(cls, value: str | None) -> str | None:
        return value if value is None else _date(value)


class Outputs(Strict):
    """What is shown at the end of a run."""

    periods: list[tuple[int, int]] = [
        (1961, 1969),
        (1970, 1985),
        (1986, 1995),
        (1996, 2005),
        (2006, 2014),
    ]
    """First and last years of the rows of the budget table."""

    @field_validator("periods")
    @classmethod
    def _rising(cls, value: list[tuple[int, int]]) -> list[tuple[int, int]]:
        for first, last in value:
            if first > last:
                raise ValueError(f"the first year ({first}) comes after the last ({last})")
        return value


class Scenario(Strict):
    """A scenario: what is assumed, on top of what is known."""

    meta: Meta
    system: str = "balkhash"
    """Name of a lake system, or a path to one."""
    parameters: ParameterChoice = ParameterChoice()
    period: Period
    initial: Initial
    climate: Climate = Climate()
    inflow: Inflow = Inflow()
    outputs: Outputs = Outputs()
