"""Numbers about a finished result."""

from __future__ import annotations

from balkhash_model.diagnostics.balance import budget_table, check_balance, storage_residual
from balkhash_model.diagnostics.ice import ice_dates
from balkhash_model.diagnostics.skill import level_skill, skill_scores

__all__ = [
    "budget_table",
    "check_balance",
    "ice_dates",
    "level_skill",
    "skill_scores",
    "storage_residual",
]
