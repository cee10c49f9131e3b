"""Runs beside a baseline: levels, and what each differs by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from balkhash_model.plot.style import PALETTE, use_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from balkhash_model.diagnostics.compare import Comparison

__all__ = ["comparison", "fan"]

_COLOURS = ("west", "east", "observed", "anchor", "user")
_LINES = ("-", "--", "-.", (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5, 1, 1.5)))
_MOST = 11


def comparison(found: Comparison) -> Figure:
    """Draw the levels of several runs and their differences from the baseline.

    Parameters
    ----------
    found : Comparison
        As :func:`balkhash_model.compare` gives it.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels on one time axis: annual mean level (median of the members, with the range from
        the 10th to the 90th percentile), and the difference from the baseline.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> figure = comparison(bm.compare("hindcast_free", "no_kapshagay"))
    >>> len(figure.axes)
    2
    """
    import matplotlib.pyplot as plt

    with use_style():
        figure: Figure
        figure, (upper, lower) = plt.subplots(
            2, 1, sharex=True, height_ratios=[2.2, 1.3], layout="constrained"
        )
        others = [name for name in found.levels if name != found.baseline][:_MOST]
        single = all(found.levels[name].shape[1] == 1 for name in [found.baseline, *others])
        _draw(upper, found.levels[found.baseline], found.baseline, PALETTE["lake"], "-", True)
        for i, name in enumerate(others):
            colour, line = PALETTE[_COLOURS[i % 5]], _LINES[(i + i // 5) % 5]
            # the bands of many runs would hide each other
            _draw(upper, found.levels[name], name, colour, line, len(others) <= 2)
            _draw(lower, found.differences[name], name, colour, line, len(others) <= 3)
        lower.axhline(0.0, color=PALETTE["lake"], lw=1.0)
        _mark(upper, found.threshold)
        upper.set_ylabel("Level, m (Baltic system)")
        lower.set_ylabel("Difference, m")
        lower.set_xlabel("Year")
        figure.suptitle(
            f"Annual mean level of the lake, and its difference from {found.baseline}"
            + ("" if single else "\nlines: median of the members; bands: 10th to 90th percentile"),
            x=0.012,
            ha="left",
            fontsize=11,
            fontweight="bold",
        )
        handles, labels = upper.get_legend_handles_labels()
        figure.legend(
            handles,
            labels,
            loc="outside lower center",
            ncols=min(4, len(labels)),
            handlelength=2.8,
        )
    return figure


def fan(levels: pd.DataFrame, title: str = "", threshold: float | None = 341.0) -> Figure:
    """Draw the annual levels of an ensemble: median, middle half, and 5th to 95th percentile.

    Parameters
    ----------
    levels : pandas.DataFrame
        As :func:`balkhash_model.diagnostics.annual_levels` gives them, m.
    title : str, optional
        Title of the figure.
    threshold : float, optional
        Level to mark, m; None for none.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Examples
    --------
    >>> import pandas as pd
    >>> figure = fan(pd.DataFrame({0: [341.0, 341.2], 1: [341.0, 340.9]}, index=[2025, 2026]))
    >>> len(figure.axes)
    1
    """
    import matplotlib.pyplot as plt

    with use_style():
        figure: Figure
        figure, axes = plt.subplots(layout="constrained")
        years = levels.index.to_numpy() + 0.5
        for low, high, alpha in ((0.05, 0.95, 0.15), (0.25, 0.75, 0.3)):
            bounds = [levels.quantile(q, axis=1).to_numpy() for q in (low, high)]
            axes.fill_between(
                years,
                *bounds,
                color=PALETTE["west"],
                alpha=alpha,
                lw=0,
                label=f"{round(100 * low)}th to {round(100 * high)}th percentile",
            )
        axes.plot(years, levels.median(axis=1), color=PALETTE["lake"], label="Median")
        for name in list(levels)[:3]:
            label = "Single members" if name == next(iter(levels)) else None
            axes.plot(years, levels[name], color=PALETTE["band"], lw=0.8, label=label)
        if threshold is not None:
            _mark(axes, threshold)
        axes.set_ylabel("Annual mean level, m (Baltic system)")
        axes.set_xlabel("Year")
        figure.suptitle(
            f"{title}\n{levels.shape[1]} members",
            x=0.012,
            ha="left",
            fontsize=11,
            fontweight="bold",
        )
        figure.legend(loc="outside lower center", ncols=4)
    return figure


def _draw(
    axes: Axes, frame: pd.DataFrame, name: str, colour: str, line: object, band: bool
) -> None:
    years = frame.index.to_numpy() + 0.5
    axes.plot(
        years,
        frame.median(axis=1).to_numpy(),
        color=colour,
        ls=line,
        lw=1.7,
        label=name,
    )
    if band and frame.shape[1] > 1:
        low, high = (frame.quantile(q, axis=1).to_numpy() for q in (0.1, 0.9))
        axes.fill_between(years, low, high, color=colour, alpha=0.16, lw=0)


def _mark(axes: Axes, threshold: float) -> None:
    low, high = axes.get_ylim()
    if low - 1.0 < threshold < high + 1.0:
        axes.axhline(threshold, color=PALETTE["threshold"], lw=1.0, ls=(0, (6, 3)))
        axes.annotate(
            f"{threshold:.1f} m",
            (1.0, threshold),
            xycoords=("axes fraction", "data"),
            xytext=(-2, 3),
            textcoords="offset points",
            ha="right",
            color=PALETTE["threshold"],
            fontsize=8.5,
        )
