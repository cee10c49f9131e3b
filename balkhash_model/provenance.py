"""Where a result came from: checksums, versions and the line of its history."""

from __future__ import annotations

import hashlib
import os
import platform
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from balkhash_model.errors import InputError, Problem

__all__ = ["history_line", "sha256_bytes", "sha256_file", "versions"]

_PACKAGES = ("numpy", "xarray", "numba", "scipy")


def sha256_bytes(data: bytes) -> str:
    """Give the SHA-256 checksum of bytes.

    Parameters
    ----------
    data : bytes
        Any content.

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> sha256_bytes(b"Balkhash")[:16]
    'b1f870b22a16b379'
    """
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: str | os.PathLike[str]) -> str:
    """Give the SHA-256 checksum of a file.

    Parameters
    ----------
    path : str or os.PathLike
        The file.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    InputError
        For a file that cannot be read.

    Examples
    --------
    >>> sha256_file("no/such/file.csv")
    Traceback (most recent call last):
    ...
    balkhash_model.errors.InputError: no/such/file.csv: cannot be read: No such file or directory
    """
    try:
        with Path(path).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        what = f"cannot be read: {error.strerror or error}"
        raise InputError(Problem(os.fspath(path), what)) from None


def versions() -> dict[str, str]:
    """Give the versions that a result depends on, without importing anything.

    Returns
    -------
    dict of str
        The version of this package, of Python, and of the libraries that compute; "not installed"
        for one that is not there.

    Examples
    --------
    >>> list(versions())
    ['balkhash_model', 'python', 'numpy', 'xarray', 'numba', 'scipy']
    """
    found = {"balkhash_model": _version("balkhash-model"), "python": platform.python_version()}
    return found | {name: _version(name) for name in _PACKAGES}


def history_line(command: str) -> str:
    """Give the line of the ``history`` attribute for a command that is run now.

    Parameters
    ----------
    command : str
        The command or call.

    Returns
    -------
    str
        The time in UTC and the command.  The time is that of the environment variable
        SOURCE_DATE_EPOCH where it is set, so that a result can be made again bit by bit.

    Raises
    ------
    InputError
        For a SOURCE_DATE_EPOCH that is not a number of seconds.

    Examples
    --------
    >>> import os
    >>> os.environ["SOURCE_DATE_EPOCH"] = "0"
    >>> history_line("balkhash run hindcast")
    '1970-01-01T00:00:00Z: balkhash run hindcast'
    >>> del os.environ["SOURCE_DATE_EPOCH"]
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        now = datetime.now(UTC) if epoch is None else datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError):
        expected = "seconds since 1970-01-01"
        problem = Problem("SOURCE_DATE_EPOCH", "not a time", repr(epoch), expected)
        raise InputError(problem) from None
    # One line for one command: a line break inside it would read as another entry.
    return f"{now:%Y-%m-%dT%H:%M:%SZ}: {' '.join(command.splitlines())}"


@cache
def _version(distribution: str) -> str:
    """Give the version of an installed distribution."""
    from importlib import metadata

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"
