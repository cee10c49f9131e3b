"""A result as one tidy table: CSV, Excel or Parquet, with units and metadata, and back.

Every element of every variable is one row: the variable, its unit, its place along each dimension,
and ``value`` where it is a number, ``text`` where it is a name or an instant.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from balkhash_model import quantities
from balkhash_model.errors import InputError, Problem
from balkhash_model.results import open_result

Format = Literal["csv", "xlsx", "parquet"]

__all__ = ["export_result", "read_export", "tidy", "write_text"]

_TITLE = "# balkhash_model export 1: read with balkhash_model.read_export or pandas, skiprows=2"
#: Excel takes no more rows, and no more letters in a cell.
_MOST_ROWS = 1_048_575
_MOST_LETTERS = 32_000


def export_result(
    result: str | os.PathLike[str] | xr.Dataset,
    path: str | os.PathLike[str],
    kind: Format | None = None,
    *,
    force: bool = False,
) -> None:
    """Write a result as a tidy table; whole or not at all.

    Parameters
    ----------
    result : str, path-like or xarray.Dataset
        A result, or its NetCDF file.
    path : path-like
        The file to write.
    kind : {"csv", "xlsx", "parquet"}, optional
        The format; that of the ending of the file where not given.
    force : bool, default False
        Whether a file that exists may be replaced.

    Raises
    ------
    InputError
        Where the result cannot be read, the format is unknown or lacks its library, the table is
        too long for it, or the file cannot be written.

    Examples
    --------
    >>> import balkhash_model as bm, tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "free.csv"
    >>> result = bm.run("hindcast_free")
    >>> export_result(result, file)
    >>> read_export(file).identical(result)
    True
    """
    target = Path(path)
    chosen = kind or target.suffix.lstrip(".")
    if chosen not in get_args(Format):
        raise InputError(
            Problem(str(target), "no such format", chosen, ", ".join(get_args(Format)))
        )
    if target.exists() and not force:
        raise InputError(Problem(str(target), "is there already", hint="Use --force"))
    _need(chosen)
    dataset = result if isinstance(result, xr.Dataset) else open_result(result)
    writers: dict[str, Callable[[xr.Dataset, Path], None]] = {
        "csv": _write_csv,
        "xlsx": _write_xlsx,
        "parquet": _write_parquet,
    }
    _whole(target, lambda aside: writers[chosen](dataset, aside))


def read_export(path: str | os.PathLike[str]) -> xr.Dataset:
    """Read back what :func:`export_result` wrote as CSV or Parquet.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    xarray.Dataset
        The result: every number bit by bit, with dimensions, coordinates and attributes.

    Raises
    ------
    InputError
        Where the file cannot be read, or is no such export.

    Examples
    --------
    >>> read_export("none.csv")
    Traceback (most recent call last):
    ...
    balkhash_model.errors.InputError: none.csv: cannot be read: No such file or directory
    """
    name = os.fspath(path)
    try:
        if name.endswith(".parquet"):
            _need("parquet")
            import pyarrow.parquet as parquet

            table = parquet.read_table(name)
            about = (table.schema.metadata or {}).get(b"balkhash_model", b"")
            return _untidied(table.to_pandas(), json.loads(about))
        with open(name, encoding="utf-8", newline="") as stream:
            first, second = stream.readline(), stream.readline()
            if first.rstrip("\r\n") != _TITLE:
                raise InputError(Problem(name, "is no export of balkhash_model", first[:60]))
            frame = pd.read_csv(stream, dtype=str, keep_default_na=False)
        # Python's own reading of a number is exact whatever the version of pandas
        frame["value"] = [float(v) if v else np.nan for v in frame["value"]]
        return _untidied(frame, json.loads(second.removeprefix("# ")))
    except OSError as error:
        raise InputError(Problem(name, f"cannot be read: {error.strerror or error}")) from None
    except (ValueError, KeyError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            Problem(name, "is not as export_result wrote it", str(error)[:120])
        ) from None


def tidy(result: xr.Dataset) -> pd.DataFrame:
    """Put a result into one tidy table.

    Parameters
    ----------
    result : xarray.Dataset
        A result.

    Returns
    -------
    pandas.DataFrame
        Columns ``variable``, ``units``, one for each dimension (blank where a variable lacks it),
        ``value`` and ``text``.  Variables stand in the order of the result, the last dimension
        running fastest.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> table = tidy(bm.run("hindcast_free"))
    >>> rows = table[(table["variable"] == "water_level") & (table["storage"] == "west")]
    >>> len(rows), rows["units"].iloc[0], rows["time"].iloc[0]
    (648, 'm', '1961-01-16T12:00:00')
    """
    dims = [str(d) for d in result.sizes]
    labels = {d: _labels(result, d) for d in dims}
    parts = []
    for name in result.variables:
        variable = result[name].variable
        shape = variable.shape
        count = variable.size
        units = variable.attrs.get("units") or _units(str(name))
        part: dict[str, Any] = {
            "variable": np.full(count, str(name), dtype=object),
            "units": np.full(count, str(units), dtype=object),
        }
        places = np.indices(shape).reshape(len(shape), count) if shape else np.zeros((0, count))
        for d in dims:
            if d in variable.dims:
                part[d] = labels[d][places[list(variable.dims).index(d)].astype(int)]
            else:
                part[d] = np.full(count, "", dtype=object)
        flat = variable.values.reshape(count)
        number = flat.dtype.kind in "fb" or _fits(flat)
        part["value"] = flat.astype(np.float64) if number else np.full(count, np.nan)
        part["text"] = np.full(count, "", dtype=object) if number else _texts(flat)
        parts.append(pd.DataFrame(part))
    columns = ["variable", "units", *dims, "value", "text"]
    if not parts:
        return pd.DataFrame({c: [] for c in columns})
    return pd.concat(parts, ignore_index=True)[columns]


def _fits(values: npt.NDArray[Any]) -> bool:
    """Whether whole numbers stand exactly in a column of float64."""
    return values.dtype.kind in "iu" and bool((np.abs(values.astype(object)) <= 2**53).all())


def write_text(text: str, path: str | os.PathLike[str]) -> None:
    """Write a text file, whole or not at all.

    Parameters
    ----------
    text : str
        What is written, in UTF-8.
    path : path-like
        The file; one that exists is replaced.

    Raises
    ------
    InputError
        Where it cannot be written.

    Examples
    --------
    >>> write_text("text", "none/refs.bib")
    Traceback (most recent call last):
    ...
    balkhash_model.errors.InputError: none/refs.bib: cannot be written: No such file or directory
    """
    _whole(Path(path), lambda aside: aside.write_text(text, encoding="utf-8"))


def _units(name: str) -> str:
    return quantities.get(name).units if name in quantities.names() else ""


def _labels(result: xr.Dataset, dimension: str) -> npt.NDArray[np.object_]:
    """What stands in the column of a dimension: its labels, or numbers from 0."""
    if dimension in result.coords:
        values = result[dimension].values
        if values.dtype.kind in "iu":
            return values.astype(str).astype(object)
        return _texts(values)
    return np.arange(result.sizes[dimension]).astype(str).astype(object)


def _texts(values: npt.NDArray[Any]) -> npt.NDArray[np.object_]:
    if values.dtype.kind == "M":
        text = np.datetime_as_string(values).astype(object)
        return np.where(np.isnat(values), "", text)
    return np.array([str(v) for v in values.reshape(-1)], dtype=object)


def _about(result: xr.Dataset) -> dict[str, Any]:
    """What the rows do not say: order, types, attributes."""
    return {
        "format": 1,
        "sizes": {str(k): int(v) for k, v in result.sizes.items()},
        "attributes": _plain(result.attrs),
        "variables": {
            str(name): {
                "dims": list(map(str, result[name].dims)),
                "dtype": str(result[name].dtype),
                "coordinate": name in result.coords,
                "attributes": _plain(result[name].attrs),
            }
            for name in result.variables
        },
    }


def _plain(attrs: dict[Any, Any]) -> dict[str, Any]:
    """Attributes for JSON; an array says its type."""
    found: dict[str, Any] = {}
    for key, value in attrs.items():
        if isinstance(value, np.ndarray):
            found[str(key)] = {"dtype": str(value.dtype), "values": value.tolist()}
        elif isinstance(value, np.generic):
            found[str(key)] = {"dtype": str(value.dtype), "value": value.item()}
        else:
            found[str(key)] = value
    return found


def _attributes(plain: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in plain.items():
        if isinstance(value, dict) and "values" in value:
            found[key] = np.array(value["values"], dtype=value["dtype"])
        elif isinstance(value, dict):
            found[key] = np.dtype(value["dtype"]).type(value["value"])
        else:
            found[key] = value
    return found


def _untidied(frame: pd.DataFrame, about: dict[str, Any]) -> xr.Dataset:
    names = frame["variable"].to_numpy()
    value, text = frame["value"].to_numpy(np.float64), frame["text"].to_numpy(object)
    start = 0
    data: dict[str, Any] = {}
    for name, entry in about["variables"].items():
        shape = tuple(about["sizes"][d] for d in entry["dims"])
        count = int(np.prod(shape))
        rows = slice(start, start + count)
        start += count
        if not (names[rows] == name).all() or len(names[rows]) != count:
            raise ValueError(f"{name} has not {count} rows in their order")
        dtype = np.dtype(entry["dtype"])
        flat: npt.NDArray[Any]
        if dtype.kind == "M":
            flat = np.array([t or "NaT" for t in text[rows]], dtype=dtype)
        else:
            number = dtype.kind in "fb" or (dtype.kind in "iu" and not (text[rows] != "").any())
            flat = (value if number else text)[rows].astype(dtype)
        data[name] = (tuple(entry["dims"]), flat.reshape(shape), _attributes(entry["attributes"]))
    if start != len(frame):
        raise ValueError(f"{len(frame) - start} rows too many")
    coords = [name for name, entry in about["variables"].items() if entry["coordinate"]]
    return xr.Dataset(data, attrs=_attributes(about["attributes"])).set_coords(coords)


def _write_csv(result: xr.Dataset, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write(f"{_TITLE}\n# {json.dumps(_about(result), ensure_ascii=False)}\n")
        # a float is written with the fewest digits that give it back
        tidy(result).to_csv(stream, index=False, lineterminator="\n")


def _write_parquet(result: xr.Dataset, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    table = pa.Table.from_pandas(tidy(result), preserve_index=False)
    about = json.dumps(_about(result), ensure_ascii=False).encode()
    parquet.write_table(
        table.replace_schema_metadata({**(table.schema.metadata or {}), b"balkhash_model": about}),
        path,
    )


def _write_xlsx(result: xr.Dataset, path: Path) -> None:
    """Rows on the first sheet, metadata on the second, the variables on the third."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    frame = tidy(result)
    if len(frame) > _MOST_ROWS:
        hint = "Use --parquet or --csv"
        found, most = str(len(frame)), f"at most {_MOST_ROWS}"
        raise InputError(Problem(str(path.name), "too many rows for Excel", found, most, hint))
    book = Workbook(write_only=True)

    def sheet(title: str, rows: Any) -> None:
        page = book.create_sheet(title)
        for row in rows:
            page.append([text(page, v) if isinstance(v, str) and v[:1] == "=" else v for v in row])

    def text(page: Any, value: str) -> Any:
        """A text that begins with = is a text, not a formula."""
        cell = WriteOnlyCell(page, value=value)
        cell.data_type = "s"
        return cell

    columns = [frame[c].tolist() for c in frame.columns]
    rows = ([None if v == "" or v != v else v for v in row] for row in zip(*columns, strict=True))
    sheet("data", [list(frame.columns), *rows])
    sheet("metadata", [["attribute", "value"], *_cells(result.attrs)])
    heads = ("units", "long_name", "standard_name", "cell_methods", "datum", "comment")
    listed = [
        [str(n), " ".join(map(str, v.dims)), *(str(v.attrs.get(h, "")) for h in heads)]
        for n, v in result.variables.items()
    ]
    sheet("variables", [["variable", "dimensions", *heads], *listed])
    book.save(path)


def _cells(attrs: dict[Any, Any]) -> list[list[str]]:
    """Attributes in rows; a long one goes on in the next."""
    rows = []
    for key, value in attrs.items():
        text = str(value)
        for i in range(0, max(len(text), 1), _MOST_LETTERS):
            rows.append([str(key), text[i : i + _MOST_LETTERS]])
    return rows


def _need(kind: str) -> None:
    """Refuse where the library of a format is not installed."""
    import importlib.util

    library = {"xlsx": "openpyxl", "parquet": "pyarrow"}.get(kind)
    if library is not None and importlib.util.find_spec(library) is None:
        raise InputError(
            Problem(
                f"format {kind}",
                f"needs {library}, which is not installed",
                hint='Install it: pip install "balkhash-model[export]"',
            )
        )


def _whole(target: Path, write: Callable[[Path], object]) -> None:
    """Write aside and move into place."""
    handle, name = -1, ""
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        os.close(handle)
        write(Path(name))
        os.chmod(name, 0o644)
        os.replace(name, target)
    except OSError as error:
        raise InputError(
            Problem(str(target), f"cannot be written: {error.strerror or error}")
        ) from None
    finally:
        if name:
            Path(name).unlink(missing_ok=True)
