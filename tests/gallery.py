"""Draw every figure of the library into a folder, to be looked at.

``python tests/gallery.py FOLDER [--size page] [--lang ru] [--only salinity]`` writes one picture
for each figure, size and language, and prints texts that leave the figure or lie on each other.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import balkhash_model as bm
from balkhash_model import plot, reference
from balkhash_model.reference.levels import aral_levels, balkhash_levels
from balkhash_model.reference.salinity import balkhash_salinities

Drawing = Callable[..., Any]
PERIODS = [(1961, 1969), (1970, 1985), (1986, 2000), (2001, 2014)]


def material() -> dict[str, Any]:
    """Results that the figures are drawn from."""
    balkhash = bm.load_system("balkhash")
    free, without = bm.run("hindcast_free"), bm.run("no_kapshagay")
    km3 = 1e9 / (365.2425 * 86400.0)
    return {
        "balkhash": balkhash,
        "aral_system": bm.load_system("aral"),
        "north_aral": bm.load_system("north_aral"),
        "free": free,
        "without": without,
        "found": bm.compare(free, without),
        "aral": bm.run("aral_hindcast"),
        "one": bm.run_ensemble("baseline_2050", members=60),
        "two": bm.run_ensemble(["baseline_2050", "china_plus"], members=60),
        "rest": bm.equilibrium(balkhash, inflow=np.linspace(8.0, 15.3, 60) * km3),
        "budget": bm.diagnostics.budget_table(free, PERIODS),
    }


def single_members(result: Any) -> Any:
    """States of members that lie within the fan, as ``keep=["members"]`` writes them."""
    quantiles = result["lake_level_quantile"]
    return (
        quantiles.rename(quantile="realization")
        .drop_vars("realization")
        .to_dataset(name="lake_level")
    )


def factors() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two tables as a sensitivity analysis gives them."""
    names = ["net_evaporation", "lake_reference_area", "ili_loss_slope"]
    ranks = {"rank_correlation": [-0.82, 0.31, -0.12], "interval": [0.05, 0.09, 0.1]}
    shares = {
        "first_order": [0.62, 0.2, 0.05],
        "first_order_interval": [0.06, 0.05, 0.04],
        "total": [0.66, 0.24, 0.09],
        "total_interval": [0.07, 0.05, 0.04],
    }
    return pd.DataFrame(ranks, index=names), pd.DataFrame(shares, index=names)


def drawings(m: Mapping[str, Any]) -> dict[str, Drawing]:
    """Every helper, ready to be drawn in a language and at a size."""
    free, two, one = m["free"], m["two"], m["one"]
    ranks, shares = factors()
    shape = reference.load("balkhash_hypsometry_statements").to_dataframe().reset_index()
    ten_years = {"time": slice(400, 520), "time_edge": slice(400, 521)}
    return {
        "trajectories": lambda **k: plot.trajectories(free, balkhash_levels(), **k),
        "trajectories_aral": lambda **k: plot.trajectories(
            m["aral"], aral_levels(), threshold=None, **k
        ),
        "collapse": lambda **k: plot.collapse(
            {
                "simulated": bm.diagnostics.course(m["aral"], onset=1960),
                "Balkhash 1961-2014": bm.diagnostics.course(free, onset=1970),
            },
            **k,
        ),
        "collapse_inflow": lambda **k: plot.collapse(
            {"hindcast_free": free}, onset=1970, phase="inflow", measure="area", **k
        ),
        "comparison": lambda **k: plot.comparison(m["found"], **k),
        "fan": lambda **k: plot.fan(two, **k),
        "fan_levels": lambda **k: plot.fan(
            bm.diagnostics.annual_levels(free).assign(b=341.5, c=342.0), "Levels", **k
        ),
        "ensemble_fan": lambda **k: plot.ensemble_fan(one, "salinity_west", **k),
        "exceedance": lambda **k: plot.exceedance(two, **k),
        "first_crossing": lambda **k: plot.first_crossing(two, **k),
        "spaghetti": lambda **k: plot.spaghetti(single_members(one), one, **k),
        "sensitivity_bars": lambda **k: plot.sensitivity_bars(ranks, "Level of 2049", **k),
        "sensitivity_bars_variance": lambda **k: plot.sensitivity_bars(
            shares, "Level of 2049", **k
        ),
        "compare_lakes": lambda **k: plot.compare_lakes(**k),
        "budget_bars": lambda **k: plot.budget_bars(m["budget"], **k),
        "budget_waterfall": lambda **k: plot.budget_waterfall(m["budget"], "1970-1985", **k),
        "hypsometry": lambda **k: plot.hypsometry(m["balkhash"], shape, **k),
        "hypsometry_aral": lambda **k: plot.hypsometry(m["aral_system"], **k),
        "system_diagram": lambda **k: plot.system_diagram(m["balkhash"], **k),
        "system_diagram_aral": lambda **k: plot.system_diagram(m["aral_system"], **k),
        "system_diagram_north_aral": lambda **k: plot.system_diagram(m["north_aral"], **k),
        "equilibrium": lambda **k: plot.equilibrium(m["rest"], **k),
        "salinity": lambda **k: plot.salinity(free, balkhash_salinities(), **k),
        "reservoir": lambda **k: plot.reservoir(free, **k),
        "reservoir_months": lambda **k: plot.reservoir(free.isel(ten_years), **k),
        "ice_calendar": lambda **k: plot.ice_calendar(
            bm.diagnostics.ice_dates(free), ["west", "east"], **k
        ),
        "scenario_difference": lambda **k: plot.scenario_difference(m["without"], free, **k),
    }


def main() -> None:
    """Draw what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", action="append", choices=list(plot.SIZES))
    parser.add_argument("--lang", action="append", choices=["en", "ru", "kk"])
    parser.add_argument("--only", action="append", help="Names of figures.")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    for name, draw in drawings(material()).items():
        if given.only and name not in given.only:
            continue
        for size in given.size or plot.SIZES:
            for lang in given.lang or ("en", "ru", "kk"):
                figure = draw(lang=lang, size=size)
                plot.save(figure, given.folder / f"{name}.{size}.{lang}.png")
                for fault in plot.text_faults(figure):
                    print(f"{name} {size} {lang}: {fault}")


if __name__ == "__main__":
    main()
