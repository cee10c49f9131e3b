"""What the command line runs: scenarios to files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from balkhash_model.errors import InputError, Problem

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

    from balkhash_model.diagnostics import Course
    from balkhash_model.scenario import Scenario

__all__ = ["Job", "collapse_job", "diagnose", "run_jobs", "write_result"]


def _suffixes(record: Scenario) -> list[str]:
    """Endings of the files of a run."""
    return [".nc", *(f".{f}" for f in dict.fromkeys(record.outputs.figures)), ".resolved.yml"]


@dataclass(frozen=True, eq=False)
class Job:
    """What one scenario gave: tables for the terminal and the files written."""

    title: str
    budget: pd.DataFrame
    skill: pd.DataFrame
    notes: list[str]
    paths: list[Path]


def write_result(result: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write a result as NetCDF-4 that any CF reader opens; whole or not at all.

    Parameters
    ----------
    result : xarray.Dataset
        A result of :func:`balkhash_model.simulate`.
    path : path-like
        The file.

    Raises
    ------
    OSError
        Where the file cannot be written: a full disk too, which HDF5 does not name.

    Examples
    --------
    >>> import balkhash_model as bm, tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "free.nc"
    >>> write_result(bm.run("hindcast_free"), file)
    >>> file.exists()
    True
    """
    from balkhash_model.netcdf import encoded, own_lock, unnamed_failure

    target = Path(path)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(handle)
    try:
        dataset, encoding = encoded(result)
        with own_lock(dataset):
            dataset.to_netcdf(name, engine="netcdf4", format="NETCDF4", encoding=encoding)
        os.chmod(name, 0o644)
        os.replace(name, target)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if text := unnamed_failure(error):
            raise OSError(errno.ENOSPC, text) from None
        raise


def _check_targets(records: Sequence[Scenario], out: Path, force: bool) -> list[Problem]:
    problems: list[Problem] = []
    names = [record.meta.name for record in records]
    for name in sorted({n for n in names if list(names).count(n) > 1}):
        problems.append(Problem("scenarios", "two of one name would write the same files", name))
    ancestor = out
    while not ancestor.exists():
        ancestor = ancestor.parent
    if not ancestor.is_dir():
        problems.append(Problem(f"output folder {str(out)!r}", "is not a folder", str(ancestor)))
    elif not os.access(ancestor, os.W_OK | os.X_OK):
        problems.append(
            Problem(
                f"output folder {str(out)!r}",
                "cannot be written",
                f"no permission in {ancestor}",
                hint="Choose another with --out",
            )
        )
    elif not force:
        there = [
            str(out / f"{r.meta.name}{s}")
            for r in records
            for s in _suffixes(r)
            if (out / f"{r.meta.name}{s}").exists()
        ]
        if there:
            problems.append(
                Problem(
                    f"output folder {str(out)!r}",
                    "holds these results already",
                    ", ".join(there),
                    hint="Use --force to replace them",
                )
            )
    return problems


def run_jobs(
    scenarios: Sequence[str],
    out: Path,
    *,
    observed: Path | None = None,
    force: bool = False,
    substeps: int | None = None,
    progress: Callable[[str], None] = lambda text: None,
    variants: Sequence[str] = (),
    settings: Sequence[str] = (),
    in_order: bool = False,
) -> list[Job]:
    """Run scenarios and write their files; nothing is written where anything is wrong.

    Parameters
    ----------
    scenarios : sequence of str
        Names or paths.
    out : Path
        Folder for the files; made where it does not exist.
    observed : Path, optional
        A user's own level record, see :func:`balkhash_model.reference.levels.read_observed`.
    force : bool, default False
        Whether existing files may be replaced.
    substeps : int, optional
        Internal steps per interval.
    progress : callable
        Told what is going on.
    variants, settings : sequence of str
        Variants and values, as for :func:`balkhash_model.load_scenario`.
    in_order : bool, default False
        Whether a later variant may win over an earlier one.

    Returns
    -------
    list of Job
        Tables, notes and paths, one for each scenario.

    Raises
    ------
    InputError
        Where a scenario, the record or the folder cannot be used; all problems at once.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> jobs = run_jobs(["hindcast_free"], pathlib.Path(tempfile.mkdtemp()) / "out")
    >>> [p.name for p in jobs[0].paths][:2]
    ['hindcast_free.nc', 'hindcast_free.png']
    """
    import pandas as pd

    from balkhash_model.kernel import build
    from balkhash_model.library import load_system
    from balkhash_model.reference.levels import observed_levels, read_observed
    from balkhash_model.runs import run as run_scenario

    problems: list[Problem] = []
    records = []
    for name in scenarios:
        try:
            records.append(_record(name, variants, settings, in_order))
        except InputError as error:
            problems.extend(error.problems)
    own = None
    if observed is not None and records:
        try:
            own = read_observed(observed, load_system(records[0].system).datum)
        except InputError as error:
            problems.extend(error.problems)
    problems += _check_targets(records, out, force)
    if problems:
        raise InputError(problems)
    build.start()
    prepared = []
    for record in records:
        progress(f"{record.meta.name}: simulating (the first run compiles)")
        result = run_scenario(record, substeps=substeps)
        levels = observed_levels(str(result.attrs["system"]))
        if own is not None:
            levels = pd.concat([levels, own], ignore_index=True)
        prepared.append((record, result, levels))
    progress("writing")
    try:
        out.mkdir(parents=True, exist_ok=True)
        paths = _write_all(prepared, out)
    except OSError as error:
        raise InputError(
            Problem(
                f"output folder {str(out)!r}",
                "cannot be written",
                str(error),
                hint="Nothing was kept there; choose another with --out",
            )
        ) from None
    return [_summary(r, result, levels, paths[r.meta.name]) for r, result, levels in prepared]


def _record(
    name: str, variants: Sequence[str], settings: Sequence[str], in_order: bool
) -> Scenario:
    """The scenario of a name, a file, or a result."""
    from balkhash_model.results import scenario_of_result
    from balkhash_model.scenario import load_scenario

    if not name.endswith(".nc"):
        return load_scenario(name, variants, settings, in_order=in_order)
    if variants or settings:
        raise InputError(Problem(name, "a result is run again as it was", hint="Use its scenario"))
    return scenario_of_result(name)


def _figure(record: Scenario, result: xr.Dataset, levels: pd.DataFrame) -> Figure:
    """Course of the levels; of an ensemble its median and range."""
    from balkhash_model import units
    from balkhash_model.diagnostics import annual_levels
    from balkhash_model.plot import fan, trajectories

    text = record.outputs.threshold
    threshold = None if text == "none" else units.parse(text, "level", "outputs.threshold")
    if "realization" not in result.dims:
        return trajectories(result, levels, threshold=threshold)
    title, datum = (str(result.attrs.get(k, "")) for k in ("title", "datum"))
    return fan(annual_levels(result), title, threshold, datum=datum)


def _write_all(
    results: Sequence[tuple[Scenario, xr.Dataset, pd.DataFrame]], out: Path
) -> dict[str, list[Path]]:
    """Write everything aside, and move it into place only when all of it is there."""
    from balkhash_model.plot import save

    with tempfile.TemporaryDirectory(dir=out, prefix=".balkhash.") as folder:
        aside = Path(folder)
        for record, result, levels in results:
            name = record.meta.name
            write_result(result, aside / f"{name}.nc")
            if record.outputs.figures:
                figure = _figure(record, result, levels)
                for ending in record.outputs.figures:
                    save(figure, aside / f"{name}.{ending}")
            (aside / f"{name}.resolved.yml").write_text(
                str(result.attrs["resolved_scenario"]), encoding="utf-8"
            )
        paths = {
            r.meta.name: [out / f"{r.meta.name}{s}" for s in _suffixes(r)] for r, _, _ in results
        }
        for targets in paths.values():
            for target in targets:
                if target.is_dir():
                    raise IsADirectoryError(f"{target} is a folder")
        for targets in paths.values():
            for target in targets:
                os.replace(aside / target.name, target)
    return paths


def _summary(record: object, result: xr.Dataset, levels: pd.DataFrame, paths: list[Path]) -> Job:
    import pandas as pd

    from balkhash_model.diagnostics import budget_table, level_skill
    from balkhash_model.scenario import Scenario

    assert isinstance(record, Scenario)
    lake = [str(s) for s in result["storage"].values[result["storage_kind"].values == "lake"]]
    single = "realization" not in result.dims
    budget = budget_table(result if single else _mean(result), record.outputs.periods, lake)
    skill = level_skill(result, levels) if single else pd.DataFrame()
    # a series that ended before the run says nothing about it
    skill = skill[skill["n"] > 0] if not skill.empty else skill
    worst = float(abs(result["balance_residual"]).max())
    notes = [
        f"water balance closed in all intervals and storages; largest residual {worst:.1e} m3/s"
    ]
    notes += [n for n in str(result.attrs.get("comment", "")).split("\n") if n]
    if record.inflow.reconstruct_from is not None:
        notes.append(
            "altimetry rows are a consistency check there, not skill: balkhash reconstruct scores "
            "withheld blocks"
        )
    if not single:
        notes.append(f"budget: mean of {result.sizes['realization']} members")
        ended = int((result["status"] != 0).sum())
        if ended:
            notes.insert(
                0,
                f"ATTENTION: {ended} of {result.sizes['realization']} members dried out or "
                "overtopped; what follows in them is beyond their curves",
            )
    # a budget without rows has no columns either
    if not budget.empty and not budget[["precipitation", "evaporation"]].to_numpy().any():
        notes.append(_net_inflow(record, lake))
    if single:
        notes += _volumes(result, lake)
    notes += _measures(result) + _indicators(record, result)
    code = int(result["status"]) if single else 0
    if code != 0:
        meaning = str(result["status"].attrs["flag_meanings"]).split()[code].replace("_", " ")
        notes.insert(
            0,
            f"ATTENTION: {result['status_storage'].item()} {meaning} in the interval "
            f"from {str(result['status_time'].values)[:10]}; what follows is beyond its curve",
        )
    return Job(f"{record.meta.name}: {record.meta.title}", budget, skill, notes, paths)


def _net_inflow(record: Scenario, lake: list[str]) -> str:
    """The note of a budget without rain and evaporation: what its inflow is made of."""
    from balkhash_model.library import load_system

    choice = record.parameters
    system = load_system(record.system, parameters=choice.set, overrides=choice.overrides)
    rivers = [river.name for river in system.rivers if river.to in lake]
    return (
        "the climate of this run gives neither rain nor evaporation: the inflow of the budget is "
        f"the net of {', '.join(rivers)}"
    )


def _volumes(result: xr.Dataset, lake: list[str]) -> list[str]:
    """One note on the skill of the lake's volume, where the package holds observed ones."""
    from balkhash_model.diagnostics import skill_scores
    from balkhash_model.reference.volumes import observed_volumes

    observed = observed_volumes(str(result.attrs["system"]))
    volume = result["water_volume"].sel(storage=lake).sum("storage").to_series() / 1e9
    both = observed.dropna().index.intersection(volume.index)
    if both.size < 2:
        return []
    scores = skill_scores(volume.loc[both].to_numpy(), observed.loc[both].to_numpy())
    return [
        f"volume against the {scores['n']:.0f} observed at the ends of months: "
        f"NSE {scores['nse']:.3f}, KGE {scores['kge']:.4f}, RMSE {scores['rmse']:.3f} km3"
    ]


def _mean(result: xr.Dataset) -> xr.Dataset:
    """Mean of the members; fluxes and volumes are linear in it."""
    numbers = [name for name in result.data_vars if result[name].dtype.kind == "f"]
    return result[numbers].mean("realization", keep_attrs=True)


def _measures(result: xr.Dataset) -> list[str]:
    """One note for each measure: its water in the last year and its money."""
    from balkhash_model.diagnostics.compare import measure_table

    notes = []
    for row in measure_table({"": result}).to_dict("records"):
        cost = row["cost (million)"]
        money = "no cost stated" if cost != cost else f"{cost:.0f} million {row['currency']} in all"
        notes.append(
            f"measure {row['measure']}: {row['water (km3/yr)']:.2f} km3 in the last year, {money}"
        )
    return notes


def _indicators(record: Scenario, result: xr.Dataset) -> list[str]:
    """One note for each indicator that the scenario asks for."""
    from balkhash_model import units
    from balkhash_model.diagnostics import indicators

    if not record.outputs.indicators or record.outputs.threshold == "none":
        return []
    threshold = units.parse(record.outputs.threshold, "level", "outputs.threshold")
    frame = indicators(result, threshold)
    notes = []
    for name in record.outputs.indicators:
        if name not in frame:
            notes.append(f"{name}: the run gives no salinity")
            continue
        # NaN stands for what never happens
        low, middle, high = (float(frame[name].quantile(q)) for q in (0.1, 0.5, 0.9))
        never = f", never in {int(frame[name].isna().sum())}" if frame[name].isna().any() else ""
        spread = (
            f" ({low:.2f} to {high:.2f} in 80 % of the members{never})" if len(frame) > 1 else ""
        )
        notes.append(f"{name}: {'never' if middle != middle else f'{middle:.2f}'}{spread}")
    return notes


def collapse_job(
    results: Sequence[Path],
    figure: Path | None = None,
    *,
    onset: int | None = None,
    lake: str = "aral",
    measure: Literal["volume", "area"] = "volume",
    phase: Literal["salinity", "inflow"] = "salinity",
    language: Literal["en", "ru", "kk"] = "en",
) -> pd.DataFrame:
    """Hold results against the collapse of a lake, and draw them beside it.

    Parameters
    ----------
    results : sequence of Path
        NetCDF files that ``balkhash run`` wrote.
    figure : Path, optional
        File to draw to.
    onset : int, optional
        Last year before the fall, of all results; by default where each began to fall, and for a
        run of the Aral Sea 1960, the year that its record is told from.
    lake : str, default "aral"
        The lake that collapsed.
    measure, phase, language : str
        As for :func:`balkhash_model.plot.collapse`.

    Returns
    -------
    pandas.DataFrame
        As :func:`balkhash_model.diagnostics.nearness_summary` gives it, by the names of the
        scenarios; results of one name are told apart by their files. Its ``attrs`` hold
        ``onset_from``, by run whether its onset was ``given``, ``found`` or is that of the
        ``record``, or None.

    Raises
    ------
    InputError
        Where a file, the onset or the lake cannot be used; all problems at once.

    Examples
    --------
    >>> import tempfile, balkhash_model as bm
    >>> file = Path(tempfile.mkdtemp()) / "free.nc"
    >>> write_result(bm.run("hindcast_free"), file)
    >>> collapse_job([file], onset=1970).index.tolist()
    ['hindcast_free']
    """
    import xarray as xr

    from balkhash_model.diagnostics import course, nearness_summary, observed_baseline
    from balkhash_model.plot import collapse, save
    from balkhash_model.plot.style import FORMATS
    from balkhash_model.plot.words import run_title

    problems: list[Problem] = []
    if figure is not None and figure.suffix.lower() not in FORMATS:
        problems.append(
            Problem(str(figure), "no format of a figure", figure.suffix, ", ".join(FORMATS))
        )
    courses: list[Course] = []
    read: list[Path] = []
    try:
        baseline = observed_baseline(lake)
    except InputError as error:
        problems += error.problems
    for path in results:
        if not path.exists():
            problems.append(Problem(str(path), "no such file"))
            continue
        try:
            with xr.open_dataset(path) as opened:
                title = run_title(opened, language) or None
                courses.append(course(opened.load(), onset=onset, title=title))
                read.append(path)
        except (OSError, ValueError) as error:
            found = error.problems if isinstance(error, InputError) else ()
            problems += found or [
                Problem(str(path), "cannot be read as a result", str(error).split("\n")[0][:120])
            ]
    if problems:
        raise InputError(problems)
    courses = _told_apart(courses, read)
    if figure is not None:
        try:
            picture = collapse(
                courses, baseline=baseline, measure=measure, phase=phase, lang=language
            )
            save(picture, figure)
        except OSError as error:
            raise InputError(Problem(str(figure), "cannot be written", str(error))) from None
    summary = nearness_summary(courses, baseline, measure)
    summary.attrs["onset_from"] = {c.name: c.onset_from for c in courses}
    return summary


def _told_apart(courses: Sequence[Course], files: Sequence[Path]) -> list[Course]:
    """Courses with one name each: runs of one scenario take the names of their files."""
    names = [one.name for one in courses]
    return [
        one
        if names.count(one.name) == 1
        else replace(one, name=str(file), title=f"{one.title} ({file})")
        for one, file in zip(courses, files, strict=True)
    ]


def diagnose() -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """State of the installation: versions, compiled cache, reference data.

    Returns
    -------
    list of tuple
        Title, and rows of what, found and whether it is as it should be.

    Examples
    --------
    >>> [title for title, _ in diagnose()]
    ['Versions', 'Compiled kernel', 'Reference data']
    """
    from balkhash_model import provenance, reference
    from balkhash_model.kernel import cache_state

    versions = [(k, v, True) for k, v in provenance.versions().items()]
    checks = reference.check()
    good = sum(c.ok for c in checks)
    found = f"{len(checks)}, of which {good} passed every check"
    data = [("tables", found, bool(checks) and good == len(checks))]
    data += [(c.key, c.message, False) for c in checks if not c.ok]
    return [
        ("Versions", versions),
        ("Compiled kernel", [(a, b, True) for a, b in cache_state()]),
        ("Reference data", data),
    ]
