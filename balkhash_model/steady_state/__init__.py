"""Closed-lake theory with names and units: where a lake comes to rest, and how it gets there.

Nothing is marched here: levels are roots, courses are closed forms. Rates are constant, and the
lake has no outlet. What the seasons do to it, and a lake with an outlet, need a simulation.
"""

from __future__ import annotations

from balkhash_model.steady_state.rest import equilibrium
from balkhash_model.steady_state.step import step_response

__all__ = ["equilibrium", "step_response"]
