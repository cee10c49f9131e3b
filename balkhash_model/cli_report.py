"""The command that makes a page for decision makers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["add_report"]


def add_report(app: typer.Typer) -> None:
    """Add ``balkhash report``.

    Parameters
    ----------
    app : typer.Typer
        The application.
    """
    app.command("report")(_report)


def _report(
    result: Annotated[list[Path], typer.Argument(help="Results, as NAME.nc or NAME.ensemble.nc.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="File for the page.")] = Path(
        "report.html"
    ),
    lang: Annotated[
        str, typer.Option("--lang", "--language", help="Language of the page: en, ru or kk.")
    ] = "en",
    force: Annotated[bool, typer.Option("--force", help="Replace a page that exists.")] = False,
) -> None:
    """Make one page that anyone can read: the answer, figures, assumptions, sources."""
    from balkhash_model.report import write_report

    typer.echo(f"wrote {write_report(result, out, lang, force=force)}")
