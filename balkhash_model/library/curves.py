"""Level-area-volume curves from a formula, from rows in the file, or from a table."""

from __future__ import annotations

import numpy as np

from balkhash_model.errors import InputError, Problem
from balkhash_model.library.resolver import Resolver
from balkhash_model.library.specs import CurveSpec, StorageSpec
from balkhash_model.physics import hypsometry
from balkhash_model.system import Hypsometry

__all__ = ["curve_of"]


def curve_of(storage: StorageSpec, get: Resolver, place: str = "") -> Hypsometry | None:
    """Make the curve of a storage.

    Parameters
    ----------
    storage : StorageSpec
        The storage, as its file states it.
    get : Resolver
        Turns texts into numbers and keeps the problems.
    place : str, optional
        File, line and column that name the file of the curve, for errors.

    Returns
    -------
    Hypsometry or None
        The curve; None where a problem was noted.

    Examples
    --------
    :func:`balkhash_model.load_system` calls this for each storage.
    """
    spec = storage.curve
    where = f"storage {storage.name}, curve"
    before = len(get.problems)
    common = {
        "shape",
        "share",
        "reference_level",
        "reference_volume",
        "bottom_level",
        "bottom_area",
        "top_level",
    }
    keys = {
        "table": {"shape", "level", "area", "file", "table", "body", "share"},
        "power_law": common | {"exponent"},
        "shelf_and_bowl": common | {"reference_area", "slope", "shelf_base"},
    }
    get.no_foreign_keys(spec, keys[spec.shape], where)
    if spec.shape == "table":
        return _tabled_curve(spec, where, get, place or get.where)

    def number(key: str, kind: str) -> float:
        return get.number(getattr(spec, key), kind, f"{where}, {key}")

    kinds = {
        "reference_level": "level",
        "reference_volume": "volume",
        "bottom_level": "level",
        "bottom_area": "area",
        "top_level": "level",
    }
    if spec.shape == "power_law":
        kinds["exponent"] = "dimensionless"
    else:
        kinds |= {"reference_area": "area", "slope": "area_slope", "shelf_base": "level"}
    values = {key: number(key, kind) for key, kind in kinds.items()}
    share = 1.0 if spec.share is None else get.number(spec.share, "fraction", f"{where}, share")
    if len(get.problems) > before:
        return None
    if not values["bottom_level"] < values["reference_level"] <= values["top_level"]:
        get.problems.append(
            Problem(
                f"{get.where}: {where}",
                "levels out of order",
                " / ".join(
                    f"{values[k]:g} m" for k in ("bottom_level", "reference_level", "top_level")
                ),
                "bottom below reference, top not below it",
            )
        )
        return None
    try:
        if spec.shape == "power_law":
            level, area = hypsometry.power_law_rows(**values)
        else:
            values["reference_area"] *= share
            values["slope"] *= share
            level, area = hypsometry.shelf_and_bowl_rows(**values)
    except ValueError as error:
        get.problems.append(Problem(f"{get.where}: {where}", str(error)))
        return None
    return _hypsometry(level, area, where, get)


def _tabled_curve(spec: CurveSpec, where: str, get: Resolver, place: str) -> Hypsometry | None:
    """Curve from rows: in the file itself, in a CSV beside it, or in a reference table."""
    from balkhash_model.reference.curves import read_curve, reference_curve

    before = len(get.problems)
    ways = (spec.level is not None or spec.area is not None, bool(spec.file), bool(spec.table))
    if sum(ways) != 1:
        get.problems.append(
            Problem(
                f"{get.where}: {where}",
                "rows are given in no way or in several",
                expected="level and area, or file, or table",
            )
        )
        return None
    level, area = np.zeros(0), np.zeros(0)
    try:
        if spec.file is not None and not (get.folder / spec.file).is_file():
            problem = Problem(f"{place}: {where}", "no such file", str(get.folder / spec.file))
            get.problems.append(problem)
        elif spec.file is not None:
            level, area = read_curve(get.folder / spec.file, spec.body)
        elif spec.table is not None:
            level, area = reference_curve(spec.table, spec.body)
        else:
            level = np.array([get.number(t, "level", f"{where} level") for t in spec.level or []])
            area = np.array([get.number(t, "area", f"{where} area") for t in spec.area or []])
    except InputError as error:
        get.problems.extend(error.problems)
    share = 1.0
    if spec.share is not None:
        share = get.number(spec.share, "fraction", f"{where}, share")
    if len(get.problems) > before:
        return None
    return _hypsometry(level, share * area, where, get)


def _hypsometry(
    level: np.ndarray, area: np.ndarray, where: str, get: Resolver
) -> Hypsometry | None:
    """A curve, or its faults among the problems."""
    try:
        return Hypsometry(level, area, f"{get.where}: {where}")
    except InputError as error:
        get.problems.extend(error.problems)
        return None
