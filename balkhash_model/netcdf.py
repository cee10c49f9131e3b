"""How a result is put into a NetCDF file: encodings, and attributes by which it can be found.

The numbers are not touched.  The conventions are CF-1.11 and ACDD-1.3; what nobody stated, such as
an e-mail address or the extent of a lake in degrees, is left out.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
import xarray as xr

from balkhash_model import provenance, quantities

__all__ = ["content_type", "discovery", "encoded", "own_lock", "unnamed_failure"]

#: Version of the table that the standard names were taken from.
_VOCABULARY = "CF Standard Name Table v93"
_KEYWORDS = "hydrology, terminal lake, water balance, salt balance, lake level"
_QUALITY = ("status", "residual", "uncertainty")
_DAY = np.timedelta64(86400, "s")
#: What a reader meets first.
_ORDER = (
    "Conventions",
    "id",
    "title",
    "title_ru",
    "title_kk",
    "summary",
    "keywords",
    "source",
    "history",
    "references",
)


def content_type(name: str) -> str:
    """Give the ISO 19115-1 code of what a variable holds.

    Parameters
    ----------
    name : str
        Name of a variable of a result.

    Returns
    -------
    str
        ``modelResult``, ``physicalMeasurement`` for what was observed, or ``qualityInformation``
        for residuals, uncertainties and states of the run.

    Examples
    --------
    >>> content_type("lake_level"), content_type("observed_level"), content_type("salt_residual")
    ('modelResult', 'physicalMeasurement', 'qualityInformation')
    """
    if name.startswith("observed_"):
        return "physicalMeasurement"
    return "qualityInformation" if any(part in name for part in _QUALITY) else "modelResult"


def discovery(result: xr.Dataset) -> dict[str, str]:
    """Give the global attributes of ACDD-1.3 that a result itself answers.

    Parameters
    ----------
    result : xarray.Dataset
        A result with ``time_edge``.

    Returns
    -------
    dict of str
        Attributes by name.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> found = discovery(bm.run("hindcast_free"))
    >>> found["time_coverage_start"], found["time_coverage_duration"]
    ('1961-01-01T00:00:00Z', 'P54Y')
    >>> found["time_coverage_resolution"]
    'P1M'
    """
    given = {str(k): str(v) for k, v in result.attrs.items()}
    version = provenance.versions()["balkhash_model"]
    name = given.get("scenario", given.get("system", "result"))
    text = given.get("resolved_scenario", "") + given.get("input_checksums", "") + version
    found = {
        "Conventions": "CF-1.11, ACDD-1.3",
        "id": f"{name}-{provenance.sha256_bytes(text.encode())[:16]}",
        "summary": given.get("summary") or given.get("title", name),
        "keywords": _KEYWORDS,
        "standard_name_vocabulary": _VOCABULARY,
        "creator_name": "balkhash_model developers",
        "creator_type": "group",
        "project": "balkhash_model",
        "product_version": version,
        "processing_level": "output of a numerical model",
        "license": "balkhash_model is under BSD-3-Clause; the records that the run used keep the "
        "terms that balkhash_model.reference.describe gives",
    }
    created = re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", given.get("history", ""))
    if created is not None:
        found["date_created"] = created.group()
    return found | _coverage(result["time_edge"].values.astype("datetime64[s]"))


def _coverage(edges: npt.NDArray[np.datetime64]) -> dict[str, str]:
    """Start, end, length and step of a time axis; ISO 8601."""
    found = {
        "time_coverage_start": f"{edges[0]}Z",
        "time_coverage_end": f"{edges[-1]}Z",
        "time_coverage_duration": f"P{(edges[-1] - edges[0]) // _DAY}D",
    }
    months = edges.astype("datetime64[M]")
    if (months.astype("datetime64[s]") == edges).all():
        years, rest = divmod(int((months[-1] - months[0]).astype(int)), 12)
        found["time_coverage_duration"] = "P" + (f"{years}Y" if years else "")
        found["time_coverage_duration"] += f"{rest}M" if rest else ""
        if (np.diff(months).astype(int) == 1).all():
            found["time_coverage_resolution"] = "P1M"
    steps = np.unique(np.diff(edges))
    if steps.size == 1 and steps[0] % _DAY == np.timedelta64(0, "s"):
        found["time_coverage_resolution"] = f"P{steps[0] // _DAY}D"
    return found


@contextmanager
def own_lock(dataset: xr.Dataset) -> Iterator[None]:
    """Write a file under a lock of this process, whatever cluster the process is a client of.

    With a client of ``distributed`` about, xarray asks its scheduler for the lock on a file. For
    one that is gone it would wait without end, and what is in memory needs none of it.

    Parameters
    ----------
    dataset : xarray.Dataset
        What is written; where it holds arrays of dask, nothing is changed.

    Yields
    ------
    None
        Nothing.

    Examples
    --------
    >>> with own_lock(xr.Dataset()):
    ...     pass
    """
    if dataset.chunks or "distributed" not in sys.modules:
        yield
        return
    import dask

    with dask.config.set(scheduler="synchronous"):
        yield


def unnamed_failure(error: BaseException) -> str | None:
    """Say what most likely lies behind a failure that HDF5 does not name.

    Parameters
    ----------
    error : BaseException
        What was raised while a file was written.

    Returns
    -------
    str or None
        What to tell the user; None for any other error.

    Examples
    --------
    >>> unnamed_failure(RuntimeError("NetCDF: HDF error"))
    'NetCDF: HDF error, most likely since the disk is full'
    >>> unnamed_failure(RuntimeError("another")) is None
    True
    """
    if isinstance(error, RuntimeError) and "HDF error" in str(error):
        return f"{error}, most likely since the disk is full"
    return None


def encoded(result: xr.Dataset) -> tuple[xr.Dataset, dict[str, dict[str, object]]]:
    """Make a result ready for the file: times, texts, links to bounds, attributes.

    Parameters
    ----------
    result : xarray.Dataset
        A result; it is not changed.

    Returns
    -------
    tuple of xarray.Dataset and dict
        What is written, and how each variable is encoded: times as seconds since a stated day,
        the labels of a dimension as characters (CF-1.11, section 6.1: a coordinate variable holds
        numbers), other texts as strings.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> dataset, encoding = encoded(bm.run("hindcast_free"))
    >>> encoding["storage"], dataset["lake_level"].attrs["coverage_content_type"]
    ({'dtype': 'S1', 'char_dim_name': 'storage_length'}, 'modelResult')
    """
    # the names along a dimension of no length, as of users where there are none, have no type
    unnamed = [n for n, v in result.variables.items() if v.dtype.kind == "O" and v.size == 0]
    dataset = result.drop_vars(unnamed).copy()
    if "time_edge" in dataset.coords:
        attrs = dataset.attrs | discovery(dataset)
        first = {key: attrs[key] for key in _ORDER if key in attrs}
        dataset.attrs = first | {k: v for k, v in attrs.items() if k not in first}
    encoding: dict[str, dict[str, object]] = {}
    for name in dataset.variables:
        encoding[str(name)] = _encode(dataset, str(name))
    if "time_bnds" in dataset.variables:
        dataset["time"].attrs["bounds"] = "time_bnds"
        # what is said of the time holds for its bounds (CF-1.11, section 7.1)
        dataset["time_bnds"].attrs = {}
    return dataset, {name: how for name, how in encoding.items() if how}


def _encode(dataset: xr.Dataset, name: str) -> dict[str, object]:
    """Encoding of one variable; adds the attributes that belong to it."""
    variable = dataset[name]
    kind = variable.dtype.kind
    if name in dataset.data_vars and kind in "fiM":
        variable.attrs["coverage_content_type"] = content_type(name)
    if kind == "M":
        for attribute in ("units", "calendar"):
            variable.attrs.pop(attribute, None)
        if quantities.attrs(name).get("standard_name") == "time":
            # days of 86 400 s
            variable.attrs["units_metadata"] = "leap_seconds: none"
        how: dict[str, object] = {
            "units": "seconds since 1900-01-01 00:00:00",
            "dtype": "float64",
            "calendar": "proleptic_gregorian",
        }
        return how | ({"_FillValue": None} if name in ("time", "time_edge", "time_bnds") else {})
    if kind in "OU":
        if variable.dims == (name,):
            return {"dtype": "S1", "char_dim_name": f"{name}_length"}
        return {"dtype": str}
    if kind == "f":
        return {"zlib": True, "complevel": 4, "_FillValue": float("nan")}
    return {}
