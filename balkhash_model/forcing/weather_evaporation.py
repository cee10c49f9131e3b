"""Evaporation from a user's own weather, by a method of choice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from balkhash_model.forcing.calendar import mean_over_intervals
from balkhash_model.forcing.lake_weather import lake_site
from balkhash_model.forcing.weather import Weather, read_weather, require_cover
from balkhash_model.forcing.weather_check import (
    METHODS,
    days_of_year,
    mean_temperature,
    require_weather,
)
from balkhash_model.physics import combination, radiation, solar, vapour, wind
from balkhash_model.physics.heat_storage import wind_function
from balkhash_model.physics.lake_surface import HeatModel, march_surface, surface_of_weather
from balkhash_model.system import ParameterSet
from balkhash_model.timeaxis import TimeAxis

FloatArray = npt.NDArray[np.float64]

__all__ = [
    "METHODS",
    "daily_evaporation",
    "evaporation_from_file",
    "evaporation_from_weather",
]

#: Albedo of the reference crop of FAO-56.
_GRASS_ALBEDO = 0.23


def _vapour(day: dict[str, FloatArray], mean: FloatArray) -> FloatArray:
    """Vapour pressure of the air by the best data that are given."""
    if "vapour_pressure" in day:
        return day["vapour_pressure"]
    if "dew_point" in day:
        return vapour.saturation_vapour_pressure(day["dew_point"])
    if "minimum_humidity" in day and "maximum_humidity" in day and "minimum_temperature" in day:
        return vapour.actual_vapour_pressure(
            day["minimum_temperature"],
            day["maximum_temperature"],
            day["minimum_humidity"],
            day["maximum_humidity"],
        )
    return day["relative_humidity"] * vapour.saturation_vapour_pressure(mean)


_BY_DAY = ("mean", "low", "high", "vapour_pressure", "above", "clear")


@dataclass(frozen=True, eq=False, slots=True)
class _Days:
    """Weather by day, ready for the equations."""

    given: dict[str, FloatArray]
    mean: FloatArray
    low: FloatArray
    high: FloatArray
    vapour_pressure: FloatArray
    above: FloatArray
    clear: FloatArray
    short: FloatArray | None
    wind_height: float

    @property
    def shortwave(self) -> FloatArray:
        assert self.short is not None
        return self.short

    def at(self, chosen: npt.NDArray[np.bool_]) -> _Days:
        """Some of the days."""
        return replace(
            self,
            given={name: values[chosen] for name, values in self.given.items()},
            short=None if self.short is None else self.short[chosen],
            **{name: getattr(self, name)[chosen] for name in _BY_DAY},
        )

    def wind(self, height: float) -> FloatArray:
        return wind.log_profile_wind(self.given["wind_speed"], self.wind_height, height)


@dataclass(frozen=True, eq=False, slots=True)
class _Lake:
    """The lake beneath the weather."""

    elevation: float
    depth: float | None
    area_factor: float
    albedo: float
    start: float | None
    cover: FloatArray | None


def _mass_transfer(day: _Days, lake: _Lake) -> FloatArray:
    surface = vapour.saturation_vapour_pressure(day.given["water_temperature"])
    heat = wind_function(day.wind(10.0), lake.area_factor) * (surface - day.vapour_pressure)
    rate: FloatArray = heat / (vapour.latent_heat_of_vaporisation(day.mean) * 1000.0)
    return rate


def _heat_storage(day: _Days, lake: _Lake, model: HeatModel) -> FloatArray:
    assert lake.depth is not None
    surface = surface_of_weather(
        day.mean,
        day.vapour_pressure,
        day.wind(10.0),
        day.shortwave,
        day.clear,
        depth=lake.depth,
        elevation=lake.elevation,
        area_factor=lake.area_factor,
        albedo=lake.albedo,
    )
    return march_surface(
        surface,
        depth=lake.depth,
        start=float(surface.equilibrium[0]) if lake.start is None else lake.start,
        frozen=None if lake.cover is None else lake.cover >= 0.5,
        freezing_point=None if lake.cover is None else 0.0,
        model=model,
    )[1]


def _valiantzas(day: _Days, lake: _Lake) -> FloatArray:
    given = day.given
    if "relative_humidity" in given:
        humidity = given["relative_humidity"]
    elif "minimum_humidity" in given and "maximum_humidity" in given:
        humidity = 0.5 * (given["minimum_humidity"] + given["maximum_humidity"])
    else:
        saturated = vapour.saturation_vapour_pressure(day.mean)
        humidity = np.minimum(day.vapour_pressure / saturated, 1.0)
    return combination.valiantzas_2006(day.shortwave, day.above, day.mean, humidity)


def _net_radiation(day: _Days, albedo: float) -> FloatArray:
    short = day.shortwave
    return radiation.net_shortwave(short, albedo) - radiation.net_longwave_fao56(
        short, day.clear, day.vapour_pressure, day.low, day.high
    )


def _priestley_taylor(day: _Days, lake: _Lake) -> FloatArray:
    return combination.priestley_taylor(_net_radiation(day, lake.albedo), day.mean, lake.elevation)


def _penman(day: _Days, lake: _Lake, year: str) -> FloatArray:
    saturated = vapour.mean_saturation_vapour_pressure(day.low, day.high)
    return combination.penman_open_water(
        _net_radiation(day, lake.albedo),
        day.mean,
        np.maximum(saturated - day.vapour_pressure, 0.0),
        day.wind(2.0),
        lake.elevation,
        year,
    )


def _penman_monteith(day: _Days, lake: _Lake) -> FloatArray:
    """Reference grass on the shore, with its own albedo and profile of the wind."""
    saturated = vapour.mean_saturation_vapour_pressure(day.low, day.high)
    return combination.penman_monteith_fao56(
        _net_radiation(day, _GRASS_ALBEDO),
        0.0,
        day.mean,
        np.maximum(saturated - day.vapour_pressure, 0.0),
        wind.wind_at_two_metres(day.given["wind_speed"], day.wind_height),
        lake.elevation,
    )


_RATES: dict[str, Callable[[_Days, _Lake], FloatArray]] = {
    "penman_1948": partial(_penman, year="1948"),
    "penman_1956": partial(_penman, year="1956"),
    "penman_monteith_fao56": _penman_monteith,
    "priestley_taylor": _priestley_taylor,
    "valiantzas_2006": _valiantzas,
    "mcjannet_2008": partial(_heat_storage, model="equilibrium_temperature"),
    "finch_gash_2002": partial(_heat_storage, model="heat_balance"),
    "mass_transfer": _mass_transfer,
}


#: Methods whose water remembers the days before.
_WITH_MEMORY = ("mcjannet_2008", "finch_gash_2002")


def daily_evaporation(
    weather: Weather,
    method: str,
    *,
    latitude: float,
    elevation: float,
    depth: float | None = None,
    area_factor: float = 1.0,
    albedo: float = 0.08,
    start_temperature: float | None = None,
    ice_cover: FloatArray | None = None,
) -> FloatArray:
    """Evaporation of a lake on each day of the weather, the days of a month alike.

    Parameters
    ----------
    weather, method, latitude, elevation, depth, area_factor, albedo, start_temperature
        As for :func:`evaporation_from_weather`.
    ice_cover : array (days,), optional
        Share of the surface under ice on each day. Beneath full ice a method without memory is not
        asked, so the frost there need not lie in its range.

    Returns
    -------
    array (days,)
        Evaporation of the open part, spread over all, m s-1; negative for condensation.

    Raises
    ------
    InputError
        As :func:`evaporation_from_weather`.

    Examples
    --------
    >>> july = TimeAxis.monthly("2001-07-01", "2001-08-01")
    >>> weather = Weather(
    ...     july, air_temperature=np.array([25.0]), dew_point=np.array([10.0]),
    ...     sunshine_hours=np.array([11.0]),
    ... )
    >>> rate = daily_evaporation(weather, "priestley_taylor", latitude=46.5, elevation=342.0)
    >>> rate.size, round(float(rate[0]) * 86.4e6, 1)
    (31, 6.9)
    """
    count = np.round(weather.axis.durations / 86400.0).astype(np.int64)
    starts = np.concatenate(([0], np.cumsum(count)[:-1]))
    least = None if ice_cover is None else np.minimum.reduceat(ice_cover, starts)
    held = require_weather(weather, method, latitude=latitude, depth=depth, ice_cover=least)
    given = {name: np.repeat(array, count) for name, array in held.items()}
    mean = mean_temperature(given)
    number = days_of_year(weather)
    above = solar.extraterrestrial_radiation(latitude, number)
    short = given.get("shortwave_radiation")
    if short is None and "sunshine_hours" in given:
        longest = np.add.reduceat(solar.daylight_hours(latitude, number), starts) / count
        share = np.minimum(given["sunshine_hours"] / np.repeat(longest, count), 1.0)
        short = solar.shortwave_from_sunshine(above, share)
    extremes = {"minimum_temperature", "maximum_temperature"} <= set(given)
    day = _Days(
        given=given,
        mean=mean,
        low=given["minimum_temperature"] if extremes else mean,
        high=given["maximum_temperature"] if extremes else mean,
        vapour_pressure=_vapour(given, mean),
        above=above,
        clear=solar.clear_sky_radiation(above, elevation),
        short=short,
        wind_height=weather.wind_height,
    )
    lake = _Lake(elevation, depth, area_factor, albedo, start_temperature, ice_cover)
    if ice_cover is None:
        return _RATES[method](day, lake)
    water = ice_cover < 1.0
    if method in _WITH_MEMORY:
        rate = _RATES[method](day, lake)
    else:
        rate = np.zeros(mean.size)
        rate[water] = _RATES[method](day.at(water), lake)
    opened: FloatArray = rate * (1.0 - ice_cover)
    return opened


def evaporation_from_weather(
    weather: Weather,
    method: str,
    *,
    latitude: float,
    elevation: float,
    depth: float | None = None,
    area_factor: float = 1.0,
    albedo: float = 0.08,
    start_temperature: float | None = None,
    ice_cover: FloatArray | None = None,
) -> FloatArray:
    """Evaporation of a lake from weather by a named method.

    Parameters
    ----------
    weather : Weather
        The data, in SI; months are taken as days alike.
    method : str
        One of `METHODS`: ``penman_1948``, ``penman_1956``, ``penman_monteith_fao56`` (a crop,
        for comparison), ``priestley_taylor``, ``valiantzas_2006``, ``finch_gash_2002`` and
        ``mcjannet_2008`` (lakes that store heat, by the balance in full or linear about the wet
        bulb), ``mass_transfer``.
    latitude : float
        Degrees north.
    elevation : float
        Height above the sea, m.
    depth : float, optional
        Mean depth, m; for ``finch_gash_2002`` and ``mcjannet_2008``.
    area_factor : float, default 1.0
        Area factor of the wind function, for the lakes that store heat and ``mass_transfer``.
    albedo : float, default 0.08
        Albedo of the water.
    start_temperature : float, optional
        Water temperature before the first day, degC, where heat is stored; the equilibrium
        temperature of the first day by default, which the water forgets in some weeks.
    ice_cover : array (n,), optional
        Share of the surface under ice: the rate is that of the open part, spread over all, and
        where heat is stored ice on half of the lake holds the water at 0 degC.

    Returns
    -------
    array (n,)
        Evaporation, m s-1; negative for condensation.

    Raises
    ------
    InputError
        For an unknown method, data that it needs and lacks, and weather that is impossible or
        outside the range of its equation: variable, value, range and where the equation stands.

    Examples
    --------
    >>> day = TimeAxis.daily("1980-07-20", "1980-07-21")
    >>> weather = Weather(
    ...     day, minimum_temperature=np.array([2.0]), maximum_temperature=np.array([21.0]),
    ...     minimum_humidity=np.array([0.25]), maximum_humidity=np.array([0.71]),
    ...     wind_speed=np.array([0.5903]), shortwave_radiation=np.array([199.0]), wind_height=2.0,
    ... )
    >>> rate = evaporation_from_weather(weather, "penman_1956", latitude=-23.8, elevation=546.0)
    >>> round(float(rate[0]) * 86.4e6, 1)
    3.0
    """
    count = np.round(weather.axis.durations / 86400.0).astype(np.int64)
    rate = daily_evaporation(
        weather,
        method,
        latitude=latitude,
        elevation=elevation,
        depth=depth,
        area_factor=area_factor,
        albedo=albedo,
        start_temperature=start_temperature,
        ice_cover=None if ice_cover is None else np.repeat(np.asarray(ice_cover, float), count),
    )
    starts = np.concatenate(([0], np.cumsum(count)[:-1]))
    means: FloatArray = np.add.reduceat(rate, starts) / count
    return means


def evaporation_from_file(
    axis: TimeAxis,
    path: str | Path,
    method: str,
    parameters: ParameterSet,
    storage: str,
    *,
    wind_height: float = 10.0,
) -> FloatArray:
    """Evaporation of a storage of the Balkhash system from a weather file, over a run's intervals.

    Place, depth, area factor and albedo are those of the parameters, as for the climatology. No ice
    is assumed; pass ``ice_cover`` to :func:`evaporation_from_weather` where there is some.

    Parameters
    ----------
    axis : TimeAxis
        Intervals of the run; the file must cover them.
    path : str or Path
        As :func:`read_weather` takes it.
    method : str
        One of `METHODS`.
    parameters : ParameterSet
        For the site.
    storage : str
        ``west``, ``east`` or ``kapshagay``.
    wind_height : float, default 10.0
        Height of the wind, m.

    Returns
    -------
    array (n,)
        Evaporation, m s-1.

    Raises
    ------
    InputError
        As :func:`read_weather` and :func:`evaporation_from_weather`, and where the file does not
        cover the run.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from balkhash_model.library import load_parameters
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "weather.csv"
    >>> head = "time,air_temperature_degC,relative_humidity_percent,shortwave_radiation_W_per_m2"
    >>> _ = path.write_text(head + "\\n2001-07,25.0,40,290\\n2001-08,23.0,42,250")
    >>> july = TimeAxis.monthly("2001-07-01", "2001-08-01")
    >>> rate = evaporation_from_file(
    ...     july, path, "valiantzas_2006", load_parameters("balkhash"), "west"
    ... )
    >>> round(float(rate[0]) * 86.4e6, 1)
    8.4
    """
    weather = read_weather(path, wind_height=wind_height)
    require_cover(weather, axis, Path(path).name)
    site = lake_site(parameters, storage)
    rate = daily_evaporation(
        weather,
        method,
        latitude=site.latitude,
        elevation=site.elevation,
        depth=site.depth,
        area_factor=site.area_factor,
        albedo=site.albedo,
    )
    return mean_over_intervals(axis, weather.axis.edges[0], rate)
