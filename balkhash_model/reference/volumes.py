"""Observed volumes of lakes, for the comparison with a run."""

from __future__ import annotations

import pandas as pd

from balkhash_model.reference.readers import load

__all__ = ["observed_volumes"]

#: Lake system, table, column of volumes at the ends of months in km3.
_VOLUMES = {"north_aral": ("aral_north_monthly", "volume_observed_km3")}


def observed_volumes(system: str) -> pd.Series:
    """Give the observed volumes of a lake at the ends of months.

    Parameters
    ----------
    system : str
        Name of a lake system.

    Returns
    -------
    pandas.Series
        Volumes, km3, by the instant at which the month ends; empty where the package holds none.

    Raises
    ------
    InputError
        Where the table is damaged.

    Examples
    --------
    >>> volumes = observed_volumes("north_aral")
    >>> str(volumes.index[0])[:10], round(float(volumes.iloc[0]), 3), volumes.size
    ('2006-02-01', 24.107, 135)
    >>> observed_volumes("balkhash").empty
    True
    """
    if system not in _VOLUMES:
        return pd.Series(dtype=float)
    key, column = _VOLUMES[system]
    table = load(key)
    ends = (table["time"].values.astype("datetime64[M]") + 1).astype("datetime64[ns]")
    return pd.Series(table[column].values, pd.DatetimeIndex(ends), dtype=float)
