"""What a scenario may assume about rain, evaporation and temperature."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from balkhash_model import units
from balkhash_model.errors import InputError
from balkhash_model.scenario.fields import (
    DataPath,
    FractionText,
    LengthText,
    Months,
    ShareText,
    Year,
    Years,
)
from balkhash_model.scenario.schema_series import ClimateTable
from balkhash_model.validation import Strict

__all__ = ["Climate", "ClimateFile", "Delta", "Projection", "WeatherFile"]

#: Kinds of quantity in which the change of each variable may be given.
CHANGE_KINDS = {
    "temperature": ("temperature_change",),
    "precipitation": ("fraction", "depth_rate"),
    "evaporation": ("fraction", "depth_rate"),
    "runoff": ("fraction", "flow"),
}


class Delta(Strict):
    """A change of climate against the base, by month, constant or ramped."""

    variable: Literal["temperature", "precipitation", "evaporation", "runoff"]
    """What changes; ``runoff`` is the flow of all rivers as given, above any change of use."""
    change: str
    """The change with its unit: ``2.5 K``, ``-10 %``, ``20 mm/yr``, ``1 km3/yr``."""
    months: Months = list(range(1, 13))
    """Months by number, or ``winter``, ``spring``, ``summer``, ``autumn``, ``year``."""
    start: Year | None = None
    """Year in which the change begins; null for the first year of the run."""
    full: Year | None = None
    """Year from which it acts in full, after a straight ramp; null for at once."""
    source: str = "assumed"
    """Source key, or ``assumed``."""

    @model_validator(mode="after")
    def _fits(self) -> Delta:
        if self.start is not None and self.full is not None and self.full < self.start:
            raise ValueError(f"acts in full ({self.full}) before it starts ({self.start})")
        if not self.months:
            raise ValueError("acts in no month")
        for kind in CHANGE_KINDS[self.variable]:
            try:
                units.parse(self.change, kind, "change")
            except InputError:
                continue
            return self
        wanted = " or ".join(units.KINDS[k].expected for k in CHANGE_KINDS[self.variable])
        raise ValueError(f"change of {self.variable} is {self.change!r}; expected {wanted}")


class Projection(Strict):
    """Published changes by decade, read from the reference tables."""

    scenario: Literal["RCP4.5", "RCP8.5"]
    """Emission scenario."""
    rain_and_evaporation: bool = True
    """Whether precipitation and potential evaporation change as the table ``cmip5_projection``
    says, against 1976-2005."""
    glacier: bool = True
    """Whether the change of the runoff of the glacierised area since the reference period of the
    inflow, from ``glacier_runoff_projection``, is added to the rivers."""
    spread: bool = True
    """Whether the members of an ensemble sample the range of the climate models; false for the
    mean of the models in every member."""
    precipitation_elasticity: float = Field(default=0.0, ge=0.0, le=5.0)
    """Change of the river flow, in per cent for each per cent of precipitation; 0 for none."""
    evaporation_elasticity: float = Field(default=0.0, ge=-5.0, le=0.0)
    """The same for potential evaporation; not above zero."""
    elastic_share: ShareText = "100 %"
    """Share of the river flow on which the elasticities act: what does not come from the
    glacierised area, whose rain and melt the glacier table holds already."""
    glacier_share: ShareText = "100 %"
    """Share of the change of the glacier runoff that reaches the Ili gauges."""


class ClimateFile(Strict):
    """The user's own climate series."""

    path: DataPath
    """NetCDF or CSV in the folder of the scenario: variables or columns ``precipitation``,
    ``evaporation``, ``temperature`` (or their CF standard names) with units; monthly or daily,
    any CF calendar."""
    variables: dict[Literal["precipitation", "evaporation", "temperature"], str] = {}
    """Names of the variables in the file, where they are not found by themselves."""
    correction: Literal["none", "delta_change", "quantile_mapping"] = "delta_change"
    """How the series is brought to the reference: its change month by month, or its
    distribution month by month."""
    reference: Years | None = None
    """Years that the file and the base have in common; needed by a correction."""
    observed: DataPath | None = None
    """File with what was observed in the reference years; needed by quantile mapping."""

    @model_validator(mode="after")
    def _complete(self) -> ClimateFile:
        if self.correction != "none" and self.reference is None:
            raise ValueError(f"{self.correction} needs the reference years")
        if self.correction == "quantile_mapping" and self.observed is None:
            raise ValueError("quantile_mapping needs a file of observations, 'observed'")
        return self


class WeatherFile(Strict):
    """The user's own weather over the lake, and what makes evaporation of it."""

    path: DataPath
    """CSV in the folder of the scenario: ``time`` of days or months without gaps that cover the
    run, and columns whose names end in their unit, as ``air_temperature_degC``,
    ``relative_humidity_percent``, ``wind_speed_m_per_s``,
    ``shortwave_radiation_MJ_per_m2_per_day``."""
    method: Literal[
        "penman_1948",
        "penman_1956",
        "penman_monteith_fao56",
        "priestley_taylor",
        "valiantzas_2006",
        "mcjannet_2008",
        "finch_gash_2002",
        "mass_transfer",
    ]
    """Equation of the evaporation: Penman for open water with either wind function, Priestley and
    Taylor, Valiantzas without wind, a lake that stores heat by its balance in full (Finch and Gash)
    or linear about the wet bulb (McJannet), mass transfer from the water temperature;
    ``penman_monteith_fao56`` is a crop, for comparison."""
    wind_height: LengthText | None = None
    """Height at which the wind was measured, ``10 m``; needed by a method that uses the wind."""
    ice: Literal["weather", "none"] = "weather"
    """Whether ice forms by the degree-days of the file's own air temperature, and lowers
    evaporation to the stated residual, or never."""

    @field_validator("wind_height")
    @classmethod
    def _possible(cls, value: str | None) -> str | None:
        if value is not None and not 0.5 <= units.parse(value, "length", "value") <= 100.0:
            raise ValueError("not a height between 0.5 and 100 m")
        return value


class Climate(Strict):
    """Rain on the lake and evaporation from it."""

    precipitation: Literal["lake_precipitation_by_period", "climatology"] = (
        "lake_precipitation_by_period"
    )
    """Annual rain: Wang 2022's means by period, or the parameter ``mean_precipitation`` in every
    year; the monthly shape is that of the ILEC record."""
    evaporation: Literal["heat_storage_climatology", "mass_transfer_climatology"] = (
        "heat_storage_climatology"
    )
    """Annual depth from the parameters ``net_evaporation`` and ``mean_precipitation``; its shape
    through the year by the heat-storage model from the temperature of Kuigan, or by mass transfer
    from the ILEC water and air temperatures."""
    evaporation_response: Literal["heat_storage", "per_degree", "none"] | None = None
    """How evaporation answers to a change of temperature: month by month as in the heat-storage
    model of the lake, by ``evaporation_per_degree``, or not at all, where another change holds the
    warming already; ice answers in every case. Null for ``per_degree`` where that is given, and
    for ``heat_storage`` otherwise."""
    evaporation_per_degree: FractionText | None = None
    """Change of the evaporation for each degree of warming, the same in every month: assumed;
    2 to 7 % are defensible, 7 % being the saturation pressure alone."""
    deltas: dict[str, Delta] = {}
    """Changes against the base, by name; they add up."""
    projection: Projection | None = None
    """Published changes by decade."""
    file: ClimateFile | None = None
    """The user's own series in place of the base."""
    weather: WeatherFile | None = None
    """The user's own weather over the lake, from which its evaporation and ice are computed; the
    fitted annual depth is then not used."""
    table: ClimateTable | None = None
    """Rain and evaporation from columns, for any lake; the base of Lake Balkhash is then not
    used."""
    resample: Years | None = None
    """Years whose rain is used again in the order of the run; null for the years of the run."""

    @field_validator("evaporation_per_degree")
    @classmethod
    def _plausible(cls, value: str | None) -> str | None:
        if value is not None and not -0.05 <= units.parse(value, "fraction", "value") <= 0.2:
            raise ValueError("not a change per degree between -5 and 20 %")
        return value

    @model_validator(mode="after")
    def _one_response(self) -> Climate:
        given = self.evaporation_per_degree is not None
        if self.evaporation_response == "per_degree" and not given:
            raise ValueError("evaporation_response 'per_degree' needs evaporation_per_degree")
        if self.evaporation_response in ("heat_storage", "none") and given:
            raise ValueError(
                "evaporation_per_degree belongs to evaporation_response 'per_degree', not to "
                f"{self.evaporation_response!r}; null removes what is extended"
            )
        return self

    @property
    def response(self) -> Literal["heat_storage", "per_degree", "none"]:
        """How evaporation answers to a change of temperature, with the default worked out.

        Returns
        -------
        {"heat_storage", "per_degree", "none"}
            The choice that counts.
        """
        if self.evaporation_response is not None:
            return self.evaporation_response
        return "heat_storage" if self.evaporation_per_degree is None else "per_degree"
