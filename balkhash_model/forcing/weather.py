"""A user's own weather: what it may hold, and how a file of it is read."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.physics.solar import MEGAJOULES_PER_DAY
from balkhash_model.reference.user_csv import read_user_csv
from balkhash_model.timeaxis import TimeAxis

FloatArray = npt.NDArray[np.float64]

__all__ = ["Weather", "read_weather", "require_cover"]

#: Columns of a weather file: name with unit, field, factor to SI.
_COLUMNS: dict[str, tuple[str, float]] = {
    "air_temperature_degC": ("air_temperature", 1.0),
    "minimum_temperature_degC": ("minimum_temperature", 1.0),
    "maximum_temperature_degC": ("maximum_temperature", 1.0),
    "relative_humidity_percent": ("relative_humidity", 0.01),
    "relative_humidity_1": ("relative_humidity", 1.0),
    "minimum_humidity_percent": ("minimum_humidity", 0.01),
    "maximum_humidity_percent": ("maximum_humidity", 0.01),
    "vapour_pressure_kPa": ("vapour_pressure", 1000.0),
    "vapour_pressure_hPa": ("vapour_pressure", 100.0),
    "vapour_pressure_Pa": ("vapour_pressure", 1.0),
    "dew_point_degC": ("dew_point", 1.0),
    "wind_speed_m_per_s": ("wind_speed", 1.0),
    "shortwave_radiation_MJ_per_m2_per_day": ("shortwave_radiation", MEGAJOULES_PER_DAY),
    "shortwave_radiation_W_per_m2": ("shortwave_radiation", 1.0),
    "sunshine_h_per_day": ("sunshine_hours", 1.0),
    "water_temperature_degC": ("water_temperature", 1.0),
}


@dataclass(frozen=True, eq=False, slots=True)
class Weather:
    """Weather over intervals of whole days.

    Attributes
    ----------
    axis : TimeAxis
        The intervals, each of one or more whole days.
    air_temperature : array (n,), optional
        Mean temperature, degC; the mean of the extremes where it is not given.
    minimum_temperature, maximum_temperature : array (n,), optional
        Mean daily extremes, degC.
    relative_humidity : array (n,), optional
        Mean relative humidity, 0 to 1.
    minimum_humidity, maximum_humidity : array (n,), optional
        Mean daily extremes of the relative humidity, 0 to 1.
    vapour_pressure : array (n,), optional
        Vapour pressure of the air, Pa; used before any other humidity.
    dew_point : array (n,), optional
        Dew point, degC; used before a relative humidity.
    wind_speed : array (n,), optional
        Wind speed at `wind_height`, m s-1.
    shortwave_radiation : array (n,), optional
        Incoming shortwave radiation, W m-2; used before the sunshine.
    sunshine_hours : array (n,), optional
        Mean hours of bright sunshine a day.
    water_temperature : array (n,), optional
        Temperature of the water surface, degC.
    wind_height : float, default 10.0
        Height of the wind above the surface, m.
    """

    axis: TimeAxis
    air_temperature: FloatArray | None = None
    minimum_temperature: FloatArray | None = None
    maximum_temperature: FloatArray | None = None
    relative_humidity: FloatArray | None = None
    minimum_humidity: FloatArray | None = None
    maximum_humidity: FloatArray | None = None
    vapour_pressure: FloatArray | None = None
    dew_point: FloatArray | None = None
    wind_speed: FloatArray | None = None
    shortwave_radiation: FloatArray | None = None
    sunshine_hours: FloatArray | None = None
    water_temperature: FloatArray | None = None
    wind_height: float = 10.0

    def given(self) -> dict[str, FloatArray]:
        """The arrays that are given, by name.

        Returns
        -------
        dict
            Arrays as float64.
        """
        names = [f.name for f in fields(self) if f.name not in ("axis", "wind_height")]
        return {
            n: np.asarray(getattr(self, n), dtype=np.float64)
            for n in names
            if getattr(self, n) is not None
        }


def _read_axis(times: list[str], where: str) -> TimeAxis:
    """Days or months that follow each other, from their texts."""
    problems = []
    lengths = {len(t) for t in times}
    unit = {7: "M", 10: "D"}.get(next(iter(lengths))) if len(lengths) == 1 else None
    if unit is None:
        raise InputError(
            Problem(
                f"{where}, time",
                "neither all days nor all months",
                repr(times[0]) if times else "no row",
                "2001-01-31 in each row, or 2001-01 in each",
            )
        )
    try:
        found = np.array(times, dtype=f"datetime64[{unit}]")
    except ValueError as error:
        raise InputError(Problem(f"{where}, time", f"not a date: {error}")) from None
    for i in np.flatnonzero(np.diff(found).astype(int) != 1)[:5]:
        problems.append(
            Problem(
                f"{where}, time after {found[i]}",
                "does not follow",
                str(found[i + 1]),
                str(found[i] + 1),
            )
        )
    if problems:
        raise InputError(problems)
    edges = np.append(found, found[-1] + 1).astype("datetime64[D]").astype("datetime64[s]")
    return TimeAxis.irregular(edges)


def read_weather(path: str | Path, *, wind_height: float = 10.0) -> Weather:
    """Read weather from a CSV file whose columns say their units.

    Parameters
    ----------
    path : str or Path
        The file: a column ``time`` of days (2001-01-31) or months (2001-01) without gaps, and any
        of ``air_temperature_degC``, ``minimum_temperature_degC``, ``maximum_temperature_degC``,
        ``relative_humidity_percent`` (or ``_1``), ``minimum_humidity_percent``,
        ``maximum_humidity_percent``, ``vapour_pressure_kPa`` (``_hPa``, ``_Pa``),
        ``dew_point_degC``, ``wind_speed_m_per_s``, ``shortwave_radiation_MJ_per_m2_per_day``
        (``_W_per_m2``), ``sunshine_h_per_day`` and ``water_temperature_degC``.
    wind_height : float, default 10.0
        Height of the wind, m.

    Returns
    -------
    Weather
        The data in SI.

    Raises
    ------
    InputError
        For unknown columns, columns without a unit, cells that are no numbers, and gaps.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "weather.csv"
    >>> lines = "time,air_temperature_degC,relative_humidity_percent", "2001-07,25.0,40"
    >>> _ = path.write_text("\\n".join(lines))
    >>> read_weather(path).relative_humidity
    array([0.4])
    """
    where = Path(path).name
    header, rows, problems = read_user_csv(path)
    if "time" not in header:
        problems.append(Problem(where, "no column 'time'", expected="days or months"))
    fieldless = {field for field, _ in _COLUMNS.values()}
    values: dict[str, FloatArray] = {}
    for name in header:
        if name == "time":
            continue
        if name not in _COLUMNS:
            what = "no unit in its name" if name in fieldless else "no such column"
            same = [c for c, (field, _) in _COLUMNS.items() if field == name]
            expected = " or ".join(same) or None
            hint = None if same else nearest(name, _COLUMNS)
            problems.append(
                Problem(f"{where}, column {name!r}", what, expected=expected, hint=hint)
            )
            continue
        field, factor = _COLUMNS[name]
        if field in values:
            problems.append(Problem(f"{where}, column {name!r}", "given in two units"))
            continue
        texts = [row[name] for _, row in rows]
        try:
            values[field] = factor * np.array([float(t) for t in texts])
        except ValueError:
            bad = next(i for i, t in enumerate(texts) if not _is_number(t))
            problems.append(
                Problem(f"{where}, line {rows[bad][0]}, {name}", "not a number", repr(texts[bad]))
            )
    axis: TimeAxis | None = None
    if "time" in header:
        try:
            axis = _read_axis([row["time"] for _, row in rows], where)
        except InputError as error:
            problems.extend(error.problems)
    if problems or axis is None:
        raise InputError(problems)
    return Weather(axis, wind_height=wind_height, **values)


def require_cover(weather: Weather, axis: TimeAxis, name: str) -> None:
    """Refuse weather that does not cover a run.

    Parameters
    ----------
    weather : Weather
        The data.
    axis : TimeAxis
        Intervals of the run.
    name : str
        Name of the file, for the message.

    Raises
    ------
    InputError
        Where a part of the run lies outside the weather.

    Examples
    --------
    >>> july = TimeAxis.monthly("2001-07-01", "2001-08-01")
    >>> require_cover(Weather(july), july, "weather.csv")
    """
    own = weather.axis
    if axis.edges[0] < own.edges[0] or axis.edges[-1] > own.edges[-1]:
        raise InputError(
            Problem(
                f"weather file {name}",
                "does not cover the run",
                f"{own.edges[0]} to {own.edges[-1]}",
                f"{axis.edges[0]} to {axis.edges[-1]}",
            )
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
