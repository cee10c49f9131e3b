"""Draw the pictures of the page in plain words from the shipped scenarios.

Run it in the folder of the source code: ``python docs/figures.py``.  It reads nothing but the
package and writes ``docs/images/plain_*.png``, large type for small screens.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("agg")
from matplotlib.figure import Figure

import balkhash_model as bm
from balkhash_model.diagnostics import annual_levels, budget_table, observed_baseline
from balkhash_model.plot import PALETTE, save, use_style
from balkhash_model.reference.levels import balkhash_levels

FOLDER = Path(__file__).parent / "images"
SIZE = (6.4, 4.3)
LARGE = {"font.size": 11.5, "axes.labelsize": 11.5, "axes.titlesize": 12.5, "legend.fontsize": 10.5}


def balance() -> Figure:
    """Draw what comes in and what goes out in a mean year, side by side."""
    run = bm.run("hindcast_free_2020")
    terms = budget_table(run, [(1961, 2020)]).iloc[0]
    gains = {
        "rivers": ("inflow", "west", ""),
        "rain and snow": ("precipitation", "user", "//"),
        "groundwater": ("groundwater", "observed", "xx"),
    }
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.subplots()
    height = 0.0
    look = {"width": 0.62, "edgecolor": "white"}
    for name, (key, colour, hatch) in gains.items():
        value = float(terms[key])
        axes.bar(0, value, bottom=height, color=PALETTE[colour], hatch=hatch, **look)
        middle, text = height + value / 2, f"{name}  {value:.1f}"
        axes.text(0.36, middle, text, va="center", ha="left")
        height += value
    lost = -float(terms["evaporation"])
    axes.bar(1.9, lost, color=PALETTE["east"], hatch="..", **look)
    axes.text(2.26, lost / 2, f"evaporation\n{lost:.1f}", va="center", ha="left")
    axes.set(xlim=(-0.45, 3.2), ylim=(0, 20), ylabel="km³ of water a year")
    axes.set_xticks([0, 1.9], ["comes in", "goes out"])
    axes.grid(visible=False, axis="x")
    axes.set_title("Lake Balkhash in a mean year, 1961-2020")
    return figure


def level() -> Figure:
    """Draw the computed level with what was seen."""
    run = bm.run("hindcast_free_2020")
    computed = run["lake_level"].groupby("time.year").mean()
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.subplots()
    axes.axvspan(1970, 1985, color=PALETTE["period"], lw=0)
    axes.text(
        1970.5, 344.32, "Kapshagay fills,\nfields grow,\nrivers run low", va="top", fontsize=10
    )
    axes.plot(computed["year"], computed, color=PALETTE["lake"], lw=2, label="computed")
    levels = balkhash_levels()
    for series, mark, colour, label in (
        ("altimetry, annual means", "o", "observed", "seen from satellites"),
        ("dated levels", "D", "anchor", "printed in sources"),
    ):
        seen = levels[levels["series"] == series]
        years = seen["time"].dt.year
        axes.errorbar(
            years,
            seen["level"],
            seen["uncertainty"] if mark == "D" else None,
            fmt=mark,
            ms=4.5,
            color=PALETTE[colour],
            label=label,
        )
    axes.axhline(341.0, color=PALETTE["threshold"], ls="--", lw=1.2)
    axes.text(2020.5, 340.97, "341 m, official lower limit", va="top", ha="right", fontsize=10)
    axes.set(ylim=(340.2, 344.4), xlim=(1960, 2021), ylabel="level, m (Baltic system)")
    axes.legend(loc="upper right")
    axes.set_title("The level of the lake, year by year")
    return figure


def aral() -> Figure:
    """Draw how much of their surface the Aral Sea and the lake have kept."""
    sea = observed_baseline()
    left = 100 * sea.state["area"].droplevel("realization") / float(sea.before["area"].iloc[0])
    area = bm.run("hindcast_free_2020")["lake_area"].groupby("time.year").mean()
    lake = 100 * area / float(area.sel(year=slice(1961, 1970)).mean())
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.subplots()
    seen = left.dropna()
    axes.plot(seen.index, seen, color=PALETTE["east"], lw=2, ls="--", label="Aral Sea, observed")
    axes.plot(lake["year"], lake, color=PALETTE["west"], lw=2, label="Lake Balkhash, computed")
    axes.set(ylim=(0, 110), xlim=(1950, 2021), ylabel="surface left, % of what it was")
    axes.legend(loc="lower left")
    axes.set_title("Two lakes, two fates")
    return figure


def outlook() -> Figure:
    """Draw the range of two outlooks."""
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.subplots()
    shown = {
        "baseline_2050": ("use stays as it is", "west", "-"),
        "china_plus": ("use in China grows by half", "east", "--"),
    }
    for name, (label, colour, line) in shown.items():
        mean = annual_levels(bm.run(name))
        low, middle, high = (mean.quantile(q, axis=1) for q in (0.1, 0.5, 0.9))
        axes.fill_between(mean.index, low, high, color=PALETTE[colour], alpha=0.2, lw=0)
        axes.plot(mean.index, middle, color=PALETTE[colour], ls=line, lw=2, label=label)
    axes.axhline(341.0, color=PALETTE["threshold"], ls=":", lw=1.4)
    axes.text(2025.2, 340.97, "341 m, official lower limit", va="top", fontsize=10)
    axes.set(ylim=(339.6, 344.6), xlim=(2025, 2049), ylabel="level, m (Baltic system)")
    axes.legend(loc="upper left", title="band: 8 of 10 futures", alignment="left")
    axes.set_title("Not a forecast: what follows from an assumption")
    return figure


def main() -> None:
    """Draw all of them."""
    FOLDER.mkdir(exist_ok=True)
    for draw in (balance, level, aral, outlook):
        with use_style(), mpl.rc_context(LARGE):
            save(draw(), FOLDER / f"plain_{draw.__name__}.png")


if __name__ == "__main__":
    main()
