"""Time of the kernel per member-step, beside a plain NumPy loop in the same run.

The kernel marches the Balkhash system (three storages, monthly, the forcing of ``hindcast_free``),
states only: without salt, with it, and with all the rest, on one and two threads. The loop is the
explicit one-lake problem: one closed lake, 1 200 steps of 30 days, a thousand members as one
vector, area looked up in a table of fifteen rows. A script, not a test: absolute times move by a
fifth and more from run to run, so look at the ratio.

    python tests/benchmarks/bench_kernel.py --members 10000 --repeat 5
"""

import argparse
import os
import time
from collections.abc import Callable

import numpy as np

import balkhash_model as bm
from balkhash_model import packing, runs
from balkhash_model.forcing.check import read_forcing
from balkhash_model.initial_state import initial_volumes
from balkhash_model.kernel import layout
from balkhash_model.kernel.march import march
from balkhash_model.physics import water_activity


def fastest(work: Callable[[], object], repeat: int) -> tuple[float, float]:
    """Fastest and median time of `repeat` calls, s, after one that warms up."""
    work()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times), float(np.median(times))


def kernel_case(members: int, own_inflow: bool):
    """Packed system and forcing; members differ in their start, and in their inflow if asked."""
    case = runs.build("hindcast_free")
    arrays = read_forcing(case.system, case.forcing)
    volume = initial_volumes(case.system, case.levels, case.axis.edges[0])
    packed, _ = packing.pack_forcing(case.system, arrays, volume, 2.0 * volume, members)
    rng = np.random.default_rng(1)
    spread = rng.uniform(0.95, 1.05, members)
    packed = packed._replace(initial_volume=volume[:, None] * spread)
    if own_inflow:
        factor = rng.lognormal(0.0, 0.15, (packed.duration.size, members, 1))
        which = packed.which.copy()
        which[1] = np.arange(members)
        packed = packed._replace(inflow=packed.inflow * factor, which=which)
    return packing.pack(case.system), packed


def everything(graph, packed):
    """Deposition, mixing in the strait, evaporation lowered by salt, and a rule for Kapshagay.

    Ice acts on the forcing alone and costs the kernel nothing.
    """
    year = 365.25 * 86400.0
    value = graph.link_value.copy()
    value[graph.link[:, layout.KIND] == layout.STRAIT, layout.EXCHANGE] = 20.0
    graph = graph._replace(
        deposition=np.full((3, 2), (1.0 / (40.0 * year), 0.0)),
        lowering=np.array([water_activity.LINEAR, water_activity.QUADRATIC, 2.0]),
        link_value=value,
    )
    rows = layout.rows_of(layout.USE, packing.counts(bm.load_system("balkhash")))
    use = packed.use.copy()
    use[:, :, rows["target"].start] = 15e9
    use[:, :, rows["rate"].start] = 1.0 / (90.0 * 86400.0)
    use[:, :, rows["most"].start] = 1226.0
    return graph, packed._replace(use=use)


def one_lake_loop(members: int, uniform: bool) -> Callable[[], np.ndarray]:
    """The explicit one-lake problem over a vector of members.

    Area from volume by ``np.interp`` in the fifteen rows, or (uniform) by a direct index into a
    table at equal steps of volume, two rows of which are interpolated.
    """
    steps = 1200
    level = 328.0 + 1.2 * np.arange(15)
    area = 1e6 * np.array(
        [
            1500,
            3200,
            5100,
            6900,
            8600,
            10300,
            11900,
            13200,
            14500,
            15700,
            16900,
            18300,
            19900,
            21800,
            23900,
        ]
    )
    volume = np.concatenate(([0.0], np.cumsum(0.5 * (area[1:] + area[:-1]) * 1.2)))
    s = np.sin(2.0 * np.pi * (np.arange(steps) % 12 - 3.5) / 12.0)
    years = np.random.default_rng(20240101).normal(0.0, 0.18, (steps // 12, members))
    inflow = 1300e6 * (1.0 + 0.55 * s)[:, None] * np.repeat(np.exp(years - 0.0162), 12, axis=0)
    depth = np.maximum(0.0, 0.079 + 0.085 * s)
    first = float(np.interp(341.5, level, volume))
    per = 2000 / volume[-1]
    fine = np.interp(np.arange(2002) / per, volume, area)

    def by_interp() -> np.ndarray:
        v = np.full(members, first)
        out = np.empty((steps + 1, members))
        out[0] = v
        for t in range(steps):
            v = v + inflow[t] - depth[t] * np.interp(v, volume, area)
            v = np.maximum(v - np.minimum(100e6, np.maximum(v, 0.0)), 0.0)
            out[t + 1] = v
        return out

    def by_index() -> np.ndarray:
        v = np.full(members, first)
        out = np.empty((steps + 1, members))
        out[0] = v
        for t in range(steps):
            x = v * per
            i = x.astype(np.int64)
            wet = fine[i] + (x - i) * (fine[i + 1] - fine[i])
            v = v + inflow[t] - depth[t] * wet
            v = np.maximum(v - np.minimum(100e6, v), 0.0)
            out[t + 1] = v
        return out

    return by_index if uniform else by_interp


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--members", type=int, default=10_000)
    parser.add_argument("--loop-members", type=int, default=1_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument(
        "--own-inflow",
        action="store_true",
        help="also time members that each have an inflow series (needs memory)",
    )
    options = parser.parse_args()

    rows = []
    for label, uniform in (("np.interp", False), ("direct index", True)):
        loop = one_lake_loop(options.loop_members, uniform)
        best, middle = fastest(loop, options.repeat)
        scale = 1e9 / (1200 * options.loop_members)
        rows.append((f"NumPy one-lake loop, {label}", 1, best * scale, middle * scale))
    faster = min(row[3] for row in rows)
    for own in (False, True) if options.own_inflow else (False,):
        graph, packed = kernel_case(options.members, own)
        scale = 1e9 / (packed.duration.size * options.members)
        cases = (
            ("salt off", False, (graph, packed)),
            ("salt on", True, (graph, packed)),
            ("everything on", True, everything(graph, packed)),
        )
        for label, salt, case in cases:
            for threads in (1, 2):

                def work(salt=salt, threads=threads, case=case):
                    return march(*case, with_salt=salt, fluxes=False, threads=threads)

                best, middle = fastest(work, options.repeat)
                name = f"kernel, 3 storages, {label}{', own inflow' if own else ''}"
                rows.append((name, threads, best * scale, middle * scale))
    print(
        f"{os.cpu_count()} processors, {options.members} members (loop: {options.loop_members}), "
        f"{options.repeat} runs; ns per member-step"
    )
    print(f"{'':44s} {'threads':>7s} {'fastest':>8s} {'median':>8s} {'x loop':>7s}")
    for name, threads, best, middle in rows:
        print(f"{name:44s} {threads:7d} {best:8.1f} {middle:8.1f} {middle / faster:7.2f}")


if __name__ == "__main__":
    main()
