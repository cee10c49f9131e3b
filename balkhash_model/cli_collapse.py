"""The command that holds results against the collapse of the Aral Sea."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from balkhash_model import cli_complete
from balkhash_model.cli_output import Json, Quiet, print_table

__all__ = ["add_collapse"]

#: Rows of the table: column, text, digits.
_ROWS = (
    ("year", "last year", 0),
    ("onset", "onset, last year before the fall", 0),
    ("age", "years since onset", 0),
    ("fall_m", "fall of the level (m)", 2),
    ("volume_lost", "volume lost (%)", 0),
    ("baseline_volume_lost", "  Aral Sea at the same age (%)", 0),
    ("area_lost", "area lost (%)", 0),
    ("baseline_area_lost", "  Aral Sea at the same age (%)", 0),
    ("equivalent_year", "Aral-equivalent year", 0),
    ("equivalent_low", "  from", 0),
    ("equivalent_high", "  to", 0),
    ("lead", "years ahead of the Aral Sea (- behind)", 0),
    ("inflow_deficit", "inflow lacking for the area before (%)", 0),
    ("separated", "basins apart from", 0),
)
_SHARES = ("lost", "deficit")


class Measure(StrEnum):
    """Quantity that is compared."""

    volume = "volume"
    area = "area"


class Phase(StrEnum):
    """What is drawn as a path."""

    salinity = "salinity"
    inflow = "inflow"


class Language(StrEnum):
    """Language of the figure."""

    en = "en"
    ru = "ru"
    kk = "kk"


def add_collapse(app: typer.Typer) -> None:
    """Add ``balkhash collapse``.

    Parameters
    ----------
    app : typer.Typer
        The application.
    """
    app.command("collapse")(_collapse)


def _collapse(
    result: Annotated[
        list[Path],
        typer.Argument(help="Results, as NAME.nc.", autocompletion=cli_complete.results),
    ],
    onset: Annotated[
        int | None,
        typer.Option(help="Last year before the fall; by default found, of the Aral Sea 1960."),
    ] = None,
    lake: Annotated[str, typer.Option(help="The lake that collapsed.")] = "aral",
    measure: Annotated[Measure, typer.Option(help="What is compared.")] = Measure.volume,
    phase: Annotated[Phase, typer.Option(help="What is drawn as a path.")] = Phase.salinity,
    lang: Annotated[
        Language, typer.Option("--lang", "--language", help="Language of the figure.")
    ] = Language.en,
    figure: Annotated[
        Path | None, typer.Option(help="File for the figure: png, svg or pdf.")
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Hold results against the course of the Aral Sea: how near, how far behind."""
    from rich.console import Console

    from balkhash_model.job import collapse_job

    summary = collapse_job(
        result,
        figure,
        onset=onset,
        lake=lake,
        measure=measure.value,
        phase=phase.value,
        language=lang.value,
    )
    if as_json:
        from balkhash_model.cli_output import emit, records

        files = [] if figure is None else [figure]
        sources = summary.attrs["onset_from"]
        rows = [{**row, "onset_from": sources[row["run"]]} for row in records(summary, "run")]
        emit("collapse", lake=lake, results=rows, files=files)
    if quiet or as_json:
        return
    table: list[tuple[str, ...]] = []
    for column, text, digits in _ROWS:
        share = any(part in column for part in _SHARES)
        cells = [_cell(v, digits, 100.0 if share else 1.0) for v in summary[column]]
        table.append((text, *cells))
    print_table("Beside the Aral Sea", ["", *map(str, summary.index)], table, 1)
    console = Console(highlight=False)
    own = [run for run, source in summary.attrs["onset_from"].items() if source == "record"]
    if own:
        names, year = ", ".join(own), f"{summary.loc[own[0], 'onset']:.0f}"
        text = f"onset of {names}: {year}, as of the Aral Sea observed; --onset YEAR for another"
        console.print(text, markup=False)
    if figure is not None:
        console.print(f"wrote {figure}", markup=False)


def _cell(value: float, digits: int, scale: float) -> str:
    if value != value:
        return "-"
    if value in (float("inf"), float("-inf")):
        return "beyond its record" if value > 0 else "before it fell"
    return f"{scale * value:.{digits}f}"
