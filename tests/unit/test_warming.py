"""What a change of temperature in a scenario does to evaporation and ice."""

import numpy as np
import pytest
import xarray as xr

import balkhash_model as bm
from balkhash_model.diagnostics.ice import ice_dates
from balkhash_model.forcing import climate
from balkhash_model.forcing.ice import ice_cover
from balkhash_model.library import load_parameters
from balkhash_model.runs import build
from balkhash_model.scenario import load_scenario
from balkhash_model.timeaxis import TimeAxis

P = load_parameters("balkhash")
TEXT = """\
meta: {name: warm, title: Warm, rationale: For the tests}
period: {start: 2030-01-01, end: 2036-01-01}
initial: {lake_level: 341.5 m}
inflow: {kind: constant, mean: 12 km3/yr, eastern: 3 km3/yr}
reservoirs: {kapshagay: {rule: none}}
climate:
  precipitation: climatology
"""
WARM = "  deltas: {warm: {variable: temperature, change: 2 K}}\n"


@pytest.fixture
def scenario(tmp_path):
    def make(climate: str = "", more: str = ""):
        path = tmp_path / "warm.yml"
        path.write_text(TEXT + climate + more, encoding="utf-8")
        return load_scenario(str(path))

    return make


def monthly(case, storage, name="evaporation_rate"):
    array = case.forcing[name].sel(storage=storage)
    return array.values.reshape(*array.shape[:-1], -1, 12)


def factor(one, two, storage):
    return monthly(two, storage) / monthly(one, storage)


# ---------------------------------------------------------------- evaporation


@pytest.mark.parametrize("storage", ["west", "east"])
def test_evaporation_answers_as_the_heat_storage_model_unless_told_otherwise(scenario, storage):
    plain, warm = build(scenario()), build(scenario(WARM))
    wanted = climate.evaporation_response(P, storage, 2.0)
    np.testing.assert_allclose(factor(plain, warm, storage), np.tile(wanted, (6, 1)), rtol=1e-12)
    # the year's total is that of the model run at the warmed climatology, and the months differ:
    # not so many per cent a degree
    seconds = plain.axis.durations.reshape(-1, 12)[1]
    depth = [(monthly(c, storage)[1] * seconds).sum() for c in (plain, warm)]
    size = climate.evaporation_year(P, storage, 2.0)[1]
    assert depth[1] / depth[0] == pytest.approx(size, rel=1e-4)
    assert np.ptp(wanted) > 0.1


def test_a_ramp_warms_year_by_year_and_a_season_its_months(scenario):
    ramp = (
        "  deltas: {warm: {variable: temperature, change: 2 K, months: summer, "
        "start: 2030, full: 2034}}\n"
    )
    ratio = factor(build(scenario()), build(scenario(ramp)), "west")
    assert (np.diff(ratio[:5, 6]) > 0.0).all()
    assert ratio[4, 6] == ratio[5, 6]
    np.testing.assert_allclose(ratio[:, :5], 1.0, rtol=1e-9)
    # the lake that the summer has warmed gives more in autumn too: it stores heat
    assert ratio[5, 8] > 1.001


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  evaporation_per_degree: 4 %\n", 1.04**2),
        ("  evaporation_response: per_degree\n  evaporation_per_degree: 6 %\n", 1.06**2),
        ("  evaporation_response: none\n", 1.0),
    ],
)
def test_the_response_is_a_choice(scenario, text, expected):
    plain, warm = build(scenario()), build(scenario(text + WARM))
    np.testing.assert_allclose(factor(plain, warm, "east"), expected, rtol=1e-12)
    # ice answers to the air whatever the evaporation does
    ice = [c.forcing["ice_cover"].sel(storage="east").sum() for c in (plain, warm)]
    assert float(ice[1]) < float(ice[0])
    assert warm.forcing["ice_cover"].attrs["comment"].endswith("changed as the scenario says")


def test_the_heat_storage_model_gives_what_the_documentation_says():
    """Per cent per kelvin at 1 K: some 3 in June to October, more where ice goes."""
    for storage, year in (("west", 4.10), ("east", 4.19)):
        ratio = 100.0 * (climate.evaporation_response(P, storage, 1.0) - 1.0)
        assert 2.5 < ratio[5:10].min() < ratio[5:10].max() < 3.8
        assert ratio[[3, 11]].min() > 6.0
        annual = 100.0 * (climate.evaporation_year(P, storage, 1.0)[1] - 1.0)
        assert annual == pytest.approx(year, abs=0.01)


# ---------------------------------------------------------------- ice


@pytest.mark.parametrize("storage", ["west", "east"])
def test_the_season_of_ice_shortens_with_every_half_degree(scenario, storage):
    seasons = []
    for change in np.arange(0.0, 4.1, 0.5):
        text = f"  deltas: {{warm: {{variable: temperature, change: {change} K}}}}\n"
        dates = ice_dates(bm.run(scenario(text)))
        dates = dates[dates["storage"] == storage].dropna()
        start = dates["freeze_up"].dt.strftime("%j").astype(int)
        seasons.append(
            (
                dates["days"].mean(),
                (start + np.where(start < 200, 365, 0)).mean(),
                dates["break_up"].dt.day_of_year.mean(),
            )
        )
    days, freeze, thaw = np.array(seasons).T
    assert (np.diff(days) < 0.0).all()
    assert (np.diff(freeze) >= 0.0).all()
    assert (np.diff(thaw) <= 0.0).all()
    assert days[4] == pytest.approx(days[0] - 15.0, abs=3.0)  # 2 K


def test_evaporation_under_ice_follows_the_ice(scenario):
    """Where 2 K open a month that was frozen, the stated residual gives way to open water."""
    plain, warm = build(scenario()), build(scenario(WARM))
    cover = [monthly(c, "west", "ice_cover")[2] for c in (plain, warm)]
    ratio = factor(plain, warm, "west")[2]
    opened = (cover[0] > 0.0) & (cover[0] - cover[1] > 0.05)
    frozen = (cover[0] == 1.0) & (cover[1] == 1.0)
    assert opened.sum() == 4  # March, April, November, December
    assert frozen.any()
    late = opened & (np.arange(12) > 2)
    assert (ratio[late] > 1.05).all()
    # in March the water that opens is colder than the air is moist: less than the residual
    assert 0.8 < ratio[2] < 1.0
    np.testing.assert_allclose(ratio[frozen], 1.0, rtol=1e-12)


def test_a_change_by_month_and_by_year_of_the_ice():
    axis = TimeAxis.monthly("2030-01-01", "2033-01-01")
    change = np.zeros((2, 3, 12))
    change[1, 2] = 5.0
    found = ice_cover(axis, P, "west", change)
    assert found.shape == (2, 36)
    np.testing.assert_array_equal(found[0], ice_cover(axis, P, "west"))
    np.testing.assert_array_equal(found[1, :24], found[0, :24])
    assert found[1, 24:].sum() < found[0, 24:].sum()
    with pytest.raises(bm.InputError, match=r"wrong shape; got \(4, 12\)"):
        ice_cover(axis, P, "west", np.zeros((4, 12)))


# ---------------------------------------------------------------- a file of the user


def temperatures(path, members=1, evaporation=False, by=3.0):
    """10 degC in 2001, ``by`` more from 2030 on, and a degree more in each further member."""
    rows = ["time,variable,value,unit,member"]
    for member in range(members):
        for year in range(2001, 2036):
            for month in range(1, 13):
                when = f"{year}-{month:02d}"
                warm = 10.0 + (by + member if year >= 2030 else 0.0)
                rows.append(f"{when},temperature,{warm},degC,{member}")
                if evaporation:
                    rows.append(f"{when},evaporation,2.5,mm/day,{member}")
    path.write_text("\n".join(rows))


def test_a_temperature_in_a_file_warms_lake_and_ice(tmp_path, scenario):
    temperatures(tmp_path / "t.csv")
    text = "  file: {path: t.csv, reference: [2001, 2020]}\n"
    by_file = build(scenario(text))
    by_delta = build(scenario(WARM.replace("2 K", "3 K")))
    for name in ("evaporation_rate", "ice_cover"):
        for storage in ("west", "east"):
            np.testing.assert_allclose(
                monthly(by_file, storage, name), monthly(by_delta, storage, name), rtol=1e-9
            )


def test_members_of_a_file_have_their_own_ice(tmp_path, scenario):
    temperatures(tmp_path / "t.csv", members=3)
    text = "  file: {path: t.csv, reference: [2001, 2020]}\n"
    result = bm.run(scenario(text, "ensemble: {members: 3}\n"))
    ice = result["ice_cover"].sel(storage="west").sum("time").values
    assert ice.shape == (3,)
    assert (np.diff(ice) < 0.0).all()
    depth = -result["evaporation"].sel(storage="west").isel(time=slice(0, 12)).sum("time").values
    assert (np.diff(depth) > 0.0).all()


def test_an_ensemble_has_the_members_of_a_run(tmp_path, scenario):
    temperatures(tmp_path / "t.csv", members=3)
    text = "  file: {path: t.csv, reference: [2001, 2020]}\n" + WARM
    record = scenario(text, "ensemble: {members: 3}\n")
    bm.run_ensemble(record, out=tmp_path / "warm.nc", keep=["members"])
    with xr.open_dataset(tmp_path / "warm.members.nc") as members:
        found = members["water_volume"].values[0, :, -1].sum(axis=1)
    wanted = bm.run(record)["water_volume"].values[:, -1].sum(axis=1)
    assert np.ptp(wanted) > 1e9  # m3: three climates
    np.testing.assert_allclose(np.sort(found), np.sort(wanted), rtol=1e-12)


def test_two_degrees_cost_the_outlook_as_much_as_a_flat_four_per_cent():
    ramp = "climate.deltas.warm={variable: temperature, change: 2 K, start: 2025, full: 2049}"
    ends = []
    for settings in ([], [ramp], [ramp, "climate.evaporation_per_degree=4 %"]):
        levels = bm.run(load_scenario("baseline_2050", settings=settings))["lake_level"]
        ends.append(float(levels.sel(time="2049").mean("time").median()))
    heat, flat = ends[0] - ends[1], ends[0] - ends[2]
    assert heat == pytest.approx(0.86, abs=0.03)
    assert flat == pytest.approx(0.86, abs=0.03)


def test_a_file_that_gives_the_evaporation_warms_the_ice_alone(tmp_path, scenario):
    found = []
    for by in (0.0, 3.0):
        temperatures(tmp_path / "t.csv", evaporation=True, by=by)
        text = "  file: {path: t.csv, reference: [2001, 2020], correction: none}\n"
        found.append(build(scenario(text)))
    np.testing.assert_array_equal(monthly(found[0], "west"), monthly(found[1], "west"))
    ice = [monthly(c, "west", "ice_cover").sum() for c in found]
    assert ice[1] < ice[0]


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("  evaporation_response: per_degree\n", "needs evaporation_per_degree"),
        (
            "  evaporation_response: heat_storage\n  evaporation_per_degree: 4 %\n",
            "belongs to evaporation_response 'per_degree'",
        ),
        (
            "  evaporation: mass_transfer_climatology\n" + WARM,
            "warm.yml:8:3: climate.evaporation: this method does not answer to warming",
        ),
        (
            "  projection: {scenario: RCP4.5}\n" + WARM,
            "is needed where a temperature stands beside a projection",
        ),
        (
            "  table:\n"
            "    precipitation: [{file: own.csv, column: rain, unit: mm/month}]\n"
            "    evaporation: [{file: own.csv, column: loss, unit: mm/month}]\n" + WARM,
            "no site for a lake whose climate is a table",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(scenario, text, part):
    with pytest.raises(bm.InputError) as caught:
        scenario(text)
    assert any(part in str(p) for p in caught.value.problems), caught.value.problems


def test_a_file_is_refused_as_a_delta_is(tmp_path, scenario):
    temperatures(tmp_path / "t.csv")
    text = "  evaporation: mass_transfer_climatology\n"
    text += "  file: {path: t.csv, reference: [2001, 2020]}\n"
    with pytest.raises(bm.InputError, match="does not answer to warming"):
        build(scenario(text))


def test_a_number_makes_the_refused_ones_whole(scenario):
    for text in (
        "  evaporation: mass_transfer_climatology\n  evaporation_per_degree: 3 %\n",
        "  projection: {scenario: RCP4.5}\n  evaporation_response: none\n",
    ):
        build(scenario(text + WARM))


def test_a_warming_beyond_reason_is_refused(scenario):
    with pytest.raises(bm.InputError, match=r"temperature_change: outside the range .* -20 to 20"):
        build(scenario(WARM.replace("2 K", "25 K")))
