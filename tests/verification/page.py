"""Write the verification page from the worked examples, or check that it is up to date.

``python tests/verification/page.py`` writes ``docs/reference/verification.md``; with ``--check``
nothing is written and the exit code is 1 where the page is out of date. Printed values are rows of
the reference table ``worked_examples``; our values come from the modules in ``topics``, one for
each topic of the table, whose ``computed()`` gives them by case and quantity. To add a topic, add
its rows and its module.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

from balkhash_model import reference

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "reference" / "verification.md"
HEAD = """\
# Verification

<!-- written by tests/verification/page.py: do not edit -->

What sources print for an equation, and what this package gives. Rows marked *computed* are
independent computations that nobody printed. The tolerance is half a unit of the last printed
digit, or what the source rounds on its way, or, for a fit, its stated error; the test
[test_worked_examples.py](../../tests/reproduction/test_worked_examples.py) holds every row to it.
The printed values are the reference table `worked_examples`; source keys are those of
`balkhash_model.reference.sources()`.
"""


@dataclass(frozen=True)
class Row:
    """One worked example with our value."""

    topic: str
    case: str
    quantity: str
    printed: str
    value: float
    ours: float
    unit: str
    tolerance: float
    relative: bool
    flag: str
    source: str
    note: str

    @property
    def difference(self) -> float:
        """Ours less the printed value, relative where the tolerance is."""
        return (self.ours - self.value) / (abs(self.value) if self.relative else 1.0)

    @property
    def holds(self) -> bool:
        # a rounding of the last bit must not decide about a tie
        return abs(self.difference) <= self.tolerance * (1.0 + 1e-9)


def topics() -> dict[str, dict[tuple[str, str], float]]:
    """Our values by topic, case and quantity."""
    found = {}
    for path in sorted((HERE / "topics").glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"verification_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found[path.stem.replace("_", " ")] = module.computed()
    return found


def rows() -> list[Row]:
    """All rows; the table and the topics must name the same examples."""
    table, ours = reference.load("worked_examples"), topics()
    found = []
    for i in range(table.sizes["row"]):
        cell = {str(name): table[name].values[i] for name in table.data_vars}
        topic, case, quantity = (str(cell[n]) for n in ("topic", "case", "quantity"))
        found.append(
            Row(
                topic=topic,
                case=case,
                quantity=quantity,
                printed=f"{float(cell['value']):.10g}",
                value=float(cell["value"]),
                ours=ours[topic][case, quantity],
                unit=str(cell["unit"]),
                tolerance=float(cell["tolerance"]),
                relative=str(cell["tolerance_kind"]) == "relative",
                flag=str(cell["flag"]),
                source=str(cell["source"]),
                note=str(cell["note"]),
            )
        )
    return found


def _digits(number: float) -> str:
    """A number with the digits that are the same on any machine."""
    return f"{number:.7g}"


def _line(row: Row) -> str:
    # differences at the level of rounding would change with the machine
    small = abs(row.difference) < 1e-9
    difference = "0" if small else f"{row.difference:+.1e}"
    kind = " (relative)" if row.relative else ""
    source = f"`{row.source}`" + (" *computed*" if row.flag == "computed" else "")
    return (
        f"| {row.quantity} | {row.unit} | {row.printed} | {_digits(row.ours)} | "
        f"{difference}{kind} | {row.tolerance:g} | {source} |"
    )


def render() -> str:
    """The page."""
    found = rows()
    lines = [HEAD]
    held = sum(row.holds for row in found)
    lines.append(f"{held} of {len(found)} rows lie within their tolerance.\n")
    for topic in dict.fromkeys(row.topic for row in found):
        lines.append(f"## {topic[0].upper()}{topic[1:]}\n")
        for case in dict.fromkeys(row.case for row in found if row.topic == topic):
            own = [row for row in found if (row.topic, row.case) == (topic, case)]
            lines.append(f"### {case}\n")
            lines.append("| quantity | unit | printed | ours | difference | tolerance | source |")
            lines.append("| --- | --- | --: | --: | --: | --: | --- |")
            lines += [_line(row) for row in own]
            lines.append("")
            for note in dict.fromkeys(row.note for row in own if row.note):
                about = [row.quantity for row in own if row.note == note]
                every = len(about) == len(own) or len(about) > 3
                lines.append(f"Note{'' if every else ' on ' + ', '.join(about)}: {note}.\n")
    return "\n".join(lines).rstrip() + "\n"


def main() -> int:
    """Write or check the page."""
    text = render()
    if "--check" in sys.argv[1:]:
        same = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text
        print("verification page is " + ("up to date" if same else "out of date: run this script"))
        return 0 if same else 1
    PAGE.write_text(text, encoding="utf-8")
    print(f"wrote {PAGE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
