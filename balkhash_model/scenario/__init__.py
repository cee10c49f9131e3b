"""What is assumed: scenario files, checked and resolved."""

from __future__ import annotations

from balkhash_model.scenario.resolve import (
    dump_scenario,
    find_scenario,
    list_scenarios,
    load_scenario,
    read_scenario,
    variants_of,
)
from balkhash_model.scenario.schema import Scenario

__all__ = [
    "Scenario",
    "dump_scenario",
    "find_scenario",
    "list_scenarios",
    "load_scenario",
    "read_scenario",
    "variants_of",
]
