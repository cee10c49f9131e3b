"""Numbers about a finished result."""

from __future__ import annotations

from balkhash_model.diagnostics.audit import audit_budgets
from balkhash_model.diagnostics.balance import budget_table, check_balance, storage_residual
from balkhash_model.diagnostics.collapse import equivalent_year, nearness, nearness_summary
from balkhash_model.diagnostics.compare import Comparison, compare_results
from balkhash_model.diagnostics.courses import Course, annual_state, course, observed_baseline
from balkhash_model.diagnostics.ecosystem import (
    Limit,
    ecosystem_indicators,
    ecosystem_members,
    limits,
)
from balkhash_model.diagnostics.ice import ice_dates
from balkhash_model.diagnostics.level_indicators import annual_levels, indicators
from balkhash_model.diagnostics.outlooks import levels_at_edges, outlook_skill
from balkhash_model.diagnostics.score_table import Score, audit_passes, scorecard, within
from balkhash_model.diagnostics.skill import level_skill, skill_scores

__all__ = [
    "Comparison",
    "Course",
    "Limit",
    "Score",
    "annual_levels",
    "annual_state",
    "audit_budgets",
    "audit_passes",
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
    "levels_at_edges",
    "limits",
    "nearness",
    "nearness_summary",
    "observed_baseline",
    "outlook_skill",
    "scorecard",
    "skill_scores",
    "storage_residual",
    "within",
]
