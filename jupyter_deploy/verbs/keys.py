"""``keys``: a service's two keys, shown or replaced."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from typing import Any

from ..errors import UsageProblem
from ..files import in_home
from ..workspace import Endpoint, Service, Workspace
from .verb import Done, Session, Verb, argument

_MASK = "********"
_SOURCES = "--set takes - (typed, or read from standard input), env:VARIABLE or a file."
_NAMES = ("primary", "secondary")


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    return keys_of(workspace.services[given.service], given, session)


def keys_of(service: Service | Endpoint, given: argparse.Namespace, session: Session) -> Done:
    """Show or replace the keys of a service or an endpoint."""
    if given.set is not None and given.regenerate is None:
        raise UsageProblem("--set needs --regenerate: which of the two keys?", hint="For example --regenerate primary.")
    if given.regenerate is not None:
        # Before the question: who has no such key is not asked for one.
        service.get_keys()
        service.regenerate_key(
            given.regenerate, None if given.set is None else _key_from(given.set, session.variables is not None)
        )
    keys = service.get_keys()._asdict()
    shown = {name: key if given.show else _MASK for name, key in keys.items()}
    lines = (
        [f"The {given.regenerate.lower()} key is new; the one before it is refused now."] if given.regenerate else []
    )
    lines += [f"{name:<11}{key}" for name, key in shown.items()]
    lines += [] if given.show else ["--show shows them; in Python: service.get_keys()"]
    return Done("\n".join(lines), {"name": service.name, "replaced": given.regenerate or "", **shown})


def _key_from(source: str, in_notebook: bool) -> str:
    """Read a key from a place that other users of the machine do not see, as they see a command's words."""
    if source == "-":
        if not in_notebook and not sys.stdin.isatty():
            return sys.stdin.readline().strip()
        try:
            return getpass.getpass("key: ").strip()
        except (EOFError, NotImplementedError, RuntimeError) as error:
            raise UsageProblem("A key cannot be typed here.", hint=_SOURCES) from error
    if source.startswith("env:"):
        found = os.environ.get(source.removeprefix("env:"))
        if found is None:
            raise UsageProblem(f"There is no variable {source.removeprefix('env:')} here.", hint=_SOURCES)
        return found.strip()
    try:
        return in_home(source).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        # The word is not quoted: it may be a key.
        raise UsageProblem(
            "--set was not given a file that can be read. It takes no key itself: others would see it.",
            hint=_SOURCES,
        ) from error


VERB = Verb(
    "keys",
    "show the two keys of a service, masked, or replace one",
    (
        argument("service", help="the service's name", completes="services"),
        argument(
            "--regenerate",
            type=str.lower,
            choices=_NAMES,
            help="replace this one; the one before it is refused at once, the other one stays good",
        ),
        argument("--set", metavar="SOURCE", help="the new key: -, env:VARIABLE or a file; by default one is made"),
        argument("--show", action="store_true", help="keys as they are, not masked"),
    ),
    _run,
)
