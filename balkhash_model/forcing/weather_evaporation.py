"""Evaporation from a user's own weather, by a method of choice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.forcing.lake_weather import lake_site
from balkhash_model.forcing.weather import Weather, read_weather
from balkhash_model.physics import combination, radiation, solar, vapour, wind
from balkhash_model.physics.heat_storage import wind_function
from balkhash_model.physics.lake_surface import march_surface, surface_of_weather
from balkhash_model.physics.ranges import require_order, require_ranges
from balkhash_model.system import ParameterSet
from balkhash_model.timeaxis import TimeAxis, overlap_weights

FloatArray = npt.NDArray[np.float64]

__all__ = ["METHODS", "evaporation_from_file", "evaporation_from_weather"]

#: Methods, the data each needs beside temperature, and where its equation stands.
METHODS: dict[str, tuple[tuple[str, ...], str]] = {
    "penman_1948": (
        ("humidity", "wind_speed", "shortwave_radiation"),
        "Penman 1948; McMahon et al. 2013, doi 10.5194/hess-17-1331-2013, S4.1",
    ),
    "penman_1956": (
        ("humidity", "wind_speed", "shortwave_radiation"),
        "Penman 1956; McMahon et al. 2013, doi 10.5194/hess-17-1331-2013, S4.1",
    ),
    "priestley_taylor": (
        ("humidity", "shortwave_radiation"),
        "Priestley and Taylor 1972; McMahon et al. 2013, doi 10.5194/hess-17-1331-2013, eq. 6",
    ),
    "valiantzas_2006": (
        ("humidity", "shortwave_radiation"),
        "Valiantzas 2006, J. Hydrology 331, 690-702, equation 33",
    ),
    "heat_storage": (
        ("humidity", "wind_speed", "shortwave_radiation", "depth"),
        "McMahon et al. 2013, doi 10.5194/hess-17-1331-2013, supplement S11",
    ),
    "mass_transfer": (
        ("humidity", "wind_speed", "water_temperature"),
        "Dalton's law with the wind function of McMahon et al. 2013, "
        "doi 10.5194/hess-17-1331-2013, S11.24",
    ),
}


def _checked(
    weather: Weather, method: str, depth: float | None
) -> tuple[dict[str, FloatArray], npt.NDArray[np.int64]]:
    """Arrays by day, and the number of days of each interval; all that is wrong in one error."""
    if method not in METHODS:
        raise InputError(
            Problem("evaporation method", "unknown", repr(method), hint=nearest(method, METHODS))
        )
    needs, source = METHODS[method]
    given = weather.given()
    problems: list[Problem] = []
    has = set(given)
    both = {"minimum_temperature", "maximum_temperature"} <= has
    if not (both or "air_temperature" in has):
        problems.append(_lacking(method, "air_temperature", source))
    humid = {"relative_humidity", "vapour_pressure"} & has or (
        both and {"minimum_humidity", "maximum_humidity"} <= has
    )
    for name in needs:
        if name == "depth":
            missing = depth is None
        else:
            missing = not humid if name == "humidity" else name not in has
        if missing:
            problems.append(_lacking(method, name, source))
    n = weather.axis.n
    for name, array in given.items():
        if array.shape != (n,):
            problems.append(Problem(f"weather {name}", "wrong length", str(array.shape), f"({n},)"))
    days = weather.axis.durations / 86400.0
    if (days != np.round(days)).any() or (weather.axis.edges[0].astype(int) % 86400) != 0:
        problems.append(
            Problem(
                "weather axis", "not whole days", expected="intervals from midnight to midnight"
            )
        )
    if problems:
        raise InputError(problems)
    require_ranges(source, **given)
    for what in ("temperature", "humidity"):
        low, high = f"minimum_{what}", f"maximum_{what}"
        if {low, high} <= has:
            require_order(source, low, given[low], high, given[high])
    if "vapour_pressure" in has:
        warmest = given["maximum_temperature" if both else "air_temperature"]
        saturated = vapour.saturation_vapour_pressure(warmest)
        damp = given["vapour_pressure"]
        require_order(source, "vapour_pressure", damp, "saturation_vapour_pressure", saturated)
    count = days.astype(np.int64)
    return {name: np.repeat(array, count) for name, array in given.items()}, count


def _lacking(method: str, name: str, source: str) -> Problem:
    expected = {
        "humidity": "vapour_pressure, relative_humidity, or extremes of humidity and temperature",
        "air_temperature": "air_temperature, or minimum_temperature and maximum_temperature",
        "depth": "the mean depth of the lake, m",
    }.get(name, name)
    return Problem(
        f"evaporation method {method!r}",
        f"needs {name}, which is not given",
        expected=expected,
        hint=f"The equation: {source}",
    )


def _vapour(day: dict[str, FloatArray], mean: FloatArray) -> FloatArray:
    """Vapour pressure of the air by the best data that are given."""
    if "vapour_pressure" in day:
        return day["vapour_pressure"]
    if "minimum_humidity" in day and "maximum_humidity" in day and "minimum_temperature" in day:
        return vapour.actual_vapour_pressure(
            day["minimum_temperature"],
            day["maximum_temperature"],
            day["minimum_humidity"],
            day["maximum_humidity"],
        )
    return day["relative_humidity"] * vapour.saturation_vapour_pressure(mean)


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
    wind_height: float

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


def _heat_storage(day: _Days, lake: _Lake) -> FloatArray:
    assert lake.depth is not None
    surface = surface_of_weather(
        day.mean,
        day.vapour_pressure,
        day.wind(10.0),
        day.given["shortwave_radiation"],
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
    short = given["shortwave_radiation"]
    return combination.valiantzas_2006(short, day.above, day.mean, humidity)


def _net_radiation(day: _Days, lake: _Lake) -> FloatArray:
    short = day.given["shortwave_radiation"]
    return radiation.net_shortwave(short, lake.albedo) - radiation.net_longwave_fao56(
        short, day.clear, day.vapour_pressure, day.low, day.high
    )


def _priestley_taylor(day: _Days, lake: _Lake) -> FloatArray:
    return combination.priestley_taylor(_net_radiation(day, lake), day.mean, lake.elevation)


def _penman(day: _Days, lake: _Lake, year: str) -> FloatArray:
    saturated = vapour.mean_saturation_vapour_pressure(day.low, day.high)
    return combination.penman_open_water(
        _net_radiation(day, lake),
        day.mean,
        np.maximum(saturated - day.vapour_pressure, 0.0),
        day.wind(2.0),
        lake.elevation,
        year,
    )


_RATES: dict[str, Callable[[_Days, _Lake], FloatArray]] = {
    "penman_1948": partial(_penman, year="1948"),
    "penman_1956": partial(_penman, year="1956"),
    "priestley_taylor": _priestley_taylor,
    "valiantzas_2006": _valiantzas,
    "heat_storage": _heat_storage,
    "mass_transfer": _mass_transfer,
}


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
        One of `METHODS`: ``penman_1948``, ``penman_1956``, ``priestley_taylor``,
        ``valiantzas_2006``, ``heat_storage``, ``mass_transfer``.
    latitude : float
        Degrees north.
    elevation : float
        Height above the sea, m.
    depth : float, optional
        Mean depth, m; for ``heat_storage``.
    area_factor : float, default 1.0
        Area factor of the wind function, for ``heat_storage`` and ``mass_transfer``.
    albedo : float, default 0.08
        Albedo of the water.
    start_temperature : float, optional
        Water temperature before the first day, degC, for ``heat_storage``; the equilibrium
        temperature of the first day by default, which the water forgets in some weeks.
    ice_cover : array (n,), optional
        Share of the surface under ice: the rate is that of the open part, spread over all, and with
        ``heat_storage`` ice on half of the lake holds the water at 0 degC.

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
    given, count = _checked(weather, method, depth)
    low = given["minimum_temperature" if "minimum_temperature" in given else "air_temperature"]
    high = given["maximum_temperature" if "maximum_temperature" in given else "air_temperature"]
    mean = given.get("air_temperature", 0.5 * (low + high))
    dates = weather.axis.edges[0].astype("datetime64[D]") + np.arange(int(count.sum()))
    number = (dates - dates.astype("datetime64[Y]").astype("datetime64[D]")).astype(int) + 1
    above = solar.extraterrestrial_radiation(latitude, number)
    day = _Days(
        given=given,
        mean=mean,
        low=low,
        high=high,
        vapour_pressure=_vapour(given, mean),
        above=above,
        clear=solar.clear_sky_radiation(above, elevation),
        wind_height=weather.wind_height,
    )
    cover = None if ice_cover is None else np.repeat(np.asarray(ice_cover, float), count)
    lake = _Lake(elevation, depth, area_factor, albedo, start_temperature, cover)
    starts = np.concatenate(([0], np.cumsum(count)[:-1]))
    short = weather.shortwave_radiation
    if short is not None:
        most = np.add.reduceat(above, starts) / count
        require_order(
            METHODS[method][1], "shortwave_radiation", short, "extraterrestrial_radiation", most
        )
    rate = _RATES[method](day, lake)
    if cover is not None:
        rate = rate * (1.0 - cover)
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
    own = weather.axis
    if axis.edges[0] < own.edges[0] or axis.edges[-1] > own.edges[-1]:
        raise InputError(
            Problem(
                f"weather file {Path(path).name}",
                "does not cover the run",
                f"{own.edges[0]} to {own.edges[-1]}",
                f"{axis.edges[0]} to {axis.edges[-1]}",
            )
        )
    site = lake_site(parameters, storage)
    rate = evaporation_from_weather(
        weather,
        method,
        latitude=site.latitude,
        elevation=site.elevation,
        depth=site.depth,
        area_factor=site.area_factor,
        albedo=site.albedo,
    )
    mean: FloatArray = overlap_weights(axis, own.edges[:-1], own.edges[1:]) @ rate
    return mean
