"""Exports: one tidy table that comes back bit by bit, with units and metadata, whole or not."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import balkhash_model as bm
from balkhash_model import export
from balkhash_model.errors import InputError
from balkhash_model.job import write_result
from balkhash_model.results import open_result


def odd() -> xr.Dataset:
    """Everything that is easily lost: rounding, gaps, texts, years, types, lengths of none."""
    times = np.array(["0850-01-01", "1961-02-01T00:00:01", "2300-01-01"], "datetime64[s]")
    return xr.Dataset(
        {
            "water_volume": (
                ("time", "user"),
                np.array([[0.1 + 0.2, np.nan], [-0.0, np.inf], [5e-324, 1 / 3]]),
                {"units": "m3", "flag": np.array([0, 1], "int8"), "one": np.float32(0.1)},
            ),
            "big": ("time", np.array([2**63 - 1, -(2**62) - 1, 0])),
            "note": ("user", np.array(['a "b", c\nd', "=1+1"], dtype=object)),
            "status": ((), np.int8(2)),
            "when": ((), np.datetime64("NaT", "s")),
            "single": ("time", np.array([0.1, 0.2, 0.3], "float32")),
            "none": (("time", "gone"), np.zeros((3, 0))),
        },
        coords={"time": times, "user": np.array(["NA", "Алматы"], dtype=object), "z": 1.5},
        attrs={"title": "# odd, 'title'", "text": "two\nlines", "seed": 7},
    )


def same(a: xr.Dataset, b: xr.Dataset) -> None:
    xr.testing.assert_identical(a, b)
    assert list(a.variables) == list(b.variables)
    for name in a.variables:
        assert a[name].dtype == b[name].dtype, name
        if a[name].dtype.kind == "f":
            assert a[name].values.tobytes() == b[name].values.tobytes(), name


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_it_comes_back_bit_by_bit(kind, hindcast_free, tmp_path):
    if kind == "parquet":
        pytest.importorskip("pyarrow")
    write_result(hindcast_free, tmp_path / "free.nc")
    for i, result in enumerate((hindcast_free, open_result(tmp_path / "free.nc"), odd())):
        path = tmp_path / f"{i}.{kind}"
        bm.export_result(result, path)
        same(bm.read_export(path), result)


def test_a_file_is_exported_as_its_result_is(hindcast_free, tmp_path):
    write_result(hindcast_free, tmp_path / "free.nc")
    bm.export_result(tmp_path / "free.nc", tmp_path / "free.csv")
    same(bm.read_export(tmp_path / "free.csv"), open_result(tmp_path / "free.nc"))


def test_the_documented_line_of_pandas_reads_the_numbers(hindcast_free, tmp_path):
    path = tmp_path / "free.csv"
    bm.export_result(hindcast_free, path)
    table = pd.read_csv(path, skiprows=2, low_memory=False)
    rows = table[(table["variable"] == "water_level") & (table["storage"] == "west")]
    np.testing.assert_allclose(
        rows["value"], hindcast_free["water_level"].sel(storage="west").values, rtol=1e-15
    )
    assert set(rows["units"]) == {"m"}
    assert rows["time"].iloc[-1] == "2014-12-16T12:00:00"
    about = json.loads(path.read_text(encoding="utf-8").splitlines()[1].removeprefix("# "))
    assert about["attributes"]["title"] == hindcast_free.attrs["title"]


def test_every_number_has_its_unit(hindcast_free):
    table = export.tidy(hindcast_free)
    units = dict(zip(table["variable"], table["units"], strict=True))
    assert units["water_volume"] == "m3"
    assert units["link_flow"] == "m3 s-1"
    assert units["salinity"] == "kg m-3"
    assert len(table) == sum(hindcast_free[n].size for n in hindcast_free.variables)


def test_excel_has_data_metadata_and_variables(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    result = odd().drop_vars("big")
    bm.export_result(result, tmp_path / "odd.xlsx")
    book = openpyxl.load_workbook(tmp_path / "odd.xlsx")
    assert book.sheetnames == ["data", "metadata", "variables"]
    head, *rows = list(book["data"].values)
    assert head == ("variable", "units", "time", "user", "gone", "value", "text")
    volume = [r for r in rows if r[0] == "water_volume"]
    assert volume[0][-2] == pytest.approx(0.3, rel=1e-15)  # Excel files have 16 digits
    assert volume[1][-2] is None
    notes = [c for row in book["data"].iter_rows() for c in row if c.value == "=1+1"]
    assert [c.data_type for c in notes] == ["s"]  # a text, not a formula
    assert ("title", "# odd, 'title'") in list(book["metadata"].values)
    assert any(row[:3] == ("water_volume", "time user", "m3") for row in book["variables"].values)


def test_a_long_attribute_goes_on_in_the_next_row():
    rows = export._cells({"long": "x" * 70_000})
    assert [len(text) for _, text in rows] == [32_000, 32_000, 6_000]
    assert "".join(text for _, text in rows) == "x" * 70_000


def test_a_table_that_excel_cannot_hold_is_refused(tmp_path):
    pytest.importorskip("openpyxl")
    long = xr.Dataset({"x": ("n", np.zeros(1_048_576))})
    with pytest.raises(InputError, match=r"too many rows for Excel.*--parquet"):
        bm.export_result(long, tmp_path / "x.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_library_is_named_with_the_extra(tmp_path, monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for kind, library in (("xlsx", "openpyxl"), ("parquet", "pyarrow")):
        with pytest.raises(InputError, match=rf"needs {library}.*balkhash-model\[export\]"):
            bm.export_result(odd(), tmp_path / f"x.{kind}")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_replaced_only_by_force_and_whole(tmp_path, monkeypatch):
    path = tmp_path / "x.csv"
    path.write_text("mine")
    with pytest.raises(InputError, match="is there already"):
        bm.export_result(odd(), path)

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export, "tidy", fails)
    with pytest.raises(InputError, match="cannot be written: No space left"):
        bm.export_result(odd(), path, force=True)
    assert path.read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["x.csv"]
    monkeypatch.undo()
    bm.export_result(odd(), path, force=True)
    same(bm.read_export(path), odd())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t[1:], "is no export"),
        (lambda t: [t[0], "# {", *t[2:]], "is not as export_result wrote it"),
        (lambda t: t[:-1], "has not"),
        (lambda t: [*t[:5], *t[6:], t[5]], "rows in their order"),
        (lambda t: [*t, t[-1]], "1 rows too many"),
    ],
)
def test_a_changed_export_is_not_read(change, words, tmp_path):
    path = tmp_path / "x.csv"
    bm.export_result(odd().drop_vars("note"), path)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(change(lines)) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=words):
        bm.read_export(path)


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such format; got ods; expected csv, xlsx, parquet"):
        bm.export_result(odd(), tmp_path / "x.ods")
