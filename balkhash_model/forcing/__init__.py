"""What drives a lake: rates per interval on one calendar, in SI."""

from __future__ import annotations

from balkhash_model.forcing.assemble import assemble, assemble_all
from balkhash_model.forcing.table import empty_forcing

__all__ = ["assemble", "assemble_all", "empty_forcing"]
