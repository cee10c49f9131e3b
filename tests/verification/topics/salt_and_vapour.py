"""Our values of the worked examples on salt water."""

from __future__ import annotations

from balkhash_model.physics.saline_water import freezing_point, water_density
from balkhash_model.physics.vapour import saturation_vapour_pressure
from balkhash_model.physics.water_activity import small_1999_lowering, water_activity


def salinity_by_volume(per_mass: float) -> float:
    """kg m-3 from g kg-1 at 20 degC: EOS-80 in its range, beyond it a straight line (assumed)."""
    inside = per_mass <= 42.0
    density = float(water_density(per_mass, 20.0)) if inside else 998.2 * (1 + 7.6e-4 * per_mass)
    return per_mass * density / 1000.0


def computed() -> dict[tuple[str, str], float]:
    """Our values of this topic by case and quantity."""
    found = {
        ("EOS-80", f"density at {t} degC, salinity {s}"): float(water_density(s, t))
        for t, s in ((5, 0), (5, 35), (25, 0), (25, 35))
    }
    found["UNESCO 1983", "freezing point at salinity 5"] = float(freezing_point(5.0))
    pure = float(saturation_vapour_pressure(20.0))
    for text in ("1", "2.94", "5", "10", "35", "100", "300"):
        key = "Small et al. 1999, 20 degC", f"relative lowering at {text} g/kg"
        found[key] = float(small_1999_lowering(float(text), 20.0)) / pure
    sea = "TEOS-10, 20 degC, against the fitted law"
    brine = "mean of TEOS-10 and Small et al. 1999, 20 degC, against the fitted law"
    for text in ("0.74", "1", "2.94", "5", "10", "35", "100", "200", "300"):
        case = brine if float(text) > 100.0 else sea
        activity = float(water_activity(salinity_by_volume(float(text))))
        found[case, f"1 - activity at {text} g/kg"] = 1.0 - activity
    return found
