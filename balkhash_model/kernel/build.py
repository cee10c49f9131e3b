"""The kernel in parts, each compiled by itself, two at a time.

Numba optimises a compiled function once by itself and once more inside every function that calls
it. So the parts that cost most to compile are handed to `march_block` as pointers to functions:
each is compiled once, and a second process compiles some while the first compiles the others. Both
leave the machine code in Numba's cache, where later processes find it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np

from balkhash_model.kernel.block import make_block
from balkhash_model.kernel.chain import evaluate_chain
from balkhash_model.kernel.layout import Forcing, Graph, allocate_output
from balkhash_model.kernel.lone import evaluate_lone
from balkhash_model.kernel.lone_march import make_work, march_lone
from balkhash_model.kernel.march_block import march_block
from balkhash_model.kernel.solve import newton_step
from balkhash_model.kernel.stage import close_stage, evaluate

__all__ = ["Parts", "cache_folder", "lone_march", "parts", "start"]


class Parts(NamedTuple):
    """The compiled parts, in the order in which `march_block` takes them, and itself.

    The first two are those of the kind of the system.
    """

    evaluate_chain: Callable[..., float]
    evaluate: Callable[..., float]
    newton_step: Callable[..., None]
    close_stage: Callable[..., None]
    march_block: Callable[..., None]


#: How the stages of each kind of system are evaluated: first, and where that fails.
EVALUATIONS = {
    "chain": ("evaluate_chain", "evaluate"),
    "lone": ("evaluate_lone", "evaluate_lone"),
    "other": ("evaluate", "evaluate"),
}
#: What the second process compiles of that and of the rest. It is more than half of the work: the
#: first process has the scenario to make before it compiles the others.
ELSEWHERE = ("evaluate", "evaluate_lone", "newton_step", "close_stage")

_lock = threading.Lock()
_parts: dict[str, Parts] = {}
_ready: set[str] = set()
_helper: list[subprocess.Popen[bytes]] = []


def _example() -> tuple[Graph, Forcing, Any, Any]:
    """Arrays of the kinds that the kernel is given, as small as can be."""
    number, flag = np.zeros((1, 1)), np.zeros(1, dtype=np.int64)
    switch = np.zeros((1, 1), dtype=np.bool_)
    rows = np.zeros((1, 1, 1))
    graph = Graph(
        table=number,
        curve_row=flag,
        curve_brim=number,
        link_row=flag,
        storage_flag=flag,
        coupled=switch,
        link=flag[:, None],
        link_value=number,
        junction_to=flag,
        loss_corner=rows,
        user_place=flag,
        user_band=number,
        river_salinity=number[0],
        lateral_salinity=number[0],
        deposition=number,
        lowering=number[0],
        slots=np.zeros((4, 1, 2), dtype=np.int64),
    )
    forcing = Forcing(
        duration=number[0],
        active=switch,
        opening=number,
        gauged=switch,
        climate=rows,
        inflow=rows,
        use=rows,
        turn=flag,
        which=np.zeros((3, 1, 1), dtype=np.int64),
        curve_index=flag[:, None],
        initial_volume=number,
        initial_salt=number,
    )
    return graph, forcing, allocate_output(1, graph, 1), make_block(1, 1, 1, 1, 1)


def _signatures() -> dict[str, Any]:
    """Types of the arguments of each part."""
    sample, forces, room_out, room = _example()
    graph, forcing, out, block = (numba.typeof(x) for x in (sample, forces, room_out, room))
    real, whole, flag = numba.float64, numba.int64, numba.boolean
    reals, flags = real[::1], flag[::1]
    nothing = numba.void
    made = {
        "evaluate": whole(graph, reals, flags, flags, real, real, flag, flag, whole, block),
        "newton_step": nothing(
            *(numba.typeof(x) for x in (sample.coupled, sample.link)),
            *(flags, real, whole, whole),
            *(numba.typeof(x) for x in (room.s, room.v, room.z, room.matrix)),
        ),
        "close_stage": nothing(
            graph, flags, real, real, flag, real, real, flag, flag, whole, block
        ),
    }
    made = {"evaluate_chain": made["evaluate"], **made}
    pointers = [numba.types.FunctionType(signature) for signature in made.values()]
    work = numba.typeof(make_work())
    made["evaluate_lone"] = made["evaluate"]
    made["march_lone"] = nothing(graph, forcing, out, whole, whole, whole, work, flags)
    made["march_block"] = nothing(
        flag, *pointers, graph, forcing, out, whole, whole, whole, flag, flag, block, block
    )
    return made


def _functions() -> dict[str, Any]:
    whole = Parts(evaluate_chain, evaluate, newton_step, close_stage, march_block)._asdict()
    return {**whole, "evaluate_lone": evaluate_lone, "march_lone": march_lone}


def cache_folder() -> Path | None:
    """Where the machine code is kept.

    Returns
    -------
    pathlib.Path or None
        The folder; None where Numba is switched off.

    Examples
    --------
    >>> cache_folder().name
    '__pycache__'
    """
    stats = getattr(march_block, "stats", None)
    return None if stats is None else Path(stats.cache_path)


def _drop_stale(folder: Path) -> None:
    """Remove compiled code that is older than any source of the kernel.

    Numba's cache looks at the file of the outermost function alone, so it would keep serving
    machine code into which an older version of another file is compiled.
    """
    newest = max(p.stat().st_mtime for p in Path(__file__).parent.glob("*.py"))
    for entry in folder.glob("*.nb[ic]") if folder.is_dir() else ():
        try:
            if entry.stat().st_mtime < newest:
                entry.unlink()
        except OSError:
            # a read-only or shared cache: numba itself decides what to do with it
            continue


def start(kind: str = "chain") -> None:
    """Begin to compile some parts in a second process, if they are not in the cache.

    Returns at once. What that process does not manage, :func:`parts` does itself.

    Parameters
    ----------
    kind : {"chain", "lone", "other"}
        The kind of system that the parts are for: :func:`~balkhash_model.kernel.chain.is_chain`,
        :func:`~balkhash_model.kernel.layout.is_lone` or neither.

    Examples
    --------
    >>> start()
    """
    folder = cache_folder()
    with _lock:
        if folder is None or _parts or _helper:
            return
        _drop_stale(folder)
        names = {*EVALUATIONS[kind], *Parts._fields[2:]} & {*ELSEWHERE}
        cached = all(any(folder.glob(f"*.{name}-*.nbi")) for name in names)
        if cached or (os.cpu_count() or 1) < 2:
            return
        command = [sys.executable, "-m", "balkhash_model.kernel.build", *sorted(names)]
        path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
        no, environment = subprocess.DEVNULL, {**os.environ, "PYTHONPATH": path}
        try:
            _helper.append(
                subprocess.Popen(command, env=environment, stdin=no, stdout=no, stderr=no)
            )
        except OSError:
            return  # no second process to be had


def _compile(names: tuple[str, ...]) -> None:
    missing = [name for name in dict.fromkeys(names) if name not in _ready]
    if cache_folder() is None or not missing:
        return
    signatures, functions = _signatures(), _functions()
    for name in missing:
        functions[name].compile(signatures[name].args)
        functions[name].disable_compile()
        _ready.add(name)


def parts(kind: str = "chain") -> Parts:
    """Compile the kernel, or take it from the cache.

    Parameters
    ----------
    kind : {"chain", "lone", "other"}
        The kind of system that the parts are for: :func:`~balkhash_model.kernel.chain.is_chain`,
        :func:`~balkhash_model.kernel.layout.is_lone` or neither.

    Returns
    -------
    Parts
        The compiled functions.

    Examples
    --------
    >>> parts().march_block is march_block
    True
    """
    start(kind)
    with _lock:
        if kind not in _parts:
            names = (*EVALUATIONS[kind], *Parts._fields[2:])
            _compile(tuple(name for name in names if name not in ELSEWHERE))
            for process in _helper:
                process.wait()
            _compile(names)
            functions = _functions()
            _parts[kind] = Parts(*(functions[name] for name in names))
        return _parts[kind]


def lone_march() -> Callable[..., None]:
    """Compile the march of the volumes of lone storages, or take it from the cache.

    Returns
    -------
    callable
        :func:`balkhash_model.kernel.lone_march.march_lone`.

    Examples
    --------
    >>> lone_march() is march_lone
    True
    """
    with _lock:
        if not _ready and not _helper:
            folder = cache_folder()
            if folder is not None:
                _drop_stale(folder)
        _compile(("march_lone",))
        return march_lone


if __name__ == "__main__":
    _compile(tuple(sys.argv[1:]))
