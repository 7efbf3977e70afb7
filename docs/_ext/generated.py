"""Pages that the package writes itself: verbs, settings and notebooks, read when the documentation is built."""

from __future__ import annotations

import argparse
import json
import re
import textwrap
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

from docutils import nodes
from edges import MAGICS, edges, table
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from jupyter_deploy.magics.defaults import ConfiguredMagics
from jupyter_deploy.magics.scripting import SCORE_SCRIPT
from jupyter_deploy.serving.config import ServingConfig, meanings, settable
from jupyter_deploy.verbs import MEANT, NAMES, Verb, find, parser_of

# The pages in verbs/, and what each shows.
GROUPS = {
    "models": "register models show tag download unregister",
    "services": "deploy profile invoke score reload try keys token stop delete",
    "endpoints": "endpoint deployment rollout",
    "looking": "services state logs collected replay stats view overview",
    "shipping": "package environments serve prune",
}
# The workspace makes these; users do not call their constructors.
HANDLES = {
    "jupyter_deploy.workspace.Service",
    "jupyter_deploy.workspace.LiveServices",
    "jupyter_deploy.workspace.Endpoint",
    "jupyter_deploy.workspace.EndpointDeployment",
    "jupyter_deploy.workspace.EndpointRollout",
    "jupyter_deploy.workspace.LiveEndpoints",
    "jupyter_deploy.registry.Models",
    "jupyter_deploy.environments.Environments",
    "jupyter_deploy.scripts.Scripts",
}
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def options_as_code(text: str) -> str:
    """Write options in a sentence as code, so that they keep their dashes."""
    return re.sub(r"(?<![\w`-])--?[a-z][\w-]*", r"`\g<0>`", text)


def described(action: argparse.Action) -> tuple[str, str]:
    """Say how an argument is written, and what it means."""
    value = action.metavar or (action.dest if not action.option_strings else "")
    value = " ".join(value) if isinstance(value, tuple) else value
    if action.nargs == "?" and action.option_strings:
        value = f"[{value}]"
    words = [f"`{flag} {value}`" if value else f"`{flag}`" for flag in action.option_strings] or [f"`{value}`"]
    return ", ".join(words), options_as_code(action.help or "")


def usage_of(parser: argparse.ArgumentParser) -> str:
    """Write a parser's usage, broken between arguments only; ``-h`` goes without saying."""
    words = " ".join(parser.format_usage().removeprefix("usage: ").split()).replace(" [-h]", "")
    whole = re.findall(r"\[(?:[^\[\]]|\[[^\[\]]*\])*\]|\S+", words)
    kept = " ".join(word.replace(" ", "\N{NO-BREAK SPACE}") for word in whole)
    lines = textwrap.wrap(kept, 84, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).replace("\N{NO-BREAK SPACE}", " ").replace("\N{NON-BREAKING HYPHEN}", "-")


def section(verb: Verb, programs: Iterable[str]) -> str:
    """Write a verb's part of a page from its own parser."""
    programs = list(programs)
    parser = parser_of(verb, programs[0])
    arguments = [action for action in parser._actions if action.dest != "help"]
    parts = [f"## {verb.name}", parser.description or "", f"```text\n{usage_of(parser)}\n```"]
    if len(programs) > 1:
        parts.append("In a notebook: " + ", ".join(f"`{program}`" for program in programs[1:]) + ".")
    if arguments:
        parts.append(table(("argument", "meaning"), map(described, arguments)))
    return "\n\n".join(parts)


def verb_section(name: str) -> str:
    """Write the part of one verb."""
    return section(find(name), (f"jupyter model {name}", f"%model {name}", *filter(None, [MAGICS.get(name)])))


def overview() -> str:
    """Write the list of all verbs, each with a link to its part."""
    rows = [
        (f"[`{name}`]({group}.md#{name})", find(name).help) for group, names in GROUPS.items() for name in names.split()
    ]
    return table(("verb", "what it does"), rows)


def other_words() -> str:
    """Write the list of words that people try, with the verb that does it here."""
    verbs: dict[str, list[str]] = {}
    for word, verb in MEANT.items():
        verbs.setdefault(verb, []).append(f"`{word}`")
    return table(("verb", "instead of"), ((f"`{verb}`", ", ".join(words)) for verb, words in verbs.items()))


def settings() -> str:
    """Write the table of a server's settings from the docstring of their class."""
    told = meanings()
    defaults = {field.name: field.default for field in fields(ServingConfig)}
    rows = [(f"`{name}`", f"`{defaults[name]!r}`", told[name]) for name in settable()]
    return table(("setting", "default", "meaning"), rows)


def magic_settings() -> str:
    """Write the table of what ``%config ModelMagics`` takes from its traits."""
    traits = ConfiguredMagics.class_own_traits(config=True)
    rows = [(f"`{name}`", f"`{trait.default()!r}`", options_as_code(trait.help)) for name, trait in traits.items()]
    return table(("name", "default", "meaning"), rows)


WRITERS = {
    "edges": edges,
    "overview": overview,
    "other-words": other_words,
    "settings": settings,
    "magic-settings": magic_settings,
    "score-script": lambda: section(SCORE_SCRIPT, ["%%score_script"]),
    **{
        group: lambda names=names: "\n\n".join(map(verb_section, names.split()))  # type: ignore[misc]
        for group, names in GROUPS.items()
    },
}


class Generated(SphinxDirective):
    """``{generated} NAME``: the text that this file writes under that name."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Write and parse the text (docutils' hook)."""
        # What is written here changes with the package, not with the page.
        self.env.note_reread()
        return self.parse_text_to_nodes(WRITERS[self.arguments[0]](), allow_section_headings=True)


def page_of(notebook: dict[str, Any]) -> dict[str, Any]:
    """Make a page of a notebook: without the data that only this package's own renderers read, and lexed as IPython."""
    notebook["metadata"].setdefault("language_info", {})["pygments_lexer"] = "ipython3"
    for output in (output for cell in notebook["cells"] for output in cell.get("outputs", ())):
        for kind in [kind for kind in output.get("data", {}) if kind.startswith("application/vnd.jupyter-deploy.")]:
            del output["data"][kind]
    return notebook


def copy_notebooks(app: Sphinx, _: Any) -> None:
    """Put the tutorials where Sphinx looks for pages; they live in ``notebooks/``."""
    folder = Path(app.srcdir) / "tutorials"
    for path in NOTEBOOKS.glob("*.ipynb"):
        copy, text = folder / path.name, json.dumps(page_of(json.loads(path.read_text("utf-8"))))
        # One that is as it was keeps its time, and is not read again.
        if not copy.exists() or copy.read_text("utf-8") != text:
            copy.write_text(text, "utf-8")


def hide_signature(app: Sphinx, what: str, name: str, *_: Any) -> tuple[str, None] | None:
    """Leave out how a handle is made (autodoc's hook)."""
    return ("", None) if name in HANDLES else None


def hide_parameters(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Leave out what a handle is made of (autodoc's hook)."""
    if name in HANDLES and "Parameters" in lines:
        del lines[lines.index("Parameters") :]


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx what is here; a verb without a page is an error."""
    shown = " ".join(GROUPS.values()).split()
    if sorted(shown) != sorted(NAMES):
        raise ExtensionError(f"GROUPS and the verbs differ: {sorted(set(shown) ^ set(NAMES))}")
    app.add_directive("generated", Generated)
    app.connect("config-inited", copy_notebooks)
    app.connect("autodoc-process-signature", hide_signature)
    # Before napoleon reads the docstring.
    app.connect("autodoc-process-docstring", hide_parameters, priority=100)
    return {"parallel_read_safe": True}
