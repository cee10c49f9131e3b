"""How the natural flow of a river answers to climate: rain and warmth, and its glaciers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from balkhash_model.physics.ranges import Limits, require_ranges

FloatArray = npt.NDArray[np.float64]

__all__ = ["runoff_ratio"]


def runoff_ratio(
    precipitation_ratio: npt.ArrayLike,
    temperature_change: npt.ArrayLike,
    glacier_ratio: npt.ArrayLike = 1.0,
    *,
    precipitation_elasticity: float,
    temperature_sensitivity: float,
    glacier_share: float,
) -> FloatArray:
    r"""Natural flow under another climate over that of the base period.

    :math:`Q/Q_0 = (1 - g)\,(P/P_0)^{\varepsilon}\,e^{s\,\Delta T} + g\,G/G_0`: the part of the flow
    that does not come from glacierised land answers to precipitation with an elasticity and to
    warming with a sensitivity; the rest follows a glacier projection, which holds the climate's
    effect on that land already (elasticity form of Schaake 1990 and Sankarasubramanian et al.
    2001, doi 10.1029/2000WR900330).

    Parameters
    ----------
    precipitation_ratio : array_like
        Precipitation over that of the base period.
    temperature_change : array_like
        Warming since the base period, K.
    glacier_ratio : array_like, default 1.0
        Runoff from the glacierised land over that of the base period.
    precipitation_elasticity : float
        Elasticity :math:`\varepsilon`: percent of flow per percent of precipitation.
    temperature_sensitivity : float
        Sensitivity s: relative change of the flow per kelvin, negative.
    glacier_share : float
        Share g of the flow from the glacierised land in the base period.

    Returns
    -------
    array
        Ratio, above zero.

    Raises
    ------
    InputError
        For ratios, warming or coefficients out of any reason, all at once.

    Examples
    --------
    A tenth more rain and nothing else:

    >>> coefficients = {
    ...     "precipitation_elasticity": 1.0, "temperature_sensitivity": -0.03, "glacier_share": 0.2
    ... }
    >>> round(float(runoff_ratio(1.1, 0.0, **coefficients)), 6)
    1.08
    """
    require_ranges(
        "elasticity of streamflow, Sankarasubramanian et al. 2001, doi 10.1029/2000WR900330",
        {
            "precipitation_ratio": Limits(0.2, 5.0, "1"),
            "temperature_change": Limits(-10.0, 10.0, "K"),
            "glacier_ratio": Limits(0.0, 5.0, "1"),
            "precipitation_elasticity": Limits(0.0, 4.0, "1"),
            "temperature_sensitivity": Limits(-0.2, 0.1, "K-1"),
            "glacier_share": Limits(0.0, 1.0, "1"),
        },
        precipitation_ratio=precipitation_ratio,
        temperature_change=temperature_change,
        glacier_ratio=glacier_ratio,
        precipitation_elasticity=precipitation_elasticity,
        temperature_sensitivity=temperature_sensitivity,
        glacier_share=glacier_share,
    )
    rain = np.asarray(precipitation_ratio, float) ** precipitation_elasticity
    warmth = np.exp(temperature_sensitivity * np.asarray(temperature_change, float))
    ratio: FloatArray = (1.0 - glacier_share) * rain * warmth + glacier_share * np.asarray(
        glacier_ratio, float
    )
    return ratio
