"""Salt of Lake Balkhash: what holds its present salinities, and with what salt it set out.

Printed are a salinity (West 0.74 g/l), a stock (312 Mt), the salt of the Ili and the deposition
over the lake. They fix neither the exchange through the strait nor where the salt is deposited:
every exchange holds them with deposition times of its own. A prior on the exchange and on the salt
of the eastern rivers chooses, and draws from the priors carry what is left open into the starts of
runs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from balkhash_model import reference, units
from balkhash_model.errors import InputError, Problem
from balkhash_model.library import load_system
from balkhash_model.physics.two_basins import two_basin_losses
from balkhash_model.steady_state import equilibrium
from balkhash_model.system import LakeSystem, Parameter, ParameterSet

FloatArray = npt.NDArray[np.float64]

__all__ = [
    "GIVEN",
    "SOLVED",
    "MeanBalance",
    "SaltState",
    "draw_salt_states",
    "hold_present_state",
    "mean_balance",
    "present_salinity",
]

#: Parameters that a salt state takes as given; those with a prior are drawn.
GIVEN = ("strait_exchange", "eastern_salinity", "ili_salt", "salt_deposition")
#: Parameters that a salt state solves for.
SOLVED = (
    "ili_salinity",
    "groundwater_salinity",
    "west_deposition_time",
    "east_deposition_time",
)


class MeanBalance(NamedTuple):
    """Mean water balance of the lake 1961-2020, SI (m3 s-1 and m s-1)."""

    gauge: float
    ili: float
    eastern: float
    groundwater: float
    net_evaporation: float


@dataclass(frozen=True)
class SaltState:
    """Salt parameters with which the present salinities hold under the mean balance, SI.

    Attributes
    ----------
    strait_exchange, eastern_salinity, ili_salt, salt_deposition : float
        What was given (m3 s-1, kg m-3, kg s-1, kg s-1).
    ili_salinity : float
        Salinity at Ushzharma, kg m-3.
    groundwater_salinity : float
        Salinity of the groundwater, which brings what is missing, kg m-3.
    west_deposition_time, east_deposition_time : float
        Salt in the water over its deposition, s; infinite where nothing is deposited.
    west_deposition, east_deposition : float
        Salt that goes to the bed, kg s-1.
    flow : float
        Flow from West to East, m3 s-1.
    largest_exchange : float
        Exchange with which nothing would be left for the East to deposit, m3 s-1.
    """

    strait_exchange: float
    eastern_salinity: float
    ili_salt: float
    salt_deposition: float
    ili_salinity: float
    groundwater_salinity: float
    west_deposition_time: float
    east_deposition_time: float
    west_deposition: float
    east_deposition: float
    flow: float
    largest_exchange: float

    def parameters(self, base: ParameterSet) -> ParameterSet:
        """Put this state's values into a parameter set.

        The salinity above Kapshagay changes in step with that at Ushzharma.

        Parameters
        ----------
        base : ParameterSet
            The set that holds everything else; it is not changed.

        Returns
        -------
        ParameterSet
            A set with the same name.

        Examples
        --------
        >>> from balkhash_model.library import load_parameters
        >>> base = load_parameters("balkhash")
        >>> changed = hold_present_state(strait_exchange="0.5 km3/yr").parameters(base)
        >>> round(changed["strait_exchange"].value, 6)
        0.5
        """
        changed = dict(base)
        for name in (*GIVEN, *SOLVED):
            p, si = base[name], float(getattr(self, name))
            changed[name] = replace(p, value=units.from_si(si, p.unit), si=si)
        upper, scale = base["upper_ili_salinity"], self.ili_salinity / base["ili_salinity"].si
        changed[upper.name] = replace(upper, value=upper.value * scale, si=upper.si * scale)
        return ParameterSet(base.name, base.title, changed)


def mean_balance() -> MeanBalance:
    """Mean water balance 1961-2020 from the printed terms of Wang 2022.

    River inflow 14.04 km3/yr, of it the Ili 10.84; groundwater 0.52; evaporation 17.95 less
    precipitation 3.35 over 17 199 km2 (the area that goes with 194.78 mm of precipitation). The
    flow at Ushzharma is the mean of the printed periods, weighted by their years.

    Returns
    -------
    MeanBalance
        Flows in m3 s-1, net evaporation in m s-1.

    Examples
    --------
    >>> found = mean_balance()
    >>> round(found.net_evaporation * 365.2425 * 86400, 4)
    0.8489
    >>> round(found.gauge * 365.2425 * 86400 / 1e9, 2)
    13.32
    """
    budget = _rows("balkhash_budgets", budget="wang2022_mean").set_index("term")
    term = budget["term_km3_per_yr"].astype(float)
    printed = _rows("wang2022_printed").set_index("quantity")["value"].astype(float)
    periods = _rows("ili_flux_by_period", row_kind="period", gauge="ushzharma")
    first = periods["period_start"].astype(int).clip(lower=1961)
    years = periods["period_end"].astype(int) - first + 1
    gauge = float(np.average(periods["flow_km3_per_yr"].astype(float), weights=years))
    ili = float(printed["Ili inflow, mean"])
    area = float(term["precipitation"] / printed["precipitation depth, mean"]) * 1e6  # km2
    net = float(-term["evaporation"] - term["precipitation"]) / area * 1e3  # m/yr
    return MeanBalance(
        gauge=_flow(gauge),
        ili=_flow(ili),
        eastern=_flow(float(term["river inflow"]) - ili),
        groundwater=_flow(float(term["groundwater"])),
        net_evaporation=units.parse(f"{net!r} m/yr", "depth_rate", "net evaporation"),
    )


def _flow(km3_per_year: float) -> float:
    return units.parse(f"{km3_per_year!r} km3/yr", "flow", "mean balance")


def _rows(table: str, **where: str) -> pd.DataFrame:
    """Rows of a reference table in which columns have a value."""
    frame = reference.load(table).to_dataframe()
    for column, value in where.items():
        frame = frame[frame[column].astype(str) == value]
    return frame


@dataclass(frozen=True, eq=False)
class _Rest:
    """The lake at rest under the mean balance, West and East."""

    balance: MeanBalance
    volume: FloatArray
    share: FloatArray
    flow: float
    salinity: FloatArray

    @classmethod
    def of(cls, system: LakeSystem) -> _Rest:
        balance = mean_balance()
        water = equilibrium(
            system,
            inflow={"west": balance.ili, "east": balance.eastern},
            groundwater=balance.groundwater,
            net_evaporation=balance.net_evaporation,
            abstraction={"west": 0.0, "east": 0.0},
        ).sel(storage=["west", "east"])
        shares = dict(system.groundwater.shares)
        return cls(
            balance,
            water["water_volume"].values,
            np.array([shares["west"], shares["east"]]),
            float(water["link_flow"].sel(link="uzynaral")),
            np.array(present_salinity(system)),
        )


def present_salinity(system: LakeSystem) -> tuple[float, float]:
    """Salinities of West and East in the 2000s.

    That of the West is printed; the East holds, at the lake's reference level of 342.0 m, what the
    West does not hold of the printed stock.

    Parameters
    ----------
    system : LakeSystem
        Lake Balkhash; its curves give the volumes.

    Returns
    -------
    tuple of float
        Salinities, kg m-3.

    Examples
    --------
    (312 - 0.74 x 48.5) / 57.5:

    >>> west, east = present_salinity(load_system("balkhash"))
    >>> west, round(east, 3)
    (0.74, 4.802)
    """
    p = system.parameters
    level = p["lake_reference_level"].si
    west, east = (
        float(next(s.curve for s in system.storages if s.name == n).volume_at(level))
        for n in ("west", "east")
    )
    salinity = p["west_salinity"].si
    return salinity, (p["salt_stock"].si - salinity * west) / east


def hold_present_state(
    system: LakeSystem | None = None,
    *,
    strait_exchange: float | str | None = None,
    eastern_salinity: float | str | None = None,
    ili_salt: float | str | None = None,
    salt_deposition: float | str | None = None,
) -> SaltState:
    r"""Salt parameters with which the present salinities hold under the mean water balance.

    At rest all salt that comes goes to the bed, so the groundwater brings what the Ili and the
    eastern rivers do not, :math:`c_G = (D - F_{Ili} - c_E R)/G`. Each basin deposits what the
    exchange leaves over (:func:`balkhash_model.physics.two_basins.two_basin_losses`),
    :math:`D_W = F_W - (Q + X) S_W + X S_E` and :math:`D_E = D - D_W`, in the times :math:`T_i = V_i
    S_i / D_i`. X is free between zero and the value with which :math:`D_E = 0`.

    Parameters
    ----------
    system : LakeSystem, optional
        Lake Balkhash with the curves and present salinities to use; the default set by default.
    strait_exchange : str or number, optional
        X, m3 s-1 or with a unit; like all that follow by default that of the parameter set.
    eastern_salinity : str or number, optional
        Salinity of the eastern rivers, kg m-3.
    ili_salt : str or number, optional
        Salt that the Ili brings, kg s-1.
    salt_deposition : str or number, optional
        Deposition over the whole lake, kg s-1.

    Returns
    -------
    SaltState
        Given and solved values.

    Raises
    ------
    InputError
        Where groundwater would have to take salt away, or a basin to give salt back.

    Examples
    --------
    >>> found = hold_present_state()
    >>> times = np.array([found.west_deposition_time, found.east_deposition_time])
    >>> bool(times[0] < 10 * 31556952 < times[1])  # the West must deposit much faster
    True
    """
    system = system or load_system("balkhash")
    p = system.parameters
    asked = {
        "strait_exchange": strait_exchange,
        "eastern_salinity": eastern_salinity,
        "ili_salt": ili_salt,
        "salt_deposition": salt_deposition,
    }
    values = {n: _value(p[n], given) for n, given in asked.items()}
    return _solve(_Rest.of(system), values)


def _value(parameter: Parameter, given: float | str | None) -> float:
    if given is None:
        return parameter.si
    if isinstance(given, str):
        return units.parse(given, parameter.kind, parameter.name)
    return float(given)


def _solve(rest: _Rest, given: dict[str, float]) -> SaltState:
    balance, (west, east) = rest.balance, rest.salinity
    exchange, total = given["strait_exchange"], given["salt_deposition"]
    from_east = given["eastern_salinity"] * balance.eastern
    ground = total - given["ili_salt"] - from_east
    inflow = (
        given["ili_salt"] + rest.share[0] * ground,
        from_east + rest.share[1] * ground,
    )
    lost = [float(x) for x in two_basin_losses(inflow, rest.flow, exchange, (west, east))]
    problems = []
    if exchange < 0.0:
        problems.append(Problem("strait_exchange", "below zero", f"{exchange:g} m3/s"))
    if ground < 0.0:
        problems.append(
            Problem(
                "salt_deposition",
                "less than the Ili and the eastern rivers bring",
                f"{total:g} kg/s",
                f"at least {given['ili_salt'] + from_east:g} kg/s",
            )
        )
    largest = exchange + lost[1] / (east - west)
    if min(lost) < 0.0:
        problems.append(
            Problem(
                "strait_exchange",
                "a basin would have to take salt from its bed to keep its salinity",
                f"{exchange:g} m3/s",
                f"{exchange - lost[0] / (east - west):g} to {largest:g} m3/s",
            )
        )
    if problems:
        raise InputError(problems)
    mass = rest.volume * rest.salinity
    return SaltState(
        **given,
        ili_salinity=given["ili_salt"] / balance.gauge,
        groundwater_salinity=ground / balance.groundwater,
        west_deposition_time=mass[0] / lost[0] if lost[0] > 0.0 else np.inf,
        east_deposition_time=mass[1] / lost[1] if lost[1] > 0.0 else np.inf,
        west_deposition=lost[0],
        east_deposition=lost[1],
        flow=rest.flow,
        largest_exchange=largest,
    )


def draw_salt_states(
    n: int = 100, *, seed: int = 1, system: LakeSystem | None = None
) -> list[SaltState]:
    """Draw salt parameters that all hold the present state, from the priors of the given ones.

    A draw with which it cannot hold is dropped and replaced. The water balance is not drawn.

    Parameters
    ----------
    n : int, default 100
        Number of states.
    seed : int, default 1
        Seed of the draws.
    system : LakeSystem, optional
        As for :func:`hold_present_state`.

    Returns
    -------
    list of SaltState
        States.

    Raises
    ------
    InputError
        Where the priors hardly ever allow the present state.

    Examples
    --------
    >>> exchange = [s.strait_exchange * 31556952e-9 for s in draw_salt_states(200)]
    >>> bool(0.0 < min(exchange) < 0.2 < 0.6 < max(exchange) < 1.1)
    True
    """
    system = system or load_system("balkhash")
    rng, rest = np.random.default_rng(seed), _Rest.of(system)
    found: list[SaltState] = []
    for _ in range(50 * n):
        if len(found) == n:
            break
        given = {name: _draw(system.parameters[name], rng) for name in GIVEN}
        try:
            found.append(_solve(rest, given))
        except InputError:
            continue
    if len(found) < n:
        raise InputError(
            Problem(
                "priors of the salt parameters",
                "too few draws hold the present state",
                f"{len(found)} of {50 * n}",
            )
        )
    return found


def _draw(parameter: Parameter, rng: np.random.Generator) -> float:
    """One value of the prior within the range of the parameter, SI."""
    words = parameter.prior.replace("(", " ").replace(",", " ").replace(")", " ").split()
    numbers = [float(w) for w in words if w[0].isdigit()]
    while True:
        z = float(rng.standard_normal())
        if words[:1] == ["normal"]:
            value = numbers[0] + numbers[1] * z
        elif words[:2] == ["lognormal", "median"]:
            value = numbers[0] * numbers[1] ** z
        else:
            raise InputError(
                Problem(
                    f"parameter {parameter.name}",
                    "no prior to draw from",
                    repr(parameter.prior),
                    "normal(mean, sd) or lognormal(median m, factor f)",
                )
            )
        if parameter.lower <= value <= parameter.upper:
            return units.convert(value, parameter.unit, parameter.kind, parameter.name)
