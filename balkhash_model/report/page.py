"""The page as a whole: sections into one HTML file that needs nothing else."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from balkhash_model import provenance
from balkhash_model.diagnostics.courses import observed_baseline
from balkhash_model.errors import InputError, Problem
from balkhash_model.report import origin
from balkhash_model.report.answer import answers
from balkhash_model.report.assumptions import assumed_section
from balkhash_model.report.blocks import Section
from balkhash_model.report.language import Words
from balkhash_model.report.outcomes import Outcome, outcomes
from balkhash_model.report.plans import plans_section
from balkhash_model.report.read import Source, read_sources
from balkhash_model.report.sections import outcome_sections

__all__ = ["render_report", "write_report"]

_FOLDER = Path(__file__).parent


def render_report(results: Sequence[Path], language: str = "en") -> str:
    """Make the report of some results.

    Parameters
    ----------
    results : sequence of Path
        NetCDF files that ``balkhash run`` wrote, with ``--members`` or without.
    language : {"en", "ru", "kk"}, default "en"
        Language of the page. What the authors of scenarios and tables wrote stays as they did.

    Returns
    -------
    str
        One HTML page with its style and figures inside; it asks for nothing from anywhere.

    Raises
    ------
    InputError
        Where a file is missing or no result, or for another language; all problems at once.

    Examples
    --------
    >>> import balkhash_model as bm, tempfile
    >>> from balkhash_model.job import write_result
    >>> file = Path(tempfile.mkdtemp()) / "free.nc"
    >>> write_result(bm.run("hindcast_free"), file)
    >>> render_report([file], "kk")[:32]
    '<!DOCTYPE html>\\n<html lang="kk">'
    """
    words, sources = _ready(results, language)
    return _render(sources, words)


def write_report(
    results: Sequence[Path], out: Path, language: str = "en", *, force: bool = False
) -> Path:
    """Write the report of some results; whole or not at all.

    Parameters
    ----------
    results : sequence of Path
        NetCDF files that ``balkhash run`` wrote, with ``--members`` or without.
    out : Path
        File for the page; its folder is made where it does not exist.
    language : {"en", "ru", "kk"}, default "en"
        Language of the page.
    force : bool, default False
        Whether an existing file may be replaced.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        Where a result, the language or the file cannot be used; all problems at once.

    Examples
    --------
    >>> write_report([Path("nowhere.nc")], Path("report.html"), "ru")
    Traceback (most recent call last):
    ...
    balkhash_model.errors.InputError: nowhere.nc: no such file
    """
    problems = _target_problems(out, results, force)
    try:
        words, sources = _ready(results, language)
    except InputError as error:
        raise InputError([*error.problems, *problems]) from None
    if problems:
        raise InputError(problems)
    text = _render(sources, words)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _write(text, out)
    except OSError as error:
        hint = "Nothing was written; choose another with -o"
        raise InputError(Problem(str(out), "cannot be written", str(error), hint=hint)) from None
    return out


def _ready(results: Sequence[Path], language: str) -> tuple[Words, list[Source]]:
    problems: list[Problem] = []
    words, sources = None, None
    try:
        words = Words(language)
    except InputError as error:
        problems.extend(error.problems)
    try:
        sources = read_sources([Path(p) for p in results])
    except InputError as error:
        problems.extend(error.problems)
    if words is None or sources is None:
        raise InputError(problems)
    return words, sources


def _target_problems(out: Path, results: Sequence[Path], force: bool) -> list[Problem]:
    where = str(out)
    if out.is_dir():
        return [Problem(where, "is a folder", expected="a file, as report.html")]
    if any(out.resolve() == Path(p).resolve() for p in results):
        return [Problem(where, "is one of the results", hint="Choose another with -o")]
    if out.exists() and not force:
        return [Problem(where, "exists already", hint="Use --force to replace it")]
    ancestor = out.absolute().parent
    while not ancestor.exists():
        ancestor = ancestor.parent
    if not ancestor.is_dir():
        return [Problem(where, "cannot be written", f"{ancestor} is not a folder")]
    if not os.access(ancestor, os.W_OK | os.X_OK):
        return [Problem(where, "cannot be written", f"no permission in {ancestor}")]
    return []


def _write(text: str, out: Path) -> None:
    handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        os.chmod(name, 0o644)
        os.replace(name, out)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _render(sources: Sequence[Source], words: Words) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    found = outcomes(sources, words.language)
    baseline = observed_baseline()
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made = provenance.history_line("balkhash report")
    return environment.get_template("page.html").render(
        words=words,
        language=words.language,
        title=_title(found, words),
        subtitle=[f"{o.label}: {o.title}" for o in found],
        answers=answers(found, words, baseline),
        sections=_sections(found, sources, words),
        # the style sheet and the figures are made here; every other text is escaped
        style=Markup((_FOLDER / "page.css").read_text(encoding="utf-8")),
        picture=Markup,
        made=made.split(": ")[0],
        version=provenance.versions()["balkhash_model"],
    )


def _title(found: Sequence[Outcome], words: Words) -> str:
    systems = list(dict.fromkeys(str(o.source.dataset.attrs.get("system", "")) for o in found))
    lakes = [words(f"lake.{s}") if words.known(f"lake.{s}") else s for s in systems]
    years = words.years((min(o.first_year for o in found), max(o.last_year for o in found)))
    return f"{', '.join(lakes)}, {years}"


def _sections(found: Sequence[Outcome], sources: Sequence[Source], words: Words) -> list[Section]:
    baseline = observed_baseline()
    sections = outcome_sections(found, words, baseline)
    plans = plans_section(found, words)
    # plans come before the details of each
    if plans is not None:
        sections.insert(3, plans)
    return [
        *sections,
        assumed_section(found, words),
        origin.data_section(sources, words),
        origin.limits_section(found, words),
        origin.sources_section(sources, words),
        origin.reproduce_section(found, sources, words),
    ]
