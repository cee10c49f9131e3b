"""Bring a modelled climate to an observed reference: delta change and quantile mapping."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

__all__ = ["delta_change", "quantile_mapping"]


def delta_change(
    model: FloatArray,
    model_reference: FloatArray,
    observed: FloatArray,
    kind: Literal["ratio", "difference"],
) -> FloatArray:
    r"""Observed climatology, changed as the model changes.

    By month, :math:`x_t = \bar o\,(m_t/\bar m_{ref})` for amounts, and
    :math:`x_t = \bar o + (m_t - \bar m_{ref})` for temperatures.

    Parameters
    ----------
    model : array (..., years, 12)
        Modelled monthly values.
    model_reference : array (..., years, 12)
        Modelled values of the reference years.
    observed : array (12,) or (years, 12)
        Observed climatology, or observed years of the reference.
    kind : {"ratio", "difference"}
        How the change is carried over.

    Returns
    -------
    array (..., years, 12)
        Corrected values.

    Examples
    --------
    >>> model = np.full((1, 12), 30.0)
    >>> delta_change(model, np.full((5, 12), 20.0), np.full(12, 10.0), "ratio")[0, :2]
    array([15., 15.])
    """
    base = observed if observed.ndim == 1 else observed.mean(axis=0)
    mean = model_reference.mean(axis=-2, keepdims=True)
    if kind == "difference":
        shifted: FloatArray = base + (model - mean)
        return shifted
    ratio: FloatArray = np.divide(model, mean, out=np.ones_like(model), where=mean > 0.0)
    scaled: FloatArray = base * ratio
    return scaled


def quantile_mapping(
    model: FloatArray,
    model_reference: FloatArray,
    observed: FloatArray,
    kind: Literal["ratio", "difference"],
) -> FloatArray:
    """Give each modelled value the observed one of the same rank, month by month.

    The ranks are those of the reference years, with straight lines between plotting positions
    (i - 0.5)/n. Beyond the extremes of the reference the correction of the extreme is kept: its
    ratio for amounts, its difference for temperatures.

    Parameters
    ----------
    model : array (..., years, 12)
        Modelled monthly values.
    model_reference : array (..., years, 12)
        Modelled values of the reference years.
    observed : array (years, 12)
        Observed values of the reference years.
    kind : {"ratio", "difference"}
        How values beyond the reference are corrected.

    Returns
    -------
    array (..., years, 12)
        Corrected values.

    Examples
    --------
    >>> observed = np.arange(1.0, 5.0)[:, None] * np.ones(12)
    >>> corrected = quantile_mapping(10 * observed, 10 * observed, observed, "ratio")
    >>> bool(np.allclose(corrected, observed))
    True
    """
    out = np.empty_like(model)
    flat_model = model.reshape(-1, *model.shape[-2:])
    flat_reference = np.broadcast_to(
        model_reference, (*model.shape[:-2], *model_reference.shape[-2:])
    ).reshape(-1, *model_reference.shape[-2:])
    flat_out = out.reshape(-1, *model.shape[-2:])
    for member in range(flat_model.shape[0]):
        for month in range(12):
            flat_out[member, :, month] = _map(
                flat_model[member, :, month],
                np.sort(flat_reference[member, :, month]),
                np.sort(observed[:, month]),
                kind,
            )
    return flat_out.reshape(model.shape)


def _map(values: FloatArray, source: FloatArray, target: FloatArray, kind: str) -> FloatArray:
    place = (np.arange(source.size) + 0.5) / source.size
    goal = np.interp(place, (np.arange(target.size) + 0.5) / target.size, target)
    inside = np.interp(values, source, goal)
    for beyond, i in ((values < source[0], 0), (values > source[-1], -1)):
        if kind == "difference" or source[i] <= 0.0:
            inside = np.where(beyond, values + goal[i] - source[i], inside)
        else:
            inside = np.where(beyond, values * goal[i] / source[i], inside)
    return np.maximum(inside, 0.0) if kind == "ratio" else inside
