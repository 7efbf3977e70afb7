"""``%%score_script``: its line, and what the notebook gives it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DiskFull, UsageProblem
from ..verbs import HelpShown, Verb, argument, evaluate, parser_of
from .history import living_of, notebook_of

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..capture import Notebook
    from ..workspace import Written

_SAMPLE = "what run() takes, for example X_train[:2]: its schema"
_TRY = "first run init() and run() in a fresh process on this JSON or expression (without one: on the sample)"
# It is no verb, because it needs a cell, but its words have help and completion.
SCORE_SCRIPT = Verb(
    "score_script",
    "take the cell as an entry script, with what it uses of the notebook",
    (
        argument("name", help="the script's name; a service of that name runs it by default", completes="scripts"),
        argument("--sample", metavar="EXPRESSION", help=_SAMPLE, completes="variables"),
        argument("--try", dest="trial", nargs="?", const="", metavar="VALUE", help=_TRY, completes="variables"),
        argument("--dry-run", action="store_true", help="only show the script that would be stored"),
    ),
    lambda *_: None,
    shows=False,
)


def write(
    shell: InteractiveShell,
    words: list[str],
    cell: str,
    local_ns: Mapping[str, Any] | None,
    progress: Callable[[str], None],
) -> Written | None:
    """Write the script of a cell; None after ``--help``."""
    from ..verbs import in_words_of
    from ..workspace import Run, Workspace

    given = _parsed(words)
    if given is None:
        return None
    notebook = notebook_of(shell, local_ns)
    workspace, living, options = Workspace(), living_of(shell), partial(_options, given.sample, given.trial)
    run = living.run_of(workspace.home.root, given.name)
    told = {"draft": given.dry_run, "run": run, "progress": progress}
    try:
        written = workspace.score_script(given.name, cell, notebook=notebook, **options(notebook), **told)
    except DiskFull as error:
        error.hint = in_words_of("%%score_script", error.hint)
        raise
    if not given.dry_run:
        script = written.script
        # Only an accepted run is taken again: no edit that was not run, and no run that failed.
        of_function = any(notebook.variables.get(one.name) is not shell.user_ns.get(one.name) for one in written.taken)
        run = Run(given.name, cell, Path(script.folder), options, script, of_function=of_function)
        living.keep(workspace.home.root, run)
    return written


def _parsed(words: list[str]) -> argparse.Namespace | None:
    """Read the magic's line; None if help was asked for."""
    if not words or (words[0].startswith("-") and not {"-h", "--help"} & set(words)):
        raise UsageProblem("%%score_script needs a name.", hint="For example: %%score_script churn")
    parser = parser_of(SCORE_SCRIPT, "%%score_script")
    try:
        given, rest = parser.parse_known_args(words)
    except HelpShown:
        return None
    if rest and (given.sample is not None or given.trial) and not rest[0].startswith("--"):
        raise UsageProblem(
            f"An expression with spaces or quotes goes in quotes: {rest[0]!r} is a word of its own.",
            hint="For example: --try 'X[:1] + 1'",
        )
    if rest and not rest[0].startswith("-"):
        raise UsageProblem(
            f"%%score_script takes one name, not {rest[0]!r} too.", hint="For example: %%score_script churn"
        )
    parser.parse_args(words)
    return given


def _options(sample: str | None, trial: str | None, notebook: Notebook) -> dict[str, Any]:
    """Evaluate the samples and values of the magic's line in the notebook."""
    value = _evaluated(sample, notebook.variables) if sample is not None else None
    found: dict[str, Any] = {"sample": value}
    return found if trial is None else {**found, "value": _value(trial, value, notebook.variables)}


def _value(text: str, sample: Any, variables: Mapping[str, object]) -> Any:
    if not text:
        if sample is None:
            raise UsageProblem(
                "--try needs a value.", hint="For example: --try '[[1, 2]]', or a variable, or --sample."
            )
        return None
    try:
        json.loads(text)
    except ValueError:
        return _evaluated(text, variables)
    return text


def _evaluated(text: str, variables: Mapping[str, object]) -> Any:
    written = "For example: --try '[[1, 2]]' (JSON in single quotes), --try X, --sample 'X[:1] + 1'."
    return evaluate(text, variables, written=written)
