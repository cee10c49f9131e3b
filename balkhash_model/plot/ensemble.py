"""Figures of ensembles: fans, exceedance, first crossings, single members, plans side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from balkhash_model.errors import InputError, Problem
from balkhash_model.plot.style import PALETTE, use_style

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["ensemble_fan", "exceedance", "first_crossing", "sensitivity_bars", "spaghetti"]

_COLOURS = ("west", "east", "observed", "anchor", "user")
_LINES = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (7, 2, 1.5, 2)), (0, (4, 1, 1, 1, 1, 1)))


def _need(result: xr.Dataset, *names: str) -> None:
    missing = [n for n in names if n not in result]
    if missing:
        raise InputError(
            [
                Problem("result", f"holds no {n}", expected="a result of run_ensemble")
                for n in missing
            ]
        )


def _plans(result: xr.Dataset) -> list[tuple[str, xr.Dataset]]:
    if "scenario" not in result.dims:
        return [(str(result.attrs.get("scenario_names", "")), result)]
    names = [str(n) for n in result["scenario"].values]
    return [(n, result.isel(scenario=i)) for i, n in enumerate(names)]


def _finish(figure: Figure, result: xr.Dataset, title: str, columns: int = 4) -> None:
    """Title, number of members, and a legend below."""
    members = f"{int(result.attrs['members']):,} members".replace(",", " ")
    if result.attrs.get("complete") == "no":
        members += f" of {result.attrs['members_asked']}: INTERRUPTED"
    figure.suptitle(f"{title}\n{members}", x=0.012, ha="left", fontsize=11, fontweight="bold")
    handles, labels = [], []
    for axes in figure.axes:
        for handle, text in zip(*axes.get_legend_handles_labels(), strict=True):
            if text not in labels:
                handles.append(handle)
                labels.append(text)
    figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=min(columns, max(len(labels), 1)),
        handlelength=2.8,
    )


def _threshold(axes: Axes, value: float) -> None:
    low, high = axes.get_ylim()
    if not low - 0.5 < value < high + 0.5:
        return
    axes.axhline(value, color=PALETTE["threshold"], lw=1.0, ls=(0, (6, 3)))
    axes.annotate(
        f"{value:.1f} m",
        (0.0, value),
        xycoords=("axes fraction", "data"),
        xytext=(3, -3),
        textcoords="offset points",
        va="top",
        color=PALETTE["threshold"],
        fontsize=8.5,
    )


def _bands(quantiles: npt.NDArray[np.float64]) -> list[tuple[int, int]]:
    """Pairs of quantiles that lie as far from both ends."""
    last = quantiles.size - 1
    return [
        (i, last - i)
        for i in range(quantiles.size // 2)
        if abs(quantiles[i] + quantiles[last - i] - 1.0) < 1e-9
    ]


def ensemble_fan(result: xr.Dataset, variable: str = "lake_level", title: str = "") -> Figure:
    """Draw the quantiles of a variable through time, a panel for each plan.

    Parameters
    ----------
    result : xarray.Dataset
        A result of :func:`balkhash_model.run_ensemble`.
    variable : str, default "lake_level"
        Such as ``lake_level``, ``salinity_west`` or ``lake_level_difference``.
    title : str, optional
        Title; that of the result where not given.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    InputError
        Where the result does not hold the variable.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> figure = ensemble_fan(bm.run_ensemble("baseline_2050", members=50))
    >>> len(figure.axes)
    1
    """
    import matplotlib.pyplot as plt

    name = f"{variable}_quantile"
    _need(result, name, f"{variable}_least", f"{variable}_greatest")
    plans = _plans(result)
    if variable == "lake_level_difference":
        plans = plans[1:]
    with use_style():
        figure: Figure
        width = min(4.6 + 4.0 * len(plans), 16.0) if len(plans) > 1 else 9.0
        figure, grid = plt.subplots(
            1, len(plans), sharey=True, squeeze=False, layout="constrained", figsize=(width, 5.6)
        )
        for axes, (plan, part) in zip(grid[0], plans, strict=True):
            _draw_fan(axes, part, variable, name)
            if len(plans) > 1:
                axes.set_title(plan)
            axes.set_xlabel("Year")
        for axes in grid[0]:
            if variable == "lake_level":
                for value in result["threshold"].values:
                    _threshold(axes, float(value))
        grid[0][0].set_ylabel(_axis_label(result, variable))
        _finish(figure, result, title or str(result.attrs.get("title", "")).replace("; ", "\n"))
        plt.close(figure)
    return figure


def _axis_label(result: xr.Dataset, variable: str) -> str:
    quantity = variable.replace("_", " ")
    unit = str(result[f"{variable}_mean"].attrs["units"])
    unit = {"kg m-3": "g/l"}.get(unit, unit)
    datum = str(result.attrs.get("datum", ""))
    if variable == "lake_level_difference":
        return f"Lake level less that of {result['scenario'].values[0]} (m)"
    text = quantity.capitalize()
    return f"{text} ({unit}, {datum})" if "level" in variable and datum else f"{text} ({unit})"


def _draw_fan(axes: Axes, part: xr.Dataset, variable: str, name: str) -> None:
    time, values = part["time_edge"].values, part[name].values
    quantiles = part["quantile"].values
    ends = (part[f"{variable}_least"].values, part[f"{variable}_greatest"].values)
    axes.fill_between(time, *ends, color=PALETTE["band"], alpha=0.18, lw=0, label="All members")
    bands = _bands(quantiles)
    for n, (i, j) in enumerate(bands):
        axes.fill_between(
            time,
            values[i],
            values[j],
            color=PALETTE["west"],
            alpha=0.18 + 0.3 * (n + 1) / max(len(bands), 1),
            lw=0,
            label=f"{100 * quantiles[i]:.3g}th to {100 * quantiles[j]:.3g}th percentile",
        )
    middle = np.flatnonzero(np.abs(quantiles - 0.5) < 1e-9)
    if middle.size:
        axes.plot(time, values[middle[0]], color=PALETTE["lake"], label="Median")
    axes.margins(x=0.01)


def exceedance(result: xr.Dataset, title: str = "") -> Figure:
    """Draw the share of members below each threshold through time.

    Parameters
    ----------
    result : xarray.Dataset
        A result of :func:`balkhash_model.run_ensemble`.
    title : str, optional
        Title; that of the result where not given.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each threshold, a line for each plan.

    Raises
    ------
    InputError
        Where the result is of another kind.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> figure = exceedance(bm.run_ensemble("baseline_2050", members=50))
    >>> figure.axes[0].get_ylabel()
    'Members below the level (%)'
    """
    import matplotlib.pyplot as plt

    _need(result, "level_below")
    plans, thresholds = _plans(result), result["threshold"].values
    with use_style():
        figure: Figure
        figure, grid = plt.subplots(
            1,
            thresholds.size,
            sharey=True,
            squeeze=False,
            layout="constrained",
            figsize=(min(5.0 + 3.6 * thresholds.size, 16.0), 5.0),
        )
        for j, axes in enumerate(grid[0]):
            for i, (plan, part) in enumerate(plans):
                axes.plot(
                    part["time_edge"].values,
                    100.0 * part["level_below"].values[:, j],
                    color=PALETTE[_COLOURS[i % len(_COLOURS)]],
                    ls=_LINES[i % len(_LINES)],
                    label=plan,
                )
            axes.set_title(f"Below {thresholds[j]:.2f} m")
            axes.set_xlabel("Year")
        grid[0][0].set_ylim(bottom=0.0)
        grid[0][0].set_ylabel("Members below the level (%)")
        _finish(figure, result, title or "Chance of a low lake")
        plt.close(figure)
    return figure


def first_crossing(result: xr.Dataset, threshold: float | None = None, title: str = "") -> Figure:
    """Draw in which year members first fall below a threshold.

    Parameters
    ----------
    result : xarray.Dataset
        A result of :func:`balkhash_model.run_ensemble`.
    threshold : float, optional
        One of the thresholds of the result, m; the first where not given.
    title : str, optional
        Title; that of the result where not given.

    Returns
    -------
    matplotlib.figure.Figure
        Bars by year, a panel for each plan; the share that never falls below is written there.

    Raises
    ------
    InputError
        Where the result has no such threshold.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> figure = first_crossing(bm.run_ensemble("baseline_2050", members=50))
    >>> figure.axes[0].get_xlabel()
    'Year'
    """
    import matplotlib.pyplot as plt

    _need(result, "first_below_count")
    thresholds = result["threshold"].values
    value = float(thresholds[0]) if threshold is None else threshold
    near = np.flatnonzero(np.abs(thresholds - value) < 1e-9)
    if near.size == 0:
        raise InputError(
            Problem(
                "threshold",
                "is none of the result",
                f"{value:g} m",
                ", ".join(f"{t:g} m" for t in thresholds),
            )
        )
    plans = _plans(result)
    years = result["time"].dt.year.values
    members = int(result.attrs["members"])
    with use_style():
        figure: Figure
        figure, grid = plt.subplots(
            len(plans),
            1,
            sharex=True,
            sharey=True,
            squeeze=False,
            layout="constrained",
            figsize=(9.0, 2.6 + 2.2 * len(plans)),
        )
        for i, (axes, (plan, part)) in enumerate(zip(grid[:, 0], plans, strict=True)):
            counts = part["first_below_count"].values[:, near[0]]
            found = np.unique(years)
            share = np.array([counts[years == y].sum() for y in found]) * 100.0 / members
            axes.bar(found + 0.5, share, width=0.85, color=PALETTE[_COLOURS[i % len(_COLOURS)]])
            never = 100.0 - share.sum()
            axes.set_title(f"{plan}: {never:.1f} % never fall below {value:.2f} m")
            axes.set_ylabel("Members (%)")
        grid[-1, 0].set_xlabel("Year")
        _finish(figure, result, title or f"Year in which the lake first falls below {value:.2f} m")
        plt.close(figure)
    return figure


def spaghetti(members: xr.Dataset, result: xr.Dataset, count: int = 40, title: str = "") -> Figure:
    """Draw single members over the quantiles of all.

    Parameters
    ----------
    members : xarray.Dataset
        States of the members, the file that ``keep=["members"]`` writes.
    result : xarray.Dataset
        The result of the same run.
    count : int, default 40
        How many members are drawn: the first ones, which are as good as any others.
    title : str, optional
        Title; that of the result where not given.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, of the first plan.

    Raises
    ------
    InputError
        Where there are no levels of members.

    Examples
    --------
    ``spaghetti(xr.open_dataset("future.members.nc"), xr.open_dataset("future.nc"))``
    """
    import matplotlib.pyplot as plt

    _need(members, "lake_level")
    _need(result, "lake_level_quantile")
    plan, part = _plans(result)[0]
    with use_style():
        figure: Figure
        figure, axes = plt.subplots(layout="constrained", figsize=(9.0, 5.6))
        _draw_fan(axes, part, "lake_level", "lake_level_quantile")
        levels = members["lake_level"]
        first = levels.isel(scenario=0) if "scenario" in levels.dims else levels
        for k, course in enumerate(first[:count].values):
            axes.plot(
                part["time_edge"].values,
                course,
                color=PALETTE["east"],
                lw=0.5,
                alpha=0.55,
                label="Single members" if k == 0 else None,
            )
        for value in result["threshold"].values:
            _threshold(axes, float(value))
        axes.set_ylabel(_axis_label(result, "lake_level"))
        axes.set_xlabel("Year")
        _finish(figure, result, title or plan)
        plt.close(figure)
    return figure


def sensitivity_bars(table: pd.DataFrame, title: str = "") -> Figure:
    """Draw how much each factor matters.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`balkhash_model.sensitivity` gives it.
    title : str, optional
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        A bar for each factor with its 95 % interval; two for a variance-based analysis.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = {"rank_correlation": [0.8, -0.3], "interval": [0.1, 0.1]}
    >>> figure = sensitivity_bars(pd.DataFrame(rows, index=["inflow", "area"]))
    >>> figure.axes[0].get_xlabel()
    'Rank correlation with the level'
    """
    import matplotlib.pyplot as plt

    variance = "first_order" in table
    order = table.iloc[::-1]
    at = np.arange(len(order))
    with use_style():
        figure: Figure
        figure, axes = plt.subplots(
            layout="constrained", figsize=(9.0, 2.2 + 0.5 * max(len(order), 2))
        )
        bars: list[tuple[str, str, str, float, str, str]] = (
            [
                ("first_order", "first_order_interval", "First order", 0.2, "west", ""),
                ("total", "total_interval", "Total, with interactions", -0.2, "user", "//"),
            ]
            if variance
            else [("rank_correlation", "interval", "Rank correlation", 0.0, "west", "")]
        )
        for column, interval, text, shift, colour, hatch in bars:
            style: dict[str, Any] = {"height": 0.36 if variance else 0.6, "hatch": hatch}
            axes.barh(
                at + shift,
                order[column],
                xerr=order[interval],
                color=PALETTE[colour],
                edgecolor="white",
                error_kw={"lw": 1.0, "capsize": 2.5},
                label=text,
                **style,
            )
        axes.set_yticks(at, [str(n) for n in order.index])
        axes.axvline(0.0, color=PALETTE["lake"], lw=0.8)
        axes.grid(axis="y", visible=False)
        axes.set_xlabel(
            "Share of the variance of the level" if variance else "Rank correlation with the level"
        )
        if variance:
            figure.legend(loc="outside lower center", ncols=2)
        figure.suptitle(title, x=0.012, ha="left", fontsize=11, fontweight="bold")
        plt.close(figure)
    return figure
