r"""How near a lake is to the course of the Aral Sea, in numbers.

The measures hold one :class:`~balkhash_model.diagnostics.courses.Course` against another: shares
lost at the same age, the year in which the baseline stood where a lake stands, lead and lag.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from balkhash_model.diagnostics.courses import Course
from balkhash_model.errors import InputError, Problem

FloatArray = npt.NDArray[np.float64]

__all__ = ["equivalent_year", "nearness", "nearness_summary"]

#: What can be compared between lakes of any size.
_COLUMNS = ("volume", "area")


def _require_column(column: str) -> None:
    if column not in _COLUMNS:
        raise InputError(Problem("column", "cannot be compared", column, " or ".join(_COLUMNS)))


def equivalent_year(
    relative: npt.ArrayLike, baseline: Course, column: str = "volume"
) -> FloatArray:
    """Year in which the baseline stood where a lake stands.

    The baseline is read as a falling function of time: its running minimum from the onset on.

    Parameters
    ----------
    relative : array_like
        Relative volume or area of the lake; 1 is the state before.
    baseline : Course
        The baseline, with one member.
    column : str, default "volume"
        ``volume`` or ``area``.

    Returns
    -------
    array
        Years with a fraction. ``-inf`` where the lake is fuller than the baseline at its onset (it
        has not entered the path), ``inf`` where it is emptier than the baseline ever was.

    Raises
    ------
    InputError
        For a baseline without onset, or without that quantity, or for another quantity.

    Examples
    --------
    >>> from balkhash_model.diagnostics import observed_baseline
    >>> equivalent_year([1.2, 0.9, 0.01], observed_baseline()).round(0).tolist()
    [-inf, 1967.0, inf]
    """
    _require_column(column)
    if baseline.onset is None:
        raise InputError(Problem(f"baseline {baseline.name}", "has no onset"))
    known = baseline.relative(column).iloc[:, 0].dropna()
    known = known[known.index >= baseline.onset]
    if len(known) < 2:
        raise InputError(Problem(f"baseline {baseline.name}", f"has no {column} after its onset"))
    low = np.minimum.accumulate(known.to_numpy())
    # the year in which a new minimum was first reached
    first = np.append(True, np.diff(low) < 0.0)
    x = np.asarray(relative, dtype=np.float64)
    years = np.interp(-x, -low[first], known.index.to_numpy(dtype=float)[first])
    found = np.where(x > low[0], -np.inf, np.where(x < low[-1], np.inf, years))
    return np.where(np.isfinite(x), found, np.nan)


def nearness(run: Course, baseline: Course, column: str = "volume") -> pd.DataFrame:
    r"""Measures of how near a lake is to the baseline, by year.

    With the age :math:`a = y - y_0` and the relative volume :math:`v = V/V_0`:

    - ``volume_lost`` :math:`1 - v` and ``area_lost``, negative for a lake that has risen, beside
      ``baseline_volume_lost`` and ``baseline_area_lost`` at the same age;
    - ``equivalent_year`` :math:`y^*` with :math:`v_b(y^*) = v`, and ``equivalent_low`` and
      ``equivalent_high`` for :math:`v \pm s`, s being the standard error of the baseline and of the
      run together;
    - ``lead`` :math:`(y^* - y_{0b}) - a`: years by which the lake is ahead of the baseline
      (negative: behind);
    - ``inflow_deficit`` :math:`1 - Q/((E - P) A_0)`: what the inflow lacks to hold the area before,
      with the depth of net evaporation of the year.

    Parameters
    ----------
    run : Course
        The lake.
    baseline : Course
        The baseline, with one member.
    column : str, default "volume"
        Quantity that is compared: ``volume`` or ``area``.

    Returns
    -------
    pandas.DataFrame
        By ``(realization, year)``. Without an onset of the run, age and lead are missing.

    Raises
    ------
    InputError
        As :func:`equivalent_year` raises it.

    Examples
    --------
    The baseline beside itself is neither ahead nor behind:

    >>> from balkhash_model.diagnostics import observed_baseline
    >>> aral = observed_baseline()
    >>> table = nearness(aral, aral).loc[0]
    >>> float(table.loc[1985, "lead"]), float(table.loc[1985, "equivalent_year"])
    (0.0, 1985.0)
    """
    _require_column(column)
    parts = {}
    s = float(np.hypot(run.uncertainty, baseline.uncertainty))
    base = {c: baseline.relative(c).iloc[:, 0] for c in ("volume", "area")}
    for member in run.members:
        state = run.state.loc[member]
        before = run.before.loc[member]
        years = state.index.to_numpy(dtype=float)
        age = years - (run.onset if run.onset is not None else np.nan)
        table = pd.DataFrame(index=state.index)
        table["age"] = age
        for c in ("volume", "area"):
            table[f"{c}_lost"] = 1.0 - state[c] / before[c]
            same = base[c].reindex(age + (baseline.onset or np.nan)).to_numpy()
            table[f"baseline_{c}_lost"] = 1.0 - same
        relative = (state[column] / before[column]).to_numpy(dtype=float)
        table["equivalent_year"] = equivalent_year(relative, baseline, column)
        table["equivalent_low"] = equivalent_year(relative + s, baseline, column)
        table["equivalent_high"] = equivalent_year(relative - s, baseline, column)
        lead = table["equivalent_year"] - (baseline.onset or np.nan) - age
        table["lead"] = lead.where(np.isfinite(lead) & (age >= 0.0))
        needed = state["net_evaporation"] * before["area"] / 1e3
        table["inflow_deficit"] = 1.0 - state["inflow"] / needed
        table["connected"] = state["connected"]
        parts[member] = table
    return pd.concat(parts, names=["realization", "year"])


def nearness_summary(
    runs: Sequence[Course], baseline: Course, column: str = "volume"
) -> pd.DataFrame:
    """Measures of nearness in the last year of each run, members by their median.

    Parameters
    ----------
    runs : sequence of Course
        The lakes.
    baseline : Course
        The baseline.
    column : str, default "volume"
        Quantity that is compared: ``volume`` or ``area``.

    Returns
    -------
    pandas.DataFrame
        One row for each run, by its name, in the order given: last ``year`` in which the quantity
        is known, ``onset``, ``age``, fall to that year (``fall_m``), shares lost with those of the
        baseline at the same age, equivalent year with its range (of the baseline's
        uncertainty and of 80 % of the members), lead, the inflow deficit over the last ten years
        and ``separated``, the first year in which the basins part in half of the members (missing:
        never).

    Examples
    --------
    >>> from balkhash_model.diagnostics import observed_baseline
    >>> aral = observed_baseline()
    >>> summary = nearness_summary([aral], aral, "area")
    >>> int(summary.loc["aral", "separated"])
    1988
    """
    rows = []
    for run in runs:
        table = nearness(run, baseline, column)
        by_year = table.groupby("year")
        known = run.state[column].groupby("year").median().dropna()
        last = int(known.index[-1])
        end = table.xs(last, level="year")
        parted = table["connected"].groupby("year").mean() <= 0.5
        here = _middle_of(end["equivalent_year"])
        age = float(end["age"].iloc[0])
        lead = here - float(baseline.onset or 0) - age if np.isfinite(here) else np.nan
        recent = by_year["inflow_deficit"].median().loc[last - 9 : last]
        rows.append(
            {
                "year": last,
                "onset": run.onset if run.onset is not None else np.nan,
                "age": age,
                "fall_m": float(run.fall().loc[last].median()),
                **{
                    c: _middle_of(end[c])
                    for c in (
                        "volume_lost",
                        "baseline_volume_lost",
                        "area_lost",
                        "baseline_area_lost",
                        "equivalent_year",
                    )
                },
                "equivalent_low": _quantile(end["equivalent_low"], 0.1),
                "equivalent_high": _quantile(end["equivalent_high"], 0.9),
                "lead": lead if age >= 0.0 else np.nan,
                "inflow_deficit": float(recent.mean()),
                "separated": float(parted.index[parted][0]) if parted.any() else np.nan,
            }
        )
    # a list and not a mapping: two runs of one scenario have one name
    return pd.DataFrame(rows, index=[run.name for run in runs])


def _quantile(values: pd.Series, q: float) -> float:
    """A value of the members as it stands, for infinite ones cannot be averaged."""
    known = np.sort(values.dropna().to_numpy())
    return float("nan") if known.size == 0 else float(known[round(q * (known.size - 1))])


def _middle_of(values: pd.Series) -> float:
    known = values.dropna()
    if np.isfinite(known).all():
        return float(known.median())
    return _quantile(values, 0.5)
