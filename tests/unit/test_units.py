"""Quantities with units: what is read, and what each refusal says."""

import math

import pytest

from balkhash_model import units
from balkhash_model.errors import InputError

YEAR = 365.2425 * 86400.0


def message(text: object, kind: str, read=units.parse) -> str:
    with pytest.raises(InputError) as caught:
        read(text, kind, "here")
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].where == "here"
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("341.0 m", "level", 341.0),
        ("34100 cm", "level", 341.0),
        ("1e-3 m", "length", 0.001),
        ("17250 km2", "area", 1.725e10),
        ("5 ha", "area", 5e4),
        ("106 km3", "volume", 1.06e11),
        ("3 hm3", "volume", 3e6),
        ("550 m3/s", "flow", 550.0),
        ("14.9 km3/yr", "flow", 14.9e9 / YEAR),
        ("0.85 m/yr", "depth_rate", 0.85 / YEAR),
        ("2 mm/day", "depth_rate", 0.002 / 86400),
        ("0.74 g/l", "salinity", 0.74),
        ("740 mg/L", "salinity", 0.74),
        ("250 Mt", "mass", 2.5e11),
        ("6.1 Mt/yr", "mass_rate", 6.1e9 / YEAR),
        ("8.5 degC", "temperature", 8.5),
        ("8.5 °C", "temperature", 8.5),
        ("281.65 K", "temperature", 8.5),
        ("2.5 degC", "temperature_change", 2.5),
        ("2.5 K", "temperature_change", 2.5),
        ("5 %", "fraction", 0.05),
        ("7 %", "fraction", 0.07),
        ("0.3", "fraction", 0.3),
        (0.3, "fraction", 0.3),
        (1.4, "dimensionless", 1.4),
        ("383 km2/m", "area_slope", 3.83e8),
        ("10 day", "duration", 864000.0),
        ("1 yr", "duration", YEAR),
        ("-2.5 m", "level", -2.5),
        ("\u22122.5\u00a0m", "level", -2.5),
        ("341m", "level", 341.0),
    ],
)
def test_reads_to_si(text, kind, value):
    assert units.parse(text, kind, "here") == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    "text",
    [
        "2 km3/yr",
        "2 km^3/yr",
        "2 km**3/yr",
        "2 km³/yr",
        "2 km3 yr-1",
        "2 km³·yr⁻¹",
        "2 km3 per year",
    ],
)
def test_every_spelling_of_an_exponent_is_the_same(text):
    assert units.parse(text, "flow", "here") == 2e9 / YEAR


@pytest.mark.parametrize("kind", units.KINDS)
def test_the_examples_in_the_messages_are_themselves_read(kind):
    for example in units.KINDS[kind].examples:
        assert math.isfinite(units.parse(example, kind, "here"))


def test_si_unit_of_every_kind_has_factor_one():
    for kind, row in units.KINDS.items():
        assert units.convert(2.5, row.si, kind, "here") == 2.5


@pytest.mark.parametrize("number", ["341.0", 341, 341.0])
def test_a_bare_number_names_the_units_that_fit(number):
    assert message(number, "level") == (
        f"here: no unit; got {number!r}; expected a level, as '341.0 m'"
    )
    assert "'14.9 km3/yr' or '550 m3/s'" in message(number, "flow")


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("5 m", "flow", "not a flow; got '5 m'; expected a flow, as '14.9 km3/yr'"),
        ("5 m3/s", "level", "not a level"),
        ("5 km", "area_slope", "not an area per level"),
        ("0.74 %", "salinity", "not a salinity"),
        (
            "5 metr",
            "level",
            "unknown unit 'metr'; got '5 metr'; expected a level, as '341.0 m'. Nearest: ",
        ),
        ("5 KM3", "volume", "Nearest: km"),
        ("5 Mm3", "volume", "unknown unit 'Mm'"),
        ("8 C", "temperature", "Write 'degC'"),
        ("0.7 ‰", "salinity", "Write a mass per volume"),
        ("5 quux", "level", "Known: m, km"),
        ("nan m", "level", "not a finite number"),
        ("-inf m3/s", "flow", "not a finite number"),
        ("1e999 m", "level", "not a finite number"),
        ("1e300 km3", "volume", "not a finite number"),
        (math.nan, "level", "not a finite number"),
        ("14,9 km3/yr", "flow", "a comma in a number"),
        ("1 000 m", "level", "the unit '000 m' cannot be read"),
        ("5 m//s", "depth_rate", "the unit 'm//s' cannot be read"),
        ("5 __import__('os')", "level", "cannot be read"),
        ("high", "level", "does not begin with a number; got 'high'"),
        ("", "level", "does not begin with a number"),
        (True, "dimensionless", "not a quantity; got True"),
        (None, "level", "not a quantity; got None"),
        ("5", "fraction", "above 1 without a unit; got '5'"),
        ("20 mm/month", "depth_rate", "an amount per month needs a calendar"),
        ("3 months", "duration", "a month has no fixed length"),
    ],
)
def test_refusals(text, kind, said):
    assert said in message(text, kind)


def test_a_unit_given_apart():
    assert units.convert(14.9, "km3/yr", "flow", "here") == pytest.approx(472.1622, abs=1e-4)
    assert units.convert(0.3, "1", "fraction", "here") == 0.3
    assert units.convert(281.65, "K", "temperature", "here") == 8.5
    with pytest.raises(InputError, match=r"here: no unit; got '341.0'; expected a level"):
        units.convert(341.0, "", "level", "here")
    with pytest.raises(InputError, match="not a level"):
        units.convert(341.0, "m2", "level", "here")
    with pytest.raises(InputError, match="not a finite number"):
        units.convert(math.inf, "m", "level", "here")


@pytest.mark.parametrize(
    ("unit", "kind"),
    [("km3/yr", "flow"), ("mm/day", "depth_rate"), ("g/l", "salinity"), ("%", "fraction")],
)
def test_from_si_undoes_convert(unit, kind):
    assert units.from_si(units.convert(14.9, unit, kind, "here"), unit) == pytest.approx(
        14.9, rel=1e-15
    )


def test_from_si_edges():
    assert units.from_si(8.5, "degC") == 8.5
    assert math.isnan(units.from_si(math.nan, "km3"))
    for unit, said in [("K", "ambiguous"), ("km3/month", "calendar"), ("furlong", "unknown unit")]:
        with pytest.raises(InputError, match=said):
            units.from_si(1.0, unit)


@pytest.mark.parametrize(
    ("text", "kind", "amount", "period"),
    [
        ("14.9 km3/yr", "flow", 14.9e9, "year"),
        ("14.9 km3 per year", "flow", 14.9e9, "year"),
        ("1.2 km3/month", "flow", 1.2e9, "month"),
        ("20 mm/month", "depth_rate", 0.02, "month"),
        ("6.1 Mt/yr", "mass_rate", 6.1e9, "year"),
        ("550 m3/s", "flow", 550.0, "second"),
        ("86.4 mm/day", "depth_rate", 1e-6, "second"),
    ],
)
def test_amounts_keep_their_period(text, kind, amount, period):
    found = units.parse_amount(text, kind, "here")
    assert found.period == period
    assert found.amount == pytest.approx(amount, rel=1e-15)
    assert found == (found.amount, found.period)


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("14.9", "flow", "no unit"),
        ("14.9 km2/yr", "flow", "not a flow"),
        ("14.9 km2/month", "flow", "not a flow"),
        ("1 m3/s/yr", "flow", "not a flow"),
        ("1 m3/yr/month", "flow", "calendar"),
        ("1 m3 month", "flow", "calendar"),
        ("nan km3/yr", "flow", "not a finite number"),
        ("1e300 km3/yr", "flow", "not a finite number"),
        ("1 foo/yr", "flow", "unknown unit 'foo'"),
    ],
)
def test_refused_amounts(text, kind, said):
    assert said in message(text, kind, units.parse_amount)


def test_an_amount_is_asked_of_rates_only():
    with pytest.raises(ValueError, match="not a rate"):
        units.parse_amount("341 m", "level", "here")


def test_the_application_registry_of_pint_is_not_touched():
    import pint

    units._registry.cache_clear()
    units._scale.cache_clear()
    before = pint.get_application_registry().get()
    units.parse("1 km3/yr", "flow", "here")
    assert pint.get_application_registry().get() is before
    assert pint.get_application_registry()("1 year").to("day").magnitude == 365.25


@pytest.mark.parametrize("kind", [k for k, v in units.KINDS.items() if v.fixed])
def test_a_number_of_one_unit_is_never_scaled(kind):
    own = units.KINDS[kind]
    for text in (f"0.5 {own.si}", f"0.5  {own.si} ", "0.5", "0.5 1"):
        assert units.parse(text, kind, "here") == 0.5
    assert units.convert(0.5, own.si, kind, "here") == 0.5
    assert f"not {own.name}" in message("0.5 km3", kind)
    assert f"'{own.examples[0]}'" in message("0.5 m", kind)
