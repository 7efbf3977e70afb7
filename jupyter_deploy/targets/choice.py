"""Which targets there are, and which one a service gets."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib import import_module

from ..errors import TargetProblem, nearest
from ..services import Capabilities, Target

# name: (module, class)
TARGETS = {"process": ("process.target", "ProcessTarget"), "docker": ("docker.target", "DockerTarget")}
CHOICES = ("auto", *TARGETS)
# It needs nothing but this machine and starts soonest: it serves where another target cannot.
NEAREST = "process"
VARIABLE = "JUPYTER_DEPLOY_TARGET"


def choose(name: str, say: Callable[[str], None] = lambda _: None, environ: Mapping[str, str] = os.environ) -> str:
    """Turn what the user asked for into the name of a target.

    Parameters
    ----------
    name : str
        One of :data:`CHOICES`. ``"auto"`` is what the variable ``JUPYTER_DEPLOY_TARGET`` says; without it, Docker if
        its daemon answers, else a process.
    say : callable, optional
        Told what was chosen and why.
    environ : mapping, optional
        The environment variables.

    Returns
    -------
    str
        A key of :data:`TARGETS`.

    Raises
    ------
    TargetProblem
        If there is no such target.
    """
    if name in TARGETS:
        return name
    if name == "auto" and environ.get(VARIABLE, "auto") != "auto":
        chosen = choose(environ[VARIABLE])
        say(f"target {chosen}, because {VARIABLE} says so")
        return chosen
    if name == "auto":
        from .docker import unreachable

        why_not = unreachable(environ)
        say(f"target process, because {why_not}" if why_not else "target docker, because its daemon answers")
        return "process" if why_not else "docker"
    close = nearest(name, CHOICES)
    raise TargetProblem(
        f"There is no target {name!r}.", hint=f"Did you mean {close!r}?" if close else f"Targets: {', '.join(CHOICES)}."
    )


def having(wanted: Callable[[Capabilities], bool]) -> str:
    """Choose a target by what it can do.

    Parameters
    ----------
    wanted : callable
        Tells whether a target's capabilities suffice.

    Returns
    -------
    str
        The name of the first such target; empty where there is none.
    """
    return next((name for name in TARGETS if wanted(target(name).capabilities)), "")


def target(name: str) -> Target:
    """Return a target.

    Parameters
    ----------
    name : str
        A key of :data:`TARGETS`.

    Returns
    -------
    Target
        Ready to use; it keeps no state of its own.
    """
    module, kind = TARGETS[name]
    made: Target = getattr(import_module(f".{module}", __package__), kind)()
    return made
