"""Water users: what they take, what of it is already in a gauge, and what measures save."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from balkhash_model import units
from balkhash_model.forcing.calendar import annual_amounts_to_rates
from balkhash_model.forcing.series import axis_years, by_year, ramp
from balkhash_model.physics.allocation import share_shortage
from balkhash_model.timeaxis import TimeAxis

if TYPE_CHECKING:
    from balkhash_model.scenario.schema import Measure, Scenario, User

FloatArray = npt.NDArray[np.float64]

__all__ = [
    "IRRIGATION_SHAPE",
    "Use",
    "apply_upstream",
    "measure_costs",
    "monthly_shape",
    "takes_from_storage",
    "water_use",
]

#: Relative irrigation demand by month, April to September; assumed.
IRRIGATION_SHAPE = (0.0, 0.0, 0.0, 0.5, 1.2, 1.8, 2.0, 1.6, 0.9, 0.0, 0.0, 0.0)


def monthly_shape(shape: str | Sequence[float]) -> FloatArray:
    """Relative rates by month.

    Parameters
    ----------
    shape : str or sequence of float
        ``even``, ``irrigation`` or twelve numbers.

    Returns
    -------
    array (12,)
        Relative rates.

    Examples
    --------
    >>> monthly_shape("even").tolist() == [1.0] * 12
    True
    """
    if isinstance(shape, str):
        return np.ones(12) if shape == "even" else np.array(IRRIGATION_SHAPE)
    return np.array(shape, dtype=np.float64)


def takes_from_storage(scenario: Scenario, name: str) -> bool:
    """Tell whether a user takes from a storage of the run, or from the river above its gauge.

    A user of Kapshagay takes from the reservoir where the reservoir follows its rule in the run.
    Where a gauge below it is prescribed, or there is no reservoir, its change acts on the river.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    name : str
        The user.

    Returns
    -------
    bool
        Whether it does.

    Examples
    --------
    >>> from balkhash_model.scenario import load_scenario
    >>> takes_from_storage(load_scenario("npp_ulken"), "power_plant")
    True
    """
    place = scenario.abstraction[name].place
    rule = scenario.reservoirs.get(place)
    return place in ("west", "east") or (rule is not None and rule.rule == "rule")


@dataclass(frozen=True, eq=False)
class Use:
    """The use of one user on the time axis.

    Attributes
    ----------
    name, place : str
        User, and where it takes its water.
    priority : int
        Lower is served first.
    net : array (n,)
        Water taken less what returns, m3/s, with all measures.
    embedded : array (n,)
        Part of it that the prescribed gauge contains already, m3/s; zero at the lake.
    saved : dict
        For each measure what it saves, m3/s, in the order of the scenario.
    """

    name: str
    place: str
    priority: int
    net: FloatArray
    embedded: FloatArray
    saved: dict[str, FloatArray]


def water_use(scenario: Scenario, axis: TimeAxis) -> list[Use]:
    r"""Net use of every user of a scenario.

    Of the water taken, :math:`W`, a share e (efficiency) serves its purpose and a share r returns,
    so the net use is :math:`W (1 - r)`. A measure that raises e to e' serves the same purpose with
    :math:`W' = W e/e'`, and the return falls with the losses, :math:`r' = r (1 - e')/(1 - e)`:
    water that returned anyway is not saved twice. A user above a prescribed gauge has an embedded
    use, which the gauge already lacks; only the difference from it changes the flow.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    axis : TimeAxis
        The intervals.

    Returns
    -------
    list of Use
        In the order of the scenario.

    Examples
    --------
    >>> from balkhash_model.scenario import load_scenario
    >>> scenario = load_scenario("baseline_2050")
    >>> [use.name for use in water_use(scenario, TimeAxis.monthly("2025-01-01", "2026-01-01"))]
    ['china', 'kazakhstan']
    """
    return [_use(name, user, scenario, axis) for name, user in scenario.abstraction.items()]


def _use(name: str, user: User, scenario: Scenario, axis: TimeAxis) -> Use:
    where = f"abstraction.{name}.total"
    years = axis_years(axis)
    shape = monthly_shape(user.monthly)
    gross = by_year(user.total, years, where)
    back = units.parse(user.return_flow, "fraction", where)
    efficiency = np.full(years.size, units.parse(user.efficiency, "fraction", where))
    base_efficiency = float(efficiency[0])
    taken = gross * (1.0 - back)
    saved: dict[str, FloatArray] = {}
    reduction = np.ones(years.size)
    for label, measure in scenario.measures.items():
        effect = measure.users.get(name)
        if effect is None:
            continue
        share = ramp(years, measure.start, measure.ramp)
        if effect.use is not None:
            reduction = reduction * (1.0 - share * units.parse(effect.use, "fraction", label))
        if effect.efficiency is not None:
            better = units.parse(effect.efficiency, "fraction", label)
            efficiency = efficiency + share * np.maximum(better - efficiency, 0.0)
        lost = (1.0 - efficiency) / (1.0 - base_efficiency) if base_efficiency < 1.0 else 0.0
        after = gross * reduction * base_efficiency / efficiency * (1.0 - back * lost)
        saved[label] = annual_amounts_to_rates(axis, taken - after, int(years[0]), shape)
        taken = after
    embedded = np.zeros(axis.n)
    if user.place not in ("west", "east"):
        if user.embedded is not None:
            held = by_year(user.embedded, years, f"abstraction.{name}.embedded")
        else:
            first, last = scenario.inflow.reference_period
            span = by_year(user.total, np.arange(first, last + 1), where)
            held = np.full(years.size, span.mean())
        embedded = annual_amounts_to_rates(axis, held * (1.0 - back), int(years[0]), shape)
    net = annual_amounts_to_rates(axis, taken, int(years[0]), shape)
    return Use(name, user.place, user.priority, net, embedded, saved)


def apply_upstream(
    flow: FloatArray, uses: Sequence[Use]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Take the changes of the use above a gauge from its flow.

    Parameters
    ----------
    flow : array (..., n)
        Flow at the gauge with the embedded use taken, m3/s.
    uses : sequence of Use
        Users above the gauge.

    Returns
    -------
    tuple of array
        Flow ``(..., n)``, delivered use and shortage ``(users, ..., n)``, m3/s. Where the flow does
        not suffice, increases are served by priority, then in proportion; savings come first.

    Examples
    --------
    >>> one = Use("a", "km171", 1, np.array([30.0]), np.array([10.0]), {})
    >>> flow, delivered, shortage = apply_upstream(np.array([15.0]), [one])
    >>> flow.tolist(), delivered.tolist(), shortage.tolist()
    ([0.0], [[25.0]], [[5.0]])
    """
    if not uses:
        empty = np.zeros((0, *flow.shape))
        return flow, empty, empty
    change = np.stack([np.broadcast_to(u.net - u.embedded, flow.shape) for u in uses])
    more = np.maximum(change, 0.0)
    available = flow - np.minimum(change, 0.0).sum(axis=0)
    given = share_shortage(available, more, np.array([u.priority for u in uses]))
    embedded = np.stack([np.broadcast_to(u.embedded, flow.shape) for u in uses])
    delivered = embedded + np.minimum(change, 0.0) + given
    left: FloatArray = available - given.sum(axis=0)
    return left, delivered, more - given


def measure_costs(measures: dict[str, Measure], axis: TimeAxis) -> tuple[FloatArray, list[str]]:
    """Money that each measure costs in each interval.

    Parameters
    ----------
    measures : dict of str to Measure
        The measures.
    axis : TimeAxis
        n intervals.

    Returns
    -------
    tuple
        Cost ``(n, measures)`` in units of the currency, and the currencies; NaN and "" where no
        cost is stated.

    Examples
    --------
    >>> cost, currency = measure_costs({}, TimeAxis.monthly("2030-01-01", "2031-01-01"))
    >>> cost.shape, currency
    ((12, 0), [])
    """
    years = axis_years(axis)
    out = np.full((axis.n, len(measures)), np.nan)
    currencies = []
    for i, measure in enumerate(measures.values()):
        if measure.cost is None:
            currencies.append("")
            continue
        yearly, currency = _money(measure.cost.yearly)
        capital, other = _money(measure.cost.capital)
        currencies.append(currency or other)
        length = max(measure.ramp, 1)
        spending = np.where(
            (years >= measure.start) & (years < measure.start + length), capital / length, 0.0
        ) + np.where(years >= measure.start, yearly, 0.0)
        out[:, i] = annual_amounts_to_rates(axis, spending, int(years[0]), np.ones(12))
        out[:, i] *= axis.durations
    return out, currencies


def _money(text: str | None) -> tuple[float, str]:
    return units.parse_money(text) if text is not None else (0.0, "")
