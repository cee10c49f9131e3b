"""What a result rests on: data, limits, sources, and how to make it again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from balkhash_model import reference
from balkhash_model.errors import InputError
from balkhash_model.library import load_parameters
from balkhash_model.report.blocks import Block, Section, Table
from balkhash_model.report.language import Words
from balkhash_model.report.outcomes import Outcome
from balkhash_model.report.read import Source

__all__ = [
    "data_section",
    "limits_section",
    "reproduce_section",
    "sources_section",
]

_STATUSES = ("published", "computed", "fitted", "assumed")


def checksums(sources: Sequence[Source]) -> dict[str, str]:
    """Give what the runs read, with checksums.

    Parameters
    ----------
    sources : sequence of Source
        Result files.

    Returns
    -------
    dict of str
        SHA-256 by key of a table or name of a file.
    """
    found: dict[str, str] = {}
    for source in sources:
        found |= json.loads(str(source.dataset.attrs.get("input_checksums", "{}")))
    return dict(sorted(found.items()))


def data_section(sources: Sequence[Source], words: Words) -> Section:
    """List the records that the runs read, with datum and uncertainty.

    Parameters
    ----------
    sources : sequence of Source
        Result files.
    words : Words
        The language.

    Returns
    -------
    Section
        A table of records and one of parameters.
    """
    rows: list[tuple[str, ...]] = []
    shipped = set(reference.list())
    for key, recorded in checksums(sources).items():
        if key not in shipped:
            rows.append((key, words("data.own"), "–", "–", "–", "–"))
            continue
        entry = reference.describe(key)
        other = "" if entry["sha256"] == recorded else " " + words("data.changed")
        cells = (str(entry.get(k) or "–") for k in ("unit", "datum", "period", "uncertainty"))
        rows.append((key, str(entry["title"]) + other, *cells))
    blocks = [Block("text", words("data.what"))]
    if rows:
        keys = ("key", "title", "unit", "datum", "period", "uncertainty")
        head = tuple(words(f"data.head_{k}") for k in keys)
        table = Table(words("data.table"), head, rows, words=True)
        blocks.append(Block("table", words("data.note"), table=table))
    else:
        blocks.append(Block("text", words("data.none")))
    blocks += _level_errors(sources, words)
    counted = []
    for name, overrides in _sets(sources):
        try:
            values = list(load_parameters(name, overrides).values())
        except InputError:
            counted.append((name, "–", *("–" for _ in _STATUSES)))
            continue
        numbers = [sum(p.status == s for p in values) for s in _STATUSES]
        counted.append((name, str(len(values)), *map(str, numbers)))
    if counted:
        head = (words("data.set"), words("data.number"), *(words(f"data.{s}") for s in _STATUSES))
        table = Table(words("data.parameters"), head, counted)
        blocks.append(Block("table", words("data.parameters_note"), table=table))
    return Section("data", words("data.title"), blocks)


def _level_errors(sources: Sequence[Source], words: Words) -> list[Block]:
    """How sure the level is, where the run says it."""
    blocks = []
    for source in sources:
        if "lake_level_uncertainty" not in source.dataset:
            continue
        error = source.dataset["lake_level_uncertainty"]
        low, high = (words.number(float(v), 2) for v in (error.min(), error.max()))
        name = str(source.dataset.attrs.get("scenario", source.path.stem))
        blocks.append(Block("text", words("data.level_error", plan=name, low=low, high=high)))
    return blocks


def _sets(sources: Sequence[Source]) -> list[tuple[str, dict[str, Any]]]:
    """Parameter sets of the runs, with what was replaced in them."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for source in sources:
        for scenario in source.scenarios:
            chosen = scenario.get("parameters", {})
            pair = (str(chosen.get("set", "balkhash")), dict(chosen.get("overrides") or {}))
            found[json.dumps(pair, sort_keys=True, default=str)] = pair
        if not source.scenarios and "parameter_set" in source.dataset.attrs:
            pair = (str(source.dataset.attrs["parameter_set"]), {})
            found[json.dumps(pair)] = pair
    return list(found.values())


def limits_section(found: Sequence[Outcome], words: Words) -> Section:
    """Say what the results cannot tell.

    Parameters
    ----------
    found : sequence of Outcome
        The plans.
    words : Words
        The language.

    Returns
    -------
    Section
        What went wrong first, then what holds of every run.
    """
    blocks = [Block("warning", text) for one in found for text in _warnings(one, words)]
    systems = {str(o.source.dataset.attrs.get("system")) for o in found}
    of_balkhash = ("bed", "terms") if "balkhash" in systems else ()
    items = [words(f"limits.{k}") for k in ("basin", *of_balkhash, "evaporation", "salt")]
    if any(not o.single for o in found):
        items.append(words("limits.chance"))
    if any(o.last_year > 2025 for o in found):
        items.append(words("limits.future"))
    if any("level_offset" in o.source.dataset for o in found):
        items.append(words("limits.reconstructed"))
    if any("started_from" in o.source.dataset.attrs for o in found):
        items.append(words("limits.started"))
    return Section("limits", words("limits.title"), [*blocks, Block("list", items=tuple(items))])


def _warnings(one: Outcome, words: Words) -> list[str]:
    data = one.source.dataset
    texts = []
    if data.attrs.get("complete") == "no":
        asked = words.number(float(data.attrs["members_asked"]), 0)
        texts.append(
            words(
                "limits.incomplete", plan=one.label, done=words.number(one.members, 0), asked=asked
            )
        )
    if one.result is None:
        counts = data["status_count"]
        counts = counts.isel(scenario=one.number) if "scenario" in counts.dims else counts
        ended = int(counts.values[1:].sum())
    else:
        ended = int((data["status"] != 0).sum()) if "status" in data else 0
    if ended:
        texts.append(
            words(
                "limits.ended",
                plan=one.label,
                ended=words.number(ended, 0),
                members=words.number(one.members, 0),
            )
        )
    return texts


def sources_section(sources: Sequence[Source], words: Words) -> Section:
    """Cite what the runs used, and nothing else.

    Parameters
    ----------
    sources : sequence of Source
        Result files.
    words : Words
        The language.

    Returns
    -------
    Section
        Sources of the scenarios, of the tables that were read, and of the parameters.
    """
    known = reference.sources()
    used: dict[str, list[str]] = {}
    free: list[str] = []
    for source in sources:
        for scenario in source.scenarios:
            for key in scenario.get("meta", {}).get("references") or []:
                _cite(str(key), words("sources.scenario"), known, used, free)
            for group in ("abstraction", "measures"):
                for entry in (scenario.get(group) or {}).values():
                    _cite(
                        str(entry.get("source", "")), words("sources.scenario"), known, used, None
                    )
    for key in checksums(sources):
        if key in reference.list():
            for name in reference.describe(key)["sources"]:  # type: ignore[attr-defined]
                _cite(name, words("sources.data"), known, used, None)
    for set_name, overrides in _sets(sources):
        try:
            values = list(load_parameters(set_name, overrides).values())
        except InputError:
            continue
        for parameter in values:
            for name in parameter.source:
                _cite(name, words("sources.parameters"), known, used, None)
    items = [
        f"[{k}] {known[k]['citation']}. {known[k]['address']}. ({'; '.join(v)})"
        for k, v in sorted(used.items())
    ]
    items += [f"{text} ({words('sources.scenario')})" for text in free]
    blocks = [Block("text", words("sources.what")), Block("list", items=tuple(items))]
    return Section("sources", words("sources.title"), blocks)


def _cite(
    name: str,
    purpose: str,
    known: dict[str, dict[str, str]],
    used: dict[str, list[str]],
    free: list[str] | None,
) -> None:
    if name in known:
        purposes = used.setdefault(name, [])
        if purpose not in purposes:
            purposes.append(purpose)
    elif free is not None and name not in free:
        free.append(name)


def reproduce_section(found: Sequence[Outcome], sources: Sequence[Source], words: Words) -> Section:
    """Say how to make the results and the page again.

    Parameters
    ----------
    found : sequence of Outcome
        The plans.
    sources : sequence of Source
        Result files.
    words : Words
        The language.

    Returns
    -------
    Section
        Commands, versions and checksums.
    """
    commands, rows = [], []
    for source in sources:
        attrs = source.dataset.attrs
        plans = [o for o in found if o.source is source]
        names = [str(o.scenario.get("meta", {}).get("name", o.label)) for o in plans]
        if source.ensemble:
            listed = " ".join(f"{n}.yml" for n in names)
            commands.append(f"balkhash run {listed} --members {attrs['members_asked']}")
        elif "started_from" not in attrs:
            commands.append(f"balkhash run {source.path.name} --out again")
        versions = attrs.get("versions")
        made = str(attrs.get("source", "–"))
        if versions:
            made += "; " + ", ".join(
                f"{k} {v}" for k, v in json.loads(str(versions)).items() if k != "balkhash_model"
            )
        rows.append((source.path.name, made, str(attrs.get("history", "–")), source.sha256))
    everything = " ".join(s.path.name for s in sources)
    commands.append(f"balkhash report {everything} --lang {words.language} -o report.html")
    blocks = [
        Block("text", words("reproduce.what")),
        Block("code", "\n".join(commands)),
    ]
    if any(s.ensemble for s in sources):
        blocks.append(Block("text", words("reproduce.ensemble")))
    head = tuple(words(f"reproduce.head_{k}") for k in ("file", "made", "history", "sha256"))
    blocks.append(Block("table", table=Table(words("reproduce.files"), head, rows, words=True)))
    read = [(k, v) for k, v in checksums(sources).items()]
    if read:
        head = (words("data.head_key"), "SHA-256")
        blocks.append(Block("table", table=Table(words("reproduce.read"), head, read, words=True)))
    return Section("reproduce", words("reproduce.title"), blocks)
