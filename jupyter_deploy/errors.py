"""Every error a user can meet, with the arrow of the data flow that it belongs to.

::

    notebook ──cell──▶ script            ScriptProblem
    object / file ──register──▶ store    ModelProblem, NotFound, InUse
    imports ──install──▶ environment      EnvironmentProblem
    bundle ──deploy──▶ target            PortBusy, Unschedulable, StartFailed, TargetProblem
    cell ──try──▶ fresh server           TrialFailed
    rows ──profile──▶ fresh server       ProfileFailed
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

_CREDENTIALS = re.compile(r"([a-z][a-z0-9+.-]*://)[^\s/?#]*@", re.IGNORECASE)
_CONDA_TOKEN = re.compile(r"(://[^\s/]+/t/)[^\s/]+(?=/)", re.IGNORECASE)


class Hint(str):
    """Advice about an error: a text that knows its parts.

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
    """An error that the user can understand and act on.

    Parameters
    ----------
    message : str
        What is wrong, in one line if possible.
    hint : str, optional
        What to do about it; a :class:`Hint` where an edge may need its parts.
    details : str, optional
        Lines shown between message and hint: a source excerpt with its caret, a traceback, a log's tail.
    problem : str, optional
        The message without the service's name.
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
        """The class's name, shown before the message."""
        return type(self).__name__

    def _render_traceback_(self) -> list[str]:
        """Show the user what is wrong and what to do, without this package's frames (IPython's hook).

        An ordinary exception with this hook fails a cell under nbval and nbconvert; a ``UsageError`` does not.
        """
        red, cyan, reset = "\x1b[91m", "\x1b[96m", "\x1b[0m"
        lines = [f"{red}{self.title}{reset}: {self.message}"]
        lines += [self.details] if self.details else []
        lines += [f"{cyan}Hint{reset}: {self.notebook_hint}"] if self.hint else []
        return lines

    @property
    def notebook_hint(self) -> str:
        """The hint as a notebook shows it: hints hold commands for a terminal."""
        return in_notebook(self.hint)

    def text(self) -> str:
        """Return title and message, details, and hint, each on lines of their own, as the command line prints them."""
        lines = [f"{self.title}: {self.message}"]
        lines += [self.details] if self.details else []
        lines += [f"Hint: {self.hint}"] if self.hint else []
        return "\n".join(lines)


# A terminal's command, and the same line in a notebook.
_LINES = (
    (re.compile(r"\bjupyter model (register|deploy|invoke)\b"), r"%\1"),
    (re.compile(r"\bjupyter model (?=[a-z])"), "%model "),
    (re.compile(r"\bexport JUPYTER_DEPLOY_TARGET=(\w+)"), r'%config ModelMagics.target = "\1"'),
    (re.compile(r"\bexport (?=[A-Z_]+=)"), "%env "),
)


def in_notebook(text: str) -> str:
    """Write the commands in a text as lines of a notebook.

    ``jupyter model logs churn`` becomes ``%model logs churn``, ``export KEY=VALUE`` becomes ``%env KEY=VALUE``.
    """
    for command, line in _LINES:
        text = command.sub(line, text)
    return text


# In a hint, a command stands between backquotes, after a colon at its end, or among words.
_QUOTED = re.compile(r"`((?:jupyter|pip|export) [^`]+)`")
_LAST = re.compile(r"\b(jupyter model [a-z].*?|pip install .*?)\.?$")
_AMONG = re.compile(r"\bjupyter model [a-z]+(?: (?:--[a-z-]+(?:=\S+)?|\w(?:[\w.:-]*\w)?)(?= |$|[,;.)]))?")


def command_in(hint: str) -> str:
    """Find the command of a hint that a terminal takes as it is; empty if there is none."""
    quoted = _QUOTED.search(hint)
    if quoted:
        return quoted[1]
    _, colon, after = hint.rpartition(": ")
    last = _LAST.fullmatch(after.strip()) if colon else _LAST.fullmatch(hint.strip())
    if last and not re.search(r"[a-z]\. |[;,] | shows | starts | ends ", last[1]):
        return last[1]
    among = _AMONG.search(hint)
    return among[0] if among else ""


def _rebuild(kind: type[DeployError], message: str, hint: str, details: str, problem: str) -> DeployError:
    return kind(message, hint=hint, details=details, problem=problem)


class UsageProblem(DeployError):
    """The words given to a verb are not ones that it takes."""


class ConfigProblem(DeployError):
    """A configuration file or variable has a value that cannot be used."""


class NotFound(DeployError):
    """No model, script or service has that name or version."""


class InUse(DeployError):
    """A service still needs what should be removed."""


class ModelProblem(DeployError):
    """The object, file, name, tag or property cannot be registered."""


class ScriptProblem(DeployError):
    """The entry script cannot serve; nothing was stored or changed.

    ``names`` are those that it uses and cannot have, if that is why.
    """

    names: tuple[str, ...] = ()


class TooMuchToShip(UsageProblem):
    """The script's folder is unusually large; the user must agree to ship it."""


class StoreProblem(DeployError):
    """The workspace's own files or database cannot be used."""


class DiskFull(StoreProblem):
    """The disk, or the user's quota, has no room for a file that must be written."""


class Locked(StoreProblem):
    """Another process has held the workspace's database for too long."""


class ReadOnly(StoreProblem):
    """The workspace's folder can be read, but not written to."""


class TargetProblem(DeployError):
    """The requested target does not exist or cannot do it."""


class EnvironmentProblem(DeployError):
    """A service's environment cannot be described, found or installed; nothing that runs was changed."""


class Unschedulable(TargetProblem):
    """The machine does not have what the service asks for."""


class PortBusy(Unschedulable):
    """Another program listens on the port."""


class StartFailed(DeployError):
    """The service did not come up."""


class TrialFailed(DeployError):
    """The script was tried, and failed; nothing was stored or changed."""


class ProfileFailed(DeployError):
    """The model could not be measured; the profile that says so is kept, and no service was touched."""


class ReloadFailed(DeployError):
    """The new code or model did not come up; the old one still serves."""

    # A ``serving.Failure``, if the script is to blame.
    failure: object = None


class ServiceDown(DeployError):
    """The service is known, but does not answer."""


class InvokeProblem(DeployError):
    """The service answered with an error, or the value cannot be sent."""

    status: int = 0
    request_id: str = ""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Find the known name that the user most likely meant; None if none is close."""
    names = list(known)
    lowered = {candidate.lower(): candidate for candidate in names}
    found = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.5)
    return lowered[found[0]] if found else None


def not_found(kind: str, name: str, known: Iterable[str], *, empty: str = "") -> NotFound:
    """Make the error for an unknown name, with the nearest known one as its hint.

    ``kind`` is ``"model"``, ``"script"`` or ``"service"``; ``empty`` is the hint if nothing of that kind exists yet.
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
    """Refuse the first unknown key, with the nearest known one as a hint."""
    names = list(known)
    for key in given:
        if key not in names:
            close = nearest(key, names)
            hint = f"Did you mean {close!r}?" if close else f"Known keys: {', '.join(sorted(names))}."
            raise ConfigProblem(f"{where}: unknown key {key!r}.", hint=hint)


def redacted(text: str) -> str:
    """Remove the credentials from the URLs in a text that is shown or logged.

    ``https://user:password@host`` becomes ``https://***@host``; Anaconda's tokens (``/t/<token>/``) are removed too.
    """
    return _CONDA_TOKEN.sub(r"\1***", _CREDENTIALS.sub(r"\1***@", text))
