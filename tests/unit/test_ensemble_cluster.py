"""An ensemble on a dask cluster: the bits of one machine, whatever becomes of the workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import xarray as xr

import balkhash_model as bm

distributed = pytest.importorskip("distributed")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
BASE = "baseline_2050"


@pytest.fixture
def client():
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    )
    with cluster, distributed.Client(cluster) as client:
        yield client


def test_a_cluster_gives_the_bits_of_one_machine_and_outlives_a_worker(client, tmp_path):
    wanted = {"members": 6000, "block": 64}
    here = bm.run_ensemble([BASE, "china_plus"], **wanted)
    pids = list(client.run(os.getpid).values())

    def kill():
        time.sleep(2.0)
        os.kill(pids[0], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    there = bm.run_ensemble([BASE, "china_plus"], client=client, **wanted)
    killer.join()
    xr.testing.assert_identical(there.drop_attrs(), here.drop_attrs())
    # the worker that was killed is no more
    client.wait_for_workers(2, timeout=60)
    assert pids[0] not in client.run(os.getpid).values()


def test_states_come_back_from_a_cluster(client, tmp_path):
    for name, where in (("a", client), ("b", None)):
        bm.run_ensemble(
            BASE, members=50, keep=["members"], out=tmp_path / f"{name}.nc", client=where
        )
    assert (tmp_path / "a.members.nc").read_bytes() == (tmp_path / "b.members.nc").read_bytes()


def test_a_dead_cluster_is_said(client):
    client.cluster.scale(0)
    deadline = time.monotonic() + 30.0
    while client.nthreads() and time.monotonic() < deadline:
        time.sleep(0.1)
    with pytest.raises(bm.BalkhashError, match="has no workers"):
        bm.run_ensemble(BASE, members=10, client=client)


def test_a_cluster_that_dies_loses_nothing(client, tmp_path, monkeypatch):
    from balkhash_model.ensemble import run as ensemble_run

    monkeypatch.setattr(ensemble_run, "_PAUSE", 0.0)
    ends: list[threading.Thread] = []

    def progress(done, asked):
        if not ends:
            ends.append(threading.Thread(target=client.cluster.close))
            ends[0].start()

    wanted = {"members": 30_000, "block": 64, "keep": ["indicators"]}
    out = tmp_path / "a.nc"
    with pytest.raises(bm.BalkhashError, match=r"cluster is lost.*resume"):
        bm.run_ensemble(BASE, out=out, client=client, progress=progress, **wanted)
    ends[0].join()
    assert not out.exists()
    assert (tmp_path / "a.nc.part" / "state.json").exists()
    # and it goes on without a cluster, in another process as in this one (see below)
    script = (
        "import sys, balkhash_model as bm\n"
        "wanted = dict(members=30_000, block=64, keep=['indicators'])\n"
        f"bm.run_ensemble({BASE!r}, out=sys.argv[1], resume=True, **wanted)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(out)], check=True)
    fresh = bm.run_ensemble(BASE, **wanted)
    with xr.open_dataset(out, lock=False) as whole:
        assert whole.attrs["complete"] == "yes"
        for name in ("lowest", "end", "lake_level_quantile"):
            np.testing.assert_array_equal(whole[name].values, fresh[name].values)


# The client is told nothing of the end of its cluster, and stays the one that others ask for locks
# until it finds out, which takes it half a minute.
RESUMED = """
import os, sys
import balkhash_model as bm
import distributed
import xarray as xr
from balkhash_model.ensemble import run as ensemble_run

if __name__ == "__main__":
    out, ensemble_run._PAUSE = sys.argv[1], 0.0
    options = dict(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None)
    cluster = distributed.LocalCluster(**options)
    client = distributed.Client(cluster.scheduler_address)

    def progress(done, asked):
        cluster.close()

    wanted = dict(members=30_000, block=64, keep=["indicators"])
    try:
        bm.run_ensemble("baseline_2050", out=out, client=client, progress=progress, **wanted)
    except bm.BalkhashError as error:
        assert "resume" in str(error), error
    else:
        raise AssertionError("the cluster did not die")
    assert not os.path.exists(out)
    bm.run_ensemble("baseline_2050", out=out, resume=True, **wanted)
    with xr.open_dataset(out) as found:
        assert found.attrs["complete"] == "yes"
        assert found.load().sizes["realization"] == 30_000
    print("resumed", flush=True)
    os._exit(0)  # the client would go on looking for its cluster
"""


def test_the_process_whose_cluster_died_resumes_by_itself(tmp_path):
    script = tmp_path / "resumed.py"
    script.write_text(RESUMED, encoding="utf-8")
    command = [sys.executable, str(script), str(tmp_path / "a.nc")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.stdout.strip().endswith("resumed"), done.stderr[-2000:]
