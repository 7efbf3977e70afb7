"""Which models a service follows: each new version of them is deployed when it is registered."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import UsageProblem
from ..registry import parse_reference as parse
from ..services import ServiceSpec


def followed(spec: ServiceSpec, own: Sequence[str]) -> tuple[str, ...]:
    """List the names of the models that a service follows.

    ``own`` are the models that it serves, without captured data; they count where the specification names none.
    """
    if not spec.follow_model:
        return ()
    if spec.models is None:
        return tuple(parse(one)[0] for one in own)
    return tuple(name for name, version in map(parse, spec.models) if version is None)


def check_following(spec: ServiceSpec, own: Sequence[str]) -> None:
    """Refuse to follow where there is nothing to follow.

    Raises
    ------
    UsageProblem
        If all models have a fixed version, or there is no model.
    """
    if not spec.follow_model or (followed(spec, own) and not spec.image):
        return
    command = f"jupyter model deploy {spec.name}"
    if spec.image:
        raise UsageProblem(
            f"{spec.name} runs an image of its own, which gets no model from here, so it cannot follow one.",
            hint=f"{command} --image {spec.image.name} --follow-model none",
        )
    if spec.models:
        names = " ".join(f"--model {parse(reference)[0]}" for reference in spec.models)
        kept = " ".join(f"--model {reference}" for reference in spec.models)
        fixed = "is a fixed version" if len(spec.models) == 1 else "are fixed versions"
        raise UsageProblem(
            f"{spec.name} cannot follow the latest version: {', '.join(spec.models)} {fixed}.",
            hint=f"{command} {names} --follow-model latest. Or: {command} {kept} --follow-model none",
        )
    raise UsageProblem(
        f"{spec.name} serves no registered model, so it has none to follow.",
        hint=f"Name one: {command} --model MODEL --follow-model latest",
    )


def said_of(spec: ServiceSpec, own: Sequence[str], newest: Sequence[str]) -> tuple[str, ...]:
    """Say which models a service follows, and which newer versions it does not serve.

    ``newest`` are the newest versions of the models that it serves, by now.
    """
    names = followed(spec, own)
    if not names:
        return ()
    fixed = [reference for reference in spec.models or () if parse(reference)[1] is not None]
    stays = f"; stays at {', '.join(fixed)}" if fixed else ""
    said: tuple[str, ...] = (f"follows the latest version of {', '.join(names)}{stays}",)
    late = [one for one in newest if one not in own and parse(one)[0] in names]
    if late:
        said += (f"{', '.join(late)} was registered meanwhile; jupyter model deploy {spec.name} serves it",)
    return said
