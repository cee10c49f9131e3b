"""A user's own climate series: NetCDF or CSV, any CF calendar, as monthly means in SI."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from balkhash_model import units
from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.forcing.bias import delta_change, quantile_mapping
from balkhash_model.forcing.membership import Members
from balkhash_model.forcing.series import axis_years, months_to_axis
from balkhash_model.timeaxis import TimeAxis

if TYPE_CHECKING:
    import xarray as xr

    from balkhash_model.scenario.schema import Scenario

FloatArray = npt.NDArray[np.float64]

__all__ = ["MonthlyClimate", "climates_of_file", "file_climate", "file_warming", "read_climate"]

Name = Literal["precipitation", "evaporation", "temperature"]
#: Names by which each variable is found, CF standard names first.
_NAMES: dict[Name, tuple[str, ...]] = {
    "precipitation": (
        "precipitation_flux",
        "lwe_precipitation_rate",
        "lwe_thickness_of_precipitation_amount",
        "precipitation",
        "pr",
        "tp",
    ),
    "evaporation": (
        "water_evapotranspiration_flux",
        "water_potential_evaporation_flux",
        "lwe_water_evaporation_rate",
        "evaporation",
        "evspsbl",
        "evspsblpot",
    ),
    "temperature": ("air_temperature", "temperature", "tas", "t2m"),
}
#: Units of CF that are read as the package writes them.
_UNITS = {
    "kg m-2 s-1": "mm/s",
    "kg/m2/s": "mm/s",
    "mm s-1": "mm/s",
    "mm day-1": "mm/day",
    "mm d-1": "mm/day",
    "mm month-1": "mm/month",
    "mm/mon": "mm/month",
    "m s-1": "m/s",
    "mm year-1": "mm/yr",
    "degrees_celsius": "degC",
    "celsius": "degC",
    "degc": "degC",
    "kelvin": "K",
    "k": "K",
}


@dataclass(frozen=True, eq=False)
class MonthlyClimate:
    """Monthly means of a climate series.

    Attributes
    ----------
    years : array of int (n,)
        Calendar years.
    values : dict
        By variable, ``(n, 12)`` or ``(members, n, 12)``: m/s and degC.
    """

    years: npt.NDArray[np.int64]
    values: dict[Name, FloatArray]

    def part(self, first: int, last: int, where: str) -> dict[Name, FloatArray]:
        """Give some years.

        Parameters
        ----------
        first, last : int
            First and last year.
        where : str
            Place for the error message.

        Returns
        -------
        dict
            Values of those years.

        Raises
        ------
        InputError
            Where the series does not cover them.
        """
        if first < self.years[0] or last > self.years[-1]:
            raise InputError(
                Problem(
                    where,
                    "does not cover the years",
                    f"{self.years[0]} to {self.years[-1]}",
                    f"{first} to {last}",
                )
            )
        i = int(first - self.years[0])
        return {k: v[..., i : i + last - first + 1, :] for k, v in self.values.items()}


def read_climate(path: str | Path, names: dict[str, str] | None = None) -> MonthlyClimate:
    """Read a climate series and take its monthly means.

    Values are grouped by the year and month of their own calendar, so a year of 360 days or
    without leap days keeps its twelve months; rates are averaged, so the length of a month is that
    of the real calendar from there on.

    Parameters
    ----------
    path : path-like
        NetCDF with a decodable CF time and at most one more dimension (members), or CSV with the
        columns ``time``, ``variable``, ``value``, ``unit`` and optionally ``member``.
    names : dict of str to str, optional
        Names of the variables in the file.

    Returns
    -------
    MonthlyClimate
        Whole calendar years.

    Raises
    ------
    InputError
        For a file, a variable, a unit, a dimension or a gap that cannot be used.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "rain.csv"
    >>> rows = [f"2001-{m:02d},precipitation,20,mm/month" for m in range(1, 13)]
    >>> _ = file.write_text("\\n".join(["time,variable,value,unit", *rows]))
    >>> rain = read_climate(file).values["precipitation"]
    >>> round(float(rain[0, 0] * 31 * 86400 * 1000), 9)
    20.0
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(Problem(str(path), "no such file"))
    reader = _read_csv if file.suffix.lower() == ".csv" else _read_netcdf
    return reader(file, dict(names or {}))


def _read_netcdf(file: Path, names: dict[str, str]) -> MonthlyClimate:
    import xarray as xr

    try:
        with xr.open_dataset(file, decode_times=False) as opened:
            raw = opened.load()
    except (OSError, ValueError, KeyError) as error:
        raise InputError(Problem(str(file), "cannot be read as NetCDF", str(error)[:120])) from None
    if "time" not in raw.variables:
        raise InputError(Problem(str(file), "holds no time", expected="a CF coordinate 'time'"))
    dataset = raw.assign_coords(time=("time", _instants(raw, str(file))))
    found: dict[Name, FloatArray] = {}
    years: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)
    problems: list[Problem] = []
    for name, variable in _find(dataset, names, str(file)).items():
        try:
            years, found[name] = _monthly(dataset, variable, name, f"{file}: {variable}")
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    return MonthlyClimate(years, found)


def _instants(dataset: xr.Dataset, where: str) -> npt.NDArray[np.object_]:
    """Instants in the calendar of the file."""
    import cftime  # type: ignore[import-untyped]

    attrs = dataset["time"].attrs
    try:
        found = cftime.num2date(
            dataset["time"].values,
            str(attrs["units"]),
            calendar=str(attrs.get("calendar", "standard")),
            only_use_cftime_datetimes=True,
        )
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(Problem(where, "a time that CF does not explain", str(error))) from None
    return np.asarray(found, dtype=object)


def _find(dataset: xr.Dataset, names: dict[str, str], where: str) -> dict[Name, str]:
    found: dict[Name, str] = {}
    for name, known in _NAMES.items():
        if name in names:
            if names[name] not in dataset:
                hint = nearest(names[name], map(str, dataset.data_vars))
                raise InputError(Problem(where, f"holds no {names[name]!r}", hint=hint))
            found[name] = names[name]
            continue
        for variable in dataset.data_vars:
            if dataset[variable].attrs.get("standard_name") in known or variable in known:
                found[name] = str(variable)
    if not found:
        held = ", ".join(map(str, dataset.data_vars)) or "nothing"
        raise InputError(Problem(where, "holds no known variable", held, ", ".join(_NAMES)))
    return found


def _monthly(
    dataset: xr.Dataset, variable: str, name: Name, where: str
) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Years and monthly means of one variable, in SI."""
    array = dataset[variable].squeeze(drop=True)
    other = [d for d in array.dims if d != "time"]
    if "time" not in array.dims or len(other) > 1:
        raise InputError(
            Problem(where, "wrong dimensions", str(array.dims), "time and at most one of members")
        )
    values = array.transpose(*other, "time").values.astype(np.float64)
    when = dataset["time"].values
    key = np.array([int(t.year) * 12 + int(t.month) - 1 for t in when])
    unit = str(array.attrs.get("units", ""))
    return _table(key, values, unit, name, where)


def _table(
    key: npt.NDArray[np.int64], values: FloatArray, unit: str, name: Name, where: str
) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Monthly means of whole years from values with the number of their month."""
    if not np.isfinite(values).all():
        raise InputError(Problem(where, "holds missing values", expected="a series without gaps"))
    months, index = np.unique(key, return_inverse=True)
    counts = np.bincount(index)
    means = np.stack([np.bincount(index, weights=row) / counts for row in np.atleast_2d(values)])
    first, last = int(-(-months[0] // 12)), int((months[-1] + 1) // 12 - 1)
    wanted = np.arange(first * 12, (last + 1) * 12)
    if last < first or not np.isin(wanted, months).all():
        raise InputError(Problem(where, "not whole years without gaps"))
    kept = means[:, np.searchsorted(months, wanted)].reshape(means.shape[0], -1, 12)
    years = np.arange(first, last + 1)
    converted = _to_si(kept, unit, name, years, where)
    return years, converted if values.ndim > 1 else converted[0]


def _to_si(
    values: FloatArray, unit: str, name: Name, years: npt.NDArray[np.int64], where: str
) -> FloatArray:
    from balkhash_model.forcing.calendar import months_of

    text = _UNITS.get(unit, _UNITS.get(unit.lower(), unit))
    if name == "temperature":
        zero, one = (units.convert(x, text, "temperature", where) for x in (0.0, 1.0))
        return zero + values * (one - zero)
    amount, period = units.parse_amount(f"1 {text}" if text else "1", "depth_rate", where)
    if period == "month":
        seconds = months_of(int(years[0]), int(years[-1])).durations.reshape(-1, 12)
        return values * amount / seconds
    if period == "year":
        return values * amount / (365.2425 * 86400.0)
    return values * amount


def _read_csv(file: Path, names: dict[str, str]) -> MonthlyClimate:
    import pandas as pd

    try:
        frame = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InputError(Problem(str(file), "cannot be read as CSV", str(error)[:120])) from None
    lacking = [c for c in ("time", "variable", "value", "unit") if c not in frame]
    if lacking:
        raise InputError(
            [Problem(f"{file}: header", "lacks a column", expected=c) for c in lacking]
        )
    wanted: dict[str, Name] = {names.get(name, name): name for name in _NAMES}
    found: dict[Name, FloatArray] = {}
    years: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)
    for label, rows in frame.groupby("variable", sort=True):
        where = f"{file}: {label}"
        if label not in wanted:
            raise InputError(Problem(where, "no such variable", hint=nearest(str(label), wanted)))
        years, found[wanted[str(label)]] = _csv_variable(rows, wanted[str(label)], where)
    if not found:
        raise InputError(Problem(str(file), "holds no values"))
    return MonthlyClimate(years, found)


def _csv_variable(rows: Any, name: Name, where: str) -> tuple[npt.NDArray[np.int64], FloatArray]:
    if rows["unit"].nunique() != 1:
        raise InputError(Problem(where, "several units", ", ".join(sorted(rows["unit"].unique()))))
    try:
        when = np.array([np.datetime64(t[:7], "M") for t in rows["time"]])
        values = rows["value"].to_numpy(dtype=np.float64)
    except ValueError as error:
        raise InputError(Problem(where, "not a month or a number", str(error)[:80])) from None
    key = when.astype(np.int64) + 1970 * 12
    unit = str(rows["unit"].iloc[0])
    if "member" not in rows:
        return _table(key, values, unit, name, where)
    parts = []
    years: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)
    members = rows["member"].to_numpy()
    for member in sorted(set(members)):
        inside = members == member
        years, table = _table(key[inside], values[inside], unit, name, f"{where}, member {member}")
        parts.append(table)
    if len({p.shape for p in parts}) > 1:
        raise InputError(Problem(where, "members of different length"))
    return years, np.stack(parts)


def file_climate(
    scenario: Scenario,
    axis: TimeAxis,
    rain: FloatArray,
    evaporation: FloatArray,
    chosen: Members | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Rain and evaporation of the lake from a user's own series.

    Parameters
    ----------
    scenario : Scenario
        A scenario with ``climate.file``.
    axis : TimeAxis
        n intervals.
    rain, evaporation : array (n,)
        The base, m/s: what a correction brings the series to, and what stays where the file does
        not hold a variable.
    chosen : Members, optional
        The members to make; all where not given.

    Returns
    -------
    tuple of array (n,) or (members, n)
        Rain and evaporation, m/s. What a temperature in the file does is in
        :mod:`balkhash_model.forcing.warming`.

    Raises
    ------
    InputError
        Where the file cannot be used.
    """
    spec = scenario.climate.file
    assert spec is not None
    where = scenario.where("climate", "file", "path")
    folder = scenario.folder("climate", "file", "path")
    series = read_climate(folder / spec.path, {str(k): v for k, v in spec.variables.items()})
    years = axis_years(axis)
    now = series.part(int(years[0]), int(years[-1]), where)
    base: dict[str, FloatArray] = {
        "precipitation": _climatology(axis, rain),
        "evaporation": _climatology(axis, evaporation),
    }
    observed = read_climate(folder / spec.observed) if spec.observed is not None else None
    out = {"precipitation": rain, "evaporation": evaporation}
    for name in ("precipitation", "evaporation"):
        if name not in now:
            continue
        if name == "evaporation" and scenario.climate.weather is not None:
            raise InputError(
                Problem(where, "gives the evaporation, which climate.weather gives already")
            )
        values = now[name]
        if spec.correction != "none" and spec.reference is not None:
            then = series.part(*spec.reference, where)[name]
            if spec.correction == "quantile_mapping" and observed is not None:
                seen = observed.part(*spec.reference, str(spec.observed))
                if name not in seen:
                    raise InputError(Problem(str(spec.observed), f"holds no {name}"))
                values = quantile_mapping(values, then, seen[name], "ratio")
            else:
                values = delta_change(values, then, base[name], "ratio")
        out[name] = _members(scenario, months_to_axis(axis, values), where, chosen)
    return out["precipitation"], out["evaporation"]


def file_warming(
    scenario: Scenario, years: npt.NDArray[np.int64], chosen: Members | None = None
) -> tuple[FloatArray, bool] | None:
    """Change of temperature in a user's own series, against its mean over the reference years.

    Parameters
    ----------
    scenario : Scenario
        A scenario with ``climate.file``.
    years : array of int (years,)
        The years of the run.
    chosen : Members, optional
        The members to make; all where not given.

    Returns
    -------
    tuple of array (years, 12) or (members, years, 12) and bool, or None
        Change of each month, K, and whether the file gives the evaporation too, which then holds
        the warming already; None where the file has no temperature.

    Raises
    ------
    InputError
        Where the file cannot be used, or no reference years are given.
    """
    spec = scenario.climate.file
    assert spec is not None
    where = scenario.where("climate", "file", "path")
    folder = scenario.folder("climate", "file", "path")
    series = read_climate(folder / spec.path, {str(k): v for k, v in spec.variables.items()})
    if "temperature" not in series.values:
        return None
    if spec.reference is None:
        raise InputError(Problem(where, "a temperature needs the reference years"))
    now = series.part(int(years[0]), int(years[-1]), where)["temperature"]
    then = series.part(*spec.reference, where)["temperature"]
    change = now - then.mean(axis=-2, keepdims=True)
    flat = change.reshape(*change.shape[:-2], -1)
    made = _members(scenario, flat, where, chosen)
    return made.reshape(*made.shape[:-1], *change.shape[-2:]), "evaporation" in series.values


def climates_of_file(scenario: Scenario) -> int:
    """Count the members of the climate file of a scenario.

    Parameters
    ----------
    scenario : Scenario
        A scenario with ``climate.file``.

    Returns
    -------
    int
        Their number, one where the file has no such dimension.

    Raises
    ------
    InputError
        Where the file cannot be read.
    """
    spec = scenario.climate.file
    assert spec is not None
    folder = scenario.folder("climate", "file", "path")
    series = read_climate(folder / spec.path, {str(k): v for k, v in spec.variables.items()})
    return max((v.shape[0] for v in series.values.values() if v.ndim > 2), default=1)


def _climatology(axis: TimeAxis, rate: FloatArray) -> FloatArray:
    """Mean rate of each calendar month of the base."""
    out = np.zeros(12)
    for month in range(1, 13):
        inside = axis.months == month
        if inside.any():
            weights = axis.durations[inside]
            out[month - 1] = float((rate[inside] * weights).sum() / weights.sum())
    return out


def _members(
    scenario: Scenario, values: FloatArray, where: str, chosen: Members | None
) -> FloatArray:
    """Members of the file as members of the run, or as its climates."""
    wanted = scenario.ensemble.members if chosen is None else chosen.climates
    if values.ndim == 1:
        return values
    if values.shape[0] == 1 and (wanted is None or chosen is not None):
        only: FloatArray = values[0]
        return only
    if wanted != values.shape[0]:
        raise InputError(
            Problem(
                where,
                "holds another number of members than the ensemble",
                str(values.shape[0]),
                str(wanted),
                "Set ensemble.members",
            )
        )
    return values if chosen is None else chosen.of_climate(values)
