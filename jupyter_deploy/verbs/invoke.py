"""``invoke``: send a value to a service and show its answer, once or many times, or a client that does it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ..errors import UsageProblem
from ..files import in_home, write_atomic
from ..invoking import ANSWER_LIMIT, Answer, Binary, check_json
from ..workspace import Endpoint, Service, Workspace
from .verb import Done, Session, Verb, argument, evaluate, pairs

NOTHING = object()


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    return invoke_with(called(workspace, given), given, session)


def called(workspace: Workspace, given: argparse.Namespace) -> Service | Endpoint:
    """Find the service or the endpoint of a name; a deployment is an endpoint's."""
    name = given.service
    if given.deployment or name in workspace.endpoints:
        endpoint = workspace.endpoints[name]
        if name in workspace.services:
            raise UsageProblem(
                f"A service and an endpoint are named {name}.",
                hint=f"The endpoint: jupyter model endpoint invoke {name}",
            )
        return endpoint.only(given.deployment) if given.deployment else endpoint
    return workspace.services[name]


def invoke_with(service: Service | Endpoint, given: argparse.Namespace, session: Session) -> Any:
    """Send a value to what a name means, and return what to show."""
    _check(given)
    payload = payload_of(given, session)
    if payload is NOTHING:
        service.check_something("jupyter model invoke" if session.variables is None else "%invoke")
        payload = ""
    headers = {name: value or "" for name, value in pairs(given.header or [], "--header").items()}
    if given.curl or given.python:
        language = "curl" if given.curl else "python"
        return service.snippet(payload, language, headers=headers, body_file=_output(given), show_key=given.show_key)
    output = _output(given)
    result = _load(service, payload, headers, given, session) if given.requests is not None else None
    if result is None:
        # An answer of any size fits into a file.
        limit = None if output else ANSWER_LIMIT
        result = service.request(payload, timeout=_timeout(given, session), headers=headers, limit=limit)
        session.note(result.sentence())
    if output is None:
        return result.value if isinstance(result, Answer) and not session.whole else result
    return _written(result.value if isinstance(result, Answer) else result.as_dict(), output)


def _timeout(given: argparse.Namespace, session: Session) -> float | None:
    return session.defaults.timeout if given.timeout is None else float(given.timeout)


def _check(given: argparse.Namespace) -> None:
    if given.curl and given.python:
        raise UsageProblem("invoke prints one client.", hint="Say --curl or --python.")
    if (given.curl or given.python) and (given.requests is not None or given.concurrency is not None):
        raise UsageProblem("A printed client sends one request.", hint="Leave -n and -c out.")
    if given.concurrency is not None and given.requests is None:
        raise UsageProblem("-c needs -n: how many requests?", hint="For example: -n 100 -c 8.")
    if given.show_key and not (given.curl or given.python):
        raise UsageProblem("--show-key belongs to --curl or --python.", hint="Nothing was sent.")
    if given.timeout is not None and not 0 < given.timeout < 1e9:
        raise UsageProblem(f"--timeout takes seconds above 0, not {given.timeout:g}.", hint="For example: --timeout 5.")


def _load(
    service: Service | Endpoint, payload: Any, headers: dict[str, str], given: argparse.Namespace, session: Session
) -> Any:
    at_once = 1 if given.concurrency is None else given.concurrency
    timeout = _timeout(given, session)
    return service.load(payload, given.requests, at_once, timeout=timeout, headers=headers, progress=session.say)


def _output(given: argparse.Namespace) -> Path | None:
    if not given.output:
        return None
    output = in_home(given.output)
    # Check first: no request is sent if its answer could not be stored; an existing file stays until there is an
    # answer.
    if output.is_dir() or not output.parent.is_dir():
        raise UsageProblem(f"{output} cannot be written: it is no file in a folder.", hint="Is the path right?")
    return output


def _written(value: Any, output: Path) -> Done:
    try:
        write_atomic(output, bytes(value) if isinstance(value, Binary) else json.dumps(value))
    except OSError as error:
        raise UsageProblem(f"{output} cannot be written: {error.strerror}.", hint="Is the path right?") from error
    return Done(f"The answer is in {output}", {"path": str(output)})


def payload_of(given: argparse.Namespace, session: Session) -> Any:
    """Find the value to send, or a body as text or bytes; :data:`NOTHING` if there is none.

    ``given`` has ``value``, ``data`` and ``file``; the session has the notebook's variables and the cell.
    """
    sources = [given.value is not None, given.data is not None, given.file is not None, session.cell is not None]
    if sum(sources) > 1:
        raise UsageProblem(
            "invoke takes one value.", hint="Give a variable, --data JSON, --file F, or a cell below %%invoke."
        )
    if given.file is not None:
        path = in_home(given.file)
        try:
            path.open("rb").close()
        except OSError as error:
            raise UsageProblem(f"{path} cannot be read: {error.strerror}.", hint="Is the path right?") from error
        return path
    if session.cell is not None:
        return check_json(session.cell.strip(), "The cell")
    if given.data is not None:
        return check_json(given.data, "--data")
    if given.value is None:
        return NOTHING
    if session.variables is None:
        return check_json(given.value, "VALUE")
    return evaluate(given.value, session.variables)


VERB = Verb(
    "invoke",
    "send a service a value and show its answer, or measure many",
    (
        argument("service", help="the service's name, or an endpoint's", completes="called"),
        argument("value", nargs="?", help="a notebook variable; on the command line, JSON", completes="variables"),
        argument("--data", metavar="JSON", help="the request's body"),
        argument(
            "--file", metavar="F", help="a file with the body; its suffix gives the content type", completes="files"
        ),
        argument("--header", metavar="K=V", action="append", help="a header to send; may be repeated"),
        argument("--deployment", metavar="NAME", help="of an endpoint: this one must answer", completes="deployments"),
        argument("--timeout", metavar="S", type=float, help="seconds to wait for an answer; 300 by default"),
        argument("--requests", "-n", metavar="N", type=int, help="send it N times and show how long the answers took"),
        argument("--concurrency", "-c", metavar="C", type=int, help="with -n: C requests at once"),
        argument("--curl", action="store_true", help="print a curl command that would send it"),
        argument("--python", action="store_true", help="print a Python program that would send it"),
        argument("--show-key", action="store_true", help="with --curl or --python: keys as they are, not masked"),
        argument(
            "--output", metavar="F", help="where the answer goes (with --curl, --python: the body)", completes="files"
        ),
    ),
    _run,
    raw_tail=True,
)
