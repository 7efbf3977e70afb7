"""From what a user asks for to exactly what will run: script text, model versions, bundle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from ..bundles import Bundle, build, manifest_of
from ..environments import (
    INFERRED,
    KERNEL,
    Environment,
    Environments,
    environment_of,
    infer_requirements,
    keeps_interpreters,
    preload_modules,
    refuse_where_shared,
    version_mismatches,
    with_debugger,
)
from ..errors import NotFound
from ..home import Home
from ..registry import Model, Models
from ..scripts import Script, Scripts, script_from_file
from ..scripts.shipment import MOST_BYTES, MOST_FILES, shipment_of
from ..services import Certificate, Server, ServiceRecord, ServiceSpec, derived
from ..store import ArtifactStore, Stage
from ..store import models as models_table
from ..targets import target
from .certificates import certificate_for
from .unscripted import answers_alone, script_of_model

_NO_SCRIPT = "# The image has a server of its own.\n"


@dataclass(frozen=True)
class Resolved:
    """A resolved specification."""

    spec: ServiceSpec  # what was asked for
    script: Script  # its text
    models: tuple[Model, ...]  # its models' versions
    bundle: Bundle  # everything in one folder
    environment: Environment  # what it runs on
    notes: tuple[str, ...] = ()  # decisions made for the user: what is shipped, and doubts
    told_as: str = ""  # the name in errors; empty for the service's own
    certificate: Certificate | None = None  # what its server shows; None for plain HTTP
    runs_as: Server | None = None  # the server of now, whose interpreter may be kept

    @property
    def model_ids(self) -> tuple[str, ...]:
        """``name:version`` of each model."""
        return tuple(model.id for model in self.models)

    @property
    def own_models(self) -> tuple[str, ...]:
        """``name:version`` of each model but those that its script brings."""
        return tuple(one for one in self.model_ids if one not in self.script.models)

    @property
    def variables(self) -> dict[str, str]:
        """The script's environment variables: the service's own over those of its environment."""
        return {**self.environment.variables, **self.spec.variables}


class Resolver:
    """Looks up what a specification refers to, and bundles it."""

    def __init__(
        self, home: Home, models: Models, scripts: Scripts, artifacts: ArtifactStore, environments: Environments
    ) -> None:
        self._home = home
        self._models = models
        self._scripts = scripts
        self._artifacts = artifacts
        self._environments = environments

    def resolve(
        self,
        spec: ServiceSpec,
        opened: Stage,
        script: Script | None = None,
        ids: Sequence[str] | None = None,
        record: ServiceRecord | None = None,
        *,
        large: bool = False,
    ) -> Resolved:
        """Look everything up and build the bundle.

        ``opened`` claims the bundle and the models' files until the service's row names them. ``script`` is the text
        to serve, ``ids`` the models, in place of the specification's. If ``record``, the running service, has an
        inferred environment with all that is needed, it stays. ``large`` allows a large folder; an earlier permission
        holds.
        """
        if spec.image:
            script = Script(spec.name, _NO_SCRIPT, "")
        references = ids if ids is not None else spec.models
        alone = False
        if script is None:
            script, alone = self._script(spec, references)
        if references is None:
            references = self.default_models(spec.known_as, script)
        references = [*references, *script.models]
        models = tuple({model.id: model for model in map(self._models.get, references)}.values())
        for model in models:
            opened.claim(model.digest)
        large = large or bool(record and self._is_large(record))
        needed = {module for model in models for module in model.modules if module != "__main__"}
        shipment = shipment_of(script, self._home.root, source=spec.source, modules=sorted(needed), large=large)
        requirements, preload = infer_requirements(shipment, models), preload_modules(script, models)
        bundle, shipment = build(self._home, self._artifacts, opened, script, shipment, models, requirements, preload)
        reference = spec.environment or (KERNEL if target(spec.target).capabilities.kernel else INFERRED)
        environment = environment_of(reference, self._environments, lambda: requirements)
        if spec.settings.get("debug_port"):
            environment = with_debugger(environment)
        running = record.environment if record else None
        if running and running.name == environment.name == INFERRED and running.covers(environment):
            environment = running
        refuse_where_shared(self._home.root, environment, spec.variables, f"service {spec.name}")
        runs_as = record.server if record else None
        # What is installed here says nothing about an interpreter that is kept.
        looked_at = None if environment.is_kernel and keeps_interpreters() and runs_as else environment
        sentence = answers_alone(models[0], spec.name, looked_at) if alone else shipment.sentence()
        mismatches = () if spec.image or not looked_at else version_mismatches(models, environment)
        notes = (*((sentence,) if sentence else ()), *script.notices, *mismatches)
        certificate = certificate_for(self._home, spec)
        return Resolved(spec, script, models, bundle, environment, notes, certificate=certificate, runs_as=runs_as)

    def _script(self, spec: ServiceSpec, references: Sequence[str] | None) -> tuple[Script, bool]:
        """Find the script, and tell whether the model is served alone: where there is none of the service's name."""
        if spec.script_is_file:
            return script_from_file(Path(spec.script)), False
        stored = self._scripts.find(spec.script)
        if stored is None and spec.script == spec.name:
            if references is None:
                references = [spec.known_as] if spec.known_as in self._models else []
            if references:
                return script_of_model(spec.name, references, self._models, str(self._home.artifacts)), True
        return stored or self._scripts.get(spec.script), False

    def as_served(self, record: ServiceRecord, spec: ServiceSpec) -> Resolved:
        """Return what a service serves at present, for another one: the same bundle, models and environment."""
        bundle = Bundle(record.bundle, self._home.bundles / record.bundle)
        entry = bundle.folder / "code" / manifest_of(bundle.folder).entry
        script = Script(spec.script, "" if spec.image else entry.read_text(encoding="utf-8"), str(entry.parent))
        models = tuple(map(self._models.get, record.models))
        assert record.environment is not None
        return Resolved(spec, script, models, bundle, record.environment, certificate=certificate_for(self._home, spec))

    def _is_large(self, record: ServiceRecord) -> bool:
        shipped = manifest_of(self._home.bundles / record.bundle)
        return shipped.files_size > MOST_BYTES or shipped.files_count > MOST_FILES

    def version_of(self, reference: str) -> str:
        """Return the present ``name:version`` of a model reference; the reference itself if there is no such model."""
        try:
            return self._models.get(reference).id
        except NotFound:
            return reference

    def default_models(self, name: str, script: Script) -> tuple[str, ...]:
        """List the models of a service for which none are named: the model of its name, if there is one.

        There is none if the script has all that it needs.
        """
        if not script.looks_for_models:
            return ()
        # A service with a derived name also takes the model of its script's name.
        names = [name, script.name] if not script.path and derived(script.name) == name else [name]
        return tuple(known for known in names if known in self._models)[:1]


def models_exist(resolved: Resolved) -> Callable[[sa.Connection], None]:
    """Make a check, for a write transaction, that no model was unregistered since it was looked up.

    In that transaction the service becomes a user of the models.
    """

    def check(connection: sa.Connection) -> None:
        for model in resolved.models:
            this = (models_table.c.name == model.name) & (models_table.c.version == model.version)
            if connection.scalar(sa.select(models_table.c.version).where(this)) is None:
                raise NotFound(f"{model.id} was unregistered meanwhile.", hint="Deploy with another version.")

    return check
