"""Levels of the lakes of the region side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from balkhash_model import reference
from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.plot.style import PALETTE, use_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["LAKES", "compare_lakes"]

#: Lakes with a monthly record from altimetry: table and label.
LAKES: dict[str, tuple[str, str]] = {
    "balkhash": ("balkhash_level_altimetry", "Balkhash"),
    "kapshagay": ("kapshagay_level_altimetry", "Kapshagay (reservoir)"),
    "sasykkol": ("sasykkol_level_altimetry", "Sasykkol (Alakol lakes)"),
    "issyk_kul": ("issyk_kul_level_altimetry", "Issyk-Kul"),
    "caspian": ("caspian_level_altimetry", "Caspian Sea"),
    "north_aral": ("aral_north_level_altimetry", "North Aral"),
    "south_aral": ("aral_south_level_altimetry", "South Aral"),
}


def compare_lakes(lakes: Sequence[str] | None = None, *, columns: int = 2) -> Figure:
    """Draw the levels of lakes since 1992, each less the mean of its first five years.

    Every panel has its own scale, for the South Aral fell by metres where others moved by
    decimetres. Monthly altimetry (G-REALM); some months are filled
    by a smoother, which the source does not mark.

    Parameters
    ----------
    lakes : sequence of str, optional
        Names of :data:`LAKES`; by default all.
    columns : int, default 2
        Panels side by side.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    InputError
        For a lake without a record.

    Examples
    --------
    >>> len(compare_lakes(["balkhash", "caspian"]).axes)
    2
    """
    import matplotlib.pyplot as plt

    chosen = list(LAKES) if lakes is None else list(lakes)
    problems = [
        Problem("lakes", "no record of this lake", name, ", ".join(LAKES), nearest(name, LAKES))
        for name in chosen
        if name not in LAKES
    ]
    if problems or not chosen:
        raise InputError(problems or [Problem("lakes", "none is given")])
    rows = -(-len(chosen) // columns)
    with use_style():
        figure: Figure
        figure, grid = plt.subplots(
            rows,
            columns,
            sharex=True,
            squeeze=False,
            figsize=(10.0, 1.0 + 1.75 * rows),
            layout="constrained",
        )
        for ax in grid.ravel()[len(chosen) :]:
            ax.remove()
        for i, (name, ax) in enumerate(zip(chosen, grid.ravel(), strict=False)):
            table, label = LAKES[name]
            data = reference.load(table)
            level = data["level_anomaly_m"].values
            level = level - np.nanmean(level[:60])
            falling = level[-12:].mean() < 0.0
            colour = PALETTE["east"] if falling else PALETTE["west"]
            ax.axhline(0.0, color="#777777", lw=0.8)
            months = data["time"].values.astype("datetime64[M]")
            # months without a value are a gap, not a straight line
            every = np.arange(months[0], months[-1] + np.timedelta64(1, "M"))
            drawn = np.full(every.size, np.nan)
            drawn[(months - months[0]).astype(int)] = level
            ax.plot(every.astype("datetime64[ns]"), drawn, color=colour, lw=1.3)
            low, high = float(np.nanmin(level)), float(np.nanmax(level))
            pad = 0.12 * (high - low)
            ax.set_ylim(low - pad, high + pad)
            end = str(months[-1])[:4]
            ax.set_title(f"{label}: {level[-12:].mean():+.2f} m by {end}", fontsize=10)
            ax.set_ylabel("m")
            if i >= len(chosen) - columns:
                ax.tick_params(labelbottom=True)
        figure.suptitle(
            "Levels of lakes and reservoirs, difference from 1992–1997",
            x=0.012,
            ha="left",
            fontsize=12,
            fontweight="bold",
        )
        figure.supxlabel(
            "Altimetry: G-REALM (USDA-FAS, NASA). Each panel has its own scale; the number is the "
            "mean of the last twelve months of the record.",
            fontsize=8,
            x=0.99,
            ha="right",
            color="#555555",
        )
        plt.close(figure)
    return figure
