"""Our values of the worked examples on vapour, radiation, wind and evaporation."""

from __future__ import annotations

import numpy as np

from balkhash_model import reference
from balkhash_model.physics import combination, heat_storage, radiation, solar, vapour, wind
from balkhash_model.physics import spot_formulas as spot
from balkhash_model.physics.lake_surface import march_surface, surface_of_weather

MJ, MM, KPA = solar.MEGAJOULES_PER_DAY, combination.MILLIMETRES_PER_DAY, 1000.0


def fao_spots() -> dict[tuple[str, str], float]:
    above = solar.extraterrestrial_radiation(-22.9, 135)
    sunny = 7.1 / solar.daylight_hours(-22.9, 135)
    mean = vapour.mean_saturation_vapour_pressure
    degrees = float(np.rad2deg(-0.35))
    first, second = fao_example_18(273.0), fao_example_17(273.0)
    return {
        ("FAO-56 example 2", "air pressure at 1800 m"): vapour.air_pressure(1800.0) / KPA,
        ("FAO-56 example 4", "air pressure at 1200 m"): vapour.air_pressure(1200.0) / KPA,
        ("FAO-56 example 2", "psychrometric constant at 81.8 kPa"): (
            vapour.psychrometric_constant(81_800.0) / KPA
        ),
        ("ASCE table C-3", "slope of vapour pressure at 21.65 degC"): (
            vapour.saturation_vapour_pressure_slope(21.65) / KPA
        ),
        ("FAO-56 example 3", "saturation vapour pressure at 24.5 degC"): (
            vapour.saturation_vapour_pressure(24.5) / KPA
        ),
        ("FAO-56 example 3", "saturation vapour pressure at 15 degC"): (
            vapour.saturation_vapour_pressure(15.0) / KPA
        ),
        ("FAO-56 example 3", "mean saturation vapour pressure"): mean(15.0, 24.5) / KPA,
        ("FAO-56 example 5", "vapour pressure from extremes"): (
            vapour.actual_vapour_pressure(18.0, 25.0, 0.54, 0.82) / KPA
        ),
        ("FAO-56 example 5", "vapour pressure from mean humidity"): 0.68 * mean(18.0, 25.0) / KPA,
        ("FAO-56 example 8", "inverse relative distance"): solar.inverse_distance(246),
        ("FAO-56 example 8", "solar declination"): solar.solar_declination(246),
        ("FAO-56 example 8", "sunset hour angle"): solar.sunset_hour_angle(degrees, 246),
        ("FAO-56 example 8", "extraterrestrial radiation"): (
            solar.extraterrestrial_radiation(degrees, 246) / MJ
        ),
        ("FAO-56 example 9", "daylight"): solar.daylight_hours(degrees, 246),
        ("FAO-56 example 10", "shortwave radiation"): (
            solar.shortwave_from_sunshine(above, sunny) / MJ
        ),
        ("FAO-56 example 11", "net longwave radiation"): (
            radiation.net_longwave_fao56(14.5 * MJ, 18.8 * MJ, 2100.0, 19.1, 25.1) / MJ
        ),
        ("FAO-56 example 18", "reference evapotranspiration"): first["evapotranspiration"],
        ("FAO-56 example 17", "reference evapotranspiration"): second["evapotranspiration"],
    }


def _reference_crop(
    latitude, day, elevation, low, high, dry, damp, short, u2, ground, kelvin
) -> dict[str, float]:
    above = solar.extraterrestrial_radiation(latitude, day)
    clear = solar.clear_sky_radiation(above, elevation)
    air = vapour.actual_vapour_pressure(low, high, dry, damp)
    full = vapour.mean_saturation_vapour_pressure(low, high)
    mean = 0.5 * (low + high)
    loss = radiation.net_longwave_fao56(short * MJ, clear, air, low, high)
    net = radiation.net_shortwave(short * MJ, 0.23) - loss
    gamma = vapour.psychrometric_constant(vapour.air_pressure(elevation))
    rate = combination.penman_monteith_fao56(
        net, ground * MJ, mean, full - air, u2, elevation, kelvin
    )
    return {
        "wind at 2 m": u2,
        "psychrometric constant": gamma / KPA,
        "slope of vapour pressure": vapour.saturation_vapour_pressure_slope(mean) / KPA,
        "mean saturation vapour pressure": full / KPA,
        "vapour pressure": air / KPA,
        "vapour pressure deficit": (full - air) / KPA,
        "extraterrestrial radiation": above / MJ,
        "clear-sky radiation": clear / MJ,
        "net longwave radiation": loss / MJ,
        "net radiation": net / MJ,
        "soil heat flux": ground,
        "evapotranspiration": rate / MM,
    }


def fao_example_18(kelvin: float) -> dict[str, float]:
    # 6 July, 50.80 N, 100 m, 12.3 to 21.5 degC, 63 to 84 %, 22.07 MJ, 2.78 m/s at 10 m
    u2 = wind.wind_at_two_metres(2.78, 10.0)
    day = _reference_crop(
        50.8, 187, 100.0, 12.3, 21.5, 0.63, 0.84, 22.07, u2, ground=0.0, kelvin=kelvin
    )
    del day["mean saturation vapour pressure"]
    return day


def fao_example_17(kelvin: float) -> dict[str, float]:
    # April, 13 deg 44 min N, 2 m, 25.6 to 34.8 degC, 51 to 87 %, 22.65 MJ, 2 m/s; March 29.2 degC
    ground = 0.14 * (0.5 * (25.6 + 34.8) - 29.2)
    month = _reference_crop(
        13.0 + 44.0 / 60.0, 105, 2.0, 25.6, 34.8, 0.51, 0.87, 22.65, 2.0, ground, kelvin
    )
    del month["wind at 2 m"]
    return month


# Alice Springs, 20 July 1980
PLACE = {"latitude": -23.7951, "elevation": 546.0, "day": 202}
LOW, HIGH, DRY, DAMP, SHORT, WIND2 = 2.0, 21.0, 0.25, 0.71, 17.1940, 0.5903
NET = 8.6401


def deep_lake() -> dict[str, float]:
    # 5 km2, 10 m deep, water at 10.8734 degC the day before
    mean, start, depth = 0.5 * (LOW + HIGH), 10.8734, 10.0
    gamma = vapour.psychrometric_constant(vapour.air_pressure(PLACE["elevation"]))
    air = vapour.actual_vapour_pressure(LOW, HIGH, DRY, DAMP)
    bulb = vapour.wet_bulb_temperature(mean, air)
    u10 = wind.log_profile_wind(WIND2, 2.0, 10.0)
    factor = float(heat_storage.area_factor(5e6))
    f = heat_storage.wind_function(u10, factor)
    above = solar.extraterrestrial_radiation(PLACE["latitude"], PLACE["day"])
    clear = solar.clear_sky_radiation(above, PLACE["elevation"])
    clouds = radiation.cloud_fraction(SHORT * MJ, clear)
    net_short = radiation.net_shortwave(SHORT * MJ, 0.08)
    sky = radiation.incoming_longwave(mean, clouds)
    at_bulb = radiation.outgoing_longwave_linear(mean, bulb)
    surface = surface_of_weather(
        *([x] for x in (mean, air, u10, SHORT * MJ, clear)),
        depth=depth,
        elevation=PLACE["elevation"],
        area_factor=factor,
    )
    water, rate = march_surface(surface, depth=depth, start=start, model="equilibrium_temperature")
    loss = radiation.outgoing_longwave(water)
    return {
        "wind at 10 m": u10,
        "dew point": vapour.dew_point(air),
        "wet bulb": bulb,
        "wind function": f / heat_storage.wind_function(0.0) * 3.80,
        "aerodynamic resistance": heat_storage.aerodynamic_resistance(f, gamma),
        "net shortwave radiation": net_short / MJ,
        "cloud fraction": clouds,
        "incoming longwave radiation": sky / MJ,
        "outgoing longwave radiation at the wet bulb": at_bulb / MJ,
        "net radiation at the wet bulb": (net_short + sky - at_bulb) / MJ,
        "time constant": surface.time_constant[0] / 86400.0,
        "equilibrium temperature": surface.equilibrium[0],
        "water temperature": water[0],
        "heat storage": heat_storage.heat_storage_flux(water, start, depth)[0] / MJ,
        "outgoing longwave radiation": loss[0] / MJ,
        "net radiation": (net_short + sky - loss)[0] / MJ,
        "slope of vapour pressure at the water": (
            vapour.saturation_vapour_pressure_slope(water)[0] / KPA
        ),
        "vapour pressure at the water": vapour.saturation_vapour_pressure(water)[0] / KPA,
        "evaporation": rate[0] / MM,
    }


def alice_springs() -> dict[tuple[str, str], float]:
    mean = 0.5 * (LOW + HIGH)
    deficit = vapour.mean_saturation_vapour_pressure(LOW, HIGH) - vapour.actual_vapour_pressure(
        LOW, HIGH, DRY, DAMP
    )
    above = solar.extraterrestrial_radiation(PLACE["latitude"], PLACE["day"])
    hours = solar.daylight_hours(PLACE["latitude"], PLACE["day"])
    z = PLACE["elevation"]
    printed, ours = "pyet test, McMahon S19", "Alice Springs, 20 July 1980"

    def penman(year: str) -> float:
        return combination.penman_open_water(NET * MJ, mean, deficit, WIND2, z, year) / MM

    return {
        (printed, "Priestley-Taylor evaporation"): (
            combination.priestley_taylor(NET * MJ, mean, z) / MM
        ),
        (printed, "Makkink evaporation"): spot.makkink(SHORT * MJ, mean, z) / MM,
        (printed, "Turc evaporation"): spot.turc(SHORT * MJ, mean, 0.48) / MM,
        (printed, "Hargreaves-Samani evaporation"): spot.hargreaves_samani(above, LOW, HIGH) / MM,
        (printed, "Blaney-Criddle FAO-24 evaporation"): (
            spot.blaney_criddle_fao24(mean, DRY, 10.7 / hours, WIND2, 0.2436) / MM
        ),
        (ours, "Penman 1948 open water"): penman("1948"),
        (ours, "Penman 1956 open water"): penman("1956"),
        (ours, "Valiantzas 2006 open water"): (
            combination.valiantzas_2006(SHORT * MJ, above, mean, 0.48) / MM
        ),
    }


def kent_town() -> dict[tuple[str, str], float]:
    data = reference.load("kent_town_weather")
    low, high = data["temperature_min_degC"].values, data["temperature_max_degC"].values
    dry, damp = (data[f"humidity_{end}_percent"].values / 100.0 for end in ("min", "max"))
    mean, short, z = 0.5 * (low + high), data["shortwave_MJ_per_m2_d"].values * MJ, 48.0
    latitude = float(np.rad2deg(-0.6095))
    above = solar.extraterrestrial_radiation(latitude, np.arange(60, 70))
    clear = solar.clear_sky_radiation(above, z)
    air = vapour.actual_vapour_pressure(low, high, dry, damp)
    full = vapour.mean_saturation_vapour_pressure(low, high)
    loss = radiation.net_longwave_fao56(short, clear, air, low, high)
    net = radiation.net_shortwave(short, 0.08) - loss
    u2 = wind.log_profile_wind(data["wind_10m_m_per_s"].values, 10.0, 2.0, 0.001)
    penman = combination.penman_open_water(net, mean, full - air, u2, z, "1948") / MM
    linacre = spot.linacre(mean, data["dew_point_degC"].values, z, latitude) / MM
    case = "pyet test, Kent Town, R package Evapotranspiration"
    found = {}
    for day in range(10):
        found[case, f"Penman 1948 open water, {day + 1} March 2001"] = float(penman[day])
        found[case, f"Linacre 1977, {day + 1} March 2001"] = float(linacre[day])
    return found


def computed() -> dict[tuple[str, str], float]:
    """Our values of this topic by case and quantity."""
    found = {**fao_spots(), **alice_springs(), **kent_town()}
    for case, values in (
        ("CSLSevap test, FAO-56 example 18", fao_example_18(273.15)),
        ("CSLSevap test, FAO-56 example 17", fao_example_17(273.15)),
        ("CSLSevap test, McMahon S19 deep lake", deep_lake()),
    ):
        found |= {(case, quantity): value for quantity, value in values.items()}
    return {key: float(np.asarray(value)) for key, value in found.items()}
