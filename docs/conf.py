"""Sphinx's settings. To build: ``python -m sphinx -W --keep-going -b html docs docs/_build/html``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

import jupyter_deploy

project = "jupyter_deploy"
author = "The jupyter_deploy developers"
project_copyright = author
version = release = jupyter_deploy.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "generated"]
exclude_patterns = ["_build", "_ext"]

# The outputs are those that are saved in notebooks/, where the tests run them.
nb_execution_mode = "off"
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
# The docstrings have the types.
autodoc_typehints = "none"
autodoc_preserve_defaults = True
napoleon_google_docstring = False
napoleon_use_rtype = False

# Napoleon writes "--" for a dash; quotes stay as they are written.
smartquotes_action = "D"

html_theme = "furo"
html_title = "jupyter_deploy"
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_show_sphinx = False
