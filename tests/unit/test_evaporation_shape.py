"""Vapour pressure and the seasonal shape of evaporation."""

import numpy as np
import pytest

from balkhash_model.forcing.climate import evaporation_shape, precipitation_shape
from balkhash_model.library import load_parameters
from balkhash_model.physics.evaporation import mass_transfer_shape
from balkhash_model.physics.vapour import saturation_vapour_pressure


@pytest.mark.parametrize(
    ("celsius", "kpa"), [(1.0, 0.657), (15.0, 1.705), (24.5, 3.075), (30.0, 4.243)]
)
def test_vapour_pressure_as_fao_56_prints_it(celsius, kpa):
    assert saturation_vapour_pressure(celsius) / 1e3 == pytest.approx(kpa, abs=6e-4)


def test_vapour_pressure_at_freezing_is_the_constant():
    assert saturation_vapour_pressure(0.0) == 610.8


def test_dry_air_gives_shares_in_proportion_to_vapour_pressure():
    # no humidity: the demand is e_s(T_w) alone; two open months share 0.9, ten frozen ones 0.1
    water = np.full(12, np.nan)
    water[[6, 7]] = 24.5, 15.0
    shares = mass_transfer_shape(water, np.zeros(12), relative_humidity=0.0, ice_share=0.1)
    assert shares.sum() == pytest.approx(1.0, rel=1e-14)
    assert shares[6] / shares[7] == pytest.approx(3075 / 1705, rel=1e-3)
    assert shares[[6, 7]].sum() == pytest.approx(0.9, rel=1e-14)
    np.testing.assert_allclose(np.delete(shares, [6, 7]), 0.01, rtol=1e-14)


def test_a_lake_without_ice_leaves_no_share_for_it():
    shares = mass_transfer_shape(np.full(12, 20.0), np.full(12, 20.0), 0.5, ice_share=0.1)
    np.testing.assert_allclose(shares, 1 / 12, rtol=1e-14)


def test_air_moister_than_the_water_evaporates_nothing():
    # 0.9 e_s(25) = 2.85 kPa is more than e_s(5) = 0.87 kPa
    water, air = np.full(12, 20.0), np.full(12, 15.0)
    water[3], air[3] = 5.0, 25.0
    shares = mass_transfer_shape(water, air, relative_humidity=0.9, ice_share=0.0)
    assert shares[3] == 0.0
    np.testing.assert_allclose(np.delete(shares, 3), 1 / 11, rtol=1e-14)


def test_the_shapes_of_balkhash():
    parameters = load_parameters("balkhash")
    shares = evaporation_shape(parameters)
    assert shares.sum() == pytest.approx(1.0, rel=1e-14)
    assert (shares >= 0.0).all()
    ice = parameters["evaporation_ice_share"].si
    assert shares[[11, 0, 1, 2]].sum() == pytest.approx(ice, rel=1e-12)
    assert shares.argmax() + 1 in (7, 8)
    assert precipitation_shape().shape == (12,)
    assert precipitation_shape().sum() == pytest.approx(1.0, rel=1e-14)
    assert (precipitation_shape() > 0.0).all()
