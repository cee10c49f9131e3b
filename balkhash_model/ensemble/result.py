"""Names, units and history for what an ensemble gathered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from balkhash_model import provenance
from balkhash_model.ensemble.gather import OF_THRESHOLD, PLAIN, Gathered
from balkhash_model.ensemble.statistics import Grid
from balkhash_model.ensemble.world import World
from balkhash_model.kernel import layout
from balkhash_model.scenario import Scenario, dump_scenario
from balkhash_model.timeaxis import TimeAxis

FloatArray = npt.NDArray[np.float64]

__all__ = ["Facts", "label", "told_ended"]

_KINDS = {
    "lake_level": ("m", "water_surface_height_above_reference_datum", "lake level"),
    "water_level": ("m", "water_surface_height_above_reference_datum", "water level"),
    "salinity": ("kg m-3", "", "salinity"),
    "lake_level_difference": ("m", "", "lake level less that of the first scenario"),
}
_INDICATORS = {
    "lowest": ("m", "lowest level of the lake"),
    "lowest_time": ("year", "decimal year of the lowest level"),
    "end": ("m", "mean level of the last year"),
    "change": ("m", "mean level of the last year less the level at the start"),
    "first_below": ("year", "decimal year of the first interval below the threshold"),
    "years_below": ("year", "time with the level below the threshold"),
    "recovery": ("year", "time from the lowest level until the lake is back at the threshold"),
}


@dataclass(frozen=True)
class Facts:
    """What was asked for, and how much of it there is.

    Attributes
    ----------
    names : tuple of str
        Names of the plans.
    asked, done : int
        Members asked for and marched.
    seed : int
        Seed of the ensemble.
    quantiles : tuple of float
        Shares.
    design : dict of str to str
        What is said of the design in the attributes.
    checksums : dict of str to str
        SHA-256 of the tables and files that were read.
    """

    names: tuple[str, ...]
    asked: int
    done: int
    seed: int
    quantiles: tuple[float, ...]
    design: dict[str, str]
    checksums: dict[str, str]


def decimal_years(axis: TimeAxis, index: FloatArray) -> FloatArray:
    """Decimal year of the start of intervals.

    Parameters
    ----------
    axis : TimeAxis
        The intervals.
    index : array
        Numbers of intervals; NaN stays.

    Returns
    -------
    array
        Decimal years.

    Examples
    --------
    >>> decimal_years(TimeAxis.monthly("2001-01-01", "2003-01-01"), np.array([0.0, 12.0]))
    array([2001., 2002.])
    """
    day = axis.edges[:-1].astype("datetime64[D]")
    year = day.astype("datetime64[Y]")
    length = (year + 1).astype("datetime64[D]") - year.astype("datetime64[D]")
    at = year.astype(np.int64) + 1970 + (day - year.astype("datetime64[D]")) / length
    whole = np.where(np.isfinite(index), index, 0.0).astype(np.int64)
    found: FloatArray = np.where(np.isfinite(index), at[whole], np.nan)
    return found


def label(
    worlds: Sequence[World],
    gathered: Sequence[Gathered],
    tables: FloatArray | None,
    statuses: npt.NDArray[np.int8] | None,
    facts: Facts,
) -> xr.Dataset:
    """Make the result of an ensemble.

    Parameters
    ----------
    worlds : sequence of World
        One of each plan.
    gathered : sequence of Gathered
        What was gathered of each plan.
    tables : array (plans, indicators, members), optional
        Indicators of each member.
    statuses : array (plans, members), optional
        Status of each member.
    facts : Facts
        What was asked for.

    Returns
    -------
    xarray.Dataset
        As :func:`balkhash_model.run_ensemble` describes.
    """
    world, first = worlds[0], gathered[0]
    several = len(worlds) > 1
    lead = ("scenario",) if several else ()
    data: dict[str, Any] = {}

    def put(name: str, dims: tuple[str, ...], parts: list[Any], attrs: dict[str, Any]) -> None:
        values = np.stack(parts) if several else parts[0]
        data[name] = (
            (*lead, *dims),
            values,
            {k: v for k, v in attrs.items() if not isinstance(v, str) or v},
        )

    for name in dict.fromkeys(n for g in gathered for n in g.moments):
        _put_moments(put, name, gathered, facts, world.system.datum)
    total = [max(int(g.members[0]), 1) for g in gathered]
    put(
        "level_below",
        ("time_edge", "threshold"),
        [g.below / n for g, n in zip(gathered, total, strict=True)],
        {"units": "1", "long_name": "share of the members with the lake below the threshold"},
    )
    _put_indicators(put, gathered, facts, world.axis)
    if tables is not None and statuses is not None:
        _put_members(put, tables, statuses, first.plan.thresholds.size, world.axis)
    coordinates: dict[str, Any] = {
        "time_edge": ("time_edge", world.axis.edges),
        "time": ("time", world.axis.midpoints),
        "time_bnds": (("time", "bnds"), world.axis.bounds),
        "quantile": ("quantile", np.array(facts.quantiles), {"units": "1"}),
        "threshold": ("threshold", first.plan.thresholds, {"units": "m"}),
    }
    if several:
        coordinates["scenario"] = ("scenario", np.array(facts.names, dtype=object))
    if tables is not None:
        coordinates["realization"] = ("realization", np.arange(tables.shape[-1]))
    dataset = xr.Dataset(data, coords=coordinates)
    dataset["time"].attrs = {"bounds": "time_bnds", "axis": "T"}
    counts = np.stack([g.status for g in gathered])
    dataset["status_count"] = (
        (*lead, "status_code"),
        counts if several else counts[0],
        {"units": "1", "long_name": "members by status"},
    )
    meanings = np.array(list(layout.STATUS.values()), dtype=object)
    dataset = dataset.assign_coords(status_code=("status_code", meanings))
    dataset.attrs = _attributes(worlds, gathered, facts)
    return dataset


def _put_moments(
    put: Any, name: str, gathered: Sequence[Gathered], facts: Facts, datum: str
) -> None:
    kind, _, storage = name.partition(".")
    unit, standard, text = _KINDS[kind]
    text = f"{text} of {storage}" if storage else text
    plain = name.replace(".", "_")
    attrs = {"units": unit, "standard_name": standard, "cell_methods": "time_edge: point"}
    if standard:
        attrs["datum"] = datum
    # the first plan does not differ from itself
    moments = [g.moments.get(name) for g in gathered]
    some = next(m for m in moments if m is not None)
    n = len(some.sums)
    nothing = np.full(n, np.nan)

    def each(function: Any, empty: Any = nothing) -> list[Any]:
        return [empty if m is None else function(m) for m in moments]

    edge = ("time_edge",)
    put(f"{plain}_mean", edge, each(lambda m: m.mean()), attrs | {"long_name": f"mean {text}"})
    put(
        f"{plain}_deviation",
        edge,
        each(lambda m: m.deviation()),
        {"units": unit, "long_name": f"standard deviation of the {text}"},
    )
    put(
        f"{plain}_quantile",
        ("quantile", "time_edge"),
        each(lambda m: m.quantiles(facts.quantiles), np.full((len(facts.quantiles), n), np.nan)),
        attrs
        | {"long_name": f"quantiles of the {text}", "quantile_error": _error(some.grid, unit)},
    )
    for i, which in enumerate(("least", "greatest")):
        put(
            f"{plain}_{which}",
            edge,
            each(lambda m, i=i: np.where(np.isfinite(m.ends[:, i]), m.ends[:, i], np.nan)),
            attrs | {"long_name": f"{which} {text} of all members"},
        )
    outside = sum(int(m.sums[:, 4].sum()) for m in moments if m is not None)
    if outside:
        put(f"{plain}_out_of_grid", edge, each(lambda m: m.sums[:, 4]), {"units": "1"})


def _error(grid: Grid, unit: str) -> str:
    relative = "relative" if grid.geometric else f"in {unit}"
    return f"at most {grid.error:.4g} ({relative}) inside the grid"


def _put_indicators(put: Any, gathered: Sequence[Gathered], facts: Facts, axis: TimeAxis) -> None:
    """Distribution of each indicator over the members that have it."""
    number = gathered[0].plan.thresholds.size
    q = facts.quantiles
    for i, name in enumerate(PLAIN):
        unit, text = _INDICATORS[name]
        attrs = {"units": unit, "long_name": f"quantiles of: {text}"}
        values = [g.indicators[i].quantiles(q)[:, 0] for g in gathered]
        if name == "lowest_time":
            # a bin is an interval, so nothing is lost
            values = [decimal_years(axis, np.floor(v)) for v in values]
        else:
            attrs["quantile_error"] = _error(gathered[0].indicators[i].grid, unit)
        put(f"{name}_quantile", ("quantile",), values, attrs)
    for j, name in enumerate(OF_THRESHOLD):
        unit, text = _INDICATORS[name]
        picks = [[g.indicators[len(PLAIN) + 3 * i + j] for i in range(number)] for g in gathered]
        if name == "first_below":
            counts = [np.stack([m.counts[0] for m in row], axis=-1) for row in picks]
            put(
                "first_below_count",
                ("time", "threshold"),
                counts,
                {"units": "1", "long_name": "members that first fall below in the interval"},
            )
            continue
        values = [np.stack([m.quantiles(q)[:, 0] for m in row], axis=-1) for row in picks]
        attrs = {
            "units": unit,
            "long_name": f"quantiles of: {text}",
            "quantile_error": _error(picks[0][0].grid, unit),
        }
        put(f"{name}_quantile", ("quantile", "threshold"), values, attrs)


def _put_members(
    put: Any,
    tables: FloatArray,
    statuses: npt.NDArray[np.int8],
    number: int,
    axis: TimeAxis,
) -> None:
    """Indicators of each member."""
    for i, name in enumerate(PLAIN):
        unit, text = _INDICATORS[name]
        values = tables[:, i]
        if name == "lowest_time":
            values = decimal_years(axis, values)
        put(name, ("realization",), list(values), {"units": unit, "long_name": text})
    rest = tables[:, len(PLAIN) :].reshape(len(tables), number, len(OF_THRESHOLD), -1)
    for j, name in enumerate(OF_THRESHOLD):
        unit, text = _INDICATORS[name]
        values = np.moveaxis(rest[:, :, j], -1, 1)
        if name == "first_below":
            values = decimal_years(axis, values)
        put(name, ("realization", "threshold"), list(values), {"units": unit, "long_name": text})
    put(
        "status",
        ("realization",),
        list(statuses),
        {
            "flag_values": np.array(list(layout.STATUS), dtype="int8"),
            "flag_meanings": " ".join(v.replace(" ", "_") for v in layout.STATUS.values()),
        },
    )


def told_ended(counts: npt.NDArray[np.int64]) -> str:
    """Say how many members dried out, overtopped or could not be solved.

    Parameters
    ----------
    counts : array
        Members by status code.

    Returns
    -------
    str
        Numbers and what happened; empty where all is well.

    Examples
    --------
    >>> told_ended(np.array([5, 0, 2, 0]))
    '2 overtopped'
    """
    return ", ".join(f"{n} {layout.STATUS[i]}" for i, n in enumerate(counts.tolist()) if i and n)


def _attributes(
    worlds: Sequence[World], gathered: Sequence[Gathered], facts: Facts
) -> dict[str, Any]:
    records = [w.record for w in worlds]
    complete = facts.done == facts.asked
    attrs: dict[str, Any] = {
        "Conventions": "CF-1.11",
        "title": "; ".join(r.meta.title for r in records),
        **_translated(records),
        "source": f"balkhash_model {provenance.versions().get('balkhash_model', 'unknown')}",
        "history": provenance.history_line("balkhash_model.run_ensemble"),
        "scenario_names": ", ".join(facts.names),
        "system": records[0].system,
        "datum": worlds[0].system.datum,
        "members": facts.done,
        "members_asked": facts.asked,
        "complete": "yes" if complete else "no",
        "seed": facts.seed,
        "seeds_of_members": "numpy.random.SeedSequence([seed, *stream.encode(), member])",
        "resolved_scenario": "---\n".join(dump_scenario(r) for r in records),
        "input_checksums": json.dumps(facts.checksums, sort_keys=True),
        "versions": json.dumps(provenance.versions(), sort_keys=True),
        **facts.design,
    }
    notes = (
        [] if complete else [f"interrupted; the first {facts.done} of {facts.asked} members alone"]
    )
    for name, g in zip(facts.names, gathered, strict=True):
        if ended := told_ended(g.status):
            notes.append(
                f"of the {int(g.members[0])} members of {name} {ended}; what follows in "
                "them is beyond their curves, and is in the statistics"
            )
    if notes:
        attrs["comment"] = "\n".join(f"ATTENTION: {note}" for note in notes)
    return attrs


def _translated(records: Sequence[Scenario]) -> dict[str, str]:
    """Titles in the languages in which every scenario has one."""
    languages = [x for x in records[0].meta.titles if all(x in r.meta.titles for r in records)]
    return {f"title_{x}": "; ".join(r.meta.titles[x] for r in records) for x in languages}
