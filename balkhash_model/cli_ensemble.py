"""Commands about ensembles: ``run --members`` and ``sensitivity``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from balkhash_model.cli_scenario import Settings, Variants, _frame
from balkhash_model.errors import BalkhashError, InputError, Problem

if TYPE_CHECKING:
    import xarray as xr

    from balkhash_model.scenario import Scenario

__all__ = ["add_commands", "run_members"]


@contextmanager
def _bar(text: str, unit: str = "members") -> Iterator[Callable[[int, int], None]]:
    """Progress with what is done, the rate and the time left."""
    import time

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} " + unit),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    began = time.monotonic()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(text, total=1, rate="")

        def report(done: int, asked: int) -> None:
            rate = f"{done / max(time.monotonic() - began, 1e-9):,.0f} a second"
            progress.update(task, completed=done, total=asked, rate=rate)

        yield report


def _records(
    names: Sequence[str], variants: Sequence[str], settings: Sequence[str], in_order: bool
) -> list[Scenario]:
    from balkhash_model.scenario import load_scenario

    records: list[Scenario] = []
    problems: list[Problem] = []
    for name in names:
        try:
            records.append(load_scenario(name, variants, settings, in_order=in_order))
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    return records


def _make_folder(out: Path) -> None:
    """Make the folder of the results before anything is computed."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            Problem(f"output folder {str(out)!r}", "cannot be made", str(error))
        ) from None


@contextmanager
def _written(path: Path, rest: str = "") -> Iterator[None]:
    """Say what could not be written, and what there is nevertheless."""
    try:
        yield
    except OSError as error:
        path.unlink(missing_ok=True)
        text = f"{path}: cannot be written: {error.strerror or error}"
        raise BalkhashError(f"{text}. {rest}" if rest else text) from None


def run_members(
    names: Sequence[str],
    members: int,
    out: Path,
    variants: Sequence[str] = (),
    settings: Sequence[str] = (),
    in_order: bool = False,
    *,
    keep: Sequence[str] = (),
    members_to: Path | None = None,
    force: bool = False,
    resume: bool = False,
    threads: int | None = None,
    quiet: bool = False,
    as_json: bool = False,
) -> None:
    """Run scenarios with many members that they share, and write the result and its figures.

    Parameters
    ----------
    names : sequence of str
        Scenarios; the first is what the others are held against.
    members : int
        Number of members.
    out : Path
        Folder for the files.
    variants, settings : sequence of str
        As for :func:`balkhash_model.load_scenario`.
    in_order : bool, default False
        Whether a later variant may win over an earlier one.
    keep : sequence of str, optional
        What is kept, as for :func:`balkhash_model.run_ensemble`.
    members_to : Path, optional
        NetCDF file or Zarr store for the states of the members.
    force, resume : bool, default False
        Whether to replace what is there, or to go on from it.
    threads : int, optional
        Threads.
    quiet, as_json : bool, default False
        Whether to print nothing, or JSON.

    Raises
    ------
    InputError
        Where the ensemble cannot be made.
    Exit
        With code 130 where it was interrupted; what was done is written.

    Examples
    --------
    ``balkhash run baseline_2050 china_plus --members 1000``
    """
    from balkhash_model.ensemble import run_ensemble
    from balkhash_model.plot import exceedance, fan, first_crossing, save

    records = _records(names, variants, settings, in_order)
    _make_folder(out)
    stem = records[0].meta.name if len(records) == 1 else f"{records[0].meta.name}_and_others"
    target = out / f"{stem}.ensemble.nc"
    with _bar(stem) as report:
        result = run_ensemble(
            records,
            members,
            keep=keep or None,
            out=target,
            members_to=members_to,
            force=force,
            resume=resume,
            threads=threads,
            progress=report,
        )
    paths = [target]
    for name, figure in (
        ("fan", fan(result)),
        ("below", exceedance(result)),
        ("first_below", first_crossing(result)),
    ):
        paths.append(out / f"{stem}.{name}.png")
        with _written(paths[-1], f"The result {target} is whole"):
            save(figure, paths[-1])
    if as_json:
        _emit(result, paths)
    elif not quiet:
        _print_levels(result)
        for path in paths:
            typer.echo(f"wrote {path}")
    interrupted = result.attrs["complete"] == "no"
    if interrupted or not quiet:
        for note in str(result.attrs.get("comment", "")).splitlines():
            typer.echo(f"- {note}", err=quiet or as_json)
    if interrupted:
        typer.echo("- go on with --resume", err=quiet or as_json)
        raise typer.Exit(130)


def _emit(result: xr.Dataset, paths: Sequence[Path]) -> None:
    """The same numbers as the table, as JSON."""
    from balkhash_model.cli_output import emit

    several = "scenario" in result.dims
    names = result["scenario"].values if several else [result.attrs["scenario_names"]]
    shares = [f"{float(q):g}" for q in result["quantile"].values]
    thresholds = [f"{float(t):g}" for t in result["threshold"].values]
    runs = []
    for i, name in enumerate(names):
        part: Any = result.isel(scenario=i) if several else result
        ever = part["first_below_count"].values.sum(axis=0) / result.attrs["members"]
        runs.append(
            {
                "run": str(name),
                "end_level_m_by_quantile": dict(
                    zip(shares, part["end_quantile"].values, strict=True)
                ),
                "share_ever_below_m": dict(zip(thresholds, ever, strict=True)),
            }
        )
    emit(
        "run",
        members=int(result.attrs["members"]),
        complete=result.attrs["complete"] == "yes",
        ensemble=runs,
        files=list(paths),
    )


def _print_levels(result: xr.Dataset) -> None:
    """Level at the end, and what the thresholds come to."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    several = "scenario" in result.dims
    names = result["scenario"].values if several else [result.attrs["scenario_names"]]
    shares = result["quantile"].values
    heads = ["scenario", *(f"{100 * q:.3g} %" for q in shares)]
    thresholds = result["threshold"].values
    heads += [f"ever below {t:.1f} m" for t in thresholds]
    title = f"Mean level of the last year (m), {result.attrs['members']} members"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1))
    for j, head in enumerate(heads):
        table.add_column(head, justify="right" if j else "left", overflow="fold")
    for i, name in enumerate(names):
        part: Any = result.isel(scenario=i) if several else result
        ever = part["first_below_count"].values.sum(axis=0) / result.attrs["members"]
        table.add_row(
            str(name),
            *(f"{v:.2f}" for v in part["end_quantile"].values),
            *(f"{100 * v:.1f} %" for v in ever),
        )
    Console(highlight=False).print(table)


def _sensitivity(
    scenario: Annotated[str, typer.Argument(help="A scenario whose ensemble names what differs.")],
    draws: Annotated[int, typer.Option(help="Draws; of sobol the base number, 2^n.")] = 128,
    method: Annotated[str, typer.Option(help="correlation or sobol.")] = "correlation",
    year: Annotated[
        int | None, typer.Option(help="Year of the level; by default the last.")
    ] = None,
    members: Annotated[int, typer.Option(help="Members averaged in each draw.")] = 16,
    out: Annotated[Path, typer.Option(help="Folder for the table and the figure.")] = Path(
        "results"
    ),
    threads: Annotated[int | None, typer.Option(help="Threads.", min=1)] = None,
    variants: Variants = None,
    settings: Settings = None,
) -> None:
    """Rank what the level of the lake depends on; write NAME.sensitivity.csv and .png."""
    from balkhash_model.ensemble.sensitivity import sensitivity
    from balkhash_model.plot import save, sensitivity_bars

    record = _records([scenario], variants or (), settings or (), False)[0]
    _make_folder(out)
    with _bar(record.meta.name) as report:
        table = sensitivity(
            record,
            draws,
            method=method,  # type: ignore[arg-type]
            year=year,
            members_per_draw=members,
            threads=threads,
            progress=report,
        )
    when = year or record.last_year()
    title = f"{record.meta.title}\nWhat the mean level of {when} depends on"
    _frame(f"Mean level of {when}", table, "factor", dict.fromkeys(table.columns, 3))
    if note := table.attrs.get("comment"):
        typer.echo(f"- {note}", err=True)
    csv, png = (out / f"{record.meta.name}.sensitivity.{x}" for x in ("csv", "png"))
    with _written(csv):
        table.to_csv(csv, index_label="factor")
    with _written(png, f"The table {csv} is whole"):
        save(sensitivity_bars(table, title), png)
    for path in (csv, png):
        typer.echo(f"wrote {path}")


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the command line.

    Parameters
    ----------
    app : typer.Typer
        The command line.

    Examples
    --------
    >>> app = typer.Typer()
    >>> add_commands(app)
    >>> len(app.registered_commands)
    1
    """
    app.command("sensitivity")(_sensitivity)
