"""What the YAML files of parameter sets and lake systems may hold; quantities are texts here."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from balkhash_model.validation import Strict

__all__ = [
    "CurveSpec",
    "DeltaSpec",
    "DepositionSpec",
    "GroundwaterSpec",
    "JunctionSpec",
    "LinkSpec",
    "ParameterSpec",
    "RiverSpec",
    "SetSpec",
    "StorageSpec",
    "SystemSpec",
    "WithdrawalSpec",
]


class ParameterSpec(Strict):
    """One parameter of a set, as its file states it."""

    kind: str
    value: float
    unit: str
    range: tuple[float, float]
    prior: str = ""
    status: Literal["published", "computed", "fitted", "assumed"]
    source: list[str]
    note: str


class SetSpec(Strict):
    """A parameter set."""

    name: str = Field(alias="set")
    title: str
    extends: str | None = None
    parameters: dict[str, ParameterSpec]


class CurveSpec(Strict):
    """A level-area-volume curve: formula, rows, or where the rows are."""

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


class DepositionSpec(Strict):
    """How salt goes to the bed."""

    time: str
    above: str = "0 kg/m3"


class StorageSpec(Strict):
    """A lake basin or a reservoir."""

    name: str
    kind: Literal["lake", "reservoir"]
    active_from: str | None = None
    curve: CurveSpec
    deposition: DepositionSpec | None = None


class JunctionSpec(Strict):
    """A node without volume."""

    name: str
    lateral: str
    salinity: str = "0 kg/m3"


class RiverSpec(Strict):
    """A river from outside."""

    name: str
    to: str
    salinity: str = "0 kg/m3"


class LinkSpec(Strict):
    """A link of any kind."""

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


class DeltaSpec(Strict):
    """What leads from a junction to a lake and loses water on the way."""

    name: str
    source: str = Field(alias="from")
    to: str
    mouth: str
    loss_name: str
    loss: str
    loss_slope: str = "0"
    loss_flow: str = "0 m3/s"


class GroundwaterSpec(Strict):
    """Exchange with groundwater."""

    shares: dict[str, str]
    salinity: str = "0 kg/m3"


class WithdrawalSpec(Strict):
    """A user."""

    user: str
    source: str = Field(alias="from")
    flow: str = "0 m3/s"
    priority: int = 1


class SystemSpec(Strict):
    """A lake system."""

    name: str
    title: str
    datum: str
    parameters: str | None = None
    lake: list[str]
    storages: list[StorageSpec]
    junctions: list[JunctionSpec] = []
    rivers: list[RiverSpec] = []
    links: list[LinkSpec] = []
    deltas: list[DeltaSpec] = []
    groundwater: GroundwaterSpec | None = None
    withdrawals: list[WithdrawalSpec] = []
    saline_evaporation: str | None = None
    record_from: str | None = None
