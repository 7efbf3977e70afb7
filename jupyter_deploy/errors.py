"""Every error a user can meet, with the arrow of the data flow that it belongs to.

::

    notebook ──cell──▶ script            ScriptProblem
    object / file ──register──▶ store    ModelProblem, NotFound, InUse
    imports ──install──▶ environment      EnvironmentProblem
    bundle ──deploy──▶ target            PortBusy, Unschedulable, StartFailed, TargetProblem
    cell ──try──▶ fresh server           TrialFailed
    new bundle ──reload──▶ service       ReloadFailed   (the old generation still serves)
    value ──invoke──▶ service            InvokeProblem, ServiceDown
    words ──verb──▶ any of them          UsageProblem

All derive from :class:`DeployError`; each edge (magics, command line) maps that one class, once.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any


class Hint(str):
    """What to do about an error, as a text that knows its parts.

    Parameters
    ----------
    advice : str, optional
        What to do.
    log_of : str, optional
        The service whose log says more.
    shows : str, optional
        What the log shows.
    request_id : str, optional
        The request that it is about.
    """

    advice: str
    log_of: str
    shows: str

    def __new__(cls, advice: str = "", *, log_of: str = "", shows: str = "more", request_id: str = "") -> Hint:
        """Make the text; see the class."""
        log = f"jupyter model logs {log_of} shows {shows}." if log_of else ""
        sign = "" if not log or not advice else " " if advice.endswith(".") else "; "
        named = f"The request's id is {request_id}." if request_id else ""
        made = super().__new__(cls, f"{advice}{sign}{log} {named}".strip())
        made.advice, made.log_of, made.shows = advice, log_of, shows
        return made

    def about(self, request_id: str) -> Hint:
        """Return the hint with the request that it is about."""
        return Hint(self.advice, log_of=self.log_of, shows=self.shows, request_id=request_id)

    @property
    def without_log(self) -> str:
        """The advice as a sentence, for where no log stays and no request can be looked up."""
        return self.advice if not self.advice or self.advice.endswith(".") else f"{self.advice}."


class DeployError(Exception):
    """Something that the user can understand and act on.

    Parameters
    ----------
    message : str
        What is wrong, in one line where possible.
    hint : str, optional
        What to do about it; a :class:`Hint` where an edge may need its parts.
    details : str, optional
        Lines shown between message and hint: a source excerpt with its caret, a traceback, a log's tail.
    problem : str, optional
        The message without the name of the service that it is about.
    """

    def __init__(self, message: str, *, hint: str = "", details: str = "", problem: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details
        self.problem = problem or message

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.hint, self.details, self.problem)

    @property
    def title(self) -> str:
        """The class's name, as shown before the message."""
        return type(self).__name__

    def _render_traceback_(self) -> list[str]:
        """IPython's hook: the user sees what is wrong and what to do, not this package's frames.

        An ordinary exception with this hook fails a cell under nbval and nbconvert, which a ``UsageError`` does not.
        """
        red, cyan, reset = "\x1b[91m", "\x1b[96m", "\x1b[0m"
        lines = [f"{red}{self.title}{reset}: {self.message}"]
        lines += [self.details] if self.details else []
        lines += [f"{cyan}Hint{reset}: {self.notebook_hint}"] if self.hint else []
        return lines

    @property
    def notebook_hint(self) -> str:
        """The hint as a notebook shows it: hints have commands as a terminal takes them."""
        return in_notebook(self.hint)

    def text(self) -> str:
        """Return the error as plain text, the way the command line prints it.

        Returns
        -------
        str
            Title and message, details, hint: each on lines of their own.
        """
        lines = [f"{self.title}: {self.message}"]
        lines += [self.details] if self.details else []
        lines += [f"Hint: {self.hint}"] if self.hint else []
        return "\n".join(lines)


# What a terminal takes, and the line that does the same in a notebook.
_LINES = (
    (re.compile(r"\bjupyter model (register|deploy|invoke)\b"), r"%\1"),
    (re.compile(r"\bjupyter model (?=[a-z])"), "%model "),
    (re.compile(r"\bexport JUPYTER_DEPLOY_TARGET=(\w+)"), r'%config ModelMagics.target = "\1"'),
    (re.compile(r"\bexport (?=[A-Z_]+=)"), "%env "),
)


def in_notebook(text: str) -> str:
    """Write the commands in a text as lines of a notebook.

    Parameters
    ----------
    text : str
        With commands as a terminal takes them, for example ``jupyter model logs churn`` or ``export KEY=VALUE``.

    Returns
    -------
    str
        With ``%model logs churn`` and ``%env KEY=VALUE`` instead.
    """
    for command, line in _LINES:
        text = command.sub(line, text)
    return text


def _rebuild(kind: type[DeployError], message: str, hint: str, details: str, problem: str) -> DeployError:
    return kind(message, hint=hint, details=details, problem=problem)


class UsageProblem(DeployError):
    """The words given to a verb are not ones that it takes."""


class ConfigProblem(DeployError):
    """A configuration file or variable holds something that cannot be used."""


class NotFound(DeployError):
    """No model, script or service has that name or version."""


class InUse(DeployError):
    """A service still needs what should be removed."""


class ModelProblem(DeployError):
    """The object, file, name, tag or property cannot be registered."""


class ScriptProblem(DeployError):
    """The entry script cannot serve; nothing was stored or changed."""


class TooMuchToShip(UsageProblem):
    """The script's folder is larger than a script's usually is; who agrees to it says so."""


class StoreProblem(DeployError):
    """The workspace's own files or database cannot be used."""


class DiskFull(StoreProblem):
    """The disk, or the user's part of it, has no room for what must be written."""


class Locked(StoreProblem):
    """Another process has held the workspace's database for too long."""


class ReadOnly(StoreProblem):
    """The workspace's folder may be read, but not written to."""


class TargetProblem(DeployError):
    """The target that was asked for is not there or cannot do it."""


class EnvironmentProblem(DeployError):
    """What a service needs installed cannot be described, found or installed; nothing that runs was changed."""


class Unschedulable(TargetProblem):
    """The machine does not have what the service asks for."""


class PortBusy(Unschedulable):
    """Another program listens on the port."""


class StartFailed(DeployError):
    """The service did not come up."""


class TrialFailed(DeployError):
    """The script was tried, and failed; nothing was stored or changed."""


class ReloadFailed(DeployError):
    """The new code or model did not come up; the old one still serves."""

    failure: Mapping[str, Any] | None = None


class ServiceDown(DeployError):
    """The service is known, but does not answer."""


class InvokeProblem(DeployError):
    """The service answered with an error, or the value cannot be sent."""

    status: int = 0
    request_id: str = ""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Find the known name that the user most likely meant.

    Parameters
    ----------
    name : str
        What was typed.
    known : iterable of str
        The names that exist.

    Returns
    -------
    str or None
        The closest name, or None where nothing is close.
    """
    names = list(known)
    lowered = {candidate.lower(): candidate for candidate in names}
    found = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.5)
    return lowered[found[0]] if found else None


def not_found(kind: str, name: str, known: Iterable[str], *, empty: str = "") -> NotFound:
    """Build the error for an unknown name, with the nearest right one as its hint.

    Parameters
    ----------
    kind : str
        What was looked up: ``"model"``, ``"script"``, ``"service"``.
    name : str
        What was asked for.
    known : iterable of str
        The names that exist.
    empty : str, optional
        The hint for when nothing of that kind exists yet.

    Returns
    -------
    NotFound
        Ready to be raised.
    """
    names = sorted(set(known))
    close = nearest(name, names)
    if close:
        hint = f"Did you mean {close!r}?"
    elif names:
        shown = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
        hint = f"Known {kind}s: {shown}."
    else:
        hint = empty or f"There is no {kind} yet."
    return NotFound(f"No {kind} named {name!r}.", hint=hint)


def refuse_unknown_keys(given: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """Raise for a key that nothing reads, naming the nearest that something does.

    Parameters
    ----------
    given : mapping
        The keys and values found.
    known : iterable of str
        The keys that have a meaning.
    where : str
        The file or place they were found in, for the message.

    Raises
    ------
    ConfigProblem
        For the first unknown key.
    """
    names = list(known)
    for key in given:
        if key not in names:
            close = nearest(key, names)
            hint = f"Did you mean {close!r}?" if close else f"Known keys: {', '.join(sorted(names))}."
            raise ConfigProblem(f"{where}: unknown key {key!r}.", hint=hint)
