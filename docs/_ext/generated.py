"""The parts of the reference that the package itself writes: one function for each.

Each gives Markdown (``api_pages``: reStructuredText, ``bibtex``: BibTeX) made from the package as
it is imported, so that the site cannot say anything else than the code does.
"""

from __future__ import annotations

import importlib
import inspect
import math
import pkgutil
import re
import shutil
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, get_origin

import pandas as pd

import balkhash_model as bm
from balkhash_model import errors as error_module
from balkhash_model import quantities as quantity_table
from balkhash_model.reference import catalog

ROOT = Path(__file__).resolve().parents[2]
#: Rooms without pages: the commands have their own page, the kernel is compiled numbers only.
NO_PAGES = ("cli", "kernel")
NO_BREAK = "\N{NO-BREAK SPACE}"
LISTED = re.compile(r"^- \[[^\]]*\]\(([\w/\-]+\.md)\)", re.MULTILINE)
EXTENDS = re.compile(r"^extends: *(\w+)", re.MULTILINE)


def plain(text: object) -> str:
    """Escape what Markdown would read as a mark in a cell of a table."""
    joined = " ".join(str(text).split())
    return re.sub(r"([\\|*_<>\[\]$`~])", r"\\\1", joined)


def code(text: object) -> str:
    escaped = str(text).replace("|", "\\|")
    return f"`{escaped}`" if escaped else ""


def table(head: list[str], rows: list[list[str]], right: tuple[int, ...] = ()) -> str:
    rule = ["--:" if i in right else "---" for i in range(len(head))]
    lines = [head, rule, *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


@cache
def source_keys() -> frozenset[str]:
    return frozenset(catalog.sources())


def cited(keys: list[str]) -> str:
    return ", ".join(f"{{cite}}`{key}`" for key in keys)


# --- quantities, parameters, errors


def quantities() -> str:
    """Write the table of quantities."""
    rows = []
    for name in quantity_table.names():
        q = quantity_table.get(name)
        low, high = q.valid_min, q.valid_max
        shown = f"{bound(low)} to {bound(high)}"
        shown = "" if shown == "any to any" else shown
        labels = [quantity_table.label(name, language) for language in ("ru", "kk")]
        rows.append(
            [
                code(name),
                plain(q.units).replace(" ", NO_BREAK),
                plain(q.description),
                shown.replace(" ", NO_BREAK),
                plain(" / ".join(labels)),
                code(q.standard_name),
                plain(q.cell_methods),
            ]
        )
    head = ["name", "units", "meaning", "valid", "ru / kk", "CF standard name", "cell methods"]
    return table(head, rows)


def bound(value: float | None) -> str:
    return "any" if value is None or not math.isfinite(value) else f"{value:g}"


def parameters() -> str:
    """Write every shipped parameter set; of one that extends another, what differs."""
    parts = []
    folder = Path(bm.__file__).parent / "parameters"
    names = sorted(path.stem for path in folder.glob("*.yml"))
    names.sort(key=lambda name: name != "balkhash")
    for name in names:
        chosen = bm.load_parameters(name)
        base = EXTENDS.search((folder / f"{name}.yml").read_text(encoding="utf-8"))
        before = bm.load_parameters(base[1]) if base else {}
        rows = [parameter_row(p) for key, p in chosen.items() if before.get(key) != p]
        said = f" Extends {code(base[1])}; only what differs is listed." if base else ""
        parts.append(f"## The set {code(name)}\n\n{plain(chosen.title)}.{said}\n")
        head = ["parameter", "value", "range", "status", "source", "note"]
        parts.append(table(head, rows))
    return "\n".join(parts)


def parameter_row(p: Any) -> list[str]:
    unit = plain(p.unit) if p.unit != "1" else ""
    note = plain(p.note) + (f"; prior {plain(p.prior)}" if p.prior else "")
    return [
        code(p.name),
        f"{p.value:g} {unit}".strip().replace(" ", NO_BREAK),
        f"{p.lower:g} to {p.upper:g}".replace(" ", NO_BREAK),
        plain(p.status),
        cited(list(p.source)),
        note,
    ]


def errors() -> str:
    """Write the exceptions of the package with their exit codes."""
    rows = []
    for name in error_module.__all__:
        kind = getattr(error_module, name)
        if not (inspect.isclass(kind) and issubclass(kind, Exception)):
            continue
        bases = [b for b in kind.__mro__[1:] if b.__module__ == "builtins"]
        line = (inspect.getdoc(kind) or "").splitlines()[0]
        rows.append([code(f"bm.{name}"), code(bases[0].__name__), str(kind.exit_code), plain(line)])
    return table(["exception", "is also a", "exit code", "raised when"], rows, right=(2,))


# --- the reference tables


def catalogue() -> str:
    """Write every reference table with its datum, gaps, flags and what is not used of it."""
    entries = {key: catalog.describe(key) for key in catalog.list_keys()}
    rows = [
        [f"[{code(key)}](#{key})", plain(e["title"]), plain(e["period"]), plain(e["datum"])]
        for key, e in entries.items()
    ]
    parts = [f"{len(entries)} tables.\n", table(["key", "title", "period", "datum"], rows)]
    parts += [one_table(key, entry) for key, entry in entries.items()]
    return "\n".join(parts)


def one_table(key: str, entry: dict[str, Any]) -> str:
    # the bounds of a month would show each row twice
    data = bm.reference.load(key).drop_dims("bnds", errors="ignore")
    frame = data.to_dataframe().reset_index()
    lines = [
        ["what", plain(f"{entry['quantity']}, {entry['unit']}")],
        ["datum", plain(entry["datum"])],
        ["period", plain(f"{entry['period']} ({entry['kind']}, {len(frame)} rows)")],
        ["uncertainty", plain(entry["uncertainty"])],
        ["gaps", gaps(frame, entry)],
        ["flags", flags(frame)],
        ["sources", cited(entry["sources"])],
        ["terms", plain(entry["terms"])],
        ["columns", ", ".join(code(c) for c in entry["columns"])],
        ["not used", plain(entry.get("not_used", ""))],
        ["offset", offset(entry.get("offset"))],
    ]
    kept = [line for line in lines if line[1]]
    title = str(entry["title"]).replace("`", "")
    notes = " ".join(plain(entry["notes"]).split()) if entry.get("notes") else ""
    head = f"## {key}\n\n**{plain(title)}.** {notes}\n"
    return head + "\n" + table(["", ""], kept)


def gaps(frame: pd.DataFrame, entry: dict[str, Any]) -> str:
    """Say what is missing: steps that the time axis leaves out, and cells without a value."""
    said = [plain(entry["gaps"])] if entry.get("gaps") else []
    if "time" in frame and pd.api.types.is_datetime64_any_dtype(frame["time"]):
        months = frame["time"].dt.to_period("M")
        whole = pd.period_range(months.min(), months.max(), freq="M")
        said.append(f"{len(whole) - months.nunique()} of {len(whole)} months absent")
    elif entry["kind"] == "annual" and "year" in frame:
        whole_years = int(frame["year"].max() - frame["year"].min()) + 1
        said.append(f"{whole_years - frame['year'].nunique()} of {whole_years} years absent")
    numbers = [c for c in entry["columns"] if c in frame and frame[c].dtype.kind == "f"]
    empty = {c: int(frame[c].isna().sum()) for c in numbers}
    cells = ", ".join(f"{code(c)} {n}" for c, n in empty.items() if n)
    if cells:
        said.append(f"empty cells: {cells}")
    return "; ".join(said) or "none"


def flags(frame: pd.DataFrame) -> str:
    if "flag" not in frame:
        return ""
    return ", ".join(f"{code(k)} {n}" for k, n in frame["flag"].value_counts().items())


def offset(entry: dict[str, Any] | None) -> str:
    if not entry:
        return ""
    inputs = "; ".join(
        f"{i['year']}: {i['offset_m']} ± {i['uncertainty_m']} m" for i in entry["inputs"]
    )
    return f"{entry['value_m']} m, weights {plain(entry['weights'])} ({inputs})"


# --- commands


def commands() -> str:
    """Write every command with its options, as the command line itself describes them."""
    from typer.main import get_command

    from balkhash_model.cli import app

    return "\n".join(command_parts(get_command(app), "balkhash", None))


def command_parts(command: Any, path: str, parent: Any) -> list[str]:
    from click import Context

    here = Context(command, info_name=path.split()[-1], parent=parent)
    inner = getattr(command, "commands", None)
    if inner:
        parts = []
        for name, child in inner.items():
            parts += command_parts(child, f"{path} {name}", here)
        return parts
    usage = " ".join([path, *command.collect_usage_pieces(here)])
    text = inspect.cleandoc(command.help or "")
    parts = [f"## {path}\n", f"```text\n{usage}\n```\n", f"{prose(text)}\n"]
    rows = []
    for parameter in command.get_params(here):
        record = parameter.get_help_record(here)
        if record and "--help" not in record[0]:
            rows.append([code(record[0].strip()), plain(record[1])])
    if rows:
        parts.append(table(["option", "meaning"], rows))
    return parts


def prose(text: str) -> str:
    return re.sub(r"([*_<>\[\]$])", r"\\\1", text)


# --- sources


def bibtex() -> str:
    """Write the sources of the catalogue as BibTeX."""
    special = {c: f"\\{c}" for c in "&%$#_{}"}
    special |= {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}"}

    def braced(text: object) -> str:
        return "{" + "".join(special.get(c, c) for c in " ".join(str(text).split())) + "}"

    parts = [
        "% written while the documentation is built, from balkhash_model/reference/catalog.yml"
    ]
    for key, source in sorted(catalog.sources().items()):
        year = re.search(r"\b(1[89]\d\d|20\d\d)\b", source["citation"])
        fields = {"title": source["citation"], "howpublished": source["address"]}
        fields |= {"year": year[1]} if year else {}
        fields |= {"note": source["terms"]} if source.get("terms") else {}
        body = ",\n".join(f"  {name} = {braced(value)}" for name, value in fields.items())
        parts.append(f"@misc{{{key},\n{body}\n}}")
    return "\n\n".join(parts) + "\n"


def bibliography() -> str:
    """Write the list of all sources."""
    return ":::{bibliography}\n:all:\n:style: house\n:::\n"


# --- the API


def rooms() -> dict[str, list[str]]:
    """Give each room of the package with its modules that have public names."""
    found: dict[str, list[str]] = {}
    for info in pkgutil.walk_packages(bm.__path__, "balkhash_model."):
        room = info.name.split(".")[1]
        if room.startswith(NO_PAGES):
            continue
        module = importlib.import_module(info.name)
        if own_names(module) or info.ispkg:
            found.setdefault(room, []).append(info.name)
    return found


def own_names(module: ModuleType) -> list[str]:
    names = []
    for name in getattr(module, "__all__", ()):
        value = getattr(module, name)
        home = getattr(value, "__module__", module.__name__)
        if home == module.__name__ or not (inspect.isclass(value) or inspect.isroutine(value)):
            names.append(name)
    return [n for n in names if not inspect.ismodule(getattr(module, n))]


def entry_of(path: str, value: Any) -> str:
    if inspect.isclass(value):
        kind = "exception" if issubclass(value, Exception) else "class"
        hidden = "model_config, model_fields"
        return f".. auto{kind}:: {path}\n   :members:\n   :exclude-members: {hidden}\n"
    if inspect.isroutine(value):
        return f".. autofunction:: {path}\n"
    return f".. autodata:: {path}\n   :no-value:\n"


def heading(text: str, mark: str) -> str:
    return f"{text}\n{mark * len(text)}\n"


def api_pages() -> dict[str, str]:
    """Write one page for the short names, and one for each room."""
    short = [n for n in bm.__all__ if not inspect.ismodule(getattr(bm, n))]
    parts = [
        heading("The short names", "="),
        "What ``import balkhash_model as bm`` gives. Each is defined in the room that its page\n"
        "names, and imported when it is first used.\n",
    ]
    parts += [entry_of(f"balkhash_model.{n}", getattr(bm, n)) for n in short]
    pages = {"balkhash_model": "\n".join(parts)}
    for room, modules in rooms().items():
        parts = [heading(f"balkhash_model.{room}", "=")]
        for name in modules:
            module = importlib.import_module(name)
            if name.count(".") > 1:
                parts.append(heading(name, "-"))
            parts.append(f".. automodule:: {name}\n   :no-members:\n")
            names = own_names(module)
            types = [n for n in names if get_origin(getattr(module, n)) is not None]
            if types:
                listed = ", ".join(f"``{n}``" for n in types)
                parts.append(f"Types for annotations: {listed}.\n")
            parts += [entry_of(f"{name}.{n}", getattr(module, n)) for n in names if n not in types]
        pages[room] = "\n".join(parts)
    return pages


def api() -> str:
    """Write the list of the API pages."""
    rows = [["[`balkhash_model`](api/balkhash_model.rst)", "The short names."]]
    for room in rooms():
        text = inspect.getdoc(importlib.import_module(f"balkhash_model.{room}")) or ""
        rows.append([f"[{code(room)}](api/{room}.rst)", plain(text.split("\n\n")[0])])
    names = "\n".join(["api/balkhash_model", *(f"api/{room}" for room in rooms())])
    toctree = f":::{{toctree}}\n:hidden:\n\n{names}\n:::\n"
    return table(["room", "what it holds"], rows) + "\n" + toctree


# --- the index


def contents() -> str:
    """Write the tables of contents: the lists of the index page, section by section."""
    text = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    parts = []
    for section in text.split("\n## ")[1:]:
        pages = [p.removesuffix(".md") for p in LISTED.findall(section)]
        if pages:
            caption = section.split("\n")[0]
            listed = "\n".join(pages)
            parts.append(f":::{{toctree}}\n:hidden:\n:caption: {caption}\n\n{listed}\n:::\n")
    return "\n".join(parts)


# --- notebooks


def notebook_names() -> list[str]:
    return sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


def copy_notebooks(folder: Path) -> None:
    """Lay the executed notebooks beside the pages; those that were never executed stay out."""
    target = folder / "notebooks"
    for stale in target.glob("*.ipynb"):
        if stale.stem not in notebook_names():
            stale.unlink()
    for name in notebook_names():
        source = ROOT / "notebooks" / f"{name}.ipynb"
        copy = target / source.name
        if not copy.exists() or copy.read_bytes() != source.read_bytes():
            shutil.copyfile(source, copy)


def notebooks() -> str:
    """Write the list of the notebooks that were executed."""
    names = notebook_names()
    if not names:
        return "No executed notebook stands beside these pages yet.\n"
    return ":::{toctree}\n:maxdepth: 1\n\n" + "\n".join(names) + "\n:::\n"
