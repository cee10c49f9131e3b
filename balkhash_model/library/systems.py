"""Build lake systems from their files and a parameter set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from balkhash_model import yamlio
from balkhash_model.errors import InputError
from balkhash_model.library.behind import named_set
from balkhash_model.library.curves import curve_of
from balkhash_model.library.files import SYSTEMS, find_yaml
from balkhash_model.library.parameter_sets import load_parameters
from balkhash_model.library.resolver import Resolver
from balkhash_model.library.specs import (
    DeltaSpec,
    GroundwaterSpec,
    LinkSpec,
    StorageSpec,
    SystemSpec,
)
from balkhash_model.physics.delta import linear_loss_table
from balkhash_model.system import (
    Delta,
    Deposition,
    Groundwater,
    Junction,
    LakeSystem,
    LinearLink,
    Link,
    ParameterSet,
    Release,
    River,
    Storage,
    Strait,
    Weir,
    Withdrawal,
)
from balkhash_model.validation import validate

__all__ = ["load_system"]

#: Flow up to which a constant delta loss is tabulated, m3/s.
_MOST_FLOW = 20_000.0
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
        The parameter set; by default the one that the system names, or an empty one.
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
    path = find_yaml(name, SYSTEMS, "lake system")
    document = yamlio.load(path)
    spec = validate(SystemSpec, document)
    if not isinstance(parameters, ParameterSet):
        parameters = load_parameters(parameters or named_set(path, spec), overrides)
    get = Resolver(parameters, document.name, path.parent)
    storages: list[Storage] = []
    for i, s in enumerate(spec.storages):
        curve = curve_of(s, get, document.where(("storages", i, "curve", "file")))
        if curve is not None:
            start = get.instant(s.active_from, f"storage {s.name}, active_from")
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
    ground = spec.groundwater or GroundwaterSpec(shares={})
    groundwater = Groundwater(
        tuple((n, get.number(t, "fraction", f"groundwater {n}")) for n, t in ground.shares.items()),
        get.number(ground.salinity, "salinity", "groundwater"),
    )
    ratio = spec.saline_evaporation
    saline = None if ratio is None else get.number(ratio, "fraction", "saline_evaporation")
    record_from = get.instant(spec.record_from, "record_from")
    if get.problems:
        raise InputError(get.problems)
    try:
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
    except InputError as error:
        raise InputError(
            replace(p, where=f"{document.name}: {p.where}") for p in error.problems
        ) from None


def _deposition(spec: StorageSpec, get: Resolver) -> Deposition | None:
    if spec.deposition is None:
        return None
    where = f"storage {spec.name}, deposition"
    return Deposition(
        get.number(spec.deposition.time, "duration", f"{where}, time"),
        get.number(spec.deposition.above, "salinity", f"{where}, above"),
    )


def _loss_table(spec: DeltaSpec, get: Resolver) -> tuple[np.ndarray, np.ndarray]:
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


def _link(spec: LinkSpec, get: Resolver) -> Link:
    where = f"link {spec.name}"
    get.no_foreign_keys(spec, {"kind", "name", "source", "to"} | _LINK_KEYS[spec.kind], where)

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
            opens=get.instant(spec.opens, f"{where}, opens"),
            closes=get.instant(spec.closes, f"{where}, closes"),
        )
    return Strait(
        spec.name,
        spec.source,
        spec.to,
        number("sill", "level"),
        number("width", "length"),
        number("length", "length"),
        number("roughness", "roughness"),
        number("linear_head", "length"),
        number("exchange", "flow"),
        get.instant(spec.opens, f"{where}, opens"),
        get.instant(spec.closes, f"{where}, closes"),
    )
