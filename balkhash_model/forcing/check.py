"""Check a forcing dataset and turn it into plain arrays, reporting all problems at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from balkhash_model import quantities
from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.forcing.table import CARRIED, FORCING, coordinate_names
from balkhash_model.timeaxis import TimeAxis

if TYPE_CHECKING:
    import xarray as xr

    from balkhash_model.system import LakeSystem

FloatArray = npt.NDArray[np.float64]

__all__ = ["ForcingArrays", "read_forcing"]

#: Variables that may be left out, with what is then used.
_OPTIONAL = {
    "gauge_flow": np.nan,
    "side_inflow": 0.0,
    "release_demand": 0.0,
    "withdrawal_demand": 0.0,
    "groundwater_flow": 0.0,
}
#: Variables that cannot be negative.
_POSITIVE = (
    "precipitation_rate",
    "release_demand",
    "release_minimum",
    "release_maximum",
    "release_rate",
    "target_volume",
    "withdrawal_demand",
)
#: Quantities of the table whose range a variable has; beyond it a unit is wrong.
_RANGE_OF = {
    "precipitation_rate": "precipitation_rate",
    "evaporation_rate": "evaporation_rate",
    "groundwater_flow": "groundwater_inflow",
    "river_flow": "river_inflow",
    "gauge_flow": "link_flow",
    "side_inflow": "link_flow",
    "release_demand": "link_flow",
    "release_minimum": "link_flow",
    "release_maximum": "link_flow",
    "target_volume": "water_volume",
    "withdrawal_demand": "abstraction_by_user",
}


@dataclass(frozen=True, eq=False, slots=True)
class ForcingArrays:
    """Checked forcing: arrays ``(set, time, name)``, with one set or one for each member."""

    axis: TimeAxis
    values: dict[str, FloatArray]
    members: int | None

    def __getitem__(self, name: str) -> FloatArray:
        return self.values[name]


def _read_axis(forcing: xr.Dataset, problems: list[Problem]) -> TimeAxis | None:
    if "time_bnds" not in forcing.variables:
        problems.append(
            Problem(
                "forcing",
                "no time_bnds",
                expected="the start and end of each interval, dims (time, bnds)",
            )
        )
        return None
    bounds = np.asarray(forcing["time_bnds"].values)
    if not np.issubdtype(bounds.dtype, np.datetime64):
        problems.append(
            Problem(
                "forcing time_bnds",
                "not times",
                str(bounds.dtype),
                "datetime64 in the standard calendar",
            )
        )
        return None
    bounds = bounds.astype("datetime64[s]")
    if bounds.ndim != 2 or bounds.shape[1] != 2 or bounds.shape[0] == 0:
        problems.append(Problem("forcing time_bnds", "wrong shape", str(bounds.shape), "(n, 2)"))
        return None
    gaps = np.flatnonzero(bounds[1:, 0] != bounds[:-1, 1])
    if gaps.size:
        i = int(gaps[0])
        what = "overlap or are out of order" if bounds[i + 1, 0] < bounds[i, 1] else "leave a gap"
        problems.append(
            Problem(
                f"forcing time_bnds, interval {i + 1}",
                f"intervals {what}",
                f"starts {bounds[i + 1, 0]}",
                f"{bounds[i, 1]}",
                f"{gaps.size} such place(s) in all",
            )
        )
        return None
    try:
        return TimeAxis.irregular(np.append(bounds[:, 0], bounds[-1, 1]))
    except InputError as error:
        problems.extend(error.problems)
        return None


def _read_variable(
    forcing: xr.Dataset,
    name: str,
    dim: str,
    names: list[str],
    axis: TimeAxis | None,
    problems: list[Problem],
) -> FloatArray | None:
    unit = (FORCING | CARRIED)[name][0]
    where = f"forcing {name}"
    variable = forcing[name]
    before = len(problems)
    got_unit = variable.attrs.get("units")
    if got_unit is None:
        problems.append(Problem(where, "no units attribute", expected=repr(unit)))
    elif got_unit != unit:
        problems.append(
            Problem(
                where,
                "wrong units",
                repr(got_unit),
                repr(unit),
                "Convert the values and set the attribute",
            )
        )
    allowed = {"time", dim, "realization"}
    if not {"time", dim} <= set(variable.dims) or not set(variable.dims) <= allowed:
        problems.append(
            Problem(
                where,
                "wrong dimensions",
                str(variable.dims),
                f"time, {dim} and at most realization",
            )
        )
        return None
    if len(names) > 0:
        present = [str(x) for x in variable[dim].values] if dim in variable.coords else None
        if present is None or sorted(present) != sorted(names):
            problems.append(
                Problem(
                    f"{where}, {dim}", "other names than the system's", str(present), str(names)
                )
            )
            return None
        if present != names:
            variable = variable.sel({dim: names})
    lead = ["realization"] if "realization" in variable.dims else []
    try:
        ordered = variable.variable.transpose(*lead, "time", dim)
        values = np.asarray(ordered.values, dtype=np.float64)
    except (TypeError, ValueError):
        problems.append(Problem(where, "does not hold numbers", str(variable.dtype)))
        return None
    values = values if lead else values[None]
    if axis is not None and values.shape[1] != axis.n:
        problems.append(Problem(where, "wrong length", str(values.shape[1]), str(axis.n)))
        return None
    bad = ~np.isfinite(values)
    if name == "gauge_flow":
        # missing means not gauged, for all members alike
        bad &= ~np.isnan(values)
        if (np.isnan(values) != np.isnan(values[:1])).any():
            problems.append(Problem(where, "gauged in some members and not in others"))
    if name == "release_maximum":
        bad &= ~np.isposinf(values)
    _first(problems, where, "is not a number", values, bad, names, axis, "finite values, no gaps")
    if name in CARRIED:
        outside = (values < 0.0) | (values > 1.0)
        _first(problems, where, "outside its range", values, outside, names, axis, "0 to 1")
    if name in _POSITIVE:
        low = values < 0.0
        _first(problems, where, "is negative", values, low, names, axis, f"zero or more {unit}")
    if name in _RANGE_OF:
        _check_range(problems, where, name, values, bad, names, axis)
    return values if len(problems) == before else None


def _check_range(
    problems: list[Problem],
    where: str,
    name: str,
    values: FloatArray,
    bad: npt.NDArray[np.bool_],
    names: list[str],
    axis: TimeAxis | None,
) -> None:
    """Values beyond what any water body has had; what has been told before is not told again."""
    unit = FORCING[name][0]
    quantity = quantities.get(_RANGE_OF[name])
    least, most = quantity.valid_min, quantity.valid_max
    assert least is not None
    assert most is not None

    def shown(limit: float) -> str:
        return f"{limit:g} {unit}" + (f", {limit * 86400e3:.4g} mm/day" if unit == "m s-1" else "")

    seen = bad | ~np.isfinite(values)
    hint = "Check the unit"
    high = (values > most) & ~seen
    told = f"at most {shown(most)}"
    _first(problems, where, "is too large", values, high, names, axis, told, hint)
    # net evaporation may be given as evaporation, and a parameter set may have it below zero
    if name not in (*_POSITIVE, "evaporation_rate"):
        low = (values < least) & ~seen
        told = f"at least {shown(least)}"
        _first(problems, where, "is too low", values, low, names, axis, told, hint)


def _first(
    problems: list[Problem],
    where: str,
    what: str,
    values: FloatArray,
    bad: npt.NDArray[np.bool_],
    names: list[str],
    axis: TimeAxis | None,
    expected: str,
    hint: str | None = None,
) -> None:
    if bad.any():
        member, t, i = (int(x) for x in np.argwhere(bad)[0])
        when = str(axis.edges[t])[:10] if axis is not None else f"interval {t}"
        problems.append(
            Problem(
                f"{where} of {names[i]!r} from {when}",
                what,
                f"{values[member, t, i]:g}, the first of {int(bad.sum())} such value(s)",
                expected,
                hint,
            )
        )


def read_forcing(system: LakeSystem, forcing: xr.Dataset) -> ForcingArrays:
    """Check a forcing dataset against a lake system and return its arrays.

    Parameters
    ----------
    system : LakeSystem
        The lake system whose names the coordinates must carry.
    forcing : xarray.Dataset
        As :func:`balkhash_model.forcing.empty_forcing` lays it out.

    Returns
    -------
    ForcingArrays
        Plain arrays and the time axis.

    Raises
    ------
    InputError
        Everything that is wrong: missing, extra or misnamed variables, units, dimensions, missing
        or negative values, gaps and disorder in time, another datum.

    Examples
    --------
    >>> from balkhash_model.forcing import empty_forcing
    >>> from balkhash_model.library import load_system
    >>> system = load_system("balkhash")
    >>> axis = TimeAxis.monthly("2000-01-01", "2001-01-01")
    >>> read_forcing(system, empty_forcing(system, axis)).axis.n
    12
    """
    problems: list[Problem] = []
    axis = _read_axis(forcing, problems)
    datum = forcing.attrs.get("datum", system.datum)
    if datum != system.datum:
        problems.append(
            Problem(
                "forcing datum",
                "differs from the system's",
                str(datum),
                system.datum,
                "Bring all levels to one datum",
            )
        )
    for name in forcing.data_vars:
        if name not in FORCING | CARRIED and name != "time_bnds":
            problems.append(
                Problem(f"forcing {name}", "no such variable", hint=nearest(str(name), FORCING))
            )
    names = coordinate_names(system)
    values: dict[str, FloatArray] = {}
    members: dict[str, int] = {}
    for name, (_, dim) in (FORCING | CARRIED).items():
        if name not in forcing:
            if name in CARRIED:
                continue
            if name in _OPTIONAL or not names[dim]:
                n = axis.n if axis is not None else 0
                values[name] = np.full((1, n, len(names[dim])), _OPTIONAL.get(name, 0.0))
            else:
                problems.append(
                    Problem(
                        f"forcing {name}",
                        "missing",
                        expected=f"dims (time, {dim}), {FORCING[name][0]}",
                    )
                )
            continue
        array = _read_variable(forcing, name, dim, names[dim], axis, problems)
        if array is not None:
            values[name] = array
            if "realization" in forcing[name].dims:
                members[name] = array.shape[0]
    if len(set(members.values())) > 1:
        problems.append(Problem("forcing", "different numbers of members", str(members)))
    if problems or axis is None:
        raise InputError(problems)
    return ForcingArrays(axis, values, max(members.values()) if members else None)
