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
# # The collapse of the Aral Sea, reproduced
#
# In 1960 the Aral was the fourth lake of the world; by 2018 nine tenths of its surface were gone.
# Here the same model that simulates Lake Balkhash is driven by the rivers of the Aral. It starts at
# the level of 1950 and is never corrected afterwards: every later level is its own.
#
# What was printed stands beside what is computed, and what does not agree stays in sight. Levels
# are in the Baltic system.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import balkhash_model as bm
from balkhash_model import reference
from balkhash_model.diagnostics import Score, annual_state, scorecard, within
from balkhash_model.forcing import empty_forcing
from balkhash_model.plot import PALETTE, use_style
from balkhash_model.reference.levels import tied_altimetry
from balkhash_model.scenario import load_scenario
from balkhash_model.simulation import simulate
from balkhash_model.timeaxis import TimeAxis

pd.set_option("display.max_colwidth", None)
pd.set_option("display.float_format", "{:.5g}".format)
printed = reference.load("aral_annual").to_dataframe()
whole = printed.loc[1950:1989]


def rms(values):
    return float(np.sqrt(np.mean(np.asarray(values, dtype=float) ** 2)))


# %% [markdown]
# ## Before 1960: a sea in balance
# Printed for the years before 1960 (EC IFAS): rivers bring 55 km³ a year, rain 8.7, evaporation
# takes 63.8, from 66 000 km². A sea without outlet is as large as its rivers allow: at rest its
# area is $A = Q / (E - P)$, with depths of evaporation and rain. By hand that is 65.9 thousand km².
# The model gets there by itself, from a level of 52 m and with constant weather, in 120 years.

# %%
year = 365.2425 * 86400.0
by_hand = 55.0 / ((63.8 - 8.7) / 66.0)
system = bm.load_system("aral")
constant = empty_forcing(system, TimeAxis.monthly("1000-01-01", "1120-01-01"))
constant["precipitation_rate"][:] = 8.7e9 / 66e9 / year
constant["evaporation_rate"][:] = 63.8e9 / 66e9 / year
# 55 km3/yr are what enters the sea; the gauges stand above the deltas, which keep their share
for river, share in (("amu_darya", 0.75), ("syr_darya", 0.25)):
    loss = system.parameters[f"{river}_loss"].si
    constant["gauge_flow"].loc[{"junction": f"{river}_head"}] = share * 55e9 / year + loss
rest = simulate(system, constant, initial=52.0)
rest_area = float(rest["lake_area"][-1]) / 1e9
rest_volume = float(rest["water_volume"][-1].sum()) / 1e9
rest_level = float(rest["lake_level"][-1])
print(f"at rest: {rest_area:.2f} thousand km2, {rest_volume:.0f} km3, {rest_level:.1f} m")
print("printed: 66 thousand km2, 1064 km3, 53 m")

# %% [markdown]
# ## 1950-1989: the fall
# The default parameters were fitted to all levels of 1950-1989. That they fit is no surprise; the
# test is the second column, whose parameters saw nothing after 1974. Two more columns show choices
# that were made: the two suspect river flows as they are printed, and the wider range of the factor
# on the areas with which the fit began. With it levels are a little nearer, and volumes farther off
# than the 4 % that was asked for; so the range was narrowed, and the factor now ends at its edge.

# %%
variants = {
    "fitted on 1950-1989 (default)": [],
    "fitted on 1950-1974": ["fitted_1950_1974"],
    "printed flows": ["printed_flows"],
    "wider range of areas": ["wide_area_factor"],
}
states = {
    name: annual_state(bm.run(load_scenario("aral_hindcast", chosen)))
    for name, chosen in variants.items()
}
skill = {}
for name, state in states.items():
    error = state["level"] - whole["level_m"]
    skill[name] = {
        "level 1961-1989, RMS (m)": rms(error.loc[1961:]),
        "level 1975-1989, RMS (m)": rms(error.loc[1975:]),
        "level 1989, error (m)": error.loc[1989],
        "area, RMS (%)": 100 * rms(state["area"] / whole["area_km2"] - 1),
        "volume, RMS (%)": 100 * rms(state["volume"] / whole["volume_km3"] - 1),
        "salinity, RMS (%)": 100 * rms(state["salinity"] / whole["salinity_g_per_L"] - 1),
        "factor on areas": bm.load_parameters(
            load_scenario("aral_hindcast", variants[name]).parameters.set
        )["area_factor"].value,
    }
skill = pd.DataFrame(skill)
skill

# %%
panels = {
    "level": ("level_m", "Level (m, Baltic system)"),
    "area": ("area_km2", "Area (km²)"),
    "volume": ("volume_km3", "Volume (km³)"),
    "salinity": ("salinity_g_per_L", "Salinity (g/l)"),
}
with use_style():
    figure, grid = plt.subplots(2, 2, sharex=True, figsize=(9.6, 6.4), layout="constrained")
    for ax, (column, (table, label)) in zip(grid.ravel(), panels.items(), strict=True):
        ax.plot(whole.index, whole[table], "o", ms=4, color=PALETTE["observed"], label="Printed")
        for name, colour, line in (
            ("fitted on 1950-1989 (default)", PALETTE["lake"], "-"),
            ("fitted on 1950-1974", PALETTE["east"], (0, (5, 2))),
        ):
            state = states[name]
            ax.plot(state.index, state[column], color=colour, ls=line, label=f"Model, {name}")
        ax.axvline(1974.5, color="#777777", lw=0.8, ls=":")
        ax.set_ylabel(label)
    for ax in grid[1]:
        ax.set_xlabel("Year")
    grid[0, 0].legend(loc="lower left")
    figure.suptitle(
        "Aral Sea 1950-1989: one run from the level of 1950", x=0.012, ha="left", fontweight="bold"
    )
    figure.supxlabel(
        "Printed: Nachtnebel and van der Veen, annual means. The dashed run has seen nothing right "
        "of the dotted line.",
        fontsize=8,
        x=0.99,
        ha="right",
        color="#555555",
    )
    plt.close(figure)
figure

# %% [markdown]
# ### Where the water went
# By decade, in km³ a year. The printed balance does not close by itself: it lacks losses, which the
# model's deltas supply (`delta losses`). In the 1980s it lacks 6.8 km³ a year of rivers that bring
# 7.7, which no delta can take; that decade stays 5 km³ a year off.

# %%
hindcast = bm.run("aral_hindcast")
decades = [(1951, 1960), (1961, 1970), (1971, 1980), (1981, 1988)]
basins = ["north", "south_west", "south_east"]
budget = bm.diagnostics.budget_table(hindcast, decades, basins)
rivers = whole["amu_darya_km3_per_yr"] + whole["syr_darya_km3_per_yr"]
rivers = rivers - pd.Series({1962: 38.4 - 28.6, 1974: 4.8 - 1.9}).reindex(rivers.index).fillna(0.0)
budget["delta losses"] = [
    rivers.loc[first:last].mean() - float(budget["inflow"].iloc[i])
    for i, (first, last) in enumerate(decades)
]
# half the difference of the annual means of the years around: the change within a year
change = (printed["volume_km3"].shift(-1) - printed["volume_km3"].shift(1)) / 2.0
budget["printed change"] = [change.loc[first:last].mean() for first, last in decades]
budget.drop(columns=["groundwater", "abstraction"]).T

# %% [markdown]
# ### The fit, made again
# The two parameters that matter most, on the levels to 1974.

# %%
fit = bm.fit_annual_levels("aral_hindcast", ["amu_darya_loss", "area_factor"], years=(1950, 1974))
fit.table

# %% [markdown]
# ## After 1989: past the separation, and past the dam
# The sea parts at the Berg strait in the late 1980s. From here on the inputs are poor: rain and
# evaporation are the mean depths of the 1980s in every year, and the record of what the Amu Darya
# delivered counts canals and drainage, so that nobody knows how much reached the sea. Two runs
# bracket it: all of it, and half.

# %%
late = {
    name: bm.run(load_scenario("aral_hindcast", chosen, in_order=True))
    for name, chosen in {
        "all delivered": ["to_2019"],
        "half delivered": ["to_2019", "half_delivered"],
    }.items()
}
rows = {}
for name, run in late.items():
    for basin, storage in (("north", "north"), ("south", "south_east")):
        level = run["water_level"].sel(storage=storage).to_series()
        level.index = pd.PeriodIndex(level.index, freq="M")
        seen = tied_altimetry(basin)
        error = (level.reindex(seen.index) - seen).dropna()
        rows[(name, basin)] = {
            "RMS (m)": rms(error),
            "bias (m)": error.mean(),
            "months": error.size,
        }
pd.DataFrame(rows).T

# %%
with use_style():
    figure, ax = plt.subplots(figsize=(9.0, 5.4), layout="constrained")
    ax.plot(
        whole.index + 0.5,
        whole["level_m"],
        "o",
        ms=3.5,
        color=PALETTE["observed"],
        label="Printed, whole sea",
    )
    for basin, marker in (("north", "^"), ("south", "v")):
        seen = tied_altimetry(basin)
        seen = seen.groupby(seen.index.year).mean()
        ax.plot(
            seen.index + 0.5,
            seen,
            marker,
            ms=4.5,
            color=PALETTE["user"],
            mec="black",
            mew=0.4,
            ls="",
            label=f"Altimetry, {basin.capitalize()}",
        )
    for name, line in (("all delivered", "-"), ("half delivered", (0, (5, 2)))):
        for storage, colour in (("north", PALETTE["west"]), ("south_east", PALETTE["east"])):
            if storage == "north" and name != "all delivered":
                continue  # the Amu Darya does not reach the North
            run = late[name]["water_level"].sel(storage=storage)
            time = run["time"].dt.year + (run["time"].dt.dayofyear - 1) / 365.25
            label = "Model, North" if storage == "north" else f"Model, sea and South: {name}"
            after = time.values >= (1987.0 if storage == "north" else 1950.0)
            ax.plot(
                time.values[after], run.values[after], color=colour, ls=line, lw=1.4, label=label
            )
    ax.axvline(2005 + 7 / 12, color="#777777", lw=0.9, ls=":")
    ax.annotate(
        "dam of Kokaral",
        (2005 + 7 / 12, 47),
        xytext=(4, 0),
        textcoords="offset points",
        fontsize=8.5,
        color="#555555",
    )
    ax.set_ylabel("Level (m, Baltic system)")
    ax.set_xlabel("Year")
    ax.set_title(
        "Aral Sea 1950-2018: the North is saved, the South goes on falling", fontweight="bold"
    )
    ax.legend(loc="lower left")
    figure.supxlabel(
        "Printed: Nachtnebel and van der Veen. Altimetry: G-REALM, annual means, tied to "
        "the levels of the sea.",
        fontsize=8,
        x=0.99,
        ha="right",
        color="#555555",
    )
    plt.close(figure)
figure

# %% [markdown]
# ## The collapse in four numbers, 1960-2010
# Printed for 2010: 14 280 km², 98.1 km³, 130 g/l (Gaybullaev 2012); for 1960: 68 000 km², 1093 km³,
# 10 g/l. Sources contradict each other: satellite areas by basin add up to 11 690 km² in 2010.

# %%
statements = reference.load("aral_statements").to_dataframe()
then = (
    statements[
        (statements["source"] == "gaybullaev2012") & (statements["period"].astype(str) == "2010")
    ]
    .set_index("item")["value"]
    .astype(float)
)
lost = {}
for name, run in late.items():
    state = annual_state(run)
    salt = run["salt_mass"].sum("storage").to_series() / 1e9
    lost[name] = {
        "area (%)": 100 * (state["area"][2010] / state["area"][1960] - 1),
        "volume (%)": 100 * (state["volume"][2010] / state["volume"][1960] - 1),
        "salinity 2010 (g/l)": state["salinity"][2010],
        "dissolved salt 2010 (Mt)": float(salt.loc["2010-07"].iloc[0]),
    }
lost["printed"] = {
    "area (%)": 100 * (then["area"] / 68_000 - 1),
    "volume (%)": 100 * (then["volume"] / 1093 - 1),
    "salinity 2010 (g/l)": then["salinity"],
    "dissolved salt 2010 (Mt)": then["volume"] * then["salinity"],
}
lost = pd.DataFrame(lost)
lost

# %% [markdown]
# Neither run meets the printed collapse within one per cent, and each miss has a reason that can be
# shown.
#
# **Area.** What the Amu Darya delivered after 1991 is known as all or half: one run loses too
# little, the other too much. A share between them would meet the printed area; nobody printed it.
#
# **Volume.** No delivery helps here. The dammed North held 27 km³ in 2010 (observed), which leaves
# 71 of the printed 98.1 km³ for the whole South. At the level that altimetry has for the South in
# 2010 the curves of the model hold far more, the south-west alone as well: its deep part is a
# sketch without source. Late volumes are too large with either run, and for the same reason the
# water is not salty enough, though the salt is there to within a tenth.

# %%
south = ["south_west", "south_east"]
seen_south = float(tied_altimetry("south").loc["2010"].mean())
on_curves = {n: float(system.storage(n).curve.volume_at(seen_south)) / 1e9 for n in south}
seen_north = float(
    reference.load("aral_north_monthly").drop_dims("bnds").to_dataframe()
    .loc["2010", "volume_observed_km3"].mean()
)  # fmt: skip
left_for_south = then["volume"] - seen_north
print(
    f"2010: printed {then['volume']} km3 less {seen_north:.1f} in the North leave "
    f"{left_for_south:.1f} km3 for the South"
)
print(
    f"altimetry has the South at {seen_south:.2f} m, where the curves hold "
    f"{sum(on_curves.values()):.1f} km3, the south-west {on_curves['south_west']:.1f} of them"
)
fell = {n: lost.loc["area (%)", n] for n in late}
share = (fell["all delivered"] + 79.0) / (fell["all delivered"] - fell["half delivered"])
print(f"printed area: {100 * share:.0f} % of the way from all to half delivered")

# %% [markdown]
# ## Published beside computed
# `identity` rows are arithmetic on printed numbers. The group `F10` holds the published rest and
# collapse; the group `Aral 1950-1989` the printed series, to which the parameters were fitted, but
# for the rows of the fit on 1950-1974.

# %%
default, early = skill["fitted on 1950-1989 (default)"], skill["fitted on 1950-1974"]
between = "the printed area lies between the two deliveries; which was true after 1991 is not known"
deep = (
    f"at the level seen in 2010 the curves hold {sum(on_curves.values()):.0f} km3, where print "
    f"leaves {left_for_south:.0f} for the South: the deep south-west is a sketch"
)
stock = "10 g/l were put in"
scores = [
    Score("F10", "area at rest on 55 km3/yr", "1000 km2", 66.0, "ec_ifas", rest_area, 1.32),
    Score(
        "F10", "area at rest, by hand", "1000 km2", 66.0, "ec_ifas", by_hand, 1.32, kind="identity"
    ),
    Score(
        "F10",
        "area lost 1960-2010",
        "%",
        -79.0,
        "gaybullaev2012",
        lost.loc["area (%)", "printed"],
        1.0,
        kind="identity",
    ),
    Score(
        "F10",
        "volume lost 1960-2010",
        "%",
        -91.0,
        "gaybullaev2012",
        lost.loc["volume (%)", "printed"],
        1.0,
        kind="identity",
    ),
]
for name in late:
    scores += [
        Score(
            "F10",
            f"area lost 1960-2010, {name}",
            "%",
            -79.0,
            "gaybullaev2012",
            lost.loc["area (%)", name],
            1.0,
            note=between,
        ),
        Score(
            "F10",
            f"volume lost 1960-2010, {name}",
            "%",
            -91.0,
            "gaybullaev2012",
            lost.loc["volume (%)", name],
            1.0,
            note=deep,
        ),
        Score(
            "F10",
            f"dissolved salt in 2010, {name}",
            "Mt",
            12753.0,
            "gaybullaev2012",
            lost.loc["dissolved salt 2010 (Mt)", name],
            2550.6,
            note=stock,
        ),
    ]
first = states["fitted on 1950-1989 (default)"].loc[1960]
last = {name: annual_state(run).loc[2010] for name, run in late.items()}
scores += [
    Score(
        "F10",
        f"{what}, mean before 1960",
        "km3 yr-1",
        number,
        "ec_ifas",
        number,
        kind="input",
        note="put into the sea at rest",
    )
    for what, number in (("rivers", 55.0), ("precipitation", 8.7), ("evaporation", 63.8))
]
no_tolerance = [
    ("level at rest", "m", 53.0, "ec_ifas", rest_level, ""),
    ("volume at rest", "km3", 1064.0, "ec_ifas", rest_volume, ""),
    ("level in 1960", "m", 53.4, "gaybullaev2012", first["level"], ""),
    ("area in 1960", "km2", 68_000.0, "gaybullaev2012", first["area"], ""),
    ("volume in 1960", "km3", 1093.0, "gaybullaev2012", first["volume"], ""),
    ("salinity in 1960", "g/l", 10.0, "gaybullaev2012", first["salinity"], stock),
]
for name, state in last.items():
    no_tolerance += [
        (f"area in 2010, {name}", "km2", then["area"], "gaybullaev2012", state["area"], ""),
        (f"volume in 2010, {name}", "km3", then["volume"], "gaybullaev2012", state["volume"], ""),
        (
            f"salinity in 2010, {name}",
            "g/l",
            then["salinity"],
            "gaybullaev2012",
            state["salinity"],
            "too much water, a tenth too little salt",
        ),
    ]
scores += [
    Score("F10", what, unit, number, source, float(own), kind="information", note=note)
    for what, unit, number, source, own, note in no_tolerance
]
exponent = np.log(1093.0 / then["volume"]) / np.log(68_000.0 / then["area"])
scores += [
    Score("F10", what, unit, number, "gaybullaev2012", float(own), tolerance, "identity", note)
    for what, unit, number, own, tolerance, note in (
        ("exponent of volume over area", "1", 1.545, exponent, 0.0005, ""),
        ("salt of 1960, volume times salinity", "Mt", 10_930.0, 1093.0 * 10.0, 0.5, ""),
        (
            "salt of 2010, volume times salinity",
            "Mt",
            12_753.0,
            then["volume"] * then["salinity"],
            0.5,
            "17 % more than in 1960: a salinity that is no mean over the volume",
        ),
    )
]
scores += [
    Score(
        "F10",
        f"NSE of the published regression, {what}",
        "1",
        number,
        "gaybullaev2012",
        kind="not reproducible",
        note="skill of another model",
    )
    for what, number in (("volume", 0.975), ("salinity", 0.974))
]
scores += [
    Score(
        "F10",
        "volume forecast for 2021",
        "km3",
        83.0,
        "gaybullaev2012",
        kind="not reproducible",
        note="a regression model; no inputs after 2018",
    ),
    Score(
        "F10",
        "salinity forecast for 2021",
        "g/l",
        200.0,
        "gaybullaev2012",
        kind="not reproducible",
        note="the same",
    ),
]
series = "Aral 1950-1989"
table = "nachtnebel_vanderveen"
scores += [
    Score(
        series,
        "level 1961-1989, RMS difference",
        "m",
        0.0,
        table,
        default["level 1961-1989, RMS (m)"],
        0.20,
        note="fitted to these levels",
    ),
    Score(
        series,
        "level 1975-1989, RMS difference, fit on 1950-1974",
        "m",
        0.0,
        table,
        early["level 1975-1989, RMS (m)"],
        0.60,
        note="nothing after 1974 was seen",
    ),
    Score(
        series,
        "level in 1989, fit on 1950-1974",
        "m",
        float(whole["level_m"][1989]),
        table,
        float(states["fitted on 1950-1974"]["level"][1989]),
        0.90,
        note="nothing after 1974 was seen",
    ),
    Score(series, "area, RMS difference", "%", 0.0, table, default["area, RMS (%)"], 4.0),
    Score(
        series,
        "volume, RMS difference",
        "%",
        0.0,
        table,
        default["volume, RMS (%)"],
        4.0,
        note="the range of the factor on areas was narrowed for this: 4.1 % without",
    ),
    Score(series, "salinity, RMS difference", "%", 0.0, table, default["salinity, RMS (%)"], 12.0),
]
for group in ("F10", series):
    print(
        f"{group}: every scored number within tolerance:",
        within([s for s in scores if s.group == group]),
    )
scorecard(scores)
