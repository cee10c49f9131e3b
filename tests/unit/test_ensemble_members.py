"""States of all members on the disk: NetCDF and Zarr hold the same, whole or not at all."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
import xarray as xr

import balkhash_model as bm
from balkhash_model.ensemble import run as ensemble_run
from balkhash_model.ensemble.members import MemberStore

BASE = "baseline_2050"
STATES = ("water_volume", "salt_mass", "lake_level")


def start(script, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )


def same_states(store, file):
    with xr.open_zarr(store) as one, xr.open_dataset(file) as two:
        for name in STATES:
            assert one[name].dims == two[name].dims
            assert one[name].attrs == two[name].attrs
            np.testing.assert_array_equal(one[name].values, two[name].values)
        np.testing.assert_array_equal(one["time_edge"], two["time_edge"])
        words = [row.decode().strip() for row in two["storage_name"].values]
        assert one["storage"].values.tolist() == words
        assert one.attrs == two.attrs


@pytest.mark.parametrize("plans", [[BASE], [BASE, "china_plus"]])
def test_a_store_holds_what_the_file_holds(tmp_path, plans):
    pytest.importorskip("zarr")
    wanted = {"members": 70, "block": 16}
    store, out = tmp_path / "states.zarr", tmp_path / "a.nc"
    one = bm.run_ensemble(plans, out=out, members_to=store, **wanted)
    # naming a place keeps the members, and what is kept by default too
    assert "lowest" in one
    two = bm.run_ensemble(plans, out=tmp_path / "b.nc", keep=["indicators", "members"], **wanted)
    xr.testing.assert_identical(one.drop_attrs(), two.drop_attrs())
    same_states(store, tmp_path / "b.members.nc")
    assert {p.name for p in tmp_path.iterdir()} == {"states.zarr", "a.nc", "b.nc", "b.members.nc"}
    # a block is a chunk
    head = json.loads((store / "water_volume" / ".zarray").read_text())
    assert head["chunks"][:2] == [1, 16]
    with pytest.raises(bm.InputError, match="is there already"):
        bm.run_ensemble(plans, out=tmp_path / "c.nc", members_to=store, **wanted)
    bm.run_ensemble(plans, out=out, members_to=store, members=7, force=True)
    assert xr.open_zarr(store).sizes["realization"] == 7


def test_a_netcdf_file_can_be_named_too(tmp_path):
    bm.run_ensemble(BASE, members=9, out=tmp_path / "a.nc", members_to=tmp_path / "states.nc")
    with xr.open_dataset(tmp_path / "states.nc") as states:
        assert states.sizes["realization"] == 9
    assert {p.name for p in tmp_path.iterdir()} == {"a.nc", "states.nc"}


@pytest.mark.parametrize(
    ("name", "more", "says"),
    [
        ("states.csv", {}, "NAME.nc or NAME.zarr"),
        ("nowhere/states.zarr", {}, "no such folder"),
        ("states.nc", {"keep": ["statistics"]}, "the members are not kept"),
    ],
)
def test_a_place_that_cannot_be_is_said(tmp_path, name, more, says):
    with pytest.raises(bm.InputError, match=says):
        bm.run_ensemble(BASE, members=9, out=tmp_path / "a.nc", members_to=tmp_path / name, **more)
    assert not list(tmp_path.iterdir())


def test_a_missing_extra_is_said_before_anything_is_run(tmp_path, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "zarr" else found(name, *a)
    )
    with pytest.raises(bm.InputError, match=r"pip install 'balkhash-model\[zarr\]'"):
        bm.run_ensemble(BASE, members=9, out=tmp_path / "a.nc", members_to=tmp_path / "s.zarr")
    assert not list(tmp_path.iterdir())


def test_a_store_on_a_full_disk_keeps_what_was_done(tmp_path, monkeypatch):
    pytest.importorskip("zarr")
    monkeypatch.setattr(ensemble_run, "_PAUSE", 0.0)
    write, count = MemberStore.write, [0]

    def full(self, first, blocks):
        count[0] += 1
        if count[0] > 40:
            raise OSError(28, "No space left on device")
        write(self, first, blocks)

    wanted = {"members": 60, "block": 1, "threads": 1}
    store, out = tmp_path / "s.zarr", tmp_path / "a.nc"
    monkeypatch.setattr(MemberStore, "write", full)
    with pytest.raises(bm.BalkhashError, match="disk is full"):
        bm.run_ensemble(BASE, out=out, members_to=store, **wanted)
    assert not out.exists()
    assert not store.exists()
    monkeypatch.setattr(MemberStore, "write", write)
    bm.run_ensemble(BASE, out=out, members_to=store, resume=True, **wanted)
    bm.run_ensemble(BASE, out=tmp_path / "b.nc", members_to=tmp_path / "b.members.nc", **wanted)
    same_states(store, tmp_path / "b.members.nc")


def test_states_that_are_gone_are_not_resumed(tmp_path):
    def stop(done, asked):
        raise KeyboardInterrupt

    wanted = {"members": 40, "block": 1, "threads": 1, "out": tmp_path / "a.nc"}
    bm.run_ensemble(BASE, members_to=tmp_path / "s.nc", progress=stop, **wanted)
    assert not (tmp_path / "s.nc").exists()
    (tmp_path / "s.nc.part").unlink()
    with pytest.raises(bm.InputError, match="states of the members are gone"):
        bm.run_ensemble(BASE, members_to=tmp_path / "s.nc", resume=True, **wanted)


@pytest.mark.slow
def test_a_killed_run_into_a_store_goes_on_where_it_was(tmp_path):
    pytest.importorskip("zarr")
    script = """
        import sys, balkhash_model as bm
        from balkhash_model.ensemble import run
        run._PAUSE = 0.0
        bm.run_ensemble("baseline_2050", members=1500, block=8, threads=1, out=sys.argv[1],
                        members_to=sys.argv[2], force=True)
        """
    out, store = tmp_path / "a.nc", tmp_path / "s.zarr"
    folder = tmp_path / "a.nc.part"
    child = start(script, out, store)
    try:
        deadline = time.monotonic() + 300.0
        while not list(folder.glob("state-*.npz")) and time.monotonic() < deadline:
            assert child.poll() is None, child.stderr.read()
            time.sleep(0.01)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
    assert (folder / "state.json").exists()
    assert not out.exists()
    assert not store.exists()
    # blocks of another size do not matter, though chunks keep theirs
    wanted = {"members": 1500, "block": 100}
    bm.run_ensemble(BASE, out=out, members_to=store, resume=True, **wanted)
    bm.run_ensemble(BASE, out=tmp_path / "b.nc", members_to=tmp_path / "s.nc", **wanted)
    same_states(store, tmp_path / "s.nc")
    assert not list(store.rglob("*.partial"))
    with xr.open_dataset(out) as one, xr.open_dataset(tmp_path / "b.nc") as two:
        xr.testing.assert_identical(one.drop_attrs(), two.drop_attrs())


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("members_to", ["s.nc", "s.zarr", None])
def test_a_file_that_may_not_grow_is_said_and_nothing_is_lost(tmp_path, members_to):
    if members_to == "s.zarr":
        pytest.importorskip("zarr")
    # a limit of the system, under which every write beyond it fails as on a full disk
    script = """
        import resource, sys, balkhash_model as bm
        from balkhash_model.ensemble import run
        run._PAUSE = 0.0
        bm.run_ensemble("baseline_2050", members=30)  # compiles, and reads what it must
        to = {} if len(sys.argv) < 4 else {"members_to": sys.argv[3]}
        limit = int(sys.argv[2])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            bm.run_ensemble("baseline_2050", members=600, block=16, threads=1, out=sys.argv[1],
                            force=True, **to)
        except bm.BalkhashError as error:
            print(error, file=sys.stderr)
            raise SystemExit(3)
        """
    out = tmp_path / "a.nc"
    to = () if members_to is None else (tmp_path / members_to,)
    limit = {"s.nc": 2_000_000, "s.zarr": 40_000, None: 50_000}[members_to]
    child = start(script, out, limit, *to)
    _, said = child.communicate(timeout=300)
    # the NetCDF library itself may fall over its half-written file when the process ends
    assert child.returncode == 3 or (members_to == "s.nc" and child.returncode < 0), said
    assert "may not grow as large" in said
    assert not out.exists()
    assert not any(p.exists() for p in to)
