"""Ensembles: thousands to millions of futures, gathered as they are marched."""

from __future__ import annotations

from balkhash_model.ensemble.run import run_ensemble

__all__ = ["run_ensemble"]
