"""Numbers about a finished result."""

from __future__ import annotations

from balkhash_model.diagnostics.balance import budget_table, check_balance, storage_residual
from balkhash_model.diagnostics.collapse import (
    Course,
    annual_state,
    course,
    equivalent_year,
    nearness,
    nearness_summary,
    observed_baseline,
)
from balkhash_model.diagnostics.compare import Comparison, compare_results
from balkhash_model.diagnostics.ecosystem import (
    Limit,
    ecosystem_indicators,
    ecosystem_members,
    limits,
)
from balkhash_model.diagnostics.ice import ice_dates
from balkhash_model.diagnostics.indicators import annual_levels, indicators
from balkhash_model.diagnostics.scorecard import Score, scorecard, within
from balkhash_model.diagnostics.skill import level_skill, skill_scores

__all__ = [
    "Comparison",
    "Course",
    "Limit",
    "Score",
    "annual_levels",
    "annual_state",
    "budget_table",
    "check_balance",
    "compare_results",
    "course",
    "ecosystem_indicators",
    "ecosystem_members",
    "equivalent_year",
    "ice_dates",
    "indicators",
    "level_skill",
    "limits",
    "nearness",
    "nearness_summary",
    "observed_baseline",
    "scorecard",
    "skill_scores",
    "storage_residual",
    "within",
]
