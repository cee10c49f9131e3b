"""BibTeX of what a result rests on: the software, and the sources of its tables and parameters."""

from __future__ import annotations

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import xarray as xr

from balkhash_model import reference
from balkhash_model.errors import InputError, Problem
from balkhash_model.results import open_result
from balkhash_model.runs import build, used_sources
from balkhash_model.scenario import read_scenario

__all__ = ["cite"]

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
_URL = re.compile(r"https?://[^\s;,()]+")


def cite(result: str | os.PathLike[str] | xr.Dataset) -> str:
    """Give the BibTeX of exactly what a result used.

    Parameters
    ----------
    result : str, path-like or xarray.Dataset
        A result, or its NetCDF file.  Of an ensemble, or of a file without ``sources_used``, the
        scenario that it holds is made ready again to see what it uses.

    Returns
    -------
    str
        The software with the version that made the result, then one entry for each source, whose
        note names the tables and parameters it was used for.  The user's own data files stand
        before the entries, as text that BibTeX passes over.

    Raises
    ------
    InputError
        Where the file cannot be read or holds no scenario.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> text = cite(bm.run("hindcast_free"))
    >>> print(text.split("@misc{wang2022,")[1].split("note")[0])
    <BLANKLINE>
      title = {{Wang Zheng et al. 2022, Arid Zone Research 39(2), 400-409}},
      year = {2022},
      doi = {10.13866/j.azr.2022.02.07},
      url = {https://doi.org/10.13866/j.azr.2022.02.07},
    <BLANKLINE>
    """
    where = "result" if isinstance(result, xr.Dataset) else os.fspath(result)
    dataset = result if isinstance(result, xr.Dataset) else open_result(result)
    attrs = {str(k): v for k, v in dataset.attrs.items()}
    used = _used(attrs, where)
    made = str(attrs.get("source", "balkhash_model unknown")).split()
    names = str(attrs.get("scenario") or attrs.get("scenario_names") or where)
    head = [f"What {_plain(names)} rests on, as {' '.join(made)} noted it."]
    checksums: dict[str, str] = json.loads(str(attrs.get("input_checksums", "{}")))
    tables = set(reference.list())
    own = sorted(set(checksums) - tables)
    head += [f"Your own file {_plain(k)}, SHA-256 {checksums[k]}." for k in own]
    entries = [_software(made[-1])]
    known = reference.sources()
    taken: set[str] = set()
    for source, uses in used.items():
        entries.append(_entry(_key(source, taken), known.get(source, {"citation": source}), uses))
    return "\n".join(head) + "\n\n" + "\n".join(entries)


def _used(attrs: dict[str, Any], where: str) -> dict[str, list[str]]:
    """Source to its uses: as the run noted them, or as its scenario uses them today."""
    if "sources_used" in attrs:
        found: dict[str, list[str]] = json.loads(str(attrs["sources_used"]))
        return found
    if "resolved_scenario" not in attrs:
        raise InputError(Problem(where, "holds no scenario", expected="a result of balkhash run"))
    merged: dict[str, set[str]] = {}
    for text in str(attrs["resolved_scenario"]).split("---\n"):
        if text.strip():
            for source, uses in used_sources(build(read_scenario(text, where))).items():
                merged.setdefault(source, set()).update(uses)
    return {key: sorted(merged[key]) for key in sorted(merged)}


@cache
def _citation() -> dict[str, Any]:
    """CITATION.cff: in the installed package, or beside it in a clone."""
    from ruamel.yaml import YAML

    package = Path(__file__).parent
    for path in (package / "CITATION.cff", package.parent / "CITATION.cff"):
        if path.is_file():
            found: dict[str, Any] = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
            return found
    raise InputError(Problem("CITATION.cff", "is not in the package", hint="Install it again"))


def _software(version: str) -> str:
    about = _citation()
    people = " and ".join(
        f"{{{_escaped(a['name'])}}}"
        if "name" in a
        else f"{_escaped(a['family-names'])}, {_escaped(a.get('given-names', ''))}"
        for a in about["authors"]
    )
    fields = {
        "author": people,
        "title": f"{{{_escaped(about['title'])}}}",
        "year": str(about.get("date-released", ""))[:4],
        "version": _escaped(version),
        "url": str(about.get("repository-code", "")),
        "note": f"Software, version {_escaped(version)}, {_escaped(about['license'])}",
    }
    return _written(f"balkhash_model_{re.sub(r'[^0-9A-Za-z]+', '_', version)}", fields)


def _entry(key: str, source: dict[str, str], uses: list[str]) -> str:
    citation, address = source["citation"], source.get("address", "")
    year = re.match(r"\D+ ((?:18|19|20)\d\d),", citation)
    urls = _URL.findall(address)
    doi = re.search(r"doi\.org/(10\.\S+)", address)
    note = [f"Used for {_uses(uses)}"]
    rest = _URL.sub("", address).strip(" ;()")
    if rest or len(urls) > 1:
        note.append(f"Address: {_escaped(address)}")
    if "terms" in source:
        note.append(f"Terms of use: {_escaped(source['terms'])}")
    fields = {
        "title": f"{{{_escaped(citation)}}}",
        "year": year.group(1) if year else "",
        "doi": doi.group(1).rstrip(".;") if doi else "",
        "url": urls[0] if urls else "",
        "note": ". ".join(note),
    }
    return _written(key, fields)


def _uses(uses: list[str]) -> str:
    """``tables a, b; parameter c``."""
    by_kind: dict[str, list[str]] = {}
    for use in uses:
        kind, _, name = use.partition(" ")
        by_kind.setdefault(kind, []).append(_escaped(name))
    parts = []
    for kind in ("table", "parameter"):
        names = by_kind.pop(kind, [])
        if names:
            parts.append(f"{kind}{'s' if len(names) > 1 else ''} {', '.join(names)}")
    return "; ".join([*parts, *(f"the {kind}" for kind in by_kind)])


def _written(key: str, fields: dict[str, str]) -> str:
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{key},", *lines, "}"]) + "\n"


def _key(text: str, taken: set[str]) -> str:
    """A key that BibTeX takes: ASCII letters, digits and _; every one its own."""
    base = re.sub(r"[^0-9A-Za-z]+", "_", text).strip("_")[:40] or "source"
    key, number = base, 2
    while key in taken:
        key, number = f"{base}_{number}", number + 1
    taken.add(key)
    return key


def _escaped(text: object) -> str:
    return "".join(_SPECIAL.get(c, c) for c in " ".join(str(text).split()))


def _plain(text: str) -> str:
    """Text outside an entry, where an @ would begin one."""
    return " ".join(text.split()).replace("@", "(at)")
