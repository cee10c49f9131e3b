"""What a report is made of: result files, opened and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from balkhash_model import provenance, yamlio
from balkhash_model.diagnostics.balance import FLUXES
from balkhash_model.errors import InputError, Problem

__all__ = ["Source", "read_sources"]

_RUN = (*FLUXES, "lake_level", "water_level", "water_volume", "water_level_edge", "link_flow")
_ENSEMBLE = ("level_below", "first_below_count", "lake_level_quantile", "end_quantile")
_EXPECTED = "a result that balkhash run wrote"


@dataclass(frozen=True, eq=False)
class Source:
    """A result file.

    Attributes
    ----------
    path : Path
        The file.
    dataset : xarray.Dataset
        What it holds.
    scenarios : tuple of dict
        The resolved scenarios, one for each plan; empty where nothing tells them.
    texts : tuple of str
        The same as YAML.
    sha256 : str
        Checksum of the file.
    """

    path: Path
    dataset: xr.Dataset
    scenarios: tuple[dict[str, Any], ...]
    texts: tuple[str, ...]
    sha256: str

    @property
    def ensemble(self) -> bool:
        """Whether the file holds the statistics of an ensemble instead of a run."""
        return "level_below" in self.dataset


def read_sources(paths: Sequence[Path]) -> list[Source]:
    """Open result files.

    Parameters
    ----------
    paths : sequence of Path
        NetCDF files that ``balkhash run`` wrote, with ``--members`` or without.

    Returns
    -------
    list of Source
        In the same order.

    Raises
    ------
    InputError
        Where a file is missing, given twice, or no such result; all problems at once.

    Examples
    --------
    >>> read_sources([Path("nowhere.nc")])
    Traceback (most recent call last):
    ...
    balkhash_model.errors.InputError: nowhere.nc: no such file
    """
    problems: list[Problem] = []
    sources = []
    if not paths:
        problems.append(Problem("report", "no result is given", expected=_EXPECTED))
    seen: set[Path] = set()
    for path in paths:
        if path.resolve() in seen:
            problems.append(Problem(str(path), "is given twice"))
            continue
        seen.add(path.resolve())
        try:
            sources.append(_read(path))
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    return sources


def _read(path: Path) -> Source:
    if not path.exists():
        raise InputError(Problem(str(path), "no such file"))
    try:
        # to the second, where xarray can: a run of 500 years leaves the range of nanoseconds
        coders = getattr(xr, "coders", None)
        times = {} if coders is None else {"decode_times": coders.CFDatetimeCoder(time_unit="s")}
        with xr.open_dataset(path, engine="netcdf4", **times) as opened:
            dataset = opened.load()
    except (OSError, ValueError) as error:
        short = str(error).split("\n")[0][:120]
        raise InputError(
            Problem(str(path), "cannot be read as a result", short, _EXPECTED)
        ) from None
    needed = _ENSEMBLE if "level_below" in dataset else _RUN
    missing = [n for n in needed if n not in dataset]
    if missing:
        lacking = f"a file without {', '.join(missing[:3])}"
        raise InputError(Problem(str(path), "is no result of balkhash", lacking, _EXPECTED))
    if "level_below" in dataset and not (abs(dataset["quantile"] - 0.5) < 1e-9).any():
        hint = "Add 0.5 to ensemble.quantiles"
        raise InputError(Problem(str(path), "holds no median", hint=hint))
    texts, scenarios = _scenarios(path, dataset)
    return Source(path, dataset, scenarios, texts, provenance.sha256_file(path))


def _scenarios(
    path: Path, dataset: xr.Dataset
) -> tuple[tuple[str, ...], tuple[dict[str, Any], ...]]:
    """Resolved scenarios: of the attributes, or of the file beside the result."""
    whole = str(dataset.attrs.get("resolved_scenario", ""))
    beside = path.with_suffix(".resolved.yml")
    if not whole and beside.exists():
        whole = beside.read_text(encoding="utf-8")
    # an ensemble holds one document for each plan
    texts = tuple(t for t in whole.split("\n---\n") if t.strip())
    parsed = tuple(yamlio.loads(text, f"{path}: resolved_scenario").data for text in texts)
    if not all(isinstance(p, dict) for p in parsed):
        raise InputError(Problem(str(path), "the resolved scenario is no mapping"))
    return texts, parsed
