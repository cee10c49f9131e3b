"""How the level of a closed lake answers a lasting step of its inflow."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr

from balkhash_model import units
from balkhash_model.errors import InputError, Problem
from balkhash_model.physics import closed_lake
from balkhash_model.steady_state.inputs import (
    Amount,
    read_groundwater,
    read_net_evaporation,
    read_numbers,
    show_flow,
)
from balkhash_model.steady_state.labels import described
from balkhash_model.steady_state.lake import Lake, closed_lake_of
from balkhash_model.system import LakeSystem

FloatArray = npt.NDArray[np.float64]

__all__ = ["step_response"]


def step_response(
    system: LakeSystem,
    *,
    change: Amount,
    years: npt.ArrayLike,
    level: Amount | None = None,
    inflow: Amount | None = None,
    net_evaporation: Amount | None = None,
    groundwater: Amount | None = None,
) -> xr.Dataset:
    r"""Level of a closed lake after a lasting step of its inflow, exact and linearised.

    The lake is in balance, then its inflow changes for good. The level follows :math:`dh/dt =
    S/A(h) - e`, solved exactly on the level-area curve
    (:func:`balkhash_model.physics.closed_lake.closed_lake_level`); beside it stands the linear
    response :math:`\frac{\Delta S}{e\,dA/dh}(1 - \exp(-t/t_e))` about the start. Two basins are
    taken as one surface.

    Parameters
    ----------
    system : LakeSystem
        The lake system.
    change : str or number
        Change of the inflow, "-1.167 km3/yr" or m3 s-1.
    years : array_like
        Times since the step, years of 365.2425 days.
    level : str or number, optional
        Level before ("342 m", or m), at which the lake is in balance. Give this or `inflow`.
    inflow : str or number, optional
        Inflow before (m3 s-1), which sets the level before.
    net_evaporation : str or number, optional
        Evaporation less precipitation (m s-1); by default that of the parameter set.
    groundwater : str or number, optional
        Net inflow from the ground (m3 s-1), used with `inflow`; by default that of the parameter
        set.

    Returns
    -------
    xarray.Dataset
        ``lake_level`` and ``lake_level_linear`` by ``years``; ``equilibrium_level`` (missing where
        it lies outside the common curve of the basins), ``response_time`` at the start, ``inflow``
        before and ``area_slope`` at the start, on the side to which the level moves.

    Raises
    ------
    InputError
        Where a quantity cannot be used, both or neither of `level` and `inflow` are given, or the
        level leaves the common curve of the basins within the years.

    Examples
    --------
    >>> from balkhash_model.library import load_system
    >>> after = step_response(load_system("balkhash"), change="-1.167 km3/yr", years=[17, 28],
    ...                       level="342 m", net_evaporation="0.8489 m/yr")
    >>> (after["lake_level"] - 342.0).round(3).values
    array([-0.994, -1.492])
    """
    lake = closed_lake_of(system)
    problems: list[Problem] = []
    e = read_net_evaporation(system, net_evaporation, problems)
    ground, _ = read_groundwater(system, groundwater, lake.names, problems)
    step = read_numbers(change, "flow", "change", problems)
    if (level is None) == (inflow is None):
        problems.append(Problem("level, inflow", "one of the two is needed", "both or neither"))
    given = (
        read_numbers(level, "level", "level", problems)
        if level is not None
        else read_numbers(0.0 if inflow is None else inflow, "flow", "inflow", problems)
    )
    t = np.atleast_1d(np.asarray(years, dtype=np.float64))
    if t.ndim > 1 or not np.isfinite(t).all() or (t < 0.0).any():
        problems.append(Problem("years", "must be a row of numbers, none negative", str(years)))
    for name, value in (("change", step), ("level or inflow", given), ("groundwater", ground)):
        if value.ndim:
            problems.append(Problem(name, "one number is needed", str(value.tolist())))
    if problems:
        raise InputError(problems)
    start = (
        float(given)
        if level is not None
        else float(closed_lake.level_at_area((given + ground) / e, lake.level, lake.area))
    )
    if not lake.level[0] < start < lake.level[-1]:
        raise InputError(
            Problem(
                "level or inflow",
                "starts outside the common curve of the basins",
                f"{start:g} m",
                f"{lake.level[0]:g} to {lake.level[-1]:g} m ({system.datum})",
            )
        )
    return described(_respond(lake, start, float(step), e, float(ground), t), system)


def _respond(
    lake: Lake, start: float, step: float, e: float, ground: float, years: FloatArray
) -> xr.Dataset:
    area = float(np.interp(start, lake.level, lake.area))
    supply = e * area + step
    if supply < 0.0:
        raise InputError(
            Problem(
                "change",
                "takes more than the lake gains",
                show_flow(step),
                f"{show_flow(-e * area)} at least",
            )
        )
    side = np.nextafter(start, -np.inf) if step < 0.0 else start
    slope = float(closed_lake.area_slope_at_level(side, lake.level, lake.area))
    t = years * units.convert(1.0, "yr", "duration", "years")
    levels = closed_lake.closed_lake_level(
        t, start, supply=supply, net_evaporation=e, level=lake.level, area=lake.area
    )
    if np.isnan(levels).any():
        raise InputError(
            Problem(
                "change",
                "the level leaves the common curve of the basins",
                f"after {years[np.isnan(levels)].min():g} years at the latest",
                f"{lake.level[0]:g} to {lake.level[-1]:g} m ({lake.system.datum})",
                "Ask for fewer years, or simulate it with constant forcing",
            )
        )
    linear = (
        closed_lake.linear_step_response(t, step, area=area, area_slope=slope, net_evaporation=e)
        if slope > 0.0
        else step / area * t
    )
    rest = supply / e
    inside = lake.area[0] <= rest <= lake.area[-1]
    final = float(closed_lake.level_at_area(rest, lake.level, lake.area)) if inside else np.nan
    return xr.Dataset(
        {
            "lake_level": ("years", levels),
            "lake_level_linear": ("years", start + linear),
            "equilibrium_level": ((), final),
            "response_time": ((), float(closed_lake.response_time(area, slope, e))),
            "area_slope": ((), slope),
        },
        coords={
            "years": ("years", years, {"units": "yr", "long_name": "Time since the step"}),
            "inflow": ((), e * area - ground),
        },
    )
