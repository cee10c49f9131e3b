"""The table of quantities: complete, well formed, and what is derived from it."""

import math
import re

import numpy as np
import pytest

from balkhash_model import quantities
from balkhash_model.errors import InputError

CONTRACT = [
    "water_level",
    "water_area",
    "river_inflow",
    "precipitation",
    "evaporation",
    "groundwater_inflow",
    "abstraction",
    "link_flow",
    "abstraction_by_user",
    "shortage",
    "balance_residual",
    "water_volume",
    "water_level_edge",
    "salt_mass",
    "salt_inflow",
    "salt_exchange",
    "salt_withdrawal",
    "salt_deposition",
    "salinity",
    "ice_cover",
    "salt_residual",
    "lake_level",
    "lake_area",
    "lake_volume",
    "lake_connected",
    "lake_river_inflow",
    "lake_level_uncertainty",
    "precipitation_rate",
    "evaporation_rate",
    "status",
    "status_storage",
    "status_time",
    "observed_level",
    "river_salinity",
    "air_temperature",
    "storage_kind",
    "link_from",
    "link_to",
    "time",
    "time_edge",
    "time_bnds",
    "storage",
    "link",
    "user",
    "realization",
    "response_time",
    "basin_response_time",
    "area_slope",
    "net_evaporation_rate",
    "lake_level_linear",
    "equilibrium_level",
    "upstream_user",
    "upstream_use",
    "upstream_use_change",
    "upstream_shortage",
    "measure",
    "measure_water",
    "measure_cost",
    "measure_currency",
]

# The names used here that are in the CF standard name table.
STANDARD_NAMES = {
    "",
    "time",
    "realization",
    "air_temperature",
    "lwe_precipitation_rate",
    "lwe_water_evaporation_rate",
    "water_surface_height_above_reference_datum",
}
UNITS = {
    "",
    "1",
    "m",
    "m2",
    "m3",
    "m s-1",
    "m3 s-1",
    "kg",
    "kg m-3",
    "kg s-1",
    "degC",
    "s",
    "m2 m-1",
}
ROWS = [quantities.get(name) for name in quantities.names()]


def test_the_contract_is_covered_once():
    assert sorted(quantities.names()) == sorted(CONTRACT)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_rows_are_well_formed(row):
    assert re.fullmatch(r"[a-z][a-z_]*", row.name)
    assert row.units in UNITS
    name, _, modifier = row.standard_name.partition(" ")
    assert name in STANDARD_NAMES
    assert modifier in ("", "standard_error")  # CF-1.11, appendix C
    assert row.valid_min < row.valid_max
    known = {"time", "time_edge", "storage", "link", "user", "realization", "bounds"}
    known |= {"inflow", "years"}
    known |= {"upstream_user", "measure"}
    assert row.dims
    assert set(row.dims) <= known
    if row.cell_methods:
        dimension, method = row.cell_methods.split(": ")
        assert dimension in row.dims
        assert method in {"time": ("mean", "sum"), "time_edge": ("point",)}[dimension]
    assert row.description
    assert not row.description.endswith(".")
    assert all(text == text.strip() != "" for text in row.labels.values())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_labels_are_in_their_alphabets(row):
    assert re.fullmatch(r"[A-Za-z ]+", row.labels["en"])
    assert re.fullmatch(r"[А-Яа-яЁё, ]+", row.labels["ru"])
    assert re.fullmatch(r"[А-Яа-яЁёӘәҒғҚқҢңӨөҰұҮүҺһІі, -]+", row.labels["kk"])


@pytest.mark.parametrize("language", quantities.LANGUAGES)
def test_labels_tell_the_quantities_apart(language):
    labels = [row.labels[language] for row in ROWS]
    assert len(set(labels)) == len(labels)


def test_fluxes_on_storages_share_one_sign():
    for name in (
        "river_inflow",
        "precipitation",
        "evaporation",
        "groundwater_inflow",
        "abstraction",
    ):
        row = quantities.get(name)
        assert row.positive == "into the storage"
        assert row.dims == ("time", "storage")
        assert row.units == "m3 s-1"
    assert quantities.get("abstraction").valid_max == 0


def test_attributes():
    assert quantities.attrs("lake_level") == {
        "units": "m",
        "long_name": "Lake level",
        "standard_name": "water_surface_height_above_reference_datum",
        "cell_methods": "time: mean",
    }
    assert quantities.attrs("lake_level", "kk")["long_name"] == "Көл деңгейі"
    assert quantities.attrs("storage") == {"long_name": "Water body"}
    # xarray writes the unit of a time itself and refuses another
    assert "units" not in quantities.attrs("time")


@pytest.mark.parametrize(
    ("name", "language", "unit", "text"),
    [
        ("lake_level", "en", None, "Lake level (m)"),
        ("lake_level", "ru", None, "Уровень озера, м"),
        ("river_inflow", "en", None, "River inflow (m³/s)"),
        ("river_inflow", "kk", "km3/yr", "Өзен суының құйылымы, км³/жыл"),
        ("salinity", "en", None, "Salinity (kg/m³)"),
        ("ice_cover", "en", None, "Ice cover fraction"),
        ("ice_cover", "en", "%", "Ice cover fraction (%)"),
        ("air_temperature", "ru", None, "Температура воздуха, °C"),
        ("lake_volume", "en", "", "Lake volume"),
        ("precipitation_rate", "en", "kg m-2 s-1", "Precipitation rate (kg/(m²·s))"),
    ],
)
def test_labels_show_the_unit(name, language, unit, text):
    assert quantities.label(name, language, unit) == text


def test_unknown_names_and_languages():
    with pytest.raises(
        InputError, match=r"quantity: unknown; got 'lake_levl'. Nearest: lake_level"
    ):
        quantities.get("lake_levl")
    with pytest.raises(
        InputError, match=r"language: unknown; got 'de'; expected one of en, ru, kk"
    ):
        quantities.attrs("lake_level", "de")


def test_ranges():
    check = quantities.check_range
    assert check("lake_level", [341.0, np.nan], "here") == []
    assert check("lake_level", [], "here") == []
    assert check("storage_kind", ["lake"], "here") == []
    assert check("balance_residual", [1e9], "here") == []
    (problem,) = check("balance_residual", [math.inf], "here")
    assert problem.what == "balance_residual too high in 1 of 1 values"
    (problem,) = check("abstraction", np.array([[0.0, -1.0], [np.nan, 3.0]]), "here")
    assert str(problem) == (
        "here: abstraction too high in 1 of 4 values; got 3 at [1, 1]; expected -1e+06 to 0 m3 s-1"
    )
    low, high = check("ice_cover", [-0.5, -math.inf, 0.5, 1.5], "here")
    assert (low.what, low.got) == ("ice_cover too low in 2 of 4 values", "-inf at [1]")
    assert (high.what, high.got) == ("ice_cover too high in 1 of 4 values", "1.5 at [3]")
    assert check("lake_level", 9000.0, "here")[0].got == "9000"


def test_records_cannot_be_changed():
    row = quantities.get("time")
    with pytest.raises(AttributeError):
        row.units = "s"
    with pytest.raises(TypeError):
        row.labels["en"] = "x"
