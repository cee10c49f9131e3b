"""A lake system as a graph, drawn: water bodies, what joins them, rivers and users."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from balkhash_model.plot._frame import blank, finish, halo, legend_on, pt
from balkhash_model.plot.style import PALETTE, Size, use_style
from balkhash_model.plot.words import Lang, heading, number, spoken, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from balkhash_model.system import LakeSystem

__all__ = ["system_diagram"]

#: Half the width and height of a box, where columns and rows are one apart.
_HALF_WIDE, _HALF_HIGH = 0.235, 0.19


@dataclass(frozen=True)
class _Way:
    """A link between two nodes, or to the outside."""

    name: str
    source: str
    target: str
    kind: str


def system_diagram(
    system: LakeSystem,
    *,
    title: str | None = None,
    ax: Axes | None = None,
    lang: Lang = "en",
    size: Size = "web",
) -> Figure:
    """Draw a lake system as a graph, from the rivers on the left to the terminal lake on the right.

    Parameters
    ----------
    system : LakeSystem
        The system.
    title : str, optional
        Title of the figure; the name of the system where not given.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    lang : {"en", "ru", "kk"}, default "en"
        Language of the texts.
    size : {"page", "slide", "web"}, default "web"
        Where the figure is shown; see :func:`balkhash_model.plot.use_style`.

    Returns
    -------
    matplotlib.figure.Figure
        Boxes are water bodies, small circles are places without volume; arrows are links, with two
        heads where water flows both ways. Rain and evaporation are not drawn.

    Examples
    --------
    >>> import balkhash_model as bm
    >>> figure = system_diagram(bm.load_system("balkhash"))
    >>> any("Uzynaral" in text.get_text() for text in figure.axes[0].texts)
    True
    """
    ways = _ways(system)
    place = _layout(system, ways)
    with use_style(size):
        figure = (
            blank(size, 0.75 + 0.15 * len({y for _, y in place.values()})) if ax is None else None
        )
        axes = ax if figure is None else figure.subplots()
        assert axes is not None
        _boxes(axes, system, place, lang)
        boxes = {storage.name for storage in system.storages}
        _between(axes, ways, place, boxes, lang)
        _inputs(axes, system, ways, place, lang)
        _losses(axes, system, ways, place, lang)
        _limits(axes, place)
        axes.set_axis_off()
        if figure is None:
            return legend_on(axes, lang)
        named = word("diagram.title", lang, name=heading(system.name, lang))
        finish(
            figure,
            named if title is None else title,
            legend=_key(system, ways, place, lang),
            caption=" ".join(
                word(f"diagram.{k}", lang)
                for k, there in (("caption", True), ("share", system.groundwater.shares))
                if there
            ),
            lang=lang,
        )
    return figure


def _kind(link: Any) -> str:
    """What a link is, told from what it has."""
    if hasattr(link, "sill"):
        return "strait"
    if hasattr(link, "crest"):
        return "weir"
    return "two_way" if hasattr(link, "conductance") else "release"


def _ways(system: LakeSystem) -> list[_Way]:
    found = [_Way(x.name, x.source, x.target, _kind(x)) for x in system.links]
    found += [_Way(d.name, d.source, d.target, "delta") for d in system.deltas]
    return found


def _layout(system: LakeSystem, ways: list[_Way]) -> dict[str, tuple[float, float]]:
    """Columns by how far a node is from the end of the water, rows by what feeds it."""
    names = [*(s.name for s in system.storages), *(j.name for j in system.junctions)]
    inner = [w for w in ways if w.source in names and w.target in names]
    depth = dict.fromkeys(names, 0)
    for _ in names:
        for way in inner:
            if way.source != way.target:
                depth[way.source] = min(max(depth[way.source], depth[way.target] + 1), len(names))
    last = max(depth.values())
    columns: dict[int, list[str]] = {}
    for name in names:
        columns.setdefault(last - depth[name], []).append(name)
    place: dict[str, tuple[float, float]] = {}
    for column in sorted(columns, reverse=True):
        # a node stands level with what it flows to, and nodes of a column one apart
        wish = {
            n: [place[w.target][1] for w in inner if w.source == n and w.target in place]
            for n in columns[column]
        }
        group = sorted(
            columns[column], key=lambda n: -(sum(wish[n]) / len(wish[n]) if wish[n] else 0)
        )
        centre = [sum(v) / len(v) for v in wish.values() if v]
        middle = sum(centre) / len(centre) if centre else 0.0
        for i, name in enumerate(group):
            place[name] = (float(column), middle + 0.5 * (len(group) - 1) - i)
    return place


def _wrapped(text: str, width: int) -> str:
    return "\n".join(textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=True))


def _say(axes: Axes, at: tuple[float, float], text: str, **look: Any) -> None:
    style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": pt(8.5)} | look
    axes.text(*at, text, path_effects=halo(), zorder=6, linespacing=1.05, **style)


def _arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    colour: str,
    *,
    both: bool = False,
    line: Any = "-",
) -> None:
    axes.annotate(
        "",
        end,
        start,
        arrowprops={
            "arrowstyle": "<|-|>" if both else "-|>",
            "color": colour,
            "lw": pt(1.6),
            "ls": line,
            "mutation_scale": pt(13),
            "shrinkA": 0,
            "shrinkB": 0,
        },
        zorder=3,
    )


def _boxes(
    axes: Axes, system: LakeSystem, place: dict[str, tuple[float, float]], lang: str
) -> None:
    from matplotlib.patches import FancyBboxPatch

    for storage in system.storages:
        x, y = place[storage.name]
        lake = storage.kind == "lake"
        axes.add_patch(
            FancyBboxPatch(
                (x - _HALF_WIDE, y - _HALF_HIGH),
                2 * _HALF_WIDE,
                2 * _HALF_HIGH,
                boxstyle=f"round,pad=0,rounding_size={0.09 if lake else 0.0}",
                fc=PALETTE["water"] if lake else "#E3E3E3",
                ec=PALETTE["west"] if lake else PALETTE["note"],
                lw=pt(1.6),
                zorder=2,
            )
        )
        _say(
            axes, (x, y), _wrapped(heading(storage.name, lang), 11), fontsize=pt(9.5), weight="bold"
        )
    for junction in system.junctions:
        x, y = place[junction.name]
        axes.plot(x, y, "o", ms=pt(11), mfc="white", mec=PALETTE["lake"], mew=pt(1.6), zorder=4)
        _say(axes, (x, y - 0.11), _wrapped(spoken(junction.name, lang), 14), va="top")


def _attachments(
    ways: list[_Way], place: dict[str, tuple[float, float]], boxes: set[str]
) -> dict[tuple[int, str], tuple[float, float]]:
    """Where each link touches its nodes: links on one side of a box stand apart, in order."""
    sides: dict[tuple[str, bool], list[tuple[float, int, str]]] = {}
    for i, way in enumerate(ways):
        for role, node, other in (
            ("start", way.source, way.target),
            ("end", way.target, way.source),
        ):
            right = place[other][0] > place[node][0]
            sides.setdefault((node, right), []).append((place[other][1], -i, role))
    found = {}
    for (node, right), ends in sides.items():
        x, y = place[node]
        wide = _HALF_WIDE if node in boxes else 0.05
        for k, (_, i, role) in enumerate(sorted(ends)):
            rise = 0.11 * (k - 0.5 * (len(ends) - 1)) if node in boxes else 0.0
            found[-i, role] = (x + wide if right else x - wide, y + rise)
    return found


def _between(
    axes: Axes,
    ways: list[_Way],
    place: dict[str, tuple[float, float]],
    boxes: set[str],
    lang: str,
) -> None:
    """Links between nodes, each with its name on the free side."""
    inner = [w for w in ways if w.target in place]
    ends = _attachments(inner, place, boxes)
    for i, way in enumerate(inner):
        start, end = ends[i, "start"], ends[i, "end"]
        _arrow(
            axes,
            start,
            end,
            PALETTE["west"],
            both=way.kind in ("strait", "two_way"),
            line=(0, (4, 2)) if way.kind == "delta" else "-",
        )
        second = any((w.source, w.target) == (way.source, way.target) for w in inner[:i])
        slope = end[1] - start[1] if end[0] > start[0] else start[1] - end[1]
        steep = abs(slope) > 0.3
        part = 0.7 if steep and way.kind == "delta" else 0.5
        at = (start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1]))
        side = "center"
        if steep:
            side = "left" if (slope < 0.0) != second else "right"
        shift = {"center": 0.0, "left": 0.03, "right": -0.03}[side]
        lift = (-0.05 if second else 0.05) * (0.4 if steep else 1.0)
        text = _wrapped(spoken(way.name, lang), 13)
        _say(axes, (at[0] + shift, at[1] + lift), text, ha=side, va="top" if second else "bottom")


def _key(
    system: LakeSystem, ways: list[_Way], place: dict[str, tuple[float, float]], lang: str
) -> tuple[list[Any], list[str]]:
    """The legend: of what the system has."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    blue = PALETTE["west"]
    kinds = {storage.kind == "lake" for storage in system.storages}
    straight = any(w.kind != "delta" or w.target not in place for w in ways)
    parts: dict[str, tuple[bool, Any]] = {
        "lake": (True in kinds, Patch(fc=PALETTE["water"], ec=blue, lw=pt(1.4))),
        "reservoir": (False in kinds, Patch(fc="#E3E3E3", ec=PALETTE["note"], lw=pt(1.4))),
        "junction": (
            bool(system.junctions),
            Line2D([], [], marker="o", ls="", mfc="white", mec="black", ms=pt(7)),
        ),
        "link": (straight, Line2D([], [], color=blue, lw=pt(1.6))),
        "delta": (bool(system.deltas), Line2D([], [], color=blue, lw=pt(1.6), ls=(0, (4, 2)))),
        "inflow": (
            bool(system.rivers or system.junctions or system.groundwater.shares),
            Line2D([], [], color=PALETTE["observed"], lw=pt(1.6)),
        ),
        "outflow": (
            bool(system.withdrawals or system.deltas),
            Line2D([], [], color=PALETTE["east"], lw=pt(1.6)),
        ),
    }
    there = {key: handle for key, (shown, handle) in parts.items() if shown}
    return list(there.values()), [word(f"diagram.{key}", lang) for key in there]


def _inputs(
    axes: Axes,
    system: LakeSystem,
    ways: list[_Way],
    place: dict[str, tuple[float, float]],
    lang: str,
) -> None:
    """Rivers and side flows: from the left where nothing else comes from there, else from above."""
    green = PALETTE["observed"]
    arriving: dict[str, list[str]] = {}
    for river in system.rivers:
        arriving.setdefault(river.to, []).append(river.name)
    for junction in system.junctions:
        arriving.setdefault(junction.name, []).append(junction.lateral)
    boxes = {storage.name for storage in system.storages}
    for name, rivers in arriving.items():
        x, y = place[name]
        wide, high = (_HALF_WIDE, _HALF_HIGH) if name in boxes else (0.055, 0.08)
        free = not any(w.target == name for w in ways)
        for i, arriving_river in enumerate(rivers):
            shift = (0.5 * (len(rivers) - 1) - i) / max(len(rivers) - 1, 1)
            if free:
                tail = (x - _HALF_WIDE - 0.26, y + 0.5 * shift)
                _arrow(axes, tail, (x - wide, y + 0.2 * shift), green)
                text = _wrapped(spoken(arriving_river, lang), 12)
                _say(axes, (tail[0] - 0.02, tail[1]), text, ha="right")
            else:
                at = x + 0.36 * shift
                _arrow(axes, (at, y + high + 0.3), (at, y + high), green)
                text = _wrapped(spoken(arriving_river, lang), 14)
                _say(axes, (at, y + high + 0.33), text, va="bottom")
    for name, share in system.groundwater.shares:
        x, y = place[name]
        _arrow(axes, (x + 0.15, y - _HALF_HIGH - 0.3), (x + 0.15, y - _HALF_HIGH), green, line=":")
        percent = number(100.0 * share, ".0f", lang)
        text = _wrapped(word("diagram.groundwater", lang, share=percent), 11)
        _say(axes, (x + 0.03, y - _HALF_HIGH - 0.34), text, va="top", ha="left")


def _losses(
    axes: Axes,
    system: LakeSystem,
    ways: list[_Way],
    place: dict[str, tuple[float, float]],
    lang: str,
) -> None:
    """Users, losses of deltas, and links that leave the system."""
    red = PALETTE["east"]
    for withdrawal in system.withdrawals:
        x, y = place[withdrawal.storage]
        _arrow(axes, (x - 0.15, y - _HALF_HIGH), (x - 0.15, y - _HALF_HIGH - 0.3), red)
        text = _wrapped(spoken(withdrawal.user, lang), 11)
        _say(axes, (x - 0.03, y - _HALF_HIGH - 0.34), text, va="top", ha="right")
    for delta in system.deltas:
        if delta.target in place:
            (x0, y0), (x1, y1) = place[delta.source], place[delta.target]
            part = 0.45
            middle = (x0 + part * (x1 - x0), y0 + part * (y1 - y0))
            _arrow(axes, middle, (middle[0], middle[1] - 0.24), red)
            text = _wrapped(spoken(delta.loss_name, lang), 13)
            _say(axes, (middle[0], middle[1] - 0.27), text, va="top")
    leaving = [w for w in ways if w.target not in place]
    for way in leaving:
        x, y = place[way.source]
        same = [w for w in leaving if w.source == way.source]
        rise = 0.1 * (0.5 * (len(same) - 1) - same.index(way)) * 2.0
        start = x + (_HALF_WIDE if _is_box(system, way.source) else 0.055)
        _arrow(axes, (start, y + rise), (start + 0.42, y + rise), PALETTE["west"])
        above = rise >= 0.0
        text = _wrapped(spoken(way.name, lang), 13)
        at = (start + 0.21, y + rise + (0.05 if above else -0.05))
        _say(axes, at, text, va="bottom" if above else "top")


def _is_box(system: LakeSystem, name: str) -> bool:
    return name in system.storage_names()


def _limits(axes: Axes, place: dict[str, tuple[float, float]]) -> None:
    """Limits that hold all that is drawn, texts included as far as their anchors."""
    texts = [t.get_position() for t in axes.texts if t.get_text()]
    heights = [y for _, y in texts] + [y for _, y in place.values()]
    columns = max(x for x, _ in place.values())
    right = max([x for x, _ in texts] + [columns])
    right = max(right + 0.25, columns + 0.38)
    spare = max(0.0, 3.0 - (right + 0.98))
    axes.set_xlim(-0.98 - 0.5 * spare, right + 0.5 * spare)
    axes.set_ylim(min(heights) - 0.32, max(heights) + 0.3)
