"""The seasonal shape of evaporation from observed water temperatures, by mass transfer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem
from balkhash_model.physics.ranges import Limits, require_ranges
from balkhash_model.physics.vapour import saturation_vapour_pressure

FloatArray = npt.NDArray[np.float64]

__all__ = ["mass_transfer_shape"]

_SOURCE = "Dalton's law with a constant wind function, see the documentation on evaporation"


def mass_transfer_shape(
    water_temperature: npt.ArrayLike,
    air_temperature: npt.ArrayLike,
    relative_humidity: float,
    ice_share: float,
) -> FloatArray:
    r"""Monthly shares of the annual evaporation from a lake, by mass transfer.

    In months with an observed surface temperature :math:`T_w` the demand is Dalton's,
    :math:`d = \max(0, e_s(T_w) - r\,e_s(T_a))`, with a constant wind function; it is scaled to the
    open-water share of the year. Months without one are taken as ice-covered and share
    `ice_share` evenly.

    Parameters
    ----------
    water_temperature : array_like (12,)
        Surface temperature by month, degC; NaN under ice.
    air_temperature : array_like (12,)
        Air temperature by month, degC.
    relative_humidity : float
        Relative humidity of the air, 0 to 1.
    ice_share : float
        Share of the annual evaporation that falls in the ice-covered months.

    Returns
    -------
    array (12,)
        Shares that sum to one.

    Raises
    ------
    InputError
        For a temperature, humidity or share that is impossible, and where no month evaporates.

    Examples
    --------
    >>> import numpy as np
    >>> water = np.array([np.nan] * 3 + [6, 13, 19, 24, 23, 17, 9, 2] + [np.nan])
    >>> shares = mass_transfer_shape(water, np.linspace(-10, 10, 12), 0.6, 0.03)
    >>> round(float(shares.sum()), 12), round(float(shares[[0, 1, 2, 11]].sum()), 12)
    (1.0, 0.03)
    """
    water = np.asarray(water_temperature, dtype=np.float64)
    air = np.asarray(air_temperature, dtype=np.float64)
    ice = ~np.isfinite(water)
    require_ranges(
        _SOURCE,
        {"ice_share": Limits(0.0, 1.0, "1")},
        water_temperature=water[~ice],
        air_temperature=air,
        relative_humidity=relative_humidity,
        ice_share=ice_share,
    )
    vapour = relative_humidity * saturation_vapour_pressure(air)
    demand = np.maximum(saturation_vapour_pressure(np.where(ice, 0.0, water)) - vapour, 0.0)
    demand = np.where(ice, 0.0, demand)
    if not demand.sum() > 0.0:
        raise InputError(
            Problem(
                "water_temperature",
                "no month evaporates",
                expected="an open month with water that is warmer than the dew point",
                hint=f"The equation: {_SOURCE}",
            )
        )
    covered = ice_share if ice.any() else 0.0
    shares: FloatArray = (1.0 - covered) * demand / demand.sum()
    return np.where(ice, covered / max(int(ice.sum()), 1), shares)
