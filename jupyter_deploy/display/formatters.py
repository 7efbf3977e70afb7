"""The table of faces: which class has which, and how IPython finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

    from ..workspace import Living
    from .face import Face

# Module and class of each value with a face, and the face's place; neither is imported before it is shown.
FACES = (
    ("jupyter_deploy.registry.model", "Model", "models.MODEL"),
    ("jupyter_deploy.scripts.scripts", "Script", "scripts.SCRIPT"),
    ("jupyter_deploy.workspace.written", "Written", "scripts.WRITTEN"),
    ("jupyter_deploy.workspace.trial", "Trial", "scripts.TRIAL"),
    ("jupyter_deploy.workspace.collected", "Collected", "collected.COLLECTED"),
    ("jupyter_deploy.workspace.collected", "CollectedRows", "collected.ROWS"),
    ("jupyter_deploy.workspace.replayed", "Replayed", "collected.REPLAYED"),
    ("jupyter_deploy.workspace.profile", "Profile", "profiles.PROFILE"),
    ("jupyter_deploy.scoring.result", "Scored", "scored.SCORED"),
    ("jupyter_deploy.workspace.service", "Service", "services.SERVICE"),
    ("jupyter_deploy.workspace.endpoint", "Endpoint", "endpoints.ENDPOINT"),
    ("jupyter_deploy.workspace.endpoint_deployment", "EndpointDeployment", "endpoints.DEPLOYMENT"),
    ("jupyter_deploy.workspace.endpoint_rollout", "EndpointRollout", "rollouts.ROLLOUT"),
    ("jupyter_deploy.services.facts", "Stats", "services.STATS"),
    ("jupyter_deploy.environments.environment", "Environment", "environments.ENVIRONMENT"),
    ("jupyter_deploy.deploying.packages", "Package", "environments.PACKAGE"),
    ("jupyter_deploy.invoking.answers", "Answer", "invocations.ANSWER"),
    ("jupyter_deploy.invoking.answers", "Binary", "invocations.BINARY"),
    ("jupyter_deploy.invoking.load", "LatencyReport", "invocations.REPORT"),
    ("jupyter_deploy.invoking.snippets", "Snippet", "invocations.SNIPPET"),
    ("jupyter_deploy.verbs.verb", "Listing", "listings.LISTING"),
    ("jupyter_deploy.verbs.verb", "LogText", "listings.LOG"),
    ("jupyter_deploy.verbs.verb", "Done", "listings.DONE"),
    ("jupyter_deploy.verbs.overview", "Overview", "overview.OVERVIEW"),
    ("jupyter_deploy.workspace.workspace", "Workspace", "overview.WORKSPACE"),
    ("jupyter_deploy.workspace.services", "LiveServices", "listings.SERVICES"),
    ("jupyter_deploy.workspace.endpoints", "LiveEndpoints", "listings.ENDPOINTS"),
    ("jupyter_deploy.registry.models", "Models", "listings.MODELS"),
    ("jupyter_deploy.scripts.scripts", "Scripts", "listings.SCRIPTS"),
    ("jupyter_deploy.environments.rows", "Environments", "listings.ENVIRONMENTS"),
    ("jupyter_deploy.errors", "DeployError", "listings.ERROR"),
)
# IPython's own printers for their bases (list, str, BaseException) would win over a bundle.
_PRINTED = ("Listing", "LogText", "DeployError", "Binary", "Snippet")


def face_of(value: Any) -> Face | None:
    """Find the face of a value's nearest class; None if there is none."""
    from importlib import import_module

    places = {(module, name): place for module, name, place in FACES}
    for kind in type(value).__mro__:
        place = places.get((kind.__module__, kind.__name__))
        if place:
            module, _, name = place.partition(".")
            found: Face = getattr(import_module(f".{module}", __package__), name)
            return found
    return None


def text(value: Any, living: Living | None = None) -> str:
    """Return the plain layer of a value, or its ``repr`` if it has no face.

    ``living`` is what the kernel knows of its script cells.
    """
    face = face_of(value)
    if face is None:
        return repr(value)
    seen = face.look(value)
    return face.text(face.notice(seen, value, living) if living else seen)


def html(value: Any) -> str:
    """Return the HTML layer of a value with a face: a fragment without script."""
    return str(bundle(value)["text/html"])


def bundle(value: Any, *, rich: bool = True, living: Living | None = None) -> dict[str, Any]:
    """Return all layers of a value by MIME type; the value is asked once.

    ``rich`` asks for more than text. ``living`` is what the kernel knows of its script cells.
    """
    from .face import as_json

    face = face_of(value)
    assert face is not None, type(value)
    seen = face.look(value)
    seen = face.notice(seen, value, living) if living else seen
    plain = {"text/plain": face.text(seen)}
    return {face.mime: as_json(face.data(seen)), "text/html": face.html(seen), **plain} if rich else plain


def _pretty(value: Any, printer: Any, cycle: bool) -> None:
    printer.text(text(value))


def register(
    ip: InteractiveShell,
    wants_html: Callable[[], bool] = lambda: True,
    living: Callable[[], Living | None] = lambda: None,
) -> None:
    """Register the faces with a shell; a terminal gets the plain layer only.

    ``wants_html`` says whether the user wants more than text. ``living`` returns what the kernel knows of its script
    cells.
    """
    formatter: Any = ip.display_formatter

    def layers(value: Any, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        rich = "text/html" in formatter.active_types and wants_html()
        return bundle(value, rich=rich, living=living())

    for module, name, _ in FACES:
        formatter.mimebundle_formatter.for_type_by_name(module, name, layers)
        if name in _PRINTED:
            formatter.formatters["text/plain"].for_type_by_name(module, name, _pretty)


def unregister(ip: InteractiveShell) -> None:
    """Remove the faces from a shell."""
    formatter: Any = ip.display_formatter
    for module, name, _ in FACES:
        for one in (formatter.mimebundle_formatter, formatter.formatters["text/plain"]):
            one.pop(f"{module}.{name}", None)
