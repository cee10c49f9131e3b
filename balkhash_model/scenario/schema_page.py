"""The schema as JSON Schema for editors, as a page of the documentation, and as a new file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from balkhash_model import yamlio
from balkhash_model.errors import InputError, Problem
from balkhash_model.scenario.layers import leaves
from balkhash_model.scenario.origins import Explanation
from balkhash_model.scenario.resolve import find_scenario, load_scenario
from balkhash_model.scenario.schema import Scenario
from balkhash_model.scenario.schema_use import Effect
from balkhash_model.validation import _inner

__all__ = ["diff_scenarios", "explain_scenario", "json_schema", "new_scenario", "schema_page"]

_GROUPS = {
    "Who, when, where": ("meta", "system", "parameters", "period", "initial"),
    "Climate": ("climate",),
    "Inflow": ("inflow",),
    "Water users": ("abstraction",),
    "Reservoirs and dams": ("reservoirs", "links"),
    "Measures": ("measures",),
    "Runs and outputs": ("ensemble", "outputs"),
}
_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Give the JSON Schema of a scenario file.

    Returns
    -------
    dict
        Draft 2020-12. A file need not hold every section, since it may extend another; values may
        be null to remove what is extended; dotted keys are allowed.

    Examples
    --------
    >>> sorted(json_schema()["properties"])[:3]
    ['abstraction', 'climate', 'deltas']
    """
    schema = Scenario.model_json_schema(by_alias=True)
    _loosen(schema)
    for definition in schema["$defs"].values():
        _loosen(definition)
    names = {"type": "string", "description": "Name of a scenario, or a file beside this one."}
    schema["properties"] |= {
        "extends": {
            "description": "One scenario, or several: a later one wins, this file over all.",
            "anyOf": [names, {"type": "array", "items": names, "minItems": 1}],
        },
        "overrides": {
            "description": "Named variants: what each changes of this file, for --with NAME.",
            "type": "object",
            "additionalProperties": {"type": "object"},
        },
    }
    return {"$schema": _DRAFT, "title": "Scenario of balkhash_model", **schema}


def _loosen(schema: dict[str, Any]) -> None:
    """Allow what a file may leave to another, remove, or write with dots."""
    schema.pop("required", None)
    if "properties" not in schema:
        return
    for name, value in schema["properties"].items():
        schema["properties"][name] = {"anyOf": [value, {"type": "null"}]}
        for key in ("description", "default"):
            if key in value:
                schema["properties"][name][key] = value.pop(key)
    heads = "|".join(schema["properties"])
    schema["patternProperties"] = {rf"^({heads})\..+$": {}}


def schema_page() -> str:
    """Write the page of the documentation that lists every key.

    Returns
    -------
    str
        Markdown.

    Examples
    --------
    >>> schema_page().splitlines()[0]
    '# Scenario file'
    """
    lines = [
        "# Scenario file",
        "",
        "<!-- written by balkhash scenario schema --page: do not edit -->",
        "",
        "Every key of a scenario, from the schema itself (`balkhash scenario schema --page`).",
        "NAME is a name that you choose. Beside these a file may hold `extends` (a scenario, or a",
        "list of them) and `overrides` (named variants). [Write a",
        "scenario](../how-to/write-a-scenario.md) says how files are merged. The column default",
        "holds what counts where no file says anything.",
        "",
    ]
    for title, heads in _GROUPS.items():
        lines += [f"## {title}", "", "| key | meaning | default |", "| --- | --- | --- |"]
        lines += [row for head in heads for row in _rows(Scenario, "", head)]
        lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


def _rows(model: type[BaseModel], prefix: str, only: str | None = None) -> list[str]:
    """Rows of a model and of all models inside it."""
    rows = []
    for name, field in model.model_fields.items():
        if only is not None and name != only:
            continue
        inner = _inner(field.annotation)
        if not inner or (inner[0][0] is Effect and name != "users"):
            rows.append(_row(prefix, name, field))
        else:
            nested, mapped = inner[0]
            rows += _rows(nested, f"{prefix}{name}." + ("NAME." if mapped else ""))
    return rows


def _row(prefix: str, name: str, field: FieldInfo) -> str:
    meaning = " ".join((field.description or "").split()).replace("``", "`").replace("|", "\\|")
    if field.is_required():
        default = "needed"
    else:
        value = field.get_default(call_default_factory=True)
        plain = (
            [list(v) if isinstance(v, tuple) else v for v in value]
            if isinstance(value, list | tuple)
            else value
        )
        default = "all" if plain == list(range(1, 13)) else f"`{yamlio.dumps(plain).strip()}`"
        default = default if "\n" not in default and len(default) < 60 else "see meaning"
    return f"| `{prefix}{name}` | {meaning} | {default} |"


def explain_scenario(name: str, key: str) -> Explanation:
    """Say where a value of a scenario comes from.

    Parameters
    ----------
    name : str
        Name of a scenario, or a path to a YAML file.
    key : str
        Dotted key.

    Returns
    -------
    Explanation
        The value and where it was written.

    Raises
    ------
    InputError
        Where there is no such scenario or key.

    Examples
    --------
    >>> explain_scenario("baseline_2050", "abstraction.china.total").value
    '3.96 km3/yr'
    """
    return load_scenario(name).explain(key)


def diff_scenarios(first: Scenario, second: Scenario) -> list[tuple[str, str, str]]:
    """List the keys in which two scenarios differ.

    Parameters
    ----------
    first, second : Scenario
        The scenarios.

    Returns
    -------
    list of tuple
        Dotted key, value in the first, value in the second; empty where it is not there.

    Examples
    --------
    >>> one, two = load_scenario("hindcast_free"), load_scenario("hindcast")
    >>> [row[0] for row in diff_scenarios(one, two) if not row[0].startswith("meta.title")]
    ['inflow.reconstruct_from', 'meta.name', 'meta.rationale']
    """
    mine, yours = dict(leaves(first.plain())), dict(leaves(second.plain()))
    rows = []
    for key in sorted(set(mine) | set(yours), key=str):
        if (key in mine) != (key in yours) or mine.get(key) != yours.get(key):
            a, b = (yamlio.dumps(x[key]).strip() if key in x else "" for x in (mine, yours))
            if {a, b} != {"", "{}"}:
                rows.append((".".join(map(str, key)), a, b))
    return sorted(rows)


def new_scenario(name: str, base: str, folder: Path) -> Path:
    """Write a new scenario file that extends another and has every section to fill in.

    Parameters
    ----------
    name : str
        Name of the scenario and of the file.
    base : str
        The scenario that it extends.
    folder : Path
        Where the file is written.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        Where the name is not fit for a file, the base does not exist, or the file does.

    Examples
    --------
    >>> import tempfile
    >>> new_scenario("dry", "baseline_2050", Path(tempfile.mkdtemp())).name
    'dry.yml'
    """
    problems: list[Problem] = []
    if not name or not name.replace("_", "").replace("-", "").isalnum() or not name.isascii():
        problems.append(Problem(f"name {name!r}", "letters, digits, _ and - are needed"))
    try:
        record = load_scenario(base)
        find_scenario(base)
    except InputError as error:
        problems.extend(error.problems)
    path = folder / f"{name}.yml"
    if path.exists():
        problems.append(Problem(str(path), "is there already", hint="Choose another name"))
    if problems:
        raise InputError(problems)
    text = f"""\
# yaml-language-server: $schema=scenario.schema.json
extends: {base}
meta:
  name: {name}
  title: {yamlio.dumps(record.meta.title + ", changed").strip()}
  rationale: Say here why the scenario is as it is.
# Change one thing at a time. `balkhash scenario show {base} --resolved` shows what there is.
# abstraction.china.total: {{2025: 3.96 km3/yr, 2045: 5 km3/yr}}
# climate.deltas.warmer: {{variable: temperature, change: 1 K, start: 2025, full: 2050}}
"""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(Problem(str(path), "cannot be written", str(error))) from None
    return path
