"""Reference tables: numbers that a reader can check by hand, and what goes wrong loudly."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from balkhash_model import reference
from balkhash_model.errors import InputError
from balkhash_model.reference import catalog


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the catalogue and tables that a test may damage."""
    folder = tmp_path / "reference"
    folder.mkdir()
    shutil.copy(catalog.FOLDER / catalog.FILE_NAME, folder)
    shutil.copytree(catalog.FOLDER / "tables", folder / "tables")
    monkeypatch.setattr(catalog, "FOLDER", folder)
    return folder


def change(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8", newline="\n")


def accept(folder: Path, key: str) -> None:
    """Write the checksum of a changed table into the copied catalogue."""
    digest = hashlib.sha256((folder / "tables" / f"{key}.csv").read_bytes()).hexdigest()
    change(folder / catalog.FILE_NAME, str(catalog.table_entry(key)["sha256"]), digest)
    catalog._parsed.cache_clear()


def outcome(key: str) -> reference.TableCheck:
    return next(record for record in reference.check() if record.key == key)


def test_list_is_sorted_and_holds_the_tables_of_the_lake() -> None:
    keys = reference.list()
    assert keys == sorted(keys)
    assert {"balkhash_level_anchors", "balkhash_level_tied", "aral_annual"} <= set(keys)


def test_level_offset_is_the_weighted_mean_of_two_years() -> None:
    # Twelve monthly anomalies of each year, summed by hand; anchors 342.66 +- 0.1, 342.81 +- 0.2.
    anomaly = reference.load("balkhash_level_altimetry")["level_anomaly_m"]
    mean_2011 = float(anomaly.sel(time="2011").mean())
    mean_2012 = float(anomaly.sel(time="2012").mean())
    assert mean_2011 == pytest.approx(3.7991 / 12, abs=1e-6)
    assert mean_2012 == pytest.approx(5.1002 / 12, abs=1e-6)
    # Weights 1/0.01 = 100 and 1/0.04 = 25: (342.34341 * 100 + 342.38498 * 25) / 125 = 342.35172.
    by_hand = (100 * (342.66 - 3.7991 / 12) + 25 * (342.81 - 5.1002 / 12)) / 125
    assert by_hand == pytest.approx(342.3517, abs=1e-4)
    offset = reference.describe("balkhash_level_tied")["offset"]
    assert isinstance(offset, dict)
    assert offset["value_m"] == pytest.approx(by_hand, abs=1e-4)
    tied = reference.load("balkhash_level_tied")["level_m"]
    np.testing.assert_allclose(tied - anomaly, by_hand, atol=1e-4)


def test_tie_points_say_which_are_used() -> None:
    table = reference.load("balkhash_level_offset").set_coords("year").swap_dims(row="year")
    assert table["used"].sel(year=[2005, 2011, 2012, 2016]).values.tolist() == [
        "no", "yes", "yes", "no",
    ]  # fmt: skip
    np.testing.assert_allclose(table["offset_m"].sel(year=[2011, 2012]), [342.3434, 342.3850])
    assert np.isnan(table["offset_m"].sel(year=2016))


def test_anchors() -> None:
    table = reference.load("balkhash_level_anchors")
    used = table.where(table["used"] == "yes", drop=True)
    np.testing.assert_array_equal(
        used["level_m"], [343.2, 343.0, 342.85, 340.64, 342.66, 342.81, 341.55]
    )
    np.testing.assert_array_equal(used["uncertainty_m"], [0.3, 0.15, 0.1, 0.05, 0.1, 0.2, 0.05])
    assert table["level_m"].attrs["datum"] == "Baltic system (BS)"
    left_out = table["decimal_year"].where(table["used"] == "no", drop=True)
    assert left_out.values.tolist() == [2005.54, 2016.45]


def test_month_bounds_hold_the_whole_month() -> None:
    table = reference.load("balkhash_level_tied")
    assert table.sizes["time"] == 268
    february = table["time_bnds"].sel(time="2012-02").values[0]
    assert (february[1] - february[0]) == np.timedelta64(29, "D")
    december = table["time_bnds"].values[-1].astype("datetime64[D]").astype(str).tolist()
    assert december == ["2014-12-01", "2015-01-01"]


def test_monthly_table_can_be_written_and_read_back(tmp_path: Path) -> None:
    import xarray as xr

    table = reference.load("kapshagay_level_altimetry")
    table.to_netcdf(tmp_path / "level.nc")
    with xr.open_dataset(tmp_path / "level.nc") as again:
        np.testing.assert_array_equal(again["time"], table["time"])
        np.testing.assert_array_equal(again["level_anomaly_m"], table["level_anomaly_m"])


def test_ili_table_keeps_printed_means_apart() -> None:
    table = reference.load("ili_flux_by_period")
    gauge = table.where((table["gauge"] == "km171") & (table["row_kind"] == "period"), drop=True)
    np.testing.assert_array_equal(gauge["flow_km3_per_yr"], [14.56, 13.77, 14.10, 16.44, 14.41])
    # Weighted with 10, 16, 10, 10 and 15 years: 887.47 / 61 = 14.55, printed 14.56.
    years = gauge["period_end"] - gauge["period_start"] + 1
    assert float((gauge["flow_km3_per_yr"] * years).sum() / years.sum()) == pytest.approx(
        887.47 / 61, abs=1e-9
    )


def test_budget_of_wang_2022_is_positive_to_the_lake() -> None:
    table = reference.load("balkhash_budgets")
    terms = table.where(
        (table["budget"] == "wang2022_mean") & (table["row_kind"] == "term"), drop=True
    )
    # 14.04 + 3.35 - 17.95 + 0.52 = -0.04
    assert float(terms["term_km3_per_yr"].sum()) == pytest.approx(-0.04)
    decades = table.where(table["budget"] == "wang2022_groundwater", drop=True)
    np.testing.assert_array_equal(decades["term_km3_per_yr"][:5], -decades["value_as_printed"][:5])


def test_budget_of_2000_prints_less_loss_than_its_terms() -> None:
    table = reference.load("balkhash_budgets")
    table = table.where(table["budget"] == "year2000", drop=True)
    terms = table["term_km3_per_yr"].where(table["row_kind"] == "term")
    assert float(terms.where(terms > 0).sum()) == pytest.approx(22.51)
    assert float(terms.where(terms < 0).sum()) == pytest.approx(-24.826)
    printed = table["term_km3_per_yr"].where(table["row_kind"] == "printed_total", drop=True)
    assert printed.values.tolist() == [22.51, -24.58]


def test_volumes_of_wang_2022_have_their_unit_put_right() -> None:
    table = reference.load("wang2022_printed")
    volume = table.where(table["quantity"] == "volume", drop=True)
    np.testing.assert_array_equal(volume["value"], [115.718, 74.633, 102.827])
    assert volume["text_as_printed"].values.tolist() == ["1157.18", "746.33", "1028.27"]


def test_lake_precipitation() -> None:
    table = reference.load("lake_precipitation_by_period")
    assert table["precipitation_km3_per_yr"].values.tolist() == [3.51, 2.98, 3.19, 3.56, 3.35]
    # Depth and volume of the printed mean give the area: 3.35 km3 / 194.78 mm = 17 199 km2.
    mean = table.isel(row=-1)
    area = float(mean["precipitation_km3_per_yr"] / (mean["precipitation_mm_per_yr"] * 1e-6))
    assert area == pytest.approx(17199, abs=1)


def test_march_has_its_minus_sign_back() -> None:
    march = reference.load("climate_balkhash_monthly").sel(month=3)
    assert march["air_temperature_as_printed_degC"] == 4.1
    assert march["air_temperature_as_printed_flag"] == "doubtful"
    assert march["air_temperature_degC"] == -4.1
    assert march["flag"] == "assumed"


def test_year_of_monthly_precipitation() -> None:
    # The twelve months sum to the 187 mm that the source prints.
    table = reference.load("climate_balkhash_monthly")
    assert float(table["precipitation_mm_per_month"].sum()) == pytest.approx(187.0)


def test_two_parts_of_the_lake_sum_to_the_whole() -> None:
    table = reference.load("balkhash_hypsometry_statements")
    table = table.where(table["source"] == "yang1993", drop=True)
    table = table.assign_coords(row=table["body"].values)
    for name, total in (("area_km2", 18230.0), ("volume_km3", 106.0)):
        assert float(table[name].sel(row="west") + table[name].sel(row="east")) == total
        assert float(table[name].sel(row="whole")) == total


def test_aral_table() -> None:
    table = reference.load("aral_annual")
    assert table["year"].values.tolist() == [*range(1950, 2002)]
    assert float(table["level_m"].sel(year=1960)) == 53.4
    assert table["flag"].sel(year=1962) == "doubtful"
    assert not np.isnan(table["evaporation_km3_per_yr"].sel(year=1989))
    assert np.isnan(table["evaporation_km3_per_yr"].sel(year=1990))


def test_description_is_a_copy() -> None:
    first = reference.describe("aral_annual")
    first["title"] = "changed"
    notes = reference.sources()
    notes["wang2022"]["citation"] = "changed"
    assert reference.describe("aral_annual")["title"] != "changed"
    assert reference.sources()["wang2022"]["citation"] != "changed"


def test_unknown_key_names_the_nearest() -> None:
    with pytest.raises(InputError, match=r"Nearest: .*balkhash_level_anchors"):
        reference.load("balkhash_level_anchor")
    with pytest.raises(InputError, match="Nearest: aral_annual"):
        reference.describe("aral_anual")


def test_changed_file_is_refused_with_both_checksums(copied: Path) -> None:
    path = copied / "tables" / "aral_annual.csv"
    expected = str(catalog.table_entry("aral_annual")["sha256"])
    change(path, "1960,42", "1960,43")
    got = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(InputError) as caught:
        reference.load("aral_annual")
    message = str(caught.value)
    assert str(path) in message
    assert got in message
    assert expected in message
    assert not outcome("aral_annual").ok
    assert outcome("aral_hypsometry").ok


def test_missing_file_is_named(copied: Path) -> None:
    path = copied / "tables" / "thresholds.csv"
    path.unlink()
    with pytest.raises(InputError, match=r"thresholds\.csv"):
        reference.load("thresholds")


@pytest.mark.parametrize(
    ("key", "before", "after", "message"),
    [
        ("aral_syr_darya_gauge", "1994,9.86,computed", "1994,9.86,guessed", "'guessed'"),
        (
            "aral_syr_darya_gauge",
            "1994,9.86,computed,smashi_gauge",
            "1994,9.86,computed,me",
            "'me'",
        ),
        ("aral_syr_darya_gauge", "1994,", "1993,", "year is not sorted and unique"),
        ("aral_syr_darya_gauge", "1994,9.86", "1994,9;86", "9;86"),
        ("aral_syr_darya_gauge", "1994,9.86,", "1994,9.86,,", r"another length: \[3\]"),
        ("aral_syr_darya_gauge", "flow_km3_per_yr", "flow", "without an entry: flow"),
        ("caspian_level_altimetry", "1992-10,", "1992-09,", "time is not sorted and unique"),
        ("caspian_level_altimetry", "1992-10,0.1708,text,grealm\n", "", "1992-10/1992-10"),
        ("air_temperature_stations", "Aidarly,2001-02", "Aidarly,2000-01", "station and time"),
    ],
)
def test_check_finds(copied: Path, key: str, before: str, after: str, message: str) -> None:
    import re

    change(copied / "tables" / f"{key}.csv", before, after)
    accept(copied, key)
    record = outcome(key)
    assert not record.ok
    assert re.search(message, record.message)


def test_import_stays_light() -> None:
    code = (
        "import sys; import balkhash_model.reference; "
        "print([m for m in ('xarray', 'pandas', 'ruamel.yaml') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_one_number_is_looked_up_by_the_text_of_its_row():
    assert reference.value("wang2022_printed", quantity="volume", period=1961) == 115.718
    with pytest.raises(InputError, match=r"no such column.*perod") as caught:
        reference.value("wang2022_printed", perod=1961)
    assert "period" in str(caught.value)
    for where in ({"quantity": "volume"}, {"quantity": "nothing"}, {"quantity": "area range"}):
        with pytest.raises(InputError, match="no single number"):
            reference.value("wang2022_printed", **where)
