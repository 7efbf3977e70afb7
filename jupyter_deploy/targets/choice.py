"""Which targets exist, and which one a service gets."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from ..errors import TargetProblem, nearest
from ..services import Capabilities, Packager, Target

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

# Other distributions add theirs as entry points of this group: the target's name, and its class.
GROUP = "jupyter_deploy.targets"
# name: (module, class)
TARGETS = {"process": ("process.target", "ProcessTarget"), "docker": ("docker.target", "DockerTarget")}
CHOICES = ("auto", *TARGETS)
# It needs only this machine and starts soonest: it is used where another target cannot serve.
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
        A target's name.

    Raises
    ------
    TargetProblem
        If there is no such target.
    """
    if name in TARGETS or name in _added():
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
    choices = choices_with_added()
    close = nearest(name, choices)
    raise TargetProblem(
        f"There is no target {name!r}.", hint=f"Did you mean {close!r}?" if close else f"Targets: {', '.join(choices)}."
    )


def choices_with_added() -> tuple[str, ...]:
    """List what :func:`choose` takes, with the targets that other distributions bring."""
    return *CHOICES, *_added()


def all_targets() -> Iterator[Target]:
    """Return every target that there is, those of other distributions last.

    Yields
    ------
    Target
        Ready to use.
    """
    yield from map(target, (*TARGETS, *_added()))


def _added() -> dict[str, EntryPoint]:
    """Look up what other distributions bring: it takes milliseconds, so only where a name is not one of ours."""
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=GROUP) if point.name not in TARGETS}


def having(wanted: Callable[[Capabilities], bool]) -> str:
    """Return the first target whose capabilities suffice; empty if there is none."""
    return next((name for name in TARGETS if wanted(target(name).capabilities)), "")


def packager() -> Packager:
    """Return what makes packages of services."""
    from .docker import DockerPackager

    return DockerPackager()


def target(name: str) -> Target:
    """Return a target.

    Parameters
    ----------
    name : str
        From :func:`choose`, or from a server's row.

    Returns
    -------
    Target
        Ready to use; it keeps no state of its own.

    Raises
    ------
    TargetProblem
        If it came with a distribution that is not installed any more.
    """
    made: Target
    if name in TARGETS:
        module, kind = TARGETS[name]
        made = getattr(import_module(f".{module}", __package__), kind)()
        return made
    point = _added().get(name)
    if point is None:
        raise TargetProblem(
            f"The target {name!r} is not installed.",
            hint=f"Install the distribution that brings it (its entry point is in the group {GROUP}).",
        )
    made = point.load()()
    return made
