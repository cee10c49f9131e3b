"""Run a lake system on forcing: pack numbers for the kernel, give names and units to results.

Reads no file and knows no scenario.
"""

from __future__ import annotations

from collections.abc import Mapping

import xarray as xr

from balkhash_model import provenance
from balkhash_model.diagnostics.balance import check_balance
from balkhash_model.errors import BalkhashError, InputError, Problem
from balkhash_model.forcing.check import read_forcing
from balkhash_model.initial_state import initial_state, initial_volumes
from balkhash_model.packing import pack, pack_forcing
from balkhash_model.result_dataset import label_output
from balkhash_model.system import LakeSystem

__all__ = ["initial_volumes", "pack", "simulate"]


def simulate(
    system: LakeSystem,
    forcing: xr.Dataset,
    *,
    initial: float | Mapping[str, float] | xr.Dataset,
    initial_salinity: Mapping[str, float] | None = None,
    substeps: int = 1,
    threads: int | None = None,
    attrs: Mapping[str, str] | None = None,
) -> xr.Dataset:
    """Simulate a lake system.

    The volumes :math:`V` of all storages follow :math:`dV/dt = Q + A(V)(P - E) + G - U + \\sum L`
    (rivers, rain and evaporation on the current area, groundwater, withdrawals, links), solved
    implicitly to second order; every flux is its mean over the interval and the new volume is the
    old one plus the flux volumes.

    Parameters
    ----------
    system : LakeSystem
        The lake system.
    forcing : xarray.Dataset
        Rates per interval, as :func:`balkhash_model.forcing.empty_forcing` lays them out; any
        variable may have a ``realization`` dimension.
    initial : float, mapping or xarray.Dataset
        Level of the lake (m), or a level for each storage, or a result whose last state is the
        start.
    initial_salinity : mapping of str to float, optional
        Salinity of each storage at the start, kg m-3; zero where not given.
    substeps : int, default 1
        Internal steps per interval.
    threads : int, optional
        Threads at most; the results do not depend on it.
    attrs : mapping of str to str, optional
        Global attributes to add.

    Returns
    -------
    xarray.Dataset
        CF-1.11. On ``time``: ``water_level, water_area, river_inflow, precipitation, evaporation,
        groundwater_inflow, abstraction, balance_residual`` by ``storage``, ``link_flow`` by
        ``link``, ``abstraction_by_user`` and ``shortage`` by ``user``, ``lake_level, lake_area,
        lake_volume, lake_connected, lake_river_inflow``; on ``time_edge``: ``water_volume,
        water_level_edge, salt_mass``. Fluxes are m3 s-1, positive into the storage. A member that
        dried out, overtopped or was not solved says so in ``status``.

    Raises
    ------
    InputError
        Where the forcing or the start cannot be used; all problems at once.
    WaterBalanceError
        Where a balance does not close.

    Examples
    --------
    >>> import numpy as np
    >>> from balkhash_model.forcing import empty_forcing
    >>> from balkhash_model.library import load_system
    >>> from balkhash_model.timeaxis import TimeAxis
    >>> system = load_system("balkhash")
    >>> forcing = empty_forcing(system, TimeAxis.monthly("2000-01-01", "2001-01-01"))
    >>> levels = {"kapshagay": 477.0, "west": 342.0, "east": 342.0}
    >>> result = simulate(system, forcing, initial=levels)
    >>> float(result["lake_level"][-1].round(9))
    342.0
    """
    from balkhash_model.kernel.march import march

    if not 1 <= int(substeps) == substeps:
        raise InputError(Problem("substeps", "must be a whole number from 1", str(substeps)))
    arrays = read_forcing(system, forcing)
    volumes, salt = initial_state(system, arrays.axis, initial, initial_salinity)
    packed, boundary = pack_forcing(system, arrays, volumes, salt, arrays.members or 1)
    out = march(pack(system), packed, substeps=int(substeps), threads=threads)
    dataset = label_output(system, arrays, out, packed, boundary)
    if "ice_cover" in dataset and "comment" in forcing["ice_cover"].attrs:
        dataset["ice_cover"].attrs["comment"] = forcing["ice_cover"].attrs["comment"]
    dataset.attrs |= {
        "Conventions": "CF-1.11",
        "title": system.title,
        "source": f"balkhash_model {provenance.versions().get('balkhash_model', 'unknown')}",
        "history": provenance.history_line("balkhash_model.simulate"),
        "system": system.name,
        "parameter_set": system.parameters.name,
        "datum": system.datum,
        **dict(attrs or {}),
    }
    _report_unsolved(dataset)
    check_balance(dataset)
    return dataset


def _report_unsolved(dataset: xr.Dataset) -> None:
    """A single run that could not be solved is an error; members of many are only marked."""
    from balkhash_model.kernel import layout

    if "realization" not in dataset.dims and int(dataset["status"]) == layout.NOT_SOLVED:
        raise BalkhashError(
            f"the step from {dataset['status_time'].values} could not be solved: a volume or a "
            "flow is out of any reason there; check forcing and curves near that time"
        )
