"""The command line: one call of the public API for each command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from balkhash_model import cli_complete
from balkhash_model.cli_collapse import add_collapse
from balkhash_model.cli_ensemble import add_commands as add_ensemble_commands
from balkhash_model.cli_output import Json, Quiet
from balkhash_model.cli_report import add_report
from balkhash_model.cli_results import add_commands as add_result_commands
from balkhash_model.cli_scenario import (
    InOrder,
    Settings,
    Variants,
    add_commands,
    scenario_app,
)

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from balkhash_model.job import Job

__all__ = ["app", "main"]

app = typer.Typer(
    name="balkhash",
    help="Water balance of Lake Balkhash and of lakes that you describe.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(help="The reference tables that the package ships.", no_args_is_help=True)
params_app = typer.Typer(help="Parameter sets, with sources and ranges.", no_args_is_help=True)
app.add_typer(data_app, name="data")
app.add_typer(params_app, name="params")
app.add_typer(scenario_app, name="scenario")
add_commands(app)
add_ensemble_commands(app)
add_collapse(app)
add_result_commands(app)
add_report(app)


def _console(*, error: bool = False) -> Any:
    from rich.console import Console

    return Console(stderr=error, soft_wrap=error, highlight=False)


def _table(title: str, columns: list[str], *, left: int = 1) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1)
    )
    for i, column in enumerate(columns):
        table.add_column(column, justify="left" if i < left else "right", overflow="fold")
    return table


#: Short heads, so that a budget fits a terminal of 80 columns.
_HEADS = {
    "precipitation": "precip.",
    "evaporation": "evap.",
    "groundwater": "ground",
    "abstraction": "use",
    "change of storage": "storage",
}


def _cell(column: str, value: object, digits: int) -> str:
    if not isinstance(value, float):
        return str(value)
    # a residual at rounding level is shown as what it is
    return f"{value:.0e}" if column == "residual" else f"{value:.{digits}f}"


def _frame(title: str, frame: pd.DataFrame, index: str, digits: int = 2) -> Table:
    from rich.markup import escape

    heads = [_HEADS.get(str(c), str(c)) for c in frame.columns]
    table = _table(escape(title), [index, *heads])
    for name, row in frame.iterrows():
        cells = [_cell(str(c), v, digits) for c, v in zip(frame.columns, row, strict=True)]
        table.add_row(escape(str(name)), *cells)
    return table


def _status(text: str, silent: bool) -> Any:
    """A line that says what is going on; on standard error, or nowhere."""
    from rich.console import Console

    # for scripts: where there is no terminal, nothing is drawn
    return Console(stderr=True, quiet=silent).status(text)


def _emit_jobs(jobs: list[Job]) -> None:
    from balkhash_model.cli_output import emit, records

    emit(
        "run",
        runs=[
            {
                "title": job.title,
                "budget_km3_per_year": records(job.budget, "period"),
                "level_skill_m": records(job.skill, "observed"),
                "notes": job.notes,
                "files": job.paths,
            }
            for job in jobs
        ],
    )


def _version(asked: bool) -> None:
    if asked:
        from balkhash_model import __version__

        typer.echo(f"balkhash_model {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Water balance of Lake Balkhash and of lakes that you describe."""


@app.command()
def run(
    scenario: Annotated[
        list[str],
        typer.Argument(
            help="Names of scenarios, paths to YAML files, or results to run again.",
            autocompletion=cli_complete.scenarios_and_results,
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("results"),
    observed: Annotated[
        Path | None, typer.Option(help="Your own level record: CSV with time, level, unit, datum.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace results that exist.")] = False,
    substeps: Annotated[
        int | None, typer.Option(help="Internal steps per interval.", min=1)
    ] = None,
    variants: Variants = None,
    settings: Settings = None,
    in_order: InOrder = False,
    members: Annotated[
        int | None,
        typer.Option(help="Run an ensemble of this many members; scenarios share them.", min=1),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(help="With --members: statistics, indicators or members; may be repeated."),
    ] = None,
    members_to: Annotated[
        Path | None,
        typer.Option(help="With --members: states of all members, to FILE.nc or FILE.zarr."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="With --members: go on with an interrupted run.")
    ] = False,
    threads: Annotated[
        int | None, typer.Option(help="With --members: threads at most.", min=1)
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Run scenarios; write NAME.nc, NAME.png, NAME.svg and NAME.resolved.yml for each."""
    _refuse_mixed(
        members is not None,
        {"--observed": observed, "--substeps": substeps},
        {"--keep": keep, "--members-to": members_to, "--resume": resume, "--threads": threads},
    )
    if members is not None:
        from balkhash_model.cli_ensemble import run_members

        run_members(
            scenario,
            members,
            out,
            variants or (),
            settings or (),
            in_order,
            keep=keep or (),
            members_to=members_to,
            force=force,
            resume=resume,
            threads=threads,
            quiet=quiet,
            as_json=as_json,
        )
        return
    from balkhash_model.job import run_jobs

    console = _console()
    with _status("starting", quiet or as_json) as status:

        def progress(text: str) -> None:
            status.update(text)

        jobs = run_jobs(
            scenario,
            out,
            observed=observed,
            force=force,
            substeps=substeps,
            progress=progress,
            variants=variants or (),
            settings=settings or (),
            in_order=in_order,
        )
    if as_json:
        _emit_jobs(jobs)
    for job in [] if quiet or as_json else jobs:
        console.print()
        console.print(job.title, style="bold", markup=False)
        title = "Mean budget of the lake (km3 per year; storage is its change)"
        console.print(_frame(title, job.budget, "period"))
        if not job.skill.empty:
            console.print(_frame("Simulated less observed level (m)", job.skill, "observed", 3))
        for note in job.notes:
            console.print(f"- {note}", markup=False)
        for path in job.paths:
            console.print(f"wrote {path}", markup=False, soft_wrap=True)


def _refuse_mixed(many: bool, single: dict[str, object], ensemble: dict[str, object]) -> None:
    """Refuse options of a run with an ensemble, and the other way round, rather than drop them."""
    hints = {"--substeps": "Use --set period.substeps=N"}
    what = "has no effect with --members" if many else "has no effect without --members"
    given = [name for name, value in (single if many else ensemble).items() if value]
    if given:
        from balkhash_model.errors import InputError, Problem

        raise InputError([Problem(name, what, hint=hints.get(name)) for name in given])


@app.command()
def calibrate(
    scenario: Annotated[
        str,
        typer.Argument(help="Scenario to fit.", autocompletion=cli_complete.scenarios),
    ] = "hindcast_free",
    out: Annotated[
        Path | None, typer.Option(help="Write the fitted parameter set to this new YAML file.")
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Fit the uncertain parameters of a free run to the observed levels, within their priors."""
    from balkhash_model.calibration import calibrate as fit

    console = _console()
    with _status("fitting", quiet or as_json):
        found = fit(scenario)
    if quiet or as_json:
        if out is not None:
            found.write(out)
        if as_json:
            from balkhash_model.cli_output import emit, records

            emit(
                "calibrate",
                parameters=records(found.table, "parameter"),
                correlation=records(found.correlation, "parameter"),
                levels_m=records(found.levels, "observed"),
                unexplained_km3_per_year=records(found.periods, "period"),
                notes=found.notes,
                files=[] if out is None else [out],
            )
        return
    console.print(_frame("Fitted parameters", found.table, "parameter", 4))
    console.print(_frame("Correlation of the estimates", found.correlation, "", 2))
    console.print(_frame("Levels (m)", found.levels, "observed", 3))
    console.print(
        _frame("What each period leaves unexplained (km3 per year)", found.periods, "period")
    )
    for note in found.notes:
        console.print(f"- {note}", markup=False)
    if out is not None:
        found.write(out)
        console.print(f"wrote {out}", markup=False, soft_wrap=True)


@app.command()
def reconstruct(
    scenario: Annotated[
        str,
        typer.Argument(
            help="Scenario whose inflow is reconstructed.", autocompletion=cli_complete.scenarios
        ),
    ] = "hindcast",
    skill: Annotated[bool, typer.Option(help="Also score withheld blocks of 24 months.")] = True,
) -> None:
    """Show the river inflow that observed levels imply, with its checks and its skill."""
    from balkhash_model.reconstruction_report import report

    console = _console()
    with console.status("reconstructing"):
        found = report(scenario, blocks=skill)
    for title, frame, index, digits in found.tables:
        console.print(_frame(title, frame, index, digits))
    for note in found.notes:
        console.print(f"- {note}", markup=False)


@app.command()
def doctor(quiet: Quiet = False, as_json: Json = False) -> None:
    """Print versions, the state of the compiled cache and the checks of the shipped data."""
    from rich.markup import escape

    from balkhash_model.job import diagnose

    console = _console()
    found_all = diagnose()
    healthy = all(good for _, rows in found_all for _, _, good in rows)
    if as_json:
        from balkhash_model.cli_output import emit

        parts = {
            title: [{"what": w, "found": f, "good": g} for w, f, g in rows]
            for title, rows in found_all
        }
        emit("doctor", healthy=healthy, parts=parts)
    for title, rows in [] if quiet or as_json else found_all:
        table = _table(title, ["what", "found"], left=2)
        for what, found, good in rows:
            table.add_row(what, escape(found) if good else f"[bold red]{escape(found)}[/bold red]")
        console.print(table)
    if not healthy:
        raise typer.Exit(1)


@data_app.command("list")
def data_list(
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the keys alone.")] = False,
    as_json: Json = False,
) -> None:
    """List the reference tables."""
    from balkhash_model import reference

    if as_json:
        from balkhash_model.cli_output import emit

        keep = ("title", "quantity", "unit", "datum", "kind", "period", "sources", "terms")
        entries = {key: reference.describe(key) for key in reference.list()}
        rows = [{"key": key, **{k: e.get(k) for k in keep}} for key, e in entries.items()]
        emit("data list", tables=rows)
        return
    if quiet:
        typer.echo("\n".join(reference.list()))
        return
    table = _table("Reference tables", ["key", "title", "period", "datum"], left=4)
    table.columns[0].no_wrap = True
    for key in reference.list():
        entry = reference.describe(key)
        table.add_row(
            key, str(entry["title"]), str(entry.get("period") or ""), str(entry.get("datum") or "")
        )
    _console().print(table)


@data_app.command("describe")
def data_describe(
    key: Annotated[str, typer.Argument(help="Key of a table.", autocompletion=cli_complete.tables)],
) -> None:
    """Describe one reference table: what it holds, from whom, on which terms."""
    from balkhash_model import reference, yamlio

    typer.echo(yamlio.dumps(reference.describe(key)), nl=False)


@data_app.command("check")
def data_check() -> None:
    """Verify checksums, columns, units, times and sources of every reference table."""
    from balkhash_model import reference

    results = reference.check()
    table = _table("Reference tables", ["key", "state"], left=2)
    for result in results:
        table.add_row(result.key, "ok" if result.ok else f"[bold red]{result.message}[/bold red]")
    _console().print(table)
    if not all(r.ok for r in results):
        raise typer.Exit(1)


@params_app.command("show")
def params_show(
    name: Annotated[
        str,
        typer.Argument(
            help="Name of a set, or a path to one.", autocompletion=cli_complete.parameter_sets
        ),
    ] = "balkhash",
    notes: Annotated[bool, typer.Option(help="Also priors, notes and sources.")] = True,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Show a parameter set: value, range, prior, status, source and note."""
    from rich.markup import escape

    from balkhash_model.library import load_parameters

    chosen = load_parameters(name)
    if as_json:
        from dataclasses import asdict

        from balkhash_model.cli_output import emit

        emit(
            "params show",
            set=chosen.name,
            title=chosen.title,
            parameters=[asdict(p) for p in chosen.values()],
        )
    if quiet or as_json:
        return
    console = _console()
    table = _table(
        escape(f"{name}: {chosen.title}"), ["parameter", "value", "range", "status"], left=4
    )
    table.columns[0].no_wrap = True
    for p in chosen.values():
        table.add_row(p.name, f"{p.value:g} {p.unit}", f"{p.lower:g} to {p.upper:g}", p.status)
    console.print(table)
    if notes:
        for p in chosen.values():
            prior = f"prior {p.prior}; " if p.prior else ""
            source = f" [{', '.join(p.source)}]" if p.source else ""
            console.print(f"{p.name}: {prior}{p.note}{source}", markup=False)


@params_app.command("diff")
def params_diff(
    first: Annotated[
        str,
        typer.Argument(
            help="Name of a set, or a path to one.", autocompletion=cli_complete.parameter_sets
        ),
    ],
    second: Annotated[
        str,
        typer.Argument(
            help="The set to compare it with.", autocompletion=cli_complete.parameter_sets
        ),
    ],
) -> None:
    """Show the parameters that differ between two sets."""
    from balkhash_model.library import diff_parameters

    table = _table("Differences", ["parameter", first, second], left=3)
    for row in diff_parameters(first, second):
        table.add_row(*row)
    _console().print(table)


def main() -> None:
    """Run the command line; end with 0 fine, 1 bug, 2 user input, 3 balance failed."""
    from balkhash_model.errors import BalkhashError

    try:
        app()
    except BalkhashError as error:
        print(f"balkhash: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
