"""What this site needs beyond Sphinx: marks in the Markdown, mathematics without a network.

The pages stay plain Markdown that reads well without being built.  While they are built

- ``<!-- generated: NAME -->`` becomes what the function of that name in ``generated`` writes from
  the package;
- the block after ``<!-- output -->`` is shown as output, that after ``<!-- file: x -->`` has the
  name of its file;
- ``**(3) Name.**`` becomes the target ``#eq-3`` of the page, so that equations can be linked;
- a source key in code quotes becomes a citation;
- formulas become MathML, which browsers draw by themselves.
"""

from __future__ import annotations

import importlib
import re
from html import escape
from pathlib import Path
from typing import Any

import generated
import source_style
from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

__all__ = ["setup", "write_generated"]

LOG = logging.getLogger(__name__)
FENCED = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
GENERATED = re.compile(r"^<!-- generated: (\w+) -->$", re.MULTILINE)
OUTPUT = re.compile(r"^<!-- output -->\n+```text\n", re.MULTILINE)
FILE = re.compile(r"^<!-- file: ([\w.\-]+) -->\n+```(\w+)\n", re.MULTILINE)
EQUATION = re.compile(r"\*\*\((T?\d+)\)([^*\n]*)\*\*")
#: Commands that the converter knows by another name.
SPELLINGS = (
    # without braces the converter takes 12 for one argument
    (re.compile(r"\\[td]?frac(\d)(\d)"), r"\\frac{\1}{\2}"),
    (re.compile(r"\\big(?=[(\[])"), r"\\bigl"),
    (re.compile(r"\\big(?=[)\]])"), r"\\bigr"),
    (re.compile(r"\\dots\b"), r"\\ldots"),
)
CODE = re.compile(r"(?<![`\w}])`([a-z]\w+)`(?!`)")


def write_generated(folder: Path) -> tuple[list[str], list[str]]:
    """Write the files that Sphinx has to find on disk; give the bibliography and the API pages."""
    made = folder / "_generated"
    made.mkdir(exist_ok=True)
    write_changed(made / "sources.bib", generated.bibtex())
    pages = generated.api_pages()
    api = folder / "reference" / "api"
    api.mkdir(exist_ok=True)
    for name, text in pages.items():
        write_changed(api / f"{name}.rst", text)
    for stale in set(api.glob("*.rst")) - {api / f"{name}.rst" for name in pages}:
        stale.unlink()
    generated.copy_notebooks(folder)
    return ["_generated/sources.bib"], sorted(pages)


def write_changed(path: Path, text: str) -> None:
    # an unchanged file keeps its time, and its page need not be read again
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def prepare(app: Sphinx, docname: str, content: list[str]) -> None:
    """Turn the marks of a page into what MyST understands."""
    if Path(app.env.doc2path(docname)).suffix != ".md":
        return
    text = content[0]
    text = GENERATED.sub(lambda m: str(getattr(generated, m[1])()), text)
    text = OUTPUT.sub("```{code-block} text\n:class: output\n\n", text)
    text = FILE.sub(r"```{code-block} \2\n:caption: \1\n\n", text)
    known = generated.source_keys()
    parts = FENCED.split(text)
    for i in range(0, len(parts), 2):
        seen: list[str] = EQUATION.findall(parts[i])
        if len({n for n, _ in seen}) < len(seen):
            LOG.warning("an equation number is given twice", location=docname)
        parts[i] = EQUATION.sub(r"[**(\1)\2**]{#eq-\1 .equation-number}", parts[i])
        if docname != "reference/sources":
            parts[i] = CODE.sub(lambda m: f"{{cite}}`{m[1]}`" if m[1] in known else m[0], parts[i])
    content[0] = "".join(parts)


def mathml(node: nodes.math | nodes.math_block, *, block: bool) -> str:
    tex = node.astext().strip()
    for there, known in SPELLINGS:
        tex = there.sub(known, tex)
    try:
        return str(tex2mathml(tex, as_block=block))
    except MathError as error:
        LOG.warning("a formula cannot be drawn: %s in %s", error, tex, location=node)
        return f"<code>{escape(tex)}</code>"


def visit_math(translator: Any, node: nodes.math) -> None:
    translator.body.append(mathml(node, block=False))
    raise nodes.SkipNode


def visit_math_block(translator: Any, node: nodes.math_block) -> None:
    translator.body.append(f'<div class="math-block">{mathml(node, block=True)}</div>\n')
    raise nodes.SkipNode


def finish(app: Sphinx, doctree: nodes.document) -> None:
    """Mark wide tables; give the number of an equation a link to itself, as headings have."""
    for table in doctree.findall(nodes.table):
        if next(iter(table.findall(nodes.tgroup)))["cols"] >= 6:
            table["classes"].append("wide")
    slugs = app.env.metadata[app.env.docname].setdefault("myst_slugs", {})
    for node in doctree.findall(nodes.inline):
        if "equation-number" in node["classes"] and node["ids"]:
            # numbers begin anew on each page: the target is the page's own
            slugs[node["ids"][0]] = (node.line, node["ids"][0], node.astext())
            here = f'<a class="headerlink" href="#{node["ids"][0]}" title="Link to this">¶</a>'
            node += nodes.raw("", here, format="html")


def find_home(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.Node | None:
    """Resolve a name of the package by the module that defines it.

    A name that exists and has no entry of its own is shown without a link; one that does not
    exist stays a warning.
    """
    if node.get("refdomain") != "py":
        return None
    target = str(node["reftarget"]).lstrip(".")
    around = str(node.get("py:module") or "balkhash_model")
    parents = [".".join(around.split(".")[:n]) for n in range(around.count(".") + 1, 0, -1)]
    for name in [target, *(f"{parent}.{target}" for parent in parents)]:
        thing = look_up(name)
        if thing is None:
            continue
        module = getattr(thing, "__module__", None) or getattr(thing, "__name__", "")
        homes = [f"{module}.{getattr(thing, '__qualname__', '')}", getattr(thing, "__name__", "")]
        for home in homes:
            found = env.domains.python_domain.resolve_any_xref(
                env, str(node["refdoc"]), app.builder, home, node, content
            )
            if found:
                return found[0][1]
        return content
    return None


def look_up(name: str) -> object | None:
    """Give the object of a dotted name of this package, None where there is none."""
    if not name.startswith("balkhash_model"):
        return None
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            thing: object = importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        for part in parts[cut:]:
            thing = getattr(thing, part, None)
        return thing
    return None


def setup(app: Sphinx) -> dict[str, bool]:
    """Register all of it with Sphinx."""
    source_style.register()
    app.connect("source-read", prepare)
    app.connect("doctree-read", finish)
    app.connect("missing-reference", find_home)
    app.add_html_math_renderer(
        "mathml_offline",
        inline_renderers=(visit_math, None),
        block_renderers=(visit_math_block, None),
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}
