"""Ranges within which the equations of this room hold, and the one error that says so."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem

FloatArray = npt.NDArray[np.float64]

__all__ = ["RANGES", "Limits", "require_order", "require_ranges"]


class Limits(NamedTuple):
    """The range of a quantity that is an input of an equation.

    Attributes
    ----------
    low, high : float
        Smallest and largest value that is accepted.
    unit : str
        Unit of both.
    """

    low: float
    high: float
    unit: str


#: What weather can be. The limits are generous: they catch wrong units and typing errors, and the
#: temperatures at which the formula of the saturation vapour pressure fails.
RANGES: dict[str, Limits] = {
    "air_temperature": Limits(-60.0, 60.0, "degC"),
    "minimum_temperature": Limits(-60.0, 60.0, "degC"),
    "maximum_temperature": Limits(-60.0, 60.0, "degC"),
    "water_temperature": Limits(-5.0, 60.0, "degC"),
    "wet_bulb_temperature": Limits(-60.0, 60.0, "degC"),
    "dew_point": Limits(-100.0, 60.0, "degC"),
    "relative_humidity": Limits(0.0, 1.0, "1"),
    "minimum_humidity": Limits(0.0, 1.0, "1"),
    "maximum_humidity": Limits(0.0, 1.0, "1"),
    "vapour_pressure": Limits(0.0, 20_000.0, "Pa"),
    "wind_speed": Limits(0.0, 60.0, "m s-1"),
    "wind_height": Limits(0.5, 100.0, "m"),
    "roughness": Limits(1e-6, 0.5, "m"),
    "shortwave_radiation": Limits(0.0, 600.0, "W m-2"),
    "extraterrestrial_radiation": Limits(0.0, 600.0, "W m-2"),
    "clear_sky_radiation": Limits(0.0, 600.0, "W m-2"),
    "net_radiation": Limits(-300.0, 600.0, "W m-2"),
    "albedo": Limits(0.0, 1.0, "1"),
    "sunshine_fraction": Limits(0.0, 1.0, "1"),
    "sunshine_hours": Limits(0.0, 24.0, "h d-1"),
    "elevation": Limits(-500.0, 6000.0, "m"),
    "latitude": Limits(-90.0, 90.0, "degrees north"),
    "day_of_year": Limits(1.0, 366.0, "1"),
    "depth": Limits(0.05, 1000.0, "m"),
    "area": Limits(1.0, 1e12, "m2"),
    "area_factor": Limits(0.1, 2.0, "1"),
    "salinity": Limits(0.0, 400.0, "kg m-3"),
    "psychrometric_constant": Limits(20.0, 100.0, "Pa K-1"),
    "time_constant": Limits(1e-3, 1e10, "s"),
}


def require_ranges(
    source: str, limits: dict[str, Limits] | None = None, /, **values: npt.ArrayLike
) -> None:
    """Refuse inputs that an equation was not made for, all of them in one error.

    Parameters
    ----------
    source : str
        Where the equation stands, for the hint of the error.
    limits : dict, optional
        Limits of this equation that are narrower than, or missing in, `RANGES`.
    **values : array_like
        Inputs by name.

    Raises
    ------
    InputError
        Naming each input that is not a number somewhere or leaves its range, its worst value, its
        range, and the source.

    Examples
    --------
    >>> require_ranges("FAO-56, equation 19", relative_humidity=[0.4, 57.0])
    Traceback (most recent call last):
    ...
    balkhash_model.errors.InputError: relative_humidity: outside the range of the equation in 1 \
of 2 values; got 57 at [1]; expected 0 to 1. The equation: FAO-56, equation 19
    """
    problems: list[Problem] = []
    for name, value in values.items():
        low, high, unit = (limits or {}).get(name) or RANGES[name]
        array = np.atleast_1d(np.asarray(value, dtype=np.float64))
        shown = f"{low:g} to {high:g}" + ("" if unit == "1" else f" {unit}")
        hint = f"The equation: {source}"
        missing = ~np.isfinite(array)
        outside = (array < low) | (array > high)
        # of those that are no numbers the first is named, of the others the farthest
        distance = np.where(missing, -np.inf, np.maximum(low - array, array - high))
        for bad, rank, what in (
            (missing, missing, "is not a number"),
            (outside & ~missing, distance, "outside the range of the equation"),
        ):
            if bad.any():
                worst = int(np.argmax(rank))
                place = f" at [{worst}]" if array.size > 1 else ""
                count = f" in {int(bad.sum())} of {array.size} values" if array.size > 1 else ""
                problems.append(
                    Problem(name, what + count, f"{array.flat[worst]:g}{place}", shown, hint)
                )
    if problems:
        raise InputError(problems)


def require_order(
    source: str, quantity: str, minimum: npt.ArrayLike, maximum: npt.ArrayLike
) -> None:
    """Refuse a minimum that lies above its maximum.

    Parameters
    ----------
    source : str
        Where the equation stands.
    quantity : str
        What the inputs are called behind ``minimum_`` and ``maximum_``.
    minimum, maximum : array_like
        The inputs.

    Raises
    ------
    InputError
        Where the minimum is the greater, naming the first such place.

    Examples
    --------
    >>> require_order("FAO-56", "temperature", 5.0, 9.0)
    """
    below, above = np.broadcast_arrays(np.asarray(minimum, float), np.asarray(maximum, float))
    wrong = np.atleast_1d(below > above)
    if wrong.any():
        first = int(np.argmax(wrong))
        a, b = np.atleast_1d(below).flat[first], np.atleast_1d(above).flat[first]
        raise InputError(
            Problem(
                f"minimum_{quantity}",
                f"above maximum_{quantity}" + (f" at [{first}]" if wrong.size > 1 else ""),
                f"{a:g}",
                f"at most {b:g}",
                f"The equation: {source}",
            )
        )
