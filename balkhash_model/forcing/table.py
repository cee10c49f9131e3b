"""What a forcing dataset holds, and an empty one to fill in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from balkhash_model.system import LakeSystem, Release
from balkhash_model.timeaxis import TimeAxis

if TYPE_CHECKING:
    import xarray as xr

FloatArray = npt.NDArray[np.float64]

__all__ = ["CARRIED", "FILL", "FORCING", "ForcingTable", "coordinate_names", "empty_forcing"]

#: Variables of a forcing dataset: name, unit, second dimension.
FORCING: dict[str, tuple[str, str]] = {
    "precipitation_rate": ("m s-1", "storage"),
    "evaporation_rate": ("m s-1", "storage"),
    "groundwater_flow": ("m3 s-1", "storage"),
    "river_flow": ("m3 s-1", "river"),
    "gauge_flow": ("m3 s-1", "junction"),
    "side_inflow": ("m3 s-1", "junction"),
    "release_demand": ("m3 s-1", "link"),
    "release_minimum": ("m3 s-1", "link"),
    "release_maximum": ("m3 s-1", "link"),
    "release_rate": ("s-1", "link"),
    "target_volume": ("m3", "link"),
    "withdrawal_demand": ("m3 s-1", "user"),
}
#: What a variable is where nothing is known; all others are zero.
FILL = {"gauge_flow": np.nan, "release_maximum": np.inf}
#: Variables that a forcing dataset may carry and that no water depends on: handed to the result.
CARRIED: dict[str, tuple[str, str]] = {"ice_cover": ("1", "storage")}


def coordinate_names(system: LakeSystem) -> dict[str, list[str]]:
    """Names along each dimension of a forcing dataset.

    Parameters
    ----------
    system : LakeSystem
        The lake system.

    Returns
    -------
    dict
        Names by dimension: storage, river, junction, link (releases only) and user.

    Examples
    --------
    >>> from balkhash_model.library import load_system
    >>> coordinate_names(load_system("balkhash"))["link"]
    ['kapshagay_release']
    """
    return {
        "storage": system.storage_names(),
        "river": [r.name for r in system.rivers],
        "junction": [j.name for j in system.junctions],
        "link": [x.name for x in system.links if isinstance(x, Release)],
        "user": system.users(),
    }


def empty_forcing(system: LakeSystem, axis: TimeAxis) -> xr.Dataset:
    """A forcing dataset of zeros, to be filled in.

    Parameters
    ----------
    system : LakeSystem
        The lake system; its names become coordinates.
    axis : TimeAxis
        The intervals.

    Returns
    -------
    xarray.Dataset
        Variables ``precipitation_rate, evaporation_rate`` (m s-1, depth, both positive),
        ``groundwater_flow, river_flow, side_inflow, release_demand, withdrawal_demand`` (m3 s-1)
        at zero (withdrawals at their constant rate) and ``gauge_flow`` (m3 s-1) missing: a junction
        whose gauge flow is missing passes on what arrives. A release is ``release_demand``,
        corrected towards ``target_volume`` (m3) at ``release_rate`` (s-1, zero: not at all) within
        ``release_minimum`` and ``release_maximum`` (m3 s-1, unbounded).
        Coordinates ``time`` and ``time_bnds``.

    Examples
    --------
    >>> from balkhash_model.library import load_system
    >>> axis = TimeAxis.monthly("2000-01-01", "2001-01-01")
    >>> forcing = empty_forcing(load_system("balkhash"), axis)
    >>> forcing["river_flow"].dims
    ('time', 'river')
    """
    import xarray as xr

    names = coordinate_names(system)
    variables: dict[str, Any] = {}
    for name, (unit, dim) in FORCING.items():
        values = np.full((axis.n, len(names[dim])), FILL.get(name, 0.0))
        if name == "withdrawal_demand":
            values += np.array([w.flow for w in system.withdrawals])
        variables[name] = (("time", dim), values, {"units": unit})
    coordinates: dict[str, Any] = {k: (k, np.array(v, dtype=object)) for k, v in names.items()}
    coordinates["time"] = ("time", axis.midpoints, {"bounds": "time_bnds"})
    coordinates["time_bnds"] = (("time", "bnds"), axis.bounds)
    dataset = xr.Dataset(variables, coordinates)
    dataset.attrs["datum"] = system.datum
    return dataset


class ForcingTable:
    """Forcing variables being filled; a value with members gives its variable members.

    Parameters
    ----------
    system : LakeSystem
        The lake system.
    axis : TimeAxis
        Its intervals.

    Examples
    --------
    >>> import numpy as np
    >>> from balkhash_model.library import load_system
    >>> axis = TimeAxis.monthly("2000-01-01", "2001-01-01")
    >>> table = ForcingTable(load_system("balkhash"), axis)
    >>> table.put("river_flow", "eastern_rivers", np.full(axis.n, 90.0))
    >>> float(table.done()["river_flow"].sel(river="eastern_rivers").mean())
    90.0
    """

    def __init__(self, system: LakeSystem, axis: TimeAxis) -> None:
        self.dataset = empty_forcing(system, axis)
        self.parts: dict[str, dict[str, FloatArray]] = {}
        self.carried: dict[str, tuple[FloatArray, str]] = {}

    def add(self, variable: str, values: FloatArray, comment: str) -> None:
        """Hand a variable on to the result.

        Parameters
        ----------
        variable : str
            Its name, one of ``CARRIED``.
        values : array (time, name) or (member, time, name)
            Its values.
        comment : str
            What it was made from.
        """
        self.carried[variable] = values, comment

    def put(self, variable: str, name: str, values: FloatArray) -> None:
        """Set a variable at one place.

        Parameters
        ----------
        variable : str
            Its name, one of ``FORCING``.
        name : str
            The storage, river, junction, link or user.
        values : array (time,) or (member, time)
            Its values, SI.
        """
        self.parts.setdefault(variable, {})[name] = values

    def done(self) -> xr.Dataset:
        """Give the forcing.

        Returns
        -------
        xarray.Dataset
            As :func:`empty_forcing` lays it out, with members where a value has them.
        """
        for variable, parts in self.parts.items():
            dim = FORCING[variable][1]
            array = self.dataset[variable]
            members = max((v.shape[0] for v in parts.values() if v.ndim > 1), default=0)
            if members:
                array = array.expand_dims(realization=members).copy()
            for name, values in parts.items():
                array.loc[{dim: name}] = values
            self.dataset[variable] = array
        for name, (carried, comment) in self.carried.items():
            unit, dim = CARRIED[name]
            lead = ("realization",) if carried.ndim > 2 else ()
            attrs = {"units": unit, "comment": comment}
            self.dataset[name] = ((*lead, "time", dim), carried, attrs)
        return self.dataset
