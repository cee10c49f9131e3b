"""Figures of finished results."""

from __future__ import annotations

from balkhash_model.plot.collapse import collapse
from balkhash_model.plot.compare import comparison, fan
from balkhash_model.plot.lakes import compare_lakes
from balkhash_model.plot.style import PALETTE, save, use_style
from balkhash_model.plot.trajectories import trajectories

__all__ = [
    "PALETTE",
    "collapse",
    "compare_lakes",
    "comparison",
    "fan",
    "save",
    "trajectories",
    "use_style",
]
