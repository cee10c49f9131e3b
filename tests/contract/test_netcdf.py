"""The file of a result: attributes by which it is found, labels that CF allows, the checker."""

import importlib.util
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr

from balkhash_model import netcdf
from balkhash_model.job import write_result

COMPLIANCE = Path(__file__).parents[2] / ".ci/compliance.py"


@pytest.fixture(scope="module")
def written(hindcast_free, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("nc") / "free.nc"
    write_result(hindcast_free, path)
    return path


def test_the_file_says_what_when_and_by_whom(written, hindcast_free):
    with netCDF4.Dataset(written) as file:
        assert file.Conventions == "CF-1.11, ACDD-1.3"
        assert file.title == hindcast_free.attrs["title"]
        assert "no level enters the run itself" in file.summary
        assert (file.time_coverage_start, file.time_coverage_end) == (
            "1961-01-01T00:00:00Z",
            "2015-01-01T00:00:00Z",
        )
        assert (file.time_coverage_duration, file.time_coverage_resolution) == ("P54Y", "P1M")
        assert file.history.startswith(file.date_created)
        assert " " not in file.id
        # nobody stated these
        assert not {"naming_authority", "creator_email", "institution"} & set(file.ncattrs())


def test_the_id_is_of_what_was_run(hindcast_free):
    same = hindcast_free.assign_attrs(history="2001-01-01T00:00:00Z: another day")
    other = hindcast_free.assign_attrs(resolved_scenario="meta: {name: another}")
    ids = [netcdf.discovery(r)["id"] for r in (hindcast_free, same, other)]
    assert ids[0] == ids[1] != ids[2]


def test_labels_of_a_dimension_are_characters_and_come_back_as_text(tmp_path):
    names = ["Шу", "east", "батыс"]
    data = xr.Dataset({"x": ("user", [1.0, 2.0, 3.0])}, coords={"user": np.array(names, object)})
    write_result(data, tmp_path / "x.nc")
    with netCDF4.Dataset(tmp_path / "x.nc") as file:
        assert file["user"].dtype == "S1"
        assert file["user"].dimensions == ("user", "user_length")
        assert file["user"][:].tolist() == names
    with xr.open_dataset(tmp_path / "x.nc") as found:
        assert found["user"].values.tolist() == names
        assert float(found["x"].sel(user="батыс")) == 3.0


def test_variables_say_what_kind_of_content_they_are(written):
    with netCDF4.Dataset(written) as file:
        kinds = {n: getattr(v, "coverage_content_type", "") for n, v in file.variables.items()}
        assert kinds["lake_level"] == kinds["salinity"] == "modelResult"
        assert kinds["balance_residual"] == kinds["status"] == "qualityInformation"
        assert kinds["time"] == kinds["storage"] == ""
        assert file["time"].units_metadata == file["time_edge"].units_metadata
        assert set(file["time_bnds"].ncattrs()) <= {"units", "calendar"}


@pytest.mark.parametrize(
    ("edges", "duration", "resolution"),
    [
        (["2000-01-01", "2000-02-01", "2000-03-01"], "P2M", "P1M"),
        (["2000-03-05", "2000-03-06", "2000-03-07"], "P2D", "P1D"),
        (["2000-01-01", "2001-01-01", "2003-03-01"], "P3Y2M", None),
        (["2000-01-01", "2000-01-11", "2000-01-12"], "P11D", None),
    ],
)
def test_length_and_step_of_the_time_axis(edges, duration, resolution):
    found = netcdf._coverage(np.array(edges, "datetime64[s]"))
    assert found["time_coverage_duration"] == duration
    assert found.get("time_coverage_resolution") == resolution


def test_the_compliance_checker_finds_no_error(written, hindcast_free, capsys):
    pytest.importorskip("compliance_checker")
    if not COMPLIANCE.is_file():
        pytest.skip("the developers' scripts are not here")
    spec = importlib.util.spec_from_file_location("compliance", COMPLIANCE)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.CheckSuite.load_all_available_checkers()
    assert script.check(written) == []
    assert script.opens(written, hindcast_free) == []
    assert "cf:1.11   score" in capsys.readouterr().out
    # the script finds what is wrong
    with netCDF4.Dataset(written, "a") as file:
        file.delncattr("title")
        file["lake_level"].standard_name = "height_of_the_lake"
        file["lake_area"][3] = 0.0
    errors = " ".join(script.check(written) + script.opens(written, hindcast_free))
    assert "acdd:1.3: Global Attributes: title not present" in errors
    assert "height_of_the_lake" in errors
    assert "netCDF4 reads another lake_area" in errors
