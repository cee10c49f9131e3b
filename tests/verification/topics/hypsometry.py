"""Our values of the worked examples on the shape of a lake."""

from __future__ import annotations

import numpy as np

from balkhash_model.physics.hypsometry import frustum_volume_change
from balkhash_model.system import Hypsometry

LOW, HIGH, RISE = 16732.18e6, 17651.84e6, 2.4


def computed() -> dict[tuple[str, str], float]:
    """Our values of this topic by case and quantity."""
    volume = float(frustum_volume_change(RISE, LOW, HIGH)) / 1e9
    straight = Hypsometry(np.array([0.0, RISE]), np.array([LOW, HIGH]))
    case = "frustum formula"
    return {
        (case, "volume from 16 732.18 to 17 651.84 km2 over 2.4 m"): volume,
        (case, "the same, printed volumes 1961 less 1987"): volume,
        (case, "the same by an area linear in the level"): float(straight.volume_at(RISE)) / 1e9,
    }
