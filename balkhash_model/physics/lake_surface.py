"""A lake surface under weather: what the weather asks of it, and its march through the days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from balkhash_model.physics import radiation
from balkhash_model.physics.heat_balance import march_heat_balance
from balkhash_model.physics.heat_storage import (
    SOURCE,
    aerodynamic_resistance,
    equilibrium_temperature,
    evaporation_rate,
    heat_storage_flux,
    march_water_temperature,
    time_constant,
    wind_function,
)
from balkhash_model.physics.ranges import Limits, require_ranges
from balkhash_model.physics.vapour import (
    air_pressure,
    latent_heat_of_vaporisation,
    psychrometric_constant,
    wet_bulb_temperature,
)

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

__all__ = ["HeatModel", "LakeSurface", "march_surface", "surface_of_weather"]

#: The heat balance in full, or linear about the wet bulb of the air.
HeatModel = Literal["heat_balance", "equilibrium_temperature"]


@dataclass(frozen=True, eq=False, slots=True)
class LakeSurface:
    """What the weather makes of a lake surface, before the lake's own memory.

    Attributes
    ----------
    equilibrium : array (n,)
        Equilibrium temperature, degC.
    time_constant : array (n,)
        Time constant, s.
    incoming : array (n,)
        Radiation that the surface takes up, without what it emits, W m-2.
    air_temperature : array (n,)
        Mean air temperature, degC.
    vapour_pressure : array (n,)
        Vapour pressure of the air, Pa.
    wind_coefficient : array (n,)
        Wind function, W m-2 Pa-1.
    resistance : array (n,)
        Aerodynamic resistance, s m-1.
    psychrometric : float
        Psychrometric constant, Pa K-1.
    latent_heat : array (n,)
        Latent heat of vaporisation, J kg-1.
    """

    equilibrium: FloatArray
    time_constant: FloatArray
    incoming: FloatArray
    air_temperature: FloatArray
    vapour_pressure: FloatArray
    wind_coefficient: FloatArray
    resistance: FloatArray
    psychrometric: float
    latent_heat: FloatArray

    def evaporation(self, water_temperature: FloatArray, storage: npt.ArrayLike) -> FloatArray:
        """Evaporation at a water temperature.

        Parameters
        ----------
        water_temperature : array (n,)
            Water temperature, degC.
        storage : array_like
            Heat that the water takes up, W m-2.

        Returns
        -------
        array (n,)
            Evaporation, m s-1.
        """
        net = self.incoming - radiation.outgoing_longwave(water_temperature)
        return evaporation_rate(
            net - np.asarray(storage, float),
            water_temperature,
            self.vapour_pressure,
            self.resistance,
            self.psychrometric,
            self.latent_heat,
        )


def surface_of_weather(
    air_temperature: npt.ArrayLike,
    vapour_pressure: npt.ArrayLike,
    wind_speed: npt.ArrayLike,
    shortwave_radiation: npt.ArrayLike,
    clear_sky_radiation: npt.ArrayLike,
    *,
    depth: float,
    elevation: float,
    area_factor: float = 1.0,
    albedo: float = 0.08,
) -> LakeSurface:
    """Equilibrium temperature, time constant and the rest from weather.

    Parameters
    ----------
    air_temperature : array_like (n,)
        Mean air temperature, degC.
    vapour_pressure : array_like (n,)
        Vapour pressure of the air, Pa.
    wind_speed : array_like (n,)
        Wind speed at 10 m, m s-1.
    shortwave_radiation, clear_sky_radiation : array_like (n,)
        Incoming shortwave radiation, and that under a clear sky, W m-2.
    depth : float
        Depth of the mixed water, m.
    elevation : float
        Height above the sea, m.
    area_factor : float, default 1.0
        Area factor of the wind function.
    albedo : float, default 0.08
        Albedo of the water.

    Returns
    -------
    LakeSurface
        The surface, ready to be marched.

    Raises
    ------
    InputError
        For weather outside the range of the equations, all of it at once.

    Examples
    --------
    >>> weather = [10.0], [800.0], [4.0], [200.0], [280.0]
    >>> surface = surface_of_weather(*weather, depth=5.0, elevation=340.0)
    >>> round(float(surface.time_constant[0]) / 86400.0, 1)
    11.7
    """
    require_ranges(
        SOURCE,
        {"vapour_pressure": Limits(1e-3, 20_000.0, "Pa")},
        air_temperature=air_temperature,
        vapour_pressure=vapour_pressure,
        wind_speed=wind_speed,
        shortwave_radiation=shortwave_radiation,
        clear_sky_radiation=clear_sky_radiation,
        depth=depth,
        elevation=elevation,
        area_factor=area_factor,
        albedo=albedo,
    )
    air, vapour = np.asarray(air_temperature, float), np.asarray(vapour_pressure, float)
    gamma = float(psychrometric_constant(air_pressure(elevation)))
    f = wind_function(wind_speed, area_factor)
    bulb = wet_bulb_temperature(air, vapour)
    clouds = radiation.cloud_fraction(shortwave_radiation, clear_sky_radiation)
    incoming = radiation.net_shortwave(shortwave_radiation, albedo) + radiation.incoming_longwave(
        air, clouds
    )
    net_at_bulb = incoming - radiation.outgoing_longwave_linear(air, bulb)
    return LakeSurface(
        equilibrium=equilibrium_temperature(net_at_bulb, bulb, f, gamma),
        time_constant=time_constant(depth, bulb, f, gamma),
        incoming=incoming,
        air_temperature=air,
        vapour_pressure=vapour,
        wind_coefficient=f,
        resistance=aerodynamic_resistance(f, gamma),
        psychrometric=gamma,
        latent_heat=latent_heat_of_vaporisation(air),
    )


def march_surface(
    surface: LakeSurface,
    *,
    depth: float,
    start: float,
    step: float = 86400.0,
    frozen: BoolArray | None = None,
    freezing_point: float | None = None,
    model: HeatModel = "heat_balance",
) -> tuple[FloatArray, FloatArray]:
    """March the water of a lake through its weather; give its temperature and evaporation.

    Parameters
    ----------
    surface : LakeSurface
        From :func:`surface_of_weather`.
    depth : float
        Depth of the mixed water, m.
    start : float
        Water temperature before the first step, degC.
    step : float, default 86400.0
        Length of a step, s.
    frozen : array of bool (n,), optional
        Steps on which ice holds the water at the freezing point.
    freezing_point : float, optional
        Temperature below which the water does not cool, degC.
    model : {"heat_balance", "equilibrium_temperature"}
        The heat balance in full (Finch and Gash 2002, :mod:`balkhash_model.physics.heat_balance`),
        or linear about the wet bulb (McJannet et al. 2008,
        :mod:`balkhash_model.physics.heat_storage`).

    Returns
    -------
    tuple of array (n,)
        Water temperature at the end of each step, degC, and evaporation, m s-1. On frozen steps
        the evaporation is that of open water at the freezing point and has no meaning.

    Examples
    --------
    >>> weather = [10.0], [800.0], [4.0], [200.0], [280.0]
    >>> surface = surface_of_weather(*weather, depth=5.0, elevation=340.0)
    >>> water, rate = march_surface(surface, depth=5.0, start=10.0)
    >>> round(float(water[0]), 2), round(float(rate[0]) * 86.4e6, 2)
    (10.36, 1.8)
    """
    if model == "heat_balance":
        return march_heat_balance(
            surface.incoming,
            surface.air_temperature,
            surface.vapour_pressure,
            surface.wind_coefficient,
            surface.psychrometric,
            surface.latent_heat,
            depth=depth,
            start=start,
            step=step,
            frozen=frozen,
            freezing_point=freezing_point,
        )
    water = march_water_temperature(
        surface.equilibrium,
        surface.time_constant,
        start,
        step=step,
        frozen=frozen,
        freezing_point=freezing_point,
    )
    storage = heat_storage_flux(water, start, depth, step=step)
    return water, surface.evaporation(water, storage)
