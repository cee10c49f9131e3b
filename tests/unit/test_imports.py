"""Importing the package is light: what computes and draws is loaded where it is used."""

import json
import subprocess
import sys

import pytest

import balkhash_model as bm

HEAVY = {
    "xarray",
    "pandas",
    "numba",
    "matplotlib",
    "pint",
    "scipy",
    "netCDF4",
    "pydantic",
    "ruamel.yaml",
    "numpy",
}


def loaded_after(code: str) -> set[str]:
    script = f"{code}\nimport sys, json; print(); print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "code", ["import balkhash_model", "import balkhash_model.cli", "import balkhash_model.errors"]
)
def test_importing_loads_nothing_heavy(code):
    assert loaded_after(code) & HEAVY == set()


def test_help_loads_nothing_heavy():
    code = (
        "import sys; sys.argv = ['balkhash', '--help']\nfrom balkhash_model.cli import main\n"
        "try: main()\nexcept SystemExit: pass"
    )
    assert loaded_after(code) & HEAVY == set()


def test_listing_scenarios_needs_neither_numba_nor_xarray():
    code = "import balkhash_model as bm; bm.list_scenarios()"
    assert loaded_after(code) & {"numba", "xarray", "matplotlib", "pandas"} == set()


def test_simulating_does_not_load_matplotlib():
    code = "import balkhash_model as bm; bm.simulate; bm.run"
    assert "matplotlib" not in loaded_after(code)


@pytest.mark.parametrize(
    "name", [n for n in bm.__all__ if n not in ("calibrate", "reconstruct_inflow")]
)
def test_every_public_name_is_there(name):
    assert getattr(bm, name) is not None
    assert name in dir(bm)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'simulat'"):
        bm.simulat  # noqa: B018
