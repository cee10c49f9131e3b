"""One page for decision makers, made from finished results."""

from __future__ import annotations

from balkhash_model.report.language import LANGUAGES
from balkhash_model.report.page import render_report, write_report

__all__ = ["LANGUAGES", "render_report", "write_report"]
