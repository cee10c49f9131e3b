# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # F1. The mean water budget of Lake Balkhash, 1961-2020
#
# **Asked.** How much water does the lake gain and lose in a mean year, and does the budget close?
#
# **Printed.** Wang et al. 2022 (Arid Zone Research 39(2), 400-409; figure 6 and text) give the
# mean terms: rivers 14.04 km³/yr (the Ili 10.84, four eastern rivers "about 3"), rain on the lake
# 3.35, evaporation 17.95, and 0.52 from the ground, which is what their budget leaves over.
#
# **Modelled.** `hindcast_free_2020` drives the lake for 60 years with gauge means of the Ili and
# with rain, both by period and from the same paper. Delta loss, eastern rivers, net evaporation,
# groundwater and the level of 1961 were fitted once, to observed *levels*, with priors about the
# printed means. Rain is an input, so agreement there proves nothing.

# %%
from functools import partial

import matplotlib.pyplot as plt
import pandas as pd

import balkhash_model as bm
from balkhash_model.diagnostics import Score, budget_table, scorecard
from balkhash_model.diagnostics.skill import annual_means
from balkhash_model.plot import PALETTE, frame, use_style
from balkhash_model.reference import value

ALL = [(1961, 2020)]
free = bm.run("hindcast_free_2020")
lake = budget_table(free, ALL).iloc[0]
ili, eastern = (budget_table(free, ALL, [basin])["inflow"].iloc[0] for basin in ("west", "east"))
print(lake.round(3).to_string())
print(f"of the inflow: Ili at its mouth {ili:.2f}, eastern rivers {eastern:.2f} km3/yr")

# %% [markdown]
# ## The printed budget, checked
#
# Depth and volume of the rain together mean an area; with it evaporation becomes a depth, and the
# lake has a size at which it would rest. The terms nearly cancel, while the volumes printed in the
# same paper fall by more: the budget closes by construction, but not with its own volumes.

# %%
printed = {
    name: value("wang2022_printed", quantity=f"{name}, mean", period="1961-2020")
    for name in (
        "river inflow",
        "Ili inflow",
        "four eastern rivers",
        "precipitation",
        "evaporation",
        "groundwater to the lake",
        "precipitation depth",
    )
}
rivers, rain, evaporated, ground = (
    printed[name]
    for name in ("river inflow", "precipitation", "evaporation", "groundwater to the lake")
)
area = rain / printed["precipitation depth"] * 1e6  # km2
net_depth = (evaporated - rain) / area * 1e3  # m/yr
total = rivers + rain + ground - evaporated
first, last = (value("wang2022_printed", quantity="volume", period=year) for year in (1961, 2020))
change = (last - first) / 59.0
print(f"mean area {area:.0f} km2, net evaporation {net_depth:.3f} m/yr, terms sum to {total:+.2f}")
print(f"volumes change by {change:+.2f} km3/yr: {total - change:+.2f} km3/yr stay unexplained")

# %% [markdown]
# ## Where the lake would rest
#
# A closed lake rests at the area $A_e = (R + G)/(E - P)$. Once with the printed terms, which is
# arithmetic, and once with the terms of the run, which is the model's own.


# %%
def rest_area(inflow, groundwater, net):
    """Area at which the lake rests, km2, from km3/yr and m/yr."""
    rest = bm.equilibrium(
        bm.load_system("balkhash"),
        inflow=f"{inflow} km3/yr",
        groundwater=f"{groundwater} km3/yr",
        net_evaporation=f"{net} m/yr",
    )
    return float(rest["lake_area"]) / 1e6


own_area = annual_means(free, "lake_area").mean() / 1e6
own_net = -(lake["evaporation"] + lake["precipitation"]) / own_area * 1e3
rest_printed = rest_area(rivers, ground, net_depth)
rest_own = rest_area(lake["inflow"], lake["groundwater"], own_net)
print(f"at rest: {rest_printed:.0f} km2 with the printed terms, {rest_own:.0f} with the model's")

# %% [markdown]
# ## The figure

# %%
GAINS = {  # colour and hatch, so that the parts can be told apart in grey
    "Ili": (PALETTE["west"], ""),
    "Eastern rivers": (PALETTE["observed"], "//"),
    "Rain on the lake": (PALETTE["band"], ".."),
    "Groundwater": (PALETTE["anchor"], "xx"),
}
BOX = {"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.85}
PERIODS = [(1961, 1969), (1970, 1980), (1981, 1997), (1998, 2020)]
by_period = budget_table(free, PERIODS)
west, east = (budget_table(free, PERIODS, [basin])["inflow"] for basin in ("west", "east"))


def stack(axes, x, gains, loss, loss_x, numbers):
    """Draw gains on each other and the loss, with or without their numbers."""
    base = 0.0
    for (name, (colour, hatch)), height in zip(GAINS.items(), gains, strict=True):
        axes.bar(x, height, 0.62, base, color=colour, hatch=hatch, ec="white", lw=0.8, label=name)
        if numbers and height > 1.0:
            axes.text(x, base + height / 2, f"{height:.2f}", ha="center", va="center", bbox=BOX)
        elif numbers:
            axes.text(x + 0.34, base + height / 2, f"{height:.2f}", ha="left", va="center")
        base += height
    axes.bar(loss_x, loss, 0.62, color=PALETTE["east"], ec="white", lw=0.8, label="Evaporation")
    if numbers:
        axes.text(x, base + 0.15, f"{base:.2f}", ha="center", va="bottom", fontweight="bold")
        axes.text(loss_x, loss + 0.15, f"{loss:.2f}", ha="center", va="bottom", fontweight="bold")


with use_style():
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.0, 5.4), width_ratios=[1.15, 1.0])
    stack(
        left,
        0.0,
        (printed["Ili inflow"], rivers - printed["Ili inflow"], rain, ground),
        evaporated,
        2.4,
        True,
    )
    legend = left.get_legend_handles_labels()
    stack(
        left,
        1.0,
        (ili, eastern, lake["precipitation"], lake["groundwater"]),
        -lake["evaporation"],
        3.4,
        True,
    )
    left.set_xticks(
        [0.0, 1.0, 2.4, 3.4],
        [f"{what},\n{who}" for what in ("gains", "losses") for who in ("Wang 2022", "model")],
    )
    left.set_ylim(0.0, 20.0)
    left.set_ylabel("Mean flow 1961–2020 (km³/yr)")
    left.set_title("a  Mean budget, printed and modelled")

    for i, row in enumerate(by_period.to_dict("records")):
        gains = (west.iloc[i], east.iloc[i], row["precipitation"], row["groundwater"])
        stack(right, i, gains, row["evaporation"], i, False)
        change_of = row["change of storage"]
        right.plot(
            i, change_of, "D", ms=7, color="black", mec="white", zorder=5, label="Change of storage"
        )
        right.annotate(
            f"{change_of:+.2f}".replace("-", "−"),
            (i, change_of),
            (9, 0),
            bbox=BOX,
            va="center",
            textcoords="offset points",
            fontweight="bold",
            fontsize=9,
            annotation_clip=False,
        )
    right.axhline(0.0, color="#555555", lw=0.8)
    right.set_xticks(range(len(PERIODS)), [f"{a}–{b}" for a, b in PERIODS])
    right.set_xlim(-0.5, 3.75)
    right.set_ylim(-20.0, 22.0)
    right.set_ylabel("Mean flow, positive to the lake (km³/yr)")
    right.set_title("b  The model by rain period of Wang 2022")
    for axes in (left, right):
        axes.grid(axis="x", visible=False)
    handles, names = right.get_legend_handles_labels()
    storage = handles[names.index("Change of storage")]
    frame(
        figure,
        "Lake Balkhash: what comes, what goes, 1961–2020",
        "Sources: Wang et al. 2022 (in a, eastern rivers as 14.04 − 10.84; the text says about 3);"
        " balkhash_model, scenario hindcast_free_2020.",
        legend=([*legend[0], storage], [*legend[1], "Change of storage"]),
    )
figure

# %% [markdown]
# ## Published and modelled
#
# Means are held to ±3 %, the area at rest to ±1 %, what stays unexplained to 0.3 km³/yr. Two means
# miss.
#
# **Groundwater** is a small residual both here and in the paper. Levels cannot tell it from
# evaporation and delta loss: the fit knows it to 0.45 km³/yr, so that the difference is a fifth of
# a standard error, and a tolerance of 0.016 is met or missed by chance.
#
# **The eastern rivers** bring 3.05 km³/yr, which would be near enough, but for the dry years
# 1973-1986, in which they fall to 70 %. That is one more fitted number, not printed in this paper,
# and it pulls the mean of all years under the printed "about 3". The paper's own difference, 14.04
# less 10.84, is 3.20 and would miss "about 3" by more.
#
# Single years, and the groundwater by decade, cannot be had: the yearly flows that they rest on are
# not printed.

# %%
fitted = bm.load_parameters("balkhash")
wet, dry_share = fitted["eastern_inflow"].value, fitted["eastern_dry_factor"].value
with_dry = wet * (46 + 14 * dry_share) / 60
print(f"eastern rivers: {wet:.2f} km3/yr, with 14 of 60 years at {dry_share:.3f} {with_dry:.2f}")
gap = lake["groundwater"] - ground
print(f"groundwater: {gap:+.3f} km3/yr, {gap / 0.45:.1f} standard errors of the fit (0.45)")

# %%
KM3 = "km3 yr-1"
row = partial(Score, "F1", source="wang2022")
model = partial(row, unit=KM3)
scores = [
    model("river inflow", published=rivers, model=lake["inflow"], tolerance=0.03 * rivers),
    model("Ili at the lake", published=printed["Ili inflow"], model=ili, tolerance=0.03 * 10.84),
    model(
        "four eastern rivers",
        published=printed["four eastern rivers"],
        model=eastern,
        tolerance=0.03 * printed["four eastern rivers"],
        note="3.05 but for the dry phase 1973-1986 at 70 % (fitted); printed: about 3, and as a "
        "difference 3.20",
    ),
    model(
        "evaporation",
        published=evaporated,
        model=-lake["evaporation"],
        tolerance=0.03 * evaporated,
    ),
    model(
        "groundwater to the lake",
        published=ground,
        model=lake["groundwater"],
        tolerance=0.03 * ground,
        note="a residual in the paper; fitted to levels here: 0.2 of its standard error of 0.45",
    ),
    model(
        "change of storage",
        published=change,
        model=lake["change of storage"],
        tolerance=0.3,
        note="published: change of the printed volumes; tolerance of the residual",
    ),
    row(
        "area at rest under the mean terms",
        "km2",
        rest_printed,
        model=rest_own,
        tolerance=0.01 * rest_printed,
        note="published: derived from the printed terms",
    ),
    model(
        "rain on the lake",
        published=rain,
        model=lake["precipitation"],
        kind="input",
        note="rain by period drives the run",
    ),
    row(
        "depth of the rain",
        "mm yr-1",
        printed["precipitation depth"],
        model=fitted["mean_precipitation"].value,
        kind="input",
        note="printed beside the volume; a parameter",
    ),
]
scores += [
    model(
        f"rain on the lake {a}-{b}",
        published=value(
            "lake_precipitation_by_period", "precipitation_km3_per_yr", period_start=a, period_end=b
        ),
        model=volume,
        kind="input",
        note="drives the run as a depth, on the area of the run",
    )
    for (a, b), volume in zip(PERIODS, by_period["precipitation"], strict=True)
]
identity = partial(row, kind="identity")
scores += [
    identity("mean area from volume and depth of rain", "km2", 17199.0, model=area, tolerance=1.0),
    identity(
        "evaporation as a depth", "mm yr-1", 1044.0, model=evaporated / area * 1e6, tolerance=1.0
    ),
    identity("net evaporation", "mm yr-1", 849.0, model=1e3 * net_depth, tolerance=1.0),
    identity(
        "sum of the printed terms",
        KM3,
        -0.04,
        model=total,
        tolerance=0.005,
        note="beside a change of the printed volumes of -0.22",
    ),
    identity("change of the printed volumes", KM3, -0.22, model=change, tolerance=0.005),
    identity(
        "area at rest, printed terms",
        "km2",
        17152.0,
        model=rest_printed,
        tolerance=1.0,
        note="bm.equilibrium with printed terms only, against the same by hand",
    ),
    identity(
        "printed terms less the change of printed volumes",
        KM3,
        0.0,
        model=total - change,
        tolerance=0.3,
        note="what the printed numbers leave unexplained",
    ),
    identity(
        "model's terms less its change of storage",
        KM3,
        0.0,
        model=lake["residual"],
        tolerance=1e-6,
        note="closes by construction",
    ),
]
missing = partial(model, kind="not reproducible")
yearly = "the yearly terms that it rests on are not printed"
extremes = {
    "river inflow": {"lowest": "1970-1986", "highest": "1999"},
    "evaporation": {"lowest": "1987", "highest": "2008"},
    "precipitation": {"lowest": "1974", "highest": "1988"},
}
for term, ends in extremes.items():
    for end, year in ends.items():
        number = value("wang2022_printed", quantity=f"{term}, {end}", period=year)
        scores.append(missing(f"{term}, {end}, {year}", published=number, note=yearly))
for decade in ("1961-1969", "1970-1979", "1980-1989", "1990-1999", "2000-2020"):
    number = value(
        "balkhash_budgets", "term_km3_per_yr", budget="wang2022_groundwater", period=decade
    )
    scores.append(
        missing(f"groundwater, {decade}", published=number, note=f"a residual, and {yearly}")
    )
pd.set_option("display.max_colwidth", None)  # the whole reason of each miss
pd.set_option("display.float_format", "{:.5g}".format)
table = scorecard(scores)
table
