"""The private parts of an environment: the values of its variables, the credentials of its indexes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..errors import redacted
from ..store import refuse_secrets
from .environment import Environment


def refuse_where_shared(root: Path, environment: Environment, variables: Mapping[str, str], whose: str) -> None:
    """Refuse to store secrets in a workspace that others can read.

    ``variables`` are those besides the environment's own; ``whose`` names their owner in the message.
    """
    names = sorted({*environment.variables, *variables})
    if names:
        refuse_secrets(root, f"The environment variable{'s' * (len(names) > 1)} {', '.join(names)} of {whose}")
    lines = (*environment.requirements, *environment.options, *environment.constraints)
    if any(redacted(line) != line for line in lines):
        refuse_secrets(root, f"The credentials of a package index in {whose}")
