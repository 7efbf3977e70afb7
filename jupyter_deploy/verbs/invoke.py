"""``invoke``: send a service a value and show its answer."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ..errors import InvokeProblem, UsageProblem
from ..files import write_atomic
from ..workspace import Workspace
from .verb import Done, Session, Verb, argument, evaluate


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    payload = payload_of(given, session)
    service = workspace.services[given.service]
    if not given.output:
        return service.invoke(payload, timeout=session.defaults.timeout)
    output = Path(given.output).expanduser()
    # Looked at first: an answer that cannot be kept is not asked for; what is there stays until there is one.
    if output.is_dir() or not output.parent.is_dir():
        raise UsageProblem(f"{output} cannot be written: it is no file in a folder.", hint="Is the path right?")
    answer = service.invoke(payload, limit=None, timeout=session.defaults.timeout)
    try:
        write_atomic(output, json.dumps(answer))
    except OSError as error:
        raise UsageProblem(f"{output} cannot be written: {error.strerror}.", hint="Is the path right?") from error
    return Done(f"The answer is in {output}", {"path": str(output)})


def payload_of(given: argparse.Namespace, session: Session) -> Any:
    """Find the value to send.

    Parameters
    ----------
    given : argparse.Namespace
        With ``value``, ``data`` and ``file``.
    session : Session
        With the notebook's variables and cell.

    Returns
    -------
    object
        The value, or the request's body as text or bytes.
    """
    sources = [given.value is not None, given.data is not None, given.file is not None, session.cell is not None]
    if sum(sources) > 1:
        raise UsageProblem(
            "invoke takes one value.", hint="Give a variable, --data JSON, --file F, or a cell below %%invoke."
        )
    if given.file is not None:
        return _from_file(Path(given.file).expanduser())
    if session.cell is not None:
        return _checked(session.cell.strip(), "The cell")
    if given.data is not None:
        return _checked(given.data, "--data")
    if given.value is None:
        return ""
    if session.variables is None:
        return _checked(given.value, "VALUE")
    return evaluate(given.value, session.variables)


def _from_file(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageProblem(f"{path} cannot be read: {error.strerror}.", hint="Is the path right?") from error
    if path.suffix == ".json":
        _checked(data.decode("utf-8", "replace"), str(path))
    return data


def _checked(text: str, what: str) -> str:
    """Refuse text that is not JSON, before anything is sent."""
    try:
        json.loads(text)
    except ValueError as error:
        details = ""
        if isinstance(error, json.JSONDecodeError):
            line = text.split("\n")[error.lineno - 1]
            start = max(0, error.colno - 1 - 60)
            details = f"    {line[start : start + 120]}\n    {' ' * (error.colno - 1 - start)}^"
        raise InvokeProblem(
            f"{what} is not JSON: {error}.",
            details=details,
            hint='JSON has double quotes and no trailing commas, for example {"data": [[1, 2]]}. Nothing was sent.',
        ) from error
    except RecursionError as error:
        raise InvokeProblem(f"{what} is nested too deeply for JSON.", hint="Nothing was sent.") from error
    return text


VERB = Verb(
    "invoke",
    "send a service a value and show its answer",
    (
        argument("service", help="the service's name", completes="services"),
        argument("value", nargs="?", help="a notebook variable; on the command line, JSON", completes="variables"),
        argument("--data", metavar="JSON", help="the request's body"),
        argument("--file", metavar="F", help="a file with the request's body", completes="files"),
        argument("--output", metavar="F", help="write the answer to a file", completes="files"),
    ),
    _run,
    raw_tail=True,
)
