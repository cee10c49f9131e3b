"""Files that appear whole or not at all, and NetCDF that any reader opens."""

import os
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr

from balkhash_model import job
from balkhash_model.errors import InputError, WaterBalanceError
from balkhash_model.job import diagnose, run_jobs, write_result
from balkhash_model.scenario import load_scenario

BS = "Baltic system (BS)"


def inside(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.rglob("*"))


# ---------------------------------------------------------------- one NetCDF file


@pytest.fixture(scope="module")
def written(hindcast_free, tmp_path_factory):
    path = tmp_path_factory.mktemp("nc") / "free.nc"
    write_result(hindcast_free, path)
    return path


def test_xarray_reads_back_the_same_numbers(written, hindcast_free):
    with xr.open_dataset(written) as found:
        assert set(found.variables) == set(hindcast_free.variables)
        for name, variable in hindcast_free.variables.items():
            np.testing.assert_array_equal(found[name].values, variable.values, err_msg=name)
        kept = {k: v for k, v in hindcast_free.attrs.items() if k != "Conventions"}
        assert kept.items() <= found.attrs.items()


def test_plain_netcdf4_reads_the_same_numbers(written, hindcast_free):
    with netCDF4.Dataset(written) as file:
        assert file.data_model == "NETCDF4"
        assert file.Conventions == "CF-1.11, ACDD-1.3"
        volume = file["water_volume"]
        assert volume.dtype == np.float64
        assert (volume.units, volume.dimensions) == ("m3", ("time_edge", "storage"))
        np.testing.assert_array_equal(volume[:], hindcast_free["water_volume"].values)
        assert file["storage"][:].tolist() == ["kapshagay", "west", "east"]
        edges = netCDF4.num2date(
            file["time_edge"][[0, -1]], file["time_edge"].units, file["time_edge"].calendar
        )
        assert [str(t) for t in edges] == ["1961-01-01 00:00:00", "2015-01-01 00:00:00"]


def test_the_file_follows_cf_where_xarray_alone_would_not(written):
    with netCDF4.Dataset(written) as file:
        assert file["time"].bounds == "time_bnds"
        for name in ("time", "time_edge", "time_bnds"):
            assert "_FillValue" not in file[name].ncattrs(), name  # CF: none on coordinates
        for name in ("time", "time_edge"):
            assert file[name].units.startswith("seconds since 1900-01-01")
            assert file[name].calendar in ("standard", "gregorian", "proleptic_gregorian")
        for name, variable in file.variables.items():
            if variable.dtype == np.float64 and "time" not in name:
                assert variable.units, name
        aux = file["link_flow"].coordinates.split()
        assert {"link_from", "link_to"} <= set(aux)


def test_writing_leaves_the_result_as_it_was(hindcast_free, tmp_path):
    before = hindcast_free.copy(deep=True)
    write_result(hindcast_free, tmp_path / "free.nc")
    assert before.identical(hindcast_free)
    assert inside(tmp_path) == ["free.nc"]
    assert (tmp_path / "free.nc").stat().st_mode & 0o777 == 0o644


def test_a_file_that_cannot_be_finished_leaves_nothing(hindcast_free, tmp_path):
    (tmp_path / "free.nc").write_text("old")
    broken = hindcast_free.assign(bad=("time", np.full(648, {}, dtype=object)))
    with pytest.raises(ValueError, match="bad"):
        write_result(broken, tmp_path / "free.nc")
    assert inside(tmp_path) == ["free.nc"]
    assert (tmp_path / "free.nc").read_text() == "old"


# ---------------------------------------------------------------- whole jobs


def test_a_job_writes_four_files_and_tells_what_it_found(scenario_file, tmp_path):
    told = []
    out = tmp_path / "a" / "b"
    [done] = run_jobs([str(scenario_file())], out, progress=told.append)
    names = ["short.nc", "short.png", "short.svg", "short.resolved.yml"]
    assert [p.name for p in done.paths] == names
    assert inside(out) == sorted(names)
    assert done.title == "short: A short run"
    assert done.budget.index.tolist() == ["1961-1962"]
    assert any("water balance closed" in note for note in done.notes)
    assert [t.split(":")[0] for t in told] == ["short", "writing"]
    assert (out / "short.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (out / "short.svg").read_text(encoding="utf-8")
    resolved = load_scenario(str(out / "short.resolved.yml"))
    assert resolved == load_scenario(str(tmp_path / "short.yml"))


def test_the_svg_is_the_same_when_made_again(scenario_file, tmp_path):
    files = []
    for folder in ("one", "two"):
        run_jobs([str(scenario_file())], tmp_path / folder)
        files.append((tmp_path / folder / "short.svg").read_bytes())
    assert files[0] == files[1]


def test_the_png_has_the_resolution_of_the_house_style(scenario_file, tmp_path):
    from balkhash_model.plot.style import STYLE

    run_jobs([str(scenario_file())], tmp_path / "out")
    width = int.from_bytes((tmp_path / "out" / "short.png").read_bytes()[16:20])
    assert width == round(STYLE["figure.figsize"][0] * STYLE["savefig.dpi"])


def test_a_lake_that_overtops_is_told(scenario_file, tmp_path):
    # no evaporation to speak of: the lake rises above the top of its curve, 347 m
    path = scenario_file("parameters: {overrides: {net_evaporation: -3 m/yr}}", level="346 m")
    [done] = run_jobs([str(path)], tmp_path / "out")
    with xr.open_dataset(tmp_path / "out" / "short.nc") as found:
        assert int(found["status"]) == 2
    assert "overtopped" in " ".join(done.notes)


def test_results_are_replaced_only_by_force(problems, scenario_file, tmp_path):
    path, out = str(scenario_file()), tmp_path / "out"
    out.mkdir()
    (out / "short.svg").write_text("mine")
    [text] = problems(run_jobs, [path], out)
    assert text == (
        f"output folder {str(out)!r}: holds these results already; "
        f"got {out / 'short.svg'}. Use --force to replace them"
    )
    assert inside(out) == ["short.svg"]
    run_jobs([path], out, force=True)
    assert "<svg" in (out / "short.svg").read_text(encoding="utf-8")


def test_more_substeps_are_passed_on(scenario_file, tmp_path):
    path = str(scenario_file())
    for folder, substeps in (("one", 1), ("four", 4)):
        run_jobs([path], tmp_path / folder, substeps=substeps)
    with (
        xr.open_dataset(tmp_path / "one/short.nc") as a,
        xr.open_dataset(tmp_path / "four/short.nc") as b,
    ):
        difference = float(abs(a["lake_level"] - b["lake_level"]).max())
    assert 0.0 < difference < 1e-3  # the requirement: less than 1 mm


def test_a_users_gauge_joins_the_skill(scenario_file, tmp_path):
    gauge = tmp_path / "karagash.csv"
    gauge.write_text(f"time,level,unit,datum\n1961-05,342.0,m,{BS}\n1962-05,342.0,m,{BS}\n")
    [done] = run_jobs([str(scenario_file())], tmp_path / "out", observed=gauge)
    assert done.skill.loc["karagash", "n"] == 2


# ---------------------------------------------------------------- refusals leave nothing behind


@pytest.fixture
def blocked(tmp_path):
    """A path below a regular file: no folder can be made there, not even by root."""
    (tmp_path / "file").write_text("")
    return tmp_path / "file" / "below"


def test_an_output_folder_that_cannot_be_made_is_refused(problems, scenario_file, blocked):
    path = str(scenario_file())
    [text] = problems(run_jobs, [path], blocked)
    assert text == f"output folder {str(blocked)!r}: is not a folder; got {blocked.parent}"
    [text] = problems(run_jobs, [path], blocked.parent)
    assert "is not a folder" in text


def test_an_output_folder_without_permission_is_refused(problems, scenario_file, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    [text] = problems(run_jobs, [str(scenario_file())], closed / "out")
    assert "cannot be written; got no permission in" in text


def test_everything_that_is_wrong_is_named_at_once(problems, blocked, tmp_path):
    found = problems(
        run_jobs,
        ["hindcst", "no.yml", "hindcast_free", "hindcast_free"],
        blocked,
        observed=tmp_path / "no.csv",
    )
    assert [text.partition(":")[0] for text in found] == [
        "scenario 'hindcst'",
        "scenario 'no.yml'",
        str(tmp_path / "no.csv"),
        "scenarios",
        f"output folder {str(blocked)!r}",
    ]
    assert "two of one name would write the same files; got hindcast_free" in found[3]


def test_a_scenario_that_cannot_run_leaves_nothing_of_the_others(scenario_file, tmp_path):
    good, bad = scenario_file(), scenario_file(name="bad", level="350 m")
    with pytest.raises(InputError, match="outside its curve"):
        run_jobs([str(good), str(bad)], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_balance_that_fails_leaves_nothing(scenario_file, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise WaterBalanceError("storage 'west' does not close")

    monkeypatch.setattr("balkhash_model.simulation.check_balance", fail)
    with pytest.raises(WaterBalanceError):
        run_jobs([str(scenario_file())], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_figure_that_fails_leaves_no_file(scenario_file, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("ink")

    monkeypatch.setattr("balkhash_model.plot.trajectories", fail)
    with pytest.raises(RuntimeError, match="ink"):
        run_jobs([str(scenario_file())], tmp_path / "out")
    assert not (tmp_path / "out").exists() or inside(tmp_path / "out") == []


def test_the_files_of_several_scenarios_appear_together_or_not_at_all(
    scenario_file, tmp_path, monkeypatch
):
    from balkhash_model import plot

    drawn, out = [], tmp_path / "out"

    def second_fails(result, levels, **options):
        assert [p.name for p in out.iterdir() if not p.name.startswith(".")] == []
        drawn.append(result.attrs["scenario"])
        if len(drawn) == 2:
            raise RuntimeError("ink")
        return trajectories(result, levels, **options)

    trajectories = plot.trajectories
    monkeypatch.setattr("balkhash_model.plot.trajectories", second_fails)
    with pytest.raises(RuntimeError, match="ink"):
        run_jobs([str(scenario_file()), str(scenario_file(name="two"))], out)
    assert drawn == ["short", "two"]
    assert inside(out) == []


def test_a_folder_that_the_system_refuses_is_an_input_error(problems, scenario_file):
    problems(run_jobs, [str(scenario_file())], Path("/proc/no_such_folder"))


def test_a_folder_in_the_place_of_a_file_is_refused_before_anything_is_written(
    problems, scenario_file, tmp_path
):
    out = tmp_path / "out"
    (out / "short.svg").mkdir(parents=True)
    [text] = problems(run_jobs, [str(scenario_file())], out, force=True)
    assert f"{out / 'short.svg'} is a folder" in text
    assert inside(out) == ["short.svg"]


def test_a_gauge_is_on_the_datum_of_the_scenarios_own_lake(scenario_file, tmp_path):
    import balkhash_model

    shipped = Path(balkhash_model.__file__).parent / "reference/systems/balkhash.yml"
    lake = tmp_path / "lake.yml"
    lake.write_text(shipped.read_text(encoding="utf-8").replace(BS, "EGM2008"))
    gauge = tmp_path / "gauge.csv"
    gauge.write_text("time,level,unit,datum\n1961-05,342.0,m,EGM2008\n1962-05,342.0,m,EGM2008\n")
    run_jobs([str(scenario_file(f"system: {lake}"))], tmp_path / "out", observed=gauge)


# ---------------------------------------------------------------- doctor


def test_the_doctor_looks_at_versions_cache_and_data():
    report = dict(diagnose())
    assert list(report) == ["Versions", "Compiled kernel", "Reference data"]
    assert {row[0] for row in report["Versions"]} >= {"balkhash_model", "python", "numpy", "numba"}
    assert all(good for rows in report.values() for _, _, good in rows)


def test_the_doctor_names_a_table_that_is_not_as_it_was(monkeypatch):
    from balkhash_model import reference

    bad = reference.check()[0]
    bad = type(bad)(**{f: getattr(bad, f) for f in bad.__slots__} | {"ok": False, "message": "bad"})
    monkeypatch.setattr(reference, "check", lambda: [bad])
    rows = dict(job.diagnose())["Reference data"]
    assert (bad.key, "bad", False) in rows


def test_a_series_that_ended_before_the_run_is_not_scored(tmp_path):
    job = run_jobs(["aral_style"], tmp_path)[0]
    assert job.skill.empty


def test_a_disk_that_fills_is_said_and_nothing_is_kept(tmp_path, monkeypatch):
    def full(*values, **named):
        raise RuntimeError("NetCDF: HDF error")  # all that HDF5 says

    monkeypatch.setattr(xr.Dataset, "to_netcdf", full)
    with pytest.raises(InputError, match=r"cannot be written; .*likely since the disk is full"):
        run_jobs(["hindcast_free"], tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_the_north_aral_says_what_its_inflow_is_and_how_near_its_volume_is(tmp_path):
    job = run_jobs(["north_aral_published"], tmp_path)[0]
    assert job.budget[["precipitation", "evaporation"]].to_numpy().tolist() == [[0, 0], [0, 0]]
    assert (
        "the climate of this run gives neither rain nor evaporation: the inflow of the budget is "
        "the net of syr_darya, published_rain, published_evaporation"
    ) in job.notes
    assert (
        "volume against the 135 observed at the ends of months: NSE -0.305, KGE 0.4165, "
        "RMSE 0.970 km3"
    ) in job.notes
