"""Whether weather is possible and serves a method, everything that is wrong at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.forcing.weather import Weather
from balkhash_model.physics import solar, vapour
from balkhash_model.physics.ranges import RANGES, Limits

FloatArray = npt.NDArray[np.float64]

__all__ = ["METHODS", "Method", "days_of_year", "mean_temperature", "require_weather"]

_MCMAHON = "McMahon et al. 2013, doi 10.5194/hess-17-1331-2013"


class Method(NamedTuple):
    """A way to compute evaporation from weather.

    Attributes
    ----------
    needs : tuple of str
        What it needs beside the air temperature.
    source : str
        Where its equation stands.
    limits : dict of str to Limits
        Ranges narrower than those of all weather.
    """

    needs: tuple[str, ...]
    source: str
    limits: dict[str, Limits]


#: Methods by name.
METHODS: dict[str, Method] = {
    "penman_1948": Method(
        ("humidity", "wind_speed", "shortwave_radiation"), f"Penman 1948; {_MCMAHON}, S4.1", {}
    ),
    "penman_1956": Method(
        ("humidity", "wind_speed", "shortwave_radiation"), f"Penman 1956; {_MCMAHON}, S4.1", {}
    ),
    "penman_monteith_fao56": Method(
        ("humidity", "wind_speed", "shortwave_radiation"),
        "FAO Irrigation and Drainage Paper 56, equation 6",
        {},
    ),
    "priestley_taylor": Method(
        ("humidity", "shortwave_radiation"),
        f"Priestley and Taylor 1972; {_MCMAHON}, eq. 6",
        {},
    ),
    "valiantzas_2006": Method(
        ("humidity", "shortwave_radiation"),
        "Valiantzas 2006, J. Hydrology 331, 690-702, equation 33",
        {"air_temperature": Limits(-9.5, 60.0, "degC")},
    ),
    "mcjannet_2008": Method(
        ("humidity", "wind_speed", "shortwave_radiation", "depth"),
        f"McJannet et al. 2008; {_MCMAHON}, supplement S11",
        {},
    ),
    "finch_gash_2002": Method(
        ("humidity", "wind_speed", "shortwave_radiation", "depth"),
        "Finch and Gash 2002, J. Hydrology 255, 253-259, with the wind function and radiation of "
        f"{_MCMAHON}, supplement S11",
        {},
    ),
    "mass_transfer": Method(
        ("humidity", "wind_speed", "water_temperature"),
        f"Dalton's law with the wind function of {_MCMAHON}, S11.24",
        {},
    ),
}
#: What serves a need, in words.
_EXPECTED = {
    "humidity": (
        "vapour_pressure, dew_point, relative_humidity, or extremes of humidity and temperature"
    ),
    "air_temperature": "air_temperature, or minimum_temperature and maximum_temperature",
    "shortwave_radiation": "shortwave_radiation or sunshine_hours",
    "depth": "the mean depth of the lake, m",
}


def require_weather(
    weather: Weather,
    method: str,
    *,
    latitude: float,
    depth: float | None,
    ice_cover: FloatArray | None = None,
) -> dict[str, FloatArray]:
    """Refuse weather that is impossible, or that a method cannot use.

    Parameters
    ----------
    weather : Weather
        The data.
    method : str
        One of `METHODS`.
    latitude : float
        Degrees north, for the radiation that is possible.
    depth : float or None
        Mean depth, m, where it is known.
    ice_cover : array (n,), optional
        Share of the surface under ice; what lies beneath full ice need not fit the equation.

    Returns
    -------
    dict of str to array (n,)
        What is given, by name.

    Raises
    ------
    InputError
        All that is wrong at once: what is lacking, and for each variable the worst value, its time,
        its range and where the equation stands.

    Examples
    --------
    >>> from balkhash_model.timeaxis import TimeAxis
    >>> day = TimeAxis.daily("2001-07-01", "2001-07-02")
    >>> warm = Weather(day, air_temperature=np.array([25.0]), relative_humidity=np.array([40.0]))
    >>> try:
    ...     _ = require_weather(warm, "valiantzas_2006", latitude=46.5, depth=None)
    ... except InputError as error:
    ...     print(len(error.problems), error.problems[1].got)
    2 40 at 2001-07-01
    """
    if method not in METHODS:
        raise InputError(
            Problem("evaporation method", "unknown", repr(method), hint=nearest(method, METHODS))
        )
    source = METHODS[method].source
    given = weather.given()
    lengths = _shape_problems(weather, given)
    if lengths:
        raise InputError(lengths)
    times = _times(weather)
    problems = _lacking(method, given, depth)
    bad: set[str] = set()
    for name, values in given.items():
        found = _outside(name, values, RANGES[name], times, source)
        bad |= {name} if found else set()
        problems += found
    problems += _narrower(method, given, bad, times, ice_cover)
    for low, values, high, most in _orders(weather, given, bad, latitude):
        wrong = values > most * (1.0 + 1e-12)
        if wrong.any():
            i = int(np.argmax(np.where(wrong, values - most, -np.inf)))
            problems.append(
                Problem(
                    low,
                    f"above {high} in {int(wrong.sum())} of {wrong.size} values",
                    f"{values[i]:.4g} at {times[i]}",
                    f"at most {most[i]:.4g}",
                    f"The equation: {source}",
                )
            )
    if problems:
        raise InputError(problems)
    return given


def _shape_problems(weather: Weather, given: dict[str, FloatArray]) -> list[Problem]:
    n = weather.axis.n
    problems = [
        Problem(f"weather {name}", "wrong length", str(array.shape), f"({n},)")
        for name, array in given.items()
        if array.shape != (n,)
    ]
    days = weather.axis.durations / 86400.0
    if (days != np.round(days)).any() or (weather.axis.edges[0].astype(int) % 86400) != 0:
        problems.append(
            Problem(
                "weather axis", "not whole days", expected="intervals from midnight to midnight"
            )
        )
    return problems


def _times(weather: Weather) -> list[str]:
    """Texts of the intervals: days, or months where all are."""
    starts = weather.axis.edges[:-1]
    unit = "D" if (weather.axis.durations <= 86400.0).all() else "M"
    return [str(x) for x in starts.astype(f"datetime64[{unit}]")]


def _serves(need: str, has: set[str], depth: float | None) -> bool:
    extremes = {"minimum_temperature", "maximum_temperature"} <= has
    if need == "depth":
        return depth is not None
    if need == "air_temperature":
        return extremes or need in has
    if need == "humidity":
        return bool({"relative_humidity", "vapour_pressure", "dew_point"} & has) or (
            extremes and {"minimum_humidity", "maximum_humidity"} <= has
        )
    if need == "shortwave_radiation":
        return bool({need, "sunshine_hours"} & has)
    return need in has


def _lacking(method: str, given: dict[str, FloatArray], depth: float | None) -> list[Problem]:
    needs, source, _ = METHODS[method]
    return [
        Problem(
            f"evaporation method {method!r}",
            f"needs {need}, which is not given",
            expected=_EXPECTED.get(need, need),
            hint=f"The equation: {source}",
        )
        for need in ("air_temperature", *needs)
        if not _serves(need, set(given), depth)
    ]


def _outside(
    name: str, values: FloatArray, limits: Limits, times: list[str], source: str
) -> list[Problem]:
    """Problems of one variable: no numbers, and the worst value outside its range."""
    low, high, unit = limits
    shown = f"{low:g} to {high:g}" + ("" if unit == "1" else f" {unit}")
    missing = ~np.isfinite(values)
    outside = ((values < low) | (values > high)) & ~missing
    problems = []
    for bad, what in (
        (missing, "is not a number"),
        (outside, "outside the range of the equation"),
    ):
        if bad.any():
            distance = np.where(bad, np.maximum(low - values, values - high), -np.inf)
            i = int(np.argmax(missing if bad is missing else distance))
            problems.append(
                Problem(
                    name,
                    f"{what} in {int(bad.sum())} of {bad.size} values",
                    f"{values[i]:g} at {times[i]}",
                    shown,
                    f"The equation: {source}",
                )
            )
    return problems


def _narrower(
    method: str,
    given: dict[str, FloatArray],
    bad: set[str],
    times: list[str],
    ice_cover: FloatArray | None,
) -> list[Problem]:
    """Problems of open water outside the ranges of one method."""
    problems: list[Problem] = []
    mean = mean_temperature(given) if _serves("air_temperature", set(given), None) else None
    if mean is None or bad & {"air_temperature", "minimum_temperature", "maximum_temperature"}:
        return problems
    water = np.ones(mean.size, dtype=bool) if ice_cover is None else ice_cover < 1.0
    for name, limits in METHODS[method].limits.items():
        values = np.where(water, mean, np.clip(mean, limits.low, limits.high))
        problems += _outside(name, values, limits, times, METHODS[method].source)
    return problems


def mean_temperature(given: dict[str, FloatArray]) -> FloatArray:
    """Mean temperature of the air, from its extremes where it is not given.

    Parameters
    ----------
    given : dict of str to array (n,)
        Weather by name.

    Returns
    -------
    array (n,)
        Temperature, degC.

    Examples
    --------
    >>> low, high = np.array([2.0]), np.array([21.0])
    >>> mean_temperature({"minimum_temperature": low, "maximum_temperature": high})
    array([11.5])
    """
    if "air_temperature" in given:
        return given["air_temperature"]
    mean: FloatArray = 0.5 * (given["minimum_temperature"] + given["maximum_temperature"])
    return mean


def _orders(
    weather: Weather, given: dict[str, FloatArray], bad: set[str], latitude: float
) -> list[tuple[str, FloatArray, str, FloatArray]]:
    """Pairs of which the first must not lie above the second, where both are numbers in range."""
    good = {name: values for name, values in given.items() if name not in bad}
    pairs = []
    for what in ("temperature", "humidity"):
        low, high = f"minimum_{what}", f"maximum_{what}"
        if {low, high} <= set(good):
            pairs.append((low, good[low], high, good[high]))
    top = "maximum_temperature" if "maximum_temperature" in given else "air_temperature"
    if top in good:
        if "vapour_pressure" in good:
            most = vapour.saturation_vapour_pressure(good[top])
            pairs.append(
                ("vapour_pressure", good["vapour_pressure"], "saturation_vapour_pressure", most)
            )
        if "dew_point" in good:
            pairs.append(("dew_point", good["dew_point"], top, good[top]))
    count = (weather.axis.durations / 86400.0).astype(np.int64)
    number = days_of_year(weather)
    starts = np.concatenate(([0], np.cumsum(count)[:-1]))
    for name, limit, daily in (
        (
            "shortwave_radiation",
            "extraterrestrial_radiation",
            solar.extraterrestrial_radiation(latitude, number),
        ),
        ("sunshine_hours", "daylight_hours", solar.daylight_hours(latitude, number)),
    ):
        if name in good:
            pairs.append((name, good[name], limit, np.add.reduceat(daily, starts) / count))
    return pairs


def days_of_year(weather: Weather) -> npt.NDArray[np.int64]:
    """Number in its year of each day of the weather.

    Parameters
    ----------
    weather : Weather
        The data.

    Returns
    -------
    array of int (days,)
        1 to 366.

    Examples
    --------
    >>> from balkhash_model.timeaxis import TimeAxis
    >>> days_of_year(Weather(TimeAxis.daily("2001-12-30", "2002-01-02"))).tolist()
    [364, 365, 1]
    """
    edges = weather.axis.edges
    dates = np.arange(edges[0].astype("datetime64[D]"), edges[-1].astype("datetime64[D]"))
    start = dates.astype("datetime64[Y]").astype("datetime64[D]")
    number: npt.NDArray[np.int64] = (dates - start).astype(np.int64) + 1
    return number
