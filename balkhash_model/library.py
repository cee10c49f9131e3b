"""Build lake systems and parameter sets from the YAML files that the package ships."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from balkhash_model import units, yamlio
from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.physics import hypsometry
from balkhash_model.physics.delta import linear_loss_table
from balkhash_model.system import (
    Delta,
    Deposition,
    Groundwater,
    Hypsometry,
    Junction,
    LakeSystem,
    LinearLink,
    Link,
    Parameter,
    ParameterSet,
    Release,
    River,
    Storage,
    Strait,
    Weir,
    Withdrawal,
)
from balkhash_model.validation import Strict, validate

__all__ = [
    "diff_parameters",
    "list_parameter_sets",
    "list_systems",
    "load_parameters",
    "load_system",
]

_HERE = Path(__file__).parent
_SYSTEMS = _HERE / "reference" / "systems"
_SETS = _HERE / "parameters"
#: Flow up to which a constant delta loss is tabulated, m3/s.
_MOST_FLOW = 20_000.0


class _ParameterSpec(Strict):
    kind: str
    value: float
    unit: str
    range: tuple[float, float]
    prior: str = ""
    status: Literal["published", "computed", "fitted", "assumed"]
    source: list[str]
    note: str


class _SetSpec(Strict):
    name: str = Field(alias="set")
    title: str
    extends: str | None = None
    parameters: dict[str, _ParameterSpec]


class _CurveSpec(Strict):
    shape: Literal["shelf_and_bowl", "power_law", "table"]
    share: str | None = None
    reference_level: str | None = None
    reference_area: str | None = None
    reference_volume: str | None = None
    bottom_level: str | None = None
    bottom_area: str | None = None
    slope: str | None = None
    shelf_base: str | None = None
    exponent: str | None = None
    top_level: str | None = None
    level: list[str] | None = None
    area: list[str] | None = None
    file: str | None = None
    table: str | None = None
    body: str | None = None


class _DepositionSpec(Strict):
    time: str
    above: str = "0 kg/m3"


class _StorageSpec(Strict):
    name: str
    kind: Literal["lake", "reservoir"]
    active_from: str | None = None
    curve: _CurveSpec
    deposition: _DepositionSpec | None = None


class _JunctionSpec(Strict):
    name: str
    lateral: str
    salinity: str = "0 kg/m3"


class _RiverSpec(Strict):
    name: str
    to: str
    salinity: str = "0 kg/m3"


class _LinkSpec(Strict):
    kind: Literal["release", "strait", "weir", "linear"]
    name: str
    source: str = Field(alias="from")
    to: str
    sill: str | None = None
    crest: str | None = None
    width: str | None = None
    length: str | None = None
    roughness: str | None = None
    linear_head: str = "0.1 mm"
    exchange: str = "0 m3/s"
    conductance: str | None = None
    opens: str | None = None
    closes: str | None = None


class _DeltaSpec(Strict):
    name: str
    source: str = Field(alias="from")
    to: str
    mouth: str
    loss_name: str
    loss: str
    loss_slope: str = "0"
    loss_flow: str = "0 m3/s"


class _GroundwaterSpec(Strict):
    shares: dict[str, str]
    salinity: str = "0 kg/m3"


class _WithdrawalSpec(Strict):
    user: str
    source: str = Field(alias="from")
    flow: str = "0 m3/s"
    priority: int = 1


class _SystemSpec(Strict):
    name: str
    title: str
    datum: str
    parameters: str | None = None
    lake: list[str]
    storages: list[_StorageSpec]
    junctions: list[_JunctionSpec] = []
    rivers: list[_RiverSpec] = []
    links: list[_LinkSpec] = []
    deltas: list[_DeltaSpec] = []
    groundwater: _GroundwaterSpec | None = None
    withdrawals: list[_WithdrawalSpec] = []
    saline_evaporation: str | None = None
    record_from: str | None = None


def list_parameter_sets() -> list[str]:
    """Name the parameter sets that the package ships.

    Returns
    -------
    list of str
        Sorted names.

    Examples
    --------
    >>> "balkhash" in list_parameter_sets()
    True
    """
    return sorted(p.stem for p in _SETS.glob("*.yml"))


def list_systems() -> list[str]:
    """Name the lake systems that the package ships.

    Returns
    -------
    list of str
        Sorted names.

    Examples
    --------
    >>> list_systems()
    ['aral', 'balkhash', 'north_aral']
    """
    return sorted(p.stem for p in _SYSTEMS.glob("*.yml"))


def _find(name: str, folder: Path, what: str) -> Path:
    path = Path(name)
    if path.suffix in {".yml", ".yaml"} and path.exists():
        return path
    shipped = folder / f"{name}.yml"
    if "/" not in name and shipped.exists():
        return shipped
    known = [p.stem for p in folder.glob("*.yml")]
    raise InputError(
        Problem(
            what,
            "does not exist",
            repr(name),
            "a name or a path to a .yml file",
            nearest(name, known),
        )
    )


def load_parameters(
    name: str = "balkhash", overrides: Mapping[str, str | float] | None = None
) -> ParameterSet:
    """Load a parameter set, with overrides where asked.

    Parameters
    ----------
    name : str, default "balkhash"
        Name of a shipped set, or a path to a YAML file.
    overrides : mapping, optional
        Values that replace those of the set: a text with a unit, such as ``"2.8 km3/yr"``, or a
        number in the parameter's own unit.

    Returns
    -------
    ParameterSet
        A new set; sets are never changed.

    Raises
    ------
    InputError
        Where the set, a parameter or a unit is wrong; all problems at once.

    Examples
    --------
    >>> load_parameters("balkhash", {"delta_loss": "2.8 km3/yr"})["delta_loss"].value
    2.8
    """
    title, shipped = _load_set(name)
    parameters = dict(shipped)
    problems: list[Problem] = []
    for key, value in (overrides or {}).items():
        if key not in parameters:
            problems.append(
                Problem(f"parameters.{key}", "no such parameter", hint=nearest(key, parameters))
            )
            continue
        try:
            parameters[key] = _replaced(parameters[key], value)
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    return ParameterSet(Path(name).stem, title, parameters)


def _replaced(old: Parameter, value: str | float) -> Parameter:
    from dataclasses import replace

    where = f"parameters.{old.name}"
    if isinstance(value, str):
        si = units.parse(value, old.kind, where)
        per_unit = units.convert(1.0, old.unit, old.kind, where)
        number = si / per_unit
        # a decimal that the reader wrote should be shown as written
        number = float(f"{number:.12g}")
    else:
        number, si = float(value), units.convert(float(value), old.unit, old.kind, where)
    return replace(
        old, value=number, si=si, status="assumed", note=f"overridden; was {old.value:g} {old.unit}"
    )


def _load_set(name: str, seen: tuple[Path, ...] = ()) -> tuple[str, dict[str, Parameter]]:
    """Title and parameters of a set; shipped sets are read once."""
    path = _find(name, _SETS, "parameter set")
    return _read_shipped(path) if path.parent == _SETS else _read_set(path, seen)


@cache
def _read_shipped(path: Path) -> tuple[str, dict[str, Parameter]]:
    return _read_set(path, ())


def _read_set(path: Path, seen: tuple[Path, ...]) -> tuple[str, dict[str, Parameter]]:
    document = yamlio.load(path)
    spec = validate(_SetSpec, document)
    parameters: dict[str, Parameter] = {}
    if spec.extends:
        here = (*seen, path.resolve())
        beside = path.parent / f"{spec.extends}.yml"
        base = _find(str(beside) if beside.exists() else spec.extends, _SETS, "parameter set")
        if base.resolve() in here:
            names = " -> ".join(p.stem for p in (*here, base))
            raise InputError(
                Problem(document.where(("extends",)), "extends goes in a circle", names)
            )
        parameters = dict(_load_set(str(base), here)[1])
    problems: list[Problem] = []
    for key, p in spec.parameters.items():
        where = f"{document.where(('parameters', key))}: {key}"
        try:
            si = units.convert(p.value, p.unit, p.kind, where)
        except InputError as error:
            problems.extend(error.problems)
            continue
        low, high = p.range
        if not low <= p.value <= high:
            problems.append(
                Problem(
                    where,
                    "value outside its own range",
                    f"{p.value:g}",
                    f"{low:g} to {high:g} {p.unit}",
                )
            )
        if p.status == "published" and not p.source:
            problems.append(Problem(where, "a published value needs a source"))
        parameters[key] = Parameter(
            name=key,
            value=p.value,
            unit=p.unit,
            si=si,
            lower=low,
            upper=high,
            prior=p.prior,
            kind=p.kind,
            status=p.status,
            source=tuple(p.source),
            note=p.note,
        )
    if problems:
        raise InputError(problems)
    return spec.title, parameters


def diff_parameters(first: str, second: str) -> list[tuple[str, str, str]]:
    """Compare two parameter sets.

    Parameters
    ----------
    first, second : str
        Names of sets or paths to them.

    Returns
    -------
    list of tuple of str
        Name and both values with unit, for each parameter that differs; an absent one is ``-``.

    Examples
    --------
    >>> diff_parameters("balkhash", "balkhash_yang1993")[0]
    ('lake_reference_area', '17250 km2', '18230 km2')
    """
    a, b = load_parameters(first), load_parameters(second)

    def text(s: ParameterSet, name: str) -> str:
        return f"{s[name].value:g} {s[name].unit}" if name in s else "-"

    names = [*a, *(n for n in b if n not in a)]
    return [(n, text(a, n), text(b, n)) for n in names if text(a, n) != text(b, n)]


class _Resolver:
    """Turns the texts of a system file into SI numbers, collecting problems."""

    def __init__(self, parameters: ParameterSet, where: str, folder: Path) -> None:
        self.parameters = parameters
        self.where = where
        self.folder = folder
        self.problems: list[Problem] = []

    def number(self, text: str | None, kind: str, key: str) -> float:
        place = f"{self.where}: {key}"
        if text is None:
            self.problems.append(Problem(place, "missing"))
            return float("nan")
        stripped = text.strip()
        complement = stripped.startswith("1 - $")
        reference = stripped[4:] if complement else stripped
        try:
            if reference.startswith("$"):
                parameter = self.parameters[reference[1:]]
                if units.KINDS[parameter.kind].si != units.KINDS[kind].si:
                    self.problems.append(
                        Problem(
                            place,
                            f"{reference} is {units.KINDS[parameter.kind].name}",
                            expected=units.KINDS[kind].name,
                        )
                    )
                return 1.0 - parameter.si if complement else parameter.si
            return units.parse(text, kind, place)
        except InputError as error:
            self.problems.extend(error.problems)
            return float("nan")


def load_system(
    name: str = "balkhash",
    *,
    parameters: str | ParameterSet | None = None,
    overrides: Mapping[str, str | float] | None = None,
) -> LakeSystem:
    """Load a lake system and fill it with the numbers of a parameter set.

    Parameters
    ----------
    name : str, default "balkhash"
        Name of a shipped system, or a path to a YAML file.
    parameters : str or ParameterSet, optional
        The parameter set; by default the one that the system names.
    overrides : mapping, optional
        Parameters to replace, as in :func:`load_parameters`.

    Returns
    -------
    LakeSystem
        Frozen records in SI.

    Raises
    ------
    InputError
        Where a file, a reference or a unit is wrong; all problems at once.

    Examples
    --------
    >>> system = load_system("balkhash")
    >>> system.storage_names()
    ['kapshagay', 'west', 'east']
    >>> round(float(system.storage("west").curve.volume_at(342.0)) / 1e9, 6)
    48.5
    """
    path = _find(name, _SYSTEMS, "lake system")
    document = yamlio.load(path)
    spec = validate(_SystemSpec, document)
    if not isinstance(parameters, ParameterSet):
        chosen = parameters or spec.parameters
        parameters = load_parameters(chosen, overrides) if chosen else ParameterSet("none", "", {})
    get = _Resolver(parameters, document.name, path.parent)
    storages: list[Storage] = []
    for s in spec.storages:
        curve = _curve(s, get)
        if curve is not None:
            start = _instant(s.active_from, f"storage {s.name}, active_from", get)
            storages.append(Storage(s.name, s.kind, curve, start, _deposition(s, get)))
    links = [_link(link, get) for link in spec.links]
    deltas = [
        Delta(
            d.name,
            d.source,
            d.to,
            d.mouth,
            d.loss_name,
            *_loss_table(d, get),
        )
        for d in spec.deltas
    ]
    junctions = tuple(
        Junction(j.name, j.lateral, get.number(j.salinity, "salinity", f"junction {j.name}"))
        for j in spec.junctions
    )
    rivers = tuple(
        River(r.name, r.to, get.number(r.salinity, "salinity", f"river {r.name}"))
        for r in spec.rivers
    )
    withdrawals = tuple(
        Withdrawal(w.user, w.source, get.number(w.flow, "flow", f"user {w.user}"), w.priority)
        for w in spec.withdrawals
    )
    ground = spec.groundwater or _GroundwaterSpec(shares={})
    groundwater = Groundwater(
        tuple((n, get.number(t, "fraction", f"groundwater {n}")) for n, t in ground.shares.items()),
        get.number(ground.salinity, "salinity", "groundwater"),
    )
    ratio = spec.saline_evaporation
    saline = None if ratio is None else get.number(ratio, "fraction", "saline_evaporation")
    record_from = _instant(spec.record_from, "record_from", get)
    if get.problems:
        raise InputError(get.problems)
    return LakeSystem(
        name=spec.name,
        title=spec.title,
        datum=spec.datum,
        storages=tuple(storages),
        lake=tuple(spec.lake),
        junctions=junctions,
        rivers=rivers,
        links=tuple(links),
        deltas=tuple(deltas),
        groundwater=groundwater,
        withdrawals=withdrawals,
        parameters=parameters,
        saline_evaporation=saline,
        record_from=record_from,
    )


def _deposition(spec: _StorageSpec, get: _Resolver) -> Deposition | None:
    if spec.deposition is None:
        return None
    where = f"storage {spec.name}, deposition"
    return Deposition(
        get.number(spec.deposition.time, "duration", f"{where}, time"),
        get.number(spec.deposition.above, "salinity", f"{where}, above"),
    )


def _instant(text: str | None, key: str, get: _Resolver) -> np.datetime64 | None:
    try:
        return np.datetime64(text, "s") if text else None
    except ValueError:
        get.problems.append(
            Problem(f"{get.where}: {key}", "not a date", repr(text), "as 1970-01-01")
        )
        return None


#: Keys of a link that its kind uses, beside its name and ends.
_LINK_KEYS = {
    "release": set[str](),
    "strait": {
        "sill",
        "width",
        "length",
        "roughness",
        "linear_head",
        "exchange",
        "opens",
        "closes",
    },
    "weir": {"crest", "width", "opens", "closes"},
    "linear": {"conductance"},
}


def _foreign_keys(spec: Strict, allowed: set[str], where: str, get: _Resolver) -> None:
    """Keys that another kind of the same record would use are an error, not ignored."""
    for key in sorted(spec.model_fields_set - allowed):
        get.problems.append(
            Problem(
                f"{get.where}: {where}",
                f"{key!r} does not belong here",
                expected=", ".join(sorted(allowed)),
            )
        )


def _loss_table(spec: _DeltaSpec, get: _Resolver) -> tuple[np.ndarray, np.ndarray]:
    where = f"delta {spec.name}"
    loss = get.number(spec.loss, "flow", f"{where}, loss")
    slope = get.number(spec.loss_slope, "fraction", f"{where}, loss_slope")
    flow = get.number(spec.loss_flow, "flow", f"{where}, loss_flow")
    if not np.isfinite([loss, slope, flow]).all():  # noted already
        return np.array([0.0, _MOST_FLOW]), np.array([0.0, 0.0])
    try:
        return linear_loss_table(loss, flow, slope, _MOST_FLOW)
    except InputError as error:
        get.problems += [replace(p, where=f"{get.where}: {where}") for p in error.problems]
        return np.array([0.0, _MOST_FLOW]), np.array([0.0, 0.0])


def _curve(storage: _StorageSpec, get: _Resolver) -> Hypsometry | None:
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
    _foreign_keys(spec, keys[spec.shape], where, get)
    if spec.shape == "table":
        return _tabled_curve(spec, where, get)

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


def _tabled_curve(spec: _CurveSpec, where: str, get: _Resolver) -> Hypsometry | None:
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
        if spec.file is not None:
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
    level: np.ndarray, area: np.ndarray, where: str, get: _Resolver
) -> Hypsometry | None:
    """A curve, or its faults among the problems."""
    try:
        return Hypsometry(level, area, f"{get.where}: {where}")
    except InputError as error:
        get.problems.extend(error.problems)
        return None


def _link(spec: _LinkSpec, get: _Resolver) -> Link:
    where = f"link {spec.name}"
    _foreign_keys(spec, {"kind", "name", "source", "to"} | _LINK_KEYS[spec.kind], where, get)

    def number(key: str, kind: str) -> float:
        return get.number(getattr(spec, key), kind, f"{where}, {key}")

    if spec.kind == "release":
        return Release(spec.name, spec.source, spec.to)
    if spec.kind == "linear":
        return LinearLink(spec.name, spec.source, spec.to, number("conductance", "dimensionless"))
    if spec.kind == "weir":
        return Weir(
            spec.name,
            spec.source,
            spec.to,
            number("crest", "level"),
            number("width", "length"),
            opens=_instant(spec.opens, f"{where}, opens", get),
            closes=_instant(spec.closes, f"{where}, closes", get),
        )
    return Strait(
        spec.name,
        spec.source,
        spec.to,
        number("sill", "level"),
        number("width", "length"),
        number("length", "length"),
        number("roughness", "dimensionless"),
        number("linear_head", "length"),
        number("exchange", "flow"),
        _instant(spec.opens, f"{where}, opens", get),
        _instant(spec.closes, f"{where}, closes", get),
    )
