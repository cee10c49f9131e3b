"""Synthetic inflow: moments over fixed seeds, and the correlation that theory gives."""

import numpy as np
import pytest

from balkhash_model.errors import InputError
from balkhash_model.forcing import generators as g

SEEDS = range(100, 120)  # twenty fixed consecutive seeds
RECORD = np.random.default_rng(11).gamma(25.0, 16.0, (22, 1)) * (
    1.0 + 0.4 * np.cos(2 * np.pi * (np.arange(12) - 5) / 12)
) + np.random.default_rng(12).normal(0.0, 12.0, (22, 12))


def within(values: list[float], target: float, widen: float = 3.0) -> bool:
    """Whether the mean over the seeds lies within three standard errors of the target."""
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    return abs(np.mean(values) - target) <= widen * error


def test_lognormal_moments_and_correlation():
    runs = [g.lognormal_ar1(14.0, 0.25, 0.45, 3000, np.random.default_rng(s)) for s in SEEDS]
    assert within([r.mean() for r in runs], 14.0)
    assert within([r.std() / r.mean() for r in runs], 0.25)
    assert within([g.lag1(r) for r in runs], 0.45)
    assert all((r > 0).all() for r in runs)


def test_lognormal_starts_in_its_stationary_distribution():
    first = [g.lognormal_ar1(14.0, 0.25, 0.9, 1, np.random.default_rng(s))[0] for s in range(2000)]
    assert abs(np.mean(first) - 14.0) < 3 * 3.5 / np.sqrt(2000)


@pytest.mark.parametrize(("variation", "correlation"), [(0.0, 0.2), (0.2, 1.0), (2.0, -0.9)])
def test_a_series_that_cannot_be_is_refused(variation, correlation):
    with pytest.raises(InputError, match="no such series"):
        g.lognormal_ar1(1.0, variation, correlation, 5, np.random.default_rng(0))


def test_thomas_fiering_moments_by_month():
    mean, deviation, correlation = g.monthly_statistics(RECORD)
    runs = [g.thomas_fiering(RECORD, 1000, np.random.default_rng(s)) for s in SEEDS]
    # twelve months and three moments are 36 tests at once: three errors for each, one may stray
    misses = 0
    for j in range(12):
        before = RECORD[:, j - 1] if j else None
        assert before is None or before.size == 22
        misses += not within([r[:, j].mean() for r in runs], mean[j])
        misses += not within([r[:, j].std() for r in runs], deviation[j])
        pair = [
            np.corrcoef(r[:, j], r[:, j - 1])[0, 1]
            if j
            else np.corrcoef(r[1:, 0], r[:-1, 11])[0, 1]
            for r in runs
        ]
        misses += not within(pair, correlation[j])
    assert misses <= 1


def test_thomas_fiering_never_runs_backwards():
    wild = np.random.default_rng(3).gamma(0.5, 10.0, (20, 12))
    assert (g.thomas_fiering(wild, 500, np.random.default_rng(1)) >= 0.0).all()


def test_the_bootstrap_keeps_the_mean_and_the_correlation_of_theory():
    annual = RECORD.mean(axis=1)
    for block in (1, 2, 3, 5):
        drawn = [
            g.block_bootstrap(RECORD, 2000, np.random.default_rng(s), block).mean(axis=1)
            for s in SEEDS
        ]
        assert within([d.mean() for d in drawn], annual.mean())
        assert within([d.std() for d in drawn], annual.std())
        assert within([g.lag1(d) for d in drawn], g.block_bootstrap_lag1(annual, block))


def test_blocks_of_the_bootstrap_are_neighbours_of_the_ring():
    record = np.arange(7.0)[:, None] * np.ones(12)
    drawn = g.block_bootstrap(record, 300, np.random.default_rng(5), 3)[:, 0].reshape(-1, 3)
    assert (np.diff(drawn, axis=1) % 7 == 1).all()


def test_neighbours_follow_a_year_like_the_one_before():
    rising = np.arange(1.0, 13.0)[:, None] * np.ones(12)
    drawn = g.k_nearest_neighbours(rising, 400, np.random.default_rng(2), 1)[:, 0]
    # with one neighbour a year is followed by its own successor; the last year has none and its
    # nearest is the one before it
    steps = np.diff(drawn)
    assert set(np.unique(steps)) <= {1.0, 0.0}


def _chain_moments(k: int) -> tuple[float, float, float]:
    """Mean, deviation and lag-1 correlation of the chain of neighbours, by its transitions."""
    annual = RECORD.mean(axis=1)
    n = annual.size
    weights = 1.0 / np.arange(1, k + 1)
    weights /= weights.sum()
    p = np.zeros((n, n))
    for i in range(n):
        near = np.argsort(np.abs(annual[:-1] - annual[i]), kind="stable")[:k]
        p[i, near + 1] += weights
    state = np.linalg.matrix_power(p, 4000)[0]
    mean = state @ annual
    variance = state @ (annual - mean) ** 2
    lag = (state * (annual - mean)) @ p @ (annual - mean)
    return mean, np.sqrt(variance), lag / variance


def test_neighbours_have_the_moments_of_their_chain():
    mean, deviation, correlation = _chain_moments(5)
    drawn = [
        g.k_nearest_neighbours(RECORD, 2000, np.random.default_rng(s), 5).mean(axis=1)
        for s in SEEDS
    ]
    assert within([d.mean() for d in drawn], mean)
    assert within([d.std() for d in drawn], deviation)
    assert within([g.lag1(d) for d in drawn], correlation)


def test_a_member_draws_the_same_whatever_the_number_of_members():
    a = g.generator_of(1, "inflow", 3).random(5)
    assert (a == g.generator_of(1, "inflow", 3).random(5)).all()
    assert (a != g.generator_of(1, "inflow", 4).random(5)).any()
    assert (a != g.generator_of(1, "glacier", 3).random(5)).any()
    assert (a != g.generator_of(2, "inflow", 3).random(5)).any()
