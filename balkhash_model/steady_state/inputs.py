"""What closed-lake theory needs of its user, read at the door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from balkhash_model import units
from balkhash_model.errors import InputError, Problem, nearest
from balkhash_model.steady_state.lake import Lake
from balkhash_model.system import LakeSystem

FloatArray = npt.NDArray[np.float64]

__all__ = [
    "Amount",
    "ByBasin",
    "Supply",
    "read_by_basin",
    "read_groundwater",
    "read_net_evaporation",
    "read_numbers",
    "read_supply",
    "show_flow",
]

#: A text with its unit, a number in SI, or a row of either.
Amount = str | float | Sequence[str] | Sequence[float] | FloatArray
ByBasin = Amount | Mapping[str, Amount]


def read_numbers(value: object, kind: str, where: str, problems: list[Problem]) -> FloatArray:
    """Read a text with its unit, or numbers in SI.

    Parameters
    ----------
    value : str, number or row of them
        What the user gave.
    kind : str
        A kind of :data:`balkhash_model.units.KINDS`.
    where : str
        Its name, for errors.
    problems : list of Problem
        Where faults are added.

    Returns
    -------
    array () or (n,)
        Numbers in SI; NaN where something is wrong.

    Examples
    --------
    >>> read_numbers(["1 m3/s", "2 m3/s"], "flow", "inflow", [])
    array([1., 2.])
    """
    expected = f"{units.KINDS[kind].expected}, or a number in {units.KINDS[kind].si}"
    try:
        if isinstance(value, str):
            return np.array(units.parse(value, kind, where))
        if isinstance(value, list | tuple) and value and all(isinstance(x, str) for x in value):
            return np.array([units.parse(x, kind, where) for x in value])
        array = np.asarray(value)
        if array.dtype.kind not in "iuf":
            raise InputError(Problem(where, "not a quantity", repr(value), expected))
        array = array.astype(np.float64)
        if array.ndim > 1 or array.size == 0:
            raise InputError(
                Problem(where, "not one number or one row of numbers", str(array.shape), expected)
            )
        if not np.isfinite(array).all():
            raise InputError(Problem(where, "not a finite number", repr(value), expected))
        return array
    except InputError as error:
        problems.extend(error.problems)
        return np.array(np.nan)


def read_by_basin(
    value: ByBasin,
    kind: str,
    where: str,
    names: list[str],
    problems: list[Problem],
    *,
    signed: bool = False,
    complete: bool = False,
) -> tuple[FloatArray, FloatArray | None]:
    """Read a quantity of the whole lake, or of each basin.

    Parameters
    ----------
    value : str, number, row of them, or mapping of basin to them
        What the user gave.
    kind : str
        A kind of :data:`balkhash_model.units.KINDS`.
    where : str
        Its name, for errors.
    names : list of str
        The basins.
    problems : list of Problem
        Where faults are added.
    signed : bool, default False
        Whether it may be negative.
    complete : bool, default False
        Whether a mapping must name every basin; otherwise a basin that it leaves out has none.

    Returns
    -------
    tuple of array
        Total, and the part of each basin on the last axis; None for the parts where two basins
        share a total.

    Examples
    --------
    >>> total, parts = read_by_basin({"east": "2 m3/s"}, "flow", "inflow", ["west", "east"], [])
    >>> float(total), parts.tolist()
    (2.0, [0.0, 2.0])
    """
    if isinstance(value, Mapping):
        for key in value:
            if key not in names:
                problems.append(
                    Problem(f"{where} of {key!r}", "no such basin", hint=nearest(str(key), names))
                )
        lacking = [n for n in names if n not in value] if complete else []
        problems += [
            Problem(
                f"{where} of {name!r}",
                "missing",
                expected=f"every basin of the lake: {', '.join(names)}",
                hint=f"Give {name!r}: 0.0 where it has none",
            )
            for name in lacking
        ]
        given = [
            read_numbers(value.get(n, 0.0), kind, f"{where} of {n!r}", problems) for n in names
        ]
        lengths = {g.size for g in given if g.ndim}
        if len(lengths) > 1:
            problems.append(Problem(where, "rows of different lengths", str(sorted(lengths))))
            given = [np.array(np.nan)] * len(names)
        parts = np.stack(np.broadcast_arrays(*given), axis=-1)
    else:
        total = read_numbers(value, kind, where, problems)
        if len(names) > 1:
            _refuse_negative(total, where, problems, signed)
            return total, None
        parts = total[..., None]
    _refuse_negative(parts, where, problems, signed)
    return parts.sum(axis=-1), parts


def _refuse_negative(values: FloatArray, where: str, problems: list[Problem], signed: bool) -> None:
    if not signed and (values < 0.0).any():
        problems.append(Problem(where, "negative", f"{np.nanmin(values):g}", "zero or more, in SI"))


def read_net_evaporation(
    system: LakeSystem, given: Amount | None, problems: list[Problem]
) -> float:
    """Read the net evaporation, by default that of the parameter set.

    Parameters
    ----------
    system : LakeSystem
        The lake system.
    given : str or number, optional
        What the user gave.
    problems : list of Problem
        Where faults are added.

    Returns
    -------
    float
        Evaporation less precipitation, m s-1; NaN where it is missing.

    Examples
    --------
    >>> from balkhash_model.library import load_system
    >>> round(read_net_evaporation(load_system("balkhash"), None, []) * 31556952, 4)
    0.8337
    """
    where = "net_evaporation"
    if given is None:
        if where not in system.parameters:
            problems.append(
                Problem(
                    where,
                    "missing",
                    expected=units.KINDS["depth_rate"].expected,
                    hint=f"Parameter set {system.parameters.name!r} has none",
                )
            )
            return np.nan
        return system.parameters[where].si
    value = read_numbers(given, "depth_rate", where, problems)
    if value.ndim:
        problems.append(Problem(where, "one number is needed", str(value.tolist())))
        return np.nan
    if value <= 0.0:
        problems.append(
            Problem(
                where,
                "not positive: a lake that rain fills has no equilibrium",
                f"{float(value):g} m/s",
                units.KINDS["depth_rate"].expected,
            )
        )
    return float(value)


def read_groundwater(
    system: LakeSystem, given: ByBasin | None, names: list[str], problems: list[Problem]
) -> tuple[FloatArray, FloatArray | None]:
    """Read the net inflow from the ground, by default that of the parameter set.

    Parameters
    ----------
    system : LakeSystem
        The lake system, which says how a total is shared.
    given : str, number or mapping, optional
        What the user gave.
    names : list of str
        The basins.
    problems : list of Problem
        Where faults are added.

    Returns
    -------
    tuple of array
        Total and parts, m3 s-1, as :func:`read_by_basin` gives them.

    Examples
    --------
    >>> from balkhash_model.library import load_system
    >>> _, parts = read_groundwater(load_system("balkhash"), 10.0, ["west", "east"], [])
    >>> parts.round(3)
    array([5.831, 4.169])
    """
    if given is None:
        given = system.parameters["groundwater"].si if "groundwater" in system.parameters else 0.0
    total, parts = read_by_basin(given, "flow", "groundwater", names, problems, signed=True)
    shares = dict(system.groundwater.shares)
    if parts is None and (total == 0.0).all():
        parts = np.zeros((*total.shape, len(names)))
    elif parts is None and shares:
        parts = total[..., None] * np.array([shares.get(n, 0.0) for n in names])
        total = parts.sum(axis=-1)
    return total, parts


def _abstraction(
    system: LakeSystem, given: ByBasin | None, names: list[str], problems: list[Problem]
) -> tuple[FloatArray, FloatArray | None]:
    if given is None:
        given = {n: float(sum(w.flow for w in system.withdrawals if w.storage == n)) for n in names}
    return read_by_basin(given, "flow", "abstraction", names, problems)


@dataclass(frozen=True, eq=False)
class Supply:
    """What a lake gains beside its own rain and evaporation, and how much it loses by them.

    Attributes
    ----------
    net_evaporation : float
        Evaporation less precipitation, m s-1.
    inflow, groundwater, abstraction : array
        Rivers, net inflow from the ground and water taken, m3 s-1.
    inflow_parts, groundwater_parts, abstraction_parts : array (..., basin) or None
        The same by basin, where it is known.
    """

    net_evaporation: float
    inflow: FloatArray
    groundwater: FloatArray
    abstraction: FloatArray
    inflow_parts: FloatArray | None
    groundwater_parts: FloatArray | None
    abstraction_parts: FloatArray | None

    @property
    def total(self) -> FloatArray:
        """What the whole lake gains.

        Returns
        -------
        array
            Flow, m3 s-1.
        """
        return self.inflow + self.groundwater - self.abstraction

    @property
    def parts(self) -> FloatArray | None:
        """What each basin gains.

        Returns
        -------
        array (..., basin) or None
            Flows, m3 s-1; None where the share of a basin is not known.
        """
        rows = (self.inflow_parts, self.groundwater_parts, self.abstraction_parts)
        if any(r is None for r in rows):
            return None
        inflow, ground, taken = (np.asarray(r) for r in rows)
        total: FloatArray = inflow + ground - taken
        return total


def read_supply(
    lake: Lake,
    inflow: ByBasin,
    net_evaporation: Amount | None,
    groundwater: ByBasin | None,
    abstraction: ByBasin | None,
    problems: list[Problem],
) -> Supply:
    """Read what a lake gains.

    Parameters
    ----------
    lake : Lake
        The lake.
    inflow : str, number, row of them, or mapping
        River inflow.
    net_evaporation : str or number, optional
        Evaporation less precipitation.
    groundwater : str, number or mapping, optional
        Net inflow from the ground.
    abstraction : str, number or mapping, optional
        Water taken.
    problems : list of Problem
        Faults found before.

    Returns
    -------
    Supply
        All of it in SI.

    Raises
    ------
    InputError
        For all faults, those found before among them.
    """
    names = lake.names
    e = read_net_evaporation(lake.system, net_evaporation, problems)
    rivers = read_by_basin(inflow, "flow", "inflow", names, problems, complete=True)
    ground = read_groundwater(lake.system, groundwater, names, problems)
    taken = _abstraction(lake.system, abstraction, names, problems)
    for name, (total, _) in {"groundwater": ground, "abstraction": taken}.items():
        if total.ndim:
            problems.append(
                Problem(name, "one number is needed", str(total.tolist()), "only inflow is swept")
            )
    if problems:
        raise InputError(problems)
    return Supply(e, rivers[0], ground[0], taken[0], rivers[1], ground[1], taken[1])


def show_flow(flow: float) -> str:
    """Write a flow as people do.

    Parameters
    ----------
    flow : float
        Flow, m3 s-1.

    Returns
    -------
    str
        The flow in km3 per year.

    Examples
    --------
    >>> show_flow(472.162)
    '14.9 km3/yr'
    """
    return f"{units.from_si(flow, 'km3/yr'):.4g} km3/yr"
