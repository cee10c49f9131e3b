"""What ``bm.equilibrium`` and ``bm.step_response`` take, give and refuse."""

import numpy as np
import pytest

import balkhash_model as bm
from balkhash_model import quantities, units
from balkhash_model.system import (
    OUTSIDE,
    Groundwater,
    Hypsometry,
    LakeSystem,
    Release,
    River,
    Storage,
    Weir,
    Withdrawal,
)

YEAR = units.convert(1.0, "yr", "duration", "year")
KM2 = 1e6


def pond(**more):
    curve = Hypsometry(np.array([0.0, 10.0]), np.array([1.0, 101.0]) * KM2)
    more = {"rivers": (River("brook", "pond"),)} | more
    storages = more.pop("storages", (Storage("pond", "lake", curve),))
    return LakeSystem("pond", "A pond", "local", storages, ("pond",), **more)


# --- equilibrium ---------------------------------------------------------------------------------


def test_a_pond_by_hand():
    # 51 km3/yr ... in hm3: 51 km2 times 1 m/yr is 51 hm3/yr; then h = 5 m, V = 5 (1 + 51)/2 hm3
    rest = bm.equilibrium(pond(), inflow="51 hm3/yr", net_evaporation="1 m/yr")
    assert rest.sizes == {"storage": 1}
    assert float(rest["lake_level"]) == pytest.approx(5.0, abs=1e-12)
    assert float(rest["lake_area"]) == pytest.approx(51.0 * KM2)
    assert float(rest["lake_volume"]) == pytest.approx(130.0 * KM2)
    assert float(rest["area_slope"]) == pytest.approx(10.0 * KM2)
    assert float(rest["response_time"]) / YEAR == pytest.approx(5.1)
    assert float(rest["basin_response_time"][0]) / YEAR == pytest.approx(5.1)
    assert int(rest["lake_connected"]) == 1


def test_texts_numbers_and_rows_mean_the_same():
    flow = units.parse("51 hm3/yr", "flow", "x")
    single = bm.equilibrium(pond(), inflow=flow, net_evaporation=1.0 / YEAR)
    for given in (["51 hm3/yr", "80 hm3/yr"], [flow, flow * 80 / 51], np.array([flow, 2.0])):
        row = bm.equilibrium(pond(), inflow=given, net_evaporation="1 m/yr")
        assert row["lake_level"].dims == ("inflow",)
        np.testing.assert_allclose(row["lake_level"][0], single["lake_level"], rtol=1e-12)
        assert float(row["inflow"][0]) == pytest.approx(flow)


def test_terms_of_the_supply_add_up():
    system = pond(
        withdrawals=(Withdrawal("town", "pond", 0.3), Withdrawal("farm", "pond", 0.2)),
        groundwater=Groundwater((("pond", 1.0),)),
    )
    plain = bm.equilibrium(pond(), inflow=2.0, net_evaporation="1 m/yr")
    same = bm.equilibrium(system, inflow=2.1, groundwater=0.4, net_evaporation="1 m/yr")
    assert float(same["lake_level"]) == pytest.approx(float(plain["lake_level"]))
    taken = bm.equilibrium(system, inflow=2.1, abstraction="0.1 m3/s", net_evaporation="1 m/yr")
    assert float(taken["lake_level"]) == pytest.approx(float(plain["lake_level"]))


def test_defaults_are_those_of_the_parameter_set(balkhash):
    rest = bm.equilibrium(balkhash, inflow="14 km3/yr")
    e = balkhash.parameters["net_evaporation"].si
    ground = balkhash.parameters["groundwater"].si
    supply = units.parse("14 km3/yr", "flow", "x") + ground
    assert float(rest["net_evaporation_rate"]) == e
    assert float(rest["lake_area"]) == pytest.approx(supply / e, rel=1e-12)
    assert rest.attrs["parameter_set"] == "balkhash"


def test_a_total_and_its_parts_give_one_surface(balkhash):
    pool = bm.equilibrium(balkhash, inflow="13.9 km3/yr")
    parts = bm.equilibrium(balkhash, inflow={"west": "10.9 km3/yr", "east": "3 km3/yr"})
    assert "link_flow" not in pool
    assert float(parts["lake_level"]) == pytest.approx(float(pool["lake_level"]), abs=1e-6)
    assert float(parts["lake_area"]) == pytest.approx(float(pool["lake_area"]), rel=1e-9)
    west, east = parts["water_level"].values
    assert 1e-6 < west - east < 1e-4
    # the flow closes the budget of the east
    e = float(parts["net_evaporation_rate"])
    ground = balkhash.parameters["groundwater"].si * (1 - balkhash.parameters["west_area_share"].si)
    east_gains = units.parse("3 km3/yr", "flow", "x") + ground
    needed = e * float(parts["water_area"].sel(storage="east")) - east_gains
    assert float(parts["link_flow"].sel(link="uzynaral")) == pytest.approx(needed, rel=1e-9)


def test_a_sweep_passes_the_sill_without_a_jump(balkhash):
    west = np.linspace(0.5, 11.0, 300) * 1e9 / YEAR
    rest = bm.equilibrium(balkhash, inflow={"west": west, "east": "0.4 km3/yr"})
    assert set(rest["lake_connected"].values.tolist()) == {0, 1}
    level = rest["water_level"]
    for name in ("west", "east"):
        steps = np.diff(level.sel(storage=name).values)
        assert (steps >= 0.0).all()
        assert steps.max() < 1.5
    assert (np.diff(rest["lake_area"].values) > 0.0).all()
    apart = rest["lake_connected"].values == 0
    assert np.isnan(rest["lake_level"].values[apart]).all()
    assert np.isnan(rest["response_time"].values[apart]).all()
    assert np.isfinite(rest["basin_response_time"].values).all()
    # once the west is full its level hardly moves until the east has caught up
    spilling = apart & (rest["link_flow"].values[:, 0] > 0.0)
    assert spilling.sum() > 20
    assert np.ptp(level.sel(storage="west").values[spilling]) < 0.6


def test_a_basin_without_any_gain_is_dry(balkhash):
    rest = bm.equilibrium(balkhash, inflow={"west": "1 km3/yr", "east": 0.0}, groundwater=0.0)
    east = rest.sel(storage="east")
    assert float(east["water_level"]) == balkhash.storage("east").curve.level[0]
    assert float(east["water_volume"]) == float(east["water_area"]) == 0.0


def test_variables_are_described(balkhash):
    rest = bm.equilibrium(
        balkhash,
        inflow={"west": "11 km3/yr", "east": "3 km3/yr"},
        salt_inflow={"west": "5 Mt/yr", "east": 0.0},
        deposition_time="41 yr",
    )
    for name in rest.data_vars:
        assert rest[name].attrs["units"] == quantities.get(str(name)).units, name
        assert "cell_methods" not in rest[name].attrs
    assert rest["lake_level"].attrs["datum"] == balkhash.datum
    after = bm.step_response(balkhash, change="1 km3/yr", years=[1.0], level="341 m")
    for name in after.data_vars:
        assert after[name].attrs["units"] == quantities.get(str(name)).units, name


def test_a_dataset_survives_a_file(balkhash, tmp_path):
    import xarray as xr

    rest = bm.equilibrium(balkhash, inflow=["12 km3/yr", "14 km3/yr"])
    rest.to_netcdf(tmp_path / "rest.nc")
    with xr.open_dataset(tmp_path / "rest.nc", decode_timedelta=False) as back:
        np.testing.assert_array_equal(back["response_time"], rest["response_time"])


# --- salt ----------------------------------------------------------------------------------------


def test_salt_of_one_basin():
    # what enters, 1 kg/s, deposits: M = F T
    rest = bm.equilibrium(
        pond(),
        inflow="51 hm3/yr",
        net_evaporation="1 m/yr",
        salt_inflow=1.0,
        deposition_time="10 yr",
    )
    assert float(rest["salt_mass"][0]) == pytest.approx(10.0 * YEAR)
    assert float(rest["salinity"][0]) == pytest.approx(10.0 * YEAR / (130.0 * KM2))


def test_salt_balances_in_each_basin(balkhash):
    rest = bm.equilibrium(
        balkhash,
        inflow={"west": "10.84 km3/yr", "east": "3 km3/yr"},
        salt_inflow={"west": "5.04 Mt/yr", "east": "2.49 Mt/yr"},
        deposition_time={"west": "60 yr", "east": "40 yr"},
        dispersion="0.7 km3/yr",
    )
    west, east = rest["salinity"].values
    flow = float(rest["link_flow"][0])
    mixing = units.parse("0.7 km3/yr", "flow", "x")
    mt = units.parse("1 Mt/yr", "mass_rate", "x")
    carried = flow * west + mixing * (west - east)
    sink = rest["salt_mass"].values / (np.array([60.0, 40.0]) * YEAR)
    assert 5.04 * mt == pytest.approx(carried + sink[0], rel=1e-9)
    assert 2.49 * mt == pytest.approx(-carried + sink[1], rel=1e-9)
    assert west < east
    np.testing.assert_allclose(rest["salt_mass"], rest["salinity"] * rest["water_volume"])


def test_no_dispersion_through_a_strait_that_is_dry_on_one_side(balkhash):
    given = {
        "inflow": {"west": "3 km3/yr", "east": "0.4 km3/yr"},
        "salt_inflow": {"west": "3 Mt/yr", "east": "1 Mt/yr"},
        "deposition_time": "41 yr",
    }
    with_mixing = bm.equilibrium(balkhash, dispersion="5 km3/yr", **given)
    without = bm.equilibrium(balkhash, **given)
    assert int(without["lake_connected"]) == 0
    np.testing.assert_array_equal(with_mixing["salinity"], without["salinity"])


# --- step response -------------------------------------------------------------------------------


def test_step_response_from_an_inflow_and_from_its_level(balkhash):
    rest = bm.equilibrium(balkhash, inflow="14 km3/yr")
    a = bm.step_response(balkhash, change="-1 km3/yr", years=[0, 5, 50], inflow="14 km3/yr")
    b = bm.step_response(
        balkhash, change="-1 km3/yr", years=[0, 5, 50], level=float(rest["lake_level"])
    )
    np.testing.assert_allclose(a["lake_level"], b["lake_level"], atol=1e-9)
    assert float(a["lake_level"][0]) == pytest.approx(float(rest["lake_level"]))
    assert float(b["inflow"]) == pytest.approx(units.parse("14 km3/yr", "flow", "x"))
    after = bm.equilibrium(balkhash, inflow="13 km3/yr")
    assert float(a["equilibrium_level"]) == pytest.approx(float(after["lake_level"]))
    assert float(a["response_time"]) == pytest.approx(float(rest["response_time"]))


def test_no_change_is_no_change(balkhash):
    same = bm.step_response(balkhash, change=0.0, years=[0.0, 10.0], level="341 m")
    assert same["lake_level"].values.tolist() == [341.0, 341.0]
    assert same["lake_level_linear"].values.tolist() == [341.0, 341.0]


def test_the_slope_is_that_of_the_side_to_which_the_level_moves():
    curve = Hypsometry(np.array([0.0, 5.0, 10.0]), np.array([10.0, 20.0, 70.0]) * KM2)
    system = pond(storages=(Storage("pond", "lake", curve),))
    for change, slope in ((-0.01, 2.0), (0.01, 10.0)):
        found = bm.step_response(system, change=change, years=1, level=5.0, net_evaporation=3e-8)
        assert float(found["area_slope"]) == pytest.approx(slope * KM2)


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"inflow": "14"}, "inflow: no unit"),
        ({"inflow": ["14 km3/yr", "15"]}, "inflow: no unit"),
        ({"inflow": "14 km"}, "inflow: not a flow"),
        ({"inflow": None}, "inflow: not a quantity"),
        ({"inflow": np.nan}, "inflow: not a finite number"),
        ({"inflow": [[1.0]]}, "not one number or one row"),
        ({"inflow": []}, "inflow"),
        ({"inflow": "-3 km3/yr"}, "inflow: negative"),
        ({"inflow": {"west": -1.0, "east": 0.0}}, "inflow: negative"),
        ({"inflow": {"north": 1.0}}, "inflow of 'north': no such basin"),
        ({"inflow": {"west": [1.0, 2.0], "east": [1.0, 2.0, 3.0]}}, "rows of different lengths"),
        ({"inflow": "40 km3/yr"}, "too large for the level-area curve"),
        ({"inflow": ["14 km3/yr", "40 km3/yr"]}, "in 1 of 2 values"),
        ({"inflow": 0.0, "groundwater": 0.0}, "it dries out"),
        ({"inflow": "14 km3/yr", "groundwater": "-15 km3/yr"}, "it dries out"),
        ({"inflow": "4 km3/yr"}, "the basins part in 1 of 1 values"),
        (
            {"inflow": {"west": 0.0, "east": "3 km3/yr"}, "groundwater": {"west": "-1 km3/yr"}},
            "the first basin loses more",
        ),
        ({"inflow": 400.0, "net_evaporation": "0 m/yr"}, "not positive"),
        ({"inflow": 400.0, "net_evaporation": "0.8"}, "net_evaporation: no unit"),
        ({"inflow": 400.0, "net_evaporation": [1e-8, 2e-8]}, "one number is needed"),
        ({"inflow": 400.0, "groundwater": [1.0, 2.0]}, "only inflow is swept"),
        ({"inflow": 400.0, "abstraction": "-1 m3/s"}, "abstraction: negative"),
        ({"inflow": 400.0, "deposition_time": "41 yr"}, "of no use without salt_inflow"),
        ({"inflow": 400.0, "salt_inflow": "5 Mt/yr"}, "salt_inflow: by basin is needed"),
        (
            {"inflow": 440.0, "salt_inflow": {"west": "5 Mt/yr", "east": 0.0}},
            "salinities need the flow between the basins",
        ),
        (
            {
                "inflow": {"west": 440.0, "east": 0.0},
                "salt_inflow": {"west": "5 Mt/yr", "east": 0.0},
            },
            "nothing takes it away",
        ),
        (
            {"inflow": 440.0, "salt_inflow": {"west": 1.0}, "deposition_time": {"west": "-1 yr"}},
            "not one positive time",
        ),
    ],
)
def test_equilibrium_refuses(balkhash, problems, given, words):
    found = problems(bm.equilibrium, balkhash, **given)
    assert any(words in p for p in found), found


@pytest.mark.parametrize("name", ["inflow", "salt_inflow"])
def test_a_basin_that_is_not_named_is_no_zero(balkhash, problems, name):
    given = {"inflow": {"west": 440.0, "east": 50.0}, "salt_inflow": {"west": 1.0, "east": 1.0}}
    given[name] = {"west": 1.0, "eats": 1.0}
    assert problems(bm.equilibrium, balkhash, deposition_time="41 yr", **given) == [
        f"{name} of 'eats': no such basin. Nearest: east, west",
        f"{name} of 'east': missing; expected every basin of the lake: west, east. "
        "Give 'east': 0.0 where it has none",
    ]


def test_all_problems_at_once(balkhash, problems):
    found = problems(
        bm.equilibrium,
        balkhash,
        inflow="14",
        net_evaporation="-1 m/yr",
        groundwater={"north": 1.0},
        abstraction="x",
    )
    assert len(found) == 4


def test_a_set_without_net_evaporation_is_named(problems):
    found = problems(bm.equilibrium, pond(), inflow=1.0)
    assert len(found) == 1
    assert "net_evaporation: missing" in found[0]


def test_a_lake_with_an_outlet_is_refused(problems):
    for link in (Weir("spill", "pond", OUTSIDE, 5.0, 1.0), Release("gate", "pond", OUTSIDE)):
        found = problems(bm.equilibrium, pond(links=(link,)), inflow=1.0, net_evaporation=1e-8)
        assert "an outlet" in found[0]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"change": "-1", "level": "342 m"}, "change: no unit"),
        ({"change": 1.0}, "one of the two is needed"),
        ({"change": 1.0, "level": "342 m", "inflow": 400.0}, "one of the two is needed"),
        ({"change": 1.0, "level": "342 m", "years": [-1.0]}, "none negative"),
        ({"change": 1.0, "level": "300 m"}, "outside the common curve"),
        ({"change": "-20 km3/yr", "level": "342 m"}, "takes more than the lake gains"),
        ({"change": "-12 km3/yr", "level": "342 m", "years": [1, 40]}, "leaves the common curve"),
        ({"change": [1.0, 2.0], "level": "342 m"}, "one number is needed"),
    ],
)
def test_step_response_refuses(balkhash, problems, given, words):
    found = problems(bm.step_response, balkhash, **({"years": [1.0]} | given))
    assert any(words in p for p in found), found


def test_a_name_in_place_of_a_system_is_refused(problems):
    words = "system: is no lake system; got 'balkhash'; expected what bm.load_system(NAME) returns"
    assert problems(bm.equilibrium, "balkhash", inflow="14 km3/yr") == [words]
    assert problems(bm.step_response, "balkhash", change="1 km3/yr", years=[1]) == [words]
