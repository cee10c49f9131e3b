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

import numpy as np
import numpy.typing as npt
from llvmlite import ir  # type: ignore[import-untyped]
from numba import config, njit, types
from numba.extending import intrinsic

FunctionT = TypeVar("FunctionT", bound=Callable[..., object])

_COMMON: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}

__all__ = ["compiled", "fetch", "inlined", "internal"]


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


def fetch(array: npt.NDArray[np.float64], i: int) -> None:
    """Ask for the line of the cache in which number `i` of an array stands, and go on.

    The processor need not wait for it when it is read or written a little later. To compiled code
    alone it means something; there is no harm in a place beyond the end of the array.

    Parameters
    ----------
    array : array
        Row by row; `i` counts its numbers from the first.
    i : int
        Place.

    Examples
    --------
    >>> fetch(np.zeros(3), 2)
    """


if not config.DISABLE_JIT:

    @intrinsic
    def fetch(typing_context: Any, array: Any, i: Any) -> Any:
        """As above, in compiled code."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
            byte, whole = ir.IntType(8).as_pointer(), ir.IntType(32)
            kind = ir.FunctionType(ir.VoidType(), [byte, whole, whole, whole])
            name = "llvm.prefetch.p0i8"
            known = builder.module.globals.get(name)
            function = ir.Function(builder.module, kind, name) if known is None else known
            place = builder.bitcast(builder.gep(data, [arguments[1]]), byte)
            # for reading, to be kept close, data
            builder.call(function, [place, whole(0), whole(3), whole(1)])
            return context.get_dummy_value()

        return types.void(array, i), generate
