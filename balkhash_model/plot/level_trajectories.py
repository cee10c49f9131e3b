"""Lake-level trajectories beside what was observed."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from balkhash_model.errors import InputError, Problem
from balkhash_model.plot.style import PALETTE, use_style

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["trajectories"]

#: Periods marked by default: first instant, last instant, label.
FILLING = ("1970-01-01", "1986-01-01", "Kapshagay filling\n1970–1985")


def trajectories(
    result: xr.Dataset,
    observed: pd.DataFrame | None = None,
    *,
    threshold: float | None = 341.0,
    periods: tuple[tuple[str, str, str], ...] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw the level of the lake and of its basins through time, beside observed levels.

    Parameters
    ----------
    result : xarray.Dataset
        A result with a single member.
    observed : pandas.DataFrame, optional
        Observed levels, as :func:`balkhash_model.reference.levels.balkhash_levels` gives them.
    threshold : float, optional
        Level of a line to mark, m; None for no line.
    periods : tuple of (start, end, label), optional
        Periods to shade; by default the filling of Kapshagay where the system holds it.
    ax : matplotlib.axes.Axes, optional
        Where to draw the lake level alone. By default a figure of two panels is made: the lake with
        the observations above, the flow between the basins beneath.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    InputError
        Where the result has several members or lacks the lake level.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> figure = trajectories(bm.run("hindcast_free"))
    >>> len(figure.axes)
    2
    """
    import matplotlib.pyplot as plt

    if "lake_level" not in result:
        raise InputError(Problem("result", "holds no lake_level"))
    if "realization" in result["lake_level"].dims:
        raise InputError(
            Problem(
                "result",
                "holds several members",
                expected="one member",
                hint="Select one: result.isel(realization=0)",
            )
        )
    if periods is None:
        periods = (FILLING,) if "kapshagay" in result["storage"].values else ()
    with use_style():
        if ax is not None:
            figure: Figure = ax.get_figure()  # type: ignore[assignment]
            _draw_levels(ax, result, observed, threshold, periods)
            ax.legend(loc="best", ncols=2, columnspacing=1.4, handlelength=2.6)
            return figure
        figure, (upper, lower) = plt.subplots(
            2, 1, sharex=True, height_ratios=[3.4, 1.0], layout="constrained"
        )
        _draw_levels(upper, result, observed, threshold, periods)
        if not _draw_strait(lower, result):
            lower.set_visible(False)
            upper.tick_params(labelbottom=True)
            upper.set_xlabel("Year")
        for axes in (upper, lower):
            for start, end, _ in periods:
                if axes is lower and _inside(result, start, end):
                    axes.axvspan(
                        np.datetime64(start),
                        np.datetime64(end),
                        color=PALETTE["period"],
                        lw=0,
                        zorder=0,
                    )
        lower.set_xlabel("Year")
        figure.suptitle(
            str(result.attrs.get("title", "")), x=0.012, ha="left", fontsize=12, fontweight="bold"
        )
        figure.text(
            0.995,
            0.003,
            _caption(result, observed),
            ha="right",
            va="bottom",
            fontsize=7.5,
            color="#555555",
        )
        handles, labels = upper.get_legend_handles_labels()
        figure.legend(
            handles,
            labels,
            loc="upper left",
            ncols=3,
            columnspacing=1.6,
            handlelength=2.6,
            bbox_to_anchor=(0.005, 0.958),
        )
        figure.set_layout_engine("constrained", rect=(0.0, 0.028, 1.0, 0.872))
        plt.close(figure)
    return figure


def _spoken(name: str) -> str:
    """A name of a storage as people write it."""
    return "-".join(part.capitalize() for part in name.split("_"))


def _inside(result: xr.Dataset, start: str, end: str) -> bool:
    edges = result["time_edge"].values
    return bool(np.datetime64(end) > edges[0] and np.datetime64(start) < edges[-1])


def _draw_levels(
    ax: Axes,
    result: xr.Dataset,
    observed: pd.DataFrame | None,
    threshold: float | None,
    periods: tuple[tuple[str, str, str], ...],
) -> None:
    time = result["time"].values
    level = result["lake_level"].values
    if "lake_level_uncertainty" in result:
        spread = result["lake_level_uncertainty"].values
        ax.fill_between(
            time,
            level - spread,
            level + spread,
            color=PALETTE["band"],
            alpha=0.35,
            lw=0,
            label="Simulated, ± one standard error",
            zorder=1,
        )
    lake = [str(s) for s in result["storage"].values[result["storage_kind"].values == "lake"]]
    styles = (
        ("west", (0, (5, 2)), 2.4),
        ("east", (0, (1.2, 1.6)), 2.0),
        ("user", (0, (3, 1)), 1.6),
    )
    for name, (role, style, width) in zip(
        lake if len(lake) > 1 else [], cycle(styles), strict=False
    ):
        basin = result["water_level"].sel(storage=name)
        ax.plot(
            time,
            basin.values,
            color=PALETTE[role],
            ls=style,
            lw=width,
            label=f"Simulated, {_spoken(name)} basin",
            zorder=3,
        )
    ax.plot(time, level, color=PALETTE["lake"], lw=0.9, label="Simulated, whole lake", zorder=4)
    if observed is not None:
        _draw_observed(ax, result, observed)
    datum = str(result.attrs.get("datum", "datum not stated"))
    if threshold is not None:
        ax.axhline(threshold, color=PALETTE["threshold"], lw=1.2, ls="-.", zorder=2)
        ax.annotate(
            f"{threshold:.1f} m: level not to fall below",
            (1.0, threshold),
            xycoords=("axes fraction", "data"),
            xytext=(-2, -3),
            textcoords="offset points",
            ha="right",
            va="top",
            fontsize=8.5,
            color=PALETTE["threshold"],
        )
    low, high = ax.get_ylim()
    ax.set_ylim(low - 0.05, high + 0.13 * (high - low))
    for start, end, label in periods:
        if _inside(result, start, end):
            first = max(np.datetime64(start), result["time_edge"].values[0])
            last = min(np.datetime64(end), result["time_edge"].values[-1])
            ax.axvspan(first, last, color=PALETTE["period"], lw=0, zorder=0)
            middle = first + (last - first) / 2
            ax.annotate(
                label,
                (middle, 0.985),
                xycoords=("data", "axes fraction"),
                ha="center",
                va="top",
                fontsize=8.5,
                color="#5A523A",
            )
    if "level_offset" in result:
        day: Any = np.datetime64(result["level_offset"].attrs["from"])
        ax.axvline(day, color="#555555", lw=1.0, ls=":", zorder=1)
        ax.annotate(
            "inflow reconstructed\nfrom levels from here on",
            (day, 0.985),
            xycoords=("data", "axes fraction"),
            xytext=(4, 0),
            textcoords="offset points",
            va="top",
            fontsize=8.5,
            color="#555555",
        )
    ax.set_ylabel(f"Water level (m, {datum})")
    ax.margins(x=0.01)


def _draw_observed(ax: Axes, result: xr.Dataset, observed: pd.DataFrame) -> None:
    edges = result["time_edge"].values
    markers: list[tuple[str, dict[str, Any]]] = [
        (
            "dated levels",
            {
                "fmt": "D",
                "ms": 5.5,
                "color": PALETTE["anchor"],
                "mec": "black",
                "mew": 0.6,
                "capsize": 3,
                "label": "Observed, dated levels",
            },
        ),
        (
            "altimetry, months",
            {
                "fmt": "-",
                "lw": 1.3,
                "color": PALETTE["observed"],
                "label": "Observed, altimetry (± 0.1 m)",
            },
        ),
    ]
    known = {"dated levels", "altimetry, annual means", "altimetry, months", "all annual levels"}
    markers += [
        (
            str(s),
            {
                "fmt": fmt,
                "ms": 4,
                "color": PALETTE["user"],
                "mec": "black",
                "mew": 0.5,
                "capsize": 2,
                "label": f"Observed, {s}",
            },
        )
        for s, fmt in zip(
            [s for s in dict.fromkeys(observed["series"]) if s not in known],
            cycle(("s", "^", "v")),
            strict=False,
        )
    ]
    for series, style in markers:
        group = observed[observed["series"] == series]
        group = group[(group["time"] >= edges[0]) & (group["time"] <= edges[-1])]
        if group.empty:
            continue
        times = group["time"].to_numpy()
        if series == "altimetry, months":
            middle = times + np.timedelta64(15, "D")
            ax.fill_between(
                middle,
                group["level"] - group["uncertainty"],
                group["level"] + group["uncertainty"],
                color=PALETTE["observed"],
                alpha=0.18,
                lw=0,
                zorder=2,
            )
            ax.plot(
                middle,
                group["level"],
                color=style["color"],
                lw=style["lw"],
                label=style["label"],
                zorder=5,
            )
        else:
            # two sources for one year stand side by side
            twice = group["time"].duplicated().to_numpy()
            times = np.where(twice, times + np.timedelta64(120, "D"), times)
            error = np.nan_to_num(group["uncertainty"].to_numpy(dtype=float))
            ax.errorbar(times, group["level"], yerr=error, lw=1.2, zorder=6, **style)


def _draw_strait(ax: Axes, result: xr.Dataset) -> bool:
    """Flow between the basins; False where the result has no such link."""
    storages = [str(x) for x in result["storage"].values]
    ends = zip(result["link_from"].values, result["link_to"].values, strict=True)
    inner = [i for i, (a, b) in enumerate(ends) if a in storages and b in storages]
    if not inner:
        return False
    link = result["link_flow"].isel(link=inner[0])
    start, end = str(link["link_from"].item()), str(link["link_to"].item())
    ax.plot(result["time"].values, link.values, color=PALETTE["lake"], lw=1.0)
    ax.axhline(0.0, color="#777777", lw=0.7)
    ax.set_ylabel("Flow (m³/s)")
    name = str(link["link"].item()).capitalize().replace("_", " ")
    ax.set_title(f"{name}: flow from {_spoken(start)} to {_spoken(end)}", fontsize=9.5)
    return True


def _caption(result: xr.Dataset, observed: pd.DataFrame | None) -> str:
    parts = [f"balkhash_model, scenario {result.attrs.get('scenario', '-')}"]
    if observed is not None and "kapshagay" in result["storage"].values:
        parts.append("observed: Wang 2022, Zhang 2022 (dated), G-REALM altimetry tied in 2011-12")
    return "; ".join(parts)
