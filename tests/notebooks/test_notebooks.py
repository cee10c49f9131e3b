"""The notebooks as they are committed: paired, executed, scored, and free of the machine's traces.

Running them is a step of its own: ``python .ci/notebooks.py --check``.
"""

import base64
import importlib.util
import io
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
# home folders, temporary folders and installations of some machine
PRIVATE = re.compile(r"(?<![\w.])/(?:work|tmp|home|root|opt|usr|var)/[\w.]")
SOURCE = """\
# %% [markdown]
# # A title

# %% tags=["first"]
1 + 1
"""

if not (ROOT / ".ci").is_dir():
    pytest.skip("a source archive holds no checks", allow_module_level=True)

spec = importlib.util.spec_from_file_location("ci_notebooks", ROOT / ".ci" / "notebooks.py")
ci = importlib.util.module_from_spec(spec)
spec.loader.exec_module(ci)


def committed(path):
    return nbformat.read(path.with_suffix(".ipynb"), as_version=4)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_each_has_its_twin_with_the_same_cells_run_and_small(path):
    assert ci.paired(path) == []


def test_no_twin_without_its_text():
    twins = {p.stem for p in (ROOT / "notebooks").glob("*.ipynb")}
    assert twins == {p.stem for p in NOTEBOOKS}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_each_begins_with_a_title_and_ends_in_a_scorecard(path):
    notebook = committed(path)
    assert notebook.cells[0].cell_type == "markdown"
    assert notebook.cells[0].source.startswith("# ")
    last = [cell for cell in notebook.cells if cell.cell_type == "code"][-1]
    for column in ("published", "model", "difference", "within tolerance"):
        assert any(column in text for text in ci.texts(last)), column
    assert ci.verdicts(notebook)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_none_shows_an_error_a_warning_or_a_trace_of_the_machine(path):
    notebook = committed(path)
    outputs = [o for c in notebook.cells if c.cell_type == "code" for o in c.outputs]
    assert not [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"]
    for cell in notebook.cells:
        for text in ci.texts(cell):
            assert not PRIVATE.search(text)
            assert not ci.ADDRESS.search(text)
    assert notebook.metadata == nbformat.from_dict(ci.METADATA)


# ---------------------------------------------------------------- what the check notices


@pytest.fixture
def pair(tmp_path):
    """A notebook and its twin, as after a run."""
    path = tmp_path / "small.py"
    path.write_text(SOURCE, encoding="utf-8")
    notebook = ci.read(path)
    notebook.cells[1].execution_count = 1
    assert ci.write(path, notebook) == []
    return path


def test_a_pair_is_a_pair(pair):
    assert ci.paired(pair) == []
    assert committed(pair).cells[1].metadata.tags == ["first"]


@pytest.mark.parametrize(
    ("old", "new"), [("1 + 1", "1 + 2"), ('["first"]', '["second"]'), ("A title", "Another")]
)
def test_another_cell_is_noticed(pair, old, new):
    pair.write_text(SOURCE.replace(old, new), encoding="utf-8")
    [fault] = ci.paired(pair)
    assert "small.ipynb has other cells than small.py: run python .ci/notebooks.py" in fault


def test_a_twin_that_is_missing_or_was_not_run_is_noticed(pair):
    twin = committed(pair)
    twin.cells[1].execution_count = None
    nbformat.write(twin, pair.with_suffix(".ipynb"))
    assert "was not run" in ci.paired(pair)[0]
    pair.with_suffix(".ipynb").unlink()
    assert "is missing" in ci.paired(pair)[0]


def table(*words):
    rows = "".join(f"<tr><td>F1</td><td>{word}</td></tr>" for word in words)
    return f"<table><th>{ci.COLUMN}</th>{rows}</table>"


def shown(pair, text, kind="text/html"):
    notebook = ci.read(pair)
    notebook.cells[1].execution_count = 1
    notebook.cells[1].outputs = [nbformat.v4.new_output("display_data", {kind: text})]
    return notebook


def test_a_verdict_that_changed_is_noticed(pair):
    ci.write(pair, shown(pair, table("yes", "NO", "-")))
    assert ci.check(pair, shown(pair, table("yes", "NO", "-"))) == []
    [fault] = ci.check(pair, shown(pair, table("yes", "yes", "-")))
    assert fault == "within tolerance: yes yes -; committed: yes NO -"
    [fault] = ci.check(pair, shown(pair, "<td>yes</td>"))
    assert "ends in no table" in fault


def test_a_table_in_plain_text_is_read_too(pair):
    text = "   quantity within tolerance kind\n0  inflow   yes  model\n1  volume   NO   model\n"
    assert ci.verdicts(shown(pair, text, "text/plain")) == ["yes", "NO"]


def test_a_path_or_an_address_in_an_output_is_noticed(pair):
    faults = ci.leaks(shown(pair, f"{pair.parent}/x <f at 0x7f00deadbeef>"), (str(pair.parent),))
    assert len(faults) == 2
    assert "path of this machine" in faults[0]
    assert "0x7f00deadbeef" in faults[1]


def test_pictures_keep_their_size_and_lose_bytes(pair):
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 4), dtype=np.uint8)
    large = io.BytesIO()
    Image.fromarray(noise).save(large, "PNG")
    before = base64.b64encode(large.getvalue()).decode()
    notebook = shown(pair, before, "image/png")
    ci.lighten(notebook)
    after = notebook.cells[1].outputs[0].data["image/png"]
    assert len(after) < 0.5 * len(before)
    assert Image.open(io.BytesIO(base64.b64decode(after))).size == (80, 60)
