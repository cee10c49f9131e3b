"""What drives a lake: rates per interval on one calendar, in SI."""

from __future__ import annotations

from balkhash_model.forcing.assembly import assemble, assemble_all
from balkhash_model.forcing.table import empty_forcing
from balkhash_model.forcing.weather import Weather, read_weather
from balkhash_model.forcing.weather_evaporation import (
    evaporation_from_file,
    evaporation_from_weather,
)

__all__ = [
    "Weather",
    "assemble",
    "assemble_all",
    "empty_forcing",
    "evaporation_from_file",
    "evaporation_from_weather",
    "read_weather",
]
