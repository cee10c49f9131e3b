"""How the kernel is compiled.

No fastmath and no contraction: every operation is rounded as IEEE 754 says, so a lane gives the
same bits in a vector register as alone. Division follows NumPy (no exception on zero), without
which no loop that divides is vectorised. The machine code is cached on disk.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

FunctionT = TypeVar("FunctionT", bound=Callable[..., object])

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
    return cast(
        FunctionT,
        njit(cache=True, nogil=True, error_model="numpy", _nrt=False, no_cfunc_wrapper=True)(
            function
        ),
    )


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
    options = {"no_cfunc_wrapper": True, "no_cpython_wrapper": True}
    return cast(FunctionT, njit(nogil=True, error_model="numpy", _nrt=False, **options)(function))


def inlined(function: FunctionT) -> FunctionT:
    """Compile a function of the kernel into the place that calls it.

    A call hands over every array of a block by its parts, which costs more than a short loop does,
    and a function compiled by itself is optimised once more with each of its callers. So only the
    outermost function of the kernel is compiled as such; each of the others is called from one
    place.

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
    return cast(
        FunctionT,
        njit(nogil=True, error_model="numpy", _nrt=False, inline="always")(function),
    )
