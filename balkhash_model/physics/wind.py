"""Wind speed at one height from another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem
from balkhash_model.physics.ranges import require_ranges

FloatArray = npt.NDArray[np.float64]

__all__ = ["WATER_ROUGHNESS", "log_profile_wind", "wind_at_two_metres"]

#: Roughness of a water surface that the heat-storage method takes, m (McMahon et al. 2013).
WATER_ROUGHNESS = 2e-4


def wind_at_two_metres(wind_speed: npt.ArrayLike, wind_height: npt.ArrayLike) -> FloatArray:
    r"""Wind speed at 2 m over grass, :math:`4.87\,u_z/\ln(67.8 z - 5.42)` (FAO-56, equation 47).

    Parameters
    ----------
    wind_speed : array_like
        Wind speed, m s-1.
    wind_height : array_like
        Height of the measurement, m.

    Returns
    -------
    array
        Wind speed at 2 m, m s-1.

    Raises
    ------
    InputError
        For a negative speed or an impossible height.

    Examples
    --------
    FAO-56, example 14: 3.2 m/s at 10 m are 2.4 m/s at 2 m.

    >>> round(float(wind_at_two_metres(3.2, 10.0)), 1)
    2.4
    """
    require_ranges(
        "FAO Irrigation and Drainage Paper 56, equation 47",
        wind_speed=wind_speed,
        wind_height=wind_height,
    )
    z = np.asarray(wind_height, dtype=np.float64)
    speed: FloatArray = np.asarray(wind_speed, float) * 4.87 / np.log(67.8 * z - 5.42)
    return speed


def log_profile_wind(
    wind_speed: npt.ArrayLike,
    wind_height: npt.ArrayLike,
    height: npt.ArrayLike,
    roughness: npt.ArrayLike = WATER_ROUGHNESS,
) -> FloatArray:
    r"""Wind speed at another height by the logarithmic profile.

    :math:`u = u_z \ln(h/z_0)/\ln(z/z_0)` (McMahon et al. 2013, equation S4.4).

    Parameters
    ----------
    wind_speed : array_like
        Wind speed, m s-1.
    wind_height : array_like
        Height z of the measurement, m.
    height : array_like
        Height h that is wanted, m.
    roughness : array_like, default 0.0002
        Roughness length of the surface, m.

    Returns
    -------
    array
        Wind speed, m s-1.

    Raises
    ------
    InputError
        For a negative speed, an impossible height or roughness, or heights within the roughness.

    Examples
    --------
    >>> round(float(log_profile_wind(0.5903, 2.0, 10.0)), 4)
    0.6935
    """
    source = "McMahon et al. 2013, doi 10.5194/hess-17-1331-2013, supplement, S4.4"
    require_ranges(source, wind_speed=wind_speed, wind_height=wind_height, roughness=roughness)
    z0 = np.asarray(roughness, dtype=np.float64)
    z, h = np.asarray(wind_height, dtype=np.float64), np.asarray(height, dtype=np.float64)
    problems = []
    for name, at in (("wind_height", z), ("height", h)):
        low, rough = np.broadcast_arrays(at, z0)
        within = np.atleast_1d(~(low > rough))
        if within.any():
            first = int(np.argmax(within))
            got, least = (f"{np.atleast_1d(x).flat[first]:g}" for x in (low, rough))
            place = f" at [{first}]" if within.size > 1 else ""
            hint = f"The equation: {source}"
            problems.append(
                Problem(
                    name, "within the roughness", f"{got} m{place}", f"more than {least} m", hint
                )
            )
    if problems:
        raise InputError(problems)
    speed: FloatArray = np.asarray(wind_speed, float) * np.log(h / z0) / np.log(z / z0)
    return speed
