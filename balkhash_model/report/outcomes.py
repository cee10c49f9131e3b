"""What each result says, in numbers: levels, chances, nearness to the Aral Sea."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from balkhash_model import units
from balkhash_model.diagnostics import annual_levels, course, indicators, nearness_summary
from balkhash_model.diagnostics.courses import Course
from balkhash_model.diagnostics.level_indicators import lake_levels
from balkhash_model.errors import InputError
from balkhash_model.plot.words import run_title
from balkhash_model.report.read import Source

FloatArray = npt.NDArray[np.float64]

__all__ = ["Outcome", "Span", "outcomes"]

#: Shares between which 80 % of the members of a run lie.
_BAND = (0.1, 0.9)


class Span(NamedTuple):
    """Median with the ends of the band of the members; all one number for a single run."""

    low: float
    mid: float
    high: float


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one plan came to.

    Attributes
    ----------
    label, title : str
        Short name, unlike all others of the report, and one line.
    source : Source
        The file.
    number : int
        Number of the plan in the file.
    scenario : dict
        The resolved scenario; empty where nothing tells it.
    result : xarray.Dataset or None
        The run; None where the file holds the statistics of an ensemble alone.
    members : int
        Members; 1 for a single run.
    band : tuple of float
        Shares at both ends of the bands.
    threshold : float or None
        Level whose crossing counts, m.
    first_year, last_year : int
        Years of the run.
    levels : pandas.DataFrame
        ``low``, ``mid`` and ``high`` by decimal year, m: annual means of a run, at the instants of
        an ensemble.
    spans : dict of str to Span
        ``end``, ``change``, ``lowest``, ``lowest_year`` and ``years_below``, as
        :func:`balkhash_model.diagnostics.indicators` defines them.
    first_below : float
        Decimal year in which the median falls below the threshold; NaN for never.
    stay : pandas.DataFrame or None
        By year: ``never``, share of the members that have not fallen below since the start, and
        ``now``, share at or above the threshold at its end; None for a single run.
    path : Course or None
        The course that is held against the Aral Sea; None where the file does not hold it.
    """

    label: str
    title: str
    source: Source
    number: int
    scenario: dict[str, Any]
    result: xr.Dataset | None
    members: int
    band: tuple[float, float]
    threshold: float | None
    first_year: int
    last_year: int
    levels: pd.DataFrame
    spans: dict[str, Span]
    first_below: float
    stay: pd.DataFrame | None
    path: Course | None

    @property
    def single(self) -> bool:
        """Whether there is one member only."""
        return self.members == 1

    def nearness(self, baseline: Course) -> pd.Series | None:
        """Hold the last year against the collapse.

        Parameters
        ----------
        baseline : Course
            The Aral Sea.

        Returns
        -------
        pandas.Series or None
            A row of :func:`balkhash_model.diagnostics.nearness_summary`; None without a course.
        """
        return None if self.path is None else nearness_summary([self.path], baseline).iloc[0]


def outcomes(sources: Sequence[Source], lang: str = "en") -> list[Outcome]:
    """Give what each plan of each file came to.

    Parameters
    ----------
    sources : sequence of Source
        Result files.
    lang : {"en", "ru", "kk"}, default "en"
        Language of the titles, where the scenarios have them in it.

    Returns
    -------
    list of Outcome
        One for a run, one for each plan of an ensemble.

    Examples
    --------
    >>> import balkhash_model as bm, pathlib
    >>> run = bm.run("hindcast_free")
    >>> found = outcomes([Source(pathlib.Path("free.nc"), run, (), (), "")])
    >>> found[0].label, round(found[0].spans["lowest"].mid, 1)
    ('hindcast_free', 340.7)
    """
    names = [(i, n) for i, s in enumerate(sources) for n in _plans(s)]
    twice = Counter(n for _, n in names)
    labels: list[str] = []
    for i, name in names:
        label = name if twice[name] == 1 else f"{name} ({sources[i].path.stem})"
        number = 2
        while label in labels:
            label, number = f"{name} ({sources[i].path.stem}, {number})", number + 1
        labels.append(label)
    found: list[Outcome] = []
    for source in sources:
        for j, _ in enumerate(_plans(source)):
            label = labels[len(found)]
            one = _of_plan(source, j, label, lang) if source.ensemble else None
            found.append(_of_run(source, label, lang) if one is None else one)
    return found


def _plans(source: Source) -> list[str]:
    dataset = source.dataset
    if not source.ensemble:
        return [str(dataset.attrs.get("scenario", source.path.stem))]
    if "scenario" in dataset.dims:
        return [str(n) for n in dataset["scenario"].values]
    return [str(dataset.attrs.get("scenario_names", source.path.stem))]


def _threshold(scenario: dict[str, Any], system: str) -> float | None:
    """Level that the scenario counts; of Lake Balkhash 341.0 m where no scenario is told."""
    untold = "341.0 m" if system == "balkhash" and not scenario else "none"
    text = str(scenario.get("outputs", {}).get("threshold", untold))
    try:
        return None if text == "none" else float(units.parse(text, "level", "outputs.threshold"))
    except InputError:
        return None


def _of_run(source: Source, label: str, lang: str) -> Outcome:
    result = source.dataset
    scenario = source.scenarios[0] if source.scenarios else {}
    threshold = _threshold(scenario, str(result.attrs.get("system", "")))
    members = int(result.sizes.get("realization", 1))
    annual = annual_levels(result)
    spread = pd.DataFrame(
        {
            "low": annual.quantile(_BAND[0], axis=1),
            "mid": annual.median(axis=1),
            "high": annual.quantile(_BAND[1], axis=1),
        }
    )
    spread.index = spread.index + 0.5
    table = indicators(result, threshold if threshold is not None else -np.inf)
    spans = {
        name: Span(*(float(table[name].quantile(q)) for q in (_BAND[0], 0.5, _BAND[1])))
        for name in ("end", "change", "lowest", "lowest_year", "years_below")
    }
    crossing = float(np.quantile(table["first_below"].fillna(np.inf), 0.5, method="higher"))
    years = result["time"].dt.year.values
    return Outcome(
        label,
        run_title(result, lang) or label,
        source,
        0,
        scenario,
        result,
        members,
        _BAND,
        threshold,
        int(years[0]),
        int(years[-1]),
        spread,
        spans,
        crossing if np.isfinite(crossing) else np.nan,
        _stay_of_run(result, threshold) if members > 1 and threshold is not None else None,
        _course(result, label),
    )


def _course(result: xr.Dataset, label: str) -> Course | None:
    """Course of a run; None where the file was cut to fewer variables or years than it needs."""
    if not {"lake_connected", "lake_river_inflow", "water_area", "salt_mass"} <= set(result):
        return None
    try:
        return course(result, name=label, title=label)
    except InputError:
        return None


def _stay_of_run(result: xr.Dataset, threshold: float) -> pd.DataFrame:
    levels = lake_levels(result)
    # a basin that has dried out has no level: it is below every threshold
    below = (levels < threshold) | ~np.isfinite(levels)
    ever = np.logical_or.accumulate(below, axis=1)
    years = result["time"].dt.year.values
    last = {int(y): int(np.flatnonzero(years == y)[-1]) for y in np.unique(years)}
    return pd.DataFrame(
        {
            "never": {y: 1.0 - float(ever[:, i].mean()) for y, i in last.items()},
            "now": {y: 1.0 - float(below[:, i].mean()) for y, i in last.items()},
        }
    )


def _of_plan(source: Source, number: int, label: str, lang: str) -> Outcome:
    whole = source.dataset
    part = whole.isel(scenario=number) if "scenario" in whole.dims else whole
    scenario = source.scenarios[number] if number < len(source.scenarios) else {}
    shares = part["quantile"].values
    pick = [0, int(np.argmin(np.abs(shares - 0.5))), shares.size - 1]
    edges = part["time_edge"].values.astype("datetime64[s]")
    levels = pd.DataFrame(
        part["lake_level_quantile"].values[pick].T,
        index=_decimal(edges),
        columns=["low", "mid", "high"],
    )
    spans = {
        name: Span(*(float(v) for v in part[f"{name}_quantile"].values[pick]))
        for name in ("end", "change", "lowest")
    }
    spans["lowest_year"] = Span(*(float(v) for v in part["lowest_time_quantile"].values[pick]))
    threshold, stay, first = None, None, np.nan
    if part.sizes["threshold"]:
        values = part["threshold"].values
        asked = _threshold(scenario, str(whole.attrs.get("system", ""))) or 341.0
        at = int(np.argmin(np.abs(values - asked)))
        threshold = float(values[at])
        spans["years_below"] = Span(*map(float, part["years_below_quantile"].values[pick, at]))
        stay = _stay_of_plan(part, at, edges)
        half = stay.index[stay["never"] <= 0.5]
        first = float(half[0]) if len(half) else np.nan
    years = part["time"].dt.year.values
    meta = scenario.get("meta", {})
    return Outcome(
        label,
        str(meta.get("titles", {}).get(lang) or meta.get("title") or run_title(whole) or label),
        source,
        number,
        scenario,
        None,
        int(whole.attrs["members"]),
        (float(shares[0]), float(shares[-1])),
        threshold,
        int(years[0]),
        int(years[-1]),
        levels,
        spans,
        first,
        stay,
        None,
    )


def _stay_of_plan(part: xr.Dataset, at: int, edges: npt.NDArray[Any]) -> pd.DataFrame:
    members = max(int(part.attrs["members"]), 1)
    years = part["time"].dt.year.values
    fallen = part["first_below_count"].values[:, at].cumsum() / members
    below = part["level_below"].values[:, at]
    last = {int(y): int(np.flatnonzero(years == y)[-1]) for y in np.unique(years)}
    return pd.DataFrame(
        {
            "never": {y: 1.0 - float(fallen[i]) for y, i in last.items()},
            "now": {y: 1.0 - float(below[i + 1]) for y, i in last.items()},
        }
    )


def _decimal(times: npt.NDArray[Any]) -> FloatArray:
    """Decimal years of instants."""
    year = times.astype("datetime64[Y]")
    start, end = year.astype("datetime64[s]"), (year + 1).astype("datetime64[s]")
    part = (times - start) / (end - start)
    decimal: FloatArray = year.astype(np.int64) + 1970 + part
    return decimal
