"""Our values of the worked examples on ice."""

from __future__ import annotations

from balkhash_model.physics.ice import stefan_coefficient, stefan_thickness

# freezing degree-days of November to February from the monthly means that ILEC prints
ILEC_WINTER = 1.2 * 30 + 5.5 * 31 + 10.7 * 31 + 12.7 * 28


def computed() -> dict[tuple[str, str], float]:
    """Our values of this topic by case and quantity."""
    found = {("Stefan's law", "coefficient of bare ice"): 100.0 * stefan_coefficient()}
    for coefficient in ("1.36", "2.04"):
        thickness = stefan_thickness(ILEC_WINTER, float(coefficient) / 100.0)
        key = "practical range", f"thickness after 894 K d, coefficient {coefficient}"
        found[key] = 100.0 * float(thickness)
    return found
