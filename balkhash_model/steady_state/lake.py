"""The lake of a system as closed-lake theory sees it: one basin, or two and what joins them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem
from balkhash_model.physics import strait
from balkhash_model.system import LakeSystem, LinearLink, Link, Storage, Strait, Weir

FloatArray = npt.NDArray[np.float64]

__all__ = ["Lake", "closed_lake_of"]


@dataclass(frozen=True, eq=False)
class Lake:
    """The basins of a lake, the links between them and the curve of their common surface.

    Attributes
    ----------
    system : LakeSystem
        The system that the lake belongs to.
    basins : tuple of Storage
        One basin or two.
    links : tuple of Strait, LinearLink or Weir
        The links between them.
    level, area : array (rows,)
        Curve of the common surface (m, m2), from the highest sill and bottom up.
    """

    system: LakeSystem
    basins: tuple[Storage, ...]
    links: tuple[Link, ...]
    level: FloatArray
    area: FloatArray

    @property
    def names(self) -> list[str]:
        """Names of the basins.

        Returns
        -------
        list of str
            In the order of the lake.
        """
        return [b.name for b in self.basins]

    @property
    def bottoms(self) -> FloatArray:
        """Lowest level of each basin.

        Returns
        -------
        array (basin,)
            Levels, m.
        """
        return np.array([b.curve.level[0] for b in self.basins])

    @property
    def open(self) -> bool:
        """Whether water can stand at one level in all basins.

        Returns
        -------
        bool
            True for one basin, and for two that a strait or an open link joins.
        """
        return len(self.basins) == 1 or any(isinstance(x, Strait | LinearLink) for x in self.links)

    @property
    def signs(self) -> FloatArray:
        """Direction of each link.

        Returns
        -------
        array (link,)
            1 for a link from the first basin to the second, -1 for one that leads back.
        """
        return np.array([1.0 if x.source == self.names[0] else -1.0 for x in self.links])

    def flows(self, first: float, second: float) -> FloatArray:
        """Flow of each link for the levels of both basins.

        Parameters
        ----------
        first, second : float
            Levels, m.

        Returns
        -------
        array (link,)
            Flows from the source of each link to its target, m3 s-1.
        """
        levels = dict(zip(self.names, (first, second), strict=True))
        return np.array(
            [_link_flow(x, levels[x.source], levels[x.target]) for x in self.links], dtype=float
        )

    def exchange(self, first: float, second: float) -> float:
        """Flow from the first basin to the second through all links.

        Parameters
        ----------
        first, second : float
            Levels, m.

        Returns
        -------
        float
            Flow, m3 s-1.
        """
        return float(self.signs @ self.flows(first, second))

    def joined(self, levels: FloatArray) -> bool:
        """Whether the basins share one water surface.

        Parameters
        ----------
        levels : array (basin,)
            Levels, m.

        Returns
        -------
        bool
            True where each strait stands under water on both sides.
        """
        sills = [x.sill for x in self.links if isinstance(x, Strait)]
        return self.open and all(bool((levels > sill).all()) for sill in sills)


def _link_flow(link: Link, source: float, target: float) -> float:
    if isinstance(link, Strait):
        depth = max(source, target) - link.sill
        conveyance = strait.manning_conveyance(
            depth, width=link.width, length=link.length, roughness=link.roughness
        )
        # a sill with nothing on its other side sees its own depth as the head
        head = max(source, link.sill) - max(target, link.sill)
        return float(strait.strait_flow(head, conveyance, linear_head=link.linear_head))
    if isinstance(link, LinearLink):
        return link.conductance * (source - target)
    if isinstance(link, Weir):
        return float(
            strait.weir_flow(
                source, crest=link.crest, width=link.width, coefficient=link.coefficient
            )
        )
    raise TypeError(f"no steady flow for {type(link).__name__}")


def closed_lake_of(system: LakeSystem) -> Lake:
    """Take the lake of a system, where closed-lake theory holds for it.

    Parameters
    ----------
    system : LakeSystem
        The lake system.

    Returns
    -------
    Lake
        Its basins, links and common curve.

    Raises
    ------
    InputError
        Where the lake has more than two basins, or an outlet, or what is given is no lake system.

    Examples
    --------
    >>> from balkhash_model.library import load_system
    >>> lake = closed_lake_of(load_system("balkhash"))
    >>> lake.names, float(lake.level[0])
    (['west', 'east'], 335.0)
    """
    if not isinstance(system, LakeSystem):
        raise InputError(
            Problem(
                "system",
                "is no lake system",
                repr(system)[:60],
                "what bm.load_system(NAME) returns",
            )
        )
    where = f"system {system.name!r}"
    basins = tuple(system.storage(name) for name in system.lake)
    names = [b.name for b in basins]
    problems = []
    if len(basins) not in (1, 2):
        problems.append(
            Problem(
                f"{where}, lake",
                "closed-lake theory is written for one basin or two",
                str(len(basins)),
                hint="Simulate it with constant forcing instead",
            )
        )
    links = tuple(x for x in system.links if x.source in names)
    for link in links:
        if link.target not in names or not isinstance(link, Strait | LinearLink | Weir):
            problems.append(
                Problem(
                    f"{where}, link {link.name!r}",
                    "an outlet: closed-lake theory is of a lake without one",
                    f"{link.source} to {link.target}",
                    hint="Simulate it with constant forcing instead",
                )
            )
    if problems:
        raise InputError(problems)
    sills = [x.sill for x in links if isinstance(x, Strait)]
    floor = max([float(b.curve.level[0]) for b in basins] + sills)
    top = min(float(b.curve.level[-1]) for b in basins)
    rows = np.unique(np.concatenate([b.curve.level for b in basins] + [[floor, top]]))
    rows = rows[(rows >= floor) & (rows <= top)]
    area = np.sum([b.curve.area_at(rows) for b in basins], axis=0)
    return Lake(system, basins, links, rows, area)
