"""Checksums, versions and the line of history."""

import platform
import re
import subprocess
import sys
from datetime import UTC, datetime

import numpy as np
import pytest

from balkhash_model import provenance
from balkhash_model.errors import InputError

# FIPS 180-4, the example of one block: SHA-256 of "abc"
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_checksums(tmp_path):
    path = tmp_path / "abc"
    path.write_bytes(b"abc")
    assert provenance.sha256_bytes(b"abc") == ABC
    assert provenance.sha256_file(path) == ABC
    assert provenance.sha256_file(str(path)) == ABC


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="gone: cannot be read: No such file"):
        provenance.sha256_file(tmp_path / "gone")
    with pytest.raises(InputError, match="cannot be read"):
        provenance.sha256_file(tmp_path)


def test_versions():
    found = provenance.versions()
    assert found["python"] == platform.python_version()
    assert found["numpy"] == np.__version__
    assert set(found) == {"balkhash_model", "python", "numpy", "xarray", "numba", "scipy"}


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(provenance, "_PACKAGES", ("no-such-distribution",))
    assert provenance.versions()["no-such-distribution"] == "not installed"


def test_history_takes_the_time_from_the_environment(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    line = provenance.history_line("balkhash run base")
    assert line == "2001-09-09T01:46:40Z: balkhash run base"
    assert provenance.history_line("a\nb\r\nc") == "2001-09-09T01:46:40Z: a b c"


def test_history_takes_the_time_now(monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    match = re.fullmatch(r"(\S+Z): run", provenance.history_line("run"))
    assert match
    age = datetime.now(UTC) - datetime.fromisoformat(match[1])
    assert 0 <= age.total_seconds() < 60


@pytest.mark.parametrize("epoch", ["", "yesterday", "1e9", "9" * 30])
def test_a_bad_epoch(monkeypatch, epoch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    with pytest.raises(InputError, match=f"SOURCE_DATE_EPOCH: not a time; got '{epoch}'"):
        provenance.history_line("run")


def test_the_foundations_import_nothing_heavy():
    names = ("units", "yamlio", "quantities", "timeaxis", "provenance")
    code = (
        f"import sys; from balkhash_model import {', '.join(names)}; quantities.names();"
        "heavy = {'pint', 'pandas', 'xarray', 'ruamel.yaml', 'numba', 'scipy', 'matplotlib'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
