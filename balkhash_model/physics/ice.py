r"""Lake ice from air temperature: when it comes, how thick it grows, when it goes.

Ice forms when freezing degree-days have taken the heat out of the water, which takes the longer the
deeper the lake is; it thickens with the root of the freezing degree-days (Stefan); it goes when
thawing degree-days have melted that thickness.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from balkhash_model.physics.ranges import Limits, require_ranges

FloatArray = npt.NDArray[np.float64]

__all__ = [
    "STEFAN_THEORY",
    "IceSeason",
    "degree_days",
    "march_ice",
    "stefan_coefficient",
    "stefan_thickness",
]

_STEFAN = "Stefan's law; k 2.24 W/(m K), density 917 kg/m3, heat of fusion 3.34e5 J/kg"


def stefan_coefficient(
    conductivity: float = 2.24, density: float = 917.0, fusion_heat: float = 3.34e5
) -> float:
    r"""Coefficient of Stefan's law for bare ice, :math:`C = \sqrt{2 k \cdot 86400/(\rho L)}`.

    Parameters
    ----------
    conductivity : float, default 2.24
        Conductivity of ice, W m-1 K-1.
    density : float, default 917.0
        Density of ice, kg m-3.
    fusion_heat : float, default 3.34e5
        Heat of fusion, J kg-1.

    Returns
    -------
    float
        Coefficient, m K-1/2 d-1/2. Snow, wind and heat from below bring it down in practice.

    Examples
    --------
    >>> round(stefan_coefficient(), 4)
    0.0355
    """
    return float(np.sqrt(2.0 * conductivity * 86400.0 / (density * fusion_heat)))


#: Coefficient of bare ice, m K-1/2 d-1/2; an upper bound for a lake.
STEFAN_THEORY = stefan_coefficient()


def stefan_thickness(freezing: npt.ArrayLike, coefficient: float = STEFAN_THEORY) -> FloatArray:
    r"""Thickness of ice, :math:`h = C\sqrt{D}`.

    Parameters
    ----------
    freezing : array_like
        Freezing degree-days D, K d.
    coefficient : float, default `STEFAN_THEORY`
        Coefficient C, m K-1/2 d-1/2; 0.0136 to 0.0204 in practice.

    Returns
    -------
    array
        Thickness, m.

    Raises
    ------
    InputError
        For negative degree-days or a coefficient outside 0 to 0.05.

    Examples
    --------
    The 894 K d of a winter at Balkhash with the practical range of the coefficient:

    >>> [round(float(stefan_thickness(894.0, c)), 2) for c in (0.0136, 0.0204)]
    [0.41, 0.61]
    """
    require_ranges(
        _STEFAN,
        {
            "freezing": Limits(0.0, 20_000.0, "K d"),
            "coefficient": Limits(0.0, 0.05, "m K-1/2 d-1/2"),
        },
        freezing=freezing,
        coefficient=coefficient,
    )
    thickness: FloatArray = coefficient * np.sqrt(np.asarray(freezing, dtype=np.float64))
    return thickness


def degree_days(air_temperature: npt.ArrayLike, days: npt.ArrayLike = 1.0) -> tuple[float, float]:
    """Freezing and thawing degree-days of a stretch of time.

    Parameters
    ----------
    air_temperature : array_like
        Mean air temperature of each step, degC.
    days : array_like, default 1.0
        Length of the steps, d.

    Returns
    -------
    tuple of float
        Freezing and thawing degree-days, K d, both positive.

    Raises
    ------
    InputError
        For an impossible temperature.

    Examples
    --------
    >>> degree_days([-5.0, -2.0, 3.0])
    (7.0, 3.0)
    """
    require_ranges("degree-days", air_temperature=air_temperature)
    t = np.asarray(air_temperature, dtype=np.float64)
    length = np.broadcast_to(np.asarray(days, float), t.shape)
    return float((np.maximum(-t, 0) * length).sum()), float((np.maximum(t, 0) * length).sum())


class IceSeason(NamedTuple):
    """Ice day by day.

    Attributes
    ----------
    cover : array (n,)
        Share of the surface under ice, 0 to 1.
    thickness : array (n,)
        Thickness of the ice, m.
    """

    cover: FloatArray
    thickness: FloatArray


def _ramp(value: float, middle: float) -> float:
    """0 up to half of the middle, 1 from one and a half of it."""
    return min(max(value / middle - 0.5, 0.0), 1.0)


def march_ice(
    air_temperature: npt.ArrayLike,
    *,
    depth: float,
    freezing_per_depth: float,
    melting_per_thickness: float,
    coefficient: float,
) -> IceSeason:
    r"""Ice cover and thickness from daily air temperature, starting without ice.

    Freezing degree-days :math:`A`, less thaws, grow the cover from 0 at :math:`F/2` to 1 at
    :math:`3F/2`, :math:`F = f h` for a depth h. From then on ice holds: frost thickens it,
    :math:`d = C\sqrt{A}`, and thawing degree-days :math:`B`, less frosts, open it from 1 at
    :math:`M/2` to 0 at :math:`3M/2`, :math:`M = m d`. A deeper lake freezes later; a mild winter
    makes thin ice, which goes early, or none.

    Parameters
    ----------
    air_temperature : array_like (n,)
        Mean air temperature of each day, degC; the first day lies outside the ice season.
    depth : float
        Mean depth h, m.
    freezing_per_depth : float
        Freezing degree-days per metre of depth f at which half of the lake is frozen, K d m-1.
    melting_per_thickness : float
        Thawing degree-days per metre of ice m at which half of the lake is open, K d m-1.
    coefficient : float
        Coefficient C of Stefan's law, m K-1/2 d-1/2.

    Returns
    -------
    IceSeason
        Cover and thickness of each day.

    Raises
    ------
    InputError
        For impossible temperatures or coefficients.

    Examples
    --------
    >>> season = march_ice(
    ...     [5.0] * 10 + [-10.0] * 60 + [5.0] * 60,
    ...     depth=5.0, freezing_per_depth=6.0, melting_per_thickness=200.0, coefficient=0.017,
    ... )
    >>> float(season.cover[40]), round(float(season.thickness[69]), 2), float(season.cover[-1])
    (1.0, 0.42, 0.0)
    """
    positive = Limits(1e-6, 1e5, "K d m-1")
    require_ranges(
        "degree-day ice, see the documentation on evaporation and ice",
        {
            "freezing_per_depth": positive,
            "melting_per_thickness": positive,
            "coefficient": Limits(1e-6, 0.05, "m K-1/2 d-1/2"),
        },
        air_temperature=air_temperature,
        depth=depth,
        freezing_per_depth=freezing_per_depth,
        melting_per_thickness=melting_per_thickness,
        coefficient=coefficient,
    )
    temperature = np.asarray(air_temperature, dtype=np.float64)
    cover, thickness = np.zeros(temperature.size), np.zeros(temperature.size)
    threshold = freezing_per_depth * depth
    frost, thaw, holds = 0.0, 0.0, False
    for i, t in enumerate(temperature.tolist()):
        if not holds:
            frost = max(frost - t, 0.0)
            cover[i] = _ramp(frost, threshold)
            thickness[i] = coefficient * frost**0.5
            holds = cover[i] >= 1.0
            continue
        frost += max(-t, 0.0)
        thaw = max(thaw + t, 0.0)
        grown = coefficient * frost**0.5
        melting = melting_per_thickness * grown
        cover[i] = 1.0 - _ramp(thaw, melting)
        thickness[i] = grown * max(1.0 - thaw / (1.5 * melting), 0.0)
        if cover[i] <= 0.0:
            frost, thaw, holds = 0.0, 0.0, False
    return IceSeason(cover, np.where(cover > 0.0, thickness, 0.0))
