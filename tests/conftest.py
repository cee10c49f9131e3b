"""What many tests share: one run of the free hindcast, the shipped system, a small scenario."""

import os
from pathlib import Path

import hypothesis
import pytest

import balkhash_model as bm

# the same examples in every run, so that a change is judged by what it changes; to look further:
# HYPOTHESIS_PROFILE=search pytest tests/property
hypothesis.settings.register_profile("fixed", derandomize=True, print_blob=True)
hypothesis.settings.register_profile("search", print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))

#: Processes of ``pytest -n auto`` at most: each holds the compiled kernel and a few runs.
MOST_WORKERS = 4


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """How many processes ``-n auto`` means."""
    available = getattr(os, "sched_getaffinity", None)
    count = len(available(0)) if available else os.cpu_count() or 1
    return min(count, MOST_WORKERS)


SCENARIO = """\
meta: {{name: {name}, title: A short run, rationale: For the tests}}
period: {{start: {start}, end: {end}}}
initial: {{lake_level: {level}}}
{more}
"""


@pytest.fixture(scope="session")
def hindcast_free():
    """The result of the free hindcast; tests that change it take a deep copy."""
    return bm.run("hindcast_free")


@pytest.fixture(scope="session")
def balkhash():
    return bm.load_system("balkhash")


@pytest.fixture
def problems():
    """Call something that must be refused; give its problems as texts."""

    def refused(function, *arguments, **keywords) -> list[str]:
        with pytest.raises(bm.InputError) as caught:
            function(*arguments, **keywords)
        return [str(p) for p in caught.value.problems]

    return refused


@pytest.fixture
def scenario_file(tmp_path):
    """Write a short, complete scenario of the caller's; give its path."""

    def write(
        more: str = "",
        *,
        name: str = "short",
        start: str = "1961-01-01",
        end: str = "1963-01-01",
        level: str = "342 m",
    ) -> Path:
        path = tmp_path / f"{name}.yml"
        text = SCENARIO.format(name=name, start=start, end=end, level=level, more=more)
        path.write_text(text, encoding="utf-8")
        return path

    return write
