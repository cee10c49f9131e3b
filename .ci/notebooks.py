"""Run the notebooks: write their paired .ipynb, or check the committed ones.

Needs the extra ``notebooks``. The text is in ``notebooks/NAME.py`` (jupytext, py:percent);
``notebooks/NAME.ipynb`` holds the same cells and what they showed. One notebook after the other,
each in a fresh kernel of this interpreter and in an empty folder, against whatever
``balkhash_model`` is installed.

``python .ci/notebooks.py --write [NAME...]`` runs them and writes the .ipynb;
``python .ci/notebooks.py --check [NAME...]`` runs them and ends with 1 where one fails or takes too
long, where a committed .ipynb has other cells than its .py, or where its last table says otherwise
which numbers are within tolerance. Other outputs are not compared: they differ in their last digits
from machine to machine.
"""

from __future__ import annotations

import argparse
import base64
import io
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from PIL import Image

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
#: Seconds that a notebook may take, and bytes that it may hold.
LIMIT = 120.0
MOST_BYTES = 600_000
#: What every notebook says of itself: nothing of the machine that ran it.
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
#: The column that tells a scorecard, and what stands in it.
COLUMN = "within tolerance"
WORDS = "yes|NO|-|flagged, as it should be|NOT FLAGGED"
VERDICT = re.compile(f"<td>({WORDS})</td>")
WORD = re.compile(rf"(?<=\s)({WORDS})(?=\s|$)", re.MULTILINE)
#: How a terminal is told to change its colours.
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
#: Addresses of objects change from run to run.
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{8,}\b")


def own_kernel() -> Any:
    """Give a class that starts kernels of this interpreter, whatever kernels are registered."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    class OwnKernel(AsyncKernelManager):
        @property
        def kernel_spec(self) -> KernelSpec:
            argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            return KernelSpec(argv=argv, display_name="Python 3", language="python")

    return OwnKernel


def read(path: Path) -> Any:
    """Read the text of a notebook, with names of cells that stay the same from run to run."""
    notebook = jupytext.read(path, fmt="py:percent")
    notebook.metadata = nbformat.from_dict(METADATA)
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02d}"
        tags = cell.metadata.get("tags")
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def run(path: Path, limit: float) -> tuple[Any, float, list[str]]:
    """Run a notebook; return it with its outputs, the seconds it took, and its faults."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook = read(path)
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        # figures go into the outputs, whatever backend the caller's environment names; no settings
        # or start-up files of a user take part
        os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
        os.environ["IPYTHONDIR"] = str(Path(folder) / "ipython")
        place = Path(folder) / "run"
        place.mkdir()
        client = NotebookClient(
            notebook,
            timeout=int(limit),
            kernel_manager_class=own_kernel(),
            record_timing=False,
            coalesce_streams=True,
            # the kernel's own warnings are no part of a notebook
            extra_arguments=["--log-level=ERROR"],
            resources={"metadata": {"path": str(place)}},
        )
        started = time.perf_counter()
        try:
            client.execute()
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            faults.append(COLOUR.sub("", str(error)).strip())
        seconds = time.perf_counter() - started
        private = (folder, str(FOLDER.parent), str(Path.home()), sys.prefix, tempfile.gettempdir())
        if not faults:
            faults += leaks(notebook, private)
    if seconds > limit:
        faults.append(f"took {seconds:.0f} s, more than {limit:.0f} s")
    notebook.metadata = nbformat.from_dict(METADATA)
    return notebook, seconds, faults


def texts(cell: Any) -> list[str]:
    """What a cell showed as text or as a table."""
    found = []
    for output in cell.get("outputs", []):
        found += [output.get("text", ""), "\n".join(output.get("traceback", []))]
        found += [v for k, v in output.get("data", {}).items() if k.startswith("text/")]
    return [text for text in found if text]


def leaks(notebook: Any, private: tuple[str, ...]) -> list[str]:
    """Paths of this machine and addresses of objects in the outputs."""
    found = []
    for number, cell in enumerate(notebook.cells):
        for text in texts(cell):
            found += [
                f"cell {number} shows a path of this machine: {word}"
                for word in dict.fromkeys(private)
                if len(word) > 1 and word in text
            ]
            found += [f"cell {number} shows the address {a}" for a in ADDRESS.findall(text)]
    return found


def verdicts(notebook: Any) -> list[str]:
    """The column ``within tolerance`` of the last table that has one."""
    for cell in reversed(notebook.cells):
        shown = [text for text in texts(cell) if COLUMN in text]
        if shown:
            return next((v for v in map(VERDICT.findall, shown) if v), WORD.findall(shown[-1]))
    return []


def cells(notebook: Any) -> list[tuple[str, str, tuple[str, ...]]]:
    """Kind, text and tags of each cell."""
    return [
        (c.cell_type, c.source.rstrip(), tuple(c.metadata.get("tags", ()))) for c in notebook.cells
    ]


def paired(path: Path) -> list[str]:
    """Faults of a committed .ipynb beside its .py, without running anything."""
    twin = path.with_suffix(".ipynb")
    again = f"run python .ci/notebooks.py --write {path.stem}"
    if not twin.exists():
        return [f"{twin.name} is missing: {again}"]
    committed = nbformat.read(twin, as_version=4)
    faults = []
    if cells(committed) != cells(read(path)):
        faults.append(f"{twin.name} has other cells than {path.name}: {again}")
    if any(c.cell_type == "code" and c.execution_count is None for c in committed.cells):
        faults.append(f"{twin.name} was not run: {again}")
    if twin.stat().st_size > MOST_BYTES:
        size = twin.stat().st_size // 1000
        faults.append(f"{twin.name} holds {size} kB, more than {MOST_BYTES // 1000}")
    return faults


def check(path: Path, notebook: Any) -> list[str]:
    """Faults of a committed .ipynb beside its .py and beside a fresh run."""
    faults = paired(path)
    fresh = verdicts(notebook)
    if not fresh:
        faults.append(f"ends in no table with the column {COLUMN!r}")
    elif not faults:
        committed = verdicts(nbformat.read(path.with_suffix(".ipynb"), as_version=4))
        if fresh != committed:
            faults.append(f"{COLUMN}: {' '.join(fresh)}; committed: {' '.join(committed)}")
    return faults


def lighten(notebook: Any) -> None:
    """Give every picture a palette of 256 colours and no metadata: a third of the bytes."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            picture = output.get("data", {}).get("image/png")
            if picture is not None:
                opened = Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGBA")
                flat = Image.new("RGB", opened.size, "white")
                flat.paste(opened, mask=opened.getchannel("A"))
                small = io.BytesIO()
                flat.quantize(256, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
                output["data"]["image/png"] = base64.b64encode(small.getvalue()).decode() + "\n"


def write(path: Path, notebook: Any) -> list[str]:
    """Write the .ipynb of a notebook that ran."""
    lighten(notebook)
    nbformat.validate(notebook)
    twin = path.with_suffix(".ipynb")
    twin.write_text(nbformat.writes(notebook, indent=1) + "\n", encoding="utf-8")
    return [fault for fault in paired(path) if "kB" in fault]


def main() -> int:
    """Write or check the notebooks; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--write", action="store_true", help="run and write the .ipynb")
    mode.add_argument("--check", action="store_true", help="run and compare with the .ipynb")
    parser.add_argument("names", nargs="*", metavar="NAME", help="by default all")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds for each notebook")
    given = parser.parse_args()
    every = {p.stem: p for p in sorted(FOLDER.glob("*.py"))}
    unknown = [n for n in given.names if n not in every]
    if unknown or not every:
        parser.error(f"no notebook {', '.join(unknown)}; there are {', '.join(every)}")
    failed, total = 0, 0.0
    for name in given.names or every:
        notebook, seconds, faults = run(every[name], given.limit)
        total += seconds
        if given.write and not faults:
            faults = write(every[name], notebook)
        elif given.check:
            faults += check(every[name], notebook) if not faults else paired(every[name])
        print(f"{name:32s} {seconds:6.1f} s  {'FAILED' if faults else 'ok'}", flush=True)
        for fault in faults:
            print("    " + fault.replace("\n", "\n    "))
        failed += bool(faults)
    print(f"{failed} of {len(given.names or every)} notebooks failed, {total:.0f} s in all")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
