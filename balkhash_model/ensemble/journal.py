"""What a long ensemble leaves on the disk: where it stands, to go on from there."""

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

from balkhash_model import provenance
from balkhash_model.ensemble.backends import Job
from balkhash_model.ensemble.gather import Gathered
from balkhash_model.ensemble.members import member_store
from balkhash_model.errors import BalkhashError, InputError, Problem
from balkhash_model.netcdf import unnamed_failure
from balkhash_model.scenario import dump_scenario

__all__ = ["Journal", "disk_full"]


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
    >>> disk_full(RuntimeError("NetCDF: HDF error"), Path("out")) is None
    False
    >>> disk_full(RuntimeError("another"), Path("out")) is None
    True
    """
    text = str(error)
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EFBIG or os.strerror(errno.EFBIG) in text:
        what = "a file may not grow as large as it must"
    elif number in (errno.ENOSPC, errno.EDQUOT) or os.strerror(errno.ENOSPC) in text:
        what = "the disk is full"
    elif unnamed := unnamed_failure(error):
        what = f"cannot be written: {unnamed}"
    else:
        return None
    return BalkhashError(f"{where}: {what}. What was written before is kept; make room and resume")


class Journal:
    """A folder beside the output that says how far an ensemble is.

    Parameters
    ----------
    out : Path
        The output file.
    job : Job
        What is marched.
    members_to : Path, optional
        File or store for the states of the members; beside the output where not given.

    Raises
    ------
    InputError
        Where the states cannot be written as that.
    """

    def __init__(self, out: Path, job: Job, members_to: Path | None = None) -> None:
        self.folder = out.with_name(out.name + ".part")
        self.out, self.job = out, job
        target = members_to or out.with_name(f"{out.stem}.members.nc")
        self.members = member_store(target, job) if job.states else None

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
            json.dumps(study.checksums, sort_keys=True),
            repr((study.members, self.job.states, sorted(self.job.plan.grids.items()))),
            repr(self.job.plan.thresholds.tolist()),
            "" if self.members is None else self.members.target.suffix,
        ]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def begin(self, resume: bool, force: bool) -> int:
        """Make the folder and the file of the members, or find where a run stopped.

        Parameters
        ----------
        resume : bool
            Whether to go on from what is there.
        force : bool
            Whether to throw away what is there.

        Returns
        -------
        int
            The first member that is still to do; 0 for a new run.

        Raises
        ------
        InputError
            Where something is in the way, or is of another ensemble.
        """
        if resume:
            if not (self.folder / "state.json").exists():
                raise InputError(Problem(str(self.folder), "nothing to resume", hint=self._ahead()))
            state = json.loads((self.folder / "state.json").read_text(encoding="utf-8"))
            if state["fingerprint"] != self.fingerprint():
                raise InputError(
                    Problem(
                        str(self.folder),
                        "is of another ensemble",
                        hint="The scenario, a file that it reads, the number of members, what is "
                        "kept or the version differs; run without resuming, with force",
                    )
                )
            if self.members is not None:
                self.members.found()
            return int(state["done"])
        if not force:
            paths = [self.out, self.folder]
            if self.members is not None:
                paths += [self.members.target, self.members.path]
            state = self.folder / "state.json"
            hint = "Resume the run, or use force" if state.exists() else "Use force"
            for path in paths:
                if path.exists():
                    raise InputError(
                        Problem(str(path), "is there already", hint=f"{hint} to replace it")
                    )
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.members is not None:
            names = (r.meta.name for r in self.job.study.records)
            self.members.create({"scenarios": ", ".join(names)})
        self.folder.mkdir(parents=True)
        # a run that is killed before it keeps anything is resumed from its beginning
        self._point(0, None)
        return 0

    def _ahead(self) -> str:
        """What to do where there is nothing to resume."""
        if self.out.exists():
            return f"{self.out} is whole; use force to replace it"
        return "Run without resuming" + (", with force" if self.folder.exists() else "")

    def _point(self, done: int, name: str | None) -> None:
        """Say at once and in full up to which member there is what file."""
        state = {"done": done, "file": name, "fingerprint": self.fingerprint()}
        note = self.folder / ".state.json"
        note.write_text(json.dumps(state), encoding="utf-8")
        os.replace(note, self.folder / "state.json")

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
        self._point(done, name)
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
            self.members.finish()
        shutil.rmtree(self.folder)
