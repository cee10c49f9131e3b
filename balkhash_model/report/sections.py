"""Sections of what came out: level, chance, Aral, budget, salinity, Kapshagay, indicators."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr

from balkhash_model.diagnostics import budget_table
from balkhash_model.diagnostics.courses import Course
from balkhash_model.quantities import label
from balkhash_model.report import beside_aral, figures
from balkhash_model.report.blocks import Block, Section, Table, known_columns
from balkhash_model.report.language import Words
from balkhash_model.report.outcomes import Outcome, Span
from balkhash_model.report.water_use import water_use_table

__all__ = ["outcome_sections"]

_YEAR, _KM3 = 365.2425 * 86400.0, 1e9
_BUDGET = {
    "inflow": "river_inflow",
    "precipitation": "precipitation",
    "evaporation": "evaporation",
    "groundwater": "groundwater_inflow",
    "abstraction": "abstraction",
}


def outcome_sections(found: Sequence[Outcome], words: Words, baseline: Course) -> list[Section]:
    """Write the sections that show what came out.

    Parameters
    ----------
    found : sequence of Outcome
        The plans.
    words : Words
        The language.
    baseline : Course
        The Aral Sea.

    Returns
    -------
    list of Section
        Level, staying above the threshold, Aral Sea, budget, salinity, Kapshagay, indicators.
    """
    sections = [
        Section("level", words("level.title"), [figures.level_figure(found, words)]),
        _chance(found, words),
        _aral(found, words, baseline),
        _budget(found, words),
        _salinity(found, words),
    ]
    if any("kapshagay" in _storages(o) or o.result is None for o in found):
        sections.append(_kapshagay(found, words))
    return [*sections, _indicators(found, words)]


def _storages(one: Outcome) -> list[str]:
    return [] if one.result is None else [str(s) for s in one.result["storage"].values]


def _title(one: Outcome, found: Sequence[Outcome]) -> list[Block]:
    return [Block("heading", one.label)] if len(found) > 1 else []


def _each(found: Sequence[Outcome], parts: Sequence[Block]) -> list[Block]:
    """One block for each plan under its name; one alone where all say the same words."""
    if all(p.kind == "text" and p == parts[0] for p in parts):
        return list(parts[:1])
    blocks: list[Block] = []
    for one, part in zip(found, parts, strict=True):
        blocks += [*_title(one, found), part]
    return blocks


def _chance(found: Sequence[Outcome], words: Words) -> Section:
    known = [o for o in found if o.threshold is not None]
    if not known or known[0].threshold is None:
        return Section("chance", words("chance.title_none"), [Block("text", words("chance.none"))])
    level = words.number(known[0].threshold, 1)
    same = len({o.threshold for o in known}) == 1
    title = words("chance.title", threshold=level) if same else words("chance.title_own")
    blocks: list[Block] = []
    picture = figures.chance_figure(found, words) if same else None
    if picture is not None:
        blocks += [Block("text", words("chance.what")), picture]
    members = [o for o in known if o.stay is not None]
    if members:
        blocks += [_stay_table(group, words) for group in _alike(members)]
    for one in known:
        if one.stay is None:
            blocks += [*_title(one, found), Block("text", _below(one, words))]
    return Section("chance", title, blocks)


def _alike(members: Sequence[Outcome]) -> list[list[Outcome]]:
    """Plans that one table can hold: of the same years and the same level to keep."""
    groups: dict[tuple[int, int, float | None], list[Outcome]] = {}
    for one in members:
        groups.setdefault((one.first_year, one.last_year, one.threshold), []).append(one)
    return list(groups.values())


def _stay_table(members: Sequence[Outcome], words: Words) -> Block:
    stays = [o.stay for o in members if o.stay is not None]
    years = [int(y) for y in stays[0].index]
    # every year of a decade; beyond that every fifth
    step = 1 if len(years) <= 10 else 5 if len(years) <= 100 else 50
    shown = [y for i, y in enumerate(years) if (i + 1) % step == 0 or y == years[-1]]
    head = [words("chance.year")]
    for one in members:
        prefix = f"{one.label}: " if len(members) > 1 else ""
        head += [prefix + words("chance.never"), prefix + words("chance.now")]
    rows: list[tuple[str, ...]] = []
    for year in shown:
        cells = [str(year)]
        for stay in stays:
            cells += [words.share(float(stay[c].loc[year])) for c in ("never", "now")]
        rows.append(tuple(cells))
    counts = "; ".join(f"{o.label}: {words.count('unit.members', o.members)}" for o in members)
    caption = words("chance.table", threshold=words.number(members[0].threshold or math.nan, 1))
    return Block(
        "table", counts + ". " + words("chance.note"), table=Table(caption, tuple(head), rows)
    )


def _below(one: Outcome, words: Words) -> str:
    years = one.spans["years_below"].mid
    total = words.count("unit.years", one.last_year - one.first_year + 1)
    level = words.number(one.threshold or math.nan, 1)
    if years == 0.0:
        return words("chance.single_never", threshold=level, total=total)
    return words(
        "chance.single_below",
        threshold=level,
        total=total,
        years=words.count("unit.years", years, 1),
        first=int(one.first_below),
    )


def _aral(found: Sequence[Outcome], words: Words, baseline: Course) -> Section:
    # without volumes nothing tells when a lake began to fall
    told = "aral.what" if any(o.path is not None for o in found) else "aral.what_level"
    blocks = [Block("text", words(told))]
    picture = beside_aral.aral_figure(found, words, baseline)
    if picture is not None:
        blocks.append(picture)
    rows: list[tuple[str, ...]] = []
    for one in found:
        row = one.nearness(baseline)
        if row is None:
            continue
        onset = float(row["onset"])
        rows.append(
            (
                one.label,
                str(int(row["year"])),
                words("aral.no_onset") if math.isnan(onset) else f"{onset:.0f}",
                words.number(float(row["fall_m"]), 2),
                words.share(float(row["volume_lost"])),
                words.share(float(row["baseline_volume_lost"])),
                _equivalent(float(row["equivalent_year"]), words),
                _between(float(row["equivalent_low"]), float(row["equivalent_high"]), words),
                words.share(float(row["inflow_deficit"])),
            )
        )
    if rows:
        head = tuple(
            words(f"aral.head_{k}")
            for k in (
                "plan",
                "year",
                "onset",
                "fall",
                "lost",
                "same",
                "equivalent",
                "range",
                "deficit",
            )
        )
        blocks.append(
            Block("table", words("aral.note"), table=Table(words("aral.table"), head, rows))
        )
    views = beside_aral.aral_views(found, words, baseline)
    return Section("aral", words("aral.title"), blocks + ([views] if views is not None else []))


def _equivalent(year: float, words: Words) -> str:
    if math.isinf(year):
        return words("aral.before" if year < 0 else "aral.beyond")
    return words.number(math.nan) if math.isnan(year) else f"{year:.0f}"


def _between(low: float, high: float, words: Words) -> str:
    first, last = _equivalent(low, words), _equivalent(high, words)
    return first if first == last else words("aral.to", low=first, high=last)


def periods_of(one: Outcome) -> list[tuple[int, int]]:
    """Give the periods of the scenario that the run reaches; its years where there are none.

    Parameters
    ----------
    one : Outcome
        The plan.

    Returns
    -------
    list of tuple of int
        First and last years.
    """
    periods = [
        (max(int(a), one.first_year), min(int(b), one.last_year))
        for a, b in one.scenario.get("outputs", {}).get("periods", [])
        if int(a) <= one.last_year and int(b) >= one.first_year
    ]
    return list(dict.fromkeys(periods)) or [(one.first_year, one.last_year)]


def mean_of(result: xr.Dataset) -> xr.Dataset:
    """Give the mean of the members; fluxes and volumes are linear in it.

    Parameters
    ----------
    result : xarray.Dataset
        A run, with members or without.

    Returns
    -------
    xarray.Dataset
        Numbers of one run.
    """
    if "realization" not in result.dims:
        return result
    numbers = [name for name in result.data_vars if result[name].dtype.kind == "f"]
    return result[numbers].mean("realization", keep_attrs=True)


def _budget(found: Sequence[Outcome], words: Words) -> Section:
    parts = _each(found, [_budget_of(o, words) for o in found])
    return Section("budget", words("budget.title"), [Block("text", words("budget.what")), *parts])


def _budget_of(one: Outcome, words: Words) -> Block:
    if one.result is None:
        return Block("text", words("budget.none"))
    lake = figures.lake_basins(one.result)
    table = budget_table(mean_of(one.result), periods_of(one), lake)
    rows: list[tuple[str, ...]] = []
    for column, quantity in (_BUDGET | {"exchange": "", "change of storage": ""}).items():
        if column not in table:
            continue
        key = column.replace(" ", "_")
        text = label(quantity, words.language, "") if quantity else words(f"budget.{key}")
        rows.append((text, *(words.number(float(v), 2) for v in table[column])))
    head = (words("budget.term"), *(words.years(str(p).split("-")) for p in table.index))
    worst = float(abs(one.result["balance_residual"]).max())
    note = words("budget.closed", residual=_power(worst, words))
    if not one.single:
        note = words("budget.mean", members=words.count("unit.members", one.members)) + " " + note
    return Block("table", note, table=Table(words("budget.table"), head, rows))


def _power(value: float, words: Words) -> str:
    """A very small number as a power of ten."""
    if value == 0.0:
        return "0"
    exponent = math.floor(math.log10(value))
    digits = str(abs(exponent)).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{words.number(value / 10.0**exponent, 0)}·10{'⁻' if exponent < 0 else ''}{digits}"


def _salinity(found: Sequence[Outcome], words: Words) -> Section:
    picture = figures.salinity_figure(found, words)
    title = words("salinity.title")
    if picture is None:
        return Section("salinity", title, [Block("text", words("salinity.none"))])
    rows: list[tuple[str, ...]] = []
    unsalted = []
    for one in found:
        for name, (low, mid, high, years) in figures.salinities(one).items():
            # a lake has had its salt before the run
            unsalted.append(float(mid[0]) == 0.0)
            prefix = f"{one.label}: " if len(found) > 1 else ""
            last = years > one.last_year
            end = Span(*(float(np.mean(v[last])) for v in (low, mid, high)))
            rows.append(
                (
                    prefix + figures.place(name, words),
                    words.number(float(mid[0]), 2),
                    words.number(end.mid, 2),
                    _range(end, words, 2, one),
                    words.number(float(np.nanmax(mid)), 2),
                )
            )
    head = tuple(words(f"salinity.head_{k}") for k in ("basin", "start", "end", "range", "most"))
    head, rows = known_columns(head, rows, words.number(math.nan))
    table = Block("table", words("salinity.note"), table=Table(words("salinity.table"), head, rows))
    warning = [Block("warning", words("salinity.unsalted"))] if any(unsalted) else []
    return Section("salinity", title, [*warning, picture, table])


def _range(span: Span, words: Words, digits: int, one: Outcome) -> str:
    if one.single:
        return words.number(math.nan)
    return words(
        "unit.range", low=words.number(span.low, digits), high=words.number(span.high, digits)
    )


def _kapshagay(found: Sequence[Outcome], words: Words) -> Section:
    parts = _each(found, [_reservoir(o, words) for o in found])
    return Section("kapshagay", words("kapshagay.title"), parts)


def _reservoir(one: Outcome, words: Words) -> Block:
    if one.result is None:
        return Block("text", words("kapshagay.not_kept"))
    if "kapshagay" not in _storages(one):
        return Block("text", words("kapshagay.absent"))
    result = mean_of(one.result)
    part = result.sel(storage="kapshagay")
    if not float(part["water_volume"].max()) > 0.0:
        return Block("text", words("kapshagay.idle"))
    seconds = np.diff(result["time_edge"].values.astype("datetime64[s]")).astype(float)
    years = result["time"].dt.year.values
    release = sum(
        part_of
        for i, part_of in enumerate(result["link_flow"].transpose("link", "time").values)
        if str(result["link_from"].values[i]) == "kapshagay"
    )
    terms = {
        "river_inflow": part["river_inflow"].values,
        "release": -np.asarray(release, dtype=float),
        "evaporation": part["evaporation"].values,
        "abstraction": part["abstraction"].values,
    }
    spans = periods_of(one)
    masks = [(years >= a) & (years <= b) for a, b in spans]
    rows: list[tuple[str, ...]] = []
    for name, flux in terms.items():
        text = words("kapshagay.release") if name == "release" else label(name, words.language, "")
        cells = [float((flux * seconds)[m].sum() / seconds[m].sum() * _YEAR / _KM3) for m in masks]
        rows.append((text, *(words.number(v, 2) for v in cells)))
    level = part["water_level_edge"].values[1:]
    ends = [float(level[m][-1]) for m in masks]
    rows.append((words("kapshagay.level"), *(words.number(v, 2) for v in ends)))
    volume = part["water_volume"].values[1:] / _KM3
    rows.append(
        (words("kapshagay.volume"), *(words.number(float(volume[m][-1]), 2) for m in masks))
    )
    head = (words("budget.term"), *(words.years(p) for p in spans))
    return Block(
        "table", words("kapshagay.note"), table=Table(words("kapshagay.table"), head, rows)
    )


def _indicators(found: Sequence[Outcome], words: Words) -> Section:
    names = ("end", "change", "lowest", "lowest_year", "years_below", "first_below")
    head = (words("indicators.name"), *(o.label for o in found))
    rows: list[tuple[str, ...]] = []
    for name in names:
        cells = [_indicator(o, name, words) for o in found]
        rows.append((words(f"indicators.{name}"), *cells))
    if not all(o.single for o in found):
        rows.append((words("indicators.members"), *(words.number(o.members, 0) for o in found)))
    bands = sorted({words.share(o.band[1] - o.band[0]) for o in found if not o.single})
    note = words("indicators.note", share=", ".join(bands)) if bands else ""
    table = Table(words("indicators.table"), head, rows)
    blocks = [Block("table", note, table=table)]
    use = water_use_table(found, words)
    if use is not None:
        blocks.append(use)
    return Section("indicators", words("indicators.title"), blocks)


def _indicator(one: Outcome, name: str, words: Words) -> str:
    needs = name in ("years_below", "first_below")
    if needs and one.threshold is None:
        return words.number(math.nan)
    if name == "first_below":
        never = math.isnan(one.first_below)
        return words("indicators.never") if never else str(int(one.first_below))
    span = one.spans[name]
    if name == "lowest_year":
        return str(int(span.mid))
    digits = 1 if name == "years_below" else 2
    text = words.number(span.mid, digits, sign=name == "change")
    if one.single:
        return text
    low, high = (words.number(v, digits, sign=name == "change") for v in (span.low, span.high))
    return f"{text} ({words('unit.range', low=low, high=high)})"
