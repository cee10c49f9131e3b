"""The weather over a lake, from a station's temperature and stated assumptions.

Air temperature is that of a station. Humidity, wind and radiation are parameters; each is an
annual mean, humidity with a cosine through the year. From them the heat balance of the water gives
its temperature, the evaporation and the ice of each day of a mean year.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem
from balkhash_model.forcing.temperature import DAYS, daily_climatology
from balkhash_model.physics.ice import IceSeason, march_ice
from balkhash_model.physics.lake_surface import (
    HeatModel,
    LakeSurface,
    march_surface,
    surface_of_weather,
)
from balkhash_model.physics.solar import clear_sky_radiation, extraterrestrial_radiation
from balkhash_model.physics.vapour import saturation_vapour_pressure
from balkhash_model.system import ParameterSet

FloatArray = npt.NDArray[np.float64]

__all__ = ["LakeYear", "Site", "ice_season", "lake_site", "lake_year", "site_surface"]

#: Depth that stands for a lake without heat storage, m.
_NO_STORAGE = 0.05
#: Day of a year by which all ice is gone: the ice year starts there.
_ICE_YEAR = 200
#: Years that the water runs before the one that is given; its memory is a month.
_SPIN_UP = 2


@dataclass(frozen=True, slots=True)
class Site:
    """What a lake surface is, and what is assumed of its weather.

    Attributes
    ----------
    station : str
        Station of the air temperature.
    latitude : float
        Degrees north.
    elevation : float
        Height above the sea, m.
    depth : float
        Mean depth, m.
    wind_speed : float
        Wind speed at 10 m, m s-1.
    humidity, humidity_amplitude : float
        Annual mean of the relative humidity, and how far mid-January lies above it.
    clear_share : float
        Shortwave radiation over that of a clear sky.
    area_factor : float
        Area factor of the wind function.
    albedo : float
        Albedo of the water.
    freezing_per_depth : float
        Freezing degree-days per metre of depth that freeze half of the lake, K d m-1.
    melting_per_thickness : float
        Thawing degree-days per metre of ice that open half of the lake, K d m-1.
    ice_coefficient : float
        Coefficient of Stefan's law, m K-1/2 d-1/2.
    """

    station: str
    latitude: float
    elevation: float
    depth: float
    wind_speed: float
    humidity: float
    humidity_amplitude: float
    clear_share: float
    area_factor: float
    albedo: float
    freezing_per_depth: float
    melting_per_thickness: float
    ice_coefficient: float


def lake_site(parameters: ParameterSet, storage: str) -> Site:
    """The site of a storage of the Balkhash system.

    Parameters
    ----------
    parameters : ParameterSet
        For depth, place and the assumptions on the weather.
    storage : str
        ``west``, ``east`` or ``kapshagay``.

    Returns
    -------
    Site
        The site; the lake takes its temperature from Kuigan, the reservoir from Kapshagai.

    Raises
    ------
    InputError
        For another storage.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> p = load_parameters("balkhash")
    >>> [round(lake_site(p, name).depth, 1) for name in ("west", "east")]
    [4.8, 8.0]
    """
    p = parameters
    if storage == "kapshagay":
        place = ("Kapshagai", p["kapshagay_latitude"].si, p["kapshagay_reference_level"].si)
        depth = p["kapshagay_mean_depth"].si
    elif storage in ("west", "east"):
        place = ("Kuigan", p["lake_latitude"].si, p["lake_reference_level"].si)
        share = p["west_area_share"].si
        area = p["lake_reference_area"].si * (share if storage == "west" else 1.0 - share)
        depth = p[f"{storage}_reference_volume"].si / area
    else:
        raise InputError(
            Problem(
                "climate.evaporation",
                "no station for this storage",
                repr(storage),
                "west, east or kapshagay",
                "Give climate.table in the scenario, or evaporation_rate in the forcing",
            )
        )
    return Site(
        station=place[0],
        latitude=place[1],
        elevation=place[2],
        depth=depth,
        wind_speed=p["wind_speed"].si,
        humidity=p["relative_humidity"].si,
        humidity_amplitude=p["relative_humidity_amplitude"].si,
        clear_share=p["clear_sky_share"].si,
        area_factor=p["wind_area_factor"].si,
        albedo=p["water_albedo"].si,
        freezing_per_depth=p["ice_freezing_degree_days"].si,
        melting_per_thickness=p["ice_melting_degree_days"].si,
        ice_coefficient=p["ice_growth_coefficient"].si,
    )


def ice_season(site: Site, air_temperature: FloatArray) -> IceSeason:
    """Ice of a site under any course of daily temperature.

    Parameters
    ----------
    site : Site
        The site.
    air_temperature : array (n,)
        Mean temperature of each day, degC.

    Returns
    -------
    IceSeason
        Cover and thickness of each day.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> site = lake_site(load_parameters("balkhash"), "west")
    >>> float(ice_season(site, np.full(30, -20.0)).cover[-1])
    1.0
    """
    return march_ice(
        air_temperature,
        depth=site.depth,
        freezing_per_depth=site.freezing_per_depth,
        melting_per_thickness=site.melting_per_thickness,
        coefficient=site.ice_coefficient,
    )


def site_surface(site: Site, air_temperature: FloatArray, depth: float) -> LakeSurface:
    """The lake surface of a site through a year without a leap day.

    Parameters
    ----------
    site : Site
        The site and its assumptions.
    air_temperature : array (365,)
        Mean temperature of each day, degC.
    depth : float
        Depth of the mixed water, m.

    Returns
    -------
    LakeSurface
        What the weather asks of the lake.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> site = lake_site(load_parameters("balkhash"), "west")
    >>> surface = site_surface(site, daily_climatology("Kuigan"), site.depth)
    >>> round(float(surface.time_constant[180:210].mean()) / 86400.0, 1)
    10.6
    """
    day = np.arange(1, 366)
    humidity = site.humidity + site.humidity_amplitude * np.cos(2.0 * np.pi * (day - 15) / 365.0)
    above = extraterrestrial_radiation(site.latitude, day)
    clear = clear_sky_radiation(above, site.elevation)
    return surface_of_weather(
        air_temperature,
        np.minimum(humidity, 1.0) * saturation_vapour_pressure(air_temperature),
        np.full(365, site.wind_speed),
        site.clear_share * clear,
        clear,
        depth=depth,
        elevation=site.elevation,
        area_factor=site.area_factor,
        albedo=site.albedo,
    )


@dataclass(frozen=True, eq=False, slots=True)
class LakeYear:
    """A mean year of a lake, by day, 365 days.

    Attributes
    ----------
    air_temperature, water_temperature : array (365,)
        Temperatures, degC.
    ice_cover : array (365,)
        Share of the surface under ice, 0 to 1.
    ice_thickness : array (365,)
        Thickness of the ice, m.
    open_evaporation : array (365,)
        Evaporation from the open part of the surface as a depth over all of it, m s-1, at least
        zero.
    time_constant : array (365,)
        Time constant of the water temperature in the form that is linear about the wet bulb, s.
    """

    air_temperature: FloatArray
    water_temperature: FloatArray
    ice_cover: FloatArray
    ice_thickness: FloatArray
    open_evaporation: FloatArray
    time_constant: FloatArray

    @property
    def annual_depth(self) -> float:
        """Evaporation from open water in the year, m.

        Returns
        -------
        float
            Depth, m.
        """
        return float(self.open_evaporation.sum() * 86400.0)


@lru_cache(maxsize=512)
def _lake_year(
    site: Site, change: tuple[float, ...], heat_storage: bool, ice: bool, model: HeatModel
) -> LakeYear:
    monthly = np.broadcast_to(np.array(change), (12,))
    air = daily_climatology(site.station) + np.repeat(monthly, DAYS)
    season = ice_season(site, np.tile(np.roll(air, -_ICE_YEAR), 2))
    cover, thickness = (np.roll(x[365:], _ICE_YEAR) for x in season)
    if not ice:
        cover, thickness = np.zeros(365), np.zeros(365)
    depth = site.depth if heat_storage else _NO_STORAGE
    surface = site_surface(site, air, depth)
    water, start = np.zeros(365), float(air.mean())
    rate = water
    for _ in range(_SPIN_UP + 1):
        water, rate = march_surface(
            surface,
            depth=depth,
            start=start,
            frozen=cover >= 0.5 if ice else None,
            freezing_point=0.0 if ice else None,
            model=model,
        )
        start = float(water[-1])
    open_rate = np.maximum(rate, 0.0) * (1.0 - cover) if ice else rate
    return LakeYear(air, water, cover, thickness, open_rate, surface.time_constant)


def lake_year(
    site: Site,
    temperature_change: npt.ArrayLike = 0.0,
    *,
    heat_storage: bool = True,
    ice: bool = True,
    model: HeatModel = "heat_balance",
) -> LakeYear:
    """A mean year of a lake under its climatology, warmed where asked.

    Parameters
    ----------
    site : Site
        The site and its assumptions.
    temperature_change : array_like, default 0.0
        Warming of the air, K: one value, or one for each month. Relative humidity, wind and
        radiation stay as they are.
    heat_storage : bool, default True
        Whether the water stores heat; without, it always is where it gains none.
    ice : bool, default True
        Whether ice forms; without, the water may cool below freezing and the evaporation may be
        negative, as the equations have it.
    model : {"heat_balance", "equilibrium_temperature"}
        The heat balance in full, or linear about the wet bulb of the air, see
        :func:`balkhash_model.physics.lake_surface.march_surface`.

    Returns
    -------
    LakeYear
        Water temperature, ice and evaporation by day.

    Raises
    ------
    InputError
        For a warming out of any reason, or assumptions outside the range of the equations.

    Examples
    --------
    >>> from balkhash_model.library import load_parameters
    >>> year = lake_year(lake_site(load_parameters("balkhash"), "west"))
    >>> 0.95 < year.annual_depth < 1.2
    True
    """
    from balkhash_model.physics.ranges import Limits, require_ranges

    change = np.atleast_1d(np.asarray(temperature_change, dtype=np.float64))
    require_ranges(
        "heat-storage climatology, see the documentation on evaporation",
        {"temperature_change": Limits(-20.0, 20.0, "K")},
        temperature_change=change,
    )
    if change.size not in (1, 12):
        raise InputError(
            Problem("temperature_change", "wrong length", str(change.size), "1 value or 12")
        )
    return _lake_year(site, tuple(change.tolist()), heat_storage, ice, model)
