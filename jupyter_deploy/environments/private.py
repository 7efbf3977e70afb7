"""What of an environment only its owner may read: the values of its variables, the credentials of its indexes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..store import refuse_secrets
from .environment import Environment
from .indexes import redacted


def refuse_where_shared(root: Path, environment: Environment, variables: Mapping[str, str], whose: str) -> None:
    """Refuse to store secrets in a workspace that others can read.

    Parameters
    ----------
    root : pathlib.Path
        The workspace's folder.
    environment : Environment
        What is about to be stored.
    variables : mapping of str to str
        Environment variables beside its own.
    whose : str
        What they belong to, for the message.

    Raises
    ------
    StoreProblem
        If there are any, and the folder is not private.
    """
    names = sorted({*environment.variables, *variables})
    if names:
        refuse_secrets(root, f"The environment variable{'s' * (len(names) > 1)} {', '.join(names)} of {whose}")
    lines = (*environment.requirements, *environment.options, *environment.constraints)
    if any(redacted(line) != line for line in lines):
        refuse_secrets(root, f"The credentials of a package index in {whose}")
