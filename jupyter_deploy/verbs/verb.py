"""What a verb is, what it gets from the edge that runs it, and what it may return."""

from __future__ import annotations

import argparse
import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import TooMuchToShip, UsageProblem, nearest
from ..files import in_home

if TYPE_CHECKING:
    from ..workspace import Living, Workspace

STORED = "serve the stored script, not the notebook's present values"
SETTING = "a setting of the server, for example max_batch=64; may be repeated; KEY= resets it"


@dataclass(frozen=True)
class Argument:
    """One argument, for argparse and for completion."""

    flags: tuple[str, ...]  # ("--port",), or one name without dashes for a positional
    options: dict[str, Any] = field(hash=False)  # argparse's: help, nargs, action, type, choices, metavar…
    # "models", "services", "served" (these and scripts), "called" (these and endpoints), "scripts", "variables",
    # "files", "settings", "targets", "views", "requests", "collections", "auth", "following", "endpoints",
    # "deployments", "shares" (deployments with "=") or empty
    completes: str = ""


def argument(*flags: str, completes: str = "", **options: Any) -> Argument:
    """Write an :class:`Argument` like a call of ``add_argument``."""
    return Argument(flags, options, completes)


@dataclass(frozen=True)
class Defaults:
    """A user's defaults for all verbs; options of a verb win."""

    target: str = ""  # of new services; empty for the default
    environment: str = ""  # of new services; empty for the default
    timeout: float | None = None  # seconds that invoke waits for an answer; None for ever
    log_lines: int = 100  # how many lines logs shows


def _no_living() -> Living:
    from ..workspace import Living

    return Living()


@dataclass(frozen=True)
class Session:
    """What the edge gives a verb."""

    say: Callable[[str], None]  # shows progress, in a line that the next one replaces
    emit: Callable[[str], None]  # shows a piece of an endless output at once
    confirm: Callable[[str], bool]  # asks a question; raises if no user can answer
    variables: Mapping[str, object] | None = None  # the notebook's; None on the command line
    cell: str | None = None  # the lines below a cell magic
    defaults: Defaults = field(default_factory=Defaults)  # the user's, for all verbs
    note: Callable[[str], None] = lambda _: None  # shows a line beside the value, if a person reads it
    live: bool = False  # whether live views are possible: in a notebook
    # the script cells that were run here, which can be taken again; none on the command line
    living: Living = field(default_factory=_no_living)
    whole: bool = False  # whether an answer is shown with its status and times, not its value alone


@dataclass(frozen=True)
class Verb:
    """A sub-command."""

    name: str
    help: str  # one line
    arguments: tuple[Argument, ...]
    # run(workspace, arguments, session); returns a value that has a face
    run: Callable[[Workspace, argparse.Namespace, Session], Any]
    shows: bool = True  # whether it takes --json
    asks: bool = False  # whether it takes --yes
    long: bool = False  # whether it may take longer than a page waits for an answer
    quick: tuple[str, ...] = ()  # of a long one: the actions that take no longer than others
    raw_tail: bool = False  # in a notebook, all that follows the first word is one argument: a Python expression

    def all_arguments(self) -> tuple[Argument, ...]:
        """Return the arguments with the common ones, ``--json`` and ``--yes``."""
        common: tuple[Argument, ...] = ()
        if self.shows:
            common += (argument("--json", action="store_true", help="plain data instead of a text for people"),)
        if self.asks:
            common += (argument("--yes", "-y", action="store_true", help="do not ask"),)
        return self.arguments + common


class Listing(list[Any]):
    """A list of models or services with a face of its own.

    ``kind`` is ``"models"``, ``"services"``, ``"scripts"``, ``"environments"`` or ``"leftovers"``. ``asked`` are the
    filters, with which the same can be listed again; None if it cannot.
    """

    def __init__(self, kind: str, items: Any, asked: Mapping[str, Any] | None = None) -> None:
        super().__init__(items)
        self.kind = kind
        self.asked = asked


class LogText(str):
    """Text that is shown as it is, not quoted."""

    __slots__ = ()


@dataclass(frozen=True)
class Done:
    """The result of a verb that returns nothing else: a sentence for people, and data for ``--json``."""

    sentence: str
    data: dict[str, Any] = field(hash=False)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return self.data


def agreed(change: Callable[..., Any], yes: bool, session: Session) -> Any:
    """Make a change that may ship much; if it would, ask first.

    ``change`` takes whether the user agrees; ``yes`` says that the user has agreed already.
    """
    try:
        return change(large=yes)
    except TooMuchToShip as error:
        try:
            agrees = session.confirm(f"{error.message} Ship it?")
        except UsageProblem:
            # The error names the option that confirms.
            raise error from None
        if agrees:
            return change(large=True)
        raise


def pairs(items: list[str] | None, what: str, *, bare: bool = False) -> dict[str, str | None]:
    """Read ``KEY=VALUE`` words; with ``bare``, ``KEY`` alone gets None. ``what`` names them in the message."""
    found: dict[str, str | None] = {}
    for item in items or []:
        key, equals, value = item.partition("=")
        if not key or (not equals and not bare):
            raise UsageProblem(f"{what} {item!r} is not KEY=VALUE.", hint=f"For example: {what} stage=trial")
        found[key] = value if equals else None
    return found


_WRITTEN = "JSON goes into the cell below %%invoke, or after --data in single quotes."


def evaluate(text: str, variables: Mapping[str, object], *, written: str = _WRITTEN) -> Any:
    """Evaluate an expression of the user's own notebook, for example ``X_test[:5]``.

    ``written`` is the hint for a text that is no expression.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UsageProblem(
            f"{text[:80]!r} is not a variable or Python expression.",
            hint=written,
        ) from error
    import builtins

    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            local = {
                inner.id
                for inner in ast.walk(tree)
                if isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load)
            } | {inner.arg for inner in ast.walk(tree) if isinstance(inner, ast.arg)}
            if node.id not in variables and node.id not in local and not hasattr(builtins, node.id):
                names = [name for name in variables if not name.startswith("_")]
                close = nearest(node.id, names)
                raise UsageProblem(
                    f"There is no variable {node.id!r} in the notebook.",
                    hint=f"Did you mean {close!r}?" if close else "Run the cell that defines it first.",
                )
    try:
        return eval(compile(tree, "<magic>", "eval"), dict(variables))  # noqa: S307 - the user's own kernel
    except Exception as error:
        raise UsageProblem(f"{text[:80]} raises {type(error).__name__}: {error}", hint="Try it in a cell.") from error


def existing_path(text: str, session: Session) -> Path | None:
    """Read a word as a path; None if nothing is there. In a notebook, a variable's name is not a path."""
    path = in_home(text)
    return path if path.exists() and text not in (session.variables or {}) else None
