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
# # Five to ten years ahead
#
# On 1 January 2025 the lake stood at 341.55 m (Baltic system; ministry, July 2025). Where will it
# stand in 2030 and 2035? And why should anyone believe it? The second question comes first: the
# same outlook is launched from the ends of 2004, 2009 and 2014, knowing only what was known then,
# and held against what came.
#
# **The rule.** River inflow is drawn, in blocks of three years, from what the observed levels
# imply since 1993. Rain and evaporation are long-term means. Two versions are carried through, and
# neither was adjusted after the comparison: the drawn years as they are, which were wet (scenarios
# `outlook_...`), and the same years scaled to the mean that the published flows have given at the
# lake since 1961 (variant `long_mean`).
#
# **No look-ahead.** The launch of 2005 sees no level after December 2004: its start is the mean of
# that month, its inflow is reconstructed as if no later level existed, its parameters are fitted to
# the levels up to 2004 alone. What could not be taken back: published means over periods that end
# later (rain of 1998-2020, the Ili of 1996-2005), priors printed in 2022, and an altimetric record
# that was smoothed over neighbouring months. The tie of that record to the Baltic system (0.1 m)
# moves start and observation alike.

# %%
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import balkhash_model as bm
from balkhash_model import reference
from balkhash_model.diagnostics import Score, levels_at_edges, outlook_skill, scorecard
from balkhash_model.reference.levels import altimetry_monthly
from balkhash_model.scenario import load_scenario

MEMBERS = 5000
RULES = {"wet years": [], "long mean": ["long_mean"]}


def launch(year):
    """Both versions of an outlook, with the same members."""
    plans = [
        load_scenario(
            f"outlook_{year}",
            ["uncertain_start", *variant],
            [f"meta.name={rule.replace(' ', '_')}_{year}"],
        )
        for rule, variant in RULES.items()
    ]
    return bm.run_ensemble(plans, members=MEMBERS)


fans = {year: launch(year) for year in (2005, 2010, 2015, 2025)}

# %% [markdown]
# ## What came
#
# Monthly altimetry ends in December 2014: 119 months of the launch of 2005 can be checked and 59 of
# that of 2010. The launch of 2015 has two dated levels to meet, June 2016 and 1 January 2025.
#
# Coverage is the share of the observations in the fan: 90 % of them should lie between the 5th and
# the 95th percentile, half of them between the quartiles. Skill is one less the error of the
# median over that of persistence, the level of the start held on: below zero, doing nothing was
# better. Months hang together, so that each launch is about **one** trial.

# %%
seen = levels_at_edges(altimetry_monthly())
check = pd.DataFrame(
    {
        (year, rule): outlook_skill(fans[year].isel(scenario=i), seen)
        for year in (2005, 2010)
        for i, rule in enumerate(RULES)
    }
)
print(check.round(2).to_string())

# %%
anchors = reference.load("balkhash_level_anchors").to_dataframe()
anchors = anchors.set_index("decimal_year")["level_m"]
dated = pd.Series(
    {pd.Timestamp("2016-06-13"): anchors[2016.45], pd.Timestamp("2025-01-01"): anchors[2025.0]}
)
with bm.plot.use_style():
    figure, grid = plt.subplots(
        2, 3, sharey=True, sharex="col", figsize=(13.0, 7.6), layout="constrained"
    )
    for column, year in enumerate((2005, 2010, 2015)):
        for row, rule in enumerate(RULES):
            axes, fan = grid[row, column], fans[year].isel(scenario=row)
            time, levels = fan["time_edge"].values, fan["lake_level_quantile"].values
            for low, high, alpha in ((0, 4, 0.25), (1, 3, 0.4)):
                axes.fill_between(
                    time,
                    levels[low],
                    levels[high],
                    color=bm.plot.PALETTE["west"],
                    alpha=alpha,
                    lw=0,
                    label=("5th to 95th percentile", "quartiles")[low],
                )
            axes.plot(time, levels[2], color=bm.plot.PALETTE["lake"], label="median")
            axes.axhline(
                levels[2, 0], color=bm.plot.PALETTE["band"], ls="--", lw=1.2, label="persistence"
            )
            late = seen[seen.index <= time[-1]].loc["1993":]
            axes.plot(late, color=bm.plot.PALETTE["observed"], lw=1.4, label="altimetry, monthly")
            if year == 2015:
                axes.plot(dated, "D", color=bm.plot.PALETTE["anchor"], label="dated levels", ms=6)
            axes.axhline(341.0, color=bm.plot.PALETTE["threshold"], lw=1.0, ls=(0, (6, 3)))
            axes.set_xlim(pd.Timestamp(f"{year - 4}-01-01"), pd.Timestamp(f"{year + 10}-07-01"))
            axes.set_title(f"From the end of {year - 1}, {rule}")
    for axes in grid[:, 0]:
        axes.set_ylabel("Level (m, Baltic system)")
    for axes in grid[1]:
        axes.set_xlabel("Year")
    handles, labels = grid[0, 2].get_legend_handles_labels()
    grid[0, 1].legend(handles, labels, loc="upper left", ncols=2, fontsize=8)
    figure.suptitle(
        "The outlook launched in the past, and what came", x=0.012, ha="left", weight="bold"
    )
    figure.supxlabel(
        f"{MEMBERS} members. Altimetry: G-REALM, tied to the Baltic system. Dated levels: "
        "Mukatayev 2016, ministry 2025. Dashed red: 341.0 m, not to fall below.",
        x=0.012,
        ha="left",
        fontsize=8,
    )
    plt.close(figure)
figure

# %% [markdown]
# Drawn from the wet years as they are, the launch of 2005 went wrong: its median rises by a metre,
# the lake fell by half a metre, and half of the months fell out of the fan. In 2010 the same rule
# did better than persistence, because wet years came at once. Scaled to the long mean, both
# launches hold every month, and are as good as persistence, hardly better. The end of 2024 lies
# within both fans of 2015, below both medians.
#
# So, for 2025: the fan of the long mean is the one that held, and a little too wide; its median is
# worth about as much as "no change". That the wet years go on is a hope that failed once in two.
# Few trials, all of them: two launches that can be checked by the month, and one at two dates.

# %%
outlook = bm.plot.fan(
    fans[2025], title="Lake Balkhash from 341.55 ± 0.05 m on 1 January 2025 (ministry 2025)"
)
for axes, mean in zip(outlook.axes, ("1993-2014: wet years", "1961-2020: long mean"), strict=True):
    axes.set_title(f"With the mean inflow of {mean}", loc="left", fontsize="medium")
outlook

# %%
rows = {}
for i, rule in enumerate(RULES):
    for year in (2030, 2035):
        now = fans[2025].isel(scenario=i).sel(time_edge=f"{year}-01-01")
        levels = now["lake_level_quantile"].values.ravel()
        rows[rule, f"1 January {year}"] = {
            f"{q:.0%}": level for q, level in zip(now["quantile"].values, levels, strict=True)
        } | {"below 341.0 m": f"{float(now['level_below'].values.ravel()[0]):.0%}"}
print(pd.DataFrame(rows).T.to_string(float_format="{:.2f}".format))

# %% [markdown]
# ## Observed and computed
#
# The median of the fan beside the level that came, five years on and at the last level there is;
# the tolerance is half the width from the 5th to the 95th percentile on that day.


# %%
def quantiles(year, rule, day):
    """The 5 %, 50 % and 95 % levels of a fan on a day, m."""
    fan = fans[year].isel(scenario=list(RULES).index(rule))
    times = fan["time_edge"].values.astype("datetime64[s]").astype(float)
    at = np.datetime64(day, "s").astype(float)
    return [np.interp(at, times, fan["lake_level_quantile"].values[q]) for q in (0, 2, 4)]


every = pd.concat([seen, dated])
why = "1993-2004 carried 15.9 km3/yr, 2.1 above the long mean, and did not go on"
scores = []
for year, day in (
    (2005, "2010-01-01"),
    (2005, "2014-12-01"),
    (2010, "2014-12-01"),
    (2010, "2016-06-13"),
    (2015, "2016-06-13"),
    (2015, "2025-01-01"),
):
    for rule in RULES:
        low, median, high = quantiles(year, rule, day)
        score = Score(
            f"outlook {year}",
            f"level on {day}, {rule}",
            "m",
            every[day],
            "grealm" if day < "2015" else "mukatayev2016" if day < "2017" else "kz_ministry2025",
            round(median, 3),
            round((high - low) / 2, 3),
        )
        scores.append(score if score.within else replace(score, note=why))
low, median, high = quantiles(2025, "long mean", "2026-01-01")
scores.append(
    Score(
        "outlook 2025",
        "level in January 2026, printed to the metre",
        "m",
        341.0,
        "kursiv2026",
        kind="not reproducible",
        note=f"the fan has {low:.2f} to {high:.2f} (5-95 %): a whole metre cannot tell",
    )
)
pd.set_option("display.max_colwidth", None)  # the whole reason of each miss
pd.set_option("display.float_format", "{:.5g}".format)
table = scorecard(scores)
table
