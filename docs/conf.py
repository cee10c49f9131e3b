"""How the pages of this folder become a site: Sphinx, offline, from the package as it stands."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

import house  # noqa: E402

import balkhash_model  # noqa: E402

project = "balkhash_model"
author = "balkhash_model developers"
copyright = "balkhash_model developers, BSD-3-Clause"
version = release = balkhash_model.__version__

extensions = [
    "house",
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinxcontrib.bibtex",
]
exclude_patterns = ["_build", "_ext", "_generated", "README.md"]
nitpicky = True
# names of other packages and of types in words have no page here, and nothing is fetched for them
nitpick_ignore_regex = [
    (r"py:.*", r"(np|numpy|npt|xr|xarray|pd|pandas|plt|matplotlib|pydantic|pint|ruamel)\b.*"),
    (r"py:.*", r"(collections|datetime|enum|os|pathlib|typing|types)\..*"),
    (r"py:.*", r"[A-Z]\w*(Error|Warning)|(str|int|float|bool|dict|list|tuple|object|None)"),
]
suppress_warnings = ["config.cache"]
# what does not hang on the package comes from files that are made before the pages are read
bibtex_bibfiles, _pages = house.write_generated(HERE)

bibtex_default_style = "house"
bibtex_reference_style = "label"

myst_enable_extensions = ["attrs_inline", "colon_fence", "dollarmath"]
myst_heading_anchors = 3
myst_dmath_double_inline = True
nb_execution_mode = "off"
nb_merge_streams = True

autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
math_number_all = False

html_theme = "furo"
html_title = "balkhash_model"
html_static_path = ["_static"]
html_css_files = ["house.css"]
html_math_renderer = "mathml_offline"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#00527f",
        "color-brand-content": "#00527f",
        "font-stack": "system-ui, 'DejaVu Sans', 'Noto Sans', 'Segoe UI', sans-serif",
        "font-stack--monospace": "'DejaVu Sans Mono', 'Liberation Mono', ui-monospace, monospace",
    },
    "dark_css_variables": {
        "color-brand-primary": "#7cc4ef",
        "color-brand-content": "#7cc4ef",
    },
}
pygments_style = "tango"
pygments_dark_style = "monokai"
