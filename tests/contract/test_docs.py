"""The documentation runs as it stands, its links lead somewhere and its numbers are the model's.

On a page, in the order of the text and in one empty folder:

- a ``yaml`` block after ``<!-- file: name.yml -->`` (or a ``text`` block after such a comment) is
  written to that file before anything runs;
- ``python`` blocks run, and share their names;
- ``bash`` blocks run where they call ``balkhash``;
- a ``text`` block after ``<!-- output -->`` is what the block before it printed, to the letter.

Other blocks are only shown.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from balkhash_model import quantities

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(p for p in DOCS.rglob("*.md") if "_build" not in p.parts)
# paths of one machine: pages speak of the reader's own
FORBIDDEN = (*(f"/{name}" for name in ("work", "tmp", "home/", "root/")), "shared/")
FENCE = re.compile(r"^```(\w*)\s*$")
COMMENT = re.compile(r"^<!-- (file: (?P<file>[\w.\-]+)|(?P<output>output)) -->$")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"^(\$ )?balkhash\s", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its text, its first line, and the comment above it."""

    language: str
    text: str
    line: int
    file: str | None
    output: bool


def name_of(page: Path) -> str:
    return page.relative_to(DOCS).as_posix()


def blocks(page: Path) -> list[Block]:
    found: list[Block] = []
    language, start, inside = "", 0, False
    comment: re.Match[str] | None = None
    lines = page.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines):
        fence = FENCE.match(line)
        if inside and line == "```":
            text = "\n".join(lines[start:number]) + "\n"
            file = comment["file"] if comment else None
            found.append(
                Block(language, text, start + 1, file, bool(comment and comment["output"]))
            )
            inside, comment = False, None
        elif not inside and fence:
            language, start, inside = fence[1], number + 1, True
        elif not inside and line.strip():
            comment = COMMENT.match(line)
    assert not inside, f"{page}: a block is not closed"
    return found


def run_python(block: Block, page: Path, names: dict[str, object]) -> str:
    # blank lines first, so that a traceback names the line of the page
    code = compile("\n" * (block.line - 1) + block.text, str(page), "exec")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, names)
    return printed.getvalue()


def run_bash(block: Block, page: Path, folder: Path) -> str:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.text],
        cwd=folder,
        env={**os.environ, "PATH": path, "COLUMNS": "150", "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{page}:{block.line}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def runs(block: Block) -> bool:
    return block.language == "python" or (
        block.language == "bash" and COMMAND.search(block.text) is not None
    )


def tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n"))


@pytest.mark.parametrize("page", [p for p in PAGES if any(runs(b) for b in blocks(p))], ids=name_of)
def test_the_examples_of_a_page_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    found = blocks(page)
    for block in found:
        if block.file is not None:
            (tmp_path / block.file).write_text(block.text, encoding="utf-8")
    names: dict[str, object] = {"__name__": "docs"}
    printed = ""
    for block in found:
        if block.language == "python":
            printed = run_python(block, page, names)
        elif runs(block):
            printed = run_bash(block, page, tmp_path)
        elif block.output:
            assert tidy(block.text) == tidy(printed), f"{page}:{block.line}: prints otherwise"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_has_one_title_and_a_fair_length(page):
    text = page.read_text(encoding="utf-8")
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert len(re.findall(r"^# ", prose, flags=re.MULTILINE)) == 1
    assert text.startswith("# ")
    # a page that a script writes is as long as its data
    longest = 2000 if "<!-- written by " in text else 150
    if page.parent.name == "reference":
        longest = max(longest, 200)  # looked up, not read through
    # of a page whose body is made when the site is built, only the introduction stands here
    shortest = 8 if "<!-- generated: " in text else 40
    assert shortest <= text.count("\n") <= longest
    assert text.endswith("\n")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_names_a_path_of_one_machine(page):
    text = page.read_text(encoding="utf-8")
    assert [word for word in FORBIDDEN if word in text] == []


def anchors(page: Path) -> set[str]:
    """Anchors of the headings of a page, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", t.lower()) for t in titles]
    # numbered equations are targets too, see docs/_ext/house.py
    equations = re.findall(r"\*\*\((T?\d+)\)", page.read_text(encoding="utf-8"))
    return {t.strip().replace(" ", "-") for t in plain} | {f"eq-{n}" for n in equations}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    lost = []
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            lost.append(target)
    assert lost == []


def test_every_page_is_reached_from_the_index():
    reached = {
        (DOCS / target.partition("#")[0]).resolve()
        for target in LINK.findall((DOCS / "index.md").read_text(encoding="utf-8"))
    }
    assert {p for p in PAGES if p.name != "index.md"} - reached == set()


def test_what_a_page_asks_to_be_generated_can_be():
    asked = {
        name
        for page in PAGES
        for name in re.findall(
            r"^<!-- generated: (\w+) -->$", page.read_text("utf-8"), re.MULTILINE
        )
    }
    made = re.findall(
        r"^def (\w+)\(\) -> str:", (DOCS / "_ext/generated.py").read_text("utf-8"), re.M
    )
    assert asked
    assert asked - set(made) == set()


def test_the_page_of_the_result_lists_every_variable(hindcast_free):
    rows = re.findall(
        r"^\| `(\w+)` \| ([^|]*) \|",
        (DOCS / "reference/result.md").read_text("utf-8"),
        re.MULTILINE,
    )
    shown = {name: units.strip().strip("`") for name, units in rows}
    for name in hindcast_free.variables:
        assert shown.get(str(name)) == quantities.get(str(name)).units, name


def test_the_page_of_commands_lists_every_command():
    from balkhash_model.cli import app

    text = (DOCS / "reference/command-line.md").read_text(encoding="utf-8")
    commands = [c.name or c.callback.__name__ for c in app.registered_commands]
    for group in app.registered_groups:
        commands += [
            f"{group.name} {c.name or c.callback.__name__}"
            for c in group.typer_instance.registered_commands
        ]
    assert [c for c in commands if f"balkhash {c}" not in text] == []


def test_the_citation_names_the_version_of_the_package():
    from ruamel.yaml import YAML

    import balkhash_model

    cited = YAML(typ="safe").load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["cff-version"] == "1.2.0"
    assert cited["version"] == balkhash_model.__version__
    assert f"[{cited['version']}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
