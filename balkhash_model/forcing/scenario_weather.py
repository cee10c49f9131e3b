"""Evaporation and ice of the lake from the weather that a scenario names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from balkhash_model import units
from balkhash_model.errors import InputError, Problem
from balkhash_model.forcing.calendar import mean_over_intervals
from balkhash_model.forcing.climate import ice_evaporation
from balkhash_model.forcing.lake_weather import ice_season, lake_site
from balkhash_model.forcing.temperature import daily_from_monthly, daily_temperature
from balkhash_model.forcing.warming import Warming
from balkhash_model.forcing.weather import Weather, read_weather, require_cover
from balkhash_model.forcing.weather_check import METHODS, mean_temperature, require_weather
from balkhash_model.forcing.weather_evaporation import daily_evaporation
from balkhash_model.timeaxis import TimeAxis

if TYPE_CHECKING:
    from balkhash_model.forcing.lake_weather import Site
    from balkhash_model.scenario.schema import Scenario
    from balkhash_model.system import ParameterSet

FloatArray = npt.NDArray[np.float64]

__all__ = ["scenario_weather", "weather_ice"]

#: Day of a year by which all ice is gone.
_SUMMER = 200


def weather_ice(weather: Weather, site: Site, warming: FloatArray | None = None) -> FloatArray:
    """Ice cover of each day of some weather, by the degree-days of its air temperature.

    Parameters
    ----------
    weather : Weather
        Days or months with an air temperature.
    site : Site
        For depth and degree-days; its station's climatology stands for the winter before the
        first day.
    warming : array (days,), optional
        Change of the temperature of each day, K.

    Returns
    -------
    array (days,)
        Share of the surface under ice, 0 to 1.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> axis = TimeAxis.monthly("2001-01-01", "2002-01-01")
    >>> mild = Weather(axis, air_temperature=np.full(12, 6.0))
    >>> cover = weather_ice(mild, lake_site(load_parameters("balkhash"), "west"))
    >>> float(cover[0]), float(cover[-1])
    (1.0, 0.0)
    """
    count = np.round(weather.axis.durations / 86400.0).astype(np.int64)
    mean = mean_temperature(weather.given())
    days = mean if (count == 1).all() else daily_from_monthly(mean, count)
    if warming is not None:
        days = days + warming
    first = weather.axis.edges[0].astype("datetime64[D]")
    year = int(first.astype("datetime64[Y]").astype(int)) + 1970
    before, _ = daily_temperature(site.station, year - 1, year, observed=False)
    lead = int((first - np.datetime64(f"{year - 1:04d}-01-01", "D")).astype(int))
    # from the summer before the first day, in which there is no ice
    start = _SUMMER if lead < _SUMMER + 365 else lead
    return ice_season(site, np.concatenate((before[start:lead], days))).cover[lead - start :]


def _read(scenario: Scenario, axis: TimeAxis, latitude: float) -> Weather:
    """The weather of the file, all that is wrong with it at once, each with its place."""
    spec = scenario.climate.weather
    assert spec is not None
    keys = ("climate", "weather", "path")
    place = f"{scenario.where(*keys)}: {spec.path}"
    problems: list[Problem] = []
    needs, source, _ = METHODS[spec.method]
    if "wind_speed" in needs and spec.wind_height is None:
        problems.append(
            Problem(
                f"{scenario.where('climate', 'weather')}: climate.weather.wind_height",
                f"needed by the method {spec.method!r}",
                expected="the height of the wind, as 10 m",
                hint=f"The equation: {source}",
            )
        )
    height = 10.0
    if spec.wind_height is not None:
        height = units.parse(spec.wind_height, "length", "wind_height")
    found: list[Problem] = []
    weather: Weather | None = None
    try:
        weather = read_weather(scenario.folder(*keys) / spec.path, wind_height=height)
        # what lies beneath ice is known only once the temperature is good
        _check(weather, spec.method, latitude, iced=spec.ice == "weather")
    except InputError as error:
        found.extend(error.problems)
    if weather is not None:
        try:
            require_cover(weather, axis, spec.path)
        except InputError as error:
            found.extend(replace(p, where="time") for p in error.problems)
    problems += [replace(p, where=f"{place}: {p.where}") for p in found]
    if problems or weather is None:
        raise InputError(problems)
    return weather


def _check(weather: Weather, method: str, latitude: float, *, iced: bool) -> None:
    """Check all but what ice may hide: the ranges of one method are checked where it is asked."""
    hidden = np.ones(weather.axis.n) if iced else None
    require_weather(weather, method, latitude=latitude, depth=1.0, ice_cover=hidden)


def _daily_change(weather: Weather, axis: TimeAxis, warming: Warming) -> FloatArray:
    """Change of the temperature of each day of the weather; the first year's before the run."""
    first = int(axis.edges[0].astype("datetime64[Y]").astype(int)) + 1970
    edges = weather.axis.edges
    days = np.arange(edges[0].astype("datetime64[D]"), edges[-1].astype("datetime64[D]"))
    months = days.astype("datetime64[M]").astype(np.int64)
    year = np.clip(months // 12 + 1970 - first, 0, warming.change.shape[-2] - 1)
    change: FloatArray = warming.change[year, months % 12]
    return change


def scenario_weather(
    scenario: Scenario,
    axis: TimeAxis,
    parameters: ParameterSet,
    storages: list[str],
    warming: Warming | None = None,
) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Evaporation and ice cover of the basins of the lake from the weather of a scenario.

    The open part of the surface evaporates by the method chosen; the part under ice at the rate of
    :func:`balkhash_model.forcing.climate.ice_evaporation`. Depth, latitude, elevation, albedo and
    area factor are those of the parameters. A change of temperature shortens the ice; what it does
    to evaporation is up to the scenario's response.

    Parameters
    ----------
    scenario : Scenario
        A scenario with ``climate.weather``.
    axis : TimeAxis
        n intervals.
    parameters : ParameterSet
        For the sites.
    storages : list of str
        The basins.
    warming : Warming, optional
        Change of temperature.

    Returns
    -------
    dict of str to tuple of array (n,)
        Evaporation, m s-1, and ice cover, by basin.

    Raises
    ------
    InputError
        Where the file cannot be used: everything that is wrong at once, each problem with the place
        in the scenario, the variable, its range, the worst value and its time, and where the
        equation stands.
    """
    spec = scenario.climate.weather
    assert spec is not None
    sites = {name: lake_site(parameters, name) for name in storages}
    if not sites:
        return {}
    weather = _read(scenario, axis, next(iter(sites.values())).latitude)
    change = None if warming is None else _daily_change(weather, axis, warming)
    start = weather.axis.edges[0].astype("datetime64[D]")
    out = {}
    for name, site in sites.items():
        days = int((weather.axis.edges[-1] - start).astype("timedelta64[D]").astype(int))
        cover = weather_ice(weather, site, change) if spec.ice == "weather" else np.zeros(days)
        try:
            rate = daily_evaporation(
                weather,
                spec.method,
                latitude=site.latitude,
                elevation=site.elevation,
                depth=site.depth,
                area_factor=site.area_factor,
                albedo=site.albedo,
                ice_cover=cover if spec.ice == "weather" else None,
            )
        except InputError as error:
            place = f"{scenario.where('climate', 'weather', 'path')}: {spec.path}"
            raise InputError(
                [replace(p, where=f"{place}: {p.where}") for p in error.problems]
            ) from None
        rate = rate + ice_evaporation(parameters, name) * cover
        share = np.clip(mean_over_intervals(axis, start, cover), 0.0, 1.0)
        out[name] = mean_over_intervals(axis, start, rate), share
    return out
