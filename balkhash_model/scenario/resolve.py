"""Find scenario files, follow what they extend, merge and check them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from balkhash_model import yamlio
from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.library import set_of_system
from balkhash_model.scenario.consistency import consistency
from balkhash_model.scenario.fields import _inside
from balkhash_model.scenario.layers import Layer, conflicts, lookup, merge, read_layer, split_key
from balkhash_model.scenario.origins import Origins
from balkhash_model.scenario.schema import Scenario
from balkhash_model.validation import validate

__all__ = [
    "dump_scenario",
    "find_scenario",
    "list_scenarios",
    "load_scenario",
    "read_scenario",
    "variants_of",
    "with_settings",
]

_NAME = re.compile(r"[A-Za-z0-9_\-]+\Z")


def _folders() -> list[Path]:
    package = Path(__file__).resolve().parent.parent
    # inside the wheel; beside the package in a checkout
    return [p for p in (package / "scenarios", package.parent / "scenarios") if p.is_dir()]


def list_scenarios() -> list[str]:
    """Name the scenarios that the package ships.

    Returns
    -------
    list of str
        Sorted names.

    Examples
    --------
    >>> "hindcast" in list_scenarios()
    True
    """
    return sorted({p.stem for folder in _folders() for p in folder.rglob("*.yml")})


def find_scenario(name: str) -> Path:
    """Find a scenario by name or by path.

    Parameters
    ----------
    name : str
        Name of a shipped scenario, or a path to a YAML file.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        Where there is none; names the nearest.

    Examples
    --------
    >>> find_scenario("hindcast").name
    'hindcast.yml'
    """
    path = Path(name)
    if path.suffix in {".yml", ".yaml"} or path.is_file():
        if path.exists():
            return path
        raise InputError(
            Problem(
                f"scenario {name!r}",
                "no such file",
                expected="a YAML file",
                hint=nearest(path.stem, list_scenarios()),
            )
        )
    for folder in _folders():
        for found in sorted(folder.rglob("*.yml")):
            if found.stem == name:
                return found
    raise InputError(
        Problem(
            f"scenario {name!r}",
            "does not exist",
            expected="the name of a scenario or a path to a .yml file",
            hint=nearest(name, list_scenarios()),
        )
    )


def _base_names(layer: Layer) -> list[tuple[str, tuple[str | int, ...]]]:
    """What a file extends, with the keys under which it says so."""
    base = layer.data.get("extends")
    if base is None:
        return []
    if isinstance(base, str):
        return [(base, ("extends",))]
    if isinstance(base, list) and base and all(isinstance(b, str) for b in base):
        return [(b, ("extends", i)) for i, b in enumerate(base)]
    raise InputError(
        Problem(
            f"{layer.where(('extends',))}: extends",
            "names no scenario",
            repr(base),
            "the name of a scenario, or a list of names",
        )
    )


def _base_file(name: str, place: str, beside: Path) -> Path:
    """The file that a name after ``extends`` means."""
    try:
        _inside(name)
    except ValueError as error:
        raise InputError(Problem(place, str(error), repr(name))) from None
    for path in (beside / name, beside / f"{name}.yml"):
        if path.is_file():
            return path
    try:
        return find_scenario(name)
    except InputError as error:
        first = error.problems[0]
        raise InputError(
            Problem(place, f"extends what {first.what}", repr(name), hint=first.hint)
        ) from None


def _chain(path: Path, label: str, seen: tuple[Path, ...] = ()) -> list[Layer]:
    """A file and all that it extends, the lowest first, each once."""
    document = yamlio.load(path)
    if not isinstance(document.data, dict):
        raise InputError(
            Problem(document.where(()), "a scenario is a map of keys", type(document.data).__name__)
        )
    problems: list[Problem] = []
    layers: list[Layer] = []
    own = read_layer(document, label)
    for name, keys in _base_names(own):
        place = f"{own.where(keys)}: extends"
        try:
            target = _base_file(name, place, path.parent)
            if target.resolve() in [p.resolve() for p in (*seen, path)]:
                names = " -> ".join(p.stem for p in (*seen, path, target))
                raise InputError(Problem(own.where(keys), "extends goes in a circle", names))
            known = {Path(x.document.name).resolve() for x in layers}
            more = _chain(target, "extends", (*seen, path))
            layers += [x for x in more if Path(x.document.name).resolve() not in known]
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    return [*layers, own]


def _variants(layers: Sequence[Layer]) -> dict[str, list[Layer]]:
    """Named variants with their layers."""
    found: dict[str, list[Layer]] = {}
    problems: list[Problem] = []
    titled = [i for i, layer in enumerate(layers) if lookup(layer.data, ("meta", "title"))[0]]
    for i, layer in enumerate(layers):
        overrides = layer.data.get("overrides")
        if overrides is None:
            continue
        if not isinstance(overrides, dict):
            place = f"{layer.where(('overrides',))}: overrides"
            raise InputError(Problem(place, "not a map of variants", repr(overrides)[:60]))
        for name, changes in overrides.items():
            place = f"{layer.where(('overrides', name))}: overrides.{name}"
            if not isinstance(name, str) or not _NAME.match(name):
                problems.append(Problem(place, "a name of letters, digits, _ and - is needed"))
            elif changes is None and name in found:
                del found[name]
            elif not isinstance(changes, dict) or not changes:
                problems.append(Problem(place, "overrides nothing", hint="Give it keys to change"))
            else:
                barred = sorted({"extends", "overrides"} & set(map(str, changes)))
                problems += [Problem(place, f"cannot change {key!r}") for key in barred]
                part = layer.part(("overrides", name), f"--with {name}")
                # the title of a variant tells of the scenario that it was written for
                other = titled and titled[-1] > i
                found.setdefault(name, []).append(_untitled(part) if other else part)
    if problems:
        raise InputError(problems)
    return found


def _untitled(layer: Layer) -> Layer:
    """The layer without a title and its translations."""
    meta = {k: v for k, v in layer.data.get("meta", {}).items() if k not in ("title", "titles")}
    rest = {k: v for k, v in layer.data.items() if k != "meta"}
    return replace(layer, data=rest | ({"meta": meta} if meta else {}))


def _setting(text: str) -> Layer:
    """The layer of one ``--set key=value``."""
    key, equals, value = text.partition("=")
    place = f"--set {text}"
    if not equals or not key.strip():
        raise InputError(
            Problem(place, "sets nothing", expected="key=value, as period.end=2040-01-01")
        )
    if key.strip().partition(".")[0] in ("extends", "overrides"):
        raise InputError(Problem(place, "can only be said in a file"))
    parsed = yamlio.loads(value, place).data
    document = yamlio.Document({key.strip(): parsed}, place, yamlio.loads("", place)._root)
    return read_layer(document, "--set")


def _chosen(
    found: dict[str, list[Layer]], names: Sequence[str], in_order: bool, where: str
) -> list[Layer]:
    """The layers of the variants asked for; two that disagree are refused."""
    problems = [
        Problem(
            f"--with {name}",
            f"{where} has no {'such variant' if found else 'variants'}",
            hint=nearest(name, found) if found else None,
        )
        for name in names
        if name not in found
    ]
    chosen = [name for name in names if name in found]
    for i, one in enumerate(chosen):
        for two in chosen[i + 1 :]:
            clashes = sorted(
                {
                    ".".join(map(str, a if len(a) > len(b) else b))
                    for x in found[one]
                    for y in found[two]
                    for a, b in conflicts(x, y)
                }
            )
            if clashes and not in_order:
                problems.append(
                    Problem(
                        f"--with {one} --with {two}",
                        "both set the same keys differently",
                        ", ".join(clashes),
                        hint="Add --in-order to let the later one win",
                    )
                )
    if problems:
        raise InputError(problems)
    return [layer for name in chosen for layer in found[name]]


def _merged(layers: Iterable[Layer]) -> dict[str | int, Any]:
    data: Any = {}
    for layer in layers:
        own = {k: v for k, v in layer.data.items() if k not in ("extends", "overrides")}
        if lookup(own, ("meta", "title"))[0] and lookup(data, ("meta", "titles"))[0]:
            # translations of another title are none of this one
            data = {**data, "meta": {k: v for k, v in data["meta"].items() if k != "titles"}}
        data = merge(data, own)
    assert isinstance(data, dict)
    return data


def _check(layers: Sequence[Layer]) -> Scenario:
    origins = Origins(layers)
    record = _beside(validate(Scenario, _Merged(_merged(layers), origins)), origins)
    record = record.with_origins(origins)
    outside = _outside(record)
    problems = consistency(record)
    if outside and _rows_for_this_run(layers):
        problems += list(outside.values())
    if problems:
        raise InputError(problems)
    if outside:
        kept = [row for i, row in enumerate(record.outputs.periods) if i not in outside]
        outputs = record.outputs.model_copy(update={"periods": kept})
        record = record.model_copy(update={"outputs": outputs}).with_origins(origins)
    return record


def _outside(record: Scenario) -> dict[int, Problem]:
    """Rows of the budget that hold no year of the run, by their place in the list."""
    first, last = record.first_year(), record.last_year()
    return {
        i: Problem(
            record.where("outputs", "periods", i),
            "holds no year of the run",
            f"{start} to {end}",
            f"years of {first} to {last}",
        )
        for i, (start, end) in enumerate(record.outputs.periods)
        if end < first or start > last
    }


def _rows_for_this_run(layers: Sequence[Layer]) -> bool:
    """Whether the rows of the budget were written for the years of the run.

    They were not where a later layer shortens the run, as ``--set`` does, or by default.
    """

    def written(*keys: str) -> int:
        return max((i for i, x in enumerate(layers) if lookup(x.data, keys)[0]), default=-1)

    return written("outputs", "periods") >= max(written("period", k) for k in ("start", "end"))


def _beside(record: Scenario, origins: Origins) -> Scenario:
    """Seek a lake or a parameter set that is named by its path beside the file that names it.

    Where there is none, the path is left as it is, and holds from the present folder.  A scenario
    that names no set has the one of its lake.
    """

    def sought(name: str, *keys: str) -> str:
        path = origins.folder(keys) / name
        return str(path) if path.suffix in {".yml", ".yaml"} and path.is_file() else name

    system = sought(record.system, "system")
    chosen = record.parameters.set
    if chosen is not None:
        chosen = sought(chosen, "parameters", "set")
    else:
        with suppress(InputError):  # a lake that cannot be used is told where it is loaded
            chosen = set_of_system(system)
    if (system, chosen) == (record.system, record.parameters.set):
        return record
    parameters = record.parameters.model_copy(update={"set": chosen})
    return record.model_copy(update={"system": system, "parameters": parameters})


def load_scenario(
    name: str,
    variants: Sequence[str] = (),
    settings: Sequence[str] = (),
    *,
    in_order: bool = False,
) -> Scenario:
    """Load a scenario, with what it extends merged in, and check it.

    What it extends comes first, from left to right, then the file itself, then its variants in the
    order given, then settings.

    Parameters
    ----------
    name : str
        Name of a shipped scenario, or a path to a YAML file.
    variants : sequence of str, optional
        Names of variants under ``overrides``.
    settings : sequence of str, optional
        Values to replace, as ``period.end=2040-01-01``.
    in_order : bool, default False
        Whether two variants may set the same key; the later one then wins.

    Returns
    -------
    Scenario
        The checked, frozen record.

    Raises
    ------
    InputError
        Where the file cannot be read or says something unknown or unfit; all problems at once.

    Examples
    --------
    >>> load_scenario("hindcast").period.start
    '1961-01-01'
    >>> load_scenario("hindcast", settings=["period.end=2010-01-01"]).period.end
    '2010-01-01'
    """
    layers = _chain(find_scenario(name), "file")
    problems: list[Problem] = []
    extra: list[Layer] = []
    found: dict[str, list[Layer]] = {}
    try:
        found = _variants(layers)
        extra = _chosen(found, variants, in_order, name)
    except InputError as error:
        problems.extend(error.problems)
    for text in settings:
        try:
            extra.append(_setting(text))
        except InputError as error:
            problems.extend(error.problems)
    record: Scenario | None = None
    try:
        record = _check(_renamed([*layers, *extra], variants))
    except InputError as error:
        problems.extend(error.problems)
    # a variant of a base may change what this file has removed: it is checked where it was written
    own = {name for name, parts in found.items() if parts[-1].document is layers[-1].document}
    for variant in sorted(own - set(variants)):
        try:
            _check([*layers, *found[variant]])
        except InputError as error:
            problems.extend(error.problems)
    if problems or record is None:
        raise InputError(dict.fromkeys(problems))
    return record


def variants_of(name: str) -> list[str]:
    """Name the variants of a scenario.

    Parameters
    ----------
    name : str
        Name of a shipped scenario, or a path to a YAML file.

    Returns
    -------
    list of str
        Sorted names, those of what it extends among them.

    Examples
    --------
    >>> variants_of("rcp45")
    ['fixed_rivers', 'gauge_mean', 'rivers_respond', 'thevs2017', 'to_2100']
    """
    return sorted(_variants(_chain(find_scenario(name), "file")))


def _renamed(layers: list[Layer], variants: Sequence[str]) -> list[Layer]:
    """Add the names of variants to the name, so that their files do not meet."""
    own = [layer for layer in layers if layer.label.startswith(("--with", "--set"))]
    named = any(lookup(layer.data, ("meta", "name"))[0] for layer in own)
    base = lookup(_merged(layers), ("meta", "name"))[1]
    if not variants or named or not isinstance(base, str):
        return layers
    place = " ".join(f"--with {v}" for v in variants)
    data = {"meta": {"name": "-".join([base, *variants])}}
    document = yamlio.Document(data, place, yamlio.loads("", place)._root)
    return [*layers, read_layer(document, "--with")]


def read_scenario(text: str, name: str = "<text>") -> Scenario:
    """Read a scenario from a text that extends nothing, such as a resolved one.

    Parameters
    ----------
    text : str
        YAML.
    name : str, default "<text>"
        What to call it in messages; its folder is where data files are sought.

    Returns
    -------
    Scenario
        The checked record.

    Raises
    ------
    InputError
        As :func:`load_scenario`.

    Examples
    --------
    >>> read_scenario(dump_scenario(load_scenario("hindcast"))) == load_scenario("hindcast")
    True
    """
    document = yamlio.loads(text, name)
    if not isinstance(document.data, dict):
        raise InputError(Problem(document.where(()), "a scenario is a map of keys"))
    layer = read_layer(document, "file")
    if "extends" in layer.data:
        raise InputError(Problem(layer.where(("extends",)), "a resolved scenario extends nothing"))
    return _check([layer])


class _Merged:
    """Merged data that still knows where each key was written."""

    def __init__(self, data: Any, origins: Origins) -> None:
        self.data = data
        self._origins = origins

    def where(self, keys: Sequence[str | int] = ()) -> str:
        return self._origins.where(keys)


def with_settings(scenario: Scenario, settings: Mapping[str, object]) -> Scenario:
    """Give a resolved scenario other values of some keys.

    Parameters
    ----------
    scenario : Scenario
        The record, which stays as it is.
    settings : mapping of str to object
        Values by dotted key.

    Returns
    -------
    Scenario
        A new checked record that still knows where the other keys were written.

    Raises
    ------
    InputError
        Where there is no such key, or its value does not fit.

    Examples
    --------
    >>> record = with_settings(load_scenario("rcp45"), {"initial.lake_level": "341.0 m"})
    >>> record.initial.lake_level
    '341.0 m'
    """
    data = scenario.plain()
    if "meta.title" in settings and data["meta"]["title"] != settings["meta.title"]:
        data["meta"]["titles"] = {}
    for key, value in settings.items():
        *way, last = split_key(key)
        found, place = lookup(data, way)
        if not found or not isinstance(place, dict):
            raise InputError(Problem(key, "no such key of the scenario"))
        place[last] = value
    record = validate(Scenario, _Merged(data, scenario.origins)).with_origins(scenario.origins)
    problems = consistency(record)
    if problems:
        raise InputError(problems)
    return record


def dump_scenario(scenario: Scenario) -> str:
    """Write a resolved scenario as YAML that loads back the same.

    Parameters
    ----------
    scenario : Scenario
        The record.

    Returns
    -------
    str
        YAML text, every default spelled out.

    Examples
    --------
    >>> "reconstruct_from" in dump_scenario(load_scenario("hindcast"))
    True
    """
    return yamlio.dumps(scenario.plain())
