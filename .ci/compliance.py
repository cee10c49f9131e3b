"""Check the NetCDF of every shipped scenario with the IOOS compliance checker; 1 on an error.

An error is what the suite ``cf:1.11`` prints under "Errors", what ``acdd:1.3`` prints under "Highly
Recommended", or a check that breaks down.  One kind of finding is counted and not held against a
file: ACDD asks for a ``standard_name`` where the CF table has none that is true (the table has no
name for the volume of a lake, say), and CF forbids to invent one.  The table of standard names that
the checker brings along is used; no network.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import xarray as xr
from compliance_checker.suite import CheckSuite

import balkhash_model as bm
from balkhash_model import quantities
from balkhash_model.job import write_result

SUITES = ("cf:1.11", "acdd:1.3")


def findings(groups: list[Any]) -> Iterator[tuple[int, str, str]]:
    """Weight, group and message of all that a suite found."""
    for group in groups:
        stack = [group]
        while stack:
            result = stack.pop()
            stack += result.children or []
            if result.children:
                continue
            scored = result.value
            passed = scored[0] == scored[1] if isinstance(scored, tuple) else bool(scored)
            if not passed:
                for message in result.msgs or [str(result.name)]:
                    yield result.weight, str(group.name), str(message)


def nameless(group: str, message: str) -> bool:
    """Whether a finding is a standard name that the CF table does not have."""
    if message != "standard_name" or not group.startswith('variable "'):
        return False
    name = group.split('"')[1]
    return name not in quantities.names() or not quantities.get(name).standard_name


def check(path: Path) -> list[str]:
    """Check one file with both suites; print the scores, give the errors."""
    suite = CheckSuite()
    dataset = suite.load_dataset(str(path))
    errors: list[str] = []
    with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = suite.run_all(dataset, list(SUITES))
    dataset.close()
    if sorted(found) != sorted(SUITES):
        return [f"{path.name}: the checker ran {sorted(found)}"]
    for name in SUITES:
        groups, broken = found[name]
        structure = suite.build_structure(name, groups, str(path))
        rows = list(findings(groups))
        unnamed = [r for r in rows if r[0] == 3 and nameless(r[1], r[2])]
        high = [r for r in rows if r[0] == 3 and not nameless(r[1], r[2])]
        counts = " ".join(str(sum(r[0] == w for r in rows)) for w in (3, 2, 1))
        print(
            f"  {name:9s} score {structure['scored_points']} of {structure['possible_points']}; "
            f"high, medium, low findings {counts}; of the high ones {len(unnamed)} are quantities "
            f"without a CF standard name; errors {len(high) + len(broken)}"
        )
        errors += [f"{path.name}: {name}: {group}: {text}" for _, group, text in high]
        errors += [
            f"{path.name}: {name}: {check} broke down: {e[0]}" for check, e in broken.items()
        ]
    return errors


def opens(path: Path, result: xr.Dataset) -> list[str]:
    """Read a file with netCDF4 and with xarray; give what differs from the result."""
    errors = []
    # to the second: of ensembles and long runs nanoseconds lack the years
    seconds = xr.coders.CFDatetimeCoder(time_unit="s")
    with netCDF4.Dataset(path) as plain, xr.open_dataset(path, decode_times=seconds) as opened:
        plain.set_auto_mask(False)
        for name in result.data_vars:
            if result[name].dtype.kind not in "fi":
                continue
            for reader, values in (("netCDF4", plain[name][...]), ("xarray", opened[name].values)):
                if not np.array_equal(values, result[name].values, equal_nan=True):
                    errors.append(f"{path.name}: {reader} reads another {name}")
        for name in ("storage", "link"):
            for reader, values in (("netCDF4", plain[name][...]), ("xarray", opened[name].values)):
                if list(values) != list(result[name].values):
                    errors.append(f"{path.name}: {reader} reads another {name}")
    return errors


def main() -> int:
    """Run, write and check the scenarios that are named, or all that are shipped."""
    os.environ.pop("CF_STANDARD_NAME_TABLE", None)
    CheckSuite.load_all_available_checkers()
    errors: list[str] = []
    names = sys.argv[1:] or bm.list_scenarios()
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            result = bm.run(name)
            path = Path(folder) / f"{name}.nc"
            write_result(result, path)
            print(name)
            errors += check(path) + opens(path, result)
            path.unlink()
    for error in errors:
        print(error)
    print(f"{len(names)} scenarios, {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
