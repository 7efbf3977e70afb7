"""How a resolved deployment differs from what runs; ``rollout`` decides between nothing, a reload and a new server."""

from __future__ import annotations

from ..bundles import Manifest, manifest_of
from ..environments import Environment
from ..services import ServiceRecord
from .resolution import Resolved


def differences(record: ServiceRecord, resolved: Resolved) -> tuple[str, ...]:
    """List what would change in a running service.

    ``"target"``, ``"environment"``, ``"model"``, ``"script"``, ``"workers"``…. Empty if nothing differs.
    """
    spec, was = resolved.spec, record.spec
    found = [] if spec.target == record.target else ["target"]
    running = record.environment
    if running and not spec.image and not _same(running, resolved.environment):
        found.append("environment")
    if running and resolved.variables != {**running.variables, **was.variables}:
        found.append("variables")
    found += [key for key in ("image", "memory", "cpus") if getattr(spec, key) != getattr(was, key)]
    bundles = resolved.bundle.folder.parent
    was_held, held = manifest_of(bundles / record.bundle), manifest_of(resolved.bundle.folder)
    if resolved.model_ids != record.models and (not was_held or _held(was_held) != _held(held)):
        found.append("model")
    if resolved.bundle.digest != record.bundle and (not found or not was_held.has_code_of(held)):
        found.append("script")
    if resolved.spec.workers != record.spec.workers:
        found.append("workers")
    if resolved.spec.replicas != record.spec.replicas:
        found.append("replicas")
    if resolved.spec.settings != record.spec.settings:
        found.append("settings")
    if spec.on_change != was.on_change and not spec.image:
        found.append("hooks")
    if record.server and resolved.certificate != record.server.certificate:
        found.append("tls")
    if spec.auth != was.auth:
        found.append("auth")
    if resolved.spec.port not in {0, record.port}:
        found.append("port")
    return tuple(found)


def _same(one: Environment, other: Environment) -> bool:
    return one.is_kernel == other.is_kernel and (one.is_kernel or one.digest == other.digest)


def _held(manifest: Manifest) -> tuple[set[str], list[str]]:
    """Return a bundle's models by name, and captured data by its content: only its script knows its name."""
    captured, ids = manifest.captured, {model.id: model.digest for model in manifest.models}
    return {key for key in ids if key not in captured}, sorted(digest for key, digest in ids.items() if key in captured)
