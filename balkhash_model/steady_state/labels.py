"""Attributes of the datasets of closed-lake theory."""

from __future__ import annotations

import xarray as xr

from balkhash_model import quantities
from balkhash_model.system import LakeSystem

__all__ = ["described"]


def described(dataset: xr.Dataset, system: LakeSystem) -> xr.Dataset:
    """Give every variable its attributes; nothing here is a mean over time.

    Parameters
    ----------
    dataset : xarray.Dataset
        A dataset with names of the table of quantities; it is changed.
    system : LakeSystem
        The lake system.

    Returns
    -------
    xarray.Dataset
        The same dataset.
    """
    for name in dataset.variables:
        if name in quantities.names():
            found = quantities.attrs(str(name))
            found.pop("cell_methods", None)
            dataset[name].attrs |= found
    dataset["inflow"].attrs |= {"units": "m3 s-1", "long_name": "River inflow to the lake"}
    for name in ("water_level", "lake_level", "lake_level_linear", "equilibrium_level"):
        if name in dataset:
            dataset[name].attrs["datum"] = system.datum
    dataset.attrs |= {
        "title": system.title,
        "system": system.name,
        "parameter_set": system.parameters.name,
        "datum": system.datum,
    }
    return dataset
