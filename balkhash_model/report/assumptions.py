"""What was assumed, in words: the choices of a resolved scenario."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from balkhash_model.report.blocks import Block, Section, Table
from balkhash_model.report.language import Words
from balkhash_model.report.outcomes import Outcome

__all__ = ["assumed_section"]


def assumed_section(found: Sequence[Outcome], words: Words) -> Section:
    """Say what was assumed, in words and as the whole scenario.

    Parameters
    ----------
    found : sequence of Outcome
        The plans.
    words : Words
        The language.

    Returns
    -------
    Section
        A table, users and the file of each plan.
    """
    blocks = [Block("text", words("assumed.what"))]
    for one in found:
        if len(found) > 1:
            blocks.append(Block("heading", one.label))
        if not one.scenario:
            blocks.append(Block("text", words("assumed.none")))
            continue
        meta = one.scenario.get("meta", {})
        if meta.get("rationale"):
            blocks.append(Block("quote", str(meta["rationale"]), alt=words("assumed.author")))
        table = Table(
            words("assumed.table"),
            (words("assumed.topic"), words("assumed.choice")),
            _rows(one, words),
            words=True,
        )
        blocks.append(Block("table", table=table))
        users = _users(one.scenario, words)
        if users is not None:
            blocks.append(Block("table", table=users))
        text = one.source.texts[one.number] if one.number < len(one.source.texts) else ""
        blocks.append(Block("code", text, alt=words("assumed.whole", plan=one.label)))
    return Section("assumed", words("assumed.title"), blocks)


def _choice(group: str, value: object, words: Words) -> str:
    """A choice of the schema in words; as it stands where there are none."""
    key = f"{group}.{value}"
    return words(key) if words.known(key) else str(value)


def _knots(value: Any, words: Words) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{year}: {words.quantity(str(v))}" for year, v in value.items())
    return words.quantity(str(value))


def _rows(one: Outcome, words: Words) -> list[tuple[str, ...]]:
    scenario = one.scenario
    period, inflow = scenario.get("period", {}), scenario.get("inflow", {})
    climate = scenario.get("climate", {})
    rows = [
        ("period", words("assumed.from_to", start=period.get("start"), end=period.get("end"))),
        ("start", _start(scenario, words)),
        ("inflow", _inflow(inflow, words)),
        ("rain", _choice("climate", climate.get("precipitation"), words)),
        ("evaporation", _choice("climate", climate.get("evaporation"), words)),
        ("change", _climate_change(climate, words)),
        ("reservoir", _reservoirs(scenario.get("reservoirs") or {}, words)),
        ("parameters", _parameters(scenario.get("parameters", {}), words)),
        ("members", _members(one, words)),
    ]
    return [(words(f"assumed.{key}"), text) for key, text in rows if text]


def _start(scenario: dict[str, Any], words: Words) -> str:
    level = str(scenario.get("initial", {}).get("lake_level", ""))
    if level.startswith("$"):
        return words("assumed.of_set", name=level[1:])
    return words.quantity(level)


def _inflow(inflow: dict[str, Any], words: Words) -> str:
    kind = str(inflow.get("kind", ""))
    parts = [_choice("inflow", kind, words)]
    if kind not in ("history", "table"):
        parts.append(_choice("inflow", f"at_{inflow.get('at')}", words))
        generator = inflow.get("generator") or {}
        if kind in ("lognormal_ar1", "thomas_fiering", "knn", "block_bootstrap"):
            parts.append(words("inflow.drawn", years=words.years(generator.get("years") or ["–"])))
        if kind == "block_bootstrap":
            parts.append(words.count("inflow.block", int(generator.get("block") or 1)))
    if inflow.get("mean") is not None:
        parts.append(words("inflow.mean", mean=_knots(inflow["mean"], words)))
    if inflow.get("reconstruct_from"):
        parts.append(words("inflow.reconstructed", day=inflow["reconstruct_from"]))
    if inflow.get("decline"):
        parts.append(words("inflow.decline", year=inflow.get("decline_from")))
    return "; ".join(parts)


def _climate_change(climate: dict[str, Any], words: Words) -> str:
    parts = []
    if climate.get("projection"):
        parts.append(words("climate.projection", name=climate["projection"].get("scenario")))
    for delta in (climate.get("deltas") or {}).values():
        variable = _choice("climate", f"delta_{delta.get('variable')}", words)
        parts.append(f"{variable}: {words.quantity(str(delta.get('change')))}")
    if climate.get("file") or climate.get("table"):
        parts.append(words("climate.own"))
    if climate.get("resample"):
        parts.append(words("climate.resample", years=words.years(climate["resample"])))
    return "; ".join(parts) or words("climate.unchanged")


def _reservoirs(reservoirs: dict[str, Any], words: Words) -> str:
    return "; ".join(
        f"{_choice('place', name, words)}: {_choice('reservoir', r.get('rule'), words)}"
        for name, r in reservoirs.items()
    )


def _parameters(chosen: dict[str, Any], words: Words) -> str:
    text = words("assumed.set", name=chosen.get("set", "–"))
    changed = chosen.get("overrides") or {}
    if not changed:
        return text
    listed = "; ".join(f"{k} = {words.quantity(str(v))}" for k, v in changed.items())
    return f"{text}; {words('assumed.changed')}: {listed}"


def _members(one: Outcome, words: Words) -> str:
    if one.single:
        return words("assumed.single")
    ensemble = one.scenario.get("ensemble") or {}
    seed = one.source.dataset.attrs.get("seed", ensemble.get("seed", "–"))
    parts = [words("assumed.seeded", members=words.count("unit.members", one.members), seed=seed)]
    varied = [*(ensemble.get("parameters") or {}), *(ensemble.get("factors") or {})]
    parts.append(
        words("assumed.varied", names=", ".join(map(str, varied)))
        if varied
        else words("assumed.not_varied")
    )
    return "; ".join(parts)


def _users(scenario: dict[str, Any], words: Words) -> Table | None:
    users = scenario.get("abstraction") or {}
    if not users:
        return None
    rows = [
        (
            _choice("place", name, words),
            _choice("place", user.get("place"), words),
            _knots(user.get("total"), words),
            words.quantity(str(user.get("efficiency", "–"))),
            words.quantity(str(user.get("return_flow", "–"))),
            words("assumed.assumed")
            if user.get("source") == "assumed"
            else str(user.get("source")),
        )
        for name, user in users.items()
    ]
    keys = ("user", "place", "total", "efficiency", "return", "source")
    return Table(
        words("assumed.users"), tuple(words(f"assumed.user_{k}") for k in keys), rows, words=True
    )
