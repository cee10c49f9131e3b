"""What a scenario may assume about river inflow."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, StrictInt, field_validator, model_validator

from balkhash_model.scenario.fields import DataPath, Day, FlowText, FractionText, Knots, Year, Years
from balkhash_model.scenario.schema_series import Column
from balkhash_model.validation import Strict

__all__ = ["Generator", "Inflow"]

#: Kinds of inflow that draw numbers.
STOCHASTIC = ("lognormal_ar1", "thomas_fiering", "knn", "block_bootstrap")


class Generator(Strict):
    """How synthetic inflow is drawn from a record."""

    source: Literal["reconstruction", "history", "file"] = "reconstruction"
    """The record: total river inflow that the levels imply (1993-2014), gauge means by period, or
    the file of the inflow."""
    years: Years = (1993, 2014)
    """Years of the record that are used."""
    levels_to: Year | None = None
    """Last year whose levels the reconstruction sees, so that an outlook from the past knows
    nothing of what came after; null for all."""
    block: StrictInt = Field(default=3, ge=1, le=50)
    """Years in a block of the bootstrap."""
    neighbours: StrictInt | None = Field(default=None, ge=1, le=1000)
    """Neighbours of ``knn``; null for the square root of the number of years."""
    lag1: FractionText | None = None
    """Correlation of ``lognormal_ar1`` from year to year; null for that of the record."""
    variation: FractionText | None = None
    """Coefficient of variation of ``lognormal_ar1``; null for that of the record."""

    @model_validator(mode="after")
    def _known(self) -> Generator:
        last = self.levels_to
        if last is None:
            return self
        if self.source != "reconstruction":
            raise ValueError("levels_to belongs to a generator on the reconstruction")
        if not 1995 <= last <= 2014:
            raise ValueError(f"levels_to {last}; expected a year from 1995 to 2014")
        if self.years[1] > last:
            raise ValueError(f"years end in {self.years[1]}, after levels_to {last}")
        return self


class Inflow(Strict):
    """River inflow: what flows in, at which place it is given, and what is embedded in it."""

    kind: Literal[
        "history",
        "constant",
        "climatology",
        "series",
        "lognormal_ar1",
        "thomas_fiering",
        "knn",
        "block_bootstrap",
        "table",
    ] = "history"
    """``history``: published gauge means by period. ``constant``: the same rate always.
    ``climatology``: the same year always, shaped by month. ``series``: a file. ``table``: a column
    for each river of any lake, see ``rivers``. The others draw from a record, see ``generator``."""
    rivers: dict[str, list[Column]] = {}
    """Columns by name of the river, of the junction (flow at the head of a delta) or of the release
    that they drive; of several the first that covers a year counts. For kind ``table``."""
    at: Literal["km171", "dam", "ushzharma", "mouth", "lake"] = "ushzharma"
    """Where the inflow is given: 171 km gauge (above Kapshagay), below the dam, delta head, Ili
    mouth, or all rivers at the lake. History is given at all gauges."""
    mean: Knots | None = None
    """Mean flow at that place, one or by year. Synthetic inflow is scaled to it; null keeps the
    mean of the record."""
    eastern: FlowText | None = None
    """Karatal, Aksu, Lepsy and Ayaguz; null for the parameter ``eastern_inflow``. Not used where
    the inflow is given at the lake, of which they are a part."""
    reference_period: Years = (2006, 2020)
    """Years to which the inflow belongs: the use and the glacier runoff of these years are
    embedded in it, and only changes since then act."""
    runoff_response: Literal["given", "elasticity"] = "given"
    """How natural flow answers to a change of climate. ``given``: as ``climate`` says of runoff
    itself, and otherwise not at all. ``elasticity``: all rivers are multiplied by the ratio that
    rain, warming and glaciers of the scenario give since ``reference_period``, with the parameters
    ``ili_precipitation_elasticity``, ``ili_temperature_sensitivity``, ``glacier_runoff_share``."""
    ili: Literal["ili_flux_by_period"] = "ili_flux_by_period"
    """Ili at its gauges: means by period."""
    eastern_dry_phase: Years | None = None
    """First and last year of a dry phase of the eastern rivers, or null."""
    reconstruct_from: Day | None = None
    """From this day on, the river inflow that the observed levels imply; null for gauges only."""
    observed: str = "balkhash_level_tied"
    """Reference table of levels that the reconstruction follows."""
    file: DataPath | None = None
    """CSV in the folder of the scenario with ``time``, ``flow``, ``unit``: months or years."""
    generator: Generator = Generator()
    """Settings of synthetic inflow."""
    decline: Literal["aral_annual"] | None = None
    """Table whose relative fall of the inflow is imposed, as happened to the Aral Sea."""
    decline_from: Year | None = None
    """Year of the table that the first year of the run stands for."""
    decline_reference: Years = (1950, 1960)
    """Years of the table whose mean inflow counts as whole."""

    @model_validator(mode="after")
    def _complete(self) -> Inflow:
        if self.kind in ("constant",) and self.mean is None:
            raise ValueError("a constant inflow needs its mean")
        if self.kind == "series" and self.file is None:
            raise ValueError("an inflow from a series needs its file")
        if self.file is not None and self.kind != "series" and self.generator.source != "file":
            raise ValueError(f"a file is given, and kind {self.kind!r} does not read it")
        if self.generator.source == "file" and self.kind in STOCHASTIC and self.file is None:
            raise ValueError("the generator draws from a file, and none is given")
        if self.kind != "history" and self.reconstruct_from is not None:
            raise ValueError("only kind 'history' can be followed by a reconstruction")
        if (self.kind == "table") != bool(self.rivers):
            raise ValueError("kind 'table' and the columns of 'rivers' belong together")
        if any(not columns for columns in self.rivers.values()):
            raise ValueError("a river without a column")
        if (self.decline is None) != (self.decline_from is None):
            raise ValueError("decline and decline_from belong together")
        return self

    @field_validator("observed")
    @classmethod
    def _named(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("names no table")
        return value
