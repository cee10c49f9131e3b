"""What a scenario file may say: its assumptions about period, climate, water and operation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, StrictInt, field_validator, model_validator

from balkhash_model.scenario.fields import (
    Day,
    LevelText,
    StartText,
    ThresholdText,
    Years,
    check_amount,
)
from balkhash_model.scenario.origins import Explanation, Origins
from balkhash_model.scenario.schema_climate import Climate
from balkhash_model.scenario.schema_ensemble import Ensemble
from balkhash_model.scenario.schema_inflow import Inflow
from balkhash_model.scenario.schema_use import (
    LinkDates,
    Measure,
    Reservoir,
    RiverDelta,
    User,
)
from balkhash_model.validation import Strict

__all__ = [
    "Climate",
    "Ensemble",
    "Inflow",
    "Initial",
    "LinkDates",
    "Measure",
    "Meta",
    "Outputs",
    "ParameterChoice",
    "Period",
    "Reservoir",
    "RiverDelta",
    "Scenario",
    "User",
]


class Meta(Strict):
    """Who the scenario is."""

    name: str = Field(pattern=r"^[A-Za-z0-9_\-]+$")
    """Short name: letters, digits, _ and -; the output files are named after it."""
    title: str
    """One line for figures and tables."""
    titles: dict[Literal["ru", "kk"], Annotated[str, Field(min_length=1)]] = {}
    """The same in Russian and Kazakh, for figures and pages in these languages; a file, variant or
    setting that gives another ``title`` gives its own, or has none."""
    rationale: str
    """Why the scenario is as it is."""
    references: list[str] = []
    """Source keys of the reference catalogue, or free text."""


class ParameterChoice(Strict):
    """Which parameters are used."""

    set: str | None = None
    """Name of a parameter set, or a path to one, from the folder of the scenario; by default the
    one that the lake system names, and ``none``, which holds no parameter, where it names none."""
    overrides: dict[str, str] = {}
    """Parameters to replace, each with its unit: ``delta_loss: 2.8 km3/yr``."""


class Period(Strict):
    """The time axis."""

    start: Day
    """First day, as 1961-01-01."""
    end: Day
    """First day after the run, as 2015-01-01."""
    step: Literal["month", "day"] = "month"
    """Length of an interval."""
    substeps: StrictInt = Field(default=1, ge=1, le=1000)
    """Internal steps per interval."""

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

    lake_level: StartText
    """Level of the lake with its unit, as ``341.55 m``, ``$name`` of a parameter, or ``observed``
    for the mean of the altimetric levels of the months before and after the start."""
    levels: dict[str, LevelText] = {}
    """Levels of other storages that hold water at the start, as ``kapshagay: 477.0 m``."""
    salinity: dict[str, str] = {}
    """Salinity of storages at the start, as ``west: 0.74 g/l`` or ``$name`` of a parameter; by
    default the present one, from the parameters."""

    @field_validator("salinity")
    @classmethod
    def _salinities(cls, value: dict[str, str]) -> dict[str, str]:
        return {
            name: text if text.startswith("$") else str(check_amount(text, "salinity"))
            for name, text in value.items()
        }


class Outputs(Strict):
    """What is shown at the end of a run."""

    periods: list[Years] = [
        (1961, 1969),
        (1970, 1985),
        (1986, 1995),
        (1996, 2005),
        (2006, 2014),
    ]
    """First and last years of the rows of the budget table."""
    variables: list[str] = []
    """Variables that the file keeps beside the states, levels and balance; empty for all."""
    indicators: list[
        Literal[
            "years_below",
            "first_below",
            "lowest",
            "lowest_year",
            "recovery",
            "end",
            "change",
            "west_salinity",
        ]
    ] = []
    """Indicators that a run prints; with members their median, 10th and 90th percentile."""
    figures: list[Literal["png", "svg", "pdf"]] = ["png", "svg"]
    """Formats in which the course of the level is drawn."""
    threshold: ThresholdText = "341.0 m"
    """Level whose crossing the indicators count, and that figures mark; ``none`` for no level."""

    @model_validator(mode="after")
    def _counted(self) -> Outputs:
        if self.indicators and self.threshold == "none":
            raise ValueError("indicators count the crossing of a threshold, and none is given")
        return self


class Scenario(Strict):
    """A scenario: what is assumed, on top of what is known."""

    meta: Meta
    system: str = "balkhash"
    """Name of a lake system, or a path to one, from the folder of the scenario."""
    parameters: ParameterChoice = ParameterChoice()
    period: Period
    initial: Initial
    climate: Climate = Climate()
    inflow: Inflow = Inflow()
    abstraction: dict[str, User] = {}
    """Who takes water, by name."""
    reservoirs: dict[str, Reservoir] = {}
    """How reservoirs are operated, by name of the storage."""
    deltas: dict[Literal["ili_delta"], RiverDelta] = {}
    """How deltas lose water, by name; a delta that is not named loses a function of its flow."""
    links: dict[str, LinkDates] = {}
    """Dates of straits and dams that differ from those of the system, by name of the link."""
    measures: dict[str, Measure] = {}
    """Interventions, by name."""
    ensemble: Ensemble = Ensemble()
    outputs: Outputs = Outputs()

    @property
    def origins(self) -> Origins:
        """Where the values were written; no part of what the scenario says."""
        found = self.__dict__.get("_origins")
        return found if isinstance(found, Origins) else Origins()

    def explain(self, key: str) -> Explanation:
        """Say where a value comes from.

        Parameters
        ----------
        key : str
            Dotted key, as ``abstraction.china.total``.

        Returns
        -------
        Explanation
            The value, the file and line that set it, and what it replaced.

        Raises
        ------
        InputError
            Where there is no such key.

        Examples
        --------
        >>> from balkhash_model.scenario import load_scenario
        >>> load_scenario("hindcast").explain("period.end").value
        '2015-01-01'
        """
        return self.origins.explain(self, key)

    def with_origins(self, origins: Origins) -> Scenario:
        """Remember where the values were written.

        Parameters
        ----------
        origins : Origins
            The places.

        Returns
        -------
        Scenario
            This record.
        """
        object.__setattr__(self, "_origins", origins)
        return self

    def plain(self) -> dict[str, Any]:
        """Give the record as plain data, every default spelled out.

        Returns
        -------
        dict
            What a scenario file would hold.

        Examples
        --------
        >>> from balkhash_model.scenario import load_scenario
        >>> load_scenario("hindcast").plain()["period"]["end"]
        '2015-01-01'
        """
        data = _plain(self.model_dump(mode="python", by_alias=True))
        assert isinstance(data, dict)
        return data

    def where(self, *keys: str | int) -> str:
        """Give the place where a key was written.

        Parameters
        ----------
        *keys : str or int
            Keys that lead to it.

        Returns
        -------
        str
            ``file:line:column: dotted.key``.
        """
        return f"{self.origins.where(keys)}: {'.'.join(map(str, keys))}"

    def folder(self, *keys: str) -> Path:
        """Give the folder of the file that set a key, where its data files are.

        Parameters
        ----------
        *keys : str
            Keys that lead to it.

        Returns
        -------
        Path
            The folder.
        """
        return self.origins.folder(keys)

    def first_year(self) -> int:
        """Give the first calendar year of the run.

        Returns
        -------
        int
            The year.
        """
        return int(self.period.start[:4])

    def last_year(self) -> int:
        """Give the last calendar year of the run.

        Returns
        -------
        int
            The year of the last day.
        """
        last = np.datetime64(self.period.end, "D") - np.timedelta64(1, "D")
        return int(str(last)[:4])


def _plain(value: Any) -> Any:
    """Tuples become lists."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value
