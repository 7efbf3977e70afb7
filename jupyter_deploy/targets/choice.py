"""Which targets exist, and which one a service gets."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from ..errors import TargetProblem, nearest

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from ..services import Capabilities, Packager, Target

# Other distributions add theirs as entry points of this group: the target's name, and its class.
GROUP = "jupyter_deploy.targets"
# name: (module, class)
TARGETS = {"process": ("process.target", "ProcessTarget"), "docker": ("docker.target", "DockerTarget")}
CHOICES = ("auto", *TARGETS)
# It needs only this machine and starts soonest: it is used where another target cannot serve.
NEAREST = "process"
VARIABLE = "JUPYTER_DEPLOY_TARGET"


def choose(name: str, say: Callable[[str], None] = lambda _: None, environ: Mapping[str, str] = os.environ) -> str:
    """Turn one of :data:`CHOICES` into the name of a target, and say why.

    ``"auto"`` is the value of ``JUPYTER_DEPLOY_TARGET``; without it, Docker if its daemon answers, else a process.
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
    """List the choices of :func:`choose`, with the targets of other distributions."""
    return *CHOICES, *_added()


def all_targets() -> Iterator[Target]:
    """Yield every target, those of other distributions last."""
    yield from map(target, (*TARGETS, *_added()))


def _added() -> dict[str, EntryPoint]:
    """Look up the targets of other distributions: it takes milliseconds, so only for a name that is not ours."""
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=GROUP) if point.name not in TARGETS}


def having(wanted: Callable[[Capabilities], bool]) -> str:
    """Return the first target whose capabilities suffice; empty if there is none."""
    return next((name for name in TARGETS if wanted(target(name).capabilities)), "")


def packager() -> Packager:
    """Return the maker of packages."""
    from .docker import DockerPackager

    return DockerPackager()


def target(name: str) -> Target:
    """Return a target by its name; it keeps no state of its own.

    It may have come with a distribution that is no longer installed; then it is a TargetProblem.
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
