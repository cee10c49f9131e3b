"""Salt of Lake Balkhash: what holds its present salinities, and with what salt it set out.

Printed are a salinity (West 0.74 g/l), a stock (312 Mt), the salt of the Ili and the deposition
over the lake. They fix neither the exchange through the strait nor where the salt is deposited:
every exchange holds them with deposition times of its own. A prior on the exchange and on the salt
of the eastern rivers chooses, and draws from the priors carry what is left open into the starts of
runs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from balkhash_model import reference, units
from balkhash_model.errors import InputError, Problem
from balkhash_model.forcing.adaptation import adapt_system
from balkhash_model.library import load_system
from balkhash_model.physics.two_basins import two_basin_losses
from balkhash_model.runs import Case, build
from balkhash_model.scenario import Scenario, load_scenario
from balkhash_model.simulation import simulate
from balkhash_model.steady_state import equilibrium
from balkhash_model.system import LakeSystem, Parameter, ParameterSet

FloatArray = npt.NDArray[np.float64]

__all__ = [
    "GIVEN",
    "PRESENT",
    "SOLVED",
    "MeanBalance",
    "SaltState",
    "draw_salt_states",
    "hold_present_state",
    "mean_balance",
    "present_salinity",
    "spin_up",
    "upper_ili_salinity",
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
#: First and last year to which the present stock belongs.
PRESENT = (2000, 2009)
#: Years at the start of a run whose mean flows the West is at rest with.
_LEAD_YEARS = 9


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


def upper_ili_salinity(scenario: str | os.PathLike[str] | Scenario = "hindcast_free") -> float:
    """Salinity of the rivers above Kapshagay with which the Ili has its own at Ushzharma.

    The reservoir evaporates water and keeps the salt. The salt at the mouth is linear in what comes
    from above the reservoir and from below it, so two runs with the salt of one of them tell how
    much of it arrives.

    Parameters
    ----------
    scenario : str, path-like or Scenario, default "hindcast_free"
        A single run.

    Returns
    -------
    float
        Salinity with which the mean of the run at Ushzharma, weighted by flow, is ``ili_salinity``
        of the parameter set, kg m-3.

    Examples
    --------
    >>> upper = upper_ili_salinity()
    >>> upper < load_system("balkhash").parameters["ili_salinity"].si
    True
    """
    record = scenario if isinstance(scenario, Scenario) else load_scenario(str(scenario))
    case = build(record)
    base = load_system(
        record.system, parameters=record.parameters.set, overrides=record.parameters.overrides
    ).parameters

    def arrives(**salinity: float) -> tuple[float, float]:
        """Mean salt that the Ili brings, and mean flow at Ushzharma."""
        changed = dict(base)
        for name in ("upper_ili_salinity", "ili_salinity", "groundwater_salinity"):
            si = salinity.get(name, 0.0)
            changed[name] = replace(base[name], value=si, si=si)
        parameters = ParameterSet(base.name, base.title, changed)
        system = adapt_system(record, load_system(record.system, parameters=parameters))
        result = simulate(system, case.forcing, initial=case.levels, initial_salinity={})
        seconds = np.diff(result["time_edge"].values).astype("timedelta64[s]").astype(float)
        weight = seconds / seconds.sum()
        head = result["link_flow"].sel(link=["ili_delta", "ili_delta_loss"]).sum("link")
        salt = result["salt_inflow"].sel(storage="west")
        return float(weight @ salt.values), float(weight @ head.values)

    above, flow = arrives(upper_ili_salinity=1.0)
    below, _ = arrives(ili_salinity=1.0)
    return base["ili_salinity"].si * (flow - below) / above


def spin_up(
    scenario: str | os.PathLike[str] | Scenario = "hindcast_free",
    states: Sequence[SaltState] | None = None,
) -> pd.DataFrame:
    r"""Salinities at the start of a run that agree with the present state, for each salt state.

    The West forgets its start (a ninth is left after ten years), so it sets out at rest with the
    East and with the mean flows of the run's first nine years,

    .. math:: S_W = (F_W + X S_E)/(Q + dV/dt + X + V/T_W).

    The East remembers: its start is the one after which the lake holds the present stock in the
    mean of 2000 to 2009. Masses are linear in it, so two runs of a state find it.

    Parameters
    ----------
    scenario : str, path-like or Scenario, default "hindcast_free"
        A single run that covers the first years and 2000 to 2009.
    states : sequence of SaltState, optional
        Salt parameters; by default those of the scenario's parameter set.

    Returns
    -------
    pandas.DataFrame
        For each state, in kg m-3: ``west`` and ``east`` at the start; ``west_present`` and
        ``east_present``, means of 2000 to 2009; ``stock_present``, kg.

    Raises
    ------
    InputError
        Where the run does not cover 2000 to 2009, has members, or where the present stock calls
        for less than no salt at the start.

    Examples
    --------
    >>> start = spin_up()
    >>> (start["stock_present"] / 1e9).round(6).tolist()
    [312.0]
    """
    record = scenario if isinstance(scenario, Scenario) else load_scenario(str(scenario))
    case = build(record)
    base = load_system(
        record.system, parameters=record.parameters.set, overrides=record.parameters.overrides
    )
    chosen: Sequence[ParameterSet] = (
        [base.parameters] if states is None else [s.parameters(base.parameters) for s in states]
    )
    rows = [_start_of(record, load_system(record.system, parameters=p), case) for p in chosen]
    return pd.DataFrame(rows)


def _start_of(record: Scenario, system: LakeSystem, case: Case) -> dict[str, float]:
    adapted = adapt_system(record, system)

    def run(west: float, east: float) -> xr.Dataset:
        start = case.salinity | {"west": west, "east": east}
        return simulate(adapted, case.forcing, initial=case.levels, initial_salinity=start)

    target = system.parameters["salt_stock"].si
    guess = present_salinity(system)[1]
    first = run(1.0, guess)
    west = _west_at_rest(first, system)
    low, high = 0.5 * guess, 1.5 * guess
    stocks = [_present(run(west(east), east))["stock_present"] for east in (low, high)]
    east = low + (target - stocks[0]) * (high - low) / (stocks[1] - stocks[0])
    if not east > 0.0:
        raise InputError(
            Problem(
                "salt of the start",
                "below zero: more salt comes in than the present stock allows",
                f"{east:g} kg/m3",
            )
        )
    return {"west": west(east), "east": east} | _present(run(west(east), east))


def _west_at_rest(result: xr.Dataset, system: LakeSystem) -> Callable[[float], float]:
    """Salinity of the West for that of the East, with the mean flows of the first years."""
    part = result.sel(storage="west")
    seconds = np.diff(result["time_edge"].values).astype("timedelta64[s]").astype(float)
    years = result["time"].dt.year.values
    n = int((years < years[0] + _LEAD_YEARS).sum())
    weight = seconds[:n] / seconds[:n].sum()
    inflow = float(weight @ part["salt_inflow"].values[:n])
    flow = float(weight @ result["link_flow"].sel(link="uzynaral").values[:n])
    volume = part["water_volume"].values[: n + 1]
    rise = float(volume[-1] - volume[0]) / float(seconds[:n].sum())
    held = float(weight @ (0.5 * (volume[1:] + volume[:-1])))
    p = system.parameters
    exchange = p["strait_exchange"].si
    loss = flow + rise + exchange + held / p["west_deposition_time"].si
    return lambda east: (inflow + exchange * east) / loss


def _present(result: xr.Dataset) -> dict[str, float]:
    """Means over the present years: salinities by volume, and the stock."""
    seconds = np.diff(result["time_edge"].values).astype("timedelta64[s]").astype(float)
    years = result["time"].dt.year.values
    now = (years >= PRESENT[0]) & (years <= PRESENT[1])
    if len(set(years[now].tolist())) < PRESENT[1] - PRESENT[0] + 1:
        raise InputError(
            Problem(
                "scenario",
                "does not cover the years of the present stock",
                f"{years[0]} to {years[-1]}",
                f"{PRESENT[0]} to {PRESENT[1]}",
            )
        )
    weight = seconds[now] / seconds[now].sum()

    def mean(name: str) -> FloatArray:
        edges = result[name].sel(storage=["west", "east"]).values
        return np.asarray(weight @ (0.5 * (edges[1:] + edges[:-1]))[now])

    mass, volume = mean("salt_mass"), mean("water_volume")
    return {
        "west_present": float(mass[0] / volume[0]),
        "east_present": float(mass[1] / volume[1]),
        "stock_present": float(mass.sum()),
    }
