"""``register``: an object, a file or a folder becomes the next version of a model."""

from __future__ import annotations

import argparse
from typing import Any

from ..errors import UsageProblem, nearest
from ..workspace import Workspace
from .verb import Session, Verb, argument, evaluate, existing_path, pairs


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    source = _source(given.source, session)
    return workspace.register(
        given.name,
        source,
        tags=pairs(given.tag, "--tag"),
        properties=pairs(given.property, "--property"),
        description=given.description or "",
        framework=given.framework or "",
        framework_version=given.framework_version or "",
        child_paths=given.child,
        file_format=given.format or "",
        progress=session.note,
    )


def _source(text: str, session: Session) -> Any:
    path = existing_path(text, session)
    if path is not None or session.variables is None:
        return text
    root = text.split(".", maxsplit=1)[0].split("[", maxsplit=1)[0].strip()
    if root.isidentifier() and (root in session.variables or text == root):
        if root not in session.variables:
            close = nearest(root, [name for name in session.variables if not name.startswith("_")])
            raise UsageProblem(
                f"There is no variable or file named {text!r}.",
                hint=f"Did you mean {close!r}?" if close else "Run the cell that defines it first.",
            )
        return evaluate(text, session.variables)
    return text


VERB = Verb(
    "register",
    "register an object, file or folder as a model's next version",
    (
        argument("name", help="the model's name", completes="models"),
        argument(
            "source", metavar="OBJECT_OR_PATH", help="a notebook variable, a file or a folder", completes="variables"
        ),
        argument("--tag", action="append", metavar="K=V", help="a tag; may be repeated"),
        argument("--property", action="append", metavar="K=V", help="a property, never changed; may be repeated"),
        argument("--description", metavar="TEXT", help="free text"),
        argument("--framework", metavar="F", help="for example ScikitLearn; found out for objects"),
        argument("--framework-version", metavar="V", help="goes with --framework"),
        argument("--format", metavar="skops", help="save an object of scikit-learn so that reading it runs no code"),
        argument("--child", action="append", metavar="PATH", help="of a folder, take only this; may be repeated"),
    ),
    _run,
    long=True,
)
