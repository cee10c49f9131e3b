"""Commands about scenarios: list, show, explain, diff, new, schema, validate, compare."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from balkhash_model import cli_complete
from balkhash_model.cli_output import Json, Quiet, print_table

if TYPE_CHECKING:
    import pandas as pd

    from balkhash_model.diagnostics.compare import Comparison

__all__ = ["add_commands", "scenario_app"]

scenario_app = typer.Typer(help="Scenario files: what is assumed.", no_args_is_help=True)

Names = Annotated[
    list[str],
    typer.Argument(
        help="Names of scenarios, or paths to YAML files.", autocompletion=cli_complete.scenarios
    ),
]
Name = Annotated[
    str,
    typer.Argument(
        help="Name of a scenario, or a path to a YAML file.", autocompletion=cli_complete.scenarios
    ),
]
Variants = Annotated[
    list[str] | None, typer.Option("--with", help="A variant of the scenario, under overrides.")
]
Settings = Annotated[
    list[str] | None, typer.Option("--set", help="A value to replace, as key=value.")
]
InOrder = Annotated[
    bool, typer.Option("--in-order", help="Let a later variant win over an earlier one.")
]


def _frame(title: str, frame: pd.DataFrame, index: str, digits: dict[str, int]) -> None:
    rows: list[tuple[str, ...]] = []
    for name, row in frame.iterrows():
        cells = [str(name)]
        for column, value in row.items():
            if isinstance(value, float):
                # a quantity stands in a column, or where runs are the columns, in a row
                places = digits.get(str(column), digits.get(str(name), 2))
                cells.append("-" if value != value else f"{value:.{places}f}")
            else:
                cells.append(str(value))
        rows.append(tuple(cells))
    print_table(title, [index, *map(str, frame.columns)], rows, 1)


@scenario_app.command("list")
def _list() -> None:
    """List the shipped scenarios."""
    from balkhash_model.scenario import list_scenarios, load_scenario, variants_of

    rows: list[tuple[str, ...]] = []
    for name in list_scenarios():
        rows.append((name, load_scenario(name).meta.title, ", ".join(variants_of(name))))
    print_table("Scenarios", ["name", "title", "variants"], rows, 3)


@scenario_app.command("show")
def _show(
    scenario: Name,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="With all that it extends and every default.")
    ] = False,
    variants: Variants = None,
    settings: Settings = None,
    in_order: InOrder = False,
) -> None:
    """Show a scenario as it is written, or as it is run."""
    from balkhash_model.scenario import dump_scenario, find_scenario, load_scenario

    record = load_scenario(scenario, variants or (), settings or (), in_order=in_order)
    if resolved or variants or settings:
        typer.echo(dump_scenario(record), nl=False)
    else:
        typer.echo(find_scenario(scenario).read_text(encoding="utf-8"), nl=False)


@scenario_app.command("explain")
def _explain(
    scenario: Name,
    key: Annotated[str, typer.Argument(help="Dotted key, as abstraction.china.total.")],
    variants: Variants = None,
    settings: Settings = None,
    in_order: InOrder = False,
) -> None:
    """Say which file and line set a value, and what it replaced."""
    from balkhash_model.scenario import load_scenario

    record = load_scenario(scenario, variants or (), settings or (), in_order=in_order)
    typer.echo(str(record.explain(key)))


@scenario_app.command("diff")
def _diff(first: Name, second: Name) -> None:
    """Show the keys in which two scenarios differ, both resolved."""
    from balkhash_model.scenario import load_scenario
    from balkhash_model.scenario.schema_page import diff_scenarios

    one, two = load_scenario(first), load_scenario(second)
    rows: list[Any] = diff_scenarios(one, two)
    print_table("Differences", ["key", one.meta.name, two.meta.name], rows, 3)


@scenario_app.command("new")
def _new(
    name: Annotated[str, typer.Argument(help="Name of the new scenario and its file.")],
    base: Annotated[str, typer.Option("--from", help="The scenario that it extends.")] = (
        "baseline_2050"
    ),
    folder: Annotated[Path, typer.Option(help="Where the file is written.")] = Path(),
) -> None:
    """Write a new scenario file that extends another."""
    from balkhash_model.scenario.schema_page import new_scenario

    typer.echo(f"wrote {new_scenario(name, base, folder)}")


@scenario_app.command("schema")
def _schema(
    page: Annotated[bool, typer.Option("--page", help="The page of the documentation.")] = False,
) -> None:
    """Print the JSON Schema of a scenario file, for editors."""
    import json

    from balkhash_model.scenario.schema_page import json_schema, schema_page

    text = schema_page() if page else json.dumps(json_schema(), indent=2) + "\n"
    typer.echo(text, nl=False)


def _validate(
    files: Names,
    variants: Variants = None,
    settings: Settings = None,
    in_order: InOrder = False,
) -> None:
    """Check scenario files without running them; all problems of all files at once."""
    from balkhash_model.errors import InputError, Problem
    from balkhash_model.scenario import load_scenario

    problems: list[Problem] = []
    good: list[str] = []
    readable = []
    for name in files:
        try:
            load_scenario(name, variants or (), settings or (), in_order=in_order)
            readable.append(name)
        except InputError as error:
            problems.extend(error.problems)
    for name in readable:
        # the rest needs the numerical libraries, which take longer to load than any file
        from balkhash_model.runs import check

        try:
            record = check(name, variants or (), settings or (), in_order=in_order)
            good.append(f"{name}: {record.meta.name} is valid")
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    for line in good:
        typer.echo(line)


def _compare(
    runs: Annotated[
        list[str],
        typer.Argument(
            help="Scenarios by name or file, or results (NAME.nc).",
            autocompletion=cli_complete.scenarios_and_results,
        ),
    ],
    baseline: Annotated[
        str | None, typer.Option(help="The run that the others are held against.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The figure: a PNG, SVG or PDF.")] = Path(
        "comparison.png"
    ),
    force: Annotated[bool, typer.Option("--force", help="Replace a figure that exists.")] = False,
    limit: Annotated[
        list[str] | None,
        typer.Option(help="A threshold of your own, as east_fish='6 g/l'; may be repeated."),
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Compare runs: levels, budgets, indicators and costs, as tables and a figure."""
    from balkhash_model.errors import InputError, Problem

    if out.suffix not in (".png", ".svg", ".pdf"):
        raise InputError(
            Problem(f"--out {out}", "no such format", out.suffix, ".png, .svg or .pdf")
        )
    if out.exists() and not force:
        raise InputError(Problem(f"--out {out}", "is there already", hint="Use --force"))
    if not (out.parent.is_dir()):
        raise InputError(Problem(f"--out {out}", "its folder does not exist", str(out.parent)))
    from balkhash_model.plot import comparison, save
    from balkhash_model.results import compare

    found = compare(*runs, baseline=baseline, limits=_limits(limit or ()))
    if quiet or as_json:
        save(comparison(found), out)
        if as_json:
            _emit_comparison(found, out)
        return
    shown = found.indicators.copy()
    whole = {"lowest_year": 0, "first_below": 1, "years_below": 1, "recovery": 1}
    _frame(f"Indicators, threshold {found.threshold:.1f} m (levels in m)", shown.T, "", whole)
    _print_ecosystem(found)
    _frame("Mean budget of the lake (km3 per year)", found.budget, "run", {})
    ends = {
        name: frame.median(axis=1).iloc[[len(frame) // 2 - 1, -1]]
        for name, frame in found.differences.items()
        if name != found.baseline
    }
    rows: list[tuple[str, ...]] = [
        (name, *(f"{int(y)}: {v:+.2f}" for y, v in series.items())) for name, series in ends.items()
    ]
    print_table(f"Level, difference from {found.baseline} (m)", ["run", "half-way", "end"], rows, 1)
    if not found.cost.empty:
        _frame("Measures", found.cost.set_index("run"), "run", {"cost (million)": 0})
    save(comparison(found), out)
    typer.echo(f"wrote {out}")


def _limits(given: Sequence[str]) -> dict[str, str]:
    """Thresholds as name and text."""
    from balkhash_model.errors import InputError, Problem

    wrong = [text for text in given if "=" not in text]
    if wrong:
        raise InputError(
            [
                Problem(f"--limit {text}", "not NAME=VALUE", hint="As east_fish='6 g/l'")
                for text in wrong
            ]
        )
    return {name: value for name, _, value in (text.partition("=") for text in given)}


def _print_ecosystem(found: Comparison) -> None:
    """One row for each indicator, one column for each run."""
    rows: dict[str, list[str]] = {}
    for run, table in found.ecosystem.items():
        for name, row in table.iterrows():
            threshold = f" ({row['threshold']})" if row["threshold"] else ""
            head = [f"{row['title']}{threshold}", row["unit"]]
            empty = [*head, *["-"] * len(found.ecosystem), row["source"]]
            cells = rows.setdefault(str(name), empty)
            value = row["value"]
            cells[2 + list(found.ecosystem).index(run)] = "-" if value != value else f"{value:.2f}"
    title = "Ecosystem and water quality (medians; years count the time beyond a threshold)"
    columns = ["indicator", "unit", *found.ecosystem, "source"]
    print_table(title, columns, [tuple(cells) for cells in rows.values()], 2)


def _emit_comparison(found: Comparison, out: Path) -> None:
    from balkhash_model.cli_output import emit, records

    emit(
        "compare",
        baseline=found.baseline,
        threshold_m=found.threshold,
        titles=found.titles,
        indicators=records(found.indicators, "run"),
        ecosystem=[
            {"run": name, **row}
            for name, table in found.ecosystem.items()
            for row in records(table, "indicator")
        ],
        budget_km3_per_year=records(found.budget, "run"),
        level_difference_m={
            name: {str(year): value for year, value in frame.median(axis=1).items()}
            for name, frame in found.differences.items()
            if name != found.baseline
        },
        measures=[] if found.cost.empty else found.cost.to_dict("records"),
        files=[out],
    )


def add_commands(app: typer.Typer) -> None:
    """Add the commands that stand beside ``balkhash scenario``.

    Parameters
    ----------
    app : typer.Typer
        The command line.
    """
    app.command("validate")(_validate)
    app.command("compare")(_compare)
