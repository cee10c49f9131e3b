"""Commands about finished results: ``cite`` and ``export``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from balkhash_model import cli_complete
from balkhash_model.errors import InputError, Problem

if TYPE_CHECKING:
    from balkhash_model.export import Format

__all__ = ["add_commands"]

Result = Annotated[
    Path, typer.Argument(help="A result, as NAME.nc.", autocompletion=cli_complete.results)
]


def _cite(
    result: Result,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write to this file, as refs.bib.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
) -> None:
    """Print the BibTeX of what a run used: the software, data records, parameter sources."""
    if out is not None and out.exists() and not force:
        raise InputError(Problem(f"--out {out}", "is there already", hint="Use --force"))
    from balkhash_model.bibliography import cite
    from balkhash_model.export import write_text

    text = cite(result)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_text(text, out)
        typer.echo(f"wrote {out}")


def _export(
    result: Result,
    csv: Annotated[bool, typer.Option("--csv", help="A CSV file; it can be read back.")] = False,
    xlsx: Annotated[bool, typer.Option("--xlsx", help="An Excel file.")] = False,
    parquet: Annotated[bool, typer.Option("--parquet", help="A Parquet file.")] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The file; by default beside the result."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
) -> None:
    """Write a result as one tidy table: CSV, Excel or Parquet."""
    from balkhash_model.export import export_result

    given: list[Format] = []
    if csv:
        given.append("csv")
    if xlsx:
        given.append("xlsx")
    if parquet:
        given.append("parquet")
    if len(given) > 1 or (not given and out is None):
        found = ", ".join(f"--{g}" for g in given) or "none"
        raise InputError(
            Problem("export", "needs one format", found, "one of --csv, --xlsx, --parquet")
        )
    kind = given[0] if given else None
    target = out if out is not None else result.with_suffix(f".{kind}")
    export_result(result, target, kind, force=force)
    typer.echo(f"wrote {target}")


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
    2
    """
    app.command("cite")(_cite)
    app.command("export")(_export)
