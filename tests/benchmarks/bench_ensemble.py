"""Time and memory of large ensembles, and of their parts, in one run; ratios are what counts.

    python tests/benchmarks/bench_ensemble.py [--members 10000 100000] [--years 25]

Each number of members runs in its own process, so that its greatest memory is its own. The
explicit NumPy loop over one lake is timed in the same run: times are also given as multiples of
what it takes per lake-step with 1 000 members.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time

import numpy as np

LEVELS = 328.0 + 1.2 * np.arange(15)
_KM2 = "1500 3200 5100 6900 8600 10300 11900 13200 14500 15700 16900 18300 19900 21800 23900"
AREAS = 1e6 * np.array(_KM2.split(), dtype=float)
VOLUMES = np.concatenate(([0.0], np.cumsum(0.5 * (AREAS[1:] + AREAS[:-1]) * np.diff(LEVELS))))


def numpy_loop(members: int = 1000, steps: int = 1200) -> float:
    """Seconds per lake-step of the explicit loop over one lake."""
    rng = np.random.default_rng(20240101)
    noise = rng.normal(0.0, 0.18, (steps // 12, members))
    volume = np.full(members, np.interp(341.5, LEVELS, VOLUMES))
    area_of = np.interp(np.linspace(0.0, VOLUMES[-1], 4096), VOLUMES, AREAS)
    per = 4095.0 / VOLUMES[-1]
    began = time.perf_counter()
    for i in range(steps):
        s = np.sin(2.0 * np.pi * (i % 12 - 3.5) / 12.0)
        inflow = 1.3e9 * (1.0 + 0.55 * s) * np.exp(noise[i // 12] - 0.18**2 / 2.0)
        area = area_of[np.minimum((volume * per).astype(np.int64), 4095)]
        volume = np.maximum(volume + inflow - 1e8 - max(0.0, 0.079 + 0.085 * s) * area, 0.0)
    return (time.perf_counter() - began) / steps / members


def one(members: int, years: int, threads: int, keep: str) -> None:
    """Run one ensemble in this process and print what it took."""
    import balkhash_model as bm
    from balkhash_model.scenario import load_scenario

    record = load_scenario(
        "baseline_2050",
        settings=[f"period.end={2025 + years}-01-01", "outputs.periods=[[2025, 2026]]"],
    )
    wanted = {"threads": threads, "keep": [keep], "progress": None}
    bm.run_ensemble(record, members=300, **wanted)  # compiles and reconstructs
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    loop = statistics.median(numpy_loop() for _ in range(5))
    began = time.perf_counter()
    bm.run_ensemble(record, members=members, **wanted)
    took = time.perf_counter() - began
    steps = members * years * 12
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    print(
        json.dumps(
            {
                "members": members,
                "threads": threads,
                "seconds": round(took, 2),
                "ns per member-step": round(1e9 * took / steps, 1),
                "times the loop": round(took / steps / loop, 2),
                "loop ns": round(1e9 * loop, 1),
                "MiB before": round(before),
                "MiB at most": round(peak),
            }
        )
    )


def main() -> None:
    """Run every number of members in its own process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--members", type=int, nargs="+", default=[100, 1000, 10000, 100000])
    parser.add_argument("--years", type=int, default=25)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--keep", default="statistics")
    parser.add_argument("--one", action="store_true")
    options = parser.parse_args()
    if options.one:
        one(options.members[0], options.years, options.threads[0], options.keep)
        return
    for threads in options.threads:
        for members in options.members:
            command = [sys.executable, __file__, "--one", "--members", str(members)]
            command += ["--years", str(options.years), "--threads", str(threads)]
            command += ["--keep", options.keep]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
