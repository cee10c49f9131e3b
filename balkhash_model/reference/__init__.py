"""Reference tables: measured and published numbers, each with source, flag, datum and terms.

Examples
--------
>>> from balkhash_model import reference
>>> levels = reference.load("balkhash_level_tied")
>>> levels["level_m"].attrs["datum"]
'Baltic system (BS)'
"""

from __future__ import annotations

from balkhash_model.reference.catalog import describe, sources
from balkhash_model.reference.catalog import list_keys as list
from balkhash_model.reference.readers import TableCheck, check, load, noting, value

__all__ = ["TableCheck", "check", "describe", "list", "load", "noting", "sources", "value"]
