"""How time and memory of an ensemble grow with members, steps and threads; and its parts.

    python tests/benchmarks/bench_scaling.py [--members 100 1000 10000] [--years 10 25] [--markdown]

Balkhash in full (three storages, salt, ice, rules; monthly), inflow drawn, statistics streamed.
Every row runs in a process of its own, so that its greatest memory is its own; the compiled code
is warm. ``--members 100 1000 10000 100000 1000000 --years 25 100`` is the long way. The parts are
timed on one thread by its processor time. ``--markdown`` writes the measured blocks of
``docs/developers/performance.md`` anew.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

PAGE = Path(__file__).parents[2] / "docs" / "developers" / "performance.md"
_MIB = 1024.0 if sys.platform != "darwin" else 1024.0**2


def record(years: int) -> Any:
    """The scenario, for so many years."""
    from balkhash_model.scenario import load_scenario

    settings = [f"period.end={2025 + years}-01-01", "outputs.periods=[[2025, 2026]]"]
    return load_scenario("baseline_2050", settings=settings)


def peak() -> float:
    """Greatest memory of this process so far, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MIB


def one(members: int, years: int, threads: int) -> dict[str, float]:
    """Time one ensemble here, after a small one."""
    import balkhash_model as bm

    scenario = record(years)
    bm.run_ensemble(scenario, members=300, threads=threads, keep=["statistics"])
    before, began = peak(), time.perf_counter()
    bm.run_ensemble(scenario, members=members, threads=threads, keep=["statistics"])
    took = time.perf_counter() - began
    return {"seconds": took, "before": before, "peak": peak()}


def parts(members: int, years: int) -> dict[str, float]:
    """Processor time of each part of a run, ns per member-step, on one thread."""
    import balkhash_model as bm
    import balkhash_model.kernel.march as kernel
    from balkhash_model.ensemble import backends, gather, tally, world

    spent: dict[str, float] = {}
    inside = threading.local()

    def watch(owner: Any, name: str, label: str) -> None:
        plain = getattr(owner, name)

        def watched(*values: Any, **named: Any) -> Any:
            outer, inside.time = getattr(inside, "time", 0.0), 0.0
            began = time.thread_time()
            found = plain(*values, **named)
            took = time.thread_time() - began
            spent[label] = spent.get(label, 0.0) + took - inside.time
            inside.time = outer + took
            return found

        setattr(owner, name, watched)

    scenario = record(years)
    bm.run_ensemble(scenario, members=members, threads=1, keep=["statistics"])
    watch(backends, "march_block", "rest")
    watch(kernel, "march", "kernel")
    watch(world.World, "forcing", "forcing of members")
    watch(tally, "fill_lake_level", "level of the lake")
    watch(tally, "fill_concentration", "salinity")
    watch(tally, "courses", "crossings and indicators")
    watch(tally, "tally", "counts and sums")
    watch(gather.Gathered, "add", "rest")
    bm.run_ensemble(scenario, members=members, threads=1, keep=["statistics"])
    return {k: 1e9 * v / members / (12 * years) for k, v in spent.items()}


def limits() -> dict[str, float]:
    """Bandwidth of a NumPy copy larger than any cache, and of divisions and roots in cache."""
    large = np.ones(32 * 2**20 // 8 * 4)
    into, small = np.empty_like(large), np.linspace(1.0, 2.0, 1024)
    out = np.empty_like(small)

    def best(work: Any, repeat: int) -> float:
        times = []
        for _ in range(repeat):
            began = time.perf_counter()
            work()
            times.append(time.perf_counter() - began)
        return min(times)

    return {
        # read and written
        "copy": 2 * large.nbytes / best(lambda: np.copyto(into, large), 7) / 1e9,
        "divide": 1e9 * best(lambda: np.divide(1.5, small, out=out), 3000) / small.size,
        "root": 1e9 * best(lambda: np.sqrt(small, out=out), 3000) / small.size,
    }


def traffic() -> dict[str, int]:
    """Bytes of a member-step that pass between the parts of a run."""
    from balkhash_model.ensemble.study import Study

    world = Study([record(25)], 10_000).world(0)
    forcing = world.forcing(np.arange(2))
    storages = len(world.system.storages)
    return {
        "inflow, read out of the table of years": 8 * forcing.inflow.shape[2],
        "number of the year, written and read": 2 * 8 * 3 // 12,
        "climate and use, shared by all members": 0,
        "volume and salt, written": 16 * storages,
        "volume and salt, read for levels and salinity": 16 * storages,
        "level of the lake and one salinity, written": 16,
        "the same, read for counts, sums and crossings": 16 * 2 + 16,
    }


def ask(*arguments: object) -> dict[str, float]:
    """Run a part of this script in a process of its own."""
    command = [sys.executable, __file__, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def scaling(options: argparse.Namespace) -> list[str]:
    """Rows of time and memory."""
    lines = [
        "| members | years | threads | s | ns per member-step | MiB before | MiB at most |",
        "| --: | --: | --: | --: | --: | --: | --: |",
    ]
    for years in options.years:
        for members in options.members:
            for threads in options.threads:
                x = ask("--one", members, years, threads)
                each = 1e9 * x["seconds"] / members / (12 * years)
                lines.append(
                    f"| {members:,} | {years} | {threads} | {x['seconds']:.2f} | {each:.1f} | "
                    f"{x['before']:.0f} | {x['peak']:.0f} |"
                )
                print(lines[-1], file=sys.stderr, flush=True)
    return lines


def shares(options: argparse.Namespace) -> list[str]:
    """Rows of the parts, the bytes and the limits of the machine."""
    spent, bounds, moved = ask("--parts", options.parts_members, 25), limits(), traffic()
    total = sum(spent.values())
    lines = ["| part of a run, one thread | ns per member-step | share |", "| --- | --: | --: |"]
    for name, value in sorted(spent.items(), key=lambda x: -x[1]):
        lines.append(f"| {name} | {value:.1f} | {100 * value / total:.0f} % |")
    lines += [f"| all | {total:.1f} | 100 % |", ""]
    lines += ["| bytes of a member-step | |", "| --- | --: |"]
    lines += [f"| {name} | {value} |" for name, value in moved.items()]
    every = sum(moved.values())
    lines += [f"| all | {every} |", ""]
    lines += [
        f"A copy moves {bounds['copy']:.1f} GB/s here, so these bytes alone would take "
        f"{every / bounds['copy']:.1f} ns on one thread:",
        f"the run takes {total * bounds['copy'] / every:.1f} times as long. A division takes "
        f"{bounds['divide']:.2f} ns and a square root {bounds['root']:.2f} ns in vector registers.",
    ]
    return lines


def put(name: str, lines: list[str], page: Path = PAGE) -> None:
    """Write a measured block of a page anew."""
    text = page.read_text(encoding="utf-8")
    begin, end = f"<!-- measured: {name} -->", "<!-- end of what was measured -->"
    head, rest = text.split(begin, 1)
    body = "\n".join(lines)
    page.write_text(f"{head}{begin}\n\n{body}\n\n{end}{rest.split(end, 1)[1]}", encoding="utf-8")


def main() -> None:
    """Measure and print, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--members", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--years", type=int, nargs="+", default=[10, 25])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--parts-members", type=int, default=4096)
    parser.add_argument("--markdown", action="store_true", help="write the page")
    parser.add_argument("--one", type=int, nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--parts", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(*options.one)))
        return
    if options.parts:
        print(json.dumps(parts(*options.parts)))
        return
    blocks = {"parts": shares(options), "scaling": scaling(options)}
    for name, lines in blocks.items():
        if options.markdown:
            put(name, lines)
        print("\n".join(lines), end="\n\n")
    print(f"{os.cpu_count()} processors")


if __name__ == "__main__":
    main()
