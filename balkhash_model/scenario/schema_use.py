"""What a scenario may assume about water users, reservoirs and measures."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Discriminator, Field, StrictInt, Tag, model_validator

from balkhash_model import units
from balkhash_model.scenario.fields import (
    Day,
    FlowText,
    Knots,
    MoneyText,
    Place,
    ShareText,
    SignedFlowText,
    VolumeText,
    Year,
    Years,
)
from balkhash_model.validation import Strict

__all__ = ["Cost", "Effect", "LinkDates", "Measure", "Reservoir", "RiverDelta", "User"]


def _twelve(value: list[float]) -> list[float]:
    if len(value) != 12:
        raise ValueError(f"{len(value)} values; expected one for each of the 12 months")
    if any(not 0.0 <= v < float("inf") for v in value) or sum(value) <= 0.0:
        raise ValueError("shares by month are zero or more, and not all zero")
    return value


#: Relative rates by month: a name, or twelve numbers.
MonthlyShape = Annotated[
    Annotated[Literal["even", "irrigation"], Tag("name")]
    | Annotated[list[float], AfterValidator(_twelve), Tag("numbers")],
    Discriminator(lambda value: "numbers" if isinstance(value, list) else "name"),
]


class User(Strict):
    """Someone who takes water."""

    country: Literal["china", "kazakhstan"]
    """Country of the user."""
    place: Place
    """Where the water is taken: ``km171`` (above the gauge at km 171), ``reach`` (dam to delta
    head), ``eastern_rivers``, or a storage: ``kapshagay``, ``west``, ``east``."""
    total: Knots
    """Water taken per year: one amount, or amounts by year with straight lines between them,
    constant before the first and after the last."""
    monthly: MonthlyShape = "even"
    """Relative rates by month: ``even``, ``irrigation`` (April to September, assumed) or twelve
    numbers."""
    priority: StrictInt = Field(default=1, ge=1, le=99)
    """Lower is served first where water is short; equal ones share in proportion."""
    return_flow: ShareText = "0 %"
    """Share of the water taken that returns to the place where it was taken."""
    efficiency: ShareText = "100 %"
    """Share of the water taken that serves its purpose; a measure may raise it."""
    embedded: FlowText | None = None
    """Use that the prescribed gauge already contains; null for the mean of ``total`` over the
    reference period of the inflow. Above a gauge only the change from it acts."""
    source: str = "assumed"
    """Source key of the amounts, or ``assumed``."""
    note: str = ""
    """What the amounts are: withdrawal, consumption, evapotranspiration."""

    @model_validator(mode="after")
    def _shares(self) -> User:
        used = units.parse(self.efficiency, "fraction", "efficiency")
        back = units.parse(self.return_flow, "fraction", "return_flow")
        if used + back > 1.0 + 1e-12:
            raise ValueError(f"efficiency {used:g} and return flow {back:g} exceed the water taken")
        if used == 0.0:
            raise ValueError("an efficiency of zero serves nobody")
        return self


class LinkDates(Strict):
    """When a strait or a weir of the system is open, in place of the system's own dates."""

    opens: Day | None = None
    """First day on which the link is open, as 2005-08-01; null for the date of the system. A day
    before the run means open from the start, the day after the run never."""
    closes: Day | None = None
    """First day on which it is closed; null for the date of the system."""


class Reservoir(Strict):
    """How a reservoir is operated."""

    rule: Literal["prescribed", "rule", "filling_and_season", "none"] = "prescribed"
    """``prescribed``: releases as published. ``rule``: a plan corrected towards the target storage
    within limits. ``filling_and_season``: such a rule for Kapshagay from the parameters
    ``kapshagay_...``, with its first filling from 1970 to 1985 and its season; on the published
    history too. ``none``: no reservoir, its rivers pass."""
    plan: FlowText | None = None
    """Planned release per year; null for the inflow of the year."""
    plan_shape: MonthlyShape = "even"
    """Relative planned release by month."""
    target_storage: list[VolumeText] | None = None
    """Storage aimed at, one or for each of the 12 months."""
    minimum_release: FlowText = "0 m3/s"
    """Least release, also the ecological flow."""
    maximum_release: FlowText = "1500 m3/s"
    """Largest release."""
    capacity: VolumeText | None = None
    """Largest storage; null for the top of the curve."""
    correction_time: Annotated[float, Field(gt=0.0, le=3650.0)] = 60.0
    """Days over which a departure from the target is worked off."""
    give_back: Years | None = None
    """Years whose loss between the 171 km gauge and the dam counts as natural: with rule ``none``
    and published history, the loss beyond it is given back at the dam."""

    @model_validator(mode="after")
    def _fits(self) -> Reservoir:
        if self.target_storage is not None and len(self.target_storage) not in (1, 12):
            raise ValueError("target_storage has one value or twelve")
        if self.rule == "rule" and self.target_storage is None:
            raise ValueError("rule 'rule' needs a target_storage")
        if self.give_back is not None and self.rule != "none":
            raise ValueError("give_back belongs to rule 'none'")
        if self.rule == "filling_and_season":
            fixed = set(type(self).model_fields) - {"rule", "give_back"}
            other = [
                k for k in sorted(fixed) if getattr(self, k) != type(self).model_fields[k].default
            ]
            if other:
                raise ValueError(
                    f"{other[0]} belongs to rule 'rule'; 'filling_and_season' takes all from the "
                    "parameters kapshagay_..."
                )
        return self


class Effect(Strict):
    """What a measure does, in full."""

    use: ShareText | None = None
    """Share by which the use of a user falls."""
    efficiency: ShareText | None = None
    """New efficiency of a user; the same purpose is then served with less water, and the return
    flow falls with the losses."""
    delta_loss: SignedFlowText | None = None
    """Change of the loss in the Ili delta, as ``-0.3 km3/yr``."""
    minimum_release: FlowText | None = None
    """New least release of a reservoir under ``rule``."""


class RiverDelta(Strict):
    """How a river loses water in its delta."""

    form: Literal["function", "wetland"] = "function"
    """``function``: a loss that does not fall as the flow rises, by the parameters ``delta_loss``,
    ``ili_loss_slope`` and ``ili_loss_flow``. ``wetland``: a store between delta head and mouth that
    drains in the time ``ili_wetland_residence`` and evaporates from what it floods to the depth
    ``ili_wetland_depth``; its volume is a state of the run."""


class Cost(Strict):
    """Money."""

    capital: MoneyText | None = None
    """Spent evenly over the ramp, or in the first year."""
    yearly: MoneyText | None = None
    """Spent every year from the start on."""
    source: str = "assumed"
    """Source key, or ``assumed``."""

    @model_validator(mode="after")
    def _one_currency(self) -> Cost:
        found = {
            units.parse_money(m).currency for m in (self.capital, self.yearly) if m is not None
        }
        if not found:
            raise ValueError("a cost has a capital or a yearly amount")
        if len(found) > 1:
            raise ValueError(f"two currencies, {' and '.join(sorted(found))}; expected one")
        return self


class Measure(Strict):
    """A named intervention with its water and its money."""

    title: str
    """One line."""
    start: Year
    """First year of its effect."""
    ramp: StrictInt = Field(default=0, ge=0, le=100)
    """Years until it acts in full."""
    users: dict[str, Effect] = {}
    """Effects on users, by name of the user."""
    reservoirs: dict[str, Effect] = {}
    """Effects on reservoirs, by name of the storage."""
    links: dict[Literal["ili_delta"], Effect] = {}
    """Effects on links."""
    cost: Cost | None = None
    """Its cost; null where none was found."""
    source: str = "assumed"
    """Source key of the effect, or ``assumed``."""

    @model_validator(mode="after")
    def _acts(self) -> Measure:
        allowed = {
            "users": {"use", "efficiency"},
            "reservoirs": {"minimum_release"},
            "links": {"delta_loss"},
        }
        count = 0
        for group, keys in allowed.items():
            for name, effect in getattr(self, group).items():
                given = {k for k, v in effect.model_dump().items() if v is not None}
                count += len(given)
                if given - keys:
                    raise ValueError(
                        f"{group}.{name}: {', '.join(sorted(given - keys))} does not act there; "
                        f"expected {', '.join(sorted(keys))}"
                    )
        if count == 0:
            raise ValueError("the measure has no effect")
        return self
