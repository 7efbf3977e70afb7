"""What a verb is, what it gets from the edge that runs it, and what it may return."""

from __future__ import annotations

import argparse
import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import TooMuchToShip, UsageProblem, nearest
from ..workspace import Living, Workspace

STORED = "serve the script as it is stored, whatever the notebook holds by now"
SETTING = "a setting of the server, for example max_batch=64; may be repeated; KEY= alone means the default"


@dataclass(frozen=True)
class Argument:
    """One argument, for argparse and for completion.

    Parameters
    ----------
    flags : tuple of str
        ``("--port",)``, or one name without dashes for a positional.
    options : dict
        argparse's: ``help``, ``nargs``, ``action``, ``type``, ``choices``, ``metavar``…
    completes : str
        What its values are: ``"models"``, ``"services"``, ``"served"`` (these and scripts), ``"scripts"``,
        ``"variables"``, ``"files"``, ``"settings"``,
        ``"targets"``, ``"views"`` or nothing.
    """

    flags: tuple[str, ...]
    options: dict[str, Any] = field(hash=False)
    completes: str = ""


def argument(*flags: str, completes: str = "", **options: Any) -> Argument:
    """Write an :class:`Argument` as one calls ``add_argument``.

    Parameters
    ----------
    *flags : str
        Its flags or name.
    completes : str, optional
        What its values are.
    **options
        argparse's.

    Returns
    -------
    Argument
        The same, as a value.
    """
    return Argument(flags, options, completes)


@dataclass(frozen=True)
class Defaults:
    """A user's defaults for all verbs; options of a verb win.

    Parameters
    ----------
    target, environment : str
        Of new services; empty for the usual.
    timeout : float or None
        Seconds that ``invoke`` waits for an answer; None for ever.
    log_lines : int
        How many lines ``logs`` shows.
    """

    target: str = ""
    environment: str = ""
    timeout: float | None = None
    log_lines: int = 100


@dataclass(frozen=True)
class Session:
    """The world of the edge that runs a verb.

    Parameters
    ----------
    say : callable
        Shows progress, in a line that the next one replaces.
    emit : callable
        Shows a piece of an endless output at once.
    confirm : callable
        Asks a question; raises where nobody can answer.
    variables : mapping, optional
        The notebook's variables; None on the command line.
    cell : str, optional
        The lines below a cell magic.
    defaults : Defaults, optional
        What the user has set for all verbs.
    note : callable
        Shows a line beside the value, where someone is looking.
    live : bool
        Whether what it shows may go on changing: in a notebook.
    living : Living
        The script cells that were run here, which can be taken again; none on the command line.
    """

    say: Callable[[str], None]
    emit: Callable[[str], None]
    confirm: Callable[[str], bool]
    variables: Mapping[str, object] | None = None
    cell: str | None = None
    defaults: Defaults = field(default_factory=Defaults)
    note: Callable[[str], None] = lambda _: None
    live: bool = False
    living: Living = field(default_factory=Living)


@dataclass(frozen=True)
class Verb:
    """A sub-command.

    Parameters
    ----------
    name : str
        As it is typed.
    help : str
        One line.
    arguments : tuple of Argument
        In order.
    run : callable
        ``run(workspace, arguments, session)``; returns a value that has faces.
    shows : bool
        Whether it takes ``--json``.
    asks : bool
        Whether it takes ``--yes``.
    raw_tail : bool
        In a notebook, whatever follows the first word is one argument, as written: a Python expression.
    """

    name: str
    help: str
    arguments: tuple[Argument, ...]
    run: Callable[[Workspace, argparse.Namespace, Session], Any]
    shows: bool = True
    asks: bool = False
    raw_tail: bool = False

    def all_arguments(self) -> tuple[Argument, ...]:
        """Return the arguments with the common ones.

        Returns
        -------
        tuple of Argument
            Ending in ``--json`` and ``--yes`` where they apply.
        """
        common: tuple[Argument, ...] = ()
        if self.shows:
            common += (argument("--json", action="store_true", help="plain data instead of a text for people"),)
        if self.asks:
            common += (argument("--yes", "-y", action="store_true", help="do not ask"),)
        return self.arguments + common


class Listing(list[Any]):
    """A list of models or services with a face of its own.

    Parameters
    ----------
    kind : str
        ``"models"`` or ``"services"``.
    items : iterable
        Models, or the facts of services.
    """

    def __init__(self, kind: str, items: Any) -> None:
        super().__init__(items)
        self.kind = kind


class LogText(str):
    """Text that is shown as it is, not quoted."""

    __slots__ = ()


@dataclass(frozen=True)
class Done:
    """What a verb did that has no other result.

    Parameters
    ----------
    sentence : str
        For people.
    data : dict
        For ``--json``.
    """

    sentence: str
    data: dict[str, Any] = field(hash=False)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON.

        Returns
        -------
        dict
            The data.
        """
        return self.data


def agreed(change: Callable[..., Any], yes: bool, session: Session) -> Any:
    """Make a change that may ship much; where it would, ask first.

    Parameters
    ----------
    change : callable
        Takes ``large``: whether the user agrees.
    yes : bool
        Whether the user has agreed already.
    session : Session
        Asks.

    Returns
    -------
    object
        What the change returns.
    """
    try:
        return change(large=yes)
    except TooMuchToShip as error:
        try:
            agrees = session.confirm(f"{error.message} Ship it?")
        except UsageProblem:
            # Confirmation is not possible here: the error names the option.
            raise error from None
        if agrees:
            return change(large=True)
        raise


def pairs(items: list[str] | None, what: str, *, bare: bool = False) -> dict[str, str | None]:
    """Read ``KEY=VALUE`` words.

    Parameters
    ----------
    items : list of str or None
        As typed.
    what : str
        What they are, for the message.
    bare : bool, optional
        Whether ``KEY`` alone is allowed.

    Returns
    -------
    dict
        None as the value of a bare key.

    Raises
    ------
    UsageProblem
        Naming the word that is neither.
    """
    found: dict[str, str | None] = {}
    for item in items or []:
        key, equals, value = item.partition("=")
        if not key or (not equals and not bare):
            raise UsageProblem(f"{what} {item!r} is not KEY=VALUE.", hint=f"For example: {what} stage=trial")
        found[key] = value if equals else None
    return found


_WRITTEN = "JSON goes into the cell below %%invoke, or after --data in single quotes."


def evaluate(text: str, variables: Mapping[str, object], *, written: str = _WRITTEN) -> Any:
    """Evaluate an expression of the user's own notebook.

    Parameters
    ----------
    text : str
        For example ``X_test[:5]``.
    variables : mapping
        The notebook's variables.
    written : str, optional
        The hint for a text that is no expression: how values are written.

    Returns
    -------
    object
        Its value.

    Raises
    ------
    UsageProblem
        If it is no expression, a name is unknown, or it raises.
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
    """Read a word as a path.

    Parameters
    ----------
    text : str
        As typed.
    session : Session
        Unused on the command line; in a notebook, a word that names a variable is not a path.

    Returns
    -------
    pathlib.Path or None
        None where nothing is there.
    """
    path = Path(text).expanduser()
    return path if path.exists() and text not in (session.variables or {}) else None
