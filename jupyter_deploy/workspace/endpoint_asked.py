"""What is asked of an endpoint and its deployments, read and checked."""

from __future__ import annotations

from collections.abc import Mapping

from ..deploying import Asked
from ..endpoints import read_shares
from ..errors import UsageProblem
from ..services import ServiceRecord

_NONE = "none"


def shares_of(given: Mapping[str, object] | str | None) -> Mapping[str, object] | None:
    """Read shares that are given as text; None is not given."""
    if isinstance(given, str):
        return {} if given.strip().lower() == _NONE else dict(read_shares(given))
    return given


def tags_of(asked: Asked) -> Mapping[str, str | None] | None:
    """Return the tags that are asked for, where there are any."""
    return asked.tags if isinstance(asked.tags, Mapping) else None


def refuse_unfit(asked: Asked) -> None:
    """Refuse what an endpoint has, and a deployment of it has not."""
    for key, instead in (("port", "the endpoint's"), ("auth", "the endpoint's"), ("tls", "the endpoint's")):
        if getattr(asked, key) is not None:
            raise UsageProblem(f"A deployment has no {key} of its own: clients see {instead}.", hint="Leave it out.")
    if asked.replicas is not None:
        raise UsageProblem("A deployment has instances, not replicas.", hint="For example --instances 2.")


def stored_script(asked: Asked, served: ServiceRecord | None) -> str:
    """Return the name of the stored script that a deployment would run; empty for a file, an image, a model alone."""
    if isinstance(asked.script, str):
        return asked.script
    if asked.script is not None or served is None or served.spec.script_is_file or served.spec.image:
        return ""
    return "" if served.spec.script == served.name else served.spec.script
