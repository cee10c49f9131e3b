"""States of all members of an ensemble in one NetCDF file or one Zarr store, as they come."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from balkhash_model.ensemble.backends import Job
from balkhash_model.ensemble.march import Block
from balkhash_model.errors import InputError, Problem

__all__ = ["MemberFile", "MemberStore", "member_problem", "member_store"]

_EPOCH = np.datetime64("1900-01-01", "s")
_TIME = {
    "units": "seconds since 1900-01-01 00:00:00",
    "calendar": "proleptic_gregorian",
    "standard_name": "time",
}
_DIMS = ("scenario", "realization", "time_edge", "storage")


def member_problem(target: Path) -> Problem | None:
    """Say why the states of members cannot be written to a place, by its name.

    Parameters
    ----------
    target : Path
        File or store.

    Returns
    -------
    Problem or None
        What is wrong.

    Examples
    --------
    >>> member_problem(Path("states.nc")) is None
    True
    >>> member_problem(Path("states.csv")).expected
    'NAME.nc or NAME.zarr'
    """
    where = f"members_to {str(target)!r}"
    if target.suffix not in (".nc", ".zarr"):
        return Problem(where, "is no NetCDF file or Zarr store", expected="NAME.nc or NAME.zarr")
    if not target.absolute().parent.is_dir():
        return Problem(where, "no such folder", str(target.parent))
    if target.suffix == ".zarr" and importlib.util.find_spec("zarr") is None:
        return Problem(
            where,
            "a Zarr store needs the package zarr, which is not installed",
            hint="pip install 'balkhash-model[zarr]', or name a file NAME.nc",
        )
    return None


def member_store(target: Path, job: Job) -> MemberFile:
    """Choose what writes the states of members, by the name of where they go.

    Parameters
    ----------
    target : Path
        ``NAME.nc`` or ``NAME.zarr``.
    job : Job
        What is marched.

    Returns
    -------
    MemberFile
        The writer.

    Raises
    ------
    InputError
        Where the name is of neither, or Zarr is not installed.

    Examples
    --------
    :func:`balkhash_model.run_ensemble` calls it with its `members_to`.
    """
    problem = member_problem(target)
    if problem is not None:
        raise InputError(problem)
    return MemberStore(target, job) if target.suffix == ".zarr" else MemberFile(target, job)


class MemberFile:
    """States of all members in one NetCDF file, each block in its place as it comes.

    The file has fixed dimensions and the members first (CDF-5): a block is one stretch of bytes,
    so that a run that is killed leaves the blocks before it whole. Until the last block it stands
    beside its place under a name that ends in ``.part``.

    Parameters
    ----------
    target : Path
        The file.
    job : Job
        What is marched.
    """

    VARIABLES = (("water_volume", "m3"), ("salt_mass", "kg"))

    def __init__(self, target: Path, job: Job) -> None:
        self.target, self.job = target, job
        self.path = target.with_name(target.name + ".part")

    def needed(self) -> int:
        """Count the bytes of the whole file.

        Returns
        -------
        int
            Bytes, but for the head.
        """
        plans, members = len(self.job.study.records), self.job.study.members
        storages = len(self.job.study.world(0).system.storages)
        return 8 * plans * members * (self.job.plan.n + 1) * (2 * storages + 1)

    def create(self, attrs: dict[str, str]) -> None:
        """Make the file with its head, without values, in place of any that is there.

        Parameters
        ----------
        attrs : dict of str to str
            Global attributes.

        Raises
        ------
        InputError
            Where the disk has no room for it.
        """
        _remove(self.path)
        self._check_room()
        self._make(attrs)

    def _check_room(self) -> None:
        free = shutil.disk_usage(self.path.absolute().parent).free
        if self.needed() > free:
            raise InputError(
                Problem(
                    str(self.target),
                    "no room for the states of all members",
                    f"{_size(free)} free",
                    _size(self.needed()),
                    "Keep statistics and indicators alone, or choose another disk",
                )
            )

    def _make(self, attrs: dict[str, str]) -> None:
        import netCDF4

        study, world = self.job.study, self.job.study.world(0)
        names = world.system.storage_names()
        with netCDF4.Dataset(self.path, "w", format="NETCDF3_64BIT_DATA") as file:
            file.set_fill_off()
            sizes = {
                "scenario": len(study.records),
                "realization": study.members,
                "time_edge": self.job.plan.n + 1,
                "storage": len(names),
                "letters": max(len(n) for n in [*names, *(r.meta.name for r in study.records)]),
            }
            for name, size in sizes.items():
                file.createDimension(name, size)
            edge = file.createVariable("time_edge", "f8", ("time_edge",))
            edge.setncatts(_TIME)
            texts = (("scenario", [r.meta.name for r in study.records]), ("storage", names))
            for name, words in texts:
                letters = file.createVariable(f"{name}_name", "S1", (name, "letters"))
                padded = [w.ljust(sizes["letters"]) for w in words]
                letters[:] = np.array([list(w) for w in padded], dtype="S1")
            for name, unit in self.VARIABLES:
                file.createVariable(name, "f8", _DIMS).units = unit
            file.createVariable("lake_level", "f8", _DIMS[:3]).setncatts(self._level_attrs())
            file.setncatts({"Conventions": "CF-1.11", **attrs})
            edge[:] = self._edges()

    def _level_attrs(self) -> dict[str, str]:
        datum = self.job.study.world(0).system.datum
        return {"units": "m", "datum": datum, "cell_methods": "time_edge: point"}

    def _edges(self) -> Any:
        edges = self.job.study.world(0).axis.edges.astype("datetime64[s]")
        return (edges - _EPOCH).astype(np.float64)

    def write(self, first: int, blocks: Sequence[Block]) -> None:
        """Write the members of a block.

        Parameters
        ----------
        first : int
            Number of the first.
        blocks : sequence of Block
            Of each plan.
        """
        import netCDF4

        with netCDF4.Dataset(self.path, "r+") as file:
            file.set_fill_off()
            _fill(file, first, blocks)

    def found(self) -> None:
        """Go on with what is there, also where a run was ended between its last two steps.

        Raises
        ------
        InputError
            Where the states of the members are gone.
        """
        if not self.path.exists() and self.target.exists():
            os.replace(self.target, self.path)
        if not self.path.exists():
            raise InputError(
                Problem(
                    str(self.path),
                    "the states of the members are gone",
                    hint="Run without resuming, with force",
                )
            )

    def finish(self) -> None:
        """Put the whole file or store into its place."""
        if self.target.is_dir():
            # a folder cannot be replaced at once
            aside = self.target.with_name(f".{self.target.name}.old")
            _remove(aside)
            os.replace(self.target, aside)
            os.replace(self.path, self.target)
            _remove(aside)
        else:
            os.replace(self.path, self.target)


class MemberStore(MemberFile):
    """States of all members in one Zarr store (format 2), a block to a chunk as it comes.

    Each chunk is a file that is written aside and renamed, so that a run that is killed leaves
    every chunk before it whole. The names, units and numbers are those of the NetCDF file.

    Parameters
    ----------
    target : Path
        The store.
    job : Job
        What is marched.
    """

    _group: Any = None

    def _make(self, attrs: dict[str, str]) -> None:
        import zarr

        study, plan = self.job.study, self.job.plan
        names = study.world(0).system.storage_names()
        shape = (len(study.records), study.members, plan.n + 1, len(names))
        chunks = (1, min(self.job.size, study.members), *shape[2:])
        group = zarr.open_group(self.path, mode="w", zarr_format=2)
        group.attrs.update({"Conventions": "CF-1.11", **attrs})

        def known(name: str, values: Any, more: dict[str, str]) -> None:
            empty = np.nan if values.dtype.kind == "f" else None
            array = group.create_array(
                name, shape=values.shape, dtype=values.dtype, fill_value=empty
            )
            array.attrs.update({"_ARRAY_DIMENSIONS": [name], **more})
            array[:] = values

        known("time_edge", self._edges(), _TIME)
        known("scenario", np.array([r.meta.name for r in study.records]), {})
        known("storage", np.array(names), {})
        # a zero is a number: readers take what an array is filled with for missing
        real = {"dtype": "f8", "fill_value": np.nan}
        for name, unit in self.VARIABLES:
            array = group.create_array(name, shape=shape, chunks=chunks, **real)
            array.attrs.update({"_ARRAY_DIMENSIONS": list(_DIMS), "units": unit})
        level = group.create_array("lake_level", shape=shape[:3], chunks=chunks[:3], **real)
        level.attrs.update({"_ARRAY_DIMENSIONS": list(_DIMS[:3]), **self._level_attrs()})
        zarr.consolidate_metadata(group.store)

    def write(self, first: int, blocks: Sequence[Block]) -> None:
        """Write the members of a block.

        Parameters
        ----------
        first : int
            Number of the first.
        blocks : sequence of Block
            Of each plan.
        """
        import zarr

        if self._group is None:
            self._group = zarr.open_group(self.path, mode="r+", zarr_format=2)
        _fill(self._group, first, blocks)

    def finish(self) -> None:
        """Put the whole store into its place, without what a run that was killed left in it."""
        for left in self.path.rglob("*.partial"):
            left.unlink()
        super().finish()


def _fill(into: Any, first: int, blocks: Sequence[Block]) -> None:
    """Put the states of a block into the arrays of a file or store."""
    for p, block in enumerate(blocks):
        assert block.output is not None
        last = first + block.status.size
        for name, values in (
            ("water_volume", block.output.volume),
            ("salt_mass", block.output.salt),
        ):
            into[name][p, first:last] = np.moveaxis(values, -1, 0)
        into["lake_level"][p, first:last] = block.level.T


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.2f} MB"


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
