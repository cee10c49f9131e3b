"""Build lake systems and parameter sets from the YAML files that the package ships."""

from __future__ import annotations

from balkhash_model.library.behind import own_files, set_of_system
from balkhash_model.library.files import list_parameter_sets, list_systems
from balkhash_model.library.parameter_sets import diff_parameters, load_parameters
from balkhash_model.library.systems import load_system

__all__ = [
    "diff_parameters",
    "list_parameter_sets",
    "list_systems",
    "load_parameters",
    "load_system",
    "own_files",
    "set_of_system",
]
