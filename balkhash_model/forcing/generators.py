"""Synthetic river inflow: monthly flows drawn from the statistics or the years of a record.

Every generator takes a record of monthly means ``(years, 12)`` and a number generator, and gives
``(n, 12)``. A seed belongs to one member, so that member i draws the same numbers however many
members there are.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from balkhash_model.errors import InputError, Problem

FloatArray = npt.NDArray[np.float64]

__all__ = [
    "block_bootstrap",
    "block_bootstrap_lag1",
    "generator_of",
    "k_nearest_neighbours",
    "lag1",
    "lognormal_ar1",
    "thomas_fiering",
]


def generator_of(seed: int, stream: str, member: int) -> np.random.Generator:
    """Number generator of one member and one purpose.

    Parameters
    ----------
    seed : int
        Seed of the ensemble.
    stream : str
        What is drawn, so that two purposes do not share their numbers.
    member : int
        Number of the member, from 0.

    Returns
    -------
    numpy.random.Generator
        The generator.

    Examples
    --------
    >>> a, b = (generator_of(7, "inflow", 3).random() for _ in range(2))
    >>> a == b
    True
    """
    return np.random.default_rng([seed, *stream.encode("utf-8"), member])


def lag1(values: npt.ArrayLike) -> float:
    """Correlation of a series with itself one step later.

    Parameters
    ----------
    values : array_like (n,)
        The series.

    Returns
    -------
    float
        Sum of products of neighbouring departures over the sum of squares.

    Examples
    --------
    >>> round(lag1([1.0, 2.0, 3.0, 4.0]), 3)
    0.25
    """
    x = np.asarray(values, dtype=np.float64)
    d = x - x.mean()
    return float((d[1:] * d[:-1]).sum() / max(float((d**2).sum()), 1e-300))


def lognormal_ar1(
    mean: float,
    variation: float,
    correlation: float,
    n: int,
    rng: np.random.Generator,
) -> FloatArray:
    r"""Annual values whose logarithm is an autoregression of first order.

    With :math:`s^2 = \ln(1 + v^2)` the correlation of the logarithms is
    :math:`\rho_y = \ln(1 + \rho v^2)/s^2` (so that the values themselves have mean, coefficient of
    variation v and lag-1 correlation :math:`\rho`, exactly), and
    :math:`y_t = \rho_y y_{t-1} + s\sqrt{1-\rho_y^2}\,\varepsilon_t`,
    :math:`q_t = m \exp(y_t - s^2/2)`.

    Parameters
    ----------
    mean : float
        Mean.
    variation : float
        Coefficient of variation.
    correlation : float
        Lag-1 correlation of the values.
    n : int
        Number of values.
    rng : numpy.random.Generator
        Source of normal numbers.

    Returns
    -------
    array (n,)
        Values; the first is drawn from the stationary distribution.

    Raises
    ------
    InputError
        Where no such series exists.

    Examples
    --------
    >>> values = lognormal_ar1(14.0, 0.2, 0.4, 20000, np.random.default_rng(1))
    >>> bool(abs(values.mean() - 14.0) < 0.2)
    True
    """
    square = np.log1p(variation**2)
    inner = 1.0 + correlation * variation**2
    if variation <= 0.0 or not -1.0 < correlation < 1.0 or inner <= 0.0:
        raise InputError(
            Problem(
                "inflow.generator",
                "no such series",
                f"variation {variation:g}, lag-1 correlation {correlation:g}",
                "a variation above 0 and a correlation between -1 and 1",
            )
        )
    rho = np.log(inner) / square
    noise = rng.standard_normal(n)
    y = np.empty(n)
    y[0] = np.sqrt(square) * noise[0]
    step = np.sqrt(square * (1.0 - rho**2))
    for t in range(1, n):
        y[t] = rho * y[t - 1] + step * noise[t]
    values: FloatArray = mean * np.exp(y - 0.5 * square)
    return values


def thomas_fiering(
    record: FloatArray, n: int, rng: np.random.Generator, warm_up: int = 10
) -> FloatArray:
    r"""Monthly flows by the model of Thomas and Fiering.

    :math:`Q_j = m_j + r_j \frac{s_j}{s_{j-1}} (Q_{j-1} - m_{j-1}) + z\,s_j \sqrt{1 - r_j^2}` with
    mean :math:`m_j` and standard deviation :math:`s_j` of month j, its correlation :math:`r_j` with
    the month before, and a standard normal z. A negative flow is set to zero.

    Parameters
    ----------
    record : array (years, 12)
        Monthly flows, three years or more.
    n : int
        Years to draw.
    rng : numpy.random.Generator
        Source of normal numbers.
    warm_up : int, default 10
        Years drawn before the first that is kept.

    Returns
    -------
    array (n, 12)
        Monthly flows.

    Examples
    --------
    >>> record = np.random.default_rng(2).gamma(20.0, 1.0, (30, 12))
    >>> thomas_fiering(record, 5, np.random.default_rng(3)).shape
    (5, 12)
    """
    mean, deviation, correlation = monthly_statistics(record)
    z = rng.standard_normal((n + warm_up, 12))
    out = np.empty((n + warm_up, 12))
    state = 0.0  # departure of the month before, in its standard deviations
    for year in range(n + warm_up):
        for j in range(12):
            r = correlation[j]
            state = r * state + z[year, j] * np.sqrt(1.0 - r * r)
            out[year, j] = mean[j] + deviation[j] * state
    flows: FloatArray = np.maximum(out[warm_up:], 0.0)
    return flows


def monthly_statistics(record: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean and deviation of each month, and its correlation with the month before.

    Parameters
    ----------
    record : array (years, 12)
        Monthly flows.

    Returns
    -------
    tuple of array (12,)
        Means, standard deviations (n - 1) and correlations; that of January is with the December
        of the year before.

    Examples
    --------
    >>> mean, deviation, _ = monthly_statistics(np.arange(36.0).reshape(3, 12))
    >>> float(mean[0]), float(deviation[0])
    (12.0, 12.0)
    """
    mean = record.mean(axis=0)
    deviation = record.std(axis=0, ddof=1)
    correlation = np.zeros(12)
    for j in range(12):
        now, before = (
            (record[1:, 0], record[:-1, 11]) if j == 0 else (record[:, j], record[:, j - 1])
        )
        spread = now.std() * before.std()
        if spread > 0.0:
            product = ((now - now.mean()) * (before - before.mean())).mean()
            correlation[j] = np.clip(product / spread, -0.999, 0.999)
    return mean, deviation, correlation


def k_nearest_neighbours(
    record: FloatArray, n: int, rng: np.random.Generator, neighbours: int | None = None
) -> FloatArray:
    r"""Years of a record in a new order, each following a year like the one before it.

    After year t the successor of one of the k years nearest to it in annual flow is taken, the
    i-th nearest with weight :math:`(1/i)/\sum_{j=1}^{k} 1/j` (Lall and Sharma 1996).

    Parameters
    ----------
    record : array (years, 12)
        Monthly flows.
    n : int
        Years to draw.
    rng : numpy.random.Generator
        Source of numbers.
    neighbours : int, optional
        k; the square root of the number of years where not given.

    Returns
    -------
    array (n, 12)
        Monthly flows of years of the record.

    Examples
    --------
    >>> record = np.arange(48.0).reshape(4, 12)
    >>> drawn = k_nearest_neighbours(record, 6, np.random.default_rng(4))
    >>> all(any((row == year).all() for year in record) for row in drawn)
    True
    """
    annual = record.mean(axis=1)
    years = annual.size
    k = min(neighbours or max(round(np.sqrt(years)), 1), years - 1)
    weights = 1.0 / np.arange(1, k + 1)
    weights /= weights.sum()
    chosen = np.empty(n, dtype=np.int64)
    chosen[0] = rng.integers(years)
    candidates = np.arange(years - 1)  # the last year has no successor
    distance = np.abs(annual[candidates] - annual[:, None])
    nearest = candidates[np.argsort(distance, axis=1, kind="stable")[:, :k]]
    # one draw after the other takes the same numbers as all at once
    ranks = rng.choice(k, size=n - 1, p=weights)
    for t in range(1, n):
        chosen[t] = nearest[chosen[t - 1], ranks[t - 1]] + 1
    flows: FloatArray = record[chosen]
    return flows


def block_bootstrap(
    record: FloatArray, n: int, rng: np.random.Generator, block: int = 3
) -> FloatArray:
    """Blocks of neighbouring years of a record, drawn with replacement, the record taken as a ring.

    Parameters
    ----------
    record : array (years, 12)
        Monthly flows.
    n : int
        Years to draw.
    rng : numpy.random.Generator
        Source of numbers.
    block : int, default 3
        Years in a block.

    Returns
    -------
    array (n, 12)
        Monthly flows of years of the record; every year is equally likely everywhere, so the mean
        is that of the record.

    Examples
    --------
    >>> record = np.arange(48.0).reshape(4, 12)
    >>> block_bootstrap(record, 6, np.random.default_rng(5), block=2).shape
    (6, 12)
    """
    years = record.shape[0]
    starts = rng.integers(years, size=-(-n // block))
    index = (starts[:, None] + np.arange(block)[None, :]).ravel()[:n] % years
    flows: FloatArray = record[index]
    return flows


def block_bootstrap_lag1(values: npt.ArrayLike, block: int) -> float:
    r"""Lag-1 correlation that a block bootstrap of a record has in theory.

    Within a block neighbours are those of the ring, across blocks they are independent:
    :math:`\rho = \frac{b-1}{b} \rho_{ring}`, the mean over the places within a block.

    Parameters
    ----------
    values : array_like (years,)
        Annual values of the record.
    block : int
        Years in a block.

    Returns
    -------
    float
        The correlation.

    Examples
    --------
    >>> block_bootstrap_lag1([1.0, 2.0, 3.0, 2.0], 1)
    0.0
    """
    x = np.asarray(values, dtype=np.float64)
    d = x - x.mean()
    ring = float((d * np.roll(d, -1)).sum() / (d**2).sum())
    return (block - 1) / block * ring
