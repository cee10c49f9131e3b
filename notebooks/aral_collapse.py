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
# A free run from the level of 1950 on the sea's own rivers, beside what was printed; the North
# behind its dam on published fluxes; and the run past the separation. Published numbers stand
# beside computed ones, and what does not agree stays in sight.

# %%
import numpy as np
import pandas as pd

import balkhash_model as bm
from balkhash_model import reference
from balkhash_model.diagnostics import annual_state, skill_scores
from balkhash_model.reference.levels import tied_altimetry
from balkhash_model.scenario import load_scenario

printed = reference.load("aral_annual").to_dataframe().loc[:1989]


def rms(values):
    return float(np.sqrt(np.mean(np.asarray(values) ** 2)))


# %% [markdown]
# ## Balance before 1960
# Published (EC IFAS): rivers 55, rain 8.7, evaporation 63.8 km3/yr, 66 000 km2.

# %%
area = 55.0 / ((63.8 - 8.7) / 66.0)
print(f"equilibrium area {area:.1f} thousand km2, published 66.0, difference {area / 66 - 1:+.1%}")
assert abs(area / 66.0 - 1.0) < 0.02

# %% [markdown]
# ## 1950-1989
# Two parameter sets: fitted on all years (default), and on 1950-1974 alone, for which the fall is a
# test; and the two suspect flows as printed.

# %%
rows = {}
for label, variant in (
    ("fitted on 1950-1989", []),
    ("fitted on 1950-1974", ["fitted_1950_1974"]),
    ("printed flows", ["printed_flows"]),
):
    run = annual_state(bm.run(load_scenario("aral_hindcast", variant)))
    error = run["level"] - printed["level_m"]
    rows[label] = {
        "level RMSE 1961-1989 (m)": rms(error.loc[1961:]),
        "level RMSE 1975-1989 (m)": rms(error.loc[1975:]),
        "level error 1989 (m)": error.loc[1989],
        "area RMS (%)": 100 * rms(run["area"] / printed["area_km2"] - 1),
        "volume RMS (%)": 100 * rms(run["volume"] / printed["volume_km3"] - 1),
        "salinity RMS (%)": 100 * rms(run["salinity"] / printed["salinity_g_per_L"] - 1),
    }
scores = pd.DataFrame(rows)
print(scores.round(2).to_string())
assert scores.loc["level RMSE 1961-1989 (m)", "fitted on 1950-1989"] < 0.20
assert scores.loc["level RMSE 1975-1989 (m)", "fitted on 1950-1974"] < 0.60

# %% [markdown]
# The fit can be made again; here the two losses that matter most.

# %%
fit = bm.fit_annual_levels("aral_hindcast", ["amu_darya_loss", "area_factor"], years=(1950, 1974))
print(fit.table.round(3).to_string())

# %%
hindcast = bm.run("aral_hindcast")
basins = ["north", "south_west", "south_east"]
decades = [(1951, 1960), (1961, 1970), (1971, 1980), (1981, 1988)]
budget = bm.diagnostics.budget_table(hindcast, decades, basins)
budget["printed change"] = [4.0, -13.7, -31.8, -34.7]
print(budget.round(2).to_string())

# %%
figure = bm.plot.trajectories(
    bm.run(load_scenario("aral_hindcast", ["to_2019"])),
    reference.levels.observed_levels("aral"),
    threshold=None,
)
figure

# %% [markdown]
# ## The North 2006-2017
# Published: NSE -0.305, KGE 0.4165, RMSE 0.970 km3. A negative NSE is worse than the mean of the
# observations.

# %%
table = reference.load("aral_north_monthly")
observed = table["volume_observed_km3"].values
skills = {}
for label, variant in (("published fluxes", []), ("own evaporation and spillway", ["free"])):
    volume = bm.run(load_scenario("north_aral_published", variant))["water_volume"].values[1:, 0]
    skills[label] = skill_scores(volume / 1e9, observed)
    if not variant:
        most = np.abs(volume / 1e9 - table["volume_simulated_km3"].values).max()
        print(
            f"largest difference to the published volumes: {most:.1e} km3 in {volume.size} months"
        )
        assert most < 1e-8
print(pd.DataFrame(skills).round(4).to_string())

# %% [markdown]
# ## Past the separation
# Levels of the basins against altimetry; deliveries of the Amu Darya after 1991 are uncertain.

# %%
for label, variant in (("all delivered", ["to_2019"]), ("half", ["to_2019", "half_delivered"])):
    run = bm.run(load_scenario("aral_hindcast", variant, in_order=True))
    for basin, storage in (("north", "north"), ("south", "south_east")):
        level = run["water_level"].sel(storage=storage).to_series()
        level.index = pd.PeriodIndex(level.index, freq="M")
        seen = tied_altimetry(basin)
        error = (level.reindex(seen.index) - seen).dropna()
        print(f"{label:14s} {basin}: RMSE {rms(error):.2f} m, bias {error.mean():+.2f} m")
