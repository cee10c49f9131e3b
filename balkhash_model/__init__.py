"""Water and salt balance of Lake Balkhash and other terminal lakes, closed and shown.

The names below are imported when they are first used, so that ``import balkhash_model`` is quick.

Examples
--------
>>> import balkhash_model as bm
>>> bm.load_system("balkhash").lake
('west', 'east')
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from balkhash_model import diagnostics, plot, reference
    from balkhash_model.annual_fit import fit_annual_levels
    from balkhash_model.bibliography import cite
    from balkhash_model.calibration import calibrate
    from balkhash_model.diagnostics.balance import check_balance
    from balkhash_model.ensemble import run_ensemble
    from balkhash_model.ensemble.sensitivity import sensitivity
    from balkhash_model.errors import BalkhashError, InputError, WaterBalanceError
    from balkhash_model.export import export_result, read_export
    from balkhash_model.library import load_parameters, load_system
    from balkhash_model.reconstruction import reconstruct_inflow
    from balkhash_model.results import compare, rerun
    from balkhash_model.runs import run
    from balkhash_model.scenario import list_scenarios, load_scenario
    from balkhash_model.simulation import simulate
    from balkhash_model.steady_state import equilibrium, step_response

__version__ = "0.1.0"

_HOMES = {
    "BalkhashError": "errors",
    "InputError": "errors",
    "WaterBalanceError": "errors",
    "calibrate": "calibration",
    "check_balance": "diagnostics.balance",
    "cite": "bibliography",
    "compare": "results",
    "equilibrium": "steady_state",
    "export_result": "export",
    "fit_annual_levels": "annual_fit",
    "list_scenarios": "scenario",
    "load_parameters": "library",
    "load_scenario": "scenario",
    "load_system": "library",
    "read_export": "export",
    "reconstruct_inflow": "reconstruction",
    "rerun": "results",
    "run": "runs",
    "run_ensemble": "ensemble",
    "sensitivity": "ensemble.sensitivity",
    "simulate": "simulation",
    "step_response": "steady_state",
}
_ROOMS = ("diagnostics", "plot", "reference")

__all__ = [
    "BalkhashError",
    "InputError",
    "WaterBalanceError",
    "calibrate",
    "check_balance",
    "cite",
    "compare",
    "diagnostics",
    "equilibrium",
    "export_result",
    "fit_annual_levels",
    "list_scenarios",
    "load_parameters",
    "load_scenario",
    "load_system",
    "plot",
    "read_export",
    "reconstruct_inflow",
    "reference",
    "rerun",
    "run",
    "run_ensemble",
    "sensitivity",
    "simulate",
    "step_response",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    if name in _ROOMS:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
