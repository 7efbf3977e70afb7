"""``endpoint``: one address in front of several deployments: create, look, share its traffic, call, delete."""

from __future__ import annotations

import argparse
from typing import Any

from ..endpoints import read_shares, shown_shares
from ..errors import UsageProblem
from ..services import AUTH
from ..workspace import Endpoint, Workspace
from .invoke import invoke_with
from .keys import keys_of
from .verb import Done, Listing, LogText, Session, Verb, argument, pairs

_ACTIONS = ("create", "show", "list", "traffic", "mirror", "keys", "logs", "invoke", "delete")
_WORDS = "for traffic: blue=90 green=10; for mirror: green=10 or none; for invoke: the value"


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    if given.action == "list":
        return Listing("endpoints", [one.as_dict() for one in workspace.endpoints.values()])
    if given.endpoint is None:
        raise UsageProblem(
            "Which endpoint?",
            hint=f"For example: jupyter model endpoint {given.action} churn. There are: {_all(workspace)}.",
        )
    if given.action == "create":
        return _create(workspace, given, session)
    return _ACTS[given.action](workspace.endpoints[given.endpoint], given, session)


def _all(workspace: Workspace) -> str:
    return ", ".join(workspace.endpoints) or "none yet"


def _create(workspace: Workspace, given: argparse.Namespace, session: Session) -> Endpoint:
    tags = {key: value or None for key, value in pairs(given.tag, "--tag").items()} if given.tag else None
    options = {"auth": given.auth, "tags": tags, "description": given.description, "port": given.port}
    options |= {"tls": given.tls, "tls_key": given.tls_key, "sticky": given.sticky}
    return workspace.endpoints.create(given.endpoint, **options, progress=session.say)


def _show(endpoint: Endpoint, given: argparse.Namespace, session: Session) -> Endpoint:
    return endpoint


def _traffic(endpoint: Endpoint, given: argparse.Namespace, session: Session) -> Done:
    _must_be(endpoint, given)
    if given.words or given.mirror:
        endpoint.route(" ".join(given.words) or None, given.mirror)
    shares = endpoint.traffic
    return Done(
        f"{endpoint.name}: {shown_shares(shares) or 'no deployments'}", {"name": endpoint.name, "traffic": shares}
    )


def _must_be(endpoint: Endpoint, given: argparse.Namespace) -> None:
    """Refuse a change that was made for other shares than those of now: they have changed meanwhile."""
    if given.only_if is None:
        return
    asked_for = {name: share for name, share in read_shares(given.only_if).items() if share}
    now = {name: share for name, share in endpoint.traffic.items() if share}
    if asked_for != now:
        shown = shown_shares(endpoint.traffic) or "nothing"
        raise UsageProblem(
            f"The traffic of {endpoint.name} is {shown} now, not {given.only_if}: it was changed meanwhile.",
            hint=f"Look at it, and decide again: jupyter model endpoint traffic {endpoint.name}",
        )


def _mirror(endpoint: Endpoint, given: argparse.Namespace, session: Session) -> Done:
    if given.words:
        endpoint.route(mirror=" ".join(given.words))
    shares = endpoint.mirror
    text = f"mirrors to {shown_shares(shares)}" if shares else "mirrors nothing"
    return Done(f"{endpoint.name} {text}", {"name": endpoint.name, "mirror": shares})


def _logs(endpoint: Endpoint, given: argparse.Namespace, session: Session) -> LogText:
    lines = session.defaults.log_lines if given.lines is None else given.lines
    return LogText(endpoint.logs(lines, given.deployment))


def _invoke(endpoint: Endpoint, given: argparse.Namespace, session: Session) -> Any:
    handle = endpoint.only(given.deployment) if given.deployment else endpoint
    value = " ".join(given.words) or None
    asked = argparse.Namespace(
        value=value,
        data=given.data,
        file=given.file,
        header=None,
        timeout=None,
        requests=None,
        concurrency=None,
        curl=False,
        python=False,
        show_key=False,
        output=None,
    )
    return invoke_with(handle, asked, session)


def _delete(endpoint: Endpoint, given: argparse.Namespace, session: Session) -> Done:
    count = len(endpoint.deployments)
    also = f" and its {count} deployment{'s' * (count != 1)}" if count else ""
    if not given.yes and not session.confirm(f"Delete endpoint {endpoint.name}{also}?"):
        return Done(f"{endpoint.name} stays", {"deleted": None})
    session.say("finishing requests in flight")
    endpoint.delete()
    return Done(f"{endpoint.name} is deleted; models and scripts stay", {"deleted": endpoint.name})


_ACTS = {
    "show": _show,
    "traffic": _traffic,
    "mirror": _mirror,
    "keys": keys_of,
    "logs": _logs,
    "invoke": _invoke,
    "delete": _delete,
}

VERB = Verb(
    "endpoint",
    "one address for several deployments: create it, share its traffic, delete it",
    (
        argument("action", choices=_ACTIONS, metavar="|".join(_ACTIONS), help="what to do"),
        argument("endpoint", nargs="?", help="the endpoint's name", completes="endpoints"),
        argument("words", nargs="*", metavar="WORD", help=_WORDS, completes="shares"),
        argument(
            "--auth", metavar="|".join(AUTH), help="create: what clients must show; key by default", completes="auth"
        ),
        argument("--port", type=int, metavar="N", help="create: its port; a free one by default"),
        argument("--tls", metavar="self-signed|FILE|none", help="create: HTTPS only", completes="files"),
        argument("--sticky", metavar="HEADER|none", help="create: the same value of it gets the same deployment"),
        argument("--tls-key", metavar="FILE", help="create: the certificate's key", completes="files"),
        argument("--tag", action="append", metavar="K=V", help="create: a tag; K= removes it; may be repeated"),
        argument("--description", metavar="TEXT", help="create: what it is for"),
        argument("--mirror", metavar="NAME=N", help="traffic: the mirror, too; none ends it"),
        argument(
            "--if", dest="only_if", metavar="SHARES", help='traffic: only if it is "blue=90 green=10" now, for example'
        ),
        argument("--deployment", metavar="NAME", help="logs, invoke: of this one", completes="deployments"),
        argument("--lines", "-n", type=int, metavar="N", help="logs: how many lines"),
        argument("--data", metavar="JSON", help="invoke: the request's body"),
        argument("--file", metavar="F", help="invoke: a file with the body", completes="files"),
        argument(
            "--regenerate",
            type=str.lower,
            choices=("primary", "secondary"),
            help="keys: replace this one; the one before it is refused at once, the other one stays good",
        ),
        argument(
            "--set", metavar="SOURCE", help="keys: the new key: -, env:VARIABLE or a file; by default one is made"
        ),
        argument("--show", action="store_true", help="keys: as they are, not masked"),
    ),
    _run,
    asks=True,
    long=True,
    quick=("show", "list", "traffic", "mirror", "keys", "logs", "invoke"),
)
