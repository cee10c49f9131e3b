"""What a long ensemble leaves on the disk: where it stands, and the states of its members."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from balkhash_model import provenance
from balkhash_model.ensemble.backends import Job
from balkhash_model.ensemble.gather import Gathered
from balkhash_model.ensemble.march import Block
from balkhash_model.errors import BalkhashError, InputError, Problem
from balkhash_model.scenario import dump_scenario

FloatArray = npt.NDArray[np.float64]

__all__ = ["Journal", "MemberFile", "disk_full"]

_EPOCH = np.datetime64("1900-01-01", "s")


def disk_full(error: BaseException, where: Path) -> BalkhashError | None:
    """Say that a disk is full, if that is what happened.

    Parameters
    ----------
    error : BaseException
        What was raised.
    where : Path
        The file or folder that was written.

    Returns
    -------
    BalkhashError or None
        What to tell the user.

    Examples
    --------
    >>> disk_full(OSError(28, "No space left on device"), Path("out")) is None
    False
    """
    text = str(error)
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if not (full or "No space left" in text):
        return None
    return BalkhashError(
        f"{where}: the disk is full. What was written before is kept; make room and resume"
    )


class MemberFile:
    """States of all members in one NetCDF file, each block in its place as it comes.

    The file has fixed dimensions and the members first (CDF-5): a block is one stretch of bytes,
    so that a run that is killed leaves the blocks before it whole.

    Parameters
    ----------
    path : Path
        The file.
    job : Job
        What is marched.
    """

    VARIABLES = (("water_volume", "m3"), ("salt_mass", "kg"))

    def __init__(self, path: Path, job: Job) -> None:
        self.path, self.job = path, job

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
        """Make the file with its head, without values.

        Parameters
        ----------
        attrs : dict of str to str
            Global attributes.

        Raises
        ------
        InputError
            Where the disk has no room for it.
        """
        import netCDF4

        free = shutil.disk_usage(self.path.parent).free
        if self.needed() > free:
            raise InputError(
                Problem(
                    str(self.path),
                    "no room for the states of all members",
                    f"{free / 1e9:.1f} GB free",
                    f"{self.needed() / 1e9:.1f} GB",
                    "Keep statistics and indicators alone, or choose another disk",
                )
            )
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
            edge.setncatts(
                {
                    "units": "seconds since 1900-01-01 00:00:00",
                    "calendar": "proleptic_gregorian",
                    "standard_name": "time",
                }
            )
            texts = (("scenario", [r.meta.name for r in study.records]), ("storage", names))
            for name, words in texts:
                letters = file.createVariable(f"{name}_name", "S1", (name, "letters"))
                padded = [w.ljust(sizes["letters"]) for w in words]
                letters[:] = np.array([list(w) for w in padded], dtype="S1")
            for name, unit in self.VARIABLES:
                dims = ("scenario", "realization", "time_edge", "storage")
                file.createVariable(name, "f8", dims).units = unit
            level = file.createVariable(
                "lake_level", "f8", ("scenario", "realization", "time_edge")
            )
            level.setncatts(
                {"units": "m", "datum": world.system.datum, "cell_methods": "time_edge: point"}
            )
            file.setncatts({"Conventions": "CF-1.11", **attrs})
            edge[:] = (world.axis.edges.astype("datetime64[s]") - _EPOCH).astype(np.float64)

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
            for p, block in enumerate(blocks):
                assert block.output is not None
                last = first + block.status.size
                for name, values in (
                    ("water_volume", block.output.volume),
                    ("salt_mass", block.output.salt),
                ):
                    file[name][p, first:last] = np.moveaxis(values, -1, 0)
                file["lake_level"][p, first:last] = block.level.T


class Journal:
    """A folder beside the output that says how far an ensemble is.

    Parameters
    ----------
    out : Path
        The output file.
    job : Job
        What is marched.
    """

    def __init__(self, out: Path, job: Job) -> None:
        self.folder = out.with_name(out.name + ".part")
        self.out, self.job = out, job
        self.members = MemberFile(self.folder / "members.nc", job) if job.states else None

    def fingerprint(self) -> str:
        """Sum up all that the numbers depend on.

        Returns
        -------
        str
            SHA-256.
        """
        study = self.job.study
        versions = {
            k: v for k, v in provenance.versions().items() if k in ("balkhash_model", "numba")
        }
        parts = [
            *(dump_scenario(r) for r in study.records),
            json.dumps(versions, sort_keys=True),
            repr((study.members, self.job.states, sorted(self.job.plan.grids.items()))),
            repr(self.job.plan.thresholds.tolist()),
        ]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def begin(self, resume: bool, force: bool) -> int | None:
        """Make the folder, or find where a run stopped.

        Parameters
        ----------
        resume : bool
            Whether to go on from what is there.
        force : bool
            Whether to throw away what is there.

        Returns
        -------
        int or None
            The first member that is still to do; None for a new run.

        Raises
        ------
        InputError
            Where something is in the way, or is of another ensemble.
        """
        if resume:
            if not (self.folder / "state.json").exists():
                raise InputError(
                    Problem(str(self.folder), "nothing to resume", hint="Run without resuming")
                )
            state = json.loads((self.folder / "state.json").read_text(encoding="utf-8"))
            if state["fingerprint"] != self.fingerprint():
                raise InputError(
                    Problem(
                        str(self.folder),
                        "is of another ensemble",
                        hint="The scenario, the number of members, what is kept or the version "
                        "differs; run without resuming, with force",
                    )
                )
            return int(state["done"])
        if not force:
            for path in (self.out, self.folder):
                if path.exists():
                    raise InputError(
                        Problem(
                            str(path),
                            "is there already",
                            hint="Resume the run, or use force to replace it",
                        )
                    )
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        return None

    def save(self, done: int, gathered: Sequence[Gathered], rest: dict[str, Any]) -> None:
        """Keep the state after some members.

        Parameters
        ----------
        done : int
            The first member that is still to do.
        gathered : sequence of Gathered
            Of each plan.
        rest : dict of str to array
            Other arrays.
        """
        name = f"state-{done}.npz"
        arrays: dict[str, Any] = dict(rest)
        for p, one in enumerate(gathered):
            arrays |= {f"{p}/{k}": v for k, v in one.arrays().items()}
        aside = self.folder / f".{name}"
        with open(aside, "wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, self.folder / name)
        state = {"done": done, "file": name, "fingerprint": self.fingerprint()}
        note = self.folder / ".state.json"
        note.write_text(json.dumps(state), encoding="utf-8")
        os.replace(note, self.folder / "state.json")
        for old in self.folder.glob("state-*.npz"):
            if old.name != name:
                old.unlink()

    def load(self, gathered: Sequence[Gathered]) -> dict[str, Any]:
        """Go on from what was kept.

        Parameters
        ----------
        gathered : sequence of Gathered
            Filled with what was gathered.

        Returns
        -------
        dict of str to array
            The other arrays.
        """
        state = json.loads((self.folder / "state.json").read_text(encoding="utf-8"))
        with np.load(self.folder / state["file"]) as arrays:
            for p, one in enumerate(gathered):
                for name, array in one.arrays().items():
                    array[...] = arrays[f"{p}/{name}"]
            return {k: arrays[k] for k in arrays.files if "/" not in k}

    def finish(self) -> None:
        """Put the states of the members into place and remove the folder."""
        if self.members is not None:
            target = self.out.with_name(f"{self.out.stem}.members.nc")
            os.replace(self.members.path, target)
        shutil.rmtree(self.folder)
