"""The house keeps its shape: imports point down, rooms keep to their tools, modules stay small."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import balkhash_model

PACKAGE = Path(balkhash_model.__file__).parent
ROOT = Path(__file__).parents[2]
MODULES = sorted(PACKAGE.rglob("*.py"))
NUMBERS_ONLY = ("physics", "kernel")
HEAVY = {"xarray", "pandas", "pydantic", "ruamel", "matplotlib", "pint", "netCDF4", "typer", "rich"}


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Every module that a file imports at any depth, but for annotations only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {node.module or "", *(f"{node.module}.{a.name}" for a in node.names)}
    return found


def rooms_imported(path: Path) -> set[str]:
    """Rooms of the package that a file imports."""
    return {name.split(".")[1] for name in imported(path) if name.startswith("balkhash_model.")}


def test_the_import_contracts_are_kept():
    command = Path(sys.executable).with_name("lint-imports")
    if not command.exists() and shutil.which("lint-imports") is None:
        pytest.skip("import-linter is not installed")
    done = subprocess.run(
        [str(command), "--no-cache", "--config", str(ROOT / "pyproject.toml")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]


@pytest.mark.parametrize(
    "path",
    [p for p in MODULES if room(p) in NUMBERS_ONLY],
    ids=lambda p: str(p.relative_to(PACKAGE)),
)
def test_physics_and_kernel_are_numbers_only(path):
    assert {name.partition(".")[0] for name in imported(path)} & HEAVY == set()


def test_simulate_reads_no_file_and_knows_no_scenario():
    rooms = rooms_imported(PACKAGE / "simulation.py")
    assert rooms & {"reference", "scenario", "library", "runs", "yamlio", "job", "cli"} == set()


@pytest.mark.parametrize(
    "path",
    [p for p in MODULES if room(p) in ("diagnostics", "plot", "report")],
    ids=lambda p: str(p.relative_to(PACKAGE)),
)
def test_diagnostics_and_plot_never_run_the_model(path):
    assert rooms_imported(path) & {"simulation", "runs", "kernel", "forcing", "physics"} == set()


@pytest.mark.parametrize(
    "path",
    [p for p in MODULES if room(p) not in ("plot", "report")],
    ids=lambda p: str(p.relative_to(PACKAGE)),
)
def test_only_plot_draws(path):
    assert "matplotlib" not in {name.partition(".")[0] for name in imported(path)}


@pytest.mark.parametrize(
    "path",
    [p for p in MODULES if not room(p).startswith("cli")],
    ids=lambda p: str(p.relative_to(PACKAGE)),
)
def test_only_the_command_line_talks_to_a_terminal(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert {name.partition(".")[0] for name in imported(path)} & {"typer", "rich"} == set()
    prints = [
        n.lineno
        for n in ast.walk(tree)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "print"
    ]
    assert prints == []


def test_no_room_without_a_noun():
    words = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert not [p for p in MODULES if words & {part.removesuffix(".py") for part in p.parts}]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_modules_stay_under_a_thousand_lines_and_functions_under_130(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") < 1000
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 130, node.name


@pytest.mark.parametrize(
    "path",
    [p for p in MODULES if not room(p).startswith("cli")],
    ids=lambda p: str(p.relative_to(PACKAGE)),
)
def test_importing_a_module_calls_nothing_for_its_effect(path):
    calls = [
        ast.unparse(node)
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)
    ]
    assert calls == []


def test_a_figure_and_its_module_have_different_names():
    """Else ``bm.plot.name`` is the module in a session that imports the modules one by one."""
    modules = {p.stem for p in (PACKAGE / "plot").glob("*.py")}
    assert not modules & set(balkhash_model.plot.__all__)


@pytest.mark.parametrize(
    "package", sorted(p.parent for p in PACKAGE.rglob("__init__.py")), ids=lambda p: p.name
)
def test_no_package_gives_a_name_that_is_also_a_module_of_it(package):
    # which of the two an attribute means would depend on what was imported last
    tree = ast.parse((package / "__init__.py").read_text(encoding="utf-8"))
    given = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    given |= {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    modules = {path.stem for path in package.glob("*.py")}
    assert not given & modules
