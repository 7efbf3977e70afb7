"""Where services run. To add a target: a module beside this one, and a line in ``TARGETS``."""

from __future__ import annotations

from importlib import import_module

from ..errors import TargetProblem, nearest
from ..services import Target

# name: (module, class)
TARGETS = {"process": ("process", "ProcessTarget")}
CHOICES = ("auto", "process", "docker")


def choose(name: str) -> str:
    """Turn what the user asked for into the name of a target.

    Parameters
    ----------
    name : str
        One of :data:`CHOICES`.

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
    if name == "auto":
        return "process"
    if name == "docker":
        raise TargetProblem(
            "The docker target is not part of this version.",
            hint="Use --target process: the same server, as a plain process.",
        )
    close = nearest(name, CHOICES)
    raise TargetProblem(
        f"There is no target {name!r}.", hint=f"Did you mean {close!r}?" if close else f"Targets: {', '.join(CHOICES)}."
    )


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
