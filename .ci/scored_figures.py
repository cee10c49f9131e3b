"""Write the page of published figures and what the notebooks give, or check that it is up to date.

``python .ci/scored_figures.py --write`` runs every notebook on published figures (those that score
a group F1 to F12) from top to bottom and writes ``docs/reference/scored-figures.md`` from the list
``scores`` that each leaves behind (records of ``balkhash_model.diagnostics.Score``). ``--check``
runs them too, writes nothing and ends with code 1 where the page says something else: other words,
another yes or NO, or a number that differs in its first three digits. A new notebook needs no entry
here.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import math
import re
import runpy
import sys
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path

from balkhash_model import reference
from balkhash_model.diagnostics import Score, audit_passes, within

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
PAGE = ROOT / "docs" / "reference" / "scored-figures.md"
GROUPS = [f"F{number}" for number in range(1, 13)]
HEAD = """\
# Scored figures

<!-- written by .ci/scored_figures.py: do not edit -->

Published numbers beside what this package gives, as the notebooks in `notebooks/` compute them. A
group is met where every number that the model computes lies within its tolerance. The tolerances
were set before the notebooks were written, and nothing was tuned to meet them: what misses stays
here, with the reason.

Two groups ask nothing of the model: they audit printed tables. An audit passes where every check
comes out as it should. A table that is right must pass its check, and one that is wrong must fail
it: such a row says *flagged, as it should be*. Audits are counted apart from the model's numbers.

Listed apart, and counted nowhere: *information*, the model's number beside a published one for
which no tolerance was set; *identities*, which are arithmetic on printed tables or a theorem;
*inputs*, printed numbers that went into the model and so prove nothing; and numbers that are *not
reproducible*, since what they rest on was not printed or the sources contradict each other. Source
keys are those of `balkhash_model.reference.sources()`.
"""
COLUMNS = "| quantity, note | unit | published | model | difference | tolerance | within | source |"
RULE = "| --- | --- | --: | --: | --: | --: | --- | --- |"
KINDS = {
    "model": "Computed by the model",
    "audit": "Checks of the audit",
    "information": "Information, no tolerance set",
    "identity": "Identities and table arithmetic",
    "input": "Inputs",
    "not reproducible": "Not reproducible",
}
BAD = ("NO", "NOT FLAGGED")


@dataclass(frozen=True)
class Notebook:
    """What one notebook left behind."""

    name: str
    title: str
    scores: list[Score]


def title_of(path: Path) -> str:
    """Return the first heading of a notebook, without its group."""
    found = re.search(r"^# # (?:F\d+\.\s*)?(.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1].strip() if found else path.stem


def run(path: Path) -> Notebook:
    """Run a notebook quietly and take its scores."""
    import matplotlib

    matplotlib.use("agg")
    started = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        names = runpy.run_path(str(path))
    print(f"{path.stem}: {time.perf_counter() - started:.1f} s", file=sys.stderr)
    if not names.get("scores"):
        raise SystemExit(f"{path.name} leaves no list 'scores'")
    if faults := faults_of(list(names["scores"])):
        raise SystemExit("\n".join(f"{path.name}: {fault}" for fault in faults))
    return Notebook(path.stem, title_of(path), list(names["scores"]))


def faults_of(scores: list[Score]) -> list[str]:
    """What a row rests on is named, a miss says why, and no number stands twice."""
    known, seen, found = set(reference.sources()), set(), []
    for score in scores:
        name = f"{score.group} {score.quantity!r}"
        keys = [key for key in score.source.split(", ") if key not in known and " " not in key]
        if keys:
            found.append(f"{name} has the source {', '.join(keys)}, which the catalogue lacks")
        if not score.note and (score.within is False or score.kind == "not reproducible"):
            found.append(f"{name} misses and says not why")
        if (score.group, score.quantity) in seen:
            found.append(f"{name} stands twice")
        seen.add((score.group, score.quantity))
    return found


def on_published_figures() -> list[Path]:
    """The notebooks that score a group, in the order of the groups."""
    groups = {p: re.findall(r'"F(\d+)"', p.read_text("utf-8")) for p in NOTEBOOKS.glob("*.py")}
    return sorted((p for p in groups if groups[p]), key=lambda p: (int(groups[p][0]), p.stem))


def decimals_of(score: Score) -> int:
    """Digits after the point: one more than are printed, or than the tolerance has."""
    text = f"{score.published:.10g}"
    derived = sum(c.isdigit() for c in text.lstrip("-0.")) >= 10
    digits = 0 if derived else len(text.partition(".")[2])
    if score.tolerance > 0.0:
        digits = max(digits, math.ceil(-math.log10(score.tolerance)))
    return min(digits + 1, 9)


def line(score: Score) -> str:
    """One row of a table."""
    digits = decimals_of(score)
    model = difference = ""
    if not math.isnan(score.model):
        # what only rounding makes is zero on any machine
        small = abs(score.difference) < 0.5 * 10.0**-digits
        model = f"{score.published if small else score.model:.{digits}f}"
        difference = "0" if small else f"{score.difference:+.{digits}f}"
    source = ", ".join(f"`{key}`" if " " not in key else key for key in score.source.split(", "))
    cells = [
        # a reason stands where it is seen without moving the table sideways
        score.quantity + (f"<br>({score.note})" if score.note else ""),
        score.unit,
        f"{round(score.published, digits):.10g}",
        model,
        difference,
        "" if math.isnan(score.tolerance) else f"{score.tolerance:.3g}",
        f"**{score.verdict}**" if score.verdict in BAD else score.verdict,
        source,
    ]
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def section(group: str, notebooks: list[Notebook]) -> list[str]:
    """Rows of a group, by kind."""
    lines = []
    own = [(book, [s for s in book.scores if s.group == group]) for book in notebooks]
    own = [(book, scores) for book, scores in own if scores]
    title = " / ".join(book.title for book, _ in own)
    names = ", ".join(f"`notebooks/{book.name}.py`" for book, _ in own)
    lines += [f"## {group}: {title}", "", f"From {names}.", ""]
    for kind, heading in KINDS.items():
        rows = [s for _, scores in own for s in scores if s.kind == kind]
        if rows:
            lines += [f"### {group}: {heading}", "", COLUMNS, RULE, *map(line, rows), ""]
    return lines


def state_of(scores: list[Score]) -> str:
    """What became of a group: of the model's numbers if it has any, else of the audit."""
    kinds = {score.kind for score in scores}
    if "model" in kinds:
        return "met" if within(scores) else "**not met**"
    if "audit" in kinds:
        return "audit passes" if audit_passes(scores) else "**audit fails**"
    return "nothing scored"


def summary(notebooks: list[Notebook]) -> list[str]:
    """Count of each group, and of all."""
    lines = [
        "| group | what | numbers of the model | within tolerance | checks of the audit "
        "| as they should be | group | listed apart |",
        "| --- | --- | --: | --: | --: | --: | --- | --: |",
    ]
    scores = [s for book in notebooks for s in book.scores]
    states = []
    for group in [*GROUPS, *sorted({s.group for s in scores} - {*GROUPS})]:
        own = [s for s in scores if s.group == group]
        if not own:
            continue
        title = next(b.title for b in notebooks if any(s.group == group for s in b.scores))
        states.append(state_of(own))
        model, audit = ([s for s in own if s.kind == kind] for kind in ("model", "audit"))
        counts = [
            str(number) if rows else ""
            for rows in (model, audit)
            for number in (len(rows), sum(s.passes for s in rows))
        ]
        apart = len(own) - len(model) - len(audit)
        lines.append(f"| {' | '.join([group, title, *counts, states[-1], str(apart)])} |")
    model, audit = ([s for s in scores if s.kind == kind] for kind in ("model", "audit"))
    met, audited = (sum(s == word for s in states) for word in ("met", "audit passes"))
    with_model, audits = (
        sum(s.strip("*") in words for s in states)
        for words in (("met", "not met"), ("audit passes", "audit fails"))
    )
    head = (
        f"Of {with_model} groups with numbers of the model {met} are met; "
        f"{sum(s.passes for s in model)} of {len(model)} numbers lie within tolerance."
    )
    if audit:
        head += (
            f" Of {audits} groups that are audits of printed tables {audited} pass; "
            f"{sum(s.passes for s in audit)} of {len(audit)} checks came out as they should."
        )
    return [*textwrap.wrap(head, 100), "", *lines, ""]


def render(notebooks: list[Notebook]) -> str:
    """The page."""
    found = {s.group for book in notebooks for s in book.scores}
    order = [g for g in GROUPS if g in found] + sorted(found - {*GROUPS})
    lines = [HEAD, *summary(notebooks)]
    for group in order:
        lines += section(group, notebooks)
    return "\n".join(lines).rstrip() + "\n"


def number(cell: str) -> float | None:
    """The number in a cell, if it is one."""
    try:
        return float(cell)
    except ValueError:
        return None


def same_cells(old: list[str], new: list[str]) -> bool:
    """Whether two rows say the same, their numbers to three digits."""
    if len(old) != len(new):
        return False
    scale = max((abs(n) for n in map(number, new[2:4]) if n is not None), default=0.0)
    for column, (a, b) in enumerate(zip(old, new, strict=True)):
        if a == b:
            continue
        x, y = number(a), number(b)
        if x is None or y is None:
            return False
        # a difference of two numbers is known as well as they are
        size = scale if column == 4 else max(abs(x), abs(y))
        if abs(x - y) > 5e-3 * size:
            return False
    return True


def changes(old: str, new: str) -> list[str]:
    """Lines of a new page that say something else than the old one."""
    before, after = old.split("\n"), new.split("\n")
    found = [
        b
        for a, b in zip(before, after, strict=False)
        if not same_cells([c.strip() for c in a.split("|")[1:-1]] or [a],
                          [c.strip() for c in b.split("|")[1:-1]] or [b])
    ]  # fmt: skip
    return found + after[len(before) :] + before[len(after) :]


def main() -> int:
    """Write or check the page; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--write", action="store_true", help="write the page")
    choice.add_argument("--check", action="store_true", help="compare with the page")
    asked = parser.parse_args()
    text = render([run(path) for path in on_published_figures()])
    if asked.write:
        PAGE.write_text(text, encoding="utf-8")
        print(f"wrote {PAGE.relative_to(ROOT)}")
        return 0
    wrong = changes(PAGE.read_text(encoding="utf-8") if PAGE.is_file() else "", text)
    for row in wrong[:20]:
        print(f"now: {row}")
    print(f"{PAGE.name} is " + ("out of date: run with --write" if wrong else "up to date"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
