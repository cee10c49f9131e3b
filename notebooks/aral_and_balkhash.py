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
# # How near is Balkhash to the course of the Aral Sea?
#
# Three baselines: the Aral as observed, as simulated, and Balkhash itself under the Aral's relative
# inflow. The last is a warning, not a forecast.

# %%
import numpy as np

import balkhash_model as bm
from balkhash_model.diagnostics import course, nearness_summary, observed_baseline
from balkhash_model.scenario import load_scenario

baseline = observed_baseline()
imposed = bm.run("aral_style")
results = {
    "Aral Sea, simulated": (bm.run(load_scenario("aral_hindcast", ["to_2019"])), 1960),
    "Balkhash under the Aral's inflow": (imposed, 2025),
    "Balkhash, use as it is": (bm.run("baseline_2050"), 2025),
    "Balkhash 1961-2014": (bm.run("hindcast"), 1970),
}
runs = [
    course(result, onset=onset, name=name, title=name) for name, (result, onset) in results.items()
]

# %% [markdown]
# The imposed run is the same each time, and its balance closes through the separation.

# %%
again = bm.run("aral_style")
np.testing.assert_array_equal(again["water_volume"].values, imposed["water_volume"].values)
bm.check_balance(imposed)
apart = imposed["time"].values[imposed["lake_connected"].values == 0]
print("basins first apart:", str(apart[0])[:7])

# %%
print(nearness_summary(runs, baseline, "area").T.round(2).to_string())

# %%
figure = bm.plot.collapse(runs, baseline=baseline, measure="area")
figure

# %% [markdown]
# Inflow against the fall of the level: the cause beside its effect.

# %%
figure = bm.plot.collapse(runs, baseline=baseline, phase="inflow")
figure

# %% [markdown]
# ## Other lakes of the region
# Observed levels since 1992. The Caspian and the South Aral fall; others rose.

# %%
figure = bm.plot.compare_lakes()
figure
