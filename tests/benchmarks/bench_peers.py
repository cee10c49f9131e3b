"""One lake, 1 200 steps of 30 days: this library and others on the same problem, in one run.

    python tests/benchmarks/bench_peers.py [--members 1000] [--peers-python VENV/bin/python]

The lake is that of ``tests/reproduction/test_one_lake_benchmark.py``. Each engine runs once on one
member and once on many, on one thread and, where it can, on two. Printed are the time per
lake-step, how many times that of an explicit NumPy loop over the members it is, and how far the
levels of the single run are from the ODE. Other packages (pywr, kalix, pysd: extra ``peers``) may
live in an environment of their own; one that is not installed is reported as absent. Beside them
stands the whole of Balkhash: three storages, salt, the months of ``hindcast_free``. Absolute times
move by a fifth and more from run to run: look at the ratios. ``--markdown`` writes the table of the
README anew.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from bench_scaling import put

README = Path(__file__).parents[2] / "README.md"
STEPS, SECONDS = 1200, 30 * 86400.0
LEVEL = 328.0 + 1.2 * np.arange(15)
_KM2 = "1500 3200 5100 6900 8600 10300 11900 13200 14500 15700 16900 18300 19900 21800 23900"
AREA = 1e6 * np.array(_KM2.split(), dtype=float)
VOLUME = np.concatenate(([0.0], np.cumsum(0.5 * (AREA[1:] + AREA[:-1]) * 1.2)))
START, USE = 341.5, 100e6
PEERS = ("pywr", "kalix", "pysd")
WHOLE, MONTHS = "balkhash_model, all of Balkhash", 648


def rates(members: int, steps: int = STEPS) -> tuple[np.ndarray, np.ndarray]:
    """Inflow (steps, members), m3, and net evaporation (steps,), m, both per step."""
    s = np.sin(2.0 * np.pi * (np.arange(steps) % 12 - 3.5) / 12.0)
    years = np.random.default_rng(20240101).normal(0.0, 0.18, (STEPS // 12, members))
    factor = np.repeat(np.exp(years - 0.18**2 / 2.0), 12, axis=0)[:steps]
    return 1300e6 * (1.0 + 0.55 * s)[:, None] * factor, np.maximum(0.0, 0.079 + 0.085 * s)


def level_of(volume: np.ndarray) -> np.ndarray:
    """Level at a volume, the area being linear in the level between rows."""
    row = np.clip(np.searchsorted(VOLUME, volume, side="right") - 1, 0, 13)
    over, slope = volume - VOLUME[row], (AREA[row + 1] - AREA[row]) / 1.2
    root = np.sqrt(np.maximum(AREA[row] ** 2 + 2.0 * slope * over, 0.0))
    return LEVEL[row] + 2.0 * over / (AREA[row] + root)


_row = int(np.searchsorted(LEVEL, START) - 1)
FIRST = float(
    VOLUME[_row]
    + (START - LEVEL[_row]) * AREA[_row]
    + 0.5 * (START - LEVEL[_row]) ** 2 * (AREA[_row + 1] - AREA[_row]) / 1.2
)


def truth(steps: int) -> np.ndarray:
    """Levels of the single run by an integrator of eighth order that starts anew each step."""
    from scipy.integrate import solve_ivp

    inflow, depth = rates(1, steps)
    levels = [START]
    for q, e in zip(inflow[:, 0], depth, strict=True):

        def rise(_: float, h: np.ndarray, net: float = q - USE, e: float = e) -> np.ndarray:
            return net / np.interp(h, LEVEL, AREA) - e

        found = solve_ivp(rise, (0.0, 1.0), levels[-1:], method="DOP853", rtol=1e-11, atol=1e-9)
        levels.append(float(found.y[0, -1]))
    return np.array(levels)


def timed(work: Callable[[], Any], repeat: int) -> tuple[float, Any]:
    """Least time of some calls, s, and what the last gave."""
    best, found = np.inf, None
    for _ in range(repeat):
        began = time.perf_counter()
        found = work()
        best = min(best, time.perf_counter() - began)
    return best, found


# --- engines: each takes members, steps and threads and gives what to time; what that gives are
# --- levels at the edges (steps + 1,) of the first member, or None


def numpy_loop(members: int, steps: int, threads: int) -> Callable[[], np.ndarray]:
    """The explicit loop: area at the start of the step by a direct index into a fine table."""
    inflow, depth = rates(members, steps)
    per = 2000 / VOLUME[-1]
    fine = np.interp(level_of(np.arange(2002) / per), LEVEL, AREA)

    def work() -> np.ndarray:
        v = np.full(members, FIRST)
        out = np.empty((steps + 1, members))
        out[0] = v
        for t in range(steps):
            x = v * per
            i = x.astype(np.int64)
            wet = fine[i] + (x - i) * (fine[i + 1] - fine[i])
            v = v + inflow[t] - depth[t] * wet
            v = np.maximum(v - np.minimum(USE, v), 0.0)
            out[t + 1] = v
        return out[:, 0]

    return work


def scipy_ode(members: int, steps: int, threads: int) -> Callable[[], np.ndarray]:
    """SciPy's solve_ivp, restarted at each step, at its default tolerances."""
    from scipy.integrate import solve_ivp

    inflow, depth = rates(members, steps)
    method = "LSODA" if members == 1 else "RK45"

    def work() -> np.ndarray:
        h, levels = np.full(members, START), [START]
        for t in range(steps):
            net, e = inflow[t] - USE, depth[t]
            found = solve_ivp(
                lambda _, y, net=net, e=e: net / np.interp(y, LEVEL, AREA) - e,
                (0.0, 1.0),
                h,
                method=method,
            )
            h = found.y[:, -1]
            levels.append(float(h[0]))
        return -np.array(levels)

    return work


def _ours(members: int, steps: int) -> tuple[Any, Any]:
    from balkhash_model.forcing import empty_forcing
    from balkhash_model.system import Hypsometry, LakeSystem, River, Storage, Withdrawal
    from balkhash_model.timeaxis import TimeAxis

    lake = Storage("lake", "lake", Hypsometry(LEVEL, AREA))
    system = LakeSystem(
        "one",
        "One lake",
        "local",
        (lake,),
        ("lake",),
        rivers=(River("river", "lake"),),
        withdrawals=(Withdrawal("user", "lake", USE / SECONDS),),
    )
    edges = np.datetime64("2000-01-01", "s") + np.arange(steps + 1) * np.timedelta64(30, "D")
    forcing = empty_forcing(system, TimeAxis.irregular(edges))
    inflow, depth = rates(members, steps)
    forcing["evaporation_rate"][:] = depth[:, None] / SECONDS
    if members == 1:
        forcing["river_flow"][:] = inflow / SECONDS
    else:
        dims = ("realization", "time", "river")
        values = np.ascontiguousarray(inflow.T[:, :, None]) / SECONDS
        forcing["river_flow"] = (dims, values, {"units": "m3 s-1"})
    return system, forcing


def ours_api(members: int, steps: int, threads: int) -> Callable[[], np.ndarray]:
    """The public API: checks, march, all fluxes, names and units, the closed balance."""
    from balkhash_model.simulation import simulate

    system, forcing = _ours(members, steps)

    def work() -> np.ndarray:
        result = simulate(system, forcing, initial=START, threads=threads)
        levels = result["water_level_edge"].values.reshape(members, steps + 1)
        return -levels[0]

    return work


def ours_kernel(members: int, steps: int, threads: int) -> Callable[[], np.ndarray]:
    """The kernel alone: states, no salt, no fluxes."""
    from balkhash_model import packing
    from balkhash_model.forcing.check import read_forcing
    from balkhash_model.kernel.march import march

    system, forcing = _ours(members, steps)
    arrays = read_forcing(system, forcing)
    first = np.array([FIRST])
    packed, _ = packing.pack_forcing(system, arrays, first, 0.0 * first, members)
    graph = packing.pack(system)

    def work() -> np.ndarray:
        out = march(graph, packed, with_salt=False, fluxes=False, threads=threads)
        return out.volume[:, 0, 0]

    return work


def pywr(members: int, steps: int, threads: int) -> Callable[[], np.ndarray]:
    """A linear programme at each step, area at its start."""
    import pandas as pd
    from pywr.core import Model, Scenario
    from pywr.nodes import Catchment, Output, Storage
    from pywr.parameters import (
        AggregatedParameter,
        ArrayIndexedParameter,
        ArrayIndexedScenarioParameter,
        InterpolatedVolumeParameter,
    )
    from pywr.recorders import NumpyArrayStorageRecorder

    inflow, depth = rates(members, steps)
    days = pd.date_range("2000-01-01", periods=steps, freq="D")
    model = Model(start=days[0], end=days[-1], timestep=1)
    scenario = Scenario(model, "member", size=members)
    # a day of pywr's calendar stands for a step; million m3 and km2
    flow = ArrayIndexedScenarioParameter(model, scenario, np.ascontiguousarray(inflow / 1e6))
    river = Catchment(model, "river", flow=flow)
    lake = Storage(
        model, "lake", max_volume=VOLUME[-1] / 1e6, initial_volume=FIRST / 1e6, cost=-1.0
    )
    area = InterpolatedVolumeParameter(model, lake, VOLUME / 1e6, AREA / 1e6)
    drawn = AggregatedParameter(model, [ArrayIndexedParameter(model, depth), area], "product")
    air = Output(model, "evaporation", max_flow=drawn, cost=-100.0)
    user = Output(model, "user", max_flow=USE / 1e6, cost=-10.0)
    river.connect(lake)
    lake.connect(air)
    lake.connect(user)
    volumes = NumpyArrayStorageRecorder(model, lake)
    model.setup()

    def work() -> np.ndarray:
        model.reset()
        model.run()
        return np.concatenate(([FIRST], 1e6 * np.asarray(volumes.data)[:, 0]))

    return work


def kalix(members: int, steps: int, threads: int) -> Callable[[], np.ndarray]:
    """Backward Euler in a compiled engine; a storage for each member."""
    import kalix as engine
    import pandas as pd

    inflow, depth = rates(members, steps)
    # megalitres, km2 and mm; the table must begin dry
    table = [(LEVEL[0] - 1e-3, 0.0, 0.0, 0.0)]
    shift = float(0.5e-3 * AREA[0] / 1e3)
    table += [
        (h, v / 1e3 + shift, a / 1e6, 0.0) for h, v, a in zip(LEVEL, VOLUME, AREA, strict=True)
    ]
    rows = ",\n  ".join(", ".join(f"{x:.9g}" for x in row) for row in table)
    text = ["[kalix]", "[data]", "obs", ""]
    for k in range(members):
        text += [
            f"[node.river{k}]",
            "type = inflow",
            f"loc = {k}, 0",
            f"inflow = data.obs.by_name.q{k}",
            f"ds_1 = lake{k}",
            "",
            f"[node.lake{k}]",
            "type = storage",
            f"loc = {k}, 1",
            f"initial_volume = {FIRST / 1e3 + shift!r}",
            f"pond_demand = {USE / 1e3!r}",
            "evap = data.obs.by_name.depth",
            f"dimensions = {rows}",
            f"ds_1 = end{k}",
            "",
            f"[node.end{k}]",
            "type = blackhole",
            f"loc = {k}, 2",
            "",
        ]
    text += ["[outputs]", "node.lake0.volume", ""]
    model = engine.load_string("\n".join(text))
    columns = {f"q{k}": inflow[:, k] / 1e3 for k in range(members)} | {"depth": 1e3 * depth}
    index = pd.date_range("2000-01-01", periods=steps, freq="D")
    model.set_input("obs", pd.DataFrame(columns, index=index))

    def work() -> np.ndarray:
        model.run()
        volume = model.get_outputs().iloc[:, 0].to_numpy()
        return np.concatenate(([FIRST], 1e3 * (volume - shift)))

    return work


def pysd(members: int, steps: int, threads: int) -> Callable[[], np.ndarray]:
    """System dynamics by Euler's method; one member after the other."""
    import pysd as engine

    inflow, depth = rates(members, steps)

    def points(name: str, x: np.ndarray, y: np.ndarray, at: str) -> str:
        xs, ys = (",".join(f"{v:.9g}" for v in values) for values in (x, y))
        return (
            f'<aux name="{name}"><eqn>{at}</eqn><gf><xpts>{xs}</xpts><ypts>{ys}</ypts></gf></aux>'
        )

    at = np.arange(steps)
    text = f"""<?xml version="1.0" encoding="utf-8"?>
<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0">
<header><vendor>local</vendor><product version="1">one lake</product></header>
<sim_specs method="Euler" time_units="step">
<start>0</start><stop>{steps}</stop><dt>1</dt></sim_specs>
<model><variables>
<stock name="lake"><eqn>{FIRST / 1e6!r}</eqn><inflow>river</inflow><outflow>lost</outflow></stock>
{points("q", at, inflow[:, 0] / 1e6, "TIME")}
{points("depth", at, depth, "TIME")}
{points("area", VOLUME / 1e6, AREA / 1e6, "lake")}
<flow name="river"><eqn>q</eqn></flow>
<flow name="lost"><eqn>depth*area+MIN({USE / 1e6!r},lake)</eqn></flow>
</variables></model></xmile>"""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one.xmile"
        path.write_text(text, encoding="utf-8")
        model = engine.read_xmile(str(path))

    def work() -> np.ndarray:
        found = [model.run(return_columns=["lake"]) for _ in range(members)]
        return 1e6 * found[0]["lake"].to_numpy()

    return work


def whole_lake(members: int, steps: int, threads: int) -> Callable[[], None]:
    """The kernel on all of Balkhash, with salt."""
    from bench_kernel import kernel_case

    from balkhash_model.kernel.march import march

    graph, packed = kernel_case(members, own_inflow=False)
    if packed.duration.size != steps:
        raise ValueError(f"hindcast_free has {packed.duration.size} months, not {steps}")

    def work() -> None:
        march(graph, packed, with_salt=True, fluxes=False, threads=threads)

    return work


ENGINES: dict[str, Callable[[int, int, int], Callable[[], Any]]] = {
    "NumPy loop, explicit": numpy_loop,
    "balkhash_model, kernel": ours_kernel,
    "balkhash_model, simulate()": ours_api,
    WHOLE: whole_lake,
    "scipy solve_ivp": scipy_ode,
    "pywr": pywr,
    "kalix": kalix,
    "pysd": pysd,
}
#: The least that a slow engine is given of members and steps, unless all is asked for.
SHORT = {"scipy solve_ivp": (100, 120), "pywr": (100, 120), "kalix": (100, 1200), "pysd": (2, 120)}
THREADED = ("balkhash_model, kernel", "balkhash_model, simulate()", WHOLE)


def one(name: str, members: int, steps: int, threads: int, repeat: int) -> dict[str, Any]:
    """Time one engine here; its levels only where it ran one member."""
    try:
        work = ENGINES[name](members, steps, threads)
    except ModuleNotFoundError as error:
        return {"absent": str(error.name)}
    except Exception as error:
        return {"absent": f"{type(error).__name__}: {str(error)[:160]}"}
    if name in THREADED:
        work()  # compiles
    seconds, found = timed(work, repeat)
    row: dict[str, Any] = {"ns": 1e9 * seconds / members / steps}
    if members == 1 and found is not None:
        # a level is handed on with its sign changed, to tell it from a volume
        row["levels"] = (-found if found[0] < 0.0 else level_of(found)).tolist()
    return row


def ask(python: str, *arguments: object) -> dict[str, Any]:
    """Time one engine in a process of its own."""
    done = subprocess.run(
        [python, __file__, "--one", *map(str, arguments)], capture_output=True, text=True
    )
    if done.returncode:
        return {"absent": (done.stderr.strip().splitlines() or ["failed"])[-1][:160]}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _three(value: float) -> str:
    """Three digits, or the whole number."""
    return f"{value:,.0f}" if value >= 100.0 else f"{value:.3g}"


def table(options: argparse.Namespace) -> Iterator[str]:
    """Run every engine, each in a process of its own; give the rows."""
    exact, loop = truth(STEPS), {}
    first = next(iter(ENGINES))
    for name in dict.fromkeys([first, *options.only]):
        python = options.peers_python if name in PEERS else sys.executable
        for many in (1, options.members):
            members, steps = many, MONTHS if name == WHOLE else STEPS
            if not options.full and name in SHORT:
                members, steps = min(many, SHORT[name][0]), SHORT[name][1]
            for threads in (1, 2) if name in THREADED and many > 1 else (1,):
                row = ask(python, name, members, steps, threads, options.repeat)
                if "absent" in row:
                    yield f"| {name} | absent: {row['absent']} | | | | | |"
                    break
                if name == first:
                    loop[many] = row["ns"]
                error = ""
                if "levels" in row:
                    miss = np.abs(np.array(row["levels"]) - exact[: steps + 1]).max()
                    error = f"{1e3 * miss:.2f}"
                digits = 1 if row["ns"] < 100.0 else 0
                yield (
                    f"| {name} | {members:,} | {steps:,} | {threads} | {row['ns']:,.{digits}f} | "
                    f"{_three(row['ns'] / loop[many])} | {error} |"
                )


def main() -> None:
    """Run every engine and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--members", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--full", action="store_true", help="slow engines do all of it too")
    parser.add_argument("--peers-python", default=sys.executable)
    parser.add_argument("--markdown", action="store_true", help="write the table of the README")
    parser.add_argument("--only", nargs="+", default=list(ENGINES), choices=list(ENGINES))
    parser.add_argument("--one", nargs=5, metavar=("NAME", "MEMBERS", "STEPS", "THREADS", "REPEAT"))
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(options.one[0], *map(int, options.one[1:]))))
        return
    lines = [
        "| engine | members | steps | threads | ns per step | times the loop | error, mm |",
        "| --- | --: | --: | --: | --: | --: | --: |",
    ]
    print("\n".join(lines))
    for line in table(options):
        lines.append(line)
        print(line, flush=True)
    print(
        f"\n{os.cpu_count()} processors; one lake, steps of 30 days (all of Balkhash: months); "
        f"best of {options.repeat}; error: most of the single run against the ODE"
    )
    if options.markdown:
        put("peers", lines, README)


if __name__ == "__main__":
    main()
