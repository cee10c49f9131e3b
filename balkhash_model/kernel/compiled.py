"""How the kernel is compiled.

Nothing in the kernel allocates, so the reference counts that Numba would keep of every array are
switched off: they cost more than the loops do. No fastmath and no contraction: every operation is
rounded as IEEE 754 says, so a lane gives the same bits in a vector register as alone. Division
follows NumPy (no exception on zero), without which no loop that divides is vectorised. The machine
code is cached on disk.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

FunctionT = TypeVar("FunctionT", bound=Callable[..., object])

_COMMON: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}

__all__ = ["compiled", "inlined", "internal"]


def compiled(function: FunctionT) -> FunctionT:
    """Compile a function of the kernel.

    Parameters
    ----------
    function : callable
        A function on arrays and numbers.

    Returns
    -------
    callable
        The same function, compiled when it is first called and cached.

    Examples
    --------
    :func:`balkhash_model.kernel.march.march_block` is compiled so; the cache needs a file.
    """
    return cast(FunctionT, njit(cache=True, **_COMMON)(function))


def internal(function: FunctionT) -> FunctionT:
    """Compile a function of the kernel that only compiled functions call.

    It has no entry from Python, which saves a good part of its compilation.

    Parameters
    ----------
    function : callable
        A function on arrays and numbers.

    Returns
    -------
    callable
        The same function, compiled.

    Examples
    --------
    >>> internal(lambda x: 2.0 * x) is not None
    True
    """
    wrappers = {"no_cfunc_wrapper": True, "no_cpython_wrapper": True}
    return cast(FunctionT, njit(**wrappers, **_COMMON)(function))


def inlined(function: FunctionT) -> FunctionT:
    """Compile a function of the kernel into the place that calls it.

    A call hands over every array of a block by its parts, which costs more than a short loop does;
    but each function that takes others in is slow to compile by more than the sum of them. So the
    short functions are taken in by a few of middle size, and those are called.

    Parameters
    ----------
    function : callable
        A function on arrays and numbers.

    Returns
    -------
    callable
        The same function, compiled.

    Examples
    --------
    >>> @inlined
    ... def twice(x: float) -> float:
    ...     return 2.0 * x
    >>> twice(1.5)
    3.0
    """
    return cast(FunctionT, njit(inline="always", **_COMMON)(function))
