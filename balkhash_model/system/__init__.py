"""A lake as a small graph of frozen records: storages, junctions, rivers, links, withdrawals.

Everything here is SI. Levels carry their datum with the system. Records hold no time series: what
flows when is forcing.
"""

from __future__ import annotations

from balkhash_model.system.checks import link_date_problems
from balkhash_model.system.graph import LakeSystem
from balkhash_model.system.parameters import NO_PARAMETERS, Parameter, ParameterSet
from balkhash_model.system.records import (
    OUTSIDE,
    Delta,
    Deposition,
    Groundwater,
    Hypsometry,
    Junction,
    LinearLink,
    Link,
    Release,
    River,
    Storage,
    Strait,
    Weir,
    Withdrawal,
)

__all__ = [
    "NO_PARAMETERS",
    "OUTSIDE",
    "Delta",
    "Deposition",
    "Groundwater",
    "Hypsometry",
    "Junction",
    "LakeSystem",
    "LinearLink",
    "Link",
    "Parameter",
    "ParameterSet",
    "Release",
    "River",
    "Storage",
    "Strait",
    "Weir",
    "Withdrawal",
    "link_date_problems",
]
