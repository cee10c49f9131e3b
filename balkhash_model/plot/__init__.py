"""Figures of finished results, in one style, three sizes and three languages."""

from __future__ import annotations

from balkhash_model.plot.budgets import budget_bars, budget_waterfall
from balkhash_model.plot.collapse_course import collapse
from balkhash_model.plot.compare import comparison
from balkhash_model.plot.curves import hypsometry
from balkhash_model.plot.dam import reservoir
from balkhash_model.plot.ensemble import exceedance, first_crossing, sensitivity_bars
from balkhash_model.plot.fans import ensemble_fan, fan, spaghetti
from balkhash_model.plot.framed import frame
from balkhash_model.plot.lakes import compare_lakes
from balkhash_model.plot.legible import text_faults
from balkhash_model.plot.level_trajectories import trajectories
from balkhash_model.plot.network import system_diagram
from balkhash_model.plot.pairs import scenario_difference
from balkhash_model.plot.rest import equilibrium
from balkhash_model.plot.salt import salinity
from balkhash_model.plot.style import PALETTE, SIZES, save, use_style
from balkhash_model.plot.winters import ice_calendar

__all__ = [
    "PALETTE",
    "SIZES",
    "budget_bars",
    "budget_waterfall",
    "collapse",
    "compare_lakes",
    "comparison",
    "ensemble_fan",
    "equilibrium",
    "exceedance",
    "fan",
    "first_crossing",
    "frame",
    "hypsometry",
    "ice_calendar",
    "reservoir",
    "salinity",
    "save",
    "scenario_difference",
    "sensitivity_bars",
    "spaghetti",
    "system_diagram",
    "text_faults",
    "trajectories",
    "use_style",
]
