"""What every reference table promises, whichever it is."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from balkhash_model import reference
from balkhash_model.reference import catalog
from balkhash_model.reference.readers import DIMENSIONS, FLAGS

KEYS = reference.list()
TABLES = catalog.FOLDER / "tables"
DESCRIBED = (
    "title", "quantity", "unit", "datum", "kind", "period", "uncertainty", "sources", "citation",
    "terms", "columns", "notes", "file", "sha256",
)  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
def test_description_is_complete(key: str) -> None:
    entry = reference.describe(key)
    assert [name for name in DESCRIBED if name not in entry] == []
    assert entry["kind"] in DIMENSIONS
    assert entry["citation"]
    assert entry["terms"]


@pytest.mark.parametrize("key", KEYS)
def test_checksum_is_the_files(key: str) -> None:
    entry = reference.describe(key)
    content = (catalog.FOLDER / str(entry["file"])).read_bytes()
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    assert b"\r" not in content
    assert content.endswith(b"\n")


@pytest.mark.parametrize("key", KEYS)
def test_dataset_says_what_it_is(key: str) -> None:
    table = reference.load(key)
    entry = reference.describe(key)
    assert table.sizes[DIMENSIONS[str(entry["kind"])]] > 0
    assert {*catalog.table_entry(key)["columns"]} <= {*table.variables}
    for name in ("key", "title", "citation", "terms", "sha256"):
        assert table.attrs[name]
    assert table.attrs["Conventions"] == "CF-1.11"


@pytest.mark.parametrize("key", KEYS)
def test_variables_have_unit_and_meaning(key: str) -> None:
    table = reference.load(key)
    for name, variable in table.data_vars.items():
        assert variable.attrs["long_name"]
        if variable.dtype.kind in "if":
            assert variable.attrs["units"], name
        if str(name).endswith(("level_m", "level_anomaly_m")):
            assert variable.attrs["datum"]


@pytest.mark.parametrize("key", KEYS)
def test_every_row_has_a_flag_and_a_known_source(key: str) -> None:
    table = reference.load(key)
    assert set(table["flag"].values) <= set(FLAGS)
    assert set(table["source"].values) <= set(reference.sources())


@pytest.mark.parametrize("key", KEYS)
def test_times_are_sorted_and_unique(key: str) -> None:
    table = reference.load(key)
    dimension = DIMENSIONS[str(reference.describe(key)["kind"])]
    if "time" in table.variables:
        assert not np.isnat(table["time"].values).any()
    if dimension != "row":
        index = table.indexes[dimension]
        assert index.is_unique
        assert index.is_monotonic_increasing
    if dimension == "time":
        bounds = table["time_bnds"].values
        assert (bounds[:, 0] == table["time"].values).all()
        assert (bounds[:, 1] > bounds[:, 0]).all()
    if "period_start" in table.variables:
        assert (table["period_start"] <= table["period_end"]).all()


@pytest.mark.parametrize("key", KEYS)
def test_no_column_of_numbers_is_empty(key: str) -> None:
    for name, variable in reference.load(key).data_vars.items():
        if variable.dtype.kind == "f":
            assert variable.notnull().any(), name


def test_check_passes_for_all() -> None:
    assert [record for record in reference.check() if not record.ok] == []
    assert [record.key for record in reference.check()] == KEYS


def test_catalogue_and_folder_hold_the_same_files() -> None:
    listed = {Path(str(reference.describe(key)["file"])).name for key in KEYS}
    assert listed == {path.name for path in TABLES.iterdir()}


def test_every_source_and_column_is_used() -> None:
    used = {name for key in KEYS for name in catalog.table_entry(key)["sources"]}
    assert used == set(reference.sources())
    columns = {name for key in KEYS for name in catalog.table_entry(key)["columns"]}
    assert columns == set(catalog.column_entries())
    for entry in reference.sources().values():
        assert all(entry[name] for name in ("citation", "address", "terms"))
