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
# # Evaporation through the year, and the heat that the lake stores
#
# The World Lake Database (ILEC) prints a climatology of Lake Balkhash: air temperature,
# precipitation, and water temperature at the surface and the bottom of two stations. No source
# prints the evaporation by month, only by year: 950 to 1100 mm in modern sources, 1044 mm as the
# difference and quotient of figures of Wang 2022, about 1000 mm in Huang 2020, 17.95 km3/yr as a
# volume; and 1330 mm in an old budget, an over-estimate that is no default here.
#
# The library finds the course of the year from a lake that stores heat: its heat balance, solved
# in full (Finch and Gash 2002, with the fluxes of McMahon et al. 2013, S11) under the air
# temperature of the station Kuigan 2000-2022, stated assumptions on humidity, wind and radiation,
# mean depths of 4.8 m (West) and 8.0 m (East), ice. The annual depth that runs use is fitted to the
# levels; what the heat balance gives, untuned, stands beside it, and so does an older form of the
# same balance that is linear about the wet bulb of the air (McJannet 2008).

# %%
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import balkhash_model as bm
from balkhash_model import reference
from balkhash_model.diagnostics import Score, budget_table, ice_dates, scorecard
from balkhash_model.forcing.climate import evaporation_year
from balkhash_model.forcing.lake_weather import lake_site, lake_year
from balkhash_model.physics.heat_storage import heat_storage_flux

ilec = reference.load("climate_balkhash_monthly").to_dataframe()
p = bm.load_parameters("balkhash")
sites = {name: lake_site(p, name) for name in ("west", "east")}
years = {name: lake_year(site) for name, site in sites.items()}
bare = {name: lake_year(site, heat_storage=False) for name, site in sites.items()}
LINEAR = "equilibrium_temperature"
linear = {name: lake_year(site, model=LINEAR) for name, site in sites.items()}
days = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
month = np.repeat(np.arange(1, 13), days)


def by_month(daily):
    """Amounts of the months from daily rates in m/s, mm."""
    return np.bincount(month, daily)[1:] * 86400e3


def harmonic_day(daily):
    """Day on which the annual harmonic is highest."""
    return float(-np.angle(np.fft.rfft(daily)[1]) / (2 * np.pi) * 365) % 365


def lag(site, **what):
    """Days by which the evaporation is behind that of a lake that stores no heat."""
    late = harmonic_day(lake_year(site, **what).open_evaporation)
    return (late - harmonic_day(lake_year(site, heat_storage=False, **what).open_evaporation)) % 365


# %% [markdown]
# ## The printed climatology
#
# Its precipitation adds up to the printed 187 mm. Its temperatures do not: their mean is 7.7, and
# 6.9 degC is printed. March is given as 4.1; with -4.1 the mean is 7.0. The sign was lost, very
# probably, and the table of the package carries both.

# %%
as_printed = ilec["air_temperature_as_printed_degC"].mean()
repaired = ilec["air_temperature_degC"].mean()
rain = ilec["precipitation_mm_per_month"].sum()
print(f"precipitation {rain:.1f} mm, air {as_printed:.2f} as printed, {repaired:.2f} degC repaired")

# %% [markdown]
# ## What the model does

# %%
rows = {}
for name, year in years.items():
    tau = year.time_constant.mean() / 86400
    shape = evaporation_year(p, name)[0]
    rows[name] = {
        "open water (mm)": 1000 * year.annual_depth,
        "highest month": int(by_month(year.open_evaporation).argmax()) + 1,
        "time constant (d)": tau,
        "lag of evaporation (d)": lag(sites[name]),
        "share on days of ice (%)": 100 * shape[year.ice_cover >= 0.5].sum(),
        "July water (degC)": year.water_temperature[month == 7].mean(),
    }
found = pd.DataFrame(rows).T
share = p["west_area_share"].si
found.loc["lake"] = share * found.loc["west"] + (1 - share) * found.loc["east"]
print(found.round(1).to_string())
default = 1000 * (p["net_evaporation"].value + p["mean_precipitation"].value / 1000)
print(f"fitted depth that runs use: {default:.1f} mm")


forms = pd.DataFrame(
    {
        (label, name): {
            "open water (mm)": 1000 * lake_year(site, model=model).annual_depth,
            "July water (degC)": lake_year(site, model=model).water_temperature[month == 7].mean(),
            "lag of evaporation (d)": lag(site, model=model),
            "lag without ice (d)": lag(site, model=model, ice=False),
        }
        for label, model in (("in full", "heat_balance"), ("linear", LINEAR))
        for name, site in sites.items()
    }
).T
print(forms.round(1).to_string())

# %% [markdown]
# How far the assumptions on the weather carry: each at both ends of its range, and all of them.
# Open water over the lake, and what the first kelvin of warming adds to the evaporation of a year.

# %%
west_share = p["west_area_share"].si
ASSUMED = (
    "relative_humidity",
    "relative_humidity_amplitude",
    "wind_speed",
    "clear_sky_share",
    "water_albedo",
    "wind_area_factor",
)


def over_the_lake(overrides):
    """Open water, mm, and what a kelvin adds, %."""
    changed = bm.load_parameters("balkhash", overrides)
    parts = (("west", west_share), ("east", 1 - west_share))
    depth = sum(w * 1000 * lake_year(lake_site(changed, n)).annual_depth for n, w in parts)
    warmed = sum(w * evaporation_year(changed, n, 1.0)[1] for n, w in parts)
    return depth, 100 * (warmed - 1)


ends = {n: [f"{x} {p[n].unit}" for x in (p[n].lower, p[n].upper)] for n in ASSUMED}
spread = {n: [over_the_lake({n: x}) for x in both] for n, both in ends.items()}
corners = [over_the_lake(dict(zip(ends, c, strict=True)))[0] for c in product(*ends.values())]
for name, ((low, a), (high, b)) in spread.items():
    print(f"{name:28} {low:5.0f} {high:5.0f} mm, {a:.1f} {b:.1f} % per kelvin")
print(f"{'all at their ends':28} {min(corners):5.0f} {max(corners):5.0f} mm")
for part in (0.0, 0.05):
    print(
        f"{part:.0%} on ice: {over_the_lake({'evaporation_ice_share': part})[1]:.1f} % per kelvin"
    )

# %% [markdown]
# **Why in full.** Between the wet bulb and the water of July lie 13 K. A balance that is linear
# about the wet bulb takes radiation and vapour to rise there as they do at the wet bulb, loses too
# little heat, and so is too warm and too late. Runs of earlier versions took that form: 1112 mm a
# year with the share on ice, lags of 21 and 34 days, 26 and 43 without ice. Not one assumption on
# the weather was moved. At a reservoir in England the balance in full was nearer to the
# measurements, too (Finch and Gash 2002, who credit its net radiation and its wind function).
#
# The lag is about the time constant. Ice, which is part of every run, shortens it.
#
# **A miss without a tolerance:** the water of July is 27 degC, where ILEC has 23.4 and 24.7.
#
# **Ice of single years**, from the station's own months and not fitted, beside satellites (NASA):

# %%
winters = ice_dates(bm.run("hindcast_free_2020")).set_index(["storage", "winter"])
for winter, seen in ((2000, "middle of April"), (2003, "11 to 18 April")):
    ours = ", ".join(f"{n} {winters.loc[(n, winter), 'break_up']:%d %B}" for n in ("west", "east"))
    print(f"break-up {winter}: {ours}; seen {seen}")

# %%
middle = np.cumsum(days) - days / 2
with bm.plot.use_style():
    figure, (left, centre, right) = plt.subplots(1, 3, figsize=(14.0, 5.4), layout="constrained")
    bare_lake = by_month(
        share * bare["west"].open_evaporation + (1 - share) * bare["east"].open_evaporation
    )
    left.step(
        np.arange(0.5, 13.0),
        np.r_[bare_lake, bare_lake[-1]],
        where="post",
        color=bm.plot.PALETTE["lake"],
        ls=":",
        label="lake, without heat storage",
    )
    for k, (name, label) in enumerate((("west", "West, 4.8 m deep"), ("east", "East, 8.0 m deep"))):
        year, colour = years[name], bm.plot.PALETTE[name]
        left.bar(
            np.arange(1, 13) + 0.4 * (k - 0.5),
            by_month(year.open_evaporation),
            width=0.38,
            color=colour,
            hatch=("", "//")[k],
            edgecolor="white",
            label=label,
        )
        style = {"color": colour, "ls": ("-", "--")[k], "label": label}
        centre.plot(np.arange(365), year.water_temperature, **style)
        flux = heat_storage_flux(
            year.water_temperature, year.water_temperature[-1], sites[name].depth
        )
        smooth = np.convolve(np.r_[flux[-7:], flux, flux[:7]], np.ones(15) / 15, "valid")
        right.plot(np.arange(365), smooth, **style)
    centre.plot(
        np.arange(365),
        years["west"].air_temperature,
        color=bm.plot.PALETTE["band"],
        label="air at Kuigan",
    )
    for station, marker in ((63, "o"), (74, "s")):
        for depth, face in (("surface", bm.plot.PALETTE["observed"]), ("bottom", "white")):
            centre.plot(
                middle,
                ilec[f"{depth}_temperature_station{station}_degC"],
                marker,
                ms=5,
                mfc=face,
                mec=bm.plot.PALETTE["observed"],
                label=f"ILEC station {station}, {depth}",
            )
    frozen = years["west"].ice_cover >= 0.5
    for axes in (centre, right):
        axes.fill_between(
            np.arange(365),
            0.0,
            1.0,
            where=frozen,
            transform=axes.get_xaxis_transform(),
            color=bm.plot.PALETTE["period"],
            lw=0,
            zorder=0,
            label="West under ice",
        )
        axes.set_xticks(middle, list("JFMAMJJASOND"))
        axes.set_xlim(0, 364)
        axes.set_xlabel("Month")
    left.set_xticks(range(1, 13), list("JFMAMJJASOND"))
    left.set_xlabel("Month")
    left.set_ylabel("Evaporation from open water (mm/month)")
    left.set_title("Evaporation, untuned")
    centre.set_ylabel("Temperature (°C)")
    centre.set_title("Water and air")
    right.set_ylabel("Heat flux into the water (W/m²), 15-day means")
    right.set_title("Heat storage")
    left.legend(loc="upper left")
    left.set_ylim(top=1.22 * bare_lake.max())
    centre.set_ylim(top=1.75 * years["west"].water_temperature.max())
    centre.legend(loc="upper left", ncols=2, fontsize=8)
    right.legend(loc="upper right", fontsize=8)
    figure.suptitle(
        "Lake Balkhash through a mean year: a lake that stores heat evaporates later",
        x=0.012,
        ha="left",
        weight="bold",
    )
    figure.supxlabel(
        "Model: heat-storage climatology, air temperature of Kuigan 2000-2022 (Kazhydromet). "
        "Points: ILEC World Lake Database. Under ice the model has no open-water evaporation.",
        x=0.012,
        ha="left",
        fontsize=8,
    )
    plt.close(figure)
figure

# %% [markdown]
# ## Published and computed
#
# "Published" for the range 950 to 1100 mm is its middle, with half its width as tolerance. A
# printed annual evaporation is that of the whole year; so the heat balance is held to it with what
# runs put on ice, 3 % of the year by assumption. That it comes within 1 mm of the depth fitted to
# the levels is partly luck: the assumptions on the weather, each over its range, move it from 970
# to 1220 mm. Runs take the season alone from it, and a depth that levels give. The linear form
# stands beside it for information.
#
# For the lag "published" is the middle of the derived time constants (9 to 19 days West, 15 to 31
# East), with half of it as tolerance.
#
# The mean evaporation in km³ is scored in F1 and stands here for information, as do the dates of
# ice and the temperature of the water, for which no tolerance was set.

# %%
mean = budget_table(bm.run("hindcast_free_2020"), [(1961, 2020)], ["west", "east"]).iloc[0]
whole_year = found.loc["lake", "open water (mm)"] / (1.0 - p["evaporation_ice_share"].si)
linear_year = sum(
    1000 * linear[n].annual_depth * w for n, w in (("west", share), ("east", 1 - share))
) / (1.0 - p["evaporation_ice_share"].si)
tau = found["time constant (d)"]
since_july = winters["freeze_up"] - pd.to_datetime([f"{w - 1}-07-01" for _, w in winters.index])
freeze = 182.0 + float((since_july / pd.Timedelta("1D")).mean())
thaw = float(winters["break_up"].dt.day_of_year.mean())
melting = {
    n: int(((y.ice_cover > 0.1) & (y.ice_cover < 0.9))[:182].sum()) for n, y in years.items()
}
on_ice = "runs put 3 % on ice by assumption; what falls on days of half cover and more is counted"
scores = [
    Score(
        "F7",
        "annual evaporation, untuned, open water and ice",
        "mm",
        1025.0,
        "modern range 950-1100",
        whole_year,
        75.0,
        note="998 from open water, and 3 % of the year on ice, by assumption",
    ),
    Score(
        "F7",
        "the same by the form that is linear about the wet bulb",
        "mm",
        1025.0,
        "modern range 950-1100",
        linear_year,
        kind="information",
        note="default of earlier versions: 12 beyond the range",
    ),
    Score(
        "F7",
        "annual evaporation, untuned, from open water alone",
        "mm",
        1025.0,
        "modern range 950-1100",
        found.loc["lake", "open water (mm)"],
        kind="information",
        note="the printed totals are of the whole year",
    ),
    Score(
        "F7",
        "annual evaporation of the default run",
        "mm",
        1025.0,
        "modern range 950-1100",
        default,
        75.0,
        "input",
        "fitted to the levels",
    ),
    Score(
        "F7",
        "annual evaporation, by the budget of 1961-2020",
        "mm",
        1044.0,
        "derived from wang2022",
        default,
        kind="input",
        note="prior of the fit: net evaporation 849 mm",
    ),
    Score(
        "F7",
        "annual evaporation, by a paper of 2020",
        "mm",
        1000.0,
        "huang2020",
        default,
        kind="input",
    ),
    Score(
        "F7",
        "mean evaporation 1961-2020",
        "km3 yr-1",
        17.95,
        "wang2022",
        -mean["evaporation"],
        kind="information",
        note="fitted depth on the simulated area; scored in F1",
    ),
    Score(
        "F7",
        "month of the maximum, West",
        "month",
        7.5,
        "expected July or August",
        found.loc["west", "highest month"],
        0.5,
    ),
    Score(
        "F7",
        "month of the maximum, East",
        "month",
        7.5,
        "expected July or August",
        found.loc["east", "highest month"],
        0.5,
    ),
    Score(
        "F7",
        "lag of the annual harmonic, West",
        "day",
        14.0,
        "derived time constant 9 to 19 d",
        found.loc["west", "lag of evaporation (d)"],
        7.0,
        note=f"without ice {lag(sites['west'], ice=False):.0f}; time constant of the model "
        f"{tau['west']:.1f}",
    ),
    Score(
        "F7",
        "lag of the annual harmonic, East",
        "day",
        23.0,
        "derived time constant 15 to 31 d",
        found.loc["east", "lag of evaporation (d)"],
        11.5,
        note=f"without ice {lag(sites['east'], ice=False):.0f}; time constant of the model "
        f"{tau['east']:.1f}",
    ),
    Score(
        "F7",
        "share of the year under ice, West",
        "%",
        2.5,
        "at most 5",
        found.loc["west", "share on days of ice (%)"],
        2.5,
        note=on_ice,
    ),
    Score(
        "F7",
        "share of the year under ice, East",
        "%",
        2.5,
        "at most 5",
        found.loc["east", "share on days of ice (%)"],
        2.5,
        note=on_ice,
    ),
    Score(
        "F7", "annual precipitation, sum of the months", "mm", 187.0, "ilec", rain, 0.05, "identity"
    ),
    Score(
        "F7",
        "annual air temperature, mean of the months as printed",
        "degC",
        6.9,
        "ilec",
        as_printed,
        0.05,
        "identity",
        "March 4.1 has lost its minus sign, very probably",
    ),
    Score(
        "F7",
        "annual air temperature with March -4.1",
        "degC",
        6.9,
        "ilec",
        repaired,
        0.05,
        "identity",
        "nearer, and still 0.13 off: open",
    ),
    Score(
        "F7",
        "July surface water, stations 63 and 74, mean",
        "degC",
        (23.4 + 24.7) / 2,
        "ilec",
        found.loc["lake", "July water (degC)"],
        kind="information",
        note="too warm; by the linear form 28.4",
    ),
    Score(
        "F7",
        "freeze-up, mean of all winters, day of the year",
        "day",
        329.5,
        "zhang2022",
        freeze,
        kind="information",
        note="end of November; ice from November to March by other sources",
    ),
    Score(
        "F7",
        "break-up, mean of all winters, day of the year",
        "day",
        95.5,
        "zhang2022",
        thaw,
        kind="information",
        note="early April",
    ),
    Score(
        "F7",
        "length of the melt",
        "day",
        10.0,
        "nasa_eo",
        float(np.mean(list(melting.values()))),
        kind="information",
        note="seen 6 to 14 days; cover from nine tenths to one in spring, mean year of 23 years",
    ),
    Score(
        "F7",
        "break-up in 2003, day of the year",
        "day",
        104.5,
        "nasa_eo",
        float(np.mean([winters.loc[(n, 2003), "break_up"].day_of_year for n in sites])),
        kind="information",
        note="seen 11 to 18 April; single years are not fitted",
    ),
    Score(
        "F7",
        "break-up in 2022, day of the year",
        "day",
        87.0,
        "nasa_modis",
        kind="not reproducible",
        note="seen 25 to 31 March; the runs end in 2020",
    ),
    Score(
        "F7",
        "annual evaporation of the old budget",
        "mm",
        1330.0,
        "geoman",
        kind="not reproducible",
        note="an over-estimate; not the default",
    ),
]
pd.set_option("display.max_colwidth", None)  # the whole reason of each miss
pd.set_option("display.float_format", "{:.5g}".format)
table = scorecard(scores)
table
